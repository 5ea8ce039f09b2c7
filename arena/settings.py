"""The search over sampled worlds that a configuration describes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from plywise.conf.schemas.search import SimultaneousConfig
    from plywise.engine.kernels import RulesKernels
    from plywise.search.simultaneous.averaging import AveragedSearch
    from plywise.search.simultaneous.search import SimultaneousSearch


def make_search(
    kernels: RulesKernels, config: SimultaneousConfig, yield_after: float | None = None
) -> SimultaneousSearch | AveragedSearch:
    """Return a search for one thread.

    Each decision may bring its own time; ``yield_after`` is the language model's, None: the
    search's own.
    """
    from plywise.search.simultaneous.averaging import AveragedSearch
    from plywise.search.simultaneous.search import SimultaneousSearch

    settings = replace(
        config,
        # Each decision brings its own; this is what it cannot exceed.
        seconds=config.battle_seconds if config.seconds is None else config.seconds,
        yield_after=config.yield_after if yield_after is None else yield_after,
    )
    if config.sharing == "averaged":
        return AveragedSearch(kernels, settings)
    return SimultaneousSearch(kernels, settings)
