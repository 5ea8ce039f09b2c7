"""Reports on a corpus: their base class, the replayed steps, and processes that share battles."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any, Self, TypeVar

import numpy as np

from plywise.conf.schemas.verify import VerifyConfig
from plywise.datasets.battle_corpus import (
    CorpusError,
    RecordedBattle,
    RecordedStep,
    read_corpus,
)
from plywise.datasets.processes.pool import in_processes
from plywise.datasets.sums import add_fields
from plywise.engine.battle.border.codec import BattleSetup, LoggedFacts
from plywise.engine.battle.oracle.replay import (
    StepCheck,
    check_step,
    decode_before,
    prepare_rules,
)

_log = logging.getLogger(__name__)

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


def in_shares(share: Callable[[VerifyConfig, int], _Report], config: VerifyConfig) -> _Report:
    """Return the merged reports ``share(config, part)`` of all parts, one process a part.

    Part ``k`` has every ``config.jobs``-th battle, from number ``k`` on.

    Raises:
        CorpusError: the file is not a sound corpus of the pinned package.
        WorkersFailedError: a process died.
    """
    next(read_corpus(Path(config.corpus), limit=1), None)  # refused before anything is compiled
    prepare_rules()
    if config.jobs == 1:
        return share(config, 0)
    shares = [(config, part) for part in range(config.jobs)]
    with in_processes(share, shares, config.jobs) as parts:
        report = next(parts)
        for part in parts:
            report.merge(part)
    return report


def count_battles(kind: Callable[[], _Report], config: VerifyConfig) -> _Report:
    """Return the report of class ``kind`` on a corpus, or on its first ``config.limit`` battles.

    Raises:
        CorpusError: the file is not a sound corpus of the pinned package.
    """
    return in_shares(partial(_count_share, kind), config)


def _count_share(kind: Callable[[], _Report], config: VerifyConfig, part: int) -> _Report:
    report = kind()
    for k, battle in enumerate(read_corpus(Path(config.corpus), config.limit)):
        if k % config.jobs == part and config.battle in (None, battle.number):
            with recorded(battle, config.corpus):
                report.add(battle)
    return report


@contextmanager
def recorded(battle: RecordedBattle, corpus: Path | str) -> Iterator[None]:
    """Turn what a recorded value of the wrong kind raises into a line; the log has the traceback.

    Raises:
        CorpusError: there is one in this battle.
    """
    try:
        yield
    except (TypeError, LookupError, AttributeError, ValueError, ArithmeticError) as error:
        _log.exception("battle %s of %s", battle.number, corpus)
        raise CorpusError(
            f"{corpus}, battle {battle.number} (line {battle.line}): a value of the wrong "
            f"kind ({type(error).__name__}: {error}); record it again"
        ) from error


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
