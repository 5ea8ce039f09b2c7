"""Statuses, volatiles and side conditions: how they start and end.

Arguments as in :mod:`ops`.  The effect of a condition while it lasts is coded where it acts:
:mod:`before_move`, :mod:`residual`, the damage formula.
"""

from typing import Any

import plywise.engine.battle.ability_ids as A
import plywise.engine.battle.item_ids as I
import plywise.engine.battle.move_ids as M
import plywise.engine.battle.species_ids as S
from plywise.engine.battle import constants as c
from plywise.engine.battle.chance import (
    SITE_CONFUSION_TIME,
    SITE_LOCKED_MOVE_TIME,
    SITE_SLEEP_TIME,
    SITE_TRAP_TIME,
    roll,
)
from plywise.engine.battle.event_ties import (
    IMMUNITY,
    NO_SOURCE,
    SET_STATUS,
    answers_as_ally,
    event_ties,
)
from plywise.engine.battle.log_conditions import (
    log_end,
    log_same_status,
    log_start,
    log_status_blocked,
    log_volatile_blocked,
)
from plywise.engine.battle.log_events import (
    FAIL_MOVE,
    L_CURE,
    L_END,
    L_FAIL,
    L_IMMUNE,
    L_SIDE_END,
    L_SIDE_START,
    L_SINGLE_TURN,
    L_START,
    L_STATUS,
    START_STOCKPILE,
    log,
    log_from,
    logged,
)
from plywise.engine.battle.ops import boost, stage
from plywise.engine.battle.queue_entries import NO_ENTRY, find_move
from plywise.engine.battle.stats import (
    ability,
    best_stat,
    defence_ability,
    drop_volatile,
    has_type,
    has_volatile,
    holds_ability_shield,
    is_grounded,
    item,
    put_volatile,
    types_of,
    weather_for,
)
from plywise.engine.battle.tables import (
    BINDING_NUMBER,
    F_FAIL_ENCORE,
    IMMUNE_TRAPPED,
    MOVES,
    TYPE_IMMUNE,
)
from plywise.engine.battle.ties import even
from plywise.engine.compile.jit import kernel


@kernel
def will_move(b: Any, s: int) -> bool:
    """Return whether the active Pokémon of ``s`` still has its move to make this turn."""
    side = b.sides[s]
    if int(side.mons[side.active].flag_bits) & c.MON_FAINTED != 0:
        return False
    return find_move(b, s) != NO_ENTRY


@kernel
def cancel_move(b: Any, s: int) -> None:
    """Remove the queued move of the active Pokémon of ``s``."""
    k = find_move(b, s)
    if k != NO_ENTRY:
        for j in range(k, int(b.queue_length) - 1):
            b.queue[j] = b.queue[j + 1]
        b.queue_length = int(b.queue_length) - 1


@kernel
def is_semi_invulnerable(b: Any, s: int) -> bool:
    """Return whether the active of ``s`` is in the air, under ground or water, or vanished."""
    return (
        has_volatile(b, s, c.V_FLY)
        or has_volatile(b, s, c.V_BOUNCE)
        or has_volatile(b, s, c.V_DIG)
        or has_volatile(b, s, c.V_DIVE)
        or has_volatile(b, s, c.V_PHANTOMFORCE)
        or has_volatile(b, s, c.V_SHADOWFORCE)
    )


@kernel
def type_immunity(b: Any, s: int) -> int:
    """Return the immunities that the types give, as bits (``tables.TYPE_IMMUNE``)."""
    first, second, third = types_of(b, s)
    return int(TYPE_IMMUNE[first]) | int(TYPE_IMMUNE[second]) | int(TYPE_IMMUNE[third])


@kernel
def immunity_ties(b: Any, s: int) -> None:
    """Draw the tie of Magnet Rise with Dig or Dive, which answer the event Immunity alike.

    ``runStatusImmunity`` runs it for a status, a volatile, powder, a weather and each trap.
    """
    if has_volatile(b, s, c.V_MAGNETRISE):
        if has_volatile(b, s, c.V_DIG) or has_volatile(b, s, c.V_DIVE):
            event_ties(b, IMMUNITY, s, NO_SOURCE)


