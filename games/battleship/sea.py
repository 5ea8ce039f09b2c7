"""The sea of Battleship: its squares, their names, and the placements of ships on it.

Squares are numbered row by row from the left upper one.  A placement is an action: the number of
the ship's left or upper end, plus the number of squares where the ship lies downwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

COLUMN_LETTERS = "abcdefghijklmnopqrstuvwxyz"

Ship = tuple[int, ...]
"""The squares of one ship, ascending."""


@dataclass(frozen=True)
class Sea:
    """The board of one player, and what is possible on it."""

    rows: int
    columns: int
    touching: bool

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of all squares: a letter for the column, a number for the row."""
        return tuple(
            f"{COLUMN_LETTERS[c]}{r + 1}" for r in range(self.rows) for c in range(self.columns)
        )

    def squares(self, action: int, length: int) -> Ship:
        """Return the squares of a placement, () where it leaves the board.

        A ship of one square lies across: downwards it would be the same.
        """
        cells = self.rows * self.columns
        row, column = divmod(action % cells, self.columns)
        if action < cells:
            return (
                tuple(action + k for k in range(length)) if column + length <= self.columns else ()
            )
        if row + length > self.rows or length == 1:
            return ()
        return tuple(action - cells + k * self.columns for k in range(length))

    def placement(self, ship: Ship) -> int:
        """Return the action that places a ship on these squares."""
        down = len(ship) > 1 and ship[1] - ship[0] != 1
        return ship[0] + (self.rows * self.columns if down else 0)

    def placement_name(self, action: int) -> str:
        """Return a placement's name, like ``c4 down``."""
        down, square = divmod(action, self.rows * self.columns)
        return f"{self.names[square]} {'down' if down else 'across'}"

    def around(self, ship: Ship) -> frozenset[int]:
        """Return the squares on which no other ship can lie because of this one."""
        if self.touching:
            return frozenset(ship)
        return frozenset(
            r * self.columns + c
            for square in ship
            for r in range(square // self.columns - 1, square // self.columns + 2)
            for c in range(square % self.columns - 1, square % self.columns + 2)
            if 0 <= r < self.rows and 0 <= c < self.columns
        )


@lru_cache(maxsize=1024)
def placements(sea: Sea, length: int) -> tuple[tuple[int, Ship, frozenset[int]], ...]:
    """Return all placements of one ship: action, squares, and ``Sea.around`` of them."""
    found = []
    for action in range(2 * sea.rows * sea.columns):
        if ship := sea.squares(action, length):
            found.append((action, ship, sea.around(ship)))
    return tuple(found)


@lru_cache(maxsize=1 << 14)
def ships_fit(sea: Sea, taken: frozenset[int], lengths: tuple[int, ...]) -> bool:
    """Return whether ships of ``lengths`` can be placed on squares that are not ``taken``."""
    if not lengths:
        return True
    return any(
        taken.isdisjoint(ship) and ships_fit(sea, taken | around, lengths[1:])
        for _, ship, around in placements(sea, lengths[0])
    )


@lru_cache(maxsize=1 << 12)
def open_placements(sea: Sea, taken: frozenset[int], lengths: tuple[int, ...]) -> tuple[int, ...]:
    """Return the placements of the first of ``lengths`` that leave room for the remaining ships."""
    return tuple(
        action
        for action, ship, around in placements(sea, lengths[0])
        if taken.isdisjoint(ship) and ships_fit(sea, taken | around, lengths[1:])
    )
