"""Battleship in text: both seas beside each other, and the shots in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from plywise.games.battleship.hidden_fleet import ShotResult
from plywise.games.battleship.sea import COLUMN_LETTERS, Sea


def seas_text(sea: Sea, own: Mapping[int, str], other: Mapping[int, str]) -> str:
    """Return both seas side by side; squares that are not given a mark are ``.``."""
    letters = " ".join(COLUMN_LETTERS[: sea.columns])
    width = len(str(sea.rows))
    lines = [
        f"{'':{width}} {'your sea':<{2 * sea.columns - 1}}    {'':{width}} the other sea",
        f"{'':{width}} {letters}    {'':{width}} {letters}",
    ]
    for row in range(sea.rows):
        cells = range(row * sea.columns, (row + 1) * sea.columns)
        left = " ".join(own.get(s, ".") for s in cells)
        right = " ".join(other.get(s, ".") for s in cells)
        lines.append(f"{row + 1:>{width}} {left}    {row + 1:>{width}} {right}")
    return "\n".join(lines)


def marks_of(results: Iterable[ShotResult]) -> dict[int, str]:
    """Return the mark of each square shot at: ``X`` hit, ``o`` miss."""
    return {square: "X" if hit else "o" for square, hit, _ in results}


def fleet_line(
    title: str, lengths: Sequence[int], placed: int, results: Iterable[ShotResult]
) -> str:
    """Return one line about a fleet: how much of it is placed, or its lengths and what sank."""
    if placed < len(lengths):
        return f"{title}: {placed} of {len(lengths)} ships placed"
    sunk = {number for _, _, number in results if number is not None}
    ships = [f"{n}{' sunk' if k in sunk else ''}" for k, n in enumerate(lengths)]
    return f"{title}: {', '.join(ships)}"


def shots_line(title: str, sea: Sea, results: Iterable[ShotResult]) -> str:
    """Return one line with all shots of a player and their results, in order."""
    words = []
    for square, hit, sunk in results:
        result = "miss" if not hit else "hit" if sunk is None else f"sunk {sunk}"
        words.append(f"{sea.names[square]} {result}")
    return f"{title}: {', '.join(words)}"
