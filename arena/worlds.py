"""What a player cannot tell from the truth, as flat states for a search."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any, cast

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plywise.engine.kernels import RulesKernels
    from plywise.games.base import State

_ESTIMATED = 8  # worlds that an estimate is the mean of


def belief_worlds(state: State, player: int, count: int, seed: int) -> NDArray[Any]:
    """Return a pool of ``count`` flat states that ``player`` cannot tell from the real one."""
    known = state.view(player) if hasattr(state, "view") else state
    if hasattr(known, "worlds"):  # what the player knows makes the worlds, here as on a server
        return cast("NDArray[Any]", known.worlds(count, seed))
    rng = Random(seed)
    return np.concatenate([state.resample_from_infostate(player, rng).flat() for _ in range(count)])


def estimate(kernels: RulesKernels, state: State, player: int, seed: int) -> float:
    """Return what the rules' own evaluation says of a position for ``player``, in [-1, 1].

    Where something is hidden it is the mean over worlds that the player cannot tell apart.
    """
    worlds = belief_worlds(state, player, _ESTIMATED, seed)
    mean = sum(float(kernels.evaluate(worlds, k)) for k in range(len(worlds))) / len(worlds)
    return mean if player == 0 else -mean