# -------------------------------------------------------------------------------------- statuses
@kernel
def status_immune(b: Any, s: int, status: int) -> bool:
    """Return whether type, Magma Armor or the sun rule out a status (``runStatusImmunity``)."""
    kind = c.PSN if status == c.TOX else status
    if (type_immunity(b, s) >> kind) & 1 != 0:
        return True
    immunity_ties(b, s)
    if status == c.FRZ:
        if defence_ability(b, s) == A.magmaarmor:
            return True
        w = weather_for(b, s)
        return w == c.SUNNY_DAY or w == c.DESOLATE_LAND
    return False


@kernel
def _status_blocked(b: Any, s: int, status: int, source: int, effect: int, effect_id: int) -> bool:
    """Return whether an ability, terrain or rule stops a status (SetStatus)."""
    side = b.sides[s]
    m = side.mons[side.active]
    a = defence_ability(b, s)
    poison = status == c.PSN or status == c.TOX
    if a == A.comatose or a == A.purifyingsalt:
        return True
    if status == c.SLP and (a == A.insomnia or a == A.vitalspirit or a == A.sweetveil):
        return True
    if poison and (a == A.immunity or a == A.pastelveil):
        return True
    if status == c.PAR and a == A.limber:
        return True
    if status == c.BRN and (a == A.waterveil or a == A.waterbubble or a == A.thermalexchange):
        return True
    if a == A.leafguard:
        w = weather_for(b, s)
        if w == c.SUNNY_DAY or w == c.DESOLATE_LAND:
            return True
    if a == A.shieldsdown and int(m.species) == S.miniormeteor:
        if int(m.flag_bits) & c.MON_TRANSFORMED == 0:
            return True
    yawning = effect == c.EFFECT_VOLATILE and effect_id == c.V_YAWN
    if a == A.flowerveil and has_type(b, s, c.TYPE_GRASS) and source != s and not yawning:
        if source >= 0:
            return True
    if b.terrain == c.MISTY_TERRAIN or (b.terrain == c.ELECTRIC_TERRAIN and status == c.SLP):
        if is_grounded(b, s, False) and not is_semi_invulnerable(b, s):
            return True
    if int(side.conditions[c.SAFEGUARD]) != 0 and source >= 0 and source != s and not yawning:
        if effect != c.EFFECT_MOVE or int(b.move.flag_bits) & c.MOVE_INFILTRATES == 0:
            return True
    if status == c.SLP:
        foe = b.sides[1 - s]
        if has_volatile(b, s, c.V_UPROAR):
            return True
        if has_volatile(b, 1 - s, c.V_UPROAR) and int(foe.mons[foe.active].hp) > 0:
            return True
        if int(b.format) & c.FORMAT_SLEEP_CLAUSE != 0 and source >= 0 and source != s:
            for i in range(int(side.team_size)):
                other = side.mons[i]
                if (
                    int(other.hp) > 0
                    and int(other.status) == c.SLP
                    and int(other.flag_bits) & c.MON_STATUS_BY_FOE != 0
                ):
                    return True
    return False


@kernel
def set_status(
    b: Any, s: int, status: int, source: int, effect: int, effect_id: int, forced: bool
) -> bool:
    """Give the active of ``s`` a status over any other one (``setStatus``); ``forced``: Rest.

    What others do about it (Synchronize, Lum Berry) is :func:`items.try_status`.
    """
    side = b.sides[s]
    m = side.mons[side.active]
    if int(m.hp) <= 0:
        return False
    if int(m.status) == status:
        log_same_status(b, s, source, effect, effect_id)
        return False
    if not forced:
        corrosion = source >= 0 and (status == c.PSN or status == c.TOX)
        if not (corrosion and ability(b, source) == A.corrosion):
            if status_immune(b, s, status):
                if (effect == c.EFFECT_MOVE and MOVES[effect_id].status != 0) or (
                    effect == c.EFFECT_ABILITY and effect_id == A.synchronize
                ):
                    log(b, L_IMMUNE, s, 0, 0)
                return False
    as_ally = False
    if int(m.ability) == A.pastelveil:  # for itself, and as an ally of itself
        as_ally = answers_as_ally(b, SET_STATUS, s)
    elif even(b):
        event_ties(b, SET_STATUS, s, NO_SOURCE)
    if _status_blocked(b, s, status, source, effect, effect_id):
        if logged(b):
            log_status_blocked(b, s, status, source, effect, effect_id, as_ally)
        return False
    m.status = status
    m.status_turns = 0
    flags = int(m.flag_bits) & ~c.MON_STATUS_BY_FOE
    if source >= 0 and source != s:
        flags |= c.MON_STATUS_BY_FOE
    m.flag_bits = flags
    log_from(b, L_STATUS, s, status, 0, effect, effect_id, source)
    if status == c.SLP:
        m.status_turns = roll(b, SITE_SLEEP_TIME, 2, 3)
    return True


