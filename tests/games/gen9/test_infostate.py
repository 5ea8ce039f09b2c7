"""Information states, and the belief about sets."""

from collections import Counter
from random import Random

import numpy as np
import pytest

from plywise.datasets.pokemon_sets import PokemonSet, random_battle_sets
from plywise.datasets.set_priors import base_species
from plywise.engine.battle.rules import RULES
from plywise.games.gen9 import infostate
from plywise.games.gen9.belief import SetBelief
from plywise.games.gen9.infostate import Condition, InfoState, MonView, MoveView, SideView
from plywise.games.gen9.worlds import sample_worlds


def seen(s: PokemonSet, moves: int = 0, **known: object) -> MonView:
    """What an opponent knows of ``s`` after seeing its first ``moves`` moves."""
    return MonView(
        species=s.species,
        base_species=s.species,
        level=s.level,
        moves=tuple(MoveView(m, used=1) for m in s.moves[:moves]),
        **known,  # type: ignore[arg-type]
    )


def test_infostate_survives_json() -> None:
    s = random_battle_sets().sets[0]
    side = SideView((seen(s, 2, item="leftovers", stats=(1, 2, 3, 4, 5)),), 0, {"atk": 2})
    info = InfoState(0, 7, side, SideView((seen(s),), None), "move", (0, 1, 8), history=("a", "b"))
    assert infostate.from_json(info.to_json()) == info


@pytest.mark.parametrize("text", ['{"player": 0}', "[]", '{"own": 3}'])
def test_infostate_refuses_other_json(text: str) -> None:
    with pytest.raises(ValueError, match="not an information state"):
        infostate.from_json(text)


def test_belief_keeps_the_truth_whatever_is_revealed() -> None:
    belief, rng = SetBelief(), Random(3)
    table = random_battle_sets()
    for _ in range(300):
        row = rng.randrange(len(table.sets))
        s = table.sets[row]
        mon = seen(
            s,
            rng.randrange(5),
            first_item=rng.choice([None, s.item]),
            base_ability=rng.choice([None, s.ability]),
            tera_type=rng.choice([None, s.tera_type]),
        )
        found = belief.candidates(mon)
        assert s in found.sets
        assert not found.relaxed


def test_belief_draws_in_proportion_to_what_the_generator_makes() -> None:
    belief, rng, table = SetBelief(), Random(11), random_battle_sets()
    species = max(table.by_species, key=lambda k: len(table.by_species[k]))
    rows = table.by_species[species]
    total = sum(table.counts[r] for r in rows)
    mon = seen(table.sets[rows[0]])
    drawn = Counter(belief.draw(mon, rng).moves for _ in range(4000))
    share: Counter[tuple[str, ...]] = Counter()
    for r in rows:
        share[table.sets[r].moves] += table.counts[r]
    for moves, count in share.most_common(5):
        p = count / total
        error = 4 * (p * (1 - p) / 4000) ** 0.5  # four standard errors
        assert abs(drawn[moves] / 4000 - p) < error


def test_belief_gives_up_the_item_before_the_moves() -> None:
    belief, table = SetBelief(), random_battle_sets()
    s = table.sets[table.by_species["garchomp"][0]]
    found = belief.candidates(seen(s, 4, first_item="leppaberry"))
    assert found.relaxed == ("item",)
    assert all(set(s.moves) == set(t.moves) for t in found.sets)
    assert belief.relaxations == {"item": 1}


def test_unseen_team_members_follow_the_species_clause() -> None:
    belief, rng, table = SetBelief(), Random(5), random_battle_sets()
    first = table.sets[table.by_species["garchomp"][0]]
    for _ in range(50):
        team = belief.draw_team(SideView((seen(first),), 0), rng)
        assert len(team) == 6
        assert team[0].species == "garchomp"
        assert len({base_species(s.species) for s in team}) == 6


def test_a_stale_recharge_message_does_not_bind_a_player_that_may_switch() -> None:
    """Truant's loafing turn uses up Giga Impact's recharge; the lines go on telling of it."""
    sets = random_battle_sets()
    slaking = sets.sets[sets.by_species["slaking"][0]]
    other = sets.sets[sets.by_species["garchomp"][0]]
    own = SideView(
        (known(slaking), known(other)),
        0,
        volatiles={"mustrecharge": Condition(left=1)},
        last_move="gigaimpact",
        size=2,
    )
    info = InfoState(0, 9, own, SideView((seen(other),), 0), "move", (0, 1, 2, 3, 9))
    for world in sample_worlds(info, 4, 1, SetBelief()):
        pool = np.array([world])
        out = np.zeros(RULES.num_actions, np.int32)
        count = RULES.legal(pool, 0, 0, out)
        assert tuple(out[:count]) == info.legal


def known(s: PokemonSet) -> MonView:
    """One's own ``s``, healthy."""
    return MonView(
        species=s.species,
        base_species=s.species,
        level=s.level,
        gender="M",
        hp=200,
        max_hp=200,
        moves=tuple(MoveView(m, pp=8, max_pp=8) for m in s.moves),
        item="",
        ability=s.ability,
        base_ability=s.ability,
        tera_type=s.tera_type,
        stats=(100, 100, 100, 100, 100),
    )
