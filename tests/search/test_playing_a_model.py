"""Expectimax against a known opponent: exact shares over the whole tree of tic-tac-toe."""

from functools import cache

import numpy as np
import pytest

from plywise.games.grid.connect_four import ConnectFour
from plywise.games.grid.tic_tac_toe import TicTacToe, TicTacToeState
from plywise.search.alphabeta.search import NotTurnBasedError
from plywise.search.exact.expectimax import Expectimax, GameTooLargeError

Shares = tuple[float, float, float]


def against_random(agent: Expectimax, side: int) -> Shares:
    """Return the exact shares of wins, draws and losses of ``agent`` v uniformly random moves."""

    @cache
    def shares(saved: str) -> Shares:
        state = TicTacToe().deserialize_state(saved)
        if state.is_terminal():
            result = state.returns()[side]
            return float(result > 0), float(result == 0), float(result < 0)
        mover = state.current_player()
        moves = state.legal_actions()
        if mover == side:
            moves = [agent.decide(state.flat(), side).action]
        total = np.zeros(3)
        for action in moves:
            child = state.clone()
            child.apply_action(action)
            total += shares(child.serialize())
        a, b, c = total / len(moves)
        return float(a), float(b), float(c)

    return shares(TicTacToe().new_initial_state().serialize())


def worst_results(agent: Expectimax, side: int) -> set[float]:
    """Return all results of ``agent`` against every sequence of replies."""
    found: set[float] = set()

    def walk(state: TicTacToeState) -> None:
        if state.is_terminal():
            found.add(state.returns()[side])
            return
        moves = state.legal_actions()
        if state.current_player() == side:
            moves = [agent.decide(state.flat(), side).action]
        for action in moves:
            child = state.clone()
            child.apply_action(action)
            walk(child)

    walk(TicTacToe().new_initial_state())
    return found


def test_trusting_the_model() -> None:
    agent = Expectimax(TicTacToe().kernels())
    # 704/755 and so on by enumeration, see gridgames.md: 93.2 % as O, 99.5 % as X.
    win, draw, loss = against_random(agent, 1)
    assert win == pytest.approx(0.93228, abs=1e-4)
    assert loss == pytest.approx(0.0074, abs=1e-3)
    win, draw, loss = against_random(agent, 0)
    assert (round(win, 4), loss) == (0.9948, 0.0)
    assert draw == pytest.approx(1 - win)


def test_safe_play_never_loses_to_anybody() -> None:
    agent = Expectimax(TicTacToe().kernels(), safe=True)
    for side in (0, 1):
        assert -1.0 not in worst_results(agent, side)
    win, draw, loss = against_random(agent, 1)
    assert win == pytest.approx(0.9164, abs=1e-4)  # plain minimax: 78 to 81 %
    assert loss == 0.0
    assert win + draw / 2 > 0.95


def test_another_model_is_followed() -> None:
    # An opponent who always takes the first empty square loses to a line that it does not see.
    def first(pool: object, player: int, legal: list[int]) -> list[float]:
        return [1.0] + [0.0] * (len(legal) - 1)

    agent = Expectimax(TicTacToe().kernels(), model=first)  # type: ignore[arg-type]
    decision = agent.decide(TicTacToe().new_initial_state().flat(), 0)
    assert decision.value == 1.0
    assert set(decision.notes["minimax"].values()) == {0.0}


def test_what_it_cannot_search_is_refused() -> None:
    game = ConnectFour()
    agent = Expectimax(game.kernels(), max_positions=500)
    with pytest.raises(GameTooLargeError, match="more than 500 positions"):
        agent.decide(game.new_initial_state().flat(), 0)
    with pytest.raises(NotTurnBasedError, match="nothing to decide"):
        agent.decide(game.new_initial_state().flat(), 1)
