"""Showdown's declarative tables, exported from the pinned package.

``showdown/data.json.gz`` is written by ``showdown/export.js``; field names are Showdown's own,
and ``cb`` holds the names of a record's functions, sorted.  Ids are Showdown's ids: lower
case letters and digits only.  A record's number, where the engine needs one, is 1 + its position
in the sorted list of ids of its table; 0 means none.
"""

import gzip
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from plywise.datasets.errors import PlywiseError
from plywise.datasets.tables_in_use import PINNED, PINNED_FOLDER, tables_folder

Record = Mapping[str, Any]
RecordTable = Mapping[str, Record]

_NOT_ID = re.compile(r"[^a-z0-9]+")


class UnknownNameError(PlywiseError):
    """A move, ability, item, species, type or nature that the pinned package does not hold."""


@lru_cache(10_000)
def to_id(name: str) -> str:
    """Return Showdown's id of a name: ``"King's Shield"`` -> ``"kingsshield"``."""
    return _NOT_ID.sub("", name.lower())


def read_json_gz(path: Path) -> Any:
    """Read one JSON document from a gzip file.

    Raises:
        PlywiseError: the file is missing or damaged.
    """
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError as error:
        raise PlywiseError(f"{path} is missing: {_remedy(path)}") from error
    except (OSError, EOFError, ValueError) as error:
        raise PlywiseError(f"{path} is damaged ({error}): {_remedy(path)}") from error


def _remedy(path: Path) -> str:
    if path.is_relative_to(PINNED_FOLDER):
        return "install plywise again"
    return f"plywise data update makes it again, plywise data use {PINNED} does without"


@dataclass(frozen=True)
class ShowdownData:
    """All tables of one ``pokemon-showdown`` release.

    Attributes:
        version: the package's version, such as ``"0.11.11"``.
        moves, abilities, items, species, conditions: id -> record.
        cosmetic: id of a forme that differs in looks only -> species id that it plays as.
        typechart: type id -> record whose ``damageTaken`` maps attacking type (and status) names
            to 0 neutral, 1 weak, 2 resistant, 3 immune.
        natures: id -> record with ``plus`` and ``minus`` stat ids where the nature has them.
        tiers: species id -> tier name.
    """

    version: str
    moves: RecordTable
    abilities: RecordTable
    items: RecordTable
    species: RecordTable
    conditions: RecordTable
    cosmetic: Mapping[str, str]
    typechart: RecordTable
    natures: RecordTable
    tiers: Mapping[str, str]

    def species_id(self, name: str) -> str:
        """Return the id of the species that ``name`` plays as, cosmetic formes resolved.

        Raises:
            UnknownNameError: there is no such species.
        """
        found = to_id(name)
        found = self.cosmetic.get(found, found)
        if found not in self.species:
            raise UnknownNameError(f"unknown species '{name}' (Showdown {self.version})")
        return found


@cache
def load() -> ShowdownData:
    """Return the tables in use, those of this package by default (read once per process).

    Raises:
        PlywiseError: the file is missing or damaged.
    """
    raw = read_json_gz(tables_folder() / "data.json.gz")
    return ShowdownData(**{name: raw[name] for name in ShowdownData.__dataclass_fields__})
