"""Growing the trees of one decision: slices within the deadline, the guide polled in between."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any

from plywise.search.guide.polling import GuidePoller
from plywise.search.guide.protocol import Consultation, Uncertainty
from plywise.search.guide.when_to_ask import CheckSchedule
from plywise.search.simultaneous.config import SimultaneousConfig
from plywise.search.simultaneous.memory import RootArrays
from plywise.search.simultaneous.parallel import Forest, TreeFlags
from plywise.search.simultaneous.result import DecisionContext, most_visited, uncertainty
from plywise.search.simultaneous.tree import Tree

RESERVE_SECONDS = 0.002
"""Time of a decision kept for reading the result."""

_LONG_SLICE, _SHORT_SLICE = 0.02, 0.003  # seconds that a slice aims at: first, near the deadline
_MOST_RESERVE = 0.2  # largest fraction of a decision's time kept on a busy machine
_OVERRUN_DECAY = 0.99  # of the remembered overrun, from decision to decision
_MAX_SLICE = 1 << 15
_FIRST_SLICE = 8
_STEADY_SLICE = 256  # without a clock, where a guide advises
_PAUSE_SECONDS = 0.01  # between polls while the cores are yielded to the guide
_YIELD_SHARE = 0.8  # fraction of a decision's time after which the search takes its cores back
_MOST_IN_VAIN = 3  # decisions in a row without an answer after which no time is yielded any more


@dataclass
class Pacing:
    """Timing experience that a search keeps from decision to decision.

    Attributes:
        reserve: seconds of a decision kept for reading the result.
        overrun: largest recent overrun of a slice, in seconds; decays.
        yields_without_answer: decisions in a row in which the cores were yielded to a guide that
            did not answer.
    """

    reserve: float = RESERVE_SECONDS
    overrun: float = 0.0
    yields_without_answer: int = 0

    def next_decision(self) -> None:
        """Let the remembered overrun decay."""
        self.overrun *= _OVERRUN_DECAY

    def yield_window(
        self, config: SimultaneousConfig, deadline: float | None
    ) -> tuple[float, float]:
        """Return start and end of the time in which the cores may be yielded to a guide."""
        if deadline is None or config.yield_after is None:
            return 0.0, 0.0
        if self.yields_without_answer >= _MOST_IN_VAIN:  # until an answer arrives all the same
            return 0.0, 0.0
        now = time.perf_counter()
        return now + config.yield_after, now + _YIELD_SHARE * (deadline - now)


class TreePoller(GuidePoller):
    """Polls the guide between the slices of the first tree, for all trees.

    Other trees read the root while answers change it: each number is old or new, both are valid.

    Attributes:
        flags: flags shared with the threads of the other trees.
        checks: times at which the uncertainty is reported to a guide that waits for it.
    """

    def __init__(
        self,
        consultation: Consultation | None,
        context: DecisionContext,
        forest: Forest,
        config: SimultaneousConfig,
        pacing: Pacing,
    ) -> None:
        super().__init__(consultation, context.root)
        self.flags = TreeFlags(consultation is not None)
        self.checks = CheckSchedule(time.perf_counter(), context.deadline)
        self._context = context
        self._forest = forest
        self._config = config
        self._pacing = pacing
        self._yield_from, self._yield_until = pacing.yield_window(config, context.deadline)
        self._yielded = False

    def _preferred(self) -> int | None:
        return most_visited(self._forest, self._context.root)

    def _uncertainty(self) -> Uncertainty:
        return uncertainty(self._config, self._forest, self._context)

    def update(self, done: int = 0, limit: int | None = None) -> None:
        """Poll, and set or clear the flag that pauses all trees.

        Args:
            done: iterations of the first tree so far.
            limit: its iterations in all; None: no limit.
        """
        if self.undecided and self.checks.due(time.perf_counter(), done, limit):
            self.report_uncertainty()
            if self._context.deadline is None:
                self.drain()
        if self.poll():
            self._yield_until = 0.0
            self._pacing.yields_without_answer = 0
        due = self._yield_from < time.perf_counter() < self._yield_until
        self.flags.paused = due and not self.finished
        if self.flags.paused and not self._yielded:
            self._yielded = True
            self._pacing.yields_without_answer += 1


@dataclass
class TreeGrower:
    """Grows the trees of one decision.

    Attributes:
        run: the compiled loop.
        rules: the game's compiled rules, in the order of the loop's parameters.
    """

    run: Any
    rules: tuple[Any, ...]
    context: DecisionContext
    poller: TreePoller
    pacing: Pacing

    def grow(self, tree: Tree, limit: int | None, polls: bool) -> None:
        """Run slices on a tree until time or iterations run out.

        Args:
            tree: an empty tree.
            limit: number of iterations; None: until the deadline.
            polls: whether the guide is polled between the slices of this tree.
        """
        context, flags, pacing = self.context, self.poller.flags, self.pacing
        deadline = context.deadline
        tree.pool[: len(context.pool)] = context.pool
        done = 0
        size = _FIRST_SLICE
        planned = math.inf
        began = time.perf_counter()
        while (limit is None or done < limit) and not flags.stopped:
            if polls:
                self.poller.update(done, limit)
            if flags.paused:
                time.sleep(_PAUSE_SECONDS)
                continue
            count = size if limit is None else min(size, limit - done)
            if polls and self.poller.undecided:
                count = min(count, self.poller.checks.work_left(done, limit))
            before = time.perf_counter()
            self._slice(tree, count, done)
            done += count
            now = time.perf_counter()
            if deadline is None and flags.guided:
                # A guide's bonus is the same all through a slice: no clock may decide its length.
                size = min(2 * size, _STEADY_SLICE)
                continue
            wanted = _LONG_SLICE
            if deadline is not None:
                # On a busy machine slices overrun when they are descheduled, and so may the last:
                # the largest recent overrun is kept in reserve.
                left = deadline - now
                pacing.overrun = max(pacing.overrun, now - before - planned)
                spare = _MOST_RESERVE * (deadline - began)
                reserve = pacing.reserve + min(pacing.overrun, spare)
                if left <= reserve:
                    break
                # A call of the kernel costs a tenth of a millisecond, so slices are long while even
                # four times their length would do no harm.
                wanted = min(max(_SHORT_SLICE, left / 4), _LONG_SLICE, left - reserve)
            # At most doubling, so that one lucky reading of the clock cannot make a long slice.
            pace = (now - before) / count
            size = max(1, min(2 * size, _MAX_SLICE, int(wanted / max(pace, 1e-9))))
            planned = size * pace

    def _slice(self, tree: Tree, count: int, done: int) -> None:
        """Run ``count`` iterations on a tree that has ``done`` of them."""
        root = self.context.root
        tree.control[0].root_opponent_prior = root.opponent_prior
        arrays = RootArrays(
            scale=root.scale,
            advice=root.advice(done),
            floor=root.floor,
            cumulative=self.context.cumulative,
        )
        self.run(tree.arrays, arrays, count, *self.rules)
