"""Errors of calls to a language model.

A message is one line that says what is wrong and what to do about it.  It never contains a key:
text from an endpoint passes through :func:`one_line` first.
"""

from __future__ import annotations

from plywise.datasets.address_secrets import mask
from plywise.datasets.errors import ConfigError, PlywiseError
from plywise.datasets.recording import encodable

_MAX_CHARACTERS = 240  # of an endpoint's text in a message


class LLMError(PlywiseError):
    """A call to a language model without an answer."""


class LLMLastingError(LLMError):
    """A retry is useless until somebody changes the settings or the endpoint."""


class LLMConfigError(LLMLastingError, ConfigError):
    """The settings are invalid; no request was sent."""


class LLMAuthError(LLMLastingError):
    """The endpoint refuses the key."""


class LLMModelError(LLMLastingError):
    """The endpoint does not know the model."""


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


class LLMPausedError(LLMError):
    """No request was sent: the client pauses after repeated failures."""


class LLMBudgetError(LLMLastingError):
    """No request was sent: the budget is used up."""


class LLMNotRecordedError(LLMError):
    """No request was sent: answers come from a record, and this request is not in it."""


class LLMClosedError(LLMError):
    """No request was sent: the client is closed."""


class EmbeddedError(LLMLastingError):
    """The embedded model's server cannot start, or its files are missing or broken."""


class ModelFileError(LLMLastingError):
    """A known model file is missing or cannot be downloaded."""


def one_line(text: object, secret: str = "") -> str:
    """Return ``text`` as one line of bounded length, without ``secret`` and those of addresses."""
    line = " ".join(mask(encodable(str(text))).split())
    if secret:
        line = line.replace(secret, "***")
    return line if len(line) <= _MAX_CHARACTERS else line[: _MAX_CHARACTERS - 1] + "…"
