"""Anytime tree search for simultaneous moves and hidden information.

The search is given a *belief*: sampled worlds (root states) with weights, which the deciding player
cannot tell apart and its opponent can.  It keeps one set of statistics for the deciding player over
all worlds (separate searches would let it play as if it knew the world: strategy fusion) and one
for the opponent in each world.  Where both players move, they choose by decoupled UCT or by regret
matching; where one moves, by UCT.  Chance is drawn again on a fraction of the visits
(``outcome_cache.py``).  ``kernel.py`` has the compiled loop; ``growing.py`` runs it in slices,
watches the clock and polls the guide; with several threads each grows a tree of its own
(``parallel.py``).
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plywise.engine.kernels import SIMULTANEOUS, RulesKernels
from plywise.search.config import SearchError
from plywise.search.decision import Decision
from plywise.search.guide.protocol import Consultation
from plywise.search.simultaneous.config import SimultaneousConfig
from plywise.search.simultaneous.growing import Pacing, TreeGrower, TreePoller
from plywise.search.simultaneous.kernel import rules_for_slices, slice_kernel
from plywise.search.simultaneous.memory import MAX_WORLDS
from plywise.search.simultaneous.parallel import Forest
from plywise.search.simultaneous.result import (
    DecisionContext,
    final_strategy,
    normalized,
    opponent_strategies,
    prediction,
)
from plywise.search.simultaneous.root import AdvisedRoot


class SimultaneousSearch:
    """The search for one game; ``decide`` may be called again and again, from one thread.

    Args:
        kernels: the game's compiled rules; they are compiled here if that was not done.
        config: see :class:`SimultaneousConfig`.

    Attributes:
        pacing: timing experience kept from decision to decision.
        replies: the opponent's strategy in each world, by the last decision; [] nothing was
            searched.

    Raises:
        SearchError: the game has more actions than the search can number.
    """

    def __init__(self, kernels: RulesKernels, config: SimultaneousConfig | None = None) -> None:
        self.kernels = kernels
        self.config = config or SimultaneousConfig()
        self._rules = rules_for_slices(kernels)
        self._priors = kernels.priors
        self._run = slice_kernel(kernels.dtype)
        self._forest = Forest(self.config, kernels.num_actions, kernels.dtype)
        self.pacing = Pacing()
        self.replies: list[dict[int, float]] = []

    def decide(
        self,
        worlds: NDArray[Any],
        weights: Sequence[float] | NDArray[Any] | None,
        player: int,
        seed: int,
        consultation: Consultation | None = None,
        seconds: float | None = None,
        even_share: float = 0.0,
        held: Sequence[Mapping[int, float]] | None = None,
    ) -> Decision:
        """Return a decision for ``player``, who has something to decide in every world.

        Args:
            worlds: pool of the root states; ``player``'s legal actions are the same in all.
            weights: relative probabilities of the worlds, of any scale; None: uniform.
            player: 0 or 1.
            seed: seed of all random numbers.
            consultation: an open consultation of a guide; polled between slices, and drained first
                where there is no time limit.  It is left open for the caller to close.
            seconds: time of this decision instead of the configured one.
            even_share: share of the visits that is divided evenly among the player's actions; the
                strategy goes by the others.
            held: strategy that the opponent keeps to at the root whatever the player does, by world
                of positive weight, as in ``replies``; None: it replies.

        Returns:
            a decision whose ``action`` is drawn from its ``strategy``.  ``notes`` has
            ``algorithm``, ``worlds``, ``threads``, ``nodes``, ``turns`` (walked through), ``steps``
            (turns played by the rules), ``cut`` (leaves evaluated early for lack of room),
            ``decided`` (won or lost whatever is played), ``forced`` (one legal action, nothing was
            searched), ``advice_used``, ``advice_ignored``, ``priors`` (of the player's actions,
            before any advice), where answers were used ``priors_advised`` and ``before_advice``
            (the preferred action before the first answer; None where that was there from the
            start), and where asking failed ``guide_error``.

        Raises:
            SearchError: no worlds, senseless weights, worlds that the player could tell apart, or
                a held strategy that is none over the opponent's actions.
        """
        start = time.perf_counter()
        allowed = self.config.seconds if seconds is None else seconds
        deadline = None if allowed is None else start + allowed
        pool, cumulative, probabilities = self._worlds(worlds, weights)
        count = len(probabilities)
        own, other, both = self._root_actions(pool, count, player)
        self.replies = []
        if len(own) == 1:
            return self._forced(pool, own[0], player, probabilities, start)
        root = AdvisedRoot(
            count,
            self.kernels.num_actions,
            own,
            other,
            self.config.advice_bonus,
            self.config.opponent_prior if self._priors is not None else 0.0,
        )
        if self._priors is not None:
            root.apply_priors(self._priors, pool, player, probabilities, self.config.prior_trust)
        root.spread_visits(even_share)
        if held is not None:
            root.hold_opponent(held)
        priors = root.priors()
        forest = self._forest
        forest.restart(
            self.config, count, player, seed, self._priors is not None, patient=deadline is None
        )
        self.pacing.next_decision()
        context = DecisionContext(pool, cumulative, probabilities, root, both, deadline)
        poller = TreePoller(consultation, context, forest, self.config, self.pacing)
        grower = TreeGrower(self._run, self._rules, context, poller, self.pacing)
        if deadline is None:
            poller.drain()
        elif self.config.threads > 1:
            poller.update()  # answers that are there already reach all trees from the start
        forest.grow(grower.grow, poller.flags, deadline)
        notes: dict[str, Any] = {"priors": priors}
        if root.used:
            notes |= {"priors_advised": root.priors(), "before_advice": poller.before}
        if poller.error:
            notes["guide_error"] = poller.error
        return self._report(context, seed, start, notes)

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

    def _root_actions(
        self, pool: NDArray[Any], count: int, player: int
    ) -> tuple[list[int], list[list[int]], bool]:
        """Return the player's actions, the opponent's by world, and whether both choose in any."""
        own: list[int] = []
        other: list[list[int]] = []
        for world in range(count):
            who = int(self.kernels.current(pool, world))
            if who not in (SIMULTANEOUS, player):
                raise SearchError(f"player {player} has nothing to decide in world {world}")
            found = self.kernels.legal_actions(pool, world, player)
            if not found:
                raise SearchError(f"player {player} has no legal action in world {world}")
            if world > 0 and found != own:
                raise SearchError(
                    f"player {player} could tell worlds 0 and {world} apart: its legal actions are "
                    f"{own} in one and {found} in the other"
                )
            own = found
            simultaneous = who == SIMULTANEOUS
            other.append(
                self.kernels.legal_actions(pool, world, 1 - player) if simultaneous else []
            )
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

    def _report(
        self, context: DecisionContext, seed: int, start: float, more_notes: Mapping[str, Any]
    ) -> Decision:
        forest, root, both = self._forest, context.root, context.both
        own = root.own
        visits, values = forest.row(own)
        tried = visits > 0
        by_regret = both and self.config.algorithm == "regret"
        # Visits that were divided evenly say nothing of an action.
        free = np.maximum(visits - root.floor[own] * visits.sum(), 0.0)
        shares = normalized(forest.average(own) if by_regret else free)
        strategy, decided = final_strategy(self.config, shares, visits, values, both)
        choice = int(np.random.default_rng(seed).choice(len(own), p=strategy))
        action = own[choice]
        # Regret matching's average leaves the opponent's prior out; visits contain it.
        self.replies = opponent_strategies(forest, root, by_regret and root.opponent_prior == 0.0)
        notes: dict[str, Any] = {
            "algorithm": self.config.algorithm,
            "worlds": len(context.probabilities),
            "threads": len(forest.trees),
            "nodes": forest.total("nodes"),
            "turns": forest.total("turns"),
            "steps": forest.total("steps"),
            "cut": forest.total("cut"),
            "decided": decided,
            "advice_used": tuple(root.used),
            "advice_ignored": root.ignored,
            **more_notes,
        }
        return Decision(
            action=action,
            strategy={a: float(p) for a, p in zip(own, strategy, strict=True)},
            values={a: float(v) for a, v, k in zip(own, values, tried, strict=True) if k},
            visits={a: int(n) for a, n in zip(own, visits, strict=True)},
            opponent=prediction(self.replies, context.probabilities),
            value=float((strategy * values).sum()),
            principal_variation=forest.principal_variation(action),
            iterations=forest.total("iterations"),
            depth=forest.deepest,
            seconds=time.perf_counter() - start,
            notes=notes,
        )
