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
    length = 1
    while length < players:
        steps = closure.astype(np.float32)
        closure = steps @ steps > 0
        length *= 2
    return closure


def groups(reached: BoolArray) -> list[list[int]]:
    """Return the strongly connected components of one sample's ``reach`` (players, players).

    A group stands before those it reaches; where neither reaches the other, the one that has more
    players below it stands first, then the one with the first player.
    """
    mutual = reached & reached.T
    found = {tuple(int(i) for i in np.flatnonzero(row)) for row in mutual}
    ordered = sorted(found, key=lambda group: (-int(reached[group[0]].sum()), group))
    return [list(group) for group in ordered]


def group_warnings(
    found: Sequence[Sequence[int]], reached: BoolArray, names: Sequence[str]
) -> list[str]:
    """Return warnings, one line each, about groups that cannot be compared.

    Args:
        found: the groups, best first.
        reached: (players, players) as :func:`reach` returns it.
        names: (players,) names of the players.
    """
    if len(found) < 2:
        return []
    lines = []
    for number, group in enumerate(found):
        below = [g for g in found if g is not group and reached[group[0], g[0]]]
        above = [g for g in found if g is not group and reached[g[0], group[0]]]
        who = _names(group, names)
        if not below and not above:
            lines.append(f"{who}: no games with anybody else, no comparison is possible")
            continue
        if below:
            rest = _names([i for g in below for i in g], names)
            lines.append(f"{who}: never lost or drew against {rest}; the difference has no bound")
        strangers = [
            g
            for g in found[number + 1 :]
            if not reached[group[0], g[0]] and not reached[g[0], group[0]]
        ]
        lines += [
            f"{who} and {_names(g, names)}: no chain of results leads from one to the other, "
            "they cannot be compared"
            for g in strangers
            if reached[g[0]].sum() > len(g) or reached[:, g[0]].sum() > len(g)
        ]
    return lines


def _names(group: Sequence[int], names: Sequence[str], most: int = 6) -> str:
    shown = ", ".join(names[i] for i in group[:most])
    rest = len(group) - most
    return f"{shown} and {rest} more" if rest > 0 else shown
