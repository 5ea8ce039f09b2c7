"""The order in which volatiles came: kept by state, handed on, read from dumps, compared."""

from pathlib import Path

from plywise.datasets.battle_corpus import read_corpus
from plywise.datasets.pokemon_sets import PokemonSet
from plywise.engine.battle.border.battle_state import BattleState
from plywise.engine.battle.border.codec import VOLATILE_BIT, BattleSetup, decode
from plywise.engine.battle.constants import ACTION_SWITCH, VOLATILE_NAMES
from plywise.engine.battle.oracle import state_facts as facts
from plywise.engine.battle.volatile_order import (
    CODE_OF_VOLATILE,
    MOST_ORDERED,
    ORDERED,
    packed_order,
    unpacked_order,
)
from plywise.engine.kernels import NO_ACTION

THEMES = Path(__file__).parents[2] / "data" / "themes.jsonl.gz"


def test_an_order_is_read_as_it_was_written() -> None:
    backwards = ORDERED[::-1]
    for first in range(len(ORDERED)):
        some = backwards[first : first + MOST_ORDERED]
        order = packed_order(some)
        assert 0 <= order < 1 << 63
        assert unpacked_order(order) == some
    assert packed_order([]) == 0


def test_what_the_end_of_a_turn_does_not_ask_has_no_place() -> None:
    some = [VOLATILE_BIT[name] for name in ("substitute", "leechseed", "confusion", "stall")]
    assert [VOLATILE_NAMES[v] for v in unpacked_order(packed_order(some))] == ["leechseed", "stall"]
    assert CODE_OF_VOLATILE[VOLATILE_BIT["substitute"]] == 0


def test_the_newest_of_too_many_have_no_place() -> None:
    assert unpacked_order(packed_order(ORDERED)) == ORDERED[:MOST_ORDERED]


def _set(species: str, *moves: str) -> PokemonSet:
    return PokemonSet(species, 80, "innerfocus", "", "Normal", moves, (0,) * 6, (31,) * 6)


def _by_age(state: BattleState, side: int) -> list[str]:
    order = int(state.pool[0].sides[side].volatile_order)
    return [VOLATILE_NAMES[v] for v in unpacked_order(order)]


def _battle() -> BattleState:
    moves = ("ingrain", "aquaring", "protect", "batonpass")
    team = [_set("umbreon", *moves), _set("umbreon", *moves)]
    foes = [_set("snorlax", "perishsong", "taunt", "splash", "haze"), _set("snorlax", "splash")]
    return BattleState.from_teams(team, foes, seed=1)


def test_volatiles_keep_the_order_in_which_they_came() -> None:
    """What came before and after a protection stays as it was when that ends."""
    state = _battle()
    for mine, theirs, expected in (
        (1, 2, ["aquaring"]),
        (2, 2, ["aquaring", "stall"]),
        (0, 0, ["aquaring", "ingrain", "perishsong"]),
    ):
        state.apply_actions(mine, theirs)
        assert _by_age(state, 0) == expected
    assert _by_age(state, 1) == ["perishsong"]


def test_baton_pass_hands_the_order_on() -> None:
    state = _battle()
    for mine, theirs in ((1, 2), (0, 0), (2, 2)):
        state.apply_actions(mine, theirs)
    assert _by_age(state, 0) == ["aquaring", "ingrain", "perishsong", "stall"]
    state.apply_actions(3, 2)
    state.apply_actions(ACTION_SWITCH + 1, NO_ACTION)
    assert state.side(0).active == 1
    assert _by_age(state, 0)[:3] == ["aquaring", "ingrain", "perishsong"]


def test_a_wrong_order_is_found() -> None:
    for battle in read_corpus(THEMES):
        for step in battle.steps:
            pool = decode(step.before, BattleSetup.of(battle))
            side = pool[0].sides[0]
            order = unpacked_order(int(side.volatile_order))
            if len(order) < 2:
                continue
            side.volatile_order = packed_order(order[::-1])
            found = facts.fact_differences(
                facts.dump_facts(step.before), facts.state_facts(pool, 0)
            )
            assert len(found) == 1
            assert "volatiles by age" in str(found[0])
            return
    raise AssertionError("no Pokémon has two volatiles at once")
