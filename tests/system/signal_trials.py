"""Signals at random moments of every command that starts processes or makes temporary things.

    python -m tests.system.signal_trials --trials 100 --seed 1 [--only showdown,record]

Each trial starts a command in folders of its own, sends it SIGTERM, SIGHUP, SIGINT or SIGKILL at a
random moment, to its process or to its whole group, and looks for what is wrong afterwards: a
process of the trial that still runs, a temporary thing that is still there after the next start, a
traceback, a wrong exit status, results that are not kept.  A trial's processes are known by a
variable in their environment.  Sessions on a server of others have one, and clients of others that
play with them, as long as the trials run.  Linux only.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import pty
import re
import secrets
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from plywise.games.showdown.install import ensure_pinned
from plywise.games.showdown.server import ShowdownServer

from ..arena.showdown.login_server import LoginServer, key_pair
from ..arena.showdown.runs import free_port, websocket

SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGKILL)
_MARK = "PLYWISE_SIGNAL_TRIAL"
_NOISE = ("Traceback", "Error", "Exception", "UserWarning", "RuntimeWarning")
_ORDERLY_SECONDS = 60.0  # on a busy machine, from a signal to the end
_WORK_SECONDS = 300.0  # the same from the start to the beginning of its work
_ORPHAN_SECONDS = 15.0  # the same of children
_PYTHON_SECONDS = 0.3  # before that Python itself starts, and handles Ctrl-C in its own way
_PLAIN_CLIENT = Path(__file__).parents[1] / "arena" / "showdown" / "plain_client.py"
_PERSON, _PASSWORD = "A Person", "open sesame"


@dataclass(frozen=True)
class Kind:
    """A command to be ended.

    Attributes:
        arguments: after ``plywise``; ``{corpus}`` is a recorded corpus, ``{battles}`` a record
            of battles, ``{package}`` Showdown's folder, ``{url}`` the address of a server,
            ``{secured}`` of one where ``{login}`` signs names, ``{port}`` a free port, ``{own}`` a
            name, ``{other}`` that of a client of others.
        seconds: an early signal comes within them, after the start.
        begun: number of children, or words on the screen, with which its work begins; a late signal
            comes within five seconds after that.
        kept: returns what is wrong with the results in a folder, given the output; "" if nothing.
        cold: whether its cache is empty at the start.
        terminal: whether it runs on a terminal, which SIGHUP closes.
        beside: arguments of each ``plain_client.py`` that runs beside it.
        kept_killed: ``kept`` after SIGKILL.
    """

    arguments: tuple[str, ...]
    seconds: float
    begun: int | str
    kept: Callable[[Path, str], str] = lambda folder, output: ""
    cold: bool = False
    terminal: bool = False
    beside: tuple[tuple[str, ...], ...] = ()
    kept_killed: Callable[[Path, str], str] = lambda folder, output: ""


def _session_kept_killed(folder: Path, output: str) -> str:
    """Every battle whose end was printed has a whole line."""
    told = len(re.findall(r"^Battle \d+ of .*: (?:won|lost|drawn)", output, re.M))
    records = list(folder.glob("outputs/showdown/*/*/battles.jsonl"))
    lines = [x for record in records for x in record.read_text().split("\n")[:-1]]
    for line in lines:
        json.loads(line)
    return "" if len(lines) >= told else f"{told} battles on the screen, {len(lines)} recorded"


def _showdown_kept(folder: Path, output: str) -> str:
    told = len(re.findall(r"^Battle \d+ of .*: (?:won|lost|drawn)", output, re.M))
    for record in folder.glob("outputs/showdown/*/*/battles.jsonl"):
        lines = [json.loads(line) for line in record.read_text().splitlines()]
        summary = record.with_name("summary.json")
        if not summary.exists():
            return "no summary"
        if json.loads(summary.read_text())["battles"] != len(lines) or told > len(lines):
            return f"{len(lines)} battles recorded, another number in the summary"
    return ""


def _tournament_kept(folder: Path, output: str) -> str:
    for record in folder.glob("outputs/records/*.sqlite"):
        with sqlite3.connect(record) as database:
            (count,) = database.execute("select count(*) from games").fetchone()
        told = [int(n) for n in re.findall(r"^game (\d+)/", output, re.M)]
        if told and max(told) > count:
            return f"{count} games in the record, {max(told)} on the screen"
        if told and not list(folder.glob("outputs/tournament/*/*/summary.json")):
            return "no summary"
    return ""


def _selfplay_kept(folder: Path, output: str) -> str:
    told = [int(n) for n in re.findall(r"^(\d+) of \d+ games", output, re.M)]
    files = list(folder.glob("outputs/selfplay/*/*/selfplay.npz"))
    if told and not files:
        return f"no file of {max(told)} games"
    for file in files:
        with np.load(file) as columns:
            if len(columns["game_seed"]) < max(told, default=0):
                return "games are missing in the file"
    return ""


def _record_kept(folder: Path, output: str) -> str:
    before = folder / "corpus.jsonl.gz"
    return "" if before.read_bytes() == b"what was there" else "the file that was there is gone"


def _data_kept(folder: Path, output: str) -> str:
    data = folder.parent / "data" / "plywise" / "showdown"
    whole = [path for path in data.glob("*") if path.is_dir() and (path / "changes.txt").is_file()]
    left = [path.name for path in data.glob("*") if path.is_dir() and path not in whole]
    return f"half of an update: {left}" if left else ""


def _luck_kept(folder: Path, output: str) -> str:
    left = list(folder.glob("outputs/luck/*/*/luck.json"))
    return "figures of an interrupted run" if left else ""


def _analyse_kept(folder: Path, output: str) -> str:
    written = list(folder.glob("outputs/analyse/*/*/analysis.json"))
    return "" if written or "costliest" not in output else "a table, and no analysis.json"


def _play_kept(folder: Path, output: str) -> str:
    saved = list(folder.glob("outputs/play/*/*/*.json"))
    begun = "to move" in output
    return "no saved game" if begun and not saved else ""


_BATTLES = ("llm=none", "battles=500", "search.seconds=0.05")
_SESSION = ("showdown", "agent=search", *_BATTLES, "concurrency=2")
_THERE = "server.url={url}"


def _session(
    mode: str, *words: str, beside: tuple[tuple[str, ...], ...], name: str = "{own}"
) -> Kind:
    """Return a session with clients of others, on a server of its own or of others."""
    return Kind(
        (*_SESSION, f"server.username={name}", f"mode={mode}", *words),
        *(25, "500 battles", _showdown_kept),
        beside=beside,
        kept_killed=_session_kept_killed,
    )


_BOARDS = ("game=tic_tac_toe", "search.seconds=null")
_AGENTS = "agents=[random,{name:search,max_depth:3}]"
KINDS = {
    "showdown": Kind(("showdown", *_BATTLES, "concurrency=2"), 30, ": 500 battles", _showdown_kept),
    "tournament": Kind(
        ("tournament", *_BOARDS, _AGENTS, "tournament.pairs=50000", "tournament.jobs=2"),
        *(12, "game 50", _tournament_kept),
    ),
    "tournament_showdown": Kind(
        (
            *("tournament", "game=gen9randombattle", "agents=[random,pokeenv_random]"),
            *("tournament.executor=showdown", "tournament.pairs=5000", "tournament.jobs=2"),
        ),
        *(30, 3, _tournament_kept),
    ),
    "selfplay": Kind(
        ("selfplay", *_BOARDS, "games=5000", "jobs=2"), 20, "250 of 5000", _selfplay_kept
    ),
    "luck": Kind(("luck", "{battles}", "iterations=5000", "jobs=2"), 15, 2, _luck_kept),
    "analyse": Kind(
        ("analyse", "{battles}", "number=0", "player=both", "iterations=20000", "page=a.html"),
        *(15, "decisions to analyse", _analyse_kept),
    ),
    "verify": Kind(("verify", "engine", "{corpus}", "jobs=2"), 15, 2),
    "fit": Kind(("fit", "evaluation", "battles=400", "jobs=2"), 20, 2),
    "fit_branches": Kind(("fit", "branches", "battles=400"), 20, 1),
    "bench_deadline": Kind(("bench", "deadline", "decisions=2000"), 20, 2),
    "bench_guides": Kind(("bench", "guides", "decisions=200"), 20, 1),
    "bench_engine": Kind(("bench", "engine", "seconds=1"), 40, 1),
    "record": Kind(("record", "engine", "corpus.jsonl.gz", "battles=300"), 12, 1, _record_kept),
    "data": Kind(("data", "update", "package={package}", "teams=3000"), 60, 1, _data_kept),
    "team": Kind(("team", "make", "count=2000", "out=teams.txt"), 12, 1),
    "play": Kind(("play", *_BOARDS, "side=first"), 8, "to move", _play_kept, terminal=True),
    "childplay": Kind(
        ("bench", "childplay", "llm=embedded", "tasks=[tic_tac_toe]"), 15, "Language model"
    ),
    "cold_compile": Kind(("fit", "evaluation", "battles=400", "jobs=2"), 60, 1, cold=True),
    "solve": Kind(("solve", "connect_four", "position.txt"), 20, 0),
    "terminal": Kind(("showdown", *_BATTLES), 25, "battles", _showdown_kept, terminal=True),
    "serve": _session(
        *("serve", "server.port={port}"), beside=(("{local}", "{other}", "challenge:{own}"),)
    ),
    "external": _session(
        *("local", "opponent=external", "opponent.user={other}", "server.port={port}"),
        beside=(("{local}", "{other}", "accept"),),
    ),
    "accept": _session("accept", _THERE, beside=(("{url}", "{other}", "challenge:{own}"),)),
    "challenge": _session(
        *("challenge", _THERE, "user={other}"), beside=(("{url}", "{other}", "accept"),)
    ),
    "ladder": _session("ladder", _THERE, beside=(("{url}", "{other}", "ladder"),)),
    "advise": _session(
        *("advise", "server.url={secured}", "server.login_url={login}"),
        "server.password_env=PERSONS_PASSWORD",
        beside=(
            ("{secured}", "{other}", "accept", "--login", "{login}"),
            (
                *("{secured}", _PERSON, "challenge:{other}", "--login", "{login}"),
                *("--password", _PASSWORD, "--think", "0.5"),
            ),
        ),
        name=_PERSON,
    ),
    "multirun": Kind(
        ("tournament", "-m", *_BOARDS, _AGENTS, "tournament.pairs=50000", "tournament.seed=1,2,3"),
        *(12, 2),
    ),
}


class Surroundings(ExitStack):
    """What trials need beside them, made when it is first asked for; a context manager."""

    @cached_property
    def corpus(self) -> Path:
        """A corpus that ``verify`` reads."""
        return record_corpus(Path(self.enter_context(tempfile.TemporaryDirectory())))

    @cached_property
    def battles(self) -> Path:
        """The record of a tournament of battles."""
        folder = Path(self.enter_context(tempfile.TemporaryDirectory()))
        record = folder / "battles.sqlite"
        command = [sys.executable, "-m", "plywise.arena.cli", "tournament", "game=gen9randombattle"]
        command += ["agents=[random,max_damage]", f"tournament.record={record}"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
        return record

    @cached_property
    def server(self) -> ShowdownServer:
        """A server whose names are not signed."""
        return self.enter_context(ShowdownServer())

    @cached_property
    def login(self) -> LoginServer:
        """The login server of the next."""
        return self.enter_context(LoginServer({_PERSON: _PASSWORD}, key_pair()))

    @cached_property
    def secured(self) -> ShowdownServer:
        """A server whose names are signed, so that two connections may share one."""
        settings = {"noguestsecurity": False, "loginserverpublickey": key_pair().pem}
        return self.enter_context(ShowdownServer(settings=settings))

    def words(self, mark: str) -> Mapping[str, Callable[[], str]]:
        """Return what stands for each placeholder in a trial."""
        port = free_port()
        return {
            "{corpus}": lambda: str(self.corpus),
            "{battles}": lambda: str(self.battles),
            "{package}": lambda: str(ensure_pinned()),
            "{url}": lambda: self.server.url,
            "{secured}": lambda: self.secured.url,
            "{login}": lambda: self.login.url,
            "{port}": lambda: str(port),
            "{local}": lambda: websocket(port),
            "{own}": lambda: f"own{mark[:8]}",
            "{other}": lambda: f"other{mark[:8]}",
        }


def _filled(arguments: Sequence[str], words: Mapping[str, Callable[[], str]]) -> list[str]:
    """Return arguments with their placeholders replaced."""
    found = list(arguments)
    for name, word in words.items():
        found = [a.replace(name, word()) if name in a else a for a in found]
    return found


@contextmanager
def _beside(clients: Sequence[Sequence[str]]) -> Iterator[None]:
    """Run clients of others, which stay until the end."""
    running = []
    try:
        for words in clients:
            command = [sys.executable, str(_PLAIN_CLIENT), *words, "--battles", "0", "--stay"]
            running.append(subprocess.Popen(command, stdout=subprocess.DEVNULL))
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


@dataclass
class Outcome:
    """What a trial found; ``wrong`` is empty where all is as it should be."""

    kind: str
    signum: int
    moment: float
    late: bool = False
    group: bool = False
    status: int | None = None
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)
    output: str = ""


def processes_of(mark: str) -> dict[int, str]:
    """Return the running processes of a trial: id -> command line."""
    found = {}
    wanted = f"{_MARK}={mark}".encode()
    for folder in Path("/proc").iterdir():
        try:
            if not folder.name.isdigit() or wanted not in (folder / "environ").read_bytes():
                continue
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue  # it has just ended, or is another user's
        if command:  # a zombie has none
            found[int(folder.name)] = command[:120]
    return found


def _default_signals() -> None:
    """Undo what a shell's background job inherits (SIGINT ignored)."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _gone_within(mark: str, seconds: float) -> dict[int, str]:
    deadline = time.monotonic() + seconds
    while (left := processes_of(mark)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return left


def _wait(process: subprocess.Popen[bytes], seconds: float) -> int | None:
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        return None


def _start(
    command: Sequence[str], folder: Path, environment: dict[str, str], terminal: bool
) -> tuple[subprocess.Popen[bytes], int | None]:
    """Start a command with its output in ``folder/output``; return it and its terminal, if any."""
    with (folder / "output").open("wb") as output:
        if not terminal:
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=_default_signals,
                start_new_session=True,
            )
            return process, None
    master, slave = pty.openpty()
    code = (
        "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0);"
        "os.execv(sys.argv[1], sys.argv[1:])"
    )
    process = subprocess.Popen(
        [sys.executable, "-S", "-c", code, *command],
        cwd=folder,
        env=environment,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        preexec_fn=_default_signals,
        start_new_session=True,
    )
    os.close(slave)
    os.set_blocking(master, False)
    return process, master


