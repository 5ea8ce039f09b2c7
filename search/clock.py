"""How long to think: what one decision gets of the time that a whole battle has.

Arithmetic alone: nothing here reads a clock.  A battle's length is unknown, so what is left is
never shared among fewer than ``FEWEST`` decisions, and among more the longer the battle has lasted
(stalling goes on): what is spent adds up to less than there was, however long the battle gets.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

EXPECTED = 30
"""Decisions with a choice that one side makes in a battle of usual length."""

FEWEST = 10
"""So many are always expected still to come."""

MARGIN_SECONDS = 5.0
"""Kept from a server's time: Showdown counts in steps of 5 s, and an answer has to travel."""

LEAST_SECONDS = 0.02
"""What a decision with a choice gets when nothing is left."""

_KEPT_BACK = 0.05  # of the own budget: for what decisions take beyond their share
_USUAL_CHOICES = 9


def weight(choices: int) -> float:
    """Return how much of a usual decision's time one among ``choices`` actions deserves.

    0 where there is no choice, 1 for nine actions (four moves and five switches), at most 1.25.
    """
    if choices < 2:
        return 0.0
    return min(1.25, math.log2(choices) / math.log2(_USUAL_CHOICES))


def to_come(made: int) -> float:
    """Return among how many decisions what is left is shared, after ``made`` of them."""
    return max(float(FEWEST), EXPECTED - made, made / 2)


@dataclass
class BattleClock:
    """One player's time in one battle.

    Attributes:
        usual: seconds that a decision gets while there is enough; None: no limit.
        budget: seconds for the whole battle; None: no limit.
        spent: seconds used so far.
        made: decisions with a choice so far.
    """

    usual: float | None
    budget: float | None = None
    spent: float = 0.0
    made: int = 0

    def allowance(
        self, choices: int, turn_left: float | None = None, bank_left: float | None = None
    ) -> float | None:
        """Return the seconds for the decision that is due; None: no limit at all.

        Never more than the budget's or the bank's rest, nor than the server allows this turn, less
        the margin; 0 where there is no choice, else positive.

        Args:
            choices: legal actions.
            turn_left: seconds until a server ends the battle if nothing is answered.
            bank_left: seconds that it has for all decisions to come.
        """
        limits = [] if self.usual is None else [self.usual]
        part = weight(choices) / to_come(self.made)
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
        """Take note of a decision that took ``seconds``."""
        self.spent += seconds
        self.made += choices > 1
