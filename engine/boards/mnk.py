"""The m,n,k games, Gomoku among them: five kernels over one byte a square.

Action ``row * columns + column`` places a stone, row 0 at the top.  The first player with
``in_line`` stones or more in a row, column or diagonal wins.  ``cells`` holds 0 for an empty
square, else 1 + the player.  The size is a field of the state: one compilation serves every board
up to 19×19.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from plywise.engine.bits import signed
from plywise.engine.boards.status import (
    DRAWN,
    RUNNING,
    WON_BY_FIRST,
    current_kernel,
    reseed_kernel,
    returns_kernel,
)
from plywise.engine.compile.jit import kernel, kernel_of, prepare
from plywise.engine.kernels import RulesKernels, signatures

LARGEST = 19
"""Most rows or columns."""

STATE = np.dtype(
    (
        np.record,
        [
            ("rng", np.uint64),
            ("balance", np.int32),  # of open lines, for player 0; see _place
            ("ply", np.uint16),
            ("status", np.uint8),
            ("rows", np.uint8),
            ("columns", np.uint8),
            ("in_line", np.uint8),
            ("spare", np.uint8, (6,)),
            ("cells", np.uint8, (LARGEST * LARGEST + 7,)),
        ],
    )
)
_SIGNATURES = signatures(STATE)
current = current_kernel(STATE)
returns = returns_kernel(STATE)
reseed = reseed_kernel(STATE)
Pool = NDArray[Any]

_ROW_STEPS = np.array([0, 1, 1, 1])
_COLUMN_STEPS = np.array([1, 0, 1, -1])
_WORTH = np.array([0, 1, 4, 16, 64, 256, 1024, 4096, 16384, 65536], dtype=np.int64)
_SOFTNESS = 200.0  # a balance of so much counts half a win


@kernel
def _place(state: Any, row: int, column: int, player: int) -> bool:
    """Place a stone and keep ``balance``; return whether it completes a line.

    A line counts while one player alone has stones in it: for player 0 ``_WORTH`` of how many.
    """
    rows, columns, length = signed(state.rows), signed(state.columns), signed(state.in_line)
    own, won = 1 + player, False
    gained = 0  # for the player
    for d in range(4):
        dr, dc = signed(_ROW_STEPS[d]), signed(_COLUMN_STEPS[d])
        for back in range(length):
            r, c = row - back * dr, column - back * dc
            end_r, end_c = r + (length - 1) * dr, c + (length - 1) * dc
            if not (0 <= r < rows and 0 <= end_r < rows):
                continue
            if not (0 <= c < columns and 0 <= end_c < columns):
                continue
            mine, theirs = 0, 0
            for k in range(length):
                stone = signed(state.cells[(r + k * dr) * columns + c + k * dc])
                if stone == own:
                    mine += 1
                elif stone != 0:
                    theirs += 1
            if theirs == 0:
                gained += _WORTH[mine + 1] - _WORTH[mine]
                won = won or mine == length - 1
            elif mine == 0:
                gained += _WORTH[theirs]
    state.cells[row * columns + column] = own
    state.balance = signed(state.balance) + (gained if player == 0 else -gained)
    return won


@kernel_of(_SIGNATURES.step)
def step(pool: Pool, i: int, a0: int, a1: int) -> None:
    """Place the stone of the player to move."""
    state = pool[i]
    player = signed(state.ply) & 1
    action = a0 if player == 0 else a1
    columns = signed(state.columns)
    won = _place(state, action // columns, action % columns, player)
    state.ply = signed(state.ply) + 1
    if won:
        state.status = WON_BY_FIRST + player
    elif signed(state.ply) == signed(state.rows) * columns:
        state.status = DRAWN


@kernel_of(_SIGNATURES.legal)
def legal(pool: Pool, i: int, player: int, out: NDArray[np.int32]) -> int:
    """Write the empty squares."""
    state = pool[i]
    if signed(state.status) != RUNNING or signed(state.ply) & 1 != player:
        return 0
    n = 0
    for square in range(signed(state.rows) * signed(state.columns)):
        if signed(state.cells[square]) == 0:
            out[n] = square
            n += 1
    return n


@kernel_of(_SIGNATURES.evaluate)
def evaluate(pool: Pool, i: int) -> float:
    """Return a static estimate for player 0, in (-1, 1).

    Each line that only one player can still complete counts four times as much for each further
    stone in it; the balance ``b`` is squashed to ``b / (200 + |b|)``.
    """
    balance = float(signed(pool[i].balance))
    return balance / (_SOFTNESS + abs(balance))


def check_size(rows: int, columns: int, in_line: int) -> None:
    """Check that a board can be played on.

    Raises:
        ValueError: a side is not 1 … 19 squares long, or no line fits, or one is not 3 … 9 long.
    """
    if not (1 <= rows <= LARGEST and 1 <= columns <= LARGEST):
        raise ValueError(f"a board of {rows}×{columns}: rows and columns must be 1 … {LARGEST}")
    if not 3 <= in_line <= min(9, max(rows, columns)):
        raise ValueError(
            f"in_line is {in_line}: it must be 3 … 9, and no more than the board's longer side "
            f"({max(rows, columns)})"
        )


def new_pool(rows: int = 15, columns: int = 15, in_line: int = 5) -> Pool:
    """Return a one-element pool with the empty board.

    Raises:
        ValueError: see :func:`check_size`.
    """
    check_size(rows, columns, in_line)
    pool = np.zeros(1, STATE)
    pool[0].rows, pool[0].columns, pool[0].in_line = rows, columns, in_line
    return pool


def rules(squares: int = 225) -> RulesKernels:
    """Return the compiled rules for boards with so many squares."""
    prepare("the rules of Gomoku", step, legal, current, returns, evaluate, reseed)
    return RulesKernels(STATE, squares, step, legal, current, returns, evaluate, reseed)
