"""The faint queue: fainted Pokémon, reactions to fainting, and the winner."""

from typing import Any

import plywise.engine.battle.ability_ids as A
import plywise.engine.battle.move_ids as M
import plywise.engine.battle.species_ids as S
from plywise.engine.battle import constants as c
from plywise.engine.battle.abilities import end_ability
from plywise.engine.battle.formes import clear_volatile
from plywise.engine.battle.log_events import (
    L_ACTIVATE,
    L_FAINT,
    L_SPECIES,
    L_WIN,
    SPECIES_LASTING,
    SPECIES_SILENT,
    log,
    log_from,
)
from plywise.engine.battle.ops import boost, faint, stage
from plywise.engine.battle.stats import ability, best_stat, has_volatile, max_hp_of
from plywise.engine.battle.tables import F_FUTURE, MOVES, SPECIES
from plywise.engine.compile.jit import kernel


@kernel
def check_win(b: Any, last_fainted: int) -> bool:
    """Set the winner if a side has no Pokémon left; of two, the side that fainted last wins."""
    if int(b.winner) != c.WINNER_NONE:
        return True
    none_left_0 = int(b.sides[0].pokemon_left) == 0
    none_left_1 = int(b.sides[1].pokemon_left) == 0
    if none_left_0 and none_left_1:
        b.winner = last_fainted if last_fainted >= 0 else c.WINNER_TIE
    elif none_left_0:
        b.winner = 1
    elif none_left_1:
        b.winner = 0
    else:
        return False
    log(b, L_WIN, 0, int(b.winner), 0)
    return True


@kernel
def _answer_faint(b: Any, source: int, effect: int, length: int) -> None:
    """Run the gains of the Pokémon that knocked out (SourceAfterFaint): Moxie and the like."""
    if source < 0 or effect != c.EFFECT_MOVE:
        return
    side = b.sides[source]
    a = ability(b, source)
    changes = 0
    if a == A.moxie or a == A.chillingneigh or a == A.asoneglastrier:
        changes = stage(c.ATK, length)
    elif a == A.grimneigh or a == A.asonespectrier:
        changes = stage(c.SPA, length)
    elif a == A.beastboost:
        changes = stage(best_stat(b, source, True), length)
    elif a == A.battlebond:
        m = side.mons[side.active]
        if (
            int(m.species) == S.greninjabond
            and int(m.hp) > 0
            and int(m.flag_bits) & (c.MON_TRANSFORMED | c.MON_BOND_TRIGGERED) == 0
            and int(b.sides[1 - source].pokemon_left) != 0
        ):
            boost(
                b,
                source,
                stage(c.ATK, 1) + stage(c.SPA, 1) + stage(c.SPE, 1),
                source,
                c.EFFECT_ABILITY,
                a,
            )
            log_from(b, L_ACTIVATE, source, 0, 0, c.EFFECT_ABILITY, a, -1)
            m.flag_bits = int(m.flag_bits) | c.MON_BOND_TRIGGERED
        return
    if changes != 0:
        boost(b, source, changes, source, c.EFFECT_ABILITY, a)


@kernel
def _regress(b: Any, s: int) -> int:
    """Give a forme that Terastallization made back (formeRegression), ability and HP with it.

    Returns the species that it is again, 0 where nothing changed.
    """
    m = b.sides[s].mons[b.sides[s].active]
    species = int(m.base_species)
    back = 0
    if species == S.morpekohangry:
        m.base_species = S.morpeko
    elif species == S.ogerpontealtera:
        back = int(S.ogerpon)
    elif species == S.ogerponhearthflametera:
        back = int(S.ogerponhearthflame)
    elif species == S.ogerponwellspringtera:
        back = int(S.ogerponwellspring)
    elif species == S.ogerponcornerstonetera:
        back = int(S.ogerponcornerstone)
    elif species == S.terapagosstellar:
        back = int(S.terapagos)
    if back != 0:
        m.base_species = back
        before = int(b.sides[s].stellar_types) >> c.TERA_ABILITY_SHIFT
        m.base_ability = before if before != 0 else int(SPECIES[back].abilities[0])
        m.max_hp = max_hp_of(back, int(m.spread[0]), int(m.level))
    return back


@kernel
def faint_messages(b: Any) -> bool:
    """Make all Pokémon in the faint queue faint, in order; return whether the battle is over."""
    if b.faint_length == 0:
        return int(b.winner) != c.WINNER_NONE
    return empty_faint_queue(b, True)


@kernel
def empty_faint_queue(b: Any, check: bool) -> bool:
    """Do :func:`faint_messages`; without ``check`` (between hit and recoil) no side wins yet."""
    if int(b.winner) != c.WINNER_NONE:
        return True
    length = int(b.faint_length)
    if length == 0:
        return False
    k = 0
    last, source, effect = -1, -1, 0
    while k < int(b.faint_length):
        entry = b.faint_queue[k]
        cause = int(entry.cause)
        last = cause & 1
        source = (cause >> 1 & 3) - 1
        effect = cause >> 3
        effect_id = int(entry.effect_id)
        k += 1
        side = b.sides[last]
        m = side.mons[side.active]
        if int(m.flag_bits) & c.MON_FAINTED != 0:
            continue
        log(b, L_FAINT, last, 0, 0)
        waiting = int(b.faint_length)
        side.pokemon_left = max(0, int(side.pokemon_left) - 1)
        side.total_fainted = int(side.total_fainted) + 1
        if has_volatile(b, last, c.V_DESTINYBOND) and source >= 0 and source != last:
            if effect == c.EFFECT_MOVE and int(MOVES[effect_id].move_flags) & F_FUTURE == 0:
                log_from(b, L_ACTIVATE, last, 0, 0, c.EFFECT_MOVE, M.destinybond, -1)
                faint(b, source, -1, 0, 0)
        for s in range(2):
            if ability(b, s) == A.soulheart:
                boost(b, s, stage(c.SPA, 1), s, c.EFFECT_ABILITY, A.soulheart)
        end_ability(b, last)
        regressed = 0
        if int(m.flag_bits) & c.MON_TRANSFORMED == 0:
            regressed = _regress(b, last)
        clear_volatile(b, last)
        side.flag_bits = int(side.flag_bits) & ~c.SIDE_FAINT_QUEUED
        m.flag_bits = (int(m.flag_bits) | c.MON_FAINTED) & ~c.MON_TERASTALLIZED
        side.illusion = 0
        if int(b.move.side) == last:
            # Showdown's activePokemon is no longer active: nothing is ignored for it any more.
            b.move.flag_bits = int(b.move.flag_bits) & ~c.MOVE_IGNORE_ABILITY
        if regressed != 0:
            log(b, L_SPECIES, last, regressed, SPECIES_LASTING | SPECIES_SILENT)
        side.fainted_this_turn = 1 + int(side.active)
        if int(b.faint_length) > waiting:
            check = True  # Destiny Bond: the last of a side decides at once
    b.faint_length = 0
    if check and check_win(b, last):
        return True
    _answer_faint(b, source, effect, length)
    return False
