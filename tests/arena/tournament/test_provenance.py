"""The code's digest: every file that can decide how a game goes changes it."""

import ast
import shutil
from pathlib import Path

import pytest

from plywise.arena.output.provenance import ASIDE, digest_of_sources

ROOT = Path(__file__).parents[3]
ENTRIES = (
    "arena.tournament.worker",
    "arena.tournament.executors.showdown_worker",
    "arena.tournament.schedule",
    "arena.selfplay",
    "arena.agents.factory",
)
"""Modules that play a tournament's games, that say which are played, and self-play."""


def path_of(name: str) -> Path | None:
    base = ROOT / name.replace(".", "/")
    return next((p for p in (base.with_suffix(".py"), base / "__init__.py") if p.is_file()), None)


def reached(entries: tuple[str, ...]) -> set[Path]:
    """Modules of ours that ``entries`` import, lazy imports and packages on the way included."""
    found: set[Path] = set()
    waiting = list(entries)
    while waiting:
        name = waiting.pop()
        path = path_of(name)
        if path is None or path in found:
            continue
        found.add(path)
        parts = name.split(".")
        waiting += [".".join(parts[:n]) for n in range(1, len(parts))]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            else:
                continue
            waiting += [n.removeprefix("plywise.") for n in names if n.startswith("plywise.")]
    return found


@pytest.mark.slow
def test_every_file_that_decides_a_game_changes_the_digest(tmp_path: Path) -> None:
    files = {p for p in reached(ENTRIES) if p.relative_to(ROOT).parts[0] != "conf"}
    assert len(files) > 150  # the walk found the house
    for path in ROOT.rglob("*.py"):
        inside = path.relative_to(ROOT)
        if inside.parts[0] in ("datasets", "engine", "games", "search", "llm_modules", "arena"):
            (tmp_path / inside).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, tmp_path / inside)
    before = digest_of_sources(tmp_path)
    unnoticed = []
    for path in sorted(files):
        copy = tmp_path / path.relative_to(ROOT)
        text = copy.read_bytes()
        copy.write_bytes(text + b"\n# changed\n")
        if digest_of_sources(tmp_path) == before:
            unnoticed.append(path.relative_to(ROOT).as_posix())
        copy.write_bytes(text)
    assert digest_of_sources(tmp_path) == before
    assert unnoticed == []


def test_nothing_that_plays_games_imports_a_folder_that_does_not_count() -> None:
    aside = {ROOT / folder for folder in ASIDE}
    assert [p for p in sorted(reached(ENTRIES)) if not aside.isdisjoint(p.parents)] == []


def test_folders_that_play_no_game_change_nothing_and_new_ones_count(tmp_path: Path) -> None:
    for folder in (*ASIDE, "arena/new", "arena/tournament/new"):
        before = digest_of_sources(tmp_path)
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "x.py").write_text("", encoding="utf-8")
        assert (digest_of_sources(tmp_path) == before) == (folder in ASIDE), folder
    assert all((ROOT / folder).is_dir() for folder in ASIDE)


def test_tables_and_scripts_change_the_digest(tmp_path: Path) -> None:
    for name in (
        "datasets/t.json", "datasets/t.json.gz", "datasets/s.js", "llm_modules/p.txt",
        "conf/team/gen9ou/t.txt",
    ):  # fmt: skip
        before = digest_of_sources(tmp_path)
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_text("x", encoding="utf-8")
        assert digest_of_sources(tmp_path) != before, name
