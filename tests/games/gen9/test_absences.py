"""What would have shown and has not, and who moved first: rules, reader, belief and worlds."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random

import pytest

from plywise.datasets.pokemon_sets import PokemonSet
from plywise.datasets.set_priors import SetPrior, load_prior
from plywise.datasets.spreads import stats_of
from plywise.engine.battle.oracle.state_facts import state_facts
from plywise.games.gen9.belief import SetBelief
from plywise.games.gen9.infostate import ANY_SPEED, InfoState, MonView, SideView, from_json
from plywise.games.gen9.likelihood import UNEXPLAINED, Signs, likelihood
from plywise.games.gen9.tracking.known import KnownMon
from plywise.games.gen9.tracking.tracker import Tracker
from plywise.games.gen9.worlds import sample_worlds

START = """|start
|switch|p1a: Blissey|Blissey, L85, F|400/400
|switch|p2a: {0}|{0}, L83, M|100/100
|turn|1"""


def foe_after(text: str, species: str = "Garchomp", own: KnownMon | None = None) -> KnownMon:
    """Return what player 1 knows of the opponent's active Pokémon after the lines."""
    tracker = Tracker(0)
    for line in START.format(species).splitlines():
        tracker.read(line)
    mine = tracker.battle.sides[0].mon
    assert mine is not None
    mine.item, mine.ability, mine.stats = "leftovers", "naturalcure", (50, 60, 150, 200, 160)
    for line in text.splitlines():
        tracker.read(line.strip())
    mon = tracker.battle.sides[1].mon
    assert mon is not None
    assert not tracker.battle.unreadable
    return mon


HIT = "|move|p1a: Blissey|Seismic Toss|p2a: Garchomp\n|-damage|p2a: Garchomp|{}/100\n"
END = "|\n|upkeep\n|turn|2"


def test_no_heal_at_the_end_of_the_turn_is_no_leftovers() -> None:
    assert "leftovers" in foe_after(HIT.format(70) + END).excluded_items
    assert "leftovers" not in foe_after(END).excluded_items  # nothing to heal
    healed = foe_after(
        HIT.format(70) + "|\n|-heal|p2a: Garchomp|76/100|[from] item: Leftovers\n|upkeep\n|turn|2"
    )
    assert (healed.item, "leftovers" in healed.excluded_items) == ("leftovers", False)


@pytest.mark.parametrize(
    "hides", ["|-fieldstart|move: Magic Room", "|-start|p2a: Garchomp|move: Heal Block"]
)
def test_what_hides_an_effect_leaves_the_question_open(hides: str) -> None:
    assert "leftovers" not in foe_after(f"{hides}\n{HIT.format(70)}{END}").excluded_items


def test_hazards_tell_boots() -> None:
    rocks = "|-sidestart|p2: x|move: Stealth Rock\n|switch|p2a: Skarmory|Skarmory, L83, M|100/100\n"
    hurt = "|-damage|p2a: Skarmory|75/100|[from] Stealth Rock\n"
    assert foe_after(rocks + END).deduced_item == "heavydutyboots"
    assert "heavydutyboots" in foe_after(rocks + hurt + END).excluded_items
    guarded = rocks.replace("Skarmory", "Clefable") + END
    assert foe_after(guarded).deduced_item == ""  # it may have Magic Guard
    spikes = rocks.replace("move: Stealth Rock", "Spikes")
    assert foe_after(spikes + END).deduced_item == ""  # it flies


def test_an_attack_without_recoil_is_no_life_orb() -> None:
    attack = "|move|p2a: {0}|Earthquake|p1a: Blissey\n|-damage|p1a: Blissey|300/400\n" + END
    assert "lifeorb" in foe_after(attack.format("Garchomp")).excluded_items
    assert "lifeorb" not in foe_after(attack.format("Tauros"), "Tauros").excluded_items
    switched = attack.replace("|\n", "|switch|p2a: Skarmory|Skarmory, L80, F|100/100\n|\n", 1)
    tracker = Tracker(0)
    for line in (START.format("Garchomp") + "\n" + switched.format("Garchomp")).splitlines():
        tracker.read(line)
    assert "lifeorb" in tracker.battle.sides[1].mons[0].excluded_items


