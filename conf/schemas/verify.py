"""Settings of the commands ``verify`` and ``record``."""

from __future__ import annotations

from dataclasses import dataclass

from omegaconf import MISSING

from plywise.conf.checks import at_least as _at_least
from plywise.conf.checks import between as _between
from plywise.conf.checks import one_of as _one_of
from plywise.datasets.errors import ConfigError


@dataclass
class VerifyConfig:
    """``plywise verify engine|seed|log|coverage CORPUS``: replay a corpus of the real simulator.

    Attributes:
        what: engine: every step with its recorded draws; seed: whole battles from seed, teams and
            choices alone; log: our protocol lines of every step; coverage: how often each move,
            ability and item was in an exact step.
        corpus: a ``.jsonl`` or ``.jsonl.gz`` file; coverage: also a folder of them.
        page: coverage: the page of Markdown to write; null: none.
        limit: steps to replay (seed, log: battles); null: all.
        causes: how many causes of mismatch to print.
        jobs: processes to share the battles among.
        battle, step: show only this battle, or this step of it in full (engine).
        require: the command fails when a smaller share of the steps (seed: battles) is exact.
    """

    what: str = "engine"
    corpus: str = MISSING
    page: str | None = None
    limit: int | None = None
    causes: int = 20
    jobs: int = 1
    battle: int | None = None
    step: int | None = None
    require: float = 0.0

    def __post_init__(self) -> None:
        """Check the values."""
        _one_of("what", self.what, ("engine", "seed", "log", "coverage"))
        _at_least("limit", self.limit, 1)
        if self.what == "seed" and self.step is not None:
            raise ConfigError(f"step={self.step}: a battle is played from its seed as a whole")
        if self.what == "log" and self.step is not None:
            raise ConfigError(f"step={self.step}: a log is compared battle by battle")
        _at_least("causes", self.causes, 0)
        _at_least("jobs", self.jobs, 1)
        _between("require", self.require, 0, 1)


@dataclass
class RecordConfig:
    """``plywise record engine OUT``: battles of random choices in the real simulator, as a corpus.

    Attributes:
        what: for which part to record.
        out: the corpus to write, a ``.jsonl.gz`` file.
        battles: how many.
        seed: of teams, choices and dice; the same settings write the same corpus.
        format: whose teams.
        fuzz: teams that mix every species, move, ability and item instead.
        keepties: speed ties keep their order and draw nothing; ``plywise verify seed`` needs
            ``keepties=false``: ties drawn as in every real battle.
        stall: players prefer moves that do no damage, so battles get long.
    """

    what: str = "engine"
    out: str = MISSING
    battles: int = 20
    seed: int = 0
    format: str = "gen9randombattle"
    fuzz: bool = False
    keepties: bool = True
    stall: bool = False

    def __post_init__(self) -> None:
        """Check the values."""
        _one_of("what", self.what, ("engine",))
        _at_least("battles", self.battles, 1)
        _at_least("seed", self.seed, 0)
