"""The event ModifyDamage: what abilities, items and volatiles make of a hit's damage.

Modifiers chain as in Showdown's ``chainModify``: numbers over 4096, rounded at each step, so that
their order counts.  It is that of the holders' speeds, and drawn where both are equally fast.
"""

from typing import Any

import numpy as np

import plywise.engine.battle.ability_ids as A
import plywise.engine.battle.item_ids as I
import plywise.engine.battle.move_ids as M
from plywise.engine.battle import constants as c
from plywise.engine.battle.event_ties import (
    MODIFY_DAMAGE,
    OF_ABILITY,
    OF_ITEM,
    OF_VOLATILE,
    collect_event,
)
from plywise.engine.battle.handlers import holder_of, what_of, which_of
from plywise.engine.battle.items import eat_item
from plywise.engine.battle.log_events import ENDED_WEAKENS, L_END_ITEM, log
from plywise.engine.battle.scratch import get_number, scratch
from plywise.engine.battle.stats import ability as get_ability
from plywise.engine.battle.stats import (
    chain,
    defence_ability,
    has_any_of,
    has_volatile,
    volatile_words,
)
from plywise.engine.battle.stats import item as get_item
from plywise.engine.battle.tables import F_BYPASS_SUB, F_MINIMIZE, F_SOUND, ITEMS, MOVES
from plywise.engine.compile.jit import kernel

_METRONOME = np.array([4096, 4915, 5734, 6553, 7372, 8192])
_OPEN = volatile_words((c.V_GLAIVERUSH, c.V_MINIMIZE, c.V_DIG, c.V_FLY, c.V_DIVE))
"""Volatiles of a target that can double the damage."""


@kernel
def hits_substitute(b: Any, t: int) -> bool:
    """Return whether the move in use stops at the substitute of side ``t``."""
    return (
        has_volatile(b, t, c.V_SUBSTITUTE)
        and int(MOVES[b.move.id].move_flags) & F_BYPASS_SUB == 0
        and int(b.move.flag_bits) & c.MOVE_INFILTRATES == 0
    )


@kernel
def _chain_volatile(b: Any, s: int, t: int, v: int, mod: int) -> int:
    """Chain what a volatile makes of the damage: the user's Metronome, or one of the target's."""
    if v == c.V_METRONOME:
        return chain(mod, int(_METRONOME[min(int(b.sides[s].metronome_count), 5)]))
    move = int(b.move.id)
    doubled = (
        v == c.V_GLAIVERUSH
        or (v == c.V_MINIMIZE and int(MOVES[move].move_flags) & F_MINIMIZE != 0)
        or (v == c.V_DIG and move == M.earthquake)
        or (v == c.V_FLY and (move == M.gust or move == M.twister))
        or (v == c.V_DIVE and (move == M.surf or move == M.whirlpool))
    )
    return chain(mod, 8192) if doubled else mod


@kernel
def _chain_ability_of_user(b: Any, s: int, mod: int, type_mod: int) -> int:
    ability = get_ability(b, s)
    if ability == A.neuroforce and type_mod > 0:
        return chain(mod, 5120)
    if ability == A.sniper and int(b.move.flag_bits) & c.MOVE_CRIT:
        return chain(mod, 6144)
    if ability == A.tintedlens and type_mod < 0:
        return chain(mod, 8192)
    return mod


@kernel
def _chain_item_of_user(b: Any, s: int, mod: int, type_mod: int) -> int:
    item = get_item(b, s)
    if item == I.lifeorb:
        return chain(mod, 5324)
    if item == I.expertbelt and type_mod > 0:
        return chain(mod, 4915)
    return mod


@kernel
def _chain_ability_of_target(b: Any, t: int, mod: int, type_mod: int) -> int:
    side = b.sides[t]
    mon = side.mons[side.active]
    kind = int(b.move.type)
    ability = defence_ability(b, t)
    if ability == A.filter or ability == A.solidrock or ability == A.prismarmor:
        if type_mod > 0:
            return chain(mod, 3072)
    elif ability == A.multiscale or ability == A.shadowshield:
        if mon.hp >= mon.max_hp:
            return chain(mod, 2048)
    elif ability == A.fluffy:
        if kind == c.TYPE_FIRE and int(b.move.flag_bits) & c.MOVE_CONTACT == 0:
            return chain(mod, 8192)
        if kind != c.TYPE_FIRE and int(b.move.flag_bits) & c.MOVE_CONTACT:
            return chain(mod, 2048)
    elif ability == A.icescales:
        if int(b.move.category) == c.CATEGORY_SPECIAL:
            return chain(mod, 2048)
    elif ability == A.punkrock:
        if int(MOVES[b.move.id].move_flags) & F_SOUND:
            return chain(mod, 2048)
    return mod


@kernel
def _chain_item_of_target(b: Any, t: int, mod: int, type_mod: int) -> int:
    """Chain the target's berry against the move's type, which it eats thereby."""
    kind = int(b.move.type)
    resist = int(ITEMS[get_item(b, t)].resist_type)
    if (
        resist == kind
        and resist != c.TYPE_NONE
        and (type_mod > 0 or resist == c.TYPE_NORMAL)
        and not hits_substitute(b, t)
        and eat_item(b, t, False)
    ):
        side = b.sides[t]
        log(b, L_END_ITEM, t, int(side.mons[side.active].last_item), ENDED_WEAKENS)
        return chain(mod, 2048)
    return mod


@kernel
def final_of_user(b: Any, s: int, mod: int, type_mod: int) -> int:
    """Chain the user's onModifyDamage handlers: Metronome, ability, then item."""
    if has_volatile(b, s, c.V_METRONOME):
        mod = _chain_volatile(b, s, 1 - s, c.V_METRONOME, mod)
    mod = _chain_ability_of_user(b, s, mod, type_mod)
    return _chain_item_of_user(b, s, mod, type_mod)


@kernel
def final_of_target(b: Any, s: int, t: int, mod: int, type_mod: int, forced: bool) -> int:
    """Chain the target's onSourceModifyDamage handlers: volatiles, ability, then item."""
    if has_any_of(b, t, int(_OPEN[0]), int(_OPEN[1]), int(_OPEN[2])):
        for v in (c.V_GLAIVERUSH, c.V_MINIMIZE, c.V_DIG, c.V_FLY, c.V_DIVE):
            if has_volatile(b, t, v):
                mod = _chain_volatile(b, s, t, v, mod)
    mod = _chain_ability_of_target(b, t, mod, type_mod)
    return mod if forced else _chain_item_of_target(b, t, mod, type_mod)


@kernel
def final_of_both(b: Any, s: int, t: int, mod: int, type_mod: int) -> int:
    """Chain the ModifyDamage handlers of two equally fast Pokémon, in their drawn order."""
    at = scratch()
    for k in range(collect_event(b, MODIFY_DAMAGE, s, t, at)):
        handler = get_number(at, k)
        what, mine = what_of(handler), holder_of(handler) == s
        if what == OF_VOLATILE:
            mod = _chain_volatile(b, s, t, which_of(handler), mod)
        elif what == OF_ABILITY:
            if mine:
                mod = _chain_ability_of_user(b, s, mod, type_mod)
            else:
                mod = _chain_ability_of_target(b, t, mod, type_mod)
        elif what == OF_ITEM:
            if mine:
                mod = _chain_item_of_user(b, s, mod, type_mod)
            else:
                mod = _chain_item_of_target(b, t, mod, type_mod)
    return mod
