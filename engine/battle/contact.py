"""Reactions to a hit: the events DamagingHit, Hit, AfterMoveSecondary and the like.

``s`` is the side of the user of ``b.move``, ``t`` that of the Pokémon that was hit.
"""

from typing import Any

import plywise.engine.battle.ability_ids as A
import plywise.engine.battle.item_ids as I
import plywise.engine.battle.move_ids as M
import plywise.engine.battle.species_ids as S
from plywise.engine.battle import constants as c
from plywise.engine.battle.abilities import (
    set_ability,
    shields_block_swap,
    start_ability,
    swap_abilities,
)
from plywise.engine.battle.chance import SITE_ABILITY, chance, roll
from plywise.engine.battle.conditions import (
    add_side_condition,
    add_volatile,
    cure_status,
    immunity_ties,
    is_semi_invulnerable,
    type_immunity,
)
from plywise.engine.battle.field import set_terrain, set_weather
from plywise.engine.battle.formes import forme_change
from plywise.engine.battle.items import eat_item, set_item, try_status
from plywise.engine.battle.log_conditions import log_types
from plywise.engine.battle.log_events import (
    ENDED_SILENT,
    L_ABILITY,
    L_ACTIVATE,
    L_END_ITEM,
    L_IMMUNE,
    L_ITEM,
    L_REVEAL,
    log,
    log_from,
    logged,
)
from plywise.engine.battle.ops import (
    boost,
    can_switch,
    damage,
    fraction,
    heal,
    lose_item,
    stage,
    take_item,
    use_item,
)
from plywise.engine.battle.stats import (
    ability,
    defence_ability,
    has_type,
    has_volatile,
    item,
    may_change_type,
)
from plywise.engine.battle.tables import (
    ABILITIES,
    F_FUTURE,
    F_SOUND,
    F_WIND,
    IMMUNE_POWDER,
    MOVES,
)
from plywise.engine.battle.ties import user_is_away
from plywise.engine.compile.jit import kernel


@kernel
def makes_contact(b: Any, s: int) -> bool:
    """Return whether the move of side ``s`` makes contact (Protective Pads prevent it)."""
    return int(b.move.flag_bits) & c.MOVE_CONTACT != 0 and item(b, s) != I.protectivepads


@kernel
def powder_immune(b: Any, s: int) -> bool:
    """Return whether powder does nothing to the active of ``s``: type, Overcoat or Goggles."""
    if type_immunity(b, s) & IMMUNE_POWDER != 0:
        return True
    immunity_ties(b, s)
    return ability(b, s) == A.overcoat or item(b, s) == I.safetygoggles


@kernel
def _log_pads(b: Any, s: int, t: int, a: int) -> None:
    """Log Protective Pads where they keep ability ``a`` of the target from answering."""
    user, target = b.sides[s], b.sides[t]
    if int(b.move.flag_bits) & c.MOVE_CONTACT == 0 or item(b, s) != I.protectivepads:
        return
    theirs = int(user.mons[user.active].ability)
    if (
        (a == A.aftermath and target.mons[target.active].hp <= 0)
        or a == A.gooey
        or a == A.tanglinghair
        or a == A.ironbarbs
        or a == A.roughskin
        or (
            (a == A.mummy or a == A.lingeringaroma)
            and theirs != a
            and not ABILITIES[theirs].cant_suppress
        )
    ):
        log_from(b, L_ACTIVATE, t, 0, 0, c.EFFECT_ABILITY, a, -1)
        log_from(b, L_ACTIVATE, s, 0, 0, c.EFFECT_ITEM, I.protectivepads, -1)


