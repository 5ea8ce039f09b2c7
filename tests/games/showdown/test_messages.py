"""What a server sends, where it comes in: tags, names, lines that nobody can read."""

import pytest

from plywise.games.gen9.tracking.tracker import Tracker
from plywise.games.showdown.messages import MessageError, battle_tag, user_name
from plywise.games.showdown.server_timer import ServerTimer

FORMAT = "gen9randombattle"


@pytest.mark.parametrize(
    "room", ["battle-gen9randombattle-1", "battle-gen9randombattle-2345678-abc0xyzpw"]
)
def test_tags_of_battles_pass(room: str) -> None:
    assert battle_tag(room, FORMAT) == room


@pytest.mark.parametrize(
    "room",
    [
        "battle-gen9randombattle-/../../../x-1",
        "battle-gen9randombattle-1/..",
        "battle-gen9randombattle-1\n",
        "battle-gen9randombattle-¹",
        "battle-gen9randombattle-",
        "battle-gen9randombattle-1-A B",
        f"battle-gen9randombattle-{'9' * 300}",
        "battle-gen9ou-1",
        "battle-gen9randombattle",
        "lobby",
        "",
    ],
)
def test_other_tags_are_refused(room: str) -> None:
    with pytest.raises(MessageError, match="no battle of gen9randombattle"):
        battle_tag(room, FORMAT)


def test_a_name_is_never_long() -> None:
    assert user_name(" Some Name ") == "Some Name"
    assert len(user_name("y" * 10**6)) == 40


def test_a_line_that_cannot_be_read_costs_no_later_one() -> None:
    tracker = Tracker(0)
    for line in (
        "|turn|x",
        "|turn",
        "|-weather",
        "|switch|p2a: Nobody",
        "|switch|Nobody|Mew|100/100",
        "|-damage|p1a: Nobody|a/b",
        "|switch|p1a: X|Mew, L80|100/100",
        "|-boost|p1a: X|atk|many",
        "|turn|4",
        "|move|p1a: X|Tackle",
        "|-newkind|p1a: X",
    ):
        tracker.read(line)
    assert tracker.battle.unreadable == {"turn": 2, "switch": 2, "-boost": 1}
    assert tracker.battle.unknown == {"-newkind": 1}
    assert tracker.battle.turn == 4
    assert tracker.battle.sides[0].last_move == "tackle"


def test_a_timer_of_impossible_size_is_no_report() -> None:
    timer = ServerTimer()
    text = f"Time left: {'9' * 400} sec this turn | 1 sec total"
    timer.read(["", "inactive", *text.split("|")], 0.0)
    assert timer.left(0.0) is None
