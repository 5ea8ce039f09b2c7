"""Changes of species: formes, Transform, and the return to the own species on leaving."""

from typing import Any

import plywise.engine.battle.move_ids as M
import plywise.engine.battle.species_ids as S
from plywise.engine.battle import constants as c
from plywise.engine.battle.log_events import (
    L_SPECIES,
    L_START,
    SPECIES_HP,
    SPECIES_LASTING,
    SPECIES_MESSAGE,
    log,
)
from plywise.engine.battle.stats import (
    MOST_ATTACKS,
    drop_volatile,
    has_volatile,
    max_hp_of,
    own_types,
    put_volatile,
    set_stats,
)
from plywise.engine.battle.tables import MOVES, SPECIES
from plywise.engine.compile.jit import kernel


@kernel
def set_species(b: Any, s: int, species: int) -> None:
    """Give the active of ``s`` a species' types and stats (Showdown's ``setSpecies``)."""
    side = b.sides[s]
    i = int(side.active)
    m = side.mons[i]
    m.species = species
    row = SPECIES[species]
    side.types[0] = row.types[0]
    side.types[1] = row.types[1]
    side.added_type = 0
    side.flag_bits = int(side.flag_bits) & ~c.SIDE_TYPES_UNSEEN
    set_stats(b, s, i, species)
    # So Showdown: the Speed that events are ordered by is the bare stat until the next update.
    side.speed = m.stats[c.SPE]


@kernel
def forme_change(b: Any, s: int, species: int, permanent: bool) -> None:
    """Change the forme of the active of ``s``; its ability is the caller's business.

    A permanent change also holds on the bench and changes the maximal HP.
    """
    set_species(b, s, species)
    side = b.sides[s]
    if int(side.mons[side.active].flag_bits) & c.MON_TERASTALLIZED != 0:
        side.flag_bits = int(side.flag_bits) | c.SIDE_TERA_SEEN
    if not permanent:
        sings = int(b.move.id) == M.relicsong and int(b.move.side) == s
        log(b, L_SPECIES, s, species, SPECIES_MESSAGE if sings else 0)
        return
    m = side.mons[side.active]
    m.base_species = species
    most = max_hp_of(species, int(m.spread[0]), int(m.level))
    if most != int(m.max_hp):
        if int(m.hp) > 0:
            m.hp = max(1, most - (int(m.max_hp) - int(m.hp)))
        m.max_hp = most
        log(b, L_SPECIES, s, species, SPECIES_LASTING | SPECIES_HP)
    else:
        log(b, L_SPECIES, s, species, SPECIES_LASTING)


@kernel
def can_transform(b: Any, s: int) -> bool:
    """Return whether the active of ``s`` could transform into its foe."""
    side, foe = b.sides[s], b.sides[1 - s]
    m, target = side.mons[side.active], foe.mons[foe.active]
    if int(target.flag_bits) & (c.MON_FAINTED | c.MON_TRANSFORMED) != 0 or int(target.hp) <= 0:
        return False
    if int(m.flag_bits) & c.MON_TRANSFORMED != 0 or side.illusion != 0 or foe.illusion != 0:
        return False
    if has_volatile(b, 1 - s, c.V_SUBSTITUTE):
        return False
    base = SPECIES[target.species].base_species
    if base == S.ogerpon or base == S.terapagos:
        if (int(m.flag_bits) | int(target.flag_bits)) & c.MON_TERASTALLIZED != 0:
            return False
    return not (int(m.flag_bits) & c.MON_TERASTALLIZED != 0 and int(m.tera_type) == c.TYPE_STELLAR)


