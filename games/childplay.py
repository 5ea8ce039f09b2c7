"""Notations of the ChildPlay tasks for our board games: as published, or our own.

A :class:`Notation` shows a game's state to a model and parses its replies.  The rules are our
games'; the published notations follow ``scripts_games/*.py`` of the repository
child-play-neurips/child-play, with the two defects of every recorded run: Connect Four's stones
contain terminal colour codes, and Battleship shows the *other* player's sea and shots.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from random import Random
from typing import cast

from plywise.datasets.childplay import fleets
from plywise.games.base import Game, IllegalActionError, ParseResult, State
from plywise.games.battleship.game import Battleship, BattleshipState
from plywise.games.grid.connect_four import ConnectFour, ConnectFourState
from plywise.games.grid.placing import MARKS, PlacingState
from plywise.games.grid.tic_tac_toe import TicTacToe, TicTacToeState

_COLOURED = ("\x1b[91mX\x1b[0m", "\x1b[32mO\x1b[0m")
_ANSWER = re.compile(r"answer\W{0,3}:", re.IGNORECASE)
_AROUND = "`'\"*_.,:; \t\n\r"


def final_answer(reply: str) -> str:
    """Return the text after the last ``Answer:`` of a reply; the whole reply without one."""
    return _ANSWER.split(reply)[-1].strip()


def final_word(reply: str) -> str:
    """Return the first word after the last ``Answer:``, without punctuation around it.

    A reply without ``Answer:`` must be a single line; "" if it is not, or if nothing follows.
    """
    text = final_answer(reply)
    if "\n" in text and not _ANSWER.search(reply):
        return ""
    words = text.strip(_AROUND).split()
    return words[0].strip(_AROUND) if words else ""


class Notation(ABC):
    """The notation of one game."""

    def __init__(self, game: Game) -> None:
        self.game = game

    def start(self, rng: Random) -> State:
        """Return the first position that the model plays."""
        return self.game.new_initial_state()

    @abstractmethod
    def view(self, state: State, player: int) -> str:
        """Return the text shown to the model when it is ``player``."""

    @abstractmethod
    def name(self, state: State, action: int) -> str:
        """Return the notation of an action."""

    @abstractmethod
    def read(self, state: State, reply: str) -> ParseResult:
        """Return the legal action that a reply names."""


class OwnNotation(Notation):
    """Our games' observations and names; the word after the last ``Answer:`` counts."""

    def view(self, state: State, player: int) -> str:
        """Return the player's observation."""
        return state.observation_string(player)

    def name(self, state: State, action: int) -> str:
        """Return the action's name."""
        return state.action_to_string(state.current_player(), action)

    def read(self, state: State, reply: str) -> ParseResult:
        """Return the legal action named in a reply."""
        word = final_word(reply)
        if not word:
            return ParseResult(None, reason="there is no last line 'Answer: …'")
        try:
            return ParseResult(state.string_to_action(word), word)
        except IllegalActionError as error:
            return ParseResult(None, word, str(error))


class OwnBattleship(OwnNotation):
    """Battleship with both fleets complete, placed at random before the first shot."""

    def start(self, rng: Random) -> State:
        """Return a position with both fleets placed by random legal actions."""
        state = cast("BattleshipState", self.game.new_initial_state())
        while state.placing(state.current_player()):
            state.apply_action(rng.choice(state.legal_actions()))
        return state


class PublishedNotation(Notation):
    """The published notation; a reply must be the numbers alone, anything else is no move."""

    columns = 3
    numbers = 2

    def name(self, state: State, action: int) -> str:
        """Return the numbers that name an action."""
        return " ".join(map(str, divmod(action, self.columns)[-self.numbers :]))

    def read(self, state: State, reply: str) -> ParseResult:
        """Return the action of the numbers, if it is legal."""
        words = reply.split()
        try:
            values = [int(word) for word in words]
        except ValueError:
            values = []
        if len(values) != self.numbers:
            wanted = "one whole number" if self.numbers == 1 else "two whole numbers"
            return ParseResult(None, reply.strip()[:40], f"the reply is not {wanted}")
        rows = self.columns if self.numbers == 2 else 1
        row, column = values if self.numbers == 2 else (0, values[0])
        if not (0 <= row < rows and 0 <= column < self.columns):
            return ParseResult(None, reply.strip(), "out of range")
        action = row * self.columns + column
        if action not in state.legal_actions():
            return ParseResult(None, reply.strip(), "not open any more")
        return ParseResult(action, reply.strip())


