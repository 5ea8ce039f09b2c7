"""Temporary folders and files that are gone at the next start at the latest.

A folder is removed by its owner.  If the owner was killed, :func:`remove_abandoned` does it at the
start of the next command: each folder holds a file that its owner keeps locked, and the kernel
releases the lock however the owner ends.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import logging
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from plywise.datasets.cache_folder import cache_root
from plywise.datasets.processes.signals import uninterrupted

log = logging.getLogger(__name__)

_PREFIX = "plywise-temporary-"
_LOCK = "owner.lock"
_ELSEWHERE = "elsewhere"
_TRIES = 10


class TemporaryFolder:
    """A folder for this process, removed at the end of the ``with`` block or by :meth:`remove`.

    Args:
        in_cache: whether it is made in the cache, on the disk of what will be moved there.

    Attributes:
        path: the folder.

    Raises:
        OSError: it cannot be made.
    """

    def __init__(self, *, in_cache: bool = False) -> None:
        _clean_once()
        for _ in range(_TRIES):
            parent = cache_root() if in_cache else Path(tempfile.gettempdir())
            parent.mkdir(parents=True, exist_ok=True)
            self.path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
            self._lock = _locked(self.path)
            if self._lock is not None and self.path.is_dir():
                return
        raise OSError(f"{self.path.parent}: what is made there disappears at once")

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Remove the folder."""
        self.remove()

    def include(self, path: Path) -> Path:
        """Return ``path``, a file elsewhere that is to be removed with this folder."""
        number = len(list(self.path.glob(f"{_ELSEWHERE}*")))
        (self.path / f"{_ELSEWHERE}{number}").symlink_to(path.absolute())
        return path

    def remove(self) -> None:
        """Remove the folder and what was included."""
        with uninterrupted():
            _remove(self.path)
            self._lock.release()


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a file ``NAME.part`` to write, which becomes ``path`` at the end of the block.

    If the block raises, or this process is killed in it, what was at ``path`` stays.

    Raises:
        OSError: it cannot be written.
    """
    part = path.with_name(f"{path.name}.part")
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(TemporaryFolder()).include(part)
        except OSError as error:
            log.warning("%s stays if this process is killed: %s", part, error)
            stack.callback(part.unlink, missing_ok=True)
        yield part
        os.replace(part, path)


_scratch: dict[int, TemporaryFolder] = {}
_scratch_lock = threading.Lock()


def scratch_path(name: str) -> Path:
    """Return a new path in the cache's scratch folder of this process, for a file of the cache.

    What is written there is renamed when it is whole, since other processes read the cache.

    Raises:
        OSError: the folder cannot be made.
    """
    with _scratch_lock:
        folder = _scratch.get(os.getpid())  # a forked process makes its own
        if folder is None:
            folder = _scratch[os.getpid()] = TemporaryFolder(in_cache=True)
            atexit.register(folder.remove)
    return folder.path / f"{name}.{threading.get_ident()}"


def remove_abandoned() -> None:
    """Remove the temporary folders of processes that have ended; what cannot be removed stays."""
    for parent in _places():
        for folder in parent.glob(f"{_PREFIX}*"):
            with contextlib.suppress(OSError):
                ours = not hasattr(os, "getuid") or folder.stat().st_uid == os.getuid()
                if folder.is_symlink() or not ours:
                    continue
                lock = _locked(folder)
                if lock is not None:
                    _remove(folder)
                    lock.release()


def _places() -> Iterator[Path]:
    yield cache_root()
    with contextlib.suppress(OSError):  # no place can be written to
        yield Path(tempfile.gettempdir())


_clean_once = functools.cache(remove_abandoned)  # where no command of ours begins with it


def _locked(folder: Path) -> Any:
    """Return the lock of a folder; None: another process has it."""
    from filelock import FileLock, Timeout  # it takes longer to import than all of this

    lock = FileLock(folder / _LOCK, thread_local=False)
    try:
        lock.acquire(blocking=False)
    except (Timeout, FileNotFoundError):  # another start removes it at this moment
        return None
    return lock


def _remove(folder: Path) -> None:
    for link in folder.glob(f"{_ELSEWHERE}*"):
        with contextlib.suppress(OSError):
            Path(os.readlink(link)).unlink()
    shutil.rmtree(folder, ignore_errors=True)
