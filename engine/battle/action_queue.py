"""The action queue: the remaining actions of a turn in their order."""

from typing import Any

import plywise.engine.battle.ability_ids as A
import plywise.engine.battle.item_ids as I
import plywise.engine.battle.move_ids as M
from plywise.engine.battle import constants as c
from plywise.engine.battle.callbacks import ABILITY_MODIFIES_PRIORITY
from plywise.engine.battle.chance import (
    SITE_FRACTIONAL_PRIORITY,
    SITE_SPEED_TIE,
    chance,
    roll,
)
from plywise.engine.battle.items import eat_item, pinch
from plywise.engine.battle.log_events import L_ACTIVATE, log_from
from plywise.engine.battle.queue_entries import queued_kind, queued_mon, queued_side, set_actor
from plywise.engine.battle.stats import ability, action_speed, is_grounded, item
from plywise.engine.battle.tables import F_HEAL, MOVES
from plywise.engine.battle.ties import modify_boost_ties
from plywise.engine.compile.jit import kernel


@kernel
def move_priority(b: Any, s: int, move: int) -> int:
    """Return the priority that a move of the active of ``s`` has now (ModifyPriority)."""
    row = MOVES[move]
    priority = int(row.priority)
    if move == M.grassyglide and b.terrain == c.GRASSY_TERRAIN and is_grounded(b, s, False):
        priority += 1
    m = b.sides[s].mons[b.sides[s].active]
    if not ABILITY_MODIFIES_PRIORITY[m.ability]:
        return priority
    a = ability(b, s)
    if a == A.prankster:
        if row.category == c.CATEGORY_STATUS and move != 0:  # 0: it recharges
            priority += 1
    elif a == A.galewings:
        if row.type == c.TYPE_FLYING and int(m.hp) == int(m.max_hp):
            priority += 1
    elif a == A.triage and int(row.move_flags) & F_HEAL != 0:
        priority += 3
    return priority


@kernel
def fractional_priority(b: Any, s: int, move: int) -> int:
    """Return 1, 0 or -1 for what goes before or after its equals (FractionalPriority).

    Quick Claw and Quick Draw draw, for a turn of recharging too; a Custap Berry is eaten.
    """
    a = ability(b, s)
    # Recharging (0) is no status move, nor any other.
    status = move != 0 and MOVES[move].category == c.CATEGORY_STATUS
    held = item(b, s)
    fractional = 0
    if a == A.stall or held == I.laggingtail:
        fractional = -1
    if a == A.myceliummight and status:
        fractional = -1
    elif a == A.quickdraw and not status:
        if chance(b, SITE_FRACTIONAL_PRIORITY, 3, 10):
            log_from(b, L_ACTIVATE, s, 0, 0, c.EFFECT_ABILITY, a, -1)
            fractional = 1
    if status and a == A.myceliummight:
        return fractional
    if fractional <= 0:
        if held == I.quickclaw:
            if chance(b, SITE_FRACTIONAL_PRIORITY, 1, 5):
                log_from(b, L_ACTIVATE, s, 0, 0, c.EFFECT_ITEM, held, -1)
                fractional = 1
        elif held == I.custapberry and pinch(b, s) and eat_item(b, s, False):
            log_from(b, L_ACTIVATE, s, 0, 0, c.EFFECT_ITEM, held, -1)
            fractional = 1
    return fractional


@kernel
def _order(kind: int) -> int:
    """Return Showdown's order of an action; the kinds are numbered by it but for one."""
    return c.QUEUE_INSTASWITCH if kind == c.QUEUE_PRIORITIZED_MOVE else kind


@kernel
def _key(b: Any, k: int) -> int:
    """Return a number by which queued actions sort: order, then priority, then speed."""
    entry = b.queue[k]
    rank = (_order(queued_kind(b, k)) << 8) + 128 - int(entry.priority)
    return (rank << 15) + 0x4000 - int(entry.speed)


@kernel
def set_action_speed(b: Any, k: int) -> None:
    """Fill in priority and speed of queued action ``k`` (``getActionSpeed``)."""
    entry = b.queue[k]
    s = queued_side(b, k)
    if queued_kind(b, k) == c.QUEUE_MOVE:
        entry.priority = 10 * move_priority(b, s, int(entry.move)) + int(entry.fractional)
    modify_boost_ties(b)
    entry.speed = action_speed(b, s)


