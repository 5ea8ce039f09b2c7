"""The exact search over enumerated chance: against plain induction, OpenSpiel, and with itself."""

import importlib
import importlib.util
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from itertools import permutations
from random import Random
from typing import Any

import numpy as np
import pytest
from numba import types
from numpy.typing import NDArray

from plywise.datasets.pokemon_sets import random_battle_sets
from plywise.engine.battle.border.battle_state import BattleState
from plywise.engine.battle.chance_tree import enumerate_step
from plywise.engine.battle.constants import SIDE_TERA_USED
from plywise.engine.battle.rules import RULES
from plywise.engine.boards import goofspiel, tic_tac_toe
from plywise.engine.compile.jit import kernel_of
from plywise.engine.kernels import (
    NO_ACTION,
    SIMULTANEOUS,
    TERMINAL,
    RulesKernels,
    signatures,
)
from plywise.engine.mixing import xorshift
from plywise.search.exact.equilibrium import Equilibrium, EquilibriumSearch
from plywise.search.exact.expectimax import GameTooLargeError
from plywise.search.exact.exploitability import BestResponse
from plywise.search.exact.matrix import solve
from plywise.search.exact.outcomes import ChanceOutcomes, HiddenChanceError, without_chance
from plywise.search.simultaneous.config import SimultaneousConfig
from plywise.search.simultaneous.search import SimultaneousSearch

# Values for player 0 after the first bids (row: player 0's) with 1 for the win, by OpenSpiel 2.0.2:
#   pip install open_spiel cvxpy ecos, then value_iteration(pyspiel.load_game("goofspiel", {
#   "num_cards": 4, "points_order": "descending", "returns_type": "win_loss"}), -1, 1e-9)
# as in test_openspiel_agrees.  The value of the start is 0, for the game is symmetric.
OPENSPIEL = {
    (4, "descending"): [
        [0.0, -1.0, -1.0, -0.157895],
        [1.0, 0.0, -1.0, -0.5],
        [1.0, 1.0, 0.0, -1.0],
        [0.157895, 0.5, 1.0, 0.0],
    ],
    (4, "ascending"): [
        [0.0, 0.111111, 1.0, 1.0],
        [-0.111111, 0.0, 0.111111, 1.0],
        [-1.0, -0.111111, 0.0, 0.2],
        [-1.0, -1.0, -0.2, 0.0],
    ],
    (4, "random"): [  # the first prize is 4, the others come by chance
        [0.0, -1.0, -1.0, -0.101812],
        [1.0, 0.0, -1.0, -0.5],
        [1.0, 1.0, 0.0, -1.0],
        [0.101812, 0.5, 1.0, 0.0],
    ],
    (5, "descending"): [
        [0.0, -1.0, -1.0, -0.733333, 0.0],
        [1.0, 0.0, -1.0, -1.0, -0.157895],
        [1.0, 1.0, 0.0, -1.0, -0.53125],
        [0.733333, 1.0, 1.0, 0.0, -1.0],
        [0.0, 0.157895, 0.53125, 1.0, 0.0],
    ],
    (5, "ascending"): [
        [0.0, 0.001912, 0.515226, 1.0, 1.0],
        [-0.001912, 0.0, 0.001912, 0.514894, 1.0],
        [-0.515226, -0.001912, 0.0, 0.083333, 0.777778],
        [-1.0, -0.514894, -0.083333, 0.0, 0.2],
        [-1.0, -1.0, -0.777778, -0.2, 0.0],
    ],
}


def goofspiel_outcomes(cards: int, order: str) -> ChanceOutcomes:
    """Bids; where the order is random the next prize is drawn, and the rest stays sorted."""
    plain = without_chance(goofspiel.rules(cards))

    def outcomes(pool: NDArray[Any], a0: int, a1: int) -> list[tuple[float, NDArray[Any]]]:
        [(_, after)] = plain(pool, a0, a1)
        at = int(after["played"][0])
        left = after[0].prizes[at:cards].tolist()
        found = []
        for prize in left:
            drawn = after.copy()
            drawn[0].prizes[at:cards] = [prize, *sorted(p for p in left if p != prize)]
            found.append((1.0 / len(left), drawn))
        return found or [(1.0, after)]

    return outcomes if order == "random" else plain


