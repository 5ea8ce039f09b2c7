"""Showdown's names and our numbers for them, from the exported data tables.

An id is 0 for *none*, then 1 + the position in the sorted list of Showdown ids of the table.
Everything here is plain Python at the border; kernels compare the numbers that
:mod:`move_ids`, :mod:`ability_ids`, :mod:`item_ids` and :mod:`species_ids` hold by name.
"""

import gzip
import json
from pathlib import Path
from typing import Any

import plywise.datasets.errors as errors

DATA_FILE = Path(errors.__file__).parent / "showdown" / "data.json.gz"


def _load() -> dict[str, Any]:
    with gzip.open(DATA_FILE, "rt", encoding="utf-8") as stream:
        loaded: dict[str, Any] = json.load(stream)
    return loaded


DATA: dict[str, Any] = _load()
"""The exported tables under Showdown's own field names (see ``datasets/showdown/export.js``)."""

NONE = "none"
MOVE_NAMES: list[str] = [NONE, *sorted(DATA["moves"])]
ABILITY_NAMES: list[str] = [NONE, *sorted(DATA["abilities"])]
ITEM_NAMES: list[str] = [NONE, *sorted(DATA["items"])]
SPECIES_NAMES: list[str] = [NONE, *sorted(DATA["species"])]
# "???" sorts before the letters, as in `sorted`; Stellar is a type of attacks and of Tera only.
TYPE_NAMES: list[str] = ["none", *sorted([*(k.capitalize() for k in DATA["typechart"]), "???"])]
STATUS_NAMES: list[str] = ["", "brn", "par", "psn", "tox", "slp", "frz"]
STAT_NAMES: list[str] = ["atk", "def", "spa", "spd", "spe"]
BOOST_NAMES: list[str] = [*STAT_NAMES, "accuracy", "evasion"]


def _numbers(names: list[str]) -> dict[str, int]:
    return {name: number for number, name in enumerate(names)}


MOVE_ID = _numbers(MOVE_NAMES)
ABILITY_ID = _numbers(ABILITY_NAMES)
ITEM_ID = _numbers(ITEM_NAMES)
SPECIES_ID = _numbers(SPECIES_NAMES)
TYPE_ID = _numbers(TYPE_NAMES)
STATUS_ID = _numbers(STATUS_NAMES)


def to_id(name: str) -> str:
    """Return Showdown's id of a display name: lower-case letters and digits only."""
    return "".join(c for c in name.lower() if c.isascii() and c.isalnum())
