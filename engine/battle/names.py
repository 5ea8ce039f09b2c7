"""Showdown's names and their numbers, from the exported data tables.

An id is 0 for *none*, else 1 + the position in the sorted list of Showdown ids of the table.  All
of this is plain Python; kernels compare the numbers that :mod:`move_ids`, :mod:`ability_ids`,
:mod:`item_ids` and :mod:`species_ids` hold by name.
"""

from typing import Any

from plywise.datasets.showdown_data import load, to_id

__all__ = [
    "ABILITY_ID",
    "ABILITY_NAMES",
    "BOOST_NAMES",
    "DATA",
    "ITEM_ID",
    "ITEM_NAMES",
    "MOVE_ID",
    "MOVE_NAMES",
    "NONE",
    "SPECIES_ID",
    "SPECIES_NAMES",
    "STATUS_ID",
    "STATUS_NAMES",
    "STAT_NAMES",
    "TYPE_ID",
    "TYPE_NAMES",
    "to_id",
]

DATA: dict[str, Any] = vars(load())
"""The exported tables under Showdown's own field names (see ``datasets/showdown_data.py``)."""

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
