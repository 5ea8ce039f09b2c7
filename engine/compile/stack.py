"""Small arrays on the stack, for kernels: no allocation, and nothing to count references to."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, cast

import numba as nb
import numpy as np
from numba import types
from numba.core import cgutils, config
from numba.extending import intrinsic
from numba.np import arrayobj
from numpy.typing import NDArray

# numba's own parts have no types
_cgutils: Any = cgutils
_arrayobj: Any = arrayobj
_config: Any = config  # its settings are set at run time, unseen by type checkers


def stack_array(dtype: Any, *shape: int) -> Callable[[], NDArray[Any]]:
    """Return a function that gives a kernel an array of this shape, with anything in it.

    The array lives as long as the call of the kernel: it may be passed on, never returned or kept.
    In a loop it is the same array every time.
    """
    if _config.DISABLE_JIT:
        return lambda: np.empty(shape, dtype)
    element: Any = nb.from_dtype(np.dtype(dtype))
    array: Any = types.Array(element, len(shape), "C")
    itemsize = np.dtype(dtype).itemsize

    @intrinsic
    def on_stack(typing_context: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            data = _cgutils.alloca_once(
                builder, context.get_data_type(element), size=math.prod(shape)
            )
            made = _arrayobj.make_array(array)(context, builder)
            strides = [itemsize * math.prod(shape[k + 1 :]) for k in range(len(shape))]
            _arrayobj.populate_array(
                made,
                data=data,
                shape=[context.get_constant(types.intp, n) for n in shape],
                strides=[context.get_constant(types.intp, n) for n in strides],
                itemsize=context.get_constant(types.intp, itemsize),
                meminfo=None,
            )
            return made._getvalue()

        return array(), generate

    return cast("Callable[[], NDArray[Any]]", on_stack)
