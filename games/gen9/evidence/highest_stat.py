"""Which stat Protosynthesis or Quark Drive has raised, and whether a set explains it.

It is the highest one with stages, the first of equals (``Pokemon.getBestStat``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_STATS = ("atk", "def", "spa", "spd", "spe")
_NEAR = 1.02  # of stats that a few points make equal


@dataclass(frozen=True)
class Highest:
    """The stat that was raised.

    Attributes:
        stat: its name.
        boosts: stages at that time, by name.
    """

    stat: str
    boosts: tuple[tuple[str, int], ...] = ()


def explains_highest(highest: Highest, stats: Sequence[int]) -> tuple[bool, bool]:
    """Return whether a stat is the highest one, and whether it is but for a few points.

    Args:
        stats: hp, atk, def, spa, spd, spe without stages.
    """
    boosts = dict(highest.boosts)
    values = {
        name: _boosted(stat, boosts.get(name, 0))
        for name, stat in zip(_STATS, stats[1:], strict=True)
    }
    most, own = max(values.values()), values[highest.stat]
    first = next(name for name in _STATS if values[name] == most)
    return first == highest.stat, own * _NEAR >= most


def _boosted(stat: int, stage: int) -> int:
    return stat * (2 + stage) // 2 if stage >= 0 else stat * 2 // (2 - stage)
