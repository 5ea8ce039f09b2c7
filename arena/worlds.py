"""What a player cannot tell from the truth, as flat states for a search."""

from __future__ import annotations

import time
from random import Random
from typing import TYPE_CHECKING, Any, cast

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plywise.games.base import State


def belief_worlds(
    state: State, player: int, count: int, seed: int, deadline: float | None = None
) -> NDArray[Any]:
    """Return a pool of ``count`` flat states that ``player`` cannot tell from the real one.

    None is begun after ``deadline`` (``time.perf_counter``) but the first.
    """
    known = state.view(player) if hasattr(state, "view") else state
    if hasattr(known, "worlds"):  # what the player knows makes the worlds, here as on a server
        return cast("NDArray[Any]", known.worlds(count, seed, deadline))
    rng = Random(seed)
    worlds = [state.resample_from_infostate(player, rng).flat()]
    while len(worlds) < count and (deadline is None or time.perf_counter() < deadline):
        worlds.append(state.resample_from_infostate(player, rng).flat())
    return np.concatenate(worlds)


def imagined(state: State, player: int, rng: Random) -> State:
    """Return a state to play on in the mind, which ``player`` cannot tell from the real one."""
    known = state.view(player) if hasattr(state, "view") else state
    if hasattr(known, "imagine"):
        return cast("State", known.imagine(rng))
    return state.resample_from_infostate(player, rng)
