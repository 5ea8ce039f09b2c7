"""Separate compilation of a package's kernels (units), linked and optimised as one program.

Numba links every callee into its caller and optimises the whole again, so that a function deep in a
call graph is optimised once for every path to it: the battle engine, 330 functions, took more than
ten minutes to compile.  Here a kernel of a *package with units* becomes a C function, a
:class:`Unit`, that other kernels call by its symbol.  Numba compiles each unit once, alone, to LLVM
bitcode; the *program* of the package links the units, and LLVM optimises them as one module: it
inlines by its own judgement and knows what a callee reads and writes.  Only units that entry points
(``jit.kernel_of``) call keep a symbol; LLVM may inline or drop the others.

Two caches make this quick.  A unit's bitcode is stored under a fingerprint of its sources
(:mod:`plywise.engine.compile.fingerprint`), so that after an edit numba compiles only the changed
units.  The program's machine code is stored with the other kernels of the same sources.

:func:`compile_separately` names a package and its records; from then on
:func:`plywise.engine.compile.jit.kernel` makes a unit of every function of that package whose
parameters are such records and numbers.
"""

import contextlib
import ctypes
import functools
import hashlib
import importlib
import inspect
import os
import pkgutil
import subprocess
import sys
import threading
import warnings
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import llvmlite.binding as llvm  # type: ignore[import-untyped]
import numba
import numpy as np
from numba import types
from numba.extending import is_jitted, models, register_model
from numpy import dtype

from plywise.datasets.processes.children import end_program, python_command, start_program
from plywise.datasets.processes.temporary import remove_abandoned, scratch_path
from plywise.engine.compile import branch_weights as branches
from plywise.engine.compile import indices, numba_internals
from plywise.engine.compile.fingerprint import kernel_fingerprint

INLINING_THRESHOLD = 225
"""LLVM's limit for the cost of a callee that it inlines; its default at level 2 and 3."""

_HELPED = 40
"""Number of units to compile from which a second process is worth its start."""

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
_C_TYPES = {
    types.int64: ctypes.c_int64,
    types.float64: ctypes.c_double,
    types.boolean: ctypes.c_uint8,
    types.void: None,
}
_lock = threading.RLock()


class Unit(types.ExternalFunction):
    """A kernel that other kernels call by its symbol."""

    def __init__(self, fn: Callable[..., Any], signature: Any, symbol: str, program: Any) -> None:
        super().__init__(symbol, signature)
        self.py_func = fn
        self.program: Program = program
        self._from_python: Callable[..., Any] | None = None

    def bitcode(self) -> bytes:
        """Compile the unit alone; the units that it calls are declarations."""
        module = numba_internals.compile_c_function(
            self.py_func, self.sig, self.symbol, dict(_options)
        )
        for value in (*module.functions, *module.global_variables):
            if not value.is_declaration and value.name != self.symbol:
                value.linkage = "internal"
        shares = self.program.shares.get(self.symbol)
        weighted = branches.with_weights(str(module), shares) if shares else None
        return bytes((llvm.parse_assembly(weighted) if weighted else module).as_bitcode())

    def __call__(self, *args: Any) -> Any:
        """Call the unit from Python (tests do); a state is an element of a pool.

        Raises:
            TypeError: only other units can call this one.
        """
        if self._from_python is None:
            kinds: list[Any] = [_C_TYPES.get(a, ctypes.c_void_p) for a in self.sig.args]
            kind = ctypes.CFUNCTYPE(_C_TYPES[self.sig.return_type], *kinds)
            with _lock, numba_internals.global_compiler_lock:
                self._from_python = kind(self.program.address(self.symbol))
        given = (a.__array_interface__["data"][0] if isinstance(a, np.void) else a for a in args)
        return self._from_python(*given)


register_model(Unit)(models.OpaqueModel)


