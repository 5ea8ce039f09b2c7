"""Servers that behave badly, met in the modes that play others: each run ends, or waits in vain."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from queue import Queue
from typing import NamedTuple

import pytest

from plywise.arena.output.files import read_records
from plywise.conf.schemas.search import SimultaneousGroup
from plywise.conf.schemas.showdown import ServerConfig, ShowdownConfig
from plywise.datasets.errors import PlywiseError
from plywise.games.showdown.server import ShowdownServer
from plywise.games.showdown.session.battles import RATING_SECONDS

from ..arena.showdown.login_server import LoginServer, key_pair
from ..arena.showdown.runs import Run, configuration
from .server import BAD_SERVERS, BadServer
from .test_servers import PLAYED, WITHOUT_RESULT

pytestmark = [pytest.mark.server, pytest.mark.slow, pytest.mark.long]
MODES = ("accept", "challenge", "ladder", "advise")
PLAIN_CLIENT = Path(__file__).parents[1] / "arena" / "showdown" / "plain_client.py"
PASSWORD = "open sesame"
SERVERS = 3  # each plays one battle at a time, or the ladder would pair two of our runs
STILL_SECONDS = RATING_SECONDS + 5.0  # without a decision or an end; then the server goes away
LONGEST_SECONDS = 90.0
NEVER_SEEN = (  # battles that our player cannot know of
    "battle named as a path", "battle with a long name", "battle of another format",
)  # fmt: skip
NO_LOGIN = {
    "name taken": "taken",
    "named otherwise": "the server calls the account '",
    "frames that are no text": "log",
    "silent": "no Showdown server answers",
}


class Session(NamedTuple):
    """How a run ended.

    Attributes:
        waited: whether it waited for others until the server went away.
        results: of the battles that it has recorded.
    """

    code: int | None
    error: Exception | None
    waited: bool
    results: list[float | None]
    folder: Path


def _id(text: str) -> str:
    return re.sub("[^a-z0-9]", "", text.lower())[:15]


@contextmanager
def clients(*commands: tuple[str, ...]) -> Iterator[None]:
    """Run plain clients, which forfeit a battle in which nothing happens."""
    running = [
        subprocess.Popen(
            [sys.executable, PLAIN_CLIENT, "--battles", "0", "--patience", "6", "--stay", *words],
            stdout=subprocess.DEVNULL,
        )
        for words in commands
    ]
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


def settings(mode: str, url: str, login: str, own: str, other: str) -> ShowdownConfig:
    """Return the settings of a run of one battle."""
    signed = mode == "advise"
    return configuration(
        "search" if mode == "advise" else "random",
        mode=mode,
        user=other if mode == "challenge" else None,
        battles=1,
        stall_seconds=LONGEST_SECONDS,
        search=SimultaneousGroup(seconds=None, iterations=20, worlds=2),
        server=ServerConfig(
            url=url,
            username=own,
            patience=3.0,
            login_url=login if signed else None,
            password_env="PERSONS_PASSWORD" if signed else None,
        ),
    )


def play(mode: str, way: str, upstream: str, login: str, folder: Path) -> Session:
    """Run one session behind a bad server, which goes away when nothing happens any more."""
    own, other = f"{_id(way)}us", f"{_id(way)}it"
    signed = ("--login", login) if mode == "advise" else ()
    beside = {
        "accept": [(upstream, other, f"challenge:{own}")],
        "challenge": [(upstream, other, "accept")],
        "ladder": [(upstream, other, "ladder")],
        "advise": [
            (upstream, other, "accept", *signed),
            (
                *(upstream, own, f"challenge:{other}", *signed),
                "--password",
                PASSWORD,
                "--battles",
                "1",
            ),
        ],
    }[mode]
    with ExitStack() as stack:
        proxy = stack.enter_context(BadServer(upstream, way))
        run = Run(folder, settings(mode, proxy.url, login, own, other))
        if mode == "advise":  # the person begins when the adviser is there, or cannot be
            _until_still(run, lambda: "follows" in run.printed)
        stack.enter_context(clients(*beside))
        _until_still(run, lambda: False)
        waited = run.code is None and run.error is None
    run.end(60)
    results = [r["result"] for r in read_records(folder / "battles.jsonl")]
    return Session(run.code, run.error, waited, results, folder)


def _until_still(run: Run, found: Callable[[], bool]) -> None:
    """Wait for a run's end, or until it has decided nothing for a while."""
    began = moved = time.monotonic()
    seen = -1
    while run.code is None and run.error is None and not found():
        now = time.monotonic()
        size = sum(p.stat().st_size for p in run.folder.glob("*.jsonl")) + len(run.printed)
        if size != seen:
            seen, moved = size, now
        if now - moved > STILL_SECONDS or now - began > LONGEST_SECONDS:
            return
        time.sleep(0.05)


@pytest.fixture(scope="module", params=MODES)
def sessions(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, dict[str, Session]]]:
    """All sessions of one mode."""
    mode = str(request.param)
    root = tmp_path_factory.mktemp(mode)
    passwords = {f"{_id(way)}us": PASSWORD for way in BAD_SERVERS} if mode == "advise" else {}
    changes: dict[str, object] = {}
    if mode == "advise":
        changes = {"noguestsecurity": False, "loginserverpublickey": key_pair().pem}
    idle: Queue[str] = Queue()
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("PERSONS_PASSWORD", PASSWORD)
        login = stack.enter_context(LoginServer(passwords, key_pair()))
        for _ in range(SERVERS):
            idle.put(stack.enter_context(ShowdownServer(settings=changes)).url)

        def one(way: str) -> Session:
            upstream = idle.get()
            try:
                return play(mode, way, upstream, login.url, root / way.replace(" ", "-"))
            finally:
                idle.put(upstream)

        with ThreadPoolExecutor(SERVERS) as pool:
            found = dict(zip(BAD_SERVERS, pool.map(one, BAD_SERVERS), strict=True))
        yield mode, found


def _wrong(mode: str, way: str, end: Session) -> str:
    """Return what is wrong with the end of a session; "" if nothing is."""
    error = "" if end.error is None else str(end.error)
    if "\n" in error or (end.error is not None and not isinstance(end.error, PlywiseError)):
        return f"an end in more than a line: {end.error!r}"
    if way in NO_LOGIN:
        return "" if NO_LOGIN[way] in error else f"{end.code}: {error}"
    if end.waited:
        may = way in (*NEVER_SEEN, "many battles")
        lost = "is lost" in error and "finished battles are kept" in error
        return "" if may and lost else f"waited in vain: {end.code}: {error}"
    if way in WITHOUT_RESULT:
        return "" if (end.code, end.results) == (1, [None]) else f"{end.code}: {error}"
    if way in PLAYED and not (mode == "advise" and way == "wrong challstr"):
        return "" if end.code == 0 and None not in end.results else f"{end.code}: {error}"
    return "" if error or end.code == 0 else f"exit code {end.code} without a word"


def test_every_session_ends_in_one_line_whatever_the_server_says(
    sessions: tuple[str, dict[str, Session]],
) -> None:
    mode, found = sessions
    wrong = {way: said for way, end in found.items() if (said := _wrong(mode, way, end))}
    assert wrong == {}
    for end in found.values():
        json.loads((end.folder / "summary.json").read_text(encoding="utf-8"))
    assert not list(Path("/tmp").glob("plywise-hostile*"))
