"""Which endpoint to ask, how patiently, and for how much."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from plywise.llm_modules.calls.accounting import Budget, Prices
from plywise.llm_modules.calls.errors import LLMConfigError


@dataclass(frozen=True)
class LLMConfig:
    """Which endpoint to ask, and how patiently.

    Attributes:
        base_url: the endpoint's address, mostly ending in ``/v1``; "" takes OPENAI_BASE_URL, and
            without that the ``openai`` package's own default.
        model: the model's name there; "" takes OPENAI_MODEL.
        api_key_env: name of the environment variable that holds the key.
        temperature: sent with each request; None sends none (some models accept no other than
            their default).
        timeout: seconds that one call may take, its retries included, from the moment it is sent.
        max_retries: how often a refused or broken call is repeated (with back-off, ``Retry-After``
            honoured); 0 for a local server, where a repeated call would queue behind itself.
        concurrency: calls on their way at the same time; 1 for a server with one slot.
        prices: of the model's tokens.
        budget: after which nothing is asked any more.
        record: JSON Lines file to which each call is added with what became of it; "" for none.
        cache: file in which answers are kept for good; "" keeps them in memory alone, and there
        cache_entries: so many; 0 keeps none.
        origin: what tells this model from others of its name where the address does not, as with a
            server of our own on a free port.
        pause_after: consecutive failures after which the client stops asking for a while ...
        pause_seconds: ... this long.
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


def check_address(url: str) -> None:
    """Refuse what is no web address; "" stands for the package's own.

    Raises:
        LLMConfigError: says what it should look like.
    """
    try:
        parts = urlsplit(url)
        usable = not url or (parts.scheme in ("http", "https") and bool(parts.hostname))
    except ValueError:
        usable = False
    if not usable:
        raise LLMConfigError(
            "llm.base_url (or OPENAI_BASE_URL) is no web address: it should look like "
            "http://127.0.0.1:8000/v1"
        )
