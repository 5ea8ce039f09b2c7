"""``plywise calibrate``: coverage of intervals and error rates of tests on simulated games."""

from __future__ import annotations

import time
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from plywise.arena.output.files import write_summary
from plywise.arena.output.screen import TextConsole, near, progress_if_slow
from plywise.arena.ratings.errors import StepProgress
from plywise.arena.ratings.simulated import POOLS, coverage
from plywise.arena.ratings.simulated_sprt import PAIR_MODELS, sprt_rates
from plywise.arena.ratings.sprt import SPRT
from plywise.conf.schemas.ratings import CalibrateConfig


def run_calibrate(config: CalibrateConfig, folder: Path, console: Console | None = None) -> int:
    """Simulate, print a line for each row and then the table; write ``calibrate.json``."""
    console = console or TextConsole()
    started = time.perf_counter()
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0))
    simulate = _ratings if config.what == "ratings" else _sprt
    with progress_if_slow("simulating", console) as progress:
        rows = simulate(config, table, console, progress)
    console.print(table)
    console.print(f"{time.perf_counter() - started:.0f} s, seed {config.seed}")
    write_summary(folder / "calibrate.json", {"config": config, "rows": rows})
    console.print(f"figures: {near(folder / 'calibrate.json')}", soft_wrap=True)
    return 0


def _ratings(
    config: CalibrateConfig, table: Table, console: Console, progress: StepProgress
) -> list[dict[str, object]]:
    table.title = f"{config.repeats} tournaments each, 95 % intervals by {config.method}"
    table.add_column("tournament", overflow="fold")
    headings = "games", "ratings held", "by player", "first advantage", "width", "one-sided", "bias"
    for heading in headings:
        table.add_column(heading, justify="right")
    rows: list[dict[str, object]] = []
    for pool in POOLS:
        found = coverage(
            pool,
            config.method,
            config.repeats,
            config.seed,
            config.resamples,
            config.virtual_draws,
            progress,
        )
        least, most = found.worst
        table.add_row(
            pool.name,
            str(pool.games),
            str(found.players),
            f"{100 * least:.1f} … {100 * most:.1f}",
            str(found.advantage) if found.advantage else "–",
            f"{found.width:.0f}",
            str(found.one_sided),
            f"{found.bias:+.1f}",
        )
        console.print(f"{pool.name}: {found.players}", soft_wrap=True)
        rows.append(
            {
                "schedule": pool,
                "games": pool.games,
                "ratings": found.players,
                "by_player": found.worst,
                "first_advantage": found.advantage,
                "width": found.width,
                "bias": found.bias,
                "one_sided": found.one_sided,
                "contradictions": found.contradictions,
            }
        )
    return rows


def _sprt(
    config: CalibrateConfig, table: Table, console: Console, progress: StepProgress
) -> list[dict[str, object]]:
    test = SPRT(config.elo0, config.elo1, config.alpha, config.beta, config.model)
    table.title = (
        f"SPRT [{test.elo0:g}, {test.elo1:g}] {test.model} Elo, alpha {test.alpha:g}, beta "
        f"{test.beta:g}; {config.repeats} matches at either end"
    )
    table.add_column("pairs of games", overflow="fold")
    for heading in ("false positives", "false negatives", "pairs at elo0", "at elo1", "not ended"):
        table.add_column(heading, justify="right")
    rows: list[dict[str, object]] = []
    for model in PAIR_MODELS:
        found = sprt_rates(model, test, config.repeats, config.seed, progress=progress)
        table.add_row(
            model.name,
            str(found.false_positive),
            str(found.false_negative),
            f"{found.pairs0:.0f}",
            f"{found.pairs1:.0f}",
            str(found.open),
        )
        console.print(
            f"{model.name}: {found.false_positive}, {found.false_negative}", soft_wrap=True
        )
        rows.append(
            {
                "pairs": model,
                "false_positive": found.false_positive,
                "false_negative": found.false_negative,
                "mean_pairs": (found.pairs0, found.pairs1),
                "not_ended": found.open,
            }
        )
    return rows
