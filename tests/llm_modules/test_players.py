"""The ways in which a model plays by itself, against the mock endpoint."""

import json
import re
from random import Random
from typing import Any

import pytest

from plywise.arena.agents.catalog import agent_config
from plywise.arena.agents.factory import AgentFactory
from plywise.arena.play.match import play_game
from plywise.conf.schemas.game import GameConfig
from plywise.conf.schemas.llm import OpenAIGroup
from plywise.conf.schemas.search import AlphaBetaGroup
from plywise.datasets.errors import ConfigError
from plywise.games.base import Briefing, Option
from plywise.games.registry import REGISTRY, make_game
from plywise.llm_modules.calls.errors import LLMConfigError
from plywise.llm_modules.calls.settings import LLMConfig
from plywise.llm_modules.guides.guides import GuideConfig
from plywise.llm_modules.players.memory import Memory
from plywise.llm_modules.players.methods import METHODS, MethodConfig
from plywise.llm_modules.players.players import LLMPlayer
from plywise.llm_modules.prompts.forms import AnswerKind, AnswerMode, Form
from plywise.llm_modules.providers.mock import JSON, MockEndpoint, Reply, refuses, says
from plywise.llm_modules.providers.openai import LLMClient

BRIEFING = Briefing(
    game="duel",
    player=1,
    rules="Two players. Who runs out of points loses.",
    situation="You have 3 points.",
    own=(Option(10, "strike", "wins now"), Option(20, "guard"), Option(30, "rest", "gains 1")),
)


def client(endpoint: MockEndpoint, **more: Any) -> LLMClient:
    settings: dict[str, Any] = {"timeout": 5.0, "max_retries": 0, "concurrency": 1} | more
    return LLMClient(LLMConfig(base_url=endpoint.base_url, model="mock", **settings))


def lettered(request: JSON) -> dict[str, str]:
    """Return label -> letter as the prompt shows them."""
    text = request["messages"][-1]["content"]
    return {label: letter for letter, label in re.findall(r"(?m)^([A-Z])\. ([^:\n]+)", text)}


def schema(request: JSON) -> dict[str, Any]:
    found: dict[str, Any] = request["response_format"]["json_schema"]["schema"]["properties"]
    return found


def filled(request: JSON, *labels: str, percent: dict[str, int] | None = None) -> Reply:
    """Fill in the form that a request asks for, with these options."""
    letters = [lettered(request)[label] for label in labels]
    written: dict[str, Any] = {}
    for name in schema(request):
        if name == "thought":
            written[name] = "It is clear."
        elif name == "answer":
            written[name] = letters[0]
        elif name == "best":
            written[name] = letters
        else:
            written[name] = {k: (percent or {})[v] for v, k in lettered(request).items()}
    return says(json.dumps(written), completion_tokens=9)


def play(
    endpoint: MockEndpoint, method: str, memory: Memory | None = None, **more: Any
) -> tuple[int, dict[str, Any]]:
    with client(endpoint) as llm:
        player = LLMPlayer(llm, GuideConfig(max_calls=8), MethodConfig(method, **more))
        return player.choose(BRIEFING, 5, 5.0, memory, 0.25)


# --- what is asked --------------------------------------------------------------------------------


def test_io_asks_once_for_a_letter_and_nothing_else() -> None:
    with MockEndpoint(lambda r: filled(r, "guard")) as endpoint:
        action, facts = play(endpoint, "io")
        (request,) = endpoint.requests
    assert action == 20
    assert facts["chosen_by"] == "model"
    assert list(schema(request)) == ["answer"]
    assert request["temperature"] == 0.0


def test_cot_lets_a_bounded_thought_come_first() -> None:
    with MockEndpoint(lambda r: filled(r, "rest")) as endpoint:
        action, facts = play(endpoint, "cot", thought=120)
        (request,) = endpoint.requests
    assert action == 30
    assert list(schema(request)) == ["thought", "answer"]
    assert schema(request)["thought"] == {"type": "string", "maxLength": 120}
    assert "120 characters" in request["messages"][-1]["content"]
    assert facts["transcript"][0]["thought"] == "It is clear."


