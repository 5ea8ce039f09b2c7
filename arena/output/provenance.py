"""The digest of the code that made a result."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from plywise.datasets.tables_in_use import updated_files

_ROOT = Path(__file__).parents[2]  # the checkout, or plywise/ in site-packages
_FLOORS = ("datasets", "engine", "games", "search", "llm_modules", "arena", "conf/team")
ASIDE = (
    "arena/bench",
    "arena/childplay",
    "arena/cli",
    "arena/fit",
    "arena/llm_calibration",
    "arena/ratings",
    "arena/terminal",
    "arena/tournament/report",
    "arena/verify",
    "datasets/decisions",
)
"""Folders that no game is played with; a test follows the imports."""
_SUFFIXES = {".py", ".js", ".json", ".npz", ".gz", ".txt"}


@cache
def code_digest() -> str:
    """Return 12 hex digits over all sources and tables that can change how a game goes."""
    found = digest_of_sources(_ROOT)
    if not (updated := updated_files()):
        return found
    h = hashlib.sha256(found.encode())  # with other tables than those of this package
    for path in updated:
        h.update(path.name.encode())
        h.update(path.read_bytes())
    return h.hexdigest()[:12]


def digest_of_sources(root: Path) -> str:
    """Return 12 hex digits over the sources and tables below ``root``, paths and contents.

    All folders but ``ASIDE`` count, so that no file is forgotten when it is added.
    """
    aside = {root / folder for folder in ASIDE}
    files = [p for f in _FLOORS for p in (root / f).rglob("*") if p.suffix in _SUFFIXES]
    h = hashlib.sha256()
    for path in sorted(files):
        if aside.isdisjoint(path.parents):
            h.update(path.relative_to(root).as_posix().encode())
            h.update(path.read_bytes())
    return h.hexdigest()[:12]
