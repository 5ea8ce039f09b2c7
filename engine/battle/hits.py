"""One move against one target: the steps of Showdown's trySpreadMoveHit, then the effects of a hit.

``s`` is the side of the user of ``b.move``, ``t`` that of its target (``t == s`` for moves on the
user itself).  Results are those of :mod:`results`.
"""

from typing import Any

import plywise.engine.battle.ability_ids as A
import plywise.engine.battle.item_ids as I
import plywise.engine.battle.move_ids as M
import plywise.engine.battle.species_ids as S
from plywise.engine.battle import constants as c
from plywise.engine.battle.abilities import end_ability
from plywise.engine.battle.chance import (
    SITE_HITS,
    SITE_SECONDARY,
    SITE_SELF_BOOSTS,
    chance,
    roll,
)
from plywise.engine.battle.conditions import (
    add_side_condition,
    add_volatile,
    is_semi_invulnerable,
    volatile_blocked,
)
from plywise.engine.battle.contact import (
    after_move_secondary,
    damaging_hit,
    drag_out,
    emergency_exit_at_half,
    hit_event,
)
from plywise.engine.battle.damage import (
    DRAW,
    NO_DAMAGE,
    UNDEFINED,
    get_damage,
    run_immunity,
)
from plywise.engine.battle.defences import (
    BOUNCE,
    break_protection,
    hits_by_accuracy,
    out_of_reach,
    try_hit,
)
from plywise.engine.battle.event_ties import MODIFY_SECONDARIES, TRY_PRIMARY_HIT, event_ties
from plywise.engine.battle.fainting import empty_faint_queue
from plywise.engine.battle.field import set_terrain, set_weather
from plywise.engine.battle.formes import forme_change
from plywise.engine.battle.items import try_status
from plywise.engine.battle.log_events import (
    FAIL_HEAL,
    FAIL_PLAIN,
    L_END,
    L_END_ABILITY,
    L_FAIL,
    L_HIT_COUNT,
    L_IMMUNE,
    L_MISS,
    L_MISSED,
    L_OHKO,
    L_QUIET,
    L_REPEAT,
    L_SHIELD,
    L_STILL,
    log,
    log_from,
)
from plywise.engine.battle.modify_damage import hits_substitute
from plywise.engine.battle.move_effects import (
    after_hit,
    fling_effect,
    on_field,
    on_hit,
    secondary_on_hit,
    self_on_hit,
)
from plywise.engine.battle.move_tries import own_try_hit, try_immunity
from plywise.engine.battle.ops import (
    boost,
    can_switch,
    damage,
    direct_damage,
    faint,
    heal,
    lose_item,
    pack_boosts,
    stage,
    strikes_often,
    use_item,
)
from plywise.engine.battle.pseudo_weathers import add_pseudo_weather
from plywise.engine.battle.results import (
    DONE,
    FAILED,
    HIT_DONE,
    HIT_FAILED,
    HIT_QUIET,
    NOTHING,
    QUIET,
    UNSAID,
    combine,
)
from plywise.engine.battle.stats import (
    ability,
    add_attacks,
    defence_ability,
    drop_volatile,
    has_type,
    has_volatile,
    item,
    weather_for,
)
from plywise.engine.battle.tables import (
    F_FUTURE,
    F_REFLECTABLE,
    F_SOUND,
    ITEMS,
    MOVES,
    TARGET_ALL,
    TARGET_ALLY_SIDE,
    TARGET_ALLY_TEAM,
    TARGET_FOE_SIDE,
)
from plywise.engine.battle.ties import even
from plywise.engine.battle.updates import update
from plywise.engine.compile.jit import kernel


