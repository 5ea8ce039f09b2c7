"""The sets that one species may have: curated ones, and variations of them, all with weights.

A set is a curated one or, with probability ``Habits.varied``, a variation: each of its fields is
kept or taken from the marginals (``variation.py``), independently.  Fields of the *build* (item,
spread, ability) go together with what is observed of it, so builds are weighed one by one, for all
curated sets at once; moves and Tera type are weighed in closed form.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plywise.datasets.pokemon_sets import PokemonSet
from plywise.datasets.priors.templates import Weighted
from plywise.datasets.priors.usage import makes_sense
from plywise.datasets.priors.variation import Marginals, Spread, spread_of
from plywise.datasets.showdown_data import load

_SLOTS = 4
_MOST_BUILDS = 500  # the likeliest, besides the likeliest of each item and each spread
_MOST_WEIGHED = 100  # of those, how many are asked how they explain what was observed
_UNKNOWN = 1e-6  # share of a value that the marginals do not hold
_ODD = 0.03  # how often people take an item or a spread that does not go with the moves
_NEVER = 1e-4  # how often they take one that forbids a move
_ANY_SPREAD = 0.3  # of rare builds, how many have EVs that are in no list
_TINY = 1e-30
_TRIES = 4  # of moves that go with the build
_REMEMBERED = 4  # tables of builds, up to a few megabytes each
_MOST_EVS = 252  # of a stat
_THREE_OTHERS = 0.5  # of EVs at will: in three stats besides the full one, else in two
_FULL = 248  # EVs that make a stat as good as full
_ATTACK, _MOST_IV = 1, 31  # position in the stats, and the most
_INVESTED = 100  # EVs from which on an attacking stat is meant to be used

_Floats = NDArray[np.float64]
_Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Habits:
    """How people vary curated sets.

    Attributes:
        varied: probability that a set is a variation.
        item, spread, ability, tera_type, move: probabilities that a variation takes this field (one
            of its moves) from the marginals.
        attack_iv: probability that a set that does not attack with Attack has the other IV of it: a
            full one, or none.
    """

    varied: float = 0.3
    item: float = 0.6
    spread: float = 0.7
    ability: float = 0.4
    tera_type: float = 0.7
    move: float = 0.25
    attack_iv: float = 0.1


@dataclass(frozen=True)
class Shown:
    """What is known of a set; None: nothing of this field."""

    level: int
    gender: str = ""
    moves: frozenset[str] = frozenset()
    item: str | None = None
    ability: str | None = None
    tera_type: str | None = None
    excluded_items: tuple[str, ...] = ()
    excluded_abilities: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Field:
    """The values of a field, and how likely variations of each kind have them: kind × value."""

    values: Sequence[Any]
    shares: _Floats


class _Builds:
    """The likeliest builds, and how likely the variations of each kind of curated set have them.

    Attributes:
        fields: item, spread and ability.
        at: build × field: positions of its values.
        shares: kind × build.
        own: set -> the build that it has itself.
        rest: kind -> how likely its variations have another build.
    """

    def __init__(
        self, species: str, level: int, fields: tuple[_Field, _Field, _Field], at: _Ints, own: _Ints
    ) -> None:
        """Take the builds of a species at a level."""
        self.fields, self.at, self.own = fields, at, own
        item, spread, ability = fields
        self.shares = (
            item.shares[:, at[:, 0]] * spread.shares[:, at[:, 1]] * ability.shares[:, at[:, 2]]
        )
        whole = item.shares.sum(1) * spread.shares.sum(1) * ability.shares.sum(1)
        self.rest = np.maximum(0.0, whole - self.shares.sum(1))
        self._species, self._level = species, level
        self._made: dict[int, PokemonSet] = {}

    def made(self, n: int) -> PokemonSet:
        """Return a set with build ``n``, without moves."""
        found = self._made.get(n)
        if found is None:
            values = [
                field.values[k] for field, k in zip(self.fields, self.at[n].tolist(), strict=True)
            ]
            found = self._made[n] = self.of(*values)
        return found

    def of(self, item: str, spread: Spread, ability: str) -> PokemonSet:
        """Return a set with any build, without moves."""
        nature, evs, ivs = spread
        return PokemonSet(self._species, self._level, ability, item, "", (), evs, ivs, "", nature)

    def has(self, field: int, values: Collection[str]) -> NDArray[np.bool_]:
        """Return which builds have one of these values in a field."""
        wanted = np.array([value in values for value in self.fields[field].values])
        return wanted[self.at[:, field]]


class SetSpace:
    """The curated sets of one species and their variations."""

    def __init__(self, species: str, curated: Weighted, of: Marginals, habits: Habits) -> None:
        """Join sets and marginals.

        Args:
            curated: at least one set; its species may be another forme.
            of: the marginals of ``species``.
        """
        self.sets, weights = curated
        self.species, self.habits = species, habits
        self._marginals = of
        self._weights = np.array(weights) / sum(weights)
        record = load().species[load().species_id(species)]
        # What a forme must have is not varied, but another that a server tells is believed.
        keeps_item = not {"requiredItem", "requiredItems"}.isdisjoint(record)
        self._kept_items = {s.item for s in self.sets if keeps_item}
        self._kept_teras = {s.tera_type for s in self.sets if "requiredTeraType" in record}
        kinds: dict[tuple[Any, ...], int] = {}
        self._kind = np.array([kinds.setdefault(_kind_of(s), len(kinds)) for s in self.sets])
        self._kinds = tuple(kinds)
        self._of_kind = np.bincount(self._kind, self._weights, len(kinds))
        self._builds = lru_cache(_REMEMBERED)(self._make_builds)
        self._row = {id(s): i for i, s in enumerate(self.sets)}
        self._move_values = tuple(of.moves)
        self._move_cumulative = list(accumulate(of.moves.values()))
        self._tera_values = tuple(of.tera_types)
        self._tera_cumulative = list(accumulate(of.tera_types.values()))

    # ---- builds ----------------------------------------------------------------------------------

    def builds(
        self, level: int, item: str | None, ability: str | None, moves: frozenset[str] = frozenset()
    ) -> _Builds:
        """Return the builds at a level, with a known item or ability where it is known.

        Args:
            moves: known ones, which an item may not go with.
        """
        return self._builds(level, item, ability, _allowed(moves))

    def _make_builds(
        self, level: int, item: str | None, ability: str | None, allowed: tuple[bool, bool]
    ) -> _Builds:
        kinds, of = self._kinds, self._marginals
        kept = self._kept_items if item is None else self._kept_items & {item}
        taken = 0.0 if kept else self.habits.item
        flags = [(k[3][0] and allowed[0], k[3][1] and allowed[1], *k[3][2:]) for k in kinds]
        goes = [_goes(k[0], f) / _goes(k[0], k[3]) for k, f in zip(kinds, flags, strict=True)]
        own = [k[3] for k in kinds]
        fields = (
            _field([k[0] for k in kinds], of.items, taken, item, flags, _goes, goes),
            _field([k[1] for k in kinds], of.spreads, self.habits.spread, None, own, _pays),
            _field([k[2] for k in kinds], of.abilities, self.habits.ability, ability),
        )
        items, spreads, abilities = (self._of_kind @ field.shares for field in fields)
        mass = items[:, None, None] * spreads[:, None] * abilities
        written = zip(
            *(
                (
                    0 if item is not None else fields[0].values.index(k[0]),
                    fields[1].values.index(k[1]),
                    0 if ability is not None else fields[2].values.index(k[2]),
                )
                for k in kinds
            ),
            strict=True,
        )
        of_kinds = np.ravel_multi_index([np.array(axis) for axis in written], mass.shape)
        places = np.unique(np.concatenate((of_kinds, *_likeliest(mass))))
        at = np.stack(np.unravel_index(places, mass.shape), 1)
        own_build = np.searchsorted(places, of_kinds)[self._kind]
        return _Builds(self.species, level, fields, at, own_build)

    # ---- the weights given what is known ---------------------------------------------------------

    def posterior(
        self,
        shown: Shown,
        explains: Callable[[PokemonSet], float] | None = None,
        factors: _Floats | None = None,
    ) -> Posterior:
        """Return the weights of all sets, given what is known.

        Args:
            explains: likelihood of what was observed, given a build; None: nothing was.
            factors: of each curated set, for what else speaks for it.
        """
        builds = self.builds(shown.level, shown.item, shown.ability, shown.moves)
        habits = self.habits
        whole, varied = [], []
        for s in self.sets:
            missing = shown.moves.difference(s.moves)
            same = (
                not missing
                and shown.item in (None, s.item)
                and shown.ability in (None, s.ability)
                and shown.tera_type in (None, s.tera_type)
            )
            whole.append(float(same))
            varied.append(self._moves_likelihood(s, shown.moves, missing))
            if shown.tera_type is not None:
                taken = 0.0 if shown.tera_type in self._kept_teras else habits.tera_type
                share = self._marginals.tera_types.get(shown.tera_type, 0.0)
                varied[-1] *= taken * max(_UNKNOWN, share) + (1 - taken) * (
                    s.tera_type == shown.tera_type
                )
        weights = self._weights if factors is None else self._weights * factors
        as_written = weights * (1 - habits.varied) * np.array(whole)
        as_variation = weights * habits.varied * np.array(varied)
        of_kind = np.bincount(self._kind, as_variation, len(self._kinds))
        mass = of_kind @ builds.shares + np.bincount(builds.own, as_written, len(builds.at))
        allowed = np.ones(len(mass), bool)
        if shown.item is None and shown.excluded_items:
            allowed &= ~builds.has(0, shown.excluded_items)
        if shown.ability is None and shown.excluded_abilities:
            allowed &= ~builds.has(2, shown.excluded_abilities)
        ignored = not allowed.any()
        if not ignored:
            mass = mass * allowed
        best, rare = 1.0, of_kind * builds.rest
        if explains is not None:
            before = float(mass.sum())
            mass, best = _weighed(mass, builds, explains)
            rare = rare * (float(mass.sum()) / before)
        return Posterior(
            self, shown, builds, (as_written, as_variation), mass, rare, best, ignored, explains
        )

    def _moves_likelihood(
        self, s: PokemonSet, known: frozenset[str], missing: frozenset[str]
    ) -> float:
        """Return how likely a variation of a set has the known moves."""
        taken, shares = self.habits.move, self._marginals.moves
        free = len(s.moves) - (len(known) - len(missing))
        found = (1 - taken) ** (len(known) - len(missing))
        for n, move in enumerate(missing):
            found *= taken * max(1, free - n) * max(_UNKNOWN, shares.get(move, 0.0))
        return found

    def vary(self, s: PokemonSet, rng: Random, *, keep_item: bool = False) -> PokemonSet:
        """Return a curated set of these or, now and then, a variation of it."""
        row = self._row.get(id(s))
        if row is None or rng.random() >= self.habits.varied:
            return s if row is None else self._other_attack(s, rng)
        builds = self.builds(s.level, s.item if keep_item else None, None)
        cumulative = np.cumsum(builds.shares[self._kind[row]])
        place = int(np.searchsorted(cumulative, rng.random() * cumulative[-1]))
        return self._variation(row, builds.made(place), Shown(s.level), rng)

    def _variation(self, row: int, build: PokemonSet, shown: Shown, rng: Random) -> PokemonSet:
        s = self.sets[row]
        tera = shown.tera_type
        if tera is None:
            tera = s.tera_type
            if not self._kept_teras and rng.random() < self.habits.tera_type:
                tera = rng.choices(self._tera_values, cum_weights=self._tera_cumulative)[0]
        moves = self._moves(s, shown.moves, rng)
        for _ in range(_TRIES):
            if makes_sense(build.item, moves) and _pays(spread_of(build), _flags(moves)) == 1.0:
                break
            moves = self._moves(s, shown.moves, rng)
        made = replace(build, tera_type=tera, moves=moves, gender=shown.gender or s.gender)
        return self._other_attack(made, rng)

    def _other_attack(self, s: PokemonSet, rng: Random) -> PokemonSet:
        """Return a set, now and then with the other IV of an Attack that it does not use."""
        if rng.random() >= self.habits.attack_iv or s.evs[_ATTACK] or _flags(s.moves)[2]:
            return s
        return replace(s, ivs=_with_attack(s.ivs, 0 if s.ivs[_ATTACK] == _MOST_IV else _MOST_IV))

    def _moves(self, s: PokemonSet, known: frozenset[str], rng: Random) -> tuple[str, ...]:
        """Return moves of a variation: the known ones, and those of the set or others."""
        kept = [move for move in s.moves if move not in known]
        free = max(0, min(len(kept), max(_SLOTS, len(s.moves)) - len(known)))
        chosen = list(s.moves) if free == len(kept) == len(s.moves) - len(known) else []
        if not chosen:
            chosen = [*sorted(known), *rng.sample(kept, free)]
        for i, move in enumerate(chosen):
            if move not in known and rng.random() < self.habits.move:
                drawn = rng.choices(self._move_values, cum_weights=self._move_cumulative)[0]
                if drawn not in chosen:
                    chosen[i] = drawn
        return tuple(chosen)


class Posterior:
    """The weights of the sets of a species, given what is known of one Pokémon.

    Attributes:
        best: the highest likelihood of what was observed, of all builds.
        ignored: what has not shown excludes everything and was ignored.
    """

    def __init__(
        self,
        space: SetSpace,
        shown: Shown,
        builds: _Builds,
        parts: tuple[_Floats, _Floats],
        mass: _Floats,
        rare: _Floats,
        best: float,
        ignored: bool,
        explains: Callable[[PokemonSet], float] | None,
    ) -> None:
        """Take the parts that :meth:`SetSpace.posterior` computes."""
        self.best, self.ignored = best, ignored
        self.weight = float(mass.sum())
        self._space, self._shown, self._builds = space, shown, builds
        self._parts, self._rare, self._explains = parts, rare, explains
        self._rare_share = float(rare.sum()) / (self.weight + float(rare.sum()))
        self._cumulative = np.cumsum(mass).tolist()
        self._mass = mass
        self._rows: dict[int, list[float]] = {}
        self._written: dict[int, PokemonSet] = {}

    def draw(self, rng: Random) -> PokemonSet:
        """Return a set, drawn by its weight; its level and what is known of it are as shown."""
        if rng.random() < self._rare_share:
            rare = self._draw_rare(rng)
            if rare is not None:
                return rare
        places = range(len(self._cumulative))
        place = rng.choices(places, cum_weights=self._cumulative)[0]
        cumulative = self._rows.get(place)
        if cumulative is None:
            cumulative = self._rows[place] = self._rows_of(place)
        count = len(self._space.sets)
        drawn = rng.choices(range(2 * count), cum_weights=cumulative)[0]
        build = self._builds.made(place)
        if drawn >= count:
            return self._space._variation(drawn - count, build, self._shown, rng)
        found = self._written.get(drawn)
        if found is None:
            s, shown = self._space.sets[drawn], self._shown
            found = replace(s, level=shown.level, gender=shown.gender or s.gender)
            self._written[drawn] = found
        return self._space._other_attack(found, rng)

    def _draw_rare(self, rng: Random) -> PokemonSet | None:
        """Return a variation with a build beyond the likeliest; None: a few do not agree."""
        shown, of_kind, fields = self._shown, self._space._kind, self._builds.fields
        for _ in range(_TRIES):
            kind = rng.choices(range(len(self._rare)), self._rare.tolist())[0]
            item, spread, ability = (
                rng.choices(field.values, field.shares[kind].tolist())[0] for field in fields
            )
            if rng.random() < _ANY_SPREAD:
                spread = (spread[0], _any_evs(spread[1], rng), spread[2])
            if item in shown.excluded_items or ability in shown.excluded_abilities:
                continue
            build = self._builds.of(item, spread, ability)
            if self._explains is not None and rng.random() * self.best > self._explains(build):
                continue
            rows = np.flatnonzero(of_kind == kind)
            row = int(rng.choices(rows.tolist(), self._parts[1][rows].tolist())[0])
            return self._space._variation(row, build, shown, rng)
        return None

    def _rows_of(self, place: int) -> list[float]:
        """Return cumulative weights of the curated sets, then of their variations."""
        as_written, as_variation = self._parts
        builds, kind = self._builds, self._space._kind
        whole = as_written * (builds.own == place)
        varied = as_variation * builds.shares[kind, place]
        cumulative: list[float] = np.cumsum(np.concatenate((whole, varied))).tolist()
        return cumulative

    def holds(self, true: PokemonSet, near: Callable[[PokemonSet], bool]) -> bool:
        """Return whether a set has a positive weight.

        Args:
            near: whether a build's stats are those of the set, as far as they matter.
        """
        space, shown = self._space, self._shown
        moves = {*space._marginals.moves, *shown.moves}
        teras = {*space._marginals.tera_types, shown.tera_type, ""}
        moves.update(*(s.moves for s in space.sets))
        teras.update(s.tera_type for s in space.sets)
        items, spreads, abilities = (field.values for field in self._builds.fields)
        return (
            moves.issuperset(true.moves)
            and true.tera_type in teras
            and true.item in items
            and true.ability in abilities
            and (self.ignored or true.item not in shown.excluded_items)
            and (self.ignored or true.ability not in shown.excluded_abilities)
            and (
                (_is_any(true.evs) and any(nature == true.nature for nature, *_ in spreads))
                or any(
                    near(replace(true, nature=nature, evs=evs, ivs=each))
                    for nature, evs, ivs in spreads
                    for each in (ivs, _with_attack(ivs, 0), _with_attack(ivs, _MOST_IV))
                )
            )
        )


# ---- what goes with what -------------------------------------------------------------------------


def _kind_of(s: PokemonSet) -> tuple[Any, ...]:
    """Return what a set's variations of the build depend on."""
    return s.item, spread_of(s), s.ability, _flags(s.moves)


