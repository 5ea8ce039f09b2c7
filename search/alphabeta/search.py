"""Iterative-deepening alpha-beta for turn-based games without chance, over compiled rules.

An anytime search: it deepens ply by ply until the position is solved or the depth, node or time
limit is reached, and keeps the best action of the last depths.  With limits of depth or nodes alone
the result is deterministic.

Guides (``guide/protocol.py`` describes the effect of their answers) shape the order of the search,
blend into estimates and decide between equals.  They never remove an action and never change a
proved result: a proved win is always played, and no proved loss where another action was searched.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plywise.engine.kernels import NO_ACTION, TERMINAL, RulesKernels
from plywise.search.alphabeta import kernel as negamax
from plywise.search.alphabeta.config import DEEPEST, AlphaBetaConfig
from plywise.search.alphabeta.root import Root
from plywise.search.decision import Decision
from plywise.search.guide.polling import POLL_SECONDS, GuidePoller
from plywise.search.guide.protocol import Consultation, Uncertainty
from plywise.search.guide.when_to_ask import FIRST_CHECK, CheckSchedule

_PLY_STEP = 1e-4  # reduction of a final result in a reported value for each ply to it
_ESTIMATE_SHARE = 0.95  # largest reported estimate: any certain result lies beyond
_SLICE_SECONDS = 0.004
_SHORTEST_SLICE = 256  # nodes
_RESERVE_SECONDS, _RESERVE_SHARE = 0.002, 0.2  # time kept for reading the result, at most
_REPLY_NODES = 100_000  # budget for the replies to all equally good actions
_REPLY_SHARE = 0.1  # largest fraction of ``iterations`` for them; of the seconds, half of that


class NotTurnBasedError(ValueError):
    """Alpha-beta cannot search the position: it is not a turn-based one of the player."""


_FAILURES = {
    negamax.NOT_TURN_BASED: "alpha-beta searches games in which one player moves at a time; "
    "this one has simultaneous or chance moves",
    negamax.NO_LEGAL_ACTION: "the rules say that a player is to move and give no legal action",
    negamax.TOO_DEEP: "the search stack is too short for its depth",
}


class AlphaBeta:
    """An alpha-beta search with its own table and stack, for one thread.

    Args:
        kernels: compiled rules.  The bytes of a state without its field ``rng`` tell positions
            apart, so everything that matters for the rest of the game has to stand in them.
        config: settings; with ``seconds`` a forced action is returned at once, its value searched
            one ply deep.

    Raises:
        ValueError: the state's dtype or the number of actions is not usable.
    """

    def __init__(self, kernels: RulesKernels, config: AlphaBetaConfig) -> None:
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
        self.config = config
        self.max_depth = DEEPEST if config.max_depth is None else config.max_depth
        self._run = negamax.runner(dtype)
        self._rules = (
            kernels.step,
            kernels.legal,
            kernels.current,
            kernels.returns,
            kernels.evaluate,
        )
        size = self.max_depth + 1
        pool: NDArray[Any] = np.zeros(size, dtype)
        self._rng_word = rng_at // 8
        self._stack = negamax.StackArrays(
            pool=pool,
            words=pool.view(np.uint64),
            frames=np.zeros(size, negamax.FRAME),
            actions=np.zeros((size, kernels.num_actions), np.int32),
            ranks=np.zeros((size, kernels.num_actions), np.int32),
            table=np.zeros(1 << config.table_bits, negamax.SLOT),
            history=np.zeros((2, kernels.num_actions), np.int32),
            killers=np.zeros((size, 2), np.int32),
            control=np.zeros(1, negamax.CONTROL),
            answers=np.zeros(kernels.num_actions, negamax.ANSWER),
        )
        self._wipe()  # touches the memory now, not on the clock of a decision
        self._slice = 4096

    def decide(
        self, pool_state: NDArray[Any], player: int, consultation: Consultation | None = None
    ) -> Decision:
        """Return the best action for ``player`` in the one-element pool ``pool_state``.

        A win is taken as soon as possible and a loss put off as long as possible.  Values are
        results in [-1, 1] for ``player``: a certain one is reduced by 0.0001 for each ply to it, an
        estimate is scaled to ±0.95 and blended with the guides' values.

        The consultation is polled and left open for the caller to close.  While an answer could
        still change the decision the search waits for it: with a time limit at the end, until the
        time is over; without one between plies alone, until the guide is finished (so that with
        limits of depth or nodes the same answers give the same decision, whatever their timing).

        ``notes``: ``solved`` (the value is exact), ``plies_to_end`` (of a certain win or loss, else
        None), ``upper_bounds`` (actions with only an upper bound reported), ``ties`` (actions
        exactly as good as the chosen one), ``advice_used`` (``question:source`` of each answer
        used) and ``advice_ignored`` (number of answers without use).  With guides: ``searched``
        (values without advice) where values were blended in, ``priors_advised`` where actions were
        proposed, ``before_advice`` (the preferred action before the first answer; None where that
        was there from the start), ``gains`` (the expected loss of the opponent's reply, of equals)
        where replies were predicted, ``guide_error`` where asking failed.

        Raises:
            NotTurnBasedError: it is not ``player``'s turn, or the game is not turn-based.
        """
        start = time.perf_counter()
        deadline = None
        if self.config.seconds is not None:
            reserve = min(_RESERVE_SECONDS, _RESERVE_SHARE * self.config.seconds)
            deadline = start + self.config.seconds - reserve
        mover = int(self.kernels.current(pool_state, 0))
        if mover != player:
            raise NotTurnBasedError(
                f"player {player} has nothing to decide here (current player {mover})"
            )
        with np.errstate(over="ignore"):  # hashes wrap around; only seen with NUMBA_DISABLE_JIT
            self._clear()
            root = self._open(pool_state, player, consultation is not None)
            poller = _RootPoller(consultation, root, start, deadline, self._reply_seconds)
            depth = self._deepen(pool_state, player, root, deadline, poller)
            self._expect_replies(pool_state, player, root, deadline)
            notes: dict[str, Any] = {}
            if root.used:
                notes["before_advice"] = poller.before
            if poller.error:
                notes["guide_error"] = poller.error
            return self._report(pool_state, player, root, depth, start, notes)

    def _clear(self) -> None:
        """Forget earlier decisions, so that a result depends on the position alone."""
        go = self._stack.control[0]
        go.search = int(go.search) % negamax.SEARCHES + 1
        if go.search == 1:  # the table may hold entries with this number, of 31 searches ago
            self._wipe()
        self._stack.history.fill(0)
        self._stack.killers.fill(NO_ACTION)
        go.nodes = 0

    def _wipe(self) -> None:
        self._stack.table.view(np.uint8).fill(0)

    def _open(self, pool_state: NDArray[Any], player: int, advised: bool) -> Root:
        """Return the root, its actions sorted by the static evaluation after each."""
        actions = self.kernels.legal_actions(pool_state, 0, player)
        if not actions:
            raise NotTurnBasedError(_FAILURES[negamax.NO_LEGAL_ACTION])
        static: dict[int, float] = {}
        replies: set[int] = set()
        for action in actions:
            self._stack.pool[0] = pool_state[0]
            self._step(player, action)
            ended = int(self.kernels.current(self._stack.pool, 0)) == TERMINAL
            static[action] = self.kernels.worth(self._stack.pool, 0, player)
            if advised and not ended:
                replies.update(self.kernels.legal_actions(self._stack.pool, 0, 1 - player))
        order = sorted(actions, key=lambda a: -static[a])
        for rank, action in enumerate(reversed(order)):
            self._stack.history[:, action] = rank  # the best guess for other positions, too
        return Root(order, replies, self.config.advice_plies)

    def _step(self, player: int, action: int) -> None:
        a0, a1 = (action, NO_ACTION) if player == 0 else (NO_ACTION, action)
        self.kernels.step(self._stack.pool, 0, a0, a1)

    def _deepen(
        self,
        pool_state: NDArray[Any],
        player: int,
        root: Root,
        deadline: float | None,
        poller: _RootPoller,
    ) -> int:
        """Run iterative deepening; return the last depth that was completed."""
        completed = 0
        timed = deadline is not None
        if timed:
            poller.poll()
        # A forced action is returned at once: one ply gives an estimate of its value.
        forced = len(root.order) == 1 and deadline is not None and not self.config.all_values
        limit = 1 if forced else self.max_depth
        depth = 1
        while True:
            margin = negamax.EVERY if self.config.all_values else root.margin(depth)
            self._stack.killers[1, : len(root.model)] = root.likely_replies()
            self._begin(pool_state, player, root.to_search(), depth, margin)
            while self._slice_once(deadline) == negamax.PAUSED:
                if timed:
                    poller.poll()
                if completed and self._out_of_budget(deadline, root):
                    self._take_over(root, depth)
                    return completed
            self._take_over(root, depth)
            completed = depth
            certain = root.scores[root.best()] >= negamax.UNIT * negamax.PLIES - depth
            done = all(root.solved.values()) or (certain and not self.config.all_values)
            if not timed:
                if done or depth == limit or self._first_check_due():
                    poller.report_uncertainty()
                if root.open():
                    poller.drain()
            if not done and not self._out_of_budget(deadline, root):
                if depth < limit:
                    depth += 1
                    continue
                poller.wait()
                if not self.config.all_values and root.margin(depth) > margin:
                    continue  # values arrived: actions that they may lift need a real score
            break
        poller.wait()
        return completed

    def _out_of_budget(self, deadline: float | None, root: Root) -> bool:
        nodes = int(self._stack.control[0].nodes)
        if self.config.iterations is not None and nodes >= self.config.iterations:
            return True
        kept = self._reply_seconds if root.model else 0.0
        return deadline is not None and _over(deadline - kept)

    @property
    def _reply_seconds(self) -> float:
        """Seconds kept before a deadline for the replies that a guide predicts."""
        return _REPLY_SHARE / 2 * (self.config.seconds or 0.0)

    def _first_check_due(self) -> bool:
        """Return whether enough nodes are searched to report the search's uncertainty."""
        nodes = int(self._stack.control[0].nodes)
        return self.config.iterations is not None and nodes >= FIRST_CHECK * self.config.iterations

    def _begin(
        self, pool_state: NDArray[Any], player: int, order: list[int], depth: int, margin: int
    ) -> None:
        """Prepare the stack to search the root's actions in ``order`` to ``depth``."""
        self._stack.pool[0] = pool_state[0]
        self._stack.actions[0, : len(order)] = order
        self._stack.answers["depth"] = 0
        first, go = self._stack.frames[0], self._stack.control[0]
        first.player, first.depth, first.count = player, depth, len(order)
        go.top, go.entering, go.margin = 0, 1, margin

    def _take_over(self, root: Root, depth: int) -> None:
        """Replace the scores by those of a newer depth.

        Of an interrupted depth the searched actions count, the first of which is the best one so
        far; the others are put behind them, or, where the same depth was searched again, keep their
        scores.
        """
        fresh = [a for a in root.order if self._stack.answers[a].depth == depth]
        if not fresh:
            return
        deeper, root.depth = depth > root.depth, depth
        floor = min(int(self._stack.answers[a].score) for a in fresh)
        for action in root.order:
            answer = self._stack.answers[action]
            if action not in fresh and not deeper:
                continue
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

    def _slice_once(self, deadline: float | None, last: int | None = None) -> int:
        """Run the kernel for about _SLICE_SECONDS, or to the deadline; return DONE or PAUSED.

        ``last`` is the count of nodes to stop at (by default ``iterations``).
        """
        budget = self._slice
        if deadline is not None:
            left = deadline - time.perf_counter()
            budget = max(_SHORTEST_SLICE, min(budget, int(budget * left / _SLICE_SECONDS)))
        nodes = int(self._stack.control[0].nodes)
        last = self.config.iterations if last is None else last
        if last is not None and nodes < last:
            budget = min(budget, last - nodes)
        begin = time.perf_counter()
        status = int(self._run(self._stack, self._rng_word, budget, *self._rules))
        took = time.perf_counter() - begin
        if status == negamax.PAUSED and budget == self._slice:
            wanted = int(budget * min(max(_SLICE_SECONDS / max(took, 1e-9), 0.5), 2.0))
            self._slice = min(max(wanted, _SHORTEST_SLICE), 1 << 20)
        if status not in (negamax.DONE, negamax.PAUSED):
            raise NotTurnBasedError(_FAILURES[status])
        return status

    def _expect_replies(
        self, pool_state: NDArray[Any], player: int, root: Root, deadline: float | None
    ) -> None:
        """Compute, for equally good actions, the expected loss of the opponent's predicted reply.

        The replies to each are searched with full windows, by iterative deepening, within a part of
        the budget (to the root's depth less one at most).  The gain is the mean value after the
        predicted replies above the value after the best reply, at the same depth.
        """
        tied = root.ties()
        if not root.model or len(tied) < 2 or root.won():
            return
        nodes = _REPLY_NODES
        if self.config.iterations is not None:
            nodes = min(nodes, int(self.config.iterations * _REPLY_SHARE))
        for action in tied:
            self._stack.pool[0] = pool_state[0]
            self._step(player, action)
            if int(self.kernels.current(self._stack.pool, 0)) != 1 - player:
                continue
            if _over(deadline):
                break
            child = self._stack.pool[:1].copy()
            after = self._reply_values(
                child, 1 - player, root.depth - 1, nodes // len(tied), deadline
            )
            expected = {r: root.model[r] for r in after if root.model.get(r, 0.0) > 0}
            if expected:
                mean = sum(p * after[r] for r, p in expected.items()) / sum(expected.values())
                root.gains[action] = mean - min(after.values())

    def _reply_values(
        self, child: NDArray[Any], opponent: int, depth: int, nodes: int, deadline: float | None
    ) -> dict[int, float]:
        """Return the value after each reply, for the player before; {} if the budget is too small.

        All values are from the last depth that was completed within ``nodes``.
        """
        found: dict[int, float] = {}
        order = self.kernels.legal_actions(child, 0, opponent)
        last = int(self._stack.control[0].nodes) + nodes
        for plies in range(1, max(depth, 1) + 1):
            if _over(deadline):
                break
            self._begin(child, opponent, order, plies, negamax.EVERY)
            while self._slice_once(deadline, last) == negamax.PAUSED:
                if _over(deadline) or int(self._stack.control[0].nodes) >= last:
                    return found
            found = {a: -reported_value(int(self._stack.answers[a].score)) for a in order}
            order.sort(key=lambda a: found[a])
            if all(self._stack.answers[a].solved for a in order):
                break
        return found

    def _report(
        self,
        pool_state: NDArray[Any],
        player: int,
        root: Root,
        depth: int,
        start: float,
        more_notes: Mapping[str, Any],
    ) -> Decision:
        action = root.best()
        score = root.score(action)
        certain = score & (negamax.PLIES - 1) != 0
        solved = all(root.solved.values()) or score >= negamax.UNIT * negamax.PLIES - depth
        notes: dict[str, Any] = {
            "solved": solved,
            "plies_to_end": plies_to_end(score) if certain else None,
            "upper_bounds": sorted(root.bounds),
            "ties": sorted(set(root.ties()) - {action}),
            "advice_used": tuple(root.used),
            "advice_ignored": root.ignored,
            **more_notes,
        }
        if root.prior:
            total = sum(root.prior.values())
            notes["priors_advised"] = {a: p / total for a, p in sorted(root.prior.items())}
        if root.confidence > 0:
            notes["searched"] = {a: reported_value(root.scores[a]) for a in sorted(root.order)}
        if root.gains:
            notes["gains"] = root.gains
        return Decision(
            action=action,
            strategy={a: float(a == action) for a in sorted(root.order)},
            values={a: reported_value(root.score(a)) for a in sorted(root.order)},
            value=reported_value(score),
            principal_variation=self._line(pool_state, player, action),
            iterations=int(self._stack.control[0].nodes),
            depth=depth,
            seconds=time.perf_counter() - start,
            notes=notes,
        )

    def _line(self, pool_state: NDArray[Any], player: int, action: int) -> list[int]:
        """Return the principal variation: the action and the table's best actions after it."""
        line: list[int] = []
        stack = self._stack
        width = stack.pool.dtype.itemsize // 8
        search = int(stack.control[0].search)
        stack.pool[0] = pool_state[0]
        while len(line) < self.max_depth:
            line.append(action)
            self._step(player, action)
            player = int(self.kernels.current(stack.pool, 0))
            if player == TERMINAL:
                break
            action = int(
                negamax.expected_action(stack.table, stack.words, width, self._rng_word, search)
            )
            if action not in self.kernels.legal_actions(stack.pool, 0, player):
                break  # not in the table, or, very rarely, the entry of another position
        return line


class _RootPoller(GuidePoller):
    """Polls the guide of one decision, and waits for it at the end.

    Args:
        kept: seconds before the deadline kept for the replies that the guide predicts.
    """

    def __init__(
        self,
        consultation: Consultation | None,
        root: Root,
        start: float,
        deadline: float | None,
        kept: float,
    ) -> None:
        super().__init__(consultation, root)
        self._root = root
        self._deadline = deadline
        self._kept = kept
        self._checks = CheckSchedule(start, deadline)

    def _preferred(self) -> int | None:
        return self._root.best() if self._root.scores else None

    def _uncertainty(self) -> Uncertainty:
        return self._root.uncertainty()

    def poll(self) -> int:
        """Report the uncertainty where a check is due, and apply the answers that arrived."""
        if self._root.scores and self._checks.due(time.perf_counter(), 0, None):
            self.report_uncertainty()
        return super().poll()

    def wait(self) -> None:
        """Poll until the guide is finished, while an answer can change the decision.

        Without a clock the consultation has been drained already.  Where replies were predicted,
        time is left for them.
        """
        if self._deadline is None:
            return
        self.report_uncertainty()
        self.poll()
        while self._root.open() and not self.finished:
            kept = self._kept if self._root.model else 0.0
            left = self._deadline - time.perf_counter() - kept
            if left <= 0:
                return
            time.sleep(min(POLL_SECONDS, left))
            self.poll()


def _over(deadline: float | None) -> bool:
    return deadline is not None and time.perf_counter() >= deadline


def plies_to_end(score: int) -> int:
    """Return the plies to the final result of a score that is no estimate."""
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
    """Return a value reported by :meth:`AlphaBeta.decide` in words, for people.

    In a position that is ``solved`` 0 is a certain draw.
    """
    if abs(value) > _ESTIMATE_SHARE:
        plies = round((1 - abs(value)) / _PLY_STEP)
        return f"{'wins' if value > 0 else 'loses'} in {plies} {'ply' if plies == 1 else 'plies'}"
    if solved and value == 0:
        return "draw"
    return f"{value:+.2f}"
