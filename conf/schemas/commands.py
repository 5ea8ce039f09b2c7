"""Settings of the commands ``selfplay``, ``fit``, ``solve`` and ``models``."""

from __future__ import annotations

from dataclasses import dataclass

from omegaconf import MISSING

from plywise.conf.checks import at_least as _at_least
from plywise.conf.checks import between as _between
from plywise.conf.checks import one_of as _one_of
from plywise.conf.schemas.agents import AgentConfig
from plywise.conf.schemas.game import GameConfig
from plywise.conf.schemas.llm import LLMGroup
from plywise.conf.schemas.search import SearchConfig
from plywise.datasets.errors import ConfigError


@dataclass
class SelfplayConfig:
    """``plywise selfplay``: positions of self-play with their values, for whoever trains something.

    Attributes:
        agent: who plays both sides.
        games: how many, with the seeds ``seed``, ``seed + 1``, …
        jobs: processes.
        out: the ``.npz`` file to write; null: one in the run's folder.
        openings: random actions at the start of each game, so that games differ where the agent is
            deterministic.
    """

    game: GameConfig = MISSING
    agent: AgentConfig = MISSING
    search: SearchConfig = MISSING
    llm: LLMGroup = MISSING
    games: int = 100
    seed: int = 0
    jobs: int = 1
    out: str | None = None
    openings: int = 2

    def __post_init__(self) -> None:
        """Check the ranges."""
        _at_least("games", self.games, 1)
        _at_least("seed", self.seed, 0)
        _at_least("jobs", self.jobs, 1)
        _at_least("openings", self.openings, 0)


@dataclass
class SolveConfig:
    """``plywise solve connect_four|tic_tac_toe FILE``: exact scores of positions.

    Attributes:
        what: the game.
        file: a text file, one position a line.
        best: find all moves that keep the score as well.
        rows, columns: Connect Four's board.
        table_bits: Connect Four's table has ``2 ** table_bits`` entries of 8 bytes.
    """

    what: str = "connect_four"
    file: str = MISSING
    best: bool = True
    rows: int = 6
    columns: int = 7
    table_bits: int = 23

    def __post_init__(self) -> None:
        """Check the values."""
        _one_of("what", self.what, ("connect_four", "tic_tac_toe"))
        _at_least("rows", self.rows, 1)
        _between("columns", self.columns, 4, 9)
        _between("table_bits", self.table_bits, 12, 30)
        if (self.rows + 1) * self.columns > 64:
            raise ConfigError(
                f"rows={self.rows} columns={self.columns}: (rows + 1) * columns must not exceed 64"
            )


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
        _one_of("what", self.what, ("evaluation", "policy", "branches"))
        _at_least("battles", self.battles, 20)
        _at_least("iterations", self.iterations, 1)
        _at_least("jobs", self.jobs, 1)
        _at_least("ridge", self.ridge, 0)
        if self.what == "branches":
            for name in ("jobs", "ridge"):
                if getattr(self, name) != getattr(FitConfig, name):
                    raise ConfigError(
                        f"{name}={getattr(self, name)}: branches are counted in one process, and "
                        "have no weights"
                    )


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
