"""The compiled loop of the alpha-beta search: negamax over an explicit stack, in slices.

Scores are int32.  A final result ``r`` reached ``p`` plies after the root scores
``round(r * UNIT) * PLIES - sign(r) * p``, so that a quick win beats a slow one and a slow loss
beats a quick one.  A static estimate ``e`` scores ``round(e * UNIT) * PLIES``: its low bits are
zero, which tells the two apart, and it always stays below a certain win.

``run`` works on one stack and stops when its node budget is used up; called again it continues
there.  So a search can be interrupted between slices without losing work, and its result does not
depend on where.
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numba as nb
import numpy as np
from numba import types
from numpy.typing import NDArray

from plywise.engine.compile.jit import inlined_kernel, kernel, kernel_of, prepare
from plywise.engine.kernels import NO_ACTION, TERMINAL, signatures

UNIT = 1 << 17
PLIES = 1 << 13
INFINITE = 2**31 - 1

EVERY = 1 << 33
"""A margin below the best that no score is outside of."""

DONE, PAUSED, NOT_TURN_BASED, NO_LEGAL_ACTION, TOO_DEEP = 0, 1, 2, 3, 4
"""What ``run`` returns; the last three are errors of the rules or of the caller."""

UPPER, LOWER, EXACT = 1, 2, 3
"""Kinds of a table entry's score (a fail-soft bound or the value itself); 0: empty."""

FRAME = np.dtype(
    (
        np.record,
        [
            ("key", np.uint64),
            ("alpha", np.int32),
            ("beta", np.int32),
            ("first_alpha", np.int32),
            ("best", np.int32),
            ("depth", np.int32),
            ("next", np.int32),
            ("count", np.int32),
            ("best_action", np.int32),
            ("player", np.int8),  # to move; before the node is entered: whose view the window is
            ("solved", np.uint8),  # no static estimate in what was searched so far
            ("scouting", np.uint8),  # the child being searched has a null window
            ("spare", np.uint8, (5,)),
        ],
    )
)
"""One node on the stack."""

SLOT = np.dtype(
    (
        np.record,
        [
            ("key", np.uint64),
            ("score", np.int32),  # with plies counted from this position, not from the root
            ("action", np.int16),
            ("depth", np.uint8),
            ("bound", np.uint8),
        ],
    )
)
"""One entry of the transposition table.

``bound`` holds its kind in two bits, then ``SOLVED_BIT``, which makes its depth infinite, then the
search that wrote it: entries of another search count as empty, so that the table need not be
cleared for each.
"""

SOLVED_BIT = 4
SEARCH_SHIFT = 3
SEARCHES = 31
"""Searches are numbered 1 … 31; before number 1 comes again, the table is to be cleared."""

CONTROL = np.dtype(
    (
        np.record,
        [
            ("top", np.int64),  # frame being searched; -1: finished
            ("entering", np.int64),
            ("margin", np.int64),  # root actions within it of the best get real scores
            ("nodes", np.int64),
            ("search", np.int64),  # number of this search, 1 … SEARCHES
        ],
    )
)
"""State of a search between two slices."""

ANSWER = np.dtype(
    (
        np.record,
        [
            ("score", np.int32),  # for the player to move at the root
            ("depth", np.int16),  # depth of its search; 0: not yet
            ("is_bound", np.uint8),  # the score is an upper bound
            ("solved", np.uint8),
        ],
    )
)
"""Result of one root action."""

_SEED = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xD6E8FEB86659FD93)
_HALF = np.uint64(32)


@kernel
def position_key(words: NDArray[np.uint64], first: int, count: int, skipped: int) -> np.uint64:
    """Return a hash of ``words[first : first + count]`` without the word ``first + skipped``."""
    h = _SEED
    for k in range(count):
        if k != skipped:
            h = (h ^ words[first + k]) * _MIX
            h ^= h >> _HALF
    h *= _MIX
    return np.uint64(h ^ h >> _HALF)


@kernel
def _result_score(result: float, ply: int) -> int:
    """Return the score of a final ``result`` reached ``ply`` plies after the root."""
    major = round(result * UNIT)
    if major == 0:
        return 0
    return major * PLIES - ply if major > 0 else major * PLIES + ply


@kernel
def _estimate_score(estimate: float) -> int:
    """Return the score of a static estimate."""
    return min(max(round(estimate * UNIT), 1 - UNIT), UNIT - 1) * PLIES


