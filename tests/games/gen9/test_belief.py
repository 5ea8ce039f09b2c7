"""The belief in formats other than random battles, against teams of the package's generators."""

import subprocess
from collections import Counter
from dataclasses import replace
from random import Random

import numpy as np
import pytest

from plywise.datasets.pokemon_sets import PokemonSet, parse_packed_team
from plywise.datasets.set_priors import base_species, load_prior
from plywise.datasets.showdown_data import load
from plywise.datasets.spreads import stats_of_set
from plywise.engine.battle.rules import RULES
from plywise.games.gen9.belief import SetBelief, belief_for, unrevealed
from plywise.games.gen9.infostate import InfoState, MonView, MoveView, Previewed, SideView
from plywise.games.gen9.world_mons import mon_dump
from plywise.games.gen9.worlds import _own_set, sample_worlds
from plywise.games.showdown.install import ensure_showdown, node_executable

GENERATE = """
const {Teams, PRNG} = require(process.argv[1]), [format, count] = process.argv.slice(2);
for (let i = 0; i < +count; i++) {
  const seed = PRNG.convertSeed([i * 104729 & 0xffff, i, 21, 3]);
  console.log(Teams.pack(Teams.getGenerator(format, seed).getTeam()));
}
"""


def generated(format_id: str, count: int) -> list[tuple[PokemonSet, ...]]:
    command = [str(node_executable()), "-e", GENERATE, str(ensure_showdown()), format_id]
    done = subprocess.run(
        [*command, str(count)], capture_output=True, text=True, check=True, timeout=300
    )
    return [parse_packed_team(line) for line in done.stdout.splitlines()]


def seen(s: PokemonSet, moves: int = 0, **known: object) -> MonView:
    """What an opponent knows of ``s`` after seeing its first ``moves`` moves."""
    return MonView(
        species=s.species,
        base_species=s.species,
        level=s.level,
        gender=s.gender or "M",
        moves=tuple(MoveView(m, used=1) for m in s.moves[:moves]),
        **known,  # type: ignore[arg-type]
    )


def revealed(s: PokemonSet, rng: Random) -> MonView:
    return seen(
        s,
        rng.randrange(5),
        first_item=rng.choice([None, s.item]),
        base_ability=rng.choice([None, s.ability]),
        tera_type=rng.choice([None, s.tera_type]) or None,
    )


def same(s: PokemonSet, t: PokemonSet) -> bool:
    return (set(s.moves), s.ability, s.item, stats_of_set(s)) == (
        set(t.moves), t.ability, t.item, stats_of_set(t),
    )  # fmt: skip


@pytest.mark.server
@pytest.mark.parametrize("name", ["gen9battlefactory", "gen9bssfactory", "gen91v1factory"])
def test_the_generators_set_is_always_a_candidate(name: str) -> None:
    belief, rng = SetBelief(load_prior(name)), Random(2)
    for team in generated(name, 40):
        for s in team:
            found = belief.candidates(revealed(s, rng))
            assert not found.relaxed
            assert not found.outside
            assert any(same(s, t) for t in found.sets)


@pytest.mark.server
def test_revealed_pokemon_tell_the_tier_of_the_others() -> None:
    """Unseen ones are of the tier of the three revealed, which the true team is of."""
    belief, rng = belief_for("gen9battlefactory"), Random(6)
    groups = belief.prior.groups
    right = 0
    for team in generated("gen9battlefactory", 60):
        tiers = {k for k, g in groups.items() if all(s.species in g.species for s in team)}
        side = SideView(tuple(revealed(s, rng) for s in team[:3]), 0)
        drawn = belief.draw_team(side, rng)
        assert len({base_species(s.species) for s in drawn}) == 6
        right += any(all(s.species in groups[k].species for s in drawn[3:]) for k in tiers)
        # One generator makes both teams: the player's own tells the tier at once.
        drawn = belief.draw_team(SideView((), None), rng, own=[seen(s, 4) for s in team])
        assert any(all(s.species in groups[k].species for s in drawn) for k in tiers)
    assert right >= 57


