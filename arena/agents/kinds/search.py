"""``agent=search`` and ``agent=llm_search``: the configured search, without and with advice."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from plywise.arena.agents.level import Level, LooseAgent, level_of
from plywise.arena.agents.spec import EVERYWHERE, Agent, AgentContext, AgentSpec
from plywise.conf.schemas.agents import AgentConfig
from plywise.conf.schemas.search import AlphaBetaGroup, MCTSGroup, SimultaneousGroup
from plywise.datasets.errors import ConfigError
from plywise.datasets.settings import setting

if TYPE_CHECKING:
    from plywise.arena.guidance.advised import Advised
    from plywise.conf.schemas.search import SearchGroup


@dataclass
class SearcherSettings(AgentConfig):
    """Settings of the searching agents."""

    level: int | None = setting(
        None, "strength, from the weakest level, 1, to the strongest, 10; null: full strength",
        low=1, high=10,
    )  # fmt: skip
    temperature: float = setting(
        0.0, "looseness of the choice among actions by their values; 0: the search's choice", low=0
    )

    follow: float = setting(
        0.0,
        "battles without a guide: probability with which the opponent plays, at the root, as a "
        "fitted model predicts that follows its choices in the battle; 0: no model",
        low=0, high=1,
    )  # fmt: skip

    def as_level(self, context: AgentContext) -> Level:
        """Return how the agent plays.

        Raises:
            ConfigError: the level is given together with settings that it sets.
        """
        if self.level is None:
            exact = {"all_values": True} if isinstance(context.search, AlphaBetaGroup) else {}
            return Level(self.temperature, exact if self.temperature else {})
        own = (self.temperature, self.seconds, self.iterations, self.max_depth, *self.search)
        if any(own):
            raise ConfigError(f"agents: {self.title}: level sets the search and the temperature")
        return level_of(context.search.name, context.game.info.name, self.level)


def _check(context: AgentContext, entrant: SearcherSettings) -> None:
    from plywise.arena.settings import with_budget

    entrant.as_level(context)
    if entrant.follow and not (context.battles and entrant.name == "search"):
        raise ConfigError(f"agents: {entrant.title}: follow is for name=search in Pokémon battles")
    if isinstance(context.search, MCTSGroup) and not context.battles:
        return
    context.check_search(SimultaneousGroup if context.sampled else AlphaBetaGroup)
    context.kernels()
    search = with_budget(context.search, entrant)
    if isinstance(search, SimultaneousGroup) and search.usage_file is not None:
        context.game.prepare_worlds(search)


def _check_advised(context: AgentContext, entrant: SearcherSettings) -> None:
    from plywise.arena.guidance.language_model import check_advice
    from plywise.arena.settings import with_budget

    _check(context, entrant)
    llm = context.model.config
    if llm.name == "none":
        return
    if isinstance(context.search, MCTSGroup):
        raise ConfigError("search=mcts takes no advice: agent=search or llm=none")
    check_advice(llm, entrant, context.game, with_budget(context.search, entrant))


def _make(context: AgentContext, entrant: SearcherSettings) -> Agent:
    from plywise.arena.guidance.advised import Advised

    search = replace(context.search, **entrant.as_level(context).search)
    return _searching(context, entrant, search, Advised(None))


def _make_advised(context: AgentContext, entrant: SearcherSettings) -> Agent:
    """Return the search with the model's advice; an advised search may have time of its own."""
    from plywise.arena.guidance.advised import Advised, consult_when_unsure
    from plywise.arena.settings import with_advice, with_budget

    llm = context.model.config
    search = replace(context.search, **entrant.as_level(context).search)
    if llm.name == "none" or (group := with_advice(llm, entrant)).ask == "never":
        return _make(context, entrant)
    if llm.seconds is not None and search.seconds is not None:
        search = replace(search, seconds=llm.seconds)
    seconds = with_budget(search, entrant).seconds
    consult = context.model.consult(group, context.game, context.search, seconds)
    if consult is None:
        return _make(context, entrant)
    advised = Advised(consult_when_unsure(group, consult), compare=context.compare)
    return _searching(context, entrant, search, advised)


def _searching(
    context: AgentContext, entrant: SearcherSettings, search: SearchGroup, advised: Advised
) -> Agent:
    from plywise.arena.agents.battle_search import BattleAgent
    from plywise.arena.agents.board_search import AlphaBetaAgent, MCTSAgent
    from plywise.arena.settings import with_budget

    search = with_budget(search, entrant)
    agent: Agent
    if isinstance(search, MCTSGroup):
        agent = MCTSAgent(entrant.title, search)
    elif isinstance(search, AlphaBetaGroup):
        agent = AlphaBetaAgent(entrant.title, context.kernels(), search, advised)
    else:
        assert isinstance(search, SimultaneousGroup)
        context.game.prepare_worlds(search)
        yield_after = context.model.config.yield_after if advised.active else None
        if entrant.follow:
            from plywise.arena.agents.following import FollowingSearch

            agent = FollowingSearch(entrant.title, context.kernels(), search, entrant.follow)
        else:
            agent = BattleAgent(entrant.title, context.kernels(), search, advised, yield_after)
    temperature = entrant.as_level(context).temperature
    return LooseAgent(agent, temperature) if temperature else agent


AGENTS = (
    AgentSpec(
        "search",
        "alpha-beta (turn-based games) or search over sampled worlds (battles, hidden fleets)",
        _make,
        _check,
        settings=SearcherSettings,
        plays=EVERYWHERE,
        searches=True,
    ),
    AgentSpec(
        "llm_search",
        "search, advised by the language model",
        _make_advised,
        _check_advised,
        settings=SearcherSettings,
        plays=EVERYWHERE,
        llm=True,
        advised=True,
        searches=True,
    ),
)
