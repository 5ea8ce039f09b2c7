"""Tournaments on the real Showdown server: paired, repeatable, and no fault is ever a loss."""

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from functools import partial
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from plywise.arena.agents.catalog import agent_config
from plywise.arena.agents.spec import Agent
from plywise.arena.play.replay import server_views
from plywise.arena.showdown.course import Choice, Course, Failure
from plywise.arena.tournament.executors import showdown as showdown_executor
from plywise.arena.tournament.executors.showdown import ShowdownExecutor
from plywise.arena.tournament.executors.showdown_worker import SeedRefusedError, ServerPlayer
from plywise.arena.tournament.run import run_tournament
from plywise.arena.tournament.schedule import GameTask
from plywise.arena.tournament.store import Fault, FinishedGame, GameStore, unpack_trace
from plywise.arena.tournament.worker import Setup
from plywise.conf.schemas.game import GameConfig
from plywise.conf.schemas.llm import NoLLMGroup
from plywise.conf.schemas.search import AlphaBetaGroup, SimultaneousGroup
from plywise.conf.schemas.tournament import TournamentConfig, TournamentGroup, TournamentServer
from plywise.datasets.errors import ConfigError, PlywiseError, WorkersFailedError
from plywise.games.base import State
from plywise.games.showdown.server import ShowdownServer
from plywise.search.decision import Decision

BATTLES = GameConfig("gen9randombattle")
FIXED = SimultaneousGroup(seconds=None, iterations=8, worlds=2, max_depth=4)
NO_LLM = NoLLMGroup()
AGENTS = ("random", "pokeenv_max_base_power", "pokeenv_random", "pokeenv_simple_heuristics")


def configured(record: Path, agents: list[Any], game: GameConfig, **group: Any) -> TournamentConfig:
    tournament = TournamentGroup(record=str(record), **({"executor": "showdown"} | group))
    search = FIXED if game is BATTLES else AlphaBetaGroup()
    return TournamentConfig(game, search, NO_LLM, tournament, agents)


def run(config: TournamentConfig, folder: Path) -> tuple[int, str]:
    out = StringIO()
    code = run_tournament(config, folder, Console(file=out, width=200))
    return code, out.getvalue()


# --- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("agents", "game", "group", "words"),
    [
        (
            ["random", "search"],
            "tic_tac_toe",
            {},
            "executor=showdown plays Pokémon battles, not game=tic_tac_toe",
        ),
        (
            ["random", "pokeenv_random"],
            "gen9randombattle",
            {"executor": "local"},
            "'pokeenv_random' does not play in battles in this process",
        ),
        (["random", "hunter"], "gen9randombattle", {}, "'hunter' does not play on a Showdown"),
        (["random", "llm"], "gen9randombattle", {}, "needs a language model"),
    ],
)
def test_what_cannot_be_played_is_refused(
    agents: list[Any], game: str, group: dict[str, Any], words: str, tmp_path: Path
) -> None:
    where = BATTLES if game == BATTLES.name else GameConfig(game)
    with pytest.raises(ConfigError, match=words):
        run(configured(tmp_path / "r.sqlite", agents, where, **group), tmp_path)
    assert not (tmp_path / "r.sqlite").exists()


# --- a battle's course, without a server --------------------------------------------------------


def choice(action: int) -> Choice:
    return Choice(action, f"move {action}", f"seen before {action}", {})


def test_decisions_are_put_in_order_by_place() -> None:
    course = Course(lambda _: None, keep=True)
    course.add(9, 0, choice(3), 0.5)
    course.add(2, 1, choice(1), 0.1)
    course.add(2, 0, choice(0), 0.2)
    course.add(9, 0, choice(4), 0.1)  # the server refused the other one
    course.add(30, 1, choice(8), 0.1)
    assert course.actions() == ((0, 1), (4, -1), (-1, 8))
    assert course.sides[0].decisions == 3
    replay = server_views(course.trace(), 3)
    assert [len(replay[key]) for key in ("frames", "moves", "names")] == [4, 3, 3]
    assert replay["moves"][1] == ["move 4", ""]
    assert replay["frames"][1] == ["seen before 4", "seen before 1"]
    assert server_views([], 3) == {}


def test_who_decides_is_told_and_the_first_failure_counts() -> None:
    heard: list[int] = []
    course = Course(heard.append, keep=False)
    course.begin(0)
    course.begin(1)
    course.end(1)
    assert course.deciding
    course.end(0)
    assert heard == [0, 1, 0, -1]
    course.fail(Failure("illegal", "first", 1))
    course.fail(Failure("stalled", "second"))
    assert course.failure == Failure("illegal", "first", 1)
    assert course.trace() == []


# --- a server that fails again and again --------------------------------------------------------


