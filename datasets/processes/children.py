"""Children that end with this process, however it ends: programs, Python code and workers.

A child cannot be told that its parent was killed (``kill -9``), so each watches for that itself:
Python by :func:`end_with_parent`, Node by ``end_with_parent.js``.  Children get no signal of the
terminal; only this process handles Ctrl-C, and ends them.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from multiprocessing import get_context, parent_process, resource_tracker
from multiprocessing.process import BaseProcess
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from typing import Any

from plywise.datasets.processes.signals import uninterrupted

PARENT_VARIABLE = "PLYWISE_PARENT"
"""Environment variable of a child: the id of the process that started it."""

NODE_FLAGS = ("--require", str(Path(__file__).with_name("end_with_parent.js")))
"""Arguments of Node that let it end with its parent."""

_WATCH_SECONDS = 0.5
_STOP_SECONDS = 5.0  # from SIGTERM to SIGKILL
_FROM_TERMINAL = [signal.SIGINT] + ([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])
_spawn = get_context("spawn")


def end_with_parent() -> None:
    """End this process within a second after its parent has ended, from a thread."""
    # The parent may have gone already, so it is known by what it said and not by getppid().
    origin = parent_process()
    parent = os.environ.get(PARENT_VARIABLE, "0") if origin is None else origin.pid
    threading.Thread(target=_watch, args=(int(parent or 0),), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_WATCH_SECONDS)
    os._exit(1)


def start_program(
    command: Sequence[str | Path], env: Mapping[str, str] | None = None, **options: Any
) -> subprocess.Popen[Any]:
    """Start a program that ends by itself when this process has gone.

    Args:
        command: of :func:`python_command`, or Node with :data:`NODE_FLAGS`.
        env: its environment; None: that of this process.
        options: further ones of ``Popen``.
    """
    environment = {**(os.environ if env is None else env), PARENT_VARIABLE: str(os.getpid())}
    return subprocess.Popen(command, env=environment, start_new_session=True, **options)


def python_command(code: str, *arguments: str) -> list[str]:
    """Return the command that runs Python code in a child, for :func:`start_program`."""
    watch = "from plywise.datasets.processes.children import end_with_parent as e; e(); del e"
    return [sys.executable, "-P", "-c", f"{watch}\n{code}", *arguments]


def end_program(process: subprocess.Popen[Any], seconds: float = _STOP_SECONDS) -> None:
    """End a started program and its children (it leads a process group).

    Args:
        process: made by :func:`start_program`; nothing happens if it has ended.
        seconds: time between SIGTERM and SIGKILL.
    """
    if process.poll() is not None:
        return
    with uninterrupted(), contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextlib.contextmanager
def running(
    command: Sequence[str | Path], env: Mapping[str, str] | None = None, **options: Any
) -> Iterator[subprocess.Popen[Any]]:
    """Start a program, and wait for its end; where the block raises, it is ended."""
    with start_program(command, env, **options) as process:
        try:
            yield process
        except BaseException:
            end_program(process, seconds=0.5)
            raise


def completed(
    command: Sequence[str | Path],
    env: Mapping[str, str] | None = None,
    timeout: float | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end; return its exit status and its output as text.

    Raises:
        subprocess.TimeoutExpired: it took longer than ``timeout`` seconds.
    """
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "errors": "replace"}
    with running(command, env, stdin=subprocess.DEVNULL, text=True, **pipes) as process:
        out, errors = process.communicate(timeout=timeout)
    return subprocess.CompletedProcess(process.args, process.returncode, out, errors)


# --- workers ---------------------------------------------------------------------------------


class _Later:
    """A value that is unpickled when it is asked for: its modules may take seconds to import."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def __getstate__(self) -> bytes:
        return bytes(ForkingPickler.dumps(self._value))

    def __setstate__(self, state: bytes) -> None:
        self._state = state

    def get(self) -> Any:
        return ForkingPickler.loads(self._state)


def start_worker(target: Callable[..., Any], *arguments: Any) -> BaseProcess:
    """Call ``target(*arguments)`` in a new Python process, which ends when this one has gone.

    Args:
        target: a function or class that can be imported by name.
        arguments: what ``multiprocessing`` can pass: connections too.
    """
    call = _Later((target, arguments))
    process = _spawn.Process(target=_work, args=(call,), daemon=True, name="plywise-worker")
    with _without_terminal():  # a process of its own that Python starts beside the first worker
        resource_tracker.ensure_running()
    with _without_terminal():
        process.start()
    return process


def _work(call: _Later) -> None:
    end_with_parent()
    target, arguments = call.get()
    target(*arguments)


@contextlib.contextmanager
def _without_terminal() -> Iterator[None]:
    """Block Ctrl-C and hang-ups: a child begins with the mask and keeps it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _FROM_TERMINAL)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
