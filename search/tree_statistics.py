"""The statistics of the simultaneous-move search: flat records, and kernels that use them.

How they make up a tree is told in ``simultaneous_kernel.py``: *rows* hold the statistics of one
decision point, the *table* finds children and cells by packed keys.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from plywise.engine.jit import kernel
from plywise.engine.mixing import xorshift

UCT, REGRET = 0, 1
"""How players choose where both move: decoupled upper confidence bounds, or regret matching."""

CONTROL = np.dtype(
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
            ("blocks", np.int64),
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
            ("renewal", np.float64),
            ("kinship", np.float64),
            ("prior_trust", np.float64),
            ("habit", np.float64),
            ("root_habit", np.float64),
        ],
    )
)
"""Counters and settings of one decision.

``epoch`` (1 … EPOCHS) is part of its keys, which tells them from those of earlier decisions.  Of
the table ``2 ** bits`` slots are in use, at most ``2 ** most_bits``.  ``blocks`` and ``kept`` count
what ``kept_outcomes.py`` keeps.  ``turns`` counts those walked through, ``steps`` those played.
``cut`` counts leaves that were valued early because an array was full.  ``root_habit`` is the habit
in the decision that is searched.  ``kinship`` is for how many visits the mean over all worlds
counts in the opponent's estimate for one world.
"""

NODE = np.dtype(
    (
        np.record,
        [
            ("parent", np.int32),
            ("visits", np.int32),
            ("own", np.int16),
            ("other", np.int16),
            ("kind", np.int32),
        ],
    )
)
STAT = np.dtype(
    (
        np.record,
        [
            ("visits", np.int32),
            ("offered", np.int32),
            ("value", np.float32),
            ("spread", np.float32),
            ("urge", np.float32),
        ],
    )
)
"""One action of a row: how often it was chosen and on offer, its mean, 1 / sqrt(visits), and the
prior's factor on its exploration (1 where there is no prior)."""

REGRETS = np.dtype((np.record, [("regret", np.float64), ("average", np.float64)]))
ENTRY = np.dtype(
    (
        np.record,
        [
            ("key", np.int64),
            ("count", np.int32),
            ("node", np.int32),
            ("result", np.float64),
        ],
    )
)
"""A slot of the table: a child's node, or a cell's visits, mean and kept outcomes (as ``node``).

It is free where its key is 0 or of an earlier epoch.
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
"""One level of the path that an iteration takes."""

MAX_ACTIONS = 254
MAX_WORLDS = 251

_EPOCH_SHIFT = 54  # a node takes 30 bits of a key, two actions and a tag 8 each
EPOCHS = (1 << (63 - _EPOCH_SHIFT)) - 1
"""So many decisions share a table before it has to be wiped."""

FIRST_BITS, DOUBLED_BITS = 13, 16
"""Of the table's slots in use: at first, and until when their number is doubled."""

FIRST_CELL_TAG = 4  # tags 0 … 3 in a key are children by who moves; from here on cells by world
_ROOT_LOGS = np.sqrt(np.log(1.0 + np.arange(2048)))
_URGENT = 1e6  # larger than any score: what has not been tried at the root comes first


@kernel
def draw(control: Any) -> Any:
    """Return the next 64 random bits."""
    x = xorshift(control.rng)
    control.rng = x
    return x


@kernel
def unit(control: Any) -> float:
    """Return a random number in [0, 1)."""
    return float(np.int64(draw(control) >> np.uint64(11))) * (1.0 / 9007199254740992.0)


@kernel
def slot_of(control: Any, table: Any, key: int) -> int:
    """Return the slot that holds ``key``, or the free one where it belongs.

    What an earlier epoch left there is as good as nothing.
    """
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
def has_room(control: Any, entries: int) -> bool:
    """Return whether so many more entries leave half of the table free."""
    return (int(control.entries) + entries) * 2 <= 1 << int(control.bits)


