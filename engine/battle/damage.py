"""The damage of one hit: Showdown's getDamage and modifyDamage in its own integer arithmetic.

The move is ``b.move`` (see state.py), used by side ``s`` against ``1 - s``.  Modifiers chain as
in Showdown's ``chainModify``: numbers over 4096, multiplied with a rounding at each step, in the
order in which the simulator runs the handlers of one event.
"""

from typing import Any

import numpy as np

import plywise.engine.battle.ability_ids as A
import plywise.engine.battle.item_ids as I
import plywise.engine.battle.move_ids as M
import plywise.engine.battle.species_ids as S
from plywise.engine.battle import constants as c
from plywise.engine.battle.attack_stats import attack_stat, defense_stat
from plywise.engine.battle.base_power import base_power, base_power_modifier
from plywise.engine.battle.chance import (
    SITE_CRIT,
    SITE_DAMAGE,
    chance,
    note_classes,
    roll,
    wants_classes,
)
from plywise.engine.battle.event_ties import (
    BASE_POWER,
    MODIFY_ATK,
    MODIFY_DAMAGE,
    MODIFY_DEF,
    MODIFY_SPA,
    MODIFY_SPD,
    event_ties,
)
from plywise.engine.battle.log_events import (
    L_ACTIVATE,
    L_CRIT,
    L_FIELD_ACTIVATE,
    L_RESISTED,
    L_SUPEREFFECTIVE,
    log,
    log_from,
)
from plywise.engine.battle.modify_damage import (
    final_of_both,
    final_of_target,
    final_of_user,
    hits_substitute,
)
from plywise.engine.battle.stats import ability as get_ability
from plywise.engine.battle.stats import (
    chain,
    defence_ability,
    effective_weather,
    has_type,
    has_volatile,
    is_grounded,
    modify,
    own_types,
    types_of,
    weather_for,
)
from plywise.engine.battle.stats import item as get_item
from plywise.engine.battle.tables import (
    MOVES,
    TYPE_CHART,
)
from plywise.engine.battle.ties import even, modify_boost_ties, user_boost_ties
from plywise.engine.compile.jit import kernel

NO_DAMAGE = -1
"""Showdown's false or null: the hit fails (immune)."""
UNDEFINED = -2
"""Showdown's undefined: the move does no damage of its own, and goes on."""

DRAW = -1
"""For ``crit`` and ``random``: let chance decide."""

_CRIT_ODDS = np.array([0, 24, 8, 2, 1])


@kernel
def run_immunity(b: Any, t: int) -> bool:
    """Return whether the move in use can hit side ``t`` by its type (Showdown's runImmunity)."""
    flags = int(b.move.flag_bits)
    kind = int(b.move.type)
    if flags & c.MOVE_IGNORE_IMMUNITY or kind == c.TYPE_NONE or kind == c.TYPE_UNKNOWN:
        return True
    if flags & c.MOVE_IGNORE_GHOST and (kind == c.TYPE_NORMAL or kind == c.TYPE_FIGHTING):
        return True
    negated = get_item(b, t) == I.ringtarget
    if kind == c.TYPE_GROUND:
        return is_grounded(b, t, negated)
    if negated:
        return True
    first, second, third = types_of(b, t)
    return (
        int(TYPE_CHART[kind, first]) != 2
        and int(TYPE_CHART[kind, second]) != 2
        and int(TYPE_CHART[kind, third]) != 2
    )


