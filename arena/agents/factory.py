"""Builds agents from their configurations; all that ask a language model share one consultant."""

from __future__ import annotations

import contextlib
import gc
import threading
import time
from collections.abc import Iterator
from dataclasses import fields, replace
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, cast

from plywise.arena.agents.catalog import (
    CATALOG,
    Agent,
    AgentInfo,
    RandomAgent,
    check_agent,
)
from plywise.arena.agents.clocked import TimedAgent
from plywise.arena.guidance.language_model import (
    Advised,
    LanguageModel,
    check_advice,
    example_book,
    with_advice,
)
from plywise.arena.guidance.when_to_ask import asked_when
from plywise.arena.output.screen import Progress
from plywise.arena.settings import make_search
from plywise.conf.schemas.agents import OWN_KEYS, AgentConfig
from plywise.conf.schemas.game import GameConfig
from plywise.conf.schemas.llm import LLMGroup
from plywise.conf.schemas.search import (
    AlphaBetaConfig,
    MCTSConfig,
    SearchConfig,
    SimultaneousConfig,
)
from plywise.datasets.errors import ConfigError
from plywise.games.exact_values import TRUTHS
from plywise.search.clock import LEAST_SECONDS, BattleClock
from plywise.search.decision import Decision
from plywise.search.guide.protocol import Consultation

if TYPE_CHECKING:
    from plywise.engine.kernels import RulesKernels
    from plywise.games.base import Game, State
    from plywise.search.alphabeta.search import AlphaBeta
    from plywise.search.simultaneous.averaging import AveragedSearch
    from plywise.search.simultaneous.search import SimultaneousSearch


@cache
def _settle(states: str, advised: bool) -> None:
    """Leave what the process has loaded by now out of garbage collections for good.

    Looking through the tables takes 0.1 s, and a collection put off by :func:`_uncollected` would
    come right after the decision.  Once for each kind of states, and with advice: so much is loaded
    with the rules of a game and with a model's client.
    """
    gc.collect()
    gc.freeze()


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Put off Python's garbage collection, which would come off a decision's clock."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


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


