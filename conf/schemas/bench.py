"""Settings of ``plywise bench``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from omegaconf import MISSING

from plywise.conf.schemas.llm import LLMGroup
from plywise.conf.schemas.search import SearchGroup, SimultaneousGroup
from plywise.datasets.childplay.presets import PRESETS, TASKS
from plywise.datasets.errors import ConfigError
from plywise.datasets.settings import Settings, setting

PUZZLE_KINDS = (
    "1v1", "2v2", "priority", "tera", "hazards", "speed", "sacrifice", "setup", "protect",
    "substitute",
)  # fmt: skip
"""Kinds of puzzles (``arena/bench/puzzles/mechanics.py`` says what each asks for)."""


@dataclass
class BenchConfig(Settings):
    """Settings of ``plywise bench``.

    ``engine``, ``search`` and ``boards`` measure speed on this machine; ``deadline`` measures how
    late decisions are while every core is busy, ``guides`` the same while a faulty language model
    advises; ``battleship`` counts shots over random fleets; ``exploitability`` measures what best
    responses win against the simultaneous-move search in small games; ``regret`` measures how much
    worse the battle search decides than far longer searches say; ``prediction`` measures how well
    players' actions are predicted, on a table of decisions (docs/DATA.md); ``puzzles`` measures
    agents, language models among them, at positions of battles that are solved exactly
    (docs/PUZZLES.md); ``childplay`` examines a language model at the ChildPlay tasks
    (docs/CHILDPLAY.md).
    """

    llm: LLMGroup = setting(
        MISSING,
        "childplay: the examined model; none: the baselines alone; prediction and puzzles: that of "
        "agents that ask one",
        option="none",
    )
    search: SearchGroup = setting(
        MISSING,
        "regret and prediction: the measured search, at its own iterations and no clock; puzzles: "
        "how agents search",
        option="simultaneous",
    )  # fmt: skip
    what: str = setting(
        "boards", "what to measure",
        choices=(
            "engine", "search", "deadline", "boards", "guides", "battleship", "exploitability",
            "regret", "prediction", "puzzles", "childplay",
        ),
    )  # fmt: skip
    table: str | None = setting(
        None, "prediction: folder of decisions, as plywise data replays writes it", path=True
    )
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
    most_iterations: int = setting(
        30_000, "regret: the most iterations to measure, of 1,000, 3,000, 10,000 … 300,000", low=1
    )
    repeats: int = setting(1, "regret: searches of each decision", low=1)
    decisions_each: int = setting(
        40, "regret: decisions of random battles and of gen9ou, with a fifth as many Team Previews",
        low=1,
    )  # fmt: skip
    stored: str | None = setting(
        None,
        "regret: folder of decisions.npz and reference.npz, puzzles: of puzzles.npz, as an earlier "
        "run left them; null: the committed ones",
        path=True,
    )
    anew: str = setting(
        "nothing",
        "regret: what is made instead of read, into the run's folder; decisions: the reference "
        "too; puzzles: puzzles (into stored, if that is given, going on with what is there)",
        choices=("nothing", "reference", "decisions", "puzzles"),
    )
    reference_iterations: int = setting(
        500_000, "regret: iterations of each of the two searches for a seed of a reference", low=1
    )
    reference_seeds: int = setting(4, "regret: seeds of a reference", low=2, high=1000)
    players: str | None = setting(
        None, "prediction: players.csv of plywise data battles, for scores by kind", path=True
    )
    foreign: str | None = setting(
        None,
        "prediction: another folder of decisions, which is scored apart by what was fitted here",
        path=True,
    )
    agents: list[Any] = setting(
        [],
        "as in a tournament; puzzles: who is measured, []: random, max_damage and searches of 100, "
        "1,000 and 10,000 iterations; prediction: whose policies are measured too",
    )
    most_battles: int | None = setting(
        None, "prediction: battles of the table, from its start; null: all", low=2
    )
    worlds: int = setting(4, "prediction: sampled states of each decision", low=1, high=64)
    iterations: int = setting(200, "prediction: iterations of the search", low=1)
    held_out: float = setting(
        0.3, "prediction: share of the players that is held out", above=0, high=0.9
    )
    ridge: float = setting(20.0, "prediction: penalty on the fitted weights", low=0)
    styles: int = setting(6, "prediction: styles of players that are fitted", low=1, high=32)
    kinds: list[str] = setting(list(PUZZLE_KINDS), "puzzles: their kinds", choices=PUZZLE_KINDS)
    puzzles_each: int | None = setting(
        None, "puzzles: of each kind; null: all that there are, 50 where they are made", low=1
    )
    battles: int | None = setting(
        None, "puzzles: most battles that new ones are taken from, in all; null: no limit", low=1
    )
    enumerated: int = setting(
        0, "puzzles: of each kind, that are solved again by plain enumeration", low=0
    )
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
        if self.what == "prediction" and self.table is None:
            raise ConfigError("which decisions? plywise bench prediction FOLDER")
        if self.what != "prediction":
            self._refuse_of_prediction()
        if self.what == "childplay" and self.llm.name == "stand_in":
            raise ConfigError("llm=stand_in advises a search: choose llm=none, embedded or openai")
        if self.what not in ("childplay", "prediction", "puzzles") and self.llm.name != "none":
            raise ConfigError(
                f"llm={self.llm.name}: only 'bench childplay', 'bench prediction' and 'bench "
                "puzzles' ask a language model"
            )
        searching = self.what in ("regret", "prediction", "puzzles")
        if searching and not isinstance(self.search, SimultaneousGroup):
            raise ConfigError(f"search={self.search.name}: battles are searched by simultaneous")
        given = isinstance(self.search, SearchGroup)  # MISSING where a part is called without it
        if not searching and given and self.search != SimultaneousGroup():
            raise ConfigError(
                "search: only 'bench regret', 'bench prediction' and 'bench puzzles' take settings "
                "of a search"
            )
        if self.anew != "nothing" and (self.anew == "puzzles") != (self.what == "puzzles"):
            raise ConfigError(f"anew={self.anew}: 'bench {self.what}' makes none")
        if not self.kinds or len(set(self.kinds)) < len(self.kinds):
            raise ConfigError(f"kinds={self.kinds}: name each kind once, and one at least")

    def _refuse_of_prediction(self) -> None:
        for name in ("table", "players", "foreign", "most_battles"):
            if getattr(self, name):
                raise ConfigError(
                    f"{name}={getattr(self, name)}: only 'bench prediction' reads decisions"
                )
        if self.agents and self.what != "puzzles":
            raise ConfigError(
                f"agents={self.agents}: only 'bench prediction' and 'bench puzzles' measure agents"
            )
