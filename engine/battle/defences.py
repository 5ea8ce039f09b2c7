"""Defences of a target against a move: Invulnerability, Protect, abilities, accuracy.

``s`` is the side of the user of ``b.move``, ``t`` that of its target (``t == s`` for moves on the
user itself).  Results are those of :mod:`results`.
"""

from typing import Any

import plywise.engine.battle.ability_ids as A
import plywise.engine.battle.item_ids as I
import plywise.engine.battle.move_ids as M
from plywise.engine.battle import constants as c
from plywise.engine.battle.chance import (
    SITE_ACCURACY,
    chance,
)
from plywise.engine.battle.conditions import (
    add_volatile,
    is_semi_invulnerable,
    remove_volatile,
    type_immunity,
    will_move,
)
from plywise.engine.battle.contact import (
    makes_contact,
)
from plywise.engine.battle.damage import (
    run_effectiveness,
    run_immunity,
)
from plywise.engine.battle.event_ties import (
    ACCURACY_EVENT,
    MODIFY_ACCURACY,
    event_ties,
    first_holders,
)
from plywise.engine.battle.items import try_status
from plywise.engine.battle.log_events import (
    ENDED_USED,
    L_ACTIVATE,
    L_ACTIVATE_MOVE,
    L_END_ITEM,
    L_IMMUNE,
    L_MISS,
    L_MISSED,
    log,
    log_from,
)
from plywise.engine.battle.ops import (
    boost,
    damage,
    fraction,
    heal,
    stage,
    use_item,
)
from plywise.engine.battle.results import (
    DONE,
    FAILED,
    QUIET,
)
from plywise.engine.battle.stats import (
    ability,
    answers_for_others,
    chain,
    defence_ability,
    drop_volatile,
    effective_weather,
    has_type,
    has_volatile,
    is_grounded,
    item,
    modify,
    weather_for,
)
from plywise.engine.battle.tables import (
    F_BULLET,
    F_MINIMIZE,
    F_POWDER,
    F_PROTECT,
    F_REFLECTABLE,
    F_SOUND,
    F_WIND,
    IMMUNE_POWDER,
    MOVES,
    TARGET_SELF,
    TARGETS,
)
from plywise.engine.battle.ties import even, modify_boost_ties, user_boost_ties, user_is_away
from plywise.engine.compile.jit import kernel

BOUNCE = 3
"""Result of :func:`try_hit`: Magic Bounce throws the move back; it failed for its user."""

_ALL_ADJACENT = TARGETS["allAdjacent"]
_ALL_FOES = TARGETS["allAdjacentFoes"]


# ------------------------------------------------------------------------------- before the hits
@kernel
def locked_on(b: Any, s: int, t: int) -> bool:
    """Return whether the active of ``s`` has used Lock-On on the present active of ``t``."""
    if not has_volatile(b, s, c.V_LOCKON):
        return False
    return int(b.sides[s].lock_on_source) == 1 + int(b.sides[t].active)


@kernel
def _no_guard(b: Any, s: int) -> bool:
    """Return whether No Guard works on side ``s``."""
    return ability(b, s) == A.noguard and answers_for_others(b, s)


@kernel
def out_of_reach(b: Any, s: int, t: int) -> bool:
    """Return whether the target cannot be reached (event Invulnerability)."""
    if not is_semi_invulnerable(b, t):
        return False
    move = int(b.move.id)
    if move == M.toxic and has_type(b, s, c.TYPE_POISON):
        return False
    if _no_guard(b, s) or _no_guard(b, t):
        return False
    if locked_on(b, s, t):
        return False
    if has_volatile(b, t, c.V_FLY) or has_volatile(b, t, c.V_BOUNCE):
        return not (
            move == M.gust
            or move == M.twister
            or move == M.thunder
            or move == M.hurricane
            or move == M.smackdown
        )
    if has_volatile(b, t, c.V_DIG):
        return move != M.earthquake
    if has_volatile(b, t, c.V_DIVE):
        return move != M.surf and move != M.whirlpool
    return True


@kernel
def _log_protected(b: Any, t: int, which: int) -> None:
    """Log what protects the active of ``t``; ``V_STALL`` means a guard of its side."""
    move = int(M.protect)
    if which == c.V_STALL:
        quick = int(b.sides[t].flag_bits) & c.SIDE_QUICK_GUARD and b.move.priority > 0
        move = int(M.quickguard) if quick else int(M.wideguard)
    log_from(b, L_ACTIVATE, t, 0, 0, c.EFFECT_MOVE, move, -1)


