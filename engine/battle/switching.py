"""Leaving and entering the field: losses, Baton Pass, hazards, switch-in effects."""

from typing import Any

import numpy as np

import plywise.engine.battle.ability_ids as A
import plywise.engine.battle.item_ids as I
import plywise.engine.battle.move_ids as M
import plywise.engine.battle.species_ids as S
from plywise.engine.battle import constants as c
from plywise.engine.battle.abilities import end_ability, start_ability
from plywise.engine.battle.action_queue import cancel_actions, insert_run_switch, remove_action
from plywise.engine.battle.callbacks import condition
from plywise.engine.battle.chance import SITE_PHAZING, roll
from plywise.engine.battle.conditions import cure_member, remove_side_condition
from plywise.engine.battle.fainting import faint_messages
from plywise.engine.battle.formes import clear_volatile, forme_change
from plywise.engine.battle.items import start_item, try_status, white_herb
from plywise.engine.battle.log_events import (
    L_ACTIVATE,
    L_CURE,
    L_DRAG,
    L_HEAL,
    L_SIDE_END,
    L_SWITCH,
    log_from,
)
from plywise.engine.battle.names import ABILITY_NAMES, DATA, ITEM_NAMES
from plywise.engine.battle.ops import boost, damage, gain_hp, stage, unpack_pending, use_item
from plywise.engine.battle.queue_entries import queued_kind, queued_side
from plywise.engine.battle.stats import (
    ability,
    defence_ability,
    drop_volatile,
    has_type,
    has_volatile,
    is_grounded,
    item,
    max_pp_of_slot,
    types_of,
    volatile_words,
)
from plywise.engine.battle.tables import ABILITIES, SPECIES, TYPE_CHART
from plywise.engine.battle.ties import tied
from plywise.engine.battle.updates import update
from plywise.engine.battle.volatile_order import order_within
from plywise.engine.compile.jit import kernel


def _priorities(table: str, names: list[str]) -> Any:
    entries = DATA[table]
    return np.array([entries.get(n, {}).get("onSwitchInPriority", 0) for n in names], np.int8)


# Hazards, and all that the tables give no priority, act at 0.
ABILITY_PRIORITY = _priorities("abilities", ABILITY_NAMES)
ITEM_PRIORITY = _priorities("items", ITEM_NAMES)


COPIED = volatile_words(
    v for v, name in enumerate(c.VOLATILE_NAMES) if not condition(name)[0].get("noCopy")
)
"""Volatiles that Baton Pass hands on: all without Showdown's ``noCopy``."""


@kernel
def _pass_on(b: Any, s: int, shed_tail: bool) -> None:
    """Clear the active of ``s`` but for what Baton Pass (or Shed Tail) leaves to the next one."""
    side = b.sides[s]
    word0, word1, word2 = 0, 0, 0
    order = int(side.volatile_order)
    stages = 0
    substitute = int(side.substitute_hp)
    confusion, taunt = int(side.confusion_time), int(side.taunt_duration)
    heal_block, throat_chop = int(side.heal_block_duration), int(side.throat_chop_duration)
    perish, magnet_rise = int(side.perish_duration), int(side.magnet_rise_duration)
    trap, divisor = int(side.partial_trap_duration), int(side.partial_trap_divisor)
    trapper = int(side.partial_trap_source)
    ally_switch, streak = int(side.ally_switch), int(side.move_streak)
    micle, metronome = int(side.micle_duration), int(side.metronome_move)
    metronome_count = int(side.metronome_count)
    stall, stall_duration = int(side.stall_counter), int(side.stall_duration)
    if shed_tail:
        word0 = int(side.volatiles[0]) & (1 << c.V_SUBSTITUTE)
    else:
        word0 = int(side.volatiles[0]) & int(COPIED[0])
        word1 = int(side.volatiles[1]) & int(COPIED[1])
        word2 = int(side.volatiles[2]) & int(COPIED[2])
        for stat in range(7):
            stages |= (int(side.boosts[stat]) + 6) << (4 * stat)
    clear_volatile(b, s)
    side.volatiles[0] = word0
    side.volatiles[1] = word1
    side.volatiles[2] = word2
    side.volatile_order = order_within(order, word0, word1, word2)
    side.substitute_hp = substitute
    if shed_tail:
        return
    for stat in range(7):
        side.boosts[stat] = ((stages >> (4 * stat)) & 15) - 6
    side.confusion_time = confusion
    side.taunt_duration = taunt
    side.heal_block_duration = heal_block
    side.throat_chop_duration = throat_chop
    side.perish_duration = perish
    side.magnet_rise_duration = magnet_rise
    side.partial_trap_duration = trap
    side.partial_trap_divisor = divisor
    side.partial_trap_source = trapper
    side.ally_switch = ally_switch
    side.move_streak = streak
    side.micle_duration = micle
    side.metronome_move = metronome
    side.metronome_count = metronome_count
    side.stall_counter = stall
    side.stall_duration = stall_duration


