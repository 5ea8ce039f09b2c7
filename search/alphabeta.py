"""Iterative-deepening alpha-beta for turn-based games without chance, over compiled rules.

The search answers at any time: it deepens ply by ply until the position is solved, the depth,
node or time limit is reached, and always has the best action of the last depths in hand.  With
limits of depth or nodes alone the result is deterministic.

A guide's *propose* advice orders the actions at the root and decides between actions of exactly
equal value.  It never removes an action, and never changes a value.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plywise.engine.kernels import NO_ACTION, TERMINAL, RulesKernels
from plywise.search import negamax
from plywise.search.decision import Decision
from plywise.search.guide import Consultation, Question

DEEPEST = 250
"""Largest ``max_depth``."""

_PLY_STEP = 1e-4  # how much a final result loses in a reported value for each ply it is away
_ESTIMATE_SHARE = 0.95  # a reported estimate counts at most this: any certain result lies beyond
_SLICE_SECONDS = 0.004


class NotTurnBasedError(ValueError):
    """The position is none that alpha-beta can search."""


_FAILURES = {
    negamax.NOT_TURN_BASED: "alpha-beta searches games in which one player moves at a time; "
    "this one has simultaneous or chance moves",
    negamax.NO_LEGAL_ACTION: "the rules say that a player is to move and give no legal action",
    negamax.TOO_DEEP: "the search stack is too short for its depth",
}


@dataclass
class _Root:
    """What is known about the actions of the position to decide, scores for its player."""

    order: list[int]
    prior: dict[int, float]
    scores: dict[int, int] = field(default_factory=dict)
    bounds: set[int] = field(default_factory=set)  # actions whose score is an upper bound
    solved: dict[int, bool] = field(default_factory=dict)
    advice: int = 0
    ignored: int = 0

    def ranked(self) -> list[int]:
        """Return all actions, best score first; the prior, then the static order break ties."""
        return sorted(
            self.order,
            key=lambda a: (-self.scores.get(a, -negamax.INFINITE), -self.prior[a]),
        )

    def best(self) -> int:
        """Return the best action; a score that is only a bound never beats an equal real one."""
        return max(self.ranked(), key=lambda a: (self.scores[a], a not in self.bounds))


class AlphaBeta:
    """A search with its own table and stack; not to be shared between threads.

    Args:
        kernels: compiled rules.  The bytes of a state without its field ``rng`` tell positions
            apart, so everything that matters for the rest of the game has to stand in them.
        max_depth: plies to look ahead (1 … 250; None: to the end of the game, at most 250).
        seconds: time limit of a decision; None: no limit.  With a limit, a forced action is
            returned at once, its value searched one ply deep.
        max_nodes: positions to visit; None: no limit.
        table_bits: the transposition table has 2**table_bits entries of 16 bytes.
        all_values: search every root action with a full window, so that each value reported is a
            real one and no upper bound; costs several times as much.

    Raises:
        ValueError: a limit or the state's dtype is not usable; no limit was given at all.
    """

    def __init__(
        self,
        kernels: RulesKernels,
        max_depth: int | None = None,
        seconds: float | None = None,
        max_nodes: int | None = None,
        table_bits: int = 20,
        all_values: bool = False,
    ) -> None:
        if max_depth is None and seconds is None and max_nodes is None:
            raise ValueError("alpha-beta needs a limit: max_depth, seconds or max_nodes")
        if max_depth is not None and not 1 <= max_depth <= DEEPEST:
            raise ValueError(f"max_depth is {max_depth}, it must be 1 … {DEEPEST}")
        if seconds is not None and not seconds > 0:
            raise ValueError(f"seconds is {seconds}, it must be more than 0")
        if max_nodes is not None and max_nodes < 1:
            raise ValueError(f"max_nodes is {max_nodes}, it must be at least 1")
        if not 1 <= table_bits <= 30:
            raise ValueError(f"table_bits is {table_bits}, it must be 1 … 30")
        if kernels.num_actions > 2**15:
            raise ValueError(f"alpha-beta takes 32768 actions at most, not {kernels.num_actions}")
        dtype = kernels.dtype
        rng_type, rng_at = dict(dtype.fields or {})["rng"][:2]
        if dtype.itemsize % 8 or rng_at % 8 or rng_type != np.uint64:
            raise ValueError(
                f"a state of {dtype.itemsize} bytes with `rng` at {rng_at} cannot be hashed: "
                "make both multiples of 8 (add a spare field)"
            )
        self.kernels = kernels
        self.max_depth = DEEPEST if max_depth is None else max_depth
        self.seconds = seconds
        self.max_nodes = max_nodes
        self.all_values = all_values
        self._run = negamax.runner(dtype)
        self._rules = (
            kernels.step,
            kernels.legal,
            kernels.current,
            kernels.returns,
            kernels.evaluate,
        )
        size = self.max_depth + 1
        self._pool: NDArray[Any] = np.zeros(size, dtype)
        self._words = self._pool.view(np.uint64)
        self._rng_word = rng_at // 8
        self._frames = np.zeros(size, negamax.FRAME)
        self._actions = np.zeros((size, kernels.num_actions), np.int32)
        self._ranks = np.zeros((size, kernels.num_actions), np.int32)
        self._table = np.zeros(1 << table_bits, negamax.SLOT)
        self._history = np.zeros((2, kernels.num_actions), np.int32)
        self._killers = np.zeros((size, 2), np.int32)
        self._control = np.zeros(1, negamax.CONTROL)
        self._answers = np.zeros(kernels.num_actions, negamax.ANSWER)
        self._slice = 4096

    def decide(
        self,
        pool_state: NDArray[Any],
        player: int,
        consultation: Consultation | None = None,
    ) -> Decision:
        """Return the best action for ``player`` in the one-element pool ``pool_state``.

        A win is taken as soon as possible and a loss put off as long as possible.  Values are
        results in [-1, 1] for ``player``: a certain one loses 0.0001 for each ply that it is away,
        an estimate is scaled to ±0.95.  The consultation is polled, not closed: who opened it
        closes it.

        ``notes``: ``solved`` (the value is exact), ``plies_to_end`` (of a certain win or loss, else
        None), ``upper_bounds`` (actions of which only an upper bound is reported), ``ties``
        (actions exactly as good as the chosen one), ``advice_used`` and ``advice_ignored``.

        Raises:
            NotTurnBasedError: it is not ``player``'s turn, or the game is not turn-based.
        """
        start = time.perf_counter()
        deadline = None if self.seconds is None else start + self.seconds
        mover = int(self.kernels.current(pool_state, 0))
        if mover != player:
            raise NotTurnBasedError(
                f"player {player} has nothing to decide here (current player {mover})"
            )
        with np.errstate(over="ignore"):  # hashes wrap around; only seen with NUMBA_DISABLE_JIT
            self._clear()
            root = self._open(pool_state, player)
            depth = self._deepen(pool_state, player, root, deadline, consultation)
            return self._report(pool_state, player, root, depth, start)

    def _clear(self) -> None:
        """Forget earlier decisions, so that a result depends on the position alone."""
        go = self._control[0]
        go.search = int(go.search) % negamax.SEARCHES + 1
        if go.search == 1:  # entries with this number may be there, of 31 searches ago
            self._table.view(np.uint8).fill(0)
        self._history.fill(0)
        self._killers.fill(NO_ACTION)
        go.nodes = 0

    def _open(self, pool_state: NDArray[Any], player: int) -> _Root:
        """Return the root with its actions in static order: by the estimate after each."""
        count = int(self.kernels.legal(pool_state, 0, player, self._actions[0]))
        if count == 0:
            raise NotTurnBasedError(_FAILURES[negamax.NO_LEGAL_ACTION])
        actions = [int(a) for a in self._actions[0, :count]]
        sign = 1.0 if player == 0 else -1.0
        static: dict[int, float] = {}
        for action in actions:
            self._pool[0] = pool_state[0]
            self._step(0, player, action)
            ended = int(self.kernels.current(self._pool, 0)) == TERMINAL
            estimate = self.kernels.returns if ended else self.kernels.evaluate
            static[action] = sign * float(estimate(self._pool, 0))
        order = sorted(actions, key=lambda a: -static[a])
        for rank, action in enumerate(reversed(order)):
            self._history[:, action] = rank  # the best guess for other positions, too
        return _Root(order, dict.fromkeys(actions, 0.0))

    def _step(self, i: int, player: int, action: int) -> None:
        a0, a1 = (action, NO_ACTION) if player == 0 else (NO_ACTION, action)
        self.kernels.step(self._pool, i, a0, a1)

    def _listen(self, root: _Root, consultation: Consultation | None) -> None:
        """Take in what a guide has said since the last slice."""
        for advice in consultation.poll() if consultation is not None else ():
            if advice.question is Question.PROPOSE and advice.trust > 0:
                root.advice += 1
                for action, weight in advice.weights.items():
                    if action in root.prior:
                        root.prior[action] += advice.trust * weight
            else:
                root.ignored += 1

    def _deepen(
        self,
        pool_state: NDArray[Any],
        player: int,
        root: _Root,
        deadline: float | None,
        consultation: Consultation | None,
    ) -> int:
        """Search deeper and deeper; return the last depth that was completed."""
        completed = 0
        self._listen(root, consultation)
        # A forced action needs none of the clock's time: one ply says something about its value.
        forced = len(root.order) == 1 and deadline is not None and not self.all_values
        limit = 1 if forced else self.max_depth
        for depth in range(1, limit + 1):
            self._begin(pool_state, player, root.ranked(), depth)
            while self._slice_once() == negamax.PAUSED:
                self._listen(root, consultation)
                if completed and self._out_of_budget(deadline):
                    self._take_over(root, depth)
                    return completed
            self._take_over(root, depth)
            completed = depth
            certain = root.scores[root.best()] >= negamax.UNIT * negamax.PLIES - depth
            if all(root.solved.values()) or (certain and not self.all_values):
                break  # nothing can change any more
            if self._out_of_budget(deadline):
                break
        self._listen(root, consultation)
        return completed

    def _out_of_budget(self, deadline: float | None) -> bool:
        nodes = int(self._control[0].nodes)
        if self.max_nodes is not None and nodes >= self.max_nodes:
            return True
        return deadline is not None and time.perf_counter() >= deadline

    def _begin(self, pool_state: NDArray[Any], player: int, order: list[int], depth: int) -> None:
        """Make the core ready to search the root's actions in ``order`` to ``depth``."""
        self._pool[0] = pool_state[0]
        self._actions[0, : len(order)] = order
        self._answers["depth"] = 0
        first, go = self._frames[0], self._control[0]
        first.player, first.depth, first.count = player, depth, len(order)
        go.top, go.entering, go.all_values = 0, 1, self.all_values

    def _take_over(self, root: _Root, depth: int) -> None:
        """Let the scores of a newer depth replace the older ones.

        Of a depth that was cut short the searched actions count, of which the first is the best one
        so far; those that were not reached are put behind them.
        """
        fresh = [a for a in root.order if self._answers[a].depth == depth]
        if not fresh:
            return
        floor = min(int(self._answers[a].score) for a in fresh)
        for action in root.order:
            answer = self._answers[action]
            root.bounds.discard(action)
            if action in fresh:
                root.scores[action] = int(answer.score)
                root.solved[action] = bool(answer.solved)
                if answer.is_bound:
                    root.bounds.add(action)
            else:
                root.scores[action] = min(root.scores[action], floor)
                root.solved[action] = False
                root.bounds.add(action)

    def _slice_once(self) -> int:
        """Run the core for about _SLICE_SECONDS; return DONE or PAUSED."""
        budget = self._slice
        nodes = int(self._control[0].nodes)
        if self.max_nodes is not None and nodes < self.max_nodes:
            budget = min(budget, self.max_nodes - nodes)
        begin = time.perf_counter()
        status = int(
            self._run(
                self._pool,
                self._words,
                self._rng_word,
                self._frames,
                self._actions,
                self._ranks,
                self._table,
                self._history,
                self._killers,
                self._control,
                self._answers,
                budget,
                *self._rules,
            )
        )
        took = time.perf_counter() - begin
        if status == negamax.PAUSED and budget == self._slice:
            wanted = int(budget * min(max(_SLICE_SECONDS / max(took, 1e-9), 0.5), 2.0))
            self._slice = min(max(wanted, 256), 1 << 20)
        if status not in (negamax.DONE, negamax.PAUSED):
            raise NotTurnBasedError(_FAILURES[status])
        return status

    def _report(
        self, pool_state: NDArray[Any], player: int, root: _Root, depth: int, start: float
    ) -> Decision:
        action = root.best()
        score = root.scores[action]
        ties = [
            a for a in root.order if root.scores[a] == score and a not in root.bounds | {action}
        ]
        certain = score & (negamax.PLIES - 1) != 0
        solved = all(root.solved.values()) or score >= negamax.UNIT * negamax.PLIES - depth
        return Decision(
            action=action,
            strategy={a: float(a == action) for a in sorted(root.order)},
            values={a: reported_value(root.scores[a]) for a in sorted(root.order)},
            value=reported_value(score),
            principal_variation=self._line(pool_state, player, action),
            iterations=int(self._control[0].nodes),
            depth=depth,
            seconds=time.perf_counter() - start,
            notes={
                "solved": solved,
                "plies_to_end": plies_to_end(score) if certain else None,
                "upper_bounds": sorted(root.bounds),
                "ties": sorted(ties),
                "advice_used": root.advice,
                "advice_ignored": root.ignored,
            },
        )

    def _line(self, pool_state: NDArray[Any], player: int, action: int) -> list[int]:
        """Return the expected line: the action and what the table holds after it."""
        line: list[int] = []
        width = self._pool.dtype.itemsize // 8
        legal = np.zeros(self.kernels.num_actions, np.int32)
        self._pool[0] = pool_state[0]
        while len(line) < self.max_depth:
            line.append(action)
            self._step(0, player, action)
            player = int(self.kernels.current(self._pool, 0))
            if player == TERMINAL:
                break
            action = int(
                negamax.expected_action(
                    self._table, self._words, width, self._rng_word, int(self._control[0].search)
                )
            )
            count = int(self.kernels.legal(self._pool, 0, player, legal))
            if action not in legal[:count]:
                break  # not in the table (or, very rarely, another position's entry)
        return line


def plies_to_end(score: int) -> int:
    """Return how far away the final result of a score is that is not an estimate."""
    low = abs(score) & (negamax.PLIES - 1)
    return (negamax.PLIES - low) % negamax.PLIES


def reported_value(score: int) -> float:
    """Return a score as a result in [-1, 1]; see :meth:`AlphaBeta.decide`."""
    if score & (negamax.PLIES - 1) == 0:
        return _ESTIMATE_SHARE * score / (negamax.UNIT * negamax.PLIES)
    plies = plies_to_end(score)
    sign = 1 if score > 0 else -1
    result = (abs(score) + plies) / (negamax.UNIT * negamax.PLIES)
    return sign * (result - _PLY_STEP * plies)


def describe_value(value: float, solved: bool = False) -> str:
    """Return a value that :meth:`AlphaBeta.decide` reported in words, for people.

    ``solved`` says that the position was searched to the end, so that 0 is a certain draw.
    """
    if abs(value) > _ESTIMATE_SHARE:
        plies = round((1 - abs(value)) / _PLY_STEP)
        return f"{'wins' if value > 0 else 'loses'} in {plies} {'ply' if plies == 1 else 'plies'}"
    if solved and value == 0:
        return "draw"
    return f"{value:+.2f}"
