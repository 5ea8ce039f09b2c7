"""The search of the Connect Four solver: null-window searches over bitboards, in slices.

A position is two 64-bit words in the layout of :mod:`plywise.engine.boards.connect_four`: the
stones of the player to move, and all stones.  The *score* of a position, for the player to move:
0 is a draw; a win counts ``k`` when it comes with the winner's ``k``-th last free stone, a loss the
negative.  On 6×7 that is 22 minus the number of stones that the winner will have played.

The ideas are public knowledge: bitboards and null windows (Tromp; Pons' lessons "Solving Connect
4"), squares that must not be played below (Allis 1988), enhanced transposition cut-offs (Schaeffer
and Plaat 1996).  The code is our own.

A *node* answers one question: can its player reach more than ``alpha``?  A child answers the
mirrored question, so ``alpha`` follows from the depth and the stack holds moves only.  An entry of
the transposition table keeps both bounds of a score, and all bits of the hash that its place leaves
open: entries are never mistaken for each other.  Positions near the end, the most frequent, have a
table of their own that fits into the processor's cache.
"""

import time
from typing import Any

import numba as nb
import numpy as np
from numba import types
from numpy.typing import NDArray

from plywise.engine.bits import count_bits
from plywise.engine.boards.connect_four import ONE, ZERO, winning_squares
from plywise.engine.compile.jit import COMPILED, kernel, kernel_of
from plywise.engine.compile.stack import stack_array

MOST_COLUMNS = 16
"""A board of 64 bits has no more columns than this: a column of 3 rows takes 4 bits."""

NEAR_BITS = 15
"""The table of positions near the end has ``2 ** NEAR_BITS`` entries: 256 KiB."""

LEAST_TABLE_BITS = 12
"""The two bounds of an entry take 12 bits, and its place in the table has to leave them free."""

STACK_ITEM = np.dtype(
    (
        np.record,
        [
            ("own", np.uint64),  # stones of the player to move
            ("taken", np.uint64),  # all stones
            ("low", np.int64),  # the score is known to be at least this, or of no interest below
            ("high", np.int64),  # the same upwards; when both are equal the question is answered
            ("nodes", np.int64),
            ("nanoseconds", np.int64),
        ],
    )
)
"""One question: narrow ``low … high`` until both are equal.  A score outside gives the nearer."""

CONTROL = np.dtype(
    (
        np.record,
        [
            ("rows", np.int64),
            ("columns", np.int64),
            ("bottom", np.uint64),  # the lowest square of each column
            ("board", np.uint64),  # all squares
            ("order", np.int64, (MOST_COLUMNS,)),  # lowest bits of the columns, outer columns first
            ("at", np.int64),  # question in work
            ("top", np.int64),  # node in work; -1: none
            ("entering", np.int64),
            ("alpha", np.int64),  # asked of the root node
        ],
    )
)
"""The board, and where the work stands between two slices."""

_OWN, _TAKEN, _HASH, _LEFT, _MOVES = 0, 1, 2, 3, 4  # fields of a stack frame
_WEIGHTS = _MOVES + MOST_COLUMNS
FRAME_WORDS = _WEIGHTS + MOST_COLUMNS
"""Words of a stack frame: position, hash, how many moves are left, the moves (best last), and how
many lines each of them threatens to complete."""

_FAILS, _REACHES, _OPEN = 0, 1, 2  # what is known of a node
_UNKEPT = ZERO  # in place of a hash: no entry is written for this node
_FACTOR = np.uint64(0x9E3779B97F4A7C15)  # odd, so that multiplying loses no bit
_BOUNDS = np.uint64(4096)
_SIX = np.uint64(6)
_LOWER = np.uint64(63)
_MIDDLE = 32  # bounds are kept as score + 32 and 32 - score; 0: unknown
_NEAR_SQUARES = 15  # with no more free squares a position is kept in the near table
_UNKEPT_SQUARES = 8  # with fewer free squares searching costs less than a look at memory
_MIRROR_PLIES = 10  # positions with fewer stones share an entry with their mirror image


if not COMPILED:

    def _now() -> int:
        return time.monotonic_ns()

else:
    _MONOTONIC = time.CLOCK_MONOTONIC
    _clock_gettime: Any = types.ExternalFunction(
        "clock_gettime", types.int32(types.int32, types.voidptr)
    )

    _time_spec = stack_array(np.int64, 2)

    @kernel
    def _now() -> int:
        """Return nanoseconds of a clock that never goes back."""
        spec = _time_spec()
        _clock_gettime(np.int32(_MONOTONIC), spec.ctypes)
        return int(spec[0]) * 1_000_000_000 + int(spec[1])


@kernel
def mirrored(bits: np.uint64, rows: int, columns: int) -> np.uint64:
    """Return a bitboard with its columns in reverse order."""
    height = rows + 1
    column = (ONE << np.uint64(height)) - ONE
    result = ZERO
    for k in range(columns):
        result |= (bits >> np.uint64(k * height) & column) << np.uint64((columns - 1 - k) * height)
    return result


