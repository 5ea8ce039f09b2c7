"""``plywise bench childplay``: what it counts, what it prints, and what a broken endpoint does."""

import json
import re
from io import StringIO
from pathlib import Path
from random import Random
from typing import Any, cast

import pytest
from rich.console import Console

from plywise.arena.bench.command import run_bench
from plywise.arena.childplay.exam import ExamStoppedError, make_task
from plywise.arena.childplay.games import ChildPlayGame
from plywise.arena.childplay.session import ItemResult
from plywise.arena.childplay.table import lines, row
from plywise.arena.cli import main as cli
from plywise.arena.output.files import read_records
from plywise.conf.schemas.bench import BenchConfig
from plywise.conf.schemas.llm import EmbeddedGroup, LLMGroup, NoLLMGroup, OpenAIGroup
from plywise.datasets.childplay import smiles
from plywise.datasets.childplay.presets import GAMES, PRESETS, TASKS
from plywise.games.battleship.game import BattleshipState
from plywise.games.childplay import notation
from plywise.llm_modules.calls.accounting import Prices
from plywise.llm_modules.calls.errors import LLMAuthError, LLMConfigError
from plywise.llm_modules.players.exam import ExamPrompts
from plywise.llm_modules.providers.mock import JSON, MockEndpoint, Reply, refuses, says

NONE = NoLLMGroup()
QUICK = ["tic_tac_toe", "shapes", "lcl_validity", "lcl_construction"]


def bench(folder: Path, llm: LLMGroup = NONE, **settings: Any) -> tuple[dict[str, Any], str]:
    """Run it and return the JSON of the last line, and all that was printed."""
    out = StringIO()
    console = Console(file=out, width=80)
    config = BenchConfig(what="childplay", llm=llm, **settings)
    assert run_bench(config, folder, console) == 0
    text = out.getvalue()
    return json.loads(text.strip().splitlines()[-1]), text


def endpoint(mock: MockEndpoint, **settings: Any) -> LLMGroup:
    return OpenAIGroup(
        base_url=mock.base_url,
        model="mock",
        **{"max_retries": 0, "timeout": 20.0, **settings},
    )


# --- baselines -----------------------------------------------------------------------------------


@pytest.mark.parametrize("preset", PRESETS)
def test_baselines_alone(preset: str, tmp_path: Path) -> None:
    found, text = bench(tmp_path, preset=preset, instances=8, tasks=QUICK)
    assert found["model"] is None
    assert found["preset"] == preset
    for task in QUICK:
        assert found["tasks"][task]["exact"]["n"] == 8
        assert found["tasks"][task]["random"]["illegal"] == 0
        assert re.search(rf"^{task} .*score +95 % .*illegal +retries +faults", text, re.MULTILINE)
    for task in QUICK[1:]:
        assert found["tasks"][task]["exact"]["score"] == 1.0
    assert ("(GPT-4o, published, T=0)" in text) == (preset == "childplay_v1")
    saved = json.loads((tmp_path / "bench.json").read_text())
    assert saved["config"]["seed"] == 0
    assert saved["results"]["shapes"][1]["score"] == 1.0
    items = read_records(tmp_path / "items.jsonl")
    assert len(items) == 8 * (2 + 2 + 3 + 2)
    again, _ = bench(tmp_path / "again", preset=preset, instances=8, tasks=QUICK)
    assert again == found
    other, _ = bench(tmp_path / "other", preset=preset, instances=8, tasks=QUICK, seed=1)
    assert other != found


def test_the_published_flaw_shows_and_is_mended(tmp_path: Path) -> None:
    shortcut = "shortcut: first piece at (0, 0)"
    for preset, low, high in (("childplay_v1", 0.97, 1.0), ("childplay_fixed", 0.5, 0.5)):
        found, _ = bench(tmp_path / preset, preset=preset, tasks=["lcl_validity"], instances=100)
        assert low <= found["tasks"]["lcl_validity"][shortcut]["score"] <= high


def test_tic_tac_toe_baselines_are_the_exact_shares(tmp_path: Path) -> None:
    # Enumerated: random as X wins 58.5, draws 12.7 of 100; minimax (first move) wins 99.5.
    settings: dict[str, Any] = {"preset": "childplay_v1", "tasks": ["tic_tac_toe"]}
    found, _ = bench(tmp_path, instances=1200, seed=3, **settings)
    at_random = found["tasks"]["tic_tac_toe"]["random"]
    assert at_random["low"] < 0.585 < at_random["high"]
    assert 0.09 < at_random["draws"] / 1200 < 0.165
    assert found["tasks"]["tic_tac_toe"]["exact"]["wins"] / 1200 > 0.985
    assert found["tasks"]["tic_tac_toe"]["exact"]["losses"] == 0


