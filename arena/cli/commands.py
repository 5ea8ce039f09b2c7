"""What each command does; the heavy imports stand inside, where they are needed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

    from plywise.conf.schemas.bench import BenchConfig
    from plywise.conf.schemas.commands import FitConfig, ModelsConfig, SelfplayConfig, SolveConfig
    from plywise.conf.schemas.llm import LLMCommandConfig
    from plywise.conf.schemas.play import ExplainConfig, PlayConfig, ReplayConfig
    from plywise.conf.schemas.ratings import CalibrateConfig, RatingsConfig
    from plywise.conf.schemas.showdown import ShowdownConfig
    from plywise.conf.schemas.tournament import ReportConfig, TournamentConfig
    from plywise.conf.schemas.verify import RecordConfig, VerifyConfig


def play(config: PlayConfig, folder: Path) -> int:
    """Play a game in the terminal: people, agents or both."""
    from plywise.arena.terminal.play_command import run_play

    return run_play(config, folder)


def replay(config: ReplayConfig, folder: Path) -> int:
    """Show a saved game again."""
    from plywise.arena.terminal.replay_command import run_replay

    return run_replay(config)


def explain(config: ExplainConfig, folder: Path) -> int:
    """Explain a match's decisions."""
    from plywise.arena.play.explain import run_explain

    return run_explain(config)


def showdown(config: ShowdownConfig, folder: Path) -> int:
    """Play battles on a Showdown server."""
    from plywise.arena.showdown.match import run_showdown

    return run_showdown(config, folder)


def tournament(config: TournamentConfig, folder: Path) -> int:
    """Play a tournament, or what its record lacks of it."""
    from plywise.arena.tournament.run import run_tournament

    return run_tournament(config, folder)


def ratings(config: RatingsConfig, folder: Path) -> int:
    """Rate the players of a CSV file of results."""
    from plywise.arena.ratings.command import run_ratings

    return run_ratings(config, folder)


def calibrate(config: CalibrateConfig, folder: Path) -> int:
    """Check on simulated games that intervals and tests keep their rates."""
    from plywise.arena.ratings.calibrate_command import run_calibrate

    return run_calibrate(config, folder)


def report(config: ReportConfig, folder: Path) -> int:
    """Write the report of a record."""
    from plywise.arena.output.screen import near
    from plywise.arena.tournament.report.page import write_report
    from plywise.arena.tournament.store import GameStore

    record = Path(config.record)
    out = Path(config.out) if config.out is not None else record.with_suffix(".html")
    with GameStore.read(record) as store:
        print(f"report: {near(write_report(store, out, config.replays).absolute())}")
    return 0


def selfplay(config: SelfplayConfig, folder: Path) -> int:
    """Write positions of self-play."""
    from plywise.arena.selfplay import run_selfplay

    return run_selfplay(config, folder)


def verify(config: VerifyConfig, folder: Path) -> int:
    """Compare the battle engine with a corpus of the real simulator."""
    from rich.console import Console

    from plywise.arena.verify.coverage import count_coverage, print_coverage, write_page
    from plywise.arena.verify.engine import print_report, verify_corpus
    from plywise.arena.verify.log import print_log_report, verify_log
    from plywise.arena.verify.seed import print_seed_report, verify_seeds

    console = Console(highlight=False)
    report: Any
    if config.what == "seed":
        report = verify_seeds(
            Path(config.corpus), jobs=config.jobs, battle=config.battle, limit=config.limit
        )
        print_seed_report(console, report, config.causes)
        return _judged(console, report, folder, config.require)
    if config.what == "log":
        report = verify_log(
            Path(config.corpus), jobs=config.jobs, battle=config.battle, limit=config.limit
        )
        print_log_report(console, report)
        return _judged(console, report, folder, config.require)
    if config.what == "coverage":
        report = count_coverage(Path(config.corpus), console)
        print_coverage(console, report)
        if config.page is not None:
            write_page(Path(config.page), report)
        return _judged(console, report, folder, config.require)
    report = verify_corpus(
        Path(config.corpus),
        jobs=config.jobs,
        battle=config.battle,
        step=config.step,
        limit=config.limit,
        console=console,
    )
    print_report(console, report, config.causes)
    return _judged(console, report, folder, config.require)


def _judged(console: Console, report: Any, folder: Path, required: float) -> int:
    """Write a report down and return the exit status."""
    from plywise.arena.output.files import write_summary

    write_summary(folder / "verify.json", json.loads(report.to_json()))
    if report.rate < required:
        console.print(f"Below what is required: {required:.2%}.")
        return 1
    return 0


def record(config: RecordConfig, folder: Path) -> int:
    """Record a corpus of the real simulator."""
    from plywise.arena.verify.record import record_corpus

    out = record_corpus(
        Path(config.out),
        config.battles,
        config.seed,
        format=config.format,
        fuzz=config.fuzz,
        keepties=config.keepties,
        stall=config.stall,
    )
    print(f"recorded: {out}")
    return 0


def solve(config: SolveConfig, folder: Path) -> int:
    """Solve positions exactly."""
    from plywise.arena.cli.solve import run_solve

    return run_solve(config, folder)


def bench(config: BenchConfig, folder: Path) -> int:
    """Measure speed."""
    from plywise.arena.bench.command import run_bench

    return run_bench(config, folder)


def models(config: ModelsConfig, folder: Path) -> int:
    """List known model files, or fetch one."""
    from plywise.arena.cli.models_command import run_models

    return run_models(config)


def fit(config: FitConfig, folder: Path) -> int:
    """Fit what self-play can teach."""
    from plywise.arena.fit import branch_weights as fit_branches
    from plywise.arena.fit import evaluation as fit_evaluation
    from plywise.arena.fit import policy as fit_policy

    run_fit = {
        "evaluation": fit_evaluation.run_fit,
        "policy": fit_policy.run_fit,
        "branches": fit_branches.run_fit,
    }[config.what]
    return run_fit(config, folder)


def llm(config: LLMCommandConfig, folder: Path) -> int:
    """Measure a language model, or make examples for it."""
    if config.what == "examples":
        from plywise.arena.llm_calibration.examples import run_examples

        return run_examples(config, folder)
    from plywise.arena.llm_calibration.command import run_calibrate

    return run_calibrate(config, folder)


def agents() -> int:
    """List the agents, one line each."""
    from plywise.arena.agents.catalog import CATALOG

    width = max(map(len, CATALOG)) + 2
    for name, spec in CATALOG.items():
        places = [p for p in ("boards", "battles", "server") if getattr(spec, p)]
        print(f"{name:<{width}}{spec.words} [{', '.join(places) or 'terminal'}]")
    return 0


def games() -> int:
    """List the games, one line each."""
    from plywise.games.registry import PLUGINS, REGISTRY

    listed = {entry.name: entry.summary for entry in REGISTRY.values()} | PLUGINS
    width = max(map(len, listed)) + 2
    for name, summary in listed.items():
        print(f"{name:<{width}}{summary}")
    return 0


def doctor() -> int:
    """Check the machine; 0 where all is well."""
    from rich.console import Console
    from rich.text import Text

    from plywise.arena.cli.doctor import each_check

    console = Console(highlight=False)
    wrong = 0
    for check in each_check(deep=True):
        mark = Text("ok   ", style="green") if check.ok else Text("WRONG", style="bold red")
        console.print(Text.assemble(mark, " ", (check.name, "bold"), ": ", check.detail))
        if not check.ok:
            wrong += 1
            if check.mend:
                console.print(Text(f"      {check.mend}"))
    console.print("All is well." if not wrong else f"{wrong} to mend.")
    return 1 if wrong else 0
