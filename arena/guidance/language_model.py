"""Who advises a search: the configured language model or its stand-in, opened for each decision."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, Protocol

from plywise.arena.guidance.trust import Trust, trust_lines, trusts
from plywise.arena.output.screen import Progress
from plywise.conf.schemas.agents import AgentConfig
from plywise.conf.schemas.llm import (
    AskedLLMGroup,
    EmbeddedGroup,
    LLMGroup,
    OpenAIGroup,
    StandInGroup,
)
from plywise.conf.schemas.search import SearchConfig, SimultaneousConfig
from plywise.datasets.errors import ConfigError
from plywise.search.decision import Decision
from plywise.search.guide.protocol import Consultation, GuideReport
from plywise.search.guide.when_to_ask import WhenUnsure

if TYPE_CHECKING:
    from plywise.games.base import Game, State
    from plywise.llm_modules.calls.settings import LLMConfig
    from plywise.llm_modules.guides.guides import GuideConfig, LLMConsultant
    from plywise.llm_modules.guides.stand_in import Oracle
    from plywise.llm_modules.prompts.examples import ExampleBook
    from plywise.llm_modules.providers.base import ChatClient
    from plywise.llm_modules.providers.embedded import EmbeddedServer

log = logging.getLogger(__name__)

_MODEL_LOG = logging.getLogger("plywise.llm")
_MOST_TOLD = 5  # warnings about the model that people are told


class Recorded(Consultation, Protocol):
    """A consultation that can be told afterwards."""

    @property
    def transcript(self) -> list[dict[str, Any]]:
        """One mapping per question, with ``question`` and ``status`` at least."""


Consult = Callable[["State", int, int], Recorded]
"""Opens a consultation about a state's decision of a player, with a seed."""

Think = Callable[[Consultation | None], Decision]
"""A search, as a function of the guide that it may ask."""


def with_advice(llm: LLMGroup, agent: AgentConfig) -> LLMGroup:
    """Return the model's settings with what the agent sets for itself.

    Raises:
        ConfigError: a value is out of range or of the wrong kind, or this model has no such key.
    """
    known = [f.name for f in fields(llm)]
    for key in agent.llm:
        if key not in known:
            raise ConfigError(f"agents: {agent.title}: llm={llm.name} has no setting '{key}'")
    try:
        return replace(llm, **agent.llm)
    except TypeError as error:
        raise ConfigError(f"agents: {agent.title}: llm={agent.llm}: {error}") from error


def client_config(llm: AskedLLMGroup) -> LLMConfig:
    """Return the settings of the model's client."""
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


def example_book(llm: LLMGroup, game: Game) -> ExampleBook | None:
    """Return the solved positions that are shown to the model; None where none are asked for.

    Raises:
        LLMConfigError: there are none for this game.
    """
    if not llm.examples:
        return None
    from plywise.llm_modules.prompts.examples import ExampleBook

    return ExampleBook(game)


def one_process(llm: LLMGroup) -> str:
    """Return the setting that wants all games in one process, and why; "" where none does."""
    if isinstance(llm, AskedLLMGroup) and (llm.replay is not None or llm.record is not None):
        key = "llm.record" if llm.replay is None else "llm.replay"
        return f"{key}: the order in which questions are asked is part of what repeats"
    if llm.name == "embedded":
        return "llm=embedded: one embedded server serves one process"
    return ""


def check_advice(llm: LLMGroup, agent: AgentConfig, game: Game, search: SearchConfig) -> None:
    """Refuse what the search could only ignore, of an agent that is advised.

    Raises:
        ConfigError: says which guide has no use, and what would work.
    """
    from plywise.arena.guidance.oracles import ORACLES

    own = with_advice(llm, agent)
    rules, guides = game.info, own.guides
    where = f"agents: {agent.title}"
    example_book(own, game)  # refused here where there is none
    if llm.name == "stand_in" and rules.name not in ORACLES:
        raise ConfigError(f"llm=stand_in advises in game={' or game='.join(ORACLES)} only")
    sampled = isinstance(search, SimultaneousConfig)
    if isinstance(search, SimultaneousConfig) and search.sharing == "averaged":
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


class _Teller(logging.Handler):
    """Tells people what is wrong with the model, each thing once; the log has every time."""

    def __init__(self, model: LanguageModel) -> None:
        super().__init__(logging.WARNING)
        self._model = model
        self._told: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        """Tell a warning that is new, as long as there were not too many."""
        line = record.getMessage()
        what = line.partition("; no more questions")[0]
        if what not in self._told and len(self._told) < _MOST_TOLD:
            self._told.add(what)
            more = "; the log has what else happens" if len(self._told) == _MOST_TOLD else ""
            self._model.progress(f"{line}{more}")


