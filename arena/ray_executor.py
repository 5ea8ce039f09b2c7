"""The same games on a Ray cluster: one actor per worker, chunks of games as its tasks.

Ray tells that an actor died, not at which game.  The games of such a chunk are handed out again
one by one; one that ends its worker when it is alone is the one at fault.
"""

from __future__ import annotations

import importlib
import logging
import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from plywise.arena.executors import WorkersFailedError, timed_out
from plywise.arena.game_store import Fault, FinishedGame
from plywise.arena.schedule import GameTask
from plywise.arena.worker import Outcome, Setup
from plywise.datasets.errors import ConfigError, PlywiseError

log = logging.getLogger(__name__)

_CHUNK_SECONDS = 1.0
_LARGEST_CHUNK = 256
_DEATHS = 5  # workers in a row that may die without a game finished between


class RayWorker:
    """The actor: plays chunks of games, one after another."""

    def __init__(self, setup: Setup) -> None:
        self._player = setup.make(setup)

    def play(self, tasks: Sequence[GameTask]) -> list[Outcome] | str:
        """Return the outcomes, or the words of an error that no other try would mend."""
        try:
            return [self._player.play(task, lambda player: None) for task in tasks]
        except PlywiseError as error:
            return str(error)


@dataclass
class _Chunk:
    tasks: list[GameTask]
    answer: Any
    since: float


@dataclass
class _Actor:
    handle: Any
    chunks: deque[_Chunk] = field(default_factory=deque)


class RayExecutor:
    """Plays on ``jobs`` actors of a Ray cluster, each with one CPU.

    Args:
        setup: what each worker gets; Plywise must be installed on every node.
        jobs: actors.
        timeout: seconds that one game may take on the average of its chunk, or None.
        address: of the cluster; None: start one on this machine, and stop it with :meth:`close`.

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
            try:
                self._ray.init(address=address, **options)
            except (ConnectionError, ValueError, RuntimeError) as error:
                where = f"tournament.ray_address={address}" if address else "a local Ray cluster"
                raise ConfigError(f"{where}: {error}") from error
        self._class = self._ray.remote(num_cpus=1)(RayWorker)
        self._waiting: deque[GameTask] = deque()
        self._alone: set[int] = set()  # games to be handed out one by one
        self._deaths = 0
        self._mean: float | None = None
        self._actors = [self._start() for _ in range(jobs)]

    def submit(self, tasks: Iterable[GameTask]) -> None:
        """Take in games to play."""
        self._waiting.extend(tasks)
        self._feed()

    def collect(self, wait: float) -> Sequence[Outcome]:
        """Return what has ended since the last call."""
        heads = {actor.chunks[0].answer: actor for actor in self._actors if actor.chunks}
        if not heads:
            return []
        outcomes: list[Outcome] = []
        ready, _ = self._ray.wait(list(heads), num_returns=1, timeout=wait)
        for answer in ready:
            outcomes += self._take(heads[answer])
        outcomes += self._watch_clocks()
        self._feed()
        return outcomes

    def cancel(self) -> None:
        """Forget what no actor holds yet."""
        self._waiting.clear()

    def busy(self) -> float | None:
        """Return None: Ray's own dashboard tells."""
        return None

    def close(self) -> None:
        """End the actors, and the cluster where it is ours."""
        for actor in self._actors:
            self._ray.kill(actor.handle)
        if self._ours:
            self._ray.shutdown()

    def _start(self) -> _Actor:
        return _Actor(self._class.remote(self._setup))

    def _feed(self) -> None:
        for depth in (1, 2):
            for actor in self._actors:
                if len(actor.chunks) < depth and self._waiting:
                    tasks = self._next_chunk()
                    answer = actor.handle.play.remote(tasks)
                    actor.chunks.append(_Chunk(tasks, answer, time.monotonic()))

    def _next_chunk(self) -> list[GameTask]:
        mean = _CHUNK_SECONDS if self._mean is None else max(self._mean, 1e-6)
        fair = -(-len(self._waiting) // (2 * len(self._actors)))
        size = max(1, min(_LARGEST_CHUNK, fair, int(_CHUNK_SECONDS / mean)))
        tasks = [self._waiting.popleft()]
        while (
            len(tasks) < size
            and self._waiting
            and not self._alone
            & {
                tasks[0].number,
                self._waiting[0].number,
            }
        ):
            tasks.append(self._waiting.popleft())
        return tasks

    def _take(self, actor: _Actor) -> list[Outcome]:
        chunk = actor.chunks[0]
        try:
            answer = self._ray.get(chunk.answer)
        except self._ray.exceptions.RayActorError as error:
            return self._replace(actor, "died", str(error).splitlines()[0])
        except self._ray.exceptions.RayError as error:
            return self._replace(actor, "nonsense", str(error).strip().splitlines()[-1])
        if isinstance(answer, str):
            raise WorkersFailedError(answer)
        if not _fits(answer, chunk.tasks):
            return self._replace(actor, "nonsense", "the worker answered for other games")
        actor.chunks.popleft()
        if actor.chunks:
            actor.chunks[0].since = time.monotonic()
        self._deaths = 0
        for outcome in answer:
            if isinstance(outcome, FinishedGame):
                mean = outcome.seconds if self._mean is None else self._mean
                self._mean = mean + 0.05 * (outcome.seconds - mean)
        return list(answer)

    def _watch_clocks(self) -> list[Outcome]:
        late: list[Outcome] = []
        for actor in list(self._actors):
            if self._timeout is None or not actor.chunks:
                continue
            chunk = actor.chunks[0]
            if time.monotonic() - chunk.since > self._timeout * len(chunk.tasks) + _CHUNK_SECONDS:
                late += self._replace(actor, "timeout", "")
        return late

    def _replace(self, actor: _Actor, kind: str, text: str) -> list[Outcome]:
        """Start another actor; blame the game if it was alone, else hand the games out again."""
        self._ray.kill(actor.handle)
        self._actors[self._actors.index(actor)] = self._start()
        self._deaths += 1
        if self._deaths >= _DEATHS * len(self._actors):
            raise WorkersFailedError(f"{self._deaths} Ray workers in a row failed ({text})")
        chunk, *rest = actor.chunks
        self._waiting.extendleft(reversed([task for c in rest for task in c.tasks]))
        if len(chunk.tasks) > 1:
            log.warning("a Ray worker failed (%s %s): its games are played one by one", kind, text)
            self._alone |= {task.number for task in chunk.tasks}
            self._waiting.extendleft(reversed(chunk.tasks))
            return []
        task = chunk.tasks[0]
        if kind == "timeout" and self._timeout is not None:
            return [timed_out(task, self._timeout, None)]
        return [Fault(task, kind, text, None, time.time())]


def _fits(answer: Any, tasks: list[GameTask]) -> bool:
    if not isinstance(answer, list) or len(answer) != len(tasks):
        return False
    numbers = [
        o.task.number if isinstance(o, Fault) else getattr(o, "number", None) for o in answer
    ]
    return numbers == [task.number for task in tasks]
