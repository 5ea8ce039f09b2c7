"""Exact solver of Connect Four, from any position.

The *score* of a position, for the player to move: 0 is a draw; a win counts ``k`` when it comes
with the winner's ``k``-th last free stone, a loss the negative.  On 6×7 that is 22 minus the number
of stones that the winner will have played.
"""

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plywise.engine.boards.connect_four import check_size
from plywise.engine.boards.connect_four_solver_search import (
    CONTROL,
    FRAME_WORDS,
    LEAST_TABLE_BITS,
    NEAR_BITS,
    STACK_ITEM,
    answer,
)
from plywise.engine.compile.jit import prepare

_SLICE_NODES = 1 << 18  # between looks at Ctrl-C: some 50 ms


class PositionError(ValueError):
    """A sequence of moves that leads to no position with something to decide."""


class _TimeOverError(Exception):
    """The time for a question is over."""


@dataclass(frozen=True)
class ConnectFourPosition:
    """A position to solve: ``own`` stones of the player to move, and all ``taken`` squares."""

    own: int
    taken: int


@dataclass(frozen=True)
class Solution:
    """The exact value of a position.

    Attributes:
        score: for the player to move; see the module.
        best: all columns, from 0, that keep the score; () where they were not asked for.
        nodes, seconds: what the score took; ``best_nodes``, ``best_seconds``: the columns.
    """

    score: int
    best: tuple[int, ...]
    nodes: int
    seconds: float
    best_nodes: int = 0
    best_seconds: float = 0.0


