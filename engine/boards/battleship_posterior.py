"""Posterior of hidden ships in Battleship, given all shots and their results.

All fleets are equally likely a priori, or weighted by a model of the opponent's placements
(``weight``: one number for each placement of each ship; a fleet counts their product).  Ways in
which ships explain the hits are enumerated exactly, sunken ships included, each weighted by the
room that it leaves the ships that explain no hit.  The places of those are approximate: independent
of the explanation, and of each other but for the room that pairs leave each other.  So the chances
are exact before the first hit for two ships, and close otherwise.

A set of squares is two words of 64 bits, squares 0 … 63 and 64 … 127.
"""

from typing import Any

import numpy as np

from plywise.engine.bits import lowest_bit
from plywise.engine.boards.battleship import MOST_SHIPS, MOST_SQUARES
from plywise.engine.compile.jit import kernel

ROOM = 128
MOST_PLACEMENTS = 2 * MOST_SQUARES
LEAVES = 20_000
"""Explanations of the hits that are enumerated at most; more than a few hundred are rare."""

TABLES = np.dtype(
    (
        np.record,
        [
            ("lo", np.uint64, (MOST_SHIPS, MOST_PLACEMENTS)),
            ("hi", np.uint64, (MOST_SHIPS, MOST_PLACEMENTS)),
            ("around_lo", np.uint64, (MOST_SHIPS, MOST_PLACEMENTS)),  # taken from other ships
            ("around_hi", np.uint64, (MOST_SHIPS, MOST_PLACEMENTS)),
            ("weight", np.float64, (MOST_SHIPS, MOST_PLACEMENTS)),
            ("at", np.int64, (MOST_SHIPS, 2, ROOM)),  # placement by lying/standing and first square
            ("placements", np.int64, (MOST_SHIPS,)),
            ("lengths", np.int64, (MOST_SHIPS,)),
            ("count", np.int64),
            ("rows", np.int64),
            ("columns", np.int64),
            ("margin", np.int64),  # 1 where ships may not touch
        ],
    )
)
"""All placements of a fleet; never changed by a kernel."""

VIEW = np.dtype(
    (
        np.record,
        [
            ("shot_lo", np.uint64),
            ("shot_hi", np.uint64),
            ("hit_lo", np.uint64),
            ("hit_hi", np.uint64),
            ("sunk_by", np.int64, (MOST_SHIPS,)),  # square of the last hit, -1 while afloat
            ("then_lo", np.uint64, (MOST_SHIPS,)),  # all hits at that moment
            ("then_hi", np.uint64, (MOST_SHIPS,)),
        ],
    )
)
"""What the shooter knows."""

WORK = np.dtype(
    (
        np.record,
        [
            ("free", np.int32, (MOST_SHIPS, MOST_PLACEMENTS)),  # placements without any shot
            ("frees", np.int64, (MOST_SHIPS,)),
            ("total", np.float64, (MOST_SHIPS,)),  # their weight
            ("coverage", np.float64, (MOST_SHIPS, ROOM)),  # their weight by square,
            ("across", np.float64, (MOST_SHIPS, ROOM)),  # by square and the one to the right,
            ("down", np.float64, (MOST_SHIPS, ROOM)),  # by square and the one below
            ("unseen", np.float64, (MOST_SHIPS,)),  # weight of explanations without the ship
            ("everything", np.float64),  # weight of all explanations
            ("leaves", np.int64),
            ("chance", np.float64, (ROOM,)),  # of a hit by square, unscaled
            ("interest", np.float64, (ROOM,)),  # the same, ships that are hard to find count more
            ("here", np.float64, (ROOM,)),
            ("ship", np.int64, (MOST_SHIPS + 1,)),  # the stack of an enumeration
            ("option", np.int64, (MOST_SHIPS + 1,)),
            ("chosen", np.int64, (MOST_SHIPS + 1,)),
            ("target", np.int64, (MOST_SHIPS + 1,)),
            ("taken_lo", np.uint64, (MOST_SHIPS + 1,)),
            ("taken_hi", np.uint64, (MOST_SHIPS + 1,)),
            ("left_lo", np.uint64, (MOST_SHIPS + 1,)),
            ("left_hi", np.uint64, (MOST_SHIPS + 1,)),
            ("product", np.float64, (MOST_SHIPS + 1,)),
            ("used", np.int64, (MOST_SHIPS,)),
        ],
    )
)
"""Room to compute in, and the results."""

ZERO, ONE = np.uint64(0), np.uint64(1)
_PER_SHIP, _PER_DIRECTION = 32, 16  # options are numbered 32 * ship + 16 * standing + offset


@kernel
def lowest(lo: np.uint64, hi: np.uint64) -> int:
    """Return the first square of a set that is not empty."""
    if lo:
        return lowest_bit(lo)
    return 64 + lowest_bit(hi)


