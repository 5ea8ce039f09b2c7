"""Log events of statuses and volatiles, with the details that their lines show."""

from typing import Any

import plywise.engine.battle.ability_ids as A
import plywise.engine.battle.move_ids as M
from plywise.engine.battle import constants as c
from plywise.engine.battle.log_events import (
    FAIL_PLAIN,
    FAIL_STATUS,
    L_ACTIVATE,
    L_FAIL,
    L_IMMUNE,
    L_START,
    L_STILL,
    log,
    log_from,
)
from plywise.engine.battle.stats import defence_ability
from plywise.engine.battle.tables import MOVES
from plywise.engine.compile.jit import kernel


@kernel
def log_same_status(b: Any, s: int, source: int, effect: int, effect_id: int) -> None:
    """Log that the active of ``s`` keeps its status, if a status move was the cause."""
    if effect != c.EFFECT_MOVE or MOVES[effect_id].status == 0:
        return
    m = b.sides[s].mons[b.sides[s].active]
    if int(MOVES[effect_id].status) == int(m.status):
        log(b, L_FAIL, s, FAIL_STATUS, int(m.status))
    elif source >= 0:
        log(b, L_FAIL, source, FAIL_PLAIN, 0)
        log(b, L_STILL, source, 0, 0)


@kernel
def log_start(b: Any, s: int, v: int, source: int, effect: int, effect_id: int) -> None:
    """Log the start of a volatile, with the details of its line."""
    side = b.sides[s]
    more = 0
    if v == c.V_DISABLE:
        more = int(side.disable_move)
    elif v == c.V_PROTOSYNTHESIS or v == c.V_QUARKDRIVE:
        more = int(side.paradox_stat)
    elif v == c.V_TWOTURNMOVE:
        log(b, L_STILL, s, 0, 0)
    log_from(b, L_START, s, v, more, effect, effect_id, source)


@kernel
def log_status_blocked(
    b: Any, s: int, status: int, source: int, effect: int, effect_id: int
) -> None:
    """Log what prevents a status of the active of ``s``, if the cause was a status move."""
    a = defence_ability(b, s)
    by_status_move = effect == c.EFFECT_MOVE and MOVES[effect_id].status != 0
    yawning = effect == c.EFFECT_VOLATILE and effect_id == c.V_YAWN
    if _wards_off(a, status):
        if by_status_move:
            log_from(b, L_IMMUNE, s, 0, 0, c.EFFECT_ABILITY, a, -1)
    elif b.terrain == c.MISTY_TERRAIN:
        if by_status_move or yawning:
            log_from(b, L_ACTIVATE, s, 0, 0, c.EFFECT_TERRAIN, c.MISTY_TERRAIN, -1)
    elif b.terrain == c.ELECTRIC_TERRAIN and status == c.SLP:
        if by_status_move or yawning:
            log_from(b, L_ACTIVATE, s, 0, 0, c.EFFECT_TERRAIN, c.ELECTRIC_TERRAIN, -1)
    elif int(b.sides[s].conditions[c.SAFEGUARD]) != 0 and source >= 0 and source != s:
        if effect == c.EFFECT_MOVE and MOVES[effect_id].n_secondaries == 0:
            log_from(b, L_ACTIVATE, s, 0, 0, c.EFFECT_MOVE, M.safeguard, -1)


@kernel
def _wards_off(a: int, status: int) -> bool:
    """Return whether an ability prevents a status at any time and is named in the log."""
    if a == A.comatose or a == A.purifyingsalt or a == A.leafguard or a == A.shieldsdown:
        return True
    if status == c.SLP:
        return a == A.insomnia or a == A.vitalspirit
    if status == c.PSN or status == c.TOX:
        return a == A.immunity or a == A.pastelveil
    if status == c.PAR:
        return a == A.limber
    return status == c.BRN and (a == A.waterveil or a == A.waterbubble or a == A.thermalexchange)
