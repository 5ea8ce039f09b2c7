"""Settings of ``plywise bench``."""

from __future__ import annotations

from dataclasses import dataclass

from omegaconf import MISSING

from plywise.conf.schemas.llm import LLMGroup
from plywise.datasets.childplay.presets import PRESETS, TASKS
from plywise.datasets.errors import ConfigError
from plywise.datasets.settings import Settings, setting


@dataclass
class BenchConfig(Settings):
    """Settings of ``plywise bench``.

    ``engine``, ``search`` and ``boards`` measure speed on this machine; ``deadline`` measures how
    late decisions are while every core is busy, ``guides`` the same while a faulty language model
    advises; ``battleship`` counts shots over random fleets; ``exploitability`` measures what best
    responses win against the simultaneous-move search in small games; ``childplay`` examines a
    language model at the ChildPlay tasks (docs/CHILDPLAY.md).
    """

    llm: LLMGroup = setting(
        MISSING, "childplay: the examined model; none: the baselines alone", option="none"
    )
    what: str = setting(
        "boards", "what to measure",
        choices=(
            "engine", "search", "deadline", "boards", "guides", "battleship", "exploitability",
            "childplay",
        ),
    )  # fmt: skip
    seconds: float = setting(
        2.0, "measured time of each part, or of each decision (boards: a fixed amount of work)",
        above=0,
    )  # fmt: skip
    seed: int = setting(0, "seed of positions, fleets and tasks")
    decisions: int = setting(1000, "deadline and guides: decisions to measure", low=1)
    cold: bool = setting(
        False, "engine: compile everything anew in a fresh process as well (a minute)"
    )
    simulator: bool = setting(
        True, "engine: measure the real simulator in the same run (needs Node)"
    )
    fleets: int = setting(20_000, "battleship: random fleets to hunt", low=1)
    preset: str = setting(
        "childplay_fixed",
        "childplay: rules as published (childplay_v1), so that figures compare, or corrected",
        choices=tuple(PRESETS),
    )
    tasks: list[str] = setting(list(TASKS), "childplay: tasks", choices=TASKS)
    instances: int | None = setting(
        None, "childplay: items of each task; null: as the preset says", low=1
    )
    retries: int | None = setting(
        None, "childplay: retries of an illegal reply; null: as the preset says", low=0
    )
    max_tokens: int = setting(512, "childplay: most tokens of an answer", low=1)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.tasks or len(set(self.tasks)) < len(self.tasks):
            raise ConfigError(f"tasks={self.tasks}: name each task once, and one at least")
        if self.what == "childplay" and self.llm.name == "stand_in":
            raise ConfigError("llm=stand_in advises a search: choose llm=none, embedded or openai")
        if self.what != "childplay" and self.llm.name != "none":
            raise ConfigError(f"llm={self.llm.name}: only 'bench childplay' asks a language model")
