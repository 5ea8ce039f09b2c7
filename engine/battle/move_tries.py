"""Conditions for using a move: Showdown's events TryMove, Try, PrepareHit and TryImmunity.

``s`` is the side of the user of ``b.move``, ``t`` that of its target (``t == s`` for moves on the
user itself).
"""

from typing import Any

import plywise.engine.battle.ability_ids as A
import plywise.engine.battle.item_ids as I
import plywise.engine.battle.move_ids as M
import plywise.engine.battle.species_ids as S
from plywise.engine.battle import constants as c
from plywise.engine.battle.action_queue import bring_round_forward
from plywise.engine.battle.chance import SITE_STALL, chance
from plywise.engine.battle.conditions import (
    add_volatile,
    remove_side_condition,
    type_immunity,
)
from plywise.engine.battle.event_ties import NO_SOURCE, TRY_MOVE, first_holders
from plywise.engine.battle.formes import forme_change
from plywise.engine.battle.items import after_eating
from plywise.engine.battle.log_conditions import log_types
from plywise.engine.battle.log_events import (
    CANT_ABILITY,
    FAIL_MOVE,
    FAIL_PLAIN,
    FAIL_WEAK,
    FAIL_WEATHER,
    L_ACTIVATE,
    L_ANIM,
    L_BLOCK,
    L_CANT,
    L_CURE,
    L_FAIL,
    L_NOTHING,
    L_PREPARE,
    L_REPEAT,
    L_START,
    L_STILL,
    START_FUTURE,
    log,
    log_from,
    logged,
)
from plywise.engine.battle.ops import boost, can_switch, may_take_item, pack_boosts, stage, use_item
from plywise.engine.battle.pseudo_weathers import add_pseudo_weather
from plywise.engine.battle.queue_entries import NO_ENTRY, find_move, queued_kind
from plywise.engine.battle.results import DONE, FAILED, QUIET
from plywise.engine.battle.stats import (
    ability,
    defence_ability,
    drop_volatile,
    effective_weather,
    has_type,
    has_volatile,
    holds_ability_shield,
    item,
    may_change_type,
    put_volatile,
    types_of,
    weather_for,
)
from plywise.engine.battle.tables import (
    ABILITIES,
    F_CHARGE,
    F_FUTURE,
    F_NO_PARENTAL_BOND,
    F_POWDER,
    IMMUNE_POWDER,
    IMMUNE_PRANKSTER,
    ITEMS,
    MOVES,
    SPECIES,
    TARGET_ALL,
    TARGET_FOE_SIDE,
)
from plywise.engine.battle.ties import even
from plywise.engine.compile.jit import kernel


@kernel
def queued_move(b: Any, s: int) -> int:
    """Return the move that the active Pokémon of ``s`` has in the queue, or 0."""
    k = find_move(b, s)
    return int(b.queue[k].move) if k != NO_ENTRY else 0


@kernel
def will_act(b: Any) -> bool:
    """Return whether a move or a switch is still in the queue this turn."""
    for k in range(int(b.queue_length)):
        kind = queued_kind(b, k)
        if kind == c.QUEUE_MOVE or kind == c.QUEUE_SWITCH or kind == c.QUEUE_INSTASWITCH:
            return True
    return False


@kernel
def change_own_type(b: Any, s: int) -> None:
    """Change the user's type to the move's with Protean or Libero (event PrepareHit)."""
    side = b.sides[s]
    a = ability(b, s)
    if a != A.protean and a != A.libero:
        return
    move = int(b.move.id)
    kind = int(b.move.type)
    row = MOVES[move]
    if (
        int(side.ability_flags) & c.ABILITY_TYPE_CHANGED
        or int(b.move.flag_bits) & c.MOVE_BOUNCED
        or int(row.move_flags) & F_FUTURE
        or row.calls_move
        or kind == c.TYPE_NONE
        or kind == c.TYPE_UNKNOWN
    ):
        return
    first, second, third = types_of(b, s)
    if first == kind and second == c.TYPE_NONE and third == c.TYPE_NONE:
        return
    if not may_change_type(b, s):
        return
    side.types[0] = kind
    side.types[1] = c.TYPE_NONE
    side.added_type = c.TYPE_NONE
    side.ability_flags = int(side.ability_flags) | c.ABILITY_TYPE_CHANGED
    side.flag_bits = int(side.flag_bits) & ~c.SIDE_TYPES_UNSEEN
    log_types(b, s, c.EFFECT_ABILITY, a)


