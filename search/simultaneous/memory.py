"""Memory of the simultaneous-move search: flat records, and a hash table of them.

``kernel.py`` describes how they make up a tree: *nodes*, *rows* of statistics, and the *table*,
which maps a packed key of a joint action to its results.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import types

from plywise.engine.compile.jit import kernel
from plywise.engine.mixing import xorshift

UCT, REGRET = 0, 1
"""How players choose where both move: decoupled upper confidence bounds, or regret matching."""

TREE_CONTROL = np.dtype(
    (
        np.record,
        [
            ("rng", np.uint64),
            ("nodes", np.int64),
            ("rows", np.int64),
            ("entries", np.int64),
            ("epoch", np.int64),
            ("bits", np.int64),
            ("most_bits", np.int64),
            ("kept", np.int64),
            ("iterations", np.int64),
            ("turns", np.int64),
            ("steps", np.int64),
            ("deepest", np.int64),
            ("cut", np.int64),
            ("player", np.int64),
            ("worlds", np.int64),
            ("algorithm", np.int64),
            ("max_depth", np.int64),
            ("private_depth", np.int64),
            ("rollout", np.int64),
            ("exploration", np.float64),
            ("regret_exploration", np.float64),
            ("discount", np.float64),
            ("resample_rate", np.float64),
            ("shrinkage", np.float64),
            ("prior_trust", np.float64),
            ("opponent_prior", np.float64),
            ("root_opponent_prior", np.float64),
        ],
    )
)
"""Counters and settings of one decision.

``epoch`` (1 … EPOCHS) is part of its keys, which tells them from those of earlier decisions.  Of
the table ``2 ** bits`` slots are in use, at most ``2 ** most_bits``.  ``kept`` counts the stored
outcomes (``outcome_cache.py``).  ``turns`` counts turns walked through, ``steps`` turns played.
``cut`` counts leaves evaluated early because an array was full.  ``root_opponent_prior`` is
``opponent_prior`` at the root, where a guide may predict the opponent.
"""

NODE = np.dtype(
    (
        np.record,
        [
            ("parent", np.int32),
            ("sibling", np.int32),
            ("own", np.int16),
            ("other", np.int16),
            ("kind", np.int32),
        ],
    )
)
"""A node: its parent, the joint action that led here, and who moves.

After the same joint action different players may be to move.  These few children form a ring:
``sibling`` is the next one in it.
"""

STAT = np.dtype(
    (
        np.record,
        [
            ("visits", np.int32),
            ("offered", np.int32),
            ("value", np.float32),
            ("width", np.float32),
        ],
    )
)
"""One action of a row: how often it was chosen and on offer, its mean, and the width of its
confidence bound: the prior's factor on its exploration (1 where there is no prior) over the root of
its visits, if there are any.  16 bytes: a row fills few lines of the processor's caches."""

KEPT = 8
"""Most stored outcomes of a cell."""

REGRETS = np.dtype((np.record, [("regret", np.float64), ("average", np.float64)]))
TABLE_ENTRY = np.dtype(
    (
        np.record,
        [
            ("key", np.int64),
            ("result", np.float64),
            ("count", np.int32),
            ("child", np.int32),
            ("played", np.int32),
            ("kept", np.int32),
            ("states", np.int32, (KEPT,)),
        ],
    )
)
"""A slot of the table: a joint action at a node, for all worlds or (a *cell*) in one of them.

Of both: one of the nodes that it leads to (-1: none yet).  Of a cell: its visits, the mean result
for the deciding player, how often it was played, and the places of its stored outcomes in the pool.
It is free where its key is 0 or of an earlier epoch.  64 bytes: a line of the processor's caches.
"""

STEP = np.dtype(
    (
        np.record,
        [
            ("node", np.int32),
            ("own_row", np.int32),
            ("other_row", np.int32),
            ("shared_row", np.int32),
            ("own", np.int16),
            ("other", np.int16),
            ("own_count", np.int16),
            ("other_count", np.int16),
        ],
    )
)
"""One level of an iteration's path."""


class TreeArrays(NamedTuple):
    """Arrays of one tree, as one argument of the compiled loop.

    Attributes:
        pool: the worlds' root states, one state to work on, then room for stored ones.
        control: one TREE_CONTROL record.
        nodes: NODE records.
        node_rows: int32 ``(nodes, 2 + worlds)``, rows of a node or -1.
        stats: STAT records ``(rows, actions)``.
        regrets: REGRETS records of the same shape for regret matching, else unused.
        table: TABLE_ENTRY records, ``2 ** (most_bits + 1)`` of them.
        outcomes: OUTCOME records, one for each place of the pool.
        path: STEP records, more than ``max_depth`` of them.
        path_legal: int32 ``(levels, 2, actions)``, the legal actions along the path.
        own_legal: int32 scratch ``(actions,)``.
        other_legal: int32 scratch ``(actions,)``.
        sigma: float64 scratch ``(2, actions)``.
    """

    pool: Any
    control: Any
    nodes: Any
    node_rows: Any
    stats: Any
    regrets: Any
    table: Any
    outcomes: Any
    path: Any
    path_legal: Any
    own_legal: Any
    other_legal: Any
    sigma: Any


