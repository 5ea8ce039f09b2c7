"""``plywise data replays``: sources of all kinds, what cannot be read, runs that were stopped."""

from __future__ import annotations

import gzip
import html
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf

from plywise.arena.cli.main import main
from plywise.arena.replays import run as replay_run
from plywise.arena.replays.share import key_of
from plywise.datasets.replays import units
from plywise.datasets.replays.schema import COLUMNS
from plywise.datasets.replays.sources import ReplayReject, ReplayText, of_record
from tests.games.gen9.replay_logs import HEAD

pyarrow = pytest.importorskip("pyarrow", reason="an extra: pip install 'plywise[data]'")
from pyarrow import parquet  # noqa: E402

LOG = (
    HEAD
    + """|c|☆Ann|</script><b>|win|Bob
|
|t:|1
|move|p2a: Garchomp|Swords Dance|p2a: Garchomp
|-boost|p2a: Garchomp|atk|2
|move|p1a: Blissey|Seismic Toss|p2a: Garchomp
|-damage|p2a: Garchomp|76/100
|
|upkeep
|turn|2
|
|t:|2
|-message|Bob forfeited.
|
|win|Ann"""
)
IDS = ("gen9randombattle-1", "gen9randombattle-2")


def site_json(name: str, log: str = LOG) -> dict[str, Any]:
    return {
        "id": name, "format": "[Gen 9] Random Battle", "formatid": "gen9randombattle",
        "players": ["Ann", "Bob"], "log": log, "uploadtime": 1_780_000_000, "views": 3,
        "rating": 1650, "private": 0, "password": None,
    }  # fmt: skip


def page(name: str) -> str:
    log = LOG.replace("</", "<\\/")
    return (
        f'<!DOCTYPE html><title>x</title><input type="hidden" name="replayid" value="{name}" />'
        f'<script type="text/plain" class="battle-log-data">{log}</script>{html.escape("<x>")}'
    )


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()


def rows(out: str = "out") -> list[dict[str, Any]]:
    """Return all rows of a run, as any reader of Parquet finds them."""
    files = sorted(Path(out, "decisions").glob("*.parquet"))
    return [row for file in files for row in parquet.read_table(file).to_pylist()]


def rejects(out: str = "out") -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(out, "rejects.jsonl").read_text().splitlines()]


def write(kind: str) -> None:
    """Write two battles as one kind of source into ``in``."""
    records = [site_json(name) for name in IDS]
    if kind == "log":
        for name in IDS:
            Path("in", f"{name}.log").write_text(LOG, encoding="utf-8")
    elif kind == "page":
        for name in IDS:
            Path("in", f"{name}.html").write_text(page(name), encoding="utf-8")
    elif kind == "json":
        for record in records:
            Path("in", f"{record['id']}.json").write_text(json.dumps(record))
    elif kind == "list":
        Path("in/all.json").write_text(json.dumps(records))
    elif kind == "lines":
        Path("in/all.jsonl").write_text("\n".join(map(json.dumps, records)))
    elif kind == "site table":
        parquet.write_table(pyarrow.Table.from_pylist(records), "in/all.parquet")
    else:
        named = [
            {"battle_id": name, "gamemode": "gen9randombattle", "elo": "1600-1799", "text": LOG}
            for name in IDS
        ]
        parquet.write_table(pyarrow.Table.from_pylist(named), "in/all.parquet", row_group_size=1)