@kernel
def become_foe(b: Any, s: int) -> None:
    """Copy species, types, stats, moves and stages of the foe (Transform); not its ability."""
    side, foe = b.sides[s], b.sides[1 - s]
    m, target = side.mons[side.active], foe.mons[foe.active]
    set_species(b, s, int(target.species))
    m.flag_bits = int(m.flag_bits) | c.MON_TRANSFORMED
    first, second = int(foe.types[0]), int(foe.types[1])
    if not has_volatile(b, 1 - s, c.V_ROOST):
        first, second, _ = own_types(b, 1 - s)
    side.types[0] = first
    side.types[1] = second
    side.added_type = foe.added_type
    seen = int(foe.flag_bits) & c.SIDE_TYPES_UNSEEN != 0
    if int(target.flag_bits) & c.MON_TERASTALLIZED != 0:
        seen = int(foe.flag_bits) & c.SIDE_TERA_SEEN != 0
        seen = seen and (second != c.TYPE_NONE or int(target.tera_type) != first)
    if seen:  # as what it copies
        side.flag_bits = int(side.flag_bits) | c.SIDE_TYPES_UNSEEN
    for stat in range(5):
        m.stats[stat] = target.stats[stat]
    attacks = int(target.times_attacked) & MOST_ATTACKS
    m.times_attacked = (int(m.times_attacked) & ~MOST_ATTACKS) | attacks
    for k in range(4):
        # What Mimic replaced stands there already.
        mimicked = int(side.flag_bits) & c.SIDE_MIMICKED != 0
        if not mimicked or int(side.base_moves[k]) == int(m.moves[k]):
            side.base_moves[k] = m.moves[k]
            side.base_pp[k] = m.pp[k]
        m.moves[k] = target.moves[k]
        m.pp[k] = min(5, int(MOVES[target.moves[k]].pp))
    side.used_moves = 0
    side.disabled_moves = 0
    for stat in range(7):
        side.boosts[stat] = foe.boosts[stat]
    drop_volatile(b, s, c.V_FOCUSENERGY)
    drop_volatile(b, s, c.V_DRAGONCHEER)
    if has_volatile(b, 1 - s, c.V_DRAGONCHEER):
        put_volatile(b, s, c.V_DRAGONCHEER)
        log(b, L_START, s, c.V_DRAGONCHEER, 1)
    if has_volatile(b, 1 - s, c.V_FOCUSENERGY):
        put_volatile(b, s, c.V_FOCUSENERGY)
        log(b, L_START, s, c.V_FOCUSENERGY, 1)
    base = SPECIES[target.species].base_species
    if base == S.ogerpon or base == S.terapagos:
        side.flag_bits = int(side.flag_bits) | c.SIDE_CANNOT_TERASTALLIZE


@kernel
def clear_volatile(b: Any, s: int) -> None:
    """Forget everything that belongs to the active of ``s`` only (Showdown's ``clearVolatile``).

    The ability goes back to the base one, species and moves too.  ``switch_flag`` stays.
    """
    side = b.sides[s]
    m = side.mons[side.active]
    transformed = int(m.flag_bits) & c.MON_TRANSFORMED != 0
    if transformed or int(side.flag_bits) & c.SIDE_MIMICKED != 0:
        for k in range(4):
            if transformed or int(m.moves[k]) != int(side.base_moves[k]):
                m.moves[k] = side.base_moves[k]
                m.pp[k] = side.base_pp[k]
            side.base_moves[k] = 0
            side.base_pp[k] = 0
        m.flag_bits = int(m.flag_bits) & ~c.MON_TRANSFORMED
    m.ability = m.base_ability
    if has_volatile(b, s, c.V_TRAPPED):
        drop_volatile(b, 1 - s, c.V_TRAPPER)
    if has_volatile(b, s, c.V_TRAPPER):
        drop_volatile(b, 1 - s, c.V_TRAPPED)
    for k in range(3):
        side.volatiles[k] = 0
    side.volatile_order = 0
    for stat in range(7):
        side.boosts[stat] = 0
    side.pending_boosts = 0
    side.flag_bits = (int(side.flag_bits) & c.SIDE_LASTING) | c.SIDE_NEWLY_SWITCHED
    side.substitute_hp = 0
    side.stall_counter = 0
    side.stall_duration = 0
    side.locked_move = 0
    side.locked_move_duration = 0
    side.locked_move_true_duration = 0
    side.two_turn_move = 0
    side.two_turn_duration = 0
    side.choice_lock = 0
    side.encore_move = 0
    side.encore_duration = 0
    side.disable_move = 0
    side.disable_duration = 0
    side.ability_data = 0
    side.ability_flags = 0
    side.ability_counter = 0
    side.item_flags = 0
    side.metronome_move = 0
    side.metronome_count = 0
    side.counter_damage = 0
    side.last_move = 0
    side.last_move_used = 0
    side.hurt_this_turn = 0
    side.attacked_damage = 0
    side.attackers = 0
    side.confusion_time = 0
    side.taunt_duration = 0
    side.heal_block_duration = 0
    side.throat_chop_duration = 0
    side.yawn_duration = 0
    side.perish_duration = 0
    side.magnet_rise_duration = 0
    side.must_recharge_duration = 0
    side.lock_on_duration = 0
    side.lock_on_source = 0
    side.ally_switch = 0
    side.syrup_bomb_duration = 0
    side.syrup_bomb_source = 0
    side.uproar_duration = 0
    side.attract_source = 0
    side.partial_trap_duration = 0
    side.partial_trap_divisor = 0
    side.partial_trap_source = 0
    side.paradox_stat = 0
    side.stockpile_layers = 0
    side.stockpile_def = 0
    side.stockpile_spd = 0
    side.move_streak = 0
    side.micle_duration = 0
    side.move_last_turn_result = c.RESULT_UNDEFINED
    side.move_this_turn_result = c.RESULT_UNDEFINED
    side.used_moves = 0
    side.disabled_moves = 0
    side.trapped = 0
    set_species(b, s, int(m.base_species))
