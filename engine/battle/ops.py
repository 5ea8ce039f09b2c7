"""Basic effects on a Pokémon: lose and gain HP, change stages, use up and lose items.

Each function includes the reactions of abilities and items to its own trigger (Showdown's events
Damage, TryHeal, TryBoost, AfterBoost, UseItem, TakeItem ...), so that a caller only names what
happens.

Common arguments: ``s`` the side whose active Pokémon is meant, ``source`` the side that caused it
(-1: none), and ``effect, effect_id`` the cause: one of ``EFFECT_*`` and the number of the move,
ability, item ... of that kind.  Conditions are in :mod:`conditions`, the field in :mod:`field`.
"""

from typing import Any

import numpy as np

import plywise.engine.battle.ability_ids as A
import plywise.engine.battle.item_ids as I
import plywise.engine.battle.move_ids as M
import plywise.engine.battle.species_ids as S
from plywise.engine.battle import constants as c
from plywise.engine.battle.chance import SITE_ITEM, chance
from plywise.engine.battle.event_ties import (
    AFTER_BOOST,
    DAMAGE,
    NO_SOURCE,
    TRY_HEAL,
    event_ties,
)
from plywise.engine.battle.log_events import (
    ENDED_TAKEN,
    ENDED_USED,
    FAIL_UNBOOST,
    L_ABILITY,
    L_ACTIVATE,
    L_BLOCK,
    L_BOOST,
    L_CLEAR_BOOSTS,
    L_DAMAGE,
    L_END_ITEM,
    L_FAIL,
    L_HEAL,
    log,
    log_from,
    logged,
)
from plywise.engine.battle.names import BOOST_NAMES, DATA, ITEM_NAMES
from plywise.engine.battle.stats import (
    ability,
    defence_ability,
    has_type,
    has_volatile,
    item,
    modify,
    put_volatile,
)
from plywise.engine.battle.tables import ITEMS, MOVES, SPECIES
from plywise.engine.battle.ties import even
from plywise.engine.compile.jit import kernel


# ---------------------------------------------------------------------------------- boost tuples
@kernel
def stage(stat: int, change: int) -> int:
    """Return the packed change of one stat; sums of these are what :func:`boost` takes.

    Five bits a stat, two's complement: -16 ... 15 stages, 0 meaning untouched.
    """
    return (change & 31) << (5 * stat)


@kernel
def stage_of(changes: int, stat: int) -> int:
    """Return one stat's stages of a packed change."""
    change = (changes >> (5 * stat)) & 31
    return change - 32 if change > 15 else change


@kernel
def pack_boosts(boosts: Any) -> int:
    """Return seven stages (a column ``boosts`` of the tables) as a packed change."""
    changes = 0
    for stat in range(7):
        changes |= (int(boosts[stat]) & 31) << (5 * stat)
    return changes


def _packed(boosts: dict[str, int]) -> int:
    return sum((n & 31) << (5 * BOOST_NAMES.index(stat)) for stat, n in boosts.items())


ITEM_BOOSTS = np.array(
    [0, *(_packed(DATA["items"][name].get("boosts", {})) for name in ITEM_NAMES[1:])], np.int64
)
"""Packed change that an item makes when it is used (Weakness Policy, seeds ...)."""


# -------------------------------------------------------------------------------- HP and fainting
@kernel
def faint(b: Any, s: int, source: int, effect: int, effect_id: int) -> None:
    """Put the active Pokémon into the faint queue; :func:`fainting.faint_messages` empties it."""
    side = b.sides[s]
    m = side.mons[side.active]
    m.hp = 0
    if int(m.flag_bits) & c.MON_FAINTED != 0 or int(side.flag_bits) & c.SIDE_FAINT_QUEUED != 0:
        return
    side.switch_flag = 0
    side.flag_bits = int(side.flag_bits) | c.SIDE_FAINT_QUEUED
    k = int(b.faint_length)
    entry = b.faint_queue[k]
    entry.cause = s | (source + 1) << 1 | effect << 3
    entry.effect_id = effect_id
    b.faint_length = k + 1