@kernel
def _log_at_once(b: Any, s: int, move: int) -> None:
    """Log that a two-turn move needs no second turn."""
    log(b, L_STILL, s, 0, 0)
    log_from(b, L_REPEAT, s, move, 0, c.EFFECT_NONE, 0, 1 - s)


@kernel
def _charges(b: Any, s: int, move: int) -> bool:
    """Return whether a two-turn move only charges now, and begin the charge."""
    side = b.sides[s]
    mon = side.mons[side.active]
    if has_volatile(b, s, c.V_TWOTURNMOVE) and int(side.two_turn_move) == move:
        # The turn of the attack: it comes down, but stays locked until the end of the turn.
        drop_volatile(b, s, c.V_FLY)
        drop_volatile(b, s, c.V_BOUNCE)
        drop_volatile(b, s, c.V_DIG)
        drop_volatile(b, s, c.V_DIVE)
        drop_volatile(b, s, c.V_PHANTOMFORCE)
        drop_volatile(b, s, c.V_SHADOWFORCE)
        return False
    if move == M.dive and ability(b, s) == A.gulpmissile and int(mon.species) == S.cramorant:
        if int(mon.flag_bits) & c.MON_TRANSFORMED == 0:
            low = int(mon.hp) * 2 <= int(mon.max_hp)
            forme_change(b, s, S.cramorantgorging if low else S.cramorantgulping, False)
    log(b, L_PREPARE, s, move, 0)
    weather = weather_for(b, s)
    if move == M.meteorbeam or move == M.electroshot:
        boost(b, s, stage(c.SPA, 1), s, c.EFFECT_MOVE, move)
        if move == M.electroshot and (weather == c.RAIN_DANCE or weather == c.PRIMORDIAL_SEA):
            _log_at_once(b, s, move)
            return False
    elif move == M.solarbeam or move == M.solarblade:
        if weather == c.SUNNY_DAY or weather == c.DESOLATE_LAND:
            _log_at_once(b, s, move)
            return False
    if item(b, s) == I.powerherb and use_item(b, s):
        _log_at_once(b, s, move)
        return False
    add_volatile(b, s, c.V_TWOTURNMOVE, s, c.EFFECT_MOVE, move)
    change_own_type(b, s)
    return True


@kernel
def try_move(b: Any, s: int, t: int) -> int:
    """Return DONE if the move goes on, FAILED or QUIET (Showdown's null): the event TryMove."""
    move = int(b.move.id)
    row = MOVES[move]
    status = int(b.move.category) == c.CATEGORY_STATUS
    if int(row.move_flags) & F_CHARGE:
        if _charges(b, s, move):
            return QUIET
    elif move == M.doubleshock or move == M.burnup:
        if not has_type(b, s, c.TYPE_ELECTRIC if move == M.doubleshock else c.TYPE_FIRE):
            log(b, L_FAIL, s, FAIL_MOVE, move)
            log(b, L_STILL, s, 0, 0)
            return QUIET
    elif move == M.echoedvoice:
        add_pseudo_weather(b, c.ECHOED_VOICE, s)
    first = s
    if even(b):
        first = first_holders(b, TRY_MOVE, s, NO_SOURCE) & 1
    weather = effective_weather(b)
    if not status:
        kind = int(b.move.type)
        if (weather == c.DESOLATE_LAND and kind == c.TYPE_WATER) or (
            weather == c.PRIMORDIAL_SEA and kind == c.TYPE_FIRE
        ):
            log_from(b, L_FAIL, s, FAIL_WEATHER, move, c.EFFECT_WEATHER, weather, -1)
            log(b, L_STILL, s, 0, 0)
            return QUIET
    target = int(row.target)
    if b.move.priority > 0 and (t != s or target == TARGET_ALL) and target != TARGET_FOE_SIDE:
        if target != TARGET_ALL or move == M.perishsong:
            a = defence_ability(b, 1 - s)
            if a == A.dazzling or a == A.queenlymajesty or a == A.armortail:
                log(b, L_STILL, s, 0, 0)
                log_from(b, L_CANT, 1 - s, CANT_ABILITY, move, c.EFFECT_ABILITY, a, s)
                return FAILED
    if move == M.explosion or move == M.selfdestruct or move == M.mistyexplosion:
        if ability(b, s) == A.damp or defence_ability(b, 1 - s) == A.damp:
            both = ability(b, s) == A.damp and defence_ability(b, 1 - s) == A.damp
            holder = s if ability(b, s) == A.damp else 1 - s
            if both:
                faster = 0 if int(b.sides[0].speed) > int(b.sides[1].speed) else 1
                level = int(b.sides[0].speed) == int(b.sides[1].speed)
                holder = first if level else faster
            log(b, L_STILL, s, 0, 0)
            log_from(b, L_CANT, holder, CANT_ABILITY, move, c.EFFECT_ABILITY, A.damp, s)
            return FAILED
    if has_volatile(b, s, c.V_METRONOME):
        _count_metronome(b, s, move)
    return DONE


