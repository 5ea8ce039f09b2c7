"""Berries, statuses with the berries that cure them, and items that act when they are got."""

from typing import Any

import numpy as np

import plywise.engine.battle.ability_ids as A
import plywise.engine.battle.item_ids as I
from plywise.engine.battle import constants as c
from plywise.engine.battle.chance import SITE_ITEM, roll
from plywise.engine.battle.conditions import (
    add_volatile,
    cure_status,
    remove_volatile,
    set_status,
)
from plywise.engine.battle.event_ties import (
    AFTER_SET_STATUS,
    NO_SOURCE,
    TRY_EAT_ITEM,
    event_ties,
    first_holders,
)
from plywise.engine.battle.field import use_seed
from plywise.engine.battle.log_conditions import log_same_status
from plywise.engine.battle.log_events import (
    ENDED_EATEN,
    FAIL_PLAIN,
    FAIL_STATUS,
    L_ACTIVATE,
    L_ACTIVATE_MOVE,
    L_END,
    L_END_ITEM,
    L_FAIL,
    L_ITEM,
    L_STILL,
    log,
    log_from,
)
from plywise.engine.battle.names import ITEM_ID, ITEM_NAMES
from plywise.engine.battle.ops import boost, consume_item, fraction, heal, stage, use_item
from plywise.engine.battle.species_ids import pecharunt
from plywise.engine.battle.stats import (
    NATURE_EFFECTS,
    ability,
    effective_weather,
    item,
    max_pp_of_slot,
)
from plywise.engine.battle.tables import ITEMS
from plywise.engine.battle.ties import even
from plywise.engine.compile.jit import kernel

# How each berry works, so that code asks for the kind instead of for thirty names.
(
    BERRY_OTHER,
    BERRY_HEAL_QUARTER,  # Sitrus: at half HP
    BERRY_HEAL_TEN,  # Oran: at half HP
    BERRY_HEAL_THIRD,  # Figy ...: at a quarter HP; confuses a Pokémon that dislikes it
    BERRY_BOOST,  # Liechi ...: at a quarter HP
    BERRY_STARF,
    BERRY_LANSAT,
    BERRY_MICLE,
    BERRY_CURE,  # one status
    BERRY_LUM,
    BERRY_PERSIM,
    BERRY_LEPPA,
    BERRY_HIT_BOOST,  # Kee, Maranga: when hit
    BERRY_ENIGMA,
) = range(14)


def _berries() -> tuple[list[int], list[int]]:
    kinds, data = [0] * len(ITEM_NAMES), [0] * len(ITEM_NAMES)
    listed = {
        "sitrusberry": (BERRY_HEAL_QUARTER, 0),
        "enigmaberry": (BERRY_ENIGMA, 0),
        "oranberry": (BERRY_HEAL_TEN, 0),
        "figyberry": (BERRY_HEAL_THIRD, c.ATK),
        "wikiberry": (BERRY_HEAL_THIRD, c.SPA),
        "magoberry": (BERRY_HEAL_THIRD, c.SPE),
        "aguavberry": (BERRY_HEAL_THIRD, c.SPD),
        "iapapaberry": (BERRY_HEAL_THIRD, c.DEF),
        "liechiberry": (BERRY_BOOST, c.ATK),
        "ganlonberry": (BERRY_BOOST, c.DEF),
        "petayaberry": (BERRY_BOOST, c.SPA),
        "apicotberry": (BERRY_BOOST, c.SPD),
        "salacberry": (BERRY_BOOST, c.SPE),
        "keeberry": (BERRY_HIT_BOOST, c.DEF),
        "marangaberry": (BERRY_HIT_BOOST, c.SPD),
        "starfberry": (BERRY_STARF, 0),
        "lansatberry": (BERRY_LANSAT, 0),
        "micleberry": (BERRY_MICLE, 0),
        "cheriberry": (BERRY_CURE, c.PAR),
        "chestoberry": (BERRY_CURE, c.SLP),
        "pechaberry": (BERRY_CURE, c.PSN),
        "rawstberry": (BERRY_CURE, c.BRN),
        "aspearberry": (BERRY_CURE, c.FRZ),
        "lumberry": (BERRY_LUM, 0),
        "persimberry": (BERRY_PERSIM, 0),
        "leppaberry": (BERRY_LEPPA, 0),
    }
    for name, (kind, value) in listed.items():
        kinds[ITEM_ID[name]], data[ITEM_ID[name]] = kind, value
    return kinds, data


