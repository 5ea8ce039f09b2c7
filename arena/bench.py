"""How fast the parts are on this machine; every figure comes with what was measured."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
from rich.console import Console

from plywise.arena.display import near
from plywise.arena.factory import belief_worlds, make_configured_game
from plywise.arena.records import write_summary
from plywise.conf.schema import BenchConfig, GameConfig
from plywise.datasets.errors import ConfigError
from plywise.engine.kernels import NO_ACTION, TERMINAL, RulesKernels
from plywise.games.base import Game
from plywise.games.registry import make_game
from plywise.search.alphabeta import AlphaBeta
from plywise.search.simultaneous import SimultaneousConfig, SimultaneousSearch


@dataclass(frozen=True)
class Measured:
    """One line: ``count`` units of work in ``seconds`` of wall time."""

    what: str
    unit: str
    count: int
    seconds: float

    @property
    def rate(self) -> float:
        """Units a second."""
        return self.count / self.seconds if self.seconds else 0.0


def _repeat(what: str, unit: str, seconds: float, work: Callable[[int], int]) -> Measured:
    """Call ``work(number)``, which returns its units, for about ``seconds``; compile first."""
    work(0)
    count, number = 0, 1
    start = time.perf_counter()
    while (elapsed := time.perf_counter() - start) < seconds:
        count += work(number)
        number += 1
    return Measured(what, unit, count, elapsed)


def _playout(game: Game, seed: int) -> int:
    """Play one random game through the Python interface; return its moves."""
    rng, state, moves = Random(seed), game.new_initial_state(seed), 0
    while not state.is_terminal():
        state.apply_action(rng.choice(state.legal_actions()))
        moves += 1
    return moves


def boards(seconds: float, seed: int) -> Iterator[Measured]:
    """Random games through the Python interface, then alpha-beta on the compiled rules."""
    for name in ("tic_tac_toe", "connect_four"):
        game = make_game(name)
        yield _repeat(
            f"{name}, random play, Python interface",
            "moves/s",
            seconds,
            lambda n, game=game: _playout(game, seed + n),  # type: ignore[misc]
        )
    for name, depth in (("tic_tac_toe", 9), ("connect_four", 10)):
        game = make_game(name)
        kernels = game.kernels()
        assert kernels is not None
        search = AlphaBeta(kernels, max_depth=depth)
        start = game.new_initial_state(seed)
        yield _repeat(
            f"{name}, alpha-beta from the start, depth {depth}",
            "positions/s",
            seconds,
            lambda _, search=search, start=start: (  # type: ignore[misc]
                search.decide(start.flat(), 0).iterations
            ),
        )


def _battle() -> tuple[Game, RulesKernels]:
    """Return the battle game and its compiled rules.

    Raises:
        ConfigError: this version has none.
    """
    game = make_configured_game(GameConfig("gen9randombattle"))
    kernels = game.kernels()
    if kernels is None:
        raise ConfigError("gen9randombattle has no compiled rules in this version")
    return game, kernels


def engine(seconds: float, seed: int) -> Iterator[Measured]:
    """Random battles: each step called from Python, and played out inside the compiled search."""
    game, kernels = _battle()

    def battle(number: int) -> int:
        rng, pool = Random(seed + number), game.new_initial_state(seed + number).flat()
        kernels.reseed(pool, 0, rng.getrandbits(63))
        out = np.zeros(kernels.num_actions, np.int32)
        turns = 0
        while int(kernels.current(pool, 0)) != TERMINAL and turns < game.max_game_length():
            chosen = []
            for player in (0, 1):
                count = int(kernels.legal(pool, 0, player, out))
                chosen.append(int(out[rng.randrange(count)]) if count else NO_ACTION)
            kernels.step(pool, 0, chosen[0], chosen[1])
            turns += 1
        return turns

    yield _repeat("random battles, each step called from Python", "steps/s", seconds, battle)
    yield _battle_search("random play inside the search (rollout 200)", "turns", seconds, seed, 200)


def search(seconds: float, seed: int) -> Iterator[Measured]:
    """Battle search from the first turn of a random battle, 16 sampled worlds."""
    yield _battle_search("battle search, 16 worlds, first turn", "iterations", seconds, seed, 0)


def _battle_search(what: str, unit: str, seconds: float, seed: int, rollout: int) -> Measured:
    game, kernels = _battle()
    worlds = belief_worlds(game.new_initial_state(seed), 0, 16, seed)
    config = SimultaneousConfig(seconds=seconds, rollout=rollout)
    searcher = SimultaneousSearch(kernels, config)
    searcher.decide(worlds, None, 0, seed, seconds=0.05)  # compile first
    decision = searcher.decide(worlds, None, 0, seed)
    count = decision.notes["turns"] if unit == "turns" else decision.iterations
    return Measured(what, f"{unit}/s", int(count), decision.seconds)


PARTS: dict[str, Callable[[float, int], Iterator[Measured]]] = {
    "boards": boards,
    "search": search,
    "engine": engine,
}


def run_bench(config: BenchConfig, folder: Path, console: Console | None = None) -> int:
    """Measure, print one line for each figure as it comes, write ``bench.json``."""
    console = console or Console(highlight=False)
    lines: list[Measured] = []
    with console.status(f"measuring {config.what}"):
        for line in PARTS[config.what](config.seconds, config.seed):
            lines.append(line)
            console.print(f"{line.what}: {line.rate:,.0f} {line.unit}", soft_wrap=True)
    write_summary(folder / "bench.json", {"config": config, "lines": lines})
    console.print(f"figures: {near(folder / 'bench.json')}", soft_wrap=True)
    return 0
