"""Tic-tac-toe and Connect Four: kernels and adapters against well-known numbers and plain rules."""

from random import Random
from typing import Any

import numpy as np
import pytest

from plywise.datasets.errors import ConfigError
from plywise.engine.boards import connect_four as c4
from plywise.engine.boards import tic_tac_toe as ttt
from plywise.engine.kernels import TERMINAL, RulesKernels
from plywise.games.base import Game, IllegalActionError
from plywise.games.grid.connect_four import ConnectFour, ConnectFourState
from plywise.games.grid.tic_tac_toe import TicTacToe
from plywise.games.registry import REGISTRY, UnknownGameError, make_game

# --- kernels --------------------------------------------------------------------------------------


def perft(kernels: RulesKernels, pool: np.ndarray[Any, Any], depth: int) -> int:
    """Return the number of move sequences of ``depth`` moves, or shorter ones that end the game."""
    player = int(kernels.current(pool, 0))
    if depth == 0 or player == TERMINAL:
        return 1
    out = np.zeros(kernels.num_actions, np.int32)
    total = 0
    for action in out[: kernels.legal(pool, 0, player, out)].tolist():
        child = pool.copy()
        kernels.step(child, 0, action, action)
        total += perft(kernels, child, depth - 1)
    return total


def positions(kernels: RulesKernels, pool: np.ndarray[Any, Any], plies: int) -> list[int]:
    """Return how many different positions there are after 0, 1 … ``plies`` moves."""
    layer = {pool.tobytes()}
    counts = [1]
    out = np.zeros(kernels.num_actions, np.int32)
    for _ in range(plies):
        below = set()
        for state in layer:
            parent = np.frombuffer(state, kernels.dtype).copy()
            player = int(kernels.current(parent, 0))
            if player == TERMINAL:
                continue
            for action in out[: kernels.legal(parent, 0, player, out)].tolist():
                child = parent.copy()
                kernels.step(child, 0, action, action)
                below.add(child.tobytes())
        layer = below
        counts.append(len(layer))
    return counts


def test_sizes_of_the_states() -> None:
    assert ttt.STATE.itemsize == 16
    assert c4.STATE.itemsize == 32


def test_connect_four_counts_of_positions() -> None:
    # OEIS A212693: positions of Connect Four on 7 columns and 6 rows after n plies.
    assert positions(c4.rules(), c4.new_pool(), 6) == [1, 7, 49, 238, 1120, 4263, 16422]


def test_connect_four_counts_of_games() -> None:
    assert [perft(c4.rules(), c4.new_pool(), d) for d in range(6)] == [7**d for d in range(6)]


def test_tic_tac_toe_counts() -> None:
    # OEIS A008907 and the well-known 5478 positions and 255168 games.
    counts = positions(ttt.rules(), ttt.new_pool(), 9)
    assert counts == [1, 9, 72, 252, 756, 1260, 1520, 1140, 390, 78]
    assert sum(counts) == 5478


@pytest.mark.slow
def test_tic_tac_toe_number_of_games() -> None:
    assert perft(ttt.rules(), ttt.new_pool(), 9) == 255168


def random_states(game: Game, count: int, seed: str) -> list[Any]:
    rng = Random(seed)
    states: list[Any] = []
    while len(states) < count:
        state = game.new_initial_state()
        for _ in range(rng.randrange(game.max_game_length())):
            if state.is_terminal():
                break
            state.apply_action(rng.choice(state.legal_actions()))
        states.append(state)
    return states


def swapped(state: ConnectFourState) -> np.ndarray[Any, Any]:
    pool = state.flat()
    pool[0].stones = pool[0].stones[::-1].copy()
    return pool


def mirrored(state: ConnectFourState) -> np.ndarray[Any, Any]:
    other = ConnectFour(state.game.rows, state.game.columns).new_initial_state()
    for move in state.moves:
        other.apply_action(state.game.columns - 1 - move)
    return other.flat()


@pytest.mark.parametrize(("rows", "columns"), [(6, 7), (7, 7), (5, 9), (15, 4), (3, 16)])
def test_connect_four_estimate(rows: int, columns: int) -> None:
    game = ConnectFour(rows, columns)
    kernels = game.kernels()
    assert kernels.evaluate(game.new_initial_state().flat(), 0) == 0
    for state in random_states(game, 30, f"estimate {rows}"):
        estimate = kernels.evaluate(state.flat(), 0)
        assert -1 < estimate < 1
        assert kernels.evaluate(mirrored(state), 0) == pytest.approx(estimate)
        if rows % 2:  # with an even number of rows, odd and even threats differ on purpose
            assert kernels.evaluate(swapped(state), 0) == pytest.approx(-estimate)


@pytest.mark.parametrize(("rows", "columns"), [(6, 7), (7, 8), (15, 4), (3, 16)])
def test_connect_four_winning_squares(rows: int, columns: int) -> None:
    game = ConnectFour(rows, columns)
    for state in random_states(game, 30, f"squares {rows}"):
        pool = state.flat()
        for player in (0, 1):
            found = int(c4.winning_squares(pool[0].stones[player], np.uint64(rows + 1)))
            for column in range(columns):
                for row in range(rows):
                    if (column, row) not in state.owner:
                        expected = state._completes_line((column, row), player)
                        bit = found >> (column * (rows + 1) + row) & 1
                        assert bit == expected, (state.serialize(), player, column, row)


