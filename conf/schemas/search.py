"""The ``search`` group of the configuration.

The settings of a search, such as ``resample_rate``, stand in ``search/config.py`` and
``search/*/config.py``, those of sampled worlds in ``games/worlds_config.py``; the classes here add
the group's name, the number of worlds and battle time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from omegaconf import MISSING

from plywise.datasets.errors import ConfigError
from plywise.datasets.settings import setting
from plywise.games.worlds_config import WorldsConfig
from plywise.search import config as search_config
from plywise.search.alphabeta import config as alphabeta_config
from plywise.search.simultaneous import config as simultaneous_config


@dataclass
class SearchGroup(search_config.SearchBudget):
    """Limits that every search has, and its name in ``search=NAME``."""

    PREFIX: ClassVar[str] = "search."

    name: str = MISSING


@dataclass
class AlphaBetaGroup(alphabeta_config.AlphaBetaConfig, SearchGroup):
    """Alpha-beta with a transposition table, for turn-based games."""

    name: str = "alphabeta"


@dataclass
class SimultaneousGroup(WorldsConfig, simultaneous_config.SimultaneousConfig, SearchGroup):
    """Tree search over sampled states, where moves are simultaneous or something is hidden."""

    LIMITS: ClassVar[tuple[str, ...]] = ("seconds", "iterations", "battle_seconds")

    name: str = "simultaneous"
    worlds: int = setting(16, "sampled states, for example opponent teams", low=1, high=251)
    sharing: str = setting(
        "shared", "one strategy for all worlds, or the mean of a search of each (averaged)",
        choices=("shared", "averaged"),
    )  # fmt: skip
    battle_seconds: float | None = setting(
        None, "wall time for all decisions of one battle; null: no limit", above=0
    )

    preview_seconds: float | None = setting(
        None, "wall time of a decision at Team Preview; null: ten times search.seconds", above=0
    )
    leads: str = setting(
        "searched", "at Team Preview: searched, or the order of the team itself (team_order)",
        choices=("searched", "team_order"),
    )  # fmt: skip

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.threads > 1 and self.sharing == "averaged":
            raise ConfigError(
                f"search.threads={self.threads}: search.sharing=averaged has one thread"
            )


@dataclass
class MCTSGroup(search_config.MCTSConfig, SearchGroup):
    """Monte-Carlo tree search in plain Python, for any game."""

    name: str = "mcts"
