"""Record and replay: what was recorded repeats byte for byte, without an endpoint."""

import json
import logging
import math
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from plywise.arena.agents.catalog import agent_config
from plywise.arena.agents.factory import AgentFactory
from plywise.arena.cli.main import main
from plywise.arena.output.files import plain
from plywise.arena.play.match import play_game
from plywise.arena.tournament.store import GameStore
from plywise.conf.schemas.agents import AgentConfig
from plywise.conf.schemas.game import GameConfig
from plywise.conf.schemas.llm import BudgetGroup, NoLLMGroup, OpenAIGroup
from plywise.conf.schemas.search import AlphaBetaGroup, SearchGroup, SimultaneousGroup
from plywise.datasets.errors import ConfigError
from plywise.llm_modules.calls.chat import Message, Request
from plywise.llm_modules.calls.errors import (
    LLMConfigError,
    LLMNotRecordedError,
    LLMServerError,
    LLMTimeoutError,
)
from plywise.llm_modules.calls.settings import LLMConfig
from plywise.llm_modules.providers.mock import JSON, MockEndpoint, Reply, refuses, says, scores
from plywise.llm_modules.providers.openai import LLMClient
from plywise.llm_modules.providers.replay import Replay
from plywise.search.decision import Decision

SECRET = "sk-very-secret-0123456789"


def request(text: str = "hello", seed: int | None = None) -> Request:
    return Request((Message("user", text),), max_tokens=1, top_logprobs=5, seed=seed)


def config(endpoint: MockEndpoint, path: Path, **more: Any) -> LLMConfig:
    settings: dict[str, Any] = {"timeout": 1.0, "max_retries": 0, "model": "m"} | more
    return LLMConfig(endpoint.base_url, record=str(path), **settings)


# --- calls ----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_answers_errors_and_cancelled_calls_are_replayed(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "calls.jsonl"
    script = [scores({"A": -0.5}), refuses(500, f"broken, {SECRET}"), says("late", delay=20.0)]
    with (
        MockEndpoint([*script, says("late", delay=20.0)]) as endpoint,
        LLMClient(config(endpoint, path), api_key=SECRET) as llm,
    ):
        first = llm.submit(request("1")).future.result(5)
        again = llm.submit(request("1")).future.result(5)
        broken = llm.submit(request("2")).future.exception(5)
        timeout = llm.submit(request("3")).future.exception(5)
        given_up = llm.submit(request("4"))
        while len(endpoint.requests) < 4:
            time.sleep(0.01)
        assert given_up.cancel()
        until_counted(llm)
        recorded = llm.usage()
    assert SECRET not in path.read_text()
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert lines[0]["request"]["messages"] == [{"role": "user", "content": "1"}]
    replay = Replay(LLMConfig(), path)  # no model, no address, no key
    assert replay.model == "m"
    assert replay.submit(request("1")).future.result(0) == first
    assert replay.submit(request("1")).future.result(0) == again
    assert again.cached
    for text, kind, error in (("2", LLMServerError, broken), ("3", LLMTimeoutError, timeout)):
        repeated = replay.submit(request(text)).future.exception(0)
        assert type(repeated) is kind
        assert str(repeated) == str(error)
    late = replay.submit(request("4"))
    assert late.future.cancelled()
    assert late.spent.calls
    assert late.spent.unmetered == 1
    told_usage = replay.usage()
    for usage in (told_usage, recorded):
        usage.seconds = 0.0  # of the call that was given up the end was not waited for
        usage.skipped = usage.late = usage.requests = 0
    assert told_usage == recorded


def until_counted(llm: LLMClient) -> None:
    deadline = time.monotonic() + 5
    while llm.usage().unmetered < 2:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_request_that_is_not_there_fails_by_name_and_once_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "calls.jsonl"
    with MockEndpoint([says("x")]) as endpoint, LLMClient(config(endpoint, path)) as llm:
        llm.submit(request("1", seed=1)).future.result(5)
    replay = Replay(LLMConfig(model="m"), path)
    with caplog.at_level(logging.WARNING):
        for other in (request("1", seed=2), request("2", seed=1)):
            error = replay.submit(other).future.exception(0)
            assert isinstance(error, LLMNotRecordedError)
            assert "does not have this request" in str(error)
    assert len(caplog.records) == 1
    assert replay.usage().skipped == 2
    for config_ in (LLMConfig(model="n"), LLMConfig(model="m", temperature=0.5)):
        assert Replay(config_, path).submit(request("1", seed=1)).future.exception(0) is not None


