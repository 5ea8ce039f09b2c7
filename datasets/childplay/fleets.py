"""The published fleets of Battleship, with most ships missing.

Source: ``scripts_games/battleship.py``: ships of 2, 1, 5, 4, 3, 2, 1 squares in this order on a sea
of 5×5; each is tried at five random places and left out where none is free, and no two may touch,
not even at corners.  All seven never fit.
"""

from __future__ import annotations

from random import Random

SIDE = 5
LENGTHS = (2, 1, 5, 4, 3, 2, 1)
_TRIES = 5

PublishedShip = tuple[int, ...]
"""The squares of a ship, row by row from 0; () for one that was left out."""


def published_fleet(rng: Random) -> list[PublishedShip]:
    """Return the seven ships of one player, () for those left out."""
    fleet: list[PublishedShip] = []
    taken: set[int] = set()
    for length in LENGTHS:
        placed: PublishedShip = ()
        for _ in range(_TRIES):
            lying = rng.random() < 0.5
            along, across = rng.randint(0, SIDE - length), rng.randint(0, SIDE - 1)
            row, column = (across, along) if lying else (along, across)
            ship = tuple(row * SIDE + column + k * (1 if lying else SIDE) for k in range(length))
            if taken.isdisjoint(ship):
                placed = ship
                break
        fleet.append(placed)
        taken.update(s for square in placed for s in _around(square))
    return fleet


def _around(square: int) -> list[int]:
    row, column = divmod(square, SIDE)
    return [
        r * SIDE + c
        for r in range(max(row - 1, 0), min(row + 2, SIDE))
        for c in range(max(column - 1, 0), min(column + 2, SIDE))
    ]
