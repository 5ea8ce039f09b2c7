"""Abilities that start, end or are exchanged, and Transform, which copies one."""

from typing import Any

import numpy as np

import plywise.engine.battle.ability_ids as A
import plywise.engine.battle.item_ids as I
import plywise.engine.battle.move_ids as M
import plywise.engine.battle.species_ids as S
from plywise.engine.battle import constants as c
from plywise.engine.battle.chance import SITE_ABILITY, roll
from plywise.engine.battle.conditions import (
    add_volatile,
    cure_status,
    remove_side_condition,
    remove_volatile,
    will_move,
)
from plywise.engine.battle.field import (
    clear_weather,
    maker_of,
    set_terrain,
    set_weather,
    terrain_changed,
    weather_change,
    weather_changed,
)
from plywise.engine.battle.formes import become_foe, can_transform, forme_change
from plywise.engine.battle.log_events import (
    END_ABILITY,
    END_FALLEN,
    L_ABILITY,
    L_ACTIVATE,
    L_ACTIVATE_MOVE,
    L_BLOCK,
    L_END,
    L_GIVE_ABILITY,
    L_IMMUNE,
    L_ITEM,
    L_NEW_ABILITY,
    L_REVEAL,
    L_START,
    L_SWAP_ABILITIES,
    L_TRANSFORM,
    START_ABILITY,
    START_FALLEN,
    log,
    log_from,
    logged,
)
from plywise.engine.battle.names import ABILITY_NAMES
from plywise.engine.battle.ops import boost, stage
from plywise.engine.battle.results import DONE, FAILED, UNSAID
from plywise.engine.battle.stats import (
    ability,
    drop_volatile,
    effective_weather,
    get_stat,
    has_volatile,
    holds_ability_shield,
    suppressing_ability,
    types_of,
)
from plywise.engine.battle.tables import ABILITIES, MOVES, SPECIES, TYPE_CHART
from plywise.engine.battle.ties import even, tied
from plywise.engine.compile.jit import kernel

_ANNOUNCED = (
    "asoneglastrier asonespectrier aurabreak unnerve beadsofruin swordofruin "
    "tabletsofruin vesselofruin comatose darkaura fairyaura moldbreaker teravolt turboblaze "
    "pressure"
).split()
ANNOUNCED = np.array([name in _ANNOUNCED for name in ABILITY_NAMES])
"""By number of an ability: whether it is announced when it starts."""

_SILENCED = "beadsofruin swordofruin tabletsofruin vesselofruin darkaura fairyaura".split()
SILENCED = np.array([name in _SILENCED for name in ABILITY_NAMES])  # by a Mold Breaker's move


@kernel
def _forewarn(b: Any, t: int) -> None:
    """Draw which of the strongest moves of the active of ``t`` Forewarn names."""
    side = b.sides[t]
    m = side.mons[side.active]
    if int(m.hp) <= 0:
        return
    strongest, count = 1, 0
    for k in range(4):
        move = int(m.moves[k])
        if move == 0:
            continue
        power = _warned_power(move)
        if power > strongest:
            strongest, count = power, 1
        elif power == strongest:
            count += 1
    if count == 0:
        return
    chosen = roll(b, SITE_ABILITY, 0, count)
    for k in range(4):
        move = int(m.moves[k])
        if move != 0 and _warned_power(move) == strongest:
            if chosen == 0:
                log_from(b, L_ACTIVATE_MOVE, 1 - t, move, 0, c.EFFECT_ABILITY, A.forewarn, t)
            chosen -= 1


@kernel
def _warned_power(move: int) -> int:
    """Return how strong Forewarn takes a move to be."""
    row = MOVES[move]
    power = int(row.power)
    if row.ohko:
        return 150
    if move == M.counter or move == M.metalburst or move == M.mirrorcoat:
        return 120
    if power == 1 or (power == 0 and row.category != c.CATEGORY_STATUS):
        return 80
    return power


@kernel
def _anticipates(b: Any, s: int) -> bool:
    """Return whether the foe knows a move that Anticipation shudders at."""
    foe = b.sides[1 - s]
    m = foe.mons[foe.active]
    first, second, third = types_of(b, s)
    if int(m.hp) <= 0:
        return False
    for k in range(4):
        row = MOVES[m.moves[k]]
        if m.moves[k] == 0 or row.category == c.CATEGORY_STATUS:
            continue
        total, immune = 0, False
        for against in (first, second, third):
            if against != c.TYPE_NONE:
                code = int(TYPE_CHART[row.type, against])
                immune = immune or code == 2
                total += code
        if (not immune and total > 0) or row.ohko:
            return True
    return False


