"""Zero-sum matrix games: the value and an optimal mixed strategy for each player.

The row player receives ``payoff[i, j]`` and maximises, the column player minimises.  The game is
solved exactly, up to rounding, by the simplex method on the classic linear programme (von Neumann;
Chvátal, *Linear Programming*, ch. 15).  Every solution carries its own certificate: the *gap*
between the value that the row strategy guarantees and the value that the column strategy concedes,
0 for a pair of optimal strategies and a bound of the value's error for any other pair.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numba import types

from plywise.engine.compile.jit import kernel_of, prepare

GAP = 1e-9
"""Largest gap of a solution, in units of the payoffs' spread."""

_TINY = 1e-12  # a tableau entry below this counts as zero; the tableau's entries start in [1, 2]

_f64, _i64 = types.float64, types.int64
_matrix = types.Array(_f64, 2, "C")
_vector = types.Array(_f64, 1, "C")
_two_numbers: Any = types.UniTuple  # untyped in numba
SOLVE_SIGNATURE = _two_numbers(_f64, 2)(
    _matrix, _i64, _i64, _vector, _vector, _matrix, types.Array(_i64, 1, "C")
)


class MatrixGameError(ValueError):
    """The payoffs are no matrix game, or rounding prevented its solution."""


@dataclass(frozen=True)
class MatrixSolution:
    """A solved matrix game.

    Attributes:
        value: expected payoff of the row player under optimal play.
        row: the row player's strategy, shape ``(rows,)``, sums to 1.
        column: the column player's strategy, shape ``(columns,)``, sums to 1.
        gap: largest distance of the strategies from optimal ones, in units of the payoffs.
    """

    value: float
    row: np.ndarray[Any, np.dtype[np.float64]]
    column: np.ndarray[Any, np.dtype[np.float64]]
    gap: float


