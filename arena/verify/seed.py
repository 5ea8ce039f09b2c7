"""``plywise verify seed CORPUS``: whole battles played from seed, teams and choices alone.

Every state, the generator before every step and the winner must be the recorded ones.  Needs a
corpus recorded with drawn speed ties (``plywise record engine OUT keepties=false``).
"""

import time
from dataclasses import dataclass, field

from rich.console import Console

from plywise.arena.verify.causes import CauseFinder, print_causes
from plywise.arena.verify.corpus_report import CorpusReport, count_battles
from plywise.conf.schemas.verify import VerifyConfig
from plywise.datasets.battle_corpus import RecordedBattle
from plywise.datasets.errors import ConfigError
from plywise.engine.battle.oracle.replay import StepCheck, replay_seed

_RIGHT = StepCheck()


@dataclass
class SeedReport(CorpusReport):
    """Counts of the battles that their seeds reproduce.

    Attributes:
        battles: played from their seeds.
        battles_exact: battles exact from the first state to the winner.
        steps: recorded steps of all battles.
        steps_exact: steps before the first mismatch of their battle.
        seconds: wall time.
    """

    battles: int = 0
    battles_exact: int = 0
    steps: int = 0
    steps_exact: int = 0
    seconds: float = 0.0
    finder: CauseFinder = field(default_factory=CauseFinder, repr=False)

    @property
    def rate(self) -> float:
        """Share of exact battles; 0 without battles."""
        return self.battles_exact / self.battles if self.battles else 0.0

    def add(self, battle: RecordedBattle) -> None:
        """Play one battle and count it.

        Raises:
            ConfigError: it was recorded with kept ties.
            SeedError: it was played with another generator than ``gen5``.
        """
        if battle.says_ties_kept:
            raise ConfigError(
                f"battle {battle.number} was recorded with kept speed ties, which no seed repeats; "
                "record a corpus with `plywise record engine OUT keepties=false`"
            )
        found = replay_seed(battle)
        self.battles += 1
        self.battles_exact += found.exact
        self.steps += len(battle.steps)
        self.steps_exact += found.steps
        for step in battle.steps[: found.steps]:
            self.finder.add(f"{battle.number}:{step.number}", step, _RIGHT)
        if found.check is not None:
            example = f"{battle.number}:{found.steps}"
            self.finder.add(example, battle.steps[found.steps], found.check)


def verify_seeds(config: VerifyConfig) -> SeedReport:
    """Play a corpus from its seeds and return the comparison.

    Raises:
        ConfigError: there is no such battle, or the corpus was recorded with kept ties.
        CorpusError: the file is not a sound corpus of the pinned package.
        SeedError: it was played with another generator than ``gen5``.
    """
    start = time.perf_counter()
    report = count_battles(SeedReport, config)
    if config.battle is not None and not report.battles:
        raise ConfigError(f"{config.corpus}: there is no battle {config.battle}")
    report.seconds = time.perf_counter() - start
    return report


def print_seed_report(console: Console, report: SeedReport, causes: int = 20) -> None:
    """Print the causes of first mismatches and the figures."""
    command = "`plywise verify engine CORPUS battle=N step=K`"
    print_causes(console, report.finder.causes(), causes, "battles", command)
    console.print(
        f"{report.battles_exact} of {report.battles} battles exact from their seeds "
        f"({report.rate:.2%}), {report.steps_exact} of {report.steps} steps before a first "
        f"mismatch, in {report.seconds:.1f} s"
    )
