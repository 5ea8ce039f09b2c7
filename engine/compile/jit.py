"""The one place where numba options are chosen.

Numba keys a cached kernel by the source file that defines it, and by nothing
else: a changed callee in another file, a changed data table or another
``NUMBA_OPT`` would be served stale machine code.  So every kernel is cached in a
directory named after a digest of all that can change what it compiles to.

Importing a module of kernels compiles nothing.  A kernel compiles, or loads from the
cache, when it is first called, or all at once under :func:`prepare`, which also tells a person
who waits for a cold compile what is going on.
"""

import contextlib
import hashlib
import inspect
import json
import os
import pickle
import re
import shutil
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

import numba
from numba import njit, types
from numba.core import config, event

from plywise.engine.compile import indices, units

P = ParamSpec("P")
R = TypeVar("R")

_ROOT = Path(__file__).parents[2]  # the checkout, or plywise/ in site-packages
_WHOLE = ("engine", "datasets")  # folders that hold kernels and their tables: every file counts
_PARTLY = ("games", "search")  # here only files with kernels count, and what they import
_SUFFIXES = {".py", ".json", ".npy", ".npz", ".gz"}
_IMPORT = re.compile(rb"^\s*(?:from|import)\s+plywise\.([\w.]+)(?:\s+import\s+([\w, ]+))?", re.M)
_REPORT_SECONDS = 15.0  # between lines of progress in a long compilation
_KEPT = 8  # digests that pruning spares, the most recently used
_PART_SECONDS = 7 * 86400.0
_SPARED_SECONDS = 600.0  # pruning spares what was used just now: another process may be busy in it
_UNPICKLING_FAILS = (AttributeError, EOFError, ImportError, IndexError, pickle.UnpicklingError)
_config: Any = config  # its settings are set at run time, unseen by type checkers

# Half the compile time of the default level 3, at no measured cost in speed.
if "NUMBA_OPT" not in os.environ:
    _config.OPT = type(_config.OPT)(1)


def _imported(source: bytes) -> Iterator[str]:
    """Yield the paths, without suffix, of the project's modules that ``source`` may import."""
    for module, names in _IMPORT.findall(source):
        base = module.decode().replace(".", "/")
        yield base
        for name in names.decode().split(","):
            if name.strip():
                yield f"{base}/{name.split()[0]}"


def _compiled_files() -> list[Path]:
    """Return, sorted, the files that can change what a kernel compiles to."""
    files = {p for f in _WHOLE for p in (_ROOT / f).rglob("*") if p.suffix in _SUFFIXES}
    sources = {
        p.relative_to(_ROOT).with_suffix("").as_posix(): p
        for folder in _PARTLY
        for p in (_ROOT / folder).rglob("*.py")
    }
    imports = {name: set(_imported(path.read_bytes())) for name, path in sources.items()}
    waiting = [name for name, found in imports.items() if "engine/compile/jit" in found]
    while waiting:
        name = waiting.pop()
        if sources[name] not in files:
            files.add(sources[name])
            waiting.extend(i for i in imports[name] if i in sources)
    return sorted(files)


def _digest() -> str:
    settings = (
        f"{numba.__version__} {_config.OPT} {_config.LOOP_VECTORIZE} {_config.BOUNDSCHECK} "
        f"{indices.CHECKED}"
    )
    h = hashlib.sha256(settings.encode())
    for path in _compiled_files():
        h.update(path.relative_to(_ROOT).as_posix().encode())
        h.update(path.read_bytes())
    return h.hexdigest()[:16]


def cache_root() -> Path:
    """Directory that holds every digest's kernels (``PLYWISE_CACHE`` overrides it)."""
    default = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    return Path(os.environ.get("PLYWISE_CACHE", default / "plywise"))


CACHE_DIR = cache_root() / "numba" / _digest()


