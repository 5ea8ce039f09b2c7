"""``plywise data update`` on a package in which some numbers, a set and a move are others."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from plywise.arena.cli.main import main
from plywise.datasets.tables_in_use import VARIABLE, updates_folder
from plywise.games.showdown.install import ensure_pinned

pytestmark = [pytest.mark.server, pytest.mark.slow]

PLYBLAST = """
  plyblast: {
    num: 9999, accuracy: 100, basePower: 90, category: "Special", name: "Ply Blast", pp: 10,
    priority: 0, flags: {protect: 1, mirror: 1, metronome: 1}, target: "normal", type: "Normal",
    secondary: null, volatileStatus: "plied", onHit(target) { this.heal(1, target); },
  },"""
GARCHOMP = {
    "level": 33,
    "sets": [
        {
            "role": "Fast Attacker",
            "movepool": ["Earthquake", "Fire Fang", "Dragon Tail", "Crunch"],
            "abilities": ["Rough Skin"],
            "teraTypes": ["Steel"],
        }
    ],
}
VERSION = "0.11.99"
SHORT = ("teams=400", "battles=1", "seed=3")

TEAM = """=== [gen9ou] mirror ===

Garchomp
Ability: Rough Skin
Jolly Nature
- Earthquake
- Fire Fang
- Crunch
- Dragon Tail
"""

# What a process loads and plays: an Earthquake of two equal Garchomp on each other.
PLAY = """
import json
from plywise.datasets.set_priors import load_prior
from plywise.datasets.showdown_data import load
from plywise.engine.battle.names import MOVE_ID, SPECIES_ID
from plywise.engine.battle.tables import MOVES, SPECIES
from plywise.games.gen9.game import Gen9Battle

garchomp = load_prior("gen9randombattle").sets_of("garchomp")[0]
state = Gen9Battle("gen9ou", "team.txt").new_initial_state(5)
for _ in ("leads", "the first turn"):
    state.apply_actions([state.legal_actions(player)[0] for player in (0, 1)])
