"""Hits: what the reader notes, and the likelihood of their damage against the engine's rolls."""

from __future__ import annotations

import pickle
from dataclasses import replace

import pytest

from plywise.datasets.pokemon_sets import PokemonSet, parse_packed_team
from plywise.datasets.spreads import stats_of_set
from plywise.engine.battle.border.battle_state import BattleState
from plywise.games.gen9.evidence.highest_stat import Highest, explains_highest
from plywise.games.gen9.evidence.hit import Fighter, Hit
from plywise.games.gen9.evidence.hit_likelihood import (
    HitLikelihood,
    hit_likelihood,
    shown_range,
)
from plywise.games.gen9.evidence.hit_rolls import HitRolls
from plywise.games.gen9.infostate import ANY_SPEED
from plywise.games.gen9.likelihood import UNEXPLAINED, Signs, likelihood
from plywise.games.gen9.tracking.known import KnownMon
from plywise.games.gen9.tracking.tracker import Tracker

GARCHOMP = (
    "Garchomp||{item}|sandveil|earthquake,outrage,dragonclaw,protect|Jolly|,252,,,4,252||||75|"
)
BLISSEY = "Blissey||leftovers|naturalcure|softboiled,hypervoice,psychic|Bold|252,,252,,4,|||||"
START = """|start
|switch|p1a: Blissey|Blissey, F|651/651
|switch|p2a: Garchomp|Garchomp, L75, M|100/100
|turn|1"""
CLAW = "|move|p2a: Garchomp|Dragon Claw|p1a: Blissey\n|-damage|p1a: Blissey|{}/651"
VOICE = "|move|p1a: Blissey|Hyper Voice|p2a: Garchomp\n|-damage|p2a: Garchomp|{}/100"


def teams(item: str) -> tuple[PokemonSet, PokemonSet]:
    one, two = (parse_packed_team(text)[0] for text in (GARCHOMP.format(item=item), BLISSEY))
    return one, two


def rolls_of(item: str, side: int, move: str, *, critical: bool = False) -> list[int]:
    battle = BattleState.from_seed(GARCHOMP.format(item=item), BLISSEY, "1,2,3,4")
    return list(battle.damage_rolls(side, move, critical=critical))


def foe_after(text: str, start: str = START) -> KnownMon:
    tracker = Tracker(0)
    for line in start.splitlines():
        tracker.read(line)
    mine = tracker.battle.sides[0].mon
    assert mine is not None
    mine.item, mine.ability, mine.stats = "leftovers", "naturalcure", stats_of_set(teams("")[1])[1:]
    mine.first_item, mine.base_ability = mine.item, mine.ability
    mine.stats_forme = mine.forme
    for line in text.splitlines():
        tracker.read(line)
    assert not tracker.battle.unreadable
    mon = tracker.battle.sides[1].mon
    assert mon is not None
    return mon


def explains(hit: Hit, s: PokemonSet) -> float:
    return hit_likelihood(hit, s, "garchomp", s.item, s.ability)[0]


@pytest.mark.parametrize("critical", [False, True])
@pytest.mark.parametrize("item", ["leftovers", "choiceband", "lifeorb", "dragonfang", "muscleband"])
def test_a_hit_taken_is_as_likely_as_its_share_of_the_16_rolls(item: str, critical: bool) -> None:
    chomp, _ = teams(item)
    rolls = rolls_of(item, 0, "dragonclaw", critical=critical)
    crit = "|-damage", "|-crit|p1a: Blissey\n|-damage"
    likely = {}
    for damage in range(rolls[0] - 1, rolls[-1] + 2):
        text = CLAW.format(651 - damage)
        (hit,) = foe_after(text.replace(*crit) if critical else text).hits
        likely[damage] = explains(hit, chomp)
    assert likely[rolls[0] - 1] == likely[rolls[-1] + 1] == 0
    for damage in set(rolls):
        assert likely[damage] > 0
    once, twice = (next((d for d in rolls if rolls.count(d) == n), None) for n in (1, 2))
    if once and twice:
        assert likely[twice] == pytest.approx(2 * likely[once], rel=0.1)


