"""The advice around one decision: opening and closing its consultation, and noting its cost."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from plywise.arena.output.files import Closing
from plywise.search.guide.protocol import Consultation, GuideReport
from plywise.search.guide.when_to_ask import ConditionalConsultation, UncertaintyThresholds

if TYPE_CHECKING:
    from plywise.conf.schemas.llm import LLMGroup
    from plywise.games.base import State
    from plywise.llm_modules.guides.guides import LLMConsultant
    from plywise.search.decision import Decision

log = logging.getLogger(__name__)


Consult = Callable[["State", int, int], Consultation]
"""Opens a consultation about a state's decision of a player, with a seed."""


def make_consult(consultant: LLMConsultant, seconds: float | None) -> Consult:
    """Return a function that opens a consultation.

    With a time limit of ``seconds`` for a decision the briefing is computed in a background thread.
    Without one it is computed first: the questions must not depend on when it is ready.
    """
    from plywise.llm_modules.guides.background import BackgroundBriefer

    if seconds is None:
        return lambda state, player, seed: consultant.consult(state.briefing(player), seed)

    briefer = BackgroundBriefer(seconds)

    def consult(state: State, player: int, seed: int) -> Consultation:
        asked = state.clone()  # the game may go on before its briefing is written
        return briefer.begin(
            lambda: asked.briefing(player), lambda briefing: consultant.consult(briefing, seed)
        )

    return consult


def consult_when_unsure(llm: LLMGroup, consult: Consult) -> Consult:
    """Return a function that opens a consultation under the conditions of ``llm.ask``.

    Args:
        llm: the model's settings for the agent.
        consult: opens a consultation in any case.
    """
    if llm.ask == "always":
        return consult
    thresholds = UncertaintyThresholds(llm.unsure_gap, llm.unsure_entropy, llm.unsure_worlds)
    return lambda state, player, seed: ConditionalConsultation(
        lambda: consult(state, player, seed), thresholds
    )


class Advised:
    """The advice that an agent's decisions get.

    Args:
        consult: opens the consultation about a decision; None: no advice.
        compare: whether decisions for which advice was used are also made without it.
    """

    def __init__(self, consult: Consult | None, compare: bool = False) -> None:
        self._consult = consult
        self._compare = compare

    @property
    def active(self) -> bool:
        """Whether there is a guide to ask."""
        return self._consult is not None

    def open(self, state: State, player: int, seed: int) -> DecisionAdvice:
        """Return the advice for one decision, to be used in a ``with`` statement.

        No guide is asked where there is no choice.  Where the briefing or the consultation fails,
        the search decides alone, and the notes say why.
        """
        if self._consult is None or len(state.legal_actions(player)) < 2:
            return DecisionAdvice(None)
        try:
            return DecisionAdvice(self._consult(state, player, seed), compare=self._compare)
        except Exception as error:  # the search decides alone, whatever advice fails for
            log.exception("no advice: the briefing or the consultation failed")
            return DecisionAdvice(None, error=f"{type(error).__name__}: {error}")


@dataclass
class DecisionAdvice(Closing):
    """The advice for one decision, a context manager that closes the consultation at its end.

    Attributes:
        consultation: what the search may ask; None: nothing.
        compare: whether a decision that used advice is to be made once more without any.
        error: why there is no advice; "": nothing failed.
        report: cost of the advice, complete when it is closed.
    """

    consultation: Consultation | None
    compare: bool = False
    error: str = ""
    report: GuideReport = field(default_factory=lambda: GuideReport(failed=1))

    @property
    def uncounted(self) -> float:
        """Seconds that opening it took and that are not part of the player's time."""
        return 0.0 if self.consultation is None else self.consultation.uncounted

    def close(self) -> None:
        """Close the consultation."""
        if self.consultation is not None:
            self.report = self.consultation.close()

    def to_compare(self, decision: Decision) -> bool:
        """Return whether the decision used advice and is to be made once more without any."""
        return self.compare and bool(decision.notes.get("advice_used"))

    def noted(self, decision: Decision, unguided: Decision | None = None) -> Decision:
        """Return the decision with the guide's report and transcript in its notes.

        ``unguided`` is the same decision without advice: ``notes["unguided"]`` has its action and
        value.
        """
        notes = dict(decision.notes)
        if self.error:
            notes |= {"guide": self.report, "guide_error": self.error}
        elif self.consultation is not None:
            self.report.used = len(notes.get("advice_used", ()))
            self.report.ignored = int(notes.get("advice_ignored", 0))
            notes |= {"guide": self.report, "transcript": self.consultation.transcript}
            if self.consultation.verdict:
                notes["ask"] = self.consultation.verdict
        if unguided is not None:
            notes["unguided"] = {"action": unguided.action, "value": unguided.value}
        return replace(decision, notes=notes)
