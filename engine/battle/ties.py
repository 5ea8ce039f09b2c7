"""Speed ties: the shuffles that Showdown's ``speedSort`` makes among equals.

Not only moves tie.  Every event sorts its handlers, so two equally fast actives, or two effects of
one Pokémon with the same priority, cost draws wherever both answer the same event.
"""

from typing import Any

import plywise.engine.battle.ability_ids as A
from plywise.engine.battle.chance import SITE_SPEED_TIE, roll
from plywise.engine.battle.constants import FORMAT_KEEP_TIES, MOVE_USER_AWAY
from plywise.engine.compile.jit import kernel


@kernel
def tied(b: Any, at: int) -> int:
    """Return which of two equals, at positions ``at`` and ``at + 1`` of a list, comes first."""
    if int(b.format) & FORMAT_KEEP_TIES != 0:
        return 0
    return roll(b, SITE_SPEED_TIE, at, 2) - at


@kernel
def even(b: Any) -> bool:
    """Return whether both actives are equally fast, and equals are drawn at all."""
    return int(b.sides[0].speed) == int(b.sides[1].speed) and (
        int(b.format) & FORMAT_KEEP_TIES == 0
    )


@kernel
def user_is_away(b: Any) -> bool:
    """Return whether a future move hits now whose user is not active (:mod:`future_moves`)."""
    return b.move.id != 0 and int(b.move.flag_bits) & MOVE_USER_AWAY != 0


@kernel
def modify_boost_ties(b: Any) -> None:
    """Draw the tie of two Unaware Pokémon, which both answer every event ModifyBoost.

    Showdown runs it whenever it asks for a stat with its stages, be it for the Speed of an action.
    """
    one, two = b.sides[0], b.sides[1]
    first, second = one.mons[one.active], two.mons[two.active]
    if int(first.ability) == A.unaware and int(second.ability) == A.unaware:
        # The user of a future move that stands in for its side's active one may have fainted.
        away = int(b.move.side) if user_is_away(b) else -1
        if (int(first.hp) > 0 or away == 0) and (int(second.hp) > 0 or away == 1) and even(b):
            tied(b, 0)


@kernel
def user_boost_ties(b: Any) -> None:
    """Draw the tie of a ModifyBoost of the user of the move, which nobody answers on the bench."""
    if not user_is_away(b):
        modify_boost_ties(b)