@kernel
def _entry(table: NDArray[np.uint64], hashed: np.uint64, bits: int) -> np.uint64:
    """Return both bounds of a position; something larger where the table has none."""
    entry: np.uint64 = table[hashed >> np.uint64(64 - bits)] - (hashed << np.uint64(bits))
    return entry


@kernel
def _told(entry: np.uint64, alpha: int) -> int:
    """Return whether a position's score exceeds ``alpha`` according to a table entry."""
    if entry < _BOUNDS:
        if np.int64(entry & _LOWER) > alpha + _MIDDLE:
            return _REACHES
        if np.int64(entry >> _SIX) >= _MIDDLE - alpha:
            return _FAILS
    return _OPEN


@kernel
def _write_down(
    table: NDArray[np.uint64], hashed: np.uint64, bits: int, alpha: int, reaches: bool
) -> None:
    """Keep the answer for a position, and the other bound if its entry is still there."""
    place = int(hashed >> np.uint64(64 - bits))
    stamp = hashed << np.uint64(bits)
    found = table[place] - stamp
    lower, upper = ZERO, ZERO
    if found < _BOUNDS:
        lower, upper = found & _LOWER, found >> _SIX
    if reaches:
        lower = max(lower, np.uint64(alpha + 1 + _MIDDLE))
    else:
        upper = max(upper, np.uint64(_MIDDLE - alpha))
    table[place] = stamp + (upper << _SIX) + lower


@kernel
def _expand(
    table: NDArray[np.uint64],
    frames: NDArray[np.uint64],
    top: int,
    go: Any,
    moves: np.uint64,
    bits: int,
    alpha: int,
    probing: bool,
) -> int:
    """Write a node's moves down, most promising last; return whether one is known to be enough.

    ``table`` is that of the replies; moves that it refutes are left out.  Two squares to win on
    next, of which the opponent can take one, are enough: nothing better is ever asked.
    """
    own, taken = frames[top, _OWN], frames[top, _TAKEN]
    other = own ^ taken
    rows = int(go.rows)
    height = np.uint64(rows + 1)
    empty = go.board & ~taken
    full = (ONE << np.uint64(rows)) - ONE
    found = 0
    for k in range(int(go.columns)):
        move = moves & (full << np.uint64(go.order[k]))
        if move == ZERO:
            continue
        frames[top, _MOVES + found] = move
        if probing:  # all looks at the table at once: each waits for memory
            hashed = (other + (taken | move)) * _FACTOR
            frames[top, _WEIGHTS + found] = _entry(table, hashed, bits)
        found += 1
    count = 0
    for k in range(found):
        move = frames[top, _MOVES + k]
        if probing:
            known = _told(frames[top, _WEIGHTS + k], -alpha - 1)
            if known == _FAILS:
                return _REACHES
            if known == _REACHES:
                continue
        threats = winning_squares(own | move, height) & empty
        next_ones = threats & ((taken | move) + go.bottom)
        if (next_ones & (next_ones - ONE)) | (next_ones & (threats >> ONE)):
            return _REACHES
        weight = np.uint64(count_bits(threats))
        at = count
        while at > 0 and frames[top, _WEIGHTS + at - 1] > weight:
            frames[top, _MOVES + at] = frames[top, _MOVES + at - 1]
            frames[top, _WEIGHTS + at] = frames[top, _WEIGHTS + at - 1]
            at -= 1
        frames[top, _MOVES + at] = move
        frames[top, _WEIGHTS + at] = weight
        count += 1
    frames[top, _LEFT] = np.uint64(count)
    return _OPEN if count else _FAILS


