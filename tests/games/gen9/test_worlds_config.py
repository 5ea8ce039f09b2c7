"""Settings of what sampled worlds are drawn from, and of who leads."""

import json
from collections import Counter
from pathlib import Path

import pytest

from plywise.arena.agents.catalog import agent_config
from plywise.arena.agents.factory import AgentFactory
from plywise.conf.schemas.game import Gen9Config
from plywise.conf.schemas.llm import NoLLMGroup
from plywise.conf.schemas.search import SimultaneousGroup
from plywise.datasets.errors import ConfigError
from plywise.engine.battle.names import ITEM_NAMES
from plywise.games.gen9.game import Gen9Battle
from plywise.games.gen9.infostate import SWITCH
from plywise.games.registry import make_game
from plywise.games.worlds_config import WorldsConfig


def held(config: WorldsConfig | None, species: str = "greattusk") -> Counter[str]:
    """Items of a Pokémon that nobody has seen, over worlds of several battles."""
    game, found = Gen9Battle("gen9ou"), Counter[str]()
    for seed in range(40):
        state = game.new_initial_state(seed)
        team = [s.species for s in game.teams(seed)[1]]
        if species in team:
            worlds = state.view(0).worlds(0, 40, seed=seed, config=config)
            items = worlds["sides"]["mons"]["held_item"][:, 1, team.index(species)]
            found.update(ITEM_NAMES[item] for item in items)
    return found


def test_usage_statistics_change_what_is_believed(tmp_path: Path) -> None:
    entry = {
        "Raw count": 1000, "usage": 0.9, "Viability Ceiling": [1, 90, 85, 80],
        "Abilities": {"protosynthesis": 900.0}, "Items": {"ironball": 900.0},
        "Moves": dict.fromkeys(("earthquake", "rapidspin", "knockoff", "closecombat"), 900.0),
        "Spreads": {"Jolly:0/252/4/0/0/252": 900.0}, "Tera Types": {"steel": 900.0},
        "Teammates": {}, "Checks and Counters": {},
    }  # fmt: skip
    info = {"metagame": "gen9ou", "cutoff": 1695.0, "number of battles": 1000}
    path = tmp_path / "gen9ou-1695.json"
    path.write_text(json.dumps({"info": info, "data": {"Great Tusk": entry}}))
    plain, mixed = held(None), held(WorldsConfig(usage_file=str(path), usage_weight=0.8))
    assert plain.total() == mixed.total() > 0
    assert plain["ironball"] == 0
    assert 0.6 < mixed["ironball"] / mixed.total() < 0.9


def test_usage_file_is_read_before_the_first_game(tmp_path: Path) -> None:
    config = WorldsConfig(usage_file=str(tmp_path / "none.json"))
    with pytest.raises(ConfigError, match=r"none\.json"):
        make_game("gen9", format="gen9ou").prepare_worlds(config)
    with pytest.raises(ConfigError, match="goofspiel takes no usage statistics"):
        make_game("goofspiel").prepare_worlds(config)
    with pytest.raises(ConfigError, match="takes no statistics"):
        make_game("gen9randombattle").prepare_worlds(config)


def test_order_of_the_team_may_stand() -> None:
    state = Gen9Battle("gen9ou").new_initial_state(3)
    assert state.team_order_action(0) == SWITCH
    factory = AgentFactory(Gen9Config(), SimultaneousGroup(iterations=200), NoLLMGroup())
    for leads, label in (("searched", None), ("team_order", True)):
        agent = factory.build(agent_config("search", search={"leads": leads}))
        decision = agent.decide(state.view(0), 0, 1)
        assert decision.notes.get("team_order") == label
        assert bool(decision.visits) == (label is None)
    assert decision.action == SWITCH
    state.apply_actions([SWITCH + 2, SWITCH + 4])
    assert state.team_order_action(0) is None