@kernel
def _announce(b: Any, s: int, a: int, entering: bool) -> None:
    """Log an ability that only announces itself, or what it reveals of the foe."""
    side, foe = b.sides[s], b.sides[1 - s]
    other = foe.mons[foe.active]
    on_entry = a == A.airlock or a == A.cloudnine or a == A.neutralizinggas
    if int(side.ability_flags) & c.ABILITY_UNNERVED != 0:
        return  # it has unnerved before, and only starts again
    if SILENCED[a] and suppressing_ability(b, s):
        return
    if ANNOUNCED[a] or (on_entry and entering):
        log(b, L_ABILITY, s, a, 0)
    if a == A.asoneglastrier or a == A.asonespectrier:
        log(b, L_ABILITY, s, A.unnerve, 0)
    elif a == A.frisk:
        if int(other.hp) > 0 and other.held_item != 0:
            log_from(b, L_ITEM, 1 - s, int(other.held_item), 0, c.EFFECT_ABILITY, a, s)
    elif a == A.supremeoverlord:
        if side.total_fainted != 0:
            log_from(b, L_ACTIVATE, s, 0, 0, c.EFFECT_ABILITY, a, -1)
            log(b, L_START, s, START_FALLEN, min(5, int(side.total_fainted)))
    elif a == A.slowstart:
        log_from(b, L_START, s, START_ABILITY, 0, c.EFFECT_ABILITY, a, -1)
    elif a == A.anticipation:
        if _anticipates(b, s):
            log(b, L_ABILITY, s, a, 0)


