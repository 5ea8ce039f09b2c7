"""The settings of a command as a list: keys, defaults and words, with the chosen options.

Made from the dataclasses and the options' YAML files, without Hydra: for ``--help``, for messages
about unknown keys and for settings that had another name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from importlib import resources
from typing import Any

from omegaconf import OmegaConf

from plywise.datasets.settings import Setting, settings_of

Schemas = Mapping[str, Mapping[str, type[Any]]]
"""The dataclasses of each group, by the names that its YAML files use."""

_FOLDERS = {"opponent": "agent"}  # an opponent is any agent


@dataclass(frozen=True)
class GroupOption:
    """An option of a group, as its YAML file describes it.

    Attributes:
        name: the option's name.
        words: the file's first line of comment.
        schema: dataclass of its settings.
        values: what it sets, by whole keys such as ``search.seconds``.
        changes: options that it chooses in other groups.
    """

    name: str
    words: str
    schema: type[Any]
    values: Mapping[str, Any]
    changes: Mapping[str, str]


@dataclass(frozen=True)
class Listed:
    """A setting of a command.

    Attributes:
        key: whole key, for example ``search.seconds``.
        default: value without arguments.
        about: words, range, choices and old names.
        group: group that it belongs to; empty: none.
    """

    key: str
    default: Any
    about: Setting
    group: str


def options(group: str) -> list[str]:
    """Return the names of a group's options."""
    folder = resources.files("plywise.conf") / _FOLDERS.get(group, group)
    return sorted(
        f.name.removesuffix(".yaml") for f in folder.iterdir() if f.name.endswith(".yaml")
    )


def read_option(group: str, name: str, schemas: Schemas) -> GroupOption:
    """Return what the YAML file of an option says; without one here, its dataclass alone."""
    if name not in options(group):  # its file is in another folder that Hydra searches
        return GroupOption(name, "", schemas[group][f"{name}_schema"], {}, {})
    place = _FOLDERS.get(group, group)
    text = (resources.files("plywise.conf") / place / f"{name}.yaml").read_text(encoding="utf-8")
    content: Any = OmegaConf.to_container(OmegaConf.create(text))
    first, *others = content.pop("defaults")
    comments = [line for line in text.splitlines() if line.startswith("# ")]
    words = "" if text.startswith("# @") or not comments else comments[0].removeprefix("# ")
    changes = {
        key.removeprefix("override /").partition("@")[0]: option
        for other in others
        if isinstance(other, dict)
        for key, option in other.items()
    }
    if first in schemas[group]:
        return GroupOption(name, words, schemas[group][first], _flat(content, f"{group}."), changes)
    # A preset of the whole configuration, which names the option that it is made from.
    base = read_option(group, first.rpartition("/")[2].partition("@")[0], schemas)
    return GroupOption(name, words, base.schema, {**base.values, **_flat(content, "")}, changes)


def _flat(content: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in content.items():
        if isinstance(value, dict):
            found |= _flat(value, f"{prefix}{key}.")
        else:
            found[prefix + key] = value
    return found


def default_options(schema: type[Any]) -> dict[str, str]:
    """Return the groups of a command with their default options."""
    return {name: about.option for name, about in settings_of(schema).items() if about.option}


def chosen_options(
    schema: type[Any], arguments: Iterable[str], schemas: Schemas
) -> dict[str, GroupOption]:
    """Return the option of each group: its default, or what an argument or an option chooses."""
    names = default_options(schema)
    given = dict(argument.split("=", 1) for argument in arguments if "=" in argument)
    given = {
        group: given[group]
        for group in names
        if given.get(group) in options(group) or f"{given.get(group)}_schema" in schemas[group]
    }
    for group, name in {**names, **given}.items():
        names |= read_option(group, name, schemas).changes
    return {group: read_option(group, name, schemas) for group, name in {**names, **given}.items()}


def listed(schema: type[Any], chosen: Mapping[str, GroupOption]) -> list[Listed]:
    """Return the settings of a command in their order; each group's with its option's values."""
    values: dict[str, Any] = {}
    for option in chosen.values():
        values |= option.values

    def walk(kind: type[Any], prefix: str, group: str) -> Iterator[Listed]:
        about = settings_of(kind)
        for one in fields(kind):
            key = prefix + one.name
            if key in chosen:
                yield from walk(chosen[key].schema, f"{key}.", key)
            elif is_dataclass(one.default_factory):
                yield from walk(one.default_factory, f"{key}.", group)
            elif one.name in about:
                made = one.default_factory() if callable(one.default_factory) else one.default
                yield Listed(key, values.get(key, made), about[one.name], group)

    return list(walk(schema, "", ""))
