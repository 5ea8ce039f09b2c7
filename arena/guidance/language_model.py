"""The configured language model or its stand-in, as the guide of searches and as a player."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from plywise.arena.guidance.advised import Consult, make_consult
from plywise.arena.guidance.trust import Trust, trust_lines, trusts
from plywise.arena.output.screen import Progress
from plywise.arena.output.text import single_line
from plywise.arena.settings import client_config, with_advice
from plywise.conf.schemas.agents import AgentConfig
from plywise.conf.schemas.llm import AskedLLMGroup, EmbeddedGroup, LLMGroup, StandInGroup
from plywise.conf.schemas.search import SearchGroup, SimultaneousGroup
from plywise.datasets.errors import ConfigError
from plywise.games.exact_values import EXACT_VALUES

if TYPE_CHECKING:
    from plywise.games.base import Game
    from plywise.llm_modules.calls.chat import ChatClient
    from plywise.llm_modules.calls.settings import LLMConfig
    from plywise.llm_modules.guides.guides import GuideConfig, LLMConsultant
    from plywise.llm_modules.guides.stand_in import Oracle, StandIn
    from plywise.llm_modules.prompts.examples import ExampleStore
    from plywise.llm_modules.providers.embedded import EmbeddedServer

_MODEL_LOG = logging.getLogger("plywise.llm")
_MOST_WARNINGS = 5  # printed for people


def example_store(llm: LLMGroup, game: Game) -> ExampleStore | None:
    """Return the solved positions that are shown to the model; None where the settings want none.

    Raises:
        LLMConfigError: there are none for this game.
    """
    if not llm.examples:
        return None
    from plywise.llm_modules.prompts.examples import ExampleStore

    return ExampleStore(game)


def one_process(llm: LLMGroup) -> str:
    """Return the setting that needs all games in one process, and why; "" where none does."""
    if isinstance(llm, AskedLLMGroup) and (llm.replay is not None or llm.record is not None):
        key = "llm.record" if llm.replay is None else "llm.replay"
        return f"{key}: the order in which questions are asked is part of what repeats"
    if llm.name == "embedded":
        return "llm=embedded: one embedded server serves one process"
    return ""


def check_stand_in(llm: LLMGroup, game: Game) -> None:
    """Refuse a stand-in for a language model in a game of which it has no right answers.

    Raises:
        ConfigError: names the games in which it has.
    """
    from plywise.arena.guidance.oracles import has_oracle

    if llm.name == "stand_in" and not has_oracle(game):
        solved = " and ".join(f"game={name}" for name in EXACT_VALUES)
        raise ConfigError(f"llm=stand_in advises in {solved}, and in battles")


def check_advice(llm: LLMGroup, agent: AgentConfig, game: Game, search: SearchGroup) -> None:
    """Refuse guides of an advised agent that its search could only ignore.

    Raises:
        ConfigError: names the guide and what would work.
    """
    own = with_advice(llm, agent)
    rules, guides = game.info, own.guides
    where = f"agents: {agent.title}"
    example_store(own, game)  # refused here where there is none
    check_stand_in(llm, game)
    sampled = isinstance(search, SimultaneousGroup)
    if isinstance(search, SimultaneousGroup) and search.sharing == "averaged":
        raise ConfigError(
            f"{where}: search.sharing=averaged takes no advice: search.sharing=shared"
        )
    if "model" not in guides:
        return
    useful = ",".join(g for g in guides if g != "model")
    if sampled and not rules.simultaneous:
        raise ConfigError(
            f"{where}: the guide 'model' is of no use in {rules.name}, where this search predicts "
            f"no replies: llm.guides=[{useful}]"
        )
    if not sampled:
        state = game.new_initial_state()
        if not state.briefing(state.current_player()).opponent:
            raise ConfigError(
                f"{where}: the guide 'model' is of no use in {rules.name}, whose briefing names no "
                f"action of the opponent: llm.guides=[{useful}]"
            )


class _WarningPrinter(logging.Handler):
    """Prints each warning about the model once; the log has every occurrence."""

    def __init__(self, model: LanguageModel) -> None:
        super().__init__(logging.WARNING)
        self._model = model
        self._printed: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        """Print a warning that is new, up to a number of them."""
        line = record.getMessage()
        what = line.partition("; no more questions")[0]
        if what not in self._printed and len(self._printed) < _MOST_WARNINGS:
            self._printed.add(what)
            more = "; the log has what else happens" if len(self._printed) == _MOST_WARNINGS else ""
            self._model.progress(f"{line}{more}")


class LanguageModel:
    """The configured model: its client and consultant, started at the first use."""

    def __init__(self, config: LLMGroup, progress: Progress) -> None:
        self.config = config
        self.progress: Progress = lambda line: progress(single_line(line))
        self._server: EmbeddedServer | None = None
        self._client: ChatClient | None = None
        self._consultants: dict[str, LLMConsultant] = {}
        self._printer = _WarningPrinter(self)
        self._oracle: Oracle | None = None

    @property
    def asked(self) -> AskedLLMGroup:
        """The settings of a model that can be asked.

        Raises:
            ConfigError: no such model is configured.
        """
        if not isinstance(self.config, AskedLLMGroup):
            raise ConfigError(f"llm={self.config.name} is not asked: llm=embedded or llm=openai")
        return self.config

    def client(self) -> ChatClient:
        """Return the client; starts the embedded server where that is the model.

        Raises:
            LLMError: the settings cannot work, or the embedded server does not start.
        """
        if self._client is None:
            _MODEL_LOG.addHandler(self._printer)
            group = self.asked
            config = client_config(group)
            if group.replay is not None:
                from plywise.llm_modules.providers.replay import Replay

                self._client = Replay(config, group.replay)
                source = f"{self._client.model}, answers from {group.replay} alone"
                self.progress(f"Language model: {source}")
            elif isinstance(group, EmbeddedGroup):
                self._client = self._start_embedded(group, config)
            else:
                from plywise.llm_modules.providers.openai import LLMClient

                self._client = LLMClient(config)
                self.progress(f"Language model: {self._client.model} at {self._client.endpoint}")
        return self._client

    def consult(
        self,
        group: LLMGroup,
        game: Game,
        search: SearchGroup | None = None,
        seconds: float | None = None,
    ) -> Consult | None:
        """Return a function that opens consultations; agents with equal settings share the guide.

        Args:
            group: the model's settings for the agent.
            game: the game that is played.
            search: the opponent's search, for the stand-in's predictions; None: its own default.
            seconds: time limit of an advised decision; None: no clock.

        Returns:
            None where no guide is trusted: then nothing is started or asked.
        """
        trusted = trusts(group, game.info.name)
        for line in trust_lines(group, game.info.name, trusted):
            self.progress(line)
        if not any(trust.weight for trust in trusted.values()):
            return None
        if isinstance(group, StandInGroup):
            return self.stand_in(group, self.guide_config(group, trusted), game, search).consult
        return make_consult(self._consultant(group, trusted, game), seconds)

    def stand_in(
        self,
        group: StandInGroup,
        config: GuideConfig,
        game: Game,
        search: SearchGroup | None = None,
    ) -> StandIn:
        """Return the stand-in for a model; all agents share its oracle, and so its solutions.

        Args:
            group: its skill.
            config: the questions that it is asked.
            game: the game that is played.
            search: the opponent's search, for its predictions; None: its own default.
        """
        from plywise.arena.guidance.oracles import make_oracle
        from plywise.llm_modules.guides.stand_in import StandIn

        if self._oracle is None:
            self._oracle = make_oracle(game, search, group.oracle_iterations)
        return StandIn(self._oracle, config, group.skill, group.seed, group.delay)

    def answering(self, game: Game, guides: tuple[str, ...]) -> StandIn | None:
        """Return the stand-in that answers a player without a search; None: a model is asked."""
        if not isinstance(self.config, StandInGroup):
            return None
        config = replace(self.guide_config(), guides=guides, trust=dict.fromkeys(guides, 1.0))
        return self.stand_in(self.config, config, game)

    def _consultant(
        self, group: LLMGroup, trusted: Mapping[str, Trust], game: Game
    ) -> LLMConsultant:
        from plywise.llm_modules.guides.guides import LLMConsultant
        from plywise.llm_modules.prompts.scoring import LetterCalibration

        config = self.guide_config(group, trusted)
        key = repr((config, trusted, game if group.examples else None))
        if key not in self._consultants:
            book = example_store(group, game)
            fits = {guide: trust.fit for guide, trust in trusted.items() if trust.fit is not None}
            self._consultants[key] = LLMConsultant(
                self.client(), config, calibration=LetterCalibration(fits), example_store=book
            )
        return self._consultants[key]

    def guide_config(
        self, group: LLMGroup | None = None, trusted: Mapping[str, Trust] | None = None
    ) -> GuideConfig:
        """Return the questions for the model and the trust in its answers.

        A guide without any trust is not asked.  Without ``trusted`` every answer counts in full, as
        for a model that plays alone.
        """
        from plywise.llm_modules.guides.guides import GuideConfig

        group = group or self.config
        weights = dict.fromkeys(group.guides, 1.0)
        if trusted is not None:
            weights = {guide: trust.weight for guide, trust in trusted.items() if trust.weight}
        config = GuideConfig(guides=tuple(weights), trust=weights, max_calls=group.max_calls)
        if not isinstance(group, AskedLLMGroup):
            return config
        return replace(
            config,
            asking=group.asking,
            thought=group.thought,
            chances=group.chances,
            examples=group.examples,
        )

    def close(self) -> None:
        """Stop the client and the embedded server."""
        _MODEL_LOG.removeHandler(self._printer)
        if self._client is not None:
            self._client.close()
        if self._server is not None:
            self._server.close()

    def _start_embedded(self, group: EmbeddedGroup, config: LLMConfig) -> ChatClient:
        from plywise.llm_modules.providers.embedded import EmbeddedServer
        from plywise.llm_modules.providers.openai import LLMClient

        start = time.monotonic()
        self.progress("Starting the embedded language model")
        server = EmbeddedServer(group.model_path, threads=group.threads)
        self._server = server.start()
        client = LLMClient(server.llm_config(config), api_key=server.api_key)
        self.progress(
            f"Language model: {client.model}, ready after {time.monotonic() - start:.1f} s"
        )
        return client
