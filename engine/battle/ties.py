"""Speed ties: what Showdown shuffles where its ``speedSort`` finds equals.

Not only moves tie.  Every event sorts its handlers, so two equally fast actives, or two effects of
one Pokémon with the same priority, cost draws wherever both answer the same event.
"""

from typing import Any

from plywise.engine.battle.chance import SITE_SPEED_TIE, roll
from plywise.engine.battle.constants import FORMAT_KEEP_TIES
from plywise.engine.jit import kernel


@kernel
def tied(b: Any, at: int) -> int:
    """Return which of two equals, at positions ``at`` and ``at + 1`` of a list, comes first."""
    if int(b.format) & FORMAT_KEEP_TIES != 0:
        return 0
    return roll(b, SITE_SPEED_TIE, at, 2) - at


@kernel
def draw_ties(b: Any, at: int, count: int) -> None:
    """Shuffle ``count`` equals from position ``at`` on whose order does not matter."""
    if int(b.format) & FORMAT_KEEP_TIES == 0:
        for k in range(count - 1):
            roll(b, SITE_SPEED_TIE, at + k, count - k)