@kernel
def _protected(b: Any, s: int, t: int) -> bool:
    """Return whether Protect or its like stops the move, and do what that does to the user."""
    foe = b.sides[t]
    mon = b.sides[s].mons[b.sides[s].active]
    row = MOVES[b.move.id]
    if int(row.move_flags) & F_PROTECT == 0:
        return False
    contact = int(b.move.flag_bits) & c.MOVE_CONTACT != 0
    if contact and ability(b, s) == A.unseenfist:
        return False
    status = int(b.move.category) == c.CATEGORY_STATUS
    guard = int(foe.flag_bits)
    which = 0
    if guard & c.SIDE_QUICK_GUARD and b.move.priority > 0:
        which = c.V_STALL
    elif guard & c.SIDE_WIDE_GUARD and (
        int(row.target) == _ALL_ADJACENT or int(row.target) == _ALL_FOES
    ):
        which = c.V_STALL
    elif has_volatile(b, t, c.V_PROTECT):
        which = c.V_PROTECT
    elif has_volatile(b, t, c.V_BANEFULBUNKER):
        which = c.V_BANEFULBUNKER
    elif has_volatile(b, t, c.V_SPIKYSHIELD):
        which = c.V_SPIKYSHIELD
    elif has_volatile(b, t, c.V_BURNINGBULWARK) and not status:
        which = c.V_BURNINGBULWARK
    elif has_volatile(b, t, c.V_SILKTRAP) and not status:
        which = c.V_SILKTRAP
    if which == 0:
        return False
    _log_protected(b, t, which)
    side = b.sides[s]
    if has_volatile(b, s, c.V_LOCKEDMOVE) and side.locked_move_duration == 2:
        drop_volatile(b, s, c.V_LOCKEDMOVE)
    if makes_contact(b, s):
        if which == c.V_BANEFULBUNKER:
            try_status(b, s, c.PSN, t, c.EFFECT_MOVE, M.banefulbunker)
        elif which == c.V_BURNINGBULWARK:
            try_status(b, s, 1, t, c.EFFECT_MOVE, M.burningbulwark)  # BRN
        elif which == c.V_SPIKYSHIELD:
            damage(b, s, fraction(int(mon.max_hp), 8), t, c.EFFECT_VOLATILE, c.V_SPIKYSHIELD)
        elif which == c.V_SILKTRAP:
            boost(b, s, stage(c.SPE, -1), t, c.EFFECT_MOVE, M.silktrap)
    return True


