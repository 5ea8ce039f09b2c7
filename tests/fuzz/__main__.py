"""The fuzzer: ``python -m tests.fuzz [invocations=N] [files=N] [seed=N] [jobs=N] [log=FILE]``.

Wrong command lines and damaged files, drawn with a seed.  Each has to end with exit code 0, 1 or 2,
one line on stderr and no traceback; one that is right and runs for long has to end on Ctrl-C.  A
line is printed for each that does not, and 1 is returned; the log has all of them.

``only=TEXT`` takes the files whose names hold it, ``holding=TEXT`` the command lines that hold it
(``holding=mode=``), ``invocations=all`` each of them; ``quick=true`` takes what needs no compiled
kernel, ``limit`` is the seconds after which Ctrl-C is sent.
"""

from __future__ import annotations

import gc
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import chdir, redirect_stderr, redirect_stdout
from functools import partial
from io import StringIO
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

from plywise.arena.cli import main as cli
from plywise.arena.cli.main import main

from . import samples as made
from .damage import damaged
from .invocations import invocations
from .samples import Words
from .sandbox import Case, Sandbox

_BESIDE = (
    *("game.json", "results.csv", "positions.txt", "squares.txt", "record.sqlite", "nim.py"),
    *("decisions.jsonl", "corpus.jsonl.gz", "teams.txt", "usage.json"),
)


def wrong_invocations(
    found: Sequence[made.Sample], rng: Random, count: int | None, holding: str
) -> Iterator[Case]:
    """Yield wrong command lines, each beside sound files."""
    beside = {s.name: s.content for s in reversed(found) if s.name in _BESIDE}
    beside |= {"taken": b"a file in the way", "folder/file": b"x"}
    for case in invocations(rng, count, holding):
        yield Case(case.words, beside)


def damaged_files(
    found: Sequence[made.Sample],
    reading: Mapping[Words, Callable[[], int]],
    rng: Random,
    count: int,
) -> Iterator[Case]:
    """Yield command lines that read damaged files, of each kind alike."""
    for number in range(count):
        sample = found[number % len(found)]
        words = rng.choice(sample.commands or (("read", sample.name),))
        seed = rng.getrandbits(32)
        content = damaged(sample.content, sample.form, Random(seed))
        files = {"nim.py": made.nim(), sample.name: content}
        yield Case(words, files, f"damage {seed}", reading.get(words))


def sound_files(
    found: Sequence[made.Sample], reading: Mapping[Words, Callable[[], int]], sandbox: Sandbox
) -> list[str]:
    """Return the faults of the same command lines, in the same way, with files that are sound."""
    cases, codes = [], {}
    for sample in found:
        for words in sample.commands or (("read", sample.name),):
            files = {"nim.py": made.nim(), sample.name: sample.content}
            case = Case(words, files, "a sound file", reading.get(words))
            cases.append(case)
            codes[id(case)] = sample.code
    return [
        f"{ending.fault}: exit {ending.code}: {ending.case}: {ending.err}"
        for ending in sandbox.run(cases)
        if ending.fault or (not ending.interrupted and ending.code != codes[id(ending.case)])
    ]


def load(found: Sequence[made.Sample], reading: dict[Words, Callable[[], int]]) -> list[str]:
    """Read each sound file, so that all modules and kernels are loaded; return what fails.

    Args:
        found: the files.
        reading: gets a function for each command line, which does the same without Hydra (nine
            tenths of its time); none where Hydra reads the file.
    """
    failed = []
    for sample in found:
        if sample.read is not None:
            reading["read", sample.name] = partial(_dispatching, partial(_read, sample))
        for words in sample.commands:
            with (
                tempfile.TemporaryDirectory() as folder,
                chdir(folder),
                redirect_stdout(StringIO()),
                redirect_stderr(StringIO()) as said,
            ):
                Path(sample.name).parent.mkdir(parents=True, exist_ok=True)
                Path("nim.py").write_bytes(made.nim())
                Path(sample.name).write_bytes(sample.content)
                code = main(words)
                # Hydra reads the folder's files, and makes the path of a game's file absolute.
                if "--config-dir" not in words and "game=path:nim.py" not in words:
                    reading[words] = _without_hydra(words)
            if code != sample.code:
                failed.append(f"exit {code} of a sound file: {' '.join(words)}: {said.getvalue()}")
    gc.collect()
    gc.freeze()  # else each child copies what its collector touches
    return failed


def _without_hydra(words: Words) -> Callable[[], int]:
    """Return the command with the settings that Hydra makes of ``words``, for a forked process."""
    caught: list[tuple[Callable[..., int], Any]] = []
    load_target = cli._load

    def catching(target: str) -> Callable[..., int]:
        run = load_target(target)

        def catch(settings: Any, folder: Path) -> int:
            caught.append((run, settings))
            return 0

        return catch

    with patch.object(cli, "_load", catching):
        main(words)
    ((run, settings),) = caught

    return partial(_dispatching, lambda words: run(settings, Path("run")))


def _read(sample: made.Sample, words: Words) -> int:
    assert sample.read is not None
    sample.read(Path(sample.name))
    return 0


def _dispatching(run: Callable[[Words], int]) -> int:
    """Return the exit code of ``run`` in place of a command line."""
    with patch.object(cli, "_dispatch", run):
        return main(())


def fuzz(arguments: Sequence[str]) -> int:
    """Run the fuzzer; 1 where anything is wrong."""
    if "--help" in arguments:
        print(__doc__)
        return 0
    given = dict(argument.split("=", 1) for argument in arguments)
    rng = Random(int(given.get("seed", 0)))
    began = time.monotonic()
    found = [
        sample
        for sample in made.samples(quick=given.get("quick") == "true")
        if given.get("only", "") in sample.name
    ]
    reading: dict[Words, Callable[[], int]] = {}
    faults = load(found, reading)
    sandbox = Sandbox(int(given.get("jobs", 2)), float(given.get("limit", 8)))
    faults += sound_files(found, reading, sandbox)
    print(*faults, f"{len(found)} samples after {time.monotonic() - began:.0f} s", sep="\n")
    asked = given.get("invocations", "700")
    count = None if asked == "all" else int(asked)
    parts = {
        "invocations": wrong_invocations(found, rng, count, given.get("holding", "")),
        "files": damaged_files(found, reading, rng, int(given.get("files", 3500))),
    }
    with open(given.get("log", "/dev/null"), "w", encoding="utf-8") as log:
        for name, cases in parts.items():
            codes: Counter[str] = Counter()
            longest = 0.0
            for ending in sandbox.run(cases):
                codes["interrupted" if ending.interrupted else str(ending.code)] += 1
                longest = max(longest, ending.seconds)
                said = ending.err[-3000:] if ending.fault else ending.err[-300:]
                line = f"{ending.fault or 'ok'}: exit {ending.code}: {ending.case}"
                print(f"{line} ({ending.seconds:.1f} s)\n{said}", file=log, flush=True)
                if ending.fault:
                    faults.append(line)
                    print(line, flush=True)
            counts = ", ".join(f"{count} x {code}" for code, count in sorted(codes.items()))
            print(f"{name}: exit codes {counts}; the longest took {longest:.1f} s", flush=True)
    print(f"{len(faults)} faults in {time.monotonic() - began:.0f} s")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(fuzz(sys.argv[1:]))
