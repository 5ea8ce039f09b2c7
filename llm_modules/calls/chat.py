"""What is asked of a chat endpoint and what comes back, as plain values."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple, Protocol

from plywise.llm_modules.calls.accounting import Spent, Usage
from plywise.llm_modules.calls.errors import LLMError, LLMReplyError, one_line
from plywise.llm_modules.calls.settings import LLMConfig

_TOKEN_CHARACTERS = 16  # more than a token has on average
_SHORTEST_LIMIT = 1_000  # characters: some endpoints do not take limits to the letter
_ENVELOPE = 1 << 16  # bytes of a reply around its text


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

    @property
    def most_characters(self) -> int:
        """How much of an answer's text is read; all that was asked for has room in it."""
        return max(_SHORTEST_LIMIT, _TOKEN_CHARACTERS * self.max_tokens)

    @property
    def most_bytes(self) -> int:
        """How long a reply may be.

        Understanding a megabyte keeps every thread from Python, and would come off the clock of a
        decision.
        """
        return _ENVELOPE + 4 * self.most_characters

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


def fingerprint(parameters: Mapping[str, Any]) -> str:
    """Return a key for what an endpoint is sent; equal for equal requests."""
    return hashlib.sha256(json.dumps(parameters, sort_keys=True).encode()).hexdigest()


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


class Call:
    """A question on its way; its future ends with an :class:`Answer` or a named error.

    Attributes:
        spent: what it has cost so far; final when the future is done or :meth:`cancel` was True.
    """

    def __init__(self, request: Request) -> None:
        self.request = request
        self.future: Future[Answer] = Future()
        self.spent = Spent()
        self._lock = threading.Lock()
        self._settled = False
        self._given_up = False

    @classmethod
    def answered(cls, request: Request, answer: Answer) -> Call:
        """Return a call that has its answer."""
        call = cls(request)
        call._settled = True
        call.future.set_result(answer)
        return call

    @classmethod
    def failed(cls, request: Request, error: LLMError) -> Call:
        """Return a call that has failed."""
        call = cls(request)
        call._settled = True
        call.future.set_exception(error)
        return call

    @property
    def sent(self) -> bool:
        """Whether the question has left the client's queue."""
        return self.spent.calls > 0

    def result(self, seconds: float) -> Answer:
        """Return the answer, waited for so long; then the question is given up.

        Raises:
            CancelledError: it was given up.
            LLMError: it failed.
        """
        try:
            return self.future.result(seconds)
        except TimeoutError:
            self.cancel()  # unless it ended at this very moment
        return self.future.result()

    def cancel(self) -> bool:
        """Give the question up and abort its HTTP request; False when it had ended already.

        What it cost is then not known, if it was sent: no tokens of it are counted later on.
        """
        with self._lock:
            if self._settled:
                return False
            self._given_up = True
        return self.future.cancel()

    def leave(self) -> bool:
        """Note that the question is sent now; False when it was given up before."""
        with self._lock:
            if self._given_up:
                return False
            self.spent.calls = self.spent.unmetered = 1
            return True

    def settle(self) -> bool:
        """Note that it has ended and can no longer be given up; False when it was before."""
        with self._lock:
            if self._given_up:
                return False
            self._settled = True
            return True


class ChatClient(Protocol):
    """Whoever answers: an endpoint's client, or a record of what one said.

    Attributes:
        config: the settings it was made with.
        model: the model's name.
        endpoint: where the answers come from, for people.
    """

    config: LLMConfig
    model: str
    endpoint: str

    def submit(self, request: Request) -> Call:
        """Ask; returns at once.  Every failure arrives as the future's exception."""

    @property
    def available(self) -> bool:
        """Whether a question asked now would be sent."""

    @property
    def status(self) -> str:
        """One line for people: "ok", or why nothing is asked."""

    def usage(self) -> Usage:
        """Return a copy of the counts so far."""

    def close(self) -> None:
        """Give up what is under way and free everything; safe to call twice."""


class Tokens(NamedTuple):
    """What an endpoint counted for one completion."""

    prompt: int
    completion: int
    cached: int


def read_tokens(completion: object) -> Tokens | None:
    """Return the tokens that a completion reports, None where it reports none."""
    usage = getattr(completion, "usage", None)
    prompt, made = (getattr(usage, f"{name}_tokens", None) for name in ("prompt", "completion"))
    if not isinstance(prompt, int) or not isinstance(made, int):
        return None
    details = getattr(usage, "prompt_tokens_details", None)
    cached = getattr(details, "cached_tokens", None)
    return Tokens(prompt, made, cached if isinstance(cached, int) else 0)


def read_completion(
    completion: object, asked: Request, model: str, retries: int, seconds: float
) -> Answer:
    """Return the answer in a completion of whatever an endpoint may send.

    The library builds its objects without checking them, so every field may be absent or of
    another type.  Of a text that is far longer than what was ``asked`` for the beginning is kept.
    """
    choices = getattr(completion, "choices", None)
    if not isinstance(choices, list) or not choices:
        raise LLMReplyError(f"the reply has no choices: {one_line(completion)}")
    choice = choices[0]
    content = getattr(getattr(choice, "message", None), "content", None)
    if content is not None and not isinstance(content, str):
        raise LLMReplyError(f"the reply's message is no text: {one_line(content)}")
    tokens = read_tokens(completion) or Tokens(0, 0, 0)
    return Answer(
        text=(content or "")[: asked.most_characters],
        model=str(getattr(completion, "model", "") or model),
        first_token=_first_token(choice),
        finish_reason=str(getattr(choice, "finish_reason", "") or ""),
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
            found.append((token, float(logprob)))
    return tuple(found)
