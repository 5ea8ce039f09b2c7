"""Advice from messages alone: when it comes, what is dropped, and that nothing is ever sent."""

import asyncio
import json
import threading
import time
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from poke_env import AccountConfiguration
from poke_env.concurrency import POKE_LOOP
from rich.console import Console

from plywise.arena.showdown.advice import show_advice
from plywise.games.base import State
from plywise.games.gen9.infostate import from_json
from plywise.games.showdown.adviser import AdviceRecord, AdvisingPlayer, SilenceError
from plywise.games.showdown.player import DecisionRecord
from plywise.games.showdown.refusals import refusal
from plywise.games.showdown.translate import action_of_lines
from plywise.search.decision import Decision

TAG = "battle-gen9randombattle-7"
OTHER = "battle-gen9randombattle-8"


class Oracle:
    """Advises the first legal action; waits where it is told to."""

    name = "oracle"

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.go_on.set()
        self.asked: list[int] = []  # turns

    def for_one_game(self) -> "Oracle":
        return self

    def decide(self, state: State, player: int, seed: int) -> Decision:
        turn = state.info.turn  # type: ignore[attr-defined]
        self.asked.append(turn)
        if turn == 1:
            assert self.go_on.wait(20)
        action = state.legal_actions()[0]
        return Decision(action, {action: 1.0}, {action: 0.5}, opponent={0: 1.0}, value=0.5)


class Stage:
    """An adviser without a connection, what it sends, advises and reports."""

    def __init__(self, agent: Any = None, **options: Any) -> None:
        self.agent = agent or Oracle()
        self.sent: list[str] = []
        self.advice: list[DecisionRecord] = []
        self.answers: list[AdviceRecord] = []
        self.player = AdvisingPlayer(
            self.agent,
            on_decision=self.advice.append,
            on_answer=self.answers.append,
            account_configuration=AccountConfiguration("me", None),
            battle_format="gen9randombattle",
            start_listening=False,
            max_concurrent_battles=0,
            **options,
        )

        async def send(message: str) -> None:
            self.sent.append(message)

        self.player._send_unchecked = send

    def run(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, POKE_LOOP).result(5)

    def hear(self, *messages: str) -> None:
        for message in messages:
            self.run(self.player._receive(message))

    def settled(self, advice: int, *, dropped: int = 0) -> bool:
        return within(lambda: (len(self.advice), self.player.dropped) == (advice, dropped))


def within(found: Callable[[], bool]) -> bool:
    end = time.monotonic() + 10
    while not found() and time.monotonic() < end:
        time.sleep(0.01)
    return found()


def mon(name: str, *, active: bool) -> dict[str, object]:
    return {
        "ident": f"p1: {name}", "details": f"{name}, L80", "condition": "200/200",
        "active": active, "moves": ["surf", "thunderbolt"], "baseAbility": "static",
        "ability": "static", "item": "leftovers", "pokeball": "pokeball", "teraType": "Water",
        "stats": {"atk": 1, "def": 1, "spa": 1, "spd": 1, "spe": 1},
    }  # fmt: skip


def begin(tag: str = TAG, rival: str = "you") -> str:
    players = ("|player|p1|me|1|", f"|player|p2|{rival}|2|", "|teamsize|p1|2", "|teamsize|p2|6")
    return "\n".join([f">{tag}", "|init|battle", f"|title|me vs. {rival}", *players, "|gen|9"])


def turn(number: int, *lines: str, tag: str = TAG) -> str:
    return "\n".join([f">{tag}", *lines, f"|turn|{number}"])


STARTED = (
    "|start", "|switch|p1a: Pikachu|Pikachu, L80|200/200", "|switch|p2a: Ugly|Gyarados, L80|100/100"
)  # fmt: skip


def request(number: int, tag: str = TAG, **more: object) -> str:
    pokemon = [mon("Pikachu", active=True), mon("Lapras", active=False)]
    moves = [
        {"move": name, "id": name.lower(), "pp": 24, "maxpp": 24, "disabled": False}
        for name in ("Surf", "Thunderbolt")
    ]
    asked = {
        "rqid": number,
        "active": [{"moves": moves, "canTerastallize": "Water"}],
        "side": {"name": "me", "id": "p1", "pokemon": pokemon},
    }
    return f">{tag}\n|request|{json.dumps(asked | more)}"


