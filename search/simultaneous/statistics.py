"""Statistics of the simultaneous-move search: selection of actions, and learning.

``memory.py`` describes their records.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from plywise.engine.compile.jit import inlined_kernel, kernel
from plywise.engine.mixing import xorshift
from plywise.search.simultaneous.memory import packed_key, slot_of

_ROOT_LOGS = np.sqrt(np.log(1.0 + np.arange(2048)))
_URGENT = 1e6  # larger than any score: untried actions of the root come first


@kernel
def random_bits(control: Any) -> Any:
    """Return the next 64 random bits."""
    x = xorshift(control.rng)
    control.rng = x
    return x


@kernel
def unit(control: Any) -> float:
    """Return a random number in [0, 1)."""
    return float(np.int64(random_bits(control) >> np.uint64(11))) * (1.0 / 9007199254740992.0)


@kernel
def set_widths(stats: Any, row: int, legal: Any, count: int, priors: Any, trust: float) -> None:
    """Scale a new row's exploration by priors over the legal actions, mixed with uniform ones.

    The factor of an action is the root of its prior over the uniform one, as in the bound: twice as
    likely counts like half as often visited.
    """
    for k in range(count):
        share = 1.0 + trust * (count * float(priors[k]) - 1.0)
        stats[row, int(legal[k])].width = np.sqrt(share)


@kernel
def _share(stats: Any, row: int, a: int) -> float:
    """Return an action's prior over the uniform one."""
    stat = stats[row, a]
    return float(stat.width) * float(stat.width) * max(1, int(stat.visits))


@kernel
def choose_by_prior(
    control: Any, stats: Any, row: int, legal: Any, count: int, scale: Any, s: int
) -> int:
    """Return an action drawn from the priors of a row."""
    total = 0.0
    for k in range(count):
        a = int(legal[k])
        stats[row, a].offered = int(stats[row, a].offered) + 1
        total += scale[s, a] * _share(stats, row, a)
    point = unit(control) * total
    for k in range(count - 1):
        a = int(legal[k])
        point -= scale[s, a] * _share(stats, row, a)
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
def choose_below_floor(stats: Any, row: int, legal: Any, count: int, floor: Any) -> int:
    """Return the action that is furthest below its least share of the visits; -1: none is."""
    chosen = -1
    most = 0.0
    for k in range(count):
        a = int(legal[k])
        stat = stats[row, a]
        missing = float(floor[a]) * (int(stat.offered) + 1) - int(stat.visits)
        if missing > most:
            chosen = a
            most = missing
    if chosen >= 0:
        for k in range(count):
            stat = stats[row, int(legal[k])]
            stat.offered = int(stat.offered) + 1
    return chosen


@inlined_kernel
def choose_by_bound(
    control: Any,
    stats: Any,
    row: int,
    shared: int,
    legal: Any,
    count: int,
    scale: Any,
    s: int,
    advice: Any,
    at_root: bool,
) -> int:
    """Return the legal action with the highest upper confidence bound.

    The bound is ``value + exploration * sqrt(scale * ln(1 + offered) / visits)``: UCB1 with a
    prior in ``scale`` (1 for each action without one).  An untried action counts as average, tried
    once; at the deciding player's root it comes first.  The last row of ``scale`` is all ones and
    not read; ``advice`` counts ``at_root`` only.  ``shared`` is the row
    over all worlds to which an opponent's row with few visits is shrunk, or -1.
    """
    exploration = float(control.exploration)
    shrinkage = float(control.shrinkage)
    scaled = s < scale.shape[0] - 1
    visited = 0.0
    total = 0.0
    for k in range(count):
        stat = stats[row, legal[k]]
        stat.offered = int(stat.offered) + 1
        visited += int(stat.visits)
        total += int(stat.visits) * float(stat.value)
    average = total / visited if visited > 0.0 else 0.0

    chosen = -1
    best = -np.inf
    ties = 1
    root_of = -1
    root = 0.0
    for k in range(count):
        a = int(legal[k])
        stat = stats[row, a]
        visits = float(int(stat.visits))
        value = float(stat.value) if visits > 0.0 else average
        if shared >= 0:
            mean = stats[shared, a]
            known = min(float(int(mean.visits)), shrinkage)
            if known > 0.0:
                value = (visits * float(stat.value) + known * float(mean.value)) / (visits + known)
        offered = int(stat.offered)
        if offered != root_of:  # nearly always the same for all actions
            root_of = offered
            root = exploration * _root_log(offered)
        width = root * float(stat.width)
        if scaled:
            factor = scale[s, a]
            width *= np.sqrt(factor)
            if at_root:
                value += advice[a]
                if visits == 0.0:
                    value = _URGENT + factor
                    width = 0.0
        score = value + width
        if score == best:
            # A random one of equals: two players who break ties alike would move in step.
            ties += 1
            if unit(control) * ties < 1.0:
                chosen = a
        else:
            better = score > best
            chosen = a if better else chosen
            best = score if better else best
            ties = 1 if better else ties
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
    if visits > 1:
        stat.width = float(stat.width) * np.sqrt((visits - 1.0) / visits)


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
            key = packed_key(control, int(step.node), a, int(step.other), 1 + world)
        else:
            key = packed_key(control, int(step.node), int(step.own), a, 1 + world)
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
