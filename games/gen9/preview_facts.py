"""Computed facts about Team Preview: how the Pokémon of both teams do against each other.

Every pair is put on the field in sampled worlds, with what happens when they come in, and the
engine's damage formula says what the strongest moves of both take.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plywise.engine.battle.constants import REQUEST_PREVIEW
from plywise.engine.battle.damage_rolls import damage_rolls
from plywise.engine.battle.rules import RULES
from plywise.engine.kernels import NO_ACTION
from plywise.games.gen9.belief import SetBelief
from plywise.games.gen9.infostate import SWITCH, InfoState
from plywise.games.gen9.option_facts import OptionFacts, foe_options
from plywise.games.gen9.worlds import sample_worlds

_WORLDS = 2


@dataclass(frozen=True)
class Matchups:
    """Pairs of both teams, the player's by row, the opponent's by column, as means over worlds.

    Attributes:
        dealt: damage of the strongest move of the player's, as a share of the other's HP, at most 1
            (mean roll, accuracy apart).
        taken: the same of the opponent's move.
        faster: 1 where the player's Speed is higher, ½ where it is equal, else 0.
    """

    dealt: NDArray[np.float64]
    taken: NDArray[np.float64]
    faster: NDArray[np.float64]


def preview_option_facts(
    info: InfoState, belief: SetBelief
) -> tuple[dict[int, OptionFacts], list[tuple[str, int, OptionFacts]]]:
    """Return facts for each legal action, and (name, action, facts) of the opponent's options."""
    pairs = matchups(info, belief)
    own = {}
    for action in info.legal:
        i = action - SWITCH
        own[action] = _facts(pairs.dealt[i], pairs.taken[i], pairs.faster[i])
    foe = []
    for name, action in foe_options(info):
        j = action - SWITCH
        facts = _facts(pairs.taken[:, j], pairs.dealt[:, j], 1 - pairs.faster[:, j])
        foe.append((name, action, facts))
    return own, foe


def _facts(
    dealt: NDArray[np.float64], taken: NDArray[np.float64], faster: NDArray[np.float64]
) -> OptionFacts:
    """Return the facts about a Pokémon by its pairs with each of the other team."""
    return OptionFacts(
        dealt=float(dealt.mean()),
        taken=float(taken.mean()),
        outspeeds=(int((faster > 0.5).sum()), len(faster)),
    )


def matchups(info: InfoState, belief: SetBelief) -> Matchups:
    """Return how all pairs do at Team Preview, in worlds of the belief."""
    fresh = replace(info, named=())
    worlds = sample_worlds(fresh, _WORLDS, seed=0, belief=belief)
    sizes = (len(info.own.mons), len(info.foe.previewed))
    dealt, taken, faster = (np.zeros(sizes) for _ in range(3))
    for k in range(len(worlds)):
        for i, j in np.ndindex(*sizes):
            pair = _on_the_field(worlds[k : k + 1], info.player, i, j)
            dealt[i, j] += _strongest(pair, info.player) / len(worlds)
            taken[i, j] += _strongest(pair, 1 - info.player) / len(worlds)
            own, foe = (int(pair[0]["sides"][s]["speed"]) for s in (info.player, 1 - info.player))
            faster[i, j] += (0.5 if own == foe else float(own > foe)) / len(worlds)
    return Matchups(dealt, taken, faster)


def _on_the_field(world: NDArray[Any], player: int, own: int, foe: int) -> NDArray[Any]:
    """Return a pool of one state in which the player leads with ``own``, the other with ``foe``."""
    pool = world.copy()
    chosen = (own, foe) if player == 0 else (foe, own)
    actions = [SWITCH + chosen[0], SWITCH + chosen[1]]
    while int(pool[0]["request"]) == REQUEST_PREVIEW:
        RULES.step(pool, 0, *actions)
        for s in range(2):  # whoever else is brought
            free = np.zeros(RULES.num_actions, np.int32)
            actions[s] = int(free[0]) if RULES.legal(pool, 0, s, free) else NO_ACTION
    return pool


def _strongest(pool: NDArray[Any], side: int) -> float:
    """Return the share of the other's HP that the strongest move of the active Pokémon takes."""
    sides = pool[0]["sides"]
    mon = sides[side]["mons"][int(sides[side]["active"])]
    target = sides[1 - side]["mons"][int(sides[1 - side]["active"])]
    hits = [float(damage_rolls(pool, 0, side, int(move)).mean()) for move in mon["moves"] if move]
    return min(1.0, max(hits, default=0.0) / max(1, int(target["max_hp"])))
