"""The compiled loop of the simultaneous-move search: iterations over sampled worlds, one flat tree.

One iteration draws a world, walks down the tree, adds one node, evaluates the leaf and backs the
value up.  A turn of the walk is played by the rules, with chance drawn afresh, or the walk
continues in a stored state that was reached there before (``outcome_cache.py``).

*Nodes* are open-loop: a node is the path of joint actions that led to it, and who is to move there.
Legal actions come from the state at hand on each visit; others are passed over, and each statistic
counts how often its action was on offer.

*Rows* hold the statistics of one decision, an entry for each action.  A node has up to ``2 +
worlds`` of them, made when first needed: the deciding player's (column 0 of ``node_rows``), which
all worlds share because that player cannot tell them apart; the opponent's over all worlds (column
1); and the opponent's in each world (columns 2 …), because it knows its world.  The values of a row
are for the player whose actions they are.

*The table* maps a joint action at a node to its results: for all worlds (child nodes, one for each
way in which players may then be to move) and, for regret matching and for stored outcomes, for each
world (a *cell*: visits, mean result for the deciding player, outcomes).

A good part of a walk is waiting for memory.  So data read together lie together, in records that
fill a cache line or a part of one.  The parts of the loop are compiled in place:
the arrays of the tree, which they take as one named tuple, cost nothing to hand on.

Everything is preallocated by ``tree.py``; nothing here knows the game.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba as nb
import numpy as np
from numba import types

from plywise.engine.bits import list_bits
from plywise.engine.compile.jit import inlined_kernel, kernel_of, prepare
from plywise.engine.compile.prefetch import fetch_ahead
from plywise.engine.kernels import NO_ACTION, SIMULTANEOUS, TERMINAL, RulesKernels, signatures
from plywise.search.config import SearchError
from plywise.search.simultaneous.memory import (
    ALL_WORLDS,
    MAX_ACTIONS,
    NODE,
    REGRET,
    REGRETS,
    STAT,
    STEP,
    TABLE_ENTRY,
    TREE_CONTROL,
    RootArrays,
    TreeArrays,
    add_child,
    child_of,
    enlarge,
    entry_of,
    named_tuple,
    packed_key,
    row_of,
    table_has_room,
)
from plywise.search.simultaneous.outcome_cache import (
    OUTCOME,
    forget,
    noted,
    room_for_outcome,
    stored_outcome,
)
from plywise.search.simultaneous.statistics import (
    choose_below_floor,
    choose_by_bound,
    choose_by_prior,
    choose_by_regret,
    count_visit,
    learn_regrets,
    random_bits,
    set_widths,
    unit,
)

OWN, OTHER, BOTH, NOBODY = 0, 1, 2, 3
"""Who moves at a node: the deciding player, its opponent, both at once, nobody (the end)."""

UNKNOWN = -100  # who moves is not looked up yet


class Rules(NamedTuple):
    """Kernels of the game's rules, as one argument of the parts of the loop."""

    step: Any
    legal: Any
    current: Any
    returns: Any
    evaluate: Any
    reseed: Any
    priors: Any


@inlined_kernel
def _drawn_world(control: Any, cumulative: Any) -> int:
    """Return a world, drawn from the belief."""
    point = unit(control)
    world = 0
    while world < len(cumulative) - 1 and point >= cumulative[world]:
        world += 1
    return world


@inlined_kernel
def _look_up_actions(tree: Any, rules: Any, at: int, who: int) -> tuple[int, int, int]:
    """Write the legal actions in a state; return the numbers of them, and who moves.

    ``who`` stays ``UNKNOWN`` where the actions were noted on an earlier visit.
    """
    control = tree.control[0]
    player = int(control.player)
    other = 1 - player
    own_count = 0
    other_count = 0
    here = tree.outcomes[at]
    if here.own | here.other != np.uint64(0):
        own_count = list_bits(here.own, tree.own_legal)
        other_count = list_bits(here.other, tree.other_legal)
    else:
        if who == UNKNOWN:
            who = int(rules.current(tree.pool, at))
        if who == SIMULTANEOUS or who == player:
            own_count = int(rules.legal(tree.pool, at, player, tree.own_legal))
        if who == SIMULTANEOUS or who == other:
            other_count = int(rules.legal(tree.pool, at, other, tree.other_legal))
        if who != TERMINAL and float(control.resample_rate) < 1.0:
            here.own = noted(tree.own_legal, own_count)
            here.other = noted(tree.other_legal, other_count)
    return own_count, other_count, who


