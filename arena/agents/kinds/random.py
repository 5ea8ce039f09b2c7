"""``agent=random``: a legal action at random; the shortest example of an agent.

The catalogue reads ``AGENTS`` from each module here; ``conf/agent/NAME.yaml`` makes the name a
setting.
"""

from __future__ import annotations

import time
from random import Random
from typing import TYPE_CHECKING

from plywise.arena.agents.spec import EVERYWHERE, Agent, AgentSpec
from plywise.search.decision import Decision

if TYPE_CHECKING:
    from plywise.games.base import State


class RandomAgent(Agent):
    """Chooses uniformly among the legal actions."""

    def __init__(self, name: str = "random") -> None:
        self.name = name

    def decide(self, state: State, player: int, seed: int) -> Decision:
        """Return a legal action drawn with ``seed``."""
        start = time.perf_counter()
        legal = state.legal_actions(player)
        action = Random(seed).choice(legal)
        share = 1 / len(legal)
        return Decision(
            action=action,
            strategy=dict.fromkeys(legal, share),
            seconds=time.perf_counter() - start,
        )


AGENTS = (
    AgentSpec(
        "random",
        "a legal action at random",
        make=lambda context, entrant: RandomAgent(entrant.title),
        plays=EVERYWHERE,
    ),
)
