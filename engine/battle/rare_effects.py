"""Effects of the rarer moves: exchanged stats, types, abilities and the like.

``s`` is the side of the user of ``b.move``, ``t`` that of its target.  Results are those of
:mod:`results`.
"""

from typing import Any

import plywise.engine.battle.ability_ids as A
import plywise.engine.battle.move_ids as M
from plywise.engine.battle import constants as c
from plywise.engine.battle.abilities import (
    set_ability,
    shields_block_swap,
    start_ability,
    swap_abilities,
)
from plywise.engine.battle.action_queue import fractional_priority, push_action, swap_actions
from plywise.engine.battle.chance import SITE_MOVE, roll
from plywise.engine.battle.conditions import (
    add_volatile,
    cure_status,
    remove_volatile,
)
from plywise.engine.battle.items import (
    eat_item,
    set_item,
)
from plywise.engine.battle.log_conditions import log_types
from plywise.engine.battle.log_events import (
    ENDED_TAKEN,
    FAIL_MOVE,
    FAIL_PLAIN,
    L_ACTIVATE,
    L_ACTIVATE_MOVE,
    L_ADDED_TYPE,
    L_COPY_BOOSTS,
    L_END_ITEM,
    L_FAIL,
    L_INVERT_BOOSTS,
    L_ITEM,
    L_SINGLE_TURN,
    L_START,
    L_STILL,
    L_SWAP_BOOSTS,
    L_TYPES,
    START_MIMIC,
    TYPES_COPIED,
    log,
    log_from,
)
from plywise.engine.battle.ops import (
    boost,
    deduct_pp,
    stage,
    take_item,
)
from plywise.engine.battle.results import DONE, FAILED, NOTHING, QUIET, UNSAID
from plywise.engine.battle.stats import (
    has_type,
    has_volatile,
    may_change_type,
    put_volatile,
    types_of,
)
from plywise.engine.battle.tables import (
    ABILITIES,
    F_CHARGE,
    F_FAIL_INSTRUCT,
    F_FAIL_MIMIC,
    F_NO_SKETCH,
    F_RECHARGE,
    MOVES,
    TYPE_CHART,
)
from plywise.engine.battle.ties import modify_boost_ties
from plywise.engine.compile.jit import kernel


@kernel
def set_type(b: Any, s: int, first: int, second: int) -> bool:
    """Give the active of ``s`` new types (Soak ...), unless it cannot change them."""
    if not may_change_type(b, s):
        return False
    side = b.sides[s]
    side.types[0] = first
    side.types[1] = second
    side.added_type = c.TYPE_NONE
    side.flag_bits = int(side.flag_bits) & ~c.SIDE_TYPES_UNSEEN
    return True


@kernel
def _swap_boosts(b: Any, first: int, last: int) -> None:
    for k in range(first, last + 1):
        one = int(b.sides[0].boosts[k])
        b.sides[0].boosts[k] = b.sides[1].boosts[k]
        b.sides[1].boosts[k] = one


@kernel
def clear_boosts(b: Any, s: int) -> None:
    """Take all stages of the active of ``s`` away."""
    for k in range(7):
        b.sides[s].boosts[k] = 0


@kernel
def _conversion2(b: Any, s: int, t: int) -> int:
    last = int(b.sides[t].last_move_used)
    if last == 0:
        return FAILED
    kind = last >> 10
    count = 0
    for new in range(2, 21):
        code = int(TYPE_CHART[kind, new])
        if (code == -1 or code == 2) and not has_type(b, s, new):
            count += 1
    if count == 0:
        return FAILED
    chosen = roll(b, SITE_MOVE, 0, count)
    for new in range(2, 21):
        code = int(TYPE_CHART[kind, new])
        if (code == -1 or code == 2) and not has_type(b, s, new):
            if chosen == 0:
                if not set_type(b, s, new, c.TYPE_NONE):
                    return FAILED
                log_types(b, s, c.EFFECT_NONE, 0)
                return DONE
            chosen -= 1
    return FAILED


