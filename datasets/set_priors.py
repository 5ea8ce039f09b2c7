"""Priors of the battle formats: how often each species is on a team, and its weighted whole sets.

``load_prior`` gives one form for all formats.  Random battles use the sets and teams that the
generator made (``pokemon_sets.py``); other formats the templates that ``showdown/priors.js`` wrote
into ``showdown/priors/FORMAT.json.gz``: weighted sets whose alternatives are independent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from random import Random
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from plywise.datasets.battle_formats import BattleFormat, find_format
from plywise.datasets.errors import ConfigError
from plywise.datasets.learnsets import learnset
from plywise.datasets.pokemon_sets import PokemonSet, RandomBattleSets, random_battle_sets
from plywise.datasets.priors.team_balance import TeamBalance
from plywise.datasets.priors.teammates import Teammates
from plywise.datasets.priors.templates import Template, Weighted, expand, normalised
from plywise.datasets.priors.usage import (
    UsageError,
    UsageSets,
    conditional_shares,
    read_usage,
    usage_shares,
)
from plywise.datasets.showdown_data import load, read_json_gz, to_id
from plywise.datasets.tables_in_use import tables_folder

if TYPE_CHECKING:
    from poke_env.data.smogon import SmogonStats

# Formats that the random-battle generator makes in the same way.
_RANDOM = ("gen9randombattle", "gen9unratedrandombattle", "gen9randombattleblitz")
_TRIES = 12  # teams begun anew before the habits of team building are given up
_DRAWS = 60  # species drawn for one team, refused ones included
_NEVER_SEEN = 1e-6  # probability of a known set that the prior does not hold


class UnknownPriorError(ConfigError):
    """There is no prior for a format."""


@cache
def base_species(species: str) -> str:
    """Return the id of the species that ``species`` is a forme of (itself, if of none)."""
    data = load()
    found = data.cosmetic.get(species, species)
    record = data.species.get(found)
    return to_id(record["baseSpecies"]) if record and "baseSpecies" in record else found


@dataclass(frozen=True)
class Group:
    """The teams of one kind: those of one tier of the Battle Factory, of one type in Monotype.

    Attributes:
        weight: how often a team is of this group; those of all groups sum to 1.
        species: species id -> relative frequency on its teams; they sum to 1.
    """

    weight: float
    species: Mapping[str, float]


class SetPrior:
    """What is known of the teams of a format before a battle.

    Attributes:
        format: the format.
        source: where it is from, in words.
        groups: name -> group; the only name is "" where all teams are of one kind.
        species: species id as a team writes it, formes included -> relative frequency on teams;
            the frequencies sum to 1.
        kinds: id of a move, ability or item -> what a team has once at most.
        item_clause: no two Pokémon of a team hold the same item.
        exact: the format's generator makes these sets and no others.
        shared_group: both teams of a battle are of one group.
    """

    def __init__(
        self,
        format: BattleFormat,
        source: str,
        groups: Mapping[str, Group],
        make_sets: Callable[[str, str], Weighted],
        *,
        kinds: Mapping[str, str] | None = None,
        item_clause: bool = False,
        exact: bool = False,
        shared_group: bool = False,
    ) -> None:
        """Make a prior of its parts.

        Args:
            make_sets: species id and group -> its weighted sets; () and () where it has none.
            kinds, item_clause, exact, shared_group: see the class.
        """
        self.format, self.source, self.exact = format, source, exact
        self.shared_group = shared_group
        self.groups = MappingProxyType(dict(groups))
        total: dict[str, float] = {}
        for group in groups.values():
            for name, share in group.species.items():
                total[name] = total.get(name, 0.0) + group.weight * share
        self.species: Mapping[str, float] = MappingProxyType(total)
        self._make_sets = make_sets
        self.kinds, self.item_clause = dict(kinds or {}), item_clause
        self._teammates: Teammates | None = None
        self._mixed: dict[tuple[str, str], Weighted] = {}
        self._of_formes: dict[tuple[str, str], Weighted] = {}
        self._cumulative: dict[tuple[str, str], list[float]] = {}
        self._pools: dict[str, tuple[list[str], list[float]]] = {}
        self._formes: dict[str, list[str]] = {}
        for name in sorted(total):
            self._formes.setdefault(base_species(name), []).append(name)

    @property
    def teammates(self) -> Mapping[str, Mapping[str, float]]:
        """Species id -> frequencies of its teammates; empty where species are independent."""
        return self._teammates.conditional if self._teammates else MappingProxyType({})

    def set_teammates(self, teammates: Teammates) -> None:
        """Draw species given those that are on the team, which are independent before."""
        self._teammates = teammates

    def formes_of(self, species: str) -> tuple[str, ...]:
        """Return the ids in ``species`` of the species that ``species`` is a forme of."""
        return tuple(self._formes.get(base_species(species), ()))

    def sets_of_formes(self, species: str, group: str = "") -> Weighted:
        """Return the sets of all formes of the species that ``species`` is a forme of.

        The weights of a group sum to how often a member of its teams is such a Pokémon.
        """
        key = (base_species(species), group)
        found = self._of_formes.get(key)
        if found is None:
            usage = self.groups[group].species if group in self.groups else self.species
            sets: list[PokemonSet] = []
            weights: list[float] = []
            for forme in self.formes_of(species):
                if usage.get(forme):
                    own, shares = self.sets_of(forme, group)
                    sets += own
                    weights += [usage[forme] * share for share in shares]
            found = self._of_formes[key] = tuple(sets), tuple(weights)
        return found

    def sets_of(self, species: str, group: str = "") -> Weighted:
        """Return the whole sets of a species id and their weights, which sum to 1.

        Args:
            group: the group of its team; "": any, each as likely as it is for the species.
        """
        key = (species, group)
        found = self._mixed.get(key)
        if found is None:
            found = self._mixed[key] = self._mix(species, group)
        return found

    def _mix(self, species: str, group: str) -> Weighted:
        if group or list(self.groups) == [""]:
            return normalised(self._make_sets(species, group))
        mixed: dict[PokemonSet, float] = {}
        for name, found in self.groups.items():
            share = found.weight * found.species.get(species, 0.0)
            if share:
                sets, weights = self.sets_of(species, name)
                for s, weight in zip(sets, weights, strict=True):
                    mixed[s] = mixed.get(s, 0.0) + share * weight
        return normalised((tuple(mixed), tuple(mixed.values())))

    def draw_group(self, known: Sequence[PokemonSet], rng: Random) -> str:
        """Return the group of a team with the Pokémon ``known``, drawn by its probability."""
        if len(self.groups) == 1:
            return next(iter(self.groups))
        weights = []
        for name, group in self.groups.items():
            weight = group.weight
            for s in known:
                weight *= max(_NEVER_SEEN, group.species.get(s.species, 0.0))
                sets, shares = self.sets_of(s.species, name)
                weight *= next(
                    (w for t, w in zip(sets, shares, strict=True) if _same(s, t)), _NEVER_SEEN
                )
            weights.append(weight)
        return rng.choices(list(self.groups), weights)[0]

    def draw_set(self, species: str, rng: Random, group: str = "") -> PokemonSet:
        """Return a set of a species id of the prior, drawn by its weight."""
        sets, weights = self.sets_of(species, group)
        key = (species, group)
        cumulative = self._cumulative.get(key)
        if cumulative is None:
            cumulative = self._cumulative[key] = list(_running(weights))
        return rng.choices(sets, cum_weights=cumulative)[0]

    def balance(self, group: str = "") -> TeamBalance:
        """Return what members of a team exclude in others, for an empty team.

        Monotype teams share a type by their rule, so types do not exclude one another there.
        """
        free = "sametypeclause" in self.format.rules
        return TeamBalance(self.kinds, self.item_clause, types=not free)

    def clauses(self) -> TeamBalance:
        """Return what members exclude in others by a rule alone, for an empty team."""
        return TeamBalance({}, "itemclause" in self.format.rules, types=False)

    def random_team(self, rng: Random, known: Sequence[PokemonSet] = ()) -> tuple[PokemonSet, ...]:
        """Return a whole team: ``known`` and others that go with them."""
        return self.complete(known, rng, self.format.max_team_size)

    def complete(
        self, known: Sequence[PokemonSet], rng: Random, size: int, group: str | None = None
    ) -> tuple[PokemonSet, ...]:
        """Return ``known`` and drawn Pokémon, ``size`` in all.

        No species comes twice, whatever its forme.  What members exclude in others
        (:class:`TeamBalance`) is given up only where no team is found.

        Args:
            group: the group of the team; None: drawn by ``known``.
        """
        if group is None:
            group = self.draw_group(known, rng)
        for attempt in range(_TRIES + 1):
            team = self._attempt(known, rng, size, group, strict=attempt < _TRIES)
            if team is not None:
                return team
        raise UnknownPriorError(
            f"{self.format.id}: the prior has too few species for a team of {size}"
        )

    def _attempt(
        self, known: Sequence[PokemonSet], rng: Random, size: int, group: str, *, strict: bool
    ) -> tuple[PokemonSet, ...] | None:
        team, taken = list(known), {base_species(s.species) for s in known}
        balance = self.balance(group)
        for s in known:
            balance.add(s)
        names, cumulative = self._pool(group, team)
        for _ in range(_DRAWS if strict else 100 * _DRAWS):
            if len(team) >= size:
                return tuple(team)
            name = rng.choices(names, cum_weights=cumulative)[0]
            base = base_species(name)
            if base in taken or (strict and not balance.fits_species(name, rng)):
                continue
            s = self.draw_set(name, rng, group)
            # Item clause and the like are asked last, and of a few sets of the species.
            for _ in range(3):
                if balance.fits_set(s):
                    break
                s = self.draw_set(name, rng, group)
            if not balance.fits_set(s) and (strict or not balance.legal(s)):
                continue
            team.append(s)
            taken.add(base)
            balance.add(s)
            if self._teammates:
                names, cumulative = self._pool(group, team)
        return tuple(team) if len(team) >= size else None

    def _pool(self, group: str, team: Sequence[PokemonSet]) -> tuple[list[str], list[float]]:
        """Return species ids and cumulative weights for the next member of ``team``."""
        if self._teammates and team:
            return self._teammates.pool(tuple(s.species for s in team))
        found = self._pools.get(group)
        if found is None:
            species = self.groups[group].species if group in self.groups else self.species
            found = self._pools[group] = list(species), list(_running(species.values()))
        return found


class RandomBattlePrior(SetPrior):
    """The prior of random battles: the generator's own sets and whole teams.

    Attributes:
        table: the generator's sets.
    """

    def __init__(self, format: BattleFormat, table: RandomBattleSets | None = None) -> None:
        self.table = table or random_battle_sets()
        counts = {
            name: float(sum(self.table.counts[row] for row in rows))
            for name, rows in self.table.by_species.items()
        }
        total = sum(counts.values())
        super().__init__(
            format,
            f"{self.table.generated_teams} teams of the random-battle generator of the "
            f"pokemon-showdown package {self.table.version}",
            {"": Group(1.0, {name: count / total for name, count in counts.items()})},
            self._of_table,
            exact=True,
        )

    def sets_of_formes(self, species: str, group: str = "") -> Weighted:
        """Return the sets of all formes of a species; the weights are the generator's counts."""
        key = (base_species(species), "")
        if key not in self._of_formes:
            rows = [row for name in self.formes_of(species) for row in self.table.by_species[name]]
            self._of_formes[key] = (
                tuple(self.table.sets[row] for row in rows),
                tuple(float(self.table.counts[row]) for row in rows),
            )
        return self._of_formes[key]

    def _of_table(self, species: str, group: str) -> Weighted:
        rows = self.table.by_species.get(species, ())
        return (
            tuple(self.table.sets[row] for row in rows),
            tuple(float(self.table.counts[row]) for row in rows),
        )

    def complete(
        self, known: Sequence[PokemonSet], rng: Random, size: int, group: str | None = None
    ) -> tuple[PokemonSet, ...]:
        """Return ``known`` and Pokémon of the generator's teams, ``size`` in all."""
        team = list(known)
        taken = {base_species(s.species) for s in team}
        while len(team) < size:
            for candidate in self.table.random_team(rng):
                if len(team) < size and base_species(candidate.species) not in taken:
                    team.append(candidate)
                    taken.add(base_species(candidate.species))
        return tuple(team)

    def random_team(self, rng: Random, known: Sequence[PokemonSet] = ()) -> tuple[PokemonSet, ...]:
        """Return one of the generator's own teams, or ``known`` completed from them."""
        if not known:
            return self.table.random_team(rng)
        return super().random_team(rng, known)


