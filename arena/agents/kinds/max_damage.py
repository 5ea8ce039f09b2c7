"""``agent=max_damage``: the attack that takes most HP this turn."""

from __future__ import annotations

import time
from random import Random
from typing import TYPE_CHECKING

from plywise.arena.agents.spec import Agent, AgentSpec
from plywise.search.decision import Decision

if TYPE_CHECKING:
    from plywise.engine.kernels import RulesKernels
    from plywise.games.base import State

WORLDS = 16


class MaxDamageAgent(Agent):
    """Plays each move in sampled worlds and takes the one after which the foe has lost most HP.

    Every move meets the same worlds, the same random opponent actions and the same chance.  It
    never Terastallizes, and switches only when it must, to a Pokémon drawn at random.
    """

    def __init__(self, name: str, kernels: RulesKernels) -> None:
        self.name = name
        self._kernels = kernels

    def decide(self, state: State, player: int, seed: int) -> Decision:
        """Return the move with the highest mean loss; its strategy is that move alone.

        ``notes["damage"]`` has the mean loss of each move, in Pokémon's worth of HP.
        """
        from plywise.games.gen9.infostate import FORCED, PASS, SWITCH, TERA
        from plywise.games.gen9.option_facts import damage_done
        from plywise.search.one_step import common_random_numbers, gains

        start = time.perf_counter()
        rng = Random(seed)
        legal = state.legal_actions(player)
        moves = [a for a in legal if a < TERA]
        damage: dict[int, float] = {}
        if len(moves) > 1:
            worlds = state.worlds(player, WORLDS, rng.getrandbits(63))
            numbers = common_random_numbers(worlds, rng)
            damage = gains(self._kernels, worlds, player, moves, numbers, damage_done)
            action = max(moves, key=lambda a: damage[a])
        elif moves:
            action = moves[0]
        else:
            action = rng.choice([a for a in legal if a in (FORCED, PASS) or a >= SWITCH])
        return Decision(
            action=action,
            strategy={a: float(a == action) for a in legal},
            seconds=time.perf_counter() - start,
            notes={"damage": damage},
        )


AGENTS = (
    AgentSpec(
        "max_damage",
        "the attack with the highest expected damage",
        make=lambda context, entrant: MaxDamageAgent(entrant.title, context.kernels()),
        plays=("battles", "server"),
    ),
)