@kernel
def shifted(score: int, plies: int) -> int:
    """Return ``score`` with a final result ``plies`` further away; an estimate stays the same."""
    if score & (PLIES - 1) == 0:
        return score
    return score - plies if score > 0 else score + plies


@kernel
def _find(table: NDArray[Any], key: np.uint64, search: int) -> int:
    """Return the table index of this search's entry for ``key``, or -1."""
    at = int(np.int64(key & np.uint64(table.shape[0] - 2)))
    for k in range(2):
        if table[at + k].key == key and int(table[at + k].bound) >> SEARCH_SHIFT == search:
            return at + k
    return -1


@kernel_of(
    types.int64(
        types.Array(nb.from_dtype(SLOT), 1, "C"),
        types.Array(types.uint64, 1, "C"),
        types.int64,
        types.int64,
        types.int64,
    )
)
def expected_action(
    table: NDArray[Any], words: NDArray[np.uint64], width: int, skipped: int, search: int
) -> int:
    """Return the action that the table holds for the first state of a pool, or NO_ACTION."""
    found = _find(table, position_key(words, 0, width, skipped), search)
    return int(table[found].action) if found >= 0 else NO_ACTION


@kernel
def _store(
    table: NDArray[Any], key: np.uint64, score: int, action: int, depth: int, bound: int
) -> None:
    """Store an entry: the deeper of two in its bucket's first slot, the other in the second."""
    at = int(np.int64(key & np.uint64(table.shape[0] - 2)))
    kept = table[at]
    rank = 256 if bound & SOLVED_BIT else depth
    kept_rank = 256 if kept.bound & SOLVED_BIT else int(kept.depth)
    old = int(kept.bound) >> SEARCH_SHIFT != bound >> SEARCH_SHIFT
    if kept.key != key and not old and kept_rank > rank:
        at += 1
    slot = table[at]
    slot.key = key
    slot.score = score
    slot.action = action
    slot.depth = depth
    slot.bound = bound


@kernel
def _credit(
    history: NDArray[np.int32], killers: NDArray[np.int32], player: int, action: int, frame: Any
) -> None:
    """Credit an action that refuted a line, for the order of actions elsewhere."""
    top, depth = frame
    if killers[top, 0] != action:
        killers[top, 1] = killers[top, 0]
        killers[top, 0] = action
    history[player, action] += (depth + 1) * (depth + 1)
    if history[player, action] > 1 << 24:
        for p in range(2):
            for a in range(history.shape[1]):
                history[p, a] >>= 1


@kernel
def _open(frame: Any, key: np.uint64, player: int, alpha: int, beta: int, count: int) -> None:
    """Begin to search a node's actions."""
    frame.key = key
    frame.player = player
    frame.alpha = alpha
    frame.first_alpha = alpha
    frame.beta = beta
    frame.best = -INFINITE
    frame.best_action = NO_ACTION
    frame.next = 0
    frame.count = count
    frame.solved = 1


class StackArrays(NamedTuple):
    """Arrays of one search, as one argument of the compiled loop; row-wise ones are equally long.

    Attributes:
        pool: states on the stack; the first is the position to search.
        words: the pool as uint64 words.
        frames: FRAME records; the first holds the root's player, depth and number of actions.
        actions: int32 ``(frames, actions)``: legal actions of each node, the root's in the order to
            search them.
        ranks: int32 ``(frames, actions)``: rank of each action in the order of the search.
        table: SLOT records, a power of 2 of them.
        history: int32 ``(2, actions)``: history heuristic's counts, by player.
        killers: int32 ``(frames, 2)``: killer moves.
        control: one CONTROL record.
        answers: ANSWER records, one for each action of the game.
    """

    pool: Any
    words: Any
    frames: Any
    actions: Any
    ranks: Any
    table: Any
    history: Any
    killers: Any
    control: Any
    answers: Any


