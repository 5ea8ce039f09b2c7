"""Connect Four: stones dropped into columns, four in a line win.

Columns are named ``1``, ``2`` … from the left, as on the toy and in solvers' move strings; action
ids count from 0.  The board has 6 rows and 7 columns by default (ChildPlay's has 7×7).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import Any

import numpy as np

from plywise.engine.boards import connect_four as kernels
from plywise.engine.kernels import RulesKernels
from plywise.games.base import GameInfo, ParseResult, parse_number
from plywise.games.grid.placing import PlacingGame, PlacingState


class ConnectFourState(PlacingState):
    """A position of Connect Four."""

    def _open_actions(self) -> list[int]:
        top = self.game.rows - 1
        return [c for c in range(self.game.columns) if (c, top) not in self.owner]

    def _square(self, action: int) -> tuple[int, int]:
        return action, next(row for row in count() if (action, row) not in self.owner)

    def action_to_string(self, player: int, action: int) -> str:
        """Return the column's number, counted from 1."""
        return str(action + 1)

    def parse(self, text: str, player: int | None = None) -> ParseResult:
        """Return the last number in a reply that is an open column."""
        return parse_number(
            text,
            self.legal_actions(self.current_player() if player is None else player),
            refused="is not an open column",
            missing="no column number in the reply",
        )

    def observation_string(self, player: int) -> str:
        """Return the board, top row first; both players see the same."""
        width = len(str(self.game.columns))
        cells = [self._row_of_marks(row) for row in reversed(range(self.game.rows))]
        header = [str(c + 1) for c in range(self.game.columns)]
        return "\n".join(" ".join(x.rjust(width) for x in line) for line in [header, *cells])

    def flat(self) -> np.ndarray[Any, Any]:
        """Return a one-element pool with this state."""
        pool = kernels.new_pool(self.game.rows, self.game.columns)
        for (column, row), player in self.owner.items():
            pool[0].stones[player] |= np.uint64(1 << column * (self.game.rows + 1) + row)
        pool[0].ply = len(self.moves)
        pool[0].status = self._status()
        return pool


@dataclass(frozen=True)
class ConnectFour(PlacingGame):
    """The game of Connect Four; X moves first.

    Raises:
        ValueError: a board of this size is not possible (see ``kernels.check_size``).
    """

    info: GameInfo = field(
        init=False, default=GameInfo("connect_four", "four in a line, stones drop into columns")
    )
    rows: int = 6
    columns: int = 7
    in_line: int = field(init=False, default=4)

    def __post_init__(self) -> None:
        kernels.check_size(self.rows, self.columns)

    def new_initial_state(self, seed: int = 0) -> ConnectFourState:
        """Return the empty board."""
        return ConnectFourState(self)

    def num_distinct_actions(self) -> int:
        """Return the number of columns."""
        return self.columns

    def kernels(self) -> RulesKernels:
        """Return the compiled rules."""
        return kernels.rules(self.columns)

    def rules_text(self) -> str:
        """Return the rules."""
        return (
            f"Connect Four on a board of {self.rows} rows and {self.columns} columns (1 to "
            f"{self.columns} from the left). X moves first; the players take turns to drop a stone "
            "into a column that is not full, where it falls to the lowest empty square. The first "
            "with four stones in a row, column or diagonal wins; a full board is a draw."
        )
