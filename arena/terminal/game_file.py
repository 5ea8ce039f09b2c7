"""The record of one game at the terminal: a JSON file, written at its end and read for replays.

It holds the game's name and parameters, the seed, and every action: also what chance drew, so that
a game with moves taken back replays as it ended.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec

from plywise.arena.output.files import RecordFileError, file_stem, keep, plain, write_summary
from plywise.arena.play.explain import Explanation
from plywise.datasets.errors import PlywiseError
from plywise.datasets.files import read_bytes, reading
from plywise.games.base import CHANCE, NO_ACTION, SIMULTANEOUS, Game, State

FORMAT, VERSION = "plywise-terminal-game", 2


class GameFileError(PlywiseError):
    """A file that is no record of a game, or a damaged one."""


@dataclass(frozen=True)
class Move:
    """One action in a record.

    Attributes:
        ply: number of the decision, from 0; both players' actions of one decision share it.
        player: who, or CHANCE.
        move: the action's name where it was played.
        seconds: what the decision took.
        value, depth, iterations: what a search thought of it; None where nothing searched.
        why: what explains it (``explain.explanation``); None where that was not kept.
    """

    ply: int
    player: int
    action: int
    move: str
    seconds: float = 0.0
    value: float | None = None
    depth: int | None = None
    iterations: int | None = None
    why: Explanation | None = None


@dataclass(frozen=True)
class GameFile:
    """One game in its file.

    Attributes:
        game, parameters: what ``make_game`` makes the game of.
        players: names, the first player's first.
        seed: of the first position.
        started: when, as ISO 8601.
        ending: finished, quit or interrupted.
        returns: the result for each player; None for a game that was stopped.
        final_state: the last position, as ``State.serialize`` writes it.
        file_digest: of the game's file (``from_file.game_file_digest``); "" for a game without one.
    """

    game: str
    parameters: Mapping[str, Any]
    players: tuple[str, str]
    seed: int
    started: str
    ending: str
    returns: tuple[float, float] | None
    moves: tuple[Move, ...]
    final_state: str
    taken_back: int = 0
    hints: int = 0
    file_digest: str = ""

    @property
    def decisions(self) -> int:
        """Number of decisions; one of both players at once counts once."""
        return len({m.ply for m in self.moves if m.player != CHANCE})


def save_game(record: GameFile, folder: Path, started: datetime) -> Path:
    """Write a record under a name of its own and return its path.

    Raises:
        RecordFileError: it cannot be written.
    """
    written = {"format": f"{FORMAT}/{VERSION}"} | plain(record)
    written["moves"] = [
        {key: value for key, value in move.items() if value is not None}
        for move in written["moves"]
    ]
    stem = f"{file_stem(record.game)}-{started:%Y%m%d-%H%M%S}"
    for number in range(1, 1000):
        path = folder / (f"{stem}.json" if number == 1 else f"{stem}-{number}.json")
        if not path.exists():
            keep(lambda file: write_summary(file, written), path)
            return path
    raise RecordFileError(f"{folder} holds a thousand games of this second; choose another folder")


def read_game(path: Path) -> GameFile:
    """Return the record in a file.

    Raises:
        GameFileError: the file cannot be read, is something else, or of another version.
    """
    with reading(path, GameFileError, "record of a game"):
        data = read_bytes(path)
        if data.startswith(b"SQLite format 3"):
            raise GameFileError(
                f"{path} is a tournament's record, not one game: plywise report {path} shows its "
                "games"
            )
        raw = json.loads(data.decode())
    form = raw.get("format") if isinstance(raw, dict) else None
    if not isinstance(form, str) or not form.startswith(f"{FORMAT}/"):
        raise GameFileError(f"{path} is no record of a game that plywise play saved")
    if form != f"{FORMAT}/{VERSION}":
        raise GameFileError(
            f"{path} is of version {form.partition('/')[2]!r}; this Plywise reads {VERSION}"
        )
    with reading(path, GameFileError, "record of a game"):
        record = msgspec.convert(raw, GameFile)
        _check_printable(record)
    return record


def _check_printable(record: GameFile) -> None:
    """Refuse control characters in texts that a terminal shows; the message names the field."""
    texts = {
        "game": record.game,
        "players": "".join(record.players),
        "started": record.started,
        "ending": record.ending,
        "move": "".join(move.move for move in record.moves),
    }
    for name, text in texts.items():
        if not text.isprintable():
            raise ValueError(f"{name} holds control characters")


@dataclass
class Position:
    """One position of a replayed game, and the moves that led to it (none, for the first)."""

    state: State
    made: tuple[Move, ...] = field(default=())


def positions(game: Game, record: GameFile) -> Iterator[Position]:
    """Yield the positions of a recorded game from the first one on, each with a state of its own.

    Raises:
        GameFileError: the moves are no game of these rules, or end elsewhere than the record says.
    """
    state = game.new_initial_state(record.seed)
    chance = [m for m in record.moves if m.player == CHANCE and m.ply == 0]
    _apply(state, (), chance)
    yield Position(state.clone())
    plies = [list(moves) for _, moves in groupby(record.moves, key=lambda m: m.ply)]
    for moves, following in zip(plies, [*plies, []][1:], strict=True):
        made = tuple(m for m in moves if m.player != CHANCE)
        if made:
            _apply(state, made, [m for m in following if m.player == CHANCE])
            yield Position(state.clone(), made)
    returns = tuple(state.returns()) if state.is_terminal() else None
    if state.serialize() != record.final_state or returns != record.returns:
        raise GameFileError(
            "the moves do not lead to the position at the record's end: it is damaged, or was "
            "played by other rules"
        )


def _apply(state: State, made: tuple[Move, ...], chance: list[Move]) -> None:
    """Apply one decision and the outcomes of chance after it."""
    last = "before the first move"
    try:
        if made:
            last = f"move {made[0].ply + 1} ({', '.join(m.move for m in made)})"
            _decide(state, made)
        for move in chance:
            state.apply_action(move.action)
    except (ValueError, IndexError, NotImplementedError) as error:
        raise GameFileError(
            f"{last}: {error}: the record is damaged, or was played by other rules"
        ) from error


def _decide(state: State, made: tuple[Move, ...]) -> None:
    mover = state.current_player()
    if mover == SIMULTANEOUS:
        pair = [NO_ACTION, NO_ACTION]
        for move in made:
            if move.player not in (0, 1) or pair[move.player] != NO_ACTION:
                raise ValueError("its players are wrong")
            pair[move.player] = move.action
        state.apply_actions(pair)
    elif [m.player for m in made] != [mover]:
        raise ValueError("it is another player's turn")
    else:
        state.apply_action(made[0].action)
