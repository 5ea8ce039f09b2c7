"""Challenges, the ladder and a server for people: each mode against another run of ours."""

import json
import re
import time
import urllib.request
from pathlib import Path
from types import SimpleNamespace

import pytest

from plywise.arena.output.files import read_records
from plywise.arena.showdown.modes import announcement, opponent_title
from plywise.conf.schemas.showdown import ServerConfig
from plywise.datasets.errors import ConfigError
from plywise.games.showdown.server import ShowdownServer

from .runs import Run, configuration, there


def summary(run: Run) -> dict[str, object]:
    found: dict[str, object] = json.loads((run.folder / "summary.json").read_text())
    return found


def results(run: Run) -> list[dict[str, object]]:
    return list(read_records(run.folder / "battles.jsonl"))


@pytest.mark.server
def test_one_accepts_what_the_other_challenges(server: ShowdownServer, tmp_path: Path) -> None:
    waiting = Run(
        tmp_path / "waiting",
        configuration(
            "random",
            mode="accept",
            battles=5,
            challengers=["Other One"],
            server=there(server, username="waiting 1"),
        ),
    )
    asking = Run(
        tmp_path / "asking",
        configuration(
            "max_damage",
            mode="challenge",
            user="Waiting 1",
            battles=5,
            concurrency=2,
            server=there(server, username="other one"),
        ),
    )
    assert asking.end().error is None
    assert waiting.end().error is None
    assert (asking.code, waiting.code) == (0, 0)
    by_tag = {r["battle"]: r["result"] for r in results(asking)}
    assert len(by_tag) == 5
    assert {r["battle"]: -float(str(r["result"])) for r in results(waiting)} == by_tag
    assert {r["opponent"] for r in results(asking)} == {"waiting1"}
    assert {r["opponent"] for r in results(waiting)} == {"otherone"}
    assert all(r["rating"] is None for r in results(asking))  # challenges are not rated
    assert "waits as 'waiting 1' for challenges of otherone" in waiting.printed
    for run in (asking, waiting):
        figures = summary(run)["figures"]
        assert isinstance(figures, dict)
        assert figures["failures"] == figures["fallbacks"] == figures["reconnects"] == 0


@pytest.mark.server
def test_challenges_of_others_are_rejected_and_a_rejection_ends_the_run(
    server: ShowdownServer, tmp_path: Path
) -> None:
    waiting = Run(
        tmp_path / "waiting",
        configuration(
            "random",
            mode="accept",
            battles=1,
            challengers=["friend"],
            server=there(server, username="waiting 2"),
        ),
    )
    stranger = Run(
        tmp_path / "stranger",
        configuration(
            "random",
            mode="challenge",
            user="waiting2",
            server=there(server, username="stranger"),
        ),
    )
    assert "waiting2 has rejected the challenge" in str(stranger.end().error)
    friend = Run(
        tmp_path / "friend",
        configuration(
            "random",
            mode="challenge",
            user="waiting2",
            battles=1,
            server=there(server, username="friend"),
        ),
    )
    assert friend.end().code == 0
    assert waiting.end().code == 0
    assert "A challenge of stranger is rejected" in waiting.printed


@pytest.mark.server
def test_a_user_who_is_not_there_is_asked_for_until_nothing_has_happened_for_too_long(
    server: ShowdownServer, tmp_path: Path
) -> None:
    run = Run(
        tmp_path,
        configuration(
            "random", mode="challenge", user="nobody", stall_seconds=4.0, server=there(server)
        ),
    )
    assert "nothing has happened for 4 s" in str(run.end().error)
    assert run.printed.count("the server says:") == 1
    assert "not found" in run.printed


@pytest.mark.server
def test_two_searchers_meet_on_the_ladder_and_their_ratings_are_recorded(
    server: ShowdownServer, tmp_path: Path
) -> None:
    runs = [
        Run(
            tmp_path / name,
            configuration(
                "max_damage", mode="ladder", battles=5, server=there(server, username=name)
            ),
        )
        for name in ("ladder one", "ladder two")
    ]
    assert [run.end().code for run in runs] == [0, 0], [run.error for run in runs]
    one, two = (results(run) for run in runs)
    assert len(one) == 5
    assert [r["rating"] for r in one] == [r["opponent_rating"] for r in two]
    before = 1000
    for record in one:
        rating = record["rating"]
        assert isinstance(rating, dict)
        assert rating["before"] == before
        before = rating["after"]
    figures = summary(runs[0])["figures"]
    assert isinstance(figures, dict)
    assert figures["rating"] == {"before": 1000, "after": before}
    assert re.search(rf"rating +1000 to {before}", runs[0].printed)


@pytest.mark.server
def test_a_served_agent_says_how_to_join_and_plays_who_comes(tmp_path: Path) -> None:
    serving = Run(
        tmp_path / "serving",
        configuration(
            "random",
            mode="serve",
            battles=2,
            greeting="good luck",
            server=ServerConfig(username="house bot"),
        ),
    )
    deadline = time.monotonic() + 120
    while "To play:" not in serving.printed and time.monotonic() < deadline:
        time.sleep(0.1)
    found = re.search(
        r"open (http://localhost:(\d+)) .*/challenge house bot, gen9", serving.printed
    )
    assert found, serving.printed
    address = found[1].replace("localhost", "127.0.0.1")
    with urllib.request.urlopen(address, timeout=10) as page:
        assert b"psim.us" in page.read()  # the server sends a browser on to the official client
    url = f"ws://127.0.0.1:{found[2]}/showdown/websocket"
    guest = Run(
        tmp_path / "guest",
        configuration(
            "pokeenv_random",
            mode="challenge",
            user="house bot",
            server=ServerConfig(url=url, username="visitor a"),
        ),
    )
    assert guest.end().code == 0, (guest.error, guest.printed)
    assert serving.end().code == 0
    assert {r["opponent"] for r in results(serving)} == {"visitora"}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"mode": "ladder"}, "give its server.url"),
        ({"mode": "challenge", "user": "x"}, "give its server.url"),
        ({"mode": "serve", "server": ServerConfig(url="ws://h:1/x")}, "leave server.url out"),
        ({"mode": "challenge", "server": ServerConfig(url="ws://h:1/x")}, "user=NAME"),
        ({"user": "x"}, "user=NAME"),
        ({"greeting": "/forfeit"}, "greeting"),
        ({"greeting": "a\n/forfeit"}, "greeting"),
        ({"mode": "watch"}, "mode"),
        ({"battles": -1}, "battles"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(
    settings: dict[str, object], words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        configuration(**settings)  # type: ignore[arg-type]


def test_an_opponent_without_letters_is_nobody() -> None:
    config = configuration(
        mode="challenge", user="!?", server=ServerConfig(url="ws://h:1/showdown/websocket")
    )
    with pytest.raises(ConfigError, match="has letters or digits"):
        opponent_title(config)


def test_the_first_line_names_only_ids_of_others() -> None:
    own = SimpleNamespace(username="me", format="gen9randombattle")
    config = configuration(mode="serve", challengers=["\x1b[2J Bob"], battles=0)
    line = announcement(config, own, ("random", "challengers"))  # type: ignore[arg-type]
    assert line == (
        "random waits as 'me' for challenges of 2jbob in gen9randombattle: battles until stopped"
    )