def first_prizes(cards: int, order: str) -> tuple[int, ...]:
    ascending = tuple(range(1, cards + 1))
    return {
        "ascending": ascending,
        "descending": ascending[::-1],
        "random": (cards, *ascending[:-1]),
    }[order]


def after_first_bids(cards: int, order: str, *, prune: bool = True) -> list[list[float]]:
    """The root's matrix, each cell solved by itself."""
    kernels, outcomes = goofspiel.rules(cards), goofspiel_outcomes(cards, order)
    engine = EquilibriumSearch(kernels, outcomes, prune=prune)
    start = goofspiel.new_pool(first_prizes(cards, order))
    return [
        [
            sum(p * engine.solve(pool).value for p, pool in outcomes(start, a0, a1))
            for a1 in range(cards)
        ]
        for a0 in range(cards)
    ]


@pytest.mark.slow
@pytest.mark.parametrize(("cards", "order"), OPENSPIEL)
def test_goofspiel_has_openspiels_values(cards: int, order: str) -> None:
    assert np.array(after_first_bids(cards, order)) == pytest.approx(
        np.array(OPENSPIEL[cards, order]), abs=1e-6
    )
    start = goofspiel.new_pool(first_prizes(cards, order))
    engine = EquilibriumSearch(goofspiel.rules(cards), goofspiel_outcomes(cards, order))
    found = engine.solve(start)
    assert found.value == pytest.approx(0.0, abs=1e-9)
    assert found.exact
    # Both strategies guarantee the value against OpenSpiel's matrix.
    matrix = np.array(OPENSPIEL[cards, order])
    row, column = (np.array(list(s.values())) for s in found.strategies)
    assert (row @ matrix).min() > -1e-5
    assert (matrix @ column).max() < 1e-5


@pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("pyspiel", "cvxpy", "ecos")),
    reason="OpenSpiel and its solver are not installed: pip install open_spiel cvxpy ecos",
)
@pytest.mark.parametrize("order", ["descending", "ascending"])
def test_openspiel_agrees(order: str) -> None:
    pyspiel = importlib.import_module("pyspiel")
    solver = importlib.import_module("open_spiel.python.algorithms.value_iteration")
    options = {"num_cards": 4, "points_order": order, "returns_type": "win_loss"}
    game = pyspiel.load_game("goofspiel", options)
    values = solver.value_iteration(game, -1, 1e-9)
    start = game.new_initial_state()
    assert values[str(start)] == pytest.approx(0.0, abs=1e-6)
    ours = after_first_bids(4, order)
    for a0 in range(4):
        for a1 in range(4):
            state = start.clone()
            state.apply_actions([a0, a1])
            assert ours[a0][a1] == pytest.approx(values[str(state)], abs=1e-6)


@cache
def plain_value(
    first: tuple[int, ...], second: tuple[int, ...], prizes: tuple[int, ...], lead: int
) -> float:
    """Backward induction over hands, without kernels."""
    if not prizes:
        return float(np.sign(lead))
    payoff = [
        [
            plain_value(
                tuple(c for c in first if c != a),
                tuple(c for c in second if c != b),
                prizes[1:],
                lead + prizes[0] * int(np.sign(a - b)),
            )
            for b in second
        ]
        for a in first
    ]
    return solve(payoff).value


