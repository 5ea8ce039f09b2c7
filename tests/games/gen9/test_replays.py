"""Decisions from replays, against the choices that were made and what the players were told.

``tests/data/replays.jsonl.gz``: seven battles of random play (gen9ou, Battle Factory, random
battles) with Illusions, recorded in the simulator with all that it sent.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from plywise.datasets.battle_corpus import RecordedBattle, read_corpus
from plywise.games.gen9.infostate import from_json
from plywise.games.gen9.replays import decisions
from plywise.games.gen9.replays.decisions import ReplayRow, replay_decisions
from plywise.games.gen9.replays.log import BattleLogError

from . import replay_trials as trials
from .replay_logs import HEAD
from .replay_truth import compare_with_truth

CORPUS = Path(__file__).parents[2] / "data" / "replays.jsonl.gz"


@pytest.fixture(scope="module")
def battles() -> list[RecordedBattle]:
    return list(read_corpus(CORPUS))


@pytest.fixture(scope="module")
def logs(battles: list[RecordedBattle]) -> list[str]:
    return [trials.log_of(battle) for battle in battles]


@pytest.mark.slow
def test_rows_are_the_choices_made_and_what_the_players_were_told(
    battles: list[RecordedBattle],
) -> None:
    counts: Counter[str] = Counter()
    wrong = [fault for battle in battles for fault in trials.compare(battle, counts)]
    assert wrong == []
    assert counts["rows"] == 821
    assert counts["unknown"] < 0.06 * counts["rows"]  # who faints, flinches or sleeps first
    assert counts["wrong, marked unsure"] < 0.02 * counts["rows"]  # Illusions that nothing ended


@pytest.mark.slow
def test_a_planted_future_is_in_no_earlier_row_of_the_opponents_columns(logs: list[str]) -> None:
    rng = random.Random(5)
    tried = [planted for _ in range(12) if (planted := trials.plant(rng.choice(logs), rng))]
    assert len(tried) > 8
    assert [fault for planted in tried for fault in trials.leaks(planted)] == []
    # The plant works: its own side knows the move and the Tera type from the first turn on.
    one = tried[0]
    rows = [row for row in replay_decisions(one.text).rows if row.player == one.side]
    assert "celebrate" in rows[0].state
    assert "Stellar" in rows[0].state


@pytest.mark.slow
def test_a_leak_is_found(logs: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    read_public = decisions._BattleReader._public

    def leaking(self: Any) -> Any:
        """Show the opponent's side as it will be at the end of the battle."""
        moments = read_public(self)
        for moment in moments:
            moment.sides = moments[-1].sides
            moment.order = moments[-1].order
        return moments

    monkeypatch.setattr(decisions._BattleReader, "_public", leaking)
    rng = random.Random(5)
    tried = [planted for _ in range(6) if (planted := trials.plant(rng.choice(logs), rng))]
    assert all(trials.leaks(planted) for planted in tried)


@pytest.mark.slow
def test_rows_are_what_the_simulator_holds(battles: list[RecordedBattle]) -> None:
    facts: Counter[str] = Counter()
    wrong = [line for battle in battles for line in compare_with_truth(battle, facts)]
    assert {line for line in wrong if "Illusion" not in line and "unsure" not in line} == set()
    assert facts["decisions"] == 821
    assert facts["the action is legal"] > 700
    assert facts["foe HP"] > 500


@pytest.mark.slow
def test_what_the_simulator_does_not_hold_is_found(battles: list[RecordedBattle]) -> None:
    step = battles[0].steps[0]
    other = {**step.before, "w": "hail", "S": [*step.before["S"]]}
    changed = replace(step, before=other)
    facts: Counter[str] = Counter()
    wrong = compare_with_truth(replace(battles[0], steps=(changed, *battles[0].steps[1:])), facts)
    assert sum(line.startswith("weather: ") for line in wrong) == 2


@pytest.mark.slow
def test_no_public_fact_changes_where_the_log_is_cut_behind_it(logs: list[str]) -> None:
    rng = random.Random(6)
    assert [f for _ in range(8) for f in trials.changed_by_a_cut(rng.choice(logs), rng)] == []


@pytest.mark.slow
def test_damaged_logs_end_in_rows_or_in_a_reason(logs: list[str]) -> None:
    rng = random.Random(7)
    ends = Counter(trials.outcome(trials.mutated(rng.choice(logs), rng)) for _ in range(60))
    assert set(ends) <= {"rows", "a reason", "not UTF-8"}
    assert ends["a reason"] > 20


TURN = "\n|\n|upkeep\n|turn|2\n|\n|t:|2\n|move|p1a: Blissey|Soft-Boiled|p1a: Blissey\n|win|Ann"


def rows(text: str, player: int = 0, end: str = TURN) -> list[ReplayRow]:
    """Return a player's rows of a battle whose first turn holds ``text``."""
    lines = "\n".join(line.strip() for line in text.splitlines() if line.strip())
    found = replay_decisions(f"{HEAD}|\n|t:|1\n{lines}{end}").rows
    return [row for row in found if row.player == player]