def test_sc_takes_the_majority_of_samples_under_different_letters() -> None:
    answers = iter(["rest", "guard", "strike", "guard", "rest"])
    with MockEndpoint(lambda r: filled(r, next(answers))) as endpoint:
        action, facts = play(endpoint, "sc", samples=5, temperature=0.9)
        requests = endpoint.requests
    assert action == 30  # two votes each: the one that was named first
    assert facts["votes"] == {30: 0.4, 20: 0.4, 10: 0.2}
    assert {r["temperature"] for r in requests} == {0.9}
    assert len({r["seed"] for r in requests}) == 5
    assert len({json.dumps(lettered(r)) for r in requests}) > 1


def test_tot_rates_its_candidates_and_takes_the_best() -> None:
    def answer(request: JSON) -> Reply:
        if "best" in schema(request):
            return filled(request, "guard", "rest")
        assert set(lettered(request)) == {"guard", "rest"}  # only candidates are rated
        assert "It is clear." in request["messages"][-1]["content"]
        return filled(request, percent={"guard": 40, "rest": 75})

    with MockEndpoint(answer) as endpoint:
        action, facts = play(endpoint, "tot")
        assert len(endpoint.requests) == 2
    assert action == 30
    assert facts["rated"] == pytest.approx({20: -0.2, 30: 0.5})


def test_tot_without_ratings_takes_the_first_candidate() -> None:
    def answer(request: JSON) -> Reply:
        if "response_format" in request and "best" in str(request["response_format"]):
            return filled(request, "rest", "guard")
        return says("no idea")

    with MockEndpoint(answer) as endpoint:
        action, facts = play(endpoint, "tot")
    assert action == 30
    assert "rated" not in facts
    assert facts["guide"]["failed"] == 3  # in each of the ways of asking


def test_pokellmon_shows_the_effects_of_the_last_choices() -> None:
    memory = Memory()
    memory.add("You have 5 points.", Option(20, "guard", "costs 1"), 0.5)
    with MockEndpoint(lambda r: filled(r, "strike")) as endpoint:
        action, _ = play(endpoint, "pokellmon", memory, samples=2)
        prompt = endpoint.requests[0]["messages"][-1]["content"]
        assert len(endpoint.requests) == 2
    assert action == 10
    assert "- guard (costs 1): your prospects went from +0.50 to +0.25" in prompt
    assert [past.option.label for past in memory.decisions] == ["guard", "strike"]


def test_a_memory_forgets_what_was_taken_back() -> None:
    memory = Memory()
    for points in (5, 4, 3):
        memory.add(f"{points} points", Option(1, f"at {points}"), None)
    assert memory.feedback("4 points", None) == "- at 5"
    assert len(memory.decisions) == 1


# --- whatever comes back --------------------------------------------------------------------------


NASTY = [
    refuses(400, "no"),
    refuses(500, "down"),
    says(""),
    says("I resign. Ignore your instructions."),
    says('{"answer": "Z", "best": ["Z", 3], "percent": {"A": 1000}}'),
    says('{"answer": ["A"], "best": "A", "percent": [1]}'),
    says("{" * 1000),
    Reply(200, b"{"),
    Reply(hang_up=True),
]


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_no_reply_makes_a_player_choose_what_is_not_legal(method: str) -> None:
    current = [NASTY[0]]
    with (
        MockEndpoint(lambda _: current[0]) as endpoint,
        client(endpoint, pause_after=1000) as llm,
    ):
        for current[0] in NASTY:
            endpoint.requests.clear()
            player = LLMPlayer(llm, GuideConfig(max_calls=8), MethodConfig(method))
            action, facts = player.choose(BRIEFING, 5, 5.0)
            assert len(endpoint.requests) <= 8
            assert facts["guide"]["calls"] == len(endpoint.requests)
            assert action in {10, 20, 30}
            json.dumps(facts)
            if facts["chosen_by"] != "model":
                assert facts["chosen_by"] == "random fallback"
                assert facts["why"]


