"""Conversion of trust in an answer into weights: of proposals and predictions, and of values."""

from __future__ import annotations

import math
from collections.abc import Sequence

SUREST = 0.99
"""Upper limit of trust in a proposal or prediction, so that no action becomes impossible."""

_FINITE = 4.0  # the inverse of the fraction of the variance that full trust leaves


def odds(shares: Sequence[float], trust: float) -> list[float]:
    """Return the evidence of a proposal: logarithms of odds, relative to their mean.

    Trust leaves an option the probability ``p = trust * share + (1 - trust) / n``; ``shares`` sum
    to 1.
    """
    sure = min(trust, SUREST)
    found = [math.log(sure * share + (1.0 - sure) / len(shares)) for share in shares]
    mean = sum(found) / len(found)
    return [each - mean for each in found]


def confidence(trust: float) -> float:
    """Return the weight of values with a given trust, from 0 (trust 0) to 1 (trust 1).

    Of two estimates of a value, one of which explains the fraction ``trust ** 2`` of its variance,
    the best mixture weighs that one by ``trust / (1 - trust ** 2)`` against the other.  The
    constant keeps full trust finite.
    """
    return trust / (1.0 + _FINITE * (1.0 - trust * trust))
