"""The least and the most damage of a simple hit, of which one side's set is not known.

The arithmetic is Showdown's (``getDamage``, ``modifyDamage`` and ``modify`` in
``sim/battle-actions.js`` and ``sim/battle.js``).  Simple is a hit on which only stats, stages, the
move's power, types, a critical hit, a burn and the usual items act; what an ability, a field or a
special rule of a move does makes it none (``tracking/hits.py``), or leaves a set's answer open.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from plywise.datasets.showdown_data import load
from plywise.engine.battle.tables import BOOST_TYPES

_ONE = 4096
_CHANGES = re.compile(
    r"Modify(Atk|Def|SpA|SpD|Damage|Move|Type|STAB|Boost)|BasePower|Effectiveness|CriticalHit"
    r"|PrepareHit|ChangeBoost"
)


@dataclass(frozen=True)
class Hit:
    """A hit between a player's Pokémon and the opponent's, whose set is not known.

    Attributes:
        dealt: by the player's; else taken by it.
        physical: it goes by Attack and Defense, else by the special stats.
        level: of the attacker.
        power, type: of the move.
        own_stat: stat of the player's Pokémon that counts, stage and item included.
        own_item: that of the player's attacker; "" for a hit taken.
        stage: of the opponent's stat that counts, as far as it counts.
        critical, burned: it was critical; the attacker's burn halves it.
        stab: factor of the attacker's types, in 4096ths.
        effectiveness: doublings by the target's types, negative: halvings.
        least, most: damage seen: HP for a hit taken, else percent of the opponent's HP.
    """

    dealt: bool
    physical: bool
    level: int
    power: int
    type: str
    own_stat: int
    own_item: str
    stage: int
    critical: bool
    burned: bool
    stab: int
    effectiveness: int
    least: float
    most: float


@cache
def is_plain(ability: str) -> bool:
    """Return whether an ability changes no damage."""
    return not _CHANGES.search(" ".join(load().abilities.get(ability, {}).get("cb", ())))


def staged(stat: int, stage: int) -> int:
    """Return a stat at a stage (``Pokemon.calculateStat``)."""
    return stat * (2 + stage) // 2 if stage >= 0 else stat * 2 // (2 - stage)


def modified(value: int, factor: int) -> int:
    """Return a value times a factor in 4096ths (``Battle.modify``)."""
    return (value * factor + 2047) // _ONE


@cache
def _item_acts(item: str) -> bool:
    return bool(_CHANGES.search(" ".join(load().items.get(item, {}).get("cb", ()))))


@lru_cache(10_000)
def attack_factors(
    item: str, type: str, effectiveness: int, *, physical: bool
) -> tuple[int, int, int] | None:
    """Return what an attacker's item makes of its stat, of the power and of the damage.

    Returns:
        factors in 4096ths; None: not known here.
    """
    if item in ("choiceband", "choicespecs"):
        return (6144 if (item == "choiceband") == physical else _ONE, _ONE, _ONE)
    if item in BOOST_TYPES:
        return (_ONE, 4915 if BOOST_TYPES[item] == type else _ONE, _ONE)
    if item in ("muscleband", "wiseglasses"):
        return (_ONE, 4505 if (item == "muscleband") == physical else _ONE, _ONE)
    if item == "lifeorb":
        return (_ONE, _ONE, 5324)
    if item == "expertbelt":
        return (_ONE, _ONE, 4915 if effectiveness > 0 else _ONE)
    if item in ("assaultvest", "eviolite") or not _item_acts(item) or item.endswith("berry"):
        return (_ONE, _ONE, _ONE)
    return None


@lru_cache(10_000)
def defence_factor(item: str, species: str, *, physical: bool) -> int | None:
    """Return what a target's item makes of its stat, in 4096ths; None: not known here."""
    if item == "assaultvest":
        return _ONE if physical else 6144
    if item == "eviolite":
        return 6144 if "evos" in load().species[load().species_id(species)] else _ONE
    plain = attack_factors(item, "", 0, physical=physical) is not None
    return _ONE if plain else None  # a berry that weakens an attack is told


@lru_cache(100_000)
def damage_range(hit: Hit, stat: int, item: str, species: str) -> tuple[int, int] | None:
    """Return the least and the most damage, in HP; None: not known here.

    Args:
        stat: the opponent's that counts, without stage; ``item`` and ``species``: the opponent's.
    """
    theirs = staged(stat, hit.stage)
    factors = attack_factors(
        hit.own_item if hit.dealt else item, hit.type, hit.effectiveness, physical=hit.physical
    )
    if factors is None:
        return None
    if hit.dealt:
        guard = defence_factor(item, species, physical=hit.physical)
        if guard is None:
            return None
        attack, defence = hit.own_stat, modified(theirs, guard)
    else:
        attack, defence = modified(theirs, factors[0]), hit.own_stat
    power = modified(hit.power, factors[1])
    base = (2 * hit.level // 5 + 2) * power * attack // max(1, defence) // 50 + 2
    if hit.critical:
        base = base * 3 // 2
    ends = []
    for percent in (85, 100):
        damage = modified(base * percent // 100, hit.stab)
        for _ in range(abs(hit.effectiveness)):
            damage = damage * 2 if hit.effectiveness > 0 else damage // 2
        if hit.burned:
            damage = modified(damage, 2048)
        ends.append(max(1, modified(damage, factors[2])))
    return ends[0], ends[1]
