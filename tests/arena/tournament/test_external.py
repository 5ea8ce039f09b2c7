"""External accounts in a tournament: programs of others are rated beside ours."""

import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from plywise.arena.agents.catalog import agent_config, parse_agents
from plywise.arena.agents.kinds.external import ExternalSettings
from plywise.arena.agents.spec import Agent
from plywise.arena.play.replay import server_views
from plywise.arena.showdown.course import Course, Failure
from plywise.arena.showdown.external import AccountAbsentError
from plywise.arena.tournament.executors import external_games
from plywise.arena.tournament.executors.external_games import ExternalGames
from plywise.arena.tournament.executors.external_side import ABSENT, FORFEIT, INACTIVE, ForeignSide
from plywise.arena.tournament.executors.showdown_worker import ServerPlayer
from plywise.arena.tournament.identity import deciding_settings
from plywise.arena.tournament.run import run_tournament
from plywise.arena.tournament.schedule import GameTask
from plywise.arena.tournament.store import Fault, FinishedGame, GameStore, unpack_trace
from plywise.arena.tournament.worker import Setup
from plywise.conf.schemas.game import GameConfig
from plywise.conf.schemas.llm import NoLLMGroup
from plywise.conf.schemas.search import SimultaneousGroup
from plywise.conf.schemas.tournament import TournamentConfig, TournamentGroup, TournamentServer
from plywise.datasets.errors import ConfigError
from plywise.games.base import State
from plywise.games.showdown.server import ShowdownServer
from plywise.search.decision import Decision

from ..showdown.runs import foreign_bot, free_port, websocket

BATTLES = GameConfig("gen9randombattle")
FIXED = SimultaneousGroup(seconds=None, iterations=8, worlds=2, max_depth=4)


def configured(
    folder: Path, agents: list[Any], server: TournamentServer | None = None, **group: Any
) -> TournamentConfig:
    given: dict[str, Any] = {"executor": "showdown", "jobs": 1, "pairs": 1} | group
    tournament = TournamentGroup(
        record=str(folder / "r.sqlite"), server=server or TournamentServer(), **given
    )
    return TournamentConfig(BATTLES, FIXED, NoLLMGroup(), tournament, agents)


def run(config: TournamentConfig, folder: Path, out: StringIO | None = None) -> tuple[int, str]:
    out = out or StringIO()
    code = run_tournament(config, folder, Console(file=out, width=300))
    return code, out.getvalue()


def bot(**settings: Any) -> dict[str, Any]:
    return {"name": "external", "user": "Some Bot", "patience": 60.0} | settings


# --- settings -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("agents", "group", "words"),
    [
        (["random", "external"], {}, "needs its account's name"),
        (["random", bot(seconds=1.0)], {}, "Some Bot: an external account has no 'seconds'"),
        (["random", bot(llm={"trust": 1})], {}, "has no 'llm'"),
        (["random", bot(search={"worlds": 3})], {}, "has no 'search'"),
        (["random", bot(user="a,b")], {}, "must not hold ','"),
        (["random", bot(user="\x1b[31mred")], {}, "must not hold"),
        (["random", bot(user="guest 1")], {}, "must not begin with 'guest'"),
        (["random", bot(patience=-1.0)], {}, "patience"),
        (["random", bot(), bot(user="other")], {}, "cannot meet"),
        ([bot(), bot(user="other"), "random"], {"pairing": "gauntlet"}, "cannot meet"),
        (["random", bot(), bot(user="some bot")], {"pairing": "gauntlet"}, "'somebot' stands"),
        (["random", bot()], {"executor": "local"}, "'external' does not play in battles in this"),
    ],
)
def test_what_cannot_be_played_is_refused(
    agents: list[Any], group: dict[str, Any], words: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=re.escape(words)):
        run(configured(tmp_path, agents, **group), tmp_path)
    assert not (tmp_path / "r.sqlite").exists()


def test_settings_of_the_server_need_one() -> None:
    with pytest.raises(ConfigError, match=r"tournament\.server: .*executor=showdown"):
        TournamentGroup(server=TournamentServer(port=8000))


def test_an_account_is_known_by_its_name_and_its_clock(tmp_path: Path) -> None:
    agents = ["random", bot(user="<b>Bot</b>", label="theirs"), bot(user="Some Bot")]
    assert [a.title for a in parse_agents(agents)] == ["random", "theirs", "Some Bot"]

    def settings(server: TournamentServer) -> dict[str, Any]:
        return deciding_settings(configured(tmp_path, agents, server, pairing="gauntlet"))

    known = settings(TournamentServer(port=8000))
    assert known == settings(TournamentServer())
    assert [agent.get("user") for agent in known["agents"]] == [None, "bbotb", "somebot"]
    assert known != settings(TournamentServer(timer=False))


