"""What ``plywise COMMAND --help`` prints, made from the command's settings."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Sequence
from typing import Any

from omegaconf import MISSING

from plywise.arena.agents.catalog import CATALOG
from plywise.arena.cli.commands import Command
from plywise.arena.cli.groups import group_schemas
from plywise.conf.listing import Listed, chosen_options, listed, options
from plywise.conf.registry import COMMAND_SCHEMAS

_WIDTH = 100
_UNBROKEN = "\N{NO-BREAK SPACE}"
_KEYS, _VALUES = 26, 16  # widest columns; after a longer entry the words begin on the next line


def help_for(name: str, command: Command, arguments: Sequence[str] = ()) -> str:
    """Return the help of a command, with the options of groups that ``arguments`` choose."""
    words = "".join(f" [{key.upper()}]" for key in command.positional)
    words += "".join(f" [--{key} N]" for key in command.flags)
    if not command.hydra:
        words = "".join(f" [{key}=true]" for key in command.switches)
        return f"Usage: plywise {name}{words}\n\n{_sentence(command.summary)}"
    schema = COMMAND_SCHEMAS[name]
    chosen = chosen_options(schema, arguments, group_schemas())
    settings = listed(schema, chosen)
    lines = [f"Usage: plywise {name}{words} [key=value ...]", "", _sentence(command.summary)]
    for paragraph in (inspect.getdoc(schema) or "").split("\n\n")[1:]:
        lines += ["", *_wrap(paragraph.replace("``", ""))]
    lines += ["", f"Example: plywise {name} {command.example}", "", "Settings:"]
    lines += _table([s for s in settings if not s.group])
    shown: dict[type[Any], str] = {}
    for group, option in chosen.items():
        others = ", ".join(o for o in options(group) if o != option.name)
        about = CATALOG[option.name].words if group in ("agent", "opponent") else option.words
        lines += ["", *_wrap(f"{group}={option.name}  {about}")]
        lines += _wrap(f"  or {group}={others}", "  ")
        if option.schema in shown:
            lines.append(f"  the same settings as {shown[option.schema]}")
        else:
            lines += _table([s for s in settings if s.group == group])
        shown.setdefault(option.schema, group)
    more = {"--cfg job": "prints every key with its value"}
    if chosen:
        more["GROUP=OPTION --help"] = "lists the settings of that option"
    more["-m key=a,b"] = "runs once for each value, each in a folder of its own"
    lines += ["", *(f"plywise {name} {key:<20}  {words}" for key, words in more.items())]
    return "\n".join(lines)


def _wrap(text: str, indent: str = "") -> list[str]:
    """Return lines; all but the first are indented."""
    return textwrap.wrap(
        text,
        _WIDTH,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}."


def _table(settings: Sequence[Listed]) -> list[str]:
    """Return lines of key, default and words."""
    rows = [(s.key, as_written(s.default), _words(s)) for s in settings]
    keys = max((len(key) for key, *_ in rows if len(key) <= _KEYS), default=0)
    values = max((len(value) for _, value, _ in rows if len(value) <= _VALUES), default=0)
    indent = " " * (keys + values + 6)
    lines: list[str] = []
    for key, value, words in rows:
        begin = f"  {key:<{keys}}  {value:<{values}}  "
        if len(begin) > len(indent):
            lines += _wrap(begin, "    ")
            begin = indent
        lines += _wrap(begin + words, indent)
    return [line.replace(_UNBROKEN, " ") for line in lines]


def _words(setting: Listed) -> str:
    allowed = setting.about.allowed
    if not setting.about.choices:
        allowed = allowed.replace(" ", _UNBROKEN)
    return f"{setting.about.words} [{allowed}]" if allowed else setting.about.words


def as_written(value: Any) -> str:
    """Return a value as it is written on the command line."""
    if value == MISSING:
        return "(required)"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, list):
        return f"[{','.join(map(as_written, value))}]"
    if isinstance(value, dict):
        return f"{{{','.join(f'{key}:{as_written(one)}' for key, one in value.items())}}}"
    return str(value)
