"""The reader of the battle protocol: what lines tell (public reports, the simulator's lines)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from plywise.games.gen9.tracking.information import information_state
from plywise.games.gen9.tracking.known import KnownBattle, KnownMon
from plywise.games.gen9.tracking.tracker import Tracker
from plywise.games.gen9.tracking.wire import channel, parse_line, shown_hp

START = """|teamsize|p1|6
|teamsize|p2|6
|start
|switch|p1a: Blissey|Blissey, L85, F|400/400
|switch|p2a: Garchomp|Garchomp, L83, M|100/100
|turn|1"""


def read(text: str, start: str = START) -> KnownBattle:
    """Return what player 1 knows after the lines; an indented line is as good as any."""
    tracker = Tracker(0)
    for line in f"{start}\n{text}".splitlines():
        tracker.read(line.strip())
    assert not tracker.battle.unknown
    return tracker.battle


@pytest.mark.parametrize(
    ("hp", "most", "shown"), [(0, 300, 0), (1, 300, 1), (299, 300, 99), (300, 300, 100)]
)
def test_hp_as_showdown_shows_it(hp: int, most: int, shown: int) -> None:
    assert shown_hp(hp, most) == shown


def foe(battle: KnownBattle, name: str) -> KnownMon:
    return next(mon for mon in battle.sides[1].mons if mon.name == name)


END = "|\n|upkeep\n|turn|{}"


def test_what_an_illusion_showed_belongs_to_the_pokemon_behind_it() -> None:
    battle = read(
        """|move|p2a: Garchomp|Nasty Plot|p2a: Garchomp
        |-boost|p2a: Garchomp|spa|2
        |-status|p2a: Garchomp|par
        |
        |upkeep
        |turn|2
        |-damage|p2a: Garchomp|60/100 par
        |replace|p2a: Zoroark|Zoroark, L83, M
        |-end|p2a: Zoroark|Illusion
        |turn|3"""
    )
    assert len(battle.sides[1].mons) == 2
    shown, real = foe(battle, "Garchomp"), foe(battle, "Zoroark")
    assert (shown.hp, shown.status, shown.uses) == (100, "", {})
    assert (real.hp, real.status, real.uses, real.ability) == (
        60,
        "par",
        {"nastyplot": 1},
        "illusion",
    )
    assert battle.sides[1].mon is real
    assert battle.sides[1].boosts == {"spa": 2}
    assert battle.sides[1].last_move == "nastyplot"


def test_a_pokemon_that_comes_back_after_it_fainted_was_an_illusion() -> None:
    battle = read(
        """|move|p1a: Blissey|Seismic Toss|p2a: Garchomp
        |-damage|p2a: Garchomp|0 fnt
        |faint|p2a: Garchomp
        |
        |upkeep
        |switch|p2a: Garchomp|Garchomp, L83, M|100/100"""
    )
    assert foe(battle, "Garchomp").hp == 100
    assert (battle.sides[1].fallen, battle.sides[1].down) == (1, 1)
    foes = information_state(battle, 0, (), "wait").foe
    assert (foes.fainted_unseen, foes.left) == (1, 5)


@pytest.mark.parametrize(("ends", "left"), [(0, 2), (1, 1), (2, None)])
def test_a_wish_is_known_until_it_comes_true(ends: int, left: int | None) -> None:
    battle = read(
        "|move|p2a: Garchomp|Wish|p2a: Garchomp\n"
        + "\n".join(END.format(turn) for turn in range(2, 2 + ends))
    )
    wish = battle.sides[1].conditions.get("wish")
    assert (None if wish is None else wish.left(battle.ends)) == left


def test_a_wish_that_failed_is_none() -> None:
    battle = read("|move|p2a: Garchomp|Wish||[still]\n|-fail|p2a: Garchomp")
    assert not battle.sides[1].conditions


@pytest.mark.parametrize(
    "rest",
    [
        "|-enditem|p2a: Garchomp|Power Herb\n|-anim|p2a: Garchomp|Meteor Beam|p1a: Blissey",
        "|-anim|p2a: Garchomp|Solar Beam|p1a: Blissey",
    ],
)
def test_a_charge_that_needs_no_turn_binds_nobody(rest: str) -> None:
    charging = "|move|p2a: Garchomp|Meteor Beam||[still]\n|-prepare|p2a: Garchomp|Meteor Beam\n"
    assert read(charging).sides[1].effects["twoturnmove"].move == "meteorbeam"
    assert not read(charging + rest).sides[1].effects


def test_transform_copies_what_stood_there_then() -> None:
    battle = read(
        """|switch|p2a: Ditto|Ditto, L88|100/100
        |-transform|p2a: Ditto|p1a: Blissey|[from] ability: Imposter
        |move|p2a: Ditto|Soft-Boiled|p2a: Ditto
        |switch|p1a: Azelf|Azelf, L82|257/257"""
    )
    side = battle.sides[1]
    assert side.copied == "Blissey"
    assert side.copy is not None
    assert side.copy.species == "blissey"
    assert foe(battle, "Ditto").forme == "blissey"
    assert foe(battle, "Ditto").uses == {}  # a copied move is none of its set
    battle = read(
        "|switch|p2a: Garchomp|Garchomp, L83, M|100/100", START.replace("Garchomp", "Ditto")
    )
    assert battle.sides[1].copied is None


def test_bad_poison_counts_ends_of_turn_since_it_began_or_came_in() -> None:
    orb = "|\n|-status|p2a: Garchomp|tox|[from] item: Toxic Orb\n|upkeep\n|turn|2"
    for more, stage in ((0, 0), (1, 1), (2, 2)):
        battle = read("\n".join([orb, *(END.format(3 + k) for k in range(more))]))
        assert battle.ends - foe(battle, "Garchomp").poisoned == stage
    battle = read(f"{orb}\n{END.format(3)}\n|switch|p2a: Garchomp|Garchomp, L83, M|90/100 tox")
    assert battle.ends - foe(battle, "Garchomp").poisoned == 0


def test_terrain_of_a_lead_lasts_five_ends_of_turn() -> None:
    surge = "[from] ability: Electric Surge|[of] p2a: Garchomp"
    lead = START.replace("|turn|1", f"|-fieldstart|move: Electric Terrain|{surge}\n|turn|1")
    battle = read("", lead)
    assert battle.conditions["electricterrain"].left(battle.ends) == 5
    assert foe(battle, "Garchomp").base_ability == "electricsurge"
    battle = read("\n".join(END.format(turn) for turn in range(2, 6)), lead)
    assert battle.conditions["electricterrain"].left(battle.ends) == 1


def test_each_hit_of_a_move_counts_for_rage_fist_and_stays_through_switches() -> None:
    hits = "|-damage|p2a: Garchomp|90/100\n" * 3
    away = "|switch|p2a: Azelf|Azelf, L82|100/100\n|switch|p2a: Garchomp|Garchomp, L83, M|70/100"
    battle = read(f"|move|p1a: Blissey|Tail Slap|p2a: Garchomp\n{hits}{away}")
    assert foe(battle, "Garchomp").attacked == 3


def test_psychic_noise_blocks_healing_for_two_ends_of_turn() -> None:
    battle = read(
        "|move|p1a: Blissey|Psychic Noise|p2a: Garchomp\n|-start|p2a: Garchomp|move: Heal Block\n"
        + END.format(2)
    )
    assert battle.sides[1].effects["healblock"].left(battle.ends) == 1


def test_a_pokemon_sent_out_has_tried_no_move() -> None:
    battle = read("|switch|p2a: Azelf|Azelf, L82|100/100\n" + END.format(2))
    assert (battle.sides[1].turns, battle.sides[1].actions) == (1, 0)


def test_sleep_by_rest_is_known_and_a_turn_lost_to_it_counts_once() -> None:
    battle = read(
        """|move|p2a: Garchomp|Rest|p2a: Garchomp
        |-status|p2a: Garchomp|slp|[from] move: Rest
        |
        |upkeep
        |turn|2
        |cant|p2a: Garchomp|slp
        |move|p2a: Garchomp|Sleep Talk|p2a: Garchomp"""
    )
    mon = foe(battle, "Garchomp")
    assert (mon.rested, mon.slept, battle.sides[1].actions) == (True, 1, 2)


def test_one_with_truant_loafs_after_it_has_acted() -> None:
    acted = "|move|p2a: Garchomp|Body Slam|p1a: Blissey\n" + END.format(2)
    assert read(acted).sides[1].loafing
    assert not read(f"{acted}\n|cant|p2a: Garchomp|ability: Truant").sides[1].loafing


@pytest.mark.parametrize(
    ("first", "length"),
    [("", 3), ("|move|p2a: Garchomp|Earthquake|p1a: Blissey\n", 4)],
)
def test_encore_lasts_a_turn_longer_for_one_that_has_moved(first: str, length: int) -> None:
    before = "|move|p2a: Garchomp|Earthquake|p1a: Blissey\n" + END.format(2) + "\n"
    battle = read(
        before + first + "|move|p1a: Blissey|Encore|p2a: Garchomp\n|-start|p2a: Garchomp|Encore"
    )
    encore = battle.sides[1].effects["encore"]
    assert (encore.length, encore.move) == (length, "earthquake")


def test_an_item_or_ability_is_learnt_from_any_line_that_names_it() -> None:
    battle = read(
        """|-damage|p1a: Blissey|350/400|[from] ability: Rough Skin|[of] p2a: Garchomp
        |-damage|p1a: Blissey|300/400|[from] item: Rocky Helmet|[of] p2a: Garchomp"""
    )
    assert (foe(battle, "Garchomp").ability, foe(battle, "Garchomp").item) == (
        "roughskin",
        "rockyhelmet",
    )
    battle = read("|-enditem|p2a: Garchomp|Leftovers|[from] move: Knock Off|[of] p1a: Blissey")
    mon = foe(battle, "Garchomp")
    assert (mon.item, mon.first_item, mon.last_item) == ("", "leftovers", "")


def test_lines_that_are_not_known_are_counted_and_never_fatal() -> None:
    tracker = Tracker()
    for line in (*START.splitlines(), "|-newthing|p1a: Blissey", "no line", "|", "|-newthing|x"):
        tracker.read(line)
    assert tracker.battle.unknown == {"-newthing": 2}


def test_a_channel_shows_exact_hp_to_its_player_alone() -> None:
    log = ["|split|p1", "|-damage|p1a: X|3/300", "|-damage|p1a: X|1/100", "|turn|2"]

    def shown(player: int | None) -> Iterator[str]:
        return (parse_line(line).arg(1) for line in channel(log, player))

    assert list(shown(0)) == ["3/300", ""]
    assert list(shown(1)) == list(shown(None)) == ["1/100", ""]


@pytest.mark.parametrize(
    ("lines", "failed"),
    [
        (  # all that prevents the one effect of a status move
            "|move|p2a: Garchomp|Spore|p1a: Blissey\n"
            "|-activate|p1a: Blissey|move: Electric Terrain",
            True,
        ),
        (
            "|move|p2a: Garchomp|Taunt|p1a: Blissey\n"
            "|-block|p1a: Blissey|ability: Aroma Veil|[of] p1a: Blissey",
            True,
        ),
        (
            "|move|p2a: Garchomp|Spore|p1a: Blissey\n"
            "|-activate|p1a: Blissey|item: Safety Goggles|Spore",
            True,
        ),
        (  # Swagger has done something, Toxic Thread must poison
            "|move|p2a: Garchomp|Swagger|p1a: Blissey\n|-boost|p1a: Blissey|atk|2\n"
            "|-activate|p1a: Blissey|move: Safeguard",
            False,
        ),
        (
            "|move|p2a: Garchomp|Toxic Thread|p1a: Blissey\n|-unboost|p1a: Blissey|spe|1\n"
            "|-activate|p1a: Blissey|move: Safeguard",
            True,
        ),
        (  # a part of what an attack does
            "|move|p2a: Garchomp|Psychic Noise|p1a: Blissey\n|-damage|p1a: Blissey|300/400\n"
            "|-block|p1a: Blissey|ability: Aroma Veil|[of] p1a: Blissey",
            False,
        ),
        (
            "|move|p2a: Garchomp|Metal Sound|p1a: Blissey\n|-ability|p1a: Blissey|Mirror Armor\n"
            "|-unboost|p2a: Garchomp|spd|2",
            True,
        ),
        (  # its second effect works
            "|move|p2a: Garchomp|Swagger|p1a: Blissey\n|-boost|p1a: Blissey|atk|0\n"
            "|-start|p1a: Blissey|confusion",
            False,
        ),
        (
            "|move|p2a: Garchomp|Spore|p1a: Blissey\n|-message|Sleep Clause Mod activated.",
            True,
        ),
        (
            "|move|p2a: Garchomp|Dire Claw|p1a: Blissey\n|-damage|p1a: Blissey|300/400\n"
            "|-message|Sleep Clause Mod activated.",
            False,
        ),
        (  # aimed at all: it works if it reaches one
            "|move|p2a: Garchomp|Perish Song|p2a: Garchomp\n|-miss|p2a: Garchomp|p1a: Blissey\n"
            "|-start|p2a: Garchomp|perish3|[silent]",
            False,
        ),
        (  # nobody to heal
            "|move|p2a: Garchomp|Present|p1a: Blissey\n|-fail|p1a: Blissey|heal",
            True,
        ),
        (  # what Synchronize sends back is no part of the move
            "|move|p2a: Garchomp|Thunder Wave|p1a: Blissey\n|-status|p1a: Blissey|par\n"
            "|-activate|p1a: Blissey|ability: Synchronize\n|-fail|p1a: Blissey",
            False,
        ),
    ],
)
def test_a_status_move_fails_if_all_that_it_does_is_prevented(lines: str, failed: bool) -> None:
    assert read(lines).sides[1].failed_now == failed


def test_a_block_names_its_ability() -> None:
    battle = read(
        "|move|p1a: Blissey|Taunt|p2a: Garchomp\n"
        "|-block|p2a: Garchomp|ability: Aroma Veil|[of] p2a: Garchomp"
    )
    assert foe(battle, "Garchomp").ability == "aromaveil"


def test_a_hit_that_breaks_a_substitute_locks_its_user_in() -> None:
    battle = read(
        "|-start|p1a: Blissey|Substitute\n|move|p2a: Garchomp|Outrage|p1a: Blissey\n"
        "|-end|p1a: Blissey|Substitute"
    )
    assert battle.sides[1].effects["lockedmove"].move == "outrage"


def test_two_formes_of_a_species_are_two_pokemon_while_there_is_room() -> None:
    one = START.replace("Garchomp|Garchomp, L83, M", "Minior|Minior-Green")
    other = "|switch|p2a: Minior|Minior-Indigo|100/100"
    assert len(read(other, one).sides[1].mons) == 2
    assert len(read(other, one.replace("p2|6", "p2|1")).sides[1].mons) == 1


def test_slow_start_does_not_count_under_a_gas() -> None:
    lines = (
        "|switch|p2a: Regigigas|Regigigas, L87|100/100\n"
        "|-start|p2a: Regigigas|ability: Slow Start\n"
    )
    start = lines + END.format(2)
    assert read(start).sides[1].effects["slowstart"].count == 5  # it came in that turn
    assert read(f"{start}\n{END.format(3)}").sides[1].effects["slowstart"].count == 4
    gas = f"{start}\n|-ability|p1a: Blissey|Neutralizing Gas\n{END.format(3)}"
    assert read(gas).sides[1].effects["slowstart"].count == 5


def test_pressure_that_does_not_say_so_costs_nothing() -> None:
    pressure = "|-ability|p1a: Blissey|Pressure\n"
    move = "|move|p2a: Garchomp|Earthquake|p1a: Blissey"
    again = "|switch|p1a: Azelf|Azelf, L82|257/257\n|switch|p1a: Blissey|Blissey, L85, F|400/400\n"
    for lines, cost in ((pressure, 2), (pressure + again, 1), (pressure + again + pressure, 2)):
        assert foe(read(lines + move), "Garchomp").uses == {"earthquake": cost}


def test_protean_works_once_until_the_ability_changes() -> None:
    lines = "|-start|p2a: Garchomp|typechange|Water|[from] ability: Protean"
    assert "protean" in read(lines).sides[1].effects
    assert "protean" not in read("|-start|p2a: Garchomp|typechange|Water").sides[1].effects
    copied = f"{lines}\n|-transform|p2a: Garchomp|p1a: Blissey"
    assert "protean" not in read(copied).sides[1].effects


def test_a_flung_berry_was_held_by_who_threw_it() -> None:
    battle = read(
        """|move|p1a: Blissey|Fling|p2a: Garchomp
        |-damage|p2a: Garchomp|98/100
        |-boost|p2a: Garchomp|def|1|[from] item: Kee Berry
        |-enditem|p1a: Blissey|Kee Berry|[from] move: Fling"""
    )
    mon = foe(battle, "Garchomp")
    assert (mon.item, mon.first_item, "berry" in mon.done) == (None, None, True)
    battle = read(
        """|move|p1a: Blissey|Fling|p2a: Garchomp
        |-damage|p2a: Garchomp|98/100
        |-enditem|p2a: Garchomp|Kee Berry|[eat]
        |-boost|p2a: Garchomp|def|1|[from] item: Kee Berry"""
    )
    assert (foe(battle, "Garchomp").item, foe(battle, "Garchomp").first_item) == ("", "keeberry")


def test_one_that_strikes_after_its_charge_is_no_longer_out_of_reach() -> None:
    charge = "|move|p2a: Garchomp|Bounce|p1a: Blissey|[still]\n|-prepare|p2a: Garchomp|Bounce"
    strike = f"{charge}\n|turn|2\n|move|p2a: Garchomp|Bounce|p1a: Blissey|[from] lockedmove"
    assert [read(text).sides[1].effects["twoturnmove"].count for text in (charge, strike)] == [0, 1]


def test_a_copied_ability_is_not_that_of_the_set() -> None:
    battle = read(
        """|-transform|p2a: Garchomp|p1a: Blissey
        |-activate|p2a: Garchomp|ability: Mummy|p1a: Blissey|[ability] Heavy Metal"""
    )
    assert (foe(battle, "Garchomp").ability, foe(battle, "Garchomp").base_ability) == (
        "mummy",
        None,
    )


def test_a_move_without_a_target_makes_no_streak() -> None:
    assert read("|move|p2a: Garchomp|Coaching|null|[notarget]").sides[1].streak == ("", 0)
    assert read("|move|p2a: Garchomp|Bite|p1a: Blissey").sides[1].streak == ("bite", 0)


BEAM = "|move|p2a: Garchomp|Solar Beam|p1a: Blissey"
CHARGE = BEAM + "|[still]\n|-prepare|p2a: Garchomp|Solar Beam\n"
BITE = "|move|p2a: Garchomp|Bite|p1a: Blissey\n"
NEXT = "|\n|upkeep\n|turn|2\n"


@pytest.mark.parametrize(
    ("text", "streak"),
    [
        (BITE + NEXT + BITE, ("bite", 1)),
        (BITE + "|-miss|p2a: Garchomp|p1a: Blissey\n" + NEXT + BITE, ("bite", 0)),
        (BITE + CHARGE, ("bite", 0)),  # what is charged is not tried yet
        (CHARGE + NEXT + BEAM + "|[from]lockedmove", ("solarbeam", 1)),
        (CHARGE + "|-anim|p2a: Garchomp|Solar Beam|p1a: Blissey", ("solarbeam", 0)),
        ("|-fieldstart|move: Magic Room|[of] p1a: Blissey\n" + BITE, ("", -1)),
        (BITE + "|-item|p2a: Garchomp|Metronome|[from] move: Trick", ("", 0)),
        (BITE + "|switch|p2a: Garchomp|Garchomp, L83, M|100/100", ("", 0)),
    ],
)
def test_what_the_item_metronome_counts(text: str, streak: tuple[str, int]) -> None:
    """Condition ``metronome`` in data/items.ts: ``onTryMove``, after the move's own."""
    assert read(text).sides[1].streak == streak


