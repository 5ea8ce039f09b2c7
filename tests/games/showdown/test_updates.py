"""Package folders that are whole or not, and differences between two folders of tables."""

import copy
import gzip
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from plywise.datasets.showdown_data import read_json_gz
from plywise.datasets.tables_in_use import PINNED_FOLDER
from plywise.games.showdown.updates import package_folder
from plywise.games.showdown.updates.changes import compared
from plywise.games.showdown.updates.package_folder import (
    PackageFolderError,
    checked_version,
    copy_package,
)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    folder = tmp_path / "package"
    for name in (*package_folder._NEEDED, ".git/config", "node_modules/extra/index.js"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    manifest = {"name": "pokemon-showdown", "version": "0.12.1", "dependencies": {"extra": "^1"}}
    (folder / "package.json").write_text(json.dumps(manifest))
    return folder


@pytest.fixture
def pinned(tmp_path: Path) -> Path:
    folder = tmp_path / "pinned" / "node_modules"
    for name in ("pokemon-showdown", "sockjs", ".bin"):
        (folder / name).mkdir(parents=True)
        (folder / name / "index.js").write_text("pinned")
    return folder / "pokemon-showdown"


def test_a_whole_package_is_copied_with_what_it_needs(
    package: Path, pinned: Path, tmp_path: Path
) -> None:
    assert checked_version(package) == "0.12.1"
    copied = copy_package(package, pinned, tmp_path / "made")
    assert copied == tmp_path / "made" / "node_modules" / "pokemon-showdown"
    assert checked_version(copied) == "0.12.1"
    assert not (copied / ".git").exists()
    beside = sorted(path.name for path in copied.parent.iterdir())
    assert beside == ["extra", "pokemon-showdown", "sockjs"]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("package.json", None, "cannot read .*: No such file"),
        ("package.json", "{", "is no description of the package"),
        ("package.json", "[]", "is no description of the package"),
        ("package.json", '{"name": "left-pad", "version": "1.0.0"}', "'left-pad', not pokemon-sho"),
        ("package.json", '{"name": "pokemon-showdown", "version": "../x"}', "has no version"),
        ("package.json", '{"name": "pokemon-showdown", "version": 3}', "has no version: 3"),
        ("dist/data/moves.js", None, "is not whole: dist/data/moves.js is missing"),
    ],
)
def test_what_is_no_whole_package_is_one_line(
    package: Path, name: str, content: str | None, words: str
) -> None:
    (package / name).unlink()
    if content is not None:
        (package / name).write_text(content)
    with pytest.raises(PackageFolderError, match=words) as caught:
        checked_version(package)
    assert "\n" not in str(caught.value)


def test_files_and_folders_that_are_none(package: Path, tmp_path: Path) -> None:
    with pytest.raises(PackageFolderError, match="is a file: the folder"):
        checked_version(package / "package.json")
    with pytest.raises(PackageFolderError, match="is not there"):
        checked_version(tmp_path / "nothing")
    shutil.rmtree(package / "dist")
    with pytest.raises(PackageFolderError, match="it is not built"):
        checked_version(package)


def test_a_dependency_that_is_nowhere_is_named(package: Path, pinned: Path, tmp_path: Path) -> None:
    shutil.rmtree(package / "node_modules")
    with pytest.raises(PackageFolderError, match="needs the package 'extra'"):
        copy_package(package, pinned, tmp_path / "made")


def changed(tmp_path: Path, name: str, change: Any) -> dict[str, list[str]]:
    """Lines of the report by kind, after ``change`` of one file of tables."""
    folder = tmp_path / "tables"
    shutil.copytree(PINNED_FOLDER, folder)
    raw = copy.deepcopy(read_json_gz(folder / name))
    change(raw)
    (folder / name).write_bytes(gzip.compress(json.dumps(raw).encode()))
    return {changes.what: list(changes.lines())[1:] for changes in compared(PINNED_FOLDER, folder)}


def test_equal_tables_have_no_differences() -> None:
    assert compared(PINNED_FOLDER, PINNED_FOLDER) == []


def test_differences_are_named_field_by_field(tmp_path: Path) -> None:
    def change(raw: Any) -> None:
        raw["moves"]["earthquake"]["basePower"] = 10
        raw["moves"]["earthquake"]["flags"]["sound"] = 1
        raw["moves"]["plyblast"] = raw["moves"].pop("tackle")
        raw["species"]["garchomp"]["baseStats"]["spe"] = 50
        raw["abilities"]["levitate"]["cb"] = ["onHit"]
        raw["tiers"]["garchomp"] = "Uber"
        raw["typechart"]["fire"]["damageTaken"]["Water"] = 0

    assert changed(tmp_path, "data.json.gz", change) == {
        "moves": [
            "  + plyblast",
            "  - tackle",
            "  ~ earthquake: basePower 100 -> 10, flags.sound none -> 1",
        ],
        "species": ["  ~ garchomp: baseStats.spe 102 -> 50"],
        "abilities": ["  ~ levitate: cb none -> ['onHit']"],
        "types": ["  ~ fire: damageTaken.Water 1 -> 0"],
        "tiers": ["  ~ garchomp: UUBL -> Uber"],
    }


def test_differences_of_formats_and_sets(tmp_path: Path) -> None:
    def rules(raw: Any) -> None:
        raw["formats"]["gen9ou"]["rules"].remove("sleepmovesclause")
        del raw["formats"]["gen9uu"]

    assert changed(tmp_path / "1", "formats.json.gz", rules) == {
        "formats": ["  - gen9uu", "  ~ gen9ou: rules -sleepmovesclause"]
    }

    def random(raw: Any) -> None:
        raw["sets"]["random battles"]["garchomp"][0] = "33"
        raw["sets"]["random battles"]["garchomp"][1] = "another"
        raw["sets"]["random battles"]["mew"].reverse()
        raw["sets"]["random battles"]["mew"].insert(0, raw["sets"]["random battles"]["mew"].pop())
        del raw["sets"]["Battle Factory OU"]["kingambit"]

    assert changed(tmp_path / "2", "fingerprints.json.gz", random) == {
        "sets of the package, random battles": ["  ~ garchomp: level 74 -> 33, 1 sets new, 1 gone"],
        "sets of the package, Battle Factory OU": ["  - kingambit"],
    }

    def sets(raw: Any) -> None:
        species, weight, item = map(raw["columns"].index, ("species", "weight", "item"))
        rows = [row for row in raw["templates"] if row[species] == "garchomp"]
        rows[0][item] = ["leftovers", "lifeorb"]
        rows[1][weight] *= 2

    assert changed(tmp_path / "3", "priors/gen9ou.json.gz", sets) == {
        "sets of gen9ou, with those drawn by chance": [
            "  + 1 of garchomp",
            "  - 1 of garchomp",
            "  ~ garchomp: weights",
        ]
    }


def test_a_short_report_counts_the_rest(tmp_path: Path) -> None:
    folder = tmp_path / "tables"
    shutil.copytree(PINNED_FOLDER, folder)
    raw = read_json_gz(folder / "data.json.gz")
    for move in raw["moves"].values():
        move["pp"] = 3
    (folder / "data.json.gz").write_bytes(gzip.compress(json.dumps(raw).encode()))
    (changes,) = compared(PINNED_FOLDER, folder)
    lines = list(changes.lines(2))
    assert len(lines) == 4
    assert lines[0] == "moves: 0 new, 0 removed, 690 changed"
    assert lines[3] == "  ~ … 688 more"
