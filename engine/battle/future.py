"""The hit of Future Sight and Doom Desire, two turns after they were used."""

from typing import Any

import plywise.engine.battle.item_ids as I
from plywise.engine.battle.constants import (
    EFFECT_ITEM,
    MOVE_IGNORE_IMMUNITY,
    V_ENDURE,
    V_PROTECT,
)
from plywise.engine.battle.fainting import check_win
from plywise.engine.battle.hits import hit_target
from plywise.engine.battle.move_setup import set_up_move
from plywise.engine.battle.ops import damage, fraction
from plywise.engine.battle.stats import drop_volatile, item
from plywise.engine.battle.tables import MOVES, SPECIES
from plywise.engine.jit import kernel


@kernel
def _hit(b: Any, s: int, t: int, move: int) -> None:
    """Let the active of ``s`` hit that of ``t`` now with what ``move`` set up."""
    b.move.flag_bits = 0
    b.move.priority = 0
    set_up_move(b, s, move, 0, True)
    # What was set up heeds immunity and ignores everything that changes moves.
    b.move.flag_bits = int(b.move.flag_bits) & ~MOVE_IGNORE_IMMUNITY
    b.move.type = MOVES[move].type
    hit_target(b, s, t)


@kernel
def future_hit(b: Any, t: int, move: int, source: int) -> None:
    """Let a future move hit the active of side ``t``; ``source`` is its user's team index.

    A user on the bench attacks with its bare stats and types: no stages, ability or item.
    """
    s = 1 - t
    side = b.sides[s]
    drop_volatile(b, t, V_PROTECT)
    drop_volatile(b, t, V_ENDURE)
    now = int(side.active)
    if source == now or source < 0:
        _hit(b, s, t, move)
        if item(b, s) == I.lifeorb:
            most = int(side.mons[now].max_hp)
            damage(b, s, fraction(most, 10), s, EFFECT_ITEM, I.lifeorb)
        b.move.id = 0
        check_win(b, -1)
        return
    m = side.mons[source]
    ability, held = int(m.ability), int(m.held_item)
    word0, word1, word2 = int(side.volatiles[0]), int(side.volatiles[1]), int(side.volatiles[2])
    type0, type1, added = int(side.types[0]), int(side.types[1]), int(side.added_type)
    stages = 0
    for stat in range(7):
        stages |= (int(side.boosts[stat]) + 6) << (4 * stat)
        side.boosts[stat] = 0
    for k in range(3):
        side.volatiles[k] = 0
    m.ability = 0
    m.held_item = 0
    side.active = source
    row = SPECIES[m.species]
    side.types[0] = row.types[0]
    side.types[1] = row.types[1]
    side.added_type = 0
    _hit(b, s, t, move)
    side.active = now
    side.types[0] = type0
    side.types[1] = type1
    side.added_type = added
    m.ability = ability
    m.held_item = held
    side.volatiles[0] = word0
    side.volatiles[1] = word1
    side.volatiles[2] = word2
    for stat in range(7):
        side.boosts[stat] = ((stages >> (4 * stat)) & 15) - 6
    # Nobody on the field has knocked it out.
    for k in range(int(b.faint_length)):
        if int(b.faint_queue[k].side) == t:
            b.faint_queue[k].source = 0
    b.move.id = 0
    check_win(b, -1)