@pytest.mark.parametrize(
    ("text", "action"),
    [
        pytest.param(
            """|move|p1a: Blissey|Metronome|p1a: Blissey
            |move|p1a: Blissey|Explosion|p2a: Garchomp|[from] move: Metronome""",
            "metronome",
            id="a called move is no choice",
        ),
        pytest.param(
            """|move|p2a: Garchomp|Swords Dance|p2a: Garchomp
            |move|p1a: Blissey|Swords Dance|p1a: Blissey|[from] ability: Dancer
            |move|p1a: Blissey|Seismic Toss|p2a: Garchomp""",
            "seismictoss",
            id="a danced move is no choice",
        ),
        pytest.param(
            """|move|p2a: Garchomp|Stealth Rock|p1a: Blissey
            |move|p1a: Blissey|Stealth Rock|p2a: Garchomp|[from] ability: Magic Bounce
            |move|p1a: Blissey|Calm Mind|p1a: Blissey""",
            "calmmind",
            id="a bounced move is no choice",
        ),
        pytest.param(
            """|move|p2a: Garchomp|Instruct|p1a: Blissey
            |-singleturn|p1a: Blissey|move: Instruct|[of] p2a: Garchomp
            |move|p1a: Blissey|Seismic Toss|p2a: Garchomp
            |move|p1a: Blissey|Calm Mind|p1a: Blissey""",
            "calmmind",
            id="an instructed move is no choice, and its line does not say so",
        ),
        pytest.param(
            """|cant|p1a: Blissey|slp
            |move|p1a: Blissey|Sleep Talk|p1a: Blissey
            |move|p1a: Blissey|Seismic Toss|p2a: Garchomp|[from] move: Sleep Talk""",
            "sleeptalk",
            id="who talks in its sleep has chosen that",
        ),
        pytest.param(
            "|cant|p1a: Blissey|move: Taunt|Soft-Boiled",
            "softboiled",
            id="what Taunt prevents was chosen",
        ),
        pytest.param(
            """|-terastallize|p1a: Blissey|Ghost
            |move|p1a: Blissey|Seismic Toss|p2a: Garchomp""",
            "seismictoss tera",
            id="a move with Terastallization",
        ),
        pytest.param(
            """|switch|p1a: Luvdisc|Luvdisc, L90, F|100/100
            |move|p2a: Garchomp|Roar|p1a: Luvdisc
            |drag|p1a: Blissey|Blissey, L85, F|100/100""",
            "switch luvdisc",
            id="who is dragged in was not chosen",
        ),
    ],
)
def test_what_was_chosen(text: str, action: str) -> None:
    row = rows(text)[0]
    assert (row.action, row.unknown) == (action, "")
    assert row.action in row.legal


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("|cant|p1a: Blissey|flinch", "flinched"),
        ("|cant|p1a: Blissey|slp", "asleep"),
        ("|cant|p1a: Blissey|par", "paralysed"),
        ("|cant|p1a: Blissey|frz", "frozen"),
        ("|-activate|p1a: Blissey|move: Attract|[of] p2a: Garchomp", "untold"),
        (
            """|-activate|p1a: Blissey|confusion
            |-damage|p1a: Blissey|90/100|[from] confusion""",
            "confused",
        ),
        (
            """|move|p2a: Garchomp|Dragon Tail|p1a: Blissey
            |-damage|p1a: Blissey|80/100
            |drag|p1a: Luvdisc|Luvdisc, L90, F|100/100""",
            "dragged",
        ),
        (
            """|move|p2a: Garchomp|Encore|p1a: Blissey
            |-start|p1a: Blissey|Encore
            |move|p1a: Blissey|Soft-Boiled|p1a: Blissey""",
            "encored",
        ),
    ],
    ids=lambda value: value if "|" not in value else "",
)
def test_what_no_line_tells_is_not_known(text: str, why: str) -> None:
    row = rows(text)[0]
    assert (row.action, row.action_index, row.unknown) == ("", None, why)


def test_who_faints_first_has_chosen_something_unknown_and_then_a_teammate() -> None:
    one, two, _ = rows(
        """|move|p2a: Garchomp|Earthquake|p1a: Blissey
        |-damage|p1a: Blissey|0 fnt
        |faint|p1a: Blissey
        |
        |upkeep
        |
        |t:|2
        |switch|p1a: Luvdisc|Luvdisc, L90, F|100/100""",
        end="\n|turn|2\n|win|Ann",
    )
    assert (one.request, one.action, one.unknown) == ("move", "", "fainted")
    assert (two.request, two.action, two.foe_action) == ("switch", "switch luvdisc", None)
    assert from_json(two.state).own.active_mon.fainted  # type: ignore[union-attr]


