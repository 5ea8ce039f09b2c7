"""The move in use after its user's changes: Showdown's events ModifyType and ModifyMove."""

from typing import Any

import plywise.engine.battle.ability_ids as A
import plywise.engine.battle.item_ids as I
import plywise.engine.battle.move_ids as M
import plywise.engine.battle.species_ids as S
from plywise.engine.battle import constants as c
from plywise.engine.battle.chance import SITE_MOVE, chance, roll
from plywise.engine.battle.conditions import add_volatile
from plywise.engine.battle.event_ties import MODIFY_MOVE, event_ties
from plywise.engine.battle.log_events import (
    CANT_GRAVITY,
    CANT_HEAL_BLOCK,
    CANT_THROAT_CHOP,
    L_ACTIVATE,
    L_CANT,
    L_CURE,
    log,
    log_from,
)
from plywise.engine.battle.stats import (
    ability,
    get_stat,
    has_volatile,
    is_grounded,
    item,
    types_of,
    weather_for,
)
from plywise.engine.battle.tables import (
    F_CONTACT,
    F_DEFROST,
    F_GRAVITY,
    F_HEAL,
    F_PUNCH,
    F_SOUND,
    ITEMS,
    MOVES,
)
from plywise.engine.compile.jit import kernel


@kernel
def _own_type(b: Any, s: int, move: int) -> int:
    """Return the move's type by its own rule (onModifyType)."""
    side = b.sides[s]
    mon = side.mons[side.active]
    species = int(mon.species)
    tera = int(mon.flag_bits) & c.MON_TERASTALLIZED != 0
    if move == M.terablast:
        if tera:
            return int(mon.tera_type)
    elif move == M.terastarstorm:
        if species == S.terapagosstellar:
            return c.TYPE_STELLAR
    elif move == M.weatherball:
        weather = weather_for(b, s)
        if weather == c.SUNNY_DAY or weather == c.DESOLATE_LAND:
            return c.TYPE_FIRE
        if weather == c.RAIN_DANCE or weather == c.PRIMORDIAL_SEA:
            return c.TYPE_WATER
        if weather == c.SANDSTORM:
            return c.TYPE_ROCK
        if weather == c.HAIL or weather == c.SNOWSCAPE:
            return c.TYPE_ICE
    elif move == M.terrainpulse:
        if is_grounded(b, s, False):
            if b.terrain == c.ELECTRIC_TERRAIN:
                return c.TYPE_ELECTRIC
            if b.terrain == c.GRASSY_TERRAIN:
                return c.TYPE_GRASS
            if b.terrain == c.MISTY_TERRAIN:
                return c.TYPE_FAIRY
            if b.terrain != c.NO_TERRAIN:
                return c.TYPE_PSYCHIC
    elif move == M.ivycudgel:
        if species == S.ogerponwellspring or species == S.ogerponwellspringtera:
            return c.TYPE_WATER
        if species == S.ogerponhearthflame or species == S.ogerponhearthflametera:
            return c.TYPE_FIRE
        if species == S.ogerponcornerstone or species == S.ogerponcornerstonetera:
            return c.TYPE_ROCK
    elif move == M.ragingbull:
        if species == S.taurospaldeacombat:
            return c.TYPE_FIGHTING
        if species == S.taurospaldeablaze:
            return c.TYPE_FIRE
        if species == S.taurospaldeaaqua:
            return c.TYPE_WATER
    elif move == M.aurawheel:
        return c.TYPE_DARK if species == S.morpekohangry else c.TYPE_ELECTRIC
    elif move == M.judgment:
        plate = int(ITEMS[item(b, s)].plate_type)
        if plate != c.TYPE_NONE:
            return plate
    elif move == M.revelationdance:
        first, second, _ = types_of(b, s)
        if first == c.TYPE_UNKNOWN and second != c.TYPE_NONE:
            return second
        return first
    elif move == M.struggle:
        return c.TYPE_UNKNOWN
    return int(MOVES[move].type)


