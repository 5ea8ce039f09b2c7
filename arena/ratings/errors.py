"""Uncertainty of a fit: sandwich covariance, resampled pairs, bounds without a maximum."""

from __future__ import annotations

from dataclasses import replace
from math import log
from statistics import NormalDist

import numpy as np

from plywise.arena.ratings.connectivity import BoolArray, beats, reach
from plywise.arena.ratings.counts import DRAW, LOSS, WIN, Counts, FloatArray, IntArray
from plywise.arena.ratings.intervals import Z95
from plywise.arena.ratings.model import Design, Fit, maximise, probabilities

_NORMAL = NormalDist()

_POINTS = np.array([0.5, 0.0, -0.5])  # of WIN, DRAW, LOSS, less the mean of a level game
_ENDLESS = 15.0  # natural units; an unbounded sample's difference beyond it is without end
_SURPRISE = log(0.025)  # log-probability of a result just compatible with a bound
_FARTHEST = 40.0  # natural units within which a bound is looked for


def kind_scores(counts: Counts, design: Design, fit: Fit) -> FloatArray:
    """Return (kinds, parameters): the score vector of one cluster of each kind at the maximum."""
    _, p = probabilities(design, fit.beta[:1])
    expected = (p[0, :, WIN] - p[0, :, LOSS]) / 2
    residual = counts.times * (_POINTS[counts.outcome] - expected[counts.cell])
    columns = [
        np.bincount(counts.kind, residual * design.x[counts.cell, j], len(counts.frequency))
        for j in range(design.x.shape[1])
    ]
    if design.draws:
        drawn = counts.times * ((counts.outcome == DRAW) - p[0, counts.cell, DRAW])
        columns.append(np.bincount(counts.kind, drawn, len(counts.frequency)))
    return np.stack(columns, axis=1)


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
    counts: Counts, design: Design, fit: Fit, resamples: int, seed: int
) -> tuple[FloatArray, BoolArray, BoolArray]:
    """Fit samples of clusters drawn with replacement.

    B. Efron, Ann. Statist. 7 (1979) 1-26; clusters are drawn whole.

    Returns:
        beta: (resamples, parameters).
        reached: (resamples, players, players) connectivity by results in each.
        bounded: (resamples,) whether the maximum exists in each.
    """
    rng = np.random.default_rng(seed)
    share = counts.frequency / counts.frequency.sum()
    table = counts.table(rng.multinomial(counts.clusters, share, resamples))
    again = maximise(design, table, fit.beta[0])
    if design.prior:
        reached = np.ones((resamples, design.players, design.players), dtype=bool)
    else:
        reached = reach(beats(counts.low, counts.high, table, design.players))
    return again.beta, reached, again.bounded


def strength_differences(
    beta: FloatArray, reached: BoolArray, bounded: BoolArray, reference: list[int]
) -> tuple[FloatArray, FloatArray]:
    """Return (samples, players) strengths over the mean of ``reference``, some infinite.

    Twice, for the lower and the upper end of an interval: players that cannot be compared in a
    sample are at minus infinity in one and at infinity in the other.
    """
    players = reached.shape[-1]
    value = beta[:, :players] - beta[:, reference].mean(axis=1, keepdims=True)
    over, under = reached[:, :, reference], reached[:, reference, :].transpose(0, 2, 1)
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


def one_sided(
    design: Design, table: FloatArray, better: int, worse: int, bound: bool = True
) -> tuple[float, float]:
    """Bound a difference whose maximum-likelihood estimate is infinite.

    Args:
        design: with one gauge group.
        table: (cells, 3) games, taken as independent.
        better, worse: players; ``better`` has won all games that tie it to ``worse``.
        bound: whether to look for the bound; if not, it is minus infinity.

    Returns:
        The least difference, in natural units, at which results this extreme still have a
        probability of 2.5 % relative to the best of all differences (with wins only: Clopper and
        Pearson's bound, Biometrika 26 (1934) 404-413); minus infinity where there is none.  And
        the probability, so measured, of such results if the two were equal.
    """
    # The better player's strength is written as the worse one's and a difference, which is held.
    x = np.delete(design.x, better, axis=1)
    x[:, worse - (better < worse)] += design.x[:, better]
    others = design.players - 1
    start: FloatArray | None = None

    def best(difference: float) -> float:
        nonlocal start
        offset = difference * design.x[:, better]
        held = replace(design, x=x, players=others, gauge=np.ones((1, others)), offset=offset)
        fit = maximise(held, table[None], start)
        start = fit.beta[0]
        return float(fit.value[0])

    top = best(_FARTHEST)
    equal = float(np.exp(min(0.0, best(0.0) - top)))
    low, high = -_FARTHEST, _FARTHEST
    if not bound or best(low) > top + _SURPRISE:
        return -np.inf, equal
    while high - low > 1e-4:
        middle = (low + high) / 2
        if best(middle) > top + _SURPRISE:
            high = middle
        else:
            low = middle
    return high, equal