def test_sampled_answers_come_in_their_order(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    with (
        MockEndpoint([says(t) for t in "xyz"]) as endpoint,
        LLMClient(config(endpoint, path, temperature=1.0)) as llm,
    ):
        for _ in range(3):
            llm.submit(request()).future.result(5)
    replay = Replay(LLMConfig(model="m", temperature=1.0), path)
    texts = [replay.submit(request()).future.result(0).text for _ in range(4)]
    assert texts == ["x", "y", "z", "z"]


def test_what_is_no_record_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    with MockEndpoint([says("x")]) as endpoint, LLMClient(config(endpoint, path)) as llm:
        llm.submit(request()).future.result(5)
    line = path.read_text()
    cases = {
        "absent": (None, "cannot read"),
        "empty": ("", "has no calls"),
        "text": ("hello", "line 1 is not a recorded call"),
        "middle": (line + "{}\n" + line, "line 2 is not a recorded call"),
        "unknown": (line.replace('"answer"', '"answers"'), "line 1"),
        "error": (line.replace('"answer": {', '"error": {"name": "KeyError", '), "line 1"),
    }
    for name, (text, words) in cases.items():
        if text is not None:
            (tmp_path / name).write_text(text)
        with pytest.raises(LLMConfigError, match=words) as caught:
            Replay(LLMConfig(), tmp_path / name)
        assert "\n" not in str(caught.value)
    (tmp_path / "cut").write_text(line + line[:40])
    assert Replay(LLMConfig(), tmp_path / "cut").submit(request()).future.result(0).text == "x"
    (tmp_path / "two").write_text(line + line.replace('"model": "m"', '"model": "n"'))
    with pytest.raises(LLMConfigError, match=r"set llm\.model to one of m, n"):
        Replay(LLMConfig(), tmp_path / "two")
    with pytest.raises(LLMConfigError, match="cannot write"):
        LLMClient(LLMConfig("http://127.0.0.1:1/v1", "m", record=str(tmp_path)))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"record": "a", "replay": "a"}, "exclude each other"),
        ({"budget": BudgetGroup(dollars=1.0)}, "llm.prompt_price"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        OpenAIGroup(**settings)


# --- experiments ----------------------------------------------------------------------------------


def moody(request: JSON) -> Reply:
    """Answer as a model of strong and strange opinions, after a time that is another each time.

    The opinion depends on the prompt alone; now and then it is an error, or takes too long.
    """
    text = request["messages"][-1]["content"]
    mind = Random(text)
    letters = re.findall(r"(?m)^([A-Z])\. ", text)
    delay = Random().random() * 0.02
    mood = mind.random()
    if mood < 0.05:
        return refuses(400, "not today")
    if mood < 0.1:
        return says("I would rather not say.", delay=delay)
    if mood < 0.13:
        return says("A", delay=5.0)
    return replace(scores({x: math.log(mind.random()) for x in letters}), delay=delay)


def decisions(
    factory: AgentFactory, entrants: Sequence[AgentConfig], seeds: Iterator[int]
) -> tuple[bytes, dict[str, int]]:
    """Play games; return all that was decided, as bytes without times, and what it cost."""
    entries: list[Any] = []
    cost = dict.fromkeys(("calls", "late", "failed", "cached", "used", "prompt_tokens"), 0)

    class Watch:
        def thinking(self, ply: int, player: int) -> None:
            pass

        def decided(self, ply: int, player: int, decision: Decision) -> None:
            entry = plain(asdict(decision) | {"ply": ply, "player": player})
            entries.append(without_times(entry))

    try:
        agents = [factory.build(entrant) for entrant in entrants]
        for seed in seeds:
            record = play_game(factory.game, agents, seed, watcher=Watch())
            assert not record.error
            for side in record.sides:
                for name in cost:
                    cost[name] += getattr(side, name)
    finally:
        factory.close()
    return json.dumps(entries).encode(), cost


def without_times(value: Any) -> Any:
    if isinstance(value, dict):
        aside = ("seconds", "latencies")
        return {k: without_times(v) for k, v in value.items() if k not in aside}
    if isinstance(value, list):
        return [without_times(v) for v in value]
    return value


EXPERIMENTS = {
    "tic_tac_toe": (AlphaBetaGroup(seconds=None, iterations=60), range(12)),
    "connect_four": (AlphaBetaGroup(seconds=None, iterations=3000), range(1)),
    "goofspiel": (SimultaneousGroup(seconds=None, iterations=300), range(3)),
    "gen9randombattle": (SimultaneousGroup(seconds=None, iterations=60, worlds=2), range(1)),
}


@pytest.mark.slow
@pytest.mark.parametrize("game", EXPERIMENTS)
def test_a_recorded_experiment_repeats_byte_for_byte_without_an_endpoint(
    game: str, tmp_path: Path
) -> None:
    search, seeds = EXPERIMENTS[game]
    guides = ["propose", "evaluate"]
    if game == "gen9randombattle":
        guides.append("model")
    path = tmp_path / "calls.jsonl"
    advised = agent_config("llm_search")

    def factory(search: SearchGroup = search, **llm: Any) -> AgentFactory:
        group = OpenAIGroup(guides=guides, timeout=0.3, max_retries=0, trust=0.9, **llm)
        return AgentFactory(GameConfig(game), search, group)

    opponent = agent_config("random")
    with MockEndpoint(moody) as endpoint:
        live = factory(base_url=endpoint.base_url, model="moody", record=str(path))
        recorded, cost = decisions(live, (advised, opponent), iter(seeds))
    assert cost["calls"] > 10
    assert cost["failed"] > 0
    assert cost["used"] > 0
    replayed, again = decisions(factory(replay=str(path)), (advised, opponent), iter(seeds))
    assert replayed == recorded
    assert again == cost
    alone, _ = decisions(
        AgentFactory(GameConfig(game), search, NoLLMGroup()), (advised, opponent), iter(seeds)
    )
    assert alone != recorded  # advice did matter


@pytest.mark.slow
def test_a_tournament_is_recorded_and_replayed_from_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)

    def run(number: int, *settings: str) -> str:
        """Run the tournament; return the digest of its decisions."""
        arguments = (
            *("tournament", "game=tic_tac_toe", "agents=[llm_search,random]", "llm=openai"),
            *("search.seconds=null", "search.iterations=50", "tournament.pairs=1", *settings),
            f"tournament.record={tmp_path}/{number}.sqlite",
            f"hydra.run.dir={tmp_path}/out{number}",
        )
        assert main(arguments) == 0
        said = capsys.readouterr().out
        summary = json.loads((tmp_path / f"out{number}" / "summary.json").read_text())
        assert f"decisions: {summary['decisions']}" in said
        return str(summary["decisions"])

    calls = tmp_path / "calls.jsonl"
    with MockEndpoint(moody) as endpoint:
        at = (f"llm.base_url={endpoint.base_url}", "llm.model=moody")
        first = run(1, *at, f"llm.record={calls}")
    assert run(2, f"llm.replay={calls}") == first
    assert run(3, f"llm.replay={calls}", "llm.trust=0.9") != first
    with GameStore.read(tmp_path / "1.sqlite") as one, GameStore.read(tmp_path / "2.sqlite") as two:
        for a, b in zip(one.games(trace=True), two.games(trace=True), strict=True):
            assert (a.game(), a.trace) == (b.game(), b.trace)
    assert main(["tournament", "game=tic_tac_toe", "agents=[llm_search,random]", "llm=openai",
                 f"llm.replay={calls}", "tournament.jobs=2"]) == 2  # fmt: skip
    assert "tournament.jobs=2: it must be 1 with llm.replay" in capsys.readouterr().err
