"""Queries on a state: stats, types, effective abilities and items, groundedness, volatiles.

They change nothing but the caches that Showdown has too (``speed``, stored stats).  ``s`` is a
side; its active Pokémon is meant unless a team index ``i`` is given.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

import plywise.engine.battle.ability_ids as A
import plywise.engine.battle.item_ids as I
import plywise.engine.battle.species_ids as S
from plywise.engine.battle import constants as c
from plywise.engine.battle.callbacks import ABILITY_MODIFIES_SPEED, ITEM_MODIFIES_SPEED
from plywise.engine.battle.tables import ABILITIES, ITEMS, MOVES, NATURES, SPECIES, frozen
from plywise.engine.battle.ties import modify_boost_ties, user_is_away
from plywise.engine.battle.volatile_order import (
    CODE_OF_VOLATILE,
    append_to_order,
    remove_from_order,
)
from plywise.engine.compile.jit import kernel

MOST_ATTACKS = 7
"""To what ``times_attacked`` counts (a mask as well): Rage Fist asks for 6 at most."""

NATURE_EFFECTS = np.array([(-1, -1), *(NATURES[name] for name in sorted(NATURES))], np.int8)
"""``[nature]`` -> raised and lowered stat, -1 for none; natures count from 1 in sorted order."""


# ------------------------------------------------------------------------------------- volatiles
@kernel
def has_volatile(b: Any, s: int, v: int) -> bool:
    """Return whether the active Pokémon of side ``s`` has the volatile ``v`` (``V_*``)."""
    return (int(b.sides[s].volatiles[v >> 5]) >> (v & 31)) & 1 != 0


def volatile_words(volatiles: Iterable[int]) -> NDArray[np.uint32]:
    """Return the words of ``side.volatiles`` in which the bits of ``volatiles`` are set."""
    words = np.zeros(3, np.uint32)
    for v in volatiles:
        words[v >> 5] |= np.uint32(1 << (int(v) & 31))
    return frozen(words)


@kernel
def has_any_of(b: Any, s: int, word0: int, word1: int, word2: int) -> bool:
    """Return whether the active of ``s`` has one of the volatiles of :func:`volatile_words`."""
    words = b.sides[s].volatiles
    return (int(words[0]) & word0) | (int(words[1]) & word1) | (int(words[2]) & word2) != 0


@kernel
def put_volatile(b: Any, s: int, v: int) -> None:
    """Set a volatile's bit and its place in the order; see :func:`conditions.add_volatile`."""
    code = int(CODE_OF_VOLATILE[v])
    if code != 0 and not has_volatile(b, s, v):
        append_to_order(b, s, code)
    b.sides[s].volatiles[v >> 5] = int(b.sides[s].volatiles[v >> 5]) | (1 << (v & 31))


@kernel
def drop_volatile(b: Any, s: int, v: int) -> None:
    """Clear a volatile's bit and its place in the order, nothing else.

    :func:`conditions.remove_volatile` does what its end does.
    """
    code = int(CODE_OF_VOLATILE[v])
    if code != 0 and has_volatile(b, s, v):
        remove_from_order(b, s, code)
    b.sides[s].volatiles[v >> 5] = int(b.sides[s].volatiles[v >> 5]) & (
        0xFFFF_FFFF ^ (1 << (v & 31))
    )


# ---------------------------------------------------------------------------- abilities and items
@kernel
def ability(b: Any, s: int) -> int:
    """Return the ability that works for the active Pokémon, 0 if ignored or fainted."""
    side = b.sides[s]
    m = side.mons[side.active]
    foe = b.sides[1 - s]
    # Nearly always nothing is there that could suppress it: asked some 70 times a turn.
    if (
        int(m.flag_bits) & (c.MON_TRANSFORMED | c.MON_FAINTED) == 0
        and not has_volatile(b, s, c.V_GASTROACID)
        and int(foe.mons[foe.active].ability) != A.neutralizinggas
    ):
        return int(m.ability)
    return _ability_if_not_suppressed(b, s)


