"""Effects of single moves beyond the tables: onHit, onAfterHit, self.onHit and the like.

``s`` is the side of the user of ``b.move``, ``t`` that of its target (``t == s`` for moves on the
user itself).  Results are those of :mod:`results`.
"""

from typing import Any

import plywise.engine.battle.ability_ids as A
import plywise.engine.battle.item_ids as I
import plywise.engine.battle.move_ids as M
from plywise.engine.battle import constants as c
from plywise.engine.battle.abilities import (
    transform,
)
from plywise.engine.battle.base_power import may_leave
from plywise.engine.battle.chance import SITE_MOVE, roll
from plywise.engine.battle.conditions import (
    add_side_condition,
    add_volatile,
    cure_member,
    cure_status,
    is_semi_invulnerable,
    remove_side_condition,
    remove_volatile,
)
from plywise.engine.battle.field import clear_terrain
from plywise.engine.battle.items import (
    after_eating,
    eat_effect,
    eat_item_by,
    free_mind,
    replace_status,
    set_item,
    try_status,
)
from plywise.engine.battle.log_conditions import log_types
from plywise.engine.battle.log_events import (
    ENDED_SILENT,
    ENDED_STOLEN,
    ENDED_TAKEN,
    FAIL_HEAL,
    FAIL_MOVE,
    FAIL_PLAIN,
    L_ACTIVATE,
    L_ACTIVATE_MOVE,
    L_CLEAR_BOOSTS,
    L_CURE,
    L_END,
    L_END_ITEM,
    L_FAIL,
    L_FIELD_ACTIVATE,
    L_IMMUNE,
    L_ITEM,
    L_MISS,
    L_QUIET,
    L_SET_HP,
    L_SIDE_END,
    L_START,
    L_STILL,
    log,
    log_from,
    log_member,
)
from plywise.engine.battle.ops import (
    boost,
    can_switch,
    deduct_pp,
    direct_damage,
    fraction,
    heal,
    stage,
    take_item,
)
from plywise.engine.battle.rare_effects import clear_boosts, on_hit_rare, set_type
from plywise.engine.battle.results import DONE, FAILED, NOTHING, QUIET, UNSAID
from plywise.engine.battle.stats import (
    ability,
    defence_ability,
    effective_weather,
    get_stat,
    has_type,
    has_volatile,
    modify,
    own_types,
    weather_for,
)
from plywise.engine.battle.tables import (
    ITEMS,
    MOVES,
)
from plywise.engine.compile.jit import kernel


@kernel
def make_stale(b: Any, s: int) -> None:
    """Note that the foe of ``s`` has kept its active one going (staleness, external)."""
    m = b.sides[s].mons[b.sides[s].active]
    m.times_attacked = (int(m.times_attacked) & ~c.STALE_INTERNAL) | c.STALE_EXTERNAL


@kernel
def _heal_hit(b: Any, s: int, t: int, amount: int) -> int:
    """Heal for a move that fails quietly where there is nothing to heal."""
    if heal(b, t, amount, s, c.EFFECT_MOVE, int(b.move.id)) > 0:
        return DONE
    log(b, L_FAIL, t, FAIL_HEAL, 0)
    return QUIET


@kernel
def _sun_factor(b: Any, s: int) -> int:
    """Return in 4096ths what Synthesis and its like heal in this weather."""
    weather = weather_for(b, s)
    if weather == c.SUNNY_DAY or weather == c.DESOLATE_LAND:
        return 2732  # 0.667
    if weather == c.NO_WEATHER or weather == c.DELTA_STREAM:
        return 2048
    return 1024


