"""The in-process Pokémon game: the contract, what its players know, and whole random games."""

from collections.abc import Iterator
from random import Random

import numpy as np
import pytest

from plywise.datasets.pokemon_sets import PokemonSet
from plywise.datasets.set_priors import base_species
from plywise.engine.battle import constants as c
from plywise.engine.kernels import NO_ACTION, SIMULTANEOUS
from plywise.games.base import IllegalActionError
from plywise.games.check import check_game
from plywise.games.gen9 import infostate
from plywise.games.gen9.belief import SetBelief
from plywise.games.gen9.game import Gen9Battle, battle_between
from plywise.games.gen9.state import Gen9State
from plywise.games.registry import make_game

GAME = Gen9Battle()


def random_actions(state: Gen9State, rng: Random) -> list[int]:
    legal = (state.legal_actions(player) for player in range(2))
    return [rng.choice(actions) if actions else NO_ACTION for actions in legal]


def decisions(seed: int) -> Iterator[Gen9State]:
    """Every decision of a random game; the state is played on in place, its end comes last."""
    state, rng = GAME.new_initial_state(seed), Random(seed)
    while not state.is_terminal():
        yield state
        state.apply_actions(random_actions(state, rng))
    yield state


@pytest.mark.slow
def test_the_game_keeps_its_contract() -> None:
    seen = check_game(GAME, plays=1, seed=7)
    assert seen.worlds > 20


def test_it_is_on_the_list() -> None:
    assert make_game("gen9randombattle") == GAME


def test_random_agents_play_to_the_end() -> None:
    results = set()
    for seed in range(3):
        *_, end = decisions(seed)
        assert end.returns() in ([1.0, -1.0], [-1.0, 1.0], [0.0, 0.0])
        loser = 0 if end.returns()[0] < 0 else 1
        assert end.information_state(1 - loser).foe.left == 0
        assert end.legal_actions(0) == end.legal_actions(1) == []
        results.add(end.serialize())
    assert len(results) == 3


def test_a_seed_makes_the_same_game_again() -> None:
    first, second = [[s.serialize() for s in decisions(7)] for _ in range(2)]
    assert first == second


def test_a_resampled_battle_has_the_same_information_state() -> None:
    differ = 0
    for seed in range(2):
        rng = Random(seed)
        for state in decisions(seed):
            for player in range(2):
                world = state.resample_from_infostate(player, rng)
                assert world.information_state(player) == state.information_state(player)
                assert world.legal_actions(player) == state.legal_actions(player)
                assert world.current_player() == state.current_player()
                differ += world.serialize() != state.serialize()
                if not world.is_terminal():
                    world.apply_actions(random_actions(world, rng))
    assert differ > 100


def test_agents_get_worlds_with_their_own_legal_actions() -> None:
    out = np.zeros(c.NUM_ACTIONS, np.int32)
    kernels = GAME.kernels()
    for state in decisions(5):
        for player in range(2):
            if legal := state.legal_actions(player):
                worlds = state.worlds(player, 3, seed=9)
                for k in range(3):
                    count = kernels.legal(worlds, k, player, out)
                    assert out[:count].tolist() == legal
                assert (worlds == state.view(player).worlds(player, 3, 9)).all()


def test_the_true_set_is_always_in_the_belief() -> None:
    belief = SetBelief()
    checked = 0
    for seed in range(4):
        teams = GAME.teams(seed)
        for state in decisions(seed):
            for player in range(2):
                for view in state.information_state(player).foe.mons:
                    (built,) = (
                        member
                        for member in teams[1 - player]
                        if base_species(member.species) == base_species(view.base_species)
                    )
                    found = belief.candidates(view)
                    assert not found.relaxed
                    assert any((s.moves, s.item) == (built.moves, built.item) for s in found.sets)
                    checked += 1
    assert checked > 500


def test_states_survive_their_text_and_play_on_alike() -> None:
    rng = Random(4)
    for n, state in enumerate(decisions(4)):
        if n % 5 == 0 and not state.is_terminal():
            back = GAME.deserialize_state(state.serialize())
            assert back.serialize() == state.serialize()
            copy, actions = state.clone(), random_actions(state, rng)
            for twin in (back, copy):
                twin.apply_actions(actions)
            assert back.serialize() == copy.serialize() != state.serialize()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"battle": "x", "known": {}}'])
