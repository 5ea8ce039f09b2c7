"""Kernels of board games that only read or set a state's ``status``, ``ply`` and ``rng``."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plywise.engine.bits import signed
from plywise.engine.compile.jit import kernel_of
from plywise.engine.kernels import TERMINAL, signatures

RUNNING, WON_BY_FIRST, WON_BY_SECOND, DRAWN = 0, 1, 2, 3
"""Values of the field ``status``."""


def current_kernel(state: np.dtype[Any]) -> Callable[[NDArray[Any], int], int]:
    """Return the kernel ``current`` of a game whose players move in turn, counted by ``ply``."""

    @kernel_of(signatures(state).current)
    def current(pool: NDArray[Any], i: int) -> int:
        return signed(pool[i].ply) & 1 if signed(pool[i].status) == RUNNING else TERMINAL

    return current


def returns_kernel(state: np.dtype[Any]) -> Callable[[NDArray[Any], int], float]:
    """Return the kernel ``returns``: +1, -1 or 0 for player 0, by ``status``."""

    @kernel_of(signatures(state).returns)
    def returns(pool: NDArray[Any], i: int) -> float:
        status = signed(pool[i].status)
        return 1.0 if status == WON_BY_FIRST else -1.0 if status == WON_BY_SECOND else 0.0

    return returns


def reseed_kernel(state: np.dtype[Any]) -> Callable[[NDArray[Any], int, np.uint64], None]:
    """Return the kernel ``reseed`` of a game whose steps draw nothing: it sets ``rng`` only."""

    @kernel_of(signatures(state).reseed)
    def reseed(pool: NDArray[Any], i: int, seed: np.uint64) -> None:
        pool[i].rng = seed

    return reseed
