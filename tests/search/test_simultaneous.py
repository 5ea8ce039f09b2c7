"""The simultaneous-move search on small games whose truth is known otherwise."""

import subprocess
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from plywise.engine.compile.jit import kernel_of
from plywise.engine.kernels import SIMULTANEOUS, TERMINAL, RulesKernels, signatures
from plywise.search.config import SearchError
from plywise.search.decision import Decision
from plywise.search.exact.matrix import solve
from plywise.search.guide.protocol import Advice, Consultation, GuideReport, Question
from plywise.search.simultaneous import growing
from plywise.search.simultaneous import search as simultaneous
from plywise.search.simultaneous.averaging import AveragedSearch
from plywise.search.simultaneous.config import SimultaneousConfig
from plywise.search.simultaneous.root import FLOOR, AdvisedRoot
from plywise.search.simultaneous.search import SimultaneousSearch

# One record for two games: a table game (``cards`` 0), its tree in the state, and goofspiel.
NODES, ACTIONS = 12, 4
STATE = np.dtype(
    (
        np.record,
        [
            ("rng", np.uint64),
            ("node", np.int8),
            ("kind", np.int8, (NODES,)),
            ("count", np.int8, (NODES, 2)),
            ("next", np.int8, (NODES, ACTIONS, ACTIONS)),
            ("detour", np.int8, (NODES, ACTIONS, ACTIONS)),
            ("chance", np.float64, (NODES,)),
            ("result", np.float64, (NODES,)),
            ("cards", np.int8),
            ("turn", np.int8),
            ("hand", np.uint8, (2,)),
            ("prize", np.int8, (ACTIONS,)),
            ("score", np.int8),
        ],
    )
)
SIGNATURES = signatures(STATE)
ENDED, FIRST, SECOND, BOTH = 0, 1, 2, 3


@kernel_of(SIGNATURES.step)
def step(pool: Any, i: int, a0: int, a1: int) -> None:
    state = pool[i]
    if int(state.cards) > 0:
        prize = int(state.prize[int(state.turn)])
        state.score = int(state.score) + (prize if a0 > a1 else 0) - (prize if a1 > a0 else 0)
        state.hand[0] = int(state.hand[0]) & ~(1 << a0)
        state.hand[1] = int(state.hand[1]) & ~(1 << a1)
        state.turn = int(state.turn) + 1
        return
    node = int(state.node)
    row = max(a0, 0)
    column = max(a1, 0)
    x = state.rng
    x ^= x << np.uint64(13)
    x ^= x >> np.uint64(7)
    x ^= x << np.uint64(17)
    state.rng = x
    if float(np.int64(x >> np.uint64(40))) / 16777216.0 < float(state.chance[node]):
        state.node = int(state.detour[node, row, column])
    else:
        state.node = int(state.next[node, row, column])


@kernel_of(SIGNATURES.legal)
def legal(pool: Any, i: int, player: int, out: Any) -> int:
    state = pool[i]
    n = 0
    if int(state.cards) > 0:
        for card in range(ACTIONS):
            if int(state.hand[player]) >> card & 1:
                out[n] = card
                n += 1
        return n
    for a in range(int(state.count[int(state.node), player])):
        out[n] = a
        n += 1
    return n


@kernel_of(SIGNATURES.current)
def current(pool: Any, i: int) -> int:
    state = pool[i]
    if int(state.cards) > 0:
        return TERMINAL if int(state.turn) == int(state.cards) else SIMULTANEOUS
    kind = int(state.kind[int(state.node)])
    if kind == ENDED:
        return TERMINAL
    return SIMULTANEOUS if kind == BOTH else kind - FIRST


@kernel_of(SIGNATURES.returns)
def returns(pool: Any, i: int) -> float:
    state = pool[i]
    if int(state.cards) > 0:
        return int(state.score) / 10.0
    return float(state.result[int(state.node)])


@kernel_of(SIGNATURES.evaluate)
def evaluate(pool: Any, i: int) -> float:
    state = pool[i]
    return int(state.score) / 10.0 if int(state.cards) > 0 else 0.0


@kernel_of(SIGNATURES.reseed)
def reseed(pool: Any, i: int, seed: int) -> None:
    pool[i].rng = seed


RULES = RulesKernels(STATE, ACTIONS, step, legal, current, returns, evaluate, reseed)


class Table:
    """A table game in the making: nodes are numbered as they are added."""

    def __init__(self) -> None:
        self.pool: NDArray[Any] = np.zeros(1, STATE)
        self.size = 0

    def end(self, result: float) -> int:
        return self.add(ENDED, 0, 0, result=result)

    def add(self, kind: int, rows: int, columns: int, result: float = 0.0) -> int:
        node = self.size
        self.size += 1
        self.pool[0].kind[node] = kind
        self.pool[0].count[node] = (rows, columns)
        self.pool[0].result[node] = result
        return node


