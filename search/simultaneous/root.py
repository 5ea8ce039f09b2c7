"""The root of a simultaneous search, with the rules' priors and a guide's answers.

``guide/protocol.py`` describes the effect of each answer.  The bonus of PROPOSE and EVALUATE
shrinks with the square root of the iterations, like the sampling error of the search, and is
bounded, so no answer lifts an action over one that is clearly better.  MODEL is a restricted Nash
response (``SimultaneousConfig.opponent_prior``).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plywise.search.config import SearchError
from plywise.search.guide.polling import AdviceReceiver
from plywise.search.guide.protocol import Advice, Question
from plywise.search.guide.trust import SUREST, confidence, odds

FLOOR = 0.05
"""Smallest prior of an action, as a fraction of the uniform one."""

_WIDE = 0.2  # difference of values at which the bonus is at its limit
_CERTAIN = 6.0  # logarithm of the odds at which it is
_EARLY = 1000  # iterations from which on a bonus shrinks
_ROUNDING = 1e-6  # by which a strategy's sum may differ from 1


class AdvisedRoot(AdviceReceiver):
    """Root actions of one decision, with priors and advice.

    Args:
        worlds: number of sampled worlds.
        actions: number of actions in the game.
        own: legal actions of the deciding player.
        other: legal actions of the opponent, by world.
        bonus: largest initial bonus of a fully trusted proposal, added or subtracted.
        opponent_prior: probability with which the opponent plays its prior without a prediction.

    Attributes:
        scale: factors on exploration ``(worlds + 2, actions)``: the opponent's in each world, the
            player's, and ones.
        floor: least share of the visits of each of the player's actions ``(actions,)``.
        opponent_prior: probability with which the opponent plays the priors in ``scale``.
    """

    def __init__(
        self,
        worlds: int,
        actions: int,
        own: list[int],
        other: list[list[int]],
        bonus: float,
        opponent_prior: float,
    ) -> None:
        self.own = own
        self.other = other
        self.scale = np.ones((worlds + 2, actions))
        self.floor = np.zeros(actions)
        self.opponent_prior = opponent_prior
        self.used: list[str] = []
        self.ignored = 0
        self._most = bonus
        self._merit = np.zeros(actions)

    def apply_priors(
        self,
        priors: Callable[..., None],
        worlds: NDArray[Any],
        player: int,
        probabilities: NDArray[Any],
        trust: float,
    ) -> None:
        """Scale the exploration by the rules' priors, the player's averaged over the worlds."""
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

    def spread_visits(self, share: float) -> None:
        """Divide a share of the visits evenly among the player's actions."""
        self.floor[self.own] = share / len(self.own)

    def hold_opponent(self, strategies: Sequence[Mapping[int, float]]) -> None:
        """Make the opponent keep to a strategy by world; {} where it has nothing to decide.

        Raises:
            SearchError: they are not as many as the worlds, or one is no strategy over the legal
                actions there.
        """
        if len(strategies) != len(self.other):
            raise SearchError(f"{len(strategies)} held strategies for {len(self.other)} worlds")
        for world, (legal, strategy) in enumerate(zip(self.other, strategies, strict=True)):
            shares, whole = list(strategy.values()), 1.0 if legal else 0.0
            known = set(strategy) <= set(legal) and all(share >= 0.0 for share in shares)
            if not known or abs(sum(shares) - whole) > _ROUNDING:
                raise SearchError(f"world {world}: {dict(strategy)} is no strategy over {legal}")
            self.scale[world, legal] = [len(legal) * strategy.get(a, 0.0) for a in legal]
        self.opponent_prior = 1.0

    def advice(self, iterations: int) -> NDArray[Any]:
        """Return the bonus on the value of each action after a number of iterations."""
        added: NDArray[Any] = self._merit * self._most * (1.0 + iterations / _EARLY) ** -0.5
        return added

    def priors(self) -> dict[int, float]:
        """Return the player's action -> prior probability, its share of the exploration."""
        row = self.scale[len(self.scale) - 2, self.own]
        return dict(zip(self.own, map(float, row / row.sum()), strict=True))

    def _accept(self, advice: Advice, trust: float) -> bool:
        weights = {a: float(w) for a, w in advice.weights.items() if math.isfinite(w)}
        if advice.question is Question.EVALUATE:
            return self._value(weights, trust)
        if advice.question is Question.PROPOSE:
            return self._propose(weights, trust)
        assert advice.question is Question.MODEL
        sure = min(trust, SUREST)
        kept = (1.0 - sure) * self.opponent_prior
        found = [self._predict(w, legal, weights, sure, kept) for w, legal in enumerate(self.other)]
        if any(found):
            self.opponent_prior = sure + kept
        return any(found)

    def _propose(self, weights: Mapping[int, float], trust: float) -> bool:
        shares = _shares(self.own, weights)
        if shares is None:
            return False
        self._merit[self.own] += np.clip(np.divide(odds(list(shares), trust), _CERTAIN), -1.0, 1.0)
        row = self.scale[len(self.scale) - 2]
        row[self.own] = FLOOR + (1.0 - FLOOR) * (
            (1.0 - trust) * row[self.own] + trust * len(self.own) * shares
        )
        return True

    def _value(self, weights: Mapping[int, float], trust: float) -> bool:
        known = [a for a in self.own if a in weights]
        if not known:
            return False
        values = np.clip([weights[a] for a in known], -1.0, 1.0)
        self._merit[known] += confidence(trust) * np.clip(
            (values - values.mean()) / _WIDE, -0.5, 0.5
        )
        return True

    def _predict(
        self, world: int, legal: list[int], weights: Mapping[int, float], sure: float, kept: float
    ) -> bool:
        """Mix a prediction into a world's prior; its rest up to 1 is for actions not named.

        ``sure`` and ``kept`` are the weights of the prediction and of the prior so far.
        """
        named = np.array([a in weights for a in legal])
        said = np.array([max(0.0, weights.get(a, 0.0)) for a in legal])
        total = float(said.sum())
        if not named.any() or (named.all() and total == 0.0) or total == math.inf:
            return False
        row = self.scale[world]
        prior = row[legal] / row[legal].sum()
        unnamed = np.where(named, 0.0, prior)
        if unnamed.sum() > 0.0:
            said += max(0.0, 1.0 - total) * unnamed / unnamed.sum()
        mixed = (sure * said / said.sum() + kept * prior) / (sure + kept)
        row[legal] = np.maximum(FLOOR, len(legal) * mixed)
        return True


def _shares(legal: list[int], weights: Mapping[int, float]) -> NDArray[Any] | None:
    """Return the positive weights of the legal actions, scaled to sum 1; None if there are none."""
    found = np.array([max(0.0, weights.get(a, 0.0)) for a in legal])
    total = float(found.sum())
    return found / total if found.size and 0.0 < total < math.inf else None