@kernel
def _acupressure(b: Any, s: int, t: int) -> int:
    count = 0
    for k in range(7):
        count += int(b.sides[t].boosts[k]) < 6
    if count == 0:
        return FAILED
    chosen = roll(b, SITE_MOVE, 0, count)
    for k in range(7):
        if int(b.sides[t].boosts[k]) < 6:
            if chosen == 0:
                boost(b, t, stage(k, 2), s, c.EFFECT_MOVE, M.acupressure)
                break
            chosen -= 1
    return NOTHING


@kernel
def on_hit_rare(b: Any, s: int, t: int, move: int) -> int:
    """Do what the move does by itself when it hits; the rest of :func:`move_effects.on_hit`."""
    user, foe = b.sides[s], b.sides[t]
    mon, target = user.mons[user.active], foe.mons[foe.active]
    if move == M.spite:
        last = int(foe.last_move)
        taken = deduct_pp(b, t, last, 4) if last else 0
        if taken == 0:
            return FAILED
        log_from(b, L_ACTIVATE_MOVE, t, last, taken, c.EFFECT_MOVE, move, -1)
        return NOTHING
    if move == M.topsyturvy:
        done = FAILED
        for k in range(7):
            if foe.boosts[k]:
                foe.boosts[k] = -int(foe.boosts[k])
                done = NOTHING
        if done == NOTHING:
            log(b, L_INVERT_BOOSTS, t, 0, 0)
        return done
    if move == M.psychup:
        for k in range(7):
            user.boosts[k] = foe.boosts[k]
        remove_volatile(b, s, c.V_FOCUSENERGY)
        remove_volatile(b, s, c.V_DRAGONCHEER)
        if has_volatile(b, t, c.V_FOCUSENERGY):
            put_volatile(b, s, c.V_FOCUSENERGY)
            log(b, L_START, s, c.V_FOCUSENERGY, 1)
        log_from(b, L_COPY_BOOSTS, s, 0, 0, c.EFFECT_MOVE, move, t)
        return NOTHING
    if move == M.heartswap or move == M.guardswap or move == M.powerswap:
        if move == M.heartswap:
            _swap_boosts(b, 0, 6)
        elif move == M.guardswap:
            _swap_boosts(b, c.DEF, c.DEF)
            _swap_boosts(b, c.SPD, c.SPD)
        else:
            _swap_boosts(b, c.ATK, c.ATK)
            _swap_boosts(b, c.SPA, c.SPA)
        log_from(b, L_SWAP_BOOSTS, s, move, 0, c.EFFECT_NONE, 0, t)
        return NOTHING
    if move == M.guardsplit or move == M.powersplit:
        for k in range(2):
            stat = (
                (c.ATK if k == 0 else c.SPA)
                if move == M.powersplit
                else (c.DEF if k == 0 else c.SPD)
            )
            average = (int(mon.stats[stat]) + int(target.stats[stat])) // 2
            mon.stats[stat] = average
            target.stats[stat] = average
        log_from(b, L_ACTIVATE, s, 0, 0, c.EFFECT_MOVE, move, t)
        return NOTHING
    if move == M.speedswap:
        speed = int(target.stats[c.SPE])
        target.stats[c.SPE] = mon.stats[c.SPE]
        mon.stats[c.SPE] = speed
        log_from(b, L_ACTIVATE, s, 0, 0, c.EFFECT_MOVE, move, t)
        return NOTHING
    if move == M.soak:
        first, second, third = types_of(b, t)
        same = first == c.TYPE_WATER and second == c.TYPE_NONE and third == c.TYPE_NONE
        if same or not set_type(b, t, c.TYPE_WATER, c.TYPE_NONE):
            log(b, L_FAIL, t, FAIL_PLAIN, 0)
            return UNSAID
        log_types(b, t, c.EFFECT_NONE, 0)
        return NOTHING
    if move == M.magicpowder:
        first, second, third = types_of(b, t)
        if first == c.TYPE_PSYCHIC and second == c.TYPE_NONE and third == c.TYPE_NONE:
            return FAILED
        if not set_type(b, t, c.TYPE_PSYCHIC, c.TYPE_NONE):
            return FAILED
        log_types(b, t, c.EFFECT_NONE, 0)
        return NOTHING
    if move == M.forestscurse:
        if has_type(b, t, c.TYPE_GRASS) or int(target.flag_bits) & c.MON_TERASTALLIZED:
            return FAILED
        foe.added_type = c.TYPE_GRASS
        log_from(b, L_ADDED_TYPE, t, c.TYPE_GRASS, 0, c.EFFECT_MOVE, move, -1)
        return NOTHING
    if move == M.conversion:
        kind = int(MOVES[mon.moves[0]].type)
        if has_type(b, s, kind) or not set_type(b, s, kind, c.TYPE_NONE):
            return FAILED
        log_types(b, s, c.EFFECT_NONE, 0)
        return NOTHING
    if move == M.conversion2:
        return _conversion2(b, s, t)
    if move == M.reflecttype:
        if not may_change_type(b, s):
            return FAILED
        first, second, _ = types_of(b, t)
        if first == c.TYPE_UNKNOWN:
            first = second
            second = c.TYPE_NONE
        if first == c.TYPE_NONE:
            return FAILED
        log_from(b, L_TYPES, s, 0, TYPES_COPIED, c.EFFECT_MOVE, move, t)
        if int(user.types[0]) != first or int(user.types[1]) != second:
            user.flag_bits = int(user.flag_bits) | c.SIDE_TYPES_UNSEEN
        user.types[0] = first
        user.types[1] = second
        user.added_type = foe.added_type
        return NOTHING
    if move == M.acupressure:
        return _acupressure(b, s, t)
    if move == M.lockon:
        add_volatile(b, s, c.V_LOCKON, t, c.EFFECT_MOVE, move)
        log_from(b, L_ACTIVATE, s, 0, 0, c.EFFECT_MOVE, move, t)
        return NOTHING
    if move == M.recycle:
        if mon.held_item or mon.last_item == 0:
            return FAILED
        held = int(mon.last_item)
        mon.last_item = 0
        log_from(b, L_ITEM, s, held, 0, c.EFFECT_MOVE, move, -1)
        set_item(b, s, held)
        return NOTHING
    if move == M.stuffcheeks:
        if not boost(b, s, stage(c.DEF, 2), s, c.EFFECT_MOVE, move):
            return FAILED
        eat_item(b, s, True)
        return NOTHING
    if move == M.skillswap:
        if ABILITIES[mon.ability].fail_skill_swap or ABILITIES[target.ability].fail_skill_swap:
            return FAILED
        if shields_block_swap(b, s):
            return UNSAID
        swap_abilities(b, s)
        start_ability(b, t, False)
        start_ability(b, s, False)
        return NOTHING
    if move == M.entrainment:
        result = set_ability(b, t, int(mon.ability), s, c.EFFECT_MOVE, move)
        if result == DONE:
            foe.flag_bits = int(foe.flag_bits) | c.SIDE_STALE
        return NOTHING if result == DONE else result
    if move == M.roleplay:
        result = set_ability(b, s, int(target.ability), t, c.EFFECT_MOVE, move)
        return NOTHING if result == DONE else result
    if move == M.doodle:
        result = FAILED
        if not ABILITIES[target.ability].fail_role_play and mon.ability != target.ability:
            if not ABILITIES[mon.ability].cant_suppress:
                result = set_ability(b, s, int(target.ability), -1, c.EFFECT_MOVE, move)
        if result == DONE:
            return NOTHING
        if result == FAILED:
            log(b, L_FAIL, s, FAIL_PLAIN, 0)
        log(b, L_STILL, s, 0, 0)
        return QUIET
    if move == M.simplebeam or move == M.worryseed:
        new = A.simple if move == M.simplebeam else A.insomnia
        result = set_ability(b, t, new, -1, c.EFFECT_MOVE, move)
        if result == DONE and move == M.worryseed and target.status == c.SLP:
            cure_status(b, t)
        return NOTHING if result == DONE else result
    if move == M.mimic:
        last = int(foe.last_move)
        if int(mon.flag_bits) & c.MON_TRANSFORMED or last == 0:
            return FAILED
        if int(MOVES[last].move_flags) & F_FAIL_MIMIC:
            return FAILED
        slot = _slot_for(b, s, move, last)
        if slot < 0:
            return FAILED
        for k in range(4):
            user.base_moves[k] = mon.moves[k]
            user.base_pp[k] = mon.pp[k]
        user.flag_bits = int(user.flag_bits) | c.SIDE_MIMICKED
        _learn(b, s, slot, last)
        log(b, L_START, s, START_MIMIC, last)
        return NOTHING
    if move == M.sketch:
        last = int(foe.last_move)
        if int(mon.flag_bits) & c.MON_TRANSFORMED or last == 0:
            return FAILED
        if int(MOVES[last].move_flags) & F_NO_SKETCH:
            return FAILED
        slot = _slot_for(b, s, move, last)
        if slot < 0:
            return FAILED
        if int(user.flag_bits) & c.SIDE_MIMICKED:
            user.base_moves[slot] = last
            user.base_pp[slot] = MOVES[last].pp
        mon.nature = (int(mon.nature) & 31) | (1 + slot) << 5
        _learn(b, s, slot, last)
        log_from(b, L_ACTIVATE_MOVE, s, last, 0, c.EFFECT_MOVE, move, -1)
        return NOTHING
    if move == M.corrosivegas:
        gone = take_item(b, t, s)
        if gone:
            log_from(b, L_END_ITEM, t, gone, ENDED_TAKEN, c.EFFECT_MOVE, move, s)
        else:
            log(b, L_FAIL, t, FAIL_MOVE, move)
        return NOTHING
    if move == M.allyswitch:
        log(b, L_FAIL, s, FAIL_MOVE, move)
        log(b, L_STILL, s, 0, 0)
        return QUIET
    if move == M.instruct:
        return _instruct(b, s, t)
    if move == M.afteryou or move == M.quash:
        return FAILED  # there is only one Pokémon a side
    return NOTHING


