"""Weather and terrain, and abilities and items that react to a change of them."""

from typing import Any

import plywise.engine.battle.ability_ids as A
import plywise.engine.battle.item_ids as I
import plywise.engine.battle.species_ids as S
from plywise.engine.battle import constants as c
from plywise.engine.battle.conditions import add_volatile, remove_volatile
from plywise.engine.battle.event_ties import SET_WEATHER, event_ties
from plywise.engine.battle.formes import forme_change
from plywise.engine.battle.log_conditions import log_types
from plywise.engine.battle.log_events import (
    END_TYPES,
    FAIL_WEATHER_STAYS,
    L_ACTIVATE,
    L_END,
    L_FAIL,
    L_FIELD_END,
    L_FIELD_START,
    L_WEATHER,
    log,
    log_from,
)
from plywise.engine.battle.ops import use_item
from plywise.engine.battle.stats import (
    ability,
    defence_ability,
    effective_weather,
    item,
    may_change_type,
)
from plywise.engine.battle.tables import MOVES, SPECIES
from plywise.engine.battle.ties import even, tied
from plywise.engine.compile.jit import kernel


@kernel
def first_side(b: Any) -> int:
    """Return the side whose active comes first in an event for each active; a tie is drawn."""
    one, two = b.sides[0], b.sides[1]
    if int(one.mons[one.active].flag_bits) & c.MON_FAINTED != 0:
        return 1
    if int(two.mons[two.active].flag_bits) & c.MON_FAINTED != 0:
        return 0
    if int(one.speed) != int(two.speed):
        return 0 if int(one.speed) > int(two.speed) else 1
    return tied(b, 0)


@kernel
def weather_changed(b: Any, s: int) -> None:
    """Adapt the ability of the active of ``s`` to the weather (onWeatherChange)."""
    side = b.sides[s]
    m = side.mons[side.active]
    if int(m.hp) <= 0:
        return
    a = ability(b, s)
    if a == A.protosynthesis:
        if effective_weather(b) == c.SUNNY_DAY:
            add_volatile(b, s, c.V_PROTOSYNTHESIS, s, c.EFFECT_ABILITY, a)
        elif int(side.flag_bits) & c.SIDE_FROM_BOOSTER == 0:
            remove_volatile(b, s, c.V_PROTOSYNTHESIS)
    elif a == A.iceface and defence_ability(b, s) == a:
        w = effective_weather(b)
        if (w == c.HAIL or w == c.SNOWSCAPE) and int(m.species) == S.eiscuenoice:
            log_from(b, L_ACTIVATE, s, 0, 0, c.EFFECT_ABILITY, a, -1)
            side.ability_flags = int(side.ability_flags) & ~c.ABILITY_BUSTED
            forme_change(b, s, S.eiscue, True)


@kernel
def weather_change(b: Any) -> None:
    """Run WeatherChange on both actives, the faster one first."""
    first = first_side(b)
    weather_changed(b, first)
    weather_changed(b, 1 - first)


@kernel
def _log_begun(b: Any, kind: int, x: int, by_move: bool, source: int) -> None:
    """Log the start of a weather or terrain, with its ability unless a move made it."""
    if by_move and int(b.move.id) != 0 and int(b.move.side) == source:
        log(b, kind, source, x, 0)
    else:
        log_from(b, kind, source, x, 0, c.EFFECT_ABILITY, ability(b, source), source)


@kernel
def maker_of(b: Any, s: int) -> int:
    """Return the active of ``s`` as the maker of a weather or room: 1 + 6 * side + member."""
    return 1 + 6 * s + int(b.sides[s].active)


@kernel
def is_strong_weather(weather: int) -> bool:
    """Return whether a weather gives way to its like only."""
    return weather == c.DESOLATE_LAND or weather == c.PRIMORDIAL_SEA or weather == c.DELTA_STREAM


@kernel
def set_weather(b: Any, weather: int, source: int) -> bool:
    """Begin a weather that the active of ``source`` made; return whether it came."""
    now = int(b.weather)
    if now == weather:
        return False
    if even(b):
        event_ties(b, SET_WEATHER, source, source)
    strong = is_strong_weather(weather)
    if is_strong_weather(now) and not strong:
        if b.move.id != 0 and int(MOVES[b.move.id].weather) == weather and b.move.side == source:
            log_from(
                b, L_FAIL, source, FAIL_WEATHER_STAYS, int(b.move.id), c.EFFECT_WEATHER, now, -1
            )
        else:
            log_from(b, L_WEATHER, source, now, 2, c.EFFECT_ABILITY, ability(b, source), -1)
        return False
    turns = 0 if strong else 5
    held = item(b, source)
    if (
        (weather == c.RAIN_DANCE and held == I.damprock)
        or (weather == c.SUNNY_DAY and held == I.heatrock)
        or (weather == c.SANDSTORM and held == I.smoothrock)
        or ((weather == c.SNOWSCAPE or weather == c.HAIL) and held == I.icyrock)
    ):
        turns = 8
    b.weather = weather
    b.weather_duration = turns | maker_of(b, source) << 4
    _log_begun(b, L_WEATHER, weather, int(MOVES[b.move.id].weather) == weather, source)
    weather_change(b)
    return True


