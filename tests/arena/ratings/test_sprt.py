"""The SPRT against closed forms, brute force and simulated matches."""

import math
import random

import numpy as np
import pytest

from plywise.arena.ratings.elo import score_of
from plywise.arena.ratings.simulated_sprt import PairModel, sprt_rates
from plywise.arena.ratings.sprt import SPRT, RunningSPRT, SPRTVerdict
from plywise.datasets.errors import ConfigError


def test_bounds_are_walds() -> None:
    test = SPRT(0, 5, alpha=0.05, beta=0.1)
    assert test.lower == pytest.approx(math.log(0.1 / 0.95))
    assert test.upper == pytest.approx(math.log(0.9 / 0.05))
    assert test.verdict(0) is SPRTVerdict.CONTINUE
    assert test.verdict(test.upper) is SPRTVerdict.H1
    assert test.verdict(test.lower) is SPRTVerdict.H0


def test_without_draws_single_games_are_bernoulli_trials() -> None:
    """With wins and losses alone the logistic LLR is that of a coin, up to the 1e-3 of a draw."""
    test = SPRT(-20, 30, model="logistic")
    zero, one = score_of(-20), score_of(30)
    expected = 60 * math.log(one / zero) + 40 * math.log((1 - one) / (1 - zero))
    assert test.llr((40, 0, 60)) == pytest.approx(expected, abs=2e-3)


def brute_force(counts: list[int], value: float, model: str) -> float:
    """The greatest log-likelihood under the constraint, by a random search in feasible curves."""
    points = np.linspace(0, 1, 5)
    share = np.maximum(np.array(counts, dtype=float), 1e-3)
    rng = np.random.default_rng(0)
    best, at, spread = -math.inf, share / share.sum(), 1.0
    for _ in range(60):
        tries = at * np.exp(spread * rng.standard_normal((4000, 5)))
        # Exponential tilting meets the constraint; the tilt is found by bisection.
        low, high = np.full(4000, -60.0), np.full(4000, 60.0)
        for _ in range(50):
            middle = (low + high) / 2
            p = tries * np.exp(middle[:, None] * (points - 0.5))
            p /= p.sum(axis=1, keepdims=True)
            mean = p @ points
            found = mean
            if model == "normalized":
                found = (mean - 0.5) / np.sqrt((p * (points - mean[:, None]) ** 2).sum(axis=1))
            low, high = np.where(found < value, middle, low), np.where(found < value, high, middle)
        values = np.log(p) @ share
        if values.max() > best:
            best, at = float(values.max()), p[values.argmax()]
        else:
            spread *= 0.7
    return best


@pytest.mark.slow
@pytest.mark.parametrize("counts", [[10, 20, 40, 35, 15], [3, 1, 20, 6, 2], [0, 4, 9, 12, 1]])
@pytest.mark.parametrize("model", ["normalized", "logistic"])
def test_the_constrained_likelihoods_are_maxima(counts: list[int], model: str) -> None:
    test = SPRT(-30, 120, model=model)
    values = [
        score_of(elo) if model == "logistic" else elo * math.log(10) / 800 * math.sqrt(2)
        for elo in (test.elo0, test.elo1)
    ]
    zero, one = (brute_force(counts, value, model) for value in values)
    assert test.llr(counts) == pytest.approx(one - zero, abs=5e-3)


@pytest.mark.parametrize("model", ["normalized", "logistic"])
def test_a_mirrored_match_has_the_opposite_llr(model: str) -> None:
    counts = (3, 9, 30, 14, 5)
    one = SPRT(-10, 25, model=model).llr(counts)
    assert SPRT(-25, 10, model=model).llr(counts[::-1]) == pytest.approx(-one, abs=1e-6)


@pytest.mark.parametrize("model", ["normalized", "logistic"])
def test_more_points_never_lower_the_llr(model: str) -> None:
    test, rng = SPRT(0, 20, model=model), random.Random(3)
    for _ in range(30):
        counts = [rng.randrange(1, 40) for _ in range(5)]
        place = rng.randrange(4)
        better = counts.copy()
        better[place] -= 1
        better[place + 1] += 1
        if model == "logistic":  # normalized Elo may fall where the spread grows
            assert test.llr(better) > test.llr(counts)
        assert test.llr([2 * c for c in counts]) == pytest.approx(2 * test.llr(counts), abs=1e-4)


@pytest.mark.parametrize(
    "counts", [(0, 0, 0, 0, 0), (0, 0, 0, 0, 1), (5, 0, 0, 0, 0), (0, 0, 50, 0, 0), (1, 0, 0, 0, 1)]
)
@pytest.mark.parametrize("bounds", [(0, 5), (-500, 500), (400, 500)])
@pytest.mark.parametrize("model", ["normalized", "logistic"])
def test_sparse_counts_give_numbers(
    counts: tuple[int, ...], bounds: tuple[float, float], model: str
) -> None:
    assert math.isfinite(SPRT(*bounds, model=model).llr(counts))


def test_no_games_say_nothing() -> None:
    assert SPRT().llr([0] * 5) == 0


def test_a_running_test_ends_once() -> None:
    running = RunningSPRT(SPRT(0, 100, model="logistic"))
    for _ in range(100):
        if running.add(1, 0.5) is not SPRTVerdict.CONTINUE:
            break
    assert running.verdict is SPRTVerdict.H1
    assert running.counts[3] < 30
    assert running.llr == SPRT(0, 100, model="logistic").llr(running.counts)
    assert running.verdict.value == "accept H1"
    for _ in range(100):
        running.add(0, 0)
    assert running.verdict is SPRTVerdict.H1


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"elo0": 5.0, "elo1": 5.0}, "must be less"),
        ({"elo1": math.inf}, "must be within"),
        ({"elo1": 5000.0}, "must be within"),
        ({"alpha": 0.0}, "alpha=0"),
        ({"beta": 0.7}, "beta=0.7"),
        ({"model": "bayesian"}, "choose one of normalized, logistic"),
    ],
)
def test_wrong_settings_are_named(settings: dict[str, float], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        SPRT(**settings)  # type: ignore[arg-type]


def test_wrong_results_are_named() -> None:
    with pytest.raises(ValueError, match="five of pairs"):
        SPRT().llr([1, 2])
    with pytest.raises(ValueError, match="five of pairs"):
        SPRT().llr([1, 2, -3])
    with pytest.raises(ValueError, match="points"):
        RunningSPRT(SPRT()).add(0.7, 1)


def test_simulated_pairs_have_the_difference_they_claim() -> None:
    model = PairModel("x", draw_rate=0.4, advantage=60, shared=150, opening=80)
    points = np.linspace(0, 1, 5)
    assert model.at(40, "logistic") @ points == pytest.approx(score_of(40))
    chances = model.at(40, "normalized")
    mean = chances @ points
    found = (mean - 0.5) / np.sqrt(2 * (chances @ (points - mean) ** 2))
    assert found * 800 / math.log(10) == pytest.approx(40)


@pytest.mark.slow
def test_error_rates_stay_near_the_stated_ones() -> None:
    """A fast look; `plywise calibrate sprt` simulates enough to tell 5 % from 6 %."""
    model = PairModel("x", draw_rate=0.4, advantage=40, shared=100)
    found = sprt_rates(model, SPRT(0, 100), matches=300, seed=3)
    assert found.open == 0
    assert found.false_positive.low < 0.05
    assert found.false_negative.low < 0.05
    assert found.pairs0 < 100