def matrix_game(payoff: list[list[float]]) -> NDArray[Any]:
    """A state in which both choose once; payoffs in [-1, 1]."""
    table = Table()
    root = table.add(BOTH, len(payoff), len(payoff[0]))
    for i, row in enumerate(payoff):
        for j, value in enumerate(row):
            table.pool[0].next[root, i, j] = table.end(value)
    return table.pool


def goofspiel(cards: int, first_hand: int, second_hand: int, prizes: list[int]) -> NDArray[Any]:
    """Bid cards 0 … 3 for prizes in the given order; equal bids discard the prize."""
    pool = np.zeros(1, STATE)
    pool[0].cards = cards
    pool[0].hand[:] = (first_hand, second_hand)
    pool[0].prize[: len(prizes)] = prizes
    return pool


def goofspiel_truth(first: int, second: int, prizes: list[int]) -> tuple[float, list[list[float]]]:
    """Value in points and matrix of the first bid, by backward induction in plain Python."""

    @cache
    def matrix(mine: tuple[int, ...], yours: tuple[int, ...]) -> tuple[tuple[float, ...], ...]:
        prize = prizes[len(prizes) - len(mine)]
        return tuple(
            tuple(
                prize * ((a > b) - (a < b))
                + value(tuple(x for x in mine if x != a), tuple(x for x in yours if x != b))
                for b in yours
            )
            for a in mine
        )

    @cache
    def value(mine: tuple[int, ...], yours: tuple[int, ...]) -> float:
        return solve(matrix(mine, yours)).value if mine else 0.0

    hands = [tuple(c for c in range(ACTIONS) if hand >> c & 1) for hand in (first, second)]
    return value(hands[0], hands[1]), [list(row) for row in matrix(hands[0], hands[1])]


def search(**settings: Any) -> SimultaneousSearch:
    return SimultaneousSearch(
        RULES,
        SimultaneousConfig(**{"seconds": None, "discount": 1.0, "exploration": 1.0, **settings}),
    )


def in_order(strategy: Any, count: int) -> list[float]:
    return [strategy.get(a, 0.0) for a in range(count)]


RPS = [[0.0, -0.5, 0.5], [0.5, 0.0, -0.5], [-0.5, 0.5, 0.0]]
RPS_DOUBLE = [[0.0, -0.4, 0.4], [0.4, 0.0, -0.8], [-0.4, 0.8, 0.0]]
TILTED = [[0.9, -0.3], [-0.6, 0.4]]


@pytest.mark.parametrize("payoff", [RPS, RPS_DOUBLE, TILTED])
@pytest.mark.parametrize("player", [0, 1])
def test_regret_matching_reaches_the_equilibrium(payoff: list[list[float]], player: int) -> None:
    truth = solve(payoff)
    own, other = (truth.row, truth.column) if player == 0 else (truth.column, truth.row)
    sign = 1 if player == 0 else -1
    found = search(algorithm="regret", iterations=40_000, threshold=0.0).decide(
        matrix_game(payoff), None, player, seed=5
    )
    assert in_order(found.strategy, len(own)) == pytest.approx(own, abs=0.03)
    assert in_order(found.opponent, len(other)) == pytest.approx(other, abs=0.03)
    assert found.value == pytest.approx(sign * truth.value, abs=0.03)
    assert sum(found.strategy.values()) == pytest.approx(1.0)


def test_decoupled_uct_mixes_in_rock_paper_scissors() -> None:
    found = search(algorithm="uct", iterations=20_000).decide(matrix_game(RPS), None, 0, seed=3)
    assert in_order(found.strategy, 3) == pytest.approx([1 / 3] * 3, abs=0.08)
    assert found.value == pytest.approx(0.0, abs=0.05)


@pytest.mark.parametrize("algorithm", ["uct", "regret"])
def test_a_dominant_action_is_found(algorithm: str) -> None:
    pool = matrix_game([[0.1, 0.2, -0.3], [0.5, 0.6, 0.2], [0.0, -0.9, 0.1]])
    found = search(algorithm=algorithm, iterations=3000).decide(pool, None, 0, seed=1)
    assert found.action == 1
    assert found.strategy[1] > 0.95
    assert max(found.opponent, key=lambda a: found.opponent[a]) == 2
    assert found.principal_variation == (1, 2)


@pytest.mark.parametrize(
    ("cards", "hands", "prizes"),
    [
        (3, (0b0111, 0b0111), [3, 2, 1]),
        (3, (0b1011, 0b0111), [1, 3, 2]),
        (4, (0b1111, 0b1111), [2, 1, 4, 3]),
    ],
)
def test_goofspiel_against_backward_induction(
    cards: int, hands: tuple[int, int], prizes: list[int]
) -> None:
    value, matrix = goofspiel_truth(hands[0], hands[1], prizes)
    own = [c for c in range(ACTIONS) if hands[0] >> c & 1]
    found = search(algorithm="regret", iterations=150_000, threshold=0.0).decide(
        goofspiel(cards, *hands, prizes), None, 0, seed=2
    )
    strategy = np.array([found.strategy.get(a, 0.0) for a in own])
    # What the strategy guarantees in the true game, against the true value; in points.
    guaranteed = (strategy @ np.array(matrix)).min()
    assert value - guaranteed < 0.25
    assert 10 * found.value == pytest.approx(value, abs=0.25)


