"""A language model's endpoint that answers badly in one of many ways, over a plain socket."""

import gzip
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from socketserver import BaseRequestHandler, ThreadingTCPServer
from types import TracebackType
from typing import Any, Self

KEY = "sk-hostile-0123456789abcdef"
INSTRUCTIONS = "[/x] \x1b]0;title\x07 \x1b[2J <script>alert(1)</script> \u202e"
SECONDS = 20.0  # longest that a connection is held


@dataclass
class Exchange:
    """One request, and the socket to answer it on."""

    link: socket.socket
    head: str
    body: bytes
    closing: threading.Event

    @property
    def key(self) -> str:
        return next((x for x in self.head.splitlines() if x.lower().startswith("authoriz")), "")

    def send(self, data: bytes) -> None:
        self.link.sendall(data)

    def reply(self, body: bytes, status: str = "200 OK", *headers: str) -> None:
        lines = [f"HTTP/1.1 {status}", *headers]
        if not any(h.lower().startswith("content-type") for h in headers):
            lines.append("Content-Type: application/json")
        lines.append(f"Content-Length: {len(body)}")
        self.send("\r\n".join([*lines, "", ""]).encode("latin-1") + body)

    def pauses(self, seconds: float) -> Iterator[None]:
        """Yield every ``seconds`` until the endpoint closes."""
        end = time.monotonic() + SECONDS
        while not self.closing.wait(seconds) and time.monotonic() < end:
            yield


def completion(content: Any = "A", **other: Any) -> bytes:
    """Return a completion as JSON; strings that are already JSON escapes stay as they are."""
    choice = {"index": 0, "message": {"role": "assistant", "content": content}}
    whole = {"id": "x", "model": "m", "choices": [choice | other.pop("choice", {})]} | other
    return json.dumps(whole).encode()


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def _endless(link: Exchange, seconds: float, data: bytes) -> None:
    link.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in link.pauses(seconds):
        link.send(_chunk(data))


def _endless_headers(link: Exchange) -> None:
    link.send(b"HTTP/1.1 200 OK\r\n")
    for number, _ in enumerate(link.pauses(0.02)):
        link.send(b"X-%d: y\r\n" % number)


def _continues(link: Exchange) -> None:
    for _ in link.pauses(0.02):
        link.send(b"HTTP/1.1 100 Continue\r\n\r\n")


def _silent(link: Exchange) -> None:
    for _ in link.pauses(0.1):
        pass


def _reset(link: Exchange) -> None:
    link.link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def _half_closed(link: Exchange) -> None:
    link.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")
    link.link.shutdown(socket.SHUT_WR)


def _logprobs(value: Any) -> Callable[[Exchange], None]:
    top = [{"token": letter, "logprob": value} for letter in ("A", "B", "\ud83d", "")]
    logprobs = {"content": [{"token": "A", "logprob": value, "top_logprobs": top}]}
    return _body(completion("A", choice={"logprobs": logprobs}))


def _body(body: bytes, status: str = "200 OK", *headers: str) -> Callable[[Exchange], None]:
    return lambda link: link.reply(body, status, *headers)


def _usage(tokens: Any) -> Callable[[Exchange], None]:
    names = ("prompt_tokens", "completion_tokens", "total_tokens")
    return _body(completion("A", usage=dict.fromkeys(names, tokens)))


_DEEP = 100_000
_ERROR = {"error": {"message": f"{INSTRUCTIONS} \ud83d", "type": [], "code": {}}}

