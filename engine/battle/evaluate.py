"""Static evaluation of a battle: a weighted sum of features, squashed into (-1, 1).

A feature is a number of side 0 minus the same of side 1.  The weights are data, fitted to the
outcomes of self-play (``arena/fit/evaluation.py``), so that a value estimates the result.  What
moves take is estimated too (``matchups.py``).  Features of the 36 pairs of both teams are left out:
they brought the held-out loss from 0.404 to 0.389, won no more battles (48 % [41, 55] in 100 pairs
at equal iterations) and cost a fifth of the speed.
"""

from typing import Any

import numba as nb
import numpy as np
from numba import types

from plywise.datasets.fitted_weights import load_weights
from plywise.engine.battle import ability_ids as A
from plywise.engine.battle import constants as c
from plywise.engine.battle import item_ids as I
from plywise.engine.battle.matchups import EFFECTIVENESS, strikes
from plywise.engine.battle.scratch import some_hits
from plywise.engine.battle.state import BATTLE
from plywise.engine.battle.stats import (
    action_speed,
    has_volatile,
)
from plywise.engine.battle.tables import SPECIES
from plywise.engine.compile.jit import kernel, kernel_of
from plywise.engine.compile.stack import stack_array
from plywise.engine.kernels import signatures

FEATURES = (
    "alive",  # Pokémon that still stand
    "hp",  # their HP, as shares of the maximum
    "brn",  # how many of them have the status
    "par",
    "psn",
    "tox",
    "slp",
    "frz",
    "held_items",
    "tera",  # Terastallization is still to come
    "stealth_rock",  # for each on the bench, by how much Rock hurts it
    "spikes",  # layers, for each on the bench that stands on the ground
    "toxic_spikes",
    "sticky_web",
    "reflect",
    "light_screen",
    "aurora_veil",
    "tailwind",
    "attack_boosts",  # of the active one, by STAGES, times its HP share
    "defence_boosts",
    "speed_boosts",
    "substitute",
    "leech_seed",
    "confusion",
    "doomed",  # Curse, Salt Cure, Yawn
    "wish",
    "threat",  # what its best move takes of the foe's HP, at most 1
    "faster",
    "first_strike",  # faster, and its best move is enough
)
FIT = load_weights("gen9_evaluation", FEATURES)
VALUE_WEIGHTS = np.array([FIT.weights[name] for name in FEATURES])
"""In the order of :data:`FEATURES`, fitted by ``plywise fit evaluation`` (``FIT.fit``)."""

(
    ALIVE,
    HP,
    FIRST_STATUS,
    _PAR,
    _PSN,
    _TOX,
    _SLP,
    _FRZ,
    HELD_ITEMS,
    TERA,
    ROCKS,
    SPIKE_LAYERS,
    TOXIC,
    WEB,
    REFLECTS,
    SCREENS,
    VEILS,
    WIND,
    ATTACK_BOOSTS,
    DEFENCE_BOOSTS,
    SPEED_BOOSTS,
    SUBSTITUTES,
    SEEDS,
    CONFUSED,
    DOOMED,
    WISHES,
    THREAT,
    FASTER,
    FIRST_STRIKE,
) = range(len(FEATURES))

_POOL = types.Array(nb.from_dtype(BATTLE), 1, "C")

_all_features = stack_array(np.float64, len(FEATURES))

STAGES = np.array([-0.75, -0.71, -0.67, -0.6, -0.5, -0.33, 0.0, 0.5, 0.85, 1.1, 1.3, 1.45, 1.55])
"""What boosts of -6 … 6 stages are worth: like their effect, flattening upwards."""

for _table in (VALUE_WEIGHTS, STAGES):
    _table.flags.writeable = False


@kernel
def _count_member(b: Any, s: int, i: int, sign: float, out: Any) -> None:
    """Add the features of one team member."""
    side = b.sides[s]
    mon = side.mons[i]
    hp = int(mon.hp)
    if hp <= 0:
        return
    out[ALIVE] += sign
    out[HP] += sign * hp / max(1, int(mon.max_hp))
    status = int(mon.status)
    if status != c.NO_STATUS:
        worth = 1.0
        if status == c.BRN and int(mon.stats[c.ATK]) < int(mon.stats[c.SPA]):
            worth = 0.5
        elif status == c.SLP:
            worth = 0.5 * min(2, int(mon.status_turns))
        out[FIRST_STATUS + status - c.BRN] += sign * worth
    if int(mon.held_item) != 0:
        out[HELD_ITEMS] += sign
    if i == int(side.active) or int(mon.held_item) == I.heavydutyboots:
        return
    first = int(SPECIES[mon.species].types[0])
    second = int(SPECIES[mon.species].types[1])
    if int(side.conditions[c.STEALTH_ROCK]) != 0 and int(mon.ability) != A.magicguard:
        out[ROCKS] += sign * EFFECTIVENESS[c.TYPE_ROCK, first] * EFFECTIVENESS[c.TYPE_ROCK, second]
    if first != c.TYPE_FLYING and second != c.TYPE_FLYING and int(mon.ability) != A.levitate:
        out[SPIKE_LAYERS] += sign * int(side.conditions[c.SPIKES])
        out[TOXIC] += sign * int(side.conditions[c.TOXIC_SPIKES])
        out[WEB] += sign * int(side.conditions[c.STICKY_WEB])