@kernel_of(SOLVE_SIGNATURE)
def solve_matrix(
    payoff: Any, rows: int, columns: int, row: Any, column: Any, tableau: Any, labels: Any
) -> tuple[float, float]:
    """Solve the game ``payoff[:rows, :columns]``; the kernel under :func:`solve`.

    Args:
        payoff: float64 matrix, at least ``rows`` by ``columns``; finite.
        rows: number of the row player's actions, at least 1.
        columns: number of the column player's actions, at least 1.
        row: float64 output, length at least ``rows``.
        column: float64 output, length at least ``columns``.
        tableau: float64 scratch, at least ``(rows + 1, columns + 1)``.
        labels: int64 scratch, at least ``rows + columns``.

    Returns:
        the value and the gap; the caller decides whether the gap is small enough.
    """
    low = payoff[0, 0]
    high = payoff[0, 0]
    for i in range(rows):
        for j in range(columns):
            low = min(low, payoff[i, j])
            high = max(high, payoff[i, j])
    spread = high - low
    if spread <= 0.0:
        for i in range(rows):
            row[i] = 1.0 / rows
        for j in range(columns):
            column[j] = 1.0 / columns
        return low, 0.0

    # Maximise sum(y) with A y <= 1, y >= 0, where A is the game scaled into [1, 2]: then y / sum(y)
    # is the column strategy, and the dual solution the row strategy.  Labels say which variable
    # stands in which column (first) and row (after): 0 … columns-1 are y, the rest slacks.
    for i in range(rows):
        for j in range(columns):
            tableau[i, j] = 1.0 + (payoff[i, j] - low) / spread
        tableau[i, columns] = 1.0
        labels[columns + i] = columns + i
    for j in range(columns):
        tableau[rows, j] = -1.0
        labels[j] = j
    tableau[rows, columns] = 0.0

    patience = 8 * (rows + columns)
    for pivot in range(64 * (rows + columns)):
        # The steepest column first; Bland's rule later, under which no cycle is possible.
        enter = -1
        for j in range(columns):
            if tableau[rows, j] < -_TINY:
                if enter < 0:
                    enter = j
                elif pivot < patience:
                    if tableau[rows, j] < tableau[rows, enter]:
                        enter = j
                elif labels[j] < labels[enter]:
                    enter = j
        if enter < 0:
            break
        leave = -1
        best = 0.0
        for i in range(rows):
            if tableau[i, enter] > _TINY:
                ratio = tableau[i, columns] / tableau[i, enter]
                # Exact ties are common (all right sides start equal); the smallest label leaves.
                if (
                    leave < 0
                    or ratio < best
                    or (ratio == best and labels[columns + i] < labels[columns + leave])
                ):
                    leave = i
                    best = ratio
        if leave < 0:
            break  # impossible: A > 0, so the programme is bounded; the gap would show it
        p = tableau[leave, enter]
        for j in range(columns + 1):
            tableau[leave, j] /= p
        tableau[leave, enter] = 1.0 / p
        for i in range(rows + 1):
            if i != leave:
                factor = tableau[i, enter]
                if factor != 0.0:
                    for j in range(columns + 1):
                        if j != enter:
                            tableau[i, j] -= factor * tableau[leave, j]
                    tableau[i, enter] = -factor / p
        swap = labels[enter]
        labels[enter] = labels[columns + leave]
        labels[columns + leave] = swap

    for i in range(rows):
        row[i] = 0.0
    for j in range(columns):
        column[j] = 0.0
    for j in range(columns):
        if labels[j] >= columns:
            row[labels[j] - columns] = max(0.0, tableau[rows, j])
    for i in range(rows):
        if labels[columns + i] < columns:
            column[labels[columns + i]] = max(0.0, tableau[i, columns])
    total = 0.0
    for i in range(rows):
        total += row[i]
    for i in range(rows):
        row[i] = row[i] / total if total > 0.0 else 1.0 / rows
    total = 0.0
    for j in range(columns):
        total += column[j]
    for j in range(columns):
        column[j] = column[j] / total if total > 0.0 else 1.0 / columns

    # The certificate: best responses against both strategies.
    conceded = low
    for i in range(rows):
        x = 0.0
        for j in range(columns):
            x += payoff[i, j] * column[j]
        conceded = max(conceded, x)
    guaranteed = high
    for j in range(columns):
        x = 0.0
        for i in range(rows):
            x += payoff[i, j] * row[i]
        guaranteed = min(guaranteed, x)
    return 0.5 * (conceded + guaranteed), conceded - guaranteed


def solve(payoff: Any) -> MatrixSolution:
    """Solve the zero-sum game in which the row player receives ``payoff[i, j]``.

    Raises:
        MatrixGameError: ``payoff`` is not a finite matrix with at least one row and one column, or
            the gap stays above :data:`GAP` times the payoffs' spread.
    """
    matrix = np.ascontiguousarray(payoff, dtype=np.float64)
    if matrix.ndim != 2 or 0 in matrix.shape:
        raise MatrixGameError(f"a payoff matrix has two dimensions, not shape {matrix.shape}")
    if not np.isfinite(matrix).all():
        raise MatrixGameError("a payoff matrix holds finite numbers only")
    if not matrix.flags.writeable:  # the kernel's signature asks for a writable array
        matrix = matrix.copy()
    rows, columns = matrix.shape
    row, column = np.zeros(rows), np.zeros(columns)
    prepare("matrix games", solve_matrix)
    value, gap = solve_matrix(
        matrix,
        rows,
        columns,
        row,
        column,
        np.zeros((rows + 1, columns + 1)),
        np.zeros(rows + columns, dtype=np.int64),
    )
    spread = cast("float", np.ptp(matrix))
    if gap > GAP * max(spread, np.finfo(float).tiny):
        raise MatrixGameError(
            f"rounding kept a {rows}x{columns} game from being solved: gap {gap:.2g} with payoffs "
            f"from {matrix.min():.6g} to {matrix.max():.6g}"
        )
    return MatrixSolution(float(value), row, column, float(max(gap, 0.0)))
