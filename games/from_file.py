"""Games in a user's Python file: ``path:FILE.py``."""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import sys
import traceback
from functools import cache
from importlib.abc import SourceLoader
from pathlib import Path

from plywise.datasets.errors import ConfigError
from plywise.games.base import Game

_MODULE = "plywise_game_"  # names of the modules begin with it


class GameFileImportError(ConfigError):
    """A file that cannot be imported, or holds no game."""


def game_file_digest(name: str) -> str:
    """Return 12 hex digits of the file of a game ``path:FILE.py``, for its records.

    "" for any other game, and where the file cannot be read.
    """
    if not name.startswith("path:"):
        return ""
    try:
        return _digest(Path(name.removeprefix("path:")).expanduser().read_bytes())
    except OSError:
        return ""  # said when the game is made


def load_game_class(path: Path, digest: str = "") -> type[Game]:
    """Return the one game class that a Python file defines; the file runs once per process.

    Args:
        path: the file.
        digest: :func:`game_file_digest` that it must have to be run; "": any.

    Raises:
        GameFileImportError: there is no such file, it is not the one of the digest, importing it
            fails, or it does not define exactly one class that is a complete :class:`Game`.
    """
    try:
        path = path.expanduser().resolve(strict=True)
        source = path.read_bytes()
    except OSError as error:
        raise GameFileImportError(f"cannot read {path}: {error.strerror or error}") from error
    if digest and digest != _digest(source):
        raise GameFileImportError(
            f"{path} is not the file that the record was played with: its digest is "
            f"{_digest(source)}, the record's is {digest}; nothing of it was run"
        )
    return _load(path, source)


def _digest(source: bytes) -> str:
    return hashlib.sha256(source).hexdigest()[:12]


def fault_in_game_file(error: BaseException) -> str:
    """Return "FILE, line N" of the last frame of a traceback in a game's file; "" without one."""
    for frame, line in reversed(list(traceback.walk_tb(error.__traceback__))):
        if frame.f_globals.get("__name__", "").startswith(_MODULE):
            return f"{frame.f_code.co_filename}, line {line}"
    return ""


@cache
def _load(path: Path, source: bytes) -> type[Game]:
    name = f"{_MODULE}{hashlib.sha256(str(path).encode()).hexdigest()[:12]}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or not isinstance(spec.loader, SourceLoader):
        raise GameFileImportError(f"{path} is no Python file: its name must end in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look up their module
    try:
        # What was read, never a compiled file beside it, which nobody has compared.
        exec(spec.loader.source_to_code(source, str(path)), vars(module))
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        at = getattr(error, "lineno", None)
        where = fault_in_game_file(error) or (f"{path}, line {at}" if at else f"{path}")
        raise GameFileImportError(f"{where}: {type(error).__name__}: {error}") from error
    found = [
        c
        for c in vars(module).values()
        if isinstance(c, type) and issubclass(c, Game) and c.__module__ == name
    ]
    complete = [c for c in found if not inspect.isabstract(c)]
    if len(complete) == 1:
        return complete[0]
    if complete:
        names = ", ".join(c.__name__ for c in complete)
        raise GameFileImportError(f"{path} defines several games ({names}); keep one")
    if found:
        missing = ", ".join(sorted(found[0].__abstractmethods__))
        raise GameFileImportError(f"{path}: the game {found[0].__name__} lacks {missing}")
    raise GameFileImportError(
        f"{path} defines no game: no class in it is a plywise.games.base.Game"
    )