@kernel
def _begin(b: Any, s: int, a: int, entering: bool) -> bool:
    """Do what ability ``a`` does when it begins; return whether it put another one in its place.

    ``entering``: its owner has just come in, which some abilities ask for (onSwitchIn).
    """
    side, foe = b.sides[s], b.sides[1 - s]
    m, other = side.mons[side.active], foe.mons[foe.active]
    foe_stands = int(other.hp) > 0
    if logged(b):
        _announce(b, s, a, entering)
    if a == A.intimidate:
        if foe_stands:
            log(b, L_ABILITY, s, a, 1)
            if has_volatile(b, 1 - s, c.V_SUBSTITUTE):
                log(b, L_IMMUNE, 1 - s, 0, 0)
        if foe_stands and not has_volatile(b, 1 - s, c.V_SUBSTITUTE):
            boost(b, 1 - s, stage(c.ATK, -1), s, c.EFFECT_ABILITY, a)
    elif a == A.forewarn:
        _forewarn(b, 1 - s)
    elif a == A.drizzle:
        set_weather(b, c.RAIN_DANCE, s)
    elif a == A.drought:
        set_weather(b, c.SUNNY_DAY, s)
    elif a == A.orichalcumpulse:
        if set_weather(b, c.SUNNY_DAY, s):
            log_from(b, L_ACTIVATE, s, 0, 1, c.EFFECT_ABILITY, a, -1)
        elif effective_weather(b) == c.SUNNY_DAY:
            log_from(b, L_ACTIVATE, s, 0, 0, c.EFFECT_ABILITY, a, -1)
    elif a == A.sandstream:
        set_weather(b, c.SANDSTORM, s)
    elif a == A.snowwarning:
        set_weather(b, c.SNOWSCAPE, s)
    elif a == A.desolateland:
        set_weather(b, c.DESOLATE_LAND, s)
    elif a == A.primordialsea:
        set_weather(b, c.PRIMORDIAL_SEA, s)
    elif a == A.deltastream:
        set_weather(b, c.DELTA_STREAM, s)
    elif a == A.electricsurge:
        set_terrain(b, c.ELECTRIC_TERRAIN, s)
    elif a == A.hadronengine:
        if not set_terrain(b, c.ELECTRIC_TERRAIN, s):
            log_from(b, L_ACTIVATE, s, 0, 0, c.EFFECT_ABILITY, a, -1)
    elif a == A.grassysurge:
        set_terrain(b, c.GRASSY_TERRAIN, s)
    elif a == A.mistysurge:
        set_terrain(b, c.MISTY_TERRAIN, s)
    elif a == A.psychicsurge:
        set_terrain(b, c.PSYCHIC_TERRAIN, s)
    elif a == A.airlock or a == A.cloudnine:
        side.ability_flags = int(side.ability_flags) & ~c.ABILITY_ENDING
        weather_change(b)
    elif a == A.protosynthesis or a == A.forecast or a == A.flowergift:
        weather_changed(b, s)
    elif a == A.quarkdrive or a == A.mimicry:
        terrain_changed(b, s)
    elif a == A.iceface:
        w = effective_weather(b)
        if (w == c.HAIL or w == c.SNOWSCAPE) and int(m.species) == S.eiscuenoice:
            log_from(b, L_ACTIVATE, s, 0, 0, c.EFFECT_ABILITY, a, -1)
            side.ability_flags = int(side.ability_flags) & ~c.ABILITY_BUSTED
            forme_change(b, s, S.eiscue, True)
    elif a == A.unnerve or a == A.asoneglastrier or a == A.asonespectrier:
        side.ability_flags = int(side.ability_flags) | c.ABILITY_UNNERVED
    elif a == A.download:
        if foe_stands:
            physical, special = get_stat(b, 1 - s, c.DEF, False), get_stat(b, 1 - s, c.SPD, False)
            if physical != 0 and physical >= special:
                boost(b, s, stage(c.SPA, 1), s, c.EFFECT_ABILITY, a)
            elif special != 0:
                boost(b, s, stage(c.ATK, 1), s, c.EFFECT_ABILITY, a)
    elif a == A.intrepidsword:
        if int(m.flag_bits) & c.MON_SWORD_BOOST == 0:
            m.flag_bits = int(m.flag_bits) | c.MON_SWORD_BOOST
            boost(b, s, stage(c.ATK, 1), s, c.EFFECT_ABILITY, a)
    elif a == A.dauntlessshield:
        if int(m.flag_bits) & c.MON_SHIELD_BOOST == 0:
            m.flag_bits = int(m.flag_bits) | c.MON_SHIELD_BOOST
            boost(b, s, stage(c.DEF, 1), s, c.EFFECT_ABILITY, a)
    elif a == A.supersweetsyrup:
        if int(m.flag_bits) & c.MON_SYRUP_TRIGGERED == 0:
            m.flag_bits = int(m.flag_bits) | c.MON_SYRUP_TRIGGERED
            log(b, L_ABILITY, s, a, 0)
            if foe_stands and has_volatile(b, 1 - s, c.V_SUBSTITUTE):
                log(b, L_IMMUNE, 1 - s, 0, 0)
            if foe_stands and not has_volatile(b, 1 - s, c.V_SUBSTITUTE):
                boost(b, 1 - s, stage(c.EVASION, -1), s, c.EFFECT_ABILITY, a)
    elif a == A.supremeoverlord:
        side.ability_counter = min(5, int(side.total_fainted))
    elif a == A.slowstart:
        side.ability_counter = 5
    elif a == A.gluttony:
        side.ability_flags = int(side.ability_flags) | c.ABILITY_GLUTTONY
    elif a == A.gorillatactics:
        side.ability_data = 0
    elif a == A.windrider:
        if int(side.conditions[c.TAILWIND]) != 0:
            boost(b, s, stage(c.ATK, 1), s, c.EFFECT_ABILITY, a)
    elif a == A.pastelveil:
        if int(m.status) == c.PSN or int(m.status) == c.TOX:
            log_from(b, L_ACTIVATE, s, 0, 0, c.EFFECT_ABILITY, a, -1)
            cure_status(b, s)
    elif a == A.screencleaner:
        activated = False
        for screen in (c.REFLECT, c.LIGHT_SCREEN, c.AURORA_VEIL):
            for k in range(2):
                t = s if k == 0 else 1 - s
                if b.sides[t].conditions[screen] != 0:
                    if not activated:
                        log_from(b, L_ACTIVATE, s, 0, 0, c.EFFECT_ABILITY, a, -1)
                    activated = True
                    remove_side_condition(b, t, screen)
    elif a == A.truant:
        drop_volatile(b, s, c.V_TRUANT)
        if int(side.active_turns) != 0 and (
            int(side.move_this_turn_result) != c.RESULT_UNDEFINED or not will_move(b, s)
        ):
            add_volatile(b, s, c.V_TRUANT, s, c.EFFECT_ABILITY, a)
    elif (
        a == A.embodyaspectteal
        or a == A.embodyaspecthearthflame
        or a == A.embodyaspectwellspring
        or a == A.embodyaspectcornerstone
    ):
        _embody(b, s, a)
    elif a == A.schooling or a == A.shieldsdown:
        hp_forme(b, s, a)
    elif a == A.trace:
        side.ability_flags = int(side.ability_flags) | c.ABILITY_SEEK
        if holds_ability_shield(b, s):
            log_from(b, L_BLOCK, s, 0, 0, c.EFFECT_ITEM, I.abilityshield, -1)
            side.ability_flags = int(side.ability_flags) & ~c.ABILITY_SEEK
        return trace(b, s)
    elif entering:
        if a == A.imposter:
            if can_transform(b, s):
                old = int(m.ability)
                become_foe(b, s)
                log_from(b, L_TRANSFORM, s, 0, 0, c.EFFECT_ABILITY, a, 1 - s)
                _replace(b, s, int(other.ability))
                return int(other.ability) != old
        elif a == A.terashift:
            if SPECIES[m.base_species].base_species == S.terapagos:
                if int(m.species) == S.terapagos:
                    log_from(b, L_ACTIVATE, s, 0, 0, c.EFFECT_ABILITY, a, -1)
                    forme_change(b, s, S.terapagosterastal, True)
                    m.base_ability = SPECIES[S.terapagosterastal].abilities[0]
                    _replace(b, s, int(m.base_ability))
                    return True
        elif a == A.zerotohero:
            if int(m.species) == S.palafinhero:
                if int(m.flag_bits) & c.MON_HERO_MESSAGE == 0:
                    log_from(b, L_ACTIVATE, s, 0, 0, c.EFFECT_ABILITY, a, -1)
                m.flag_bits = int(m.flag_bits) | c.MON_HERO_MESSAGE
        elif a == A.neutralizinggas:
            side.ability_flags = int(side.ability_flags) & ~c.ABILITY_ENDING
            for k in range(2):
                _suppressed(b, k)
    return False


