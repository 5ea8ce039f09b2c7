"""README stays short, and the lines of docs/GAMES.md run as they stand, an agent as the person."""

import re
import shlex
from pathlib import Path

import pytest

from plywise.arena.cli import main as cli
from plywise.arena.cli.commands import COMMANDS
from plywise.games.registry import REGISTRY

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
GAMES = (ROOT / "docs" / "GAMES.md").read_text(encoding="utf-8")
LINES = [
    line for line in GAMES.split("## Two lines")[1].split("```")[1].splitlines() if line.strip()
]


def test_readme_can_be_read() -> None:
    lines = README.splitlines()
    assert len(lines) <= 150
    assert [line for line in lines if len(line) > 100] == []
    cells = [cell for line in lines if line.startswith("|") for cell in line.split("|")]
    assert [cell for cell in cells if len(cell.strip()) > 60] == []


def test_links_lead_somewhere() -> None:
    broken = []
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")):
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")):
            if "://" not in target and not (page.parent / target).exists():
                broken.append(f"{page.name}: {target}")
    assert broken == []


def test_every_game_has_two_lines() -> None:
    for name in REGISTRY:
        named = re.compile(rf"={name}[ :]|bench {name}")
        about = [line for line in LINES if named.search(f"{line} ")]
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


def commands(page: Path) -> list[str]:
    """The ``plywise`` commands in the fenced blocks of a page, continued lines joined."""
    blocks = page.read_text(encoding="utf-8").split("```")[1::2]
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    return [line for line in lines if line.startswith("plywise ") and "…" not in line]


PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_of_a_page_is_understood(
    page: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command's name and the keys of all settings, in pages that people copy from."""
    wrong = []
    for line in commands(page):
        words = shlex.split(line, comments=True)[1:]
        hydra = words[0] in COMMANDS and COMMANDS[words[0]].hydra and "--help" not in words
        status = cli.main([*words, "--cfg", "job"] if hydra else [*words[:1], "--help"])
        printed = capsys.readouterr()
        if status:
            wrong.append(f"{line}: {printed.err}")
    assert wrong == []
