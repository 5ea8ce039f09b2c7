"""The battle evaluation: its symmetry, its bounds, and which way each thing counts."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from plywise.datasets.battle_corpus import read_corpus
from plywise.datasets.pokemon_sets import random_battle_sets
from plywise.engine.battle import constants as c
from plywise.engine.battle.border import codec, teams
from plywise.engine.battle.evaluate import FEATURES, VALUE_WEIGHTS, evaluate
from plywise.engine.compile.jit import prepare

CORPUS = Path(__file__).parents[2] / "data" / "random.jsonl.gz"


@cache
def recorded() -> NDArray[Any]:
    """Return the states of the real battles in the committed corpus."""
    states = []
    for battle in read_corpus(CORPUS, limit=6):
        setup = codec.BattleSetup(teams=battle.teams(), format=battle.format)
        states += [codec.decode(step.before, setup) for step in battle.steps]
    return np.concatenate(states)


@pytest.fixture(autouse=True, scope="module")
def _compiled() -> None:
    prepare("the battle evaluation", evaluate)


@pytest.fixture
def mirror() -> NDArray[Any]:
    """A healthy team against itself."""
    team = random_battle_sets().random_team(Random(3))
    pool: NDArray[Any] = teams.unstarted((team, team), "gen9randombattle")
    return pool


def test_weights_and_features_belong_together() -> None:
    assert len(FEATURES) == len(VALUE_WEIGHTS)
    assert np.isfinite(VALUE_WEIGHTS).all()


def test_exchanging_the_sides_turns_the_sign() -> None:
    pool = recorded()
    exchanged = pool.copy()
    exchanged["sides"] = pool["sides"][:, ::-1]
    values = np.array([evaluate(pool, i) for i in range(len(pool))])
    opposite = np.array([evaluate(exchanged, i) for i in range(len(pool))])
    assert len(pool) > 100
    assert values == pytest.approx(-opposite, abs=1e-12)
    assert np.abs(values).max() < 1.0
    assert np.ptp(values) > 0.5


def test_a_team_against_itself_is_even(mirror: NDArray[Any]) -> None:
    assert evaluate(mirror, 0) == 0.0


def _faint(b: Any) -> None:
    b.sides[0].mons[4].hp = 0


def _hurt(b: Any) -> None:
    b.sides[0].mons[0].hp //= 2


def _poison(b: Any) -> None:
    b.sides[0].mons[1].status = c.TOX


def _sleep(b: Any) -> None:
    b.sides[0].mons[1].status = c.SLP
    b.sides[0].mons[1].status_turns = 2


def _rocks(b: Any) -> None:
    b.sides[0].conditions[c.STEALTH_ROCK] = 1


def _spend_tera(b: Any) -> None:
    b.sides[0].flag_bits |= c.SIDE_TERA_USED


def _screen(b: Any) -> None:
    b.sides[1].conditions[c.REFLECT] = 5


def _slow(b: Any) -> None:
    b.sides[0].boosts[c.SPE] = -2


def _weaken(b: Any) -> None:
    b.sides[0].boosts[c.ATK] = b.sides[0].boosts[c.SPA] = -3


@pytest.mark.parametrize(
    "harm",
    [_faint, _hurt, _poison, _sleep, _rocks, _spend_tera, _screen, _slow, _weaken],
)
def test_what_harms_a_side_lowers_its_value(
    mirror: NDArray[Any], harm: Callable[[Any], None]
) -> None:
    harm(mirror[0])
    assert evaluate(mirror, 0) < 0.0


def test_a_lead_weighs_more_near_the_end(mirror: NDArray[Any]) -> None:
    b: Any = mirror[0]
    b.sides[1].mons[5].hp = 0
    early = evaluate(mirror, 0)
    for i in range(2, 6):
        b.sides[0].mons[i].hp = b.sides[1].mons[i].hp = 0
    b.sides[1].mons[1].hp = 0
    late = evaluate(mirror, 0)
    assert 0.1 < early
    assert early + 0.1 < late < 0.95
