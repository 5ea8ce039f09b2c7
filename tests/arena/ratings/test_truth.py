"""Ratings against independent packages and known truth: small, fast versions of docs/RATINGS.md."""

import json
import random
from math import exp, log
from pathlib import Path

import numpy as np
import pytest

from plywise.arena.ratings import calibrate_command as calibrate
from plywise.arena.ratings.rate import RatedGame, rate
from plywise.arena.ratings.simulated import POOLS, SimulatedPool, coverage
from plywise.conf.schemas.ratings import CalibrateConfig

ELO = 400 / log(10)
PLAYERS = 6
STRENGTHS = [-1.0, -0.6, -0.2, 0.2, 0.6, 1.0]


def decided(seed: int, advantage: float = 0.0) -> list[RatedGame]:
    """Pairs of games without draws; with an advantage the games say who moved first."""
    rng = random.Random(seed)
    played = []
    for number in range(300):
        i, j = rng.sample(range(PLAYERS), 2)
        for a, b in ((i, j), (j, i)):
            win = rng.random() < 1 / (1 + exp(STRENGTHS[b] - STRENGTHS[a] - advantage))
            first = f"p{a}" if advantage else ""
            played.append(RatedGame(f"p{a}", f"p{b}", float(win), first, str(number)))
    return played


# choix 0.4.1, ilsr_pairwise(6, …) on decided(0), mean 0, and statsmodels 0.15.0,
# GLM(Binomial, cluster-robust by pair) on decided(1, 0.3), p0 at 0; both times 400 / ln 10.
CHOIX = [-153.4001, -101.1213, -29.5883, 31.4818, 100.7648, 151.863]
STATSMODELS = [80.6166, 181.7311, 272.0627, 292.5565, 388.3512, 37.7657]
# Its errors without its correction, times ours: sqrt(clusters / (clusters - 1)).
STATSMODELS_ERRORS = [40.4152, 38.5812, 42.9973, 40.5129, 45.9199, 16.0321]


def test_choix_agrees() -> None:
    result = rate(decided(0))
    ours = [result[f"p{i}"].rating for i in range(PLAYERS)]
    assert ours == pytest.approx(CHOIX, abs=0.01)


def test_statsmodels_agrees_with_first_advantage_and_clusters() -> None:
    result = rate(decided(1, 0.3), anchor="p0")
    assert result.first_advantage is not None
    found = [*(result[f"p{i}"] for i in range(1, PLAYERS))]
    values = [*(p.rating for p in found), result.first_advantage.value]
    errors = [*(p.high - p.rating for p in found), result.first_advantage.error]
    assert values == pytest.approx(STATSMODELS, abs=0.01)
    assert [e / 1.959964 for e in errors] == pytest.approx(STATSMODELS_ERRORS, rel=1e-5)


def test_choix_agrees_where_it_is_installed() -> None:
    choix = pytest.importorskip("choix")
    played = decided(3)
    order = [(g.player_a, g.player_b) if g.score_a else (g.player_b, g.player_a) for g in played]
    data = [(int(a[1:]), int(b[1:])) for a, b in order]
    theirs = choix.ilsr_pairwise(PLAYERS, data) * ELO
    result = rate(played)
    ours = np.array([result[f"p{i}"].rating for i in range(PLAYERS)])
    assert np.abs(ours - (theirs - theirs.mean())).max() < 0.01


@pytest.mark.parametrize("method", ["sandwich", "bootstrap"])
def test_intervals_hold_the_truth(method: str) -> None:
    pool = SimulatedPool(
        "x", (0.0, 50.0, 100.0, 150.0), 25, draw_rate=0.3, advantage=50, correlation=0.5
    )
    repeats = 150 if method == "sandwich" else 40
    found = coverage(pool, method, repeats, seed=2, resamples=200)
    # Ratings of one tournament hang together: allow for twice the binomial error.
    assert 0.90 < found.players.value <= 1
    assert found.advantage is not None
    assert 0.88 < found.advantage.value <= 1
    assert abs(found.bias) < 10


def test_simulated_games_have_the_correlation_and_rates_they_claim() -> None:
    pool = SimulatedPool("x", (0.0, 80.0), 20_000, draw_rate=0.3, advantage=60, correlation=0.6)
    played = pool.play(np.random.default_rng(0))
    one = np.array([g.score_a for g in played[:20_000]])
    two = np.array([g.score_a for g in played[20_000:]])
    assert np.corrcoef(one, two)[0, 1] > 0.4
    assert {g.first for g in played[:20_000]} == {"p0"}
    result = rate(played, anchor="p0")
    assert result["p1"].rating == pytest.approx(80, abs=6)
    assert result.first_advantage is not None
    assert result.first_advantage.value == pytest.approx(60, abs=6)
    assert result.draw_rate == pytest.approx(0.3, abs=0.01)


@pytest.mark.parametrize("pool", POOLS, ids=lambda s: s.name)
def test_every_pool_plays_what_it_says(pool: SimulatedPool) -> None:
    played = pool.play(np.random.default_rng(1))
    assert len(played) == pool.games
    assert len({g.pair for g in played}) == pool.games // 2


@pytest.mark.slow
def test_the_command_prints_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert calibrate.run_calibrate(CalibrateConfig(repeats=3), tmp_path) == 0
    assert "5 players, many games" in capsys.readouterr().out
    settings = CalibrateConfig(what="sprt", repeats=3, elo1=200.0)
    assert calibrate.run_calibrate(settings, tmp_path) == 0
    assert "draws 60 %, pairs differ" in capsys.readouterr().out
    rows = json.loads((tmp_path / "calibrate.json").read_text())["rows"]
    assert [row["not_ended"] for row in rows] == [0, 0, 0, 0]
