"""What a player makes of messages alone: no server is needed."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from poke_env import AccountConfiguration
from poke_env.concurrency import POKE_LOOP

from plywise.games.showdown.baselines import baseline
from plywise.games.showdown.messages import CheckedPlayer
from plywise.games.showdown.names import user_id
from plywise.games.showdown.session.ratings import RatingChange, rating_change

TAG = "battle-gen9randombattle-7"


class Stage:
    """A player without a connection, and what it sends."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.player: CheckedPlayer = baseline(
            "pokeenv_random",
            account_configuration=AccountConfiguration("me", None),
            battle_format="gen9randombattle",
            start_listening=False,
            max_concurrent_battles=0,
        )

        async def send(message: str, room: str = "", message_2: str | None = None) -> None:
            self.sent.append(f"{room}|{message}")

        self.player._send_as_it_is = send

    def hear(self, *messages: str) -> None:
        for message in messages:
            receiving: Any = self.player._receive(message)
            asyncio.run_coroutine_threadsafe(receiving, POKE_LOOP).result(10)

    def call(self, what: Callable[[], None]) -> None:
        async def do() -> None:
            what()

        asyncio.run_coroutine_threadsafe(do(), POKE_LOOP).result(10)

    @property
    def choices(self) -> list[str]:
        return [text for text in self.sent if "|/choose" in text or "|/team" in text]


@pytest.fixture
def stage() -> Stage:
    return Stage()


def begin(*lines: str) -> str:
    players = ("|player|p1|me|1|", "|player|p2|you|2|", "|gen|9")
    return "\n".join([f">{TAG}", "|init|battle", "|title|me vs. you", *players, *lines])


def mon(name: str, *, active: bool) -> dict[str, object]:
    return {
        "ident": f"p1: {name}", "details": f"{name}, L80", "condition": "200/200",
        "active": active, "moves": ["surf", "thunderbolt"], "baseAbility": "static",
        "ability": "static", "item": "leftovers", "pokeball": "pokeball", "teraType": "Water",
        "stats": {"atk": 1, "def": 1, "spa": 1, "spd": 1, "spe": 1},
    }  # fmt: skip


def request(number: int, **more: object) -> str:
    pokemon = [mon("Pikachu", active=True), mon("Lapras", active=False)]
    asked = {"rqid": number, "side": {"name": "me", "id": "p1", "pokemon": pokemon}} | more
    return f">{TAG}\n|request|{json.dumps(asked)}"


SWITCH: dict[str, object] = {"forceSwitch": [True]}


def test_choices_carry_the_id_of_their_request(stage: Stage) -> None:
    stage.hear(begin("|start"), request(5, **SWITCH), request(7, **SWITCH))
    assert stage.choices == [f"{TAG}|/choose switch Lapras|{n}" for n in (5, 7)]


@pytest.mark.parametrize("told", ["ME", "M e"])
def test_our_own_name_in_another_spelling_is_ours(stage: Stage, told: str) -> None:
    """A client that is started again may write its name in another way than before."""
    players = f"|title|you vs. {told}\n|player|p1|you|1|\n|player|p2|{told}|2|"
    stage.hear(f">{TAG}\n|init|battle\n{players}\n|gen|9\n|start", "|updateuser| mE|1|1|{}")
    battle = stage.player.battles[TAG]
    assert battle.player_role == "p2"
    stage.hear(f">{TAG}\n|player|p2|{told.lower()}|2|\n|win|{told.lower()}")
    assert battle.player_role == "p2"
    assert battle.opponent_username == "you"
    assert battle.won
    assert not stage.player.without_result


@pytest.mark.parametrize("title", ["me vs. a vs. b", "a vs. b vs. me"])
def test_an_opponent_whose_name_has_versus_in_it_is_known(stage: Stage, title: str) -> None:
    stage.hear(f">{TAG}\n|init|battle\n|title|{title}\n|player|p1|me|1|\n|player|p2|a vs. b|2|")
    assert user_id(stage.player.battles[TAG].opponent_username or "") == "avsb"


