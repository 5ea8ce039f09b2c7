"""Memory on the stack of a kernel, for units (:mod:`plywise.engine.compile.units`).

Units take records and numbers only, and a NumPy array would cost an allocation each time.  Two
records hold results of fixed kinds; for the rest there is a short list of numbers, known by its
address and valid until the kernel that asked for it returns.  Without JIT there is one list for the
whole process: a kernel that holds it must not call another one that asks for it.
"""

import ctypes
from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic

from plywise.engine.compile.jit import COMPILED
from plywise.engine.compile.numba_internals import reserve
from plywise.engine.compile.stack import stack_array

HITS = np.dtype((np.record, [("taken", np.float64, (20,))]))
"""What moves take, four to a Pokémon (``matchups.py``); a parameter ``hits`` is one."""

CHOICES = np.dtype((np.record, [("action", np.int32, (16,)), ("odds", np.float64, (16,))]))
"""Actions, and how likely each is to be chosen (``policy.py``); a parameter ``choices`` is one."""

some_hits = stack_array(HITS, 1)
some_choices = stack_array(CHOICES, 1)

SCRATCH_SIZE = 136
"""Numbers that a list holds."""

if not COMPILED:
    _list = (ctypes.c_int64 * SCRATCH_SIZE)()

    def scratch() -> Any:
        """Return the address of a list of ``SCRATCH_SIZE`` numbers, filled with anything."""
        return ctypes.addressof(_list)

    def get_number(address: Any, index: Any) -> Any:
        """Return number ``index`` of the list at ``address``."""
        return ctypes.c_int64.from_address(address + 8 * index).value

    def set_number(address: Any, index: Any, value: Any) -> Any:
        """Set number ``index`` of the list at ``address``."""
        ctypes.c_int64.from_address(address + 8 * index).value = value

else:
    _INT64 = ir.IntType(64)

    @intrinsic
    def scratch(typingctx: Any) -> Any:
        """Return the address of a list of ``SCRATCH_SIZE`` numbers, filled with anything."""

        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            room = reserve(builder, ir.ArrayType(_INT64, SCRATCH_SIZE))
            return builder.ptrtoint(room, _INT64)

        return types.int64(), codegen

    @intrinsic
    def get_number(typingctx: Any, address: Any, index: Any) -> Any:
        """Return number ``index`` of the list at ``address``."""

        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            numbers = builder.inttoptr(args[0], _INT64.as_pointer())
            return builder.load(builder.gep(numbers, [args[1]]))

        return types.int64(types.int64, types.int64), codegen

    @intrinsic
    def set_number(typingctx: Any, address: Any, index: Any, value: Any) -> Any:
        """Set number ``index`` of the list at ``address``."""

        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            numbers = builder.inttoptr(args[0], _INT64.as_pointer())
            builder.store(args[2], builder.gep(numbers, [args[1]]))
            return context.get_dummy_value()

        return types.void(types.int64, types.int64, types.int64), codegen
