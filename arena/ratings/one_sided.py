"""Differences that results bound on one side only: the bound, and how likely equals are.

Where one player has won all games that tie it to another, the likelihood rises with the difference
between the two for ever.  Its *profile* is the greatest likelihood for each difference that is
held.  With the difference held, the groups of players on the way from one player to the other
become one group; games that tie further groups to it or to each other have probability 1 in the
limit.  So only games within these groups are computed with, which are few in a sparse pool.
"""

from __future__ import annotations

from dataclasses import replace
from math import exp, inf, log

import numpy as np

from plywise.arena.ratings.connectivity import BoolArray
from plywise.arena.ratings.counts import Counts, FloatArray
from plywise.arena.ratings.model import (
    Design,
    by_player,
    cell_derivatives,
    cell_likelihoods,
    halved,
    log_likelihood,
    maximise,
    shared_derivatives,
    sums,
)

_SURPRISE = log(0.025)  # log-probability of a result just compatible with a bound
_FARTHEST = -40.0  # natural units; a bound below it is none
_MOST = 4.0  # natural units by which a difference or a strength changes at once
_EXACT = 1e-8  # units of log-likelihood by which a bound's may be wrong
_CONVERGED = 1e-6  # Newton decrement, in the same units; after the step less than 1e-8 is left
_RIDGE = 1e-9  # far below any information that games give
_STEPS = 100


class OneSided:
    """One-sided comparisons of players of different groups.

    Clusters count as one game each: their games may tell the same.

    Args:
        counts: all games.
        design: of the games within groups, as they were fitted.
        reached: (players, players) as :func:`connectivity.reach` returns it.
    """

    def __init__(self, counts: Counts, design: Design, reached: BoolArray) -> None:
        self.counts = counts
        self.reached = reached
        self.design = design
        self.table = halved(design, counts.one_game_a_cluster())
        inside = design.group[counts.low] == design.group[counts.high]
        table = self.table[inside]
        self.start = maximise(design, table[None]).beta[0]
        self.top = np.zeros(len(inside))  # (cells,) log-likelihoods without any constraint
        self.top[inside] = cell_likelihoods(design, table[None], self.start[None])[0]

    def bound(self, better: int, worse: int) -> float:
        """Return the least difference, in natural units, that the results are compatible with.

        There, results this extreme still have a probability of 2.5 % relative to the best of all
        differences (with wins only: Clopper and Pearson's bound, Biometrika 26 (1934) 404-413).
        Minus infinity: there is none.

        Args:
            better, worse: players; ``better`` has won all games that tie it to ``worse``.
        """
        held = _Held(self, better, worse)
        difference = 0.0
        for _ in range(_STEPS):
            held.maximise(difference)
            missing = held.top + _SURPRISE - held.value
            # The profile is concave and rises: from the left, Newton's method stays there.
            change = max(-_MOST, min(_MOST, missing / held.slope))
            if abs(missing) < _EXACT:
                return difference
            difference += change
            if difference < _FARTHEST:
                break
            held.beta += change * held.tangent
        return -inf

    def equal(self, better: int, worse: int) -> float:
        """Return the probability, relative to the best, of these results between equals."""
        held = _Held(self, better, worse)
        held.maximise(0.0)
        return exp(min(0.0, held.value - held.top))


