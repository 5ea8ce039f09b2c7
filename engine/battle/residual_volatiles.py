"""The end of a turn for volatiles of an active Pokémon: effects and durations."""

from typing import Any

import plywise.engine.battle.move_ids as M
from plywise.engine.battle import constants as c
from plywise.engine.battle.conditions import (
    drop_charge,
    remove_volatile,
)
from plywise.engine.battle.items import (
    try_status,
)
from plywise.engine.battle.log_conditions import log_end
from plywise.engine.battle.log_events import L_END, L_START, START_PERISH, log
from plywise.engine.battle.ops import boost, damage, faint, fraction, heal, stage
from plywise.engine.battle.stats import (
    drop_volatile,
    has_type,
    has_volatile,
)
from plywise.engine.battle.tables import BINDING_MOVES
from plywise.engine.compile.jit import kernel


@kernel
def _healing_volatile(b: Any, s: int, v: int) -> None:
    """Do the healing and damage of volatiles without duration."""
    side, foe = b.sides[s], b.sides[1 - s]
    m, other = side.mons[side.active], foe.mons[foe.active]
    most = int(m.max_hp)
    if v == c.V_AQUARING:
        heal(b, s, fraction(most, 16), s, c.EFFECT_MOVE, M.aquaring)
    elif v == c.V_INGRAIN:
        heal(b, s, fraction(most, 16), s, c.EFFECT_MOVE, M.ingrain)
    elif v == c.V_LEECHSEED:
        if int(other.hp) > 0 and int(other.flag_bits) & c.MON_FAINTED == 0:
            lost = damage(b, s, fraction(most, 8), 1 - s, c.EFFECT_LEECH_SEED, 0)
            if lost > 0:
                heal(b, 1 - s, lost, s, c.EFFECT_LEECH_SEED, 0)
    elif v == c.V_CURSE:
        damage(b, s, fraction(most, 4), s, c.EFFECT_VOLATILE, c.V_CURSE)
    elif v == c.V_SALTCURE and int(m.hp) > 0:
        hard = has_type(b, s, c.TYPE_WATER) or has_type(b, s, c.TYPE_STEEL)
        damage(b, s, fraction(most, 4 if hard else 8), 1 - s, c.EFFECT_VOLATILE, c.V_SALTCURE)


@kernel
def _binding(b: Any, s: int) -> bool:
    """Do one turn of a partial trap; return whether its duration ended."""
    side, foe = b.sides[s], b.sides[1 - s]
    m, other = side.mons[side.active], foe.mons[foe.active]
    side.partial_trap_duration = max(0, int(side.partial_trap_duration) - 1)
    here = int(side.partial_trap_source) == 1 + int(foe.active) and int(other.hp) > 0
    if int(side.partial_trap_duration) == 0:
        drop_volatile(b, s, c.V_PARTIALLYTRAPPED)
        log_end(b, s, c.V_PARTIALLYTRAPPED, 0)
        return True
    if not here or int(foe.active_turns) == 0:
        drop_volatile(b, s, c.V_PARTIALLYTRAPPED)
        log_end(b, s, c.V_PARTIALLYTRAPPED, 1)
        return False
    part = max(1, int(side.partial_trap_divisor) & 15)
    amount = fraction(int(m.max_hp), part)
    move = int(BINDING_MOVES[int(side.partial_trap_divisor) >> 4])
    damage(b, s, amount, 1 - s, c.EFFECT_BINDING, move)
    return False


@kernel
def _locked_move(b: Any, s: int) -> bool:
    """Do one turn of Outrage and its like; return whether the duration ended."""
    side = b.sides[s]
    m = side.mons[side.active]
    side.locked_move_duration = max(0, int(side.locked_move_duration) - 1)
    if int(side.locked_move_duration) == 0:
        remove_volatile(b, s, c.V_LOCKEDMOVE)
        side.locked_move = 0
        return True
    if int(m.status) == c.SLP:
        drop_volatile(b, s, c.V_LOCKEDMOVE)
    else:
        side.locked_move_true_duration = int(side.locked_move_true_duration) - 1
    return False


@kernel
def _uproar(b: Any, s: int) -> bool:
    """Do one turn of Uproar; return whether its duration ended."""
    side = b.sides[s]
    side.uproar_duration = max(0, int(side.uproar_duration) - 1)
    ended = int(side.uproar_duration) == 0
    struggling = int(side.last_move) == M.struggle
    silenced = has_volatile(b, s, c.V_THROATCHOP)
    if int(side.mons[side.active].hp) <= 0:
        # Perish Song has just counted to 0, and ``removeVolatile`` does nothing without HP.
        if not ended and not silenced:
            log(b, L_START, s, c.V_UPROAR, 1)
        return ended
    if ended or silenced or struggling:
        drop_volatile(b, s, c.V_UPROAR)
    if ended or silenced:
        log(b, L_END, s, c.V_UPROAR, 0)
    else:
        log(b, L_START, s, c.V_UPROAR, 1)
    return ended


@kernel
def _encore(b: Any, s: int) -> bool:
    """Do one turn of Encore; return whether its duration ended."""
    side = b.sides[s]
    m = side.mons[side.active]
    side.encore_duration = max(0, int(side.encore_duration) - 1)
    ended = int(side.encore_duration) == 0
    usable = False
    for k in range(4):
        if int(m.moves[k]) == int(side.encore_move) and int(m.pp[k]) > 0:
            usable = True
    if ended or not usable:
        drop_volatile(b, s, c.V_ENCORE)
        log(b, L_END, s, c.V_ENCORE, 0)
        side.encore_move = 0
        side.encore_duration = 0
    return ended