@pytest.mark.parametrize("item", ["leftovers", "assaultvest", "eviolite"])
def test_a_hit_dealt_is_likely_where_its_percent_agree(item: str) -> None:
    chomp, _ = teams(item)
    most = stats_of_set(chomp)[0]
    rolls = rolls_of(item, 1, "hypervoice")
    for roll in rolls:
        shown = -(-100 * (most - roll) // most)
        (hit,) = foe_after(VOICE.format(shown)).hits
        assert explains(hit, chomp) > 0
    far = -(-100 * (most - rolls[-1]) // most) - 2
    (hit,) = foe_after(VOICE.format(far)).hits
    assert explains(hit, chomp) == 0


@pytest.mark.parametrize(
    ("forme", "plate", "move"),
    [
        ("Fire", "flameplate", "gigadrain"),
        ("Water", "splashplate", "gigadrain"),
        ("Ghost", "spookyplate", "shadowball"),
        ("Dragon", "dracoplate", "icebeam"),
    ],
)
def test_an_item_counts_by_what_the_ability_makes_of_it(forme: str, plate: str, move: str) -> None:
    """The plate makes the type, if the ability is Multitype; without it the forme is Normal."""
    packed = f"Arceus||{plate}|multitype|recover,judgment|Modest|252,,,252,4,|||||"
    packed = packed.replace("||", f"|Arceus-{forme}|", 1)
    (arceus,) = parse_packed_team(packed)
    battle = BattleState.from_seed(packed, BLISSEY, "1,2,3,4")
    most, name = stats_of_set(arceus)[0], f"Arceus-{forme}"
    start = START.replace("Garchomp, L75, M", f"{name}, L{arceus.level}").replace(
        "p2a: Garchomp", "p2a: Arceus"
    )
    used = f"|move|p1a: Blissey|{move}|p2a: Arceus\n|-damage|p2a: Arceus|"
    rolls = list(battle.damage_rolls(1, move))
    for roll in rolls:
        shown = -(-100 * (most - roll) // most)
        (hit,) = foe_after(used + f"{shown}/100", start).hits
        found = hit_likelihood(hit, arceus, hit.foe.species, plate, "multitype")
        assert found[0] > 0, (roll, hit)


def test_tries_in_succession_count_for_a_metronome() -> None:
    chomp, _ = teams("metronome")
    rolls = rolls_of("leftovers", 0, "dragonclaw")
    claws = CLAW.format(651 - rolls[8]) + "\n|\n|upkeep\n|turn|2\n"
    boosted = round(rolls[8] * 1.2)
    first, second = foe_after(claws + CLAW.format(651 - rolls[8] - boosted)).hits
    assert (first.foe.repeats, second.foe.repeats) == (0, 1)
    assert explains(first, chomp) > 0
    assert explains(second, chomp) > 0
    assert explains(second, replace(chomp, item="leftovers")) == 0


def test_a_forme_that_the_last_request_did_not_tell_has_no_stats() -> None:
    start, claw = (text.replace("Blissey", "Eiscue") for text in (START, CLAW))
    change = "|detailschange|p1a: Eiscue|Eiscue-Noice, F\n"
    assert foe_after(claw.format(600), start).hits
    assert not foe_after(change + claw.format(600), start).hits


def test_a_hit_on_a_pokemon_out_of_reach_is_no_evidence() -> None:
    charge = "|move|p2a: Garchomp|{0}||[still]\n|-prepare|p2a: Garchomp|{0}\n|\n|upkeep\n|turn|2\n"
    hit = VOICE.format(80).replace("Hyper Voice", "Whirlpool")
    assert not foe_after(charge.format("Dive") + hit).hits
    assert foe_after(charge.format("Solar Beam") + hit).hits


@pytest.mark.parametrize("level", [5, 50, 100])
def test_a_power_by_speed_asks_for_the_speed_at_any_level(level: int) -> None:
    own = Fighter(
        "koffing", level, "F", 23, 23, "", "", "stench", stats=(13, 19, 13, 11, level + 4)
    )
    foe = Fighter("chinchou", level, "M", 75, 100, "", None, None)
    rolls = HitRolls(Hit(False, "electroball", 1, False, own, foe, 17))
    assert rolls.counts == (0, 0, 1, 0, 1)
    assert not rolls.is_plain("powerband", None)


def test_any_of_the_hp_that_are_shown_may_have_been_there() -> None:
    """34 % are 100 to 102 of 301 HP: Overgrow works up to 100."""
    bulk = "Venusaur||leftovers|overgrow|gigadrain|Bold|,,252,,252,|||||"
    (s,) = parse_packed_team(bulk)
    most = stats_of_set(s)[0]
    assert most == 301
    low, high = shown_range(34, most)
    assert low * 3 <= most < high * 3
    rolls = {}
    for hp in (low, high):
        battle = BattleState.from_seed(bulk, BLISSEY, "1,2,3,4")
        battle.pool[0].sides[0].mons[0].hp = hp
        rolls[hp] = list(battle.damage_rolls(0, "gigadrain"))
    assert rolls[low][0] > rolls[high][-1]
    start = START.replace("Garchomp, L75, M|100", "Venusaur, M|34").replace("Garchomp", "Venusaur")
    for seen in (rolls[low][3], rolls[high][3]):
        text = CLAW.replace("Garchomp|Dragon Claw", "Venusaur|Giga Drain").format(651 - seen)
        (hit,) = foe_after(text, start).hits
        assert hit_likelihood(hit, s, "venusaur", "leftovers", "overgrow")[0] > 0


def test_damage_tells_a_choice_band() -> None:
    chomp, _ = teams("leftovers")
    roll = rolls_of("choiceband", 0, "dragonclaw")[8]
    mon = foe_after(CLAW.format(651 - roll))
    signs = Signs("garchomp", ANY_SPEED, hits=mon.hits)
    banded = likelihood(signs, replace(chomp, item="choiceband"))
    assert 0.5 < banded < 2
    assert likelihood(signs, chomp) == pytest.approx(UNEXPLAINED)


def test_hits_that_a_set_does_not_explain_never_exclude_it() -> None:
    mon = foe_after("\n".join(CLAW.format(n) for n in range(10, 2, -1)))
    assert len(mon.hits) == 8
    assert 0 < likelihood(Signs("garchomp", hits=mon.hits), teams("")[0]) < UNEXPLAINED


@pytest.mark.parametrize(
    ("before", "share"),
    [
        ("|-sidestart|p1: x|Reflect", 0.5),
        ("|-boost|p2a: Garchomp|atk|2", 2.0),
        ("|-boost|p1a: Blissey|def|2", 0.5),
        ("|-status|p2a: Garchomp|brn", 0.5),
    ],
)
def test_what_changes_damage_counts(before: str, share: float) -> None:
    chomp, _ = teams("leftovers")
    rolls = rolls_of("leftovers", 0, "dragonclaw")
    near = round(rolls[8] * share)
    changed = (
        foe_after(f"{before}\n{CLAW.format(651 - n)}").hits[-1] for n in (near - 1, near, near + 1)
    )
    assert any(explains(hit, chomp) > 0 for hit in changed)
    plain = foe_after(f"{before}\n{CLAW.format(651 - rolls[8])}").hits[-1]
    assert explains(plain, chomp) == 0


def test_an_ability_of_the_set_counts() -> None:
    chomp, _ = teams("leftovers")
    (hit,) = foe_after(
        CLAW.format(651 - round(rolls_of("leftovers", 0, "dragonclaw")[8] * 1.3))
    ).hits
    assert explains(hit, chomp) == 0
    assert explains(hit, replace(chomp, ability="toughclaws")) > 0


@pytest.mark.parametrize(
    "text",
    [
        "|-start|p2a: Garchomp|Substitute\n" + VOICE.format(60),
        "|-transform|p2a: Garchomp|p1a: Blissey\n" + CLAW.format(500),
        "|move|p2a: Garchomp|Avalanche|p1a: Blissey\n|-damage|p1a: Blissey|500/651",
        "|move|p2a: Garchomp|Dragon Claw|p1a: Blissey\n|-enditem|p1a: Blissey|Haban Berry|[eat]\n"
        "|-damage|p1a: Blissey|500/651",
        CLAW.format(1),
        CLAW.format(500) + "|[from] item: Life Orb",
    ],
    ids=["substitute", "transformed", "of the moment", "berry", "endured", "no hit"],
)
def test_what_the_two_pokemon_do_not_decide_is_no_evidence(text: str) -> None:
    assert foe_after(text).hits == ()


def test_a_fatal_hit_bounds_the_damage_below() -> None:
    chomp, _ = teams("leftovers")
    (fatal,) = foe_after(VOICE.format("0 fnt").replace("/100", "")).hits
    assert explains(fatal, chomp) == 0
    weak = foe_after(f"|-damage|p2a: Garchomp|9/100|[from] Spikes\n{VOICE.format('0 fnt')}").hits[
        -1
    ]
    assert explains(weak, chomp) == 1


def test_percent_are_rounded_as_showdown_does() -> None:
    for most in (19, 100, 263, 714):
        for hp in range(1, most + 1):
            shown = -(-100 * hp // most)
            shown = 99 if shown == 100 and hp < most else shown
            low, high = shown_range(shown, most)
            assert low <= hp <= high
    assert shown_range(0, 300) == (0, 0)


def test_hits_are_equal_by_value_in_every_process() -> None:
    one, two = (foe_after(CLAW.format(500)).hits[0] for _ in range(2))
    assert hash(one) == hash(two)
    assert one == two == pickle.loads(pickle.dumps(one))
    assert "_hash" not in pickle.loads(pickle.dumps(one)).__dict__


def test_a_hit_that_needs_a_few_points_more_is_nearly_explained() -> None:
    chomp, _ = teams("leftovers")
    rolls = rolls_of("leftovers", 0, "dragonclaw")
    for damage, nearly in ((rolls[-1] + 2, True), (round(rolls[-1] * 1.1), False)):
        mon = foe_after(CLAW.format(651 - damage))
        signs = Signs("garchomp", hits=mon.hits)
        found = likelihood(signs, chomp)
        assert (found > 5 * UNEXPLAINED) == nearly
        assert found < 0.2


def test_what_does_not_count_changes_no_likelihood() -> None:
    chomp, _ = teams("leftovers")
    mon = foe_after(CLAW.format(651 - rolls_of("leftovers", 0, "dragonclaw")[8]))
    (hit,) = mon.hits
    stats = stats_of_set(chomp)
    asked = HitLikelihood(hit)
    likely = asked.of(stats, "leftovers", "roughskin")
    other = (stats[0], stats[1], *(n + 40 for n in stats[2:]))
    assert asked.of(other, "heavydutyboots", "roughskin") == likely
    assert len(asked._answers) == 1
    assert asked.of(stats, "choiceband", "roughskin") != likely
    weaker = (stats[0], stats[1] - 60, *stats[2:])
    assert asked.of(weaker, "leftovers", "roughskin") != likely


@pytest.mark.parametrize(
    ("stat", "boosts", "explained"),
    [
        ("atk", (), (True, True)),
        ("spe", (), (False, False)),
        ("spe", (("spe", 1),), (True, True)),
        ("atk", (("atk", -1),), (False, False)),
        ("def", (("def", 6),), (True, True)),
    ],
)
def test_the_highest_stat_is_that_with_stages(
    stat: str, boosts: tuple[tuple[str, int], ...], explained: tuple[bool, bool]
) -> None:
    stats = (357, 359, 226, 176, 207, 333)
    assert explains_highest(Highest(stat, boosts), stats) == explained
    nearly = (357, 335, 226, 176, 207, 333)
    assert explains_highest(Highest("spe"), nearly) == (False, True)
    assert explains_highest(Highest("atk"), (357, 333, 226, 176, 207, 333)) == (True, True)


def test_which_stat_an_ability_raises_is_noted() -> None:
    line = "|-start|p2a: Garchomp|protosynthesisspe"
    mon = foe_after(f"|-boost|p2a: Garchomp|spe|1\n{line}\n|-end|p2a: Garchomp|Protosynthesis")
    assert mon.highest == (Highest("spe", (("spe", 1),)),)
    assert foe_after(f"{line}\n{line}").highest == (Highest("spe"),)
    assert not foe_after(f"|-fieldstart|move: Wonder Room\n{line}").highest
    chomp, _ = teams("leftovers")
    signs = Signs("garchomp", highest=(Highest("spe"),))
    assert not signs.silent
    quick = replace(chomp, nature="jolly", evs=(0, 0, 4, 252, 0, 252))
    assert likelihood(signs, quick) == 1
    assert likelihood(signs, replace(chomp, nature="adamant")) == pytest.approx(UNEXPLAINED)