@pytest.mark.parametrize(
    "lines",
    [
        "|-item|p1a: Blissey|Power Herb|[from] ability: Magician|[of] p2a: Garchomp",
        "|-item|p1a: Blissey|Power Herb|[from] ability: Pickpocket|[of] p2a: Garchomp",
        "|-item|p1a: Blissey|Power Herb|[from] move: Thief|[of] p2a: Garchomp",
        "|-item|p1a: Blissey|Power Herb|[from] move: Covet|[of] p2a: Garchomp",
    ],
)
def test_a_stolen_item_was_lost(lines: str) -> None:
    """``onTakeItem`` of Unburden in data/abilities.ts."""
    assert read(lines).sides[1].item_lost
    assert not read(lines).sides[0].item_lost


def test_own_tempo_stops_the_confusion_alone() -> None:
    immune = "|-immune|p2a: Garchomp|confusion|[from] ability: Own Tempo"
    flatter = "|move|p1a: Blissey|Flatter|p2a: Garchomp\n|-boost|p2a: Garchomp|spa|{}\n" + immune
    assert not read(flatter.format(1)).sides[0].failed_now
    assert read(flatter.format(0)).sides[0].failed_now
    assert read("|move|p1a: Blissey|Confuse Ray|p2a: Garchomp\n" + immune).sides[0].failed_now


