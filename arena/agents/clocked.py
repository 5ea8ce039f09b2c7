"""An agent in one battle: it plays many, and each has a clock of its own."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, TypeVar, runtime_checkable

from plywise.search.clock import BattleClock

if TYPE_CHECKING:
    from plywise.games.base import State
    from plywise.search.decision import Decision


@runtime_checkable
class Timed(Protocol):
    """An agent whose decisions take as long as they may."""

    name: str

    def new_clock(self) -> BattleClock:
        """Return the clock for one battle."""

    def decide_within(
        self, state: State, player: int, seed: int, allowed: float | None
    ) -> Decision:
        """Return a decision that takes at most ``allowed`` seconds; None: no limit."""

    def close(self) -> None:
        """Free what the agent holds."""


class TimedAgent(ABC):
    """Base of agents that are timed and have nothing to free."""

    name: str

    @abstractmethod
    def new_clock(self) -> BattleClock:
        """Return the clock for one battle."""

    @abstractmethod
    def decide_within(
        self, state: State, player: int, seed: int, allowed: float | None
    ) -> Decision:
        """Return a decision that takes at most ``allowed`` seconds; None: no limit."""

    def decide(self, state: State, player: int, seed: int) -> Decision:
        """Return a decision as the first of a battle."""
        return Seat(self).decide(state, player, seed)

    def close(self) -> None:  # noqa: B027 (most have nothing to free)
        """Nothing to free."""


class Seat:
    """A timed agent in one battle, from one thread at a time.

    An agent with ``for_one_game`` returns by it who plays this one, with a memory of its own.
    """

    def __init__(self, agent: Timed) -> None:
        self.name = agent.name
        self._agent: Timed = agent.for_one_game() if hasattr(agent, "for_one_game") else agent
        self._clock = agent.new_clock()

    def decide(self, state: State, player: int, seed: int) -> Decision:
        """Return the agent's decision, in its share of the battle's time.

        ``notes["allowed_seconds"]`` has that share where it was less than usual.
        """
        start = time.perf_counter()
        choices = len(state.legal_actions(player))
        left = state.time_left
        allowed = self._clock.allowance(
            choices,
            None if left is None else left.turn_ends - start,
            None if left is None else left.bank_ends - start,
        )
        decision = self._agent.decide_within(state, player, seed, allowed)
        self._clock.spend(time.perf_counter() - start, choices)
        if choices > 1 and allowed != self._clock.usual:
            decision = replace(decision, notes={**decision.notes, "allowed_seconds": allowed})
        return decision

    def close(self) -> None:
        """Nothing to free: the agent plays on elsewhere."""


A = TypeVar("A")


def seated(agent: A) -> A | Seat:
    """Return who plays one battle for ``agent``: itself where it watches no clock."""
    return Seat(agent) if isinstance(agent, Timed) else agent