def with_budget(search: SearchConfig, agent: AgentConfig) -> SearchConfig:
    """Return the search settings with what the agent sets for itself.

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
        default = getattr(search, key)
        if isinstance(default, str) != isinstance(value, str):
            raise ConfigError(f"agents: {agent.title}: search.{key}={value}: is of the wrong kind")
        own[key] = value
    own |= {
        key: value
        for key in ("seconds", "iterations", "max_depth")
        if (value := getattr(agent, key)) is not None
    }
    return replace(search, **own)


class AgentFactory:
    """Builds agents for one game, played in this process or on a Showdown server.

    ``compare``: an advised search decides once more without advice (see ``advice.Advised``).
    """

    def __init__(
        self,
        game: GameConfig,
        search: SearchConfig,
        llm: LLMGroup,
        *,
        on_server: bool = False,
        progress: Progress = lambda line: None,
        compare: bool = False,
    ) -> None:
        self._compare = compare
        self._game_config = game
        self._on_server = on_server
        self._search = search
        self._model = LanguageModel(llm, progress)
        self._built: dict[str, Agent] = {}

    @cached_property
    def game(self) -> Game:
        """The game that the agents play; made when it is first needed."""
        return make_configured_game(self._game_config)

    @property
    def progress(self) -> Progress:
        """Who is told of slow steps."""
        return self._model.progress

    @progress.setter
    def progress(self, progress: Progress) -> None:
        self._model.progress = progress

    def check(self, entrant: AgentConfig) -> AgentInfo:
        """Return the agent's entry if it can play here with these settings.

        Raises:
            ConfigError: it cannot; says what would work.
        """
        rules = self.game.info
        battles = self._on_server or rules.name.startswith("gen9")
        sampled = battles or rules.simultaneous or rules.hidden_information
        where = "server" if self._on_server else "battles" if battles else "boards"
        info = check_agent(entrant.name, where=where)
        if entrant.name in OWN_KEYS and self._model.config.name in ("none", "stand_in"):
            raise ConfigError(
                f"agent '{entrant.name}' needs a language model: llm=embedded or llm=openai"
            )
        if (key := entrant.foreign_key) is not None:
            raise ConfigError(f"agents: {entrant.title}: agent.{key} is no setting of this agent")
        if entrant.name in ("expectimax", "safe_expectimax"):
            if sampled:
                raise ConfigError(
                    f"agent '{entrant.name}' plays turn-based games of full sight only"
                )
            self._kernels()
        if entrant.name == "llm":
            example_book(self._model.config, self.game)  # refused here where there is none
        if entrant.name == "pokechamp" and self._model.config.examples:
            raise ConfigError("agent 'pokechamp' is shown no solved examples: llm.examples=0")
        if entrant.name == "hunter" and rules.name != "battleship":
            raise ConfigError("agent 'hunter' plays game=battleship only")
        if entrant.name == "solver" and rules.name not in TRUTHS:
            raise ConfigError(f"agent 'solver' plays game={' or game='.join(TRUTHS)} only")
        if entrant.name == "poke_engine":
            self._check_search(SimultaneousConfig)
            from plywise.games.gen9.poke_engine import load_poke_engine

            load_poke_engine()
        if entrant.name in ("search", "llm_search"):
            kind = SimultaneousConfig if sampled else AlphaBetaConfig
            plain = isinstance(self._search, MCTSConfig) and not battles
            if not plain:
                self._check_search(kind)
                self._kernels()
            elif self._advised(entrant):
                raise ConfigError("search=mcts takes no advice: agent=search or llm=none")
            search = with_budget(self._search, entrant)
            if self._advised(entrant):
                check_advice(self._model.config, entrant, self.game, search)
                if self._on_server and self._model.config.name == "stand_in":
                    raise ConfigError("llm=stand_in knows no battle on a server")
        if entrant.llm:
            with_advice(self._model.config, entrant)
            if not self._advised(entrant):
                raise ConfigError(
                    f"agents: {entrant.title}: settings of llm need name=llm_search and a language "
                    "model: llm=embedded or llm=openai"
                )
        return info

    def _check_search(self, kind: type[SearchConfig]) -> None:
        if not isinstance(self._search, kind):
            raise ConfigError(f"search={self._search.name} does not fit here: search={kind.name}")

    def build(self, entrant: AgentConfig) -> Agent:
        """Return the agent, the same one for the same configuration; :meth:`close` closes it.

        Raises:
            ConfigError: it cannot play here (see :meth:`check`).
            LLMError: its language model cannot be had.
        """
        if entrant.title not in self._built:
            self.check(entrant)
            self._built[entrant.title] = self._make(entrant)
        return self._built[entrant.title]

    def _advised(self, entrant: AgentConfig) -> bool:
        """Return whether a model advises the agent."""
        return entrant.name == "llm_search" and self._model.config.name != "none"

    def _search_of(self, entrant: AgentConfig, advised: bool) -> SearchConfig:
        """Return how an agent searches; advised ones may have time of their own."""
        search = self._search
        if advised and self._model.config.seconds is not None and search.seconds is not None:
            search = replace(search, seconds=self._model.config.seconds)
        return with_budget(search, entrant)

    def _make(self, entrant: AgentConfig) -> Agent:
        consult = None
        if CATALOG[entrant.name].llm and self._model.config.name != "none":
            self.game.prepare_briefings()  # now, not on the clock of the first decision
        if self._advised(entrant):
            group = with_advice(self._model.config, entrant)
            if group.ask != "never":
                seconds = self._search_of(entrant, advised=True).seconds
                everything = self._model.consult(group, self.game, self._search, seconds)
                consult = None if everything is None else asked_when(group, everything)
        advised = consult is not None
        search = self._search_of(entrant, advised)
        label = entrant.title
        if entrant.name == "random":
            return RandomAgent(label)
        if entrant.name in ("expectimax", "safe_expectimax"):
            return ExpectimaxAgent(label, self._kernels(), safe=entrant.name == "safe_expectimax")
        if entrant.name == "solver":
            from plywise.arena.agents.solver import SolverAgent

            return SolverAgent(label, self.game, entrant.seconds)
        if entrant.name == "hunter":
            from plywise.arena.agents.hunter import HunterAgent
            from plywise.games.battleship.game import Battleship

            return HunterAgent(label, cast("Battleship", self.game))
        if entrant.name == "max_damage":
            from plywise.arena.agents.max_damage import MaxDamageAgent

            return MaxDamageAgent(label, self._kernels())
        if entrant.name == "poke_engine":
            from plywise.arena.agents.poke_engine import PokeEngineAgent

            return PokeEngineAgent(label, cast("SimultaneousConfig", search))
        if entrant.name == "llm":
            from plywise.arena.agents.llm_alone import LLMAgent, method_config

            return LLMAgent(
                label,
                self._model,
                method_config(entrant),
                entrant.seconds,
                self.game.kernels(),
                example_book(self._model.config, self.game),
            )
        if entrant.name == "pokechamp":
            from plywise.arena.agents.pokechamp import PokeChampAgent, champ_config
            from plywise.search.one_step import damage_done

            return PokeChampAgent(
                label,
                self._model,
                champ_config(entrant, self.game.info),
                entrant.seconds,
                self.game.kernels(),
                damage_done if self.game.info.name.startswith("gen9") else None,
            )
        if isinstance(search, AlphaBetaConfig):
            return AlphaBetaAgent(label, self._kernels(), search, Advised(consult, self._compare))
        if isinstance(search, MCTSConfig):
            return MCTSAgent(label, search)
        yield_after = self._model.config.yield_after if advised else None
        battle_search = cast("SimultaneousConfig", search)
        advice = Advised(consult, self._compare)
        return BattleAgent(label, self._kernels(), battle_search, advice, yield_after)

    def _kernels(self) -> RulesKernels:
        """Return the game's compiled rules.

        Raises:
            ConfigError: it has none.
        """
        kernels = self.game.kernels()
        if kernels is None:
            raise ConfigError(
                f"{self.game.info.name} is plain Python without compiled rules: choose "
                "search=mcts, agent=random or agent=llm"
            )
        return kernels

    def close(self) -> None:
        """Close every agent built here, then the language model."""
        for agent in self._built.values():
            agent.close()
        self._model.close()


class AlphaBetaAgent:
    """Alpha-beta for turn-based games; each thread has a search of its own."""

    def __init__(
        self,
        name: str,
        kernels: RulesKernels,
        config: AlphaBetaConfig,
        advised: Advised,
    ) -> None:
        self.name = name
        self._kernels = kernels
        self._config = config
        self._advised = advised
        self._local = threading.local()
        self._search()  # compiles now, not on the clock of the first decision
        _settle(str(kernels.dtype), advised.asks)

    @_uncollected()
    def decide(self, state: State, player: int, seed: int) -> Decision:
        """Return the search's decision; the seed matters for the guide alone."""
        search = self._search()

        def think(consultation: Consultation | None) -> Decision:
            return search.decide(state.flat(), player, consultation)

        return self._advised.decide(state, player, seed, think, lambda: think(None))

    def _search(self) -> AlphaBeta:
        from plywise.search.alphabeta import config as alphabeta
        from plywise.search.alphabeta.search import AlphaBeta

        if not hasattr(self._local, "search"):
            config = self._config
            self._local.search = AlphaBeta(
                self._kernels,
                alphabeta.AlphaBetaConfig(
                    max_depth=config.max_depth,
                    seconds=config.seconds,
                    iterations=config.iterations,
                    table_bits=config.table_bits,
                    advice_plies=config.advice_plies,
                ),
            )
        return cast("AlphaBeta", self._local.search)

    def close(self) -> None:
        """Nothing to free."""