@kernel
def _set_type(b: Any, s: int, move: int) -> None:
    """Find the move's type, after the user's ability (ModifyType)."""
    kind = _own_type(b, s, move)
    side = b.sides[s]
    mon = side.mons[side.active]
    a = ability(b, s)
    fixed = (
        move == M.judgment
        or move == M.revelationdance
        or move == M.terrainpulse
        or move == M.weatherball
        or (move == M.terablast and int(mon.flag_bits) & c.MON_TERASTALLIZED != 0)
    )
    new = c.TYPE_NONE
    if a == A.normalize:
        if not fixed and move != M.struggle:
            new = c.TYPE_NORMAL
    elif kind == c.TYPE_NORMAL and not fixed:
        if a == A.aerilate:
            new = c.TYPE_FLYING
        elif a == A.pixilate:
            new = c.TYPE_FAIRY
        elif a == A.refrigerate:
            new = c.TYPE_ICE
        elif a == A.galvanize:
            new = c.TYPE_ELECTRIC
    if new != c.TYPE_NONE:
        kind = new
        b.move.flag_bits = int(b.move.flag_bits) | c.MOVE_TYPE_CHANGED
    elif a == A.liquidvoice and int(MOVES[move].move_flags) & F_SOUND:
        kind = c.TYPE_WATER
    b.move.type = kind


@kernel
def _rooms_tie(b: Any) -> bool:
    """Return whether Gravity and Wonder Room tie in ModifyMove, and note that both have run.

    Showdown takes the holder of a handler that never ran for no field, of another sub-order
    (``resolvePriority``); Gravity's have run before any move is set up.
    """
    room = int(b.pseudo_weather[c.WONDER_ROOM])
    if room == 0:
        return False
    b.pseudo_weather[c.WONDER_ROOM] = room & ~c.ROOM_FRESH
    return room & c.ROOM_FRESH == 0 and b.pseudo_weather[c.GRAVITY] != 0


