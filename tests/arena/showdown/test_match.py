"""Battles on the real Showdown server: results, files, and every way in which a run can break."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from plywise.arena.output.files import read_records
from plywise.arena.play.guide_words import llm_short
from plywise.arena.showdown.connections import (
    BattleServerLostError,
    ServerUnreachableError,
    out_of_time,
)
from plywise.arena.showdown.match import ShowdownMatch, _look, run_showdown
from plywise.arena.showdown.view import LiveBattle, battle_line
from plywise.arena.showdown.watch import BattlesStalledError
from plywise.conf.schemas.showdown import ServerConfig
from plywise.games.showdown.messages import CheckedPlayer
from plywise.games.showdown.player import DecisionRecord
from plywise.games.showdown.server import ShowdownServer
from plywise.search.decision import Decision
from plywise.search.guide.protocol import GuideReport

from .runs import configuration, there


@pytest.mark.server
def test_baselines_play_and_everything_is_written(server: ShowdownServer, tmp_path: Path) -> None:
    out = StringIO()
    config = configuration(battles=4, concurrency=2, server=there(server))
    assert run_showdown(config, tmp_path, Console(file=out, width=200)) == 0
    results = read_records(tmp_path / "battles.jsonl")
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert len(results) == summary["battles"] == 4
    assert {r["number"] for r in results} == {1, 2, 3, 4}
    tally = summary["figures"]["tally"]
    assert tally["wins"] == sum(r["result"] == 1.0 for r in results)
    assert all(r["turns"] > 0 and r["out_of_time"] == "" for r in results)
    for result in results:
        replay = Path(result["replay"])
        assert replay.parent == tmp_path / "replays"
        assert "|win|" in replay.read_text()
    assert f"{tally['wins']}-{tally['draws']}-{tally['losses']}" in out.getvalue()
    assert "Wilson" in out.getvalue()


@pytest.mark.server
def test_decisions_of_our_agent_are_logged(server: ShowdownServer, tmp_path: Path) -> None:
    config = configuration("random", battles=2, concurrency=2, server=there(server))
    assert run_showdown(config, tmp_path, Console(file=StringIO())) == 0
    decisions = read_records(tmp_path / "decisions.jsonl")
    results = read_records(tmp_path / "battles.jsonl")
    figures = json.loads((tmp_path / "summary.json").read_text())["figures"]
    assert len(decisions) == figures["clock"]["decisions"]
    assert len(decisions) == sum(r["decisions"]["decisions"] for r in results)
    assert {d["battle"] for d in decisions} == {r["battle"] for r in results}
    assert figures["fallbacks"] == figures["failures"] == 0
    for decision in decisions:
        assert decision["decision"]["action"] in map(int, decision["decision"]["strategy"])


def during(match_folder: Path, action: Callable[[], None]) -> threading.Thread:
    """Do ``action`` from another thread as soon as the first battle has ended."""

    def wait() -> None:
        deadline = time.monotonic() + 60
        results = match_folder / "battles.jsonl"
        while time.monotonic() < deadline:
            if results.exists() and results.read_text():
                action()
                return
            time.sleep(0.02)

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


@pytest.mark.server
def test_death_of_the_server_ends_the_run_and_keeps_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    servers: list[ShowdownServer] = []

    class Watched(ShowdownServer):
        def start(self) -> "Watched":
            servers.append(self)
            super().start()
            return self

    monkeypatch.setattr("plywise.arena.showdown.match.ShowdownServer", Watched)
    observe = ShowdownMatch.observe

    def observe_and_kill(self: ShowdownMatch, player: CheckedPlayer, *, last: bool = False) -> None:
        observe(self, player, last=last)
        running = any(0 < b.turn and not b.finished for b in player.battles.values())
        if self.figures.tally.games and running and servers[0].alive():
            os.kill(servers[0].pid, signal.SIGKILL)

    monkeypatch.setattr(ShowdownMatch, "observe", observe_and_kill)
    out = StringIO()
    with pytest.raises(BattleServerLostError) as caught:
        run_showdown(configuration(battles=500, concurrency=2), tmp_path, Console(file=out))
    message = str(caught.value)
    assert "was killed" in message
    assert "finished battles are kept" in message
    assert "\n" not in message
    assert not servers[0].alive()
    kept = read_records(tmp_path / "battles.jsonl")
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert 1 <= len(kept) == summary["battles"] < 500
    assert summary["figures"]["tally"]["errors"] >= 1
    assert "won-drawn-lost" in out.getvalue()


@pytest.mark.server
def test_death_of_a_server_elsewhere_is_noticed(tmp_path: Path) -> None:
    with ShowdownServer(on_progress=lambda _: None) as elsewhere:
        config = configuration(battles=500, server=ServerConfig(url=elsewhere.url, patience=1.0))
        killer = during(tmp_path, lambda: os.kill(elsewhere.pid, signal.SIGKILL))
        with pytest.raises(BattleServerLostError, match="connection to the Showdown server"):
            run_showdown(config, tmp_path, Console(file=StringIO()))
        killer.join()


@pytest.mark.server
def test_battles_that_stand_still_are_noticed(tmp_path: Path) -> None:
    with ShowdownServer(on_progress=lambda _: None) as frozen:
        config = configuration(battles=500, server=there(frozen), stall_seconds=1.5)
        freezer = during(tmp_path, lambda: os.kill(frozen.pid, signal.SIGSTOP))
        with pytest.raises(BattlesStalledError, match=r"nothing has happened for 1.5 s"):
            run_showdown(config, tmp_path, Console(file=StringIO()))
        freezer.join()
        os.kill(frozen.pid, signal.SIGCONT)


@pytest.mark.server
@pytest.mark.slow
def test_ctrl_c_ends_everything(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "plywise.arena.cli", "showdown", "agent=pokeenv_random"]
    with subprocess.Popen(
        [*command, "battles=500"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as run:
        assert run.stdout is not None
        assert run.stderr is not None
        for line in run.stdout:
            if line.startswith("Battle 1 of"):
                break
        children = Path(f"/proc/{run.pid}/task/{run.pid}/children").read_text().split()
        assert children
        run.send_signal(signal.SIGINT)
        rest, errors = run.communicate(timeout=30)
    assert run.returncode == 130
    assert errors.strip() == "plywise: interrupted"
    assert "won-drawn-lost" in rest
    assert not any(Path(f"/proc/{child}").exists() for child in children)


def test_no_server_at_the_address(tmp_path: Path) -> None:
    config = configuration(server=ServerConfig(url="ws://127.0.0.1:9/showdown/websocket"))
    with pytest.raises(ServerUnreachableError, match=r"no Showdown server answers at ws://127"):
        run_showdown(config, tmp_path, Console(file=StringIO()))


@pytest.mark.parametrize(
    ("loser", "expected"),
    [("plywise 1", "we were"), ("PLYwise1", "we were"), ("rival 1", "the opponent was"), ("", "")],
)
def test_time_losses_are_recognised(loser: str, expected: str) -> None:
    events = [
        ["", "move", "p1a: X", "Tackle"],
        ["", "-message", f"{loser} lost due to inactivity."],
    ]
    seen = SimpleNamespace(_replay_data=events if loser else events[:1])
    assert out_of_time(seen, "plywise 1") == expected  # type: ignore[arg-type]


def test_the_picture_needs_no_battles_and_no_terminal(tmp_path: Path) -> None:
    match = ShowdownMatch(configuration(), tmp_path, Console(file=StringIO()))
    console = Console(file=StringIO(), width=80)
    console.print(match._picture())
    match.battles["b"] = LiveBattle("b", 1, turn=3, own="pikachu", last_own="surf", value=0.25)
    console.print(match._picture())
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "0 of 2 battles" in text
    assert "+0.25" in text
    match.close()


def test_a_decision_that_cannot_be_recorded_is_counted_and_said_once(tmp_path: Path) -> None:
    out = StringIO()
    match = ShowdownMatch(configuration(), tmp_path, Console(file=out, width=300))
    replies = ["\ud83d A", object(), {1, object()}, "B"]
    for turn, reply in enumerate(replies):
        decision = Decision(0, {0: 1.0}, notes={"transcript": [{"reply": reply}]})
        numbers: tuple[Any, ...] = (turn, 6.0, 6.0, 6, 6)
        words: tuple[Any, ...] = ("", "", "", "", "tackle")
        rest: tuple[Any, ...] = (decision, 0.1, "", "{}")
        match.record(DecisionRecord("battle-x-1", *numbers, *words, *rest))
    idle = SimpleNamespace(battles={}, lost=set(), resumed=0, rejoined=0)
    match.observe(idle)  # type: ignore[arg-type]
    match.close()
    kept = read_records(tmp_path / "decisions.jsonl")
    assert [d["decision"]["notes"]["transcript"][0]["reply"] for d in kept] == ["\ud83d A", "B"]
    assert out.getvalue().count("cannot be recorded: TypeError") == 1
    assert re.search(r"lost records +2", out.getvalue())
    assert json.loads((tmp_path / "summary.json").read_text())["figures"]["lost_records"] == 2


def test_hp_counts_those_that_were_brought() -> None:
    """Three of six, as in BSS: poke-env keeps the others of our team, at full HP."""

    def mon(species: str, hp: float, *, active: bool = False) -> SimpleNamespace:
        return SimpleNamespace(species=species, current_hp_fraction=hp, active=active)

    team = {f"p1: {n}": mon(f"mon{n}", 1.0) for n in range(6)}
    team["p1: 1"] = mon("mon1", 0.25, active=True)
    asked = {"side": {"pokemon": [{"ident": f"p1: {n}"} for n in (1, 3, 5)]}}
    foes = {"p2: a": mon("a", 0.0), "p2: b": mon("b", 0.5, active=True)}
    seen = SimpleNamespace(turn=4, team=team, opponent_team=foes, last_request=asked)
    battle = LiveBattle("b", 1, result=1.0)
    _look(battle, seen)  # type: ignore[arg-type]
    assert (battle.own_hp, battle.foe_hp, battle.size) == (2.25, 1.5, 3)
    assert "2.2 v 1.5 of 3 HP" in battle_line(battle, 1)


def test_lines_say_what_happened() -> None:
    battle = LiveBattle("b", 2, turn=9, own_hp=1.5, foe_hp=0.0, result=1.0, seconds=4.0)
    assert battle_line(battle, 3) == "Battle 2 of 3: won on turn 9 after 4.0 s, 1.5 v 0.0 of 6 HP"
    report = GuideReport(calls=3, late=1, failed=2, latencies=[0.5, 1.25])
    assert llm_short(report) == "3 calls, 1.2 s, 1 late, 2 failed"