@kernel
def lose_hp(b: Any, s: int, amount: int, source: int, effect: int, effect_id: int) -> int:
    """Take HP without asking anybody (Showdown's ``pokemon.damage``); return what was lost."""
    m = b.sides[s].mons[b.sides[s].active]
    hp = int(m.hp)
    if hp <= 0 or amount <= 0:
        return 0
    if amount >= hp:
        faint(b, s, source, effect, effect_id)
        return hp
    m.hp = hp - amount
    return amount


@kernel
def gain_hp(b: Any, s: int, amount: int) -> int:
    """Give HP without asking anybody (Showdown's ``pokemon.heal``); return what was gained."""
    m = b.sides[s].mons[b.sides[s].active]
    hp, limit = int(m.hp), int(m.max_hp)
    if hp <= 0 or amount <= 0 or hp >= limit:
        return 0
    gained = min(amount, limit - hp)
    m.hp = hp + gained
    return gained


@kernel
def direct_damage(b: Any, s: int, amount: int, source: int, effect: int, effect_id: int) -> int:
    """Take HP past every ability and item (Substitute, Belly Drum ...); return what was lost."""
    if amount <= 0:
        return 0
    lost = lose_hp(b, s, amount, source, effect, effect_id)
    if lost != 0:
        log_from(b, L_DAMAGE, s, 0, 0, effect, effect_id, -1)
    return lost


@kernel
def heal(b: Any, s: int, amount: int, source: int, effect: int, effect_id: int) -> int:
    """Heal the active Pokémon of ``s`` (Showdown's ``battle.heal``); return what it gained.

    ``amount`` is already truncated; a fraction below 1 counts as 1 (:func:`fraction`).
    """
    if amount <= 0:
        return 0
    if even(b):
        event_ties(b, TRY_HEAL, s, source)
    drained = (
        effect == c.EFFECT_DRAIN
        or effect == c.EFFECT_LEECH_SEED
        or (effect == c.EFFECT_MOVE and effect_id == M.strengthsap)
    )
    # Liquid Ooze does the damage of what was drained, before any modifier.
    if drained and source >= 0 and ability(b, source) == A.liquidooze:
        faster = int(b.sides[source].speed) > int(b.sides[s].speed)
        if faster or not has_volatile(b, s, c.V_HEALBLOCK):
            _ooze(b, s, amount, source)
        return 0
    if item(b, s) == I.bigroot and (
        drained or (effect == c.EFFECT_MOVE and (effect_id == M.ingrain or effect_id == M.aquaring))
    ):
        amount = modify(amount, 5324)
    if has_volatile(b, s, c.V_HEALBLOCK):
        return 0
    if effect == c.EFFECT_ITEM and ability(b, s) == A.ripen:
        if ITEMS[effect_id].berry:
            amount *= 2
        elif effect_id == I.leftovers:
            log_from(b, L_ACTIVATE, s, 0, 0, c.EFFECT_ABILITY, A.ripen, -1)
    gained = gain_hp(b, s, amount)
    if gained != 0:
        log_from(b, L_HEAL, s, 0, 0, effect, effect_id, source)
    return gained


