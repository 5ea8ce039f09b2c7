"""poke-engine as an opponent: our states in its words, and its search as an agent."""

import importlib.util
import sys
from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from plywise.arena.agents.factory import AgentFactory
from plywise.conf.schemas.agents import AgentConfig
from plywise.conf.schemas.game import GameConfig, Gen9Config
from plywise.conf.schemas.llm import NoLLMGroup
from plywise.conf.schemas.search import AlphaBetaGroup, SimultaneousGroup
from plywise.datasets.errors import ConfigError
from plywise.datasets.pokemon_sets import random_battle_sets
from plywise.engine.battle import constants as c
from plywise.engine.battle.border.battle_state import BattleState
from plywise.engine.kernels import NO_ACTION
from plywise.games.gen9.game import Gen9Battle
from plywise.games.gen9.poke_engine import Translated, best_action, load_poke_engine, translate
from plywise.games.gen9.state import Gen9State

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


def searched(engine: Any, state: Gen9State, player: int) -> tuple[Translated, list[int]]:
    """Return a state for poke-engine, and the actions that its search chooses among."""
    there = translate(engine, state.battle.pool, 0, player)
    found = engine.monte_carlo_tree_search(there.state, iterations=20).side_one
    return there, sorted(there.actions[choice.move_choice] for choice in found)


def step(state: Gen9State, rng: Random) -> None:
    legal = [state.legal_actions(player) for player in (0, 1)]
    state.apply_actions([rng.choice(actions) if actions else NO_ACTION for actions in legal])


@needs_poke_engine
@pytest.mark.parametrize("format", ["gen9ou", "gen9monotype", "gen91v1", "gen9bssregi"])
def test_both_engines_see_the_same_actions_in_tiers(format: str) -> None:
    """Leads at Team Preview; nobody Terastallizes under Terastal Clause (Monotype, 1v1)."""
    engine, rng, looked = load_poke_engine(), Random(5), 0
    for seed in range(3):
        state = Gen9Battle(format).new_initial_state(seed)
        while not state.is_terminal():
            for player in (0, 1):
                legal = state.legal_actions(player)
                if not legal or c.ACTION_FORCED in legal:
                    continue
                there, found = searched(engine, state, player)
                looked += 1
                if there.named:  # our engine asks for those that come one after another
                    assert set(legal) < set(found)
                else:
                    assert found == legal
            step(state, rng)
    assert looked > 30


@needs_poke_engine
def test_what_is_named_at_team_preview_changes_nothing_in_its_state() -> None:
    engine = load_poke_engine()
    state = Gen9Battle("gen9bssregi").new_initial_state(1)
    before = translate(engine, state.battle.pool, 0, 0)
    assert before.state.team_preview
    assert (before.named, before.to_name) == ((), 3)
    state.apply_actions([c.ACTION_SWITCH + 4, c.ACTION_SWITCH + 2])
    after = translate(engine, state.battle.pool, 0, 0)
    assert (after.named, after.to_name) == ((4,), 3)
    assert after.state.to_string() == before.state.to_string()
    for side in (after.state.side_one, after.state.side_two):
        assert side.volatile_statuses == set()
        assert [mon.types == mon.base_types for mon in side.pokemon] == [True] * 6


def test_at_team_preview_the_best_lead_begins_and_the_next_best_come_with_it() -> None:
    species = {f"switch {k}": c.ACTION_SWITCH + k for k in range(6)}
    worth = (0.1, 0.3, 0.05, 0.35, 0.02, 0.18)
    shares = {c.ACTION_SWITCH + k: share for k, share in enumerate(worth)}
    named: tuple[int, ...] = ()
    for _ in range(3):
        there = Translated(None, species, named, 3)
        action = best_action(there, shares, sorted(shares))
        assert action is not None
        named += (action - c.ACTION_SWITCH,)
    assert named == (3, 1, 5)
    assert best_action(Translated(None, {}), {9: 0.5}, [8]) is None
    assert best_action(Translated(None, {}), {8: 0.1, 9: 0.5, 10: 0.4}, [8, 10]) == 10


@needs_poke_engine
def test_one_mark_keeps_a_side_from_terastallizing() -> None:
    engine = load_poke_engine()
    state = Gen9Battle("gen9monotype").new_initial_state(0)
    step(state, Random(0))
    there = translate(engine, state.battle.pool, 0, 0).state
    for side in (there.side_one, there.side_two):
        (marked,) = [mon for mon in side.pokemon if mon.terastallized]
        assert marked.tera_type == "stellar"
        assert "terablast" not in [move.id for move in marked.moves]


@needs_poke_engine
def test_after_a_two_turn_move_it_may_choose_again() -> None:
    sets, rng = random_battle_sets(), Random(1)
    charger, other = (
        (replace(lead, moves=(move, "splash"), item="", ability="pressure"), *bench)
        for (lead, *bench), move in (
            (sets.random_team(rng), "solarbeam"),
            (sets.random_team(rng), "celebrate"),
        )
    )
    state = BattleState.from_teams(charger, other, seed=1)
    engine = load_poke_engine()
    charged = []
    for _ in range(2):
        state.apply_actions(0 if 0 in state.legal_actions(0) else c.ACTION_FORCED, 0)
        assert state.simultaneous
        there = translate(engine, state.pool, 0, 0).state
        charged.append("solarbeam" in there.side_one.volatile_statuses)
    assert charged == [True, False]


@needs_poke_engine
@pytest.mark.parametrize("format", ["gen9randombattle", "gen9ou", "gen9bssregi"])
def test_it_plays_a_whole_game(format: str) -> None:
    game = Gen9Battle(format)
    factory = AgentFactory(Gen9Config(format=format), SimultaneousGroup(worlds=2), NoLLMGroup())
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
            assert "failed_worlds" not in decision.notes
            fallbacks += "fallback" in decision.notes
            decisions += 1
            actions.append(decision.action)
        state.apply_actions(actions)
    assert decisions > 10
    assert fallbacks <= 1