@inlined_kernel
def _known_value(
    stack: Any, f: int, width: int, skipped: int, player: int
) -> tuple[bool, int, bool, np.uint64, int]:
    """Look a node up before its actions are searched.

    Returns:
        whether its value is known well enough; the value; whether it is free of estimates; the
        position's key; the action to try first.
    """
    frame = stack.frames[f]
    alpha, beta = int(frame.alpha), int(frame.beta)
    if player != frame.player:
        alpha, beta = -beta, -alpha
    # Nothing in this node can be better, or worse, than a result one ply from here.
    highest = UNIT * PLIES - (f + 1)
    if highest <= alpha:
        return True, highest, True, np.uint64(0), NO_ACTION
    if -highest >= beta:
        return True, -highest, True, np.uint64(0), NO_ACTION
    key = position_key(stack.words, f * width, width, skipped)
    found = _find(stack.table, key, stack.control[0].search)
    if found < 0:
        return False, 0, True, key, NO_ACTION
    slot = stack.table[found]
    known = slot.bound & SOLVED_BIT != 0
    if known or int(slot.depth) >= int(frame.depth):
        score = shifted(int(slot.score), f)
        kind = slot.bound & 3
        if kind == EXACT or (kind == LOWER and score >= beta) or (kind == UPPER and score <= alpha):
            return True, score, known, key, NO_ACTION
    return False, 0, True, key, int(slot.action)


@inlined_kernel
def _rank(stack: Any, f: int, player: int, count: int, first_choice: int) -> None:
    """Rank a node's actions: the table's, killer moves, then by the history heuristic."""
    for k in range(count):
        a = stack.actions[f, k]
        if a == first_choice:
            stack.ranks[f, k] = 1 << 30
        elif a == stack.killers[f, 0]:
            stack.ranks[f, k] = 1 << 29
        elif a == stack.killers[f, 1]:
            stack.ranks[f, k] = 1 << 28
        else:
            stack.ranks[f, k] = stack.history[player, a]


@inlined_kernel
def _take(stack: Any, f: int, value: int, solved: bool) -> bool:
    """Take over a child's value in the view of the node's player; return whether it cuts."""
    frame = stack.frames[f]
    if f == 0:
        answer = stack.answers[stack.actions[0, frame.next - 1]]
        answer.score = value
        answer.depth = frame.depth
        answer.solved = 1 if solved else 0
        # The window was open from one below that: a tie is a real score.
        full = frame.next == 1 or value >= frame.best - stack.control[0].margin
        answer.is_bound = 0 if full else 1
    if value > frame.best:
        frame.best = value
        frame.best_action = stack.actions[f, frame.next - 1]
    if value > frame.alpha:
        frame.alpha = value
    if value >= frame.beta:
        frame.solved = 1 if solved else 0
        return True
    if not solved:
        frame.solved = 0
    return False


@inlined_kernel
def _close(stack: Any, f: int, cut: bool) -> None:
    """Store a finished node in the table; credit the action that cut it."""
    frame = stack.frames[f]
    best = int(frame.best)
    action = int(frame.best_action)
    depth = int(frame.depth)
    kind = LOWER if cut else UPPER if best <= frame.first_alpha else EXACT
    if frame.solved != 0:
        kind |= SOLVED_BIT
    kind |= stack.control[0].search << SEARCH_SHIFT
    _store(stack.table, frame.key, shifted(best, -f), action, depth, kind)
    if cut:
        _credit(stack.history, stack.killers, int(frame.player), action, (f, depth))


@inlined_kernel
def _prepare_child(stack: Any, f: int, again: bool) -> int:
    """Open the frame of a node's next action, or of the last one again; return the action."""
    frame = stack.frames[f]
    actions, ranks = stack.actions, stack.ranks
    k = int(frame.next) - (1 if again else 0)
    chosen = k
    if not again:
        for j in range(k + 1, frame.count):
            if ranks[f, j] > ranks[f, chosen]:
                chosen = j
    a = int(actions[f, chosen])
    actions[f, chosen], ranks[f, chosen] = actions[f, k], ranks[f, k]
    actions[f, k] = a
    frame.next = k + 1
    child = stack.frames[f + 1]
    child.alpha = frame.alpha
    if f == 0:
        margin = stack.control[0].margin
        child.alpha = -INFINITE if k == 0 else max(frame.best - 1 - margin, -INFINITE)
    # The first action is expected to be the best; of the others a bound should do.
    scouting = f > 0 and k > 0 and not again and frame.beta - frame.alpha > 1
    child.beta = frame.alpha + 1 if scouting else frame.beta
    frame.scouting = 1 if scouting else 0
    child.player = frame.player
    child.depth = frame.depth - 1
    return a


