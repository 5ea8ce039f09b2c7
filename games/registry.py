"""The games by name."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

from plywise.datasets.errors import ConfigError
from plywise.games.base import Game, GameInfo


class UnknownGameError(ConfigError):
    """No game has this name, or the game has no such parameter."""


@dataclass(frozen=True)
class Entry:
    """One game of the list; ``path`` is ``module:class``, imported only when the game is made."""

    name: str
    summary: str
    path: str


PLUGINS = {
    "path:FILE.py": "a game of your own in a Python file (docs/PLUGIN.md)",
    "openspiel:NAME": "a game of OpenSpiel's for two, where that is installed (docs/PLUGIN.md)",
}
"""Forms of names that are not in the list, and their meaning."""

REGISTRY: dict[str, Entry] = {
    entry.name: entry
    for entry in (
        Entry("tic_tac_toe", "three in a row on a 3×3 board", "grid.tic_tac_toe:TicTacToe"),
        Entry(
            "connect_four",
            "four in a line, stones drop into columns (rows, columns: 6×7 or any size to 64 bits)",
            "grid.connect_four:ConnectFour",
        ),
        Entry(
            "battleship",
            "find and sink a hidden fleet (rows, columns, fleet, touching)",
            "battleship.game:Battleship",
        ),
        Entry(
            "othello", "turn the discs that you enclose, on a board of 8×8", "grid.othello:Othello"
        ),
        Entry(
            "gomoku",
            "five in a row on 15×15, or any m,n,k game (rows, columns to 19, in_line)",
            "grid.gomoku:Gomoku",
        ),
        Entry(
            "goofspiel",
            "bid cards for prizes at the same time (cards, order)",
            "goofspiel:Goofspiel",
        ),
        Entry(
            "gen9randombattle",
            "random battles of Pokémon generation 9, singles",
            "gen9.game:Gen9Battle",
        ),
        Entry(
            "gen9",
            "other Pokémon battles of generation 9, singles (format): game=gen9:gen9ou",
            "gen9.game:Gen9Battle",
        ),
    )
}


def make_game(name: str, **parameters: Any) -> Game:
    """Return the game ``name`` with the given parameters, for example ``rows`` and ``columns``.

    ``path:FILE.py`` is the game in a Python file, ``openspiel:NAME`` one of OpenSpiel's.

    Raises:
        UnknownGameError: there is no such game or parameter; the message names those there are.
        ConfigError: the game refuses a parameter's value.
    """
    if name.startswith("path:"):
        return game_of_file(Path(name.removeprefix("path:")), parameters)
    if name.startswith("openspiel:"):
        from plywise.games.bridges.openspiel import OpenSpielGame

        if parameters:
            raise UnknownGameError(
                f"{name}: parameters stand in OpenSpiel's name: openspiel:goofspiel(num_cards=4)"
            )
        return OpenSpielGame(name.removeprefix("openspiel:"))
    if name not in REGISTRY:
        near = difflib.get_close_matches(name, REGISTRY, n=1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        raise UnknownGameError(
            f"no game is called {name!r}{hint}; there are {', '.join((*REGISTRY, *PLUGINS))}"
        )
    return _made(name, resolve_name(f"plywise.games.{REGISTRY[name].path}"), parameters)


def game_of_file(path: Path, parameters: Mapping[str, Any], digest: str = "") -> Game:
    """Return the game in a Python file, which runs; only if it has the digest, where one is given.

    Raises:
        ConfigError: the file holds no game, is another one, or the game refuses a parameter.
    """
    from plywise.games.from_file import load_game_class

    return _made(f"path:{path}", load_game_class(path, digest), parameters)


def _made(name: str, cls: type[Game], parameters: Mapping[str, Any]) -> Game:
    known = [f.name for f in fields(cls) if f.init]
    unknown = sorted(set(parameters) - set(known))
    if unknown:
        raise UnknownGameError(
            f"{name} has no parameter {', '.join(unknown)}; it has {', '.join(known) or 'none'}"
        )
    try:
        game = cls(**parameters)
    except ValueError as error:
        raise ConfigError(str(error)) from error
    if not isinstance(getattr(game, "info", None), GameInfo):
        raise ConfigError(f"{name}: the class {cls.__name__} has no info = GameInfo(…)")
    return game
