"""Solved examples: that they are right, which are shown, and how they stand in prompts."""

import hashlib
import io
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from plywise.arena.agents.catalog import agent_config
from plywise.arena.agents.factory import AgentFactory
from plywise.arena.cli.main import main
from plywise.arena.guidance.trust import model_name, prompt_digest, trusts
from plywise.arena.llm_calibration.command import run_llm_calibration
from plywise.arena.llm_calibration.examples import solved
from plywise.arena.llm_calibration.questions import questions
from plywise.conf.schemas.game import GameConfig
from plywise.conf.schemas.llm import LLMCommandConfig, OpenAIGroup
from plywise.conf.schemas.search import AlphaBetaGroup
from plywise.datasets.errors import ConfigError
from plywise.games.base import Briefing, Option, State
from plywise.games.grid.connect_four import ConnectFour
from plywise.games.grid.tic_tac_toe import TicTacToe
from plywise.games.registry import make_game
from plywise.llm_modules.calls.settings import LLMConfig
from plywise.llm_modules.guides.guides import GuideConfig, LLMConsultant
from plywise.llm_modules.players.methods import MethodConfig
from plywise.llm_modules.players.players import LLMPlayer
from plywise.llm_modules.prompts.examples import FOLDER, Example, ExampleStore, example_similarity
from plywise.llm_modules.prompts.forms import AnswerKind, Form
from plywise.llm_modules.prompts.prompting import OPTION_LETTERS, Prompts
from plywise.llm_modules.providers.mock import JSON, MockEndpoint, Reply, says, scores
from plywise.llm_modules.providers.openai import LLMClient
from plywise.search.alphabeta import config as alphabeta_config
from plywise.search.alphabeta.search import AlphaBeta
from plywise.search.guide.protocol import Question

GAMES = ("tic_tac_toe", "connect_four")
BOOK = ExampleStore(TicTacToe())


