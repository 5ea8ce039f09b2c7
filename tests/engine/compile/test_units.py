"""Programs of units: fingerprints, calls from Python, and that only what changed compiles again."""

import os
import shutil
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import pytest

from plywise.datasets.cache_folder import cache_root
from plywise.engine.battle import legal, matchups, policy, stats
from plywise.engine.battle.constants import ACTION_FORCED
from plywise.engine.battle.scratch import CHOICES, HITS
from plywise.engine.battle.state import BATTLE
from plywise.engine.compile import jit, units
from plywise.engine.compile.fingerprint import kernel_fingerprint
from plywise.engine.kernels import TERMINAL

SOURCE = '''
import numpy as np
TABLE = np.arange(4)
LIMIT = 3
def inner(x):
    return x + LIMIT
def outer(x: int) -> int:
    """Say what it does."""
    return inner(x) * TABLE[1]
'''


def fingerprint_of(source: str) -> str:
    module = types.ModuleType("example")
    exec(source, module.__dict__)
    return kernel_fingerprint(module.outer)


@pytest.mark.parametrize(
    "change",
    [
        ("x + LIMIT", "x - LIMIT"),
        ("LIMIT = 3", "LIMIT = 4"),
        ("np.arange(4)", "np.arange(5)"),
        ("TABLE[1]", "TABLE[2]"),
        ("x: int", "x: float"),
    ],
)
def test_a_fingerprint_changes_with_what_a_kernel_is_made_of(change: tuple[str, str]) -> None:
    assert change[0] in SOURCE
    assert fingerprint_of(SOURCE.replace(*change)) != fingerprint_of(SOURCE)


@pytest.mark.parametrize(
    "change",
    [
        ("Say what it does", "Say it otherwise"),
        ("def inner", "# a comment\n\n\ndef inner"),
        ("LIMIT = 3", "LIMIT = 3\nUNUSED = 5\ndef other():\n    return UNUSED"),
    ],
)
def test_a_fingerprint_does_not_change_with_anything_else(change: tuple[str, str]) -> None:
    assert change[0] in SOURCE
    assert fingerprint_of(SOURCE.replace(*change)) == fingerprint_of(SOURCE)


def test_a_global_without_a_fingerprint_is_an_error() -> None:
    with pytest.raises(TypeError, match="type dict"):
        fingerprint_of(SOURCE.replace("TABLE = np.arange(4)", "TABLE = {1: 2}"))


def test_units_can_be_called_from_python() -> None:
    pool = np.zeros(2, BATTLE)
    pool[1].sides[1].volatiles[0] = 1 << 5
    assert stats.has_volatile(pool[1], 1, 5)
    assert not stats.has_volatile(pool[1], 0, 5)


@pytest.mark.skipif(bool(os.environ.get("NUMBA_DISABLE_JIT")), reason="nothing is compiled")
def test_a_unit_that_only_units_use_says_so() -> None:
    with pytest.raises(TypeError, match=r"battle_stats_modify has no symbol: .* only units use it"):
        stats.modify(100, 6144)


def test_a_unit_takes_records_and_numbers() -> None:
    pool = np.zeros(1, BATTLE)
    assert legal.who_decides(pool[0]) == TERMINAL  # a number below 0
    choices = np.zeros(1, CHOICES)
    choices["action"][0, 0] = ACTION_FORCED
    assert policy.rate_actions(pool[0], 0, 1, choices[0]) is None
    assert list(choices["odds"][0, :2]) == [1.0, 0.0]
    hits = np.ones(1, HITS)
    assert matchups.strikes(pool[0], 0, 0, 0, 0, 0, hits[0], 4) == 0.0  # it has no moves
    assert list(hits["taken"][0]) == [1.0] * 4 + [0.0] * 4 + [1.0] * 12


EDITED = """
import sys
import numpy as np
from plywise.engine.battle.state import BATTLE
from plywise.engine.compile import jit
from plywise.engine.battle import stats
{edit}
from plywise.engine.battle.rules import rules
before = jit._progress.compiled
stats.has_volatile(np.zeros(1, BATTLE)[0], 0, 0)
print(jit._progress.compiled - before)
"""
EDIT = """
code = stats.modify.py_func.__code__
consts = tuple(2046 if c == 2047 else c for c in code.co_consts)
assert consts != code.co_consts
stats.modify.py_func.__code__ = code.replace(co_consts=consts)
"""


@pytest.mark.slow
@pytest.mark.skipif(bool(os.environ.get("NUMBA_DISABLE_JIT")), reason="nothing is compiled")
def test_an_edit_compiles_one_unit(tmp_path: Path) -> None:
    def compiled(edit: str) -> int:
        done = subprocess.run(
            [sys.executable, "-c", EDITED.format(edit=edit)],
            env=os.environ | {"PLYWISE_CACHE": str(tmp_path)},
            capture_output=True,
            text=True,
            check=True,
            timeout=300,
        )
        # The program's machine code belongs to the sources on disk, which the edit leaves alone.
        for program in tmp_path.glob("numba/*/*.o.z"):
            program.unlink()
        return int(done.stdout)

    stats.has_volatile(np.zeros(1, BATTLE)[0], 0, 0)  # compiles the program, once for all tests
    shutil.copytree(cache_root() / "units", tmp_path / "units")
    assert compiled("") == 0
    assert compiled(EDIT) == 1
    assert len(list((tmp_path / "units").iterdir())) > 200


def test_old_parts_are_pruned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLYWISE_CACHE", str(tmp_path))
    monkeypatch.setattr(jit, "CACHE_DIR", tmp_path / "numba" / "mine")
    (tmp_path / "units").mkdir()
    for name in ("old", "new"):
        (tmp_path / "units" / name).write_text("x")
    os.utime(tmp_path / "units" / "old", (0, 0))
    jit.prune()
    assert [p.name for p in (tmp_path / "units").iterdir()] == ["new"]


def test_what_was_cut_off_is_compiled_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(units, "_warned", set())
    file = tmp_path / "part.z"
    assert units._read_cached(file) is None
    units._write_cached(file, b"code" * 100)
    assert units._read_cached(file) == b"code" * 100
    file.write_bytes(file.read_bytes()[:-9])
    for _ in range(2):
        assert units._read_cached(file) is None
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert f"{file} is damaged" in told
    units._write_cached(tmp_path / "nowhere" / "part.z", b"code")
    assert "cannot be kept" in capsys.readouterr().err