@kernel
def run_effectiveness(b: Any, t: int) -> int:
    """Return the type modifier of the move in use against side ``t``: 1 for each doubling."""
    move = int(b.move.id)
    kind = int(b.move.type)
    side = b.sides[t]
    mon = side.mons[side.active]
    ability = defence_ability(b, t)
    if int(mon.flag_bits) & c.MON_TERASTALLIZED and kind == c.TYPE_STELLAR:
        total = 1
    else:
        total = 0
        spared = (
            int(b.move.category) != c.CATEGORY_STATUS
            and (
                (ability == A.disguise and int(mon.species) == S.mimikyu)
                or (
                    ability == A.iceface
                    and int(mon.species) == S.eiscue
                    and int(b.move.category) == c.CATEGORY_PHYSICAL
                )
            )
            and not hits_substitute(b, t)
            and run_immunity(b, t)
        )
        iron = (
            kind == c.TYPE_GROUND
            and get_item(b, t) == I.ironball
            and not has_volatile(b, t, c.V_INGRAIN)
            and not has_volatile(b, t, c.V_SMACKDOWN)
            and b.pseudo_weather[c.GRAVITY] == 0
            and has_type(b, t, c.TYPE_FLYING)
        )
        first, second, third = types_of(b, t)
        for k in range(3):
            against = first if k == 0 else (second if k == 1 else third)
            if against == c.TYPE_NONE:
                continue
            mod = int(TYPE_CHART[kind, against])
            if mod == 2:
                mod = 0
            if move == M.flyingpress:
                flying = int(TYPE_CHART[c.TYPE_FLYING, against])
                mod += 0 if flying == 2 else flying
            elif move == M.freezedry and against == c.TYPE_WATER:
                mod = 1
            if spared or iron:
                mod = 0
            else:
                if (
                    effective_weather(b) == c.DELTA_STREAM
                    and int(b.move.category) != c.CATEGORY_STATUS
                    and against == c.TYPE_FLYING
                    and mod > 0
                ):
                    log(b, L_FIELD_ACTIVATE, t, 0, 0)
                    mod = 0
                if k == 0 and kind == c.TYPE_FIRE and has_volatile(b, t, c.V_TARSHOT):
                    mod += 1
            total += mod
    if ability == A.terashell and int(mon.species) == S.terapagosterastal:
        if b.move.hit == 1:
            side.ability_flags = int(side.ability_flags) & ~c.ABILITY_RESISTED
        if int(side.ability_flags) & c.ABILITY_RESISTED:
            return -1
        if (
            int(b.move.category) == c.CATEGORY_STATUS
            or move == M.struggle
            or total < 0
            or mon.hp < mon.max_hp
            or not run_immunity(b, t)
        ):
            return total
        side.ability_flags = int(side.ability_flags) | c.ABILITY_RESISTED
        log_from(b, L_ACTIVATE, t, 0, 0, c.EFFECT_ABILITY, ability, -1)
        return -1
    return total


