"""Plays the games on a Ray cluster: each actor watches one local worker on its node.

A game that ends its worker, hangs or answers nonsense is found as by :class:`LocalExecutor`, with a
clock that starts with the game.  Only the end of a whole actor is seen from here: the first game
that it has not reported is then the fault (workers play and report in order).  That may be the one
before, whose report was on its way; so all games that the actor held are handed out again one by
one, and one that ends an actor while it is alone is the fault.
"""

from __future__ import annotations

import importlib
import logging
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from plywise.arena.tournament.executors.chunks import WaitingGames
from plywise.arena.tournament.executors.local import LocalExecutor
from plywise.arena.tournament.schedule import GameTask
from plywise.arena.tournament.store import Fault, FinishedGame
from plywise.arena.tournament.worker import GameOutcome, Setup
from plywise.datasets.address_secrets import reveal
from plywise.datasets.errors import ConfigError, PlywiseError, WorkersFailedError
from plywise.datasets.processes.signals import catch_again

log = logging.getLogger(__name__)

_CHUNK_SECONDS = 1.0  # of games handed over at once
_ROUND_SECONDS = 0.25  # an actor answers at least this often
_PATIENCE = 30.0  # seconds without any actor before a warning
_DEATHS = 5  # for each actor: how many in a row may end without a game finished between


@dataclass
class ActorReport:
    """An actor's answer: ended games, its worker's share of CPU, and why it cannot go on."""

    outcomes: list[GameOutcome]
    busy: float | None
    hopeless: str = ""


class RayWorker:
    """The actor: a local executor with one worker."""

    def __init__(self, setup: Setup, timeout: float | None) -> None:
        self._executor = LocalExecutor(setup, 1, timeout)

    def play(self, tasks: Sequence[GameTask], seconds: float) -> ActorReport:
        """Add games, and report those that end within some seconds."""
        try:
            self._executor.submit(tasks)
            outcomes = list(self._executor.collect(seconds))
        except PlywiseError as error:
            return ActorReport([], None, str(error))
        return ActorReport(outcomes, self._executor.busy())


@dataclass
class _Actor:
    handle: Any
    answer: Any  # of the call under way (the first once it has started), None between calls
    busy: float | None = None
    holds: dict[int, GameTask] = field(default_factory=dict)


