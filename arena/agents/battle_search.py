"""The search over sampled worlds as an agent."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from plywise.arena.agents.clocked import TimedAgent
from plywise.arena.agents.decision_gc import freeze_loaded, without_collection
from plywise.arena.settings import make_search
from plywise.search.decision import Decision
from plywise.search.time_management import LEAST_SECONDS

if TYPE_CHECKING:
    from plywise.arena.guidance.advised import Advised
    from plywise.conf.schemas.search import SimultaneousGroup
    from plywise.engine.kernels import RulesKernels
    from plywise.games.base import State
    from plywise.search.simultaneous.averaging import AveragedSearch
    from plywise.search.simultaneous.search import SimultaneousSearch

_PREVIEW_FACTOR = 10  # of a decision's usual time, at Team Preview
# Leads are worth nearly the same: the few visits that the search's exploration gives to most of
# them do not tell them apart.
PREVIEW_EVEN_SHARE = 0.6
"""Share of a search's visits at Team Preview that is divided evenly among the leads."""

_SAMPLING = 0.5  # share of a decision's time after which no more worlds are sampled


class BattleAgent(TimedAgent):
    """Search over sampled worlds where moves are simultaneous; each thread has one of its own."""

    def __init__(
        self,
        name: str,
        kernels: RulesKernels,
        config: SimultaneousGroup,
        advised: Advised,
        yield_after: float | None = None,
    ) -> None:
        super().__init__(name, config.seconds, config.battle_seconds)
        self._kernels = kernels
        self._config = config
        self._yield_after = yield_after
        self._advised = advised
        self._local = threading.local()
        self._search()  # compiles now, not on the clock of the first decision
        freeze_loaded(str(kernels.dtype), advised.active)

    def usual_seconds(self, state: State, player: int) -> float | None:
        """Return the seconds of a decision while there is enough; None: no limit."""
        if self._usual is None or state.team_order_action(player) is None:
            return self._usual
        return self._config.preview_seconds or _PREVIEW_FACTOR * self._usual

    @without_collection()
    def decide_within(
        self, state: State, player: int, seed: int, allowed: float | None
    ) -> Decision:
        """Return the search's decision; sampling the worlds takes part of its time."""
        start = time.perf_counter()
        listed = state.team_order_action(player)
        if listed is not None and self._config.leads == "team_order":
            return Decision(listed, {listed: 1.0}, notes={"team_order": True})
        search = self._search()
        until = None if allowed is None else start + _SAMPLING * allowed
        worlds = state.worlds(player, self._config.worlds, seed, until, self._config)
        with self._advised.open(state, player, seed) as advice:
            start += advice.uncounted
            seconds = allowed
            if allowed is not None:
                seconds = max(LEAST_SECONDS, allowed - (time.perf_counter() - start))
            even_share = 0.0 if listed is None else PREVIEW_EVEN_SHARE
            decision = search.decide(
                worlds, None, player, seed, advice.consultation, seconds, even_share
            )
            replies = {}
            if search.replies:
                replies = state.named_replies(player, worlds, search.replies)
        spent = time.perf_counter() - start
        unguided = None
        if advice.to_compare(decision):
            unguided = search.decide(worlds, None, player, seed, None, allowed)
        decision = replace(advice.noted(decision, unguided), seconds=spent)
        if replies:
            decision = replace(decision, notes={**decision.notes, "replies": replies})
        if len(worlds) < self._config.worlds:
            decision = replace(decision, notes={**decision.notes, "fewer_worlds": len(worlds)})
        return decision

    def _search(self) -> SimultaneousSearch | AveragedSearch:
        kept = self._local.__dict__
        if "search" not in kept:
            kept["search"] = make_search(self._kernels, self._config, self._yield_after)
        found: SimultaneousSearch | AveragedSearch = kept["search"]
        return found