def test_two_moves_in_one_stay_are_no_choice_item_and_a_status_move_no_vest() -> None:
    moves = "|move|p2a: Garchomp|{}|p1a: Blissey\n" + END + "\n|move|p2a: Garchomp|{}|p1a: Blissey"
    two = foe_after(moves.format("Outrage", "Swords Dance")).excluded_items
    assert {"choicescarf", "choiceband", "choicespecs", "assaultvest"} <= set(two)
    one = foe_after(moves.format("Outrage", "Outrage")).excluded_items
    assert not {"choicescarf", "assaultvest"} & set(one)


def test_an_announcement_that_did_not_come() -> None:
    entry = "|switch|p2a: Gyarados|Gyarados, L83, M|100/100\n"
    assert "intimidate" in foe_after(entry + END).excluded_abilities
    assert "airballoon" in foe_after(entry + END).excluded_items
    told = entry + "|-ability|p2a: Gyarados|Intimidate|boost\n|-unboost|p1a: Blissey|atk|1\n"
    assert foe_after(told + END).ability == "intimidate"
    gas = "|switch|p1a: Weezing|Weezing, L83, M|300/300\n|-ability|p1a: Weezing|Neutralizing Gas\n"
    assert "intimidate" not in foe_after(gas + entry + END).excluded_abilities
    tusk = foe_after("|switch|p2a: Great Tusk|Great Tusk, L77|100/100\n" + END)
    assert "boosterenergy" in tusk.excluded_items


def test_contact_without_harm_is_no_helmet_and_no_rough_skin() -> None:
    known = foe_after(HIT.format(90) + END)
    assert "rockyhelmet" in known.excluded_items
    assert known.excluded_abilities == ("roughskin",)


def test_berries_that_would_have_been_eaten() -> None:
    assert "sitrusberry" in foe_after(HIT.format(50) + END).excluded_items
    assert "sitrusberry" not in foe_after(HIT.format(51) + END).excluded_items
    assert "figyberry" not in foe_after(HIT.format(26) + END).excluded_items
    poisoned = foe_after("|-status|p2a: Garchomp|tox\n" + END)
    assert {"lumberry", "pechaberry"} <= set(poisoned.excluded_items)
    assert "flameorb" not in poisoned.excluded_items


def test_a_screen_that_lasts_as_usual_is_no_light_clay() -> None:
    screen = "|move|p2a: Garchomp|Reflect|p2a: Garchomp\n|-sidestart|p2: x|Reflect\n"
    turns = "".join(f"|\n|upkeep\n|turn|{n}\n" for n in range(2, 6))
    usual = foe_after(screen + turns + "|\n|-sideend|p2: x|Reflect\n|upkeep\n|turn|6")
    assert "lightclay" in usual.excluded_items
    assert foe_after(screen + turns + "|\n|upkeep\n|turn|6").deduced_item == "lightclay"


FIRST = "|move|p2a: Garchomp|Outrage|p1a: Blissey\n|move|p1a: Blissey|Soft-Boiled|p1a: Blissey\n"


def test_who_moves_first_bounds_the_speed() -> None:
    least, most = foe_after(FIRST).speed
    assert 155 <= least <= 160
    assert most == ANY_SPEED[1]
    second = "\n".join(reversed(FIRST.splitlines()))
    assert foe_after(second).speed[1] in range(160, 165)
    rooms = foe_after("|-fieldstart|move: Trick Room\n" + FIRST).speed
    assert rooms[1] in range(160, 165)
    boosted = foe_after("|-boost|p2a: Garchomp|spe|2\n" + FIRST).speed
    assert boosted[0] in range(76, 81)


@pytest.mark.parametrize(
    "text",
    [
        FIRST.replace("Outrage", "Quick Attack"),
        "|-activate|p2a: Garchomp|item: Quick Claw\n" + FIRST,
        "|-ability|p2a: Garchomp|Swift Swim|Rough Skin|[from] move: Role Play|[of] p1a: Blissey\n"
        + FIRST,
        FIRST.replace("|move|p1a", "|switch|p1a: Skarmory|Skarmory, L80, F|300/300\n|move|p1a"),
        "|-start|p2a: Garchomp|Embargo\n" + FIRST,
    ],
    ids=["priority", "quick claw", "another ability", "a switch between", "the item does not work"],
)
def test_an_order_that_speed_did_not_make_bounds_nothing(text: str) -> None:
    assert foe_after(text).speed == ANY_SPEED


