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
from plywise.engine.kernels import RulesKernels
from plywise.games.base import GameInfo
from plywise.games.grid.gomoku import Gomoku, GomokuState


class TicTacToeState(GomokuState):
    """A position of tic-tac-toe."""

    def flat(self) -> np.ndarray[Any, Any]:
        """Return a one-element pool with this state."""
        pool = kernels.new_pool()
        for ply, action in enumerate(self.moves):
            pool[0].marks[ply % 2] |= np.uint16(1 << action)
        pool[0].ply = len(self.moves)
        pool[0].status = self._status()
        return pool


@dataclass(frozen=True)
class TicTacToe(Gomoku):
    """The game of tic-tac-toe (noughts and crosses); X moves first.

    An m,n,k game with compiled rules of its own.
    """

    info: GameInfo = field(
        init=False, default=GameInfo("tic_tac_toe", "three in a row on a 3×3 board")
    )
    rows: int = field(init=False, default=3)
    columns: int = field(init=False, default=3)
    in_line: int = field(init=False, default=3)

    def new_initial_state(self, seed: int = 0) -> TicTacToeState:
        """Return the empty board."""
        return TicTacToeState(self)

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
