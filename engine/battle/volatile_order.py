"""Order in which the volatiles of an active Pokémon came, of those for which it matters.

Showdown keeps ``pokemon.volatiles`` in an object, and the event Residual collects their handlers
in the order in which they were set.  ``speedSort`` exchanges entries while it sorts, so that this
order decides where equals of both sides stand before they are shuffled.  ``side.volatile_order``
keeps it for all that have a handler or a duration: 6 bits each, 1 + the index in ``ORDERED``, the
newest lowest; and for those that answer Update, the one other event that two of a Pokémon's
volatiles answer, as equals, by something that shows.  What is set while ``MOST_ORDERED`` are there
has no place in it and counts as set after them.
"""

from typing import Any

import numpy as np

from plywise.engine.battle.callbacks import condition
from plywise.engine.battle.constants import VOLATILE_NAMES
from plywise.engine.battle.scratch import set_number
from plywise.engine.battle.tables import frozen
from plywise.engine.compile.jit import kernel

CODE_BITS = 6
CODE_MASK = (1 << CODE_BITS) - 1
MOST_ORDERED = 10
FIRST_PLACE = CODE_BITS * (MOST_ORDERED - 1)
"""Shift of the oldest entry of an order that is full."""


def _is_ordered(name: str) -> bool:
    effect, callbacks = condition(name)
    return "duration" in effect or "onResidual" in callbacks or "onUpdate" in callbacks


ORDERED = [v for v, name in enumerate(VOLATILE_NAMES) if _is_ordered(name)]
"""Numbers (``V_*``) of the volatiles whose order is kept."""
if len(ORDERED) > CODE_MASK:
    raise ValueError(f"{CODE_BITS} bits cannot tell {len(ORDERED)} volatiles apart")

VOLATILE_OF_CODE = frozen(np.array([0, *ORDERED]))
"""``[code]`` -> volatile; code 0 is none."""
_codes = np.zeros(len(VOLATILE_NAMES), np.int64)
_codes[ORDERED] = range(1, 1 + len(ORDERED))
CODE_OF_VOLATILE = frozen(_codes)
"""``[volatile]`` -> code, 0 for those whose order is not kept."""


@kernel
def append_to_order(b: Any, s: int, code: int) -> None:
    """Note that the volatile of a code was set on the active of ``s``, where it was not before."""
    order = int(b.sides[s].volatile_order)
    if order >> FIRST_PLACE == 0:
        b.sides[s].volatile_order = order << CODE_BITS | code


@kernel
def remove_from_order(b: Any, s: int, code: int) -> None:
    """Note that the volatile of a code has left the active of ``s``."""
    order = int(b.sides[s].volatile_order)
    shift = 0
    while order >> shift != 0 and order >> shift & CODE_MASK != code:
        shift += CODE_BITS
    newer = order & ((1 << shift) - 1)
    if order >> shift != 0:
        b.sides[s].volatile_order = order >> shift >> CODE_BITS << shift | newer


@kernel
def order_within(order: int, word0: int, word1: int, word2: int) -> int:
    """Return an order without the volatiles that are not in three words of ``side.volatiles``."""
    kept = 0
    for k in range(MOST_ORDERED):
        code = order >> (FIRST_PLACE - CODE_BITS * k) & CODE_MASK
        if code == 0:
            continue
        v = int(VOLATILE_OF_CODE[code])
        word = word0 if v < 32 else (word1 if v < 64 else word2)
        if word >> (v & 31) & 1 != 0:
            kept = kept << CODE_BITS | code
    return kept


@kernel
def list_volatiles(b: Any, s: int, word0: int, word1: int, word2: int, at: int, n: int) -> int:
    """Append those volatiles of three words to the list at ``at``, the first set first.

    They are volatiles of the active of ``s``; ``n`` is the length of the list.  Return the new one.
    """
    order = int(b.sides[s].volatile_order)
    shift = 0
    while order >> shift != 0:
        shift += CODE_BITS
    while shift > 0:
        shift -= CODE_BITS
        v = int(VOLATILE_OF_CODE[order >> shift & CODE_MASK])
        bit = 1 << (v & 31)
        if v < 32 and word0 & bit != 0:
            word0 ^= bit
        elif v >= 32 and v < 64 and word1 & bit != 0:
            word1 ^= bit
        elif v >= 64 and word2 & bit != 0:
            word2 ^= bit
        else:
            continue
        set_number(at, n, v)
        n += 1
    for word in range(3):
        bits = word0 if word == 0 else (word1 if word == 1 else word2)
        v = 32 * word
        while bits != 0:
            if bits & 1 != 0:
                set_number(at, n, v)
                n += 1
            bits >>= 1
            v += 1
    return n


def packed_order(volatiles: list[int]) -> int:
    """Return the order of volatiles (``V_*``) that were set one after the other."""
    codes = [int(CODE_OF_VOLATILE[v]) for v in volatiles if CODE_OF_VOLATILE[v]]
    order = 0
    for code in codes[:MOST_ORDERED]:
        order = order << CODE_BITS | code
    return order


def unpacked_order(order: int) -> list[int]:
    """Return the volatiles (``V_*``) of an order, first set first."""
    codes = [order >> CODE_BITS * k & CODE_MASK for k in reversed(range(MOST_ORDERED))]
    return [int(VOLATILE_OF_CODE[code]) for code in codes if code]
