"""Groups of players that can be compared: results tie each to each other, both ways.

A rating difference has a maximum-likelihood estimate exactly where neither side of every split of
the players has won all games across it (L. R. Ford, Amer. Math. Monthly 64 (1957) 28-33).  In the
graph with an edge from winner to loser, and edges both ways for a draw, those are the strongly
connected components.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

BoolArray = NDArray[np.bool_]

_NAMED_GROUPS = 8  # of which warnings speak one by one


def beats(
    low: NDArray[np.int64], high: NDArray[np.int64], table: NDArray[np.float64], players: int
) -> BoolArray:
    """Return (samples, players, players): whether one has won against or drawn with another.

    Args:
        low, high: (cells,) the players of each cell.
        table: (samples, cells, 3) wins, draws and losses of ``low``.
        players: number of players.
    """
    result = np.zeros((len(table), players, players), dtype=bool)
    drawn = table[:, :, 1] > 0
    up, down = (table[:, :, 0] > 0) | drawn, (table[:, :, 2] > 0) | drawn
    for cell, (i, j) in enumerate(zip(low, high, strict=True)):
        result[:, i, j] |= up[:, cell]
        result[:, j, i] |= down[:, cell]
    return result


def reach(edges: BoolArray) -> BoolArray:
    """Return (samples, players, players): whether a chain of edges leads from one to another."""
    players = edges.shape[-1]
    closure = edges | np.eye(players, dtype=bool)
    while True:
        steps = closure.astype(np.float32)
        longer = steps @ steps > 0
        if (longer == closure).all():
            return longer
        closure = longer


def groups(reached: BoolArray) -> list[list[int]]:
    """Return the strongly connected components of one sample's ``reach`` (players, players).

    A group stands before those it reaches; where neither reaches the other, the one that has more
    players below it stands first, then the one with the first player.
    """
    first = (reached & reached.T).argmax(axis=1)
    below = reached.sum(axis=1)
    ordered = sorted(set(first.tolist()), key=lambda player: (-below[player], player))
    return [np.flatnonzero(first == player).tolist() for player in ordered]


def group_warnings(
    found: Sequence[Sequence[int]], reached: BoolArray, names: Sequence[str]
) -> list[str]:
    """Return warnings, one line each, about groups that cannot be compared.

    Of many groups the first few are named, the others counted.

    Args:
        found: the groups, best first.
        reached: (players, players) as :func:`reach` returns it.
        names: (players,) names of the players.
    """
    if len(found) < 2:
        return []
    first = np.array([group[0] for group in found])
    below = reached[first][:, first]  # (groups, groups)
    np.fill_diagonal(below, False)
    comparable = below | below.T
    tied = comparable.any(axis=1)
    lines = []
    for number, group in enumerate(found[:_NAMED_GROUPS]):
        who = _names(group, names)
        if not tied[number]:
            lines.append(f"{who}: no games with anybody else, no comparison is possible")
            continue
        if below[number].any():
            rest = _names(
                [i for g in np.flatnonzero(below[number]).tolist() for i in found[g]], names
            )
            lines.append(f"{who}: never lost or drew against {rest}; the difference has no bound")
        strangers = np.flatnonzero(~comparable[number] & tied)
        if (strangers := strangers[strangers > number]).size:
            rest = _names([i for g in strangers.tolist() for i in found[g]], names)
            lines.append(
                f"{who} and {rest}: no chain of results leads from one to the other, "
                "they cannot be compared"
            )
    if len(found) > _NAMED_GROUPS:
        players = sum(map(len, found[_NAMED_GROUPS:]))
        lines.append(
            f"{len(found) - _NAMED_GROUPS} more groups of {players} players cannot be "
            "compared with all others: see the table's columns 95 % and group"
        )
    return lines


def _names(group: Sequence[int], names: Sequence[str], most: int = 6) -> str:
    shown = ", ".join(names[i] for i in group[:most])
    rest = len(group) - most
    return f"{shown} and {rest} more" if rest > 0 else shown