class _Held:
    """The likelihood where ``better`` is a given difference stronger than ``worse``.

    Attributes:
        top: log-likelihood without the constraint.
        value, slope: log-likelihood at the difference that is held, and its derivative.
        beta: the parameters there: strengths by block, without that of ``better``.
        tangent: derivative of ``beta``.
    """

    def __init__(self, whole: OneSided, better: int, worse: int) -> None:
        counts, design = whole.counts, whole.design
        self.shared = design.advantage + design.draws  # parameters of all groups
        between = whole.reached[better] & whole.reached[:, worse]
        block = np.where(between, design.group[worse], design.group)
        cells = block[counts.low] == block[counts.high]
        if not self.shared:  # then further groups are as they were
            cells &= between[counts.low]
        low, high = counts.low[cells], counts.high[cells]
        self.sign = (low == better).astype(np.float64) - (high == better)
        low, high = np.where(low == better, worse, low), np.where(high == better, worse, high)
        players = np.unique(np.concatenate([low, high]))
        players = players[np.argsort(block[players], kind="stable")]
        place = np.zeros(design.players, dtype=np.int64)
        place[players] = np.arange(len(players))
        self.design = replace(
            design,
            low=place[low],
            high=place[high],
            side=counts.side[cells],
            players=len(players),
            group=block[players],
        )
        _, begin, size = np.unique(block[players], return_index=True, return_counts=True)
        entry = np.cumsum(size**2) - size**2
        self.blocks = list(
            zip(begin.tolist(), (begin + size).tolist(), entry.tolist(), strict=True)
        )
        number = np.repeat(np.arange(len(size)), size)[self.design.low]  # of each cell's block
        row, column = self.design.low - begin[number], self.design.high - begin[number]
        self.entry, self.entries = entry[number] + row * size[number] + column, (size**2).sum()
        self.table = whole.table[cells][None]
        self.top = float(whole.top[cells].sum())
        shared = whole.start[design.players :]
        self.beta = np.concatenate([whole.start[players], shared])
        self.value, self.slope, self.tangent = -inf, 0.0, np.zeros_like(self.beta)

    def maximise(self, difference: float) -> None:
        """Hold the difference; begin at ``beta``."""
        design = replace(self.design, offset=difference * self.sign)
        value = self._value(design, self.beta)
        for _ in range(_STEPS):
            step, decrement = self._newton(design)
            largest = float(np.abs(step).max(initial=0.0))
            step *= min(1.0, _MOST / max(largest, _MOST))
            for _ in range(12):
                new = self._value(design, self.beta + step)
                if new >= value - 1e-10 * (1 + abs(value)):
                    break
                step /= 2
            self.beta, value = self.beta + step, new
            if decrement < _CONVERGED:
                break
        self.value = value

    def _value(self, design: Design, beta: FloatArray) -> float:
        return float(log_likelihood(design, self.table, beta[None])[0])

    def _newton(self, design: Design) -> tuple[FloatArray, float]:
        """Return Newton's step and its decrement; set slope and tangent.

        Blocks have no games with each other: they are solved one by one, what they share last.
        """
        of_eta, of_delta = design.shared
        cells = cell_derivatives(design, self.table, self.beta[None])
        # The last of the shared parameters is the difference.
        shared = shared_derivatives(
            design, cells, np.vstack([of_eta, self.sign]), np.append(of_delta, 0.0)
        )
        first, second, by_strength = shared.first[0], shared.second[0], shared.by_strength[0]
        self.slope = float(first[-1])
        right = np.vstack([by_player(design, cells.eta), -by_strength[-1], by_strength[:-1]]).T
        solved = self._by_block(cells.eta_eta, right)
        left, columns = solved[:, :2], solved[:, 2:]
        rest = np.stack([first[:-1], -second[:-1, -1]], axis=1) - by_strength[:-1] @ left
        lower = np.linalg.solve(second[:-1, :-1] - by_strength[:-1] @ columns, rest)
        both = np.concatenate([left - columns @ lower, lower])
        self.tangent = both[:, 1]
        gradient = np.concatenate([right[:, 0], first[:-1]])
        return both[:, 0], float(gradient @ both[:, 0])

    def _by_block(self, weight: FloatArray, right: FloatArray) -> FloatArray:
        """Solve each block's Laplacian, gauge added, for (players, columns)."""
        design = self.design
        between = np.bincount(self.entry, weight[0], self.entries)
        degree = (sums(design.low, weight, len(right)) + sums(design.high, weight, len(right)))[0]
        solved = np.empty_like(right)
        for begin, end, entry in self.blocks:
            size = end - begin
            part = between[entry : entry + size * size].reshape(size, size)
            laplacian = 1.0 - part - part.T
            laplacian.flat[:: size + 1] += degree[begin:end] + _RIDGE
            solved[begin:end] = np.linalg.solve(laplacian, right[begin:end])
        return solved
