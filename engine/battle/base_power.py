"""Base power of a move: Showdown's basePowerCallback of single moves and the event BasePower.

The move is ``b.move``, used by side ``s`` against side ``t``, as in :mod:`damage`.
"""

from typing import Any

import numpy as np

import plywise.engine.battle.ability_ids as A
import plywise.engine.battle.item_ids as I
import plywise.engine.battle.move_ids as M
import plywise.engine.battle.species_ids as S
from plywise.engine.battle import constants as c
from plywise.engine.battle.chance import SITE_MOVE, chance
from plywise.engine.battle.conditions import is_semi_invulnerable
from plywise.engine.battle.log_events import L_ACTIVATE, L_ANIM, log, log_from
from plywise.engine.battle.queue_entries import (
    NO_ENTRY,
    queued_kind,
    queued_mon,
    queued_side,
)
from plywise.engine.battle.stats import (
    MOST_ATTACKS,
    answers_for_others,
    chain,
    defence_ability,
    effective_weather,
    get_speed,
    has_volatile,
    is_grounded,
    put_volatile,
    weather_for,
)
from plywise.engine.battle.stats import ability as get_ability
from plywise.engine.battle.stats import item as get_item
from plywise.engine.battle.tables import (
    F_BITE,
    F_PULSE,
    F_PUNCH,
    F_SLICING,
    F_SOUND,
    ITEMS,
    MOVES,
    SPECIES,
)
from plywise.engine.battle.ties import user_is_away
from plywise.engine.compile.jit import kernel

NO_POWER = -1
"""Showdown's false as a base power: the move fails."""

_FALLEN = np.array([4096, 4506, 4915, 5325, 5734, 6144])  # Supreme Overlord


@kernel
def has_queued_move(b: Any, s: int) -> bool:
    """Return whether the active Pokémon of side ``s`` still has a move in the queue."""
    return queue_index(b, s) >= 0


@kernel
def queue_index(b: Any, s: int) -> int:
    """Return the queue index of the move that the active of ``s`` still makes, or NO_ENTRY."""
    for k in range(b.queue_length):
        kind = queued_kind(b, k)
        if (
            (kind == c.QUEUE_MOVE or kind == c.QUEUE_PRIORITIZED_MOVE)
            and queued_side(b, k) == s
            and queued_mon(b, k) == int(b.sides[s].active)
        ):
            return k
    return NO_ENTRY


@kernel
def weight_hectograms(b: Any, s: int) -> int:
    """Return the weight in hectograms, at least 1."""
    side = b.sides[s]
    value = int(SPECIES[side.mons[side.active].species].weight_hg)
    ability = defence_ability(b, s)
    if ability == A.heavymetal:
        value *= 2
    elif ability == A.lightmetal:
        value //= 2
    if get_item(b, s) == I.floatstone:
        value //= 2
    return max(1, value)


@kernel
def _positive_boosts(b: Any, s: int) -> int:
    total = 0
    for k in range(7):
        total += max(0, int(b.sides[s].boosts[k]))
    return total


