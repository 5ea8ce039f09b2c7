"""Operations on words and bits that kernels over bitboards and unsigned fields share."""

from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic

from plywise.engine.compile.jit import COMPILED, kernel

signed: Any = np.int64
"""What reads an unsigned field of a record as an int64: numba's ``int()`` of it stays unsigned."""

if not COMPILED:

    def count_bits(bits: np.uint64) -> int:
        """Return how many bits are set."""
        return int(bits).bit_count()

else:

    @intrinsic
    def count_bits(typing_context: Any, bits: Any) -> Any:
        """Return how many bits are set, as an int64."""

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            ctpop = builder.module.declare_intrinsic("llvm.ctpop", [ir.IntType(64)])
            return builder.call(ctpop, [args[0]])

        return types.int64(types.uint64), generate


@kernel
def lowest_bit(bits: np.uint64) -> int:
    """Return the number of the lowest bit that is set; there must be one."""
    one = np.uint64(1)
    return count_bits((bits & (~bits + one)) - one)


@kernel
def list_bits(bits: Any, out: Any) -> int:
    """Write the numbers of the bits that are set (uint64), ascending; return how many."""
    count = 0
    one = np.uint64(1)
    while bits != np.uint64(0):
        out[count] = lowest_bit(bits)
        count += 1
        bits &= bits - one
    return count