@kernel
def swap_actions(b: Any, i: int, j: int) -> None:
    """Exchange two queued actions."""
    one, two = b.queue[i], b.queue[j]
    actor, target = int(one.actor), int(one.target)
    move, speed = int(one.move), int(one.speed)
    priority, fractional = int(one.priority), int(one.fractional)
    b.queue[i] = two
    entry = b.queue[j]
    entry.actor = actor
    entry.target = target
    entry.move = move
    entry.speed = speed
    entry.priority = priority
    entry.fractional = fractional


@kernel
def sort_queue(b: Any, start: int) -> None:
    """Sort the queue from ``start`` on as Showdown's ``speedSort``; ties are drawn."""
    n = int(b.queue_length)
    done = start
    while done + 1 < n:
        best = done
        for k in range(done + 1, n):
            if _key(b, k) < _key(b, best):
                best = k
        # The best one and its equals come to the front, in their order.
        key, at = _key(b, best), done
        for k in range(best, n):
            if _key(b, k) == key:
                if k != at:
                    swap_actions(b, at, k)
                at += 1
        count = at - done
        if count > 1 and int(b.format) & c.FORMAT_KEEP_TIES == 0:
            for k in range(done, done + count - 1):
                other = roll(b, SITE_SPEED_TIE, k, done + count - k)
                if other != k:
                    swap_actions(b, k, other)
        done += count


@kernel
def push_action(b: Any, kind: int, s: int, target: int, move: int, fractional: int) -> None:
    """Append an action of the active of ``s``; the caller sorts.

    Raises:
        IndexError: the queue is full (no turn of singles fills it).
    """
    k = int(b.queue_length)
    if k >= c.QUEUE_SIZE:
        raise IndexError("the action queue is full")
    set_actor(b, k, kind, s, int(b.sides[s].active))
    entry = b.queue[k]
    entry.target = target
    entry.move = move
    entry.priority = 0
    entry.fractional = fractional
    b.queue_length = k + 1
    set_action_speed(b, k)


@kernel
def bring_round_forward(b: Any) -> None:
    """Put a queued Round at the front, where it follows the one that is being used (onTry).

    ``prioritizeAction`` makes the move in use its source: it is twice as strong, and ignores
    abilities if that does.
    """
    for k in range(int(b.queue_length)):
        entry = b.queue[k]
        kind = queued_kind(b, k)
        moves = kind == c.QUEUE_MOVE or kind == c.QUEUE_PRIORITIZED_MOVE
        if moves and int(entry.move) == M.round:
            ignoring = int(b.move.flag_bits) & c.MOVE_IGNORE_ABILITY != 0
            set_actor(b, k, c.QUEUE_PRIORITIZED_MOVE, queued_side(b, k), queued_mon(b, k))
            entry.target = c.BEHIND_ROUND_IGNORING if ignoring else c.BEHIND_ROUND
            for j in range(k, 0, -1):
                swap_actions(b, j - 1, j)
            return


@kernel
def remove_action(b: Any, k: int) -> None:
    """Take action ``k`` out of the queue."""
    n = int(b.queue_length) - 1
    for j in range(k, n):
        b.queue[j] = b.queue[j + 1]
    b.queue_length = n


@kernel
def cancel_actions(b: Any, s: int, i: int) -> None:
    """Take all actions of team member ``i`` of side ``s`` out of the queue."""
    k = 0
    while k < int(b.queue_length):
        if queued_side(b, k) == s and queued_mon(b, k) == i:
            remove_action(b, k)
        else:
            k += 1


@kernel
def insert_run_switch(b: Any, s: int) -> None:
    """Queue the switch-in effects of the active of ``s`` where they belong, without sorting."""
    modify_boost_ties(b)
    b.sides[s].speed = action_speed(b, s)
    push_action(b, c.QUEUE_RUN_SWITCH, s, 0, 0, 0)
    new = int(b.queue_length) - 1
    first, last = -1, -1
    for k in range(new):
        compared = _key(b, new) - _key(b, k)
        if compared <= 0 and first < 0:
            first = k
        if compared < 0:
            last = k
            break
    if first < 0:
        return
    if last < 0:
        last = new
    at = first if first == last else roll(b, SITE_SPEED_TIE, first, last + 1 - first)
    for k in range(new, at, -1):
        swap_actions(b, k - 1, k)
