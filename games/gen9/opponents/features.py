"""A description of each action of a side in each of several worlds.

The features of the static policy (``engine/battle/policy.py``), its logarithm, and what it does not
know: the battle so far, and simple facts of moves that simple players go by.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plywise.datasets.set_priors import base_species
from plywise.engine.battle import constants as c
from plywise.engine.battle import policy
from plywise.engine.battle.matchups import EFFECTIVENESS
from plywise.engine.battle.names import SPECIES_NAMES
from plywise.engine.battle.rules import RULES
from plywise.engine.battle.tables import MOVES, SPECIES
from plywise.games.gen9.infostate import SWITCH, TERA
from plywise.games.gen9.opponents.choices import UNSEEN, WorldChoices
from plywise.games.gen9.opponents.past import PastChoices

BATTLE_FEATURES = (
    "prior",  # logarithm of the static policy's probability
    "again",  # the last choice once more, by the same Pokémon
    "used",  # logarithm of 1 + how often this Pokémon has chosen it
    "unseen",  # a move that it has not shown
    "switch_again",  # a switch after a switch
    "switch_rate",  # a switch, times how much more often than usual the player has switched
    "status_rate",  # a status move, the same way
    "best_rate",  # the attack that takes most, the same way
    "best_alone",  # how much more it takes than the next one, of the foe's HP
    "tera_late",  # Terastallization, times the turn, at most 20, over 20
    "tera_last",  # with at most two Pokémon left
    "power",  # of an attack, over 100
    "power_best",  # no other is stronger
    "same_type",
    "effective",  # logarithm to base 2 of the attack's effectiveness by type
    "miss",  # probability to miss, times the share of the damage
    "boost_again",  # a boosting move, times stages that are there, over 4
    "asleep",  # a switch, by one that is asleep
    "last_pp",  # of a move: two or fewer are left
    "to_unseen",  # a switch to one that was not seen yet
    "early_status",  # a status move in the first two turns
)
OPPONENT_FEATURES = (*policy.ACTION_FEATURES, *BATTLE_FEATURES)
"""Names of the columns of :func:`described`."""

_AT = {name: len(policy.ACTION_FEATURES) + k for k, name in enumerate(BATTLE_FEATURES)}
_LATEST = 20  # turns
_LOG_NONE = -4.0  # effectiveness of an attack that does nothing


def described(
    worlds: NDArray[Any],
    choices: WorldChoices,
    past: PastChoices,
    seen_moves: frozenset[str],
    seen_mons: frozenset[str],
) -> NDArray[np.float32]:
    """Return the features ``(entries, len(OPPONENT_FEATURES))`` of the entries of ``choices``.

    Args:
        worlds: the pool of states that ``choices`` were found in.
        choices: the side's actions by world.
        past: its choices so far.
        seen_moves: ids of moves that its active Pokémon has shown.
        seen_mons: base species of its Pokémon that have been out.
    """
    found = np.zeros((len(choices.action), len(OPPONENT_FEATURES)))
    bounds = [*choices.starts.tolist(), len(choices.action)]
    priors = np.zeros(RULES.num_actions)
    assert RULES.priors is not None
    for start, end in pairwise(bounds):
        k = int(choices.world[start])
        legal, rows = choices.action[start:end], found[start:end]
        own = np.zeros((end - start, len(policy.ACTION_FEATURES)))
        if int(worlds[k]["request"]) != c.REQUEST_PREVIEW:
            policy.state_action_features(worlds, k, choices.side, legal, end - start, own)
        RULES.priors(worlds, k, choices.side, legal, end - start, priors)
        rows[:, : own.shape[1]] = own
        rows[:, _AT["prior"]] = np.log(np.maximum(priors[: end - start], 1e-6))
        names = [choices.names[n] for n in choices.name[start:end]]
        _of_world(worlds[k], choices.side, legal, names, rows, past, seen_moves, seen_mons)
    return found.astype(np.float32)


def _of_world(
    world: Any,
    side: int,
    legal: NDArray[np.int32],
    names: list[str],
    rows: NDArray[np.float64],
    past: PastChoices,
    seen_moves: frozenset[str],
    seen_mons: frozenset[str],
) -> None:
    own = world["sides"][side]
    active = int(own["active"])
    if active < 0 or int(world["request"]) == c.REQUEST_PREVIEW:
        return
    mon = own["mons"][active]
    species = base_species(SPECIES_NAMES[int(mon["base_species"])])
    up = int(mon["hp"]) > 0
    turn = int(world["turn"])
    few = int(own["pokemon_left"]) <= 2
    stages = max(0, int(own["boosts"][:5].sum())) / 4
    types = [int(t) for t in SPECIES[int(mon["species"])]["types"]]
    foe = world["sides"][1 - side]
    target = foe["mons"][int(foe["active"])]
    first, second = (int(t) for t in SPECIES[int(target["species"])]["types"])
    power = np.zeros(len(legal))
    damage = rows[:, policy.DAMAGE]
    for k, (action, name) in enumerate(zip(legal.tolist(), names, strict=True)):
        row = rows[k]
        row[_AT["again"]] = float(name == past.last and species == past.last_active)
        row[_AT["used"]] = np.log1p(past.uses[species, name])
        if action >= SWITCH:
            if up and action < c.ACTION_FORCED:
                row[_AT["switch_again"]] = float(past.last.startswith("switch "))
                row[_AT["switch_rate"]] = past.rate("switch")
                row[_AT["asleep"]] = float(int(mon["status"]) == c.SLP)
            row[_AT["to_unseen"]] = float(name == UNSEEN or name.partition(" ")[2] not in seen_mons)
            continue
        number = int(mon["moves"][action % TERA])
        move = MOVES[number]
        row[_AT["unseen"]] = float(name.partition(" ")[0] not in seen_moves)
        row[_AT["last_pp"]] = float(int(mon["pp"][action % TERA]) <= 2)
        if action >= TERA:
            row[_AT["tera_late"]] = min(turn, _LATEST) / _LATEST
            row[_AT["tera_last"]] = float(few)
        if int(move["category"]) == c.CATEGORY_STATUS:
            row[_AT["status_rate"]] = past.rate("status")
            row[_AT["boost_again"]] = stages * float(row[policy.BOOST] > 0)
            row[_AT["early_status"]] = float(turn <= 2)
            continue
        power[k] = int(move["power"])
        kind = int(move["type"])
        by_type = float(EFFECTIVENESS[kind, first] * EFFECTIVENESS[kind, second])
        row[_AT["power"]] = power[k] / 100
        row[_AT["same_type"]] = float(kind in types)
        row[_AT["effective"]] = np.log2(by_type) if by_type > 0 else _LOG_NONE
        row[_AT["miss"]] = (100 - (int(move["accuracy"]) or 100)) / 100 * row[policy.SHARE]
        row[_AT["best_rate"]] = past.rate("best") * row[policy.BEST]
    if power.any():
        rows[:, _AT["power_best"]] = (power > 0) & (power >= power.max())
    best = rows[:, policy.BEST] > 0
    if best.any():
        rest = damage[~best].max(initial=0.0)
        rows[best, _AT["best_alone"]] = np.maximum(0.0, damage[best] - rest)