def _running(weights: Iterator[float] | Sequence[float] | Any) -> Iterator[float]:
    total = 0.0
    for weight in weights:
        total += weight
        yield total


def _same(s: PokemonSet, t: PokemonSet) -> bool:
    return (
        set(s.moves) == set(t.moves)
        and (s.ability, s.item, s.level) == (t.ability, t.item, t.level)
        and (not s.tera_type or s.tera_type == t.tera_type)
    )


# ---- priors from files ---------------------------------------------------------------------------


def _tuples(value: Any) -> Any:
    return tuple(_tuples(v) for v in value) if isinstance(value, list) else value


def from_file(format: BattleFormat) -> SetPrior:
    """Return the prior that the committed file of a format holds.

    Raises:
        UnknownPriorError: there is none.
        PlywiseError: it is damaged.
    """
    path = tables_folder() / "priors" / f"{format.id}.json.gz"
    if not path.is_file():
        raise UnknownPriorError(f"there is no prior of the teams of {format.id}")
    raw = read_json_gz(path)
    by_key: dict[tuple[str, str], list[Template]] = {}
    for row in raw["templates"]:
        template = Template(**dict(zip(raw["columns"], _tuples(row), strict=True)))
        by_key.setdefault((template.species, template.group), []).append(template)
    whole = sum(group["weight"] for group in raw["groups"].values())
    groups = {}
    for name, group in raw["groups"].items():
        total = sum(group["species"].values())
        shares = {species: w / total for species, w in sorted(group["species"].items())}
        groups[name] = Group(group["weight"] / whole, shares)
    expanded: dict[tuple[str, str], Weighted] = {}

    def sets_of(species: str, group: str) -> Weighted:
        key = (species, group if (species, group) in by_key else "")
        if key not in expanded:
            expanded[key] = expand(by_key.get(key, ()))
        return expanded[key]

    return SetPrior(
        format,
        raw["source"],
        groups,
        sets_of,
        kinds=raw["kinds"],
        item_clause=raw["itemClause"],
        exact=bool(format.generator),
        # One generator makes both teams and draws a tier once.
        shared_group=bool(format.generator) and len(groups) > 1,
    )