@kernel
def _ability_if_not_suppressed(b: Any, s: int) -> int:
    side = b.sides[s]
    m = side.mons[side.active]
    a = int(m.ability)
    if a == 0 or int(m.flag_bits) & c.MON_FAINTED != 0:
        return 0
    row = ABILITIES[a]
    if row.no_transform and int(m.flag_bits) & c.MON_TRANSFORMED != 0:
        return 0
    if row.cant_suppress:
        return a
    if has_volatile(b, s, c.V_GASTROACID):
        return 0
    if a == A.neutralizinggas:
        return a
    foe = b.sides[1 - s]
    other = foe.mons[foe.active]
    if (
        int(other.ability) == A.neutralizinggas
        and int(other.flag_bits) & (c.MON_TRANSFORMED | c.MON_FAINTED) == 0
        and not has_volatile(b, 1 - s, c.V_GASTROACID)
        and int(foe.ability_flags) & c.ABILITY_ENDING == 0
        and not holds_ability_shield(b, s)
    ):
        return 0
    return a


@kernel
def add_attacks(byte: int, hits: int) -> int:
    """Return the field ``times_attacked`` after more hits; its other bits stay."""
    return (byte & ~MOST_ATTACKS) | min(MOST_ATTACKS, (byte & MOST_ATTACKS) + hits)


@kernel
def answers_for_others(b: Any, s: int) -> bool:
    """Return whether the ability of the active of ``s`` has a say in events of other Pokémon.

    That of one without HP, as the user of Explosion while it hits, has none: Showdown asks
    ``Pokemon.foes()`` and ``alliesAndSelf()`` alone (handlers ``onAny``, ``onFoe``, ``onAlly``).
    """
    side = b.sides[s]
    return side.mons[side.active].hp > 0 or user_is_away(b)


@kernel
def holds_ability_shield(b: Any, s: int) -> bool:
    """Return whether an Ability Shield works (only Magic Room takes it away)."""
    side = b.sides[s]
    return (
        int(side.mons[side.active].held_item) == I.abilityshield
        and b.pseudo_weather[c.MAGIC_ROOM] == 0
    )


@kernel
def item(b: Any, s: int) -> int:
    """Return the item that works for the active Pokémon, 0 if it is ignored or it has fainted."""
    side = b.sides[s]
    m = side.mons[side.active]
    held = int(m.held_item)
    if held == 0 or int(m.flag_bits) & c.MON_FAINTED != 0 or b.pseudo_weather[c.MAGIC_ROOM] != 0:
        return 0
    if int(m.ability) == A.klutz and not ITEMS[held].ignore_klutz and ability(b, s) == A.klutz:
        return 0
    return held


@kernel
def suppressing_ability(b: Any, s: int) -> bool:
    """Return whether the move being used ignores the breakable ability of its target ``s``."""
    return (
        int(b.move.id) != 0
        and int(b.move.flag_bits) & c.MOVE_IGNORE_ABILITY != 0
        and int(b.move.side) != s
        and not holds_ability_shield(b, s)
    )


@kernel
def defence_ability(b: Any, s: int) -> int:
    """Return the working ability of ``s`` as the current move meets it: Mold Breaker makes it 0."""
    if int(b.move.flag_bits) & c.MOVE_IGNORE_ABILITY == 0:
        return ability(b, s)
    return _unless_ignored(b, s)


@kernel
def _unless_ignored(b: Any, s: int) -> int:
    a = ability(b, s)
    if a != 0 and ABILITIES[a].breakable and suppressing_ability(b, s):
        return 0
    return a


