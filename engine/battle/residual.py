"""The end of a turn, in Showdown's order: weather, wishes, healing, damage, durations.

Handlers sort by order, then by the Pokémon's speed, then by sub-order: each step below runs for
the faster active first, with all of its sub-orders, before the slower one.
"""

from typing import Any

import plywise.engine.battle.ability_ids as A
import plywise.engine.battle.item_ids as I
import plywise.engine.battle.move_ids as M
import plywise.engine.battle.species_ids as S
from plywise.engine.battle.abilities import hp_forme
from plywise.engine.battle.chance import SITE_ABILITY, chance, roll
from plywise.engine.battle.conditions import (
    cure_status,
    drop_charge,
    is_semi_invulnerable,
    remove_volatile,
    type_immunity,
)
from plywise.engine.battle.constants import (
    BRN,
    DESOLATE_LAND,
    EFFECT_ABILITY,
    EFFECT_ITEM,
    EFFECT_LEECH_SEED,
    EFFECT_MOVE,
    EFFECT_NONE,
    EFFECT_STATUS,
    EFFECT_TERRAIN,
    EFFECT_VOLATILE,
    EFFECT_WEATHER,
    EFFECT_WISH,
    FIRST_HAZARD,
    GRASSY_TERRAIN,
    HAIL,
    MON_ATE_BERRY,
    MON_FAINTED,
    MON_TERASTALLIZED,
    MON_USED_ITEM,
    NO_STATUS,
    NO_TERRAIN,
    NO_WEATHER,
    PRIMORDIAL_SEA,
    PSN,
    RAIN_DANCE,
    SANDSTORM,
    SIDE_QUICK_GUARD,
    SIDE_REVIVAL_BLESSING,
    SIDE_WIDE_GUARD,
    SLP,
    SNOWSCAPE,
    SPE,
    SUNNY_DAY,
    TOX,
    TYPE_POISON,
    TYPE_STEEL,
    TYPE_WATER,
    V_AQUARING,
    V_BANEFULBUNKER,
    V_BEAKBLAST,
    V_BURNINGBULWARK,
    V_CHILLYRECEPTION,
    V_COUNTER,
    V_CURSE,
    V_DIG,
    V_DISABLE,
    V_DIVE,
    V_ENCORE,
    V_ENDURE,
    V_FLINCH,
    V_FOCUSPUNCH,
    V_FOLLOWME,
    V_HEALBLOCK,
    V_HELPINGHAND,
    V_INGRAIN,
    V_LEECHSEED,
    V_LOCKEDMOVE,
    V_LOCKON,
    V_MAGNETRISE,
    V_MICLEBERRY,
    V_MIRRORCOAT,
    V_MUSTRECHARGE,
    V_PARTIALLYTRAPPED,
    V_PERISHSONG,
    V_PROTECT,
    V_RAGEPOWDER,
    V_ROOST,
    V_SALTCURE,
    V_SILKTRAP,
    V_SPIKYSHIELD,
    V_STALL,
    V_SYRUPBOMB,
    V_TAUNT,
    V_THROATCHOP,
    V_TWOTURNMOVE,
    V_UPROAR,
    V_YAWN,
    WINNER_NONE,
)
from plywise.engine.battle.fainting import faint_messages
from plywise.engine.battle.field import clear_terrain, clear_weather, first_side
from plywise.engine.battle.formes import forme_change
from plywise.engine.battle.items import (
    eat_effect,
    eat_item,
    pinch,
    set_item,
    try_status,
    white_herb,
)
from plywise.engine.battle.moves import future_hit
from plywise.engine.battle.ops import boost, damage, faint, fraction, heal, stage
from plywise.engine.battle.stats import (
    ability,
    drop_volatile,
    effective_weather,
    has_type,
    has_volatile,
    is_grounded,
    item,
    weather_for,
)
from plywise.engine.battle.switching import copy_boosts, eject
from plywise.engine.battle.tables import IMMUNE_SANDSTORM, ITEMS
from plywise.engine.battle.updates import update
from plywise.engine.jit import kernel


