"""The Showdown server's timer in one battle.

After each request the server reports the remaining time to the player alone
(``|inactive|Time left: 150 sec this turn | 150 sec total | 60 sec grace``).  It subtracts time in
steps of 5 s; each turn adds some.  ``search/time_management.py`` decides how much of it a decision
gets.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from plywise.games.base import TimeLeft

_LEFT = re.compile(
    r"Time left: (\d{1,9}) sec this turn \| (\d{1,9}) sec total(?: \| (\d{1,9}) sec grace)?",
    re.ASCII,
)


class ServerTimer:
    """The timer of one battle, by the server's reports.

    Attributes:
        running: the server's timer is on, by its last message.
        fresh: it reported after our last answer.
    """

    def __init__(self, *, running: bool = False) -> None:
        self.running = running
        self.fresh = False
        self._turn = self._bank = 0.0
        self._known = False
        self._since = 0.0  # time of the last report

    def read(self, line: Sequence[str], now: float) -> None:
        """Read a protocol line, split at its bars, that arrived at ``now``."""
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
        """Note a missing report: a requested timer that never reported is off."""
        self.running = self._known

    def answered(self, began: float, now: float) -> None:
        """Subtract the time of a decision; the turn's increment comes with the next report."""
        spent = max(0.0, now - max(began, self._since))
        self._turn -= spent
        self._bank -= spent
        self.fresh = False

    def left(self, now: float) -> TimeLeft | None:
        """Return the deadlines of our time; None: no timer is known to run.

        Without a report since our last answer the earlier one counts, less the time used: a lower
        bound.
        """
        if not (self.running and self._known):
            return None
        since = self._since if self.fresh else now
        return TimeLeft(turn_ends=since + self._turn, bank_ends=since + self._bank)