@kernel
def _embody(b: Any, s: int, a: int) -> None:
    """Do Embody Aspect: one boost, once, for an Ogerpon that has Terastallized."""
    side = b.sides[s]
    m = side.mons[side.active]
    if int(m.flag_bits) & c.MON_TERASTALLIZED == 0:
        return
    if int(side.ability_flags) & c.ABILITY_EMBODIED != 0:
        return
    species = int(m.base_species)
    stat = -1
    if a == A.embodyaspectteal and species == S.ogerpontealtera:
        stat = c.SPE
    elif a == A.embodyaspecthearthflame and species == S.ogerponhearthflametera:
        stat = c.ATK
    elif a == A.embodyaspectwellspring and species == S.ogerponwellspringtera:
        stat = c.SPD
    elif a == A.embodyaspectcornerstone and species == S.ogerponcornerstonetera:
        stat = c.DEF
    if stat >= 0:
        side.ability_flags = int(side.ability_flags) | c.ABILITY_EMBODIED
        boost(b, s, stage(stat, 1), s, c.EFFECT_ABILITY, a)


@kernel
def hp_forme(b: Any, s: int, a: int) -> None:
    """Change Schooling's or Shields Down's holder to the forme for its HP."""
    side = b.sides[s]
    m = side.mons[side.active]
    if int(m.flag_bits) & c.MON_TRANSFORMED != 0 or int(m.hp) <= 0:
        return
    species = int(m.species)
    if a == A.shieldsdown:
        if SPECIES[m.base_species].base_species != S.minior:
            return
        if int(m.hp) * 2 > int(m.max_hp):
            if species != S.miniormeteor:
                forme_change(b, s, S.miniormeteor, False)
        elif species == S.miniormeteor:
            # `base_species` is the core it was built with.
            forme_change(b, s, int(m.base_species), False)


@kernel
def trace(b: Any, s: int) -> bool:
    """Copy the foe's ability if Trace is still seeking; return whether it did."""
    side, foe = b.sides[s], b.sides[1 - s]
    if int(side.ability_flags) & c.ABILITY_SEEK == 0:
        return False
    other = foe.mons[foe.active]
    if int(other.hp) <= 0 or ABILITIES[other.ability].no_trace:
        return False
    roll(b, SITE_ABILITY, 0, 1)
    if int(side.mons[side.active].hp) <= 0:  # about to faint: it looks, and cannot copy any more
        return False
    if ABILITIES[other.ability].cant_suppress or holds_ability_shield(b, s):
        return False
    _replace(b, s, int(other.ability))
    log_from(b, L_NEW_ABILITY, s, int(other.ability), A.trace, c.EFFECT_ABILITY, A.trace, 1 - s)
    return True


