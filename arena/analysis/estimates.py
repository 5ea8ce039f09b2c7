"""Chances and costs from the searches of several seeds, with their noise.

The strategy of a seed comes from its first search, the values from its second one
(``arena/bench/reference.py``): the best of several noisy values is too great on average, a strategy
that was chosen without them is not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import sqrt
from statistics import fmean, stdev
from typing import NamedTuple

from plywise.arena.analysis.results import ActionWorth, Measured
from plywise.arena.ratings.adjusted import student95


class SeedValues(NamedTuple):
    """What one seed has found of a decision.

    Attributes:
        strategy: action's name -> probability; sums to 1.
        values: action's name -> value for the player, in [-1, 1].
        drawn: names of actions that only the seed's own draw offers.
    """

    strategy: Mapping[str, float]
    values: Mapping[str, float]
    drawn: frozenset[str] = frozenset()


class ChoiceEstimate(NamedTuple):
    """Chances before and after a choice, its cost, and all actions, the most played first."""

    before: Measured
    after: Measured | None
    cost: Measured | None
    actions: tuple[ActionWorth, ...]


def chance_of(value: float) -> float:
    """Return the chance of winning of a value in [-1, 1]."""
    return min(1.0, max(0.0, (value + 1.0) / 2.0))


def mean_with_noise(samples: Sequence[float]) -> Measured:
    """Return the mean of independent samples, one at least, with half of its 95 % interval."""
    if len(samples) < 2:
        return Measured(fmean(samples))
    half = student95(len(samples) - 1) * stdev(samples) / sqrt(len(samples))
    return Measured(fmean(samples), half)


def estimated(seeds: Sequence[SeedValues], choice: str) -> ChoiceEstimate:
    """Return what a decision's searches say together.

    Args:
        seeds: one at least.
        choice: name of what was played; "" not known.
    """
    before = [_expected(seed) for seed in seeds]
    pairs = [
        (b, chance_of(s.values[choice]))
        for b, s in zip(before, seeds, strict=True)
        if choice in s.values
    ]
    after = mean_with_noise([a for _, a in pairs]) if pairs else None
    cost = mean_with_noise([b - a for b, a in pairs]) if pairs else None
    return ChoiceEstimate(mean_with_noise(before), after, cost, _actions(seeds, choice))


def is_blunder(cost: Measured | None, threshold: float) -> bool:
    """Return whether a choice cost the threshold at least, and more than the noise of the search.

    Without a noise that is known (one seed) nothing is a blunder but what an exact search says.
    """
    if cost is None or cost.error is None:
        return False
    return cost.value >= threshold and cost.value > cost.error


def _expected(seed: SeedValues) -> float:
    """Return the chance if the seed's strategy is played."""
    known = {name: share for name, share in seed.strategy.items() if name in seed.values}
    total = sum(known.values())
    if not total:
        return chance_of(max(seed.values.values()))
    return sum(share * chance_of(seed.values[name]) for name, share in known.items()) / total


def _actions(seeds: Sequence[SeedValues], choice: str) -> tuple[ActionWorth, ...]:
    names = dict.fromkeys(name for seed in seeds for name in (*seed.strategy, *seed.values))
    found = []
    for name in names:
        values = [chance_of(seed.values[name]) for seed in seeds if name in seed.values]
        found.append(
            ActionWorth(
                name,
                fmean(seed.strategy.get(name, 0.0) for seed in seeds),
                mean_with_noise(values) if values else None,
                drawn=any(name in seed.drawn for seed in seeds),
                chosen=name == choice,
            )
        )
    found.sort(key=lambda one: (-one.share, -(one.win.value if one.win else 0.0), one.name))
    return tuple(found)
