"""The agent that plays perfectly."""

from pathlib import Path
from random import Random

import pytest

from plywise.arena.agents.kinds.random import RandomAgent
from plywise.arena.agents.kinds.solver import SolverAgent, plies_of_score
from plywise.arena.agents.spec import Agent
from plywise.arena.cli import main as cli
from plywise.arena.play.match import play_game
from plywise.games.grid.connect_four import ConnectFour
from plywise.games.grid.placing import PlacingState
from plywise.games.registry import make_game
from plywise.search.alphabeta.config import AlphaBetaConfig
from plywise.search.alphabeta.search import AlphaBeta


def late(game: ConnectFour, stones: int, rng: Random) -> PlacingState:
    while True:
        state = game.new_initial_state()
        while len(state.moves) < stones and not state.is_terminal():
            state.apply_action(rng.choice(state.legal_actions()))
        if not state.is_terminal():
            return state


@pytest.mark.parametrize(("rows", "columns", "stones"), [(6, 7, 26), (7, 7, 33), (5, 5, 8)])
def test_values_and_moves_are_those_of_alphabeta(rows: int, columns: int, stones: int) -> None:
    game = ConnectFour(rows=rows, columns=columns)
    agent = SolverAgent("solver", game, None)
    exact = AlphaBeta(
        game.kernels(), AlphaBetaConfig(seconds=None, max_depth=64, table_bits=18, all_values=True)
    )
    rng = Random(stones)
    kinds = set()
    for k in range(30):
        state = late(game, stones, rng)
        player = state.current_player()
        expected = exact.decide(state.flat(), player)
        decision = agent.decide(state, player, k)
        assert decision.value == pytest.approx(expected.value, abs=1e-9)
        best = {a for a, v in expected.values.items() if v == pytest.approx(expected.value)}
        assert decision.action in set(decision.values) == best
        kinds.add((decision.value > 0) - (decision.value < 0))
    assert kinds >= {1, -1}


def test_the_last_ply_of_a_score() -> None:
    game = ConnectFour()
    assert plies_of_score(game, 7, 18) == 1  # the winner's fourth stone, 22 - 4
    assert plies_of_score(game, 6, 18) == 1
    assert plies_of_score(game, 6, -18) == 2
    assert plies_of_score(game, 40, 0) == 2


def test_tic_tac_toe_is_never_lost() -> None:
    game = make_game("tic_tac_toe")
    agent = SolverAgent("solver", game, None)
    for seed in range(20):
        agents: list[Agent] = [agent, RandomAgent()]
        result = play_game(game, agents[:: -1 if seed % 2 else 1], seed).result_of("solver")
        assert result is not None
        assert result >= 0


def test_the_opening_within_a_time_limit_is_alphabetas_and_says_so() -> None:
    game = ConnectFour()
    agent = SolverAgent("solver", game, 0.2)
    decision = agent.decide(game.new_initial_state(), 0, 0)
    assert decision.notes["fallback"] == "not solved within 0.1 s"
    assert decision.seconds < 2
    state = late(game, 30, Random(1))
    assert "fallback" not in agent.decide(state, state.current_player(), 0).notes


def test_on_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    play = ["play", "game=tic_tac_toe", "agent=solver", "side=none", "llm=none"]
    assert cli.main(play) == 0
    assert "A draw after 9 moves." in capsys.readouterr().out
    assert cli.main(["play", "game=othello", "agent=solver", "side=none", "llm=none"]) != 0
    assert "game=connect_four or game=tic_tac_toe only" in capsys.readouterr().err
