"""What is asked of a chat endpoint and what comes back, as plain values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from plywise.llm_modules.errors import LLMReplyError, one_line


class Message(NamedTuple):
    """One turn of a chat: ``role`` is "system", "user" or "assistant"."""

    role: str
    content: str


@dataclass(frozen=True)
class Request:
    """One question as the endpoint gets it.

    Attributes:
        max_tokens: longest answer.
        top_logprobs: how many likeliest first tokens to report (0: none asked, 20: the most).
        response_format: OpenAI's ``response_format`` as JSON text; "" for free text.
        seed: for sampling; matters only with a temperature above 0.
        temperature: of this question; None: as the client has it.
    """

    messages: tuple[Message, ...]
    max_tokens: int
    top_logprobs: int = 0
    response_format: str = ""
    seed: int | None = None
    temperature: float | None = None

    def parameters(self, model: str, temperature: float | None) -> dict[str, Any]:
        """Return the arguments of ``chat.completions.create``; the temperature is the client's."""
        out: dict[str, Any] = {
            "model": model,
            "messages": [{"role": m.role, "content": m.content} for m in self.messages],
            "max_tokens": self.max_tokens,
        }
        if self.temperature is not None:
            temperature = self.temperature
        if temperature is not None:
            out["temperature"] = temperature
        if self.seed is not None:
            out["seed"] = self.seed
        if self.top_logprobs:
            out |= {"logprobs": True, "top_logprobs": self.top_logprobs}
        if self.response_format:
            out["response_format"] = json.loads(self.response_format)
        return out


@dataclass(frozen=True)
class Answer:
    """One reply.

    Attributes:
        text: what the model wrote ("" when it wrote nothing).
        first_token: the likeliest first tokens with their natural-log probabilities; empty where
            the endpoint reports none.
        cached_tokens: how many prompt tokens the *endpoint* took from its prefix cache.
        seconds: from sending to receiving, without the wait for a free slot; 0 when ``cached``.
        cached: whether *we* had this answer already and nothing was sent.
    """

    text: str
    model: str
    first_token: tuple[tuple[str, float], ...] = ()
    finish_reason: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    retries: int = 0
    seconds: float = 0.0
    cached: bool = False

    def to_plain(self) -> dict[str, Any]:
        """Return the answer as JSON can hold it."""
        return asdict(self)

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Answer:
        """Return what :meth:`to_plain` wrote."""
        tokens = tuple((str(t), float(p)) for t, p in plain["first_token"])
        return cls(**{**plain, "first_token": tokens})


@dataclass
class Call:
    """A question on its way; ``sent`` tells whether it has left the client's queue."""

    request: Request
    future: Future[Answer]
    sent: bool = False

    def cancel(self) -> bool:
        """Give the question up and abort its HTTP request; False when it had ended already."""
        return self.future.cancel()


def read_completion(completion: object, model: str, retries: int, seconds: float) -> Answer:
    """Return the answer in a completion of whatever an endpoint may send.

    The library builds its objects without checking them, so every field may be absent or of
    another type.
    """
    choices = getattr(completion, "choices", None)
    if not isinstance(choices, list) or not choices:
        raise LLMReplyError(f"the reply has no choices: {one_line(completion)}")
    choice = choices[0]
    content = getattr(getattr(choice, "message", None), "content", None)
    if content is not None and not isinstance(content, str):
        raise LLMReplyError(f"the reply's message is no text: {one_line(content)}")
    usage = getattr(completion, "usage", None)
    details = getattr(usage, "prompt_tokens_details", None)
    return Answer(
        text=content or "",
        model=str(getattr(completion, "model", "") or model),
        first_token=_first_token(choice),
        finish_reason=str(getattr(choice, "finish_reason", "") or ""),
        prompt_tokens=_whole(getattr(usage, "prompt_tokens", 0)),
        completion_tokens=_whole(getattr(usage, "completion_tokens", 0)),
        cached_tokens=_whole(getattr(details, "cached_tokens", 0)),
        retries=retries,
        seconds=seconds,
    )


def _first_token(choice: object) -> tuple[tuple[str, float], ...]:
    content = getattr(getattr(choice, "logprobs", None), "content", None)
    if not isinstance(content, list) or not content:
        return ()
    likeliest = getattr(content[0], "top_logprobs", None)
    found = []
    for entry in likeliest if isinstance(likeliest, list) else []:
        token, logprob = getattr(entry, "token", None), getattr(entry, "logprob", None)
        if isinstance(token, str) and isinstance(logprob, float | int):
            found.append((token, float(logprob)))
    return tuple(found)


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0