def test_goofspiel_in_all_orders_against_plain_induction() -> None:
    kernels = goofspiel.rules(4)
    pruned, whole = EquilibriumSearch(kernels), EquilibriumSearch(kernels, prune=False)
    steps = [0, 0]
    hand = (0, 1, 2, 3)
    for prizes in permutations((1, 2, 3, 4)):
        start = goofspiel.new_pool(prizes)
        for bids in ((0, 2), (3, 0), (1, 3)):
            pool = start.copy()
            kernels.step(pool, 0, *bids)
            hands = [tuple(c for c in hand if c != bid) for bid in bids]
            lead = prizes[0] * int(np.sign(bids[0] - bids[1]))
            truth = plain_value(hands[0], hands[1], prizes[1:], lead)
            for k, engine in enumerate((pruned, whole)):
                found = engine.solve(pool)
                assert found.value == pytest.approx(truth, abs=1e-9)
                steps[k] += found.steps
        found = pruned.solve(start)
        assert found.value == pytest.approx(0.0, abs=1e-9)
    assert steps[0] < 0.8 * steps[1]


def test_strategies_cannot_be_exploited() -> None:
    kernels = goofspiel.rules(4)
    engine = EquilibriumSearch(kernels)
    for prizes in ((2, 1, 4, 3), (1, 2, 3, 4), (3, 4, 1, 2)):
        start = goofspiel.new_pool(prizes)
        kernels.step(start, 0, 1, 2)
        value = engine.solve(start).value
        for player, sign in ((0, 1), (1, -1)):
            kept = BestResponse(kernels, lambda pool, p: engine.solve(pool).strategies[p], player)
            assert kept.value(start) == pytest.approx(sign * value, abs=1e-8)


# --- random trees ---------------------------------------------------------------------------

TREE = np.dtype((np.record, [("rng", np.uint64), ("node", np.uint64), ("depth", np.int64)]))
TREES = signatures(TREE)


@kernel_of(types.int64(types.uint64, types.int64, types.int64))
def hashed(node: Any, salt: int, n: int) -> int:
    """A number below ``n`` that node and salt determine."""
    x = xorshift(xorshift(xorshift(np.uint64(node) ^ np.uint64(1 + salt) << np.uint64(32))))
    return np.int64(x >> np.uint64(40)) % n  # type: ignore[return-value]  # a number to numba


@kernel_of(TREES.step)
def tree_step(pool: Any, i: int, a0: int, a1: int) -> None:
    pool[i].node = np.uint64(1 + hashed(pool[i].node, 100 + 10 * a0 + a1, 1 << 22))
    pool[i].depth = int(pool[i].depth) + 1


@kernel_of(TREES.current)
def tree_current(pool: Any, i: int) -> int:
    kind = hashed(pool[i].node, 1, 8)
    if int(pool[i].depth) == 4 or (int(pool[i].depth) > 0 and kind == 7):
        return TERMINAL
    return SIMULTANEOUS if kind > 1 else kind


@kernel_of(TREES.legal)
def tree_legal(pool: Any, i: int, player: int, out: Any) -> int:
    count = 1 + hashed(pool[i].node, 2 + player, 4)
    for a in range(count):
        out[a] = a
    return count


@kernel_of(TREES.returns)
def tree_returns(pool: Any, i: int) -> float:
    """Results of few kinds in every other node, so that there are ties and early limits."""
    if hashed(pool[i].node, 5, 2) == 0:
        return hashed(pool[i].node, 6, 3) - 1.0
    return hashed(pool[i].node, 7, 2001) / 1000.0 - 1.0


@kernel_of(TREES.reseed)
def tree_reseed(pool: Any, i: int, seed: Any) -> None:
    pool[i].rng = seed


TREE_RULES = RulesKernels(
    TREE, 4, tree_step, tree_legal, tree_current, tree_returns, tree_returns, tree_reseed
)


def tree_outcomes(pool: NDArray[Any], a0: int, a1: int) -> list[tuple[float, NDArray[Any]]]:
    """One to three outcomes of unequal probability, the first twice."""
    children = []
    for k in range(1 + (int(pool["node"][0]) + a0 + a1) % 3):
        child = pool.copy()
        tree_step(child, 0, a0 + 20 * k, a1)
        children.append(child)
    weights = [2.0**-k for k in range(len(children))]
    found = [(w / sum(weights), c) for w, c in zip(weights, children, strict=True)]
    first = found[0][0]
    return [(first / 3, children[0]), *found[1:], (2 * first / 3, children[0].copy())]


