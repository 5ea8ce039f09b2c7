"""The ``game`` group of the configuration: one dataclass per kind of game."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar

from omegaconf import MISSING

from plywise.datasets.battle_formats import find_format
from plywise.datasets.errors import ConfigError
from plywise.datasets.settings import Settings, setting


@dataclass
class GameConfig(Settings):
    """A game by its name in ``plywise games``."""

    PREFIX: ClassVar[str] = "game."

    name: str = MISSING

    def parameters(self) -> dict[str, Any]:
        """Return the parameters that the game is made with: all fields but the name."""
        return {key: value for key, value in asdict(self).items() if key != "name"}

    @property
    def battle_format(self) -> str:
        """Showdown's id of the format, of a Pokémon battle; else ""."""
        return self.name if self.name == "gen9randombattle" else ""

    @property
    def teams(self) -> str | None:
        """File or folder of the teams that players bring; None: none is named."""
        return None


@dataclass
class Gen9Config(GameConfig):
    """Pokémon battles of generation 9, singles."""

    name: str = "gen9"
    format: str = setting("gen9ou", "Showdown's format, such as gen9ou (given as game=gen9:gen9ou)")
    team_files: str | None = setting(
        None,
        "file or folder of teams to draw from, where players bring them; null: our own teams",
        path=True,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.team_files is not None and find_format(self.format).generator:
            raise ConfigError(
                f"game.team_files={self.team_files}: {self.battle_format} makes its own teams"
            )

    @property
    def battle_format(self) -> str:
        """Showdown's id of the format.

        Raises:
            UnknownFormatError: there is no such format.
        """
        return find_format(self.format).id

    @property
    def teams(self) -> str | None:
        """File or folder of the teams that players bring; None: none is named."""
        return self.team_files


@dataclass
class PluginConfig(GameConfig):
    """A game from a file or from OpenSpiel."""

    name: str = setting(MISSING, "path:FILE.py or openspiel:NAME")
    options: dict[str, Any] = setting({}, "parameters of the game, for example {size: 5}")

    def __post_init__(self) -> None:
        """Make a file's path absolute: a record of the game is read from elsewhere too."""
        super().__post_init__()
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
    rows: int = setting(6, "rows of the board", low=4)
    columns: int = setting(7, "columns of the board", low=4)


@dataclass
class GomokuConfig(GameConfig):
    """Gomoku, or another m,n,k game."""

    name: str = "gomoku"
    rows: int = setting(15, "rows of the board")
    columns: int = setting(15, "columns of the board")
    in_line: int = setting(5, "stones in a line that win")


@dataclass
class GoofspielConfig(GameConfig):
    """Goofspiel."""

    name: str = "goofspiel"
    cards: int = setting(13, "cards of each player")
    order: str = setting(
        "descending", "order of the prizes: descending, ascending or random (drawn with the seed)"
    )


@dataclass
class BattleshipConfig(GameConfig):
    """Battleship."""

    name: str = "battleship"
    rows: int = setting(10, "rows of the sea")
    columns: int = setting(10, "columns of the sea")
    fleet: list[int] = setting([5, 4, 3, 3, 2], "lengths of the ships")
    touching: bool = setting(True, "whether ships may touch")
