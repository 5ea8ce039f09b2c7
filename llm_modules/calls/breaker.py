"""A circuit breaker: after repeated failures, stop asking for a while, then try once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Breaker:
    """Decides whether to ask an endpoint that has been failing; thread-safe.

    After ``after`` consecutive failures, or one that only a person can mend, nothing is allowed
    for ``seconds``.  Then one trial is allowed: its success ends the pause, its failure starts
    another.
    """

    def __init__(
        self, after: int, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._after = after
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._open_until: float | None = None  # None: everything is allowed
        self._trial = False  # whether the one trial is on its way
        self._reason = ""

    def allow(self) -> bool:
        """Return whether to send a question now; a True after a pause is the one trial."""
        with self._lock:
            if self._open_until is None:
                return True
            if self._trial or self._clock() < self._open_until:
                return False
            self._trial = True
            return True

    def would_allow(self) -> bool:
        """Return what ``allow`` would, without taking the trial."""
        with self._lock:
            if self._open_until is None:
                return True
            return not self._trial and self._clock() >= self._open_until

    def succeeded(self) -> None:
        """Note that the endpoint works."""
        with self._lock:
            self._failures = 0
            self._open_until = None
            self._trial = False
            self._reason = ""

    def failed(self, reason: str, lasting: bool = False) -> bool:
        """Note a failure; returns whether it started a pause."""
        with self._lock:
            self._failures += 1
            self._reason = reason
            pauses = lasting or self._trial or self._failures >= self._after
            self._trial = False
            if pauses:
                self._open_until = self._clock() + self._seconds
            return pauses

    def given_up(self) -> None:
        """Note that a question was withdrawn: it says nothing about the endpoint."""
        with self._lock:
            self._trial = False

    def status(self) -> str:
        """Return "ok", or what failed and how long the pause still lasts."""
        with self._lock:
            if self._open_until is None:
                return "ok"
            left = max(0.0, self._open_until - self._clock())
            return f"not asking for {left:.0f} s more, after: {self._reason}"
