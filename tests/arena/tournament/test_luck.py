"""``plywise luck``: figures that the seed fixes, and records of which it makes none."""

import json
import sqlite3
import zlib
from pathlib import Path
from typing import Any

import pytest

from plywise.arena.cli import main as cli
from plywise.arena.tournament.store import pack_actions

NIM = (Path(__file__).parents[3] / "docs" / "PLUGIN.md").read_text(encoding="utf-8")


def play(folder: Path, *settings: str) -> Path:
    """Play a tournament into ``folder/r.sqlite``."""
    path = folder / "r.sqlite"
    words = ("tournament.executor=inline", f"tournament.record={path}", f"hydra.run.dir={folder}/t")
    assert cli.main(["tournament", *settings, *words]) == 0
    return path


def goofspiel(folder: Path, pairs: int = 6) -> Path:
    """Mixed strategies, and no chance: all luck is that of the players' own draws."""
    return play(
        folder, "game=goofspiel", "game.cards=5", "search.seconds=null", "search.iterations=30",
        f"tournament.pairs={pairs}", "agents=[search,{name:search,label:b,iterations:10}]",
    )  # fmt: skip


def luck(record: Path, *settings: str) -> tuple[int, dict[str, Any]]:
    """Return the exit code and what ``luck.json`` holds, {} without one."""
    folder = record.parent / "luck"
    file = folder / "luck.json"
    file.unlink(missing_ok=True)
    code = cli.main(["luck", str(record), *settings, f"hydra.run.dir={folder}"])
    return code, json.loads(file.read_text()) if file.exists() else {}


def complaint(capsys: pytest.CaptureFixture[str]) -> str:
    """Return the one line on the error stream."""
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1, lines
    return lines[0]


def change(record: Path, statement: str, *values: object) -> None:
    with sqlite3.connect(record) as db:
        db.execute(statement, values)
    db.close()


@pytest.mark.slow
def test_the_seed_fixes_the_figures_for_any_number_of_processes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = goofspiel(tmp_path)
    capsys.readouterr()
    code, one = luck(record, "iterations=20", "samples=5")
    assert code == 0
    printed = capsys.readouterr().out.strip().splitlines()
    assert json.loads(printed[-1]) == {"pairings": one["pairings"]}
    assert len(one["games"]) == 12
    assert sum(game["luck"] != 0 for game in one["games"]) > 6
    assert luck(record, "iterations=20", "samples=5", "jobs=2")[1]["games"] == one["games"]
    assert luck(record, "iterations=20", "samples=5", "seed=2")[1]["games"] != one["games"]


@pytest.mark.slow
def test_battles_are_adjusted_and_those_of_other_rules_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = play(
        tmp_path, "game=gen9randombattle", "agents=[max_damage,search]", "tournament.pairs=5",
        "search.seconds=null", "search.iterations=5", "search.worlds=1",
    )  # fmt: skip
    code, found = luck(record, "iterations=0")
    assert code == 0
    (pairing,) = found["pairings"]
    assert pairing["games"] == 10
    assert pairing["adjusted"]["low"] < pairing["adjusted"]["value"]
    assert all(game["luck"] for game in found["games"])
    capsys.readouterr()
    change(record, "UPDATE games SET result = -result WHERE number = 3")
    assert luck(record, "iterations=0") == (1, {})
    assert "game 3" in (said := complaint(capsys))
    assert "the record was played by other rules" in said
    change(record, "UPDATE games SET actions = ?, plies = 1", pack_actions([(15, 15)]))
    assert luck(record, "iterations=0") == (1, {})
    assert "the record was played by other rules" in complaint(capsys)


@pytest.mark.slow
def test_games_without_chance_or_mixed_strategies_have_no_luck(tmp_path: Path) -> None:
    record = play(
        tmp_path, "game=tic_tac_toe", "tournament.pairs=6", "tournament.openings=2",
        "search.max_depth=2",
    )  # fmt: skip
    code, found = luck(record)
    assert code == 0
    assert {game["luck"] for game in found["games"]} == {0.0}
    (pairing,) = found["pairings"]
    assert pairing["adjusted"]["value"] == pytest.approx(pairing["score"]["value"])


@pytest.mark.slow
def test_records_without_luck_are_refused_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert luck(tmp_path / "none.sqlite") == (1, {})
    assert "there is no record" in complaint(capsys)
    (tmp_path / "text.sqlite").write_text("nothing of the kind" * 100)
    assert luck(tmp_path / "text.sqlite") == (1, {})
    assert "damaged or no tournament record" in complaint(capsys)
    record = goofspiel(tmp_path, pairs=1)
    capsys.readouterr()
    assert luck(record, "samples=0") == (2, {})
    assert "samples=0" in complaint(capsys)
    for trace in (
        b"no zlib",
        zlib.compress(b'[{"p":0,"w":0,"s":{"x":1.0}}]'),
        zlib.compress(b'[{"p":0,"w":0,"s":{"0":2.0,"1":-1.0}}]'),
        zlib.compress(b'[{"p":0,"w":0,"s":{"77":1.0}}]'),
    ):
        change(record, "UPDATE games SET trace = ?", trace)
        assert luck(record, "iterations=0") == (1, {})
        assert "trace" in complaint(capsys)
    change(record, "UPDATE games SET result = NULL")
    assert luck(record) == (1, {})
    assert "no game in it has a result" in complaint(capsys)
    identity = {
        "code": "c", "plywise": "0", "server": {"pokemon-showdown": "0"},
        "game": {"name": "gen9randombattle"}, "agents": [{"title": "a"}, {"title": "b"}],
    }  # fmt: skip
    change(record, "UPDATE meta SET value = ? WHERE key = 'identity'", json.dumps(identity))
    assert luck(record) == (1, {})
    assert "Showdown server" in complaint(capsys)


@pytest.mark.slow
def test_a_game_without_compiled_rules_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    nim = tmp_path / "nim.py"
    nim.write_text(NIM.split("```python\n")[1].split("```")[0], encoding="utf-8")
    record = play(
        tmp_path, f"game=path:{nim}", "agents=[random,{name:random,label:b}]",
        "tournament.pairs=1", "search=mcts",
    )  # fmt: skip
    capsys.readouterr()
    assert luck(record) == (1, {})
    assert "is not run unasked" in complaint(capsys)
    assert luck(record, f"game=path:{nim}") == (1, {})
    assert "has no compiled rules" in complaint(capsys)