def test_advice_comes_for_each_request_and_tells_what_was_played() -> None:
    stage = Stage()
    stage.hear(begin(), turn(1, *STARTED), request(1))
    assert stage.settled(1)
    assert (stage.advice[0].action, stage.advice[0].turn) == ("surf", 1)
    assert stage.answers == []
    stage.hear(turn(2, "|-terastallize|p1a: Pikachu|Water", "|move|p1a: Pikachu|Thunderbolt|p2a"))
    stage.hear(request(2))
    assert stage.settled(2)
    assert [a.played for a in stage.answers] == ["thunderbolt tera"]
    stage.hear(f">{TAG}\n|switch|p1a: Lapras|Lapras, L80|200/200\n|win|you")
    assert [a.played for a in stage.answers] == ["thunderbolt tera", "switch lapras"]
    assert stage.sent == []
    assert not stage.player._advised
    stage.player.close()


def test_a_decision_blocks_nothing_and_one_that_comes_too_late_is_dropped() -> None:
    stage = Stage(workers=2)
    stage.agent.go_on.clear()
    stage.hear(begin(), turn(1, *STARTED), request(1))
    assert within(lambda: stage.agent.asked == [1])
    # Another battle is advised meanwhile.
    stage.hear(begin(OTHER), turn(3, *STARTED, tag=OTHER), request(1, tag=OTHER))
    assert stage.settled(1)
    # The person plays without waiting; the agent has not more than one thing to decide.
    for number in (2, 3):
        stage.hear(turn(number, "|move|p1a: Pikachu|Surf|p2a: Ugly"), request(number))
    assert stage.agent.asked == [1, 3]
    stage.agent.go_on.set()
    assert stage.settled(2, dropped=2)
    assert [(r.battle, r.turn) for r in stage.advice] == [(OTHER, 3), (TAG, 3)]
    assert stage.agent.asked == [1, 3, 3]  # turn 2 was never begun
    assert stage.answers == []
    assert stage.sent == []
    stage.player.close()
    assert {(a.battle, a.played) for a in stage.answers} == {(OTHER, ""), (TAG, "")}


def test_a_decision_of_a_battle_that_ends_meanwhile_is_dropped() -> None:
    stage = Stage()
    stage.agent.go_on.clear()
    stage.hear(begin(), turn(1, *STARTED), request(1))
    assert within(lambda: stage.agent.asked == [1])
    stage.hear(f">{TAG}\n|win|me")
    stage.player.let_go(TAG)
    stage.agent.go_on.set()
    assert stage.settled(0, dropped=1)
    assert stage.sent == []
    stage.player.close()


def test_what_needs_no_choice_gets_no_advice() -> None:
    stage = Stage()
    stage.hear(begin(), turn(1, *STARTED), request(1) + "\n|sentchoice|move 1")
    stage.hear(request(2, wait=True, active=None), request(3, teamPreview=True, active=None))
    stage.hear(f">{TAG}\n|error|[Invalid choice] Can't move: no")
    stage.hear(f">{TAG}\n|error|[Unavailable choice] Can't switch: trapped")
    assert stage.agent.asked == []
    stage.hear(request(4))
    assert stage.settled(1)
    stage.player.close()
    assert stage.sent == []


def test_the_choice_at_team_preview_is_the_persons_and_advice_begins_after_it() -> None:
    stage = Stage()
    shown = [f"|poke|p{s}|{name}, L80|" for s in (1, 2) for name in ("Lapras", "Pikachu")]
    stage.hear("\n".join([begin(), "|tier|[Gen 9] OU", "|clearpoke", *shown, "|teampreview"]))
    stage.hear(request(1, teamPreview=True, active=None))
    assert stage.agent.asked == []
    stage.hear(turn(1, *STARTED), request(2))
    assert stage.settled(1)
    info = from_json(stage.advice[0].infostate)
    assert info.own.active_mon is not None
    assert (info.format, info.own.active_mon.species) == ("gen9ou", "pikachu")
    assert [mon.species for mon in info.foe.previewed] == ["lapras", "pikachu"]
    assert stage.sent == []
    stage.player.close()


def test_a_request_that_cannot_be_read_is_left_to_the_person() -> None:
    stage = Stage()
    stage.hear(begin(), turn(1, *STARTED), f'>{TAG}\n|request|{{"side":{{"pokemon":[]}}}}')
    stage.hear(request(2, active=[{"moves": "none"}]))
    assert stage.sent == []
    assert stage.agent.asked == []
    stage.player.close()


@pytest.mark.parametrize(
    ("message", "room"),
    [
        ("/choose move 1", TAG),
        ("/timer on", TAG),
        ("/forfeit", TAG),
        ("hello", TAG),
        ("/join battle-x", TAG),
        ("/join battle-x\n/forfeit", ""),
        ("/join lobby", ""),
        ("/utm null", ""),
        ("/accept somebody", ""),
        ("/reject somebody", ""),
    ],
)
def test_nothing_but_a_login_and_joins_passes(message: str, room: str) -> None:
    stage = Stage()
    client: Any = stage.player.ps_client
    with pytest.raises(SilenceError):
        stage.run(client.send_message(message, room))
    stage.run(client.send_message(f"/leave {TAG}"))
    assert stage.sent == []
    stage.run(client.send_message("/trn me,0,"))
    stage.run(client.send_message(f"/join {TAG}"))
    assert stage.sent == ["/trn me,0,", f"/join {TAG}"]


