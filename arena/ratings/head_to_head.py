"""Elo difference and score of two players from their games, with pentanomial intervals.

Games of a pair (one seed, sides swapped) are not independent, so the error is that of pairs.  The
five results of a pair, from LL to WW, are the pentanomial counts of chess programs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf, sqrt
from statistics import NormalDist

from plywise.arena.ratings.counts import GamesError, RatedGame, problem_of
from plywise.arena.ratings.elo import NORMALIZED_ELO, Estimate, elo_of
from plywise.arena.ratings.intervals import Z95, Interval, Tally, wilson

Pentanomial = tuple[int, int, int, int, int]
"""Pairs by points: LL, LD, DD and WL, WD, WW."""


@dataclass(frozen=True)
class HeadToHead:
    """Figures of the games between two players, seen from the first.

    Attributes:
        tally: games won, drawn and lost; its interval is for independent games, and wide where
            there are draws.
        pairs: pentanomial counts of the complete pairs: LL, LD, DD and WL, WD, WW.
        clusters: number of pairs and of games that stand alone.
        variance: variance of the score (a share) between clusters; 0: they do not differ.
    """

    tally: Tally
    pairs: Pentanomial
    clusters: int
    variance: float

    @property
    def score(self) -> float:
        """Points per game."""
        return self.tally.share

    @property
    def interval(self) -> Interval:
        """The score with the interval of pairs: normal, from their sample variance.

        If all pairs are alike, that variance is 0: then it is Wilson's interval with one trial for
        each pair.
        """
        if not self.variance:
            return wilson(self.score * self.clusters, self.clusters)
        half = Z95 * sqrt(self.variance)
        return Interval(self.score, max(0.0, self.score - half), min(1.0, self.score + half))

    @property
    def elo(self) -> Estimate:
        """The Elo difference of the score, with `interval` on that scale; infinite at 0 and 1."""
        share = self.interval
        return Estimate(elo_of(share.value), elo_of(share.low), elo_of(share.high))

    @property
    def normalized_elo(self) -> Estimate:
        """The score over ½ in standard deviations of a game, times 800 / ln 10, with its interval.

        As fastchess defines it: with pairs, a game's variance is twice the pairs' population
        variance.  Infinite where nothing varies and the score is not level.  The interval is that
        of the score in the same unit.
        """
        scale = sqrt(self.variance * (self.clusters - 1) / self.clusters * self.tally.games)
        if not scale:
            level = self.score - 0.5
            value = 0.0 if not level else inf if level > 0 else -inf
            return Estimate(value, -inf, inf)
        values = (self.score, self.interval.low, self.interval.high)
        value, low, high = ((v - 0.5) / scale * NORMALIZED_ELO for v in values)
        return Estimate(value, low, high)

    @property
    def superiority(self) -> float:
        """Likelihood of superiority (LOS): of the normal distribution of the score over ½."""
        if self.variance:
            return NormalDist().cdf((self.score - 0.5) / sqrt(self.variance))
        if self.score == 0.5:
            return 0.5
        chance = 0.5**self.clusters  # of so many equal results, were the two equal
        return 1 - chance if self.score > 0.5 else chance

    @property
    def draw_rate(self) -> float:
        """Draws per game."""
        return self.tally.draws / self.tally.games


def head_to_head(games: Iterable[RatedGame], player: str, opponent: str) -> HeadToHead:
    """Return the figures of the games between two players; other games are left out.

    Games with the same ``pair`` are one cluster, games without stand alone.  The variance is that
    of a ratio of sums over clusters (W. G. Cochran, *Sampling Techniques* (1977), section 2.11);
    where all are pairs it is the pairs' sample variance over their number.

    Raises:
        GamesError: a game that makes no sense, or no games between the two.
    """
    clusters: dict[object, list[float]] = {}
    tally = Tally()
    for number, game in enumerate(games):
        if {game.player_a, game.player_b} != {player, opponent}:
            continue
        if problem := problem_of(game):
            raise GamesError(f"game {number + 1}: {problem}")
        score = game.score_a if game.player_a == player else 1 - game.score_a
        tally.add(2 * score - 1)
        clusters.setdefault(game.pair or number, []).append(score)
    if not tally.games:
        raise GamesError(f"there are no games between '{player}' and '{opponent}'")
    pairs = Counter(round(2 * sum(c)) for c in clusters.values() if len(c) == 2)
    return HeadToHead(
        tally=tally,
        pairs=(pairs[0], pairs[1], pairs[2], pairs[3], pairs[4]),
        clusters=len(clusters),
        variance=cluster_variance([(sum(c), len(c)) for c in clusters.values()]),
    )


def cluster_variance(clusters: Sequence[tuple[float, float]]) -> float:
    """Return the variance of points per game, from (points, games) of each cluster."""
    number = len(clusters)
    if number < 2:
        return 0.0
    games = sum(n for _, n in clusters)
    share = sum(points for points, _ in clusters) / games
    squares = sum((points - share * n) ** 2 for points, n in clusters)
    variance = squares / games**2 * number / (number - 1)
    return variance if variance > 1e-15 else 0.0