# ----------------------------------------------------------------------------------- one hit
@kernel
def _recoil(b: Any, s: int, done: int) -> None:
    """Make the user take its recoil for ``done`` HP of damage."""
    move = int(b.move.id)
    row = MOVES[move]
    mon = b.sides[s].mons[b.sides[s].active]
    before = int(mon.hp)
    if row.struggle_recoil:
        amount = max(1, (int(mon.max_hp) + 2) // 4)
        direct_damage(b, s, amount, s, c.EFFECT_STRUGGLE_RECOIL, 0)
    elif row.mind_blown_recoil:
        damage(b, s, (int(mon.max_hp) + 1) // 2, s, c.EFFECT_NONE, 0)
    elif row.chloroblast_recoil:
        damage(b, s, (int(mon.max_hp) + 1) // 2, s, c.EFFECT_RECOIL, 0)
    elif row.recoil_num:
        num, den = int(row.recoil_num), int(row.recoil_den)
        damage(b, s, max(1, (2 * done * num + den) // (2 * den)), s, c.EFFECT_RECOIL, 0)
    else:
        return
    emergency_exit_at_half(b, s, before)


@kernel
def hit_substitute(b: Any, s: int, t: int) -> bool:
    """Hit the substitute; return whether it took the hit (else the move does nothing)."""
    foe = b.sides[t]
    row = MOVES[b.move.id]
    done = get_damage(b, s, t, DRAW, DRAW)
    if done < 0:
        _log_failed(b, s)
        return False
    done = min(done, int(foe.substitute_hp))
    foe.substitute_hp = int(foe.substitute_hp) - done
    if foe.substitute_hp <= 0:
        if row.ohko:
            log(b, L_OHKO, t, 0, 0)
        foe.substitute_hp = 0
        drop_volatile(b, t, c.V_SUBSTITUTE)
        log(b, L_END, t, c.V_SUBSTITUTE, 0)
    else:
        log(b, L_SHIELD, t, 0, 0)
    if done:
        _recoil(b, s, done)
    if row.drain_num:
        den = int(row.drain_den)
        amount = (done * int(row.drain_num) + den - 1) // den
        heal(b, s, amount, t, c.EFFECT_DRAIN, 0)
    after_hit(b, s, t, True)
    if item(b, t) == I.airballoon:
        lose_item(b, t)
    return True


@kernel
def _log_failed(b: Any, s: int) -> None:
    log(b, L_FAIL, s, FAIL_PLAIN, 0)
    log(b, L_STILL, s, 0, 0)


@kernel
def _log_result(b: Any, s: int, did: int, loud: bool) -> None:
    """Log that a status move failed; of a damaging move the damage is logged elsewhere."""
    row = MOVES[b.move.id]
    if did == FAILED and loud and int(b.move.category) == c.CATEGORY_STATUS:
        if not row.has_self and not row.self_destruct:
            _log_failed(b, s)


@kernel
def _primary(b: Any, s: int, t: int) -> int:
    """Apply the move's table entries and its onHit to the target; return a result."""
    move = int(b.move.id)
    row = MOVES[move]
    user, foe = b.sides[s], b.sides[t]
    mon, target = user.mons[user.active], foe.mons[foe.active]
    did = NOTHING
    loud = False  # whether a result was false, not just null: only then the move "fails"
    where = int(row.target)
    switches = int(row.self_switch) != 0
    if row.has_boosts and target.hp > 0:
        changes = pack_boosts(row.boosts)
        if move == M.growth:
            weather = weather_for(b, s)
            if weather == c.SUNNY_DAY or weather == c.DESOLATE_LAND:
                changes = stage(c.ATK, 2) + stage(c.SPA, 2)
        if move != M.clangoroussoul and move != M.filletaway:
            done = boost(b, t, changes, s, c.EFFECT_MOVE, move)
            did = combine(did, DONE if done else FAILED)
    gift = move == M.present and b.move.base_power == 0
    if (row.heal_num or gift) and target.hp > 0:
        num, den = (1, 4) if gift else (int(row.heal_num), int(row.heal_den))
        amount = (2 * int(target.max_hp) * num + den) // (2 * den)
        if target.hp >= target.max_hp:
            log(b, L_FAIL, t, FAIL_HEAL, 0)
            log(b, L_STILL, s, 0, 0)
            return FAILED
        if heal(b, t, amount, s, c.EFFECT_MOVE, move) == 0:
            return FAILED
        did = DONE
    if row.status:
        if not try_status(b, t, int(row.status), s, c.EFFECT_MOVE, move):
            return FAILED
        did = DONE
    if row.volatile:
        volatile = int(row.volatile) - 1
        skip = (move == M.curse and not has_type(b, s, c.TYPE_GHOST)) or (
            move == M.noretreat and has_volatile(b, s, c.V_TRAPPED)
        )
        if not skip:
            if volatile == c.V_GASTROACID and not has_volatile(b, t, volatile) and target.hp > 0:
                log(b, L_END_ABILITY, t, 0, 0)
                end_ability(b, t)
            had = has_volatile(b, t, volatile)
            done = add_volatile(b, t, volatile, s, c.EFFECT_MOVE, move)
            did = combine(did, DONE if done else FAILED)
            if not done:
                blocked = volatile_blocked(b, t, volatile, s, c.EFFECT_MOVE, move)
                restarts = volatile == c.V_MINIMIZE or volatile == c.V_DEFENSECURL
                loud = loud or (had and not restarts) or not (had or blocked)
    if row.side_condition:
        done = add_side_condition(b, t, int(row.side_condition) - 1, s)
        did = combine(did, DONE if done else FAILED)
        loud = loud or not done
    if row.slot_condition:
        done = _slot_condition(b, t, move)
        did = combine(did, DONE if done else FAILED)
        loud = loud or not done
    if row.weather:
        done = set_weather(b, int(row.weather), s)
        did = combine(did, DONE if done else FAILED)
        loud = loud or (not done and int(b.weather) == int(row.weather))
    if row.terrain:
        done = set_terrain(b, int(row.terrain), s)
        did = combine(did, DONE if done else FAILED)
        loud = loud or not done
    if row.pseudo_weather:
        done = add_pseudo_weather(b, int(row.pseudo_weather) - 1, s)
        did = combine(did, DONE if done else FAILED)
        loud = loud or not done
    if row.force_switch:
        did = combine(did, DONE if can_switch(b, t) else FAILED)
        loud = loud or not can_switch(b, t)
    if where == TARGET_ALL or where == TARGET_ALLY_SIDE or where == TARGET_FOE_SIDE:
        if row.has_on_hit:
            # a callback that returns nothing counts as done (singleEvent's default)
            answer = on_field(b, s)
            did = combine(did, DONE if answer == NOTHING else answer)
            loud = loud or answer == FAILED
    else:
        if move == M.fling:
            fling_effect(b, s, t, int(mon.held_item))
        elif row.has_on_hit:
            answer = on_hit(b, s, t)
            loud = loud or answer == FAILED
            if move == M.partingshot and answer == QUIET:
                switches = False
                answer = DONE
            elif answer == UNSAID:
                answer = FAILED
            did = combine(did, DONE if answer == NOTHING else answer)
        if s != t:
            hit_event(b, s, t)
    if switches:
        did = DONE if can_switch(b, s) else combine(did, FAILED)
        loud = loud or did != DONE
        if int(b.move.category) == c.CATEGORY_STATUS and did != DONE and did != NOTHING:
            _log_result(b, s, did, loud)
            return did
        if mon.hp > 0:
            user.switch_flag = move
    _log_result(b, s, did, loud)
    return did


@kernel
def _slot_condition(b: Any, t: int, move: int) -> bool:
    """Set Wish, Healing Wish and their like up; return whether that was possible."""
    side = b.sides[t]
    if move == M.wish:
        if side.wish_duration:
            return False
        side.wish_hp = side.mons[side.active].max_hp
        # Showdown's count of turns overflows: one made in its last turn is never granted.
        side.flag_bits = int(side.flag_bits) | (1 + int(side.active)) << c.WISHER_SHIFT
        side.wish_duration = c.NEVER if int(b.turn) & 255 == 0 else 2
        return True
    bit = c.SIDE_REVIVAL_BLESSING
    if move == M.healingwish:
        bit = c.SIDE_HEALING_WISH
    elif move == M.lunardance:
        bit = c.SIDE_LUNAR_DANCE
        if int(side.flag_bits) & (bit | c.SIDE_HEALING_WISH) == 0:
            bit |= c.SIDE_LUNAR_DANCE_FIRST
    if int(side.flag_bits) & bit:
        return False
    side.flag_bits = int(side.flag_bits) | bit
    return True


@kernel
def _own_effects(b: Any, s: int) -> None:
    """Do what the move does to its user (Showdown's `self`)."""
    move = int(b.move.id)
    row = MOVES[move]
    mon = b.sides[s].mons[b.sides[s].active]
    bits = int(b.move.flag_bits)
    if bits & (c.MOVE_SHEER_FORCE | c.MOVE_SELF_DROPPED):
        return
    changes = 0
    percent = 100
    if row.self_has_boosts:
        changes = pack_boosts(row.self_boosts)
        if row.self_chance:
            percent = int(row.self_chance)
            if ability(b, s) == A.serenegrace:
                percent *= 2
    elif move == M.terablast:
        if int(mon.flag_bits) & c.MON_TERASTALLIZED and int(mon.tera_type) == c.TYPE_STELLAR:
            changes = stage(c.ATK, -1) + stage(c.SPA, -1)
    elif move == M.curse and not has_type(b, s, c.TYPE_GHOST):
        changes = stage(c.SPE, -1) + stage(c.ATK, 1) + stage(c.DEF, 1)
    if changes:
        if chance(b, SITE_SELF_BOOSTS, percent, 100):
            log(b, L_QUIET, s, 1, 0)
            boost(b, s, changes, s, c.EFFECT_MOVE, move)
            log(b, L_QUIET, s, 0, 0)
        if row.hits_max == 0 and bits & c.MOVE_PARENTAL_BOND == 0:
            b.move.flag_bits = int(b.move.flag_bits) | c.MOVE_SELF_DROPPED
    elif row.has_self:
        if row.self_volatile:
            add_volatile(b, s, int(row.self_volatile) - 1, s, c.EFFECT_MOVE, move)
        if row.self_has_on_hit:
            self_on_hit(b, s)


@kernel
def _has_secondaries(b: Any, s: int) -> bool:
    """Return whether the move in use has any secondary effect, of its own or of its user."""
    row = MOVES[b.move.id]
    if row.n_secondaries != 0 and int(b.move.flag_bits) & c.MOVE_SHEER_FORCE == 0:
        return True
    if int(b.move.category) == c.CATEGORY_STATUS:
        return False
    held = item(b, s)
    if ability(b, s) == A.stench or held == I.kingsrock or held == I.razorfang:
        return int(row.move_flags) & F_FUTURE == 0
    flung = ITEMS[b.sides[s].mons[b.sides[s].active].held_item]
    return int(b.move.id) == M.fling and (flung.fling_status != 0 or flung.fling_volatile != 0)


@kernel
def _secondaries(b: Any, s: int, t: int, shielded: bool) -> None:
    """Roll for the secondary effects.

    ``shielded``: a substitute took the hit, so only the effects on the user remain.
    """
    move = int(b.move.id)
    row = MOVES[move]
    a = ability(b, s)
    blocked = not shielded and (
        defence_ability(b, t) == A.shielddust or item(b, t) == I.covertcloak
    )
    flinches = False
    if not shielded and even(b) and _has_secondaries(b, s):
        event_ties(b, MODIFY_SECONDARIES, t, s)
    if int(b.move.flag_bits) & c.MOVE_SHEER_FORCE == 0:
        for k in range(int(row.n_secondaries)):
            effect = row.secondaries[k]
            flinches = flinches or int(effect.volatile) == c.V_FLINCH + 1
            if blocked and not effect.self_has_boosts:
                continue
            percent = int(effect.chance)
            if percent == 0:
                percent = 100
            elif a == A.serenegrace:
                percent *= 2
            if not chance(b, SITE_SECONDARY, percent, 100):
                continue
            if not shielded:
                if effect.has_boosts:
                    log(b, L_QUIET, s, 1, 0)
                    boost(b, t, pack_boosts(effect.boosts), s, c.EFFECT_MOVE, move)
                    log(b, L_QUIET, s, 0, 0)
                if effect.status:
                    try_status(b, t, int(effect.status), s, c.EFFECT_MOVE, move)
                if effect.volatile:
                    add_volatile(b, t, int(effect.volatile) - 1, s, c.EFFECT_MOVE, move)
                if effect.has_on_hit:
                    secondary_on_hit(b, s, t)
            if effect.self_has_boosts:
                log(b, L_QUIET, s, 1, 0)
                boost(b, s, pack_boosts(effect.self_boosts), s, c.EFFECT_MOVE, move)
                log(b, L_QUIET, s, 0, 0)
    if int(b.move.category) == c.CATEGORY_STATUS:
        return
    held = item(b, s)
    # What onModifyMove adds is not added to a move that comes down later.
    flinching = a == A.stench or held == I.kingsrock or held == I.razorfang
    if flinching and int(row.move_flags) & F_FUTURE == 0:
        if not flinches and not blocked:
            if chance(b, SITE_SECONDARY, 20 if a == A.serenegrace else 10, 100) and not shielded:
                add_volatile(b, t, c.V_FLINCH, s, c.EFFECT_MOVE, move)
    if move == M.fling:
        flung = ITEMS[b.sides[s].mons[b.sides[s].active].held_item]
        if (flung.fling_status or flung.fling_volatile) and not blocked:
            if chance(b, SITE_SECONDARY, 100, 100) and not shielded:
                if flung.fling_status:
                    try_status(b, t, int(flung.fling_status), s, c.EFFECT_MOVE, move)
                else:
                    add_volatile(b, t, int(flung.fling_volatile) - 1, s, c.EFFECT_MOVE, move)


@kernel
def _one_hit(b: Any, s: int, t: int) -> int:
    """Do one hit (spreadMoveHit): return the HP that it took, or one of HIT_*."""
    move = int(b.move.id)
    row = MOVES[move]
    user, foe = b.sides[s], b.sides[t]
    mon, target = user.mons[user.active], foe.mons[foe.active]
    where = int(row.target)
    wide = (
        where == TARGET_ALL
        or where == TARGET_ALLY_SIDE
        or where == TARGET_FOE_SIDE
        or where == TARGET_ALLY_TEAM
    )
    if not own_try_hit(b, s, t):
        return HIT_FAILED
    status = int(b.move.category) == c.CATEGORY_STATUS
    substituted = False
    done = UNDEFINED
    if not wide and even(b):
        event_ties(b, TRY_PRIMARY_HIT, t, s)
    if not wide and s != t:
        if not status and int(b.move.type) == c.TYPE_NORMAL and item(b, s) == I.normalgem:
            if use_item(b, s):
                add_volatile(b, s, c.V_GEM, s, c.EFFECT_ITEM, I.normalgem)
        if move == M.surf and ability(b, s) == A.gulpmissile and int(mon.species) == S.cramorant:
            low = int(mon.hp) * 2 <= int(mon.max_hp)
            forme_change(b, s, S.cramorantgorging if low else S.cramorantgulping, False)
        if hits_substitute(b, t):
            if not hit_substitute(b, s, t):
                return HIT_QUIET
            substituted = True
            done = 0
    if not substituted:
        if not status or not wide:
            done = get_damage(b, s, t, DRAW, DRAW)
            if done == NO_DAMAGE:
                return HIT_FAILED
        if done >= 0:
            if move == M.finalgambit:
                faint(b, s, s, c.EFFECT_MOVE, move)
            elif (
                (move == M.falseswipe or move == M.holdback)
                and done >= int(target.hp)
                and not has_volatile(b, t, c.V_ENDURE)  # which is asked first
            ):
                done = int(target.hp) - 1
            done = damage(b, t, done, s, c.EFFECT_MOVE, move)
            if done < 0:
                return HIT_FAILED
    result = done
    if substituted:
        if row.self_switch and mon.hp > 0:
            user.switch_flag = move
    else:
        did = _primary(b, s, t)
        if done == UNDEFINED:
            result = HIT_DONE
            if did == FAILED:
                result = HIT_FAILED
            elif did == QUIET:
                result = HIT_QUIET
    if row.self_destruct == 2:  # even where it changed nothing
        faint(b, s, s, c.EFFECT_MOVE, move)
    if result == HIT_FAILED or result == HIT_QUIET:
        return result
    _own_effects(b, s)
    _secondaries(b, s, t, substituted)
    if row.force_switch and not substituted and target.hp > 0 and mon.hp > 0:
        if can_switch(b, t) and drag_out(b, t):
            foe.flag_bits = int(foe.flag_bits) | c.SIDE_FORCE_SWITCH
    if result >= 0 and not substituted:
        before = int(mon.hp)
        damaging_hit(b, s, t, result)
        if mon.hp > 0:
            after_hit(b, s, t, False)
        emergency_exit_at_half(b, s, before)
    return result


@kernel
def _hit_count(b: Any, s: int) -> int:
    """Return the number of hits of the move."""
    move = int(b.move.id)
    row = MOVES[move]
    if int(b.move.flag_bits) & c.MOVE_PARENTAL_BOND:
        return 2
    if move == M.beatup:
        count = 0
        side = b.sides[s]
        for i in range(int(side.team_size)):
            m = side.mons[i]
            fit = int(m.flag_bits) & c.MON_FAINTED == 0 and m.status == c.NO_STATUS
            count += i == int(side.active) or fit
        return count
    low, high = int(row.hits_min), int(row.hits_max)
    if high == 0:
        return 1
    hits = high
    dice = item(b, s) == I.loadeddice
    if low != high and ability(b, s) != A.skilllink:
        r = roll(b, SITE_HITS, 0, 20)
        hits = 2 if r < 7 else (3 if r < 14 else (4 if r < 17 else 5))
        if hits < 4 and dice:
            hits = 5 - roll(b, SITE_HITS, 0, 2)
    if hits == 10 and dice:
        hits -= roll(b, SITE_HITS, 0, 7)
    return hits


@kernel
def _hit_loop(b: Any, s: int, t: int) -> int:
    """Hit as often as the move does, then recoil and what answers the whole move."""
    move = int(b.move.id)
    row = MOVES[move]
    user, foe = b.sides[s], b.sides[t]
    mon, target = user.mons[user.active], foe.mons[foe.active]
    hits = _hit_count(b, s)
    sleep_usable = int(row.sleep_usable) != 0 or (
        b.move.source_effect != 0 and int(MOVES[b.move.source_effect].sleep_usable) != 0
    )
    checked = (
        int(row.multi_accuracy) != 0 and ability(b, s) != A.skilllink and item(b, s) != I.loadeddice
    )
    landed = 0
    last = HIT_FAILED
    attacked = False
    had_substitute = False
    for hit in range(1, hits + 1):
        if hit > 1 and mon.status == c.SLP and not sleep_usable:
            break
        if target.hp <= 0:
            break
        b.move.hit = hit
        if hit > 1 and move == M.dragondarts:
            log_from(b, L_REPEAT, s, move, 0, c.EFFECT_NONE, 0, t)
        if checked and hit > 1 and not hits_by_accuracy(b, s, t, True):
            # Showdown takes its target, maybe behind a substitute until now, for attacked.
            attacked = True
            last = 0 if had_substitute else last
            break
        had_substitute = s != t and hits_substitute(b, t)
        last = _one_hit(b, s, t)
        if last == HIT_FAILED:
            break
        landed += 1
        attacked = not had_substitute and last != HIT_QUIET
        if last > 0:
            b.move.total_damage = int(b.move.total_damage) + last
        update(b)
        if mon.hp <= 0:
            break
    if landed == 0:
        return FAILED
    empty_faint_queue(b, mon.hp <= 0)
    if (high_hits(b, move) or move == M.beatup) and move != M.dragondarts:
        log(b, L_HIT_COUNT, t, landed, 0)
    total = int(b.move.total_damage)
    if total:
        _recoil(b, s, total)
    if s != t and attacked:
        if last >= 0:
            foe.attacked_damage = last
            foe.flag_bits = int(foe.flag_bits) | c.SIDE_ATTACKED_THIS_TURN
            if last > 0:
                foe.attackers = int(foe.attackers) | (1 << int(user.active))
            target.times_attacked = add_attacks(int(target.times_attacked), landed)
    if row.ohko and target.hp <= 0:
        log(b, L_OHKO, t, 0, 0)
    update(b)
    sheer = int(b.move.flag_bits) & c.MOVE_SHEER_FORCE != 0 and ability(b, s) == A.sheerforce
    if not sheer:
        if attacked:
            after_move_secondary(b, s, t, max(0, last), strikes_often(b, move))
        if target.hp > 0 and s != t:
            before = max(0, int(foe.hurt_this_turn) - 1) + total
            emergency_exit_at_half(b, t, before)
    return DONE


@kernel
def high_hits(b: Any, move: int) -> bool:
    """Return whether the move in use is one of several hits."""
    return MOVES[move].hits_max != 0 or int(b.move.flag_bits) & c.MOVE_PARENTAL_BOND != 0


@kernel
def _log_immune(b: Any, t: int) -> None:
    """Log that the active of ``t`` is immune to the type of the move in use."""
    if int(b.move.type) == c.TYPE_GROUND and not has_type(b, t, c.TYPE_FLYING):
        if defence_ability(b, t) == A.levitate:
            log_from(b, L_IMMUNE, t, 0, 0, c.EFFECT_ABILITY, A.levitate, -1)
            return
    log(b, L_IMMUNE, t, 0, 0)


@kernel
def reach_target(b: Any, s: int, t: int) -> int:
    """Run the steps of the move before its hits: DONE, FAILED, QUIET or BOUNCE.

    QUIET means that it failed without counting as a failure (Protect).
    """
    if s != t and out_of_reach(b, s, t):
        log(b, L_MISSED, s, 0, 0)
        log_from(b, L_MISS, s, 0, 0, c.EFFECT_NONE, 0, t)
        return FAILED
    result = try_hit(b, s, t)
    if result != DONE:
        return result
    if not run_immunity(b, t):
        _log_immune(b, t)
        return FAILED
    if not try_immunity(b, s, t):
        log(b, L_IMMUNE, t, 0, 0)
        return FAILED
    if not hits_by_accuracy(b, s, t, False):
        return FAILED
    if MOVES[b.move.id].breaks_protect:
        break_protection(b, t)
    return DONE


@kernel
def hit_target(b: Any, s: int, t: int) -> int:
    """Run all steps of the move against its target: DONE, FAILED, QUIET or BOUNCE."""
    result = reach_target(b, s, t)
    return _hit_loop(b, s, t) if result == DONE else result


@kernel
def hit_side(b: Any, s: int, t: int) -> int:
    """Run a move for the field or a side: DONE, FAILED, QUIET or BOUNCE."""
    row = MOVES[b.move.id]
    if int(row.target) == TARGET_FOE_SIDE and int(row.move_flags) & F_REFLECTABLE:
        a = defence_ability(b, t)
        if a == A.magicbounce and int(b.move.flag_bits) & c.MOVE_BOUNCED == 0:
            if not is_semi_invulnerable(b, t):
                return BOUNCE
    if int(row.target) == TARGET_ALLY_TEAM or int(row.target) == TARGET_ALLY_SIDE:
        if int(row.move_flags) & F_SOUND and ability(b, s) == A.soundproof:
            log_from(b, L_IMMUNE, s, 0, 0, c.EFFECT_ABILITY, A.soundproof, -1)  # and yet it works
    done = _one_hit(b, s, t)
    if done == HIT_QUIET:
        return QUIET
    return FAILED if done == HIT_FAILED else DONE
