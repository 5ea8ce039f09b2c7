"""One share of the sources of replays, read and written by one worker."""

from __future__ import annotations

import gc
import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from plywise.arena.output.files import RecordFileError, write_whole, writing
from plywise.datasets.processes.temporary import replacing
from plywise.datasets.replays.schema import COLUMNS, DecisionWriter
from plywise.datasets.replays.sources import ReplayReject, ReplayText
from plywise.datasets.replays.units import ReplayUnit, read_unit
from plywise.games.gen9.replays.decisions import ReplayBattle, ReplayRow, replay_decisions
from plywise.games.gen9.replays.log import BattleLogError

log = logging.getLogger(__name__)

_OBJECTS = 50_000
_OF_ROW = tuple(ReplayRow.__dataclass_fields__)


class ShareCounts(NamedTuple):
    """What came of a share: battles and rows written, battles rejected."""

    battles: int
    rows: int
    rejected: int


def part_of(out: Path, number: int) -> Path:
    """Return the file of the rows of a share; it is there when the share is done."""
    return out / "decisions" / f"part-{number:06d}.parquet"


def rejects_of(out: Path, number: int) -> Path:
    """Return the file of what could not be read of a share; there is none without any."""
    return out / "rejects" / f"part-{number:06d}.jsonl"


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Collect garbage once in a few battles, and not what was there before.

    A battle makes tens of thousands of objects and few cycles: the usual collections, which begin
    at 700 objects, found next to nothing in a tenth of the time.
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(_OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def write_share(out: str, number: int, unit: ReplayUnit) -> ShareCounts:
    """Read a share and write its rows, whole or not at all.

    Raises:
        RecordFileError: the disk refuses it.
        ReplaySourceError: pyarrow is not installed.
    """
    part = part_of(Path(out), number)
    rejects: list[ReplayReject] = []
    battles = 0
    with (
        writing(part, RecordFileError) as file,
        replacing(file) as unfinished,
        _rare_collections(),
    ):
        with DecisionWriter(unfinished) as writer:
            for found in read_unit(unit):
                read = found if isinstance(found, ReplayReject) else decisions_or_reject(found)
                if isinstance(read, ReplayReject):
                    rejects.append(read)
                    continue
                assert isinstance(found, ReplayText)
                battles += 1
                writer.write(columns_of(found, read))
        lines = b"".join(msgspec.json.encode(reject) + b"\n" for reject in rejects)
        old = rejects_of(Path(out), number)
        if lines:
            write_whole(old, lines)
        else:
            old.unlink(missing_ok=True)
    return ShareCounts(battles, writer.rows, len(rejects))


def decisions_or_reject(found: ReplayText) -> ReplayBattle | ReplayReject:
    """Return the decisions of a battle, or why there are none."""
    try:
        return replay_decisions(found.log, found.format)
    except BattleLogError as error:
        line, reason = error.line, str(error)
    except Exception as error:  # one battle that we read wrongly must not end a run of millions
        log.warning("%s, record %d: not read", found.source, found.record, exc_info=error)
        line, reason = 0, f"a fault of Plywise ({type(error).__name__}: {str(error)[:160]})"
    return ReplayReject(found.source, found.record, line, found.id, reason)


def columns_of(found: ReplayText, battle: ReplayBattle) -> dict[str, list[Any]]:
    """Return the rows of a battle by column."""
    rows = battle.rows
    count = len(rows)
    columns: dict[str, list[Any]] = {
        name: [getattr(row, name) for row in rows] for name in _OF_ROW if name in COLUMNS
    }
    keys = [key_of(user) for user in battle.log.users]
    ratings = battle.log.ratings
    for name, value in (
        ("battle_id", found.id),
        ("source", found.source),
        ("record", found.record),
        ("format", battle.log.format.id),
        ("rating", found.rating),
        ("rating_band", found.rating_band),
        ("uploaded", found.uploaded),
    ):
        columns[name] = [value] * count
    players = columns["player"]
    columns["player_key"] = [keys[s] for s in players]
    columns["player_rating"] = [ratings[s] for s in players]
    columns["foe_rating"] = [ratings[1 - s] for s in players]
    columns["result"] = [battle.results[s] for s in players]
    columns["inferred"] = [battle.inferred[s] for s in players]
    return columns


def key_of(user: str) -> str:
    """Return a digest of a player's id: equal for equal ones, and no name."""
    return hashlib.blake2s(user.encode(), digest_size=8).hexdigest() if user else ""