@kernel
def holds(lo: np.uint64, hi: np.uint64, square: int) -> bool:
    """Return whether a set holds a square."""
    if square < 64:
        return bool(lo >> np.uint64(square) & ONE)
    return bool(hi >> np.uint64(square - 64) & ONE)


@kernel
def _find_free(t: Any, v: Any, w: Any) -> None:
    """Collect the placements of ships afloat that no shot has touched."""
    for s in range(t.count):
        n = 0
        total = 0.0
        if v.sunk_by[s] < 0:
            for k in range(t.placements[s]):
                touched = (t.lo[s, k] & v.shot_lo) | (t.hi[s, k] & v.shot_hi)
                if touched == ZERO and t.weight[s, k] > 0.0:
                    w.free[s, n] = k
                    n += 1
                    total += t.weight[s, k]
        w.frees[s] = n
        w.total[s] = total


@kernel
def _add_squares(row: Any, lo: np.uint64, hi: np.uint64, weight: float) -> None:
    """Add ``weight`` to each square of a set."""
    while lo:
        row[lowest_bit(lo)] += weight
        lo &= lo - ONE
    while hi:
        row[64 + lowest_bit(hi)] += weight
        hi &= hi - ONE


@kernel
def _count_explanation(t: Any, v: Any, w: Any, depth: int) -> None:
    """Take in one way to explain all hits, weighted by the room that it leaves the other ships."""
    total = w.product[depth]
    for s in range(t.count):
        if v.sunk_by[s] >= 0 or w.used[s] != 0:
            continue
        room = 0.0
        for j in range(w.frees[s]):
            k = np.int64(w.free[s, j])
            taken = (t.lo[s, k] & w.taken_lo[depth]) | (t.hi[s, k] & w.taken_hi[depth])
            if taken == ZERO:
                room += t.weight[s, k]
        total *= room
    w.leaves += 1
    if total <= 0.0:
        return
    w.everything += total
    for s in range(t.count):
        if v.sunk_by[s] < 0 and w.used[s] == 0:
            w.unseen[s] += total
    for d in range(depth):
        s, k = w.ship[d], w.chosen[d]
        _add_squares(w.chance, t.lo[s, k] & ~v.shot_lo, t.hi[s, k] & ~v.shot_hi, total)


@kernel
def _begin_level(t: Any, v: Any, w: Any, depth: int) -> bool:
    """Choose what to explain next: a sunken ship, else the first open hit; False if nothing."""
    w.option[depth] = -1
    for s in range(t.count):
        if v.sunk_by[s] >= 0 and w.used[s] == 0:
            w.ship[depth] = s
            w.target[depth] = v.sunk_by[s]
            w.option[depth] = s * _PER_SHIP - 1
            return True
    w.ship[depth] = -1
    if w.left_lo[depth] == ZERO and w.left_hi[depth] == ZERO:
        return False
    w.target[depth] = lowest(w.left_lo[depth], w.left_hi[depth])
    return True


@kernel
def _possible(t: Any, v: Any, w: Any, depth: int, s: int, k: int) -> bool:
    """Return whether a placement agrees with the shots and with the ships chosen so far."""
    if k < 0 or t.weight[s, k] <= 0.0:
        return False
    lo, hi = t.lo[s, k], t.hi[s, k]
    if (lo & w.taken_lo[depth]) | (hi & w.taken_hi[depth]):
        return False
    if v.sunk_by[s] >= 0:
        return bool(((lo & ~v.then_lo[s]) | (hi & ~v.then_hi[s])) == ZERO)
    if (lo & v.shot_lo & ~v.hit_lo) | (hi & v.shot_hi & ~v.hit_hi):
        return False
    return bool(((lo & ~v.hit_lo) | (hi & ~v.hit_hi)) != ZERO)  # else it would have sunk


@kernel
def _next_option(t: Any, v: Any, w: Any, depth: int) -> bool:
    """Choose the level's next placement through its target; False when there is no other."""
    target = w.target[depth]
    row, column = target // t.columns, target % t.columns
    last = t.count * _PER_SHIP
    option = w.option[depth] + 1
    sunken = w.ship[depth] >= 0 and v.sunk_by[w.ship[depth]] >= 0
    if sunken:  # this level is about one ship only
        last = (w.ship[depth] + 1) * _PER_SHIP
    while option < last:
        s = option // _PER_SHIP
        standing = option % _PER_SHIP // _PER_DIRECTION
        offset = option % _PER_DIRECTION
        skip = w.used[s] != 0 or (v.sunk_by[s] >= 0 and not sunken)
        if skip or offset >= t.lengths[s] or (standing == 1 and t.lengths[s] == 1):
            option += 1
            continue
        r = row - offset * standing
        c = column - offset * (1 - standing)
        if r >= 0 and c >= 0:
            k = t.at[s, standing, r * t.columns + c]
            if _possible(t, v, w, depth, s, k):
                w.ship[depth], w.chosen[depth], w.option[depth] = s, k, option
                return True
        option += 1
    return False


