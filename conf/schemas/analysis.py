"""Settings of the command ``analyse``."""

from __future__ import annotations

from dataclasses import dataclass

from omegaconf import MISSING

from plywise.datasets.settings import Settings, setting


@dataclass
class AnalyseConfig(Settings):
    """Settings of ``plywise analyse`` (docs/ANALYSIS.md).

    FILE is a battle's log (text, the replay site's JSON or page, a file of many with ``number``),
    the JSON of a game that ``plywise play`` saved, or a tournament's record with ``number``.
    """

    file: str = setting(MISSING, "log, JSON, page or record of the game", path=True)
    player: str = setting("0", "whose choices: 0, 1, a player's name, or both")
    number: int | None = setting(
        None, "which game of a file of many: line or row from 1, of a tournament its number from 0",
        low=0,
    )  # fmt: skip
    page: str | None = setting(None, "HTML page to write; null: none", path=True)
    iterations: int = setting(
        2_000, "iterations of each search; a decision has two for each seed", low=20,
        high=10_000_000,
    )  # fmt: skip
    seconds: float | None = setting(
        None, "seconds for each decision in place of iterations; null: no clock", above=0
    )
    seeds: int = setting(
        4, "searches of each decision, with worlds of their own; their spread is the noise", low=1,
        high=1_000,
    )  # fmt: skip
    worlds: int = setting(16, "sampled states of each search", low=1, high=251)
    seed: int = setting(0, "seed of worlds, drawn sets and searches", low=0)
    blunder: float = setting(
        0.1, "cost in chances of winning from which on a choice is marked, where it is above the "
        "noise", low=0, high=1,
    )  # fmt: skip
    trusted_game: str | None = setting(
        None, "given as game=path:FILE.py: the file of the record's game, which runs only if named"
    )
    color: bool = setting(True, "whether to print in colour")
