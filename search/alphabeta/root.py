"""Root actions of the alpha-beta search, with scores and guides' answers.

Scores are those of ``kernel.py``, for the deciding player.  A score is *certain* where no estimate
entered it, or where it is a win or a loss; advice never changes such a score.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from numbers import Real

from plywise.search.alphabeta import kernel as negamax
from plywise.search.guide.polling import AdviceReceiver
from plywise.search.guide.protocol import Advice, Question, Uncertainty
from plywise.search.guide.trust import confidence, odds
from plywise.search.guide.when_to_ask import entropy

_WHOLE = negamax.UNIT * negamax.PLIES  # the score of a win at once
_BEST_ESTIMATE = (negamax.UNIT - 1) * negamax.PLIES
_DECIDED = _WHOLE - negamax.PLIES  # beyond it are wins alone, below its negative losses


@dataclass
class Root(AdviceReceiver):
    """Root actions with their scores and guides' answers.

    Attributes:
        order: all actions, in static order.
        replies: the opponent's possible replies to any of them.
        advice_plies: plies of search for which a fully trusted value counts.
        scores: scores of the search alone.
        bounds: actions whose score is an upper bound.
        solved: whether the score is free of estimates, by action.
        depth: depth of the search that found the scores.
        prior: PROPOSE: probabilities weighted by trust.
        values: EVALUATE and PROPOSE: the answers' weighted mean.
        confidence: sum of their weights.
        model: MODEL: probabilities of replies weighted by trust.
        gains: expected loss of the opponent's predicted reply, for equally good actions.
        used: the answers applied, as ``question:source``.
        ignored: number of answers without use.
    """

    order: list[int]
    replies: set[int] = field(default_factory=set)
    advice_plies: float = 4.0
    scores: dict[int, int] = field(default_factory=dict)
    bounds: set[int] = field(default_factory=set)
    solved: dict[int, bool] = field(default_factory=dict)
    depth: int = 0
    prior: dict[int, float] = field(default_factory=dict)
    values: dict[int, float] = field(default_factory=dict)
    confidence: float = 0.0
    model: dict[int, float] = field(default_factory=dict)
    gains: dict[int, float] = field(default_factory=dict)
    used: list[str] = field(default_factory=list)
    ignored: int = 0

    # --- advice -----------------------------------------------------------------------------

    def _accept(self, advice: Advice, trust: float) -> bool:
        if advice.question is Question.EVALUATE:
            return self._value(_sensible(advice.weights, self.order), trust)
        if advice.question is Question.PROPOSE:
            return self._propose(_sensible(advice.weights, self.order), trust)
        assert advice.question is Question.MODEL
        return _add(self.model, _sensible(advice.weights, self.replies), trust)

    def _propose(self, said: Mapping[int, float], trust: float) -> bool:
        """Apply a proposal: to the order, and as values by its odds."""
        proposed: dict[int, float] = {}
        if not _add(proposed, said, 1.0):
            return False
        _add(self.prior, proposed, trust)
        stands = odds([proposed.get(a, 0.0) for a in self.order], trust)
        values = {a: math.tanh(each / 2.0) for a, each in zip(self.order, stands, strict=True)}
        return self._value(values, trust)

    def _value(self, said: Mapping[int, float], trust: float) -> bool:
        """Blend values in; an action without one counts as their mean, neither ahead nor behind."""
        if not said:
            return False
        clipped = {a: min(1.0, max(-1.0, value)) for a, value in said.items()}
        mean = sum(clipped.values()) / len(clipped)
        weight = confidence(trust)
        whole = self.confidence + weight
        for action in self.order:
            before = self.values.get(action, 0.0) * self.confidence
            self.values[action] = (before + clipped.get(action, mean) * weight) / whole
        self.confidence = whole
        return True

    def weight(self, depth: int) -> float:
        """Return the weight of guides' values in an estimate searched to ``depth``."""
        said = self.advice_plies * self.confidence
        return said / (said + depth) if said > 0 else 0.0

    def margin(self, depth: int) -> int:
        """Return the largest score below the best with which an action can still be chosen.

        Values lie in [-1, 1], so blending lifts one action over another by ``2 * weight`` at most,
        where the search's own difference has shrunk by ``1 - weight``.
        """
        w = self.weight(depth)
        if w >= 0.5:
            return negamax.EVERY
        rounding = negamax.PLIES if w > 0 else 0
        return math.ceil(2 * w / (1 - w) * _WHOLE) + rounding

    # --- what is best -----------------------------------------------------------------------

    def certain(self, action: int) -> bool:
        """Return whether the action's score (or upper bound) is proved."""
        return self.solved[action] or abs(self.scores[action]) > _DECIDED

    def won(self) -> bool:
        """Return whether an action is proved to win."""
        return any(self.scores[a] > _DECIDED for a in self.scores if a not in self.bounds)

    def score(self, action: int) -> int:
        """Return the action's score with guides' values blended in, where it is an estimate."""
        score = self.scores[action]
        w = self.weight(self.depth)
        if w == 0 or self.certain(action):
            return score
        blended = (1 - w) * score / negamax.PLIES + w * self.values[action] * negamax.UNIT
        highest = _BEST_ESTIMATE // negamax.PLIES
        return min(max(round(blended), -highest), highest) * negamax.PLIES

    def ranked(self) -> list[int]:
        """Return all actions, best first: by score, then by advice, then in static order.

        A score that is only a bound never beats a real one.
        """
        return sorted(
            self.order,
            key=lambda a: (
                (a in self.bounds, -self.score(a)) if self.scores else (),
                -self.gains.get(a, 0.0),
                -self.values.get(a, 0.0),
                -self.prior.get(a, 0.0),
            ),
        )

    def best(self) -> int:
        """Return the action to play."""
        return self.ranked()[0]

    def ties(self) -> list[int]:
        """Return the actions that are exactly as good as the best, itself included."""
        score = self.score(self.best())
        return [a for a in self.order if a not in self.bounds and self.score(a) == score]

    def to_search(self) -> list[int]:
        """Return the order to search in: the best, the proposed one, the others by score.

        An interrupted depth has judged only the first of them.
        """
        if not self.scores:
            return self.ranked()
        by_score = sorted(
            self.order,
            key=lambda a: (-self.score(a), -self.values.get(a, 0.0), -self.prior.get(a, 0.0)),
        )
        first = self.best() if self.used else by_score[0]
        proposed = max(by_score, key=lambda a: self.prior.get(a, 0.0)) if self.prior else first
        return list(dict.fromkeys((first, proposed, *by_score)))

    def open(self) -> bool:
        """Return whether an answer could still change the decision."""
        if len(self.order) == 1 or self.won():
            return False
        alive = [a for a in self.order if not (self.certain(a) and self.scores[a] < -_DECIDED)]
        if alive and not all(self.certain(a) for a in alive):
            return len(alive) > 1
        return len(self.ties()) > 1

    def uncertainty(self) -> Uncertainty:
        """Return the search's uncertainty; bounds make it an upper bound."""
        best = self.best()
        others = [self.score(a) for a in self.order if a != best]
        gap = (self.score(best) - max(others, default=-_WHOLE)) / _WHOLE
        tied = len(self.ties())
        shares = [1.0 / tied] * tied + [0.0] * (len(self.order) - tied)
        return Uncertainty(max(0.0, gap), entropy(shares), settled=not self.open())

    def likely_replies(self) -> list[int]:
        """Return the two likeliest replies, likeliest first."""
        return sorted(self.model, key=lambda a: -self.model[a])[:2]


def _sensible(weights: Mapping[int, float], known: Iterable[int]) -> dict[int, float]:
    """Return the finite numbers about known actions."""
    found = {a: weights[a] for a in known if a in weights}
    return {a: float(w) for a, w in found.items() if isinstance(w, Real) and math.isfinite(w)}


def _add(sums: dict[int, float], said: Mapping[int, float], trust: float) -> bool:
    """Add the positive weights, scaled to sum ``trust``; return whether there were any."""
    positive = {a: w for a, w in said.items() if w > 0}
    total = sum(positive.values())
    if not positive or not math.isfinite(total):
        return False
    for action, weight in positive.items():
        sums[action] = sums.get(action, 0.0) + trust * weight / total
    return True