_KINDS, _DATA = _berries()
BERRY_KIND = np.array(_KINDS, np.uint8)
BERRY_DATA = np.array(_DATA, np.uint8)


@kernel
def _cures(status: int, berry: int) -> bool:
    """Return whether a berry of the kind BERRY_CURE heals a status."""
    cured = int(BERRY_DATA[berry])
    return status == cured or (cured == c.PSN and status == c.TOX)


@kernel
def _ignores_items(b: Any, s: int) -> bool:
    """Return whether no item does anything for the active of ``s``: Magic Room, Klutz."""
    if b.pseudo_weather[c.MAGIC_ROOM] != 0:
        return True
    m = b.sides[s].mons[b.sides[s].active]
    return not ITEMS[m.held_item].ignore_klutz and ability(b, s) == A.klutz


@kernel
def eat_effect(b: Any, s: int, berry: int, source: int) -> None:
    """Apply the effect of eating ``berry`` to the active of ``s``, its owner or not (onEat).

    ``source`` is the side of the one that made it eat.
    """
    side = b.sides[s]
    m = side.mons[side.active]
    if _ignores_items(b, s):
        return
    kind = int(BERRY_KIND[berry])
    if kind == BERRY_HEAL_QUARTER:
        heal(b, s, fraction(int(m.max_hp), 4), source, c.EFFECT_ITEM, berry)
    elif kind == BERRY_HEAL_TEN:
        heal(b, s, 10, source, c.EFFECT_ITEM, berry)
    elif kind == BERRY_HEAL_THIRD:
        heal(b, s, fraction(int(m.max_hp), 3), source, c.EFFECT_ITEM, berry)
        if NATURE_EFFECTS[int(m.nature) & 31, 1] == BERRY_DATA[berry]:
            add_volatile(b, s, c.V_CONFUSION, s, c.EFFECT_ITEM, berry)
    elif kind == BERRY_BOOST or kind == BERRY_HIT_BOOST:
        boost(b, s, stage(int(BERRY_DATA[berry]), 1), s, c.EFFECT_ITEM, berry)
    elif kind == BERRY_STARF:
        count = 0
        for stat in range(5):
            count += int(side.boosts[stat]) < 6
        if count > 0:
            chosen = roll(b, SITE_ITEM, 0, count)
            for stat in range(5):
                if int(side.boosts[stat]) < 6:
                    if chosen == 0:
                        boost(b, s, stage(stat, 2), s, c.EFFECT_ITEM, berry)
                        break
                    chosen -= 1
    elif kind == BERRY_LANSAT:
        add_volatile(b, s, c.V_FOCUSENERGY, s, c.EFFECT_ITEM, berry)
    elif kind == BERRY_MICLE:
        add_volatile(b, s, c.V_MICLEBERRY, s, c.EFFECT_ITEM, berry)
    elif kind == BERRY_CURE:
        if _cures(int(m.status), berry):
            cure_status(b, s)
    elif kind == BERRY_LUM:
        cure_status(b, s)
        remove_volatile(b, s, c.V_CONFUSION)
    elif kind == BERRY_PERSIM:
        remove_volatile(b, s, c.V_CONFUSION)
    elif kind == BERRY_LEPPA:
        chosen = -1
        for k in range(4):
            if chosen < 0 and int(m.moves[k]) != 0 and int(m.pp[k]) == 0:
                chosen = k
        for k in range(4):
            if chosen < 0 and int(m.pp[k]) < max_pp_of_slot(b, s, int(side.active), k):
                chosen = k
        if chosen >= 0:
            added = 20 if ability(b, s) == A.ripen else 10
            most = max_pp_of_slot(b, s, int(side.active), chosen)
            m.pp[chosen] = min(int(m.pp[chosen]) + added, most)
            log_from(b, L_ACTIVATE_MOVE, s, int(m.moves[chosen]), 0, c.EFFECT_ITEM, berry, -1)


