"""The m,n,k games against solved ones, and the contract."""

from random import Random

import pytest

from plywise.datasets.errors import ConfigError
from plywise.engine.boards import mnk
from plywise.games.check import check_game
from plywise.games.grid.gomoku import Gomoku
from plywise.games.grid.tic_tac_toe import TicTacToe
from plywise.games.registry import make_game
from plywise.search.alphabeta.config import AlphaBetaConfig
from plywise.search.alphabeta.search import AlphaBeta


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rows", "columns", "in_line", "value"),
    [(3, 3, 3, 0), (3, 4, 3, 1), (4, 3, 3, 1), (4, 4, 4, 0)],
)
def test_small_boards_have_their_known_values(
    rows: int, columns: int, in_line: int, value: int
) -> None:
    # Uiterwijk and van den Herik, "The advantage of the initiative" (2000): 3,3,3 and 4,4,4 are
    # drawn, 4,3,3 is won.
    game = Gomoku(rows, columns, in_line)
    search = AlphaBeta(
        game.kernels(), AlphaBetaConfig(seconds=None, max_depth=rows * columns, table_bits=20)
    )
    decision = search.decide(game.new_initial_state().flat(), 0)
    assert decision.notes["solved"]
    assert round(decision.value) == value


def test_three_in_a_row_is_tic_tac_toe() -> None:
    game, known = Gomoku(3, 3, 3), TicTacToe()
    rng = Random(1)
    one = AlphaBeta(
        game.kernels(), AlphaBetaConfig(seconds=None, max_depth=9, all_values=True, table_bits=12)
    )
    other = AlphaBeta(
        known.kernels(), AlphaBetaConfig(seconds=None, max_depth=9, all_values=True, table_bits=12)
    )
    for _ in range(30):
        a, b = game.new_initial_state(), known.new_initial_state()
        for _ in range(rng.randrange(6)):
            if not a.is_terminal():
                action = rng.choice(a.legal_actions())
                a.apply_action(action)
                b.apply_action(action)
        assert a.is_terminal() == b.is_terminal()
        if not a.is_terminal():
            player = a.current_player()
            values = one.decide(a.flat(), player).values
            assert values == other.decide(b.flat(), player).values


@pytest.mark.slow
@pytest.mark.parametrize("size", [(3, 3, 3), (5, 6, 4), (4, 19, 5)])
def test_contract(size: tuple[int, int, int]) -> None:
    check_game(Gomoku(*size), plays=3)


@pytest.mark.slow
def test_contract_of_the_usual_board() -> None:
    check_game(Gomoku(), plays=1)


def test_five_or_more_win_and_four_do_not() -> None:
    game = Gomoku()
    state = game.new_initial_state()
    for name in "a1 a15 b1 b15 c1 c15 d1 d15 f1 f15".split():
        state.apply_action(state.string_to_action(name))
    assert not state.is_terminal()
    state.apply_action(state.string_to_action("e1"))  # six in a row
    assert state.returns() == [1.0, -1.0]
    assert game.kernels().returns(state.flat(), 0) == 1.0


def test_search_takes_and_stops_wins() -> None:
    game = Gomoku()
    search = AlphaBeta(game.kernels(), AlphaBetaConfig(seconds=None, max_depth=2, table_bits=12))
    state = game.new_initial_state()
    for name in "h8 a1 h9 a2 h10 a3 h11 a4".split():
        state.apply_action(state.string_to_action(name))
    decision = search.decide(state.flat(), 0)
    assert state.action_to_string(0, decision.action) in ("h7", "h12")
    state.apply_action(state.string_to_action("o15"))
    decision = search.decide(state.flat(), 1)
    assert state.action_to_string(1, decision.action) == "a5"


@pytest.mark.parametrize(
    ("size", "words"),
    [
        ({"rows": 20}, "must be 1 … 19"),
        ({"in_line": 2}, "must be 3 … 9"),
        ({"rows": 4, "columns": 4}, "no more than the board's longer side"),
    ],
)
def test_impossible_boards_are_refused(size: dict[str, int], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        make_game("gomoku", **size)
    assert mnk.STATE.itemsize % 8 == 0
