"""Recording that never stops what is recorded: a count of what is lost, and files of JSON lines.

A decision is sent first and recorded afterwards.  Whatever recording meets (a full disk, a value
that the serializer refuses) is counted and said once, and costs the record alone.
"""

from __future__ import annotations

import json
import logging
import os
import re
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

log = logging.getLogger(__name__)

_SURROGATE = re.compile("[\ud800-\udfff]")
_MAX_REASON = 200  # characters


def encodable(text: str) -> str:
    """Return ``text`` with U+FFFD for each lone surrogate, which no file or terminal takes.

    JSON from outside may hold them (``"\\ud83d A"``): it passes here where it comes in.
    """
    return _SURROGATE.sub("\ufffd", text)


class Losses:
    """Count of records that were lost; the first of them is said.  Thread-safe.

    Args:
        what: the records, as the subject of a sentence.
        say: called with one line about the first loss, whose traceback is logged.

    Attributes:
        count: number of lost records.
        reason: what the first one met; "" while there is none.
    """

    def __init__(self, what: str, say: Callable[[str], None]) -> None:
        self.what = what
        self.count = 0
        self.reason = ""
        self._say = say
        self._lock = threading.Lock()

    def __str__(self) -> str:
        return f"{self.count} ({self.reason})"

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Run one step of recording: an exception in it is counted and goes no further."""
        try:
            yield
        except Exception as error:  # whatever it is, what is recorded goes on
            with self._lock:
                self.count += 1
                first = self.count == 1
                self.reason = self.reason or _reason(error)
            if first:
                log.info("the first loss of %s", self.what, exc_info=error)
                self._say(f"{self.what} cannot be recorded: {self.reason}; the rest goes on")


def _reason(error: Exception) -> str:
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    text = " ".join(encodable(said or type(error).__name__).split())
    return text if isinstance(error, OSError) else f"{type(error).__name__}: {text}"[:_MAX_REASON]


def json_line(value: object) -> bytes:
    """Return plain values as one line of JSON, a lone surrogate as its escape.

    Raises:
        TypeError, ValueError, RecursionError: the value has no form in JSON.
    """
    text = json.dumps(value, ensure_ascii=False)
    return text.encode("utf-8", "backslashreplace") + b"\n"


class JsonLines:
    """JSON Lines file that is appended to; a line is in it whole or not at all.  Thread-safe.

    Args:
        path: file; an existing one is continued.

    Raises:
        OSError: the file cannot be opened (a pipe without a reader neither).
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK  # never waits for a reader
        self._file: int | None = os.open(path, flags, 0o644)

    def append(self, value: object) -> None:
        """Append plain values as one line; does nothing after :meth:`close`.

        Raises:
            OSError: the disk refuses the line.
            TypeError, ValueError, RecursionError: the value has no form in JSON.
        """
        line = json_line(value)
        with self._lock:
            if self._file is None:
                return
            before = os.fstat(self._file)
            try:
                while line:  # a full disk takes a part, and then says why it takes no more
                    line = line[os.write(self._file, line) :]
            except OSError:
                if stat.S_ISREG(before.st_mode):
                    with suppress(OSError):  # part of a line would damage the next one
                        os.ftruncate(self._file, before.st_size)
                raise

    def close(self) -> None:
        """Close the file; safe to call twice."""
        with self._lock:
            if self._file is not None:
                with suppress(OSError):  # every line was reported when it was written
                    os.close(self._file)
            self._file = None
