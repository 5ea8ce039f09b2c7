"""Servers that behave badly: every run ends by itself, in one line, and writes nowhere else."""

import asyncio
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from pathlib import Path
from typing import NamedTuple

import pytest
from poke_env.concurrency import POKE_LOOP
from rich.console import Console

from plywise.arena.agents.catalog import agent_config
from plywise.arena.output.files import read_records
from plywise.arena.showdown import connections
from plywise.arena.showdown.match import run_showdown
from plywise.conf.schemas.game import GameConfig, Gen9Config
from plywise.conf.schemas.llm import NoLLMGroup
from plywise.conf.schemas.search import SimultaneousGroup
from plywise.conf.schemas.showdown import ServerConfig, ShowdownConfig
from plywise.datasets.errors import PlywiseError
from plywise.games.showdown.server import ShowdownServer

from .server import BAD_PREVIEWS, BAD_SERVERS, BadServer

pytestmark = [pytest.mark.server, pytest.mark.slow]
STALL_SECONDS = 2.0  # where nothing is to happen; elsewhere a busy machine gets more
PATIENCE = 60.0
PLAYED = (  # what costs no battle
    "garbage lines", "unknown kinds of lines", "damaged lines", "empty lines", "request twice",
    "request cut off", "request nested", "request of another form", "request without active",
    "request with surrogates", "other request ids", "no request id", "popups", "won twice",
    "long name", "frames of garbage between", "wrong challstr", "requests for ever",
    "every choice refused", "ranked and away",
)  # fmt: skip
ENDED = {  # what the one line has to say about the others
    "battle named as a path": "nothing has happened",
    "battle with a long name": "nothing has happened",
    "battle of another format": "nothing has happened",
    "no request": "nothing has happened",
    "connection dropped": "connection",
    "name taken": "taken",
    "named otherwise": "the server calls the account '",
    "challenges refused": "you are limited to 5 games [/x] at the same time. (choose concurrency",
    "huge message": "connection",
    "frames that are no text": "could not log in",
    "silent": "no Showdown server answers",
    "many battles": "",
}
STALLING = ("many battles", *(way for way, said in ENDED.items() if "nothing" in said))
WITHOUT_RESULT = ("won by nobody", "won by an empty name")


class Run(NamedTuple):
    """How a run ended: its exit code or its error, and what it printed and wrote."""

    code: int
    error: str
    printed: str
    folder: Path


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Run]]:
    """All runs, side by side: they wait most of the time."""
    root = tmp_path_factory.mktemp("hostile")

    def play(way: str, upstream: str) -> Run:
        patience = STALL_SECONDS if way in STALLING else PATIENCE
        with BadServer(upstream, way) as proxy:
            return _played(way, proxy.url, root, stall_seconds=patience)

    with pytest.MonkeyPatch.context() as patch, ShowdownServer() as server:
        patch.setattr(connections, "GREETING_SECONDS", 10.0)
        with ThreadPoolExecutor(8) as pool:
            found = pool.map(lambda way: play(way, server.url), BAD_SERVERS)
            yield dict(zip(BAD_SERVERS, found, strict=True))


def _played(way: str, url: str, root: Path, **changes: object) -> Run:
    """Play one battle on a server, in a folder of its own."""
    folder, out = root / way.replace(" ", "-"), StringIO()
    folder.mkdir()
    settings: dict[str, object] = {
        "game": GameConfig("gen9randombattle"),
        "agent": agent_config("random"),
        "opponent": agent_config("pokeenv_random"),
        "search": SimultaneousGroup(seconds=None, iterations=20, worlds=2),
        "llm": NoLLMGroup(),
        "battles": 1,
        "server": ServerConfig(url=url, patience=3.0),
    }
    config = ShowdownConfig(**(settings | changes))  # type: ignore[arg-type]
    try:
        return Run(run_showdown(config, folder, Console(file=out)), "", out.getvalue(), folder)
    except PlywiseError as error:
        return Run(1, str(error), out.getvalue(), folder)


def test_whatever_is_said_at_team_preview_the_battle_is_played_to_its_end(tmp_path: Path) -> None:
    def play(way: str) -> Run:
        with BadServer(server.url, way) as proxy:
            return _played(
                *(way, proxy.url, tmp_path),
                game=Gen9Config(format="gen9bssregi"),
                agent=agent_config("search"),
                stall_seconds=PATIENCE,
            )

    with ShowdownServer() as server, ThreadPoolExecutor(4) as pool:
        runs = dict(zip(BAD_PREVIEWS, pool.map(play, BAD_PREVIEWS), strict=True))
    wrong = {way: said for way, run in runs.items() if (said := _wrong(way, run))}
    assert wrong == {}
    for way in BAD_PREVIEWS.keys() - {"team of 24", "preview again"}:
        decisions = read_records(runs[way].folder / "decisions.jsonl")
        assert {decision["fallback"] for decision in decisions} == {""}, way
    shown = read_records(runs["hidden formes"].folder / "decisions.jsonl")
    assert [decision["action"].split()[0] for decision in shown[:3]] == ["lead", "bring", "bring"]


def test_there_are_at_least_16_kinds() -> None:
    assert len(BAD_SERVERS) >= 16
    assert {*PLAYED, *ENDED, *WITHOUT_RESULT} == set(BAD_SERVERS)


def _wrong(way: str, run: Run) -> str:
    """Return what is wrong with the end of a run; "" if nothing is."""
    if way in ENDED:
        right = ENDED[way] in run.error and "\n" not in run.error
        return "" if right and run.code == bool(run.error) else f"{run.code}: {run.error}"
    if run.error or run.code != (way in WITHOUT_RESULT):
        return f"{run.code}: {run.error}"
    (battle,) = read_records(run.folder / "battles.jsonl")
    if way in WITHOUT_RESULT:
        return "" if battle["result"] is None else f"a result: {battle['result']}"
    decided = battle["decisions"]["decisions"] > 0 or way.startswith("request")
    return "" if battle["result"] in (1.0, 0.0, -1.0) and decided else f"{battle}"


def test_every_run_ends_by_itself_and_a_bad_message_costs_itself_alone(
    runs: dict[str, Run],
) -> None:
    wrong = {way: said for way, run in runs.items() if (said := _wrong(way, run))}
    assert wrong == {}
    # Here, since workers that share the tests of a module would each make all runs.
    _check_files(runs)
    _check_loop()


def _check_files(runs: dict[str, Run]) -> None:
    """Files are written into the folder alone."""
    root = runs["silent"].folder.parent
    assert {path.name for path in root.iterdir()} == {run.folder.name for run in runs.values()}
    assert not list(Path("/tmp").glob("plywise-hostile*"))
    for run in runs.values():
        for path in run.folder.rglob("*"):
            assert len(path.name) < 150
        json.loads((run.folder / "summary.json").read_text(encoding="utf-8"))


def _check_loop() -> None:
    """Nothing of a battle stays on the loop."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and (left := asyncio.all_tasks(POKE_LOOP)):
        time.sleep(0.1)
    assert not left
