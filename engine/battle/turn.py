"""The flow of a turn: from both choices to the next decision.

A turn is a queue of actions.  It stops where a replacement has to be chosen (a faint, a pivot,
Revival Blessing) and continues from the same queue with the next choices.
"""

from typing import Any

import plywise.engine.battle.ability_ids as A
import plywise.engine.battle.item_ids as I
import plywise.engine.battle.move_ids as M
import plywise.engine.battle.species_ids as S
from plywise.engine.battle import constants as c
from plywise.engine.battle.abilities import take_forme_ability
from plywise.engine.battle.action_queue import (
    fractional_priority,
    insert_run_switch,
    move_priority,
    push_action,
    remove_action,
    set_action_speed,
    sort_queue,
    swap_actions,
)
from plywise.engine.battle.conditions import add_volatile
from plywise.engine.battle.endless import endless_battle
from plywise.engine.battle.event_ties import AFTER_TERASTALLIZATION, NO_SOURCE, event_ties
from plywise.engine.battle.fainting import faint_messages
from plywise.engine.battle.field import clear_terrain, clear_weather, first_side
from plywise.engine.battle.formes import forme_change
from plywise.engine.battle.legal import (
    NO_LOCK,
    decides,
    locked_move,
    set_disabled,
    set_trapped,
    trap_if_locked,
)
from plywise.engine.battle.log_conditions import log_seen_types
from plywise.engine.battle.log_events import (
    L_ABILITY,
    L_ACTIVATE,
    L_HEAL,
    L_MESSAGE,
    L_RESIDUAL,
    L_REVEAL,
    L_SWITCH,
    L_TERASTALLIZE,
    L_TURN,
    L_UPKEEP,
    L_WIN,
    MESSAGE_AUTO_TIE,
    MESSAGE_TURN_LIMIT,
    log,
    log_from,
    log_member,
    logged,
)
from plywise.engine.battle.moves import run_move
from plywise.engine.battle.ops import can_switch
from plywise.engine.battle.queue_entries import queued_kind, queued_mon, queued_side
from plywise.engine.battle.residual import residual
from plywise.engine.battle.stats import ability, max_pp_of, set_stats, update_speed
from plywise.engine.battle.switching import (
    copy_boosts,
    drag_in,
    find_illusion,
    run_switch,
    switch_in,
)
from plywise.engine.battle.tables import SPECIES
from plywise.engine.battle.team_preview import bring_members, has_to_name, name_member
from plywise.engine.battle.ties import even
from plywise.engine.battle.updates import update
from plywise.engine.compile.jit import kernel

TURN_LIMIT = 1000
LONG_BATTLE = 100
"""Up to this turn the Endless Battle Clause asks nothing."""


# ----------------------------------------------------------------------------- committing choices
@kernel
def _choose(b: Any, s: int, action: int) -> None:
    """Queue what side ``s`` has chosen."""
    side = b.sides[s]
    m = side.mons[side.active]
    if action >= c.ACTION_SWITCH and action < c.ACTION_FORCED:
        target = action - c.ACTION_SWITCH
        if b.request == c.REQUEST_MOVE:
            push_action(b, c.QUEUE_SWITCH, s, target, 0, 0)
        elif int(side.flag_bits) & c.SIDE_REVIVAL_BLESSING != 0:
            side.switch_flag = 0
            push_action(b, c.QUEUE_REVIVAL_BLESSING, s, target, 0, 0)
        else:
            by_move = int(side.switch_flag)
            side.switch_flag = 0
            push_action(
                b, c.QUEUE_INSTASWITCH, s, target, 0 if by_move == c.SWITCH_TRUE else by_move, 0
            )
        return
    if action < 0 or action >= c.ACTION_PASS:
        return
    locked = locked_move(b, s)
    move = int(M.struggle)
    if locked != NO_LOCK:
        move = locked
    elif action < c.ACTION_SWITCH:
        move = int(m.moves[action & 3])
        if action >= c.ACTION_TERA:
            push_action(b, c.QUEUE_TERASTALLIZE, s, 0, 0, 0)
    if move == M.focuspunch or move == M.beakblast or move == M.chillyreception:
        push_action(b, c.QUEUE_PRIORITY_CHARGE, s, 0, move, 0)
    elif move == M.counter or move == M.mirrorcoat:
        push_action(b, c.QUEUE_BEFORE_TURN_MOVE, s, 0, move, 0)
    push_action(b, c.QUEUE_MOVE, s, 0, move, fractional_priority(b, s, move))


