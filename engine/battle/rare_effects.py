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
    start_ability,
    swap_abilities,
)
from plywise.engine.battle.action_queue import push_action, swap_actions
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
from plywise.engine.battle.ops import (
    boost,
    deduct_pp,
    stage,
    take_item,
)
from plywise.engine.battle.results import DONE, FAILED, NOTHING, QUIET
from plywise.engine.battle.stats import (
    has_type,
    has_volatile,
    holds_ability_shield,
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
    SPECIES,
    TYPE_CHART,
)
from plywise.engine.compile.jit import kernel


@kernel
def set_type(b: Any, s: int, first: int, second: int) -> bool:
    """Give the active of ``s`` new types (Soak ...), unless it cannot change them."""
    side = b.sides[s]
    mon = side.mons[side.active]
    num = int(SPECIES[mon.species].num)
    if int(mon.flag_bits) & c.MON_TERASTALLIZED or num == 493 or num == 773:
        return False
    side.types[0] = first
    side.types[1] = second
    side.added_type = c.TYPE_NONE
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
                return DONE if set_type(b, s, new, c.TYPE_NONE) else FAILED
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
        return NOTHING if last and deduct_pp(b, t, last, 4) else FAILED
    if move == M.topsyturvy:
        done = FAILED
        for k in range(7):
            if foe.boosts[k]:
                foe.boosts[k] = -int(foe.boosts[k])
                done = NOTHING
        return done
    if move == M.psychup:
        for k in range(7):
            user.boosts[k] = foe.boosts[k]
        remove_volatile(b, s, c.V_FOCUSENERGY)
        remove_volatile(b, s, c.V_DRAGONCHEER)
        if has_volatile(b, t, c.V_FOCUSENERGY):
            put_volatile(b, s, c.V_FOCUSENERGY)
        return NOTHING
    if move == M.heartswap:
        _swap_boosts(b, 0, 6)
        return NOTHING
    if move == M.guardswap:
        _swap_boosts(b, c.DEF, c.DEF)
        _swap_boosts(b, c.SPD, c.SPD)
        return NOTHING
    if move == M.powerswap:
        _swap_boosts(b, c.ATK, c.ATK)
        _swap_boosts(b, c.SPA, c.SPA)
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
        return NOTHING
    if move == M.speedswap:
        speed = int(target.stats[c.SPE])
        target.stats[c.SPE] = mon.stats[c.SPE]
        mon.stats[c.SPE] = speed
        return NOTHING
    if move == M.soak:
        first, second, third = types_of(b, t)
        if first == c.TYPE_WATER and second == c.TYPE_NONE and third == c.TYPE_NONE:
            return FAILED
        return NOTHING if set_type(b, t, c.TYPE_WATER, c.TYPE_NONE) else FAILED
    if move == M.magicpowder:
        first, second, third = types_of(b, t)
        if first == c.TYPE_PSYCHIC and second == c.TYPE_NONE and third == c.TYPE_NONE:
            return FAILED
        return NOTHING if set_type(b, t, c.TYPE_PSYCHIC, c.TYPE_NONE) else FAILED
    if move == M.forestscurse:
        if has_type(b, t, c.TYPE_GRASS) or int(target.flag_bits) & c.MON_TERASTALLIZED:
            return FAILED
        foe.added_type = c.TYPE_GRASS
        return NOTHING
    if move == M.conversion:
        kind = int(MOVES[mon.moves[0]].type)
        if has_type(b, s, kind) or not set_type(b, s, kind, c.TYPE_NONE):
            return FAILED
        return NOTHING
    if move == M.conversion2:
        return _conversion2(b, s, t)
    if move == M.reflecttype:
        num = int(SPECIES[mon.species].num)
        if num == 493 or num == 773 or int(mon.flag_bits) & c.MON_TERASTALLIZED:
            return FAILED
        first, second, _ = types_of(b, t)
        if first == c.TYPE_UNKNOWN:
            first = second
            second = c.TYPE_NONE
        if first == c.TYPE_NONE:
            return FAILED
        user.types[0] = first
        user.types[1] = second
        user.added_type = foe.added_type
        return NOTHING
    if move == M.acupressure:
        return _acupressure(b, s, t)
    if move == M.lockon:
        add_volatile(b, s, c.V_LOCKON, t, c.EFFECT_MOVE, move)
        return NOTHING
    if move == M.recycle:
        if mon.held_item or mon.last_item == 0:
            return FAILED
        held = int(mon.last_item)
        mon.last_item = 0
        set_item(b, s, held)
        return NOTHING
    if move == M.stuffcheeks:
        if not boost(b, s, stage(c.DEF, 2), s, c.EFFECT_MOVE, move):
            return FAILED
        eat_item(b, s, True)
        return NOTHING
    if move == M.skillswap:
        if (
            ABILITIES[mon.ability].fail_skill_swap
            or ABILITIES[target.ability].fail_skill_swap
            or holds_ability_shield(b, s)
            or holds_ability_shield(b, t)
        ):
            return FAILED
        swap_abilities(b, s)
        start_ability(b, t, False)
        start_ability(b, s, False)
        return NOTHING
    if move == M.entrainment:
        if not set_ability(b, t, int(mon.ability)):
            return FAILED
        foe.flag_bits = int(foe.flag_bits) | c.SIDE_STALE
        return NOTHING
    if move == M.roleplay:
        return NOTHING if set_ability(b, s, int(target.ability)) else FAILED
    if move == M.doodle:
        if ABILITIES[target.ability].fail_role_play or mon.ability == target.ability:
            return QUIET
        if ABILITIES[mon.ability].cant_suppress:
            return QUIET
        return NOTHING if set_ability(b, s, int(target.ability)) else QUIET
    if move == M.simplebeam:
        return NOTHING if set_ability(b, t, A.simple) else FAILED
    if move == M.worryseed:
        if not set_ability(b, t, A.insomnia):
            return FAILED
        if target.status == c.SLP:
            cure_status(b, t)
        return NOTHING
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
        return NOTHING
    if move == M.corrosivegas:
        take_item(b, t, s)
        return NOTHING
    if move == M.allyswitch:
        return QUIET
    if move == M.instruct:
        return _instruct(b, t)
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
def _instruct(b: Any, t: int) -> int:
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
    push_action(b, c.QUEUE_PRIORITIZED_MOVE, t, 0, last, 0)
    for k in range(int(b.queue_length) - 1, 0, -1):
        swap_actions(b, k - 1, k)
    return NOTHING
