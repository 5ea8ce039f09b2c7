"""An opponent that follows its prior in the search, and priors that scale exploration.

The exact value of a matrix game in which the opponent follows a known prior with probability p and
answers best otherwise is the matrix game of the payoffs ``p * A @ prior + (1 - p) * A`` (a
restricted Nash response), solved exactly.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from plywise.engine.compile.jit import kernel_of
from plywise.engine.kernels import SIMULTANEOUS, TERMINAL, RulesKernels, signatures
from plywise.search.exact.matrix import solve
from plywise.search.guide.protocol import Advice, Consultation, GuideReport, Question
from plywise.search.simultaneous.config import SimultaneousConfig
from plywise.search.simultaneous.search import SimultaneousSearch

ACTIONS = 4
STATE = np.dtype(
    (
        np.record,
        [
            ("rng", np.uint64),
            ("payoff", np.float64, (ACTIONS, ACTIONS)),
            ("actions", np.int64),
            ("result", np.float64),
            ("over", np.int64),
        ],
    )
)
SIGNATURES = signatures(STATE)
RPS = [[0.0, -0.5, 0.5], [0.5, 0.0, -0.5], [-0.5, 0.5, 0.0]]
TILTED = [[0.9, -0.3], [-0.6, 0.4]]


@kernel_of(SIGNATURES.step)
def step(pool: Any, i: int, a0: int, a1: int) -> None:
    pool[i].result = pool[i].payoff[a0, a1]
    pool[i].over = 1


@kernel_of(SIGNATURES.legal)
def legal(pool: Any, i: int, player: int, out: Any) -> int:
    count = int(pool[i].actions)
    for a in range(count):
        out[a] = a
    return count


@kernel_of(SIGNATURES.current)
def current(pool: Any, i: int) -> int:
    return TERMINAL if int(pool[i].over) != 0 else SIMULTANEOUS


@kernel_of(SIGNATURES.returns)
def returns(pool: Any, i: int) -> float:
    return float(pool[i].result)


@kernel_of(SIGNATURES.evaluate)
def evaluate(pool: Any, i: int) -> float:
    return 0.0


@kernel_of(SIGNATURES.reseed)
def reseed(pool: Any, i: int, seed: int) -> None:
    pool[i].rng = seed


FIRST = 0.9  # how sure the priors are of the first action


@kernel_of(SIGNATURES.priors)
def mostly_first(pool: Any, i: int, player: int, legal: Any, count: int, out: Any) -> None:
    for k in range(count):
        out[k] = 0.9 if k == 0 else 0.1 / (count - 1)


RULES = RulesKernels(STATE, ACTIONS, step, legal, current, returns, evaluate, reseed)
HABITUAL = replace(RULES, priors=mostly_first)
FIXED: dict[str, Any] = {"seconds": None, "discount": 1.0, "exploration": 1.0}


def matrix_game(payoff: list[list[float]]) -> NDArray[Any]:
    """A state in which both choose once."""
    pool = np.zeros(1, STATE)
    pool[0].payoff[: len(payoff), : len(payoff)] = payoff
    pool[0].actions = len(payoff)
    return pool


def with_prior(**settings: Any) -> SimultaneousSearch:
    config = SimultaneousConfig(**{**FIXED, "prior_trust": 1.0, **settings})
    return SimultaneousSearch(HABITUAL, config)


def restricted(payoff: NDArray[np.float64], player: int, weight: float) -> float:
    """Return what ``player`` can be sure of against such an opponent, in its own payoffs."""
    own = payoff if player == 0 else -payoff.T
    usual = np.full(own.shape[1], (1 - FIRST) / (own.shape[1] - 1))
    usual[0] = FIRST
    mixed = weight * (own @ usual)[:, None] + (1 - weight) * own
    return float(solve(mixed).value)


@pytest.mark.parametrize("payoff", [RPS, TILTED])
@pytest.mark.parametrize("player", [0, 1])
@pytest.mark.parametrize("weight", [0.5, 1.0])
@pytest.mark.parametrize("algorithm", ["uct", "regret"])
def test_the_value_is_that_of_the_restricted_game(
    payoff: list[list[float]], player: int, weight: float, algorithm: str
) -> None:
    engine = with_prior(opponent_prior=weight, iterations=60_000, algorithm=algorithm)
    found = engine.decide(matrix_game(payoff), None, player, seed=2)
    truth = restricted(np.array(payoff), player, weight)
    assert found.value == pytest.approx(truth, abs=0.06)
    assert found.opponent[0] >= weight * FIRST - 0.02


def test_a_certain_prior_is_answered_best() -> None:
    found = with_prior(opponent_prior=1.0, iterations=3000).decide(
        matrix_game(RPS), None, 0, seed=2
    )
    assert found.action == 1  # paper, against the rock that comes nine times of ten
    assert found.values[1] == pytest.approx(0.5 * (0.9 - 0.05), abs=0.05)


def test_without_trust_and_weight_priors_change_nothing() -> None:
    alone = SimultaneousSearch(RULES, SimultaneousConfig(**{**FIXED, "iterations": 2000}))
    plain = alone.decide(matrix_game(RPS), None, 0, seed=5)
    found = with_prior(iterations=2000, prior_trust=0.0, opponent_prior=0.0)
    assert found.decide(matrix_game(RPS), None, 0, seed=5).visits == plain.visits


def test_priors_come_first_and_remove_nothing() -> None:
    even = matrix_game([[0.0] * 4] * 4)
    found = with_prior(iterations=400, opponent_prior=0.0).decide(even, None, 0, seed=5)
    assert found.visits[0] > 2 * max(found.visits[a] for a in (1, 2, 3))
    assert min(found.visits.values()) > 5
    # What they find unlikely is found all the same where it is best.
    last = matrix_game([[0.0] * 4, [0.0] * 4, [0.0] * 4, [0.4] * 4])
    assert with_prior(iterations=400, opponent_prior=0.0).decide(last, None, 0, seed=5).action == 3


class Scissors(Consultation):
    """A guide that predicts the third action at once."""

    finished = False

    def poll(self) -> list[Advice]:
        done, self.finished = self.finished, True
        return [] if done else [Advice(Question.MODEL, {2: 1.0}, 1.0)]

    def close(self) -> GuideReport:
        return GuideReport()


def test_a_prediction_of_a_guide_becomes_the_prior() -> None:
    engine = with_prior(opponent_prior=1.0, iterations=3000)
    found = engine.decide(matrix_game(RPS), None, 0, seed=2, consultation=Scissors())
    assert found.action == 0