@kernel
def _received(b: Any, s: int) -> None:
    """Adapt volatiles that were passed on to the one that got them (the event Copy)."""
    side = b.sides[s]
    m = side.mons[side.active]
    if has_volatile(b, s, c.V_GASTROACID) and ABILITIES[m.ability].cant_suppress:
        drop_volatile(b, s, c.V_GASTROACID)
    if has_volatile(b, s, c.V_POWERTRICK):
        attack = int(m.stats[0])
        m.stats[0] = m.stats[1]
        m.stats[1] = attack


@kernel
def keep_illusion(b: Any, s: int) -> None:
    """Store what the active of ``s``, which leaves, looks like (in bits of ``spread``)."""
    side = b.sides[s]
    m = side.mons[side.active]
    if int(m.base_ability) != A.illusion:
        return
    seen = int(side.illusion)
    for k in range(3):
        m.spread[1 + k] = (int(m.spread[1 + k]) & c.SPREAD) | (seen >> k & 1) << 7


@kernel
def find_illusion(b: Any, s: int) -> int:
    """Return 1 + the team index that the active of ``s`` looks like (Illusion), 0 for itself.

    Under Neutralizing Gas it looks like whatever it did when it left.
    """
    side = b.sides[s]
    m = side.mons[side.active]
    if ability(b, s) != A.illusion:
        seen = 0
        for k in range(3):
            seen |= int(m.spread[1 + k]) >> 7 << k
        return seen
    for k in range(int(side.team_size) - 1, 0, -1):
        i = int(side.order[k])
        other = side.mons[i]
        if int(other.flag_bits) & c.MON_FAINTED == 0:
            base = SPECIES[other.species].base_species
            if int(m.flag_bits) & c.MON_TERASTALLIZED != 0:
                if base == S.ogerpon or base == S.terapagos:
                    return 0
            return 1 + i
    return 0


@kernel
def keep_result(b: Any, s: int) -> None:
    """Store the last move's result of the active of ``s``, which leaves fainted."""
    side = b.sides[s]
    m = side.mons[side.active]
    result = int(side.move_this_turn_result)
    bits = 0
    if result == c.RESULT_FALSE or result == c.RESULT_NULL:
        bits |= c.MON_KEPT_FALSE
    if result == c.RESULT_TRUE or result == c.RESULT_NULL:
        bits |= c.MON_KEPT_TRUE
    m.flag_bits = (int(m.flag_bits) & ~(c.MON_KEPT_FALSE | c.MON_KEPT_TRUE)) | bits


@kernel
def kept_result(b: Any, s: int, i: int) -> int:
    """Take what :func:`keep_result` noted (RESULT_*) from team member ``i``, which comes in."""
    m = b.sides[s].mons[i]
    bits = int(m.flag_bits) & (c.MON_KEPT_FALSE | c.MON_KEPT_TRUE)
    m.flag_bits = int(m.flag_bits) & ~(c.MON_KEPT_FALSE | c.MON_KEPT_TRUE)
    if bits == c.MON_KEPT_FALSE | c.MON_KEPT_TRUE:
        return c.RESULT_NULL
    if bits == c.MON_KEPT_FALSE:
        return c.RESULT_FALSE
    return c.RESULT_TRUE if bits == c.MON_KEPT_TRUE else c.RESULT_UNDEFINED


