"""Values of all actions at the root by a long search whose visits are spread over them.

A first search finds the opponent's strategy in each world; a second one holds it and gives each of
the player's actions the same visits.  So the values are those of answers to one strategy, whatever
the search under test would have looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plywise.engine.kernels import RulesKernels
from plywise.search.simultaneous.config import SimultaneousConfig
from plywise.search.simultaneous.search import SimultaneousSearch


@dataclass(frozen=True)
class ActionValues:
    """Values of the actions at the root of one decision.

    Attributes:
        actions: the player's legal actions.
        values: ``(seeds, actions)``, in [-1, 1]: one row for each independent repetition.
    """

    actions: tuple[int, ...]
    values: NDArray[np.float64]

    def regret(self, strategy: Mapping[int, float]) -> float:
        """Return how much a strategy is worth less than the best action.

        The best action is chosen by one half of the repetitions and valued by the other, both ways:
        the largest of noisy values is too large.
        """
        shares = np.array([strategy.get(a, 0.0) for a in self.actions])
        losses = []
        for part in range(2):
            chosen, judged = self.values[part::2].mean(0), self.values[1 - part :: 2].mean(0)
            losses.append(judged[chosen.argmax()] - shares @ judged)
        return float(np.mean(losses))

    @property
    def error(self) -> float:
        """Standard error of a value's mean over the repetitions, averaged over the actions."""
        return float((self.values.std(0, ddof=1) / np.sqrt(len(self.values))).mean())


class ReferenceSearch:
    """Finds :class:`ActionValues`; its memory is used again for every decision.

    Args:
        iterations: of each of the two searches of a repetition.
        repetitions: number of them, even.
    """

    def __init__(
        self,
        kernels: RulesKernels,
        config: SimultaneousConfig,
        iterations: int,
        repetitions: int = 2,
    ) -> None:
        self.repetitions = repetitions
        long = replace(config, seconds=None, iterations=iterations, max_nodes=iterations + 1)
        self._first = SimultaneousSearch(kernels, replace(long, root_floor=0.2))
        self._second = SimultaneousSearch(kernels, replace(long, root_floor=1.0))

    def values(self, worlds: NDArray[Any], player: int, seed: int) -> ActionValues:
        """Return the values of the player's actions, who has at least two."""
        rows = []
        for k in range(self.repetitions):
            self._first.decide(worlds, None, player, seed + 2 * k)
            replies = self._first.replies
            found = self._second.decide(worlds, None, player, seed + 2 * k + 1, replies=replies)
            rows.append(found.values)
        actions = tuple(rows[0])
        return ActionValues(actions, np.array([[row[a] for a in actions] for row in rows]))
