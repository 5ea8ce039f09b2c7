"""Worker processes on this machine: they get games in chunks and are replaced when they fail.

Each worker has a pipe of its own and a *slot*: three numbers in shared memory for the game that it
plays, its start and the deciding player.  So the game and the player at fault are known even when
the parent or the kernel killed the worker.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import threading
import time
import traceback
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import Any

from plywise.arena.output.text import guard_streams
from plywise.arena.tournament.executors.base import timed_out
from plywise.arena.tournament.executors.chunks import WaitingGames
from plywise.arena.tournament.schedule import GameTask
from plywise.arena.tournament.store import Fault, FinishedGame
from plywise.arena.tournament.worker import GameOutcome, Setup
from plywise.datasets.errors import PlywiseError, WorkersFailedError
from plywise.datasets.processes.children import start_worker

log = logging.getLogger(__name__)

_CHUNK_SECONDS = 0.5  # of games handed over at once
_REPORT_SECONDS = 0.05  # a game that ended is reported within this time
_STARTS = 3  # workers in a row that may end before they have played anything
_NOBODY = -1.0
_GAME, _SINCE, _PLAYER = range(3)  # the numbers of a slot


class _Reporter:
    """Sends ended games from a thread, so that a short game costs no system call of its own."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._ended: list[Any] = []
        self._lock = threading.Lock()
        threading.Thread(target=self._run, daemon=True).start()

    def add(self, outcome: GameOutcome) -> None:
        """Report the outcome soon."""
        with self._lock:
            self._ended.append(outcome)

    def flush(self) -> None:
        """Report at once."""
        with self._lock:
            if self._ended:
                self._pipe.send(("ended", self._ended))
                self._ended = []

    def _run(self) -> None:
        while True:
            time.sleep(_REPORT_SECONDS)
            try:
                self.flush()
            except OSError:
                os._exit(1)


def work(setup: Setup, pipe: Connection, slot: Any) -> None:
    """Play chunks of games until the pipe closes; the main function of a worker process."""
    guard_streams()
    reporter = _Reporter(pipe)

    def thinking(player: int) -> None:
        slot[_PLAYER] = player

    try:
        player = setup.make(setup)
        pipe.send(("ready", time.process_time()))
        while True:
            for task in pipe.recv():
                slot[_SINCE], slot[_PLAYER] = time.monotonic(), _NOBODY
                slot[_GAME] = task.number
                outcome = player.play(task, thinking)
                slot[_GAME] = _NOBODY
                reporter.add(outcome)
            reporter.flush()
            pipe.send(("idle", time.process_time()))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        os._exit(0)  # the parent has closed the pipe or has gone
    except PlywiseError as error:
        reporter.flush()
        pipe.send(("hopeless", f"{error}"))
    except Exception:
        reporter.flush()
        pipe.send(("broke", traceback.format_exc()))


@dataclass
class _Worker:
    process: Any
    pipe: Connection
    slot: Any
    holds: dict[int, GameTask] = field(default_factory=dict)
    chunks: int = 0
    cpu: float = 0.0
    played: bool = False
    trouble: str = ""