@inlined_kernel
def _find_rows(
    tree: Any,
    rules: Any,
    at: int,
    node: int,
    world: int,
    depth: int,
    private_depth: int,
    own_count: int,
    other_count: int,
) -> bool:
    """Find or make the rows of the players who choose; return False without room."""
    control = tree.control[0]
    player = int(control.player)
    here = tree.outcomes[at]
    own_row = int(here.own_row)
    other_row = int(here.other_row)
    if other_row >= 0:
        fetch_ahead(tree.stats, other_row)
        if int(here.shared_row) >= 0:
            fetch_ahead(tree.stats, int(here.shared_row))
    # At the root priors are in `scale`, averaged over all worlds.
    trust = float(control.prior_trust) if depth > 0 else 0.0
    rows = int(control.rows)
    priors = tree.sigma[0]
    if own_count > 1 and own_row < 0:
        own_row = row_of(control, tree.node_rows, tree.stats, tree.regrets, node, 0)
        if own_row < 0:
            return False
        here.own_row = own_row
        if trust > 0.0 and own_row >= rows:
            rules.priors(tree.pool, at, player, tree.own_legal, own_count, priors)
            set_widths(tree.stats, own_row, tree.own_legal, own_count, priors, trust)
    if other_count > 1 and other_row < 0:
        other_row = row_of(control, tree.node_rows, tree.stats, tree.regrets, node, 1)
        if other_row < 0:
            return False
        if depth < private_depth:
            private = row_of(control, tree.node_rows, tree.stats, tree.regrets, node, 2 + world)
            if private >= 0:
                here.shared_row = other_row
                other_row = private
            else:
                control.cut = int(control.cut) + 1
        here.other_row = other_row
        if trust > 0.0 and other_row >= rows:
            rules.priors(tree.pool, at, 1 - player, tree.other_legal, other_count, priors)
            set_widths(tree.stats, other_row, tree.other_legal, other_count, priors, trust)
    return True


@inlined_kernel
def _own_choice(tree: Any, root: Any, row: int, count: int, both: bool, at_root: bool) -> int:
    """Return the deciding player's action."""
    control = tree.control[0]
    scale = int(control.worlds) if at_root else int(control.worlds) + 1
    if count == 0:
        return NO_ACTION
    if count == 1:
        return int(tree.own_legal[0])
    if at_root:
        neglected = choose_below_floor(tree.stats, row, tree.own_legal, count, root.floor)
        if neglected >= 0:
            return neglected
    if both:
        return choose_by_regret(
            control, tree.stats, tree.regrets, row, tree.own_legal, count, root.scale, scale,
            tree.sigma[0],
        )  # fmt: skip
    return choose_by_bound(
        control, tree.stats, row, -1, tree.own_legal, count, root.scale, scale, root.advice,
        at_root,
    )  # fmt: skip


@inlined_kernel
def _other_choice(
    tree: Any, root: Any, row: int, shared_row: int, count: int, both: bool, scale: int
) -> int:
    """Return the opponent's action; ``scale`` is its row of ``root.scale``."""
    control = tree.control[0]
    at_root = scale < int(control.worlds)
    prior_weight = float(control.root_opponent_prior if at_root else control.opponent_prior)
    if count == 0:
        return NO_ACTION
    if count == 1:
        return int(tree.other_legal[0])
    if prior_weight > 0.0 and unit(control) < prior_weight:
        return choose_by_prior(control, tree.stats, row, tree.other_legal, count, root.scale, scale)
    if both:
        return choose_by_regret(
            control, tree.stats, tree.regrets, row, tree.other_legal, count, root.scale, scale,
            tree.sigma[0],
        )  # fmt: skip
    return choose_by_bound(
        control, tree.stats, row, shared_row, tree.other_legal, count, root.scale, scale,
        root.advice, False,
    )  # fmt: skip


