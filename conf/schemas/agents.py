"""The ``agent`` and ``opponent`` groups of the configuration, and the agents of a tournament."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from omegaconf import MISSING

from plywise.conf.checks import above as _above
from plywise.conf.checks import at_least as _at_least
from plywise.conf.checks import between as _between
from plywise.conf.checks import one_of as _one_of
from plywise.datasets.errors import ConfigError

_NUMBERS = (
    *("seconds", "iterations", "max_depth"),
    *("samples", "thought", "temperature", "actions", "worlds"),
)
"""What is a number in an agent's configuration."""


LLM_METHODS = ("scoring", "io", "cot", "sc", "tot", "pokellmon")
"""How a language model may play by itself (``llm_modules/players/methods.py``)."""


OWN_KEYS = {
    "llm": ("method", "samples", "thought", "temperature"),
    "pokechamp": ("actions", "worlds"),
}
"""What only the agent of this name can be told."""


AGENT_LLM_KEYS = (
    *("guides", "trust", "max_calls", "skill", "delay"),
    *("asking", "thought", "chances", "examples"),
    *("ask", "unsure_gap", "unsure_entropy", "unsure_worlds"),
)
"""What an agent may set for itself of the ``llm`` group; the model itself is shared by all."""


@dataclass
class AgentConfig:
    """An agent by its name in ``plywise agents``; null means: as the ``search`` group says.

    With these an opponent can get its own budget: ``opponent=search opponent.seconds=0.1``.

    Attributes:
        method: of ``llm``: scoring, io, cot, sc, tot or pokellmon (docs/LLM.md); null: scoring.
        samples: of ``llm``: answers that vote (sc, pokellmon), candidates that are rated (tot).
        thought: of ``llm``: most characters of a thought (cot, sc, tot).
        temperature: of ``llm``: of answers that vote.
        actions: of ``pokechamp``: that the model samples for each player at a node.
        worlds: of ``pokechamp``: states drawn from what it knows, each with a tree of its own.
        label: what it is called in tables and records; null: the name and what was set here.
        search: any further keys of the ``search`` group, for example ``{worlds: 32}``.
        llm: keys of the ``llm`` group: see :data:`AGENT_LLM_KEYS`.
    """

    name: str = MISSING
    seconds: float | None = None
    iterations: int | None = None
    max_depth: int | None = None
    method: str | None = None
    samples: int | None = None
    thought: int | None = None
    temperature: float | None = None
    actions: int | None = None
    worlds: int | None = None
    label: str | None = None
    search: dict[str, Any] = field(default_factory=dict)
    llm: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the ranges."""
        _above("agent.seconds", self.seconds, 0)
        _at_least("agent.iterations", self.iterations, 1)
        _at_least("agent.max_depth", self.max_depth, 1)
        if self.method is not None:
            _one_of("agent.method", self.method, LLM_METHODS)
        _at_least("agent.samples", self.samples, 1)
        _at_least("agent.thought", self.thought, 1)
        _at_least("agent.temperature", self.temperature, 0)
        _between("agent.actions", self.actions, 1, 20)
        _between("agent.worlds", self.worlds, 1, 20)
        for key in self.llm:
            _one_of("agent.llm: a key", str(key), AGENT_LLM_KEYS)

    @property
    def foreign_key(self) -> str | None:
        """A key that was set here and that this agent has not; None where there is none."""
        others = {key for name, keys in OWN_KEYS.items() if name != self.name for key in keys}
        return next((key for key in sorted(others) if getattr(self, key) is not None), None)

    @property
    def title(self) -> str:
        """The label; without one the name with whatever was set, to tell two agents apart."""
        if self.label:
            return self.label
        own = [(key, value) for key in _NUMBERS if (value := getattr(self, key)) is not None]
        if self.method is not None:
            own.insert(0, ("method", self.method))
        extras = [
            f"{key}={_short(value)}"
            for key, value in (*own, *self.search.items(), *self.llm.items())
        ]
        return f"{self.name}({', '.join(extras)})" if extras else self.name


def _short(value: object) -> str:
    if isinstance(value, list | tuple):
        return "+".join(map(str, value)) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


def parse_agents(entries: list[Any]) -> list[AgentConfig]:
    """Return the agents of a tournament as configurations.

    Raises:
        ConfigError: as :meth:`TournamentConfig.entrants` says.
    """
    allowed = ("name", *_NUMBERS, "method", "label", "search", "llm")
    found: list[AgentConfig] = []
    for entry in entries:
        given = {"name": entry} if isinstance(entry, str) else entry
        if not isinstance(given, dict) or not isinstance(given.get("name"), str):
            raise ConfigError(
                f"agents: {entry!r} is neither a name nor a mapping like "
                "{name:search,seconds:0.1}"
            )
        for key, value in given.items():
            where = f"agents: {given['name']}.{key}={value}"
            _one_of(f"agents: a key of {given['name']}", str(key), allowed)
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if key in _NUMBERS and value is not None and not number:
                raise ConfigError(f"{where}: must be a number")
            if key in ("label", "method") and not (isinstance(value, str) and value.strip()):
                raise ConfigError(f"{where}: must be a text")
            if key in ("search", "llm") and not isinstance(value, dict):
                raise ConfigError(f"{where}: must be a mapping like {{key:value}}")
        found.append(AgentConfig(**given))
    titles = [agent.title for agent in found]
    if len(found) < 2:
        raise ConfigError(f"agents={titles}: a tournament needs at least two agents")
    for title in titles:
        if titles.count(title) > 1:
            raise ConfigError(
                f"agents: {title} stands there twice; give one another setting or a label"
            )
    return found
