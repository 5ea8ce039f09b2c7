"""One border for files from outside: what is wrong with one is one line, whatever is in it.

Whoever reads a file does so inside :func:`reading`, of bytes from :func:`read_bytes`; a file that
cannot be read, is too large, too deeply nested or damaged ends as the reader's own error.
"""

from __future__ import annotations

import csv
import sqlite3
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from plywise.datasets.errors import PlywiseError

MOST_BYTES = 1 << 28
"""The largest file that is read as a whole."""
DAMAGE = (
    ValueError,  # of json, numpy and Python's own readers
    EOFError,
    OverflowError,
    zlib.error,
    csv.Error,
    sqlite3.Error,
    zipfile.BadZipFile,
    msgspec.MsgspecError,
)
"""What the readers of formats raise where a file is damaged."""


@contextmanager
def reading(
    path: Path, error: type[PlywiseError], what: str, also: tuple[type[Exception], ...] = ()
) -> Iterator[None]:
    """Turn what a reader raises into one line.

    Args:
        path: the file, for the message.
        error: raised in place of it.
        what: the file as it should be, for example "record of a game".
        also: what a reader raises that takes values from plain JSON without a schema, such as
            KeyError and TypeError.

    Raises:
        error: the file cannot be read, or is not what it should be.
    """
    try:
        yield
    except OSError as refused:
        raise error(f"cannot read {path}: {refused.strerror or refused}") from refused
    except UnicodeDecodeError as wrong:
        raise error(f"{path} is no {what}: not UTF-8 text ({wrong.reason})") from wrong
    except RecursionError as wrong:
        raise error(f"{path} is no {what}: it is nested too deeply") from wrong
    except MemoryError as wrong:
        raise error(f"{path} is no {what}: it does not fit into the memory") from wrong
    except DAMAGE + also as wrong:
        said = " ".join(str(wrong).split())
        if not said or not isinstance(wrong, DAMAGE):  # a KeyError says no more than the key
            said = f"{type(wrong).__name__}: {said}"
        raise error(f"{path} is no {what}, or is damaged: {said}") from wrong


def read_bytes(path: Path) -> bytes:
    """Return the content of a file.

    Raises:
        OSError: it cannot be read.
        ValueError: it is larger than ``MOST_BYTES``; devices such as /dev/zero are.
    """
    with path.open("rb") as file:
        found = file.read(MOST_BYTES + 1)
    if len(found) > MOST_BYTES:
        raise ValueError(f"larger than {MOST_BYTES >> 20} MB")
    return found


def read_text(path: Path) -> str:
    """Return the text of a UTF-8 file, as :func:`read_bytes` does."""
    return read_bytes(path).decode("utf-8")
