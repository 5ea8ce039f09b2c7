"""What a Showdown server's timer says about our time in one battle.

After each request the server tells the player, and nobody else, what is left
(``|inactive|Time left: 150 sec this turn | 150 sec total | 60 sec grace``).  Time that we use comes
off in steps of 5 s; each turn adds some.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from plywise.games.base import TimeLeft

_LEFT = re.compile(
    r"Time left: (\d+) sec this turn \| (\d+) sec total(?: \| (\d+) sec grace)?", re.ASCII
)


class ServerTimer:
    """One battle's timer, as far as it was told.

    Attributes:
        running: whether the server said that it is on, and not that it is off.
        fresh: whether it reported since our last answer.
    """

    def __init__(self, *, running: bool = False) -> None:
        self.running = running
        self.fresh = False
        self._turn = self._bank = 0.0
        self._known = False
        self._since = 0.0  # from when our time counts against the last report

    def read(self, line: Sequence[str], now: float) -> None:
        """Take in a protocol line, split at its bars, that came at ``now``."""
        if len(line) < 3:
            return
        text = "|".join(line[2:])
        if line[1] == "inactiveoff" and text.startswith("Battle timer is now OFF"):
            self.running = self.fresh = self._known = False
        elif line[1] == "inactive" and (found := _LEFT.fullmatch(text)):
            turn, total, grace = (float(x or 0) for x in found.groups())
            self.running = self.fresh = self._known = True
            self._turn, self._bank, self._since = turn, total + grace, now
        elif line[1] == "inactive" and text.startswith("Battle timer is ON"):
            self.running = True

    def missed(self) -> None:
        """Take note that no report came: a timer that was asked for, but never told, is off."""
        self.running = self._known

    def answered(self, began: float, now: float) -> None:
        """Take note of a decision of ours: its time is gone, what the turn adds comes later."""
        spent = max(0.0, now - max(began, self._since))
        self._turn -= spent
        self._bank -= spent
        self.fresh = False

    def left(self, now: float) -> TimeLeft | None:
        """Return when our time ends; None where no timer is known to run.

        Without a report since our last answer the one before counts, less what we used: too little
        rather than too much.
        """
        if not (self.running and self._known):
            return None
        since = self._since if self.fresh else now
        return TimeLeft(turn_ends=since + self._turn, bank_ends=since + self._bank)
