"""``plywise bench``: speed and strength of the parts on this machine, one line a figure.

``plywise bench childplay`` examines a language model instead (``arena/childplay``).
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

_Figures = Mapping[str, Any]
"""Figures by name; a name ends in its unit."""


def _measure_boards(config: BenchConfig) -> _Figures:
    """Measure alpha-beta and the exact solver on Connect Four, playouts, the conformance test."""
    from plywise.arena.bench import boards

    solved = {f"solver_{name}": x for name, x in boards.bench_solver(config.seed).items()}
    playouts = boards.bench_playouts(config.seed)
    checked = {f"check_{name}_positions_per_second": r for name, r in boards.bench_check().items()}
    return {**boards.bench_connect_four(seed=config.seed), **solved, **playouts, **checked}


def _measure_search(config: BenchConfig) -> _Figures:
    """Measure the battle search on mid-game states, with several threads, and poke-engine."""
    from plywise.arena.bench.search import bench_poke_engine, bench_search, bench_threads

    return {
        **bench_search(config.seconds),
        **bench_threads(config.seconds),
        **bench_poke_engine(config.seconds),
    }


def _measure_deadline(config: BenchConfig) -> _Figures:
    """Measure how late the battle search's decisions are on a busy machine."""
    from plywise.arena.bench.deadline import bench_deadline

    return bench_deadline(config.seconds, config.decisions, config.seed)


def _measure_guides(config: BenchConfig) -> _Figures:
    """Count illegal and late decisions with a fuzzed language model as guide."""
    from plywise.arena.bench.guides import bench_guides

    return bench_guides(config.seconds, config.decisions, config.seed)


def _measure_engine(config: BenchConfig) -> _Figures:
    """Measure the battle engine part by part, and the real simulator."""
    from plywise.arena.bench.engine import bench_engine

    return bench_engine(config.seconds, config.seed, config.cold, config.simulator)


def _measure_battleship(config: BenchConfig) -> _Figures:
    """Measure the mean shots of the Battleship hunter over random fleets."""
    from plywise.arena.bench.battleship import bench_battleship

    return bench_battleship(config.fleets, config.seed)


def _measure_exploitability(config: BenchConfig) -> _Figures:
    """Measure the exploitability of the simultaneous-move search in small games."""
    from plywise.arena.bench.exploitability import bench_exploitability

    return bench_exploitability(config.seed)


_PARTS: dict[str, Callable[[BenchConfig], _Figures]] = {
    "boards": _measure_boards,
    "battleship": _measure_battleship,
    "search": _measure_search,
    "deadline": _measure_deadline,
    "guides": _measure_guides,
    "exploitability": _measure_exploitability,
    "engine": _measure_engine,
}


def run_bench(config: BenchConfig, folder: Path, console: Console | None = None) -> int:
    """Measure, print one line a figure and the JSON as last line, and write ``bench.json``."""
    if config.what == "childplay":
        from plywise.arena.childplay.command import run_childplay

        return run_childplay(config, folder, console)
    console = console or Console(highlight=False)
    with console.status(f"measuring {config.what}"):
        figures = _PARTS[config.what](config)
    width = max(map(len, figures)) + 2
    for name, value in figures.items():
        shown = f"{value:,.3g}" if isinstance(value, float) and value < 100 else f"{value:,.0f}"
        console.print(f"{name:<{width}}{shown:>16}", soft_wrap=True)
    write_summary(folder / "bench.json", {"config": config, "figures": figures})
    console.print(f"figures: {near(folder / 'bench.json')}", soft_wrap=True)
    rounded = {name: float(f"{value:.6g}") for name, value in figures.items()}
    console.print(json.dumps(rounded), soft_wrap=True, markup=False, highlight=False)
    return 0
