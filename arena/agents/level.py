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


def _by_depth(*levels: tuple[int, float]) -> tuple[Level, ...]:
    """Return levels of alpha-beta from depths in plies and temperatures."""
    return tuple(
        Level(
            temperature,
            {
                "seconds": None,
                "iterations": None,
                "max_depth": depth,
                "all_values": temperature > 0,
            },
        )
        for depth, temperature in levels
    )


def _by_iterations(worlds: int, *levels: tuple[int, float]) -> tuple[Level, ...]:
    """Return levels of the search over sampled worlds, or of MCTS with ``worlds`` 0."""
    sampled = {"worlds": worlds, "battle_seconds": None} if worlds else {}
    return tuple(
        Level(temperature, {"seconds": None, "iterations": count, **sampled})
        for count, temperature in levels
    )


_ITERATIONS = (
    (10, 0.3), (20, 0.2), (30, 0.15), (50, 0.1), (100, 0.07),
    (200, 0.05), (400, 0.03), (800, 0.0), (2000, 0.0), (6000, 0.0),
)  # fmt: skip

# Measured on 2026-11-30 by
#   plywise tournament game=GAME llm=none search.seconds=null tournament.pairing=ladder \
#     tournament.pairs=20 tournament.openings=2 tournament.seed=1000 \
#     "agents=[{name:search,level:1},{name:search,level:2}, ... ,{name:search,level:10}]"
# (openings=0 in tic-tac-toe and Goofspiel).  Points of a level against the one below, all nine
# pairings together, with the 95 % interval, and Elo from level 1 to level 10:
#   connect_four  68 % of 195 games [61, 74], 1270 Elo (levels 9 and 10 alike: 46 % of 28)
#   othello       70 % of 100 games [60, 78], 1430 Elo
#   tic_tac_toe   56 % of 516 games [52, 60],  475 Elo: from random to perfect play there are 620
#                 Elo, and good play draws, so that ten levels cannot be 70 % apart
#   goofspiel     52 % of 188 games [45, 59],  310 Elo: the whole range is about 450 Elo
# Afterwards changed without new games, where two levels were too near or too far apart: level 3 and
# level 10 (14 plies) of connect_four, levels 7 to 9 of tic_tac_toe.
#   gomoku        76 % of 168 games [69, 81], 1630 Elo (seed 3000)
#   gen9randombattle  54 % of 190 games [47, 61], 810 Elo (seed 3000); from random choices to the
#                 best search there are about 1,000
# The table of battleship comes from a ladder of candidates (seed 1700, 76 games; 750 Elo from the
# weakest to the strongest) and was not played again.
LEVELS: Mapping[str, Mapping[str, tuple[Level, ...]]] = {
    "alphabeta": {
        "tic_tac_toe": _by_depth(
            (1, 1.0), (1, 0.5), (2, 0.75), (2, 0.5), (4, 0.5),
            (2, 0.25), (9, 0.55), (9, 0.42), (9, 0.36), (9, 0.0),
        ),
        "connect_four": _by_depth(
            (1, 0.4), (1, 0.1), (2, 0.15), (3, 0.1), (4, 0.07),
            (6, 0.05), (6, 0.02), (8, 0.0), (10, 0.0), (14, 0.0),
        ),
        "othello": _by_depth(
            (1, 0.2), (2, 0.13), (2, 0.07), (3, 0.045), (4, 0.05),
            (5, 0.03), (5, 0.0), (6, 0.0), (7, 0.0), (8, 0.0),
        ),
        "gomoku": _by_depth(
            (1, 1.0), (1, 0.3), (1, 0.15), (1, 0.1), (1, 0.07),
            (1, 0.05), (2, 0.03), (2, 0.02), (2, 0.0), (4, 0.0),
        ),
        "": _by_depth(
            (1, 0.4), (1, 0.2), (1, 0.1), (2, 0.1), (2, 0.05),
            (3, 0.05), (4, 0.03), (5, 0.0), (6, 0.0), (7, 0.0),
        ),
    },
    "simultaneous": {
        "goofspiel": _by_iterations(
            1, (20, 1.0), (20, 0.5), (20, 0.3), (50, 0.2), (50, 0.1),
            (100, 0.07), (200, 0.05), (200, 0.0), (1000, 0.0), (4000, 0.0),
        ),
        "battleship": _by_iterations(
            16, (10, 1.0), (10, 0.4), (15, 0.2), (20, 0.15), (30, 0.1),
            (50, 0.07), (100, 0.05), (200, 0.03), (400, 0.0), (2000, 0.0),
        ),
        "gen9randombattle": _by_iterations(
            4, (30, 1.0), (30, 0.45), (30, 0.35), (40, 0.2), (50, 0.12),
            (75, 0.05), (150, 0.03), (300, 0.01), (1000, 0.0), (10000, 0.0),
        ),
        "": _by_iterations(8, *_ITERATIONS),
    },
    "mcts": {"": _by_iterations(0, *((2**k, 0.0) for k in range(2, 12)))},
}  # fmt: skip
"""The levels by search and game; ``""`` stands for any other game."""


def level_of(search: str, game: str, level: int) -> Level:
    """Return how a level, 1 to 10, plays a game by a kind of search."""
    games = LEVELS[search]
    return games.get(game, games[""])[level - 1]


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
