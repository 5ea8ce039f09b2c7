"""Error rates of the SPRT: simulated matches whose truth is known.

``plywise calibrate sprt`` prints the table of this module; its figures are in `docs/RATINGS.md`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

import numpy as np

from plywise.arena.ratings.counts import FloatArray
from plywise.arena.ratings.elo import NORMALIZED_ELO, score_of
from plywise.arena.ratings.errors import StepProgress
from plywise.arena.ratings.intervals import Interval, wilson
from plywise.arena.ratings.simulated import result_chances
from plywise.arena.ratings.sprt import SPRT

_POINTS = np.linspace(0, 1, 5)
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(61)


@dataclass(frozen=True)
class PairModel:
    """Distribution of the results of pairs of games between two players.

    Attributes:
        name: name in the table.
        draw_rate: share of draws between equals, of Davidson's model.
        advantage: advantage of the first player, in Elo points.
        shared: standard deviation, in Elo points, of a seed's effect on one player in both games
            of a pair (they then agree).
        opening: the same of a seed's effect on the player who moves first (they then differ).
    """

    name: str
    draw_rate: float = 0.0
    advantage: float = 0.0
    shared: float = 0.0
    opening: float = 0.0

    def chances(self, gap: float) -> FloatArray:
        """Return (5,) the probabilities of LL, LD, DD and WL, WD, WW at a strength gap in Elo."""
        one, two = np.meshgrid(_NODES * self.shared, _NODES * self.opening)
        weight = np.outer(_WEIGHTS, _WEIGHTS)
        first, second = (
            result_chances(gap + one + sign * (self.advantage + two), self.draw_rate)
            for sign in (1, -1)
        )
        result = np.zeros(5)
        for a in range(3):
            for b in range(3):
                result[a + b] += (weight * first[a] * second[b]).sum()
        chances: FloatArray = result / result.sum()
        return chances

    def at(self, elo: float, model: str) -> FloatArray:
        """Return the probabilities at a true difference, measured as an SPRT's model does."""
        low, high = -4000.0, 4000.0
        target = score_of(elo) if model == "logistic" else elo / NORMALIZED_ELO * sqrt(2)
        for _ in range(80):
            middle = (low + high) / 2
            chances = self.chances(middle)
            mean = float(chances @ _POINTS)
            found = mean
            if model == "normalized":
                found = (mean - 0.5) / sqrt(float(chances @ (_POINTS - mean) ** 2))
            low, high = (middle, high) if found < target else (low, middle)
        return self.chances((low + high) / 2)


PAIR_MODELS = (
    PairModel("no draws"),
    PairModel("draws 40 %", draw_rate=0.4),
    PairModel("draws 40 %, pairs agree", draw_rate=0.4, advantage=40, shared=150),
    PairModel("draws 60 %, pairs differ", draw_rate=0.6, advantage=80, opening=200),
)


@dataclass(frozen=True)
class SPRTRates:
    """Results of simulated matches.

    Attributes:
        false_positive: share that accepted H1 at ``elo0``, with its Wilson interval.
        false_negative: share that accepted H0 at ``elo1``.
        pairs0, pairs1: mean length at ``elo0`` and ``elo1``, in pairs.
        open: number of matches not ended at the limit; they count as errors.
    """

    false_positive: Interval
    false_negative: Interval
    pairs0: float
    pairs1: float
    open: int


def sprt_rates(
    model: PairModel,
    test: SPRT,
    matches: int,
    seed: int,
    limit: int = 100_000,
    progress: StepProgress = lambda what, done, of: None,
) -> SPRTRates:
    """Simulate ``matches`` matches at either hypothesis, looked at after every pair."""
    rng = np.random.default_rng(seed)
    found = []
    for elo, null in ((test.elo0, True), (test.elo1, False)):

        def note(open: int, elo: float = elo) -> None:
            progress(f"{model.name} at {elo:g} Elo: matches ended", matches - open, matches)

        chances = model.at(elo, test.model)
        found.append(_errors(chances, test, matches, rng, limit, null, note))
    (one, length0, open0), (two, length1, open1) = found
    return SPRTRates(
        false_positive=wilson(one, matches),
        false_negative=wilson(two, matches),
        pairs0=length0,
        pairs1=length1,
        open=open0 + open1,
    )


def _errors(
    chances: FloatArray,
    test: SPRT,
    matches: int,
    rng: np.random.Generator,
    limit: int,
    null: bool,
    progress: Callable[[int], None],
) -> tuple[int, float, int]:
    """Play matches; return the numbers of wrong ends (open ones too), mean length, open ones."""
    counts = np.zeros((matches, 5))
    wrong, played = 0, 0
    edges = np.cumsum(chances)[:-1]
    for _ in range(limit):
        progress(len(counts))
        result = np.searchsorted(edges, rng.random(len(counts)), side="right")
        counts[np.arange(len(counts)), result] += 1
        played += len(counts)
        llr = test.llrs(counts)
        up, down = llr >= test.upper, llr <= test.lower
        wrong += int((up if null else down).sum())
        counts = counts[~up & ~down]
        if not len(counts):
            break
    return wrong + len(counts), played / matches, len(counts)
