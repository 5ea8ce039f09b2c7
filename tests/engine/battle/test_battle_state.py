"""The battle at the Python border: built, played, copied, saved, described."""

from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

import pytest

from plywise.datasets.battle_corpus import read_corpus
from plywise.datasets.pokemon_sets import PokemonSet, TeamError, random_battle_sets
from plywise.datasets.showdown_data import UnknownNameError
from plywise.engine.battle.border.battle_state import BattleState, IllegalBattleActionError
from plywise.engine.battle.border.codec import BattleSetup
from plywise.engine.battle.names import MOVE_ID
from plywise.engine.kernels import NO_ACTION, SIMULTANEOUS

DATA = Path(__file__).parents[2] / "data"


def new_battle(seed: int) -> BattleState:
    prior, rng = random_battle_sets(), Random(seed)
    return BattleState.from_teams(prior.random_team(rng), prior.random_team(rng), seed=seed)


def play_randomly(state: BattleState, seed: int, steps: int = 2000) -> int:
    rng = Random(seed)
    for played in range(steps):
        if state.is_terminal():
            return played
        chosen = [
            rng.choice(legal) if (legal := state.legal_actions(s)) else NO_ACTION for s in (0, 1)
        ]
        state.apply_actions(chosen[0], chosen[1])
    return steps


def test_a_battle_begins_with_both_leads() -> None:
    state = new_battle(1)
    assert state.turn == 1
    assert state.current_player() == SIMULTANEOUS
    assert state.returns() == (0.0, 0.0)
    for side in (0, 1):
        view = state.side(side)
        assert view.active == 0
        assert [m.index for m in view.team] == list(range(6))
        assert all(0 < m.hp <= m.max_hp for m in view.team)
        assert len(state.legal_actions(side)) >= 5


def test_nobody_is_in_at_team_preview() -> None:
    prior, rng = random_battle_sets(), Random(6)
    first, second = prior.random_team(rng), prior.random_team(rng)
    state = BattleState.at_preview(first, second, seed=6, format="gen9ou")
    assert [state.side(s).active for s in (0, 1)] == [-1, -1]
    assert "Team Preview" in state.describe()
    assert "*" not in state.describe()
    state.apply_actions(min(state.legal_actions(0)), min(state.legal_actions(1)))
    assert [state.side(s).active for s in (0, 1)] == [0, 0]
    assert state.describe().count("*") == 2


def test_another_lead() -> None:
    prior, rng = random_battle_sets(), Random(5)
    first, second = prior.random_team(rng), prior.random_team(rng)
    state = BattleState.from_teams(first, second, leads=(3, 1))
    assert state.side(0).active == 3
    assert state.side(1).active == 1
    assert state.side(0).team[3].level == first[3].level
    with pytest.raises(ValueError, match="lead 6"):
        BattleState.from_teams(first, second, leads=(6, 0))


def test_random_battles_end_and_have_a_winner() -> None:
    turns = []
    for seed in range(20):
        state = new_battle(seed)
        play_randomly(state, seed)
        assert state.is_terminal()
        assert state.returns() in ((1.0, -1.0), (-1.0, 1.0), (0.0, 0.0))
        if state.winner is not None:
            assert state.returns()[state.winner] == 1.0
            assert all(m.fainted for m in state.side(1 - state.winner).team)
        assert state.legal_actions(0) == state.legal_actions(1) == []
        turns.append(state.turn)
    # The real simulator's random battles last 52 turns on average.
    assert 35 < sum(turns) / len(turns) < 75


def test_the_seed_decides_everything() -> None:
    one, same, other = new_battle(3), new_battle(3), new_battle(3)
    other.reseed(99)
    for state in (one, same, other):
        play_randomly(state, 8)
    assert one.serialize() == same.serialize()
    assert one.serialize() != other.serialize()


