"""``plywise bench boards``: nodes and playouts per second, with a checksum of the work done."""

from __future__ import annotations

import importlib
import importlib.util
import time
from random import Random
from typing import Any

from plywise.conf.schemas.bench import BenchConfig
from plywise.engine.boards.connect_four_solver import ConnectFourSolver, PositionError
from plywise.engine.boards.connect_four_solver_search import LEAST_TABLE_BITS
from plywise.games.grid.connect_four import ConnectFour
from plywise.games.registry import make_game
from plywise.search.alphabeta.config import AlphaBetaConfig
from plywise.search.alphabeta.search import AlphaBeta
from plywise.search.playouts import random_playouts

_LATE_POSITIONS = 20
_LATE_PLIES = 20
_SOLVED = {"28_to_36": (28, 36, 1000, 30), "16_to_24": (16, 24, 100, 6), "8_to_12": (8, 12, 10, 3)}
"""By group: least and most stones on the board, number of random positions, and laps; a lap of some
milliseconds alone is too short to measure."""

_LAPS = 3
_PLAYOUTS = 500_000
_OPENSPIEL_PLAYOUTS = 5_000


def bench_boards(config: BenchConfig) -> dict[str, Any]:
    """Measure alpha-beta and the exact solver on Connect Four, playouts, the conformance test."""
    solved = {f"solver_{name}": x for name, x in bench_solver(config.seed).items()}
    playouts = bench_playouts(config.seed)
    return {**bench_connect_four(seed=config.seed), **solved, **playouts, **bench_check()}


def bench_connect_four(depth: int = 13, seed: int = 0) -> dict[str, Any]:
    """Measure the alpha-beta search on Connect Four, 6×7; takes a few seconds.

    Returns:
        ``depth``, ``nodes``, ``seconds`` and ``nodes_per_second`` of the search of the empty board;
        ``solved_positions``: number of random positions with 20 stones solved exactly, with
        ``solve_nodes``, ``solve_seconds`` and ``solve_nodes_per_second`` of all of them;
        ``checksum``: depends on the values found alone: equal work on two machines or versions
        has equal checksums.
    """
    game = ConnectFour()
    kernels = game.kernels()
    opening = AlphaBeta(kernels, AlphaBetaConfig(seconds=None, max_depth=depth))
    opening.decide(game.new_initial_state().flat(), 0)  # not measured: touches the table's memory
    first = opening.decide(game.new_initial_state().flat(), 0)
    solver = AlphaBeta(kernels, AlphaBetaConfig(seconds=None, max_depth=42, table_bits=22))
    rng = Random(seed)
    nodes, checksum = 0, round(first.value * 1e6)
    start = time.perf_counter()
    searched = 0.0
    for _ in range(_LATE_POSITIONS):
        state = game.new_initial_state()
        while len(state.moves) < _LATE_PLIES:
            state.apply_action(rng.choice(state.legal_actions()))
            if state.is_terminal():
                state = game.new_initial_state()
        decision = solver.decide(state.flat(), state.current_player())
        nodes += decision.iterations
        searched += decision.seconds
        checksum = (checksum * 1_000_003 + round(decision.value * 1e6)) % 2**32
    return {
        "depth": depth,
        "nodes": first.iterations,
        "seconds": first.seconds,
        "nodes_per_second": first.iterations / first.seconds,
        "solved_positions": _LATE_POSITIONS,
        "solve_nodes": nodes,
        "solve_seconds": searched,
        "solve_nodes_per_second": nodes / searched,
        "wall_seconds": time.perf_counter() - start,
        "checksum": checksum,
    }


def bench_check() -> dict[str, float]:
    """Measure ``check_game``: positions checked per second, by game."""
    from plywise.games.check import check_game

    result = {}
    for name in ("tic_tac_toe", "connect_four"):
        game = make_game(name)
        game.kernels()
        start = time.perf_counter()
        seen = check_game(game, plays=5)
        spent = time.perf_counter() - start
        result[f"check_{name}_positions_per_second"] = seen.positions / spent
    return result


