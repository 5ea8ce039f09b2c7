"""Coverage of rating intervals: simulated tournaments between players of known strength.

``plywise calibrate ratings`` prints the table of this module; its figures are in `docs/RATINGS.md`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import isfinite
from statistics import NormalDist

import numpy as np

from plywise.arena.ratings.counts import FloatArray
from plywise.arena.ratings.elo import ELO
from plywise.arena.ratings.errors import StepProgress
from plywise.arena.ratings.intervals import Interval, wilson
from plywise.arena.ratings.rate import RatedGame, rate

_NORMAL = NormalDist()


@dataclass(frozen=True)
class SimulatedPool:
    """A tournament to simulate.

    Attributes:
        name: name in the table.
        strengths: strengths of the players, in Elo points; the first is the anchor.
        pairs: number of pairs of games of each pairing.
        gauntlet: whether only the anchor plays the others; else all play each other.
        draw_rate: share of draws between equals.
        advantage: advantage of the first player, in Elo points.
        correlation: correlation of the normal variables behind one player's results in the two
            games of a pair: positive if a seed favours a player, negative if it favours the first.
    """

    name: str
    strengths: tuple[float, ...]
    pairs: int
    gauntlet: bool = False
    draw_rate: float = 0.0
    advantage: float = 0.0
    correlation: float = 0.0

    @property
    def games(self) -> int:
        """Number of games."""
        return 2 * self.pairs * len(self.pairings())

    def pairings(self) -> list[tuple[int, int]]:
        """Return the pairs of players that meet."""
        players = range(len(self.strengths))
        if self.gauntlet:
            return [(0, other) for other in players[1:]]
        return list(combinations(players, 2))

    def play(self, rng: np.random.Generator) -> list[RatedGame]:
        """Return one tournament's games.

        Each game's result has exactly the probabilities of the Davidson model; the two games of a
        pair are tied by a normal copula, which leaves those as they are.
        """
        games = []
        for a, b in self.pairings():
            draws = rng.standard_normal((self.pairs, 2))
            rest = np.sqrt(1 - self.correlation**2)
            draws[:, 1] = self.correlation * draws[:, 0] + rest * draws[:, 1]
            for game, side in enumerate((1, -1)):
                gap = self.strengths[a] - self.strengths[b] + side * self.advantage
                lost, drawn, _ = result_chances(np.array(gap), self.draw_rate)
                place = np.array([_NORMAL.cdf(z) for z in draws[:, game].tolist()])
                scores = np.where(place < lost, 0.0, np.where(place < lost + drawn, 0.5, 1.0))
                first = f"p{a if side > 0 else b}"
                games += [
                    RatedGame(f"p{a}", f"p{b}", score, first, f"{a}-{b}-{number}")
                    for number, score in enumerate(scores.tolist())
                ]
        return games


def result_chances(gap: FloatArray, draw_rate: float) -> FloatArray:
    """Return (3, …) the Davidson model's probabilities of loss, draw and win.

    Args:
        gap: (…) advantage in strength, in Elo points.
        draw_rate: share of draws between equals.
    """
    eta = gap / ELO
    odds = np.stack(
        [np.exp(-eta / 2), np.full_like(eta, 2 * draw_rate / (1 - draw_rate)), np.exp(eta / 2)]
    )
    chances: FloatArray = odds / odds.sum(axis=0)
    return chances


def _ladder(players: int, step: float) -> tuple[float, ...]:
    return tuple(step * i for i in range(players))


POOLS = (
    SimulatedPool("4 players, one far below", (-600, 0, 60, 120), 10),
    SimulatedPool("2 players, 100 pairs", _ladder(2, 100), 100),
    SimulatedPool("2 players, 30 pairs, draws", _ladder(2, 60), 30, draw_rate=0.4),
    SimulatedPool("4 players, few games", _ladder(4, 80), 8, draw_rate=0.2),
    SimulatedPool("4 players, no draws", _ladder(4, 100), 20),
    SimulatedPool("5 players, far apart", _ladder(5, 200), 40, advantage=30),
    SimulatedPool(
        "6 players, pairs agree", _ladder(6, 60), 30, draw_rate=0.3, advantage=50, correlation=0.6
    ),
    SimulatedPool(
        "6 players, pairs differ", _ladder(6, 60), 30, draw_rate=0.3, advantage=80, correlation=-0.6
    ),
    SimulatedPool(
        "8 players, gauntlet",
        (0, -200, -150, -100, -50, 50, 100, 150),
        40,
        gauntlet=True,
        draw_rate=0.25,
        advantage=40,
        correlation=0.4,
    ),
    SimulatedPool(
        "5 players, many games", _ladder(5, 70), 200, draw_rate=0.3, advantage=40, correlation=0.5
    ),
)


@dataclass
class Coverage:
    """Share of intervals that contain the truth.

    Attributes:
        hits, trials: by player (the anchor left out), then the first player's advantage.
        width: mean width of the finite intervals, in Elo points.
        bias: mean error of the finite ratings, in Elo points.
        one_sided: number of intervals with an infinite end.
        contradictions: number of finite ratings outside their own interval.
    """

    hits: np.ndarray
    trials: np.ndarray
    width: float
    bias: float
    one_sided: int
    contradictions: int

    @property
    def players(self) -> Interval:
        """Coverage over all players' ratings; its interval takes them for independent."""
        return wilson(float(self.hits[:-1].sum()), int(self.trials[:-1].sum()))

    @property
    def worst(self) -> tuple[float, float]:
        """The least and the greatest coverage of one player."""
        shares = self.hits[:-1] / self.trials[:-1]
        return float(shares.min()), float(shares.max())

    @property
    def advantage(self) -> Interval | None:
        """Coverage of the first player's advantage."""
        trials = int(self.trials[-1])
        return wilson(float(self.hits[-1]), trials) if trials else None


def coverage(
    pool: SimulatedPool,
    method: str,
    tournaments: int,
    seed: int,
    resamples: int = 1000,
    virtual_draws: float = 0.0,
    progress: StepProgress = lambda what, done, of: None,
) -> Coverage:
    """Simulate tournaments and count the intervals that contain the truth."""
    rng = np.random.default_rng(seed)
    players = len(pool.strengths)
    hits, trials = np.zeros(players), np.zeros(players)
    widths: list[float] = []
    errors: list[float] = []
    contradictions = 0
    for number in range(tournaments):
        progress(f"{pool.name}: tournament", number, tournaments)
        result = rate(
            pool.play(rng),
            anchor="p0",
            method=method,
            resamples=resamples,
            seed=number,
            virtual_draws=virtual_draws,
            every_pair=False,
        )
        for i in range(1, players):
            truth = pool.strengths[i] - pool.strengths[0]
            found = result[f"p{i}"]
            hits[i - 1] += found.low <= truth <= found.high
            trials[i - 1] += 1
            if isfinite(found.high - found.low):
                widths.append(found.high - found.low)
            if isfinite(found.rating):
                errors.append(found.rating - truth)
                contradictions += not found.low <= found.rating <= found.high
        if result.first_advantage is not None:
            hits[-1] += result.first_advantage.low <= pool.advantage <= result.first_advantage.high
            trials[-1] += 1
    return Coverage(
        hits=hits,
        trials=trials,
        width=sum(widths) / max(1, len(widths)),
        bias=sum(errors) / max(1, len(errors)),
        one_sided=tournaments * (players - 1) - len(widths),
        contradictions=contradictions,
    )
