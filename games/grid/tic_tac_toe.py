"""Tic-tac-toe: three marks in a row on a board of 3×3.

Squares are named as in chess and Gomoku records: a letter for the column, ``a`` to ``c`` from the
left, and a number for the row, ``1`` to ``3`` from the bottom.  ``b2`` is the middle.  Action ids
follow OpenSpiel: ``3 * row + column`` with row 0 at the top, so ``a3`` is 0 and ``c1`` is 8.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from plywise.engine.boards import tic_tac_toe as kernels
from plywise.engine.boards.status import DRAWN, RUNNING, WON_BY_FIRST
from plywise.engine.kernels import RulesKernels
from plywise.games.base import GameInfo
from plywise.games.grid.placing import DRAWN_GAME, MARKS, PlacingGame, PlacingState


class TicTacToeState(PlacingState):
    """A position of tic-tac-toe."""

    def _open_actions(self) -> list[int]:
        return [a for a in range(9) if self._square(a) not in self.owner]

    def _square(self, action: int) -> tuple[int, int]:
        return action % 3, 2 - action // 3

    def action_to_string(self, player: int, action: int) -> str:
        """Return the square's name, ``a1`` to ``c3``."""
        column, row = self._square(action)
        return f"{'abc'[column]}{row + 1}"

    def observation_string(self, player: int) -> str:
        """Return the board; both players see the same."""
        lines = []
        for row in (2, 1, 0):
            marks = (
                "." if (c, row) not in self.owner else MARKS[self.owner[c, row]] for c in range(3)
            )
            lines.append(f"{row + 1} {' '.join(marks)}")
        return "\n".join([*lines, "  a b c"])

    def flat(self) -> np.ndarray[Any, Any]:
        """Return a one-element pool with this state."""
        pool = kernels.new_pool()
        for action in range(9):
            if (player := self.owner.get(self._square(action))) is not None:
                pool[0].marks[player] |= np.uint16(1 << action)
        pool[0].ply = len(self.moves)
        pool[0].status = {None: RUNNING, DRAWN_GAME: DRAWN}.get(
            self.winner, WON_BY_FIRST + (self.winner or 0)
        )
        return pool


@dataclass(frozen=True)
class TicTacToe(PlacingGame):
    """The game of tic-tac-toe (noughts and crosses); X moves first."""

    info: GameInfo = field(
        init=False, default=GameInfo("tic_tac_toe", "three in a row on a 3×3 board")
    )
    rows: int = field(init=False, default=3)
    columns: int = field(init=False, default=3)
    in_line: int = field(init=False, default=3)

    def new_initial_state(self, seed: int = 0) -> TicTacToeState:
        """Return the empty board."""
        return TicTacToeState(self)

    def num_distinct_actions(self) -> int:
        """Return 9, one per square."""
        return 9

    def kernels(self) -> RulesKernels:
        """Return the compiled rules."""
        return kernels.rules()

    def rules_text(self) -> str:
        """Return the rules."""
        return (
            "Tic-tac-toe on a board of 3 columns (a, b, c from the left) and 3 rows (1, 2, 3 from "
            "the bottom). X moves first; the players take turns to mark an empty square. The first "
            "with three marks in a row, column or diagonal wins; a full board is a draw."
        )