BAD_ENDPOINTS: dict[str, Callable[[Exchange], None]] = {
    "lone surrogate": _body(completion("\ud83d A")),
    "surrogates everywhere": _body(
        completion("\udfff", model="\ud800", choice={"finish_reason": "\udc00"})
    ),
    "control characters": _body(completion(f"\0\1\b A {INSTRUCTIONS}", model=INSTRUCTIONS)),
    "wrong types": _body(completion({"A": 1}, model=[1], usage="many", created=None)),
    "numbers for objects": _body(b'{"choices": [1], "usage": [], "model": 7}'),
    "no choices": _body(b'{"choices": []}'),
    "null text": _body(completion(None, choice={"finish_reason": "tool_calls"})),
    "huge body": lambda link: link.reply(b'{"choices": "' + b"A" * (8 << 20) + b'"}'),
    "huge text": _body(completion("A " * 40_000)),
    "endless body": lambda link: _endless(link, 0.0, b" " * 65_536),
    "endless trickle": lambda link: _endless(link, 0.02, b" "),
    "endless headers": _endless_headers,
    "endless continue": _continues,
    "redirect to itself": _body(b"", "307 Temporary Redirect", "Location: /v1/chat/completions"),
    "redirect to a file": _body(b"", "302 Found", "Location: file:///etc/passwd"),
    "gzip garbage": _body(b"no gzip", "200 OK", "Content-Encoding: gzip"),
    "gzip bomb": _body(gzip.compress(b" " * (32 << 20)), "200 OK", "Content-Encoding: gzip"),
    "500 with markup": _body(json.dumps(_ERROR).encode(), "500 Internal Server Error"),
    "400 with surrogates": _body(json.dumps(_ERROR).encode(), "400 Bad Request"),
    "429 for years": _body(b"{}", "429 Too Many Requests", "Retry-After: 99999999999999999999"),
    "half closed": _half_closed,
    "reset": _reset,
    "NaN": _logprobs(float("nan")),
    "infinite": _logprobs(float("inf")),
    "huge logprobs": _logprobs(10**400),
    "nested": _body(b'{"choices": ' + b"[" * _DEEP + b"]" * _DEEP + b"}"),
    "nested text": _body(completion('{"answer": ' * 9_000)),
    "web page": _body(b"<html><h1>Log in</h1></html>", "200 OK", "Content-Type: text/html"),
    "Latin-1": _body(completion("A").replace(b'"m"', b'"\xe9\xff"')),
    "UTF-16": _body(completion("A").decode().encode("utf-16")),
    "no HTTP": lambda link: link.send(b"\x16\x03\x01\x02\0\xff" * 50),
    "odd status": lambda link: link.send(b"HTTP/1.1 999 \xff\xfe\r\n\r\n{}"),
    "huge header": _body(completion(), "200 OK", f"X-Long: {'y' * 200_000}"),
    "huge counts": _usage(10**300),
    "negative counts": _usage(-(10**18)),
    "counts beyond 64 bits": _usage(2**64),
    "event stream": _body(b"data: {}\n\ndata: [DONE]\n\n", "200 OK", "Content-Type: text/event"),
    "nothing": _body(b"", "204 No Content"),
    "silent": _silent,
    "repeats the key": lambda link: link.reply(completion(f"A {link.key}")),
    "repeats the key in an error": lambda link: link.reply(
        json.dumps({"error": {"message": link.key}}).encode(), "500 Internal Server Error"
    ),
}


@dataclass
class BadEndpoint:
    """Answers each request in one way, or in several by turns; a context manager.

    Attributes:
        served: number of requests answered.
    """

    ways: list[str]
    served: int = 0
    _closing: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        endpoint = self

        class Handler(BaseRequestHandler):
            def handle(self) -> None:
                try:
                    endpoint.answer(self.request)
                except (OSError, ValueError):
                    pass  # the caller has gone

        class Server(ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True
            block_on_close = False

        self._server = Server(("127.0.0.1", 0), Handler)
        self.base_url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()

    def answer(self, link: socket.socket) -> None:
        """Read one request and answer it."""
        link.settimeout(SECONDS)
        data = b""
        while b"\r\n\r\n" not in data:
            more = link.recv(65_536)
            if not more:
                return
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        lengths = [
            x for x in head.decode("latin-1").splitlines() if x.lower().startswith("content-l")
        ]
        length = int(lengths[0].partition(":")[2]) if lengths else 0
        while len(body) < length:
            body += link.recv(65_536)
        way = self.ways[self.served % len(self.ways)]
        self.served += 1
        BAD_ENDPOINTS[way](Exchange(link, head.decode("latin-1"), body, self._closing))