@kernel
def damaging_hit(b: Any, s: int, t: int, lost: int) -> None:
    """Run all reactions to a hit that did ``lost`` HP of damage (DamagingHit)."""
    user, hit = b.sides[s], b.sides[t]
    mon, target = user.mons[user.active], hit.mons[hit.active]
    move = int(b.move.id)
    kind = int(b.move.type)
    flags = int(MOVES[move].move_flags)
    physical = int(b.move.category) == c.CATEGORY_PHYSICAL
    contact = makes_contact(b, s)
    a = ability(b, t)
    if ABILITIES[a].breakable:
        a = defence_ability(b, t)
    held = item(b, t)
    if logged(b):
        _log_pads(b, s, t, a)
    # order 1
    if a == A.roughskin or a == A.ironbarbs:
        if contact:
            damage(b, s, fraction(int(mon.max_hp), 8), t, c.EFFECT_ABILITY, a)
    elif a == A.aftermath:
        if target.hp <= 0 and contact:
            damage(b, s, fraction(int(mon.max_hp), 4), t, c.EFFECT_ABILITY, a)
    elif a == A.innardsout:
        if target.hp <= 0 and not user_is_away(b):
            damage(b, s, lost + int(b.move.total_damage), t, c.EFFECT_ABILITY, a)
    elif a == A.electromorphosis:
        add_volatile(b, t, c.V_CHARGE, t, c.EFFECT_ABILITY, a)
    elif a == A.windpower:
        if flags & F_WIND:
            add_volatile(b, t, c.V_CHARGE, t, c.EFFECT_ABILITY, a)
    # order 2
    if held == I.rockyhelmet and contact:
        damage(b, s, fraction(int(mon.max_hp), 6), t, c.EFFECT_ITEM, held)
    # the rest: status and volatiles
    if target.status == c.FRZ and kind == c.TYPE_FIRE:
        cure_status(b, t)
    if has_volatile(b, t, c.V_COUNTER) and physical:
        hit.counter_damage = 2 * lost
    if has_volatile(b, t, c.V_MIRRORCOAT) and not physical:
        hit.counter_damage = 2 * lost
    if a:
        _ability_answers(b, s, t, a, contact)
    # items
    if held:
        if held == I.airballoon:
            lose_item(b, t)
        elif held == I.absorbbulb or held == I.luminousmoss:
            if kind == c.TYPE_WATER:
                use_item(b, t)
        elif held == I.cellbattery:
            if kind == c.TYPE_ELECTRIC:
                use_item(b, t)
        elif held == I.snowball:
            if kind == c.TYPE_ICE:
                use_item(b, t)
        elif held == I.weaknesspolicy:
            if b.move.type_mod > 0 and not MOVES[move].level_damage:
                use_item(b, t)
        elif held == I.jabocaberry or held == I.rowapberry:
            if physical == (held == I.jabocaberry) and mon.hp > 0 and not user_is_away(b):
                if ability(b, s) != A.magicguard:
                    part = 4 if ability(b, t) == A.ripen else 8
                    if eat_item(b, t, False):
                        damage(b, s, fraction(int(mon.max_hp), part), t, c.EFFECT_ITEM, held)
    # the user's
    mine = ability(b, s)
    if (mine == A.poisontouch or mine == A.toxicchain) and not user_is_away(b):
        if defence_ability(b, t) != A.shielddust and item(b, t) != I.covertcloak:
            if mine == A.toxicchain:
                if chance(b, SITE_ABILITY, 3, 10):
                    try_status(b, t, c.TOX, s, c.EFFECT_ABILITY, mine)
            elif makes_contact(b, t):  # so Showdown: it asks for the target's Protective Pads
                if chance(b, SITE_ABILITY, 3, 10):
                    try_status(b, t, c.PSN, s, c.EFFECT_ABILITY, mine)


