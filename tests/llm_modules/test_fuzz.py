"""A model that does everything wrong, and every guide in every game: legal, in time, sensible."""

import json
import math
import re
from pathlib import Path

import pytest

from plywise.arena.agents.catalog import agent_config
from plywise.arena.agents.factory import AgentFactory
from plywise.arena.bench.guides import ADVISED_GAMES
from plywise.arena.cli.main import main
from plywise.arena.play.match import play_game
from plywise.conf.schemas.game import GameConfig
from plywise.conf.schemas.llm import OpenAIGroup
from plywise.conf.schemas.search import AlphaBetaGroup, SearchGroup, SimultaneousGroup
from plywise.datasets.errors import ConfigError
from plywise.games.registry import REGISTRY, make_game
from plywise.llm_modules.calls.chat import Message, Request
from plywise.llm_modules.calls.errors import LLMError
from plywise.llm_modules.calls.settings import LLMConfig
from plywise.llm_modules.providers.fuzz import INSTRUCTIONS, Fuzz
from plywise.llm_modules.providers.mock import JSON, MockEndpoint, Reply, scores
from plywise.llm_modules.providers.openai import LLMClient
from plywise.search.decision import Decision


@pytest.mark.slow
def test_a_fuzzed_model_costs_no_decision(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = f"hydra.run.dir={tmp_path}/out"
    assert main(["bench", "guides", "seconds=0.05", "decisions=80", "seed=5", run]) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert found["decisions"] == 80
    assert found["decisions_illegal"] == found["guides_broken"] == 0
    assert found["calls"] > 20
    assert found["answers_used"] > 0
    assert sum(n > 0 for name, n in found.items() if name.startswith("answers_")) > 6
    # Other work may take the processor away for long here: `plywise bench guides` by itself is the
    # measurement.
    assert found["median_late_ms"] < 1000
    assert {make_game(name).info.hidden_information for name in ADVISED_GAMES} == {False, True}


@pytest.mark.slow
def test_every_answer_of_the_fuzzed_model_is_an_answer_or_a_named_error() -> None:
    fuzz = Fuzz(seed=1, slow=0.02)
    ends: set[str] = set()
    with MockEndpoint(fuzz) as endpoint:
        config = LLMConfig(
            endpoint.base_url, "m", timeout=0.3, max_retries=0, cache_entries=0, pause_after=10**6,
            pause_seconds=0.0,
        )  # fmt: skip
        with LLMClient(config) as llm:
            for number in range(150):
                call = llm.submit(Request((Message("user", f"A. x\nB. y\n{number}"),), 1))
                error = call.future.exception(10)
                assert error is None or isinstance(error, LLMError)
                assert error is None or "\n" not in str(error)
                ends.add(type(error).__name__)
    assert len(ends) > 6
    assert len(fuzz.answers) == 12


def opinionated(request: JSON) -> Reply:
    letters = re.findall(r"(?m)^([A-Z])\. ", request["messages"][-1]["content"])
    return scores({letter: -float(k) for k, letter in enumerate(letters)})


def search_for(game: str) -> SearchGroup:
    info = make_game(game).info
    if info.simultaneous or info.hidden_information:
        return SimultaneousGroup(seconds=None, iterations=30, worlds=2)
    return AlphaBetaGroup(seconds=None, iterations=200)


@pytest.mark.slow
@pytest.mark.parametrize("guide", ["propose", "model", "evaluate"])
@pytest.mark.parametrize("game", list(REGISTRY))
def test_every_guide_in_every_game(game: str, guide: str) -> None:
    seen: list[Decision] = []

    class Watch:
        def thinking(self, ply: int, player: int) -> None:
            pass

        def decided(self, ply: int, player: int, decision: Decision) -> None:
            seen.append(decision)
            if len(seen) >= 6:
                raise StopIteration

    with MockEndpoint(opinionated) as endpoint:
        group = OpenAIGroup(
            base_url=endpoint.base_url, model="m", guides=[guide], trust=1.0, timeout=10.0
        )
        factory = AgentFactory(GameConfig(game), search_for(game), group)
        try:
            agent = factory.build(agent_config("llm_search"))
        except ConfigError as error:
            # Where nothing is known of what the opponent may do.
            if f"the guide 'model' is of no use in {game}" not in str(error):
                raise
            return
        try:
            record = play_game(factory.game, (agent, agent), 3, watcher=Watch())
        finally:
            factory.close()
    assert record.error in ("", "StopIteration: ")
    asked = [e for d in seen for e in d.notes.get("transcript", ()) if "weights" in e]
    assert asked
    for entry in asked:
        assert entry["question"] == guide
        numbers = list(entry["weights"].values())
        assert all(math.isfinite(x) for x in numbers)
        if guide == "evaluate":
            assert all(-1.0 <= x <= 1.0 for x in numbers)
        else:
            assert min(numbers) >= 0.0
            assert sum(numbers) == pytest.approx(1.0, abs=0.01)
    used = sum(d.notes["guide"].used for d in seen if "guide" in d.notes)
    assert used > 0
    assert INSTRUCTIONS not in json.dumps(endpoint.requests)
