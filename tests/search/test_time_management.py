"""Time for a whole battle: the policy, its seat at an agent, and what a server's timer says."""

import time
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest

from plywise.arena.agents.catalog import agent_config
from plywise.arena.agents.clocked import ClockedAgent, TimedAgent
from plywise.arena.agents.factory import AgentFactory
from plywise.arena.agents.kinds.random import RandomAgent
from plywise.arena.play.match import play_game
from plywise.conf.schemas.game import GoofspielConfig
from plywise.conf.schemas.llm import NoLLMGroup
from plywise.conf.schemas.search import SimultaneousGroup
from plywise.games.base import TimeLeft
from plywise.games.showdown.server_timer import ServerTimer
from plywise.search.decision import Decision
from plywise.search.time_management import (
    LEAST_SECONDS,
    MARGIN_SECONDS,
    BattleClock,
    time_weight,
    to_come,
)


@pytest.mark.parametrize("choices", [2, 9, 13, 40])
@pytest.mark.parametrize("usual", [None, 0.5, 1e9])
def test_a_budget_lasts_however_long_the_battle(usual: float | None, choices: int) -> None:
    clock = BattleClock(usual, budget=60.0)
    for _ in range(5000):
        seconds = clock.allowance(choices)
        assert seconds is not None
        assert 0 < seconds <= 60.0 - clock.spent
        clock.spend(seconds, choices)
    assert clock.spent < 60.0


def test_a_battle_of_usual_length_uses_most_of_its_budget() -> None:
    clock = BattleClock(None, budget=60.0)
    rng = Random(1)
    longest = 0.0
    for _ in range(30):
        choices = rng.choice([1, 2, 4, 8, 9, 13])
        seconds = clock.allowance(choices)
        assert seconds is not None
        longest = max(longest, seconds)
        clock.spend(seconds, choices)
    assert clock.spent > 30.0
    assert longest < 6.0


def test_more_choice_gets_more_time_and_none_gets_none() -> None:
    clock = BattleClock(10.0, budget=60.0)
    given = [clock.allowance(n) for n in (1, 2, 5, 9, 13)]
    assert given[0] == 0.0
    assert given == sorted(given, key=lambda x: x or 0.0)
    assert len(set(given)) == len(given)
    assert time_weight(9) == pytest.approx(1.0)
    clock.spend(5.0, 1)
    assert (clock.made, clock.spent) == (0, 5.0)


def test_more_left_never_gives_less() -> None:
    for made in (0, 10, 29, 200):
        previous = 0.0
        for left in range(0, 400, 3):
            clock = BattleClock(8.0, made=made)
            now = clock.allowance(9, turn_left=left, bank_left=left)
            assert now is not None
            assert now > 0.0
            assert now >= previous or now == LEAST_SECONDS
            if left > MARGIN_SECONDS:
                assert now <= left - MARGIN_SECONDS
                previous = now
        assert previous <= 8.0


def test_without_limits_there_is_none() -> None:
    assert BattleClock(None).allowance(9) is None
    assert BattleClock(2.0).allowance(9) == 2.0
    assert BattleClock(2.0).allowance(2) == 2.0  # a usual decision's time is no share
    assert BattleClock(None, spent=0.0).allowance(9, turn_left=20.0) == 15.0
    assert BattleClock(2.0, budget=1.0, spent=9.0).allowance(9) == LEAST_SECONDS


def test_what_is_to_come() -> None:
    assert [to_come(n) for n in (0, 15, 25, 100)] == [30, 15, 12.5, 50]


