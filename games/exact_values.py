"""What every action of a position is worth, from the exact solvers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from plywise.games.base import Game, State
    from plywise.games.grid.placing import PlacingState

_TABLE_BITS = 22  # 32 MiB; positions with ten stones then take 0.1 s or so
_DECIDED = 0.9  # what a late win is worth; one at once is worth 1

ActionValues = Callable[["State"], dict[int, float]]
"""Each action's value for the player to move: 1 a win at once, 0.9 a late one, 0 a draw."""

Score = Callable[[Sequence[tuple[int, ...]]], list[int]]
"""The exact scores of positions, given by their moves, for the player to move there."""


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
    """Return a function that asks one question at a time, and none twice.

    ``most`` is the score of a win with the first stone that can be one's own.
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
            sooner = _DECIDED + (1.0 - _DECIDED) * abs(theirs) / most
            found[action] = 0.0 if theirs == 0 else sooner if theirs < 0 else -sooner
        return dict(sorted(found.items()))

    return values


EXACT_VALUES: dict[str, Callable[[Game], ActionValues]] = {
    "connect_four": _connect_four,
    "tic_tac_toe": _tic_tac_toe,
}
"""Makes what knows a game's exact values, by the game's name."""
