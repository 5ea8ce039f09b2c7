"""``plywise play``: a game in the terminal, with agents and people from the settings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from plywise.arena.agents.factory import AgentFactory
from plywise.arena.agents.kinds.search import SearcherSettings
from plywise.arena.agents.spec import Agent
from plywise.arena.output.screen import TextConsole
from plywise.arena.settings import check_team_files
from plywise.arena.terminal.play import Human, play_in_terminal
from plywise.conf.schemas.play import PlayConfig
from plywise.datasets.errors import ConfigError

_PLAYERS = {
    "first": ("human", "agent"),
    "second": ("agent", "human"),
    "both": ("human", "human"),
    "none": ("agent", "agent"),
}


def run_play(config: PlayConfig, folder: Path) -> int:
    """Play a game in the terminal: people, agents or both.

    Raises:
        ConfigError: the agent cannot play here, or not at a level.
    """
    console = TextConsole(no_color=not config.color)
    check_team_files(config.game)
    factory = AgentFactory(
        config.game,
        config.search,
        config.llm,
        progress=lambda line: console.print(line),
        compare=config.explain,
    )
    agent = config.agent
    if config.level is not None:
        if not isinstance(agent, SearcherSettings):
            raise ConfigError(
                f"level={config.level}: agent=search and agent=llm_search have levels"
            )
        agent = replace(agent, level=config.level)
    kinds = _PLAYERS[config.side]
    players: list[Agent | Human] = []
    try:
        if agent.name == "human" and "agent" in kinds:
            raise ConfigError("agent=human: choose an agent to play against, or side=both")
        for kind in kinds:
            if kind == "agent":
                players.append(factory.build(agent))
            else:
                names = ("you", "you") if "agent" in kinds else ("first player", "second player")
                players.append(Human(names[len(players)]))
        origin = config.game.name, config.game.parameters()
        return play_in_terminal(
            factory.game, players, config.seed, console, folder, origin, config.explain
        )
    finally:
        factory.close()
