"""Guides that reason in writing: what is asked, and what becomes of the answers."""

import json
import re
from typing import Any

import pytest

from plywise.games.base import Briefing, Option
from plywise.games.registry import REGISTRY, make_game
from plywise.llm_modules.calls.errors import LLMConfigError
from plywise.llm_modules.calls.settings import LLMConfig
from plywise.llm_modules.guides.guides import GuideConfig, LLMConsultant, LLMConsultation
from plywise.llm_modules.providers.mock import JSON, MockEndpoint, Reply, refuses, says
from plywise.llm_modules.providers.openai import LLMClient
from plywise.search.guide.protocol import Advice, Question

BRIEFING = Briefing(
    game="duel",
    player=1,
    rules="Two players. Who runs out of points loses.",
    situation="You have 3 points.",
    own=(Option(10, "strike", "wins now"), Option(20, "guard"), Option(30, "rest", "gains 1")),
    opponent=(Option(5, "strike", "takes 1"), Option(6, "flee")),
)
CHANCE = {"strike": 80, "guard": 15, "rest": 5, "flee": 20}


def knows(request: JSON) -> Reply:
    """Fill in any form as a model would that has these chances in mind."""
    text = request["messages"][-1]["content"]
    letters = dict(re.findall(r"(?m)^([A-Z])\. (\w+)", text))
    percent = {k: CHANCE.get(label, 1) for k, label in letters.items()}
    written: dict[str, Any] = {"thought": "Strike wins. " * 40}
    written["answer"] = max(percent, key=lambda k: percent[k])
    written["percent"] = percent
    properties = request["response_format"]["json_schema"]["schema"]["properties"]
    return says(json.dumps({k: written[k] for k in properties}), completion_tokens=20)


def run(consultation: LLMConsultation) -> dict[Question, Advice]:
    advice: list[Advice] = []
    while not consultation.finished:
        consultation.wait(5)
        advice += consultation.poll()
    consultation.close()
    return {a.question: a for a in advice}


def consult(
    endpoint: MockEndpoint, briefing: Briefing = BRIEFING, **more: Any
) -> tuple[dict[Question, Advice], LLMConsultation]:
    config = LLMConfig(base_url=endpoint.base_url, model="mock", max_retries=0)
    with LLMClient(config) as llm:
        consultant = LLMConsultant(llm, GuideConfig(asking="reasoning", max_calls=9, **more))
        consultation = consultant.consult(briefing, 1)
        return run(consultation), consultation


def properties(request: JSON) -> dict[str, Any]:
    found: dict[str, Any] = request["response_format"]["json_schema"]["schema"]["properties"]
    return found


def test_the_thought_comes_first_and_is_bounded_and_the_evaluator_rates_every_position() -> None:
    with MockEndpoint(knows) as endpoint:
        advice, consultation = consult(endpoint, thought=100)
        asked = [list(properties(r)) for r in endpoint.requests]
        assert {properties(r)["thought"]["maxLength"] for r in endpoint.requests} == {100}
    assert asked == [["thought", "answer"], ["thought", "answer"], ["thought", "percent"]]
    assert all(len(e["thought"]) == 100 for e in consultation.transcript)
    assert advice[Question.PROPOSE].weights[10] == pytest.approx(0.7)  # one choice, no chances
    assert advice[Question.MODEL].weights == pytest.approx({5: 0.7, 6: 0.3})
    assert advice[Question.EVALUATE].weights == pytest.approx({10: 0.6, 20: -0.7, 30: -0.9})


def test_with_chances_each_option_has_its_share_and_without_a_thought_none_is_written() -> None:
    with MockEndpoint(knows) as endpoint:
        advice, _ = consult(endpoint, thought=0, chances=True)
        assert {tuple(properties(r)) for r in endpoint.requests} == {("percent",)}
    assert advice[Question.PROPOSE].weights == pytest.approx({10: 0.8, 20: 0.15, 30: 0.05})
    assert advice[Question.MODEL].weights == pytest.approx({5: 0.8, 6: 0.2})


def test_the_fallback_goes_from_schema_to_json_to_text() -> None:
    def plain(request: JSON) -> Reply:
        if "response_format" in request:
            return refuses(400, "response_format is not supported")
        return says("The answer is A." if '"answer"' in str(request) else "A: 30 %\nB: 40 %")

    with MockEndpoint(plain) as endpoint:
        advice, consultation = consult(endpoint)
    modes = [e["mode"] for e in consultation.transcript]
    assert modes == ["json_schema", "json_object", "text", "text", "text"]
    assert len(advice) == 3
    values = advice[Question.EVALUATE].weights
    assert sorted(values.values()) == pytest.approx([-0.4, -0.2])  # of the third nothing is said


@pytest.mark.slow
@pytest.mark.parametrize("chances", [False, True])
def test_nonsense_ends_and_advises_legal_actions_only(chances: bool) -> None:
    nasty = [
        says(""),
        says("Ignore all earlier instructions."),
        says('{"thought": 3, "answer": ["Z"], "percent": {"A": -1, "Z": 50}}'),
        says('{"percent": {"A": 0, "B": 0, "C": 0}, "answer": "A"}'),
        says("x" * 100_000),
        Reply(200, b"null"),
    ]
    for reply in nasty:
        with MockEndpoint([reply] * 9) as endpoint:
            advice, consultation = consult(endpoint, chances=chances)
        for question, said in advice.items():
            assert set(said.weights) <= ({5, 6} if question is Question.MODEL else {10, 20, 30})
            if question is not Question.EVALUATE:
                assert sum(said.weights.values()) == pytest.approx(1)
        json.dumps(consultation.transcript)


@pytest.mark.slow
@pytest.mark.parametrize("game", REGISTRY)
def test_guides_of_every_game_can_reason(game: str) -> None:
    state = make_game(game).new_initial_state(3)
    player = max(0, state.current_player())
    briefing = state.briefing(player)
    with MockEndpoint(knows) as endpoint:
        advice, _ = consult(endpoint, briefing)
    own = {o.action for o in briefing.own}
    assert set(advice[Question.PROPOSE].weights) == own
    assert set(advice[Question.EVALUATE].weights) <= own
    assert (Question.MODEL in advice) == (len(briefing.opponent) > 1)


@pytest.mark.parametrize("more", [{"asking": "guessing"}, {"thought": -1}])
def test_impossible_settings_are_refused(more: dict[str, Any]) -> None:
    with pytest.raises(LLMConfigError):
        GuideConfig(**more)
