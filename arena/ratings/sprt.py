"""A match that stops by itself: the generalised sequential probability ratio test (GSPRT).

H0 says that the difference is ``elo0``, H1 that it is ``elo1``.  After every pair of games the log
likelihood ratio (LLR) compares the best distribution of results under either; the match ends once
it leaves the bounds that follow from the two error rates.

Sources: A. Wald, Ann. Math. Statist. 16 (1945) 117-186 (bounds); X. Li, J. Liu and Z. Ying,
Sequential Analysis 33 (2014) 203-231 (maximised likelihoods); M. Van den Bergh, *Normalized
Elo* and *Comments on Normalized Elo* (2021) (the two models over pairs).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from math import ceil, isfinite, log, sqrt

import numpy as np

from plywise.arena.ratings.counts import FloatArray
from plywise.arena.ratings.elo import NORMALIZED_ELO, score_of
from plywise.datasets.errors import ConfigError

ELO_MODELS = ("normalized", "logistic")
_LEAST = 1e-3  # pairs counted for a result that has not occurred
_STEP = 0.2  # standard deviations by which the constraint moves at once
_LARGEST = 500.0  # Elo points; beyond it sequences are too short for any test


class SPRTVerdict(Enum):
    """State of a test."""

    CONTINUE = "continue"
    H0 = "accept H0"
    H1 = "accept H1"


@dataclass(frozen=True)
class SPRT:
    """Settings of a test.

    Attributes:
        elo0, elo1: difference under H0 and H1, ``elo0 < elo1``.
        alpha: rate of accepting H1 where H0 is true.
        beta: rate of accepting H0 where H1 is true.
        model: unit of the differences: ``normalized`` Elo (the test's length then hardly depends
            on the draw rate), or ``logistic``: the Elo of the expected score.

    Raises:
        ConfigError: a setting makes no sense.
    """

    elo0: float = 0.0
    elo1: float = 10.0
    alpha: float = 0.05
    beta: float = 0.05
    model: str = "normalized"

    def __post_init__(self) -> None:
        if not all(isfinite(elo) and abs(elo) <= _LARGEST for elo in (self.elo0, self.elo1)):
            raise ConfigError(
                f"sprt: elo0={self.elo0:g}, elo1={self.elo1:g}: must be within ±{_LARGEST:g}"
            )
        if not self.elo0 < self.elo1:
            raise ConfigError(f"sprt: elo0={self.elo0:g} must be less than elo1={self.elo1:g}")
        for name, rate in (("alpha", self.alpha), ("beta", self.beta)):
            if not 0 < rate < 0.5:
                raise ConfigError(f"sprt: {name}={rate}: must be between 0 and 0.5")
        if self.model not in ELO_MODELS:
            raise ConfigError(f"sprt: model={self.model}: choose one of {', '.join(ELO_MODELS)}")

    @property
    def lower(self) -> float:
        """The LLR at which H0 is accepted: ln(beta / (1 - alpha))."""
        return log(self.beta / (1 - self.alpha))

    @property
    def upper(self) -> float:
        """The LLR at which H1 is accepted: ln((1 - beta) / alpha)."""
        return log((1 - self.beta) / self.alpha)

    def verdict(self, llr: float) -> SPRTVerdict:
        """Return the test's state at an LLR."""
        if llr >= self.upper:
            return SPRTVerdict.H1
        return SPRTVerdict.H0 if llr <= self.lower else SPRTVerdict.CONTINUE

    def llr(self, counts: Sequence[float]) -> float:
        """Return the LLR of counts: five of pairs (LL, LD, DD and WL, WD, WW), or three of games.

        Raises:
            ValueError: not three or five counts, or a negative one.
        """
        return float(self.llrs(np.array([counts], dtype=np.float64))[0])

    def llrs(self, counts: FloatArray) -> FloatArray:
        """Return (matches,) LLRs of (matches, 3 or 5) counts; see :meth:`llr`."""
        counts = np.asarray(counts, dtype=np.float64)
        if counts.ndim != 2 or counts.shape[1] not in (3, 5) or (counts < 0).any():
            raise ValueError(
                "counts are five of pairs (LL, LD, DD and WL, WD, WW) or three of games"
            )
        if not counts.size:
            return np.zeros(len(counts))
        points = np.linspace(0, 1, counts.shape[1])
        kept = np.maximum(counts, _LEAST)
        total = kept.sum(axis=1)
        share = kept / total[:, None]
        # A pair's mean score has half the variance of a game's.
        games = sqrt(2) if counts.shape[1] == 5 else 1.0
        fitted = []
        for elo in (self.elo0, self.elo1):
            if self.model == "logistic":
                fitted.append(_with_mean(share, points, score_of(elo)))
            else:
                fitted.append(_with_deviations(share, points, elo / NORMALIZED_ELO * games))
        ratio: FloatArray = total * (share * np.log(fitted[1] / fitted[0])).sum(axis=1)
        return np.where(counts.sum(axis=1) > 0, ratio, 0.0)


