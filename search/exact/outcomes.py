"""Enumeration of chance for searches over compiled rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from numpy.typing import NDArray

from plywise.engine.kernels import RulesKernels

StatePool = NDArray[Any]
"""A pool of one state."""

ChanceOutcomes = Callable[[StatePool, int, int], Sequence[tuple[float, StatePool]]]
"""``(pool, a0, a1) -> [(probability, pool)]``: all outcomes of a step, as new pools of one state;
the probabilities are above 0 and sum to 1."""


class HiddenChanceError(ValueError):
    """The enumerated outcomes of a step are not complete."""


def without_chance(kernels: RulesKernels) -> ChanceOutcomes:
    """Return the function that enumerates a game without chance: one outcome for each joint action.

    It raises :class:`HiddenChanceError` where a step draws from the state's random source.
    """

    def outcomes(pool: StatePool, a0: int, a1: int) -> list[tuple[float, StatePool]]:
        child = pool.copy()
        kernels.step(child, 0, a0, a1)
        if child["rng"][0] != pool["rng"][0]:
            raise HiddenChanceError(
                f"the step ({a0}, {a1}) drew at random: its outcomes must be enumerated"
            )
        return [(1.0, child)]

    return outcomes