@kernel
def switch_in(b: Any, s: int, i: int, by_move: int, dragged: bool) -> bool:
    """Bring team member ``i`` in for the active of ``s``; return whether it came.

    ``by_move`` is the move that made the old one leave (Baton Pass and Shed Tail pass on), 0 for
    none.  Its switch-in effects are queued; :func:`run_switch` does them.
    """
    side = b.sides[s]
    old = int(side.active)
    leaver = side.mons[old]
    if i == old or i >= int(side.team_size):
        return False
    passing = False
    keep_illusion(b, s)
    if int(leaver.hp) > 0:
        side.flag_bits = int(side.flag_bits) | c.SIDE_BEING_CALLED_BACK
        if int(side.flag_bits) & c.SIDE_SKIP_BEFORE_SWITCH_OUT == 0 and not dragged:
            update(b)
        a = ability(b, s)
        if a == A.naturalcure:
            if leaver.status != c.NO_STATUS:
                log_from(b, L_CURE, s, int(leaver.status), 0, c.EFFECT_ABILITY, a, -1)
                cure_member(b, s, old)
        elif a == A.regenerator:
            gain_hp(b, s, int(leaver.max_hp) // 3)
        elif a == A.zerotohero:
            if int(leaver.species) == S.palafin:
                forme_change(b, s, S.palafinhero, True)
                leaver.flag_bits = int(leaver.flag_bits) & ~c.MON_HERO_MESSAGE
        if int(leaver.hp) <= 0:
            return False
        end_ability(b, s)
        cancel_actions(b, s, old)
        if by_move == M.batonpass or by_move == M.shedtail:
            passing = True
            _pass_on(b, s, by_move == M.shedtail)
        else:
            clear_volatile(b, s)
    else:
        leaver.status = c.NO_STATUS
        # A move that felled its user has noted its result since: it keeps that until it is revived.
        keep_result(b, s)
        clear_volatile(b, s)
    if int(leaver.flag_bits) & c.MON_TERASTALLIZED != 0:
        side.flag_bits = int(side.flag_bits) & ~c.SIDE_TERA_SEEN
    leaver.flag_bits = int(leaver.flag_bits) & ~c.MON_USED_ITEM
    kept = kept_result(b, s, i)
    side.move_this_turn_result = (
        c.RESULT_UNDEFINED if passing else kept
    )  # copyVolatileFrom clears it
    side.switch_flag = 0
    side.flag_bits = int(side.flag_bits) | c.SIDE_NEWLY_SWITCHED
    for k in range(6):
        if int(side.order[k]) == i:
            side.order[k] = old
    side.order[0] = i
    side.active = i
    m = side.mons[i]
    row = SPECIES[m.species]
    side.types[0] = row.types[0]
    side.types[1] = row.types[1]
    side.added_type = 0
    side.active_turns = 0
    side.active_move_actions = 0
    side.used_moves = 0
    side.speed = m.stats[c.SPE]
    if passing:
        _received(b, s)
    side.illusion = find_illusion(b, s)
    if int(b.move.side) == s:  # by a Red Card: the user of the move is no longer active
        b.move.flag_bits = int(b.move.flag_bits) & ~c.MOVE_IGNORE_ABILITY
    effect = c.EFFECT_MOVE if by_move else c.EFFECT_NONE
    log_from(b, L_DRAG if dragged else L_SWITCH, s, 0, 0, effect, by_move, -1)
    if dragged:
        run_switch(b, s)
    else:
        insert_run_switch(b, s)
    return True


@kernel
def drag_in(b: Any, s: int) -> bool:
    """Replace the active of ``s`` by a random one of the bench (phazing); return whether it was."""
    side = b.sides[s]
    count = 0
    for k in range(1, int(side.team_size)):
        count += int(side.mons[side.order[k]].flag_bits) & c.MON_FAINTED == 0
    if count == 0 or int(side.pokemon_left) == 0:
        return False
    chosen = roll(b, SITE_PHAZING, 0, count)
    if int(side.mons[side.active].hp) <= 0:
        return False
    a = defence_ability(b, s)
    if a == A.suctioncups or a == A.guarddog or has_volatile(b, s, c.V_INGRAIN):
        return False
    for k in range(1, int(side.team_size)):
        i = int(side.order[k])
        if int(side.mons[i].flag_bits) & c.MON_FAINTED == 0:
            if chosen == 0:
                return switch_in(b, s, i, 0, True)
            chosen -= 1
    return False


@kernel
def _hazard(b: Any, s: int, condition: int) -> None:
    """Apply one hazard to the active of ``s``, which has just come in."""
    side = b.sides[s]
    m = side.mons[side.active]
    boots = item(b, s) == I.heavydutyboots
    if condition == c.STEALTH_ROCK:
        if boots:
            return
        first, second, third = types_of(b, s)
        mod = 0
        for t in (first, second, third):
            if t != 0 and TYPE_CHART[c.TYPE_ROCK, t] != 2:
                mod += int(TYPE_CHART[c.TYPE_ROCK, t])
        amount = int(m.max_hp) << (mod + 3)
        damage(b, s, max(1, amount >> 6), -1, c.EFFECT_SIDE_CONDITION, condition)
        return
    if not is_grounded(b, s, False):
        return
    if condition == c.SPIKES:
        if not boots:
            layers = int(side.conditions[c.SPIKES])
            factor = 3 if layers == 1 else (4 if layers == 2 else 6)
            amount = factor * int(m.max_hp) // 24
            damage(b, s, max(1, amount), -1, c.EFFECT_SIDE_CONDITION, condition)
    elif condition == c.STICKY_WEB:
        if not boots:
            log_from(b, L_ACTIVATE, s, 0, 0, c.EFFECT_MOVE, M.stickyweb, -1)
            boost(b, s, stage(c.SPE, -1), 1 - s, c.EFFECT_MOVE, M.stickyweb)
    elif has_type(b, s, c.TYPE_POISON):
        log_from(b, L_SIDE_END, s, c.TOXIC_SPIKES, 0, c.EFFECT_NONE, 0, s)
        remove_side_condition(b, s, c.TOXIC_SPIKES)
    elif not has_type(b, s, c.TYPE_STEEL) and not boots:
        status = c.TOX if int(side.conditions[c.TOXIC_SPIKES]) >= 2 else c.PSN
        try_status(b, s, status, 1 - s, c.EFFECT_SIDE_CONDITION, condition)


@kernel
def _healing_wish(b: Any, s: int) -> None:
    side = b.sides[s]
    i = int(side.active)
    m = side.mons[i]
    if int(side.flag_bits) & c.SIDE_HEALING_WISH == 0:
        return
    if int(m.hp) < int(m.max_hp) or m.status != c.NO_STATUS:
        gain_hp(b, s, int(m.max_hp))
        cure_member(b, s, i)
        log_from(b, L_HEAL, s, 1, 0, c.EFFECT_MOVE, M.healingwish, -1)
        flags = int(side.flag_bits) & ~c.SIDE_HEALING_WISH
        if flags & c.SIDE_LUNAR_DANCE != 0:
            flags |= c.SIDE_LUNAR_DANCE_FIRST
        side.flag_bits = flags


@kernel
def _lunar_dance(b: Any, s: int) -> None:
    side = b.sides[s]
    i = int(side.active)
    m = side.mons[i]
    if int(side.flag_bits) & c.SIDE_LUNAR_DANCE == 0:
        return
    tired = False
    for k in range(4):
        if int(m.moves[k]) != 0 and int(m.pp[k]) < max_pp_of_slot(b, s, i, k):
            tired = True
    if tired or int(m.hp) < int(m.max_hp) or m.status != c.NO_STATUS:
        gain_hp(b, s, int(m.max_hp))
        cure_member(b, s, i)
        for k in range(4):
            if int(m.moves[k]) != 0:
                m.pp[k] = max_pp_of_slot(b, s, i, k)
        log_from(b, L_HEAL, s, 1, 0, c.EFFECT_MOVE, M.lunardance, -1)
        done = c.SIDE_LUNAR_DANCE | c.SIDE_LUNAR_DANCE_FIRST
        side.flag_bits = int(side.flag_bits) & ~done


@kernel
def _wishes(b: Any, s: int) -> None:
    """Heal a Pokémon that has just come in by Healing Wish or Lunar Dance, if it needs healing.

    Of both the older one is asked first, and leaves nothing to do for the other.
    """
    if int(b.sides[s].flag_bits) & c.SIDE_LUNAR_DANCE_FIRST != 0:
        _lunar_dance(b, s)
        _healing_wish(b, s)
    else:
        _healing_wish(b, s)
        _lunar_dance(b, s)


@kernel
def copy_boosts(b: Any, s: int) -> None:
    """Run Opportunist with the stages that it has noted, and a Mirror Herb that is ready."""
    side = b.sides[s]
    if int(side.ability_flags) & c.ABILITY_PENDING_BOOSTS != 0:
        side.ability_flags = int(side.ability_flags) & ~c.ABILITY_PENDING_BOOSTS
        if ability(b, s) == A.opportunist:
            changes = unpack_pending(int(side.pending_boosts))
            boost(b, s, changes, s, c.EFFECT_ABILITY, A.opportunist)
    if int(side.item_flags) & c.ITEM_READY != 0:
        if item(b, s) == I.mirrorherb:
            use_item(b, s)
    else:
        side.pending_boosts = 0


@kernel
def eject(b: Any, s: int) -> None:
    """Use an Eject Pack whose holder's stages have fallen."""
    side = b.sides[s]
    if int(side.item_flags) & c.ITEM_EJECT != 0 and item(b, s) == I.ejectpack:
        use_item(b, s)


@kernel
def _acts_after_moves(b: Any, s: int, held: bool) -> bool:
    """Return whether the item (else the ability) of the active of ``s`` has onAnyAfterMove."""
    m = b.sides[s].mons[b.sides[s].active]
    if int(m.hp) <= 0:
        return False
    if not held:
        return int(m.ability) == A.opportunist
    i = int(m.held_item)
    return i == I.mirrorherb or i == I.whiteherb or i == I.ejectpack


@kernel
def after_any_move(b: Any, before: int) -> None:
    """Run effects that have noted changes of stages in a move (onAnyAfterMove), faster first.

    ``before``: handlers of AfterMove that the user's volatiles have.
    """
    one, two = int(b.sides[0].speed), int(b.sides[1].speed)
    first = 1 if two > one else 0
    if one == two:
        # Equally fast: both abilities act before both items; each pair is a tie.
        ours, theirs = _acts_after_moves(b, 0, False), _acts_after_moves(b, 1, False)
        first = tied(b, before) if ours and theirs else 0
        before += int(ours) + int(theirs)
        ours, theirs = _acts_after_moves(b, 0, True), _acts_after_moves(b, 1, True)
        second = tied(b, before) if ours and theirs else 0
        for k in range(2):
            s = first if k == 0 else 1 - first
            if _acts_after_moves(b, s, False):
                copy_boosts(b, s)
        first = second
    for k in range(2):
        s = first if k == 0 else 1 - first
        if int(b.sides[s].mons[b.sides[s].active].hp) > 0:
            copy_boosts(b, s)
            white_herb(b, s)
            eject(b, s)


@kernel
def _enter(b: Any, s: int, priority: int) -> bool:
    """Do the switch-in effects of one priority; return whether the battle is over."""
    side = b.sides[s]
    m = side.mons[side.active]
    if priority == 0:
        if int(m.status) == c.TOX:
            m.status_turns = 0
        _wishes(b, s)
        order = int(side.hazard_order)
        while order != 0:
            _hazard(b, s, c.SPIKES + (order & 15) - 1)
            order >>= 4
            if faint_messages(b):
                return True
            if int(m.flag_bits) & c.MON_FAINTED != 0:
                return False
    a = int(m.ability)
    if int(ABILITY_PRIORITY[a]) == priority:
        start_ability(b, s, True)
        if faint_messages(b):
            return True
        if int(m.flag_bits) & c.MON_FAINTED != 0:
            return False
    if int(ITEM_PRIORITY[m.held_item]) == priority and m.held_item != I.whiteherb:
        start_item(b, s, True)
        return faint_messages(b)
    return False


@kernel
def run_switch(b: Any, s: int) -> None:
    """Do the switch-in effects of the active of ``s`` and of all whose turn follows at once."""
    entering = 1 << s
    while int(b.queue_length) > 0 and queued_kind(b, 0) == c.QUEUE_RUN_SWITCH:
        entering |= 1 << queued_side(b, 0)
        remove_action(b, 0)
    one, two = b.sides[0], b.sides[1]
    first = 0
    if int(two.speed) > int(one.speed):
        first = 1
    elif int(two.speed) == int(one.speed):
        first = tied(b, 0)
    for level in range(7):
        priority = 2 - level
        for k in range(2):
            t = first if k == 0 else 1 - first
            side = b.sides[t]
            if int(side.mons[side.active].flag_bits) & c.MON_FAINTED != 0:
                continue
            m = side.mons[side.active]
            if (entering >> t) & 1 != 0 and (
                priority == 0
                or int(ABILITY_PRIORITY[m.ability]) == priority
                or int(ITEM_PRIORITY[m.held_item]) == priority
            ):
                if _enter(b, t, priority):
                    return
                if int(side.mons[side.active].flag_bits) & c.MON_FAINTED != 0:
                    continue
            if priority == -2:
                white_herb(b, t)
            elif priority == -3:
                copy_boosts(b, t)
            elif priority == -4:
                eject(b, t)
    for t in range(2):
        side = b.sides[t]
        if (entering >> t) & 1 != 0 and int(side.mons[side.active].hp) > 0:
            side.flag_bits = int(side.flag_bits) | c.SIDE_IS_STARTED
