"""Stats of a set, and a nature and spread that give known stats.

The formulas are Showdown's (``sim/dex-species.ts`` ``baseStats``, ``sim/battle.ts``
``statModify``): with ``v = IV + EV // 4``, HP is ``(2·base + v + 100)·L // 100 + 10`` and every
other stat ``(2·base + v)·L // 100 + 5``, of which a nature takes 110 % or 90 %, rounded down.
"""

from __future__ import annotations

from functools import lru_cache

from plywise.datasets.pokemon_sets import PokemonSet
from plywise.datasets.showdown_data import load

STATS = ("hp", "atk", "def", "spa", "spd", "spe")
_IV, _EV, _EV_TOTAL = 31, 252, 510
_HIGHEST = _IV + _EV // 4
_USUAL_TOTAL = 508  # EVs that full spreads use of the 510
_LOWERED_ON_PURPOSE = (1, 5)  # Attack, Speed: for Foul Play, for Trick Room


@lru_cache(100_000)
def stats_of(
    species: str, level: int, nature: str, evs: tuple[int, ...], ivs: tuple[int, ...]
) -> tuple[int, ...]:
    """Return hp, atk, def, spa, spd, spe of a species id at a level.

    Raises:
        UnknownNameError: there is no such species.
    """
    record = load().species[load().species_id(species)]
    return tuple(
        record.get("maxHP") or hp_stat(base, iv + ev // 4, level)
        if k == 0
        else natured_stat(base, iv + ev // 4, level, _factor(nature, k))
        for k, (base, ev, iv) in enumerate(zip(_bases(species), evs, ivs, strict=True))
    )


def stats_of_set(s: PokemonSet) -> tuple[int, ...]:
    """Return hp, atk, def, spa, spd, spe of a set in the forme that it names."""
    return stats_of(s.species, s.level, s.nature, s.evs, s.ivs)


@lru_cache(10_000)
def find_spread(
    hp_species: str, species: str, level: int, stats: tuple[int, ...]
) -> tuple[str, tuple[int, ...], tuple[int, ...]] | None:
    """Return nature, EVs and IVs that give ``stats`` (hp first) exactly; None: none do.

    Where several do, those with the fewest lowered IVs, then with the EV total nearest to that of a
    full spread, then with the fewest EVs that are not 0, then the first nature by name.

    Args:
        hp_species: the forme that the HP belong to, ``species`` that of the other stats: a forme
            change in a battle keeps the HP.
    """
    found = []
    bases = (_bases(hp_species)[0], *_bases(species)[1:])
    fixed: tuple[int, ...] = (_IV,)
    fixed_hp = load().species[load().species_id(hp_species)].get("maxHP")
    for nature in sorted(load().natures):
        values = []
        for k, (base, stat) in enumerate(zip(bases, stats, strict=True)):
            if k == 0 and fixed_hp:
                values.append(fixed)
                continue
            factor = _factor(nature, k)
            values.append(
                tuple(
                    v
                    for v in range(_HIGHEST + 1)
                    if (hp_stat(base, v, level) if k == 0 else natured_stat(base, v, level, factor))
                    == stat
                )
            )
        if not all(values):
            continue
        chosen = [_cheapest(options) for options in values]
        evs = tuple(4 * max(0, v - _IV) for v in chosen)
        ivs = tuple(min(_IV, v) for v in chosen)
        if sum(evs) > _EV_TOTAL:
            continue
        lowered = sum(
            iv < _IV and not (iv == 0 and k in _LOWERED_ON_PURPOSE) for k, iv in enumerate(ivs)
        )
        spare = abs(_USUAL_TOTAL - sum(evs))
        found.append(((lowered, spare, sum(ev > 0 for ev in evs), nature), nature, evs, ivs))
    if not found:
        return None
    _, nature, evs, ivs = min(found)
    return nature, evs, ivs


def _cheapest(options: tuple[int, ...]) -> int:
    """Return the value that needs the fewest EVs; a full IV or none at all rather than others."""
    return min(options, key=lambda v: (v > _IV, v not in (0, _IV), v if v > _IV else -v))


@lru_cache(2_000)
def _bases(species: str) -> tuple[int, ...]:
    record = load().species[load().species_id(species)]
    return tuple(record["baseStats"][name] for name in STATS)


@lru_cache(200)
def _factor(nature: str, k: int) -> int:
    record = load().natures[nature]
    return 110 if record.get("plus") == STATS[k] else 90 if record.get("minus") == STATS[k] else 100


def hp_stat(base: int, v: int, level: int) -> int:
    """Return the HP of base HP and ``v`` = IV + EV // 4 at a level."""
    return (2 * base + v + 100) * level // 100 + 10


def natured_stat(base: int, v: int, level: int, factor: int) -> int:
    """Return another stat; ``factor``: the nature's, in percent."""
    return ((2 * base + v) * level // 100 + 5) * factor // 100