@kernel
def try_hit(b: Any, s: int, t: int) -> int:
    """Return the result of the target's defences against the move (event TryHit)."""
    move = int(b.move.id)
    row = MOVES[move]
    flags = int(row.move_flags)
    kind = int(b.move.type)
    status = int(b.move.category) == c.CATEGORY_STATUS
    target = b.sides[t].mons[b.sides[t].active]
    if t != s and b.terrain == c.PSYCHIC_TERRAIN and b.move.priority > 0:
        if not is_semi_invulnerable(b, t) and is_grounded(b, t, False):
            log_from(b, L_ACTIVATE, t, 0, 0, c.EFFECT_TERRAIN, c.PSYCHIC_TERRAIN, -1)
            return FAILED
    if t != s and _protected(b, s, t):
        return QUIET
    a = defence_ability(b, t)
    if t == s:
        return DONE
    if a:
        if a == A.magicbounce:
            if (
                flags & F_REFLECTABLE
                and int(b.move.flag_bits) & c.MOVE_BOUNCED == 0
                and not is_semi_invulnerable(b, t)
            ):
                return BOUNCE
        elif a == A.overcoat:
            if flags & F_POWDER and type_immunity(b, t) & IMMUNE_POWDER == 0:
                log_from(b, L_IMMUNE, t, 0, 0, c.EFFECT_ABILITY, a, -1)
                return FAILED
        elif a == A.sapsipper:
            if kind == c.TYPE_GRASS:
                if not boost(b, t, stage(c.ATK, 1), t, c.EFFECT_ABILITY, a):
                    log_from(b, L_IMMUNE, t, 0, 0, c.EFFECT_ABILITY, a, -1)
                return FAILED
        elif a == A.voltabsorb:
            if kind == c.TYPE_ELECTRIC:
                if heal(b, t, fraction(int(target.max_hp), 4), s, c.EFFECT_ABILITY, a) == 0:
                    log_from(b, L_IMMUNE, t, 0, 0, c.EFFECT_ABILITY, a, -1)
                return FAILED
        elif a == A.waterabsorb or a == A.dryskin:
            if kind == c.TYPE_WATER:
                if heal(b, t, fraction(int(target.max_hp), 4), s, c.EFFECT_ABILITY, a) == 0:
                    log_from(b, L_IMMUNE, t, 0, 0, c.EFFECT_ABILITY, a, -1)
                return FAILED
        elif a == A.eartheater:
            if kind == c.TYPE_GROUND:
                if heal(b, t, fraction(int(target.max_hp), 4), s, c.EFFECT_ABILITY, a) == 0:
                    log_from(b, L_IMMUNE, t, 0, 0, c.EFFECT_ABILITY, a, -1)
                return FAILED
        elif a == A.motordrive:
            if kind == c.TYPE_ELECTRIC:
                if not boost(b, t, stage(c.SPE, 1), t, c.EFFECT_ABILITY, a):
                    log_from(b, L_IMMUNE, t, 0, 0, c.EFFECT_ABILITY, a, -1)
                return FAILED
        elif a == A.lightningrod:
            if kind == c.TYPE_ELECTRIC:
                if not boost(b, t, stage(c.SPA, 1), t, c.EFFECT_ABILITY, a):
                    log_from(b, L_IMMUNE, t, 0, 0, c.EFFECT_ABILITY, a, -1)
                return FAILED
        elif a == A.stormdrain:
            if kind == c.TYPE_WATER:
                if not boost(b, t, stage(c.SPA, 1), t, c.EFFECT_ABILITY, a):
                    log_from(b, L_IMMUNE, t, 0, 0, c.EFFECT_ABILITY, a, -1)
                return FAILED
        elif a == A.wellbakedbody:
            if kind == c.TYPE_FIRE:
                if not boost(b, t, stage(c.DEF, 2), t, c.EFFECT_ABILITY, a):
                    log_from(b, L_IMMUNE, t, 0, 0, c.EFFECT_ABILITY, a, -1)
                return FAILED
        elif a == A.flashfire:
            if kind == c.TYPE_FIRE:
                if not add_volatile(b, t, c.V_FLASHFIRE, t, c.EFFECT_ABILITY, a):
                    log_from(b, L_IMMUNE, t, 0, 0, c.EFFECT_ABILITY, a, -1)
                return FAILED
        elif a == A.windrider:
            if flags & F_WIND:
                if not boost(b, t, stage(c.ATK, 1), t, c.EFFECT_ABILITY, a):
                    log_from(b, L_IMMUNE, t, 0, 0, c.EFFECT_ABILITY, a, -1)
                return FAILED
        elif a == A.soundproof:
            if flags & F_SOUND:
                log_from(b, L_IMMUNE, t, 0, 0, c.EFFECT_ABILITY, a, -1)
                return FAILED
        elif a == A.bulletproof:
            if flags & F_BULLET:
                log_from(b, L_IMMUNE, t, 0, 0, c.EFFECT_ABILITY, a, -1)
                return FAILED
        elif a == A.goodasgold:
            if status:
                log_from(b, L_IMMUNE, t, 0, 0, c.EFFECT_ABILITY, a, -1)
                return FAILED
        elif a == A.oblivious:
            if move == M.attract or move == M.taunt:
                log_from(b, L_IMMUNE, t, 0, 0, c.EFFECT_ABILITY, a, -1)
                return FAILED
        elif a == A.sturdy:
            if row.ohko:
                log_from(b, L_IMMUNE, t, 0, 0, c.EFFECT_ABILITY, a, -1)
                return FAILED
        elif a == A.wonderguard:
            if not status and move != M.struggle:
                if run_effectiveness(b, t) <= 0 or not run_immunity(b, t):
                    log_from(b, L_IMMUNE, t, 0, 0, c.EFFECT_ABILITY, a, -1)
                    return FAILED
    if flags & F_POWDER and item(b, t) == I.safetygoggles:
        if type_immunity(b, t) & IMMUNE_POWDER == 0:
            log_from(b, L_ACTIVATE_MOVE, t, move, 0, c.EFFECT_ITEM, I.safetygoggles, -1)
            return FAILED
    return DONE


