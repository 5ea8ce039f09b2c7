"""Private names of numba: this module touches them, no other one does.

numba has no public way to compile a function to LLVM's bitcode, to leave out the test for negative
indices, to share one compiled copy of a callee, or to go on after a damaged cache entry.  The
functions here do so.  ``pyproject.toml`` bounds the versions of numba and llvmlite, and
``tests/engine/compile/test_numba_internals.py`` names what a new version has changed.
"""

import contextlib
import functools
import inspect
import io
import math
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import (
    caching,
    cgutils,
    compiler,
    compiler_lock,
    dispatcher,
    event,
    extending,
    registry,
)
from numba.cpython import slicing
from numba.np import arrayobj

from plywise.datasets.checked_files import DamagedCacheError, read_checked, write_checked

# numba's own parts have no types
_arrayobj: Any = arrayobj
_caching: Any = caching
_cgutils: Any = cgutils
_dispatcher: Any = dispatcher
_event: Any = event
_extending: Any = extending
_slicing: Any = slicing
_types: Any = types

_UNPICKLING_FAILS = (AttributeError, EOFError, ImportError, IndexError, pickle.UnpicklingError)
_NOT_LOADED = (DamagedCacheError, OSError, *_UNPICKLING_FAILS)

REFERENCE_COUNTING = "_nrt"
"""Option of ``njit``: whether a kernel can own memory, and counts references to it."""

global_compiler_lock: Any = compiler_lock.global_compiler_lock
"""The lock that numba holds while it compiles."""

numba_index: Callable[..., Any] = _slicing.fix_index
"""numba's rule for an index: ``(builder, index, size)`` -> the index to read at."""

print_in_kernel: Callable[..., Any] = _cgutils.printf
"""``(builder, format, *values)``: C's ``printf``."""

reserve: Callable[..., Any] = _cgutils.alloca_once
"""``(builder, type, size=None)``: memory on the stack, reserved at the start of the function."""


def replace_index_rule(rule: Callable[..., Any]) -> None:
    """Make numba compile every index by ``rule`` instead of :data:`numba_index`."""
    _slicing.fix_index = rule


def stack_array_value(context: Any, builder: Any, array: Any, shape: tuple[int, ...]) -> Any:
    """Return the value of a contiguous array on the stack, its contents undefined.

    Args:
        array: numba's type of it.
    """
    data_type = context.get_data_type(array.dtype)
    itemsize = context.get_abi_sizeof(data_type)
    made = _arrayobj.make_array(array)(context, builder)
    strides = [itemsize * math.prod(shape[k + 1 :]) for k in range(len(shape))]
    _arrayobj.populate_array(
        made,
        data=reserve(builder, data_type, size=math.prod(shape)),
        shape=[context.get_constant(types.intp, n) for n in shape],
        strides=[context.get_constant(types.intp, n) for n in strides],
        itemsize=context.get_constant(types.intp, itemsize),
        meminfo=None,
    )
    return made._getvalue()


def intrinsic_definition(value: Any) -> Callable[..., Any] | None:
    """Return the function that ``@intrinsic`` has decorated; None for any other value."""
    return value._defn if isinstance(value, _extending._Intrinsic) else None


class _CompileListener(_event.Listener):  # type: ignore[misc]
    def __init__(self, on_compile: Callable[[str], None]) -> None:
        self._on_compile = on_compile

    def on_start(self, compile_event: Any) -> None:
        self._on_compile(str(compile_event.data["dispatcher"].py_func.__module__))

    def on_end(self, compile_event: Any) -> None:
        pass


def call_before_compiling(on_compile: Callable[[str], None]) -> None:
    """Call ``on_compile(module name)`` whenever numba begins to compile a function."""
    _event.register("numba:compile", _CompileListener(on_compile))


# -- dispatchers (what njit returns) -------------------------------------------------------


def call_before_loading(dispatcher: Any, before: Callable[[], None]) -> None:
    """Call ``before()`` each time before the dispatcher compiles a signature or loads it."""
    original = dispatcher.compile

    def compile(signature: Any) -> Any:
        before()
        return original(signature)

    dispatcher.compile = compile


class _CheckedCacheFile(_caching.IndexDataCacheFile):  # type: ignore[misc]
    """numba's index and data of a kernel, with checksums."""

    def _load_index(self) -> Any:
        try:
            content = io.BytesIO(read_checked(Path(self._index_path)))
        except FileNotFoundError:
            return {}
        if pickle.load(content) != self._version:
            return {}
        stamp, overloads = pickle.loads(content.read())
        return overloads if stamp == self._source_stamp else {}

    def _load_data(self, name: str) -> Any:
        return pickle.loads(read_checked(Path(self._data_path(name))))

    @contextlib.contextmanager
    def _open_for_write(self, filepath: str) -> Iterator[io.BytesIO]:
        content = io.BytesIO()
        yield content
        write_checked(Path(filepath), content.getvalue())