KINDS = ["log", "page", "json", "list", "lines", "site table", "collection"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_source(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    write(kind)
    assert main(["data", "replays", "in", "out"]) == 0
    assert "battles    2" in capsys.readouterr().out
    found = rows()
    assert {row["battle_id"] for row in found} == set(IDS)
    assert [list(row) for row in found] == [list(COLUMNS)] * 8
    first, second, third, fourth = (row for row in found if row["battle_id"] == IDS[0])
    assert [first["action"], second["action"]] == ["seismictoss", "swordsdance"]
    assert [first["foe_action"], second["foe_action"]] == ["swordsdance", "seismictoss"]
    assert [first["result"], second["result"]] == [1.0, 0.0]
    assert [first["player_rating"], first["foe_rating"]] == [1700, None]
    assert (third["unknown"], fourth["unknown"]) == ("forfeit", "forfeit")
    assert first["player_key"] == key_of("ann") != second["player_key"]
    many = kind in ("list", "lines", "site table", "collection")
    assert {row["record"] for row in found} == ({1, 2} if many else {0})
    rated = kind in ("json", "list", "lines", "site table")
    assert {row["rating"] for row in found} == {1650 if rated else None}
    assert first["rating_band"] == ("1600-1799" if kind == "collection" else "")
    assert "Ann" not in first["state"]
    assert rejects() == []


def test_what_cannot_be_read_is_told_with_file_line_and_reason(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("in/a.log").write_text(LOG.replace("|gen|9", "|gen|4"))
    Path("in/b.log").write_bytes(LOG.encode("utf-16"))
    Path("in/c.html").write_text("<html>nothing</html>")
    Path("in/d.json").write_text('{"id":"x"')
    Path("in/e.json").write_text('{"id":"e","log":5}')
    Path("in/f.log").write_text(LOG.rpartition("|-message")[0])
    Path("in/g.jsonl").write_text(f"nonsense\n\n{json.dumps(site_json('good'))}\n[1]\n")
    Path("in/h.log").write_text("")
    Path("in/i.txt").write_bytes(gzip.compress(LOG.encode()))
    Path("in/j.jsonl").write_text('{"k":"b","b":0,"seed":"1"}')
    assert main(["data", "replays", "in", "out=out"]) == 0
    told = {(Path(r["source"]).name, r["record"], r["line"]): r["reason"] for r in rejects()}
    assert {key: reason.partition(":")[0][:34] for key, reason in told.items()} == {
        ("a.log", 0, 6): "a battle of generation 4",
        ("b.log", 0, 1): "not UTF-8 text (invalid start byte"[:34],
        ("c.html", 0, 0): "a page without the log of a battle",
        ("d.json", 0, 0): "not JSON (Input data was truncated"[:34],
        ("e.json", 0, 0): "it has no text under log or text",
        ("f.log", 0, 24): "it stops before the end of the bat",
        ("g.jsonl", 1, 0): "not JSON (JSON is malformed",
        ("g.jsonl", 4, 0): "no object with the log of a battle",
        ("h.log", 0, 0): "no battle starts in it",
        ("i.txt", 0, 0): "a compressed file",
        ("j.jsonl", 1, 0): "a recording for plywise verify",
    }
    assert {row["battle_id"] for row in rows()} == {"good"}
    assert "rejected   11" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "which logs, and where to? plywise data replays SRC… OUT"),
        (["in"], "which logs, and where to?"),
        (["nowhere", "out"], "nowhere: there is no such file or folder"),
        (["in", "out"], "in holds no file of replays"),
        (["in", "out", "jobs=0"], "jobs=0"),
    ],
)
def test_wrong_uses(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "replays", *words]) in (1, 2)
    assert said in capsys.readouterr().err
    assert not Path("out/decisions").exists()


def test_more_words_are_for_replays_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "usage", "a.json", "b.json"]) == 2
    assert "'b.json': data usage takes no more words" in capsys.readouterr().err


def test_a_folder_belongs_to_its_sources(capsys: pytest.CaptureFixture[str]) -> None:
    write("log")
    assert main(["data", "replays", "in", "out"]) == 0
    assert main(["data", "replays", "in", "out"]) == 0  # nothing is left to do
    assert "1 of 1 shares were there already" in capsys.readouterr().out
    write("lines")
    assert main(["data", "replays", "in", "out"]) == 2
    assert "it belongs to other sources" in capsys.readouterr().err


def test_a_dataset_card_counts_what_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    write("lines")
    Path("in/b`|\x1b.log").write_text("nothing")
    assert main(["data", "replays", "in/all.jsonl", "in/b`|\x1b.log", "out"]) == 0
    card = Path("out/README.md")
    text = card.read_text()
    head = OmegaConf.create(text.split("---")[1])
    assert head.configs[0].data_files == "decisions/*.parquet"
    assert head.size_categories == ["n<1K"]
    for line in (
        "| battles | 2 |", "| decisions | 8 |", "| decisions whose action no line tells | 4 |",
        "| battles rejected (`rejects.jsonl`) | 1 |", "| gen9randombattle | 2 |", "- `all.jsonl`",
    ):  # fmt: skip
        assert line in text, line
    assert all(f"| `{name}` |" in text for name in COLUMNS)
    assert "\x1b" not in text
    assert str(Path.cwd()) not in text
    card.write_text("my own")
    Path("out/decisions").joinpath("part-000000.parquet").unlink()
    assert main(["data", "replays", "in/all.jsonl", "in/b`|\x1b.log", "out"]) == 0
    assert card.read_text() == "my own"


