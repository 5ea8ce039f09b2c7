"""Array indices in the project's kernels: no test for negative ones, which saves time.

numba tests every index of a signed type and counts a negative one from the end, as Python does:
three instructions each, a fifteenth of the time of a search.  In the project's kernels a negative
index is an error, like one beyond the end; only a literal one (``x[-1]``) counts from the end.
With ``PLYWISE_CHECK_INDICES=1`` kernels do test, and a negative index ends the process with a line
that names the kernel.  Kernels of other packages keep numba's rule.
"""

import os
from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]

from plywise.engine.compile import numba_internals

_MARKS = ("7plywise6engine", "7plywise6search")  # in the mangled names of the project's kernels

CHECKED = os.environ.get("PLYWISE_CHECK_INDICES", "") not in ("", "0")
"""Whether kernels test for negative indices."""


def _index(builder: Any, index: Any, size: Any) -> Any:
    """Return the index to read at."""
    name = builder.function.name
    if isinstance(index, ir.Constant) or not any(mark in name for mark in _MARKS):
        return numba_internals.numba_index(builder, index, size)
    if CHECKED:
        negative = builder.icmp_signed("<", index, ir.Constant(index.type, 0))
        with builder.if_then(negative, likely=False):
            numba_internals.print_in_kernel(builder, f"negative index in {name.replace('%', '')}\n")
            nothing = ir.FunctionType(ir.VoidType(), [])
            builder.call(builder.module.declare_intrinsic("llvm.trap", (), nothing), [])
    return index


def count_from_the_front() -> None:
    """Make numba compile the indices of the project's kernels by this rule."""
    numba_internals.replace_index_rule(_index)
