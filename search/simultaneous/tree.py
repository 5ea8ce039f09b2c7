"""The tree of a simultaneous-move search: its arrays, and the statistics of its root."""

from __future__ import annotations

import math
import mmap
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plywise.engine.kernels import NO_ACTION
from plywise.engine.mixing import WEYL, scrambled
from plywise.search.simultaneous.config import ALGORITHMS, SimultaneousConfig
from plywise.search.simultaneous.memory import (
    EPOCHS,
    FIRST_BITS,
    MAX_WORLDS,
    NODE,
    REGRET,
    REGRETS,
    STAT,
    STEP,
    TABLE_ENTRY,
    TREE_CONTROL,
    UCT,
    TreeArrays,
)
from plywise.search.simultaneous.outcome_cache import MAX_NOTED, OUTCOME

_ALGORITHM_CODES = dict(zip(ALGORITHMS, (UCT, REGRET), strict=True))

_PV_VISITS = 8  # fewest visits with which a line is reported on
_READY_BITS = 18  # of the table: enough for 0.1 million entries
_MAX_KEPT = 1 << 17  # outcomes


class Tree:
    """The preallocated arrays; memory is touched only as far as the tree grows, and used again."""

    def __init__(self, config: SimultaneousConfig, actions: int, dtype: np.dtype[Any]) -> None:
        nodes = config.max_nodes
        if config.iterations is not None:
            nodes = max(2, min(nodes, config.iterations + 1))
        by_regret = config.algorithm == "regret"
        rows = 2 * nodes + 8
        self._size = nodes
        self._used_bits = 0
        self.control = np.zeros(1, TREE_CONTROL)
        self.nodes = _zeros(nodes, NODE)
        self._all_rows = _zeros(nodes * (2 + MAX_WORLDS), np.int32)
        self.node_rows = self._all_rows.reshape(nodes, -1)  # as many columns as there are worlds
        self.stats = _zeros((rows, actions), STAT)
        self.regrets = _zeros((rows if by_regret else 1, actions), REGRETS)
        self._keeps = config.resample_rate < 1.0 and actions <= MAX_NOTED
        # An iteration adds a node and, where worlds are many, two cells: half of the table at most.
        self._bits = (nodes * (8 if self._keeps or by_regret else 2) - 1).bit_length()
        self.table = _zeros(2 << self._bits, TABLE_ENTRY)
        self.table["key"][: 2 << _READY_BITS] = 0  # touched now, not on the clock of a decision
        room = min(4 * nodes, _MAX_KEPT) if self._keeps else 0
        self.pool = _zeros(MAX_WORLDS + 1 + room, dtype)
        self.outcomes = _zeros(len(self.pool), OUTCOME)
        self._path = np.empty(config.max_depth + 1, STEP)
        self._path_legal = np.empty((config.max_depth + 1, 2, actions), np.int32)
        self._own_legal = np.empty(actions, np.int32)
        self._other_legal = np.empty(actions, np.int32)
        self._sigma = np.empty((2, actions))

    def restart(
        self, config: SimultaneousConfig, worlds: int, player: int, seed: int, with_priors: bool
    ) -> None:
        """Empty the tree but for the root, with a number of worlds."""
        control = self.control[0]
        for name in ("rows", "kept", "iterations", "turns", "steps", "deepest", "cut"):
            control[name] = 0
        control.rng = generator_of(seed)
        control.nodes = 1
        control.entries = 0
        control.player = player
        control.worlds = worlds
        control.algorithm = _ALGORITHM_CODES[config.algorithm]
        control.max_depth = config.max_depth
        control.private_depth = min(config.private_depth, config.max_depth)
        control.rollout = config.rollout
        control.exploration = config.exploration
        control.regret_exploration = config.regret_exploration
        control.discount = config.discount
        control.resample_rate = config.resample_rate if self._keeps else 1.0
        control.shrinkage = config.shrinkage
        control.prior_trust = config.prior_trust if with_priors else 0.0
        control.opponent_prior = config.opponent_prior if with_priors else 0.0
        self._used_bits = max(self._used_bits, int(control.bits))
        if control.epoch == EPOCHS:
            self.table["key"][: 2 << self._used_bits] = 0
            control.epoch = 0
        control.epoch += 1
        control.bits, control.most_bits = min(FIRST_BITS, self._bits), self._bits
        self.node_rows = self._all_rows[: self._size * (2 + worlds)].reshape(self._size, -1)
        self.nodes[0] = (-1, 0, NO_ACTION, NO_ACTION, 0)
        self.node_rows[0] = -1
        self.outcomes[: worlds + 1] = (0, 0, 0, -1, -1, -1)

    @property
    def arrays(self) -> TreeArrays:
        """Arrays of the tree, as the compiled loop takes them."""
        return TreeArrays(
            pool=self.pool,
            control=self.control,
            nodes=self.nodes,
            node_rows=self.node_rows,
            stats=self.stats,
            regrets=self.regrets,
            table=self.table,
            outcomes=self.outcomes,
            path=self._path,
            path_legal=self._path_legal,
            own_legal=self._own_legal,
            other_legal=self._other_legal,
            sigma=self._sigma,
        )

    def row(self, actions: Sequence[int]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return visits and values of the deciding player's ``actions`` at the root."""
        row = int(self.node_rows[0, 0])
        if row < 0:
            return np.zeros(len(actions)), np.zeros(len(actions))
        found = self.stats[row, list(actions)]
        return found["visits"].astype(float), found["value"].astype(float)

    def average(self, actions: Sequence[int]) -> NDArray[Any]:
        """Return regret matching's summed strategy of the deciding player at the root."""
        row = int(self.node_rows[0, 0])
        if row < 0:
            return np.zeros(len(actions))
        found: NDArray[Any] = self.regrets[row, list(actions)]["average"].copy()
        return found

    def opponent_rows(self, by_average: bool) -> NDArray[Any]:
        """Return the opponent's visits at the root, or regret matching's summed strategy.

        Shape ``(1 + worlds, actions)``: over all worlds, then in each; zeros where it has none.
        """
        rows = self.node_rows[0, 1:]
        field = self.regrets["average"] if by_average else self.stats["visits"]
        found: NDArray[Any] = np.where(rows[:, None] >= 0, field[rows], 0.0)
        return found

    def principal_variation(self, action: int) -> tuple[int, ...]:
        """Return the most visited line from ``action`` on: actions of both players."""
        nodes = self.nodes[: int(self.control[0].nodes)]
        line: list[int] = []
        node = 0
        wanted: int | None = action
        while True:
            children = np.flatnonzero(nodes["parent"] == node)
            visits = self._visits(children)
            if wanted is None and len(children):
                own = nodes["own"][children].astype(int)
                wanted = int(np.bincount(own + 1, weights=visits + 1).argmax()) - 1
            fitting = np.flatnonzero(nodes["own"][children] == wanted)
            if not len(fitting):
                break
            best = int(fitting[visits[fitting].argmax()])
            if node and int(visits[best]) < _PV_VISITS:
                break
            child = int(children[best])
            joint = (int(nodes[child].own), int(nodes[child].other))
            line.extend(a for a in joint if a != NO_ACTION)
            node, wanted = child, None
        return tuple(line) or (action,)

    def _visits(self, nodes: NDArray[Any]) -> NDArray[Any]:
        """Return the visits of nodes; 0 where neither player ever had a choice."""
        rows = self.node_rows[nodes, :2]
        visits = self.stats["visits"][rows].sum(axis=2)
        found: NDArray[Any] = np.where(rows >= 0, visits, 0).max(axis=1)
        return found


def _zeros(shape: int | tuple[int, int], dtype: Any) -> NDArray[Any]:
    """Return an array of zeros in small pages, which the system provides as they are touched.

    numpy asks for pages of 2 MB; one of them took up to 8 ms on a virtual machine: too much at the
    end of a decision, or a second at the start of a search.  Large pages were 0 to 6 % faster.
    """
    size = math.prod((shape,) if isinstance(shape, int) else shape) * np.dtype(dtype).itemsize
    if hasattr(mmap, "MAP_PRIVATE"):  # a forked process must not share the tree
        memory = mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    else:
        memory = mmap.mmap(-1, size)
    if hasattr(mmap, "MADV_NOHUGEPAGE"):  # Linux
        memory.madvise(mmap.MADV_NOHUGEPAGE)
    return np.frombuffer(memory, dtype).reshape(shape)


def generator_of(seed: int) -> int:
    """Return the initial state of a tree's random numbers: 64 well mixed bits, never all zero."""
    return scrambled(seed * int(WEYL)) or 1
