"""Goofspiel against plain backward induction, and the contract."""

from functools import cache

import numpy as np
import pytest

from plywise.datasets.errors import ConfigError
from plywise.games.check import check_game
from plywise.games.goofspiel import Goofspiel
from plywise.games.registry import make_game
from plywise.search.exact.matrix import solve
from plywise.search.simultaneous.config import SimultaneousConfig
from plywise.search.simultaneous.search import SimultaneousSearch


@pytest.mark.parametrize("game", [Goofspiel(), Goofspiel(4, "random"), Goofspiel(2, "ascending")])
def test_contract(game: Goofspiel) -> None:
    assert check_game(game, plays=6).longest == game.cards


def test_equal_bids_discard_the_prize() -> None:
    state = Goofspiel(3).new_initial_state()
    state.apply_actions((2, 2))
    assert (state.points(0), state.points(1)) == (0, 0)
    state.apply_actions((1, 0))
    state.apply_actions((0, 1))
    assert (state.points(0), state.points(1)) == (2, 1)
    assert state.returns() == [1.0, -1.0]


@cache
def value(first: tuple[int, ...], second: tuple[int, ...], lead: int) -> float:
    """The game value for player 0 with prizes n … 1 to come, n the cards that are left."""
    if not first:
        return float(np.sign(lead))
    prize = len(first)
    payoff = [
        [
            value(
                tuple(c for c in first if c != a),
                tuple(c for c in second if c != b),
                lead + prize * int(np.sign(a - b)),
            )
            for b in second
        ]
        for a in first
    ]
    return float(solve(np.array(payoff)).value)


def test_the_search_finds_the_value_of_a_decided_round() -> None:
    game = Goofspiel(4)
    state = game.new_initial_state()
    state.apply_actions((3, 0))  # 4 points ahead, and the lowest cards to come
    state.apply_actions((0, 1))
    expected = value((1, 2), (2, 3), 1)
    search = SimultaneousSearch(
        game.kernels(), SimultaneousConfig(seconds=None, iterations=4000, algorithm="regret")
    )
    decision = search.decide(state.flat(), None, 0, seed=1)
    assert decision.value == pytest.approx(expected, abs=0.1)


def test_random_orders_come_from_the_seed() -> None:
    game = Goofspiel(order="random")
    orders = {game.new_initial_state(seed).prizes for seed in range(20)}
    assert len(orders) == 20
    assert game.new_initial_state(3).prizes == game.new_initial_state(3).prizes


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"cards": 1}, "must be 2"), ({"cards": 14}, "must be 2"), ({"order": "up"}, "choose one of")],
)
def test_impossible_games_are_refused(settings: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        make_game("goofspiel", **settings)
