"""Weather and terrain, and what abilities and items do when either changes."""

from typing import Any

import plywise.engine.battle.ability_ids as A
import plywise.engine.battle.item_ids as I
import plywise.engine.battle.species_ids as S
from plywise.engine.battle.conditions import add_volatile, remove_volatile
from plywise.engine.battle.constants import (
    ABILITY_BUSTED,
    DELTA_STREAM,
    DESOLATE_LAND,
    EFFECT_ABILITY,
    ELECTRIC_TERRAIN,
    GRASSY_TERRAIN,
    HAIL,
    MISTY_TERRAIN,
    MON_FAINTED,
    MON_TERASTALLIZED,
    NO_TERRAIN,
    NO_WEATHER,
    PRIMORDIAL_SEA,
    PSYCHIC_TERRAIN,
    RAIN_DANCE,
    SANDSTORM,
    SIDE_FROM_BOOSTER,
    SNOWSCAPE,
    SUNNY_DAY,
    TYPE_ELECTRIC,
    TYPE_FAIRY,
    TYPE_GRASS,
    TYPE_PSYCHIC,
    V_PROTOSYNTHESIS,
    V_QUARKDRIVE,
)
from plywise.engine.battle.formes import forme_change
from plywise.engine.battle.log_events import L_FIELD_END, L_FIELD_START, L_WEATHER, say, say_from
from plywise.engine.battle.ops import use_item
from plywise.engine.battle.stats import ability, effective_weather, item
from plywise.engine.battle.tables import MOVES, SPECIES
from plywise.engine.battle.ties import tied
from plywise.engine.compile.jit import kernel


@kernel
def first_side(b: Any) -> int:
    """Return the side whose active comes first in an event for each active; a tie is drawn."""
    one, two = b.sides[0], b.sides[1]
    if int(one.mons[one.active].flag_bits) & MON_FAINTED != 0:
        return 1
    if int(two.mons[two.active].flag_bits) & MON_FAINTED != 0:
        return 0
    if int(one.speed) != int(two.speed):
        return 0 if int(one.speed) > int(two.speed) else 1
    return tied(b, 0)


@kernel
def weather_changed(b: Any, s: int) -> None:
    """Let the ability of the active of ``s`` follow the weather (onWeatherChange)."""
    side = b.sides[s]
    m = side.mons[side.active]
    if int(m.hp) <= 0:
        return
    a = ability(b, s)
    if a == A.protosynthesis:
        if effective_weather(b) == SUNNY_DAY:
            add_volatile(b, s, V_PROTOSYNTHESIS, s, EFFECT_ABILITY, a)
        elif int(side.flag_bits) & SIDE_FROM_BOOSTER == 0:
            remove_volatile(b, s, V_PROTOSYNTHESIS)
    elif a == A.iceface:
        w = effective_weather(b)
        if (w == HAIL or w == SNOWSCAPE) and int(m.species) == S.eiscuenoice:
            side.ability_flags = int(side.ability_flags) & ~ABILITY_BUSTED
            forme_change(b, s, S.eiscue, True)


@kernel
def weather_change(b: Any) -> None:
    """Run WeatherChange on both actives, the faster one first."""
    first = first_side(b)
    weather_changed(b, first)
    weather_changed(b, 1 - first)


@kernel
def _say_begun(b: Any, kind: int, x: int, by_move: bool, source: int) -> None:
    """Tell that a weather or terrain has begun, and the ability that made it unless a move did."""
    if by_move and int(b.move.id) != 0 and int(b.move.side) == source:
        say(b, kind, source, x, 0)
    else:
        say_from(b, kind, source, x, 0, EFFECT_ABILITY, ability(b, source), source)


@kernel
def set_weather(b: Any, weather: int, source: int) -> bool:
    """Begin a weather that the active of ``source`` made; return whether it came."""
    now = int(b.weather)
    if now == weather:
        return False
    strong = weather == DESOLATE_LAND or weather == PRIMORDIAL_SEA or weather == DELTA_STREAM
    if (now == DESOLATE_LAND or now == PRIMORDIAL_SEA or now == DELTA_STREAM) and not strong:
        return False
    turns = 0 if strong else 5
    held = item(b, source)
    if (
        (weather == RAIN_DANCE and held == I.damprock)
        or (weather == SUNNY_DAY and held == I.heatrock)
        or (weather == SANDSTORM and held == I.smoothrock)
        or ((weather == SNOWSCAPE or weather == HAIL) and held == I.icyrock)
    ):
        turns = 8
    b.weather = weather
    b.weather_duration = turns
    _say_begun(b, L_WEATHER, weather, int(MOVES[b.move.id].weather) == weather, source)
    weather_change(b)
    return True


@kernel
def clear_weather(b: Any) -> bool:
    """End the weather; return whether there was one."""
    if b.weather == NO_WEATHER:
        return False
    b.weather = NO_WEATHER
    b.weather_duration = 0
    say(b, L_WEATHER, 0, NO_WEATHER, 0)
    weather_change(b)
    return True


@kernel
def terrain_changed(b: Any, s: int) -> None:
    """Let ability and item of the active of ``s`` follow the terrain (onTerrainChange)."""
    side = b.sides[s]
    m = side.mons[side.active]
    if int(m.hp) <= 0:
        return
    a = ability(b, s)
    terrain = int(b.terrain)
    if a == A.quarkdrive:
        if terrain == ELECTRIC_TERRAIN:
            add_volatile(b, s, V_QUARKDRIVE, s, EFFECT_ABILITY, a)
        elif int(side.flag_bits) & SIDE_FROM_BOOSTER == 0:
            remove_volatile(b, s, V_QUARKDRIVE)
    elif a == A.mimicry and int(m.flag_bits) & MON_TERASTALLIZED == 0:
        row = SPECIES[m.base_species]
        first, second = int(row.types[0]), int(row.types[1])
        if terrain != NO_TERRAIN:
            second = 0
            if terrain == ELECTRIC_TERRAIN:
                first = TYPE_ELECTRIC
            elif terrain == GRASSY_TERRAIN:
                first = TYPE_GRASS
            elif terrain == MISTY_TERRAIN:
                first = TYPE_FAIRY
            else:
                first = TYPE_PSYCHIC
        if int(side.types[0]) != first or int(side.types[1]) != second or side.added_type != 0:
            side.types[0] = first
            side.types[1] = second
            side.added_type = 0
    use_seed(b, s)


@kernel
def use_seed(b: Any, s: int) -> None:
    """Use a terrain seed whose terrain lies."""
    held = item(b, s)
    terrain = int(b.terrain)
    if (
        (held == I.electricseed and terrain == ELECTRIC_TERRAIN)
        or (held == I.grassyseed and terrain == GRASSY_TERRAIN)
        or (held == I.mistyseed and terrain == MISTY_TERRAIN)
        or (held == I.psychicseed and terrain == PSYCHIC_TERRAIN)
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
    _say_begun(b, L_FIELD_START, 100 + terrain, by_move, source)
    terrain_change(b)
    return True


@kernel
def clear_terrain(b: Any) -> bool:
    """Take the terrain away; return whether there was one."""
    if b.terrain == NO_TERRAIN:
        return False
    say(b, L_FIELD_END, 0, 100 + int(b.terrain), 0)
    b.terrain = NO_TERRAIN
    b.terrain_duration = 0
    terrain_change(b)
    return True
