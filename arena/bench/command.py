"""``plywise bench``: how fast the parts are on this machine, each figure with its name and unit.

``plywise bench childplay`` examines a language model instead (``bench_childplay.py``).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from plywise.arena.output.files import write_summary
from plywise.arena.output.screen import near
from plywise.conf.schemas.bench import BenchConfig

Figures = Mapping[str, Any]
"""Names, which end in their unit, and numbers."""


def boards(config: BenchConfig) -> Figures:
    """Alpha-beta and the exact solver on Connect Four, random playouts, the conformance test."""
    from plywise.arena.bench import boards

    solved = {f"solver_{name}": x for name, x in boards.bench_solver(config.seed).items()}
    playouts = boards.bench_playouts(config.seed)
    checked = {f"check_{name}_positions_per_second": r for name, r in boards.bench_check().items()}
    return {**boards.bench_connect_four(seed=config.seed), **solved, **playouts, **checked}


def search(config: BenchConfig) -> Figures:
    """The battle search on mid-game states; what several threads bring; poke-engine beside it."""
    from plywise.arena.bench.search import bench_poke_engine, bench_search, bench_threads

    return {
        **bench_search(config.seconds),
        **bench_threads(config.seconds),
        **bench_poke_engine(config.seconds),
    }


def deadline(config: BenchConfig) -> Figures:
    """How late the battle search's decisions come on a busy machine."""
    from plywise.arena.bench.deadline import bench_deadline

    return bench_deadline(config.seconds, config.decisions, config.seed)


def guides(config: BenchConfig) -> Figures:
    """Decisions that a model which does everything wrong advises: illegal ones, late ones."""
    from plywise.arena.bench.guides import bench_guides

    return bench_guides(config.seconds, config.decisions, config.seed)


def engine(config: BenchConfig) -> Figures:
    """The battle engine part by part, and the real simulator beside it."""
    from plywise.arena.bench.engine import bench_engine

    return bench_engine(config.seconds, config.seed, config.cold, config.simulator)


def battleship(config: BenchConfig) -> Figures:
    """Mean shots of the Battleship hunter over random fleets."""
    from plywise.arena.bench.battleship import bench_battleship

    return bench_battleship(config.fleets, config.seed)


def exploitability(config: BenchConfig) -> Figures:
    """What best responses take off the simultaneous-move search's strategies in small games."""
    from plywise.arena.bench.exploitability import bench_exploitability

    return bench_exploitability(config.seed)


PARTS: dict[str, Callable[[BenchConfig], Figures]] = {
    "boards": boards,
    "battleship": battleship,
    "search": search,
    "deadline": deadline,
    "guides": guides,
    "exploitability": exploitability,
    "engine": engine,
}


def run_bench(config: BenchConfig, folder: Path, console: Console | None = None) -> int:
    """Measure, print one line for each figure, write ``bench.json``; the last line is JSON too."""
    if config.what == "childplay":
        from plywise.arena.childplay.command import run_childplay

        return run_childplay(config, folder, console)
    console = console or Console(highlight=False)
    with console.status(f"measuring {config.what}"):
        figures = PARTS[config.what](config)
    width = max(map(len, figures)) + 2
    for name, value in figures.items():
        shown = f"{value:,.3g}" if isinstance(value, float) and value < 100 else f"{value:,.0f}"
        console.print(f"{name:<{width}}{shown:>16}", soft_wrap=True)
    write_summary(folder / "bench.json", {"config": config, "figures": figures})
    console.print(f"figures: {near(folder / 'bench.json')}", soft_wrap=True)
    rounded = {name: float(f"{value:.6g}") for name, value in figures.items()}
    console.print(json.dumps(rounded), soft_wrap=True, markup=False, highlight=False)
    return 0
