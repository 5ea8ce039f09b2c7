"""Exact values of every action of a position, from the solvers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from plywise.games.base import Game, State
    from plywise.games.grid.placing import PlacingState

_TABLE_BITS = 22  # 32 MiB; positions with ten stones then take about 0.1 s
_LATE_WIN = 0.9  # value of the latest win; an immediate one has 1

ActionValues = Callable[["State"], dict[int, float]]
"""Returns each action's value for the player to move: 1 immediate win, 0.9 late win, 0 draw."""

Score = Callable[[Sequence[tuple[int, ...]]], list[int]]
"""Returns the exact scores of positions, given by their moves, for the player to move."""


def _connect_four(game: Game) -> ActionValues:
    from plywise.engine.boards.connect_four_solver import ConnectFourSolver
    from plywise.games.grid.connect_four import ConnectFour

    board = cast("ConnectFour", game)
    solver = ConnectFourSolver(board.rows, board.columns, _TABLE_BITS)

    def score(lines: Sequence[tuple[int, ...]]) -> list[int]:
        positions = [solver.position(moves) for moves in lines]
        return [found.score for found in solver.solve(positions, best=False)]

    return _by_action(score, most=(board.rows * board.columns + 1) // 2)


def _tic_tac_toe(game: Game) -> ActionValues:
    from plywise.engine.boards import tic_tac_toe_solver as solver

    def score(lines: Sequence[tuple[int, ...]]) -> list[int]:
        return [solver.score(solver.position(moves)) for moves in lines]

    return _by_action(score, most=5)


def _by_action(score: Score, most: int) -> ActionValues:
    """Return a function that solves each position once, one thread at a time.

    ``most`` is the score of the earliest possible win.
    """
    known: dict[tuple[int, ...], dict[int, float]] = {}
    lock = threading.Lock()

    def values(state: State) -> dict[int, float]:
        moves = tuple(cast("PlacingState", state).moves)
        with lock:
            if moves not in known:
                known[moves] = solved(state, moves)
            return dict(known[moves])

    def solved(state: State, moves: tuple[int, ...]) -> dict[int, float]:
        mover = state.current_player()
        found: dict[int, float] = {}
        open_: list[int] = []
        for action in state.legal_actions():
            after = state.clone()
            after.apply_action(action)
            if after.is_terminal():
                found[action] = after.returns()[mover]
            else:
                open_.append(action)
        for action, theirs in zip(open_, score([(*moves, a) for a in open_]), strict=True):
            sooner = _LATE_WIN + (1.0 - _LATE_WIN) * abs(theirs) / most
            found[action] = 0.0 if theirs == 0 else sooner if theirs < 0 else -sooner
        return dict(sorted(found.items()))

    return values


EXACT_VALUES: dict[str, Callable[[Game], ActionValues]] = {
    "connect_four": _connect_four,
    "tic_tac_toe": _tic_tac_toe,
}
"""Makes the exact values of a game, by the game's name."""
