"""Reliability of a language model from its answers to questions with known answers.

Three things are fitted to the log-probabilities of the option letters.

- *Bias*: preference of the model for a letter, whatever its option is.  A letter's log-probability
  is modelled as the sum of the question's level and the letter's bias, by least squares; right
  answers are not used.  Source: H. Zhou et al., "Batch Calibration" (ICLR 2024).
- *Temperature*: divisor of the remaining log-probabilities, so that the probabilities match the
  share of right answers (C. Guo et al., "On Calibration of Modern Neural Networks", ICML 2017);
  maximum likelihood of the right answers.
- *Reliability*: weight ``w`` that maximises the likelihood of the right answers under ``w * p +
  (1 - w) * uniform``, where ``p`` are the model's calibrated probabilities (a linear opinion pool,
  M. Stone 1961).  Its interval is that of the likelihood ratio (S. Wilks 1938).  A search mixes a
  prior by the same formula, so the lower end of the interval is the trust in the model: 0 if the
  answers may be chance.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from plywise.arena.ratings.intervals import Interval, wilson
from plywise.llm_modules.prompts.scoring import LetterFit, to_weights

_RIDGE = 4.0  # pseudo-questions without bias
_ROUNDS = 60  # of alternating least squares; the changes are below 1e-6 by then
_MIN_TEMPERATURE, _MAX_TEMPERATURE = 0.1, 20.0
_DROP = 1.920729410347062  # half of the 95 % quantile of chi squared with one degree of freedom
_EPSILON = 1e-12


@dataclass(frozen=True)
class AnsweredQuestion:
    """Question with the model's answer.

    Attributes:
        logprobs: log-probabilities of the option letters, normalised over them.
        right: indices of the right letters.
        left_out: number of options without a letter.
        missed: number of right options without a letter.
    """

    logprobs: tuple[float, ...]
    right: frozenset[int]
    left_out: int = 0
    missed: int = 0

    @property
    def chance(self) -> float:
        """Probability that a random letter is right."""
        return len(self.right) / len(self.logprobs)

    @property
    def uniform(self) -> float:
        """Probability that a random option, shown or not, is right."""
        return (len(self.right) + self.missed) / (len(self.logprobs) + self.left_out)

    def hit(self, scores: Sequence[float]) -> bool:
        """Return whether a right letter has the highest score."""
        return max(range(len(scores)), key=lambda k: scores[k]) in self.right

    def probability(self, scores: Sequence[float]) -> float:
        """Return the probability of the right options given ``scores``.

        Options without a letter have their uniform probability, as in the advice to a search.
        """
        weights = to_weights(scores)
        options = len(weights) + self.left_out
        shown = len(weights) / options
        return shown * sum(weights[k] for k in self.right) + self.missed / options


@dataclass(frozen=True)
class GuideMeasurement:
    """Measurement of one guide of a model.

    Each half of the answers is evaluated with the fit of the other half.

    Attributes:
        questions: number of answered questions.
        chance: expected share of right answers of random letters.
        raw: share of right answers without calibration, with Wilson's 95 % interval.
        calibrated: share of right answers with calibration, with Wilson's 95 % interval.
        reliability: weight of the model (see the module) with its 95 % interval.
        fit: bias and temperature of all answers.
    """

    questions: int
    chance: float
    raw: Interval
    calibrated: Interval
    reliability: Interval
    fit: LetterFit

    @property
    def trust(self) -> float:
        """Trust of a search in the model: 0 if the answers may be chance."""
        return self.reliability.low


def measure(answers: Sequence[AnsweredQuestion]) -> GuideMeasurement:
    """Return the measurement; fewer than four answers have trust 0."""
    halves = answers[::2], answers[1::2]
    judged: list[tuple[float, float]] = []
    hits = 0
    for tested, fitted in (halves, halves[::-1]):
        fit = fit_letters(fitted)
        for answer in tested:
            scores = fit.apply(answer.logprobs)
            if answer.hit(scores):
                hits += 1
            judged.append((answer.probability(scores), answer.uniform))
    n = len(answers)
    return GuideMeasurement(
        questions=n,
        chance=sum(a.chance for a in answers) / n if n else 0.0,
        raw=wilson(len([a for a in answers if a.hit(a.logprobs)]), n),
        calibrated=wilson(hits, n),
        reliability=reliability(judged) if n >= 4 else Interval(0.0, 0.0, 1.0),
        fit=fit_letters(answers),
    )


def fit_letters(answers: Sequence[AnsweredQuestion]) -> LetterFit:
    """Return bias and temperature; without answers no bias and temperature 1."""
    bias = _bias([a.logprobs for a in answers])
    low, high = math.log(_MIN_TEMPERATURE), math.log(_MAX_TEMPERATURE)

    def loss(logarithm: float) -> float:
        fit = LetterFit(bias, math.exp(logarithm))
        return -sum(math.log(a.probability(fit.apply(a.logprobs)) + _EPSILON) for a in answers)

    return LetterFit(bias, math.exp(_minimum(loss, low, high)) if answers else 1.0)


def _bias(rows: Sequence[Sequence[float]]) -> tuple[float, ...]:
    letters = max(map(len, rows), default=0)
    bias = [0.0] * letters
    for _ in range(_ROUNDS):
        sums, counts = [0.0] * letters, [_RIDGE] * letters
        for row in rows:
            level = sum(p - b for p, b in zip(row, bias, strict=False)) / len(row)
            for k, p in enumerate(row):
                sums[k] += p - level
                counts[k] += 1
        bias = [s / c for s, c in zip(sums, counts, strict=True)]
    return tuple(bias)


def reliability(judged: Sequence[tuple[float, float]]) -> Interval:
    """Return the most likely weight of the mixture with its 95 % interval.

    Args:
        judged: probability of the right answers of each question by the model, and by chance.
    """

    def loss(weight: float) -> float:
        return -sum(math.log(weight * p + (1 - weight) * c + _EPSILON) for p, c in judged)

    best = _minimum(loss, 0.0, 1.0)
    best = min((0.0, best, 1.0), key=loss)
    limit = loss(best) + _DROP
    low = 0.0 if loss(0.0) <= limit else _crossing(loss, limit, 0.0, best)
    high = 1.0 if loss(1.0) <= limit else _crossing(loss, limit, 1.0, best)
    return Interval(best, low, high)


def _minimum(function: Callable[[float], float], low: float, high: float) -> float:
    """Return the minimum of a unimodal function (golden-section search)."""
    golden = (math.sqrt(5.0) - 1.0) / 2.0
    left, right = high - golden * (high - low), low + golden * (high - low)
    at_left, at_right = function(left), function(right)
    while high - low > 1e-6:
        if at_left <= at_right:
            high, right, at_right = right, left, at_left
            left = high - golden * (high - low)
            at_left = function(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + golden * (high - low)
            at_right = function(right)
    return (low + high) / 2.0


def _crossing(
    function: Callable[[float], float], limit: float, outside: float, inside: float
) -> float:
    """Return the point where a function crosses ``limit``, by bisection."""
    for _ in range(60):
        middle = (outside + inside) / 2.0
        if function(middle) > limit:
            outside = middle
        else:
            inside = middle
    return outside
