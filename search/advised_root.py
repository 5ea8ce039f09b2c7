"""The root of a simultaneous search: what priors and a guide say about its actions."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plywise.search.guide import Advice, Question
from plywise.search.listening import Answers

_FLOOR = 0.05  # a prior, however sure, leaves each action this share of its exploration


class AdvisedRoot(Answers):
    """What is known about one decision before the search starts, and what guides say about it.

    Args:
        worlds: how many there are.
        actions: how many the game has.
        own: legal actions of who decides.
        other: the opponent's, by world.
        visits: for how many a fully trusted value of a guide counts.
    """

    def __init__(
        self, worlds: int, actions: int, own: list[int], other: list[list[int]], visits: float
    ) -> None:
        self.own = own
        self.other = other
        self.scale = np.ones((worlds + 2, actions))
        self.advice = np.zeros((2, actions))
        self.used: list[str] = []
        self.ignored = 0
        self._visits = visits

    def look(
        self,
        priors: Callable[..., None],
        worlds: NDArray[Any],
        player: int,
        probabilities: NDArray[Any],
        trust: float,
    ) -> None:
        """Let the rules' own priors shape the exploration: own ones averaged over the worlds."""
        count = len(probabilities)
        legal = np.array(self.own, np.int32)
        mean = np.zeros(len(legal))
        out = np.zeros(self.scale.shape[1])
        for world, probability in enumerate(probabilities):
            priors(worlds, world, player, legal, len(legal), out)
            mean += probability * out[: len(legal)]
            theirs = np.array(self.other[world], np.int32)
            if len(theirs) > 1:
                priors(worlds, world, 1 - player, theirs, len(theirs), out)
                self.scale[world, theirs] += trust * (len(theirs) * out[: len(theirs)] - 1.0)
        self.scale[count, legal] += trust * (len(legal) * mean - 1.0)

    def _accept(self, advice: Advice, trust: float) -> bool:
        weights = {a: float(w) for a, w in advice.weights.items() if math.isfinite(w)}
        if advice.question is Question.EVALUATE:
            return self._value(weights, trust * self._visits)
        if advice.question is Question.PROPOSE:
            return self._prior(len(self.scale) - 2, self.own, weights, trust)
        found = [self._prior(w, legal, weights, trust) for w, legal in enumerate(self.other)]
        return any(found)

    def _prior(
        self, row: int, legal: list[int], weights: Mapping[int, float], trust: float
    ) -> bool:
        known = {a: weights[a] for a in legal if weights.get(a, 0.0) > 0.0}
        total = sum(known.values())
        if not known or not math.isfinite(total):
            return False
        for action in legal:
            prior = len(legal) * known.get(action, 0.0) / total
            blended = (1.0 - trust) * self.scale[row, action] + trust * prior
            self.scale[row, action] = max(_FLOOR, blended)
        return True

    def _value(self, weights: Mapping[int, float], visits: float) -> bool:
        known = [a for a in self.own if a in weights]
        for action in known:
            value = min(1.0, max(-1.0, weights[action]))
            before = self.advice[1, action]
            self.advice[0, action] = (before * self.advice[0, action] + visits * value) / (
                before + visits
            )
            self.advice[1, action] = before + visits
        return bool(known)
