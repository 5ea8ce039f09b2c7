"""Consultations whose briefings are written while the search already thinks.

The computed facts of a briefing cost time (in a battle tens of milliseconds); none of it is to come
off a decision's clock, and none is to make it late.  Python writes and the search's own moments of
Python wait for each other, so a briefing that would probably still be written near the end of the
decision is not begun at all.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from plywise.search.guide.protocol import Advice, GuideReport

if TYPE_CHECKING:
    from plywise.games.base import Briefing
    from plywise.llm_modules.guides.guides import LLMConsultation

log = logging.getLogger("plywise.llm")

_MOST = 0.5  # of a decision's time that a briefing may be expected to take
_SLOWER, _FASTER = 0.5, 0.05  # of the way the expectation goes to a longer or a shorter duration
_SWITCH_SECONDS = 0.0001  # Python's default is 0.005
_FORGOTTEN = 0.05  # of the expectation, each time that a briefing was not begun because of it


class Scribe:
    """Writes briefings, one after the other, in a thread of its own.

    Args:
        seconds: that a decision has.

    Attributes:
        expected: seconds that a briefing is expected to take, its wait included.
    """

    def __init__(self, seconds: float) -> None:
        self.expected = 0.0
        self._seconds = seconds
        # A search that comes back from compiled code waits so long for the thread that writes.
        sys.setswitchinterval(min(_SWITCH_SECONDS, sys.getswitchinterval()))
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="briefing")
        self._lock = threading.Lock()

    def begin(
        self, brief: Callable[[], Briefing], ask: Callable[[Briefing], LLMConsultation]
    ) -> Meanwhile:
        """Return the consultation about one decision; it may be too late for it already.

        Args:
            brief: writes the briefing; it must not read what others change meanwhile.
            ask: opens the consultation about it.
        """
        with self._lock:
            worth = self.expected <= _MOST * self._seconds
            if not worth:
                self.expected *= 1.0 - _FORGOTTEN  # another time it may be quicker
        found = Meanwhile(brief, ask, self._took)
        if worth:
            self._thread.submit(found.begin)
        return found

    def _took(self, seconds: float) -> None:
        with self._lock:
            share = _SLOWER if seconds > self.expected else _FASTER
            self.expected += share * (seconds - self.expected)


class Meanwhile:
    """A consultation (``search.guide.Consultation``) that a :class:`Scribe` begins."""

    uncounted = 0.0

    def __init__(
        self,
        brief: Callable[[], Briefing],
        ask: Callable[[Briefing], LLMConsultation],
        took: Callable[[float], None],
    ) -> None:
        self._brief = brief
        self._ask = ask
        self._took = took
        self._made = time.perf_counter()
        self._lock = threading.Lock()
        self._opened: LLMConsultation | None = None
        self._problem: Exception | None = None
        self._closed = False

    def begin(self) -> None:
        """Write the briefing and ask, unless the decision has been made meanwhile."""
        if self._closed:
            return
        try:
            briefing = self._brief()
            with self._lock:
                if not self._closed:
                    self._opened = self._ask(briefing)
            self._took(time.perf_counter() - self._made)
        except Exception as problem:  # the search decides alone, whatever advice fails for
            log.exception("no advice: the briefing or the consultation failed")
            self._problem = problem

    @property
    def finished(self) -> bool:
        """Whether nothing more will come; a fault of the briefing is told by ``poll`` first."""
        return self._opened is not None and self._opened.finished

    def poll(self) -> list[Advice]:
        """Return the answers that arrived since the last poll.

        Raises:
            Exception: whatever the briefing failed for.
        """
        if self._problem is not None:
            raise self._problem
        return [] if self._opened is None else self._opened.poll()

    def close(self) -> GuideReport:
        """Stop asking and say what it cost; a briefing that is not ready counts as late."""
        with self._lock:
            self._closed = True
        if self._opened is not None:
            return self._opened.close()
        return GuideReport(late=1) if self._problem is None else GuideReport(failed=1)

    @property
    def transcript(self) -> list[dict[str, Any]]:
        """One mapping per question that was asked."""
        return [] if self._opened is None else self._opened.transcript