@kernel
def clear_weather(b: Any) -> bool:
    """End the weather; return whether there was one."""
    if b.weather == c.NO_WEATHER:
        return False
    b.weather = c.NO_WEATHER
    b.weather_duration = 0
    log(b, L_WEATHER, 0, c.NO_WEATHER, 0)
    weather_change(b)
    return True


@kernel
def terrain_changed(b: Any, s: int) -> None:
    """Adapt ability and item of the active of ``s`` to the terrain (onTerrainChange)."""
    side = b.sides[s]
    m = side.mons[side.active]
    if int(m.hp) <= 0:
        return
    a = ability(b, s)
    terrain = int(b.terrain)
    if a == A.quarkdrive:
        if terrain == c.ELECTRIC_TERRAIN:
            add_volatile(b, s, c.V_QUARKDRIVE, s, c.EFFECT_ABILITY, a)
        elif int(side.flag_bits) & c.SIDE_FROM_BOOSTER == 0:
            remove_volatile(b, s, c.V_QUARKDRIVE)
    elif a == A.mimicry and may_change_type(b, s):
        row = SPECIES[m.base_species]
        first, second = int(row.types[0]), int(row.types[1])
        if terrain != c.NO_TERRAIN:
            second = 0
            if terrain == c.ELECTRIC_TERRAIN:
                first = c.TYPE_ELECTRIC
            elif terrain == c.GRASSY_TERRAIN:
                first = c.TYPE_GRASS
            elif terrain == c.MISTY_TERRAIN:
                first = c.TYPE_FAIRY
            else:
                first = c.TYPE_PSYCHIC
        if int(side.types[0]) != first or int(side.types[1]) != second or side.added_type != 0:
            side.types[0] = first
            side.types[1] = second
            side.added_type = 0
            side.flag_bits = int(side.flag_bits) & ~c.SIDE_TYPES_UNSEEN
            if terrain != c.NO_TERRAIN or int(m.flag_bits) & c.MON_TRANSFORMED != 0:
                log_types(b, s, c.EFFECT_ABILITY, a)
            else:
                log_from(b, L_ACTIVATE, s, 0, 0, c.EFFECT_ABILITY, a, -1)
                log(b, L_END, s, END_TYPES, 0)
    use_seed(b, s)


@kernel
def use_seed(b: Any, s: int) -> None:
    """Use a terrain seed whose terrain lies."""
    held = item(b, s)
    terrain = int(b.terrain)
    if (
        (held == I.electricseed and terrain == c.ELECTRIC_TERRAIN)
        or (held == I.grassyseed and terrain == c.GRASSY_TERRAIN)
        or (held == I.mistyseed and terrain == c.MISTY_TERRAIN)
        or (held == I.psychicseed and terrain == c.PSYCHIC_TERRAIN)
    ):
        use_item(b, s)


@kernel
def terrain_change(b: Any) -> None:
    """Run TerrainChange on both actives, the faster one first."""
    first = first_side(b)
    terrain_changed(b, first)
    terrain_changed(b, 1 - first)


@kernel
def set_terrain(b: Any, terrain: int, source: int) -> bool:
    """Lay a terrain that the active of ``source`` made; return whether it came."""
    if int(b.terrain) == terrain:
        return False
    b.terrain = terrain
    b.terrain_duration = 8 if item(b, source) == I.terrainextender else 5
    by_move = int(MOVES[b.move.id].terrain) == terrain
    _log_begun(b, L_FIELD_START, 100 + terrain, by_move, source)
    terrain_change(b)
    return True


@kernel
def clear_terrain(b: Any) -> bool:
    """Take the terrain away; return whether there was one."""
    if b.terrain == c.NO_TERRAIN:
        return False
    log(b, L_FIELD_END, 0, 100 + int(b.terrain), 0)
    b.terrain = c.NO_TERRAIN
    b.terrain_duration = 0
    terrain_change(b)
    return True
