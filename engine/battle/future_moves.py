"""The hits of Future Sight and Doom Desire, two turns after their use.

The user may have left or fainted by then.  A hit of a benched user takes its level, types and bare
stats; its own ability and item do not count (Showdown's ``ignoringAbility`` and ``ignoringItem``
are true for a Pokémon that is not active), but abilities of its side's active Pokémon that help any
attack of an ally do (:func:`_ally_ability`).  So the damage is computed with the user in the place
of the active Pokémon for a moment; reactions to the hit follow after that.
"""

from typing import Any

import plywise.engine.battle.ability_ids as A
import plywise.engine.battle.item_ids as I
from plywise.engine.battle import constants as c
from plywise.engine.battle.contact import (
    after_move_secondary,
    damaging_hit,
    emergency_exit_at_half,
    hit_event,
)
from plywise.engine.battle.damage import DRAW, get_damage
from plywise.engine.battle.fainting import check_win, empty_faint_queue
from plywise.engine.battle.hits import hit_substitute, hit_target, reach_target
from plywise.engine.battle.modify_damage import hits_substitute
from plywise.engine.battle.ops import damage, fraction, pack_boosts, stage_of
from plywise.engine.battle.results import DONE
from plywise.engine.battle.stats import ability, add_attacks, drop_volatile, item
from plywise.engine.battle.tables import MOVES, SPECIES
from plywise.engine.battle.updates import update
from plywise.engine.compile.jit import kernel

_NO_HIT = -1
_ON_SUBSTITUTE = -2


@kernel
def _ally_ability(a: int) -> int:
    """Return the active one's ability ``a`` if it works for any attack of its side, else 0."""
    if a == A.beadsofruin or a == A.swordofruin or a == A.vesselofruin or a == A.tabletsofruin:
        return a
    if a == A.airlock or a == A.cloudnine or a == A.neutralizinggas or a == A.victorystar:
        return a
    if a == A.unaware:  # it changes nothing here, but two of them tie
        return a
    return a if a == A.battery or a == A.powerspot or a == A.steelyspirit else 0


@kernel
def _damage_from_bench(b: Any, t: int, source: int) -> int:
    """Return the damage that ``source`` (team index) does from the bench, or one of ``_NO_HIT``.

    Its accuracy is drawn and the target's defences are asked; a substitute takes the hit here.
    """
    s = 1 - t
    side = b.sides[s]
    here = int(side.active)
    mon = side.mons[source]
    ally = _ally_ability(ability(b, s)) if side.mons[here].hp > 0 else 0
    v0, v1, v2 = int(side.volatiles[0]), int(side.volatiles[1]), int(side.volatiles[2])
    order = int(side.volatile_order)
    changes = pack_boosts(side.boosts)
    first, second, added = int(side.types[0]), int(side.types[1]), int(side.added_type)
    raw_ability, raw_item, flags = int(mon.ability), int(mon.held_item), int(mon.flag_bits)
    side.active = source
    for k in range(3):
        side.volatiles[k] = 0
    side.volatile_order = 0
    for k in range(7):
        side.boosts[k] = 0
    side.types[0] = SPECIES[mon.species].types[0]
    side.types[1] = SPECIES[mon.species].types[1]
    side.added_type = 0
    mon.ability = ally
    mon.held_item = 0
    mon.flag_bits = flags & ~c.MON_FAINTED
    done = _NO_HIT
    if reach_target(b, s, t) == DONE:
        b.move.hit = 1
        if hits_substitute(b, t):
            if hit_substitute(b, s, t):
                done = _ON_SUBSTITUTE
        else:
            done = max(_NO_HIT, get_damage(b, s, t, DRAW, DRAW))
    mon.ability = raw_ability
    mon.held_item = raw_item
    mon.flag_bits = flags
    side.active = here
    side.volatiles[0] = v0
    side.volatiles[1] = v1
    side.volatiles[2] = v2
    side.volatile_order = order
    for k in range(7):
        side.boosts[k] = stage_of(changes, k)
    side.types[0] = first
    side.types[1] = second
    side.added_type = added
    return done


@kernel
def _hit_from_bench(b: Any, t: int, source: int) -> None:
    """Make ``source`` (team index), which is not active, hit, and run the reactions."""
    s = 1 - t
    foe = b.sides[t]
    target = foe.mons[foe.active]
    done = _damage_from_bench(b, t, source)
    if done == _NO_HIT:
        return
    user_down = b.sides[s].mons[source].hp <= 0
    if done >= 0:
        done = damage(b, t, done, -1, c.EFFECT_MOVE, int(b.move.id))
        if done < 0:
            return
        b.move.total_damage = done
        hit_event(b, s, t)
        damaging_hit(b, s, t, done)
    update(b)
    empty_faint_queue(b, user_down)
    if done >= 0:
        foe.attacked_damage = done
        foe.flag_bits = int(foe.flag_bits) | c.SIDE_ATTACKED_THIS_TURN
        if done > 0:
            foe.attackers = int(foe.attackers) | (1 << source)
        target.times_attacked = add_attacks(int(target.times_attacked), 1)
    update(b)
    if done >= 0:
        after_move_secondary(b, s, t, done, False)
    if target.hp > 0:
        emergency_exit_at_half(b, t, max(0, int(foe.hurt_this_turn) - 1) + max(0, done))


@kernel
def future_hit(b: Any, t: int, move: int, source: int) -> None:
    """Make Future Sight or Doom Desire of ``source`` (team index) hit side ``t``."""
    s = 1 - t
    side = b.sides[s]
    mon = side.mons[source]
    benched = source != int(side.active) or int(mon.flag_bits) & c.MON_FAINTED != 0
    drop_volatile(b, t, c.V_PROTECT)
    drop_volatile(b, t, c.V_ENDURE)
    b.move.id = move
    b.move.side = s
    b.move.source_effect = 0
    b.move.category = MOVES[move].category
    b.move.type = MOVES[move].type
    b.move.base_power = MOVES[move].power
    b.move.priority = 0
    b.move.hit = 0
    b.move.type_mod = 0
    b.move.total_damage = 0
    b.move.flag_bits = c.MOVE_USER_AWAY if benched else 0
    if benched:
        _hit_from_bench(b, t, source)
    else:
        a = ability(b, s)
        if a == A.infiltrator:
            b.move.flag_bits = c.MOVE_INFILTRATES
        elif a == A.normalize:
            b.move.type = c.TYPE_NORMAL
        hit_target(b, s, t)
        if item(b, s) == I.lifeorb and int(side.flag_bits) & c.SIDE_FORCE_SWITCH == 0:
            damage(b, s, fraction(int(mon.max_hp), 10), s, c.EFFECT_ITEM, I.lifeorb)
    b.move.id = 0
    check_win(b, -1)
