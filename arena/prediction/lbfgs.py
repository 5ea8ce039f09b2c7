"""Limited-memory BFGS: a minimiser of smooth functions, without SciPy.

Nocedal and Wright, Numerical Optimization (2006), algorithms 7.4 and 7.5, with a backtracking line
search.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

_Vector = NDArray[np.float64]

_MEMORY = 10  # pairs of steps and changes of the gradient
_ENOUGH = 1e-4  # of the slope, that a step must descend
_HALVINGS = 30


def minimised(
    objective: Callable[[_Vector], tuple[float, _Vector]],
    start: _Vector,
    steps: int = 200,
    tolerance: float = 1e-5,
) -> _Vector:
    """Return where a function is smallest.

    Args:
        objective: returns value and gradient.
        start: where to begin.
        steps: most steps.
        tolerance: largest entry of the gradient at which it ends.
    """
    at = np.array(start, float)
    value, gradient = objective(at)
    pairs: deque[tuple[_Vector, _Vector]] = deque(maxlen=_MEMORY)
    for _ in range(steps):
        if np.abs(gradient).max() <= tolerance:
            break
        direction = -_times_inverse(gradient, pairs)
        slope = float(gradient @ direction)
        if slope >= 0.0:  # rounding
            pairs.clear()
            direction, slope = -gradient, -float(gradient @ gradient)
        length = 1.0 if pairs else min(1.0, 1.0 / float(np.abs(gradient).sum()))
        for _ in range(_HALVINGS):
            there = at + length * direction
            found, new = objective(there)
            if found <= value + _ENOUGH * length * slope:
                break
            length /= 2
        else:
            break
        step, change = there - at, new - gradient
        if step @ change > 1e-12:
            pairs.append((step, change))
        at, value, gradient = there, found, new
    return at


def _times_inverse(gradient: _Vector, pairs: deque[tuple[_Vector, _Vector]]) -> _Vector:
    """Return the gradient times the approximate inverse of the Hessian (two-loop recursion)."""
    q = gradient.copy()
    factors = []
    for step, change in reversed(pairs):
        factor = float(step @ q) / float(step @ change)
        q -= factor * change
        factors.append(factor)
    if pairs:
        step, change = pairs[-1]
        q *= float(step @ change) / float(change @ change)
    for (step, change), factor in zip(pairs, reversed(factors), strict=True):
        q += (factor - float(change @ q) / float(step @ change)) * step
    return q
