"""One question after another to whoever is examined, and what came of it.

Whoever is examined answers in text, the baselines too: all go through the same readers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any, Protocol

from plywise.datasets.childplay.presets import Preset
from plywise.llm_modules.calls.chat import Answer, Message
from plywise.llm_modules.calls.errors import LLMReplyError
from plywise.llm_modules.players.exam import Examinee, ExamPrompts

FAULT = "fault"
_SHOWN = 2000  # characters of a reply that are kept in the record


class Examined(Protocol):
    """Who answers.

    Attributes:
        name: for tables.
    """

    name: str

    def answer(self, messages: tuple[Message, ...], subject: Any, rng: Random) -> Answer:
        """Return the reply to a prompt.

        Args:
            messages: the prompt; all that a model may look at.
            subject: what the prompt is about, for baselines.
            rng: all chance of a baseline.

        Raises:
            LLMError: none came.
        """


class Baseline:
    """A rule that knows the subject itself and writes its answer as a model would."""

    def __init__(self, name: str, reply: Callable[[Any, Random], str]) -> None:
        self.name = name
        self._reply = reply

    def answer(self, messages: tuple[Message, ...], subject: Any, rng: Random) -> Answer:
        """Return the rule's answer."""
        return Answer(self._reply(subject, rng), self.name)


class ModelExamined:
    """A language model, which sees the prompt and nothing else."""

    def __init__(self, examinee: Examinee) -> None:
        self.name = examinee.name
        self._examinee = examinee

    def answer(self, messages: tuple[Message, ...], subject: Any, rng: Random) -> Answer:
        """Return the model's answer."""
        return self._examinee.ask(messages)


@dataclass
class Outcome:
    """What came of one item: a puzzle, or a whole game.

    Attributes:
        seat: which player the examined was in a game.
        result: win, draw, loss, right, wrong or fault.
        score: points in [0, 1]; None for a fault, which counts nowhere.
        illegal: replies that could not be taken; ``retries``: those that were replaced;
            ``forfeit``: whether the last one was not, and the item was lost so.
        why: the last reason for an illegal reply, a wrong answer or a fault.
        calls, cached: answers, and those of them that had been given before (at no cost).
        http_retries: requests that the client had to repeat.
        details: further figures of a task.
        turns: prompt, reply and what was read of it.
    """

    task: str
    player: str
    number: int
    seat: int | None = None
    result: str = FAULT
    score: float | None = None
    illegal: int = 0
    retries: int = 0
    forfeit: bool = False
    why: str = ""
    calls: int = 0
    cached: int = 0
    http_retries: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0
    details: dict[str, float] = field(default_factory=dict)
    turns: list[dict[str, str]] = field(default_factory=list)

    def fail(self, why: str) -> None:
        """Make it a fault of the infrastructure."""
        self.result, self.score, self.why, self.forfeit = FAULT, None, why, False

    def judge(self, right: bool, why: str = "") -> None:
        """Note whether a puzzle's answer is right."""
        self.result, self.score = ("right", 1.0) if right else ("wrong", 0.0)
        self.why = why or self.why


@dataclass(frozen=True)
class Reading:
    """What a reader made of a reply: a value, or None and why it cannot be taken."""

    value: Any
    reason: str = ""


@dataclass(frozen=True)
class Sitting:
    """Puts the questions of one item to whoever is examined, and keeps count in ``outcome``."""

    who: Examined
    preset: Preset
    prompts: ExamPrompts
    outcome: Outcome
    rng: Random

    def ask(
        self, prompt: str, fields: dict[str, str], subject: Any, read: Callable[[str], Reading]
    ) -> Any:
        """Return the value read of the reply, or None where every try was illegal.

        Raises:
            LLMError: no reply came (or, as published, an empty one).
        """
        outcome = self.outcome
        messages = self.prompts.messages(prompt, fields)
        for tries_left in range(self.preset.retries, -1, -1):
            answer = self.who.answer(messages, subject, self.rng)
            outcome.calls += 1
            outcome.cached += answer.cached
            outcome.http_retries += answer.retries
            outcome.prompt_tokens += answer.prompt_tokens
            outcome.completion_tokens += answer.completion_tokens
            outcome.seconds += answer.seconds
            text = answer.text
            if not text.strip() and self.preset.empty_is_fault:
                raise LLMReplyError(f"an empty reply (finish reason: {answer.finish_reason!r})")
            reading = read(text)
            taken = reading.value is not None
            outcome.turns.append(
                {
                    "asked": messages[-1].content,
                    "reply": text[:_SHOWN],
                    "finish_reason": answer.finish_reason,
                    "read": str(reading.value) if taken else f"illegal: {reading.reason}",
                }
            )
            if taken:
                return reading.value
            outcome.illegal += 1
            outcome.why = reading.reason
            if tries_left:
                outcome.retries += 1
                said = Message("assistant", text[:_SHOWN].strip() or "(nothing)")
                again = self.prompts.messages("again", {"reason": reading.reason})
                messages = (*messages, said, *again)
        outcome.forfeit = True
        return None
