"""Proven bounds: exact on small games, and of battles what backward induction says."""

from random import Random
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from plywise.engine.battle.chance_tree import enumerate_step
from plywise.engine.battle.rules import RULES
from plywise.engine.boards import goofspiel
from plywise.engine.kernels import TERMINAL
from plywise.search.exact.bounds import (
    BoundsSearch,
    Limits,
    Outcomes,
    Precision,
    dominated,
    guarantee,
)
from plywise.search.exact.equilibrium import EquilibriumSearch
from plywise.search.exact.outcomes import HiddenChanceError, without_chance
from tests.search.test_equilibrium import endgame

FINE, COARSE = Precision(1e-6, 1e-6, 0.1), Precision(0.01, 0.1, 0.1)
WHOLE = Limits(steps=100_000, patience=100_000)


def known_prizes(cards: int) -> Any:
    """Outcomes of Goofspiel whose prizes come in a known order: it has no chance."""
    plain = without_chance(goofspiel.rules(cards))

    def outcomes(pool: NDArray[Any], a0: int, a1: int) -> Outcomes:
        ((probability, after),) = plain(pool, a0, a1)
        return Outcomes(after, np.array([probability]))

    return outcomes


def battle_outcomes(pool: NDArray[Any], a0: int, a1: int) -> Outcomes:
    found = enumerate_step(pool, 0, a0, a1)
    return Outcomes(found.states, found.probabilities)


@pytest.mark.parametrize("player", [0, 1])
def test_bounds_of_goofspiel_close_on_the_equilibriums_payoffs(player: int) -> None:
    cards = 4
    kernels = goofspiel.rules(cards)
    start = goofspiel.new_pool(tuple(range(1, cards + 1)))
    whole = EquilibriumSearch(kernels, prune=False).solve(start)
    found = BoundsSearch(kernels, known_prizes(cards)).solve(start, player, FINE, WHOLE)
    assert not found.open_to(player, FINE).any()
    low, high = found.of(player)
    kept = np.flatnonzero(~dominated(low, high))
    for i, a in enumerate(found.actions[player]):
        for j in kept:
            b = found.actions[1 - player][j]
            pair = (a, b) if player == 0 else (b, a)
            exact = whole.payoffs[pair] * (1 if player == 0 else -1)
            assert low[i, j] - 1e-9 <= exact <= high[i, j] + 1e-9
    value = whole.value * (1 if player == 0 else -1)
    assert guarantee(low[:, kept]).low == pytest.approx(value, abs=1e-5)
    assert guarantee(high[:, kept]).high == pytest.approx(value, abs=1e-5)


def test_bounds_hold_whenever_the_search_stops() -> None:
    cards = 4
    kernels = goofspiel.rules(cards)
    start = goofspiel.new_pool(tuple(range(1, cards + 1)))
    whole = EquilibriumSearch(kernels, prune=False).solve(start).payoffs
    widths = []
    for steps in (1, 10, 40, 160, 640):
        limits = Limits(steps=steps, patience=10_000)
        found = BoundsSearch(kernels, known_prizes(cards)).solve(start, 0, FINE, limits)
        assert found.steps <= steps
        for i, a in enumerate(found.actions[0]):
            for j, b in enumerate(found.actions[1]):
                assert found.low[i, j] - 1e-9 <= whole[a, b] <= found.high[i, j] + 1e-9
        widths.append(float((found.high - found.low).sum()))
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] < widths[0]


def test_a_hopeless_search_and_an_impatient_one_stop_early() -> None:
    kernels = goofspiel.rules(5)
    start = goofspiel.new_pool((1, 2, 3, 4, 5))
    engine = BoundsSearch(kernels, known_prizes(5))
    whole = engine.solve(start, 0, FINE, WHOLE).steps
    assert engine.solve(start, 0, FINE, WHOLE, lambda found: True).steps < whole
    impatient = engine.solve(start, 0, FINE, Limits(steps=100_000, patience=2))
    assert impatient.steps < whole
    assert impatient.open_to(0, FINE).any()


@pytest.mark.slow
def test_bounds_of_battles_hold_what_backward_induction_finds() -> None:
    engine = BoundsSearch(RULES, battle_outcomes)
    closed = 0
    for seed in range(12):
        pool = endgame(seed).pool
        rng = Random(seed)
        for _ in range(3):  # some turns on, nearer to the end
            if int(RULES.current(pool, 0)) == TERMINAL:
                break
            legal = [RULES.legal_actions(pool, 0, p) or [-1] for p in (0, 1)]
            RULES.step(pool, 0, rng.choice(legal[0]), rng.choice(legal[1]))
        if int(RULES.current(pool, 0)) == TERMINAL:
            continue
        found = engine.solve(pool, 0, COARSE, Limits(steps=120, patience=60))
        if found.open_to(0, COARSE).any():
            continue
        closed += 1
        kept = ~dominated(found.low, found.high)
        low, high = guarantee(found.low[:, kept]).low, guarantee(found.high[:, kept]).high
        try:
            exact = EquilibriumSearch(
                RULES, lambda p, a, b: enumerate_step(p, 0, a, b).pairs(), max_positions=20_000
            ).solve(pool, 12)
        except ValueError:
            continue
        if exact.exact:
            assert low - 1e-9 <= exact.value <= high + 1e-9
    assert closed >= 2


def test_columns_that_another_one_is_proven_to_better_are_dominated() -> None:
    low = np.array([[0.2, 0.1, 0.0, 0.1], [0.3, 0.2, 0.9, 0.2]])
    assert dominated(low, low).tolist() == [True, True, False, False]  # of two equal ones one stays
    assert dominated(low - 0.06, low + 0.06).tolist() == [False, False, False, False]


def test_a_matrix_games_guarantees_hold_for_any_payoffs() -> None:
    rng = np.random.default_rng(1)
    for _ in range(200):
        payoff = rng.integers(-3, 4, size=tuple(rng.integers(1, 6, size=2))) / 3.0
        found = guarantee(payoff)
        assert (found.row @ payoff).min() == pytest.approx(found.low)
        assert (payoff @ found.column).max() == pytest.approx(found.high)
        assert found.high - found.low < 1e-8
        assert found.row.sum() == pytest.approx(1) == pytest.approx(found.column.sum())


def test_wrong_positions_and_incomplete_chance_are_refused() -> None:
    kernels = goofspiel.rules(3)
    start = goofspiel.new_pool((1, 2, 3))
    engine = BoundsSearch(kernels, known_prizes(3))
    with pytest.raises(ValueError, match="one-element pool"):
        engine.solve(np.repeat(start, 2), 0, FINE, WHOLE)

    def half(pool: NDArray[Any], a0: int, a1: int) -> Outcomes:
        states, probabilities = known_prizes(3)(pool, a0, a1)
        return Outcomes(states, probabilities / 2)

    with pytest.raises(HiddenChanceError, match=r"0\.5"):
        BoundsSearch(kernels, half).solve(start, 0, FINE, WHOLE)
