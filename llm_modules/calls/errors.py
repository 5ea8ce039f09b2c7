"""Errors of calls to a language model.

A message is one line that says what is wrong and what to do about it.  It never contains a key:
text from an endpoint passes through :func:`one_line` first.
"""

from __future__ import annotations

from plywise.datasets.errors import ConfigError, PlywiseError

_MAX_CHARACTERS = 240  # of an endpoint's text in a message


class LLMError(PlywiseError):
    """A call to a language model without an answer."""

    #: Whether the endpoint cannot answer other questions either; the circuit breaker counts these.
    endpoint_fault = True
    #: Whether a retry is useless until somebody changes the settings or the endpoint.
    lasting = False


class LLMConfigError(LLMError, ConfigError):
    """The settings are invalid; no request was sent."""

    lasting = True


class LLMAuthError(LLMError):
    """The endpoint refuses the key."""

    lasting = True


class LLMModelError(LLMError):
    """The endpoint does not know the model."""

    lasting = True


class LLMUnreachableError(LLMError):
    """Nothing answers at the endpoint's address, or the connection was lost."""


class LLMTimeoutError(LLMError):
    """No answer within ``llm.timeout``."""


class LLMRateLimitError(LLMError):
    """Too many calls for the endpoint (429), or no credit left."""


class LLMServerError(LLMError):
    """The endpoint itself failed (5xx)."""


class LLMReplyError(LLMError):
    """The endpoint's reply is not a chat completion."""


class LLMRequestError(LLMError):
    """The endpoint refuses this request (400, 404, 413, 422) but may serve others."""

    endpoint_fault = False


class LLMPausedError(LLMError):
    """No request was sent: the client pauses after repeated failures."""

    endpoint_fault = False


class LLMBudgetError(LLMError):
    """No request was sent: the budget is used up."""

    endpoint_fault = False
    lasting = True


class LLMNotRecordedError(LLMError):
    """No request was sent: answers come from a record, and this request is not in it."""

    endpoint_fault = False


class LLMClosedError(LLMError):
    """No request was sent: the client is closed."""

    endpoint_fault = False


class EmbeddedError(LLMError):
    """The embedded model's server cannot start, or its files are missing or broken."""

    lasting = True


class ModelFileError(LLMError):
    """A known model file is missing or cannot be downloaded."""

    lasting = True


def one_line(text: object, secret: str = "") -> str:
    """Return ``text`` as one line of bounded length, with ``secret`` masked."""
    line = " ".join(str(text).split())
    if secret:
        line = line.replace(secret, "***")
    return line if len(line) <= _MAX_CHARACTERS else line[: _MAX_CHARACTERS - 1] + "…"
