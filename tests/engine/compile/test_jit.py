"""The kernel decorators: caching, announcements, pruning, digests."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numba import types

from plywise.engine.compile import cache_key, jit


@jit.kernel_of(types.int64(types.int64))
def double(x: int) -> int:
    return 2 * x


@jit.kernel
def triple(x: int) -> int:
    return 3 * x


def test_kernels_compute() -> None:
    jit.prepare("a test", double)
    assert double(21) == 42
    assert triple(14) == 42


@pytest.mark.skipif(bool(os.environ.get("NUMBA_DISABLE_JIT")), reason="nothing is compiled")
def test_prepared_kernel_takes_its_own_types_only() -> None:
    jit.prepare("a test", double)
    jit.prepare("a test", double)  # a second time does nothing
    with pytest.raises(TypeError, match="No matching definition"):
        double(np.zeros(3))  # type: ignore[arg-type]


@jit.kernel_of(types.float64(types.float64))
def half(x: float) -> float:
    return x / 2.0


@jit.kernel_of(types.int64(types.FunctionType(types.int64(types.int64)), types.int64))
def applied(function: Callable[[int], int], x: int) -> int:
    return function(x)


@pytest.mark.skipif(bool(os.environ.get("NUMBA_DISABLE_JIT")), reason="nothing is compiled")
def test_a_kernel_is_passed_to_another_as_its_signature_says() -> None:
    jit.prepare("a test", double, half, applied)
    for x in range(3):
        assert applied(double, x) == 2 * x
    with pytest.raises(TypeError, match="not available"):
        applied(half, 1)  # type: ignore[arg-type]


@pytest.mark.skipif(bool(os.environ.get("NUMBA_DISABLE_JIT")), reason="nothing is compiled")
def test_prepare_wants_explicit_signatures() -> None:
    with pytest.raises(ValueError, match="kernel_of"):
        jit.prepare("a test", triple)


def test_kernel_refuses_a_signature() -> None:
    with pytest.raises(TypeError, match="kernel_of"):
        jit.kernel(types.int64(types.int64))  # type: ignore[arg-type]


def test_digest_counts_only_what_can_change_a_kernel() -> None:
    root = Path(jit.__file__).parents[2]
    files = {p.relative_to(root).as_posix() for p in cache_key.compiled_files()}
    assert {
        "engine/compile/jit.py",
        "engine/boards/connect_four.py",
        "search/alphabeta/kernel.py",
    } <= files
    assert "games/check.py" not in files  # plain Python: editing it must not recompile anything
    assert not any(f.startswith("arena/") for f in files)


def test_imports_are_found_in_source_text() -> None:
    source = (
        b"import numpy\nfrom plywise.engine.boards import tic_tac_toe as t, connect_four\n"
        b"    from plywise.search import negamax\nimport plywise.games.base\n"
    )
    found = set(cache_key.imported_modules(source))
    assert {"engine/boards/tic_tac_toe", "engine/boards/connect_four"} <= found
    assert {"search/negamax", "games/base"} <= found


def test_prune_spares_the_newest_and_what_is_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jit, "CACHE_DIR", tmp_path / "mine")
    now = time.time()
    ages = {"mine": 99, **{f"d{k}": k for k in range(12)}}  # hours
    for name, hours in ages.items():
        folder = tmp_path / name
        folder.mkdir()
        (folder / "kernel.nbc").write_text("x")
        os.utime(folder, (now - 3600 * hours - 1800,) * 2)
    jit.prune()
    assert {p.name for p in tmp_path.iterdir()} == {"mine", *(f"d{k}" for k in range(7))}


PROGRAM = """
from plywise.engine.compile import jit
from plywise.engine.boards import tic_tac_toe
tic_tac_toe.rules()
print(jit._progress.compiled)
"""


def run(program: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"NUMBA_OPT": "1"} | environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )


@pytest.mark.slow
def test_cold_compile_is_announced_once_and_a_warm_one_is_silent(tmp_path: Path) -> None:
    for attempt in range(3):  # somebody may be editing the sources at this moment
        cold = run(PROGRAM, PLYWISE_CACHE=str(tmp_path / str(attempt)))
        assert cold.stderr.count("compiling the rules of tic-tac-toe (first run") == 1
        assert int(cold.stdout) > 0
        assert (tmp_path / str(attempt) / "compile_seconds.json").exists()
        warm = run(PROGRAM, PLYWISE_CACHE=str(tmp_path / str(attempt)))
        if len(list((tmp_path / str(attempt) / "numba").iterdir())) == 1:
            break
    assert warm.stderr == ""
    assert warm.stdout.strip() == "0"


def test_cache_that_cannot_be_written_is_said_and_works(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    done = run("from plywise.engine.compile import jit; print('works')", PLYWISE_CACHE=str(blocked))
    assert done.stdout.strip() == "works"
    assert "set PLYWISE_CACHE" in done.stderr


def flipped(files: list[Path]) -> None:
    for file in files:
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 4
        file.write_bytes(content)


def cut(files: list[Path]) -> None:
    for file in files:
        os.truncate(file, file.stat().st_size // 2)


def emptied(files: list[Path]) -> None:
    for file in files:
        os.truncate(file, 0)


def swapped(files: list[Path]) -> None:
    contents = [file.read_bytes() for file in files]
    for file, content in zip(files, contents[1:] + contents[:1], strict=True):
        file.write_bytes(content)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "damage"),
    [("*.nbc", flipped), ("*.nbc", swapped), ("*.nbi", cut), ("*.nbi", emptied)],
)
def test_damaged_entries_are_compiled_anew_and_one_line_says_so(
    tmp_path: Path, kind: str, damage: Callable[[list[Path]], None]
) -> None:
    run(PROGRAM, PLYWISE_CACHE=str(tmp_path))
    damage(sorted((tmp_path / "numba").rglob(kind)))
    (tmp_path / "compile_seconds.json").write_text('{"x": "y"}')
    again = run(PROGRAM, PLYWISE_CACHE=str(tmp_path))
    assert int(again.stdout) > 0
    told = [x for x in again.stderr.splitlines() if x.startswith("plywise: ")]
    assert "Traceback" not in again.stderr
    assert len(told) == 1
    assert f"{tmp_path}/numba/" in told[0]
    assert "is damaged" in told[0]
    mended = run(PROGRAM, PLYWISE_CACHE=str(tmp_path))
    assert (mended.stdout.strip(), mended.stderr) == ("0", "")


def test_hints_never_stop_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLYWISE_CACHE", str(tmp_path))
    file = tmp_path / "compile_seconds.json"
    hints = b"", b"\xff", b"[1]", b'{"a": null}', b'{"a": NaN}', b'{"a": "x"}', b"[" * 100_000
    for content in (*hints, b'{"a": 1' + b"0" * 400 + b"}"):
        file.write_bytes(content)
        assert jit._compile_seconds() == {}
    jit._remember_seconds("b", 2.0)
    assert jit._compile_seconds() == {"b": 2.0}
    file.unlink()
    file.mkdir()
    assert jit._compile_seconds() == {}
    jit._remember_seconds("b", 2.0)


FULL_DISK = """
import errno, pathlib
from plywise.datasets import cache_folder
real = pathlib.Path.write_bytes
def write_bytes(path, content):
    if path.suffix != ".json" and len(content) > 4000:
        real(path, content[:4000])
        raise OSError(errno.ENOSPC, "No space left on device")
    return real(path, content)
pathlib.Path.write_bytes = write_bytes
"""


@pytest.mark.slow
def test_a_disk_that_fills_up_costs_only_the_cache(tmp_path: Path) -> None:
    done = run(FULL_DISK + PROGRAM, PLYWISE_CACHE=str(tmp_path))
    assert int(done.stdout) > 0
    told = [x for x in done.stderr.splitlines() if x.startswith("plywise: ")]
    assert "Traceback" not in done.stderr
    assert len(told) == 1
    assert f"cannot be kept in {tmp_path} (No space left on device)" in told[0]
    assert all(p.suffix in (".nbi", ".nbc") for p in (tmp_path / "numba").rglob("*.*.*"))
    assert run(PROGRAM, PLYWISE_CACHE=str(tmp_path)).stderr.count("does not load") == 0
