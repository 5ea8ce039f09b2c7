"""Searches of board and card games as agents: alpha-beta and Monte-Carlo tree search."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from plywise.arena.agents.decision_gc import freeze_loaded, without_collection
from plywise.arena.agents.spec import Agent
from plywise.search.alphabeta.search import AlphaBeta
from plywise.search.mcts import MCTS

if TYPE_CHECKING:
    from plywise.arena.guidance.advised import Advised
    from plywise.conf.schemas.search import AlphaBetaGroup, MCTSGroup
    from plywise.engine.kernels import RulesKernels
    from plywise.games.base import State
    from plywise.search.decision import Decision


class AlphaBetaAgent(Agent):
    """Alpha-beta for turn-based games; each thread has a search of its own."""

    def __init__(
        self, name: str, kernels: RulesKernels, config: AlphaBetaGroup, advised: Advised
    ) -> None:
        self.name = name
        self._kernels = kernels
        self._config = config
        self._advised = advised
        self._local = threading.local()
        self._search()  # compiles now, not on the clock of the first decision
        freeze_loaded(str(kernels.dtype), advised.active)

    @without_collection()
    def decide(self, state: State, player: int, seed: int) -> Decision:
        """Return the search's decision; the seed matters for the guide alone."""
        search = self._search()
        with self._advised.open(state, player, seed) as advice:
            decision = search.decide(state.flat(), player, advice.consultation)
        unguided = search.decide(state.flat(), player) if advice.to_compare(decision) else None
        return advice.noted(decision, unguided)

    def _search(self) -> AlphaBeta:
        search: AlphaBeta | None = self._local.__dict__.get("search")
        if search is None:
            search = self._local.search = AlphaBeta(self._kernels, self._config)
        return search


class MCTSAgent(Agent):
    """Tree search in plain Python, for games without compiled rules."""

    def __init__(self, name: str, config: MCTSGroup) -> None:
        self.name = name
        self._search = MCTS(config)

    def decide(self, state: State, player: int, seed: int) -> Decision:
        """Return the search's decision."""
        return self._search.decide(state, player, seed)
