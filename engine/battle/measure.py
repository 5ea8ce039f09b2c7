"""Compiled loops for measurements: copies, legal actions, damage rolls, scripted battles."""

import time
from dataclasses import dataclass
from typing import Any

import numba as nb
import numpy as np
from numba import types
from numpy.typing import NDArray

from plywise.engine.battle import chance, turn
from plywise.engine.battle.constants import NUM_ACTIONS, WINNER_NONE
from plywise.engine.battle.damage import get_damage
from plywise.engine.battle.legal import legal_actions
from plywise.engine.battle.move_setup import set_up_move
from plywise.engine.battle.state import BATTLE
from plywise.engine.compile.jit import kernel_of, prepare
from plywise.engine.kernels import NO_ACTION
from plywise.engine.mixing import scramble

_POOL = types.Array(nb.from_dtype(BATTLE), 1, "C")
_INT32 = types.Array(types.int32, 1, "C")
_I64 = types.int64
_MOST_STEPS, _MOST_DRAWS = 1 << 12, 1 << 15  # of one battle of random choices
_HALF = np.uint64(32)


@kernel_of(types.void(_POOL, _POOL, _I64))
def _copy(pool: Any, work: Any, times: int) -> None:
    for k in range(times):
        work[k & 15] = pool[k % len(pool)]


@kernel_of(_I64(_POOL, _I64, _INT32))
def _legal(pool: Any, times: int, out: Any) -> int:
    total = 0
    for k in range(times):
        total += legal_actions(pool[(k >> 1) % len(pool)], k & 1, out)
    return total


@kernel_of(_I64(_POOL, _POOL, _I64))
def _rolls(pool: Any, work: Any, times: int) -> int:
    """Work out all 16 rolls of ``times`` moves of the states' actives; return a check sum."""
    total = 0
    for k in range(times):
        i = (k >> 2) % len(pool)
        attacker = pool[i].sides[0]
        move = int(attacker.mons[attacker.active].moves[k & 3])
        for r in range(16):
            work[0] = pool[i]
            b = work[0]
            if set_up_move(b, 0, move, 0, False):
                b.move.hit = 1
                total += max(0, get_damage(b, 0, 1, 0, r))
    return total


@kernel_of(_I64(_POOL, _I64, types.uint64, _INT32, _INT32, _INT32))
def _record(pool: Any, i: int, seed: Any, out: Any, a0: Any, a1: Any) -> int:
    """Play state ``i`` to its end with random actions, which are written down; return how many."""
    b = pool[i]
    x = seed
    count = 0
    while int(b.winner) == WINNER_NONE and count < len(a0):
        for s in range(2):
            n = legal_actions(b, s, out)
            chosen = NO_ACTION
            if n != 0:
                x = np.uint64(scramble(x))
                chosen = int(out[np.int64(((x >> _HALF) * np.uint64(n)) >> _HALF)])
            if s == 0:
                a0[count] = chosen
            else:
                a1[count] = chosen
        turn.commit(b, int(a0[count]), int(a1[count]))
        count += 1
    return count


@kernel_of(types.void(_POOL, _I64, _I64, _INT32, _INT32))
def _replay(pool: Any, i: int, count: int, a0: Any, a1: Any) -> None:
    b = pool[i]
    for k in range(count):
        turn.commit(b, int(a0[k]), int(a1[k]))


def prepare_measure() -> None:
    """Compile or load the loops."""
    prepare("measurements", _copy, _legal, _rolls, _record, _replay)


def _seconds_each(work: Any, seconds: float) -> float:
    """Return how long one of ``work``'s repetitions takes; ``work(times)`` does them."""
    times, spent = 64, 0.0
    while spent < seconds:
        times *= 2
        start = time.perf_counter()
        work(times)
        spent = time.perf_counter() - start
    return spent / times


def copy_seconds(pool: NDArray[Any], seconds: float) -> float:
    """Return the time of one copy of a state."""
    prepare_measure()
    work = np.zeros(16, BATTLE)
    return _seconds_each(lambda times: _copy(pool, work, times), seconds)


def legal_seconds(pool: NDArray[Any], seconds: float) -> float:
    """Return the time of one list of one side's legal actions."""
    prepare_measure()
    out = np.zeros(NUM_ACTIONS, np.int32)
    return _seconds_each(lambda times: _legal(pool, times, out), seconds)


def damage_seconds(pool: NDArray[Any], seconds: float) -> float:
    """Return the time of one damage roll, the state's copy and the move's set-up included."""
    prepare_measure()
    work = np.zeros(1, BATTLE)
    return _seconds_each(lambda times: _rolls(pool, work, times), seconds) / 16


@dataclass(frozen=True)
class Replayed:
    """Whole battles replayed under a script: every draw compared with the record."""

    battles: int
    turns: int
    steps: int
    draws: int
    seconds: float


def replay_scripted(pool: NDArray[Any], seed: int, seconds: float) -> Replayed:
    """Play random battles from the states, then replay them scripted and time that.

    Raises:
        RuntimeError: a replay differs from what it replays: a fault of the engine.
    """
    prepare_measure()
    out = np.zeros(NUM_ACTIONS, np.int32)
    a0, a1 = np.zeros(_MOST_STEPS, np.int32), np.zeros(_MOST_STEPS, np.int32)
    battles = turns = steps = draws = 0
    spent = 0.0
    while spent < seconds:
        state = pool[battles % len(pool) : battles % len(pool) + 1]
        played, again = state.copy(), state.copy()
        sampler = chance.new_sampler(seed + battles, _MOST_DRAWS)
        chance.attach_script(played[0], sampler)
        count = int(_record(played, 0, np.uint64(seed + battles), out, a0, a1))
        chance.detach_script(played[0])
        script = chance.new_script(chance.written(sampler).tolist())
        chance.attach_script(again[0], script)
        start = time.perf_counter()
        _replay(again, 0, count, a0, a1)
        spent += time.perf_counter() - start
        chance.detach_script(again[0])
        if not chance.script_report(script).exact or again.tobytes() != played.tobytes():
            raise RuntimeError(f"battle {battles}: the replay differs from the battle")
        battles += 1
        steps += count
        draws += chance.script_report(script).used
        turns += int(again[0]["turn"]) - int(state[0]["turn"])
    return Replayed(battles, turns, steps, draws, spent)
