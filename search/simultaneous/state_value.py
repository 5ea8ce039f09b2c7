"""Value of a state whose cards all lie open, by a short tree search.

The same compiled loop as :class:`~plywise.search.simultaneous.search.SimultaneousSearch`, without
what a decision needs beside it (slices, a clock, a guide, a report): of 100 iterations that is two
thirds of the time.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from plywise.engine.kernels import SIMULTANEOUS, RulesKernels
from plywise.search.simultaneous.config import SimultaneousConfig
from plywise.search.simultaneous.kernel import rules_for_slices, slice_kernel
from plywise.search.simultaneous.memory import RootArrays
from plywise.search.simultaneous.root import AdvisedRoot
from plywise.search.simultaneous.tree import Tree

_ALONE = np.ones(1)  # the one world's summed probabilities


class StateValue:
    """Values of states for player 0; may be asked again and again, from one thread.

    Args:
        kernels: the game's compiled rules; they are compiled here if that was not done.
        iterations: iterations of each search, from 1.

    Raises:
        SearchError: the game has more actions than the search can number.
    """

    def __init__(self, kernels: RulesKernels, iterations: int) -> None:
        self._kernels = kernels
        self._config = SimultaneousConfig(seconds=None, iterations=iterations)
        self._iterations = iterations
        self._rules = rules_for_slices(kernels)
        self._run = slice_kernel(kernels.dtype)
        self._tree = Tree(self._config, kernels.num_actions, kernels.dtype)

    def searched(self, pool: NDArray[Any], i: int, seed: int) -> float:
        """Return the mean of all simulations from a state before the end, in [-1, 1].

        The player who decides is player 0 where both do; where nobody has a choice, the value is
        the rules' static evaluation.  The seed and the state (but for its ``rng``) fix the value.
        """
        kernels, config, tree = self._kernels, self._config, self._tree
        mover = int(kernels.current(pool, i))
        movers = (0, 1) if mover == SIMULTANEOUS else (mover,)
        legal = [kernels.legal_actions(pool, i, p) if p in movers else [] for p in (0, 1)]
        choosing = [player for player in movers if len(legal[player]) > 1]
        if not choosing:  # a root without a choice has no statistics
            return float(kernels.evaluate(pool, i))
        player = choosing[0]
        own, other = legal[player], legal[1 - player]
        state = pool[i : i + 1]
        guided = kernels.priors is not None
        habit = config.opponent_prior if guided else 0.0
        root = AdvisedRoot(1, kernels.num_actions, own, [other], 0.0, habit)
        if kernels.priors is not None:
            root.apply_priors(kernels.priors, state, player, _ALONE, config.prior_trust)
        tree.restart(config, 1, player, seed, guided)
        tree.control[0].root_opponent_prior = habit
        tree.pool[:1] = state
        arrays = RootArrays(
            scale=root.scale, advice=root.advice(0), floor=root.floor, cumulative=_ALONE
        )
        self._run(tree.arrays, arrays, self._iterations, *self._rules)
        visits, values = tree.row(own)
        mean = float((visits * values).sum() / visits.sum())
        return mean if player == 0 else -mean
