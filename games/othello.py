"""Othello on 8×8: discs turn what they enclose; who has more discs at the end wins.

Squares are named as in Othello records: a letter for the column, ``a`` to ``h`` from the left, and
a number for the row, ``1`` to ``8`` from the top.  Action ids are ``8 * row + column`` with row 0
at the top; 64 is ``pass``, legal only where nothing else is.  The rules here are plain Python on
purpose, written apart from the kernels: ``check_game`` compares the two.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from plywise.engine.boards import othello as kernels
from plywise.engine.kernels import RulesKernels
from plywise.games.base import TERMINAL, Briefing, Game, GameInfo, IllegalActionError, Option, State

PASS = kernels.PASS
MARKS = "XO"
"""Black (player 0, moves first) and white."""

_DIRECTIONS = [(dr, dc) for dr in (-1, 0, 1) for dc in (-1, 0, 1) if (dr, dc) != (0, 0)]
_START = {(3, 4): 0, (4, 3): 0, (3, 3): 1, (4, 4): 1}
_CORNERS = ((0, 0), (0, 7), (7, 0), (7, 7))


class OthelloState(State):
    """A position: the owner of each disc by (row, column), row 0 at the top."""

    def __init__(self, game: Othello) -> None:
        self.game = game
        self.owner = dict(_START)
        self.mover = 0
        self.over = False
        self.moves: list[int] = []

    def turned_by(self, player: int, row: int, column: int) -> list[tuple[int, int]]:
        """Return the squares whose discs ``player`` would turn from (row, column)."""
        if (row, column) in self.owner:
            return []
        found: list[tuple[int, int]] = []
        for dr, dc in _DIRECTIONS:
            run: list[tuple[int, int]] = []
            r, c = row + dr, column + dc
            while self.owner.get((r, c)) == 1 - player:
                run.append((r, c))
                r, c = r + dr, c + dc
            if run and self.owner.get((r, c)) == player:
                found += run
        return found

    def _placings(self, player: int) -> list[int]:
        return [a for a in range(64) if self.turned_by(player, a // 8, a % 8)]

    def current_player(self) -> int:
        """Return the player to move or TERMINAL."""
        return TERMINAL if self.over else self.mover

    def legal_actions(self, player: int | None = None) -> list[int]:
        """Return where a disc can be placed, else [PASS]; [] for the player not to move."""
        if self.over or player not in (None, self.mover):
            return []
        return self._placings(self.mover) or [PASS]

    def apply_action(self, action: int) -> None:
        """Place a disc or pass.

        Raises:
            IllegalActionError: the game has ended, or the action is not legal.
        """
        if self.over:
            raise IllegalActionError("the game has ended: no move is possible")
        if action not in self.legal_actions():
            raise IllegalActionError(
                f"action {action} is not legal here; legal are {self.legal_actions()}"
            )
        if action != PASS:
            row, column = divmod(action, 8)
            for square in [*self.turned_by(self.mover, row, column), (row, column)]:
                self.owner[square] = self.mover
        self.moves.append(action)
        self.mover = 1 - self.mover
        self.over = not self._placings(0) and not self._placings(1)

    def count(self, player: int) -> int:
        """Return how many discs a player has."""
        return sum(owner == player for owner in self.owner.values())

    def returns(self) -> list[float]:
        """Return +1 for who has more discs and -1 for the other; zeros for equal or not ended."""
        difference = self.count(0) - self.count(1)
        if not self.over or difference == 0:
            return [0.0, 0.0]
        return [1.0, -1.0] if difference > 0 else [-1.0, 1.0]

    def clone(self) -> OthelloState:
        """Return an independent copy."""
        copy = OthelloState(self.game)
        copy.owner, copy.moves = self.owner.copy(), self.moves.copy()
        copy.mover, copy.over = self.mover, self.over
        return copy

    def action_to_string(self, player: int, action: int) -> str:
        """Return the square's name, ``a1`` to ``h8``, or ``pass``."""
        return "pass" if action == PASS else f"{'abcdefgh'[action % 8]}{action // 8 + 1}"

    def observation_string(self, player: int) -> str:
        """Return the board; both players see the same."""
        lines = ["  a b c d e f g h"]
        for row in range(8):
            marks = (
                "." if (row, c) not in self.owner else MARKS[self.owner[row, c]] for c in range(8)
            )
            lines.append(f"{row + 1} {' '.join(marks)}")
        return "\n".join([*lines, f"X {self.count(0)}, O {self.count(1)}"])

    def information_state_string(self, player: int) -> str:
        """Return the board and all moves so far."""
        return f"{self.observation_string(player)}\nmoves: {self._line()}"

    def _line(self) -> str:
        return " ".join(self.action_to_string(0, a) for a in self.moves)

    def serialize(self) -> str:
        """Return the moves as JSON."""
        return json.dumps({"game": self.game.info.name, "moves": self.moves})

    def briefing(self, player: int) -> Briefing:
        """Return the board and, for each square, what a disc there does at once.

        The opponent's actions are all that it may have after any of the player's.
        """
        replies: set[int] = set()
        for action in self.legal_actions(player):
            after = self.clone()
            after.apply_action(action)
            replies.update(after.legal_actions(1 - player))
        return Briefing(
            game=self.game.info.name,
            player=player,
            rules=self.game.rules_text(),
            situation=f"{self.observation_string(player)}\nYou play {MARKS[player]}.",
            own=tuple(
                Option(a, self.action_to_string(player, a), self._facts(player, a))
                for a in self.legal_actions(player)
            ),
            opponent=tuple(
                Option(
                    a,
                    self.action_to_string(1 - player, a),
                    "takes a corner" if divmod(a, 8) in _CORNERS else "",
                )
                for a in sorted(replies)
            ),
        )

    def _facts(self, player: int, action: int) -> str:
        if action == PASS:
            return "the only move"
        row, column = divmod(action, 8)
        facts = ["takes a corner"] if (row, column) in _CORNERS else []
        facts.append(f"turns {len(self.turned_by(player, row, column))}")
        after = self.clone()
        after.apply_action(action)
        if after.over:
            ending = {1.0: "wins now", -1.0: "loses now", 0.0: "ends in a draw"}
            return f"{ending[after.returns()[player]]}; {'; '.join(facts)}"
        replies = after.legal_actions()
        if replies == [PASS]:
            facts.append("the opponent must pass")
        elif any(divmod(a, 8) in _CORNERS for a in replies):
            facts.append("allows a corner")
        return "; ".join(facts)

    def flat(self) -> np.ndarray[Any, Any]:
        """Return a one-element pool with this state."""
        pool = kernels.new_pool()
        pool[0].discs = [
            sum(1 << 8 * r + c for (r, c), owner in self.owner.items() if owner == p)
            for p in (0, 1)
        ]
        pool[0].mover, pool[0].over = self.mover, self.over
        return pool


