"""Settings of ``plywise bench``."""

from __future__ import annotations

from dataclasses import dataclass, field

from omegaconf import MISSING

from plywise.conf.checks import above as _above
from plywise.conf.checks import at_least as _at_least
from plywise.conf.checks import one_of as _one_of
from plywise.conf.schemas.llm import LLMGroup
from plywise.datasets.childplay.presets import PRESETS, TASKS
from plywise.datasets.errors import ConfigError


@dataclass
class BenchConfig:
    """``plywise bench …``: how fast, or how good, parts are here; or how good a model is.

    Attributes:
        seconds: measured time for one part (boards: a fixed amount of work instead).
        decisions: deadline and guides only: how many, with ``seconds`` each.
        cold: engine only: compile everything anew in a fresh process, which takes a minute.
        simulator: engine only: measure the real simulator in the same run (needs Node).
        fleets: battleship only: how many random fleets to hunt.
        llm: childplay only: who is examined; none: the baselines alone.
        preset: childplay only: the rules, as published or mended.
        tasks: childplay only: which.
        instances: childplay only: of each task; null: as the preset says.
        retries: childplay only: of an illegal reply; null: as the preset says.
        max_tokens: childplay only: longest answer.
    """

    what: str = "boards"
    seconds: float = 2.0
    seed: int = 0
    decisions: int = 1000
    cold: bool = False
    simulator: bool = True
    fleets: int = 20_000
    llm: LLMGroup = MISSING
    preset: str = "childplay_fixed"
    tasks: list[str] = field(default_factory=lambda: list(TASKS))
    instances: int | None = None
    retries: int | None = None
    max_tokens: int = 512

    def __post_init__(self) -> None:
        """Check the values."""
        speeds = ("engine", "search", "deadline", "boards", "guides")
        _one_of("what", self.what, (*speeds, "battleship", "exploitability", "childplay"))
        _at_least("decisions", self.decisions, 1)
        _at_least("fleets", self.fleets, 1)
        _above("seconds", self.seconds, 0)
        _one_of("preset", self.preset, tuple(PRESETS))
        for task in self.tasks:
            _one_of("tasks", task, TASKS)
        if not self.tasks or len(set(self.tasks)) < len(self.tasks):
            raise ConfigError(f"tasks={self.tasks}: name each task once, and one at least")
        _at_least("instances", self.instances, 1)
        _at_least("retries", self.retries, 0)
        _at_least("max_tokens", self.max_tokens, 1)
        if self.what == "childplay" and self.llm.name == "stand_in":
            raise ConfigError("llm=stand_in advises a search: choose llm=none, embedded or openai")
        if self.what != "childplay" and self.llm.name != "none":
            raise ConfigError(f"llm={self.llm.name}: only 'bench childplay' asks a language model")
