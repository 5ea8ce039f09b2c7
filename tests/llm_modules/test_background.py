"""Briefings are written while the search thinks: they cost a decision neither time nor its life."""

import threading
import time
from typing import Any

import pytest

from plywise.arena.agents.board_search import AlphaBetaAgent
from plywise.arena.guidance.advised import Advised, make_consult
from plywise.conf.schemas.search import AlphaBetaGroup
from plywise.games.base import Briefing
from plywise.games.grid.connect_four import ConnectFour, ConnectFourState
from plywise.llm_modules.calls.settings import LLMConfig
from plywise.llm_modules.guides.background import BackgroundBriefer
from plywise.llm_modules.guides.guides import GuideConfig, LLMConsultant
from plywise.llm_modules.providers.mock import MockEndpoint, scores
from plywise.llm_modules.providers.openai import LLMClient
from plywise.search.decision import Decision

SECONDS = 0.2


class Slow(ConnectFour):
    """Connect Four with a briefing that waits, then is written or fails."""

    def __init__(self, until: threading.Event, error: Exception | None = None) -> None:
        super().__init__()
        self.until, self.error = until, error
        self.written = threading.Event()

    def new_initial_state(self, seed: int | None = None) -> ConnectFourState:
        return SlowState(self)


class SlowState(ConnectFourState):
    game: Slow

    def briefing(self, player: int) -> Briefing:
        try:
            self.game.until.wait(10.0)
            if self.game.error is not None:
                raise self.game.error
            return super().briefing(player)
        finally:
            self.game.written.set()


def decide(game: Slow, seconds: float = SECONDS) -> tuple[Decision, int, float]:
    """Return the decision, how many requests the endpoint got, and the seconds that it took."""
    with MockEndpoint(lambda request: scores({"A": 0.0, "B": -3.0})) as endpoint:
        with LLMClient(LLMConfig(endpoint.base_url, "m")) as client:
            consultant = LLMConsultant(client, GuideConfig(guides=("propose",)))
            search = AlphaBetaGroup(seconds=seconds, table_bits=12)
            advised = Advised(make_consult(consultant, seconds))
            agent = AlphaBetaAgent("guided", game.kernels(), search, advised)
            start = time.perf_counter()
            decision = agent.decide(game.new_initial_state(), 0, 1)
            taken = time.perf_counter() - start
            game.until.set()
            assert game.written.wait(10.0)
            time.sleep(0.05)  # for a question that must not be asked
        return decision, len(endpoint.requests), taken


def test_a_briefing_that_is_not_ready_is_not_waited_for() -> None:
    decision, requests, taken = decide(Slow(threading.Event()))
    assert taken < 5.0  # the briefing alone would wait for ten seconds
    assert requests == 0  # nobody wants the answer any more
    assert decision.notes["guide"].late == 1
    assert decision.notes["guide"].used == 0


@pytest.mark.slow
def test_a_briefing_that_is_ready_in_time_is_asked_about() -> None:
    ready = threading.Event()
    ready.set()
    decision, requests, _ = decide(Slow(ready), seconds=2.0)
    assert requests == 1
    assert decision.notes["guide"].used == 1
    assert decision.notes["transcript"][0]["question"] == "propose"


def test_a_briefing_that_fails_costs_the_advice_alone(caplog: pytest.LogCaptureFixture) -> None:
    ready = threading.Event()
    ready.set()
    decision, requests, _ = decide(Slow(ready, ValueError("no such fact")))
    assert requests == 0
    assert decision.notes["guide"].failed == 1
    assert decision.notes["guide_error"] == "ValueError: no such fact"
    assert "no such fact" in caplog.text


def test_the_game_may_go_on_before_the_briefing_is_written() -> None:
    until = threading.Event()
    game = Slow(until)
    seen: list[Any] = []

    class Asked:
        def consult(self, briefing: Briefing, seed: int) -> Any:
            seen.append(briefing)
            raise StopIteration

    state = game.new_initial_state()
    make_consult(Asked(), SECONDS)(state, 0, 1)  # type: ignore[arg-type]
    state.apply_action(3)
    until.set()
    assert game.written.wait(10.0)
    expected = ConnectFour().new_initial_state().briefing(0)
    for _ in range(100):
        if seen:
            break
        time.sleep(0.01)
    assert seen[0].situation == expected.situation


def test_a_briefing_that_takes_too_long_is_not_begun_for_a_while() -> None:
    begun: list[int] = []
    briefer = BackgroundBriefer(0.1)

    def one(number: int) -> int:
        def brief() -> Briefing:
            begun.append(number)
            time.sleep(0.2)
            return ConnectFour().new_initial_state().briefing(0)

        def ask(briefing: Briefing) -> Any:
            raise AssertionError("nobody waits for it any more")

        consultation = briefer.begin(brief, ask)
        time.sleep(0.01)  # for its thread to begin, if it is to
        return consultation.close().late

    assert one(0) == 1
    deadline = time.monotonic() + 10.0
    while briefer.expected == 0.0 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert briefer.expected >= 0.1  # half of the way to what it took
    assert [one(k) for k in range(1, 6)] == [1] * 5
    assert begun == [0]
    number = 6
    while len(begun) == 1 and number < 200:  # after some time it is tried again
        one(number)
        number += 1
    assert 12 < number < 200
