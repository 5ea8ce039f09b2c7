"""PettingZoo's own tests on our environments, and what they do not see."""

import warnings
from random import Random
from typing import Any

import numpy as np
import pytest
from pettingzoo.test import api_test, seed_test

from plywise.datasets.errors import ConfigError
from plywise.games.base import IllegalActionError
from plywise.games.bridges.pettingzoo_env import GameEnv, env
from plywise.games.registry import make_game

GAMES: list[tuple[str, dict[str, Any]]] = [
    ("tic_tac_toe", {}),
    ("connect_four", {}),
    ("othello", {}),
    ("goofspiel", {"cards": 5, "order": "random"}),
    ("gomoku", {"rows": 5, "columns": 5, "in_line": 4}),
    ("battleship", {"rows": 4, "columns": 4, "fleet": [2, 1]}),
]


@pytest.mark.parametrize(("name", "parameters"), GAMES)
def test_pettingzoos_api_test(name: str, parameters: dict[str, Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # Said of every environment with action masks, PettingZoo's own as well.
        warnings.filterwarnings("ignore", message="Observation(s| space)? .*(Box|box|NumPy)")
        api_test(env(name, **parameters), num_cycles=60)


def test_pettingzoos_seed_test() -> None:
    seed_test(lambda: env("goofspiel", cards=4, order="random"), num_cycles=40)


@pytest.mark.parametrize(("name", "parameters"), GAMES)
def test_games_end_as_the_rules_say(name: str, parameters: dict[str, Any]) -> None:
    played = env(name, **parameters)
    for seed in range(3):
        rng = Random(seed)
        played.reset(seed=seed)
        last: dict[str, float] = {}
        for agent in played.agent_iter():
            seen, reward, terminated, _, _ = played.last()
            assert played.observation_space(agent).contains(seen)
            last[agent] = reward
            legal = [int(a) for a in np.flatnonzero(seen["action_mask"])]
            played.step(None if terminated else rng.choice(legal))
        state = played.unwrapped.state_of_play
        assert state.is_terminal()
        assert [last["player_0"], last["player_1"]] == state.returns()


def test_the_second_bidder_does_not_see_the_first_bid() -> None:
    game = GameEnv(make_game("goofspiel", cards=3))
    seen = []
    for bid in (0, 2):
        game.reset(seed=1)
        game.step(bid)
        assert game.agent_selection == "player_1"
        seen.append(game.observe("player_1"))
        assert not game.observe("player_0")["action_mask"].any()
    assert all(np.array_equal(seen[0][k], seen[1][k]) for k in seen[0])


def test_own_stones_come_first() -> None:
    game = GameEnv(make_game("connect_four"))
    game.reset(seed=0)
    game.step(3)
    assert game.observe("player_0")["observation"][5, 3].tolist() == [1, 0]
    assert game.observe("player_1")["observation"][5, 3].tolist() == [0, 1]
    assert "X" in game.render()


def test_an_illegal_action_loses_when_wrapped_and_is_an_error_when_not() -> None:
    wrapped, bare = env("tic_tac_toe"), GameEnv(make_game("tic_tac_toe"))
    for each in (wrapped, bare):
        each.reset(seed=0)
        each.step(4)
    wrapped.last()
    wrapped.step(4)
    assert wrapped.terminations == {"player_0": True, "player_1": True}
    assert wrapped.rewards["player_1"] == -1
    with pytest.raises(IllegalActionError, match="player_1 cannot play 4"):
        bare.step(4)


def test_other_games_are_refused() -> None:
    with pytest.raises(ConfigError, match="no array form"):
        env("gen9randombattle")