class RayExecutor:
    """Plays on ``jobs`` actors of a Ray cluster, each with one CPU.

    Games go only to actors that have started: one that waits for a free CPU holds none.

    Args:
        setup: settings of each worker; Plywise must be installed on every node.
        jobs: number of actors.
        timeout: limit of one game in seconds; None: no limit.
        address: address of the cluster; None: start one on this machine, and stop it with
            :meth:`close`.

    Raises:
        ConfigError: Ray is not installed, or there is no cluster at the address.
    """

    def __init__(
        self, setup: Setup, jobs: int, timeout: float | None = None, address: str | None = None
    ) -> None:
        try:
            self._ray: Any = importlib.import_module("ray")
        except ImportError as error:
            raise ConfigError(
                f"tournament.executor=ray needs Ray ({error}): pip install 'plywise[ray]'"
            ) from error
        self._setup = setup
        self._timeout = timeout
        self._ours = not self._ray.is_initialized()
        if self._ours:
            options: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
            if address is None:
                options |= {"num_cpus": jobs, "include_dashboard": False}
            else:
                options["address"] = reveal(address, "tournament.ray_address")
            try:
                self._ray.init(**options)
            except (ConnectionError, ValueError, RuntimeError) as error:
                where = f"tournament.ray_address={address}" if address else "a local Ray cluster"
                raise ConfigError(f"{where}: {error}") from error
            finally:
                catch_again()  # Ray ends the process at SIGTERM
        self._class = self._ray.remote(num_cpus=1)(RayWorker)
        self._waiting = WaitingGames(_CHUNK_SECONDS)
        self._suspects: set[int] = set()  # games to be handed out one by one
        self._deaths = 0
        self._quiet_since: float | None = time.monotonic()  # None once an actor has started
        self._actors = [self._start() for _ in range(jobs)]

    # --- the protocol -----------------------------------------------------------------------

    def submit(self, tasks: Iterable[GameTask]) -> None:
        """Add games to play."""
        self._waiting.tasks.extend(tasks)
        self._feed()

    def collect(self, wait: float) -> Sequence[GameOutcome]:
        """Return the games ended since the last call."""
        calls = {actor.answer: actor for actor in self._actors if actor.answer is not None}
        if not calls:
            return []
        ready, rest = self._ray.wait(list(calls), num_returns=1, timeout=wait)
        if ready and rest:
            ready += self._ray.wait(rest, num_returns=len(rest), timeout=0)[0]
        outcomes: list[GameOutcome] = []
        for answer in ready:
            outcomes += self._take(calls[answer])
        self._feed()
        self._warn_without_actors()
        return outcomes

    def busy(self) -> float | None:
        """Return the mean over the actors that have played."""
        shares = [actor.busy for actor in self._actors if actor.busy is not None]
        return sum(shares) / len(shares) if shares else None

    def close(self) -> None:
        """End the actors (their workers notice and end), and the cluster where it is ours."""
        for actor in self._actors:
            self._ray.kill(actor.handle)
        if self._ours:
            self._ray.shutdown()

    # --- actors -----------------------------------------------------------------------------

    def _start(self) -> _Actor:
        handle = self._class.remote(self._setup, self._timeout)
        return _Actor(handle, handle.play.remote([], 0.0))  # answered once it has started

    def _feed(self) -> None:
        """Give each actor that has answered a chunk, one in reserve, and its next call."""
        free = [actor for actor in self._actors if actor.answer is None]
        fresh: list[list[GameTask]] = [[] for _ in free]
        for depth in (1, 2):
            for actor, tasks in zip(free, fresh, strict=True):
                size = self._waiting.chunk_size(len(self._actors))
                while len(actor.holds) < depth * size and self._may_take_next(actor):
                    task = self._waiting.tasks.popleft()
                    actor.holds[task.number] = task
                    tasks.append(task)
        for actor, tasks in zip(free, fresh, strict=True):
            if actor.holds:
                actor.answer = actor.handle.play.remote(tasks, _ROUND_SECONDS)

    def _may_take_next(self, actor: _Actor) -> bool:
        if not self._waiting.tasks:
            return False
        suspects = {self._waiting.tasks[0].number, *actor.holds} & self._suspects
        return not (actor.holds and suspects)

    def _take(self, actor: _Actor) -> list[GameOutcome]:
        try:
            report = self._ray.get(actor.answer)
        except self._ray.exceptions.RayActorError as error:
            return self._replace(actor, "died", f"died: {str(error).splitlines()[0]}")
        except self._ray.exceptions.RayError as error:
            last = str(error).strip().splitlines()[-1]
            return self._replace(actor, "nonsense", f"failed: {last}")
        actor.answer = None
        self._quiet_since = None
        if report.hopeless:
            raise WorkersFailedError(report.hopeless)
        actor.busy = report.busy
        for outcome in report.outcomes:
            number = outcome.number
            del actor.holds[number]  # its local executor reports only games that it holds
            self._deaths = 0
            if isinstance(outcome, FinishedGame):
                self._suspects.discard(number)
                self._waiting.count(outcome)
        return list(report.outcomes)

    def _replace(self, actor: _Actor, kind: str, text: str) -> list[GameOutcome]:
        """Start another actor; its first game is the fault, the others wait to be played alone."""
        self._ray.kill(actor.handle)
        self._actors[self._actors.index(actor)] = self._start()
        self._deaths += 1
        if self._deaths >= _DEATHS * len(self._actors):
            raise WorkersFailedError(f"{self._deaths} Ray workers in a row failed ({text})")
        log.warning("a Ray worker %s", text)
        if not actor.holds:
            return []
        self._suspects |= set(actor.holds)
        first, *others = actor.holds.values()
        self._waiting.tasks.extendleft(reversed(others))
        return [Fault(first, kind=kind, text=f"the Ray worker {text}", ended=time.time())]

    def _warn_without_actors(self) -> None:
        if self._quiet_since is None or time.monotonic() - self._quiet_since < _PATIENCE:
            return
        log.warning(
            "no Ray worker has started for %g s: each waits for a free CPU of the cluster "
            "(`ray status` shows them)",
            _PATIENCE,
        )
        self._quiet_since = None
