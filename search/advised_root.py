"""The root of a simultaneous search: what priors and a guide say about its actions."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plywise.search.guide import Advice, Question

_FLOOR = 0.05  # a prior, however sure, leaves each action this share of its exploration


class AdvisedRoot:
    """What is known about one decision before the search starts, and what guides say about it."""

    def __init__(self, worlds: int, actions: int, own: list[int], other: list[list[int]]) -> None:
        self.own = own
        self.other = other
        self.scale = np.ones((worlds + 2, actions))
        self.advice = np.zeros((2, actions))
        self.used: list[str] = []
        self.ignored = 0

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

    def take(self, advice: Advice, visits: float) -> None:
        """Blend one answer in; what it does not say sensibly is ignored and counted."""
        trust = advice.trust
        if not (isinstance(trust, int | float) and math.isfinite(trust) and trust > 0):
            self.ignored += 1
            return
        trust = min(float(trust), 1.0)
        weights = {a: float(w) for a, w in advice.weights.items() if math.isfinite(w)}
        if advice.question is Question.EVALUATE:
            used = self._value(weights, trust * visits)
        elif advice.question is Question.PROPOSE:
            used = self._prior(len(self.scale) - 2, self.own, weights, trust)
        else:
            found = [self._prior(w, legal, weights, trust) for w, legal in enumerate(self.other)]
            used = any(found)
        if used:
            self.used.append(f"{advice.question.value}:{advice.source}")
        else:
            self.ignored += 1

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
