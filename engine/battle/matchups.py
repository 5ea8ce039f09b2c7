"""Estimates of what one Pokémon's moves take from another, in nanoseconds each.

They use stats, boosts, types and the abilities and items that matter most often; the full damage
formula costs ten times as much.  The evaluation and the move priors use them.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from plywise.engine.battle import ability_ids as A
from plywise.engine.battle import constants as c
from plywise.engine.battle.names import ABILITY_NAMES, ITEM_NAMES, MOVE_NAMES
from plywise.engine.battle.stats import boosted, own_types, types_of
from plywise.engine.battle.tables import (
    F_CHARGE,
    F_FUTURE,
    F_RECHARGE,
    MOVES,
    SPECIES,
    TYPE_CHART,
    frozen,
)
from plywise.engine.compile.jit import kernel

EFFECTIVENESS = np.array([1.0, 2.0, 0.0, 0.5])[TYPE_CHART]
"""``[attack type, defending type]`` as a factor (the chart's codes are 0, 1, 2 and -1)."""

_IMMUNE = {
    "levitate": c.TYPE_GROUND,
    "eartheater": c.TYPE_GROUND,
    "flashfire": c.TYPE_FIRE,
    "wellbakedbody": c.TYPE_FIRE,
    "waterabsorb": c.TYPE_WATER,
    "stormdrain": c.TYPE_WATER,
    "dryskin": c.TYPE_WATER,
    "voltabsorb": c.TYPE_ELECTRIC,
    "motordrive": c.TYPE_ELECTRIC,
    "lightningrod": c.TYPE_ELECTRIC,
    "sapsipper": c.TYPE_GRASS,
}
ABILITY_IMMUNE = np.array([_IMMUNE.get(name, 0) for name in ABILITY_NAMES], np.uint8)
"""The attack type that an ability makes immune to, 0 for none."""

_PHYSICAL_ABILITIES = {"hugepower": 2.0, "purepower": 2.0, "gorillatactics": 1.5, "hustle": 1.4}
_ITEM_FACTORS = {
    "lifeorb": (1.3, 1.3),
    "choiceband": (1.5, 1.0),
    "choicespecs": (1.0, 1.5),
    "expertbelt": (1.1, 1.1),
    "thickclub": (2.0, 1.0),
    "lightball": (2.0, 2.0),
}
ABILITY_FACTOR = np.array([_PHYSICAL_ABILITIES.get(name, 1.0) for name in ABILITY_NAMES])
ITEM_FACTOR = np.array([_ITEM_FACTORS.get(name, (1.0, 1.0)) for name in ITEM_NAMES])
"""Factors on physical damage by ability, and on physical and special damage by item."""


def _expected_powers() -> NDArray[np.float64]:
    """Return per move its power times accuracy and hits, less where it costs a turn or more."""
    powers = np.zeros(len(MOVE_NAMES))
    for number, move in enumerate(MOVES):
        if int(move["category"]) == c.CATEGORY_STATUS or number == 0:
            continue
        # Powers that a callback computes stand as 0 or 1 in the tables.
        power = float(move["power"]) if int(move["power"]) > 1 else 60.0
        if move["ohko"]:
            power = 60.0
        hits = (3.1 if int(move["hits_max"]) == 5 else float(move["hits_max"])) or 1.0
        power *= hits * (int(move["accuracy"]) / 100 if int(move["accuracy"]) else 1.0)
        if int(move["move_flags"]) & (F_CHARGE | F_RECHARGE | F_FUTURE):
            power *= 0.6
        if move["self_destruct"]:
            power *= 0.3
        powers[number] = power
    return powers


def _strike_table() -> NDArray[Any]:
    """Return what :func:`strikes` reads of each move, in 8 bytes: all moves fit the first cache."""
    fields = [("power", "<f4"), ("type", "u1"), ("physical", "u1"), ("odd", "u1"), ("fixed", "u1")]
    table = np.zeros(len(MOVE_NAMES), np.dtype((np.record, fields)))
    table["power"] = _expected_powers()
    table["type"] = MOVES["type"]
    table["physical"] = MOVES["category"] == c.CATEGORY_PHYSICAL
    table["fixed"] = MOVES["level_damage"] != 0
    for name in ("offense_stat", "defense_stat", "foe_offense"):
        table["odd"] |= MOVES[name] != 0
    return table


STRIKES = frozen(_strike_table())
"""Per move: expected power, type, whether physical, of odd stats, of damage equal to the level."""

for _table in (EFFECTIVENESS, ABILITY_IMMUNE, ABILITY_FACTOR, ITEM_FACTOR):
    _table.flags.writeable = False


@kernel
def _types_with_tera(b: Any, s: int, i: int, tera: int) -> tuple[int, int, int]:
    """Return the types that member ``i`` has against attacks; ``tera`` 1: as if Terastallized."""
    side = b.sides[s]
    mon = side.mons[i]
    if tera != 0 and int(mon.tera_type) != c.TYPE_STELLAR:
        return int(mon.tera_type), c.TYPE_NONE, c.TYPE_NONE
    if i == int(side.active):
        return types_of(b, s)
    if int(mon.flag_bits) & c.MON_TERASTALLIZED != 0 and int(mon.tera_type) != c.TYPE_STELLAR:
        return int(mon.tera_type), c.TYPE_NONE, c.TYPE_NONE
    row = SPECIES[mon.species]
    return int(row.types[0]), int(row.types[1]), c.TYPE_NONE


@kernel
def _stat(b: Any, s: int, i: int, stat: int) -> float:
    """Return a stored stat, with its boosts where the member is out."""
    side = b.sides[s]
    value = int(side.mons[i].stats[stat])
    if i == int(side.active):
        value = boosted(value, int(side.boosts[stat]))
    return float(max(1, value))


@kernel
def _odd_ratio(b: Any, s: int, i: int, j: int, move: int) -> float:
    """Return attack over defence for a move that does not use the usual stats for it."""
    row = MOVES[move]
    physical = int(row.category) == c.CATEGORY_PHYSICAL
    offence = c.ATK if physical else c.SPA
    defence = c.DEF if physical else c.SPD
    if row.offense_stat != 0:
        offence = int(row.offense_stat) - 1
    if row.defense_stat != 0:
        defence = int(row.defense_stat) - 1
    held = int(b.sides[s].mons[i].held_item)
    ratio: float = ITEM_FACTOR[held, 0 if physical else 1] / _stat(b, 1 - s, j, defence)
    if row.foe_offense != 0:
        return ratio * _stat(b, 1 - s, j, offence)
    return ratio * _stat(b, s, i, offence)


@kernel
def strikes(b: Any, s: int, i: int, j: int, tera: int, foe_tera: int, hits: Any, at: int) -> float:
    """Write the damage of each move of member ``i`` of side ``s`` to the foe's member ``j``.

    Args:
        b: the battle.
        s: the attacker's side.
        i: the attacker; boosts count if it is out.
        j: the defender, of the other side.
        tera: 1: as if the attacker had Terastallized.
        foe_tera: 1: as if the defender had.
        hits: for the mean HP that the four moves take, misses and hits included.
        at: where in it the first of the four stands.

    Returns:
        the largest of them.
    """
    side = b.sides[s]
    other = b.sides[1 - s]
    mon = side.mons[i]
    foe = other.mons[j]
    first, second, third = _types_with_tera(b, 1 - s, j, foe_tera)
    attack_boost = 0
    special_boost = 0
    own_third = c.TYPE_NONE
    if i == int(side.active):
        own_first, own_second, own_third = own_types(b, s)
        attack_boost = int(side.boosts[c.ATK])
        special_boost = int(side.boosts[c.SPA])
    else:
        species = SPECIES[mon.species]
        own_first = int(species.types[0])
        own_second = int(species.types[1])
    defence_boost = 0
    resistance_boost = 0
    if j == int(other.active):
        defence_boost = int(other.boosts[c.DEF])
        resistance_boost = int(other.boosts[c.SPD])
    tera_type = 0
    if tera != 0 or int(mon.flag_bits) & c.MON_TERASTALLIZED != 0:
        tera_type = int(mon.tera_type)
    immune = int(ABILITY_IMMUNE[foe.ability])
    held = int(mon.held_item)
    level = (2.0 * int(mon.level) / 5.0 + 2.0) / 50.0
    burnt = int(mon.status) == c.BRN and int(mon.ability) != A.guts
    veil = int(other.conditions[c.AURORA_VEIL]) != 0
    physical = (
        float(boosted(int(mon.stats[c.ATK]), attack_boost))
        / max(1, boosted(int(foe.stats[c.DEF]), defence_boost))
        * (0.5 if burnt else 1.0)
        * (0.5 if veil or int(other.conditions[c.REFLECT]) != 0 else 1.0)
        * ABILITY_FACTOR[mon.ability]
        * ITEM_FACTOR[held, 0]
    )
    special = (
        float(boosted(int(mon.stats[c.SPA]), special_boost))
        / max(1, boosted(int(foe.stats[c.SPD]), resistance_boost))
        * (0.5 if veil or int(other.conditions[c.LIGHT_SCREEN]) != 0 else 1.0)
        * ITEM_FACTOR[held, 1]
    )
    best = 0.0
    for k in range(4):
        hits.taken[at + k] = 0.0
        move = int(mon.moves[k])
        row = STRIKES[move]
        power = float(row.power)
        if power == 0.0 or int(mon.pp[k]) == 0:
            continue
        kind = int(row.type)
        factor = (
            EFFECTIVENESS[kind, first] * EFFECTIVENESS[kind, second] * EFFECTIVENESS[kind, third]
        )
        if factor == 0.0 or (kind == immune and immune != 0):
            continue
        if row.fixed != 0:
            damage = float(mon.level)
        else:
            if kind == own_first or kind == own_second or kind == own_third:
                factor *= 2.0 if kind == tera_type else 1.5
            elif kind == tera_type:
                factor *= 1.5
            if row.odd != 0:  # Body Press, Psyshock, Foul Play
                factor *= _odd_ratio(b, s, i, j, move)
            else:
                factor *= physical if row.physical != 0 else special
            damage = (level * power * factor + 2.0) * 0.925
        hits.taken[at + k] = damage
        best = max(best, damage)
    return best
