"""``plywise bench battleship``: shots that the hunter needs for random fleets."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from plywise.arena.ratings.intervals import Z95
from plywise.conf.schemas.bench import BenchConfig
from plywise.engine.boards.battleship_hunt import Hunter

_SLICE = 100  # fleets between two checks for Ctrl-C


def bench_battleship(config: BenchConfig) -> dict[str, Any]:
    """Hunt ``config.fleets`` random fleets (5-4-3-3-2 on 10×10, all equally likely).

    Returns:
        ``fleets``; ``mean_shots`` with its 95 % interval ``mean_shots_low`` and ``_high``;
        ``median_shots``, ``p10_shots`` and ``p90_shots``; ``wall_ms_per_fleet``.
    """
    hunter = Hunter()
    rng = np.random.default_rng(config.seed)
    start = time.perf_counter()
    found = []
    left = config.fleets
    while left > 0:
        found.append(hunter.hunt(min(_SLICE, left), seed=int(rng.integers(2**63))))
        left -= _SLICE
    shots = np.concatenate(found)
    half = Z95 * float(shots.std(ddof=1)) / len(shots) ** 0.5 if len(shots) > 1 else float("inf")
    mean = float(shots.mean())
    p10, median, p90 = (float(x) for x in np.percentile(shots, (10, 50, 90)))
    return {
        "fleets": config.fleets,
        "mean_shots": mean,
        "mean_shots_low": mean - half,
        "mean_shots_high": mean + half,
        "median_shots": median,
        "p10_shots": p10,
        "p90_shots": p90,
        "wall_ms_per_fleet": 1000 * (time.perf_counter() - start) / config.fleets,
    }
