"""Simple hits: the damage range against the engine's 16 rolls, the reader, and the likelihood."""

from __future__ import annotations

from dataclasses import replace

import pytest

from plywise.datasets.pokemon_sets import PokemonSet, parse_packed_team
from plywise.datasets.spreads import stats_of_set
from plywise.engine.battle.border.battle_state import BattleState
from plywise.games.gen9.damage_range import Hit, damage_range, is_plain, modified
from plywise.games.gen9.infostate import ANY_SPEED
from plywise.games.gen9.likelihood import UNEXPLAINED, Signs, likelihood
from plywise.games.gen9.tracking.known import KnownMon
from plywise.games.gen9.tracking.tracker import Tracker

GARCHOMP = (
    "Garchomp||{item}|sandveil|earthquake,outrage,dragonclaw,protect|Jolly|,252,,,4,252||||75|"
)
BLISSEY = "Blissey||leftovers|naturalcure|softboiled,hypervoice,psychic|Bold|252,,252,,4,|||||"


def teams(item: str) -> tuple[PokemonSet, PokemonSet]:
    one, two = (parse_packed_team(text)[0] for text in (GARCHOMP.format(item=item), BLISSEY))
    return one, two


def hit_on_blissey(chomp: PokemonSet, blissey: PokemonSet, **more: object) -> Hit:
    found = Hit(
        dealt=False,
        physical=True,
        level=chomp.level,
        power=80,
        type="Dragon",
        own_stat=stats_of_set(blissey)[2],
        own_item="",
        stage=0,
        critical=False,
        burned=False,
        stab=6144,
        effectiveness=0,
        least=0,
        most=0,
    )
    return replace(found, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("critical", [False, True])
@pytest.mark.parametrize("item", ["leftovers", "choiceband", "lifeorb", "dragonfang", "muscleband"])
def test_the_range_is_that_of_the_engines_rolls(item: str, critical: bool) -> None:
    chomp, blissey = teams(item)
    battle = BattleState.from_seed(GARCHOMP.format(item=item), BLISSEY, "1,2,3,4")
    rolls = battle.damage_rolls(0, "dragonclaw", critical=critical)
    hit = hit_on_blissey(chomp, blissey, critical=critical)
    found = damage_range(hit, stats_of_set(chomp)[1], item, "garchomp")
    assert found == (rolls[0], rolls[-1])


@pytest.mark.parametrize("item", ["leftovers", "assaultvest", "eviolite"])
def test_the_range_of_a_hit_dealt_is_too(item: str) -> None:
    chomp, blissey = teams(item)
    battle = BattleState.from_seed(GARCHOMP.format(item=item), BLISSEY, "1,2,3,4")
    rolls = battle.damage_rolls(1, "hypervoice")
    hit = replace(
        hit_on_blissey(chomp, blissey),
        dealt=True,
        physical=False,
        level=blissey.level,
        power=90,
        type="Normal",
        own_stat=stats_of_set(blissey)[3],
        own_item="leftovers",
    )
    assert damage_range(hit, stats_of_set(chomp)[4], item, "garchomp") == (rolls[0], rolls[-1])


def test_an_item_or_ability_with_other_rules_leaves_the_answer_open() -> None:
    chomp, blissey = teams("leftovers")
    assert damage_range(hit_on_blissey(chomp, blissey), 300, "souldew", "latios") is None
    assert not is_plain("technician")
    assert not is_plain("multiscale")
    assert is_plain("roughskin")
    assert modified(100, 6144) == 150


START = """|start
|switch|p1a: Blissey|Blissey, F|651/651
|switch|p2a: Garchomp|Garchomp, L75, M|100/100
|turn|1"""
CLAW = "|move|p2a: Garchomp|Dragon Claw|p1a: Blissey\n|-damage|p1a: Blissey|{}/651"


def foe_after(text: str) -> KnownMon:
    tracker = Tracker(0)
    for line in START.splitlines():
        tracker.read(line)
    mine = tracker.battle.sides[0].mon
    assert mine is not None
    mine.item, mine.ability, mine.stats = "leftovers", "naturalcure", stats_of_set(teams("")[1])[1:]
    mine.first_item, mine.base_ability = mine.item, mine.ability
    for line in text.splitlines():
        tracker.read(line)
    assert not tracker.battle.unreadable
    mon = tracker.battle.sides[1].mon
    assert mon is not None
    return mon


def test_damage_tells_a_choice_band() -> None:
    chomp, _ = teams("leftovers")
    rolls = BattleState.from_seed(
        GARCHOMP.format(item="choiceband"), BLISSEY, "1,2,3,4"
    ).damage_rolls(0, "dragonclaw")
    mon = foe_after(CLAW.format(651 - rolls[8]))
    assert len(mon.hits) == 1
    signs = Signs("garchomp", ANY_SPEED, hits=mon.hits)
    assert likelihood(signs, replace(chomp, item="choiceband")) == 1
    assert likelihood(signs, chomp) == UNEXPLAINED
    assert likelihood(signs, replace(chomp, ability="sheerforce")) == 1  # open


@pytest.mark.parametrize(
    "before",
    [
        "|-weather|Sandstorm|[from] ability: Sand Stream|[of] p2a: Garchomp",
        "|-sidestart|p1: x|Reflect",
        "|-start|p1a: Blissey|typechange|Water",
        "|-fieldstart|move: Gravity",
    ],
)
def test_what_changes_damage_makes_a_hit_not_simple(before: str) -> None:
    assert foe_after(f"{before}\n{CLAW.format(400)}").hits == ()
    assert foe_after(CLAW.format(400)).hits != ()


def test_percent_of_hp_bounds_a_hit_dealt() -> None:
    voice = "|move|p1a: Blissey|Hyper Voice|p2a: Garchomp\n|-damage|p2a: Garchomp|{}/100"
    (hit,) = foe_after(voice.format(81)).hits
    assert (hit.dealt, hit.least, hit.most, hit.power) == (True, 19, 20, 90)
    (fatal,) = foe_after(voice.format("0 fnt").replace("/100", "")).hits
    assert fatal.most > 100
