"""Results of a step of a move, as numbers: Showdown's undefined, null, false, '' and true."""

from plywise.engine.compile.jit import kernel

FAILED = 0
"""false or null: it fails."""
DONE = 1
"""true: it did something."""
QUIET = 2
"""NOT_FAIL, the empty string: nothing happens, and that is no failure."""
UNSAID = 3
"""null of a callback: the move fails, and what was logged already says why."""
NOTHING = -1
"""undefined: nothing to say."""

# What one hit did, besides a number of HP (from 0).
HIT_FAILED = -1
HIT_DONE = -2
HIT_QUIET = -3


@kernel
def combine(left: int, right: int) -> int:
    """Return the stronger of two results (Showdown's combineResults, without numbers)."""
    if left == NOTHING:
        return right
    if right == NOTHING:
        return left
    if left == DONE or right == DONE:
        return DONE
    if left == FAILED or right == FAILED:
        return FAILED
    return QUIET
