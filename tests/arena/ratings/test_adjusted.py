"""Adjusted scores against simulated games whose true score and best weight are known."""

from math import inf, sqrt

import numpy as np
import pytest

from plywise.arena.ratings.adjusted import LuckyGame, adjusted_score, student95
from plywise.arena.ratings.counts import GamesError


@pytest.mark.parametrize(("freedom", "quantile"), [(3, 3.182), (5, 2.571), (10, 2.228), (60, 2.0)])
def test_quantiles_are_those_of_the_printed_tables(freedom: int, quantile: float) -> None:
    assert student95(freedom) == pytest.approx(quantile, rel=0.008 if freedom == 3 else 0.0015)


def games_with_luck(
    rng: np.random.Generator, pairs: int, score: float, scale: float
) -> list[LuckyGame]:
    """Normal results: luck of deviation 0.4, told ``scale`` times as large, and 0.2 besides."""
    found = []
    for pair in range(pairs):
        for _ in range(2):
            luck = rng.normal(0, 0.4)
            points = score + luck + rng.normal(0, 0.2)
            found.append(LuckyGame(pair, points, scale * luck))
    return found


@pytest.mark.parametrize("scale", [1.0, 4.0, -0.5])
def test_the_weight_makes_good_for_a_wrong_scale(scale: float) -> None:
    found = adjusted_score(games_with_luck(np.random.default_rng(1), 4000, 0.6, scale))
    assert found.weight == pytest.approx(1 / scale, rel=0.03)
    assert found.worth == pytest.approx((0.16 + 0.04) / 0.04, rel=0.1)
    assert found.estimate.value == pytest.approx(0.6, abs=4 * 0.2 / sqrt(8000))


@pytest.mark.parametrize("pairs", [5, 8, 30])
def test_intervals_hold_the_truth_and_the_mean_is_unbiased(pairs: int) -> None:
    rng, repeats, held, values = np.random.default_rng(2), 600, 0, []
    for _ in range(repeats):
        found = adjusted_score(games_with_luck(rng, pairs, 0.7, 2.0)).estimate
        held += found.low <= 0.7 <= found.high
        values.append(found.value)
    assert 0.93 < held / repeats < 0.98
    assert abs(np.mean(values) - 0.7) < 4 * np.std(values) / sqrt(repeats)


def test_senseless_luck_is_not_subtracted() -> None:
    rng = np.random.default_rng(3)
    games = [LuckyGame(n // 2, float(rng.integers(2)), rng.normal()) for n in range(2000)]
    found = adjusted_score(games)
    assert abs(found.weight) < 0.05
    assert found.worth == pytest.approx(1.0, abs=0.01)


def test_without_luck_the_score_is_that_of_the_points() -> None:
    found = adjusted_score(LuckyGame(n // 2, n % 4 / 3, 0.0) for n in range(24))
    assert found.estimate.value == pytest.approx(0.5)
    assert (found.weight, found.worth) == (0.0, 1.0)


def test_pairs_that_are_all_alike_have_the_interval_of_so_many_trials() -> None:
    rng = np.random.default_rng(4)
    found = adjusted_score(LuckyGame(n // 2, 1.0, rng.normal()) for n in range(20)).estimate
    assert (found.value, found.high) == (1.0, 1.0)
    assert found.low == pytest.approx(0.722, abs=0.001)  # Wilson's, of 10 in 10


def test_few_pairs_are_left_as_they_are() -> None:
    found = adjusted_score(LuckyGame(n // 2, 1.0, 0.5) for n in range(8))
    assert (found.estimate.value, found.estimate.low, found.estimate.high) == (1.0, -inf, inf)
    with pytest.raises(GamesError, match="no games"):
        adjusted_score([])