def test_packed_teams_and_a_seed_make_the_same_battle_as_sets(
    pack_team: Callable[[Sequence[PokemonSet]], str],
) -> None:
    prior, rng = random_battle_sets(), Random(12)
    teams = prior.random_team(rng), prior.random_team(rng)
    packed = [pack_team(team) for team in teams]
    state = BattleState.from_packed(packed[0], packed[1], seed=5)
    assert state.serialize() == BattleState.from_teams(*teams, seed=5).serialize()
    with pytest.raises(TeamError, match="12 fields are wanted"):
        BattleState.from_packed(packed[0], packed[1].replace("|", "", 1))
    wrong = packed[0].replace(teams[0][2].moves[0], "splashier")
    with pytest.raises(UnknownNameError, match="unknown move 'splashier'"):
        BattleState.from_packed(wrong, packed[1])


def test_damage_rolls() -> None:
    state = new_battle(9)
    before = state.serialize()
    rolls = state.damage_rolls(0, "Tackle")
    assert rolls == state.damage_rolls(0, MOVE_ID["tackle"])
    assert len(rolls) == 16
    assert list(rolls) == sorted(rolls)
    if rolls[0]:
        assert state.damage_rolls(0, "tackle", critical=True)[15] > rolls[15]
    assert state.damage_rolls(1, "splash") == (0,) * 16
    assert state.serialize() == before
    with pytest.raises(ValueError, match="side 2: sides are 0 and 1"):
        state.damage_rolls(2, "tackle")
    with pytest.raises(UnknownNameError, match="unknown move 'splashier'"):
        state.damage_rolls(0, "splashier")
    with pytest.raises(UnknownNameError, match="unknown move 0"):
        state.damage_rolls(0, 0)


def test_sides_are_checked() -> None:
    state = new_battle(2)
    for ask in (state.legal_actions, state.side):
        with pytest.raises(ValueError, match="side 2: sides are 0 and 1"):
            ask(2)


def test_nobody_chooses_after_the_end() -> None:
    state = new_battle(0)
    play_randomly(state, 0)
    with pytest.raises(IllegalBattleActionError, match="the battle is over"):
        state.apply_actions(NO_ACTION, NO_ACTION)


def test_copies_are_independent() -> None:
    state = new_battle(4)
    before = state.serialize()
    copy = state.clone()
    play_randomly(copy, 1, steps=10)
    assert state.serialize() == before
    assert copy.turn > 1


def test_serialization() -> None:
    state = new_battle(6)
    play_randomly(state, 2, steps=15)
    again = BattleState.deserialize(state.serialize())
    assert again.serialize() == state.serialize()
    play_randomly(state, 3)
    play_randomly(again, 3)
    assert again.serialize() == state.serialize()
    for bad in ("", "[]", '{"battle": "x"}', state.serialize()[:200]):
        with pytest.raises(ValueError, match="not a serialized battle state"):
            BattleState.deserialize(bad)
    with pytest.raises(ValueError, match="another version"):
        BattleState.deserialize('{"battle": "0", "state": ""}')


def test_illegal_actions_are_refused() -> None:
    state = new_battle(7)
    before = state.serialize()
    with pytest.raises(IllegalBattleActionError, match="side 2 may not choose 15"):
        state.apply_actions(state.legal_actions(0)[0], 15)
    with pytest.raises(IllegalBattleActionError, match="side 1 may not choose -1"):
        state.apply_actions(NO_ACTION, state.legal_actions(1)[0])
    assert state.serialize() == before


def test_a_dump_becomes_a_state() -> None:
    battle = next(read_corpus(DATA / "random.jsonl.gz", limit=1))
    step = battle.steps[len(battle.steps) // 2]
    state = BattleState.from_dump(step.before, BattleSetup.of(battle))
    assert state.turn == step.before["turn"]
    for side in (0, 1):
        view, dump = state.side(side), step.before["S"][side]
        assert view.active == dump["order"][0]
        assert [m.hp for m in view.team] == [
            m["hp"] for m in sorted(dump["P"], key=lambda m: m["i"])
        ]
    text = state.describe()
    assert text.startswith(f"turn {state.turn}")
    assert len(text.splitlines()) == 15
