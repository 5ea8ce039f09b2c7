"""Intervals of shares of games."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from plywise.arena.ratings.elo import Estimate

Z95 = 1.959963984540054
"""The standard normal quantile for a two-sided 95 % interval."""


@dataclass(frozen=True)
class Interval(Estimate):
    """A share in [0, 1] with its interval."""

    def __str__(self) -> str:
        """Return it in per cent, for example ``66.7 % [20.8, 93.9]``."""
        return f"{100 * self.value:.1f} % [{100 * self.low:.1f}, {100 * self.high:.1f}]"


def wilson(score: float, n: int, z: float = Z95) -> Interval:
    """Return the Wilson score interval of ``score`` points in ``n`` games.

    A draw counts as half a point, so ``score`` may be a half-integer.  The formula then still
    takes each game for a win-or-loss trial with mean ``score / n``; a draw varies less than such a
    trial, so with draws the interval errs on the wide side.  The games must be independent: the two
    games of a pair with one seed are only nearly so.

    With ``n = 0`` nothing is known: the value is 0.5, the interval [0, 1].

    Source: E. B. Wilson, JASA 22 (1927) 209-212; without continuity correction.

    Raises:
        ValueError: ``score`` lies outside ``0 … n``.
    """
    if not 0 <= score <= n:
        raise ValueError(f"a score of {score} in {n} games is impossible")
    if n == 0:
        return Interval(0.5, 0.0, 1.0)
    share = score / n
    scale = 1 + z * z / n
    center = (share + z * z / (2 * n)) / scale
    half = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / scale
    low = 0.0 if score == 0 else max(0.0, center - half)
    high = 1.0 if score == n else min(1.0, center + half)
    return Interval(share, low, high)


@dataclass
class Tally:
    """Wins, draws, losses of one side, and games that ended in an error (no result)."""

    wins: int = 0
    draws: int = 0
    losses: int = 0
    errors: int = 0

    @property
    def games(self) -> int:
        """Games with a result."""
        return self.wins + self.draws + self.losses

    @property
    def score(self) -> float:
        """Points: a win 1, a draw ½."""
        return self.wins + self.draws / 2

    @property
    def share(self) -> float:
        """Points per game; 0 without games."""
        return self.score / self.games if self.games else 0.0

    @property
    def interval(self) -> Interval:
        """The score's share with its Wilson interval (see :func:`wilson`)."""
        return wilson(self.score, self.games)

    def add(self, result: float | None) -> None:
        """Count one game by its return in [-1, 1] for this side; None: it ended in an error."""
        if result is None:
            self.errors += 1
        elif result > 0:
            self.wins += 1
        elif result < 0:
            self.losses += 1
        else:
            self.draws += 1

    def __str__(self) -> str:
        """Return ``W-D-L``."""
        return f"{self.wins}-{self.draws}-{self.losses}"
