"""``agent=first_legal``: always the first legal action."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plywise.arena.agents.spec import Agent, AgentContext, AgentSpec
from plywise.search.decision import Decision

if TYPE_CHECKING:
    from plywise.conf.schemas.agents import AgentConfig
    from plywise.games.base import State


class FirstLegalAgent(Agent):
    """Plays the first legal action."""

    def __init__(self, name: str) -> None:
        self.name = name

    def decide(self, state: State, player: int, seed: int) -> Decision:
        """Return the first legal action."""
        action = state.legal_actions(player)[0]
        return Decision(action=action, strategy={action: 1.0})


def _make(context: AgentContext, entrant: AgentConfig) -> Agent:
    return FirstLegalAgent(entrant.title)


AGENTS = (AgentSpec("first_legal", "the first legal action", _make, boards=True, battles=True),)