def test_a_lock_begins_anew_when_its_move_is_chosen_again() -> None:
    use, hit = "|move|p2a: Garchomp|Outrage|p1a: Blissey", "|-damage|p1a: Blissey|300/400"
    first = f"{use}\n{hit}\n{END.format(2)}"
    again = f"{first}\n{use}|[from] lockedmove\n{hit}\n{END.format(3)}"
    assert read(again).sides[1].effects["lockedmove"].count == 2
    assert read(f"{again}\n{use}\n{hit}").sides[1].effects["lockedmove"].count == 1


def test_a_guard_of_a_side_lasts_for_the_turn_or_until_it_is_broken() -> None:
    guard = "|move|p2a: Garchomp|Wide Guard|p2a: Garchomp\n|-singleturn|p2a: Garchomp|Wide Guard\n"
    broken = "|move|p1a: Blissey|Feint|p2a: Garchomp\n|-activate|p2a: Garchomp|move: Feint"
    assert "wideguard" in read(guard).sides[1].conditions
    assert "stall" in read(guard).sides[1].effects
    for more in (broken, END.format(2)):
        assert "wideguard" not in read(guard + more).sides[1].conditions


def test_a_beak_is_hot_until_it_strikes() -> None:
    heating = "|-singleturn|p2a: Garchomp|move: Beak Blast\n"
    strike = "|move|p2a: Garchomp|Beak Blast|p1a: Blissey"
    assert "beakblast" in read(heating).sides[1].effects
    assert "beakblast" not in read(heating + strike).sides[1].effects