@kernel
def fraction(amount: int, part: int) -> int:
    """Return ``amount / part`` as Showdown's damage and heal see it: truncated, at least 1."""
    return max(1, amount // part)


@kernel
def lose_item(b: Any, s: int) -> None:
    """Destroy the held item: it is not the ``last_item`` then (Air Balloon); Unburden begins."""
    side = b.sides[s]
    m = side.mons[side.active]
    log(b, L_END_ITEM, s, int(m.held_item), ENDED_USED)
    m.held_item = 0
    side.item_flags = 0
    if ability(b, s) == A.unburden:
        put_volatile(b, s, c.V_UNBURDEN)


@kernel
def consume_item(b: Any, s: int) -> None:
    """Use the held item up: it becomes ``last_item``, Unburden begins."""
    side = b.sides[s]
    m = side.mons[side.active]
    m.last_item = m.held_item
    m.held_item = 0
    side.item_flags = 0
    m.flag_bits = int(m.flag_bits) | c.MON_USED_ITEM
    if ability(b, s) == A.unburden:
        put_volatile(b, s, c.V_UNBURDEN)


@kernel
def throw_item(b: Any, s: int) -> None:
    """Take away the item that was flung (Fling); one about to faint keeps it."""
    m = b.sides[s].mons[b.sides[s].active]
    held = int(m.held_item)
    if held != 0:
        log_from(b, L_END_ITEM, s, held, ENDED_TAKEN, c.EFFECT_MOVE, M.fling, -1)
    consume_item(b, s)
    if int(m.hp) <= 0:
        m.held_item = held


@kernel
def strikes_often(b: Any, move: int) -> bool:
    """Return whether the move in use has more than one hit (Showdown's ``multihit``)."""
    return bool(
        MOVES[move].hits_max > 0
        or move == M.beatup
        or int(b.move.flag_bits) & c.MOVE_PARENTAL_BOND != 0
    )


@kernel
def _damage_event(b: Any, s: int, amount: int, source: int, effect: int, effect_id: int) -> int:
    """Return what abilities, volatiles and items make of damage (Damage); -1: it is prevented.

    Poison Heal is not here, but in :func:`damage`: what heals may do damage (Liquid Ooze).
    """
    side = b.sides[s]
    m = side.mons[side.active]
    hp = int(m.hp)
    by_move = effect == c.EFFECT_MOVE or effect == c.EFFECT_CONFUSED
    a = defence_ability(b, s)
    if a == A.disguise:
        if by_move and int(m.species) == S.mimikyu:
            side.ability_flags = int(side.ability_flags) | c.ABILITY_BUSTED
            log_from(b, L_ACTIVATE, s, 0, 0, c.EFFECT_ABILITY, a, -1)
            return 0
    elif a == A.iceface:
        if (
            effect == c.EFFECT_MOVE
            and int(b.move.category) == c.CATEGORY_PHYSICAL
            and int(m.species) == S.eiscue
        ):
            side.ability_flags = int(side.ability_flags) | c.ABILITY_BUSTED
            log_from(b, L_ACTIVATE, s, 0, 0, c.EFFECT_ABILITY, a, -1)
            return 0
    elif a == A.berserk or a == A.angershell:
        wait = (
            by_move
            and (effect != c.EFFECT_MOVE or not strikes_often(b, effect_id))
            and not (
                int(b.move.flag_bits) & c.MOVE_SHEER_FORCE != 0
                and source >= 0
                and ability(b, source) == A.sheerforce
            )
        )
        flags = int(side.ability_flags) & ~(c.ABILITY_CHECKED | c.ABILITY_UNCHECKED)
        side.ability_flags = flags | (c.ABILITY_UNCHECKED if wait else c.ABILITY_CHECKED)
    elif a == A.magicguard:
        if not by_move:
            if effect == c.EFFECT_ABILITY and source >= 0:
                log_from(b, L_ACTIVATE, source, 0, 0, effect, effect_id, -1)
            return -1
    elif a == A.heatproof:
        if effect == c.EFFECT_STATUS and effect_id == 1:  # BRN
            amount = amount // 2
    elif a == A.rockhead:
        if effect == c.EFFECT_RECOIL:
            return -1
    elif a == A.gluttony:
        side.ability_flags = int(side.ability_flags) | c.ABILITY_GLUTTONY
    if effect == c.EFFECT_ABILITY and effect_id == A.aftermath:
        if ability(b, s) == A.damp or ability(b, 1 - s) == A.damp:
            return -1
    if by_move:
        if amount >= hp and has_volatile(b, s, c.V_ENDURE):
            amount = hp - 1
            log_from(b, L_ACTIVATE, s, 0, 0, c.EFFECT_MOVE, M.endure, -1)
        if a == A.sturdy and hp == int(m.max_hp) and amount >= hp:
            amount = hp - 1
            log(b, L_ABILITY, s, a, 0)
    held = item(b, s)
    if held == I.focusband:
        # The draw comes first, whatever the damage.
        if chance(b, SITE_ITEM, 1, 10) and amount >= hp and by_move:
            amount = hp - 1
            log_from(b, L_ACTIVATE, s, 0, 0, c.EFFECT_ITEM, held, -1)
    elif held == I.focussash and by_move and hp == int(m.max_hp) and amount >= hp:
        log(b, L_END_ITEM, s, held, ENDED_USED)
        consume_item(b, s)
        amount = hp - 1
    return amount


@kernel
def _ooze(b: Any, s: int, amount: int, source: int) -> None:
    """Damage the active of ``s``, which has drained one with Liquid Ooze."""
    if int(b.sides[s].mons[b.sides[s].active].hp) <= 0:
        return
    if even(b):
        event_ties(b, DAMAGE, s, source)
    amount = _damage_event(b, s, amount, source, c.EFFECT_ABILITY, A.liquidooze)
    if amount < 0:
        return
    if lose_hp(b, s, max(1, amount), source, c.EFFECT_ABILITY, A.liquidooze) != 0:
        b.sides[s].hurt_this_turn = 1 + int(b.sides[s].mons[b.sides[s].active].hp)
    log_from(b, L_DAMAGE, s, 0, 0, c.EFFECT_ABILITY, A.liquidooze, source)


@kernel
def damage(b: Any, s: int, amount: int, source: int, effect: int, effect_id: int) -> int:
    """Damage the active Pokémon of ``s`` (Showdown's ``battle.damage``), with draining.

    Returns what it lost; 0 where the damage was reduced to nothing, -1 where it was prevented.
    A hit of a move comes here too (``EFFECT_MOVE``), but not one that a substitute takes.
    """
    side = b.sides[s]
    m = side.mons[side.active]
    if int(m.hp) <= 0:
        return 0
    if amount != 0:
        amount = max(1, amount)
    if effect != c.EFFECT_STRUGGLE_RECOIL:
        if even(b):
            event_ties(b, DAMAGE, s, source)
        if effect == c.EFFECT_STATUS and (effect_id == 3 or effect_id == 4):  # PSN, TOX
            if ability(b, s) == A.poisonheal:
                heal(b, s, fraction(int(m.max_hp), 8), s, c.EFFECT_ABILITY, A.poisonheal)
                return -1
        amount = _damage_event(b, s, amount, source, effect, effect_id)
        if amount < 0:
            return -1
        if amount != 0:
            amount = max(1, amount)
    lost = lose_hp(b, s, amount, source, effect, effect_id)
    log_from(b, L_DAMAGE, s, 0, 0, effect, effect_id, source)
    if lost != 0:
        side.hurt_this_turn = 1 + int(m.hp)
        if effect == c.EFFECT_MOVE and source >= 0:
            row = MOVES[effect_id]
            if row.drain_num != 0:
                part = (2 * lost * int(row.drain_num) + int(row.drain_den)) // (
                    2 * int(row.drain_den)
                )
                heal(b, source, part, s, c.EFFECT_DRAIN, 0)
    return lost


