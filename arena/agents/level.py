"""Playing levels 1 (weakest) to 10: a fixed amount of search, and how loosely it chooses."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import TYPE_CHECKING, Any

from plywise.arena.agents.spec import Agent

if TYPE_CHECKING:
    from plywise.games.base import State
    from plywise.search.decision import Decision

_FARTHEST = 3.0
"""Temperatures below the best value beyond which no action is chosen."""


@dataclass(frozen=True)
class Level:
    """How a level plays.

    Attributes:
        temperature: of the choice by value; 0: the search's own choice.
        search: settings of the search.
    """

    temperature: float
    search: Mapping[str, Any] = field(default_factory=dict)


def levels(temperatures: tuple[float, ...], **search: Any) -> tuple[Level, ...]:
    """Return levels that differ by the temperature alone."""
    return tuple(Level(temperature, search) for temperature in temperatures)


LEVELS: dict[str, tuple[Level, ...]] = {}


class LooseAgent(Agent):
    """Chooses among a search's actions by their values: near-best ones often, bad ones rarely.

    An action is chosen with probability proportional to ``exp(value / temperature)``; one that is
    worse than the best by more than three temperatures is not chosen.

    Args:
        agent: searches, and states the actions' values.
        temperature: in units of the values, which lie in [-1, 1]; greater than 0.
    """

    def __init__(self, agent: Agent, temperature: float) -> None:
        self.name = agent.name
        self._agent = agent
        self._temperature = temperature

    def for_one_game(self) -> LooseAgent:
        """Return an agent for one game."""
        return LooseAgent(self._agent.for_one_game(), self._temperature)

    def decide(self, state: State, player: int, seed: int) -> Decision:
        """Return the search's decision with an action drawn by value."""
        decision = self._agent.decide(state, player, seed)
        if len(decision.values) < 2:
            return decision
        best = max(decision.values.values())
        weights = {
            action: math.exp((value - best) / self._temperature)
            for action, value in sorted(decision.values.items())
            if best - value <= _FARTHEST * self._temperature
        }
        (action,) = Random(f"{seed}/level").choices(list(weights), list(weights.values()))
        total = sum(weights.values())
        strategy = {a: weight / total for a, weight in weights.items()}
        notes = {**decision.notes, "chosen_by": "level"}
        return replace(decision, action=action, strategy=strategy, notes=notes)

    def close(self) -> None:
        """Close the search."""
        self._agent.close()
