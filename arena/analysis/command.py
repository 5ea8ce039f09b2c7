"""``plywise analyse FILE``: what each choice of a game cost, and what was better."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console

from plywise.arena.analysis.battles import log_course, recorded_course
from plywise.arena.analysis.boards import board_course
from plywise.arena.analysis.page import write_analysis_page
from plywise.arena.analysis.results import AnalysedDecision, GameAnalysis
from plywise.arena.analysis.searching import DecisionSearch
from plywise.arena.analysis.sources import AnalysisError, RecordedPlay, read_source
from plywise.arena.analysis.table import print_analysis
from plywise.arena.output.files import write_summary, writing
from plywise.arena.output.screen import TextConsole, near, progress_line, text_line
from plywise.conf.schemas.analysis import AnalyseConfig
from plywise.datasets.processes.signals import uninterrupted
from plywise.games.gen9.game import Gen9Battle
from plywise.games.gen9.replays.log import BattleLogError

_CHANCES = "Chances of winning in %, a tie counts half."
_NOISE = (
    "± is half of the 95 % interval over {seeds} searches with worlds of their own; it holds the "
    "noise of the search, not its faults."
)
_ONE_SEED = "One seed: the noise of the search is not known, and nothing is marked."
_MARKED = "?? marks a choice that cost {percent:.0f} points or more, and more than the noise."
_STOPPED = "Interrupted: {done} of {total} decisions were analysed."


def run_analyse(config: AnalyseConfig, folder: Path, console: Console | None = None) -> int:
    """Analyse a game; print the table, write ``analysis.json`` and the page.

    After Ctrl-C what was analysed until then is printed and written.

    Raises:
        AnalysisError: the file holds no game that can be analysed.
        ConfigError: the player is none of the two.
        RecordFileError: the page cannot be written.
        PlywiseError: a record is damaged, or names code that was not asked for.
    """
    console = console or TextConsole(no_color=not config.color)
    page = None if config.page is None else Path(config.page)
    if page is not None:
        with writing(page):  # before anything is searched
            pass
    analysis, decisions = _course(config)
    analysis.notes += _notes(config, noisy=analysis.battle or not analysis.notes)
    console.print(f"{analysis.total} decisions to analyse")
    began, stopped = time.monotonic(), True
    try:
        with progress_line() as show:
            for one in decisions:
                analysis.decisions.append(one)
                show(_progress(analysis, began))
        stopped = False
    finally:
        with uninterrupted():
            done = len(analysis.decisions)
            if stopped:
                analysis.notes.append(_STOPPED.format(done=done, total=analysis.total))
            if done or not stopped:
                _keep(analysis, config, folder, console)
    return 0


def _keep(analysis: GameAnalysis, config: AnalyseConfig, folder: Path, console: Console) -> None:
    print_analysis(console, analysis)
    path = folder / "analysis.json"
    write_summary(path, {"config": config, "analysis": analysis})
    console.print(f"analysis: {near(path)}", soft_wrap=True)
    if config.page is not None:
        write_analysis_page(Path(config.page), analysis)
        console.print(text_line(f"page: {config.page}"), soft_wrap=True)


def _course(config: AnalyseConfig) -> tuple[GameAnalysis, Iterable[AnalysedDecision]]:
    """Return the heading of an analysis, and its decisions as they are made."""
    found = read_source(config)
    if not isinstance(found, RecordedPlay):
        try:
            course = log_course(found, config.player)
        except BattleLogError as error:
            where = f", line {error.line}" if error.line else ""
            raise AnalysisError(f"{config.file}{where}: {error}") from error
        return course.analysis, map(DecisionSearch(config).analysed, course.played)
    if not isinstance(found.game, Gen9Battle):
        return board_course(found, config)
    title = f"{found.game.rules.name}, seed {found.seed}"
    course = recorded_course(found.plies, found.names, title, config.player)
    course.analysis.result = found.ending
    return course.analysis, map(DecisionSearch(config).analysed, course.played)


def _notes(config: AnalyseConfig, *, noisy: bool) -> list[str]:
    """Return what a reader has to know; ``noisy``: the figures are of several seeds."""
    marked = _MARKED.format(percent=100 * config.blunder)
    if noisy and config.seeds == 1:
        return [_CHANCES, _ONE_SEED]
    return [_CHANCES, *([_NOISE.format(seeds=config.seeds)] if noisy else []), marked]


def _progress(analysis: GameAnalysis, began: float) -> str:
    """Return how far an analysis is that began then (``time.monotonic``)."""
    done, total = len(analysis.decisions), analysis.total
    left = (time.monotonic() - began) * (total - done) / done
    return f"{done} of {total} decisions, turn {analysis.decisions[-1].turn}, {left:.0f} s left"