class LocalExecutor:
    """Plays in ``jobs`` processes of this machine.

    Args:
        setup: settings of each worker; its classes must be importable by name.
        jobs: number of processes.
        timeout: limit of one game in seconds; None: no limit.
    """

    def __init__(self, setup: Setup, jobs: int, timeout: float | None = None) -> None:
        self._setup = setup
        self._timeout = timeout
        self._waiting = WaitingGames(_CHUNK_SECONDS)
        self._outcomes: list[GameOutcome] = []
        self._unused = 0
        self._spent = 0.0  # CPU seconds of workers that have ended
        self._begun = time.monotonic()
        self._workers = [self._start() for _ in range(jobs)]

    # --- the protocol -----------------------------------------------------------------------

    def submit(self, tasks: Iterable[GameTask], *, first: bool = False) -> None:
        """Add games to play; ``first``: before those that wait already."""
        if first:
            self._waiting.tasks.extendleft(reversed(list(tasks)))
        else:
            self._waiting.tasks.extend(tasks)
        self._feed()

    def idle(self) -> bool:
        """Whether no game waits or is under way."""
        return not self._waiting.tasks and not any(worker.holds for worker in self._workers)

    def collect(self, wait: float) -> Sequence[GameOutcome]:
        """Return the games ended since the last call."""
        deadline = time.monotonic() + wait
        while True:
            self._listen(max(0.0, min(0.2, deadline - time.monotonic())))
            self._watch_clocks()
            self._feed()
            if self._outcomes or time.monotonic() >= deadline:
                ended, self._outcomes = self._outcomes, []
                return ended

    def busy(self) -> float | None:
        """Return the workers' CPU time over the time since their start."""
        possible = (time.monotonic() - self._begun) * len(self._workers)
        return (self._spent + sum(w.cpu for w in self._workers)) / possible if possible else None

    def close(self) -> None:
        """End the workers at once."""
        for worker in self._workers:
            worker.pipe.close()
            worker.process.terminate()
        for worker in self._workers:
            worker.process.join(timeout=5)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()

    # --- workers ----------------------------------------------------------------------------

    def _start(self) -> _Worker:
        ours, theirs = multiprocessing.Pipe()
        slot = multiprocessing.RawArray("d", [_NOBODY, 0.0, _NOBODY])
        process = start_worker(work, self._setup, theirs, slot)
        theirs.close()
        return _Worker(process, ours, slot)

    def _feed(self) -> None:
        """Give each worker a chunk to play and one in reserve, so that it never waits."""
        for depth in (1, 2):
            for worker in self._workers:
                if worker.chunks < depth and self._waiting.tasks:
                    self._give(worker)

    def _give(self, worker: _Worker) -> None:
        tasks = self._waiting.tasks
        size = min(self._waiting.chunk_size(len(self._workers)), len(tasks))
        chunk = [tasks.popleft() for _ in range(size)]
        worker.holds |= {task.number: task for task in chunk}
        worker.chunks += 1
        try:
            worker.pipe.send(chunk)
        except OSError:
            log.warning("a worker is gone before it took its games")  # its sentinel shows it next

    def _listen(self, seconds: float) -> None:
        by_sign: dict[Any, _Worker] = {w.pipe: w for w in self._workers}
        by_sign |= {w.process.sentinel: w for w in self._workers}
        for worker in {id(by_sign[s]): by_sign[s] for s in wait(list(by_sign), seconds)}.values():
            if not self._drain(worker) or not worker.process.is_alive():
                self._replace(worker, "died")

    def _drain(self, worker: _Worker) -> bool:
        """Read all that the worker has sent; False if its pipe is closed or broken."""
        try:
            while worker.pipe.poll():
                kind, value = worker.pipe.recv()
                if kind == "ended":
                    for outcome in value:
                        self._take(worker, outcome)
                elif kind == "idle":
                    worker.chunks -= 1
                    worker.cpu = float(value)
                elif kind == "ready":
                    worker.cpu = float(value)
                elif kind == "hopeless":
                    raise WorkersFailedError(str(value))
                else:
                    worker.trouble = str(value)
        except (EOFError, OSError):
            return False
        except WorkersFailedError:
            raise
        except Exception as error:  # whatever a broken worker wrote into its pipe
            log.exception("a worker sent what cannot be read")
            worker.trouble = f"sent what cannot be read: {type(error).__name__}: {error}"
            self._replace(worker, "nonsense")
        return True

    def _take(self, worker: _Worker, outcome: GameOutcome) -> None:
        del worker.holds[outcome.number]
        worker.played = True
        self._unused = 0
        if isinstance(outcome, FinishedGame):
            self._waiting.count(outcome)
        self._outcomes.append(outcome)

    def _watch_clocks(self) -> None:
        if self._timeout is None:
            return
        now = time.monotonic()
        for worker in self._workers:
            if worker.slot[_GAME] != _NOBODY and now - worker.slot[_SINCE] > self._timeout:
                self._replace(worker, "timeout")

    def _replace(self, worker: _Worker, kind: str) -> None:
        """End a worker, report its game as a fault, and start another worker in its place."""
        if worker not in self._workers:
            return  # already replaced, while its last messages were read
        self._workers.remove(worker)
        worker.process.kill()
        worker.process.join()
        if kind != "nonsense":
            self._drain(worker)  # games finished before it ended
        worker.pipe.close()
        self._spent += worker.cpu
        # It plays and reports in order: what cannot be read is about the first that it still holds.
        blamed = next(iter(worker.holds), _NOBODY) if kind == "nonsense" else worker.slot[_GAME]
        task = worker.holds.pop(int(blamed), None)
        said = worker.trouble.strip().splitlines()
        why = said[-1] if said else f"exit status {worker.process.exitcode}"
        if task is None and kind != "timeout":
            if not worker.played:
                self._unused += 1
            if self._unused >= _STARTS:
                raise WorkersFailedError(
                    f"{self._unused} workers in a row ended before they had played a game "
                    f"({why}): out of memory? Try fewer tournament.jobs"
                )
        if task is not None:
            at = int(worker.slot[_PLAYER])
            known = at in (0, 1) and kind != "nonsense"  # it may think about another game by now
            at_fault = task.players[at] if known else None
            if kind == "timeout" and self._timeout is not None:
                fault = timed_out(task, self._timeout, at_fault)
            else:
                what = "" if kind == "nonsense" else f"{kind}: "
                fault = Fault(
                    task,
                    kind=kind,
                    text=f"the worker {what}{why}",
                    at_fault=at_fault,
                    ended=time.time(),
                )
            log.warning("game %d aborted: %s", task.number, worker.trouble or fault.text)
            self._outcomes.append(fault)
        self._waiting.tasks.extendleft(reversed(worker.holds.values()))
        self._workers.append(self._start())
