"""Prefetching: rows of an array are loaded into the processor's caches before they are read."""

from __future__ import annotations

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic

from plywise.engine.compile.jit import COMPILED, kernel

_LINE = 64  # bytes of a cache line

if not COMPILED:

    def fetch_ahead(rows: Any, row: int) -> None:
        """Do nothing."""

else:

    @intrinsic
    def fetch_line(typing_context: Any, address: Any) -> Any:
        """Begin to load the line at an address."""

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            flag, place = ir.IntType(32), ir.IntType(8).as_pointer()
            prefetch = builder.module.declare_intrinsic(
                "llvm.prefetch", [place], ir.FunctionType(ir.VoidType(), [place, flag, flag, flag])
            )
            for_reading, keep, data = flag(0), flag(3), flag(1)
            builder.call(prefetch, [builder.inttoptr(args[0], place), for_reading, keep, data])
            return context.get_dummy_value()

        return types.void(types.int64), generate

    _fetch_line: Any = fetch_line

    @kernel
    def fetch_ahead(rows: Any, row: int) -> None:
        """Begin to load a row of a two-dimensional array into the processor's caches."""
        row_bytes = rows.shape[1] * rows.itemsize
        address = int(rows.ctypes.data) + row * row_bytes
        for line in range(0, row_bytes, _LINE):
            _fetch_line(address + line)
