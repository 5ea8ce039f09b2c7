"""A posterior over several models of an opponent, from what it has chosen so far in the battle."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


class FollowedOpponent:
    """Weights of members of a pool, which follow the choices of one opponent in one battle.

    Args:
        prior: weight of each member before the battle ``(members,)``; any scale.
        memory: factor on what was learnt, by each further choice: 1 remembers all.
        least: probability below which a member's is not counted, so that one surprise does not
            rule it out.
    """

    def __init__(
        self, prior: Sequence[float] | NDArray[np.float64], memory: float, least: float
    ) -> None:
        given = np.asarray(prior, float)
        self._prior = np.log(given / given.sum())
        self._learnt = np.zeros(len(given))
        self._memory, self._least = memory, least

    @property
    def weights(self) -> NDArray[np.float64]:
        """Posterior weights, which sum to 1."""
        logs = self._prior + self._learnt
        raised = np.exp(logs - logs.max())
        found: NDArray[np.float64] = raised / raised.sum()
        return found

    def predict(self, policies: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the mixture of the members' policies ``(members, names)``."""
        return self.weights @ policies

    def learn(self, likelihoods: NDArray[np.float64]) -> None:
        """Learn from a choice: the probability that each member gave it."""
        logs = np.log(np.maximum(likelihoods, self._least))
        self._learnt = self._memory * self._learnt + logs - logs.mean()