@kernel
def _ability_answers(b: Any, s: int, t: int, a: int, contact: bool) -> None:
    """Run the reaction of ability ``a`` of the target (DamagingHit without an order)."""
    user, hit = b.sides[s], b.sides[t]
    mon, target = user.mons[user.active], hit.mons[hit.active]
    move = int(b.move.id)
    kind = int(b.move.type)
    flags = int(MOVES[move].move_flags)
    physical = int(b.move.category) == c.CATEGORY_PHYSICAL
    if a == A.static or a == A.flamebody or a == A.poisonpoint:
        if contact and chance(b, SITE_ABILITY, 3, 10):
            status = c.PAR if a == A.static else (c.BRN if a == A.flamebody else c.PSN)
            try_status(b, s, status, t, c.EFFECT_ABILITY, a)
    elif a == A.effectspore:
        if contact and not powder_immune(b, s):
            r = roll(b, SITE_ABILITY, 0, 100)
            if r < 11:
                try_status(b, s, c.SLP, t, c.EFFECT_ABILITY, a)
            elif r < 21:
                try_status(b, s, c.PAR, t, c.EFFECT_ABILITY, a)
            elif r < 30:
                try_status(b, s, c.PSN, t, c.EFFECT_ABILITY, a)
    elif a == A.cutecharm:
        if contact and chance(b, SITE_ABILITY, 3, 10):
            add_volatile(b, s, c.V_ATTRACT, t, c.EFFECT_ABILITY, a)
    elif a == A.cursedbody:
        if not has_volatile(b, s, c.V_DISABLE) and flags & F_FUTURE == 0 and move != M.struggle:
            if chance(b, SITE_ABILITY, 3, 10):
                add_volatile(b, s, c.V_DISABLE, t, c.EFFECT_ABILITY, a)
    elif a == A.stamina:
        boost(b, t, stage(c.DEF, 1), t, c.EFFECT_ABILITY, a)
    elif a == A.weakarmor:
        if physical:
            boost(b, t, stage(c.DEF, -1) + stage(c.SPE, 2), t, c.EFFECT_ABILITY, a)
    elif a == A.justified:
        if kind == c.TYPE_DARK:
            boost(b, t, stage(c.ATK, 1), t, c.EFFECT_ABILITY, a)
    elif a == A.rattled:
        if kind == c.TYPE_DARK or kind == c.TYPE_BUG or kind == c.TYPE_GHOST:
            boost(b, t, stage(c.SPE, 1), t, c.EFFECT_ABILITY, a)
    elif a == A.thermalexchange:
        if kind == c.TYPE_FIRE:
            boost(b, t, stage(c.ATK, 1), t, c.EFFECT_ABILITY, a)
    elif a == A.watercompaction:
        if kind == c.TYPE_WATER:
            boost(b, t, stage(c.DEF, 2), t, c.EFFECT_ABILITY, a)
    elif a == A.steamengine:
        if kind == c.TYPE_WATER or kind == c.TYPE_FIRE:
            boost(b, t, stage(c.SPE, 6), t, c.EFFECT_ABILITY, a)
    elif a == A.gooey or a == A.tanglinghair:
        if contact:
            log(b, L_ABILITY, t, a, 0)
            boost(b, s, stage(c.SPE, -1), t, c.EFFECT_ABILITY, a)
    elif a == A.cottondown:
        if int(mon.flag_bits) & c.MON_FAINTED == 0:
            log(b, L_ABILITY, t, a, 0)
            boost(b, s, stage(c.SPE, -1), t, c.EFFECT_ABILITY, a)
    elif a == A.sandspit:
        set_weather(b, c.SANDSTORM, t)
    elif a == A.seedsower:
        set_terrain(b, c.GRASSY_TERRAIN, t)
    elif a == A.toxicdebris:
        if physical and int(b.sides[s].conditions[c.TOXIC_SPIKES]) < 2:
            log_from(b, L_ACTIVATE, t, 0, 0, c.EFFECT_ABILITY, a, -1)
            add_side_condition(b, s, c.TOXIC_SPIKES, t)
    elif a == A.mummy or a == A.lingeringaroma:
        theirs = int(mon.ability)
        if contact and theirs != a and not ABILITIES[theirs].cant_suppress:
            set_ability(b, s, a, t, c.EFFECT_ABILITY, a)
    elif a == A.wanderingspirit:
        theirs = int(mon.ability)
        if (
            contact
            and int(mon.flag_bits) & c.MON_FAINTED == 0  # one of them may be about to faint
            and int(target.flag_bits) & c.MON_FAINTED == 0
            and not ABILITIES[theirs].fail_skill_swap
            and not shields_block_swap(b, s)
        ):
            swap_abilities(b, s)
            start_ability(b, t, False)
            start_ability(b, s, False)
    elif a == A.perishbody:
        if contact and not has_volatile(b, s, c.V_PERISHSONG):
            log(b, L_ABILITY, t, a, 0)
            add_volatile(b, s, c.V_PERISHSONG, t, c.EFFECT_ABILITY, a)
            add_volatile(b, t, c.V_PERISHSONG, t, c.EFFECT_ABILITY, a)
    elif a == A.illusion:
        if hit.illusion != 0:
            hit.illusion = 0
            log(b, L_REVEAL, t, 0, 0)
    elif a == A.gulpmissile:
        species = int(target.species)
        if mon.hp > 0 and not user_is_away(b) and not is_semi_invulnerable(b, t):
            if species == S.cramorantgulping or species == S.cramorantgorging:
                damage(b, s, fraction(int(mon.max_hp), 4), t, c.EFFECT_ABILITY, a)
                if species == S.cramorantgulping:
                    boost(b, s, stage(c.DEF, -1), t, c.EFFECT_ABILITY, a)
                else:
                    try_status(b, s, c.PAR, t, c.EFFECT_MOVE, move)
                forme_change(b, t, S.cramorant, False)


