"""Checks and parallel processes that all commands on a corpus share."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Protocol, Self, TypeVar

from plywise.datasets.battle_corpus import read_corpus
from plywise.datasets.errors import ConfigError
from plywise.engine.battle.oracle.replay import prepare_rules


class Mergeable(Protocol):
    """A report to which those of other parts of the same corpus can be added."""

    def merge(self, other: Self) -> None:
        """Add the report of another part."""


_Report = TypeVar("_Report", bound=Mergeable)


def begin(path: Path, jobs: int, limit: int | None) -> None:
    """Check arguments and corpus, and compile the rules, before the first battle.

    Raises:
        ConfigError: ``jobs`` or ``limit`` makes no sense.
        CorpusError: the file is no corpus.
    """
    if jobs < 1:
        raise ConfigError(f"jobs={jobs}: must be at least 1")
    if limit is not None and limit < 1:
        raise ConfigError(f"limit={limit}: must be at least 1")
    next(read_corpus(path, limit=1), None)  # a file that is no corpus is refused at once
    prepare_rules()


def in_shares(share: Callable[..., _Report], path: Path, jobs: int, *rest: Any) -> _Report:
    """Return the merged reports ``share(path, part, jobs, *rest)``, one process a part."""
    if jobs == 1:
        return share(path, 0, 1, *rest)
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        parts = [pool.submit(share, path, part, jobs, *rest) for part in range(jobs)]
        report = parts[0].result()
        for part in parts[1:]:
            report.merge(part.result())
    return report
