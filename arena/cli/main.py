"""The command line: ``plywise <command> [hydra overrides]``.

This module finds the command and turns how it ended into an exit code.  It imports nothing heavy,
so that ``--help``, ``agents`` and ``games`` answer at once.

Exit codes: 0 done, 1 a :class:`PlywiseError` (one line on stderr), 2 a wrong command, key or value
(one line), 130 interrupted.  Any other exception is a bug and keeps its traceback.
"""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module, metadata, resources
from typing import cast

from plywise.datasets.errors import ConfigError, PlywiseError

OK, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130


@dataclass(frozen=True)
class Command:
    """One word after ``plywise``.

    Attributes:
        summary: one line for ``--help``.
        target: ``module:function``, imported only when the command runs.  A Hydra command's
            function takes (typed configuration, run folder), a plain one nothing; both return an
            exit code.
        hydra: whether it takes overrides, with the primary configuration of its own name.
        positional: keys that may be given without ``key=``, in this order.
        flags: keys that may be given as ``--key value`` or ``--key=value`` as well.
    """

    summary: str
    target: str
    hydra: bool = True
    positional: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()


COMMANDS = {
    "play": Command(
        "play a game against an agent in the terminal", "plywise.arena.cli.commands:play"
    ),
    "replay": Command(
        "show a game again that plywise play saved, move by move",
        "plywise.arena.cli.commands:replay",
        positional=("file",),
    ),
    "explain": Command(
        "say why the decisions of a Showdown match fell, from its decision log",
        "plywise.arena.cli.commands:explain",
        positional=("file",),
    ),
    "showdown": Command(
        "play battles on a Pokémon Showdown server", "plywise.arena.cli.commands:showdown"
    ),
    "tournament": Command(
        "agents against each other over one game: record, ratings, report",
        "plywise.arena.cli.commands:tournament",
    ),
    "report": Command(
        "rebuild the HTML report of a tournament's record",
        "plywise.arena.cli.commands:report",
        positional=("record", "out"),
    ),
    "selfplay": Command(
        "positions of self-play with strategies, values and results, for training",
        "plywise.arena.cli.commands:selfplay",
        positional=("out",),
    ),
    "ratings": Command(
        "rate the players of a CSV file of results, with intervals",
        "plywise.arena.cli.commands:ratings",
        positional=("file",),
    ),
    "calibrate": Command(
        "check on simulated games that ratings' intervals and the SPRT keep their rates",
        "plywise.arena.cli.commands:calibrate",
        positional=("what",),
    ),
    "verify": Command(
        "compare the battle engine with a corpus of the real simulator, or play it from its seeds",
        "plywise.arena.cli.commands:verify",
        positional=("what", "corpus"),
        flags=("jobs", "battle", "step", "limit"),
    ),
    "record": Command(
        "record a corpus of the real simulator, to verify the battle engine with",
        "plywise.arena.cli.commands:record",
        positional=("what", "out"),
    ),
    "solve": Command(
        "exact scores of positions: connect_four or tic_tac_toe, a file with one a line",
        "plywise.arena.cli.commands:solve",
        positional=("what", "file"),
    ),
    "bench": Command(
        "measure speed: engine, search, boards; strength: battleship; "
        "language models: childplay, guides",
        "plywise.arena.cli.commands:bench",
        positional=("what",),
    ),
    "fit": Command(
        "fit weights of battle values or priors, or the engine's branches, by self-play",
        "plywise.arena.cli.commands:fit",
        positional=("what",),
    ),
    "models": Command(
        "model files for llm=embedded: list, or fetch NAME",
        "plywise.arena.cli.commands:models",
        positional=("what", "name"),
    ),
    "llm": Command(
        "measure a language model on questions with known answers: llm calibrate; "
        "solved positions to show to one: llm examples",
        "plywise.arena.cli.commands:llm",
        positional=("what",),
    ),
    "agents": Command("list the agents", "plywise.arena.cli.commands:agents", hydra=False),
    "games": Command("list the games", "plywise.arena.cli.commands:games", hydra=False),
    "doctor": Command(
        "check Python, Node, server, language model and caches",
        "plywise.arena.cli.commands:doctor",
        hydra=False,
    ),
}

GROUPS = ("game", "agent", "opponent", "search", "llm", "tournament")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
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
        near = difflib.get_close_matches(name, COMMANDS, n=1)
        hint = f"did you mean '{near[0]}'? " if near else ""
        raise ConfigError(f"no command '{name}'; {hint}There are: {', '.join(COMMANDS)}")
    command = COMMANDS[name]
    if any(flag in rest for flag in ("-h", "--help")):
        print(help_for(name, command))
        return OK
    if command.hydra:
        from plywise.arena.cli.hydra_app import run_app

        given = with_keys(name, command.positional, rest, command.flags)
        return run_app(name, _load(command.target), given)
    if rest:
        raise ConfigError(f"'plywise {name}' takes no arguments, got: {' '.join(rest)}")
    return cast("Callable[[], int]", _load(command.target))()