def check_cache_entries(
    dispatcher: Any,
    on_damage: Callable[[Exception], None],
    on_unwritten: Callable[[OSError], None],
) -> None:
    """Compile again where the dispatcher's cache entry does not load; go on where it is not kept.

    A power cut leaves entries that do not load, a bad disk flips bits in them, and a process whose
    kernels are in a module that cannot be imported by its name cannot load them either.

    Args:
        dispatcher: what ``njit`` made; nothing is done if it has no cache.
        on_damage: called before compiling again.
        on_unwritten: called where the disk is full, or the folder cannot be written to.
    """
    cache = dispatcher._cache
    if not isinstance(cache, _caching.FunctionCache):
        return
    locator = cache._impl.locator
    cache._cache_file = _CheckedCacheFile(
        locator.get_cache_path(), cache._impl.filename_base, locator.get_source_stamp()
    )
    load, save = cache.load_overload, cache.save_overload

    def load_overload(signature: Any, context: Any) -> Any:
        try:
            return load(signature, context)
        except _NOT_LOADED as error:
            on_damage(error)
        with contextlib.suppress(OSError):  # what cannot be written is reported when it is kept
            cache.flush()
        return None

    def save_overload(signature: Any, data: Any) -> None:
        try:
            save(signature, data)
        except OSError as error:
            on_unwritten(error)
        except DamagedCacheError:
            pass  # reported while loading; the folder cannot be written to

    cache.load_overload, cache.save_overload = load_overload, save_overload


def share_specializations(dispatcher: Any, fn: Callable[..., Any]) -> None:
    """Make kernels that call ``fn`` share one compiled copy of it.

    By default numba compiles a callee again for every literal argument (``has_volatile(b, s, 7)``)
    and for every width of integer: the battle engine took several times as long to compile.  So
    literals lose their value, and a parameter annotated ``int`` is an int64 whatever it is given.
    """
    whole = [p.annotation in (int, "int") for p in inspect.signature(fn).parameters.values()]
    original = dispatcher.get_call_template

    def get_call_template(args: Any, kws: Any) -> Any:
        _, folded = dispatcher.fold_argument_types(args, kws)
        shared = tuple(
            types.int64 if is_int and isinstance(given, types.Integer) else _types.unliteral(given)
            for is_int, given in zip(whole, folded, strict=True)
        )
        return original(shared, {})

    dispatcher.get_call_template = get_call_template


def close_for(dispatcher: Any, signature: Any) -> None:
    """Compile the dispatcher for ``signature`` and for nothing else from then on.

    numba looks the result up, and two addresses of it, whenever a kernel is passed to another one:
    for the seven kernels that the search of battles takes, that was three quarters of a call's
    0.4 ms.  A closed dispatcher keeps them.
    """
    args = tuple(signature.args)
    if args not in dispatcher.overloads:
        dispatcher.compile(signature)
    dispatcher.disable_compile()
    if "get_compile_result" in vars(dispatcher):
        return
    compiled, search = dispatcher.overloads[args], dispatcher.get_compile_result
    dispatcher.get_compile_result = lambda wanted: (
        compiled if wanted.args == args else search(wanted)
    )
    library = compiled.library
    library.get_pointer_to_function = functools.cache(library.get_pointer_to_function)


def forget_compiled(dispatcher: Any) -> None:
    """Drop all that the dispatcher has compiled."""
    dispatcher.overloads.clear()
    dispatcher._reset_overloads()


# -- functions compiled to a module of LLVM ------------------------------------------------


class _FunctionCompiler(_dispatcher._FunctionCompiler):  # type: ignore[misc]
    """Numba's compiler, stopped before anything becomes machine code."""

    def _customize_flags(self, flags: Any) -> Any:
        flags.no_cpython_wrapper = True
        flags.no_cfunc_wrapper = True
        flags.no_compile = True
        flags.enable_pyobject = False
        flags.enable_looplift = False
        return flags


def compile_c_function(
    fn: Callable[..., Any], signature: Any, symbol: str, options: dict[str, Any]
) -> Any:
    """Return an optimised module of LLVM with ``fn`` as the C function ``symbol``.

    The callees that numba inlines are in it; units (``units.py``) are declarations.

    Args:
        options: those of ``njit``.
    """
    target = registry.cpu_target
    found = _FunctionCompiler(fn, target, options, {}, compiler.Compiler).compile(
        signature.args, signature.return_type
    )
    library, context = found.library, target.target_context
    library.add_ir_module(_c_function(context, symbol, found.fndesc))
    for used in dict.fromkeys(library._linking_libraries):
        library._final_module.link_in(used._get_module_for_linking(), preserve=True)
    library._optimize_final_module()
    return library._final_module


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
