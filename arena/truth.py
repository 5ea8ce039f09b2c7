"""The best actions of a position, from the exact solvers: what ``llm=stand_in`` knows."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from plywise.games.base import Game, State
    from plywise.llm_modules.stand_in import Knowledge

_TABLE_BITS = 22  # 32 MiB; positions with ten stones then take 0.1 s or so


def _connect_four(game: Game) -> Knowledge:
    from plywise.engine.boards.connect_four_solver import ConnectFourSolver
    from plywise.games.connect_four import ConnectFour

    board = cast("ConnectFour", game)
    solver = ConnectFourSolver(board.rows, board.columns, _TABLE_BITS)
    return _remembered(lambda moves: solver.solve([solver.position(moves)])[0].best)


def _tic_tac_toe(game: Game) -> Knowledge:
    from plywise.engine.boards import tic_tac_toe_solver as solver

    return _remembered(lambda moves: solver.best_squares(solver.position(moves)))


def _remembered(solve: Callable[[tuple[int, ...]], tuple[int, ...]]) -> Knowledge:
    """Return a function of a state that asks one question at a time, and none twice."""
    known: dict[tuple[int, ...], tuple[int, ...]] = {}
    lock = threading.Lock()

    def best(state: State) -> tuple[int, ...]:
        from plywise.games.placing import PlacingState

        moves = tuple(cast("PlacingState", state).moves)
        with lock:
            if moves not in known:
                known[moves] = solve(moves)
            return known[moves]

    return best


TRUTHS: dict[str, Callable[[Game], Knowledge]] = {
    "connect_four": _connect_four,
    "tic_tac_toe": _tic_tac_toe,
}
"""Makes what knows a game's best actions, by the game's name."""