def test_other_text_is_no_state(text: str) -> None:
    with pytest.raises(ValueError, match="not a state of gen9randombattle"):
        GAME.deserialize_state(text)


def test_illegal_actions_are_refused() -> None:
    state = GAME.new_initial_state(1)
    assert state.current_player() == SIMULTANEOUS
    before = state.serialize()
    for actions in ((c.ACTION_FORCED, 0), (0, c.ACTION_SWITCH), (0, NO_ACTION), (0,)):
        with pytest.raises(IllegalActionError):
            state.apply_actions(actions)
    with pytest.raises(IllegalActionError, match="use apply_actions"):
        state.apply_action(0)
    with pytest.raises(ValueError, match="name the player"):
        state.legal_actions()
    assert state.serialize() == before


def member(species: str, ability: str, *moves: str, item: str = "leftovers") -> PokemonSet:
    return PokemonSet(species, 80, ability, item, "Normal", moves, (85,) * 6, (31,) * 6, gender="N")


def test_a_player_knows_what_was_revealed_and_nothing_else() -> None:
    teams = (
        (member("metagross", "clearbody", "meteormash", "psychicfangs", item="choiceband"),),
        (
            member("kyogre", "drizzle", "surf", "thunder"),
            member("mew", "synchronize", "softboiled"),
        ),
    )
    state = battle_between(teams, seed=1)
    info = state.information_state(0)
    assert info.weather == "raindance"
    rain = info.field_conditions["raindance"]
    assert (rain.passed, rain.left, rain.source, rain.source_side) == (0, 5, 0, 1)
    (kyogre,) = info.foe.mons
    assert (kyogre.ability, kyogre.item, kyogre.moves, kyogre.stats) == ("drizzle", None, (), None)
    metagross = state.information_state(1).foe.mons[0]
    assert (metagross.ability, metagross.item, metagross.tera_type) == (None, None, None)
    assert state.action_to_string(0, 4) == "meteormash tera"
    assert state.string_to_action("switch mew", 1) == 9

    state.apply_actions((0, 9))
    info = state.information_state(0)
    assert [m.species for m in info.foe.mons] == ["kyogre", "mew"]
    assert (info.foe.active, info.foe.size) == (1, 2)
    assert info.field_conditions["raindance"].left == 4
    assert [m.id for m in info.own.mons[0].moves if m.disabled] == ["psychicfangs"]
    (metagross,) = state.information_state(1).foe.mons
    assert [(m.id, m.used, m.pp) for m in metagross.moves] == [("meteormash", 1, None)]
    assert metagross.item is None
    assert any("metagross used meteormash" in words for words in info.history)
    assert "choiceband" not in state.observation_string(1)


def test_an_illusion_is_believed_until_it_breaks() -> None:
    teams = (
        (member("zoroark", "illusion", "nastyplot"), member("mew", "synchronize", "softboiled")),
        (member("blissey", "naturalcure", "waterpulse"),),
    )
    state = battle_between(teams, seed=1)
    known = state.information_state(1)
    assert [m.species for m in known.foe.mons] == ["mew"]
    assert known.foe.active == 0
    own = state.information_state(0).own
    assert own.active_mon is not None
    assert own.active_mon.species == "zoroark"
    assert [m.revealed for m in own.mons] == [False, True]

    state.apply_actions((0, 0))  # a hit finds it out
    mew, zoroark = state.information_state(1).foe.mons
    assert (mew.species, mew.moves, mew.hp) == ("mew", (), 100)
    assert (zoroark.species, zoroark.ability) == ("zoroark", "illusion")
    assert 0 < zoroark.hp < 100
    assert {m.id for m in zoroark.moves} <= {"nastyplot"}
    assert state.information_state(1).foe.active == 1
    known = state.information_state(1)
    assert infostate.from_json(state.information_state_string(1)) == known


def test_a_clone_goes_on_like_its_original() -> None:
    """What was noted of a turn under way, which is evidence later, is copied too."""
    game = make_game("gen9randombattle")
    for seed in range(3, 9):
        state, rng = game.new_initial_state(seed), Random(seed)
        copy = state.clone()
        for _ in range(12):
            if state.is_terminal():
                break
            actions = [rng.choice(state.legal_actions(p) or [NO_ACTION]) for p in (0, 1)]
            copy = copy.clone()
            for one in (state, copy):
                one.apply_actions(actions)
            assert copy.serialize() == state.serialize()