def _drain(master: int | None, folder: Path) -> None:
    if master is None:
        return
    try:
        while got := os.read(master, 65536):
            with (folder / "output").open("ab") as output:
                output.write(got)
    except OSError:
        pass  # nothing more for now, or closed


def run_trial(
    name: str,
    signum: int,
    moment: float,
    *,
    late: bool = False,
    group: bool = False,
    surroundings: Surroundings,
) -> Outcome:
    """Start the command of a kind, send the signal after ``moment`` seconds, and look around.

    Args:
        late: whether the seconds count from the beginning of its work, and not from its start.
        group: whether the process group gets it, as by Ctrl-C, and not the command alone.
        surroundings: servers and files.
    """
    kind, mark = KINDS[name], secrets.token_hex(8)
    outcome = Outcome(name, signum, moment, late, group)
    top = Path(tempfile.mkdtemp(prefix="signal-trial-"))
    folder, temporary = top / "run", top / "tmp"
    folder.mkdir()
    temporary.mkdir()
    (folder / "corpus.jsonl.gz").write_bytes(b"what was there")
    (folder / "position.txt").write_text("4\n")  # takes minutes to solve
    own = {"TMPDIR": str(temporary), "XDG_DATA_HOME": str(top / "data"), _MARK: mark}
    own["PERSONS_PASSWORD"] = _PASSWORD
    environment = os.environ | own
    if kind.cold:
        environment["PLYWISE_CACHE"] = str(top / "cache")
    plywise = [sys.executable, "-m", "plywise.arena.cli"]
    words = surroundings.words(mark)
    command = plywise + _filled(kind.arguments, words)
    clients = ExitStack()
    clients.enter_context(_beside([_filled(one, words) for one in kind.beside]))
    process, master = _start(command, folder, environment, kind.terminal)
    try:
        if late:
            _wait_for_work(kind.begun, process, folder, mark, master)
        deadline = time.monotonic() + moment
        while time.monotonic() < deadline and process.poll() is None:
            time.sleep(min(0.05, max(0.0, deadline - time.monotonic())))
            _drain(master, folder)
        _drain(master, folder)
        ended_before = process.poll() is not None
        began = time.monotonic()
        if master is not None and signum == signal.SIGHUP:
            os.close(master)
            master = None
        elif not ended_before:
            (os.killpg if group else os.kill)(process.pid, signum)
        outcome.status = _wait(process, _ORDERLY_SECONDS)
        outcome.seconds = time.monotonic() - began
        _drain(master, folder)
        outcome.output = (folder / "output").read_text(errors="replace")
        if outcome.status is None:
            outcome.wrong.append(f"it runs {_ORDERLY_SECONDS:g} s after the signal")
        for pid, said in _gone_within(mark, _ORPHAN_SECONDS).items():
            outcome.wrong.append(f"left: {said}")
            os.kill(pid, signal.SIGKILL)
        again = subprocess.run(
            [*plywise, "games"], env=environment, cwd=folder, capture_output=True, check=False
        )
        if again.returncode:
            outcome.wrong.append(f"the next start ends with {again.returncode}")
        outcome.wrong += [f"left: {p.name}" for p in temporary.iterdir()]
        for pattern in ("*.part", "plywise-temporary-*", "*.tmp.*"):
            outcome.wrong += [f"left: {p.relative_to(top)}" for p in top.rglob(pattern)]
        if ended_before and outcome.status != 0:
            outcome.wrong.append(f"exit status {outcome.status} before the signal")
        if signum == signal.SIGKILL and (wrong := kind.kept_killed(folder, outcome.output)):
            outcome.wrong.append(wrong)
        if signum != signal.SIGKILL and not ended_before:
            outcome.wrong += _wrong_end(outcome)
            if wrong := kind.kept(folder, outcome.output):
                outcome.wrong.append(wrong)
    finally:
        clients.close()
        if master is not None:
            os.close(master)
        for pid in processes_of(mark):
            os.kill(pid, signal.SIGKILL)
        process.wait()
        shutil.rmtree(top, ignore_errors=True)
    return outcome


