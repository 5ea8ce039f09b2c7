"""The protocol of executors, and the executor that plays in this process.

How workers share the games that wait: ``chunks.py``.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Protocol

from plywise.arena.tournament.schedule import GameTask
from plywise.arena.tournament.store import Fault, FinishedGame
from plywise.arena.tournament.worker import GameOutcome, Player


class Executor(Protocol):
    """Plays games; each submitted task comes back as exactly one outcome.

    A game during which its worker dies, hangs or answers nonsense comes back as a ``Fault``.
    The caller decides whether it is played again.
    """

    def submit(self, tasks: Iterable[GameTask]) -> None:
        """Add games, to be played in this order."""

    def collect(self, wait: float) -> Sequence[GameOutcome]:
        """Return ended games; wait up to ``wait`` seconds for the first; may be empty.

        Raises:
            PlywiseError: something outside is wrong and no game can be played.
        """

    def busy(self) -> float | None:
        """Return the share of the workers' possible CPU time that they used; None: unknown."""

    def close(self) -> None:
        """End the workers at once."""


class InlineExecutor:
    """Plays in this process, one game at each :meth:`collect`.

    A time limit can only be noticed here when the game has ended: it then counts as a fault.
    """

    def __init__(self, player: Player, timeout: float | None = None) -> None:
        self._player = player
        self._timeout = timeout
        self._waiting: deque[GameTask] = deque()

    def submit(self, tasks: Iterable[GameTask]) -> None:
        """Add games to play."""
        self._waiting.extend(tasks)

    def collect(self, wait: float) -> Sequence[GameOutcome]:
        """Play one game."""
        if not self._waiting:
            return []
        task = self._waiting.popleft()
        at: list[int] = []
        start = time.monotonic()
        outcome = self._player.play(task, at.append)
        took = time.monotonic() - start
        if self._timeout is not None and took > self._timeout and not isinstance(outcome, Fault):
            at_fault = task.players[at[-1]] if at and at[-1] >= 0 else None
            return [timed_out(task, self._timeout, at_fault)]
        return [outcome]

    def busy(self) -> float | None:
        """Return None: there are no workers."""
        return None

    def close(self) -> None:
        """Close the player."""
        self._player.close()


def timed_out(task: GameTask, timeout: float, at_fault: int | None) -> Fault:
    """Return the fault of a game that took too long."""
    return Fault(
        task,
        kind="timeout",
        text=f"took longer than {timeout:g} s",
        at_fault=at_fault,
        ended=time.time(),
    )


def what_is_wrong(task: GameTask, game: FinishedGame) -> str:
    """Return why a worker's answer cannot be the game of the task; "" if it can."""
    if (game.number, game.players, game.seed) != (task.number, task.players, task.seed):
        return "answered for another game"
    if not isinstance(game.result, int | float) or not -1 <= game.result <= 1:
        return f"gave {game.result!r} as a result"
    if game.plies < 1 or len(game.actions) != 4 * game.plies:
        return f"gave {len(game.actions)} bytes of actions for {game.plies} plies"
    if any(side.seconds < 0 or side.decisions < 0 for side in game.sides):
        return "gave negative times"
    return ""
