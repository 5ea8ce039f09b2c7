"""``llm.ask``: whether a search's guide is asked about every decision, some, or none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from plywise.arena.guidance.advised import TranscribedConsultation
from plywise.search.guide.when_to_ask import Doubt, WhenUnsure

if TYPE_CHECKING:
    from plywise.arena.guidance.advised import Consult
    from plywise.conf.schemas.llm import LLMGroup


class ConsultationWhenUnsure(WhenUnsure[TranscribedConsultation]):
    """A consultation that is opened only if the search reports doubt, and keeps a transcript."""

    uncounted = 0.0  # it is opened during the search

    @property
    def transcript(self) -> list[dict[str, Any]]:
        """The questions, if any were asked."""
        return [] if self.opened is None else self.opened.transcript


def consult_when_unsure(llm: LLMGroup, consult: Consult) -> Consult:
    """Return a function that opens a consultation under the conditions of ``llm.ask``.

    Args:
        llm: the model's settings for the agent.
        consult: opens a consultation in any case.
    """
    if llm.ask == "always":
        return consult
    doubt = Doubt(llm.unsure_gap, llm.unsure_entropy, llm.unsure_worlds)
    return lambda state, player, seed: ConsultationWhenUnsure(
        lambda: consult(state, player, seed), doubt
    )
