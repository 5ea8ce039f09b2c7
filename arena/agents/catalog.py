"""The catalogue: every agent by name, found in the modules of ``arena/agents/kinds``.

Light to import; what an agent needs (numba, a language model) is imported when it is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from plywise.arena.agents import kinds
from plywise.arena.agents.spec import AgentSpec
from plywise.conf.schemas.agents import AgentConfig
from plywise.datasets.errors import ConfigError


def find_agents() -> dict[str, AgentSpec]:
    """Return the agents by name, in the order of their modules."""
    names = sorted(module.name for module in iter_modules(kinds.__path__))
    modules = [import_module(f"{kinds.__name__}.{name}") for name in names]
    return {spec.name: spec for module in modules for spec in module.AGENTS}


CATALOG: Mapping[str, AgentSpec] = find_agents()

_PLACES = {
    "boards": "board games",
    "battles": "in battles in this process",
    "server": "on a Showdown server",
}


def check_agent(name: str, *, where: str) -> AgentSpec:
    """Return the agent's entry if it plays ``where`` (boards, battles or server).

    Raises:
        ConfigError: no such agent, or it does not play there; names those that do.
    """
    fit = [n for n, spec in CATALOG.items() if where in spec.plays]
    if name not in CATALOG:
        raise ConfigError(f"no agent '{name}'; there are: {', '.join(fit)} (see: plywise agents)")
    if name not in fit:
        raise ConfigError(
            f"agent '{name}' does not play {_PLACES[where]}; these do: {', '.join(fit)}"
        )
    return CATALOG[name]


def agent_config(name: str, **given: Any) -> AgentConfig:
    """Return the settings of the agent ``name``.

    Raises:
        ConfigError: the agent has no such setting, or its value is of the wrong kind or range.
    """
    spec = CATALOG.get(name)  # an unknown agent is refused by check_agent, which knows the place
    settings = AgentConfig if spec is None else spec.settings
    known = [f.name for f in fields(settings)]
    for key in given:
        if key not in known:
            raise ConfigError(
                f"agents: {name} has no setting '{key}'; there are: {', '.join(known)}"
            )
    return settings(name, **given)


def parse_agents(entries: list[Any]) -> list[AgentConfig]:
    """Return the settings of a tournament's agents, each given as a name or a mapping.

    Raises:
        ConfigError: an entry is neither a name nor a mapping with known keys, or two are equal.
    """
    found: list[AgentConfig] = []
    for entry in entries:
        given = {"name": entry} if isinstance(entry, str) else entry
        if not isinstance(given, dict) or not isinstance(given.get("name"), str):
            raise ConfigError(
                f"agents: {entry!r} is neither a name nor a mapping like "
                "{name:search,seconds:0.1}"
            )
        found.append(agent_config(**{str(key): value for key, value in given.items()}))
    titles = [agent.title for agent in found]
    if len(found) < 2:
        raise ConfigError(f"agents={titles}: a tournament needs at least two agents")
    for title in titles:
        if titles.count(title) > 1:
            raise ConfigError(
                f"agents: {title} stands there twice; give one another setting or a label"
            )
    return found