def test_a_team_preview_is_answered(stage: Stage) -> None:
    stage.hear(begin(), request(3, teamPreview=True))
    assert stage.choices in ([f"{TAG}|/team 12|3"], [f"{TAG}|/team 21|3"])


@pytest.mark.parametrize("number", ["x", -5, None, 10**30])
def test_an_impossible_id_is_not_sent_back(stage: Stage, number: Any) -> None:
    stage.hear(begin("|start"), request(number, **SWITCH))
    assert stage.choices == [f"{TAG}|/choose switch Lapras"]


def test_nothing_is_decided_for_a_battle_that_is_over(stage: Stage) -> None:
    stage.hear(begin("|start"))
    stage.player.note_room(TAG, ["|win|you"])  # it has arrived and waits behind the request
    stage.hear(request(5, **SWITCH))
    assert stage.choices == []
    stage.hear(f">{TAG}\n|win|you")
    assert stage.sent == [f"|/leave {TAG}"]
    assert not stage.player.running
    assert stage.player.battles[TAG].lost


def test_a_choice_made_before_is_not_made_again(stage: Stage) -> None:
    stage.hear(begin("|start"), request(5, **SWITCH) + "\n|sentchoice|switch 2")
    assert stage.choices == []
    stage.hear(request(7, **SWITCH))
    assert len(stage.choices) == 1


def test_a_choice_that_came_too_late_is_not_repeated(stage: Stage) -> None:
    late = "Sorry, too late to make a different move; the next turn has already started"
    stage.hear(begin("|start"), request(5, **SWITCH))
    stage.hear(f">{TAG}\n|error|[Invalid choice] {late}")
    stage.hear(f">{TAG}\n|error|[Invalid choice] There's nothing to choose")
    assert len(stage.choices) == 1
    stage.hear(f">{TAG}\n|error|[Invalid choice] Can't switch: no")
    assert len(stage.choices) == 2


def test_a_room_that_is_opened_again_begins_its_battle_anew(stage: Stage) -> None:
    stage.player.greeting = "hello"
    stage.hear(begin("|start"), request(5, **SWITCH))
    first = stage.player.battles[TAG]
    stage.call(stage.player.connection_lost)
    stage.hear(begin("|start", "|turn|1"), request(5, **SWITCH))
    assert stage.player.battles[TAG] is not first
    assert (stage.player.began, stage.player.rejoined, stage.player.resumed) == (1, 1, 0)
    assert len(stage.choices) == 2
    assert stage.sent.count(f"{TAG}|hello") == 1


def test_a_battle_under_way_at_the_start_is_found_and_not_greeted(stage: Stage) -> None:
    stage.player.greeting = "hello"
    stage.hear(begin("|start", "|turn|9"))
    assert (stage.player.began, stage.player.resumed) == (1, 1)
    assert stage.sent == []


