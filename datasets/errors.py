"""Base classes of errors that a user, not a programmer, can fix."""


class PlywiseError(Exception):
    """Something outside the program is wrong: an input, a file, a server, the network.

    The message is one line that says what is wrong and what to do; the command line prints it
    without a stack trace and ends with exit code 1.  Anything else that escapes is a bug and keeps
    its traceback.
    """


class ConfigError(PlywiseError):
    """A setting that makes no sense; the command line ends with exit code 2."""


class WorkersFailedError(PlywiseError):
    """Worker processes end before they have done anything: another try would end no better."""