class Program:
    """All units of one package as one piece of machine code."""

    def __init__(
        self,
        package: str,
        records: Mapping[str, dtype[Any]],
        load_shares: Callable[[], Mapping[str, Sequence[int]]],
    ) -> None:
        self.package = package
        self._load_shares = load_shares
        self._counted: dict[str, int] | None = None
        self.records = {name: numba.from_dtype(record) for name, record in records.items()}
        self.units: list[Unit] = []
        self._engine: Any = None
        self._linking = False

    @functools.cached_property
    def shares(self) -> Mapping[str, Sequence[int]]:
        """Symbol of a unit -> shares of its branches; see :func:`branch_weights.with_weights`."""
        return self._load_shares()

    def add(self, unit: Unit) -> None:
        """Add a unit while its module is imported.

        Raises:
            RuntimeError: the program is already loaded.
        """
        if self._engine is not None:
            raise RuntimeError(f"{unit.symbol}: the program {self.package} is already compiled")
        self.units.append(unit)

    def collect(self) -> list[ModuleType]:
        """Import and return all modules of the package, which defines every unit."""
        package = importlib.import_module(self.package)
        return [
            importlib.import_module(f"{self.package}.{module.name}")
            for module in pkgutil.iter_modules(package.__path__)
        ]

    @functools.cached_property
    def called(self) -> frozenset[str]:
        """The symbols of the units that the package's entry points call."""
        named = [value for module in self.collect() for value in vars(module).values()]
        entries = [k for k in named if hasattr(k, "plywise_signature")]
        return frozenset(u.symbol for k in entries for u in _callees(k.py_func, set()))

    def address(self, symbol: str) -> int:
        """Return the address of a unit's function.

        Raises:
            TypeError: only other units can call this one.
        """
        self.load()
        if symbol not in self.called:
            raise TypeError(f"{symbol} has no symbol: in {self.package} only units use it")
        return int(self._engine.get_function_address(symbol))

    def load(self) -> None:
        """Compile the program or load it from the cache, and define its symbols."""
        if self._engine is not None or self._linking:  # linking: units need declarations only
            return
        self.collect()
        file = None
        if _places and self._counted is None:
            file = _places["program"] / f"{self.package}.{_processor()}.o.z"
        machine_code = _read_cached(file)
        if machine_code is None:
            with self.linking():
                machine_code = self._link()
            _write_cached(file, machine_code)
        # The module of an engine must not be empty, and objects added later may refer to it.
        self._engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _machine())
        self._engine.add_object_file(llvm.ObjectFileRef.from_data(machine_code))
        self._engine.finalize_object()
        for symbol in self.called:
            llvm.add_symbol(symbol, self.address(symbol))

    @contextlib.contextmanager
    def linking(self) -> Iterator[None]:
        """Define placeholder symbols, so that units compile before their callees.

        A kernel that is inlined into units compiles to machine code too, where symbols must have
        an address; that code must not be called, and is dropped afterwards.
        """
        self._linking = True
        for unit in self.units:
            llvm.add_symbol(unit.symbol, ctypes.cast(_abort, ctypes.c_void_p).value)
        try:
            yield
        finally:
            self._linking = False
            for inlined in _inlined:
                numba_internals.forget_compiled(inlined)
            _inlined.clear()

    def _link(self) -> bytes:
        """Return the object code of all units, optimised as one module."""
        parts = self.compile_units()
        module = llvm.parse_assembly("")
        module.name = self.package
        module.triple = llvm.get_process_triple()
        first = 0
        for unit, part in zip(self.units, parts, strict=True):
            linked = llvm.parse_bitcode(part)
            if self._counted is not None:
                text, found = branches.with_counters(str(linked), first)
                self._counted[unit.symbol] = found
                first += found
                linked = llvm.parse_assembly(text)
            module.link_in(linked)
        if self._counted is not None:
            module.link_in(llvm.parse_assembly(branches.counters_module(first)))
        for function in module.functions:
            if not function.is_declaration and function.name not in self.called:
                function.linkage = "internal"
        machine = _machine()
        tuning = llvm.create_pipeline_tuning_options(3)
        tuning.inlining_threshold = INLINING_THRESHOLD
        tuning.loop_vectorization = False
        tuning.slp_vectorization = False
        builder = llvm.create_pass_builder(machine, tuning)
        builder.getModulePassManager().run(module, builder)
        module.verify()
        return bytes(machine.emit_object(module))

    def count_branches(self) -> None:
        """Count the program's branches in this process, which makes it slower.

        Raises:
            RuntimeError: the program is already loaded.
        """
        if self._engine is not None:
            raise RuntimeError(f"the program {self.package} runs already, and does not count")
        self._counted = {}

    def counted_shares(self) -> dict[str, list[int]]:
        """Return :attr:`shares` as counted in this process.

        Raises:
            RuntimeError: nothing was counted.
        """
        if not self._counted or self._engine is None:
            raise RuntimeError(f"the program {self.package} has counted nothing")
        place = self._engine.get_global_value_address(branches.COUNTERS)
        pairs = (ctypes.c_int64 * 2 * sum(self._counted.values())).from_address(place)
        left = iter(pairs)
        return {
            symbol: [branches.share(*next(left)) for _ in range(count)]
            for symbol, count in self._counted.items()
        }

    def compile_units(self, backwards: bool = False) -> list[bytes]:
        """Return the bitcode of all units, compiled in order or backwards.

        A second process begins at the other end; each loads from the cache the units that the
        other has finished.
        """
        files = [self._file(unit) for unit in self.units]
        missing = sum(file is None or not file.exists() for file in files)
        helper = None
        if not backwards and missing >= _HELPED and _places and (os.cpu_count() or 1) > 1:
            helper = _start_helper(self.package)
        order = range(len(files))
        try:
            return [
                self._part(self.units[k], files[k]) for k in (order[::-1] if backwards else order)
            ]
        finally:
            if helper is not None:
                end_program(helper)
                remove_abandoned()  # what it was writing

    def _file(self, unit: Unit) -> Path | None:
        """Return the path of the unit's bitcode in the cache; None without a cache."""
        if not _places:
            return None
        shares = repr(self.shares.get(unit.symbol))
        extra = (_settings(), str(self.records), unit.symbol, str(unit.sig), shares)
        return _places["units"] / f"{kernel_fingerprint(unit.py_func, extra)}.bc.z"

    def _part(self, unit: Unit, file: Path | None) -> bytes:
        """Return the bitcode of one unit from the cache; compile and store it if missing."""
        found = _read_cached(file)
        if found is not None:
            return found
        found = unit.bitcode()
        for on_compiled in _context:
            on_compiled()
        _write_cached(file, found)
        return found


