"""Team Preview on a server, from messages alone: the choice, one that is refused, and advice."""

import asyncio
import json
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
from plywise.games.showdown.adviser import AdviceRecord, AdvisingPlayer
from plywise.games.showdown.player import REFUSED, DecisionRecord, PlywisePlayer
from plywise.search.decision import Decision

TEAM = ("Mew", "Dragonite", "Dialga", "Suicune", "Entei", "Raikou")


class First:
    """Chooses the first legal action."""

    name = "first"

    def for_one_game(self) -> "First":
        return self

    def decide(self, state: State, player: int, seed: int) -> Decision:
        action = state.legal_actions()[0]
        return Decision(action, {action: 1.0}, {action: 0.5}, value=0.5)


def run(coroutine: Any) -> Any:
    return asyncio.run_coroutine_threadsafe(coroutine, POKE_LOOP).result(10)


def within(found: Callable[[], object]) -> bool:
    end = time.monotonic() + 10
    while not found() and time.monotonic() < end:
        time.sleep(0.01)
    return bool(found())


def entry(name: str, active: bool = False) -> dict[str, object]:
    return {
        "ident": f"p1: {name}", "details": f"{name}, L50", "condition": "150/150",
        "active": active, "moves": ["surf", "thunderbolt"], "baseAbility": "pressure",
        "ability": "pressure", "item": "leftovers", "pokeball": "pokeball", "teraType": "Water",
        "stats": {"atk": 100, "def": 100, "spa": 100, "spd": 100, "spe": 100},
    }  # fmt: skip


def begin(tag: str, title: str, *, picked: int) -> list[str]:
    pokes = [f"|poke|p{s}|{name}, L50|" for s in (1, 2) for name in TEAM]
    head = [f">{tag}", "|init|battle", "|title|me vs. you", "|player|p1|me|1|", "|player|p2|you|2|"]
    sizes = ["|teamsize|p1|6", "|teamsize|p2|6", "|gen|9", f"|tier|{title}", "|clearpoke"]
    limit = {} if picked == 6 else {"maxChosenTeamSize": picked}
    asked = {
        "teamPreview": True,
        "rqid": 1,
        "side": {"name": "me", "id": "p1", "pokemon": [entry(name) for name in TEAM]},
        **limit,
    }
    return [
        "\n".join(head),
        "\n".join([f">{tag}", *sizes, *pokes, "|teampreview"]),
        f">{tag}\n|request|{json.dumps(asked)}",
    ]


def options(format: str) -> dict[str, Any]:
    return {
        "account_configuration": AccountConfiguration("me", None),
        "battle_format": format,
        "start_listening": False,
        "max_concurrent_battles": 0,
    }


def hear(player: PlywisePlayer, *messages: str) -> None:
    for message in messages:
        run(player._receive(message))


@pytest.mark.parametrize(
    ("format", "title", "picked", "sent"),
    [
        ("gen9ou", "[Gen 9] OU", 6, ["team 1", "team 2", "team 3"]),
        ("gen9bssregi", "[Gen 9] BSS Reg I", 3, ["team 123", "team 124", "team 125"]),
    ],
)
def test_a_refused_choice_is_not_sent_again(
    format: str, title: str, picked: int, sent: list[str]
) -> None:
    records: list[DecisionRecord] = []
    player = PlywisePlayer(First(), on_decision=records.append, **options(format))
    said: list[str] = []

    async def send(message: str, room: str = "", message_2: str | None = None) -> None:
        said.append(message)

    player._send_as_it_is = send
    tag = f"battle-{format}-7"
    hear(player, *begin(tag, title, picked=picked))
    for count in (2, 3):
        assert within(lambda: len(said) >= count - 1)  # noqa: B023
        hear(player, f">{tag}\n|error|[Invalid choice] Can't choose for Team Preview: nonsense")
    assert within(lambda: len(said) >= 3)
    choices = [message.removeprefix("/choose ").split("|")[0] for message in said]
    assert choices == sent
    assert player.fallbacks == {REFUSED: 2}
    assert player.notices == [
        f"{tag}, Team Preview: the server refused a choice (Can't choose for Team Preview: "
        "nonsense): another one is made"
    ] * 2  # fmt: skip
    names = 1 if picked == 6 else picked
    assert within(lambda: len(records) == 3 * names)
    assert [r.action for r in records[:names]] == ["lead mew", "bring dragonite", "bring dialga"][
        :names
    ]
    player.close()


def test_advice_at_team_preview_names_all_and_tells_what_the_person_named() -> None:
    advice: list[DecisionRecord] = []
    answers: list[AdviceRecord] = []
    player = AdvisingPlayer(
        First(),
        on_decision=advice.append,
        on_answer=answers.append,
        **options("gen9bssregi"),
    )
    sent: list[str] = []

    async def send(message: str) -> None:
        sent.append(message)

    player._send_unchecked = send
    tag = "battle-gen9bssregi-7"
    hear(player, *begin(tag, "[Gen 9] BSS Reg I", picked=3))
    assert within(lambda: len(advice) == 3)
    assert [a.action for a in advice] == ["lead mew", "bring dragonite", "bring dialga"]
    console = Console(file=StringIO(), width=100)
    for record in advice:
        show_advice(console, 1, record)
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert "Battle 1, Team Preview: lead mew, win chance 75%" in shown
    assert "Battle 1, Team Preview: bring dialga" in shown
    assert from_json(advice[2].infostate).named == (0, 1)
    brought = [entry("Raikou", active=True), entry("Dialga"), entry("Dragonite")]
    asked = {
        "rqid": 2,
        "active": [{"moves": [{"move": "Surf", "id": "surf", "pp": 24, "maxpp": 24}]}],
        "side": {"name": "me", "id": "p1", "pokemon": brought},
    }
    start = (
        "|teamsize|p1|3",
        "|teamsize|p2|3",
        "|start",
        "|switch|p1a: Raikou|Raikou, L50|150/150",
    )
    lines = [f">{tag}", *start, "|switch|p2a: Mew|Mew, L50|100/100", "|turn|1"]
    hear(player, "\n".join(lines), f">{tag}\n|request|{json.dumps(asked)}")
    assert within(lambda: len(answers) == 3)
    assert [a.played for a in answers] == ["lead raikou", "bring dragonite", "bring dialga"]
    assert sent == []
    player.close()
