"""Private names of numba: each is there, as the installed version has it, and used in one place."""

import ast
import inspect
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm  # type: ignore[import-untyped]
import pytest
from llvmlite import ir
from numba import njit, types
from numba.core import (
    caching,
    cgutils,
    codegen,
    compiler,
    compiler_lock,
    event,
    extending,
    options,
    registry,
)
from numba.core import dispatcher as numba_dispatcher
from numba.core.base import BaseContext
from numba.core.pythonapi import PythonAPI
from numba.cpython import slicing
from numba.np import arrayobj

from plywise.engine.compile import numba_internals

ROOT = Path(__file__).parents[3]
HOME = "engine/compile/numba_internals.py"
FLOORS = ("arena", "conf", "datasets", "engine", "games", "llm_modules", "search")
PUBLIC = ("numba", "numba.extending", "numba.types")

dispatcher: Any = numba_dispatcher  # its own parts have no types
CALL_CONVENTION = type(registry.cpu_target.target_context.call_conv)
# set by __init__
IN_OBJECTS = {
    *("_cache", "_cache_file", "_defn", "_final_module", "_impl", "_index_path"),
    *("_linking_libraries", "_source_stamp", "_version"),
}

pytestmark = pytest.mark.skipif(
    bool(os.environ.get("NUMBA_DISABLE_JIT")), reason="nothing is compiled"
)

# Owner, name, and its parameters (None: not a function, or one whose parameters do not matter).
NAMES: list[tuple[Any, str, tuple[str, ...] | None]] = [
    (slicing, "fix_index", None),
    (numba_internals, "numba_index", ("builder", "idx", "size")),  # fix_index, as numba has it
    (cgutils, "printf", ("builder", "format", "*args")),
    (cgutils, "alloca_once", ("builder", "ty", "size", "name", "zfill")),
    (cgutils._StructProxy, "_getvalue", ("self",)),
    (arrayobj, "make_array", ("array_type",)),
    (
        arrayobj,
        "populate_array",
        ("array", "data", "shape", "strides", "itemsize", "meminfo", "parent"),
    ),
    (extending, "_Intrinsic", None),
    (extending._Intrinsic, "__init__", ("self", "name", "defn", "prefer_literal", "**kwargs")),
    (event, "Listener", None),
    (event.Listener, "on_start", ("self", "event")),
    (event.Listener, "on_end", ("self", "event")),
    (event, "register", ("kind", "listener")),
    (compiler_lock, "global_compiler_lock", None),
    (options.DefaultOptions, "_nrt", None),
    (dispatcher, "_FunctionCompiler", None),
    (dispatcher.Dispatcher, "compile", ("self", "sig")),
    (dispatcher.Dispatcher, "disable_compile", ("self", "val")),
    (dispatcher.Dispatcher, "fold_argument_types", ("self", "args", "kws")),
    (dispatcher.Dispatcher, "get_call_template", ("self", "args", "kws")),
    (dispatcher.Dispatcher, "get_compile_result", ("self", "sig")),
    (dispatcher.Dispatcher, "_reset_overloads", ("self",)),
    (caching.FunctionCache, "load_overload", ("self", "sig", "target_context")),
    (caching.FunctionCache, "flush", ("self",)),
    (
        caching.IndexDataCacheFile,
        "__init__",
        ("self", "cache_path", "filename_base", "source_stamp"),
    ),
    (caching.IndexDataCacheFile, "_data_path", ("self", "name")),
    (caching.IndexDataCacheFile, "_load_data", ("self", "name")),
    (caching.IndexDataCacheFile, "_load_index", ("self",)),
    (caching.IndexDataCacheFile, "_open_for_write", ("self", "filepath")),
    (codegen.JITCodeLibrary, "get_pointer_to_function", ("self", "name")),
    (codegen.JITCodeLibrary, "add_ir_module", ("self", "ir_module")),
    (codegen.JITCodeLibrary, "_get_module_for_linking", ("self",)),
    (codegen.JITCodeLibrary, "_optimize_final_module", ("self",)),
    (
        dispatcher._FunctionCompiler,
        "__init__",
        ("self", "py_func", "targetdescr", "targetoptions", "locals", "pipeline_class"),
    ),
    (dispatcher._FunctionCompiler, "compile", ("self", "args", "return_type")),
    (dispatcher._FunctionCompiler, "_customize_flags", ("self", "flags")),
    (compiler, "Compiler", None),
    (registry, "cpu_target", None),
    (registry.cpu_target, "target_context", None),
    *(
        (compiler.Flags, flag, None)
        for flag in (
            *("no_cpython_wrapper", "no_cfunc_wrapper", "no_compile"),
            *("enable_pyobject", "enable_looplift"),
        )
    ),
    (BaseContext, "create_module", ("self", "name")),
    (BaseContext, "get_external_function_type", ("self", "fndesc")),
    (BaseContext, "get_python_api", ("self", "builder")),
    (BaseContext, "insert_const_string", ("self", "mod", "string")),
    (BaseContext, "get_value_as_argument", ("self", "builder", "ty", "val")),
    (BaseContext, "get_dummy_value", ("self",)),
    (BaseContext, "get_abi_sizeof", ("self", "ty")),
    (BaseContext, "get_data_type", ("self", "ty")),
    (CALL_CONVENTION, "call_function", None),
    (CALL_CONVENTION, "get_function_type", ("self", "restype", "argtypes")),
    (CALL_CONVENTION, "raise_error", ("self", "builder", "pyapi", "status")),
    *(
        (PythonAPI, name, None)
        for name in (
            *("gil_ensure", "gil_release", "string_from_string"),
            *("err_write_unraisable", "decref"),
        )
    ),
    (llvm, "ObjectFileRef", None),
    (llvm, "create_mcjit_compiler", None),
    (llvm, "create_pass_builder", ("tm", "pto")),
]


