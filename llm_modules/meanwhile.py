"""A consultation whose briefing is written while the search already thinks.

The computed facts of a briefing cost time (in a battle tens of milliseconds); none of it is to come
off a decision's clock, and none is to make it late.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from plywise.search.guide import Advice, GuideReport

if TYPE_CHECKING:
    from plywise.games.base import Briefing
    from plywise.llm_modules.guides import LLMConsultation

log = logging.getLogger("plywise.llm")


class Meanwhile:
    """A consultation (``search.guide.Consultation``) that begins in a thread of its own.

    Args:
        brief: writes the briefing; it must not read what others change meanwhile.
        ask: opens the consultation about it.
    """

    def __init__(
        self, brief: Callable[[], Briefing], ask: Callable[[Briefing], LLMConsultation]
    ) -> None:
        self._brief = brief
        self._ask = ask
        self._lock = threading.Lock()
        self._opened: LLMConsultation | None = None
        self._problem: Exception | None = None
        self._closed = False
        threading.Thread(target=self._begin, name="briefing", daemon=True).start()

    def _begin(self) -> None:
        try:
            briefing = self._brief()
            with self._lock:
                if not self._closed:
                    self._opened = self._ask(briefing)
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
