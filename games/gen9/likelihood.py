"""How well a set explains what a battle has shown of its Pokémon without saying it."""

from __future__ import annotations

from dataclasses import dataclass

from plywise.datasets.pokemon_sets import PokemonSet
from plywise.datasets.spreads import stats_of
from plywise.games.gen9.damage_range import Hit, damage_range, is_plain
from plywise.games.gen9.infostate import ANY_SPEED, MonView
from plywise.games.gen9.tracking.turn_order import ITEM_FACTORS, LAST_ITEMS

UNEXPLAINED = 0.02
"""Likelihood of what a set contradicts: what is known of the battle may have gaps."""
_SPEED = 5  # position in the stats


@dataclass(frozen=True)
class Signs:
    """What has been observed of a Pokémon; the same from turn to turn, whatever the HP.

    Attributes:
        species: whose stats it has.
        speed: bounds of its Speed with its item, as in ``MonView``.
        item, ability: of its set, None unknown.
        hits: that it has taken or dealt.
    """

    species: str
    speed: tuple[int, int] = ANY_SPEED
    item: str | None = None
    ability: str | None = None
    hits: tuple[Hit, ...] = ()

    @classmethod
    def of(cls, mon: MonView) -> Signs:
        """Return what has been observed of a Pokémon."""
        return cls(mon.base_species, mon.speed, mon.set_item, mon.base_ability, mon.hits)

    @property
    def silent(self) -> bool:
        """Whether nothing has been observed: any set explains it."""
        return self.speed == ANY_SPEED and not self.hits


def likelihood(signs: Signs, s: PokemonSet) -> float:
    """Return the likelihood of the signs, given a set, as a number from ``UNEXPLAINED`` to 1."""
    if signs.silent:
        return 1.0
    stats = stats_of(signs.species, s.level, s.nature, s.evs, s.ivs)
    item = s.item if signs.item is None else signs.item
    least, most = signs.speed
    if item not in LAST_ITEMS:
        if not least <= stats[_SPEED] * ITEM_FACTORS.get(item, 1.0) <= most:
            return UNEXPLAINED
    if signs.ability is not None or is_plain(s.ability):
        if not all(_explains(hit, stats, item, signs.species) for hit in signs.hits):
            return UNEXPLAINED
    return 1.0


def _explains(hit: Hit, stats: tuple[int, ...], item: str, species: str) -> bool:
    """Return whether a Pokémon of these stats can have taken or dealt a hit."""
    place = (2 if hit.dealt else 1) + (0 if hit.physical else 2)
    found = damage_range(hit, stats[place], item, species)
    if found is None:
        return True
    if not hit.dealt:
        return hit.least <= found[1] and found[0] <= hit.most
    # Percent of HP; a point more or less by rounding.
    scale = stats[0] / 100
    return hit.least * scale - 1 <= found[1] and found[0] <= hit.most * scale + 1
