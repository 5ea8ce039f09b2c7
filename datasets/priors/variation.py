"""What people change of curated sets: wider marginals of a set's fields, in one format.

Curated sets are the heart of what is played, not all of it.  The marginals are what a species has
in all its sets here and in random battles, what all Pokémon of the format have, and a reserve: any
item that does something, any attack that it learns, any spread of two full stats.
``set_space.py`` joins them with the curated sets.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import combinations
from typing import TypeVar

from plywise.datasets.learnsets import learnset
from plywise.datasets.pokemon_sets import PokemonSet
from plywise.datasets.set_priors import SetPrior, load_prior
from plywise.datasets.showdown_data import load, to_id

_OWN, _WIDE, _RESERVE = 0.45, 0.45, 0.1  # of the species' own sets, of all Pokémon, of the rest
_DIVIDED = 0.3  # spreads of one full stat, beside these three
_FULL_SPEED = 0.3  # of spreads without Speed, how many leave its IV full
_SLOW = 0.3  # weight among them of natures that lower Speed
_RANDOM = 0.3  # weight of the sets of random battles beside those of the format
_STATUS = 0.3  # weight of a move of no damage in the reserve, of an attack: 1
_MOST_SPREADS = 60  # of those that all Pokémon have
# What only some species can use is no plain item.
_BOUND = frozenset(("itemUser", "forcedForme", "isPokeball"))
_WEATHER_ROCKS = frozenset(("damprock", "heatrock", "icyrock", "smoothrock"))
_OF_THE_ENGINE = frozenset(("lightclay", "terrainextender", "gripclaw", "bindingband"))

Spread = tuple[str, tuple[int, ...], tuple[int, ...]]
"""Nature, EVs and IVs (hp, atk, def, spa, spd, spe)."""
_Value = TypeVar("_Value", bound=Hashable)


@dataclass(frozen=True)
class Marginals:
    """Values of the fields of a species' sets, and how often each is taken; each sums to 1."""

    moves: Mapping[str, float]
    items: Mapping[str, float]
    abilities: Mapping[str, float]
    tera_types: Mapping[str, float]
    spreads: Mapping[Spread, float]


@dataclass(frozen=True)
class _OfAll:
    """What all Pokémon of a format have, with weights."""

    items: Mapping[str, float]
    tera_types: Mapping[str, float]
    spreads: Mapping[Spread, float]
    moves: Mapping[str, float]


