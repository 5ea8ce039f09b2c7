"""Agents with a clock: one agent plays many battles, and each battle has a clock of its own."""

from __future__ import annotations

import time
from abc import abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING

from plywise.arena.agents.spec import Agent
from plywise.search.time_management import BattleClock

if TYPE_CHECKING:
    from plywise.games.base import State
    from plywise.search.decision import Decision


class TimedAgent(Agent):
    """Base of agents that decide within a time limit.

    Args:
        name: name of the agent.
        usual: seconds of a decision; None: no limit.
        budget: seconds of a whole battle; None: no limit.
    """

    def __init__(self, name: str, usual: float | None, budget: float | None = None) -> None:
        self.name = name
        self._usual = usual
        self._budget = budget

    def new_clock(self) -> BattleClock:
        """Return the clock for one battle."""
        return BattleClock(self._usual, self._budget)

    def usual_seconds(self, state: State, player: int) -> float | None:
        """Return the seconds of a decision while there is enough; None: no limit."""
        return self._usual

    @abstractmethod
    def decide_within(
        self, state: State, player: int, seed: int, allowed: float | None
    ) -> Decision:
        """Return a decision that takes at most ``allowed`` seconds; None: no limit."""

    def decide(self, state: State, player: int, seed: int) -> Decision:
        """Return a decision as the first one of a battle."""
        return self.for_one_game().decide(state, player, seed)

    def for_one_game(self) -> ClockedAgent:
        """Return the agent with a clock for one battle."""
        return ClockedAgent(self)


class ClockedAgent(Agent):
    """A timed agent with the clock of one battle, used from one thread at a time."""

    def __init__(self, agent: TimedAgent) -> None:
        self.name = agent.name
        self._agent = agent
        self._clock = agent.new_clock()

    def decide(self, state: State, player: int, seed: int) -> Decision:
        """Return the agent's decision, in its share of the battle's time.

        ``notes["allowed_seconds"]`` has that share where it was less than usual.
        """
        start = time.perf_counter()
        choices = len(state.legal_actions(player))
        left = state.time_left
        usual = self._agent.usual_seconds(state, player)
        allowed = self._clock.allowance(
            choices,
            None if left is None else left.turn_ends - start,
            None if left is None else left.bank_ends - start,
            usual,
        )
        decision = self._agent.decide_within(state, player, seed, allowed)
        self._clock.spend(time.perf_counter() - start, choices)
        if choices > 1 and allowed != usual:
            decision = replace(decision, notes={**decision.notes, "allowed_seconds": allowed})
        return decision