def test_a_sticky_barb_that_hurts_one_without_an_item_came_from_opposite() -> None:
    barb = "|[from] item: Sticky Barb"
    battle = read(
        f"""|-enditem|p1a: Blissey|Leftovers|[from] move: Knock Off|[of] p2a: Garchomp
        |-damage|p2a: Garchomp|88/100{barb}
        |-damage|p1a: Blissey|350/400{barb}"""
    )
    assert (foe(battle, "Garchomp").item, foe(battle, "Garchomp").first_item) == ("", "stickybarb")


def test_a_terastallized_pokemon_keeps_its_own_types() -> None:
    change = "|-start|p2a: Garchomp|typechange|Electric|[from] move: Double Shock"
    assert read(change).sides[1].types == ("Electric",)
    assert read(f"|-terastallize|p2a: Garchomp|Electric\n{change}").sides[1].types == ()


def test_lock_on_is_aimed_at_who_stood_there() -> None:
    battle = read(
        """|move|p1a: Blissey|Lock-On|p2a: Garchomp
        |-activate|p1a: Blissey|move: Lock-On|[of] p2a: Garchomp
        |switch|p2a: Azelf|Azelf, L82|100/100"""
    )
    assert battle.sides[0].effects["lockon"].source == 0


def test_a_flung_balloon_is_used_up_and_a_burst_one_is_not() -> None:
    burst = "|-enditem|p2a: Garchomp|Air Balloon"
    flung = f"|move|p2a: Garchomp|Fling|p1a: Blissey\n{burst}|[from] move: Fling"
    assert foe(read(flung), "Garchomp").last_item == "airballoon"
    assert foe(read(burst), "Garchomp").last_item == ""


