"""The contract between rules and search: five kernels over a pool of flat states.

A *pool* is a one-dimensional, C-contiguous NumPy array of one nested ``np.record``
dtype; a state is ``(pool, index)``.  A search copies ``pool[j] = pool[i]`` and never
undoes.  All chance inside ``step`` comes from the state's own ``rng`` field, so that
``reseed`` makes a sampled future reproducible.

Actions are small non-negative integers.  Player constants are OpenSpiel's.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numba as nb
import numpy as np
from numba import types

CHANCE = -1
SIMULTANEOUS = -2
TERMINAL = -4

NO_ACTION = -1
"""Given to ``step`` for a player who has nothing to decide."""


@dataclass(frozen=True)
class RulesKernels:
    """The compiled rules of one game, as a search sees them.

    Attributes:
        dtype: record dtype of one state; it has a ``uint64`` field ``rng``.
        num_actions: actions are ``0 … num_actions-1``; a buffer for ``legal`` has this length.
        step: ``(pool, i, a0, a1) -> None`` applies the players' actions in place.  At a node of
            one player only that player's action is read.
        legal: ``(pool, i, player, out) -> n`` writes the legal actions, ascending, into the int32
            array ``out``; 0 where the player has nothing to decide.
        current: ``(pool, i) -> int32`` player to move, ``SIMULTANEOUS`` or ``TERMINAL``.
        returns: ``(pool, i) -> float64`` result for player 0 in [-1, 1]; only at a terminal state.
        evaluate: ``(pool, i) -> float64`` static estimate of the result for player 0, in (-1, 1).
        reseed: ``(pool, i, seed) -> None`` sets the random source.
        priors: ``(pool, i, player, legal, n, out) -> None`` writes into the float64 array ``out``
            how likely ``player`` is to choose each of its ``n`` actions in ``legal``, in their
            order, summing to 1; None: nothing is known.
    """

    dtype: np.dtype[Any]
    num_actions: int
    step: Callable[..., None]
    legal: Callable[..., int]
    current: Callable[..., int]
    returns: Callable[..., float]
    evaluate: Callable[..., float]
    reseed: Callable[..., None]
    priors: Callable[..., None] | None = None

    def legal_actions(self, pool: np.ndarray[Any, Any], i: int, player: int) -> list[int]:
        """Return what ``legal`` writes, as a list."""
        out = np.zeros(self.num_actions, np.int32)
        found: list[int] = out[: int(self.legal(pool, i, player, out))].tolist()
        return found

    def worth(self, pool: np.ndarray[Any, Any], i: int, player: int) -> float:
        """Return a state's result for ``player``; before the end the estimate of it."""
        ended = int(self.current(pool, i)) == TERMINAL
        value = float((self.returns if ended else self.evaluate)(pool, i))
        return value if player == 0 else -value


@dataclass(frozen=True)
class KernelSignatures:
    """Explicit numba signatures of the kernels for one state dtype.

    Kernels compiled with these signatures are first-class functions: passed as arguments they
    load from the cache in the next process, where a dispatcher would compile anew at every start.
    """

    step: Any
    legal: Any
    current: Any
    returns: Any
    evaluate: Any
    reseed: Any
    priors: Any


def signatures(dtype: np.dtype[Any]) -> KernelSignatures:
    """Return the signatures of all kernels over a pool of ``dtype``."""
    pool = types.Array(nb.from_dtype(dtype), 1, "C")
    i64, i32, u64, f64 = types.int64, types.int32, types.uint64, types.float64
    return KernelSignatures(
        step=types.void(pool, i64, i64, i64),
        legal=types.int64(pool, i64, i64, types.Array(i32, 1, "C")),
        current=i64(pool, i64),
        returns=f64(pool, i64),
        evaluate=f64(pool, i64),
        reseed=types.void(pool, i64, u64),
        priors=types.void(pool, i64, i64, types.Array(i32, 1, "C"), i64, types.Array(f64, 1, "C")),
    )
