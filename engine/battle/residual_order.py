"""The handlers of Showdown's event Residual, in their order.

``Battle.fieldEvent('Residual')`` collects every effect that has a handler or a duration, including
those of fainted Pokémon and of suppressed abilities, and sorts them by order, speed and sub-order
(``resolvePriority``, ``speedSort``); equals are shuffled, so that each one but the last of a group
costs a draw.  Orders come from the data tables.  What each handler does (damage of weather and
status, Leftovers, the end of conditions) stands in ``residual.py`` and ``residual_volatiles.py``.
"""

from typing import Any

import numpy as np

from plywise.engine.battle import constants as c
from plywise.engine.battle.callbacks import condition
from plywise.engine.battle.handlers import FIELD, add_handler, sort_handlers
from plywise.engine.battle.names import ABILITY_NAMES, DATA, ITEM_NAMES, STATUS_NAMES
from plywise.engine.battle.scratch import get_number
from plywise.engine.battle.stats import volatile_words
from plywise.engine.battle.tables import frozen
from plywise.engine.battle.volatile_order import list_volatiles
from plywise.engine.compile.jit import kernel

# What acts; a handler's number is `what` and, for abilities and items, which one.
WEATHER = 0
PSEUDO_WEATHER = 1  # + index
TERRAIN = 8  # its duration
GRASSY_HEALING = 9
SIDE_CONDITION = 10  # + index
STATUS = 22
FUTURE_MOVE = 23
WISH = 24
REVIVAL_BLESSING = 25
ABILITY = 26
HELD_ITEM = 27
VOLATILE = 32  # + V_*

_NO_ORDER = 63  # Showdown's `false`: after all that have one
# Showdown's sub-orders by kind of effect, where the effect names none
_STATUS, _CONDITION, _SLOT, _SIDE, _FIELD, _ABILITY, _ITEM = 0, 2, 3, 4, 5, 7, 8


def _rank(effect: dict[str, Any], callbacks: list[str], event: str, sub_order: int) -> int:
    """Return 16 times the order plus the sub-order of an effect's handler, 0 if it has none."""
    if event not in callbacks and "duration" not in effect:
        return 0
    order = int(effect.get(f"{event}Order", _NO_ORDER))
    return 16 * order + int(effect.get(f"{event}SubOrder", sub_order))


def _condition(name: str, event: str, sub_order: int) -> int:
    return _rank(*condition(name), event, sub_order)


def _entry(table: str, name: str, sub_order: int) -> int:
    entry = DATA[table].get(name, {})
    return _rank(entry, entry.get("cb", []), "onResidual", sub_order)


def _ranks(values: list[int]) -> Any:
    return frozen(np.array(values, np.int16))


VOLATILE_RANKS = _ranks([_condition(name, "onResidual", _CONDITION) for name in c.VOLATILE_NAMES])
SIDE_RANKS = _ranks([_condition(name, "onSideResidual", _SIDE) for name in c.SIDE_CONDITION_NAMES])
# Showdown takes what no handler has run for to be of no field (``resolvePriority``): Echoed Voice,
# which has none, and Fairy Lock until the first turn that begins under it.
_UNRUN = 16 * _NO_ORDER + _CONDITION
FIELD_RANKS = _ranks(
    [
        _UNRUN
        if name == "echoedvoice"
        else _condition(name, "onFieldResidual", _FIELD) or 16 * _NO_ORDER + _FIELD
        for name in c.PSEUDO_WEATHER_NAMES
    ]
)
ABILITY_RANKS = _ranks([_entry("abilities", name, _ABILITY) for name in ABILITY_NAMES])
ITEM_RANKS = _ranks([_entry("items", name, _ITEM) for name in ITEM_NAMES])
STATUS_RANKS = _ranks([_condition(name, "onResidual", _STATUS) for name in STATUS_NAMES])
WEATHER_RANK = _condition("raindance", "onFieldResidual", _FIELD)  # all weathers have the same
TERRAIN_RANK = _condition("grassyterrain", "onFieldResidual", _FIELD)
GRASSY_RANK = _condition("grassyterrain", "onResidual", _CONDITION)
FUTURE_RANK = _condition("futuremove", "onResidual", _SLOT)
WISH_RANK = _condition("wish", "onResidual", _SLOT)
REVIVAL_RANK = _condition("revivalblessing", "onResidual", _SLOT)


