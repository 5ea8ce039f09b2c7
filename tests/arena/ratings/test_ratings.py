"""Ratings against hand-checked cases, known truth, and themselves in another form."""

import math
import random
import time
from collections.abc import Iterable

import numpy as np
import pytest

from plywise.arena.ratings import one_sided
from plywise.arena.ratings.rate import MOST_PLAYERS, GamesError, RatedGame, Ratings, rate
from plywise.datasets.errors import ConfigError


def games(
    a: str, b: str, wins: int, draws: int = 0, losses: int = 0, first: str = ""
) -> list[RatedGame]:
    scores = [1.0] * wins + [0.5] * draws + [0.0] * losses
    return [RatedGame(a, b, score, first) for score in scores]


def ratings_of(result: Ratings) -> dict[str, float]:
    return {p.player: p.rating for p in result.players}


def test_two_players_at_75_per_cent() -> None:
    result = rate(games("a", "b", 75, 0, 25), anchor="b")
    a, b = result.players
    assert a.rating == pytest.approx(400 * math.log10(3))  # 190.85
    # The binomial's error of a logit is 1 / sqrt(n p q); n / (n - 1) for the sandwich.
    error = 1.959964 * 400 / math.log(10) / math.sqrt(100 * 0.75 * 0.25) * math.sqrt(100 / 99)
    assert (a.low, a.high) == pytest.approx((a.rating - error, a.rating + error))
    assert (b.rating, b.low, b.high) == (0.0, 0.0, 0.0)
    assert (a.tally.games, a.tally.wins, a.tally.losses, a.tally.score) == (100, 75, 25, 75)
    assert result.first_advantage is None
    assert result.draw is None
    assert result.warnings == ()


def test_three_players_at_75_75_and_90_per_cent_are_not_shrunk() -> None:
    # The example by which rating tools are told apart: the truth is 190.85 each way.
    played = games("a", "b", 75, 0, 25) + games("b", "c", 75, 0, 25) + games("a", "c", 90, 0, 10)
    found = ratings_of(rate(played, anchor="b"))
    assert found["a"] == pytest.approx(190.85, abs=0.005)
    assert found["c"] == pytest.approx(-190.85, abs=0.005)


def test_davidson_with_two_players_has_a_closed_form() -> None:
    result = rate(games("a", "b", 50, 30, 20), anchor="b")
    assert result["a"].rating == pytest.approx(400 * math.log10(50 / 20))
    assert result.draw is not None
    assert result.draw.value == pytest.approx(30 / math.sqrt(50 * 20))
    # The difference of two logarithms of counts: variance 1/50 + 1/20.
    error = 1.959964 * 400 / math.log(10) * math.sqrt((1 / 50 + 1 / 20) * 100 / 99)
    assert result["a"].high - result["a"].rating == pytest.approx(error, rel=1e-4)


def test_draws_as_halves_give_the_elo_of_the_score() -> None:
    result = rate(games("a", "b", 50, 30, 20), anchor="b", draws="half")
    assert result["a"].rating == pytest.approx(400 * math.log10(65 / 35))


def test_first_player_advantage_has_a_closed_form() -> None:
    # Odds of the first player: 60:40 for one, 80:20 for the other.
    played = games("a", "b", 60, 0, 40, "a") + games("a", "b", 20, 0, 80, "b")
    result = rate(played, anchor="b")
    one, two = math.log10(60 / 40), math.log10(80 / 20)
    assert result["a"].rating == pytest.approx(400 * (one - two) / 2)
    assert result.first_advantage is not None
    assert result.first_advantage.value == pytest.approx(400 * (one + two) / 2)
    assert result.first_advantage.low < result.first_advantage.value < result.first_advantage.high


def test_anchors() -> None:
    played = (
        games("a", "b", 3, 1, 2) + games("b", "random", 4, 1, 1) + games("a", "random", 5, 0, 1)
    )
    by_name = rate(played)
    assert by_name.anchor == "random"
    assert by_name["random"].rating == 0
    moved = rate(played, anchor="b", anchor_rating=1500.0)
    assert moved["b"].rating == 1500
    for player in ("a", "b", "random"):
        difference = moved[player].rating - by_name[player].rating
        assert difference == pytest.approx(1500 - by_name["b"].rating)
    free = rate(games("a", "b", 3, 1, 2))
    assert free.anchor == ""
    assert sum(p.rating for p in free.players) == pytest.approx(0)