@inlined_kernel
def _play(
    tree: Any, rules: Any, at: int, slot: int, own_action: int, other_action: int
) -> tuple[int, int]:
    """Play a joint action, chance drawn afresh; return the place of the new state, and who moves.

    The state is stored where its cell (``slot``) has room, else in the place to work on.
    """
    control = tree.control[0]
    player = int(control.player)
    work = int(control.worlds)
    place = work
    if slot >= 0:
        place = room_for_outcome(control, tree.pool, tree.table[slot], work)
    if at != place:
        tree.pool[place] = tree.pool[at]
        rules.reseed(tree.pool, place, random_bits(control))
    control.steps = int(control.steps) + 1
    if player == 0:
        rules.step(tree.pool, place, own_action, other_action)
    else:
        rules.step(tree.pool, place, other_action, own_action)
    return place, int(rules.current(tree.pool, place))


@inlined_kernel
def _child(
    tree: Any, node: int, slot: int, own_action: int, other_action: int, who: int
) -> tuple[int, bool]:
    """Return the node that a joint action leads to (-1 without room), and whether it is new."""
    control = tree.control[0]
    kind = NOBODY if who == TERMINAL else OTHER
    if who == SIMULTANEOUS:
        kind = BOTH
    elif who == int(control.player):
        kind = OWN
    one = -1 if slot < 0 else int(tree.table[slot].child)
    common = slot
    if one < 0 and (int(control.worlds) > 1 or slot < 0):
        key = packed_key(control, node, own_action, other_action, ALL_WORLDS)
        common = entry_of(control, tree.table, key)
        if common >= 0:
            one = int(tree.table[common].child)
    child = child_of(tree.nodes, one, kind)
    fresh = child < 0
    if fresh and common >= 0:
        child = add_child(
            control, tree.nodes, tree.node_rows, node, own_action, other_action, kind, one
        )
    if child >= 0:
        if common >= 0:
            tree.table[common].child = child
        if slot >= 0:
            tree.table[slot].child = child
    return child, fresh


@inlined_kernel
def _walk(tree: Any, root: Any, rules: Any, world: int) -> tuple[int, int, int, float]:
    """Walk down the tree from the root in a world, and add one node.

    Returns:
        the leaf's place in the pool, who moves there, the decisions on the path (``tree.path``),
        and the discount of the leaf's value.
    """
    control = tree.control[0]
    worlds = int(control.worlds)
    by_regret = int(control.algorithm) == REGRET
    max_depth = int(control.max_depth)
    private_depth = int(control.private_depth) if worlds > 1 else 0
    discount = float(control.discount)
    keeps = float(control.resample_rate) < 1.0
    at = world  # place in the pool of the state that the walk has come to
    who = UNKNOWN
    node = 0
    depth = 0
    weight = 1.0
    while depth < max_depth:
        at_root = depth == 0
        own_count, other_count, who = _look_up_actions(tree, rules, at, who)
        if who == TERMINAL:
            break
        if not _find_rows(
            tree, rules, at, node, world, depth, private_depth, own_count, other_count
        ):
            control.cut = int(control.cut) + 1
            break
        here = tree.outcomes[at]
        own_row = int(here.own_row)
        other_row = int(here.other_row)
        shared_row = int(here.shared_row)
        both = by_regret and own_count > 1 and other_count > 1
        own_action = _own_choice(tree, root, own_row, own_count, both, at_root)
        other_action = _other_choice(
            tree, root, other_row, shared_row, other_count, both, world if at_root else worlds + 1
        )
        turn = tree.path[depth]
        turn.node = node
        turn.own_row = own_row
        turn.other_row = other_row
        turn.shared_row = shared_row
        turn.own = own_action
        turn.other = other_action
        turn.own_count = own_count
        turn.other_count = other_count
        if both:
            for k in range(own_count):
                tree.path_legal[depth, 0, k] = tree.own_legal[k]
            for k in range(other_count):
                tree.path_legal[depth, 1, k] = tree.other_legal[k]

        # Regret matching counts the visits to its cells, which the worlds share further down.
        counted = both and (depth < private_depth or world == 0)
        depth += 1
        weight *= discount
        slot = -1
        if keeps:
            key = packed_key(control, node, own_action, other_action, 1 + world)
            slot = entry_of(control, tree.table, key)
        if slot >= 0:
            place = stored_outcome(control, tree.table[slot])
            if not counted:
                tree.table[slot].count = int(tree.table[slot].count) + 1
            if place >= 0:
                at = place
                who = UNKNOWN
                node = int(tree.outcomes[place].node)
                if node < 0:
                    control.cut = int(control.cut) + 1
                    break
                continue
        at, who = _play(tree, rules, at, slot, own_action, other_action)
        node, fresh = _child(tree, node, slot, own_action, other_action, who)
        forget(tree.outcomes, at, node)
        if node < 0:
            control.cut = int(control.cut) + 1
            break
        if fresh:
            break
    return at, who, depth, weight


