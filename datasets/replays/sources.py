"""Logs of battles in files of other people's making, one at a time, and why one cannot be read."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from plywise.datasets.errors import PlywiseError
from plywise.datasets.recording import encodable

LOGS, PAGES, DOCUMENTS = (".log", ".txt"), (".html", ".htm"), (".json",)
LINES, TABLES = (".jsonl", ".ndjson"), (".parquet",)
MOST_LOG_BYTES = 1 << 23
"""The largest log that is read; the longest battles have less than a tenth."""

_IN_PAGE = re.compile(
    r'<script[^>]*\bclass="battle-log-data"[^>]*>(.*?)</script', re.DOTALL | re.IGNORECASE
)
_IN_OWN_PAGE = re.compile(r"<summary>Protocol</summary><pre>(.*?)</pre>", re.DOTALL)
"""Of the pages that ``plywise showdown`` writes."""
_PAGE_ID = re.compile(r'name="replayid"\s+value="([^"]{1,200})"')
_GZIP = b"\x1f\x8b"
_MOST_ID = 200  # characters


class ReplaySourceError(PlywiseError):
    """A source of replays that cannot be read at all."""


@dataclass(frozen=True)
class ReplayText:
    """The log of one battle, with what its source says of it.

    Attributes:
        source: file, as it was named.
        record: 1-based line or row in a file of many; 0: the file is one battle.
        id: of the battle, "" not told.
        format: id or name of the format, "" not told.
        log: its text.
        rating: of the battle, None: not told.
        rating_band: such as ``1600-1799``, where the source has no number; "" none.
        uploaded: seconds since 1970, None: not told.
    """

    source: str
    record: int
    id: str
    format: str
    log: str
    rating: int | None = None
    rating_band: str = ""
    uploaded: int | None = None


@dataclass(frozen=True)
class ReplayReject:
    """What could not be read.

    Attributes:
        source, record: as of :class:`ReplayText`.
        line: 1-based line of the log; 0: none is to blame.
        id: of the battle, "" not told.
        reason: in words.
    """

    source: str
    record: int
    line: int
    id: str
    reason: str


Found = ReplayText | ReplayReject


def read_one(path: Path, source: str) -> Iterator[Found]:
    """Yield the battles of a file of one (log, page), or of a JSON document of one or several."""

    def wrong(reason: str, line: int = 0) -> ReplayReject:
        return ReplayReject(source, 0, line, "", reason)

    try:
        size = path.stat().st_size
        document = path.suffix.lower() in DOCUMENTS
        if size > MOST_LOG_BYTES * (16 if document else 1):
            yield wrong(f"{size:,} bytes are more than one battle has")
            return
        data = path.read_bytes()
    except OSError as error:
        yield wrong(f"cannot be read: {error.strerror or error}")
        return
    if data[:2] == _GZIP:
        yield wrong("a compressed file: gunzip it first")
        return
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        yield wrong(f"not UTF-8 text ({error.reason})", data.count(b"\n", 0, error.start) + 1)
        return
    start = text[:200].lstrip()
    if document or start.startswith(("{", "[")):
        yield from _document(text, source)
    elif start.startswith("<"):
        yield _page(text, path.stem, source)
    else:
        yield ReplayText(source, 0, path.stem[:_MOST_ID], "", text)


def read_json_lines(path: Path, source: str, start: int, end: int, first: int) -> Iterator[Found]:
    """Yield the battles of a part of a file of JSON lines.

    Args:
        path: the file.
        source: its name.
        start, end: the bytes from the first line of the part to the end of its last one.
        first: 1-based number of its first line.
    """
    with path.open("rb") as file:
        file.seek(start)
        number = first
        while file.tell() < end:
            line = file.readline(MOST_LOG_BYTES)
            if not line:
                return
            if len(line) == MOST_LOG_BYTES and not line.endswith(b"\n"):
                while line and not line.endswith(b"\n"):
                    line = file.readline(MOST_LOG_BYTES)
                yield ReplayReject(source, number, 0, "", "a line longer than any battle")
            elif line.strip():
                yield _line(line, source, number)
            number += 1


def _line(line: bytes, source: str, number: int) -> Found:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError as error:
        return ReplayReject(source, number, 0, "", f"not UTF-8 text ({error.reason})")
    try:
        found = msgspec.json.decode(line)
    except (msgspec.MsgspecError, RecursionError) as error:
        return ReplayReject(source, number, 0, "", f"not JSON ({str(error)[:120]})")
    return of_record(found, source, number)


def read_rows(path: Path, source: str, group: int, start: int, end: int) -> Iterator[Found]:
    """Yield the battles of rows ``start`` to ``end`` (not included) of a row group.

    Raises:
        ReplaySourceError: pyarrow is not installed.
    """
    parquet = import_parquet()
    with parquet.ParquetFile(path) as file:
        before = sum(file.metadata.row_group(n).num_rows for n in range(group))
        columns = [name for name in file.schema_arrow.names if name in _COLUMNS]
        at = 0
        for batch in file.iter_batches(batch_size=64, row_groups=[group], columns=columns):
            if at + batch.num_rows > start:
                for number, row in enumerate(batch.to_pylist(), at):
                    if start <= number < end:
                        yield of_record(row, source, before + number + 1)
            at += batch.num_rows
            if at >= end:
                return


def import_parquet() -> Any:
    """Return pyarrow's module ``parquet``.

    Raises:
        ReplaySourceError: pyarrow is not installed.
    """
    try:
        from pyarrow import parquet
    except ImportError:
        raise ReplaySourceError(
            "replays are written with pyarrow, which is missing: pip install 'plywise[data]'"
        ) from None
    return parquet


def _document(text: str, source: str) -> Iterator[Found]:
    try:
        found = msgspec.json.decode(text)
    except (msgspec.MsgspecError, RecursionError) as error:
        yield ReplayReject(source, 0, 0, "", f"not JSON ({str(error)[:120]})")
        return
    if isinstance(found, list):
        for number, record in enumerate(found, 1):
            yield of_record(record, source, number)
    else:
        yield of_record(found, source, 0)


def _page(text: str, stem: str, source: str) -> Found:
    found = _IN_PAGE.search(text)
    if found is None and (own := _IN_OWN_PAGE.search(text)):
        return ReplayText(source, 0, stem[:_MOST_ID], "", html.unescape(own[1]))
    if found is None:
        return ReplayReject(source, 0, 0, "", "a page without the log of a battle")
    named = _PAGE_ID.search(text)
    name = html.unescape(named[1]) if named else stem
    # The page writes </ as <\/ so that the script does not end.
    return ReplayText(source, 0, name[:_MOST_ID], "", found[1].strip().replace("<\\/", "</"))


_COLUMNS = (
    "id battle_id log text format formatid gamemode rating elo uploadtime private password".split()
)
"""Keys that are read: of the replay site's JSON, and of public collections made of it."""