@kernel
def _after_roll(damage: int, random: int, stab: int, type_mod: int, burned: bool, mod: int) -> int:
    """Return the damage done from the one before the roll and all that follows it."""
    damage = modify(damage * (100 - random) // 100, stab)
    if type_mod > 0:
        damage <<= type_mod
    else:
        damage >>= -type_mod
    if burned:
        damage = modify(damage, 2048)
    damage = modify(damage, mod)
    if damage == 0:
        return 1
    return damage & 0xFFFF


@kernel
def _note_rolls(
    b: Any, t: int, damage: int, stab: int, type_mod: int, burned: bool, mod: int
) -> None:
    """Note in the script which rolls are equivalent: equal damage, or a knock-out."""
    foe = b.sides[t]
    most = int(foe.substitute_hp) if hits_substitute(b, t) else int(foe.mons[foe.active].hp)
    classes, before = 0, -1
    for k in range(16):
        done = min(_after_roll(damage, k, stab, type_mod, burned, mod), most)
        if done != before:
            classes |= 1 << k
        before = done
    note_classes(b, classes)


@kernel
def _screens(b: Any) -> int:
    """Return the number of screens on both sides; all of them tie in the event ModifyDamage."""
    count = 0
    for s in range(2):
        for screen in (c.REFLECT, c.LIGHT_SCREEN, c.AURORA_VEIL):
            count += int(b.sides[s].conditions[screen]) != 0
    return count


@kernel
def _doubly_open(b: Any, t: int) -> bool:
    """Return whether two volatiles of the target, Glaive Rush and Minimize, tie there."""
    return has_volatile(b, t, c.V_GLAIVERUSH) and has_volatile(b, t, c.V_MINIMIZE)


@kernel
def _modify_damage(b: Any, s: int, t: int, damage: int, random: int) -> int:
    """Showdown's modifyDamage: from the base damage to the damage done."""
    side = b.sides[s]
    foe = b.sides[t]
    mon = side.mons[side.active]
    move = int(b.move.id)
    kind = int(b.move.type)
    critical = int(b.move.flag_bits) & c.MOVE_CRIT != 0
    damage += 2
    if int(b.move.flag_bits) & c.MOVE_PARENTAL_BOND and b.move.hit > 1:
        damage = modify(damage, 1024)
    # WeatherModifyDamage
    weather = weather_for(b, t)
    mod = 4096
    if move == M.hydrosteam and weather_for(b, s) == c.SUNNY_DAY:
        mod = 6144
    elif weather == c.SUNNY_DAY or weather == c.DESOLATE_LAND:
        if kind == c.TYPE_FIRE:
            mod = 6144
        elif kind == c.TYPE_WATER and weather == c.SUNNY_DAY:
            mod = 2048
    elif weather == c.RAIN_DANCE or weather == c.PRIMORDIAL_SEA:
        if kind == c.TYPE_WATER:
            mod = 6144
        elif kind == c.TYPE_FIRE and weather == c.RAIN_DANCE:
            mod = 2048
    damage = modify(damage, mod)
    if critical:
        damage = damage * 3 // 2
    forced_roll = random != DRAW
    if not forced_roll:
        random = roll(b, SITE_DAMAGE, 0, 16)
    # same-type attack bonus
    stab = 4096
    if kind != c.TYPE_UNKNOWN and kind != c.TYPE_NONE:
        first, second, third = own_types(b, s)
        base_type = kind == first or kind == second or kind == third
        own_type = has_type(b, s, kind)
        forced = int(b.move.flag_bits) & c.MOVE_FORCE_STAB != 0
        same = forced or own_type or base_type
        stab = 6144 if same else 4096
        if int(mon.flag_bits) & c.MON_TERASTALLIZED and int(mon.tera_type) == c.TYPE_STELLAR:
            bit = 1 << kind
            if int(side.stellar_types) & bit == 0 or int(b.move.flag_bits) & c.MOVE_STELLAR_BOOSTED:
                stab = 8192 if same else 4915
                b.move.flag_bits = int(b.move.flag_bits) | c.MOVE_STELLAR_BOOSTED
                if int(mon.species) != S.terapagosstellar:
                    side.stellar_types = int(side.stellar_types) | bit
        else:
            if (
                int(mon.flag_bits) & c.MON_TERASTALLIZED
                and int(mon.tera_type) == kind
                and base_type
            ):
                stab = 8192
            if get_ability(b, s) == A.adaptability and (forced or own_type):
                stab = 9216 if stab == 8192 else 8192
    # type effectiveness
    type_mod = min(max(run_effectiveness(b, t), -6), 6)
    b.move.type_mod = type_mod
    if not forced_roll:
        if type_mod > 0:
            log(b, L_SUPEREFFECTIVE, t, 0, 0)
        elif type_mod < 0:
            log(b, L_RESISTED, t, 0, 0)
        if critical:
            log(b, L_CRIT, t, 0, 0)
    physical = int(b.move.category) == c.CATEGORY_PHYSICAL
    burned = (
        int(mon.status) == c.BRN and physical and get_ability(b, s) != A.guts and move != M.facade
    )
    # ModifyDamage, in the order of the holders' speeds; side conditions have none
    mod = 4096
    if not forced_roll and side.speed == foe.speed:
        mod = final_of_both(b, s, t, mod, type_mod)
    else:
        if not forced_roll and (_screens(b) > 1 or _doubly_open(b, t)):
            event_ties(b, MODIFY_DAMAGE, s, t)
        if side.speed >= foe.speed:
            mod = final_of_user(b, s, mod, type_mod)
            mod = final_of_target(b, s, t, mod, type_mod, forced_roll)
        else:
            mod = final_of_target(b, s, t, mod, type_mod, forced_roll)
            mod = final_of_user(b, s, mod, type_mod)
    if not critical and int(b.move.flag_bits) & c.MOVE_INFILTRATES == 0:
        screen = c.REFLECT if physical else c.LIGHT_SCREEN
        if foe.conditions[screen] or foe.conditions[c.AURORA_VEIL]:
            mod = chain(mod, 2048)
    # Ripen: the berry just eaten, or one that was fed to it before
    if int(foe.ability_flags) & c.ABILITY_BERRY_WEAKEN and get_ability(b, t) == A.ripen:
        mod = chain(mod, 2048)
        if not forced_roll:
            foe.ability_flags = int(foe.ability_flags) & ~c.ABILITY_BERRY_WEAKEN
    if not forced_roll and wants_classes(b):
        _note_rolls(b, t, damage, stab, type_mod, burned, mod)
    return _after_roll(damage, random, stab, type_mod, burned, mod)


@kernel
def crit_stage(b: Any, s: int, t: int) -> int:
    """Return the critical-hit stage 1 ... 4 of the move in use."""
    foe = b.sides[t]
    stage = int(MOVES[b.move.id].crit_ratio)
    if has_volatile(b, s, c.V_FOCUSENERGY):
        stage += 2
    if has_volatile(b, s, c.V_DRAGONCHEER):
        stage += 1
    ability = get_ability(b, s)
    if ability == A.superluck:
        stage += 1
    elif ability == A.merciless:
        status = int(foe.mons[foe.active].status)
        if status == c.PSN or status == c.TOX:
            stage = 5
    item = get_item(b, s)
    if item == I.scopelens or item == I.razorclaw:
        stage += 1
    return min(max(stage, 0), 4)


@kernel
def _stat_ties(b: Any, s: int, t: int) -> None:
    """Draw the ties of the events that ask for the attacking and the defending stat."""
    user_boost_ties(b)
    modify_boost_ties(b)
    physical = int(b.move.category) == c.CATEGORY_PHYSICAL
    event_ties(b, MODIFY_ATK if physical else MODIFY_SPA, s, t)
    defended = int(MOVES[b.move.id].defense_stat)
    if defended == 0:
        defended = 1 + (c.DEF if physical else c.SPD)
    event_ties(b, MODIFY_DEF if defended == 1 + c.DEF else MODIFY_SPD, t, s)


@kernel
def get_damage(b: Any, s: int, t: int, crit: int, random: int) -> int:
    """Return the damage that the move in use does to side ``t``: Showdown's getDamage.

    ``crit`` (0, 1) and ``random`` (0-15, percent taken off) force chance, ``DRAW`` leaves it to
    chance.  Returns ``NO_DAMAGE`` where the target is immune, ``UNDEFINED`` where the move does
    no damage of its own.  May eat a resist berry and spend Tera Stellar's boost of a type.
    """
    move = MOVES[b.move.id]
    side = b.sides[s]
    foe = b.sides[t]
    mon = side.mons[side.active]
    target = foe.mons[foe.active]
    if not run_immunity(b, t):
        return NO_DAMAGE
    if move.ohko:
        return int(target.max_hp)
    fixed = fixed_damage(b, s, t)
    if fixed != UNDEFINED:
        return fixed
    power = base_power(b, s, t)
    if power < 0:
        return NO_DAMAGE
    if power == 0:
        return UNDEFINED
    # critical hit
    b.move.flag_bits = int(b.move.flag_bits) & ~c.MOVE_CRIT
    critical = crit == 1
    if crit == DRAW:
        if move.will_crit:
            critical = True
        else:
            stage = crit_stage(b, s, t)
            if stage:
                critical = chance(b, SITE_CRIT, 1, int(_CRIT_ODDS[stage]))
    if critical:
        ability = defence_ability(b, t)
        if ability == A.battlearmor or ability == A.shellarmor:
            critical = False
        elif (ability == A.disguise and int(target.species) == S.mimikyu) or (
            ability == A.iceface
            and int(target.species) == S.eiscue
            and int(b.move.category) == c.CATEGORY_PHYSICAL
        ):
            if not hits_substitute(b, t) and run_immunity(b, t):
                critical = False
    if critical:
        b.move.flag_bits = int(b.move.flag_bits) | c.MOVE_CRIT
    tying = random == DRAW and even(b)
    if tying:
        event_ties(b, BASE_POWER, s, t)
    asked = int(b.move.id) == M.collisioncourse or int(b.move.id) == M.electrodrift
    type_mod = run_effectiveness(b, t) if asked else 0
    power = modify(power, base_power_modifier(b, s, t, power, type_mod))
    if power <= 0:
        return 0
    if int(mon.flag_bits) & c.MON_TERASTALLIZED and power < 60:
        stellar = int(mon.tera_type) == c.TYPE_STELLAR
        if (
            (
                int(side.stellar_types) & (1 << int(b.move.type)) == 0
                if stellar
                else has_type(b, s, int(b.move.type))
            )
            and move.priority <= 0
            and move.hits_max == 0
            and not (
                move.has_power_callback and (b.move.base_power == 0 or b.move.base_power == 150)
            )
        ):
            power = 60
    if tying:
        _stat_ties(b, s, t)
    attack = attack_stat(b, s, t, critical)
    defense = max(defense_stat(b, s, t, critical), 1)
    damage = (2 * int(mon.level) // 5 + 2) * power * attack // defense // 50
    return _modify_damage(b, s, t, damage, random)


@kernel
def fixed_damage(b: Any, s: int, t: int) -> int:
    """Return what a move of fixed damage does (Showdown's damageCallback), else ``UNDEFINED``."""
    move = int(b.move.id)
    side = b.sides[s]
    foe = b.sides[t]
    mon = side.mons[side.active]
    target = foe.mons[foe.active]
    if MOVES[move].level_damage:
        return int(mon.level)
    if move == M.superfang or move == M.ruination:
        return max(int(target.hp) // 2, 1)
    if move == M.endeavor:
        return int(target.hp) - int(mon.hp)
    if move == M.finalgambit:
        return int(mon.hp)
    if move == M.counter or move == M.mirrorcoat:
        return max(int(side.counter_damage), 1)
    if move == M.comeuppance or move == M.metalburst:
        return max(int(side.attacked_damage) * 3 // 2, 1)
    return UNDEFINED