@kernel
def cure_status(b: Any, s: int) -> bool:
    """Heal the status of the active Pokémon of ``s``; return whether it had one."""
    m = b.sides[s].mons[b.sides[s].active]
    if int(m.hp) <= 0 or m.status == c.NO_STATUS:
        return False
    log(b, L_CURE, s, int(m.status), 0)
    cure_member(b, s, int(b.sides[s].active))
    return True


@kernel
def cure_member(b: Any, s: int, i: int) -> None:
    """Heal the status of any team member (Heal Bell, Natural Cure)."""
    m = b.sides[s].mons[i]
    m.status = c.NO_STATUS
    m.status_turns = 0
    m.flag_bits = int(m.flag_bits) & ~c.MON_STATUS_BY_FOE


# ------------------------------------------------------------------------------------- volatiles
@kernel
def volatile_blocked(b: Any, s: int, v: int, source: int, effect: int, effect_id: int) -> bool:
    """Return whether an ability, terrain or Safeguard stops a volatile (TryAddVolatile)."""
    side = b.sides[s]
    a = defence_ability(b, s)
    if v == c.V_FLINCH:
        return a == A.innerfocus or has_volatile(b, s, c.V_FOCUSPUNCH)
    if v == c.V_CONFUSION:
        if a == A.owntempo:
            return True
    elif v == c.V_YAWN:
        if a == A.insomnia or a == A.vitalspirit or a == A.purifyingsalt or a == A.sweetveil:
            return True
        if a == A.leafguard:
            w = weather_for(b, s)
            if w == c.SUNNY_DAY or w == c.DESOLATE_LAND:
                return True
        if a == A.flowerveil and has_type(b, s, c.TYPE_GRASS):
            return True
        m = side.mons[side.active]
        if a == A.shieldsdown and int(m.species) == S.miniormeteor:
            if int(m.flag_bits) & c.MON_TRANSFORMED == 0:
                return True
        if b.terrain == c.ELECTRIC_TERRAIN:
            if is_grounded(b, s, False) and not is_semi_invulnerable(b, s):
                return True
    elif (
        v == c.V_ATTRACT
        or v == c.V_DISABLE
        or v == c.V_ENCORE
        or v == c.V_HEALBLOCK
        or v == c.V_TAUNT
        or v == c.V_TORMENT
    ):
        return a == A.aromaveil or (v == c.V_ATTRACT and a == A.oblivious)
    else:
        return v == c.V_TRAPPED and type_immunity(b, s) & IMMUNE_TRAPPED != 0
    if v == c.V_CONFUSION and b.terrain == c.MISTY_TERRAIN:
        if is_grounded(b, s, False) and not is_semi_invulnerable(b, s):
            return True
    if int(side.conditions[c.SAFEGUARD]) != 0 and source >= 0 and source != s:
        if effect != c.EFFECT_MOVE or int(b.move.flag_bits) & c.MOVE_INFILTRATES == 0:
            return True
    return False


