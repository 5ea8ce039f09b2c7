"""Log events of statuses, volatiles, types and rooms, with the details that their lines show."""

from typing import Any

import plywise.engine.battle.ability_ids as A
import plywise.engine.battle.move_ids as M
import plywise.engine.battle.species_ids as S
from plywise.engine.battle import constants as c
from plywise.engine.battle.log_events import (
    FAIL_PLAIN,
    FAIL_STATUS,
    FAIL_UPROAR,
    L_ACTIVATE,
    L_ADDED_TYPE,
    L_BLOCK,
    L_END,
    L_FAIL,
    L_FIELD_END,
    L_IMMUNE,
    L_MESSAGE,
    L_START,
    L_STILL,
    L_TYPES,
    MESSAGE_SLEEP_CLAUSE,
    TYPES_PLAIN,
    TYPES_SILENT,
    log,
    log_from,
    log_member,
)
from plywise.engine.battle.stats import (
    defence_ability,
    has_type,
    has_volatile,
    is_grounded,
    own_types,
    types_of,
    weather_for,
)
from plywise.engine.battle.tables import BINDING_MOVES, MOVES, SPECIES
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
def log_end(b: Any, s: int, v: int, silent: int) -> None:
    """Log the end of a volatile; of a partial trap with its move."""
    if v == c.V_PARTIALLYTRAPPED:
        move = int(BINDING_MOVES[int(b.sides[s].partial_trap_divisor) >> 4])
        log_from(b, L_END, s, v, silent, c.EFFECT_BINDING, move, -1)
    else:
        log(b, L_END, s, v, silent)


