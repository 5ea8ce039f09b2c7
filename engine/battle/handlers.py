"""Lists of an event's handlers, sorted like Showdown's ``speedSort``.

A handler is one number: the sort key in the high bits (order, speed, sub-order), below them its
holder and kind.  A list is known by its address (:mod:`scratch`).
"""

from typing import Any

from plywise.engine.battle.chance import SITE_SPEED_TIE, roll
from plywise.engine.battle.constants import FORMAT_KEEP_TIES
from plywise.engine.battle.scratch import get_number, set_number
from plywise.engine.compile.jit import kernel

FIELD = 2
"""As holder: neither side."""


@kernel
def add_handler(at: int, n: int, rank: int, speed: int, holder: int, what: int, which: int) -> int:
    """Append a handler to the list at ``at``, which holds ``n``; return how many it holds now.

    ``rank`` is 16 times the order (or what comes before the speed) plus the sub-order, ``speed``
    that of the holder (0 for a side or the field), ``what`` < 256 and ``which`` < 4096 say what it
    is.
    """
    key = ((((rank >> 4) << 14) + 16383 - speed) << 4) + (rank & 15)
    set_number(at, n, (key << 24) | (holder << 20) | (which << 8) | what)
    return n + 1


@kernel
def what_of(handler: int) -> int:
    """Return what acts: WEATHER ... VOLATILE + v."""
    return handler & 255


@kernel
def which_of(handler: int) -> int:
    """Return the ability or item whose handler it is."""
    return (handler >> 8) & 4095


@kernel
def holder_of(handler: int) -> int:
    """Return the side that holds it (itself or its active), or FIELD."""
    return (handler >> 20) & 15


@kernel
def _swap(at: int, i: int, j: int) -> None:
    one = get_number(at, i)
    set_number(at, i, get_number(at, j))
    set_number(at, j, one)


@kernel
def sort_handlers(b: Any, at: int, n: int) -> None:
    """Sort a list as Showdown's ``speedSort``, a selection sort by exchange; ties are drawn."""
    done = 0
    while done + 1 < n:
        best, count, key = done, 1, get_number(at, done) >> 24
        for k in range(done + 1, n):
            other = get_number(at, k) >> 24
            if other < key:
                best, count, key = k, 1, other
            elif other == key:
                count += 1
        if count == 1:
            if best != done:
                _swap(at, done, best)
            done += 1
            continue
        to = done
        for k in range(best, n):
            if get_number(at, k) >> 24 == key:
                if k != to:
                    _swap(at, to, k)
                to += 1
        if int(b.format) & FORMAT_KEEP_TIES == 0:
            for k in range(done, to - 1):
                chosen = roll(b, SITE_SPEED_TIE, k, to - k)
                if chosen != k:
                    _swap(at, k, chosen)
        done = to