@inlined_kernel
def _leaf_value(tree: Any, rules: Any, at: int, who: int, weight: float) -> float:
    """Return the discounted value of a leaf for the deciding player, after random decisions.

    The discount makes a win sooner better than later, and a loss later better than sooner.
    """
    control = tree.control[0]
    player = int(control.player)
    other = 1 - player
    work = int(control.worlds)
    if int(control.rollout) > 0 and at != work:
        tree.pool[work] = tree.pool[at]
        rules.reseed(tree.pool, work, random_bits(control))
        at = work
    if who == UNKNOWN:
        who = int(rules.current(tree.pool, at))
    for _turn in range(int(control.rollout)):
        if who == TERMINAL:
            break
        own_action = NO_ACTION
        other_action = NO_ACTION
        if who == SIMULTANEOUS or who == player:
            count = int(rules.legal(tree.pool, work, player, tree.own_legal))
            if count > 0:
                own_action = int(tree.own_legal[int(unit(control) * count)])
        if who == SIMULTANEOUS or who == other:
            count = int(rules.legal(tree.pool, work, other, tree.other_legal))
            if count > 0:
                other_action = int(tree.other_legal[int(unit(control) * count)])
        if player == 0:
            rules.step(tree.pool, work, own_action, other_action)
        else:
            rules.step(tree.pool, work, other_action, own_action)
        control.turns = int(control.turns) + 1
        weight *= float(control.discount)
        who = int(rules.current(tree.pool, work))
    if who == TERMINAL:
        result = float(rules.returns(tree.pool, at))
    else:
        result = float(rules.evaluate(tree.pool, at))
    return result * weight if player == 0 else -(result * weight)


@inlined_kernel
def _back_up(tree: Any, root: Any, world: int, levels: int, result: float) -> None:
    """Take a result into the statistics of all decisions on the path."""
    control = tree.control[0]
    worlds = int(control.worlds)
    private_depth = int(control.private_depth) if worlds > 1 else 0
    by_regret = int(control.algorithm) == REGRET
    stats = tree.stats
    for level in range(levels - 1, -1, -1):
        turn = tree.path[level]
        own_row = int(turn.own_row)
        other_row = int(turn.other_row)
        both = by_regret and own_row >= 0 and other_row >= 0
        haste = 2.0 if both else 1.0
        if own_row >= 0:
            count_visit(stats, own_row, int(turn.own), result, haste)
        if other_row >= 0:
            count_visit(stats, other_row, int(turn.other), -result, haste)
            if int(turn.shared_row) >= 0:
                count_visit(stats, int(turn.shared_row), int(turn.other), -result, haste)
        if both:
            at_root = level == 0
            own_scale = worlds if at_root else worlds + 1
            other_scale = world if at_root else worlds + 1
            # Below ``private_depth`` the worlds share their cells.
            cell_world = world if level < private_depth else 0
            tag = 1 + cell_world
            key = packed_key(control, int(turn.node), int(turn.own), int(turn.other), tag)
            slot = entry_of(control, tree.table, key)
            if slot >= 0:
                entry = tree.table[slot]
                seen = int(entry.count) + 1
                entry.count = seen
                entry.result = float(entry.result) + (result - float(entry.result)) * min(
                    1.0, 2.0 / (seen + 1.0)
                )
            learn_regrets(
                control, tree.table, stats, tree.regrets, turn, cell_world, True,
                tree.path_legal[level, 0], root.scale, own_scale, root.advice, at_root,
                tree.sigma[0], tree.sigma[1], result,
            )  # fmt: skip
            learn_regrets(
                control, tree.table, stats, tree.regrets, turn, cell_world, False,
                tree.path_legal[level, 1], root.scale, other_scale, root.advice, at_root,
                tree.sigma[0], tree.sigma[1], result,
            )  # fmt: skip


