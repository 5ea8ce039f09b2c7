"""Ways of getting an answer out of an endpoint, best first; what works is found once and visible.

Where an endpoint cannot answer in one way (no log-probabilities, no JSON schema, no JSON mode) the
question is asked again in the next one.  Every such step is counted and logged, and what worked is
used from then on.
"""

from __future__ import annotations

import logging
import threading

from plywise.llm_modules.prompts.forms import AnswerMode

log = logging.getLogger("plywise.llm")


SCORING = tuple(AnswerMode)
"""From the probabilities of option letters down to free text."""

WRITING = (AnswerMode.SCHEMA, AnswerMode.JSON, AnswerMode.TEXT)
"""From JSON with a schema down to free text."""


class Ladder:
    """Which way of answering an endpoint is known to support; shared by all decisions.

    Attributes:
        mode: in use now.
        steps: how often a lesser way had to be taken.
    """

    def __init__(self, modes: tuple[AnswerMode, ...]) -> None:
        self.modes = modes
        self.mode = modes[0]
        self.steps = 0
        self._lock = threading.Lock()

    def settle(self, mode: AnswerMode, why: str) -> None:
        """Ask this way from now on, if it is a step down."""
        with self._lock:
            if self.modes.index(mode) <= self.modes.index(self.mode):
                return
            self.steps += 1
            log.warning("the model is asked by %s from now on: %s", mode.value, why)
            self.mode = mode


class Foothold:
    """Where one decision stands on the ladder.

    Attributes:
        mode: that the next question is asked in.
        why: what made this decision's questions step down; "" they have not.
    """

    def __init__(self, ladder: Ladder) -> None:
        self._ladder = ladder
        self.mode = ladder.mode
        self.why = ""

    def lower(self, why: str) -> bool:
        """Step down; False where there is no lesser way."""
        at = self._ladder.modes.index(self.mode)
        if at + 1 == len(self._ladder.modes):
            return False
        self.mode, self.why = self._ladder.modes[at + 1], why
        return True

    def worked(self, mode: AnswerMode) -> None:
        """Take note that an answer asked for in this way could be used."""
        self._ladder.settle(mode, self.why)