HANDLED = volatile_words(np.flatnonzero(VOLATILE_RANKS))


@kernel
def _of_field(b: Any, at: int) -> int:
    n = 0
    for which in range(7):
        left = int(b.pseudo_weather[which])
        if left != 0:
            rank = int(FIELD_RANKS[which])
            if which == c.FAIRY_LOCK and left == 2:
                rank = _UNRUN
            n = add_handler(at, n, rank, 0, FIELD, PSEUDO_WEATHER + which, 0)
    if b.weather != c.NO_WEATHER:
        n = add_handler(at, n, WEATHER_RANK, 0, FIELD, WEATHER, 0)
    if b.terrain != c.NO_TERRAIN:
        n = add_handler(at, n, TERRAIN_RANK, 0, FIELD, TERRAIN, 0)
    return n


@kernel
def _of_side(b: Any, s: int, at: int, n: int) -> int:
    side = b.sides[s]
    for k in range(c.FIRST_HAZARD):
        if side.conditions[k] != 0:
            n = add_handler(at, n, int(SIDE_RANKS[k]), 0, s, SIDE_CONDITION + k, 0)
    flags = int(side.flag_bits)
    if flags & c.SIDE_QUICK_GUARD != 0:
        n = add_handler(
            at, n, int(SIDE_RANKS[c.QUICK_GUARD]), 0, s, SIDE_CONDITION + c.QUICK_GUARD, 0
        )
    if flags & c.SIDE_WIDE_GUARD != 0:
        n = add_handler(
            at, n, int(SIDE_RANKS[c.WIDE_GUARD]), 0, s, SIDE_CONDITION + c.WIDE_GUARD, 0
        )
    return n


@kernel
def _of_active(b: Any, s: int, at: int, n: int) -> int:
    """Append what the active of ``s`` and its place hold, even if it has fainted."""
    side = b.sides[s]
    m = side.mons[side.active]
    speed = int(side.speed)
    if m.status != c.NO_STATUS and STATUS_RANKS[m.status] != 0:
        n = add_handler(at, n, int(STATUS_RANKS[m.status]), speed, s, STATUS, 0)
    word0 = int(side.volatiles[0]) & int(HANDLED[0])
    word1 = int(side.volatiles[1]) & int(HANDLED[1])
    word2 = int(side.volatiles[2]) & int(HANDLED[2])
    if word0 | word1 | word2 != 0:
        length = list_volatiles(b, s, word0, word1, word2, at, n)
        for k in range(n, length):
            v = get_number(at, k)
            add_handler(at, k, int(VOLATILE_RANKS[v]), speed, s, VOLATILE + v, 0)
        n = length
    rank = int(ABILITY_RANKS[m.ability])
    if rank != 0:
        n = add_handler(at, n, rank, speed, s, ABILITY, int(m.ability))
    rank = int(ITEM_RANKS[m.held_item])
    if rank != 0:
        n = add_handler(at, n, rank, speed, s, HELD_ITEM, int(m.held_item))
    if side.future_move != 0:
        n = add_handler(at, n, FUTURE_RANK, speed, s, FUTURE_MOVE, 0)
    if side.wish_hp != 0:
        n = add_handler(at, n, WISH_RANK, speed, s, WISH, 0)
    if int(side.flag_bits) & c.SIDE_REVIVAL_BLESSING != 0:
        n = add_handler(at, n, REVIVAL_RANK, speed, s, REVIVAL_BLESSING, 0)
    if b.terrain == c.GRASSY_TERRAIN:
        n = add_handler(at, n, GRASSY_RANK, speed, s, GRASSY_HEALING, 0)
    return n


@kernel
def collect(b: Any, at: int) -> int:
    """Write the turn's handlers into the list at ``at``, in their order; return how many.

    A list has room for all that can ever be there: 9 of the field, 8 of a side, 54 of an active.
    """
    n = _of_field(b, at)
    for s in range(2):
        n = _of_side(b, s, at, n)
        n = _of_active(b, s, at, n)
    sort_handlers(b, at, n)
    return n