def of_record(record: Any, source: str, number: int) -> Found:
    """Return the battle of a mapping with the keys of the replay site or of the collections."""
    if not isinstance(record, Mapping):
        return ReplayReject(source, number, 0, "", "no object with the log of a battle")
    if record.get("k") in ("b", "t") and "b" in record:
        reason = "a recording for plywise verify: hidden states step by step, no log"
        return ReplayReject(source, number, 0, "", reason)
    name = record.get("id") or record.get("battle_id") or ""
    name = encodable(str(name))[:_MOST_ID] if isinstance(name, str | int) else ""
    text = record.get("log", record.get("text"))
    if isinstance(text, list) and all(isinstance(line, str) for line in text):
        text = "\n".join(text)
    if not isinstance(text, str):
        return ReplayReject(source, number, 0, name, "it has no text under log or text")
    if len(text) > MOST_LOG_BYTES:
        return ReplayReject(
            source, number, 0, name, f"{len(text):,} characters are more than one battle has"
        )
    format = record.get("formatid") or record.get("format") or record.get("gamemode") or ""
    rating, band = _rating(record.get("rating", record.get("elo")))
    uploaded = record.get("uploadtime")
    return ReplayText(
        source,
        number,
        name,
        encodable(format)[:_MOST_ID] if isinstance(format, str) else "",
        encodable(text),
        rating,
        band,
        uploaded if isinstance(uploaded, int) and 0 < uploaded < 1 << 40 else None,
    )


def _rating(value: Any) -> tuple[int | None, str]:
    """Return a rating as a number, or as a band of ratings."""
    if isinstance(value, str):
        text = value.strip()
        if re.fullmatch(r"\d{1,5}(\.\d+)?", text):
            value = float(text)
        else:
            return None, text if re.fullmatch(r"\d{1,5}(-\d{1,5}|\+)", text) else ""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 100_000:
        return round(value), ""
    return None, ""
