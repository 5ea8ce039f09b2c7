"""What a log tells of statuses and volatiles, with what their lines show besides."""

from typing import Any

from plywise.engine.battle.constants import (
    EFFECT_MOVE,
    V_DISABLE,
    V_PROTOSYNTHESIS,
    V_QUARKDRIVE,
    V_TWOTURNMOVE,
)
from plywise.engine.battle.log_events import (
    FAIL_PLAIN,
    FAIL_STATUS,
    L_FAIL,
    L_START,
    L_STILL,
    say,
    say_from,
)
from plywise.engine.battle.tables import MOVES
from plywise.engine.jit import kernel


@kernel
def say_same_status(b: Any, s: int, source: int, effect: int, effect_id: int) -> None:
    """Tell that the active of ``s`` keeps the status that it has, if a status move was to blame."""
    if effect != EFFECT_MOVE or MOVES[effect_id].status == 0:
        return
    m = b.sides[s].mons[b.sides[s].active]
    if int(MOVES[effect_id].status) == int(m.status):
        say(b, L_FAIL, s, FAIL_STATUS, int(m.status))
    elif source >= 0:
        say(b, L_FAIL, source, FAIL_PLAIN, 0)
        say(b, L_STILL, source, 0, 0)


@kernel
def say_start(b: Any, s: int, v: int, source: int, effect: int, effect_id: int) -> None:
    """Tell that a volatile has begun, with what its line shows besides."""
    side = b.sides[s]
    more = 0
    if v == V_DISABLE:
        more = int(side.disable_move)
    elif v == V_PROTOSYNTHESIS or v == V_QUARKDRIVE:
        more = int(side.paradox_stat)
    elif v == V_TWOTURNMOVE:
        say(b, L_STILL, s, 0, 0)
    say_from(b, L_START, s, v, more, effect, effect_id, source)
