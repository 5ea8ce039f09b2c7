"""Advice beside a person on the same account of a secured server: what is seen, sent, written."""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from poke_env.battle import AbstractBattle
from poke_env.concurrency import POKE_LOOP
from poke_env.player import RandomPlayer
from rich.console import Console

from plywise.arena.output.files import read_records
from plywise.arena.play.explain import run_explain
from plywise.arena.showdown.connections import Connection, log_in, player_options, silence
from plywise.arena.showdown.match import ShowdownMatch, run_showdown
from plywise.conf.schemas.play import ExplainConfig
from plywise.conf.schemas.search import SimultaneousGroup
from plywise.conf.schemas.showdown import ServerConfig
from plywise.datasets.errors import ConfigError
from plywise.games.gen9.infostate import action_name
from plywise.games.showdown.login import Account
from plywise.games.showdown.messages import CheckedPlayer
from plywise.games.showdown.player import DecisionRecord
from plywise.games.showdown.server import ShowdownServer
from plywise.games.showdown.translate import action_of_order

from .login_server import LoginServer, key_pair
from .recorder import Recorder
from .runs import Run, configuration

NAME, PASSWORD = "A Person", "open sesame"
FORMAT = "gen9randombattle"
INSULT = "\x1b]0;owned\x07 you are slow [bold red]"


@pytest.fixture(scope="module")
def login_server() -> Iterator[LoginServer]:
    with LoginServer({NAME: PASSWORD}, key_pair()) as running:
        yield running


@pytest.fixture(scope="module")
def secured() -> Iterator[ShowdownServer]:
    settings = {"noguestsecurity": False, "loginserverpublickey": key_pair().pem}
    with ShowdownServer(settings=settings) as running:
        yield running


