"""Kernel decorators: numba's options, the cache of compiled kernels, progress of compilation.

Every kernel is cached in a folder named after a digest of everything that can change its compiled
code (``cache_key.py``).

Importing a module of kernels compiles nothing.  A kernel compiles, or loads from the cache, when it
is first called, or under :func:`prepare`, which prints a line if compilation takes a while.
"""

import contextlib
import functools
import json
import os
import shutil
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

import numba
from numba import njit

from plywise.datasets.cache_folder import cache_root
from plywise.datasets.processes.temporary import scratch_path
from plywise.engine.compile import indices, numba_internals, units
from plywise.engine.compile.cache_key import cache_key

P = ParamSpec("P")
R = TypeVar("R")

_REPORT_SECONDS = 15.0  # between lines of progress in a long compilation
_KEPT = 8  # digests that pruning keeps, the most recently used
_PART_SECONDS = 7 * 86400.0  # age from which pruning deletes a unit that no compilation has used
_IN_USE_SECONDS = 600.0  # age below which pruning keeps a folder: another process may use it
_config: Any = numba.config  # its settings are set at run time, unseen by type checkers

COMPILED: bool = not _config.DISABLE_JIT
"""Whether kernels are compiled; with ``NUMBA_DISABLE_JIT=1`` they are plain Python."""

# Half the compile time of the default level 3, at no measured cost in speed.
if "NUMBA_OPT" not in os.environ:
    _config.OPT = type(_config.OPT)(1)


CACHE_DIR = cache_root() / "numba" / cache_key()


def _usable(folder: Path) -> bool:
    """Return whether kernels can be cached in ``folder``; warn if not."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        os.utime(folder)  # marks it as used, for pruning
    except OSError as error:
        warnings.warn(
            f"cannot write to {folder} ({error.strerror}): kernels are compiled again at every "
            "start; set PLYWISE_CACHE to a folder that can be written to",
            RuntimeWarning,
            stacklevel=2,
        )
        return False
    return True


# Kernels here own no memory and count no references, which took 4 % of a search's time.  A kernel
# that makes an array does not compile: use `stack.stack_array`.
_WITHOUT_ALLOCATION = ("plywise.engine.", "plywise.search.")
_CACHED = COMPILED and _usable(CACHE_DIR)
_OPTIONS: dict[str, Any] = {"cache": _CACHED, "nogil": True, "error_model": "numpy"}


def _decorate(fn: Callable[P, R], **more: Any) -> Callable[P, R]:
    if not COMPILED:
        return fn
    counted = not fn.__module__.startswith(_WITHOUT_ALLOCATION)
    options = _OPTIONS | {numba_internals.REFERENCE_COUNTING: counted} | more
    previous, _config.CACHE_DIR = _config.CACHE_DIR, str(CACHE_DIR)
    try:
        dispatcher: Any = njit(**options)(fn)
    finally:
        _config.CACHE_DIR = previous
    warn_damaged = functools.partial(units.warn_damaged, fn.__qualname__)
    numba_internals.share_specializations(dispatcher, fn)
    numba_internals.call_before_loading(dispatcher, lambda: units.load_callees(fn, dispatcher))
    numba_internals.recompile_damaged_entries(dispatcher, on_damage=warn_damaged)
    return cast("Callable[P, R]", dispatcher)


class KernelOf:
    """Decorator that compiles for one explicit signature; see :func:`kernel_of`."""

    def __init__(self, signature: Any) -> None:
        self._signature = signature

    def __call__(self, fn: Callable[P, R]) -> Callable[P, R]:
        """Return the kernel of ``fn``."""
        compiled: Any = _decorate(fn)
        if COMPILED:
            compiled.plywise_signature = self._signature
        return cast("Callable[P, R]", compiled)


def kernel(fn: Callable[P, R]) -> Callable[P, R]:
    """Compile ``fn`` with the project's options, keeping its annotated signature.

    In a package with units (:mod:`plywise.engine.compile.units`) a function of records and numbers
    becomes a unit.  Entry points, and kernels passed to another one, use :func:`kernel_of` instead.
    """
    if not hasattr(fn, "__code__"):
        raise TypeError(f"@kernel takes a function; for a signature write @kernel_of({fn})")
    unit = units.as_unit(fn) if COMPILED else None
    return _decorate(fn) if unit is None else cast("Callable[P, R]", unit)


def inlined_kernel(fn: Callable[P, R]) -> Callable[P, R]:
    """Compile ``fn`` like :func:`kernel` and inline it into each of its callers, however long.

    For a function that is called often and takes many arrays: each is passed as seven words.
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


