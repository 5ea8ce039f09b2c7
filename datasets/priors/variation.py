"""Variations of curated sets: what people change of them, a field at a time.

Curated sets are the heart of what is played, not all of it.  A variation takes some fields of a set
from wider marginals: what the species has in all its sets here and in random battles, and, in part,
what all Pokémon of the format have.  So no plain set is impossible.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from itertools import accumulate
from random import Random
from typing import Generic, TypeVar

from plywise.datasets.learnsets import learnset
from plywise.datasets.pokemon_sets import PokemonSet
from plywise.datasets.priors.usage import makes_sense
from plywise.datasets.set_priors import SetPrior, load_prior
from plywise.datasets.showdown_data import load, to_id

_OWN = 0.7  # weight of the species' own sets, the rest is of all Pokémon
_TAKEN = 0.5  # probability that a variation takes a field from the marginals
_TRIES = 8
_MOST_SPREADS = 60  # of those that all Pokémon have
_INVESTED = 100  # EVs from which on an attacking stat is meant to be used

_Spread = tuple[str, tuple[int, ...], tuple[int, ...]]  # nature, EVs, IVs
_Value = TypeVar("_Value", bound=Hashable)


class _Marginal(Generic[_Value]):
    """Values and how often each is drawn."""

    def __init__(self, weights: Mapping[_Value, float]) -> None:
        self.values = tuple(weights)
        self._cumulative = list(accumulate(weights.values()))

    def draw(self, rng: Random) -> _Value:
        return rng.choices(self.values, cum_weights=self._cumulative)[0]


@dataclass(frozen=True)
class _Fields:
    moves: _Marginal[str]
    items: _Marginal[str]
    abilities: _Marginal[str]
    tera_types: _Marginal[str]
    spreads: _Marginal[_Spread]


class Variations:
    """Variations of the sets of one format."""

    def __init__(self, prior: SetPrior) -> None:
        """Take the marginals of a prior; what all Pokémon have is counted at the first use."""
        self._prior = prior
        self._fields = lru_cache(1000)(self._fields_of)
        self._of_the_format = cache(self._count_format)

    def prepare(self) -> None:
        """Read and count what the first variation would have to."""
        self._of_the_format()
        load_prior("gen9randombattle")

    def vary(self, s: PokemonSet, rng: Random, moves: Collection[str] = ()) -> PokemonSet:
        """Return ``s`` with some fields drawn anew; ``moves`` are those that it keeps.

        An item clause keeps the item, and a forme the item and Tera type that it needs.
        """
        fields = self._fields(s.species)
        record = load().species[load().species_id(s.species)]
        bound = self._prior.item_clause or {"requiredItem", "requiredItems"} & set(record)
        for _ in range(_TRIES):
            nature, evs, ivs = _taken((s.nature, s.evs, s.ivs), fields.spreads, rng)
            tera = _taken(s.tera_type, fields.tera_types, rng)
            changed = replace(
                s,
                moves=_varied_moves(s.moves, moves, fields.moves, rng),
                item=s.item if bound else _taken(s.item, fields.items, rng),
                ability=_taken(s.ability, fields.abilities, rng),
                tera_type=s.tera_type if "requiredTeraType" in record else tera,
                nature=nature,
                evs=evs,
                ivs=ivs,
            )
            same_spread = (nature, evs, ivs) == (s.nature, s.evs, s.ivs)
            if not makes_sense(changed.item, changed.moves):
                continue
            if (same_spread or _uses(changed)) and (changed.item == s.item or _works(changed)):
                return changed
        return s

    def _fields_of(self, species: str) -> _Fields:
        items, tera, spreads, played = self._of_the_format()
        sets, weights = self._prior.sets_of(species)
        own = list(zip(sets, weights, strict=True))
        random_sets, shares = load_prior("gen9randombattle").sets_of(species)
        wider = own + [(s, (1 - _OWN) * w) for s, w in zip(random_sets, shares, strict=True)]
        abilities = load().species[load().species_id(species)]["abilities"].values()
        return _Fields(
            # What nobody plays in the format may be banned in it.
            _Marginal(
                _mixed(
                    _counted((m, w) for s, w in wider for m in s.moves if m in played),
                    {m: played[m] for m in sorted(learnset(species)) if m in played},
                )
            ),
            _Marginal(_mixed(_counted((s.item, w) for s, w in wider), items)),
            _Marginal(
                _mixed(
                    _counted((s.ability, w) for s, w in own),
                    {to_id(str(name)): 1.0 for name in abilities},
                )
            ),
            _Marginal(_mixed(_counted((s.tera_type, w) for s, w in wider), tera)),
            _Marginal(_mixed(_counted(((s.nature, s.evs, s.ivs), w) for s, w in own), spreads)),
        )

    def _count_format(
        self,
    ) -> tuple[
        Mapping[str, float], Mapping[str, float], Mapping[_Spread, float], Mapping[str, float]
    ]:
        """Return items, Tera types, spreads and moves of all Pokémon, with their weights."""
        data, prior = load(), self._prior
        every = [
            (s, usage * weight)
            for species, usage in prior.species.items()
            for s, weight in zip(*prior.sets_of(species), strict=True)
        ]
        items = _counted(
            (s.item, w)
            for s, w in every
            # Not what only one species can use: masks, orbs, plates.
            if not s.item or not {"itemUser", "forcedForme"} & set(data.items[s.item])
        )
        spreads = _counted(((s.nature, s.evs, s.ivs), w) for s, w in every)
        most = sorted(spreads.items(), key=lambda entry: -entry[1])[:_MOST_SPREADS]
        moves = _counted((move, w) for s, w in every for move in s.moves)
        return items, _counted((s.tera_type, w) for s, w in every), dict(most), moves


def _counted(pairs: Iterable[tuple[_Value, float]]) -> dict[_Value, float]:
    found: dict[_Value, float] = defaultdict(float)
    for value, weight in pairs:
        found[value] += weight
    return dict(found)


def _mixed(own: Mapping[_Value, float], wide: Mapping[_Value, float]) -> dict[_Value, float]:
    if not own:
        return dict(wide)
    found: dict[_Value, float] = defaultdict(float)
    for share, part in ((_OWN, own), (1 - _OWN, wide)):
        total = sum(part.values())
        for value, weight in part.items():
            found[value] += share * weight / total
    return dict(found)


def _taken(given: _Value, marginal: _Marginal[_Value], rng: Random) -> _Value:
    return marginal.draw(rng) if rng.random() < _TAKEN else given


def _varied_moves(
    given: tuple[str, ...], kept: Collection[str], marginal: _Marginal[str], rng: Random
) -> tuple[str, ...]:
    moves = list(given)
    for i, move in enumerate(moves):
        if move not in kept and rng.random() < _TAKEN / 2:
            drawn = marginal.draw(rng)
            if drawn not in moves:
                moves[i] = drawn
    return tuple(moves)


def _works(s: PokemonSet) -> bool:
    """Return whether the item of a set does something for its holder."""
    if s.item == "boosterenergy":
        return s.ability in ("protosynthesis", "quarkdrive")
    return s.item != "eviolite" or "evos" in load().species[load().species_id(s.species)]


def _uses(s: PokemonSet) -> bool:
    """Return whether the moves of a set use the attacking stats that its spread pays for."""
    categories = {load().moves[move]["category"] for move in s.moves}
    return not (
        (s.evs[1] >= _INVESTED and "Physical" not in categories)
        or (s.evs[3] >= _INVESTED and "Special" not in categories)
    )
