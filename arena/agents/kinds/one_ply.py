"""``agent=one_ply``: battles without a search: the static policy, a few rules, or the next value.

Three ways of play that are quick and differ from one another: opponents for measurements and for
data of opponent models (``plywise data battles``).
"""

from __future__ import annotations

from dataclasses import dataclass

from plywise.arena.agents.spec import Agent, AgentContext, AgentSpec
from plywise.conf.schemas.agents import AgentConfig
from plywise.datasets.settings import setting

WAYS = ("policy", "rules", "value")
_USUAL = {"policy": 1.0, "rules": 0.0, "value": 0.03}  # temperatures


@dataclass
class OnePlySettings(AgentConfig):
    """Settings of ``one_ply``."""

    by: str = setting(
        "policy",
        "what decides: the static policy's probabilities, rules over computed facts, or the value "
        "of the position after the turn",
        choices=WAYS,
    )
    temperature: float | None = setting(
        None, "looseness of the choice; 0: the best; null: policy 1, rules 0, value 0.03", low=0
    )


def _make(context: AgentContext, entrant: OnePlySettings) -> Agent:
    from plywise.arena.agents.one_ply import OnePlyAgent

    loose = _USUAL[entrant.by] if entrant.temperature is None else entrant.temperature
    return OnePlyAgent(entrant.title, context.kernels(), entrant.by, loose)


AGENTS = (
    AgentSpec(
        "one_ply",
        "battles without a search: by the static policy, by rules, or by the value after the turn",
        make=_make,
        settings=OnePlySettings,
        plays=("battles", "server"),
    ),
)