def _usable(folder: Path) -> bool:
    """Return whether kernels can be cached in ``folder``; say so once where they cannot."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        os.utime(folder)  # marks it as used, for pruning
    except OSError as error:
        warnings.warn(
            f"cannot write to {folder} ({error.strerror}): kernels are compiled anew at every "
            "start; set PLYWISE_CACHE to a folder that can be written to",
            RuntimeWarning,
            stacklevel=2,
        )
        return False
    return True


# Kernels here own no memory, so nothing counts references to it: at every call of a kernel that was
# not inlined that took 4 % of a search's time.  One that makes an array does not compile; what it
# needs for itself is a `stack.stack_array`.
_WITHOUT_ALLOCATION = ("plywise.engine.", "plywise.search.")
_CACHED = not _config.DISABLE_JIT and _usable(CACHE_DIR)
_OPTIONS: dict[str, Any] = {"cache": _CACHED, "nogil": True, "error_model": "numpy"}


def _build_units_first(dispatcher: Any, fn: Callable[..., Any]) -> None:
    """Let every unit that ``fn`` reaches be there before ``fn`` is compiled or loaded."""
    original = dispatcher.compile

    def compile(signature: Any) -> Any:
        units.ready(fn, inlined=dispatcher)
        return original(signature)

    dispatcher.compile = compile


def _compile_anew_what_does_not_load(dispatcher: Any) -> None:
    """Let an entry of the cache that is cut off, or was written by a stranger, cost its time only.

    A power cut leaves such entries, and so does a process whose kernels are in a module that
    nobody can import by its name.
    """
    cache = dispatcher._cache
    original = cache.load_overload

    def load_overload(signature: Any, context: Any) -> Any:
        try:
            return original(signature, context)
        except _UNPICKLING_FAILS as error:
            units.warn_damaged(dispatcher.py_func.__qualname__, error)
            cache.flush()
            return None

    cache.load_overload = load_overload


def _share_specializations(dispatcher: Any, fn: Callable[..., Any]) -> None:
    """Let kernels that call ``fn`` share one compiled copy of it.

    Left alone, numba compiles a callee anew for every literal argument (``has_volatile(b, s, 7)``)
    and for every width of integer: the battle engine took several times as long to compile.  So
    literals lose their value, and a parameter annotated ``int`` is an int64 whatever it is given.
    """
    whole = [p.annotation in (int, "int") for p in inspect.signature(fn).parameters.values()]
    original = dispatcher.get_call_template
    unliteral: Any = types.unliteral

    def get_call_template(args: Any, kws: Any) -> Any:
        _, folded = dispatcher.fold_argument_types(args, kws)
        shared = tuple(
            types.int64 if is_int and isinstance(given, types.Integer) else unliteral(given)
            for is_int, given in zip(whole, folded, strict=True)
        )
        return original(shared, {})

    dispatcher.get_call_template = get_call_template


def _decorate(fn: Callable[P, R], **more: Any) -> Callable[P, R]:
    if _config.DISABLE_JIT:
        return fn
    options = _OPTIONS | {"_nrt": not fn.__module__.startswith(_WITHOUT_ALLOCATION)} | more
    previous, _config.CACHE_DIR = _config.CACHE_DIR, str(CACHE_DIR)
    try:
        dispatcher = njit(**options)(fn)
    finally:
        _config.CACHE_DIR = previous
    _share_specializations(dispatcher, fn)
    _build_units_first(dispatcher, fn)
    _compile_anew_what_does_not_load(dispatcher)
    return cast("Callable[P, R]", dispatcher)


class KernelOf:
    """Decorator that compiles for one explicit signature; see :func:`kernel`."""

    def __init__(self, signature: Any) -> None:
        self._signature = signature

    def __call__(self, fn: Callable[P, R]) -> Callable[P, R]:
        """Return the kernel of ``fn``."""
        compiled: Any = _decorate(fn)
        if not _config.DISABLE_JIT:
            compiled.plywise_signature = self._signature
        return cast("Callable[P, R]", compiled)


def kernel(fn: Callable[P, R]) -> Callable[P, R]:
    """Compile ``fn`` with the project's options, keeping its annotated signature.

    A big function of a package with units (:mod:`plywise.engine.compile.units`) compiles apart.
    Entry points, and all that is passed to another kernel, use :func:`kernel_of` instead.
    """
    if not hasattr(fn, "__code__"):
        raise TypeError(f"@kernel takes a function; for a signature write @kernel_of({fn})")
    unit = None if _config.DISABLE_JIT else units.as_unit(fn)
    return _decorate(fn) if unit is None else cast("Callable[P, R]", unit)


def kernel_in_place(fn: Callable[P, R]) -> Callable[P, R]:
    """Compile ``fn`` like :func:`kernel`, into each of its callers, however long it is.

    For one that is called all the time and takes many arrays: each is handed on as seven words.
    """
    return _decorate(fn, forceinline=True)


def kernel_of(signature: Any) -> KernelOf:
    """Return a decorator like :func:`kernel` for an entry point with an explicit signature.

    Such a kernel can be passed as an argument to another one whose signature says
    ``numba.types.FunctionType(signature)``, and both load from the cache in the next process.
    Under :func:`prepare` it is compiled for this signature and then closed: an argument of another
    type is a TypeError and never a second, silent copy of the whole engine.
    """
    return KernelOf(signature)


class _Progress(event.Listener):
    """Tells on stderr that kernels are being compiled, and how far; silent when they are cached."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self.label = "kernels"
        self.told: set[str] = set()
        self.compiled = 0
        self.began = self.spoke = 0.0

    def on_start(self, compile_event: Any) -> None:
        """Announce the first of a label's kernels that is really compiled, then say how far."""
        dispatcher = compile_event.data["dispatcher"]
        if str(dispatcher.py_func.__module__).startswith("plywise."):
            self.note()

    def note(self) -> None:
        """Count one compiled function."""
        with self._lock:
            self.compiled += 1
            now = time.monotonic()
            if self.label in self.told:
                if now - self.spoke > _REPORT_SECONDS:
                    self.spoke = now
                    line = f"  {now - self.began:.0f} s, {self.compiled} functions so far"
                    print(line, file=sys.stderr, flush=True)
                return
            self.told.add(self.label)
            self.began = self.spoke = now
            known = _compile_seconds().get(self.label)
            hint = f"about {known:.0f} s" if known else "may take a minute"
            print(f"compiling {self.label} (first run, {hint})", file=sys.stderr, flush=True)
            if len(self.told) == 1:
                prune()

    def on_end(self, compile_event: Any) -> None:
        """Do nothing: durations are taken by :func:`prepare`."""


