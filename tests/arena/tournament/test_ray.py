"""A tournament on a local Ray cluster: the same games as on local workers, whatever breaks off.

Skipped where Ray is not installed; docs/TOURNAMENTS.md says how to run them.
"""

import importlib
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from plywise.arena.agents.catalog import agent_config
from plywise.arena.cli.main import main
from plywise.arena.tournament import run as tournament
from plywise.arena.tournament.executors import ray as ray_executor
from plywise.arena.tournament.executors.ray import RayExecutor
from plywise.arena.tournament.schedule import GameTask
from plywise.arena.tournament.store import GameStore
from plywise.arena.tournament.worker import AgentPlayer, Setup
from plywise.conf.schemas.game import GameConfig
from plywise.conf.schemas.llm import NoLLMGroup
from plywise.conf.schemas.search import AlphaBetaGroup
from plywise.datasets.errors import WorkersFailedError

ray = pytest.importorskip("ray", reason="Ray is an extra: pip install 'plywise[ray]'")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

FAULTY = '''
"""Players that break off in the middle of chosen games, the first time that they play them."""
import os, pathlib, signal, time
from plywise.arena.tournament.store import FinishedGame
from plywise.arena.tournament.worker import AgentPlayer

FOLDER = pathlib.Path(__file__).parent
FAULTS = {3: "exit", 8: "actor", 15: "raise", 22: "hang", 29: "garbage", 36: "other", 43: "kill"}

class Faulty(AgentPlayer):
    def play(self, task, thinking):
        with (FOLDER / f"log-{task.number}").open("a") as log:
            log.write("x")
        first = (FOLDER / f"log-{task.number}").stat().st_size == 1
        what = FAULTS.get(task.number) if first else None
        decisions = []

        def in_the_middle(player):
            thinking(player)
            decisions.append(player)
            if len(decisions) == 2:
                self.act(what)

        game = super().play(task, in_the_middle)
        if what == "garbage":
            return "garbage"
        if what == "other":
            return FinishedGame(task.number + 1000, task.players, task.seed, 1.0)
        return game

    def act(self, what):
        if what == "exit":
            os._exit(3)
        if what == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if what == "actor":  # as the kernel does where memory is short, or a node that goes
            os.kill(os.getppid(), signal.SIGKILL)
            time.sleep(600)
        if what == "raise":
            raise ValueError("oh no")
        if what == "hang":
            time.sleep(600)

class Always(AgentPlayer):
    def play(self, task, thinking):
        if task.number == 1:
            os.kill(os.getppid(), signal.SIGKILL)
            time.sleep(600)
        return super().play(task, thinking)

class Unstartable:
    def __init__(self, setup):
        os._exit(7)
'''
KINDS = {(3, "died"), (15, "exception"), (22, "timeout"), (43, "died")}


@pytest.fixture
def faulty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    (tmp_path / "faulty_players.py").write_text(FAULTY)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))  # for the actors
    yield importlib.import_module("faulty_players")
    del sys.modules["faulty_players"]


def games(folder: Path, executor: str, *more: str, code: int = 0) -> list[tuple[object, ...]]:
    record = folder / f"{executor}.sqlite"
    found = main(
        [
            *("tournament", "game=tic_tac_toe", "agents=[random,{name:search,max_depth:2}]"),
            *("search.seconds=null", f"tournament.executor={executor}", "tournament.jobs=2"),
            *(f"tournament.record='{record}'", f"hydra.run.dir='{folder}'"),
            *(more or ("tournament.pairs=10",)),
        ]
    )
    assert found == code
    with GameStore.read(record) as store:
        return [game.game() for game in store.games()]


def faults(folder: Path) -> list[dict[str, Any]]:
    with GameStore.read(folder / "ray.sqlite") as store:
        return store.faults()


def test_ray_plays_the_same_games(tmp_path: Path) -> None:
    on_ray = games(tmp_path, "ray")
    assert faults(tmp_path) == []
    assert len(on_ray) == 20
    assert on_ray == games(tmp_path, "local")


def test_games_that_break_off_are_faults_and_end_as_undisturbed(
    tmp_path: Path, faulty: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed = games(tmp_path, "local", "tournament.pairs=30")
    monkeypatch.setattr(tournament, "AgentPlayer", faulty.Faulty)
    disturbed = games(tmp_path, "ray", "tournament.pairs=30", "tournament.timeout=3")
    assert disturbed == undisturbed
    noted = faults(tmp_path)
    # What an actor had not yet reported when it was killed: the fault is the first of these.
    killed = next(fault for fault in noted if "Ray worker" in fault["text"])
    assert (killed["kind"], killed["number"] <= 8) == ("died", True)
    kinds = {(f["number"], f["kind"]) for f in noted if f is not killed}
    # Two wrong answers in one message are one fault: of games 29 and 36 one may go unnoted.
    assert kinds & {(29, "nonsense"), (36, "nonsense")}
    assert kinds - {(29, "nonsense"), (36, "nonsense")} == KINDS
    assert next(f for f in noted if f["number"] == 22)["at_fault"] is not None
    with GameStore.read(tmp_path / "ray.sqlite") as store:
        attempts = {game.number: game.attempts for game in store.games()}
    again = [fault["number"] for fault in noted]
    assert attempts == {n: 1 + again.count(n) for n in range(60)}


def test_a_game_that_always_takes_its_actor_away_is_given_up(
    tmp_path: Path, faulty: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tournament, "AgentPlayer", faulty.Always)
    games(tmp_path, "ray", "tournament.pairs=12", "tournament.retries=1", code=1)
    with GameStore.read(tmp_path / "ray.sqlite") as store:
        without = [game.number for game in store.games() if game.result is None]
    assert without == [1]


def executor(player: Any, jobs: int, timeout: float | None = None) -> RayExecutor:
    search = AlphaBetaGroup(seconds=None, max_depth=1, table_bits=12)
    entrants = (agent_config("random"), agent_config("search"))
    setup = Setup(player, GameConfig("tic_tac_toe"), search, NoLLMGroup(), entrants)
    return RayExecutor(setup, jobs, timeout)


def until_all_are_back(on_ray: RayExecutor, count: int) -> list[Any]:
    outcomes: list[Any] = []
    while len(outcomes) < count:
        outcomes += on_ray.collect(0.2)
    return outcomes


def test_workers_that_cannot_start_end_the_tournament(faulty: Any) -> None:
    on_ray = executor(faulty.Unstartable, jobs=1)
    try:
        on_ray.submit([GameTask(0, (0, 1), 0)])
        with pytest.raises(WorkersFailedError, match="exit status 7"):
            until_all_are_back(on_ray, 1)
    finally:
        on_ray.close()


def test_no_clock_runs_before_a_game_begins(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Of two actors on one CPU one never starts; the time limit is shorter than a start."""
    monkeypatch.setattr(ray_executor, "_PATIENCE", 0.1)
    caplog.set_level(logging.WARNING)
    ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False)
    try:
        on_ray = executor(AgentPlayer, jobs=2, timeout=0.5)
        on_ray.submit([GameTask(n, (0, 1), n) for n in range(40)])
        assert sorted(game.number for game in until_all_are_back(on_ray, 40)) == list(range(40))
        on_ray.close()
    finally:
        ray.shutdown()
    assert sum("waits for a free CPU" in record.message for record in caplog.records) == 1