@kernel
def _weather(b: Any, s: int) -> None:
    """Let the weather that lasts act on the active of ``s`` (the event Weather)."""
    m = b.sides[s].mons[b.sides[s].active]
    if int(m.hp) <= 0:
        return
    w = effective_weather(b)
    if w == NO_WEATHER:
        return
    a = ability(b, s)
    most = int(m.max_hp)
    if weather_for(b, s) == w:
        if w == RAIN_DANCE or w == PRIMORDIAL_SEA:
            if a == A.dryskin:
                heal(b, s, fraction(most, 8), s, EFFECT_ABILITY, a)
            elif a == A.raindish:
                heal(b, s, fraction(most, 16), s, EFFECT_ABILITY, a)
        elif w == SUNNY_DAY or w == DESOLATE_LAND:
            if a == A.dryskin or a == A.solarpower:
                damage(b, s, fraction(most, 8), s, EFFECT_ABILITY, a)
    if (w == HAIL or w == SNOWSCAPE) and a == A.icebody:
        heal(b, s, fraction(most, 16), s, EFFECT_ABILITY, a)
    if w == SANDSTORM or w == HAIL:
        immune = (
            has_volatile(b, s, V_DIG)
            or has_volatile(b, s, V_DIVE)
            or a == A.overcoat
            or item(b, s) == I.safetygoggles
        )
        if w == SANDSTORM:
            immune = immune or type_immunity(b, s) & IMMUNE_SANDSTORM != 0
            immune = immune or a == A.sandforce or a == A.sandrush or a == A.sandveil
        else:
            immune = immune or a == A.icebody or a == A.snowcloak
        if not immune:
            damage(b, s, fraction(most, 16), -1, EFFECT_WEATHER, w)


@kernel
def _slots(b: Any, s: int, order: int) -> None:
    """Let a future move (order 3) or a wish (order 4) of the slot of ``s`` come due."""
    side = b.sides[s]
    m = side.mons[side.active]
    if order == 3:
        if side.future_move != 0:
            side.future_duration = max(0, int(side.future_duration) - 1)
            if int(side.future_duration) == 0:
                move, source = int(side.future_move), int(side.future_source)
                side.future_move = 0
                side.future_source = 0
                if int(m.flag_bits) & MON_FAINTED == 0:
                    future_hit(b, s, move, source - 1)
    elif side.wish_hp != 0:
        side.wish_duration = max(0, int(side.wish_duration) - 1)
        if int(side.wish_duration) == 0:
            amount = int(side.wish_hp) // 2
            side.wish_hp = 0
            if int(m.flag_bits) & MON_FAINTED == 0:
                heal(b, s, max(1, amount), s, EFFECT_WISH, 0)


@kernel
def _recover(b: Any, s: int) -> None:
    """Do order 5: Grassy Terrain, abilities that cure, Leftovers."""
    m = b.sides[s].mons[b.sides[s].active]
    most = int(m.max_hp)
    if b.terrain == GRASSY_TERRAIN:
        if is_grounded(b, s, False) and not is_semi_invulnerable(b, s):
            heal(b, s, fraction(most, 16), s, EFFECT_TERRAIN, GRASSY_TERRAIN)
    a = ability(b, s)
    if a == A.hydration:
        w = weather_for(b, s)
        if w == RAIN_DANCE or w == PRIMORDIAL_SEA:
            cure_status(b, s)
    elif a == A.shedskin and int(m.hp) > 0 and m.status != NO_STATUS:
        if chance(b, SITE_ABILITY, 33, 100):
            cure_status(b, s)
    held = item(b, s)
    if held == I.leftovers:
        heal(b, s, fraction(most, 16), s, EFFECT_ITEM, held)
    elif held == I.blacksludge:
        if has_type(b, s, TYPE_POISON):
            heal(b, s, fraction(most, 16), s, EFFECT_ITEM, held)
        else:
            damage(b, s, fraction(most, 8), s, EFFECT_ITEM, held)


