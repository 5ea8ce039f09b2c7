"""Settings of ``plywise models``."""

from __future__ import annotations

from dataclasses import dataclass

from plywise.conf.checks import one_of as _one_of
from plywise.datasets.errors import ConfigError


@dataclass
class ModelsConfig:
    """``plywise models list|fetch NAME``: model files for ``llm=embedded``.

    Attributes:
        what: list or fetch.
        name: which model to fetch.
        hub: address of the model hub; null: ``HF_ENDPOINT``, else the public one.
        folder: where files are kept; null: a folder in the user's cache.
    """

    what: str = "list"
    name: str | None = None
    hub: str | None = None
    folder: str | None = None

    def __post_init__(self) -> None:
        """Check the values."""
        _one_of("what", self.what, ("list", "fetch"))
        if self.what == "fetch" and self.name is None:
            raise ConfigError("which model? plywise models fetch NAME (plywise models lists them)")
        if self.hub is not None and not self.hub.startswith(("http://", "https://")):
            raise ConfigError(f"hub={self.hub}: must start with http:// or https://")
