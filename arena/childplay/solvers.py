"""Strong baselines of the ChildPlay games: exact solutions where available, else searches."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import cast

import numpy as np

from plywise.datasets.childplay import fleets
from plywise.engine.boards import tic_tac_toe_solver
from plywise.engine.boards.connect_four_solver import ConnectFourSolver
from plywise.games.base import Game, State
from plywise.games.battleship.game import Battleship, BattleshipState
from plywise.games.grid.connect_four import ConnectFour
from plywise.games.grid.placing import PlacingState
from plywise.search.alphabeta.config import AlphaBetaConfig
from plywise.search.alphabeta.search import AlphaBeta

Choose = Callable[[State, int], int]
"""``(state, player) -> action``."""

EXACT_FROM = 24
"""Stones on a 7×7 board from which Connect Four is solved, in milliseconds per position."""

_DEPTH = 7
_SOLVER_BITS = 18
_SAMPLES = 20_000


def tic_tac_toe() -> Choose:
    """Return minimax: the first of the moves with the best value and the quickest win."""

    def choose(state: State, player: int) -> int:
        position = tic_tac_toe_solver.position(cast("PlacingState", state).moves)
        return tic_tac_toe_solver.best_squares(position)[0]

    return choose


def connect_four(game: Game) -> Choose:
    """Return alpha-beta with depth 7, and the exact solver from :data:`EXACT_FROM` stones on."""
    kernels = game.kernels()
    assert kernels is not None
    search = AlphaBeta(kernels, AlphaBetaConfig(seconds=None, max_depth=_DEPTH))
    board = cast("ConnectFour", game)
    solver = ConnectFourSolver(board.rows, board.columns, table_bits=_SOLVER_BITS)

    def choose(state: State, player: int) -> int:
        moves = cast("PlacingState", state).moves
        if len(moves) < EXACT_FROM:
            return search.decide(state.flat(), player).action
        return solver.solve([solver.position(moves)])[0].best[0]

    return choose


def battleship(game: Game, fair: bool) -> Choose:
    """Return the hunter by the posterior over fleets; published rules: over sampled fleets."""
    if not fair:
        return _SampledHunter().choose
    hunter = cast("Battleship", game).hunter()

    def choose(state: State, player: int) -> int:
        return int(hunter.choose(cast("BattleshipState", state).results(player))[0])

    return choose


class _SampledHunter:
    """Hunter that shoots where most of the best-fitting published fleets have a ship."""

    def __init__(self) -> None:
        rng = Random("published fleets")
        self._squares = np.zeros((_SAMPLES, fleets.SIDE**2), bool)
        for row in self._squares:
            row[[s for ship in fleets.published_fleet(rng) for s in ship]] = True

    def choose(self, state: State, player: int) -> int:
        """Return the square."""
        results = cast("BattleshipState", state).results(player)
        shots = [square for square, _, _ in results]
        hits = np.array([hit for _, hit, _ in results], bool)
        wrong = (self._squares[:, shots] != hits).sum(axis=1)
        chances = self._squares[wrong == wrong.min()].mean(axis=0)
        chances[shots] = -1.0
        return int(chances.argmax())
