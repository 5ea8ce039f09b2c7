import os
import signal
from pathlib import Path
from typing import Any

import pytest

from plywise.datasets.processes.temporary import TemporaryFolder, remove_abandoned, replacing


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("PLYWISE_CACHE", str(tmp_path / "cache"))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_a_folder_ends_with_its_block(tmp_path: Path) -> None:
    with TemporaryFolder() as folder:
        (folder.path / "below").mkdir()
        (folder.path / "below" / "file").write_text("x")
        assert folder.path.stat().st_mode & 0o777 == 0o700
    assert names(tmp_path) == []


def test_a_start_leaves_the_folders_of_others_alone(tmp_path: Path) -> None:
    (tmp_path / "plywise-temporary-of-mine.txt").write_text("a file")
    with TemporaryFolder() as here, TemporaryFolder(in_cache=True) as there:
        remove_abandoned()
        assert here.path.is_dir()
        assert there.path.parent == tmp_path / "cache"
        assert there.path.is_dir()
    assert names(tmp_path) == ["cache", "plywise-temporary-of-mine.txt"]


KILLED = """
import sys
from pathlib import Path
from plywise.datasets.processes.temporary import *
with TemporaryFolder() as here, replacing(Path(sys.path[-1]) / "result") as part:
    part.write_text("half")
    scratch_path("kernel").write_text("half")
    print("ready", flush=True)
    sys.stdin.read()
"""


def test_the_next_start_removes_what_a_killed_process_left(program: Any, tmp_path: Path) -> None:
    (tmp_path / "result").write_text("whole")
    run = program(f"import sys; sys.path.append({str(tmp_path)!r})\n{KILLED}")
    assert run.line() == "ready"
    remove_abandoned()
    assert (tmp_path / "result.part").read_text() == "half"
    assert len(names(tmp_path)) == 5
    run.send(signal.SIGKILL)
    run.process.wait()
    remove_abandoned()
    assert names(tmp_path) == ["cache", "result"]
    assert names(tmp_path / "cache") == []
    assert (tmp_path / "result").read_text() == "whole"


def test_a_folder_without_a_lock_was_left_in_its_first_moment(tmp_path: Path) -> None:
    (tmp_path / "plywise-temporary-abc").mkdir()
    remove_abandoned()
    assert names(tmp_path) == []


def test_links_to_other_folders_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("x")
    (tmp_path / "plywise-temporary-link").symlink_to(outside)
    with TemporaryFolder() as folder:
        (folder.path / "elsewhere0").symlink_to(outside)
    remove_abandoned()
    assert names(outside) == ["file"]


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "result"
    path.write_text("before")

    def write_half() -> None:
        with replacing(path) as part:
            part.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert path.read_text() == "before"
    with replacing(path) as part:
        part.write_text("after")
    assert path.read_text() == "after"
    assert names(tmp_path) == ["result"]


def test_without_a_place_for_temporary_things_a_file_is_replaced_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "file" / "below"))
    (tmp_path / "file").write_text("no folder")
    with replacing(tmp_path / "result") as part:
        part.write_text("x")
    assert (tmp_path / "result").read_text() == "x"


def test_a_start_does_not_fail_where_nothing_can_be_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    monkeypatch.setenv("PLYWISE_CACHE", os.devnull)
    remove_abandoned()

    def no_place() -> str:
        raise FileNotFoundError("No usable temporary directory found")

    monkeypatch.setattr("tempfile.gettempdir", no_place)
    remove_abandoned()
