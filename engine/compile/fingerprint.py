"""A fingerprint of a kernel: all of its sources that can change what numba makes of it.

That is its bytecode and constants, the values of the globals that it names (numba freezes them),
and the same of every kernel that is inlined into it.  Comments, docstrings and line numbers do not
count, and neither do other functions of the same file.
"""

import hashlib
from collections.abc import Callable
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np


def fingerprint(fn: Callable[..., Any], extra: tuple[str, ...] = ()) -> str:
    """Return 32 hexadecimal digits for ``fn`` as it would compile now, and for ``extra``.

    Raises:
        TypeError: it names a global of a kind that has no fingerprint.
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
    """Add bytecode and constants; return the names that it uses, those of inner code too."""
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
    elif hasattr(value, "symbol") and hasattr(value, "sig"):  # a unit: only its symbol is named
        h.update(f"{value.symbol} {value.sig}".encode())
    elif hasattr(value, "py_func"):
        _add_function(h, value.py_func, seen)
    elif hasattr(value, "_defn"):  # an intrinsic
        _add_function(h, value._defn, seen)
    elif isinstance(value, FunctionType):
        _add_function(h, value, seen)
    elif isinstance(value, (type, BuiltinFunctionType)) or callable(value):
        h.update(f"{value.__module__}.{getattr(value, '__qualname__', value)}".encode())
    else:
        raise TypeError(f"a kernel names a global of type {type(value).__name__}: {value!r:.80}")