@kernel
def _name_members(b: Any, a0: int, a1: int) -> None:
    """Take a choice of Team Preview; the last one begins the battle."""
    first, second = has_to_name(b, 0), has_to_name(b, 1)
    if first:
        name_member(b, 0, a0 - c.ACTION_SWITCH)
    if second:
        name_member(b, 1, a1 - c.ACTION_SWITCH)
    if not has_to_name(b, 0) and not has_to_name(b, 1):
        b.request = c.REQUEST_NONE
        bring_members(b)
        send_out_leads(b)


@kernel
def commit(b: Any, a0: int, a1: int) -> None:
    """Queue both sides' choices before what the turn has left to do, and go on with the turn."""
    if b.request == c.REQUEST_PREVIEW:
        _name_members(b, a0, a1)
        return
    update_speed(b)
    old = int(b.queue_length)
    # The deciding sides are known before the first choice changes anything.
    first, second = decides(b, 0), decides(b, 1)
    if first:
        _choose(b, 0, a0)
    if second:
        _choose(b, 1, a1)
    sort_queue(b, old)
    new = int(b.queue_length) - old
    for k in range(new):
        for j in range(old + k, k, -1):
            swap_actions(b, j - 1, j)
    b.request = c.REQUEST_NONE
    if int(b.mid_turn) == 0:
        b.mid_turn = 1
        b.residual_pending = 1
        # The action beforeTurn, which does nothing by itself in singles, comes first.
        first_side(b)
        if _after_action(b) or _ask_to_switch(b):
            return
        _sort_again(b)
    turn_loop(b)


# -------------------------------------------------------------------------------- running actions
@kernel
def terastallize(b: Any, s: int) -> None:
    """Terastallize the active of ``s``: its type, Ogerpon's and Terapagos' formes."""
    side = b.sides[s]
    m = side.mons[side.active]
    base = int(SPECIES[m.species].base_species)
    seen = base
    if side.illusion != 0:
        seen = int(SPECIES[side.mons[int(side.illusion) - 1].species].base_species)
    tera = int(m.tera_type)
    if base == S.ogerpon and seen == S.ogerpon:
        # Showdown lets it go on as it is: the game crashes.
        if (
            tera != c.TYPE_FIRE
            and tera != c.TYPE_GRASS
            and tera != c.TYPE_ROCK
            and tera != c.TYPE_WATER
        ):
            return
    if side.illusion != 0:
        if seen == S.ogerpon or seen == S.terapagos:
            side.illusion = 0
            log(b, L_REVEAL, s, 0, 0)
    log(b, L_TERASTALLIZE, s, tera, 0)
    m.flag_bits = int(m.flag_bits) | c.MON_TERASTALLIZED
    side.flag_bits = int(side.flag_bits) | c.SIDE_TERA_USED | c.SIDE_TERA_SEEN
    side.added_type = 0
    species = int(m.species)
    new = 0
    if base == S.ogerpon:
        before = int(m.base_ability)
        side.stellar_types = int(side.stellar_types) | before << c.TERA_ABILITY_SHIFT
        if species == S.ogerponwellspring:
            new = int(S.ogerponwellspringtera)
        elif species == S.ogerponhearthflame:
            new = int(S.ogerponhearthflametera)
        elif species == S.ogerponcornerstone:
            new = int(S.ogerponcornerstonetera)
        else:
            new = int(S.ogerpontealtera)
    elif species == S.terapagosterastal:
        new = int(S.terapagosstellar)
    if new != 0:
        forme_change(b, s, new, True)
        take_forme_ability(b, s)
    elif base == S.morpeko and int(m.flag_bits) & c.MON_TRANSFORMED == 0:
        if int(m.base_species) != species:
            m.base_species = species
    if even(b):
        event_ties(b, AFTER_TERASTALLIZATION, s, NO_SOURCE)
    if ability(b, s) == A.teraformzero and int(m.base_species) == S.terapagosstellar:
        if b.weather != c.NO_WEATHER or b.terrain != c.NO_TERRAIN:
            log(b, L_ABILITY, s, A.teraformzero, 0)
        clear_weather(b)
        clear_terrain(b)
    for k in range(2):
        copy_boosts(b, k)


