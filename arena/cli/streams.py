"""The standard streams of a command: closed, full, and of an encoding that lacks characters."""

from __future__ import annotations

import io
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any


class Output(io.FileIO):
    """An output that loses what it cannot write: games do not end because a log does.

    Attributes:
        error: the first failure; None: everything was written.
    """

    error: OSError | None = None

    def write(self, data: Any) -> int:
        """Write bytes; return how many were written or lost.

        Raises:
            BrokenPipeError: the reader of the standard output has gone (in the main thread, which
                ends by it).
        """
        try:
            return super().write(data)
        except OSError as error:
            main = threading.current_thread() is threading.main_thread()
            if isinstance(error, BrokenPipeError) and main and self.fileno() == 1:
                raise
            self.error = self.error or error
            return memoryview(data).nbytes

    def failure(self) -> str:
        """Return in one line what could not be written; "" if everything was."""
        if self.error is None:
            return ""
        reason = self.error.strerror or self.error
        return f"cannot write to the standard output: {reason}; the rest of it is lost"


@contextmanager
def standard_streams() -> Iterator[Output]:
    """Let a command read and write whatever its standard streams are; yield the standard output.

    A closed stream reads as empty, and fails as a full one does.  Characters that an encoding lacks
    are replaced.  Streams that somebody put in place of the standard ones, such as a test, are left
    alone.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:  # else the next file or socket gets the number, and what is printed
            os.open(os.devnull, os.O_RDONLY)
    if sys.stdin is None:
        sys.stdin = open(0, encoding="utf-8", closefd=False)
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")
    output = Output(1, "w", closefd=False)
    before = sys.stdout, sys.stderr
    if before == (sys.__stdout__, sys.__stderr__):
        sys.stdout = _text(output, before[0], "replace")
        sys.stderr = _text(Output(2, "w", closefd=False), before[1], "backslashreplace")
    try:
        yield output
    finally:
        for stream in (sys.stdout, sys.stderr):
            with suppress(BrokenPipeError):
                stream.flush()
        sys.stdout, sys.stderr = before


def _text(raw: Output, before: Any, errors: str) -> io.TextIOWrapper:
    """Return the stream in place of ``before``, which is None where it was closed."""
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=before.encoding if before else "utf-8",
        errors=errors,
        line_buffering=before.line_buffering if before else True,
        write_through=before.write_through if before else False,
    )