@dataclass
class RunningSPRT:
    """A test under way: results go in one by one.

    Attributes:
        test: its settings.
        counts: pairs so far: LL, LD, DD and WL, WD, WW.
        verdict: state of the test; final once the test has ended.
    """

    test: SPRT
    counts: list[int] = field(default_factory=lambda: [0] * 5)
    llr: float = 0.0
    verdict: SPRTVerdict = SPRTVerdict.CONTINUE

    def add(self, first: float, second: float) -> SPRTVerdict:
        """Count one pair by the points of its two games (0, 0.5 or 1); return the verdict.

        Raises:
            ValueError: points that a game cannot give.
        """
        if first not in (0, 0.5, 1) or second not in (0, 0.5, 1):
            raise ValueError(f"a pair of games gave {first} and {second} points")
        self.counts[round(2 * (first + second))] += 1
        self.llr = self.test.llr(self.counts)
        if self.verdict is SPRTVerdict.CONTINUE:
            self.verdict = self.test.verdict(self.llr)
        return self.verdict


def _with_mean(share: FloatArray, points: FloatArray, mean: float) -> FloatArray:
    """Return the likeliest distributions whose mean is given, for observed shares (matches, n)."""
    return _weighted(share, np.broadcast_to(points - mean, share.shape))


def _with_deviations(share: FloatArray, points: FloatArray, target: float) -> FloatArray:
    """Return the likeliest distributions whose mean is ``target`` standard deviations over ½.

    The constraint is not linear: it is replaced by its tangent at the last distribution until that
    stays the same.  From 0, where it is linear, it moves to the target in small steps, so that the
    last distribution is always near.
    """
    fitted = _with_mean(share, points, 0.5)
    steps = ceil(abs(target) / _STEP)
    for number in range(steps):
        t = target * (number + 1) / steps
        moving = np.arange(len(share))
        pace, last = np.ones(len(share)), np.full(len(share), np.inf)
        for _ in range(300 if number + 1 == steps else 6):
            before = fitted[moving]
            mean = (before @ points)[:, None]
            away = points - mean
            deviation = np.sqrt((before * away**2).sum(axis=1))[:, None]
            tangent = points - 0.5 - t * deviation * (1 + (away / deviation) ** 2) / 2
            # A distribution too narrow for its tangent to hold the target is widened instead.
            within = (tangent.max(axis=1) > 0) & (tangent.min(axis=1) < 0)
            after = np.full_like(before, 1 / len(points))
            if within.any():
                after[within] = _weighted(share[moving][within], tangent[within])
            change = np.abs(after - before).max(axis=1)
            # Steps that do not shrink go to and fro around the solution: they are shortened.
            shorter = (change > 0.9 * last[moving]) | ~within
            pace[moving] = np.where(shorter, np.maximum(pace[moving] / 2, 1 / 64), pace[moving])
            last[moving] = change
            fitted[moving] = before + pace[moving, None] * (after - before)
            moving = moving[change > 1e-7]
            if not len(moving):
                break
    return fitted


def _weighted(share: FloatArray, value: FloatArray) -> FloatArray:
    """Return ``share / (1 + x value)`` with the x that makes the mean of ``value`` 0.

    This is the likeliest distribution on which ``value`` has mean 0 (A. B. Owen, *Empirical
    Likelihood* (2001), section 2.9).  Newton's method, kept within the bracket of positive weights.
    """
    low = -1 / value.max(axis=1)
    high = -1 / value.min(axis=1)
    x = np.zeros(len(share))
    for _ in range(60):
        weight = 1 + x[:, None] * value
        slope = value / weight
        mean = (share * slope).sum(axis=1)
        low, high = np.where(mean > 0, x, low), np.where(mean > 0, high, x)
        proposed = x + mean / (share * slope**2).sum(axis=1)
        inside = (proposed > low) & (proposed < high)
        after = np.where(inside, proposed, (low + high) / 2)
        done = np.abs(after - x).max() < 1e-12 * (1 + np.abs(x).max())
        x = after
        if done:
            break
    result: FloatArray = share / (1 + x[:, None] * value)
    return result
