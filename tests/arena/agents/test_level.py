"""Levels of play: an action near the best, fixed amounts of search, and what is refused."""

from collections import Counter
from pathlib import Path

import pytest

from plywise.arena.agents.catalog import agent_config
from plywise.arena.agents.factory import AgentFactory
from plywise.arena.agents.level import LEVELS, LooseAgent
from plywise.arena.agents.spec import Agent
from plywise.arena.cli import main as cli
from plywise.arena.play.match import play_game
from plywise.conf.schemas.game import GameConfig
from plywise.conf.schemas.llm import NoLLMGroup
from plywise.conf.schemas.search import AlphaBetaGroup
from plywise.datasets.errors import ConfigError
from plywise.games.base import State
from plywise.games.registry import make_game
from plywise.search.decision import Decision


class Judge(Agent):
    """Values the first four squares and would take the first."""

    name = "judge"

    def decide(self, state: State, player: int, seed: int) -> Decision:
        return Decision(0, {0: 1.0}, values={0: 0.5, 1: 0.4, 2: 0.25, 3: -0.9})


def test_near_best_actions_are_chosen_often_and_bad_ones_never() -> None:
    state = make_game("tic_tac_toe").new_initial_state()
    agent = LooseAgent(Judge(), 0.1)
    made = [agent.decide(state, 0, seed) for seed in range(3000)]
    assert [d.action for d in made] == [agent.decide(state, 0, seed).action for seed in range(3000)]
    counts = Counter(d.action for d in made)
    assert set(counts) == {0, 1, 2}
    # exp(0), exp(-1) and exp(-2.5), divided by their sum
    assert made[0].strategy == pytest.approx({0: 0.690, 1: 0.254, 2: 0.0566}, abs=0.001)
    assert [counts[a] / 3000 for a in (0, 1, 2)] == pytest.approx([0.69, 0.254, 0.057], abs=0.03)


def test_every_table_has_ten_levels_without_a_clock() -> None:
    for levels in (levels for games in LEVELS.values() for levels in games.values()):
        assert len(levels) == 10
        assert all(level.search["seconds"] is None for level in levels)


def test_a_high_level_beats_a_low_one_and_repeats_its_games() -> None:
    factory = AgentFactory(GameConfig("connect_four"), AlphaBetaGroup(), NoLLMGroup())
    strong, weak = (factory.build(agent_config("search", level=level)) for level in (7, 2))
    records = [play_game(factory.game, (strong, weak), seed, openings=2) for seed in range(8)]
    points = [record.result_of(strong.name) for record in records]
    assert sum(p for p in points if p is not None) >= 4
    again = play_game(factory.game, (strong, weak), 0, openings=2)
    assert again.actions == records[0].actions


def test_a_level_sets_the_search_alone() -> None:
    factory = AgentFactory(GameConfig("connect_four"), AlphaBetaGroup(), NoLLMGroup())
    with pytest.raises(ConfigError, match="level sets the search"):
        factory.check(agent_config("search", level=3, max_depth=4))
    with pytest.raises(ConfigError, match=r"agent\.level=11: must be between 1 and 10"):
        agent_config("search", level=11)


def test_agents_without_levels_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["play", "agent=solver", "level=3", "llm=none", "side=none"]) == 2
    assert "agent=search and agent=llm_search have levels" in capsys.readouterr().err
    assert cli.main(["play", "game=tic_tac_toe", "level=4", "llm=none", "side=none"]) == 0
    assert "search(level=4) (X) against search(level=4) (O)" in capsys.readouterr().out