def _wait_for_work(
    begun: int | str, process: subprocess.Popen[bytes], folder: Path, mark: str, master: int | None
) -> None:
    deadline = time.monotonic() + _WORK_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        _drain(master, folder)
        if isinstance(begun, str):
            if begun in (folder / "output").read_text(errors="replace"):
                return
        else:
            children = [c for p, c in processes_of(mark).items() if p != process.pid]
            if sum("resource_tracker" not in command for command in children) >= begun:
                return
        time.sleep(0.1)


def _wrong_end(outcome: Outcome) -> list[str]:
    early = outcome.moment < _PYTHON_SECONDS and not outcome.late
    if early and outcome.status in (1, -outcome.signum, 130):
        return []
    wrong = []
    if outcome.status not in (128 + outcome.signum, None):
        wrong.append(f"exit status {outcome.status}")
    wrong += [f"'{word}' in the output" for word in _NOISE if word in outcome.output]
    return wrong


def trials(count: int, seed: int, kinds: Sequence[str]) -> list[dict[str, Any]]:
    """Return the arguments of each trial: all pairs of kind and signal, in a shuffled order."""
    rng = Random(seed)
    pairs: list[tuple[str, int]] = []
    while len(pairs) < count:
        more = list(itertools.product(kinds, SIGNALS))
        rng.shuffle(more)
        pairs += more
    found = []
    for kind, signum in pairs[:count]:
        late, group = rng.random() < 0.6, rng.random() < 0.5
        moment = rng.random() * (5.0 if late else KINDS[kind].seconds)
        found.append(
            {"name": kind, "signum": signum, "moment": moment, "late": late, "group": group}
        )
    return found


