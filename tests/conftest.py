"""What all tests share."""

import signal

# Where SIGINT is ignored (``nohup make test &``) every child would inherit that, and no test of
# Ctrl-C could end what it started.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