class FormatMarginals:
    """The marginals of the species of one format."""

    def __init__(self, prior: SetPrior) -> None:
        """Take the sets of a prior; what all Pokémon have is counted at the first use."""
        self._prior = prior
        self.of = lru_cache(1000)(self._of_species)
        self._all = cache(self._count_format)

    def prepare(self) -> None:
        """Read and count what the first species would have to."""
        self._all()
        load_prior("gen9randombattle")

    def _of_species(self, species: str, sets: tuple[PokemonSet, ...] = ()) -> Marginals:
        """Return the marginals of a species id.

        Args:
            sets: its sets where the prior holds none.
        """
        data, everybody = load(), self._all()
        known, weights = self._prior.sets_of(species)
        if not known:
            known, weights = sets, (1.0 / max(1, len(sets)),) * len(sets)
        own = list(zip(known, weights, strict=True))
        others = zip(*load_prior("gen9randombattle").sets_of(species), strict=True)
        wider = own + [(s, _RANDOM * w) for s, w in others]
        abilities = data.species[data.species_id(species)]["abilities"].values()
        learned = sorted(learnset(species))
        reserve = {m: w for m in learned if (w := self._reserve(m))}
        return Marginals(
            moves=_joined(
                _counted((m, w) for s, w in wider for m in s.moves if m in everybody.moves),
                {m: everybody.moves[m] for m in learned if m in everybody.moves},
                reserve,
            ),
            items=_joined(
                _counted((s.item, w) for s, w in wider),
                everybody.items,
                {name: 1.0 for name in _plain_items() if self._allows(name, species)},
            ),
            abilities=_joined(
                _counted((s.ability, w) for s, w in own),
                {},
                {
                    name: 1.0
                    for name in (to_id(str(name)) for name in abilities)
                    if name not in self._prior.format.banned_abilities
                },
            ),
            tera_types=_joined(
                _counted((s.tera_type, w) for s, w in wider), everybody.tera_types, {}
            ),
            spreads=_joined(
                _with_full_speed(_counted((spread_of(s), w) for s, w in own)),
                everybody.spreads,
                dict.fromkeys(_full_spreads(), 1.0),
                _divided_like(own),
            ),
        )

    def _allows(self, item: str, species: str) -> bool:
        """Return whether an item does something for a species."""
        record = load().species[load().species_id(species)]
        if item == "eviolite":
            return "evos" in record
        if item == "boosterenergy":
            abilities = {to_id(str(name)) for name in record["abilities"].values()}
            return not abilities.isdisjoint(("protosynthesis", "quarkdrive"))
        return not ("evasionitemsclause" in self._prior.format.rules and item in _EVASION)

    def _reserve(self, move: str) -> float:
        """Return the weight of a move that nobody is known to play; 0 where a clause bans it."""
        record, rules = load().moves.get(move), self._prior.format.rules
        if record is None or ("ohko" in record and "ohkoclause" in rules):
            return 0.0
        if record["category"] != "Status":
            return 1.0
        if record.get("status") == "slp" and "sleepmovesclause" in rules:
            return 0.0
        return 0.0 if move in _OFTEN_BANNED else _STATUS

    def _count_format(self) -> _OfAll:
        data, prior = load(), self._prior
        every = [
            (s, usage * weight)
            for species, usage in prior.species.items()
            for s, weight in zip(*prior.sets_of(species), strict=True)
        ]
        items = _counted(
            (s.item, w)
            for s, w in every
            if not s.item or (_BOUND.isdisjoint(data.items[s.item]) and s.item != "boosterenergy")
        )
        spreads = _counted((spread_of(s), w) for s, w in every)
        most = sorted(spreads.items(), key=lambda entry: -entry[1])[:_MOST_SPREADS]
        moves = _counted((move, w) for s, w in every for move in s.moves)
        tera_types = _counted((s.tera_type, w) for s, w in every)
        return _OfAll(items, tera_types, _with_full_speed(dict(most)), moves)


_EVASION = frozenset(("brightpowder", "laxincense"))
# By clauses, or by a tier without a rule's name.
_OFTEN_BANNED = frozenset(("assist", "batonpass", "doubleteam", "minimize", "shedtail"))


def spread_of(s: PokemonSet) -> Spread:
    """Return nature, EVs and IVs of a set."""
    return s.nature, s.evs, s.ivs


def _with_full_speed(spreads: Mapping[Spread, float]) -> dict[Spread, float]:
    """Return spreads with weights, those without any Speed also with a full IV of it."""
    found: dict[Spread, float] = defaultdict(float)
    for (nature, evs, ivs), weight in spreads.items():
        none = not evs[-1] and not ivs[-1]
        found[nature, evs, ivs] += weight * (1 - _FULL_SPEED * none)
        if none:
            found[nature, evs, (*ivs[:-1], 31)] += weight * _FULL_SPEED
    return dict(found)


@cache
def _plain_items() -> tuple[str, ...]:
    """Return the items that do something for any species that holds them, by id."""
    return tuple(
        name
        for name, record in sorted(load().items.items())
        if _BOUND.isdisjoint(record)
        and (record.get("cb") or name in _WEATHER_ROCKS or name in _OF_THE_ENGINE)
    )


