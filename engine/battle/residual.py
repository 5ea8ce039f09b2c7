"""The end of a turn: weather, wishes, healing, damage, durations.

:mod:`residual_order` gives the handlers in their order; this module does what each one does.
"""

from typing import Any

import plywise.engine.battle.ability_ids as A
import plywise.engine.battle.item_ids as I
import plywise.engine.battle.species_ids as S
from plywise.engine.battle import constants as c
from plywise.engine.battle.abilities import hp_forme
from plywise.engine.battle.chance import SITE_ABILITY, chance, roll
from plywise.engine.battle.conditions import (
    cure_status,
    immunity_ties,
    is_semi_invulnerable,
    type_immunity,
)
from plywise.engine.battle.fainting import faint_messages
from plywise.engine.battle.field import clear_terrain, clear_weather, first_side
from plywise.engine.battle.formes import forme_change
from plywise.engine.battle.future_moves import future_hit
from plywise.engine.battle.handlers import FIELD, holder_of, what_of, which_of
from plywise.engine.battle.items import (
    eat_effect,
    eat_item,
    pinch,
    set_item,
    try_status,
    white_herb,
)
from plywise.engine.battle.log_conditions import log_room_end
from plywise.engine.battle.log_events import (
    END_ABILITY,
    END_FUTURE,
    ENDED_EATEN,
    L_ACTIVATE,
    L_END,
    L_END_ITEM,
    L_ITEM,
    L_SIDE_END,
    L_WEATHER,
    log,
    log_from,
)
from plywise.engine.battle.ops import boost, damage, fraction, heal, stage
from plywise.engine.battle.residual_order import (
    ABILITY,
    FUTURE_MOVE,
    HELD_ITEM,
    PSEUDO_WEATHER,
    REVIVAL_BLESSING,
    SIDE_CONDITION,
    STATUS,
    TERRAIN,
    VOLATILE,
    WEATHER,
    WISH,
    collect,
)
from plywise.engine.battle.residual_volatiles import volatile_turn
from plywise.engine.battle.scratch import get_number, scratch
from plywise.engine.battle.stats import (
    ability,
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
from plywise.engine.compile.jit import kernel


@kernel
def _weather(b: Any, s: int) -> None:
    """Apply the weather to the active of ``s`` (the event Weather)."""
    m = b.sides[s].mons[b.sides[s].active]
    if int(m.hp) <= 0:
        return
    w = effective_weather(b)
    if w == c.NO_WEATHER:
        return
    a = ability(b, s)
    most = int(m.max_hp)
    if weather_for(b, s) == w:
        if w == c.RAIN_DANCE or w == c.PRIMORDIAL_SEA:
            if a == A.dryskin:
                heal(b, s, fraction(most, 8), s, c.EFFECT_ABILITY, a)
            elif a == A.raindish:
                heal(b, s, fraction(most, 16), s, c.EFFECT_ABILITY, a)
        elif w == c.SUNNY_DAY or w == c.DESOLATE_LAND:
            if a == A.dryskin or a == A.solarpower:
                damage(b, s, fraction(most, 8), s, c.EFFECT_ABILITY, a)
    if (w == c.HAIL or w == c.SNOWSCAPE) and a == A.icebody:
        heal(b, s, fraction(most, 16), s, c.EFFECT_ABILITY, a)
    if w == c.SANDSTORM or w == c.HAIL:
        natural = w == c.SANDSTORM and type_immunity(b, s) & IMMUNE_SANDSTORM != 0
        if not natural:
            immunity_ties(b, s)
        immune = (
            natural
            or has_volatile(b, s, c.V_DIG)
            or has_volatile(b, s, c.V_DIVE)
            or a == A.overcoat
            or item(b, s) == I.safetygoggles
        )
        if w == c.SANDSTORM:
            immune = immune or a == A.sandforce or a == A.sandrush or a == A.sandveil
        else:
            immune = immune or a == A.icebody or a == A.snowcloak
        if not immune:
            damage(b, s, fraction(most, 16), -1, c.EFFECT_WEATHER, w)


@kernel
def _weather_turn(b: Any) -> bool:
    """End the weather if its turns are over, else apply it; return whether it ended."""
    if int(b.weather_duration) & 15 != 0:
        b.weather_duration = int(b.weather_duration) - 1
        if int(b.weather_duration) & 15 == 0:
            clear_weather(b)
            return True
    log(b, L_WEATHER, 0, int(b.weather), 1)
    # Sandstorm and hail that Air Lock suppresses do not even start the event.
    if b.weather == c.SANDSTORM or b.weather == c.HAIL or b.weather == c.SNOWSCAPE:
        if effective_weather(b) == c.NO_WEATHER:
            return False
    first = first_side(b)
    _weather(b, first)
    _weather(b, 1 - first)
    update(b)
    return False


@kernel
def _of_field(b: Any, what: int) -> bool:
    """Do a handler of the field; return whether a duration ended."""
    if what == WEATHER:
        return _weather_turn(b)
    if what == TERRAIN:
        if b.terrain == c.NO_TERRAIN or b.terrain_duration == 0:
            return True
        b.terrain_duration = int(b.terrain_duration) - 1
        if b.terrain_duration != 0:
            return False
        clear_terrain(b)
        return True
    room = what - PSEUDO_WEATHER
    left = int(b.pseudo_weather[room])
    if left == 0:
        return True
    b.pseudo_weather[room] = left - 1
    if left & 15 == 1:
        log_room_end(b, room)
        b.pseudo_weather[room] = 0
    return left & 15 == 1


@kernel
def _of_side(b: Any, s: int, condition: int) -> bool:
    """Count one turn of a side condition; return whether it is over."""
    side = b.sides[s]
    if condition == c.QUICK_GUARD:
        side.flag_bits = int(side.flag_bits) & ~c.SIDE_QUICK_GUARD
    elif condition == c.WIDE_GUARD:
        side.flag_bits = int(side.flag_bits) & ~c.SIDE_WIDE_GUARD
    elif side.conditions[condition] != 0:
        if side.conditions[condition] == 1:
            log(b, L_SIDE_END, s, condition, 0)
        side.conditions[condition] = int(side.conditions[condition]) - 1
        return int(side.conditions[condition]) == 0
    return True


@kernel
def _of_slot(b: Any, s: int, what: int) -> None:
    """Run a future move or a wish of the slot of ``s`` that is due; fainted Pokémon count too."""
    side = b.sides[s]
    m = side.mons[side.active]
    if what == REVIVAL_BLESSING:
        side.flag_bits = int(side.flag_bits) & ~c.SIDE_REVIVAL_BLESSING
    elif what == FUTURE_MOVE:
        if int(side.future_duration) == c.NEVER:
            return
        side.future_duration = max(0, int(side.future_duration) - 1)
        if int(side.future_duration) == 0:
            move, source = int(side.future_move), int(side.future_source)
            side.future_move = 0
            side.future_source = 0
            if int(m.flag_bits) & c.MON_FAINTED == 0:
                log(b, L_END, s, END_FUTURE, move)
                future_hit(b, s, move, source - 1)
    elif int(side.wish_duration) != c.NEVER:
        side.wish_duration = max(0, int(side.wish_duration) - 1)
        if int(side.wish_duration) == 0:
            amount = int(side.wish_hp) // 2
            side.wish_hp = 0
            if int(m.flag_bits) & c.MON_FAINTED == 0:
                wisher = int(side.flag_bits) >> c.WISHER_SHIFT & 7
                heal(b, s, max(1, amount), s, c.EFFECT_WISH, wisher)
            side.flag_bits = int(side.flag_bits) & ~c.SIDE_WISHER


@kernel
def _of_status(b: Any, s: int) -> None:
    """Do the damage of a poison or a burn."""
    m = b.sides[s].mons[b.sides[s].active]
    most = int(m.max_hp)
    if int(m.status) == c.PSN:
        damage(b, s, fraction(most, 8), s, c.EFFECT_STATUS, c.PSN)
    elif int(m.status) == c.TOX:
        if int(m.status_turns) < 15:
            m.status_turns = int(m.status_turns) + 1
        amount = max(1, most // 16) * int(m.status_turns)
        damage(b, s, amount, s, c.EFFECT_STATUS, c.TOX)
    elif int(m.status) == c.BRN:
        damage(b, s, fraction(most, 16), s, c.EFFECT_STATUS, c.BRN)


@kernel
def _grassy_healing(b: Any, s: int) -> None:
    m = b.sides[s].mons[b.sides[s].active]
    if b.terrain == c.GRASSY_TERRAIN:
        if is_grounded(b, s, False) and not is_semi_invulnerable(b, s):
            heal(b, s, fraction(int(m.max_hp), 16), s, c.EFFECT_TERRAIN, c.GRASSY_TERRAIN)


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
    boost(b, s, changes, s, c.EFFECT_ABILITY, A.moody)


@kernel
def _of_ability(b: Any, s: int, a: int) -> None:
    """Do the handler of the ability ``a`` if it still works."""
    if ability(b, s) != a:
        return
    side, foe = b.sides[s], b.sides[1 - s]
    m, other = side.mons[side.active], foe.mons[foe.active]
    if a == A.hydration:
        w = weather_for(b, s)
        if w == c.RAIN_DANCE or w == c.PRIMORDIAL_SEA:
            if m.status != c.NO_STATUS:
                log_from(b, L_ACTIVATE, s, 0, 0, c.EFFECT_ABILITY, a, -1)
            cure_status(b, s)
    elif a == A.shedskin:
        if int(m.hp) > 0 and m.status != c.NO_STATUS and chance(b, SITE_ABILITY, 33, 100):
            log_from(b, L_ACTIVATE, s, 0, 0, c.EFFECT_ABILITY, a, -1)
            cure_status(b, s)
    elif a == A.speedboost:
        if int(side.active_turns) != 0:
            boost(b, s, stage(c.SPE, 1), s, c.EFFECT_ABILITY, a)
    elif a == A.slowstart:
        if int(side.active_turns) != 0 and int(side.ability_counter) != 0:
            side.ability_counter = int(side.ability_counter) - 1
            if int(side.ability_counter) == 0:
                log_from(b, L_END, s, END_ABILITY, 0, c.EFFECT_ABILITY, a, -1)
    elif a == A.moody:
        _moody(b, s)
    elif a == A.baddreams:
        if int(m.hp) > 0 and int(other.hp) > 0:
            if int(other.status) == c.SLP or ability(b, 1 - s) == A.comatose:
                damage(b, 1 - s, fraction(int(other.max_hp), 8), s, c.EFFECT_ABILITY, a)
    elif a == A.harvest:
        w = effective_weather(b)
        if w == c.SUNNY_DAY or w == c.DESOLATE_LAND or chance(b, SITE_ABILITY, 1, 2):
            if int(m.hp) > 0 and m.held_item == 0 and ITEMS[m.last_item].berry:
                berry = int(m.last_item)
                m.last_item = 0
                set_item(b, s, berry)
                log_from(b, L_ITEM, s, berry, 0, c.EFFECT_ABILITY, a, -1)
    elif a == A.cudchew:
        if side.ability_data != 0 and int(m.hp) > 0:
            side.ability_counter = max(0, int(side.ability_counter) - 1)
            if int(side.ability_counter) == 0:
                berry = int(side.ability_data)
                side.ability_data = 0
                log_from(b, L_ACTIVATE, s, 0, 0, c.EFFECT_ABILITY, a, -1)
                log(b, L_END_ITEM, s, berry, ENDED_EATEN)
                eat_effect(b, s, berry, s)
                m.flag_bits = int(m.flag_bits) | c.MON_ATE_BERRY
    elif a == A.pickup:
        if m.held_item == 0 and other.last_item != 0 and int(other.hp) > 0:
            if int(other.flag_bits) & c.MON_USED_ITEM != 0:
                roll(b, SITE_ABILITY, 0, 1)
                found = int(other.last_item)
                other.last_item = 0
                log_from(b, L_ITEM, s, found, 0, c.EFFECT_ABILITY, a, -1)
                set_item(b, s, found)
    elif a == A.hungerswitch:
        if int(m.flag_bits) & c.MON_TERASTALLIZED == 0:
            if int(m.species) == S.morpeko:
                forme_change(b, s, S.morpekohangry, False)
            elif int(m.species) == S.morpekohangry:
                forme_change(b, s, S.morpeko, False)
    elif a == A.schooling or a == A.shieldsdown:
        hp_forme(b, s, a)
    elif a == A.opportunist:
        copy_boosts(b, s)


@kernel
def _of_item(b: Any, s: int, held: int) -> None:
    """Do the handler of the item ``held`` if it is still there and works."""
    if item(b, s) != held:
        return
    m = b.sides[s].mons[b.sides[s].active]
    most = int(m.max_hp)
    if held == I.leftovers:
        heal(b, s, fraction(most, 16), s, c.EFFECT_ITEM, held)
    elif held == I.blacksludge:
        if has_type(b, s, c.TYPE_POISON):
            heal(b, s, fraction(most, 16), s, c.EFFECT_ITEM, held)
        else:
            damage(b, s, fraction(most, 8), s, c.EFFECT_ITEM, held)
    elif held == I.flameorb:
        try_status(b, s, c.BRN, s, c.EFFECT_ITEM, held)
    elif held == I.toxicorb:
        try_status(b, s, c.TOX, s, c.EFFECT_ITEM, held)
    elif held == I.stickybarb:
        damage(b, s, fraction(most, 8), s, c.EFFECT_ITEM, held)
    elif held == I.mirrorherb:
        copy_boosts(b, s)
    elif held == I.whiteherb:
        white_herb(b, s)
    elif held == I.ejectpack:
        eject(b, s)
    elif held == I.micleberry and pinch(b, s):
        eat_item(b, s, False)


@kernel
def _of_active(b: Any, s: int, what: int, which: int) -> bool:
    """Do a handler of the active of ``s``; return whether a duration ended."""
    if what >= VOLATILE:
        if not has_volatile(b, s, what - VOLATILE):
            return True  # gone since the handlers were collected
        return volatile_turn(b, s, what - VOLATILE)
    if what == ABILITY:
        _of_ability(b, s, which)
    elif what == HELD_ITEM:
        _of_item(b, s, which)
    elif what == STATUS:
        _of_status(b, s)
    else:
        _grassy_healing(b, s)
    return False


@kernel
def _run(b: Any, s: int, what: int, which: int) -> bool:
    """Run one handler; return whether a duration ended, after which no Pokémon faints yet.

    ``fieldEvent`` goes on without ``faintMessages`` there, and where what had the handler is gone.
    """
    if s == FIELD:
        return _of_field(b, what)
    if what == FUTURE_MOVE or what == WISH or what == REVIVAL_BLESSING:
        _of_slot(b, s, what)
        return what == REVIVAL_BLESSING
    if what >= SIDE_CONDITION and what < STATUS:
        return _of_side(b, s, what - SIDE_CONDITION)
    if int(b.sides[s].mons[b.sides[s].active].flag_bits) & c.MON_FAINTED != 0:
        return True
    return _of_active(b, s, what, which)


@kernel
def residual(b: Any) -> None:
    """Run all handlers at the end of a turn; stops where the battle ends."""
    handlers = scratch()
    for k in range(collect(b, handlers)):
        handler = get_number(handlers, k)
        ended = _run(b, holder_of(handler), what_of(handler), which_of(handler))
        if int(b.winner) != c.WINNER_NONE:
            return
        if not ended and int(b.faint_length) != 0 and faint_messages(b):
            return
    for s in range(2):
        side = b.sides[s]
        ready = (
            int(side.item_flags) & c.ITEM_READY | int(side.ability_flags) & c.ABILITY_PENDING_BOOSTS
        )
        if ready == 0:
            side.pending_boosts = 0