@kernel
def hit_event(b: Any, s: int, t: int) -> None:
    """Run reactions of the target's volatiles, ability and item to any hit (onHit)."""
    user, hit = b.sides[s], b.sides[t]
    status = int(b.move.category) == c.CATEGORY_STATUS
    if has_volatile(b, t, c.V_FOCUSPUNCH) and not status:
        hit.flag_bits = int(hit.flag_bits) | c.SIDE_LOST_FOCUS
    if has_volatile(b, t, c.V_BEAKBLAST) and makes_contact(b, s):
        try_status(b, s, c.BRN, t, c.EFFECT_MOVE, M.beakblast)
    a = defence_ability(b, t)
    if a == A.owntempo:
        if int(MOVES[b.move.id].volatile) == 1 + c.V_CONFUSION:
            log_from(b, L_IMMUNE, t, 2, 0, c.EFFECT_ABILITY, a, -1)
    elif a == A.angerpoint:
        if hit.mons[hit.active].hp > 0 and int(b.move.flag_bits) & c.MOVE_CRIT and not status:
            boost(b, t, stage(c.ATK, 12), t, c.EFFECT_ABILITY, a)
    held = item(b, t)
    if held == I.enigmaberry:
        if b.move.type_mod > 0 and eat_item(b, t, False):
            heal(b, t, fraction(int(hit.mons[hit.active].max_hp), 4), s, c.EFFECT_ITEM, held)
    elif held == I.stickybarb:
        if s != t and user.mons[user.active].held_item == 0 and makes_contact(b, s):
            barb = take_item(b, t, t)
            if barb:
                set_item(b, s, barb)


@kernel
def after_move_secondary(b: Any, s: int, t: int, lost: int, many: bool) -> None:
    """Run the target's reactions to the whole move (AfterMoveSecondary)."""
    user, hit = b.sides[s], b.sides[t]
    mon, target = user.mons[user.active], hit.mons[hit.active]
    move = int(b.move.id)
    flags = int(MOVES[move].move_flags)
    status = int(b.move.category) == c.CATEGORY_STATUS
    # Eject Button has priority 2
    held = item(b, t)
    if held == I.ejectbutton and s != t and target.hp > 0 and not status:
        if (
            flags & F_FUTURE == 0
            and can_switch(b, t)
            and int(hit.flag_bits) & c.SIDE_FORCE_SWITCH == 0
            and user.switch_flag != c.SWITCH_TRUE
            and hit.switch_flag != c.SWITCH_TRUE
        ):
            hit.switch_flag = c.SWITCH_TRUE
            if use_item(b, t):
                user.switch_flag = 0
            else:
                hit.switch_flag = 0
    if target.status == c.FRZ and MOVES[move].thaws_target:
        cure_status(b, t)
    a = defence_ability(b, t)
    if a == A.berserk or a == A.angershell:
        hit.ability_flags = (int(hit.ability_flags) & ~c.ABILITY_UNCHECKED) | c.ABILITY_CHECKED
        total = int(b.move.total_damage)
        if s != t and target.hp > 0 and total:
            done = total if many else lost
            hp, most = int(target.hp), int(target.max_hp)
            if hp * 2 <= most and (hp + done) * 2 > most:
                if a == A.berserk:
                    boost(b, t, stage(c.SPA, 1), t, c.EFFECT_ABILITY, a)
                else:
                    changes = stage(c.ATK, 1) + stage(c.SPA, 1) + stage(c.SPE, 1)
                    changes += stage(c.DEF, -1) + stage(c.SPD, -1)
                    boost(b, t, changes, t, c.EFFECT_ABILITY, a)
    elif a == A.colorchange:
        kind = int(b.move.type)
        if target.hp > 0 and not status and kind != c.TYPE_UNKNOWN and not has_type(b, t, kind):
            if may_change_type(b, t):
                hit.types[0] = kind
                hit.types[1] = c.TYPE_NONE
                hit.added_type = c.TYPE_NONE
                hit.flag_bits = int(hit.flag_bits) & ~c.SIDE_TYPES_UNSEEN
                log_types(b, t, c.EFFECT_ABILITY, a)
    elif a == A.pickpocket:
        if s != t and int(b.move.flag_bits) & c.MOVE_CONTACT and target.held_item == 0:
            if (
                hit.switch_flag == 0
                and int(hit.flag_bits) & c.SIDE_FORCE_SWITCH == 0
                and user.switch_flag != c.SWITCH_TRUE
            ):
                stolen = take_item(b, s, t)
                if stolen and not set_item(b, t, stolen):
                    mon.held_item = stolen
                elif stolen:
                    log_from(b, L_END_ITEM, s, stolen, ENDED_SILENT, c.EFFECT_ABILITY, a, s)
                    log_from(b, L_ITEM, t, stolen, 0, c.EFFECT_ABILITY, a, s)
    if item(b, t) != held:
        return  # one that it has only now does not answer
    if held == I.redcard:
        if s != t and mon.hp > 0 and target.hp > 0 and not status and not user_is_away(b):
            if (
                can_switch(b, s)
                and int(user.flag_bits) & c.SIDE_FORCE_SWITCH == 0
                and int(hit.flag_bits) & c.SIDE_FORCE_SWITCH == 0
                and use_item(b, t)
                and drag_out(b, s)
            ):
                user.flag_bits = int(user.flag_bits) | c.SIDE_FORCE_SWITCH
    elif held == I.keeberry:
        if int(b.move.category) == c.CATEGORY_PHYSICAL:
            eat_item(b, t, False)
    elif held == I.marangaberry:
        if int(b.move.category) == c.CATEGORY_SPECIAL:
            eat_item(b, t, False)


