"""``plywise bench``: how fast the parts are on this machine, each figure with its name and unit."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from rich.console import Console

from plywise.arena.display import near
from plywise.arena.records import write_summary
from plywise.conf.schema import BenchConfig

Figures = Mapping[str, Any]
"""Names, which end in their unit, and numbers."""

_ROLLOUT = 200
"""Random turns after each leaf: then nearly all of a search's time is the engine's."""


def boards(config: BenchConfig) -> Figures:
    """Alpha-beta on Connect Four, and the conformance test's speed."""
    from plywise.arena.bench_boards import bench_check, bench_connect_four

    checked = {f"check_{name}_positions_per_second": rate for name, rate in bench_check().items()}
    return {**bench_connect_four(seed=config.seed), **checked}


def search(config: BenchConfig) -> Figures:
    """The battle search on mid-game states."""
    from plywise.arena.bench_search import bench_search

    return bench_search(seconds=config.seconds)


def engine(config: BenchConfig) -> Figures:
    """Random battles: stepped from Python, and played out inside the compiled search."""
    from plywise.arena.bench_search import mid_game_states
    from plywise.engine.battle.rules import RULES
    from plywise.engine.kernels import NO_ACTION, TERMINAL
    from plywise.search.simultaneous import SimultaneousConfig, SimultaneousSearch

    states = mid_game_states(8, config.seed)
    rng, out = Random(config.seed), np.zeros(RULES.num_actions, np.int32)
    steps, number = 0, 0
    start = time.perf_counter()
    while (elapsed := time.perf_counter() - start) < config.seconds:
        pool = states[number % len(states)][None].copy()
        RULES.reseed(pool, 0, rng.getrandbits(63))
        number += 1
        while int(RULES.current(pool, 0)) != TERMINAL:
            chosen = [NO_ACTION, NO_ACTION]
            for player in (0, 1):
                count = int(RULES.legal(pool, 0, player, out))
                if count:
                    chosen[player] = int(out[rng.randrange(count)])
            RULES.step(pool, 0, chosen[0], chosen[1])
            steps += 1
    searcher = SimultaneousSearch(RULES, SimultaneousConfig(rollout=_ROLLOUT))
    searcher.decide(states[:1], None, 0, 0, seconds=0.05)  # compile before the clock starts
    decision = searcher.decide(states[:1], None, 0, config.seed, seconds=config.seconds)
    return {
        "battles": number,
        "steps_from_python_per_second": steps / elapsed,
        "compiled_steps_per_second": int(decision.notes["turns"]) / decision.seconds,
    }


PARTS: dict[str, Callable[[BenchConfig], Figures]] = {
    "boards": boards,
    "search": search,
    "engine": engine,
}


def run_bench(config: BenchConfig, folder: Path, console: Console | None = None) -> int:
    """Measure, print one line for each figure, write ``bench.json``."""
    console = console or Console(highlight=False)
    with console.status(f"measuring {config.what}"):
        figures = PARTS[config.what](config)
    width = max(map(len, figures)) + 2
    for name, value in figures.items():
        shown = f"{value:,.3g}" if isinstance(value, float) and value < 100 else f"{value:,.0f}"
        console.print(f"{name:<{width}}{shown:>16}", soft_wrap=True)
    write_summary(folder / "bench.json", {"config": config, "figures": figures})
    console.print(f"figures: {near(folder / 'bench.json')}", soft_wrap=True)
    return 0
