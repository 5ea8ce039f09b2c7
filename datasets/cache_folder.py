"""The folder for what can be made or fetched again: kernels, Showdown's server, model files."""

import os
from pathlib import Path

from platformdirs import user_cache_path


def cache_root() -> Path:
    """Return ``PLYWISE_CACHE``; without it the platform's folder, on Linux ``~/.cache/plywise``."""
    chosen = os.environ.get("PLYWISE_CACHE")
    return Path(chosen).absolute() if chosen else user_cache_path("plywise", appauthor=False)
