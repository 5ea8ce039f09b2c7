"""The user's two folders: what can be made or fetched again, and what a person chose to have.

The first holds kernels, Showdown's server and model files; the second measurements of models, usage
statistics and updated tables.
"""

import os
from pathlib import Path

from platformdirs import user_cache_path


def cache_root() -> Path:
    """Return ``PLYWISE_CACHE``; without it the platform's folder, on Linux ``~/.cache/plywise``."""
    chosen = os.environ.get("PLYWISE_CACHE")
    return Path(chosen).absolute() if chosen else user_cache_path("plywise", appauthor=False)


def data_root() -> Path:
    """Return ``plywise`` in ``XDG_DATA_HOME``; without it ``~/.local/share/plywise``."""
    chosen = os.environ.get("XDG_DATA_HOME")
    return (Path(chosen) if chosen else Path.home() / ".local" / "share").absolute() / "plywise"
