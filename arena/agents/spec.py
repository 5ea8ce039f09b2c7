"""What an agent is: the base class of all agents, their entry in the catalogue, their context."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from plywise.conf.schemas.agents import AgentConfig
from plywise.datasets.errors import ConfigError

if TYPE_CHECKING:
    from plywise.arena.guidance.language_model import LanguageModel
    from plywise.conf.schemas.game import GameConfig
    from plywise.conf.schemas.search import SearchGroup
    from plywise.engine.kernels import RulesKernels
    from plywise.games.base import Game, State
    from plywise.search.decision import Decision


class Agent(ABC):
    """Decides for a player.

    Attributes:
        name: unique within a match; written into every record.
    """

    name: str

    @abstractmethod
    def decide(self, state: State, player: int, seed: int) -> Decision:
        """Return the decision of ``player``, who has something to decide in ``state``.

        ``state`` must not be changed.  All chance comes from ``seed``.  May be called from several
        threads at once.  Where a guide advised, ``notes["guide"]`` holds its ``GuideReport``; where
        the agent could not decide and took some legal action instead, ``notes["fallback"]`` says
        why.
        """

    def for_one_game(self) -> Agent:
        """Return the agent that plays one game: itself, or one with a clock or memory for it."""
        return self

    def close(self) -> None:  # noqa: B027 (most have nothing to free)
        """Free what the agent holds; it does not decide afterwards."""


@dataclass
class AgentContext:
    """What an agent is made for: one game, the configured search and language model.

    Attributes:
        game_config: the game's configuration.
        search: the ``search`` group.
        model: the configured language model.
        on_server: whether games are played on a Showdown server.
        compare: whether an advised search also decides without advice, to show the difference.
    """

    game_config: GameConfig
    search: SearchGroup
    model: LanguageModel
    on_server: bool = False
    compare: bool = False

    @cached_property
    def game(self) -> Game:
        """The game that the agents play; made when it is first needed."""
        from plywise.arena.settings import make_configured_game

        return make_configured_game(self.game_config)

    @property
    def battles(self) -> bool:
        """Whether the games are Pokémon battles."""
        return self.on_server or self.game.info.name.startswith("gen9")

    @property
    def sampled(self) -> bool:
        """Whether a search has to sample states: something is hidden, or both players move."""
        rules = self.game.info
        return self.battles or rules.simultaneous or rules.hidden_information

    @property
    def where(self) -> str:
        """Where the games are played, a word of :attr:`AgentSpec.plays`."""
        if self.on_server:
            return "server"
        return "battles" if self.battles else "boards"

    def kernels(self) -> RulesKernels:
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

    def check_search(self, kind: type[SearchGroup]) -> None:
        """Refuse another kind of search than ``kind``.

        Raises:
            ConfigError: names the kind that fits.
        """
        if not isinstance(self.search, kind):
            raise ConfigError(f"search={self.search.name} does not fit here: search={kind.name}")


EVERYWHERE = ("boards", "battles", "server")


def _check_nothing(context: AgentContext, entrant: AgentConfig) -> None:
    """Accept any game and settings."""


@dataclass(frozen=True)
class AgentSpec:
    """An agent's entry in the catalogue.

    Attributes:
        name: the word in ``agent=NAME``, in ``conf/agent`` and in ``plywise agents``.
        words: what it does, in one line.
        make: returns the agent for its settings; None: not made by us (a person, or a player of
            poke-env).
        check: raises ConfigError where the game or the settings do not fit; called before ``make``.
        settings: the dataclass of its settings: the common ones and its own.
        plays: where it plays: ``boards`` (board and card games), ``battles`` (in this process),
            ``server`` (battles on a Showdown server).
        llm: whether it asks the language model of the ``llm`` group.
        advised: whether it also plays without one, by its own search.
        searches: whether the settings of the ``search`` group decide how it plays.
    """

    name: str
    words: str
    make: Callable[[AgentContext, Any], Agent] | None = None
    check: Callable[[AgentContext, Any], None] = _check_nothing
    settings: type[AgentConfig] = AgentConfig
    plays: tuple[str, ...] = ()
    llm: bool = False
    advised: bool = False
    searches: bool = False
