"""Chances before and after a choice, its cost, and the noise of both."""

from math import sqrt

import pytest

from plywise.arena.analysis.estimates import (
    SeedValues,
    estimated,
    is_blunder,
    mean_with_noise,
)
from plywise.arena.analysis.players import chosen_players
from plywise.arena.analysis.results import Measured
from plywise.datasets.errors import ConfigError

GOOD, BAD = {"good": 1.0}, {"good": 0.6, "bad": -0.2}


def test_a_cost_is_the_chance_before_less_the_one_after() -> None:
    found = estimated([SeedValues(GOOD, BAD)], "bad")
    assert found.before == Measured(0.8)
    assert found.after == Measured(0.4)
    assert found.cost is not None
    assert found.cost.value == pytest.approx(0.4)
    assert [one.name for one in found.actions] == ["good", "bad"]
    assert [one.chosen for one in found.actions] == [False, True]


def test_a_mixed_strategy_is_worth_its_mean() -> None:
    found = estimated([SeedValues({"good": 0.75, "bad": 0.25}, BAD)], "good")
    assert found.before.value == pytest.approx(0.7)
    assert found.cost is not None
    assert found.cost.value == pytest.approx(-0.1)


def test_the_noise_is_students_interval_of_the_seeds() -> None:
    found = mean_with_noise([0.4, 0.5, 0.6, 0.7])
    assert found.value == pytest.approx(0.55)
    # t = 3.182 with three degrees of freedom (tables); the deviation is sqrt(0.05 / 3).
    assert found.error == pytest.approx(3.182 * sqrt(0.05 / 3) / 2, rel=0.01)
    assert mean_with_noise([0.4]).error is None


def test_an_action_of_some_seeds_alone_is_drawn() -> None:
    seeds = [
        SeedValues(GOOD, BAD),
        SeedValues({"drawn": 1.0}, {**BAD, "drawn": 1.0}, frozenset({"drawn"})),
    ]
    found = estimated(seeds, "bad")
    drawn = next(one for one in found.actions if one.name == "drawn")
    assert drawn.drawn
    assert drawn.share == 0.5
    assert drawn.win == Measured(1.0)
    assert found.before.value == pytest.approx(0.9)


def test_what_is_not_known_has_no_cost() -> None:
    found = estimated([SeedValues(GOOD, BAD)], "")
    assert found.after is None
    assert found.cost is None


@pytest.mark.parametrize(
    ("cost", "marked"),
    [
        (Measured(0.2, 0.1), True),
        (Measured(0.2, 0.3), False),
        (Measured(0.05, 0.01), False),
        (Measured(0.2), False),
        (Measured(0.5, 0.0), True),
        (None, False),
    ],
    ids=["clear", "within the noise", "small", "noise unknown", "exact", "unknown"],
)
def test_a_blunder_costs_much_and_more_than_its_noise(cost: Measured | None, marked: bool) -> None:
    assert is_blunder(cost, 0.1) is marked


def test_players_go_by_number_or_name() -> None:
    names = ("Ann [x]", "Bob")
    assert chosen_players("both", names) == (0, 1)
    assert chosen_players("1", names) == (1,)
    assert chosen_players("annx", names) == (0,)
    with pytest.raises(ConfigError, match=r"player=Eve: the players are 0 Ann \[x\], 1 Bob"):
        chosen_players("Eve", names)
    with pytest.raises(ConfigError):
        chosen_players("Bob", ("Bob", "Bob"))
