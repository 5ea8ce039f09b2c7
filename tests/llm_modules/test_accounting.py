"""Costs as the endpoint counts them, to the token; budgets end the asking and never the play."""

import logging
import re
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from random import Random
from typing import Any

import pytest

from plywise.arena.agents.catalog import agent_config
from plywise.arena.agents.factory import AgentFactory
from plywise.arena.cli.main import main
from plywise.arena.play.match import play_game
from plywise.arena.play.record import Side
from plywise.conf.schemas.game import GameConfig
from plywise.conf.schemas.llm import BudgetGroup, OpenAIGroup
from plywise.conf.schemas.search import AlphaBetaGroup
from plywise.datasets.errors import ConfigError
from plywise.llm_modules.calls.accounting import Budget, Prices, Spent
from plywise.llm_modules.calls.chat import Call, Message, Request
from plywise.llm_modules.calls.errors import LLMBudgetError, LLMConfigError
from plywise.llm_modules.calls.settings import LLMConfig
from plywise.llm_modules.providers.mock import JSON, MockEndpoint, Reply, refuses, says, scores
from plywise.llm_modules.providers.openai import LLMClient


def request(text: str = "hello") -> Request:
    return Request((Message("user", text),), max_tokens=1)


def config(endpoint: MockEndpoint, **more: Any) -> LLMConfig:
    settings: dict[str, Any] = {"timeout": 5.0, "max_retries": 0, "model": "m"} | more
    return LLMConfig(endpoint.base_url, **settings)


def costly(request: JSON) -> Reply:
    """Answer with other token counts each time, or fail in one of many ways."""
    mind = Random(request["messages"][-1]["content"])
    usage = {"prompt_tokens": mind.randint(50, 5000), "completion_tokens": mind.randint(1, 90)}
    letters = re.findall(r"(?m)^([A-Z])\. ", request["messages"][-1]["content"])
    mood = mind.random()
    if mood < 0.05:
        return refuses(400, "no")
    if mood < 0.1:  # tokens are charged for a completion without a choice
        reply = says("x", **usage)
        return Reply(200, re.sub(rb'"choices": \[.*?\}\],', b'"choices": [],', reply.body),
                     tokens=reply.tokens)  # fmt: skip
    if mood < 0.15:
        return says("None of these.", **usage)
    if mood < 0.2:
        return Reply(hang_up=True)
    return scores({x: -mind.random() for x in letters}, delay=mind.random() * 0.02, **usage)


def play(endpoint: MockEndpoint, seeds: range) -> tuple[Side, dict[str, Any]]:
    """Play games of the model alone, which waits for every answer; return reports and usage."""
    group = OpenAIGroup(
        base_url=endpoint.base_url, model="m", timeout=5.0, max_retries=0,
        guides=["propose", "evaluate"], prompt_price=2.5, completion_price=10.0,
    )  # fmt: skip
    search = AlphaBetaGroup(seconds=None, iterations=100)
    factory = AgentFactory(GameConfig("tic_tac_toe"), search, group)
    total = Side()
    try:
        agent = factory.build(agent_config("llm"))
        for seed in seeds:
            record = play_game(factory.game, (agent, agent), seed)
            assert not record.error
            for side in record.sides:
                total.add(side)
        usage = factory._model.client().usage()
    finally:
        factory.close()
    return total, asdict(usage)


@pytest.mark.slow
def test_reports_equal_the_endpoints_own_count_to_the_token() -> None:
    with MockEndpoint(costly) as endpoint:
        report, usage = play(endpoint, range(5))
        requests = len(endpoint.requests)
    assert report.calls > 20
    assert report.failed > 3
    assert [report.prompt_tokens, report.completion_tokens] == endpoint.delivered
    assert report.cost == pytest.approx(
        (endpoint.delivered[0] * 2.5 + endpoint.delivered[1] * 10) / 1e6
    )
    hung_up = sum(costly(r).hang_up for r in endpoint.requests)
    assert 0 < hung_up == report.unmetered
    for name in ("calls", "cached", "prompt_tokens", "completion_tokens", "late", "unmetered"):
        assert usage[name] == getattr(report, name), name
    assert usage["cost"] == pytest.approx(report.cost)
    assert usage["calls"] == usage["requests"] == requests


def test_the_tokens_of_cancelled_calls_are_unknown() -> None:
    slow: Callable[[JSON], Reply] = lambda _: says("x", delay=20.0, prompt_tokens=70)  # noqa: E731
    with MockEndpoint(slow) as endpoint, LLMClient(config(endpoint)) as llm:
        call = llm.submit(request())
        deadline = time.monotonic() + 5
        while not endpoint.requests and time.monotonic() < deadline:
            time.sleep(0.01)
        assert call.cancel()
        assert not call.mark_ended()
        while llm.usage().unmetered < 1 and time.monotonic() < deadline:
            time.sleep(0.01)
        usage = llm.usage()
    assert (usage.calls, usage.requests, usage.late, usage.unmetered) == (1, 1, 1, 1)
    assert (usage.prompt_tokens, endpoint.counted, endpoint.delivered) == (0, [70, 1], [0, 0])


