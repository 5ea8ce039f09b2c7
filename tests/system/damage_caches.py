"""Damages a copy of a cache, again and again, and starts Plywise on it: a check for developers.

    python tests/system/damage_caches.py CACHE [rounds=100] [seed=0] [starts=boards|battles]

Each round damages one file (each kind in turn, seeded) and starts twice.  The first start must
end well and print one line about the damage at most, the second must print nothing.  CACHE must be
warm: with the kernels of tic-tac-toe (``boards``) or of the battle search (``battles``); it is
copied.  Exit code 1: some round failed.
"""

import os
import random
import shutil
import sys
import tempfile
import traceback
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

BOARDS = "plywise.engine.boards.tic_tac_toe", "rules"
BATTLES = "plywise.engine.battle.damage_rolls", "prepare_damage_rolls"
KINDS = ("*.nbc", "*.nbi", "*.nbc", "compile_seconds.json", "*.o.z", "*.bc")


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


def main(original: Path, rounds: int, seed: int, module: str, function: str) -> int:
    rng = random.Random(seed)
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder) / "cache"
        shutil.copytree(original, cache, ignore=shutil.ignore_patterns("showdown", "models"))
        (cache / "compile_seconds.json").write_text('{"kernels": 1.0}')
        os.environ["PLYWISE_CACHE"] = str(cache)
        load, errors = getattr(import_module(module), function), Path(folder) / "errors"
        first = start(load, errors)
        if first != (0, ""):
            raise SystemExit(f"CACHE is not warm: {first}")
        for number in range(rounds):
            files = sorted(cache.rglob(KINDS[number % len(KINDS)])) or sorted(cache.rglob("*.nbc"))
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
    options = dict(word.split("=", 1) for word in sys.argv[2:])
    sys.exit(
        main(
            Path(sys.argv[1]),
            int(options.get("rounds", "100")),
            int(options.get("seed", "0")),
            *(BATTLES if options.get("starts") == "battles" else BOARDS),
        )
    )
