"""Which tables are in use: the choice, what is missing, and updates that end in the middle."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from plywise.datasets import tables_in_use as tables
from plywise.datasets.tables_in_use import (
    PINNED,
    PINNED_FOLDER,
    VARIABLE,
    DataChoiceError,
    UpdatedTables,
    choose_tables,
    chosen_tables,
    install_tables,
    read_about,
    tables_folder,
    updated_files,
    updated_versions,
    updates_folder,
    write_about,
)


@pytest.fixture(autouse=True)
def _own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.delenv(VARIABLE)


def made(tmp_path: Path, version: str = "0.12.1", content: bytes = b"tables") -> Path:
    folder = tmp_path / f"made {version}"
    (folder / "priors").mkdir(parents=True)
    (folder / "data.json.gz").write_bytes(content)
    (folder / "priors" / "gen9ou.json.gz").write_bytes(content)
    write_about(folder, UpdatedTables(version, "2026-12-01", "digest", ["move plyblast"]))
    return folder


def test_the_pinned_tables_are_the_default() -> None:
    assert chosen_tables() == PINNED
    assert tables_folder() == PINNED_FOLDER
    assert updated_files() == []
    assert os.environ[VARIABLE] == PINNED  # for processes that are started later


def test_a_choice_stays_and_the_environment_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = install_tables(made(tmp_path), "0.12.1")
    assert chosen_tables() == PINNED
    choose_tables("0.12.1")
    assert (chosen_tables(), tables_folder()) == ("0.12.1", folder)
    assert updated_files() == [folder / "data.json.gz", folder / "priors" / "gen9ou.json.gz"]
    assert read_about(folder).unknown == ["move plyblast"]
    monkeypatch.setenv(VARIABLE, PINNED)
    assert tables_folder() == PINNED_FOLDER
    monkeypatch.setenv(VARIABLE, str(made(tmp_path, "elsewhere")))
    assert tables_folder() == tmp_path / "made elsewhere"
    monkeypatch.delenv(VARIABLE)
    choose_tables(PINNED)
    assert chosen_tables() == PINNED


def test_what_is_not_there_is_refused_with_what_is(tmp_path: Path) -> None:
    install_tables(made(tmp_path), "0.12.1")
    for choice in ("0.12.2", "/nowhere/at/all", "..", ""):
        with pytest.raises(DataChoiceError, match=r"there are pinned, .*; plywise data up"):
            choose_tables(choice)
    assert chosen_tables() == PINNED
    (updates_folder() / "0.12.1" / "about.json").write_text("{")
    with pytest.raises(DataChoiceError, match="is no description of updated tables"):
        choose_tables("0.12.1")


def test_a_broken_choice_is_one_line_of_every_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "0.12.1")
    run = [sys.executable, "-m", "plywise.arena.cli"]
    for words in (["verify", "engine", "x.gz"], ["play", "game=gen9randombattle", "llm=none"]):
        done = subprocess.run([*run, *words], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 1
        assert done.stderr.startswith("plywise: there are no tables of Showdown '0.12.1'")
        assert done.stderr.count("\n") == 1
    words = ["data", "update", "package=nowhere"]  # it makes them again
    done = subprocess.run([*run, *words], cwd=tmp_path, capture_output=True, text=True)
    assert "nowhere is not there" in done.stderr
    monkeypatch.setenv(VARIABLE, PINNED)
    done = subprocess.run(
        [*run, "data", "use", PINNED], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0


def test_an_update_replaces_the_tables_of_its_version(tmp_path: Path) -> None:
    first = install_tables(made(tmp_path), "0.12.1")
    assert install_tables(made(tmp_path, content=b"newer"), "0.12.1") == first
    assert (first / "data.json.gz").read_bytes() == b"newer"
    assert [path.name for path in updates_folder().iterdir()] == ["0.12.1"]


@pytest.mark.parametrize("call", [1, 2])
def test_tables_that_cannot_be_moved_leave_the_old_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    first = install_tables(made(tmp_path), "0.12.1")
    rename, calls = Path.rename, []

    def failing(self: Path, target: Path) -> Path:
        calls.append(self)
        if len(calls) == call:
            raise OSError("the disk is gone")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(OSError, match="the disk is gone"):
        install_tables(made(tmp_path, content=b"newer"), "0.12.1")
    choose_tables("0.12.1")  # also where the old ones are under another name
    assert (tables_folder() / "data.json.gz").read_bytes() == b"tables"
    assert not (updates_folder() / ".0.12.1.part").exists()
    monkeypatch.setattr(Path, "rename", rename)
    assert install_tables(made(tmp_path, "again", b"newer"), "0.12.1") == first
    assert updated_versions() == ["0.12.1"]
    assert (tables_folder() / "data.json.gz").read_bytes() == b"newer"


def test_the_key_of_kernels_and_of_code_depend_on_the_tables(tmp_path: Path) -> None:
    program = (
        "from plywise.engine.compile.cache_key import cache_key\n"
        "from plywise.arena.output.provenance import code_digest\n"
        "print(cache_key(), code_digest())"
    )

    def keys(choice: str) -> list[str]:
        done = subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {VARIABLE: choice}, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout.split()

    pinned = keys(PINNED)
    one = keys(str(made(tmp_path, "1")))
    other = keys(str(made(tmp_path, "2", b"other")))
    assert one == keys(str(tmp_path / "made 1"))
    assert len({pinned[0], one[0], other[0]}) == len({pinned[1], one[1], other[1]}) == 3


def test_a_choice_that_cannot_be_read_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    file = updates_folder() / "used.txt"
    file.mkdir(parents=True)
    with pytest.raises(DataChoiceError, match=r"used\.txt cannot be read"):
        tables.chosen_tables()