def _flags(moves: Sequence[str]) -> tuple[bool, bool, bool, bool]:
    """Return whether moves go with an assault vest, with a lock, and use either attacking stat."""
    categories = {load().moves[move]["category"] for move in moves if move in load().moves}
    return (
        *_allowed(moves),
        "Physical" in categories,
        "Special" in categories,
    )


def _allowed(moves: Iterable[str]) -> tuple[bool, bool]:
    """Return whether moves go with an assault vest, and with a lock."""
    return makes_sense("assaultvest", moves), makes_sense("choicescarf", moves)


_PROBES = {"assaultvest": 0, "choiceband": 1, "choicescarf": 1, "choicespecs": 1}


def _goes(item: str, flags: tuple[bool, ...]) -> float:
    """Return how often people give an item to a set with such moves, relative to others."""
    place = _PROBES.get(item)
    if place is None or flags[place]:
        unused = (item == "choiceband" and not flags[2]) or (item == "choicespecs" and not flags[3])
        return _ODD if unused else 1.0
    return _NEVER if item == "assaultvest" else _ODD


def _pays(spread: Spread, flags: tuple[bool, ...]) -> float:
    """Return how often people give a spread to a set with such moves, relative to others."""
    _, evs, _ = spread
    wasted = (evs[1] >= _INVESTED and not flags[2]) or (evs[3] >= _INVESTED and not flags[3])
    return _ODD if wasted else 1.0