@kernel
def _count_metronome(b: Any, s: int, move: int) -> None:
    """Count uses of the same move in a row for the item Metronome."""
    side = b.sides[s]
    if item(b, s) != I.metronome:
        drop_volatile(b, s, c.V_METRONOME)
        return
    if MOVES[move].calls_move:
        return
    last = side.move_last_turn_result
    worked = last != c.RESULT_FALSE and last != c.RESULT_NULL and last != c.RESULT_UNDEFINED
    if int(side.metronome_move) == move and worked:
        side.metronome_count = min(int(side.metronome_count) + 1, 200)
    elif has_volatile(b, s, c.V_TWOTURNMOVE):
        if int(side.metronome_move) != move:
            side.metronome_count = 1
        else:
            side.metronome_count = min(int(side.metronome_count) + 1, 200)
    else:
        side.metronome_count = 0
    side.metronome_move = move


@kernel
def _stall(b: Any, s: int) -> bool:
    """Return whether Protect and its like work this time; a failure ends the row."""
    if not will_act(b):
        return False
    if not has_volatile(b, s, c.V_STALL):
        return True
    counter = 1
    for _ in range(int(b.sides[s].stall_counter)):
        counter *= 3
    if chance(b, SITE_STALL, 1, counter):
        return True
    drop_volatile(b, s, c.V_STALL)
    return False


@kernel
def _log_animation(b: Any, s: int, move: int) -> None:
    """Log which of a move's animations plays, if it has several."""
    mon = b.sides[s].mons[b.sides[s].active]
    if move == M.terablast:
        if int(mon.flag_bits) & c.MON_TERASTALLIZED:
            log(b, L_ANIM, s, move, int(mon.tera_type))
    elif move == M.ivycudgel:
        if int(b.move.type) != c.TYPE_GRASS:
            log(b, L_ANIM, s, move, int(b.move.type))
    elif move == M.shellsidearm:
        log(b, L_ANIM, s, move, int(b.move.category))


@kernel
def _ally_switch(b: Any, s: int) -> bool:
    """Return whether Ally Switch, which does nothing in singles, may be used again."""
    side = b.sides[s]
    streak = 1
    if has_volatile(b, s, c.V_ALLYSWITCH):
        streak = int(side.ally_switch) & 15
        counter = 1
        for _ in range(streak):
            counter *= 3
        if not chance(b, SITE_STALL, 1, counter):
            drop_volatile(b, s, c.V_ALLYSWITCH)
            side.ally_switch = 0
            return False
        streak = min(6, streak + 1)
    elif side.mons[side.active].hp <= 0:
        return False
    side.ally_switch = 2 << 4 | streak
    put_volatile(b, s, c.V_ALLYSWITCH)
    return True