@kernel
def _suffer(b: Any, s: int, order: int) -> None:
    """Do one of the orders 6 to 14: healing and damage of volatiles and statuses."""
    side, foe = b.sides[s], b.sides[1 - s]
    m, other = side.mons[side.active], foe.mons[foe.active]
    most = int(m.max_hp)
    if order == 6:
        if has_volatile(b, s, V_AQUARING):
            heal(b, s, fraction(most, 16), s, EFFECT_MOVE, M.aquaring)
    elif order == 7:
        if has_volatile(b, s, V_INGRAIN):
            heal(b, s, fraction(most, 16), s, EFFECT_MOVE, M.ingrain)
    elif order == 8:
        if has_volatile(b, s, V_LEECHSEED) and int(other.hp) > 0:
            if int(other.flag_bits) & MON_FAINTED == 0:
                lost = damage(b, s, fraction(most, 8), 1 - s, EFFECT_LEECH_SEED, 0)
                if lost > 0:
                    heal(b, 1 - s, lost, s, EFFECT_LEECH_SEED, 0)
    elif order == 9:
        if int(m.status) == PSN:
            damage(b, s, fraction(most, 8), s, EFFECT_STATUS, PSN)
        elif int(m.status) == TOX:
            if int(m.status_turns) < 15:
                m.status_turns = int(m.status_turns) + 1
            amount = max(1, most // 16) * int(m.status_turns)
            damage(b, s, amount, s, EFFECT_STATUS, TOX)
    elif order == 10:
        if int(m.status) == BRN:
            damage(b, s, fraction(most, 16), s, EFFECT_STATUS, BRN)
    elif order == 12:
        if has_volatile(b, s, V_CURSE):
            damage(b, s, fraction(most, 4), s, EFFECT_VOLATILE, V_CURSE)
    elif order == 13:
        if has_volatile(b, s, V_PARTIALLYTRAPPED):
            side.partial_trap_duration = max(0, int(side.partial_trap_duration) - 1)
            here = int(side.partial_trap_source) == 1 + int(foe.active) and int(other.hp) > 0
            if int(side.partial_trap_duration) == 0:
                drop_volatile(b, s, V_PARTIALLYTRAPPED)
            elif not here or int(foe.active_turns) == 0:
                drop_volatile(b, s, V_PARTIALLYTRAPPED)
            else:
                part = max(1, int(side.partial_trap_divisor))
                damage(b, s, fraction(most, part), 1 - s, EFFECT_VOLATILE, V_PARTIALLYTRAPPED)
        if has_volatile(b, s, V_SALTCURE) and int(m.hp) > 0:
            hard = has_type(b, s, TYPE_WATER) or has_type(b, s, TYPE_STEEL)
            damage(b, s, fraction(most, 4 if hard else 8), 1 - s, EFFECT_VOLATILE, V_SALTCURE)
    elif order == 14:
        if has_volatile(b, s, V_SYRUPBOMB):
            side.syrup_bomb_duration = max(0, int(side.syrup_bomb_duration) - 1)
            if int(side.syrup_bomb_duration) == 0:
                drop_volatile(b, s, V_SYRUPBOMB)
            else:
                boost(b, s, stage(SPE, -1), 1 - s, EFFECT_VOLATILE, V_SYRUPBOMB)


@kernel
def _count_down(b: Any, s: int) -> None:
    """Do the orders 15 to 22, which only let durations run: Taunt ... Throat Chop."""
    side = b.sides[s]
    m = side.mons[side.active]
    if has_volatile(b, s, V_TAUNT):
        side.taunt_duration = max(0, int(side.taunt_duration) - 1)
        if int(side.taunt_duration) == 0:
            drop_volatile(b, s, V_TAUNT)
    if has_volatile(b, s, V_ENCORE):
        side.encore_duration = max(0, int(side.encore_duration) - 1)
        usable = False
        for k in range(4):
            if int(m.moves[k]) == int(side.encore_move) and int(m.pp[k]) > 0:
                usable = True
        if int(side.encore_duration) == 0 or not usable:
            drop_volatile(b, s, V_ENCORE)
            side.encore_move = 0
            side.encore_duration = 0
    if has_volatile(b, s, V_DISABLE):
        side.disable_duration = max(0, int(side.disable_duration) - 1)
        if int(side.disable_duration) == 0:
            drop_volatile(b, s, V_DISABLE)
            side.disable_move = 0
    if has_volatile(b, s, V_MAGNETRISE):
        side.magnet_rise_duration = max(0, int(side.magnet_rise_duration) - 1)
        if int(side.magnet_rise_duration) == 0:
            drop_volatile(b, s, V_MAGNETRISE)
    if has_volatile(b, s, V_HEALBLOCK):
        side.heal_block_duration = max(0, int(side.heal_block_duration) - 1)
        if int(side.heal_block_duration) == 0:
            drop_volatile(b, s, V_HEALBLOCK)
    if has_volatile(b, s, V_THROATCHOP):
        side.throat_chop_duration = max(0, int(side.throat_chop_duration) - 1)
        if int(side.throat_chop_duration) == 0:
            drop_volatile(b, s, V_THROATCHOP)


@kernel
def _yawn(b: Any, s: int) -> None:
    side = b.sides[s]
    if has_volatile(b, s, V_YAWN):
        side.yawn_duration = max(0, int(side.yawn_duration) - 1)
        if int(side.yawn_duration) == 0:
            # Its end comes before it is gone, so that its own sleep passes Safeguard.
            try_status(b, s, SLP, 1 - s, EFFECT_VOLATILE, V_YAWN)
            drop_volatile(b, s, V_YAWN)


@kernel
def _perish(b: Any, s: int) -> None:
    side = b.sides[s]
    if has_volatile(b, s, V_PERISHSONG):
        side.perish_duration = max(0, int(side.perish_duration) - 1)
        if int(side.perish_duration) == 0:
            drop_volatile(b, s, V_PERISHSONG)
            faint(b, s, -1, EFFECT_NONE, 0)


@kernel
def _moody(b: Any, s: int) -> None:
    side = b.sides[s]
    count = 0
    for stat in range(5):
        count += int(side.boosts[stat]) < 6
    raised, changes = -1, 0
    if count > 0:
        chosen = roll(b, SITE_ABILITY, 0, count)
        for stat in range(5):
            if int(side.boosts[stat]) < 6:
                if chosen == 0:
                    raised = stat
                    break
                chosen -= 1
        changes = stage(raised, 2)
    count = 0
    for stat in range(5):
        count += int(side.boosts[stat]) > -6 and stat != raised
    if count > 0:
        chosen = roll(b, SITE_ABILITY, 0, count)
        for stat in range(5):
            if int(side.boosts[stat]) > -6 and stat != raised:
                if chosen == 0:
                    changes |= stage(stat, -1)
                    break
                chosen -= 1
    boost(b, s, changes, s, EFFECT_ABILITY, A.moody)


@kernel
def _late(b: Any, s: int) -> None:
    """Do order 28: Uproar, abilities of the turn's end, orbs."""
    side, foe = b.sides[s], b.sides[1 - s]
    m, other = side.mons[side.active], foe.mons[foe.active]
    if has_volatile(b, s, V_UPROAR):
        side.uproar_duration = max(0, int(side.uproar_duration) - 1)
        struggling = int(side.last_move) == M.struggle
        if int(side.uproar_duration) == 0 or has_volatile(b, s, V_THROATCHOP) or struggling:
            drop_volatile(b, s, V_UPROAR)
    a = ability(b, s)
    if a == A.speedboost:
        if int(side.active_turns) != 0:
            boost(b, s, stage(SPE, 1), s, EFFECT_ABILITY, a)
    elif a == A.slowstart:
        if int(side.active_turns) != 0 and int(side.ability_counter) != 0:
            side.ability_counter = int(side.ability_counter) - 1
    elif a == A.moody:
        _moody(b, s)
    elif a == A.baddreams:
        if int(m.hp) > 0 and int(other.hp) > 0:
            if int(other.status) == SLP or ability(b, 1 - s) == A.comatose:
                damage(b, 1 - s, fraction(int(other.max_hp), 8), s, EFFECT_ABILITY, a)
    elif a == A.harvest:
        w = effective_weather(b)
        if w == SUNNY_DAY or w == DESOLATE_LAND or chance(b, SITE_ABILITY, 1, 2):
            if int(m.hp) > 0 and m.held_item == 0 and ITEMS[m.last_item].berry:
                berry = int(m.last_item)
                m.last_item = 0
                set_item(b, s, berry)
    elif a == A.cudchew:
        if side.ability_data != 0 and int(m.hp) > 0:
            side.ability_counter = max(0, int(side.ability_counter) - 1)
            if int(side.ability_counter) == 0:
                berry = int(side.ability_data)
                side.ability_data = 0
                eat_effect(b, s, berry)
                m.flag_bits = int(m.flag_bits) | MON_ATE_BERRY
    elif a == A.pickup:
        if m.held_item == 0 and other.last_item != 0 and int(other.hp) > 0:
            if int(other.flag_bits) & MON_USED_ITEM != 0:
                roll(b, SITE_ABILITY, 0, 1)
                found = int(other.last_item)
                other.last_item = 0
                set_item(b, s, found)
    held = item(b, s)
    if held == I.flameorb:
        try_status(b, s, BRN, s, EFFECT_ITEM, held)
    elif held == I.toxicorb:
        try_status(b, s, TOX, s, EFFECT_ITEM, held)
    elif held == I.stickybarb:
        damage(b, s, fraction(int(m.max_hp), 8), s, EFFECT_ITEM, held)


@kernel
def _formes(b: Any, s: int) -> None:
    """Do order 29: formes that follow HP or turns, and items that waited for the end."""
    side = b.sides[s]
    m = side.mons[side.active]
    a = ability(b, s)
    if a == A.hungerswitch:
        if int(m.flag_bits) & MON_TERASTALLIZED == 0:
            if int(m.species) == S.morpeko:
                forme_change(b, s, S.morpekohangry, False)
            elif int(m.species) == S.morpekohangry:
                forme_change(b, s, S.morpeko, False)
    elif a == A.schooling or a == A.shieldsdown:
        hp_forme(b, s, a)
    copy_boosts(b, s)
    white_herb(b, s)
    eject(b, s)


@kernel
def _short_lived(b: Any, s: int) -> None:
    """Let the durations run that have no order of their own; they come last."""
    side = b.sides[s]
    m = side.mons[side.active]
    for v in (V_FLINCH, V_PROTECT, V_BANEFULBUNKER, V_BURNINGBULWARK, V_SPIKYSHIELD, V_SILKTRAP):
        drop_volatile(b, s, v)
    for v in (V_ENDURE, V_BEAKBLAST, V_FOCUSPUNCH, V_COUNTER, V_MIRRORCOAT, V_CHILLYRECEPTION):
        drop_volatile(b, s, v)
    for v in (V_HELPINGHAND, V_FOLLOWME, V_RAGEPOWDER):
        drop_volatile(b, s, v)
    if has_volatile(b, s, V_STALL):
        side.stall_duration = max(0, int(side.stall_duration) - 1)
        if int(side.stall_duration) == 0:
            drop_volatile(b, s, V_STALL)
            side.stall_counter = 0
    if has_volatile(b, s, V_LOCKEDMOVE):
        side.locked_move_duration = max(0, int(side.locked_move_duration) - 1)
        if int(side.locked_move_duration) == 0:
            remove_volatile(b, s, V_LOCKEDMOVE)
            side.locked_move = 0
        elif int(m.status) == SLP:
            drop_volatile(b, s, V_LOCKEDMOVE)
        else:
            side.locked_move_true_duration = int(side.locked_move_true_duration) - 1
    if has_volatile(b, s, V_TWOTURNMOVE):
        side.two_turn_duration = max(0, int(side.two_turn_duration) - 1)
        if int(side.two_turn_duration) == 0:
            drop_charge(b, s)
    if has_volatile(b, s, V_MUSTRECHARGE):
        side.must_recharge_duration = max(0, int(side.must_recharge_duration) - 1)
        if int(side.must_recharge_duration) == 0:
            drop_volatile(b, s, V_MUSTRECHARGE)
    if has_volatile(b, s, V_LOCKON):
        side.lock_on_duration = max(0, int(side.lock_on_duration) - 1)
        if int(side.lock_on_duration) == 0:
            drop_volatile(b, s, V_LOCKON)
    if has_volatile(b, s, V_MICLEBERRY):
        side.micle_duration = max(0, int(side.micle_duration) - 1)
        if int(side.micle_duration) == 0:
            drop_volatile(b, s, V_MICLEBERRY)
    if item(b, s) == I.micleberry and pinch(b, s):
        eat_item(b, s, False)


@kernel
def residual(b: Any) -> None:
    """Do everything that happens at the end of a turn; stops where the battle ends."""
    if b.weather != NO_WEATHER:
        ended = False
        if b.weather_duration != 0:
            b.weather_duration = int(b.weather_duration) - 1
            if b.weather_duration == 0:
                clear_weather(b)
                ended = True
        if not ended:
            # Sandstorm and hail that Air Lock suppresses do not even start the event.
            dormant = (b.weather == SANDSTORM or b.weather == HAIL or b.weather == SNOWSCAPE) and (
                effective_weather(b) == NO_WEATHER
            )
            if not dormant:
                first = first_side(b)
                _weather(b, first)
                _weather(b, 1 - first)
                update(b)
        if faint_messages(b):
            return
    # The order of the two actives was fixed when the handlers were collected.
    first = 1 if int(b.sides[1].speed) > int(b.sides[0].speed) else 0
    for order in range(3, 30):
        if order == 11 or (16 <= order <= 22) or order == 25:
            continue
        if order == 26:
            for s in range(2):
                for condition in range(FIRST_HAZARD):
                    left = int(b.sides[s].conditions[condition])
                    if left != 0:
                        b.sides[s].conditions[condition] = left - 1
            continue
        if order == 27:
            for which in range(4):
                if int(b.pseudo_weather[which]) != 0:
                    b.pseudo_weather[which] = int(b.pseudo_weather[which]) - 1
            if b.terrain != NO_TERRAIN and b.terrain_duration != 0:
                b.terrain_duration = int(b.terrain_duration) - 1
                if b.terrain_duration == 0:
                    clear_terrain(b)
            continue
        for k in range(2):
            s = first if k == 0 else 1 - first
            side = b.sides[s]
            if order <= 4:
                _slots(b, s, order)
                if int(b.winner) != WINNER_NONE:
                    return
            elif int(side.mons[side.active].flag_bits) & MON_FAINTED == 0:
                if order == 5:
                    _recover(b, s)
                elif order <= 14:
                    _suffer(b, s, order)
                elif order == 15:
                    _count_down(b, s)
                elif order == 23:
                    _yawn(b, s)
                elif order == 24:
                    _perish(b, s)
                    drop_volatile(b, s, V_ROOST)
                elif order == 28:
                    _late(b, s)
                else:
                    _formes(b, s)
            if int(b.faint_length) != 0 and faint_messages(b):
                return
    for k in range(2):
        s = first if k == 0 else 1 - first
        side = b.sides[s]
        if int(side.mons[side.active].flag_bits) & MON_FAINTED == 0:
            _short_lived(b, s)
        side.flag_bits = int(side.flag_bits) & ~(
            SIDE_QUICK_GUARD | SIDE_WIDE_GUARD | SIDE_REVIVAL_BLESSING
        )
    for which in range(4, 7):
        if int(b.pseudo_weather[which]) != 0:
            b.pseudo_weather[which] = int(b.pseudo_weather[which]) - 1
