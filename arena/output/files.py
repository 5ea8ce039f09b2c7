"""Results on disk: JSON Lines that survive a crash, summaries, and names of files."""

from __future__ import annotations

import json
import logging
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import msgspec
import numpy as np

from plywise.datasets.errors import PlywiseError
from plywise.datasets.processes.temporary import replacing
from plywise.datasets.recording import JsonLines, Losses

log = logging.getLogger(__name__)

_MAX_STEM = 100  # characters; file systems take 255 bytes


class RecordFileError(PlywiseError):
    """A result file that cannot be written or read."""


def plain(value: object) -> Any:
    """Return ``value`` as what JSON can hold: dataclasses as mappings, keys as text.

    Raises:
        TypeError: something in it has no plain form.
    """
    return msgspec.to_builtins(value, str_keys=True, enc_hook=_plain_hook)


def _plain_hook(value: object) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} has no plain form for a result file")


def file_stem(name: str) -> str:
    """Return a name from outside as part of a file's: letters, digits, ``_`` and ``-`` alone.

    Of a game ``path:/x/nim.py`` it is ``nim``.
    """
    name = Path(name).stem if name.startswith("path:") else name
    return "".join(c if c.isalnum() or c in "_-" else "-" for c in name)[:_MAX_STEM]


@contextmanager
def writing(path: Path, error: type[PlywiseError] = RecordFileError) -> Iterator[Path]:
    """Make the folder of ``path``, and turn what the disk refuses into one line.

    Yields the file that a link at ``path`` leads to, else ``path``: what is replaced is a file.

    Raises:
        error: the disk refuses it, or a folder, device or pipe is there.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = Path(os.path.realpath(path))
        if file.exists() and not file.is_file():
            raise error(f"cannot write {path}: it is no ordinary file; name another")
        yield file
    except OSError as refused:
        raise error(f"cannot write {path}: {refused.strerror or refused}") from refused


def write_whole(path: Path, data: bytes | str, error: type[PlywiseError] = RecordFileError) -> None:
    """Write a file, whole or not at all; a text as UTF-8, a lone surrogate as its escape.

    Raises:
        error: the disk refuses it, or something else than a file is there.
    """
    if isinstance(data, str):
        data = data.encode("utf-8", "backslashreplace")
    with writing(path, error) as file, replacing(file) as part:
        part.write_bytes(data)


def keep(write: Callable[[Path], None], path: Path) -> None:
    """Write a result that nobody can make again to ``path``, else into a new temporary folder.

    Raises:
        RecordFileError: ``path`` is refused; the message names the file where it is kept, if any.
    """
    try:
        write(path)
    except RecordFileError as error:
        try:
            elsewhere = Path(tempfile.mkdtemp(prefix="plywise-kept-")) / path.name
            write(elsewhere)
        except (OSError, RecordFileError):
            raise error from None
        raise RecordFileError(f"{error}; it is kept in {elsewhere}") from None


class Closing:
    """Base of objects that close at the end of a ``with`` block."""

    def close(self) -> None:
        """Release everything."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()


class RecordWriter(Closing):
    """Appends records to a JSON Lines file; every record is on disk before the next is made.

    Writing never raises: a record that the disk or the serializer refuses is lost, and counted.

    Args:
        path: the file; an existing one is continued.
        losses: counts the records that are lost; None: counted by itself, the first is logged.

    Attributes:
        count: number of records written.

    Raises:
        RecordFileError: the file cannot be opened.
    """

    def __init__(self, path: Path, losses: Losses | None = None) -> None:
        self.path = path
        self.count = 0
        self.losses = losses or Losses(str(path), log.warning)
        with writing(path) as file:
            self._file = JsonLines(file)

    def write(self, record: object) -> None:
        """Append one record (a dataclass or a mapping)."""
        with self.losses.guard():
            self._file.append(plain(record))
            self.count += 1

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def read_records(path: Path) -> list[dict[str, Any]]:
    """Return the records of a JSON Lines file.

    Raises:
        RecordFileError: it cannot be read, or a line is not JSON (the message names the line).
    """
    records = []
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                try:
                    records.append(json.loads(line))
                except json.JSONDecodeError as error:
                    raise RecordFileError(f"{path}, line {number}: {error}") from error
    except OSError as error:
        raise RecordFileError(f"cannot read {path}: {error.strerror or error}") from error
    return records


def write_summary(path: Path, summary: object) -> None:
    """Write a summary as indented JSON, whole or not at all.

    Raises:
        RecordFileError: the disk refuses it, or it has no form in JSON.
    """
    try:
        text = json.dumps(plain(summary), indent=2, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise RecordFileError(f"cannot write {path}: {error}") from error
    write_whole(path, f"{text}\n")
