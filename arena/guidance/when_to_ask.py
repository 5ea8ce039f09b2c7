"""``llm.ask``: whether a search's guide is asked about every decision, some, or none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from plywise.arena.guidance.language_model import Recorded
from plywise.search.guide.when_to_ask import Doubt, WhenUnsure

if TYPE_CHECKING:
    from plywise.arena.guidance.language_model import Consult
    from plywise.conf.schemas.llm import LLMGroup


class AskedWhenUnsure(WhenUnsure[Recorded]):
    """A consultation for a search that says how sure it is, which can be told afterwards."""

    @property
    def transcript(self) -> list[dict[str, Any]]:
        """What was asked, if anything was."""
        return [] if self.opened is None else self.opened.transcript


def asked_when(llm: LLMGroup, consult: Consult) -> Consult:
    """Return who is asked about a decision, by when ``llm.ask`` wants that.

    Args:
        llm: the model's settings for the agent.
        consult: who is asked always.
    """
    if llm.ask == "always":
        return consult
    doubt = Doubt(llm.unsure_gap, llm.unsure_entropy, llm.unsure_worlds)
    return lambda state, player, seed: AskedWhenUnsure(lambda: consult(state, player, seed), doubt)
