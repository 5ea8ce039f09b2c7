"""What a file of usage statistics holds, and how much of it the tables know."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from plywise.datasets.showdown_data import load

if TYPE_CHECKING:
    from poke_env.data.smogon import PokemonUsageStats, SmogonStats

_SHOWN = 10
_NAMED = 5
_NOT_IN_TABLES = {"moves": frozenset(("",)), "items": frozenset(("", "nothing"))}


@dataclass(frozen=True)
class KnownPart:
    """How much of one kind of names the tables know.

    Attributes:
        kind: species, moves, items or abilities.
        names, known: different names in the file, and those of them that the tables hold.
        share: part of the file's weight that known names have, from 0 to 1.
        unknown: some of the others, the most used first.
    """

    kind: str
    names: int
    known: int
    share: float
    unknown: tuple[str, ...]


@dataclass(frozen=True)
class UsageSummary:
    """What a file holds.

    Attributes:
        format: id of the format.
        rating: cutoff of the players' ratings.
        battles: number of battles.
        most_used: names and shares of teams of the ten species that are used most.
        parts: what the tables know of species, moves, items and abilities.
    """

    format: str
    rating: int
    battles: int
    most_used: tuple[tuple[str, float], ...]
    parts: tuple[KnownPart, ...]


def summarise_usage(stats: SmogonStats) -> UsageSummary:
    """Return what a file holds; species count by their usage, all else by its use on them."""
    data = load()
    species = {mon.name: mon.usage for mon in stats.pokemon.values()}
    ids = {mon.name: data.cosmetic.get(key, key) for key, mon in stats.pokemon.items()}
    known = {name for name, key in ids.items() if key in data.species}
    return UsageSummary(
        stats.battle_format,
        stats.cutoff,
        stats.battle_count,
        tuple((mon.name, mon.usage) for mon in stats.top_pokemon(_SHOWN)),
        (
            _part("species", species, known),
            _part("moves", _summed(stats, lambda mon: mon.moves), data.moves),
            _part("items", _summed(stats, lambda mon: mon.items), data.items),
            _part("abilities", _summed(stats, lambda mon: mon.abilities), data.abilities),
        ),
    )


def _summed(
    stats: SmogonStats, of: Callable[[PokemonUsageStats], Mapping[str, float]]
) -> dict[str, float]:
    total: dict[str, float] = {}
    for mon in stats.pokemon.values():
        for name, share in of(mon).items():
            total[name] = total.get(name, 0.0) + mon.usage * max(0.0, share)
    return total


def _part(kind: str, weights: Mapping[str, float], known: Collection[str]) -> KnownPart:
    left_out = _NOT_IN_TABLES.get(kind, frozenset())
    counted = {name: weight for name, weight in weights.items() if name not in left_out}
    unknown = sorted((n for n in counted if n not in known), key=lambda n: (-counted[n], n))
    total = math.fsum(counted.values())
    lost = math.fsum(counted[name] for name in unknown)
    share = 1 - lost / total if total else 0.0
    found = len(counted) - len(unknown)
    return KnownPart(kind, len(counted), found, share, tuple(unknown[:_NAMED]))
