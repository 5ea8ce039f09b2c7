"""Goofspiel, the game of pure strategy: five kernels over two hands of cards.

Both players hold the cards 1 … n and bid for prizes worth 1 … n, one each round, at the same time;
the higher bid takes the prize, equal bids discard it.  Action ``a`` bids the card ``a + 1``.  The
order of the prizes is known from the start.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from plywise.engine.bits import signed
from plywise.engine.boards.status import reseed_kernel
from plywise.engine.compile.jit import kernel_of, prepare
from plywise.engine.kernels import SIMULTANEOUS, TERMINAL, RulesKernels, signatures

MOST_CARDS = 13

STATE = np.dtype(
    (
        np.record,
        [
            ("rng", np.uint64),
            ("hands", np.uint16, (2,)),  # bit a: card a + 1 is still held
            ("points", np.uint8, (2,)),
            ("played", np.uint8),
            ("cards", np.uint8),
            ("prizes", np.uint8, (16,)),
        ],
    )
)
_SIGNATURES = signatures(STATE)
reseed = reseed_kernel(STATE)
Pool = NDArray[Any]


@kernel_of(_SIGNATURES.step)
def step(pool: Pool, i: int, a0: int, a1: int) -> None:
    """Bid for both players."""
    state = pool[i]
    prize = signed(state.prizes[signed(state.played)])
    if a0 > a1:
        state.points[0] = signed(state.points[0]) + prize
    elif a1 > a0:
        state.points[1] = signed(state.points[1]) + prize
    state.hands[0] = signed(state.hands[0]) & ~(1 << a0)
    state.hands[1] = signed(state.hands[1]) & ~(1 << a1)
    state.played = signed(state.played) + 1


@kernel_of(_SIGNATURES.legal)
def legal(pool: Pool, i: int, player: int, out: NDArray[np.int32]) -> int:
    """Write the cards that the player still holds."""
    state = pool[i]
    n = 0
    for card in range(signed(state.cards)):
        if signed(state.hands[player]) >> card & 1:
            out[n] = card
            n += 1
    return n


@kernel_of(_SIGNATURES.current)
def current(pool: Pool, i: int) -> int:
    """Return SIMULTANEOUS or TERMINAL."""
    return TERMINAL if signed(pool[i].played) == signed(pool[i].cards) else SIMULTANEOUS


@kernel_of(_SIGNATURES.returns)
def returns(pool: Pool, i: int) -> float:
    """Return +1, -1 or 0 for player 0, by points."""
    difference = signed(pool[i].points[0]) - signed(pool[i].points[1])
    return 1.0 if difference > 0 else -1.0 if difference < 0 else 0.0


@kernel_of(_SIGNATURES.evaluate)
def evaluate(pool: Pool, i: int) -> float:
    """Return the lead in points over what is still to be had and the lead itself, in (-1, 1)."""
    state = pool[i]
    left = 0
    for k in range(signed(state.played), signed(state.cards)):
        left += signed(state.prizes[k])
    lead = signed(state.points[0]) - signed(state.points[1])
    return float(lead / (1.0 + left + abs(lead)))


def new_pool(prizes: tuple[int, ...]) -> Pool:
    """Return a one-element pool with the start of a game for ``prizes`` in this order.

    Raises:
        ValueError: the prizes are not 1 … n in some order, with n from 2 to 13.
    """
    count = len(prizes)
    if not 2 <= count <= MOST_CARDS or sorted(prizes) != list(range(1, count + 1)):
        raise ValueError(f"prizes {prizes}: they must be 1 … n in some order, n = 2 … {MOST_CARDS}")
    pool = np.zeros(1, STATE)
    pool[0].cards = count
    pool[0].hands = (1 << count) - 1
    pool[0].prizes[:count] = prizes
    return pool


def rules(cards: int = MOST_CARDS) -> RulesKernels:
    """Return the compiled rules for games with so many cards."""
    prepare("the rules of Goofspiel", step, legal, current, returns, evaluate, reseed)
    return RulesKernels(STATE, cards, step, legal, current, returns, evaluate, reseed)
