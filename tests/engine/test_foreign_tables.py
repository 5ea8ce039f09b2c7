"""What of another release the engine follows, and what it has no code for."""

import copy
import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from plywise.datasets.showdown_data import read_json_gz
from plywise.datasets.tables_in_use import PINNED_FOLDER
from plywise.engine.battle.border.foreign_tables import FOLLOWED, fitted, unknown_parts

PINNED = read_json_gz(PINNED_FOLDER / "data.json.gz")
CODE = read_json_gz(PINNED_FOLDER / "fingerprints.json.gz")


def unknown(change: Callable[[Any, Any], object]) -> dict[str, str]:
    """What is not known after ``change(tables, code)``."""
    new, code = copy.deepcopy(PINNED), copy.deepcopy(CODE)
    change(new, code)
    return {part.name: part.reason for part in unknown_parts(PINNED, new, CODE, code)}


def test_the_pinned_tables_are_known() -> None:
    assert unknown(lambda new, code: None) == {}
    assert fitted(PINNED, PINNED) == PINNED


@pytest.mark.parametrize(
    "change",
    [
        lambda new, code: new["moves"]["earthquake"].update(basePower=120, pp=5),
        lambda new, code: new["moves"]["icebeam"]["secondary"].update(chance=30),
        lambda new, code: new["moves"].update(plytackle={**new["moves"]["tackle"], "num": 9999}),
        lambda new, code: new["species"]["garchomp"]["baseStats"].update(spe=50),
        lambda new, code: new["species"]["garchomp"].update(types=["Fairy", "Ground"]),
        lambda new, code: new["abilities"]["levitate"]["flags"].clear(),
        lambda new, code: new["items"]["leftovers"]["fling"].update(basePower=20),
        lambda new, code: new["tiers"].update(garchomp="Uber"),
        lambda new, code: new["moves"].pop("tackle"),
    ],
)
def test_what_the_tables_hold_is_followed(change: Callable[[Any, Any], object]) -> None:
    assert unknown(change) == {}


def _new_move(new: Any, code: Any) -> None:
    new["moves"]["plyblast"] = {
        **PINNED["moves"]["tackle"],
        "cb": ["onHit"],
        "volatileStatus": "ply",
    }
    code["functions"]["moves"]["plyblast"] = {"onHit": "1"}


@pytest.mark.parametrize(
    ("change", "name", "reason"),
    [
        (
            _new_move,
            "move plyblast",
            "new, with functions: onHit; volatileStatus ply is new",
        ),
        (
            lambda new, code: code["functions"]["moves"]["knockoff"].update(onAfterHit="0"),
            "move knockoff",
            "changed functions: onAfterHit",
        ),
        (
            lambda new, code: code["functions"]["abilities"].update(levitate={"onHit": "0"}),
            "ability levitate",
            "new functions: onHit",
        ),
        (
            lambda new, code: code["functions"]["items"].pop("leftovers"),
            "item leftovers",
            "functions that are gone: onResidual",
        ),
        (
            lambda new, code: new["moves"]["taunt"]["condition"].update(duration=9),
            "move taunt",
            "changed where the engine has code: condition.duration",
        ),
        (
            lambda new, code: new["moves"]["tackle"].update(newField=1),
            "move tackle",
            "changed where the engine has code: newField",
        ),
        (
            lambda new, code: new["moves"]["tackle"]["flags"].update(loud=1),
            "move tackle",
            "flags loud are new",
        ),
        (
            lambda new, code: new["abilities"].update(plyaura={"flags": {}, "cb": ["onStart"]}),
            "ability plyaura",
            "new, with functions: onStart",
        ),
        (
            lambda new, code: new["conditions"].update(plied={"name": "plied"}),
            "condition plied",
            "new, with an effect",
        ),
        (
            lambda new, code: code["rules"]["sleepclausemod"].update(onSetStatus="0"),
            "rule sleepclausemod",
            "changed functions: onSetStatus",
        ),
        (
            lambda new, code: code["methods"].update({"BattleActions.getDamage": "0"}),
            "simulator BattleActions.getDamage",
            "its code has changed",
        ),
    ],
)
def test_what_is_code_is_named(
    change: Callable[[Any, Any], object], name: str, reason: str
) -> None:
    assert unknown(change) == {name: reason}


LOAD = """
import pkgutil, importlib, json, sys
from plywise.datasets import showdown_data
tables = json.load(sys.stdin)
read = showdown_data.read_json_gz
showdown_data.read_json_gz = lambda path: tables if path.name == "data.json.gz" else read(path)
import plywise.engine.battle as package
for module in pkgutil.walk_packages(package.__path__, "plywise.engine.battle."):
    importlib.import_module(module.name)
from plywise.engine.battle.names import MOVE_NAMES
from plywise.engine.battle.moves import METRONOME_MOVES
print(*(MOVE_NAMES[number] for number in METRONOME_MOVES))
"""


def loaded(tables: Any, program: str = LOAD) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps(tables),
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_the_engine_loads_tables_in_which_anything_is_gone_or_new() -> None:
    new = copy.deepcopy(PINNED)
    for table, names in (
        ("moves", ("tackle", "knockoff", "protect")),
        ("abilities", ("levitate", "intimidate")),
        ("items", ("leftovers", "sitrusberry")),
        ("species", ("garchomp", "palafinhero")),
        ("conditions", ("brn",)),
    ):
        for name in names:
            del new[table][name]
    for move in new["moves"].values():
        move["flags"].pop("minimize", None)
    _new_move(new, copy.deepcopy(CODE))
    new["moves"]["plyblast"].update(type="Light", target="foeInTheMirror", weather="Fog")
    assert loaded(new).returncode != 0
    done = loaded(fitted(PINNED, new))
    assert done.returncode == 0, done.stderr
    called = done.stdout.split()
    assert "plyblast" in called
    assert "tackle" not in called  # gone: kept for the engine's code alone
    assert "scratch" in called


TRACE = """
import pkgutil, importlib, json, sys
from collections import defaultdict
from plywise.datasets import showdown_data
asked = defaultdict(set)

class Record(dict):
    def __getitem__(self, key): asked[self.table].add(key); return dict.__getitem__(self, key)
    def get(self, key, other=None): asked[self.table].add(key); return dict.get(self, key, other)
    def __contains__(self, key): asked[self.table].add(key); return dict.__contains__(self, key)
    def __or__(self, other):
        found = Record(dict.__or__(self, other)); found.table = self.table; return found

tables = json.load(sys.stdin)
for table in ("moves", "abilities", "items", "species", "conditions"):
    for key, record in tables[table].items():
        tables[table][key] = Record(record)
        tables[table][key].table = table
read = showdown_data.read_json_gz
showdown_data.read_json_gz = lambda path: tables if path.name == "data.json.gz" else read(path)
import plywise.engine.battle as package
for module in pkgutil.walk_packages(package.__path__, "plywise.engine.battle."):
    importlib.import_module(module.name)
print(json.dumps({table: sorted(keys) for table, keys in asked.items()}))
"""


@pytest.mark.slow
def test_the_engine_asks_for_what_is_said_to_be_followed() -> None:
    done = loaded(PINNED, TRACE)
    assert done.returncode == 0, done.stderr
    asked = {table: set(keys) for table, keys in json.loads(done.stdout).items()}
    for table, fields in FOLLOWED.items():
        assert fields <= asked[table], table
