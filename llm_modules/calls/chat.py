"""Requests to a chat endpoint, their answers, and the interface of a chat client."""

from __future__ import annotations

import hashlib
import json
import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from plywise.datasets.recording import encodable
from plywise.llm_modules.calls.accounting import Spent, Usage
from plywise.llm_modules.calls.errors import LLMError, LLMReplyError, one_line
from plywise.llm_modules.calls.settings import LLMConfig

_TOKEN_CHARACTERS = 16  # generous: a token has about 4
_MIN_LIMIT = 1_000  # characters; some endpoints exceed max_tokens a little
_ENVELOPE = 1 << 16  # bytes of a reply besides its text
_METERED = ("prompt", "completion")
_MAX_TOKENS = 10**9  # of a call; what claims more is no count


class Message(NamedTuple):
    """Message of a chat; ``role`` is "system", "user" or "assistant"."""

    role: str
    content: str


@dataclass(frozen=True)
class Request:
    """Chat completion request, without what the client's settings add.

    Attributes:
        messages: prompt.
        max_tokens: maximum length of the answer in tokens.
        top_logprobs: number of likeliest first tokens to report, from 0 (none) to 20.
        response_format: OpenAI's ``response_format`` as JSON text; "": free text.
        seed: seed of sampling, used only at a temperature above 0; None: not sent.
        temperature: sampling temperature; None: that of the client.
    """

    messages: tuple[Message, ...]
    max_tokens: int
    top_logprobs: int = 0
    response_format: str = ""
    seed: int | None = None
    temperature: float | None = None

    @property
    def max_characters(self) -> int:
        """Characters of an answer's text that are kept; more than ``max_tokens`` tokens have."""
        return max(_MIN_LIMIT, _TOKEN_CHARACTERS * self.max_tokens)

    @property
    def max_bytes(self) -> int:
        """Maximum size of a reply.

        Parsing a megabyte holds the GIL, and so would take time from a running decision.
        """
        return _ENVELOPE + 4 * self.max_characters

    def parameters(self, model: str, temperature: float | None) -> dict[str, Any]:
        """Return the arguments of ``chat.completions.create``.

        ``temperature`` is that of the client; the request's own one has precedence.
        """
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