def named(entry: tuple[Any, str, Any]) -> str:
    owner = entry[0]
    module = getattr(owner, "__module__", "")
    name = getattr(owner, "__qualname__", getattr(owner, "__name__", type(owner).__name__))
    return f"{module}.{name}.{entry[1]}"


@pytest.mark.parametrize("entry", NAMES, ids=named)
def test_a_private_name_is_there_and_takes_what_we_give_it(
    entry: tuple[Any, str, tuple[str, ...] | None],
) -> None:
    owner, name, parameters = entry
    assert hasattr(owner, name), f"numba has no {named(entry)} any more"
    if parameters is not None:
        found = inspect.signature(getattr(owner, name)).parameters.values()
        stars: dict[Any, str] = {
            inspect.Parameter.VAR_POSITIONAL: "*",
            inspect.Parameter.VAR_KEYWORD: "**",
        }
        assert tuple(stars.get(p.kind, "") + p.name for p in found) == parameters


@pytest.mark.parametrize("name", ["overloads", "_cache"])
def test_a_dispatcher_has(name: str) -> None:
    assert hasattr(njit(lambda x: x), name)


@pytest.mark.parametrize("name", ["_linking_libraries", "_final_module"])
def test_a_library_has(name: str) -> None:
    double = njit(lambda x: 2 * x)
    double.compile((types.int64,))
    (compiled,) = double.overloads.values()
    assert hasattr(compiled.library, name)
    assert {"library", "fndesc"} <= set(compiled._fields)
    assert compiled.fndesc.llvm_func_name
    assert compiled.fndesc.restype == types.int64


def test_a_library_of_a_caller_links_its_callees() -> None:
    inner = njit(lambda x: 2 * x)
    outer = njit(lambda x: inner(x) + 1)
    outer.compile((types.int64,))
    (compiled,) = outer.overloads.values()
    (callee,) = inner.overloads.values()
    assert callee.library in compiled.library._linking_libraries