# -------------------------------------------------------------------------------------- boosts
@kernel
def _in_mist(b: Any, s: int, effect: int) -> bool:
    """Return whether Mist keeps the stages of ``s`` from what has the kind ``effect``."""
    if int(b.sides[s].conditions[c.MIST]) == 0:
        return False
    return effect != c.EFFECT_MOVE or int(b.move.flag_bits) & c.MOVE_INFILTRATES == 0


@kernel
def _guarded_stat(a: int) -> int:
    """Return the one stat that an ability keeps from falling, -1 for none."""
    if a == A.hypercutter:
        return c.ATK
    if a == A.bigpecks:
        return c.DEF
    if a == A.keeneye or a == A.mindseye or a == A.illuminate:
        return c.ACCURACY
    return -1


@kernel
def _unafraid(a: int) -> bool:
    """Return whether an ability stops Intimidate."""
    return a == A.innerfocus or a == A.oblivious or a == A.owntempo or a == A.scrappy


@kernel
def _shielded(b: Any, s: int, source: int, effect: int, effect_id: int) -> int:
    """Return the bits of the stats that no other Pokémon can lower now (TryBoost)."""
    if source == s:
        return 0
    everything = 127
    a = defence_ability(b, s)
    if a == A.clearbody or a == A.whitesmoke or a == A.fullmetalbody:
        return everything
    if item(b, s) == I.clearamulet:
        return everything
    if a == A.flowerveil and has_type(b, s, c.TYPE_GRASS):
        return everything
    if _in_mist(b, s, effect):
        return everything
    guarded = _guarded_stat(a)
    return 1 << guarded if guarded >= 0 else 0


