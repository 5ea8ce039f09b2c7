"""What the members of a team exclude in others: clauses, roles that one fills, shared types.

The habits are those of the Battle Factory's generator (``data/random-battles/gen9/teams.ts``,
``randomFactoryTeam``): at most two of a type (a third now and then), no two of the same types, at
most three weak to a type, one Stealth Rock …
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cache
from random import Random

from plywise.datasets.pokemon_sets import PokemonSet
from plywise.datasets.showdown_data import load, to_id

_MOST_OF_A_TYPE = 2
_MOST_WEAK = 3
_THIRD_OF_A_TYPE = 0.2  # probability that one is taken all the same
_WEAK, _RESISTANT, _IMMUNE = 1, 2, 3  # in ``damageTaken``


@cache
def type_names_of(species: str) -> tuple[str, ...]:
    """Return the type names of a species id."""
    record = load().species[load().species_id(species)]
    return tuple(sorted(record["types"]))


@cache
def weaknesses(types: tuple[str, ...]) -> tuple[str, ...]:
    """Return the ids of the attacking types that a Pokémon of these types is weak to."""
    chart = load().typechart
    found = []
    for attack in chart:
        balance = 0
        for own in types:
            taken = {to_id(k): v for k, v in chart[to_id(own)]["damageTaken"].items()}
            effect = taken.get(attack, 0)
            balance += {_WEAK: 1, _RESISTANT: -1, _IMMUNE: -9}.get(effect, 0)
        if balance > 0:
            found.append(attack)
    return tuple(found)


class TeamBalance:
    """The members of a team so far, asked whether another one goes with them."""

    def __init__(self, kinds: Mapping[str, str], item_clause: bool, *, types: bool) -> None:
        """Begin with an empty team.

        Args:
            kinds: id of a move, ability or item -> what a team has once at most.
            item_clause: no two members hold the same item.
            types: too many members of a type, or weak to one, exclude others.
        """
        self._kinds, self._item_clause, self._by_types = kinds, item_clause, types
        self._types: Counter[str] = Counter()
        self._combinations: set[tuple[str, ...]] = set()
        self._weak: Counter[str] = Counter()
        self._has: set[str] = set()
        self._items: set[str] = set()

    def fits_species(self, species: str, rng: Random) -> bool:
        """Return whether the types of a species id go with the team."""
        if not self._by_types:
            return True
        types = type_names_of(species)
        if types in self._combinations:
            return False
        if any(self._weak[t] >= _MOST_WEAK for t in weaknesses(types)):
            return False
        full = any(self._types[t] >= _MOST_OF_A_TYPE for t in types)
        return not full or rng.random() < _THIRD_OF_A_TYPE

    def legal(self, s: PokemonSet) -> bool:
        """Return whether the item clause, if there is one, allows a set."""
        return not (self._item_clause and s.item and s.item in self._items)

    def fits_set(self, s: PokemonSet) -> bool:
        """Return whether a set is legal in the team and fills no role that is filled."""
        return self.legal(s) and self._has.isdisjoint(self._roles(s))

    def add(self, s: PokemonSet) -> None:
        """Add a member."""
        types = type_names_of(s.species)
        self._types.update(types)
        self._combinations.add(types)
        self._weak.update(weaknesses(types))
        self._has.update(self._roles(s))
        if s.item:
            self._items.add(s.item)

    def _roles(self, s: PokemonSet) -> set[str]:
        kinds = self._kinds
        return {kinds[name] for name in (*s.moves, s.ability, s.item) if name in kinds}
