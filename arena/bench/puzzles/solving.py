"""The exact solution of a puzzle: bounds of every pair of actions, and what follows from them.

Values are expected results for the player, in [-1, 1]: 1 a win, 0 a tie, -1 a loss.  After the pair
of actions both players play perfectly, so the pairs form a matrix game.  The *regret* of a strategy
is the value of that game less what the strategy earns against the best reply to it: the loss of a
player whose strategy is known to the opponent, one side of *NashConv* (Lanctot et al., *A Unified
Game-Theoretic Approach to Multiagent Reinforcement Learning*, 2017) in the game of this decision.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plywise.engine.battle.chance_tree import TooManyBranchesError, enumerate_step
from plywise.engine.battle.rules import RULES
from plywise.search.exact.bounds import (
    Bounds,
    BoundsSearch,
    Limits,
    Outcomes,
    Precision,
    Vector,
    dominated,
    guarantee,
)

WIDTH = 0.01
"""Largest distance of the bounds of a pair of actions."""

ROUGH = 0.1
"""The same for actions that lose ``LEAST_MARGIN`` or more for certain."""

LEAST_MARGIN = 0.1
"""Least value that a puzzle's player loses without the best actions: 5 % of win chance."""

EQUAL = 0.02
"""Actions count as equally good if they are worth within so much of the value."""

UNITS = 10_000
"""Bounds are whole numbers of ``1 / UNITS``, rounded outwards."""

# Rounding of the bounds takes what is left.
_PRECISION = Precision(WIDTH - 2.0 / UNITS, ROUGH - 2.0 / UNITS, LEAST_MARGIN)
_MOST_BRANCHES = 4096
_SUPPORT = 0.01  # probability from which on an action belongs to the optimal mix


def battle_outcomes(pool: NDArray[Any], a0: int, a1: int) -> Outcomes | None:
    """Return the outcomes of a step of a battle; None: there are more than some thousands."""
    try:
        found = enumerate_step(pool, 0, a0, a1, limit=_MOST_BRANCHES)
    except TooManyBranchesError:
        return None
    return Outcomes(found.states, found.probabilities)


@dataclass(frozen=True)
class PuzzleSolution:
    """What was proven about a decision of a player.

    Attributes:
        actions: the player's legal actions, ascending.
        replies: the opponent's that matter: others are dominated by one of these.
        low, high: bounds of the value of each pair for the player, ``(actions, replies)``.
    """

    actions: tuple[int, ...]
    replies: tuple[int, ...]
    low: Vector
    high: Vector

    @cached_property
    def value(self) -> float:
        """The value of the decision, under perfect play of both, to half of ``WIDTH``."""
        return guarantee(0.5 * (self.low + self.high)).low

    @cached_property
    def strategy(self) -> dict[int, float]:
        """An optimal strategy: action -> probability, those of probability 0 left out."""
        if self._pure:
            return dict.fromkeys(self._pure, 1.0 / len(self._pure))
        shares = guarantee(self.low).row
        kept = {a: p for a, p in zip(self.actions, shares.tolist(), strict=True) if p > _SUPPORT}
        return {a: p / sum(kept.values()) for a, p in kept.items()}

    @cached_property
    def _pure(self) -> tuple[int, ...]:
        """The actions that are each worth the value, to ``EQUAL``."""
        most = guarantee(self.high).high
        worst = self.low.min(axis=1)
        return tuple(a for a, w in zip(self.actions, worst, strict=True) if w >= most - EQUAL)

    @property
    def mixed(self) -> bool:
        """Whether no action alone is worth the value: the player has to mix."""
        return not self._pure

    @property
    def best(self) -> tuple[int, ...]:
        """All optimal actions; of a mixed strategy, those that it plays."""
        return self._pure or tuple(self.strategy)

    @cached_property
    def margin(self) -> float:
        """Least value that is lost without the best actions."""
        return self.needed(self.best)

    def needed(self, actions: Sequence[int]) -> float:
        """Return the least value that the player loses where it may play none of ``actions``.

        It is 0 where nothing else is left to play, or none of them is there.
        """
        rest = [i for i, a in enumerate(self.actions) if a not in actions]
        if not rest or len(rest) == len(self.actions):
            return 0.0
        return guarantee(self.low).low - guarantee(self.high[rest]).high

    def regret(self, strategy: Mapping[int, float]) -> float:
        """Return the regret of a strategy, 0 for an optimal one.

        It is known to ``WIDTH``; where actions are played that lose ``LEAST_MARGIN`` or more, to
        half of ``ROUGH`` at worst.

        Args:
            strategy: action -> probability, summing to 1.
        """
        played = np.array([strategy.get(a, 0.0) for a in self.actions])
        return self.value - float((played @ (0.5 * (self.low + self.high))).min())

    def is_puzzle(self) -> bool:
        """Whether few actions are best, and all others are worse by ``LEAST_MARGIN``."""
        return 2 * len(self.best) <= len(self.actions) and self.margin >= LEAST_MARGIN


def solution_of(bounds: Bounds, player: int) -> PuzzleSolution | None:
    """Return what bounds prove for a player; None: some that matter are too wide."""
    if bounds.open_to(player, _PRECISION).any():
        return None
    low, high = bounds.of(player)
    kept = ~dominated(low, high)
    return rounded(
        PuzzleSolution(
            bounds.actions[player],
            tuple(np.array(bounds.actions[1 - player])[kept].tolist()),
            low[:, kept],
            high[:, kept],
        )
    )


def rounded(solution: PuzzleSolution) -> PuzzleSolution:
    """Return the solution with bounds as a file holds them, rounded outwards."""
    # What is a whole number but for rounding errors stays one.
    low, high = solution.low * UNITS + 1e-6, solution.high * UNITS - 1e-6
    return PuzzleSolution(
        solution.actions, solution.replies, np.floor(low) / UNITS, np.ceil(high) / UNITS
    )


class PuzzleSolver:
    """Solves decisions of battles; gives up early on those that can be no puzzle."""

    def __init__(self) -> None:
        self._search = BoundsSearch(RULES, battle_outcomes)
        self.steps = 0

    def solve(
        self, pool: NDArray[Any], player: int, wanted: Sequence[Sequence[int]], limits: Limits
    ) -> PuzzleSolution | None:
        """Return the solution of a decision; None: it was not found, or can be none that is wanted.

        Args:
            pool: one state, not terminal.
            wanted: sets of actions: it is enough to know that the player needs none of them.
            limits: of the search.
        """

        def hopeless(bounds: Bounds) -> bool:
            low, high = bounds.of(player)
            actions = bounds.actions[player]
            return not any(_may_need(low, high, actions, chosen) for chosen in wanted)

        bounds = self._search.solve(pool, player, _PRECISION, limits, hopeless)
        self.steps += bounds.steps
        return solution_of(bounds, player)


def _may_need(low: Vector, high: Vector, actions: Sequence[int], chosen: Sequence[int]) -> bool:
    """Return whether the player may still turn out to need some actions."""
    most = guarantee(high).high
    rest = [i for i, a in enumerate(actions) if a not in chosen]
    if not chosen:  # any action will do: one half of them must be worse
        good = int((low.min(axis=1) >= most - LEAST_MARGIN).sum())
        return most > LEAST_MARGIN - 1.0 and 2 * good <= len(actions)
    return bool(rest) and guarantee(low[rest]).low <= most - LEAST_MARGIN
