"""Participants of the benchmark, and the session in which one of them answers an item.

All participants answer in text, the baselines too: their replies are parsed by the same functions.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from plywise.datasets.childplay.presets import Preset
from plywise.llm_modules.calls.chat import Answer, Message
from plywise.llm_modules.calls.errors import LLMReplyError
from plywise.llm_modules.players.exam import ExamPrompts

FAULT = "fault"
_MAX_REPLY = 2000  # characters of a reply in the record


@dataclass(frozen=True)
class Participant:
    """Participant of the benchmark: a baseline or a model.

    Attributes:
        name: name in tables.
        answer: function from a prompt (the input of a model), its item or position and random
            numbers (the input of baselines) to the reply; raises LLMError if there is none.
    """

    name: str
    answer: Callable[[tuple[Message, ...], Any, Random], Answer]


def text_baseline(name: str, reply: Callable[[Any, Random], str]) -> Participant:
    """Return a participant whose ``reply`` computes a text from an item or position."""
    return Participant(name, lambda messages, subject, rng: Answer(reply(subject, rng), name))


@dataclass
class ItemResult:
    """Result of one item: a puzzle, or a whole game.

    Attributes:
        task: name of the task.
        player: name of the participant.
        number: number of the item.
        seat: player index of the participant in a game; None: a puzzle.
        result: win, draw, loss, right, wrong or fault.
        score: points in [0, 1]; None: a fault, which is not counted.
        illegal: number of illegal replies.
        retries: illegal replies after which the participant could answer again.
        forfeit: whether the last reply is illegal, and the item is lost thereby.
        why: reason of the last illegal reply, wrong answer or fault.
        calls: answers, cached ones included.
        cached: answers from the client's cache, at no cost.
        http_retries: retries of HTTP requests.
        prompt_tokens, completion_tokens, seconds: totals of the answers.
        details: further figures of the task.
        turns: prompt, reply and parsed answer of each turn.
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
        """Set the result to a fault of the infrastructure."""
        self.result, self.score, self.why, self.forfeit = FAULT, None, why, False

    def judge(self, right: bool, why: str = "") -> None:
        """Set the result of a puzzle."""
        self.result, self.score = ("right", 1.0) if right else ("wrong", 0.0)
        self.why = why or self.why


@dataclass(frozen=True)
class ParsedReply:
    """Parsed reply: a value, or None and the reason why the reply is illegal."""

    value: Any
    reason: str = ""


@dataclass(frozen=True)
class ItemSession:
    """Session in which a participant answers the questions of one item.

    Attributes:
        who: the participant.
        preset: rules of the benchmark.
        prompts: prompt texts.
        outcome: result of the item, updated by :meth:`ask`.
        rng: random numbers for baselines.
    """

    who: Participant
    preset: Preset
    prompts: ExamPrompts
    outcome: ItemResult
    rng: Random

    def ask(
        self, prompt: str, fields: dict[str, str], subject: Any, read: Callable[[str], ParsedReply]
    ) -> Any:
        """Return the parsed value of the reply, None if all tries are illegal.

        Raises:
            LLMError: there is no reply, or (in the published rules) an empty one.
        """
        outcome = self.outcome
        messages = self.prompts.messages(prompt, fields)
        for tries_left in range(self.preset.retries, -1, -1):
            answer = self.who.answer(messages, subject, self.rng)
            outcome.calls += 1
            if answer.cached:
                outcome.cached += 1
            outcome.http_retries += answer.retries
            outcome.prompt_tokens += answer.prompt_tokens
            outcome.completion_tokens += answer.completion_tokens
            outcome.seconds += answer.seconds
            text = answer.text
            if not text.strip() and self.preset.empty_is_fault:
                raise LLMReplyError(f"an empty reply (finish reason: {answer.finish_reason!r})")
            parsed = read(text)
            legal = parsed.value is not None
            outcome.turns.append(
                {
                    "asked": messages[-1].content,
                    "reply": text[:_MAX_REPLY],
                    "finish_reason": answer.finish_reason,
                    "read": str(parsed.value) if legal else f"illegal: {parsed.reason}",
                }
            )
            if legal:
                return parsed.value
            outcome.illegal += 1
            outcome.why = parsed.reason
            if tries_left:
                outcome.retries += 1
                reply = Message("assistant", text[:_MAX_REPLY].strip() or "(nothing)")
                again = self.prompts.messages("again", {"reason": parsed.reason})
                messages = (*messages, reply, *again)
        outcome.forfeit = True
        return None


class ExamTask(ABC):
    """Task of the benchmark.

    Attributes:
        name: name of the task.
        preset: rules of the benchmark.
        total: number of items.
        seed: seed of the items.
        baselines: baselines of the task.
    """

    name: str

    def __init__(self, preset: Preset, total: int, seed: int) -> None:
        self.preset = preset
        self.total = total
        self.seed = seed
        self.baselines = self._baselines()

    @abstractmethod
    def _baselines(self) -> list[Participant]:
        """Return the baselines."""

    @abstractmethod
    def run(self, session: ItemSession, number: int) -> None:
        """Run one item and set its result.

        Raises:
            LLMError: there is no reply.
        """

    def _answer(self, answer: object) -> str:
        return f"Answer: {answer}" if self.preset.fair else str(answer)
