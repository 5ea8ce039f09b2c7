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
from plywise.conf.schemas.game import GameConfig
from plywise.conf.schemas.llm import NoLLMGroup
from plywise.conf.schemas.search import SimultaneousGroup
from plywise.conf.schemas.showdown import ServerConfig, ShowdownConfig
from plywise.datasets.errors import PlywiseError
from plywise.games.showdown.server import ShowdownServer

from .server import BAD_SERVERS, BadServer

pytestmark = [pytest.mark.server, pytest.mark.slow]
STALL_SECONDS = 3.0
PLAYED = (  # what costs no battle
    "garbage lines", "unknown kinds of lines", "damaged lines", "empty lines", "request twice",
    "request cut off", "request nested", "request of another form", "request without active",
    "request with surrogates", "other request ids", "no request id", "popups", "won twice",
    "long name", "frames of garbage between", "wrong challstr", "requests for ever",
    "every choice refused",
)  # fmt: skip
ENDED = {  # what the one line has to say about the others
    "battle named as a path": "nothing has happened",
    "battle with a long name": "nothing has happened",
    "battle of another format": "nothing has happened",
    "no request": "nothing has happened",
    "connection dropped": "connection",
    "name taken": "taken",
    "huge message": "connection",
    "frames that are no text": "nothing has happened",
    "silent": "no Showdown server answers",
    "many battles": "",
}
WITHOUT_RESULT = ("won by nobody", "won by an empty name")


class Run(NamedTuple):
    """How a run ended: its exit code or its error, and what it printed and wrote."""

    code: int
    error: str
    printed: str
    folder: Path


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Run]]:
    """All runs, several at a time."""
    root = tmp_path_factory.mktemp("hostile")

    def run(way: str, upstream: str) -> Run:
        folder, out = root / way.replace(" ", "-"), StringIO()
        folder.mkdir()
        with BadServer(upstream, way) as proxy:
            config = ShowdownConfig(
                game=GameConfig("gen9randombattle"), agent=agent_config("random"),
                opponent=agent_config("pokeenv_random"), search=SimultaneousGroup(),
                llm=NoLLMGroup(), battles=1, stall_seconds=STALL_SECONDS,
                server=ServerConfig(url=proxy.url),
            )  # fmt: skip
            try:
                return Run(run_showdown(config, folder, Console(file=out)), "", "", folder)
            except PlywiseError as error:
                return Run(1, str(error), out.getvalue(), folder)

    with pytest.MonkeyPatch.context() as patch, ShowdownServer() as server:
        patch.setattr(connections, "LOGIN_SECONDS", 4.0)
        patch.setattr(connections, "GREETING_SECONDS", 2.0)
        with ThreadPoolExecutor(6) as pool:
            started = time.monotonic()
            found = pool.map(lambda way: run(way, server.url), BAD_SERVERS)
            yield dict(zip(BAD_SERVERS, found, strict=True))
            assert time.monotonic() - started < 120


def test_there_are_at_least_16_kinds() -> None:
    assert len(BAD_SERVERS) >= 16
    assert {*PLAYED, *ENDED, *WITHOUT_RESULT} == set(BAD_SERVERS)


@pytest.mark.parametrize("way", PLAYED)
def test_a_bad_message_costs_itself_alone(way: str, runs: dict[str, Run]) -> None:
    run = runs[way]
    assert (run.code, run.error) == (0, "")
    (battle,) = read_records(run.folder / "battles.jsonl")
    assert battle["result"] in (1.0, 0.0, -1.0)
    assert battle["decisions"]["decisions"] > 0 or way.startswith("request")


@pytest.mark.parametrize("way", ENDED)
def test_a_server_that_cannot_be_played_with_ends_the_run_in_one_line(
    way: str, runs: dict[str, Run]
) -> None:
    run = runs[way]
    assert ENDED[way] in run.error
    assert "\n" not in run.error
    assert run.code == (0 if way == "many battles" and not run.error else 1)


@pytest.mark.parametrize("way", WITHOUT_RESULT)
def test_a_victory_of_nobody_is_no_result(way: str, runs: dict[str, Run]) -> None:
    run = runs[way]
    assert (run.code, run.error) == (1, "")
    (battle,) = read_records(run.folder / "battles.jsonl")
    assert battle["result"] is None


def test_files_are_written_into_the_folder_alone(runs: dict[str, Run]) -> None:
    root = runs["silent"].folder.parent
    assert {path.name for path in root.iterdir()} == {run.folder.name for run in runs.values()}
    assert not list(Path("/tmp").glob("plywise-hostile*"))
    for run in runs.values():
        for path in run.folder.rglob("*"):
            assert len(path.name) < 150
        json.loads((run.folder / "summary.json").read_text(encoding="utf-8"))


def test_nothing_of_a_battle_stays_on_the_loop(runs: dict[str, Run]) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and (left := asyncio.all_tasks(POKE_LOOP)):
        time.sleep(0.1)
    assert not left
