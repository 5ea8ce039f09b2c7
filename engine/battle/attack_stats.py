"""Attack and defence of one hit: stages, Unaware, and the events ModifyAtk ... SpD.

The move is ``b.move``, used by side ``s`` against side ``t``.
"""

from typing import Any

import plywise.engine.battle.ability_ids as A
import plywise.engine.battle.item_ids as I
from plywise.engine.battle import constants as c
from plywise.engine.battle.stats import ability as get_ability
from plywise.engine.battle.stats import (
    answers_for_others,
    boosted,
    chain,
    defence_ability,
    has_type,
    has_volatile,
    modify,
    weather_for,
)
from plywise.engine.battle.stats import item as get_item
from plywise.engine.battle.tables import (
    MOVES,
    SPECIES,
)
from plywise.engine.battle.ties import user_is_away
from plywise.engine.compile.jit import kernel


@kernel
def _stored(b: Any, k: int, stat: int) -> int:
    side = b.sides[k]
    if b.pseudo_weather[c.WONDER_ROOM] and (stat == c.DEF or stat == c.SPD):
        stat = c.DEF + c.SPD - stat
    return int(side.mons[side.active].stats[stat])


@kernel
def attack_stat(b: Any, s: int, t: int, critical: bool) -> int:
    """Return the attacking stat with all its modifiers."""
    move = MOVES[b.move.id]
    kind = int(b.move.type)
    physical = int(b.move.category) == c.CATEGORY_PHYSICAL
    side = b.sides[s]
    mon = side.mons[side.active]
    who = t if move.foe_offense else s
    stat = c.ATK if physical else c.SPA
    if move.offense_stat:
        stat = int(move.offense_stat) - 1
        if b.pseudo_weather[c.WONDER_ROOM] and (stat == c.DEF or stat == c.SPD):
            stat = c.DEF + c.SPD - stat
    boost = int(b.sides[who].boosts[stat])
    if critical and boost < 0:
        boost = 0
    theirs = defence_ability(b, t)
    if theirs == A.unaware and stat != c.SPD and stat != 4:
        boost = 0
    value = boosted(_stored(b, who, stat), boost)

    mine = get_ability(b, s)
    item = get_item(b, s)
    mod = 4096
    # priority 6 and 5, the target's
    if physical:
        if theirs == A.thickfat and (kind == c.TYPE_ICE or kind == c.TYPE_FIRE):
            mod = chain(mod, 2048)
        elif theirs == A.heatproof and kind == c.TYPE_FIRE:
            mod = chain(mod, 2048)
        elif theirs == A.purifyingsalt and kind == c.TYPE_GHOST:
            mod = chain(mod, 2048)
        elif theirs == A.waterbubble and kind == c.TYPE_FIRE:
            mod = chain(mod, 2048)
    elif (
        (theirs == A.thickfat and (kind == c.TYPE_ICE or kind == c.TYPE_FIRE))
        or ((theirs == A.heatproof or theirs == A.waterbubble) and kind == c.TYPE_FIRE)
        or (theirs == A.purifyingsalt and kind == c.TYPE_GHOST)
    ):
        mod = chain(mod, 2048)
    # priority 5, the user's
    low = int(mon.hp) * 3 <= int(mon.max_hp)
    if mine == A.blaze:
        if kind == c.TYPE_FIRE and low:
            mod = chain(mod, 6144)
    elif mine == A.overgrow:
        if kind == c.TYPE_GRASS and low:
            mod = chain(mod, 6144)
    elif mine == A.torrent:
        if kind == c.TYPE_WATER and low:
            mod = chain(mod, 6144)
    elif mine == A.swarm:
        if kind == c.TYPE_BUG and low:
            mod = chain(mod, 6144)
    elif mine == A.defeatist:
        if int(mon.hp) * 2 <= int(mon.max_hp):
            mod = chain(mod, 2048)
    elif mine == A.dragonsmaw:
        if kind == c.TYPE_DRAGON:
            mod = chain(mod, 6144)
    elif mine == A.transistor:
        if kind == c.TYPE_ELECTRIC:
            mod = chain(mod, 5325)
    elif mine == A.rockypayload:
        if kind == c.TYPE_ROCK:
            mod = chain(mod, 6144)
    elif mine == A.steelworker:
        if kind == c.TYPE_STEEL:
            mod = chain(mod, 6144)
    elif mine == A.stakeout:
        if b.sides[t].active_turns == 0:
            mod = chain(mod, 8192)
    elif mine == A.flashfire:
        if kind == c.TYPE_FIRE and has_volatile(b, s, c.V_FLASHFIRE):
            mod = chain(mod, 6144)
    elif physical:
        if mine == A.hugepower or mine == A.purepower:
            mod = chain(mod, 8192)
        elif mine == A.guts:
            if mon.status:
                mod = chain(mod, 6144)
        elif mine == A.hustle:
            value = modify(value, 6144)
        elif mine == A.slowstart:
            if side.ability_counter:
                mod = chain(mod, 2048)
        elif mine == A.orichalcumpulse:
            weather = weather_for(b, s)
            if weather == c.SUNNY_DAY or weather == c.DESOLATE_LAND:
                mod = chain(mod, 5461)
    elif mine == A.hadronengine:
        if b.terrain == c.ELECTRIC_TERRAIN:
            mod = chain(mod, 5461)
    elif mine == A.solarpower:
        weather = weather_for(b, s)
        if weather == c.SUNNY_DAY or weather == c.DESOLATE_LAND:
            mod = chain(mod, 6144)
    event = c.ATK if physical else c.SPA
    mod = _paradox(b, s, event, mine, mod)
    # priority 3
    if physical and mine == A.flowergift and int(SPECIES[mon.species].num) == 421:
        weather = weather_for(b, s)
        if weather == c.SUNNY_DAY or weather == c.DESOLATE_LAND:
            mod = chain(mod, 6144)
    # priority 1
    if item == I.lightball and int(SPECIES[mon.base_species].num) == 25:
        mod = chain(mod, 8192)
    if physical:
        if mine == A.gorillatactics:
            mod = chain(mod, 6144)
        if item == I.choiceband:
            mod = chain(mod, 6144)
    elif item == I.choicespecs:
        mod = chain(mod, 6144)
    # priority 0
    if mine == A.waterbubble and kind == c.TYPE_WATER:
        mod = chain(mod, 8192)
    ruin = A.tabletsofruin if physical else A.vesselofruin
    if theirs == ruin and mine != ruin:
        mod = chain(mod, 3072)
    elif mine == ruin and user_is_away(b):
        mod = chain(mod, 3072)  # it belongs to the ally on the field
    return modify(value, mod)