def _times_file() -> Path:
    return cache_root() / "compile_seconds.json"


def _compile_seconds() -> dict[str, float]:
    """Return label -> seconds that its last cold compile took on this machine."""
    try:
        found = json.loads(_times_file().read_text())
    except (FileNotFoundError, PermissionError, json.JSONDecodeError):
        return {}  # only the announcement's estimate is lost
    return {str(k): float(v) for k, v in found.items()} if isinstance(found, dict) else {}


def _remember_seconds(label: str, seconds: float) -> None:
    known = _compile_seconds() | {label: round(seconds, 1)}
    # A cache that cannot be written to was reported by _usable.
    with contextlib.suppress(OSError):
        scratch = _times_file().with_suffix(f".{os.getpid()}")
        scratch.write_text(json.dumps(known, sort_keys=True))
        scratch.replace(_times_file())


def _unit_places() -> dict[str, Path]:
    """Return the folders of compiled programs and their parts; none where nothing is cached."""
    parts = cache_root() / "units"
    if not _CACHED or not _usable(parts):
        return {}
    return {"program": CACHE_DIR, "units": parts}


_progress = _Progress()
_preparing = threading.RLock()
if not _config.DISABLE_JIT:
    indices.count_from_the_front()
    cast(Any, event).register("numba:compile", _progress)
    units.configure(_OPTIONS, _unit_places(), _progress.note)


@contextlib.contextmanager
def compiling(label: str) -> Iterator[None]:
    """Announce compilation inside the block under ``label`` and remember how long it took.

    Nothing is printed where everything comes from the cache.  The line on stderr reads
    ``compiling <label> (first run, about 12 s)``; the estimate is this machine's last cold compile.
    """
    outer, before, start = _progress.label, _progress.compiled, time.perf_counter()
    _progress.label = label
    try:
        yield
    finally:
        _progress.label = outer
    if _progress.compiled > before:
        _remember_seconds(label, time.perf_counter() - start)


def prepare(label: str, *kernels: Callable[..., Any]) -> None:
    """Compile, or load from the cache, kernels made with :func:`kernel_of`; announce it if slow.

    Raises:
        ValueError: one of them was made without an explicit signature.
    """
    if _config.DISABLE_JIT:
        return
    with _preparing, compiling(label):  # two threads at once would close what the other compiles
        for function in kernels:
            dispatcher: Any = function
            signature = getattr(dispatcher, "plywise_signature", None)
            if signature is None:
                raise ValueError(f"{function!r} was not made with @kernel_of(signature)")
            if tuple(signature.args) not in dispatcher.overloads:
                dispatcher.compile(signature)
            dispatcher.disable_compile()
            _answer_at_once(dispatcher, signature)


def _answer_at_once(dispatcher: Any, signature: Any) -> None:
    """Let a closed kernel say without a search what it was compiled to.

    numba asks for it, and for two addresses of it, whenever a kernel is passed to another one: for
    the seven that the search of battles takes, that was three quarters of a call's 0.4 ms.
    """
    if "get_compile_result" in vars(dispatcher):
        return
    args = tuple(signature.args)
    compiled, search = dispatcher.overloads[args], dispatcher.get_compile_result
    dispatcher.get_compile_result = lambda wanted: (
        compiled if wanted.args == args else search(wanted)
    )
    library = compiled.library
    library.get_pointer_to_function = cache(library.get_pointer_to_function)


def prune() -> None:
    """Delete the kernels of old sources: all but the last few digests and those in recent use.

    Of the parts of programs, those that no compilation has used for a week go.
    """
    for part in (cache_root() / "units").glob("*"):
        with contextlib.suppress(FileNotFoundError):  # another process prunes too
            if time.time() - part.stat().st_mtime > _PART_SECONDS:
                part.unlink()
    folders = sorted(
        (p for p in CACHE_DIR.parent.glob("*") if p.is_dir() and p != CACHE_DIR),
        key=lambda p: p.stat().st_mtime,
        reverse=True,
    )
    for folder in folders[_KEPT - 1 :]:
        if time.time() - folder.stat().st_mtime > _SPARED_SECONDS:
            # Another process may be deleting the same folder at this moment.
            shutil.rmtree(folder, ignore_errors=True)
