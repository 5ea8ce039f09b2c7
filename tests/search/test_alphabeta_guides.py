"""What guides' answers do in alpha-beta, and what they cannot do."""

import math
import time
from collections.abc import Sequence
from random import Random
from typing import Any

import pytest

from plywise.engine.kernels import RulesKernels
from plywise.games.base import State
from plywise.games.grid.connect_four import ConnectFour
from plywise.games.registry import make_game
from plywise.search.alphabeta.config import AlphaBetaConfig
from plywise.search.alphabeta.search import AlphaBeta
from plywise.search.decision import Decision
from plywise.search.guide.protocol import Advice, Consultation, GuideReport, Question
from plywise.search.guide.trust import confidence

PROPOSE, MODEL, EVALUATE = Question.PROPOSE, Question.MODEL, Question.EVALUATE
NAN, INF = math.nan, math.inf


def alphabeta(kernels: RulesKernels, **settings: Any) -> AlphaBeta:
    """Return a search without a clock and to the end of the game, but for ``settings``."""
    return AlphaBeta(kernels, AlphaBetaConfig(**{"seconds": None, "max_depth": None, **settings}))


class Says(Consultation):
    """A consultation that answers from the poll numbered ``after`` on."""

    def __init__(self, *advice: Advice, after: int = 0) -> None:
        self.advice = list(advice)
        self.after = after
        self.polls = 0

    @property
    def finished(self) -> bool:
        return not self.advice

    def poll(self) -> list[Advice]:
        self.polls += 1
        if self.polls <= self.after:
            return []
        said, self.advice = self.advice, []
        return said

    def close(self) -> GuideReport:
        return GuideReport()


def says(question: Question, weights: dict[Any, Any], trust: float = 1.0) -> Says:
    return Says(Advice(question, weights, trust))


def played(name: str, moves: Sequence[int], **parameters: int) -> State:
    state = make_game(name, **parameters).new_initial_state()
    for move in moves:
        state.apply_action(move)
    return state


def decide(search: AlphaBeta, state: State, guide: Says | None = None) -> Decision:
    return search.decide(state.flat(), state.current_player(), guide)


def rules(name: str) -> RulesKernels:
    kernels = make_game(name).kernels()
    assert kernels is not None
    return kernels


def shallow(depth: int = 2, **more: Any) -> AlphaBeta:
    return alphabeta(ConnectFour().kernels(), max_depth=depth, table_bits=12, **more)


START: list[int] = []  # where a shallow search plays the middle, action 3


# --- evaluate -----------------------------------------------------------------------------------


def test_values_decide_among_estimates_and_are_reported() -> None:
    state = played("connect_four", START)
    alone = decide(shallow(), state)
    assert alone.action == 3
    told = decide(shallow(), state, says(EVALUATE, {0: 1.0, 3: -1.0}))
    assert told.action == 0
    assert told.notes["advice_used"] == ("evaluate:",)
    # fully trusted, 4 plies against 2 searched: two thirds of the value
    for action, value in {0: 1.0, 3: -1.0, 1: 0.0}.items():
        mixed = told.notes["searched"][action] / 3 + 0.95 * value * 2 / 3
        assert told.values[action] == pytest.approx(mixed, abs=1e-4)
    exact = decide(shallow(all_values=True), state)
    assert told.notes["searched"] == exact.values
    assert told.notes["upper_bounds"] == []


def test_values_count_less_the_deeper_the_search_and_the_smaller_the_trust() -> None:
    state = played("connect_four", START)
    advice = {0: 1.0, 1: -1.0}

    def lift(depth: int, trust: float, **more: float) -> float:
        found = decide(shallow(depth, **more), state, says(EVALUATE, advice, trust))
        return found.values[0] - found.values[1]

    assert lift(2, 1.0) > lift(2, 0.5) > lift(2, 0.1)
    assert lift(2, 1.0) > lift(4, 1.0) > lift(8, 1.0)
    assert lift(2, 1.0, advice_plies=0.0) == pytest.approx(
        lift(2, 0.0), abs=1e-9
    )  # ignored altogether


