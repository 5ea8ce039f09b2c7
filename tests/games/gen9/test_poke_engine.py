"""poke-engine as an opponent: our states in its words, and its search as an agent."""

import importlib.util
import sys
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from plywise.arena.agents.factory import AgentFactory
from plywise.conf.schemas.agents import AgentConfig
from plywise.conf.schemas.game import GameConfig
from plywise.conf.schemas.llm import NoLLMGroup
from plywise.conf.schemas.search import AlphaBetaGroup, SimultaneousGroup
from plywise.datasets.errors import ConfigError
from plywise.datasets.pokemon_sets import random_battle_sets
from plywise.engine.battle import constants as c
from plywise.engine.battle.border.battle_state import BattleState
from plywise.engine.kernels import NO_ACTION
from plywise.games.gen9.poke_engine import load_poke_engine, translate
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


def test_without_it_the_error_names_the_build_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "poke_engine", None)
    with pytest.raises(ConfigError, match=r"needs Rust and this: pip install poke-engine .*tera"):
        load_poke_engine()


def test_it_is_refused_before_the_first_game(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "poke_engine", None)
    battles = GameConfig("gen9randombattle")
    entrant = AgentConfig(name="poke_engine")
    with pytest.raises(ConfigError, match="search=alphabeta does not fit here"):
        AgentFactory(battles, AlphaBetaGroup(), NoLLMGroup()).check(entrant)
    with pytest.raises(ConfigError, match="pip install poke-engine"):
        AgentFactory(battles, SimultaneousGroup(), NoLLMGroup()).check(entrant)


@needs_poke_engine
def test_both_engines_see_the_same_actions() -> None:
    engine = load_poke_engine()
    looked = 0
    for state in positions(6, seed=11):
        for side in (0, 1):
            legal = state.legal_actions(side)
            if not legal or c.ACTION_FORCED in legal:
                continue
            there = translate(engine, state.pool, 0, side)
            found = engine.monte_carlo_tree_search(there.state, iterations=20).side_one
            assert sorted(there.actions[choice.move_choice] for choice in found) == legal
            looked += 1
    assert looked > 300


@needs_poke_engine
def test_both_engines_do_the_same_damage() -> None:
    """Where they differ it is by rule (Tera Shell, absorbing abilities): 1 or 2 of 100 moves."""
    engine, rng = load_poke_engine(), Random(3)
    same = looked = 0
    for state in positions(12, seed=12):
        moves = [a for a in state.legal_actions(0) if a < c.ACTION_TERA]
        if not state.simultaneous or not moves:
            continue
        own = state.side(0)
        move = own.team[own.active].moves[rng.choice(moves)]
        there = translate(engine, state.pool, 0, 0).state
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
        GameConfig("gen9randombattle"), SimultaneousGroup(worlds=2), NoLLMGroup()
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
