"""Damage rolls and tables against what the real simulator did (recorded corpora in tests/data)."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from plywise.datasets.battle_corpus import RecordedStep, read_corpus
from plywise.engine.battle import tables
from plywise.engine.battle.border import codec, coverage
from plywise.engine.battle.border.battle_state import BattleState
from plywise.engine.battle.damage_rolls import damage_rolls
from plywise.engine.battle.names import DATA, ITEM_ID, MOVE_ID, SPECIES_ID, TYPE_ID, to_id
from plywise.engine.battle.state import BATTLE

DATA_FOLDER = Path(__file__).parents[2] / "data"

MOVE = re.compile(r"\|move\|p(\d)a: [^|]*\|([^|]*)\|p(\d)a: ")
DAMAGE = re.compile(r"\|-damage\|p(\d)a: [^|]*\|(\d+)(/\d+)?( \w+)?$")
# Only these may stand between the move and its damage: nothing that changes what the hit meets.
QUIET = ("|-supereffective|", "|-resisted|", "|-crit|", "|debug|")
# Power or category that a further draw decides, several hits, or a hit of fixed damage elsewhere.
LEFT_OUT = {"ficklebeam", "present", "shellsidearm", "beatup", "finalgambit", "fling"}


def _first_hit(step: RecordedStep) -> tuple[int, str, int, bool, bool, int] | None:
    """Return (side, move, HP left, fainted, critical, percent off) of a step's first, plain hit."""
    lines = list(step.log)
    if not lines or None in step.choices or (found := MOVE.match(lines[0])) is None:
        return None
    side, move, target = int(found[1]) - 1, to_id(found[2]), int(found[3]) - 1
    row = tables.MOVES[MOVE_ID[move]]
    if side == target or move in LEFT_OUT or row["hits_max"] or "[from]" in lines[0]:
        return None
    k = 1
    while k < len(lines) and lines[k].startswith(QUIET):
        k += 1
    if k == len(lines) or (hit := DAMAGE.match(lines[k])) is None or int(hit[1]) - 1 != target:
        return None
    kinds = [d.site for d in step.draws]
    rolled = [d for d in step.draws if d.site.startswith("random<randomizer<modifyDamage")]
    if not rolled or any("onBeforeMove|BeforeMove:confusion" in kind for kind in kinds[:1]):
        return None
    critical = any(line.startswith("|-crit|") for line in lines[1:k])
    left, fainted = int(hit[2]), hit[2] == "0"
    return side, move, left, fainted, critical, rolled[0].result


def _hits(name: str) -> Iterator[tuple[str, np.ndarray, int, str, int, bool, bool, int]]:
    for battle in read_corpus(DATA_FOLDER / f"{name}.jsonl.gz"):
        setup = codec.BattleSetup.of(battle)
        for step in battle.steps:
            if (hit := _first_hit(step)) is not None:
                yield f"{battle.number}:{step.number}", codec.decode(step.before, setup), *hit


@pytest.mark.parametrize(("name", "least"), [("random", 60), ("factory", 40), ("fuzz", 40)])
def test_recorded_hits_are_among_the_rolls(name: str, least: int) -> None:
    """The roll that the simulator drew gives the damage that it did, to the point."""
    checked, criticals, wrong = 0, 0, []
    for where, pool, side, move, left, fainted, critical, percent_off in _hits(name):
        target = pool[0]["sides"][1 - side]
        hp = int(target["mons"][target["active"]]["hp"])
        rolls = damage_rolls(pool, 0, side, MOVE_ID[move], critical=critical)
        named = BattleState(pool).damage_rolls(side, move, critical=critical)
        assert named == tuple(rolls.tolist())
        assert list(rolls) == sorted(rolls)
        ours = int(rolls[15 - percent_off])
        lost = hp - left
        checked += 1
        criticals += critical
        if not (ours >= lost if fainted else ours == lost):
            wrong.append((where, move, lost, ours))
    assert not wrong
    assert checked >= least
    assert criticals > 0


def test_rolls_leave_the_state_alone_and_are_zero_where_nothing_is_hit() -> None:
    _, pool, side, *_ = next(iter(_hits("random")))
    before = pool.tobytes()
    rolls = damage_rolls(pool, 0, side, MOVE_ID["tackle"])
    assert rolls.shape == (16,)
    assert damage_rolls(pool, 0, side, MOVE_ID["swordsdance"]).max() == 0
    assert pool.tobytes() == before


def test_tables_hold_what_the_exported_data_say() -> None:
    move = tables.MOVES[MOVE_ID["triplearrows"]]
    data = DATA["moves"]["triplearrows"]
    assert move["power"] == data["basePower"]
    assert [s["chance"] for s in move["secondaries"]] == [s["chance"] for s in data["secondaries"]]
    assert all(
        bool(row["move_flags"] & tables.F_CONTACT) == ("contact" in DATA["moves"][name]["flags"])
        for name, row in zip(sorted(DATA["moves"]), tables.MOVES[1:], strict=True)
    )
    chart = tables.TYPE_CHART
    assert chart[TYPE_ID["Electric"], TYPE_ID["Ground"]] == 2
    assert chart[TYPE_ID["Fire"], TYPE_ID["Grass"]] == 1
    assert chart[TYPE_ID["Fire"], TYPE_ID["Water"]] == -1
    assert tables.ITEMS[ITEM_ID["occaberry"]]["resist_type"] == TYPE_ID["Fire"]
    assert tables.SPECIES[SPECIES_ID["garchomp"]]["weight_hg"] == 950


def test_what_is_not_modelled_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coverage, "UNMODELLED_MOVES", frozenset({"sketch"}))
    monkeypatch.setattr(coverage, "UNMODELLED_ITEMS", frozenset({"destinyknot"}))
    pool = np.zeros(1, BATTLE)
    assert coverage.unmodelled(pool, 0) == []
    pool[0]["sides"][1]["mons"][2]["moves"][0] = MOVE_ID["sketch"]
    pool[0]["sides"][0]["mons"][0]["held_item"] = ITEM_ID["destinyknot"]
    assert coverage.unmodelled(pool, 0) == ["item destinyknot", "move sketch"]
