"""The search over sampled worlds that a configuration describes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from plywise.conf.schemas.search import SimultaneousConfig
    from plywise.engine.kernels import RulesKernels
    from plywise.search.simultaneous.averaging import AveragedSearch
    from plywise.search.simultaneous.search import SimultaneousSearch


def make_search(
    kernels: RulesKernels, config: SimultaneousConfig, lend_after: float | None = None
) -> SimultaneousSearch | AveragedSearch:
    """Return a search of its own for one thread; each decision may bring its own time."""
    from plywise.search.simultaneous.averaging import AveragedSearch
    from plywise.search.simultaneous.config import SimultaneousConfig as SearchSettings
    from plywise.search.simultaneous.search import SimultaneousSearch

    settings = SearchSettings(
        # Each decision brings its own; this is what it cannot exceed.
        seconds=config.battle_seconds if config.seconds is None else config.seconds,
        iterations=config.iterations,
        max_depth=config.max_depth,
        algorithm=config.algorithm,
        exploration=config.exploration,
        rollout=config.rollout,
        yield_after=lend_after,
        final=config.final,
        prior_trust=config.prior_trust,
        opponent_prior=config.habit,
        resample_rate=config.renewal,
        threads=config.threads,
    )
    if config.sharing == "averaged":
        return AveragedSearch(kernels, settings)
    return SimultaneousSearch(kernels, settings)
