"""One turn ahead: what each of the player's actions leads to, by the engine's own estimate.

Every action is tried in the same sampled worlds, against the same reply of the opponent (drawn from
the rules' priors) and with the same random numbers, so that the actions' estimates differ by what
the actions do and less by luck.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plywise.engine.battle.rules import rules
from plywise.engine.kernels import NO_ACTION, SIMULTANEOUS

_SAMPLES = 48
_FOLLOWING = 2  # decisions after the turn in which somebody only replaces a fainted Pokémon


def outlooks(
    worlds: NDArray[Any], player: int, actions: Sequence[int], seed: int
) -> dict[int, float]:
    """Return, per action, the mean estimate after one turn, for ``player``, in [-1, 1]."""
    kernels, random = rules(), Random(seed)
    pool = worlds[:1].copy()
    legal = np.zeros(kernels.num_actions, np.int32)
    shares = np.zeros(kernels.num_actions)

    def likely(side: int, draw: float) -> int:
        count = int(kernels.legal(pool, 0, side, legal))
        if count == 0:
            return NO_ACTION
        assert kernels.priors is not None
        kernels.priors(pool, 0, side, legal, count, shares)
        at = int(np.searchsorted(np.cumsum(shares[:count]), draw * shares[:count].sum()))
        return int(legal[min(at, count - 1)])

    sums = dict.fromkeys(actions, 0.0)
    for k in range(_SAMPLES):
        draws = [random.random() for _ in range(1 + _FOLLOWING)]
        chance = random.getrandbits(63)
        for action in actions:
            pool[0] = worlds[k % len(worlds)]
            kernels.reseed(pool, 0, chance)
            chosen = [NO_ACTION, NO_ACTION]
            chosen[player] = action
            if int(kernels.current(pool, 0)) == SIMULTANEOUS:
                chosen[1 - player] = likely(1 - player, draws[0])
            kernels.step(pool, 0, chosen[0], chosen[1])
            for draw in draws[1:]:
                who = int(kernels.current(pool, 0))
                if who not in (0, 1):
                    break
                chosen = [NO_ACTION, NO_ACTION]
                chosen[who] = likely(who, draw)
                kernels.step(pool, 0, chosen[0], chosen[1])
            sums[action] += kernels.worth(pool, 0, player)
    return {action: total / _SAMPLES for action, total in sums.items()}


def verdicts(found: dict[int, float]) -> dict[int, str]:
    """Return the outlooks in words: what is best, what is nearly as good, and what is worse."""
    best = max(found.values())
    words = {}
    for action, value in found.items():
        behind = best - value
        words[action] = next(word for most, word in _WORDS if behind <= most)
    return words


_WORDS = ((0.0, "best"), (0.03, "good"), (0.1, "weak"), (float("inf"), "bad"))
"""How far behind the best outlook an option may be to be called so."""
