"""Costs of calls to a language model, and the budget that bounds them."""

from __future__ import annotations

from dataclasses import dataclass, field

from plywise.datasets.sums import add_fields
from plywise.llm_modules.calls.errors import LLMConfigError

_PRICE_UNIT = 1e6  # tokens


@dataclass
class Spent:
    """Resources used by one call so far, or by many calls together.

    Endpoints report tokens only with a completion.  A call that was cancelled, timed out or lost
    its connection may have used tokens that are not reported: it is ``unmetered``.  A refused call
    (an HTTP status other than success) used none.

    Attributes:
        calls: questions sent.
        requests: HTTP requests for these, retries included.
        unmetered: calls with unknown tokens.
        prompt_tokens: tokens of prompts, as reported by the endpoint.
        completion_tokens: tokens of answers, as reported by the endpoint.
        cached_tokens: prompt tokens that the endpoint took from its prefix cache.
        cost: US dollars for the known tokens.
        seconds: time from sending to the end of the call, however it ended.
    """

    calls: int = 0
    requests: int = 0
    unmetered: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    cost: float = 0.0
    seconds: float = 0.0

    def add(self, other: Spent) -> None:
        """Add another's figures to this one's."""
        add_fields(self, other)


@dataclass
class Usage(Spent):
    """Totals of a client so far.

    Attributes:
        cached: answers taken from our own cache, without a request.
        failed: calls that ended in an error.
        late: questions cancelled by the caller before the answer.
        skipped: questions not sent because the client pauses after failures.
        over_budget: questions not sent because the budget is used up.
        latencies: seconds of each answered call.
        errors: failed calls by the name of the error.
    """

    cached: int = 0
    failed: int = 0
    late: int = 0
    skipped: int = 0
    over_budget: int = 0
    latencies: list[float] = field(default_factory=list)
    errors: dict[str, int] = field(default_factory=dict)

    def count_error(self, error: Exception) -> None:
        """Count a call that ended in this error."""
        name = type(error).__name__
        self.failed += 1
        self.errors[name] = self.errors.get(name, 0) + 1


@dataclass(frozen=True)
class Prices:
    """US dollars per million tokens."""

    prompt: float = 0.0
    completion: float = 0.0

    def cost(self, prompt_tokens: int, completion_tokens: int) -> float:
        """Return the price of these tokens in US dollars."""
        return (prompt_tokens * self.prompt + completion_tokens * self.completion) / _PRICE_UNIT


@dataclass(frozen=True)
class Budget:
    """Limits of use; None: no limit.

    Running calls are not cancelled, so tokens, dollars and seconds may exceed their limit by the
    calls that are running when it is reached; the number of calls never does.

    Attributes:
        calls: questions sent.
        tokens: tokens of prompts and answers together.
        dollars: US dollars at the configured prices.
        seconds: sum of the calls' durations.
    """

    calls: int | None = None
    tokens: int | None = None
    dollars: float | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        """Refuse values that cannot work."""
        for name in Budget.__dataclass_fields__:
            value = getattr(self, name)
            if value is not None and not value >= 0:
                raise LLMConfigError(f"llm.budget.{name} is {value}; it must be ≥ 0")

    def used_up(self, spent: Spent) -> str:
        """Return the limit that is reached, such as ``llm.budget.calls=10``; "" for none."""
        used = {
            "calls": spent.calls,
            "tokens": spent.prompt_tokens + spent.completion_tokens,
            "dollars": spent.cost,
            "seconds": spent.seconds,
        }
        for name, amount in used.items():
            limit = getattr(self, name)
            if limit is not None and amount >= limit:
                return f"llm.budget.{name}={limit:g}"
        return ""
