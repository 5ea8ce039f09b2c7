"""The login of an account on a Showdown server: what the login server signs for it.

A Showdown server sends each connection a challenge (``|challstr|``).  A *login server* signs it
together with a name (``act=getassertion``), or with the name of a registered account against its
password (``act=login``); with this assertion the name is taken on the Showdown server (``/trn``).
A server for bots may want no assertion.  The password goes to the login server and nowhere else:
redirections are not followed, and it is in no message.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from html import escape
from typing import NoReturn
from urllib.parse import quote, quote_plus, urlsplit

import httpx2

from plywise.datasets.address_secrets import mask, on_this_machine
from plywise.datasets.errors import PlywiseError
from plywise.games.showdown.names import user_id
from plywise.games.showdown.refusals import shortened

ANSWER_SECONDS = 15.0  # for the whole answer of a login server
_MAX_ANSWER = 1 << 16  # bytes; an assertion has about 600


class LoginServerError(PlywiseError):
    """The login server does not sign the name, or gives no answer that can be used."""


@dataclass(frozen=True)
class Account:
    """A name on a Showdown server, and what its login needs.

    Attributes:
        name: the account's name.
        password: its password; "" for a name that is not registered.
        login_url: address of the login server's ``action.php``; "" the server wants no assertion.
    """

    name: str
    password: str = field(default="", repr=False)
    login_url: str = field(default="", repr=False)


async def assertion(account: Account, challenge: str) -> str:
    """Return what the login server signs for the account; "" if it has none.

    Args:
        account: who logs in.
        challenge: what followed ``|challstr|``.

    Raises:
        LoginServerError: one line with the reason, the login server's own words where it has some,
            and what to do.
    """
    if not account.login_url:
        return ""
    if "|" not in challenge:
        raise LoginServerError("the Showdown server sent no challenge that could be signed")
    if account.password:
        fields = {"act": "login", "name": account.name, "pass": account.password}
    else:
        fields = {"act": "getassertion", "userid": user_id(account.name)}
    status, text = await _post(account, fields | {"challstr": challenge})
    if status != httpx2.codes.OK:
        _refuse(
            account,
            f"answers with status {status}: {_words(account, text) or 'no words'}",
            "try again later, or check server.login_url",
        )
    signed = _signed(account, text) if account.password else text.strip()
    if signed.startswith(";;@"):
        _refuse(
            account, f"wants another login for '{account.name}'", "its password is not asked for"
        )
    if signed.startswith(";;"):
        _refuse(
            account,
            f"refuses '{account.name}': {_words(account, signed[2:])}",
            "choose another server.username",
        )
    if signed == ";":
        raise LoginServerError(
            f"the name '{account.name}' is registered: give its password "
            "(server.password_env=VARIABLE), or choose another server.username"
        )
    data, separator, signature = signed.partition(";")
    # It becomes part of a line to the Showdown server, where a second line would be a command.
    plain = signed.isascii() and signed.isprintable()
    if not separator or "," not in data or not signature.isalnum() or not plain:
        _answers_nonsense(account, text)
    return signed


def _signed(account: Account, text: str) -> str:
    """Return the assertion in the answer to a password."""
    try:
        answer = json.loads(text.strip().removeprefix("]"))
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        _answers_nonsense(account, text)
    words = answer.get("actionerror")
    if words or not answer.get("actionsuccess"):
        said = _words(account, words) if isinstance(words, str) else "wrong password"
        _refuse(
            account,
            f"refuses '{account.name}': {said}",
            "is the password that server.password_env names the one of server.username?",
        )
    signed = answer.get("assertion")
    if not isinstance(signed, str):
        _answers_nonsense(account, text)
    return signed


async def _post(account: Account, fields: dict[str, str]) -> tuple[int, str]:
    """Return status and text of the login server's answer."""
    # A proxy of the environment cannot reach a server on this machine.
    proxies = not on_this_machine(account.login_url)
    text = bytearray()
    try:
        async with (
            asyncio.timeout(ANSWER_SECONDS),
            httpx2.AsyncClient(timeout=ANSWER_SECONDS, trust_env=proxies) as client,
            client.stream("POST", account.login_url, data=fields) as response,
        ):
            if response.has_redirect_location:
                elsewhere = _words(account, response.headers["location"])
                _refuse(
                    account,
                    f"sends us elsewhere ({elsewhere})",
                    "which is not followed: give server.login_url as it should be",
                )
            async for part in response.aiter_bytes():
                text += part
                if len(text) > _MAX_ANSWER:
                    _answers_nonsense(account, text.decode(errors="replace"))
        return response.status_code, text.decode(errors="replace")
    except (TimeoutError, httpx2.TimeoutException):
        _refuse(
            account,
            f"has not answered within {ANSWER_SECONDS:g} s",
            "try again later, or check server.login_url",
        )
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
        _refuse(
            account,
            f"cannot be reached: {_words(account, mask(str(error))) or type(error).__name__}",
            "check server.login_url and the network",
        )


def _answers_nonsense(account: Account, text: str) -> NoReturn:
    _refuse(
        account,
        f"does not answer as a login server does: {_words(account, text)[:60] or 'nothing'}",
        "check server.login_url",
    )


def _refuse(account: Account, what: str, advice: str) -> NoReturn:
    parts = urlsplit(account.login_url)
    port = f":{parts.port}" if parts.port else ""
    raise LoginServerError(
        f"the login server {parts.scheme}://{parts.hostname}{port} {what} ({advice})"
    ) from None


def _words(account: Account, text: str) -> str:
    """Return a login server's words, shortened, without the password that it might repeat."""
    password = account.password
    forms = {password, quote(password), quote_plus(password), escape(password)}
    for form in {*forms, json.dumps(password)[1:-1]} - {""}:
        text = text.replace(form, "***")
    return shortened(text)
