"""Everything that can go wrong with a language model, by name and in one line each.

A message says what is wrong and what to do about it.  It never holds a key: whatever an endpoint
says is passed through :func:`one_line` before it is shown.
"""

from __future__ import annotations

from plywise.datasets.errors import ConfigError, PlywiseError

_LONGEST = 240  # characters of an endpoint's own words in a message


class LLMError(PlywiseError):
    """A call to a language model that brought no answer."""

    #: True where the endpoint cannot serve any other question either; the breaker counts these.
    endpoint_fault = True
    #: True where asking again cannot help before a person mends something.
    lasting = False


class LLMConfigError(LLMError, ConfigError):
    """The settings cannot work: nothing was asked."""

    lasting = True


class LLMAuthError(LLMError):
    """The endpoint refuses the key."""

    lasting = True


class LLMModelError(LLMError):
    """The endpoint does not know the model."""

    lasting = True


class LLMUnreachableError(LLMError):
    """Nothing answers at the endpoint's address, or the connection broke."""


class LLMTimeoutError(LLMError):
    """The answer did not come in the time that the settings allow."""


class LLMRateLimitError(LLMError):
    """The endpoint asks for fewer calls, or the account has run out of credit."""


class LLMServerError(LLMError):
    """The endpoint itself failed (5xx)."""


class LLMReplyError(LLMError):
    """The endpoint answered with something that is no chat completion."""


class LLMRequestError(LLMError):
    """The endpoint refuses this request (400, 404, 413, 422) but may serve others."""

    endpoint_fault = False


class LLMPausedError(LLMError):
    """Nothing was asked: after repeated failures the client waits before it tries again."""

    endpoint_fault = False


class LLMBudgetError(LLMError):
    """Nothing was asked: what may be spent on the language model has been spent."""

    endpoint_fault = False
    lasting = True


class LLMNotRecordedError(LLMError):
    """Nothing was asked: answers come from a record, and it does not hold this request."""

    endpoint_fault = False


class LLMClosedError(LLMError):
    """Nothing was asked: the client has been closed."""

    endpoint_fault = False


class EmbeddedError(LLMError):
    """The embedded model's server cannot start, or its files are missing or broken."""

    lasting = True


class ModelFileError(LLMError):
    """A known model file is not there, or cannot be fetched."""

    lasting = True


def one_line(text: object, secret: str = "") -> str:
    """Return ``text`` as one bounded line in which ``secret`` does not occur."""
    line = " ".join(str(text).split())
    if secret:
        line = line.replace(secret, "***")
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
