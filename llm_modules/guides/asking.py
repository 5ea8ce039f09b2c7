"""Strategies of asking a guide's question: scoring of option letters, and reasoning in writing.

*Scoring* reads the probabilities of the option letters as the first token: one pass over the
prompt, as much as a small model can do in about a second.  *Reasoning* lets the model write a short
thought and then a letter, or a number for each option.  It takes seconds; its values rate each
position by itself, while scoring only compares the options.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from plywise.llm_modules.calls.chat import Answer, Request
from plywise.llm_modules.guides.dialogue import UNREADABLE
from plywise.llm_modules.guides.format_fallback import SCORING, WRITING, EndpointMode
from plywise.llm_modules.prompts.forms import AnswerKind, AnswerMode, Form
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
class ReplyScores:
    """Scores of the options in a reply.

    Attributes:
        numbers: letter -> probability (PROPOSE, MODEL; sum 1) or value in [-1, 1] (EVALUATE; some
            letters may be missing); {}: the reply is unusable.
        problem: reason to fall back to a lower mode from now on; "": none.
        facts: entries of the transcript.
    """

    numbers: Mapping[str, float] = field(default_factory=dict)
    problem: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


class Scoring:
    """Asking for the probabilities of option letters, or for one letter without them.

    Attributes:
        wordings: names of the prompt texts that replace those of the questions.
        endpoint_mode: answer mode that the endpoint is known to support; shared by all decisions.
    """

    wordings: Mapping[Question, str] = {}

    def __init__(self, calibration: LetterCalibration) -> None:
        self.endpoint_mode = EndpointMode(SCORING)
        self._calibration = calibration

    def request(self, lettered: LetteredQuestion, mode: AnswerMode, seed: int) -> Request:
        """Return the request for one token, or for a letter in writing."""
        if mode is AnswerMode.SCORES:
            return Request(lettered.by_letter, 1, top_logprobs=_TOP_LOGPROBS, seed=seed)
        form = Form(lettered.letters)
        messages = lettered.by_letter if mode is AnswerMode.TEXT else lettered.worded(form)
        return form.request(messages, mode, seed)

    def read(self, lettered: LetteredQuestion, mode: AnswerMode, answer: Answer) -> ReplyScores:
        """Return the calibrated probabilities, or fixed ones for a chosen letter."""
        letters = lettered.letters
        scored = mode is AnswerMode.SCORES
        found = read_scores(answer.first_token, letters) if scored else None
        if found is not None:
            logprobs = zip(letters, found.logprobs, strict=True)
            facts = {
                "logprobs": {letter: round(p, 4) for letter, p in logprobs},
                "letters_found": found.found,
                "mass": round(found.mass, 4),
            }
            adjusted = self._calibration.adjust(lettered.question.value, found.logprobs)
            return ReplyScores(_numbers(lettered, adjusted), facts=facts)
        chosen = read_choice(answer.text, letters)
        problem = "" if chosen else UNREADABLE
        if scored:  # a written letter is a usable answer too
            problem = (
                "no option letter among the likeliest tokens"
                if answer.first_token
                else "the endpoint reports no log-probabilities"
            )
        if chosen is None:
            return ReplyScores(problem=problem)
        numbers = _numbers(lettered, choice_scores(chosen, letters))
        return ReplyScores(numbers, problem, {"choice": chosen})


class Reasoning:
    """Asking in writing: a thought, then a letter or numbers.

    Args:
        thought: maximum characters of the thought; 0: no thought.
        chances: whether proposals and predictions are a probability for each option instead of one
            letter; values are always numbers.

    Attributes:
        wordings: the evaluator is asked for a value of each position, not to compare them.
        endpoint_mode: answer mode that the endpoint is known to support; shared by all decisions.
    """

    wordings: Mapping[Question, str] = {Question.EVALUATE: "evaluate_percent"}

    def __init__(self, thought: int, chances: bool) -> None:
        self.endpoint_mode = EndpointMode(WRITING)
        self._thought = thought
        self._chances = chances

    def _form(self, lettered: LetteredQuestion) -> Form:
        rated = self._chances or lettered.question is Question.EVALUATE
        return Form(
            lettered.letters, AnswerKind.PERCENT if rated else AnswerKind.ANSWER, self._thought
        )

    def request(self, lettered: LetteredQuestion, mode: AnswerMode, seed: int) -> Request:
        """Return the request to fill in the form."""
        form = self._form(lettered)
        return form.request(lettered.worded(form), mode, seed)

    def read(self, lettered: LetteredQuestion, mode: AnswerMode, answer: Answer) -> ReplyScores:
        """Return the scores in the filled form."""
        form = self._form(lettered)
        filled = form.read(answer.text)
        if filled is None:
            return ReplyScores(problem=UNREADABLE)
        facts: dict[str, Any] = {"thought": filled.thought} if filled.thought else {}
        if form.kind is AnswerKind.ANSWER:
            (chosen,) = filled.letters
            numbers = _numbers(lettered, choice_scores(chosen, lettered.letters))
            return ReplyScores(numbers, facts=facts | {"choice": chosen})
        facts["percent"] = dict(filled.percent)
        if lettered.question is Question.EVALUATE:
            return ReplyScores(filled.values, facts=facts)
        total = sum(filled.percent.values())
        if total <= 0:
            return ReplyScores(problem="every option has probability 0", facts=facts)
        shares = {k: filled.percent.get(k, 0.0) / total for k in lettered.letters}
        return ReplyScores(shares, facts=facts)


def _numbers(lettered: LetteredQuestion, scores: tuple[float, ...]) -> dict[str, float]:
    """Return probabilities, or relative values, by letter from log-probabilities."""
    relative = lettered.question is Question.EVALUATE
    return dict(zip(lettered.letters, (to_values if relative else to_weights)(scores), strict=True))
