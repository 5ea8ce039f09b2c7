"""Legal actions of a side for one decision: locked, disabled and trapped."""

from typing import Any

import numpy as np

import plywise.engine.battle.ability_ids as A
import plywise.engine.battle.item_ids as I
import plywise.engine.battle.move_ids as M
from plywise.engine.battle import constants as c
from plywise.engine.battle.callbacks import ABILITY_DISABLES, ABILITY_TRAPS
from plywise.engine.battle.conditions import immunity_ties, type_immunity
from plywise.engine.battle.event_ties import (
    DISABLE_MOVE,
    NO_SOURCE,
    OWN,
    TRAP_POKEMON,
    answering,
    event_ties,
)
from plywise.engine.battle.names import ABILITY_NAMES
from plywise.engine.battle.stats import (
    ability,
    drop_volatile,
    has_any_of,
    has_type,
    has_volatile,
    is_grounded,
    item,
    volatile_words,
)
from plywise.engine.battle.tables import (
    F_CANT_USE_TWICE,
    F_GRAVITY,
    F_HEAL,
    F_SOUND,
    IMMUNE_TRAPPED,
    ITEMS,
    MOVES,
    SPECIES,
    frozen,
)
from plywise.engine.battle.team_preview import has_to_name, nameable_set
from plywise.engine.battle.ties import even
from plywise.engine.bits import list_bits
from plywise.engine.compile.jit import kernel
from plywise.engine.kernels import SIMULTANEOUS, TERMINAL

NO_LOCK = -1
RECHARGE = 0
"""The move that a recharging Pokémon makes: none."""


_LOCKING = (c.V_MUSTRECHARGE, c.V_LOCKEDMOVE, c.V_TWOTURNMOVE, c.V_UPROAR, c.V_ROLLOUT)
_LOCKING_0, _LOCKING_1, _LOCKING_2 = map(int, volatile_words(_LOCKING))
_DISABLING = (
    c.V_CHOICELOCK,
    c.V_ENCORE,
    c.V_TAUNT,
    c.V_DISABLE,
    c.V_HEALBLOCK,
    c.V_THROATCHOP,
    c.V_TORMENT,
)
_DISABLING_0, _DISABLING_1, _DISABLING_2 = map(int, volatile_words(_DISABLING))
_SELF_LIMITED = frozen(
    (MOVES["move_flags"] & F_CANT_USE_TWICE != 0)
    | np.isin(np.arange(len(MOVES)), (M.belch, M.stuffcheeks))
)
"""Whether a move, by its id, is disabled by a rule of its own."""


@kernel
def locked_move(b: Any, s: int) -> int:
    """Return the move that the active of ``s`` must make: ``NO_LOCK``, ``RECHARGE`` or a move."""
    side = b.sides[s]
    if not has_any_of(b, s, _LOCKING_0, _LOCKING_1, _LOCKING_2):
        return NO_LOCK
    if has_volatile(b, s, c.V_MUSTRECHARGE):
        return RECHARGE
    if has_volatile(b, s, c.V_LOCKEDMOVE):
        return int(side.locked_move)
    if has_volatile(b, s, c.V_TWOTURNMOVE):
        return int(side.two_turn_move)
    if has_volatile(b, s, c.V_UPROAR):
        return int(M.uproar)
    if has_volatile(b, s, c.V_ROLLOUT):
        return int(M.rollout)
    return NO_LOCK


