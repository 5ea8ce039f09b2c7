"""Using a move: Showdown's runMove and useMove.

:func:`run_move` is what the turn calls for a queued move.  It does, in Showdown's order:
activeMoveActions, Encore's override, the BeforeMove conditions, PP and ``last_move``, the move
itself with all its hits, AfterMove, Dancer, and at its end the faint queue.

What it leaves for the turn to act on: ``sides[k].switch_flag`` (the move's id for a pivot,
``SWITCH_TRUE`` for Eject Button and such) and ``SIDE_FORCE_SWITCH`` in ``sides[k].flag_bits``.
``b.move.id`` stays set where the move was used and is 0 where it was stopped before.

A move that calls another one (Sleep Talk, Copycat, Metronome, Magic Bounce) does nothing more
itself afterwards, so one move after the other is a loop here and never a recursion.
"""

from typing import Any

import numpy as np

import plywise.engine.battle.ability_ids as A
import plywise.engine.battle.move_ids as M
import plywise.engine.battle.species_ids as S
from plywise.engine.battle import constants as c
from plywise.engine.battle.before_move import before_move
from plywise.engine.battle.chance import SITE_MOVE, roll
from plywise.engine.battle.conditions import cure_status, is_semi_invulnerable, remove_volatile
from plywise.engine.battle.contact import after_move_self, emergency_exit_at_half
from plywise.engine.battle.defences import BOUNCE
from plywise.engine.battle.fainting import check_win, empty_faint_queue, faint_messages
from plywise.engine.battle.hits import hit_side, hit_target
from plywise.engine.battle.log_events import (
    CANT_FOCUS_PUNCH,
    CANT_GRAVITY,
    CANT_NO_PP,
    FAIL_FORME,
    FAIL_HEAL,
    FAIL_MOVE,
    FAIL_PLAIN,
    L_ACTIVATE,
    L_CANT,
    L_FAIL,
    L_MOVE,
    L_NO_TARGET,
    L_QUIET,
    L_STILL,
    log,
    log_from,
)
from plywise.engine.battle.move_setup import set_up_move
from plywise.engine.battle.move_tries import try_move, try_use
from plywise.engine.battle.names import DATA, MOVE_ID
from plywise.engine.battle.ops import (
    boost,
    damage,
    deduct_pp,
    faint,
    fraction,
    pack_boosts,
)
from plywise.engine.battle.results import DONE, FAILED, QUIET
from plywise.engine.battle.stats import (
    ability,
    drop_volatile,
    has_type,
    has_volatile,
)
from plywise.engine.battle.switching import after_any_move
from plywise.engine.battle.tables import (
    F_CHARGE,
    F_DANCE,
    F_FAIL_COPYCAT,
    F_FUTURE,
    F_MUST_PRESSURE,
    F_NO_SLEEP_TALK,
    MOVES,
    TARGET_ADJACENT_ALLY,
    TARGET_ALL,
    TARGET_ALLIES,
    TARGET_ALLY_SIDE,
    TARGET_ALLY_TEAM,
    TARGET_FOE_SIDE,
    TARGET_SELF,
    TARGETS,
)
from plywise.engine.battle.ties import tied
from plywise.engine.battle.updates import update
from plywise.engine.compile.jit import kernel

_ALL_FOES = TARGETS["allAdjacentFoes"]
_ALL_ADJACENT = TARGETS["allAdjacent"]
_ALLY_OR_SELF = TARGETS["adjacentAllyOrSelf"]


def _callable_moves() -> list[int]:
    """Return what Metronome can call, in the order in which Showdown draws from it."""
    moves = DATA["moves"]
    names = [
        name
        for name, move in moves.items()
        if "metronome" in move["flags"]
        and move.get("isNonstandard", "Unobtainable") == "Unobtainable"
    ]
    return [MOVE_ID[name] for name in sorted(names, key=lambda name: int(moves[name]["num"]))]


METRONOME_MOVES = np.array(_callable_moves(), np.uint16)


@kernel
def _called_move(b: Any, s: int, move: int) -> int:
    """Return the move that Sleep Talk, Copycat or Metronome calls, 0 if there is none."""
    side = b.sides[s]
    mon = side.mons[side.active]
    if move == M.copycat:
        last = int(b.last_move)
        if int(MOVES[last].move_flags) & F_FAIL_COPYCAT:
            return 0
        return last
    if move == M.metronome:
        return int(METRONOME_MOVES[roll(b, SITE_MOVE, 0, len(METRONOME_MOVES))])
    count = 0
    for k in range(4):
        known = int(mon.moves[k])
        if known and int(MOVES[known].move_flags) & (F_NO_SLEEP_TALK | F_CHARGE) == 0:
            count += 1
    if count == 0:
        return 0
    chosen = roll(b, SITE_MOVE, 0, count)
    for k in range(4):
        known = int(mon.moves[k])
        if known and int(MOVES[known].move_flags) & (F_NO_SLEEP_TALK | F_CHARGE) == 0:
            if chosen == 0:
                return known
            chosen -= 1
    return 0