@kernel
def enlarge(control: Any, table: Any) -> None:
    """Go on in a larger part of the table: small ones stay in the processor's caches.

    The part of ``2 ** b`` slots begins at ``2 ** b``.
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
def cell_of(control: Any, table: Any, key: int) -> int:
    """Return the slot of a cell, made if it is new; -1 where there is no room for it."""
    slot = slot_of(control, table, key)
    entry = table[slot]
    if int(entry.key) != key:
        if not has_room(control, 1):
            return -1
        control.entries = int(control.entries) + 1
        entry.key = key
        entry.count = 0
        entry.node = -1
        entry.result = 0.0
    return slot


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
        stats[row, a].spread = 1.0
        stats[row, a].urge = 1.0
    if int(control.algorithm) == REGRET:
        for a in range(stats.shape[1]):
            regrets[row, a].regret = 0.0
            regrets[row, a].average = 0.0
    return row


@kernel
def set_urges(stats: Any, row: int, legal: Any, count: int, priors: Any, trust: float) -> None:
    """Let priors over the legal actions, mixed with uniform ones, shape a new row's exploration.

    The factor of an action is the root of its prior over the uniform one, as in the bound: twice as
    likely counts like half as often visited.
    """
    for k in range(count):
        share = 1.0 + trust * (count * float(priors[k]) - 1.0)
        stats[row, int(legal[k])].urge = np.sqrt(share)


@kernel
def choose_by_habit(
    control: Any, stats: Any, row: int, legal: Any, count: int, scale: Any, s: int
) -> int:
    """Return an action drawn from the priors of a row."""
    total = 0.0
    for k in range(count):
        a = int(legal[k])
        stats[row, a].offered = int(stats[row, a].offered) + 1
        urge = float(stats[row, a].urge)
        total += scale[s, a] * urge * urge
    point = unit(control) * total
    for k in range(count - 1):
        a = int(legal[k])
        urge = float(stats[row, a].urge)
        point -= scale[s, a] * urge * urge
        if point < 0.0:
            return a
    return int(legal[count - 1])


@kernel
def _root_log(offered: int) -> float:
    """Return ``sqrt(ln(1 + offered))``; the logarithm took a good part of a choice's time."""
    if offered < len(_ROOT_LOGS):
        return float(_ROOT_LOGS[offered])
    return float(np.sqrt(np.log(1.0 + offered)))


@kernel
def _average(stats: Any, row: int, legal: Any, count: int) -> float:
    """Return the mean result of the legal actions together."""
    visited = 0
    total = 0.0
    for k in range(count):
        stat = stats[row, legal[k]]
        visited += int(stat.visits)
        total += int(stat.visits) * float(stat.value)
    return total / visited if visited > 0 else 0.0


@kernel
def choose_by_bound(
    control: Any,
    stats: Any,
    row: int,
    kin: int,
    legal: Any,
    count: int,
    scale: Any,
    s: int,
    advice: Any,
    at_root: bool,
) -> int:
    """Return the legal action with the highest upper confidence bound.

    The bound is ``value + exploration * sqrt(scale * ln(1 + offered) / visits)``: UCB1 with a
    prior's say in ``scale`` (1 for every action where there is none).  An action that was not tried
    counts as average, tried once; at the deciding player's root it comes first.  ``kin`` is the row
    over all worlds that an opponent's row leans on while it has few visits, or -1.
    """
    exploration = float(control.exploration)
    average = 0.0
    for k in range(count):
        if int(stats[row, legal[k]].visits) == 0:
            average = _average(stats, row, legal, count)
            break

    chosen = -1
    best = 0.0
    ties = 0
    root_of = -1
    root = 0.0
    for k in range(count):
        a = int(legal[k])
        stat = stats[row, a]
        offered = int(stat.offered) + 1
        stat.offered = offered
        visits = int(stat.visits)
        value = float(stat.value) if visits > 0 else average
        if kin >= 0:
            known = float(stats[kin, a].visits)
            if known > 0.0:
                known = min(known, float(control.kinship))
                value = (visits * float(stat.value) + known * float(stats[kin, a].value)) / (
                    visits + known
                )
        if at_root:
            value += advice[a]
        if offered != root_of:  # nearly always the same for all actions
            root_of = offered
            root = exploration * _root_log(offered)
        factor = scale[s, a]
        if at_root and visits == 0:
            score = _URGENT + factor
        else:
            if factor != 1.0:
                factor = np.sqrt(factor)
            score = value + root * factor * float(stat.urge) * float(stat.spread)
        if chosen < 0 or score > best:
            chosen = a
            best = score
            ties = 1
        elif score == best:
            # A random one of equals: two players who break ties alike would move in step.
            ties += 1
            if unit(control) * ties < 1.0:
                chosen = a
    return chosen


