"""``plywise bench``: speed and strength of the parts on this machine, one line a figure.

Every part is a module of this folder, with a function ``bench_PART`` that returns its figures by
name; a name ends in its unit.  ``regret``, ``prediction`` and ``puzzles`` (a room of its own) write
files of their own and take the run's folder too.
``plywise bench childplay`` examines a language model instead (``arena/childplay``).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from rich.console import Console

from plywise.arena.output.files import write_summary
from plywise.arena.output.screen import TextConsole, near, text_line
from plywise.conf.schemas.bench import BenchConfig


def run_bench(config: BenchConfig, folder: Path, console: Console | None = None) -> int:
    """Measure, print one line a figure and the JSON as last line, and write ``bench.json``."""
    if config.what == "childplay":
        from plywise.arena.childplay.command import run_childplay

        return run_childplay(config, folder, console)
    console = console or TextConsole()
    where = "puzzles.table" if config.what == "puzzles" else config.what
    part = import_module(f"plywise.arena.bench.{where}")  # most of them load numba
    measure: Callable[..., Mapping[str, Any]] = getattr(part, f"bench_{config.what}")
    if config.what == "puzzles":  # shows what it is at by itself
        figures = measure(config, folder, console)
    else:
        with console.status(f"measuring {config.what}"):
            more = (folder, console) if config.what in ("regret", "prediction") else ()
            figures = measure(config, *more)
    width = max(map(len, figures)) + 2
    for name, value in figures.items():
        shown = f"{value:,.3g}" if isinstance(value, float) and value < 100 else f"{value:,.0f}"
        console.print(f"{name:<{width}}{shown:>16}", soft_wrap=True)
    console.print(f"figures: {near(folder / 'bench.json')}", soft_wrap=True)
    rounded = {name: float(f"{value:.6g}") for name, value in figures.items()}
    console.print(text_line(json.dumps(rounded)), soft_wrap=True)
    # After the figures: a full disk must not keep them from being printed.
    write_summary(folder / "bench.json", {"config": config, "figures": figures})
    return 0
