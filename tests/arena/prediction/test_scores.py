"""Scores of predictions, the fit and the split, against closed forms and plain enumeration."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from plywise.arena.prediction.fitting import CaseTable, fit_model
from plywise.arena.prediction.lbfgs import minimised
from plywise.arena.prediction.records import CaseRecord
from plywise.arena.prediction.scores import (
    OUTSIDE,
    OUTSIDE_ONE,
    Policies,
    bootstrap,
    calibrated,
    calibration_error,
    reliability_table,
    scored,
)
from plywise.arena.prediction.table import (
    NEITHER,
    TEST,
    TRAIN,
    DecisionTableError,
    read_battles,
    split_battles,
)
from plywise.games.gen9.opponents.choices import WorldChoices
from plywise.games.gen9.opponents.features import OPPONENT_FEATURES
from plywise.games.gen9.opponents.following import FollowedOpponent
from plywise.games.gen9.opponents.model import (
    OpponentModelError,
    load_opponent_model,
    world_shares,
)


def test_the_minimiser_finds_the_valley_of_rosenbrock() -> None:
    def valley(x: np.ndarray) -> tuple[float, np.ndarray]:
        a, b = x
        value = (1 - a) ** 2 + 100 * (b - a * a) ** 2
        return value, np.array([-2 * (1 - a) - 400 * a * (b - a * a), 200 * (b - a * a)])

    found = minimised(valley, np.array([-1.2, 1.0]), steps=200, tolerance=1e-8)
    assert found == pytest.approx([1.0, 1.0], abs=1e-5)


def test_ranks_losses_and_confidence_of_three_cases() -> None:
    policies = Policies.of(
        [np.array([0.5, 0.3, 0.2]), np.array([0.25] * 4), np.array([0.9, 0.1])], [1, 2, -1]
    )
    found = scored(policies)
    inside = 1.0 - OUTSIDE
    expected = [-math.log(inside * 0.3), -math.log(inside * 0.25), -math.log(OUTSIDE_ONE)]
    assert found.loss == pytest.approx(expected)
    assert found.first == pytest.approx([0.0, 0.25, 0.0])  # of four equal ones, any may be first
    assert found.third == pytest.approx([1.0, 0.75, 0.0])
    assert found.confidence == pytest.approx([inside * 0.5, inside * 0.25, inside * 0.9])


def test_a_calibrated_predictor_has_no_calibration_error_and_an_overconfident_one_has() -> None:
    rng = np.random.default_rng(1)
    shares = [rng.dirichlet(np.ones(3)) for _ in range(8000)]
    places = [int(rng.choice(3, p=p)) for p in shares]
    fair = scored(Policies.of(shares, places))
    bold = scored(Policies.of([p**4 / (p**4).sum() for p in shares], places))
    assert calibration_error(fair) < 0.03
    assert calibration_error(bold) > 0.15
    assert sum(row.cases for row in reliability_table(fair)) == 8000


def test_tempering_is_found_that_undoes_an_overconfidence() -> None:
    rng = np.random.default_rng(2)
    shares = [rng.dirichlet(np.ones(4)) for _ in range(4000)]
    places = [int(rng.choice(4, p=p)) for p in shares]
    bold = Policies.of([p**2 / (p**2).sum() for p in shares], places)
    assert calibrated(bold).power == 0.5


def test_the_bootstrap_draws_battles_and_not_cases() -> None:
    rng = np.random.default_rng(3)
    of_battle = rng.normal(0.0, 1.0, 40)
    battles = np.repeat(np.arange(40), 25)
    found = bootstrap(of_battle[battles], battles, seed=0)
    half = 1.96 * of_battle.std(ddof=1) / math.sqrt(40)
    assert (found.high - found.low) / 2 == pytest.approx(half, rel=0.15)
    assert found.low < found.mean < found.high
    assert math.isnan(bootstrap(np.ones(3), np.zeros(3, int), seed=0).low)


def choices(worlds: list[list[int]], names: int) -> WorldChoices:
    """Return choices whose entries have the given names, world by world."""
    sizes = [len(world) for world in worlds]
    return WorldChoices(
        1, len(worlds), tuple(f"move {k}" for k in range(names)),
        np.repeat(np.arange(len(worlds)), sizes),
        np.concatenate([np.arange(size) for size in sizes]).astype(np.int32),
        np.concatenate(worlds).astype(np.int64),
        np.cumsum([0, *sizes[:-1]]),
    )  # fmt: skip


def record(rng: np.random.Generator, weights: np.ndarray, actor: str = "a") -> CaseRecord:
    """Return a case of two worlds, its action drawn by ``weights`` in the first."""
    of = choices([[0, 1, 2], [0, 1, 3]], 4)
    features = rng.normal(size=(6, len(OPPONENT_FEATURES))).astype(np.float32)
    shares = world_shares(of, features, weights)[:3]
    place = int(rng.choice(3, p=shares / shares.sum()))
    return CaseRecord(
        "opponent", 0, 1, actor, "unrated", "turns to 5", "", "", False, of, features, place
    )


def test_names_are_averaged_over_the_worlds() -> None:
    of = choices([[0, 1, 2], [0, 1, 3]], 4)
    features = np.zeros((6, len(OPPONENT_FEATURES)), np.float32)
    features[2, 0] = math.log(2.0)  # twice as likely as the two others of the first world
    weights = np.zeros(len(OPPONENT_FEATURES))
    weights[0] = 1.0
    found = of.by_name(world_shares(of, features, weights))
    expected = [(1 / 4 + 1 / 3) / 2, (1 / 4 + 1 / 3) / 2, 1 / 4, 1 / 6]
    assert found == pytest.approx(expected, abs=1e-6)


def test_the_gradient_of_the_fit_is_that_of_the_loss() -> None:
    rng = np.random.default_rng(4)
    weights = rng.normal(size=len(OPPONENT_FEATURES)) * 0.3
    table = CaseTable.of([record(rng, weights) for _ in range(300)])
    captured = {}

    def stopping(objective, start, steps):  # type: ignore[no-untyped-def]
        captured["objective"] = objective
        return start

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("plywise.arena.prediction.fitting.minimised", stopping)
        table.fitted(5.0, weights)
    _, gradient = captured["objective"](weights)
    for k in (0, 7, len(OPPONENT_FEATURES) - 1):
        step = np.zeros(len(OPPONENT_FEATURES))
        step[k] = 1e-2
        up, down = (captured["objective"](weights + s)[0] for s in (step, -step))
        assert gradient[k] == pytest.approx((up - down) / 2e-2, abs=2e-4)


def test_a_fit_recovers_who_chose_and_finds_two_styles() -> None:
    rng = np.random.default_rng(5)
    one, two = np.zeros(len(OPPONENT_FEATURES)), np.zeros(len(OPPONENT_FEATURES))
    one[0], two[0] = 2.5, -2.5
    cases = [record(rng, one, f"one {k % 6}") for k in range(600)]
    cases += [record(rng, two, f"two {k % 6}") for k in range(600)]
    model = fit_model(cases, 1.0, 2, 6, seed=0, fit={})
    found = sorted(float(w) for w in model.styles[:, 0])
    assert found[0] < -1.2
    assert found[1] > 1.2
    assert abs(float(model.weights[0])) < 0.4  # all together go neither way
    assert model.commonness == pytest.approx([0.5, 0.5], abs=0.02)


def test_a_pool_follows_the_member_that_explains_the_choices_and_forgets() -> None:
    members = np.array([[0.9, 0.1], [0.1, 0.9]])
    opponent = FollowedOpponent([1.0, 1.0], memory=0.9, least=0.01)
    assert opponent.predict(members) == pytest.approx([0.5, 0.5])
    opponent.learn(members[:, 0])
    assert opponent.weights == pytest.approx([0.9, 0.1])  # Bayes, the first time
    for _ in range(30):
        opponent.learn(members[:, 0])
    surest = opponent.weights[0]
    assert surest > 0.99
    for _ in range(3):
        opponent.learn(members[:, 1])
    assert opponent.weights[0] < surest
    for _ in range(30):
        opponent.learn(members[:, 1])
    assert opponent.weights[1] > 0.99


def test_groups_that_never_meet_are_held_out_whole() -> None:
    battles = [(f"{c}-{k}", (f"{c}a", f"{c}{'bc'[k % 2]}")) for c in range(40) for k in range(6)]
    parts = split_battles(battles, 0.3, seed=1)
    players = {
        part: {key for name, keys in battles if parts[name] == part for key in keys}
        for part in (TRAIN, TEST)
    }
    assert NEITHER not in parts.values()
    assert not players[TRAIN] & players[TEST]
    assert 0.15 < sum(p == TEST for p in parts.values()) / len(parts) < 0.45


def test_players_who_all_meet_are_divided_and_battles_between_both_parts_are_left_out() -> None:
    names = [f"p{k}" for k in range(60)]
    battles = [(f"{a} {b}", (a, b)) for a in names for b in names if a < b]
    parts = split_battles(battles, 0.5, seed=2)
    assert set(parts.values()) == {TRAIN, TEST, NEITHER}
    players = {
        part: {key for name, keys in battles if parts[name] == part for key in keys}
        for part in (TRAIN, TEST)
    }
    assert not players[TRAIN] & players[TEST]


def test_a_folder_without_a_table_is_one_line(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    with pytest.raises(DecisionTableError, match="holds no table of decisions"):
        next(read_battles(tmp_path))
    (tmp_path / "x.parquet").write_bytes(b"no table")
    with pytest.raises(DecisionTableError, match="table of decisions"):
        next(read_battles(tmp_path))


def test_a_model_of_other_features_is_refused(tmp_path: Path) -> None:
    for text, words in (
        ("{", "no weights"),
        ('{"weights": {"a": 1}, "styles": [{"share": 1, "weights": {}}], "fit": {}}', "other feat"),
    ):
        path = tmp_path / "model.json"
        path.write_text(text)
        with pytest.raises(OpponentModelError, match=words):
            load_opponent_model(path)
