"""The event BeforeMove: what prevents a Pokémon from moving, in Showdown's order."""

from typing import Any

import plywise.engine.battle.ability_ids as A
import plywise.engine.battle.move_ids as M
from plywise.engine.battle import constants as c
from plywise.engine.battle.chance import (
    SITE_CONFUSION,
    SITE_CONFUSION_DAMAGE,
    SITE_FREEZE,
    SITE_INFATUATION,
    SITE_PARALYSIS,
    chance,
    roll,
)
from plywise.engine.battle.conditions import (
    add_volatile,
    cure_status,
    drop_charge,
    remove_volatile,
)
from plywise.engine.battle.event_ties import (
    BEFORE_MOVE,
    MOVE_ABORTED,
    NO_SOURCE,
    OWN,
    answering,
    event_ties,
)
from plywise.engine.battle.log_events import (
    CANT_ATTRACT,
    CANT_DISABLE,
    CANT_FLINCH,
    CANT_FRZ,
    CANT_GRAVITY,
    CANT_HEAL_BLOCK,
    CANT_IMPRISON,
    CANT_PAR,
    CANT_RECHARGE,
    CANT_SLP,
    CANT_TAUNT,
    CANT_THROAT_CHOP,
    CANT_TRUANT,
    FAIL_PLAIN,
    L_ACTIVATE,
    L_CANT,
    L_END,
    L_FAIL,
    L_MOVE,
    L_PREPARE,
    L_STILL,
    log,
    log_from,
)
from plywise.engine.battle.ops import boost, damage, stage
from plywise.engine.battle.stats import (
    ability,
    boosted,
    drop_volatile,
    has_type,
    has_volatile,
    item,
)
from plywise.engine.battle.tables import (
    F_DEFROST,
    F_GRAVITY,
    F_HEAL,
    F_SOUND,
    ITEMS,
    MOVES,
)
from plywise.engine.battle.ties import modify_boost_ties
from plywise.engine.compile.jit import kernel


