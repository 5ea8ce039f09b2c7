"""Templates of sets, as prior files hold them, and the whole sets that they stand for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from math import prod
from typing import Any, TypeVar

from plywise.datasets.pokemon_sets import PokemonSet
from plywise.datasets.showdown_data import load
from plywise.datasets.spreads import stats_of

_Name = TypeVar("_Name")

Weighted = tuple[tuple[PokemonSet, ...], tuple[float, ...]]
"""Whole sets, and a positive weight for each."""


@dataclass(frozen=True)
class Template:
    """Sets whose alternatives are independent; a name that stands twice is twice as likely.

    Attributes:
        group: the group that it belongs to; "": any.
        weight: relative to the other templates of its species and group.
        gender: ``"M"``, ``"F"``, ``"N"``, or ``""`` where the battle draws it.
        tera: type names; ``""``: the species' own first type.
        evs: spreads of hp, atk, def, spa, spd, spe, one of which it has; ``ivs``: its IVs.
        moves: one list a slot.
    """

    group: str
    species: str
    weight: float
    level: int
    gender: str
    ability: tuple[str, ...]
    item: tuple[str, ...]
    nature: tuple[str, ...]
    tera: tuple[str, ...]
    evs: tuple[tuple[int, ...], ...]
    ivs: tuple[int, ...]
    moves: tuple[tuple[str, ...], ...]


def expand(templates: Sequence[Template]) -> Weighted:
    """Return the different whole sets of templates with their weights, moves sorted by id.

    Of spreads that give the same stats the heaviest one's first is taken.
    """
    merged: dict[tuple[Any, ...], list[Any]] = {}
    for t in templates:
        alternatives = (_shares(t.ability), _shares(t.item), _shares(t.tera))
        spreads = list(product(_shares(t.nature), _shares(t.evs)))
        for slots in product(*map(_shares, t.moves)):
            moves = tuple(sorted({move for move, _ in slots}))
            if len(moves) < len(t.moves):
                continue  # two slots may name the same move
            of_moves = t.weight * prod(share for _, share in slots)
            for (ability, p), (item, q), (tera, r) in product(*alternatives):
                tera = tera or _own_tera(t.species)
                for (nature, x), (evs, y) in spreads:
                    stats = stats_of(t.species, t.level, nature, evs, t.ivs)
                    key = (t.level, t.gender, ability, item, tera, moves, stats)
                    weight = of_moves * p * q * r * x * y
                    entry = merged.get(key)
                    if entry is not None:
                        entry[1] += weight
                        continue
                    s = PokemonSet(
                        t.species, t.level, ability, item, tera, moves, evs, t.ivs, t.gender, nature
                    )
                    merged[key] = [s, weight]
    return tuple(e[0] for e in merged.values()), tuple(e[1] for e in merged.values())


def _shares(names: Sequence[_Name]) -> list[tuple[_Name, float]]:
    return [(name, names.count(name) / len(names)) for name in dict.fromkeys(names)]


@cache
def _own_tera(species: str) -> str:
    record = load().species[load().species_id(species)]
    return str(record.get("requiredTeraType") or record["types"][0])


def normalised(found: Weighted) -> Weighted:
    """Return the sets with weights that sum to 1."""
    sets, weights = found
    total = sum(weights)
    return sets, tuple(w / total for w in weights)
