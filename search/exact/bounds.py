"""Proven bounds of every joint action of a simultaneous-move game with chance.

For positions whose whole tree is too large for :mod:`equilibrium`: a position that has not been
searched has the bounds [-1, 1], bounds of its parents follow from their matrix games, and only what
moves the bounds of the root is searched.  So a line that chance makes rare need not be searched to
its end.  The order is that of heuristic search value iteration for games with simultaneous moves
(Horák, Bošanský, *Solving Partially Observable Stochastic Games with Public Observations*, AAAI
2019; for one player: McMahan, Likhachev, Gordon, *Bounded Real-Time Dynamic Programming*, ICML
2005): each player acts as if the bound that suits it were the truth, and of the outcomes the one
with the most probability times width is searched.

A bound of a matrix game is what one player's strategy guarantees, so it holds whatever rounding did
to the linear programme.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from plywise.engine.kernels import NO_ACTION, SIMULTANEOUS, TERMINAL, RulesKernels
from plywise.search.exact.matrix import solve
from plywise.search.exact.outcomes import HiddenChanceError, StatePool

_FIXED_RNG = 0x9E3779B97F4A7C15  # random source of all positions
_CLOSED = 1e-9  # bounds so near count as equal
_DEEPEST = 60  # decisions of one line
_ASKED = 4  # joint actions after which it is asked again whether to go on, at least
_TRIED = 4  # outcomes, or joint actions, that are tried where the best cannot be searched

Vector = NDArray[np.float64]


class Outcomes(NamedTuple):
    """The outcomes of a step: states ``(n,)`` and their probabilities ``(n,)``, summing to 1."""

    states: NDArray[Any]
    probabilities: Vector


OutcomesOf = Callable[[StatePool, int, int], Outcomes | None]
"""``(pool, a0, a1)`` -> outcomes of a step; None: too many to enumerate, so it stays open."""


@dataclass(frozen=True)
class Bounds:
    """What was proven about a position.

    Attributes:
        actions: legal actions by player; ``(NO_ACTION,)`` for one with nothing to decide.
        low, high: bounds of the value of each joint action for player 0, ``(rows, columns)``.
        steps: number of joint actions whose outcomes were enumerated.
        positions: number of different positions met.
    """

    actions: tuple[tuple[int, ...], tuple[int, ...]]
    low: Vector
    high: Vector
    steps: int
    positions: int

    def of(self, player: int) -> tuple[Vector, Vector]:
        """Return the bounds for ``player``, whose actions are the rows."""
        return (self.low, self.high) if player == 0 else (-self.high.T, -self.low.T)

    def open_to(self, player: int, precision: Precision) -> NDArray[np.bool_]:
        """Return which bounds are too wide for what ``player``'s strategies are worth.

        Those of actions of the opponent that another one of its actions dominates do not matter.
        """
        low, high = self.of(player)
        bad = high.min(axis=1) <= guarantee(low).low - precision.margin
        widest = np.where(bad, precision.rough, precision.width)
        wide: NDArray[np.bool_] = (high - low > widest[:, None]) & ~dominated(low, high)
        return wide if player == 0 else wide.T


class Precision(NamedTuple):
    """How near the bounds of joint actions have to be.

    Attributes:
        width: largest distance of two bounds.
        rough: the same for actions that are proven to be worse than the value by ``margin``.
    """

    width: float
    rough: float
    margin: float


class Limits(NamedTuple):
    """Limits of a search.

    Attributes:
        steps: most joint actions to enumerate, in all positions.
        patience: most of them for one joint action of the root.
        positions: most positions to meet.
    """

    steps: int
    patience: int
    positions: int = 200_000


class _Cell(NamedTuple):
    """A joint action whose outcomes were enumerated."""

    ended: float  # share of the value that comes from outcomes that end the game
    chances: Vector
    children: NDArray[np.int64]  # numbers of positions


@dataclass(slots=True)
class _Position:
    """A position: its state, and once it is searched the bounds of its joint actions."""

    pool: StatePool
    actions: tuple[list[int], list[int]]
    low: Vector
    high: Vector
    visits: Vector  # times that each joint action was searched
    cells: dict[tuple[int, int], _Cell | None]


class BoundsSearch:
    """Finds bounds of positions of one game.

    Args:
        kernels: compiled rules.
        outcomes: enumerates chance.
    """

    def __init__(self, kernels: RulesKernels, outcomes: OutcomesOf) -> None:
        self.kernels = kernels
        self.outcomes = outcomes
        self._begin()

    def _begin(self) -> None:
        self._numbers: dict[bytes, int] = {}
        self._pools: list[StatePool] = []
        self._opened: dict[int, _Position] = {}
        self._low, self._high = np.full(1024, -1.0), np.full(1024, 1.0)
        self._steps = 0

    def solve(
        self,
        pool: StatePool,
        player: int,
        precision: Precision,
        limits: Limits,
        hopeless: Callable[[Bounds], bool] | None = None,
    ) -> Bounds:
        """Search until ``player`` knows what each of its strategies is worth.

        The value comes first, then what is left of the bounds (:meth:`Bounds.open_to`).

        Args:
            pool: one state, not terminal; it is not changed.
            limits: after which the bounds are returned as they are.
            hopeless: asked at times whether to return the bounds as they are.

        Raises:
            HiddenChanceError: the probabilities of a step's outcomes do not sum to 1.
            ValueError: not one state, or the end of the game.
        """
        if pool.shape != (1,) or pool.dtype != self.kernels.dtype:
            raise ValueError("a one-element pool of the game's states is wanted")
        if int(self.kernels.current(pool, 0)) == TERMINAL:
            raise ValueError("the game has ended: there is nothing to decide")
        self._begin()
        copy = pool.copy()
        copy["rng"] = _FIXED_RNG
        root = self._open(copy)
        spent = np.zeros(root.low.shape, np.int64)
        asked = _ASKED
        while self._steps < limits.steps and len(self._pools) < limits.positions:
            wide = self._bounds(root).open_to(player, precision)
            if not wide.any():
                break
            gaps = np.where(wide, root.high - root.low, 0.0)
            below, above = guarantee(root.low), guarantee(root.high)
            if above.high - below.low > precision.width:
                chosen = np.outer(above.row, below.column) * gaps
                gaps = chosen if chosen.any() else gaps
            i, j = _next(gaps, root.visits)
            before, gap = self._steps, root.high[i, j] - root.low[i, j]
            if spent[i, j] > limits.patience:
                break
            searched = self._refine(root, i, j, 0)
            if not searched and root.high[i, j] - root.low[i, j] == gap:
                break
            spent[i, j] += self._steps - before
            if hopeless is not None and self._steps >= asked:
                asked = self._steps + max(_ASKED, self._steps // 4)
                if hopeless(self._bounds(root)):
                    break
        found = self._bounds(root)
        self._begin()  # lets the memory go
        return found

    def _bounds(self, root: _Position) -> Bounds:
        first, second = root.actions
        return Bounds(
            (tuple(first), tuple(second)),
            root.low.copy(),
            root.high.copy(),
            self._steps,
            len(self._pools),
        )

    def _open(self, pool: StatePool) -> _Position:
        who = int(self.kernels.current(pool, 0))
        first, second = (
            self.kernels.legal_actions(pool, 0, player)
            if who in (SIMULTANEOUS, player)
            else [NO_ACTION]
            for player in (0, 1)
        )
        shape = len(first), len(second)
        low, high = np.full(shape, -1.0), np.full(shape, 1.0)
        return _Position(pool, (first, second), low, high, np.zeros(shape), {})

    def _refine(self, position: _Position, i: int, j: int, depth: int) -> bool:
        """Narrow the bounds of one joint action; return whether there was anything to search."""
        position.visits[i, j] += 1
        searched = (i, j) not in position.cells
        if searched:
            position.cells[i, j] = self._enumerated(position, i, j)
        cell = position.cells[i, j]
        if cell is None:
            return False
        ended, chances, children = cell
        if not searched:
            gaps = chances * (self._high[children] - self._low[children])
            for k in np.argsort(-gaps, kind="stable")[:_TRIED].tolist():
                if gaps[k] > 0.0 and self._improve(int(children[k]), depth + 1):
                    searched = True
                    break
        low = ended + float(chances @ self._low[children])
        high = ended + float(chances @ self._high[children])
        position.low[i, j] = max(position.low[i, j], low)
        position.high[i, j] = min(position.high[i, j], high)
        return searched

    def _improve(self, number: int, depth: int) -> bool:
        """Search one line from a position and narrow its bounds; return whether there was any."""
        if self._high[number] - self._low[number] <= _CLOSED or depth > _DEEPEST:
            return False
        position = self._opened.get(number)
        if position is None:
            position = self._opened[number] = self._open(self._pools[number])
        row, column = guarantee(position.high).row, guarantee(position.low).column
        gaps = position.high - position.low
        chosen = np.outer(row, column) * gaps
        i, j = _next(chosen, position.visits)
        searched = bool(chosen[i, j] > _CLOSED) and self._refine(position, i, j, depth)
        if not searched:
            for place in np.argsort(-gaps, axis=None, kind="stable")[:_TRIED].tolist():
                i, j = divmod(place, gaps.shape[1])
                if gaps[i, j] > _CLOSED and self._refine(position, i, j, depth):
                    searched = True
                    break
        low, high = guarantee(position.low).low, guarantee(position.high).high
        self._low[number] = max(self._low[number], low)
        self._high[number] = min(self._high[number], high)
        return searched

    def _enumerated(self, position: _Position, i: int, j: int) -> _Cell | None:
        """Return the outcomes of a joint action; None: there are too many."""
        self._steps += 1
        found = self.outcomes(position.pool, position.actions[0][i], position.actions[1][j])
        if found is None:
            return None
        states, probabilities = found
        total = float(probabilities.sum())
        if abs(total - 1.0) > 1e-9:
            raise HiddenChanceError(f"the outcomes of a step have probability {total}")
        states["rng"] = _FIXED_RNG
        ended = 0.0
        numbers: list[int] = []
        chances: list[float] = []
        for k, probability in enumerate((probabilities / total).tolist()):
            if int(self.kernels.current(states, k)) == TERMINAL:
                ended += probability * float(self.kernels.returns(states, k))
                continue
            numbers.append(self._number(states[k : k + 1]))
            chances.append(probability)
        return _Cell(ended, np.array(chances), np.array(numbers, np.int64))

    def _number(self, pool: StatePool) -> int:
        """Return the number of a position, a new one for a state that was not met before."""
        key = hashlib.blake2b(pool.tobytes(), digest_size=16).digest()
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self._pools)
            self._pools.append(pool)
            if number == len(self._low):
                self._low = np.concatenate([self._low, np.full(number, -1.0)])
                self._high = np.concatenate([self._high, np.full(number, 1.0)])
        return number


def _next(worth: Vector, visits: Vector) -> tuple[int, int]:
    """Return the joint action to search: of those as promising, the one that was searched least.

    Without that a line of two moves that do nothing would be followed to its end.
    """
    i, j = divmod(int((worth / (1.0 + visits)).argmax()), worth.shape[1])
    return i, j


class Guarantee(NamedTuple):
    """Strategies of a matrix game, and the bounds of its value that they prove.

    Attributes:
        low: value that ``row`` guarantees; ``high``: value that ``column`` concedes.
        row, column: the players' strategies.
    """

    low: float
    high: float
    row: Vector
    column: Vector


def guarantee(payoff: Vector) -> Guarantee:
    """Solve a matrix game; a saddle point needs no linear programme."""
    worst, best = payoff.min(axis=1), payoff.max(axis=0)
    low, high = float(worst.max()), float(best.min())
    if high - low <= _CLOSED:
        # Evenly over all that are as good, so that the search meets each of them.
        row, column = (worst >= low).astype(np.float64), (best <= high).astype(np.float64)
        return Guarantee(low, high, row / row.sum(), column / column.sum())
    found = solve(payoff)
    low, high = float((found.row @ payoff).min()), float((payoff @ found.column).max())
    return Guarantee(low, high, found.row, found.column)


def dominated(low: Vector, high: Vector) -> NDArray[np.bool_]:
    """Return which columns are dominated, for the player who minimises, by another that is not.

    Args:
        low, high: bounds of a matrix game, ``(rows, columns)``.
    """
    # worse[j, k]: column k is proven to be at least as good as column j in every row.
    worse: NDArray[np.bool_] = np.all(low[:, :, None] >= high[:, None, :], axis=0)
    found = np.zeros(low.shape[1], np.bool_)
    for j in range(len(found)):
        better = worse[j].copy()
        better[j] = False
        found[j] = (better & ~found).any()
    return found
