"""Whether the opponent's active Pokémon is an Illusion, and the worlds in which it is."""

from random import Random

import numpy as np
import pytest

from plywise.datasets.pokemon_sets import PokemonSet
from plywise.engine.battle.names import SPECIES_ID
from plywise.engine.battle.rules import RULES
from plywise.engine.kernels import NO_ACTION
from plywise.games.gen9.belief import SetBelief
from plywise.games.gen9.game import battle_between
from plywise.games.gen9.illusions import LEAST, illusion_shares, imagined_illusions
from plywise.games.gen9.infostate import ANY_SPEED, SideView
from plywise.games.gen9.state import Gen9State
from plywise.games.gen9.tracking.disguises import exchanged, places_behind
from plywise.games.gen9.tracking.information import information_state
from plywise.games.gen9.tracking.known import KnownMon
from plywise.games.gen9.tracking.tracker import Tracker

BELIEF = SetBelief()
START = """|teamsize|p1|6
|teamsize|p2|6
|start
|switch|p1a: Blissey|Blissey, L85, F|400/400
|switch|p2a: Azumarill|Azumarill, L83, M|100/100
|turn|1"""
DARK_PULSE = "|move|p2a: Azumarill|Dark Pulse|p1a: Blissey"
FOUND_OUT = """|move|p1a: Blissey|Seismic Toss|p2a: Azumarill
|-damage|p2a: Azumarill|70/100
|replace|p2a: Zoroark|Zoroark, L83, M
|-end|p2a: Zoroark|Illusion
|
|upkeep
|turn|2
|switch|p2a: Gyarados|Gyarados, L80, M|100/100
|
|upkeep
|turn|3"""


def foe_after(text: str) -> SideView:
    """Return the opponent as player 1, with a Blissey of Natural Cure, knows it after the lines."""
    tracker = Tracker(0)
    for line in START.splitlines():
        tracker.read(line)
    own = tracker.battle.sides[0].mon
    assert own is not None
    own.ability = "naturalcure"
    for line in text.splitlines():
        tracker.read(line)
    assert not tracker.battle.unknown
    assert not tracker.battle.unreadable
    return information_state(tracker.battle, 0, (), "wait").foe


def share(text: str) -> float:
    return sum(one.share for one in illusion_shares(foe_after(text), BELIEF))


def test_without_evidence_it_is_as_rare_as_the_prior_says() -> None:
    assert 0 < share("") < LEAST


def test_moves_of_nobody_but_a_zoroark_tell() -> None:
    assert share(DARK_PULSE) > 0.9
    found = illusion_shares(foe_after(DARK_PULSE), BELIEF)
    assert {one.real.species for one in found} == {"zoroark", "zoroarkhisui"}
    assert share("|move|p2a: Azumarill|Aqua Jet|p1a: Blissey") < 1e-4


def test_types_of_nobody_but_a_zoroark_tell() -> None:
    immune = "|move|p1a: Blissey|Psyshock|p2a: Azumarill\n|-immune|p2a: Azumarill"
    assert share(immune) > 20 * share("")
    mistaken = "|move|p1a: Blissey|Flamethrower|p2a: Azumarill\n|-immune|p2a: Azumarill"
    assert share(mistaken) == pytest.approx(share(""), rel=0.1)


@pytest.mark.parametrize(
    "line",
    [
        "|move|p1a: Blissey|Seismic Toss|p2a: Azumarill\n|-damage|p2a: Azumarill|70/100",
        "|-ability|p2a: Azumarill|Huge Power",
        "|-heal|p2a: Azumarill|100/100|[from] ability: Water Absorb|[of] p1a: Blissey",
        "|-immune|p2a: Azumarill|[from] ability: Sap Sipper",
        "|-damage|p1a: Blissey|350/400|[from] ability: Rough Skin|[of] p2a: Azumarill",
        "|-item|p1a: Blissey|Leftovers|[from] ability: Frisk|[of] p2a: Azumarill",
        "|-end|p2a: Azumarill|move: Future Sight\n|-damage|p2a: Azumarill|50/100",
        "|-formechange|p2a: Azumarill|Azumarill",
    ],
)
def test_what_no_illusion_survives_settles_it(line: str) -> None:
    assert foe_after(line).entrance is None
    assert share(f"{line}\n{DARK_PULSE}") == 0.0


@pytest.mark.parametrize(
    "line",
    [
        "|-damage|p2a: Azumarill|88/100|[from] Stealth Rock",
        "|move|p2a: Azumarill|Substitute|p2a: Azumarill\n|-start|p2a: Azumarill|Substitute\n"
        "|-damage|p2a: Azumarill|75/100",
        "|-damage|p2a: Azumarill|88/100|[from] ability: Rough Skin|[of] p1a: Blissey",
    ],
)
def test_what_else_hurts_does_not(line: str) -> None:
    assert foe_after(line).entrance is not None


def test_a_known_zoroark_comes_back_with_its_own_hp() -> None:
    hurt = f"{FOUND_OUT}\n|switch|p2a: Azumarill|Azumarill, L83, M|70/100"
    assert share(hurt) > 0.99
    assert share(f"{FOUND_OUT}\n|switch|p2a: Azumarill|Azumarill, L83, M|100/100") < 0.01
    (one,) = (one for one in illusion_shares(foe_after(hurt), BELIEF) if one.share > 0.1)
    assert one.number == 1  # the Zoroark


