"""Forms of written answers: a short thought, then a letter, letters or numbers.

The thought comes first, so that the answer can follow from it; its length is bounded, so that an
answer fits into its tokens.  A form describes the answer as a JSON schema, and parses it in every
:class:`AnswerMode`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from plywise.llm_modules.calls.chat import Message, Request
from plywise.llm_modules.prompts.scoring import read_choice

_BASE_TOKENS = 32  # brackets, quotes, names
_LETTER_TOKENS = 4
_NUMBER_TOKENS = 10  # a letter with its number
_TEXT_TOKENS = 64  # text around the answer in free text
_MAX_OBJECTS = 50  # JSON objects tried in a reply


class AnswerMode(Enum):
    """Modes of asking for an answer, best first."""

    SCORES = "scores"
    SCHEMA = "json_schema"
    JSON = "json_object"
    TEXT = "text"


class AnswerKind(Enum):
    """Kinds of answers; the values name the prompt file and the JSON property."""

    ANSWER = "answer"
    BEST = "best"
    PERCENT = "percent"


@dataclass(frozen=True)
class FilledForm:
    """Parsed answer.

    Attributes:
        letters: letters of the named options, best first (ANSWER: one; PERCENT: by their numbers).
        thought: thought, truncated to the form's limit; "": none.
        percent: letter -> number from 0 to 100, for PERCENT.
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
    """Form of an answer about lettered options.

    Attributes:
        letters: letters of the options.
        kind: one letter, several letters, or an integer from 0 to 100 for each letter.
        thought: maximum characters of the thought before the answer; 0: no thought.
        count: maximum number of letters, for BEST.
    """

    letters: str
    kind: AnswerKind = AnswerKind.ANSWER
    thought: int = 0
    count: int = 3

    def properties(self) -> dict[str, Any]:
        """Return the properties of the JSON schema, in the order of writing."""
        letter = {"type": "string", "enum": list(self.letters)}
        number = {"type": "integer", "minimum": 0, "maximum": 100}
        answer: dict[str, Any] = letter
        if self.kind is AnswerKind.BEST:
            count = min(self.count, len(self.letters))
            answer = {"type": "array", "items": letter, "minItems": 1, "maxItems": count}
        elif self.kind is AnswerKind.PERCENT:
            answer = _object_schema(dict.fromkeys(self.letters, number))
        thought = {"type": "string", "maxLength": self.thought}
        return ({"thought": thought} if self.thought else {}) | {self.kind.value: answer}

    def request(
        self,
        messages: tuple[Message, ...],
        mode: AnswerMode,
        seed: int,
        temperature: float | None = None,
    ) -> Request:
        """Return the request to fill in this form."""
        return Request(
            messages=messages,
            max_tokens=self.max_tokens(mode),
            response_format=self._response_format(mode),
            seed=seed,
            temperature=temperature,
        )

    def _response_format(self, mode: AnswerMode) -> str:
        if mode is AnswerMode.JSON:
            return json.dumps({"type": "json_object"})
        if mode is not AnswerMode.SCHEMA:
            return ""
        schema = _object_schema(self.properties())
        wrapped = {"name": "answer", "strict": True, "schema": schema}
        return json.dumps({"type": "json_schema", "json_schema": wrapped})

    def max_tokens(self, mode: AnswerMode) -> int:
        """Return the tokens of the longest answer, at two characters of a thought per token."""
        letters = {
            AnswerKind.ANSWER: _LETTER_TOKENS,
            AnswerKind.BEST: _LETTER_TOKENS * self.count,
            AnswerKind.PERCENT: _NUMBER_TOKENS * len(self.letters),
        }[self.kind]
        free = _TEXT_TOKENS if mode is AnswerMode.TEXT else 0
        return _BASE_TOKENS + math.ceil(self.thought / 2) + letters + free

    def write(self, letter: str, thought: str, percent: Mapping[str, int]) -> str:
        """Return an example of a filled form, as JSON within the form's limits."""
        filled: dict[str, Any] = {"thought": thought[: self.thought]} if self.thought else {}
        answers = {
            AnswerKind.ANSWER: letter,
            AnswerKind.BEST: [letter],
            AnswerKind.PERCENT: dict(percent),
        }
        return json.dumps(filled | {self.kind.value: answers[self.kind]}, ensure_ascii=False)

    def read(self, text: str) -> FilledForm | None:
        """Return the parsed answer; None if the text does not answer the question."""
        for written in _objects(text):
            if self.kind.value in written:
                given = written.get("thought")
                thought = " ".join(given.split())[: self.thought] if isinstance(given, str) else ""
                return self._filled(written[self.kind.value], thought)
        if self.kind is AnswerKind.PERCENT:
            listed = re.findall(r"(?m)^\W*([A-Z])\W+(\d{1,3})\s*%?\s*$", text)
            return self._filled(dict(listed), "")
        return self._filled(read_choice(text, self.letters), "")

    def _filled(self, answer: object, thought: str) -> FilledForm | None:
        if self.kind is AnswerKind.PERCENT:
            given = answer if isinstance(answer, dict) else {}
            percent = {k: n for k in self.letters if (n := _percent(given.get(k))) is not None}
            ranked = sorted(percent, key=lambda letter: -percent[letter])
            return FilledForm(tuple(ranked), thought, percent) if percent else None
        named = answer if isinstance(answer, list) else [answer]
        known = [n.strip().upper() for n in named if isinstance(n, str)]
        letters = dict.fromkeys(n for n in known if len(n) == 1 and n in self.letters)
        count = self.count if self.kind is AnswerKind.BEST else 1
        return FilledForm(tuple(letters)[:count], thought) if letters else None


def _object_schema(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _percent(value: object) -> float | None:
    """Return a number from 0 to 100, given as a number or a text like "70 %"; else None."""
    if isinstance(value, str) and re.fullmatch(r"\s*\d{1,3}(\.\d+)?\s*%?\s*", value):
        value = float(value.strip(" %\t\n"))
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value <= 100 else None


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """Yield the JSON objects in a text."""
    decoder = json.JSONDecoder()
    for found in list(re.finditer(r"\{", text))[:_MAX_OBJECTS]:
        try:
            value, _ = decoder.raw_decode(text, found.start())
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            yield value
