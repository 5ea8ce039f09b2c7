"""Configuration turned into plain values and objects of the floors below."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plywise.conf.schemas.llm import OpenAIGroup
from plywise.datasets.errors import ConfigError

if TYPE_CHECKING:
    from plywise.conf.schemas.agents import AgentConfig
    from plywise.conf.schemas.game import GameConfig
    from plywise.conf.schemas.llm import AskedLLMGroup, LLMGroup
    from plywise.conf.schemas.search import SearchGroup, SimultaneousGroup
    from plywise.engine.kernels import RulesKernels
    from plywise.games.base import Game
    from plywise.llm_modules.calls.settings import LLMConfig
    from plywise.search.simultaneous.averaging import AveragedSearch
    from plywise.search.simultaneous.search import SimultaneousSearch


def make_configured_game(config: GameConfig) -> Game:
    """Return the game that a configuration names.

    Raises:
        ConfigError: there is no such game, or it does not take these parameters.
    """
    from plywise.games.registry import make_game

    try:
        return make_game(config.name, **config.parameters())
    except ValueError as error:
        raise ConfigError(str(error)) from error


def check_team_files(config: GameConfig) -> None:
    """Refuse teams for battles in this process that a Showdown server would refuse.

    Raises:
        TeamError: a team of ``game.team_files`` is not legal, or the file cannot be read.
        UnknownFormatError: the engine cannot play the format.
        ShowdownInstallError: Showdown's validator is missing and cannot be installed.
    """
    if config.teams is None:
        return
    from plywise.engine.battle.border.formats import playable
    from plywise.games.showdown.teams.check import refuse_illegal

    refuse_illegal(Path(config.teams), playable(config.battle_format))


def with_budget(search: SearchGroup, agent: AgentConfig) -> SearchGroup:
    """Return the search settings with the agent's own ones in their place.

    Raises:
        ConfigError: the search has no such setting, or refuses its value.
    """
    known = [f.name for f in fields(search) if f.name != "name"]
    own: dict[str, Any] = {}
    for key, value in agent.search.items():
        if key not in known:
            raise ConfigError(
                f"agents: {agent.title}: search={search.name} has no setting '{key}'; "
                f"there are: {', '.join(known)}"
            )
        own[key] = value
    own |= {
        key: value
        for key in ("seconds", "iterations", "max_depth")
        if (value := getattr(agent, key)) is not None
    }
    return replace(search, **own)


def with_advice(llm: LLMGroup, agent: AgentConfig) -> LLMGroup:
    """Return the language model's settings with the agent's own ones in their place.

    Raises:
        ConfigError: a value is out of range or of the wrong kind, or this model has no such key.
    """
    known = [f.name for f in fields(llm)]
    for key in agent.llm:
        if key not in known:
            raise ConfigError(f"agents: {agent.title}: llm={llm.name} has no setting '{key}'")
    return replace(llm, **agent.llm)


def client_config(llm: AskedLLMGroup) -> LLMConfig:
    """Return the settings of the language model's client."""
    from plywise.llm_modules.calls.accounting import Budget, Prices
    from plywise.llm_modules.calls.settings import LLMConfig

    endpoint = llm if isinstance(llm, OpenAIGroup) else OpenAIGroup()
    return LLMConfig(
        base_url=endpoint.base_url or "",
        model=endpoint.model or "",
        api_key_env=endpoint.api_key_env,
        temperature=llm.temperature,
        timeout=llm.timeout,
        max_retries=llm.max_retries,
        concurrency=llm.concurrency,
        prices=Prices(llm.prompt_price, llm.completion_price),
        budget=Budget(**vars(llm.budget)),
        cache=llm.cache or "",
        record=llm.record or "",
    )


def make_search(
    kernels: RulesKernels, config: SimultaneousGroup, yield_after: float | None = None
) -> SimultaneousSearch | AveragedSearch:
    """Return a search for one thread.

    Each decision may bring its own time limit; ``yield_after`` is the language model's, None: the
    search's own.
    """
    from plywise.search.simultaneous.averaging import AveragedSearch
    from plywise.search.simultaneous.search import SimultaneousSearch

    settings = replace(
        config,
        # The longest that a decision may ask for.
        seconds=config.battle_seconds if config.seconds is None else config.seconds,
        yield_after=config.yield_after if yield_after is None else yield_after,
    )
    if config.sharing == "averaged":
        return AveragedSearch(kernels, settings)
    return SimultaneousSearch(kernels, settings)
