"""Predictions by searches and by agents: what they would choose, and what they expect."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from plywise.arena.prediction.cases import OPPONENT, OWN, PredictionCase
from plywise.arena.settings import make_search
from plywise.engine.battle.rules import RULES
from plywise.games.gen9.opponents.choices import canonical_name, name_as_seen
from plywise.games.gen9.state import InfoStateView
from plywise.search.config import SearchError

if TYPE_CHECKING:
    from plywise.arena.agents.spec import Agent
    from plywise.conf.schemas.search import SimultaneousGroup

_UNSEEN_MARK = " (unseen)"


class SearchPolicies:
    """The search's own strategy, and the opponent's in its tree, from one search of a row.

    Args:
        config: settings; its iterations are the budget.
        seed: of the searches.
    """

    def __init__(self, config: SimultaneousGroup, seed: int) -> None:
        self._search = make_search(RULES, config)
        self._seed = seed
        self._of: Any = None
        self._found: tuple[dict[int, float], list[dict[int, float]]] = ({}, [])

    def __call__(self, case: PredictionCase) -> NDArray[np.float64] | None:
        """Return the probabilities of the names of a case."""
        if self._of is not case.worlds:
            self._of = case.worlds
            self._found = self._searched(case)
        strategy, replies = self._found
        shares = np.zeros(len(case.choices.action))
        if case.what == OWN:
            for k, action in enumerate(case.choices.action.tolist()):
                shares[k] = strategy.get(action, 0.0)
        elif replies:
            pairs = zip(case.choices.world.tolist(), case.choices.action.tolist(), strict=True)
            for k, (world, action) in enumerate(pairs):
                shares[k] = replies[world].get(action, 0.0)
        return case.choices.by_name(shares) if shares.any() else None

    def _searched(self, case: PredictionCase) -> tuple[dict[int, float], list[dict[int, float]]]:
        seed = _seed_of(self._seed, case)
        try:
            decision = self._search.decide(case.worlds, None, case.info.player, seed)
        except SearchError:  # the worlds differ in what the player can see: a broken log
            return {}, []
        visits = {a: float(n) for a, n in decision.visits.items()} or decision.strategy
        total = sum(visits.values()) or 1.0
        return {a: n / total for a, n in visits.items()}, self._search.replies


class AgentPolicies:
    """An agent's strategy, and, where it notes one, what it expects of the opponent."""

    def __init__(self, agent: Agent, seed: int) -> None:
        self._agent = agent
        self._seed = seed
        self._of: Any = None
        self._found: tuple[Mapping[str, float], Mapping[str, float]] = ({}, {})

    def __call__(self, case: PredictionCase) -> NDArray[np.float64] | None:
        """Return the probabilities of the names of a case; None: the agent gives none."""
        if self._of is not case.worlds:
            self._of = case.worlds
            view = InfoStateView(case.info)
            player = case.info.player
            decision = self._agent.decide(view, player, _seed_of(self._seed, case))
            own = {view.action_to_string(player, a): p for a, p in decision.strategy.items()}
            replies = decision.notes.get("replies", {})
            self._found = own, {n.removesuffix(_UNSEEN_MARK): p for n, p in replies.items()}
        shares = self._found[case.what == OPPONENT]
        place = {name: k for k, name in enumerate(case.choices.names)}
        known = None if case.what == OWN or case.info.foe.previewed else case.known
        found = np.zeros(len(place))
        for name, share in shares.items():
            k = place.get(name_as_seen(canonical_name(name), known))
            if k is not None:
                found[k] += share
        total = float(found.sum())
        return found / total if total > 0.0 else None


def _seed_of(seed: int, case: PredictionCase) -> int:
    word = f"{seed} search {case.battle} {case.turn} {case.request} {case.info.player}"
    return int.from_bytes(hashlib.blake2s(word.encode(), digest_size=7).digest(), "big")
