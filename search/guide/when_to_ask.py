"""When to ask a guide: only where its answer could still change the decision.

A search computes its :class:`Uncertainty` after a tenth of its budget, and again later.
:class:`ConditionalConsultation` asks at the first check that exceeds a threshold, while the search
goes on; where no check does, nothing is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, log
from typing import Any

from plywise.search.guide.protocol import Advice, Consultation, GuideReport, Uncertainty

FIRST_CHECK = 0.1
"""Fraction of a decision's budget after which a search first reports its uncertainty."""

LAST_CHECK = 0.5
"""Fraction after which an answer would hardly arrive in time: nothing more is asked."""


@dataclass(frozen=True)
class UncertaintyThresholds:
    """Thresholds of uncertainty; reaching one of them is enough to ask.

    Attributes:
        gap: largest gap between the two best values that counts as uncertain.
        entropy: smallest entropy of the strategy that does.
        worlds: smallest disagreement between worlds that does.
    """

    gap: float = 0.05
    entropy: float = 0.6
    worlds: float = 0.6

    def reached_by(self, uncertainty: Uncertainty) -> bool:
        """Return whether an answer could change the decision."""
        return not uncertainty.settled and (
            uncertainty.gap <= self.gap
            or uncertainty.entropy >= self.entropy
            or uncertainty.worlds >= self.worlds
        )


class CheckSchedule:
    """Times of a search's checks: after a tenth of its budget, then whenever that has doubled.

    Args:
        start: start of the decision, in seconds of one clock.
        deadline: its end on the same clock; None: no clock.
    """

    def __init__(self, start: float, deadline: float | None) -> None:
        self._start = start
        self._deadline = deadline
        self._share = FIRST_CHECK

    def due(self, now: float, done: int, limit: int | None) -> bool:
        """Return whether a check is due, given the work done; True once a check."""
        passed = done / limit if limit else 0.0
        if self._deadline is not None and self._deadline > self._start:
            passed = max(passed, (now - self._start) / (self._deadline - self._start))
        if not self._share <= passed <= LAST_CHECK:
            return False
        while self._share <= passed:
            self._share *= 2
        return True

    def work_left(self, done: int, limit: int | None) -> int:
        """Return the work up to the next check, so that it always comes at the same point."""
        if limit is None or self._share > LAST_CHECK:
            return 1 << 30
        return max(1, ceil(self._share * limit) - done)


class ConditionalConsultation(Consultation):
    """A consultation that is opened only if the search reports enough uncertainty.

    Args:
        consult: opens the consultation.
        thresholds: uncertainty from which on it is opened.

    Attributes:
        opened: the consultation; None before it is opened.
    """

    def __init__(
        self, consult: Callable[[], Consultation], thresholds: UncertaintyThresholds
    ) -> None:
        self.opened: Consultation | None = None
        self.verdict = "the search reported no uncertainty"
        self._consult = consult
        self._thresholds = thresholds
        self._closed = False

    @property
    def undecided(self) -> bool:
        """Whether nothing was asked yet and still might be."""
        return self.opened is None and not self._closed

    def consider(self, uncertainty: Uncertainty) -> None:
        """Open the consultation if a threshold is reached."""
        if not self.undecided:
            return
        uncertain = self._thresholds.reached_by(uncertainty)
        self.verdict = f"{'unsure' if uncertain else 'sure'}: {uncertainty}"
        if uncertain:
            self.opened = self._consult()

    @property
    def finished(self) -> bool:
        """Whether no answer is on its way."""
        return self.opened is None or self.opened.finished

    def poll(self) -> list[Advice]:
        """Return the answers that arrived since the last poll."""
        return [] if self.opened is None else self.opened.poll()

    def close(self) -> GuideReport:
        """Stop asking and return the report; ``spared`` is 1 where nothing was asked."""
        self._closed = True
        return GuideReport(spared=1) if self.opened is None else self.opened.close()

    @property
    def transcript(self) -> list[dict[str, Any]]:
        """One mapping per question that was asked."""
        return [] if self.opened is None else self.opened.transcript


def entropy(shares: Sequence[float]) -> float:
    """Return the entropy of a strategy relative to its maximum, from 0 to 1."""
    if len(shares) < 2:
        return 0.0
    return -sum(p * log(p) for p in shares if p > 0) / log(len(shares))


def variation(strategies: Sequence[Mapping[int, float]], weights: Sequence[float]) -> float:
    """Return the weighted mean total variation of strategies from their weighted mean."""
    mean: dict[int, float] = {}
    for strategy, weight in zip(strategies, weights, strict=True):
        for action, share in strategy.items():
            mean[action] = mean.get(action, 0.0) + weight * share
    total = sum(weights)
    if total <= 0:
        return 0.0
    far = 0.0
    for strategy, weight in zip(strategies, weights, strict=True):
        apart = sum(abs(strategy.get(a, 0.0) - share / total) for a, share in mean.items())
        far += weight * apart / 2
    return far / total
