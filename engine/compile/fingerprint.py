"""Fingerprint of a unit: a digest of everything that can change its compiled code.

Used for the battle engine's units; the folder of all kernels is named by ``cache_key.py``.

It covers the bytecode and constants, the values of the globals that the kernel names (numba freezes
them), and the same of every kernel that is inlined into it.  Comments, docstrings, line numbers and
other functions of the same file do not count.
"""

import hashlib
from collections.abc import Callable
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np
from numba import types
from numba.extending import is_jitted

from plywise.engine.compile.numba_internals import intrinsic_definition


def kernel_fingerprint(fn: Callable[..., Any], extra: tuple[str, ...] = ()) -> str:
    """Return the digest of ``fn`` and ``extra`` in 32 hexadecimal digits.

    Raises:
        TypeError: ``fn`` names a global of a type that has no fingerprint.
    """
    h = hashlib.sha256(repr(extra).encode())
    _add_function(h, fn, set())
    return h.hexdigest()[:32]


def _add_function(h: Any, fn: Any, seen: set[int]) -> None:
    if id(fn) in seen:
        h.update(b"again")
        return
    seen.add(id(fn))
    annotations = {name: str(kind) for name, kind in fn.__annotations__.items()}
    h.update(repr((fn.__qualname__, fn.__defaults__, annotations)).encode())
    names = _add_code(h, fn.__code__, fn.__doc__)
    for cell in fn.__closure__ or ():
        _add_value(h, cell.cell_contents, names, seen)
    for name in sorted(names):
        if name in fn.__globals__:
            h.update(name.encode())
            _add_value(h, fn.__globals__[name], names, seen)


def _add_code(h: Any, code: CodeType, doc: str | None) -> set[str]:
    """Add bytecode and constants; return the names that the code uses, inner code included."""
    names = set(code.co_names)
    h.update(code.co_code)
    h.update(repr((code.co_names, code.co_varnames, code.co_argcount)).encode())
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            names |= _add_code(h, constant, None)
        elif doc is None or constant != doc:
            h.update(repr(constant).encode())
    return names


_tables: dict[int, tuple[Any, bytes]] = {}


def _table(array: np.ndarray[Any, Any]) -> bytes:
    """Return the digest of an array, computed once: the tables are frozen."""
    found = _tables.get(id(array))
    if found is None:
        content = repr((array.dtype.descr, array.shape)).encode() + array.tobytes()
        found = _tables[id(array)] = (array, hashlib.sha256(content).digest())
    return found[1]


def _add_value(h: Any, value: Any, names: set[str], seen: set[int]) -> None:
    if isinstance(value, (int, float, str, bytes, tuple, np.generic, type(None))):
        h.update(repr((type(value).__name__, value)).encode())
    elif isinstance(value, np.ndarray):
        h.update(_table(value))
    elif isinstance(value, ModuleType):
        h.update(value.__name__.encode())
        if value.__name__.startswith("plywise."):
            for name in sorted(names):
                if name in vars(value):
                    h.update(name.encode())
                    _add_value(h, vars(value)[name], names, seen)
    elif isinstance(value, types.ExternalFunction):  # a unit: callers know its symbol only
        h.update(f"{value.symbol} {value.sig}".encode())
    elif is_jitted(value):
        _add_function(h, value.py_func, seen)
    elif (definition := intrinsic_definition(value)) is not None:
        _add_function(h, definition, seen)
    elif isinstance(value, FunctionType):
        _add_function(h, value, seen)
    elif isinstance(value, (type, BuiltinFunctionType)) or callable(value):
        h.update(f"{value.__module__}.{getattr(value, '__qualname__', value)}".encode())
    else:
        raise TypeError(f"a kernel names a global of type {type(value).__name__}: {value!r:.80}")
