"""The battle priors: they are probabilities, know nothing of sides, and foresee deep searches."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from plywise.arena.cli.main import main
from plywise.arena.fit import policy as fit_policy
from plywise.arena.fit.open_play import join
from plywise.arena.fit.policy import Choices, cross_entropy, fit_prior_weights, predicted
from plywise.datasets.battle_corpus import read_corpus
from plywise.engine.battle.border import codec
from plywise.engine.battle.constants import ACTION_SWITCH, NUM_ACTIONS
from plywise.engine.battle.names import MOVE_NAMES
from plywise.engine.battle.policy import (
    ACTION_FEATURES,
    ACTION_WEIGHTS,
    FIT,
    MOVE_WEIGHTS,
    priors,
    state_action_features,
)
from plywise.engine.battle.rules import RULES
from plywise.engine.compile.jit import prepare

CORPUS = Path(__file__).parents[2] / "data" / "random.jsonl.gz"
COLUMN = {name: k for k, name in enumerate(ACTION_FEATURES)}


@pytest.fixture(autouse=True, scope="module")
def _compiled() -> None:
    prepare("the priors", priors, state_action_features, RULES.legal)


@cache
def recorded() -> NDArray[Any]:
    """Return the states of some real battles in the committed corpus."""
    states = []
    for battle in read_corpus(CORPUS, limit=4):
        setup = codec.BattleSetup(teams=battle.teams(), format=battle.format)
        states += [codec.decode(step.before, setup) for step in battle.steps]
    return np.concatenate(states)


def choices(pool: NDArray[Any], i: int, player: int) -> tuple[list[int], NDArray[np.float64]]:
    """Return a player's legal actions and their priors."""
    legal = np.zeros(NUM_ACTIONS, np.int32)
    count = int(RULES.legal(pool, i, player, legal))
    out = np.full(NUM_ACTIONS, np.nan)
    priors(pool, i, player, legal, count, out)
    return [int(a) for a in legal[:count]], out[:count]


def test_priors_are_probabilities_and_the_same_from_both_sides() -> None:
    pool = recorded()
    exchanged = pool.copy()
    exchanged["sides"] = pool["sides"][:, ::-1]
    for i in range(len(pool)):
        for player in (0, 1):
            legal, found = choices(pool, i, player)
            if not legal:
                continue
            assert found.sum() == pytest.approx(1.0)
            assert (found > 0).all()
            assert choices(exchanged, i, 1 - player)[1] == pytest.approx(found)


def test_features_agree_with_what_they_say() -> None:
    pool = recorded()
    described = np.zeros((NUM_ACTIONS, len(ACTION_FEATURES)))
    legal = np.zeros(NUM_ACTIONS, np.int32)
    kinds = set[str]()
    for i in range(len(pool)):
        for player in (0, 1):
            count = int(RULES.legal(pool, i, player, legal))
            state_action_features(pool, i, player, legal, count, described)
            up = pool["sides"][i, player]["mons"][pool["sides"][i, player]["active"]]["hp"] > 0
            for k in range(count):
                row = described[k]
                switch = ACTION_SWITCH <= int(legal[k]) < ACTION_SWITCH + 6
                assert (row[COLUMN["switch"]] == 1.0) == (switch and bool(up))
                assert row[COLUMN["next_hp"]] > 0 or not switch or up
                assert row[COLUMN["tera"]] == (4 <= legal[k] < 8)
                assert 0 <= row[COLUMN["damage"]] <= 1
                assert row[COLUMN["ko_first"]] <= row[COLUMN["ko"]]
                kinds |= {ACTION_FEATURES[f] for f in np.flatnonzero(row)}
    assert len(kinds) > 0.8 * len(ACTION_FEATURES)


def test_priors_foresee_searches_that_they_were_not_fitted_to() -> None:
    fresh = fit_policy.self_play_choices(range(4), iterations=300, seed=987)
    none = np.zeros(len(ACTION_FEATURES)), np.zeros(len(MOVE_NAMES))
    assert cross_entropy((ACTION_WEIGHTS, MOVE_WEIGHTS), fresh) < 0.9 * cross_entropy(none, fresh)
    again = fit_policy.self_play_choices([2], iterations=300, seed=987)
    same = fresh.where(fresh.battles == 2)
    assert (again.features == same.features).all()
    assert (again.shares == same.shares).all()


def test_known_weights_are_found() -> None:
    rng = np.random.default_rng(3)
    truth = rng.normal(size=len(ACTION_FEATURES)), np.zeros(len(MOVE_NAMES))
    truth[1][[7, 9]] = 1.0, -1.5
    sizes = rng.integers(2, 10, 4000)
    rows = int(sizes.sum())
    features = rng.normal(size=(rows, len(ACTION_FEATURES)))
    moves = rng.choice([0, 7, 9], rows)
    empty = Choices(features, moves, np.zeros(rows), sizes, np.arange(len(sizes)))
    known = Choices(features, moves, predicted(truth, empty), sizes, empty.battles)
    found = fit_prior_weights(known, ridge=1e-3)
    assert found[0] == pytest.approx(truth[0], abs=0.05)
    assert found[1][[7, 9]] == pytest.approx([1.0, -1.5], abs=0.05)
    assert found[1][0] == 0.0
    both = join([known.where(known.battles < 100), known.where(known.battles >= 100)])
    assert (both.shares == known.shares).all()


def test_the_committed_weights_say_where_they_come_from() -> None:
    fit = FIT.fit
    assert fit["entropy_held_out"] < fit["cross_entropy_held_out"]
    assert fit["cross_entropy_held_out"] < fit["cross_entropy_held_out_uniform"]
    assert fit["command"].startswith("plywise fit policy battles=")


@pytest.mark.slow
def test_the_command_fits(tmp_path: Path) -> None:
    out = tmp_path / "weights.json"
    overrides = ["battles=20", "iterations=10", f"out={out}", f"hydra.run.dir={tmp_path}"]
    assert main(["fit", "policy", *overrides]) == 0
    assert out.exists()
