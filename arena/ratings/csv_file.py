"""Games from a CSV file of results; an error names the line."""

from __future__ import annotations

import csv
from io import StringIO
from pathlib import Path

from plywise.arena.ratings.counts import RatedGame, problem_of
from plywise.datasets.errors import ConfigError
from plywise.datasets.files import read_bytes, reading

REQUIRED = ("player_a", "player_b", "score_a")
OPTIONAL = ("first", "pair")


class RatingsFileError(ConfigError):
    """A file of results that cannot be read; the message names the file and the line."""


def read_games(path: Path) -> list[RatedGame]:
    """Return the games of a CSV file.

    The first line names the columns, in any order: ``player_a``, ``player_b``, ``score_a`` (0, 0.5
    or 1), and if wanted ``first`` (who moved first: that player's name, or ``a`` or ``b``; a name
    comes before the letter; empty: nobody) and ``pair`` (the same text for games that belong
    together).  Further columns are left out.

    Raises:
        RatingsFileError: the file cannot be read, a column is missing, or a line makes no sense.
    """
    games = []
    with reading(path, RatingsFileError, "CSV file of results"):
        rows = csv.reader(StringIO(read_bytes(path).decode("utf-8-sig"), newline=""), strict=True)
        try:
            header = next(rows, None)
            if header is None:
                raise RatingsFileError(f"{path}: the file is empty")
            names = [name.strip() for name in header]
            if missing := [name for name in REQUIRED if name not in names]:
                raise RatingsFileError(
                    f"{path}, line 1: no column {', '.join(missing)}; the first line must be "
                    "player_a,player_b,score_a[,first][,pair]"
                )
            for name in (*REQUIRED, *OPTIONAL):
                if names.count(name) > 1:
                    raise RatingsFileError(f"{path}, line 1: column {name} stands there twice")
            for row in rows:
                if any(field.strip() for field in row):
                    games.append(_game(f"{path}, line {rows.line_num}", names, row))
        except csv.Error as error:
            raise RatingsFileError(f"{path}, line {rows.line_num}: {error}") from error
    if not games:
        raise RatingsFileError(f"{path}: there are no games in it")
    return games


def _game(where: str, names: list[str], row: list[str]) -> RatedGame:
    if len(row) != len(names):
        raise RatingsFileError(f"{where}: {len(row)} fields, the first line has {len(names)}")
    field = {name: value.strip() for name, value in zip(names, row, strict=True)}
    a, b, text = field["player_a"], field["player_b"], field["score_a"]
    try:
        score = float(text)
    except ValueError:
        score = -1.0
    if score not in (0.0, 0.5, 1.0):
        raise RatingsFileError(f"{where}: score_a is '{text}', it must be 0, 0.5 or 1")
    first = field.get("first", "")
    if first not in (a, b):
        first = {"a": a, "b": b}.get(first.lower(), first)
    game = RatedGame(a, b, score, first, field.get("pair", ""))
    if problem := problem_of(game):
        raise RatingsFileError(f"{where}: {problem}")
    return game
