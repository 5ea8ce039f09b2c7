"""Luck has the expectation 0, and results without it keep theirs, whatever value judges states."""

from __future__ import annotations

from collections.abc import Iterator
from math import sqrt
from random import Random
from typing import Any

import numpy as np
import pytest

from plywise.arena.ratings.adjusted import LuckyGame, adjusted_score
from plywise.engine.kernels import NO_ACTION, SIMULTANEOUS, TERMINAL, RulesKernels
from plywise.games.gen9.game import Gen9Battle
from plywise.search.luck import LuckEstimator, Strategy

Pool = np.ndarray[Any, Any]

# --- a small game of dice whose value is known ------------------------------------------------

TURNS = 5
DICE = np.dtype([("rng", np.uint64), ("turn", np.int64), ("a", np.int64), ("b", np.int64)])
GAINS = ((1, 0.3), (2, 0.4))
"""Points and their probability, of the safe action 0 and of the bold action 1."""


def throw(pool: Pool, i: int, a0: int, a1: int) -> None:
    """Both players gain what their action and their dice say."""
    dice = Random(int(pool[i]["rng"]))
    for name, action in (("a", a0), ("b", a1)):
        gain, chance = GAINS[action]
        pool[i][name] += gain * (dice.random() < chance)
    pool[i]["turn"] += 1
    pool[i]["rng"] = dice.getrandbits(64)


def both_actions(pool: Pool, i: int, player: int, out: Pool) -> int:
    out[:2] = (0, 1)
    return 2


def sow(pool: Pool, i: int, seed: int) -> None:
    pool[i]["rng"] = seed


def dice_game(evaluate: Any) -> RulesKernels:
    return RulesKernels(
        dtype=DICE,
        num_actions=2,
        step=throw,
        legal=both_actions,
        current=lambda pool, i: TERMINAL if pool[i]["turn"] == TURNS else SIMULTANEOUS,
        returns=lambda pool, i: float(np.sign(pool[i]["a"] - pool[i]["b"])),
        evaluate=evaluate,
        reseed=sow,
    )


VALUES = {
    "good": lambda pool, i: float(np.tanh(0.4 * (pool[i]["a"] - pool[i]["b"]))),
    "of the wrong sign": lambda pool, i: float(np.tanh(0.2 * (pool[i]["b"] - pool[i]["a"]))),
    "senseless": lambda pool, i: float(np.cos(7 * pool[i]["a"] + 3 * pool[i]["b"])),
}


def strategies_at(lead: int) -> tuple[Strategy, Strategy]:
    """The first player grows bold when it is behind, the second is bold in a fifth of its turns."""
    bold = 0.9 if lead < 0 else 0.6
    return {0: 1 - bold, 1: bold}, {0: 0.8, 1: 0.2}


def exact_score() -> float:
    """Points of the first player, by the distribution of its lead after every turn."""
    leads = {0: 1.0}
    for _ in range(TURNS):
        after: dict[int, float] = {}
        for lead, weight in leads.items():
            first, second = strategies_at(lead)
            for gain, p in gains_of(first):
                for loss, q in gains_of(second):
                    now = lead + gain - loss
                    after[now] = after.get(now, 0.0) + weight * p * q
        leads = after
    return sum(p * (1.0 if lead > 0 else 0.5 if lead == 0 else 0.0) for lead, p in leads.items())


def gains_of(strategy: Strategy) -> Iterator[tuple[int, float]]:
    for action, share in strategy.items():
        gain, chance = GAINS[action]
        yield gain, share * chance
        yield 0, share * (1 - chance)


def play_dice(kernels: RulesKernels, estimator: LuckEstimator, seed: int) -> LuckyGame:
    rng, luck = np.random.default_rng(seed), 0.0
    pool = np.zeros(1, DICE)
    sow(pool, 0, int(rng.integers(1 << 62)))
    while kernels.current(pool, 0) != TERMINAL:
        before = pool.copy()
        both = strategies_at(int(pool[0]["a"] - pool[0]["b"]))
        actions = [int(rng.random() < s[1]) for s in both]
        throw(pool, 0, *actions)
        luck += estimator.of_step(before, pool, both, rng)
    return LuckyGame(seed, (kernels.returns(pool, 0) + 1) / 2, luck / 2)


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("samples", [1, 8])
def test_results_without_luck_keep_an_expectation_that_is_known(value: str, samples: int) -> None:
    true = exact_score()
    assert 0.6 < true < 0.8
    kernels = dice_game(VALUES[value])
    estimator = LuckEstimator(kernels, iterations=0, samples=samples)
    games = [play_dice(kernels, estimator, seed) for seed in range(1000)]
    played = np.array([game.points for game in games])
    luck = np.array([game.luck for game in games])
    for estimate in (played, played - luck):
        assert abs(estimate.mean() - true) < 4 * estimate.std() / sqrt(len(games))
    if value == "good" and samples == 8:
        assert played.var() > 2.5 * (played - luck).var()
        assert adjusted_score(games).worth > 2.5


