"""Replay of a recorded game: its states in order, from the seed and the actions alone.

A battle on a server has no states here; its trace holds the players' views (:func:`server_views`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from plywise.arena.play.stepper import GameInProgress
from plywise.datasets.errors import PlywiseError
from plywise.games.base import Game, State


class ReplayError(PlywiseError):
    """The recorded actions are not a game of these rules: they were another version's."""


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
