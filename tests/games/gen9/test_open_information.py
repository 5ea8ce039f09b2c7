"""Open information: what is told of the opponent's team is what the engine has."""

from random import Random

import pytest

from plywise.engine.battle import constants as c
from plywise.engine.battle.border.battle_state import BattleState
from plywise.engine.kernels import NO_ACTION
from plywise.games.gen9.game import Gen9Battle
from plywise.games.gen9.infostate import SWITCH
from plywise.games.gen9.open_information import OpenStateView, open_information, without_members
from plywise.games.gen9.state import Gen9State


def played(seed: int, decisions: int, format: str = "gen9randombattle") -> Gen9State:
    """A battle of random actions, as far as it goes."""
    rng = Random(seed)
    state = Gen9Battle(format).new_initial_state(seed)
    for _ in range(decisions):
        if state.is_terminal():
            break
        legal = [state.battle.legal_actions(p) or [NO_ACTION] for p in (0, 1)]
        state.apply_actions([rng.choice(legal[0]), rng.choice(legal[1])])
    return state


@pytest.mark.parametrize("format", ["gen9randombattle", "gen9ou"])
def test_everything_of_the_opponents_team_is_told_in_the_order_of_the_engine(format: str) -> None:
    checked = 0
    for seed in range(8):
        state = played(seed, 12, format)
        if state.is_terminal():
            continue
        for player in (0, 1):
            try:
                info = open_information(
                    state.information_state(player), state.information_state(1 - player)
                )
            except ValueError:
                continue
            theirs = BattleState(state.flat()).side(1 - player)
            assert info.foe.active == theirs.active
            for told, mon in zip(info.foe.mons, theirs.team, strict=True):
                assert [move.id for move in told.moves] == list(mon.moves)
                assert (told.item or "", told.ability) == (mon.item, mon.ability)
                assert told.fainted == mon.fainted
                assert told.status == mon.status
                assert told.tera_type is not None
                assert told.tera_type.lower() == mon.tera_type.lower()
                assert told.hp_fraction == pytest.approx(mon.hp / mon.max_hp, abs=0.011)
            assert info.legal == tuple(state.battle.legal_actions(player))
            checked += 1
    assert checked >= 4


def test_the_view_has_one_world_and_names_the_opponents_actions_by_their_numbers() -> None:
    state = played(2, 6)
    assert not state.is_terminal()
    info = open_information(state.information_state(0), state.information_state(1))
    view = OpenStateView(info, state.flat())
    for count in (1, 8):
        assert view.worlds(0, count, seed=1).tobytes() == state.flat().tobytes()
    theirs = BattleState(state.flat()).side(1)
    for action in state.battle.legal_actions(1):
        if SWITCH <= action < c.ACTION_FORCED:
            species = theirs.team[action - SWITCH].species
            assert view.reply_name(0, action).removeprefix("switch ") == species
        elif action < c.ACTION_TERA:
            assert view.reply_name(0, action) == theirs.team[theirs.active].moves[action]
    assert view.briefing(0).own  # whatever a guide is told can be made of it


def test_pokemon_are_taken_out_as_if_they_had_fainted() -> None:
    state = played(2, 6)
    info = open_information(state.information_state(0), state.information_state(1))
    bench = [i for i, mon in enumerate(info.foe.mons) if i != info.foe.active and not mon.fainted]
    found = without_members(info, (), bench[:2])
    assert found.foe.left == info.foe.left - 2
    assert found.own == info.own
    assert all(found.foe.mons[i].fainted for i in bench[:2])
    assert found.foe.fallen == info.foe.fallen + 2


def test_an_opponent_that_cannot_be_told_apart_is_refused() -> None:
    state = played(2, 6)
    info, other = state.information_state(0), state.information_state(1)
    with pytest.raises(ValueError, match="that the opponent has not"):
        open_information(info, state.information_state(0))
    assert open_information(info, other).foe.size == 6
