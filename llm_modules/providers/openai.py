"""Non-blocking client of OpenAI-compatible endpoints.

The client runs an asyncio loop in one background thread.  :meth:`LLMClient.submit` returns at once
with a :class:`Call`; its future ends with an :class:`Answer` or an error of ``calls/errors.py``.
Cancelling it closes the HTTP request, which makes llama.cpp (and most other servers) stop working
on it.  Only chat completions are used: they are the common subset of OpenAI, OpenRouter, vLLM,
Ollama and llama.cpp.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future
from contextvars import ContextVar
from dataclasses import replace
from typing import Any, Self
from urllib.parse import urlsplit

import openai
from openai.types.chat import ChatCompletion

from plywise.datasets.address_secrets import hide, reveal
from plywise.llm_modules.calls.accounting import Spent
from plywise.llm_modules.calls.breaker import CircuitBreaker
from plywise.llm_modules.calls.chat import (
    Answer,
    Call,
    ChatClient,
    Request,
    read_completion,
    read_tokens,
    request_fingerprint,
)
from plywise.llm_modules.calls.errors import (
    LLMAuthError,
    LLMBudgetError,
    LLMClosedError,
    LLMConfigError,
    LLMError,
    LLMLastingError,
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
from plywise.llm_modules.calls.settings import LLMConfig, check_endpoint
from plywise.llm_modules.calls.store import FileStore, MemoryStore
from plywise.llm_modules.providers.replay import Recorder

log = logging.getLogger("plywise.llm")

_KEY_CHARACTERS = 12  # at least; a shorter one is no secret, and a part of other words
_NO_KEY = "no-key"  # the library requires a key; most local servers do not
_THIS_MACHINE = ("127.0.0.1", "localhost", "::1")
# What the libraries raise for a reply that is none; deeply nested JSON is a RecursionError.
_EXPECTED = openai.OpenAIError | TimeoutError | ValueError | RecursionError
_CLOSED = "the language model's client is closed"

_CURRENT: ContextVar[Spent] = ContextVar("resources of the call of this task")


async def _count_request(_: object) -> None:
    _CURRENT.get().requests += 1


class LLMClient(ChatClient):
    """Client of one model at one endpoint; usable from any thread, and as a context manager.

    Args:
        config: settings.
        api_key: key of the embedded server; None: from the environment variable that
            ``config.api_key_env`` names.

    Raises:
        LLMConfigError: no model is named, the address is invalid, a required key is missing, or
            the cache cannot be opened.
    """

    def __init__(self, config: LLMConfig, api_key: str | None = None) -> None:
        super().__init__(config)
        self.model = config.model or os.environ.get("OPENAI_MODEL", "")
        if not self.model:
            raise LLMConfigError(
                "no language model is named: set llm.model (or OPENAI_MODEL), or llm=none"
            )
        url = config.base_url or hide(os.environ.get("OPENAI_BASE_URL", ""))
        url = reveal(url, "llm.base_url")
        check_endpoint(url)
        key = (api_key or os.environ.get(config.api_key_env, "")).strip()
        if not key and not url:
            raise LLMConfigError(
                f"no key: set the environment variable {config.api_key_env}, "
                "or llm.base_url for an endpoint that needs none"
            )
        self._store: FileStore | MemoryStore = (
            FileStore(config.cache) if config.cache else MemoryStore(config.cache_entries)
        )
        self._recorder = Recorder(config.record) if config.record else None
        self._key = key or _NO_KEY
        self._openai = openai.AsyncOpenAI(
            base_url=url or None,
            api_key=self._key,
            timeout=config.timeout,
            max_retries=config.max_retries,
            # A proxy of the environment cannot reach a server on this machine.
            http_client=openai.DefaultAsyncHttpxClient(
                trust_env=urlsplit(url).hostname not in _THIS_MACHINE,
                event_hooks={"request": [_count_request]},
            ),
        )
        parts = urlsplit(str(self._openai.base_url))  # may hold a password
        port = f":{parts.port}" if parts.port else ""
        self.endpoint = f"{parts.scheme}://{parts.hostname}{port}"
        self._origin = config.origin or self.endpoint + parts.path
        self._breaker = CircuitBreaker(config.pause_after, config.pause_seconds)
        self._new_token_limit = False  # whether the endpoint needs ``max_completion_tokens``
        self._slots = asyncio.Semaphore(config.concurrency)
        self._closed = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="plywise-llm", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- interface --------------------------------------------------------------------------

    def submit(self, request: Request) -> Call:
        """Start a call and return at once; every failure becomes the future's exception."""
        call = self._begin(request)
        if self._recorder is not None:
            self._recorder.follow(call, request.parameters(self.model, self.config.temperature))
        return call

    def _begin(self, request: Request) -> Call:
        if self._closed:
            return Call.ended(request, LLMClosedError(_CLOSED))
        key = self._cache_key(request)
        cached = self._store.get(key) if key else None
        if cached is not None:
            self._count(cached=1)
            return Call.ended(request, replace(cached, cached=True, seconds=0.0, retries=0))
        if over := self._over_budget():
            return Call.ended(request, over)
        if not self._breaker.allow():
            self._count(skipped=1)
            return Call.ended(request, LLMPausedError(self._breaker.status()))
        call = Call(request)
        with self._lock:  # the loop must not close between check and use
            if self._closed:
                return Call.ended(request, LLMClosedError(_CLOSED))
            work = self._serve(call, key)
            call.future = asyncio.run_coroutine_threadsafe(work, self._loop)
        call.future.add_done_callback(self._count_cancelled)
        return call

    @property
    def available(self) -> bool:
        """Whether a request submitted now would be sent."""
        return not self._closed and self._breaker.would_allow()

    @property
    def status(self) -> str:
        """One line for people: "ok", "closed", or the reason of the pause."""
        return "closed" if self._closed else self._breaker.status()

    def close(self) -> None:
        """Cancel running calls (they count as late) and end the thread; safe to call twice."""
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
        self._store.close()
        if self._recorder is not None:
            self._recorder.close()

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

    async def _serve(self, call: Call, key: str) -> Answer:
        async with self._slots:
            over = self._over_budget()  # earlier calls in the queue may have used it up
            if over is not None:
                call.mark_ended()
                raise over
            if not call.mark_sent():
                raise asyncio.CancelledError
            self._count(calls=1)
            began = time.perf_counter()
            _CURRENT.set(call.spent)
            try:
                async with asyncio.timeout(self.config.timeout):
                    completion, retries = await self._create(call.request)
                answer = self._read(call, completion, retries, time.perf_counter() - began)
            except LLMError as error:
                raise self._counted(error) from None
            except Exception as error:
                # An endpoint may send anything: whatever exception the libraries make of it, the
                # caller gets an LLMError and the game continues.
                if not isinstance(error, _EXPECTED):
                    log.error("unexpected error while reading a reply", exc_info=error)
                if isinstance(error, openai.APIStatusError):
                    call.spent.unmetered = 0  # refused calls are free
                raise self._counted(self._translated(error)) from None
            finally:
                call.spent.seconds = time.perf_counter() - began
                call.mark_ended()
                with self._lock:
                    self._usage.add(replace(call.spent, calls=0))  # counted above
        self._breaker.succeeded()
        with self._lock:
            self._usage.latencies.append(answer.seconds)
        if key:
            self._store.put(key, answer)
        return answer

    def _read(self, call: Call, completion: object, retries: int, seconds: float) -> Answer:
        """Return the answer in a completion; its tokens count even if it has no answer."""
        tokens = read_tokens(completion)
        if tokens is not None and call.mark_ended():
            call.spent.unmetered = 0
            call.spent.prompt_tokens = tokens.prompt
            call.spent.completion_tokens = tokens.completion
            call.spent.cached_tokens = tokens.cached
            call.spent.cost = self.config.prices.cost(tokens.prompt, tokens.completion)
        return read_completion(completion, call.request, self.model, retries, seconds)

    def _over_budget(self) -> LLMBudgetError | None:
        """Return an error, and count the question, if the budget is used up; else None."""
        with self._lock:
            limit = self.config.budget.used_up(self._usage)
            if not limit:
                return None
            self._usage.over_budget += 1
            first = self._usage.over_budget == 1
        error = LLMBudgetError(f"the budget for the language model is used up ({limit})")
        if first:
            log.warning("%s; the game continues without its advice", error)
        return error

    async def _create(self, request: Request) -> tuple[object, int]:
        parameters = request.parameters(self.model, self.config.temperature)
        if not self._new_token_limit:
            try:
                return await self._receive(parameters, request.max_bytes)
            except openai.BadRequestError as error:
                # OpenAI's newer models accept this limit under another name only.
                if "max_completion_tokens" not in str(error):
                    raise
                log.info("%s needs max_completion_tokens instead of max_tokens", self.model)
                self._new_token_limit = True
        parameters["max_completion_tokens"] = parameters.pop("max_tokens")
        return await self._receive(parameters, request.max_bytes)

    async def _receive(self, parameters: Mapping[str, Any], max_bytes: int) -> tuple[object, int]:
        """Return a completion of at most ``max_bytes`` bytes, and the number of retries.

        Raises:
            LLMReplyError: the reply is longer.
            ValueError: the reply is not a JSON object.
        """
        create = self._openai.chat.completions.with_streaming_response.create
        body = bytearray()
        async with create(**parameters) as response:
            try:
                async for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > max_bytes:
                        break
            except Exception as error:  # the HTTP library's own, which openai does not translate
                said = one_line(error, self._key)
                raise LLMReplyError(f"{self.endpoint} ended its reply early: {said}") from None
            if len(body) > max_bytes:
                raise LLMReplyError(f"{self.endpoint} sent more than {max_bytes:,} bytes")
            retries = response.retries_taken
        # An endpoint may repeat the request's headers; no transcript or record holds the key.
        text = body.decode(json.detect_encoding(body))
        if len(self._key) >= _KEY_CHARACTERS:
            text = text.replace(self._key, "***")
        plain = json.loads(text)
        if not isinstance(plain, dict):
            raise ValueError(plain)
        return ChatCompletion.construct(**plain), retries

    # --- failures ---------------------------------------------------------------------------

    def _translated(self, error: Exception) -> LLMError:
        """Return the library's error as an LLMError: one line without the key."""
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
                return LLMRateLimitError(f"{where} refuses so many calls (429): {said}")
            if code >= 500:
                return LLMServerError(f"{where} failed ({code}): {said}")
            return LLMRequestError(f"{where} refuses the request ({code}): {said}")
        if isinstance(error, openai.APIConnectionError):
            cause = one_line(error.__cause__ or error, self._key)
            return LLMUnreachableError(
                f"nothing answers at {where} ({cause}): "
                "is the server running, is llm.base_url right?"
            )
        return LLMReplyError(f"{where} sent something other than a chat completion: {said}")

    def _counted(self, error: LLMError) -> LLMError:
        with self._lock:
            self._usage.count_error(error)
        if isinstance(error, LLMRequestError):
            self._breaker.succeeded()  # the endpoint works; it refused this request
            log.warning("%s", error)
        elif self._breaker.failed(str(error), lasting=isinstance(error, LLMLastingError)):
            log.warning("%s; no more questions for %g s", error, self.config.pause_seconds)
        else:
            log.warning("%s", error)
        return error

    def _count_cancelled(self, future: Future[Answer]) -> None:
        if future.cancelled():
            self._breaker.cancelled()
            self._count(late=1)

    def _count(self, **amounts: int) -> None:
        with self._lock:
            for name, amount in amounts.items():
                setattr(self._usage, name, getattr(self._usage, name) + amount)

    # --- the cache --------------------------------------------------------------------------

    def _cache_key(self, request: Request) -> str:
        """Return the cache key of a request; "" if an equal request may get another answer."""
        whole = request.parameters(self.model, self.config.temperature) | {"at": self._origin}
        repeatable = whole.get("temperature") == 0.0 or "seed" in whole
        return request_fingerprint(whole) if repeatable else ""
