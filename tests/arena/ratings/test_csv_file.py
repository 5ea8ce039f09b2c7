"""``plywise ratings FILE``: other people's results, right and wrong."""

import io
import json
import math
from pathlib import Path

import pytest
from rich.console import Console

from plywise.arena.cli import main as cli
from plywise.arena.ratings.command import print_ratings
from plywise.arena.ratings.csv_file import RatingsFileError, read_games
from plywise.arena.ratings.rate import RatedGame, rate


def written(folder: Path, text: str) -> Path:
    path = folder / "results.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_columns_in_any_order_and_both_ways_to_say_who_was_first(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "pair,score_a,player_b,player_a,first,note\n"
        '1,1,y,"x, the first",a,hello\n1,0.5,y,"x, the first",B,\n\n,0.0,y,z,y,\n,1.0, z ,y,,\n',
    )
    assert read_games(path) == [
        RatedGame("x, the first", "y", 1, "x, the first", "1"),
        RatedGame("x, the first", "y", 0.5, "y", "1"),
        RatedGame("z", "y", 0, "y", ""),
        RatedGame("y", "z", 1, "", ""),
    ]


def test_a_name_comes_before_the_letter(tmp_path: Path) -> None:
    path = written(tmp_path, "player_a,player_b,score_a,first\nb,a,1,a\n")
    assert read_games(path)[0].first == "a"  # who is player_b there


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the file is empty"),
        ("player_a,player_b,score_a\n", "there are no games in it"),
        ("player_a,score_a\nx,1\n", "line 1: no column player_b"),
        ("player_a,player_b,score_a,score_a\nx,y,1,1\n", "column score_a stands there twice"),
        ("player_a,player_b,score_a\nx,y,1\nx,y,2\n", "line 3: score_a is '2'"),
        ("player_a,player_b,score_a\nx,y,win\n", "line 2: score_a is 'win'"),
        ("player_a,player_b,score_a\nx,y,nan\n", "line 2: score_a is 'nan'"),
        ("player_a,player_b,score_a\nx,y,\n", "line 2: score_a is ''"),
        ("player_a,player_b,score_a\nx,x,1\n", "line 2: 'x' plays against itself"),
        ("player_a,player_b,score_a\n,y,1\n", "line 2: a player has no name"),
        ("player_a,player_b,score_a\nx,y\n", "line 2: 2 fields, the first line has 3"),
        ("player_a,player_b,score_a,first\nx,y,1,z\n", "line 2: first is 'z'"),
        ('player_a,player_b,score_a\n"x,y,1\n', "line 2"),
    ],
)
def test_bad_files_give_one_line_and_exit_code_2(
    text: str,
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    path = written(tmp_path, text)
    assert cli.main(["ratings", str(path)]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.startswith("plywise: ")
    assert error.count("\n") == 1


def test_unreadable_files(tmp_path: Path) -> None:
    with pytest.raises(RatingsFileError, match="No such file"):
        read_games(tmp_path / "none.csv")
    with pytest.raises(RatingsFileError, match="Is a directory"):
        read_games(tmp_path)
    binary = tmp_path / "x.csv"
    binary.write_bytes(b"player_a,player_b\xff\n")
    with pytest.raises(RatingsFileError, match="not UTF-8"):
        read_games(binary)


def test_the_last_line_is_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    lines = ["player_a,player_b,score_a"] + ["x,random,1"] * 75 + ["random,x,1"] * 25
    path = written(tmp_path, "\n".join([*lines, ""]))
    assert cli.main(["ratings", str(path)]) == 0
    out = capsys.readouterr().out
    found = json.loads(out.splitlines()[-1])
    x, anchor = found["players"]
    assert set(x) == {"player", "rating", "low", "high", "games"}
    assert x["rating"] == pytest.approx(190.8485)
    assert x["low"] < 130 < 250 < x["high"]
    assert anchor == {"player": "random", "rating": 0, "low": 0, "high": 0, "games": 100}
    (record,) = tmp_path.glob("outputs/ratings/*/*/ratings.json")
    assert json.loads(record.read_text())["anchor"] == "random"
    assert cli.main(["ratings", str(path), "anchor=x", "method=bootstrap", "prior=1"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["players"][0]["rating"] == 0
    assert cli.main(["ratings", str(path), "anchor=nobody"]) == 2
    assert "anchor=nobody: has no games" in capsys.readouterr().err


def test_the_undefeated_are_shown_by_their_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    path = written(tmp_path, "player_a,player_b,score_a\n" + "search,random,1\n" * 20)
    assert cli.main(["ratings", str(path)]) == 0
    out = capsys.readouterr().out
    placed = json.loads(out.splitlines()[-1])["players"][0]
    # 20 wins and a virtual draw are 20.5 points against 0.5.
    assert placed["rating"] == pytest.approx(400 * math.log10(41))
    assert (placed["bound"], placed["high"]) == ("at_least", None)
    assert placed["low"] == pytest.approx(277.5, abs=0.3)
    assert "≈ 645.1" in out
    assert "≥ 277.4" in out
    assert cli.main(["ratings", str(path), "virtual_draws=0"]) == 0
    out = capsys.readouterr().out
    best = json.loads(out.splitlines()[-1])["players"][0]
    assert best["rating"] is None
    assert best["bound"] == "at_least"
    assert best["low"] == pytest.approx(277.5, abs=0.3)
    assert "≥ 277.4" in out
    assert "warning: search: never lost or drew against random" in " ".join(out.split())


def test_the_table_fits_a_narrow_terminal_and_shows_odd_names() -> None:
    console = Console(width=80, record=True, file=io.StringIO())
    played = [RatedGame("[red]x", "random", 1)] * 9 + [RatedGame("y", "[red]x", 0.5)] * 3
    print_ratings(console, rate(played))
    text = console.export_text()
    assert "[red]x" in text
    assert math.isinf(rate(played)["y"].rating)
    assert max(map(len, text.splitlines()[:8])) <= 80