def test_an_action_that_is_left_out_counts_as_the_mean_of_the_others() -> None:
    state = played("connect_four", START)
    told = decide(shallow(), state, says(EVALUATE, {2: 0.8, 4: 0.4}))
    for action in (0, 3, 6):
        searched = told.notes["searched"][action]
        assert told.values[action] == pytest.approx(searched / 3 + 0.95 * 0.6 * 2 / 3, abs=1e-4)


@pytest.mark.parametrize("trust", [0.05, 0.2, 0.5, 1.0])
@pytest.mark.parametrize("depth", [1, 2, 5])
def test_the_window_opens_far_enough_for_values(trust: float, depth: int) -> None:
    """The decision is the same as with the real scores of all actions."""
    rng = Random(f"{trust} {depth}")
    narrow, full = shallow(depth), shallow(depth, all_values=True)
    bounds = 0
    for _ in range(25):
        state = random_state("connect_four", rng, 20)
        advice = {a: rng.uniform(-1, 1) for a in state.legal_actions()}
        one = decide(narrow, state, says(EVALUATE, advice, trust))
        two = decide(full, state, says(EVALUATE, advice, trust))
        if one.value > 0.96:  # the search stopped at a proved win
            continue
        assert (one.action, one.value) == (two.action, two.value)
        bounds += len(one.notes["upper_bounds"])
        for action, value in one.values.items():
            if action not in one.notes["upper_bounds"]:
                assert value == two.values[action]
            else:
                assert one.value > value >= two.values[action]
    if trust == 0.05 and depth == 5:
        assert bounds > 0  # it need not open altogether
    if trust == 1.0 and depth <= 2:
        assert bounds == 0


def test_values_that_come_late_open_the_window_again() -> None:
    state = played("connect_four", START)
    late = Says(Advice(EVALUATE, {0: 1.0, 3: -1.0}, 1.0), after=4)
    told = decide(shallow(seconds=5.0), state, late)
    assert told.action == 0
    assert told.notes["upper_bounds"] == []
    assert told.seconds < 4


@pytest.mark.slow
@pytest.mark.parametrize("depth", [2, 6])
@pytest.mark.parametrize("trust", [0.02, 0.1, 0.3, 0.6])
def test_the_worst_advice_costs_no_more_than_trust_allows(trust: float, depth: int) -> None:
    """What an answer that wants the worst loses, by the values of the same search without it.

    Between two actions the values' share is ``w = a / (a + depth)``, so the worse one can be chosen
    if it lacks ``2 * 0.95 * w / (1 - w)`` at most.
    """
    rng = Random(f"worst {trust} {depth}")
    plain, search = shallow(depth, all_values=True), shallow(depth)
    most = 2 * 0.95 * search.config.advice_plies * confidence(trust) / depth
    lost: list[float] = []
    for _ in range(60):
        state = random_state("connect_four", rng, 16)
        values = decide(plain, state).values
        if max(map(abs, values.values())) > 0.96:
            continue  # proved results: no advice touches them (see below)
        order = sorted(values, key=values.__getitem__)
        wanted = {a: -1.0 for a in order} | {order[0]: 1.0}
        liked = {a: 1e-9 for a in order} | {order[0]: 1.0}
        for said in (Advice(EVALUATE, wanted, trust), Advice(PROPOSE, liked, trust)):
            told = decide(search, state, Says(said))
            lost.append(max(values.values()) - values[told.action])
    assert len(lost) > 20
    assert max(lost) <= most + 1e-9
    if trust >= 0.3:  # it does bite: the bound is not kept by ignoring everything
        assert max(lost) > 0


# --- propose ------------------------------------------------------------------------------------


def test_a_proposal_is_searched_early_where_the_budget_ends() -> None:
    """A depth that is cut short has judged the proposal, and finds it to be the better move."""
    game = ConnectFour()
    deep = alphabeta(game.kernels(), max_depth=8, table_bits=16)
    rng = Random("budget")
    better = 0
    for _ in range(60):
        state = random_state("connect_four", rng, 16)
        search = alphabeta(game.kernels(), iterations=250, table_bits=12)
        truth = decide(deep, state)
        alone, told = decide(search, state), decide(search, state, says(PROPOSE, {truth.action: 1}))
        better += (told.action == truth.action) - (alone.action == truth.action)
    assert better > 0


