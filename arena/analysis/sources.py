"""What a file to analyse is: a battle's log, a game that was saved, or a tournament's record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

from plywise.arena.play.replay import recorded_game, states_of
from plywise.arena.terminal.game_file import FORMAT, GameFile, positions, read_game
from plywise.arena.tournament.store import GameStore
from plywise.conf.schemas.analysis import AnalyseConfig
from plywise.datasets.errors import PlywiseError
from plywise.datasets.files import reading
from plywise.datasets.replays.sources import (
    LINES,
    TABLES,
    Found,
    ReplayReject,
    ReplaySourceError,
    ReplayText,
    import_parquet,
    read_json_lines,
    read_one,
    read_rows,
)
from plywise.games.base import NO_ACTION, Game, State

_SQLITE = b"SQLite format 3"
_HEAD = 1 << 16  # bytes in which a record says what it is


class AnalysisError(PlywiseError):
    """A file that cannot be analysed; the message is the reason."""


@dataclass
class RecordedPlay:
    """A game of ours as its record has it.

    Attributes:
        game: its rules.
        names: of the players.
        seed: of its first position.
        ending: how it ended, in words.
        plies: states with the actions played there, -1 where a player had nothing to decide; a
            state may change when the next one is asked for.
    """

    game: Game
    names: tuple[str, str]
    seed: int
    ending: str
    plies: Iterator[tuple[State, tuple[int, int]]]


def read_source(config: AnalyseConfig) -> ReplayText | RecordedPlay:
    """Return the game of a file.

    Raises:
        AnalysisError: the file holds no game that can be read, or many, and none is named.
        PlywiseError: a record is damaged, or names code that was not asked for.
    """
    path = Path(config.file)
    with reading(path, AnalysisError, "log or record of a game"):
        if path.exists() and not path.is_file():
            raise AnalysisError(f"{path} is no ordinary file; name the file of a game")
        with path.open("rb") as file:
            head = file.read(_HEAD)
    if head.startswith(_SQLITE):
        return _of_tournament(path, config)
    if FORMAT.encode() in head and head.lstrip().startswith(b"{"):
        return _of_terminal(path, config)
    return _replay(path, config.number)


def _replay(path: Path, number: int | None) -> ReplayText:
    found = list(islice(_found(path, number), 2))
    if not found:
        raise AnalysisError(f"{path}: there is no battle number={number} in it")
    one = found[0]
    if number is None and len(found) > 1:
        raise AnalysisError(f"{path} holds many battles: name one, number=1 and so on")
    if isinstance(one, ReplayReject):
        raise AnalysisError(f"{path}{f', battle {one.record}' if one.record else ''}: {one.reason}")
    return one


def _found(path: Path, number: int | None) -> Iterator[Found]:
    source, suffix = str(path), path.suffix.lower()
    if suffix in LINES:
        every = read_json_lines(path, source, 0, path.stat().st_size, 1)
    elif suffix in TABLES:
        every = _rows(path, source)
    else:
        every = read_one(path, source)
    return (one for one in every if number is None or one.record in (0, number))


def _rows(path: Path, source: str) -> Iterator[Found]:
    with reading(path, AnalysisError, "Parquet file of battles", also=(TypeError, KeyError)):
        try:
            with import_parquet().ParquetFile(path) as file:
                groups = [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)]
        except ReplaySourceError:
            raise
        for group, count in enumerate(groups):
            yield from read_rows(path, source, group, 0, count)


def _of_terminal(path: Path, config: AnalyseConfig) -> RecordedPlay:
    record = read_game(path)
    wrong = (TypeError, LookupError, ArithmeticError, NotImplementedError)
    with reading(path, AnalysisError, "record of a game", also=wrong):
        game = recorded_game(
            record.game, record.parameters, config.trusted_game, record.file_digest
        )
        course = _terminal_plies(game, record)
    ending = _ending(record.returns, record.players) or record.ending
    return RecordedPlay(game, record.players, record.seed, ending, course)


def _terminal_plies(game: Game, record: GameFile) -> Iterator[tuple[State, tuple[int, int]]]:
    course = list(positions(game, record))
    for here, after in pairwise(course):
        pair = [NO_ACTION, NO_ACTION]
        for move in after.made:
            pair[move.player] = move.action
        yield here.state, (pair[0], pair[1])


def _of_tournament(path: Path, config: AnalyseConfig) -> RecordedPlay:
    with GameStore.read(path) as store:
        if "server" in store.identity:
            raise AnalysisError(
                f"{path}: its battles were played on a Showdown server; analyse their logs"
            )
        if config.number is None:
            raise AnalysisError(f"{path} is a tournament's record: name a game, number=0 and so on")
        games = list(store.games(numbers=range(config.number, config.number + 1)))
        if not games:
            raise AnalysisError(f"{path}: there is no game number={config.number} in it")
        one = games[0]
        titles = store.titles
        parameters: dict[str, Any] = dict(store.identity["game"])
        digest = store.identity.get("game_file", "")
    name = parameters.pop("name")
    game = recorded_game(name, parameters, config.trusted_game, digest)
    names = titles[one.players[0]], titles[one.players[1]]
    returns = None if one.result is None else (one.result, -one.result)
    return RecordedPlay(
        game, names, one.seed, _ending(returns, names) or one.error, _stored_plies(game, one)
    )


def _stored_plies(game: Game, one: Any) -> Iterator[tuple[State, tuple[int, int]]]:
    moves = one.moves()
    yield from zip(states_of(game, one.seed, moves), moves, strict=False)


def _ending(returns: tuple[float, float] | None, names: tuple[str, str]) -> str:
    if returns is None:
        return ""
    if returns[0] == returns[1]:
        return "a draw"
    return f"{names[0 if returns[0] > returns[1] else 1]} won"
