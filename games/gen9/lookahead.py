"""Estimated outlook of each of the player's actions some turns later, and its verdict in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from plywise.engine.battle.rules import rules
from plywise.engine.lookahead import likely_values

# In 82 % of 120 decisions that are clear to a search of 8,000 iterations, the best outlook is the
# search's action; with one decision in 71 %, with six in 78 %.  More samples do not help.
_DECISIONS = 3
_SAMPLES = 192


def outlooks(
    worlds: NDArray[Any], player: int, actions: Sequence[int], seed: int
) -> dict[int, float]:
    """Return each action's mean evaluation some turns later, for ``player``, in [-1, 1]."""
    values = likely_values(rules(), worlds, player, actions, _DECISIONS, _SAMPLES, seed)
    return dict(zip(actions, map(float, values), strict=True))


def verdicts(found: Mapping[int, float]) -> dict[int, str]:
    """Return the verdict on each outlook: best, good, weak or bad."""
    best = max(found.values())
    words = {}
    for action, value in found.items():
        behind = best - value
        words[action] = next(word for most, word in _WORDS if behind <= most)
    return words


_WORDS = ((0.0, "best"), (0.03, "good"), (0.1, "weak"), (float("inf"), "bad"))
"""Greatest difference from the best outlook, and its verdict."""
