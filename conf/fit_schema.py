"""The settings of `plywise fit`; `schema` has the others and how they are read."""

from __future__ import annotations

from dataclasses import dataclass

from plywise.conf.checks import at_least, one_of
from plywise.datasets.errors import ConfigError


@dataclass
class FitConfig:
    """``plywise fit evaluation|policy|branches``: what self-play tells.

    Weights of battle values or of priors, or how often the engine's branches are taken.

    Attributes:
        battles: how many are played; of a fit of weights a tenth of them judges it.
        iterations: of the search, for each decision of both sides.
        jobs: processes (weights only).
        ridge: penalty on the squared weights.
        out: where the weights are written; null: into the run's folder.
    """

    what: str = "evaluation"
    battles: int = 2000
    iterations: int = 300
    seed: int = 0
    jobs: int = 1
    ridge: float = 50.0
    out: str | None = None

    def __post_init__(self) -> None:
        """Check the values."""
        one_of("what", self.what, ("evaluation", "policy", "branches"))
        at_least("battles", self.battles, 20)
        at_least("iterations", self.iterations, 1)
        at_least("jobs", self.jobs, 1)
        at_least("ridge", self.ridge, 0)
        if self.what == "branches":
            for name in ("jobs", "ridge"):
                if getattr(self, name) != getattr(FitConfig, name):
                    raise ConfigError(
                        f"{name}={getattr(self, name)}: branches are counted in one process, and "
                        "have no weights"
                    )