def test_what_cud_chew_eats_again_was_no_longer_held() -> None:
    battle = read(
        """|-item|p2a: Garchomp|Leftovers|[from] move: Trick
        |-activate|p2a: Garchomp|ability: Cud Chew
        |-enditem|p2a: Garchomp|Sitrus Berry|[eat]"""
    )
    assert foe(battle, "Garchomp").item == "leftovers"
    assert "eaten" not in battle.sides[1].effects


def test_one_that_is_hit_loses_its_focus() -> None:
    lines = (
        "|-singleturn|p2a: Garchomp|move: Focus Punch\n|move|p1a: Blissey|U-turn|p2a: Garchomp\n"
    )
    assert read(lines).sides[1].effects["focuspunch"].count == 0
    hit = "|-damage|p2a: Garchomp|90/100"
    assert read(lines + hit).sides[1].effects["focuspunch"].count == 1


def test_a_future_move_that_misses_is_not_the_move_of_the_turn() -> None:
    lines = "|-end|p2a: Garchomp|move: Future Sight\n|-miss|p1a: Blissey|p2a: Garchomp"
    assert not read(f"|\n{lines}").sides[0].failed_now
    missed = "|move|p1a: Blissey|Toxic|p2a: Garchomp|[miss]\n|-miss|p1a: Blissey|p2a: Garchomp"
    assert read(missed).sides[0].failed_now