def test_a_pivot_is_two_decisions() -> None:
    one, two, _ = rows(
        """|move|p1a: Blissey|U-turn|p2a: Garchomp
        |-damage|p2a: Garchomp|90/100
        |
        |t:|2
        |switch|p1a: Luvdisc|Luvdisc, L90, F|100/100|[from] U-turn
        |move|p2a: Garchomp|Earthquake|p1a: Luvdisc
        |-damage|p1a: Luvdisc|50/100""",
        end="\n|\n|upkeep\n|turn|2\n|win|Ann",
    )
    assert (one.action, one.foe_action) == ("uturn", "earthquake")
    assert (two.request, two.action) == ("switch", "switch luvdisc")
    seen = from_json(two.state)
    assert seen.foe_pending
    assert seen.foe.active_mon.hp == 90  # type: ignore[union-attr]


def test_a_zoroark_that_posed_was_chosen_and_the_opponent_saw_the_other() -> None:
    text = """|switch|p1a: Luvdisc|Luvdisc, L90, F|100/100
        |move|p2a: Garchomp|Swords Dance|p2a: Garchomp
        |
        |upkeep
        |turn|2
        |
        |t:|2
        |move|p2a: Garchomp|Earthquake|p1a: Luvdisc
        |-damage|p1a: Luvdisc|30/100
        |replace|p1a: Zoroark|Zoroark, L80, M
        |-end|p1a: Zoroark|Illusion
        |move|p1a: Zoroark|Nasty Plot|p1a: Zoroark"""
    end = "\n|\n|upkeep\n|turn|3\n|win|Ann"
    mine, his = rows(text, 0, end), rows(text, 1, end)
    assert mine[0].action == "switch zoroark"
    assert his[0].foe_action == "switch luvdisc"
    assert "disguised" in mine[1].flags
    assert from_json(mine[1].state).own.active_mon.species == "zoroark"  # type: ignore[union-attr]
    assert from_json(his[1].state).foe.active_mon.species == "luvdisc"  # type: ignore[union-attr]
    assert "zoroark" not in msgspec.json.decode(his[1].state)["foe"].__repr__()
    assert from_json(his[2].state).foe.active_mon.species == "zoroark"  # type: ignore[union-attr]


def test_own_sets_are_told_from_the_whole_log_with_their_turn() -> None:
    found = replay_decisions(f"{HEAD}|\n|t:|1\n|move|p1a: Blissey|Sing|p2a: Garchomp{TURN}")
    assert msgspec.json.decode(found.inferred[0]) == {
        "0": {"species": "blissey", "moves": {"sing": 2, "softboiled": 3}}
    }
    assert found.results == (1.0, 0.0)
    assert found.log.ratings == [1700, None]
    first = from_json(found.rows[0].state)
    assert [move.id for move in first.own.mons[0].moves] == ["sing", "softboiled"]
    assert from_json(found.rows[1].state).foe.mons[0].moves == ()


def test_both_items_of_an_exchange_are_known_as_those_of_the_sets() -> None:
    text = """|move|p1a: Blissey|Trick|p2a: Garchomp
    |-activate|p1a: Blissey|move: Trick|[of] p2a: Garchomp
    |-item|p2a: Garchomp|Toxic Orb|[from] move: Trick
    |-item|p1a: Blissey|Leftovers|[from] move: Trick"""
    one, other = rows(text)[1], rows(text, 1)[1]
    for row in (one, other):
        info = from_json(row.state)
        own, foe = info.own.mons[0], info.foe.mons[0]
        blissey, garchomp = (own, foe) if row is one else (foe, own)
        assert (blissey.first_item, blissey.item) == ("toxicorb", "leftovers")
        assert (garchomp.first_item, garchomp.item) == ("leftovers", "toxicorb")


@pytest.mark.parametrize(
    ("text", "reason", "line"),
    [
        (HEAD + "|move|p1a: Blissey|Sleep Poder|p2a\n|win|Ann", "there is no such move", 12),
        (HEAD, "it stops before the end", 12),
        (HEAD.replace("|gen|9", "|gen|8") + "|win|Ann", "a battle of generation 8", 6),
        (HEAD.replace("singles", "doubles") + "|win|Ann", "a battle of doubles", 5),
        (HEAD.replace("|start", "|begin") + "|win|Ann", "no battle starts in it", 0),
        (HEAD.replace("Random Battle", "National Dex") + "|win|Ann", "generation 9", 7),
        (HEAD + "|turn|3\n|win|Ann", "turn '3' after turn 1", 12),
        (HEAD + "|win|Carl", "the winner is none of the players", 12),
        (HEAD + "|-weather|" + "x" * 3000 + "\n|win|Ann", "a line of 3,010 characters", 12),
        (HEAD + "|move|Blissey|Sing\n|win|Ann", "the line move is not sound", 12),
        (HEAD + "|switch|p1a: X|Missingno|100/100\n|win|Ann", "the line switch is not sound", 12),
        (HEAD + "|-mega|p1a: Blissey|X\n|-frob|p1a: Blissey\n|win|Ann", "cannot be read", 13),
        ("", "no battle starts in it", 0),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 60 else "",
)
def test_a_log_that_cannot_be_read_says_why(text: str, reason: str, line: int) -> None:
    with pytest.raises(BattleLogError, match=reason) as caught:
        replay_decisions(text)
    assert caught.value.line == line