@pytest.mark.slow
@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("size", [6, 15])
def test_intervals_of_short_matches_hold_the_true_score(value: str, size: int) -> None:
    true, kernels, matches = exact_score(), dice_game(VALUES[value]), 100
    estimator = LuckEstimator(kernels, iterations=0, samples=4)
    held, values = 0, []
    for match in range(matches):
        seeds = range(1_000_000 + match * size, 1_000_000 + (match + 1) * size)
        found = adjusted_score(play_dice(kernels, estimator, s) for s in seeds).estimate
        held += found.low <= true <= found.high
        values.append(found.value)
    assert held >= 0.85 * matches
    assert abs(np.mean(values) - true) < 4 * np.std(values) / sqrt(matches)


def test_a_step_that_draws_nothing_has_no_luck() -> None:
    estimator = LuckEstimator(dice_game(VALUES["good"]), iterations=0, samples=3, chance=False)
    pool = np.zeros(1, DICE)
    rng = np.random.default_rng(0)
    assert estimator.of_step(pool, pool, ({1: 1.0}, {NO_ACTION: 1.0}), rng) == 0.0


def test_samples_follow_the_strategies() -> None:
    """Of one sure action and another with a share of a quarter, two samples in eight take it."""
    taken = []

    def noted(pool: Pool, i: int, a0: int, a1: int) -> None:
        taken.append((a0, a1))

    kernels = dice_game(VALUES["good"])
    estimator = LuckEstimator(
        RulesKernels(**{**vars(kernels), "step": noted}), iterations=0, samples=8
    )
    pool = np.zeros(1, DICE)
    estimator.of_step(pool, pool, ({0: 0.75, 1: 0.25}, {1: 1.0}), np.random.default_rng(0))
    assert sorted(taken) == [(0, 1)] * 6 + [(1, 1)] * 2


# --- battles ----------------------------------------------------------------------------------


def uniform(kernels: RulesKernels, pool: Pool, player: int) -> Strategy:
    if int(kernels.current(pool, 0)) not in (SIMULTANEOUS, player):
        return {NO_ACTION: 1.0}
    legal = kernels.legal_actions(pool, 0, player)
    return {action: 1 / len(legal) for action in legal} if legal else {NO_ACTION: 1.0}


def step_at_random(
    kernels: RulesKernels, pool: Pool, rng: np.random.Generator
) -> tuple[Strategy, Strategy]:
    """Play a step of two uniform strategies in place, and return them."""
    both = uniform(kernels, pool, 0), uniform(kernels, pool, 1)
    kernels.step(pool, 0, *(int(rng.choice(list(s))) for s in both))
    return both


@pytest.mark.slow
@pytest.mark.parametrize("iterations", [0, 25])
def test_luck_in_a_battle_is_nothing_on_average(iterations: int) -> None:
    game = Gen9Battle("gen9randombattle")
    kernels = game.kernels()
    estimator = LuckEstimator(kernels, iterations=iterations, samples=4)
    for seed, plies in ((1, 0), (2, 8), (3, 16)):
        rng = np.random.default_rng(seed)
        before = game.new_initial_state(seed).flat().copy()
        for _ in range(plies):
            step_at_random(kernels, before, rng)
        luck = []
        for _ in range(300):
            pool = before.copy()
            kernels.reseed(pool, 0, np.uint64(rng.integers(1 << 63)))
            both = step_at_random(kernels, pool, rng)
            luck.append(estimator.of_step(before, pool, both, rng))
        assert np.std(luck) > 0.01
        assert abs(np.mean(luck)) < 4 * np.std(luck) / sqrt(len(luck))


@pytest.mark.slow
def test_intervals_of_equal_players_hold_one_half() -> None:
    """Random play against itself in pairs of one seed with sides swapped: 50 % exactly."""
    game = Gen9Battle("gen9randombattle")
    kernels = game.kernels()
    estimator = LuckEstimator(kernels, iterations=0, samples=8)
    matches, size, held = 40, 8, 0
    together: list[LuckyGame] = []
    for match in range(matches):
        games = []
        for pair in range(size):
            seed = 5_000 + match * size + pair
            start = game.new_initial_state(seed).flat().copy()
            for side in (1, -1):
                rng = np.random.default_rng([seed, side + 1])
                pool, luck = start.copy(), 0.0
                while int(kernels.current(pool, 0)) != TERMINAL:
                    before = pool.copy()
                    both = step_at_random(kernels, pool, rng)
                    luck += estimator.of_step(before, pool, both, rng)
                points = (side * kernels.returns(pool, 0) + 1) / 2
                games.append(LuckyGame(seed, points, side * luck / 2))
        found = adjusted_score(games).estimate
        held += found.low <= 0.5 <= found.high
        together += games
    assert held >= 0.85 * matches
    found = adjusted_score(together).estimate
    assert found.low <= 0.5 <= found.high
    assert adjusted_score(together).worth > 1.05