class RootArrays(NamedTuple):
    """Arrays of one decision's root, as one argument of the compiled loop.

    Attributes:
        scale: float64 ``(worlds + 2, actions)``: factors on exploration for the opponent's root in
            each world, for the player's root, and ones for everywhere else.
        advice: float64 ``(actions,)``: bonus of guides on the values of the player's root actions.
        floor: float64 ``(actions,)``: least share of the root's visits for each of the player's
            actions.
        cumulative: float64 ``(worlds,)``: summed probabilities of the worlds; the last is 1.
    """

    scale: Any
    advice: Any
    floor: Any
    cumulative: Any


def named_tuple(members: Any) -> Any:
    """Return numba's type of a named tuple whose members' types are given as such a tuple."""
    base: Any = types.BaseTuple  # untyped in numba
    return base.from_types(tuple(members), type(members))


MAX_ACTIONS = 254
MAX_WORLDS = 251

_EPOCH_SHIFT = 54  # a node takes 30 bits of a key, two actions and a tag 8 each
EPOCHS = (1 << (63 - _EPOCH_SHIFT)) - 1
"""Decisions that share a table before it is wiped."""

FIRST_BITS, DOUBLED_BITS = 13, 16
"""Binary logarithm of the slots in use: at first, and up to which their number is doubled."""

ALL_WORLDS = 0
"""The tag in the key of a joint action for all worlds; a cell's is 1 + its world."""


@kernel
def slot_of(control: Any, table: Any, key: int) -> int:
    """Return the slot of ``key``, or a free one for it; entries of earlier epochs count as free."""
    x = xorshift(np.uint64(key))
    first = 1 << int(control.bits)
    slot = int(np.int64(x >> np.uint64(20))) & (first - 1)
    epoch = key >> _EPOCH_SHIFT
    while True:
        found = int(table[first + slot].key)
        if found == key or found >> _EPOCH_SHIFT != epoch:
            return first + slot
        slot = (slot + 1) & (first - 1)


@kernel
def table_has_room(control: Any, entries: int) -> bool:
    """Return whether a number of new entries leave half of the table free."""
    return (int(control.entries) + entries) * 2 <= 1 << int(control.bits)


@kernel
def enlarge(control: Any, table: Any) -> None:
    """Move to a larger part of the table; the part of ``2 ** b`` slots begins at ``2 ** b``.

    A table is as small as possible, to stay in the processor's caches.
    """
    first = 1 << int(control.bits)
    # Larger steps later, for moving many entries takes long near a deadline.
    bits = int(control.bits) + (1 if int(control.bits) < DOUBLED_BITS else 2)
    control.bits = min(bits, int(control.most_bits))
    epoch = int(control.epoch)
    for i in range(first, 2 * first):
        key = int(table[i].key)
        if key >> _EPOCH_SHIFT == epoch:
            table[slot_of(control, table, key)] = table[i]


@kernel
def entry_of(control: Any, table: Any, key: int) -> int:
    """Return the slot of a joint action, made if it is new; -1 where there is no room for it."""
    slot = slot_of(control, table, key)
    entry = table[slot]
    if int(entry.key) != key:
        if not table_has_room(control, 1):
            return -1
        control.entries = int(control.entries) + 1
        entry.key = key
        entry.result = 0.0
        entry.count = 0
        entry.child = -1
        entry.played = 0
        entry.kept = 0
    return slot


@kernel
def child_of(nodes: Any, one: int, kind: int) -> int:
    """Return the node of a kind in the ring of ``one`` (-1: an empty ring); -1 if there is none."""
    node = one
    while node >= 0:
        if int(nodes[node].kind) == kind:
            return node
        node = int(nodes[node].sibling)
        if node == one:
            break
    return -1


@kernel
def add_child(
    control: Any,
    nodes: Any,
    node_rows: Any,
    parent: int,
    own: int,
    other: int,
    kind: int,
    one: int,
) -> int:
    """Make a node in the ring of ``one`` (-1: an empty ring); return it, -1 without room."""
    node = int(control.nodes)
    if node == len(nodes):
        return -1
    control.nodes = node + 1
    child = nodes[node]
    child.parent = parent
    child.own = own
    child.other = other
    child.kind = kind
    child.sibling = node
    if one >= 0:
        child.sibling = int(nodes[one].sibling)
        nodes[one].sibling = node
    for column in range(node_rows.shape[1]):
        node_rows[node, column] = -1
    return node


@kernel
def packed_key(control: Any, node: int, own: int, other: int, tag: int) -> int:
    """Pack a joint action at a node, a tag and the epoch."""
    key = (((node * 256 + own + 2) * 256) + other + 2) * 256 + tag
    return (int(control.epoch) << _EPOCH_SHIFT) | key


@kernel
def row_of(control: Any, node_rows: Any, stats: Any, regrets: Any, node: int, column: int) -> int:
    """Return a node's row, made if it is new; -1 where there is no room for it."""
    row = int(node_rows[node, column])
    if row >= 0:
        return row
    row = int(control.rows)
    if row >= stats.shape[0]:
        return -1
    control.rows = row + 1
    node_rows[node, column] = row
    for a in range(stats.shape[1]):
        stats[row, a].visits = 0
        stats[row, a].offered = 0
        stats[row, a].value = 0.0
        stats[row, a].width = 1.0
    if int(control.algorithm) == REGRET:
        for a in range(stats.shape[1]):
            regrets[row, a].regret = 0.0
            regrets[row, a].average = 0.0
    return row
