"""Matrix games against hand-known solutions and against their own certificate."""

from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest

from plywise.search.exact.matrix import MatrixGameError, solve


def exact_value(matrix: list[list[int]]) -> Fraction:
    """Value by Shapley and Snow's theorem: some square kernel of the matrix gives a solution.

    An independent method in exact arithmetic: it tries all square sub-matrices.
    """
    rows, columns = len(matrix), len(matrix[0])
    for size in range(1, min(rows, columns) + 1):
        for chosen_rows in combinations(range(rows), size):
            for chosen_columns in combinations(range(columns), size):
                sub = [[Fraction(matrix[i][j]) for j in chosen_columns] for i in chosen_rows]
                p = equalizer([list(column) for column in zip(*sub, strict=True)])
                q = equalizer(sub)
                if p is None or q is None:
                    continue
                low = min(
                    sum(x * matrix[i][j] for x, i in zip(p, chosen_rows, strict=True))
                    for j in range(columns)
                )
                high = max(
                    sum(y * matrix[i][j] for y, j in zip(q, chosen_columns, strict=True))
                    for i in range(rows)
                )
                if low == high:
                    return Fraction(low)
    raise AssertionError("every matrix game has a value")


def equalizer(matrix: list[list[Fraction]]) -> list[Fraction] | None:
    """Return the mixture of columns that makes all rows' payoffs equal, if there is just one."""
    size = len(matrix)
    system = [[*row, Fraction(-1), Fraction(0)] for row in matrix]
    system.append([*[Fraction(1)] * size, Fraction(0), Fraction(1)])
    for c in range(size + 1):
        pivot = next((r for r in range(c, size + 1) if system[r][c] != 0), None)
        if pivot is None:
            return None
        system[c], system[pivot] = system[pivot], system[c]
        system[c] = [x / system[c][c] for x in system[c]]
        for r in range(size + 1):
            if r != c:
                system[r] = [
                    x - system[r][c] * y for x, y in zip(system[r], system[c], strict=True)
                ]
    weights = [system[k][-1] for k in range(size)]
    return weights if all(w >= 0 for w in weights) else None


@pytest.mark.parametrize(
    ("payoff", "value", "row", "column"),
    [
        ([[0, -1, 1], [1, 0, -1], [-1, 1, 0]], 0.0, [1 / 3] * 3, [1 / 3] * 3),
        # Scissors on paper pay double: the weight of each is what the other two's duel pays.
        ([[0, -1, 1], [1, 0, -2], [-1, 2, 0]], 0.0, [0.5, 0.25, 0.25], [0.5, 0.25, 0.25]),
        ([[3, -1], [-2, 4]], 1.0, [0.6, 0.4], [0.5, 0.5]),
        ([[1, 2], [3, 4]], 3.0, [0, 1], [1, 0]),
        ([[5]], 5.0, [1], [1]),
        ([[2, 1, 7]], 1.0, [1], [0, 1, 0]),
        ([[2], [1], [7]], 7.0, [0, 0, 1], [1]),
    ],
)
def test_known_games(
    payoff: list[list[float]], value: float, row: list[float], column: list[float]
) -> None:
    found = solve(payoff)
    assert found.value == pytest.approx(value, abs=1e-12)
    assert found.row == pytest.approx(row, abs=1e-12)
    assert found.column == pytest.approx(column, abs=1e-12)


def test_constant_game_has_uniform_strategies() -> None:
    found = solve([[0.25] * 3] * 2)
    assert found.value == 0.25
    assert found.row == pytest.approx([0.5, 0.5])
    assert found.column == pytest.approx([1 / 3] * 3)


def test_random_games_certify_themselves() -> None:
    random = np.random.default_rng(1)
    for _ in range(400):
        rows, columns = random.integers(1, 17, size=2)
        kind = random.integers(4)
        matrix = random.normal(size=(rows, columns))
        if kind == 1:  # many ties: the degenerate case
            matrix = random.integers(-1, 2, size=(rows, columns)).astype(float)
        elif kind == 2:  # nearly equal rows
            matrix = matrix[:1] + 1e-6 * random.normal(size=(rows, columns))
        elif kind == 3:  # large payoffs with an offset
            matrix = 1e6 * matrix + 3e6
        found = solve(matrix)
        spread = max(np.ptp(matrix), 1e-300)
        for strategy in (found.row, found.column):
            assert (strategy >= 0).all()
            assert strategy.sum() == pytest.approx(1.0, abs=1e-12)
        guaranteed = (found.row @ matrix).min()
        conceded = (matrix @ found.column).max()
        assert (conceded - guaranteed) / spread < 1e-9
        assert guaranteed - 1e-9 * spread <= found.value <= conceded + 1e-9 * spread


def test_small_integer_games_against_exact_arithmetic() -> None:
    random = np.random.default_rng(2)
    for _ in range(60):
        rows, columns = random.integers(1, 5, size=2)
        matrix = random.integers(-3, 4, size=(rows, columns))
        assert solve(matrix).value == pytest.approx(float(exact_value(matrix.tolist())), abs=1e-9)


@pytest.mark.parametrize("bad", [[], [[]], [1.0, 2.0], [[float("nan")]], [[float("inf"), 0.0]]])
def test_what_is_no_matrix_game_is_refused(bad: list[object]) -> None:
    with pytest.raises(MatrixGameError):
        solve(bad)