@kernel
def set_disabled(b: Any, s: int) -> None:
    """Note which moves of the active of ``s`` are disabled for the coming turn (DisableMove)."""
    side, foe = b.sides[s], b.sides[1 - s]
    m, other = side.mons[side.active], foe.mons[foe.active]
    disabled, hidden = 0, 0
    # Most often nothing disables anything.
    if (
        not has_any_of(b, s, _DISABLING_0, _DISABLING_1, _DISABLING_2)
        and not has_volatile(b, 1 - s, c.V_IMPRISON)
        and not ABILITY_DISABLES[m.ability]
        and m.held_item != I.assaultvest
        and b.pseudo_weather[c.GRAVITY] == 0
        and not _SELF_LIMITED[m.moves[0]]
        and not _SELF_LIMITED[m.moves[1]]
        and not _SELF_LIMITED[m.moves[2]]
        and not _SELF_LIMITED[m.moves[3]]
    ):
        side.disabled_moves = 0
        return
    if answering(b, s, DISABLE_MOVE, OWN) > 1 or even(b):
        event_ties(b, DISABLE_MOVE, s, NO_SOURCE)
    held = item(b, s)
    known_lock = False
    for k in range(4):
        if int(m.moves[k]) != 0 and int(m.moves[k]) == int(side.choice_lock):
            known_lock = True
    if has_volatile(b, s, c.V_CHOICELOCK) and (not ITEMS[m.held_item].choice or not known_lock):
        drop_volatile(b, s, c.V_CHOICELOCK)
    choice = has_volatile(b, s, c.V_CHOICELOCK) and held != 0
    encored = False
    if has_volatile(b, s, c.V_ENCORE):
        for k in range(4):
            if int(m.moves[k]) == int(side.encore_move):
                encored = True
    tactics = ability(b, s) == A.gorillatactics and side.ability_data != 0
    for k in range(4):
        move = int(m.moves[k])
        if move == 0:
            continue
        row = MOVES[move]
        flags = int(row.move_flags)
        status = row.category == c.CATEGORY_STATUS
        off = (
            (choice and move != int(side.choice_lock))
            or (encored and move != int(side.encore_move))
            or (tactics and move != int(side.ability_data))
            or (status and (held == I.assaultvest or has_volatile(b, s, c.V_TAUNT)))
            or (move == int(side.disable_move) and has_volatile(b, s, c.V_DISABLE))
            or (flags & F_GRAVITY != 0 and b.pseudo_weather[c.GRAVITY] != 0)
            or (flags & F_HEAL != 0 and has_volatile(b, s, c.V_HEALBLOCK))
            or (flags & F_SOUND != 0 and has_volatile(b, s, c.V_THROATCHOP))
            or (
                move == int(side.last_move)
                and (flags & F_CANT_USE_TWICE != 0 or has_volatile(b, s, c.V_TORMENT))
            )
            or (move == M.belch and int(m.flag_bits) & c.MON_ATE_BERRY == 0)
            or (move == M.stuffcheeks and not ITEMS[m.held_item].berry)
        )
        if off:
            disabled |= 1 << k
        elif has_volatile(b, 1 - s, c.V_IMPRISON):
            for j in range(4):
                if int(other.moves[j]) == move:
                    hidden |= 17 << k
    side.disabled_moves = disabled | hidden


@kernel
def _traps(b: Any, s: int, a: int) -> bool:
    """Return whether ability ``a`` of the foe traps the active of ``s``."""
    if a == A.arenatrap:
        return is_grounded(b, s, False)
    if a == A.magnetpull:
        return has_type(b, s, c.TYPE_STEEL)
    return a == A.shadowtag and ability(b, s) != A.shadowtag


_BANNED_BY = {"arenatrap": c.FORMAT_NO_ARENA_TRAP, "shadowtag": c.FORMAT_NO_SHADOW_TAG}
_BANS = frozen(np.array([_BANNED_BY.get(name, 0) for name in ABILITY_NAMES], np.int64))
"""Bit of ``format`` under which an ability is banned; 0: none."""

_MAY_TRAP = frozen(ABILITY_TRAPS[SPECIES["abilities"]].any(axis=1))
"""Whether a species, by its id, can have an ability that traps."""


@kernel
def _traps_set(b: Any, s: int) -> int:
    """Return how many effects try to trap the active of ``s`` (``tryTrap``, of TrapPokemon)."""
    side, foe = b.sides[s], b.sides[1 - s]
    other = foe.mons[foe.active]
    tried = int(has_volatile(b, s, c.V_TRAPPED)) + int(has_volatile(b, s, c.V_INGRAIN))
    tried += int(has_volatile(b, s, c.V_NORETREAT)) + int(b.pseudo_weather[c.FAIRY_LOCK] != 0)
    if int(other.flag_bits) & c.MON_FAINTED == 0:
        bound = int(side.partial_trap_source) == 1 + int(foe.active)
        tried += int(has_volatile(b, s, c.V_PARTIALLYTRAPPED) and bound)
    if int(other.hp) > 0:
        tried += int(ABILITY_TRAPS[other.ability] and _traps(b, s, ability(b, 1 - s)))
    return tried


