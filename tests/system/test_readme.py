"""The lines that README.md gives for each game run as they stand, with an agent as the person."""

import shlex
from pathlib import Path

import pytest

from plywise.arena.cli import main as cli
from plywise.games.registry import REGISTRY

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
LINES = [
    line
    for line in README.split("**Two lines for each game.**")[1].split("```")[1].splitlines()
    if line
]


def test_every_game_has_two_lines() -> None:
    for name in REGISTRY:
        about = [line for line in LINES if f"={name} " in f"{line} " or f"bench {name}" in line]
        assert len(about) == 2, name
    assert len(LINES) == 2 * len(REGISTRY)


@pytest.mark.slow
@pytest.mark.parametrize("line", LINES)
def test_the_line_runs(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    program, *words = shlex.split(line)
    assert program == "plywise"
    if words[0] == "play":
        words = [w for w in words if not w.startswith("side=")]
        words += ["side=none", "search.seconds=0.01"]
    assert cli.main(words) == 0
    assert list(tmp_path.glob("outputs/*/*/*/*"))