class Person(CheckedPlayer, RandomPlayer):
    """Plays at random, from a gate on only after advice.

    Attributes:
        opened: whether the gate is open; before, it thinks about its fourth choice.
        advised: requests advised so far, by battle.
        chosen: names of its actions by battle ("" where it is none of ours), the advised alone.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.opened = False
        self.advised: Counter[str] = Counter()
        self.chosen: dict[str, list[str]] = {}
        self.early: Counter[str] = Counter()

    def choose_move(self, battle: AbstractBattle) -> Any:
        return self._slowly(battle)

    async def _slowly(self, battle: Any) -> Any:
        tag = battle.battle_tag
        channel = self.channel(tag)
        info = channel.information_state(battle.last_request)
        order = self.choose_random_move(battle)
        if not self.opened and self.early[tag] < 3:
            self.early[tag] += 1
            return order
        chosen = self.chosen.setdefault(tag, [])
        until = time.monotonic() + 60
        while self.advised[tag] <= len(chosen) and time.monotonic() < until:
            await asyncio.sleep(0.02)
        action = action_of_order(battle, channel, order)
        chosen.append("" if action is None else action_name(info, action))
        return order


def ask(player: CheckedPlayer, message: str, room: str = "") -> None:
    client: Any = player.ps_client
    asyncio.run_coroutine_threadsafe(client.send_message(message, room), POKE_LOOP).result(5)


def within(seconds: float, found: Callable[[], object]) -> bool:
    end = time.monotonic() + seconds
    while not found() and time.monotonic() < end:
        time.sleep(0.02)
    return bool(found())


@contextmanager
def entered(*players: CheckedPlayer) -> Iterator[None]:
    for player in players:
        silence(player)
    made = [Connection(player) for player in players]
    try:
        log_in(made, [])
        yield
    finally:
        for connection in made:
            connection.close()


def begin_battle(person: CheckedPlayer, rival: CheckedPlayer) -> None:
    """Let a battle of the two begin."""
    began = person.began
    ask(person, f"/challenge {rival.username}, {FORMAT}")
    assert within(20, lambda: rival.challenges)
    rival.challenges.clear()
    ask(rival, f"/accept {person.username}")
    assert within(20, lambda: person.began > began)


@pytest.mark.server
def test_a_person_is_advised_in_battles_under_way_and_new_ones_and_nothing_else_is_sent(
    secured: ShowdownServer,
    login_server: LoginServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PERSONS_PASSWORD", PASSWORD)
    own = Account(NAME, PASSWORD, login_server.url)
    other = Account("Loud Rival", login_url=login_server.url)
    options: dict[str, Any] = {"max_concurrent_battles": 0}
    person = Person(**player_options(secured.url, own, FORMAT), **options)
    rival = Person(**player_options(secured.url, other, FORMAT), **options)
    rival.early = Counter({"": 0})
    rival.choose_move = RandomPlayer.choose_move.__get__(rival)  # type: ignore[method-assign]
    advised = ShowdownMatch.advised

    def told(match: ShowdownMatch, record: DecisionRecord) -> None:
        advised(match, record)
        person.advised[record.battle] += 1

    monkeypatch.setattr(ShowdownMatch, "advised", told)
    with Recorder(secured.url) as recorder, entered(person, rival):
        begin_battle(person, rival)
        (first,) = person.running
        assert within(20, lambda: first in person.chosen)  # it thinks now
        ask(rival, INSULT, first)
        run = Run(
            tmp_path,
            configuration(
                "search",
                mode="advise",
                search=SimultaneousGroup(seconds=None, iterations=50, worlds=2),
                server=ServerConfig(
                    url=recorder.url,
                    login_url=login_server.url,
                    username=NAME,
                    password_env="PERSONS_PASSWORD",
                ),
            ),
        )
        assert within(60, lambda: person.advised[first]), run.printed
        person.opened = True
        begin_battle(person, rival)
        assert run.end(300).error is None, run.error
        assert within(5, lambda: not person.running)

    assert run.code == 0
    # What it sent: its login, and rooms to join that the server had not opened.
    sent = [str(message) for message in recorder.sent]
    assert [m for m in sent if re.match(r"\|/trn A Person,0,\S+$", m)] == sent[:1]
    assert all(re.fullmatch(rf"\|/join battle-{FORMAT}-\d+", m) for m in sent[1:]), sent[1:]
    # Advice for each request of the person, and what it then played.
    records = read_records(tmp_path / "decisions.jsonl")
    by_battle: dict[str, list[dict[str, Any]]] = {}
    for record in records:
        by_battle.setdefault(record["battle"], []).append(record)
    assert len(person.chosen) == 2
    assert {tag: len(r) for tag, r in by_battle.items()} == {
        tag: len(names) for tag, names in person.chosen.items()
    }
    known = 0
    for tag, names in person.chosen.items():
        for record, name in zip(by_battle[tag], names, strict=True):
            assert record["decision"] is not None, record["fallback"]
            assert record["played"] in ("", name)
            known += bool(record["played"])
    assert known > 0.6 * len(records)
    # What it printed and wrote.
    printed = run.printed
    assert "search follows the battles of 'A Person' in gen9randombattle" in printed
    assert printed.count("win chance") + printed.count("only") >= 0.8 * len(records)
    assert len(re.findall(r"^Battle \d, turn \d+, ", printed, re.MULTILINE)) == len(records)
    assert re.search(r"expects: \w+( tera)? \(unseen\) \d+%", printed)
    assert len(re.findall(r"^Battle \d of 2: (won|lost) on turn", printed, re.MULTILINE)) == 2
    assert re.search(r"advice followed +\d+ of \d+", printed)
    assert "you are slow" not in printed
    assert "\x1b" not in printed
    results = read_records(tmp_path / "battles.jsonl")
    assert {r["battle"]: r["result"] for r in results} == {
        tag: 1.0 if battle.won else -1.0 for tag, battle in person.battles.items()
    }
    assert {r["agent"] for r in results} == {"A Person advised by search"}
    assert run_explain(ExplainConfig(str(tmp_path / "decisions.jsonl")), tmp_path) == 0
    assert capsys.readouterr().out.count("(the person played ") == known
    assert PASSWORD not in "".join(p.read_text() for p in tmp_path.rglob("*") if p.is_file())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"username": None, "password_env": None}, "give server.username=NAME and"),
        ({"password_env": None}, "server.password_env=VARIABLE"),
        ({"url": None}, "give its server.url"),
        ({"timer": True}, "leave server.timer and greeting out"),
    ],
)
def test_settings_that_advice_cannot_have(changes: dict[str, Any], words: str) -> None:
    there = {"url": "wss://h/s", "username": "x", "password_env": "P"} | changes
    with pytest.raises(ConfigError, match=words):
        configuration("search", mode="advise", server=ServerConfig(**there))


def test_a_player_of_poke_env_cannot_advise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("P", "x")
    config = configuration(
        mode="advise", server=ServerConfig(url="wss://h/s", username="x", password_env="P")
    )
    with pytest.raises(ConfigError, match="agent=pokeenv_random cannot advise"):
        run_showdown(config, tmp_path, Console(file=StringIO()))
