"""Using a move: Showdown's runMove, useMove and the steps of trySpreadMoveHit, for one target.

``run_move(b, s, move_id, priority, external)`` is what the turn calls for a queued move action; the active
Pokémon of side ``s`` uses ``move_id`` (Struggle, a locked move or a move slot's).  It does, in
Showdown's order: activeMoveActions, Encore's override, the BeforeMove conditions
(:func:`before_move.before_move`, the core's), PP and ``last_move``, the move itself with all its
hits, AfterMove events, Dancer, and at its end ``faint_messages`` (which notices a win).

What it leaves for the turn to act on: ``sides[k].switch_flag`` (the move's id for a pivot,
``SWITCH_TRUE`` for Eject Button and such), ``SIDE_FORCE_SWITCH`` in ``sides[k].flags``.
"""

from typing import Any

from plywise.engine.jit import kernel


@kernel
def run_move(b: Any, s: int, move_id: int, priority: int, external: bool) -> None:
    """Let the active Pokémon of side ``s`` use a move; ``external``: no PP, no lock (Dancer).

    ``priority`` is the action's in whole stages, Prankster and such included.
    """
