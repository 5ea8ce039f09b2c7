"""Runs of ``plywise showdown`` in processes on one real local server, and how they get on.

    python -m tests.system.session_trials PART [--battles N] [--seed N] [--kills N] [--cuts N]

``pairs``: one run accepts what another challenges, two meet on the ladder.  ``kills``: a client is
killed (SIGKILL) at random moments and started again.  ``cuts``: its connections are cut at random
moments.  ``spectators``: the reader of ``games/gen9/tracking`` reads what a spectator is sent.
``advice``: a plain client plays beside ``mode=advise``, whose connections are cut.  Each part
prints figures and what is wrong; the exit code is 1 where anything is.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from plywise.games.gen9.tracking.tracker import Tracker
from plywise.games.showdown.server import ShowdownServer

from ..arena.showdown.cutter import Cutter
from ..arena.showdown.login_server import LoginServer, key_pair
from ..arena.showdown.recorder import Recorder

ROOT = Path(__file__).parents[2]
PLAIN_CLIENT = ROOT / "tests" / "arena" / "showdown" / "plain_client.py"
SEARCH = ("agent=search", "search.seconds=0.2")
_PASSWORD = "open sesame"


class Client:
    """One process of ``plywise showdown``, with its results in ``folder``."""

    def __init__(self, folder: Path, *words: str, **environment: str) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        command = [sys.executable, "-m", "plywise.arena.cli", "showdown", "llm=none", *words]
        with (folder / "output").open("wb") as output:
            self.process = subprocess.Popen(
                [*command, f"hydra.run.dir={folder}"],
                cwd=folder,
                env=os.environ | environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def printed(self) -> str:
        """What it has printed."""
        return (self.folder / "output").read_text(errors="replace")

    @property
    def results(self) -> list[dict[str, Any]]:
        """The battles that it has recorded; a line that is not whole yet is left out."""
        path = self.folder / "battles.jsonl"
        text = path.read_text() if path.exists() else ""
        return [json.loads(line) for line in text.split("\n")[:-1]]

    @property
    def figures(self) -> dict[str, Any]:
        """The figures of its summary."""
        found: dict[str, Any] = json.loads((self.folder / "summary.json").read_text())["figures"]
        return found

    @property
    def decided(self) -> int:
        """Bytes of its decision log: it grows with every decision."""
        path = self.folder / "decisions.jsonl"
        return path.stat().st_size if path.exists() else 0

    def end(self, seconds: float = 900.0) -> int:
        """Wait for its end."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise RuntimeError(f"no end after {seconds:g} s: {self.printed[-2000:]}") from None

    def stop(self) -> int:
        """End it as Ctrl-C does."""
        self.process.send_signal(signal.SIGINT)
        return self.end(60)

    def kill(self) -> None:
        """End it by SIGKILL."""
        self.process.kill()
        self.process.wait()


