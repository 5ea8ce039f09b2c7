"""``opponent=external``: an account of others on the local server of a run."""

import json
import re
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from plywise.arena.agents.catalog import agent_config
from plywise.arena.output.files import read_records
from plywise.arena.showdown.external import AccountAbsentError, is_there
from plywise.arena.showdown.match import run_showdown
from plywise.arena.showdown.watch import BattlesStalledError
from plywise.conf.schemas.showdown import ServerConfig
from plywise.datasets.errors import ConfigError
from plywise.games.showdown.server import ShowdownServer

from .runs import Run, configuration, foreign_bot, free_port, websocket


def account(**settings: Any) -> Any:
    return agent_config("external", **({"user": "Their Bot", "patience": 60.0} | settings))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"opponent": agent_config("external")}, "opponent.user=NAME"),
        ({"agent": account(), "opponent": account(user="x")}, "agent=external"),
        ({"opponent": account(), "mode": "serve"}, "needs mode=local, not mode=serve"),
        (
            {"opponent": account(), "server": ServerConfig(url="ws://h:1/x")},
            "leave server.url out, or give mode=challenge user=NAME",
        ),
        ({"opponent": account(iterations=3)}, "has no 'iterations'"),
    ],
)
def test_where_an_account_cannot_play(settings: dict[str, Any], words: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=re.escape(words)):
        run_showdown(replace(configuration("random"), **settings), tmp_path, Console(quiet=True))


@pytest.mark.server
def test_the_server_says_who_is_there(server: ShowdownServer) -> None:
    assert not is_there(server.url, account(user="Bot 7"))
    with foreign_bot(server.url, "Bot 7", "--deaf"):
        until = time.monotonic() + 60
        while not is_there(server.url, account(user="bot7")) and time.monotonic() < until:
            time.sleep(0.2)
        assert is_there(server.url, account(user="bot7"))
        assert not is_there(server.url, account(user="bot"))
    until = time.monotonic() + 60
    while is_there(server.url, account(user="Bot 7")) and time.monotonic() < until:
        time.sleep(0.2)
    assert not is_there(server.url, account(user="Bot 7"))


@pytest.mark.server
def test_battles_against_a_program_of_others(tmp_path: Path) -> None:
    port = free_port()
    run = Run(
        tmp_path,
        configuration(
            "random", opponent=account(), battles=3, server=ServerConfig(port=port, timer=True)
        ),
    )
    until = time.monotonic() + 120
    while "Waiting for" not in run.printed and time.monotonic() < until:
        time.sleep(0.1)
    where = f"Waiting for 'Their Bot', 60 s at most: it is to log in at {websocket(port)}"
    assert where in run.printed
    with foreign_bot(websocket(port), "Their Bot", "--kind", "heuristics"):
        assert run.end().code == 0, (run.error, run.printed)
    assert run.printed.count("Waiting for") == run.printed.count("'Their Bot' is there") == 1
    assert "random v Their Bot: 3 battles" in run.printed
    results = list(read_records(tmp_path / "battles.jsonl"))
    assert [r["opponent"] for r in results] == ["Their Bot"] * 3
    assert all(r["result"] in (-1, 0, 1) and not r["out_of_time"] for r in results)
    assert json.loads((tmp_path / "summary.json").read_text())["opponent"] == "Their Bot"


@pytest.mark.server
@pytest.mark.parametrize(
    ("options", "words"),
    [(None, "'Their Bot' has not been logged in"), (("--deaf",), "has accepted no challenge")],
    ids=["absent", "deaf"],
)
def test_one_that_does_not_come_ends_the_run(
    options: tuple[str, ...] | None, words: str, tmp_path: Path
) -> None:
    port = free_port()
    config = configuration("random", opponent=account(patience=6.0), server=ServerConfig(port=port))
    run = Run(tmp_path, config)
    if options is None:
        run.end()
    else:
        with foreign_bot(websocket(port), "Their Bot", *options):
            run.end()
    assert isinstance(run.error, AccountAbsentError)
    assert f"{words} for 6 s at {websocket(port)} (0 finished battles are kept)" in str(run.error)


@pytest.mark.long
@pytest.mark.server
def test_one_that_never_answers_needs_the_timer(tmp_path: Path) -> None:
    port = free_port()
    config = configuration(
        "random", opponent=account(), stall_seconds=3.0, server=ServerConfig(port=port)
    )
    run = Run(tmp_path, config)
    with foreign_bot(websocket(port), "Their Bot", "--silent"):
        run.end()
    assert isinstance(run.error, BattlesStalledError)
    assert "nothing has happened for 3 s; server.timer=true ends such battles" in str(run.error)
