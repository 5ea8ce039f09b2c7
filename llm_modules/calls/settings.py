"""Settings of a client: endpoint, timeouts, retries, budget, cache."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from plywise.llm_modules.calls.accounting import Budget, Prices
from plywise.llm_modules.calls.errors import LLMConfigError


@dataclass(frozen=True)
class LLMConfig:
    """Settings of a client of a chat endpoint.

    Attributes:
        base_url: address of the endpoint, mostly ending in ``/v1``; "": OPENAI_BASE_URL, else the
            default of the ``openai`` package.
        model: name of the model at the endpoint; "": OPENAI_MODEL.
        api_key_env: name of the environment variable that holds the key.
        temperature: sampling temperature of each request; None: not sent (some models accept only
            their default).
        timeout: seconds for one call from sending, retries included.
        max_retries: retries of a refused or failed call (with back-off, ``Retry-After`` honoured);
            0 for a local server, where a retry would queue behind the first try.
        concurrency: calls running at the same time; 1 for a server with one slot.
        prices: prices of tokens.
        budget: limits after which no request is sent.
        record: JSON Lines file to which each call is appended with its result; "": none.
        cache: SQLite file of answers; "": answers are cached in memory.
        cache_entries: answers cached in memory, from 0 (none).
        origin: identity of the model in the cache where the address does not identify it, as for
            the embedded server on a free port; "": the address.
        pause_after: consecutive failures after which the client pauses.
        pause_seconds: duration of a pause.
    """

    base_url: str = ""
    model: str = ""
    api_key_env: str = "OPENAI_API_KEY"
    temperature: float | None = 0.0
    timeout: float = 30.0
    max_retries: int = 1
    concurrency: int = 4
    prices: Prices = field(default_factory=Prices)
    budget: Budget = field(default_factory=Budget)
    record: str = ""
    cache: str = ""
    cache_entries: int = 4096
    origin: str = ""
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


def check_endpoint(url: str) -> None:
    """Check that ``url`` is a web address, or "" for the default.

    Raises:
        LLMConfigError: ``url`` is something else.
    """
    try:
        parts = urlsplit(url)
        usable = not url or (parts.scheme in ("http", "https") and bool(parts.hostname))
    except ValueError:
        usable = False
    if not usable:
        raise LLMConfigError(
            "llm.base_url (or OPENAI_BASE_URL) is not a web address: it should look like "
            "http://127.0.0.1:8000/v1"
        )
