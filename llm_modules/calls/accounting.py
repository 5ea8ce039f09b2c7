"""What calls to a language model cost, and when that is enough."""

from __future__ import annotations

from dataclasses import dataclass, field

from plywise.datasets.sums import add_fields
from plywise.llm_modules.calls.errors import LLMConfigError

_PER = 1e6  # tokens that a price is for


@dataclass
class Spent:
    """What one call has cost so far, or many added up.

    Endpoints report tokens with a completion alone.  A call that was given up, ran out of time or
    lost its connection may have cost tokens that nobody tells us: it is ``unmetered``.  One that
    was refused (an HTTP status that is no success) cost none.

    Attributes:
        calls: questions that left our queue.
        requests: HTTP requests that these took, repeats included.
        unmetered: calls of which the tokens are not known.
        prompt_tokens, completion_tokens: as the endpoint reported them.
        cached_tokens: of the prompts', how many the endpoint took from its prefix cache.
        cost: in US dollars, of the tokens that are known.
        seconds: from sending to the end, whatever that was.
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
    """What a client has done so far.

    Attributes:
        cached: answers that were taken from our cache, nothing sent.
        failed: calls that ended in an error; ``errors`` counts them by the error's name.
        late: questions that the asker gave up before they were answered.
        skipped: questions not sent because the client was pausing after failures.
        over_budget: questions not sent because the budget was used up.
        latencies: seconds of each answered call.
    """

    cached: int = 0
    failed: int = 0
    late: int = 0
    skipped: int = 0
    over_budget: int = 0
    latencies: list[float] = field(default_factory=list)
    errors: dict[str, int] = field(default_factory=dict)

    def count_error(self, error: Exception) -> None:
        """Count a call that ended so."""
        name = type(error).__name__
        self.failed += 1
        self.errors[name] = self.errors.get(name, 0) + 1


@dataclass(frozen=True)
class Prices:
    """US dollars per million tokens."""

    prompt: float = 0.0
    completion: float = 0.0

    def cost(self, prompt_tokens: int, completion_tokens: int) -> float:
        """Return what so many tokens cost, in US dollars."""
        return (prompt_tokens * self.prompt + completion_tokens * self.completion) / _PER


@dataclass(frozen=True)
class Budget:
    """How much may be spent; None: without limit.

    What is under way is not taken back, so tokens, dollars and seconds may end beyond their limit
    by the calls that were being answered; calls never do.

    Attributes:
        calls: questions sent.
        tokens: of prompts and answers.
        dollars: at the configured prices.
        seconds: that calls took, added up.
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
        """Return which limit has been reached, as ``llm.budget.calls=10``; "" for none."""
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
