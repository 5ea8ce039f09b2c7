"""Big kernels that compile apart and call each other through symbols.

Numba links all that a function calls into it and optimises the whole again, so that a function deep
in a call graph is optimised once for every path to it: the battle engine, 300 functions, took more
than ten minutes to compile.  A *unit* is compiled once, as a C function; its callers only name its
symbol, which costs a plain call (about 2 ns) and its inlining.  Small functions stay ordinary
kernels that are inlined.

:func:`compile_apart` names a package and its state's record; from then on
:func:`plywise.engine.jit.kernel` makes a unit of every function of that package that is big enough
and whose parameters are the state and numbers.  A unit is built (compiled, or loaded from the
cache) with all that it needs before the first kernel that reaches it.
"""

import inspect
import threading
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import llvmlite.binding as llvm  # type: ignore[import-untyped]
import numba
from numba import types
from numba.core import config
from numba.core.datamodel import models
from numba.core.datamodel.registry import register_default
from numpy import dtype

SMALLEST_UNIT = 400
"""Bytes of bytecode, about ten statements: below, inlining is worth more than compile time."""

_NUMBERS: dict[Any, Any] = {
    int: types.int64,
    "int": types.int64,
    float: types.float64,
    "float": types.float64,
    bool: types.boolean,
    "bool": types.boolean,
}
# A C function's truth value is a byte, which numba does not take for a bool: it returns 0 or 1.
_RESULTS = _NUMBERS | {
    bool: types.int64,
    "bool": types.int64,
    None: types.void,
    "None": types.void,
}
_packages: dict[str, tuple[str, Any]] = {}
_lock = threading.RLock()


class Unit(types.ExternalFunction):
    """A kernel that its callers reach through its symbol."""

    def __init__(self, fn: Callable[..., Any], signature: Any, symbol: str) -> None:
        super().__init__(symbol, signature)
        self.py_func = fn
        self.built = False
        self._kept_alive: Any = None
        self._from_python: Callable[..., Any] | None = None

    def build(self, options: dict[str, Any], on_compiled: Callable[[], None]) -> None:
        """Compile or load the unit; what it calls must have been built."""
        compiled = numba.cfunc(self.sig, **options)(self.py_func)
        llvm.add_symbol(self.symbol, compiled.address)
        self._kept_alive = compiled
        self.built = True
        if not compiled.cache_hits:
            on_compiled()

    def __call__(self, *args: Any) -> Any:
        """Call it from Python (tests do), through a small kernel made for the purpose."""
        if self._from_python is None:
            unit = self
            ready(unit.py_func, (unit,))

            def call(*given):  # type: ignore[no-untyped-def]  # compiled
                return unit(*given)

            self._from_python = numba.njit(call)
        return self._from_python(*args)


register_default(Unit)(models.OpaqueModel)

_options: dict[str, Any] = {}
_context: list[Callable[..., Any]] = []


def configure(options: dict[str, Any], cache_folder: str, on_compiled: Callable[[], None]) -> None:
    """Set what :mod:`plywise.engine.jit` has decided: numba's options and the cache's folder."""
    _options.update(options)
    _options["folder"] = cache_folder
    _context[:] = [on_compiled]


def compile_apart(package: str, parameter: str, record: dtype[Any]) -> None:
    """Make units of the package's big kernels; ``parameter`` is the name of the state's argument.

    Call it before the package's kernels are imported.
    """
    _packages[package] = (parameter, numba.from_dtype(record))


def as_unit(fn: Callable[..., Any]) -> Unit | None:
    """Return ``fn`` as a unit, None where it is small or takes or returns more than numbers."""
    known = _packages.get(fn.__module__.rpartition(".")[0])
    if known is None or len(fn.__code__.co_code) < SMALLEST_UNIT:
        return None
    parameter, record = known
    signature = inspect.signature(fn)
    arguments = []
    for p in signature.parameters.values():
        if p.name == parameter:
            arguments.append(record)
        elif p.annotation in _NUMBERS:
            arguments.append(_NUMBERS[p.annotation])
        else:
            return None
    if signature.return_annotation not in _RESULTS:
        return None
    symbol = f"{fn.__module__}.{fn.__qualname__}".replace(".", "_")
    return Unit(fn, _RESULTS[signature.return_annotation](*arguments), symbol)


def _callees(fn: Callable[..., Any], seen: set[Any]) -> Iterator[Unit]:
    """Yield the units that ``fn`` names, also through kernels that are inlined into it."""
    names, scope = fn.__code__.co_names, fn.__globals__
    found = [scope[n] for n in names if n in scope]
    for module in [v for v in found if isinstance(v, ModuleType)]:
        found += [vars(module)[n] for n in names if n in vars(module)]
    for value in found:
        if isinstance(value, Unit):
            yield value
        elif hasattr(value, "py_func") and value not in seen:
            seen.add(value)
            yield from _callees(value.py_func, seen)


def ready(fn: Callable[..., Any], also: tuple[Unit, ...] = ()) -> None:
    """Build every unit that ``fn`` reaches, callees first, and the units ``also``.

    Raises:
        RuntimeError: units call each other in a circle.
    """
    with _lock:
        for unit in (*_callees(fn, set()), *also):
            _build(unit, ())


def _build(unit: Unit, trail: tuple[Unit, ...]) -> None:
    if unit.built:
        return
    if unit in trail:
        circle = " -> ".join(u.symbol for u in (*trail[trail.index(unit) :], unit))
        raise RuntimeError(f"units call each other in a circle: {circle}")
    for callee in list(_callees(unit.py_func, set())):
        if callee is not unit:
            _build(callee, (*trail, unit))
    options = {k: v for k, v in _options.items() if k != "folder"}
    numba_config: Any = config
    previous, numba_config.CACHE_DIR = numba_config.CACHE_DIR, _options["folder"]
    try:
        unit.build(options, _context[0])
    finally:
        numba_config.CACHE_DIR = previous
