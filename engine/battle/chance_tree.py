"""Enumerated chance: every outcome of a step with its exact probability.

The draws of a step form a tree.  An explored script (:mod:`chance`) plays the step along one path
and records the draws; the loop here then changes the last draw that has another branch and plays
the step again from the start, until the tree has been walked depth first.  A
``randomChance(num, n)`` has two branches, a plain draw one for each result, a damage roll one for
each class of rolls that do the same damage or knock the target out.  Equal successors are merged
and their probabilities added.
"""

from typing import Any, NamedTuple

import numba as nb
import numpy as np
from numba import types
from numpy.typing import NDArray

from plywise.datasets.errors import PlywiseError
from plywise.engine.battle import turn
from plywise.engine.battle.chance import (
    CLASSES,
    CURSOR,
    ENTRY,
    HEADER,
    LENGTH,
    LOW,
    NUMERATOR,
    RANGE,
    RESULT,
    new_explorer,
)
from plywise.engine.battle.constants import FORMAT_SCRIPTED, QUEUE_SIZE
from plywise.engine.battle.state import BATTLE, QUEUED
from plywise.engine.compile.jit import kernel, kernel_of, prepare

MOST_BRANCHES = 1 << 16
"""Default limit of branches; two attacks have some hundreds, five hits of one move 3 million."""
_MOST_DRAWS = 512  # in one step; the longest recorded have some 40
_TOO_MANY_BRANCHES, _TOO_MANY_DRAWS = -1, -2

_POOL = types.Array(nb.from_dtype(BATTLE), 1, "C")
_BYTES = types.Array(types.uint8, 1, "C")
_WORDS = types.Array(types.uint32, 2, "C")
_INT64 = types.Array(types.int64, 1, "C")
_INT32 = types.Array(types.int32, 1, "C")
_FLOATS = types.Array(types.float64, 1, "C")
_I64 = types.int64

_WORDS_OF_STATE = BATTLE.itemsize // 4


def _place(name: str) -> tuple[int, int]:
    """Return (first, end) of a field's bytes in a state."""
    dtype, first = BATTLE.fields[name][:2]  # type: ignore[index]  # it has fields
    return first, first + dtype.itemsize


# What a step leaves behind and the next one never reads.
_SCRATCH = np.array([_place("faint_queue"), _place("move")], np.int64)
_QUEUE_AT, _QUEUE_END = _place("queue")
_QUEUED_SIZE = QUEUED.itemsize


class TooManyBranchesError(PlywiseError):
    """A step that can turn out in more ways than were allowed."""


class StepOutcomes(NamedTuple):
    """The outcomes of a step.

    Attributes:
        states: different successors (``state.BATTLE``), shape (n,).
        probabilities: probability of each successor, shape (n,), summing to 1.
        branches: number of paths through the draws that were played.
    """

    states: NDArray[Any]
    probabilities: NDArray[np.float64]
    branches: int

    def pairs(self) -> list[tuple[float, NDArray[Any]]]:
        """Return (probability, pool of one state) of each outcome."""
        states = np.split(self.states, len(self.states))
        return list(zip(self.probabilities.tolist(), states, strict=True))


@kernel
def _class_end(classes: int, start: int, n: int) -> int:
    """Return where the class of results that begins at ``start`` ends."""
    end = start + 1
    while end < n and (classes >> end) & 1 == 0:
        end += 1
    return end


@kernel
def _weight(script: Any, at: int) -> float:
    """Return the probability of the branch that a written draw took."""
    n = int(script[at + RANGE])
    num, result = int(script[at + NUMERATOR]), int(script[at + RESULT])
    if num >= 0:
        happens = min(num, n)
        return happens / n if result < num else (n - happens) / n
    classes = int(script[at + CLASSES])
    if classes == 0:
        return 1.0 / n
    start = result - int(script[at + LOW])
    while (classes >> start) & 1 == 0:
        start -= 1
    return (_class_end(classes, start, n) - start) / n


@kernel
def _advance(script: Any, at: int) -> bool:
    """Turn a written draw to its next branch; return whether there is one."""
    n, low = script[at + RANGE], script[at + LOW]
    num, result = script[at + NUMERATOR], script[at + RESULT]
    if num >= 0:
        if result >= num or num >= n:
            return False
        script[at + RESULT] = num
        return True
    classes = script[at + CLASSES]
    if classes == 0:
        if result + 1 >= low + n:
            return False
        script[at + RESULT] = result + 1
        return True
    start = _class_end(classes, result - low, n)
    if start >= n:
        return False
    # The middle one stands for its class; where classes are exact, any would do.
    script[at + RESULT] = low + start + (_class_end(classes, start, n) - start - 1) // 2
    return True


@kernel
def _forget_scratch(work: Any, octets: Any) -> None:
    """Clear what of ``work[0]`` the next step never reads."""
    for k in range(len(_SCRATCH)):
        for j in range(_SCRATCH[k, 0], _SCRATCH[k, 1]):
            octets[j] = 0
    for j in range(_QUEUE_AT + _QUEUED_SIZE * int(work[0].queue_length), _QUEUE_END):
        octets[j] = 0


