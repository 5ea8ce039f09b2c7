"""The Wilson interval against published numbers."""

import pytest

from plywise.arena.ratings.intervals import Tally, wilson

# Newcombe, Statistics in Medicine 17 (1998) 857-872, table I, method 3 (score, no continuity
# correction): four examples with z = 1.96.
NEWCOMBE = [
    (81, 263, 0.2553, 0.3662),
    (15, 148, 0.0624, 0.1605),
    (0, 20, 0.0000, 0.1611),
    (1, 29, 0.0061, 0.1718),
]


@pytest.mark.parametrize(("score", "n", "low", "high"), NEWCOMBE)
def test_wilson_agrees_with_newcombe_1998(score: int, n: int, low: float, high: float) -> None:
    interval = wilson(score, n)
    assert interval.low == pytest.approx(low, abs=5e-5)
    assert interval.high == pytest.approx(high, abs=5e-5)


def test_wilson_is_symmetric() -> None:
    ours, theirs = wilson(7.5, 20), wilson(12.5, 20)
    assert ours.low == pytest.approx(1 - theirs.high)
    assert ours.high == pytest.approx(1 - theirs.low)


def test_wilson_without_games_knows_nothing() -> None:
    interval = wilson(0, 0)
    assert (interval.value, interval.low, interval.high) == (0.5, 0.0, 1.0)


def test_wilson_is_exact_at_the_borders() -> None:
    assert wilson(0, 5).low == 0.0
    assert wilson(5, 5).high == 1.0


@pytest.mark.parametrize(("score", "n"), [(-0.5, 3), (3.5, 3)])
def test_wilson_refuses_impossible_scores(score: float, n: int) -> None:
    with pytest.raises(ValueError, match="impossible"):
        wilson(score, n)


def test_draws_count_half() -> None:
    drawn, split = Tally(), Tally()
    for result in (0.0, 0.0):
        drawn.add(result)
    for result in (1.0, -1.0):
        split.add(result)
    assert drawn.interval == split.interval
    assert drawn.score == 1.0


def test_errors_are_no_losses() -> None:
    tally = Tally()
    for result in (1.0, None, None):
        tally.add(result)
    assert (tally.games, tally.errors, tally.losses) == (1, 2, 0)
    assert tally.interval.value == 1.0
    assert str(tally) == "1-0-0"
