"""Branch weights, counted and passed to LLVM, and indices that count from the front."""

import ctypes
import json
import os
import subprocess
import sys
from pathlib import Path

import llvmlite.binding as llvm  # type: ignore[import-untyped]
import pytest

from plywise.arena.cli.main import main
from plywise.datasets.fitted_weights import load_branches
from plywise.engine.battle.rules import RULES
from plywise.engine.compile import branch_weights as branches
from plywise.engine.compile import jit
from plywise.engine.compile.jit import prepare
from plywise.engine.compile.units import _machine, program_of

COMPILED = pytest.mark.skipif(
    bool(os.environ.get("NUMBA_DISABLE_JIT")), reason="nothing is compiled"
)
TEXT = """
define i64 @halves(i64 %n) {
entry:
  %odd = trunc i64 %n to i1
  br i1 %odd, label %"odd.one", label %even, !prof !0
"odd.one":
  %big = icmp sgt i64 %n, 9
  br i1 %big, label %even, label %small
small:
  br i1 true, label %even, label %even
even:
  ret i64 %n
}
!0 = !{!"branch_weights", i32 1, i32 99}
"""


def test_a_module_gets_the_weights_of_its_branches() -> None:
    weighted = branches.with_weights(TEXT, [250, 1000])
    assert weighted is not None
    lines = [
        line for line in str(llvm.parse_assembly(weighted)).splitlines() if "branch_weights" in line
    ]
    found = [line.partition("branch_weights")[2] for line in lines]
    assert '", i32 250, i32 750}' in found
    assert '", i32 1000, i32 0}' in found


def test_a_branch_that_was_never_reached_keeps_its_weights() -> None:
    weighted = branches.with_weights(TEXT, [branches.NEVER, 0])
    assert weighted is not None
    text = str(llvm.parse_assembly(weighted))
    assert "i32 1, i32 99}" in text
    assert "i32 0, i32 1000}" in text


@pytest.mark.parametrize("shares", [[], [1], [1, 2, 3]])
def test_shares_of_other_sources_are_not_used(shares: list[int]) -> None:
    assert branches.with_weights(TEXT, shares) is None


def test_branches_are_counted() -> None:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    text, count = branches.with_counters(TEXT, 3)
    assert count == 2
    module = llvm.parse_assembly(text)
    module.link_in(llvm.parse_assembly(branches.counters_module(3 + count)))
    engine = llvm.create_mcjit_compiler(module, _machine())
    engine.finalize_object()
    halves = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(engine.get_function_address("halves"))
    for n in (1, 2, 3, 4, 6, 11):
        assert halves(n) == n
    place = engine.get_global_value_address(branches.COUNTERS)
    pairs = (ctypes.c_int64 * 2 * 5).from_address(place)
    assert [tuple(pair) for pair in pairs] == [(0, 0)] * 3 + [(3, 3), (2, 1)]
    assert [branches.share(*pair) for pair in pairs] == [branches.NEVER] * 3 + [500, 333]


@pytest.mark.slow
@COMPILED
def test_the_committed_shares_are_of_these_sources() -> None:
    prepare("the rules", RULES.step)
    program = program_of("plywise.engine.battle")
    shares = load_branches()
    weighted = 0
    parts = program.compile_units()
    for unit, part in zip(program.units, parts, strict=True):
        _, count = branches.with_counters(str(llvm.parse_bitcode(part)), 0)
        weighted += count == len(shares.get(unit.symbol, []))
    # An edited unit has none until the next `plywise fit branches battles=24 iterations=2000`.
    assert weighted >= 0.9 * len(parts)


@pytest.mark.slow
@COMPILED
def test_fit_branches(tmp_path: Path) -> None:
    out = tmp_path / "branches.json"
    run = f"hydra.run.dir={tmp_path}"
    settings = ["fit", "branches", "battles=20", "iterations=8", "seed=3", f"out={out}", run]
    prepare("the rules", RULES.step)  # as the job before in a multirun does
    assert main(settings) == 0
    written = json.loads(out.read_text())
    found, committed = written["branches"], load_branches()
    assert written["fit"]["branches"] == sum(map(len, found.values()))
    # Another seed, a shallower search: common branches are common there too.
    both = [
        (a, b)
        for unit, shares in found.items()
        if len(shares) == len(committed.get(unit, []))
        for a, b in zip(shares, committed[unit], strict=True)
        if branches.NEVER not in (a, b)
    ]
    assert len(both) > 1000
    assert sum(abs(a - b) <= 200 for a, b in both) > 0.85 * len(both)


def test_a_program_that_runs_does_not_count() -> None:
    prepare("the rules", RULES.step)
    if not os.environ.get("NUMBA_DISABLE_JIT"):
        with pytest.raises(RuntimeError, match="runs already"):
            program_of("plywise.engine.battle").count_branches()
    with pytest.raises(RuntimeError, match="counted nothing"):
        program_of("plywise.engine.battle").counted_shares()


@pytest.mark.parametrize("setting", ["jobs=2", "ridge=1"])
def test_branches_are_counted_in_one_process(
    setting: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["fit", "branches", setting, f"hydra.run.dir={tmp_path}"]) != 0
    assert f"{setting.split('=')[0]}=" in capsys.readouterr().err


def test_nothing_is_counted_where_nothing_is_compiled(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(jit, "COMPILED", False)
    assert main(["fit", "branches", "battles=20", f"hydra.run.dir={tmp_path}"]) == 1
    assert "NUMBA_DISABLE_JIT" in capsys.readouterr().err


INDICES = """
import numpy as np
from numba import njit, types
from plywise.engine.compile import jit

signature = types.int64(types.int64[::1], types.int64)

def at(array, i):
    return array[i]

def last(array, i):
    return array[-1]

@njit
def stranger(array, i):
    return array[i]

for one in (at, last):
    one.__module__ = "plywise.engine.somewhere"
ours, end = jit.kernel_of(signature)(at), jit.kernel_of(signature)(last)
jit.prepare("a test", ours, end)
array = np.arange(10)
print(stranger(array, -1), end(array, 0), ours(array[5:], 2), flush=True)
print(ours(array[5:], -1))
"""


@pytest.mark.slow
@COMPILED
@pytest.mark.parametrize("checked", [False, True])
def test_indices_count_from_the_front(checked: bool, tmp_path: Path) -> None:
    file = tmp_path / "indices.py"
    file.write_text(INDICES)
    ran = subprocess.run(
        [sys.executable, str(file)],
        env=os.environ | {"PLYWISE_CHECK_INDICES": str(int(checked))},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert ran.stdout.splitlines()[0] == "9 9 7"
    if checked:
        assert ran.returncode < 0
        assert "negative index in _ZN7plywise6engine9somewhere" in ran.stdout
    else:
        assert (ran.returncode, ran.stdout.splitlines()[1]) == (0, "4")