def plain_tree_value(pool: NDArray[Any], depth: int) -> float:
    who = int(tree_current(pool, 0))
    if who == TERMINAL or depth == 0:
        return float(tree_returns(pool, 0))
    out = np.zeros(4, np.int32)
    rows, columns = (
        out[: tree_legal(pool, 0, s, out)].tolist() if who in (s, SIMULTANEOUS) else [NO_ACTION]
        for s in (0, 1)
    )
    outcomes = [[tree_outcomes(pool, a0, a1) for a1 in columns] for a0 in rows]
    payoff = [[sum(p * plain_tree_value(c, depth - 1) for p, c in o) for o in r] for r in outcomes]
    if who == SIMULTANEOUS:
        return solve(payoff).value
    return max(line[0] for line in payoff) if who == 0 else min(payoff[0])


@pytest.mark.slow
def test_pruning_changes_no_random_tree() -> None:
    pruned = EquilibriumSearch(TREE_RULES, tree_outcomes)
    whole = EquilibriumSearch(TREE_RULES, tree_outcomes, prune=False)
    steps = [0, 0]
    for seed in range(80):
        pool = np.zeros(1, TREE)
        pool["node"] = 7919 * (seed + 1)
        depth = 1 + seed % 4
        one, other = pruned.solve(pool, depth), whole.solve(pool, depth)
        assert one.value == pytest.approx(other.value, abs=1e-9)
        if depth < 4:
            assert one.value == pytest.approx(plain_tree_value(pool, depth), abs=1e-9)
        steps[0] += one.steps
        steps[1] += other.steps
    assert steps[0] < 0.7 * steps[1]


# --- battles --------------------------------------------------------------------------------


def endgame(seed: int) -> BattleState:
    """Two Pokémon a side at 5 to 29 % of their HP, two moves each with two PP, no Tera left."""
    rng, sets = Random(seed), random_battle_sets()
    teams = [[replace(s, moves=s.moves[:2]) for s in sets.random_team(rng)[:2]] for _ in (0, 1)]
    state = BattleState.from_teams(teams[0], teams[1], seed=seed)
    for side in state.pool[0].sides:
        side.flag_bits = int(side.flag_bits) | SIDE_TERA_USED
        for mon in side.mons[:2]:
            mon.hp = max(1, int(mon.max_hp) * rng.randrange(5, 30) // 100)
            mon.pp = [min(2, int(pp)) for pp in mon.pp]
    return state


def battle_outcomes(pool: NDArray[Any], a0: int, a1: int) -> list[tuple[float, NDArray[Any]]]:
    return enumerate_step(pool, 0, a0, a1).pairs()


def solved(seed: int, depth: int, *, prune: bool = True) -> Equilibrium:
    return EquilibriumSearch(RULES, battle_outcomes, prune=prune).solve(endgame(seed).pool, depth)


def plain_battle_value(pool: NDArray[Any], depth: int) -> float:
    """Backward induction in a few lines: no window, no table."""
    who = int(RULES.current(pool, 0))
    if who == TERMINAL:
        return float(RULES.returns(pool, 0))
    if depth == 0:
        return float(RULES.evaluate(pool, 0))
    state = BattleState(pool)
    rows, columns = (
        state.legal_actions(s) if who in (s, SIMULTANEOUS) else [NO_ACTION] for s in (0, 1)
    )
    payoff = [
        [
            sum(
                p * plain_battle_value(child.pool, depth - 1)
                for child, p in state.chance_outcomes(a0, a1)
            )
            for a1 in columns
        ]
        for a0 in rows
    ]
    return solve(payoff).value


@pytest.mark.parametrize("seed", [1, 2, 3, 9, 18, 23])
def test_pruning_changes_no_battle(seed: int) -> None:
    for depth in (1, 2, 3):
        pruned, whole = solved(seed, depth), solved(seed, depth, prune=False)
        assert pruned.value == pytest.approx(whole.value, abs=1e-9)
        assert pruned.steps <= whole.steps
        if depth < 3:
            truth = plain_battle_value(endgame(seed).pool, depth)
            assert whole.value == pytest.approx(truth, abs=1e-9)


# (seed, depth): at depth 3 values are estimates, none near 1, and in the last four both players
# mix; battle 1 is played to its end.
ENDGAMES = ((1, 40), (1, 3), (4, 3), (9, 3), (24, 3), (3, 3), (18, 3), (19, 3), (23, 3))
TOLERANCE = 0.02


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "depth"), ENDGAMES)
def test_the_sampling_search_converges_to_the_value(seed: int, depth: int) -> None:
    truth = solved(seed, depth)
    engine = SimultaneousSearch(
        RULES,
        SimultaneousConfig(
            seconds=None,
            iterations=100_000,
            max_depth=depth,
            algorithm="regret",
            opponent_prior=0.0,
            prior_trust=0.0,
            discount=1.0,
            threshold=0.0,
        ),
    )
    for player, sign in ((0, 1), (1, -1)):
        found = engine.decide(endgame(seed).pool, None, player, seed=1)
        assert sign * found.value == pytest.approx(truth.value, abs=TOLERANCE)