def test_connect_four_all_stones_of_a_full_board_fit() -> None:
    game = ConnectFour(rows=7, columns=8)  # all 64 bits
    seen = 0
    for seed in range(40):
        rng = Random(seed)
        state = game.new_initial_state()
        while not state.is_terminal():
            state.apply_action(rng.choice(state.legal_actions()))
        pool = state.flat()
        assert game.kernels().current(pool, 0) == TERMINAL
        assert game.kernels().returns(pool, 0) == state.returns()[0]
        seen = max(seen, len(state.moves))
    assert seen > 40


# --- adapters -------------------------------------------------------------------------------------


def played(game: Game, *names: str) -> Any:
    state = game.new_initial_state()
    for name in names:
        state.apply_action(state.string_to_action(name))
    return state


def test_connect_four_view() -> None:
    state = played(ConnectFour(rows=4, columns=5), "3", "3", "1", "4")
    assert state.observation_string(0).splitlines() == [
        "1 2 3 4 5",
        ". . . . .",
        ". . . . .",
        ". . O . .",
        "X . X O .",
    ]
    assert "moves: 3 3 1 4" in state.information_state_string(1)


def test_connect_four_wide_board_view_is_aligned() -> None:
    state = played(ConnectFour(rows=3, columns=12), "12", "1")
    assert {len(line) for line in state.observation_string(0).splitlines()} == {12 * 3 - 1}
    assert state.parse("I drop it in column 12.").action == 11
    assert state.parse("1 is worse than 10").action == 9


def test_tic_tac_toe_view() -> None:
    state = played(TicTacToe(), "b2", "a3", "c1")
    assert state.observation_string(1).splitlines() == ["3 O . .", "2 . X .", "1 . . X", "  a b c"]
    assert state.moves == [4, 0, 8]  # OpenSpiel's numbers: 3 * row + column from the top


@pytest.mark.parametrize(
    ("moves", "column", "facts"),
    [
        (("4", "1", "4", "1", "4", "1"), 3, "wins now"),
        (("4", "1", "4", "1", "5", "1"), 0, "blocks a win"),
        (("4", "1", "4", "1", "5", "1"), 6, "loses at once to 1"),
        (("3", "3", "4", "4"), 4, "wins: double threat 2, 6"),
    ],
)
def test_connect_four_briefing_facts(moves: tuple[str, ...], column: int, facts: str) -> None:
    state = played(ConnectFour(), *moves)
    briefing = state.briefing(state.current_player())
    assert [o.action for o in briefing.own] == state.legal_actions()
    assert facts in briefing.own[column].facts
    assert "wins now" not in briefing.own[1].facts
    assert "7 columns" in briefing.rules


def test_connect_four_wins_in_all_four_directions_and_draws() -> None:
    assert played(ConnectFour(), *"1212121").returns() == [1.0, -1.0]
    assert played(ConnectFour(), *"1122334").returns() == [1.0, -1.0]
    assert played(ConnectFour(), *"12233434474").returns() == [1.0, -1.0]  # rising to the right
    assert played(ConnectFour(), *"76655454414").returns() == [1.0, -1.0]  # falling
    full = played(ConnectFour(rows=1, columns=4), *"1234")
    assert full.is_terminal()
    assert full.returns() == [0.0, 0.0]
    assert full.legal_actions() == []


@pytest.mark.parametrize("text", ["0", "8", "", "4x", "four", "-1", "1.5"])
def test_connect_four_bad_moves(text: str) -> None:
    with pytest.raises(IllegalActionError, match="not a legal move"):
        ConnectFour().new_initial_state().string_to_action(text)


def test_connect_four_full_column_is_refused_and_the_game_plays_on() -> None:
    state = played(ConnectFour(rows=2, columns=4), "1", "1")
    with pytest.raises(IllegalActionError, match="legal are"):
        state.apply_action(0)
    assert state.legal_actions() == [1, 2, 3]
    assert state.parse("column 1").reason == "1 is not an open column"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "nonsense",
        '{"game": "connect_four", "rows": 7, "columns": 7, "moves": []}',
        '{"game": "tic_tac_toe", "rows": 6, "columns": 7, "moves": []}',
        '{"game": "connect_four", "rows": 6, "columns": 7, "moves": [9]}',
        '{"game": "connect_four", "rows": 6, "columns": 7, "moves": "34"}',
        '{"game": "connect_four", "rows": 6, "columns": 7, "moves": ["3"]}',
    ],
)
def test_texts_that_are_no_saved_state(text: str) -> None:
    with pytest.raises(ValueError, match=r"saved (state of )?connect_four"):
        ConnectFour().deserialize_state(text)


@pytest.mark.parametrize(("rows", "columns"), [(0, 7), (6, 3), (8, 8), (63, 4), (-1, 7)])
def test_boards_that_are_not_possible(rows: int, columns: int) -> None:
    with pytest.raises(ValueError, match="not possible"):
        ConnectFour(rows, columns)
    with pytest.raises(ConfigError, match="not possible"):
        make_game("connect_four", rows=rows, columns=columns)


def test_registry() -> None:
    for name, entry in REGISTRY.items():
        assert entry.summary
        assert "\n" not in entry.summary
        assert name == entry.name
    assert make_game("connect_four", rows=7).max_game_length() == 49
    assert make_game("tic_tac_toe").info.name == "tic_tac_toe"
    with pytest.raises(UnknownGameError, match="did you mean connect_four"):
        make_game("conect_four")
    with pytest.raises(UnknownGameError, match="has no parameter size; it has none"):
        make_game("tic_tac_toe", size=4)
    with pytest.raises(UnknownGameError, match="it has rows, columns"):
        make_game("connect_four", cols=4)
