"""Base of games in which two players in turn place marks on a grid until one has a line.

The rules are plain Python, independent of the kernels in ``engine/boards``: ``check_game`` compares
the two.
"""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from plywise.engine.boards.status import DRAWN, RUNNING, WON_BY_FIRST
from plywise.games.base import TERMINAL, Briefing, Game, IllegalActionError, Option, State

MARKS = "XO"
"""The marks of player 0 and 1."""

DRAWN_GAME = -1
"""``PlacingState.winner`` of a drawn game."""

_DIRECTIONS = ((1, 0), (0, 1), (1, 1), (1, -1))
_THREATS = 3  # depth of the threat search, in threats
_FACTS = """\
Beside each option stands what it leads to. Best is one that wins now, then one that wins, then \
one that is safe; one that loses or misses a win is bad."""


class PlacingState(State):
    """A position: the owner of each square, and the moves so far.

    Squares are ``(column, row)`` with row 0 at the bottom.

    Attributes:
        owner: square -> player.
        moves: actions in order.
        winner: player, ``DRAWN_GAME``, or None before the end.
    """

    def __init__(self, game: PlacingGame) -> None:
        self.game = game
        self.owner: dict[tuple[int, int], int] = {}
        self.moves: list[int] = []
        self.winner: int | None = None

    @abstractmethod
    def _open_actions(self) -> list[int]:
        """Return the actions on empty squares, ascending, for either player."""

    @abstractmethod
    def _square(self, action: int) -> tuple[int, int]:
        """Return the square that ``action`` marks."""

    def current_player(self) -> int:
        """Return the player to move or TERMINAL."""
        return TERMINAL if self.winner is not None else len(self.moves) % 2

    def legal_actions(self, player: int | None = None) -> list[int]:
        """Return the open actions for the player to move, [] for the other."""
        mover = self.current_player()
        if mover == TERMINAL or player not in (None, mover):
            return []
        return self._open_actions()

    def apply_action(self, action: int) -> None:
        """Place the mark of the player to move."""
        player = self.current_player()
        if player == TERMINAL:
            raise IllegalActionError("the game has ended: no move is possible")
        if action not in self._open_actions():
            raise IllegalActionError(
                f"action {action} is not legal here; legal are {self._open_actions()}"
            )
        square = self._square(action)
        self.owner[square] = player
        self.moves.append(action)
        if self._completes_line(square, player):
            self.winner = player
        elif len(self.moves) == self.game.rows * self.game.columns:
            self.winner = DRAWN_GAME

    def _completes_line(self, square: tuple[int, int], player: int) -> bool:
        """Return whether a mark of ``player`` on ``square``, placed or not, makes a line."""
        column, row = square
        for dc, dr in _DIRECTIONS:
            length = 1
            for sign in (1, -1):
                c, r = column + sign * dc, row + sign * dr
                while self.owner.get((c, r)) == player:
                    length += 1
                    c, r = c + sign * dc, r + sign * dr
            if length >= self.game.in_line:
                return True
        return False

    def returns(self) -> list[float]:
        """Return +1 for the winner and -1 for the other; zeros for a draw or before the end."""
        if self.winner is None or self.winner == DRAWN_GAME:
            return [0.0, 0.0]
        return [1.0, -1.0] if self.winner == 0 else [-1.0, 1.0]

    def _status(self) -> int:
        """Return the kernels' field ``status``."""
        if self.winner is None:
            return RUNNING
        return DRAWN if self.winner == DRAWN_GAME else WON_BY_FIRST + self.winner

    def clone(self) -> Self:
        """Return an independent copy."""
        copy = type(self)(self.game)
        copy.owner = self.owner.copy()
        copy.moves = self.moves.copy()
        copy.winner = self.winner
        return copy

    def serialize(self) -> str:
        """Return the game's name, its size and the moves as JSON."""
        game = self.game
        size = {"rows": game.rows, "columns": game.columns}
        return json.dumps({"game": game.info.name, **size, "moves": self.moves})

    def information_state_string(self, player: int) -> str:
        """Return the board and all moves so far."""
        moves = " ".join(self.action_to_string(k % 2, a) for k, a in enumerate(self.moves))
        return f"{self.observation_string(player)}\nmoves: {moves}"

    def winning_actions(self, player: int) -> list[int]:
        """Return the actions that win immediately if ``player`` is to move."""
        if self.winner is not None:
            return []
        return [a for a in self._open_actions() if self._completes_line(self._square(a), player)]

    def briefing(self, player: int) -> Briefing:
        """Return the board and, for each action, its consequences within two plies.

        The opponent's actions are those open now: one of them is taken by the player's action.
        """
        situation = f"{self._terse()}\nYou play {MARKS[player]}."
        facts = {a: self._facts(player, a) for a in self.legal_actions(player)}
        if any(words.startswith("wins") for words in facts.values()):
            facts = {a: w if w.startswith("wins") else "misses a win" for a, w in facts.items()}
        return Briefing(
            game=self.game.info.name,
            player=player,
            rules=f"{self.game.rules_text()}\n{_FACTS}",
            situation=situation,
            own=tuple(Option(a, self.action_to_string(player, a), s) for a, s in facts.items()),
            opponent=tuple(
                Option(a, self.action_to_string(1 - player, a), self._reply_facts(1 - player, a))
                for a in self._open_actions()
            ),
        )

    def _terse(self) -> str:
        """Return the board in few tokens: rows from the bottom up to the last one with a mark.

        Small models read about a hundred tokens a second on two cores; a blank is a token.
        """
        lines = []
        for row in range(self.game.rows):
            lines.append("".join(self._row_of_marks(row)))
        while lines and set(lines[-1]) == {"."}:
            lines.pop()
        return "\n".join(["Rows from the bottom:", *lines]) if lines else "The board is empty."

    def _row_of_marks(self, row: int) -> list[str]:
        """Return the marks in a row, counted from the bottom; ``.`` for an empty square."""
        owners = [self.owner.get((c, row)) for c in range(self.game.columns)]
        return ["." if owner is None else MARKS[owner] for owner in owners]

    def _reply_facts(self, player: int, action: int) -> str:
        """Return the facts about an action that ``player`` may have after the opponent's."""
        square = self._square(action)
        if self._completes_line(square, player):
            return "wins unless it is prevented"
        facts = ["blocks a win"] if self._completes_line(square, 1 - player) else []
        if threes := self._threes(square, player):
            facts.append(_built(threes, self.game.in_line))
        return ", ".join(facts)

    def _facts(self, player: int, action: int) -> str:
        """Return the facts of a short threat search about an action: a verdict, then details."""
        other = 1 - player
        square = self._square(action)
        if self._completes_line(square, player):
            return "wins now"
        blocks = self._completes_line(square, other)
        threes = self._threes(square, player)
        after = self.clone()
        after.apply_action(action)
        if after.winner == DRAWN_GAME:
            return "ends the game in a draw"
        if lost := after.winning_actions(other):
            return f"loses at once to {after._names(lost, other)}"
        threats = after.winning_actions(player)
        if len(threats) > 1:
            return f"wins: double threat {after._names(threats, player)}"
        facts = ["safe"]
        if threats:
            forced = after._names(threats, other)
            after.apply_action(threats[0])
            if after.forced_win(player) is not None:
                return f"wins: forces {forced}"
            if len(after.winning_actions(other)) > 1:
                return f"loses to {forced}"
            facts.append(f"threatens {forced}")
        elif (reply := after.forced_win(other)) is not None:
            return f"loses to {after._names([reply], other)}"
        if blocks:
            facts.append("blocks a win")
        if threes and not threats:
            facts.append(_built(threes, self.game.in_line))
        return ", ".join(facts)

    def forced_win(self, player: int, threats: int = _THREATS) -> int | None:
        """Return the first action of a win by threats for the player to move; None: none found.

        Each action but the last makes a threat with a single reply.  The search is limited to
        ``threats`` of them, so None does not prove that there is no win.
        """
        won = self.winning_actions(player)
        if won or self.winner is not None:
            return won[0] if won else None
        to_stop = self.winning_actions(1 - player)
        if threats == 0 or len(to_stop) > 1:
            return None
        for action in to_stop or self._open_actions():
            after = self.clone()
            after.apply_action(action)
            if after.winner is not None or after.winning_actions(1 - player):
                continue
            made = after.winning_actions(player)
            if len(made) > 1:
                return action
            if made:
                after.apply_action(made[0])
                if after.forced_win(player, threats - 1) is not None:
                    return action
        return None

    def _threes(self, square: tuple[int, int], player: int) -> int:
        """Return the number of lines that lack one mark once ``player`` has marked ``square``."""
        game, found = self.game, 0
        columns, rows, length = range(game.columns), range(game.rows), game.in_line
        for dc, dr in _DIRECTIONS:
            owners: list[int | None] = []  # on the board, along the line through the square
            for k in range(1 - length, length):
                c, r = square[0] + k * dc, square[1] + k * dr
                if k == 0:
                    owners.append(player)
                elif c in columns and r in rows:
                    owners.append(self.owner.get((c, r)))
            for first in range(len(owners) - length + 1):
                line = owners[first : first + length]
                found += line.count(player) == length - 1 and None in line
        return found

    def _names(self, actions: Iterable[int], player: int) -> str:
        return ", ".join(self.action_to_string(player, a) for a in actions)