@kernel
def confusion_damage(b: Any, s: int) -> int:
    """Return what a confused Pokémon does to itself: a typeless hit of power 40, one draw."""
    side = b.sides[s]
    m = side.mons[side.active]
    modify_boost_ties(b)
    modify_boost_ties(b)
    attack = boosted(int(m.stats[c.ATK]), int(side.boosts[c.ATK]))
    stat = c.SPD if b.pseudo_weather[c.WONDER_ROOM] != 0 else c.DEF
    defence = boosted(int(m.stats[stat]), int(side.boosts[c.DEF]))
    base = (2 * int(m.level) // 5 + 2) * 40 * attack // max(1, defence) // 50 + 2
    percent = 100 - roll(b, SITE_CONFUSION_DAMAGE, 0, 16)
    return max(1, (base & 0xFFFF) * percent // 100)


@kernel
def _status_stops(b: Any, s: int, move: int) -> bool:
    """Return whether sleep or frost keeps it from moving; either may end now."""
    side = b.sides[s]
    m = side.mons[side.active]
    row = MOVES[move]
    if int(m.status) == c.SLP:
        left = int(m.status_turns) - (2 if ability(b, s) == A.earlybird else 1)
        m.status_turns = max(0, left)
        if left <= 0:
            cure_status(b, s)
            return False
        log(b, L_CANT, s, CANT_SLP, 0)
        return not row.sleep_usable
    if int(m.status) == c.FRZ:
        if int(row.move_flags) & F_DEFROST != 0:
            if move != M.burnup or has_type(b, s, c.TYPE_FIRE):
                return False
        if chance(b, SITE_FREEZE, 1, 5):
            cure_status(b, s)
            return False
        log(b, L_CANT, s, CANT_FRZ, 0)
        return True
    return False


@kernel
def _stopped(b: Any, s: int, move: int) -> int:
    side, foe = b.sides[s], b.sides[1 - s]
    m, other = side.mons[side.active], foe.mons[foe.active]
    row = MOVES[move]
    flags = int(row.move_flags)
    a = ability(b, s)
    drop_volatile(b, s, c.V_GLAIVERUSH)
    if has_volatile(b, s, c.V_MUSTRECHARGE):
        log(b, L_CANT, s, CANT_RECHARGE, 0)
        drop_volatile(b, s, c.V_MUSTRECHARGE)
        drop_volatile(b, s, c.V_TRUANT)
        return c.RESULT_NULL
    if _status_stops(b, s, move):
        return c.RESULT_FALSE
    if a == A.truant:
        if remove_volatile(b, s, c.V_TRUANT):
            log(b, L_CANT, s, CANT_TRUANT, 0)
            return c.RESULT_FALSE
        add_volatile(b, s, c.V_TRUANT, s, c.EFFECT_ABILITY, a)
    if has_volatile(b, s, c.V_FLINCH):
        log(b, L_CANT, s, CANT_FLINCH, 0)
        if a == A.steadfast:
            boost(b, s, stage(c.SPE, 1), s, c.EFFECT_ABILITY, a)
        return c.RESULT_FALSE
    if has_volatile(b, s, c.V_DISABLE) and move == int(side.disable_move):
        log(b, L_CANT, s, CANT_DISABLE, move)
        return c.RESULT_FALSE
    if b.pseudo_weather[c.GRAVITY] != 0 and flags & F_GRAVITY != 0:
        log(b, L_CANT, s, CANT_GRAVITY, move)
        return c.RESULT_FALSE
    if has_volatile(b, s, c.V_HEALBLOCK) and flags & F_HEAL != 0:
        log(b, L_CANT, s, CANT_HEAL_BLOCK, move)
        return c.RESULT_FALSE
    if has_volatile(b, s, c.V_THROATCHOP) and flags & F_SOUND != 0:
        log(b, L_CANT, s, CANT_THROAT_CHOP, 0)
        return c.RESULT_FALSE
    if has_volatile(b, s, c.V_TAUNT) and row.category == c.CATEGORY_STATUS:
        log(b, L_CANT, s, CANT_TAUNT, move)
        return c.RESULT_FALSE
    if has_volatile(b, 1 - s, c.V_IMPRISON) and move != M.struggle:
        for k in range(4):
            if int(other.moves[k]) == move:
                log(b, L_CANT, s, CANT_IMPRISON, move)
                return c.RESULT_FALSE
    if has_volatile(b, s, c.V_CONFUSION):
        side.confusion_time = max(0, int(side.confusion_time) - 1)
        if int(side.confusion_time) == 0:
            drop_volatile(b, s, c.V_CONFUSION)
            log(b, L_END, s, c.V_CONFUSION, 0)
        else:
            log(b, L_ACTIVATE, s, 1 + c.V_CONFUSION, 0)
            if chance(b, SITE_CONFUSION, 33, 100):
                damage(b, s, confusion_damage(b, s), s, c.EFFECT_CONFUSED, 0)
                return c.RESULT_FALSE
    if has_volatile(b, s, c.V_ATTRACT):
        log_from(b, L_ACTIVATE, s, 1 + c.V_ATTRACT, 0, c.EFFECT_NONE, 0, 1 - s)
        if chance(b, SITE_INFATUATION, 1, 2):
            log(b, L_CANT, s, CANT_ATTRACT, 0)
            return c.RESULT_FALSE
    if int(m.status) == c.PAR and chance(b, SITE_PARALYSIS, 1, 4):
        log(b, L_CANT, s, CANT_PAR, 0)
        return c.RESULT_FALSE
    if has_volatile(b, s, c.V_CHOICELOCK):
        if not ITEMS[m.held_item].choice:
            drop_volatile(b, s, c.V_CHOICELOCK)
        elif item(b, s) != 0 and move != int(side.choice_lock) and move != M.struggle:
            log(b, L_MOVE, s, move, 0)
            log(b, L_STILL, s, 0, 0)
            log(b, L_FAIL, s, FAIL_PLAIN, 0)
            return c.RESULT_FALSE
    if a == A.gorillatactics and move != M.struggle:
        if int(side.ability_data) != 0 and int(side.ability_data) != move:
            log(b, L_MOVE, s, move, 0)
            log(b, L_STILL, s, 0, 0)
            log(b, L_FAIL, s, FAIL_PLAIN, 0)
            return c.RESULT_FALSE
    if move != M.destinybond:
        drop_volatile(b, s, c.V_DESTINYBOND)
    return c.RESULT_TRUE


@kernel
def before_move(b: Any, s: int, move: int) -> int:
    """Return RESULT_TRUE if the active of ``s`` gets to use ``move``, else what becomes its result.

    ``b.move`` must be set.  Where it is stopped, what an aborted move loses is lost already
    (the event MoveAborted: a charge, Destiny Bond, a two-turn move).
    """
    if (has_volatile(b, s, c.V_HEALBLOCK) and has_volatile(b, s, c.V_THROATCHOP)) or (
        has_volatile(b, s, c.V_GLAIVERUSH) and has_volatile(b, s, c.V_CHILLYRECEPTION)
    ):
        event_ties(b, BEFORE_MOVE, s, NO_SOURCE)
    if move == M.chillyreception and has_volatile(b, s, c.V_CHILLYRECEPTION):
        log(b, L_PREPARE, s, move, 1)
    result = _stopped(b, s, move)
    if result != c.RESULT_TRUE:
        if answering(b, s, MOVE_ABORTED, OWN) > 1:
            event_ties(b, MOVE_ABORTED, s, NO_SOURCE)
        if int(MOVES[move].type) == c.TYPE_ELECTRIC and move != M.charge:
            remove_volatile(b, s, c.V_CHARGE)
        drop_volatile(b, s, c.V_DESTINYBOND)
        if has_volatile(b, s, c.V_TWOTURNMOVE):
            drop_charge(b, s)
    return result