@kernel
def _swap_items(b: Any, s: int, t: int) -> int:
    """Trick and Switcheroo."""
    mon = b.sides[s].mons[b.sides[s].active]
    target = b.sides[t].mons[b.sides[t].active]
    mine, yours = int(mon.held_item), int(target.held_item)
    if mine == 0 and yours == 0:
        return FAILED
    taken = take_item(b, t, s)
    given = take_item(b, s, s)
    # Neither may stay, or be one that its new owner's species holds fast.
    if (
        taken != yours
        or given != mine
        or (mine and not may_leave(b, t, mine))
        or (yours and not may_leave(b, s, yours))
    ):
        target.held_item = yours
        mon.held_item = mine
        return FAILED
    move = int(b.move.id)
    log_from(b, L_ACTIVATE, s, 0, 0, c.EFFECT_MOVE, M.trick, t)
    if mine:
        set_item(b, t, mine)
        log_from(b, L_ITEM, t, mine, 0, c.EFFECT_MOVE, move, -1)
    else:
        log_from(b, L_END_ITEM, t, yours, ENDED_SILENT, c.EFFECT_MOVE, move, -1)
    if yours:
        set_item(b, s, yours)
        log_from(b, L_ITEM, s, yours, 0, c.EFFECT_MOVE, move, -1)
    else:
        log_from(b, L_END_ITEM, s, mine, ENDED_SILENT, c.EFFECT_MOVE, move, -1)
    return DONE


@kernel
def steal_item(b: Any, s: int, t: int) -> None:
    """Give the user its target's item if it has none (Thief)."""
    mon = b.sides[s].mons[b.sides[s].active]
    target = b.sides[t].mons[b.sides[t].active]
    if mon.held_item:
        return
    stolen = take_item(b, t, s)
    if stolen == 0:
        return
    if not may_leave(b, s, stolen) or not set_item(b, s, stolen):
        target.held_item = stolen
        return
    move = int(b.move.id)
    if move == M.thief:
        log_from(b, L_END_ITEM, t, stolen, ENDED_SILENT, c.EFFECT_MOVE, move, s)
    log_from(b, L_ITEM, s, stolen, 0, c.EFFECT_MOVE, move, t)


@kernel
def _court_change(b: Any) -> int:
    one, two = b.sides[0], b.sides[1]
    done = FAILED
    for k in range(c.NUM_SIDE_CONDITIONS):
        first = int(one.conditions[k])
        if first or two.conditions[k]:
            done = DONE
        one.conditions[k] = two.conditions[k]
        two.conditions[k] = first
    order = int(one.hazard_order)
    one.hazard_order = two.hazard_order
    two.hazard_order = order
    return done


@kernel
def _clear_hazards(b: Any, s: int) -> bool:
    done = False
    for condition in (c.SPIKES, c.TOXIC_SPIKES, c.STEALTH_ROCK, c.STICKY_WEB):
        if remove_side_condition(b, s, condition):
            done = True
            user = int(b.move.side)
            log_from(b, L_SIDE_END, s, condition, 1, c.EFFECT_MOVE, int(b.move.id), user)
    return done


@kernel
def _defog(b: Any, s: int, t: int) -> int:
    done = False
    infiltrates = int(b.move.flag_bits) & c.MOVE_INFILTRATES != 0
    if not has_volatile(b, t, c.V_SUBSTITUTE) or infiltrates:
        done = boost(b, t, stage(c.EVASION, -1), s, c.EFFECT_MOVE, M.defog)
    remove_side_condition(b, t, c.REFLECT)
    remove_side_condition(b, t, c.LIGHT_SCREEN)
    remove_side_condition(b, t, c.AURORA_VEIL)
    remove_side_condition(b, t, c.SAFEGUARD)
    remove_side_condition(b, t, c.MIST)
    done = _clear_hazards(b, t) or done
    done = _clear_hazards(b, s) or done
    clear_terrain(b)
    return DONE if done else FAILED


@kernel
def _heal_bell(b: Any, s: int) -> int:
    side = b.sides[s]
    done = FAILED
    log_from(b, L_ACTIVATE, s, 0, 0, c.EFFECT_MOVE, M.healbell, -1)
    for k in range(int(side.team_size)):
        i = int(side.order[k])
        m = side.mons[i]
        if m.hp > 0 and m.status != c.NO_STATUS:
            log_member(b, L_CURE, s, i, int(m.status), 0)
            cure_member(b, s, i)
            done = DONE
    return done


