"""The event Update: abilities and items that react as soon as something has changed."""

from typing import Any

import plywise.engine.battle.ability_ids as A
import plywise.engine.battle.species_ids as S
from plywise.engine.battle import constants as c
from plywise.engine.battle.abilities import start_ability, trace
from plywise.engine.battle.callbacks import ABILITY_UPDATES, ITEM_UPDATES
from plywise.engine.battle.conditions import cure_status, remove_volatile
from plywise.engine.battle.event_ties import (
    NO_SOURCE,
    OF_VOLATILE,
    OWN,
    UPDATE,
    answering,
    collect_event,
)
from plywise.engine.battle.field import first_side
from plywise.engine.battle.formes import forme_change
from plywise.engine.battle.handlers import what_of, which_of
from plywise.engine.battle.items import update_item
from plywise.engine.battle.log_events import L_ACTIVATE, L_END, log_from
from plywise.engine.battle.ops import damage, fraction, throw_item
from plywise.engine.battle.scratch import get_number, scratch
from plywise.engine.battle.stats import (
    ability,
    defence_ability,
    drop_volatile,
    has_any_of,
    has_volatile,
    volatile_words,
)
from plywise.engine.compile.jit import kernel


@kernel
def _update_ability(b: Any, s: int) -> None:
    side = b.sides[s]
    m = side.mons[side.active]
    a = defence_ability(b, s)
    status = int(m.status)
    if a == A.disguise:
        if int(m.species) == S.mimikyu and int(side.ability_flags) & c.ABILITY_BUSTED != 0:
            forme_change(b, s, S.mimikyubusted, True)
            damage(b, s, fraction(int(m.max_hp), 8), s, c.EFFECT_ABILITY, a)
    elif a == A.iceface:
        if int(m.species) == S.eiscue and int(side.ability_flags) & c.ABILITY_BUSTED != 0:
            forme_change(b, s, S.eiscuenoice, True)
    elif a == A.trace:
        if int(side.ability_flags) & c.ABILITY_SEEK != 0 and trace(b, s):
            start_ability(b, s, False)
    elif a == A.oblivious:
        if has_volatile(b, s, c.V_ATTRACT):
            log_from(b, L_ACTIVATE, s, 0, 0, c.EFFECT_ABILITY, a, -1)
            remove_volatile(b, s, c.V_ATTRACT)
            log_from(b, L_END, s, c.V_ATTRACT, 0, c.EFFECT_ABILITY, a, -1)
        if has_volatile(b, s, c.V_TAUNT):
            log_from(b, L_ACTIVATE, s, 0, 0, c.EFFECT_ABILITY, a, -1)
            remove_volatile(b, s, c.V_TAUNT)
    elif a == A.owntempo:
        if has_volatile(b, s, c.V_CONFUSION):
            log_from(b, L_ACTIVATE, s, 0, 0, c.EFFECT_ABILITY, a, -1)
            remove_volatile(b, s, c.V_CONFUSION)
    elif status != c.NO_STATUS:
        if (
            ((a == A.immunity or a == A.pastelveil) and (status == c.PSN or status == c.TOX))
            or ((a == A.insomnia or a == A.vitalspirit) and status == c.SLP)
            or (a == A.limber and status == c.PAR)
            or (a == A.magmaarmor and status == c.FRZ)
            or (
                (a == A.waterveil or a == A.waterbubble or a == A.thermalexchange)
                and status == c.BRN
            )
        ):
            log_from(b, L_ACTIVATE, s, 0, 0, c.EFFECT_ABILITY, a, -1)
            cure_status(b, s)


_ANSWERING = volatile_words((c.V_ATTRACT, c.V_SYRUPBOMB, c.V_FLING))


@kernel
def update_one(b: Any, s: int) -> None:
    """Run Update on the active of ``s``."""
    side = b.sides[s]
    m = side.mons[side.active]
    # Asked some 16 times a turn: most often nothing is there that could answer.
    if (
        not has_any_of(b, s, int(_ANSWERING[0]), int(_ANSWERING[1]), int(_ANSWERING[2]))
        and not ABILITY_UPDATES[m.ability]
        and not ITEM_UPDATES[m.held_item]
    ):
        return
    _answer_update(b, s)


@kernel
def _volatiles_in_turn(b: Any, s: int) -> int:
    """Return the volatiles of the active of ``s`` that answer Update, 8 bits each, first lowest.

    Two or more are equals, so that their order is drawn.
    """
    count = answering(b, s, UPDATE, OWN)
    if count == 0:
        return 0
    if count == 1:
        if has_volatile(b, s, c.V_FLING):
            return c.V_FLING
        return c.V_ATTRACT if has_volatile(b, s, c.V_ATTRACT) else c.V_SYRUPBOMB
    at = scratch()
    found, shift = 0, 0
    for k in range(collect_event(b, UPDATE, s, NO_SOURCE, at)):
        handler = get_number(at, k)
        if what_of(handler) == OF_VOLATILE:
            found |= which_of(handler) << shift
            shift += 8
    return found


@kernel
def _update_volatile(b: Any, s: int, v: int) -> None:
    """Throw the item that Fling uses, or end a volatile whose source is no longer there."""
    side, foe = b.sides[s], b.sides[1 - s]
    if v == c.V_FLING:
        drop_volatile(b, s, c.V_FLING)
        throw_item(b, s)
        return
    source = int(side.attract_source) if v == c.V_ATTRACT else int(side.syrup_bomb_source)
    if int(foe.mons[foe.active].flag_bits) & c.MON_FAINTED != 0 or source != 1 + int(foe.active):
        remove_volatile(b, s, v)


@kernel
def _answer_update(b: Any, s: int) -> None:
    side = b.sides[s]
    m = side.mons[side.active]
    if int(m.flag_bits) & c.MON_FAINTED != 0:
        return
    acting = _volatiles_in_turn(b, s)
    while acting != 0:
        _update_volatile(b, s, acting & 255)
        acting >>= 8
    if int(m.hp) <= 0:
        if ability(b, s) == A.trace:
            trace(b, s)
    else:
        _update_ability(b, s)
        update_item(b, s)


@kernel
def update(b: Any) -> None:
    """Run Update on both actives, the faster one first; equal speeds are drawn."""
    first = first_side(b)
    update_one(b, first)
    update_one(b, 1 - first)
