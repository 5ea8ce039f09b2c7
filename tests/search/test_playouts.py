"""Random playouts against exact probabilities, computed here from the rules of the adapters."""

from functools import cache

import numpy as np
import pytest

from plywise.engine.kernels import RulesKernels
from plywise.games.base import State
from plywise.games.grid.connect_four import ConnectFour
from plywise.games.grid.tic_tac_toe import TicTacToe
from plywise.games.registry import make_game
from plywise.search.playouts import PlayoutError, random_playouts


def exact(state: State) -> tuple[float, float, float]:
    """Probabilities that player 0 wins, draws, loses when both move at random."""

    @cache
    def shares(saved: str) -> tuple[float, float, float]:
        here = TicTacToe().deserialize_state(saved)
        if here.is_terminal():
            result = here.returns()[0]
            return float(result > 0), float(result == 0), float(result < 0)
        total = np.zeros(3)
        legal = here.legal_actions()
        for action in legal:
            child = here.clone()
            child.apply_action(action)
            total += shares(child.serialize())
        a, b, c = total / len(legal)
        return float(a), float(b), float(c)

    return shares(state.serialize())


@pytest.mark.parametrize("moves", [(4, 0, 8), (0, 1, 2), (4,) * 1 + (1, 3, 5)])
def test_shares_are_the_exact_ones(moves: tuple[int, ...]) -> None:
    state = TicTacToe().new_initial_state()
    for move in moves:
        state.apply_action(move)
    count = 200_000
    found = random_playouts(TicTacToe().kernels(), state.flat(), count, seed=5)
    shares = [float((found == result).mean()) for result in (1, 0, -1)]
    for share, truth in zip(shares, exact(state), strict=True):
        assert abs(share - truth) < 5 * (truth * (1 - truth) / count) ** 0.5 + 1e-12


@pytest.mark.parametrize("name", ["tic_tac_toe", "connect_four"])
def test_seeds_repeat_and_the_position_stays(name: str) -> None:
    game = make_game(name)
    kernels = game.kernels()
    assert isinstance(kernels, RulesKernels)
    pool = game.new_initial_state().flat()
    before = pool.tobytes()
    first, again, other = (random_playouts(kernels, pool, 500, seed=s) for s in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert pool.tobytes() == before


def test_connect_four_shares_are_the_known_ones() -> None:
    # 55.6 % for the first player on 6×7, a figure that many have measured.
    game = ConnectFour()
    found = random_playouts(game.kernels(), game.new_initial_state().flat(), 100_000, seed=3)
    assert abs(float((found > 0).mean()) - 0.556) < 0.01


def test_what_cannot_be_played_is_refused() -> None:
    game = TicTacToe()
    with pytest.raises(ValueError, match="count is 0"):
        random_playouts(game.kernels(), game.new_initial_state().flat(), 0)
    stuck = game.new_initial_state().flat()
    stuck[0].marks = (0b111111000, 0b000000111)  # no square is free, and the state says it runs on
    with pytest.raises(PlayoutError, match="no legal action"):
        random_playouts(game.kernels(), stuck, 1)
