"""The game interface: OpenSpiel's names and semantics, in plain Python.

A person adds a game by writing a :class:`Game` and a :class:`State`; it then runs with every
agent.  Giving the game ``kernels`` (see ``engine/kernels.py``) makes the compiled searches
available.  The language-model layer is separate: :meth:`State.briefing` returns, as a plain value,
everything that a model may know.
"""

from __future__ import annotations

import re
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plywise.datasets.errors import ConfigError
from plywise.engine.kernels import CHANCE, NO_ACTION, SIMULTANEOUS, TERMINAL, RulesKernels
from plywise.games.worlds_config import WorldsConfig

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
    "parse_number",
]


class IllegalActionError(ValueError):
    """An action that is not legal in this state."""


@dataclass(frozen=True)
class GameInfo:
    """Properties of a game (a short form of OpenSpiel's ``GameType``)."""

    name: str
    summary: str
    simultaneous: bool = False
    stochastic: bool = False
    hidden_information: bool = False


@dataclass(frozen=True)
class Option:
    """One action in a prompt: our label and computed facts.

    Attributes:
        facts: computed facts in words; "" none.
        interest: rank of the option where a prompt cannot show all: the highest are shown.
    """

    action: int
    label: str
    facts: str = ""
    interest: float = 0.0


@dataclass(frozen=True)
class Briefing:
    """Everything that a guide may know about a decision, without opponent-controlled text.

    Attributes:
        rules: text that is constant for the game (first in a prompt, for prefix caching).
        setup: text that is constant within one game, such as the player's team; "" none.
        situation: the player's information state in words.
        own: the player's legal actions.
        opponent: the opponent's actions that the player can know: simultaneous ones or, where
            players move in turn, those after this decision; () if a model is not asked about them.
        worth: number of the player's actions, those of highest interest, about which a model is
            asked; None: all.
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
        titles: title of each column.
        rows: cells of each row, a text or an action, which is shown by its number.
        right: indices of the columns aligned to the right.
        note: meaning of the figures; "" none is needed.
    """

    titles: tuple[str, ...]
    rows: tuple[tuple[str | int, ...], ...]
    right: frozenset[int] = frozenset()
    note: str = ""


@dataclass(frozen=True)
class ParseResult:
    """A parsed reply.

    Attributes:
        action: the legal action; None: there is none.
        extracted: the part of the reply that names it.
        reason: why there is none; "" otherwise.
    """

    action: int | None
    extracted: str = ""
    reason: str = ""


def parse_number(text: str, legal: Sequence[int], *, refused: str, missing: str) -> ParseResult:
    """Return the last number in a reply that is a legal action, counted from 1.

    Args:
        legal: the legal actions, counted from 0.
        refused: reason if all numbers are illegal, after the last of them.
        missing: reason if there is no number.
    """
    numbers = re.findall(r"(?<![\w.])\d{1,3}(?!\w|\.\d)", text)
    for number in reversed(numbers):
        if int(number) - 1 in legal:
            return ParseResult(int(number) - 1, extracted=number)
    if numbers:
        return ParseResult(None, numbers[-1], f"{numbers[-1]} {refused}")
    return ParseResult(None, reason=missing)


@dataclass(frozen=True)
class TimeLeft:
    """Deadlines of a server's timer, in seconds of ``time.perf_counter``.

    Attributes:
        turn_ends: deadline of this decision.
        bank_ends: deadline of all remaining decisions, if turns added no time.
    """

    turn_ends: float
    bank_ends: float


