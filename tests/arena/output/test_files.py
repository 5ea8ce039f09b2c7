"""Files of results: whole or not at all, in ordinary files alone, under harmless names."""

import json
import logging
import os
import stat
from pathlib import Path

import pytest

from plywise.arena.output.files import (
    RecordFileError,
    RecordWriter,
    file_stem,
    keep,
    read_records,
    write_summary,
    write_whole,
)
from plywise.arena.output.log_file import LogFile
from plywise.datasets import address_secrets
from plywise.datasets.address_secrets import hide
from plywise.datasets.recording import Losses


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("path:/x/nim.py", "nim"),
        ("battle-gen9randombattle-/../../x-1", "battle-gen9randombattle--------x-1"),
        ("..", "--"),
        ("a\0b\nc<img>", "a-b-c-img-"),
        ("y" * 5000, "y" * 100),
    ],
)
def test_no_name_leaves_its_folder(name: str, stem: str) -> None:
    assert file_stem(name) == stem


def test_a_record_that_cannot_be_written_costs_itself(tmp_path: Path) -> None:
    said: list[str] = []
    with RecordWriter(tmp_path / "x.jsonl", Losses("moves", said.append)) as writer:
        for record in (
            {"n": 1},
            {"n": object()},
            {"n": "\ud83d"},
            {"n": {1, 2}},
            {"n": [object()]},
        ):
            writer.write(record)
    assert [r["n"] for r in read_records(tmp_path / "x.jsonl")] == [1, "\ud83d", [1, 2]]
    assert (writer.count, writer.losses.count, len(said)) == (3, 2, 1)


def test_a_summary_without_a_form_in_json_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "summary.json"
    write_summary(path, {"a": "\ud83d"})
    with pytest.raises(RecordFileError, match="cannot write"):
        write_summary(path, {"a": object()})
    assert json.loads(path.read_bytes()) == {"a": "\ud83d"}
    assert list(tmp_path.iterdir()) == [path]


def test_only_an_ordinary_file_is_replaced(tmp_path: Path) -> None:
    real, link, pipe = (tmp_path / name for name in ("real", "link", "pipe"))
    real.write_text("old")
    link.symlink_to("real")
    os.mkfifo(pipe)
    (tmp_path / "null").symlink_to("/dev/null")
    write_whole(link, "new")
    assert link.is_symlink()
    assert real.read_text() == "new"
    for name in ("pipe", "null", "."):
        with pytest.raises(RecordFileError, match="no ordinary file"):
            write_whole(tmp_path / name, "x")
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert Path("/dev/null").is_char_device()


def test_a_result_that_the_disk_refuses_is_kept_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordFileError, match=r"File exists; it is kept in .*/game\.json"):
        keep(lambda file: write_summary(file, {"a": 1}), tmp_path / "file" / "game.json")
    (kept,) = (tmp_path / "temporary").rglob("game.json")
    assert json.loads(kept.read_text()) == {"a": 1}


def test_a_log_on_a_full_disk_says_so_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(address_secrets._VARIABLE, "{}")
    address = hide("ws://u:PASSWORD@host")
    handler = LogFile(str(tmp_path / "x.log"))
    record = logging.makeLogRecord({"msg": f"{address} ws://u:PASSWORD@host \ud83d"})
    handler.handle(record)
    handler.close()
    assert (tmp_path / "x.log").read_text() == "ws://u:***@host ws://u:***@host \ufffd\n"
    full = LogFile("/dev/full")
    for _ in range(3):
        full.handle(record)
    full.close()
    assert (
        capsys.readouterr().err
        == "plywise: the log /dev/full loses lines: No space left on device\n"
    )
