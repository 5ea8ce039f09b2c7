"""Probabilities of option letters: parsed from replies, calibrated, as weights or values.

Small models have a bias for some letters ("A" or "B", mostly), whatever the options are.  The bias
is the mean over many questions, since options are shuffled: subtracting each letter's running mean
raised the right answers of a 1.5B model from 62 to 80 % (super-effective moves, facts given) and
from 63 to 97 % (tic-tac-toe, facts given).
"""

from __future__ import annotations

import json
import math
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MIN_LOGPROB = -20.0  # some endpoints report -9999 for tokens that are not among the likeliest

#: Probability of the chosen letter in an answer without probabilities; the others share the rest.
CHOICE_SHARE = 0.7


@dataclass(frozen=True)
class LetterScores:
    """Log-probabilities of the option letters as the first token.

    Attributes:
        logprobs: natural log-probability of each letter, normalised over the letters.
        found: number of letters among the likeliest tokens; the others have their upper bound.
        mass: probability that the model answers with one of the letters.
    """

    logprobs: tuple[float, ...]
    found: int
    mass: float


def read_scores(first_token: Sequence[tuple[str, float]], letters: str) -> LetterScores | None:
    """Return the scores of the letters, None if no letter is among the likeliest tokens."""
    # An endpoint may send anything; probabilities are at most 1.
    usable = [(t, min(0.0, max(p, MIN_LOGPROB))) for t, p in first_token if not math.isnan(p)]
    if not usable:
        return None
    # A token that is not reported has at most the smallest reported probability, and at most the
    # remaining probability.
    left = max(1.0 - sum(math.exp(p) for _, p in usable), math.exp(MIN_LOGPROB))
    floor = min(math.exp(min(p for _, p in usable)), left)
    # "A" and " A" are different tokens of the same answer.
    known = [sum(math.exp(p) for t, p in usable if t.strip() == letter) for letter in letters]
    found = len(letters) - known.count(0)
    if not found:
        return None
    shares = [probability or floor for probability in known]
    total = sum(shares)
    return LetterScores(tuple(math.log(s / total) for s in shares), found, min(sum(known), 1.0))


def read_choice(text: str, letters: str) -> str | None:
    """Return the option letter that a text names, None if it is ambiguous.

    Recognised are a lone letter ("B", "(b)", "B."), JSON with an ``answer``, "answer: B", a line
    that starts with "B." or "B:", and a single capital option letter in a sentence.  The letters A
    and I are also English words, so in a sentence they do not count.
    """
    stripped = text.strip()
    lone = re.fullmatch(r"[\W_]*([A-Za-z])[\W_]*", stripped)
    if lone and lone[1].upper() in letters:
        return lone[1].upper()
    from_json = _json_answer(stripped)
    if from_json is not None:
        return from_json if len(from_json) == 1 and from_json in letters else None
    for pattern in (
        r"(?i:answer|option|choice)(?i:\s+is)?\W{1,4}([A-Z])\b",
        r"(?m)^\W*([A-Z])[.):]",
    ):
        named = {m for m in re.findall(pattern, stripped) if m in letters}
        if len(named) == 1:
            return str(named.pop())
    named = {m for m in re.findall(r"\b([A-Z])\b", stripped) if m in letters} - {"A", "I"}
    return str(named.pop()) if len(named) == 1 else None


def _json_answer(text: str) -> str | None:
    """Return the ``answer`` of the first JSON object in ``text``; "": none; None: no object."""
    start, end = text.find("{"), text.rfind("}")
    if start < 0 or end < start:
        return None
    try:
        value = json.loads(text[start : end + 1])
    except (ValueError, RecursionError):  # RecursionError: nested a thousand deep
        return None
    answer = value.get("answer") if isinstance(value, dict) else None
    return answer.strip().upper() if isinstance(answer, str) and answer.strip() else ""


def choice_scores(letter: str, letters: str) -> tuple[float, ...]:
    """Return the log-probabilities that represent a choice of ``letter``."""
    rest = (1.0 - CHOICE_SHARE) / (len(letters) - 1)
    return tuple(math.log(CHOICE_SHARE if each == letter else rest) for each in letters)


def to_weights(logprobs: Sequence[float]) -> tuple[float, ...]:
    """Return probabilities that sum to 1 (softmax)."""
    highest = max(logprobs)
    shares = [math.exp(p - highest) for p in logprobs]
    total = sum(shares)
    return tuple(s / total for s in shares)


def to_values(logprobs: Sequence[float]) -> tuple[float, ...]:
    """Return values in (-1, 1) from the differences to the mean log-probability.

    Only differences of the values are meaningful: the question compares the options, and does not
    rate the best of them.  Two options with odds of e² to 1 have the values +0.46 and -0.46.
    """
    mean = sum(logprobs) / len(logprobs)
    return tuple(math.tanh((p - mean) / 2.0) for p in logprobs)


@dataclass(frozen=True)
class LetterFit:
    """Fitted calibration of a model's letters (``arena/llm_calibration/reliability.py``).

    Attributes:
        bias: bias for each letter, subtracted from its log-probability; 0 for further letters.
        temperature: divisor of the remaining log-probabilities.
    """

    bias: tuple[float, ...]
    temperature: float = 1.0

    def apply(self, logprobs: Sequence[float]) -> tuple[float, ...]:
        """Return calibrated log-probabilities, up to a constant."""
        known = len(self.bias)
        return tuple(
            (p - (self.bias[k] if k < known else 0.0)) / self.temperature
            for k, p in enumerate(logprobs)
        )


@dataclass
class _Totals:
    sums: list[float]
    count: int = 0


class LetterCalibration:
    """Removal of a model's letter bias from its scores; thread-safe.

    For kinds of questions with a fit, that fit is used.  For other kinds, and for each number of
    options, the bias of a letter is estimated as the mean of its earlier scores (around each
    question's mean), shrunk towards 0 by ``PRIOR`` pseudo-questions without bias.  So the first
    answer is unchanged, and no answer is corrected by itself.

    Args:
        fitted: fits by kind of question.
    """

    PRIOR = 4

    def __init__(self, fitted: Mapping[str, LetterFit] | None = None) -> None:
        self._fitted = dict(fitted or {})
        self._totals: dict[tuple[str, int], _Totals] = {}
        self._lock = threading.Lock()

    def adjust(self, kind: str, logprobs: Sequence[float]) -> tuple[float, ...]:
        """Return scores without the estimated bias, then update the estimate."""
        if kind in self._fitted:
            return self._fitted[kind].apply(logprobs)
        mean = sum(logprobs) / len(logprobs)
        centred = [p - mean for p in logprobs]
        with self._lock:
            totals = self._totals.setdefault((kind, len(logprobs)), _Totals([0.0] * len(logprobs)))
            weight = 1.0 / (totals.count + self.PRIOR)
            adjusted = tuple(p - s * weight for p, s in zip(centred, totals.sums, strict=True))
            totals.sums = [s + p for s, p in zip(totals.sums, centred, strict=True)]
            totals.count += 1
        return adjusted