class LanguageModel:
    """The configured model: its client and consultant, started at the first use."""

    def __init__(self, config: LLMGroup, progress: Progress) -> None:
        self.config = config
        self.progress = progress
        self._server: EmbeddedServer | None = None
        self._client: ChatClient | None = None
        self._consultants: dict[str, LLMConsultant] = {}
        self._teller = _Teller(self)
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
            _MODEL_LOG.addHandler(self._teller)
            group = self.asked
            config = client_config(group)
            if group.replay is not None:
                from plywise.llm_modules.providers.replay import Replay

                self._client = Replay(config, group.replay)
                said = f"{self._client.model}, answers from {group.replay} alone"
                self.progress(f"Language model: {said}")
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
        search: SearchConfig | None = None,
        seconds: float | None = None,
    ) -> Consult | None:
        """Return who is asked with these settings; agents with the same ones share it.

        ``search`` is how the opponent plays, as far as a stand-in is to know; ``seconds`` what a
        decision of who is advised may take, None: no clock.  None where no guide is trusted: then
        nothing is started or asked.
        """
        trusted = trusts(group, game.info.name)
        for line in trust_lines(group, game.info.name, trusted):
            self.progress(line)
        if not any(trust.weight for trust in trusted.values()):
            return None
        if isinstance(group, StandInGroup):
            from plywise.arena.guidance.oracles import make_oracle
            from plywise.llm_modules.guides.stand_in import StandIn

            if self._oracle is None:  # one for all agents: what is solved need not be solved again
                self._oracle = make_oracle(game, search, group.oracle_iterations)
            config = self.guide_config(group, trusted)
            return StandIn(self._oracle, config, group.skill, group.seed, group.delay).consult
        return asks(self._consultant(group, trusted, game), seconds)

    def _consultant(
        self, group: LLMGroup, trusted: Mapping[str, Trust], game: Game
    ) -> LLMConsultant:
        from plywise.llm_modules.guides.guides import LLMConsultant
        from plywise.llm_modules.prompts.scoring import LetterCalibration

        config = self.guide_config(group, trusted)
        key = repr((config, trusted, game if group.examples else None))
        if key not in self._consultants:
            book = example_book(group, game)
            fits = {guide: trust.fit for guide, trust in trusted.items() if trust.fit is not None}
            self._consultants[key] = LLMConsultant(
                self.client(), config, calibration=LetterCalibration(fits), book=book
            )
        return self._consultants[key]

    def guide_config(
        self, group: LLMGroup | None = None, trusted: Mapping[str, Trust] | None = None
    ) -> GuideConfig:
        """Return what the model is asked, and how far it is believed.

        A guide that is not trusted at all is not asked.  Without ``trusted`` nothing is weighed
        against the answers, as for a model that plays alone.
        """
        from plywise.llm_modules.guides.guides import GuideConfig

        group = group or self.config
        weights = dict.fromkeys(group.guides, 1.0)
        if trusted is not None:
            weights = {guide: trust.weight for guide, trust in trusted.items() if trust.weight}
        asked = GuideConfig(guides=tuple(weights), trust=weights, max_calls=group.max_calls)
        if not isinstance(group, AskedLLMGroup):
            return asked
        return replace(
            asked,
            asking=group.asking,
            thought=group.thought,
            chances=group.chances,
            examples=group.examples,
        )

    def close(self) -> None:
        """Stop the client and the embedded server."""
        _MODEL_LOG.removeHandler(self._teller)
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


def asks(consultant: LLMConsultant, seconds: float | None) -> Consult:
    """Return who asks ``consultant``; where a clock runs, briefings are written meanwhile.

    Without a clock they come first: what is asked must not depend on when they are ready.
    """
    from plywise.llm_modules.guides.background import Scribe

    if seconds is None:
        return lambda state, player, seed: consultant.consult(state.briefing(player), seed)

    scribe = Scribe(seconds)

    def consult(state: State, player: int, seed: int) -> Recorded:
        asked = state.clone()  # the game may go on before its briefing is written
        return scribe.begin(
            lambda: asked.briefing(player), lambda briefing: consultant.consult(briefing, seed)
        )

    return consult


class Advised:
    """Opens and closes the consultation around one decision, and notes what it cost.

    Args:
        consult: who is asked; None: nobody.
        compare: whether to decide once more without advice where some was used: then
            ``notes["unguided"]`` has the action and its value.
    """

    def __init__(self, consult: Consult | None, compare: bool = False) -> None:
        self._consult = consult
        self._compare = compare

    @property
    def asks(self) -> bool:
        """Whether there is anybody to ask."""
        return self._consult is not None

    def decide(
        self, state: State, player: int, seed: int, think: Think, unadvised: Callable[[], Decision]
    ) -> Decision:
        """Return ``think(consultation)`` with the guide's report and transcript in its notes.

        ``unadvised`` is the same search without anybody to ask, in full time.
        """
        if self._consult is None or len(state.legal_actions(player)) < 2:
            return think(None)
        try:
            consultation = self._consult(state, player, seed)
        except Exception as error:  # the search decides alone, whatever advice fails for
            log.exception("no advice: the briefing or the consultation failed")
            alone = think(None)
            failure = f"{type(error).__name__}: {error}"
            report = GuideReport(failed=1)
            return replace(alone, notes={**alone.notes, "guide": report, "guide_error": failure})
        try:
            decision = think(consultation)
        finally:
            report = consultation.close()
        report.used = len(decision.notes.get("advice_used", ()))
        report.ignored = int(decision.notes.get("advice_ignored", 0))
        notes = {**decision.notes, "guide": report, "transcript": consultation.transcript}
        if isinstance(consultation, WhenUnsure):
            notes["ask"] = consultation.verdict
        if self._compare and report.used:
            without = unadvised()
            notes["unguided"] = {"action": without.action, "value": without.value}
        return replace(decision, notes=notes)
