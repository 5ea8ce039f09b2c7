"""The border of files from outside: whatever is wrong with one is one line."""

import json
import sqlite3
import zlib
from pathlib import Path

import pytest

from plywise.datasets.errors import PlywiseError
from plywise.datasets.files import MOST_BYTES, read_bytes, read_text, reading


class MadeUpError(PlywiseError):
    """A made-up file that cannot be read."""


def read(path: Path, content: bytes | None) -> str:
    """Return the words of the error that reading a JSON file ends in."""
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(MadeUpError) as caught, reading(path, MadeUpError, "list of games"):
        json.loads(read_text(path))
    return str(caught.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot read {}: No such file or directory"),
        (b"", "{} is no list of games, or is damaged: Expecting value: line 1"),
        (b"[1", "{} is no list of games, or is damaged: Expecting ',' delimiter"),
        (b"\xff", "{} is no list of games: not UTF-8 text (invalid start byte)"),
        (b"[" * 100_000, "{} is no list of games: it is nested too deeply"),
        (b"9" * 5000, "Exceeds the limit (4300 digits) for integer string conversion"),
    ],
)
def test_a_file_that_is_wrong_is_one_line(
    content: bytes | None, words: str, tmp_path: Path
) -> None:
    path = tmp_path / "games.json"
    said = read(path, content)
    assert words.format(path) in said
    assert "\n" not in said


@pytest.mark.parametrize(
    "error", [zlib.error("incorrect header"), sqlite3.DatabaseError("malformed"), EOFError()]
)
def test_what_the_readers_of_formats_raise_is_damage(error: Exception) -> None:
    with (
        pytest.raises(MadeUpError, match="is no list of games, or is damaged: "),
        reading(Path("x"), MadeUpError, "list of games"),
    ):
        raise error


def test_a_bug_is_no_damage_unless_the_reader_says_so() -> None:
    with pytest.raises(KeyError), reading(Path("x"), MadeUpError, "list of games"):
        raise KeyError("a bug")
    with (
        pytest.raises(MadeUpError, match="KeyError: 'turn'"),
        reading(Path("x"), MadeUpError, "list of games", also=(KeyError,)),
    ):
        raise KeyError("turn")


def test_a_device_that_never_ends_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MOST_BYTES == 1 << 28
    monkeypatch.setattr("plywise.datasets.files.MOST_BYTES", 1 << 20)
    with pytest.raises(ValueError, match="larger than 1 MB"):
        read_bytes(Path("/dev/zero"))
