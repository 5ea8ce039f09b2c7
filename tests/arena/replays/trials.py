"""Long trials of ``plywise data replays``: damaged collections, memory, runs that were killed.

``python -m tests.arena.replays.trials FOLDER mutants=10000 copies=50000 kills=10 seed=1``, with a
folder of sound logs (``.log``):

- ``mutants``: a collection of damaged logs in files of all kinds, with ids of all kinds: each must
  end in rows or in a reject with a reason, and none in a fault of ours;
- ``copies``: battles with new ids, names and nicknames (a tenth whole, the others forfeited in turn
  5), read while the memory of the process is noted;
- ``kills``: a run that is killed with SIGKILL so many times, at random moments, beside one that is
  not.
"""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pyarrow import parquet

from plywise.arena.replays.run import run_replays
from tests.games.gen9.replay_trials import mutated

_IDS = ("", "x", 7, None, [1], "a" * 5000, "\ud83d", "../../etc/passwd", "<b>", "id\n|win|", -1)
_SHARE = """
import sys
from plywise.datasets.replays import units
units._LINE_BYTES, units._READ = 60_000, 20_000
from plywise.arena.cli.main import main
sys.exit(main(["data", "replays", sys.argv[1], sys.argv[2], "jobs=1"]))
"""


def write_mutants(logs: Sequence[str], folder: Path, count: int, rng: random.Random) -> int:
    """Write damaged logs as files, JSON documents, pages and lines; return how many records."""
    lines: list[bytes] = []
    for number in range(count):
        data = mutated(rng.choice(logs), rng)
        kind = rng.randrange(4)
        if kind == 0:
            (folder / f"{number}{rng.choice(('.log', '.txt', '.html', '.json'))}").write_bytes(data)
            continue
        text = data.decode("utf-8", "surrogateescape" if rng.random() < 0.1 else "replace")
        record: dict[str, Any] = {
            "id": rng.choice((f"gen9ou-{number}", *_IDS)),
            "formatid": rng.choice(
                ("gen9ou", "gen9randombattle", "gen4ou", "gen9doublesou", "", 9)
            ),
            "log": rng.choice((text, text, text, text.split("\n"))),
            "rating": rng.choice((1500, None, "1600-1799", "?", -1, 1e300)),
        }
        if rng.random() < 0.05:
            del record[rng.choice(("id", "formatid", "log"))]
        if kind == 1:
            (folder / f"{number}.json").write_text(json.dumps(record))
        elif kind == 2:
            body = f'<script class="battle-log-data">{text}</script>'
            (folder / f"{number}.html").write_bytes(body.encode("utf-8", "surrogateescape"))
        else:
            lines.append(json.dumps(record).encode())
    (folder / "all.jsonl").write_bytes(b"\n".join(lines))
    return count


def try_mutants(logs: Sequence[str], count: int, seed: int) -> None:
    """Read a damaged collection; print what came of it."""
    with tempfile.TemporaryDirectory(prefix="replay-trials-") as name:
        source, out = Path(name, "in"), Path(name, "out")
        source.mkdir()
        written = write_mutants(logs, source, count, random.Random(seed))
        began = time.process_time()
        run = run_replays([source], out, 1, lambda line: None)
        seconds = time.process_time() - began
        rejects = [json.loads(line) for line in (out / "rejects.jsonl").open()]
    assert run.battles + run.rejected == written == run.battles + len(rejects)
    assert all(reject["reason"] and reject["source"] for reject in rejects)
    kinds = Counter(re.sub(r"['\"(\d].*", "…", reject["reason"])[:48] for reject in rejects)
    faults = [reject for reject in rejects if "fault of Plywise" in reject["reason"]]
    with_line = sum(reject["line"] > 0 for reject in rejects)
    print(f"{written} mutants, {seconds:.0f} s: {run.battles} read, {len(rejects)} rejected")
    print(f"{with_line} name a line; {len(faults)} faults of Plywise {faults[:3]}")
    for kind, number in kinds.most_common():
        print(f"  {number:>6}  {kind}")


