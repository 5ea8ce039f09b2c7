"""Ties between the handlers of an event: the draws that ``Battle.runEvent`` makes by sorting.

``runEvent`` collects handlers of the target, of both actives (``onAlly…``, ``onAny…``, ``onFoe…``),
of the source, of sides and field, and sorts them by priority, speed and sub-order
(``findEventHandlers``, ``resolvePriority``); equals are shuffled.  Effects of handlers are coded
elsewhere; where their order does not matter, :func:`event_ties` makes the draws, and where it does,
:func:`collect_event` gives them in their order.  It costs hundreds of nanoseconds, so callers first
check whether equals are possible: both actives equally fast (``ties.even``), or two effects of one
holder.

The effects that answer an event, and their priorities, come from the data tables.
"""

from typing import Any

import numpy as np

from plywise.engine.battle import constants as c
from plywise.engine.battle.callbacks import condition
from plywise.engine.battle.handlers import (
    FIELD,
    add_handler,
    holder_of,
    sort_handlers,
    what_of,
    which_of,
)
from plywise.engine.battle.names import ABILITY_NAMES, DATA, ITEM_NAMES, STATUS_NAMES
from plywise.engine.battle.scratch import get_number, scratch
from plywise.engine.battle.stats import volatile_words
from plywise.engine.battle.tables import frozen
from plywise.engine.battle.volatile_order import list_volatiles
from plywise.engine.compile.jit import kernel

EVENTS = (
    "DisableMove",
    "TrapPokemon",
    "ModifyDamage",
    "ModifyBoost",
    "ModifyAtk",
    "ModifyDef",
    "ModifySpA",
    "ModifySpD",
    "BasePower",
    "ModifyAccuracy",
    "Accuracy",
    "ModifyMove",
    "BeforeMove",
    "TryMove",
    "Damage",
    "TryEatItem",
    "AfterSetStatus",
    "SetStatus",
    "SetWeather",
    "Faint",
    "TryPrimaryHit",
    "ModifySecondaries",
    "ModifyCritRatio",
    "AfterBoost",
    "AfterTerastallization",
    "TryHeal",
    "MoveAborted",
    "Immunity",
    "Update",
    "PseudoWeatherChange",
)
(
    DISABLE_MOVE,
    TRAP_POKEMON,
    MODIFY_DAMAGE,
    MODIFY_BOOST,
    MODIFY_ATK,
    MODIFY_DEF,
    MODIFY_SPA,
    MODIFY_SPD,
    BASE_POWER,
    MODIFY_ACCURACY,
    ACCURACY_EVENT,
    MODIFY_MOVE,
    BEFORE_MOVE,
    TRY_MOVE,
    DAMAGE,
    TRY_EAT_ITEM,
    AFTER_SET_STATUS,
    SET_STATUS,
    SET_WEATHER,
    FAINT_EVENT,
    TRY_PRIMARY_HIT,
    MODIFY_SECONDARIES,
    MODIFY_CRIT_RATIO,
    AFTER_BOOST,
    AFTER_TERASTALLIZATION,
    TRY_HEAL,
    MOVE_ABORTED,
    IMMUNITY,
    UPDATE,
    PSEUDO_WEATHER_CHANGE,
) = range(len(EVENTS))

OWN, ALLY, ANY, FOE, SOURCE = range(5)
PREFIXES = ("", "Ally", "Any", "Foe", "Source")
NO_SOURCE = -1

OF_OTHERS, OF_VOLATILE, OF_ABILITY, OF_ITEM = range(4)
"""What a handler is of (``handlers.what_of``); ``which_of`` says which volatile, or with
which prefix the ability answers."""

# Showdown's sub-orders by kind of effect
_STATUS, _CONDITION, _SIDE, _FIELD, _TERRAIN, _ABILITY, _ITEM = 0, 2, 4, 5, 0, 7, 8
_HIGHEST = 256  # no priority is higher


def _rank(effect: dict[str, Any], callbacks: list[str], name: str, sub_order: int) -> int:
    """Return the rank of an effect's handler ``name`` as ``add_handler`` takes it, 0 if none."""
    if name not in callbacks and name not in effect:
        return 0
    priority = int(effect.get(f"{name}Priority", 0))
    return 16 * (_HIGHEST - priority) + int(effect.get(f"{name}SubOrder", sub_order))


def _of_condition(key: str, name: str, sub_order: int) -> int:
    return _rank(*condition(key), name, sub_order)


def _of_table(table: str, name: str, key: str, sub_order: int) -> int:
    entry = DATA[table].get(key, {})
    return _rank(entry, entry.get("cb", []), name, sub_order)


def _ranks(of: Any, names: list[str]) -> Any:
    """Return ``[event, prefix, number]`` -> rank for a list of effects."""
    found = [
        [[of(effect, f"on{prefix}{event}") for effect in names] for prefix in PREFIXES]
        for event in EVENTS
    ]
    return frozen(np.array(found, np.int16))


ABILITY_RANKS = _ranks(lambda e, name: _of_table("abilities", name, e, _ABILITY), ABILITY_NAMES)
ITEM_RANKS = _ranks(lambda e, name: _of_table("items", name, e, _ITEM), ITEM_NAMES)
VOLATILE_RANKS = _ranks(lambda e, name: _of_condition(e, name, _CONDITION), c.VOLATILE_NAMES)
STATUS_RANKS = _ranks(lambda e, name: _of_condition(e, name, _STATUS), STATUS_NAMES)
SIDE_RANKS = _ranks(lambda e, name: _of_condition(e, name, _SIDE), c.SIDE_CONDITION_NAMES)
PSEUDO_RANKS = _ranks(lambda e, name: _of_condition(e, name, _FIELD), c.PSEUDO_WEATHER_NAMES)
WEATHER_RANKS = _ranks(lambda e, name: _of_condition(e, name, _FIELD), c.WEATHER_NAMES)
TERRAIN_RANKS = _ranks(lambda e, name: _of_condition(e, name, _TERRAIN), c.TERRAIN_NAMES)