def _load(target: str) -> Callable[..., int]:
    module, function = target.split(":")
    return cast("Callable[..., int]", getattr(import_module(module), function))


def with_keys(
    name: str, positional: Sequence[str], arguments: Sequence[str], flags: Sequence[str] = ()
) -> list[str]:
    """Return the arguments with bare words turned into ``key=word``, and so ``--key word``.

    Raises:
        ConfigError: a bare word where the command takes none, an unknown option, or a flag
            without its value.
    """
    keys = list(positional)
    result: list[str] = []
    expects_value = False
    flag_key = ""
    for argument in arguments:
        option, equals, value = argument.partition("=")
        if flag_key:
            result.append(f"{flag_key}={argument}")
            flag_key = ""
            continue
        if option.startswith("--") and option[2:] in flags:
            if equals:
                result.append(f"{option[2:]}={value}")
            else:
                flag_key = option[2:]
            continue
        if expects_value:
            expects_value = False
        elif argument.startswith("-"):
            flag = argument.split("=", 1)[0]
            if flag not in _HYDRA_FLAGS:
                known = [*(f"--{key}" for key in flags), *_HYDRA_FLAGS]
                near = difflib.get_close_matches(flag, known, n=1)
                hint = f"did you mean '{near[0]}'? " if near else ""
                raise ConfigError(
                    f"no option '{flag}'; {hint}Settings are given as key=value "
                    f"(see: plywise {name} --help)"
                )
            expects_value = _HYDRA_FLAGS[flag] and "=" not in argument
        elif result and result[-1] in ("--info", "-i") and argument in _INFO_TOPICS:
            pass
        elif "=" not in argument and not argument.startswith("~"):
            if not keys:
                raise ConfigError(
                    f"'{argument}' is not key=value (see: plywise {name} --help for the keys)"
                )
            quoted = argument.replace("\\", "\\\\").replace("'", "\\'")
            argument = f"{keys.pop(0)}='{quoted}'"
        result.append(argument)
    if flag_key:
        raise ConfigError(f"--{flag_key} needs a value (see: plywise {name} --help)")
    return result


_INFO_TOPICS = ("all", "config", "defaults", "defaults-tree", "plugins", "searchpath")

# Hydra's options and whether each takes a value.  Its own parser answers a wrong one with a page.
_HYDRA_FLAGS = {
    "--cfg": True,
    "-c": True,
    "--package": True,
    "-p": True,
    "--config-dir": True,
    "-cd": True,
    "--resolve": False,
    "--run": False,
    "-r": False,
    "--multirun": False,
    "-m": False,
    "--info": False,
    "-i": False,
    "--hydra-help": False,
    "--shell-completion": False,
    "-sc": False,
}


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


def help_for(name: str, command: Command) -> str:
    """Return what ``plywise NAME --help`` prints: the settings with their defaults."""
    if not command.hydra:
        return f"Usage: plywise {name}\n\n{command.summary[0].upper()}{command.summary[1:]}."
    conf = resources.files("plywise.conf")
    text = conf.joinpath(f"{name}.yaml").read_text(encoding="utf-8")
    defaults, _, settings = text.partition("\n\n")
    settings = settings.partition("\nhydra:")[0].rstrip()
    words = "".join(f" [{key.upper()}]" for key in command.positional)
    words += "".join(f" [--{key} N]" for key in command.flags)
    lines = [f"Usage: plywise {name}{words} [key=value ...]", ""]
    lines += [f"{command.summary[0].upper()}{command.summary[1:]}.", ""]
    groups = [
        (group, value.strip())
        for line in defaults.splitlines()
        if (entry := line.strip().removeprefix("- ")) and ": " in entry
        for group, value in [entry.split(": ", 1)]
        if group in GROUPS
    ]
    if groups:
        lines += ["Groups (the first is the default):"]
        for group, default in groups:
            others = [option for option in options(group) if option != default]
            lines.append(f"  {group}={' | '.join([default, *others])}")
        lines.append("")
    lines += ["Settings:", *(f"  {line}" for line in settings.splitlines()), ""]
    lines += [
        f"plywise {name} --cfg job    prints every key with its value (group keys: search.seconds)",
        f"plywise {name} -m key=a,b   runs once for each value; each run has a folder in outputs/",
    ]
    return "\n".join(lines)


def options(group: str) -> list[str]:
    """Return the options of a configuration group, by their files; opponents are agents."""
    name = "agent" if group == "opponent" else group
    folder = resources.files("plywise.conf").joinpath(name)
    return sorted(
        f.name.removesuffix(".yaml") for f in folder.iterdir() if f.name.endswith(".yaml")
    )
