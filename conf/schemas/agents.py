"""The settings that every agent has: the ``agent`` and ``opponent`` groups of the configuration."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar

from omegaconf import MISSING

from plywise.datasets.settings import Settings, setting

AGENT_LLM_KEYS = (
    "guides",
    "trust",
    "max_calls",
    "skill",
    "delay",
    "asking",
    "thought",
    "chances",
    "examples",
    "ask",
    "unsure_gap",
    "unsure_entropy",
    "unsure_worlds",
)
"""Keys of the ``llm`` group that an agent may set for itself; the model is shared by all agents."""


@dataclass
class AgentConfig(Settings):
    """Settings of an agent; a subclass beside the agent adds those that only this agent has.

    With these an opponent can get its own budget: ``opponent=search opponent.seconds=0.1``.
    """

    PREFIX: ClassVar[str] = "agent."

    name: str = MISSING
    seconds: float | None = setting(
        None, "wall time for one decision; null: as the search group says", above=0
    )
    iterations: int | None = setting(
        None, "most iterations for one decision; null: as the search group says", low=1
    )
    max_depth: int | None = setting(
        None, "most plies to look ahead; null: as the search group says", low=1
    )
    label: str | None = setting(
        None, "name in tables and records; null: the agent's name and what is set here"
    )
    search: dict[str, Any] = setting({}, "more keys of the search group, such as {worlds: 32}")
    llm: dict[str, Any] = setting({}, "keys of the llm group", choices=AGENT_LLM_KEYS)

    @property
    def title(self) -> str:
        """The label; without one the name with what is set, to tell two agents apart."""
        if self.label:
            return self.label
        common = [f.name for f in fields(AgentConfig)]
        own = [f.name for f in fields(self) if f.name not in common]
        keys = (*own, "seconds", "iterations", "max_depth")
        plain = type(self)(name=self.name)
        given = {key: value for key in keys if (value := getattr(self, key)) != getattr(plain, key)}
        extras = [
            f"{key}={_short(value)}"
            for key, value in (*given.items(), *self.search.items(), *self.llm.items())
        ]
        return f"{self.name}({', '.join(extras)})" if extras else self.name


def _short(value: object) -> str:
    if isinstance(value, list | tuple):
        return "+".join(map(str, value)) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)