def bench_solver(seed: int = 0) -> dict[str, Any]:
    """Measure the exact solver on random positions of Connect Four, 6×7, in three groups.

    Where BitBully (a solver in C++) is installed, it solves the same positions in turn, without
    its opening book, in laps that begin with empty tables; CPU time, the first lap not counted.

    Returns:
        for each group, named by the stones on the board: ``positions``, ``nodes``, ``mean_ms`` (a
        position), ``nodes_per_second`` and ``checksum`` of the scores; with BitBully also
        ``bitbully_mean_ms``, ``times_its_time`` (less than 1: ours is faster) and ``same_scores``.
        ``bitbully_measured``: 1 or 0.
    """
    other = None
    if importlib.util.find_spec("bitbully") is not None:
        other = importlib.import_module("bitbully")
    result: dict[str, Any] = {"bitbully_measured": float(other is not None)}
    for name, (low, high, count, laps) in _SOLVED.items():
        lines = _random_lines(Random(f"{seed}/{name}"), low, high, count)
        found: list[int] = []
        nodes, ours, theirs, same = 0, 0.0, 0.0, 0
        for lap in range(laps + 1):
            solver = ConnectFourSolver()
            positions = [solver.position(line) for line in lines]
            start = time.process_time()
            solutions = solver.solve(positions, best=False)
            if lap > 0:
                ours += time.process_time() - start
            nodes = sum(s.nodes for s in solutions)
            found = [s.score for s in solutions]
            if other is not None:
                boards = [other.Board(line) for line in lines]
                bully = other.BitBully(opening_book=None)
                start = time.process_time()
                scores = [bully.mtdf(board) for board in boards]
                if lap > 0:
                    theirs += time.process_time() - start
                same = sum(x == y for x, y in zip(found, scores, strict=True))
        checksum = 0
        for score in found:
            checksum = (checksum * 1_000_003 + score) % 2**32
        result |= {
            f"{name}_positions": count,
            f"{name}_nodes": nodes,
            f"{name}_mean_ms": 1000 * ours / (laps * count),
            f"{name}_nodes_per_second": laps * nodes / ours,
            f"{name}_checksum": checksum,
        }
        if other is not None:
            result |= {
                f"{name}_bitbully_mean_ms": 1000 * theirs / (laps * count),
                f"{name}_times_its_time": ours / theirs,
                f"{name}_same_scores": same,
            }
    return result


def _random_lines(rng: Random, low: int, high: int, count: int) -> list[list[int]]:
    """Return lines of ``low`` to ``high`` random moves that do not end the game."""
    solver = ConnectFourSolver(table_bits=LEAST_TABLE_BITS)
    lines: list[list[int]] = []
    while len(lines) < count:
        line = [rng.randrange(7) for _ in range(rng.randint(low, high))]
        try:
            solver.position(line)
        except PositionError:
            continue
        lines.append(line)
    return lines


def bench_playouts(seed: int = 0) -> dict[str, float]:
    """Measure random games per second from the start, by game, called from Python; CPU time.

    Where OpenSpiel is installed, its Python API plays the same games in turn, in three laps.

    Returns:
        ``NAME_playouts_per_second``, and with OpenSpiel ``NAME_openspiel_playouts_per_second`` and
        ``NAME_times_openspiel``; ``openspiel_measured``: 1 or 0.
    """
    spiel = None
    if importlib.util.find_spec("pyspiel") is not None:
        spiel = importlib.import_module("pyspiel")
    result = {"openspiel_measured": float(spiel is not None)}
    for name in ("tic_tac_toe", "connect_four"):
        game = make_game(name)
        kernels = game.kernels()
        assert kernels is not None
        pool = game.new_initial_state().flat()
        random_playouts(kernels, pool, 1000, seed)
        ours = theirs = 0.0
        for lap in range(_LAPS):
            start = time.process_time()
            random_playouts(kernels, pool, _PLAYOUTS, seed + lap)
            ours += time.process_time() - start
            if spiel is not None:
                start = time.process_time()
                _openspiel_playouts(spiel.load_game(name), _OPENSPIEL_PLAYOUTS, seed + lap)
                theirs += time.process_time() - start
        rate = _LAPS * _PLAYOUTS / ours
        result[f"{name}_playouts_per_second"] = rate
        if spiel is not None:
            other = _LAPS * _OPENSPIEL_PLAYOUTS / theirs
            result[f"{name}_openspiel_playouts_per_second"] = other
            result[f"{name}_times_openspiel"] = rate / other
    return result


def _openspiel_playouts(game: Any, count: int, seed: int) -> None:
    """Play random games through the Python API."""
    choice = Random(seed).choice
    for _ in range(count):
        state = game.new_initial_state()
        while not state.is_terminal():
            state.apply_action(choice(state.legal_actions()))
        state.returns()