# --- the games that wait ------------------------------------------------------------------------


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Ids of accounts that are logged in."""
    ids: set[str] = set()
    monkeypatch.setattr(external_games, "is_there", lambda url, account: account.id in ids)
    monkeypatch.setattr(external_games, "_LOOK_SECONDS", 0.0)
    monkeypatch.setattr(external_games, "_REFUSED_SECONDS", 0.0)
    return ids


def games(said: list[str], **patience: float) -> ExternalGames:
    accounts = {
        1: ExternalSettings("external", user="A", patience=patience.get("a", 60.0)),
        2: ExternalSettings("external", user="B", patience=patience.get("b", 60.0)),
    }
    return ExternalGames(accounts, "ws://here", "gen9randombattle", said.append)


def ended(task: GameTask) -> FinishedGame:
    return FinishedGame(task.number, task.players, task.seed, 1.0)


def test_an_account_plays_one_game_at_a_time_and_others_go_on(there: set[str]) -> None:
    waiting = games([])
    pairs = [(0, 1), (0, 3), (2, 0), (1, 0)]
    tasks = [GameTask(n, players, 0) for n, players in enumerate(pairs)]
    assert waiting.keep(tasks) == [tasks[1]]
    assert waiting.ready() == []
    there.add("a")
    assert waiting.ready() == [tasks[0]]
    assert waiting.ready() == []
    there.add("b")
    assert waiting.ready() == [tasks[2]]
    assert waiting.judged([ended(tasks[1])]) == [ended(tasks[1])]
    assert waiting.ready() == []
    assert waiting.judged([ended(tasks[0])]) == [ended(tasks[0])]
    assert waiting.ready() == [tasks[3]]


@pytest.mark.parametrize(
    ("kind", "at_fault", "judged"),
    [
        ("stalled", 1, (1, True)),
        ("timeout", 1, (1, True)),
        (INACTIVE, 1, (1, True)),
        (INACTIVE, 0, (0, True)),  # ours has lost on the server's timer, as anybody does
        ("died", 1, (None, False)),  # a worker of ours, while the account was to move
        ("nonsense", None, (None, False)),
        ("exception", 0, (0, False)),
        ("server", None, (None, False)),
    ],
)
def test_whose_fault_it_is(
    there: set[str], kind: str, at_fault: int | None, judged: tuple[int | None, bool]
) -> None:
    there.add("a")
    waiting = games([])
    task = GameTask(4, (1, 0), 2)
    waiting.keep([task])
    assert waiting.ready() == [task]
    (fault,) = waiting.judged([Fault(task, kind, "words", at_fault)])
    assert isinstance(fault, Fault)
    assert (fault.at_fault, fault.lost) == judged


def test_a_game_that_did_not_begin_is_no_game_and_patience_ends(there: set[str]) -> None:
    said: list[str] = []
    there.add("a")
    waiting = games(said, a=0.05)
    task = GameTask(4, (1, 0), 2)
    waiting.keep([task])
    assert waiting.ready() == [task]
    time.sleep(0.1)
    assert waiting.judged([Fault(task, ABSENT, "has accepted no challenge", 1)]) == []
    waiting.require(others=True)
    with pytest.raises(AccountAbsentError, match=r"'A' has accepted no challenge.*1 games.*kept"):
        waiting.require(others=False)
    assert waiting.ready() == [task]  # it is there
    waiting.require(others=False)


# --- against the real server --------------------------------------------------------------------


def views(game: FinishedGame, player: int) -> str:
    frames = server_views(unpack_trace(game.trace), game.plies)["frames"]
    text = next(frame[player] for frame in frames if frame[player])
    return re.sub("[^a-z0-9]", "", text.partition("Your team:")[2].lower())


@pytest.mark.server
@pytest.mark.slow
def test_a_program_of_others_is_rated_by_games_in_pairs(tmp_path: Path) -> None:
    port, file = free_port(), tmp_path / "teams.jsonl"
    config = configured(tmp_path, ["random", bot()], TournamentServer(port=port), pairs=4, jobs=2)
    with foreign_bot(websocket(port), "Some Bot", "--teams", str(file)):
        code, out = run(config, tmp_path)
    assert code == 0, out
    with GameStore.read(tmp_path / "r.sqlite") as store:
        assert store.titles == ["random", "Some Bot"]
        played = list(store.games(trace=True))
        assert store.faults() == []
    assert len(played) == 8
    theirs = [json.loads(line) for line in file.read_text().splitlines()]
    assert [role for role, _ in theirs] == ["p2", "p1"] * 4  # as scheduled, whoever challenges
    for first, second in zip(played[::2], played[1::2], strict=True):
        # Both games of a pair have the same two teams, the players change sides.
        for ours, other in ((first, second), (second, first)):
            team = theirs[other.number][1]
            assert len(team) == 6
            assert all(species in views(ours, ours.players.index(0)) for species in team)
        for game in (first, second):
            side = game.players.index(1)
            assert game.sides[side].decisions == 0  # what they do is known by the log alone
            assert {action[side] for action in game.moves()} == {-1}
            assert game.sides[1 - side].decisions > 5
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["complete"] is True
    wins = sum(game.result_of(1) == 1 for game in played)
    assert summary["agents"]["Some Bot"]["wins"] == wins
    assert summary["agents"]["Some Bot"]["errors"] == 0
    assert {rated["player"] for rated in summary["ratings"]["players"]} == {"random", "Some Bot"}


@pytest.mark.long
@pytest.mark.server
@pytest.mark.slow
def test_one_that_leaves_has_lost_and_is_waited_for(tmp_path: Path) -> None:
    port = free_port()
    server = TournamentServer(port=port, seconds=10)
    over = threading.Event()
    printed = StringIO()

    def come_twice() -> None:
        with foreign_bot(websocket(port), "Some Bot", "--leave", "3") as first:
            first.wait(120)
        while "its loss" not in printed.getvalue() and not over.wait(0.2):
            pass  # it would be let into its battle again
        with foreign_bot(websocket(port), "Some Bot"):
            over.wait(120)

    bots = threading.Thread(target=come_twice)
    bots.start()
    try:
        code, out = run(configured(tmp_path, ["random", bot()], server), tmp_path, printed)
    finally:
        over.set()
        bots.join()
    assert code == 0, out
    assert "fault of Some Bot in game 0 (inactive): 'Some Bot' has lost on the server's" in out
    assert "; its loss" in out
    with GameStore.read(tmp_path / "r.sqlite") as store:
        (fault,) = store.faults()
        played = list(store.games())
    assert (fault["kind"], fault["at_fault"]) == (INACTIVE, 1)
    assert played[0].result_of(1) == -1
    assert (played[0].at_fault, played[0].attempts) == (1, 1)
    assert played[1].error == ""
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["agents"]["Some Bot"]["errors"] == summary["faults"] == 1
    assert summary["agents"]["random"]["errors"] == 0


@pytest.mark.long
@pytest.mark.server
@pytest.mark.slow
def test_one_that_never_answers_loses_on_the_servers_timer(tmp_path: Path) -> None:
    port = free_port()
    server = TournamentServer(port=port, seconds=10)
    with foreign_bot(websocket(port), "Some Bot", "--silent"):
        code, out = run(configured(tmp_path, ["random", bot()], server), tmp_path)
    assert code == 0, out
    with GameStore.read(tmp_path / "r.sqlite") as store:
        assert [(f["kind"], f["at_fault"]) for f in store.faults()] == [(INACTIVE, 1)] * 2
        assert [game.result_of(1) for game in store.games()] == [-1, -1]


@pytest.mark.long
@pytest.mark.server
@pytest.mark.slow
def test_one_that_never_comes_ends_the_tournament_after_all_other_games(tmp_path: Path) -> None:
    agents = "[random,pokeenv_random,{name: external, user: Some Bot, patience: 3}]"
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; from plywise.arena.cli.main import main; sys.exit(main(sys.argv[1:]))",
            "tournament",
            "game=gen9randombattle",
            "tournament=quick",
            "tournament.executor=showdown",
            "tournament.pairing=gauntlet",
            "tournament.pairs=1",
            "tournament.jobs=1",
            "tournament.record=r.sqlite",
            f"agents={agents}",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done
    said = " ".join(done.stderr.split())
    assert "'Some Bot' has not been logged in for 3 s at ws://127.0.0.1:" in said
    assert "(2 games against it are left; those played are kept, and the same" in said
    assert "Traceback" not in done.stderr
    assert "Waiting for 'Some Bot', 3 s at most: it is to log in at ws://" in done.stdout
    with GameStore.read(tmp_path / "r.sqlite") as store:
        assert [game.players for game in store.games()] == [(0, 1), (1, 0)]
        assert store.faults() == []
    assert "random" in next(tmp_path.glob("outputs/tournament/*/*/results.csv")).read_text()


@pytest.mark.long
@pytest.mark.server
@pytest.mark.slow
def test_one_that_accepts_nothing_ends_the_tournament(tmp_path: Path) -> None:
    port = free_port()
    config = configured(tmp_path, ["random", bot(patience=4.0)], TournamentServer(port=port))
    with (
        foreign_bot(websocket(port), "Some Bot", "--deaf"),
        pytest.raises(AccountAbsentError, match="'Some Bot' has accepted no challenge for 4 s"),
    ):
        run(config, tmp_path)


# --- single battles -----------------------------------------------------------------------------


class Failing(Agent):
    """Fails at once."""

    name = "failing"

    def decide(self, state: State, player: int, seed: int) -> Decision:
        raise ZeroDivisionError("a bug")


@pytest.fixture(scope="module")
def server() -> Iterator[ShowdownServer]:
    with ShowdownServer() as running:
        yield running


def player_of(server: ShowdownServer, name: str, **options: Any) -> ServerPlayer:
    entrants = (agent_config("random"), agent_config("external", user=name))
    make = partial(ServerPlayer, url="")
    setup = Setup(make, BATTLES, FIXED, NoLLMGroup(), entrants)
    return ServerPlayer(setup, url=server.url, **options)


@pytest.mark.server
@pytest.mark.parametrize(
    ("options", "words"),
    [(("--silent",), "'A Bot' does not answer"), (("--leave", "2"), "'A Bot' has left")],
    ids=["silent", "leaves"],
)
def test_without_the_timer_a_battle_that_stands_still_is_its_fault(
    server: ShowdownServer, options: tuple[str, ...], words: str
) -> None:
    player = player_of(server, "A Bot", timer=False, stall_seconds=3.0)
    heard: list[int] = []
    with foreign_bot(server.url, "A Bot", *options):
        outcome = player.play(GameTask(0, (1, 0), 5), heard.append)
        while isinstance(outcome, Fault) and outcome.kind == ABSENT:  # it is starting
            time.sleep(0.5)
            outcome = player.play(GameTask(0, (1, 0), 5), heard.append)
    player.close()
    assert isinstance(outcome, Fault)
    assert (outcome.kind, outcome.at_fault) == ("stalled", 1), outcome.text
    assert words in outcome.text
    assert heard[-1] == 0  # it was thinking, and would be blamed for a game that takes too long


@pytest.mark.server
def test_after_a_fault_of_ours_the_account_is_free_at_once(
    server: ShowdownServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    player = player_of(server, "B Bot")
    with foreign_bot(server.url, "B Bot"):
        with monkeypatch.context() as patched:
            patched.setattr(player, "_agents", [Failing(), None])
            outcome = player.play(GameTask(0, (0, 1), 5), lambda _: None)
            while isinstance(outcome, Fault) and outcome.kind == ABSENT:
                time.sleep(0.5)
                outcome = player.play(GameTask(0, (0, 1), 5), lambda _: None)
        assert isinstance(outcome, Fault)
        assert (outcome.kind, outcome.at_fault) == ("exception", 0), outcome.text
        start = time.monotonic()
        assert isinstance(player.play(GameTask(1, (1, 0), 5), lambda _: None), FinishedGame)
        assert time.monotonic() - start < 60
    player.close()


class Slow(Agent):
    """Takes a while for its decisions."""

    name = "slow"

    def decide(self, state: State, player: int, seed: int) -> Decision:
        time.sleep(1.0)
        action = state.legal_actions(player)[0]
        return Decision(action, {action: 1.0})


@pytest.mark.server
def test_a_battle_that_it_gives_up_is_lost_without_a_fault(
    server: ShowdownServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    player = player_of(server, "C Bot")
    with foreign_bot(server.url, "C Bot", "--forfeit", "1"):
        monkeypatch.setattr(player, "_agents", [Slow(), None])  # deciding when the battle ends
        outcome = player.play(GameTask(0, (1, 0), 5), lambda _: None)
        while isinstance(outcome, Fault) and outcome.kind == ABSENT:
            time.sleep(0.5)
            outcome = player.play(GameTask(0, (1, 0), 5), lambda _: None)
    player.close()
    assert isinstance(outcome, FinishedGame), outcome
    assert (outcome.result, outcome.plies) == (-1, 1)


def test_a_battle_given_up_before_any_decision_is_lost() -> None:
    side = ForeignSide(1, ExternalSettings("external", user="A"), 0.0, begun=True)
    course = Course(lambda _: None, keep=False)
    side.judge(1.0, "", course)
    assert course.failure == Failure(FORFEIT, "'A' gave up before the first decision", 1)
