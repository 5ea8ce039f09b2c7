"""Written answers: a short thought, then a letter, letters or numbers, all within bounds.

The thought comes first, so that the answer can follow from it, and it is bounded, so that an answer
always fits into its tokens.  A form says what is to be written as a JSON schema, and reads what
was written in whatever mode it was asked for (``ladder.py``).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from plywise.llm_modules.prompts.scoring import read_choice

_BASE_TOKENS = 32  # brackets, quotes, names
_LETTER_TOKENS = 4
_NUMBER_TOKENS = 10  # of a letter with its number
_TEXT_TOKENS = 64  # what a model says around its answer where nothing forces its hand
_MOST_OBJECTS = 50  # looked at in a reply


class AnswerMode(Enum):
    """How an answer is asked for, best first."""

    SCORES = "scores"
    SCHEMA = "json_schema"
    JSON = "json_object"
    TEXT = "text"


class Wanted(Enum):
    """What an answer holds; the values name its prompt file and its JSON property."""

    ANSWER = "answer"
    BEST = "best"
    PERCENT = "percent"


@dataclass(frozen=True)
class Filled:
    """What was written.

    Attributes:
        thought: cut to the form's bound; "" none.
        letters: of the options named, best first (ANSWER: one; PERCENT: by their numbers).
        percent: letter -> 0 … 100, for PERCENT.
    """

    letters: tuple[str, ...]
    thought: str = ""
    percent: Mapping[str, float] = field(default_factory=dict)

    @property
    def values(self) -> dict[str, float]:
        """The percentages as values in [-1, 1]."""
        return {letter: n / 50 - 1 for letter, n in self.percent.items()}


@dataclass(frozen=True)
class Form:
    """What is to be written about lettered options.

    Attributes:
        letters: of the options.
        wanted: one letter, several letters, or a whole number from 0 to 100 for each.
        thought: most characters of the thought that comes first; 0: none.
        count: of BEST, how many letters at most.
    """

    letters: str
    wanted: Wanted = Wanted.ANSWER
    thought: int = 0
    count: int = 3

    def properties(self) -> dict[str, Any]:
        """Return the JSON schema's properties, in the order of writing."""
        letter = {"type": "string", "enum": list(self.letters)}
        number = {"type": "integer", "minimum": 0, "maximum": 100}
        answer: dict[str, Any] = letter
        if self.wanted is Wanted.BEST:
            most = min(self.count, len(self.letters))
            answer = {"type": "array", "items": letter, "minItems": 1, "maxItems": most}
        elif self.wanted is Wanted.PERCENT:
            answer = {
                "type": "object",
                "properties": dict.fromkeys(self.letters, number),
                "required": list(self.letters),
                "additionalProperties": False,
            }
        thought = {"type": "string", "maxLength": self.thought}
        return ({"thought": thought} if self.thought else {}) | {self.wanted.value: answer}

    def response_format(self, mode: AnswerMode) -> str:
        """Return OpenAI's ``response_format`` for this form as JSON text ("" for none)."""
        if mode is AnswerMode.JSON:
            return json.dumps({"type": "json_object"})
        if mode is not AnswerMode.SCHEMA:
            return ""
        properties = self.properties()
        schema = {
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        }
        wrapped = {"name": "answer", "strict": True, "schema": schema}
        return json.dumps({"type": "json_schema", "json_schema": wrapped})

    def max_tokens(self, mode: AnswerMode) -> int:
        """Return how many tokens the longest answer takes, two characters of a thought to one."""
        letters = {
            Wanted.ANSWER: _LETTER_TOKENS,
            Wanted.BEST: _LETTER_TOKENS * self.count,
            Wanted.PERCENT: _NUMBER_TOKENS * len(self.letters),
        }[self.wanted]
        free = _TEXT_TOKENS if mode is AnswerMode.TEXT else 0
        return _BASE_TOKENS + math.ceil(self.thought / 2) + letters + free

    def write(self, letter: str, thought: str, percent: Mapping[str, int]) -> str:
        """Return the form as an example of an answer: filled in, and within its bounds."""
        filled: dict[str, Any] = {"thought": thought[: self.thought]} if self.thought else {}
        answers = {Wanted.ANSWER: letter, Wanted.BEST: [letter], Wanted.PERCENT: dict(percent)}
        return json.dumps(filled | {self.wanted.value: answers[self.wanted]}, ensure_ascii=False)

    def read(self, text: str) -> Filled | None:
        """Return what was written; None where it does not answer the question."""
        for written in _objects(text):
            if self.wanted.value in written:
                said = written.get("thought")
                thought = " ".join(said.split())[: self.thought] if isinstance(said, str) else ""
                return self._filled(written[self.wanted.value], thought)
        if self.wanted is Wanted.PERCENT:
            listed = re.findall(r"(?m)^\W*([A-Z])\W+(\d{1,3})\s*%?\s*$", text)
            return self._filled(dict(listed), "")
        return self._filled(read_choice(text, self.letters), "")

    def _filled(self, answer: object, thought: str) -> Filled | None:
        if self.wanted is Wanted.PERCENT:
            given = answer if isinstance(answer, dict) else {}
            percent = {k: n for k in self.letters if (n := _percent(given.get(k))) is not None}
            ranked = sorted(percent, key=lambda letter: -percent[letter])
            return Filled(tuple(ranked), thought, percent) if percent else None
        named = answer if isinstance(answer, list) else [answer]
        known = [n.strip().upper() for n in named if isinstance(n, str)]
        letters = dict.fromkeys(n for n in known if len(n) == 1 and n in self.letters)
        most = self.count if self.wanted is Wanted.BEST else 1
        return Filled(tuple(letters)[:most], thought) if letters else None


def _percent(value: object) -> float | None:
    """Return a number from 0 to 100, written as one or as a text like "70 %"; else None."""
    if isinstance(value, str) and re.fullmatch(r"\s*\d{1,3}(\.\d+)?\s*%?\s*", value):
        value = float(value.strip(" %\t\n"))
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value <= 100 else None


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """Yield the JSON objects that begin in a reply, whatever stands around them."""
    decoder = json.JSONDecoder()
    for found in list(re.finditer(r"\{", text))[:_MOST_OBJECTS]:
        try:
            value, _ = decoder.raw_decode(text, found.start())
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            yield value
