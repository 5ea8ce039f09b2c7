"""Several trees for one decision, grown at the same time and read as one (root parallelisation).

Each thread grows a tree of its own over the same worlds, with its own random numbers; a guide's
answers reach all of them.  At the end the statistics of their roots are added up (Chaslot, Winands
and van den Herik, *Parallel Monte-Carlo Tree Search*, 2008).  Trees share nothing, so for a fixed
number of iterations the result depends on the seed and the number of trees alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from plywise.search.simultaneous.tree import Tree, generator_of

if TYPE_CHECKING:
    from plywise.search.simultaneous.config import SimultaneousConfig


@dataclass
class TreeFlags:
    """Flags shared by the threads that grow trees; written by the thread that polls the guide.

    Attributes:
        guided: whether a guide may answer while trees grow.
        paused: whether the cores are yielded to the guide: sleep.
        stopped: whether the decision is over: stop after this slice.
    """

    guided: bool
    paused: bool = False
    stopped: bool = False


Grow = Callable[[Tree, int | None, bool], None]
"""Grows a tree by a number of iterations (None: to the deadline); the first one polls the guide."""


class Forest:
    """The trees of one decision.

    Attributes:
        trees: the trees that count: all but those whose thread missed the deadline.
    """

    def __init__(self, config: SimultaneousConfig, actions: int, dtype: np.dtype[Any]) -> None:
        count = config.threads
        limit = config.iterations
        self._limits: list[int | None] = [None] * count
        if limit is not None:
            self._limits = [limit // count + (1 if i < limit % count else 0) for i in range(count)]
        largest = self._limits[0]
        each = replace(config, iterations=largest if largest is None else max(1, largest))
        self._trees = [Tree(each, actions, dtype) for _ in range(count)]
        self._threads = (
            ThreadPoolExecutor(count - 1, thread_name_prefix="plywise-tree") if count > 1 else None
        )
        self._late: dict[Future[None], Tree] = {}
        self.trees = self._trees

    def restart(
        self,
        config: SimultaneousConfig,
        worlds: int,
        player: int,
        seed: int,
        with_priors: bool,
        *,
        patient: bool,
    ) -> None:
        """Empty all trees; the first has the random numbers that it would have alone.

        A tree that missed the last deadline and is still in its slice is left out, or waited for if
        ``patient``.
        """
        if patient:
            wait(self._late)
        for one in [one for one in self._late if one.done()]:
            del self._late[one]
            one.result()
        self.trees = self._without(self._late.values())
        for i, tree in enumerate(self._trees):
            if tree in self.trees:
                own = seed if i == 0 else generator_of(seed) ^ generator_of(i)
                tree.restart(config, worlds, player, own, with_priors)

    def grow(self, grow: Grow, flags: TreeFlags, deadline: float | None) -> None:
        """Grow all trees, the first in this thread; an error in one of them is raised here.

        On a busy machine a thread may be descheduled at the deadline: it is not waited for, and its
        tree does not count.
        """
        first, *others = zip(self._trees, self._limits, strict=True)
        if self._threads is None:
            grow(*first, True)
            return
        growing = {
            self._threads.submit(grow, tree, limit, False): tree
            for tree, limit in others
            if tree in self.trees
        }
        try:
            grow(*first, True)
            flags.paused = False
            left = None if deadline is None else max(0.0, deadline - time.perf_counter())
            for one in wait(growing, timeout=left).done:
                del growing[one]
                one.result()
        finally:
            flags.paused, flags.stopped = False, True
            self._late |= growing
        self.trees = self._without(self._late.values())

    def _without(self, busy: Collection[Tree]) -> list[Tree]:
        return [tree for tree in self._trees if tree not in busy]

    def row(self, actions: Sequence[int]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return visits, added up, and values, averaged, of :meth:`Tree.row`."""
        if len(self.trees) == 1:
            return self.trees[0].row(actions)
        found = [tree.row(actions) for tree in self.trees]
        visits = np.sum([v for v, _ in found], axis=0)
        values = np.sum([v * x for v, x in found], axis=0) / np.maximum(visits, 1.0)
        return visits, values

    def average(self, actions: Sequence[int]) -> NDArray[Any]:
        """Return the sum of :meth:`Tree.average`."""
        total: NDArray[Any] = np.sum([t.average(actions) for t in self.trees], axis=0)
        return total

    def opponent_rows(self, by_average: bool) -> NDArray[Any]:
        """Return the sum of :meth:`Tree.opponent_rows`."""
        total: NDArray[Any] = np.sum(
            [tree.opponent_rows(by_average) for tree in self.trees], axis=0
        )
        return total

    def total(self, counter: str) -> int:
        """Return the sum of a counter over the trees."""
        return sum(int(tree.control[0][counter]) for tree in self.trees)

    @property
    def deepest(self) -> int:
        """Depth of the deepest tree."""
        return max(int(tree.control[0].deepest) for tree in self.trees)

    def principal_variation(self, action: int) -> tuple[int, ...]:
        """Return the most visited line of the tree with most visits to ``action``."""
        best = max(self.trees, key=lambda tree: float(tree.row([action])[0][0]))
        return best.principal_variation(action)
