"""``llm.ask``: a search says how sure it is, and nothing is asked where an answer is idle."""

from dataclasses import dataclass, field
from math import log
from typing import Any

import pytest

from plywise.arena.agents.catalog import agent_config
from plywise.arena.agents.factory import AgentFactory
from plywise.conf.schemas.game import GameConfig
from plywise.conf.schemas.llm import StandInGroup
from plywise.conf.schemas.search import AlphaBetaGroup
from plywise.engine.kernels import RulesKernels
from plywise.games.registry import make_game
from plywise.search.alphabeta import config as alphabeta_config
from plywise.search.alphabeta.search import AlphaBeta
from plywise.search.guide.protocol import Advice, Consultation, GuideReport, Question, Uncertainty
from plywise.search.guide.when_to_ask import (
    CheckSchedule,
    ConditionalConsultation,
    UncertaintyThresholds,
    entropy,
    variation,
)
from plywise.search.simultaneous.config import SimultaneousConfig
from plywise.search.simultaneous.search import SimultaneousSearch


def alphabeta(kernels: RulesKernels, **settings: Any) -> AlphaBeta:
    """Return a search without a clock and to the end of the game, but for ``settings``."""
    limits = {"seconds": None, "max_depth": None, **settings}
    return AlphaBeta(kernels, alphabeta_config.AlphaBetaConfig(**limits))


@dataclass
class Oracle(Consultation):
    """Answers at once, in favour of one action."""

    best: int
    answers: list[Advice] = field(default_factory=list)

    def __post_init__(self) -> None:
        values = {a: 1.0 if a == self.best else -1.0 for a in range(7)}
        self.answers.append(Advice(Question.EVALUATE, values, 1.0, "oracle"))

    @property
    def finished(self) -> bool:
        return not self.answers

    def poll(self) -> list[Advice]:
        answers, self.answers = self.answers, []
        return answers

    def close(self) -> GuideReport:
        return GuideReport(calls=1)


class Ask:
    """Counts how often a guide was opened."""

    def __init__(self, thresholds: UncertaintyThresholds, best: int = 0) -> None:
        self.opened = 0
        self.best = best
        self.guide = ConditionalConsultation(self._open, thresholds)

    def _open(self) -> Consultation:
        self.opened += 1
        return Oracle(self.best)


NEVER_SURE = UncertaintyThresholds(gap=2.0)
ALWAYS_SURE = UncertaintyThresholds(gap=-1.0, entropy=2.0, worlds=2.0)


# --- the measures ---------------------------------------------------------------------------------


def test_entropy_and_variation() -> None:
    assert entropy([1.0, 0.0, 0.0]) == 0.0
    assert entropy([0.25] * 4) == pytest.approx(1.0)
    assert entropy([0.5, 0.5, 0.0]) == pytest.approx(log(2) / log(3))
    assert entropy([1.0]) == 0.0
    same = [{1: 0.5, 2: 0.5}] * 3
    assert variation(same, [0.2, 0.3, 0.5]) == pytest.approx(0.0)
    assert variation([{1: 1.0}, {2: 1.0}], [0.5, 0.5]) == pytest.approx(0.5)
    assert variation([{1: 1.0}, {2: 1.0}, {}], [0.5, 0.5, 0.0]) == pytest.approx(0.5)


def test_any_one_threshold_is_enough_but_not_for_what_is_settled() -> None:
    thresholds = UncertaintyThresholds(gap=0.1, entropy=0.5, worlds=0.5)
    assert not thresholds.reached_by(Uncertainty(0.3, 0.1, 0.1))
    assert thresholds.reached_by(Uncertainty(0.05))
    assert thresholds.reached_by(Uncertainty(0.3, entropy=0.6))
    assert thresholds.reached_by(Uncertainty(0.3, worlds=0.6))
    assert not thresholds.reached_by(Uncertainty(0.0, 1.0, 1.0, settled=True))


def test_checks_come_after_a_tenth_and_whenever_that_has_doubled_up_to_half() -> None:
    by_work = CheckSchedule(0.0, None)
    at = [done for done in range(1001) if by_work.due(0.0, done, 1000)]
    assert at == [100, 200, 400]
    by_clock = CheckSchedule(10.0, 12.0)
    times = (10.1, 10.25, 10.3, 10.5, 11.5, 11.9)
    assert [t for t in times if by_clock.due(t, 0, None)] == [10.25, 10.5]
    assert CheckSchedule(0.0, None).work_left(30, 1000) == 70
    assert CheckSchedule(0.0, None).work_left(30, None) > 10**6


# --- the searches ---------------------------------------------------------------------------------