@kernel
def _restart(b: Any, s: int, v: int, source: int, effect: int, effect_id: int) -> bool:
    """Do what adding a volatile does where it already is (``onRestart``)."""
    side = b.sides[s]
    if v == c.V_STALL:
        side.stall_counter = min(6, int(side.stall_counter) + 1)
        side.stall_duration = 2
        return True
    if v == c.V_LOCKEDMOVE:
        if int(side.locked_move_true_duration) >= 2:
            side.locked_move_duration = 2
        return True
    if v == c.V_STOCKPILE:
        if int(side.stockpile_layers) >= 3:
            return False
        side.stockpile_layers = int(side.stockpile_layers) + 1
        _stockpile_boost(b, s)
        return True
    if v == c.V_POWERTRICK:
        drop_volatile(b, s, c.V_POWERTRICK)
        log(b, L_END, s, c.V_POWERTRICK, 0)
        _swap_attack_and_defence(b, s)
        return True
    if v == c.V_SMACKDOWN:
        if has_volatile(b, s, c.V_FLY) or has_volatile(b, s, c.V_BOUNCE):
            knock_down(b, s)
            log_start(b, s, v, -1, effect, effect_id)
        return True
    if v == c.V_CHARGE:
        log_start(b, s, v, -1, effect, effect_id)
    elif v == c.V_HEALBLOCK and effect == c.EFFECT_MOVE and effect_id == M.healblock:
        log(b, L_FAIL, s, FAIL_MOVE, effect_id)
        if source >= 0 and b.sides[source].move_this_turn_result != c.RESULT_TRUE:
            b.sides[source].move_this_turn_result = c.RESULT_FALSE
    return v == c.V_CHARGE or (v == c.V_HEALBLOCK and effect == c.EFFECT_MOVE)


@kernel
def _stockpile_boost(b: Any, s: int) -> None:
    side = b.sides[s]
    log(b, L_START, s, START_STOCKPILE, int(side.stockpile_layers))
    before_def, before_spd = int(side.boosts[c.DEF]), int(side.boosts[c.SPD])
    boost(b, s, stage(c.DEF, 1) + stage(c.SPD, 1), s, c.EFFECT_MOVE, M.stockpile)
    if int(side.boosts[c.DEF]) != before_def:
        side.stockpile_def = int(side.stockpile_def) - 1
    if int(side.boosts[c.SPD]) != before_spd:
        side.stockpile_spd = int(side.stockpile_spd) - 1


@kernel
def _swap_attack_and_defence(b: Any, s: int) -> None:
    m = b.sides[s].mons[b.sides[s].active]
    attack = int(m.stats[c.ATK])
    m.stats[c.ATK] = m.stats[c.DEF]
    m.stats[c.DEF] = attack


@kernel
def knock_down(b: Any, s: int) -> None:
    """Bring a Pokémon in the air down: its two-turn move is lost."""
    drop_volatile(b, s, c.V_FLY)
    drop_volatile(b, s, c.V_BOUNCE)
    drop_volatile(b, s, c.V_TWOTURNMOVE)
    cancel_move(b, s)