def test_exploitability_falls_with_iterations() -> None:
    first, second, prizes = 0b1101, 0b1011, [2, 1, 3]
    value, matrix = goofspiel_truth(first, second, prizes)
    own = [c for c in range(ACTIONS) if first >> c & 1]

    def exploitability(iterations: int) -> float:
        """Points that a best response takes off the value, on average over some seeds."""
        engine = search(algorithm="regret", iterations=iterations, threshold=0.0)
        lost = 0.0
        for seed in range(5):
            found = engine.decide(goofspiel(3, first, second, prizes), None, 0, seed)
            strategy = np.array([found.strategy[a] for a in own])
            lost += value - float((strategy @ np.array(matrix)).min())
        return lost / 5

    few, some, many = (exploitability(n) for n in (30, 1000, 60_000))
    assert few > some > many
    assert many < 0.1


def gamble(coin: int) -> NDArray[Any]:
    """Take 0.3 for sure, or gamble: then name the coin that only the other player has seen."""
    table = Table()
    root = table.add(FIRST, 2, 0)
    guess = table.add(FIRST, 2, 0)
    table.pool[0].next[root, 0, 0] = table.end(0.3)
    table.pool[0].next[root, 1, 0] = guess
    for a in range(2):
        table.pool[0].next[guess, a, 0] = table.end(0.8 if a == coin else -0.8)
    return table.pool


@pytest.mark.parametrize("algorithm", ["uct", "regret"])
def test_one_strategy_for_all_worlds(algorithm: str) -> None:
    engine = search(algorithm=algorithm, iterations=4000, exploration=4.0)
    # Searched one by one every world says "gamble", for there the coin is known.
    for coin in (0, 1):
        assert engine.decide(gamble(coin), None, 0, seed=1).action == 1
    worlds = np.concatenate([gamble(0), gamble(1)])
    found = engine.decide(worlds, None, 0, seed=1)
    assert found.action == 0
    assert found.values[0] == pytest.approx(0.3)
    assert found.values[1] == pytest.approx(0.0, abs=0.15)
    # Where one coin is much likelier, gambling on it is right: 0.95 * 0.8 - 0.05 * 0.8.
    sure = engine.decide(worlds, [19.0, 1.0], 0, seed=1)
    assert sure.action == 1
    assert sure.values[1] == pytest.approx(0.72, abs=0.12)


def test_averaging_over_worlds_is_wrong_where_sharing_is_right() -> None:
    worlds = np.concatenate([gamble(0), gamble(1)])
    config = SimultaneousConfig(seconds=None, iterations=4000, exploration=1.0)
    averaged = AveragedSearch(RULES, config).decide(worlds, None, 0, seed=1)
    assert averaged.action == 1  # strategy fusion: worth 0, and taken for 0.8
    assert averaged.values[1] > 0.7
    assert averaged.iterations == 4000
    assert SimultaneousSearch(RULES, config).decide(worlds, None, 0, seed=1).action == 0


@pytest.mark.parametrize("algorithm", ["uct", "regret"])
def test_the_opponent_knows_its_world(algorithm: str) -> None:
    # The opponent wins by naming its own coin.  If it were kept ignorant of it, safe (0.1) would
    # look worse than the duel; knowing it, it always wins the duel.
    def duel(coin: int) -> NDArray[Any]:
        sure = [0.1, 0.1]
        other = [-0.9 if a == coin else 0.9 for a in range(2)]
        return matrix_game([sure, other])

    worlds = np.concatenate([duel(0), duel(1)])
    engine = search(algorithm=algorithm, iterations=6000)
    found = engine.decide(worlds, None, 0, seed=1)
    assert found.action == 0
    assert found.strategy[0] > 0.9
    assert found.values[1] < -0.2
    assert in_order(found.opponent, 2) == pytest.approx([0.5, 0.5], abs=0.12)


def test_kuhn_like_equilibrium_over_worlds() -> None:
    # Two equally likely worlds, seen by the column player only; a strategy for the row player over
    # both and one for each world for the column player: an ordinary matrix game in normal form.
    first = [[0.6, -0.3], [0.3, 0.0]]
    second = [[0.8, 0.4], [-0.9, 0.8]]
    normal = [
        [(first[i][j] + second[i][k]) / 2 for j in range(2) for k in range(2)] for i in range(2)
    ]
    truth = solve(normal)
    worlds = np.concatenate([matrix_game(first), matrix_game(second)])
    found = search(algorithm="regret", iterations=60_000, threshold=0.0).decide(
        worlds, None, 0, seed=4
    )
    assert in_order(found.strategy, 2) == pytest.approx(truth.row, abs=0.04)
    assert found.value == pytest.approx(truth.value, abs=0.04)
    # Averaging the two worlds' own equilibria gives another strategy, and a worse one.
    naive = (solve(first).row + solve(second).row) / 2
    guaranteed = (naive @ np.array(normal)).min()
    ours = (np.array(in_order(found.strategy, 2)) @ np.array(normal)).min()
    assert ours > guaranteed + 0.2