class PublishedTicTacToe(PublishedNotation):
    """Rows and columns from 0 at the top left."""

    def view(self, state: State, player: int) -> str:
        """Return the board in a frame."""
        owner = cast("TicTacToeState", state).owner
        rule = "  " + "+---" * 3 + "+"
        lines = ["    0   1   2", rule]
        for row in range(3):
            marks = [MARKS[owner[c, 2 - row]] if (c, 2 - row) in owner else " " for c in range(3)]
            lines += [f"{row} | {' | '.join(marks)} |", rule]
        return "\n".join(lines)


class PublishedConnectFour(PublishedNotation):
    """Seven columns from 0; stones in terminal colours."""

    columns = 7
    numbers = 1

    def view(self, state: State, player: int) -> str:
        """Return the board, top row first."""
        owner = cast("ConnectFourState", state).owner
        height = cast("PlacingState", state).game.rows
        lines = [" " + " ".join(map(str, range(self.columns)))]
        for row in reversed(range(height)):
            cells = [
                _COLOURED[owner[c, row]] if (c, row) in owner else "." for c in range(self.columns)
            ]
            lines.append(f"|{'|'.join(cells)}|")
        return "\n".join(lines)


class PublishedBattleship(PublishedNotation):
    """Two seas side by side, of the wrong player; incomplete fleets."""

    columns = fleets.SIDE

    def start(self, rng: Random) -> State:
        """Return a position with two published fleets; a missing ship has no squares."""
        state = cast("BattleshipState", self.game.new_initial_state())
        for fleet in state.fleets:
            fleet.extend(fleets.published_fleet(rng))
        return state

    def view(self, state: State, player: int) -> str:
        """Return the *other* player's observation, which was shown to models."""
        sea = cast("BattleshipState", state)
        shown = 1 - player
        own = dict.fromkeys((s for ship in sea.fleets[shown] for s in ship), "S")
        own |= {s: "X" for s, hit, _ in sea.results(player) if hit}
        other = {s: "X" if hit else "O" for s, hit, _ in sea.results(shown)}
        side = self.columns
        header = " ".join(map(str, range(side)))
        lines = [f"Your Ships:{' ' * (side - 2)}Opponent's Board:", f"  {header}     {header}"]
        for row in range(side):
            cells = range(row * side, (row + 1) * side)
            left, right = (" ".join(x.get(s, "~") for s in cells) for x in (own, other))
            lines.append(f"{row} {left} | {row} {right}")
        return "\n".join(lines)


def notation(task: str, fair: bool) -> Notation:
    """Return the notation of a game task: ours if ``fair``, else the published one.

    Raises:
        ValueError: the task is no game.
    """
    if task == "tic_tac_toe":
        return OwnNotation(TicTacToe()) if fair else PublishedTicTacToe(TicTacToe())
    if task == "connect_four":
        seven = ConnectFour(rows=7, columns=7)
        return OwnNotation(seven) if fair else PublishedConnectFour(seven)
    if task == "battleship":
        # Fair fleets have the longest ship first, so that random placement is fast.
        lengths = tuple(sorted(fleets.LENGTHS, reverse=True)) if fair else fleets.LENGTHS
        game = Battleship(fleets.SIDE, fleets.SIDE, lengths, touching=True)
        return OwnBattleship(game) if fair else PublishedBattleship(game)
    raise ValueError(f"no game task is called {task!r}")