@kernel
def try_use(b: Any, s: int, t: int) -> int:
    """Return DONE if the move goes on, FAILED, or QUIET: the events Try and PrepareHit.

    QUIET is Showdown's NOT_FAIL: the move ends here and counts as a success (Future Sight).
    """
    move = int(b.move.id)
    row = MOVES[move]
    side = b.sides[s]
    foe = b.sides[t]
    mon = side.mons[side.active]
    target = foe.mons[foe.active]
    if row.stalling:
        if not _stall(b, s):
            return FAILED
    elif move == M.suckerpunch or move == M.thunderclap:
        coming = queued_move(b, t)
        if coming == 0 or MOVES[coming].category == c.CATEGORY_STATUS:
            return FAILED
        if has_volatile(b, t, c.V_MUSTRECHARGE):
            return FAILED
    elif move == M.upperhand:
        coming = queued_move(b, t)
        if coming == 0 or MOVES[coming].category == c.CATEGORY_STATUS:
            return FAILED
        if queued_priority(b, t) <= 0:
            return FAILED
    elif move == M.fakeout or move == M.firstimpression:
        if side.active_move_actions > 1:
            return FAILED
    elif move == M.poltergeist:
        if target.held_item == 0:
            return FAILED
    elif move == M.futuresight or move == M.doomdesire:
        if foe.future_duration:
            return FAILED
        # Showdown's count of turns overflows: from turn 255 on none ever comes down.
        foe.future_duration = 3 if int(b.turn) < 255 else c.NEVER
        foe.future_move = move
        foe.future_source = 1 + int(side.active)
        log_from(b, L_START, s, START_FUTURE, 0, c.EFFECT_MOVE, move, -1)
        return QUIET
    elif move == M.rest:
        a = ability(b, s)
        if mon.status == c.SLP or a == A.comatose or mon.hp == mon.max_hp:
            return FAILED
        if a == A.insomnia or a == A.vitalspirit:
            return FAILED
    elif move == M.sleeptalk or move == M.snore:
        if mon.status != c.SLP and ability(b, s) != A.comatose:
            return FAILED
    elif move == M.auroraveil:
        weather = effective_weather(b)
        if weather != c.SNOWSCAPE and weather != c.HAIL:
            return FAILED
    elif move == M.clangoroussoul:
        if int(mon.hp) * 100 <= int(mon.max_hp) * 33 or mon.max_hp == 1:
            return FAILED
    elif move == M.filletaway:
        if int(mon.hp) * 2 <= int(mon.max_hp) or mon.max_hp == 1:
            return FAILED
    elif move == M.counter or move == M.mirrorcoat:
        if side.counter_damage == 0:
            return FAILED
    elif move == M.comeuppance or move == M.metalburst:
        if int(side.flag_bits) & c.SIDE_ATTACKED_THIS_TURN == 0:
            return FAILED
    elif move == M.aurawheel:
        if int(SPECIES[mon.species].base_species) != S.morpeko:
            return FAILED
    elif move == M.hyperspacefury:
        if int(mon.species) != S.hoopaunbound:
            return FAILED
    elif move == M.darkvoid:
        if int(SPECIES[mon.species].base_species) != S.darkrai:
            if int(b.move.flag_bits) & c.MOVE_BOUNCED == 0:
                return FAILED
    elif move == M.round:
        bring_round_forward(b)
    elif move == M.belch:
        if int(mon.flag_bits) & c.MON_ATE_BERRY == 0:
            return FAILED
    elif move == M.lastresort:
        known, used, has_it = 0, 0, False
        for k in range(4):
            if mon.moves[k]:
                known += 1
                if mon.moves[k] == move:
                    has_it = True
                elif (int(side.used_moves) >> k) & 1:
                    used += 1
        if not has_it or known < 2 or used < known - 1:
            return FAILED
    elif move == M.stockpile:
        if has_volatile(b, s, c.V_STOCKPILE) and side.stockpile_layers >= 3:
            return FAILED
    elif move == M.spitup or move == M.swallow:
        if not has_volatile(b, s, c.V_STOCKPILE):
            return FAILED
    elif move == M.steelroller:
        if b.terrain == c.NO_TERRAIN:
            return FAILED
    elif move == M.stuffcheeks:
        if not ITEMS[mon.held_item].berry:
            return FAILED
    elif move == M.teleport:
        if not can_switch(b, s):
            return FAILED
    elif move == M.noretreat:
        if has_volatile(b, s, c.V_NORETREAT):
            return FAILED
    elif move == M.magnetrise:
        if has_volatile(b, s, c.V_SMACKDOWN) or has_volatile(b, s, c.V_INGRAIN):
            return FAILED
        if b.pseudo_weather[c.GRAVITY]:
            return FAILED
    elif move == M.splash:
        if b.pseudo_weather[c.GRAVITY]:
            return FAILED
    elif move == M.quickguard or move == M.wideguard:
        if not will_act(b):
            return FAILED
    elif move == M.followme or move == M.ragepowder:
        return FAILED
    elif move == M.destinybond:
        if has_volatile(b, s, c.V_DESTINYBOND):
            drop_volatile(b, s, c.V_DESTINYBOND)
            return FAILED
    elif move == M.allyswitch:
        if not _ally_switch(b, s):
            return FAILED
    elif move == M.fling:
        held = int(mon.held_item)
        if item(b, s) == 0 or ability(b, s) == A.klutz or not may_take_item(b, s, s):
            return FAILED
        if ITEMS[held].fling_power == 0:
            return FAILED
        b.move.base_power = ITEMS[held].fling_power
        put_volatile(b, s, c.V_FLING)
        if ITEMS[held].berry and ability(b, s) == A.cudchew:
            after_eating(b, s, held, False, s)
    if logged(b):
        _log_animation(b, s, move)
    change_own_type(b, s)
    if ability(b, s) == A.parentalbond:
        if (
            int(b.move.category) != c.CATEGORY_STATUS
            and row.hits_max == 0
            and int(row.move_flags) & (F_NO_PARENTAL_BOND | F_CHARGE | F_FUTURE) == 0
        ):
            b.move.flag_bits = int(b.move.flag_bits) | c.MOVE_PARENTAL_BOND
    return DONE