def test_what_the_server_refuses_to_the_person_ends_nothing() -> None:
    stage = Stage()
    stage.player.ps_client.logged_in.set()
    words = "Your team was rejected for the following reason:"
    assert refusal(words) is not None
    stage.hear(f"|popup|{words}", "|nametaken|Other|Your authentication token was invalid.")
    assert stage.player.refusal is None
    assert stage.player.refused == ""
    assert stage.player.notices == []
    stage.hear("|pm| Somebody| me|/challenge gen9randombattle|gen9randombattle|||")
    assert stage.sent == []


def test_battles_in_other_formats_are_named_once() -> None:
    stage = Stage()
    tag = "battle-gen9ou-3"
    stage.hear(begin(tag), turn(1, *STARTED, tag=tag), request(1, tag=tag))
    assert stage.player.notices == [f"{tag} is not followed: advice is given in gen9randombattle"]
    assert stage.player.battles == {}
    assert stage.agent.asked == []


class Failing(Oracle):
    def decide(self, state: State, player: int, seed: int) -> Decision:
        if state.info.turn == 1:  # type: ignore[attr-defined]
            raise ZeroDivisionError
        return Decision(99, {99: 1.0})


def test_an_agent_that_fails_gives_no_advice_and_says_why() -> None:
    stage = Stage(Failing())
    stage.hear(begin(), turn(1, *STARTED), request(1))
    assert stage.settled(1)
    stage.hear(turn(2), request(2))
    assert stage.settled(2)
    console = Console(file=StringIO(), width=200)
    for record in stage.advice:
        assert (record.action, record.decision) == ("", None)
        show_advice(console, 1, record)
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert [line.partition(": ")[2] for line in lines] == [
        "no advice (ZeroDivisionError)", "no advice (illegal action 99)",
    ]  # fmt: skip
    assert dict(stage.player.fallbacks) == {"ZeroDivisionError": 1, "illegal action 99": 1}
    assert stage.sent == []


def test_nothing_that_the_opponent_can_write_is_in_advice() -> None:
    stage = Stage()
    evil = "\x1b]0;owned\x07[red]evil"
    started = [line.replace("Ugly", evil) for line in STARTED]
    stage.hear(begin(rival=evil), turn(2, *started, f"|c| {evil}|{evil}", f"|raw|{evil}"))
    stage.hear(request(1))
    assert stage.settled(1)
    console = Console(file=StringIO(), width=200)
    show_advice(console, 1, stage.advice[0])
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert shown.startswith("Battle 1, turn 2, pikachu 100% v gyarados 100%: surf, win chance 75%")
    assert "expects: an unseen move 100%" in shown
    for text in (shown, repr(stage.advice[0])):
        assert "evil" not in text
        assert "owned" not in text
        assert "\x1b" not in text


@pytest.mark.parametrize(
    ("lines", "played"),
    [
        (["|move|p2a: Ugly|Surf|p1a", "|move|p1a: Pikachu|Surf|p2a: Ugly"], 0),
        (["|move|p1a: Pikachu|Surf|p2a|[from] ability: Dancer", "|cant|p1a: Pikachu|par"], None),
        (["|-terastallize|p1a: Pikachu|Water", "|move|p1a: Pikachu|Surf|p2a"], 4),
        (["|drag|p1a: Lapras|Lapras, L80|9/9", "|move|p1a: Lapras|Surf|p2a"], None),
        (["|faint|p1a: Pikachu"], None),
        (["|-start|p1a: Pikachu|Encore", "|move|p1a: Pikachu|Surf|p2a: Ugly"], None),
        (["|switch|p1a: Lapras|Lapras, L80|200/200"], 9),
        (["|switch|p1a: X|Ditto, L80|200/200"], None),
        (["|move|p1a: Pikachu|Metronome|p2a"], None),
        (["|cant|p1a: Pikachu|move: Taunt|Thunderbolt"], 1),
        (["|", "|move", "|switch|p1a", "hello"], None),
        ([], None),
    ],
)
def test_what_was_played_is_read_from_lines(lines: list[str], played: int | None) -> None:
    stage = Stage()
    stage.hear(begin(), turn(2, *STARTED), request(1))
    assert stage.settled(1)
    info = from_json(stage.advice[0].infostate)
    assert info.legal == (0, 1, 4, 5, 9)
    assert action_of_lines(info, [line.split("|") for line in lines]) == played
