"""Enumerated chance, as searches over compiled rules are given it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from numpy.typing import NDArray

from plywise.engine.kernels import RulesKernels

Pool = NDArray[Any]
"""Of one state here."""

Outcomes = Callable[[Pool, int, int], Sequence[tuple[float, Pool]]]
"""``(pool, a0, a1) -> [(probability, pool)]``: every way in which a step can turn out, as new pools
of one state; the probabilities are above 0 and sum to 1."""


class HiddenChanceError(ValueError):
    """The outcomes given for a step are not all that can happen."""


def without_chance(kernels: RulesKernels) -> Outcomes:
    """Return the outcomes of a game without chance: one for each joint action.

    They raise :class:`HiddenChanceError` where a step draws from the state's random source.
    """

    def outcomes(pool: Pool, a0: int, a1: int) -> list[tuple[float, Pool]]:
        child = pool.copy()
        kernels.step(child, 0, a0, a1)
        if child["rng"][0] != pool["rng"][0]:
            raise HiddenChanceError(
                f"the step ({a0}, {a1}) drew at random: its outcomes must be enumerated"
            )
        return [(1.0, child)]

    return outcomes