@kernel
def log_room_end(b: Any, which: int) -> None:
    """Log the end of a pseudo-weather; Magic Room's names who made it."""
    maker = int(b.pseudo_weather[which]) >> 4
    if maker == 0:
        log(b, L_FIELD_END, 0, which, 0)
    else:
        log_member(b, L_FIELD_END, (maker - 1) // 6, (maker - 1) % 6, which, 0)


@kernel
def _by_plain_move(effect: int, effect_id: int) -> bool:
    """Return whether an effect is a move without secondary effects."""
    return effect == c.EFFECT_MOVE and MOVES[effect_id].n_secondaries == 0


@kernel
def log_status_blocked(
    b: Any, s: int, status: int, source: int, effect: int, effect_id: int, as_ally: bool
) -> None:
    """Log what prevents a status of the active of ``s`` (SetStatus), if Showdown names it.

    ``as_ally``: its Pastel Veil answers as that of an ally.
    """
    a = defence_ability(b, s)
    synchronized = effect == c.EFFECT_ABILITY and effect_id == A.synchronize
    by_status = synchronized or (effect == c.EFFECT_MOVE and MOVES[effect_id].status != 0)
    yawning = effect == c.EFFECT_VOLATILE and effect_id == c.V_YAWN
    foreign = source >= 0 and source != s
    own = has_volatile(b, s, c.V_UPROAR)
    roused = status == c.SLP and (own or has_volatile(b, 1 - s, c.V_UPROAR))
    if roused and (own or b.sides[1 - s].speed > b.sides[s].speed):
        log(b, L_FAIL, s, FAIL_UPROAR, int(own))
        return
    if _wards_off(b, s, a, status):
        if by_status:
            log_from(b, L_BLOCK if as_ally else L_IMMUNE, s, 0, 0, c.EFFECT_ABILITY, a, -1)
        return
    if a == A.sweetveil and status == c.SLP:
        log_from(b, L_BLOCK, s, 0, 0, c.EFFECT_ABILITY, a, -1)
        return
    if a == A.flowerveil and has_type(b, s, c.TYPE_GRASS) and foreign and not yawning:
        if synchronized or _by_plain_move(effect, effect_id):
            log_from(b, L_BLOCK, s, 0, 0, c.EFFECT_ABILITY, a, -1)
        return
    if roused:
        log(b, L_FAIL, s, FAIL_UPROAR, 0)
        return
    infiltrates = effect == c.EFFECT_MOVE and int(b.move.flag_bits) & c.MOVE_INFILTRATES != 0
    reached = _terrain_reaches(b, s)
    if reached and b.terrain == c.MISTY_TERRAIN:
        if by_status or yawning:
            log_from(b, L_ACTIVATE, s, 0, 0, c.EFFECT_TERRAIN, c.MISTY_TERRAIN, -1)
    elif reached and b.terrain == c.ELECTRIC_TERRAIN and status == c.SLP:
        if yawning or _by_plain_move(effect, effect_id):
            log_from(b, L_ACTIVATE, s, 0, 0, c.EFFECT_TERRAIN, c.ELECTRIC_TERRAIN, -1)
    elif int(b.sides[s].conditions[c.SAFEGUARD]) != 0 and foreign and not (yawning or infiltrates):
        if synchronized or _by_plain_move(effect, effect_id):
            log_from(b, L_ACTIVATE, s, 0, 0, c.EFFECT_MOVE, M.safeguard, -1)
    else:
        log(b, L_MESSAGE, s, MESSAGE_SLEEP_CLAUSE, 0)


@kernel
def _terrain_reaches(b: Any, s: int) -> bool:
    """Return whether the terrain protects the active of ``s``: on the ground, and there."""
    return (
        is_grounded(b, s, False)
        and not has_volatile(b, s, c.V_DIG)
        and not has_volatile(b, s, c.V_DIVE)
        and not has_volatile(b, s, c.V_FLY)
        and not has_volatile(b, s, c.V_BOUNCE)
        and not has_volatile(b, s, c.V_PHANTOMFORCE)
        and not has_volatile(b, s, c.V_SHADOWFORCE)
    )


@kernel
def _wards_off(b: Any, s: int, a: int, status: int) -> bool:
    """Return whether ability ``a`` makes its holder immune to a status."""
    if a == A.comatose or a == A.purifyingsalt:
        return True
    if a == A.leafguard:
        w = weather_for(b, s)
        return w == c.SUNNY_DAY or w == c.DESOLATE_LAND
    if a == A.shieldsdown:
        return _shielded_core(b, s)
    if status == c.SLP:
        return a == A.insomnia or a == A.vitalspirit
    if status == c.PSN or status == c.TOX:
        return a == A.immunity or a == A.pastelveil
    if status == c.PAR:
        return a == A.limber
    return status == c.BRN and (a == A.waterveil or a == A.waterbubble or a == A.thermalexchange)


@kernel
def _shielded_core(b: Any, s: int) -> bool:
    """Return whether the active of ``s`` is a Minior behind its shell."""
    m = b.sides[s].mons[b.sides[s].active]
    return int(m.species) == S.miniormeteor and int(m.flag_bits) & c.MON_TRANSFORMED == 0


@kernel
def log_volatile_blocked(b: Any, s: int, v: int, source: int, effect: int, effect_id: int) -> None:
    """Log what stops a volatile of the active of ``s`` (TryAddVolatile), if Showdown names it."""
    a = defence_ability(b, s)
    if v == c.V_YAWN:
        if a == A.sweetveil or (a == A.flowerveil and has_type(b, s, c.TYPE_GRASS)):
            log_from(b, L_BLOCK, s, 0, 0, c.EFFECT_ABILITY, a, -1)
            return
        if a != A.comatose and _wards_off(b, s, a, c.SLP):
            log_from(b, L_IMMUNE, s, 0, 0, c.EFFECT_ABILITY, a, -1)
            return
    elif v == c.V_CONFUSION:
        if a == A.owntempo:
            return
    else:
        if a == A.aromaveil and v != c.V_FLINCH and v != c.V_TRAPPED and effect == c.EFFECT_MOVE:
            log_from(b, L_BLOCK, s, 0, 0, c.EFFECT_ABILITY, a, -1)
        return
    infiltrates = effect == c.EFFECT_MOVE and int(b.move.flag_bits) & c.MOVE_INFILTRATES != 0
    terrain = c.ELECTRIC_TERRAIN if v == c.V_YAWN else c.MISTY_TERRAIN
    if b.terrain == terrain and _terrain_reaches(b, s):
        if v == c.V_YAWN or _by_plain_move(effect, effect_id):
            log_from(b, L_ACTIVATE, s, 0, 0, c.EFFECT_TERRAIN, terrain, -1)
    elif not infiltrates and _by_plain_move(effect, effect_id):
        log_from(b, L_ACTIVATE, s, 0, 0, c.EFFECT_MOVE, M.safeguard, -1)


@kernel
def log_types(b: Any, s: int, effect: int, effect_id: int) -> None:
    """Log the types that the active of ``s`` has now by an effect."""
    first, second, third = types_of(b, s)
    types = first | second << 8 | third << 16
    log_from(b, L_TYPES, s, types, TYPES_PLAIN, effect, effect_id, -1)


@kernel
def log_seen_types(b: Any, s: int) -> None:
    """Log the types of the active of ``s`` at the end of a turn where they are not as they seem."""
    side = b.sides[s]
    m = side.mons[side.active]
    unseen = int(side.flag_bits) & c.SIDE_TYPES_UNSEEN != 0
    if int(m.flag_bits) & (c.MON_TERASTALLIZED | c.MON_FAINTED) != 0:
        return
    first, second, _ = own_types(b, s)
    if int(side.illusion) != 0:  # what it looks like is on the bench, with its own types
        seen = side.mons[int(side.illusion) - 1]
        first, second = int(SPECIES[seen.species].types[0]), int(SPECIES[seen.species].types[1])
        unseen = False
        if int(seen.flag_bits) & c.MON_TERASTALLIZED != 0 and seen.tera_type != c.TYPE_STELLAR:
            if int(side.flag_bits) & c.SIDE_TERA_SEEN == 0:
                unseen = second != c.TYPE_NONE or int(seen.tera_type) != first
                side.flag_bits = int(side.flag_bits) | c.SIDE_TERA_SEEN
            first, second = int(seen.tera_type), c.TYPE_NONE
    elif int(side.active_turns) == 0 and first != int(side.types[0]):
        unseen = True  # Arceus with Multitype: its item decides, not its forme
    if not unseen:
        return
    log(b, L_TYPES, s, first | second << 8, TYPES_SILENT)
    if side.added_type != c.TYPE_NONE:
        log(b, L_ADDED_TYPE, s, int(side.added_type), 1)
