"""Mock endpoint for tests and experiments: HTTP on loopback, replies from a script.

It implements enough of the OpenAI protocol for the real client, so a test covers the whole path.
When its script is exhausted it replies with an error *and* raises :class:`ScriptExhaustedError`
when its context ends: a test cannot pass with more requests than planned.
"""

from __future__ import annotations

import contextlib
import json
import select
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

JSON = dict[str, Any]


class ScriptExhaustedError(AssertionError):
    """More requests were received than the script has replies."""


@dataclass(frozen=True)
class Reply:
    """Scripted reply.

    Attributes:
        status: HTTP status.
        body: body of the reply; need not be valid JSON.
        delay: seconds before the reply, in which the caller may cancel.
        hang_up: whether to close the connection instead of replying.
        tokens: tokens of prompt and answer that the body reports.
        retry_after: seconds in the header ``Retry-After``; None: no such header.
    """

    status: int = 200
    body: bytes = b""
    delay: float = 0.0
    hang_up: bool = False
    tokens: tuple[int, int] = (0, 0)
    retry_after: int | None = None


def says(text: str, delay: float = 0.0, **usage: int) -> Reply:
    """Return a completion with this text and no log-probabilities."""
    return _completion(text, None, delay, usage)


def scores(logprobs: Mapping[str, float], delay: float = 0.0, **usage: int) -> Reply:
    """Return a completion with these likeliest first tokens; the likeliest is the text."""
    best = max(logprobs, key=lambda token: logprobs[token])
    top = [
        {"token": t, "logprob": p, "bytes": list(t.encode())}
        for t, p in sorted(logprobs.items(), key=lambda item: -item[1])
    ]
    return _completion(best, [top[0] | {"top_logprobs": top}], delay, usage)


def refuses(status: int, message: str, code: str = "") -> Reply:
    """Return an error in OpenAI's format."""
    error = {"message": message, "type": "error", "code": code or None}
    return Reply(status, json.dumps({"error": error}).encode())


def _completion(text: str, top: list[JSON] | None, delay: float, usage: Mapping[str, int]) -> Reply:
    prompt, completion = usage.get("prompt_tokens", 100), usage.get("completion_tokens", 1)
    body = {
        "id": "mock",
        "object": "chat.completion",
        "created": 0,
        "model": "mock",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text},
                "logprobs": None if top is None else {"content": top},
                "finish_reason": "length",
            }
        ],
        "usage": {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
            "prompt_tokens_details": {"cached_tokens": usage.get("cached_tokens", 0)},
        },
    }
    return Reply(200, json.dumps(body).encode(), delay, tokens=(prompt, completion))


class MockEndpoint:
    """Mock of an OpenAI-compatible endpoint; a context manager.

    Args:
        script: replies in order, or a function from the request's JSON to a reply.
        api_key: the only key that is accepted, others get 401; "": every key.

    Attributes:
        base_url: address of the endpoint.
        requests: JSON of every request that reached the script.
        counted: tokens of prompts and answers of all replies that were begun.
        delivered: tokens of prompts and answers of all replies that were sent completely.
        aborted: connections that the caller closed during a reply's delay.
        missing: requests beyond the script's end.
    """

    def __init__(
        self, script: Iterable[Reply] | Callable[[JSON], Reply], api_key: str = ""
    ) -> None:
        self.requests: list[JSON] = []
        self.counted = [0, 0]
        self.delivered = [0, 0]
        self.aborted = 0
        self.missing = 0
        self._answer = script if callable(script) else None
        self._script: Iterator[Reply] = iter(()) if callable(script) else iter(script)
        self._api_key = api_key
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self.base_url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self.close()
        if kind is None and self.missing:
            raise ScriptExhaustedError(f"{self.missing} requests beyond the mock's script")

    def close(self) -> None:
        """Stop serving."""
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)

    def reply(self, request: JSON, key: str) -> Reply:
        """Return the script's reply to one request."""
        if self._api_key and key != self._api_key:
            return refuses(401, f"Incorrect API key provided: {key}", "invalid_api_key")
        with self._lock:
            self.requests.append(request)
            if self._answer is not None:
                return self._answer(request)
            found = next(self._script, None)
            if found is None:
                self.missing += 1
                return refuses(500, "the mock's script is exhausted")
            return found

    def count(self, tokens: list[int], reply: Reply) -> None:
        """Add a reply's tokens to ``tokens``."""
        with self._lock:
            for place, amount in enumerate(reply.tokens):
                tokens[place] += amount

    def wait(self, seconds: float, link: socket.socket) -> bool:
        """Sleep; return False if the caller disconnects or the endpoint closes meanwhile."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            readable, _, _ = select.select([link], [], [], 0.02)
            if readable and not link.recv(1, socket.MSG_PEEK):
                with self._lock:
                    self.aborted += 1
                return False
            if self._closing.is_set():
                return False
        return True


def _handler(endpoint: MockEndpoint) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle(self) -> None:
            with contextlib.suppress(ConnectionError):  # the caller disconnected
                super().handle()

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            body = self.rfile.read(length)
            if len(body) < length:  # cancelled while being sent
                self.close_connection = True
                return
            request = json.loads(body)
            key = self.headers.get("Authorization", "").removeprefix("Bearer ")
            reply = endpoint.reply(request, key)
            endpoint.count(endpoint.counted, reply)
            if not endpoint.wait(reply.delay, self.connection) or reply.hang_up:
                self.close_connection = True
                return
            self.send_response(reply.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(reply.body)))
            if reply.retry_after is not None:
                self.send_header("Retry-After", str(reply.retry_after))
            self.end_headers()
            endpoint.count(endpoint.delivered, reply)
            self.wfile.write(reply.body)

        def log_message(self, format: str, *args: object) -> None:
            """Do not log: tests read the output."""

    return Handler
