"""``agent=expectimax`` and ``agent=safe_expectimax``: the best reply to a player at random."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from plywise.arena.agents.spec import Agent, AgentContext, AgentSpec
from plywise.datasets.errors import ConfigError

if TYPE_CHECKING:
    from plywise.conf.schemas.agents import AgentConfig
    from plywise.engine.kernels import RulesKernels
    from plywise.games.base import State
    from plywise.search.decision import Decision


class ExpectimaxAgent(Agent):
    """Plays the best reply to uniformly random moves; all threads share the values found.

    Args:
        safe: whether only moves count that no opponent can punish.
    """

    def __init__(self, name: str, kernels: RulesKernels, *, safe: bool) -> None:
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


def _check(context: AgentContext, entrant: AgentConfig) -> None:
    if context.sampled:
        raise ConfigError(f"agent '{entrant.name}' plays turn-based games of full sight only")
    context.kernels()


AGENTS = (
    AgentSpec(
        "expectimax",
        "best reply to an opponent who moves at random (small turn-based games)",
        make=lambda context, entrant: ExpectimaxAgent(entrant.title, context.kernels(), safe=False),
        check=_check,
        plays=("boards",),
    ),
    AgentSpec(
        "safe_expectimax",
        "the same, of moves that no opponent can punish: it never loses a game that it need not",
        make=lambda context, entrant: ExpectimaxAgent(entrant.title, context.kernels(), safe=True),
        check=_check,
        plays=("boards",),
    ),
)