@cache
def load_prior(format_id: str, usage: str = "", mix: float = 0.5) -> SetPrior:
    """Return the prior of a format, by id or name (read once per process).

    Args:
        usage: path of a file of Smogon's usage statistics (chaos, ``.json`` or ``.json.gz``) to mix
            in; "": none.
        mix: weight of what the file tells, from 0 to 1; curated sets have the rest.

    Raises:
        UnknownFormatError: there is no such format.
        UnknownPriorError: there is no prior for it.
        UsageError: ``usage`` is no such file, or of another format.
    """
    format = find_format(format_id)
    if format.id in _RANDOM:
        if usage:
            raise UsageError(f"{format.id}: its generator's sets are known; it takes no statistics")
        return RandomBattlePrior(format)
    prior = from_file(format)
    return with_usage(prior, read_usage(usage, format), mix) if usage else prior


def with_usage(prior: SetPrior, stats: SmogonStats, mix: float = 0.5) -> SetPrior:
    """Return a prior mixed with usage statistics: species, sets and teammates.

    Curated sets are weighted by the use of their item, ability and moves.

    Args:
        mix: weight of the statistics, from 0 to 1.

    Raises:
        UsageError: all sets of the format are known, or ``mix`` is not from 0 to 1.
    """
    format = prior.format
    if prior.exact:
        raise UsageError(f"{format.id}: its generator's sets are known; it takes no statistics")
    if not 0 <= mix <= 1:
        raise UsageError(f"mix is {mix}; a weight from 0 to 1 is wanted")
    shares, source = usage_shares(stats), UsageSets(stats, format)
    drawn = {name: w for name, w in shares.items() if prior.species.get(name) or source.has(name)}
    total = sum(drawn.values())
    groups = {}
    for name, group in prior.groups.items():
        counted = {k: w for k, w in drawn.items() if len(prior.groups) == 1 or k in group.species}
        found = {k: (1 - mix) * w for k, w in group.species.items() if mix < 1 or k in counted}
        within = sum(counted.values())
        for species, w in counted.items():
            found[species] = found.get(species, 0.0) + (mix * w / within if within else 0.0)
        left = sum(found.values())
        weight = (1 - mix) * group.weight + mix * (within / total if total else 0.0)
        if left > 0:
            groups[name] = Group(weight, {k: w / left for k, w in sorted(found.items()) if w > 0})
    whole = sum(group.weight for group in groups.values())
    groups = {k: Group(g.weight / whole, g.species) for k, g in groups.items()}
    mates = conditional_shares(stats)
    mixed = SetPrior(
        format,
        f"{prior.source}; {100 * mix:.0f} % usage statistics of {stats.battle_format} "
        f"(cutoff {stats.cutoff}, {stats.battle_count} battles)",
        groups,
        source.mixed(prior.sets_of, mix),
        kinds=prior.kinds,
        item_clause=prior.item_clause,
    )
    if mates and len(groups) == 1:
        on_teams = {k: min(1.0, format.max_team_size * w) for k, w in mixed.species.items()}
        mixed.set_teammates(Teammates(on_teams, mates))
    return mixed