def request_fingerprint(parameters: Mapping[str, Any]) -> str:
    """Return the SHA-256 of request parameters; equal for equal requests."""
    return hashlib.sha256(json.dumps(parameters, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Answer:
    """Answer of a chat endpoint.

    Attributes:
        text: text of the model; "" if it is empty.
        model: name of the model, as reported by the endpoint.
        first_token: likeliest first tokens with their log-probabilities (natural); () if the
            endpoint reports none.
        finish_reason: reason why the text ends, as reported by the endpoint.
        prompt_tokens: tokens of the prompt.
        completion_tokens: tokens of the answer.
        cached_tokens: prompt tokens that the *endpoint* took from its prefix cache.
        retries: retries of the HTTP request.
        seconds: time from sending to receiving, without waiting for a free slot; 0 if ``cached``.
        cached: whether the answer comes from *our* cache, without a request.
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


class Call:
    """Running call; its future ends with an :class:`Answer` or an :class:`LLMError`.

    Attributes:
        spent: resources used so far; final when the future is done or :meth:`cancel` returned True.
    """

    def __init__(self, request: Request) -> None:
        self.request = request
        self.future: Future[Answer] = Future()
        self.spent = Spent()
        self._lock = threading.Lock()
        self._ended = False
        self._cancelled = False

    @classmethod
    def ended(cls, request: Request, result: Answer | LLMError) -> Call:
        """Return a call that has ended with this result."""
        call = cls(request)
        call._ended = True
        if isinstance(result, Answer):
            call.future.set_result(result)
        else:
            call.future.set_exception(result)
        return call

    def end_within(self, seconds: float) -> None:
        """Wait for the end of the call; cancel it after ``seconds``."""
        with suppress(TimeoutError, CancelledError, LLMError):
            self.future.result(seconds)
        self.cancel()  # without effect on a call that has ended

    def cancel(self) -> bool:
        """Cancel the call and abort its HTTP request; return False if it has ended already.

        The tokens of a call that was sent stay unknown: none are counted later.
        """
        with self._lock:
            if self._ended:
                return False
            self._cancelled = True
        return self.future.cancel()

    def mark_sent(self) -> bool:
        """Record that the request is sent now; return False if the call was cancelled before."""
        with self._lock:
            if self._cancelled:
                return False
            self.spent.calls = self.spent.unmetered = 1
            return True

    def mark_ended(self) -> bool:
        """Record that the call can no longer be cancelled; return False if it was cancelled."""
        with self._lock:
            if self._cancelled:
                return False
            self._ended = True
            return True


class ChatClient(ABC):
    """Client of a chat endpoint, or of a record of earlier calls.

    Attributes:
        config: settings of the client.
        model: name of the model.
        endpoint: origin of the answers, for people.
    """

    model: str
    endpoint: str

    def __init__(self, config: LLMConfig) -> None:
        self.config = config
        self._lock = threading.Lock()
        self._usage = Usage()

    @abstractmethod
    def submit(self, request: Request) -> Call:
        """Start a call and return at once; every failure becomes the future's exception."""

    @property
    def available(self) -> bool:
        """Whether a request submitted now would be sent."""
        return True

    @property
    def status(self) -> str:
        """One line for people: "ok", or the reason why no request is sent."""
        return "ok"

    def usage(self) -> Usage:
        """Return a copy of the totals so far."""
        with self._lock:
            return Usage(**asdict(self._usage))

    @abstractmethod
    def close(self) -> None:
        """Cancel running calls and free resources; safe to call twice."""


class Tokens(NamedTuple):
    """Token counts of one completion, as reported by the endpoint."""

    prompt: int
    completion: int
    cached: int


def read_tokens(completion: object) -> Tokens | None:
    """Return the token counts of a completion, None if it reports none."""
    usage = getattr(completion, "usage", None)
    prompt, made = (_count(getattr(usage, f"{name}_tokens", None)) for name in _METERED)
    if prompt is None or made is None:
        return None
    details = getattr(usage, "prompt_tokens_details", None)
    return Tokens(prompt, made, _count(getattr(details, "cached_tokens", None)) or 0)


def _count(value: object) -> int | None:
    """Return a number of tokens, None for anything that cannot be one."""
    return value if isinstance(value, int) and 0 <= value < _MAX_TOKENS else None


def read_completion(
    completion: object, asked: Request, model: str, retries: int, seconds: float
) -> Answer:
    """Return the answer in a completion object, whatever its fields hold; its texts are encodable.

    The library builds its objects without validation, so every field may be absent or of another
    type.  A text far longer than ``asked`` is truncated.

    Raises:
        LLMReplyError: the completion has no text.
    """
    choices = getattr(completion, "choices", None)
    if not isinstance(choices, list) or not choices:
        raise LLMReplyError(f"the reply has no choices: {one_line(completion)}")
    choice = choices[0]
    content = getattr(getattr(choice, "message", None), "content", None)
    if content is not None and not isinstance(content, str):
        raise LLMReplyError(f"the reply's message is not a text: {one_line(content)}")
    tokens = read_tokens(completion) or Tokens(0, 0, 0)
    return Answer(
        text=encodable((content or "")[: asked.max_characters]),
        model=encodable(str(getattr(completion, "model", "") or model)),
        first_token=_first_token(choice),
        finish_reason=encodable(str(getattr(choice, "finish_reason", "") or "")),
        prompt_tokens=tokens.prompt,
        completion_tokens=tokens.completion,
        cached_tokens=tokens.cached,
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
            found.append((encodable(token), float(logprob)))
    return tuple(found)