_options: dict[str, Any] = {}
_places: dict[str, Path] = {}
_context: list[Callable[[], None]] = []
_programs: dict[str, Program] = {}
_inlined: list[Any] = []  # dispatchers compiled while a program was linked


def _stop() -> None:
    """Abort: the placeholder for units that are not linked yet."""
    print("plywise: a kernel ran before its program was linked", file=sys.stderr, flush=True)
    os.abort()


_abort = ctypes.CFUNCTYPE(None)(_stop)


def configure(
    options: dict[str, Any], places: dict[str, Path], on_compiled: Callable[[], None]
) -> None:
    """Set the options, folders and callback that :mod:`plywise.engine.compile.jit` has chosen.

    Args:
        options: numba options of every kernel.
        places: existing folders ``program`` and ``units``; empty without a cache.
        on_compiled: called for every unit that is compiled rather than loaded.
    """
    _options.update({k: v for k, v in options.items() if k != "cache"})
    _places.update(places)
    _context[:] = [on_compiled]


def compile_separately(
    package: str,
    records: Mapping[str, dtype[Any]],
    shares: Callable[[], Mapping[str, Sequence[int]]] = dict,
) -> None:
    """Make units of the package's kernels; called before the kernels are imported.

    Args:
        package: full name.
        records: name of a parameter -> dtype of the record passed for it, such as the state.
        shares: returns :attr:`Program.shares`; called only if something is compiled.
    """
    _programs[package] = Program(package, records, shares)


def program_of(package: str) -> Program:
    """Return the program of a package passed to :func:`compile_separately`."""
    return _programs[package]


def as_unit(fn: Callable[..., Any]) -> Unit | None:
    """Return ``fn`` as a unit; None if it takes or returns other than records and numbers."""
    program = _programs.get(fn.__module__.rpartition(".")[0])
    if program is None:
        return None
    signature = inspect.signature(fn)
    arguments = []
    for p in signature.parameters.values():
        if p.annotation in _NUMBERS:
            arguments.append(_NUMBERS[p.annotation])
        elif p.name in program.records:
            arguments.append(program.records[p.name])
        else:
            return None
    if signature.return_annotation not in _RESULTS:
        return None
    symbol = f"{fn.__module__}.{fn.__qualname__}".replace(".", "_")
    unit = Unit(fn, _RESULTS[signature.return_annotation](*arguments), symbol, program)
    program.add(unit)
    return unit


