"""Indices of the project's kernels count from the front, and cost nothing to get there.

numba looks at every index of a signed type whether it is negative, to count from the end then as
Python does: three instructions for each, a fifteenth of the time of a search.  Here a negative
index is a mistake, as one beyond the end is; only one that is written as a number (``x[-1]``) is
what it looks like.  With ``PLYWISE_CHECK_INDICES=1`` kernels look, and end the process at a
negative one with a line that names the kernel.  Kernels of other packages are left alone.
"""

import os
from collections.abc import Callable
from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba.core import cgutils
from numba.cpython import slicing

_MARKS = ("7plywise6engine", "7plywise6search")  # in the mangled names of the project's kernels

CHECKED = os.environ.get("PLYWISE_CHECK_INDICES", "") not in ("", "0")
"""Whether kernels look for negative indices."""

_numba: Any = slicing
_print: Any = cgutils.printf
_wrapped: Callable[..., Any] = _numba.fix_index


def _fix_index(builder: Any, index: Any, size: Any) -> Any:
    """Return the index to read at, in numba's stead (``numba.cpython.slicing.fix_index``)."""
    name = builder.function.name
    if isinstance(index, ir.Constant) or not any(mark in name for mark in _MARKS):
        return _wrapped(builder, index, size)
    if CHECKED:
        negative = builder.icmp_signed("<", index, ir.Constant(index.type, 0))
        with builder.if_then(negative, likely=False):
            _print(builder, f"negative index in {name.replace('%', '')}\n")
            nothing = ir.FunctionType(ir.VoidType(), [])
            builder.call(builder.module.declare_intrinsic("llvm.trap", (), nothing), [])
    return index


def count_from_the_front() -> None:
    """Let numba compile the project's kernels so, from now on."""
    _numba.fix_index = _fix_index