def test_a_revealed_move_selects_and_an_unknown_one_joins_the_nearest_set() -> None:
    belief, rng = belief_for("gen9ou"), Random(1)
    s = belief.prior.sets_of("kingambit")[0][0]
    found = belief.candidates(seen(s, 4, first_item=s.item))
    assert not found.relaxed
    assert {t.moves for t in found.sets} == {s.moves}
    view = seen(s, 3, first_item=s.item)
    odd = MonView(**{**vars(view), "moves": (*view.moves, MoveView("metalsound", used=1))})
    found = belief.candidates(odd)
    assert found.relaxed[-1] == "moves"
    assert {t.item for t in found.sets} == {s.item}  # relaxed evidence still counts
    drawn = belief.draw(odd, rng)
    assert set(drawn.moves) == {*s.moves[:3], "metalsound"}


def test_a_species_that_no_set_of_the_format_has_is_drawn_from_others() -> None:
    belief = belief_for("gen9ou")
    ivysaur = MonView("ivysaur", "ivysaur", 100, moves=(MoveView("sleeppowder"),))
    drawn = belief.draw(ivysaur, Random(1))
    assert (drawn.species, drawn.level) == ("ivysaur", 100)
    assert "sleeppowder" in drawn.moves
    assert drawn.ability in ("overgrow", "chlorophyll")
    assert belief.relaxations["species"] == 1


def test_a_forme_that_lines_do_not_tell_is_among_the_candidates() -> None:
    belief = belief_for("gen9battlefactory")
    view = seen(belief.prior.sets_of("greninja")[0][0])
    assert {s.species for s in belief.candidates(view).sets} == {"greninja", "greninjabond"}
    bond = next(s for s in belief.candidates(view).sets if s.species == "greninjabond")
    assert belief.holds(view, bond)
    dumps = [mon_dump(0, view, s, 1, can_tera=True, rng=Random(1)) for s in (bond, view_set(view))]
    assert [mon["sp"] for mon in dumps] == ["greninjabond", "greninja"]


def test_a_forme_taken_in_the_battle_has_the_sets_of_the_one_before() -> None:
    belief = belief_for("gen9ou")
    name = "ogerponwellspringtera"
    view = replace(seen(belief.prior.sets_of("ogerponwellspring")[0][0]), species=name)
    view = replace(view, base_species=name, base_ability="embodyaspectwellspring")
    assert {s.species for s in belief.candidates(view).sets} == {"ogerponwellspring"}
    assert belief.draw(view, Random(1)).ability == "waterabsorb"


def view_set(view: MonView) -> PokemonSet:
    return PokemonSet("greninja", view.level, "protean", "", "", ("surf",), (85,) * 6, (31,) * 6)


def test_what_team_preview_showed_comes_in() -> None:
    belief, rng = belief_for("gen9ou"), Random(3)
    team = belief.prior.random_team(rng)
    shown = tuple(Previewed(s.species, s.level, s.gender) for s in team)
    side = SideView(tuple(seen(s) for s in team[:2]), 0, previewed=shown)
    assert unrevealed(side) == list(shown[2:])
    drawn = belief.draw_team(side, rng)
    assert [s.species for s in drawn] == [s.species for s in team]
    hidden = (Previewed("urshifu", hidden=True),)
    drawn = belief.draw_team(SideView((), None, size=1, previewed=hidden), rng)
    assert base_species(drawn[0].species) == "urshifu"


def test_of_those_shown_as_many_come_as_the_format_lets_in() -> None:
    belief, rng = belief_for("gen9bssregi"), Random(3)
    counted: Counter[str] = Counter()
    for _ in range(100):
        shown = [s.species for s in belief.prior.random_team(rng)]
        previewed = tuple(Previewed(name, 50) for name in shown)
        drawn = belief.draw_team(SideView((), None, size=3, previewed=previewed), rng)
        assert len(drawn) == len({s.item for s in drawn}) == 3
        assert {s.species for s in drawn} <= set(shown)
        counted.update(str(shown.index(s.species)) for s in drawn)
    assert len(counted) == 6


@pytest.mark.parametrize("name", ["gen9ou", "gen9bssregi", "gen9lc", "gen9randombattle"])
def test_own_spreads_give_the_own_stats(name: str) -> None:
    belief, rng = belief_for(name), Random(4)
    for _ in range(20):
        for s in belief.prior.random_team(rng):
            evs = rng.choice([s.evs, (4, 0, 252, 0, 252, 0), (40, 80, 120, 100, 60, 100)])
            nature = rng.choice([s.nature, "bold", "hasty"])
            played = PokemonSet(**{**vars(s), "evs": evs, "nature": nature})
            hp, *stats = stats_of_set(played)
            view = seen(played, 4, stats=tuple(stats), hp=hp, max_hp=hp, item=s.item)
            assert stats_of_set(_own_set(view, belief)) == (hp, *stats)


