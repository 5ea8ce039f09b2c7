"""The game interface: OpenSpiel's names and semantics, in plain Python.

A person adds a game by writing a :class:`Game` and a :class:`State`; it then runs with every
agent.  Giving the game ``kernels`` (see ``engine/kernels.py``) makes the compiled searches
available.  The language-model layer is separate: :meth:`State.briefing` states, as a plain value,
what a model may be told.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plywise.engine.kernels import CHANCE, NO_ACTION, SIMULTANEOUS, TERMINAL, RulesKernels

__all__ = [
    "CHANCE",
    "NO_ACTION",
    "SIMULTANEOUS",
    "TERMINAL",
    "ActionTable",
    "Briefing",
    "Game",
    "GameInfo",
    "IllegalActionError",
    "Option",
    "ParseResult",
    "State",
    "TimeLeft",
]


class IllegalActionError(ValueError):
    """An action that is not legal in this state."""


@dataclass(frozen=True)
class GameInfo:
    """What a game declares about itself (OpenSpiel's ``GameType`` in short)."""

    name: str
    summary: str
    simultaneous: bool = False
    stochastic: bool = False
    hidden_information: bool = False


@dataclass(frozen=True)
class Option:
    """One action as a language model is shown it: a label of ours and computed facts.

    Attributes:
        interest: where there are more options than a prompt can show, those with the most of it are
            shown.
    """

    action: int
    label: str
    facts: str = ""
    interest: float = 0.0


@dataclass(frozen=True)
class Briefing:
    """Everything a guide may be told about a decision; holds no opponent-controlled text.

    Attributes:
        rules: text that never changes for this game (first in a prompt, for prefix caching).
        setup: what never changes within one game, as the player's own team; "" where there is none.
        situation: the state as the player may know it.
        own: the player's legal actions.
        opponent: the actions the opponent may have, as far as the player can know: at the same time
            or, where players move in turn, after this decision.  () where a model cannot be asked.
        worth: how many of its own actions, those of most interest, a model need be asked about;
            None: all of them.
    """

    game: str
    player: int
    rules: str
    situation: str
    own: tuple[Option, ...]
    opponent: tuple[Option, ...] = ()
    setup: str = ""
    worth: int | None = None


@dataclass(frozen=True)
class ActionTable:
    """Facts about actions in columns, for people.

    Attributes:
        titles: one a column.
        rows: one cell a column, a text or an action; of an action its number is shown.
        right: columns whose texts are aligned to the right.
        note: meaning of the figures; "" where the titles say it.
    """

    titles: tuple[str, ...]
    rows: tuple[tuple[str | int, ...], ...]
    right: frozenset[int] = frozenset()
    note: str = ""


@dataclass(frozen=True)
class ParseResult:
    """What was understood of a reply: a legal action, or None and the reason."""

    action: int | None
    extracted: str = ""
    reason: str = ""


@dataclass(frozen=True)
class TimeLeft:
    """When a server's timer runs out, in the seconds of ``time.perf_counter``.

    Attributes:
        turn_ends: for this decision.
        bank_ends: for all decisions to come, if no turn added anything.
    """

    turn_ends: float
    bank_ends: float


class State(ABC):
    """A position; mutable through ``apply_action(s)`` only.

    Attributes:
        time_left: what a server's timer leaves for this decision; None where none runs.
    """

    time_left: TimeLeft | None = None

    @abstractmethod
    def current_player(self) -> int:
        """Return the player to move, or CHANCE, SIMULTANEOUS or TERMINAL."""

    @abstractmethod
    def legal_actions(self, player: int | None = None) -> list[int]:
        """Return the legal actions of ``player`` (default: to move), ascending; [] at the end."""

    @abstractmethod
    def returns(self) -> list[float]:
        """Return the result for each player in [-1, 1], summing to 0; zeros before the end."""

    @abstractmethod
    def clone(self) -> State:
        """Return an independent copy."""

    @abstractmethod
    def action_to_string(self, player: int, action: int) -> str:
        """Return the action's short name, unique among the legal actions of this state."""

    def action_seen_by(self, viewer: int, player: int, action: int) -> str:
        """Return how ``viewer`` sees an action of ``player``; override it where that is hidden."""
        return self.action_to_string(player, action)

    def action_tables(self, player: int) -> tuple[ActionTable, ...]:
        """Return what ``player`` may know of its legal actions; () where their names say it all."""
        return ()

    @abstractmethod
    def observation_string(self, player: int) -> str:
        """Return what ``player`` sees, for people (ASCII)."""

    @abstractmethod
    def serialize(self) -> str:
        """Return a text that ``Game.deserialize_state`` turns back into this state."""

    def apply_action(self, action: int) -> None:
        """Apply the action of the player to move (or of chance)."""
        raise NotImplementedError

    def apply_actions(self, actions: Sequence[int]) -> None:
        """Apply one action per player at a simultaneous node (NO_ACTION where none is due)."""
        raise NotImplementedError

    def is_terminal(self) -> bool:
        """Return whether the game has ended."""
        return self.current_player() == TERMINAL

    def chance_outcomes(self) -> list[tuple[int, float]]:
        """Return (outcome, probability) pairs at a chance node."""
        raise NotImplementedError

    def draw_chance(self, rng: Random) -> int:
        """Return an outcome drawn at a chance node."""
        outcomes, weights = zip(*self.chance_outcomes(), strict=True)
        drawn: int = rng.choices(outcomes, weights)[0]
        return drawn

    def string_to_action(self, text: str, player: int | None = None) -> int:
        """Return the legal action named ``text``.

        Raises:
            IllegalActionError: no legal action has that name.
        """
        who = self.current_player() if player is None else player
        wanted = text.strip().lower()
        for action in self.legal_actions(who):
            if self.action_to_string(who, action).lower() == wanted:
                return action
        raise IllegalActionError(f"'{text.strip()}' is not a legal move here")

    def information_state_string(self, player: int) -> str:
        """Return all that ``player`` knows, history included; equal for states that it confuses."""
        return self.observation_string(player)

    def resample_from_infostate(self, player: int, rng: Random) -> State:
        """Return a state drawn from those that ``player`` cannot tell from this one."""
        return self.clone()

    def view(self, player: int) -> State:
        """Return the decision as ``player`` sees it; the state itself where nothing else is known.

        Override it where all that an agent may look at is another object.
        """
        return self

    def worlds(
        self, player: int, count: int, seed: int, deadline: float | None = None
    ) -> NDArray[Any]:
        """Return a pool of ``count`` flat states that ``player`` cannot tell from this one.

        None is begun after ``deadline`` (``time.perf_counter``) but the first.
        """
        rng = Random(seed)
        drawn = [self.resample_from_infostate(player, rng).flat()]
        while len(drawn) < count and (deadline is None or time.perf_counter() < deadline):
            drawn.append(self.resample_from_infostate(player, rng).flat())
        return np.concatenate(drawn)

    def briefing(self, player: int) -> Briefing:
        """Return what a guide may be told; the default lists names only."""
        return Briefing(
            game="",
            player=player,
            rules="",
            situation=self.observation_string(player),
            own=tuple(
                Option(a, self.action_to_string(player, a)) for a in self.legal_actions(player)
            ),
        )

    def parse(self, text: str, player: int | None = None) -> ParseResult:
        """Find a legal action in a model's or person's reply; the last one named counts.

        Of names that end at the same place the longest counts: ``Na3`` holds ``a3``.
        """
        who = self.current_player() if player is None else player
        best: tuple[int, int, int] | None = None
        low = text.lower()
        for action in self.legal_actions(who):
            name = self.action_to_string(who, action).lower()
            at = low.rfind(name)
            if at >= 0 and (best is None or (at + len(name), len(name)) > best[:2]):
                best = (at + len(name), len(name), action)
        if best is None:
            return ParseResult(None, reason="no legal move is named in the reply")
        return ParseResult(best[2], extracted=self.action_to_string(who, best[2]))

    def flat(self) -> np.ndarray[Any, Any]:
        """Return a one-element pool with this state, for games that have kernels."""
        raise NotImplementedError


@dataclass(frozen=True)
class Game(ABC):
    """The rules of one game with fixed parameters."""

    info: GameInfo = field(init=False)

    num_players = 2
    min_utility = -1.0
    max_utility = 1.0

    @abstractmethod
    def new_initial_state(self, seed: int = 0) -> State:
        """Return the first position; ``seed`` drives whatever chance the game draws itself."""

    @abstractmethod
    def deserialize_state(self, text: str) -> State:
        """Return the state that ``State.serialize`` wrote.

        Raises:
            ValueError: the text is not a state of this game.
        """

    @abstractmethod
    def num_distinct_actions(self) -> int:
        """Return how many action ids there are; they are ``0 … n-1``."""

    @abstractmethod
    def max_game_length(self) -> int:
        """Return an upper bound on the number of decisions in one game."""

    def kernels(self) -> RulesKernels | None:
        """Return the compiled rules, or None for a game in plain Python."""
        return None

    def prepare_briefings(self) -> None:
        """Write a first one, so that no decision waits for what they compute with."""
        self.kernels()
        state, random = self.new_initial_state(), Random(0)
        while state.current_player() == CHANCE:
            state.apply_action(state.draw_chance(random))
        mover = state.current_player()
        state.briefing(0 if mover == SIMULTANEOUS else mover)
