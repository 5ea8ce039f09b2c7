"""Luck: how much better the chance of a game turned out for a player than was to be expected.

A step of a game draws two things: the actions, from the players' mixed strategies, and the chance
inside the step.  Its *luck* is ``v(s') - E[v]``: the value of the state that it led to, minus the
expectation over both before it was made.  Whatever ``v`` is, as long as it depends on the state
alone, a step's luck has the expectation 0, so a game's result minus the luck of its steps has the
expectation of the result; the nearer ``v`` is to the truth, the less that difference varies.  This
is AIVAT (N. Burch, M. Schmid, M. Moravčík, M. Bowling, *AIVAT: A New Variance Reduction Technique
for Agent Evaluation in Imperfect Information Games*, AAAI 2018) with the expectation estimated
from independent samples, which keeps it at 0 for any number of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plywise.engine.kernels import TERMINAL, RulesKernels
from plywise.search.simultaneous.state_value import StateValue

REPEATS = 4
"""Searches of the state that was reached: its value counts as much as all samples together."""

Strategy = Mapping[int, float]


class LuckEstimator:
    """Estimates the luck of steps; may be asked again and again, from one thread.

    Args:
        kernels: the game's compiled rules.
        iterations: iterations of the search, all cards open, whose value is ``v``; 0: ``v`` is
            the rules' static evaluation.  The value of an ended game is its sign.
        samples: independent samples of each expectation, from 1.
        chance: whether steps draw chance; if not, a step of two pure strategies has no luck.

    Raises:
        SearchError: the game has more actions than the search can number.
    """

    def __init__(
        self, kernels: RulesKernels, *, iterations: int, samples: int, chance: bool = True
    ) -> None:
        self._kernels = kernels
        self._samples = samples
        self._chance = chance
        self._search = StateValue(kernels, iterations) if iterations else None

    def of_step(
        self,
        before: NDArray[Any],
        after: NDArray[Any],
        strategies: tuple[Strategy, Strategy],
        rng: np.random.Generator,
    ) -> float:
        """Return the luck of one step for player 0.

        Args:
            before: pool of the state in which the step was made.
            after: pool of the state that it led to.
            strategies: each player's action -> probability: the one that its action was drawn
                from, or the action alone; ``{NO_ACTION: 1}`` for one who had nothing to decide.
                Both sum to 1, and all actions are legal.
            rng: draws the samples, independently of the game.
        """
        joint = [(a, b, p * q) for a, p in strategies[0].items() for b, q in strategies[1].items()]
        if len(joint) == 1 and not self._chance:
            return 0.0
        # A search's value is noisy: v is its mean over all seeds, estimated by a few of them.
        seeds = [int(s) for s in rng.integers(1 << 62, size=REPEATS if self._search else 1)]
        reached = sum(self._value(after, 0, seed) for seed in seeds) / len(seeds)
        # Systematic sampling: each joint action comes up as often as it is likely, but for one.
        upto = np.cumsum([p for _, _, p in joint])
        places = (rng.random() + np.arange(self._samples)) / self._samples * upto[-1]
        chosen = np.minimum(np.searchsorted(upto, places, side="right"), len(joint) - 1)
        dice = rng.integers(1 << 63, size=self._samples, dtype=np.uint64)
        work = np.repeat(before, self._samples)
        total = 0.0
        for j, k in enumerate(chosen):
            self._kernels.reseed(work, j, dice[j])
            self._kernels.step(work, j, joint[k][0], joint[k][1])
            total += self._value(work, j, seeds[j % len(seeds)])
        return reached - total / self._samples

    def _value(self, pool: NDArray[Any], i: int, seed: int) -> float:
        if int(self._kernels.current(pool, i)) == TERMINAL:
            return float(np.sign(self._kernels.returns(pool, i)))
        if self._search is None:
            return float(self._kernels.evaluate(pool, i))
        return self._search.searched(pool, i, seed)
