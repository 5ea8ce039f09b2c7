"""Watches battles that poke-env plays in the background: lost connections, stalls, hidden errors.

poke-env runs its players on an event loop in a thread of its own, logs exceptions instead of
raising them, and goes on waiting where a server or a connection has died.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from websockets.exceptions import ConnectionClosed

from plywise.arena.showdown.connections import BattleServerLostError, Connection, said_by
from plywise.datasets.errors import PlywiseError
from plywise.games.showdown.messages import CheckedPlayer

log = logging.getLogger(__name__)

_DEATH_SECONDS = 2.0  # our own server's death is noticed a moment after the connection's


class BattlesStalledError(PlywiseError):
    """Nothing has happened for longer than ``stall_seconds``."""


class RefusedByServerError(PlywiseError):
    """The server refused what the battles need (a challenge, a team), in its own words."""


class _ErrorHandler(logging.Handler):
    """Reports the exceptions that poke-env logs instead of raising them.

    A closed connection is left out: it is noticed and reported as such.
    """

    def __init__(self, on_error: Callable[[str], None]) -> None:
        super().__init__(logging.ERROR)
        self._on_error = on_error

    def emit(self, record: logging.LogRecord) -> None:
        """Report an exception by its type and text."""
        error = record.exc_info[1] if record.exc_info else None
        if error is not None and not isinstance(error, ConnectionClosed):
            self._on_error(f"{type(error).__name__}: {error}")


class BattleWatch:
    """Watches the battles of its connections; :meth:`touch` may be called from any thread.

    Args:
        stall_seconds: time without an event after which battles count as stalled.
        on_error: receives each exception that poke-env logs, as text.
        died: receives the reason if our own server dies; None: the server belongs to others.
        patience: seconds for which a broken connection is made again; 0: it ends everything.
        report: called with a line about each loss of a connection, and its return.

    Attributes:
        connections: open connections.
    """

    def __init__(
        self,
        stall_seconds: float,
        on_error: Callable[[str], None],
        died: Sequence[str] | None = None,
        *,
        patience: float = 0.0,
        report: Callable[[str], None] = log.warning,
    ) -> None:
        self.connections: list[Connection] = []
        self._stall_seconds = stall_seconds
        self._on_error = on_error
        self._died = died
        self._patience = patience
        self._report = report
        self._events = -1
        self._last_event = time.monotonic()

    def connect(self, player: CheckedPlayer) -> None:
        """Connect a player whose errors and battles are to be watched."""
        player.logger.addHandler(_ErrorHandler(self._on_error))
        self.connections.append(Connection(player, patience=self._patience, report=self._report))

    def close(self) -> None:
        """Close all connections."""
        for connection in self.connections:
            connection.close()

    def touch(self) -> None:
        """Count something that the battles' messages do not show as an event (a decision)."""
        self._last_event = time.monotonic()

    def wait(self, running: Future[None], poll_seconds: float, goes_on: Callable[[], bool]) -> None:
        """Return when ``running`` is done or ``goes_on``, called at each poll, returns False.

        Raises:
            BattleServerLostError: the server has died, or a connection has ended.
            RefusedByServerError: the server took an account's name away, or it refused a battle
                for good and no other runs any more.
            BattlesStalledError: nothing has happened for ``stall_seconds``.
        """
        self.touch()
        while not running.done() and goes_on():
            time.sleep(poll_seconds)
            self.require_connections()
            battles = [b for c in self.connections for b in list(c.player.battles.values())]
            self._require_granted(idle=all(battle.finished for battle in battles))
            events = sum(len(battle._replay_data) for battle in battles)
            if events != self._events:
                self._events = events
                self.touch()
            elif any(connection.interrupted for connection in self.connections):
                self.touch()  # patience has a measure of its own
            elif time.monotonic() - self._last_event > self._stall_seconds:
                raise BattlesStalledError(
                    f"nothing has happened for {self._stall_seconds:g} s{said_by(self.connections)}"
                )

    def _require_granted(self, *, idle: bool) -> None:
        """Raise for an account that is lost, and for a refused battle if no other runs."""
        for player in (connection.player for connection in self.connections):
            if player.refused:
                raise RefusedByServerError(player.refused)
            if player.refusal is not None and player.refusal.wait is None and idle:
                raise RefusedByServerError(str(player.refusal))

    def require_connections(self) -> None:
        """Check the server and the connections.

        Raises:
            BattleServerLostError: the server has died, or a connection has ended.
        """
        if not all(connection.open for connection in self.connections):
            deadline = time.monotonic() + _DEATH_SECONDS
            while self._died is not None and not self._died and time.monotonic() < deadline:
                time.sleep(0.05)
            why = next((c.why for c in self.connections if not c.open and c.why), "")
            lost = f"the connection to the Showdown server is lost{why and f' ({why})'}"
            raise BattleServerLostError(self._died[0] if self._died else lost)
        if self._died:
            raise BattleServerLostError(self._died[0])