@kernel
def _matched(regrets: Any, row: int, legal: Any, count: int, scale: Any, s: int, out: Any) -> None:
    """Write the regret-matching strategy over ``legal`` into ``out[:count]``."""
    total = 0.0
    for k in range(count):
        out[k] = max(0.0, float(regrets[row, int(legal[k])].regret))
        total += out[k]
    if total <= 0.0:
        for k in range(count):
            out[k] = scale[s, int(legal[k])]
            total += out[k]
    for k in range(count):
        out[k] /= total


@kernel
def choose_by_regret(
    control: Any,
    stats: Any,
    regrets: Any,
    row: int,
    legal: Any,
    count: int,
    scale: Any,
    s: int,
    sigma: Any,
) -> int:
    """Return an action drawn from the regret-matching strategy, mixed with exploration.

    Exploration starts with probability ``regret_exploration`` and falls with the square root of the
    visits, so that every action is tried again and again but ever more rarely.  The average
    strategy, weighted linearly, is what converges to an equilibrium.
    """
    _matched(regrets, row, legal, count, scale, s, sigma)
    base = 0.0
    for k in range(count):
        base += scale[s, int(legal[k])]
    offered = float(stats[row, int(legal[0])].offered)
    explore = float(control.regret_exploration) / np.sqrt(1.0 + offered / (10.0 * count))
    point = unit(control)
    chosen = int(legal[count - 1])
    reached = 0.0
    for k in range(count):
        a = int(legal[k])
        times = int(stats[row, a].offered) + 1
        stats[row, a].offered = times
        regrets[row, a].average = float(regrets[row, a].average) + times * sigma[k]
        reached += (1.0 - explore) * sigma[k] + explore * scale[s, a] / base
        if point < reached:
            chosen = a
            point = 2.0
    return chosen


@kernel
def count_visit(stats: Any, row: int, action: int, result: float, haste: float) -> None:
    """Take a result into an action's mean; ``haste`` 1 is the plain mean, 2 favours the recent."""
    stat = stats[row, action]
    visits = int(stat.visits) + 1
    stat.visits = visits
    rate = min(1.0, haste / (visits + haste - 1.0))
    stat.value = float(stat.value) + (result - float(stat.value)) * rate
    stat.spread = 1.0 / np.sqrt(float(visits))


@kernel
def learn_regrets(
    control: Any,
    table: Any,
    stats: Any,
    regrets: Any,
    step: Any,
    world: int,
    mine: bool,
    legal: Any,
    scale: Any,
    s: int,
    advice: Any,
    at_root: bool,
    sigma: Any,
    worth: Any,
    result: float,
) -> None:
    """Update one player's regrets from the mean results of the cells in reach.

    The regret of each action is what it would have got against the opponent's actual action, as
    known from earlier visits to that cell in this world, less what the strategy got.  Negative
    sums are cut to zero (regret matching plus).
    """
    row = int(step.own_row) if mine else int(step.other_row)
    count = int(step.own_count) if mine else int(step.other_count)
    _matched(regrets, row, legal, count, scale, s, sigma)
    expected = 0.0
    for k in range(count):
        a = int(legal[k])
        if mine:
            key = packed_key(control, int(step.node), a, int(step.other), FIRST_CELL_TAG + world)
        else:
            key = packed_key(control, int(step.node), int(step.own), a, FIRST_CELL_TAG + world)
        slot = slot_of(control, table, key)
        if int(table[slot].key) == key:
            worth[k] = float(table[slot].result) if mine else -float(table[slot].result)
        elif int(stats[row, a].visits) > 0:
            worth[k] = float(stats[row, a].value)
        else:
            worth[k] = result if mine else -result
        if at_root and mine:
            worth[k] += advice[a]
        expected += sigma[k] * worth[k]
    for k in range(count):
        entry = regrets[row, int(legal[k])]
        entry.regret = max(0.0, float(entry.regret) + worth[k] - expected)
