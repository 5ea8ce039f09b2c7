"""Consultations whose briefings are computed in a background thread while the search runs.

Computing a briefing takes time (in a battle tens of milliseconds).  It must not shorten the time of
a decision, nor delay it.  The background thread and the search compete for the GIL, so a briefing
that would probably not be ready well before the end of the decision is not started at all.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from plywise.search.guide.protocol import Advice, Consultation, GuideReport

if TYPE_CHECKING:
    from plywise.games.base import Briefing
    from plywise.llm_modules.guides.guides import LLMConsultation

log = logging.getLogger("plywise.llm")

_MAX_SHARE = 0.5  # of a decision's time, for the expected duration of a briefing
_RATE_UP, _RATE_DOWN = 0.5, 0.05  # of the moving average, towards longer and shorter durations
_DECAY = 0.05  # of the expected duration, whenever a briefing is not started because of it
_SWITCH_SECONDS = 0.0001  # Python's default is 0.005


class BackgroundBriefer:
    """Background thread that computes briefings one after another.

    Args:
        seconds: time of a decision.

    Attributes:
        expected: expected seconds until a briefing is ready, waiting included.
    """

    def __init__(self, seconds: float) -> None:
        self.expected = 0.0
        self._seconds = seconds
        # A search that returns from compiled code waits this long for the background thread.
        sys.setswitchinterval(min(_SWITCH_SECONDS, sys.getswitchinterval()))
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="briefing")
        self._lock = threading.Lock()

    def begin(
        self, brief: Callable[[], Briefing], ask: Callable[[Briefing], LLMConsultation]
    ) -> BackgroundConsultation:
        """Return the consultation for one decision; it stays empty if time is too short.

        Args:
            brief: computes the briefing; must not read what other threads change.
            ask: opens the consultation with the briefing.
        """
        with self._lock:
            in_time = self.expected <= _MAX_SHARE * self._seconds
            if not in_time:
                self.expected *= 1.0 - _DECAY  # later briefings may be faster
        consultation = BackgroundConsultation(brief, ask, self._took)
        if in_time:
            self._thread.submit(consultation.begin)
        return consultation

    def _took(self, seconds: float) -> None:
        with self._lock:
            rate = _RATE_UP if seconds > self.expected else _RATE_DOWN
            self.expected += rate * (seconds - self.expected)


class BackgroundConsultation(Consultation):
    """Consultation (``search.guide.Consultation``) that a :class:`BackgroundBriefer` opens."""

    def __init__(
        self,
        brief: Callable[[], Briefing],
        ask: Callable[[Briefing], LLMConsultation],
        took: Callable[[float], None],
    ) -> None:
        self._brief = brief
        self._ask = ask
        self._took = took
        self._created = time.perf_counter()
        self._lock = threading.Lock()
        self._opened: LLMConsultation | None = None
        self._problem: Exception | None = None
        self._closed = False

    def begin(self) -> None:
        """Compute the briefing and open the consultation, unless this one is closed by then."""
        if self._closed:
            return
        try:
            briefing = self._brief()
            with self._lock:
                if not self._closed:
                    self._opened = self._ask(briefing)
            self._took(time.perf_counter() - self._created)
        except Exception as problem:  # the search continues without advice, whatever the reason
            log.exception("no advice: the briefing or the consultation failed")
            self._problem = problem

    @property
    def finished(self) -> bool:
        """Whether no more answers will arrive; an error of the briefing is raised by ``poll``."""
        return self._opened is not None and self._opened.finished

    def poll(self) -> list[Advice]:
        """Return the answers that arrived since the last poll.

        Raises:
            Exception: the error of the briefing.
        """
        if self._problem is not None:
            raise self._problem
        return [] if self._opened is None else self._opened.poll()

    def close(self) -> GuideReport:
        """Stop asking and return the cost; a briefing that is not ready counts as late."""
        with self._lock:
            self._closed = True
        if self._opened is not None:
            return self._opened.close()
        return GuideReport(late=1) if self._problem is None else GuideReport(failed=1)

    @property
    def transcript(self) -> list[dict[str, Any]]:
        """One entry per question that was asked."""
        return [] if self._opened is None else self._opened.transcript
