"""Stored outcomes of the simultaneous-move search, so that not every turn is played by the rules.

A *cell* is a joint action at a node in one world.  A visit may continue in a state that was reached
there before, which costs no turn.  The turn is played again, with chance drawn afresh, while that
was done fewer than ``sqrt(visits)`` times: progressive widening of the outcomes of chance (Couëtoux
et al., *Continuous Upper Confidence Trees*, 2011), in a tree whose nodes are still paths of
actions, not outcomes.  With many visits ``sqrt`` means few outcomes, whose chance would show in the
values; so it is played again on a fraction ``resample_rate`` of the visits at least.  The world
stays the same all the way down: what a player learns in a world comes from that world.

A cell stores at most ``KEPT`` outcomes; then the newest replaces the oldest.  They take turns:
chosen at random, some would count more than others, and means would vary half as much again.
Beside a stored state stands what a walk through it needs: its node, the rows there, its legal
actions as bits.  That limits the cache to games of ``MAX_NOTED`` actions.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from plywise.engine.compile.jit import kernel
from plywise.search.simultaneous.memory import KEPT

MAX_NOTED = 64

OUTCOME = np.dtype(
    (
        np.record,
        [
            ("own", np.uint64),
            ("other", np.uint64),
            ("node", np.int32),
            ("own_row", np.int32),
            ("other_row", np.int32),
            ("shared_row", np.int32),
        ],
    )
)
"""Of the state at the same place in the pool: the legal actions of the deciding player and its
opponent (none at all: not noted yet), its node (-1: there was no room for one), and that node's
rows in its world (-1: none yet).
"""


@kernel
def forget(outcomes: Any, place: int, node: int) -> None:
    """Reset the record of a state to its node alone."""
    outcome = outcomes[place]
    outcome.own = np.uint64(0)
    outcome.other = np.uint64(0)
    outcome.node = node
    outcome.own_row = -1
    outcome.other_row = -1
    outcome.shared_row = -1


@kernel
def stored_outcome(control: Any, cell: Any) -> int:
    """Return the place of the stored outcome to continue in; -1: the turn is to be played."""
    played = int(cell.played)
    kept = int(cell.kept)
    visits = int(cell.count)
    if kept == 0 or played * played < visits or played < float(control.resample_rate) * visits:
        return -1
    return int(cell.states[(visits - played) % kept])


@kernel
def room_for_outcome(control: Any, pool: Any, cell: Any, work: int) -> int:
    """Return the place in which to play and store a cell's next outcome; ``work`` without room."""
    cell.played = int(cell.played) + 1
    kept = int(cell.kept)
    place = work + 1 + int(control.kept)
    if kept < KEPT and place < len(pool):
        control.kept = int(control.kept) + 1
        cell.kept = kept + 1
        cell.states[kept] = place
        return place
    return int(cell.states[int(cell.played) % kept]) if kept > 0 else work


@kernel
def noted(actions: Any, count: int) -> Any:
    """Return actions as a bit set."""
    bits = np.uint64(0)
    for k in range(count):
        bits |= np.uint64(1) << np.uint64(actions[k])
    return bits