def _field(
    own: Sequence[Any],
    marginal: Mapping[Any, float],
    taken: float,
    known: Any,
    flags: Sequence[tuple[bool, ...]] = (),
    fits: Callable[[Any, tuple[bool, ...]], float] | None = None,
    kept: Sequence[float] | float = 1.0,
) -> _Field:
    """Return the values of a field, and how likely variations of each kind have each of them.

    Args:
        own: value of each kind.
        taken: probability that it is taken from the marginal.
        known: the value, if it is known: then the only one.
        flags, fits: of each kind; how well a value goes with them.
        kept: how well the own value of each kind goes with what else is known.
    """
    values = list(dict.fromkeys((*own, *marginal, *(() if known is None else (known,)))))
    place = {value: n for n, value in enumerate(values)}
    base = np.array([max(_UNKNOWN, marginal.get(value, 0.0)) for value in values])
    rows = np.repeat(base[None], len(own), 0)
    if fits is not None:
        factors = {f: np.array([fits(value, f) for value in values]) for f in set(flags)}
        rows = rows * np.array([factors[f] for f in flags])
    rows *= taken / rows.sum(1, keepdims=True)
    rows[np.arange(len(own)), [place[value] for value in own]] += (1 - taken) * np.array(kept)
    if known is not None:
        return _Field([known], rows[:, [place[known]]])
    return _Field(values, rows)


