"""``plywise solve GAME FILE``: the exact value of positions, one a line.

A line is a position as the moves played, optionally followed by its known score: ``44455554 2``.
Connect Four's moves are columns 1 … 9, tic-tac-toe's squares 1 … 9 (1 is the top left, 3 the top
right).  ``-`` is the empty board.  Empty lines, and lines that begin with ``#``, are left out.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from plywise.arena.output.screen import TextConsole, text_line
from plywise.conf.schemas.commands import SolveConfig
from plywise.datasets.errors import PlywiseError
from plywise.datasets.files import read_text, reading

_SHOWN_FAULTS = 5
EMPTY_BOARD = "-"


class PositionFileError(PlywiseError):
    """A file of positions that cannot be read, or a line in it that is no position."""


@dataclass(frozen=True)
class Line:
    """A position of the file: moves counted from 0, and its score there, if it has one."""

    text: str
    moves: tuple[int, ...]
    expected: int | None


@dataclass(frozen=True)
class SolvedLine:
    """The score of a position, the moves (from 0) that keep it, and the effort."""

    score: int
    best: tuple[int, ...]
    nodes: int
    seconds: float


Solver = tuple[Callable[[Sequence[int]], Any], Callable[[Sequence[Any]], Iterator[SolvedLine]]]
"""Makes a position of moves (ValueError where there is none), and solves many."""


def run_solve(config: SolveConfig, folder: Path, console: Console | None = None) -> int:
    """Print a line for each position and the totals as JSON; 1 where a given score is wrong.

    Raises:
        PositionFileError: the file cannot be read, or a line in it is no position.
    """
    console = console or TextConsole()
    make, solve = _SOLVERS[config.what](config)
    lines = read_lines(Path(config.file))
    positions = _positions(Path(config.file), lines, make)
    correct = wrong = nodes = 0
    seconds = 0.0
    for (_, line), answer in zip(lines, solve(positions), strict=True):
        best = "".join(str(move + 1) for move in answer.best) or EMPTY_BOARD
        shown = f"{line.text} {answer.score} {best} {answer.nodes} {answer.seconds * 1e6:.1f}"
        if line.expected is not None and line.expected != answer.score:
            wrong += 1
            shown += f" WRONG: the file says {line.expected}"
        elif line.expected is not None:
            correct += 1
        nodes += answer.nodes
        seconds += answer.seconds
        _print(console, shown)
    totals = {"positions": len(lines), "correct": correct, "nodes": nodes, "seconds": seconds}
    _print(console, json.dumps(totals))
    return 1 if wrong else 0


def _print(console: Console, line: str) -> None:
    console.print(text_line(line), soft_wrap=True)


def read_lines(path: Path) -> list[tuple[int, Line]]:
    """Return the positions of a file with their line numbers.

    Raises:
        PositionFileError: it cannot be read, has no position, or a line is none.
    """
    with reading(path, PositionFileError, "file of positions"):
        text = read_text(path)
    found: list[tuple[int, Line]] = []
    faults: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            found.append((number, _line(line)))
        except ValueError as error:
            faults.append(f"line {number}: {error}")
    _refuse(path, faults)
    if not found:
        raise PositionFileError(f"{path} holds no position")
    return found


def _line(text: str) -> Line:
    words = text.split()
    if len(words) > 2:
        raise ValueError(f"{len(words)} words; a position and its score are two at most")
    moves = "" if words[0] == EMPTY_BOARD else words[0]
    for at, move in enumerate(moves, 1):
        if move not in "123456789":
            raise ValueError(f"move {at} is {move!r}, not a digit 1 … 9")
    expected = None
    if len(words) == 2:
        try:
            expected = int(words[1])
        except ValueError:
            raise ValueError(f"the score {words[1]!r} is no whole number") from None
    return Line(words[0], tuple(int(move) - 1 for move in moves), expected)


def _positions(
    path: Path, lines: Sequence[tuple[int, Line]], make: Callable[[Sequence[int]], Any]
) -> list[Any]:
    positions: list[Any] = []
    faults: list[str] = []
    for number, line in lines:
        try:
            positions.append(make(line.moves))
        except ValueError as error:
            faults.append(f"line {number}: {error}")
    _refuse(path, faults)
    return positions


def _refuse(path: Path, faults: Sequence[str]) -> None:
    if faults:
        more = len(faults) - _SHOWN_FAULTS
        shown = "; ".join(faults[:_SHOWN_FAULTS]) + (f"; and {more} more" if more > 0 else "")
        raise PositionFileError(f"{path}, {shown}")


def _connect_four(config: SolveConfig) -> Solver:
    from plywise.engine.boards.connect_four_solver import ConnectFourSolver

    solver = ConnectFourSolver(config.rows, config.columns, config.table_bits)

    def solve(positions: Sequence[Any]) -> Iterator[SolvedLine]:
        for found in solver.each(positions, best=config.best):
            yield SolvedLine(found.score, found.best, found.nodes, found.seconds)

    return solver.position, solve


def _tic_tac_toe(config: SolveConfig) -> Solver:
    from plywise.engine.boards import tic_tac_toe_solver as solver

    def solve(positions: Sequence[Any]) -> Iterator[SolvedLine]:
        for position in positions:
            start = time.perf_counter()
            before = solver.score.cache_info().currsize
            score = solver.score(position)
            seconds = time.perf_counter() - start
            nodes = solver.score.cache_info().currsize - before
            best = solver.best_squares(position) if config.best else ()
            yield SolvedLine(score, best, nodes, seconds)

    return solver.position, solve


_SOLVERS: dict[str, Callable[[SolveConfig], Solver]] = {
    "connect_four": _connect_four,
    "tic_tac_toe": _tic_tac_toe,
}
