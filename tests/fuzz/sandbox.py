"""Command lines run in forked copies of one warm process, and what is wrong with how they end."""

from __future__ import annotations

import faulthandler
import os
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from plywise.arena.cli.main import main

MEMORY = 6 << 30  # bytes of addresses that a command may take; more is a MemoryError
OUTPUT = 64 << 20  # bytes of the largest file that it may write
GRACE = 15.0  # seconds to end after Ctrl-C
_LINES = ("plywise: ", "compiling ", "  ")  # the notices of a first run too
_TRACES = (
    "Traceback (most recent call last)", "Exception ignored", "Fatal Python error",
    "--- Logging error ---", "Segmentation fault", "RuntimeWarning",
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """One command line.

    Attributes:
        words: the arguments after ``plywise``.
        files: contents of files in the folder that it runs in, by name.
        what: what is tried, for people.
        act: run in the forked process in place of the command line; None: the command line.
    """

    words: tuple[str, ...]
    files: dict[str, bytes] = field(default_factory=dict)
    what: str = ""
    act: Callable[[], int] | None = None

    def __str__(self) -> str:
        words = " ".join(w if len(w) < 200 else f"{w[:80]}…({len(w)})" for w in self.words)
        return f"plywise {words}{f'   # {self.what}' if self.what else ''}".encode(
            "utf-8", "backslashreplace"
        ).decode()


@dataclass(frozen=True)
class Ending:
    """How a command line ended.

    Attributes:
        code: exit code; negative: the number of a signal.
        interrupted: whether it ran for longer than it was let, and was sent Ctrl-C.
        hung: whether it ran on after that.
    """

    case: Case
    code: int
    out: str
    err: str
    seconds: float
    interrupted: bool = False
    hung: bool = False

    @property
    def fault(self) -> str:
        """What is wrong with it, in a few words; "" if nothing is."""
        if self.hung:
            return "hangs"
        for text in (self.err, self.out):
            for trace in _TRACES:
                if trace in text:
                    return trace
        if self.code < 0:
            return f"ended by signal {-self.code}"
        if self.interrupted:
            return "" if self.code in (0, 1, 2, 130) else f"exit {self.code} after Ctrl-C"
        if self.code not in (0, 1, 2):
            return f"exit {self.code}"
        lines = self.err.splitlines()
        if strange := [line for line in lines if not line.startswith(_LINES)]:
            return f"an odd line on stderr: {strange[0][:100]}"
        if self.code == 2 and len([line for line in lines if " is now called " not in line]) != 1:
            return f"exit 2 with {len(lines)} lines"
        if self.code == 1 and not lines and not self.out:
            return "exit 1 without a word"
        if any(not c.isprintable() for line in lines for c in line):
            return "control characters on stderr"
        return ""


class Sandbox:
    """Runs cases, some at once, each in a folder of its own."""

    def __init__(self, jobs: int = 2, limit: float = 8.0) -> None:
        self._jobs, self._limit = jobs, limit

    def run(self, cases: Iterable[Case]) -> Iterator[Ending]:
        """Yield how each ended."""
        waiting = iter(cases)
        running: list[_Child] = []
        more = True
        while more or running:
            while more and len(running) < self._jobs:
                case = next(waiting, None)
                if case is None:
                    more = False
                else:
                    running.append(_Child(case, self._limit))
            for child in list(running):
                if (ending := child.poll()) is not None:
                    running.remove(child)
                    yield ending
            time.sleep(0.002)


class _Child:
    def __init__(self, case: Case, limit: float) -> None:
        self._case, self._limit = case, limit
        self._folder = tempfile.TemporaryDirectory(prefix="fuzz", ignore_cleanup_errors=True)
        self._place = Path(self._folder.name)
        for name, content in case.files.items():
            path = self._place / "work" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        (self._place / "work").mkdir(exist_ok=True)
        self._began = time.monotonic()
        self._sent = self._killed = False
        sys.stdout.flush()
        sys.stderr.flush()
        self._pid = os.fork()
        if self._pid == 0:
            _child(case, self._place)

    def poll(self) -> Ending | None:
        """Return how it ended, None while it runs."""
        pid, status = os.waitpid(self._pid, os.WNOHANG)
        seconds = time.monotonic() - self._began
        if pid == 0:
            if seconds > self._limit and not self._sent:
                self._sent = True
                os.kill(self._pid, signal.SIGINT)
            if seconds > self._limit + GRACE and not self._killed:
                self._killed = True
                os.kill(self._pid, signal.SIGABRT)  # faulthandler says where it is
                time.sleep(0.5)
                os.killpg(self._pid, signal.SIGKILL)
            return None
        try:
            os.killpg(self._pid, signal.SIGKILL)  # whatever it left
        except ProcessLookupError:
            pass
        out, err = (
            (self._place / name).read_bytes()[:200_000].decode("utf-8", "replace")
            for name in ("out", "err")
        )
        self._folder.cleanup()
        code = os.waitstatus_to_exitcode(status)
        return Ending(self._case, code, out, err, seconds, self._sent, self._killed)


def _child(case: Case, place: Path) -> None:
    """Become the command, and end."""
    code = 70
    try:
        os.setpgid(0, 0)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.chdir(place / "work")
        os.environ["XDG_DATA_HOME"] = str(place / "data")  # a measured model is the user's
        for number, name, flags in (
            (0, os.devnull, os.O_RDONLY),
            (1, place / "out", os.O_WRONLY | os.O_CREAT | os.O_APPEND),
            (2, place / "err", os.O_WRONLY | os.O_CREAT | os.O_APPEND),
        ):
            opened = os.open(name, flags, 0o644)
            os.dup2(opened, number)
            os.close(opened)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_FSIZE, (OUTPUT, OUTPUT))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        faulthandler.enable(all_threads=False)
        code = case.act() if case.act is not None else main(case.words)
    except BaseException:
        traceback.print_exc()
        code = 71
    finally:
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (OSError, ValueError):
                pass
        os._exit(code)