def connect_four(moves: str) -> Any:
    state = make_game("connect_four").new_initial_state()
    for move in moves:
        state.apply_action(int(move) - 1)
    return state.flat()


@pytest.mark.parametrize("limits", [{"max_depth": 4}, {"iterations": 20_000}, {"seconds": 0.3}])
def test_alpha_beta_asks_when_it_is_unsure_and_the_answer_decides(limits: dict[str, Any]) -> None:
    kernels = make_game("connect_four").kernels()
    assert kernels is not None
    search = alphabeta(kernels, advice_plies=1000, **limits)
    asked = Ask(NEVER_SURE, best=6)
    decision = search.decide(connect_four(""), 0, asked.guide)
    assert asked.opened == 1
    assert asked.guide.verdict.startswith("unsure: gap")
    assert decision.notes["advice_used"] == ("evaluate:oracle",)
    if "seconds" not in limits:  # which may end before the depth that would judge it anew
        assert decision.action == 6
    sure = Ask(ALWAYS_SURE, best=6)
    alone = search.decide(connect_four(""), 0, sure.guide)
    assert sure.opened == 0
    assert sure.guide.verdict.startswith("sure: gap")
    assert alone.notes["advice_used"] == ()
    assert sure.guide.close().spared == 1


def test_alpha_beta_asks_nothing_about_a_proved_win() -> None:
    kernels = make_game("connect_four").kernels()
    assert kernels is not None
    asked = Ask(NEVER_SURE)
    decision = alphabeta(kernels, max_depth=4).decide(connect_four("121212"), 0, asked.guide)
    assert decision.action == 0
    assert asked.opened == 0
    assert "settled" in asked.guide.verdict


def test_the_battle_search_asks_on_the_same_iteration_every_time() -> None:
    game = make_game("goofspiel", cards=5)
    kernels = game.kernels()
    assert kernels is not None
    config = SimultaneousConfig(seconds=None, iterations=2000)
    search = SimultaneousSearch(kernels, config)
    worlds = game.new_initial_state().flat()
    verdicts, strategies = set(), []
    for _ in range(2):
        asked = Ask(NEVER_SURE, best=2)
        decision = search.decide(worlds, None, 0, 7, asked.guide)
        assert asked.opened == 1
        assert decision.notes["advice_used"] == ("evaluate:oracle",)
        verdicts.add(asked.guide.verdict)
        strategies.append((dict(decision.strategy), dict(decision.values)))
    assert len(verdicts) == 1
    assert strategies[0] == strategies[1]
    alone = search.decide(worlds, None, 0, 7)
    sure = search.decide(worlds, None, 0, 7, Ask(ALWAYS_SURE).guide)
    assert sure.values == alone.values  # a look costs nothing and changes nothing


def test_a_guide_that_fails_while_it_is_opened_costs_its_advice_alone() -> None:
    kernels = make_game("connect_four").kernels()
    assert kernels is not None

    def broken() -> Consultation:
        raise RuntimeError("no briefing")

    guide = ConditionalConsultation(broken, NEVER_SURE)
    decision = alphabeta(kernels, max_depth=3).decide(connect_four(""), 0, guide)
    assert "no briefing" in decision.notes["guide_error"]


# --- as configured --------------------------------------------------------------------------------


def decided(seed: int, **llm: Any) -> dict[str, Any]:
    """Decide once in tic-tac-toe with the stand-in as guide; return the notes."""
    group = StandInGroup(guides=["propose", "evaluate"])
    factory = AgentFactory(GameConfig("tic_tac_toe"), AlphaBetaGroup(max_depth=2), group)
    agent = factory.build(agent_config("llm_search", llm=llm))
    state = factory.game.new_initial_state()
    notes = dict(agent.decide(state, 0, seed).notes)
    factory.close()
    return notes


def test_the_settings_say_when_and_the_notes_say_why() -> None:
    always = decided(1, ask="always")
    assert always["guide"].calls == 2
    assert "ask" not in always
    unsure = decided(1, ask="uncertain", unsure_gap=2.0)
    assert unsure["ask"].startswith("unsure: gap")
    assert unsure["transcript"] == always["transcript"]
    sure = decided(1, ask="uncertain", unsure_gap=0.0, unsure_entropy=2.0)
    assert sure["ask"].startswith("sure: gap")
    assert (sure["guide"].calls, sure["guide"].spared) == (0, 1)


@pytest.mark.parametrize("llm", [{"ask": "never"}, {"trust": 0.0}])
def test_never_and_without_trust_nothing_is_asked(llm: dict[str, Any]) -> None:
    notes = decided(1, **llm)
    assert "guide" not in notes
    assert notes["advice_used"] == ()
