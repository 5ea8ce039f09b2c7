"""poke-engine as an opponent: our states in its words, and its search as an agent."""

import importlib.util
import sys
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from plywise.arena.factory import AgentFactory
from plywise.arena.poke_engine_state import choices, load_poke_engine, translate
from plywise.conf.schema import (
    AgentConfig,
    AlphaBetaConfig,
    GameConfig,
    LLMGroup,
    SimultaneousConfig,
)
from plywise.datasets.errors import ConfigError
from plywise.datasets.pokemon_sets import random_battle_sets
from plywise.engine.battle import constants as c
from plywise.engine.battle import plain
from plywise.engine.battle.battle_state import BattleState
from plywise.engine.battle.names import MOVE_NAMES
from plywise.engine.kernels import NO_ACTION
from plywise.games.registry import make_game

needs_poke_engine = pytest.mark.skipif(
    importlib.util.find_spec("poke_engine") is None,
    reason="poke-engine is not installed (it needs Rust)",
)


def positions(battles: int, seed: int) -> Iterator[BattleState]:
    """Yield every state of battles between random teams and random players."""
    rng, sets = Random(seed), random_battle_sets()
    for _ in range(battles):
        teams = sets.random_team(rng), sets.random_team(rng)
        state = BattleState.from_teams(*teams, seed=rng.getrandbits(60))
        while not state.is_terminal():
            yield state
            legal = [state.legal_actions(s) for s in (0, 1)]
            first, second = (rng.choice(actions) if actions else NO_ACTION for actions in legal)
            state.apply_actions(first, second)


def legal_in(state: BattleState) -> list[frozenset[int]]:
    return [frozenset(state.legal_actions(side)) for side in (0, 1)]


def test_without_it_the_error_says_how_to_build_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "poke_engine", None)
    with pytest.raises(ConfigError, match=r"needs Rust and this: pip install poke-engine .*tera"):
        load_poke_engine()


def test_it_is_refused_before_the_first_game(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "poke_engine", None)
    battles = GameConfig("gen9randombattle")
    entrant = AgentConfig(name="poke_engine")
    with pytest.raises(ConfigError, match="search=alphabeta does not fit here"):
        AgentFactory(battles, AlphaBetaConfig(), LLMGroup("none")).check(entrant)
    with pytest.raises(ConfigError, match="pip install poke-engine"):
        AgentFactory(battles, SimultaneousConfig(), LLMGroup("none")).check(entrant)


def test_choices_name_our_actions() -> None:
    state = next(positions(1, seed=5))
    battle = plain.thaw(state.pool, 0)
    named = choices(battle, 0)
    mon = state.side(0).team[battle.sides[0].active]
    assert [named[move] for move in mon.moves] == [*range(len(mon.moves))]
    assert named[f"{mon.moves[0]}-tera"] == c.ACTION_TERA
    switches = [named[f"switch {m.species}"] for m in state.side(0).team]
    assert switches == [*range(c.ACTION_SWITCH, c.ACTION_SWITCH + 6)]


@needs_poke_engine
def test_both_engines_see_the_same_actions() -> None:
    engine = load_poke_engine()
    looked = 0
    for state in positions(6, seed=11):
        battle, legal = plain.thaw(state.pool, 0), legal_in(state)
        for side in (0, 1):
            if not legal[side] or c.ACTION_FORCED in legal[side]:
                continue
            there = translate(engine, battle, legal, side)
            found = engine.monte_carlo_tree_search(there, iterations=20).side_one
            named = choices(battle, side)
            assert {named[choice.move_choice] for choice in found} == legal[side]
            looked += 1
    assert looked > 300


@needs_poke_engine
def test_both_engines_do_the_same_damage() -> None:
    """Where they differ it is by rule (Tera Shell, absorbing abilities): 1 or 2 of 100 moves."""
    engine, rng = load_poke_engine(), Random(3)
    same = looked = 0
    for state in positions(12, seed=12):
        battle, legal = plain.thaw(state.pool, 0), legal_in(state)
        moves = [a for a in legal[0] if a < c.ACTION_TERA]
        if battle.request != c.REQUEST_MOVE or not moves or not legal[1]:
            continue
        own = battle.sides[0]
        move = MOVE_NAMES[own.mons[own.active].moves[rng.choice(moves)]]
        there = translate(engine, battle, legal, 0)
        most = engine.calculate_damage(there, move, "splash", True)[0][0]
        ours = max(state.damage_rolls(0, move))
        same += abs(most - ours) <= max(1, 0.03 * ours)
        looked += 1
    assert looked > 300
    assert same >= 0.96 * looked


@needs_poke_engine
def test_it_plays_a_whole_game() -> None:
    game = make_game("gen9randombattle")
    factory = AgentFactory(
        GameConfig("gen9randombattle"), SimultaneousConfig(worlds=2), LLMGroup("none")
    )
    agent = factory.build(AgentConfig(name="poke_engine", iterations=200))
    state: Any = game.new_initial_state(7)
    fallbacks = decisions = 0
    while not state.is_terminal():
        actions = []
        for player in (0, 1):
            legal = state.legal_actions(player)
            if not legal:
                actions.append(NO_ACTION)
                continue
            decision = agent.decide(state, player, decisions)
            assert decision.action in legal
            assert sum(decision.strategy.values()) == pytest.approx(1.0)
            fallbacks += "fallback" in decision.notes
            decisions += 1
            actions.append(decision.action)
        state.apply_actions(actions)
    assert decisions > 30
    assert fallbacks <= 1