@dataclass(frozen=True)
class Othello(Game):
    """The game of Othello; X (black) moves first."""

    info: GameInfo = field(
        init=False, default=GameInfo("othello", "turn what you enclose, on a board of 8×8")
    )

    def new_initial_state(self, seed: int = 0) -> OthelloState:
        """Return the first position; there is no chance in this game."""
        return OthelloState(self)

    def deserialize_state(self, text: str) -> OthelloState:
        """Return the state that ``serialize`` wrote, by playing its moves again.

        Raises:
            ValueError: the text is no state of this game.
        """
        try:
            saved = json.loads(text)
        except json.JSONDecodeError as error:
            raise ValueError(f"not a saved othello state: {error}") from error
        moves = saved.get("moves") if isinstance(saved, dict) else None
        if not isinstance(moves, list) or saved.get("game") != self.info.name:
            raise ValueError(f"not a saved state of othello: {text[:80]}")
        state = self.new_initial_state()
        for number, move in enumerate(moves, 1):
            try:
                state.apply_action(move)
            except IllegalActionError as error:
                raise ValueError(f"saved othello state, move {number}: {error}") from error
        return state

    def num_distinct_actions(self) -> int:
        """Return 65: the squares and the pass."""
        return kernels.NUM_ACTIONS

    def max_game_length(self) -> int:
        """Return 120: each of the 60 discs can follow one pass at most."""
        return 120

    def kernels(self) -> RulesKernels:
        """Return the compiled rules."""
        return kernels.rules()

    def rules_text(self) -> str:
        """Return the rules."""
        return (
            "Othello on a board of 8 columns (a to h from the left) and 8 rows (1 to 8 from the "
            "top). X moves first; the players take turns to place a disc so that it encloses at "
            "least one straight run of the opponent's discs between it and another disc of their "
            "own; all discs so enclosed turn. Who cannot do so passes. When neither can, the "
            "player with more discs wins."
        )