@kernel
def _streak(b: Any, s: int, v: int) -> bool:
    """Do one turn of Fury Cutter or Rollout; return whether it ended for want of another use."""
    side = b.sides[s]
    bit = c.SIDE_FURY_CUTTER_KEPT if v == c.V_FURYCUTTER else c.SIDE_ROLLOUT_KEPT
    kept = int(side.flag_bits) & bit != 0
    side.flag_bits = int(side.flag_bits) & ~bit
    if not kept or (v == c.V_ROLLOUT and int(side.last_move) == M.struggle):
        drop_volatile(b, s, v)
    return not kept


@kernel
def _count_down(b: Any, s: int, v: int) -> bool:
    """Count one turn of a volatile that only lasts for a time; return whether it ended."""
    side = b.sides[s]
    left = 0  # those not named below last for this turn only
    if v == c.V_TAUNT:
        left = side.taunt_duration = max(0, int(side.taunt_duration) - 1)
    elif v == c.V_DISABLE:
        left = side.disable_duration = max(0, int(side.disable_duration) - 1)
        if left == 0:
            side.disable_move = 0
    elif v == c.V_MAGNETRISE:
        left = side.magnet_rise_duration = max(0, int(side.magnet_rise_duration) - 1)
    elif v == c.V_HEALBLOCK:
        left = side.heal_block_duration = max(0, int(side.heal_block_duration) - 1)
    elif v == c.V_THROATCHOP:
        left = side.throat_chop_duration = max(0, int(side.throat_chop_duration) - 1)
    elif v == c.V_STALL:
        left = side.stall_duration = max(0, int(side.stall_duration) - 1)
        if left == 0:
            side.stall_counter = 0
    elif v == c.V_MUSTRECHARGE:
        left = side.must_recharge_duration = max(0, int(side.must_recharge_duration) - 1)
    elif v == c.V_LOCKON:
        left = side.lock_on_duration = max(0, int(side.lock_on_duration) - 1)
    elif v == c.V_ALLYSWITCH:
        left = max(0, (int(side.ally_switch) >> 4) - 1)
        side.ally_switch = (int(side.ally_switch) & 15) | left << 4 if left != 0 else 0
    elif v == c.V_MICLEBERRY:
        left = side.micle_duration = max(0, int(side.micle_duration) - 1)
    if left == 0:
        drop_volatile(b, s, v)
        log(b, L_END, s, v, 0)
    return left == 0


@kernel
def volatile_turn(b: Any, s: int, v: int) -> bool:
    """Do the handler of a volatile; return whether its duration ended."""
    side = b.sides[s]
    if (
        v == c.V_LEECHSEED
        or v == c.V_SALTCURE
        or v == c.V_CURSE
        or v == c.V_AQUARING
        or v == c.V_INGRAIN
    ):
        _healing_volatile(b, s, v)
        return False
    if v == c.V_PARTIALLYTRAPPED:
        return _binding(b, s)
    if v == c.V_LOCKEDMOVE:
        return _locked_move(b, s)
    if v == c.V_UPROAR:
        return _uproar(b, s)
    if v == c.V_ENCORE:
        return _encore(b, s)
    if v == c.V_SYRUPBOMB:
        side.syrup_bomb_duration = max(0, int(side.syrup_bomb_duration) - 1)
        if int(side.syrup_bomb_duration) == 0:
            drop_volatile(b, s, c.V_SYRUPBOMB)
            log(b, L_END, s, c.V_SYRUPBOMB, 0)
            return True
        boost(b, s, stage(c.SPE, -1), 1 - s, c.EFFECT_VOLATILE, c.V_SYRUPBOMB)
        return False
    if v == c.V_YAWN:
        side.yawn_duration = max(0, int(side.yawn_duration) - 1)
        if int(side.yawn_duration) != 0:
            return False
        log(b, L_END, s, c.V_YAWN, 0)
        # Its end comes before it is gone, so that its own sleep passes Safeguard.
        try_status(b, s, c.SLP, 1 - s, c.EFFECT_VOLATILE, c.V_YAWN)
        drop_volatile(b, s, c.V_YAWN)
        return True
    if v == c.V_PERISHSONG:
        side.perish_duration = max(0, int(side.perish_duration) - 1)
        log(b, L_START, s, START_PERISH, int(side.perish_duration))
        if int(side.perish_duration) != 0:
            return False
        drop_volatile(b, s, c.V_PERISHSONG)
        faint(b, s, -1, c.EFFECT_NONE, 0)
        return True
    if v == c.V_TWOTURNMOVE:
        side.two_turn_duration = max(0, int(side.two_turn_duration) - 1)
        if int(side.two_turn_duration) == 0:
            drop_charge(b, s)
        return int(side.two_turn_duration) == 0
    if v == c.V_FLY or v == c.V_BOUNCE or v == c.V_DIG or v == c.V_DIVE:
        return False  # they end with the move that is being charged
    if v == c.V_PHANTOMFORCE or v == c.V_SHADOWFORCE:
        return False
    if v == c.V_ROLLOUTSTORAGE:
        return False
    if v == c.V_FURYCUTTER or v == c.V_ROLLOUT:
        return _streak(b, s, v)
    return _count_down(b, s, v)