@kernel
def add_volatile(b: Any, s: int, v: int, source: int, effect: int, effect_id: int) -> bool:
    """Give the active of ``s`` a volatile (``V_*``), if nothing stops it; return whether it came.

    For ``V_LOCKEDMOVE``, ``V_TWOTURNMOVE`` and ``V_CHOICELOCK`` the move is ``effect_id``.
    """
    side = b.sides[s]
    m = side.mons[side.active]
    if int(m.hp) <= 0 and v != c.V_GEM:  # the only one with affectsFainted, as of Explosion
        return False
    if has_volatile(b, s, v):
        return _restart(b, s, v, source, effect, effect_id)
    immunity_ties(b, s)
    if volatile_blocked(b, s, v, source, effect, effect_id):
        if logged(b):
            log_volatile_blocked(b, s, v, source, effect, effect_id)
        return False
    if v == c.V_TRAPPED and source >= 0 and b.sides[source].mons[b.sides[source].active].hp <= 0:
        return False  # a linked volatile needs whom it is linked to
    if v == c.V_CONFUSION:
        low = 3 if effect == c.EFFECT_MOVE and effect_id == M.axekick else 2
        side.confusion_time = roll(b, SITE_CONFUSION_TIME, low, 6 - low)
    elif v == c.V_PARTIALLYTRAPPED:
        if source >= 0 and item(b, source) == I.gripclaw:
            side.partial_trap_duration = 8
        else:
            side.partial_trap_duration = roll(b, SITE_TRAP_TIME, 5, 2)
        binding = source >= 0 and item(b, source) == I.bindingband
        number = int(BINDING_NUMBER[effect_id]) if effect == c.EFFECT_MOVE else 0
        side.partial_trap_divisor = (6 if binding else 8) | number << 4
        side.partial_trap_source = 1 + int(b.sides[source].active) if source >= 0 else 0
    elif v == c.V_STALL:
        side.stall_counter = 1
        side.stall_duration = 2
    elif v == c.V_LOCKEDMOVE:
        side.locked_move_duration = 2
        side.locked_move_true_duration = roll(b, SITE_LOCKED_MOVE_TIME, 2, 2)
        side.locked_move = effect_id
    elif v == c.V_TWOTURNMOVE:
        side.two_turn_duration = 2
        side.two_turn_move = effect_id
        put_volatile(b, s, v)  # before the mark of its own that some of these moves have
        if effect_id == M.fly:
            put_volatile(b, s, c.V_FLY)
        elif effect_id == M.bounce:
            put_volatile(b, s, c.V_BOUNCE)
        elif effect_id == M.dig:
            put_volatile(b, s, c.V_DIG)
        elif effect_id == M.dive:
            put_volatile(b, s, c.V_DIVE)
        elif effect_id == M.phantomforce:
            put_volatile(b, s, c.V_PHANTOMFORCE)
        elif effect_id == M.shadowforce:
            put_volatile(b, s, c.V_SHADOWFORCE)
    elif v == c.V_CHOICELOCK:
        side.choice_lock = effect_id
    elif v == c.V_MUSTRECHARGE:
        side.must_recharge_duration = 2
    elif v == c.V_TAUNT:
        side.taunt_duration = 3
        if int(side.active_turns) > 0 and not will_move(b, s):
            side.taunt_duration = 4
    elif v == c.V_ENCORE:
        last = int(side.last_move)
        slot = -1
        for k in range(4):
            if int(m.moves[k]) == last:
                slot = k
        if last == 0 or slot < 0 or int(m.pp[slot]) == 0:
            return False
        if int(MOVES[last].move_flags) & F_FAIL_ENCORE != 0:
            return False
        side.encore_move = last
        side.encore_duration = 3 if will_move(b, s) else 4
    elif v == c.V_DISABLE:
        last = int(side.last_move)
        if last == 0:
            return False
        for k in range(4):
            if int(m.moves[k]) == last and int(m.pp[k]) == 0:
                return False
        side.disable_move = last
        side.disable_duration = 5
        moving = int(b.move.id) != 0 and int(b.move.side) == s
        if will_move(b, s) or (moving and int(b.move.flag_bits) & c.MOVE_EXTERNAL == 0):
            side.disable_duration = 4
    elif v == c.V_HEALBLOCK:
        side.heal_block_duration = 2 if effect_id == M.psychicnoise else 5
        if source >= 0:
            b.sides[source].move_this_turn_result = 3  # RESULT_TRUE
    elif v == c.V_THROATCHOP:
        side.throat_chop_duration = 2
    elif v == c.V_YAWN:
        side.yawn_duration = 2
    elif v == c.V_PERISHSONG:
        side.perish_duration = 4
    elif v == c.V_MAGNETRISE:
        side.magnet_rise_duration = 5
    elif v == c.V_LOCKON:
        side.lock_on_duration = 2
        side.lock_on_source = 1 + int(b.sides[source].active)
    elif v == c.V_MICLEBERRY:
        side.micle_duration = 2
    elif v == c.V_SYRUPBOMB:
        side.syrup_bomb_duration = 4
        side.syrup_bomb_source = 1 + int(b.sides[source].active) if source >= 0 else 0
    elif v == c.V_UPROAR:
        side.uproar_duration = 3
    elif v == c.V_ATTRACT:
        other = b.sides[source].mons[b.sides[source].active]
        if (int(m.flag_bits) ^ int(other.flag_bits)) & c.MON_GENDER != c.MON_GENDER:
            return False
        if int(m.flag_bits) & c.MON_GENDER == 0 or int(other.flag_bits) & c.MON_GENDER == 0:
            return False
        side.attract_source = 1 + int(b.sides[source].active)
        if item(b, s) == I.destinyknot and source != s:
            # The knot works before its holder is in love itself.
            if not has_volatile(b, source, c.V_ATTRACT) and int(other.hp) > 0:
                put_volatile(b, s, c.V_ATTRACT)
                add_volatile(b, source, c.V_ATTRACT, s, c.EFFECT_ITEM, I.destinyknot)
    elif v == c.V_SUBSTITUTE:
        side.substitute_hp = int(m.max_hp) // 4
    elif v == c.V_STOCKPILE:
        side.stockpile_layers = 1
        side.stockpile_def = 0
        side.stockpile_spd = 0
        _stockpile_boost(b, s)
    elif v == c.V_PROTOSYNTHESIS or v == c.V_QUARKDRIVE:
        flags = int(side.flag_bits) & ~c.SIDE_FROM_BOOSTER
        if effect == c.EFFECT_ITEM:
            flags |= c.SIDE_FROM_BOOSTER
        side.flag_bits = flags
        side.paradox_stat = 1 + best_stat(b, s, False)
    elif v == c.V_FOCUSENERGY:
        if has_volatile(b, s, c.V_DRAGONCHEER):
            return False
    elif v == c.V_ROOST or v == c.V_TARSHOT:
        if int(m.flag_bits) & c.MON_TERASTALLIZED != 0:
            return False
    elif v == c.V_COUNTER or v == c.V_MIRRORCOAT:
        side.counter_damage = 0
    elif v == c.V_FOCUSPUNCH:
        side.flag_bits = int(side.flag_bits) & ~c.SIDE_LOST_FOCUS
    elif v == c.V_ROLLOUT:
        side.move_streak = int(side.move_streak) & 15
        side.flag_bits = int(side.flag_bits) & ~c.SIDE_ROLLOUT_KEPT
    elif v == c.V_METRONOME:
        side.metronome_count = 0
        side.metronome_move = 0
    elif v == c.V_POWERTRICK:
        _swap_attack_and_defence(b, s)
    elif v == c.V_SMACKDOWN:
        applies = has_type(b, s, c.TYPE_FLYING) or ability(b, s) == A.levitate
        if (
            item(b, s) == I.ironball
            or has_volatile(b, s, c.V_INGRAIN)
            or b.pseudo_weather[c.GRAVITY] != 0
        ):
            applies = False
        if has_volatile(b, s, c.V_FLY) or has_volatile(b, s, c.V_BOUNCE):
            applies = True
            knock_down(b, s)
        if has_volatile(b, s, c.V_MAGNETRISE):
            applies = True
            drop_volatile(b, s, c.V_MAGNETRISE)
        if not applies:
            return False
    elif v == c.V_GASTROACID:
        if holds_ability_shield(b, s):
            return False
    elif v == c.V_TRAPPED:
        put_volatile(b, 1 - s, c.V_TRAPPER)
    put_volatile(b, s, v)
    if logged(b):
        log_start(b, s, v, source, effect, effect_id)
    if v == c.V_SUBSTITUTE and has_volatile(b, s, c.V_PARTIALLYTRAPPED):
        drop_volatile(b, s, c.V_PARTIALLYTRAPPED)
        log_end(b, s, c.V_PARTIALLYTRAPPED, 1)
    return True