@pytest.mark.slow
@pytest.mark.parametrize("preset", PRESETS)
def test_strong_baselines_of_the_other_games(preset: str, tmp_path: Path) -> None:
    found, _ = bench(tmp_path, preset=preset, tasks=["connect_four", "battleship"], instances=12)
    assert found["tasks"]["connect_four"]["search, exact late"]["wins"] == 12
    assert found["tasks"]["battleship"]["posterior"]["wins"] >= 8


def test_both_sides_start_alike() -> None:
    task = ChildPlayGame("battleship", PRESETS["childplay_fixed"], 4, 0)
    seen = []
    for number in range(4):
        outcome = ItemResult("battleship", "random", number)
        play(task, outcome, number)
        sea = [line[2:11].split() for line in outcome.turns[0]["asked"].splitlines()[2:7]]
        ships = {(r, c) for r in range(5) for c in range(5) if sea[r][c] in "SX"}
        seen.append((outcome.seat, ships))
    assert [seat for seat, _ in seen] == [0, 1, 0, 1]
    for pair in (0, 1):
        start = notation("battleship", fair=True).start(Random(f"0/battleship/{pair}/start"))
        for seat in (0, 1):  # the two games of a pair have the same two fleets
            fleet = cast("BattleshipState", start).fleets[seat]
            assert seen[2 * pair + seat][1] == {divmod(s, 5) for ship in fleet for s in ship}
    assert seen[0][1] != seen[2][1]


def play(task: ChildPlayGame, outcome: ItemResult, number: int) -> None:
    from plywise.arena.childplay.session import ItemSession

    preset = PRESETS["childplay_fixed"]
    who = task.baselines[0]
    task.run(ItemSession(who, preset, ExamPrompts(preset.name), outcome, Random(0)), number)


def test_without_rdkit_smiles_is_skipped_visibly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smiles, "find_spec", lambda name: None)
    found, text = bench(tmp_path, tasks=["shapes", "smiles"], instances=2)
    assert "smiles: SKIPPED, rdkit and selfies not installed: pip install 'plywise[smiles]'" in text
    assert found["skipped"] == {
        "smiles": "rdkit and selfies not installed: pip install 'plywise[smiles]'"
    }
    assert set(found["tasks"]) == {"shapes"}


def test_smiles_baselines(tmp_path: Path) -> None:
    pytest.importorskip("rdkit")
    pytest.importorskip("selfies")
    found, _ = bench(tmp_path, preset="childplay_v1", tasks=["smiles"], instances=20)
    reader = found["tasks"]["smiles"]["reader"]
    assert reader["score"] >= 0.95
    assert reader["similarity"] >= 0.95
    assert found["tasks"]["smiles"]["random"]["levenshtein"] > 3


# --- a model -------------------------------------------------------------------------------------


def test_tokens_cost_illegal_replies_and_retries_are_counted(tmp_path: Path) -> None:
    def script(request: JSON) -> Reply:
        retried = len(request["messages"]) > 2
        return says("Answer: valid" if retried else "hm", prompt_tokens=1000, completion_tokens=10)

    with MockEndpoint(script) as mock:
        llm = endpoint(mock, prompt_price=2.0, completion_price=10.0)
        found, text = bench(tmp_path, llm, tasks=["lcl_validity"], instances=6, max_tokens=77)
    line = found["tasks"]["lcl_validity"]["mock"]
    assert (line["n"], line["score"]) == (6, 0.5)  # every other construct is valid
    assert (line["illegal"], line["retries"], line["forfeits"], line["faults"]) == (6, 6, 0, 0)
    assert (line["prompt_tokens"], line["completion_tokens"]) == (12_000, 120)
    assert line["cost"] == pytest.approx(0.024 + 0.0012)
    assert "12,000/120  $0.0252" in text
    request = mock.requests[-1]
    assert request["max_tokens"] == 77
    assert [m["role"] for m in request["messages"]] == ["system", "user", "assistant", "user"]
    assert "neither valid nor invalid" in request["messages"][-1]["content"]


