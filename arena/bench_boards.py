"""How fast the board games are: nodes and playouts per second, with a checksum of the work done."""

from __future__ import annotations

import time
from random import Random
from typing import Any

from plywise.games.connect_four import ConnectFour
from plywise.games.registry import make_game
from plywise.search.alphabeta import AlphaBeta

_LATE_POSITIONS = 20
_LATE_PLIES = 20


def bench_connect_four(depth: int = 13, seed: int = 0) -> dict[str, Any]:
    """Measure the alpha-beta search on Connect Four, 6×7; takes a few seconds.

    Returns:
        ``depth``: of the search of the empty board; ``nodes``, ``seconds`` and
        ``nodes_per_second`` of it; ``solved_positions``: how many random positions with 20 stones
        were solved exactly, with ``solve_nodes``, ``solve_seconds`` and ``solve_nodes_per_second``
        together; ``checksum``: depends on all values found and on nothing else, so that two
        machines or versions can be seen to have done the same work.
    """
    game = ConnectFour()
    kernels = game.kernels()
    opening = AlphaBeta(kernels, max_depth=depth)
    opening.decide(game.new_initial_state().flat(), 0)  # the table's memory is touched once before
    first = opening.decide(game.new_initial_state().flat(), 0)
    solver = AlphaBeta(kernels, max_depth=42, table_bits=22)
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
        result[name] = seen.positions / (time.perf_counter() - start)
    return result
