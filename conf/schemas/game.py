"""The ``game`` group of the configuration: one dataclass per kind of game."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from omegaconf import MISSING

from plywise.conf.checks import at_least as _at_least


@dataclass
class GameConfig:
    """A game by its name in ``plywise games``."""

    name: str = MISSING

    def parameters(self) -> dict[str, Any]:
        """Return the parameters that the game is made with: all fields but the name."""
        return {key: value for key, value in asdict(self).items() if key != "name"}


@dataclass
class PluginConfig(GameConfig):
    """A game that is not ours: ``path:FILE.py`` or ``openspiel:NAME``, and its parameters."""

    options: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make a file's path absolute: a record of the game is read from elsewhere too."""
        if self.name.startswith("path:"):
            path = Path(self.name.removeprefix("path:")).expanduser().absolute()
            self.name = f"path:{path}"

    def parameters(self) -> dict[str, Any]:
        """Return the parameters as they were given."""
        return dict(self.options)


@dataclass
class ConnectFourConfig(GameConfig):
    """Connect Four on a board of any size that the kernels hold."""

    name: str = "connect_four"
    rows: int = 6
    columns: int = 7

    def __post_init__(self) -> None:
        """Check the board's size."""
        _at_least("game.rows", self.rows, 4)
        _at_least("game.columns", self.columns, 4)


@dataclass
class GomokuConfig(GameConfig):
    """Gomoku, or another m,n,k game."""

    name: str = "gomoku"
    rows: int = 15
    columns: int = 15
    in_line: int = 5


@dataclass
class GoofspielConfig(GameConfig):
    """Goofspiel with ``cards`` cards; the prizes' order is descending, ascending or random."""

    name: str = "goofspiel"
    cards: int = 13
    order: str = "descending"


@dataclass
class BattleshipConfig(GameConfig):
    """Battleship with ships of the lengths ``fleet``; ``touching``: whether they may touch."""

    name: str = "battleship"
    rows: int = 10
    columns: int = 10
    fleet: list[int] = field(default_factory=lambda: [5, 4, 3, 3, 2])
    touching: bool = True
