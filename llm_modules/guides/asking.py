"""The two ways to ask a guide's question: scoring option letters, and reasoning in writing.

*Scoring* takes the probabilities of the option letters as the first token: one pass over the
prompt, which is all that a small model can do in about a second.  *Reasoning* lets the model write
a short bounded thought and then a letter, or a number for each option.  A guide that reasons costs
seconds of writing; its values are ones of each position, while scoring only compares the options.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from plywise.llm_modules.calls.chat import Answer, Request
from plywise.llm_modules.guides.dialogue import UNREADABLE
from plywise.llm_modules.guides.format_fallback import (
    SCORING,
    WRITING,
    Ladder,
)
from plywise.llm_modules.prompts.forms import AnswerMode, Form, Wanted
from plywise.llm_modules.prompts.prompting import LetteredQuestion
from plywise.llm_modules.prompts.scoring import (
    LetterCalibration,
    choice_scores,
    read_choice,
    read_scores,
    to_values,
    to_weights,
)
from plywise.search.guide.protocol import Question

_TOP_LOGPROBS = 20


@dataclass(frozen=True)
class Reading:
    """What a reply says.

    Attributes:
        numbers: letter -> probability (PROPOSE, MODEL; they sum to 1) or value in [-1, 1]
            (EVALUATE; not every letter has one).  {} where the reply is of no use.
        trouble: why another way of asking should be taken for what follows; "" none is needed.
        facts: for the transcript.
    """

    numbers: Mapping[str, float] = field(default_factory=dict)
    trouble: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


class Asking(Protocol):
    """How guides ask; one serves all decisions.

    Attributes:
        ladder: which ways of answering the endpoint is known to support.
    """

    ladder: Ladder

    def wording(self, question: Question) -> str | None:
        """Return the name of the text to ask in, None for the question's own."""

    def request(self, lettered: LetteredQuestion, mode: AnswerMode, seed: int) -> Request:
        """Return the call that puts it."""

    def read(self, lettered: LetteredQuestion, mode: AnswerMode, answer: Answer) -> Reading:
        """Return what the reply says."""


class Scoring:
    """By the probabilities of the option letters; where there are none, by one letter."""

    def __init__(self, calibration: LetterCalibration) -> None:
        self.ladder = Ladder(SCORING)
        self._calibration = calibration

    def wording(self, question: Question) -> str | None:
        """Ask in the question's own words."""
        return None

    def request(self, lettered: LetteredQuestion, mode: AnswerMode, seed: int) -> Request:
        """Ask for one token, or for a letter in writing."""
        form = Form(lettered.letters)
        if mode is AnswerMode.SCORES:
            return Request(lettered.by_letter, 1, top_logprobs=_TOP_LOGPROBS, seed=seed)
        return Request(
            messages=lettered.by_letter if mode is AnswerMode.TEXT else lettered.by_json,
            max_tokens=form.max_tokens(mode),
            response_format=form.response_format(mode),
            seed=seed,
        )

    def read(self, lettered: LetteredQuestion, mode: AnswerMode, answer: Answer) -> Reading:
        """Return the calibrated probabilities, or what stands for a bare choice."""
        letters = lettered.letters
        if mode is AnswerMode.SCORES and answer.first_token:
            found = read_scores(answer.first_token, letters)
            if found is not None:
                logprobs = dict(zip(letters, found.logprobs, strict=True))
                facts = {
                    "logprobs": {k: round(p, 4) for k, p in logprobs.items()},
                    "letters_found": found.found,
                    "mass": round(found.mass, 4),
                }
                kind = lettered.question.value
                adjusted = self._calibration.adjust(kind, found.logprobs)
                return Reading(_numbers(lettered, adjusted), facts=facts)
        chosen = read_choice(answer.text, letters)
        trouble = "" if chosen else UNREADABLE
        if mode is AnswerMode.SCORES:  # a letter that was written is an answer all the same
            trouble = "no option letter among the likeliest tokens"
            if not answer.first_token:
                trouble = "the endpoint reports no log-probabilities"
        if chosen is None:
            return Reading(trouble=trouble)
        numbers = _numbers(lettered, choice_scores(chosen, letters))
        return Reading(numbers, trouble, {"choice": chosen})


class Reasoning:
    """In writing: a thought, then a letter or, for values and where ``chances``, numbers.

    Args:
        thought: most characters of a thought; 0: none, the answer at once.
        chances: whether proposals and predictions give each option's chance, not one letter.
    """

    def __init__(self, thought: int, chances: bool) -> None:
        self.ladder = Ladder(WRITING)
        self._thought = thought
        self._chances = chances

    def _form(self, lettered: LetteredQuestion) -> Form:
        rated = self._chances or lettered.question is Question.EVALUATE
        return Form(lettered.letters, Wanted.PERCENT if rated else Wanted.ANSWER, self._thought)

    def wording(self, question: Question) -> str | None:
        """Ask the evaluator for a value of each position, not for the best."""
        return "values" if question is Question.EVALUATE else None

    def request(self, lettered: LetteredQuestion, mode: AnswerMode, seed: int) -> Request:
        """Ask for the form to be filled in."""
        form = self._form(lettered)
        return Request(
            messages=lettered.worded(form),
            max_tokens=form.max_tokens(mode),
            response_format=form.response_format(mode),
            seed=seed,
        )

    def read(self, lettered: LetteredQuestion, mode: AnswerMode, answer: Answer) -> Reading:
        """Return what the filled form says."""
        form = self._form(lettered)
        filled = form.read(answer.text)
        if filled is None:
            return Reading(trouble=UNREADABLE)
        facts: dict[str, Any] = {"thought": filled.thought} if filled.thought else {}
        if form.wanted is Wanted.ANSWER:
            (chosen,) = filled.letters
            numbers = _numbers(lettered, choice_scores(chosen, lettered.letters))
            return Reading(numbers, facts=facts | {"choice": chosen})
        facts["percent"] = dict(filled.percent)
        if lettered.question is Question.EVALUATE:
            return Reading(filled.values, facts=facts)
        total = sum(filled.percent.values())
        if total <= 0:
            return Reading(trouble="every option has chance 0", facts=facts)
        shares = {k: filled.percent.get(k, 0.0) / total for k in lettered.letters}
        return Reading(shares, facts=facts)


def _numbers(lettered: LetteredQuestion, scores: tuple[float, ...]) -> dict[str, float]:
    """Return probabilities, or relative values, from the letters' log-probabilities."""
    relative = lettered.question is Question.EVALUATE
    return dict(zip(lettered.letters, (to_values if relative else to_weights)(scores), strict=True))