@kernel
def _enter(
    table: NDArray[np.uint64],
    near: NDArray[np.uint64],
    frames: NDArray[np.uint64],
    top: int,
    stones: int,
    go: Any,
    bits: int,
    alpha: int,
) -> int:
    """Return what is known of a node without playing; if nothing, list its moves.

    Its player has no winning move: such nodes are never entered.
    """
    own, taken = frames[top, _OWN], frames[top, _TAKEN]
    rows, columns = int(go.rows), int(go.columns)
    height = np.uint64(rows + 1)
    free = rows * columns - stones
    frames[top, _HASH] = _UNKEPT
    threats = winning_squares(own ^ taken, height) & go.board & ~taken
    moves = (taken + go.bottom) & go.board
    forced = moves & threats
    if forced:
        moves = forced if forced & (forced - ONE) == ZERO else ZERO
    moves &= ~(threats >> ONE)  # never below a square where the opponent wins
    if moves == ZERO:
        return _REACHES if -(free // 2) > alpha else _FAILS
    if free <= 2:
        return _REACHES if alpha < 0 else _FAILS
    if -((free - 2) // 2) > alpha:
        return _REACHES
    if (free - 1) // 2 <= alpha:
        return _FAILS
    if moves & (moves - ONE) == ZERO:  # nothing to choose: not worth an entry
        frames[top, _MOVES] = moves
        frames[top, _LEFT] = ONE
        return _OPEN
    if free < _UNKEPT_SQUARES:
        return _expand(near, frames, top, go, moves, NEAR_BITS, alpha, False)
    below, below_bits = table, bits
    if free <= _NEAR_SQUARES + 1:
        below, below_bits = near, NEAR_BITS
        if free <= _NEAR_SQUARES:
            table, bits = near, NEAR_BITS
    key = own + taken
    if stones < _MIRROR_PLIES:
        key = min(key, mirrored(own, rows, columns) + mirrored(taken, rows, columns))
    hashed = key * _FACTOR
    known = _told(_entry(table, hashed, bits), alpha)
    if known != _OPEN:
        return known
    frames[top, _HASH] = hashed
    probing = stones + 1 >= _MIRROR_PLIES and free > _UNKEPT_SQUARES
    known = _expand(below, frames, top, go, moves, below_bits, alpha, probing)
    if known != _OPEN:
        _write_down(table, hashed, bits, alpha, known == _REACHES)
    return known


@kernel
def _next_test(item: Any, cells: int, stones: int, wins: bool) -> int:
    """Narrow a question by what is certain, and return the ``alpha`` to test next."""
    if wins:
        score = (cells + 1 - stones) // 2
        item.low = item.high = min(max(score, int(item.low)), int(item.high))
        return 0
    # The opponent wins with its next stone at worst, the player to move with its second at best.
    low, high = int(item.low), int(item.high)
    low = min(max(low, -((cells - stones) // 2)), high)
    high = max(min(high, (cells - 1 - stones) // 2), low)
    item.low, item.high = low, high
    # First whether the player wins: most scores are near zero, and tests there are cheaper.
    if low >= 0:
        return low + (high - low) // 2
    if high <= 0:
        return high - 1 - (high - low - 1) // 2
    return 0


@kernel_of(
    types.int64(
        types.Array(types.uint64, 1, "C"),
        types.Array(types.uint64, 1, "C"),
        types.Array(types.uint64, 2, "C"),
        types.Array(nb.from_dtype(CONTROL), 1, "C"),
        types.Array(nb.from_dtype(STACK_ITEM), 1, "C"),
        types.int64,
        types.int64,
    )
)
def answer(
    table: NDArray[np.uint64],
    near: NDArray[np.uint64],
    frames: NDArray[np.uint64],
    control: NDArray[Any],
    items: NDArray[Any],
    bits: int,
    budget: int,
) -> int:
    """Answer questions until all are done or ``budget`` nodes are used; return how many are done.

    Called again, it goes on where it stopped.

    Args:
        table: ``2 ** bits`` entries, zeros at first.
        near: ``2 ** NEAR_BITS`` entries, zeros at first.
        frames: one row of ``FRAME_WORDS`` for each square of the board.
        control: one record; ``at`` 0 and ``top`` -1 to begin with.
        items: the questions.
        bits: of the table.
        budget: nodes to visit now.
    """
    go = control[0]
    cells = int(go.rows) * int(go.columns)
    height = np.uint64(int(go.rows) + 1)
    used = 0
    began = _now()
    while int(go.at) < len(items):
        item = items[int(go.at)]
        root_stones = count_bits(item.taken)
        if int(go.top) < 0:
            landing = (item.taken + go.bottom) & go.board
            wins = bool(winning_squares(item.own, height) & landing)
            go.alpha = _next_test(item, cells, root_stones, wins)
            if int(item.low) == int(item.high):
                go.at += 1
                ended = _now()
                item.nanoseconds += ended - began
                began = ended
                continue
            frames[0, _OWN] = item.own
            frames[0, _TAKEN] = item.taken
            go.top = 0
            go.entering = 1
        root_alpha, top, known = int(go.alpha), int(go.top), _OPEN
        before = used
        entering = int(go.entering) == 1
        while top >= 0:
            alpha = root_alpha if top & 1 == 0 else -root_alpha - 1
            if entering:
                if used >= budget:
                    break
                used += 1
                known = _enter(table, near, frames, top, root_stones + top, go, bits, alpha)
            else:  # a child has answered: where it fails, its parent reaches
                known = _REACHES if known == _FAILS else _OPEN
                if known == _OPEN and frames[top, _LEFT] == ZERO:
                    known = _FAILS
                if known != _OPEN and frames[top, _HASH] != _UNKEPT:
                    hashed, reaches = frames[top, _HASH], known == _REACHES
                    if cells - root_stones - top <= _NEAR_SQUARES:
                        _write_down(near, hashed, NEAR_BITS, alpha, reaches)
                    else:
                        _write_down(table, hashed, bits, alpha, reaches)
            if known == _OPEN:
                left = frames[top, _LEFT] - ONE
                frames[top, _LEFT] = left
                taken = frames[top, _TAKEN]
                frames[top + 1, _OWN] = frames[top, _OWN] ^ taken
                frames[top + 1, _TAKEN] = taken | frames[top, _MOVES + np.int64(left)]
                top += 1
                entering = True
            else:
                top -= 1
                entering = False
        item.nodes += used - before
        go.top = top
        if top >= 0:
            item.nanoseconds += _now() - began
            go.entering = 1
            break
        if known == _REACHES:
            item.low = root_alpha + 1
        else:
            item.high = root_alpha
    return int(go.at)