def _run_slice(
    tree: TreeArrays,
    root: RootArrays,
    iterations: int,
    step: Any,
    legal: Any,
    current: Any,
    returns: Any,
    evaluate: Any,
    reseed: Any,
    priors: Any,
) -> None:
    """Run iterations on a tree; ``step`` to ``priors`` are the kernels of the rules."""
    rules = Rules(step, legal, current, returns, evaluate, reseed, priors)
    control = tree.control[0]
    for _ in range(iterations):
        # A walk adds a cell for each of its turns, and a child.
        room = table_has_room(control, int(control.max_depth) + 1)
        if not room and int(control.bits) < int(control.most_bits):
            enlarge(control, tree.table)
        world = _drawn_world(control, root.cumulative)
        at, who, levels, weight = _walk(tree, root, rules, world)
        control.turns = int(control.turns) + levels
        control.deepest = max(int(control.deepest), levels)
        _back_up(tree, root, world, levels, _leaf_value(tree, rules, at, who, weight))
    control.iterations = int(control.iterations) + iterations


_slices: dict[str, Any] = {}
_uniform: dict[str, Any] = {}


def uniform_priors(dtype: np.dtype[Any]) -> Any:
    """Return a kernel of uniform priors, for rules without priors."""
    name = str(nb.from_dtype(dtype))
    if name not in _uniform:

        @kernel_of(signatures(dtype).priors)
        def priors(pool: Any, i: int, player: int, legal: Any, count: int, out: Any) -> None:
            for k in range(count):
                out[k] = 1.0 / count

        prepare("priors", priors)
        _uniform[name] = priors
    return _uniform[name]


def rules_for_slices(kernels: RulesKernels) -> tuple[Any, ...]:
    """Return the kernels of a game, compiled, in the order of the loop's parameters.

    Raises:
        SearchError: the game has more actions than the search can number.
    """
    if kernels.num_actions > MAX_ACTIONS:
        raise SearchError(f"{kernels.num_actions} actions; {MAX_ACTIONS} is the limit")
    found = (
        kernels.step,
        kernels.legal,
        kernels.current,
        kernels.returns,
        kernels.evaluate,
        kernels.reseed,
        kernels.priors or uniform_priors(kernels.dtype),
    )
    prepare("the rules", *found)
    return found


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
        tree = TreeArrays(
            pool=records(dtype),
            control=records(TREE_CONTROL),
            nodes=records(NODE),
            node_rows=types.Array(i32, 2, "C"),
            stats=records(STAT, 2),
            regrets=records(REGRETS, 2),
            table=records(TABLE_ENTRY),
            outcomes=records(OUTCOME),
            path=records(STEP),
            path_legal=types.Array(i32, 3, "C"),
            own_legal=types.Array(i32, 1, "C"),
            other_legal=types.Array(i32, 1, "C"),
            sigma=types.Array(f64, 2, "C"),
        )
        root = RootArrays(
            scale=types.Array(f64, 2, "C"),
            advice=types.Array(f64, 1, "C"),
            floor=types.Array(f64, 1, "C"),
            cumulative=types.Array(f64, 1, "C"),
        )
        signature = types.void(
            named_tuple(tree),
            named_tuple(root),
            types.int64,
            *(
                types.FunctionType(x)
                for x in (s.step, s.legal, s.current, s.returns, s.evaluate, s.reseed, s.priors)
            ),
        )
        compiled = kernel_of(signature)(_run_slice)
        prepare("the simultaneous-move search", compiled)
        _slices[name] = compiled
    return _slices[name]
