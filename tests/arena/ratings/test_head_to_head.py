"""Head-to-head figures against hand-made examples."""

import math
import random
from collections.abc import Sequence
from dataclasses import replace
from statistics import NormalDist

import pytest

from plywise.arena.ratings.counts import GamesError, RatedGame
from plywise.arena.ratings.elo import elo_of, score_of
from plywise.arena.ratings.head_to_head import HeadToHead, head_to_head
from plywise.arena.ratings.rate import rate


def games(pairs: list[tuple[float, float]]) -> list[RatedGame]:
    return [
        game
        for number, (one, two) in enumerate(pairs)
        for game in (
            RatedGame("a", "b", one, "a", str(number)),
            RatedGame("b", "a", 1 - two, "b", str(number)),
        )
    ]


def of_counts(counts: Sequence[int], draws: int) -> HeadToHead:
    """The figures of games with these counts of pairs (LL, LD, DD and WL, WD, WW)."""
    drawn = (draws - counts[1] - counts[3]) // 2
    pairs = [(0.0, 0.0)] * counts[0] + [(0.0, 0.5)] * counts[1] + [(0.5, 0.5)] * drawn
    pairs += [(1.0, 0.0)] * (counts[2] - drawn) + [(1.0, 0.5)] * counts[3]
    return head_to_head(games(pairs + [(1.0, 1.0)] * counts[4]), "a", "b")


def test_the_elo_scale() -> None:
    assert elo_of(0.75) == pytest.approx(190.8485)
    assert elo_of(0.5) == 0
    assert (elo_of(0), elo_of(1)) == (-math.inf, math.inf)
    assert score_of(190.8485) == pytest.approx(0.75)
    assert score_of(-math.inf) == 0
    assert score_of(math.inf) == 1
    with pytest.raises(ValueError, match="lies outside"):
        elo_of(1.5)


def test_pentanomial_figures_by_hand() -> None:
    # Points per pair 0, ½, 1, 1½, 2; as shares 0 … 1: mean 66.25 / 120, squares by hand.
    counts = (10, 20, 40, 35, 15)
    found = of_counts(counts, draws=75)
    assert (found.tally.wins, found.tally.draws, found.tally.losses) == (95, 75, 70)
    mean = (20 * 0.25 + 40 * 0.5 + 35 * 0.75 + 15) / 120
    variance = sum(n * (i / 4 - mean) ** 2 for i, n in enumerate(counts)) / 120
    assert found.score == pytest.approx(mean)
    error = math.sqrt(variance / 119)
    assert found.interval.low == pytest.approx(mean - 1.959964 * error)
    assert found.interval.high == pytest.approx(mean + 1.959964 * error)
    assert found.elo.value == pytest.approx(elo_of(mean))
    assert found.elo.low == pytest.approx(elo_of(mean - 1.959964 * error))
    expected = (mean - 0.5) / math.sqrt(2 * variance) * 800 / math.log(10)
    assert found.normalized_elo.value == pytest.approx(expected)
    assert found.superiority == pytest.approx(NormalDist().cdf((mean - 0.5) / error))
    assert found.draw_rate == 75 / 240


def test_games_and_counts_tell_the_same() -> None:
    pairs = [(1.0, 0.0), (0.5, 0.5), (1.0, 0.5), (1.0, 1.0), (0.0, 0.0), (0.5, 0.0), (1.0, 1.0)]
    found = head_to_head(games(pairs), "a", "b")
    assert found.pairs == (1, 1, 2, 1, 2)
    counted = of_counts(found.pairs, found.tally.draws)
    assert counted.variance == pytest.approx(found.variance)
    assert replace(counted, variance=0) == replace(found, variance=0)
    other = head_to_head(games(pairs), "b", "a")
    assert other.pairs == found.pairs[::-1]
    assert other.score == pytest.approx(1 - found.score)
    assert other.elo.value == pytest.approx(-found.elo.value)
    assert other.superiority == pytest.approx(1 - found.superiority)


def test_single_games_have_the_binomial_variance() -> None:
    played = [RatedGame("a", "b", score) for score in [1.0] * 30 + [0.0] * 10]
    found = head_to_head(played, "a", "b")
    assert found.clusters == 40
    assert found.variance == pytest.approx(0.75 * 0.25 / 39)
    assert found.pairs == (0, 0, 0, 0, 0)
    assert found.normalized_elo.value == pytest.approx(
        0.25 / math.sqrt(0.1875) * 800 / math.log(10)
    )
    assert str(found.tally.interval) == "75.0 % [59.8, 85.8]"


def test_half_model_ratings_of_two_are_the_head_to_head() -> None:
    rng = random.Random(4)
    pairs = [(rng.choice((0.0, 0.5, 1.0)), rng.choice((0.5, 1.0))) for _ in range(200)]
    found = head_to_head(games(pairs), "a", "b")
    rated = rate(games(pairs), anchor="b", draws="half", first_advantage=False)["a"]
    assert rated.rating == pytest.approx(found.elo.value)
    assert rated.high - rated.low == pytest.approx(found.elo.high - found.elo.low, rel=0.02)


def test_where_nothing_varies_the_interval_is_wilsons_over_pairs() -> None:
    found = head_to_head(games([(1.0, 1.0)] * 10), "a", "b")
    assert found.interval.low == pytest.approx(0.722, abs=5e-4)
    assert found.interval.high == 1
    assert found.elo.value == math.inf
    assert found.normalized_elo.value == math.inf
    assert found.superiority == pytest.approx(1 - 0.5**10)
    level = head_to_head(games([(1.0, 0.0)] * 10), "a", "b")
    assert level.interval.low < 0.3 < 0.7 < level.interval.high
    assert level.superiority == 0.5
    assert level.normalized_elo.value == 0


def test_wrong_games_are_named() -> None:
    with pytest.raises(GamesError, match="no games between 'a' and 'c'"):
        head_to_head(games([(1.0, 0.0)]), "a", "c")
    with pytest.raises(GamesError, match="game 1: score_a"):
        head_to_head([RatedGame("a", "b", 2)], "a", "b")
