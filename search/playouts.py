"""Random games at full speed: whole playouts inside compiled code, for any game with kernels."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numba as nb
import numpy as np
from numba import types
from numpy.typing import NDArray

from plywise.engine.compile.jit import kernel, kernel_of, prepare
from plywise.engine.kernels import NO_ACTION, SIMULTANEOUS, TERMINAL, RulesKernels, signatures
from plywise.engine.mixing import WEYL, scramble

_MOST_DECISIONS = 100_000
"""Most decisions of a game; rules that exceed it never end."""

_S32 = np.uint64(32)


class PlayoutError(ValueError):
    """A random game cannot be played to its end."""


@kernel
def _below(word: np.uint64, n: int) -> np.int64:
    """Return a number in ``0 … n-1`` from the upper half of a random word."""
    return np.int64((word >> _S32) * np.uint64(n) >> _S32)


def _play(
    pool: NDArray[Any],
    legal_actions: NDArray[np.int32],
    results: NDArray[np.float64],
    seed: np.uint64,
    step: Callable[..., None],
    legal: Callable[..., int],
    current: Callable[..., int],
    returns: Callable[..., float],
    reseed: Callable[..., None],
) -> int:
    """Play ``len(results)`` games from ``pool[0]`` in ``pool[1]``; return all decisions, or -1."""
    state = seed
    decisions = 0
    for k in range(len(results)):
        pool[1] = pool[0]
        reseed(pool, 1, np.uint64(scramble(state)))
        state += WEYL
        played = 0
        mover = current(pool, 1)
        while mover != TERMINAL:
            if played > _MOST_DECISIONS:
                return -1
            played += 1
            a0, a1 = NO_ACTION, NO_ACTION
            if mover == 0 or mover == SIMULTANEOUS:
                n = legal(pool, 1, 0, legal_actions)
                if n > 0:
                    a0 = int(legal_actions[_below(np.uint64(scramble(state)), n)])
                    state += WEYL
            if mover == 1 or mover == SIMULTANEOUS:
                n = legal(pool, 1, 1, legal_actions)
                if n > 0:
                    a1 = int(legal_actions[_below(np.uint64(scramble(state)), n)])
                    state += WEYL
            if a0 < 0 and a1 < 0:
                return -1
            step(pool, 1, a0, a1)
            mover = current(pool, 1)
        decisions += played
        results[k] = returns(pool, 1)
    return decisions


@functools.cache
def _runner(dtype: np.dtype[Any]) -> Callable[..., int]:
    """Return ``_play`` compiled once for states of ``dtype``; the rules are its arguments."""
    s = signatures(dtype)
    signature = types.int64(
        types.Array(nb.from_dtype(dtype), 1, "C"),
        types.Array(types.int32, 1, "C"),
        types.Array(types.float64, 1, "C"),
        types.uint64,
        types.FunctionType(s.step),
        types.FunctionType(s.legal),
        types.FunctionType(s.current),
        types.FunctionType(s.returns),
        types.FunctionType(s.reseed),
    )
    run = kernel_of(signature)(_play)
    prepare("random playouts", run)
    return run


def random_playouts(
    kernels: RulesKernels, pool_state: NDArray[Any], count: int, seed: int = 0
) -> NDArray[np.float64]:
    """Play ``count`` games of uniformly random actions; return each result for player 0.

    Args:
        pool_state: one-element pool with the position to begin with (``State.flat()``).
        seed: seed of all that is random; the same seed gives the same games.

    Raises:
        PlayoutError: the rules lead nowhere (no legal action before the end, or no end).
        ValueError: ``count`` is less than 1.
    """
    if count < 1:
        raise ValueError(f"count is {count}, it must be at least 1")
    run = _runner(kernels.dtype)
    pool = np.zeros(2, kernels.dtype)
    pool[0] = pool_state[0]
    results = np.zeros(count)
    room = np.zeros(kernels.num_actions, np.int32)
    with np.errstate(over="ignore"):  # the generator wraps around; only seen without JIT
        decisions = run(
            pool,
            room,
            results,
            np.uint64(seed % 2**64),
            kernels.step,
            kernels.legal,
            kernels.current,
            kernels.returns,
            kernels.reseed,
        )
    if decisions < 0:
        raise PlayoutError("a random game met no legal action, or did not end")
    return results
