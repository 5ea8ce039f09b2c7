"""The actor of an entry of the action queue: kind of action, side and Pokémon in one byte."""

from typing import Any

from plywise.engine.battle import constants as c
from plywise.engine.compile.jit import kernel

NO_ENTRY = -1


@kernel
def queued_kind(b: Any, k: int) -> int:
    """Return what queued action ``k`` is (``QUEUE_*``)."""
    return int(b.queue[k].actor) >> 4


@kernel
def queued_side(b: Any, k: int) -> int:
    """Return the side that takes queued action ``k``."""
    return int(b.queue[k].actor) >> 3 & 1


@kernel
def queued_mon(b: Any, k: int) -> int:
    """Return the team index of the Pokémon that takes queued action ``k``."""
    return int(b.queue[k].actor) & 7


@kernel
def set_actor(b: Any, k: int, kind: int, s: int, i: int) -> None:
    """Set what queued action ``k`` is, and that team member ``i`` of side ``s`` takes it."""
    b.queue[k].actor = kind << 4 | s << 3 | i


@kernel
def find_move(b: Any, s: int) -> int:
    """Return the queue index of the move (QUEUE_MOVE) of the active of ``s``, or NO_ENTRY."""
    wanted = c.QUEUE_MOVE << 4 | s << 3 | int(b.sides[s].active)
    for k in range(int(b.queue_length)):
        if int(b.queue[k].actor) == wanted:
            return k
    return NO_ENTRY
