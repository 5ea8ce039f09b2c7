"""Questions to a model with known answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from plywise.games.base import State
from plywise.search.guide.protocol import Question

MIN_OPTIONS = 3
"""Minimum number of actions in a question."""


@dataclass(frozen=True)
class KnownQuestion:
    """Question with known answers.

    Attributes:
        number: number of the question for its seed.
        state: position.
        player: player who decides.
        right: right answers: actions of the player, or of the opponent for MODEL.
    """

    number: int
    state: State
    player: int
    right: frozenset[int]


QuestionMaker = Callable[[Random, int, Question], KnownQuestion]
"""Function that makes a question from a random generator, its number and the guide."""