def test_pressure_makes_the_move_that_calls_another_dearer() -> None:
    battle = read(
        """|-ability|p1a: Blissey|Pressure
        |move|p2a: Garchomp|Sleep Talk|p2a: Garchomp
        |move|p2a: Garchomp|Earthquake|p1a: Blissey|[from] move: Sleep Talk"""
    )
    assert foe(battle, "Garchomp").uses == {"sleeptalk": 2}


def test_a_tier_that_cannot_be_played_or_a_team_too_large_is_not_believed() -> None:
    battle = read("|tier|[Gen 9] UU\n|tier|[Gen 9] Doubles OU\n|tier|[Gen 99] X\n|teamsize|p2|99")
    assert (battle.format, battle.sides[1].size) == ("gen9uu", 6)
    assert battle.unreadable == {"teamsize": 1}


@pytest.mark.parametrize("room", ["", "|-fieldstart|move: Magic Room|[of] p1a: Blissey\n"])
def test_an_item_begins_unless_magic_room_is_there(room: str) -> None:
    """``onStart`` of an item is no part of an entry there, and of an exchange it is."""
    enters = room + "|switch|p2a: Garchomp|Garchomp, L83, M|100/100"
    assert read(enters).sides[1].item_started == (not room)
    got = enters + "\n|-item|p2a: Garchomp|Booster Energy|[from] move: Trick"
    assert read(got).sides[1].item_started