def test_an_intrinsic_has_its_definition() -> None:
    def define(typing_context: Any, x: Any) -> Any:
        return types.int64(x), lambda context, builder, signature, args: args[0]

    made: Any = extending.intrinsic(define)
    assert numba_internals.intrinsic_definition(made) is define
    assert numba_internals.intrinsic_definition(define) is None
    assert numba_internals.intrinsic_definition(njit(lambda x: x)) is None


def test_numba_asks_the_replaced_rule_for_an_index(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def rule(builder: Any, index: Any, size: Any) -> Any:
        asked.append(index)
        return ir.Constant(index.type, 1)

    monkeypatch.setattr(slicing, "fix_index", slicing.fix_index)  # put back afterwards
    numba_internals.replace_index_rule(rule)
    second = njit(lambda array, i: array[i])
    second.compile((types.int64[::1], types.int64))
    assert asked


def test_numba_asks_a_replaced_method_when_it_compiles_and_calls() -> None:
    order: list[str] = []
    inner: Any = njit(typed_inner)
    numba_internals.share_specializations(inner, typed_inner)
    numba_internals.call_before_loading(inner, lambda: order.append("inner"))
    outer: Any = njit(lambda x: inner(x) + inner(7))
    numba_internals.call_before_loading(outer, lambda: order.append("outer"))
    assert outer(1) == 18
    assert order[0] == "outer"
    assert "inner" in order
    assert list(inner.overloads) == [(types.int64,)]  # no copy for the literal 7
    numba_internals.forget_compiled(inner)
    assert not inner.overloads


def typed_inner(x: int) -> int:
    return x + 5


def test_a_function_compiles_to_a_c_function() -> None:
    signature: Any = types.int64(types.int64)
    module = numba_internals.compile_c_function(typed_inner, signature, "a_symbol", {})
    assert not module.get_function("a_symbol").is_declaration


def test_a_compiled_module_is_named_to_the_listener() -> None:
    seen: list[str] = []
    numba_internals.call_before_compiling(seen.append)
    njit(lambda x: x - 1)(3)
    assert __name__ in seen


def test_a_literal_loses_its_value() -> None:
    numba_types: Any = types
    assert numba_types.unliteral(numba_types.literal(7)) == types.int64


def attributes(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def sources(keep: Callable[[str], bool]) -> list[Path]:
    found = [path for floor in FLOORS for path in (ROOT / floor).rglob("*.py")]
    return [path for path in found if keep(path.relative_to(ROOT).as_posix())]


def test_only_one_module_imports_what_is_private_of_numba() -> None:
    wrong = []
    for path in sources(lambda name: name != HOME):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                modules = [node.module or ""]
                if node.module == "numba":
                    modules += [
                        f"numba.{a.name}" for a in node.names if a.name in ("core", "cpython", "np")
                    ]
            elif isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            else:
                continue
            wrong += [
                f"{path.relative_to(ROOT)}: {module}"
                for module in modules
                if module.split(".")[0] == "numba" and module not in PUBLIC
            ]
    assert wrong == []


def test_only_one_module_touches_private_names() -> None:
    listed = {name for _, name, _ in NAMES} | IN_OBJECTS
    general = {"compile", "__init__", "flush", "_cache", "register", "global_compiler_lock"}
    public = {
        "numba_index",
        "ObjectFileRef",
        "create_mcjit_compiler",
        "create_pass_builder",
        "get_dummy_value",
    }
    wrong = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in sources(lambda name: name != HOME)
        for name in sorted(attributes(path) & (listed - general - public))
    ]
    assert wrong == []


def test_every_private_attribute_of_the_module_is_listed() -> None:
    private = {name for name in attributes(ROOT / HOME) if name.startswith("_")}
    ours = {"_on_compile", "__module__"}
    assert private - ours <= {name for _, name, _ in NAMES} | IN_OBJECTS