def _built(lines: int, length: int) -> str:
    return f"{length - 1} of {length} in {lines} open line{'s' if lines > 1 else ''}"


@dataclass(frozen=True)
class PlacingGame(Game):
    """A grid of ``rows`` by ``columns``; ``in_line`` marks in a line win."""

    rows: int = 3
    columns: int = 3
    in_line: int = 3

    @abstractmethod
    def new_initial_state(self, seed: int = 0) -> PlacingState:
        """Return the empty board; there is no chance in these games."""

    @abstractmethod
    def rules_text(self) -> str:
        """Return the rules in a few sentences."""

    def max_game_length(self) -> int:
        """Return the number of squares."""
        return self.rows * self.columns

    def deserialize_state(self, text: str) -> PlacingState:
        """Return the state that ``serialize`` wrote, by playing its moves again."""
        state = self.new_initial_state()
        wanted = {"rows": self.rows, "columns": self.columns}
        replay_saved(state, text, self.info.name, wanted)
        return state


def replay_saved(state: State, text: str, name: str, size: Mapping[str, int]) -> None:
    """Play the moves of a saved state.

    Args:
        state: the game's first position.
        text: the game's ``name``, its ``size`` and the ``moves`` as JSON.
        name: the game's name.
        size: the board's measures by name; empty where the game has one board only.

    Raises:
        ValueError: the text is no state of this game on this board.
    """
    try:
        saved = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"not a saved {name} state: {error}") from error
    wanted = {"game": name, **size}
    moves = saved.get("moves") if isinstance(saved, dict) else None
    if not isinstance(moves, list) or {k: saved.get(k) for k in wanted} != wanted:
        board = " and ".join(f"{number} {measure}" for measure, number in size.items())
        described = f"{name} with {board}" if board else name
        raise ValueError(f"not a saved state of {described}: {text[:80]}")
    for number, move in enumerate(moves, 1):
        try:
            state.apply_action(move)
        except IllegalActionError as error:
            raise ValueError(f"saved {name} state, move {number}: {error}") from error
