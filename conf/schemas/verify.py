"""Settings of the commands ``verify`` and ``record``."""

from __future__ import annotations

from dataclasses import dataclass

from omegaconf import MISSING

from plywise.datasets.errors import ConfigError
from plywise.datasets.settings import MOST_PROCESSES, Settings, setting


@dataclass
class VerifyConfig(Settings):
    """Settings of ``plywise verify``.

    ``engine`` replays every step of a corpus with its recorded draws; ``seed`` plays whole battles
    from seed, teams and choices alone; ``log`` compares our protocol lines of every step;
    ``tracking`` compares what each player's lines tell with the simulator's state;
    ``coverage`` counts how often each move, ability and item was in an exact step.
    """

    what: str = setting(
        "engine",
        "what to compare",
        choices=("engine", "seed", "log", "tracking", "coverage"),
    )
    corpus: str = setting(
        MISSING,
        ".jsonl or .jsonl.gz file of the real simulator; coverage: also a folder of them",
        path=True,
    )
    page: str | None = setting(None, "coverage: Markdown file to write; null: none", path=True)
    limit: int | None = setting(None, "steps to replay (seed and log: battles); null: all", low=1)
    causes: int = setting(20, "causes of mismatches to print", low=0)
    jobs: int = setting(1, "processes that share the battles", low=1, high=MOST_PROCESSES)
    battle: int | None = setting(None, "only this battle; null: all")
    step: int | None = setting(None, "engine: only this step of the battle, shown in full")
    require: float = setting(
        0.0, "smallest fraction of exact steps (seed and log: battles) without which it fails",
        low=0, high=1,
    )  # fmt: skip

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.what == "seed" and self.step is not None:
            raise ConfigError(f"step={self.step}: a battle is played from its seed as a whole")
        if self.what in ("log", "tracking") and self.step is not None:
            raise ConfigError(f"step={self.step}: {self.what} compares battle by battle")
        if self.what == "engine" and self.step is not None and self.battle is None:
            raise ConfigError(f"step={self.step}: name its battle too, with --battle N")


@dataclass
class RecordConfig(Settings):
    """Settings of ``plywise record``.

    Battles in the real simulator, of random choices or (iterations) of our own searches too; the
    same settings write the same corpus.
    """

    what: str = setting("engine", "part to record for", choices=("engine",))
    out: str = setting(MISSING, ".jsonl.gz file to write", path=True)
    battles: int = setting(20, "battles to record", low=1)
    # Seeds of single battles are seed * 100003 + number, 32 bits.
    seed: int = setting(0, "seed of teams, choices and dice", low=0, high=2**31 // 100003)
    format: str = setting("gen9randombattle", "a singles format of generation 9, such as gen9ou")
    fuzz: bool = setting(
        False,
        "teams that mix every species, move, ability and item (a tier: on its species)",
    )
    keepties: bool = setting(
        True,
        "speed ties keep their order and draw nothing; plywise verify seed needs false: ties drawn "
        "as in every real battle",
    )
    stall: bool = setting(False, "prefer moves that do no damage, for long battles")
    theme: list[str] = setting(
        [],
        "abilities, items and moves that all Pokémon have, such as '[damp,explosion]'; with fuzz "
        "on any species, else on those that have the ability by nature",
    )
    streams: bool = setting(
        False, "keep what each player and a spectator is sent too, for plywise verify tracking"
    )
    iterations: int = setting(
        0,
        "iterations of our own search, which then plays side 1, side 2 or both in three of four "
        "battles; 0: random choices alone",
        low=0,
    )