def test_chance_is_sampled() -> None:
    # The first action wins 0.8 with probability 0.25 and else loses 0.4; the second gives -0.05.
    table = Table()
    root = table.add(FIRST, 2, 0)
    toss = table.add(SECOND, 0, 1)
    table.pool[0].next[root, 0, 0] = toss
    table.pool[0].next[root, 1, 0] = table.end(-0.05)
    table.pool[0].next[toss, 0, 0] = table.end(-0.4)
    table.pool[0].detour[toss, 0, 0] = table.end(0.8)
    table.pool[0].chance[toss] = 0.25
    assert search(iterations=20_000).decide(table.pool, None, 0, seed=9).action == 1
    # An action that looks bad by chance is tried less, so only equal shares make its mean true.
    often = search(iterations=20_000, exploration=10.0)
    means = [often.decide(table.pool, None, 0, seed).values[0] for seed in range(8)]
    assert np.mean(means) == pytest.approx(-0.1, abs=0.03)


@pytest.mark.parametrize("algorithm", ["uct", "regret"])
@pytest.mark.parametrize("player", [0, 1])
def test_forced_nodes_of_one_player(algorithm: str, player: int) -> None:
    # Both move; in one cell the second player, in another the first, must then choose alone.
    table = Table()
    root = table.add(BOTH, 2, 2)
    second = table.add(SECOND, 0, 3)
    first = table.add(FIRST, 2, 0)
    for a, value in enumerate((0.4, -0.6, 0.9)):
        table.pool[0].next[second, 0, a] = table.end(value)
    for a, value in enumerate((-0.7, 0.5)):
        table.pool[0].next[first, a, 0] = table.end(value)
    table.pool[0].next[root, 0] = [second, first, 0, 0]
    table.pool[0].next[root, 1] = [table.end(0.2), table.end(-0.1), 0, 0]
    truth = solve([[-0.6, 0.5], [0.2, -0.1]])
    found = search(algorithm=algorithm, iterations=30_000).decide(table.pool, None, player, seed=7)
    own = truth.row if player == 0 else truth.column
    sign = 1 if player == 0 else -1
    assert found.value == pytest.approx(sign * truth.value, abs=0.08)
    if algorithm == "regret":  # decoupled UCT promises no equilibrium
        assert in_order(found.strategy, 2) == pytest.approx(own, abs=0.05)


def ladder(own_result: float) -> NDArray[Any]:
    """Every line ends in ``own_result``: at once by action 0, in three decisions by action 1."""
    table = Table()
    root = table.add(FIRST, 2, 0)
    table.pool[0].next[root, 0, 0] = table.end(own_result)
    node = root
    for _ in range(2):
        waiting = table.add(SECOND, 0, 1)
        table.pool[0].next[node, 1 if node == root else 0, 0] = waiting
        node = waiting
    table.pool[0].next[node, 0, 0] = table.end(own_result)
    return table.pool


def test_wins_soonest_and_resists_longest() -> None:
    engine = search(iterations=300, discount=0.99)
    winning = engine.decide(ladder(1.0), None, 0, seed=1)
    losing = engine.decide(ladder(-1.0), None, 0, seed=1)
    assert (winning.action, losing.action) == (0, 1)
    assert winning.notes["decided"]
    assert losing.notes["decided"]
    assert winning.strategy == {0: 1.0, 1: 0.0}
    assert winning.values[0] == pytest.approx(0.99)
    assert losing.values[1] == pytest.approx(-(0.99**3), abs=0.03)


def plain(found: Decision) -> tuple[Any, ...]:
    """All of a decision that does not depend on the clock, nor on what a guide was told."""
    return (
        found.action,
        dict(found.strategy),
        dict(found.values),
        dict(found.visits),
        dict(found.opponent),
        found.value,
        tuple(found.principal_variation),
        found.iterations,
        found.depth,
        found.notes["nodes"],
        found.notes["turns"],
    )


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("algorithm", ["uct", "regret"])
def test_the_same_seed_gives_the_same_decision(algorithm: str, threads: int) -> None:
    pool = goofspiel(4, 0b1111, 0b1111, [2, 1, 4, 3])
    engine = search(algorithm=algorithm, iterations=3000, threads=threads)
    first = engine.decide(pool, None, 0, seed=11)
    engine.decide(pool, None, 1, seed=12)  # what was searched before leaves no trace
    again = engine.decide(pool, None, 0, seed=11)
    fresh = search(algorithm=algorithm, iterations=3000, threads=threads).decide(
        pool, None, 0, seed=11
    )
    other = engine.decide(pool, None, 0, seed=13)
    assert plain(first) == plain(again) == plain(fresh)
    assert plain(first) != plain(other)
    assert first.iterations == 3000


