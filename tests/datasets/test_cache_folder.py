"""The cache folder: where it is, and that finding it needs no kernels."""

import subprocess
import sys
from pathlib import Path

import pytest

from plywise.datasets.cache_folder import (
    DamagedCacheError,
    cache_root,
    read_checked,
    write_checked,
)


def test_the_setting_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PLYWISE_CACHE", str(tmp_path))
    assert cache_root() == tmp_path


@pytest.mark.skipif(sys.platform != "linux", reason="each platform has a folder of its own")
def test_the_default_on_linux(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("PLYWISE_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_root() == tmp_path / ".cache" / "plywise"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "other"))
    assert cache_root() == tmp_path / "other" / "plywise"


def test_installing_showdown_imports_no_numba() -> None:
    code = "import sys, plywise.games.showdown.install; assert 'numba' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_a_checked_file_is_what_was_written_under_its_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PLYWISE_CACHE", str(tmp_path))
    for folder in ("old", "new"):
        (tmp_path / folder).mkdir()
    one, two = tmp_path / "new" / "a", tmp_path / "old" / "a"
    write_checked(one, b"content")
    write_checked(two, b"contents")
    assert (read_checked(one), read_checked(two)) == (b"content", b"contents")
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["a", "a", "new", "old"]
    whole = one.read_bytes()
    broken = [whole[:k] for k in range(len(whole))] + [whole + b"\0", two.read_bytes()]
    for bit in range(8 * len(whole)):
        changed = bytearray(whole)
        changed[bit // 8] ^= 1 << bit % 8
        broken.append(bytes(changed))
    for content in broken:
        one.write_bytes(content)
        with pytest.raises(DamagedCacheError, match="new/a is damaged"):
            read_checked(one)
    write_checked(one, b"content")
    moved = tmp_path / "elsewhere"  # the whole cache may be moved, or copied
    (tmp_path / "new").rename(moved.with_name("new2"))
    moved.mkdir()
    moved.with_name("new2").rename(moved / "new")
    monkeypatch.setenv("PLYWISE_CACHE", str(moved))
    assert read_checked(moved / "new" / "a") == b"content"
    with pytest.raises(FileNotFoundError):
        read_checked(one)
