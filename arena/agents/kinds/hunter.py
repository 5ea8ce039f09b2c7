"""``agent=hunter``: Battleship by the posterior over placements."""

from __future__ import annotations

import time
from random import Random
from typing import TYPE_CHECKING, cast

from plywise.arena.agents.spec import Agent, AgentContext, AgentSpec
from plywise.datasets.errors import ConfigError
from plywise.search.decision import Decision

if TYPE_CHECKING:
    from plywise.conf.schemas.agents import AgentConfig
    from plywise.games.base import State
    from plywise.games.battleship.game import Battleship, BattleshipState


class HunterAgent(Agent):
    """Places its own fleet at random and shoots as its game's hunter says."""

    def __init__(self, name: str, game: Battleship) -> None:
        self.name = name
        self._game = game
        game.hunter()  # compiles now, not on the clock of the first decision

    def decide(self, state: State, player: int, seed: int) -> Decision:
        """Return a placement drawn with ``seed``, or the square to shoot at.

        For shots, ``notes["hit_chances"]`` has the chance of a hit by action.
        """
        start = time.perf_counter()
        battle = cast("BattleshipState", state)
        legal = battle.legal_actions(player)
        if battle.placing(player):
            action = Random(seed).choice(legal)
            share = dict.fromkeys(legal, 1 / len(legal))
            return Decision(action, share, seconds=time.perf_counter() - start)
        action, chances = self._game.hunter().choose(battle.results(player))
        return Decision(
            action=action,
            strategy={a: float(a == action) for a in legal},
            notes={"hit_chances": {a: float(chances[a]) for a in legal}},
            seconds=time.perf_counter() - start,
        )


def _check(context: AgentContext, entrant: AgentConfig) -> None:
    if context.game.info.name != "battleship":
        raise ConfigError("agent 'hunter' plays game=battleship only")


AGENTS = (
    AgentSpec(
        "hunter",
        "shoots where the posterior finds a ship likeliest (Battleship)",
        make=lambda context, entrant: HunterAgent(entrant.title, cast("Battleship", context.game)),
        check=_check,
        plays=("boards",),
    ),
)