@pytest.mark.parametrize("algorithm", ["uct", "regret"])
def test_several_trees_are_read_as_one(algorithm: str) -> None:
    pool = goofspiel(4, 0b1111, 0b1111, [2, 1, 4, 3])
    one = search(algorithm=algorithm, iterations=1000).decide(pool, None, 0, seed=11)
    found = search(algorithm=algorithm, iterations=3002, threads=3).decide(pool, None, 0, seed=11)
    assert found.notes["threads"] == 3
    assert found.iterations == sum(found.visits.values()) == 3002  # 1,001, 1,001 and 1,000
    assert found.notes["nodes"] > one.notes["nodes"]
    # Each tree saw something else: the first is not counted three times.
    assert any(found.visits[a] % 3 for a in found.visits)
    assert found.value == pytest.approx(one.value, abs=0.1)


def test_several_trees_reach_the_equilibrium_over_worlds() -> None:
    first = [[0.6, -0.3], [0.3, 0.0]]
    second = [[0.8, 0.4], [-0.9, 0.8]]
    truth = solve(
        [[(first[i][j] + second[i][k]) / 2 for j in range(2) for k in range(2)] for i in range(2)]
    )
    worlds = np.concatenate([matrix_game(first), matrix_game(second)])
    found = search(algorithm="regret", iterations=90_000, threshold=0.0, threads=3).decide(
        worlds, None, 0, seed=4
    )
    assert in_order(found.strategy, 2) == pytest.approx(truth.row, abs=0.04)
    assert found.value == pytest.approx(truth.value, abs=0.04)
    assert sum(found.opponent.values()) == pytest.approx(1.0)


def test_fewer_iterations_than_trees() -> None:
    found = search(iterations=2, threads=4).decide(matrix_game(RPS), None, 0, seed=1)
    assert found.iterations == sum(found.visits.values()) == 2


def test_what_goes_wrong_in_one_tree_is_raised() -> None:
    engine = search(iterations=10_000, threads=2)
    run = engine._run

    def broken(tree: Any, *rest: Any) -> None:
        if tree.control is engine._forest.trees[1].control:
            raise MemoryError("no room")
        run(tree, *rest)

    engine._run = broken
    with pytest.raises(MemoryError, match="no room"):
        engine.decide(matrix_game(RPS), None, 0, seed=1)


@pytest.mark.slow
def test_a_late_tree_is_not_waited_for() -> None:
    engine = search(seconds=0.05, threads=2)
    engine.decide(matrix_game(RPS), None, 0, seed=1)
    run = engine._run

    def slow(tree: Any, *rest: Any) -> None:
        if tree.control is engine._forest._trees[1].control:
            time.sleep(0.6)
        run(tree, *rest)

    engine._run = slow
    start = time.perf_counter()
    late = engine.decide(matrix_game(RPS), None, 0, seed=1)
    assert time.perf_counter() - start < 0.4
    assert late.notes["threads"] == 1
    assert late.iterations == sum(late.visits.values()) > 0
    engine._run = run
    start = time.perf_counter()
    busy = engine.decide(matrix_game(RPS), None, 0, seed=1)
    assert time.perf_counter() - start < 0.4
    assert busy.notes["threads"] == 1
    time.sleep(0.7)
    again = engine.decide(matrix_game(RPS), None, 0, seed=1, seconds=0.3)
    assert again.notes["threads"] == 2
    assert again.iterations == sum(again.visits.values())


