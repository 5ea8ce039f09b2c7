"""Uncertainty of a fit: sandwich covariance, and intervals from resampled pairs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import NormalDist

import numpy as np

from plywise.arena.ratings.connectivity import BoolArray, beats, reach
from plywise.arena.ratings.counts import DRAW, LOSS, WIN, Counts, FloatArray, IntArray
from plywise.arena.ratings.intervals import Z95
from plywise.arena.ratings.model import Design, Fit, maximise, probabilities

StepProgress = Callable[[str, int, int], None]
"""Takes what is computed, how many of it are done, and of how many."""

_NORMAL = NormalDist()

_POINTS = np.array([0.5, 0.0, -0.5])  # of WIN, DRAW, LOSS, less the mean of a level game
_CHUNK = 1_000_000  # numbers of the information matrices that are held at once
_ENDLESS = 15.0  # natural units; an unbounded sample's difference beyond it is without end


def kind_scores(counts: Counts, design: Design, fit: Fit) -> FloatArray:
    """Return (kinds, parameters): the score vector of one cluster of each kind at the maximum."""
    _, p = probabilities(design, fit.beta[:1])
    expected = (p[0, :, WIN] - p[0, :, LOSS]) / 2
    residual = counts.times * (_POINTS[counts.outcome] - expected[counts.cell])
    scores = np.zeros((len(counts.frequency), design.size))
    of_eta, of_delta = design.shared
    np.add.at(scores, (counts.kind, design.low[counts.cell]), residual)
    np.subtract.at(scores, (counts.kind, design.high[counts.cell]), residual)
    drawn = counts.times * ((counts.outcome == DRAW) - p[0, counts.cell, DRAW])
    shared = residual * of_eta[:, counts.cell] + drawn * of_delta[:, None]
    for column, values in enumerate(shared, start=design.players):
        np.add.at(scores[:, column], counts.kind, values)
    return scores


def sandwich(counts: Counts, design: Design, fit: Fit) -> FloatArray:
    """Return (parameters, parameters): the covariance that is robust to dependence in clusters.

    The inverse information on both sides of the clusters' squared scores; consistent even if the
    games of a pair depend on each other or the model's variance is wrong.  P. J.
    Huber, Proc. 5th Berkeley Symp. 1 (1967) 221-233; K.-Y. Liang and S. L. Zeger, Biometrika 73
    (1986) 13-22 (clusters).
    """
    scores = kind_scores(counts, design, fit)
    occupied = np.zeros(len(counts.frequency), dtype=bool)
    occupied[counts.kind] = True
    clusters = counts.frequency[occupied].sum()
    meat = (scores.T * counts.frequency) @ scores * clusters / max(1, clusters - 1)
    if design.prior:
        # The virtual games count as data: their variance is the model's.
        players = np.arange(design.players)
        share = 1 / (1 + np.exp(-fit.beta[0, : design.players]))
        meat[players, players] += design.prior * share * (1 - share)
    bread = np.linalg.inv(fit.information[0])
    return np.asarray(bread @ meat @ bread, dtype=np.float64)


def resample(
    counts: Counts, design: Design, fit: Fit, resamples: int, seed: int, progress: StepProgress
) -> tuple[FloatArray, BoolArray, BoolArray]:
    """Fit samples of clusters drawn with replacement.

    B. Efron, Ann. Statist. 7 (1979) 1-26; clusters are drawn whole.

    Returns:
        beta: (resamples, parameters).
        reached: (resamples, players, players) connectivity by results in each.
        bounded: (resamples,) whether the maximum exists in each.
    """
    players = design.players
    rng = np.random.default_rng(seed)
    share = counts.frequency / counts.frequency.sum()
    table = counts.table(rng.multinomial(counts.clusters, share, resamples))
    beta = np.empty((resamples, design.size))
    reached = np.ones((resamples, players, players), dtype=bool)
    bounded = np.empty(resamples, dtype=bool)
    at_once = max(1, _CHUNK // design.size**2)
    for begin in range(0, resamples, at_once):
        progress("resamples", begin, resamples)
        part = slice(begin, begin + at_once)
        again = maximise(design, table[part], fit.beta[0])
        beta[part], bounded[part] = again.beta, again.bounded
        if not design.prior:
            reached[part] = reach(beats(counts.low, counts.high, table[part], players))
    return beta, reached, bounded


def strength_differences(
    beta: FloatArray,
    reached: BoolArray,
    bounded: BoolArray,
    reference: list[int],
    players: Sequence[int],
) -> tuple[FloatArray, FloatArray]:
    """Return (samples, players) strengths over the mean of ``reference``, some infinite.

    Twice, for the lower and the upper end of an interval: players that cannot be compared in a
    sample are at minus infinity in one and at infinity in the other.
    """
    value = beta[:, players] - beta[:, reference].mean(axis=1, keepdims=True)
    over = reached[:, players][:, :, reference]
    under = reached[:, reference][:, :, players].transpose(0, 2, 1)
    above, below = (over & ~under).any(axis=2), (under & ~over).any(axis=2)
    alone = (~over & ~under).any(axis=2) | (above & below)
    value = np.where(above, np.inf, np.where(below, -np.inf, value))
    far = ~bounded[:, None] & (np.abs(value) > _ENDLESS)
    value = np.where(far, np.copysign(np.inf, value), value)
    return np.where(alone, -np.inf, value), np.where(alone, np.inf, value)


def corrected_interval(
    low: FloatArray, high: FloatArray, value: float, influence: FloatArray, frequency: IntArray
) -> tuple[float, float]:
    """Return the 95 % interval that resampled values give, bias-corrected and accelerated (BCa).

    B. Efron, JASA 82 (1987) 171-185.  The plain percentiles are biased; here their places are
    corrected by the samples' median and the skewness of the clusters' influence.  No
    interpolation: samples may be infinite.

    Args:
        low, high: (resamples,) the values, for the lower and the upper end.
        value: estimate.
        influence: (kinds,) change of the estimate by one cluster of each kind.
        frequency: (kinds,) number of clusters of each kind.
    """
    below = (
        np.count_nonzero(low < value)
        + np.count_nonzero(low <= value)
        + np.count_nonzero(high < value)
        + np.count_nonzero(high <= value)
    ) / 4
    samples = len(low)
    shift = _NORMAL.inv_cdf(min(max(below, 0.5), samples - 0.5) / samples)
    squares = float((frequency * influence**2).sum())
    acceleration = float((frequency * influence**3).sum()) / (6 * squares**1.5) if squares else 0.0
    ends = []
    for values, z in ((np.sort(low), -Z95), (np.sort(high), Z95)):
        moved = shift + (shift + z) / max(0.05, 1 - acceleration * (shift + z))
        place = round(_NORMAL.cdf(moved) * (samples + 1)) - 1
        ends.append(float(values[min(samples - 1, max(0, place))]))
    return ends[0], ends[1]