class State(ABC):
    """A position; mutable through ``apply_action(s)`` only.

    Attributes:
        time_left: time that a server's timer leaves for this decision; None: no timer runs.
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
        """Return an action's name as ``viewer`` sees it; override it where actions are hidden."""
        return self.action_to_string(player, action)

    def reply_name(self, player: int, action: int) -> str:
        """Return the name by which ``player`` knows an action that the other one may take."""
        return f"action {action}"

    def named_replies(
        self, player: int, worlds: NDArray[Any], strategies: Sequence[Mapping[int, float]]
    ) -> dict[str, float]:
        """Return the other player's strategy by names, where actions differ between worlds.

        Args:
            player: who expects it.
            worlds: flat states, equally likely.
            strategies: the other player's strategy in each of them.

        Returns:
            shares by name, the largest first; {} where an action is the same in all worlds.
        """
        return {}

    def action_tables(self, player: int) -> tuple[ActionTable, ...]:
        """Return facts about the legal actions of ``player`` as tables; () if names are enough."""
        return ()

    @abstractmethod
    def observation_string(self, player: int) -> str:
        """Return the observation of ``player``, for people (ASCII)."""

    def situation_string(self, player: int) -> str:
        """Return the observation without what stays as it is in a game, such as the own team."""
        return self.observation_string(player)

    @abstractmethod
    def serialize(self) -> str:
        """Return a text that ``Game.deserialize_state`` turns back into this state."""

    def apply_action(self, action: int) -> None:
        """Apply the action of the player to move, or a chance outcome.

        Raises:
            IllegalActionError: the action is not legal, or nobody or both players are to move.
        """
        raise NotImplementedError

    def apply_actions(self, actions: Sequence[int]) -> None:
        """Apply one action per player at a simultaneous node (NO_ACTION where none is due).

        Raises:
            IllegalActionError: an action is not legal, or the players do not move at once.
        """
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
        """Return the information state of ``player``, equal within its information set."""
        return self.observation_string(player)

    def resample_from_infostate(self, player: int, rng: Random) -> State:
        """Return a state sampled from the information set of ``player``."""
        return self.clone()

    def view(self, player: int) -> State:
        """Return the state that an agent playing ``player`` is given; by default this state.

        Override it where the information state is an object of its own.
        """
        return self

    def worlds(
        self,
        player: int,
        count: int,
        seed: int,
        deadline: float | None = None,
        config: WorldsConfig | None = None,
    ) -> NDArray[Any]:
        """Return a pool of ``count`` flat states sampled from the information set of ``player``.

        Only the first is drawn after ``deadline`` (``time.perf_counter``).  ``config`` says what is
        believed of what is hidden; None: the default.
        """
        rng = Random(seed)
        drawn = [self.resample_from_infostate(player, rng).flat()]
        while len(drawn) < count and (deadline is None or time.perf_counter() < deadline):
            drawn.append(self.resample_from_infostate(player, rng).flat())
        return np.concatenate(drawn)

    def team_order_action(self, player: int) -> int | None:
        """Return the action that keeps a team's own order where one is chosen; None elsewhere."""
        return None

    def briefing(self, player: int) -> Briefing:
        """Return everything that a guide may know; the default lists names only."""
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
        """Return the legal action named last in a model's or person's reply.

        Of names that end at the same place the longest counts: ``Na3`` contains ``a3``.
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
        """Return a pool of this state alone, for games with kernels."""
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
        """Return the first position; ``seed`` determines chance that the game draws itself."""

    @abstractmethod
    def deserialize_state(self, text: str) -> State:
        """Return the state that ``State.serialize`` wrote.

        Raises:
            ValueError: the text is not a state of this game.
        """

    @abstractmethod
    def num_distinct_actions(self) -> int:
        """Return the number of action ids, which are ``0 … n-1``."""

    @abstractmethod
    def max_game_length(self) -> int:
        """Return an upper bound on the number of decisions in one game."""

    def kernels(self) -> RulesKernels | None:
        """Return the compiled rules; None: the game is in plain Python."""
        return None

    def prepare_worlds(self, config: WorldsConfig) -> None:
        """Load what sampled worlds are drawn from, so that no decision waits for it.

        Raises:
            ConfigError: a file that ``config`` names cannot be used, or the game takes none.
        """
        if config.usage_file is not None:
            raise ConfigError(
                f"search.usage_file={config.usage_file}: {self.info.name} takes no usage statistics"
            )

    def prepare_briefings(self) -> None:
        """Make a first briefing, so that no decision waits for compilation."""
        self.kernels()
        state, random = self.new_initial_state(), Random(0)
        while state.current_player() == CHANCE:
            state.apply_action(state.draw_chance(random))
        mover = state.current_player()
        state.briefing(0 if mover == SIMULTANEOUS else mover)
