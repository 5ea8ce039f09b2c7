"""Which effects answer an event at all: Showdown's own lists of their callbacks.

A kernel asks these tables, by the raw id, before it looks whether the ability or item works just
now: most of them answer few events, and most events are asked many times a turn.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from plywise.engine.battle.names import ABILITY_NAMES, DATA, ITEM_NAMES
from plywise.engine.battle.tables import frozen

_NAMES = {"abilities": ABILITY_NAMES, "items": ITEM_NAMES}


def condition(name: str) -> tuple[dict[str, Any], list[str]]:
    """Return a condition and its callbacks, wherever the tables have it (``conditions.getByID``).

    Both are empty where there is none.
    """
    if name in DATA["conditions"]:
        entry = DATA["conditions"][name]
        return entry, entry.get("cb", [])
    for table in ("moves", "abilities", "items"):
        entry = DATA[table].get(name, {})
        if "condition" in entry:
            inner = [c.removeprefix("condition.") for c in entry.get("cb", ()) if "." in c]
            return entry["condition"], inner
    return {}, []


def answers(table: str, *events: str) -> NDArray[np.bool_]:
    """Return for each id of ``table`` (abilities or items) whether it, or its condition, has one.

    ``events`` are callbacks as Showdown names them, such as ``onUpdate``.
    """
    wanted = {f"{owner}{event}" for event in events for owner in ("", "condition.")}
    entries = DATA[table]
    found = [bool(wanted & set(entries.get(name, {}).get("cb", ()))) for name in _NAMES[table]]
    return frozen(np.array(found))


ABILITY_UPDATES = answers("abilities", "onUpdate")
ITEM_UPDATES = answers("items", "onUpdate")
ABILITY_MODIFIES_SPEED = answers("abilities", "onModifySpe")
ITEM_MODIFIES_SPEED = answers("items", "onModifySpe")
ABILITY_MODIFIES_PRIORITY = answers("abilities", "onModifyPriority")
ABILITY_TRAPS = answers("abilities", "onFoeTrapPokemon")
ABILITY_DISABLES = answers("abilities", "onDisableMove")