# ------------------------------------------------------------------------------ weather and field
@kernel
def effective_weather(b: Any) -> int:
    """Return the weather that has an effect: none under Air Lock or Cloud Nine."""
    if b.weather == c.NO_WEATHER:
        return c.NO_WEATHER
    for s in range(2):
        side = b.sides[s]
        raw = int(side.mons[side.active].ability)
        if (
            (raw == A.airlock or raw == A.cloudnine)
            and ability(b, s) == raw
            and int(side.ability_flags) & c.ABILITY_ENDING == 0
        ):
            return c.NO_WEATHER
    return int(b.weather)


@kernel
def weather_for(b: Any, s: int) -> int:
    """Return the weather that the active of ``s`` feels: Utility Umbrella hides sun and rain."""
    w = effective_weather(b)
    if (
        w == c.SUNNY_DAY or w == c.RAIN_DANCE or w == c.DESOLATE_LAND or w == c.PRIMORDIAL_SEA
    ) and item(b, s) == I.utilityumbrella:
        return c.NO_WEATHER
    return w


# ----------------------------------------------------------------------------------------- types
@kernel
def types_of(b: Any, s: int) -> tuple[int, int, int]:
    """Return the three types that count now (Terastallization included), 0 for absent ones."""
    side = b.sides[s]
    m = side.mons[side.active]
    if int(m.flag_bits) & c.MON_TERASTALLIZED != 0 and int(m.tera_type) != c.TYPE_STELLAR:
        return int(m.tera_type), c.TYPE_NONE, c.TYPE_NONE
    return own_types(b, s)


@kernel
def own_types(b: Any, s: int) -> tuple[int, int, int]:
    """Return the types before Terastallization, 0 for absent ones."""
    side = b.sides[s]
    first, second = int(side.types[0]), int(side.types[1])
    m = side.mons[side.active]
    if int(m.ability) == A.multitype and SPECIES[m.base_species].base_species == S.arceus:
        if int(m.flag_bits) & c.MON_TRANSFORMED == 0:
            first, second = int(ITEMS[m.held_item].plate_type), c.TYPE_NONE
    if has_volatile(b, s, c.V_ROOST):
        if first == c.TYPE_FLYING:
            first, second = second, c.TYPE_NONE
        elif second == c.TYPE_FLYING:
            second = c.TYPE_NONE
    if first == c.TYPE_NONE:
        first = c.TYPE_NORMAL
    return first, second, int(side.added_type)


@kernel
def may_change_type(b: Any, s: int) -> bool:
    """Return whether the active of ``s`` can get other types: no Arceus, none Terastallized."""
    m = b.sides[s].mons[b.sides[s].active]
    num = int(SPECIES[m.species].num)
    return int(m.flag_bits) & c.MON_TERASTALLIZED == 0 and num != 493 and num != 773


@kernel
def has_type(b: Any, s: int, t: int) -> bool:
    """Return whether the active Pokémon of ``s`` has the type ``t`` now."""
    first, second, third = types_of(b, s)
    return first == t or second == t or third == t


@kernel
def is_grounded(b: Any, s: int, negate_immunity: bool) -> bool:
    """Return Showdown's ``isGrounded``: whether the ground's effects reach the active of ``s``."""
    if b.pseudo_weather[c.GRAVITY] != 0:
        return True
    if has_volatile(b, s, c.V_INGRAIN) or has_volatile(b, s, c.V_SMACKDOWN):
        return True
    held = item(b, s)
    if held == I.ironball:
        return True
    if not negate_immunity and has_type(b, s, c.TYPE_FLYING):
        return False
    if ability(b, s) == A.levitate and not suppressing_ability(b, s):
        return False
    if has_volatile(b, s, c.V_MAGNETRISE):
        return False
    return held != I.airballoon


# ----------------------------------------------------------------------------------------- stats
@kernel
def modify(value: int, modifier: int) -> int:
    """Return Showdown's ``modify``: ``value`` times ``modifier`` / 4096, half rounded down."""
    return (value * modifier + 2047) >> 12


