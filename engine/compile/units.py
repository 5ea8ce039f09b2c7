"""Rules that compile as one program: each kernel once, then all of them optimised together.

Numba links all that a function calls into it and optimises the whole again, so that a function deep
in a call graph is optimised once for every path to it: the battle engine, 330 functions, took more
than ten minutes to compile.  Here a kernel of a *package with units* becomes a C function, a
:class:`Unit`, that other kernels call by its symbol.  Numba compiles each unit once, by itself, to
LLVM bitcode; the *program* of the package links them, and LLVM optimises them as one module: it
inlines by its own judgement and knows what a callee reads and writes.  Only units that entry points
(``jit.kernel_of``) call can be called in the end: LLVM does as it likes with the rest.

Two caches make this quick.  A unit's bitcode is kept under a fingerprint of all that it was made
from (:mod:`plywise.engine.compile.fingerprint`), so that after an edit only what changed goes
through numba again.  The program's machine code is kept with the other kernels of the same sources.

:func:`compile_apart` names a package and its records; from then on
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
from llvmlite import ir
from numba import types
from numba.core import compiler, compiler_lock, config, registry
from numba.core import dispatcher as numba_dispatcher
from numba.core.datamodel import models
from numba.core.datamodel.registry import register_default
from numpy import dtype

from plywise.engine.compile import branch_weights as branches
from plywise.engine.compile import indices
from plywise.engine.compile.fingerprint import fingerprint

INLINING_THRESHOLD = 225
"""LLVM's own measure of what is worth inlining; its default at level 2 and 3."""

_HELPED = 40
"""Units to compile from which on a second process is worth its start."""

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
    """A kernel that its callers reach through its symbol."""

    def __init__(self, fn: Callable[..., Any], signature: Any, symbol: str, program: Any) -> None:
        super().__init__(symbol, signature)
        self.py_func = fn
        self.program: Program = program
        self._from_python: Callable[..., Any] | None = None

    def bitcode(self) -> bytes:
        """Compile the unit by itself; what it calls are declarations."""
        target = registry.cpu_target
        found = _UnitCompiler(self.py_func, target, dict(_options), {}, compiler.Compiler).compile(
            self.sig.args, self.sig.return_type
        )
        library, context = found.library, target.target_context
        library.add_ir_module(_c_function(context, self.symbol, found.fndesc))
        for used in dict.fromkeys(library._linking_libraries):
            library._final_module.link_in(used._get_module_for_linking(), preserve=True)
        library._optimize_final_module()
        module = library._final_module
        for value in (*module.functions, *module.global_variables):
            if not value.is_declaration and value.name != self.symbol:
                value.linkage = "internal"
        shares = self.program.shares.get(self.symbol)
        told = branches.weighted(str(module), shares) if shares else None
        return bytes((llvm.parse_assembly(told) if told else module).as_bitcode())

    def __call__(self, *args: Any) -> Any:
        """Call it from Python (tests do): states are elements of a pool.

        Raises:
            TypeError: only other units can call it.
        """
        if self._from_python is None:
            kinds: list[Any] = [_C_TYPES.get(a, ctypes.c_void_p) for a in self.sig.args]
            kind = ctypes.CFUNCTYPE(_C_TYPES[self.sig.return_type], *kinds)
            with _lock, compiler_lock.global_compiler_lock:
                self._from_python = kind(self.program.address(self.symbol))
        given = (a.__array_interface__["data"][0] if isinstance(a, np.void) else a for a in args)
        return self._from_python(*given)


register_default(Unit)(models.OpaqueModel)


_compiler: Any = numba_dispatcher


class _UnitCompiler(_compiler._FunctionCompiler):  # type: ignore[misc]
    """Numba's compiler, stopped before anything becomes machine code."""

    def _customize_flags(self, flags: Any) -> Any:
        flags.no_cpython_wrapper = True
        flags.no_cfunc_wrapper = True
        flags.no_compile = True
        flags.enable_pyobject = False
        flags.enable_looplift = False
        return flags