@kernel
def after_eating(b: Any, s: int, berry: int, bitten: bool, source: int) -> None:
    """Run abilities that react to an eaten berry (EatItem): Cheek Pouch, Cud Chew, Ripen.

    ``bitten``: by Bug Bite or Pluck, off the foe; ``source`` is the side that made it eat.
    """
    side = b.sides[s]
    m = side.mons[side.active]
    a = ability(b, s)
    if a == A.cheekpouch:
        heal(b, s, fraction(int(m.max_hp), 3), source, c.EFFECT_ABILITY, a)
    elif a == A.ripen:
        flags = int(side.ability_flags) & ~c.ABILITY_BERRY_WEAKEN
        weakens = ITEMS[berry].resist_type != c.TYPE_NONE
        side.ability_flags = flags | (c.ABILITY_BERRY_WEAKEN if weakens else 0)
    elif a == A.cudchew and ITEMS[berry].berry and not bitten:
        side.ability_data = berry
        waiting = int(b.queue_length) != 0 or int(b.residual_pending) != 0
        side.ability_counter = 2 if waiting else 1


@kernel
def eat_item(b: Any, s: int, forced: bool) -> bool:
    """Make the active of ``s`` eat its berry by itself (:func:`eat_item_by`)."""
    return eat_item_by(b, s, forced, s)


@kernel
def eat_item_by(b: Any, s: int, forced: bool, source: int) -> bool:
    """Make the active of ``s`` eat its berry unless something prevents it; return whether it did.

    ``forced``: Unnerve and the like are not asked (a move feeds it).  ``source`` is the side that
    Showdown takes for the cause, which the log names where it is the other one.
    """
    side = b.sides[s]
    m = side.mons[side.active]
    berry = int(m.held_item)
    if berry == 0:
        return False
    if int(m.hp) <= 0 and berry != I.jabocaberry and berry != I.rowapberry:
        return False
    if not forced:
        if even(b):
            event_ties(b, TRY_EAT_ITEM, s, NO_SOURCE)
        foe = ability(b, 1 - s)
        standing = int(b.sides[1 - s].mons[b.sides[1 - s].active].hp) > 0
        if foe == A.unnerve or foe == A.asoneglastrier or foe == A.asonespectrier:
            if standing and int(b.sides[1 - s].ability_flags) & c.ABILITY_UNNERVED != 0:
                return False
        kind = int(BERRY_KIND[berry])
        if (
            kind == BERRY_HEAL_QUARTER
            or kind == BERRY_HEAL_TEN
            or kind == BERRY_HEAL_THIRD
            or kind == BERRY_ENIGMA
        ):
            if int(side.volatiles[c.V_HEALBLOCK >> 5]) >> (c.V_HEALBLOCK & 31) & 1 != 0:
                return False
            if int(side.ability_flags) & c.ABILITY_UNCHECKED != 0:
                return False
        if ability(b, s) == A.ripen:
            log_from(b, L_ACTIVATE, s, 0, 0, c.EFFECT_ABILITY, A.ripen, -1)
    log(b, L_END_ITEM, s, berry, ENDED_EATEN)
    eat_effect(b, s, berry, source)
    after_eating(b, s, berry, False, source)
    stale = int(m.times_attacked)
    if stale & c.STALE_ITEM != 0 and ITEMS[berry].restorative:
        if stale & c.STALE_EXTERNAL == 0:
            stale |= c.STALE_INTERNAL
        m.times_attacked = stale & ~c.STALE_ITEM
    m.flag_bits = int(m.flag_bits) | c.MON_ATE_BERRY
    consume_item(b, s)
    return True


@kernel
def pinch(b: Any, s: int) -> bool:
    """Return whether a berry for a quarter of the HP would be eaten (Gluttony: half)."""
    side = b.sides[s]
    m = side.mons[side.active]
    hp, most = int(m.hp), int(m.max_hp)
    if hp * 4 <= most:
        return True
    return (
        hp * 2 <= most
        and ability(b, s) == A.gluttony
        and int(side.ability_flags) & c.ABILITY_GLUTTONY != 0
    )


