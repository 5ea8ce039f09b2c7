"""The Endless Battle Clause: which side loses for forcing an endless battle.

Showdown's ``maybeTriggerEndlessBattleClause``, run at the end of every turn after the 100th.  A
Pokémon is stale if it ate a restorative berry that it had got back (internal), or if its foe kept
it going: Heal Pulse, a Leppa Berry fed to it, an exchanged ability (external).
"""

from typing import Any

from plywise.engine.battle import constants as c
from plywise.engine.battle.log_events import L_MESSAGE, MESSAGE_BOTH_CYCLE, MESSAGE_CYCLES, log
from plywise.engine.compile.jit import kernel


@kernel
def _staleness(b: Any, s: int) -> int:
    """Return 0, ``STALE_INTERNAL`` or ``STALE_EXTERNAL`` for the active of ``s``."""
    side = b.sides[s]
    m = side.mons[side.active]
    if int(m.flag_bits) & c.MON_FAINTED != 0:
        return 0
    if int(side.flag_bits) & c.SIDE_STALE != 0:
        return c.STALE_EXTERNAL
    return int(m.times_attacked) & (c.STALE_INTERNAL | c.STALE_EXTERNAL)


@kernel
def _fresh_one_can_come(b: Any, s: int) -> bool:
    """Return whether ``s`` has a Pokémon that is not stale, the active one included."""
    side = b.sides[s]
    for i in range(int(side.team_size)):
        m = side.mons[i]
        if int(m.flag_bits) & c.MON_FAINTED != 0:
            continue
        if i == int(side.active) and int(side.flag_bits) & c.SIDE_STALE != 0:
            continue
        if int(m.times_attacked) & (c.STALE_INTERNAL | c.STALE_EXTERNAL) == 0:
            return True
    return False


@kernel
def _can_cycle(b: Any, s: int) -> bool:
    """Return whether the team was built to eat berries again and again."""
    side = b.sides[s]
    cycles = False
    for k in range(int(side.team_size)):
        bits = int(side.mons[side.order[k]].times_attacked)
        cycles = cycles or bits & c.SET_CYCLES != 0
        if bits & c.SET_HAS_BERRY != 0 and cycles:
            return True
    return False


@kernel
def endless_battle(b: Any) -> int:
    """Return how the clause ends the battle now: a side, ``WINNER_TIE``, or ``WINNER_NONE``."""
    one, two = _staleness(b, 0), _staleness(b, 1)
    if one == 0 or two == 0 or (one != c.STALE_EXTERNAL and two != c.STALE_EXTERNAL):
        return c.WINNER_NONE
    for s in range(2):
        side = b.sides[s]
        faint = int(side.mons[side.active].flag_bits) & c.MON_FAINTED != 0
        if faint or int(side.trapped) != c.NOT_TRAPPED or not _fresh_one_can_come(b, s):
            first, second = _can_cycle(b, 0), _can_cycle(b, 1)
            if first == second:
                if first:
                    log(b, L_MESSAGE, 0, MESSAGE_BOTH_CYCLE, 0)
                return c.WINNER_TIE
            log(b, L_MESSAGE, 0 if first else 1, MESSAGE_CYCLES, 0)
            return 1 if first else 0
    return c.WINNER_NONE