print(json.dumps({
    "version": load().version,
    "power": int(MOVES[MOVE_ID["earthquake"]]["power"]),
    "speed": int(SPECIES[SPECIES_ID["garchomp"]]["base_stats"][5]),
    "levels": sorted({s.level for s in garchomp}),
    "moves": sorted({m for s in garchomp for m in s.moves}),
    "plyblast": load().moves.get("plyblast", {}).get("basePower"),
    "hp": sorted(int(side["mons"]["hp"].ravel()[0]) for side in state.flat()[0]["sides"][0:2]),
}))
"""


def played(choice: str, folder: Path) -> dict[str, object]:
    (folder / "team.txt").write_text(TEAM)
    done = subprocess.run(
        [sys.executable, "-c", PLAY],
        cwd=folder,
        env=os.environ | {VARIABLE: choice, "NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package with a weaker move, a slower species, another set and an unknown move."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "package"
    ignored = shutil.ignore_patterns("*.map", "*.d.ts")
    shutil.copytree(ensure_pinned(), folder, ignore=ignored)
    moves, dex = folder / "dist/data/moves.js", folder / "dist/data/pokedex.js"
    text = moves.read_text()
    at = text.index("\n  earthquake: {")
    power = text.index("basePower: 100", at)
    text = text[:at] + PLYBLAST + text[at:power] + "basePower: 10" + text[power + 14 :]
    moves.write_text(text)
    text = dex.read_text()
    at = text.index("spe: 102", text.index("\n  garchomp: {"))
    dex.write_text(text[:at] + "spe: 50" + text[at + 8 :])
    sets = folder / "dist/data/random-battles/gen9/sets.json"
    sets.write_text(json.dumps(json.loads(sets.read_text()) | {"garchomp": GARCHOMP}))
    manifest = json.loads((folder / "package.json").read_text())
    (folder / "package.json").write_text(json.dumps(manifest | {"version": VERSION}))
    return folder


@pytest.mark.long
def test_tables_follow_a_package_and_the_unknown_is_named(
    package: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert main(["data", "update", f"package={package}", *SHORT]) == 0
    out = capsys.readouterr().out
    for line in (
        "moves: 1 new, 0 removed, 1 changed",
        "  + plyblast",
        "  ~ earthquake: basePower 100 -> 10",
        "  ~ garchomp: baseStats.spe 102 -> 50",
        "  ~ garchomp: level 74 -> 33, 1 sets new, 2 gone",
        "what the battle engine has no code for: 1",
        "  ! move plyblast: new, with functions: onHit; volatileStatus plied is new",
        f"to play with them: plywise data use {VERSION}",
    ):
        assert f"{line}\n" in out
    for what in ("engine, random battles", "log, random battles", "engine, mixed teams", "seed"):
        assert f"verify {what}" in out
    shutil.rmtree(package)  # the tables have a copy

    pinned, updated = played("pinned", tmp_path), played(VERSION, tmp_path)
    assert (pinned["power"], pinned["speed"], pinned["plyblast"]) == (100, 102, None)
    assert updated["version"] == VERSION
    assert (updated["power"], updated["speed"], updated["plyblast"]) == (10, 50, 90)
    assert updated["levels"] == [33]
    assert updated["moves"] == ["crunch", "dragontail", "earthquake", "firefang"]
    # 357 HP: more than half of them, or some dozen.
    assert isinstance(pinned["hp"], list)
    assert isinstance(updated["hp"], list)
    assert max(pinned["hp"]) < 260 < 300 < min(updated["hp"]) < 357

    monkeypatch.delenv(VARIABLE)  # what the command uses is a setting of the user
    assert main(["data", "use", VERSION]) == 0
    assert f"* {VERSION}   Showdown {VERSION}, of 20" in capsys.readouterr().out
    done = subprocess.run(
        [sys.executable, "-m", "plywise.arena.cli", "doctor"], capture_output=True, text=True
    )
    assert f"Tables: updated ones, of Showdown {VERSION}" in done.stdout
    assert "no code for 1: move plyblast" in " ".join(done.stdout.split())
    (updates_folder() / VERSION / "node_modules/pokemon-showdown/package.json").write_text("{}")
    done = subprocess.run(
        [sys.executable, "-m", "plywise.arena.cli", "doctor"], capture_output=True, text=True
    )
    assert "WRONG Tables: The Showdown package in" in done.stdout
    assert main(["data", "use", "pinned"]) == 0
    assert "* pinned" in capsys.readouterr().out


@pytest.mark.parametrize("way", ["half a file", "half a folder", "what the engine cannot load"])
def test_a_bad_package_leaves_what_was_there(
    package: Path, way: str, capsys: pytest.CaptureFixture[str]
) -> None:
    old = updates_folder() / VERSION
    old.mkdir(parents=True)
    (old / "about.json").write_text(
        json.dumps({"version": VERSION, "made": "then", "files_sha256": "", "unknown": []})
    )
    moves = package / "dist/data/moves.js"
    if way == "half a file":
        moves.write_text(moves.read_text()[:40_000])
        words = "tables cannot be exported from this package: SyntaxError"
    elif way == "half a folder":
        moves.unlink()
        words = "is not whole: dist/data/moves.js is missing"
    else:
        moves.write_text(moves.read_text().replace("basePower: 90", "basePower: 90000", 1))
        words = "the battle engine cannot play with these tables: OverflowError"
    assert main(["data", "update", f"package={package}", "teams=200", "battles=0"]) == 1
    err = capsys.readouterr().err
    assert err.startswith("plywise: ")
    assert words in err
    assert err.count("\n") == 1
    assert [path.name for path in updates_folder().iterdir() if path.is_dir()] == [VERSION]
    assert main(["data", "list"]) == 0
    assert f"{VERSION}   Showdown {VERSION}, of then" in capsys.readouterr().out
