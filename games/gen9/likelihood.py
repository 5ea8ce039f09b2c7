"""How well a set explains what a battle has shown of its Pokémon without saying it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from plywise.datasets.pokemon_sets import PokemonSet
from plywise.datasets.spreads import stats_of
from plywise.games.gen9.evidence.highest_stat import Highest, explains_highest
from plywise.games.gen9.evidence.hit import Hit
from plywise.games.gen9.evidence.hit_likelihood import HitLikelihood, of_hit
from plywise.games.gen9.evidence.speed_order import ITEM_FACTORS, LAST_ITEMS, Order, explains_order
from plywise.games.gen9.infostate import ANY_SPEED, MonView

UNEXPLAINED = 0.005
"""Likelihood of a sign that a set contradicts: what is known of the battle may have gaps."""
_NEIGHBOURS = 0.1  # how often a spread stands for another whose stats are a few points away
_LEAST = 1e-9  # never to zero for all
_SPEED = 5  # position in the stats


@dataclass(frozen=True)
class Signs:
    """What has been observed of a Pokémon; the same from turn to turn, whatever the HP.

    Attributes:
        species: whose stats it has.
        speed: bounds of its Speed with its item, as in ``MonView``.
        item, ability: of its set, None unknown.
        orders: who acted first, where its ability may play a part.
        hits: that it has taken or dealt.
        highest: stats that Protosynthesis or Quark Drive has raised.
        odds: of items and abilities, as in ``MonView``.
    """

    species: str
    speed: tuple[int, int] = ANY_SPEED
    item: str | None = None
    ability: str | None = None
    orders: tuple[Order, ...] = ()
    hits: tuple[Hit, ...] = ()
    highest: tuple[Highest, ...] = ()
    odds: tuple[tuple[str, float], ...] = ()

    @classmethod
    def of(cls, mon: MonView) -> Signs:
        """Return what has been observed of a Pokémon."""
        return cls(
            mon.base_species,
            mon.speed,
            mon.set_item,
            mon.base_ability,
            mon.orders,
            mon.hits,
            mon.highest,
            mon.odds,
        )

    @cached_property
    def odds_by_name(self) -> dict[str, float]:
        """The odds of each item and ability that has some."""
        return dict(self.odds)

    @cached_property
    def damage(self) -> tuple[HitLikelihood, ...]:
        """How likely sets make each of the hits."""
        return tuple(map(of_hit, self.hits))

    @property
    def silent(self) -> bool:
        """Whether nothing has been observed: any set explains it."""
        return self.speed == ANY_SPEED and not (
            self.orders or self.hits or self.highest or self.odds
        )


def likelihood(signs: Signs, s: PokemonSet) -> float:
    """Return the likelihood of the signs, given a set.

    It is relative to that of a set that explains them in the usual way: about 1 for the true set,
    at most ``UNEXPLAINED`` for one that contradicts a sign; never 0.
    """
    if signs.silent:
        return 1.0
    item = s.item if signs.item is None else signs.item
    ability = s.ability if signs.ability is None else signs.ability
    found = 1.0
    least, most = signs.speed
    stats = stats_of(signs.species, s.level, s.nature, s.evs, s.ivs)
    speed = stats[_SPEED]
    if item not in LAST_ITEMS and not least <= speed * ITEM_FACTORS.get(item, 1.0) <= most:
        found *= UNEXPLAINED
    for order in signs.orders:
        if not explains_order(order, speed, item, ability):
            found *= UNEXPLAINED
    found *= signs.odds_by_name.get(item, 1.0) * signs.odds_by_name.get(ability, 1.0)
    exact = near = 1.0
    for hit in signs.damage:
        own, others = hit.of(stats, item, ability)
        exact *= max(UNEXPLAINED, own)
        near *= max(UNEXPLAINED, others)
    for one in signs.highest:
        is_so, nearly = explains_highest(one, stats)
        exact *= 1.0 if is_so else UNEXPLAINED
        near *= 1.0 if nearly else UNEXPLAINED
    return max(_LEAST, found * ((1 - _NEIGHBOURS) * exact + _NEIGHBOURS * near))
