"""Anytime tree search for simultaneous moves and hidden information.

The search is given a *belief*: sampled worlds (root states) with weights, among which the deciding
player cannot tell and its opponent can.  It therefore keeps one set of statistics for the deciding
player over all worlds (averaging separate searches would let it play as if it knew which world it
is in: strategy fusion) and one for the opponent in each world.  Where both players move, they
choose by decoupled UCT or by regret matching; where one moves, by UCT.  Chance is sampled anew
on an eighth of the visits at least (``kept_outcomes.py``).  ``simultaneous_kernel.py`` has the
loop; this module runs it in slices, watches the clock, listens to the guide between slices and
reads the result.  With several threads each grows a tree of its own (``root_parallel.py``).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plywise.engine.compile.jit import prepare
from plywise.engine.kernels import SIMULTANEOUS, RulesKernels
from plywise.search.config import SearchError
from plywise.search.decision import Decision
from plywise.search.guide.listening import Listener
from plywise.search.guide.protocol import Consultation
from plywise.search.guide.when_to_ask import Looks, Outlook
from plywise.search.simultaneous.config import SimultaneousConfig
from plywise.search.simultaneous.kernel import slice_kernel, uniform_priors
from plywise.search.simultaneous.memory import MAX_ACTIONS, MAX_WORLDS
from plywise.search.simultaneous.parallel import Forest, Rein
from plywise.search.simultaneous.result import (
    answers,
    final_strategy,
    most_visited,
    normalized,
    outlook,
    prediction,
)
from plywise.search.simultaneous.root import AdvisedRoot
from plywise.search.simultaneous.tree import Tree

_LONG_SLICE, _SHORT_SLICE = 0.02, 0.003  # seconds that a slice aims at: first, near the deadline
RESERVE_SECONDS = 0.002
"""Of the time for a decision, kept for reading the result."""

_MOST_RESERVE = 0.2  # of the time for a decision, kept on a busy machine
_CALMING = 0.99  # what is left of it after each decision on a quiet one
_MAX_SLICE = 1 << 15
_FIRST_SLICE = 8
_STEADY_SLICE = 256  # without a clock, where a guide advises
_NAP_SECONDS = 0.01  # between looks at a guide that the search has lent its core to
_LENT_SHARE = 0.8  # of the time for a decision: then the search takes its core back
_LOANS_IN_VAIN = 3  # decisions in a row without an answer: then nothing is lent any more


class SimultaneousSearch:
    """The search for one game; ``decide`` may be called again and again, from one thread.

    Args:
        kernels: the game's compiled rules; they are compiled here if that was not done.
        config: see :class:`SimultaneousConfig`.

    Attributes:
        reserve: seconds of a decision's time that are kept for reading the result.

    Raises:
        SearchError: the game has more actions than the search can number.
    """

    def __init__(self, kernels: RulesKernels, config: SimultaneousConfig | None = None) -> None:
        self.kernels = kernels
        self.config = config or SimultaneousConfig()
        if kernels.num_actions > MAX_ACTIONS:
            raise SearchError(f"{kernels.num_actions} actions; {MAX_ACTIONS} is the limit")
        self._rules = (
            kernels.step,
            kernels.legal,
            kernels.current,
            kernels.returns,
            kernels.evaluate,
            kernels.reseed,
            kernels.priors or uniform_priors(kernels.dtype),
        )
        self._priors = kernels.priors
        prepare("the rules", *self._rules)
        self._run = slice_kernel(kernels.dtype)
        self._forest = Forest(self.config, kernels.num_actions, kernels.dtype)
        self.reserve = RESERVE_SECONDS
        self.loans_in_vain = 0
        self._overrun = 0.0

    def decide(
        self,
        worlds: NDArray[Any],
        weights: Sequence[float] | NDArray[Any] | None,
        player: int,
        seed: int,
        consultation: Consultation | None = None,
        seconds: float | None = None,
    ) -> Decision:
        """Return a decision for ``player``, who has something to decide in every world.

        Args:
            worlds: pool of the root states; ``player``'s legal actions are the same in all.
            weights: how likely each is (any positive scale); None: equally.
            player: 0 or 1.
            seed: of everything random here.
            consultation: a guide's, started by the caller; polled between slices and, where there
                is a time limit, never waited for; without one it is heard out first.  Not closed:
                who opened it closes it.
            seconds: replaces the configured time for this decision.

        Returns:
            a decision whose ``strategy`` is what ``action`` was drawn from.  ``notes`` has
            ``algorithm``, ``worlds``, ``threads``, ``nodes``, ``turns`` (walked through), ``steps``
            (those played, not gone on from),
            ``cut`` (leaves valued early for lack of room), ``decided`` (won or lost whatever is
            played), ``forced`` (one legal action, nothing was searched), ``advice_used``,
            ``advice_ignored``, ``priors`` (of own actions, before any advice), where answers were
            used ``priors_advised`` and ``before_advice`` (what it liked best before the first; None
            where that was there from the start), and when asking failed ``guide_error``.

        Raises:
            SearchError: no worlds, senseless weights, or worlds that the player could tell apart.
        """
        start = time.perf_counter()
        allowed = self.config.seconds if seconds is None else seconds
        deadline = None if allowed is None else start + allowed
        pool, cumulative, probabilities = self._worlds(worlds, weights)
        count = len(probabilities)
        own, other, both = self._root_actions(pool, count, player)
        root = AdvisedRoot(
            count,
            self.kernels.num_actions,
            own,
            other,
            self.config.advice_bonus,
            self.config.opponent_prior if self._priors is not None else 0.0,
        )
        if len(own) == 1:
            return self._forced(pool, own[0], player, probabilities, start)
        forest = self._forest
        if self._priors is not None:
            root.look(self._priors, pool, player, probabilities, self.config.prior_trust)
        priors = root.priors()
        forest.restart(
            self.config, count, player, seed, self._priors is not None, patient=deadline is None
        )
        self._overrun *= _CALMING
        ear = _Ear(self, root, deadline, consultation)
        ear.look = lambda: outlook(self.config, forest, root, probabilities, both)
        ear.favourite = lambda: most_visited(forest, root)

        def grow(tree: Tree, limit: int | None, listens: bool) -> None:
            tree.pool[: len(pool)] = pool
            listener = ear if listens else None
            self._grow(tree, cumulative, root, limit, deadline, listener, ear.rein)

        if deadline is None:
            ear.hear_out()
        elif self.config.threads > 1:
            ear.listen()  # what is known already all trees know from the start
        forest.grow(grow, ear.rein, deadline)
        told: dict[str, Any] = {"priors": priors}
        if root.used:
            told |= {"priors_advised": root.priors(), "before_advice": ear.before}
        if ear.error:
            told["guide_error"] = ear.error
        return self._report(forest, root, probabilities, both, seed, start, told)

    def _worlds(
        self, worlds: NDArray[Any], weights: Sequence[float] | NDArray[Any] | None
    ) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Return the worlds that are possible, and their probabilities, summed and not."""
        if worlds.ndim != 1 or not 1 <= len(worlds) <= MAX_WORLDS:
            raise SearchError(f"a pool of 1 to {MAX_WORLDS} worlds, not shape {worlds.shape}")
        if worlds.dtype != self.kernels.dtype:
            raise SearchError("the worlds' dtype is not that of the game's states")
        given = np.ones(len(worlds)) if weights is None else np.asarray(weights, dtype=float)
        if given.shape != worlds.shape or not np.isfinite(given).all() or (given < 0).any():
            raise SearchError(f"one finite weight from 0 up for each world, not {given}")
        if given.sum() <= 0:
            raise SearchError("all worlds weigh nothing")
        likely = given > 0
        probabilities = given[likely] / given.sum()
        cumulative = np.cumsum(probabilities)
        cumulative[-1] = 1.0
        return worlds[likely], cumulative, probabilities

    def _legal(self, pool: NDArray[Any], i: int, player: int) -> list[int]:
        out = np.zeros(self.kernels.num_actions, np.int32)
        return [int(a) for a in out[: int(self.kernels.legal(pool, i, player, out))]]

    def _root_actions(
        self, pool: NDArray[Any], count: int, player: int
    ) -> tuple[list[int], list[list[int]], bool]:
        """Return own actions, the opponent's in each world, and whether both move in any."""
        own: list[int] = []
        other: list[list[int]] = []
        for world in range(count):
            who = int(self.kernels.current(pool, world))
            if who not in (SIMULTANEOUS, player):
                raise SearchError(f"player {player} has nothing to decide in world {world}")
            found = self._legal(pool, world, player)
            if not found:
                raise SearchError(f"player {player} has no legal action in world {world}")
            if world > 0 and found != own:
                raise SearchError(
                    f"player {player} could tell worlds 0 and {world} apart: its legal actions are "
                    f"{own} in one and {found} in the other"
                )
            own = found
            other.append(self._legal(pool, world, 1 - player) if who == SIMULTANEOUS else [])
        return own, other, any(len(found) > 1 for found in other)

    def _forced(
        self,
        pool: NDArray[Any],
        action: int,
        player: int,
        probabilities: NDArray[Any],
        start: float,
    ) -> Decision:
        sign = 1.0 if player == 0 else -1.0
        value = sign * sum(
            p * float(self.kernels.evaluate(pool, w)) for w, p in enumerate(probabilities)
        )
        return Decision(
            action=action,
            strategy={action: 1.0},
            values={action: value},
            value=value,
            principal_variation=(action,),
            seconds=time.perf_counter() - start,
            notes={"algorithm": self.config.algorithm, "forced": True},
        )

    def _grow(
        self,
        tree: Tree,
        cumulative: NDArray[Any],
        root: AdvisedRoot,
        limit: int | None,
        deadline: float | None,
        ear: _Ear | None,
        rein: Rein,
    ) -> None:
        """Run slices on one tree until time or iterations run out; ``ear`` listens in between."""
        done = 0
        size = _FIRST_SLICE
        planned = math.inf
        began = time.perf_counter()
        while (limit is None or done < limit) and not rein.stopped:
            if rein.lent if ear is None else ear.listen(done, limit):
                time.sleep(_NAP_SECONDS)
                continue
            count = size if limit is None else min(size, limit - done)
            tree.control[0].root_opponent_prior = root.opponent_prior
            if ear is not None and ear.undecided:
                count = min(count, ear.looks.ahead(done, limit))
            before = time.perf_counter()
            self._run(
                tree.pool,
                tree.control,
                count,
                tree.nodes,
                tree.node_rows,
                tree.stats,
                tree.regrets,
                tree.table,
                tree.outcomes,
                root.scale,
                root.advice(done),
                cumulative,
                tree.path,
                tree.path_legal,
                tree.own_legal,
                tree.other_legal,
                tree.sigma,
                *self._rules,
            )
            done += count
            now = time.perf_counter()
            if deadline is None and rein.guided:
                # A guide's bonus is the same all through a slice: no clock may decide their length.
                size = min(2 * size, _STEADY_SLICE)
                continue
            wanted = _LONG_SLICE
            if deadline is not None:
                # On a busy machine slices overrun when they are descheduled, and so may the last:
                # the worst overrun seen lately is kept in reserve.
                left = deadline - now
                self._overrun = max(self._overrun, now - before - planned)
                spare = _MOST_RESERVE * (deadline - began)
                reserve = self.reserve + min(self._overrun, spare)
                if left <= reserve:
                    break
                # Crossing into the kernel costs a tenth of a millisecond, so slices are long as
                # long as even four times their length would do no harm.
                wanted = min(max(_SHORT_SLICE, left / 4), _LONG_SLICE, left - reserve)
            # At most doubling, so that one lucky reading of the clock cannot make a long slice.
            pace = (now - before) / count
            size = max(1, min(2 * size, _MAX_SLICE, int(wanted / max(pace, 1e-9))))
            planned = size * pace

    def loan(self, deadline: float | None) -> tuple[float, float]:
        """Return from when to when the search's cores may be lent to a guide."""
        if deadline is None or self.config.yield_after is None:
            return 0.0, 0.0
        if self.loans_in_vain >= _LOANS_IN_VAIN:  # until an answer comes all the same
            return 0.0, 0.0
        now = time.perf_counter()
        return now + self.config.yield_after, now + _LENT_SHARE * (deadline - now)

    def _report(
        self,
        forest: Forest,
        root: AdvisedRoot,
        probabilities: NDArray[Any],
        both: bool,
        seed: int,
        start: float,
        told: Mapping[str, Any],
    ) -> Decision:
        own = root.own
        visits, values = forest.row(own)
        tried = visits > 0
        by_regret = both and self.config.algorithm == "regret"
        shares = normalized(forest.average(own) if by_regret else visits)
        strategy, decided = final_strategy(self.config, shares, visits, values, both)
        choice = int(np.random.default_rng(seed).choice(len(own), p=strategy))
        action = own[choice]
        notes: dict[str, Any] = {
            "algorithm": self.config.algorithm,
            "worlds": len(probabilities),
            "threads": len(forest.trees),
            "nodes": forest.total("nodes"),
            "turns": forest.total("turns"),
            "steps": forest.total("steps"),
            "cut": forest.total("cut"),
            "decided": decided,
            "advice_used": tuple(root.used),
            "advice_ignored": root.ignored,
            **told,
        }
        return Decision(
            action=action,
            strategy={a: float(p) for a, p in zip(own, strategy, strict=True)},
            values={a: float(v) for a, v, k in zip(own, values, tried, strict=True) if k},
            visits={a: int(n) for a, n in zip(own, visits, strict=True)},
            # Regret matching's average has none of the habit; what was played has.
            opponent=prediction(
                answers(forest, root, by_regret and root.opponent_prior == 0.0), probabilities
            ),
            value=float((strategy * values).sum()),
            principal_variation=forest.principal_variation(action),
            iterations=forest.total("iterations"),
            depth=forest.deepest,
            seconds=time.perf_counter() - start,
            notes=notes,
        )


