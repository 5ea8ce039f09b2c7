"""Replay of a recorded game: its rules, and its states in order from the seed and the actions.

A record is data: what it names is never run unasked (:func:`recorded_game`).
A battle on a server has no states here; its trace holds the players' views (:func:`server_views`).
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from plywise.arena.play.stepper import GameInProgress
from plywise.datasets.errors import PlywiseError
from plywise.games.base import Game, State
from plywise.games.registry import game_of_file, make_game


class ReplayError(PlywiseError):
    """The recorded actions are not a game of these rules: they were another version's."""


class UnaskedGameError(PlywiseError):
    """A record names code, or files, that the command line does not ask for."""


def recorded_game(
    name: str, parameters: Mapping[str, Any], asked: str | None = None, digest: str = ""
) -> Game:
    """Return the game of a record; a file runs only if the command line names one.

    Args:
        name, parameters: what ``make_game`` made the game of, as the record says.
        asked: the command line's ``game=``; None: it has none.
        digest: the digest of the game's file that the record keeps; "": none.

    Raises:
        UnaskedGameError: the record names a file that was not asked for, or what was asked for is
            not the record's game.
        ConfigError: the file is another one, or the game cannot be made.
    """
    in_file = name.startswith("path:")
    if asked is None and (in_file or (name.startswith("openspiel:") and "filename" in name)):
        raise UnaskedGameError(
            f"the record was played with {name}, and what a record names is not run unasked: if "
            f"you trust that file, add {shlex.quote(f'game={name}')}"
        )
    if asked is not None and (not asked.startswith("path:") if in_file else asked != name):
        wanted = "a file, game=path:FILE.py" if in_file else f"game={name}"
        raise UnaskedGameError(f"game={asked}: the record was played with {wanted}")
    if asked is not None and in_file:
        return game_of_file(Path(asked.removeprefix("path:")), parameters, digest)
    return make_game(name, **parameters)


def states_of(game: Game, seed: int, actions: Sequence[tuple[int, int]]) -> Iterator[State]:
    """Yield the state before each ply, then the last one; they are one object that changes.

    Raises:
        ReplayError: an action is not legal where it stands.
    """
    progress = GameInProgress(game, seed)
    for ply, pair in enumerate(actions):
        yield progress.state
        try:
            progress.apply(pair)
        except (ValueError, IndexError) as error:
            raise ReplayError(
                f"seed {seed}, ply {ply}: {error}; the record was played by other rules"
            ) from error
    yield progress.state


def server_views(trace: Sequence[Mapping[str, Any]], plies: int) -> dict[str, list[Any]]:
    """Return both players' views of a server's battle, from its trace.

    Returns:
        ``frames`` (plies + 1, 2): each player's view at its last decision; ``moves`` (plies, 2):
        its choices; ``names`` (plies, 2): names of the actions in its values.  {} without a trace.
    """
    if not trace:
        return {}
    by_place = {(entry["p"], entry["w"]): entry for entry in trace}
    known = ["", ""]
    frames, moves, names = [], [], []
    for ply in range(plies):
        here = [by_place.get((ply, player), {}) for player in (0, 1)]
        known = [entry.get("o", before) for entry, before in zip(here, known, strict=True)]
        frames.append(known)
        moves.append([entry.get("c", "") for entry in here])
        names.append([entry.get("m", {}) for entry in here])
    frames.append([f"(The battle is over.)\n{text}" for text in known])
    return {"frames": frames, "moves": moves, "names": names}