def _run(
    stack: StackArrays,
    skipped: int,
    budget: int,
    step: Callable[..., None],
    legal: Callable[..., int],
    current: Callable[..., int],
    returns: Callable[..., float],
    evaluate: Callable[..., float],
) -> int:
    """Search on for at most ``budget`` nodes; return DONE, PAUSED or an error.

    ``stack.answers[action]`` is written as soon as a root action is done: it has its real score if
    that is no further than ``margin`` (of the control record) below the best before it (with
    ``EVERY`` always), else a fail-soft upper bound.  ``skipped`` is the word of a state that is
    left out of its key.
    """
    pool, frames = stack.pool, stack.frames
    go = stack.control[0]
    f = go.top
    entering = go.entering != 0
    width = stack.words.shape[0] // pool.shape[0]
    last = go.nodes + budget
    value = 0
    solved = True
    view = 0  # player for whom ``value`` is; -1: no child has returned

    while True:
        if entering:
            if go.nodes >= last:
                go.top = f
                go.entering = 1
                return PAUSED
            go.nodes += 1
            frame = frames[f]
            player = current(pool, f)
            entering = False
            if f == 0:
                for k in range(int(frame.count)):
                    stack.ranks[0, k] = -k
                _open(frame, np.uint64(0), player, -INFINITE, INFINITE, int(frame.count))
                view = -1
            elif player == TERMINAL:
                value, solved, view = _result_score(returns(pool, f), f), True, 0
                f -= 1
            elif player != 0 and player != 1:
                return NOT_TURN_BASED
            elif int(frame.depth) <= 0:
                value, solved, view = _estimate_score(evaluate(pool, f)), False, 0
                f -= 1
            elif f + 1 >= pool.shape[0]:
                return TOO_DEEP
            else:
                known, value, solved, key, first_choice = _known_value(
                    stack, f, width, skipped, player
                )
                if known:
                    view = player
                    f -= 1
                else:
                    count = legal(pool, f, player, stack.actions[f])
                    if count == 0:
                        return NO_LEGAL_ACTION
                    _rank(stack, f, player, count, first_choice)
                    alpha, beta = int(frame.alpha), int(frame.beta)
                    if player != frame.player:
                        alpha, beta = -beta, -alpha
                    _open(frame, key, player, alpha, beta, count)
                    view = -1

        frame = frames[f]
        player = int(frame.player)
        cut = again = False
        if view >= 0 and view != player:
            value = -value
        if view >= 0 and frame.scouting != 0 and frame.alpha < value < frame.beta:
            again = True  # better than what was known: its value is needed, not only a bound
        elif view >= 0:
            cut = _take(stack, f, value, solved)
        if cut or (frame.next == frame.count and not again):
            if f == 0:  # the root's value is in the answers, and it was not hashed
                go.top = -1
                return DONE
            _close(stack, f, cut)
            value, solved, view = int(frame.best), frame.solved != 0, player
            f -= 1
        else:
            a = _prepare_child(stack, f, again)
            pool[f + 1] = pool[f]
            if player == 0:
                step(pool, f + 1, a, NO_ACTION)
            else:
                step(pool, f + 1, NO_ACTION, a)
            f += 1
            entering = True


@functools.cache
def runner(dtype: np.dtype[Any]) -> Callable[..., int]:
    """Return ``_run`` compiled once for states of ``dtype``; the rules are its arguments."""
    s = signatures(dtype)
    i64, i32 = types.int64, types.int32
    stack = StackArrays(
        pool=types.Array(nb.from_dtype(dtype), 1, "C"),
        words=types.Array(types.uint64, 1, "C"),
        frames=types.Array(nb.from_dtype(FRAME), 1, "C"),
        actions=types.Array(i32, 2, "C"),
        ranks=types.Array(i32, 2, "C"),
        table=types.Array(nb.from_dtype(SLOT), 1, "C"),
        history=types.Array(i32, 2, "C"),
        killers=types.Array(i32, 2, "C"),
        control=types.Array(nb.from_dtype(CONTROL), 1, "C"),
        answers=types.Array(nb.from_dtype(ANSWER), 1, "C"),
    )
    base: Any = types.BaseTuple  # untyped in numba
    signature = i64(
        base.from_types(tuple(stack), StackArrays),
        i64,
        i64,
        *(types.FunctionType(x) for x in (s.step, s.legal, s.current, s.returns, s.evaluate)),
    )
    compiled = kernel_of(signature)(_run)
    prepare("the alpha-beta search", compiled, expected_action)
    return compiled
