"""How each of the player's actions compares with the others some turns later, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from plywise.engine.battle.rules import rules
from plywise.engine.lookahead import likely_values

# Of 120 decisions that a search of 8,000 iterations finds clear, the best of these outlooks is what
# it plays in 82 %; with one decision in 71 %, with six in 78 %.  More samples add nothing.
_DECISIONS = 3
_SAMPLES = 192


def outlooks(
    worlds: NDArray[Any], player: int, actions: Sequence[int], seed: int
) -> dict[int, float]:
    """Return, per action, the mean estimate some turns later, for ``player``, in [-1, 1]."""
    values = likely_values(rules(), worlds, player, actions, _DECISIONS, _SAMPLES, seed)
    return dict(zip(actions, map(float, values), strict=True))


def verdicts(found: Mapping[int, float]) -> dict[int, str]:
    """Return the outlooks in words: what is best, what is nearly as good, and what is worse."""
    best = max(found.values())
    words = {}
    for action, value in found.items():
        behind = best - value
        words[action] = next(word for most, word in _WORDS if behind <= most)
    return words


_WORDS = ((0.0, "best"), (0.03, "good"), (0.1, "weak"), (float("inf"), "bad"))
"""How far behind the best outlook an option may be to be called so."""
