"""Time management: the part of a battle's time for one decision.

Pure arithmetic: nothing here reads a clock.  The length of a battle is unknown, so the time left is
divided among at least ``FEWEST`` decisions, and among more the longer the battle has lasted
(stalling goes on): the parts add up to less than the whole, however long the battle gets.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

EXPECTED = 30
"""Decisions with a choice that one side makes in a battle of usual length."""

FEWEST = 10
"""Smallest number of decisions expected still to come."""

MARGIN_SECONDS = 5.0
"""Reserve of a server's time: Showdown counts in steps of 5 s, and an answer has to travel."""

LEAST_SECONDS = 0.02
"""Time of a decision with a choice when nothing is left."""

_KEPT_BACK = 0.05  # fraction of the budget kept for overruns
_USUAL_CHOICES = 9


def time_weight(choices: int) -> float:
    """Return the time for a decision among ``choices`` actions, relative to a usual one.

    0 without a choice, 1 for nine actions (four moves and five switches), at most 1.25.
    """
    if choices < 2:
        return 0.0
    return min(1.25, math.log2(choices) / math.log2(_USUAL_CHOICES))


def to_come(made: int) -> float:
    """Return the number of decisions to divide the time left among, after ``made`` of them."""
    return max(float(FEWEST), EXPECTED - made, made / 2)


@dataclass
class BattleClock:
    """One player's time in one battle.

    Attributes:
        usual: seconds of a decision while there is enough; None: no limit.
        budget: seconds of the whole battle; None: no limit.
        spent: seconds used so far.
        made: number of decisions with a choice so far.
    """

    usual: float | None
    budget: float | None = None
    spent: float = 0.0
    made: int = 0

    def allowance(
        self,
        choices: int,
        turn_left: float | None = None,
        bank_left: float | None = None,
        usual: float | None = None,
    ) -> float | None:
        """Return the seconds for the next decision; None: no limit at all.

        At most the rest of the budget and of the bank, and the server's limit for this turn, less
        the margin; 0 without a choice, else positive.

        Args:
            choices: number of legal actions.
            turn_left: seconds until the server ends the battle without an answer; None: no limit.
            bank_left: the server's seconds for all decisions to come; None: no limit.
            usual: seconds of this decision while there is enough; None: as of any other.
        """
        usual = self.usual if usual is None else usual
        limits = [] if usual is None else [usual]
        part = time_weight(choices) / to_come(self.made)
        if self.budget is not None:
            limits.append(part * ((1.0 - _KEPT_BACK) * self.budget - self.spent))
        if bank_left is not None:
            limits.append(part * (bank_left - MARGIN_SECONDS))
        if turn_left is not None:
            limits.append(turn_left - MARGIN_SECONDS)
        if not limits:
            return None
        if choices < 2:
            return 0.0
        allowed = min(limits)
        return allowed if allowed > 0.0 else LEAST_SECONDS

    def spend(self, seconds: float, choices: int) -> None:
        """Record a decision that took ``seconds``."""
        self.spent += seconds
        if choices > 1:
            self.made += 1