@kernel
def set_trapped(b: Any, s: int) -> None:
    """Note whether the active of ``s`` may leave in the coming turn (TrapPokemon)."""
    side, foe = b.sides[s], b.sides[1 - s]
    if answering(b, s, TRAP_POKEMON, OWN) > 1:
        event_ties(b, TRAP_POKEMON, s, NO_SOURCE)
    m, other = side.mons[side.active], foe.mons[foe.active]
    flags = int(side.flag_bits) & ~c.SIDE_MAYBE_TRAPPED
    side.trapped = c.NOT_TRAPPED
    if type_immunity(b, s) & IMMUNE_TRAPPED == 0:
        if has_volatile(b, s, c.V_MAGNETRISE):
            for _ in range(_traps_set(b, s)):
                immunity_ties(b, s)
        if (
            has_volatile(b, s, c.V_TRAPPED)
            or has_volatile(b, s, c.V_INGRAIN)
            or has_volatile(b, s, c.V_NORETREAT)
            or b.pseudo_weather[c.FAIRY_LOCK] != 0
            or (
                has_volatile(b, s, c.V_PARTIALLYTRAPPED)
                and int(side.partial_trap_source) == 1 + int(foe.active)
                and int(other.flag_bits) & c.MON_FAINTED == 0
            )
        ):
            side.trapped = c.TRAPPED
        elif int(other.hp) > 0:
            if ABILITY_TRAPS[other.ability] and _traps(b, s, ability(b, 1 - s)):
                side.trapped = c.TRAPPED_HIDDEN
                flags |= c.SIDE_MAYBE_TRAPPED
            species = int(other.species)
            if foe.illusion != 0:
                species = int(foe.mons[int(foe.illusion) - 1].species)
            if _MAY_TRAP[species]:
                for k in range(4):
                    possible = int(SPECIES[species].abilities[k])
                    legal = int(b.format) & int(_BANS[possible]) == 0
                    if legal and possible != int(other.ability) and _traps(b, s, possible):
                        flags |= c.SIDE_MAYBE_TRAPPED
        if m.held_item == I.shedshell and item(b, s) == I.shedshell:
            side.trapped = c.NOT_TRAPPED
            flags &= ~c.SIDE_MAYBE_TRAPPED
    side.flag_bits = flags


@kernel
def trap_if_locked(b: Any, s: int) -> None:
    """Keep the active of ``s`` from leaving if it must use a move, as Showdown's request does."""
    side = b.sides[s]
    if locked_move(b, s) != NO_LOCK:
        side.trapped = c.TRAPPED
        side.flag_bits = int(side.flag_bits) & ~c.SIDE_MAYBE_TRAPPED


@kernel
def can_terastallize(b: Any, s: int) -> bool:
    """Return whether the active of ``s`` may still Terastallize."""
    side = b.sides[s]
    m = side.mons[side.active]
    if int(side.flag_bits) & (c.SIDE_TERA_USED | c.SIDE_CANNOT_TERASTALLIZE) != 0:
        return False
    return int(m.flag_bits) & c.MON_TERA_LOST == 0 and m.tera_type != 0


@kernel
def decides(b: Any, s: int) -> bool:
    """Return whether side ``s`` has to choose now."""
    if b.request == c.REQUEST_MOVE:
        return int(b.sides[s].pokemon_left) != 0
    if b.request == c.REQUEST_PREVIEW:
        return has_to_name(b, s)
    return int(b.request) == c.REQUEST_SWITCH and int(b.sides[s].switch_flag) != 0


@kernel
def who_decides(b: Any) -> int:
    """Return the side that has to choose now, or ``SIMULTANEOUS``, or ``TERMINAL``."""
    if int(b.winner) != c.WINNER_NONE:
        return TERMINAL
    one, two = decides(b, 0), decides(b, 1)
    if one and two:
        return SIMULTANEOUS
    return 0 if one else 1


@kernel
def legal_set(b: Any, s: int) -> int:
    """Return the actions that side ``s`` may choose, as bits."""
    if not decides(b, s):
        return 0
    if b.request == c.REQUEST_PREVIEW:
        return nameable_set(b, s)
    side = b.sides[s]
    m = side.mons[side.active]
    found = 0
    if b.request == c.REQUEST_SWITCH:
        reviving = int(side.flag_bits) & c.SIDE_REVIVAL_BLESSING != 0
        for i in range(int(side.team_size)):
            fainted = int(side.mons[i].flag_bits) & c.MON_FAINTED != 0
            if i != int(side.active) and fainted == reviving:
                found |= 1 << (c.ACTION_SWITCH + i)
        return found if found != 0 else 1 << c.ACTION_PASS
    forced = False
    locked = locked_move(b, s)
    if locked != NO_LOCK:
        forced = True
        for k in range(4):
            if locked != RECHARGE and int(m.moves[k]) == locked and forced:
                found = 1 << (c.ACTION_MOVE + k)
                forced = False
    else:
        off = int(side.disabled_moves)
        off = (off | off >> 4) & 15
        for k in range(4):
            if int(m.moves[k]) != 0 and int(m.pp[k]) > 0 and (off >> k) & 1 == 0:
                found |= 1 << (c.ACTION_MOVE + k)
        forced = found == 0
        if not forced and can_terastallize(b, s):
            found |= found << (c.ACTION_TERA - c.ACTION_MOVE)
    if side.trapped == c.NOT_TRAPPED and locked == NO_LOCK:
        for i in range(int(side.team_size)):
            if i != int(side.active) and int(side.mons[i].flag_bits) & c.MON_FAINTED == 0:
                found |= 1 << (c.ACTION_SWITCH + i)
    if forced:
        found |= 1 << c.ACTION_FORCED
    return found


@kernel
def legal_actions(b: Any, s: int, out: Any) -> int:
    """Write the actions that side ``s`` may choose, ascending, into ``out``; return how many."""
    return list_bits(np.uint64(legal_set(b, s)), out)
