"""Plays a tournament's games on a local Showdown server, which it starts, watches and replaces."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from plywise.arena.output.screen import Progress
from plywise.arena.showdown.connections import ServerUnreachableError, probe
from plywise.arena.showdown.external import external
from plywise.arena.tournament.executors.external_games import ExternalGames
from plywise.arena.tournament.executors.local import LocalExecutor
from plywise.arena.tournament.executors.showdown_worker import ServerPlayer
from plywise.arena.tournament.schedule import GameTask
from plywise.arena.tournament.store import Fault
from plywise.arena.tournament.worker import GameOutcome, Setup
from plywise.conf.schemas.tournament import TournamentServer
from plywise.datasets.errors import WorkersFailedError
from plywise.games.showdown.server import ShowdownServer

log = logging.getLogger(__name__)

_STARTS = 3  # servers in a row that may fail before a game has ended


class ShowdownExecutor:
    """Worker processes around one server; each plays one battle at a time.

    The server is started again, on the same port, when it has died or when it no longer answers
    after a battle that stood still.

    Args:
        setup: what each worker gets; ``make`` is replaced.
        jobs: processes.
        timeout: seconds that one game may take, or None.
        folder: for the server's log.
        progress: callback with a line for each start of the server, and each wait for an account.
        server: settings of the server.

    Raises:
        PlywiseError: the server cannot be installed or started.
    """

    def __init__(
        self,
        setup: Setup,
        jobs: int,
        timeout: float | None,
        folder: Path,
        progress: Progress,
        server: TournamentServer,
    ) -> None:
        self._folder = folder
        self._seconds = server.seconds
        self._print_progress = progress
        self._starts = 0
        self._failed = 0  # servers in a row, since a game has ended
        self._server = self._start(server.port)
        accounts = {n: a for n, e in enumerate(setup.entrants) if (a := external(e)) is not None}
        self._external = ExternalGames(
            accounts, self._server.url, setup.game.battle_format, progress
        )
        try:
            make = partial(ServerPlayer, url=self._server.url, timer=server.timer)
            workers = replace(setup, make=make)
            self._workers = LocalExecutor(workers, jobs, timeout)
        except BaseException:
            self._server.stop()
            raise

    def submit(self, tasks: Iterable[GameTask]) -> None:
        """Add games to play."""
        self._workers.submit(self._external.keep(tasks))
        self._begin_external()

    def _begin_external(self) -> None:
        """Hand over the games against external accounts that can begin."""
        if ready := self._external.ready():
            self._workers.submit(ready, first=True)

    def collect(self, wait: float) -> Sequence[GameOutcome]:
        """Return the games ended since the last call.

        Raises:
            PlywiseError: no server comes up any more, or no worker.
            AccountAbsentError: an external account does not come, and no other game is left.
        """
        if self._server.died:
            self._replace("it has died")
        self._begin_external()
        outcomes = self._external.judged(self._workers.collect(wait))
        if not outcomes:
            self._external.require(others=not self._workers.idle())
        if any(not isinstance(outcome, Fault) for outcome in outcomes):
            self._failed = 0
        if any(isinstance(o, Fault) and o.kind == "stalled" for o in outcomes):
            try:
                probe(self._server.url)
            except ServerUnreachableError:
                self._replace("it does not answer")
        return outcomes

    def busy(self) -> float | None:
        """Return the share of the workers' possible CPU time that they used, the server apart."""
        return self._workers.busy()

    def close(self) -> None:
        """End the workers and the server at once."""
        self._workers.close()
        self._server.stop()

    def _start(self, port: int | None) -> ShowdownServer:
        self._starts += 1
        name = "server.log" if self._starts == 1 else f"server-{self._starts}.log"
        limited = {} if self._seconds is None else {"plywiseseconds": self._seconds}
        return ShowdownServer(
            port,
            log_path=self._folder / name,
            on_progress=self._print_progress,
            settings=limited,
        ).start()

    def _replace(self, why: str) -> None:
        self._failed += 1
        port, old = self._server.port, self._server.log_path
        self._server.stop()
        if self._failed >= _STARTS:
            raise WorkersFailedError(
                f"{self._failed} Showdown servers in a row failed before a game had ended (the "
                f"last: {why}); its log: {old}"
            )
        self._print_progress(f"The Showdown server is replaced: {why} (its log: {old})")
        self._server = self._start(port)
