"""Secrets in addresses: taken out where an address comes in, put back where it is connected to.

A user name without a password, a password and the values of a query (``?token=…``) are secrets; so
is a key or a password that somebody gives in place of the name of the variable that holds it: what
is neither in capitals nor the name of a variable.
:func:`hide` replaces each by a token (``***``, ``***2``, …) and keeps it in the environment of this
process, which its workers inherit; :func:`reveal` is called only where a connection is opened.  In
between, settings, files, records and messages hold the token.
"""

from __future__ import annotations

import ipaddress
import json
import os
import re
from urllib.parse import unquote, urlsplit

from plywise.datasets.errors import ConfigError

_VARIABLE = "PLYWISE_ADDRESS_SECRETS"
_TOKEN = re.compile(r"\*{3}\d*")
# A password may hold "/" and "@" although it should not: it ends at the last "@" of its address.
_USER = re.compile(r"\b([a-zA-Z][a-zA-Z0-9+.-]{0,20}://)((?:(?!://)[^\s'\"<>]){0,4000})@")
_QUERY = re.compile(r"\b[a-zA-Z][a-zA-Z0-9+.-]{0,20}://[^\s'\"<>?]{0,4000}\?[^\s'\"<>]*")
# A key or a password where the name of the variable that holds it belongs.
_VARIABLE_NAME = re.compile(r"(\b(?:api_key|password)_env['\"]?[=:] ?['\"]?)([^\s,'\"\]}]+)")
# A key or a password as a setting, which there is none: it is refused, but not repeated.
_PLAIN = re.compile(r"(\b(?:api_key|password)(?:=|['\"]?: ?)['\"]?)([^\s,'\"\]}]+)")
_NONE = ("null", "None", "~")
_VALUE = re.compile(r"(?<=[?&])([^=&]+=)([^&#,;\]\})]+)")
_LOGIN = re.compile(r"(://(?:[^\s/@:'\"]*:)?)([^\s/@'\"]+)@")
_SHORTEST = 4  # characters of a secret that is looked for in any text


def hide(text: str) -> str:
    """Return ``text`` with a token in place of each secret in its addresses; idempotent."""
    text = _VARIABLE_NAME.sub(_hidden_key, text)
    text = _PLAIN.sub(_hidden_value, text)
    text = _USER.sub(_hidden_user, text)
    return _QUERY.sub(lambda found: _VALUE.sub(_hidden_value, found[0]), text)


def reveal(address: str, setting: str) -> str:
    """Return the address with its secrets, to connect to it.

    Raises:
        ConfigError: a token stands for nothing: the address comes from a file that we wrote.
    """
    known = _known()

    def secret(token: re.Match[str]) -> str:
        if token[0] not in known:
            raise ConfigError(
                f"{setting}={address}: {token[0]} stands for a password that is not written down: "
                "give the address with it"
            )
        return known[token[0]]

    return _TOKEN.sub(secret, address)


def on_this_machine(address: str) -> bool:
    """Whether an address is of this machine's loopback interface."""
    host = urlsplit(address).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def stays_private(address: str) -> bool:
    """Whether nobody on the way reads what goes to an address: by TLS, or within this machine."""
    return urlsplit(address).scheme in ("https", "wss") or on_this_machine(address)


def mask(text: str) -> str:
    """Return ``text`` from anywhere (a library's error, a log line) without secrets."""
    for token, secret in _known().items():
        for form in {secret, unquote(secret)}:
            if len(form) >= _SHORTEST:
                text = text.replace(form, token)
    return _LOGIN.sub(_masked_login, text)


def _hidden_user(found: re.Match[str]) -> str:
    name, colon, password = found[2].partition(":")
    if not colon:
        return f"{found[1]}{_token(name)}@"
    return f"{found[1]}{name}:{_token(password)}@"


def _masked_login(found: re.Match[str]) -> str:
    return found[0] if _TOKEN.fullmatch(found[2]) else f"{found[1]}***@"


def _hidden_key(found: re.Match[str]) -> str:
    name = found[2]
    named = name.isidentifier() and (name.isupper() or name in os.environ)
    return (
        found[0]
        if named or name in _NONE or name.startswith("$")
        else f"{found[1]}{_token(found[2])}"
    )


def _hidden_value(found: re.Match[str]) -> str:
    return found[0] if found[2] in _NONE else f"{found[1]}{_token(found[2])}"


def _token(secret: str) -> str:
    if not secret or _TOKEN.fullmatch(secret):
        return secret
    known = _known()
    for token, other in known.items():
        if other == secret:
            return token
    token = f"***{len(known) + 1}" if known else "***"
    os.environ[_VARIABLE] = json.dumps(known | {token: secret})
    return token


def _known() -> dict[str, str]:
    return dict(json.loads(os.environ.get(_VARIABLE, "{}")))