@kernel
def _explain(t: Any, v: Any, w: Any) -> None:
    """Enumerate all ways in which ships explain the hits."""
    w.leaves = 0
    w.everything = 0.0
    for s in range(t.count):
        w.unseen[s] = 0.0
        w.used[s] = 0
    w.taken_lo[0] = ZERO
    w.taken_hi[0] = ZERO
    w.left_lo[0], w.left_hi[0] = v.hit_lo, v.hit_hi
    w.product[0] = 1.0
    if not _begin_level(t, v, w, 0):
        _count_explanation(t, v, w, 0)
        return
    depth = 0
    placed = False  # whether the level in work has a ship on the board
    while depth >= 0 and w.leaves < LEAVES:
        if placed:
            w.used[w.ship[depth]] = 0
        if not _next_option(t, v, w, depth):
            depth -= 1
            placed = True
            continue
        s, k = w.ship[depth], w.chosen[depth]
        w.used[s] = 1
        w.taken_lo[depth + 1] = w.taken_lo[depth] | t.around_lo[s, k]
        w.taken_hi[depth + 1] = w.taken_hi[depth] | t.around_hi[s, k]
        w.left_lo[depth + 1] = w.left_lo[depth] & ~t.lo[s, k]
        w.left_hi[depth + 1] = w.left_hi[depth] & ~t.hi[s, k]
        w.product[depth + 1] = w.product[depth] * t.weight[s, k]
        if _begin_level(t, v, w, depth + 1):
            depth += 1
            placed = False
        else:
            _count_explanation(t, v, w, depth + 1)
            placed = True


@kernel
def _cover(t: Any, w: Any, s: int) -> None:
    """Sum the weights of a ship's free placements by square and by pairs of neighbours."""
    for square in range(t.rows * t.columns):
        w.coverage[s, square] = 0.0
        w.across[s, square] = 0.0
        w.down[s, square] = 0.0
    for j in range(w.frees[s]):
        k = np.int64(w.free[s, j])
        first = lowest(t.lo[s, k], t.hi[s, k])
        lying = t.at[s, 0, first] == k
        stride = 1 if lying else t.columns
        for m in range(t.lengths[s]):
            square = first + m * stride
            w.coverage[s, square] += t.weight[s, k]
            if m + 1 < t.lengths[s]:
                if lying:
                    w.across[s, square] += t.weight[s, k]
                else:
                    w.down[s, square] += t.weight[s, k]


@kernel
def _in_the_way(t: Any, w: Any, other: int, s: int, k: Any) -> float:
    """Return the weight of free placements of ``other`` that exclude placement ``k`` of ``s``.

    A ship cuts a rectangle in one straight run, which has one square more than neighbours.
    """
    first = lowest(t.lo[s, k], t.hi[s, k])
    lying = t.at[s, 0, first] == k
    length = t.lengths[s]
    top, left = first // t.columns, first % t.columns
    bottom = min((top if lying else top + length - 1) + t.margin, t.rows - 1)
    right = min((left + length - 1 if lying else left) + t.margin, t.columns - 1)
    top, left = max(top - t.margin, 0), max(left - t.margin, 0)
    total = 0.0
    for r in range(top, bottom + 1):
        for c in range(left, right + 1):
            square = r * t.columns + c
            total += w.coverage[other, square]
            if c < right:
                total -= w.across[other, square]
            if r < bottom:
                total -= w.down[other, square]
    return float(total)


@kernel
def hit_chances(t: Any, v: Any, w: Any) -> None:
    """Write into ``w.chance`` how likely each square is to hit, times ``w.everything``.

    Squares that were shot at have 0.  ``w.interest`` counts only ships that explain no hit, each
    times the weight of its free placements: those that are hardest to find count most.
    """
    for square in range(t.rows * t.columns):
        w.chance[square] = 0.0
        w.interest[square] = 0.0
    _find_free(t, v, w)
    _explain(t, v, w)
    for s in range(t.count):
        if w.unseen[s] > 0.0:
            _cover(t, w, s)
    for s in range(t.count):
        if w.unseen[s] <= 0.0:
            continue
        total = 0.0
        for square in range(t.rows * t.columns):
            w.here[square] = 0.0
        for j in range(w.frees[s]):
            k = np.int64(w.free[s, j])
            weight = t.weight[s, k]
            for other in range(t.count):
                if other != s and w.unseen[other] > 0.0:
                    share = _in_the_way(t, w, other, s, k) / w.total[other]
                    weight *= max(0.0, 1.0 - share)
            total += weight
            _add_squares(w.here, t.lo[s, k], t.hi[s, k], weight)
        if total > 0.0:
            for square in range(t.rows * t.columns):
                chance = w.unseen[s] * w.here[square] / total
                w.chance[square] += chance
                w.interest[square] += chance * w.total[s]