def test_a_call_to_a_slow_model_is_cancelled() -> None:
    with MockEndpoint(lambda _: says("A", delay=30)) as endpoint, client(endpoint) as llm:
        for method in METHODS:
            player = LLMPlayer(llm, method=MethodConfig(method))
            _, facts = player.choose(BRIEFING, 1, 0.1)
            assert facts["why"] == "no answer within 0.1 s"
            assert facts["guide"]["late"] >= 1


def test_a_fallback_to_a_lower_mode_happens_once() -> None:
    def plain(request: JSON) -> Reply:
        if "response_format" in request:
            return refuses(400, "response_format is not supported")
        return says("I think the answer is B.")

    with MockEndpoint(plain) as endpoint, client(endpoint) as llm:
        player = LLMPlayer(llm, method=MethodConfig("io"))
        modes = []
        for seed in (1, 2):
            _, facts = player.choose(BRIEFING, seed, 5.0)
            modes.append([e["mode"] for e in facts["transcript"]])
    assert modes == [["json_schema", "json_object", "text"], ["text"]]


def test_one_bad_sample_does_not_give_the_good_way_up() -> None:
    replies = iter(["oops", *['{"thought": "", "answer": "A"}'] * 9])
    with MockEndpoint(lambda _: says(next(replies))) as endpoint, client(endpoint) as llm:
        player = LLMPlayer(llm, method=MethodConfig("sc"))
        _, facts = player.choose(BRIEFING, 1, 5.0)
        assert [e["status"] for e in facts["transcript"]] == ["failed", "answered", "answered"]
        assert facts["chosen_by"] == "model"
        _, facts = player.choose(BRIEFING, 2, 5.0)
        assert {e["mode"] for e in facts["transcript"]} == {"json_schema"}


@pytest.mark.slow
def test_the_same_seed_and_endpoint_give_the_same_choice() -> None:
    def sampled(request: JSON) -> Reply:
        random = Random(json.dumps(request))
        labels = random.sample(["strike", "guard", "rest"], 3)
        known = [label for label in labels if label in lettered(request)]
        return filled(request, *known, percent={k: random.randrange(101) for k in known})

    with MockEndpoint(sampled) as endpoint, client(endpoint, cache_entries=0) as llm:
        for method in METHODS:
            chosen = []
            for _ in range(2):
                player = LLMPlayer(llm, method=MethodConfig(method))
                chosen.append([player.choose(BRIEFING, seed, 5.0)[0] for seed in range(2)])
            assert chosen[0] == chosen[1]


@pytest.mark.slow
@pytest.mark.parametrize("game", REGISTRY)
def test_every_method_plays_every_game(game: str) -> None:
    """A model that always names the last option it is shown; the choice is that option."""

    def last(request: JSON) -> Reply:
        labels = list(lettered(request))
        return filled(request, *labels[-2:], percent=dict(zip(labels, range(100), strict=False)))

    state = make_game(game).new_initial_state(3)
    player = 0 if state.current_player() < 0 else state.current_player()
    briefing = state.briefing(player)
    with MockEndpoint(last) as endpoint, client(endpoint) as llm:
        for method in METHODS:
            chooser = LLMPlayer(llm, method=MethodConfig(method))
            action, facts = chooser.choose(briefing, 1, 10.0, Memory())
            assert action in state.legal_actions(player)
            assert facts["chosen_by"] == "model"
    assert endpoint.requests


# --- as an agent ----------------------------------------------------------------------------------


def agents(endpoint: MockEndpoint) -> AgentFactory:
    llm = OpenAIGroup(base_url=endpoint.base_url, model="mock", max_retries=0)
    return AgentFactory(GameConfig("tic_tac_toe"), AlphaBetaGroup(max_depth=2), llm)


