"""A pool of workers that leaves nothing behind: results in order, an end at once.

``concurrent.futures.ProcessPoolExecutor`` waits for the running tasks before it ends, and its
workers wait for ever once their parent was killed.
"""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

from plywise.datasets.errors import WorkersFailedError
from plywise.datasets.processes.children import start_worker
from plywise.datasets.processes.signals import uninterrupted

Result = TypeVar("Result")

_AHEAD = 2  # tasks of a worker: one in reserve, so that it never waits


@contextlib.contextmanager
def in_processes(
    call: Callable[..., Result], tasks: Sequence[tuple[Any, ...]], jobs: int
) -> Iterator[Iterator[Result]]:
    """Yield an iterator over ``call(*task)`` of all tasks, in their order, from ``jobs`` processes.

    They end with the block, whatever they do.

    Args:
        call: a function that can be imported by name.
        tasks: the arguments of each call.
        jobs: number of processes.

    Raises (the iterator):
        WorkersFailedError: a worker died.
        Exception: what a call raised.
    """
    workers: list[tuple[BaseProcess, Connection]] = []
    try:
        for _ in range(min(jobs, len(tasks))):
            ours, theirs = Pipe()
            workers.append((start_worker(_serve, call, theirs), ours))
            theirs.close()
        yield _results([pipe for _, pipe in workers], tasks)
    finally:
        with uninterrupted():
            for process, _ in workers:
                process.kill()
            for process, pipe in workers:
                process.join()
                pipe.close()


def _results(pipes: Sequence[Connection], tasks: Iterable[tuple[Any, ...]]) -> Iterator[Any]:
    waiting = enumerate(tasks)
    found: dict[int, Any] = {}
    count = 0

    def give(pipe: Connection) -> int:
        for numbered in waiting:
            pipe.send(numbered)
            return 1
        return 0

    try:
        held = sum(give(pipe) for _ in range(_AHEAD) for pipe in pipes)
        while held or found:
            while count not in found:
                for pipe in wait(pipes):
                    assert isinstance(pipe, Connection)
                    number, result, error = pipe.recv()
                    if error is not None:
                        raise error
                    found[number] = result
                    held += give(pipe) - 1
            yield found.pop(count)
            count += 1
    except (EOFError, ConnectionError) as gone:
        raise WorkersFailedError("a worker died (out of memory?): try fewer jobs") from gone


def _serve(call: Callable[..., Any], pipe: Connection) -> None:
    while True:
        try:
            number, task = pipe.recv()
        except EOFError:
            return
        try:
            result, error = call(*task), None
        except Exception as raised:
            raised.add_note(f"in a worker: {traceback.format_exc()}")
            result, error = None, raised
        pipe.send((number, result, error))