@kernel
def _revive(b: Any, s: int, i: int) -> None:
    """Bring a fainted team member back with half of its HP (Revival Blessing)."""
    side = b.sides[s]
    m = side.mons[i]
    side.pokemon_left = int(side.pokemon_left) + 1
    m.flag_bits = int(m.flag_bits) & ~c.MON_FAINTED
    m.status = c.NO_STATUS
    m.status_turns = 0
    m.hp = max(1, int(m.max_hp) // 2)
    side.flag_bits = int(side.flag_bits) & ~c.SIDE_REVIVAL_BLESSING
    log_member(b, L_HEAL, s, i, 1, 0)


@kernel
def emergency_exit(b: Any, s: int) -> None:
    """Make the active of ``s`` leave by Emergency Exit or Wimp Out."""
    side = b.sides[s]
    a = ability(b, s)
    if a != A.emergencyexit and a != A.wimpout:
        return
    if not can_switch(b, s) or int(side.flag_bits) & c.SIDE_FORCE_SWITCH != 0:
        return
    if side.switch_flag != 0:
        return
    b.sides[1 - s].switch_flag = 0
    side.switch_flag = c.SWITCH_TRUE
    log_from(b, L_ACTIVATE, s, 0, 0, c.EFFECT_ABILITY, a, -1)


@kernel
def _clear_active_move(b: Any) -> None:
    """Forget the move that was being used; it becomes the battle's last move."""
    if b.move.id != 0:
        b.last_move = b.move.id
        b.move.id = 0
    b.move.flag_bits = 0


@kernel
def _check_fainted(b: Any) -> None:
    for s in range(2):
        side = b.sides[s]
        m = side.mons[side.active]
        if int(m.flag_bits) & c.MON_FAINTED != 0:
            m.status = c.NO_STATUS
            side.switch_flag = c.SWITCH_TRUE


@kernel
def _ask_to_switch(b: Any) -> bool:
    """Open a decision if a Pokémon has to be replaced; return whether one is open."""
    asked = False
    for s in range(2):
        side = b.sides[s]
        if side.switch_flag == 0:
            continue
        reviving = int(side.flag_bits) & c.SIDE_REVIVAL_BLESSING != 0
        if not can_switch(b, s) and not reviving:
            side.switch_flag = 0
            continue
        asked = True
        if int(side.mons[side.active].hp) > 0 and not reviving:
            side.flag_bits = int(side.flag_bits) | c.SIDE_SKIP_BEFORE_SWITCH_OUT
    if asked:
        b.request = c.REQUEST_SWITCH
    return asked


@kernel
def _after_action(b: Any) -> bool:
    """Do what follows every action: phazing, faints, Update, decisions, sorting again.

    Returns whether the turn stops here.
    """
    for s in range(2):
        side = b.sides[s]
        if int(side.flag_bits) & c.SIDE_FORCE_SWITCH != 0:
            if int(side.mons[side.active].hp) > 0:
                drag_in(b, s)
            side.flag_bits = int(side.flag_bits) & ~c.SIDE_FORCE_SWITCH
    _clear_active_move(b)
    if faint_messages(b):
        return True
    if int(b.queue_length) == 0 and int(b.residual_pending) == 0:
        _check_fainted(b)
    elif int(b.queue_length) != 0 and queued_kind(b, 0) == c.QUEUE_INSTASWITCH:
        return False
    update(b)
    return False


@kernel
def _low(b: Any, s: int, before: int) -> bool:
    """Return whether the active of ``s`` has fallen to half its HP or less from ``before``."""
    m = b.sides[s].mons[b.sides[s].active]
    most = int(m.max_hp)
    return int(m.hp) > 0 and int(m.hp) * 2 <= most and before * 2 > most


@kernel
def _standing_hp(b: Any, s: int) -> int:
    m = b.sides[s].mons[b.sides[s].active]
    return int(m.hp)


@kernel
def _run_next(b: Any) -> bool:
    """Take the next action and do it with what follows; return whether the turn stops here."""
    if int(b.queue_length) == 0:
        b.residual_pending = 0
        b.move.id = 0
        update_speed(b)
        hp0, hp1 = _standing_hp(b, 0), _standing_hp(b, 1)
        mon0, mon1 = int(b.sides[0].active), int(b.sides[1].active)
        log(b, L_RESIDUAL, 0, 0, 0)
        residual(b)
        if int(b.winner) == c.WINNER_NONE:
            log(b, L_UPKEEP, 0, 0, 0)
        if int(b.winner) != c.WINNER_NONE or _after_action(b):
            return True
        if int(b.sides[0].active) == mon0 and _low(b, 0, hp0):
            emergency_exit(b, 0)
        if int(b.sides[1].active) == mon1 and _low(b, 1, hp1):
            emergency_exit(b, 1)
        return _ask_to_switch(b)
    entry = b.queue[0]
    kind, s, mon = queued_kind(b, 0), queued_side(b, 0), queued_mon(b, 0)
    target, move = int(entry.target), int(entry.move)
    remove_action(b, 0)
    side = b.sides[s]
    here = int(side.active) == mon and int(side.mons[mon].flag_bits) & c.MON_FAINTED == 0
    before = int(side.mons[mon].hp)
    if kind == c.QUEUE_MOVE or kind == c.QUEUE_PRIORITIZED_MOVE:
        if not here:
            return False
        run_move(b, s, move, move_priority(b, s, move), False, target)
    elif kind == c.QUEUE_SWITCH:
        switch_in(b, s, target, 0, False)
    elif kind == c.QUEUE_INSTASWITCH:
        switch_in(b, s, target, move, False)
    elif kind == c.QUEUE_RUN_SWITCH:
        run_switch(b, s)
    elif kind == c.QUEUE_TERASTALLIZE:
        terastallize(b, s)
    elif kind == c.QUEUE_PRIORITY_CHARGE:
        if not here:
            return False
        if move == M.focuspunch:
            add_volatile(b, s, c.V_FOCUSPUNCH, s, c.EFFECT_MOVE, move)
        elif move == M.beakblast:
            add_volatile(b, s, c.V_BEAKBLAST, s, c.EFFECT_MOVE, move)
        else:
            add_volatile(b, s, c.V_CHILLYRECEPTION, s, c.EFFECT_MOVE, move)
    elif kind == c.QUEUE_BEFORE_TURN_MOVE:
        if not here or int(b.sides[1 - s].mons[b.sides[1 - s].active].hp) <= 0:
            return False
        v = c.V_COUNTER if move == M.counter else c.V_MIRRORCOAT
        add_volatile(b, s, v, s, c.EFFECT_MOVE, move)
    elif kind == c.QUEUE_REVIVAL_BLESSING:
        _revive(b, s, target)
    if _after_action(b):
        return True
    if int(b.queue_length) != 0 and queued_kind(b, 0) == c.QUEUE_INSTASWITCH:
        return False
    if kind == c.QUEUE_RUN_SWITCH and int(side.active) == mon and _low(b, s, before):
        emergency_exit(b, s)
    if _ask_to_switch(b):
        return True
    _sort_again(b)
    return False


@kernel
def _sort_again(b: Any) -> None:
    """Sort the queue by the speeds and priorities of now, if a move comes next."""
    kind = queued_kind(b, 0) if int(b.queue_length) != 0 else c.QUEUE_NONE
    if kind == c.QUEUE_MOVE or kind == c.QUEUE_PRIORITIZED_MOVE:
        update_speed(b)
        for k in range(int(b.queue_length)):
            set_action_speed(b, k)
        if int(b.queue_length) > 1:
            sort_queue(b, 0)


@kernel
def turn_loop(b: Any) -> None:
    """Run actions until a side has to decide or the turn is over."""
    while int(b.queue_length) != 0 or int(b.residual_pending) != 0:
        if _run_next(b):
            if int(b.winner) != c.WINNER_NONE:
                b.request = c.REQUEST_NONE
            return
    end_turn(b)


@kernel
def end_turn(b: Any) -> None:
    """Begin the next turn: clear what lasts one turn, note disabled moves and trapping."""
    b.turn = int(b.turn) + 1
    b.last_successful_move = 0
    cleared = c.SIDE_NEWLY_SWITCHED | c.SIDE_TYPES_UNSEEN
    if int(b.turn) != 1:
        cleared |= c.SIDE_STATS_RAISED | c.SIDE_STATS_LOWERED
    for s in range(2):
        side = b.sides[s]
        m = side.mons[side.active]
        if logged(b):
            log_seen_types(b, s)
        kept = int(side.flag_bits) & c.SIDE_TYPES_UNSEEN if side.illusion != 0 else 0
        side.flag_bits = int(side.flag_bits) & ~(cleared | c.SIDE_ATTACKED_THIS_TURN) | kept
        side.move_last_turn_result = side.move_this_turn_result
        side.move_this_turn_result = c.RESULT_UNDEFINED
        if int(b.turn) != 1:
            m.flag_bits = int(m.flag_bits) & ~c.MON_USED_ITEM
            side.hurt_this_turn = 0
        side.attackers = 0
        set_disabled(b, s)
        set_trapped(b, s)
        if int(m.flag_bits) & c.MON_FAINTED == 0:
            side.active_turns = min(255, int(side.active_turns) + 1)
        side.fainted_last_turn = side.fainted_this_turn
        side.fainted_this_turn = 0
    b.mid_turn = 0
    if int(b.turn) > LONG_BATTLE:
        if int(b.turn) > TURN_LIMIT:
            log(b, L_MESSAGE, 0, MESSAGE_TURN_LIMIT, 0)
            b.winner = c.WINNER_TIE
        else:
            turn = int(b.turn)
            if turn >= 990 or (turn >= 900 and turn % 10 == 0) or (turn >= 500 and turn % 100 == 0):
                log(b, L_MESSAGE, 0, MESSAGE_AUTO_TIE, TURN_LIMIT - turn)
            if int(b.format) & c.FORMAT_ENDLESS_BATTLE_CLAUSE != 0:
                b.winner = endless_battle(b)
        if int(b.winner) != c.WINNER_NONE:
            log(b, L_WIN, 0, int(b.winner), 0)
            b.request = c.REQUEST_NONE
            return
    for s in range(2):
        trap_if_locked(b, s)  # after the clause above, which does not count it as trapped
    log(b, L_TURN, 0, int(b.turn), 0)
    b.request = c.REQUEST_MOVE


@kernel
def _crown(b: Any, s: int, i: int, species: int, signature: int) -> None:
    """Give team member ``i`` its crowned forme with ability and ``signature`` for Iron Head."""
    m = b.sides[s].mons[i]
    m.species = species
    m.base_species = species
    set_stats(b, s, i, species)
    m.ability = SPECIES[species].abilities[0]
    m.base_ability = m.ability
    for k in range(4):
        if int(m.moves[k]) == M.ironhead:
            m.moves[k] = signature
            m.pp[k] = max_pp_of(signature)


@kernel
def _battle_start(b: Any) -> None:
    """Turn Zacian and Zamazenta with their items into what they play as (BattleStart)."""
    for s in range(2):
        side = b.sides[s]
        for i in range(int(side.team_size)):
            m = side.mons[i]
            if int(m.species) == S.zacian and int(m.held_item) == I.rustedsword:
                _crown(b, s, i, S.zaciancrowned, M.behemothblade)
            elif int(m.species) == S.zamazenta and int(m.held_item) == I.rustedshield:
                _crown(b, s, i, S.zamazentacrowned, M.behemothbash)


@kernel
def send_out_leads(b: Any) -> None:
    """Send both leads in and begin turn 1; the state holds the teams and nothing else."""
    _battle_start(b)
    for s in range(2):
        side = b.sides[s]
        side.active = side.order[0]
        m = side.mons[side.active]
        row = SPECIES[m.species]
        side.types[0] = row.types[0]
        side.types[1] = row.types[1]
        side.speed = m.stats[c.SPE]
        side.pokemon_left = side.team_size
        side.flag_bits = int(side.flag_bits) | c.SIDE_NEWLY_SWITCHED
        side.illusion = find_illusion(b, s)
        insert_run_switch(b, s)
    b.winner = c.WINNER_NONE
    for s in range(2):
        log(b, L_SWITCH, s, 0, 0)
    b.mid_turn = 1
    turn_loop(b)
