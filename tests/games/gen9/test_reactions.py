"""What would have reacted to a move and has not, and what came by chance; who acted first."""

from __future__ import annotations

from dataclasses import replace

import pytest

from plywise.datasets.set_priors import load_prior
from plywise.datasets.spreads import stats_of_set
from plywise.games.gen9.evidence.speed_order import Order, Surroundings, explains_order
from plywise.games.gen9.infostate import ANY_SPEED
from plywise.games.gen9.likelihood import UNEXPLAINED, Signs, likelihood
from plywise.games.gen9.tracking.known import KnownMon
from plywise.games.gen9.tracking.tracker import Tracker

START = """|start
|teamsize|p1|6
|teamsize|p2|6
|switch|p1a: Ambipom|Ambipom, L85, F|300/300
|switch|p2a: {0}|{0}, L83, M|100/100
|turn|1"""
END = "|\n|upkeep\n|turn|2"


def foe_after(text: str, species: str, ability: str = "pickup") -> KnownMon:
    """Return what player 1 knows of the opponent's active Pokémon after the lines."""
    tracker = Tracker(0)
    for line in START.format(species).splitlines():
        tracker.read(line)
    mine = tracker.battle.sides[0].mon
    assert mine is not None
    mine.item, mine.stats = "leftovers", (200, 100, 100, 100, 160)
    mine.ability = mine.base_ability = ability
    for line in text.splitlines():
        tracker.read(line.strip())
    assert not tracker.battle.unreadable
    mon = tracker.battle.sides[1].mon
    assert mon is not None
    return mon


def hit(move: str, left: str, more: str = "", species: str = "Skarmory") -> str:
    return f"|move|p1a: Ambipom|{move}|p2a: {species}\n{more}|-damage|p2a: {species}|{left}\n" + END


def struck(move: str, species: str, more: str = "") -> str:
    line = f"|move|p2a: {species}|{move}|p1a: Ambipom\n|-damage|p1a: Ambipom|200/300\n"
    return line + more + END


@pytest.mark.parametrize(
    ("text", "species", "items"),
    [
        (hit("Tackle", "80/100"), "Skarmory", {"ejectbutton", "redcard", "chilanberry"}),
        (
            hit("Thunderbolt", "40/100", "|-supereffective|p2a: Skarmory\n"),
            "Skarmory",
            {"wacanberry", "cellbattery"},
        ),
        (hit("Close Combat", "0 fnt"), "Skarmory", {"focussash"}),
        (struck("Boomburst", "Toxtricity"), "Toxtricity", {"throatspray"}),
        (
            struck("Bullet Seed", "Breloom", "|-hitcount|p1a: Ambipom|3\n"),
            "Breloom",
            {"loadeddice"},
        ),
        ("|-fieldstart|move: Electric Terrain\n" + END, "Skarmory", {"electricseed"}),
        (
            "|move|p2a: Glimmora|Meteor Beam|[still]\n|-prepare|p2a: Glimmora|Meteor Beam\n" + END,
            "Glimmora",
            {"powerherb"},
        ),
        (
            "|move|p1a: Ambipom|Taunt|p2a: Skarmory\n|-start|p2a: Skarmory|move: Taunt\n" + END,
            "Skarmory",
            {"mentalherb"},
        ),
        (END, "Skarmory", {"stickybarb"}),
    ],
    ids="hit,weak,fatal,sound,dice,seed,charge,taunt,barb".split(","),
)
def test_an_item_that_did_not_react(text: str, species: str, items: set[str]) -> None:
    assert items <= set(foe_after(text, species).excluded_items)


@pytest.mark.parametrize(
    ("text", "species", "ability"),
    [
        (hit("Tackle", "80/100"), "Skarmory", "weakarmor"),
        (hit("Tackle", "80/100", species="Goodra"), "Goodra", "gooey"),
        (hit("Tackle", "0 fnt"), "Skarmory", "sturdy"),
        (struck("Pyro Ball", "Cinderace"), "Cinderace", None),  # of its own type
        (struck("Gunk Shot", "Cinderace"), "Cinderace", "libero"),
        ("|-damage|p2a: Clefable|94/100 psn|[from] psn\n" + END, "Clefable", "magicguard"),
        (
            "|move|p1a: Ambipom|Growl|p2a: Dragapult\n|-unboost|p2a: Dragapult|atk|1\n" + END,
            "Dragapult",
            "clearbody",
        ),
        (
            "|move|p1a: Ambipom|Stealth Rock|p2a: Hatterene\n"
            "|-sidestart|p2: x|move: Stealth Rock\n" + END,
            "Hatterene",
            "magicbounce",
        ),
        ("|switch|p2a: Blaziken|Blaziken, L80, M|100/100\n" + END, "Skarmory", None),
        (END, "Blaziken", "speedboost"),
    ],
)
def test_an_ability_that_did_not_react(text: str, species: str, ability: str | None) -> None:
    excluded = foe_after(text, species).excluded_abilities
    assert ability in excluded if ability else not {"libero", "speedboost"} & set(excluded)