@pytest.mark.parametrize("slow", [0.0, 0.4])
@pytest.mark.parametrize("adds", [0.0, 10.0])
@pytest.mark.parametrize("step", [1, 5])
def test_showdowns_timer_never_runs_out(slow: float, adds: float, step: int) -> None:
    # The server's own arithmetic: 150 s and 60 s of grace, at most 150 s a turn, so much added each
    # turn (none at worst), whole steps of 5 s counted as used when they begin (harsher than it is).
    bank = 210.0
    clock = BattleClock(usual=25.0)
    for turn in range(1000):
        allowed = clock.allowance(9, turn_left=min(bank, 150.0), bank_left=bank)
        assert allowed is not None
        used = allowed * (1 + slow) if turn < 100 else allowed
        clock.spend(used, 9)
        if used < 0.05 and not adds:
            return  # decisions that cost nothing: it can go on for ever
        bank -= used if step == 1 else 5.0 * int(used // 5.0)
        assert bank > 0.0, turn
        bank = min(bank + adds, 150.0)


class Sleepy(TimedAgent):
    """An agent that takes what it is given, at most 0.05 s."""

    def __init__(self) -> None:
        super().__init__("sleepy", 4.0, 60.0)
        self.given: list[float | None] = []

    def decide_within(self, state: Any, player: int, seed: int, allowed: float | None) -> Decision:
        self.given.append(allowed)
        time.sleep(min(0.05, allowed or 0.0))
        return Decision(0, {0: 1.0})


def place(choices: int, left: TimeLeft | None = None) -> Any:
    return SimpleNamespace(legal_actions=lambda player: list(range(choices)), time_left=left)


def test_each_battle_has_its_own_clock() -> None:
    agent = Sleepy()
    one, other = agent.for_one_game(), agent.for_one_game()
    assert isinstance(one, ClockedAgent)
    assert isinstance(other, ClockedAgent)
    first = one.decide(place(9), 0, 1)
    one.decide(place(9), 0, 2)
    other.decide(place(9), 0, 1)
    one.decide(place(1), 0, 3)
    assert agent.given[0] == pytest.approx(0.95 * 60 / 30)
    assert agent.given[1] == pytest.approx((0.95 * 60 - 0.05) / 29, abs=0.01)
    assert agent.given[2] == agent.given[0]
    assert agent.given[3] == 0.0
    assert first.notes["allowed_seconds"] == agent.given[0]
    plain = RandomAgent()
    assert plain.for_one_game() is plain


class Preparing(Sleepy):
    """Takes its time for the first decision."""

    def usual_seconds(self, state: Any, player: int) -> float | None:
        return 5.0 if len(self.given) == 0 else super().usual_seconds(state, player)


def test_an_agent_may_take_longer_for_some_decisions() -> None:
    agent = Preparing()
    now = time.perf_counter()
    left = TimeLeft(now + 1000.0, now + 1000.0)
    agent._budget = None
    clocked = agent.for_one_game()
    notes = [clocked.decide(place(9, left), 0, k).notes for k in range(2)]
    assert agent.given == [5.0, 4.0]
    assert notes == [{}, {}]


def test_a_clocked_agent_minds_the_servers_timer() -> None:
    agent = Sleepy()
    now = time.perf_counter()
    ClockedAgent(agent).decide(place(9, TimeLeft(now + 6.0, now + 300.0)), 0, 1)
    ClockedAgent(agent).decide(place(9, TimeLeft(now + 3.0, now + 3.0)), 0, 1)
    ClockedAgent(agent).decide(place(9, TimeLeft(now + 150.0, now + 35.0)), 0, 1)
    assert agent.given[0] == pytest.approx(1.0, abs=0.1)
    assert agent.given[1] == LEAST_SECONDS
    assert agent.given[2] == pytest.approx(1.0, abs=0.1)


def test_a_search_keeps_to_the_budget_of_a_game() -> None:
    search = SimultaneousGroup(seconds=None, battle_seconds=0.6, worlds=2, threads=2)
    factory = AgentFactory(GoofspielConfig(cards=8), search, NoLLMGroup())
    agent = factory.build(agent_config("search"))
    notes: list[Any] = []

    class Watcher:
        def thinking(self, ply: int, player: int) -> None:
            pass

        def decided(self, ply: int, player: int, decision: Decision) -> None:
            notes.append(decision.notes)

    for seed in (1, 2):
        record = play_game(factory.game, (agent, agent), seed, watcher=Watcher())
        assert record.error == ""
        for side in record.sides:
            assert 0.05 < side.seconds < 0.6
    allowed = [note.get("allowed_seconds") for note in notes]
    assert allowed[0] == pytest.approx(0.95 * 0.6 / 30, rel=0.1)
    assert allowed[len(allowed) // 2] == allowed[0]  # the second game begins anew
    factory.close()


def line(text: str) -> list[str]:
    return text.split("|")


def test_the_servers_timer_is_read() -> None:
    timer = ServerTimer()
    assert timer.left(100.0) is None
    timer.read(line("|inactive|Battle timer is ON: inactive players will lose."), 100.0)
    assert timer.running
    assert timer.left(100.0) is None
    timer.read(line("|inactive|Time left: 150 sec this turn | 150 sec total | 60 sec grace"), 101.0)
    timer.read(line("|inactive|Somebody has 30 seconds left this turn."), 102.0)
    assert timer.left(104.0) == TimeLeft(251.0, 311.0)
    # Deciding began before the report came: 19 s of it count.
    timer.answered(100.5, 120.0)
    assert not timer.fresh
    assert timer.left(500.0) == TimeLeft(500.0 + 131.0, 500.0 + 191.0)
    timer.read(line("|inactive|Time left: 145 sec this turn | 145 sec total"), 501.0)
    assert timer.left(505.0) == TimeLeft(646.0, 646.0)
    timer.read(line("|inactiveoff|Battle timer is now OFF."), 502.0)
    assert timer.left(502.0) is None
    assert not timer.running


def test_a_timer_that_never_reports_is_off() -> None:
    timer = ServerTimer(running=True)
    timer.missed()
    assert not timer.running
    timer.read(line("|inactive|Time left: 150 sec this turn | 150 sec total"), 1.0)
    timer.answered(1.0, 2.0)
    timer.missed()
    assert timer.running


@pytest.mark.parametrize(
    "text",
    [
        "|inactive",
        "|inactive|",
        "|inactive|Time left: x sec this turn | 1 sec total",
        "|inactive|Time left: 5 sec this turn | 5 sec total has 30 seconds left.",
        "|inactiveoff|The timer can't be re-enabled so soon after disabling it (9 seconds).",
    ],
)
def test_other_lines_change_nothing(text: str) -> None:
    timer = ServerTimer()
    timer.read(line("|inactive|Time left: 150 sec this turn | 150 sec total"), 1.0)
    timer.read(line(text), 2.0)
    assert timer.left(2.0) == TimeLeft(151.0, 151.0)
