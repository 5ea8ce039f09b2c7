"""Python's garbage collection kept off the clock of decisions."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator
from functools import cache


@cache
def freeze_loaded(states: str, advised: bool) -> None:
    """Exclude what the process has loaded so far from garbage collection for good.

    A scan of the tables takes 0.1 s, and a collection put off by :func:`without_collection` would
    come right after the decision.  Runs once for each kind of states, with and without advice: the
    rules of a game and a model's client load that much.
    """
    gc.collect()
    gc.freeze()


@contextlib.contextmanager
def without_collection() -> Iterator[None]:
    """Put off Python's garbage collection, which would take time from a decision."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
