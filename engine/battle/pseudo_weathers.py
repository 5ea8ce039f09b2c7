"""Pseudo-weathers: how Trick Room, Gravity and the like start, with their effects."""

from typing import Any

import plywise.engine.battle.item_ids as I
import plywise.engine.battle.move_ids as M
from plywise.engine.battle import constants as c
from plywise.engine.battle.conditions import knock_down
from plywise.engine.battle.event_ties import PSEUDO_WEATHER_CHANGE, first_holders
from plywise.engine.battle.field import maker_of
from plywise.engine.battle.log_conditions import log_room_end
from plywise.engine.battle.log_events import L_ACTIVATE, L_FIELD_START, log, log_from
from plywise.engine.battle.ops import use_item
from plywise.engine.battle.stats import drop_volatile, has_volatile, item
from plywise.engine.compile.jit import kernel


@kernel
def add_pseudo_weather(b: Any, which: int, source: int) -> bool:
    """Begin a pseudo-weather; Trick Room and the other rooms end where they already are."""
    if int(b.pseudo_weather[which]) != 0:
        if which == c.ECHOED_VOICE:
            if int(b.pseudo_weather[which]) != 2:
                b.pseudo_weather[which] = 2
                b.echoed_voice = min(5, int(b.echoed_voice) + 1)
            return True
        if which == c.TRICK_ROOM or which == c.MAGIC_ROOM or which == c.WONDER_ROOM:
            log_room_end(b, which)
            b.pseudo_weather[which] = 0
            return True
        return False
    turns = 5
    if which == c.FAIRY_LOCK or which == c.ECHOED_VOICE:
        turns = 2
    elif which == c.ION_DELUGE:
        turns = 1
    elif which == c.WONDER_ROOM:
        turns |= c.ROOM_FRESH
    b.pseudo_weather[which] = turns
    log(b, L_FIELD_START, max(0, source), which, 0)
    if which == c.MAGIC_ROOM and source >= 0:
        b.pseudo_weather[which] = turns | maker_of(b, source) << 4
    if which == c.ECHOED_VOICE:
        b.echoed_voice = 1
    elif which == c.GRAVITY:
        for s in range(2):
            applies = has_volatile(b, s, c.V_MAGNETRISE)
            if has_volatile(b, s, c.V_FLY) or has_volatile(b, s, c.V_BOUNCE):
                applies = True
                knock_down(b, s)
            drop_volatile(b, s, c.V_MAGNETRISE)
            if applies:
                log_from(b, L_ACTIVATE, s, 0, 0, c.EFFECT_MOVE, M.gravity, -1)
    _answer_pseudo_weather(b, source)
    return True


@kernel
def _answer_pseudo_weather(b: Any, source: int) -> None:
    """Use each Room Service under Trick Room, the faster one first (PseudoWeatherChange).

    Two that are equally fast tie whatever has begun.
    """
    one, two = b.sides[0], b.sides[1]
    if (
        int(one.mons[one.active].held_item) != I.roomservice
        and int(two.mons[two.active].held_item) != I.roomservice
    ):
        return
    first = first_holders(b, PSEUDO_WEATHER_CHANGE, source, source) >> 1
    if b.pseudo_weather[c.TRICK_ROOM] == 0:
        return
    for k in range(2):
        s = first if k == 0 else 1 - first
        if item(b, s) == I.roomservice:
            use_item(b, s)