def test_a_mold_breaker_passes_sturdy() -> None:
    assert (
        "sturdy"
        not in foe_after(
            hit("Tackle", "0 fnt"), "Skarmory", ability="moldbreaker"
        ).excluded_abilities
    )


def test_what_comes_by_chance_leaves_odds() -> None:
    touched = foe_after(hit("Tackle", "80/100", species="Heatran"), "Heatran")
    assert touched.odds["flamebody"] == pytest.approx(0.7)
    dice = foe_after(struck("Bullet Seed", "Breloom", "|-hitcount|p1a: Ambipom|4\n"), "Breloom")
    assert dice.odds["loadeddice"] == pytest.approx(0.5 / 0.15)
    s = load_prior("gen9ou").sets_of("heatran")[0][0]
    signs = Signs("heatran", odds=tuple(touched.odds.items()))
    assert not signs.silent
    assert likelihood(signs, replace(s, ability="flamebody")) == pytest.approx(0.7)
    assert likelihood(signs, replace(s, ability="flashfire")) == 1


AMBIPOM, SKARMORY = (
    "|switch|p1a: Blissey|Blissey, L80, F|400/400\n",
    "|switch|p2a: Corviknight|Corviknight, L80, F|100/100\n",
)


def speed_of_first(text: str) -> tuple[int, int]:
    tracker = Tracker(0)
    for line in START.format("Skarmory").splitlines():
        tracker.read(line)
    mine = tracker.battle.sides[0].mon
    assert mine is not None
    mine.item, mine.ability, mine.stats = "leftovers", "pickup", (200, 100, 100, 100, 160)
    for line in text.splitlines():
        tracker.read(line)
    return tracker.battle.sides[1].mons[0].speed


def test_who_switches_first_is_faster() -> None:
    assert speed_of_first(SKARMORY + AMBIPOM)[0] in range(155, 161)
    assert speed_of_first(AMBIPOM + SKARMORY)[1] in range(160, 166)
    move = "|move|p2a: Skarmory|Roost|p2a: Skarmory\n"
    assert speed_of_first(AMBIPOM + move) == ANY_SPEED
    dragged = SKARMORY.replace("switch", "drag")
    assert speed_of_first(AMBIPOM + dragged) == ANY_SPEED


def test_effects_of_the_end_of_the_turn_come_in_the_order_of_speed() -> None:
    lines = [
        "|-damage|p1a: Ambipom|280/300|[from] sandstorm",
        "|-heal|p1a: Ambipom|300/300|[from] item: Leftovers",
        "|-heal|p2a: Skarmory|100/100|[from] item: Leftovers",
    ]
    move = "|move|p1a: Ambipom|Tackle|p2a: Skarmory\n|-damage|p2a: Skarmory|90/100\n|\n"
    assert speed_of_first(move + "\n".join([lines[1], lines[2]]))[1] in range(160, 166)
    assert speed_of_first(move + "\n".join([lines[2], lines[1]]))[0] in range(155, 161)
    assert speed_of_first(move + "\n".join([lines[0], lines[2]])) == ANY_SPEED  # of two kinds


def test_an_order_is_explained_by_ability_or_priority() -> None:
    sand = Surroundings(weather="sandstorm")
    faster = Order(True, 300.0, 1.0, sand, None, move="earthquake")
    assert explains_order(faster, 200, "", "sandrush")
    assert not explains_order(faster, 200, "", "moldbreaker")
    assert explains_order(faster, 210, "choicescarf", "moldbreaker")
    slower = replace(faster, first=False)
    assert not explains_order(slower, 200, "", "sandrush")
    status = Order(True, 300.0, 1.0, Surroundings(), None, move="taunt")
    assert explains_order(status, 100, "", "prankster")
    assert not explains_order(status, 100, "", "frisk")
    assert not explains_order(replace(status, first=False), 100, "", "prankster")
    assert explains_order(replace(faster, item=""), 301, "ironball", "frisk")  # it has lost it


def test_a_set_that_contradicts_an_order_loses_weight() -> None:
    s = load_prior("gen9ou").sets_of("garchomp")[0][0]
    speed = stats_of_set(s)[5]
    order = Order(True, speed + 20.0, 1.0, Surroundings(), None, move="earthquake")
    signs = Signs("garchomp", orders=(order,))
    assert likelihood(signs, replace(s, item="")) == UNEXPLAINED
    assert likelihood(signs, replace(s, item="choicescarf")) == 1


@pytest.mark.parametrize(("move", "excluded"), [("Double-Edge", True), ("Struggle", False)])
def test_recoil_excludes_rock_head_unless_it_is_that_of_struggle(move: str, excluded: bool) -> None:
    """``onDamage`` of Rock Head in data/abilities.ts."""
    recoil = "|-damage|p2a: Graveler|80/100|[from] Recoil\n"
    known = foe_after(struck(move, "Graveler", recoil), "Graveler").excluded_abilities
    assert ("rockhead" in known) == excluded