@kernel
def update_item(b: Any, s: int) -> None:
    """Run the item of the active of ``s`` if its condition is met (onUpdate)."""
    held = item(b, s)
    if held == 0:
        return
    side = b.sides[s]
    m = side.mons[side.active]
    if int(m.hp) <= 0:
        return
    kind = int(BERRY_KIND[held])
    if kind != BERRY_OTHER:
        eat = False
        if kind == BERRY_HEAL_QUARTER or kind == BERRY_HEAL_TEN:
            eat = int(m.hp) * 2 <= int(m.max_hp)
        elif (
            kind == BERRY_HEAL_THIRD
            or kind == BERRY_BOOST
            or kind == BERRY_STARF
            or kind == BERRY_LANSAT
        ):
            eat = pinch(b, s)
        elif kind == BERRY_CURE:
            eat = _cures(int(m.status), held)
        elif kind == BERRY_LUM:
            eat = int(m.status) != c.NO_STATUS or int(side.volatiles[0]) & (1 << c.V_CONFUSION) != 0
        elif kind == BERRY_PERSIM:
            eat = int(side.volatiles[0]) & (1 << c.V_CONFUSION) != 0
        elif kind == BERRY_LEPPA:
            for k in range(4):
                if int(m.moves[k]) != 0 and int(m.pp[k]) == 0:
                    eat = True
        if eat:
            eat_item(b, s, False)
    elif held == I.boosterenergy:
        use_booster(b, s)
    elif held == I.mentalherb:
        use_mental_herb(b, s)


@kernel
def use_booster(b: Any, s: int) -> None:
    """Use a Booster Energy that has started and that neither sun nor terrain makes needless."""
    side = b.sides[s]
    m = side.mons[side.active]
    if int(side.item_flags) & c.ITEM_STARTED == 0 or int(m.flag_bits) & c.MON_TRANSFORMED != 0:
        return
    a = ability(b, s)
    if a == A.protosynthesis and effective_weather(b) != c.SUNNY_DAY:
        if use_item(b, s):
            add_volatile(b, s, c.V_PROTOSYNTHESIS, s, c.EFFECT_ITEM, I.boosterenergy)
    elif a == A.quarkdrive and b.terrain != c.ELECTRIC_TERRAIN:
        if use_item(b, s):
            add_volatile(b, s, c.V_QUARKDRIVE, s, c.EFFECT_ITEM, I.boosterenergy)


_MENTAL = np.array(
    [
        c.V_ATTRACT,
        c.V_TAUNT,
        c.V_ENCORE,
        c.V_TORMENT,
        c.V_DISABLE,
        c.V_HEALBLOCK,
    ],
    np.uint8,
)


@kernel
def use_mental_herb(b: Any, s: int) -> None:
    """Use a Mental Herb if one of its six conditions is there; it ends them all."""
    for v in _MENTAL:
        if int(b.sides[s].volatiles[int(v) >> 5]) >> (int(v) & 31) & 1 != 0:
            if use_item(b, s):
                free_mind(b, s)
            return


@kernel
def free_mind(b: Any, s: int) -> None:
    """End what a Mental Herb ends."""
    for v in _MENTAL:
        if remove_volatile(b, s, int(v)) and int(v) == c.V_ATTRACT:
            log_from(b, L_END, s, c.V_ATTRACT, 0, c.EFFECT_ITEM, I.mentalherb, -1)


@kernel
def start_item(b: Any, s: int, entering: bool) -> None:
    """Run an item that acts when its holder comes in or gets it (onStart).

    One that is given begins even where Klutz or Magic Room keep it from working.
    """
    side = b.sides[s]
    m = side.mons[side.active]
    held = int(m.held_item)
    if held == 0 or int(m.hp) <= 0:
        return
    if ITEMS[held].choice:
        remove_volatile(b, s, c.V_CHOICELOCK)
        return
    working = item(b, s)
    if entering and working == 0:
        return
    if held == I.boosterenergy:
        side.item_flags = int(side.item_flags) | c.ITEM_STARTED
        use_booster(b, s)
    elif held == I.airballoon:
        if working == held and b.pseudo_weather[c.GRAVITY] == 0:
            log(b, L_ITEM, s, held, 0)
    elif held == I.metronome:
        add_volatile(b, s, c.V_METRONOME, s, c.EFFECT_ITEM, held)
    elif working == 0:
        return
    elif held == I.roomservice:
        if b.pseudo_weather[c.TRICK_ROOM] != 0:
            use_item(b, s)
    elif held == I.whiteherb:
        white_herb(b, s)
    else:
        use_seed(b, s)