@kernel
def _paradox(b: Any, k: int, stat: int, ability: int, mod: int) -> int:
    """Chain Protosynthesis' or Quark Drive's boost of ``stat``, if side ``k`` has it."""
    if int(b.sides[k].paradox_stat) == stat + 1 and (
        has_volatile(b, k, c.V_PROTOSYNTHESIS) or has_volatile(b, k, c.V_QUARKDRIVE)
    ):
        if ability:  # an ability that is suppressed gives nothing
            mod = chain(mod, 5325)
    return mod


@kernel
def defense_stat(b: Any, s: int, t: int, critical: bool) -> int:
    """Return the defending stat with all its modifiers."""
    move = MOVES[b.move.id]
    side = b.sides[t]
    mon = side.mons[side.active]
    physical = int(b.move.category) == c.CATEGORY_PHYSICAL
    stat = c.DEF if physical else c.SPD
    if move.defense_stat:
        stat = int(move.defense_stat) - 1
    boost = int(side.boosts[stat])
    if (critical and boost > 0) or move.ignore_defensive:
        boost = 0
    mine = get_ability(b, s)
    theirs = defence_ability(b, t)
    if mine == A.unaware and answers_for_others(b, s) and not user_is_away(b):
        boost = 0
    value = boosted(_stored(b, t, stat), boost)
    weather = weather_for(b, t)
    item = get_item(b, t)
    mod = 4096
    if stat == c.DEF:
        if weather == c.SNOWSCAPE and has_type(b, t, c.TYPE_ICE):
            value = modify(value, 6144)
        if theirs == A.furcoat:
            mod = chain(mod, 8192)
        elif theirs == A.marvelscale:
            if mon.status:
                mod = chain(mod, 6144)
        elif theirs == A.grasspelt and b.terrain == c.GRASSY_TERRAIN:
            mod = chain(mod, 6144)
    else:
        if weather == c.SANDSTORM and has_type(b, t, c.TYPE_ROCK):
            value = modify(value, 6144)
    mod = _paradox(b, t, stat, get_ability(b, t), mod)
    if stat == c.SPD and theirs == A.flowergift and int(SPECIES[mon.species].num) == 421:
        if weather == c.SUNNY_DAY or weather == c.DESOLATE_LAND:
            mod = chain(mod, 6144)
    if item == I.eviolite and SPECIES[mon.base_species].can_evolve:
        mod = chain(mod, 6144)
    if item == I.assaultvest and stat == c.SPD:
        mod = chain(mod, 6144)
    ruin = A.swordofruin if stat == c.DEF else A.beadsofruin
    if mine == ruin and theirs != ruin and answers_for_others(b, s):
        mod = chain(mod, 3072)
    return modify(value, mod)