@contextmanager
def plain_client(folder: Path, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run ``plain_client.py`` with its output in ``folder/plain``."""
    with (folder / "plain").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, PLAIN_CLIENT, *words], stdout=output, stderr=subprocess.STDOUT
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _of_tags(results: list[dict[str, Any]]) -> dict[str, float | None]:
    return {r["battle"]: r["result"] for r in results}


def _agree(one: dict[str, float | None], two: dict[str, float | None], wrong: list[str]) -> None:
    """Note battles of which two sides record different results."""
    for tag in one.keys() & two.keys():
        if one[tag] is None or two[tag] is None or one[tag] != -(two[tag] or 0.0):
            wrong.append(f"{tag}: {one[tag]} of one side, {two[tag]} of the other")


def _clean(client: Client, wrong: list[str]) -> None:
    """Note faults that a run has counted, and noise."""
    name = client.folder.name
    for kind in ("failures", "fallbacks", "own_timeouts", "foe_timeouts", "lost_records"):
        if client.figures[kind]:
            wrong.append(f"{name}: {kind} {client.figures[kind]}")
    if client.figures["tally"]["errors"]:
        wrong.append(f"{name}: {client.figures['tally']['errors']} battles without a result")
    if "Traceback" in client.printed:
        wrong.append(f"{name}: a traceback: {client.printed[-1500:]}")


def pairs(asked: argparse.Namespace, top: Path, server: ShowdownServer) -> list[str]:
    """Challenge and accept, then meet on the ladder, both with several battles at once."""
    wrong: list[str] = []
    count, at_once = f"battles={asked.battles}", f"concurrency={asked.concurrency}"
    url = f"server.url={server.url}"
    few = ("agent=search", "search.seconds=null", "search.iterations=30", "search.worlds=4")
    for kind, words in {
        "challenge": (
            ("agent=max_damage", "mode=accept", "server.username=taker", "challengers=[Giver]"),
            (*few, "mode=challenge", "user=Taker", "server.username=giver"),
        ),
        "ladder": (
            ("agent=max_damage", "mode=ladder", "server.username=ladder one"),
            (*few, "mode=ladder", "server.username=ladder two"),
        ),
    }.items():
        runs = [
            Client(top / f"{kind}-{n}", *own, url, count, at_once) for n, own in enumerate(words)
        ]
        codes = [run.end(asked.limit) for run in runs]
        one, two = (_of_tags(run.results) for run in runs)
        if codes != [0, 0] or len(one) != asked.battles or one.keys() != two.keys():
            wrong.append(f"{kind}: exit codes {codes}, {len(one)} and {len(two)} battles")
        _agree(one, two, wrong)
        for run in runs:
            _clean(run, wrong)
            if len(run.results) != json.loads((run.folder / "summary.json").read_text())["battles"]:
                wrong.append(f"{run.folder.name}: another number in the summary")
        rated = _rated(runs, wrong) if kind == "ladder" else ""
        score = runs[0].figures["tally"]
        print(f"{kind}: exit codes {codes}, {len(one)} battles, {score}{rated}", flush=True)
    return wrong


def _rated(runs: list[Client], wrong: list[str]) -> str:
    """Return the ratings of both sides; check that each battle begins where another ended."""
    said = []
    for run, other in (runs, runs[::-1]):
        changes = [r["rating"] for r in run.results]
        if None in changes:
            wrong.append(f"{run.folder.name}: {changes.count(None)} battles without a rating")
            continue
        theirs = {r["battle"]: r["opponent_rating"] for r in other.results}
        if any(theirs.get(r["battle"]) != r["rating"] for r in run.results):
            wrong.append(f"{run.folder.name}: the other side records other ratings")
        # Several at once end in an order of their own: as sets, all but the ends meet.
        before = sorted([c["before"] for c in changes] + [run.figures["rating"]["after"]])
        after = sorted([c["after"] for c in changes] + [run.figures["rating"]["before"]])
        if before != after:
            wrong.append(f"{run.folder.name}: ratings do not follow each other")
        if run.figures["rating"]["before"] != 1000:
            wrong.append(f"{run.folder.name}: the first rating is not 1000")
        said.append(run.figures["rating"])
    return f", ratings {said}"


def kills(asked: argparse.Namespace, top: Path, server: ShowdownServer) -> list[str]:
    """Kill a client at random moments of its life, and start it again."""
    wrong: list[str] = []
    dice = random.Random(asked.seed)
    url = f"server.url={server.url}"
    patient = Client(
        top / "patient", "agent=random", "mode=accept", "battles=0", url,
        *("server.username=patient", f"concurrency={asked.concurrency}"),
    )  # fmt: skip
    ours: dict[str, float | None] = {}
    found, lives = 0, 0
    while len(ours) < asked.battles:
        mortal = Client(
            top / f"life-{lives}", *SEARCH, "mode=challenge", "user=patient", url,
            f"battles={asked.battles - len(ours)}", f"concurrency={asked.concurrency}",
            *("server.username=mortal", "greeting=hello"),
        )  # fmt: skip
        if lives < asked.kills:
            _until(lambda m=mortal: m.decided or m.process.poll() is not None, 120)  # type: ignore[misc]
            time.sleep(dice.uniform(0.0, asked.longest))
            mortal.kill()
        elif mortal.end(asked.limit):
            wrong.append(f"the last life ends with {mortal.process.returncode}")
        output = mortal.printed
        if "Traceback" in output:
            wrong.append(f"life {lives}: a traceback: {output[-1500:]}")
        finished = _of_tags(mortal.results)
        ours |= finished
        if lives >= asked.kills:
            _clean(mortal, wrong)
            found = mortal.figures["resumed"]
        print(f"life {lives}: {len(finished)} battles, {len(ours)} in all", flush=True)
        lives += 1
    patient.stop()
    theirs = _of_tags(patient.results)
    _clean(patient, wrong)
    _agree(ours, theirs, wrong)
    unrecorded = theirs.keys() - ours.keys()  # they ended while the client was killed
    if len(ours) != asked.battles or ours.keys() - theirs.keys() or None in ours.values():
        wrong.append(f"{len(ours)} battles of ours, {len(theirs)} of the other side")
    print(
        f"{min(lives, asked.kills)} kills, {len(ours)} battles finished, {found} found again in "
        f"the last life, {len(unrecorded)} that ended unseen"
    )
    return wrong


def _until(found: Callable[[], object], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not found():
        if time.monotonic() > end:
            raise RuntimeError(f"not within {seconds:g} s")
        time.sleep(0.02)


def cuts(asked: argparse.Namespace, top: Path, server: ShowdownServer) -> list[str]:
    """Cut a client's connections at random moments while it plays."""
    wrong: list[str] = []
    dice = random.Random(asked.seed)
    both = (f"battles={asked.battles}", f"concurrency={asked.concurrency}")
    with Cutter(server.port) as cutter:
        steady = Client(
            top / "steady", "agent=random", "mode=accept", *both,
            *(f"server.url={server.url}", "server.username=steady"),
        )  # fmt: skip
        run = Client(
            top / "cut", *SEARCH, "mode=challenge", "user=steady", *both, "greeting=hello",
            *(f"server.url={cutter.url}", "server.username=cut off"),
        )  # fmt: skip
        _cut_at_random(cutter, run, dice, asked)
        codes = [run.end(asked.limit), steady.end(60)]
    ours, theirs = _of_tags(run.results), _of_tags(steady.results)
    if codes != [0, 0] or len(ours) != asked.battles or ours.keys() != theirs.keys():
        wrong.append(f"exit codes {codes}, {len(ours)} and {len(theirs)} battles")
    _agree(ours, theirs, wrong)
    _clean(run, wrong)
    _clean(steady, wrong)
    figures = {key: run.figures[key] for key in ("reconnects", "rejoined", "resumed")}
    print(f"{cutter.cuts} cuts, {len(ours)} battles finished, {figures}")
    return wrong


def _cut_at_random(
    cutter: Cutter, run: Client, dice: random.Random, asked: argparse.Namespace
) -> None:
    """Cut after decisions, until there are ``asked.cuts`` or the run has ended."""
    size = 0
    while run.process.poll() is None and cutter.cuts < asked.cuts:
        if run.decided > size:
            time.sleep(dice.uniform(0.0, asked.longest))
            cutter.cut()
            size = run.decided
        time.sleep(0.02)


def spectators(asked: argparse.Namespace, top: Path, server: ShowdownServer) -> list[str]:
    """Read what a spectator is sent of each battle."""
    logs = top / "logs"
    logs.mkdir(parents=True)
    url = f"server.url={server.url}"
    with plain_client(
        *(top, server.url, "watcher", "watch"),
        *("--battles", str(asked.battles), "--out", str(logs)),
    ) as watching:
        agents = ("agent=max_damage", "opponent=random")
        playing = Client(
            *(top / "playing", *agents, url, "battles=0"),
            *(f"concurrency={asked.concurrency}", f"seed={asked.seed}"),
        )
        try:
            watching.wait(asked.limit)
        finally:
            playing.stop()
    wrong = read_logs(sorted(logs.glob("*.log")), at_least=asked.battles)
    return wrong + (read_logs(sorted(asked.logs.glob("*.log"))) if asked.logs else [])


def read_logs(paths: list[Path], *, at_least: int = 0) -> list[str]:
    """Read logs as a spectator's; return what is wrong."""
    wrong = [] if len(paths) >= at_least else [f"only {len(paths)} logs"]
    lines = 0
    for path in paths:
        tracker = Tracker(None)
        text = path.read_text(encoding="utf-8").splitlines()
        lines += len(text)
        for line in text:
            if line.startswith("|"):
                tracker.read(line)
        if tracker.battle.unknown or tracker.battle.unreadable:
            wrong.append(
                f"{path.name}: unknown {tracker.battle.unknown}, "
                f"unreadable {tracker.battle.unreadable}"
            )
    print(f"{len(paths)} spectators' logs of {lines} lines read")
    return wrong


def advice(asked: argparse.Namespace, top: Path, server: ShowdownServer) -> list[str]:
    """Advise a plain client on its account; cut the adviser's connections."""
    del server  # names are signed on this part's own
    wrong: list[str] = []
    dice = random.Random(asked.seed)
    settings = {"noguestsecurity": False, "loginserverpublickey": key_pair().pem}
    with ExitStack() as stack:
        login = stack.enter_context(LoginServer({"A Person": _PASSWORD}, key_pair()))
        secured = stack.enter_context(ShowdownServer(settings=settings))
        recorder = stack.enter_context(Recorder(secured.url))
        port = int(recorder.url.split(":")[2].split("/")[0])
        cutter = stack.enter_context(Cutter(port))
        rival = Client(
            top / "rival", "agent=random", "mode=accept", f"battles={asked.battles}",
            *(f"server.url={secured.url}", f"server.login_url={login.url}"),
            "server.username=rival",
        )  # fmt: skip
        adviser = Client(
            top / "adviser", *SEARCH, "mode=advise", f"battles={asked.battles}",
            *(f"server.url={cutter.url}", f"server.login_url={login.url}"),
            *("server.username=A Person", "server.password_env=PERSONS_PASSWORD"),
            PERSONS_PASSWORD=_PASSWORD,
        )  # fmt: skip
        for client in (rival, adviser):
            _until(lambda c=client: re.search("waits as|follows", c.printed), 120)  # type: ignore[misc]
        person = stack.enter_context(
            plain_client(
                *(top, secured.url, "A Person", "challenge:rival", "--login", login.url),
                *("--password", _PASSWORD, "--battles", str(asked.battles)),
                *("--think", "1.5", "--seed", str(asked.seed)),
            )
        )
        _cut_at_random(cutter, adviser, dice, asked)
        codes = [person.wait(asked.limit), rival.end(60), adviser.end(60)]
    names = {"/trn A Person,", "/join battle-gen9randombattle-"}
    sent = [str(message) for message in recorder.sent]
    if strange := [m for m in sent if not any(m.startswith(f"|{name}") for name in names)]:
        wrong.append(f"the adviser has sent {strange[:5]}")
    ours, theirs = _of_tags(adviser.results), _of_tags(rival.results)
    if codes != [0, 0, 0] or len(ours) != asked.battles or ours.keys() != theirs.keys():
        wrong.append(f"exit codes {codes}, {len(ours)} and {len(theirs)} battles")
    _agree(ours, theirs, wrong)
    _clean(adviser, wrong)
    records = [json.loads(x) for x in (adviser.folder / "decisions.jsonl").open()]
    advised = sum(r["decision"] is not None for r in records)
    known = sum(bool(r["played"]) for r in records)
    figures = {key: adviser.figures[key] for key in ("reconnects", "rejoined", "resumed")}
    print(
        f"{cutter.cuts} cuts, {len(ours)} battles, {figures}, {advised} pieces of advice of "
        f"{len(records)}, {known} with what was played, {len(sent)} messages sent"
    )
    return wrong


PARTS: dict[str, Callable[[argparse.Namespace, Path, ShowdownServer], list[str]]] = {
    "pairs": pairs,
    "kills": kills,
    "cuts": cuts,
    "spectators": spectators,
    "advice": advice,
}


def main() -> int:
    """Run one part; 0 if nothing is wrong."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--battles", type=int, default=10)
    parser.add_argument("--concurrency", type=int, default=1)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--cuts", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--longest", type=float, default=1.0, help="seconds before a kill or cut")
    parser.add_argument("--limit", type=float, default=1800.0, help="seconds for a run")
    parser.add_argument("--logs", type=Path, help="spectators: read a folder's logs as well")
    parser.add_argument("--keep", type=Path, help="folder for the runs' own files")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="session-trial-") as name, ShowdownServer() as server:
        top = Path(name) if asked.keep is None else asked.keep
        wrong = PARTS[asked.part](asked, top, server)
    print(*wrong, f"{len(wrong)} things wrong", sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
