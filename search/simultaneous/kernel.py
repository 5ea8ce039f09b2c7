"""The compiled loop of the simultaneous-move search: iterations over sampled worlds, one flat tree.

One iteration draws a world, walks down the tree, adds one node, values the leaf and carries the
value back up.  A turn of the walk is played, with chance sampled anew, or the walk goes on in a
state that was reached there before (``kept_outcomes.py``).

*Nodes* are open-loop: a node is the path of joint actions that led to it, and who is to move there.
Which actions are legal is asked of the state at hand on every visit; actions that are not are
passed over, and every statistic counts how often its action was on offer.

*Rows* hold the statistics of one decision point, an entry for each action.  A node has up to
``2 + worlds`` of them, made when first needed: the deciding player's (column 0 of ``node_rows``),
which all worlds share because that player cannot tell them apart; the opponent's over all worlds
(column 1); and the opponent's in each world (columns 2 …), because it does know which world it is.
A row's values are from the view of the player whose actions they are.

*The table* finds what a joint action at a node leads to: in all worlds (the nodes, one for each way
in which players may then be to move) and, for regret matching and for kept outcomes, in each world
(a *cell*: visits, mean result for the deciding player, outcomes).

A good part of a walk is waiting for memory.  So what is read together lies together, in records
that fill a line of the processor's caches or a part of one.

Everything is preallocated by ``simultaneous.py``; nothing here knows which game is played.
"""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np
from numba import types

from plywise.engine.bits import list_bits
from plywise.engine.compile.jit import kernel_of, prepare
from plywise.engine.compile.prefetch import fetch_ahead
from plywise.engine.kernels import NO_ACTION, SIMULTANEOUS, TERMINAL, signatures
from plywise.search.simultaneous.memory import (
    ALL_WORLDS,
    CONTROL,
    ENTRY,
    NODE,
    REGRET,
    REGRETS,
    STAT,
    STEP,
    add_child,
    child_of,
    enlarge,
    entry_of,
    has_room,
    packed_key,
    row_of,
)
from plywise.search.simultaneous.outcome_cache import (
    OUTCOME,
    forget,
    noted,
    recalled,
    room_for_outcome,
)
from plywise.search.simultaneous.statistics import (
    choose_by_bound,
    choose_by_prior,
    choose_by_regret,
    count_visit,
    draw,
    learn_regrets,
    set_widths,
    unit,
)

OWN, OTHER, BOTH, NOBODY = 0, 1, 2, 3
"""Who moves at a node: the deciding player, its opponent, both at once, nobody (the end)."""

UNKNOWN = -100  # who moves: the state is to be asked