class ConnectFourSolver:
    """Solves positions one after another, with a table that stays warm; not for two threads.

    Args:
        rows, columns: size of the board.
        table_bits: the table has ``2 ** table_bits`` entries of 8 bytes (12 … 30).

    Raises:
        ValueError: the board or the table is not possible.
    """

    def __init__(self, rows: int = 6, columns: int = 7, table_bits: int = 23) -> None:
        check_size(rows, columns)
        if not LEAST_TABLE_BITS <= table_bits <= 30:
            raise ValueError(f"table_bits is {table_bits}, it must be {LEAST_TABLE_BITS} … 30")
        prepare("the Connect Four solver", answer)
        self.rows, self.columns, self.table_bits = rows, columns, table_bits
        self._table = np.empty(1 << table_bits, np.uint64)
        self._table.fill(0)  # the system hands its pages out now, not on the first position's clock
        self._near = np.zeros(1 << NEAR_BITS, np.uint64)
        self._frames = np.zeros((rows * columns + 1, FRAME_WORDS), np.uint64)
        self._control = np.zeros(1, CONTROL)
        height = rows + 1
        self._columns = [((1 << rows) - 1) << c * height for c in range(columns)]
        self._bottom = sum(1 << c * height for c in range(columns))
        go = self._control[0]
        go.rows, go.columns = rows, columns
        go.bottom, go.board = self._bottom, sum(self._columns)
        outer_first = sorted(range(columns), key=lambda c: (-abs(2 * c - columns + 1), c))
        go.order[:columns] = [c * height for c in outer_first]

    def position(self, moves: Sequence[int]) -> ConnectFourPosition:
        """Return the position after ``moves``, columns counted from 0.

        Raises:
            PositionError: a move is not possible, or the game is over then.
        """
        own = taken = 0
        for number, column in enumerate(moves, 1):
            if not 0 <= column < self.columns:
                raise PositionError(
                    f"move {number}: there is no column {column + 1}, only 1 to {self.columns}"
                )
            stone = self._stone(taken, column)
            if stone == 0:
                raise PositionError(f"move {number}: column {column + 1} is full")
            if self._lines(own | stone):
                raise PositionError(f"move {number} wins: the game is over")
            own, taken = own ^ taken, taken | stone
        if taken == sum(self._columns):
            raise PositionError("the board is full: the game is over")
        return ConnectFourPosition(own, taken)

    def _stone(self, taken: int, column: int) -> int:
        return (taken + self._bottom) & ~taken & self._columns[column]

    def _lines(self, stones: int) -> bool:
        for shift in (1, self.rows, self.rows + 1, self.rows + 2):
            pairs = stones & stones >> shift
            if pairs & pairs >> 2 * shift:
                return True
        return False

    def solve(self, positions: Sequence[ConnectFourPosition], best: bool = True) -> list[Solution]:
        """Return the solutions of ``positions``, with the best columns if ``best``."""
        return list(self.each(positions, best))

    def each(
        self, positions: Sequence[ConnectFourPosition], best: bool = True
    ) -> Iterator[Solution]:
        """Yield the solutions one by one, as soon as they are there."""
        items = self._questions(positions)
        ready = 0
        for done in self._answers(items):
            if ready == done:
                continue
            # Asking for columns would lose the place in the stack: the questions pause meanwhile.
            paused = (self._control.copy(), self._frames.copy())
            answered = items[ready:done]
            for position, score, nodes, spent in zip(
                positions[ready:done],
                answered["low"].tolist(),
                answered["nodes"].tolist(),
                answered["nanoseconds"].tolist(),
                strict=True,
            ):
                of_columns = self._best(position, score) if best else ((), 0, 0.0)
                columns, more_nodes, more_seconds = of_columns
                yield Solution(score, columns, nodes, spent / 1e9, more_nodes, more_seconds)
            self._control[:], self._frames[:] = paused
            ready = done

    def solve_within(self, position: ConnectFourPosition, seconds: float | None) -> Solution | None:
        """Return the solution with its best columns, None if it takes longer; None: no limit.

        What the table has learned stays: the same question again takes less time.
        """
        deadline = math.inf if seconds is None else time.perf_counter() + seconds
        item = self._questions([position])
        try:
            for _ in self._answers(item, deadline):
                pass
            score, nodes = int(item[0]["low"]), int(item[0]["nodes"])
            best, best_nodes, best_seconds = self._best(position, score, deadline)
        except _TimeOverError:
            return None
        spent = int(item[0]["nanoseconds"]) / 1e9
        return Solution(score, best, nodes, spent, best_nodes, best_seconds)

    def _questions(self, positions: Sequence[ConnectFourPosition]) -> NDArray[Any]:
        """Return what the kernel is asked: the score of each position, whatever it may be."""
        items = np.zeros(len(positions), STACK_ITEM)
        items["own"] = [position.own for position in positions]
        items["taken"] = [position.taken for position in positions]
        most = (self.rows * self.columns + 1) // 2
        items["low"], items["high"] = -most, most
        return items

    def _answers(self, items: NDArray[Any], deadline: float = math.inf) -> Iterator[int]:
        """Run the kernel in slices; yield how many questions are answered after each.

        Raises:
            _TimeOverError: the deadline (of ``time.perf_counter``) passed before the last answer.
        """
        go = self._control[0]
        go.at, go.top = 0, -1
        done = 0
        with np.errstate(over="ignore"):  # hashes wrap around; only seen with NUMBA_DISABLE_JIT
            while done < len(items):
                done = answer(
                    self._table,
                    self._near,
                    self._frames,
                    self._control,
                    items,
                    self.table_bits,
                    _SLICE_NODES,
                )
                if done < len(items) and time.perf_counter() > deadline:
                    raise _TimeOverError
                yield done

    def _best(
        self, position: ConnectFourPosition, score: int, deadline: float = math.inf
    ) -> tuple[tuple[int, ...], int, float]:
        """Return the columns that keep ``score``, and the nodes and seconds that it took.

        After a column that keeps it the opponent reaches ``-score`` and no more.
        """
        columns, won = [], []
        for column in range(self.columns):
            stone = self._stone(position.taken, column)
            if stone and self._lines(position.own | stone):
                won.append(column)
            elif stone:
                columns.append((column, stone))
        if won:
            return tuple(won), 0, 0.0
        items = np.zeros(len(columns), STACK_ITEM)
        for item, (_, stone) in zip(items, columns, strict=True):
            item["own"] = position.own ^ position.taken
            item["taken"] = position.taken | stone
            item["low"], item["high"] = -score, 1 - score
        for _ in self._answers(items, deadline):
            pass
        kept = tuple(
            c for (c, _), item in zip(columns, items, strict=True) if item["low"] == -score
        )
        return kept, int(items["nodes"].sum()), float(items["nanoseconds"].sum()) / 1e9