@kernel
def chain(modifier: int, following: int) -> int:
    """Return two modifiers (in 4096ths) as one: Showdown's ``chainModify``."""
    return (modifier * following + 2048) >> 12


@kernel
def boosted(stat: int, stage: int) -> int:
    """Return a stat under a boost of ``stage`` -6 ... 6."""
    if stage == 0:
        return stat  # spares the commonest case a division
    if stage > 0:
        return stat * (2 + stage) // 2
    return stat * 2 // (2 - stage)


@kernel
def get_stat(b: Any, s: int, stat: int, unboosted: bool) -> int:
    """Return Showdown's ``getStat(stat, unboosted, true)``: no abilities or items.

    Wonder Room swaps the stages of Defense and Sp. Def here, not the stats.
    """
    side = b.sides[s]
    value = int(side.mons[side.active].stats[stat])
    if unboosted:
        return value
    if b.pseudo_weather[c.WONDER_ROOM] and (stat == c.DEF or stat == c.SPD):
        stat = c.DEF + c.SPD - stat
    return boosted(value, int(side.boosts[stat]))


@kernel
def best_stat(b: Any, s: int, unboosted: bool) -> int:
    """Return the highest stat (the first of equals), as Beast Boost and Protosynthesis see it."""
    best, best_value = 0, 0
    for stat in range(5):
        value = get_stat(b, s, stat, unboosted)
        if value > best_value:
            best, best_value = stat, value
    return best


@kernel
def get_speed(b: Any, s: int) -> int:
    """Return the Speed with boosts, abilities, items and paralysis, without Trick Room."""
    side = b.sides[s]
    m = side.mons[side.active]
    if (
        side.boosts[c.SPE] == 0
        and int(m.status) != c.PAR
        and side.conditions[c.TAILWIND] == 0
        and not ITEM_MODIFIES_SPEED[m.held_item]
        and not ABILITY_MODIFIES_SPEED[m.ability]
    ):
        return min(int(m.stats[c.SPE]), 10000)
    return _modified_speed(b, s)


@kernel
def _modified_speed(b: Any, s: int) -> int:
    side = b.sides[s]
    m = side.mons[side.active]
    speed = boosted(int(m.stats[c.SPE]), int(side.boosts[c.SPE]))
    modifier = 4096
    if ITEM_MODIFIES_SPEED[m.held_item]:
        held = item(b, s)
        if held == I.choicescarf:
            modifier = chain(modifier, 6144)
        elif held != 0:  # Iron Ball, Power Anklet and their like
            modifier = chain(modifier, 2048)
    a = ability(b, s) if ABILITY_MODIFIES_SPEED[m.ability] else 0
    if a == A.chlorophyll:
        w = weather_for(b, s)
        if w == c.SUNNY_DAY or w == c.DESOLATE_LAND:
            modifier = chain(modifier, 8192)
    elif a == A.swiftswim:
        w = weather_for(b, s)
        if w == c.RAIN_DANCE or w == c.PRIMORDIAL_SEA:
            modifier = chain(modifier, 8192)
    elif a == A.sandrush:
        if effective_weather(b) == c.SANDSTORM:
            modifier = chain(modifier, 8192)
    elif a == A.slushrush:
        w = effective_weather(b)
        if w == c.HAIL or w == c.SNOWSCAPE:
            modifier = chain(modifier, 8192)
    elif a == A.surgesurfer:
        if b.terrain == c.ELECTRIC_TERRAIN:
            modifier = chain(modifier, 8192)
    elif a == A.quickfeet:
        if m.status != c.NO_STATUS:
            modifier = chain(modifier, 6144)
    elif a == A.slowstart:
        if side.ability_counter != 0:
            modifier = chain(modifier, 2048)
    elif a == A.unburden:
        if has_volatile(b, s, c.V_UNBURDEN) and m.held_item == 0:
            modifier = chain(modifier, 8192)
    elif a == A.protosynthesis:
        if has_volatile(b, s, c.V_PROTOSYNTHESIS) and int(side.paradox_stat) == 1 + c.SPE:
            modifier = chain(modifier, 6144)
    elif a == A.quarkdrive and has_volatile(b, s, c.V_QUARKDRIVE):
        if int(side.paradox_stat) == 1 + c.SPE:
            modifier = chain(modifier, 6144)
    if side.conditions[c.TAILWIND] != 0:
        modifier = chain(modifier, 8192)
    if modifier != 4096:
        speed = modify(speed, modifier)
    if int(m.status) == c.PAR and a != A.quickfeet:
        speed = speed * 50 // 100
    return min(speed, 10000)


