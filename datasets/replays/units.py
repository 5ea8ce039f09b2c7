"""Shares of the sources of replays, in an order that is the same whenever they are made anew.

A share is what one worker reads at a time and writes as one file, so that a run that was stopped
goes on behind the last whole one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from plywise.datasets.replays.sources import (
    DOCUMENTS,
    LINES,
    LOGS,
    PAGES,
    TABLES,
    Found,
    ReplayReject,
    ReplaySourceError,
    import_parquet,
    read_json_lines,
    read_one,
    read_rows,
)

_KNOWN = (*LOGS, *PAGES, *DOCUMENTS, *LINES, *TABLES)
_FILES = 200  # of one battle each, in a share
_FILE_BYTES = 1 << 22
_LINE_BYTES = 1 << 22
_ROWS = 500
_READ = 1 << 20


class ReplayUnit(NamedTuple):
    """A share.

    Attributes:
        kind: ``files``, ``lines`` or ``rows``.
        paths: the files, or the file.
        start, end: bytes of ``lines``, rows of ``rows`` in their group.
        first: number of the first line, or of the row group.
        size: bytes of all of it, about.
    """

    kind: str
    paths: tuple[str, ...]
    start: int = 0
    end: int = 0
    first: int = 0
    size: int = 0


def plan_units(sources: Sequence[Path]) -> list[ReplayUnit]:
    """Return the shares of files and folders; a folder's files are those of known suffixes, sorted.

    Raises:
        ReplaySourceError: a source is not there, or holds no file of replays.
    """
    units: list[ReplayUnit] = []
    single: list[tuple[str, int]] = []
    for path in _files(sources):
        try:
            size = path.stat().st_size
            if path.suffix.lower() in LINES:
                units += _of_lines(path)
            elif path.suffix.lower() in TABLES:
                units += _of_rows(path, size)
            else:
                single.append((str(path), size))
        except OSError as error:
            raise ReplaySourceError(f"cannot read {path}: {error.strerror or error}") from error
    return [*_of_files(single), *units]


def plan_digest(units: Iterable[ReplayUnit]) -> str:
    """Return a digest of shares, equal for equal ones."""
    return hashlib.sha256(msgspec.json.encode(list(units))).hexdigest()


def read_unit(unit: ReplayUnit) -> Iterator[Found]:
    """Yield the battles of a share, and what cannot be read of it.

    Raises:
        ReplaySourceError: pyarrow is missing.
    """
    try:
        if unit.kind == "files":
            for name in unit.paths:
                yield from read_one(Path(name), name)
        elif unit.kind == "lines":
            (name,) = unit.paths
            yield from read_json_lines(Path(name), name, unit.start, unit.end, unit.first)
        else:
            (name,) = unit.paths
            yield from read_rows(Path(name), name, unit.first, unit.start, unit.end)
    except OSError as error:  # pyarrow's own errors are of this kind or ValueError
        yield ReplayReject(unit.paths[0], 0, 0, "", f"cannot be read: {error.strerror or error}")
    except ValueError as error:
        yield ReplayReject(unit.paths[0], 0, 0, "", f"damaged: {str(error)[:200]}")


def _files(sources: Sequence[Path]) -> Iterator[Path]:
    for source in sources:
        if source.is_dir():
            found = sorted(
                path
                for path in source.rglob("*")
                if path.suffix.lower() in _KNOWN and path.is_file()
            )
            if not found:
                raise ReplaySourceError(f"{source} holds no file of replays ({', '.join(_KNOWN)})")
            yield from found
        elif source.is_file():
            yield source
        else:
            raise ReplaySourceError(f"{source}: there is no such file or folder")


def _of_files(single: Sequence[tuple[str, int]]) -> Iterator[ReplayUnit]:
    held: list[str] = []
    total = 0
    for name, size in single:
        if held and (len(held) >= _FILES or total + size > _FILE_BYTES):
            yield ReplayUnit("files", tuple(held), size=total)
            held, total = [], 0
        held.append(name)
        total += size
    if held:
        yield ReplayUnit("files", tuple(held), size=total)


def _of_lines(path: Path) -> Iterator[ReplayUnit]:
    start = at = 0
    first, lines = 1, 0
    with path.open("rb") as file:
        while block := file.read(_READ):
            if at + len(block) - start >= _LINE_BYTES:
                cut = block.rfind(b"\n") + 1
                if cut:
                    end = at + cut
                    lines += block.count(b"\n", 0, cut)
                    yield ReplayUnit("lines", (str(path),), start, end, first, end - start)
                    first, start = first + lines, end
                    lines = block.count(b"\n", cut)
                    at += len(block)
                    continue
            lines += block.count(b"\n")
            at += len(block)
    if at > start:
        yield ReplayUnit("lines", (str(path),), start, at, first, at - start)


def _of_rows(path: Path, size: int) -> Iterator[ReplayUnit]:
    parquet = import_parquet()
    try:
        with parquet.ParquetFile(path) as file:
            groups = [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)]
            names = set(file.schema_arrow.names)
    except ValueError as error:
        raise ReplaySourceError(f"{path} is no Parquet file, or is damaged: {error}") from error
    if not names & {"log", "text"}:
        raise ReplaySourceError(f"{path} has no column log or text; it has {', '.join(names)}")
    each = size / max(1, sum(groups))
    for group, rows in enumerate(groups):
        for start in range(0, rows, _ROWS):
            end = min(rows, start + _ROWS)
            yield ReplayUnit("rows", (str(path),), start, end, group, round(each * (end - start)))
