"""Settings of the alpha-beta search; light, so that reading them compiles nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from plywise.datasets.settings import setting
from plywise.search.config import SearchBudget

DEEPEST = 250
"""Largest ``max_depth``."""


@dataclass
class AlphaBetaConfig(SearchBudget):
    """Settings of alpha-beta (turn-based games without chance)."""

    LIMITS: ClassVar[tuple[str, ...]] = ("seconds", "iterations", "max_depth")

    max_depth: int | None = setting(
        64, f"plies to look ahead; null: to the end of the game, at most {DEEPEST}", low=1,
        high=DEEPEST,
    )  # fmt: skip
    table_bits: int = setting(
        20, "logarithm to base 2 of the transposition table's entries, 16 bytes each",
        low=1, high=28,
    )  # fmt: skip
    all_values: bool = setting(
        False, "search each root action with a full window: real values, no bounds; much slower"
    )
    advice_plies: float = setting(
        4.0, "plies of search for which a guide's fully trusted value counts", low=0, high=1000
    )
