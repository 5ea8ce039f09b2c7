"""Connections cut at random moments, killed processes, servers that go away: battles go on."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from plywise.arena.output.files import read_records
from plywise.arena.showdown.connections import BattleServerLostError
from plywise.conf.schemas.showdown import ServerConfig
from plywise.games.showdown.server import ShowdownServer
from plywise.games.showdown.session import reconnect

from .cutter import Cutter
from .runs import Run, configuration, there

pytestmark = pytest.mark.server


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconnect, "FIRST_WAIT", 0.1)


def figures(run: Run) -> dict[str, int]:
    found: dict[str, int] = json.loads((run.folder / "summary.json").read_text())["figures"]
    return found


def test_battles_go_on_after_cuts_at_random_moments(server: ShowdownServer, tmp_path: Path) -> None:
    dice = random.Random(5)
    with Cutter(server.port) as cutter:
        waiting = Run(
            tmp_path / "waiting",
            configuration(
                "random",
                mode="accept",
                battles=8,
                concurrency=2,
                server=there(server, username="steady"),
            ),
        )
        cut = Run(
            tmp_path / "cut",
            configuration(
                "max_damage",
                mode="challenge",
                user="steady",
                battles=8,
                concurrency=2,
                greeting="hello",
                server=ServerConfig(url=cutter.url, username="cut off"),
            ),
        )
        decisions, size = cut.folder / "decisions.jsonl", 0
        deadline = time.monotonic() + 120
        while cut.code is None and cut.error is None and cutter.cuts < 20:
            assert time.monotonic() < deadline, (cutter.cuts, cut.printed, waiting.printed)
            if decisions.exists() and decisions.stat().st_size > size:  # it has gone on
                time.sleep(dice.uniform(0.0, 0.6))
                cutter.cut()
                size = decisions.stat().st_size
            time.sleep(0.01)
        assert cut.end().error is None
    assert waiting.end().error is None
    assert (cut.code, waiting.code) == (0, 0), (cut.printed, waiting.printed)
    assert figures(cut)["reconnects"] >= 3
    assert figures(cut)["rejoined"] >= 2
    assert figures(cut)["failures"] == 0, cut.printed
    assert figures(cut)["fallbacks"] == 0
    ours = {r["battle"]: r["result"] for r in read_records(cut.folder / "battles.jsonl")}
    theirs = {r["battle"]: r["result"] for r in read_records(waiting.folder / "battles.jsonl")}
    assert len(ours) == 8
    assert {tag: -result for tag, result in theirs.items()} == ours


@pytest.mark.long
def test_both_players_of_a_local_match_are_cut(server: ShowdownServer, tmp_path: Path) -> None:
    with Cutter(server.port) as cutter:
        run = Run(
            tmp_path,
            configuration("random", battles=4, server=ServerConfig(url=cutter.url)),
        )
        for _ in range(4):
            time.sleep(1.0)
            cutter.cut()
        assert run.end().code == 0, (run.error, run.printed)
    assert figures(run)["reconnects"] >= 2


def test_a_server_that_stays_away_is_waited_for_and_then_results_are_kept(
    server: ShowdownServer, tmp_path: Path
) -> None:
    with Cutter(server.port) as cutter:
        run = Run(
            tmp_path,
            configuration("random", battles=500, server=ServerConfig(url=cutter.url, patience=2.0)),
        )
        deadline = time.monotonic() + 60
        while not (tmp_path / "battles.jsonl").exists() or not run.printed.count("Battle 1"):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        cutter.refusing = True
        cutter.cut()
        began = time.monotonic()
        run.end()
        assert 1.5 < time.monotonic() - began < 8.0
    assert isinstance(run.error, BattleServerLostError)
    assert "the connection to the Showdown server is lost" in str(run.error)
    assert "finished battles are kept" in str(run.error)
    assert json.loads((tmp_path / "summary.json").read_text())["battles"] >= 1


def test_a_client_that_was_killed_finds_its_battles_again(
    server: ShowdownServer, tmp_path: Path
) -> None:
    waiting = Run(
        tmp_path / "waiting",
        configuration("random", mode="accept", battles=3, server=there(server, username="patient")),
    )
    command = [
        *(sys.executable, "-m", "plywise.arena.cli", "showdown", "agent=random", "llm=none"),
        *("mode=challenge", "user=patient", f"server.url={server.url}", "battles=1"),
        "server.username=mortal",
    ]
    for life in range(2):
        with subprocess.Popen(
            [*command, f"hydra.run.dir={tmp_path / str(life)}"],
            stdout=subprocess.PIPE,
            text=True,
        ) as killed:
            assert killed.stdout is not None
            for line in killed.stdout:
                if "turn 5:" in line:
                    break
            killed.send_signal(signal.SIGKILL)
        assert killed.returncode == -signal.SIGKILL
        again = Run(
            tmp_path / f"again {life}",
            configuration(
                "random",
                mode="challenge",
                user="patient",
                battles=1,
                greeting="hello",
                server=there(server, username="mortal"),
            ),
        )
        assert again.end().code == 0, (again.error, again.printed)
        assert figures(again)["resumed"] == 1
        assert figures(again)["failures"] == figures(again)["fallbacks"] == 0
    last = Run(
        tmp_path / "last",
        configuration(
            "random",
            mode="challenge",
            user="patient",
            battles=1,
            server=there(server, username="mortal"),
        ),
    )
    assert last.end().code == 0
    assert waiting.end().code == 0
    assert figures(last)["resumed"] == 0


@pytest.mark.long
def test_a_battle_that_the_server_no_longer_knows_has_no_result(tmp_path: Path) -> None:
    """The server is replaced by a new one at the same port, in the middle of a battle."""
    with ShowdownServer(on_progress=lambda _: None) as first, Cutter(first.port) as cutter:
        port = first.port
        run = Run(
            tmp_path,
            configuration("random", battles=3, server=ServerConfig(url=cutter.url)),
        )
        deadline = time.monotonic() + 60
        while "turn 5:" not in run.printed:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        os.kill(first.pid, signal.SIGKILL)
        while first.alive():
            time.sleep(0.05)
        with ShowdownServer(port, on_progress=lambda _: None):
            run.end()
    assert run.error is None
    assert "no result" in run.printed
    tally = json.loads((tmp_path / "summary.json").read_text())["figures"]["tally"]
    assert tally["errors"] >= 1
    assert tally["wins"] + tally["draws"] + tally["losses"] + tally["errors"] == 3
    assert run.code == 1
