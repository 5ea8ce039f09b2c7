"""A question to a model whose right answers are known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from plywise.games.base import State
from plywise.search.guide.protocol import Question

LEAST_OPTIONS = 3
"""Actions to choose among, below which a position is no question."""


@dataclass(frozen=True)
class KnownQuestion:
    """One question.

    Attributes:
        number: within its seed.
        state: the position; ``player`` decides there.
        right: the actions that are right answers (of the opponent, where the guide is MODEL).
    """

    number: int
    state: State
    player: int
    right: frozenset[int]


QuestionMaker = Callable[[Random, int, Question], KnownQuestion]
"""Makes a question from a random source, its number and the guide that is asked."""