@kernel
def _find(words: Any, row: Any, table: Any) -> int:
    """Return the slot of the state ``row`` in ``table``, or the free slot for it."""
    mixed = np.uint32(2166136261)
    for k in range(_WORDS_OF_STATE):
        mixed = np.uint32((mixed ^ row[0, k]) * np.uint64(16777619) & np.uint64(0xFFFF_FFFF))
    last = len(table) - 1
    slot = int((np.int64(mixed) ^ (np.int64(mixed) >> 15)) & last)
    while True:
        there = int(table[slot])
        if there == 0:
            return slot
        same = True
        for k in range(_WORDS_OF_STATE):
            if words[there - 1, k] != row[0, k]:
                same = False
                break
        if same:
            return slot
        slot = (slot + 1) & last


_SIGNATURE = _I64(
    _POOL,
    _I64,
    _I64,
    _I64,
    _POOL,
    _BYTES,
    _WORDS,
    _INT64,
    _I64,
    _POOL,
    _WORDS,
    _FLOATS,
    _INT32,
    _INT64,
)


@kernel_of(_SIGNATURE)
def _explore(
    pool: Any,
    i: int,
    a0: int,
    a1: int,
    work: Any,
    octets: Any,
    row: Any,
    script: Any,
    address: int,
    states: Any,
    words: Any,
    probabilities: Any,
    table: Any,
    branches: Any,
) -> int:
    """Fill ``states`` and ``probabilities``; return how many there are, or what was too much.

    ``octets`` and ``row`` are ``work``'s memory, ``words`` that of ``states``; ``branches[0]`` is
    how many may be played, and becomes how many were.
    """
    limit = branches[0]
    branches[0] = 0
    count, prescribed = 0, 0
    while True:
        if branches[0] >= limit:
            return _TOO_MANY_BRANCHES
        branches[0] += 1
        work[0] = pool[i]
        b = work[0]
        own = int(b.format)
        b.format = own | FORMAT_SCRIPTED
        b.rng = address
        script[CURSOR] = 0
        script[LENGTH] = prescribed
        turn.commit(b, a0, a1)
        made = script[CURSOR]
        if made > _MOST_DRAWS:
            return _TOO_MANY_DRAWS
        b.format = own
        b.rng = pool[i].rng
        _forget_scratch(work, octets)
        probability = 1.0
        for k in range(made):
            probability *= _weight(script, HEADER + ENTRY * k)
        slot = _find(words, row, table)
        if table[slot] == 0:
            states[count] = work[0]
            probabilities[count] = 0.0
            count += 1
            table[slot] = count
        probabilities[int(table[slot]) - 1] += probability
        prescribed = made
        while prescribed > 0 and not _advance(script, HEADER + ENTRY * (prescribed - 1)):
            prescribed -= 1
        if prescribed == 0:
            return count


def prepare_branches() -> None:
    """Compile or load the kernel of this module."""
    prepare("enumerated chance", _explore)


def canonical_states(pool: NDArray[Any]) -> NDArray[Any]:
    """Return a copy of states without random source and unused fields: equal ones are the same.

    The successors of :func:`enumerate_step` are so but for their random source.
    """
    found = pool.copy()
    found["rng"] = 0
    for name in ("faint_queue", "move"):
        found[name] = np.zeros(1, BATTLE)[name]
    for k in range(QUEUE_SIZE):
        found["queue"][found["queue_length"] <= k, k] = np.zeros(1, QUEUED)[0]
    return found


def enumerate_step(
    pool: NDArray[Any],
    i: int,
    a0: int,
    a1: int,
    limit: int = MOST_BRANCHES,
    damage_classes: int | None = None,
) -> StepOutcomes:
    """Return every outcome of a step from state ``i`` of ``pool``, which is not changed.

    Args:
        a0, a1: legal actions of both sides, ``NO_ACTION`` where one has nothing to decide.
        limit: how many branches may be played.
        damage_classes: 1 to 16.  An approximation, off by default: the 16 rolls fall into so many
            classes of neighbours, and the middle roll stands for its class.

    Returns:
        the different successors, all with the random source of state ``i``, most probable first.

    Raises:
        TooManyBranchesError: there are more than ``limit``.
        ValueError: an argument that makes no sense, or a state under a script.
    """
    if pool.dtype != BATTLE or pool.ndim != 1 or not pool.flags.c_contiguous:
        raise ValueError("a one-dimensional, contiguous array of battle states is wanted")
    if limit < 1 or not 1 <= (damage_classes or 1) <= 16:
        raise ValueError(f"limit={limit}, damage_classes={damage_classes}: out of range")
    if int(pool[i]["format"]) & FORMAT_SCRIPTED:
        raise ValueError("the state is under a script already")
    prepare_branches()
    work, states = np.zeros(1, BATTLE), np.empty(limit, BATTLE)
    probabilities = np.empty(limit)
    script = new_explorer(_MOST_DRAWS, damage_classes or 0)
    branches = np.array([limit], np.int64)
    count = _explore(
        pool,
        i,
        a0,
        a1,
        work,
        work.view(np.uint8),
        work.view(np.uint32).reshape(1, -1),
        script,
        script.ctypes.data,
        states,
        states.view(np.uint32).reshape(limit, -1),
        probabilities,
        np.zeros(1 << (2 * limit).bit_length(), np.int32),
        branches,
    )
    if count == _TOO_MANY_BRANCHES:
        raise TooManyBranchesError(
            f"the step can turn out in more than {limit} ways: raise the limit, or give "
            "damage_classes for an approximation"
        )
    if count == _TOO_MANY_DRAWS:
        raise TooManyBranchesError(f"a path of the step makes more than {_MOST_DRAWS} draws")
    order = np.argsort(-probabilities[:count], kind="stable")
    return StepOutcomes(states[:count][order], probabilities[:count][order], int(branches[0]))
