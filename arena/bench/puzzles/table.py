"""``plywise bench puzzles``: regret of agents at puzzles: searches, language models, in one table.

Every agent is shown the same decisions, in which nothing is hidden from it; what it plays is
measured by the exact solution (``solving.PuzzleSolution.regret``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from rich.console import Console

from plywise.arena.agents.catalog import parse_agents
from plywise.arena.agents.factory import AgentFactory
from plywise.arena.bench.puzzles.enumeration import check_puzzles
from plywise.arena.bench.puzzles.files import (
    NAME,
    PUZZLES_FOLDER,
    BattlePuzzle,
    load_puzzles,
    save_puzzles,
)
from plywise.arena.bench.puzzles.making import PuzzleMaker
from plywise.arena.bench.puzzles.mechanics import KIND_WORDS
from plywise.arena.bench.regret import half_interval
from plywise.arena.output.files import write_summary
from plywise.arena.output.screen import near, text_line
from plywise.conf.schemas.bench import BenchConfig
from plywise.conf.schemas.game import GameConfig
from plywise.conf.schemas.search import SimultaneousGroup
from plywise.datasets.errors import ConfigError
from plywise.datasets.processes.signals import uninterrupted
from plywise.engine.battle.rules import rules
from plywise.games.gen9.game import RANDOM_BATTLE

_SAVED = 10  # battles after which the puzzles that were made are written
_DEFAULT_ITERATIONS = 1000
_AGENTS: tuple[Any, ...] = (
    "random",
    "max_damage",
    {"name": "search", "iterations": 100},
    {"name": "search", "iterations": 1000},
    {"name": "search", "iterations": 10_000},
)
"""Who is measured where nobody is named."""
_ALL = "all"
_EACH = 50


@dataclass(frozen=True)
class PuzzleAnswer:
    """What an agent played at a puzzle.

    Attributes:
        regret: loss of value, 0 for an optimal strategy.
        on_best: probability of the best actions.
        strategy: action's name -> probability.
        fallback: why it took some action, where it could not decide; "" it could.
    """

    regret: float
    on_best: float
    strategy: dict[str, float]
    fallback: str = ""


def bench_puzzles(config: BenchConfig, folder: Path, console: Console) -> dict[str, float]:
    """Measure agents at puzzles, make puzzles, or check them; see ``BenchConfig``.

    What is made is written into ``stored``, without it into ``folder``; ``puzzles.json`` there has
    each puzzle in words, with what everybody played.

    Raises:
        PuzzlesFileError: the file cannot be used.
        ConfigError: the agents cannot be made with these settings.
    """
    rules()
    if config.anew == "puzzles":
        puzzles = _made(config, folder, console)
    else:
        path = (
            PUZZLES_FOLDER if config.stored is None else Path(config.stored).expanduser()
        ) / NAME
        puzzles = load_puzzles(path).puzzles
    chosen = [one for kind in config.kinds for one in _first(puzzles, kind, config.puzzles_each)]
    figures = {f"{k}_puzzles": float(sum(one.kind == k for one in chosen)) for k in config.kinds}
    if config.enumerated:
        each = [p for k in config.kinds for p in _first(chosen, k, config.enumerated)]
        figures |= check_puzzles(each, console)
    if config.anew == "puzzles" or not chosen:
        return figures
    answers: dict[str, list[PuzzleAnswer]] = {}
    try:
        _ask(config, chosen, answers, console)
    finally:  # of an interrupted run too
        with uninterrupted():
            if any(answers.values()):
                _print(answers, chosen, config.kinds, console)
                _write(answers, chosen, folder / "puzzles.json", console)
    for name, given in answers.items():
        for kind in (*config.kinds, _ALL):
            rows = [(a, p) for a, p in zip(given, chosen, strict=False) if kind in (_ALL, p.kind)]
            if rows:
                found = _figures(f"{name}_{kind}", rows)
                figures |= found if kind == _ALL else dict([next(iter(found.items()))])
    return figures


def _first(puzzles: Sequence[BattlePuzzle], kind: str, most: int | None) -> list[BattlePuzzle]:
    return [one for one in puzzles if one.kind == kind][:most]


def _made(config: BenchConfig, folder: Path, console: Console) -> list[BattlePuzzle]:
    """Make puzzles, or go on with those of ``stored``."""
    path = (folder if config.stored is None else Path(config.stored).expanduser()) / NAME
    before = load_puzzles(path) if path.exists() else None
    if before is not None:
        for key, value in (("seed", config.seed), ("kinds", list(config.kinds))):
            if before.made.get(key) != value:
                raise ConfigError(
                    f"{path} was made with {key}={before.made.get(key)}, not {value}: give that, "
                    "or another folder"
                )
    each = config.puzzles_each or _EACH
    maker = PuzzleMaker(each, config.kinds, config.seed, before)

    def keep() -> None:
        if maker.battles % _SAVED == 0:
            save_puzzles(path, maker.so_far())
            counts = maker.counts()
            shown = ", ".join(f"{kind} {counts[kind]}" for kind in config.kinds)
            console.print(f"{maker.battles} battles, of {each} each: {shown}", soft_wrap=True)

    try:
        maker.make(keep, config.battles)
    finally:
        with uninterrupted():
            save_puzzles(path, maker.so_far())
            console.print(f"puzzles: {near(path)}", soft_wrap=True)
    return maker.so_far().puzzles


def _ask(
    config: BenchConfig,
    puzzles: Sequence[BattlePuzzle],
    answers: dict[str, list[PuzzleAnswer]],
    console: Console,
) -> None:
    """Note what every agent plays at all puzzles, by its title."""
    search = config.search
    assert isinstance(search, SimultaneousGroup)  # else the configuration was refused
    iterations = search.iterations or _DEFAULT_ITERATIONS
    untimed = replace(search, seconds=None, battle_seconds=None, iterations=iterations)
    factory = AgentFactory(
        GameConfig(name=RANDOM_BATTLE),
        untimed,
        config.llm,
        progress=lambda line: console.print(line, soft_wrap=True),
    )
    try:
        entrants = parse_agents(config.agents or list(_AGENTS))
        for entrant in entrants:
            factory.check(entrant)
        for entrant in entrants:
            agent = factory.build(entrant)
            given = answers.setdefault(entrant.title, [])
            with console.status(f"puzzles: {entrant.title}"):
                for k, one in enumerate(puzzles):
                    seed = Random(f"{config.seed} puzzle {k}").getrandbits(62)
                    decision = agent.for_one_game().decide(one.view, one.player, seed)
                    given.append(_answer(one, decision.strategy, decision.notes.get("fallback")))
    finally:
        factory.close()


def _answer(puzzle: BattlePuzzle, strategy: Mapping[int, float], fallback: object) -> PuzzleAnswer:
    played = {a: p for a, p in strategy.items() if p > 0.0}
    total = sum(played.values())
    played = {a: p / total for a, p in played.items()}
    view = puzzle.view
    return PuzzleAnswer(
        regret=puzzle.solution.regret(played),
        on_best=sum(played.get(a, 0.0) for a in puzzle.solution.best),
        strategy={view.action_to_string(puzzle.player, a): p for a, p in played.items()},
        fallback=str(fallback or ""),
    )


def _figures(label: str, rows: Sequence[tuple[PuzzleAnswer, BattlePuzzle]]) -> dict[str, float]:
    regrets = np.array([answer.regret for answer, _ in rows])
    games = [puzzle.game for _, puzzle in rows]
    found = {f"{label}_regret": float(regrets.mean())}
    if len(set(games)) > 1:
        found[f"{label}_regret_interval"] = half_interval(regrets, games)
    found[f"{label}_share_on_best"] = float(np.mean([answer.on_best for answer, _ in rows]))
    if any(answer.fallback for answer, _ in rows):
        found[f"{label}_share_fallback"] = float(np.mean([bool(a.fallback) for a, _ in rows]))
    return found


def _print(
    answers: dict[str, list[PuzzleAnswer]],
    puzzles: Sequence[BattlePuzzle],
    kinds: Sequence[str],
    console: Console,
) -> None:
    """Print mean regrets by agent and kind, one line each."""
    shown = [kind for kind in kinds if any(one.kind == kind for one in puzzles)]
    width = max(len(name) for name in [*answers, "regret"]) + 1
    columns = [(kind, max(len(kind), 5) + 2) for kind in [*shown, _ALL]]
    console.print(
        text_line(
            f"{'regret':<{width}}"
            + "".join(f"{kind:>{w}}" for kind, w in columns)
            + f"{'± 95 %':>9}{'on best':>9}"
        ),
        soft_wrap=True,
    )
    for name, given in answers.items():
        if not given:
            continue
        cells = []
        rows = list(zip(given, puzzles, strict=False))
        for kind, w in columns:
            of_kind = [a.regret for a, p in rows if kind in (_ALL, p.kind)]
            cells.append(f"{np.mean(of_kind):>{w}.3f}" if of_kind else f"{'-':>{w}}")
        figures = _figures(_ALL, rows)
        half = figures.get(f"{_ALL}_regret_interval")
        cells.append(f"{'-' if half is None else f'{half:.3f}':>9}")
        cells.append(f"{100 * figures[f'{_ALL}_share_on_best']:>7.0f} %")
        if share := figures.get(f"{_ALL}_share_fallback"):
            cells.append(f"  {100 * share:.0f} % could not be decided")
        console.print(text_line(f"{name:<{width}}" + "".join(cells)), soft_wrap=True)


def _write(
    answers: dict[str, list[PuzzleAnswer]],
    puzzles: Sequence[BattlePuzzle],
    path: Path,
    console: Console,
) -> None:
    written = [
        _in_words(one, {name: given[k] for name, given in answers.items() if k < len(given)})
        for k, one in enumerate(puzzles)
    ]
    write_summary(path, written)
    console.print(f"puzzles and answers: {near(path)}", soft_wrap=True)


def _in_words(puzzle: BattlePuzzle, answers: dict[str, PuzzleAnswer]) -> dict[str, object]:
    """Return a puzzle for people, with its solution and what was answered."""
    view, solution = puzzle.view, puzzle.solution
    names = [view.action_to_string(puzzle.player, a) for a in solution.actions]
    worst = (0.5 * (solution.low + solution.high)).min(axis=1).tolist()
    return {
        "kind": puzzle.kind,
        "about": KIND_WORDS[puzzle.kind],
        "format": puzzle.format,
        "game": puzzle.game,
        "taken_out": puzzle.taken,
        "position": view.observation_string(puzzle.player),
        "value": solution.value,
        "margin": solution.margin,
        "best": [view.action_to_string(puzzle.player, a) for a in solution.best],
        "strategy": {
            view.action_to_string(puzzle.player, a): p for a, p in solution.strategy.items()
        },
        "guaranteed": dict(zip(names, worst, strict=True)),
        "answers": answers,
    }
