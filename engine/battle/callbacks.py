"""Tables of the effects that have a callback for an event, from Showdown's own lists.

A kernel reads these tables by raw id before it checks whether the ability or item is active: most
abilities and items have few callbacks, and most events run many times a turn.
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


def has_callback(table: str, *events: str) -> NDArray[np.bool_]:
    """Return for each id of ``table`` (abilities or items) whether it, or its condition, has one.

    ``events`` are callbacks as Showdown names them, such as ``onUpdate``.
    """
    wanted = {f"{owner}{event}" for event in events for owner in ("", "condition.")}
    entries = DATA[table]
    found = [bool(wanted & set(entries.get(name, {}).get("cb", ()))) for name in _NAMES[table]]
    return frozen(np.array(found))


ABILITY_UPDATES = has_callback("abilities", "onUpdate")
ITEM_UPDATES = has_callback("items", "onUpdate")
ABILITY_MODIFIES_SPEED = has_callback("abilities", "onModifySpe")
ITEM_MODIFIES_SPEED = has_callback("items", "onModifySpe")
ABILITY_MODIFIES_PRIORITY = has_callback("abilities", "onModifyPriority")
ABILITY_TRAPS = has_callback("abilities", "onFoeTrapPokemon")
ABILITY_DISABLES = has_callback("abilities", "onDisableMove")
