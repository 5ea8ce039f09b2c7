"""When to ask a guide: only where its answer could still change what is played.

A search looks at its own decision after a tenth of its budget, and again later, and tells the
guide how sure it is (:class:`Outlook`).  :class:`WhenUnsure` opens the consultation at the first
look that leaves a doubt, while the search goes on; where none does, nothing is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, log
from typing import Generic, Protocol, TypeVar, runtime_checkable

from plywise.search.guide.protocol import Advice, Consultation, GuideReport

FIRST_LOOK = 0.1
"""Share of a decision's budget after which a search first says how sure it is."""

LAST_LOOK = 0.5
"""Share after which an answer would hardly come in time: nothing more is asked."""


@dataclass(frozen=True)
class Outlook:
    """How sure a search is of its decision.

    Attributes:
        gap: value of the best action above the second best, from 0 to 2.
        entropy: of the strategy, from 0 (one action) to 1 (all alike).
        worlds: how far the opponent's answers differ between the worlds that the player cannot
            tell apart, from 0 (the same in all) to 1 (mean total variation from their mean).
        settled: whether no answer can change the decision any more.
    """

    gap: float
    entropy: float = 0.0
    worlds: float = 0.0
    settled: bool = False

    def __str__(self) -> str:
        told = f"gap {self.gap:.2f}, entropy {self.entropy:.2f}, worlds {self.worlds:.2f}"
        return f"settled, {told}" if self.settled else told


@dataclass(frozen=True)
class Doubt:
    """What counts as being unsure: any one of these is enough.

    Attributes:
        gap: at most so much between the two best values.
        entropy: at least so much of the strategy's.
        worlds: at least so much disagreement between worlds.
    """

    gap: float = 0.05
    entropy: float = 0.6
    worlds: float = 0.6

    def about(self, outlook: Outlook) -> bool:
        """Return whether an answer could change the decision."""
        return not outlook.settled and (
            outlook.gap <= self.gap
            or outlook.entropy >= self.entropy
            or outlook.worlds >= self.worlds
        )


class Looks:
    """When a search says how sure it is: after a tenth of its budget, then when that has doubled.

    Args:
        start, deadline: of the decision, in seconds of one clock; ``deadline`` None: no clock.
    """

    def __init__(self, start: float, deadline: float | None) -> None:
        self._start = start
        self._deadline = deadline
        self._share = FIRST_LOOK

    def due(self, now: float, done: int, limit: int | None) -> bool:
        """Return whether it is time, given how much of the work is done; True once a look."""
        passed = done / limit if limit else 0.0
        if self._deadline is not None and self._deadline > self._start:
            passed = max(passed, (now - self._start) / (self._deadline - self._start))
        if not self._share <= passed <= LAST_LOOK:
            return False
        while self._share <= passed:
            self._share *= 2
        return True

    def ahead(self, done: int, limit: int | None) -> int:
        """Return how much work is left until the next look, so that it falls on the same spot."""
        if limit is None or self._share > LAST_LOOK:
            return 1 << 30
        return max(1, ceil(self._share * limit) - done)


@runtime_checkable
class Heeding(Protocol):
    """A consultation that wants to know how sure the search is."""

    @property
    def undecided(self) -> bool:
        """Whether it has not asked anything yet and still might."""

    def heed(self, outlook: Outlook) -> None:
        """Take note of how sure the search is now."""


C = TypeVar("C", bound=Consultation)


class WhenUnsure(Generic[C]):
    """A consultation that is opened when the search is unsure (``search.guide.Consultation``).

    Args:
        consult: opens the consultation.
        doubt: what counts as being unsure.

    Attributes:
        opened: the consultation, once there is a doubt.
        verdict: what the last outlook came to, in words.
    """

    def __init__(self, consult: Callable[[], C], doubt: Doubt) -> None:
        self.opened: C | None = None
        self.verdict = "the search did not look"
        self._consult = consult
        self._doubt = doubt
        self._closed = False

    @property
    def undecided(self) -> bool:
        """Whether nothing was asked yet and still might be."""
        return self.opened is None and not self._closed

    def heed(self, outlook: Outlook) -> None:
        """Open the consultation if there is a doubt now."""
        if not self.undecided:
            return
        unsure = self._doubt.about(outlook)
        self.verdict = f"{'unsure' if unsure else 'sure'}: {outlook}"
        if unsure:
            self.opened = self._consult()

    @property
    def finished(self) -> bool:
        """Whether nothing is being asked just now."""
        return self.opened is None or self.opened.finished

    def poll(self) -> list[Advice]:
        """Return the answers that arrived since the last poll."""
        return [] if self.opened is None else self.opened.poll()

    def close(self) -> GuideReport:
        """Stop asking and say what it cost; ``spared`` is 1 where nothing was asked."""
        self._closed = True
        return GuideReport(spared=1) if self.opened is None else self.opened.close()


def entropy(shares: Sequence[float]) -> float:
    """Return the entropy of a strategy over its own maximum, from 0 to 1."""
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
