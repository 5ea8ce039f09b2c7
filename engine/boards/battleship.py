"""Battleship on a board of up to 121 squares: five kernels over one byte a square.

First player 0 places its whole fleet, ship by ship in the order of ``lengths``, then player 1; then
they shoot in turn.  With ``n`` squares, action ``square`` places a horizontal ship with its left
end there, ``n + square`` a vertical one with its upper end there; in the shooting phase ``square``
is the target.  A shot's result (miss, hit, and which ship sank) is known to both.  A placement is
legal only if the rest of the fleet still has room.  A player wins by sinking the whole other fleet.

Squares are ``columns * row + column`` with row 0 at the top.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plywise.engine.bits import signed
from plywise.engine.boards.status import RUNNING, WON_BY_FIRST, reseed_kernel
from plywise.engine.compile.jit import kernel, kernel_of, prepare
from plywise.engine.compile.stack import stack_array
from plywise.engine.kernels import TERMINAL, RulesKernels, signatures

MOST_SQUARES, MOST_SHIPS = 121, 10

_ROOM = 128

_one_sea = stack_array(np.uint8, _ROOM)
_one_for_each_ship = stack_array(np.int64, MOST_SHIPS + 1)

STATE = np.dtype(
    (
        np.record,
        [
            ("rng", np.uint64),
            ("ships", np.uint8, (2, _ROOM)),  # 1 + the ship on a square of that player's sea, or 0
            ("shots", np.uint8, (2, _ROOM)),  # 1 where that player has shot at the other's sea
            ("afloat", np.uint8, (2, MOST_SHIPS)),  # squares of a player's ships not yet hit
            ("left", np.uint8, (2,)),  # the same over the whole fleet
            ("placed", np.uint8, (2,)),
            ("lengths", np.uint8, (MOST_SHIPS,)),
            ("count", np.uint8),
            ("rows", np.uint8),
            ("columns", np.uint8),
            ("touching", np.uint8),  # whether ships may touch
            ("mover", np.uint8),
            ("status", np.uint8),
            ("spare", np.uint8, (8,)),
        ],
    )
)
_SIGNATURES = signatures(STATE)
reseed = reseed_kernel(STATE)
Pool = NDArray[Any]


@kernel
def fits(state: Any, sea: NDArray[np.uint8], action: int, length: int) -> bool:
    """Return whether a ship can lie there beside those in ``sea`` (1 + ship a square, or 0)."""
    rows, columns = signed(state.rows), signed(state.columns)
    standing = action >= rows * columns
    square = action - rows * columns if standing else action
    row, column = square // columns, square % columns
    bottom = row + length - 1 if standing else row
    right = column if standing else column + length - 1
    if bottom >= rows or right >= columns or (standing and length == 1):
        return False
    margin = 0 if signed(state.touching) != 0 else 1
    for r in range(max(row - margin, 0), min(bottom + margin, rows - 1) + 1):
        for c in range(max(column - margin, 0), min(right + margin, columns - 1) + 1):
            if signed(sea[r * columns + c]) != 0:
                return False
    return True


@kernel
def lay(state: Any, sea: NDArray[np.uint8], action: int, length: int, mark: int) -> None:
    """Write ``mark`` on the squares of a placement."""
    cells = signed(state.rows) * signed(state.columns)
    stride = signed(state.columns) if action >= cells else 1
    square = action - cells if action >= cells else action
    for k in range(length):
        sea[square + k * stride] = mark


@kernel
def room_for_rest(state: Any, sea: NDArray[np.uint8], first: int) -> bool:
    """Return whether ships ``first`` and all after it can be placed; ``sea`` is left as it was."""
    count = signed(state.count)
    actions = 2 * signed(state.rows) * signed(state.columns)
    tried = _one_for_each_ship()
    tried[:] = -1
    ship = first
    while first <= ship < count:
        length = signed(state.lengths[ship])
        if tried[ship] >= 0:
            lay(state, sea, tried[ship], length, 0)
        found = -1
        for action in range(tried[ship] + 1, actions):
            if fits(state, sea, action, length):
                found = action
                break
        tried[ship] = found
        if found < 0:
            ship -= 1
        else:
            lay(state, sea, found, length, 1)
            ship += 1
            tried[ship] = -1
    done = bool(ship >= count)
    if done:
        for k in range(first, count):
            lay(state, sea, tried[k], signed(state.lengths[k]), 0)
    return done


@kernel_of(_SIGNATURES.step)
def step(pool: Pool, i: int, a0: int, a1: int) -> None:
    """Place the next ship, or shoot."""
    state = pool[i]
    player = signed(state.mover)
    action = a0 if player == 0 else a1
    ship = signed(state.placed[player])
    if ship < signed(state.count):
        length = signed(state.lengths[ship])
        lay(state, state.ships[player], action, length, 1 + ship)
        state.placed[player] = ship + 1
        state.afloat[player, ship] = length
        state.left[player] = signed(state.left[player]) + length
        if ship + 1 == signed(state.count):
            state.mover = 1 - player  # the second player places, or the first one shoots
        return
    other = 1 - player
    state.shots[player, action] = 1
    hit = signed(state.ships[other, action])
    if hit != 0:
        state.afloat[other, hit - 1] = signed(state.afloat[other, hit - 1]) - 1
        state.left[other] = signed(state.left[other]) - 1
        if signed(state.left[other]) == 0:
            state.status = WON_BY_FIRST + player
    state.mover = other


@kernel_of(_SIGNATURES.legal)
def legal(pool: Pool, i: int, player: int, out: NDArray[np.int32]) -> int:
    """Write the placements that leave room for the other ships, or the squares not shot at."""
    state = pool[i]
    if signed(state.status) != RUNNING or signed(state.mover) != player:
        return 0
    cells = signed(state.rows) * signed(state.columns)
    n = 0
    ship = signed(state.placed[player])
    if ship == signed(state.count):
        for square in range(cells):
            if signed(state.shots[player, square]) == 0:
                out[n] = square
                n += 1
        return n
    length = signed(state.lengths[ship])
    sea = _one_sea()
    for square in range(cells):
        sea[square] = state.ships[player, square]
    for action in range(2 * cells):
        if fits(state, sea, action, length):
            lay(state, sea, action, length, 1 + ship)
            if room_for_rest(state, sea, ship + 1):
                out[n] = action
                n += 1
            lay(state, sea, action, length, 0)
    return n


@kernel_of(_SIGNATURES.current)
def current(pool: Pool, i: int) -> int:
    """Return the player to move or TERMINAL."""
    return signed(pool[i].mover) if signed(pool[i].status) == RUNNING else TERMINAL


@kernel_of(_SIGNATURES.returns)
def returns(pool: Pool, i: int) -> float:
    """Return +1 or -1 for player 0."""
    return 1.0 if signed(pool[i].status) == WON_BY_FIRST else -1.0


@kernel_of(_SIGNATURES.evaluate)
def evaluate(pool: Pool, i: int) -> float:
    """Return the difference of squares afloat, as a share of the fleet, in (-1, 1)."""
    state = pool[i]
    total = 1
    for ship in range(signed(state.count)):
        total += signed(state.lengths[ship])
    if signed(state.placed[1]) < signed(state.count):
        return 0.0
    return float((signed(state.left[0]) - signed(state.left[1])) / total)


def new_pool(
    rows: int = 10,
    columns: int = 10,
    fleet: Sequence[int] = (5, 4, 3, 3, 2),
    touching: bool = True,
) -> Pool:
    """Return a one-element pool with two empty seas.

    Raises:
        ValueError: the board is too small or too large, or the fleet does not fit on it.
    """
    if rows < 1 or columns < 1 or not 2 <= rows * columns <= MOST_SQUARES:
        raise ValueError(f"a sea of {rows}×{columns}: it must have 2 … {MOST_SQUARES} squares")
    if not 1 <= len(fleet) <= MOST_SHIPS:
        raise ValueError(f"a fleet of {len(fleet)} ships: it must have 1 … {MOST_SHIPS}")
    if any(not 1 <= length <= max(rows, columns) for length in fleet):
        raise ValueError(
            f"fleet {list(fleet)}: a ship must be 1 … {max(rows, columns)} squares long"
        )
    pool = np.zeros(1, STATE)
    state = pool[0]
    state.rows, state.columns, state.touching = rows, columns, touching
    state.count = len(fleet)
    state.lengths[: len(fleet)] = fleet
    if sum(fleet) > rows * columns or not room_for_rest(state, state.ships[0].copy(), 0):
        raise ValueError(
            f"the fleet {list(fleet)} does not fit on {rows}×{columns} squares"
            + ("" if touching else " without ships that touch")
        )
    return pool


def rules(squares: int = 100) -> RulesKernels:
    """Return the compiled rules for seas with so many squares."""
    prepare("the rules of Battleship", step, legal, current, returns, evaluate, reseed)
    return RulesKernels(STATE, 2 * squares, step, legal, current, returns, evaluate, reseed)
