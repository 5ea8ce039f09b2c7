"""Files of the cache with a checksum, which is compared before they are used.

A flipped bit in machine code would end the process, at every start again.
"""

import hashlib
from pathlib import Path

from plywise.datasets.cache_folder import cache_root
from plywise.datasets.processes.temporary import scratch_path

_DIGEST_BYTES = 16


class DamagedCacheError(Exception):
    """A cache file is not what was written under its name; the text names the file."""


def read_checked(path: Path) -> bytes:
    """Return what :func:`write_checked` wrote.

    Raises:
        DamagedCacheError: its checksum is another.
        OSError: the file cannot be read, or is missing.
    """
    found = path.read_bytes()
    content = found[_DIGEST_BYTES:]
    if found[:_DIGEST_BYTES] != _digest(path, content):
        raise DamagedCacheError(f"{path} is damaged")
    return content


def write_checked(path: Path, content: bytes) -> None:
    """Write a file with its checksum, atomically: another process may read it.

    Raises:
        OSError: it cannot be written; nothing half-written is left.
    """
    scratch = scratch_path(path.name)
    try:
        scratch.write_bytes(_digest(path, content) + content)
        scratch.replace(path)
    except OSError:
        scratch.unlink(missing_ok=True)  # a full disk wants its space back
        raise


def _digest(path: Path, content: bytes) -> bytes:
    """Return the checksum of the content and of the file's place, so that none passes as another.

    The place is that below the cache's folder, which may be moved.
    """
    root = cache_root()
    place = path.relative_to(root) if path.is_relative_to(root) else Path(path.name)
    found = hashlib.blake2b(place.as_posix().encode(), digest_size=_DIGEST_BYTES)
    found.update(content)
    return found.digest()
