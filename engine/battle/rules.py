"""The kernels of Gen 9 singles as searches use them, and the entry point that starts a battle.

``RULES`` compiles nothing until it is used; :func:`rules` compiles (or loads) everything at once.
"""

from typing import Any

import numba as nb
from numba import types

from plywise.engine.battle import legal as legality
from plywise.engine.battle import turn
from plywise.engine.battle.constants import NUM_ACTIONS
from plywise.engine.battle.evaluate import evaluate
from plywise.engine.battle.policy import priors
from plywise.engine.battle.state import BATTLE
from plywise.engine.compile.jit import kernel_of, prepare
from plywise.engine.kernels import RulesKernels, signatures
from plywise.engine.mixing import scramble

_SIGNATURES = signatures(BATTLE)
_POOL = types.Array(nb.from_dtype(BATTLE), 1, "C")


@kernel_of(_SIGNATURES.step)
def step(pool: Any, i: int, a0: int, a1: int) -> None:
    """Apply the choices of both sides; that of a side with nothing to decide is not read."""
    turn.commit(pool[i], a0, a1)


@kernel_of(_SIGNATURES.legal)
def legal(pool: Any, i: int, player: int, out: Any) -> int:
    """Write the legal actions of ``player``, ascending, into ``out``; return how many."""
    return legality.legal_actions(pool[i], player, out)


@kernel_of(_SIGNATURES.current)
def current(pool: Any, i: int) -> int:
    """Return the side to decide, ``SIMULTANEOUS`` or ``TERMINAL``."""
    return legality.who_decides(pool[i])


@kernel_of(_SIGNATURES.returns)
def returns(pool: Any, i: int) -> float:
    """Return 1.0 if side 0 has won, -1.0 if side 1 has, 0.0 for a tie."""
    winner = int(pool[i].winner)
    if winner == 0:
        return 1.0
    return -1.0 if winner == 1 else 0.0


@kernel_of(_SIGNATURES.reseed)
def reseed(pool: Any, i: int, seed: int) -> None:
    """Set the random source; any two seeds give unrelated draws."""
    pool[i].rng = scramble(seed)


@kernel_of(types.void(_POOL, types.int64))
def start(pool: Any, i: int) -> None:
    """Send both leads in and begin turn 1, with a state that holds both teams and no more."""
    turn.send_out_leads(pool[i])


@kernel_of(types.void(_POOL, types.int64, types.int64))
def restrict(pool: Any, i: int, side: int) -> None:
    """Note anew which moves and switches a side may choose, as at the beginning of a turn."""
    legality.set_disabled(pool[i], side)
    legality.set_trapped(pool[i], side)
    legality.trap_if_locked(pool[i], side)


RULES = RulesKernels(BATTLE, NUM_ACTIONS, step, legal, current, returns, evaluate, reseed, priors)
"""Gen 9 singles over pools of :data:`state.BATTLE`."""


def rules() -> RulesKernels:
    """Return the rules, compiled or loaded from the cache."""
    prepare(
        "the battle engine",
        step,
        legal,
        current,
        returns,
        evaluate,
        reseed,
        priors,
        start,
        restrict,
    )
    return RULES