@kernel
def base_power(b: Any, s: int, t: int) -> int:
    """Return the power before modifiers; 0 where the move has none, ``NO_POWER`` if it fails."""
    move = int(b.move.id)
    power = int(b.move.base_power)
    if not MOVES[move].has_power_callback:
        return power
    side = b.sides[s]
    foe = b.sides[t]
    mon = side.mons[side.active]
    target = foe.mons[foe.active]
    hp, max_hp = int(mon.hp), int(mon.max_hp)
    foe_hp, foe_max_hp = int(target.hp), int(target.max_hp)
    if move == M.acrobatics:
        if mon.held_item == 0:
            power *= 2
    elif move == M.hex or move == M.infernalparade:
        if target.status != c.NO_STATUS or get_ability(b, t) == A.comatose:
            power *= 2
    elif move == M.storedpower or move == M.powertrip:
        power += 20 * _positive_boosts(b, s)
    elif move == M.eruption or move == M.waterspout or move == M.dragonenergy:
        power = max(1, power * hp // max_hp)
    elif move == M.tripleaxel:
        power = 20 * int(b.move.hit)
    elif move == M.triplekick:
        power = 10 * int(b.move.hit)
    elif move == M.lastrespects:
        power = 50 + 50 * int(side.total_fainted)
    elif move == M.ragefist:
        power = min(350, 50 + 50 * (int(mon.times_attacked) & MOST_ATTACKS))
    elif move == M.terablast:
        if int(mon.flag_bits) & c.MON_TERASTALLIZED and int(mon.tera_type) == c.TYPE_STELLAR:
            power = 100
    elif move == M.stompingtantrum or move == M.temperflare:
        if side.move_last_turn_result == c.RESULT_FALSE:
            power *= 2
    elif move == M.avalanche:
        if (int(side.attackers) >> int(foe.active)) & 1:
            power *= 2
    elif move == M.assurance:
        if foe.hurt_this_turn > 1:
            power *= 2
    elif move == M.payback:
        if int(foe.flag_bits) & c.SIDE_NEWLY_SWITCHED == 0 and not has_queued_move(b, t):
            power *= 2
    elif move == M.risingvoltage:
        if b.terrain == c.ELECTRIC_TERRAIN and is_grounded(b, t, False):
            power *= 2
    elif move == M.grassknot or move == M.lowkick:
        heavy = weight_hectograms(b, t)
        if heavy >= 2000:
            power = 120
        elif heavy >= 1000:
            power = 100
        elif heavy >= 500:
            power = 80
        elif heavy >= 250:
            power = 60
        elif heavy >= 100:
            power = 40
        else:
            power = 20
    elif move == M.heavyslam or move == M.heatcrash:
        heavy = weight_hectograms(b, t)
        own = weight_hectograms(b, s)
        if own >= heavy * 5:
            power = 120
        elif own >= heavy * 4:
            power = 100
        elif own >= heavy * 3:
            power = 80
        elif own >= heavy * 2:
            power = 60
        else:
            power = 40
    elif move == M.flail or move == M.reversal:
        ratio = max(hp * 48 // max_hp, 1)
        if ratio < 2:
            power = 200
        elif ratio < 5:
            power = 150
        elif ratio < 10:
            power = 100
        elif ratio < 17:
            power = 80
        elif ratio < 33:
            power = 40
        else:
            power = 20
    elif move == M.crushgrip or move == M.hardpress:
        most = 120 if move == M.crushgrip else 100
        power = (most * (100 * (foe_hp * 4096 // foe_max_hp)) + 2047) // 4096 // 100
        power = max(power, 1)
    elif move == M.electroball:
        ratio = get_speed(b, s) // max(get_speed(b, t), 1)
        if ratio == 0:
            power = 40
        elif ratio == 1:
            power = 60
        elif ratio == 2:
            power = 80
        elif ratio == 3:
            power = 120
        else:
            power = 150
    elif move == M.gyroball:
        power = min(150, 25 * get_speed(b, t) // max(get_speed(b, s), 1) + 1)
    elif move == M.echoedvoice:
        if b.pseudo_weather[c.ECHOED_VOICE]:
            power *= int(b.echoed_voice)
    elif move == M.furycutter:
        factor = int(side.move_streak) & 7
        if not has_volatile(b, s, c.V_FURYCUTTER):
            put_volatile(b, s, c.V_FURYCUTTER)
            side.flag_bits = int(side.flag_bits) | c.SIDE_FURY_CUTTER_KEPT
            factor = 1
        elif b.move.hit == 1:
            side.flag_bits = int(side.flag_bits) | c.SIDE_FURY_CUTTER_KEPT
            factor = min(4, 2 * factor)
        side.move_streak = (int(side.move_streak) & ~7) | factor
        power = min(power * factor, 160)
    elif move == M.rollout:
        if has_volatile(b, s, c.V_ROLLOUT):
            power <<= int(side.move_streak) >> 4
            if mon.status != c.SLP:
                side.move_streak = int(side.move_streak) + 16
                if int(side.move_streak) >> 4 < 5:
                    side.flag_bits = int(side.flag_bits) | c.SIDE_ROLLOUT_KEPT
        if has_volatile(b, s, c.V_DEFENSECURL):
            power *= 2
    elif move == M.round:
        if int(b.move.source_effect) == M.round:
            power *= 2
    elif move == M.spitup:
        power = 100 * int(side.stockpile_layers)
        if power == 0:
            return NO_POWER
    elif move == M.beatup:
        power = _beat_up(b, s)
    return power


@kernel
def _beat_up(b: Any, s: int) -> int:
    """Return the power of this hit of Beat Up: that of the hit-th member that can join in."""
    side = b.sides[s]
    left = int(b.move.hit)
    for k in range(side.team_size):
        i = int(side.order[k])
        mon = side.mons[i]
        if k == 0 or (int(mon.flag_bits) & c.MON_FAINTED == 0 and mon.status == c.NO_STATUS):
            left -= 1
            if left == 0:
                # The set's species counts: of the formes that an ability makes for good, these
                # have another Attack.
                species = int(mon.base_species)
                if species == S.terapagosterastal or species == S.terapagosstellar:
                    species = S.terapagos
                elif species == S.palafinhero:
                    species = S.palafin
                return 5 + int(SPECIES[species].base_stats[1]) // 10
    return 5


@kernel
def base_power_modifier(b: Any, s: int, t: int, power: int, type_mod: int) -> int:
    """Return the modifier of the BasePower event, in 4096ths.

    ``power`` is the power before it; ``type_mod`` the type modifier, where the move asks for it.
    """
    move = int(b.move.id)
    kind = int(b.move.type)
    flags = int(MOVES[move].move_flags)
    physical = int(b.move.category) == c.CATEGORY_PHYSICAL
    special = int(b.move.category) == c.CATEGORY_SPECIAL
    side = b.sides[s]
    foe = b.sides[t]
    mon = side.mons[side.active]
    target = foe.mons[foe.active]
    ability = get_ability(b, s)
    theirs = defence_ability(b, t)
    item = get_item(b, s)
    contact = int(b.move.flag_bits) & c.MOVE_CONTACT != 0
    mod = 4096
    # the user's ability; at most one of these applies, so the order among them is free
    if ability == A.technician:
        if power <= 60:
            mod = chain(mod, 6144)
    elif ability == A.rivalry:
        mine, yours = int(mon.flag_bits) & c.MON_GENDER, int(target.flag_bits) & c.MON_GENDER
        if mine and yours:
            mod = chain(mod, 5120 if mine == yours else 3072)
    elif (
        ability == A.aerilate
        or ability == A.pixilate
        or ability == A.refrigerate
        or ability == A.galvanize
        or ability == A.normalize
    ):
        if int(b.move.flag_bits) & c.MOVE_TYPE_CHANGED:
            mod = chain(mod, 4915)
    elif ability == A.ironfist:
        if flags & F_PUNCH:
            mod = chain(mod, 4915)
    elif ability == A.reckless:
        if MOVES[move].recoil_num or MOVES[move].crash:
            mod = chain(mod, 4915)
    if item == I.punchingglove and flags & F_PUNCH:  # 23, after the ability
        mod = chain(mod, 4506)
    if ability == A.steelyspirit:
        if kind == c.TYPE_STEEL and answers_for_others(b, s):
            mod = chain(mod, 6144)
    elif ability == A.analytic:
        if not has_queued_move(b, t):
            mod = chain(mod, 5325)
    elif ability == A.sandforce:
        if effective_weather(b) == c.SANDSTORM and (
            kind == c.TYPE_ROCK or kind == c.TYPE_GROUND or kind == c.TYPE_STEEL
        ):
            mod = chain(mod, 5325)
    elif ability == A.sheerforce:
        if int(b.move.flag_bits) & c.MOVE_SHEER_FORCE or MOVES[move].sheer_force_boost:
            mod = chain(mod, 5325)
    elif ability == A.supremeoverlord:
        if side.ability_counter:
            mod = chain(mod, int(_FALLEN[min(int(side.ability_counter), 5)]))
    elif ability == A.toughclaws:
        if contact:
            mod = chain(mod, 5325)
    elif ability == A.powerspot or (ability == A.battery and special):
        if user_is_away(b):
            mod = chain(mod, 5325)
    # 20: auras, of either side
    if kind == c.TYPE_DARK or kind == c.TYPE_FAIRY:
        aura = A.darkaura if kind == c.TYPE_DARK else A.fairyaura
        mine = ability if answers_for_others(b, s) else 0
        if mine == aura or theirs == aura:
            broken = mine == A.aurabreak or theirs == A.aurabreak
            mod = chain(mod, 3072 if broken else 5448)
    # 19
    if ability == A.flareboost:
        if mon.status == c.BRN and special:
            mod = chain(mod, 6144)
    elif ability == A.toxicboost:
        if (mon.status == c.PSN or mon.status == c.TOX) and physical:
            mod = chain(mod, 6144)
    elif ability == A.megalauncher:
        if flags & F_PULSE:
            mod = chain(mod, 6144)
    elif ability == A.sharpness:
        if flags & F_SLICING:
            mod = chain(mod, 6144)
    elif ability == A.strongjaw:
        if flags & F_BITE:
            mod = chain(mod, 6144)
    # 17
    if theirs == A.dryskin and kind == c.TYPE_FIRE:
        mod = chain(mod, 5120)
    # 16 and 15: items
    if item:
        mod = _item_power(mon, item, kind, physical, special, mod)
    # 14
    if has_volatile(b, s, c.V_GEM):
        mod = chain(mod, 5325)
    # 9
    if has_volatile(b, s, c.V_CHARGE) and kind == c.TYPE_ELECTRIC:
        mod = chain(mod, 8192)
    # 7
    if ability == A.punkrock and flags & F_SOUND:
        mod = chain(mod, 5325)
    # 6: terrain
    terrain = int(b.terrain)
    if terrain:
        if terrain == c.ELECTRIC_TERRAIN:
            if kind == c.TYPE_ELECTRIC and _on_terrain(b, s):
                mod = chain(mod, 5325)
        elif terrain == c.PSYCHIC_TERRAIN:
            if kind == c.TYPE_PSYCHIC and _on_terrain(b, s):
                mod = chain(mod, 5325)
        elif terrain == c.GRASSY_TERRAIN:
            if (move == M.earthquake or move == M.bulldoze) and _on_terrain(b, t):
                mod = chain(mod, 2048)
            elif kind == c.TYPE_GRASS and is_grounded(b, s, False):
                mod = chain(mod, 5325)
        elif kind == c.TYPE_DRAGON and _on_terrain(b, t):
            mod = chain(mod, 2048)
    # 0: the move's own
    if move == M.knockoff:
        if target.held_item and may_leave(b, t, int(target.held_item)):
            mod = chain(mod, 6144)
    elif move == M.facade:
        if mon.status != c.NO_STATUS and mon.status != c.SLP:
            mod = chain(mod, 8192)
    elif move == M.venoshock or move == M.barbbarrage:
        if target.status == c.PSN or target.status == c.TOX:
            mod = chain(mod, 8192)
    elif move == M.gust or move == M.twister:
        if has_volatile(b, t, c.V_BOUNCE):
            mod = chain(mod, 8192)
    elif move == M.brine:
        if int(target.hp) * 2 <= int(target.max_hp):
            mod = chain(mod, 8192)
    elif move == M.lashout:
        if int(side.flag_bits) & c.SIDE_STATS_LOWERED:
            mod = chain(mod, 8192)
    elif move == M.retaliate:
        if side.fainted_last_turn:
            mod = chain(mod, 8192)
    elif move == M.expandingforce:
        if terrain == c.PSYCHIC_TERRAIN and is_grounded(b, s, False):
            mod = chain(mod, 6144)
    elif move == M.mistyexplosion:
        if terrain == c.MISTY_TERRAIN and is_grounded(b, s, False):
            mod = chain(mod, 6144)
    elif move == M.psyblade:
        if terrain == c.ELECTRIC_TERRAIN:
            mod = chain(mod, 6144)
    elif move == M.gravapple:
        if b.pseudo_weather[c.GRAVITY]:
            mod = chain(mod, 6144)
    elif move == M.solarbeam or move == M.solarblade:
        weather = weather_for(b, s)
        strong = weather == c.SUNNY_DAY or weather == c.DESOLATE_LAND or weather == c.DELTA_STREAM
        if weather != c.NO_WEATHER and not strong:
            mod = chain(mod, 2048)
    elif move == M.fusionbolt:
        if b.last_successful_move == M.fusionflare:
            mod = chain(mod, 8192)
    elif move == M.fusionflare:
        if b.last_successful_move == M.fusionbolt:
            mod = chain(mod, 8192)
    elif move == M.collisioncourse or move == M.electrodrift:
        if type_mod > 0:
            mod = chain(mod, 5461)
    elif move == M.ficklebeam:
        if chance(b, SITE_MOVE, 3, 10):
            log(b, L_ANIM, s, move, 0)
            log_from(b, L_ACTIVATE, s, 0, 0, c.EFFECT_MOVE, move, -1)
            mod = chain(mod, 8192)
    return mod


@kernel
def _on_terrain(b: Any, s: int) -> bool:
    return is_grounded(b, s, False) and not is_semi_invulnerable(b, s)


@kernel
def _item_power(mon: Any, item: int, kind: int, physical: bool, special: bool, mod: int) -> int:
    """Chain what the user's item adds to the power."""
    boost = int(ITEMS[item].boost_type)
    if boost:
        return chain(mod, 4915) if boost == kind else mod
    num = int(SPECIES[mon.base_species].num)
    yes = False
    if item == I.muscleband:
        return chain(mod, 4505) if physical else mod
    if item == I.wiseglasses:
        return chain(mod, 4505) if special else mod
    if item == I.adamantcrystal or item == I.adamantorb:
        yes = num == 483 and (kind == c.TYPE_STEEL or kind == c.TYPE_DRAGON)
    elif item == I.lustrousglobe or item == I.lustrousorb:
        yes = num == 484 and (kind == c.TYPE_WATER or kind == c.TYPE_DRAGON)
    elif item == I.griseouscore or item == I.griseousorb:
        yes = num == 487 and (kind == c.TYPE_GHOST or kind == c.TYPE_DRAGON)
    elif item == I.souldew:
        yes = (num == 380 or num == 381) and (kind == c.TYPE_PSYCHIC or kind == c.TYPE_DRAGON)
    elif item == I.wellspringmask:
        yes = mon.base_species == S.ogerponwellspring or mon.base_species == S.ogerponwellspringtera
    elif item == I.hearthflamemask:
        yes = (
            mon.base_species == S.ogerponhearthflame or mon.base_species == S.ogerponhearthflametera
        )
    elif item == I.cornerstonemask:
        yes = (
            mon.base_species == S.ogerponcornerstone or mon.base_species == S.ogerponcornerstonetera
        )
    return chain(mod, 4915) if yes else mod


@kernel
def may_leave(b: Any, s: int, held: int) -> bool:
    """Return whether the active of ``s`` could lose ``held``, by the item's own rules."""
    mon = b.sides[s].mons[b.sides[s].active]
    if held == I.boosterenergy:
        return int(SPECIES[mon.base_species].paradox) == 0
    user = int(ITEMS[held].user_num)
    return user == 0 or user != int(SPECIES[mon.base_species].num)