def test_published_rules_forgive_nothing(tmp_path: Path) -> None:
    with MockEndpoint(lambda request: says("0 0")) as mock:
        settings: dict[str, Any] = {"preset": "childplay_v1", "instances": 5}
        found, _ = bench(tmp_path, endpoint(mock), tasks=["tic_tac_toe"], **settings)
        line = found["tasks"]["tic_tac_toe"]["mock"]
        # The first move is legal; the second is on a marked square, which loses.
        assert (line["wins"], line["draws"], line["losses"]) == (0, 0, 5)
        assert (line["illegal"], line["forfeits"], line["retries"]) == (5, 5, 0)
    with MockEndpoint(lambda request: says("Valid.")) as mock:
        found, _ = bench(tmp_path / "b", endpoint(mock), tasks=["lcl_validity"], **settings)
        line = found["tasks"]["lcl_validity"]["mock"]
        assert (line["illegal"], line["n"]) == (5, 5)
        assert line["score"] == 0.4  # as published, it counts as "invalid": 2 of 5 are
        assert [m["role"] for m in mock.requests[0]["messages"]] == ["system"]


def test_a_game_is_won_through_the_endpoint(tmp_path: Path) -> None:
    def script(request: JSON) -> Reply:
        """Take the first empty square of the view."""
        rows = [r for r in request["messages"][1]["content"].splitlines() if re.match(r"\d \|", r)]
        spots = [(k, c) for k, r in enumerate(rows) for c in range(3) if r[4 + 4 * c] == " "]
        return says("{} {}".format(*spots[0]))

    with MockEndpoint(script) as mock:
        settings: dict[str, Any] = {"preset": "childplay_v1", "instances": 12}
        found, _ = bench(tmp_path, endpoint(mock), tasks=["tic_tac_toe"], **settings)
    line = found["tasks"]["tic_tac_toe"]["mock"]
    assert line["illegal"] == 0
    assert line["wins"] > 6


def test_faults_are_no_losses(tmp_path: Path) -> None:
    asked = 0

    def script(request: JSON) -> Reply:
        nonlocal asked
        asked += 1
        return refuses(500, "busy") if asked % 3 == 0 else says("Answer: 0")

    with MockEndpoint(script) as mock:
        llm = endpoint(mock, concurrency=1, temperature=1.0)
        found, _ = bench(tmp_path, llm, tasks=["shapes"], instances=12)
    line = found["tasks"]["shapes"]["mock"]
    assert (line["n"], line["faults"], line["illegal"]) == (8, 4, 0)
    faults = [i for i in read_records(tmp_path / "items.jsonl") if i["result"] == "fault"]
    assert len(faults) == 4
    assert all(item["score"] is None and "failed (500)" in item["why"] for item in faults)


def test_an_empty_reply_is_a_fault_as_published_and_illegal_else(tmp_path: Path) -> None:
    replies = {"childplay_v1": (1, 0), "childplay_fixed": (0, 2)}
    for preset, (faults, illegal) in replies.items():
        with MockEndpoint(lambda request: says("")) as mock:
            llm = endpoint(mock)
            found, text = bench(
                tmp_path / preset, llm, tasks=["shapes"], instances=1, preset=preset
            )
        line = found["tasks"]["shapes"]["mock"]
        assert (line["faults"], line["illegal"], line["n"]) == (faults, illegal, 1 - faults)
        if faults:
            assert line["score"] is None
            assert re.search(r"^mock +0 +- +- ", text, re.MULTILINE)


def test_an_endpoint_that_is_not_there_ends_the_run_in_one_line(tmp_path: Path) -> None:
    llm = OpenAIGroup(base_url="http://127.0.0.1:9/v1", model="m", max_retries=0)
    with pytest.raises(ExamStoppedError, match="stopped after 3 consecutive faults") as stopped:
        bench(tmp_path, llm, tasks=["shapes"], instances=20)
    assert "\n" not in str(stopped.value)
    assert "nothing answers at http://127.0.0.1:9" in str(stopped.value)
    assert read_records(tmp_path / "items.jsonl")  # the baselines', at least


