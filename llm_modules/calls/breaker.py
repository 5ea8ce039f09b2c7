"""Circuit breaker: after repeated failures no calls for a while, then one trial call."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class CircuitBreaker:
    """Circuit breaker for calls to an endpoint; thread-safe.

    After ``after`` consecutive failures, or one lasting failure, no call is allowed for ``seconds``
    (the pause).  Then one trial call is allowed: its success ends the pause, its failure starts
    another.
    """

    def __init__(
        self, after: int, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._after = after
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.RLock()
        self._failures = 0
        self._open_until: float | None = None  # None: closed, every call is allowed
        self._trial = False  # whether the trial call is running
        self._reason = ""

    def allow(self) -> bool:
        """Return whether a call is allowed now; True after a pause starts the trial call."""
        with self._lock:
            allowed = self.would_allow()
            if allowed and self._open_until is not None:
                self._trial = True
            return allowed

    def would_allow(self) -> bool:
        """Return what ``allow`` would return, without starting the trial call."""
        with self._lock:
            if self._open_until is None:
                return True
            return not self._trial and self._clock() >= self._open_until

    def succeeded(self) -> None:
        """Record a success: the pause ends."""
        with self._lock:
            self._failures = 0
            self._open_until = None
            self._trial = False
            self._reason = ""

    def failed(self, reason: str, lasting: bool = False) -> bool:
        """Record a failure; return whether it starts a pause."""
        with self._lock:
            self._failures += 1
            self._reason = reason
            pauses = lasting or self._trial or self._failures >= self._after
            self._trial = False
            if pauses:
                self._open_until = self._clock() + self._seconds
            return pauses

    def cancelled(self) -> None:
        """Record a cancelled call, which is neither a success nor a failure."""
        with self._lock:
            self._trial = False

    def status(self) -> str:
        """Return "ok", or the remaining seconds of the pause and its reason."""
        with self._lock:
            if self._open_until is None:
                return "ok"
            left = max(0.0, self._open_until - self._clock())
            return f"no calls for {left:.0f} s, after: {self._reason}"