def test_a_proposal_decides_between_equals() -> None:
    state = played("tic_tac_toe", [])
    search = alphabeta(rules("tic_tac_toe"), max_depth=9, table_bits=12)
    for action in range(9):
        assert decide(search, state, says(PROPOSE, {action: 1.0})).action == action


# --- model --------------------------------------------------------------------------------------


def test_a_prediction_decides_between_equals_for_the_trap_it_walks_into() -> None:
    """All first moves draw; against the left middle as a reply only some of them win."""
    search = alphabeta(rules("tic_tac_toe"), max_depth=9, table_bits=12)
    state = played("tic_tac_toe", [])
    trapped = 0
    for reply in range(9):
        told = decide(search, state, says(MODEL, {reply: 1.0}))
        assert told.value == 0
        assert told.notes["advice_used"] == ("model:",)
        values = {}
        for action in set(range(9)) - {reply}:
            after = played("tic_tac_toe", [action, reply])
            values[action] = decide(search, after).value
        if max(values.values()) > 0:
            trapped += 1
            assert values[told.action] == max(values.values())
            gain = told.notes["gains"][told.action]
            assert gain == pytest.approx(values[told.action], abs=2e-4)  # one ply on
    assert trapped >= 4


def test_a_prediction_changes_no_value() -> None:
    rng = Random("model")
    for name, depth in (("connect_four", 4), ("tic_tac_toe", 9), ("othello", 3)):
        search = alphabeta(rules(name), max_depth=depth, table_bits=14)
        for _ in range(15):
            state = random_state(name, rng, 8)
            alone = decide(search, state)
            replies = {a: rng.random() for a in range(9)}
            told = decide(search, state, says(MODEL, replies))
            assert told.value == alone.value
            assert told.action in {alone.action, *alone.notes["ties"]}


# --- whatever is said -----------------------------------------------------------------------------


def random_state(name: str, rng: Random, most: int, least: int = 0) -> State:
    """Return a position in which there is something to decide."""
    while True:
        state = make_game(name).new_initial_state()
        for _ in range(rng.randint(least, most)):
            if not state.is_terminal():
                state.apply_action(rng.choice(state.legal_actions()))
        if not state.is_terminal() and len(state.legal_actions()) > 1:
            return state


USELESS: list[tuple[dict[Any, Any], float]] = [
    ({}, 1.0),
    ({99: 1.0, -1: 1.0}, 1.0),
    ({0: NAN, 1: INF, 2: -INF}, 1.0),
    ({0: None, 1: "x"}, 1.0),
    ({0: 1.0}, 0.0),
    ({0: 1.0}, -1.0),
    ({0: 1.0}, NAN),
    ({0: 1.0}, INF),
]


@pytest.mark.parametrize("question", list(Question))
@pytest.mark.parametrize(("weights", "trust"), USELESS)
def test_useless_answers_are_ignored_and_counted(
    question: Question, weights: dict[Any, Any], trust: float
) -> None:
    state = played("connect_four", [3, 3])
    alone = decide(shallow(4), state)
    told = decide(shallow(4), state, says(question, weights, trust))
    assert (told.action, told.values) == (alone.action, alone.values)
    assert told.iterations == alone.iterations
    assert (told.notes["advice_used"], told.notes["advice_ignored"]) == ((), 1)


def test_a_guide_that_breaks_costs_its_advice_alone() -> None:
    class Broken(Says):
        def poll(self) -> list[Advice]:
            raise ConnectionError("gone")

    state = played("connect_four", [3])
    told = decide(shallow(), state, Broken(Advice(PROPOSE, {0: 1.0}, 1.0)))
    assert told.action == decide(shallow(), state).action
    assert told.notes["guide_error"] == "ConnectionError: gone"
    odd = decide(shallow(), state, Says(Advice(PROPOSE, None, 1.0)))  # type: ignore[arg-type]
    assert "guide_error" in odd.notes


