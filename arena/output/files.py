"""Results on disk: JSON Lines that survive a crash, and summaries."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import msgspec
import numpy as np

from plywise.datasets.errors import PlywiseError


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


def file_stem(game: str) -> str:
    """Return a game's name as part of a file's: of ``path:/x/nim.py`` only ``nim``."""
    name = Path(game).stem if game.startswith("path:") else game
    return "".join(c if c.isalnum() or c in "_-" else "-" for c in name)


@contextmanager
def writing(path: Path, error: type[PlywiseError] = RecordFileError) -> Iterator[None]:
    """Make the folder of ``path``, and turn what the disk refuses into one line.

    Raises:
        error: the disk refuses it.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as refused:
        raise error(f"cannot write {path}: {refused.strerror or refused}") from refused


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
    """Appends records to a JSON Lines file; every record is on disk before the next is made."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        with writing(path):
            self._file = path.open("a", encoding="utf-8")

    def write(self, record: object) -> None:
        """Append one record (a dataclass or a mapping) and flush it.

        Raises:
            RecordFileError: the disk refuses it.
        """
        with writing(self.path):
            self._file.write(json.dumps(plain(record), ensure_ascii=False) + "\n")
            self._file.flush()
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
    """Write a summary as indented JSON.

    Raises:
        RecordFileError: the disk refuses it.
    """
    with writing(path):
        path.write_text(json.dumps(plain(summary), indent=2, ensure_ascii=False) + "\n", "utf-8")