@kernel
def queued_priority(b: Any, s: int) -> int:
    """Return the priority (whole stages) of the move that ``s`` has in the queue."""
    k = find_move(b, s)
    if k == NO_ENTRY:
        return 0
    return (int(b.queue[k].priority) - int(b.queue[k].fractional)) // 10


@kernel
def try_immunity(b: Any, s: int, t: int) -> bool:
    """Return whether the target can be affected: powder, TryImmunity, Prankster."""
    move = int(b.move.id)
    row = MOVES[move]
    side = b.sides[s]
    foe = b.sides[t]
    mon = side.mons[side.active]
    target = foe.mons[foe.active]
    if int(row.move_flags) & F_POWDER and t != s and type_immunity(b, t) & IMMUNE_POWDER:
        return False
    if move == M.leechseed:
        if has_type(b, t, c.TYPE_GRASS):
            return False
    elif move == M.dreameater:
        if target.status != c.SLP and ability(b, t) != A.comatose:
            return False
    elif move == M.trick or move == M.switcheroo:
        if ability(b, t) == A.stickyhold:
            return False
    elif move == M.attract:
        mine, theirs = int(mon.flag_bits) & c.MON_GENDER, int(target.flag_bits) & c.MON_GENDER
        if mine == 0 or theirs == 0 or mine == theirs:
            return False
    elif move == M.endeavor:
        if mon.hp >= target.hp:
            return False
    elif move == M.worryseed:
        if target.ability == A.truant or target.ability == A.insomnia:
            return False
    if (
        int(b.move.flag_bits) & c.MOVE_PRANKSTER
        and t != s
        and ability(b, s) == A.prankster
        and type_immunity(b, t) & IMMUNE_PRANKSTER
    ):
        return False
    return True


@kernel
def _log_failed(b: Any, s: int) -> None:
    log(b, L_FAIL, s, FAIL_PLAIN, 0)
    log(b, L_STILL, s, 0, 0)


