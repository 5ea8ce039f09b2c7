"""Variations of curated sets, weighed by what is known of a Pokémon."""

from collections import Counter
from random import Random

import pytest

from plywise.datasets.pokemon_sets import PokemonSet
from plywise.datasets.priors.set_space import Habits, SetSpace, Shown
from plywise.datasets.priors.variation import FormatMarginals
from plywise.datasets.set_priors import load_prior

HABITS = Habits(varied=0.3)
DRAWS = 2000


@pytest.fixture(scope="module")
def space() -> SetSpace:
    prior = load_prior("gen9ou")
    of = FormatMarginals(prior).of("kingambit")
    return SetSpace("kingambit", prior.sets_of("kingambit"), of, HABITS)


def drawn(space: SetSpace, shown: Shown, **more: object) -> list[PokemonSet]:
    found, rng = space.posterior(shown, **more), Random(1)  # type: ignore[arg-type]
    return [found.draw(rng) for _ in range(DRAWS)]


def fields(s: PokemonSet) -> tuple[object, ...]:
    return (s.moves, s.item, s.ability, s.tera_type, s.nature, s.evs, s.ivs)


def test_without_evidence_curated_sets_are_as_frequent_as_they_are(space: SetSpace) -> None:
    curated = Counter(map(fields, space.sets))
    sets = drawn(space, Shown(100))
    written = sum(fields(s) in curated for s in sets) / DRAWS
    assert 1 - HABITS.varied - 0.04 < written < 1 - HABITS.varied + 0.1
    heaviest = max(range(len(space.sets)), key=lambda i: space._weights[i])
    share = sum(fields(s) == fields(space.sets[heaviest]) for s in sets) / DRAWS
    assert share > 0.6 * (1 - HABITS.varied) * space._weights[heaviest]
    assert all(len(set(s.moves)) == 4 for s in sets)


def test_what_is_shown_holds_in_every_draw(space: SetSpace) -> None:
    shown = Shown(
        100, "M", frozenset(("suckerpunch", "metalsound")), "weaknesspolicy", None, "Fairy"
    )
    sets = drawn(space, shown)
    assert all(shown.moves <= set(s.moves) and s.gender == "M" for s in sets)
    assert {(s.item, s.tera_type) for s in sets} == {("weaknesspolicy", "Fairy")}
    excluded = Shown(100, excluded_items=("leftovers", "blackglasses"))
    sets = drawn(space, excluded)
    assert not {"leftovers", "blackglasses"} & {s.item for s in sets}
    everything = tuple(space.builds(100, None, None).fields[0].values)
    found = space.posterior(Shown(100, excluded_items=everything))
    assert found.ignored
    assert found.draw(Random(1)).item in everything


def test_a_build_that_nobody_wrote_down_is_found_by_what_it_explains(space: SetSpace) -> None:
    """Its weight rises by what the others' falls, be it that no curated set has it."""
    item = "assaultvest"
    assert item not in {s.item for s in space.sets}
    before = Counter(s.item for s in drawn(space, Shown(100)))[item] / DRAWS
    after = Counter(
        s.item for s in drawn(space, Shown(100), explains=lambda s: 1 if s.item == item else 0.02)
    )
    expected = before / (before + 0.02 * (1 - before))
    assert abs(after[item] / DRAWS - expected) < 0.12
    assert space.posterior(Shown(100), lambda s: 0.02).best == 0.02


def test_a_divided_spread_is_found_by_what_it_explains(space: SetSpace) -> None:
    """No curated set has it, and most builds with it are not among those that are asked."""
    found = drawn(
        space,
        Shown(100),
        explains=lambda s: 1.0 if s.nature == "careful" and 20 < s.evs[2] < 80 else 1e-4,
    )
    fitting = [s for s in found if s.nature == "careful" and 20 < s.evs[2] < 80]
    assert len(fitting) > 0.7 * DRAWS
    assert len({s.item for s in fitting}) > 3  # they have many items


def test_the_iv_of_an_unused_attack_is_now_and_then_the_other() -> None:
    prior = load_prior("gen9ou")
    gholdengo = SetSpace(
        "gholdengo", prior.sets_of("gholdengo"), FormatMarginals(prior).of("gholdengo"), HABITS
    )
    special = [s for s in drawn(gholdengo, Shown(100)) if not s.evs[1]]
    full = sum(s.ivs[1] == 31 for s in special) / len(special)
    assert 0.5 * HABITS.attack_iv < full < 3 * HABITS.attack_iv
    s = gholdengo.sets[0]
    assert {gholdengo.vary(s, Random(k)).ivs[1] for k in range(300)} >= {0, 31}


def test_an_attack_that_is_used_keeps_its_iv(space: SetSpace) -> None:
    assert {s.ivs[1] for s in drawn(space, Shown(100)) if s.evs[1] >= 100} == {31}


def test_spreads_without_speed_may_have_its_full_iv() -> None:
    spreads = FormatMarginals(load_prior("gen9ou")).of("slowkinggalar").spreads
    slow = {(nature, evs, ivs[5]) for nature, evs, ivs in spreads if nature == "sassy"}
    assert {(nature, evs, 31) for nature, evs, speed in slow if not speed} <= slow
    assert sum(spreads.values()) == pytest.approx(1)


def test_an_item_that_forbids_a_move_goes_with_none_that_was_shown(space: SetSpace) -> None:
    status = drawn(space, Shown(100, moves=frozenset(("swordsdance", "thunderwave"))))
    assert not {"assaultvest"} & {s.item for s in status}
    locked = sum(s.item.startswith("choice") for s in status)
    assert locked < 0.01 * DRAWS


def test_every_learnable_move_and_useful_item_has_a_weight(space: SetSpace) -> None:
    found = space.posterior(Shown(100))
    s = space.sets[0]

    def held(**changed: object) -> bool:
        odd = PokemonSet(**{**vars(s), **changed})
        return found.holds(odd, lambda build: (build.nature, build.evs) == (odd.nature, odd.evs))

    assert held()
    assert held(item="smoothrock")
    assert held(moves=("grassknot", "steelbeam", "zenheadbutt", "metalsound"))
    assert held(nature="careful", evs=(252, 0, 160, 0, 96, 0))
    assert not held(moves=("spore", "steelbeam", "zenheadbutt", "metalsound"))
    assert not held(item="lightball")


def test_equal_seeds_draw_equal_sets(space: SetSpace) -> None:
    shown = Shown(100, moves=frozenset(("suckerpunch",)), excluded_items=("leftovers",))
    assert drawn(space, shown) == drawn(space, shown)
    s = space.sets[0]
    varied = [space.vary(s, Random(k), keep_item=True) for k in range(300)]
    assert varied == [space.vary(s, Random(k), keep_item=True) for k in range(300)]
    assert {v.item for v in varied} == {s.item}
    changed = sum(v != s for v in varied) / 300
    assert 0.1 < changed < 0.45