@kernel
def set_up_move(b: Any, s: int, move: int, caller: int, bounced: bool) -> bool:
    """Fill ``b.move`` for ``move`` used by side ``s``; return whether it can be used.

    Keeps the priority and the external mark that ``b.move`` had.  ``caller`` is the move that
    called it (Sleep Talk ...), 0 for none.
    """
    row = MOVES[move]
    side = b.sides[s]
    mon = side.mons[side.active]
    flags = int(row.move_flags)
    status = int(row.category) == c.CATEGORY_STATUS
    b.move.id = move
    b.move.side = s
    b.move.source_effect = caller
    b.move.category = row.category
    b.move.hit = 0
    b.move.type_mod = 0
    b.move.total_damage = 0
    power = int(row.power)
    bits = int(b.move.flag_bits) & c.MOVE_EXTERNAL
    a = ability(b, s)
    if bounced:
        bits |= c.MOVE_BOUNCED
    elif caller != 0:
        bits |= int(b.move.flag_bits) & c.MOVE_PRANKSTER  # that of the move that called it
    elif status and a == A.prankster:
        bits |= c.MOVE_PRANKSTER
    if flags & F_CONTACT:
        bits |= c.MOVE_CONTACT
    if row.ignore_immunity:
        bits |= c.MOVE_IGNORE_IMMUNITY
    if caller != 0:  # useMoveInner: what the caller ignores replaces what the move itself would
        bits |= int(b.move.flag_bits) & c.MOVE_IGNORE_ABILITY
    elif row.ignore_ability:
        bits |= c.MOVE_IGNORE_ABILITY
    b.move.flag_bits = bits
    _set_type(b, s, move)
    bits = int(b.move.flag_bits)
    # the move's own onModifyMove
    if move == M.struggle:
        log_from(b, L_ACTIVATE, s, 0, 0, c.EFFECT_MOVE, move, -1)
    if move == M.weatherball:
        weather = weather_for(b, s)
        if weather != c.NO_WEATHER and weather != c.DELTA_STREAM:
            power *= 2
    elif move == M.terrainpulse:
        if b.terrain != c.NO_TERRAIN and is_grounded(b, s, False):
            power *= 2
    elif move == M.terablast:
        if int(mon.flag_bits) & c.MON_TERASTALLIZED:
            if get_stat(b, s, c.ATK, False) > get_stat(b, s, c.SPA, False):
                b.move.category = c.CATEGORY_PHYSICAL
    elif move == M.terastarstorm:
        if int(mon.species) == S.terapagosstellar and int(mon.flag_bits) & c.MON_TERASTALLIZED:
            if get_stat(b, s, c.ATK, False) > get_stat(b, s, c.SPA, False):
                b.move.category = c.CATEGORY_PHYSICAL
    elif move == M.photongeyser:
        if get_stat(b, s, c.ATK, False) > get_stat(b, s, c.SPA, False):
            b.move.category = c.CATEGORY_PHYSICAL
    elif move == M.shellsidearm:
        level = 2 * int(mon.level) // 5 + 2
        one = level * 90 * get_stat(b, s, c.ATK, False) // get_stat(b, 1 - s, c.DEF, False) // 50
        two = level * 90 * get_stat(b, s, c.SPA, False) // get_stat(b, 1 - s, c.SPD, False) // 50
        if one > two or (one == two and chance(b, SITE_MOVE, 1, 2)):
            b.move.category = c.CATEGORY_PHYSICAL
            bits |= c.MOVE_CONTACT
    elif move == M.present:
        rand = roll(b, SITE_MOVE, 0, 10)
        if rand < 2:
            bits |= c.MOVE_INFILTRATES  # of power 0: it heals
        elif rand < 6:
            power = 40
        elif rand < 9:
            power = 80
        else:
            power = 120
    elif move == M.rollout:
        if not has_volatile(b, s, c.V_ROLLOUT) and mon.status != c.SLP:
            add_volatile(b, s, c.V_ROLLOUT, s, c.EFFECT_MOVE, move)
    if _rooms_tie(b) or (has_volatile(b, s, c.V_HEALBLOCK) and has_volatile(b, s, c.V_THROATCHOP)):
        event_ties(b, MODIFY_MOVE, s, 1 - s)
    # abilities
    if a == A.infiltrator:
        bits |= c.MOVE_INFILTRATES
    elif a == A.moldbreaker or a == A.teravolt or a == A.turboblaze:
        bits |= c.MOVE_IGNORE_ABILITY
    elif a == A.myceliummight:
        if status:
            bits |= c.MOVE_IGNORE_ABILITY
    elif a == A.longreach:
        bits &= ~c.MOVE_CONTACT
    elif a == A.scrappy or a == A.mindseye:
        bits |= c.MOVE_IGNORE_GHOST
    elif a == A.sheerforce:
        if row.n_secondaries and not row.sheer_force_boost:
            bits |= c.MOVE_SHEER_FORCE
    elif a == A.gorillatactics:
        if side.ability_data == 0 and move != M.struggle:
            side.ability_data = move
    held = item(b, s)
    if held == I.punchingglove and flags & F_PUNCH:
        bits &= ~c.MOVE_CONTACT
    b.move.flag_bits = bits
    b.move.base_power = power
    if ITEMS[held].choice and not bounced:
        if not has_volatile(b, s, c.V_CHOICELOCK):
            add_volatile(b, s, c.V_CHOICELOCK, s, c.EFFECT_ITEM, move)
    if mon.status == c.FRZ and flags & F_DEFROST:
        log_from(b, L_CURE, s, c.FRZ, 0, c.EFFECT_MOVE, move, -1)
        mon.status = c.NO_STATUS
        mon.status_turns = 0
    # conditions that forbid it
    if flags & F_HEAL and has_volatile(b, s, c.V_HEALBLOCK):
        log(b, L_CANT, s, CANT_HEAL_BLOCK, move)
        return False
    if flags & F_SOUND and has_volatile(b, s, c.V_THROATCHOP):
        log(b, L_CANT, s, CANT_THROAT_CHOP, 0)
        return False
    if flags & F_GRAVITY and b.pseudo_weather[c.GRAVITY]:
        log(b, L_CANT, s, CANT_GRAVITY, move)
        return False
    return True