@kernel
def own_try_hit(b: Any, s: int, t: int) -> bool:
    """Return whether the move goes on at its own onTryHit, which may act already."""
    move = int(b.move.id)
    side = b.sides[s]
    foe = b.sides[t]
    mon = side.mons[side.active]
    target = foe.mons[foe.active]
    if move == M.poltergeist:
        log_from(b, L_ACTIVATE, t, 0, int(target.held_item), c.EFFECT_MOVE, move, -1)
    if move == M.brickbreak or move == M.psychicfangs or move == M.ragingbull:
        remove_side_condition(b, t, c.REFLECT)
        remove_side_condition(b, t, c.LIGHT_SCREEN)
        remove_side_condition(b, t, c.AURORA_VEIL)
    elif move == M.substitute:
        if has_volatile(b, s, c.V_SUBSTITUTE):
            log(b, L_FAIL, s, FAIL_MOVE, move)
            return False
        if int(mon.hp) * 4 <= int(mon.max_hp) or mon.max_hp == 1:
            log(b, L_FAIL, s, FAIL_WEAK, move)
            return False
    elif move == M.shedtail:
        half = (int(mon.max_hp) + 1) // 2
        if not can_switch(b, s):
            log(b, L_FAIL, s, FAIL_PLAIN, 0)
            return False
        if has_volatile(b, s, c.V_SUBSTITUTE):
            log(b, L_FAIL, s, FAIL_MOVE, move)
            return False
        if mon.hp <= half:
            log(b, L_FAIL, s, FAIL_WEAK, move)
            return False
    elif move == M.healingwish or move == M.lunardance:
        if not can_switch(b, s):
            log(b, L_STILL, s, 0, 0)
            log(b, L_FAIL, s, FAIL_PLAIN, 0)
            return False
    elif move == M.revivalblessing:
        for k in range(int(side.team_size)):
            if int(side.mons[k].flag_bits) & c.MON_FAINTED:
                return True
        _log_failed(b, s)
        return False
    elif move == M.yawn:
        # runStatusImmunity("slp"): no type is immune to sleep
        if target.status != c.NO_STATUS:
            _log_failed(b, s)
            return False
    elif move == M.clangoroussoul or move == M.filletaway:
        if not boost(b, s, pack_boosts(MOVES[move].boosts), s, c.EFFECT_MOVE, move):
            return False
    elif move == M.curse:
        if has_type(b, s, c.TYPE_GHOST) and has_volatile(b, t, c.V_CURSE):
            _log_failed(b, s)
            return False
    elif move == M.disable:
        if foe.last_move == 0 or foe.last_move == M.struggle:
            _log_failed(b, s)
            return False
    elif move == M.lockon:
        if has_volatile(b, s, c.V_LOCKON):
            _log_failed(b, s)
            return False
    elif move == M.gastroacid:
        if ABILITIES[target.ability].cant_suppress:
            _log_failed(b, s)
            return False
        if holds_ability_shield(b, t):
            log_from(b, L_BLOCK, t, 0, 0, c.EFFECT_ITEM, I.abilityshield, -1)
            return False
    elif move == M.entrainment:
        if (
            target.ability == mon.ability
            or ABILITIES[target.ability].cant_suppress
            or target.ability == A.truant
            or ABILITIES[mon.ability].no_entrain
        ):
            _log_failed(b, s)
            return False
    elif move == M.roleplay:
        if (
            target.ability == mon.ability
            or ABILITIES[target.ability].fail_role_play
            or ABILITIES[mon.ability].cant_suppress
        ):
            _log_failed(b, s)
            return False
    elif move == M.simplebeam:
        if (
            ABILITIES[target.ability].cant_suppress
            or target.ability == A.simple
            or target.ability == A.truant
        ):
            _log_failed(b, s)
            return False
    elif move == M.worryseed:
        if ABILITIES[target.ability].cant_suppress:
            _log_failed(b, s)
            return False
    elif move == M.splash:
        log(b, L_NOTHING, s, 0, 0)
    elif move == M.celebrate:
        log_from(b, L_ACTIVATE, t, 0, 0, c.EFFECT_MOVE, move, -1)
    elif move == M.uproar:
        for j in range(2):
            k = t if j == 0 else 1 - t
            m = b.sides[k].mons[b.sides[k].active]
            if m.status == c.SLP and m.hp > 0:
                log(b, L_CURE, k, c.SLP, 0)
                m.status = c.NO_STATUS
                m.status_turns = 0
    return True