@kernel
def _slot_for(b: Any, s: int, move: int, new: int) -> int:
    """Return the slot of ``move``, in whose place ``new`` can be learnt; -1 if there is none."""
    mon = b.sides[s].mons[b.sides[s].active]
    slot = -1
    for k in range(4):
        if int(mon.moves[k]) == new:
            return -1
        if int(mon.moves[k]) == move:
            slot = k
    return slot


@kernel
def _learn(b: Any, s: int, slot: int, new: int) -> None:
    """Put a move into a slot, unused, with its PP without PP Ups."""
    side = b.sides[s]
    mon = side.mons[side.active]
    mon.moves[slot] = new
    mon.pp[slot] = MOVES[new].pp
    side.used_moves = int(side.used_moves) & ~(1 << slot)


@kernel
def _instruct(b: Any, s: int, t: int) -> int:
    """Make the target use its last move again, before anything else."""
    foe = b.sides[t]
    target = foe.mons[foe.active]
    last = int(foe.last_move)
    flags = int(MOVES[last].move_flags)
    if last == 0 or flags & (F_FAIL_INSTRUCT | F_CHARGE | F_RECHARGE):
        return FAILED
    if has_volatile(b, t, c.V_BEAKBLAST) or has_volatile(b, t, c.V_FOCUSPUNCH):
        return FAILED
    for k in range(4):
        if int(target.moves[k]) == last and target.pp[k] == 0:
            return FAILED
    log_from(b, L_SINGLE_TURN, t, M.instruct, 0, c.EFFECT_NONE, 0, s)
    if last == M.counter or last == M.mirrorcoat:
        # Showdown makes two actions of it, asks the speed of each, and queues the first one.
        push_action(b, c.QUEUE_BEFORE_TURN_MOVE, t, 0, last, 0)
        fractional_priority(b, t, last)
        modify_boost_ties(b)
    else:
        fractional = fractional_priority(b, t, last)
        push_action(b, c.QUEUE_PRIORITIZED_MOVE, t, 0, last, fractional)
    for k in range(int(b.queue_length) - 1, 0, -1):
        swap_actions(b, k - 1, k)
    return NOTHING
