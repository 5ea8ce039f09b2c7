"""Our player on a real server: what it knows, what it sends, and what happens when it fails."""

import asyncio
import secrets
import time
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from poke_env import AccountConfiguration, ServerConfiguration
from poke_env.concurrency import POKE_LOOP
from poke_env.player import Player, RandomPlayer
from poke_env.ps_client import PSClient

from plywise.games.base import State
from plywise.games.gen9 import infostate
from plywise.games.gen9.state import InfoStateView
from plywise.games.showdown.player import BattleDecider, DecisionRecord, PlywisePlayer
from plywise.games.showdown.server import ShowdownServer
from plywise.games.showdown.server_timer import ServerTimer
from plywise.search.decision import Decision

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def server() -> Iterator[ShowdownServer]:
    with ShowdownServer() as running:
        yield running


class Watcher(BattleDecider):
    """Chooses at random and looks at every information state that it is given."""

    name = "watcher"

    def __init__(self, seed: int = 0) -> None:
        self.seen: list[infostate.InfoState] = []
        self.left: list[float | None] = []
        self.relaxed: list[tuple[str, tuple[str, ...]]] = []

    def decide(self, state: State, player: int, seed: int) -> Decision:
        assert isinstance(state, InfoStateView)
        info = state.info
        self.seen.append(info)
        left = state.time_left
        self.left.append(None if left is None else left.turn_ends - time.perf_counter())
        for mon in info.foe.mons:
            found = state.belief(0).candidates(mon)
            if found.relaxed:
                self.relaxed.append((mon.base_species, found.relaxed))
        worlds = state.worlds(player, 2, seed)
        assert len(worlds) == 2
        action = Random(seed).choice(state.legal_actions())
        return Decision(action, {action: 1.0})


class Broken(Watcher):
    """Fails in every third decision, and names something illegal in every other third."""

    def decide(self, state: State, player: int, seed: int) -> Decision:
        found = super().decide(state, player, seed)
        match len(self.seen) % 3:
            case 0:
                raise ZeroDivisionError("a bug in the agent")
            case 1:
                return Decision(99, {99: 1.0})
        return found


def play(
    server: ShowdownServer,
    agent: Any,
    battles: int,
    records: list[DecisionRecord] | None = None,
    name: str = "",
    **settings: Any,
) -> tuple[PlywisePlayer, list[Any]]:
    records = [] if records is None else records
    options: dict[str, Any] = {
        "server_configuration": ServerConfiguration(server.url, "http://127.0.0.1:9/none?"),
        "battle_format": "gen9randombattle",
        "max_concurrent_battles": battles,
    }

    def account(name: str = "") -> AccountConfiguration:
        return AccountConfiguration(name or f"test {secrets.token_hex(4)}", None)

    ours = PlywisePlayer(
        agent,
        on_decision=records.append,
        account_configuration=account(name),
        **options,
        **settings,
    )
    rival = RandomPlayer(account_configuration=account(), **options)
    try:
        asyncio.run(ours.battle_against(rival, n_battles=battles))
    finally:
        ours.close()
        players: tuple[Player, ...] = (ours, rival)
        for player in players:
            client: Any = player.ps_client
            asyncio.run_coroutine_threadsafe(client.stop_listening(), POKE_LOOP).result(5)
    return ours, records


def test_every_decision_reaches_the_server_and_the_belief_explains_the_battle(
    server: ShowdownServer,
) -> None:
    agent = Watcher()
    player, records = play(server, agent, battles=4)
    assert player.n_finished_battles == 4
    assert not player.fallbacks
    assert len(records) == len(agent.seen)
    assert all(infostate.from_json(r.infostate).to_json() == r.infostate for r in records)
    # A swapped item or an unbroken Illusion may contradict the generator, little else.
    assert len(agent.relaxed) < 0.2 * sum(len(i.foe.mons) for i in agent.seen)
    assert {i.request for i in agent.seen} == {"move", "switch"}
    assert set(agent.left) == {None}


def test_the_servers_timer_is_known_at_every_decision(
    server: ShowdownServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = Watcher()
    missed: list[ServerTimer] = []
    monkeypatch.setattr(ServerTimer, "missed", lambda timer: missed.append(timer))
    monkeypatch.setattr("plywise.games.showdown.player._REPORT_SECONDS", 30.0)  # a busy machine
    player, _ = play(server, agent, battles=1, start_timer_on_battle_start=True)
    assert player.n_finished_battles == 1
    assert not player.fallbacks
    # A challenge gives 300 s a turn; a report is of this request, not of the one before.
    assert all(left is not None and 290 < left <= 300 for left in agent.left)
    assert not missed  # and none was waited for in vain


def test_a_failing_agent_costs_its_choice_and_never_the_battle(server: ShowdownServer) -> None:
    agent = Broken()
    player, records = play(server, agent, battles=2)
    assert player.n_finished_battles == 2
    assert player.fallbacks["ZeroDivisionError"] > 0
    assert player.fallbacks["illegal action 99"] > 0
    assert sum(bool(r.fallback) for r in records) >= len(records) // 2


def test_a_choice_is_sent_first_and_whatever_its_record_meets_costs_no_battle(
    server: ShowdownServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    events: list[str] = []
    send = PSClient.send_message

    async def spy(self: PSClient, message: str, *args: Any, **more: Any) -> None:
        await send(self, message, *args, **more)
        if self.username == "recorded player" and message.startswith("/choose"):
            events.append("sent")

    class Full(list[DecisionRecord]):
        def append(self, record: DecisionRecord) -> None:
            events.append("recorded")
            raise (OSError(28, "No space left on device"), UnicodeError(), TypeError())[
                len(events) % 3
            ]

    monkeypatch.setattr(PSClient, "send_message", spy)
    player, _ = play(server, Watcher(), battles=1, records=Full(), name="recorded player")
    assert player.n_finished_battles == 1
    assert not player.fallbacks
    assert events[:4] == ["sent", "recorded"] * 2
    assert player.losses.count == events.count("recorded") == events.count("sent") > 5


def test_nothing_of_a_transcript_is_sent(
    server: ShowdownServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a decision's notes hold, the server gets choices and what logging in needs."""
    sent: list[str] = []
    send = PSClient.send_message

    async def spy(self: PSClient, message: str, *args: Any, **more: Any) -> None:
        sent.append(message)
        await send(self, message, *args, **more)

    monkeypatch.setattr(PSClient, "send_message", spy)

    class Thinker(Watcher):
        def decide(self, state: State, player: int, seed: int) -> Decision:
            action = super().decide(state, player, seed).action
            words = {"question": "propose", "reply": "SECRETPLAN", "thought": "SECRETPLAN"}
            notes = {"transcript": [words], "fallback": "SECRETPLAN", "ask": "SECRETPLAN"}
            return Decision(action, {action: 1.0}, notes=notes)

    play(server, Thinker(), 1)
    choices = [m for m in sent if m.startswith(("/choose", "/team"))]
    assert len(choices) > 5
    assert not any("SECRETPLAN" in message for message in sent)
