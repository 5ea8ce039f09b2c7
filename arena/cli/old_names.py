"""Settings under names that they had before: still read, with a line that says the new name."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from omegaconf import DictConfig, ListConfig, OmegaConf, open_dict

from plywise.conf.listing import Schemas
from plywise.datasets.settings import settings_of

_ITEMS = {"agents": "agent"}  # a list, and the group that its entries are like


class OldNames:
    """The old names of a command's settings.

    A setting is found by its own name and the name of the group that it stands in, wherever that
    is: ``search.habit``, ``agent.search.habit``, and ``agents=[{name:search,search:{habit:1}}]``.

    Args:
        schema: the command's dataclass.
        schemas: the dataclasses of its groups.
    """

    def __init__(self, schema: type[Any], schemas: Schemas) -> None:
        self._new: dict[tuple[str, str], str] = {}
        self._said: set[str] = set()
        self._add("", schema)
        for group, kinds in schemas.items():
            for kind in kinds.values():
                self._add(group, kind)

    def _add(self, group: str, kind: type[Any]) -> None:
        for name, about in settings_of(kind).items():
            self._new |= {(group, old): name for old in about.old}
        for one in fields(kind):
            if is_dataclass(one.default_factory):
                self._add(one.name, one.default_factory)

    def in_arguments(self, arguments: Sequence[str]) -> list[str]:
        """Return the arguments with the new names."""
        return [self._argument(argument) for argument in arguments]

    def _argument(self, argument: str) -> str:
        key, equals, value = argument.partition("=")
        *above, name = key.lstrip("+~").split(".")
        new = self._new.get((above[-1] if above else "", name))
        if new is None:
            return argument
        self._say(".".join((*above, name)), ".".join((*above, new)))
        return f"{key.removesuffix(name)}{new}{equals}{value}"

    def in_mappings(self, config: DictConfig | ListConfig, group: str = "") -> None:
        """Rename keys of mappings that are values, as in ``agents``."""
        for key in list(config) if isinstance(config, DictConfig) else range(len(config)):
            if OmegaConf.is_missing(config, key) or OmegaConf.is_interpolation(config, key):
                continue
            value = config[key]
            new = self._new.get((group, str(key)))
            if new is not None and isinstance(config, DictConfig):
                self._say(f"{group}.{key}", f"{group}.{new}")
                with open_dict(config):
                    config[new] = config.pop(key)
            elif isinstance(value, DictConfig | ListConfig):
                named = isinstance(config, DictConfig)
                self.in_mappings(value, _ITEMS.get(str(key), str(key)) if named else group)

    def _say(self, old: str, new: str) -> None:
        if old not in self._said:
            self._said.add(old)
            print(f"plywise: '{old}' is now called '{new}'", file=sys.stderr)
