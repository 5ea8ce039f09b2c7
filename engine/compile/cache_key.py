"""The key of the kernels' cache: a digest of all that can change what a kernel compiles to.

numba itself notices only a change of the file that defines a kernel: a changed callee in another
file, a changed table or another ``NUMBA_OPT`` would be served stale machine code.  So all kernels
are cached in a folder named by this key (``jit.CACHE_DIR``).  The battle engine's units have a key
of their own each, which comments do not change (``fingerprint.py``).
"""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numba

from plywise.datasets.tables_in_use import updated_files
from plywise.engine.compile import indices

_ROOT = Path(__file__).parents[2]  # the checkout, or plywise/ in site-packages
_WHOLE = ("engine", "datasets")  # folders that hold kernels and their tables: every file counts
_PARTLY = ("games", "search")  # here only files with kernels count, and what they import
# No kernel knows of processes, or of the positions of a benchmark.
_APART = {_ROOT / "datasets" / "processes", _ROOT / "datasets" / "decisions"}
_SUFFIXES = {".py", ".json", ".npy", ".npz", ".gz"}
_IMPORT = re.compile(rb"^\s*(?:from|import)\s+plywise\.([\w.]+)(?:\s+import\s+([\w, ]+))?", re.M)
_config: Any = numba.config  # its settings are set at run time, unseen by type checkers


def imported_modules(source: bytes) -> Iterator[str]:
    """Yield the paths, without suffix, of the project's modules that ``source`` may import."""
    for module, names in _IMPORT.findall(source):
        base = module.decode().replace(".", "/")
        yield base
        for name in names.decode().split(","):
            if name.strip():
                yield f"{base}/{name.split()[0]}"


def compiled_files() -> list[Path]:
    """Return, sorted, the files that can change what a kernel compiles to."""
    files = {p for f in _WHOLE for p in (_ROOT / f).rglob("*") if p.suffix in _SUFFIXES}
    files = {p for p in files if _APART.isdisjoint(p.parents)}
    sources = {
        p.relative_to(_ROOT).with_suffix("").as_posix(): p
        for folder in _PARTLY
        for p in (_ROOT / folder).rglob("*.py")
    }
    imports = {name: set(imported_modules(path.read_bytes())) for name, path in sources.items()}
    waiting = [name for name, found in imports.items() if "engine/compile/jit" in found]
    while waiting:
        name = waiting.pop()
        if sources[name] not in files:
            files.add(sources[name])
            waiting.extend(i for i in imports[name] if i in sources)
    return sorted(files)


def cache_key() -> str:
    """Return the name of the folder of all kernels that these sources and numba options make."""
    settings = (
        f"{numba.__version__} {_config.OPT} {_config.LOOP_VECTORIZE} {_config.BOUNDSCHECK} "
        f"{indices.CHECKED}"
    )
    h = hashlib.sha256(settings.encode())
    for path in compiled_files():
        h.update(path.relative_to(_ROOT).as_posix().encode())
        h.update(path.read_bytes())
    for path in updated_files():  # tables that are used in place of those of this package
        h.update(path.name.encode())
        h.update(path.read_bytes())
    return h.hexdigest()[:16]