def record_corpus(folder: Path) -> Path:
    """Record the corpus that ``verify`` reads."""
    corpus = folder / "recorded.jsonl.gz"
    command = [sys.executable, "-m", "plywise.arena.cli", "record", "engine", str(corpus)]
    subprocess.run([*command, "battles=60"], cwd=folder, check=True, capture_output=True)
    return corpus


def _phase(output: str) -> str:
    """Return the last line before the end: what the command was doing."""
    lines = [x.strip() for x in output.splitlines() if x.strip() and "plywise:" not in x]
    return lines[-1][:60] if lines else ""


def main() -> int:
    """Run the trials; 0 if nothing was wrong in any."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default=",".join(KINDS), help="kinds, by comma")
    options = parser.parse_args()
    bad = 0
    with Surroundings() as surroundings:
        for number, trial in enumerate(
            trials(options.trials, options.seed, options.only.split(","))
        ):
            outcome = run_trial(**trial, surroundings=surroundings)
            bad += bool(outcome.wrong)
            said = "; ".join(outcome.wrong) or "ok"
            name = signal.Signals(outcome.signum).name + (" to the group" if outcome.group else "")
            since = "it worked" if outcome.late else "its start"
            print(
                f"{number}: {outcome.kind} {name} {outcome.moment:.2f} s after {since} "
                f"[{_phase(outcome.output)}]: status {outcome.status} after "
                f"{outcome.seconds:.1f} s: {said}",
                flush=True,
            )
            if outcome.wrong:
                print(outcome.output[-3000:], flush=True)
    print(f"{options.trials} trials, {bad} with something wrong")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
