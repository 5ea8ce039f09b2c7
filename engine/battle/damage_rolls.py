"""The 16 damage rolls of a move, without playing it: getDamage on a scratch state."""

from collections.abc import Sequence
from typing import Any

import numba as nb
import numpy as np
from numba import types
from numpy.typing import NDArray

from plywise.engine.battle.damage import get_damage
from plywise.engine.battle.move_setup import set_up_move
from plywise.engine.battle.state import BATTLE
from plywise.engine.battle.stats import get_speed
from plywise.engine.compile.jit import kernel_of, prepare

_POOL = types.Array(nb.from_dtype(BATTLE), 1, "C")
_ROLLS = types.Array(types.int32, 1, "C")
_INT = types.int64
UNCHANGED = -1
"""Ability or item of a candidate that the state holds already."""


@kernel_of(types.void(_POOL, _INT, _INT, _INT, _INT, _ROLLS))
def _rolls(pool: Any, side: int, move: int, critical: int, hit: int, out: Any) -> None:
    """Write the rolls of state 0 into ``out``, lowest first; state 1 is worked on."""
    for k in range(16):
        pool[1] = pool[0]
        b = pool[1]
        damage = 0
        if set_up_move(b, side, move, 0, False):
            b.move.hit = hit
            damage = get_damage(b, side, 1 - side, critical, 15 - k)
        out[k] = max(damage, 0)


@kernel_of(types.void(_POOL, _INT, _ROLLS))
def _replace_set(pool: Any, side: int, values: Any) -> None:
    """Give the active Pokémon of ``side`` in state 0 a set's values, as in ``candidate_rolls``."""
    b = pool[0]
    mon = b.sides[side].mons[b.sides[side].active]
    if values[0] != UNCHANGED:
        mon.ability = values[0]
        mon.base_ability = values[0]
    if values[1] != UNCHANGED:
        mon.held_item = values[1]
    mon.max_hp = values[2]
    mon.hp = values[3]
    for k in range(5):
        mon.stats[k] = values[4 + k]
    for s in range(2):
        b.sides[s].speed = get_speed(b, s)


def prepare_damage_rolls() -> None:
    """Compile or load the kernels, so that the first question does not wait for them."""
    prepare("damage rolls", _rolls, _replace_set)


def damage_rolls(
    pool: NDArray[Any], i: int, side: int, move: int, *, critical: bool = False
) -> NDArray[np.int32]:
    """Return what one hit of ``move`` by ``side``'s active does to the other active.

    Args:
        pool: states (``engine.battle.state.BATTLE``); not changed.
        i: which of them.
        side: 0 or 1, who attacks.
        move: number of the move (``names.MOVE_ID``); it need not be one of the user's.
        critical: all rolls as critical hits, else none.

    Returns:
        16 values in HP, lowest first; zeros for immunity and moves without damage.  Accuracy,
        Protect, Substitute and what is left of the target's HP play no part.  A power that chance
        decides (Present, Magnitude) is drawn from the state's own random source.
    """
    prepare_damage_rolls()
    scratch = np.empty(2, BATTLE)
    scratch[0] = pool[i]
    out = np.empty(16, np.int32)
    _rolls(scratch, side, move, int(critical), 1, out)
    return out


class CandidateRolls:
    """The rolls of one hit for the sets that one of the two Pokémon may have.

    Args:
        pool: one state, as it was at the hit.
        candidate: side of the Pokémon whose set is not known.
        side, move, critical: as in :func:`damage_rolls`.
        hit: number of the hit within the move, from 1.
    """

    def __init__(
        self,
        pool: NDArray[Any],
        candidate: int,
        side: int,
        move: int,
        *,
        critical: bool,
        hit: int = 1,
    ) -> None:
        prepare_damage_rolls()
        self._base = pool
        self._scratch = np.empty(2, BATTLE)
        self._candidate, self._question = candidate, (side, move, int(critical), hit)

    def of(self, values: Sequence[int]) -> list[int]:
        """Return the 16 rolls, lowest first.

        Args:
            values: of the candidate: numbers of ability and item (``UNCHANGED``: the state's), its
                maximal HP and HP, then atk, def, spa, spd and spe without stages.
        """
        self._scratch[0] = self._base[0]
        _replace_set(self._scratch, self._candidate, np.array(values, np.int32))
        out = np.empty(16, np.int32)
        _rolls(self._scratch, *self._question, out)
        return sorted(out.tolist())
