"""``llm.ask``: whether a search's guide is asked about every decision, some, or none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plywise.search.guide.when_to_ask import (
    ConditionalConsultation,
    UncertaintyThresholds,
)

if TYPE_CHECKING:
    from plywise.arena.guidance.advised import Consult
    from plywise.conf.schemas.llm import LLMGroup


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
