"""The digest of the code that made a result."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

_ROOT = Path(__file__).parents[2]  # the checkout, or plywise/ in site-packages
_FLOORS = ("datasets", "engine", "games", "search", "llm_modules", "arena")
_SUFFIXES = {".py", ".js", ".json", ".npz", ".gz", ".txt"}


@cache
def code_digest() -> str:
    """Return 12 hex digits over all sources and tables that can change how a game goes."""
    return digest_of_sources(_ROOT)


def digest_of_sources(root: Path) -> str:
    """Return 12 hex digits over the sources and tables below ``root``, paths and contents.

    Whole folders count, so that no file is forgotten when it is added.
    """
    files = [p for f in _FLOORS for p in (root / f).rglob("*") if p.suffix in _SUFFIXES]
    h = hashlib.sha256()
    for path in sorted(files):
        h.update(path.relative_to(root).as_posix().encode())
        h.update(path.read_bytes())
    return h.hexdigest()[:12]