@kernel
def _base_accuracy(b: Any, s: int, t: int) -> int:
    """Return the move's accuracy as its own onModifyMove leaves it; 0: it never misses."""
    move = int(b.move.id)
    accuracy = int(MOVES[move].accuracy)
    if move == M.thunder or move == M.hurricane:
        weather = weather_for(b, t)
        if weather == c.RAIN_DANCE or weather == c.PRIMORDIAL_SEA:
            return 0
        if weather == c.SUNNY_DAY or weather == c.DESOLATE_LAND:
            return 50
    elif move == M.bleakwindstorm or move == M.sandsearstorm or move == M.wildboltstorm:
        weather = weather_for(b, t)
        if weather == c.RAIN_DANCE or weather == c.PRIMORDIAL_SEA:
            return 0
    elif move == M.blizzard:
        weather = effective_weather(b)
        if weather == c.SNOWSCAPE or weather == c.HAIL:
            return 0
    return accuracy


@kernel
def _accuracy_of_ability(b: Any, s: int, t: int, of_target: bool) -> int:
    """Return the factor (in 4096ths) of the user's or the target's ability on the accuracy."""
    if of_target:
        theirs = defence_ability(b, t)
        if theirs == A.sandveil:
            return 3277 if effective_weather(b) == c.SANDSTORM else 4096
        if theirs == A.snowcloak:
            weather = effective_weather(b)
            return 3277 if weather == c.SNOWSCAPE or weather == c.HAIL else 4096
        return 2048 if theirs == A.tangledfeet and has_volatile(b, t, c.V_CONFUSION) else 4096
    mine = ability(b, s)
    if mine == A.compoundeyes:
        return 5325
    if mine == A.hustle:
        return 3277 if int(b.move.category) == c.CATEGORY_PHYSICAL else 4096
    return 4506 if mine == A.victorystar and answers_for_others(b, s) else 4096


@kernel
def _accuracy_of_item(b: Any, s: int, t: int, of_target: bool) -> int:
    """Return the factor (in 4096ths) of the user's or the target's item on the accuracy."""
    if of_target:
        return 3686 if item(b, t) == I.brightpowder else 4096
    held = item(b, s)
    if held == I.widelens:
        return 4505
    return 4915 if held == I.zoomlens and not will_move(b, t) else 4096


@kernel
def _modified_accuracy(b: Any, s: int, t: int, accuracy: int, first: int) -> int:
    """Return a numerical accuracy after abilities, items and Gravity (event ModifyAccuracy).

    ``first``: whose ability and whose item comes first (:func:`event_ties.first_holders`).
    """
    mod = 4096
    if defence_ability(b, t) == A.wonderskin and int(b.move.category) == c.CATEGORY_STATUS:
        accuracy = 50
    if b.pseudo_weather[c.GRAVITY]:
        mod = chain(mod, 6840)
    before = first & 1 == t
    mod = chain(mod, _accuracy_of_ability(b, s, t, before))
    mod = chain(mod, _accuracy_of_ability(b, s, t, not before))
    before = first >> 1 == t
    mod = chain(mod, _accuracy_of_item(b, s, t, before))
    mod = chain(mod, _accuracy_of_item(b, s, t, not before))
    return modify(accuracy, mod)


