"""The record: what is in it stays, and it belongs to one tournament and one writer."""

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from plywise.arena.play.record import Side
from plywise.arena.tournament.schedule import GameTask
from plywise.arena.tournament.store import (
    Fault,
    FinishedGame,
    GameStore,
    RecordError,
    RecordMismatchError,
    differing,
    pack_actions,
    pack_trace,
    unpack_trace,
)

IDENTITY: dict[str, Any] = {
    "plywise": "1",
    "code": "abc",
    "game": {"name": "tic_tac_toe"},
    "agents": [{"title": "a", "search": {"max_depth": 3}}, {"title": "b"}],
}


def game(number: int, **more: Any) -> FinishedGame:
    actions = [(0, -1), (-1, 4)]
    return FinishedGame(number, (0, 1), 7, 1.0, 2, pack_actions(actions), **more)


def test_what_goes_in_comes_out(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "r.sqlite"
    first = Side(
        decisions=3, seconds=0.5, longest=0.3, fallbacks=1, illegal=1, calls=9, cached=2, late=1,
        failed=1, over_budget=1, unmetered=1, prompt_tokens=100, completion_tokens=10, cost=0.25,
    )  # fmt: skip
    trace = [{"p": 0, "w": 0, "v": 0.5}]
    full = game(
        5, seconds=1.5, ended=2.0, sides=(first, Side()), attempts=2, error="x: y", at_fault=1,
        trace=pack_trace(trace),
    )  # fmt: skip
    with GameStore.open(path, IDENTITY) as store:
        store.add([full, game(2)], [Fault(GameTask(5, (0, 1), 7), "died", "why", 1, 3.0)])
        store.set_plan({"total": 9})
    with GameStore.read(path) as store:
        assert store.titles == ["a", "b"]
        assert store.numbers() == {2, 5}
        assert [g.number for g in store.games()] == [2, 5]
        assert list(store.games(trace=True))[1] == full
        assert next(store.games(numbers=range(3, 9))).number == 5
        assert store.trace(5) == trace
        assert store.trace(2) == store.trace(77) == []
        assert store.faults() == [
            {"number": 5, "kind": "died", "text": "why", "at_fault": 1, "ended": 3.0}
        ]
        assert store.plan() == {"total": 9}
    assert full.moves() == [(0, -1), (-1, 4)]
    assert full.result_of(1) == -1
    assert unpack_trace(b"") == []
    assert pack_actions([]) == b""


@pytest.mark.parametrize("advice", [{}, {"question": 1}, {"question": "", "weights": [0]}])
def test_a_trace_of_another_form_is_refused(tmp_path: Path, advice: dict[str, Any]) -> None:
    with GameStore.open(tmp_path / "r.sqlite", IDENTITY) as store:
        store.add([game(1, trace=pack_trace([{"p": 0, "w": 0, "a": [advice]}]))])
        with pytest.raises(RecordError):
            store.trace(1)


def test_a_game_stands_there_once(tmp_path: Path) -> None:
    with GameStore.open(tmp_path / "r.sqlite", IDENTITY) as store:
        store.add([game(1)])
        with pytest.raises(RecordError, match="holds this game already"):
            store.add([game(3), game(1)])
        assert store.numbers() == {1}  # all or none


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"plywise": "2"}, 'another version: plywise is "1" there, "2" here; continue it with'),
        ({"code": "def"}, 'another version: code is "abc" there'),
        ({"game": {"name": "chess"}}, 'game.name is "tic_tac_toe" there, "chess" here'),
        (
            {"agents": [{"title": "a", "search": {"max_depth": 4}}, {"title": "b"}]},
            r"agents\[0\].search.max_depth is 3 there, 4 here",
        ),
        ({"agents": [{"title": "a"}]}, "agents is"),
    ],
)
def test_a_record_of_something_else_is_refused(
    change: dict[str, Any], words: str, tmp_path: Path
) -> None:
    path = tmp_path / "r.sqlite"
    with GameStore.open(path, IDENTITY) as store:
        store.add([game(1)])
    with pytest.raises(RecordMismatchError, match=words) as caught:
        GameStore.open(path, IDENTITY | change)
    assert "tournament.record=FILE" in str(caught.value)
    with GameStore.open(path, IDENTITY) as store:
        assert store.numbers() == {1}


def test_differing_names_every_key() -> None:
    assert differing({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}], "c": 0}) == [
        ("a[1].b", 2, 3),
        ("c", None, 0),
    ]


def test_a_file_that_is_no_record_is_refused(tmp_path: Path) -> None:
    text = tmp_path / "text.sqlite"
    text.write_text("no database, but longer than a header of SQLite would be" * 40)
    for use in (GameStore.read, lambda p: GameStore.open(p, IDENTITY)):
        with pytest.raises(RecordError, match="not a database"):
            use(text)
    other = tmp_path / "other.sqlite"
    with sqlite3.connect(other) as db:
        db.execute("CREATE TABLE games (x)")
    for use in (GameStore.read, lambda p: GameStore.open(p, IDENTITY)):
        with pytest.raises(RecordError, match="no tournament record"):
            use(other)
    with pytest.raises(RecordError, match="there is no record"):
        GameStore.read(tmp_path / "none.sqlite")
    with pytest.raises(RecordError, match="cannot write"):
        GameStore.open(text / "below" / "r.sqlite", IDENTITY)


def test_one_writer_and_any_readers(tmp_path: Path) -> None:
    path = tmp_path / "r.sqlite"
    with GameStore.open(path, IDENTITY) as store:
        with pytest.raises(RecordError, match="another process is writing"):
            GameStore.open(path, IDENTITY)
        store.add([game(1)])
        with GameStore.read(path) as reader:
            assert reader.numbers() == {1}
    GameStore.open(path, IDENTITY).close()


def test_kill_releases_the_lock_and_keeps_the_games(tmp_path: Path) -> None:
    path = tmp_path / "r.sqlite"
    program = f"""
import sys
sys.path[:0] = {sys.path!r}
from plywise.arena.tournament.store import FinishedGame, GameStore
from pathlib import Path
store = GameStore.open(Path({str(path)!r}), {IDENTITY!r})
for number in range(10**6):
    store.add([FinishedGame(number, (0, 1), 7, 1.0)])
    print(number, flush=True)
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for _ in range(20):
            told = int(process.stdout.readline())
        with pytest.raises(RecordError, match="another process"):
            GameStore.open(path, IDENTITY)
        os.kill(process.pid, signal.SIGKILL)
        told = max([told, *(int(line) for line in process.stdout if line.endswith(b"\n"))])
    with GameStore.open(path, IDENTITY) as store:
        numbers = store.numbers()
        assert numbers >= set(range(told + 1))
        assert numbers == set(range(max(numbers) + 1))


def test_a_full_disk_says_so_and_loses_nothing(tmp_path: Path) -> None:
    with GameStore.open(tmp_path / "r.sqlite", IDENTITY) as store:
        store.add([game(0)])
        pages = store._db.execute("PRAGMA page_count").fetchone()[0]
        store._db.execute(f"PRAGMA max_page_count = {pages + 2}")

        def fill() -> None:
            for number in range(1, 1000):
                store.add([game(number, trace=bytes(500))])

        with pytest.raises(RecordError, match="disk is full; what it held is kept"):
            fill()
        kept = store.numbers()
        assert kept == set(range(len(kept)))
        store._db.execute("PRAGMA max_page_count = 1000000")
        store.add([game(5000)])
        assert store.numbers() == kept | {5000}
