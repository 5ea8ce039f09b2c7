"""The compiled loop of the simultaneous-move search: iterations over sampled worlds, one flat tree.

One iteration draws a world, copies its root state, reseeds it (chance is sampled anew at every
visit), walks down the tree, adds one node, values the leaf and carries the value back up.

*Nodes* are open-loop: a node is the path of joint actions that led to it, and who is to move there.
Which actions are legal is asked of the state at hand on every visit; actions that are not are
passed over, and every statistic counts how often its action was on offer.

*Rows* hold the statistics of one decision point, an entry for each action.  A node has up to
``2 + worlds`` of them, made when first needed: the deciding player's (column 0 of ``node_rows``),
which all worlds share because that player cannot tell them apart; the opponent's over all worlds
(column 1); and the opponent's in each world (columns 2 …), because it does know which world it is.
A row's values are from the view of the player whose actions they are.

*The table* maps packed keys to children (joint action and who moves → node) and, for regret
matching, to cells (joint action and world → mean result for the deciding player).

Everything is preallocated by ``simultaneous.py``; nothing here knows which game is played.
"""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np
from numba import types

from plywise.engine.jit import kernel, kernel_of, prepare
from plywise.engine.kernels import NO_ACTION, SIMULTANEOUS, TERMINAL, signatures

UCT, REGRET = 0, 1
"""How players choose where both move: decoupled upper confidence bounds, or regret matching."""

OWN, OTHER, BOTH, NOBODY = 0, 1, 2, 3
"""Who moves at a node: the deciding player, its opponent, both at once, nobody (the end)."""

CONTROL = np.dtype(
    (
        np.record,
        [
            ("rng", np.uint64),
            ("nodes", np.int64),
            ("rows", np.int64),
            ("entries", np.int64),
            ("iterations", np.int64),
            ("turns", np.int64),
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
            ("kinship", np.float64),
        ],
    )
)
"""Counters and settings of one decision.

``cut`` counts leaves that were valued early because an array was full.  ``kinship`` is for how many
visits the mean over all worlds counts in the opponent's estimate for one world.
"""

NODE = np.dtype(
    (
        np.record,
        [
            ("parent", np.int32),
            ("slot", np.int32),  # in the table, where its visits are counted
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
        ],
    )
)
"""One action of a row: how often it was chosen and on offer, its mean, 1 / sqrt(visits)."""

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
"""A slot of the table (key 0: free): a child's visits and node, or a cell's visits and mean."""

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

_FIRST_CELL_TAG = 4  # tags 0 … 3 in a key are children by who moves; from here on cells by world
_URGENT = 1e6  # larger than any score: what has not been tried at the root comes first


@kernel
def _draw(control: Any) -> Any:
    """Return the next 64 random bits (xorshift: shifts only, the same compiled and plain)."""
    x = control.rng
    x ^= x << np.uint64(13)
    x ^= x >> np.uint64(7)
    x ^= x << np.uint64(17)
    control.rng = x
    return x


@kernel
def _unit(control: Any) -> float:
    """Return a random number in [0, 1)."""
    return float(np.int64(_draw(control) >> np.uint64(11))) * (1.0 / 9007199254740992.0)


@kernel
def _slot_of(table: Any, key: int) -> int:
    """Return the slot that holds ``key``, or the free one where it belongs."""
    x = np.uint64(key)
    x ^= x << np.uint64(13)
    x ^= x >> np.uint64(7)
    x ^= x << np.uint64(17)
    mask = len(table) - 1
    slot = int(np.int64(x >> np.uint64(20))) & mask
    while True:
        found = int(table[slot].key)
        if found == key or found == 0:
            return slot
        slot = (slot + 1) & mask


@kernel
def _key(node: int, own: int, other: int, tag: int) -> int:
    """Pack a joint action at a node and a tag; never 0."""
    return (((node * 256 + own + 2) * 256) + other + 2) * 256 + tag


@kernel
def _row(control: Any, node_rows: Any, stats: Any, regrets: Any, node: int, column: int) -> int:
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
    if int(control.algorithm) == REGRET:
        for a in range(stats.shape[1]):
            regrets[row, a].regret = 0.0
            regrets[row, a].average = 0.0
    return row