class MCTSAgent:
    """Tree search in plain Python, for games without compiled rules."""

    def __init__(self, name: str, config: MCTSConfig) -> None:
        from plywise.search import config as search_config
        from plywise.search import mcts

        self.name = name
        self._search = mcts.MCTS(
            search_config.MCTSConfig(
                seconds=config.seconds,
                iterations=config.iterations,
                max_depth=config.max_depth,
                exploration=config.exploration,
            )
        )

    def decide(self, state: State, player: int, seed: int) -> Decision:
        """Return the search's decision."""
        return self._search.decide(state, player, seed)

    def close(self) -> None:
        """Nothing to free."""


class ExpectimaxAgent:
    """The best reply to a player who moves at random; what it has visited serves all threads."""

    def __init__(self, name: str, kernels: RulesKernels, safe: bool) -> None:
        from plywise.search.exact.expectimax import Expectimax

        self.name = name
        self._lock = threading.Lock()
        self._search = Expectimax(kernels, safe=safe)

    def decide(self, state: State, player: int, seed: int) -> Decision:
        """Return the decision; the seed does not matter.

        Raises:
            ConfigError: too many positions follow.
        """
        from plywise.search.exact.expectimax import GameTooLargeError

        try:
            with self._lock:
                return self._search.decide(state.flat(), player)
        except GameTooLargeError as error:
            raise ConfigError(f"agent '{self.name}': {error}") from error

    def close(self) -> None:
        """Nothing to free."""