@kernel
def on_field(b: Any, s: int) -> int:
    """Do what a move for the whole field or a side does by itself (onHitField, onHitSide)."""
    move = int(b.move.id)
    if move == M.haze:
        log(b, L_CLEAR_BOOSTS, s, 1, 0)
        clear_boosts(b, 0)
        clear_boosts(b, 1)
        return NOTHING
    if move == M.courtchange:
        swapped = _court_change(b)
        if swapped == DONE:
            log(b, L_FIELD_ACTIVATE, s, move, 0)
        return swapped
    if move == M.perishsong:
        done, heard = FAILED, False
        for k in range(2):
            m = b.sides[k].mons[b.sides[k].active]
            if m.hp <= 0:
                continue
            a = defence_ability(b, k)
            if k != s and is_semi_invulnerable(b, k):
                log_from(b, L_MISS, s, 0, 0, c.EFFECT_NONE, 0, k)
                done = DONE
            elif k != s and (a == A.soundproof or a == A.goodasgold):
                log_from(b, L_IMMUNE, k, 0, 0, c.EFFECT_ABILITY, a, -1)
                done = DONE
            elif not has_volatile(b, k, c.V_PERISHSONG):
                add_volatile(b, k, c.V_PERISHSONG, s, c.EFFECT_MOVE, move)
                log(b, L_START, k, c.V_PERISHSONG, 1)
                done = DONE
                heard = True
        if heard:
            log(b, L_FIELD_ACTIVATE, s, move, 0)
        return done
    if move == M.teatime:
        drinkers = 0
        for k in range(2):
            m = b.sides[k].mons[b.sides[k].active]
            if m.hp <= 0:
                continue
            if is_semi_invulnerable(b, k):
                log_from(b, L_MISS, s, 0, 0, c.EFFECT_NONE, 0, k)
            elif k != s and defence_ability(b, k) == A.goodasgold:
                log_from(b, L_IMMUNE, k, 0, 0, c.EFFECT_ABILITY, A.goodasgold, -1)
            elif ITEMS[m.held_item].berry:
                drinkers |= 1 << k
        log(b, L_FIELD_ACTIVATE, s, move, 0)
        for k in range(2):
            if drinkers & 1 << k:
                eat_item_by(b, k, True, s)
        if drinkers == 0:
            log(b, L_FAIL, s, FAIL_MOVE, move)
            log(b, L_STILL, s, 0, 0)
        return DONE if drinkers else QUIET
    if move == M.magneticflux:
        a = ability(b, s)
        if a == A.plus or a == A.minus:
            changes = stage(c.DEF, 1) + stage(c.SPD, 1)
            return DONE if boost(b, s, changes, s, c.EFFECT_MOVE, move) else FAILED
        return FAILED
    if move == M.quickguard or move == M.wideguard:
        add_volatile(b, s, c.V_STALL, s, c.EFFECT_MOVE, move)
    return NOTHING


