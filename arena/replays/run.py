"""A run over all sources: what is left of it, workers, progress, and what it leaves behind.

The folder it writes:

- ``decisions/part-NNNNNN.parquet``: the rows of a share, there when it is done;
- ``rejects/part-NNNNNN.jsonl``, and at the end ``rejects.jsonl`` of all;
- ``plan.json``: which sources it belongs to, so that a run goes on only with the same;
- ``README.md``: a dataset card.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from filelock import FileLock, Timeout

from plywise.arena.output.files import RecordFileError, write_summary, writing
from plywise.arena.replays.card import CARD, write_card
from plywise.arena.replays.share import ShareCounts, part_of, rejects_of, write_share
from plywise.datasets.errors import ConfigError
from plywise.datasets.files import read_text, reading
from plywise.datasets.processes.pool import in_processes
from plywise.datasets.processes.temporary import replacing
from plywise.datasets.replays.schema import SCHEMA_VERSION
from plywise.datasets.replays.sources import import_parquet
from plywise.datasets.replays.units import ReplayUnit, plan_digest, plan_units

_PLAN = "plan.json"


@dataclass
class ReplayRun:
    """What a run has done.

    Attributes:
        shares: of all, and ``before``: done by an earlier run.
        battles, rows, rejected: of this run.
        seconds: of this run.
    """

    shares: int
    before: int = 0
    battles: int = 0
    rows: int = 0
    rejected: int = 0
    seconds: float = 0.0


def run_replays(
    sources: Sequence[Path], out: Path, jobs: int, on_progress: Callable[[str], None]
) -> ReplayRun:
    """Write the decisions of all battles of the sources.

    Args:
        sources: files and folders.
        out: folder; one of an earlier run of the same sources is gone on with.
        jobs: processes.
        on_progress: called with a line about how far it is, a few times a second at most.

    Raises:
        ReplaySourceError: a source is not there, or pyarrow is missing.
        ConfigError: the folder belongs to other sources, or another run is writing it.
        RecordFileError: the disk refuses it.
    """
    import_parquet()
    began = time.monotonic()
    units = plan_units(sources)
    with _held(out):
        _check_plan(out, sources, units)
        left = [number for number in range(len(units)) if not part_of(out, number).exists()]
        run = ReplayRun(len(units), before=len(units) - len(left))
        sizes = sum(units[number].size for number in left) or 1
        tasks = [(str(out), number, units[number]) for number in left]
        done = 0
        said = began
        with _results(tasks, jobs) as results:
            for number, counts in zip(left, results, strict=True):
                run.battles += counts.battles
                run.rows += counts.rows
                run.rejected += counts.rejected
                done += units[number].size
                run.seconds = time.monotonic() - began
                if time.monotonic() - said > 0.2 or number == left[-1]:
                    said = time.monotonic()
                    on_progress(_progress(run, done, sizes))
        _join_rejects(out, len(units))
        if left or not (out / CARD).exists():
            write_card(out, sources)
    run.seconds = time.monotonic() - began
    return run


@contextmanager
def _results(tasks: list[tuple[Any, ...]], jobs: int) -> Iterator[Iterator[ShareCounts]]:
    if jobs == 1 or len(tasks) < 2:
        yield (write_share(*task) for task in tasks)
        return
    with in_processes(write_share, tasks, jobs) as results:
        yield results


@contextmanager
def _held(out: Path) -> Iterator[None]:
    with writing(out / _PLAN):
        pass
    lock = FileLock(out / ".lock", timeout=0)
    try:
        with lock:
            yield
    except Timeout:
        raise ConfigError(f"out={out}: another plywise data replays is writing there") from None


def _check_plan(out: Path, sources: Sequence[Path], units: list[ReplayUnit]) -> None:
    plan = {
        "schema": SCHEMA_VERSION,
        "sources": [str(source) for source in sources],
        "shares": len(units),
        "digest": plan_digest(units),
    }
    path = out / _PLAN
    if not path.exists():
        if (out / "decisions").exists():
            raise ConfigError(f"out={out}: it holds decisions of another run; name another folder")
        write_summary(path, plan)
        return
    with reading(path, RecordFileError, "plan of a run", also=(KeyError, TypeError)):
        found = msgspec.json.decode(read_text(path))
        same = all(found[key] == plan[key] for key in ("schema", "digest"))
    if not same:
        raise ConfigError(
            f"out={out}: it belongs to other sources ({', '.join(found['sources'])[:200]}), or "
            "these have changed; name another folder"
        )


def _progress(run: ReplayRun, done: int, of: int) -> str:
    left = run.seconds * (of - done) / done if done else 0.0
    minutes, seconds = divmod(round(left), 60)
    hours, minutes = divmod(minutes, 60)
    rate = run.battles / run.seconds if run.seconds else 0.0
    return (
        f"{done / of:.0%}: {run.battles:,} battles, {run.rejected:,} rejected, "
        f"{rate:.0f} a second, {hours}:{minutes:02d}:{seconds:02d} left"
    )


def _join_rejects(out: Path, shares: int) -> None:
    with writing(out / "rejects.jsonl") as file, replacing(file) as part, part.open("wb") as joined:
        for number in range(shares):
            path = rejects_of(out, number)
            if path.exists():
                joined.write(path.read_bytes())