@kernel
def _count_active(b: Any, s: int, sign: float, out: Any) -> None:
    """Add the features of a side and of its active Pokémon."""
    side = b.sides[s]
    if int(side.flag_bits) & c.SIDE_TERA_USED == 0:
        out[TERA] += sign
    out[REFLECTS] += sign * min(1.0, int(side.conditions[c.REFLECT]) / 4.0)
    out[SCREENS] += sign * min(1.0, int(side.conditions[c.LIGHT_SCREEN]) / 4.0)
    out[VEILS] += sign * min(1.0, int(side.conditions[c.AURORA_VEIL]) / 4.0)
    out[WIND] += sign * min(1.0, int(side.conditions[c.TAILWIND]) / 3.0)
    if int(side.wish_duration) != 0:
        out[WISHES] += sign
    mon = side.mons[side.active]
    hp = int(mon.hp)
    if hp <= 0:
        return
    share = sign * hp / max(1, int(mon.max_hp))
    attack = STAGES[6 + int(side.boosts[c.ATK])]
    special = STAGES[6 + int(side.boosts[c.SPA])]
    if int(mon.stats[c.ATK]) > int(mon.stats[c.SPA]):
        special *= 0.3
    else:
        attack *= 0.3
    out[ATTACK_BOOSTS] += share * (attack + special)
    out[DEFENCE_BOOSTS] += share * (STAGES[6 + int(side.boosts[c.DEF])])
    out[DEFENCE_BOOSTS] += share * (STAGES[6 + int(side.boosts[c.SPD])])
    out[SPEED_BOOSTS] += share * STAGES[6 + int(side.boosts[c.SPE])]
    if has_volatile(b, s, c.V_SUBSTITUTE):
        out[SUBSTITUTES] += sign
    if has_volatile(b, s, c.V_LEECHSEED):
        out[SEEDS] += sign
    if has_volatile(b, s, c.V_CONFUSION):
        out[CONFUSED] += sign
    if (
        has_volatile(b, s, c.V_CURSE)
        or has_volatile(b, s, c.V_SALTCURE)
        or has_volatile(b, s, c.V_YAWN)
    ):
        out[DOOMED] += sign


@kernel
def features(b: Any, out: Any) -> float:
    """Write the features of a state into ``out`` (float64, one for each of :data:`FEATURES`).

    Returns:
        how many Pokémon still stand on both sides together.
    """
    for k in range(len(VALUE_WEIGHTS)):
        out[k] = 0.0
    standing = 0
    preview = b.request == c.REQUEST_PREVIEW
    for s in range(2):
        sign = 1.0 - 2.0 * s
        for i in range(int(b.sides[s].team_size)):
            _count_member(b, s, i, sign, out)
            if int(b.sides[s].mons[i].hp) > 0:
                standing += 1
        if not preview:
            _count_active(b, s, sign, out)
    first = b.sides[0]
    second = b.sides[1]
    one, two = int(first.active), int(second.active)
    if preview:
        return float(standing)
    if int(first.mons[one].hp) > 0 and int(second.mons[two].hp) > 0:
        hits = some_hits()[0]
        threat = strikes(b, 0, one, two, 0, 0, hits, 0) / int(second.mons[two].hp)
        counter = strikes(b, 1, two, one, 0, 0, hits, 0) / int(first.mons[one].hp)
        out[THREAT] += min(1.0, threat) - min(1.0, counter)
        speed = action_speed(b, 0) - action_speed(b, 1)
        if speed > 0:
            out[FASTER] += 1.0
            if threat >= 1.0:
                out[FIRST_STRIKE] += 1.0
        elif speed < 0:
            out[FASTER] -= 1.0
            if counter >= 1.0:
                out[FIRST_STRIKE] -= 1.0
    return float(standing)


@kernel_of(types.float64(_POOL, types.int64, types.Array(types.float64, 1, "C")))
def state_features(pool: Any, i: int, out: Any) -> float:
    """Write the :func:`features` of state ``i`` into ``out``; return how many Pokémon are alive."""
    return features(pool[i], out)


@kernel
def estimate(b: Any) -> float:
    """Return the estimated result for side 0, in (-1, 1).

    The same lead weighs more the fewer Pokémon are left: one ahead is about 0.3 at 6 against 5 and
    0.5 at 2 against 1.
    """
    out = _all_features()
    standing = features(b, out)
    total = 0.0
    for k in range(len(VALUE_WEIGHTS)):
        total += VALUE_WEIGHTS[k] * out[k]
    # Of size 0.99 at most, so that no estimate passes for a result.
    return 0.99 * float(np.tanh(total / np.sqrt(max(1.0, standing))))


@kernel_of(signatures(BATTLE).evaluate)
def evaluate(pool: Any, i: int) -> float:
    """Return the :func:`estimate` of state ``i``."""
    return estimate(pool[i])