def test_a_mimicked_move_is_counted_for_the_player_alone() -> None:
    for player, uses in (
        ("p1a: Blissey", {"mimic": 1, "rollout": 1}),
        ("p2a: Garchomp", {"mimic": 1}),
    ):
        foe = "p2a: Garchomp" if player.startswith("p1") else "p1a: Blissey"
        battle = read(
            f"""|move|{player}|Mimic|{foe}
            |-start|{player}|Mimic|Rollout
            |
            |upkeep
            |turn|2
            |move|{player}|Rollout|{foe}"""
        )
        mon = battle.sides[int(player[1]) - 1].mon
        assert mon is not None
        assert mon.uses == uses


def test_a_dance_that_was_not_danced_again_was_not_the_last_move() -> None:
    """``clearActiveMove(true)`` of the prevented one in sim/battle-actions.ts."""
    bite = "|move|p1a: Blissey|Bite|p2a: Garchomp\n"
    dance = "|move|p1a: Blissey|Teeter Dance|p2a: Garchomp\n"
    again = "|-activate|p2a: Garchomp|ability: Dancer\n"
    assert read(bite + dance).last_move == "teeterdance"
    assert read(bite + dance + again).last_move == "bite"
    danced = "|move|p2a: Garchomp|Teeter Dance|p1a: Blissey|[from] ability: Dancer"
    assert read(bite + dance + again + danced).last_move == "teeterdance"


def test_perish_song_counts_from_four() -> None:
    sung = "|move|p1a: Blissey|Perish Song|p1a: Blissey\n|-start|p2a: Garchomp|perish3|[silent]\n"
    assert read(sung).sides[1].effects["perishsong"].count == 4
    ended = sung + "|\n|-start|p2a: Garchomp|perish3\n|upkeep\n|turn|2"
    assert read(ended).sides[1].effects["perishsong"].count == 3


def test_what_is_picked_up_was_the_opponents() -> None:
    ate = "|-enditem|p1a: Blissey|Jaboca Berry|[eat]\n"
    picked = "|-item|p2a: Garchomp|Jaboca Berry|[from] ability: Pickup"
    assert read(ate).sides[0].mons[0].last_item == "jabocaberry"
    assert read(ate + picked).sides[0].mons[0].last_item == ""
