"""The border of everything printed: outside text becomes text that a terminal only shows.

Names, paths, errors, logs and model answers may hold escape sequences, which set a window's title
or hide a line, and marks of writing direction, which reorder one.  :func:`guard_streams` puts the
border around standard output and error, :class:`LogFormatter` around log files;
``screen.TextConsole`` is the same for what rich colours.
"""

from __future__ import annotations

import json
import logging
import sys
import unicodedata
from collections.abc import Callable, Iterable
from typing import Any, TextIO, cast

_JOINERS = "\u200c\u200d"  # parts of words and of emoji, though of the category Cf
_REFUSED = ("Cc", "Cf", "Cs", "Zl", "Zp")  # control, format, lone surrogates, line separators


def printable(text: str) -> str:
    r"""Return a text whose only control characters are line feeds and tabs.

    The others (C0, DEL, C1, marks of writing direction, lone surrogates) become escapes as in JSON,
    for example ``\u001b``, so that a line of JSON keeps its value.
    """
    lines = text.replace("\r\n", "\n").split("\n")
    return "\n".join(x if x.isprintable() else "".join(map(_shown, x)) for x in lines)


def single_line(text: str) -> str:
    """Return :func:`printable` text with line feeds and tabs as escapes too, for names."""
    return printable(text).replace("\n", "\\n").replace("\t", "\\t")


def _shown(c: str) -> str:
    if c.isprintable() or c == "\t" or c in _JOINERS or unicodedata.category(c) not in _REFUSED:
        return c
    return f"\\u{ord(c):04x}" if ord(c) < 0x10000 else json.dumps(c)[1:-1]


class GuardedStream:
    """A text stream that writes :func:`printable` text; everything else is the stream's own.

    Attributes:
        rich_proxied_file: the stream; rich writes its colours to it (``Console.file``).
        above: prints a line above the live picture that a terminal shows; None: there is none.
    """

    def __init__(self, stream: TextIO) -> None:
        self.rich_proxied_file = stream
        self.above: Callable[[str], None] | None = None
        self._begun = ""  # of a line, while there is a picture

    def write(self, text: str) -> int:
        """Write a text and return its length."""
        shown = self._begun + printable(text)
        self._begun = ""
        if self.above is not None:
            *lines, self._begun = shown.split("\n")
            for line in lines:
                self.above(line)
        else:
            self.rich_proxied_file.write(shown)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write texts."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.rich_proxied_file, name)


def guard_streams() -> None:
    """Put the border around standard output and error; what they cannot encode is replaced.

    Covers whatever writes to them in this process: ``print``, tracebacks, warnings, log handlers,
    libraries.  A second call changes nothing.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None or isinstance(stream, GuardedStream):  # None: the shell closed it
            continue
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
        setattr(sys, name, cast("TextIO", GuardedStream(stream)))


class LogFormatter(logging.Formatter):
    """Formats a log file's records: a message is one line, and a terminal may show the file."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        return single_line(super().formatMessage(record))

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record, and its traceback."""
        return printable(super().format(record))
