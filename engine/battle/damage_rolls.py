"""The 16 damage rolls of a move, without playing it: getDamage on a scratch state."""

from typing import Any

import numba as nb
import numpy as np
from numba import types
from numpy.typing import NDArray

from plywise.engine.battle.damage import get_damage
from plywise.engine.battle.move_setup import set_up_move
from plywise.engine.battle.state import BATTLE
from plywise.engine.compile.jit import kernel_of, prepare

_POOL = types.Array(nb.from_dtype(BATTLE), 1, "C")
_ROLLS = types.Array(types.int32, 1, "C")


@kernel_of(types.void(_POOL, types.int64, types.int64, types.int64, _ROLLS))
def _rolls(pool: Any, side: int, move: int, critical: int, out: Any) -> None:
    """Write the rolls of state 0 into ``out``, lowest first; state 1 is worked on."""
    for k in range(16):
        pool[1] = pool[0]
        b = pool[1]
        damage = 0
        if set_up_move(b, side, move, 0, False):
            b.move.hit = 1
            damage = get_damage(b, side, 1 - side, critical, 15 - k)
        out[k] = max(damage, 0)


def prepare_damage_rolls() -> None:
    """Compile or load the kernel, so that the first question does not wait for it."""
    prepare("damage rolls", _rolls)


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
    _rolls(scratch, side, move, int(critical), out)
    return out
