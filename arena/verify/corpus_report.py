"""Reports on a corpus: their base class, the replayed steps, and processes that share battles."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Self, TypeVar

import numpy as np

from plywise.datasets.battle_corpus import RecordedBattle, RecordedStep, read_corpus
from plywise.datasets.errors import ConfigError
from plywise.datasets.sums import add_fields
from plywise.engine.battle.border.codec import BattleSetup, LoggedFacts
from plywise.engine.battle.oracle.replay import (
    StepCheck,
    check_step,
    decode_before,
    prepare_rules,
)

_Before = np.ndarray[Any, Any] | str
"""The state before a step, or why it cannot be decoded."""


@dataclass
class CorpusReport(ABC):
    """Counts over a corpus, or over a part of it; the whole numbers are its figures."""

    @property
    @abstractmethod
    def rate(self) -> float:
        """Share of what is exact; 0 where nothing was compared."""

    def figures(self) -> dict[str, float]:
        """Return the figures by name."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        counts = {name: value for name, value in values.items() if isinstance(value, int)}
        return {**counts, "rate": round(self.rate, 6)}

    @abstractmethod
    def add(self, battle: RecordedBattle) -> None:
        """Replay a battle and count it."""

    def merge(self, other: Self) -> None:
        """Add the report of another part."""
        add_fields(self, other)


_Report = TypeVar("_Report", bound=CorpusReport)


def in_shares(
    share: Callable[..., _Report], path: Path, jobs: int, limit: int | None, *rest: Any
) -> _Report:
    """Return the merged reports ``share(path, part, jobs, limit, *rest)``, one process a part.

    Raises:
        ConfigError: ``jobs`` or ``limit`` makes no sense.
        CorpusError: the file is not a sound corpus of the pinned package.
    """
    if jobs < 1:
        raise ConfigError(f"jobs={jobs}: must be at least 1")
    if limit is not None and limit < 1:
        raise ConfigError(f"limit={limit}: must be at least 1")
    next(read_corpus(path, limit=1), None)  # a file that is no corpus is refused at once
    prepare_rules()
    if jobs == 1:
        return share(path, 0, 1, limit, *rest)
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        parts = [pool.submit(share, path, part, jobs, limit, *rest) for part in range(jobs)]
        report = parts[0].result()
        for part in parts[1:]:
            report.merge(part.result())
    return report


def count_battles(
    kind: type[_Report], path: Path, jobs: int, battle: int | None, limit: int | None
) -> _Report:
    """Return the report on a corpus.

    Args:
        kind: class of the report.
        path: a ``.jsonl`` or ``.jsonl.gz`` corpus.
        jobs: processes to share the battles among.
        battle: number of the only battle; None: all.
        limit: number of battles, the first ones; None: all.

    Raises:
        ConfigError: ``jobs`` or ``limit`` makes no sense.
        CorpusError: the file is not a sound corpus of the pinned package.
    """
    report: _Report = in_shares(_count_share, path, jobs, limit, kind, battle)
    return report


def _count_share(
    path: Path, part: int, parts: int, limit: int | None, kind: type[_Report], only: int | None
) -> _Report:
    report = kind()
    for k, battle in enumerate(read_corpus(path, limit)):
        if k % parts == part and only in (None, battle.number):
            report.add(battle)
    return report


def decoded_steps(battle: RecordedBattle) -> Iterator[tuple[RecordedStep, _Before]]:
    """Yield every step with the state before it, as recorded there and in the log so far."""
    setup, unsaid = BattleSetup.of(battle), LoggedFacts()
    for step in battle.steps:
        before = decode_before(step, setup, unsaid)
        unsaid.learn(step)
        yield step, before


def check_decoded(before: _Before, step: RecordedStep) -> StepCheck:
    """Play ``step`` in place on the state before it, and compare it with the record."""
    if isinstance(before, str):
        return StepCheck(unreadable=before)
    return check_step(before, 0, step)