@kernel
def remove_volatile(b: Any, s: int, v: int) -> bool:
    """End a volatile of the active of ``s`` with what its end does; return whether it was there.

    Yawn's sleep and Perish Song's faint belong to their last turn: see :mod:`residual`.
    """
    side = b.sides[s]
    m = side.mons[side.active]
    if int(m.hp) <= 0 or not has_volatile(b, s, v):
        return False
    drop_volatile(b, s, v)
    log_end(b, s, v, 0)
    if v == c.V_TWOTURNMOVE:
        drop_charge(b, s)
    elif v == c.V_LOCKEDMOVE:
        if int(side.locked_move_true_duration) <= 1:
            add_volatile(b, s, c.V_CONFUSION, s, c.EFFECT_VOLATILE, c.V_LOCKEDMOVE)
    elif v == c.V_STOCKPILE:
        changes = stage(c.DEF, int(side.stockpile_def)) + stage(c.SPD, int(side.stockpile_spd))
        if changes != 0:
            boost(b, s, changes, s, c.EFFECT_VOLATILE, c.V_STOCKPILE)
    elif v == c.V_POWERTRICK:
        _swap_attack_and_defence(b, s)
    elif v == c.V_TRAPPED:
        drop_volatile(b, 1 - s, c.V_TRAPPER)
    elif v == c.V_TRAPPER:
        drop_volatile(b, 1 - s, c.V_TRAPPED)
    return True


