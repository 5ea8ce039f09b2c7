"""Counts of games by cell and cluster: the input of ratings, small for any number of games.

A *cell* is a pairing and its first player; all games of a cell have the same probabilities.
A *cluster* is a set of games that belong together (the two games of a pair with one seed); clusters
are independent of each other, games of one cluster need not be.  Clusters that hold the same
results are of the same *kind* and are kept once, with how often they occurred.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plywise.datasets.errors import ConfigError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

WIN, DRAW, LOSS = 0, 1, 2
_OUTCOME = {1.0: WIN, 0.5: DRAW, 0.0: LOSS}
_CHUNK = 4_000_000  # numbers held at once while resampling


class GamesError(ConfigError):
    """Games that cannot be rated: a wrong score, a player against itself, none at all."""


@dataclass(frozen=True)
class RatedGame:
    """One finished game.

    Attributes:
        player_a, player_b: names of the players, two different ones.
        score_a: points of ``player_a``: 1, 0.5 or 0.
        first: name of the player who moved first; "": nobody, or unknown.
        pair: name of the pair (one seed, sides swapped) whose games are not independent of each
            other; "": the game stands alone.
    """

    player_a: str
    player_b: str
    score_a: float
    first: str = ""
    pair: str = ""


@dataclass(frozen=True)
class Counts:
    """Games by cell and by kind of cluster.

    Attributes:
        players: names, sorted; the numbers below are indices into them.
        low, high: (cells,) players of each cell, ``low < high``.
        side: (cells,) first player: 1 ``low``, -1 ``high``, 0 nobody or unknown.
        frequency: (kinds,) number of clusters of each kind.
        kind, cell, outcome, times: (entries,) clusters of kind ``kind`` hold ``times`` games of
            ``cell`` that ended in ``outcome`` (WIN, DRAW or LOSS of ``low``).
    """

    players: tuple[str, ...]
    low: IntArray
    high: IntArray
    side: IntArray
    frequency: IntArray
    kind: IntArray
    cell: IntArray
    outcome: IntArray
    times: IntArray

    @property
    def clusters(self) -> int:
        """Number of clusters."""
        return int(self.frequency.sum())

    def table(self, frequency: FloatArray | IntArray | None = None) -> FloatArray:
        """Return the games by cell and outcome.

        Args:
            frequency: (samples, kinds) number of clusters of each kind in each sample; None: as
                observed, in one sample.

        Returns:
            (samples, cells, 3) wins, draws and losses of ``low``.
        """
        if frequency is None:
            frequency = self.frequency[None, :]
        width = 3 * len(self.low)
        result = np.zeros((len(frequency), width))
        if not len(self.kind):
            return result.reshape(len(frequency), -1, 3)
        column = 3 * self.cell + self.outcome
        order = np.argsort(column, kind="stable")
        starts = np.flatnonzero(np.diff(column[order], prepend=-1))
        at_once = max(1, _CHUNK // len(order))
        for begin in range(0, len(frequency), at_once):
            part = slice(begin, begin + at_once)
            spread = frequency[part][:, self.kind[order]] * self.times[order]
            result[part, column[order][starts]] = np.add.reduceat(spread, starts, axis=1)
        return result.reshape(len(frequency), -1, 3)

    def only(self, keep: NDArray[np.bool_]) -> Counts:
        """Return the counts without the cells that ``keep`` (cells,) leaves out."""
        number = np.cumsum(keep) - 1
        stays = keep[self.cell]
        return Counts(
            players=self.players,
            low=self.low[keep],
            high=self.high[keep],
            side=self.side[keep],
            frequency=self.frequency,
            kind=self.kind[stays],
            cell=number[self.cell[stays]],
            outcome=self.outcome[stays],
            times=self.times[stays],
        )

    def one_game_a_cluster(self) -> FloatArray:
        """Return (cells, 3) the games, each as its share of its cluster.

        A cluster has the weight of one game: its games may all say the same.
        """
        size = np.bincount(self.kind, self.times, len(self.frequency))
        weight = self.frequency[self.kind] * self.times / size[self.kind]
        column = 3 * self.cell + self.outcome
        table: FloatArray = np.bincount(column, weight, 3 * len(self.low)).astype(np.float64)
        return table.reshape(-1, 3)


def count_games(games: Iterable[RatedGame]) -> Counts:
    """Return the games, counted.

    Raises:
        GamesError: no games, a score other than 0, 0.5 and 1, a player against itself, or a
            ``first`` that does not play.
    """
    games = list(games)
    if not games:
        raise GamesError("there are no games to rate")
    for number, game in enumerate(games, start=1):
        if problem := problem_of(game):
            raise GamesError(f"game {number}: {problem}")
    players = tuple(sorted({g.player_a for g in games} | {g.player_b for g in games}))
    index = {name: i for i, name in enumerate(players)}
    a = np.array([index[g.player_a] for g in games])
    b = np.array([index[g.player_b] for g in games])
    outcome = np.array([_OUTCOME[g.score_a] for g in games])
    first = np.array([index[g.first] if g.first else -1 for g in games])
    side = np.where(first < 0, 0, np.where(first == np.minimum(a, b), 1, -1))
    outcome = np.where(a < b, outcome, 2 - outcome)
    code = (np.minimum(a, b) * len(players) + np.maximum(a, b)) * 3 + side + 1
    cells, cell = np.unique(code, return_inverse=True)
    frequency, kind, content, times = _kinds(3 * cell + outcome, _cluster_numbers(games))
    pairing = cells // 3
    return Counts(
        players=players,
        low=pairing // len(players),
        high=pairing % len(players),
        side=cells % 3 - 1,
        frequency=frequency,
        kind=kind,
        cell=content // 3,
        outcome=content % 3,
        times=times,
    )


def problem_of(game: RatedGame) -> str:
    """Return why a game cannot be rated; "" if it can."""
    if not game.player_a or not game.player_b:
        return "a player has no name"
    if game.player_a == game.player_b:
        return f"'{game.player_a}' plays against itself"
    if game.score_a not in _OUTCOME:
        return f"score_a is {game.score_a!r}, it must be 0, 0.5 or 1"
    if game.first not in ("", game.player_a, game.player_b):
        return f"first is '{game.first}', it must be '{game.player_a}', '{game.player_b}' or empty"
    return ""


def _cluster_numbers(games: Sequence[RatedGame]) -> IntArray:
    known: dict[str, int] = {}
    numbers = [
        known.setdefault(g.pair, len(known)) if g.pair else -1 - i for i, g in enumerate(games)
    ]
    return np.array(numbers, dtype=np.int64)


def _kinds(content: Any, cluster: IntArray) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    """Sort clusters by what they hold: frequency; then kind, content and times of each entry."""
    order = np.lexsort((content, cluster))
    content, cluster = content[order], cluster[order]
    starts = np.flatnonzero(np.diff(cluster, prepend=cluster[0] - 1))
    sizes = np.diff(starts, append=len(cluster))
    frequency: list[IntArray] = []
    entries: list[tuple[IntArray, IntArray]] = []
    found = 0
    for size in np.unique(sizes):
        rows = content[starts[sizes == size][:, None] + np.arange(size)]
        kinds, often = np.unique(rows, axis=0, return_counts=True)
        frequency.append(often)
        entries.append((np.repeat(found + np.arange(len(kinds)), size), kinds.ravel()))
        found += len(kinds)
    both = np.stack([np.concatenate(part) for part in zip(*entries, strict=True)])
    unique, times = np.unique(both, axis=1, return_counts=True)
    return np.concatenate(frequency), unique[0], unique[1], times
