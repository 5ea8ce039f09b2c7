"""The arguments of a command as Hydra's overrides."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence

from plywise.arena.cli.commands import Command, suggestion
from plywise.conf.listing import default_options
from plywise.conf.listing import options as group_options
from plywise.conf.registry import COMMAND_SCHEMAS
from plywise.datasets.errors import ConfigError


def to_overrides(name: str, command: Command, arguments: Sequence[str]) -> list[str]:
    """Return Hydra's options, then the overrides: bare words and ``--key word`` as ``key=word``.

    Hydra's own parser answers a wrong option, and overrides on both sides of one, with a page.

    Raises:
        ConfigError: a bare word where the command takes none, an unknown option, or a flag
            without its value or with a wrong one.
    """
    keys = list(command.positional)
    grouped = "game" in default_options(COMMAND_SCHEMAS[name])
    options: list[str] = []
    overrides: list[str] = []
    more: list[str] = []
    words = deque(arguments)
    while words:
        word = words.popleft()
        option, equals, value = word.partition("=")
        if option[:2] == "--" and option[2:] in command.flags:
            given = value if equals else _value_after(option, words, name)
            overrides.append(f"{option[2:]}={given}")
        elif option in _VALUE_FLAGS:
            given = value if equals else _value_after(option, words, name)
            options += [option, _checked(option, given)]
        elif option in _INFO:
            if not equals and words and words[0] in _TOPICS:
                value = words.popleft()
            options.append(f"--info={_checked(option, value or 'all')}")
        elif word in _FLAGS:
            options.append(word)
        elif word.startswith("-"):
            known = [*(f"--{key}" for key in command.flags), *_VALUE_FLAGS, *_INFO, *_FLAGS]
            raise ConfigError(
                f"no option '{option}'; {suggestion(option, known)}Settings are given as key=value "
                f"(see: plywise {name} --help)"
            )
        elif equals or word.startswith("~"):
            overrides += _plugin_game(word, grouped)
        elif keys:
            overrides += _plugin_game(f"{keys.pop(0)}={_quoted(word)}", grouped)
        elif command.more:
            more.append(_quoted(word))
        else:
            raise ConfigError(
                f"'{word}' is not key=value (see: plywise {name} --help for the keys)"
            )
    if more:
        overrides.append(f"{command.more}=[{','.join(more)}]")
    return [*options, *overrides]


def _value_after(option: str, words: deque[str], name: str) -> str:
    if not words:
        raise ConfigError(f"{option} needs a value (see: plywise {name} --help)")
    return words.popleft()


def _checked(option: str, value: str) -> str:
    """Return an option's value if it is one that Hydra knows."""
    known = _TOPICS if option in _INFO else _PARTS if option in ("--cfg", "-c") else (value,)
    if value not in known:
        raise ConfigError(f"{option}={value}: choose one of {', '.join(known)}")
    return value


def _plugin_game(argument: str, grouped: bool) -> list[str]:
    """Return ``game=path:FILE``, ``openspiel:NAME`` and ``gen9:FORMAT`` as the option for them.

    A format may also stand alone, by Showdown's id: ``game=gen9ou``.

    ``grouped``: whether ``game`` is a group of the command; else it is what a record may run.
    """
    key, _, value = argument.partition("=")
    if key != "game":
        return [argument]
    if not grouped:
        return [f"trusted_game={_quoted(value)}"]
    if value.startswith("gen9:"):
        return ["game=gen9", f"game.format={_quoted(value.removeprefix('gen9:'))}"]
    if re.fullmatch("gen9[a-z0-9]+", value) and value not in group_options("game"):
        return ["game=gen9", f"game.format={value}"]
    if not value.startswith(("path:", "openspiel:")):
        return [argument]
    return ["game=plugin", f"game.name={_quoted(value)}"]


def _quoted(value: str) -> str:
    """Return a value that Hydra reads as it stands, quotes and ``${oc.env:X}`` in it too."""
    value = re.sub(r"(\\*)\$\{", r"\1\1\\${", value)  # else OmegaConf puts a value in its place
    value = re.sub(r"(\\*)'", r"\1\1\\'", value)
    value = re.sub(r"(\\+)\Z", r"\1\1", value)
    return f"'{value}'"


# Hydra's options: those that take a value, --info (which may), and the others.
_VALUE_FLAGS = ("--cfg", "-c", "--package", "-p", "--config-dir", "-cd")
_PARTS = ("job", "hydra", "all")
_INFO = ("--info", "-i")
_TOPICS = ("all", "config", "defaults", "defaults-tree", "plugins", "searchpath")
_FLAGS = (
    "--resolve", "--run", "-r", "--multirun", "-m", "--hydra-help", "--shell-completion", "-sc",
)  # fmt: skip
