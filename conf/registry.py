"""The registry of all settings: names for Hydra, and reading what it composes.

Each command has a dataclass, and so has each option of a group.  The default options of a command's
groups stand in its fields; Hydra's primary configurations are made from these.  Hydra checks keys
and types when it composes; each class checks the rest (ranges, combinations) in ``__post_init__``,
which runs when :func:`typed` turns the composed tree into these objects.  Every failure is a
:class:`~plywise.datasets.errors.ConfigError` that names the key, the value and what is allowed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import MissingMandatoryValue

from plywise.conf.listing import default_options
from plywise.conf.schemas import (
    analysis,
    commands,
    game,
    llm,
    play,
    ratings,
    search,
    tournament,
    verify,
)
from plywise.conf.schemas.agents import AgentConfig
from plywise.conf.schemas.bench import BenchConfig
from plywise.conf.schemas.showdown import ServerConfig, ShowdownConfig
from plywise.datasets.errors import ConfigError

T = TypeVar("T")

COMMAND_SCHEMAS: dict[str, type[Any]] = {
    "play": play.PlayConfig,
    "replay": play.ReplayConfig,
    "explain": play.ExplainConfig,
    "analyse": analysis.AnalyseConfig,
    "showdown": ShowdownConfig,
    "tournament": tournament.TournamentConfig,
    "ratings": ratings.RatingsConfig,
    "calibrate": ratings.CalibrateConfig,
    "report": tournament.ReportConfig,
    "luck": tournament.LuckConfig,
    "selfplay": commands.SelfplayConfig,
    "verify": verify.VerifyConfig,
    "record": verify.RecordConfig,
    "bench": BenchConfig,
    "solve": commands.SolveConfig,
    "fit": commands.FitConfig,
    "models": commands.ModelsConfig,
    "team": commands.TeamConfig,
    "data": commands.DataConfig,
    "llm": llm.LLMCommandConfig,
}

GROUP_SCHEMAS: dict[str, dict[str, type[Any]]] = {
    "game": {
        "game_schema": game.GameConfig,
        "connect_four_schema": game.ConnectFourConfig,
        "gomoku_schema": game.GomokuConfig,
        "goofspiel_schema": game.GoofspielConfig,
        "battleship_schema": game.BattleshipConfig,
        "plugin_schema": game.PluginConfig,
        "gen9_schema": game.Gen9Config,
    },
    "search": {
        "alphabeta_schema": search.AlphaBetaGroup,
        "simultaneous_schema": search.SimultaneousGroup,
        "mcts_schema": search.MCTSGroup,
    },
    "llm": {
        "none_schema": llm.NoLLMGroup,
        "embedded_schema": llm.EmbeddedGroup,
        "openai_schema": llm.OpenAIGroup,
        "stand_in_schema": llm.StandInGroup,
    },
    "server": {"server_schema": ServerConfig},
    "tournament": {"tournament_schema": tournament.TournamentGroup},
}
"""Dataclasses of the groups (agents have their own), by the names that YAML files use."""


def register(agents: Mapping[str, type[AgentConfig]]) -> None:
    """Put the schemas and the commands' primary configurations into Hydra's store.

    ``agents``: the dataclass of each agent's settings.  An opponent is any of the same agents.
    """
    from hydra.core.config_store import ConfigStore

    store = ConfigStore.instance()
    for agent, settings in agents.items():
        store.store(group="agent", name=f"{agent}_schema", node=settings(name=agent))
        same = {"defaults": [{"/agent@_here_": agent}]}
        store.store(group="opponent", name=agent, node=same)
    for command, schema in COMMAND_SCHEMAS.items():
        store.store(name=f"{command}_command", node=schema)
        options = default_options(schema)
        # A game may choose another search, which has to stand before it.
        groups = [{g: options[g]} for g in sorted(options, key=lambda group: group != "search")]
        # Groups come last: a preset may bring the command's own values, such as agents.
        primary = ["common", f"{command}_command", "_self_", *groups]
        store.store(name=command, node={"defaults": primary, "hydra": {"job": {"name": command}}})
    for group, schemas in GROUP_SCHEMAS.items():
        for name, schema in schemas.items():
            store.store(group=group, name=name, node=schema)


def typed(config: DictConfig, schema: type[T]) -> T:
    """Return a composed configuration as an object of its schema, with all values checked.

    Raises:
        ConfigError: a value is missing, out of range or impossible together with another.
    """
    _refuse_unknown(config, schema)
    try:
        built = OmegaConf.to_object(config)
    except MissingMandatoryValue as error:
        key = str(getattr(error, "full_key", "") or "a value")
        raise ConfigError(f"{key} is missing: give {key}=VALUE") from None
    if not isinstance(built, schema):
        raise TypeError(f"a {schema.__name__} was expected, got {type(built).__name__}")
    return built


def _refuse_unknown(config: DictConfig, schema: type[Any]) -> None:
    """Refuse a key that no code reads, which Hydra lets ``+key=value`` add."""
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