@kernel
def drag_out(b: Any, t: int) -> bool:
    """Return whether the active of ``t`` can be dragged out (DragOut)."""
    a = defence_ability(b, t)
    if a == A.suctioncups or a == A.guarddog:
        log_from(b, L_ACTIVATE, t, 0, 0, c.EFFECT_ABILITY, a, -1)
        return False
    if has_volatile(b, t, c.V_INGRAIN):
        log_from(b, L_ACTIVATE, t, 0, 0, c.EFFECT_MOVE, M.ingrain, -1)
        return False
    return True


@kernel
def emergency_exit_at_half(b: Any, k: int, before: int) -> None:
    """Run Emergency Exit or Wimp Out if HP fell from ``before`` to half or less."""
    side, foe = b.sides[k], b.sides[1 - k]
    m = side.mons[side.active]
    most = int(m.max_hp)
    if m.hp <= 0 or int(m.hp) * 2 > most or before * 2 <= most:
        return
    a = ability(b, k)
    if a != A.emergencyexit and a != A.wimpout:
        return
    if not can_switch(b, k) or int(side.flag_bits) & c.SIDE_FORCE_SWITCH or side.switch_flag:
        return
    foe.switch_flag = 0
    side.switch_flag = c.SWITCH_TRUE
    log_from(b, L_ACTIVATE, k, 0, 0, c.EFFECT_ABILITY, a, -1)


@kernel
def after_move_self(b: Any, s: int, t: int, hit_target: bool) -> None:
    """Run reactions of the user's own items to its move (AfterMoveSecondarySelf)."""
    user, hit = b.sides[s], b.sides[t]
    mon = user.mons[user.active]
    move = int(b.move.id)
    status = int(b.move.category) == c.CATEGORY_STATUS
    if move == M.fellstinger:
        target = hit.mons[hit.active]
        if target.hp <= 0:
            boost(b, s, stage(c.ATK, 3), s, c.EFFECT_MOVE, move)
    elif move == M.relicsong:
        if int(mon.species) == S.meloetta:
            forme_change(b, s, S.meloettapirouette, False)
        elif int(mon.species) == S.meloettapirouette:
            forme_change(b, s, S.meloetta, False)
    held = item(b, s)
    a = ability(b, s)
    if a == A.magician:
        if hit_target and s != t and not status and move != M.fling:
            gem_used = has_volatile(b, s, c.V_GEM)
            if user.switch_flag != c.SWITCH_TRUE and mon.held_item == 0 and not gem_used:
                stolen = take_item(b, t, s)
                if stolen and not set_item(b, s, stolen):
                    hit.mons[hit.active].held_item = stolen
                elif stolen:
                    log_from(b, L_ITEM, s, stolen, 0, c.EFFECT_ABILITY, a, t)
    if held == I.lifeorb:
        if s != t and not status and int(user.flag_bits) & c.SIDE_FORCE_SWITCH == 0:
            damage(b, s, fraction(int(mon.max_hp), 10), s, c.EFFECT_ITEM, held)
    elif held == I.throatspray:
        if int(MOVES[move].move_flags) & F_SOUND:
            use_item(b, s)
    elif held == I.shellbell:
        if b.move.total_damage and int(user.flag_bits) & c.SIDE_FORCE_SWITCH == 0:
            heal(b, s, fraction(int(b.move.total_damage), 8), t, c.EFFECT_ITEM, held)