def test_who_stands_last_is_known_once_an_illusion_has_ended() -> None:
    came = foe_after(f"{FOUND_OUT}\n|switch|p2a: Azumarill|Azumarill, L83, M|100/100").entrance
    assert came is not None
    assert came.places == ("gyarados", "", "", "", "", "azumarill")
    assert places_behind((), "zoroark", "azumarill", 3) == ("zoroark", "", "azumarill")
    assert exchanged(("zoroark", "", "azumarill"), "gyarados") == ("gyarados", "", "azumarill")
    assert exchanged(("gyarados", "", "azumarill"), "azumarill") == ("azumarill", "", "gyarados")


def test_an_earlier_stay_that_was_not_found_out_explains_the_hp() -> None:
    left = f"""{DARK_PULSE}
|-damage|p2a: Azumarill|91/100|[from] item: Life Orb
|
|upkeep
|turn|2
|switch|p2a: Gyarados|Gyarados, L80, M|100/100
|
|upkeep
|turn|3
|switch|p2a: Azumarill|Azumarill, L83, M|"""
    again = illusion_shares(foe_after(f"{left}91/100"), BELIEF)
    assert sum(one.share for one in again) > 0.9
    best = max(again, key=lambda one: one.share)
    assert best.since.before.hp == 100
    assert not best.since.before.moves
    assert share(f"{left}100/100") < 0.1  # that one has never been out


@pytest.mark.parametrize("ability", ["illusion", "pickup"])
def test_who_is_faster_is_not_read_off_the_players_own_illusion(ability: str) -> None:
    tracker = Tracker(0)
    for line in START.splitlines():
        tracker.read(line)
    stats = (100, 100, 100, 100, 200)
    for name in ("Mew", "Zoroark"):
        known = KnownMon(name, name.lower(), 80, stats=stats, item="", first_item="")
        known.ability = known.base_ability = ability if name == "Zoroark" else "synchronize"
        tracker.battle.sides[0].mons.append(known)
    for line in """|-weather|Sandstorm
|switch|p1a: Mew|Mew, L80|300/300
|
|-weather|Sandstorm|[upkeep]
|-damage|p1a: Mew|282/300|[from] Sandstorm
|-damage|p2a: Azumarill|94/100|[from] Sandstorm
|upkeep""".splitlines():
        tracker.read(line)
    foe = tracker.battle.sides[1].mon
    assert foe is not None
    assert (foe.speed == ANY_SPEED) == (ability == "illusion")


def member(species: str, ability: str, *moves: str) -> PokemonSet:
    return PokemonSet(species, 80, ability, "leftovers", "Fire", moves, (85,) * 6, (31,) * 6, "M")


def disguised() -> Gen9State:
    """Return a battle in which a Zoroark that looks like an Azumarill has used Dark Pulse."""
    teams = (
        (
            member("zoroark", "illusion", "darkpulse", "nastyplot"),
            member("azumarill", "hugepower", "aquajet"),
        ),
        (member("snorlax", "thickfat", "rest", "bodyslam"), member("mew", "synchronize", "rest")),
    )
    state = battle_between(teams, seed=1)
    state.apply_actions((0, 0))
    return state


def test_worlds_put_a_zoroark_behind_it() -> None:
    state = disguised()
    info = state.information_state(1)
    assert [m.species for m in info.foe.mons] == ["azumarill"]
    worlds = state.worlds(1, 32, seed=3)
    sides = worlds["sides"][:, 0]
    imagined = [k for k in range(32) if sides["illusion"][k]]
    assert len(imagined) >= 28
    free = np.zeros(RULES.num_actions, np.int32)
    for k in range(32):
        found = RULES.legal(worlds, k, 1, free)
        assert sorted(free[:found].tolist()) == list(info.legal)
    for k in imagined:
        side = sides[k]
        real, shown = side["mons"][int(side["active"])], side["mons"][int(side["illusion"]) - 1]
        assert int(real["species"]) in (SPECIES_ID["zoroark"], SPECIES_ID["zoroarkhisui"])
        assert int(shown["species"]) == SPECIES_ID["azumarill"]
        assert int(shown["hp"]) == int(shown["max_hp"])
        assert int(side["order"][int(side["team_size"]) - 1]) == int(side["illusion"]) - 1


def test_a_battle_goes_on_from_such_a_world() -> None:
    state, rng = disguised(), Random(4)
    info = state.information_state(1)
    assert info.without_evidence().foe.entrance is None
    (best, *_) = imagined_illusions(info, BELIEF)
    assert best.info.foe.entrance is None
    for _ in range(4):
        drawn = state.resample_from_infostate(1, rng)
        assert drawn.information_state(1) == info
        for _ in range(6):
            if drawn.is_terminal():
                break
            legal = (drawn.legal_actions(player) for player in range(2))
            drawn.apply_actions([rng.choice(some) if some else NO_ACTION for some in legal])