@kernel
def drop_charge(b: Any, s: int) -> None:
    """Clear the volatiles of a two-turn move."""
    drop_volatile(b, s, c.V_TWOTURNMOVE)
    drop_volatile(b, s, c.V_FLY)
    drop_volatile(b, s, c.V_BOUNCE)
    drop_volatile(b, s, c.V_DIG)
    drop_volatile(b, s, c.V_DIVE)
    drop_volatile(b, s, c.V_PHANTOMFORCE)
    drop_volatile(b, s, c.V_SHADOWFORCE)


# ------------------------------------------------------------------------------- side conditions
@kernel
def add_side_condition(b: Any, s: int, condition: int, source: int) -> bool:
    """Set up a condition (a layer more of a hazard) on side ``s``; return whether it worked."""
    side = b.sides[s]
    if condition == c.QUICK_GUARD or condition == c.WIDE_GUARD:
        bit = c.SIDE_QUICK_GUARD if condition == c.QUICK_GUARD else c.SIDE_WIDE_GUARD
        if int(side.flag_bits) & bit != 0:
            return False
        side.flag_bits = int(side.flag_bits) | bit
        guard = M.quickguard if condition == c.QUICK_GUARD else M.wideguard
        log(b, L_SINGLE_TURN, s, guard, 0)
        return True
    now = int(side.conditions[condition])
    if now != 0:
        limit = 3 if condition == c.SPIKES else (2 if condition == c.TOXIC_SPIKES else 1)
        if condition < c.SPIKES or now >= limit:
            return False
        side.conditions[condition] = now + 1
        log(b, L_SIDE_START, s, condition, 0)
        return True
    log(b, L_SIDE_START, s, condition, 0)
    if condition >= c.SPIKES:
        side.conditions[condition] = 1
        order = int(side.hazard_order)
        shift = 0
        while (order >> shift) & 15 != 0:
            shift += 4
        side.hazard_order = order | ((condition - c.SPIKES + 1) << shift)
        return True
    turns = 5
    if condition == c.TAILWIND:
        turns = 4
    elif condition == c.REFLECT or condition == c.LIGHT_SCREEN or condition == c.AURORA_VEIL:
        if source >= 0 and item(b, source) == I.lightclay:
            turns = 8
    side.conditions[condition] = turns
    if condition == c.TAILWIND:
        a = ability(b, s)
        if a == A.windrider:
            boost(b, s, stage(c.ATK, 1), s, c.EFFECT_ABILITY, A.windrider)
        elif a == A.windpower:
            add_volatile(b, s, c.V_CHARGE, s, c.EFFECT_ABILITY, A.windpower)
    return True


@kernel
def remove_side_condition(b: Any, s: int, condition: int) -> bool:
    """End a condition of side ``s``; return whether it was there."""
    side = b.sides[s]
    if int(side.conditions[condition]) == 0:
        return False
    if condition < c.SPIKES:
        log(b, L_SIDE_END, s, condition, 0)
    side.conditions[condition] = 0
    if condition >= c.SPIKES:
        # Later hazards move up.
        order = int(side.hazard_order)
        kept, shift = 0, 0
        while order != 0:
            if order & 15 != condition - c.SPIKES + 1:
                kept |= (order & 15) << shift
                shift += 4
            order >>= 4
        side.hazard_order = kept
    return True
