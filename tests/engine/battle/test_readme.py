"""The README of the battle engine names every file, and no other."""

import re
from pathlib import Path

FOLDER = Path(__file__).parents[3] / "engine" / "battle"
TEXT = (FOLDER / "README.md").read_text(encoding="utf-8")


def test_it_names_every_file_and_folder() -> None:
    files = {p.name for p in FOLDER.glob("*.py")} - {"__init__.py"}
    folders = {f"{p.parent.name}/" for p in FOLDER.glob("*/__init__.py")}
    named = re.findall(r"^\| (.*?) \|", TEXT, re.MULTILINE)
    in_tables = [name for cell in named for name in re.findall(r"`([^`]+)`", cell)]
    assert sorted(in_tables) == sorted(files | folders)


def test_every_file_and_function_that_it_names_exists() -> None:
    for name in re.findall(r"`(\w+\.py)`", TEXT):
        assert (FOLDER / name).exists(), name
    for module, name in re.findall(r"\b([a-z_]+)\.([a-z_]+)\b", TEXT):
        if (FOLDER / f"{module}.py").exists() and name not in ("py", "ts"):
            source = (FOLDER / f"{module}.py").read_text(encoding="utf-8")
            assert re.search(rf"\bdef {name}\(", source), f"{module}.{name}"


def test_its_lines_are_short() -> None:
    assert max(map(len, TEXT.splitlines())) <= 100