@cache
def _full_spreads() -> tuple[Spread, ...]:
    """Return spreads of two full stats, with the natures that help one and hinder no full one."""
    found = []
    for first, second in combinations(range(6), 2):
        rest = next(k for k in (0, 4, 2, 5) if k not in (first, second))
        evs = tuple(252 if k in (first, second) else 4 if k == rest else 0 for k in range(6))
        full = [_STATS[k] for k in (first, second)]
        for name, record in sorted(load().natures.items()):
            plus, minus = record.get("plus"), record.get("minus")
            if plus not in full or minus in full:
                continue
            # What is hindered is the attacking stat that has no EVs.
            if minus not in ("atk", "spa") and not {"atk", "spa"} <= {*full, plus}:
                continue
            for attack in (31, 0) if minus == "atk" else (31,):
                found.append((name, evs, (31, attack, 31, 31, 31, 31)))
    return tuple(found)


def _divided_like(own: Iterable[tuple[PokemonSet, float]]) -> Mapping[Spread, float]:
    """Return divided spreads, half of them as those of a species' sets with other EVs.

    Args:
        own: those sets, with weights.
    """
    every = _divided_spreads()
    alike: dict[Spread, float] = defaultdict(float)
    for s, weight in own:
        fits = [e for e in every if e[0] == s.nature and s.evs[e[1].index(_FULL)] >= _NEARLY_FULL]
        for spread in fits:
            alike[spread] += weight / len(fits)
    parts = [part for part in (every, alike) if part]
    totals = [sum(part.values()) for part in parts]
    return _counted(
        (spread, weight / total)
        for part, total in zip(parts, totals, strict=True)
        for spread, weight in part.items()
    )


@cache
def _divided_spreads() -> Mapping[Spread, float]:
    """Return spreads of one full stat whose other EVs are divided between two, with weights.

    They are as far apart as two stats of a Pokémon of level 100 that are nearly equal.
    """
    kinds = (
        *(("hp", "def", "spd", nature) for nature in ("impish", "careful", "bold", "calm")),
        *(("hp", "def", "spd", nature) for nature in ("relaxed", "sassy")),
        *(("hp", "def", "spe", nature) for nature in ("impish", "bold")),
        *(("hp", "spd", "spe", nature) for nature in ("careful", "calm")),
        *(("atk", "hp", "spe", nature) for nature in ("adamant", "jolly")),
        *(("spa", "hp", "spe", nature) for nature in ("modest", "timid")),
    )
    found: dict[Spread, float] = {}
    for full, first, second, nature in kinds:
        for part in range(_STEP, _DIVISIBLE, _STEP):
            given = {full: _FULL, first: part, second: _DIVISIBLE - part}
            slow = load().natures[nature].get("minus") == "spe"
            evs = tuple(given.get(name, 0) for name in _STATS)
            found[nature, evs, (31, 31, 31, 31, 31, 0 if slow else 31)] = _SLOW if slow else 1.0
    return _with_full_speed(found)


_FULL, _NEARLY_FULL, _STEP, _DIVISIBLE = 252, 244, 20, 256  # EVs
_STATS = ("hp", "atk", "def", "spa", "spd", "spe")


def _counted(pairs: Iterable[tuple[_Value, float]]) -> dict[_Value, float]:
    found: dict[_Value, float] = defaultdict(float)
    for value, weight in pairs:
        found[value] += weight
    return dict(found)


def _joined(
    own: Mapping[_Value, float],
    wide: Mapping[_Value, float],
    reserve: Mapping[_Value, float],
    divided: Mapping[_Value, float] = {},
) -> dict[_Value, float]:
    """Return a mixture of sources, of those that are not empty."""
    parts = ((_OWN, own), (_WIDE, wide), (_RESERVE, reserve), (_DIVIDED, divided))
    whole = sum(share for share, part in parts if part)
    found: dict[_Value, float] = defaultdict(float)
    for share, part in parts:
        total = sum(part.values())
        for value, weight in part.items():
            found[value] += share * weight / total / whole
    return dict(found)