@kernel
def _raise_plain(b: Any, s: int, stat: int, change: int, effect: int, effect_id: int) -> None:
    """Raise one's own stat as a reaction (Defiant, Rattled ...), seen by the foe's Opportunist."""
    side = b.sides[s]
    now = int(side.boosts[stat])
    to = max(-6, min(6, now + change))
    if even(b):
        event_ties(b, AFTER_BOOST, s, NO_SOURCE)
    if to == now:
        if effect_id != A.rattled or effect != c.EFFECT_ABILITY:
            log_from(b, L_BOOST, s, stat, 0 if now > 0 else -100, effect, effect_id, s)
        return
    if effect == c.EFFECT_ABILITY:
        log(b, L_ABILITY, s, effect_id, 1)
    log_from(b, L_BOOST, s, stat, to - now, effect, effect_id, s)
    side.boosts[stat] = to
    if to > now:
        side.flag_bits = int(side.flag_bits) | c.SIDE_STATS_RAISED
        _note_raise(b, 1 - s, stat, to - now)
    else:
        side.flag_bits = int(side.flag_bits) | c.SIDE_STATS_LOWERED


@kernel
def _note_raise(b: Any, s: int, stat: int, change: int) -> None:
    """Note a stage that the foe of ``s`` has gained, for Opportunist and Mirror Herb."""
    opportunist = ability(b, s) == A.opportunist
    herb = item(b, s) == I.mirrorherb
    if not opportunist and not herb:
        return
    side = b.sides[s]
    pending = int(side.pending_boosts)
    known = (pending >> (4 * stat)) & 15
    total = min(15, known + change)
    side.pending_boosts = pending + ((total - known) << (4 * stat))
    if opportunist:
        side.ability_flags = int(side.ability_flags) | c.ABILITY_PENDING_BOOSTS
    if herb:
        side.item_flags = int(side.item_flags) | c.ITEM_READY


@kernel
def _tells_itself(a: int) -> bool:
    """Return whether an ability names itself before it lowers the foe's stages."""
    return (
        a == A.intimidate
        or a == A.supersweetsyrup
        or a == A.cottondown
        or a == A.gooey
        or a == A.tanglinghair
        or a == A.mirrorarmor
        or a == A.gulpmissile
    )


