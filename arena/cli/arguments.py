"""The arguments of a command as Hydra's overrides."""

from __future__ import annotations

import re
from collections.abc import Sequence

from plywise.arena.cli.commands import Command, suggestion
from plywise.conf.listing import default_options
from plywise.conf.registry import COMMAND_SCHEMAS
from plywise.datasets.errors import ConfigError


def to_overrides(name: str, command: Command, arguments: Sequence[str]) -> list[str]:
    """Return the arguments with bare words and ``--key word`` turned into ``key=word``.

    Raises:
        ConfigError: a bare word where the command takes none, an unknown option, or a flag
            without its value.
    """
    keys = list(command.positional)
    result: list[str] = []
    expects_value = False
    flag_key = ""
    for argument in arguments:
        option, equals, value = argument.partition("=")
        if flag_key:
            result.append(f"{flag_key}={argument}")
            flag_key = ""
            continue
        if option.startswith("--") and option[2:] in command.flags:
            if equals:
                result.append(f"{option[2:]}={value}")
            else:
                flag_key = option[2:]
            continue
        if expects_value:
            expects_value = False
        elif argument.startswith("-"):
            flag = argument.split("=", 1)[0]
            if flag not in _VALUE_FLAGS + _FLAGS:
                known = [*(f"--{key}" for key in command.flags), *_VALUE_FLAGS, *_FLAGS]
                raise ConfigError(
                    f"no option '{flag}'; {suggestion(flag, known)}Settings are given as key=value "
                    f"(see: plywise {name} --help)"
                )
            expects_value = flag in _VALUE_FLAGS and "=" not in argument
        elif result and result[-1] in ("--info", "-i") and argument in _INFO_TOPICS:
            pass
        elif "=" not in argument and not argument.startswith("~"):
            if not keys:
                raise ConfigError(
                    f"'{argument}' is not key=value (see: plywise {name} --help for the keys)"
                )
            argument = f"{keys.pop(0)}={_quoted(argument)}"
        result.append(argument)
    if flag_key:
        raise ConfigError(f"--{flag_key} needs a value (see: plywise {name} --help)")
    grouped = "game" in default_options(COMMAND_SCHEMAS[name])
    return [word for argument in result for word in _plugin_game(argument, grouped)]


def _plugin_game(argument: str, grouped: bool) -> list[str]:
    """Return ``game=path:FILE`` and ``game=openspiel:NAME`` as the option that loads them.

    ``grouped``: whether ``game`` is a group of the command; else it is what a record may run.
    """
    key, _, value = argument.partition("=")
    if key != "game":
        return [argument]
    if not grouped:
        return [f"trusted_game={_quoted(value)}"]
    if not value.startswith(("path:", "openspiel:")):
        return [argument]
    return ["game=plugin", f"game.name={_quoted(value)}"]


def _quoted(value: str) -> str:
    """Return a value that Hydra reads as it stands, quotes and ``${oc.env:X}`` in it too."""
    value = re.sub(r"(\\*)\$\{", r"\1\1\\${", value)  # else OmegaConf puts a value in its place
    value = re.sub(r"(\\*)'", r"\1\1\\'", value)
    value = re.sub(r"(\\+)\Z", r"\1\1", value)
    return f"'{value}'"


_INFO_TOPICS = ("all", "config", "defaults", "defaults-tree", "plugins", "searchpath")

# Hydra's options: those that take a value, and the others.  Its own parser answers a wrong one with
# a page.
_VALUE_FLAGS = ("--cfg", "-c", "--package", "-p", "--config-dir", "-cd")
_FLAGS = (
    "--resolve", "--run", "-r", "--multirun", "-m", "--info", "-i", "--hydra-help",
    "--shell-completion", "-sc",
)  # fmt: skip
