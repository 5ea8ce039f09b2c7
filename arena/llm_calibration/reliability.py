"""What a model's answers to questions with known answers say of it: letters, sureness, reliability.

Three things are fitted to the log-probabilities of the option letters.

- *Bias*: how much the model likes a letter whatever stands next to it.  A letter's log-probability
  is taken for the sum of a question's own level and the letter's bias; least squares, no answers
  needed.  Source: the mean over a batch, H. Zhou et al., "Batch Calibration" (ICLR 2024).
- *Temperature*: by which the rest is divided, so that the probabilities are as sure as they are
  right (C. Guo et al., "On Calibration of Modern Neural Networks", ICML 2017); maximum likelihood
  of the right answers.
- *Reliability*: the weight ``w`` that makes ``w * p + (1 - w) * uniform`` likeliest to have given
  the right answers, ``p`` being the model's calibrated probabilities (a linear opinion pool, M.
  Stone 1961).  The interval is that of the likelihood ratio (S. Wilks 1938).  A search mixes a
  prior with the same formula, so the low end of the interval is how far to trust the model: 0 where
  the interval holds chance.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from plywise.arena.ratings.intervals import Interval, wilson
from plywise.llm_modules.prompts.scoring import LetterFit, to_weights

_RIDGE = 4.0  # imagined questions in which a letter is not liked at all
_ROUNDS = 60  # of alternating least squares; the changes are below 1e-6 by then
_COLDEST, _HOTTEST = 0.1, 20.0  # temperatures
_DROP = 1.920729410347062  # half of the 95 % quantile of chi squared with one degree of freedom
_LEAST = 1e-12


@dataclass(frozen=True)
class Answered:
    """One question with the model's answer.

    Attributes:
        logprobs: of the option letters, normalised over them.
        right: the letters' numbers that are right.
        left_out: how many options had no letter; ``missed`` how many of these were right.
    """

    logprobs: tuple[float, ...]
    right: frozenset[int]
    left_out: int = 0
    missed: int = 0

    @property
    def chance(self) -> float:
        """The probability that a letter drawn at random is right."""
        return len(self.right) / len(self.logprobs)

    @property
    def even(self) -> float:
        """The right options' part where all options, shown or not, have even shares."""
        return (len(self.right) + self.missed) / (len(self.logprobs) + self.left_out)

    def hit(self, scores: Sequence[float]) -> bool:
        """Return whether the highest of ``scores`` is that of a right letter."""
        return max(range(len(scores)), key=lambda k: scores[k]) in self.right

    def probability(self, scores: Sequence[float]) -> float:
        """Return the probability of the right options that ``scores`` make.

        Options without a letter keep their even share, as in the advice that a search gets.
        """
        weights = to_weights(scores)
        options = len(weights) + self.left_out
        shown = len(weights) / options
        return shown * sum(weights[k] for k in self.right) + self.missed / options


@dataclass(frozen=True)
class Measured:
    """What a model's answers to one kind of question say.

    Each half of the questions is judged by what was fitted to the other half.

    Attributes:
        questions: how many were answered.
        chance: mean share of right answers of somebody who names a shown letter at random.
        raw, calibrated: share of right answers before and after taking the bias out, with Wilson's
            95 % interval.
        reliability: see the module; with its 95 % interval.
        fit: bias and temperature, of all questions.
    """

    questions: int
    chance: float
    raw: Interval
    calibrated: Interval
    reliability: Interval
    fit: LetterFit

    @property
    def trust(self) -> float:
        """How far a search should believe the model: 0 where that may be chance."""
        return self.reliability.low


def measure(answers: Sequence[Answered]) -> Measured:
    """Return what the answers say; of fewer than four nothing is believed."""
    halves = answers[::2], answers[1::2]
    judged: list[tuple[float, float]] = []
    hits = 0
    for mine, others in (halves, halves[::-1]):
        fit = fit_letters(others)
        for answer in mine:
            scores = fit.apply(answer.logprobs)
            hits += answer.hit(scores)
            judged.append((answer.probability(scores), answer.even))
    n = len(answers)
    return Measured(
        questions=n,
        chance=sum(a.chance for a in answers) / n if n else 0.0,
        raw=wilson(sum(a.hit(a.logprobs) for a in answers), n),
        calibrated=wilson(hits, n),
        reliability=reliability(judged) if n >= 4 else Interval(0.0, 0.0, 1.0),
        fit=fit_letters(answers),
    )


def fit_letters(answers: Sequence[Answered]) -> LetterFit:
    """Return bias and temperature; no bias and temperature 1 where there is nothing to fit."""
    bias = _bias([a.logprobs for a in answers])
    cold, hot = math.log(_COLDEST), math.log(_HOTTEST)

    def loss(logarithm: float) -> float:
        fit = LetterFit(bias, math.exp(logarithm))
        return -sum(math.log(a.probability(fit.apply(a.logprobs)) + _LEAST) for a in answers)

    return LetterFit(bias, math.exp(_minimum(loss, cold, hot)) if answers else 1.0)


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
    """Return the mixture's likeliest weight with its 95 % interval.

    Args:
        judged: for each question the probability of the right answers by the model, and by chance.
    """

    def loss(weight: float) -> float:
        return -sum(math.log(weight * p + (1 - weight) * c + _LEAST) for p, c in judged)

    best = _minimum(loss, 0.0, 1.0)
    best = min((0.0, best, 1.0), key=loss)
    limit = loss(best) + _DROP
    low = 0.0 if loss(0.0) <= limit else _crossing(loss, limit, 0.0, best)
    high = 1.0 if loss(1.0) <= limit else _crossing(loss, limit, 1.0, best)
    return Interval(best, low, high)


def _minimum(function: Callable[[float], float], low: float, high: float) -> float:
    """Return where a function with one valley is least (golden section)."""
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
    """Return where a function crosses ``limit`` between a point above and one below it."""
    for _ in range(60):
        middle = (outside + inside) / 2.0
        if function(middle) > limit:
            outside = middle
        else:
            inside = middle
    return outside
