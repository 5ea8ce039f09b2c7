"""A client for any OpenAI-compatible endpoint that never makes the asking thread wait.

The client owns one background thread with an asyncio loop.  :meth:`LLMClient.submit` returns at
once with a :class:`Call`; its future ends with an :class:`Answer` or with one of the named errors
of ``errors.py``.  Cancelling it closes the HTTP request, which makes llama.cpp (and most other
servers) stop working on it.  Only chat completions are used: they are the common subset of OpenAI,
OpenRouter, vLLM, Ollama and llama.cpp.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import os
import threading
import time
from collections import OrderedDict
from concurrent.futures import Future
from dataclasses import asdict, dataclass, field, replace
from typing import Any, NamedTuple, Protocol, Self
from urllib.parse import urlsplit

import openai

from plywise.llm_modules.breaker import Breaker
from plywise.llm_modules.errors import (
    LLMAuthError,
    LLMClosedError,
    LLMConfigError,
    LLMError,
    LLMModelError,
    LLMPausedError,
    LLMRateLimitError,
    LLMReplyError,
    LLMRequestError,
    LLMServerError,
    LLMTimeoutError,
    LLMUnreachableError,
    one_line,
)

log = logging.getLogger("plywise.llm")

_NO_KEY = "no-key"  # the library insists on a key; local servers mostly ask for none


@dataclass(frozen=True)
class LLMConfig:
    """Which endpoint to ask, and how patiently.

    Attributes:
        base_url: the endpoint's address, mostly ending in ``/v1``; "" takes OPENAI_BASE_URL, and
            without that the ``openai`` package's own default.
        model: the model's name there; "" takes OPENAI_MODEL.
        api_key_env: name of the environment variable that holds the key.
        temperature: sent with each request; None sends none (some models accept no other than
            their default).
        timeout: seconds that one call may take, its retries included, from the moment it is sent.
        max_retries: how often a refused or broken call is repeated (with back-off, ``Retry-After``
            honoured); 0 for a local server, where a repeated call would queue behind itself.
        concurrency: calls on their way at the same time; 1 for a server with one slot.
        cache_entries: answers kept in memory; 0 keeps none.
        pause_after: consecutive failures after which the client stops asking for a while ...
        pause_seconds: ... this long.
    """

    base_url: str = ""
    model: str = ""
    api_key_env: str = "OPENAI_API_KEY"
    temperature: float | None = 0.0
    timeout: float = 30.0
    max_retries: int = 1
    concurrency: int = 4
    cache_entries: int = 4096
    pause_after: int = 3
    pause_seconds: float = 30.0

    def __post_init__(self) -> None:
        """Refuse values that cannot work."""
        for name, least in (("max_retries", 0), ("cache_entries", 0), ("concurrency", 1)):
            if getattr(self, name) < least:
                raise LLMConfigError(f"llm.{name} is {getattr(self, name)}; it must be ≥ {least}")
        if self.pause_after < 1 or self.pause_seconds < 0:
            raise LLMConfigError("llm.pause_after must be ≥ 1 and llm.pause_seconds ≥ 0")
        if not self.timeout > 0:
            raise LLMConfigError(f"llm.timeout is {self.timeout}; it must be a time > 0 s")


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
    """

    messages: tuple[Message, ...]
    max_tokens: int
    top_logprobs: int = 0
    response_format: str = ""
    seed: int | None = None

    def parameters(self, model: str, temperature: float | None) -> dict[str, Any]:
        """Return the arguments of ``chat.completions.create``."""
        out: dict[str, Any] = {
            "model": model,
            "messages": [{"role": m.role, "content": m.content} for m in self.messages],
            "max_tokens": self.max_tokens,
        }
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


@dataclass
class Usage:
    """What a client has done so far.

    Attributes:
        calls: requests sent (a retried one counts once; ``retries`` counts the repeats of calls
            that brought an answer).
        cached: answers that were taken from our cache, nothing sent.
        failed: calls that ended in an error; ``errors`` counts them by the error's name.
        late: calls that the asker gave up before they were answered; what they cost the endpoint
            is not known, since it reports tokens only with an answer.
        skipped: questions not sent because the client was pausing after failures.
        latencies: seconds of each answered call.
    """

    calls: int = 0
    cached: int = 0
    failed: int = 0
    late: int = 0
    skipped: int = 0
    retries: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    latencies: list[float] = field(default_factory=list)
    errors: dict[str, int] = field(default_factory=dict)


class AnswerStore(Protocol):
    """Where answers are kept under a key of everything that matters; must be thread-safe."""

    def get(self, key: str) -> Answer | None:
        """Return the answer kept under ``key``."""

    def put(self, key: str, answer: Answer) -> None:
        """Keep an answer."""


