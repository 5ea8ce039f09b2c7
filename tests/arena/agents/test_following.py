"""The search that is told what a followed model expects of its opponent."""

from __future__ import annotations

from random import Random

import pytest

from plywise.arena.agents.catalog import agent_config
from plywise.arena.agents.factory import AgentFactory
from plywise.conf.schemas.game import GameConfig, Gen9Config
from plywise.conf.schemas.llm import NoLLMGroup
from plywise.conf.schemas.search import AlphaBetaGroup, SimultaneousGroup
from plywise.datasets.errors import ConfigError
from plywise.engine.kernels import NO_ACTION
from plywise.games.gen9.game import Gen9Battle
from plywise.games.gen9.state import Gen9State


def decisions(seed: int) -> list[tuple[int, tuple[str, ...]]]:
    """Return (action, advice used) of six decisions against a player at random."""
    search = SimultaneousGroup(seconds=None, iterations=30, worlds=2)
    factory = AgentFactory(Gen9Config(format="gen9randombattle"), search, NoLLMGroup())
    agent = factory.build(agent_config("search", follow=0.5)).for_one_game()
    state, rng = Gen9Battle("gen9randombattle").new_initial_state(seed), Random(seed)
    assert isinstance(state, Gen9State)
    found: list[tuple[int, tuple[str, ...]]] = []
    while len(found) < 6:
        chosen = [NO_ACTION, NO_ACTION]
        for player in (0, 1):
            if not (legal := state.battle.legal_actions(player)):
                continue
            chosen[player] = rng.choice(legal)
            if player == 0:
                decision = agent.decide(state.view(0), 0, len(found))
                chosen[0] = decision.action
                found.append((decision.action, tuple(decision.notes.get("advice_used", ()))))
        state.apply_actions(chosen)
    factory.close()
    return found


@pytest.mark.slow
def test_the_search_uses_the_prediction_and_repeats() -> None:
    first = decisions(3)
    assert sum(used == ("model:followed",) for _, used in first) >= 4
    assert decisions(3) == first


@pytest.mark.parametrize("name", ["search", "llm_search"])
def test_following_is_refused_where_there_is_nobody_to_follow(name: str) -> None:
    boards = AgentFactory(GameConfig("tic_tac_toe"), AlphaBetaGroup(), NoLLMGroup())
    with pytest.raises(ConfigError, match="follow is for name=search in Pokémon battles"):
        boards.check(agent_config(name, follow=0.5))