@pytest.mark.slow
@pytest.mark.parametrize("name", ["connect_four", "tic_tac_toe", "othello"])
def test_no_answer_costs_a_proved_win_or_walks_into_a_proved_loss(name: str) -> None:
    """Whatever is said: what plain search proves at this depth decides."""
    rng = Random(f"fuzz {name}")
    kernels = rules(name)
    depth = 3
    plain = alphabeta(kernels, max_depth=depth, table_bits=12, all_values=True)
    search = alphabeta(kernels, max_depth=depth, table_bits=12)
    seen = [0, 0]
    for _ in range(120):
        state = random_state(name, rng, *((58, 54) if name == "othello" else (30, 0)))
        truth = decide(plain, state)
        wins = {a for a, v in truth.values.items() if v > 0.96}
        losses = {a for a, v in truth.values.items() if v < -0.96}
        odd: list[Any] = [NAN, INF, -INF, 1e308, -5.0, 1.0, -1.0, 0.5, 0.0]
        wrong = [
            # the opposite of the truth, and noise
            Advice(EVALUATE, {a: -1.0 if a in wins else 1.0 for a in truth.values}, 1.0),
            Advice(PROPOSE, {a: 1e-9 if a in wins else 1.0 for a in truth.values}, 1.0),
            Advice(MODEL, {a: rng.random() for a in range(kernels.num_actions)}, 1.0),
        ]
        noise = [
            Advice(
                rng.choice(list(Question)),
                {rng.randint(-2, kernels.num_actions): rng.choice(odd) for _ in range(9)},
                rng.choice([0.1, 1.0, 1e9, NAN, -1.0]),
            )
            for _ in range(4)
        ]
        for said in (wrong, [*noise, *wrong], noise):
            told = decide(search, state, Says(*said))
            assert told.action in state.legal_actions()
            if wins:
                seen[0] += 1
                assert told.action in wins
            elif losses and len(losses) < len(truth.values):
                seen[1] += 1
                assert told.action not in losses
            notes = told.notes
            heard = len(notes["advice_used"]) + notes["advice_ignored"]
            # Where the first ply has proved enough, nobody is listened to.
            assert heard == len(said) or (heard == 0 and (wins or losses))
    assert min(seen) > 5


# --- waiting --------------------------------------------------------------------------------------


class Slow(Says):
    """Answers after some seconds; never where ``dead``."""

    def __init__(self, *advice: Advice, seconds: float) -> None:
        super().__init__(*advice)
        self.due = time.perf_counter() + seconds

    def poll(self) -> list[Advice]:
        self.polls += 1
        if time.perf_counter() < self.due:
            return []
        said, self.advice = self.advice, []
        return said


def test_without_a_clock_the_guide_is_waited_for() -> None:
    search = alphabeta(ConnectFour().kernels(), iterations=3000, table_bits=12)
    state = played("connect_four", START)
    advice = Advice(EVALUATE, {0: 1.0, 3: -0.2}, 0.5)
    at_once, late = (
        decide(search, state, Says(advice)),
        decide(search, state, Says(advice, after=9)),
    )
    assert late.notes["advice_used"] == ("evaluate:",)
    assert (late.action, late.values) == (at_once.action, at_once.values)
    again = decide(search, state, Slow(advice, seconds=0.1))
    assert (again.action, again.values) == (late.action, late.values)


def test_with_a_clock_it_is_waited_for_until_the_time_is_over() -> None:
    tic_tac_toe = alphabeta(rules("tic_tac_toe"), seconds=0.3, table_bits=12)
    state = played("tic_tac_toe", [])
    told = decide(tic_tac_toe, state, Slow(Advice(PROPOSE, {7: 1.0}, 1.0), seconds=0.1))
    assert told.action == 7  # solved at once, but all moves draw
    assert told.seconds < 0.28
    never = decide(tic_tac_toe, state, Slow(Advice(PROPOSE, {7: 1.0}, 1.0), seconds=99))
    assert 0.29 < never.seconds < 0.6
    assert never.notes["advice_used"] == ()


def test_nothing_is_waited_for_where_no_answer_can_change_the_decision() -> None:
    search = alphabeta(rules("tic_tac_toe"), seconds=5, table_bits=12)
    slow = Advice(PROPOSE, {8: 1.0}, 1.0)
    for moves in ([0, 3, 1, 4], [0, 3, 1]):  # wins with c3; only c3 does not lose
        told = decide(search, played("tic_tac_toe", moves), Slow(slow, seconds=99))
        assert told.action == 2
        assert told.seconds < 1