def test_listed_battles_that_the_server_does_not_open_are_joined(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plywise.games.showdown.session.battles._JOIN_SECONDS", 0.05)
    games = {TAG: "x", "battle-gen9ou-3": "y", f"{TAG}1": "z"}
    stage.hear("|updatesearch|" + json.dumps({"searching": ["gen9randombattle"], "games": games}))
    assert stage.player.searching
    stage.hear(begin("|start"))
    asyncio.run_coroutine_threadsafe(asyncio.sleep(0.2), POKE_LOOP).result(5)
    assert stage.sent == [f"|/join {TAG}1"]
    stage.hear('|updatesearch|{"searching":[],"games":null}', "|updatesearch|[", "|updatesearch")
    assert not stage.player.searching


def test_a_battle_that_the_server_does_not_know_is_lost_and_let_go(stage: Stage) -> None:
    stage.hear(begin("|start"), f">{TAG}\n|noinit|nonexistent|The room does not exist.")
    assert stage.player.lost == {TAG}
    stage.player.let_go(TAG)
    stage.hear(f">{TAG}\n|deinit", request(9, **SWITCH))
    assert not stage.player.battles
    assert not stage.player.lost
    assert stage.choices == []


def test_a_rated_battle_is_left_when_its_ratings_have_come(stage: Stage) -> None:
    stage.hear(begin("|rated|", "|start"), f">{TAG}\n|win|me")
    assert stage.sent == []
    assert not stage.player.settled(TAG)
    line = "|raw|{}'s rating: {} &rarr; <strong>{}</strong><br />(+40 for winning)"
    stage.hear(
        "\n".join([f">{TAG}", line.format("me", 1000, 1040), line.format("you", 1010, 1000)])
    )
    asyncio.run_coroutine_threadsafe(asyncio.sleep(0.3), POKE_LOOP).result(5)
    assert stage.sent == [f"|/leave {TAG}"]
    assert stage.player.settled(TAG)
    assert stage.player.rating(TAG, "me") == RatingChange(1000, 1040)
    assert stage.player.rating(TAG, "you") == RatingChange(1010, 1000)


def test_ratings_of_several_battles_follow_each_other_as_the_server_rated_them(
    stage: Stage,
) -> None:
    """Of battles that end at once, one that began later may be rated first."""

    def rated(tag: str, before: int, after: int) -> str:
        change = f"{before} &rarr; <strong>{after}</strong><br />(+1 for winning)"
        return f">{tag}\n|raw|you's rating: 1 &rarr; <strong>2</strong>\n|raw|me's rating: {change}"

    other = "battle-gen9randombattle-8"
    for tag in (TAG, other):
        stage.hear(begin("|rated|", "|start").replace(TAG, tag))
    stage.hear(rated(other, 1000, 1020), rated(TAG, 1020, 1060))
    stage.hear(rated(other, 1000, 1020))  # its room is joined again
    stage.player.let_go(TAG)
    stage.hear(rated(TAG, 1020, 1060))
    assert stage.player.own_rating == RatingChange(1000, 1060)


def test_challenges_come_and_go(stage: Stage) -> None:
    asked = "|pm| Some Body| me|/challenge gen9randombattle|gen9randombattle|||"
    own = "|pm| me|+Foe 1|/challenge gen9randombattle|gen9randombattle|||"
    stage.hear(f"{asked}\n{own}\n")
    assert stage.player.challenges == {"somebody": "gen9randombattle"}
    assert stage.player.challenging == {"foe1"}
    stage.hear(
        "|pm| Foe 1| me|/nonotify Foe 1 rejected the challenge.", "|pm| me| Foe 1|/challenge"
    )
    assert stage.player.rejected == {"foe1"}
    stage.hear("|pm| me| Some Body|/challenge", "|pm| X| me|hello |/challenge gen9ou")
    assert stage.player.challenges == {}
    assert stage.player.challenging == set()


def test_servers_of_earlier_releases_list_all_challenges(stage: Stage) -> None:
    own = {"to": "Foe 1", "format": "gen9ou"}
    listed = {"challengesFrom": {"somebody": "gen9randombattle"}, "challengeTo": own}
    stage.hear("|updatechallenges|" + json.dumps(listed))
    assert stage.player.challenges == {"somebody": "gen9randombattle"}
    assert stage.player.challenging == {"foe1"}
    stage.hear(
        '|updatechallenges|{"challengesFrom":{},"challengeTo":null}', "|updatechallenges|[1]"
    )
    assert (stage.player.challenges, stage.player.challenging) == ({}, set())


@pytest.mark.parametrize(
    "text", ["", "x's rating: 1 &rarr; 2", "x's rating: &rarr; <strong>1</strong>", "a" * 10**5]
)
def test_other_lines_tell_no_rating(text: str) -> None:
    assert rating_change(text) is None


def test_ratings_name_users_by_id() -> None:
    text = "O&#39;Ne &lt;x&gt;'s rating: 1000 &rarr; <strong>1025</strong><br />(+25 for winning)"
    assert rating_change(text) == ("onex", RatingChange(1000, 1025))
    assert user_id("\x1b[2J Ünö/../" + "a" * 99) == "2jn" + "a" * 37