# ---- species that a prior does not hold ----------------------------------------------------------

# In this order; the tiers' sets have legal spreads.
_FALLBACKS = ("gen9anythinggoes", "gen9zu", "gen9lc", "gen9randombattle")


@lru_cache(500)
def fallback_sets(species: str, level: int) -> Weighted:
    """Return weighted sets for a species that a format's prior does not hold; () and (): none.

    They are those of another format at ``level``; for a species that no format has, those of its
    evolution or of what it evolves from, with its own ability and what it can learn of the moves.
    """
    data = load()
    record = data.species.get(data.cosmetic.get(species, species))
    if record is None:
        return (), ()
    known = learnset(species)
    own = [to_id(str(ability)) for ability in record["abilities"].values()]
    family = [species, *record.get("evos", ()), record.get("prevo", "")]
    for name in (to_id(n) for n in family if n):
        for prior in map(load_prior, _FALLBACKS):
            found = []
            for s, weight in zip(*prior.sets_of(name), strict=True):
                moves = tuple(move for move in s.moves if move in known)
                ability = s.ability if s.ability in own else own[0]
                changed = replace(
                    s, species=species, level=level, gender="", ability=ability, moves=moves
                )
                if moves:
                    found.append((changed, weight))
            if found:
                return tuple(s for s, _ in found), tuple(weight for _, weight in found)
    return (), ()