@kernel
def _log_shielded(
    b: Any, s: int, changes: int, factor: int, shielded: int, effect: int, effect_id: int
) -> None:
    """Log what prevents the foe from lowering stages, unless it was a secondary effect.

    Handlers of TryBoost act by priority: Guard Dog, Clear Amulet, the abilities, then Mist, each on
    what the ones before have left.
    """
    if effect == c.EFFECT_MOVE and MOVES[effect_id].n_secondaries != 0:
        return
    falling = 0
    for stat in range(7):
        if int(b.sides[s].boosts[stat]) > -6 and stage_of(changes, stat) * factor < 0:
            falling |= 1 << stat
    a = defence_ability(b, s)
    intimidate = effect == c.EFFECT_ABILITY and effect_id == A.intimidate
    if intimidate and a == A.guarddog:
        falling &= ~(1 << c.ATK)
    if falling & shielded == 0:
        return
    if item(b, s) == I.clearamulet:
        log_from(b, L_FAIL, s, FAIL_UNBOOST, 0, c.EFFECT_ITEM, I.clearamulet, s)
        return
    if a == A.clearbody or a == A.whitesmoke or a == A.fullmetalbody:
        log_from(b, L_FAIL, s, FAIL_UNBOOST, 0, c.EFFECT_ABILITY, a, s)
        return
    if a == A.flowerveil and has_type(b, s, c.TYPE_GRASS):
        log_from(b, L_BLOCK, s, 0, 0, c.EFFECT_ABILITY, a, -1)
        return
    if intimidate and _unafraid(a):
        falling &= ~(1 << c.ATK)  # which it logs itself
    if a == A.mirrorarmor and not (effect == c.EFFECT_ABILITY and effect_id == a):
        return
    guarded = _guarded_stat(a)
    if guarded >= 0 and (falling >> guarded) & 1 != 0:
        log_from(b, L_FAIL, s, FAIL_UNBOOST, 1 + guarded, c.EFFECT_ABILITY, a, s)
        falling &= ~(1 << guarded)
    if falling != 0 and _in_mist(b, s, effect):
        log_from(b, L_ACTIVATE, s, 0, 0, c.EFFECT_MOVE, M.mist, -1)


@kernel
def _boost_once(b: Any, s: int, changes: int, source: int, effect: int, effect_id: int) -> bool:
    """Do one boost, without what Mirror Armor throws back; return whether anything changed."""
    side = b.sides[s]
    m = side.mons[side.active]
    if int(m.hp) <= 0 or int(b.sides[1 - s].pokemon_left) == 0:
        return False
    a = defence_ability(b, s)
    factor = 1
    if a == A.contrary:
        factor = -1
    elif a == A.simple or (a == A.ripen and effect == c.EFFECT_ITEM and ITEMS[effect_id].berry):
        factor = 2
    shielded = _shielded(b, s, source, effect, effect_id)
    intimidate = effect == c.EFFECT_ABILITY and effect_id == A.intimidate
    mirror = a == A.mirrorarmor and source >= 0 and source != s
    if effect == c.EFFECT_ABILITY and effect_id == A.mirrorarmor:
        mirror = False
    quiet = effect == c.EFFECT_ABILITY and effect_id == A.opportunist
    quiet = quiet or (effect == c.EFFECT_ITEM and effect_id == I.mirrorherb)
    success, raised, lowered, atk_present, atk_zero = False, False, False, False, False
    if shielded != 0 and logged(b):
        _log_shielded(b, s, changes, factor, shielded, effect, effect_id)
    # Intimidate and the like have been announced, and log unchanged stages as well.
    told = effect == c.EFFECT_ABILITY and _tells_itself(effect_id)
    named = told
    for stat in range(7):
        change = stage_of(changes, stat) * factor
        if change == 0:
            continue
        now = int(side.boosts[stat])
        delta = max(-6, min(6, now + change)) - now
        if intimidate and stat == c.ATK:
            if a == A.guarddog:
                if delta != 0:
                    _raise_plain(b, s, c.ATK, 1, c.EFFECT_ABILITY, a)
                    continue
            elif delta != 0 and _unafraid(a) and item(b, s) != I.clearamulet:
                log_from(b, L_FAIL, s, FAIL_UNBOOST, 1 + c.ATK, c.EFFECT_ABILITY, a, s)
                continue
        if delta < 0:
            if (shielded >> stat) & 1 != 0 or mirror:
                continue
        if stat == c.ATK:
            atk_present = True
            atk_zero = delta == 0
        if delta == 0:
            if effect != c.EFFECT_ABILITY or told:
                # which of -boost and -unboost it is: Showdown asks for the sign that was wanted
                log_from(b, L_BOOST, s, stat, 0 if now > 0 else -100, effect, effect_id, source)
            continue
        side.boosts[stat] = now + delta
        success = True
        if effect == c.EFFECT_ABILITY and not named and effect_id != A.angerpoint:
            log(b, L_ABILITY, s, effect_id, 1)
            named = True
        log_from(b, L_BOOST, s, stat, delta, effect, effect_id, source)
        if delta > 0:
            raised = True
            if not quiet:
                _note_raise(b, 1 - s, stat, delta)
        else:
            lowered = True
            if source >= 0 and source != s:
                if a == A.defiant:
                    _raise_plain(b, s, c.ATK, 2, c.EFFECT_ABILITY, a)
                elif a == A.competitive:
                    _raise_plain(b, s, c.SPA, 2, c.EFFECT_ABILITY, a)
    # AfterBoost
    if even(b):
        event_ties(b, AFTER_BOOST, s, NO_SOURCE)
    if intimidate and atk_present and not atk_zero:
        if ability(b, s) == A.rattled:
            _raise_plain(b, s, c.SPE, 1, c.EFFECT_ABILITY, A.rattled)
    held = item(b, s)
    if held == I.adrenalineorb:
        if intimidate and int(side.boosts[c.SPE]) != 6 and not atk_zero:
            log(b, L_END_ITEM, s, held, ENDED_USED)
            _raise_plain(b, s, c.SPE, factor, c.EFFECT_ITEM, held)
            consume_item(b, s)  # Showdown's useItem: what the item does comes first
    elif held == I.ejectpack and lowered and int(b.move.id) != M.partingshot:
        side.item_flags = int(side.item_flags) | c.ITEM_EJECT
    if raised:
        side.flag_bits = int(side.flag_bits) | c.SIDE_STATS_RAISED
    if lowered:
        side.flag_bits = int(side.flag_bits) | c.SIDE_STATS_LOWERED
    return success


