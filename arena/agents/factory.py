"""Builds agents from their settings; all that ask a language model share one client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plywise.arena.agents.catalog import check_agent
from plywise.arena.agents.spec import Agent, AgentContext, AgentSpec
from plywise.arena.guidance.language_model import LanguageModel, check_stand_in
from plywise.arena.output.screen import Progress
from plywise.arena.settings import with_advice, with_budget
from plywise.conf.schemas.agents import AgentConfig
from plywise.conf.schemas.game import GameConfig
from plywise.conf.schemas.llm import LLMGroup
from plywise.conf.schemas.search import SearchGroup
from plywise.datasets.errors import ConfigError

if TYPE_CHECKING:
    from plywise.games.base import Game


class AgentFactory:
    """Builds agents for one game, played in this process or on a Showdown server.

    Args:
        game, search, llm: the groups of the configuration.
        on_server: whether games are played on a Showdown server.
        progress: called with a line for people before each slow step.
        compare: whether an advised search also decides without advice.
    """

    def __init__(
        self,
        game: GameConfig,
        search: SearchGroup,
        llm: LLMGroup,
        *,
        on_server: bool = False,
        progress: Progress = lambda line: None,
        compare: bool = False,
    ) -> None:
        self._model = LanguageModel(llm, progress)
        self._context = AgentContext(
            game, search, self._model, on_server=on_server, compare=compare
        )
        self._built: dict[str, Agent] = {}

    @property
    def game(self) -> Game:
        """The game that the agents play; made when it is first needed."""
        return self._context.game

    def check(self, entrant: AgentConfig) -> AgentSpec:
        """Return the agent's entry if it can play here with these settings.

        Raises:
            ConfigError: it cannot; says what would work.
        """
        context, llm = self._context, self._model.config
        spec = check_agent(entrant.name, where=context.where)
        if not isinstance(entrant, spec.settings):
            raise TypeError(f"the settings of {spec.name} are a {spec.settings.__name__}")
        if spec.llm and not spec.advised:
            if llm.name == "none":
                raise ConfigError(
                    f"agent '{spec.name}' needs a language model: llm=embedded or llm=openai "
                    "(or its stand-in, llm=stand_in)"
                )
            check_stand_in(llm, context.game)
        spec.check(context, entrant)
        with_budget(context.search, entrant)
        if entrant.llm:
            with_advice(llm, entrant)
            if not spec.advised or llm.name == "none":
                raise ConfigError(
                    f"agents: {entrant.title}: settings of llm need name=llm_search and a language "
                    "model: llm=embedded or llm=openai"
                )
        return spec

    def build(self, entrant: AgentConfig) -> Agent:
        """Return the agent, the same one for the same configuration; :meth:`close` closes it.

        Raises:
            ConfigError: it cannot play here (see :meth:`check`).
            LLMError: its language model cannot be had.
        """
        if entrant.title not in self._built:
            spec = self.check(entrant)
            assert spec.make is not None  # a person or a player of poke-env is not built
            if spec.llm and self._model.config.name != "none":
                self.game.prepare_briefings()  # now, not on the clock of the first decision
            self._built[entrant.title] = spec.make(self._context, entrant)
        return self._built[entrant.title]

    def close(self) -> None:
        """Close every agent built here, then the language model."""
        for agent in self._built.values():
            agent.close()
        self._model.close()
