"""Mixing of bits: pseudo-random numbers for seeds, generators and hash tables."""

from typing import Any

import numpy as np

from plywise.engine.compile.jit import COMPILED, kernel

WEYL = np.uint64(0x9E3779B97F4A7C15)
"""The step of SplitMix64: a generator adds it to its state after each :func:`scramble`."""

_S7, _S13, _S17 = np.uint64(7), np.uint64(13), np.uint64(17)
_MASK = (1 << 64) - 1


def scrambled(seed: int) -> int:
    """Return 64 well mixed bits for any seed (the finalizer of SplitMix64)."""
    x = (int(seed) + int(WEYL)) & _MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _MASK
    return x ^ (x >> 31)


if not COMPILED:
    scramble: Any = scrambled
else:

    @kernel
    def scramble(seed: Any) -> Any:
        """Return the same as :func:`scrambled`, in a kernel."""
        x = np.uint64(seed) + WEYL
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return x ^ (x >> np.uint64(31))


@kernel
def xorshift(x: Any) -> Any:
    """Return the state of Marsaglia's xorshift generator after the uint64 ``x``; never 0 but for 0.

    Shifts only: the same compiled and plain.
    """
    x ^= x << _S13
    x ^= x >> _S7
    return x ^ (x << _S17)
