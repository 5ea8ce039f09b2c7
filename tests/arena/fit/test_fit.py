"""Fitting the battle evaluation: the regression, self-play, and the command."""

import json
from pathlib import Path

import numpy as np
import pytest

from plywise.arena.cli.main import main
from plywise.arena.fit.evaluation import Positions, fit_value_weights, log_loss, self_play_positions
from plywise.arena.fit.open_play import join
from plywise.datasets.errors import PlywiseError
from plywise.datasets.fitted_weights import load_weights
from plywise.engine.battle.evaluate import FEATURES, FIT


def synthetic(seed: int, battles: int, truth: np.ndarray) -> Positions:
    """Battles of 10 states with results drawn from known weights; states share their result."""
    rng = np.random.default_rng(seed)
    features = np.repeat(rng.normal(size=(battles, len(truth))), 10, axis=0)
    standing = np.full(len(features), 9.0)
    chance = 1 / (1 + np.exp(-2 * features[::10] @ truth / 3))
    results = np.repeat((rng.random(battles) < chance).astype(float), 10)
    return Positions(features, standing, results, np.repeat(np.arange(battles), 10))


def test_known_weights_are_found_within_their_errors() -> None:
    truth = np.array([1.5, -0.7, 0.0, 0.4])
    inside = 0
    for seed in range(50):
        weights, errors = fit_value_weights(synthetic(seed, 400, truth), ridge=1e-6)
        inside += int((np.abs(weights - truth) < 1.96 * errors).sum())
    # 200 intervals of 95 %: 190 expected, standard deviation 3 if they were independent
    assert 178 <= inside <= 200


def test_a_ridge_pulls_towards_nothing() -> None:
    positions = synthetic(1, 300, np.array([1.0, -1.0]))
    loose, _ = fit_value_weights(positions, ridge=1e-6)
    tight, _ = fit_value_weights(positions, ridge=1e6)
    assert np.abs(tight).max() < 0.05 < np.abs(loose).min()
    assert log_loss(loose, positions) < log_loss(tight, positions) < np.log(2.0)


def test_self_play_is_the_same_for_a_seed() -> None:
    one = self_play_positions([3], iterations=20, seed=4)
    two = self_play_positions([3, 5], iterations=20, seed=4)
    again = two.where(two.battles == 3)
    assert (one.features == again.features).all()
    assert (one.results == again.results).all()
    assert set(one.results) <= {0.0, 0.5, 1.0}
    both = join([one, two.where(two.battles == 5)])
    assert (both.features == two.features).all()


def test_the_committed_weights_say_where_they_come_from() -> None:
    assert FIT.fit["log_loss_held_out"] < FIT.fit["log_loss_held_out_of_a_coin"]
    assert FIT.fit["command"].startswith("plywise fit evaluation")
    assert {"battles", "seed", "iterations", "states"} <= set(FIT.fit)


def test_weights_of_other_features_are_refused() -> None:
    with pytest.raises(PlywiseError, match="other features"):
        load_weights("gen9_evaluation", (*FEATURES, "luck"))
    with pytest.raises(PlywiseError, match="no weights"):
        load_weights("gen0", FEATURES)


@pytest.mark.slow
def test_the_command_fits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "weights.json"
    overrides = ["battles=20", "iterations=10", f"out={out}", f"hydra.run.dir={tmp_path}"]
    assert main(["fit", "evaluation", *overrides]) == 0
    found = json.loads(out.read_text())
    assert set(found["weights"]) == set(FEATURES)
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["battles"] == 20
    assert main(["fit", "evaluation", "battles=3"]) == 2