def _callees(fn: Callable[..., Any], seen: set[Any]) -> Iterator[Unit]:
    """Yield the units that ``fn`` names, itself or through kernels inlined into it."""
    names, scope = fn.__code__.co_names, fn.__globals__
    found = [scope[n] for n in names if n in scope]
    for module in [v for v in found if isinstance(v, ModuleType)]:
        found += [vars(module)[n] for n in names if n in vars(module)]
    for value in found:
        if isinstance(value, Unit):
            yield value
        elif is_jitted(value) and value not in seen:
            seen.add(value)
            yield from _callees(value.py_func, seen)


def load_callees(fn: Callable[..., Any], dispatcher: Any) -> None:
    """Load the programs of all units that ``fn`` calls, itself or through inlined kernels.

    Args:
        dispatcher: that of ``fn``, before it compiles.

    Raises:
        TypeError: one of them can be called by other units only.
    """
    with _lock, numba_internals.global_compiler_lock:
        if any(program._linking for program in _programs.values()):
            _inlined.append(dispatcher)
            return
        for unit in _callees(fn, set()):
            unit.program.address(unit.symbol)


def _machine() -> Any:
    """Return LLVM's description of this machine.

    Code compiled in memory addresses every function and table by its full 64 bits by default,
    because its parts may lie far apart: 12 bytes and an indirect jump for a call.  A program is one
    object, whose parts are contiguous.
    """
    one_piece = llvm.get_process_triple().startswith("x86_64") and os.name == "posix"
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(),
        features=llvm.get_host_cpu_features().flatten(),
        opt=3,
        reloc="pic" if one_piece else "static",
        codemodel="small" if one_piece else "jitdefault",
        jit=True,
    )


_MAKERS = (__file__, indices.__file__, branches.__file__, numba_internals.__file__)


@functools.cache
def _settings() -> str:
    """Return the versions and options that a unit's bitcode depends on beside its sources."""
    numba_config: Any = numba.config
    compiler = hashlib.sha256(b"".join(Path(str(m)).read_bytes() for m in _MAKERS))
    return (
        f"{compiler.hexdigest()} {numba.__version__} {numba_config.OPT} {sys.version_info[:2]} "
        f"{_options} {indices.CHECKED}"
    )


@functools.cache
def _processor() -> str:
    """Return a digest, 12 hexadecimal digits, of LLVM's version and the processor."""
    features = llvm.get_host_cpu_features().flatten()
    found = f"{llvm.llvm_version_info} {llvm.get_host_cpu_name()} {features}"
    return hashlib.sha256(found.encode()).hexdigest()[:12]


def warn_damaged(name: str, error: Exception) -> None:
    """Warn that a cache entry does not load and is compiled again."""
    warnings.warn(
        f"the cache's {name} does not load ({type(error).__name__}: {error}): compiled again",
        RuntimeWarning,
        stacklevel=3,
    )


def _read_cached(path: Path | None) -> bytes | None:
    """Return the content of a cache file; None without a cache, a file, or if it is damaged."""
    if path is None:
        return None
    try:
        found = zlib.decompress(path.read_bytes())
        os.utime(path)  # marks it as used, for pruning
    except FileNotFoundError:
        return None  # never written, or pruned at this moment
    except (OSError, zlib.error) as error:
        warn_damaged(path.name, error)
        return None
    return found


def _write_cached(path: Path | None, content: bytes) -> None:
    """Write a cache file atomically (another process may read it); nothing without a cache."""
    if path is None:
        return
    scratch = scratch_path(path.name)
    scratch.write_bytes(zlib.compress(content, 1))
    scratch.replace(path)


def _start_helper(package: str) -> subprocess.Popen[bytes]:
    """Start a process that compiles units into the cache too."""
    compile_all = f"units.compile_backwards({package!r})"
    program = f"import {package}; from plywise.engine.compile import units; {compile_all}"
    return start_program(
        python_command(program),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def compile_backwards(package: str) -> None:
    """Compile units of ``package`` into the cache, the last one first."""
    program = _programs[package]
    program.collect()
    with program.linking():
        program.compile_units(backwards=True)
