"""Settings that all searches share, and those of MCTS; importing them compiles nothing.

Each setting is defined once: type, default, range and words.  ``conf`` inherits these classes.
Those of one search: ``alphabeta/config.py``, ``simultaneous/config.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from plywise.datasets.errors import ConfigError
from plywise.datasets.settings import check_settings, setting


class SearchError(ValueError):
    """The search was given a position, worlds or settings that it cannot search."""


class SearchConfigError(SearchError, ConfigError):
    """A setting of a search is out of range, or no limit is set."""


@dataclass
class SearchBudget:
    """Limits of one decision.

    Attributes:
        PREFIX: text before a setting's name in messages.
        LIMITS: settings of which at least one must be set.

    Raises:
        SearchConfigError: a setting is out of range, or none of ``LIMITS`` is set.
    """

    PREFIX: ClassVar[str] = ""
    LIMITS: ClassVar[tuple[str, ...]] = ("seconds", "iterations")

    seconds: float | None = setting(
        1.0, "wall time of a decision; null: no clock, the same seed gives the same move", above=0
    )
    iterations: int | None = setting(
        None, "most iterations of a decision (alphabeta: nodes); null: no limit", low=1
    )

    def __post_init__(self) -> None:
        check_settings(self, self.PREFIX, SearchConfigError)
        if all(getattr(self, name) is None for name in self.LIMITS):
            names = " or ".join(self.PREFIX + name for name in self.LIMITS)
            raise SearchConfigError(f"a search needs {names}")


@dataclass
class MCTSConfig(SearchBudget):
    """Settings of Monte-Carlo tree search in plain Python, for any game."""

    max_depth: int = setting(1000, "decisions after which a playout counts as a draw", low=1)
    exploration: float = setting(
        1.0, "factor of UCT's confidence bound; results lie in [-1, 1]", low=0
    )