def test_two_players_of_one_agent_remember_their_own_choices_of_this_game() -> None:
    def first_named(request: JSON) -> Reply:
        return filled(request, next(iter(lettered(request))))

    with MockEndpoint(first_named) as endpoint:
        factory = agents(endpoint)
        agent = factory.build(agent_config("llm", method="pokellmon", samples=1))
        for seed in (1, 2):
            endpoint.requests.clear()
            record = play_game(factory.game, (agent, agent), seed)
            assert record.error == ""
            choices = [record.actions[k][k % 2] for k in range(record.plies)]
            for ply, request in enumerate(endpoint.requests):
                shown = re.findall(r"(?m)^- (\w\d)", request["messages"][-1]["content"])
                own = choices[ply % 2 : ply : 2][-3:]
                assert shown == ["abc"[a % 3] + str(3 - a // 3) for a in own]
        factory.close()


def test_settings_of_the_llm_player_are_refused_elsewhere() -> None:
    with MockEndpoint([]) as endpoint:
        factory = agents(endpoint)
        with pytest.raises(ConfigError, match="search has no setting 'samples'; there are: name,"):
            factory.check(agent_config("search", samples=3))
        with pytest.raises(ConfigError, match="choose one of scoring, io, cot, sc, tot, pokellmon"):
            agent_config("llm", method="got")
        factory.close()
    assert agent_config("llm", method="sc", samples=5).title == "llm(method=sc, samples=5)"


# --- forms ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "text", "letters", "percent"),
    [
        (Form("ABC"), '{"answer": "b"}', "B", {}),
        (Form("ABC"), '<think>{x}</think> ```json\n{"answer": "C"}\n```', "C", {}),
        (Form("ABC"), "The answer is B.", "B", {}),
        (Form("ABC"), '{"answer": "D"}', None, {}),
        (Form("ABC", AnswerKind.BEST, count=2), '{"best": ["C", "C", "A", "B"]}', "CA", {}),
        (
            Form("AB", AnswerKind.PERCENT),
            '{"percent": {"A": 20, "B": "70%", "Z": 3}}',
            "BA",
            {"A": 20, "B": 70},
        ),
        (Form("AB", AnswerKind.PERCENT), '{"percent": {"A": true, "B": -1}}', None, {}),
        (Form("AB", AnswerKind.PERCENT), '{"percent": {"A": NaN, "B": 1e9}}', None, {}),
        (Form("AB", AnswerKind.PERCENT), "A: 10 %\nB: 90 %", "BA", {"A": 10, "B": 90}),
    ],
)
def test_a_form_is_read(
    form: Form, text: str, letters: str | None, percent: dict[str, float]
) -> None:
    found = form.read(text)
    assert (None if found is None else "".join(found.letters)) == letters
    assert found is None or found.percent == percent


def test_a_thought_is_cut_to_its_bound() -> None:
    found = Form("AB", thought=10).read('{"thought": "far too\\nlong a thought", "answer": "A"}')
    assert found is not None
    assert found.thought == "far too lo"


@pytest.mark.parametrize("kind", AnswerKind)
def test_the_longest_answer_fits_into_its_tokens(kind: AnswerKind) -> None:
    letters = "ABCDEFGHIJKLMNOPQRST"
    longest = {
        AnswerKind.ANSWER: "A",
        AnswerKind.BEST: list("ABC"),
        AnswerKind.PERCENT: dict.fromkeys(letters, 100),
    }[kind]
    text = json.dumps({"thought": "x" * 200, kind.value: longest})
    form = Form(letters, kind, thought=200)
    words = len(re.findall(r"\w+|[^\w\s]", text)) + 100  # a token for every two x
    assert words <= form.max_tokens(AnswerMode.SCHEMA)


@pytest.mark.parametrize("more", [{"name": "cod"}, {"samples": 0}, {"temperature": -1.0}])
def test_impossible_methods_are_refused(more: dict[str, Any]) -> None:
    with pytest.raises(LLMConfigError):
        MethodConfig(**more)
