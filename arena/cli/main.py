"""The entry point: ``plywise COMMAND [key=value ...]``.

This module finds the command and returns its exit code.  It imports nothing heavy, so that
``--help``, ``agents`` and ``games`` answer at once.

Exit codes: 0 done, 1 a :class:`PlywiseError` (one line on stderr), 2 a wrong command, key or value
(one line), 130 interrupted.  Any other exception is a bug and keeps its traceback.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module, metadata
from typing import cast

from plywise.arena.cli.commands import COMMANDS, suggestion
from plywise.datasets.errors import ConfigError, PlywiseError

OK, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    # NumPy's small systems of equations gain nothing from threads, which wait for each other by
    # spinning: on busy cores a solve of 340 unknowns took 0.7 s with two of them, 0.01 s with one.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        return _dispatch(arguments)
    except ConfigError as error:
        return _complain(error, USAGE)
    except PlywiseError as error:
        return _complain(error, FAILED)
    except KeyboardInterrupt:
        print("\nplywise: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader (`| head`) has gone; keep the interpreter from complaining at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED


def _complain(error: Exception, code: int) -> int:
    print(f"plywise: {' '.join(str(error).split())}", file=sys.stderr)
    return code


def _dispatch(arguments: list[str]) -> int:
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(overview())
        return OK if arguments else USAGE
    if arguments[0] in ("-V", "--version", "version"):
        print(f"plywise {metadata.version('plywise')}")
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