_SAMPLING = 0.5  # of a decision's time, after which no more worlds are drawn


class BattleAgent(TimedAgent):
    """Search over sampled worlds where moves are simultaneous; a search of its own per thread."""

    def __init__(
        self,
        name: str,
        kernels: RulesKernels,
        config: SimultaneousConfig,
        advised: Advised,
        yield_after: float | None = None,
    ) -> None:
        self.name = name
        self._kernels = kernels
        self._config = config
        self._yield_after = yield_after
        self._advised = advised
        self._local = threading.local()
        self._search()  # compiles now, not on the clock of the first decision
        _settle(str(kernels.dtype), advised.asks)

    def new_clock(self) -> BattleClock:
        """Return the clock for one battle."""
        return BattleClock(self._config.seconds, self._config.battle_seconds)

    @_uncollected()
    def decide_within(
        self, state: State, player: int, seed: int, allowed: float | None
    ) -> Decision:
        """Return the search's decision; sampling the worlds takes part of its time."""
        start = time.perf_counter()
        search = self._search()
        until = None if allowed is None else start + _SAMPLING * allowed
        worlds = state.worlds(player, self._config.worlds, seed, until)

        uncounted = 0.0

        def spent() -> float:
            return time.perf_counter() - start - uncounted

        def think(consultation: Consultation | None) -> Decision:
            nonlocal uncounted
            uncounted = getattr(consultation, "uncounted", 0.0)  # a stand-in's oracle thought
            seconds = None if allowed is None else max(LEAST_SECONDS, allowed - spent())
            return search.decide(worlds, None, player, seed, consultation, seconds)

        def alone() -> Decision:
            return search.decide(worlds, None, player, seed, None, allowed)

        decision = self._advised.decide(state, player, seed, think, alone)
        if len(worlds) < self._config.worlds:
            decision = replace(decision, notes={**decision.notes, "fewer_worlds": len(worlds)})
        return replace(decision, seconds=spent())

    def _search(self) -> SimultaneousSearch | AveragedSearch:
        if not hasattr(self._local, "search"):
            self._local.search = make_search(self._kernels, self._config, self._yield_after)
        return cast("SimultaneousSearch | AveragedSearch", self._local.search)
