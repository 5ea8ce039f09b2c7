"""Events of a logged battle, recorded by the kernels as numbers.

Logging is off unless ``FORMAT_LOGGED`` is set (:func:`chance.attach_script` with events); then the
script that ``b.rng`` names holds the address of an int64 array made with :func:`new_events`.  Off,
a call costs the test of one flag.  :mod:`log.lines` turns events into lines of Showdown's protocol.

An event holds what its line may show, as it was at that moment: its kind, two numbers ``x, y``
whose meaning depends on the kind, the Pokémon (as seen: Illusion), HP and status, and its cause, as
in :mod:`ops` (``effect, effect_id, source``).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from plywise.engine.battle.chance import LOG, read_word, write_word
from plywise.engine.battle.constants import (
    EFFECT_NONE,
    FORMAT_LOGGED,
    MON_FAINTED,
    MON_TERASTALLIZED,
    MOVE_USER_AWAY,
)
from plywise.engine.compile.jit import kernel

# The kind of an event; in brackets what x and y are.
(
    L_MOVE,  # [move, 1 + side aimed at] effect: what made it use it
    L_STILL,  # these add to the last move's line
    L_MISSED,
    L_NO_TARGET,
    L_ANIM,  # [move, type or category]
    L_SWITCH,
    L_DRAG,
    L_FAINT,
    L_DAMAGE,
    L_HEAL,
    L_SET_HP,  # [1: quietly]
    L_STATUS,  # [status]
    L_CURE,  # [status]
    L_BOOST,  # [stat, stages that it changed by] effect; also where they are 0
    L_QUIET,  # [1: boosts of 0 stages are not logged, 0: they are]
    L_ABILITY,  # [ability, 1: it boosts]
    L_NEW_ABILITY,  # [ability, the one before] effect: what gave it
    L_GIVE_ABILITY,  # [ability, the one before] its owner gave it to the source
    L_SWAP_ABILITIES,  # [its new ability, its old one] with the source
    L_END_ABILITY,
    L_WEATHER,  # [weather, 1: it goes on, 2: effect could not bring it]
    L_CANT,  # [CANT_*, move]
    L_TURN,  # [turn]
    L_WIN,  # [winner]
    L_MESSAGE,  # [MESSAGE_*, number]
    L_TERASTALLIZE,  # [type]
    L_CRIT,
    L_MISS,
    L_SUPEREFFECTIVE,
    L_RESISTED,
    L_IMMUNE,  # [1: ohko, 2: confusion]
    L_FAIL,  # [FAIL_*, ...]
    L_BLOCK,  # effect: what blocks
    L_UPKEEP,
    L_RESIDUAL,  # an end of turn begins
    L_END_ITEM,  # [item, ENDED_*]
    L_ITEM,  # [item]
    L_START,  # [volatile, layers or stat, or 1: quietly; or START_*, number]
    L_END,  # [volatile, 1: quietly; or END_*, number]
    L_TYPES,  # [first | second << 8, TYPES_*] it has these types now
    L_ADDED_TYPE,  # [type, 1: quietly]
    L_ACTIVATE,  # [0] the effect itself; or [1 + volatile]
    L_ACTIVATE_MOVE,  # [move, number] the effect, with a move that it acts on or reveals
    L_SINGLE_TURN,  # [move]
    L_SIDE_START,  # [side condition]
    L_SIDE_END,  # [side condition]
    L_FIELD_START,  # [pseudo-weather, or 100 + terrain]
    L_FIELD_END,
    L_HIT_COUNT,  # [hits]
    L_PREPARE,  # [move]
    L_SPECIES,  # [species, SPECIES_*] effect: what changed it for a while
    L_REVEAL,  # Illusion ends
    L_CLEAR_BOOSTS,  # [0: one, 1: all, 2: negative ones]
    L_COPY_BOOSTS,  # of the source
    L_SWAP_BOOSTS,  # [move] with the source
    L_INVERT_BOOSTS,
    L_OHKO,
    L_TRANSFORM,
    L_NOTHING,
    L_SHIELD,  # a substitute: [1: it broke, 0: it took damage]
    L_REPEAT,  # [move] another animation of the move, which now takes what adds to its line
    L_FIELD_ACTIVATE,  # [move, 0: Delta Stream]
) = range(62)

(
    CANT_PAR,
    CANT_SLP,
    CANT_FRZ,
    CANT_FLINCH,
    CANT_RECHARGE,
    CANT_TRUANT,
    CANT_DISABLE,
    CANT_GRAVITY,
    CANT_HEAL_BLOCK,
    CANT_THROAT_CHOP,
    CANT_TAUNT,
    CANT_IMPRISON,
    CANT_ATTRACT,
    CANT_NO_PP,
    CANT_FOCUS_PUNCH,
    CANT_ABILITY,  # effect: whose
) = range(16)

(
    FAIL_PLAIN,
    FAIL_HEAL,
    FAIL_STATUS,  # y: status
    FAIL_MOVE,  # y: move
    FAIL_WEAK,  # y: move
    FAIL_UNBOOST,  # y: 1 + stat, 0: all
    FAIL_WEATHER,  # y: move
    FAIL_FORME,  # y: move
    FAIL_UPROAR,  # y: 1: its own
    FAIL_WEATHER_STAYS,  # y: move that would have changed it
) = range(10)

ENDED_USED, ENDED_EATEN, ENDED_WEAKENS, ENDED_TAKEN, ENDED_SILENT, ENDED_STOLEN = range(6)

# Starts and ends that are no volatile's.
START_FUTURE, START_PERISH, START_FALLEN, START_ABILITY, START_STOCKPILE, START_MIMIC = range(
    -1, -7, -1
)
END_FUTURE, END_FALLEN, END_ABILITY, END_TYPES = range(-1, -5, -1)

TYPES_PLAIN, TYPES_SILENT, TYPES_COPIED = range(3)
SPECIES_LASTING, SPECIES_HP, SPECIES_MESSAGE, SPECIES_SILENT = 1, 2, 4, 8  # bits

# [number]; of a side: whose team has cycled berries
(
    MESSAGE_SLEEP_CLAUSE,
    MESSAGE_TURN_LIMIT,
    MESSAGE_AUTO_TIE,  # turns left
    MESSAGE_CYCLES,
    MESSAGE_BOTH_CYCLE,
) = range(5)

_COUNT, _ROOM = 0, 1
_HEADER = 2
WORDS = 10
(
    W_KIND,
    W_SIDE,
    W_MEMBER,  # team index, and shown << 4, and active << 8
    W_HP,  # hp, max_hp << 16, status << 32
    W_SPECIES,  # as it plays, tera type << 16 (0: not terastallized), of the one shown << 32
    W_X,
    W_Y,
    W_EFFECT,  # effect, effect_id << 8
    W_SOURCE,  # 1 + side (0: none), shown << 4, active << 8
    W_CALLER,  # the move that is being used
) = range(10)


@kernel
def _write_event(
    b: Any, kind: int, s: int, i: int, x: int, y: int, effect: int, effect_id: int, source: int
) -> None:
    """Record one event about member ``i`` of side ``s``; without room it is only counted."""
    events = read_word(b.rng, LOG)
    count = read_word(events, _COUNT)
    write_word(events, _COUNT, count + 1)
    if count >= read_word(events, _ROOM):
        return
    at = _HEADER + WORDS * count
    side = b.sides[s]
    m = side.mons[i]
    active = int(side.active) == i
    shown = i
    if active and side.illusion != 0:
        shown = int(side.illusion) - 1
    standing = active and int(m.flag_bits) & MON_FAINTED == 0
    if b.move.id != 0 and int(b.move.flag_bits) & MOVE_USER_AWAY != 0 and b.move.side == s:
        standing = False  # the user of a future move that hits from the bench
    tera = 0
    if int(m.flag_bits) & MON_TERASTALLIZED != 0:
        tera = int(m.tera_type)
    write_word(events, at + W_KIND, kind)
    write_word(events, at + W_SIDE, s)
    write_word(events, at + W_MEMBER, i | shown << 4 | int(standing) << 8)
    write_word(events, at + W_HP, int(m.hp) | int(m.max_hp) << 16 | int(m.status) << 32)
    species = int(m.species)
    write_word(events, at + W_SPECIES, species | tera << 16 | int(side.mons[shown].species) << 32)
    write_word(events, at + W_X, x)
    write_word(events, at + W_Y, y)
    write_word(events, at + W_EFFECT, effect | effect_id << 8)
    who = 0
    if source >= 0:
        other = b.sides[source]
        seen = int(other.active)
        up = int(other.mons[seen].flag_bits) & MON_FAINTED == 0
        if other.illusion != 0:
            seen = int(other.illusion) - 1
        who = 1 + source | seen << 4 | int(up) << 8
    write_word(events, at + W_SOURCE, who)
    write_word(events, at + W_CALLER, int(b.move.id))


@kernel
def log(b: Any, kind: int, s: int, x: int, y: int) -> None:
    """Record an event of the active of side ``s``."""
    if int(b.format) & FORMAT_LOGGED != 0:
        _write_event(b, kind, s, int(b.sides[s].active), x, y, EFFECT_NONE, 0, -1)


@kernel
def log_from(
    b: Any, kind: int, s: int, x: int, y: int, effect: int, effect_id: int, source: int
) -> None:
    """Record an event of the active of side ``s`` that an effect of ``source`` caused."""
    if int(b.format) & FORMAT_LOGGED != 0:
        _write_event(b, kind, s, int(b.sides[s].active), x, y, effect, effect_id, source)


@kernel
def log_member(b: Any, kind: int, s: int, i: int, x: int, y: int) -> None:
    """Record an event of any member of a team."""
    if int(b.format) & FORMAT_LOGGED != 0:
        _write_event(b, kind, s, i, x, y, EFFECT_NONE, 0, -1)


@kernel
def logged(b: Any) -> bool:
    """Return whether events are recorded."""
    return int(b.format) & FORMAT_LOGGED != 0


def new_events(room: int = 512) -> NDArray[np.int64]:
    """Return an array that takes up to ``room`` events of one step."""
    events = np.zeros(_HEADER + WORDS * room, np.int64)
    events[_ROOM] = room
    return events


def written_events(events: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the events that were written, one row each.

    Raises:
        OverflowError: there were more than the array takes.
    """
    count, room = int(events[_COUNT]), int(events[_ROOM])
    if count > room:
        raise OverflowError(f"a step with {count} events; there is room for {room}")
    return events[_HEADER : _HEADER + WORDS * count].reshape(-1, WORDS)