def test_an_answer_and_giving_up_at_the_same_moment_agree() -> None:
    call = Call(request())
    assert call.mark_sent()
    assert call.mark_ended()
    assert not call.cancel()  # its tokens are counted: the asker takes the answer
    call = Call(request())
    assert call.cancel()
    assert not call.mark_sent()  # never sent, never counted
    assert call.spent == Spent()


def test_repeats_count_as_requests() -> None:
    script = [refuses(500, "once"), says("x", prompt_tokens=7)]
    with MockEndpoint(script) as endpoint, LLMClient(config(endpoint, max_retries=1)) as llm:
        llm.submit(request()).future.result(5)
        usage = llm.usage()
    assert (usage.calls, usage.requests, usage.prompt_tokens, usage.unmetered) == (1, 2, 7, 0)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("budget", "asked"),
    [
        (Budget(calls=3), 3),
        (Budget(calls=0), 0),
        (Budget(tokens=250), 3),  # 101 each: the third one ends beyond it
        (Budget(dollars=0.00025), 3),
        (Budget(seconds=1.0), 2),
        (Budget(), 8),
    ],
)
def test_a_budget_ends_the_asking_and_one_line_says_so(
    budget: Budget, asked: int, caplog: pytest.LogCaptureFixture
) -> None:
    settings = {"budget": budget, "prices": Prices(1.0, 0.0), "concurrency": 1}
    reply = says("x", delay=0.6 if budget.seconds else 0.0)
    with (
        caplog.at_level(logging.WARNING),
        MockEndpoint(lambda _: reply) as endpoint,
        LLMClient(config(endpoint, **settings)) as llm,
    ):
        calls = [llm.submit(request(str(n))) for n in range(4)]  # the queue is full at once
        ends = [call.future.exception(5) for call in calls]
        for number in range(4, 8):
            ends.append(llm.submit(request(str(number))).future.exception(5))
        assert isinstance(llm.submit(request("0")).future.exception(5), type(ends[0]))
        usage = llm.usage()
    assert len(endpoint.requests) == usage.calls == asked
    assert [e is None for e in ends] == [n < asked for n in range(8)]
    assert all(isinstance(e, LLMBudgetError) for e in ends[asked:])
    assert usage.over_budget == 8 - asked + (asked == 0)
    assert usage.cached == (asked > 0)  # what is known already costs nothing
    assert (usage.failed, usage.skipped) == (0, 0)
    lines = [r.getMessage() for r in caplog.records if "budget" in r.getMessage()]
    assert len(lines) == (asked < 8)
    assert all("llm.budget." in line and "the game continues" in line for line in lines)


def test_impossible_budgets_are_refused() -> None:
    for name in ("calls", "tokens", "dollars", "seconds"):
        with pytest.raises(LLMConfigError, match=rf"llm\.budget\.{name}"):
            Budget(**{name: -1})
        with pytest.raises(ConfigError, match=rf"llm\.budget\.{name}"):
            BudgetGroup(**{name: -1})


def test_processes_share_a_budget() -> None:
    whole = BudgetGroup(calls=10, tokens=7, dollars=3.0)
    assert whole.share(3) == BudgetGroup(calls=3, tokens=2, dollars=1.0)
    assert whole.share(1) == whole


@pytest.mark.slow
def test_a_tournament_tells_what_the_model_cost_and_plays_on_without_a_budget(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)

    def undecided(request: JSON) -> Reply:
        letters = re.findall(r"(?m)^([A-Z])\. ", request["messages"][-1]["content"])
        return scores(dict.fromkeys(letters, -1.0))

    with MockEndpoint(undecided) as endpoint:
        assert main([
            "tournament", "game=tic_tac_toe", "agents=[llm_search,random]", "llm=openai",
            f"llm.base_url={endpoint.base_url}", "llm.model=m", "llm.budget.calls=5",
            "llm.guides=[propose]", "llm.prompt_price=1000", "search.seconds=null",
            "search.iterations=50", "tournament.pairs=2", "tournament.jobs=1",
            "tournament.executor=inline",
            f"tournament.record={tmp_path}/r.sqlite", f"hydra.run.dir={tmp_path}/out",
        ]) == 0  # fmt: skip
    said = capsys.readouterr().out
    line = re.search(r"language model of llm_search: (.*)", said)
    assert line is not None
    found = re.fullmatch(
        r"5 calls, \d cached, (\d) late, 0 failed, \d+ not asked \(out of budget\); "
        r"tokens (\d+) in, (\d+) out, \$0\.\d+(?: \(of (\d) calls not known\))?",
        line[1],
    )
    assert found is not None, line[1]
    late, tokens_in, tokens_out, unknown = (int(number or 0) for number in found.groups())
    # A call may be given up, the game being decided, before the endpoint has read it or before
    # its answer has arrived: what such a call cost is then said to be unknown.
    assert unknown <= late
    assert 5 - late <= len(endpoint.requests) <= 5
    told_in, told_out = endpoint.delivered
    assert (tokens_in, tokens_out) == (100 * (5 - unknown), 5 - unknown)
    assert 100 * (5 - late) <= told_in <= 500
    assert 5 - late <= told_out <= 5
