"""A record is data: what it names runs only if the command line asks for it, and only unchanged."""

import json
import py_compile
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from plywise.arena.cli import main as cli
from plywise.arena.play.replay import UnaskedGameError, recorded_game
from plywise.arena.terminal.game_file import GameFileError
from plywise.arena.terminal.replay_command import run_replay
from plywise.conf.schemas.play import ReplayConfig
from plywise.games.from_file import GameFileImportError, game_file_digest

ROOT = Path(__file__).parents[3]
NIM = (ROOT / "docs" / "PLUGIN.md").read_text(encoding="utf-8").split("```python\n")[1]
SOURCE = NIM.split("```")[0]
TOUCH = "\nfrom pathlib import Path\n(Path(__file__).parent / 'ran').touch()\n"


@pytest.fixture
def nim(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A game's file that leaves a file ``ran`` beside it when it is run."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "a game.py"
    path.write_text(SOURCE + TOUCH, encoding="utf-8")
    return path


def ran(nim: Path) -> bool:
    mark = nim.with_name("ran")
    there = mark.exists()
    mark.unlink(missing_ok=True)
    return there


def saved(nim: Path, **changed: Any) -> Path:
    """A game of which nothing was played."""
    path = nim.with_name("game.json")
    game: dict[str, Any] = {
        "format": "plywise-terminal-game/2",
        "game": f"path:{nim}",
        "parameters": {},
        "players": ["you", "random"],
        "seed": 0,
        "started": "now",
        "ending": "quit",
        "returns": None,
        "moves": [],
        "final_state": json.dumps({"heaps": [3, 4, 5], "mover": 0}),
        "file_digest": game_file_digest(f"path:{nim}"),
    }
    path.write_text(json.dumps(game | changed))
    return path


def record(nim: Path) -> Path:
    """A tournament's record; its file has run."""
    path = nim.with_name("r.sqlite")
    given = ["agents=[random,{name:random,label:b}]", "tournament.pairs=1", "search=mcts"]
    where = [f"tournament.record={path}", "tournament.executor=inline"]
    assert cli.main(["tournament", f"game=path:{nim}", *given, *where]) == 0
    assert ran(nim)
    return path


def complaint(capsys: pytest.CaptureFixture[str]) -> str:
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    return line


def refused(game: Path, asked: str | None) -> str:
    with pytest.raises(GameFileError) as error:
        run_replay(ReplayConfig(file=str(game), trusted_game=asked), game.parent)
    return str(error.value)


def test_replay_asks_and_compares(nim: Path, capsys: pytest.CaptureFixture[str]) -> None:
    game = saved(nim)
    assert f"if you trust that file, add 'game=path:{nim}'" in refused(game, None)
    assert not ran(nim)
    assert cli.main(["replay", str(game), "game=path:a game.py"]) == 0, capsys.readouterr()
    assert ran(nim)
    nim.write_text(nim.read_text() + "# edited\n")
    asked = f"path:{nim}"
    assert "is not the file that the record was played with" in refused(game, asked)
    assert "with a file, game=path:FILE.py" in refused(game, "connect_four")
    nim.rename(nim.with_name("gone.py"))
    assert "cannot read" in refused(game, asked)
    assert not ran(nim)


def test_a_record_without_a_digest_runs_what_was_asked_for(nim: Path) -> None:
    game = saved(nim, file_digest="")
    assert "is not run unasked" in refused(game, None)
    assert not ran(nim)
    assert run_replay(ReplayConfig(file=str(game), trusted_game=f"path:{nim}"), nim.parent) == 0


def test_a_built_in_game_takes_no_file(nim: Path) -> None:
    first = json.dumps({"game": "tic_tac_toe", "rows": 3, "columns": 3, "moves": []})
    game = saved(nim, game="tic_tac_toe", final_state=first)
    assert "the record was played with game=tic_tac_toe" in refused(game, f"path:{nim}")
    assert not ran(nim)
    for asked in ("tic_tac_toe", None):
        assert run_replay(ReplayConfig(file=str(game), trusted_game=asked), nim.parent) == 0


@pytest.mark.slow
def test_report_asks_and_compares(nim: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(record(nim))
    capsys.readouterr()
    assert cli.main(["report", path]) == 1
    assert f"add 'game=path:{nim}'" in complaint(capsys)
    assert cli.main(["report", path, "game=path:a game.py"]) == 0, capsys.readouterr()
    nim.write_text(nim.read_text() + "# edited\n")
    capsys.readouterr()
    assert cli.main(["report", path, f"game=path:{nim}"]) == 2
    assert "nothing of it was run" in complaint(capsys)
    assert not ran(nim)
    with sqlite3.connect(path) as db:
        (text,) = db.execute("SELECT value FROM meta WHERE key = 'identity'").fetchone()
        identity = json.loads(text) | {"game": {"name": "path:/etc/passwd"}, "game_file": ""}
        db.execute("UPDATE meta SET value = ? WHERE key = 'identity'", (json.dumps(identity),))
    assert cli.main(["report", path]) == 1
    assert "game=path:/etc/passwd" in complaint(capsys)


def test_what_was_compared_is_what_runs(nim: Path) -> None:
    """A compiled file beside it, which the interpreter would take, is left alone."""
    nim.write_text(SOURCE)
    digest = game_file_digest(f"path:{nim}")
    stamp = nim.stat()
    nim.write_text(SOURCE.replace('"nim"', '"mad"'))
    py_compile.compile(str(nim), invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
    nim.write_text(SOURCE)
    assert nim.stat().st_size == stamp.st_size
    game = recorded_game(f"path:{nim}", {}, f"path:{nim}", digest)
    assert game.info.name == "nim"
    with pytest.raises(GameFileImportError, match="the record's is 123456789abc"):
        recorded_game(f"path:{nim}", {}, f"path:{nim}", "123456789abc")


def test_files_that_openspiel_would_read_are_asked_for() -> None:
    with pytest.raises(UnaskedGameError, match=r"add 'game=openspiel:efg_game\(filename=/x\)'"):
        recorded_game("openspiel:efg_game(filename=/x)", {})
    with pytest.raises(UnaskedGameError, match="game=connect_four: the record was played with"):
        recorded_game("openspiel:kuhn_poker", {}, "connect_four")