def test_a_refused_key_ends_the_run_at_once(tmp_path: Path) -> None:
    with (
        MockEndpoint(lambda request: says("0"), api_key="right") as mock,
        pytest.raises(LLMAuthError, match="refuses the key"),
    ):
        bench(tmp_path, endpoint(mock), tasks=["shapes"], instances=20)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "words", "code"),
    [
        (["tasks=[chess]"], "tasks=chess: choose one of tic_tac_toe", 2),
        (["tasks=[]"], "name each task once", 2),
        (["tasks=[shapes,shapes]"], "name each task once", 2),
        (["preset=v1"], "choose one of childplay_v1, childplay_fixed", 2),
        (["instances=0"], "instances=0: must be at least 1", 2),
        (["retries=-1"], "retries=-1: must be at least 0", 2),
        (["max_tokens=0"], "max_tokens=0", 2),
        (["llm=stand_in"], "choose llm=none, embedded or openai", 2),
        (["llm=openai", "llm.base_url=http://127.0.0.1:9"], "no language model is named", 2),
        (["task=[shapes]"], "did you mean 'tasks'?", 2),
    ],
)
def test_bad_input_gives_one_line(
    arguments: list[str],
    words: str,
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OPENAI_MODEL", raising=False)
    assert cli.main(["bench", "childplay", *arguments]) == code
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert words in error


def test_other_benches_take_no_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["bench", "boards", "llm=embedded"]) == 2
    assert (
        "only 'bench childplay', 'bench prediction' and 'bench puzzles' ask"
        in capsys.readouterr().err
    )


def test_nothing_left_to_do_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(smiles, "find_spec", lambda name: None)
    assert cli.main(["bench", "childplay", "tasks=[smiles]"]) == 2
    assert "no task can run: rdkit and selfies" in capsys.readouterr().err


@pytest.mark.llm
def test_the_embedded_model_is_examined(tmp_path: Path) -> None:
    llm = EmbeddedGroup(concurrency=1, max_retries=0, timeout=120.0)
    found, _ = bench(tmp_path, llm, tasks=["shapes", "tic_tac_toe"], instances=1, max_tokens=16)
    for task in found["tasks"].values():
        line = next(line for name, line in task.items() if name.startswith("SmolLM2"))
        assert line["n"] + line["faults"] == 1
        assert line["prompt_tokens"] > 0


# --- prompts and tables --------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("task", TASKS)
def test_every_prompt_is_filled_and_static_text_comes_first(task: str, preset: str) -> None:
    if task == "smiles":
        pytest.importorskip("rdkit")
        pytest.importorskip("selfies")
    made: Any = make_task(task, PRESETS[preset], 2, 0)
    prompts = ExamPrompts(preset)
    outcomes = [ItemResult(task, "random", number) for number in range(2)]
    asked: list[Any] = []

    def answer(messages: Any, subject: Any, rng: Random) -> Any:
        asked.append(messages)
        return made.baselines[1].answer(messages, subject, rng)

    from plywise.arena.childplay.session import ItemSession, Participant

    spy = Participant("spy", answer)
    for outcome in outcomes:
        made.run(ItemSession(spy, PRESETS[preset], prompts, outcome, Random(1)), outcome.number)
    assert all("$" not in message.content for messages in asked for message in messages)
    if (preset, task) not in (
        ("childplay_v1", "lcl_validity"),
        ("childplay_v1", "lcl_construction"),
    ):
        assert [m.role for m in asked[0]] == ["system", "user"]
        assert len({messages[0] for messages in asked}) == 1
    told_width = any("4 studs wide" in message.content for message in asked[0])
    assert told_width == (task.startswith("lcl") and preset == "childplay_fixed")


def test_wrong_prompt_files_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("no parts")
    (tmp_path / "b.txt").write_text("[user]\n$bord")
    prompts = ExamPrompts(tmp_path)
    with pytest.raises(LLMConfigError, match="cannot read the prompt"):
        prompts.messages("missing", {})
    with pytest.raises(LLMConfigError, match="must begin with"):
        prompts.messages("a", {})
    with pytest.raises(LLMConfigError, match=r"b.txt has \$bord; it may use \$board"):
        prompts.messages("b", {"board": ""})


def test_a_table_shows_nothing_for_no_result() -> None:
    outcome = ItemResult("shapes", "m", 0)
    outcome.fail("gone")
    made = row("m", [outcome])
    assert (made.n, made.score, made.faults) == (0, None, 1)
    assert "50.0 %" not in lines("shapes", [made], {}, games=False)[1]
    drawn = ItemResult("tic_tac_toe", "m", 0, result="draw", score=0.5)
    made = row(
        "m", [drawn, ItemResult("tic_tac_toe", "m", 1, result="win", score=1.0)], Prices(1.0, 0)
    )
    assert (made.score, made.wins, made.draws, made.cost) == (0.75, 1, 1, 0.0)
    assert "1-1-0" in lines(GAMES[0], [made], {"GPT": (1, 2)}, games=True)[1]