def _run_slice(
    pool: Any,
    controls: Any,
    iterations: int,
    nodes: Any,
    node_rows: Any,
    stats: Any,
    regrets: Any,
    table: Any,
    outcomes: Any,
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
    priors: Any,
) -> None:
    """Run ``iterations`` iterations on the tree.

    Args:
        pool: the worlds' root states, one state to work on, then room for kept ones.
        controls: one CONTROL record.
        iterations: how many.
        nodes: NODE records.
        node_rows: int32 ``(nodes, 2 + worlds)``, rows of a node or -1.
        stats: STAT records ``(rows, actions)``.
        regrets: REGRETS records, the same shape for regret matching, else unused.
        table: ENTRY records, ``2 ** (most_bits + 1)`` of them.
        outcomes: OUTCOME records, one for each place of the pool.
        scale: ``(worlds + 2, actions)``: exploration's factors for the opponent's root in each
            world, for the own root, and ones for everywhere else.
        advice: ``(actions,)``: what guides add to the values of own root actions.
        cumulative: ``(worlds,)``: summed probabilities of the worlds; the last is 1.
        path: STEP records, more than ``max_depth`` of them.
        path_legal: int32 ``(levels, 2, actions)``, the legal actions along the path.
        own_legal: int32 scratch of ``actions``; ``other_legal`` the same.
        other_legal: see ``own_legal``.
        sigma: float64 scratch ``(2, actions)``.
        step: kernels of the rules, from here on; ``priors`` is not called without trust in it.
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
    # At the root priors are in `scale`: there all worlds have been looked at.
    prior_trust = float(control.prior_trust)
    with_priors = prior_trust > 0.0
    keeps = float(control.resample_rate) < 1.0
    opponent_prior = float(control.opponent_prior)
    root_opponent_prior = float(control.root_opponent_prior)

    for _ in range(iterations):
        # A walk adds a cell for each of its turns, and a child.
        if not has_room(control, max_depth + 1) and int(control.bits) < int(control.most_bits):
            enlarge(control, table)
        point = unit(control)
        world = 0
        while world < worlds - 1 and point >= cumulative[world]:
            world += 1
        at = world  # which state of the pool the walk has come to
        who = UNKNOWN
        node = 0
        depth = 0
        weight = 1.0

        while depth < max_depth:
            at_root = depth == 0
            own_count = 0
            other_count = 0
            here = outcomes[at]
            if here.own | here.other != np.uint64(0):
                own_count = list_bits(here.own, own_legal)
                other_count = list_bits(here.other, other_legal)
            else:
                if who == UNKNOWN:
                    who = int(current(pool, at))
                if who == TERMINAL:
                    break
                if who == SIMULTANEOUS or who == player:
                    own_count = int(legal(pool, at, player, own_legal))
                if who == SIMULTANEOUS or who == other:
                    other_count = int(legal(pool, at, other, other_legal))
                if keeps:
                    here.own = noted(own_legal, own_count)
                    here.other = noted(other_legal, other_count)
            own_row = int(here.own_row)
            other_row = int(here.other_row)
            if other_row >= 0:
                fetch_ahead(stats, other_row)
                if int(here.shared_row) >= 0:
                    fetch_ahead(stats, int(here.shared_row))
            rows = int(control.rows)
            if own_count > 1 and own_row < 0:
                own_row = row_of(control, node_rows, stats, regrets, node, 0)
                if own_row < 0:
                    control.cut = int(control.cut) + 1
                    break
                here.own_row = own_row
                if with_priors and own_row >= rows and not at_root:
                    priors(pool, at, player, own_legal, own_count, sigma[0])
                    set_widths(stats, own_row, own_legal, own_count, sigma[0], prior_trust)
            if other_count > 1 and other_row < 0:
                other_row = row_of(control, node_rows, stats, regrets, node, 1)
                if other_row < 0:
                    control.cut = int(control.cut) + 1
                    break
                if depth < private_depth:
                    chooser = row_of(control, node_rows, stats, regrets, node, 2 + world)
                    if chooser >= 0:
                        here.shared_row = other_row
                        other_row = chooser
                    else:
                        control.cut = int(control.cut) + 1
                here.other_row = other_row
                if with_priors and other_row >= rows and not at_root:
                    priors(pool, at, other, other_legal, other_count, sigma[0])
                    set_widths(stats, other_row, other_legal, other_count, sigma[0], prior_trust)
            shared_row = int(here.shared_row)
            both = by_regret and own_count > 1 and other_count > 1
            own_scale = worlds if at_root else worlds + 1
            other_scale = world if at_root else worlds + 1
            prior_weight = root_opponent_prior if at_root else opponent_prior
            if own_count == 0:
                own_action = NO_ACTION
            elif own_count == 1:
                own_action = int(own_legal[0])
            elif both:
                own_action = choose_by_regret(
                    control, stats, regrets, own_row, own_legal, own_count, scale, own_scale,
                    sigma[0],
                )  # fmt: skip
            else:
                own_action = choose_by_bound(
                    control, stats, own_row, -1, own_legal, own_count, scale, own_scale, advice,
                    at_root,
                )  # fmt: skip
            if other_count == 0:
                other_action = NO_ACTION
            elif other_count == 1:
                other_action = int(other_legal[0])
            elif prior_weight > 0.0 and unit(control) < prior_weight:
                other_action = choose_by_prior(
                    control, stats, other_row, other_legal, other_count, scale, other_scale
                )
            elif both:
                other_action = choose_by_regret(
                    control, stats, regrets, other_row, other_legal, other_count, scale,
                    other_scale, sigma[0],
                )  # fmt: skip
            else:
                other_action = choose_by_bound(
                    control, stats, other_row, shared_row, other_legal, other_count, scale,
                    other_scale, advice, False,
                )  # fmt: skip

            turn = path[depth]
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
                    path_legal[depth, 0, k] = own_legal[k]
                for k in range(other_count):
                    path_legal[depth, 1, k] = other_legal[k]

            # Regret matching counts the visits to its cells, which the worlds share further down.
            counted = both and (depth < private_depth or world == 0)
            depth += 1
            weight *= discount
            slot = -1
            if keeps:
                key = packed_key(control, node, own_action, other_action, 1 + world)
                slot = entry_of(control, table, key)
            if slot >= 0:
                place = recalled(control, table[slot])
                if not counted:
                    table[slot].count = int(table[slot].count) + 1
                if place >= 0:
                    at = place
                    who = UNKNOWN
                    node = int(outcomes[place].node)
                    if node < 0:
                        control.cut = int(control.cut) + 1
                        break
                    continue

            place = work
            if slot >= 0:
                place = room_for_outcome(control, pool, table[slot], work)
            if at != place:
                pool[place] = pool[at]
                reseed(pool, place, draw(control))
                at = place
            control.steps = int(control.steps) + 1
            if player == 0:
                step(pool, at, own_action, other_action)
            else:
                step(pool, at, other_action, own_action)
            who = int(current(pool, at))
            kind = NOBODY if who == TERMINAL else OTHER
            if who == SIMULTANEOUS:
                kind = BOTH
            elif who == player:
                kind = OWN
            one = -1 if slot < 0 else int(table[slot].child)
            common = slot
            if one < 0 and (worlds > 1 or slot < 0):
                key = packed_key(control, node, own_action, other_action, ALL_WORLDS)
                common = entry_of(control, table, key)
                if common >= 0:
                    one = int(table[common].child)
            child = child_of(nodes, one, kind)
            fresh = child < 0
            if fresh and common >= 0:
                child = add_child(
                    control, nodes, node_rows, node, own_action, other_action, kind, one
                )
            forget(outcomes, at, child)
            if child < 0:
                control.cut = int(control.cut) + 1
                break
            if common >= 0:
                table[common].child = child
            if slot >= 0:
                table[slot].child = child
            node = child
            if fresh:
                break

        control.turns = int(control.turns) + depth
        control.deepest = max(int(control.deepest), depth)
        levels = depth
        if int(control.rollout) > 0 and at != work:
            pool[work] = pool[at]
            reseed(pool, work, draw(control))
            at = work
        if who == UNKNOWN:
            who = int(current(pool, at))
        for _turn in range(int(control.rollout)):
            if who == TERMINAL:
                break
            own_action = NO_ACTION
            other_action = NO_ACTION
            if who == SIMULTANEOUS or who == player:
                count = int(legal(pool, work, player, own_legal))
                if count > 0:
                    own_action = int(own_legal[int(unit(control) * count)])
            if who == SIMULTANEOUS or who == other:
                count = int(legal(pool, work, other, other_legal))
                if count > 0:
                    other_action = int(other_legal[int(unit(control) * count)])
            if player == 0:
                step(pool, work, own_action, other_action)
            else:
                step(pool, work, other_action, own_action)
            control.turns = int(control.turns) + 1
            weight *= discount
            who = int(current(pool, work))
        # The discount makes a win sooner better than later, and a loss later better than sooner.
        result = float(returns(pool, at)) if who == TERMINAL else float(evaluate(pool, at))
        result *= sign * weight

        for level in range(levels - 1, -1, -1):
            turn = path[level]
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
                # Below the depth to which worlds are told apart they share their cells.
                cell_world = world if level < private_depth else 0
                tag = 1 + cell_world
                key = packed_key(control, int(turn.node), int(turn.own), int(turn.other), tag)
                slot = entry_of(control, table, key)
                if slot >= 0:
                    entry = table[slot]
                    seen = int(entry.count) + 1
                    entry.count = seen
                    entry.result = float(entry.result) + (result - float(entry.result)) * min(
                        1.0, 2.0 / (seen + 1.0)
                    )
                learn_regrets(
                    control, table, stats, regrets, turn, cell_world, True, path_legal[level, 0],
                    scale, own_scale, advice, at_root, sigma[0], sigma[1], result,
                )  # fmt: skip
                learn_regrets(
                    control, table, stats, regrets, turn, cell_world, False, path_legal[level, 1],
                    scale, other_scale, advice, at_root, sigma[0], sigma[1], result,
                )  # fmt: skip
    control.iterations = int(control.iterations) + iterations


_slices: dict[str, Any] = {}
_uniform: dict[str, Any] = {}


def uniform_priors(dtype: np.dtype[Any]) -> Any:
    """Return a kernel that finds all actions equally likely, for rules that have no priors."""
    name = str(nb.from_dtype(dtype))
    if name not in _uniform:

        @kernel_of(signatures(dtype).priors)
        def priors(pool: Any, i: int, player: int, legal: Any, count: int, out: Any) -> None:
            for k in range(count):
                out[k] = 1.0 / count

        prepare("priors", priors)
        _uniform[name] = priors
    return _uniform[name]


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
            records(OUTCOME),
            types.Array(f64, 2, "C"),
            types.Array(f64, 1, "C"),
            types.Array(f64, 1, "C"),
            records(STEP),
            types.Array(i32, 3, "C"),
            types.Array(i32, 1, "C"),
            types.Array(i32, 1, "C"),
            types.Array(f64, 2, "C"),
            *(
                types.FunctionType(x)
                for x in (s.step, s.legal, s.current, s.returns, s.evaluate, s.reseed, s.priors)
            ),
        )
        compiled = kernel_of(signature)(_run_slice)
        prepare("the simultaneous-move search", compiled)
        _slices[name] = compiled
    return _slices[name]