def copy_of(log: str, number: int, *, short: bool) -> str:
    """Return a copy with other names of players and Pokémon; ``short``: forfeited in turn 5."""
    names = dict(re.findall(r"^\|player\|(p[12])\|([^|]+)\|", log, re.MULTILINE))
    if short:
        head = log.partition("\n|turn|5\n")[0]
        log = f"{head}\n|turn|5\n|\n|-message|{names['p1']} forfeited.\n|\n|win|{names['p2']}"
    log = re.sub(r"\b(p[12]a?): ([^|\n]{1,10})", rf"\1: \g<2>{number}", log)
    for side, name in names.items():
        log = log.replace(f"|{side}|{name}|", f"|{side}|{name}{number}|")
        log = log.replace(f"|win|{name}", f"|win|{name}{number}")
    return log


def resident() -> int:
    """Return this process's memory in MiB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE") >> 20


def try_memory(logs: Sequence[str], count: int, seed: int) -> None:
    """Read so many copies; print the memory at each tenth, and the most."""
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="replay-trials-") as name:
        source, out = Path(name, "copies.jsonl"), Path(name, "out")
        with source.open("w") as file:
            for number in range(count):
                log = copy_of(rng.choice(logs), number, short=number % 10 != 0)
                file.write(json.dumps({"id": f"b-{number}", "log": log}) + "\n")
        found: list[int] = []
        began = time.process_time()
        run = run_replays([source], out, 1, lambda line: found.append(resident()))
        seconds = time.process_time() - began
        size = sum(path.stat().st_size for path in out.rglob("*.parquet")) >> 20
    tenths = [found[len(found) * n // 10] for n in range(10)] + [found[-1]]
    print(f"{run.battles} of {count} copies, {run.rows} rows ({size} MiB), {seconds:.0f} s")
    print(f"MiB at each tenth: {tenths}, most {max(found)}; rejected {run.rejected}")


def try_kills(logs: Sequence[str], kills: int, seed: int) -> None:
    """Kill a run at random moments, and compare what it leaves in the end."""
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="replay-trials-") as name:
        source, out, whole = (Path(name, part) for part in ("all.jsonl", "out", "whole"))
        with source.open("w") as file:
            for number in range(300):
                log = copy_of(rng.choice(logs), number, short=number % 3 != 0)
                file.write(
                    json.dumps({"id": f"b-{number}", "log": log}) + "\n" + "{\n" * (number % 9 == 0)
                )
        command = [sys.executable, "-c", _SHARE, str(source)]
        done: list[int] = []
        for _ in range(kills):
            target = (done[-1] if done else 0) + rng.randint(0, 4)
            process = subprocess.Popen([*command, str(out)], stdout=subprocess.DEVNULL)
            started = time.monotonic()
            while process.poll() is None and time.monotonic() < started + 60:
                if len(list(out.rglob("part-*.parquet"))) >= target:
                    time.sleep(rng.random() * 0.5)
                    break  # while it writes, or between two shares
                time.sleep(0.02)
            process.send_signal(signal.SIGKILL)
            process.wait()
            done.append(len(list(out.rglob("part-*.parquet"))))
        for folder in (out, whole):
            subprocess.run([*command, str(folder)], check=True, stdout=subprocess.DEVNULL)
        names = [sorted(p.name for p in d.glob("decisions/*")) for d in (out, whole)]
        equal = names[0] == names[1] and all(
            parquet.read_table(out / "decisions" / part).equals(
                parquet.read_table(whole / "decisions" / part)
            )
            for part in names[0]
        )
        rejects = [(d / "rejects.jsonl").read_bytes() for d in (out, whole)]
        print(f"{kills} kills, shares whole after each: {done} of {len(names[1])}")
        print(f"rows equal: {equal}; rejects equal: {rejects[0] == rejects[1]}")


def main(words: Sequence[str]) -> None:
    """Run the trials that are asked for."""
    options = {k: int(v) for k, v in (word.split("=") for word in words if "=" in word)}
    folder = next(Path(word) for word in words if "=" not in word)
    logs = [path.read_text() for path in sorted(folder.glob("*.log"))]
    seed = options.get("seed", 1)
    if options.get("mutants"):
        try_mutants(logs, options["mutants"], seed)
    if options.get("copies"):
        try_memory(logs, options["copies"], seed)
    if options.get("kills"):
        try_kills(logs, options["kills"], seed)


if __name__ == "__main__":
    main(sys.argv[1:])