@kernel
def _replace(b: Any, s: int, new: int) -> None:
    side = b.sides[s]
    side.mons[side.active].ability = new
    side.ability_flags = 0
    side.ability_counter = 0
    side.ability_data = 0


@kernel
def _suppressed(b: Any, s: int) -> None:
    """End what Neutralizing Gas ends when it comes: Illusion, Slow Start, strong weathers."""
    side = b.sides[s]
    m = side.mons[side.active]
    if int(m.flag_bits) & c.MON_FAINTED != 0:
        return
    if holds_ability_shield(b, s):
        log_from(b, L_BLOCK, s, 0, 0, c.EFFECT_ITEM, I.abilityshield, -1)
        return
    if side.illusion != 0:
        side.illusion = 0
        log(b, L_REVEAL, s, 0, 0)
    raw = int(m.ability)
    if raw == A.desolateland or raw == A.primordialsea or raw == A.deltastream:
        _end_strong_weather(b, s, raw)


@kernel
def _end_strong_weather(b: Any, s: int, a: int) -> None:
    """End the weather that the active of ``s`` made, of whichever kind it is by now (onEnd).

    A foe with the same ability keeps it up, and is its maker from then on.
    """
    if int(b.weather_duration) >> 4 != maker_of(b, s):
        return
    if ability(b, 1 - s) == a:
        b.weather_duration = int(b.weather_duration) & 15 | maker_of(b, 1 - s) << 4
    else:
        clear_weather(b)


@kernel
def start_ability(b: Any, s: int, entering: bool) -> None:
    """Start the ability of the active of ``s``, and any that replaces it thereby."""
    for _ in range(3):
        if int(b.sides[s].mons[b.sides[s].active].flag_bits) & c.MON_FAINTED != 0:
            return
        a = ability(b, s)
        if a == 0:
            return
        # Dragged in by a move that ignores abilities, it comes in without those that can be broken.
        if entering and ABILITIES[a].breakable and suppressing_ability(b, s):
            return
        if not _begin(b, s, a, entering):
            return
        # An ability that was traced or copied begins, but its owner did not just come in.
        entering = False


@kernel
def end_ability(b: Any, s: int) -> None:
    """End what the ability of the active of ``s`` holds up (it leaves, faints or loses it)."""
    side = b.sides[s]
    m = side.mons[side.active]
    a = int(m.ability)
    if a == A.airlock or a == A.cloudnine:
        side.ability_flags = int(side.ability_flags) | c.ABILITY_ENDING
        weather_change(b)
    elif a == A.desolateland or a == A.primordialsea or a == A.deltastream:
        _end_strong_weather(b, s, a)
    elif a == A.flashfire:
        remove_volatile(b, s, c.V_FLASHFIRE)
    elif a == A.gorillatactics:
        side.ability_data = 0
    elif a == A.illusion:
        if int(side.flag_bits) & c.SIDE_BEING_CALLED_BACK == 0:
            if side.illusion != 0:
                side.illusion = 0
                if int(m.hp) > 0:  # one that faints is no longer disguised
                    log(b, L_REVEAL, s, 0, 0)
    elif a == A.slowstart:
        if int(side.flag_bits) & c.SIDE_BEING_CALLED_BACK == 0:
            log_from(b, L_END, s, END_ABILITY, 1, c.EFFECT_ABILITY, a, -1)
    elif a == A.protosynthesis:
        log(b, L_END, s, c.V_PROTOSYNTHESIS, 1)
        drop_volatile(b, s, c.V_PROTOSYNTHESIS)
    elif a == A.quarkdrive:
        log(b, L_END, s, c.V_QUARKDRIVE, 1)
        drop_volatile(b, s, c.V_QUARKDRIVE)
    elif a == A.supremeoverlord:
        log(b, L_END, s, END_FALLEN, int(side.ability_counter))
    elif a == A.unburden:
        remove_volatile(b, s, c.V_UNBURDEN)
    elif a == A.unnerve or a == A.asoneglastrier or a == A.asonespectrier:
        side.ability_flags = int(side.ability_flags) & ~c.ABILITY_UNNERVED
    elif a == A.opportunist:
        side.pending_boosts = 0
    elif a == A.neutralizinggas:
        if int(m.flag_bits) & c.MON_TRANSFORMED != 0 or ability(b, 1 - s) == a:
            return
        log_from(b, L_END, s, END_ABILITY, 0, c.EFFECT_ABILITY, a, -1)
        if int(side.ability_flags) & c.ABILITY_ENDING != 0:
            return
        side.ability_flags = int(side.ability_flags) | c.ABILITY_ENDING
        foe = b.sides[1 - s]
        other = int(foe.mons[foe.active].ability)
        flags = int(m.flag_bits) | int(foe.mons[foe.active].flag_bits)
        if flags & c.MON_FAINTED == 0 and even(b):
            tied(b, 0)
        if not ABILITIES[other].cant_suppress and not holds_ability_shield(b, 1 - s):
            start_ability(b, 1 - s, False)
            if int(foe.mons[foe.active].ability) == A.gluttony:
                foe.ability_flags = int(foe.ability_flags) & ~c.ABILITY_GLUTTONY


