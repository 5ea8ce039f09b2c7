"""Naive averaging over worlds: one search per world, their strategies averaged.

Perfect-information Monte Carlo (Ginsberg, JAIR 14 (2001) 303-358; Long et al., AAAI 2010), the
usual treatment by bots without a notion of hidden information.  Each search plays as if it saw the
opponent's cards, and plans to act differently in worlds that it cannot tell apart: *strategy
fusion*.  A baseline for :class:`SimultaneousSearch`, which shares one strategy over all worlds.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plywise.engine.kernels import RulesKernels
from plywise.search.config import SearchError
from plywise.search.decision import Decision
from plywise.search.guide.protocol import Consultation
from plywise.search.simultaneous.config import SimultaneousConfig
from plywise.search.simultaneous.growing import RESERVE_SECONDS
from plywise.search.simultaneous.result import final_strategy
from plywise.search.simultaneous.search import SimultaneousSearch


class AveragedSearch:
    """Searches each world by itself, with equal parts of the budget, and averages visit shares.

    Same arguments, decisions and ``replies`` as :class:`SimultaneousSearch`; takes no advice, and
    holds no strategy of the opponent.

    Raises:
        SearchError: several threads are asked for.
    """

    def __init__(self, kernels: RulesKernels, config: SimultaneousConfig | None = None) -> None:
        self.config = config or SimultaneousConfig()
        if self.config.threads > 1:
            raise SearchError(f"threads={self.config.threads}: averaging worlds takes one thread")
        self._kernels = kernels
        self._searches: dict[int | None, SimultaneousSearch] = {}
        self.replies: list[dict[int, float]] = []

    def _search(self, iterations: int | None) -> SimultaneousSearch:
        if iterations not in self._searches:
            self._searches[iterations] = SimultaneousSearch(
                self._kernels, replace(self.config, iterations=iterations)
            )
        return self._searches[iterations]

    def decide(
        self,
        worlds: NDArray[Any],
        weights: Sequence[float] | NDArray[Any] | None,
        player: int,
        seed: int,
        consultation: Consultation | None = None,
        seconds: float | None = None,
        even_share: float = 0.0,
    ) -> Decision:
        """Return a decision drawn from the average of the worlds' strategies.

        Raises:
            SearchError: as in :meth:`SimultaneousSearch.decide`, and where a guide is given.
        """
        if consultation is not None:
            raise SearchError("averaging over worlds takes no advice")
        start = time.perf_counter()
        allowed = self.config.seconds if seconds is None else seconds
        count = len(worlds)
        iterations = self.config.iterations
        search = self._search(None if iterations is None else max(1, iterations // count))
        scale = np.ones(count) if weights is None else np.asarray(weights, dtype=float)
        share = dict[int, float]()
        value = dict[int, float]()
        opponent = dict[int, float]()
        self.replies = []
        total = done = turns = 0
        for w in range(count):
            left = None
            if allowed is not None:
                left = max(0.0, (allowed - (time.perf_counter() - start)) / (count - w))
            # An overrun of one search shortens the next ones: only the last keeps a reserve.
            search.pacing.reserve = RESERVE_SECONDS if w == count - 1 else 0.0
            found = search.decide(worlds[w : w + 1], None, player, seed + w, None, left, even_share)
            self.replies.append(dict(found.opponent))
            if found.notes.get("forced"):
                self.replies = []
                return replace(found, seconds=time.perf_counter() - start)
            part = float(scale[w] / scale.sum())
            visits = max(1, sum(found.visits.values()))
            for action, n in found.visits.items():
                free = max(0.0, n / visits - even_share / len(found.visits))
                share[action] = share.get(action, 0.0) + part * free
                value[action] = value.get(action, 0.0) + part * found.values.get(action, 0.0)
            for action, p in found.opponent.items():
                opponent[action] = opponent.get(action, 0.0) + part * p
            total += visits
            done += found.iterations
            turns += int(found.notes["turns"])
        own = sorted(share)
        strategy, decided = final_strategy(
            self.config,
            np.array([share[a] for a in own]),
            np.array([share[a] * total for a in own]),
            np.array([value[a] for a in own]),
            both=bool(opponent),
        )
        action = own[int(np.random.default_rng(seed).choice(len(own), p=strategy))]
        return Decision(
            action=action,
            strategy={a: float(p) for a, p in zip(own, strategy, strict=True)},
            values=value,
            visits={a: round(share[a] * total) for a in own},
            opponent=opponent,
            value=float(sum(p * value[a] for a, p in zip(own, strategy, strict=True))),
            principal_variation=(action,),
            iterations=done,
            seconds=time.perf_counter() - start,
            notes={"algorithm": "averaged", "worlds": count, "turns": turns, "decided": decided},
        )
