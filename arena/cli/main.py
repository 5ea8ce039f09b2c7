"""The entry point: ``plywise COMMAND [key=value ...]``.

This module finds the command and returns its exit code.  It imports nothing heavy, so that
``--help``, ``agents`` and ``games`` answer at once.

Exit codes: 0 done, 1 a :class:`PlywiseError` (one line on stderr), 2 a wrong command, key or value
(one line), 130, 143 or 129 ended by Ctrl-C, SIGTERM or SIGHUP.  Any other exception is a bug and
keeps its traceback.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import import_module
from typing import cast

from plywise.datasets.errors import ConfigError, PlywiseError
from plywise.datasets.processes.signals import exit_code, interrupted, raising_interrupts

OK, FAILED, USAGE = 0, 1, 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    Without ``argv`` it is the whole process: where that was interrupted it ends here, and no thread
    is waited for.
    """
    # NumPy's small systems of equations gain nothing from threads, which wait for each other by
    # spinning: on busy cores a solve of 340 unknowns took 0.7 s with two of them, 0.01 s with one.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from plywise.arena.cli.streams import standard_streams

    with standard_streams() as output:
        try:
            with raising_interrupts():  # before anything is imported that takes long
                code = _run(sys.argv[1:] if argv is None else argv, whole=argv is None)
        except KeyboardInterrupt as interrupt:  # in the last moment
            code = exit_code(interrupt)
        except Exception:
            if argv is not None:
                raise
            traceback.print_exc()  # here, where the streams pass the border of printed text
            code = FAILED
        if lost := output.failure():
            code = code or _complain(lost, FAILED)
    if argv is None and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # Python's own end has nothing to tell
    return code


def _run(arguments: Sequence[str], whole: bool) -> int:
    try:
        from plywise.arena.output.text import guard_streams
        from plywise.datasets.address_secrets import hide

        guard_streams()
        # From here on nothing holds the secrets of addresses: no message, no file of a run.
        code = _dispatch([hide(argument) for argument in arguments])
        sys.stdout.flush()
        if whole and interrupted() is not None:
            _leave(code)
        return code
    except (Exception, KeyboardInterrupt) as error:
        # What fails because of an interrupt is no error of its own.
        interrupt = error if isinstance(error, KeyboardInterrupt) else interrupted()
        if interrupt is not None:
            code = exit_code(interrupt)
            how = "" if code == exit_code(KeyboardInterrupt()) else f" by {_signal_name(code)}"
            with suppress(OSError):
                print(f"\nplywise: interrupted{how}", file=sys.stderr)
            if whole:
                _leave(code)
            return code
        if isinstance(error, PlywiseError):
            return _complain(error, USAGE if isinstance(error, ConfigError) else FAILED)
        if isinstance(error, BrokenPipeError):
            # The reader (`| head`) has gone; keep the interpreter from complaining at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            return FAILED
        if isinstance(error, MemoryError):
            return _complain("not enough memory for these settings or files", FAILED)
        raise


def _signal_name(code: int) -> str:
    return signal.Signals(code - 128).name


def _leave(code: int) -> None:
    """End the process without waiting for its threads: a search may take another minute."""
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def _complain(error: Exception | str, code: int) -> int:
    from plywise.datasets.address_secrets import mask

    print(f"plywise: {' '.join(mask(str(error)).split())}", file=sys.stderr)
    return code


def _dispatch(arguments: list[str]) -> int:
    from plywise.arena.cli.commands import COMMANDS, suggestion

    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(overview())
        return OK if arguments else USAGE
    if arguments[0] in ("-V", "--version", "version"):
        from importlib.metadata import version

        print(f"plywise {version('plywise')}")
        return OK
    name, rest = arguments[0], arguments[1:]
    if name not in COMMANDS:
        hint = suggestion(name, COMMANDS)
        raise ConfigError(f"no command '{name}'; {hint}There are: {', '.join(COMMANDS)}")
    command = COMMANDS[name]
    if any(flag in rest for flag in ("-h", "--help")):
        from plywise.arena.cli.usage import help_for

        print(help_for(name, command, rest))
        return OK
    from plywise.datasets.processes.temporary import remove_abandoned

    remove_abandoned()
    if command.hydra:
        from plywise.arena.cli.arguments import to_overrides
        from plywise.arena.cli.hydra_app import run_app

        return run_app(name, _load(command.target), to_overrides(name, command, rest))
    switches: dict[str, bool] = {}
    for word in rest:
        key, _, value = word.partition("=")
        if key not in command.switches or value not in ("true", "false"):
            takes = " or ".join(f"{key}=true" for key in command.switches) or "no arguments"
            raise ConfigError(f"'plywise {name}' takes {takes}, got: {' '.join(rest)}")
        switches[key] = value == "true"
    return _load(command.target)(**switches)


def _load(target: str) -> Callable[..., int]:
    module, function = target.split(":")
    return cast("Callable[..., int]", getattr(import_module(module), function))


def overview() -> str:
    """Return what ``plywise --help`` prints."""
    from plywise.arena.cli.commands import COMMANDS

    width = max(map(len, COMMANDS)) + 2
    lines = [
        "Plywise: an LLM-guided minimax engine for two-player games.",
        "",
        "Usage: plywise COMMAND [key=value ...]",
        "",
        *(f"  {name:<{width}}{command.summary}" for name, command in COMMANDS.items()),
        "",
        "plywise COMMAND --help lists a command's settings; plywise --version prints the version.",
    ]
    return "\n".join(lines)