def test_servers_that_fail_in_a_row_end_the_tournament(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told_lines: list[str] = []
    ports: list[int | None] = []

    class Dead:
        died, port, url = True, 4321, "ws://127.0.0.1:9/showdown/websocket"
        log_path = tmp_path / "server.log"

        def __init__(self, port: int | None, **_: Any) -> None:
            ports.append(port)

        def start(self) -> Any:
            return self

        def stop(self) -> None:
            pass

    workers = SimpleNamespace(collect=lambda wait: [], close=lambda: None, idle=lambda: True)
    monkeypatch.setattr(showdown_executor, "ShowdownServer", Dead)
    monkeypatch.setattr(showdown_executor, "LocalExecutor", lambda *_: workers)
    executor = ShowdownExecutor(
        setup_of("random"), 1, None, tmp_path, told_lines.append, TournamentServer()
    )
    executor.collect(0.0)
    executor.collect(0.0)
    with pytest.raises(WorkersFailedError, match=r"3 Showdown servers in a row.*server\.log"):
        executor.collect(0.0)
    assert ports == [None, 4321, 4321]  # the workers know its address
    assert len(told_lines) == 2


# --- real battles -------------------------------------------------------------------------------


def setup_of(*names: str) -> Setup:
    entrants = tuple(agent_config(name) for name in names)
    return Setup(partial(ServerPlayer, url=""), BATTLES, FIXED, NO_LLM, entrants)


@pytest.fixture(scope="module")
def server() -> Iterator[ShowdownServer]:
    with ShowdownServer() as running:
        yield running


@pytest.fixture(scope="module")
def player(server: ShowdownServer) -> Iterator[ServerPlayer]:
    made = ServerPlayer(setup_of(*AGENTS, "search"), url=server.url)
    yield made
    made.close()


def quiet(player: int) -> None:
    """Take no note of who decides."""


def play(player: ServerPlayer, players: tuple[int, int], seed: int) -> FinishedGame:
    outcome = player.play(GameTask(0, players, seed), quiet)
    assert isinstance(outcome, FinishedGame), outcome
    return outcome


def first_views(game: FinishedGame) -> list[str]:
    frame = server_views(unpack_trace(game.trace), game.plies)["frames"][0]
    return [text.partition("Your team:")[2] for text in frame]


@pytest.mark.server
def test_a_tiny_tournament(tmp_path: Path) -> None:
    agents = ["random", "pokeenv_max_base_power"]
    config = configured(tmp_path / "r.sqlite", agents, BATTLES, pairs=2, jobs=1)
    code, out = run(config, tmp_path)
    assert code == 0
    with GameStore.read(tmp_path / "r.sqlite") as store:
        games = list(store.games(trace=True))
        assert store.faults() == []
        assert set(store.identity["server"]) == {"pokemon-showdown", "poke-env"}
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["games"] == len(games) == 4
    assert summary["complete"] is True
    wins = sum(g.result_of(1) == 1 for g in games)
    assert summary["agents"]["pokeenv_max_base_power"]["wins"] == wins
    for game in games:
        assert {side.decisions > 10 for side in game.sides} == {True}
        assert all(side.seconds > 0 and not side.fallbacks for side in game.sides)
        assert min(map(min, game.moves())) == -1  # every choice has a number; some had none to make
    # Both games of a pair have the same two teams, the agents change sides.
    assert first_views(games[0]) == first_views(games[1])
    assert first_views(games[2]) == first_views(games[3])
    assert first_views(games[0]) != first_views(games[2])
    page = (tmp_path / "report.html").read_text()
    assert "gen9randombattle on a Showdown server: 2 agents, 4 games" in page
    assert "(The battle is over.)" in page
    assert "Pokémon Showdown is ready" in out
    again, out = run(config, tmp_path)
    assert again == 0
    assert "continues with 4 games" in out
    assert "Starting Pokémon Showdown" not in out


@pytest.mark.server
@pytest.mark.parametrize("players", [(4, 3), (1, 2), (0, 4)], ids=["search", "poke-env", "random"])
def test_a_seed_repeats_a_battle_action_for_action(
    player: ServerPlayer, players: tuple[int, int]
) -> None:
    first, second = (play(player, players, seed=7) for _ in range(2))
    assert first.game() == second.game()
    assert first.plies > 10
    assert play(player, players, seed=8).game() != first.game()


class Scripted(Agent):
    """Plays the actions of a record."""

    def __init__(self, name: str, actions: list[int]) -> None:
        self.name = name
        self._left = [action for action in actions if action >= 0]

    def decide(self, state: State, player: int, seed: int) -> Decision:
        action = self._left.pop(0)
        return Decision(action, {action: 1.0})


@pytest.mark.server
@pytest.mark.parametrize("seed", range(3))
def test_seed_and_actions_of_the_record_are_the_whole_battle(
    player: ServerPlayer, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What poke-env's players chose is in the record in our numbers: played by agents of ours from
    # the same seed, these numbers must lead through the same battle.
    game = play(player, (3, 2), seed)
    own, rival = (list(actions) for actions in zip(*game.moves(), strict=True))
    agents = [None, None, Scripted("rival", rival), Scripted("own", own)]
    monkeypatch.setattr(player, "_agents", agents)
    assert play(player, (3, 2), seed).game() == game.game()


class Failing(Agent):
    """Decides at random, and fails in the fifth decision."""

    name = "failing"

    def __init__(self, failure: Exception | int) -> None:
        self.failure = failure
        self.count = 0

    def decide(self, state: State, player: int, seed: int) -> Decision:
        self.count += 1
        action = state.legal_actions(player)[0]
        if self.count == 5:
            if isinstance(self.failure, Exception):
                raise self.failure
            action = self.failure
        return Decision(action, {action: 1.0})


@pytest.mark.server
def test_an_agents_failure_is_a_fault(
    player: ServerPlayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for failure, kind in ((ZeroDivisionError("a bug"), "exception"), (99, "illegal")):
        monkeypatch.setattr(player, "_agents", [Failing(failure), None, None, None, None])
        outcome = player.play(GameTask(3, (1, 0), 5), quiet)
        assert isinstance(outcome, Fault)
        assert (outcome.kind, outcome.at_fault) == (kind, 0), outcome.text
    monkeypatch.setattr(player, "_agents", [Failing(PlywiseError("no model"))] + [None] * 4)
    with pytest.raises(PlywiseError, match="no model"):
        player.play(GameTask(3, (1, 0), 5), quiet)


@pytest.mark.server
def test_a_baselines_failure_is_a_fault(
    player: ServerPlayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def choose_move(battle: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(player._baselines[2], "choose_move", choose_move)
    outcome = player.play(GameTask(3, (1, 2), 5), quiet)
    assert isinstance(outcome, Fault)
    assert (outcome.kind, outcome.at_fault) == ("exception", 2)


@pytest.mark.server
def test_a_server_that_takes_no_seed_is_named(
    player: ServerPlayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unseeded(own: Any, rival: Any, seed: int) -> None:
        await own.battle_against(rival, n_battles=1)

    monkeypatch.setattr("plywise.arena.tournament.executors.showdown_worker._meet", unseeded)
    with pytest.raises(SeedRefusedError, match="without the seed"):
        player.play(GameTask(0, (1, 2), 5), quiet)


@pytest.mark.server
@pytest.mark.parametrize(("how", "kind"), [(signal.SIGSTOP, "stalled"), (signal.SIGKILL, "server")])
def test_a_server_that_stops_is_a_fault_of_nobody(how: signal.Signals, kind: str) -> None:
    with ShowdownServer(on_progress=lambda _: None) as own:
        player = ServerPlayer(setup_of("random", "pokeenv_random"), url=own.url, stall_seconds=1.0)
        ended = threading.Event()

        def thinking(who: int) -> None:
            if who == 0 and not ended.is_set():
                ended.set()
                os.kill(own.pid, how)

        outcome = player.play(GameTask(0, (0, 1), 5), thinking)
        assert isinstance(outcome, Fault)
        assert (outcome.kind, outcome.at_fault) == (kind, None), outcome.text
        player.close()
        if how == signal.SIGSTOP:
            os.kill(own.pid, signal.SIGCONT)


@pytest.mark.server
@pytest.mark.slow
def test_a_dead_server_is_replaced_and_no_game_is_lost(tmp_path: Path) -> None:
    lines: list[str] = []
    setup = setup_of("pokeenv_max_base_power", "pokeenv_random")
    executor = ShowdownExecutor(setup, 1, None, tmp_path, lines.append, TournamentServer())
    tasks = {n: GameTask(n, (n % 2, 1 - n % 2), n // 2) for n in range(6)}
    faults: list[Fault] = []
    try:
        executor.submit(tasks.values())
        deadline = time.monotonic() + 120
        killed = False
        while tasks and time.monotonic() < deadline:
            for outcome in executor.collect(0.2):
                if isinstance(outcome, Fault):
                    faults.append(outcome)
                    executor.submit([outcome.task])
                else:
                    del tasks[outcome.number]
                    if not killed:
                        os.kill(executor._server.pid, signal.SIGKILL)
                        killed = True
    finally:
        executor.close()
    assert tasks == {}
    assert {fault.kind for fault in faults} <= {"server"}
    assert any("is replaced: it has died" in line for line in lines)
    assert (tmp_path / "server-2.log").exists()
