"""A second, plain solution of puzzles, to check the first: nothing of it is shared but the rules.

Chance is enumerated here in Python, draw by draw, through scripts that the engine replays; matrix
games are solved by trying all square subgames (Shapley and Snow, *Basic Solutions of Discrete
Games*, 1950); all pairs of actions of all positions are played.  A line whose draws are rarer than
a limit ends with the bounds [-1, 1]; the limit falls until the bounds say which actions are best.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from plywise.arena.bench.puzzles.files import BattlePuzzle
from plywise.arena.bench.puzzles.solving import EQUAL, LEAST_MARGIN, WIDTH
from plywise.engine.battle.chance import (
    CLASSES,
    CURSOR,
    ENTRY,
    HEADER,
    LENGTH,
    LOW,
    NUMERATOR,
    RANGE,
    RESULT,
    attach_script,
    detach_script,
    new_explorer,
)
from plywise.engine.battle.chance_tree import canonical_states
from plywise.engine.battle.rules import RULES
from plywise.engine.kernels import NO_ACTION, SIMULTANEOUS, TERMINAL

_MOST_DRAWS = 256
_LIMITS = (0.3, 0.1, 0.03, 0.01, 0.003, 0.001, 0.0003)
_DEEPEST = 24
_MOST_STEPS = 8_000
_MOST_PATHS = 150_000  # through the draws of all of them

_Interval = tuple[float, float]


class TooLongError(Exception):
    """A position whose enumeration takes too many steps."""


@dataclass(frozen=True)
class PlainSolution:
    """Bounds of the pairs of a puzzle by plain enumeration, ``(actions, replies)``.

    Attributes:
        low, high: for the puzzle's player.
        steps: joint actions that were enumerated.
    """

    low: NDArray[np.float64]
    high: NDArray[np.float64]
    steps: int


def check_puzzles(puzzles: Sequence[BattlePuzzle], console: Console) -> dict[str, float]:
    """Enumerate puzzles; return how many agree with their solutions, differ, or take too long."""
    counts = {"agree": 0, "differ": 0, "too_long": 0}
    for k, one in enumerate(puzzles):
        verdict = verdict_on(one)[0]
        counts[verdict] += 1
        if verdict != "agree":
            console.print(f"puzzle {k}, {one.kind}, game {one.game}: {verdict}", soft_wrap=True)
        if (k + 1) % 10 == 0:
            console.print(f"enumerated {k + 1} of {len(puzzles)}: {counts}", soft_wrap=True)
    return {f"enumerated_{name}": float(count) for name, count in counts.items()}


def verdict_on(puzzle: BattlePuzzle, most_steps: int = _MOST_STEPS) -> tuple[str, int]:
    """Return ``agree``, ``differ`` or ``too_long``, and the number of enumerated joint actions.

    They agree where the bounds of every pair overlap, the value is the same to ``WIDTH``, and the
    same actions are worth it while the others lose the margin.
    """
    solution = puzzle.solution
    plain = None
    steps = 0
    for limit in _LIMITS:
        tree = _Tree(limit, most_steps - steps)
        try:
            plain = tree.solve(puzzle)
        except TooLongError:
            return "too_long", most_steps
        steps += plain.steps
        apart = (plain.low > solution.high + 1e-9) | (plain.high < solution.low - 1e-9)
        if apart.any():
            return "differ", steps
        low, high = lower(plain.low), -lower(-plain.high.T)
        if high - low > 2 * WIDTH:
            continue
        if not low - 2 * WIDTH <= solution.value <= high + 2 * WIDTH:
            return "differ", steps
        rest = [i for i, a in enumerate(solution.actions) if a not in solution.best]
        without = -lower(-plain.high[rest].T)
        best = [i for i, a in enumerate(solution.actions) if a in solution.best]
        good = plain.low[best].min(axis=1) >= low - EQUAL - 2 * WIDTH
        if low - without >= LEAST_MARGIN - 2 * WIDTH and (solution.mixed or good.all()):
            return "agree", steps
    return "too_long", steps


class _Tree:
    """All positions below one, down to lines rarer than a limit."""

    def __init__(self, limit: float, steps: int) -> None:
        self.limit = limit
        self.left = steps
        self.steps = 0
        self.paths = 0
        self.known: dict[tuple[bytes, float, int], _Interval] = {}

    def solve(self, puzzle: BattlePuzzle) -> PlainSolution:
        solution, player = puzzle.solution, puzzle.player
        low = np.zeros((len(solution.actions), len(solution.replies)))
        high = low.copy()
        for i, a in enumerate(solution.actions):
            for j, b in enumerate(solution.replies):
                pair = (a, b) if player == 0 else (b, a)
                found = self._expected(puzzle.state, *pair, 1.0, 0)
                low[i, j], high[i, j] = found if player == 0 else (-found[1], -found[0])
        return PlainSolution(low, high, self.steps)

    def _expected(
        self, pool: NDArray[Any], a0: int, a1: int, reach: float, depth: int
    ) -> _Interval:
        self.steps += 1
        if self.steps > self.left:
            raise TooLongError
        low = high = 0.0
        found = outcomes(pool, a0, a1, _MOST_PATHS - self.paths)
        self.paths += found.paths
        for probability, after in found.pairs:
            one, other = self._value(after, reach * probability, depth + 1)
            low += probability * one
            high += probability * other
        return low, high

    def _value(self, pool: NDArray[Any], reach: float, depth: int) -> _Interval:
        who = int(RULES.current(pool, 0))
        if who == TERMINAL:
            result = float(RULES.returns(pool, 0))
            return result, result
        if reach < self.limit or depth > _DEEPEST:
            return -1.0, 1.0
        # A position met again by a rarer way was searched deeper than is asked.
        step = float(np.floor(np.log10(reach) * 4))
        key = pool.tobytes(), step, depth
        if key not in self.known:
            rows, columns = (
                RULES.legal_actions(pool, 0, p) if who in (SIMULTANEOUS, p) else [NO_ACTION]
                for p in (0, 1)
            )
            cells = [[self._expected(pool, a, b, reach, depth) for b in columns] for a in rows]
            low = np.array([[cell[0] for cell in line] for line in cells])
            high = np.array([[cell[1] for cell in line] for line in cells])
            self.known[key] = lower(low), -lower(-high.T)
        return self.known[key]


class PlainOutcomes(NamedTuple):
    """The outcomes of a step.

    Attributes:
        pairs: probability and state of each, equal ones as one.
        paths: number of ways through the draws that lead to them.
    """

    pairs: list[tuple[float, NDArray[Any]]]
    paths: int


def outcomes(pool: NDArray[Any], a0: int, a1: int, most: int = _MOST_PATHS) -> PlainOutcomes:
    """Return the outcomes of a step with their probabilities.

    Raises:
        TooLongError: there are more than ``most`` ways through its draws.
    """
    merged: dict[bytes, list[Any]] = {}
    paths = 0
    for probability, after in _paths(pool, a0, a1):
        paths += 1
        if paths > most:
            raise TooLongError
        plain = canonical_states(after)
        found = merged.setdefault(plain.tobytes(), [0.0, plain])
        found[0] += probability
    total = sum(p for p, _ in merged.values())
    if abs(total - 1.0) > 1e-9:
        raise ValueError(f"the outcomes of a step have probability {total}")
    return PlainOutcomes([(p, after) for p, after in merged.values()], paths)


def _paths(pool: NDArray[Any], a0: int, a1: int) -> Iterator[tuple[float, NDArray[Any]]]:
    """Yield every path through the draws of a step: its probability and the state after it."""
    waiting: list[list[tuple[int, int]]] = [[]]  # prescribed (result, classes) of the first draws
    while waiting:
        prescribed = waiting.pop()
        script = new_explorer(_MOST_DRAWS)
        entries = script[HEADER:].reshape(-1, ENTRY)
        script[LENGTH] = len(prescribed)
        for k, (result, classes) in enumerate(prescribed):
            entries[k, RESULT], entries[k, CLASSES] = result, classes
        after = pool.copy()
        attach_script(after[0], script)
        RULES.step(after, 0, a0, a1)
        detach_script(after[0])
        made = int(script[CURSOR])
        if made > _MOST_DRAWS:
            raise TooLongError
        probability = 1.0
        so_far: list[tuple[int, int]] = []
        for k in range(made):
            shares = _branches(entries[k])
            taken = int(entries[k, RESULT])
            classes = int(entries[k, CLASSES])
            mine = next(share for share, results in shares if taken in results)
            if k >= len(prescribed):
                for _, results in shares:
                    if taken not in results:
                        waiting.append([*so_far, (results[0], classes)])
            probability *= mine
            so_far.append((taken, classes))
        yield probability, after


def _branches(entry: NDArray[np.int64]) -> list[tuple[float, list[int]]]:
    """Return the branches of a draw: the probability and the results of each."""
    first, count = int(entry[LOW]), int(entry[RANGE])
    results = list(range(first, first + count))
    if entry[NUMERATOR] >= 0:
        happens = int(entry[NUMERATOR])
        groups = [[r for r in results if r < happens], [r for r in results if r >= happens]]
    else:
        groups = []
        for k, result in enumerate(results):
            if not groups or int(entry[CLASSES]) == 0 or int(entry[CLASSES]) >> k & 1:
                groups.append([])
            groups[-1].append(result)
    return [(len(group) / count, group) for group in groups if group]


def lower(payoff: NDArray[np.float64]) -> float:
    """Return the value of a matrix game for the player who chooses rows and maximises.

    By the kernels of Shapley and Snow: some square subgame has an optimal pair of strategies.
    """
    rows, columns = payoff.shape
    worst, best = payoff.min(axis=1).max(), payoff.max(axis=0).min()
    if best - worst <= 1e-9:
        return float(worst)
    for size in range(2, min(rows, columns) + 1):
        for chosen in combinations(range(rows), size):
            for against in combinations(range(columns), size):
                part = payoff[np.ix_(chosen, against)]
                # x part = value, sum x = 1; and the same for the columns.
                system = np.zeros((size + 1, size + 1))
                system[:size, :size] = part.T
                system[:size, size] = -1.0
                system[size, :size] = 1.0
                right = np.zeros(size + 1)
                right[size] = 1.0
                try:
                    x = np.linalg.solve(system, right)
                    system[:size, :size] = part
                    y = np.linalg.solve(system, right)
                except np.linalg.LinAlgError:
                    continue
                if (x[:size] < -1e-12).any() or (y[:size] < -1e-12).any():
                    continue
                kept = x[:size] @ payoff[list(chosen)]
                given = payoff[:, list(against)] @ y[:size]
                if kept.min() >= given.max() - 1e-9:
                    return float(kept.min())
    raise ArithmeticError("no square subgame solves a matrix game")
