"""Estimates of actions by playing a few decisions ahead with the rules' priors.

Every action is tried in the same worlds, with the same draws of actions and the same random numbers
(common random numbers), so that estimates differ by the actions and less by chance.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numba as nb
import numpy as np
from numba import types
from numpy.typing import NDArray

from plywise.engine.compile.jit import kernel_of, prepare
from plywise.engine.compile.stack import stack_array
from plywise.engine.kernels import NO_ACTION, SIMULTANEOUS, TERMINAL, RulesKernels, signatures

_two_actions = stack_array(np.int64, 2)


def _add_values(
    worlds: NDArray[Any],
    pool: NDArray[Any],
    player: int,
    actions: NDArray[np.int64],
    draws: NDArray[np.float64],
    chances: NDArray[np.uint64],
    options: NDArray[np.int32],
    shares: NDArray[np.float64],
    sums: NDArray[np.float64],
    step: Callable[..., None],
    legal: Callable[..., int],
    current: Callable[..., int],
    returns: Callable[..., float],
    evaluate: Callable[..., float],
    reseed: Callable[..., None],
    priors: Callable[..., None],
) -> None:
    """Add to ``sums[a]`` what ``actions[a]`` leads to in each sample.

    Args:
        pool: one state to play in; ``options`` and ``shares`` are buffers for one player's actions.
        draws: ``(samples, decisions, 2)``, in [0, 1): what each player does, among its actions in
            their order by their shares.
        chances: (samples,) seeds of all else.
    """
    sign = 1.0 if player == 0 else -1.0
    chosen = _two_actions()
    for k in range(len(chances)):
        for a in range(len(actions)):
            pool[0] = worlds[k % len(worlds)]
            reseed(pool, 0, chances[k])
            for d in range(draws.shape[1]):
                mover = current(pool, 0)
                if mover == TERMINAL:
                    break
                for p in range(2):
                    chosen[p] = NO_ACTION
                    if mover not in (p, SIMULTANEOUS):
                        continue
                    if d == 0 and p == player:
                        chosen[p] = actions[a]
                        continue
                    n = legal(pool, 0, p, options)
                    if n > 0:
                        priors(pool, 0, p, options, n, shares)
                        left = draws[k, d, p]
                        at = 0
                        while at < n - 1 and left >= shares[at]:
                            left -= shares[at]
                            at += 1
                        chosen[p] = options[at]
                step(pool, 0, chosen[0], chosen[1])
            ended = current(pool, 0) == TERMINAL
            sums[a] += sign * (returns(pool, 0) if ended else evaluate(pool, 0))


@functools.cache
def _adder(dtype: np.dtype[Any]) -> Callable[..., None]:
    """Return ``_add_values`` compiled once for states of ``dtype``; the rules are its arguments."""
    s = signatures(dtype)
    pool = types.Array(nb.from_dtype(dtype), 1, "C")
    i64s, i32s, u64s = (types.Array(t, 1, "C") for t in (types.int64, types.int32, types.uint64))
    f64s, draws = types.Array(types.float64, 1, "C"), types.Array(types.float64, 3, "C")
    arrays = (pool, pool, types.int64, i64s, draws, u64s, i32s, f64s, f64s)
    rules = (s.step, s.legal, s.current, s.returns, s.evaluate, s.reseed, s.priors)
    signature = types.void(*arrays, *map(types.FunctionType, rules))
    run = kernel_of(signature)(_add_values)
    prepare("looking ahead", run)
    return run


def likely_values(
    kernels: RulesKernels,
    worlds: NDArray[Any],
    player: int,
    actions: Sequence[int],
    decisions: int,
    samples: int,
    seed: int,
) -> NDArray[np.float64]:
    """Return each action's mean result or estimate for ``player``, in [-1, 1].

    Args:
        kernels: rules that have priors.
        worlds: pool of states that the player cannot tell from the real one, used in turn.
        actions: actions of the player that are legal in all worlds.
        decisions: number of decisions played, the first included; a simultaneous one counts once.
        samples: number of tries of each action.
        seed: seed of all random draws.
    """
    if kernels.priors is None:
        raise ValueError("the rules have no priors: nothing is known of what is likely")
    random = np.random.default_rng(seed)
    draws = random.random((samples, decisions, 2))
    chances = random.integers(0, 1 << 63, samples, dtype=np.uint64)
    sums = np.zeros(len(actions))
    _adder(kernels.dtype)(
        worlds,
        worlds[:1].copy(),
        player,
        np.array(actions, np.int64),
        draws,
        chances,
        np.zeros(kernels.num_actions, np.int32),
        np.zeros(kernels.num_actions),
        sums,
        kernels.step,
        kernels.legal,
        kernels.current,
        kernels.returns,
        kernels.evaluate,
        kernels.reseed,
        kernels.priors,
    )
    return sums / samples