@kernel
def boost(b: Any, s: int, changes: int, source: int, effect: int, effect_id: int) -> bool:
    """Change stages (packed, see :func:`stage`) of the active of ``s``; return whether any changed.

    Abilities and items that turn, block, mirror or answer the change are asked.
    """
    if source >= 0 and source != s and defence_ability(b, s) == A.mirrorarmor:
        thrown = effect == c.EFFECT_ABILITY and effect_id == A.mirrorarmor
        if not thrown and item(b, s) != I.clearamulet:  # which is asked first
            _mirror(b, s, changes, source)
    return _boost_once(b, s, changes, source, effect, effect_id)


@kernel
def _mirror(b: Any, s: int, changes: int, source: int) -> None:
    """Throw falling stages back at ``source`` (Mirror Armor of the active of ``s``)."""
    side = b.sides[s]
    if int(side.mons[side.active].hp) <= 0 or int(b.sides[1 - s].pokemon_left) == 0:
        return
    for stat in range(7):
        now = int(side.boosts[stat])
        delta = max(-6, min(6, now + stage_of(changes, stat))) - now
        if delta < 0 and b.sides[source].mons[b.sides[source].active].hp > 0:
            log(b, L_ABILITY, s, A.mirrorarmor, 0)
            _boost_once(b, source, stage(stat, delta), s, c.EFFECT_ABILITY, A.mirrorarmor)


# --------------------------------------------------------------------------------------- items
@kernel
def can_switch(b: Any, s: int) -> bool:
    """Return whether a Pokémon on the bench of ``s`` can come in."""
    side = b.sides[s]
    for i in range(int(side.team_size)):
        if i != int(side.active) and int(side.mons[i].flag_bits) & c.MON_FAINTED == 0:
            return True
    return False


