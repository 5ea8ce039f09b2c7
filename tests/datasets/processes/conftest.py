"""A Python program in a process of its own, driven line by line through its pipes."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Program:
    """A running program; the tests' signals reach it as they reach a command in a terminal."""

    def __init__(self, code: str, folder: Path, ignored: tuple[int, ...]) -> None:
        def set_signals() -> None:
            for number in SIGNALS:
                signal.signal(number, signal.SIG_IGN if number in ignored else signal.SIG_DFL)

        self.process = subprocess.Popen(
            [sys.executable, "-P", "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"TMPDIR": str(folder), "PLYWISE_CACHE": str(folder / "cache")},
            preexec_fn=set_signals,
        )

    def line(self) -> str:
        """Return the next line that it prints."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def send(self, signum: int) -> None:
        """Send it a signal."""
        self.process.send_signal(signum)

    def type(self, line: str) -> None:
        """Send it a line on its standard input."""
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def end(self) -> tuple[int, str, str]:
        """Return its exit status, and the rest of its output and errors."""
        out, errors = self.process.communicate(timeout=60)
        return self.process.returncode, out, errors


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Callable[..., Program]]:
    begun: list[Program] = []

    def begin(code: str, *ignored: int) -> Program:
        begun.append(Program(code, tmp_path, ignored))
        return begun[-1]

    yield begin
    for one in begun:
        one.process.kill()
        one.process.communicate()