@kernel
def white_herb(b: Any, s: int) -> None:
    """Use a White Herb if a stage is below zero."""
    m = b.sides[s].mons[b.sides[s].active]
    if m.held_item != I.whiteherb or item(b, s) != I.whiteherb:
        return
    for stat in range(7):
        if int(b.sides[s].boosts[stat]) < 0:
            use_item(b, s)
            return


@kernel
def set_item(b: Any, s: int, new: int) -> bool:
    """Give the active of ``s`` an item (0: none), which may act at once; false if fainted."""
    side = b.sides[s]
    m = side.mons[side.active]
    if int(m.hp) <= 0:
        return False
    m.held_item = new
    side.item_flags = 0
    m.times_attacked = int(m.times_attacked) | c.STALE_ITEM
    start_item(b, s, False)
    return True


# ------------------------------------------------------------------------------------- statuses
@kernel
def _puppeteer(b: Any, s: int, source: int, effect: int) -> None:
    """Confuse the active of ``s``, newly poisoned by a move of a Pecharunt with its ability."""
    m = b.sides[s].mons[b.sides[s].active]
    if source >= 0 and source != s and effect == c.EFFECT_MOVE:
        if int(m.status) == c.PSN or int(m.status) == c.TOX:
            foe = b.sides[source]
            if (
                ability(b, source) == A.poisonpuppeteer
                and int(foe.mons[foe.active].hp) > 0
                and int(foe.mons[foe.active].base_species) == pecharunt
            ):
                add_volatile(b, s, c.V_CONFUSION, source, c.EFFECT_ABILITY, A.poisonpuppeteer)


@kernel
def _synchronize(b: Any, s: int, status: int, source: int, effect: int, effect_id: int) -> None:
    """Give the source the status that it gave to the active of ``s``, if that has Synchronize."""
    by_spikes = effect == c.EFFECT_SIDE_CONDITION and effect_id == c.TOXIC_SPIKES
    if (
        source < 0
        or source == s
        or by_spikes
        or status == c.SLP
        or status == c.FRZ
        or ability(b, s) != A.synchronize
    ):
        return
    other = b.sides[source].mons[b.sides[source].active]
    log_from(b, L_ACTIVATE, s, 0, 0, c.EFFECT_ABILITY, A.synchronize, -1)
    if int(other.hp) <= 0:
        return
    if int(other.status) == c.NO_STATUS:
        if set_status(b, source, status, s, c.EFFECT_ABILITY, A.synchronize, False):
            if even(b):
                event_ties(b, AFTER_SET_STATUS, source, s)
            if ability(b, source) == A.synchronize:  # would give it back
                log_from(b, L_ACTIVATE, source, 0, 0, c.EFFECT_ABILITY, A.synchronize, -1)
                log(b, L_FAIL, s, FAIL_STATUS, status)
            if item(b, source) == I.lumberry:
                eat_item(b, source, False)
    elif int(other.status) == status:
        log(b, L_FAIL, source, FAIL_STATUS, status)
    else:
        log(b, L_FAIL, s, FAIL_PLAIN, 0)
        log(b, L_STILL, s, 0, 0)


@kernel
def _get_status(
    b: Any, s: int, status: int, source: int, effect: int, effect_id: int, forced: bool
) -> bool:
    if not set_status(b, s, status, source, effect, effect_id, forced):
        return False
    # AfterSetStatus
    if first_holders(b, AFTER_SET_STATUS, s, source) & 1 == s:
        _synchronize(b, s, status, source, effect, effect_id)
        _puppeteer(b, s, source, effect)
    else:
        _puppeteer(b, s, source, effect)
        _synchronize(b, s, status, source, effect, effect_id)
    if item(b, s) == I.lumberry:
        eat_item(b, s, False)
    return True


@kernel
def try_status(b: Any, s: int, status: int, source: int, effect: int, effect_id: int) -> bool:
    """Give the active of ``s`` a status if it has none and nothing stops it (``trySetStatus``)."""
    m = b.sides[s].mons[b.sides[s].active]
    if int(m.hp) > 0 and int(m.status) != c.NO_STATUS:
        log_same_status(b, s, source, effect, effect_id)
        return False
    return _get_status(b, s, status, source, effect, effect_id, False)


@kernel
def replace_status(b: Any, s: int, status: int, source: int, effect: int, effect_id: int) -> bool:
    """Give the active of ``s`` a status in place of any other (Rest)."""
    return _get_status(b, s, status, source, effect, effect_id, False)