class _Ear(Listener):
    """Listens to the guide between the slices of the first tree, for all of them.

    Other trees read the root while answers change it: each number is old or new, all are valid.

    Attributes:
        rein: tells all trees whether the cores are lent to the guide.
        look: returns how sure the search is by now, for a guide that wants to know.
        looks: when it is told.
    """

    look: Callable[[], Outlook]

    def __init__(
        self,
        search: SimultaneousSearch,
        root: AdvisedRoot,
        deadline: float | None,
        consultation: Consultation | None,
    ) -> None:
        super().__init__(consultation, root)
        self.rein = Rein(consultation is not None)
        self.looks = Looks(time.perf_counter(), deadline)
        self._search = search
        self._timed = deadline is not None
        self._lend_from, self._lend_until = search.loan(deadline)
        self._lent = False

    def listen(self, done: int = 0, limit: int | None = None) -> bool:
        """Take in what came; return whether the cores are lent to the guide just now.

        Args:
            done, limit: iterations of the first tree, so far and in all.
        """
        if self.undecided and self.looks.due(time.perf_counter(), done, limit):
            self.tell(self.look())
            if not self._timed:
                self.hear_out()
        if self.hear():
            self._lend_until = 0.0
            self._search.loans_in_vain = 0
        due = self._lend_from < time.perf_counter() < self._lend_until
        self.rein.lent = due and not self.finished
        if self.rein.lent and not self._lent:
            self._lent = True
            self._search.loans_in_vain += 1
        return self.rein.lent