def test_no_plain_set_is_impossible() -> None:
    """A set that nobody has written down is drawn now and then, what is revealed never varied."""
    belief, rng = belief_for("gen9ou"), Random(2)
    plain = {t.item for t in belief.prior.sets_of("kingambit")[0]}
    s = belief.prior.sets_of("kingambit")[0][0]
    view = seen(s, 2)
    drawn = [belief.draw(view, rng) for _ in range(3000)]
    assert all(set(s.moves[:2]) <= set(d.moves) for d in drawn)
    assert all(len(set(d.moves)) == 4 for d in drawn)
    curated = belief.candidates(view).sets
    known = {(t.moves, t.item, t.tera_type) for t in curated}
    varied = sum((d.moves, d.item, d.tera_type) not in known for d in drawn) / len(drawn)
    assert 0.05 < varied < 0.3
    assert {d.item for d in drawn} - plain
    assert not any("mask" in d.item or d.item == "boosterenergy" for d in drawn)
    fixed = seen(s, 4, first_item=s.item, base_ability=s.ability, tera_type=s.tera_type)
    drawn = [belief.draw(fixed, rng) for _ in range(500)]
    assert {(d.moves, d.item, d.ability, d.tera_type) for d in drawn} == {
        (s.moves, s.item, s.ability, s.tera_type)
    }
    assert len({stats_of_set(d) for d in drawn}) > 3
    assert belief_for("gen9battlefactory").habits is None


@pytest.mark.parametrize("name", ["gen9bssregi", "gen9ubers"])
def test_what_a_server_tells_is_believed_against_all_rules(name: str) -> None:
    """Formes that must have an item or a Tera type too are told to have others."""
    belief, rng = belief_for(name), Random(5)
    moves, items, abilities = (sorted(t) for t in (load().moves, load().items, load().abilities))
    for species in belief.prior.species:
        mon = MonView(
            *(species, species, rng.choice((50, 100)), rng.choice("MFN")),
            moves=tuple(MoveView(m, used=1) for m in rng.sample(moves, rng.randrange(7))),
            first_item=rng.choice(items) if rng.random() < 0.7 else None,
            base_ability=rng.choice((None, rng.choice(abilities))),
            tera_type=rng.choice((None, *load().typechart)),
            excluded_items=tuple(rng.sample(items, 2)),
            excluded_abilities=tuple(rng.sample(abilities, 2)),
        )
        drawn = belief.draw(mon, rng)
        assert mon.set_item in (None, drawn.item)
        assert mon.base_ability in (None, drawn.ability)
        assert mon.tera_type in (None, drawn.tera_type)
        assert belief.share_of(mon) > 0


@pytest.mark.parametrize("name", ["gen9ou", "gen9battlefactory", "gen9lc"])
def test_worlds_are_made_of_the_formats_sets(name: str) -> None:
    belief, rng = belief_for(name), Random(9)
    own, foe = (belief.prior.random_team(rng) for _ in range(2))
    views = []
    for s in own:
        hp, *stats = stats_of_set(s)
        full = tuple(MoveView(m, pp=8, max_pp=8) for m in s.moves)
        view = seen(s, 0, stats=tuple(stats), hp=hp, max_hp=hp, item=s.item, ability=s.ability)
        views.append(replace(view, moves=full, first_item=s.item, base_ability=s.ability))
    revealed_two = SideView(tuple(seen(s, 1) for s in foe[:2]), 0)
    info = InfoState(0, 3, SideView(tuple(views), 0), revealed_two, "move", (0, 1, 2, 3))
    worlds = sample_worlds(info, 4, 1, belief)
    assert len(worlds) == 4
    assert (worlds == sample_worlds(info, 4, 1, belief)).all()
    out = np.zeros(RULES.num_actions, np.int32)
    for k in range(4):
        count = RULES.legal(worlds, k, 0, out)
        assert {0, 1, 2, 3} <= set(out[:count].tolist())


def test_evidence_is_cheap() -> None:
    """The same evidence is searched once, whatever else changes."""
    belief, rng = SetBelief(load_prior("gen9ou")), Random(5)
    team = belief.prior.random_team(rng)
    for turn in range(50):
        side = SideView(tuple(seen(s, 2, hp=100 - turn) for s in team[:4]), 0)
        belief.draw_team(side, rng)
    assert belief._find.cache_info().misses <= 4
