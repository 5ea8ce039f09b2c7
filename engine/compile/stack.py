"""Small arrays on the stack for kernels: no allocation, no reference counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numba as nb
import numpy as np
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from plywise.engine.compile.jit import COMPILED
from plywise.engine.compile.numba_internals import stack_array_value


def stack_array(dtype: Any, *shape: int) -> Callable[[], NDArray[Any]]:
    """Return a function that gives a kernel an array of this shape, its contents undefined.

    The array is valid until the kernel returns: it may be passed to a callee, never returned or
    stored.  Calls in a loop give the same array.
    """
    if not COMPILED:
        return lambda: np.empty(shape, dtype)
    element: Any = nb.from_dtype(np.dtype(dtype))
    array: Any = types.Array(element, len(shape), "C")

    @intrinsic
    def on_stack(typing_context: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return stack_array_value(context, builder, array, shape)

        return array(), generate

    return cast("Callable[[], NDArray[Any]]", on_stack)
