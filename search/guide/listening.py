"""How a search listens to its guide: what each does with answers, and with a guide's faults."""

from __future__ import annotations

import logging
import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from numbers import Real

from plywise.search.guide.protocol import Advice, Consultation
from plywise.search.guide.when_to_ask import Heeding, Outlook

log = logging.getLogger(__name__)

NAP_SECONDS = 0.002  # between looks at a guide that is all that is waited for


SUREST = 0.99
"""Of the trust in a proposal or prediction, so that nothing becomes impossible."""

_FINITE = 4.0  # the inverse of what full trust leaves of the variance


def odds(shares: Sequence[float], trust: float) -> list[float]:
    """Return what a proposal is worth as evidence: logarithms of odds, against their mean.

    Trust leaves an option the probability ``p = trust * share + (1 - trust) / n``; ``shares`` sum
    to 1.
    """
    sure = min(trust, SUREST)
    found = [math.log(sure * share + (1.0 - sure) / len(shares)) for share in shares]
    mean = sum(found) / len(found)
    return [each - mean for each in found]


def confidence(trust: float) -> float:
    """Return the weight of values that are trusted so far, from 0 (trust 0) to 1 (trust 1).

    Of two estimates of a value, one of which explains the share ``trust ** 2`` of its variance, the
    best mixture weighs that one by ``trust / (1 - trust ** 2)`` against the other.  The constant
    keeps full trust finite.
    """
    return trust / (1.0 + _FINITE * (1.0 - trust * trust))


class Answers(ABC):
    """What guides have said about the position to decide.

    Attributes:
        used: the answers taken, as ``question:source``.
        ignored: how many were of no use.
    """

    used: list[str]
    ignored: int

    def take(self, advice: Advice) -> None:
        """Take an answer in; one that says nothing sensible is ignored and counted."""
        trust = advice.trust
        sensible = isinstance(trust, Real) and math.isfinite(trust) and trust > 0
        if sensible and self._accept(advice, min(float(trust), 1.0)):
            self.used.append(f"{advice.question.value}:{advice.source}")
        else:
            self.ignored += 1

    @abstractmethod
    def _accept(self, advice: Advice, trust: float) -> bool:
        """Take an answer in that is trusted so far, up to 1; return whether it was of use."""


class Listener:
    """The consultation of one decision, listened to; a fault of it costs its advice alone.

    Attributes:
        error: what went wrong with the guide, which is then not asked again; "" nothing.
        favourite: returns the action that the search likes best by now, None if it knows none.
        before: that action when the first answers came.
    """

    favourite: Callable[[], int | None]

    def __init__(self, consultation: Consultation | None, answers: Answers) -> None:
        self.error = ""
        self.before: int | None = None
        self._heard = False
        self._consultation = consultation
        self._answers = answers

    def hear(self) -> int:
        """Take in what has been said since the last time; return how many answers that were."""
        taken = 0
        if self._consultation is not None and not self.error:
            try:
                found = self._consultation.poll()
                if found and not self._heard:
                    self._heard, self.before = True, self.favourite()
                for advice in found:
                    self._answers.take(advice)
                    taken += 1
            except Exception as problem:  # whatever a guide does wrong
                self._give_up(problem)
        return taken

    def hear_out(self) -> None:
        """Listen until the guide is finished: for a search without a clock.

        What it finds then depends on the answers alone, not on when they came.
        """
        self.hear()
        while not self.finished:
            time.sleep(NAP_SECONDS)
            self.hear()

    @property
    def finished(self) -> bool:
        """Whether nothing more will come."""
        if self._consultation is None or self.error:
            return True
        try:
            return self._consultation.finished
        except Exception as problem:  # whatever a guide does wrong
            self._give_up(problem)
            return True

    @property
    def undecided(self) -> bool:
        """Whether the guide has asked nothing yet and waits to hear how sure the search is."""
        consultation = self._consultation
        return isinstance(consultation, Heeding) and not self.error and consultation.undecided

    def tell(self, outlook: Outlook) -> None:
        """Say how sure the search is, to a guide that wants to know."""
        if isinstance(self._consultation, Heeding) and not self.error:
            try:
                self._consultation.heed(outlook)
            except Exception as problem:  # whatever a guide does wrong
                self._give_up(problem)

    def _give_up(self, problem: Exception) -> None:
        self.error = f"{type(problem).__name__}: {problem}"
        log.warning("the guide failed and is not asked again: %s", self.error)
