"""One-step lookahead: the immediate effect of each action, by the rules themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from random import Random
from typing import TYPE_CHECKING, Any

import numpy as np

from plywise.engine.kernels import NO_ACTION, SIMULTANEOUS, RulesKernels

if TYPE_CHECKING:
    from numpy.typing import NDArray

Measure = Callable[["NDArray[Any]", int], float]
"""Value of a pool of states for a player."""

_DRAWS = 4  # samples of chance for a suggestion

CommonRandomNumbers = list[tuple[int, float]]
"""For each world a seed, and the opponent's action as a fraction of the number of its actions."""


def common_random_numbers(worlds: NDArray[Any], rng: Random) -> CommonRandomNumbers:
    """Draw one seed and one opponent reply per world, shared by all actions (less variance)."""
    return [(rng.getrandbits(63), rng.random()) for _ in worlds]


def gains(
    kernels: RulesKernels,
    worlds: NDArray[Any],
    player: int,
    actions: Iterable[int],
    numbers: CommonRandomNumbers,
    measure: Measure,
) -> dict[int, float]:
    """Return the rise of the measure in one step, by action.

    Where both players move, each action meets the same random actions of the opponent.
    """
    before = measure(worlds, player)
    rises = {}
    for action in actions:
        pool = worlds.copy()
        for world, (reseed, share) in enumerate(numbers):
            reply = NO_ACTION
            if int(kernels.current(pool, world)) == SIMULTANEOUS:
                replies = kernels.legal_actions(pool, world, 1 - player)
                reply = replies[int(share * len(replies))] if replies else NO_ACTION
            kernels.reseed(pool, world, reseed)
            a0, a1 = (action, reply) if player == 0 else (reply, action)
            kernels.step(pool, world, a0, a1)
        rises[action] = measure(pool, player) - before
    return rises


def static_value(kernels: RulesKernels, worlds: NDArray[Any], player: int) -> float:
    """Return the mean over worlds of the result or, before the end, of the rules' evaluation."""
    return sum(kernels.worth(worlds, k, player) for k in range(len(worlds))) / len(worlds)


def suggested(
    kernels: RulesKernels,
    pool: NDArray[Any],
    player: int,
    legal: list[int],
    rng: Random,
    measure: Measure,
) -> list[int]:
    """Return the actions of a state, sorted by the rise of a measure in one step, best first.

    Where the rules have priors their likeliest action comes second.
    """
    worlds = np.repeat(pool, _DRAWS)
    numbers = common_random_numbers(worlds, rng)
    gained = gains(kernels, worlds, player, legal, numbers, measure)
    ranked = sorted(legal, key=lambda a: -gained[a])
    if kernels.priors is not None:
        out = np.zeros(kernels.num_actions)
        kernels.priors(pool, 0, player, np.array(legal, np.int32), len(legal), out)
        likeliest = legal[int(np.argmax(out[: len(legal)]))]
        ranked = list(dict.fromkeys((ranked[0], likeliest, *ranked[1:])))
    return ranked
