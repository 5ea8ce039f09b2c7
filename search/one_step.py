"""One step ahead: what each action does at once, by the rules themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from random import Random
from typing import TYPE_CHECKING, Any

import numpy as np

from plywise.engine.kernels import NO_ACTION, SIMULTANEOUS, RulesKernels

if TYPE_CHECKING:
    from numpy.typing import NDArray

Measure = Callable[["NDArray[Any]", int], float]
"""What a pool of states is worth to a player."""

_THROWS = 4  # of the dice, for a suggestion

Dice = list[tuple[int, float]]
"""For each world a seed, and which of the opponent's actions answers, as a share of how many."""


def throw(worlds: NDArray[Any], rng: Random) -> Dice:
    """Return dice for each world; the same for all actions makes them comparable."""
    return [(rng.getrandbits(63), rng.random()) for _ in worlds]


def gains(
    kernels: RulesKernels,
    worlds: NDArray[Any],
    player: int,
    actions: Iterable[int],
    dice: Dice,
    measure: Measure,
) -> dict[int, float]:
    """Return how much each action raises the measure in one step.

    Where both players move, every action meets the same actions of the opponent, drawn at random.
    """
    before = measure(worlds, player)
    return {a: measure(_after(kernels, worlds, player, a, dice), player) - before for a in actions}


def _after(
    kernels: RulesKernels, worlds: NDArray[Any], player: int, action: int, dice: Dice
) -> NDArray[Any]:
    pool, foe = worlds.copy(), 1 - player
    out = np.zeros(kernels.num_actions, np.int32)
    for world, (reseed, share) in enumerate(dice):
        answer = NO_ACTION
        if int(kernels.current(pool, world)) == SIMULTANEOUS:
            count = int(kernels.legal(pool, world, foe, out))
            answer = int(out[int(share * count)]) if count else NO_ACTION
        kernels.reseed(pool, world, reseed)
        chosen = (action, answer) if player == 0 else (answer, action)
        kernels.step(pool, world, *chosen)
    return pool


def static_value(kernels: RulesKernels, worlds: NDArray[Any], player: int) -> float:
    """Return the mean of the results and, before the end, of the rules' own evaluation."""
    return sum(kernels.worth(worlds, k, player) for k in range(len(worlds))) / len(worlds)


def damage_done(worlds: NDArray[Any], player: int) -> float:
    """Return the foe's lost HP in battles, each Pokémon's whole HP counting 1; a measure."""
    mons = worlds["sides"][:, 1 - player]["mons"]
    left = (mons["hp"] / np.maximum(mons["max_hp"], 1)).sum(axis=1)
    return -float(left.mean())


def suggested(
    kernels: RulesKernels,
    pool: NDArray[Any],
    player: int,
    legal: list[int],
    rng: Random,
    measure: Measure,
) -> list[int]:
    """Return the actions of a state by how far they raise a measure in one step, best first.

    Where the rules have priors their likeliest action comes second.
    """
    worlds = np.repeat(pool, _THROWS)
    gained = gains(kernels, worlds, player, legal, throw(worlds, rng), measure)
    ranked = sorted(legal, key=lambda a: -gained[a])
    if kernels.priors is not None:
        out = np.zeros(kernels.num_actions)
        kernels.priors(pool, 0, player, np.array(legal, np.int32), len(legal), out)
        likeliest = legal[int(np.argmax(out[: len(legal)]))]
        ranked = list(dict.fromkeys((ranked[0], likeliest, *ranked[1:])))
    return ranked
