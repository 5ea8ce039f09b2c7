"""What each guide is worth: the llm_ablation preset end to end."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from plywise.arena.agents.catalog import agent_config
from plywise.arena.agents.factory import AgentFactory
from plywise.arena.agents.kinds.random import RandomAgent
from plywise.arena.cli.main import main
from plywise.arena.play.match import play_game
from plywise.arena.tournament.store import GameStore
from plywise.conf.schemas.game import GameConfig
from plywise.conf.schemas.llm import OpenAIGroup
from plywise.conf.schemas.search import AlphaBetaGroup
from plywise.datasets.errors import ConfigError
from plywise.games.registry import make_game
from plywise.llm_modules.providers.mock import JSON, MockEndpoint, Reply, scores

ASKED = {
    "no guide": set[str](),
    "propose": {"propose"},
    "model": {"model"},
    "evaluate": {"evaluate"},
    "all three": {"propose", "model", "evaluate"},
}


def likes_early_letters(request: JSON) -> Reply:
    letters = re.findall(r"(?m)^([A-Z])\. ", request["messages"][-1]["content"])
    return scores({letter: -1.0 - k for k, letter in enumerate(letters)})


def ablation(tmp_path: Path, *settings: str) -> dict[str, Any]:
    """Run the preset; return each agent's questions, calls and answers used."""
    record = tmp_path / "r.sqlite"
    arguments = [
        *("tournament", "tournament=llm_ablation", *settings),
        *("tournament.pairs=1", f"tournament.record={record}", f"hydra.run.dir={tmp_path}/out"),
    ]
    assert main(arguments) == 0
    questions: dict[str, Counter[str]] = {title: Counter() for title in ASKED}
    efforts: dict[str, Counter[str]] = {title: Counter() for title in ASKED}
    with GameStore.read(record) as store:
        assert set(store.titles) == set(ASKED)
        for game in store.games():
            titles = [store.titles[index] for index in game.players]
            for entry in store.trace(game.number):
                for told in entry.get("a", ()):
                    if told["status"] != "not asked":
                        questions[titles[entry["w"]]][told["question"]] += 1
            for title, side in zip(titles, game.sides, strict=True):
                efforts[title].update(
                    calls=side.calls + side.cached, used=side.used, late=side.late
                )
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    for title, effort in efforts.items():
        assert summary["agents"][title]["effort"]["used"] == effort["used"]
    assert (tmp_path / "out" / "report.html").exists()
    return {title: (set(questions[title]), efforts[title]) for title in ASKED}


def check(found: dict[str, Any]) -> None:
    for title, (questions, effort) in found.items():
        assert questions == ASKED[title], title
        assert (effort["calls"] > 0) == (effort["used"] > 0) == (title != "no guide"), title


@pytest.mark.parametrize(
    "game",
    [
        ("game=tic_tac_toe", "search.seconds=0.3"),
        ("game=connect_four", "search.seconds=0.2", "game.rows=4", "game.columns=4"),
        pytest.param(  # without a clock: a busy machine may take long over a battle's briefing
            (
                *("game=gen9randombattle", "search.seconds=null", "search.iterations=60"),
                *("search.worlds=2", "tournament.pairing=gauntlet"),
            ),
            marks=pytest.mark.slow,
        ),
    ],
    ids=lambda game: game[0],
)
def test_the_preset_asks_each_agent_its_own_questions_and_uses_the_answers(
    tmp_path: Path, game: tuple[str, ...]
) -> None:
    with MockEndpoint(likes_early_letters) as endpoint:
        llm = ("llm=openai", f"llm.base_url={endpoint.base_url}", "llm.model=mock")
        check(ablation(tmp_path, *game, *llm, "tournament.executor=inline"))


def test_the_preset_with_the_stand_in(tmp_path: Path) -> None:
    depth = ("search.seconds=null", "search.max_depth=2", "tournament.executor=inline")
    found = ablation(tmp_path, "llm=stand_in", "game=tic_tac_toe", *depth)
    check(found)
    # It answers at once, and only what a proved result makes needless is not looked at.
    for _, effort in found.values():
        assert effort["calls"] == effort["used"] + effort["late"]


@pytest.mark.parametrize(
    ("game", "depth", "question", "liked", "without", "with_it"),
    [
        ("connect_four", 2, "evaluate", "1", 3, 0),
        ("tic_tac_toe", 9, "propose", "b3", 4, 1),
        # against O in the middle of the left edge some first moves win sooner than others
        ("tic_tac_toe", 9, "model", "a2", 4, None),
    ],
)
def test_each_answer_of_a_model_changes_what_is_played(
    game: str, depth: int, question: str, liked: str, without: int, with_it: int | None
) -> None:
    def likes(request: JSON) -> Reply:
        options = re.findall(r"(?m)^([A-Z])\. (\w+)", request["messages"][-1]["content"])
        return scores({letter: -0.01 if label == liked else -6.0 for letter, label in options})

    search = AlphaBetaGroup(seconds=None, max_depth=depth, table_bits=12)
    with MockEndpoint(likes) as endpoint:
        llm = OpenAIGroup(base_url=endpoint.base_url, model="mock", guides=[question], trust=1.0)
        factory = AgentFactory(GameConfig(game), search, llm)
        try:
            state = factory.game.new_initial_state()
            alone = factory.build(agent_config("search")).decide(state, 0, 1)
            told = factory.build(agent_config("llm_search")).decide(state, 0, 1)
        finally:
            factory.close()
    assert told.notes["advice_used"] == (f"{question}:llm:mock",)
    assert alone.action == without
    assert told.action != without
    if with_it is None:
        assert told.notes["gains"][told.action] > 0.9
    else:
        assert told.action == with_it


@pytest.mark.slow
@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (
            ("game=battleship", "llm=openai", "llm.model=m"),
            "the guide 'model' is of no use in battleship",
        ),
        (
            ("game=gen9randombattle", "search.sharing=averaged", "llm=openai", "llm.model=m"),
            "search.sharing=averaged takes no advice",
        ),
        (
            ("game=othello", "llm=stand_in"),
            "llm=stand_in advises in game=connect_four and game=tic_tac_toe, and in battles",
        ),
        (("game=tic_tac_toe", "llm=stand_in", "llm.skill=1.5"), "must be between 0 and 1"),
        (
            ("game=gen9randombattle", "tournament.executor=showdown"),
            "none with tournament.executor=showdown",
        ),
        (("game=othello", "agents=[random,llm]", "llm=stand_in"), "llm=stand_in advises in"),
        (("game=tic_tac_toe", "agents=[random,llm]", "llm=none"), "needs a language model"),
    ],
)
def test_what_could_only_be_ignored_is_refused_in_one_line(
    settings: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["tournament", "tournament=llm_ablation", *settings]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert sum(line.startswith("plywise: ") for line in said.splitlines()) == 1


def test_no_opening_ends_the_game() -> None:
    game = make_game("tic_tac_toe")
    seats = (RandomAgent("a"), RandomAgent("b"))
    openings = set()
    for seed in range(40):
        one, two = (
            play_game(game, seats, seed, openings=6),
            play_game(game, seats, seed, openings=6),
        )
        assert one.actions[:6] == two.actions[:6]
        assert one.plies > 6
        assert sum(side.decisions for side in one.sides) == one.plies - 6
        openings.add(one.actions[:6])
    assert len(openings) > 35
    with pytest.raises(ConfigError, match="openings=9: 1000 random games of tic_tac_toe were over"):
        play_game(game, seats, 0, openings=9)
