"""Othello on 8×8: five kernels over two bitboards.

Action ``8 * row + column`` places a disc, row 0 at the top; action 64 passes, and is legal only
where the player has no other move and the opponent has one.  Bit ``k`` of ``discs[p]`` is set where
player ``p`` has a disc on square ``k``.  Player 0 is black and moves first.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from plywise.engine.bits import count_bits
from plywise.engine.boards.status import reseed_kernel
from plywise.engine.compile.jit import kernel, kernel_of, prepare
from plywise.engine.kernels import TERMINAL, RulesKernels, signatures

SQUARES = 64
PASS = 64
NUM_ACTIONS = 65

STATE = np.dtype(
    (
        np.record,
        [
            ("rng", np.uint64),
            ("discs", np.uint64, (2,)),
            ("mover", np.uint8),
            ("over", np.uint8),
            ("spare", np.uint8, (6,)),
        ],
    )
)
_SIGNATURES = signatures(STATE)
reseed = reseed_kernel(STATE)
Pool = NDArray[Any]

ZERO = np.uint64(0)
ONE = np.uint64(1)
_NOT_FIRST = np.uint64(0xFEFEFEFEFEFEFEFE)  # all squares but those of column a
_NOT_LAST = np.uint64(0x7F7F7F7F7F7F7F7F)
_CORNERS = np.uint64(0x8100000000000081)
_BESIDE_CORNERS = np.uint64(0x42C300000000C342)
_EDGES = np.uint64(0x3C0081818181003C)

# Weights of the static estimate: textbook proportions (corners, then mobility), not fitted.
_CORNER, _BESIDE, _EDGE, _MOBILITY, _FRONTIER = 0.8, -0.25, 0.1, 0.12, -0.04


@kernel
def _shifted(bits: np.uint64, direction: int) -> np.uint64:
    """Return all bits one square further in one of eight directions; what leaves the board goes."""
    if direction == 0:
        return np.uint64((bits & _NOT_LAST) << ONE)
    if direction == 1:
        return np.uint64((bits & _NOT_FIRST) >> ONE)
    if direction == 2:
        return np.uint64(bits << np.uint64(8))
    if direction == 3:
        return np.uint64(bits >> np.uint64(8))
    if direction == 4:
        return np.uint64((bits & _NOT_LAST) << np.uint64(9))
    if direction == 5:
        return np.uint64((bits & _NOT_FIRST) >> np.uint64(9))
    if direction == 6:
        return np.uint64((bits & _NOT_FIRST) << np.uint64(7))
    return np.uint64((bits & _NOT_LAST) >> np.uint64(7))


@kernel
def moves(own: np.uint64, other: np.uint64) -> np.uint64:
    """Return the squares where a disc of ``own`` would turn at least one of ``other``."""
    empty = ~(own | other)
    found = ZERO
    for direction in range(8):
        run = _shifted(own, direction) & other
        for _ in range(5):
            run |= _shifted(run, direction) & other
        found |= _shifted(run, direction) & empty
    return np.uint64(found)


@kernel
def turned(own: np.uint64, other: np.uint64, square: int) -> np.uint64:
    """Return the discs of ``other`` that a disc of ``own`` on ``square`` turns."""
    placed = ONE << np.uint64(square)
    found = ZERO
    for direction in range(8):
        run = _shifted(placed, direction) & other
        for _ in range(5):
            run |= _shifted(run, direction) & other
        if _shifted(run, direction) & own:
            found |= run
    return np.uint64(found)


@kernel_of(_SIGNATURES.step)
def step(pool: Pool, i: int, a0: int, a1: int) -> None:
    """Place the disc of the player to move, or pass."""
    state = pool[i]
    player = int(state.mover)
    action = a0 if player == 0 else a1
    own, other = state.discs[player], state.discs[1 - player]
    if action != PASS:
        flips = turned(own, other, action)
        own = own | flips | ONE << np.uint64(action)
        other = other & ~flips
        state.discs[player] = own
        state.discs[1 - player] = other
    state.mover = 1 - player
    if moves(other, own) == ZERO and moves(own, other) == ZERO:
        state.over = 1


@kernel_of(_SIGNATURES.legal)
def legal(pool: Pool, i: int, player: int, out: NDArray[np.int32]) -> int:
    """Write the squares where the player can place a disc, else the pass."""
    state = pool[i]
    if int(state.over) != 0 or int(state.mover) != player:
        return 0
    found = moves(state.discs[player], state.discs[1 - player])
    if found == ZERO:
        out[0] = PASS
        return 1
    n = 0
    for square in range(SQUARES):
        if found >> np.uint64(square) & ONE:
            out[n] = square
            n += 1
    return n


@kernel_of(_SIGNATURES.current)
def current(pool: Pool, i: int) -> int:
    """Return the player to move or TERMINAL."""
    return TERMINAL if int(pool[i].over) != 0 else int(pool[i].mover)


@kernel_of(_SIGNATURES.returns)
def returns(pool: Pool, i: int) -> float:
    """Return +1, -1 or 0 for player 0, by discs."""
    difference = count_bits(pool[i].discs[0]) - count_bits(pool[i].discs[1])
    return 1.0 if difference > 0 else -1.0 if difference < 0 else 0.0


@kernel
def _difference(first: np.uint64, second: np.uint64, where: np.uint64) -> int:
    return count_bits(first & where) - count_bits(second & where)


@kernel
def _frontier(own: np.uint64, empty: np.uint64) -> int:
    """Return the number of discs of ``own`` beside an empty square."""
    beside = ZERO
    for direction in range(8):
        beside |= _shifted(empty, direction)
    return count_bits(own & beside)


@kernel_of(_SIGNATURES.evaluate)
def evaluate(pool: Pool, i: int) -> float:
    """Return a static estimate for player 0, in (-1, 1): corners, mobility, edges, frontier.

    Squares beside a corner count only while that corner is empty in neither hand; the weighted
    difference ``d`` is squashed to ``d / (1 + |d|)``.  With a full board discs decide.
    """
    first, second = pool[i].discs[0], pool[i].discs[1]
    empty = ~(first | second)
    score = _CORNER * _difference(first, second, _CORNERS)
    if empty & _CORNERS:
        score += _BESIDE * _difference(first, second, _BESIDE_CORNERS)
    score += _EDGE * _difference(first, second, _EDGES)
    score += _MOBILITY * (count_bits(moves(first, second)) - count_bits(moves(second, first)))
    score += _FRONTIER * (_frontier(first, empty) - _frontier(second, empty))
    left = count_bits(empty)
    if left < 12:
        score += (12 - left) / 24.0 * (count_bits(first) - count_bits(second))
    return float(score / (1.0 + abs(score)))


def new_pool() -> Pool:
    """Return a one-element pool with the first position: black on d5 and e4, white on d4 and e5."""
    pool = np.zeros(1, STATE)
    pool[0].discs[0] = np.uint64(1 << 28 | 1 << 35)
    pool[0].discs[1] = np.uint64(1 << 27 | 1 << 36)
    return pool


def rules() -> RulesKernels:
    """Return the compiled rules."""
    prepare("the rules of Othello", step, legal, current, returns, evaluate, reseed)
    return RulesKernels(STATE, NUM_ACTIONS, step, legal, current, returns, evaluate, reseed)
