"""The battle engine compared with the simulator on battles of mixed policies: a long measurement.

    python tests/system/mixed_sweep.py FOLDER [seeds=21400:21402]

Each seed records seven corpora (random, Battle Factory, BSS Factory, gen9ou, mixes with and without
stalling) of random play and of our own search with 8 to 64 iterations, in about three minutes of
processor time for 22,000 steps, and compares every battle from its seed, state by state, and the
steps of one that differs from their recorded states.  FOLDER gets a line of JSON for each corpus
(``sweep.jsonl``) and keeps the corpora with a mismatch.  A sweep that is started again goes on;
seeds can be shared among processes.  The
last line sums up the whole folder.  Exit code 1: some step or battle was wrong.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from plywise.arena.verify.corpus_report import check_decoded, decoded_steps
from plywise.arena.verify.engine import VerifyReport
from plywise.arena.verify.record import record_corpus
from plywise.arena.verify.seed import SeedReport
from plywise.conf.schemas.verify import RecordConfig
from plywise.datasets.battle_corpus import read_corpus

KINDS: dict[str, dict[str, Any]] = {
    "random": {"battles": 128},
    "factory": {"battles": 64, "format": "gen9battlefactory"},
    "bss": {"battles": 96, "format": "gen9bssfactory"},
    "ou": {"battles": 64, "format": "gen9ou"},
    "random-mix": {"battles": 64, "fuzz": True},
    "ou-mix": {"battles": 80, "format": "gen9ou", "fuzz": True},
    "ou-mix-stall": {"battles": 16, "format": "gen9ou", "fuzz": True, "stall": True},
}


def compared(kind: str, seed: int, folder: Path) -> dict[str, Any]:
    """Record one corpus and compare it; return its figures."""
    out = folder / f"{kind}-{seed}.jsonl.gz"
    iterations = 8 << seed % 4
    record_corpus(
        RecordConfig(out=str(out), seed=seed, keepties=False, iterations=iterations, **KINDS[kind])
    )
    steps, battles = VerifyReport(), SeedReport()
    for battle in read_corpus(out):
        exact = battles.battles_exact
        battles.add(battle)
        if battles.battles_exact > exact:  # so is each of its steps
            steps.transitions += len(battle.steps)
            steps.exact += len(battle.steps)
            continue
        for step, before in decoded_steps(battle):
            steps.note(f"{battle.number}:{step.number}", step, check_decoded(before, step))
    wrong = steps.transitions - steps.exact
    if wrong == 0 and battles.battles_exact == battles.battles:
        out.unlink()
    return {
        "kind": kind,
        "seed": seed,
        "steps": steps.transitions,
        "wrong": wrong,
        "battles": battles.battles,
        "battles_wrong": battles.battles - battles.battles_exact,
        "causes": [
            f"{cause.subject} ({cause.symptom}) {cause.example}"
            for finder in (steps.finder, battles.finder)
            for cause in finder.causes()
        ],
    }


def lines(record: Path) -> Iterator[dict[str, Any]]:
    """Yield the corpora compared so far."""
    with suppress(FileNotFoundError), record.open() as file:
        yield from map(json.loads, file)


def main(folder: Path, seeds: range) -> int:
    """Compare the seeds that the folder lacks; print each mismatch and the sum."""
    folder.mkdir(parents=True, exist_ok=True)
    record = folder / "sweep.jsonl"
    done = {(line["kind"], line["seed"]) for line in lines(record)}
    for seed in seeds:
        for kind in KINDS:
            if (kind, seed) in done:
                continue
            found = compared(kind, seed, folder)
            with record.open("a") as file:
                file.write(json.dumps(found) + "\n")
            for cause in found["causes"]:
                print(f"{kind} {seed}: {cause}", flush=True)
    total: Counter[str] = Counter()
    for line in lines(record):
        total.update({name: n for name, n in line.items() if isinstance(n, int) and name != "seed"})
    print(json.dumps(total))
    return int(total["wrong"] + total["battles_wrong"] > 0)


if __name__ == "__main__":
    words = dict(word.split("=", 1) for word in sys.argv[2:])
    first, last = map(int, words.get("seeds", "21400:21402").split(":"))
    sys.exit(main(Path(sys.argv[1]), range(first, last)))