class MemoryStore:
    """The answers used last, in memory."""

    def __init__(self, entries: int) -> None:
        self._entries = entries
        self._answers: OrderedDict[str, Answer] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str) -> Answer | None:
        """Return the answer kept under ``key`` and mark it as used."""
        with self._lock:
            answer = self._answers.get(key)
            if answer is not None:
                self._answers.move_to_end(key)
            return answer

    def put(self, key: str, answer: Answer) -> None:
        """Keep an answer; the one unused for longest goes when there are too many."""
        with self._lock:
            self._answers[key] = answer
            self._answers.move_to_end(key)
            while len(self._answers) > self._entries:
                self._answers.popitem(last=False)


@dataclass
class Call:
    """A question on its way; ``sent`` tells whether it has left the client's queue."""

    request: Request
    future: Future[Answer]
    sent: bool = False

    def cancel(self) -> bool:
        """Give the question up and abort its HTTP request; False when it had ended already."""
        return self.future.cancel()


class LLMClient:
    """Asks one model at one endpoint; usable from any thread, and as a context manager.

    Args:
        config: endpoint, model and patience.
        api_key: the key itself, for a server of our own; by default it comes from the environment
            variable that ``config.api_key_env`` names.
        store: keeps answers; by default in memory.

    Raises:
        LLMConfigError: no model is named, the address is none, or a key is needed and not there.
    """

    def __init__(
        self, config: LLMConfig, api_key: str | None = None, store: AnswerStore | None = None
    ) -> None:
        self.config = config
        self.model = config.model or os.environ.get("OPENAI_MODEL", "")
        if not self.model:
            raise LLMConfigError(
                "no language model is named: set llm.model (or OPENAI_MODEL), or llm=none"
            )
        url = config.base_url or os.environ.get("OPENAI_BASE_URL", "")
        _check_address(url)
        key = api_key or os.environ.get(config.api_key_env, "")
        if not key and not url:
            raise LLMConfigError(
                f"no key: set the environment variable {config.api_key_env}, "
                "or llm.base_url for an endpoint that needs none"
            )
        self._key = key or _NO_KEY
        self._openai = openai.AsyncOpenAI(
            base_url=url or None,
            api_key=self._key,
            timeout=config.timeout,
            max_retries=config.max_retries,
            # A proxy of the environment cannot reach a server on this machine.
            http_client=openai.DefaultAsyncHttpxClient(trust_env=False) if _local(url) else None,
        )
        self._address = str(self._openai.base_url)
        parts = urlsplit(self._address)
        self.endpoint = f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" * bool(parts.port))
        self._store = MemoryStore(config.cache_entries) if store is None else store
        self._keeps = store is not None or config.cache_entries > 0
        self._breaker = Breaker(config.pause_after, config.pause_seconds)
        self._lock = threading.Lock()
        self._usage = Usage()
        self._new_token_limit = False  # whether this endpoint wants ``max_completion_tokens``
        self._slots = asyncio.Semaphore(config.concurrency)
        self._closed = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="plywise-llm", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- what callers see -------------------------------------------------------------------

    def submit(self, request: Request) -> Call:
        """Ask; returns at once.  Every failure arrives as the future's exception."""
        key = self._cache_key(request)
        keep = self._keeps and self._repeatable(request)
        known = self._store.get(key) if keep else None
        if known is not None:
            self._count(cached=1)
            return Call(request, _done(replace(known, cached=True, seconds=0.0, retries=0)))
        if not self._closed and not self._breaker.allow():
            self._count(skipped=1)
            return Call(request, _failed(LLMPausedError(self._breaker.status())))
        call = Call(request, Future())
        with self._lock:  # so that the loop is not closed between the check and the use
            if self._closed:
                closed = LLMClosedError("the language model's client is closed")
                return Call(request, _failed(closed))
            work = self._serve(call, key if keep else "")
            call.future = asyncio.run_coroutine_threadsafe(work, self._loop)
        call.future.add_done_callback(self._note_end)
        return call

    @property
    def available(self) -> bool:
        """Whether a question asked now would be sent."""
        return not self._closed and self._breaker.would_allow()

    @property
    def status(self) -> str:
        """One line for people: "ok", or why the client is pausing."""
        return "closed" if self._closed else self._breaker.status()

    def usage(self) -> Usage:
        """Return a copy of the counts so far."""
        with self._lock:
            counts = asdict(self._usage)
        return Usage(**counts)

    def close(self) -> None:
        """Abort what is under way (it counts as late) and end the thread; safe to call twice."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        try:
            asyncio.run_coroutine_threadsafe(self._shut_down(), self._loop).result(timeout=5)
        except TimeoutError:
            log.warning("the language model's client did not close its connections within 5 s")
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)

    # --- the background thread --------------------------------------------------------------

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            self._loop.close()

    async def _shut_down(self) -> None:
        mine = asyncio.current_task()
        tasks = [t for t in asyncio.all_tasks() if t is not mine]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._openai.close()

    async def _serve(self, call: Call, keep_as: str) -> Answer:
        async with self._slots:
            call.sent = True
            self._count(calls=1)
            began = time.perf_counter()
            try:
                async with asyncio.timeout(self.config.timeout):
                    completion, retries = await self._create(call.request)
                seconds = time.perf_counter() - began
                answer = _read(completion, self.model, retries, seconds)
            except LLMError as error:
                raise self._noted(error) from None
            except Exception as error:
                # This is the border to what an endpoint sends: whatever the libraries make of it,
                # the asker gets a named error and play goes on.
                if not isinstance(error, openai.OpenAIError | TimeoutError | ValueError):
                    log.error("unexpected failure in reading a reply", exc_info=error)
                raise self._noted(self._named(error)) from None
        self._breaker.succeeded()
        self._count(
            retries=answer.retries,
            prompt_tokens=answer.prompt_tokens,
            completion_tokens=answer.completion_tokens,
            cached_tokens=answer.cached_tokens,
            latency=seconds,
        )
        if keep_as:
            self._store.put(keep_as, answer)
        return answer

    async def _create(self, request: Request) -> tuple[object, int]:
        parameters = request.parameters(self.model, self.config.temperature)
        create: Any = self._openai.chat.completions.with_raw_response.create
        if not self._new_token_limit:
            try:
                raw = await create(**parameters)
            except openai.BadRequestError as error:
                # OpenAI's newer models know the same limit by another name only.
                if "max_completion_tokens" not in str(error):
                    raise
                log.info("%s wants max_completion_tokens in place of max_tokens", self.model)
                self._new_token_limit = True
        if self._new_token_limit:
            parameters["max_completion_tokens"] = parameters.pop("max_tokens")
            raw = await create(**parameters)
        return raw.parse(), raw.retries_taken

    # --- failures ---------------------------------------------------------------------------

    def _named(self, error: Exception) -> LLMError:
        """Turn the library's error into ours: one line, no key, and what to do."""
        where, model = self.endpoint, self.model
        said = one_line(error, self._key)
        if isinstance(error, TimeoutError | openai.APITimeoutError):
            return LLMTimeoutError(
                f"{where} did not answer within {self.config.timeout:g} s (llm.timeout)"
            )
        if isinstance(error, openai.APIStatusError):
            code = error.status_code
            if code in (401, 403):
                return LLMAuthError(
                    f"{where} refuses the key ({code}): check the environment variable "
                    f"{self.config.api_key_env}"
                )
            if code == 404 and "model" in said.lower():
                return LLMModelError(f"{where} does not know the model '{model}': set llm.model")
            if code == 404:
                return LLMModelError(
                    f"{where} has no chat completions at this path (404): "
                    "check llm.base_url, which mostly ends in /v1"
                )
            if code == 429:
                return LLMRateLimitError(f"{where} asks for fewer calls (429): {said}")
            if code >= 500:
                return LLMServerError(f"{where} failed ({code}): {said}")
            return LLMRequestError(f"{where} refuses the request ({code}): {said}")
        if isinstance(error, openai.APIConnectionError):
            cause = one_line(error.__cause__ or error, self._key)
            return LLMUnreachableError(
                f"nothing answers at {where} ({cause}): "
                "is the server running, is llm.base_url right?"
            )
        return LLMReplyError(f"{where} sent something that is no chat completion: {said}")

    def _noted(self, error: LLMError) -> LLMError:
        name = type(error).__name__
        with self._lock:
            self._usage.failed += 1
            self._usage.errors[name] = self._usage.errors.get(name, 0) + 1
        if not error.endpoint_fault:
            self._breaker.succeeded()  # the endpoint is there and answers; this request was refused
            log.warning("%s", error)
        elif self._breaker.failed(str(error), lasting=error.lasting):
            log.warning("%s; no more questions for %g s", error, self.config.pause_seconds)
        else:
            log.warning("%s", error)
        return error

    def _note_end(self, future: Future[Answer]) -> None:
        if future.cancelled():
            self._breaker.given_up()
            self._count(late=1)

    def _count(self, latency: float | None = None, **amounts: int) -> None:
        with self._lock:
            for name, amount in amounts.items():
                setattr(self._usage, name, getattr(self._usage, name) + amount)
            if latency is not None:
                self._usage.latencies.append(latency)

    # --- the cache --------------------------------------------------------------------------

    def _repeatable(self, request: Request) -> bool:
        """Whether the same request should get the same answer: not sampled, or with a seed."""
        return self.config.temperature == 0.0 or request.seed is not None

    def _cache_key(self, request: Request) -> str:
        whole = request.parameters(self.model, self.config.temperature) | {"at": self._address}
        return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()


def _check_address(url: str) -> None:
    try:
        parts = urlsplit(url)
        usable = not url or (parts.scheme in ("http", "https") and bool(parts.hostname))
    except ValueError:
        usable = False
    if not usable:
        raise LLMConfigError(
            "llm.base_url (or OPENAI_BASE_URL) is no web address: it should look like "
            "http://127.0.0.1:8000/v1"
        )


def _local(url: str) -> bool:
    return urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")


def _done(answer: Answer) -> Future[Answer]:
    future: Future[Answer] = Future()
    future.set_result(answer)
    return future


def _failed(error: LLMError) -> Future[Answer]:
    future: Future[Answer] = Future()
    future.set_exception(error)
    return future


def _read(completion: object, model: str, retries: int, seconds: float) -> Answer:
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