@kernel
def _choose_by_bound(
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
    visited = 0
    total = 0.0
    for k in range(count):
        stat = stats[row, legal[k]]
        visited += int(stat.visits)
        total += int(stat.visits) * float(stat.value)
    average = total / visited if visited > 0 else 0.0

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
        if at_root and advice[1, a] > 0.0:
            value = (visits * value + advice[1, a] * advice[0, a]) / (visits + advice[1, a])
        if offered != root_of:  # nearly always the same for all actions
            root_of = offered
            root = exploration * np.sqrt(np.log(1.0 + offered))
        factor = scale[s, a]
        if at_root and visits == 0:
            score = _URGENT + factor
        else:
            if factor != 1.0:
                factor = np.sqrt(factor)
            score = value + root * factor * float(stat.spread)
        if chosen < 0 or score > best:
            chosen = a
            best = score
            ties = 1
        elif score == best:
            # A random one of equals: two players who break ties alike would move in step.
            ties += 1
            if _unit(control) * ties < 1.0:
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
def _choose_by_regret(
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
    point = _unit(control)
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
def _count_visit(stats: Any, row: int, action: int, result: float, haste: float) -> None:
    """Take a result into an action's mean; ``haste`` 1 is the plain mean, 2 favours the recent."""
    stat = stats[row, action]
    visits = int(stat.visits) + 1
    stat.visits = visits
    rate = min(1.0, haste / (visits + haste - 1.0))
    stat.value = float(stat.value) + (result - float(stat.value)) * rate
    stat.spread = 1.0 / np.sqrt(float(visits))


@kernel
def _learn_regrets(
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
            key = _key(int(step.node), a, int(step.other), _FIRST_CELL_TAG + world)
        else:
            key = _key(int(step.node), int(step.own), a, _FIRST_CELL_TAG + world)
        slot = _slot_of(table, key)
        if int(table[slot].key) == key:
            worth[k] = float(table[slot].result) if mine else -float(table[slot].result)
            known = float(table[slot].count)
        elif int(stats[row, a].visits) > 0:
            worth[k] = float(stats[row, a].value)
            known = 1.0
        else:
            worth[k] = result if mine else -result
            known = 0.0
        if at_root and mine and advice[1, a] > 0.0:
            worth[k] = (known * worth[k] + advice[1, a] * advice[0, a]) / (known + advice[1, a])
        expected += sigma[k] * worth[k]
    for k in range(count):
        entry = regrets[row, int(legal[k])]
        entry.regret = max(0.0, float(entry.regret) + worth[k] - expected)


def _run_slice(
    pool: Any,
    controls: Any,
    iterations: int,
    nodes: Any,
    node_rows: Any,
    stats: Any,
    regrets: Any,
    table: Any,
    scale: Any,
    advice: Any,
    cumulative: Any,
    path: Any,
    path_legal: Any,
    own_legal: Any,
    other_legal: Any,
    sigma: Any,
    step: Any,
    legal: Any,
    current: Any,
    returns: Any,
    evaluate: Any,
    reseed: Any,
) -> None:
    """Run ``iterations`` iterations on the tree.

    Args:
        pool: the worlds' root states, then one state to work on.
        controls: one CONTROL record.
        iterations: how many.
        nodes: NODE records.
        node_rows: int32 ``(nodes, 2 + worlds)``, rows of a node or -1.
        stats: STAT records ``(rows, actions)``.
        regrets: REGRETS records, the same shape for regret matching, else unused.
        table: ENTRY records, a power of two of them.
        scale: ``(worlds + 2, actions)``: exploration's factors for the opponent's root in each
            world, for the own root, and ones for everywhere else.
        advice: ``(2, actions)``: advised values of own root actions, and for how many visits each
            counts.
        cumulative: ``(worlds,)``: summed probabilities of the worlds; the last is 1.
        path: STEP records, more than ``max_depth`` of them.
        path_legal: int32 ``(levels, 2, actions)``, the legal actions along the path.
        own_legal: int32 scratch of ``actions``; ``other_legal`` the same.
        other_legal: see ``own_legal``.
        sigma: float64 scratch ``(2, actions)``.
        step: kernels of the rules, from here on.
    """
    control = controls[0]
    player = int(control.player)
    other = 1 - player
    sign = 1.0 if player == 0 else -1.0
    worlds = int(control.worlds)
    work = worlds
    by_regret = int(control.algorithm) == REGRET
    max_depth = int(control.max_depth)
    private_depth = int(control.private_depth) if worlds > 1 else 0
    discount = float(control.discount)

    for _ in range(iterations):
        point = _unit(control)
        world = 0
        while world < worlds - 1 and point >= cumulative[world]:
            world += 1
        pool[work] = pool[world]
        reseed(pool, work, _draw(control))
        who = int(current(pool, work))
        node = 0
        depth = 0
        weight = 1.0
        ended = who == TERMINAL

        while not ended and depth < max_depth:
            at_root = depth == 0
            own_count = 0
            other_count = 0
            if who == SIMULTANEOUS or who == player:
                own_count = int(legal(pool, work, player, own_legal))
            if who == SIMULTANEOUS or who == other:
                other_count = int(legal(pool, work, other, other_legal))
            own_row = -1
            other_row = -1
            shared_row = -1
            if own_count > 1:
                own_row = _row(control, node_rows, stats, regrets, node, 0)
                if own_row < 0:
                    control.cut = int(control.cut) + 1
                    break
            if other_count > 1:
                other_row = _row(control, node_rows, stats, regrets, node, 1)
                if other_row < 0:
                    control.cut = int(control.cut) + 1
                    break
                if depth < private_depth:
                    private = _row(control, node_rows, stats, regrets, node, 2 + world)
                    if private >= 0:
                        shared_row = other_row
                        other_row = private
                    else:
                        control.cut = int(control.cut) + 1
            both = by_regret and own_count > 1 and other_count > 1
            own_scale = worlds if at_root else worlds + 1
            other_scale = world if at_root else worlds + 1
            if own_count == 0:
                own_action = NO_ACTION
            elif own_count == 1:
                own_action = int(own_legal[0])
            elif both:
                own_action = _choose_by_regret(
                    control, stats, regrets, own_row, own_legal, own_count, scale, own_scale,
                    sigma[0],
                )  # fmt: skip
            else:
                own_action = _choose_by_bound(
                    control, stats, own_row, -1, own_legal, own_count, scale, own_scale, advice,
                    at_root,
                )  # fmt: skip
            if other_count == 0:
                other_action = NO_ACTION
            elif other_count == 1:
                other_action = int(other_legal[0])
            elif both:
                other_action = _choose_by_regret(
                    control, stats, regrets, other_row, other_legal, other_count, scale,
                    other_scale, sigma[0],
                )  # fmt: skip
            else:
                other_action = _choose_by_bound(
                    control, stats, other_row, shared_row, other_legal, other_count, scale,
                    other_scale, advice, False,
                )  # fmt: skip

            place = path[depth]
            place.node = node
            place.own_row = own_row
            place.other_row = other_row
            place.shared_row = shared_row
            place.own = own_action
            place.other = other_action
            place.own_count = own_count
            place.other_count = other_count
            if both:
                for k in range(own_count):
                    path_legal[depth, 0, k] = own_legal[k]
                for k in range(other_count):
                    path_legal[depth, 1, k] = other_legal[k]

            if player == 0:
                step(pool, work, own_action, other_action)
            else:
                step(pool, work, other_action, own_action)
            depth += 1
            weight *= discount
            who = int(current(pool, work))
            ended = who == TERMINAL
            kind = NOBODY if ended else OTHER
            if who == SIMULTANEOUS:
                kind = BOTH
            elif who == player:
                kind = OWN
            key = _key(node, own_action, other_action, kind)
            slot = _slot_of(table, key)
            if int(table[slot].key) == 0:
                child = int(control.nodes)
                if child < len(nodes) and int(control.entries) * 2 < len(table):
                    control.nodes = child + 1
                    control.entries = int(control.entries) + 1
                    table[slot].key = key
                    table[slot].node = child
                    table[slot].count = 1
                    fresh = nodes[child]
                    fresh.parent = node
                    fresh.slot = slot
                    fresh.own = own_action
                    fresh.other = other_action
                    fresh.kind = kind
                    for column in range(node_rows.shape[1]):
                        node_rows[child, column] = -1
                else:
                    control.cut = int(control.cut) + 1
                break
            table[slot].count = int(table[slot].count) + 1
            node = int(table[slot].node)

        control.turns = int(control.turns) + depth
        control.deepest = max(int(control.deepest), depth)
        levels = depth
        for _turn in range(int(control.rollout)):
            if ended:
                break
            own_action = NO_ACTION
            other_action = NO_ACTION
            if who == SIMULTANEOUS or who == player:
                count = int(legal(pool, work, player, own_legal))
                if count > 0:
                    own_action = int(own_legal[int(_unit(control) * count)])
            if who == SIMULTANEOUS or who == other:
                count = int(legal(pool, work, other, other_legal))
                if count > 0:
                    other_action = int(other_legal[int(_unit(control) * count)])
            if player == 0:
                step(pool, work, own_action, other_action)
            else:
                step(pool, work, other_action, own_action)
            control.turns = int(control.turns) + 1
            weight *= discount
            who = int(current(pool, work))
            ended = who == TERMINAL
        # The discount makes a win sooner better than later, and a loss later better than sooner.
        result = float(returns(pool, work)) if ended else float(evaluate(pool, work))
        result *= sign * weight

        for level in range(levels - 1, -1, -1):
            place = path[level]
            own_row = int(place.own_row)
            other_row = int(place.other_row)
            both = by_regret and own_row >= 0 and other_row >= 0
            haste = 2.0 if both else 1.0
            if own_row >= 0:
                _count_visit(stats, own_row, int(place.own), result, haste)
            if other_row >= 0:
                _count_visit(stats, other_row, int(place.other), -result, haste)
                if int(place.shared_row) >= 0:
                    _count_visit(stats, int(place.shared_row), int(place.other), -result, haste)
            if both:
                at_root = level == 0
                own_scale = worlds if at_root else worlds + 1
                other_scale = world if at_root else worlds + 1
                # Below the depth to which worlds are told apart they share their cells.
                cell_world = world if level < private_depth else 0
                key = _key(
                    int(place.node), int(place.own), int(place.other), _FIRST_CELL_TAG + cell_world
                )
                slot = _slot_of(table, key)
                entry = table[slot]
                if int(entry.key) == 0 and int(control.entries) * 2 < len(table):
                    control.entries = int(control.entries) + 1
                    entry.key = key
                if int(entry.key) == key:
                    seen = int(entry.count) + 1
                    entry.count = seen
                    entry.result = float(entry.result) + (result - float(entry.result)) * min(
                        1.0, 2.0 / (seen + 1.0)
                    )
                _learn_regrets(
                    control, table, stats, regrets, place, cell_world, True, path_legal[level, 0],
                    scale, own_scale, advice, at_root, sigma[0], sigma[1], result,
                )  # fmt: skip
                _learn_regrets(
                    control, table, stats, regrets, place, cell_world, False, path_legal[level, 1],
                    scale, other_scale, advice, at_root, sigma[0], sigma[1], result,
                )  # fmt: skip
    control.iterations = int(control.iterations) + iterations


_slices: dict[str, Any] = {}


def slice_kernel(dtype: np.dtype[Any]) -> Any:
    """Return the compiled loop for games with states of ``dtype``.

    The rules are arguments, as first-class functions, so one compilation serves every game with
    the same state and none of their code is compiled again.
    """
    name = str(nb.from_dtype(dtype))
    if name not in _slices:

        def records(of: np.dtype[Any], dimensions: int = 1) -> Any:
            return types.Array(nb.from_dtype(of), dimensions, "C")

        f64, i32 = types.float64, types.int32
        s = signatures(dtype)
        signature = types.void(
            records(dtype),
            records(CONTROL),
            types.int64,
            records(NODE),
            types.Array(i32, 2, "C"),
            records(STAT, 2),
            records(REGRETS, 2),
            records(ENTRY),
            types.Array(f64, 2, "C"),
            types.Array(f64, 2, "C"),
            types.Array(f64, 1, "C"),
            records(STEP),
            types.Array(i32, 3, "C"),
            types.Array(i32, 1, "C"),
            types.Array(i32, 1, "C"),
            types.Array(f64, 2, "C"),
            *(
                types.FunctionType(x)
                for x in (s.step, s.legal, s.current, s.returns, s.evaluate, s.reseed)
            ),
        )
        compiled = kernel_of(signature)(_run_slice)
        prepare("the simultaneous-move search", compiled)
        _slices[name] = compiled
    return _slices[name]
