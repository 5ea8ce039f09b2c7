"""Effects that the battle engine does not model, by Showdown's ids.

A state that holds one of these may develop differently than in the simulator; :func:`unmodelled`
finds them when a state is read.  Moves, abilities and items that do nothing in singles count as
modelled, and so do Power Construct, Schooling, Stance Change and Zen Mode: each needs one species,
and no generation 9 battle has Zygarde, Wishiwashi, Aegislash or Darmanitan (the tables hold none).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from plywise.datasets.errors import PlywiseError
from plywise.engine.battle.names import ABILITY_NAMES, ITEM_NAMES, MOVE_NAMES

UNMODELLED_MOVES: frozenset[str] = frozenset()
UNMODELLED_ABILITIES: frozenset[str] = frozenset()
UNMODELLED_ITEMS: frozenset[str] = frozenset()


class UnmodelledError(PlywiseError):
    """A battle holds something that the engine would play otherwise than the simulator does."""


def require_modelled(pool: NDArray[Any], i: int) -> None:
    """Make sure that the engine models all that state ``i`` of ``pool`` contains.

    Raises:
        UnmodelledError: it does not; names what is missing.
    """
    missing = unmodelled(pool, i)
    if missing:
        raise UnmodelledError(f"the battle engine does not model {', '.join(missing)} yet")


def unmodelled(pool: NDArray[Any], i: int) -> list[str]:
    """Return what state ``i`` of ``pool`` contains that is not modelled, as ``"move sketch"`` ...

    Sorted, each once; empty where the state is covered in full.
    """
    found: set[str] = set()
    if not (UNMODELLED_MOVES or UNMODELLED_ABILITIES or UNMODELLED_ITEMS):
        return []
    for side in pool[i]["sides"]:
        mons = side["mons"]
        moves = np.concatenate([mons["moves"].ravel(), side["base_moves"]])
        found |= {f"move {MOVE_NAMES[m]}" for m in moves if MOVE_NAMES[m] in UNMODELLED_MOVES}
        for a in np.concatenate([mons["ability"], mons["base_ability"]]):
            if ABILITY_NAMES[a] in UNMODELLED_ABILITIES:
                found.add(f"ability {ABILITY_NAMES[a]}")
        for held in np.concatenate([mons["held_item"], mons["last_item"]]):
            if ITEM_NAMES[held] in UNMODELLED_ITEMS:
                found.add(f"item {ITEM_NAMES[held]}")
    return sorted(found)
