"""Gomoku and the other m,n,k games: ``in_line`` stones in a row on a board of any size to 19×19.

Squares are named as in Gomoku records: a letter for the column, from ``a`` at the left, and a
number for the row, from ``1`` at the bottom.  Action ids are ``columns * row + column`` with row 0
at the top.  More than ``in_line`` stones in a row win as well ("freestyle").
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from plywise.engine.boards import mnk as kernels
from plywise.engine.kernels import RulesKernels
from plywise.games.base import GameInfo
from plywise.games.grid.placing import PlacingGame, PlacingState

_LETTERS = "abcdefghijklmnopqrs"
_FULL_FACTS = 25  # squares; on larger boards facts look one ply ahead only


class GomokuState(PlacingState):
    """A position of an m,n,k game."""

    game: Gomoku

    def _open_actions(self) -> list[int]:
        owner = self.owner
        return [a for a, square in enumerate(self.game.squares) if square not in owner]

    def _square(self, action: int) -> tuple[int, int]:
        return self.game.squares[action]

    def action_to_string(self, player: int, action: int) -> str:
        """Return the square's name, for example ``h8``."""
        return self.game.names[action]

    def observation_string(self, player: int) -> str:
        """Return the board; both players see the same."""
        width = len(str(self.game.rows))
        lines = []
        for row in reversed(range(self.game.rows)):
            lines.append(f"{row + 1:>{width}} {' '.join(self._row_of_marks(row))}")
        lines.append(" " * (width + 1) + " ".join(_LETTERS[: self.game.columns]))
        return "\n".join(lines)

    def _facts(self, player: int, action: int) -> str:
        if self.game.rows * self.game.columns <= _FULL_FACTS:
            return super()._facts(player, action)
        square = self._square(action)
        if self._completes_line(square, player):
            return "wins now"
        return "blocks a win" if self._completes_line(square, 1 - player) else ""

    def flat(self) -> np.ndarray[Any, Any]:
        """Return a one-element pool with this state."""
        pool = kernels.new_pool(self.game.rows, self.game.columns, self.game.in_line)
        state = pool[0]
        for action in self.moves:
            column, row = self._square(action)
            state.cells[action] = 1 + self.owner[column, row]
        state.balance = self._balance()
        state.ply = len(self.moves)
        state.status = self._status()
        return pool

    def _balance(self) -> int:
        """Return the kernels' field ``balance``: 4 ** (stones - 1) for each line of one player."""
        game, total = self.game, 0
        seen: set[tuple[int, int, int, int]] = set()
        for column, row in self.owner:
            for dc, dr in ((1, 0), (0, 1), (1, 1), (1, -1)):
                for back in range(game.in_line):
                    c, r = column - back * dc, row - back * dr
                    last_c, last_r = c + (game.in_line - 1) * dc, r + (game.in_line - 1) * dr
                    inside = 0 <= c and last_c < game.columns and 0 <= r < game.rows
                    if not inside or not 0 <= last_r < game.rows or (c, r, dc, dr) in seen:
                        continue
                    seen.add((c, r, dc, dr))
                    owners = [self.owner.get((c + k * dc, r + k * dr)) for k in range(game.in_line)]
                    counts = owners.count(0), owners.count(1)
                    if min(counts) == 0:
                        value = 4 ** (max(counts) - 1)
                        total += value if counts[0] else -value
        return total


@dataclass(frozen=True)
class Gomoku(PlacingGame):
    """An m,n,k game; X moves first.

    Raises:
        ValueError: a board of this size is not possible (see ``engine.boards.mnk.check_size``).
    """

    info: GameInfo = field(
        init=False, default=GameInfo("gomoku", "five in a row, and other m,n,k games")
    )
    rows: int = 15
    columns: int = 15
    in_line: int = 5

    def __post_init__(self) -> None:
        kernels.check_size(self.rows, self.columns, self.in_line)

    @cached_property
    def squares(self) -> tuple[tuple[int, int], ...]:
        """The square of each action."""
        return tuple((c, r) for r in reversed(range(self.rows)) for c in range(self.columns))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The name of each action."""
        return tuple(f"{_LETTERS[column]}{row + 1}" for column, row in self.squares)

    def new_initial_state(self, seed: int = 0) -> GomokuState:
        """Return the empty board."""
        return GomokuState(self)

    def num_distinct_actions(self) -> int:
        """Return the number of squares."""
        return self.rows * self.columns

    def kernels(self) -> RulesKernels:
        """Return the compiled rules."""
        return kernels.rules(self.rows * self.columns)

    def rules_text(self) -> str:
        """Return the rules."""
        last = _LETTERS[self.columns - 1]
        return (
            f"A board of {self.columns} columns (a to {last} from the left) and {self.rows} rows "
            f"(1 to {self.rows} from the bottom). X moves first; the players take turns to place "
            f"a stone on an empty square. The first with {self.in_line} stones or more in a row, "
            "column or diagonal wins; a full board is a draw."
        )
