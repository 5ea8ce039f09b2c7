"""Outcomes that the simultaneous-move search keeps, so that it need not play every turn anew.

A *cell* is a joint action at a node in one world.  A visit to one may go on in a state that was
reached there before, which costs no turn.  It is played anew, with chance drawn afresh, as long as
that was done fewer than ``sqrt(visits)`` times: progressive widening of the outcomes of chance
(Couëtoux et al., *Continuous Upper Confidence Trees*, 2011), in a tree whose nodes are still paths
of actions, not outcomes.  Where visits are many ``sqrt`` means few outcomes, whose chance would
show in the values; so it is played anew for a share ``renewal`` of its visits at least.  The world
stays the same all the way down, so what a player learns in a world comes from that world.

Each cell has a *block* for its outcomes.  The last one tried is kept in place of a random one when
the block is full.  With a state its legal actions are kept as bits, so walking through it touches
little memory; that limits this to games of ``MAX_NOTED`` actions.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from plywise.engine.jit import kernel
from plywise.search.tree_statistics import unit

KEPT = 6
"""So many outcomes of a cell are kept at most."""

MAX_NOTED = 64

BLOCK = np.dtype(
    (
        np.record,
        [
            ("played", np.int32),
            ("kept", np.int32),
            ("states", np.int32, (KEPT,)),
            ("children", np.int32, (KEPT,)),
            ("own", np.uint64, (KEPT,)),
            ("other", np.uint64, (KEPT,)),
        ],
    )
)
"""Of a cell: how often it was played; of its kept outcomes the state's place in the pool, the node,
and the legal actions of the deciding player and its opponent (none: not noted yet).

The first blocks are the worlds' roots, of which only the legal actions of place 0 are used.
"""


@kernel
def recalled(control: Any, table: Any, blocks: Any, cell: int) -> int:
    """Return which outcome of a cell to go on with; -1 where it is to be played anew."""
    block = int(table[cell].node)
    if block < 0:
        return -1
    played = int(blocks[block].played)
    kept = int(blocks[block].kept)
    visits = int(table[cell].count)
    if kept == 0 or played * played < visits or played < float(control.renewal) * visits:
        return -1
    return int(unit(control) * kept)


@kernel
def keep(control: Any, table: Any, blocks: Any, pool: Any, cell: int, work: int, child: int) -> int:
    """Keep the state at ``work`` as an outcome of a cell; return as which, -1 without room."""
    block = int(table[cell].node)
    if block < 0:
        block = int(control.blocks)
        if block == len(blocks):
            return -1
        control.blocks = block + 1
        table[cell].node = block
        blocks[block].played = 0
        blocks[block].kept = 0
    found = blocks[block]
    found.played = int(found.played) + 1
    k = int(found.kept)
    place = work + 1 + int(control.kept)
    if k < KEPT and place < len(pool):
        control.kept = int(control.kept) + 1
        found.kept = k + 1
        found.states[k] = place
    elif k > 0:
        k = int(unit(control) * k)
    else:
        return -1
    pool[int(found.states[k])] = pool[work]
    found.children[k] = child
    found.own[k] = np.uint64(0)
    found.other[k] = np.uint64(0)
    return k


@kernel
def noted(actions: Any, count: int) -> Any:
    """Return actions as bits."""
    bits = np.uint64(0)
    for k in range(count):
        bits |= np.uint64(1) << np.uint64(actions[k])
    return bits


@kernel
def read_note(bits: Any, actions: Any) -> int:
    """Write the actions of a note, ascending; return how many."""
    count = 0
    a = 0
    while bits != np.uint64(0):
        if bits & np.uint64(1) != np.uint64(0):
            actions[count] = a
            count += 1
        bits >>= np.uint64(1)
        a += 1
    return count
