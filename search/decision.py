"""The result of a search: a mixed strategy and its explanation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Decision:
    """One decision of a search; a plain value that can be saved and printed.

    Attributes:
        action: the action to play.
        strategy: the player's action -> probability; sums to 1.
        values: the player's action -> expected result for the player, in [-1, 1].
        visits: the player's action -> number of visits (empty for exact searches).
        opponent: the opponent's predicted strategy (empty where it has nothing to decide).
        value: expected result of the strategy for the player.
        principal_variation: expected line as actions, the player's first.
        iterations: iterations or nodes searched.
        depth: depth completed; 0: not applicable.
        seconds: wall time.
        notes: named facts for the decision log (advice used, cut-offs, fallbacks).
    """

    action: int
    strategy: Mapping[int, float]
    values: Mapping[int, float] = field(default_factory=dict)
    visits: Mapping[int, int] = field(default_factory=dict)
    opponent: Mapping[int, float] = field(default_factory=dict)
    value: float = 0.0
    principal_variation: Sequence[int] = ()
    iterations: int = 0
    depth: int = 0
    seconds: float = 0.0
    notes: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def forced(cls, action: int) -> Decision:
        """Return the decision for the only legal action, without a search."""
        return cls(action, {action: 1.0}, notes={"forced": True})
