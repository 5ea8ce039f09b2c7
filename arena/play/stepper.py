"""The loop of one game that matches, the terminal and replays share."""

from __future__ import annotations

import time
from collections.abc import Sequence
from random import Random
from typing import Protocol

from plywise.arena.agents.spec import Agent
from plywise.arena.play.record import two_sides
from plywise.games.base import CHANCE, SIMULTANEOUS, Game, State
from plywise.search.decision import Decision


class IllegalDecisionError(RuntimeError):
    """An agent named an action that is not legal: a bug in that agent."""


class EndlessGameError(RuntimeError):
    """A game went on beyond its own ``max_game_length``: a bug in that game."""


class Watcher(Protocol):
    """Sees every decision of a game as it is made."""

    def thinking(self, ply: int, player: int) -> None:
        """Note that ``player`` is about to decide."""

    def decided(self, ply: int, player: int, decision: Decision) -> None:
        """Note the decision, legal or not."""


def decision_seed(game_seed: int | str, ply: int, player: int) -> int:
    """Return the 63-bit seed of one decision, a function of its place in the game alone."""
    return Random(f"{game_seed}/{ply}/{player}").getrandbits(63)


class GameInProgress:
    """A game in progress, always at a decision or at its end: chance is drawn at once.

    Attributes:
        state: the position; one object that changes.
        actions: by ply and player; -1 (``NO_ACTION``) where a player had nothing to decide.
        drawn: outcomes of chance between the last decision and this position.
        sides: each player's part so far.
        deciding: player whose agent is deciding, or failed to; None between decisions.
    """

    def __init__(self, game: Game, seed: int) -> None:
        self.game, self.seed = game, seed
        self.state: State = game.new_initial_state(seed)
        self.actions: list[tuple[int, int]] = []
        self.sides = two_sides()
        self.deciding: int | None = None
        self._chance = Random(f"{seed}/chance")
        self.drawn = self._draw()

    @property
    def ply(self) -> int:
        """Number of the next decision."""
        return len(self.actions)

    def due(self) -> list[int]:
        """Return the players who decide now, without those who have no legal action.

        Raises:
            EndlessGameError: the game is longer than it can be.
        """
        if self.ply >= self.game.max_game_length():
            name = self.game.info.name
            raise EndlessGameError(f"{name} did not end within {self.ply} decisions")
        mover = self.state.current_player()
        players = (0, 1) if mover == SIMULTANEOUS else (mover,)
        return [player for player in players if self.state.legal_actions(player)]

    def decide(
        self, player: int, agent: Agent, *, watcher: Watcher | None = None, copied: bool = False
    ) -> Decision:
        """Return the agent's decision for ``player``, which is not played yet.

        Args:
            watcher: sees the decision.
            copied: whether the agent gets a copy of the state.

        Raises:
            IllegalDecisionError: its action is not legal.
        """
        legal = self.state.legal_actions(player)
        self.deciding = player
        if watcher is not None:
            watcher.thinking(self.ply, player)
        state = self.state.clone() if copied else self.state
        start = time.perf_counter()
        decision = agent.decide(state, player, decision_seed(self.seed, self.ply, player))
        self.sides[player].note(time.perf_counter() - start, decision.notes)
        if watcher is not None:
            watcher.decided(self.ply, player, decision)
        if decision.action not in legal:
            self.sides[player].illegal += 1
            raise IllegalDecisionError(f"{agent.name} chose {decision.action}, legal are {legal}")
        self.deciding = None
        return decision

    def apply(self, chosen: Sequence[int]) -> None:
        """Play one decision (an action for each player), then draw what chance decides."""
        mover = self.state.current_player()
        if mover == SIMULTANEOUS:
            self.state.apply_actions(chosen)
        else:
            self.state.apply_action(chosen[mover])
        self.actions.append((chosen[0], chosen[1]))
        self.drawn = self._draw()

    def go_back(self, state: State, ply: int) -> None:
        """Return to the position before decision number ``ply``, which was ``state``."""
        self.state = state
        del self.actions[ply:]

    def _draw(self) -> list[int]:
        outcomes = []
        while self.state.current_player() == CHANCE:
            outcomes.append(self.state.draw_chance(self._chance))
            self.state.apply_action(outcomes[-1])
        return outcomes