@kernel
def on_hit(b: Any, s: int, t: int) -> int:
    """Do what the move does by itself when it hits (onHit); return its result."""
    move = int(b.move.id)
    row = MOVES[move]
    user, foe = b.sides[s], b.sides[t]
    mon, target = user.mons[user.active], foe.mons[foe.active]
    if row.stalling:
        add_volatile(b, s, c.V_STALL, s, c.EFFECT_MOVE, move)
        return NOTHING
    if move == M.morningsun or move == M.synthesis or move == M.moonlight:
        return _heal_hit(b, s, t, modify(int(mon.max_hp), _sun_factor(b, s)))
    if move == M.shoreup:
        sand = effective_weather(b) == c.SANDSTORM
        return _heal_hit(b, s, t, modify(int(mon.max_hp), 2732 if sand else 2048))
    if move == M.rest:
        if not replace_status(b, t, c.SLP, s, c.EFFECT_MOVE, move):
            roused = has_volatile(b, 0, c.V_UPROAR) or has_volatile(b, 1, c.V_UPROAR)
            return UNSAID if roused or ability(b, t) == A.sweetveil else FAILED
        if target.status == c.SLP:
            target.status_turns = 3
        heal(b, t, int(target.max_hp), s, c.EFFECT_MOVE, move)
        return NOTHING
    if move == M.substitute:
        direct_damage(b, s, fraction(int(mon.max_hp), 4), s, c.EFFECT_MOVE, move)
        return NOTHING
    if move == M.shedtail:
        direct_damage(b, s, (int(mon.max_hp) + 1) // 2, s, c.EFFECT_MOVE, move)
        return NOTHING
    if move == M.trick or move == M.switcheroo:
        return _swap_items(b, s, t)
    if move == M.defog:
        return _defog(b, s, t)
    if move == M.strengthsap:
        if foe.boosts[c.ATK] == -6:
            return FAILED
        attack = get_stat(b, t, c.ATK, False)
        log(b, L_QUIET, s, 1, 0)
        done = boost(b, t, stage(c.ATK, -1), s, c.EFFECT_MOVE, move)
        log(b, L_QUIET, s, 0, 0)
        healed = heal(b, s, attack, t, c.EFFECT_MOVE, move)
        return DONE if healed or done else FAILED
    if move == M.partingshot:
        done = boost(b, t, stage(c.ATK, -1) + stage(c.SPA, -1), s, c.EFFECT_MOVE, move)
        if not done and ability(b, t) != A.mirrorarmor:
            return QUIET  # the caller takes the switch away
        return NOTHING
    if move == M.bellydrum:
        if int(mon.hp) * 2 <= int(mon.max_hp) or user.boosts[c.ATK] >= 6 or mon.max_hp == 1:
            return FAILED
        direct_damage(b, s, fraction(int(mon.max_hp), 2), s, c.EFFECT_MOVE, move)
        boost(b, s, stage(c.ATK, 12), s, c.EFFECT_MOVE, move)
        return NOTHING
    if move == M.clangoroussoul:
        direct_damage(b, s, int(mon.max_hp) * 33 // 100, s, c.EFFECT_MOVE, move)
        return NOTHING
    if move == M.filletaway:
        direct_damage(b, s, fraction(int(mon.max_hp), 2), s, c.EFFECT_MOVE, move)
        return NOTHING
    if move == M.curse:
        if has_type(b, s, c.TYPE_GHOST):
            direct_damage(b, s, fraction(int(mon.max_hp), 2), s, c.EFFECT_MOVE, move)
        return NOTHING
    if move == M.tidyup:
        done = False
        for k in range(2):
            done = remove_volatile(b, k, c.V_SUBSTITUTE) or done
        for k in range(2):
            done = _clear_hazards(b, s if k == 0 else 1 - s) or done
        if done:
            log_from(b, L_ACTIVATE, s, 0, 0, c.EFFECT_MOVE, move, -1)
        log(b, L_QUIET, s, 1, 0)
        changed = boost(b, s, stage(c.ATK, 1) + stage(c.SPE, 1), s, c.EFFECT_MOVE, move)
        log(b, L_QUIET, s, 0, 0)
        return DONE if changed or done else FAILED
    if move == M.takeheart:
        changed = boost(b, s, stage(c.SPA, 1) + stage(c.SPD, 1), s, c.EFFECT_MOVE, move)
        return DONE if cure_status(b, s) or changed else FAILED
    if move == M.junglehealing or move == M.lunarblessing:
        healed = heal(b, t, modify(int(target.max_hp), 1024), s, c.EFFECT_MOVE, move)
        return DONE if cure_status(b, t) or healed else FAILED
    if move == M.healbell:
        return _heal_bell(b, t)
    if move == M.healpulse or move == M.floralhealing:
        amount = (int(target.max_hp) + 1) // 2
        if move == M.healpulse and ability(b, s) == A.megalauncher:
            amount = modify(int(target.max_hp), 3072)
        elif move == M.floralhealing and b.terrain == c.GRASSY_TERRAIN:
            amount = modify(int(target.max_hp), 2732)
        healed = _heal_hit(b, s, t, amount)
        if healed == DONE and s != t:
            make_stale(b, t)
        return healed
    if move == M.swallow:
        layers = max(1, int(user.stockpile_layers))
        factor = 1024 if layers == 1 else (2048 if layers == 2 else 4096)
        healed = heal(b, s, modify(int(mon.max_hp), factor), s, c.EFFECT_MOVE, move)
        if not healed:
            log(b, L_FAIL, s, FAIL_HEAL, 0)
        remove_volatile(b, s, c.V_STOCKPILE)
        return DONE if healed else QUIET
    if move == M.painsplit:
        average = max(1, (int(target.hp) + int(mon.hp)) // 2)
        target.hp = min(average, int(target.max_hp))
        mon.hp = min(average, int(mon.max_hp))
        log(b, L_SET_HP, t, 1, 0)
        log(b, L_SET_HP, s, 0, 0)
        return NOTHING
    if move == M.clearsmog:
        log(b, L_CLEAR_BOOSTS, t, 0, 0)
        clear_boosts(b, t)
        return NOTHING
    if move == M.incinerate:
        if ITEMS[target.held_item].berry or ITEMS[target.held_item].gem:
            gone = take_item(b, t, s)
            if gone:
                log_from(b, L_END_ITEM, t, gone, ENDED_TAKEN, c.EFFECT_MOVE, move, -1)
        return NOTHING
    if move == M.bugbite or move == M.pluck:
        berry = int(target.held_item)
        if mon.hp > 0 and ITEMS[berry].berry and take_item(b, t, s):
            log_from(b, L_END_ITEM, t, berry, ENDED_STOLEN, c.EFFECT_MOVE, move, s)
            if not ITEMS[berry].edible:
                return NOTHING
            eat_effect(b, s, berry, s)
            after_eating(b, s, berry, True, s)
            mon.flag_bits = int(mon.flag_bits) | c.MON_ATE_BERRY
            if berry == I.leppaberry:
                make_stale(b, t)
        return NOTHING
    if move == M.steelroller:
        clear_terrain(b)
        return NOTHING
    if move == M.block or move == M.meanlook:
        return DONE if add_volatile(b, t, c.V_TRAPPED, s, c.EFFECT_MOVE, move) else FAILED
    if move == M.jawlock:
        add_volatile(b, s, c.V_TRAPPED, t, c.EFFECT_MOVE, move)
        add_volatile(b, t, c.V_TRAPPED, s, c.EFFECT_MOVE, move)
        return NOTHING
    if move == M.batonpass:
        if not can_switch(b, s):
            log(b, L_STILL, s, 0, 0)
            log(b, L_FAIL, t, FAIL_PLAIN, 0)
            return QUIET
        return NOTHING
    if move == M.transform:
        return DONE if transform(b, s) else FAILED
    return on_hit_rare(b, s, t, move)


@kernel
def after_hit(b: Any, s: int, t: int, through_substitute: bool) -> None:
    """Do what follows a hit that did damage (onAfterHit, or onAfterSubDamage)."""
    move = int(b.move.id)
    mon = b.sides[s].mons[b.sides[s].active]
    sheer = int(b.move.flag_bits) & c.MOVE_SHEER_FORCE != 0
    if move == M.rapidspin or move == M.mortalspin:
        if not sheer and mon.hp > 0:
            if remove_volatile(b, s, c.V_LEECHSEED):
                log_from(b, L_END, s, c.V_LEECHSEED, 0, c.EFFECT_MOVE, move, s)
            _clear_hazards(b, s)
            remove_volatile(b, s, c.V_PARTIALLYTRAPPED)
    elif move == M.icespinner:
        if mon.hp > 0:
            clear_terrain(b)
    elif move == M.ceaselessedge:
        if not sheer and mon.hp > 0:
            add_side_condition(b, t, c.SPIKES, s)
    elif move == M.stoneaxe:
        if not sheer and mon.hp > 0:
            add_side_condition(b, t, c.STEALTH_ROCK, s)
    elif move == M.steelroller:
        if through_substitute:
            clear_terrain(b)
    elif through_substitute:
        return
    elif move == M.knockoff:
        # takeItem() without a taker: the holder itself
        gone = take_item(b, t, t)
        if gone:
            log_from(b, L_END_ITEM, t, gone, ENDED_TAKEN, c.EFFECT_MOVE, move, s)
    elif move == M.thief or move == M.covet:
        steal_item(b, s, t)


@kernel
def secondary_on_hit(b: Any, s: int, t: int) -> None:
    """Do what a secondary effect does by itself (secondary.onHit)."""
    move = int(b.move.id)
    foe = b.sides[t]
    target = foe.mons[foe.active]
    if move == M.triattack or move == M.direclaw:
        chosen = roll(b, SITE_MOVE, 0, 3)
        if move == M.triattack:
            status = c.BRN if chosen == 0 else (c.PAR if chosen == 1 else c.FRZ)
        else:
            status = c.PSN if chosen == 0 else (c.PAR if chosen == 1 else c.SLP)
        try_status(b, t, status, s, c.EFFECT_MOVE, move)
    elif move == M.alluringvoice:
        if int(foe.flag_bits) & c.SIDE_STATS_RAISED:
            add_volatile(b, t, c.V_CONFUSION, s, c.EFFECT_MOVE, move)
    elif move == M.burningjealousy:
        if int(foe.flag_bits) & c.SIDE_STATS_RAISED:
            try_status(b, t, c.BRN, s, c.EFFECT_MOVE, move)
    elif move == M.sparklingaria:
        b.move.hit = c.CLEANSING_HIT  # it cures after the move, if its user still stands
    elif move == M.throatchop:
        add_volatile(b, t, c.V_THROATCHOP, s, c.EFFECT_MOVE, move)
    elif move == M.spiritshackle:
        add_volatile(b, t, c.V_TRAPPED, s, c.EFFECT_MOVE, move)
    elif move == M.eeriespell:
        if target.hp > 0 and foe.last_move:
            taken = deduct_pp(b, t, int(foe.last_move), 3)
            if taken:
                last = int(foe.last_move)
                log_from(b, L_ACTIVATE_MOVE, t, last, taken, c.EFFECT_MOVE, move, -1)


@kernel
def self_on_hit(b: Any, s: int) -> None:
    """Do what a move does to its user by itself (self.onHit)."""
    move = int(b.move.id)
    side = b.sides[s]
    if move == M.batonpass or move == M.shedtail:
        side.flag_bits = int(side.flag_bits) | c.SIDE_SKIP_BEFORE_SWITCH_OUT
    elif move == M.doubleshock:
        first, second, _ = own_types(b, s)
        if first == c.TYPE_ELECTRIC:
            first = c.TYPE_UNKNOWN
        if second == c.TYPE_ELECTRIC:
            second = c.TYPE_UNKNOWN
        set_type(b, s, first, second)
        log_types(b, s, c.EFFECT_MOVE, move)
    elif move == M.burnup:
        first, second, _ = own_types(b, s)
        if first == c.TYPE_FIRE:
            first = c.TYPE_UNKNOWN
        if second == c.TYPE_FIRE:
            second = c.TYPE_UNKNOWN
        set_type(b, s, first, second)
        log_types(b, s, c.EFFECT_MOVE, move)


@kernel
def fling_effect(b: Any, s: int, t: int, held: int) -> None:
    """Do what a flung item does to the one that it hits."""
    if ITEMS[held].edible:
        eat_effect(b, t, held, s)
        after_eating(b, t, held, False, s)
        target = b.sides[t].mons[b.sides[t].active]
        target.flag_bits = int(target.flag_bits) | c.MON_ATE_BERRY
        if held == I.leppaberry:
            make_stale(b, t)
    elif held == I.mentalherb:
        free_mind(b, t)
    elif held == I.whiteherb:
        lowered = False
        for k in range(7):
            lowered = lowered or int(b.sides[t].boosts[k]) < 0
            b.sides[t].boosts[k] = max(0, int(b.sides[t].boosts[k]))
        if lowered:
            log(b, L_CLEAR_BOOSTS, t, 2, 0)
