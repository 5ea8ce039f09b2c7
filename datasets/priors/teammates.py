"""Which species are on a team together: conditional frequencies, pooled over a team's members."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

_SMOOTHED = 0.05  # weight of a species' usage in what its teammates say of it
_SMALLEST = 1e-6  # probability of what was never counted


class Teammates:
    """Species drawn one after the other, each given those before.

    The members' conditional frequencies are pooled in log-odds, and members that are often together
    count less, as ``poke_env.teambuilder.SmogonStatsTeambuilder`` does.

    Attributes:
        conditional: species id -> teammate's id -> frequency of it on the teams of the species.
    """

    def __init__(
        self, usage: Mapping[str, float], conditional: Mapping[str, Mapping[str, float]]
    ) -> None:
        """Pool the frequencies.

        Args:
            usage: species id -> share of all teams that it is on, from 0 to 1.
        """
        self.conditional = conditional
        self._names = sorted(usage)
        self._number = {name: i for i, name in enumerate(self._names)}
        n = len(self._names)
        shares = np.array([usage[name] for name in self._names])
        self._prior = _log_odds(shares)
        given = np.full((n, n), -1.0)
        for name, mates in conditional.items():
            for mate, share in mates.items():
                if name in self._number and mate in self._number:
                    given[self._number[name], self._number[mate]] = share
        # A species of which nothing was counted says nothing, and nothing is said of it.
        counted = np.array([name in conditional for name in self._names])
        given = np.where(np.outer(counted, counted), np.maximum(given, 0.0), shares)
        given = (1 - _SMOOTHED) * given + _SMOOTHED * shares
        self._shift = _log_odds(given) - self._prior
        joint = (shares[:, None] * given + (shares[:, None] * given).T) / 2
        deviation = np.sqrt(np.maximum(shares * (1 - shares), _SMALLEST))
        correlation = (joint - np.outer(shares, shares)) / np.outer(deviation, deviation)
        self._correlation = np.clip(correlation, 0.0, 1.0)
        self.pool = lru_cache(500)(self._pool)

    def _pool(self, members: tuple[str, ...]) -> tuple[list[str], list[float]]:
        """Return species ids and cumulative weights for the next member after ``members``."""
        rows = [self._number[name] for name in members if name in self._number]
        odds = self._prior.copy()
        for i in rows:
            others = sum(float(self._correlation[i, j]) for j in rows if j != i)
            odds += self._shift[i] / (1 + others)
        weights = 1 / (1 + np.exp(-odds))
        return self._names, np.cumsum(weights).tolist()


def _log_odds(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    clipped = np.clip(shares, _SMALLEST, 1 - _SMALLEST)
    return np.log(clipped) - np.log1p(-clipped)
