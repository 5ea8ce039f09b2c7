"""Polling a guide between slices of a search, and containing its faults."""

from __future__ import annotations

import logging
import math
import time
from abc import ABC, abstractmethod
from numbers import Real

from plywise.search.guide.protocol import Advice, Consultation, Uncertainty

log = logging.getLogger(__name__)

POLL_SECONDS = 0.002
"""Pause between two polls of a search that has nothing else to do."""


class AdviceReceiver(ABC):
    """Base of the roots, which apply answers to the position to decide.

    Attributes:
        used: the answers applied, as ``question:source``.
        ignored: number of answers without use.
    """

    used: list[str]
    ignored: int

    def take(self, advice: Advice) -> None:
        """Apply an answer; one without sense or use is ignored and counted."""
        trust = advice.trust
        sensible = isinstance(trust, Real) and math.isfinite(trust) and trust > 0
        if sensible and self._accept(advice, min(float(trust), 1.0)):
            self.used.append(f"{advice.question.value}:{advice.source}")
        else:
            self.ignored += 1

    @abstractmethod
    def _accept(self, advice: Advice, trust: float) -> bool:
        """Apply an answer with a trust above 0, up to 1; return whether it was of use."""


class GuidePoller(ABC):
    """Polls the consultation of one decision; a fault of the guide costs only its advice.

    Attributes:
        error: fault after which the guide is not asked again; "" for none.
        before: action that the search preferred when the first answers arrived.
    """

    def __init__(self, consultation: Consultation | None, receiver: AdviceReceiver) -> None:
        self.error = ""
        self.before: int | None = None
        self._answered = False
        self._consultation = consultation
        self._receiver = receiver

    @abstractmethod
    def _preferred(self) -> int | None:
        """Return the action that the search prefers by now, None before it has searched any."""

    @abstractmethod
    def _uncertainty(self) -> Uncertainty:
        """Return the uncertainty of the search by now."""

    def poll(self) -> int:
        """Apply the answers that arrived since the last poll; return their number."""
        taken = 0
        if self._consultation is not None and not self.error:
            try:
                found = self._consultation.poll()
                if found and not self._answered:
                    self._answered, self.before = True, self._preferred()
                for advice in found:
                    self._receiver.take(advice)
                    taken += 1
            except Exception as problem:  # whatever a guide does wrong
                self._abandon(problem)
        return taken

    def drain(self) -> None:
        """Poll until the guide is finished: for a search without a clock.

        Its result then depends on the answers alone, not on their timing.
        """
        self.poll()
        while not self.finished:
            time.sleep(POLL_SECONDS)
            self.poll()

    @property
    def finished(self) -> bool:
        """Whether no more answers will arrive."""
        if self._consultation is None or self.error:
            return True
        try:
            return self._consultation.finished
        except Exception as problem:  # whatever a guide does wrong
            self._abandon(problem)
            return True

    @property
    def undecided(self) -> bool:
        """Whether the guide waits for the search's uncertainty before it is asked."""
        return self._consultation is not None and not self.error and self._consultation.undecided

    def report_uncertainty(self) -> None:
        """Report the uncertainty of the search, to a guide that waits for it."""
        if self._consultation is None or not self.undecided:
            return
        uncertainty = self._uncertainty()
        try:
            self._consultation.consider(uncertainty)
        except Exception as problem:  # whatever a guide does wrong
            self._abandon(problem)

    def _abandon(self, problem: Exception) -> None:
        self.error = f"{type(problem).__name__}: {problem}"
        log.warning("the guide failed and is not asked again: %s", self.error)