@kernel
def _pressure(b: Any, s: int, t: int, move: int, caller: int, locked: bool) -> None:
    """Deduct another PP for Pressure, from the move or from the one that called it."""
    row = MOVES[move]
    where = int(row.target)
    if locked:
        return
    aims = t != s or where == TARGET_ALL
    if where == TARGET_FOE_SIDE:
        aims = False
    if int(row.move_flags) & F_MUST_PRESSURE:
        aims = True
    if aims and ability(b, 1 - s) == A.pressure:
        deduct_pp(b, s, caller if caller else move, 1)


@kernel
def _fail(b: Any, s: int, t: int) -> None:
    """Do what a move that missed or was stopped does to its user (MoveFail)."""
    move = int(b.move.id)
    mon = b.sides[s].mons[b.sides[s].active]
    before = int(mon.hp)
    if move == M.highjumpkick or move == M.supercellslam or move == M.axekick:
        damage(b, s, fraction(int(mon.max_hp), 2), s, c.EFFECT_NONE, 0)
    elif move == M.steelbeam:
        damage(b, s, (int(mon.max_hp) + 1) // 2, s, c.EFFECT_NONE, 0)
    if t != s and int(b.move.category) != c.CATEGORY_STATUS:
        emergency_exit_at_half(b, s, before)


@kernel
def _log_move(b: Any, s: int, t: int, move: int, caller: int, bounced: bool, locked: bool) -> None:
    """Log the use of a move and its cause."""
    effect, effect_id = c.EFFECT_NONE, 0
    if bounced:
        effect, effect_id = c.EFFECT_ABILITY, int(A.magicbounce)
    elif caller:
        effect, effect_id = c.EFFECT_MOVE, caller
    elif locked:
        effect, effect_id = c.EFFECT_VOLATILE, c.V_LOCKEDMOVE
    elif int(b.move.flag_bits) & c.MOVE_EXTERNAL:
        effect, effect_id = c.EFFECT_ABILITY, int(A.dancer)
    nobody = int(MOVES[move].target) == TARGET_ADJACENT_ALLY
    log_from(b, L_MOVE, s, move, int(nobody), effect, effect_id, -1 if nobody else t)


@kernel
def _log_unused(b: Any, s: int, move: int) -> None:
    """Log that a move failed at its own condition; a few have a text of their own."""
    mon = b.sides[s].mons[b.sides[s].active]
    if move == M.rest and mon.status != c.SLP and ability(b, s) != A.comatose:
        a = ability(b, s)
        if mon.hp == mon.max_hp:
            log(b, L_FAIL, s, FAIL_HEAL, 0)
        elif a == A.insomnia or a == A.vitalspirit:
            log_from(b, L_FAIL, s, FAIL_PLAIN, 0, c.EFFECT_ABILITY, a, s)
        return
    if move == M.magnetrise or move == M.splash:
        if b.pseudo_weather[c.GRAVITY]:
            log(b, L_CANT, s, CANT_GRAVITY, move)
            return
    if move == M.aurawheel or move == M.hyperspacefury:
        log(b, L_STILL, s, 0, 0)
        bound = move == M.hyperspacefury and mon.species == S.hoopa
        log(b, L_FAIL, s, FAIL_FORME if bound else FAIL_MOVE, move)
        return
    if move == M.darkvoid:
        log(b, L_FAIL, s, FAIL_MOVE, move)
        return
    log(b, L_FAIL, s, FAIL_PLAIN, 0)
    log(b, L_STILL, s, 0, 0)


@kernel
def _end_hit(b: Any, s: int) -> None:
    """Do what follows the hit of a move on its user ``s`` that did nothing itself (Update)."""
    update(b)
    empty_faint_queue(b, b.sides[s].mons[b.sides[s].active].hp <= 0)
    update(b)


@kernel
def _use_once(
    b: Any, s: int, move: int, caller: int, bounced: bool, locked: bool
) -> tuple[int, int, int]:
    """Use one move; return its result (RESULT_*), the move that follows from it and its side.

    The move that follows is 0 where none does.
    """
    side = b.sides[s]
    mon = side.mons[side.active]
    ready = set_up_move(b, s, move, caller, bounced)
    side.last_move_used = move | int(b.move.type) << 10
    row = MOVES[move]
    where = int(row.target)
    if not ready or int(mon.flag_bits) & c.MON_FAINTED:
        return c.RESULT_FALSE, 0, 0
    own = (
        where == TARGET_SELF
        or where == TARGET_ALLIES
        or where == TARGET_ALLY_SIDE
        or where == TARGET_ALLY_TEAM
        or where == TARGET_ALL
        or where == _ALLY_OR_SELF
        or (move == M.curse and not has_type(b, s, c.TYPE_GHOST))
    )
    t = s if own else 1 - s
    _log_move(b, s, t, move, caller, bounced, locked)
    if where == TARGET_ADJACENT_ALLY:
        log(b, L_NO_TARGET, s, 0, 0)
        log(b, L_FAIL, s, FAIL_PLAIN, 0)
        return c.RESULT_FALSE, 0, 0
    wide = (
        where == TARGET_ALL
        or where == TARGET_FOE_SIDE
        or where == TARGET_ALLY_SIDE
        or where == TARGET_ALLY_TEAM
    )
    target = b.sides[t].mons[b.sides[t].active]
    nobody = False
    if not wide and t != s:
        if where == _ALL_FOES or where == _ALL_ADJACENT:
            nobody = target.hp <= 0
        else:
            nobody = int(target.flag_bits) & c.MON_FAINTED != 0
            if int(row.move_flags) & F_FUTURE:
                nobody = False
    if not nobody and not bounced:
        _pressure(b, s, t, move, caller, locked)
    tried = try_move(b, s, t)
    if tried != DONE:
        return (c.RESULT_NULL if tried == QUIET else c.RESULT_FALSE), 0, 0
    if row.self_destruct == 1:
        faint(b, s, s, c.EFFECT_MOVE, move)
    if nobody:
        log(b, L_NO_TARGET, s, 0, 0)
        log(b, L_FAIL, s, FAIL_PLAIN, 0)
        return c.RESULT_FALSE, 0, 0
    result = try_use(b, s, t)
    if result == FAILED:
        _log_unused(b, s, move)
    if result == DONE:
        if row.calls_move:
            called = _called_move(b, s, move)
            if called == 0:
                # Copycat with nothing to copy is no failure.
                result = DONE if move == M.copycat and b.last_move == 0 else FAILED
                if result == FAILED:
                    log(b, L_FAIL, s, FAIL_PLAIN, 0)
                    log(b, L_STILL, s, 0, 0)
                else:
                    _end_hit(b, s)
            else:
                return c.RESULT_TRUE, called, s
        elif wide:
            result = hit_side(b, s, t)
        else:
            result = hit_target(b, s, t)
        if result == QUIET:
            side.move_this_turn_result = c.RESULT_NULL
            result = FAILED
    elif result == QUIET:
        result = DONE  # Future Sight: set up, nothing to hit now
    follows = 0
    if result == BOUNCE:
        follows = move
        result = FAILED
    if row.has_self_boost and result == DONE:
        log(b, L_QUIET, s, 1, 0)
        boost(b, s, pack_boosts(row.self_boost), s, c.EFFECT_MOVE, move)
        log(b, L_QUIET, s, 0, 0)
    if mon.hp <= 0:
        faint(b, s, s, c.EFFECT_MOVE, move)
    if result != DONE:
        _fail(b, s, t)
        return c.RESULT_FALSE, follows, 1 - s
    sheer = int(b.move.flag_bits) & c.MOVE_SHEER_FORCE != 0 and ability(b, s) == A.sheerforce
    if not sheer and int(row.move_flags) & F_FUTURE == 0:
        before = int(mon.hp)
        after_move_self(b, s, t, t != s)
        if t != s and int(b.move.category) != c.CATEGORY_STATUS:
            emergency_exit_at_half(b, s, before)
    return c.RESULT_TRUE, 0, 0


@kernel
def use_move(b: Any, s: int, move: int, locked: bool, caller: int) -> bool:
    """Use a move and whatever it calls or is bounced into; return whether it did something.

    ``caller``: the move that it follows (Round), 0 for none.
    """
    side = b.sides[s]
    side.move_this_turn_result = c.RESULT_UNDEFINED
    user = s
    bounced = False
    did = False
    callers = 0
    for depth in range(4):
        result, follows, who = _use_once(b, user, move, caller, bounced, locked and depth == 0)
        if user == s:
            did = did or result == c.RESULT_TRUE
        if follows == 0 or who != user:
            mover = b.sides[user]
            if mover.move_this_turn_result == c.RESULT_UNDEFINED:
                mover.move_this_turn_result = result
        if follows == 0:
            break
        if who != user:
            bounced = True
            b.move.flag_bits = 0
        else:
            callers += 1
            caller = move
        user = who
        move = follows
        b.sides[user].move_this_turn_result = c.RESULT_UNDEFINED
    # The moves that called another one have hit their user by now, and end as every hit does.
    for _ in range(callers):
        _end_hit(b, s)
    return did


@kernel
def _locked(b: Any, s: int) -> bool:
    """Return whether the active of ``s`` is bound to its move (getLockedMove): it costs no PP."""
    return (
        has_volatile(b, s, c.V_LOCKEDMOVE)
        or has_volatile(b, s, c.V_TWOTURNMOVE)
        or has_volatile(b, s, c.V_UPROAR)
        or has_volatile(b, s, c.V_ROLLOUT)
    )


@kernel
def _after_move(b: Any, s: int) -> None:
    """Do what follows a move that was used (AfterMove)."""
    move = int(b.move.id)
    side = b.sides[s]
    if move == M.beakblast:
        remove_volatile(b, s, c.V_BEAKBLAST)
    elif move == M.spitup:
        remove_volatile(b, s, c.V_STOCKPILE)
    elif move == M.sparklingaria and int(b.move.hit) == c.CLEANSING_HIT:
        foe = b.sides[1 - s]
        if int(side.mons[side.active].flag_bits) & c.MON_FAINTED == 0:
            if int(foe.mons[foe.active].status) == c.BRN:
                cure_status(b, 1 - s)
    tying = int(has_volatile(b, s, c.V_CHARGE)) + int(has_volatile(b, s, c.V_LOCKEDMOVE))
    if tying == 2:
        tied(b, 0)
    if has_volatile(b, s, c.V_CHARGE):
        if int(b.move.type) == c.TYPE_ELECTRIC and move != M.charge:
            remove_volatile(b, s, c.V_CHARGE)
    if has_volatile(b, s, c.V_LOCKEDMOVE) and side.locked_move_duration == 1:
        remove_volatile(b, s, c.V_LOCKEDMOVE)
    after_any_move(b, tying)


@kernel
def _run_once(b: Any, s: int, move: int, priority: int, external: bool, behind: int) -> bool:
    """Run a move without Dancer; return whether it was used and did something.

    ``behind``: BEHIND_ROUND* where a Round has brought it forward, else 0.
    """
    side = b.sides[s]
    side.active_move_actions = min(255, int(side.active_move_actions) + 1)
    if not external and move != M.struggle and has_volatile(b, s, c.V_ENCORE):
        if side.encore_move:
            move = int(side.encore_move)
    b.move.id = move
    b.move.side = s
    b.move.flag_bits = c.MOVE_EXTERNAL if external else 0
    b.move.priority = priority
    b.move.type = MOVES[move].type
    b.move.category = MOVES[move].category
    result = before_move(b, s, move)
    if result != c.RESULT_TRUE:
        side.move_this_turn_result = result
        b.move.id = 0
        return False
    if move == M.focuspunch and has_volatile(b, s, c.V_FOCUSPUNCH):
        if int(side.flag_bits) & c.SIDE_LOST_FOCUS:
            log(b, L_CANT, s, CANT_FOCUS_PUNCH, move)
            side.move_this_turn_result = c.RESULT_FALSE
            b.move.id = 0
            return False
    locked = False
    if not external:
        locked = _locked(b, s)
        if not locked and deduct_pp(b, s, move, 1) == 0 and move != M.struggle:
            log(b, L_CANT, s, CANT_NO_PP, move)
            side.move_this_turn_result = c.RESULT_FALSE
            b.move.id = 0
            return False
        side.last_move = move
    unlocked = external and not has_volatile(b, s, c.V_LOCKEDMOVE)
    if behind == c.BEHIND_ROUND_IGNORING and not locked:
        b.move.flag_bits = int(b.move.flag_bits) | c.MOVE_IGNORE_ABILITY
    did = use_move(b, s, move, locked, int(M.round) if behind != 0 and not locked else 0)
    b.last_successful_move = int(b.move.id) if did else 0
    _after_move(b, s)
    if unlocked:
        drop_volatile(b, s, c.V_LOCKEDMOVE)
    return did


@kernel
def run_move(b: Any, s: int, move_id: int, priority: int, external: bool, behind: int) -> None:
    """Make the active Pokémon of side ``s`` use a move; ``external``: no PP, no lock (Dancer).

    ``behind``: BEHIND_ROUND* where a Round has brought it forward, else 0.
    ``priority`` is the action's in whole stages, Prankster and such included.
    """
    did = _run_once(b, s, move_id, priority, external, behind)
    used = int(b.move.id)
    if did and not external and used and int(MOVES[used].move_flags) & F_DANCE:
        dancer = b.sides[1 - s]
        mon = dancer.mons[dancer.active]
        if ability(b, 1 - s) == A.dancer and not is_semi_invulnerable(b, 1 - s):
            if not faint_messages(b) and int(mon.flag_bits) & c.MON_FAINTED == 0:
                log_from(b, L_ACTIVATE, 1 - s, 0, 0, c.EFFECT_ABILITY, A.dancer, -1)
                _run_once(b, 1 - s, used, int(MOVES[used].priority), True, 0)
    if not faint_messages(b):
        check_win(b, -1)
