"""Explained decisions: what is told, where it is kept, and that it stays with us."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from plywise.arena.agents.catalog import agent_config
from plywise.arena.agents.factory import AgentFactory
from plywise.arena.agents.spec import Agent
from plywise.arena.cli import main as cli
from plywise.arena.output.files import RecordWriter
from plywise.arena.play.explain import Explanation, explanation, show_explanation
from plywise.arena.terminal.game_file import read_game
from plywise.arena.terminal.play import Human, play_in_terminal
from plywise.conf.schemas.game import GameConfig
from plywise.conf.schemas.llm import NoLLMGroup, OpenAIGroup
from plywise.conf.schemas.search import AlphaBetaGroup, SimultaneousGroup
from plywise.games.battleship.game import Battleship
from plywise.games.registry import make_game
from plywise.games.showdown.player import DecisionRecord
from plywise.llm_modules.providers.mock import JSON, MockEndpoint, Reply, says
from plywise.search.decision import Decision


def printed(told: Explanation) -> str:
    console = Console(file=StringIO(), width=120)
    show_explanation(console, told)
    out = console.file
    assert isinstance(out, StringIO)
    return out.getvalue()


def likes_the_edge(request: JSON) -> Reply:
    """Column 7 is what this model proposes and values."""
    text = request["messages"][-1]["content"]
    letter = next(x for x in "ABCDEFG" if f"\n{x}. 7" in text)
    properties = request["response_format"]["json_schema"]["schema"]["properties"]
    written: dict[str, Any] = {"thought": "The edge \x1b[31mwins."}
    if "answer" in properties:
        written["answer"] = letter
    else:
        written["percent"] = {k: 100 * (k == letter) for k in properties["percent"]["properties"]}
    return says(json.dumps(written))


def test_an_advised_decision_is_told_in_full_and_that_the_advice_mattered() -> None:
    with MockEndpoint(likes_the_edge) as endpoint:
        llm = OpenAIGroup(base_url=endpoint.base_url, model="mock", asking="reasoning", trust=1.0)
        search = AlphaBetaGroup(max_depth=2, advice_plies=100)
        factory = AgentFactory(GameConfig("connect_four"), search, llm, compare=True)
        agent = factory.build(agent_config("llm_search", llm={"guides": ["propose", "evaluate"]}))
        state = factory.game.new_initial_state()
        decision = agent.decide(state, 0, 1)
        told = explanation(state, 0, decision)
        factory.close()
    json.dumps(told)
    assert told["move"] == "7"
    best = told["candidates"][0]
    assert (best["move"], best["share"]) == ("7", 1.0)
    assert best["value"] > best["alone"]
    assert best["advised"] == pytest.approx(0.7)
    assert told["line"][0] == "7"
    assert [q["question"] for q in told["questions"]] == ["propose", "evaluate"]
    assert told["questions"][0]["thought"] == "The edge [31mwins."  # nothing for the terminal
    assert told["questions"][1]["weights"]["7"] == 1.0
    assert told["questions"][0]["prompt"][0]["role"] == "system"
    mattered = told["mattered"]
    assert mattered["without advice"] != "7"
    assert mattered["changed the move"] is True
    text = printed(told)
    for words in ("alone", "asked propose: answered", "advice changed the move", "thought: The"):
        assert words in text


@pytest.mark.parametrize("game", ["goofspiel", "gen9randombattle"])
def test_a_mixed_strategy_has_priors_predictions_and_visits(game: str) -> None:
    search = SimultaneousGroup(seconds=None, iterations=300, worlds=2)
    factory = AgentFactory(GameConfig(game), search, NoLLMGroup())
    state = factory.game.new_initial_state(1)
    decision = factory.build(agent_config("search")).decide(state, 0, 1)
    told = explanation(state, 0, decision)
    assert sum(row["share"] for row in told["candidates"]) == pytest.approx(1, abs=0.01)
    assert sum(row["prior"] for row in told["candidates"]) == pytest.approx(1, abs=0.01)
    assert sum(row["visits"] for row in told["candidates"]) == 300
    assert sum(told["opponent"].values()) == pytest.approx(1, abs=0.05)
    assert not any(name.startswith("action ") for name in told["opponent"])
    unseen = [name for name in told["opponent"] if name.endswith(" (unseen)")]
    assert bool(unseen) == (game == "gen9randombattle")
    assert "questions" not in told
    assert "mattered" not in told
    printed(told)


@pytest.mark.parametrize("agent", ["random", "search"])
def test_a_game_is_explained_as_it_is_played_and_again_from_its_file(
    agent: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    search = AlphaBetaGroup(max_depth=3)
    factory = AgentFactory(GameConfig("tic_tac_toe"), search, NoLLMGroup())
    player = factory.build(agent_config(agent))
    console = Console(file=StringIO(), width=120)
    play_in_terminal(factory.game, (player, player), 1, console, tmp_path, explain=True)
    assert isinstance(console.file, StringIO)
    assert "share" in console.file.getvalue()
    (path,) = tmp_path.glob("*.json")
    whys = [move.why for move in read_game(path).moves]
    assert all(why is not None and why["candidates"] for why in whys)
    for explain, there in (("true", True), ("false", False)):
        assert cli.main(["replay", str(path), f"explain={explain}"]) == 0
        assert ("share" in capsys.readouterr().out) == there


def test_an_opponent_at_the_keyboard_does_not_see_hidden_plans(tmp_path: Path) -> None:
    """In Battleship the explanation goes into the file only."""

    class Plans(Agent):
        name = "plans"

        def decide(self, state: Any, player: int, seed: int) -> Decision:
            action = state.legal_actions(player)[0]
            return Decision(action, {action: 1.0}, notes={"chosen_by": "SECRET"})

        def close(self) -> None:
            pass

    game = Battleship(3, 3, (2,))

    class Keyboard(Console):
        def input(self, *_: Any, **__: Any) -> str:
            return next(answers)

    state = game.new_initial_state()
    answers = iter([state.action_to_string(0, state.legal_actions(0)[0]), "quit"])
    console = Keyboard(file=StringIO(), width=120)
    play_in_terminal(game, (Human(), Plans()), 1, console, tmp_path, explain=True)
    assert isinstance(console.file, StringIO)
    assert "SECRET" not in console.file.getvalue()
    (path,) = tmp_path.glob("*.json")
    assert "SECRET" in path.read_text()


def record_of(view: Any, decision: Decision | None, turn: int) -> DecisionRecord:
    name = "default" if decision is None else view.action_to_string(0, decision.action)
    return DecisionRecord(
        battle="battle-gen9randombattle-7",
        turn=turn,
        own_hp=6.0,
        foe_hp=6.0,
        own_left=6,
        foe_left=6,
        own_species="",
        foe_species="",
        last_own="",
        last_foe="",
        action=name,
        decision=decision,
        seconds=0.5,
        fallback="" if decision else "ZeroDivisionError",
        infostate=view.serialize(),
    )


def test_a_matchs_decision_log_is_explained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    state = make_game("gen9randombattle").new_initial_state(2)
    view = state.view(0)
    legal = view.legal_actions()
    transcript = [
        {
            "question": "propose",
            "status": "answered",
            "reply": "B",
            "seconds": 1.25,
            "letters": {"A": legal[0], "B": legal[1]},
            "weights": {legal[0]: 0.3, legal[1]: 0.7},
            "prompt": [{"role": "system", "content": "You advise a player."}],
        }
    ]
    decision = Decision(
        legal[1],
        {legal[0]: 0.25, legal[1]: 0.75},
        values={legal[0]: -0.5, legal[1]: 0.5},
        visits={legal[0]: 10, legal[1]: 30},
        notes={"transcript": transcript, "priors": {legal[0]: 0.5, legal[1]: 0.5}},
    )
    path = tmp_path / "decisions.jsonl"
    with RecordWriter(path) as log:
        log.write(record_of(view, decision, 3))
        log.write(record_of(view, None, 4))
    assert cli.main(["explain", str(path), "turn=3"]) == 0
    out = capsys.readouterr().out
    name = view.action_to_string(0, legal[1])
    assert f"turn 3: {name}" in out
    assert "asked propose: answered after 1.2 s: B" in out
    assert f"says: {name} 70%" in out
    assert "You advise" not in out
    assert cli.main(["explain", str(path), "prompts=true"]) == 0
    out = capsys.readouterr().out
    assert "You advise a player." in out
    assert "a random legal choice: ZeroDivisionError" in out


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no such decision"),
        ("{}", "no decision log"),
        ("no json", "no decision log"),
        ('{"game": "gen9",\n"moves": []}', "a saved game of plywise play: plywise replay"),
    ],
)
def test_something_else_is_refused_in_one_line(
    text: str,
    words: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "x.jsonl"
    path.write_text(text)
    assert cli.main(["explain", str(path)]) == 1
    assert words in capsys.readouterr().err
    assert cli.main(["explain", str(tmp_path / "none")]) == 1
    assert "cannot read" in capsys.readouterr().err
