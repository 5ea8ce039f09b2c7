"""Exact solver of tic-tac-toe, by plain enumeration.

The *score* is that of Connect Four's solver: for the player to move, 0 is a draw, and a win counts
``k`` when it comes with the winner's ``k``-th last free mark (X has 5 marks, O has 4), a loss the
negative.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from plywise.engine.boards.connect_four_solver import PositionError
from plywise.engine.boards.tic_tac_toe import LINES, SQUARES

_LINES = tuple(int(line) for line in LINES)


@dataclass(frozen=True)
class TicTacToePosition:
    """Masks of nine bits: the marks of the player to move, and those of the other."""

    own: int = 0
    other: int = 0


def complete(marks: int) -> bool:
    """Return whether the marks hold a line."""
    return any(line & ~marks == 0 for line in _LINES)


def position(moves: Sequence[int]) -> TicTacToePosition:
    """Return the position after ``moves``, squares counted from 0 at the top left, row by row.

    Raises:
        PositionError: a move is not possible, or the game is over then.
    """
    own = other = 0
    for number, square in enumerate(moves, 1):
        if not 0 <= square < SQUARES:
            raise PositionError(f"move {number}: there is no square {square + 1}, only 1 to 9")
        if (own | other) >> square & 1:
            raise PositionError(f"move {number}: square {square + 1} is taken")
        own |= 1 << square
        if complete(own):
            raise PositionError(f"move {number} wins: the game is over")
        own, other = other, own
    if own | other == 2**SQUARES - 1:
        raise PositionError("the board is full: the game is over")
    return TicTacToePosition(own, other)


def free_squares(where: TicTacToePosition) -> list[int]:
    """Return the empty squares, ascending."""
    return [s for s in range(SQUARES) if not (where.own | where.other) >> s & 1]


@cache
def score(where: TicTacToePosition) -> int:
    """Return the exact score of a position whose last move did not win."""
    values = [score_after(where, square) for square in free_squares(where)]
    return max(values, default=0)


def score_after(where: TicTacToePosition, square: int) -> int:
    """Return the score, for the player to move, of marking ``square``."""
    own = where.own | 1 << square
    if complete(own):
        return (SQUARES + 1 - (where.own | where.other).bit_count()) // 2
    return -score(TicTacToePosition(where.other, own))


def best_squares(where: TicTacToePosition) -> tuple[int, ...]:
    """Return all squares that keep the score."""
    wanted = score(where)
    return tuple(s for s in free_squares(where) if score_after(where, s) == wanted)