def _with_attack(ivs: tuple[int, ...], value: int) -> tuple[int, ...]:
    """Return IVs with another one of Attack."""
    return (*ivs[:_ATTACK], value, *ivs[_ATTACK + 1 :])


def _any_evs(evs: tuple[int, ...], rng: Random) -> tuple[int, ...]:
    """Return EVs with the invested stat that has the most, and the others anyhow."""
    most = max(range(len(evs)), key=lambda k: (evs[k], -k))
    first, second, third = rng.sample([k for k in range(len(evs)) if k != most], 3)
    rest = _MOST_EVS + 4  # as much as is left of 508 with one full stat
    found = [0] * len(evs)
    found[most], found[first] = _MOST_EVS, 4 * rng.randrange(rest // 4)
    rest -= found[first]
    found[second] = min(_MOST_EVS, rest)
    if rng.random() < _THREE_OTHERS:
        found[second] = 4 * rng.randrange(rest // 4)
        found[third] = min(_MOST_EVS, rest - found[second])
    return tuple(found)


def _is_any(evs: tuple[int, ...]) -> bool:
    """Return whether :func:`_any_evs` may return such EVs, or nearly."""
    return max(evs) >= _FULL and sum(ev > 4 for ev in evs) <= 4 and sum(evs) >= 2 * _FULL


def _likeliest(mass: _Floats) -> list[_Ints]:
    """Return where, flat, the greatest values are, and the greatest at each index of each axis."""
    flat, most = mass.ravel(), min(_MOST_BUILDS, mass.size)
    least = np.partition(flat, mass.size - most)[mass.size - most]
    found = [np.flatnonzero(flat > least)]
    found.append(np.flatnonzero(flat == least)[: most - len(found[0])])  # the first of equals
    place = np.arange(mass.size).reshape(mass.shape)
    for axis in range(mass.ndim):
        rows = np.moveaxis(mass, axis, 0).reshape(mass.shape[axis], -1)
        places = np.moveaxis(place, axis, 0).reshape(rows.shape)
        found.append(places[np.arange(len(rows)), rows.argmax(1)])
    return found


def _weighed(
    mass: _Floats, builds: _Builds, explains: Callable[[PokemonSet], float]
) -> tuple[_Floats, float]:
    """Return masses times likelihoods, and the highest likelihood.

    The likeliest builds are asked.  Of the others the spread is asked, with the item and ability
    that explain most, and multiplied by how well theirs do beside these on average.
    """
    order = np.argsort(-mass, kind="stable")
    order = order[: int(np.count_nonzero(mass))]
    first, others = order[:_MOST_WEIGHED], order[_MOST_WEIGHED:]
    found = np.array([explains(builds.made(n)) for n in first.tolist()])
    best = float(found.max(initial=0.0))
    weighed = np.zeros(len(mass))
    weighed[first] = mass[first] * found
    if not len(others):
        return weighed, best
    pair = builds.at[:, 0] * len(builds.fields[2].values) + builds.at[:, 2]
    of_pair = np.bincount(pair[first], weighed[first], pair.max() + 1)
    likeliest = int(of_pair.argmax())
    spread = builds.at[:, 1]
    alone = np.full(len(builds.fields[1].values), np.nan)
    mine = pair[first] == likeliest
    alone[spread[first[mine]]] = found[mine]
    item, ability = builds.at[first[mine][0]][[0, 2]].tolist()
    items, spreads, abilities = (field.values for field in builds.fields)
    for k in np.unique(spread[order]).tolist():
        if np.isnan(alone[k]):
            alone[k] = explains(builds.of(items[item], spreads[k], abilities[ability]))
    beside = np.bincount(pair[first], mass[first] * alone[spread[first]], len(of_pair))
    ratio = np.full(len(of_pair), of_pair.sum() / max(_TINY, beside.sum()))
    np.divide(of_pair, beside, out=ratio, where=beside > _TINY)
    weighed[others] = mass[others] * alone[spread[others]] * np.minimum(1.0, ratio[pair[others]])
    return weighed, max(best, float(np.nanmax(alone)))
