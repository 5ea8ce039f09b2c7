"""The Elo scale, and numbers on it with their intervals."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, log, log10

ELO = 400 / log(10)
"""Elo points in one natural unit (logit) of strength."""

NORMALIZED_ELO = 800 / log(10)
"""Normalized Elo points of one standard deviation of a game's score.

M. Van den Bergh, *Normalized Elo* (2021): near level, and without draws, it is the usual Elo.
"""


@dataclass(frozen=True)
class Estimate:
    """A number with its 95 % interval; an end of it may be infinite."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        """Return it with one decimal, for example ``190.8 [122.7, 259.0]``."""
        return f"{self.value:.1f} [{self.low:.1f}, {self.high:.1f}]"

    @property
    def error(self) -> float:
        """Half of the interval's width: the ``+/-`` of chess programs."""
        return (self.high - self.low) / 2


def elo_of(score: float) -> float:
    """Return the Elo difference of an expected score in [0, 1]; infinite at its ends.

    Raises:
        ValueError: the score lies outside.
    """
    if not 0 <= score <= 1:
        raise ValueError(f"a score of {score} lies outside 0 … 1")
    if score in (0, 1):
        return inf if score else -inf
    return -400 * log10(1 / score - 1) + 0.0  # no −0


def score_of(elo: float) -> float:
    """Return the expected score of an Elo difference."""
    return 1 / (1 + 10 ** (-elo / 400)) if elo > -4000 else 0.0
