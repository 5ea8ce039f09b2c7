"""What a side may choose: Showdown's end-of-turn preparations and its requests.

:func:`prepare_choices` is the part of ``endTurn`` that disables moves and traps Pokémon, once for
each turn; :func:`legal_actions` reads what it left.
"""

from typing import Any

import plywise.engine.battle.ability_ids as A
import plywise.engine.battle.item_ids as I
import plywise.engine.battle.move_ids as M
from plywise.engine.battle.conditions import type_immunity
from plywise.engine.battle.constants import (
    ACTION_FORCED,
    ACTION_MOVE,
    ACTION_PASS,
    ACTION_SWITCH,
    ACTION_TERA,
    CATEGORY_STATUS,
    FAIRY_LOCK,
    GRAVITY,
    MON_ATE_BERRY,
    MON_FAINTED,
    MON_TERA_LOST,
    NOT_TRAPPED,
    REQUEST_MOVE,
    REQUEST_SWITCH,
    SIDE_CANNOT_TERASTALLIZE,
    SIDE_REVIVAL_BLESSING,
    SIDE_TERA_USED,
    TRAPPED,
    TRAPPED_HIDDEN,
    TYPE_STEEL,
    V_CHOICELOCK,
    V_COMMANDED,
    V_COMMANDING,
    V_DISABLE,
    V_ENCORE,
    V_HEALBLOCK,
    V_IMPRISON,
    V_INGRAIN,
    V_LOCKEDMOVE,
    V_MUSTRECHARGE,
    V_NORETREAT,
    V_PARTIALLYTRAPPED,
    V_ROLLOUT,
    V_TAUNT,
    V_THROATCHOP,
    V_TORMENT,
    V_TRAPPED,
    V_TWOTURNMOVE,
    V_UPROAR,
)
from plywise.engine.battle.stats import (
    ability,
    drop_volatile,
    has_type,
    has_volatile,
    is_grounded,
    item,
)
from plywise.engine.battle.tables import (
    F_CANT_USE_TWICE,
    F_GRAVITY,
    F_HEAL,
    F_SOUND,
    IMMUNE_TRAPPED,
    ITEMS,
    MOVES,
)
from plywise.engine.jit import kernel

RECHARGE = -1


@kernel
def locked_move(b: Any, s: int) -> int:
    """Return the move that the active of ``s`` must use, ``RECHARGE``, or 0."""
    side = b.sides[s]
    if has_volatile(b, s, V_MUSTRECHARGE):
        return RECHARGE
    if has_volatile(b, s, V_TWOTURNMOVE):
        return int(side.two_turn_move)
    if has_volatile(b, s, V_LOCKEDMOVE):
        return int(side.locked_move)
    if has_volatile(b, s, V_UPROAR):
        return M.uproar
    if has_volatile(b, s, V_ROLLOUT):
        return M.rollout
    return 0


@kernel
def _slot_of(b: Any, s: int, move: int) -> int:
    """Return the slot of a move of the active of ``s``, -1 if it has it not."""
    side = b.sides[s]
    for k in range(4):
        if int(side.mons[side.active].moves[k]) == move:
            return k
    return -1


@kernel
def _disable_moves(b: Any, s: int) -> int:
    """Return the bits of ``disabled_moves``: Showdown's DisableMove event."""
    side = b.sides[s]
    m = side.mons[side.active]
    if has_volatile(b, s, V_CHOICELOCK) and (
        not ITEMS[int(m.held_item)].choice or _slot_of(b, s, int(side.choice_lock)) < 0
    ):
        drop_volatile(b, s, V_CHOICELOCK)
    held = item(b, s)
    only = 0  # the one move that is left; several of them leave none
    second = 0
    if has_volatile(b, s, V_CHOICELOCK) and held != 0:
        only = int(side.choice_lock)
    if has_volatile(b, s, V_ENCORE) and _slot_of(b, s, int(side.encore_move)) >= 0:
        second = int(side.encore_move)
    tactics = 0
    if ability(b, s) == A.gorillatactics:
        tactics = int(side.ability_data)
    no_status = has_volatile(b, s, V_TAUNT) or held == I.assaultvest
    gravity = b.pseudo_weather[GRAVITY] != 0
    heal_block = has_volatile(b, s, V_HEALBLOCK)
    throat_chop = has_volatile(b, s, V_THROATCHOP)
    torment = has_volatile(b, s, V_TORMENT)
    imprisoned = has_volatile(b, 1 - s, V_IMPRISON)
    last = int(side.last_move)
    out = 0
    for k in range(4):
        move = int(m.moves[k])
        if move == 0:
            continue
        row = MOVES[move]
        flags = int(row.move_flags)
        disabled = (
            (only != 0 and move != only)
            or (second != 0 and move != second)
            or (tactics != 0 and move != tactics)
            or (has_volatile(b, s, V_DISABLE) and move == int(side.disable_move))
            or (no_status and row.category == CATEGORY_STATUS)
            or (gravity and flags & F_GRAVITY != 0)
            or (heal_block and flags & F_HEAL != 0)
            or (throat_chop and flags & F_SOUND != 0)
            or (torment and move == last and move != M.struggle)
            or (flags & F_CANT_USE_TWICE != 0 and move == last)
            or (move == M.belch and int(m.flag_bits) & MON_ATE_BERRY == 0)
            or (move == M.stuffcheeks and not ITEMS[int(m.held_item)].berry)
        )
        if disabled:
            out |= 1 << k
        elif imprisoned and move != M.struggle and _slot_of(b, 1 - s, move) >= 0:
            out |= 17 << k
    return out


