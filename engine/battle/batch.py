"""Many battles at once: random playouts, steps and legal actions over an array of states.

One compiled loop works on a slice without Python's global lock, so plain threads share the work.
Each playout has its own random numbers, from the seed and its index, so that the number of threads
changes the time only.  States under a script (:mod:`chance`) are refused: threads would share it.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numba as nb
import numpy as np
from numba import types
from numpy.typing import ArrayLike, NDArray

from plywise.datasets.errors import PlywiseError
from plywise.engine.battle import turn
from plywise.engine.battle.constants import FORMAT_SCRIPTED, NUM_ACTIONS, WINNER_NONE
from plywise.engine.battle.legal import legal_actions
from plywise.engine.battle.state import BATTLE
from plywise.engine.compile.jit import kernel_of, prepare
from plywise.engine.kernels import NO_ACTION
from plywise.engine.mixing import WEYL, scramble, xorshift

_POOL = types.Array(nb.from_dtype(BATTLE), 1, "C")
_INT32 = types.Array(types.int32, 1, "C")
_INT8 = types.Array(types.int8, 1, "C")
_MASKS = types.Array(types.boolean, 3, "C")
_I64, _U64 = types.int64, types.uint64

_HALF = np.uint64(32)
UNFINISHED = -2
"""Winner of a playout that was stopped; else 0 or 1 the side, -1 a tie."""


class BatchError(PlywiseError):
    """A batch that cannot be processed; the message names the element and the reason."""


@kernel_of(types.void(_POOL, _POOL, _I64, _I64, _I64, _U64, _I64, _INT32, _INT8, _INT32, _INT32))
def _play_out(
    pool: Any,
    work: Any,
    first: int,
    last: int,
    per_state: int,
    seed: Any,
    max_turns: int,
    legal: Any,
    winners: Any,
    turns: Any,
    steps: Any,
) -> None:
    """Play playouts ``first`` to ``last - 1`` in ``work[0]``; ``legal`` holds 16 numbers."""
    b = work[0]
    for j in range(first, last):
        work[0] = pool[j // per_state]
        x = np.uint64(scramble(seed ^ np.uint64(scramble(np.uint64(j)))))
        b.rng = scramble(x ^ WEYL)  # dice of their own, apart from the choices
        x |= np.uint64(1)
        began, stop = int(b.turn), int(b.turn) + max_turns
        count = 0
        while int(b.winner) == WINNER_NONE and int(b.turn) < stop:
            a0, a1 = NO_ACTION, NO_ACTION
            n = legal_actions(b, 0, legal)
            if n != 0:
                x = xorshift(x)
                a0 = int(legal[np.int64(((x >> _HALF) * np.uint64(n)) >> _HALF)])
            n = legal_actions(b, 1, legal)
            if n != 0:
                x = xorshift(x)
                a1 = int(legal[np.int64(((x >> _HALF) * np.uint64(n)) >> _HALF)])
            turn.commit(b, a0, a1)
            count += 1
        winner = int(b.winner)
        if winner == WINNER_NONE:
            winner = UNFINISHED
        elif winner > 1:
            winner = -1
        winners[j] = winner
        turns[j] = int(b.turn) - began
        steps[j] = count


@kernel_of(types.void(_POOL, _I64, _I64, _INT32, _INT32))
def _step_all(pool: Any, first: int, last: int, a0: Any, a1: Any) -> None:
    """Step states ``first`` to ``last - 1`` in place; those that are over stay as they are."""
    for j in range(first, last):
        if int(pool[j].winner) == WINNER_NONE:
            turn.commit(pool[j], int(a0[j]), int(a1[j]))


@kernel_of(types.void(_POOL, _I64, _I64, _INT32, _MASKS))
def _legal_all(pool: Any, first: int, last: int, legal: Any, masks: Any) -> None:
    """Write the legal actions of both sides of states ``first`` to ``last - 1``."""
    for j in range(first, last):
        for s in range(2):
            for k in range(legal_actions(pool[j], s, legal)):
                masks[j, s, legal[k]] = True


def prepare_batch() -> None:
    """Compile or load the kernels of this module."""
    prepare("batches of battles", _play_out, _step_all, _legal_all)


def _shares(count: int, threads: int) -> list[tuple[int, int]]:
    """Return (first, last) of as many even slices as there are threads with something to do."""
    if threads < 1:
        raise BatchError(f"threads={threads}: must be at least 1")
    cuts = np.linspace(0, count, min(threads, max(count, 1)) + 1).astype(int)
    return [(int(a), int(b)) for a, b in pairwise(cuts)]


def _in_threads(count: int, threads: int, work: Callable[[int, int], None]) -> None:
    """Call ``work(first, last)`` for slices of ``count`` elements, each on a thread of its own."""
    shares = _shares(count, threads)
    if len(shares) == 1:
        work(*shares[0])
        return
    with ThreadPoolExecutor(len(shares)) as executor:
        for done in [executor.submit(work, *share) for share in shares]:
            done.result()


def _check_pool(pool: NDArray[Any]) -> None:
    if pool.dtype != BATTLE or pool.ndim != 1 or not pool.flags.c_contiguous:
        raise BatchError("a one-dimensional, contiguous array of battle states is wanted")
    scripted = np.flatnonzero(pool["format"] & FORMAT_SCRIPTED)
    if len(scripted):
        raise BatchError(f"state {scripted[0]} draws from a script, which threads cannot share")


@dataclass(frozen=True)
class Playouts:
    """How playouts ended; every array has the shape (states, playouts of each).

    Attributes:
        winners: int8, the side that won, -1 a tie, ``UNFINISHED`` where ``max_turns`` stopped it.
        turns: int32, turns begun since the state.
        steps: int32, decisions made: a turn takes more than one where somebody faints or pivots.
    """

    winners: NDArray[np.int8]
    turns: NDArray[np.int32]
    steps: NDArray[np.int32]

    def values(self) -> NDArray[np.float64]:
        """Return side 0's results: 1 won, -1 lost, 0 a tie or unfinished."""
        return np.select([self.winners == 0, self.winners == 1], [1.0, -1.0], 0.0)


