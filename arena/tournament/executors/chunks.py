"""How workers share the games of a tournament: in chunks, each taken when a worker is free."""

from __future__ import annotations

from collections import deque

from plywise.arena.tournament.schedule import GameTask
from plywise.arena.tournament.store import FinishedGame

_LARGEST_CHUNK = 256  # games


class WaitingGames:
    """The games that no worker holds yet, and how many of them to hand over at once.

    Args:
        seconds: time that a chunk of games should take, by a running mean of those that ended.
    """

    def __init__(self, seconds: float) -> None:
        self.tasks: deque[GameTask] = deque()
        self._seconds = seconds
        self._mean: float | None = None

    def chunk_size(self, workers: int) -> int:
        """Return the size of the next chunk; the end comes for all ``workers`` at once."""
        fair = -(-len(self.tasks) // (2 * workers))
        mean = self._seconds if self._mean is None else max(self._mean, 1e-6)
        return max(1, min(_LARGEST_CHUNK, fair, int(self._seconds / mean)))

    def count(self, game: FinishedGame) -> None:
        """Count the time that a game took."""
        mean = game.seconds if self._mean is None else self._mean
        self._mean = mean + 0.05 * (game.seconds - mean)