def _c_function(context: Any, symbol: str, fndesc: Any) -> Any:
    """Return a module with the C function ``symbol`` around a compiled function.

    Numba's functions return a status and their result through a pointer.  An exception, which
    rules do not raise on purpose, is printed and the result is undefined.
    """
    module = context.create_module("unit")
    native = ir.Function(
        module,
        context.call_conv.get_function_type(fndesc.restype, fndesc.argtypes),
        fndesc.llvm_func_name,
    )
    kind = context.get_external_function_type(fndesc)
    function = ir.Function(module, kind, symbol)
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    given = [
        context.data_model_manager[t].from_argument(builder, value)
        for t, value in zip(fndesc.argtypes, function.args, strict=True)
    ]
    status, result = context.call_conv.call_function(
        builder, native, fndesc.restype, fndesc.argtypes, given, attrs=("alwaysinline",)
    )
    with builder.if_then(status.is_error, likely=False):
        python = context.get_python_api(builder)
        held = python.gil_ensure()
        context.call_conv.raise_error(builder, python, status)
        where = python.string_from_string(context.insert_const_string(module, symbol))
        python.err_write_unraisable(where)
        python.decref(where)
        python.gil_release(held)
    if fndesc.restype == types.void:
        builder.ret(context.get_dummy_value())
    else:
        builder.ret(context.get_value_as_argument(builder, fndesc.restype, result))
    return module


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
        """Symbol of a unit -> how often each of its branches is taken (``branches.weighted``)."""
        return self._load_shares()

    def add(self, unit: Unit) -> None:
        """Take a kernel in while its module is imported.

        Raises:
            RuntimeError: the program runs already.
        """
        if self._engine is not None:
            raise RuntimeError(f"{unit.symbol}: the program {self.package} is already compiled")
        self.units.append(unit)

    def collect(self) -> list[ModuleType]:
        """Import all modules of the package, so that every unit of it is there; return them."""
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
        """Return where a unit's function lies in memory.

        Raises:
            TypeError: only other units can call it.
        """
        self.load()
        if symbol not in self.called:
            raise TypeError(f"{symbol} has no symbol: in {self.package} only units use it")
        return int(self._engine.get_function_address(symbol))

    def load(self) -> None:
        """Compile the program, or load it from the cache; symbols are known from then on."""
        if self._engine is not None or self._linking:  # linking: units need declarations only
            return
        self.collect()
        kept = None
        if _places and self._counted is None:
            kept = _places["program"] / f"{self.package}.{_processor()}.o.z"
        machine_code = _kept(kept)
        if machine_code is None:
            with self.linking():
                machine_code = self._link()
            _keep(kept, machine_code)
        # The module of an engine must not be empty, and objects added later may refer to it.
        self._engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _machine())
        self._engine.add_object_file(llvm.object_file.ObjectFileRef.from_data(machine_code))
        self._engine.finalize_object()
        for symbol in self.called:
            llvm.add_symbol(symbol, self.address(symbol))

    @contextlib.contextmanager
    def linking(self) -> Iterator[None]:
        """Let units compile that call others which are not there yet.

        A kernel that is inlined into units compiles to machine code too, where symbols must have
        an address; nobody may call that code, and it is forgotten afterwards.
        """
        self._linking = True
        for unit in self.units:
            llvm.add_symbol(unit.symbol, ctypes.cast(_abort, ctypes.c_void_p).value)
        try:
            yield
        finally:
            self._linking = False
            for inlined in _inlined:
                inlined.overloads.clear()
                inlined._reset_overloads()
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
                text, found = branches.counting(str(linked), first)
                self._counted[unit.symbol] = found
                first += found
                linked = llvm.parse_assembly(text)
            module.link_in(linked)
        if self._counted is not None:
            module.link_in(llvm.parse_assembly(branches.counters(first)))
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
        """Let the program count its branches in this process, which makes it slower.

        Raises:
            RuntimeError: it runs already.
        """
        if self._engine is not None:
            raise RuntimeError(f"the program {self.package} runs already, and does not count")
        self._counted = {}

    def counted_shares(self) -> dict[str, list[int]]:
        """Return what :attr:`shares` would be by what was counted.

        Raises:
            RuntimeError: nothing was.
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
        """Return the bitcode of all units, in their order or backwards.

        A second process begins at the other end; each takes from the cache what the other has
        finished.
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
                helper.kill()
                helper.wait()

    def _file(self, unit: Unit) -> Path | None:
        """Return where the unit's bitcode is kept; None if nothing is."""
        if not _places:
            return None
        shares = repr(self.shares.get(unit.symbol))
        extra = (_settings(), str(self.records), unit.symbol, str(unit.sig), shares)
        return _places["units"] / f"{fingerprint(unit.py_func, extra)}.bc.z"

    def _part(self, unit: Unit, file: Path | None) -> bytes:
        """Return the bitcode of one unit, compiled unless it is in the cache."""
        found = _kept(file)
        if found is not None:
            return found
        found = unit.bitcode()
        for on_compiled in _context:
            on_compiled()
        _keep(file, found)
        return found


_options: dict[str, Any] = {}
_places: dict[str, Path] = {}
_context: list[Callable[[], None]] = []
_programs: dict[str, Program] = {}
_inlined: list[Any] = []  # dispatchers that compiled while a program was linked


