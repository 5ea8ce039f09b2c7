"""The simplest battle agent with an eye on the board: the attack that takes most HP this turn."""

from __future__ import annotations

import time
from random import Random
from typing import TYPE_CHECKING, Any

import numpy as np

from plywise.arena.worlds import belief_worlds
from plywise.engine.kernels import NO_ACTION, RulesKernels
from plywise.games.gen9.infostate import FORCED, PASS, SWITCH, TERA
from plywise.search.decision import Decision

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plywise.games.base import State

WORLDS = 16


class MaxDamageAgent:
    """Plays each move in sampled worlds and takes the one after which the foe has lost most HP.

    Every move meets the same worlds, the same random opponent actions and the same dice.  It
    never Terastallizes, and switches only when it must, to a Pokémon drawn at random.
    """

    def __init__(self, name: str, kernels: RulesKernels) -> None:
        self.name = name
        self._kernels = kernels

    def decide(self, state: State, player: int, seed: int) -> Decision:
        """Return the move with the highest mean loss; its strategy is that move alone.

        ``notes["damage"]`` has the mean loss of each move, in Pokémon's worth of HP.
        """
        start = time.perf_counter()
        rng = Random(seed)
        legal = state.legal_actions(player)
        moves = [a for a in legal if a < TERA]
        damage: dict[int, float] = {}
        if len(moves) > 1:
            worlds = belief_worlds(state, player, WORLDS, rng.getrandbits(63))
            dice = [(rng.getrandbits(63), rng.random()) for _ in worlds]
            damage = {a: self._loss(worlds, player, a, dice) for a in moves}
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

    def _loss(
        self,
        worlds: NDArray[Any],
        player: int,
        action: int,
        dice: list[tuple[int, float]],
    ) -> float:
        """Return the foe's mean loss of HP, each Pokémon's whole HP counting 1."""
        kernels, foe = self._kernels, 1 - player
        pool = worlds.copy()
        out = np.zeros(kernels.num_actions, np.int32)
        before = _hp(pool, foe)
        for world, (reseed, share) in enumerate(dice):
            count = int(kernels.legal(pool, world, foe, out))
            answer = int(out[int(share * count)]) if count else NO_ACTION
            kernels.reseed(pool, world, reseed)
            chosen = (action, answer) if player == 0 else (answer, action)
            kernels.step(pool, world, *chosen)
        return float((before - _hp(pool, foe)).mean())

    def close(self) -> None:
        """Nothing to free."""


def _hp(pool: NDArray[Any], player: int) -> NDArray[Any]:
    """Return the side's HP in each world, in Pokémon's worth."""
    mons = pool["sides"][:, player]["mons"]
    hp: NDArray[Any] = (mons["hp"] / np.maximum(mons["max_hp"], 1)).sum(axis=1)
    return hp
