"""What calls to a language model have cost."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Usage:
    """What a client has done so far.

    Attributes:
        calls: requests sent (a retried one counts once; ``retries`` counts the repeats of calls
            that brought an answer).
        cached: answers that were taken from our cache, nothing sent.
        failed: calls that ended in an error; ``errors`` counts them by the error's name.
        late: calls that the asker gave up before they were answered; what they cost the endpoint
            is not known, since it reports tokens only with an answer.
        skipped: questions not sent because the client was pausing after failures.
        latencies: seconds of each answered call.
    """

    calls: int = 0
    cached: int = 0
    failed: int = 0
    late: int = 0
    skipped: int = 0
    retries: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    latencies: list[float] = field(default_factory=list)
    errors: dict[str, int] = field(default_factory=dict)