@kernel
def may_set_ability(b: Any, s: int, new: int) -> bool:
    """Return whether the ability of the active of ``s`` can be replaced by ``new``."""
    m = b.sides[s].mons[b.sides[s].active]
    if int(m.hp) <= 0 or ABILITIES[new].cant_suppress or ABILITIES[m.ability].cant_suppress:
        return False
    return not holds_ability_shield(b, s)


@kernel
def set_ability(b: Any, s: int, new: int, source: int, effect: int, effect_id: int) -> int:
    """Replace the ability of the active of ``s`` and start the new one (``setAbility``).

    Returns DONE, FAILED, or UNSAID where an Ability Shield prevents it.
    """
    old = int(b.sides[s].mons[b.sides[s].active].ability)
    if not may_set_ability(b, s, new):
        m = b.sides[s].mons[b.sides[s].active]
        changeable = not ABILITIES[new].cant_suppress and not ABILITIES[old].cant_suppress
        if not changeable or int(m.hp) <= 0:
            return FAILED
        if effect == c.EFFECT_ABILITY:
            log(b, L_ABILITY, source, effect_id, 0)
        log_from(b, L_BLOCK, s, 0, 0, c.EFFECT_ITEM, I.abilityshield, -1)
        return UNSAID
    end_ability(b, s)
    _replace(b, s, new)
    if effect == c.EFFECT_ABILITY:
        log_from(b, L_GIVE_ABILITY, source, new, old, effect, effect_id, s)
    else:
        log_from(b, L_NEW_ABILITY, s, new, old, effect, effect_id, source)
    start_ability(b, s, False)
    return DONE


@kernel
def shields_block_swap(b: Any, s: int) -> bool:
    """Return whether an Ability Shield keeps both actives' abilities (Skill Swap); log which."""
    for k in range(2):
        t = 1 - s if k == 0 else s
        if holds_ability_shield(b, t):
            log_from(b, L_BLOCK, t, 0, 0, c.EFFECT_ITEM, I.abilityshield, -1)
            return True
    return False


@kernel
def swap_abilities(b: Any, source: int) -> None:
    """Exchange both actives' abilities (Skill Swap); the caller has asked whether it may."""
    one, two = b.sides[0], b.sides[1]
    user, foe = b.sides[source], b.sides[1 - source]
    new, old = int(foe.mons[foe.active].ability), int(user.mons[user.active].ability)
    log_from(b, L_SWAP_ABILITIES, source, new, old, c.EFFECT_NONE, 0, 1 - source)
    end_ability(b, source)
    end_ability(b, 1 - source)
    user.flag_bits = int(user.flag_bits) & ~c.SIDE_STALE
    foe.flag_bits = int(foe.flag_bits) | c.SIDE_STALE
    first = int(one.mons[one.active].ability)
    _replace(b, 0, int(two.mons[two.active].ability))
    _replace(b, 1, first)


@kernel
def take_forme_ability(b: Any, s: int) -> None:
    """Give the active of ``s`` the ability of its new forme for good, and start it."""
    m = b.sides[s].mons[b.sides[s].active]
    new = int(SPECIES[m.species].abilities[0])
    end_ability(b, s)
    m.base_ability = new
    _replace(b, s, new)
    start_ability(b, s, False)


@kernel
def transform(b: Any, s: int) -> bool:
    """Transform the active of ``s`` into its foe; return whether it could."""
    if not can_transform(b, s):
        return False
    foe = b.sides[1 - s]
    old = int(b.sides[s].mons[b.sides[s].active].ability)
    new = int(foe.mons[foe.active].ability)
    become_foe(b, s)
    log_from(b, L_TRANSFORM, s, 0, 0, c.EFFECT_NONE, 0, 1 - s)
    end_ability(b, s)
    _replace(b, s, new)
    if new != old:
        start_ability(b, s, False)
    return True