class _Progress:
    """Progress of compilation on stderr; nothing is printed where all kernels are cached."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self.label = "kernels"
        self.announced: set[str] = set()
        self.compiled = 0
        self.began = self.reported = 0.0

    def on_compile(self, module: str) -> None:
        """Count a function that numba begins to compile, if its module is the project's."""
        if module.startswith("plywise."):
            self.note()

    def note(self) -> None:
        """Count one compiled function."""
        with self._lock:
            self.compiled += 1
            now = time.monotonic()
            if self.label in self.announced:
                if now - self.reported > _REPORT_SECONDS:
                    self.reported = now
                    line = f"  {now - self.began:.0f} s, {self.compiled} functions so far"
                    print(line, file=sys.stderr, flush=True)
                return
            self.announced.add(self.label)
            self.began = self.reported = now
            known = _compile_seconds().get(self.label)
            hint = f"about {known:.0f} s" if known else "may take a minute"
            print(f"compiling {self.label} (first run, {hint})", file=sys.stderr, flush=True)
            if len(self.announced) == 1:
                prune()


def _times_file() -> Path:
    return cache_root() / "compile_seconds.json"


def _compile_seconds() -> dict[str, float]:
    """Return the seconds of each label's last cold compile on this machine."""
    try:
        found = json.loads(_times_file().read_text())
    except (FileNotFoundError, PermissionError, json.JSONDecodeError):
        return {}  # only the announcement's estimate is lost
    return {str(k): float(v) for k, v in found.items()} if isinstance(found, dict) else {}


def _remember_seconds(label: str, seconds: float) -> None:
    known = _compile_seconds() | {label: round(seconds, 1)}
    # A cache that cannot be written to was reported by _usable.
    with contextlib.suppress(OSError):
        scratch = scratch_path(_times_file().name)
        scratch.write_text(json.dumps(known, sort_keys=True))
        scratch.replace(_times_file())


def _unit_places() -> dict[str, Path]:
    """Return the folders of compiled programs and units; none without a cache."""
    parts = cache_root() / "units"
    if not _CACHED or not _usable(parts):
        return {}
    return {"program": CACHE_DIR, "units": parts}


_progress = _Progress()
_preparing = threading.RLock()
if COMPILED:
    indices.count_from_the_front()
    numba_internals.call_before_compiling(_progress.on_compile)
    units.configure(_OPTIONS, _unit_places(), _progress.note)


@contextlib.contextmanager
def compiling(label: str) -> Iterator[None]:
    """Announce compilation inside the block under ``label`` and store how long it took.

    The line on stderr reads ``compiling <label> (first run, about 12 s)``; the estimate is the last
    cold compile on this machine.  Nothing is printed if all kernels load from the cache.
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
    """Compile kernels made with :func:`kernel_of`, or load them from the cache.

    Raises:
        ValueError: a kernel has no explicit signature.
    """
    if not COMPILED:
        return
    with _preparing, compiling(label):  # a second thread would close a kernel that compiles here
        for function in kernels:
            dispatcher: Any = function
            signature = getattr(dispatcher, "plywise_signature", None)
            if signature is None:
                raise ValueError(f"{function!r} was not made with @kernel_of(signature)")
            numba_internals.close_for(dispatcher, signature)


def prune() -> None:
    """Delete kernels of old sources, except the last few digests and those in recent use.

    Units that no compilation has used for a week are deleted too.
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
        if time.time() - folder.stat().st_mtime > _IN_USE_SECONDS:
            # Another process may be deleting the same folder at this moment.
            shutil.rmtree(folder, ignore_errors=True)
