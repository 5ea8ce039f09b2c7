"""Fallback to simpler answer modes where an endpoint does not support the better ones.

If an endpoint cannot answer in one mode (no log-probabilities, no JSON schema, no JSON mode) the
question is asked again in the next one.  A mode that works is used for all later decisions; every
fallback is logged and counted.
"""

from __future__ import annotations

import logging
import threading

from plywise.llm_modules.prompts.forms import AnswerMode

log = logging.getLogger("plywise.llm")

SCORING = tuple(AnswerMode)
"""Modes from probabilities of option letters down to free text."""

WRITING = (AnswerMode.SCHEMA, AnswerMode.JSON, AnswerMode.TEXT)
"""Modes from JSON with a schema down to free text."""


class EndpointMode:
    """The best answer mode that an endpoint is known to support; shared by all decisions.

    Attributes:
        modes: modes that may be used, best first.
        mode: current mode.
        fallbacks: number of changes to a lower mode.
    """

    def __init__(self, modes: tuple[AnswerMode, ...]) -> None:
        self.modes = modes
        self.mode = modes[0]
        self.fallbacks = 0
        self._lock = threading.Lock()

    def adopt(self, mode: AnswerMode, reason: str) -> None:
        """Use ``mode`` from now on if it is lower than the current one."""
        with self._lock:
            if self.modes.index(mode) <= self.modes.index(self.mode):
                return
            self.fallbacks += 1
            log.warning("the model is asked by %s from now on: %s", mode.value, reason)
            self.mode = mode


class FormatFallback:
    """Answer mode of one decision's questions.

    Attributes:
        mode: mode of the next question.
        reason: why this decision fell back to a lower mode; "": it did not.
    """

    def __init__(self, endpoint_mode: EndpointMode) -> None:
        self._endpoint_mode = endpoint_mode
        self.mode = endpoint_mode.mode
        self.reason = ""

    def fall_back(self, reason: str) -> bool:
        """Change to the next lower mode; return False if there is none."""
        modes = self._endpoint_mode.modes
        lower = modes.index(self.mode) + 1
        if lower == len(modes):
            return False
        self.mode, self.reason = modes[lower], reason
        return True

    def succeeded(self, mode: AnswerMode) -> None:
        """Record that an answer in this mode was usable."""
        self._endpoint_mode.adopt(mode, self.reason)