def entries(game: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((FOLDER / f"{game}.json").read_text())["examples"]
    return found


def plain_result(state: State) -> int:
    """The mover's result with perfect play, by plain recursion over the game's own rules."""
    mover, best = state.current_player(), -2
    for action in state.legal_actions():
        after = state.clone()
        after.apply_action(action)
        best = max(
            best, int(after.returns()[mover]) if after.is_terminal() else -plain_result(after)
        )
        if best == 1:
            break
    return best


def results_of(state: State) -> dict[int, int]:
    """Each action's exact result: plainly in tic-tac-toe, by alpha-beta to the end elsewhere."""
    mover = state.current_player()
    if isinstance(state, type(TicTacToe().new_initial_state())):
        found = {}
        for action in state.legal_actions():
            after = state.clone()
            after.apply_action(action)
            ended = after.is_terminal()
            found[action] = int(after.returns()[mover]) if ended else -plain_result(after)
        return found
    exact = alphabeta_config.AlphaBetaConfig(seconds=None, max_depth=42, all_values=True)
    search = AlphaBeta(ConnectFour().kernels(), exact)
    decision = search.decide(state.flat(), mover)
    assert decision.notes["solved"]
    return {action: int(np.sign(value)) for action, value in decision.values.items()}


@pytest.mark.slow
@pytest.mark.parametrize("game", GAMES)
def test_packaged_examples_are_solved_rightly(game: str) -> None:
    rules = make_game(game)
    judged: Counter[str] = Counter()
    for entry in entries(game):
        state = rules.deserialize_state(entry["state"])
        moves = json.loads(entry["state"])["moves"]
        assert entry["player"] == state.current_player()
        if game == "connect_four" and len(moves) < 22:  # the rest would take minutes
            continue
        results = results_of(state)
        if entry["guide"] == "propose":
            assert {int(a): r for a, r in entry["results"].items()} == results
        else:
            best = max(results, key=lambda a: results[a])
            state.apply_action(best)
            results = results_of(state)
        best = max(results.values())
        assert [a for a, r in results.items() if r == best] == [entry["right"]]
        judged[entry["guide"]] += 1
    assert min(judged.values()) >= 30
    assert len(judged) == 2


@pytest.mark.parametrize("game", GAMES)
def test_the_command_in_a_file_makes_it_again(game: str) -> None:
    whole = json.loads((FOLDER / f"{game}.json").read_text())
    words = dict(w.split("=") for w in whole["command"].split() if "=" in w)
    assert whole["command"].startswith(f"plywise llm examples games={game} ")
    count = int(words["questions"])
    again = solved(game, 3, int(words["seed"]))
    again = json.loads(json.dumps(again))
    assert again == whole["examples"][:3] + whole["examples"][count : count + 3]
    assert len(whole["examples"]) == 2 * count


def test_questions_that_judge_are_drawn_from_another_source() -> None:
    for seed in range(3):
        judging = [
            k.state.serialize()
            for k in islice(questions("tic_tac_toe", Question.PROPOSE, seed), 40)
        ]
        made = [e["state"] for e in solved("tic_tac_toe", 40, seed)]
        assert judging != made[:40]


@pytest.mark.slow
def test_the_position_that_is_asked_about_is_never_shown() -> None:
    met = 0
    asked: list[tuple[Question, State, int]] = []
    for guide in (Question.PROPOSE, Question.MODEL):
        for seed in range(3):
            asked += [
                (guide, k.state, k.player)
                for k in islice(questions("tic_tac_toe", guide, seed), 80)
            ]
        asked += [
            (guide, TicTacToe().deserialize_state(e["state"]), e["player"])
            for e in entries("tic_tac_toe")
        ]
    for guide, state, player in asked:
        briefing = state.briefing(player)
        met += any(e.briefing.situation == briefing.situation for e in BOOK.solved(guide))
        shown = BOOK.most_similar(guide, briefing, 10)
        assert len(shown) == 10
        assert all(e.briefing.situation != briefing.situation for e in shown)
    assert met > 250  # so it matters


def made(situation: str, *facts: str, right: int = 0) -> Example:
    own = tuple(Option(a, f"move {a}", fact) for a, fact in enumerate(facts))
    return Example(Question.PROPOSE, Briefing("duel", 0, "", situation, own), right)


def test_likeness_is_of_facts_and_then_of_the_board() -> None:
    one = made("..X", "wins now", "loses to b2", "loses to c3")
    kinds = one.kinds
    assert kinds == {"wins now": 1, "loses to #": 2}
    assert example_similarity(one, kinds, "..X") == (1.0, 1.0)
    # Two facts are shared, and either has four.
    other = made("X.X", "safe", "loses to a1", "wins now")
    assert example_similarity(other, kinds, "..X") == (2 / 4, 2 / 3)
    assert example_similarity(made("", ""), kinds, "..X") == (0.0, 0.0)
    assert (
        example_similarity(made("..", "wins now", "loses to 4", "loses to 5"), kinds, "..X")[1]
        == 2 / 3
    )


def test_the_most_similar_are_shown_in_the_order_of_the_file() -> None:
    known = next(islice(questions("tic_tac_toe", Question.PROPOSE, 7), 5, None))
    briefing = known.state.briefing(known.player)
    everything = [
        e for e in BOOK.solved(Question.PROPOSE) if e.briefing.situation != briefing.situation
    ]
    shown = BOOK.most_similar(Question.PROPOSE, briefing, 6)
    places = [everything.index(e) for e in shown]
    assert places == sorted(places)
    mine = made(briefing.situation, *(o.facts for o in briefing.own)).kinds
    least = min(example_similarity(e, mine, briefing.situation) for e in shown)
    assert all(
        example_similarity(e, mine, briefing.situation) <= least
        for e in everything
        if e not in shown
    )
    assert shown == ExampleStore(TicTacToe()).most_similar(Question.PROPOSE, briefing, 6)
    assert len(BOOK.most_similar(Question.PROPOSE, briefing, 1000)) == len(everything)


def asked(guide: Question, count: int, seed: int = 3) -> Iterator[tuple[Briefing, int]]:
    for known in islice(questions("tic_tac_toe", guide, seed), count):
        yield known.state.briefing(known.player), known.number


BRIEFING = Briefing(
    "duel", 1, "Rules.", "You have 3 points.",
    (Option(10, "strike", "wins now"), Option(20, "guard"), Option(30, "rest", "gains 1")),
    (Option(5, "strike"), Option(6, "flee", "loses 1")),
)  # fmt: skip


def test_prompts_without_examples_are_what_they_were() -> None:
    """What was measured of models holds for these very prompts (of commit bdfc82e)."""
    asked = [Prompts().ask(question, BRIEFING, 5) for question in Question]
    text = repr([(a.by_letter, a.worded(Form(a.letters)), a.actions) for a in asked])
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == "68aa786dc1143012"


@pytest.mark.parametrize("guide", list(Question))
def test_examples_stand_between_the_rules_and_the_question(guide: Question) -> None:
    prompts = Prompts()
    for briefing, number in asked(guide, 10):
        examples = BOOK.most_similar(guide, briefing, 3)
        bare = prompts.ask(guide, briefing, number)
        shown = prompts.ask(guide, briefing, number, examples=examples)
        assert (shown.actions, shown.letters) == (bare.actions, bare.letters)
        for form in (
            None,
            Form(bare.letters, AnswerKind.ANSWER, 60),
            Form(bare.letters, AnswerKind.PERCENT),
        ):
            before = bare.by_letter if form is None else bare.worded(form)
            after = shown.by_letter if form is None else shown.worded(form)
            assert (after[0], after[-1]) == (before[0], before[-1])
            assert [m.role for m in after] == ["system", *["user", "assistant"] * 3, "user"]
            for example, question, answer in zip(examples, after[1::2], after[2::2], strict=False):
                lines = dict(
                    line.split(". ", 1)
                    for line in question.content.splitlines()
                    if line[1:3] == ". "
                )
                assert len(lines) == len(example.options)
                labels = {letter: line.split(":")[0] for letter, line in lines.items()}
                right = next(o for o in example.options if o.action == example.right)
                filled = None
                said = answer.content
                if form is not None:
                    filled = replace(form, letters="".join(labels)).read(answer.content)
                    assert filled is not None
                    said = filled.letters[0]
                    if form.thought:
                        assert (
                            filled.thought
                            == f"{right.label}: {right.facts}".rstrip(": ")[: form.thought]
                        )
                assert labels[said] == right.label
                if form is not None and form.kind is AnswerKind.PERCENT:
                    assert filled is not None
                    by_label = {labels[letter]: n for letter, n in filled.percent.items()}
                    for option in example.options:
                        result = 2 * (option is right) - 1
                        if guide is Question.EVALUATE:
                            result = example.results[option.action]
                        assert by_label[option.label] == 50 + 50 * result


def test_right_answers_are_spread_over_the_letters() -> None:
    prompts = Prompts()
    shares: dict[int, Counter[str]] = {}
    for briefing, number in asked(Question.PROPOSE, 60):
        shown = prompts.ask(
            Question.PROPOSE,
            briefing,
            number,
            examples=BOOK.most_similar(Question.PROPOSE, briefing, 3),
        )
        letters = [m.content for m in shown.by_letter if m.role == "assistant"]
        assert len(set(letters)) == 3
    for example in BOOK.solved(Question.PROPOSE):
        one = prompts.ask(Question.PROPOSE, BRIEFING, 0, examples=[example]).by_letter[2].content
        shares.setdefault(len(example.options), Counter())[one] += 1
    for options, counts in shares.items():
        expected = counts.total() / options
        assert set(counts) <= set(OPTION_LETTERS[:options])
        # Each count is binomial; five standard deviations.
        assert all(
            abs(counts[k] - expected) < 5 * expected**0.5 + 1 for k in OPTION_LETTERS[:options]
        )


def test_prompts_share_their_beginning_for_servers_that_keep_it() -> None:
    prompts = Prompts()
    for briefing, number in asked(Question.PROPOSE, 10):
        examples = BOOK.most_similar(Question.PROPOSE, briefing, 4)
        proposed = prompts.ask(Question.PROPOSE, briefing, number, examples=examples).by_letter
        evaluated = prompts.ask(
            Question.EVALUATE, briefing, number,
            examples=BOOK.most_similar(Question.EVALUATE, briefing, 4),
        ).by_letter  # fmt: skip
        assert proposed[:-1] == evaluated[:-1]
        assert proposed[-1].content.rsplit("\n", 1)[0] == evaluated[-1].content.rsplit("\n", 1)[0]
        fewer = prompts.ask(Question.PROPOSE, BRIEFING, 9, examples=examples[:2]).by_letter
        assert fewer[1:5] == proposed[1:5]


def last(request: JSON) -> Reply:
    """Answer with the last option's letter, in whatever way is asked for."""
    lines = request["messages"][-1]["content"].splitlines()
    letter = [line[0] for line in lines if line[1:3] == ". "][-1]
    if request.get("logprobs"):
        return scores({letter: -0.1, "A": -3.0})
    return says(
        json.dumps({"thought": "so", "answer": letter, "best": [letter], "percent": {letter: 90}})
    )


def client(endpoint: MockEndpoint) -> LLMClient:
    return LLMClient(LLMConfig(endpoint.base_url, "mock", max_retries=0, concurrency=1))


@pytest.mark.parametrize("asking", ["scoring", "reasoning"])
def test_a_guide_shows_them_in_both_ways_of_asking(asking: str) -> None:
    ((briefing, seed),) = asked(Question.PROPOSE, 1)
    with MockEndpoint(last) as endpoint, client(endpoint) as llm:
        config = GuideConfig(asking=asking, examples=2)
        consultation = LLMConsultant(llm, config, example_store=BOOK).consult(briefing, seed)
        while not consultation.finished:
            consultation.wait(1.0)
            consultation.poll()
        report = consultation.close()
    assert (report.calls, report.failed) == (3, 0)
    assert [len(r["messages"]) for r in endpoint.requests] == [6, 6, 6]


@pytest.mark.parametrize("method", ["scoring", "io", "cot", "sc", "tot", "pokellmon"])
def test_a_player_shows_them_with_every_method(method: str) -> None:
    ((briefing, seed),) = asked(Question.PROPOSE, 1)
    with MockEndpoint(last) as endpoint, client(endpoint) as llm:
        player = LLMPlayer(llm, GuideConfig(examples=2), MethodConfig(method), BOOK)
        _, facts = player.choose(briefing, seed, 10.0)
    assert facts["chosen_by"] == "model"
    lengths = [len(r["messages"]) for r in endpoint.requests]
    # Of tree of thoughts only the rating is: candidates are several, examples have one.
    assert lengths == {"sc": [6] * 3, "pokellmon": [6] * 3, "tot": [2]}.get(method, [6])


def llm(**more: Any) -> OpenAIGroup:
    return OpenAIGroup(model="mock", trust=None, examples=2, **more)


@pytest.mark.slow
def test_trust_without_examples_does_not_hold_with_them(tmp_path: Path) -> None:
    with MockEndpoint(last) as endpoint:
        group = llm(
            base_url=endpoint.base_url, calibration=str(tmp_path / "m.json"), guides=["propose"]
        )
        bare = replace(group, examples=0)
        for one in (bare, group):
            config = LLMCommandConfig(games="tic_tac_toe", questions=12, seed=1, llm=one)
            assert run_llm_calibration(config, tmp_path, Console(file=io.StringIO())) == 0
            kept = json.loads((tmp_path / "m.json").read_text())
            if one is bare:
                assert "not measured" in trusts(group, "tic_tac_toe")["propose"].why
    assert set(kept) == {"mock", "mock with 2 examples"}
    assert model_name(group) == "mock with 2 examples"
    shown = kept["mock with 2 examples"]["tic_tac_toe"]["propose"]
    assert "llm.examples=2" in shown["command"]
    assert "12 questions" in trusts(group, "tic_tac_toe")["propose"].why
    digests = {
        prompt_digest(replace(group, examples=n), "tic_tac_toe", "propose") for n in range(4)
    }
    assert len(digests) == 4
    assert kept["mock"]["tic_tac_toe"]["propose"]["prompt"] == Prompts().digest(Question.PROPOSE)
    lengths = [len(r["messages"]) for r in endpoint.requests]
    assert lengths == [2] * 12 + [6] * 12


@pytest.mark.parametrize(
    ("game", "agent", "words"),
    [
        (
            GameConfig(name="othello"),
            "llm_search",
            "for connect_four and tic_tac_toe, not for othello",
        ),
        (GameConfig(name="gen9randombattle"), "llm", "not for gen9randombattle: llm.examples=0"),
        (GameConfig(name="tic_tac_toe"), "pokechamp", "pokechamp' is shown no solved examples"),
    ],
)
def test_where_there_are_none_one_line_says_so(game: GameConfig, agent: str, words: str) -> None:
    factory = AgentFactory(game, AlphaBetaGroup(), llm(guides=["propose"]))
    if agent == "llm":
        factory = AgentFactory(game, AlphaBetaGroup(), llm())
    with pytest.raises(ConfigError, match=words):
        factory.check(agent_config(agent))


def test_an_agent_of_a_tournament_may_have_its_own() -> None:
    with MockEndpoint(last) as endpoint:
        group = llm(base_url=endpoint.base_url, guides=["propose"])
        group = replace(group, examples=0, trust=0.5, max_retries=0)
        search = AlphaBetaGroup(seconds=None, max_depth=2)
        factory = AgentFactory(GameConfig(name="tic_tac_toe"), search, group)
        state = TicTacToe().new_initial_state()
        state.apply_action(4)
        try:
            for shown in (0, 3):
                agent = agent_config(name="llm_search", llm={"examples": shown})
                factory.build(agent).decide(state, 1, 0)
            with pytest.raises(ConfigError, match=r"llm\.examples=21: must be between 0"):
                factory.check(agent_config(name="llm_search", llm={"examples": 21}))
        finally:
            factory.close()
    assert [len(r["messages"]) for r in endpoint.requests] == [2, 8]


def test_another_board_and_other_settings_are_refused(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"connect_four are for another board size: llm.examples=0"
    ):
        ExampleStore(ConnectFour(rows=7))
    for text in ("{", "[]", '{"examples": [{}]}'):
        (tmp_path / "tic_tac_toe.json").write_text(text)
        with pytest.raises(ConfigError, match=r"tic_tac_toe.json are damaged"):
            ExampleStore(TicTacToe(), tmp_path)
    with pytest.raises(ConfigError, match=r"llm.examples"):
        OpenAIGroup(examples=21)


@pytest.mark.slow
def test_the_command_writes_and_refuses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "made"
    where = f"hydra.run.dir={tmp_path}"
    assert (
        main(["llm", "examples", "games=tic_tac_toe", "questions=4", f"out={folder}", where]) == 0
    )
    assert len(ExampleStore(TicTacToe(), folder).solved(Question.MODEL)) == 4
    assert main(["llm", "examples", "games=gen9randombattle", where]) != 0
    assert "examples need an exact solver: connect_four, tic_tac_toe" in capsys.readouterr().err
    assert main(["llm", "calibrate", "out=x", where]) != 0
    assert "out is for llm examples" in capsys.readouterr().err
    every = ["llm", "calibrate", "games=all", "llm=openai", "llm.model=m", "llm.examples=2", where]
    assert main(every) != 0
    assert "not for gen9randombattle: llm.examples=0" in capsys.readouterr().err
