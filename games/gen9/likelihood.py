"""How well a set explains what a battle has shown of its Pokémon without saying it."""

from __future__ import annotations

from dataclasses import dataclass

from plywise.datasets.pokemon_sets import PokemonSet
from plywise.datasets.spreads import stats_of
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
        item: of its set, None unknown.
    """

    species: str
    speed: tuple[int, int] = ANY_SPEED
    item: str | None = None

    @classmethod
    def of(cls, mon: MonView) -> Signs:
        """Return what has been observed of a Pokémon."""
        return cls(mon.base_species, mon.speed, mon.first_item)

    @property
    def silent(self) -> bool:
        """Whether nothing has been observed: any set explains it."""
        return self.speed == ANY_SPEED


def likelihood(signs: Signs, s: PokemonSet) -> float:
    """Return the likelihood of the signs, given a set, as a number from ``UNEXPLAINED`` to 1."""
    if signs.silent:
        return 1.0
    item = s.item if signs.item is None else signs.item
    if item in LAST_ITEMS:
        return 1.0
    speed = stats_of(signs.species, s.level, s.nature, s.evs, s.ivs)[_SPEED]
    least, most = signs.speed
    return 1.0 if least <= speed * ITEM_FACTORS.get(item, 1.0) <= most else UNEXPLAINED