def playouts(
    pool: NDArray[Any], seed: int, per_state: int = 1, max_turns: int = 1000, threads: int = 1
) -> Playouts:
    """Play every state on with uniformly random legal actions; ``pool`` is not changed.

    Args:
        pool: states (``state.BATTLE``), shape (n,).
        seed: decides all choices and dice; the random source of a state itself plays no part.
        per_state: playouts of each state.
        max_turns: a playout stops after so many turns.
        threads: share the work; the result does not depend on it.

    Raises:
        BatchError: an argument that makes no sense, or a scripted state.
    """
    _check_pool(pool)
    if per_state < 1 or max_turns < 1:
        raise BatchError(f"per_state={per_state}, max_turns={max_turns}: must be at least 1")
    prepare_batch()
    count = len(pool) * per_state
    found = Playouts(np.empty(count, np.int8), np.empty(count, np.int32), np.empty(count, np.int32))

    def work(first: int, last: int) -> None:
        _play_out(
            pool,
            np.empty(1, BATTLE),
            first,
            last,
            per_state,
            np.uint64(seed & 0xFFFF_FFFF_FFFF_FFFF),
            max_turns,
            np.empty(NUM_ACTIONS, np.int32),
            found.winners,
            found.turns,
            found.steps,
        )

    _in_threads(count, threads, work)
    shape = len(pool), per_state
    return Playouts(
        found.winners.reshape(shape), found.turns.reshape(shape), found.steps.reshape(shape)
    )


def legal_batch(pool: NDArray[Any], threads: int = 1) -> NDArray[np.bool_]:
    """Return which actions are legal: shape (n, 2 sides, 16 actions).

    A side that has nothing to decide has no legal action.

    Raises:
        BatchError: ``pool`` is no array of battle states, or holds a scripted one.
    """
    _check_pool(pool)
    prepare_batch()
    masks = np.zeros((len(pool), 2, NUM_ACTIONS), np.bool_)

    def work(first: int, last: int) -> None:
        _legal_all(pool, first, last, np.empty(NUM_ACTIONS, np.int32), masks)

    _in_threads(len(pool), threads, work)
    return masks


def _actions(given: ArrayLike, count: int, side: int) -> NDArray[np.int32]:
    found = np.ascontiguousarray(given, np.int32)
    if found.shape != (count,):
        raise BatchError(f"side {side + 1}: {count} actions are wanted, got shape {found.shape}")
    return found


def step_batch(
    pool: NDArray[Any],
    a0: ArrayLike,
    a1: ArrayLike,
    threads: int = 1,
    check: bool = True,
) -> None:
    """Apply both sides' actions to every state, in place; a battle that is over stays as it is.

    Args:
        pool: states, shape (n,).
        a0, a1: an action a state, shape (n,); ``NO_ACTION`` where a side has nothing to decide.
        threads: share the work.
        check: refuse illegal actions before anything is changed; without it they do what they do.

    Raises:
        BatchError: shapes that do not fit, a scripted state, or an illegal action.
    """
    _check_pool(pool)
    chosen = [_actions(a, len(pool), s) for s, a in enumerate((a0, a1))]
    prepare_batch()
    if check:
        masks = legal_batch(pool, threads)
        for s, actions in enumerate(chosen):
            nothing = ~masks[:, s].any(axis=1)
            inside = (actions >= 0) & (actions < NUM_ACTIONS)
            legal = masks[np.arange(len(pool)), s, np.where(inside, actions, 0)] & inside
            wrong = np.flatnonzero(np.where(nothing, actions != NO_ACTION, ~legal))
            if len(wrong):
                raise BatchError(
                    f"state {wrong[0]}: side {s + 1} may not choose {actions[wrong[0]]}; legal: "
                    f"{np.flatnonzero(masks[wrong[0], s]).tolist() or [NO_ACTION]}"
                )

    def work(first: int, last: int) -> None:
        _step_all(pool, first, last, chosen[0], chosen[1])

    _in_threads(len(pool), threads, work)