@kernel
def use_item(b: Any, s: int) -> bool:
    """Use the held item up with what it does by itself: its boosts, White Herb, Eject Pack ..."""
    side = b.sides[s]
    m = side.mons[side.active]
    held = int(m.held_item)
    if held == 0 or (int(m.hp) <= 0 and not ITEMS[held].gem):
        return False
    if held == I.ejectpack:
        if not can_switch(b, s) or int(side.switch_flag) == c.SWITCH_TRUE:
            return False
        if int(b.sides[1 - s].switch_flag) == c.SWITCH_TRUE:
            return False
    log_from(b, L_END_ITEM, s, held, ENDED_USED, 0, 0, 1 - s if held == I.redcard else -1)
    changes = int(ITEM_BOOSTS[held])
    if changes != 0:
        boost(b, s, changes, s, c.EFFECT_ITEM, held)
    if held == I.ejectpack:
        side.switch_flag = c.SWITCH_TRUE
    elif held == I.whiteherb:
        for stat in range(7):
            if int(side.boosts[stat]) < 0:
                side.boosts[stat] = 0
        log(b, L_CLEAR_BOOSTS, s, 2, 0)
    elif held == I.mirrorherb:
        pending = int(side.pending_boosts)
        side.pending_boosts = 0
        boost(b, s, unpack_pending(pending), s, c.EFFECT_ITEM, held)
    consume_item(b, s)
    return True


@kernel
def unpack_pending(pending: int) -> int:
    """Return ``pending_boosts`` (4 bits a stat) as a packed change."""
    changes = 0
    for stat in range(7):
        changes |= ((pending >> (4 * stat)) & 15) << (5 * stat)
    return changes


@kernel
def may_take_item(b: Any, s: int, source: int) -> bool:
    """Return whether the item of ``s`` can be taken by ``source`` (TakeItem); changes nothing."""
    side = b.sides[s]
    m = side.mons[side.active]
    held = int(m.held_item)
    if held == 0:
        return False
    row = ITEMS[held]
    if held == I.boosterenergy:
        if SPECIES[m.base_species].paradox:
            return False
    elif row.user_num != 0:
        if SPECIES[m.base_species].num == row.user_num:
            return False
        taker = b.sides[source]
        if source != s and SPECIES[taker.mons[taker.active].base_species].num == row.user_num:
            # Ogerpon's masks ask about their holder only.
            if row.user_num != SPECIES[S.ogerpon].num:
                return False
    return not _sticks(b, s, source)


@kernel
def _sticks(b: Any, s: int, source: int) -> bool:
    """Return whether Sticky Hold keeps the item of ``s`` from ``source``."""
    m = b.sides[s].mons[b.sides[s].active]
    return (
        defence_ability(b, s) == A.stickyhold
        and int(m.hp) > 0
        and m.held_item != I.stickybarb
        and (source != s or int(b.move.id) == M.knockoff)
    )


@kernel
def take_item(b: Any, s: int, source: int) -> int:
    """Take the item of ``s`` for ``source``; return the item, 0 where it stays."""
    side = b.sides[s]
    m = side.mons[side.active]
    held = int(m.held_item)
    if not may_take_item(b, s, source):
        if held != 0 and _sticks(b, s, source):
            log_from(b, L_ACTIVATE, s, 0, 0, c.EFFECT_ABILITY, A.stickyhold, -1)
        return 0
    m.held_item = 0
    side.item_flags = 0
    m.times_attacked = int(m.times_attacked) & ~c.STALE_ITEM
    side.pending_boosts = 0 if held == I.mirrorherb else int(side.pending_boosts)
    if ability(b, s) == A.unburden:
        put_volatile(b, s, c.V_UNBURDEN)
    return held


@kernel
def deduct_pp(b: Any, s: int, move: int, amount: int) -> int:
    """Take PP of a move of the active of ``s`` and mark it as used; return how many were taken."""
    side = b.sides[s]
    mon = side.mons[side.active]
    for k in range(4):
        if int(mon.moves[k]) == move and move != 0:
            side.used_moves = int(side.used_moves) | (1 << k)
            taken = min(amount, int(mon.pp[k]))
            mon.pp[k] = int(mon.pp[k]) - taken
            return taken
    return 0
