"""The registry of all settings: names for Hydra, and reading what it composes.

Hydra checks keys and types when it composes; each class checks the rest (ranges, combinations) in
``__post_init__``, which runs when :func:`typed` turns the composed tree into these objects.  Every
failure is a :class:`~plywise.datasets.errors.ConfigError` that names the key, the value and what is
allowed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

from hydra.core.config_store import ConfigStore
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import MissingMandatoryValue

from plywise.conf.schemas.agents import AgentConfig
from plywise.conf.schemas.bench import BenchConfig
from plywise.conf.schemas.commands import FitConfig, ModelsConfig, SelfplayConfig, SolveConfig
from plywise.conf.schemas.game import (
    BattleshipConfig,
    ConnectFourConfig,
    GameConfig,
    GomokuConfig,
    GoofspielConfig,
    PluginConfig,
)
from plywise.conf.schemas.llm import LLMCommandConfig, LLMGroup
from plywise.conf.schemas.play import ExplainConfig, PlayConfig, ReplayConfig
from plywise.conf.schemas.ratings import CalibrateConfig, RatingsConfig
from plywise.conf.schemas.search import AlphaBetaConfig, MCTSConfig, SimultaneousConfig
from plywise.conf.schemas.showdown import ShowdownConfig
from plywise.conf.schemas.tournament import ReportConfig, TournamentConfig, TournamentGroup
from plywise.conf.schemas.verify import RecordConfig, VerifyConfig
from plywise.datasets.errors import ConfigError

T = TypeVar("T")


def register(agents: Mapping[str, type[AgentConfig]]) -> None:
    """Put the schemas into Hydra's store, where the YAML files name them as ``…_schema``.

    ``agents``: the dataclass of each agent's settings.  An opponent is any of the same agents.
    """
    store = ConfigStore.instance()
    for agent, settings in agents.items():
        store.store(group="agent", name=f"{agent}_schema", node=settings(name=agent))
        same = {"defaults": [{"/agent@_here_": agent}]}
        store.store(group="opponent", name=agent, node=same)
    for command, schema in COMMAND_SCHEMAS.items():
        # "llm_schema" is that of the group.
        name = "llm_calibrate" if command == "llm" else command
        store.store(name=f"{name}_schema", node=schema)
    for group, name, node in (
        ("game", "game_schema", GameConfig),
        ("game", "connect_four_schema", ConnectFourConfig),
        ("game", "gomoku_schema", GomokuConfig),
        ("game", "goofspiel_schema", GoofspielConfig),
        ("game", "battleship_schema", BattleshipConfig),
        ("game", "plugin_schema", PluginConfig),
        ("search", "alphabeta_schema", AlphaBetaConfig),
        ("search", "simultaneous_schema", SimultaneousConfig),
        ("search", "mcts_schema", MCTSConfig),
        ("llm", "llm_schema", LLMGroup),
        ("tournament", "tournament_schema", TournamentGroup),
    ):
        store.store(group=group, name=name, node=node)


COMMAND_SCHEMAS: dict[str, Any] = {
    "play": PlayConfig,
    "replay": ReplayConfig,
    "explain": ExplainConfig,
    "showdown": ShowdownConfig,
    "tournament": TournamentConfig,
    "ratings": RatingsConfig,
    "calibrate": CalibrateConfig,
    "report": ReportConfig,
    "selfplay": SelfplayConfig,
    "verify": VerifyConfig,
    "record": RecordConfig,
    "bench": BenchConfig,
    "solve": SolveConfig,
    "fit": FitConfig,
    "models": ModelsConfig,
    "llm": LLMCommandConfig,
}


def typed(config: DictConfig, schema: type[T]) -> T:
    """Return a composed configuration as an object of its schema, with all values checked.

    Raises:
        ConfigError: a value is missing, out of range or impossible together with another.
    """
    _refuse_strangers(config, schema)
    try:
        built = OmegaConf.to_object(config)
    except MissingMandatoryValue as error:
        key = str(getattr(error, "full_key", "") or "a value")
        raise ConfigError(f"{key} is missing: give {key}=VALUE") from None
    if not isinstance(built, schema):
        raise TypeError(f"a {schema.__name__} was expected, got {type(built).__name__}")
    return built


def _refuse_strangers(config: DictConfig, schema: type[Any]) -> None:
    """Hydra lets ``+key=value`` add what no code reads; that is a mistake, not a setting.

    Raises:
        ConfigError: naming the key.
    """
    nodes: list[tuple[str, DictConfig, type[Any]]] = [("", config, schema)]
    while nodes:
        prefix, node, kind = nodes.pop()
        known = {f.name for f in fields(kind)}
        for key in map(str, node):
            if key not in known:
                raise ConfigError(
                    f"no setting '{prefix}{key}'; there are: {', '.join(sorted(known))}"
                )
            if OmegaConf.is_missing(node, key) or not isinstance(node[key], DictConfig):
                continue
            child = OmegaConf.get_type(node, key)
            if child is not None and is_dataclass(child):
                nodes.append((f"{prefix}{key}.", node[key], child))
