"""Damages a cache of kernels, again and again, and starts on it: a check for developers.

    python tests/system/damage_caches.py [rounds=100] [seed=0]

A new cache gets the kernels of tic-tac-toe and a small program of units.  Each round damages one
file, each kind in turn, and starts twice.  The first start must end well and print one line about
the damage at most, the second must print nothing.  Exit code 1: some round failed.
"""

import os
import random
import sys
import tempfile
import traceback
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

PROGRAM = {
    "__init__.py": """
from numpy import dtype
from plywise.engine.compile.units import compile_separately
compile_separately("small_program", {"state": dtype([("x", "i8")])})
""",
    "core.py": """
from numba import types
from plywise.engine.boards import tic_tac_toe
from plywise.engine.compile.jit import kernel, kernel_of, prepare
@kernel
def twice(x: int) -> int:
    return 2 * x
@kernel
def more(x: int) -> int:
    return twice(x) + 1
@kernel_of(types.int64(types.int64))
def entry(x: int) -> int:
    return more(x)
def load():
    tic_tac_toe.rules()
    prepare("a small program", entry)
    assert entry(3) == 7
""",
}
KINDS = "*.nbc", "*.nbi", "compile_seconds.json", "*.o.z", "*.bc"


def damaged(rng: random.Random, file: Path, others: list[Path]) -> str:
    """Damage one file; return how, in words."""
    content = bytearray(file.read_bytes())
    how = rng.choice(("bits flipped", "truncated", "emptied", "swapped", "overwritten"))
    if how == "bits flipped":
        for _ in range(rng.choice((1, 1, 8))):
            content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    elif how == "truncated":
        content = content[: rng.randrange(len(content))]
    elif how == "emptied":
        content.clear()
    elif how == "swapped" and len(others) > 1:
        other = rng.choice([o for o in others if o != file])
        content = bytearray(other.read_bytes())
        other.write_bytes(file.read_bytes())
    else:
        how = "overwritten"
        content = bytearray(rng.randbytes(len(content)))
    file.write_bytes(content)
    return how


class Ended(NamedTuple):
    """How a start ended: a signal's number or exit code, and what it printed as errors."""

    code: int
    errors: str


def start(load: Callable[[], object], errors: Path) -> Ended:
    """Load the kernels in a process of its own; this one has imported them and loaded none."""
    child = os.fork()
    if not child:
        code = 1
        try:
            os.dup2(os.open(errors, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
            load()
            code = 0
        except BaseException:
            os.write(2, traceback.format_exc().encode())
        os._exit(code)
    _, status = os.waitpid(child, 0)
    return Ended(os.waitstatus_to_exitcode(status), errors.read_text(errors="replace"))


def main(rounds: int = 100, seed: int = 0) -> int:
    rng = random.Random(seed)
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        cache, package = Path(folder) / "cache", Path(folder) / "small_program"
        package.mkdir()
        for name, text in PROGRAM.items():
            (package / name).write_text(text)
        os.environ["PLYWISE_CACHE"] = str(cache)
        sys.path.insert(0, folder)
        load, errors = import_module("small_program.core").load, Path(folder) / "errors"
        print(start(load, errors).errors, flush=True)
        if (warm := start(load, errors)) != (0, ""):
            raise SystemExit(f"the cache does not get warm: {warm}")
        for number in range(rounds):
            files = sorted(cache.rglob(KINDS[number % len(KINDS)]))
            file = rng.choice(files)
            how = damaged(rng, file, files)
            if file.suffix == ".bc":  # read only where the program has to be linked again
                for linked in cache.rglob("*.o.z"):
                    linked.unlink()
            once, twice = start(load, errors), start(load, errors)
            told = [line for line in once.errors.splitlines() if line.startswith("plywise: ")]
            wrong = once.code != 0 or "Traceback" in once.errors or len(told) > 1
            wrong = wrong or twice != (0, "")
            failed += wrong
            said = told[0][:150] if told else "nothing"
            print(f"{number + 1}: {file.relative_to(cache)} {how}: {said}", flush=True)
            if wrong:
                print(f"FAILED {once}\n{twice}")
    print(f"{rounds} damaged caches, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    words = dict(word.split("=", 1) for word in sys.argv[1:])
    sys.exit(main(**{name: int(value) for name, value in words.items()}))