ANSWERING = frozen(
    np.array([[volatile_words(np.flatnonzero(r)) for r in ranks] for ranks in VOLATILE_RANKS])
)
"""``[event, prefix]`` -> words of the volatiles that answer."""


@kernel
def answering(b: Any, s: int, event: int, prefix: int) -> int:
    """Return how many volatiles of the active of ``s`` answer an event."""
    count = 0
    for word in range(3):
        bits = np.int64(b.sides[s].volatiles[word]) & np.int64(ANSWERING[event, prefix, word])
        while bits != 0:
            bits &= bits - 1
            count += 1
    return count


@kernel
def _of_active(b: Any, event: int, prefix: int, s: int, at: int, n: int) -> int:
    """Append the handlers of one prefix that the active of ``s`` has."""
    side = b.sides[s]
    m = side.mons[side.active]
    speed = int(side.speed)
    rank = int(STATUS_RANKS[event, prefix, m.status])
    if rank != 0:
        n = add_handler(at, n, rank, speed, s, 0, 0)
    word0 = int(side.volatiles[0]) & int(ANSWERING[event, prefix, 0])
    word1 = int(side.volatiles[1]) & int(ANSWERING[event, prefix, 1])
    word2 = int(side.volatiles[2]) & int(ANSWERING[event, prefix, 2])
    if word0 | word1 | word2 != 0:
        length = list_volatiles(b, s, word0, word1, word2, at, n)
        for k in range(n, length):
            v = get_number(at, k)
            rank = int(VOLATILE_RANKS[event, prefix, v])
            add_handler(at, k, rank, speed, s, OF_VOLATILE, v)
        n = length
    rank = int(ABILITY_RANKS[event, prefix, m.ability])
    if rank != 0:
        n = add_handler(at, n, rank, speed, s, OF_ABILITY, prefix)
    rank = int(ITEM_RANKS[event, prefix, m.held_item])
    if rank != 0:
        n = add_handler(at, n, rank, speed, s, OF_ITEM, 0)
    return n


@kernel
def _of_side(b: Any, event: int, prefix: int, s: int, at: int, n: int) -> int:
    for k in range(c.NUM_SIDE_CONDITIONS):
        rank = int(SIDE_RANKS[event, prefix, k])
        if rank != 0 and b.sides[s].conditions[k] != 0:
            n = add_handler(at, n, rank, 0, s, 0, 0)
    return n


@kernel
def collect_event(b: Any, event: int, t: int, source: int, at: int) -> int:
    """Write an event's handlers into the list at ``at``, in their order; return how many.

    The event's target is the active of ``t``, ``source`` the side of its source, or NO_SOURCE.
    """
    n = _of_active(b, event, OWN, t, at, 0)
    for k in range(2):
        s = t if k == 0 else 1 - t
        if int(b.sides[s].mons[b.sides[s].active].hp) > 0:
            n = _of_active(b, event, ALLY if k == 0 else FOE, s, at, n)
            n = _of_active(b, event, ANY, s, at, n)
    if source != NO_SOURCE:
        n = _of_active(b, event, SOURCE, source, at, n)
    for s in range(2):
        n = _of_side(b, event, OWN if s == t else FOE, s, at, n)
        n = _of_side(b, event, ANY, s, at, n)
    for k in range(7):
        rank = int(PSEUDO_RANKS[event, OWN, k])
        if rank != 0 and b.pseudo_weather[k] != 0:
            n = add_handler(at, n, rank, 0, FIELD, 0, 0)
    rank = int(WEATHER_RANKS[event, OWN, b.weather])
    if rank != 0 and b.weather != c.NO_WEATHER:
        n = add_handler(at, n, rank, 0, FIELD, 0, 0)
    rank = int(TERRAIN_RANKS[event, OWN, b.terrain])
    if rank != 0 and b.terrain != c.NO_TERRAIN:
        n = add_handler(at, n, rank, 0, FIELD, 0, 0)
    sort_handlers(b, at, n)
    return n


@kernel
def event_ties(b: Any, event: int, t: int, source: int) -> None:
    """Make the draws of sorting an event's handlers (arguments as of :func:`collect_event`)."""
    if int(b.format) & c.FORMAT_KEEP_TIES == 0:
        collect_event(b, event, t, source, scratch())


@kernel
def answers_as_ally(b: Any, event: int, t: int) -> bool:
    """Return whether the ability of ``t``, which answers an event twice, first does so as an ally.

    The two handlers tie, so that is drawn, with all ties of the event.
    """
    at = scratch()
    n = collect_event(b, event, t, NO_SOURCE, at)
    for k in range(n):
        handler = get_number(at, k)
        if what_of(handler) == OF_ABILITY and holder_of(handler) == t:
            return which_of(handler) == ALLY
    return False


@kernel
def first_holders(b: Any, event: int, t: int, source: int) -> int:
    """Return the side whose ability answers an event first, plus twice that of the first item.

    The faster one does; where both are equally fast that is drawn, with all ties of the event.
    """
    one, two = int(b.sides[0].speed), int(b.sides[1].speed)
    if one != two:
        return 0 if one > two else 3
    at = scratch()
    n = collect_event(b, event, t, source, at)
    found = 0
    for k in range(n - 1, -1, -1):
        handler = get_number(at, k)
        what, holder = what_of(handler), holder_of(handler) & 1
        if what == OF_ABILITY:
            found = (found & 2) | holder
        elif what == OF_ITEM:
            found = (found & 1) | 2 * holder
    return found