@pytest.mark.parametrize(
    ("seed", "value"), [(1, -0.958333), (3, 1.0), (9, 1.0), (10, -1.0), (23, 1.0), (24, 1.0)]
)
def test_endgames_to_the_end(seed: int, value: float) -> None:
    found = solved(seed, 40)
    assert found.exact
    assert found.value == pytest.approx(value, abs=1e-6)
    assert 4 <= found.positions < 5_000


# --- borders --------------------------------------------------------------------------------


def test_turn_based_games() -> None:
    """Matrices of one row or column: tic-tac-toe is a draw, a fork won."""
    kernels = tic_tac_toe.rules()
    start = tic_tac_toe.new_pool()
    for prune in (True, False):
        assert EquilibriumSearch(kernels, prune=prune).solve(start).value == 0.0
    fork = start.copy()
    for number, action in enumerate((0, 1, 4)):  # X in a corner and the middle, O on the edge
        kernels.step(fork, 0, *((action, NO_ACTION) if number % 2 == 0 else (NO_ACTION, action)))
    found = EquilibriumSearch(kernels).solve(fork)
    assert found.value == 1.0
    assert found.strategies[0] == {}
    assert sum(found.strategies[1].values()) == 1.0


def test_errors_are_named() -> None:
    kernels = goofspiel.rules(4)
    start = goofspiel.new_pool((4, 3, 2, 1))
    with pytest.raises(GameTooLargeError, match="more than 50 positions within the depth"):
        EquilibriumSearch(kernels, max_positions=50).solve(start)
    with pytest.raises(ValueError, match="depth=0"):
        EquilibriumSearch(kernels).solve(start, 0)
    with pytest.raises(ValueError, match="one-element pool"):
        EquilibriumSearch(kernels).solve(np.repeat(start, 2))
    with pytest.raises(HiddenChanceError, match="drew at random"):
        EquilibriumSearch(RULES).solve(endgame(1).pool, 2)

    def half(pool: NDArray[Any], a0: int, a1: int) -> Sequence[tuple[float, NDArray[Any]]]:
        return [(0.5, child) for _, child in without_chance(kernels)(pool, a0, a1)]

    with pytest.raises(HiddenChanceError, match=r"have probability 0\.5"):
        EquilibriumSearch(kernels, half).solve(start)
    ended = start.copy()
    ended["played"] = 4
    with pytest.raises(ValueError, match="the game has ended"):
        EquilibriumSearch(kernels).solve(ended)
    assert not EquilibriumSearch(kernels).solve(start, 2).exact