def test_counts_of_decisions(capsys: pytest.CaptureFixture[str]) -> None:
    write("lines")
    assert main(["data", "replays", "in", "out"]) == 0
    assert main(["data", "count", "out", "counts"]) == 0
    assert "gen9randombattle: 2 battles, 4 teams, 2 species" in capsys.readouterr().out
    found = json.loads(Path("counts/gen9randombattle-0.json").read_text())
    assert found["info"]["number of battles"] == 2
    assert found["data"]["blissey"]["Leads"] == 2
    assert set(found["data"]["blissey"]["Moves"]) == {"seismictoss"}
    assert main(["data", "count", "out", "counts", "rating=1900"]) == 1
    assert main(["data", "count", "out"]) == 2
    assert "plywise data count DECISIONS OUT" in capsys.readouterr().err


def test_processes_write_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    many = "\n".join(json.dumps(site_json(f"b-{n}")) for n in range(40))
    Path("in/all.jsonl").write_text(many)
    monkeypatch.setattr(units, "_LINE_BYTES", 4_000)
    monkeypatch.setattr(units, "_READ", 2_000)
    one = replay_run.run_replays([Path("in")], Path("one"), 1, lambda line: None)
    two = replay_run.run_replays([Path("in")], Path("two"), 2, lambda line: None)
    assert one.shares == two.shares > 5
    assert (one.battles, one.rows) == (two.battles, two.rows) == (40, 160)
    assert rows("one") == rows("two")
    assert [row["record"] for row in rows("one")][::4] == list(range(1, 41))


_STOPPED = """
import sys
from plywise.datasets.replays import units
units._LINE_BYTES, units._READ = 20_000, 5_000
from plywise.arena.cli.main import main
sys.exit(main(["data", "replays", "in", "out", "jobs=1"]))
"""


@pytest.mark.slow
def test_a_run_that_was_killed_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    many = [json.dumps(site_json(f"b-{n}")) for n in range(600)]
    many[7::50] = ["{"] * len(many[7::50])
    Path("in/all.jsonl").write_text("\n".join(many))
    command = [sys.executable, "-c", _STOPPED]
    for _ in range(3):
        before = len(list(Path("out").rglob("part-*.parquet")))
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + 120
        while len(list(Path("out").rglob("part-*.parquet"))) < before + 3:
            assert process.poll() is None or before
            assert time.monotonic() < until
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    monkeypatch.setattr(units, "_LINE_BYTES", 20_000)
    monkeypatch.setattr(units, "_READ", 5_000)
    replay_run.run_replays([Path("in")], Path("whole"), 1, lambda line: None)
    assert rows("out") == rows("whole")
    assert Path("out/rejects.jsonl").read_bytes() == Path("whole/rejects.jsonl").read_bytes()
    assert not list(Path("out").rglob("*.part"))


@pytest.mark.parametrize(
    ("value", "rating", "band"),
    [
        (1650, 1650, ""),
        ("1650", 1650, ""),
        (1649.6, 1650, ""),
        ("1600-1799", None, "1600-1799"),
        ("1800+", None, "1800+"),
        ("high", None, ""),
        (None, None, ""),
        (True, None, ""),
        (10**9, None, ""),
    ],
)
def test_ratings_are_numbers_or_bands(value: object, rating: int | None, band: str) -> None:
    found = of_record({"id": "x", "log": "|", "elo": value}, "f", 1)
    assert isinstance(found, ReplayText)
    assert (found.rating, found.rating_band) == (rating, band)


def test_a_record_may_hold_anything() -> None:
    anything: list[Any] = [None, 5, [], {"log": None}, {"text": {}}, {"id": [1], "log": ["a", 5]}]
    for record in anything:
        assert isinstance(of_record(record, "f", 3), ReplayReject)