@kernel
def action_speed(b: Any, s: int) -> int:
    """Return what actions are sorted by: the Speed, turned around under Trick Room."""
    m = b.sides[s].mons[b.sides[s].active]
    # One that has fainted has no volatiles, ability or item any more, nor its side's Tailwind.
    fainted = int(m.flag_bits) & c.MON_FAINTED != 0
    speed = min(int(m.stats[c.SPE]), 10000) if fainted else get_speed(b, s)
    if b.pseudo_weather[c.TRICK_ROOM] != 0:
        speed = 10000 - speed
    return speed & 8191


@kernel
def update_speed(b: Any) -> None:
    """Store the action speed of both actives that have not fainted (``updateSpeed``)."""
    for s in range(2):
        side = b.sides[s]
        if int(side.mons[side.active].flag_bits) & c.MON_FAINTED == 0:
            modify_boost_ties(b)
            side.speed = action_speed(b, s)


# ------------------------------------------------------------------------- species and its stats
@kernel
def stat_of(base: int, spread: int, level: int) -> int:
    """Return a stat other than HP before nature, from its base value and IV + EV // 4."""
    return (2 * base + spread) * level // 100 + 5


@kernel
def max_hp_of(species: int, spread: int, level: int) -> int:
    """Return the maximal HP of a species with IV + EV // 4 = ``spread``."""
    row = SPECIES[species]
    if row.max_hp != 0:
        return int(row.max_hp)
    return (2 * int(row.base_stats[0]) + spread + 100) * level // 100 + 10


@kernel
def set_stats(b: Any, s: int, i: int, species: int) -> None:
    """Write the stored stats that team member ``i`` has as ``species``; HP stays."""
    m = b.sides[s].mons[i]
    row = SPECIES[species]
    for stat in range(5):
        value = stat_of(
            int(row.base_stats[stat + 1]), int(m.spread[stat + 1]) & c.SPREAD, int(m.level)
        )
        if NATURE_EFFECTS[int(m.nature) & 31, 0] == stat:
            value = value * 110 // 100
        elif NATURE_EFFECTS[int(m.nature) & 31, 1] == stat:
            value = value * 90 // 100
        m.stats[stat] = value


@kernel
def max_pp_of(move: int) -> int:
    """Return a move's PP with all PP Ups."""
    row = MOVES[move]
    if row.no_pp_boosts or move == 0:
        return int(row.pp)
    return int(row.pp) * 8 // 5


@kernel
def max_pp_of_slot(b: Any, s: int, i: int, slot: int) -> int:
    """Return the maximal PP of a move slot: at most 5 for what Transform copied.

    A move that Mimic or Sketch took over has no PP Ups.
    """
    side = b.sides[s]
    m = side.mons[i]
    move = int(m.moves[slot])
    if int(m.flag_bits) & c.MON_TRANSFORMED != 0:
        return min(5, int(MOVES[move].pp))
    if int(m.nature) >> 5 == 1 + slot:
        return int(MOVES[move].pp)
    if int(side.flag_bits) & c.SIDE_MIMICKED != 0 and i == int(side.active):
        if int(side.base_moves[slot]) != move:
            return int(MOVES[move].pp)
    return max_pp_of(move)
