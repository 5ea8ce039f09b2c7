"""Tic-tac-toe: five kernels over two 9-bit masks.

Action ``3 * row + column`` sets a mark; row 0 is the top row.  Bit ``k`` of ``marks[p]`` is set
where player ``p`` has marked square ``k``.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

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

SQUARES = 9
LINES = np.array([0o007, 0o070, 0o700, 0o111, 0o222, 0o444, 0o421, 0o124], dtype=np.uint16)
"""The three rows, columns and diagonals as masks (octal: one digit a row)."""

STATE = np.dtype(
    (
        np.record,
        [
            ("rng", np.uint64),
            ("marks", np.uint16, (2,)),
            ("ply", np.uint8),
            ("status", np.uint8),
            ("spare", np.uint8, (2,)),
        ],
    )
)
_SIGNATURES = signatures(STATE)
current = current_kernel(STATE)
returns = returns_kernel(STATE)
reseed = reseed_kernel(STATE)
Pool = NDArray[Any]


@kernel
def _open_lines(own: int, other: int) -> int:
    """Return in how many lines ``own`` has a mark and ``other`` none, marks counted."""
    total = 0
    for k in range(8):
        line = int(LINES[k])
        if line & other == 0:
            for square in range(SQUARES):
                if (line & own) >> square & 1:
                    total += 1
    return total


@kernel_of(_SIGNATURES.step)
def step(pool: Pool, i: int, a0: int, a1: int) -> None:
    """Set the mark of the player to move."""
    state = pool[i]
    player = int(state.ply) & 1
    marks = int(state.marks[player]) | 1 << (a0 if player == 0 else a1)
    state.marks[player] = marks
    state.ply = int(state.ply) + 1
    for k in range(8):
        if int(LINES[k]) & ~marks == 0:
            state.status = WON_BY_FIRST + player
            return
    if int(state.ply) == SQUARES:
        state.status = DRAWN


@kernel_of(_SIGNATURES.legal)
def legal(pool: Pool, i: int, player: int, out: NDArray[np.int32]) -> int:
    """Write the empty squares."""
    state = pool[i]
    if int(state.status) != RUNNING or int(state.ply) & 1 != player:
        return 0
    taken = int(state.marks[0]) | int(state.marks[1])
    n = 0
    for square in range(SQUARES):
        if taken >> square & 1 == 0:
            out[n] = square
            n += 1
    return n


@kernel_of(_SIGNATURES.evaluate)
def evaluate(pool: Pool, i: int) -> float:
    """Return the difference of marks in lines that only one player can still complete, over 16.

    No player can have more than 15 marks, counted by line, so the result stays inside (-1, 1).
    """
    first, second = int(pool[i].marks[0]), int(pool[i].marks[1])
    return (_open_lines(first, second) - _open_lines(second, first)) / 16.0


def new_pool() -> Pool:
    """Return a one-element pool with the empty board."""
    return np.zeros(1, STATE)


def rules() -> RulesKernels:
    """Return the compiled rules."""
    prepare("the rules of tic-tac-toe", step, legal, current, returns, evaluate, reseed)
    return RulesKernels(STATE, SQUARES, step, legal, current, returns, evaluate, reseed)
