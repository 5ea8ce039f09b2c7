"""A login server of the tests, with a key pair of its own, that answers as Showdown's does.

The forms of its answers are those of ``smogon/pokemon-showdown-loginserver`` (``src/actions.ts``,
``src/user.ts``): ``login`` answers ``]`` and JSON, ``getassertion`` the bare assertion, ``;`` for a
registered name, ``;;WORDS`` for one that it does not sign.
"""

import base64
import functools
import hashlib
import json
import re
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl

from plywise.games.showdown.install import node_executable

_SHA1 = bytes.fromhex("3021300906052b0e03021a05000414")  # DER, before the digest (RFC 8017)
_MAKE_KEYS = """
const keys = require('crypto').generateKeyPairSync('rsa', {modulusLength: 2048});
const {n, d} = keys.privateKey.export({format: 'jwk'});
const pem = keys.publicKey.export({type: 'spki', format: 'pem'});
console.log(JSON.stringify({n, d, pem}));
"""

Answer = tuple[int, Mapping[str, str], str]
"""Status, headers and text of an answer."""


@dataclass(frozen=True)
class KeyPair:
    """An RSA key pair.

    Attributes:
        modulus, exponent: the private key.
        pem: the public key, as Showdown's configuration takes it.
    """

    modulus: int
    exponent: int
    pem: str

    def sign(self, text: str) -> str:
        """Return the signature by RSA-SHA1 (PKCS #1 1.5) in hexadecimal digits."""
        length = (self.modulus.bit_length() + 7) // 8
        digest = _SHA1 + hashlib.sha1(text.encode()).digest()
        padded = b"\x00\x01" + b"\xff" * (length - 3 - len(digest)) + b"\x00" + digest
        value = pow(int.from_bytes(padded), self.exponent, self.modulus)
        return value.to_bytes(length).hex()


@functools.cache
def key_pair() -> KeyPair:
    """Return the tests' key pair, made once a process."""
    node = node_executable(lambda _: None)
    made = subprocess.run([node, "-e", _MAKE_KEYS], check=True, capture_output=True, text=True)
    key = json.loads(made.stdout)
    n, d = (int.from_bytes(base64.urlsafe_b64decode(key[x] + "==")) for x in ("n", "d"))
    return KeyPair(n, d, key["pem"])


class _QuietServer(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a client that has gone: tests read what a command prints."""


class LoginServer:
    """The login server on a free port of this machine; a context manager.

    Args:
        passwords: of the registered accounts, by name.
        keys: what it signs with.
        instead: answers every request in place of the login server's own answers.

    Attributes:
        url: its ``action.php``.
        requests: the fields of each request.
    """

    def __init__(
        self,
        passwords: Mapping[str, str],
        keys: KeyPair | None = None,
        instead: Callable[[], Answer] | None = None,
    ) -> None:
        self.requests: list[dict[str, str]] = []
        self._passwords = {_id(name): word for name, word in passwords.items()}
        self._keys = keys
        self._instead = instead
        self._server = _QuietServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        )
        self.url = f"http://127.0.0.1:{self._server.server_port}/action.php"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        login_server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                size = int(self.headers["Content-Length"])
                fields = dict(parse_qsl(self.rfile.read(size).decode(), strict_parsing=True))
                login_server.requests.append(fields)
                self._send(*login_server._answer(fields))

            def do_GET(self) -> None:
                login_server.requests.append({"act": "GET"})
                self._send(200, {}, "")

            def _send(self, status: int, headers: Mapping[str, str], text: str) -> None:
                data = text.encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        return Handler

    def _answer(self, fields: Mapping[str, str]) -> Answer:
        if self._instead is not None:
            return self._instead()
        if fields["act"] == "getassertion":
            return 200, {}, self._assertion(fields["userid"], fields["challstr"], logged_in=False)
        assert fields["act"] == "login"
        if self._passwords.get(_id(fields["name"])) != fields["pass"]:
            return 200, {}, "]" + json.dumps({"actionerror": "Wrong password."})
        assertion = self._assertion(_id(fields["name"]), fields["challstr"], logged_in=True)
        return 200, {}, "]" + json.dumps({"actionsuccess": True, "assertion": assertion})

    def _assertion(self, user: str, challenge: str, *, logged_in: bool) -> str:
        if len(user) > 18:
            return ";;Your username must be less than 19 characters long."
        if not logged_in and user in self._passwords:
            return ";"
        assert self._keys is not None
        _, words = challenge.split("|")
        signed = f"{words},{user},{2 if logged_in else 1},{time.time():.0f},sim3.psim.us"
        return f"{signed};{self._keys.sign(signed)}"


def _id(name: str) -> str:
    return re.sub("[^a-z0-9]", "", name.lower())