def _stop() -> None:
    """Stand for units that are not linked yet."""
    print("plywise: a kernel ran before its program was linked", file=sys.stderr, flush=True)
    os.abort()


_abort = ctypes.CFUNCTYPE(None)(_stop)


def configure(
    options: dict[str, Any], places: dict[str, Path], on_compiled: Callable[[], None]
) -> None:
    """Set what :mod:`plywise.engine.compile.jit` has decided.

    Args:
        options: numba's, of every kernel.
        places: ``program`` and ``units``, folders that exist; empty if nothing is cached.
        on_compiled: called for every unit that is compiled and not loaded.
    """
    _options.update({k: v for k, v in options.items() if k != "cache"})
    _places.update(places)
    _context[:] = [on_compiled]


def compile_apart(
    package: str,
    records: Mapping[str, dtype[Any]],
    shares: Callable[[], Mapping[str, Sequence[int]]] = dict,
) -> None:
    """Make units of the package's kernels.

    Call it before the package's kernels are imported.

    Args:
        package: its full name.
        records: name of an argument -> dtype of the record that it is, such as the state.
        shares: returns :attr:`Program.shares`; called only where something is compiled.
    """
    _programs[package] = Program(package, records, shares)


def program_of(package: str) -> Program:
    """Return the program of a package that :func:`compile_apart` has named."""
    return _programs[package]


def as_unit(fn: Callable[..., Any]) -> Unit | None:
    """Return ``fn`` as a unit, None where it takes or returns more than records and numbers."""
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


def ready(fn: Callable[..., Any], inlined: Any) -> None:
    """Load the programs of every unit that ``fn`` reaches.

    ``inlined`` is the dispatcher of ``fn``, which is about to compile.

    Raises:
        TypeError: it reaches a unit that only other units can call.
    """
    with _lock, compiler_lock.global_compiler_lock:
        if any(program._linking for program in _programs.values()):
            _inlined.append(inlined)
            return
        for unit in _callees(fn, set()):
            unit.program.address(unit.symbol)


def _machine() -> Any:
    """Return LLVM's description of this machine.

    The default for code that is compiled in memory reaches every function and table by its whole
    address, because parts of it may lie far apart: 12 bytes and an indirect jump for a call.  A
    program is one object, whose parts are put side by side.
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


_MAKERS = (__file__, indices.__file__, branches.__file__)


@functools.cache
def _settings() -> str:
    """Return all that a unit's bitcode depends on beside its sources."""
    numba_config: Any = config
    compiler = hashlib.sha256(b"".join(Path(str(m)).read_bytes() for m in _MAKERS))
    return (
        f"{compiler.hexdigest()} {numba.__version__} {numba_config.OPT} {sys.version_info[:2]} "
        f"{_options} {indices.CHECKED}"
    )


@functools.cache
def _processor() -> str:
    """Return 12 hexadecimal digits for LLVM's version and the processor that it compiles for."""
    features = llvm.get_host_cpu_features().flatten()
    found = f"{llvm.llvm_version_info} {llvm.get_host_cpu_name()} {features}"
    return hashlib.sha256(found.encode()).hexdigest()[:12]


def warn_damaged(name: str, error: Exception) -> None:
    """Say that something in the cache does not load and is compiled anew."""
    warnings.warn(
        f"the cache's {name} does not load ({type(error).__name__}: {error}): compiled anew",
        RuntimeWarning,
        stacklevel=3,
    )


def _kept(path: Path | None) -> bytes | None:
    """Return what a file of the cache (None: nothing is cached) holds; None if it is not whole."""
    if path is None:
        return None
    try:
        found = zlib.decompress(path.read_bytes())
        os.utime(path)  # marks it as used, for pruning
    except FileNotFoundError:
        return None  # never there, or pruned at this moment
    except (OSError, zlib.error) as error:
        warn_damaged(path.name, error)
        return None
    return found


def _keep(path: Path | None, content: bytes) -> None:
    """Write a file of the cache, if there is one, at once: another process may read it."""
    if path is None:
        return
    scratch = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}")
    scratch.write_bytes(zlib.compress(content, 1))
    scratch.replace(path)


def _start_helper(package: str) -> subprocess.Popen[bytes]:
    """Let another process compile units into the cache too."""
    program = (
        f"import {package}; from plywise.engine.compile import units; units.help_with({package!r})"
    )
    return subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def help_with(package: str) -> None:
    """Compile units of ``package`` into the cache, from the last one on."""
    program = _programs[package]
    program.collect()
    with program.linking():
        program.compile_units(backwards=True)
