"""Othello against its published counts, and the contract."""

from random import Random
from typing import Any

import numpy as np
import pytest

from plywise.engine.boards import othello as kernels
from plywise.engine.kernels import TERMINAL
from plywise.games.base import IllegalActionError
from plywise.games.check import check_game
from plywise.games.grid.othello import PASS, Othello
from plywise.search.alphabeta.config import AlphaBetaConfig
from plywise.search.alphabeta.search import AlphaBeta


def perft(pool: np.ndarray[Any, Any], depth: int) -> int:
    player = int(kernels.current(pool, 0))
    if depth == 0 or player == TERMINAL:
        return 1
    out = np.zeros(kernels.NUM_ACTIONS, np.int32)
    total = 0
    for action in out[: kernels.legal(pool, 0, player, out)].tolist():
        child = pool.copy()
        kernels.step(child, 0, action, action)
        total += perft(child, depth - 1)
    return total


def test_counts_of_games() -> None:
    # OEIS A124004: sequences of n moves from the start.
    kernels.rules()
    counts = [perft(kernels.new_pool(), d) for d in range(7)]
    assert counts == [1, 4, 12, 56, 244, 1396, 8200]


@pytest.mark.slow
def test_contract() -> None:
    assert check_game(Othello(), plays=4).longest >= 50


def test_the_shortest_game_is_a_wipe_out() -> None:
    # The well-known win of black in nine moves (five of its own).
    state = Othello().new_initial_state()
    for name in ("e6", "f4", "e3", "f6", "g5", "d6", "e7", "f5", "c5"):
        assert not state.is_terminal()
        state.apply_action(state.string_to_action(name))
    assert state.is_terminal()
    assert state.count(1) == 0
    assert state.returns() == [1.0, -1.0]


def test_a_player_without_a_move_passes() -> None:
    game = Othello()
    seen = 0
    for seed in range(40):
        rng = Random(seed)
        state = game.new_initial_state()
        while not state.is_terminal():
            legal = state.legal_actions()
            if legal == [PASS]:
                seen += 1
                assert state.action_to_string(0, PASS) == "pass"
            else:
                with pytest.raises(IllegalActionError):
                    state.clone().apply_action(PASS)
            state.apply_action(rng.choice(legal))
    assert seen > 5


def plain(pool: np.ndarray[Any, Any], player: int) -> float:
    """The result for ``player`` by minimax to the end."""
    mover = int(kernels.current(pool, 0))
    if mover == TERMINAL:
        return float(kernels.returns(pool, 0)) * (1 if player == 0 else -1)
    out = np.zeros(kernels.NUM_ACTIONS, np.int32)
    values = []
    for action in out[: kernels.legal(pool, 0, mover, out)].tolist():
        child = pool.copy()
        kernels.step(child, 0, action, action)
        values.append(plain(child, player))
    return max(values) if mover == player else min(values)


def test_endgames_are_solved() -> None:
    game = Othello()
    search = AlphaBeta(game.kernels(), AlphaBetaConfig(seconds=None, max_depth=40, table_bits=14))
    for seed in range(6):
        rng = Random(f"end {seed}")
        state = game.new_initial_state()
        while not state.is_terminal() and len(state.owner) < 58:
            state.apply_action(rng.choice(state.legal_actions()))
        if state.is_terminal():
            continue
        player = state.current_player()
        decision = search.decide(state.flat(), player)
        assert decision.notes["solved"]
        assert np.sign(decision.value) == plain(state.flat(), player)


def test_search_beats_random_players() -> None:
    game = Othello()
    search = AlphaBeta(game.kernels(), AlphaBetaConfig(seconds=None, max_depth=3, table_bits=12))
    wins = 0
    for seed in range(6):
        rng = Random(seed)
        state = game.new_initial_state()
        while not state.is_terminal():
            player = state.current_player()
            if player == seed % 2:
                state.apply_action(search.decide(state.flat(), player).action)
            else:
                state.apply_action(rng.choice(state.legal_actions()))
        wins += state.returns()[seed % 2] > 0
    assert wins >= 5


def test_bad_saves_are_refused() -> None:
    for text in ("{", "[]", '{"game": "othello"}', '{"game": "othello", "moves": [0]}'):
        with pytest.raises(ValueError, match=r"othello state|state of othello"):
            Othello().deserialize_state(text)