def view(s: PokemonSet, **known: object) -> MonView:
    return MonView(s.species, s.species, s.level, s.gender or "M", **known)  # type: ignore[arg-type]


def sets_of(species: str, prior: SetPrior) -> tuple[PokemonSet, ...]:
    return prior.sets_of(species)[0]


@pytest.mark.parametrize("format_id", ["gen9randombattle", "gen9ou"])
def test_no_world_has_what_has_not_shown(format_id: str) -> None:
    belief = SetBelief(load_prior(format_id))
    first = sets_of("greattusk", belief.prior)[0]
    shares = Counter(belief.draw(view(first), Random(k)).item for k in range(200))
    common = shares.most_common(1)[0][0]
    mon = view(first, excluded_items=(common,))
    drawn = Counter(belief.draw(mon, Random(k)).item for k in range(200))
    assert drawn[common] == 0
    # The others are drawn as often, relative to each other.
    other = shares.most_common(2)[1][0]
    assert drawn[other] >= shares[other]


def test_a_world_agrees_with_the_absences_and_text_keeps_them() -> None:
    belief = SetBelief()
    first = sets_of("greattusk", belief.prior)[0]
    items = {s.item for s in sets_of("greattusk", belief.prior)}
    mon = view(first, excluded_items=tuple(sorted(items - {"leftovers"})), speed=(10, 900))
    own = replace(
        view(first), item="leftovers", ability="protosynthesis", base_ability="protosynthesis"
    )
    info = InfoState(
        0, 3, SideView((own,), 0, size=1), SideView((mon,), 0, size=1), "move", (0,), ends=2
    )
    assert from_json(info.to_json()) == info
    worlds = sample_worlds(info, 5, 1, belief)
    assert {state_facts(worlds, k)["p2:0", "item"] for k in range(5)} == {"leftovers"}


def test_all_excluded_widens_the_prior_and_is_counted() -> None:
    belief = SetBelief()
    sets = sets_of("garchomp", belief.prior)
    mon = view(sets[0], excluded_items=tuple(sorted({s.item for s in sets})))
    found = belief.candidates(mon)
    assert found.sets
    assert found.relaxed == ("absences",)
    assert belief.relaxations["absences"] == 1


def test_a_speed_that_a_set_does_not_explain_costs_it_weight() -> None:
    belief = SetBelief(load_prior("gen9ou"))
    sets = sets_of("garchomp", belief.prior)
    speeds = [stats_of(s.species, s.level, s.nature, s.evs, s.ivs)[5] for s in sets]
    mon = view(sets[0], speed=(max(speeds), ANY_SPEED[1]))
    found, before = belief.candidates(mon), belief.candidates(view(sets[0]))
    fast = sum(w for s, w in zip(found.sets, found.weights, strict=True) if explained(mon, s))
    assert fast / sum(found.weights) > 0.5
    assert sum(found.weights) < sum(before.weights)
    impossible = view(sets[0], speed=(5_000, ANY_SPEED[1]))
    assert belief.candidates(impossible).relaxed == ("signs",)
    assert len(belief.candidates(impossible).sets) == len(before.sets)


def explained(mon: MonView, s: PokemonSet) -> bool:
    return likelihood(Signs.of(mon), s) > UNEXPLAINED


def test_a_scarf_is_a_property_of_the_set() -> None:
    s = replace(sets_of("garchomp", load_prior("gen9ou"))[0], item="")
    speed = stats_of(s.species, s.level, s.nature, s.evs, s.ivs)[5]
    signs = Signs(s.species, (speed + 10, ANY_SPEED[1]))
    assert likelihood(signs, s) == UNEXPLAINED
    assert likelihood(signs, replace(s, item="choicescarf")) == 1
    assert likelihood(replace(signs, item=""), replace(s, item="choicescarf")) == UNEXPLAINED
    assert likelihood(signs, replace(s, item="laggingtail")) == 1
