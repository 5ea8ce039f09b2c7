r"""Exact value of small simultaneous-move games with chance, and both players' strategies.

Backward induction over compiled rules: a node is a matrix game, solved exactly (:mod:`matrix`),
with one row or column where one player decides; chance is enumerated; a position at the depth limit
has the rules' static evaluation as its value.  Used to test other searches, and for small endgames.

Pruning works with intervals: a search has a window and returns bounds of the value, equal unless it
lies outside.  Matrix games use the double-oracle method (Bošanský, Lisý, Čermák, Vítek, Pěchouček,
*Using Double-oracle Method and Serialized Alpha-Beta Search for Pruning in Simultaneous Move
Games*, IJCAI 2013; without the serialized bounds): a restricted game of few actions is solved, both
players look for better replies among all their actions, and a reply is dropped as soon as the
bounds of its cells, searched with windows (Saffidine, Finnsson, Buro, *Alpha-Beta Pruning for Games
with Simultaneous Moves*, AAAI 2012), show that it is none.  Chance nodes use Star1 (Ballard, *The
\*-Minimax Search Procedure for Trees Containing Chance Nodes*, 1983) with the bounds in the
transposition table.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from plywise.engine.compile.jit import prepare
from plywise.engine.kernels import NO_ACTION, SIMULTANEOUS, TERMINAL, RulesKernels
from plywise.search.exact.expectimax import GameTooLargeError
from plywise.search.exact.matrix import MatrixSolution, solve
from plywise.search.exact.outcomes import (
    ChanceOutcomes,
    HiddenChanceError,
    StatePool,
    without_chance,
)

MAX_DEPTH = 128
_TINY = 1e-12  # largest difference of equal bounds
_FIXED_RNG = 0x9E3779B97F4A7C15  # random source of all positions: not 0, which would draw 0 again


@dataclass(frozen=True)
class Equilibrium:
    """A solved position.

    Attributes:
        value: value for player 0, in [-1, 1].
        strategies: probabilities of actions by player, empty where it has nothing to decide;
            optimal within the depth.
        payoffs: exact values of the root's joint actions that were needed (all, unpruned).
        exact: whether no position was estimated: the value is that of the game itself.
        positions: number of positions searched or evaluated, transpositions once.
        steps: number of joint actions whose outcomes were enumerated.
    """

    value: float
    strategies: tuple[dict[int, float], dict[int, float]]
    payoffs: dict[tuple[int, int], float]
    exact: bool
    positions: int
    steps: int


@dataclass
class _Position:
    """A position at its depth: bounds of its value, and once it is searched its cells."""

    pool: StatePool
    depth: int
    who: int
    low: float = -1.0
    high: float = 1.0
    cells: dict[tuple[int, int], _Cell] = field(default_factory=dict)
    actions: tuple[list[int], list[int]] | None = None
    last: MatrixSolution | None = None  # of the matrix game over ``rows`` and ``columns``
    rows: list[int] = field(default_factory=list)
    columns: list[int] = field(default_factory=list)


@dataclass
class _Cell:
    """A joint action: its outcomes and the bounds of its expectation."""

    outcomes: list[tuple[float, _Position]]
    low: float
    high: float


class EquilibriumSearch:
    """Solves positions of one game.

    Args:
        kernels: compiled rules.
        outcomes: enumerates chance; None: the game has none (:func:`without_chance`).
        max_positions: most positions searched or evaluated for one solution.
        prune: whether to prune; False evaluates every cell of every matrix, with equal values.
    """

    def __init__(
        self,
        kernels: RulesKernels,
        outcomes: ChanceOutcomes | None = None,
        max_positions: int = 200_000,
        *,
        prune: bool = True,
    ) -> None:
        prepare("the rules", kernels.step, kernels.legal, kernels.current, kernels.returns)
        prepare("the evaluation", kernels.evaluate)
        self.kernels = kernels
        self.outcomes = outcomes or without_chance(kernels)
        self.max_positions = max_positions
        self.prune = prune
        self._known: dict[tuple[bytes, int], _Position] = {}
        self._steps = 0
        self._estimated = False

    def solve(self, pool: StatePool, depth: int = MAX_DEPTH) -> Equilibrium:
        """Return the value and both strategies of the state in ``pool``, which is not changed.

        Args:
            pool: one state, not terminal.
            depth: decisions to look ahead, one for both players at once.

        Raises:
            GameTooLargeError: more than ``max_positions`` were needed.
            HiddenChanceError: the probabilities of a step's outcomes do not sum to 1.
            ValueError: not one state, a depth out of range, the end of the game, or rules whose
                results leave [-1, 1].
        """
        if pool.shape != (1,) or pool.dtype != self.kernels.dtype:
            raise ValueError("a one-element pool of the game's states is wanted")
        if not 1 <= depth <= MAX_DEPTH:
            raise ValueError(f"depth={depth}: must be 1 … {MAX_DEPTH}")
        self._known.clear()
        self._steps, self._estimated = 0, False
        root = self._position(pool.copy(), depth)
        if root.who == TERMINAL:
            raise ValueError("the game has ended: there is nothing to decide")
        self._search(root, -math.inf, math.inf)
        assert root.last is not None
        strategies = []
        for actions, played, shares in zip(
            self._actions(root),
            (root.rows, root.columns),
            (root.last.row, root.last.column),
            strict=True,
        ):
            known = dict(zip(played, shares.tolist(), strict=True))
            strategies.append({a: known.get(a, 0.0) for a in actions if a != NO_ACTION})
        return Equilibrium(
            value=root.low,
            strategies=(strategies[0], strategies[1]),
            payoffs={k: c.low for k, c in sorted(root.cells.items()) if c.low == c.high},
            exact=not self._estimated,
            positions=len(self._known),
            steps=self._steps,
        )

    # --- positions and cells ----------------------------------------------------------------

    def _position(self, pool: StatePool, depth: int) -> _Position:
        """Return the position in the table; a new one is evaluated where the search ends."""
        pool["rng"] = _FIXED_RNG
        key = (hashlib.blake2b(pool.tobytes(), digest_size=16).digest(), depth)
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= self.max_positions:
                raise GameTooLargeError(
                    f"more than {self.max_positions:,} positions within the depth: search less "
                    "deep, or raise max_positions"
                )
            found = _Position(pool, depth, int(self.kernels.current(pool, 0)))
            if found.who == TERMINAL or depth == 0:
                ended = found.who == TERMINAL
                value = float((self.kernels.returns if ended else self.kernels.evaluate)(pool, 0))
                if not -1.0 <= value <= 1.0:
                    raise ValueError(f"the rules value a position at {value}, outside [-1, 1]")
                self._estimated |= not ended
                found.low = found.high = value
            self._known[key] = found
        return found

    def _actions(self, position: _Position) -> tuple[list[int], list[int]]:
        if position.actions is None:
            first, second = (
                self.kernels.legal_actions(position.pool, 0, player)
                if position.who in (SIMULTANEOUS, player)
                else [NO_ACTION]
                for player in (0, 1)
            )
            position.actions = first, second
        return position.actions

    def _cell(self, position: _Position, a0: int, a1: int) -> _Cell:
        cell = position.cells.get((a0, a1))
        if cell is None:
            self._steps += 1
            found = self.outcomes(position.pool, a0, a1)
            total = math.fsum(p for p, _ in found)
            if abs(total - 1.0) > 1e-9:
                raise HiddenChanceError(f"outcomes of ({a0}, {a1}) have probability {total}")
            merged: dict[int, list[Any]] = {}
            for probability, pool in found:
                child = self._position(pool, position.depth - 1)
                merged.setdefault(id(child), [0.0, child])[0] += probability / total
            outcomes = sorted(((p, c) for p, c in merged.values()), key=lambda pair: -pair[0])
            cell = _Cell(outcomes, -1.0, 1.0)
            _tighten(cell)
            position.cells[a0, a1] = cell
        return cell

    def _expect(self, cell: _Cell, alpha: float, beta: float) -> None:
        """Make the bounds of a cell equal, or one of them show that it is outside the window."""
        if not self.prune:
            alpha, beta = -math.inf, math.inf
        _tighten(cell)
        for probability, child in cell.outcomes:
            if cell.low == cell.high or cell.high <= alpha or cell.low >= beta:
                return
            if child.low < child.high:
                # Bounds of the other outcomes give the window of this one.
                self._search(
                    child,
                    child.high - (cell.high - alpha) / probability,
                    child.low + (beta - cell.low) / probability,
                )
                _tighten(cell)

    # --- decisions --------------------------------------------------------------------------

    def _search(self, position: _Position, alpha: float, beta: float) -> None:
        """Make the bounds of a position equal, or one show that it is outside the window.

        The double-oracle method; the last strategies guarantee and concede the bounds.
        """
        if position.low == position.high or position.high <= alpha or position.low >= beta:
            return
        all_rows, all_columns = self._actions(position)
        rows, columns = position.rows, position.columns
        if not rows:
            rows += all_rows[:1] if self.prune else all_rows
            columns += all_columns[:1] if self.prune else all_columns
        while True:
            cells = [[self._cell(position, a0, a1) for a1 in columns] for a0 in rows]
            for line in cells:
                for cell in line:
                    self._expect(cell, -math.inf, math.inf)
            solution = solve([[cell.low for cell in line] for line in cells])
            position.last = solution
            value = solution.value
            # A reply outside the window need not be found.
            conceded, row = self._reply(
                position, all_rows, rows, columns, solution.column, max(value, alpha), sign=1
            )
            if row is None and value < alpha:
                _narrow(position, position.low, conceded)
                return
            guaranteed, column = self._reply(
                position, all_columns, columns, rows, solution.row, min(value, beta), sign=-1
            )
            if column is None and value > beta:
                _narrow(position, guaranteed, position.high)
                return
            if row is None and column is None:
                _narrow(position, value, value)
                return
            _narrow(position, guaranteed, conceded)
            if position.high <= alpha or position.low >= beta:
                return
            if row is not None:
                rows.append(row)
            if column is not None:
                columns.append(column)

    def _reply(
        self,
        position: _Position,
        actions: list[int],
        known: list[int],
        others: list[int],
        strategy: NDArray[Any],
        threshold: float,
        sign: int,
    ) -> tuple[float, int | None]:
        """Return a bound of a player's best value against ``strategy``, and its best reply.

        The reply is None where no action outside ``known`` is better than ``threshold``, which the
        known ones do not exceed.  ``sign`` is 1 for player 0, -1 for player 1.
        """
        best: int | None = None
        played = [(float(p), other) for p, other in zip(strategy, others, strict=True) if p > 0.0]
        played.sort(reverse=True)
        for action in actions:
            if action in known:
                continue
            pairs = [(action, other) if sign == 1 else (other, action) for _, other in played]
            for (probability, _), pair in zip(played, pairs, strict=True):
                if sign * (self._optimistic(position, played, pairs, sign) - threshold) <= _TINY:
                    break
                cell = self._cell(position, *pair)
                # The action is no reply if this cell is worse than its bound by more than this.
                optimistic = self._optimistic(position, played, pairs, sign)
                slack = (optimistic - threshold) / probability
                if sign == 1:
                    self._expect(cell, cell.high - slack, math.inf)
                else:
                    self._expect(cell, -math.inf, cell.low - slack)
            optimistic = self._optimistic(position, played, pairs, sign)
            if sign * (optimistic - threshold) > _TINY:
                threshold, best = optimistic, action
        return threshold, best

    @staticmethod
    def _optimistic(
        position: _Position,
        played: list[tuple[float, int]],
        pairs: list[tuple[int, int]],
        sign: int,
    ) -> float:
        """Return the upper bound, for a player, of a row or column of cells."""
        total = 0.0
        for (probability, _), pair in zip(played, pairs, strict=True):
            cell = position.cells.get(pair)
            limit = float(sign) if cell is None else cell.high if sign == 1 else cell.low
            total += probability * limit
        return total


def _tighten(cell: _Cell) -> None:
    """Narrow a cell's bounds by those of its outcomes."""
    low = math.fsum(p * c.low for p, c in cell.outcomes)
    high = math.fsum(p * c.high for p, c in cell.outcomes)
    _narrow(cell, low, high)


def _narrow(bounded: _Cell | _Position, low: float, high: float) -> None:
    """Narrow bounds; those that meet, but for rounding, become equal."""
    bounded.low, bounded.high = max(bounded.low, low), min(bounded.high, high)
    if bounded.high - bounded.low <= _TINY:
        bounded.low = bounded.high = 0.5 * (bounded.low + bounded.high)