@kernel
def _trap(b: Any, s: int) -> int:
    """Return the value of ``trapped``: Showdown's TrapPokemon event."""
    side, foe = b.sides[s], b.sides[1 - s]
    trapped = NOT_TRAPPED
    if type_immunity(b, s) & IMMUNE_TRAPPED == 0:
        foe_ability = ability(b, 1 - s)
        bound = has_volatile(b, s, V_PARTIALLYTRAPPED) and (
            int(side.partial_trap_source) == 0
            or int(side.partial_trap_source) == int(foe.active) + 1
        )
        if (
            has_volatile(b, s, V_TRAPPED)
            or has_volatile(b, s, V_INGRAIN)
            or has_volatile(b, s, V_NORETREAT)
            or bound
            or b.pseudo_weather[FAIRY_LOCK] != 0
        ):
            trapped = TRAPPED
        elif (
            (foe_ability == A.shadowtag and ability(b, s) != A.shadowtag)
            or (foe_ability == A.arenatrap and is_grounded(b, s, False))
            or (foe_ability == A.magnetpull and has_type(b, s, TYPE_STEEL))
        ):
            trapped = TRAPPED_HIDDEN
    if item(b, s) == I.shedshell:
        trapped = NOT_TRAPPED
    if has_volatile(b, s, V_COMMANDED) or has_volatile(b, s, V_COMMANDING):
        trapped = TRAPPED
    if locked_move(b, s) != 0:
        trapped = TRAPPED
    return trapped


@kernel
def prepare_choices(b: Any) -> None:
    """Disable moves and trap Pokémon for the turn that begins; call it before a move request."""
    for s in range(2):
        side = b.sides[s]
        if int(side.mons[side.active].flag_bits) & MON_FAINTED == 0:
            side.disabled_moves = _disable_moves(b, s)
            side.trapped = _trap(b, s)


@kernel
def may_terastallize(b: Any, s: int) -> bool:
    """Return whether the active of ``s`` can Terastallize this turn."""
    side = b.sides[s]
    return (
        int(side.flag_bits) & (SIDE_TERA_USED | SIDE_CANNOT_TERASTALLIZE) == 0
        and int(side.mons[side.active].flag_bits) & MON_TERA_LOST == 0
    )


@kernel
def _replacements(b: Any, s: int, out: Any) -> int:
    """Write who may come in, or be revived, into ``out``; return how many choices there are."""
    side = b.sides[s]
    wanted = MON_FAINTED if int(side.flag_bits) & SIDE_REVIVAL_BLESSING else 0
    n = 0
    for i in range(int(side.team_size)):
        if i != int(side.active) and int(side.mons[i].flag_bits) & MON_FAINTED == wanted:
            out[n] = ACTION_SWITCH + i
            n += 1
    if n == 0:
        out[0] = ACTION_PASS
        n = 1
    return n


@kernel
def legal_actions(b: Any, s: int, out: Any) -> int:
    """Write the legal actions of side ``s``, ascending, into ``out``; return how many."""
    side = b.sides[s]
    if b.request == REQUEST_SWITCH:
        return _replacements(b, s, out) if side.switch_flag != 0 else 0
    if b.request != REQUEST_MOVE:
        return 0
    m = side.mons[side.active]
    locked = locked_move(b, s)
    n = 0
    if locked != 0:
        slot = -1
        if locked != RECHARGE:
            slot = _slot_of(b, s, locked)
        out[0] = ACTION_MOVE + slot if slot >= 0 else ACTION_FORCED
        return 1  # who must use a move cannot leave
    usable = 0
    for k in range(4):
        if m.moves[k] != 0 and m.pp[k] != 0 and int(side.disabled_moves) & (17 << k) == 0:
            usable |= 1 << k
            out[n] = ACTION_MOVE + k
            n += 1
    if usable != 0 and may_terastallize(b, s):
        for k in range(4):
            if usable >> k & 1 != 0:
                out[n] = ACTION_TERA + k
                n += 1
    if side.trapped == NOT_TRAPPED:
        for i in range(int(side.team_size)):
            if i != int(side.active) and int(side.mons[i].flag_bits) & MON_FAINTED == 0:
                out[n] = ACTION_SWITCH + i
                n += 1
    if usable == 0:
        out[n] = ACTION_FORCED
        n += 1
    return n