@kernel
def _later_accuracy(b: Any, s: int, t: int, accuracy: int, up: int, down: int, first: int) -> int:
    """Return the accuracy of a further hit of Triple Axel, of its user's and target's stages.

    Each counts for itself here, before the modifiers, and nothing is rounded in between: Showdown
    draws below a fraction, which is to draw below the next whole number.  Its events modify whole
    numbers only.
    """
    num, den = accuracy, 1
    if up > 0:
        num, den = num * (3 + up), den * 3
    elif up < 0:
        num, den = num * 3, den * (3 - up)
    if down > 0:
        num, den = num * 3, den * (3 + down)
    elif down < 0:
        num, den = num * (3 - down), den * 3
    # Of an accuracy of 90, two products are whole, but not in Showdown's double precision.
    inexact = down == -4 and (up == -2 or up == 4)
    if num % den != 0 or inexact:
        return (num + den - 1) // den
    return _modified_accuracy(b, s, t, num // den, first)


@kernel
def hits_by_accuracy(b: Any, s: int, t: int, later: bool) -> bool:
    """Return whether the move hits by its accuracy; ``later``: a further hit of Triple Axel."""
    move = int(b.move.id)
    row = MOVES[move]
    user, foe = b.sides[s], b.sides[t]
    mon, target = user.mons[user.active], foe.mons[foe.active]
    sure = False
    level = even(b)
    if row.ohko:
        accuracy = 30
        if row.ohko == 2 and not has_type(b, s, c.TYPE_ICE):
            accuracy = 20
        if int(mon.level) < int(target.level) or (row.ohko == 2 and has_type(b, t, c.TYPE_ICE)):
            log(b, L_IMMUNE, t, 1, 0)
            return False
        accuracy += int(mon.level) - int(target.level)
    else:
        accuracy = _base_accuracy(b, s, t)
        if accuracy == 0:
            sure = True
            if level:
                event_ties(b, MODIFY_ACCURACY, t, s)
        else:
            change = 0
            theirs = defence_ability(b, t)
            mine = ability(b, s)
            if theirs != A.unaware:
                change = int(user.boosts[c.ACCURACY])
            evades = not row.ignore_evasion and not (
                mine == A.keeneye or mine == A.mindseye or mine == A.illuminate
            )
            lowered = 0
            first = first_holders(b, MODIFY_ACCURACY, t, s)
            if level:
                user_boost_ties(b)
                if evades:
                    modify_boost_ties(b)
            unaware = mine == A.unaware and answers_for_others(b, s) and not user_is_away(b)
            if evades and not unaware:
                lowered = int(foe.boosts[c.EVASION])
            if later:
                accuracy = _later_accuracy(b, s, t, accuracy, change, lowered, first)
            else:
                change = max(-6, min(6, change - lowered))
                accuracy = _modified_accuracy(b, s, t, accuracy, first)
                if change > 0:
                    accuracy = accuracy * (3 + change) // 3
                elif change < 0:
                    accuracy = accuracy * 3 // (3 - change)
    if move == M.toxic and has_type(b, s, c.TYPE_POISON):
        return True
    # Curse is aimed at its user where that is no Ghost.
    at_self = int(row.target) == TARGET_SELF or (move == M.curse and s == t)
    if at_self and int(b.move.category) == c.CATEGORY_STATUS:
        return True
    # event Accuracy
    if (
        level
        or (has_volatile(b, t, c.V_GLAIVERUSH) and has_volatile(b, t, c.V_MINIMIZE))
        or (has_volatile(b, s, c.V_LOCKON) and has_volatile(b, s, c.V_MICLEBERRY))
    ):
        event_ties(b, ACCURACY_EVENT, t, s)
    if _no_guard(b, s) or _no_guard(b, t):
        sure = True
    if has_volatile(b, t, c.V_GLAIVERUSH):
        sure = True
    if has_volatile(b, t, c.V_MINIMIZE) and int(row.move_flags) & F_MINIMIZE:
        sure = True
    if s != t and locked_on(b, s, t):
        sure = True
    if has_volatile(b, s, c.V_MICLEBERRY) and not row.ohko:
        log(b, L_END_ITEM, s, I.micleberry, ENDED_USED)
        remove_volatile(b, s, c.V_MICLEBERRY)
        accuracy = modify(accuracy, 4915)
    if sure or chance(b, SITE_ACCURACY, accuracy, 100):
        return True
    if not later:
        log(b, L_MISSED, s, 0, 0)
        log_from(b, L_MISS, s, 0, 0, c.EFFECT_NONE, 0, t)
    if not later and not row.ohko and item(b, s) == I.blunderpolicy and use_item(b, s):
        boost(b, s, stage(c.SPE, 2), s, c.EFFECT_NONE, 0)
    return False


@kernel
def break_protection(b: Any, t: int) -> None:
    """End the target's protection (Feint and its like)."""
    broke = False
    for v in (c.V_BANEFULBUNKER, c.V_BURNINGBULWARK, c.V_PROTECT, c.V_SILKTRAP, c.V_SPIKYSHIELD):
        if has_volatile(b, t, v):
            drop_volatile(b, t, v)
            broke = True
    foe = b.sides[t]
    guards = c.SIDE_QUICK_GUARD | c.SIDE_WIDE_GUARD
    if int(foe.flag_bits) & guards:
        foe.flag_bits = int(foe.flag_bits) & ~guards
        broke = True
    if broke:
        log_from(b, L_ACTIVATE, t, 0, 1, c.EFFECT_MOVE, int(b.move.id), -1)
        drop_volatile(b, t, c.V_STALL)
