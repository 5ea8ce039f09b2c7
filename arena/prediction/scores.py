"""Scores of predicted actions: log loss, top-k, calibration, intervals over battles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

OUTSIDE = 0.02
"""Probability that every predictor is given for an action that no sampled world has."""

OUTSIDE_ONE = 0.001
"""Probability of each such action: as if there were twenty of them."""

_BINS = 10
_POWERS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0)
_EVEN = (0.005, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9)
_LEAST = 1e-12


@dataclass(frozen=True)
class Policies:
    """Predicted probabilities of many cases, one after the other.

    Attributes:
        shares: of all cases' names; each case's sum to 1.
        starts: first of each case.
        places: place of the action in its case's names; -1: no world has it.
    """

    shares: NDArray[np.float64]
    starts: NDArray[np.int64]
    places: NDArray[np.int64]

    @classmethod
    def of(cls, policies: Sequence[NDArray[np.float64]], places: Sequence[int]) -> Policies:
        """Join the policies of cases."""
        sizes = np.array([len(policy) for policy in policies], np.int64)
        starts = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
        return cls(np.concatenate(policies), starts, np.array(places, np.int64))

    @property
    def case(self) -> NDArray[np.int64]:
        """The case of each entry of ``shares``."""
        sizes = np.diff([*self.starts, len(self.shares)])
        return np.repeat(np.arange(len(self.starts)), sizes)

    def tempered(self, power: float, even: float) -> Policies:
        """Return them with the shares to a power, and a part of the uniform policy mixed in."""
        raised = np.maximum(self.shares, _LEAST) ** power
        case, sizes = self.case, np.diff([*self.starts, len(self.shares)])
        sums = np.add.reduceat(raised, self.starts)
        mixed = (1.0 - even) * raised / sums[case] + even / sizes[case]
        return Policies(mixed, self.starts, self.places)

    def of_actions(self) -> NDArray[np.float64]:
        """Return the probability of each case's action, with that of actions outside."""
        inside = self.places >= 0
        at = self.starts + np.maximum(self.places, 0)
        return np.where(inside, (1.0 - OUTSIDE) * self.shares[at], OUTSIDE_ONE)


class Tempering(NamedTuple):
    """How a predictor is calibrated: power of its shares, and part of the uniform policy."""

    power: float
    even: float


def calibrated(training: Policies) -> Tempering:
    """Return the tempering of a grid that has the least log loss."""
    found = [
        (float(-np.log(training.tempered(power, even).of_actions()).mean()), power, even)
        for power in _POWERS
        for even in _EVEN
    ]
    _, power, even = min(found)
    return Tempering(power, even)


@dataclass(frozen=True)
class CaseScores:
    """Scores by case.

    Attributes:
        loss: minus the logarithm of the action's probability.
        first, third: chance that the action is among the one, or three, most probable (equal ones
            in any order).
        confidence: probability of the most probable.
    """

    loss: NDArray[np.float64]
    first: NDArray[np.float64]
    third: NDArray[np.float64]
    confidence: NDArray[np.float64]

    def only(self, chosen: NDArray[np.bool_]) -> CaseScores:
        """Return the scores of some cases."""
        parts = (self.loss, self.first, self.third, self.confidence)
        return CaseScores(*(part[chosen] for part in parts))


def scored(policies: Policies) -> CaseScores:
    """Return the scores of each case."""
    p = policies
    own = np.where(p.places >= 0, p.shares[p.starts + np.maximum(p.places, 0)], -1.0)[p.case]
    greater = np.add.reduceat((p.shares > own + 1e-9).astype(float), p.starts)
    equal = np.add.reduceat((np.abs(p.shares - own) <= 1e-9).astype(float), p.starts)
    inside = p.places >= 0

    def among(k: int) -> NDArray[np.float64]:
        chance = np.clip((k - greater) / np.maximum(equal, 1.0), 0.0, 1.0)
        return np.where(inside, chance, 0.0)

    confidence = (1.0 - OUTSIDE) * np.maximum.reduceat(p.shares, p.starts)
    return CaseScores(-np.log(p.of_actions()), among(1), among(3), confidence)


class ReliabilityBin(NamedTuple):
    """Cases of similar confidence."""

    low: float
    high: float
    cases: int
    confidence: float
    right: float


def reliability_table(scores: CaseScores) -> list[ReliabilityBin]:
    """Return bins of the confidence with how often the most probable action was taken."""
    found = []
    at = np.minimum((scores.confidence * _BINS).astype(int), _BINS - 1)
    for k in range(_BINS):
        chosen = at == k
        if chosen.any():
            found.append(
                ReliabilityBin(
                    k / _BINS,
                    (k + 1) / _BINS,
                    int(chosen.sum()),
                    float(scores.confidence[chosen].mean()),
                    float(scores.first[chosen].mean()),
                )
            )
    return found


def calibration_error(scores: CaseScores) -> float:
    """Return the expected calibration error of the most probable action, in [0, 1]."""
    total = sum(one.cases for one in reliability_table(scores))
    return sum(
        one.cases * abs(one.confidence - one.right) for one in reliability_table(scores)
    ) / max(1, total)


class MeanEstimate(NamedTuple):
    """A mean with its 95 % interval; a single battle gives none (``low`` and ``high`` are nan)."""

    mean: float
    low: float
    high: float


def bootstrap(
    values: NDArray[np.float64], battles: NDArray[np.int64], seed: int, draws: int = 2000
) -> MeanEstimate:
    """Return the mean over cases, its interval by drawing whole battles.

    Args:
        values: by case; of a difference, the difference by case.
        battles: the battle of each case.
        seed: of the draws, which are the same for all values of the same battles.
        draws: number of them.
    """
    names, at = np.unique(battles, return_inverse=True)
    sums, counts = np.bincount(at, values), np.bincount(at).astype(float)
    if len(names) < 2:
        return MeanEstimate(float(values.mean()), float("nan"), float("nan"))
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), draws)
    means = (drawn @ sums) / np.maximum(drawn @ counts, 1.0)
    low, high = np.quantile(means, (0.025, 0.975))
    return MeanEstimate(float(values.mean()), float(low), float(high))