def test_an_undefeated_player_has_a_bound_not_a_number() -> None:
    result = rate(games("a", "random", 20))
    a = result["a"]
    assert a.rating == math.inf
    assert a.high == math.inf
    # Clopper and Pearson: 20 of 20 is at least 0.025 ** (1 / 20) = 83.2 %.
    share = 0.025 ** (1 / 20)
    assert a.low == pytest.approx(400 * math.log10(share / (1 - share)), abs=0.05)
    assert "a: never lost or drew against random" in result.warnings[0]
    assert result.superiority["a", "random"] == pytest.approx(1 - 0.5**20)


def test_pairs_of_one_outcome_do_not_tighten_a_bound() -> None:
    paired = [RatedGame("a", "b", 1, pair=str(i // 2)) for i in range(40)]
    assert rate(paired, anchor="b")["a"].low == pytest.approx(
        rate(games("a", "b", 20), anchor="b")["a"].low, abs=0.05
    )


def test_a_winless_anchor_leaves_the_others_comparable() -> None:
    played = games("a", "b", 15, 0, 5) + games("a", "random", 20) + games("b", "random", 20)
    result = rate(played)
    assert [p.player for p in result.players] == ["a", "b", "random"]
    assert result["a"].rating == result["b"].rating == math.inf
    assert result["a"].low > result["b"].low > 0
    within = result["a"].within - result["b"].within
    assert within == pytest.approx(400 * math.log10(3))
    assert result["a"].group == result["b"].group == 0
    assert result["random"].group == 1
    assert 0.98 < result.superiority["a", "b"] < 1
    moved = rate(played, anchor="b")
    assert moved["a"].rating == pytest.approx(400 * math.log10(3))
    assert moved["random"].rating == -math.inf
    assert math.isfinite(moved["random"].high)


def test_virtual_draws_place_the_undefeated_and_change_nothing_else() -> None:
    played = games("a", "b", 15, 0, 5) + games("a", "random", 20) + games("b", "random", 20)
    exact, placed = rate(played), rate(played, virtual_draws=1)
    assert [p.player for p in placed.players] == ["a", "b", "random"]
    for name in ("a", "b", "random"):
        assert (placed[name].low, placed[name].high) == (exact[name].low, exact[name].high)
        assert placed[name].low <= placed[name].rating <= placed[name].high
        assert placed[name].within == exact[name].within
    gap = placed["a"].rating - placed["b"].rating
    assert gap == pytest.approx(400 * math.log10(3))
    assert placed.superiority == exact.superiority
    assert any("placed by 1 virtual draw" in line for line in placed.warnings)
    known = pool(0)
    assert rate(known, virtual_draws=1) == rate(known)


def test_one_virtual_draw_is_half_a_win_and_half_a_loss() -> None:
    for number in (1, 5, 20):
        found = rate(games("a", "random", number), virtual_draws=1)["a"].rating
        assert found == pytest.approx(400 * math.log10(2 * number + 1))
    # Two who beat the same third player and never met are placed by their own results.
    both = rate(games("a", "random", 20) + games("b", "random", 5), virtual_draws=1)
    assert [p.player for p in both.players] == ["a", "b", "random"]
    assert both["b"].rating == pytest.approx(400 * math.log10(11))


def test_who_has_not_met_the_anchor_stays_unknown_with_virtual_draws() -> None:
    played = games("a", "b", 3, 1, 2) + games("x", "y", 3)
    result = rate(played, anchor="a", virtual_draws=1)
    assert [p.player for p in result.players] == ["a", "b", "x", "y"]
    assert math.isnan(result["x"].rating)


@pytest.mark.parametrize("links", [1, 2, 5, 10])
def test_a_chain_of_wins_has_a_bound_in_closed_form(links: int) -> None:
    # Every link has the same odds, and all together a probability of 2.5 %.
    played = [RatedGame(f"p{i}", f"p{i + 1}", 1) for i in range(links)]
    share = 0.025 ** (1 / links)
    result = rate(played, anchor=f"p{links}")
    expected = links * 400 * math.log10(share / (1 - share))
    assert result["p0"].low == pytest.approx(expected, abs=1e-4)
    assert result.superiority["p0", f"p{links}"] == pytest.approx(1 - 0.5**links)


def sparse(seed: int, players: int, played: int, groups: int, draws: float) -> list[RatedGame]:
    """Random games of Davidson players, with first player, in unconnected sets of players."""
    rng = random.Random(seed)
    strength = [rng.gauss(0, 1) for _ in range(players)]
    games = []
    for _ in range(played):
        part = rng.randrange(groups)
        a, b = rng.sample([i for i in range(players) if i % groups == part], 2)
        eta = strength[a] - strength[b] + 0.3
        odds = [math.exp(eta / 2), draws, math.exp(-eta / 2)]
        score = rng.choices([1.0, 0.5, 0.0], odds)[0]
        games.append(RatedGame(f"p{a:03}", f"p{b:03}", score, f"p{a:03}" if draws else ""))
    return games


# Both ends of intervals and likelihoods of superiority as version cd23d27 computed them, by
# bisection over fits of the whole pool (to 0.02 points): sums over players with a bound.
@pytest.mark.parametrize(
    ("seed", "groups", "draws", "low", "high", "superiority"),
    [
        (1, 1, 0.0, -1890.05, 5134.5, 3.63938),
        (2, 1, 0.6, -9280.08, 10403.92, 7.41407),
        (3, 2, 0.6, -2382.45, 2384.12, 7.04195),
    ],
)
def test_sparse_pools_have_the_bounds_of_fits_of_the_whole_pool(
    seed: int, groups: int, draws: float, low: float, high: float, superiority: float
) -> None:
    result = rate(sparse(seed, 14, 30, groups, draws), virtual_draws=1)
    ends = [(p.low, p.high) for p in result.players]
    assert sum(one for one, _ in ends if math.isfinite(one)) == pytest.approx(low, abs=0.3)
    assert sum(two for _, two in ends if math.isfinite(two)) == pytest.approx(high, abs=0.3)
    shares = [p.superiority_to_next for p in result.players]
    assert sum(s for s in shares if not math.isnan(s)) == pytest.approx(superiority, abs=1e-3)


def test_a_large_sparse_pool_takes_fits_in_proportion_to_its_players(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fits = []
    original = one_sided._Held.maximise

    def counted(self: one_sided._Held, difference: float) -> None:
        fits.append(len(self.beta))
        original(self, difference)

    monkeypatch.setattr(one_sided._Held, "maximise", counted)
    result = rate(sparse(1, 60, 150, 1, 0.0), virtual_draws=1)
    assert len({p.group for p in result.players}) > 10
    assert len(fits) < 12 * 60
    assert len(result.superiority) == 59
    fits.clear()
    # Of many small pools each fit is a small one.
    result = rate(sparse(1, 60, 150, 6, 0.0), virtual_draws=1)
    assert fits
    assert max(fits) <= 10
    assert len(result.warnings) < 30


def test_pools_beyond_memory_are_refused_at_once() -> None:
    chain = [RatedGame(f"p{i}", f"p{i + 1}", 1) for i in range(MOST_PLAYERS)]
    with pytest.raises(ConfigError, match="5001 players: at most 5000"):
        rate(chain)
    with pytest.raises(ConfigError, match="choose fewer resamples"):
        rate(chain[:2000], method="bootstrap")


def test_strangers_cannot_be_compared() -> None:
    result = rate(games("a", "b", 3, 1, 2) + games("x", "y", 3, 1, 2), anchor="a")
    assert math.isnan(result["x"].rating)
    assert (result["x"].low, result["x"].high) == (-math.inf, math.inf)
    assert math.isnan(result.superiority["a", "x"])
    assert any("no comparison is possible" in line for line in result.warnings)


def test_a_prior_makes_every_rating_finite() -> None:
    result = rate(games("a", "random", 20), prior=2)
    # One virtual win and one loss of each against a player halfway: 21:1 and its like.
    assert 0 < result["a"].rating < 1000
    assert result["a"].high - result["a"].low > 200
    small, large = rate(games("a", "b", 15, 0, 5)), rate(games("a", "b", 15, 0, 5), prior=2)
    assert 0 < large["a"].rating < small["a"].rating


def test_only_draws() -> None:
    result = rate(games("a", "b", 0, 20), anchor="b")
    assert result["a"].rating == pytest.approx(0)
    assert result["a"].low < -50 < 50 < result["a"].high
    assert len(result.warnings) == 2


def test_a_first_player_who_always_wins_is_left_out_with_a_warning() -> None:
    result = rate(games("a", "b", 10, first="a") + games("b", "a", 10, first="b"))
    assert result.first_advantage is None
    assert result["a"].rating == pytest.approx(0)
    assert any("first-player advantage has no bound" in line for line in result.warnings)


def test_who_moves_first_cannot_always_be_told_apart() -> None:
    result = rate(games("a", "b", 15, 0, 5, first="a"))
    assert result.first_advantage is None
    assert any("cannot be told apart" in line for line in result.warnings)


def test_wins_and_draws_alone_still_rate() -> None:
    result = rate(games("a", "b", 10, 5))
    assert result["a"].rating - result["b"].rating == pytest.approx(400 * math.log10(12.5 / 2.5))
    assert any("draw counts as half" in line for line in result.warnings)


@pytest.mark.parametrize(
    ("played", "words"),
    [
        ([], "no games"),
        ([RatedGame("a", "a", 1)], "game 1: 'a' plays against itself"),
        ([RatedGame("a", "b", 1), RatedGame("a", "b", 0.3)], "game 2: score_a is 0.3"),
        ([RatedGame("a", "b", 1, "c")], "first is 'c'"),
        ([RatedGame("a", "", 1)], "no name"),
    ],
)
def test_wrong_games_are_named(played: list[RatedGame], words: str) -> None:
    with pytest.raises(GamesError, match=words):
        rate(played)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"anchor": "c"}, "anchor=c: has no games"),
        ({"prior": -1.0}, "prior=-1"),
        ({"virtual_draws": -1.0}, "virtual_draws=-1"),
        ({"method": "guess"}, "choose one of sandwich, bootstrap"),
        ({"draws": "none"}, "choose one of davidson, half"),
        ({"resamples": 3}, "resamples=3"),
        ({"anchor_rating": math.inf}, "finite"),
    ],
)
def test_wrong_settings_are_named(settings: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        rate(games("a", "b", 1, 1, 1), **settings)  # type: ignore[arg-type]


def pool(seed: int, players: int = 5, pairs: int = 40, correlation: float = 0.0) -> list[RatedGame]:
    """A round robin of Davidson players in pairs with sides swapped."""
    rng = random.Random(seed)
    strength = [0.5 * i for i in range(players)]
    played = []
    for a in range(players):
        for b in range(a):
            for number in range(pairs):
                shared = correlation * rng.gauss(0, 1)
                for first in (a, b):
                    eta = strength[a] - strength[b] + (0.3 if first == a else -0.3) + shared
                    odds = [math.exp(eta / 2), 0.7, math.exp(-eta / 2)]
                    score = rng.choices([1.0, 0.5, 0.0], odds)[0]
                    pair = f"{a}-{b}-{number}"
                    played.append(RatedGame(f"p{a}", f"p{b}", score, f"p{first}", pair))
    return played


def close(one: Ratings, two: Ratings, names: Iterable[tuple[str, str]], sign: float = 1) -> None:
    for a, b in names:
        assert one[a].rating == pytest.approx(sign * two[b].rating, abs=1e-6)
        assert one[a].low == pytest.approx(sign * (two[b].low if sign > 0 else two[b].high))


@pytest.mark.parametrize("seed", range(5))
def test_order_and_sides_of_the_record_do_not_matter(seed: int) -> None:
    played = pool(seed)
    base = rate(played)
    same = [(p.player, p.player) for p in base.players]
    mixed = played.copy()
    random.Random(seed).shuffle(mixed)
    close(base, rate(mixed), same)
    turned = [RatedGame(g.player_b, g.player_a, 1 - g.score_a, g.first, g.pair) for g in played]
    close(base, rate(turned), same)
    renamed = [
        RatedGame(
            "x" + g.player_b[::-1], "x" + g.player_a[::-1], 1 - g.score_a, "x" + g.first[::-1]
        )
        for g in played
    ]
    found = rate(renamed)
    for player, _ in same:
        assert found["x" + player[::-1]].rating == pytest.approx(base[player].rating, abs=1e-6)
    reversed_results = [
        RatedGame(
            g.player_a,
            g.player_b,
            1 - g.score_a,
            g.player_a if g.first == g.player_b else g.player_b,
            g.pair,
        )
        for g in played
    ]
    close(rate(reversed_results), base, same, sign=-1)


@pytest.mark.parametrize("seed", range(3))
def test_all_games_twice_halves_the_variance(seed: int) -> None:
    played = pool(seed)
    again = [RatedGame(g.player_a, g.player_b, g.score_a, g.first, g.pair + "'") for g in played]
    one, two = rate(played, anchor="p0"), rate(played + again, anchor="p0")
    for player in ("p1", "p4"):
        assert two[player].rating == pytest.approx(one[player].rating, abs=1e-6)
        ratio = (one[player].high - one[player].low) / (two[player].high - two[player].low)
        assert ratio == pytest.approx(math.sqrt(2), rel=0.01)


def test_scores_are_what_the_model_expects() -> None:
    """Of an exponential family: at the maximum, each player's score is its expectation."""
    played = pool(7)
    result = rate(played, anchor="p0")
    assert result.first_advantage is not None
    assert result.draw is not None
    expected: dict[str, float] = dict.fromkeys(ratings_of(result), 0.0)
    for g in played:
        eta = (result[g.player_a].rating - result[g.player_b].rating) * math.log(10) / 400
        advantage = result.first_advantage.value * math.log(10) / 400
        eta += advantage if g.first == g.player_a else -advantage
        odds = np.array([math.exp(eta / 2), result.draw.value, math.exp(-eta / 2)])
        share = float((odds[0] + odds[1] / 2) / odds.sum())
        expected[g.player_a] += share
        expected[g.player_b] += 1 - share
    for player in result.players:
        assert player.tally.score == pytest.approx(expected[player.player], abs=1e-4)


def test_pairs_that_agree_widen_the_interval() -> None:
    played = pool(3, correlation=3.0)
    alone = [RatedGame(g.player_a, g.player_b, g.score_a, g.first) for g in played]
    paired, single = rate(played, anchor="p0")["p4"], rate(alone, anchor="p0")["p4"]
    assert paired.rating == pytest.approx(single.rating)
    assert paired.high - paired.low > 1.1 * (single.high - single.low)


def test_bootstrap_agrees_with_the_sandwich_and_repeats_itself() -> None:
    played = pool(11, pairs=100, correlation=1.0)
    by_formula = rate(played, anchor="p0")
    by_samples = rate(played, anchor="p0", method="bootstrap", seed=5)
    assert rate(played, anchor="p0", method="bootstrap", seed=5) == by_samples
    for player in ("p1", "p2", "p3", "p4"):
        one, two = by_formula[player], by_samples[player]
        assert two.rating == pytest.approx(one.rating)
        assert two.high - two.low == pytest.approx(one.high - one.low, rel=0.15)
    assert by_samples.first_advantage is not None


def test_superiority_is_a_probability_both_ways() -> None:
    result = rate(pool(2))
    for (a, b), value in result.superiority.items():
        assert 0 <= value <= 1
        assert value + result.superiority[b, a] == pytest.approx(1)
    first, second = result.players[0], result.players[1]
    assert first.superiority_to_next == result.superiority[first.player, second.player]
    assert math.isnan(result.players[-1].superiority_to_next)


def test_a_hundred_thousand_games_are_rated_at_once() -> None:
    rng = np.random.default_rng(0)
    pairs = rng.integers(0, 10, (100_000, 2))
    scores = rng.choice([1.0, 0.5, 0.0], 100_000)
    played = [
        RatedGame(f"p{a}", f"p{(b + 1) % 10 if a == b else b}", score, f"p{a}", str(i // 2))
        for i, ((a, b), score) in enumerate(zip(pairs.tolist(), scores.tolist(), strict=True))
    ]
    start = time.process_time()
    rate(played)
    assert time.process_time() - start < 2  # a quarter of a second on an idle core