def test_overruns_are_kept_in_reserve_for_later_decisions(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = search(seconds=0.5)
    run, now, lost = engine._run, [0.0], [0.0] * 5

    def slow(tree: Any, root: Any, count: int, *rest: Any) -> None:
        run(tree, root, count, *rest)
        now[0] += 1e-5 * count + (lost.pop() if lost else 0.0)

    engine._run = slow
    clock = SimpleNamespace(perf_counter=lambda: now[0], sleep=time.sleep)
    monkeypatch.setattr(simultaneous, "time", clock)
    monkeypatch.setattr(growing, "time", clock)

    def spent(seconds: float | None = None) -> float:
        return engine.decide(matrix_game(RPS), None, 0, seed=1, seconds=seconds).seconds

    assert spent() == pytest.approx(0.498, abs=1e-4)
    lost[:] = [0.03, 0.0, 0.0, 0.0]  # descheduled after the fourth slice
    assert spent() == pytest.approx(0.468, abs=1e-3)
    assert spent() == pytest.approx(0.498 - 0.99 * 0.03, abs=1e-3)
    lost[:] = [0.2, 0.0, 0.0, 0.0]
    assert spent() == pytest.approx(0.398, abs=1e-3)  # a fifth of the time at most
    assert spent() == pytest.approx(0.398, abs=1e-3)
    for _ in range(400):
        spent(0.01)
    assert spent() > 0.49


def test_advice_reaches_every_tree() -> None:
    advice = Advice(Question.EVALUATE, {0: 1.0, 1: -1.0}, 1.0, source="test")
    engine = search(iterations=400, threads=2, advice_bonus=2.0)
    found = engine.decide(long_choice(), None, 0, 1, Guide(advice))
    assert found.notes["advice_used"] == ("evaluate:test",)
    for tree in engine._forest.trees:
        visits, _ = tree.row([0, 1, 2, 3])
        assert visits[0] == visits.max() > 10 * visits[1]


@pytest.mark.parametrize("algorithm", ["uct", "regret"])
def test_a_full_tree_still_decides(algorithm: str) -> None:
    pool = goofspiel(4, 0b1111, 0b1111, [2, 1, 4, 3])
    found = search(algorithm=algorithm, iterations=4000, max_nodes=16).decide(pool, None, 0, seed=1)
    assert found.notes["nodes"] <= 16
    assert found.notes["cut"] > 0
    assert found.iterations == 4000
    assert sum(found.visits.values()) == 4000


def test_rollouts_value_leaves_by_playing_on() -> None:
    # Without them the leaf after one decision is worth 0; played on, action 1 leads to a win.
    table = Table()
    root = table.add(FIRST, 2, 0)
    for a, value in enumerate((-0.5, 0.5)):
        after = table.add(SECOND, 0, 1)
        table.pool[0].next[root, a, 0] = after
        table.pool[0].next[after, 0, 0] = table.end(value)
    blind = search(iterations=40, max_depth=1).decide(table.pool, None, 0, seed=1)
    seeing = search(iterations=40, max_depth=1, rollout=3).decide(table.pool, None, 0, seed=1)
    assert set(blind.values.values()) == {0.0}
    assert seeing.values == pytest.approx({0: -0.5, 1: 0.5})


def test_one_legal_action_needs_no_search() -> None:
    found = search(iterations=100).decide(matrix_game([[0.1, -0.2]]), None, 0, seed=1)
    assert found.strategy == {0: 1.0}
    assert found.iterations == 0
    assert found.notes["forced"]


def test_senseless_input_is_refused_with_a_reason() -> None:
    engine = search(iterations=10)
    rps = matrix_game(RPS)
    with pytest.raises(SearchError, match="tell worlds 0 and 1 apart"):
        engine.decide(np.concatenate([rps, matrix_game(TILTED)]), None, 0, seed=1)
    with pytest.raises(SearchError, match="nothing to decide"):
        engine.decide(gamble(0), None, 1, seed=1)
    with pytest.raises(SearchError, match="worlds"):
        engine.decide(rps[:0], None, 0, seed=1)
    for weights in ([0.0], [-1.0], [float("nan")], [1.0, 1.0]):
        with pytest.raises(SearchError, match="weigh"):
            engine.decide(rps, weights, 0, seed=1)
    for settings in ({"algorithm": "magic"}, {"discount": 1.5}, {"max_depth": 0}, {"final": "?"}):
        with pytest.raises(SearchError):
            search(iterations=10, **settings)
    with pytest.raises(SearchError, match="seconds or iterations"):
        SimultaneousConfig(seconds=None)
    with pytest.raises(SearchError, match="threads=2: averaging worlds takes one thread"):
        AveragedSearch(RULES, SimultaneousConfig(threads=2))


@pytest.mark.slow
@pytest.mark.parametrize("threads", [1, 2])
def test_decisions_keep_to_their_deadline(threads: int) -> None:
    pool = goofspiel(4, 0b1111, 0b1111, [2, 1, 4, 3])
    engine = search(seconds=0.03, threads=threads)
    engine.decide(pool, None, 0, seed=0)
    late = []
    for seed in range(30):
        start = time.perf_counter()
        found = engine.decide(pool, None, 0, seed)
        late.append(time.perf_counter() - start - 0.03)
        assert found.iterations > 0
        assert sum(found.strategy.values()) == pytest.approx(1.0)
    # The machine that runs the tests may take the processor away for longer than we allow
    # ourselves, so a few may be late here; a search that ignored the clock would be late always.
    assert sorted(late)[len(late) * 3 // 4] < 0.02


class Guide(Consultation):
    """A consultation that says what it was given, from the poll numbered ``late`` on."""

    def __init__(self, *answers: Advice, late: int = 0, failing: bool = False) -> None:
        self.answers = list(answers)
        self.late = late
        self.failing = failing
        self.polls = 0
        self.closed = False

    @property
    def finished(self) -> bool:
        return not self.answers

    def poll(self) -> list[Advice]:
        self.polls += 1
        if self.failing:
            raise ConnectionError("the model is gone")
        if self.polls <= self.late:
            return []
        answers, self.answers = self.answers, []
        return answers

    def close(self) -> GuideReport:
        self.closed = True
        return GuideReport()


def propose(weights: dict[int, float], trust: float) -> Advice:
    return Advice(Question.PROPOSE, weights, trust, source="test")


def long_choice() -> NDArray[Any]:
    """Four actions, of which the last is a little better."""
    table = Table()
    root = table.add(FIRST, 4, 0)
    for a, value in enumerate((0.0, 0.02, 0.01, 0.1)):
        table.pool[0].next[root, a, 0] = table.end(value)
    return table.pool


class SlowGuide(Guide):
    """A consultation that answers after some seconds, or never."""

    def __init__(self, *answers: Advice, after: float, dead: bool = False) -> None:
        super().__init__(*answers)
        self.due = time.perf_counter() + after
        self.dead = dead

    @property
    def finished(self) -> bool:
        return self.dead or not self.answers

    def poll(self) -> list[Advice]:
        self.polls += 1
        if self.dead or time.perf_counter() < self.due:
            return []
        answers, self.answers = self.answers, []
        return answers


@pytest.mark.slow
def test_the_search_yields_its_core_to_a_slow_guide_and_takes_it_back() -> None:
    config = SimultaneousConfig(seconds=0.6, yield_after=0.1)
    advice = propose({3: 1.0}, 0.5)
    search = SimultaneousSearch(RULES, config)
    search.decide(long_choice(), None, 0, 1, seconds=0.05)  # compiles

    def iterations(guide: Guide) -> int:
        start = time.perf_counter()
        found = search.decide(long_choice(), None, 0, 1, guide)
        assert time.perf_counter() - start < 0.75
        return found.iterations

    dead = iterations(SlowGuide(advice, after=9.0, dead=True))
    waited = SlowGuide(advice, after=0.3)
    answered = iterations(waited)
    never = iterations(SlowGuide(advice, after=9.0))
    assert not waited.answers  # it was polled
    assert never < 0.75 * dead  # slept from 0.1 s to 0.48 s of 0.6 s
    assert never < answered  # woken at 0.3 s


@pytest.mark.parametrize("algorithm", ["uct", "regret"])
@pytest.mark.parametrize(
    "make",
    [
        lambda: Guide(propose({0: 1.0}, 0.0)),
        lambda: Guide(Advice(Question.MODEL, {0: 1.0}, 0.0)),
        lambda: Guide(Advice(Question.EVALUATE, {0: 1.0, 1: -1.0}, 0.0)),
        lambda: Guide(propose({0: 1.0}, float("nan"))),
        lambda: Guide(propose({0: 1.0}, -3.0)),
        lambda: Guide(propose({99: 1.0, -5: 2.0}, 1.0)),
        lambda: Guide(propose({0: float("nan"), 1: float("inf"), 2: -1.0}, 1.0)),
        lambda: Guide(propose({}, 1.0)),
        lambda: Guide(Advice(Question.MODEL, {77: 1.0}, 1.0)),
        lambda: Guide(failing=True),
        lambda: Guide(Advice(Question.PROPOSE, {0: None}, 1.0)),  # type: ignore[dict-item]
    ],
)
def test_worthless_advice_changes_nothing(algorithm: str, make: Callable[[], Guide]) -> None:
    engine = search(algorithm=algorithm, iterations=1500)
    for pool in (goofspiel(3, 0b0111, 0b0111, [3, 2, 1]), matrix_game(RPS_DOUBLE)):
        alone = engine.decide(pool, None, 0, seed=21)
        guide = make()
        advised = engine.decide(pool, None, 0, seed=21, consultation=guide)
        assert plain(alone) == plain(advised)
        assert guide.polls >= 1
        assert not guide.closed


@pytest.mark.parametrize("threads", [1, 2])
def test_without_a_clock_it_does_not_matter_when_answers_come(threads: int) -> None:
    engine = search(iterations=1500, threads=threads)
    found = [
        plain(engine.decide(long_choice(), None, 0, 21, Guide(propose({0: 1.0}, 0.7), late=late)))
        for late in (0, 1, 30)
    ]
    assert found[0] == found[1] == found[2]
    assert found[0] != plain(engine.decide(long_choice(), None, 0, 21))


def test_a_failing_guide_is_noted() -> None:
    guide = Guide(failing=True)
    found = search(iterations=3000).decide(long_choice(), None, 0, 1, consultation=guide)
    assert found.notes["guide_error"] == "ConnectionError: the model is gone"
    assert guide.polls == 1


def test_a_perfect_prior_speeds_up() -> None:
    engine = search(iterations=400)
    alone = engine.decide(long_choice(), None, 0, seed=3)
    advised = engine.decide(
        long_choice(), None, 0, seed=3, consultation=Guide(propose({3: 1.0}, 0.8))
    )
    assert advised.notes["advice_used"] == ("propose:test",)
    assert advised.visits[3] > 1.5 * alone.visits[3]


@pytest.mark.parametrize("trust", [0.3, 0.6, 0.9])
def test_a_prediction_is_answered_as_far_as_it_is_trusted(trust: float) -> None:
    """The truth: the matrix game in which the opponent plays as predicted so often.

    A prediction, however sure, leaves every action its part of the floor.
    """
    payoffs = np.array(RPS)
    for predicted in range(3):
        shares = np.maximum(FLOOR / 3, np.arange(3) == predicted)
        shares /= shares.sum()
        guide = Guide(Advice(Question.MODEL, {predicted: 1.0}, trust))
        engine = search(algorithm="regret", iterations=20_000, threshold=0.0)
        found = engine.decide(matrix_game(RPS), None, 0, 3, guide)
        prior = payoffs @ shares[:, None]
        truth = solve(trust * prior + (1 - trust) * payoffs)
        assert found.value == pytest.approx(truth.value, abs=0.01)
        assert list(found.strategy.values()) == pytest.approx(list(truth.row), abs=0.1)
        assert found.opponent[predicted] > trust - 0.05


def test_what_a_prediction_does_not_name_keeps_what_it_leaves() -> None:
    root = AdvisedRoot(2, 4, [0, 1], [[0, 1, 2, 3], [2, 3]], 0.3, 0.0)
    root.take(Advice(Question.MODEL, {0: 0.6, 1: 0.2}, 1.0))
    assert root.opponent_prior == pytest.approx(0.99)
    assert root.scale[0] / 4 == pytest.approx([0.6, 0.2, 0.1, 0.1], abs=1e-9)
    assert list(root.scale[1]) == [1.0] * 4  # nothing that it names is possible there
    nothing = AdvisedRoot(1, 4, [0, 1], [[0, 1, 2, 3]], 0.3, 0.0)
    nothing.take(Advice(Question.MODEL, {0: 0.0, 1: 0.0}, 1.0))  # none of these
    assert nothing.scale[0] / 4 == pytest.approx([0.0125, 0.0125, 0.5, 0.5])


@pytest.mark.parametrize("trust", [0.3, 1.0, 1e9])
@pytest.mark.parametrize("question", list(Question))
def test_no_advice_removes_an_action(trust: float, question: Question) -> None:
    # The truth: action 3 is best.  The guide wants action 0 with all its weight, or says that 3
    # loses; for the opponent it predicts the worst.  The search still finds out: a proposal may
    # carry an action by twice the bonus, 0.1 at 35,000 iterations.
    weights = {0: 1.0, 3: -1.0} if question is Question.EVALUATE else {0: 1.0}
    guide = Guide(Advice(question, weights, trust))
    found = search(iterations=100_000).decide(long_choice(), None, 0, seed=3, consultation=guide)
    assert min(found.visits.values()) > 20
    assert found.action == 3


def test_a_prediction_shapes_the_opponents_exploration() -> None:
    engine = search(iterations=300)
    pool = matrix_game([[0.05, 0.0, 0.0, 0.0], [0.0, 0.05, 0.0, 0.0]])
    alone = engine.decide(pool, None, 0, seed=3)
    guide = Guide(Advice(Question.MODEL, {2: 1.0}, 0.9))
    told = engine.decide(pool, None, 0, seed=3, consultation=guide)
    assert told.opponent[2] > alone.opponent[2] + 0.1
    assert min(told.opponent.values()) > 0.0


def test_values_of_a_guide_decide_where_the_search_sees_nothing() -> None:
    engine = search(iterations=50, max_depth=1)
    table = Table()  # the search sees nothing here: leaves one decision deep are worth 0
    root = table.add(FIRST, 2, 0)
    after = table.add(SECOND, 0, 1)
    table.pool[0].next[root, :2, 0] = after
    table.pool[0].next[after, 0, 0] = table.end(0.0)
    guide = Guide(Advice(Question.EVALUATE, {0: 0.2, 1: 0.6}, 0.5))
    found = engine.decide(table.pool, None, 0, seed=3, consultation=guide)
    assert found.action == 1
    assert found.visits[1] > found.visits[0]
    assert found.values == {0: 0.0, 1: 0.0}  # the search's own


def test_a_guide_carries_an_action_over_one_that_is_a_little_better() -> None:
    """But only if it is trusted, no further than its bonus, and not for ever."""

    def chosen(question: Question, trust: float, iterations: int = 300, **more: float) -> int:
        weights = {0: 0.3, 1: 0.0, 2: 0.0, 3: 0.0}
        guide = Guide(Advice(question, weights, trust))
        engine = search(iterations=iterations, **more)
        return engine.decide(long_choice(), None, 0, seed=3, consultation=guide).action

    for question in (Question.PROPOSE, Question.EVALUATE):
        assert chosen(question, 1.0) == 0
        if question is Question.EVALUATE:  # a proposal shapes the exploration as well
            assert chosen(question, 1.0, advice_bonus=0.02) == 3
        assert chosen(question, 0.05) == 3
        assert chosen(question, 1.0, iterations=100_000) == 3


@pytest.mark.slow
def test_the_next_process_loads_from_the_cache() -> None:
    program = f"""
import sys, time
sys.path.insert(0, {str(Path(__file__).parent)!r})
import {Path(__file__).stem} as games  # what runs without a name writes kernels that do not load
start = time.perf_counter()
game = games.matrix_game(games.RPS)
found = games.search(iterations=50).decide(game, None, 0, seed=1)
print(time.perf_counter() - start, found.iterations)
"""

    def run() -> tuple[float, int]:
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True
        )
        seconds, iterations = done.stdout.split()
        return float(seconds), int(iterations)

    first, second = run(), run()
    assert first[1] == second[1] == 50
    assert second[0] < 3.0
