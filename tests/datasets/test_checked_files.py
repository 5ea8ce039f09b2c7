"""Files of the cache with a checksum."""

from pathlib import Path

import pytest

from plywise.datasets.checked_files import DamagedCacheError, read_checked, write_checked


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
    assert sorted(p.name for p in tmp_path.glob("*/a")) == ["a", "a"]
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
