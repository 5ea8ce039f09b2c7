"""The belief about the opponent's sets: a posterior over the sets of a format's prior.

The prior is how often each species and each of its sets is used (``datasets/set_priors``).  The
posterior keeps the sets that agree with what was revealed, in proportion to their frequencies.
Unseen Pokémon are drawn from those that Team Preview showed, else from the prior given the others.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache, partial
from itertools import accumulate
from math import prod
from random import Random

from plywise.datasets.pokemon_sets import PokemonSet
from plywise.datasets.priors.set_space import Habits, Posterior, SetSpace, Shown
from plywise.datasets.priors.team_balance import TeamBalance
from plywise.datasets.priors.variation import FormatMarginals
from plywise.datasets.set_priors import (
    SetPrior,
    UnknownPriorError,
    base_species,
    fallback_sets,
    load_prior,
)
from plywise.datasets.showdown_data import load, to_id
from plywise.datasets.spreads import stats_of
from plywise.games.gen9.infostate import MonView, Previewed, SideView
from plywise.games.gen9.likelihood import UNEXPLAINED, Signs, likelihood
from plywise.games.gen9.tracking.wire import UNSHOWN_FORMES
from plywise.games.worlds_config import WorldsConfig

log = logging.getLogger(__name__)

# Evidence ignored, in this order, when no set agrees with all of it: first what has not shown,
# which leaves a set's variations; items and abilities can be exchanged in a battle; an unknown move
# is ignored last.
_RELAXATIONS = ("absences", "item", "ability", "tera", "level", "moves")
_UNLIKELY = 1e-3  # per kind of evidence that a group's sets do not agree with
_NEVER = 1e-6  # probability of a species that a group does not hold
_LEAST = 1e-12  # of what a species shows
_TOO_MUCH = 4  # contradictions of a set and what is known
_SLOTS = 4
_DRAWS = 8  # of a set, and of a team, that what else is on it does not allow
_HABITS = Habits()
_MOST_VIEWS = 100  # whose evidence is remembered
_NEAR = 3  # points of a stat


@cache
def _gameplay_forme(species: str) -> str:
    """Return the forme that a species id plays as; formes that lines do not tell apart are one."""
    forme = load().cosmetic.get(species, species)
    return UNSHOWN_FORMES.get(forme, forme)


def known_set(mon: MonView) -> PokemonSet:
    """Return the set of which only what is known of ``mon`` is filled in."""
    return PokemonSet(
        species=mon.base_species,
        level=mon.level,
        ability=mon.base_ability or "",
        item=mon.item or "",
        tera_type=mon.tera_type or "",
        moves=tuple(m.id for m in mon.moves),
        evs=(85,) * 6,
        ivs=(31,) * 6,
        gender=mon.gender,
    )


@dataclass(frozen=True)
class Candidates:
    """The sets that one Pokémon may have.

    Attributes:
        sets: empty only where nothing at all is known of the species.
        weights: relative frequency of each.
        cumulative: sums of the weights up to each.
        relaxed: kinds of evidence ignored; (): none.
        outside: the prior does not hold the species: these are sets of other formats.
    """

    sets: tuple[PokemonSet, ...]
    weights: tuple[float, ...]
    cumulative: tuple[float, ...]
    relaxed: tuple[str, ...] = ()
    outside: bool = False


@dataclass(frozen=True)
class _Evidence:
    """What is known of a set; the same from turn to turn, whatever the HP."""

    species: str
    shown: Shown
    signs: Signs


def _evidence(mon: MonView) -> _Evidence:
    # A forme that is only taken in a battle has no sets; the ability is its own, not the set's.
    before = load().species[load().species_id(mon.base_species)].get("battleOnly")
    ability = None if before else mon.base_ability
    shown = Shown(
        mon.level,
        mon.gender,
        frozenset(m.id for m in mon.moves),
        mon.set_item,
        ability,
        mon.tera_type,
        mon.excluded_items if mon.set_item is None else (),
        mon.excluded_abilities if ability is None else (),
    )
    species = to_id(before) if isinstance(before, str) else mon.base_species
    return _Evidence(species, shown, Signs.of(mon))


@dataclass(frozen=True)
class _Space:
    """The sets of a species; None: no sets at all; ``outside``: as in :class:`Candidates`."""

    sets: SetSpace | None
    outside: bool


class SetBelief:
    """The belief about an opponent's sets in one format.

    Attributes:
        prior: what is known before the battle.
        habits: how curated sets are varied; None where the prior holds all sets that there are.
        relaxations: number of times that each kind of evidence was ignored, for reports.
    """

    def __init__(self, prior: SetPrior | None = None, habits: Habits = _HABITS) -> None:
        """Begin with a prior; None: that of ``gen9randombattle``."""
        self.prior = prior or load_prior("gen9randombattle")
        self.habits = None if self.prior.exact else habits
        self._marginals = FormatMarginals(self.prior)
        self.relaxations: Counter[str] = Counter()
        self._warned: set[tuple[str, tuple[str, ...]]] = set()
        # All worlds of a decision have the same revealed Pokémon, and most decisions of a battle.
        self._find = lru_cache(2000)(self._search)
        # Tables of builds take up to megabytes each.
        self._weigh = lru_cache(300)(self._posterior)
        self._space = lru_cache(60)(self._space_of)
        self._groups = lru_cache(200)(self._group_weights)
        self._shares = lru_cache(300)(self._share)
        self._known: dict[int, tuple[MonView, _Evidence]] = {}

    def prepare(self) -> None:
        """Read and count what the first draw would have to."""
        if self.habits is not None:
            self._marginals.prepare()

    def _evidence(self, mon: MonView) -> _Evidence:
        """Return what is known of a Pokémon; all worlds of a decision ask for the same views."""
        found = self._known.get(id(mon))
        if found is None or found[0] is not mon:
            if len(self._known) >= _MOST_VIEWS:
                self._known.clear()
            found = self._known[id(mon)] = mon, _evidence(mon)
        return found[1]

    def _ignored(self, species: str, relaxed: tuple[str, ...]) -> None:
        """Count evidence that was ignored, and log it once."""
        self.relaxations[relaxed[-1]] += 1
        if (species, relaxed) not in self._warned:
            self._warned.add((species, relaxed))
            log.info("no set of %s fits unless its %s is ignored", species, relaxed)

    def candidates(self, mon: MonView, group: str = "") -> Candidates:
        """Return the sets that agree with ``mon``; as little evidence as possible is ignored.

        Args:
            group: the prior's group of its team; "": any.
        """
        found = self._find(self._evidence(mon), group)
        if found.sets and found.relaxed:
            self._ignored(mon.base_species, found.relaxed)
        return found

    def _search(self, seen: _Evidence, group: str) -> Candidates:
        sets, weights = self.prior.sets_of_formes(seen.species, group)
        if not sets and group:
            sets, weights = self.prior.sets_of_formes(seen.species)
        outside = not sets
        if outside:
            sets, weights = fallback_sets(seen.species, seen.shown.level)
        kinds = _RELAXATIONS[not (seen.shown.excluded_items or seen.shown.excluded_abilities) :]
        for ignored in range(len(kinds) + 1):
            relaxed = kinds[:ignored]
            rows = self._fitting(seen, sets, relaxed)
            if rows:
                factors = [likelihood(seen.signs, sets[row]) for row in rows]
                left = tuple(weights[row] * f for row, f in zip(rows, factors, strict=True))
                if max(factors) <= UNEXPLAINED:
                    relaxed = (*relaxed, "signs")
                fitting = tuple(sets[row] for row in rows)
                return Candidates(fitting, left, tuple(accumulate(left)), relaxed, outside)
        return Candidates((), (), (), _RELAXATIONS, outside=True)

    def _fitting(
        self, seen: _Evidence, sets: Sequence[PokemonSet], relaxed: Sequence[str]
    ) -> list[int]:
        """Return the positions of the sets that agree with all evidence but ``relaxed``.

        Without ``moves`` among the evidence, those that lack the fewest revealed moves.  Unless the
        prior holds all sets that there are, of these those that agree with most of ``relaxed``.
        """
        shown, forme = seen.shown, _gameplay_forme(seen.species)
        exact = [i for i, s in enumerate(sets) if _gameplay_forme(s.species) == forme]
        scored = []
        for i in exact or range(len(sets)):
            s = sets[i]
            missing = len(shown.moves.difference(s.moves))
            wrong = [
                kind
                for kind, differs in (
                    (
                        "absences",
                        s.item in shown.excluded_items or s.ability in shown.excluded_abilities,
                    ),
                    ("item", shown.item is not None and s.item != shown.item),
                    ("ability", shown.ability not in (None, s.ability)),
                    ("tera", shown.tera_type not in (None, s.tera_type)),
                    ("level", s.level != shown.level),
                    ("moves", missing > 0),
                )
                if differs
            ]
            if all(kind in relaxed for kind in wrong):
                scored.append((missing, 0 if self.prior.exact else len(wrong), i))
        if not scored:
            return []
        best = min(scored)[:2]
        return [i for *score, i in scored if tuple(score) == best]

    def draw(self, mon: MonView, rng: Random, group: str = "") -> PokemonSet:
        """Return a set drawn for a revealed Pokémon: one of the prior's, or a variation."""
        if self.habits is None:
            return self._draw_exact(mon, rng, group)
        seen = self._evidence(mon)
        found = self._weigh(seen, group)
        if found is None:
            return self._bare(mon)
        if self._space(seen.species, group, mon.level).outside:
            self.relaxations["species"] += 1
        if found.ignored:
            self._ignored(mon.base_species, ("absences",))
        if found.best <= UNEXPLAINED:
            self._ignored(mon.base_species, ("signs",))
        return found.draw(rng)

    def _draw_exact(self, mon: MonView, rng: Random, group: str) -> PokemonSet:
        """Return a set of a prior that holds all sets that there are."""
        found = self.candidates(mon, group)
        if found.outside:
            self.relaxations["species"] += 1
        if not found.sets:
            return self._bare(mon)
        # The revealed forme determines the stats; a cosmetic forme plays as its base forme.
        chosen = rng.choices(found.sets, cum_weights=found.cumulative)[0]
        return replace(chosen, gender=mon.gender)

    def _bare(self, mon: MonView) -> PokemonSet:
        """Return a set of a Pokémon of whose species nothing is known."""
        self.relaxations["species"] += 1
        known = known_set(mon)
        return replace(
            known,
            ability=known.ability or to_id(_first_ability(mon.base_species)),
            moves=known.moves[:_SLOTS] or ("struggle",),
        )

    def share_of(self, mon: MonView) -> float:
        """Return how likely a Pokémon of this species shows what is known of ``mon``; never 0.

        It is relative: of what all sets explain in the usual way, the moves, item, ability and Tera
        type decide.
        """
        return max(_LEAST, self._shares(self._evidence(mon)))

    def _share(self, seen: _Evidence) -> float:
        if self.habits is not None:
            found = self._weigh(seen, "")
            return 0.0 if found is None else found.weight * (_UNLIKELY if found.ignored else 1)
        sets, weights = self.prior.sets_of_formes(seen.species)
        if not sets:
            sets, weights = fallback_sets(seen.species, seen.shown.level)
        shown, forme = seen.shown, _gameplay_forme(seen.species)
        exact = [i for i, s in enumerate(sets) if _gameplay_forme(s.species) == forme]
        mass = total = 0.0
        for i in exact or range(len(sets)):
            s = sets[i]
            total += weights[i]
            wrong = 2 * len(shown.moves.difference(s.moves))
            wrong += shown.item not in (None, s.item)
            wrong += shown.ability not in (None, s.ability)
            wrong += shown.tera_type not in (None, s.tera_type)
            wrong += s.item in shown.excluded_items or s.ability in shown.excluded_abilities
            if wrong < _TOO_MUCH:
                mass += weights[i] * _UNLIKELY**wrong * likelihood(seen.signs, s)
        return mass / total if total else 0.0

    def holds(self, mon: MonView, true: PokemonSet) -> bool:
        """Return whether a set has a positive weight, its stats within 3 points."""
        stats = stats_of(mon.base_species, mon.level, true.nature, true.evs, true.ivs)

        def near(s: PokemonSet) -> bool:
            own = stats_of(mon.base_species, mon.level, s.nature, s.evs, s.ivs)
            return all(abs(a - b) <= _NEAR for a, b in zip(own, stats, strict=True))

        if self.habits is not None:
            found = self._weigh(self._evidence(mon), "")
            return found is not None and found.holds(true, near)
        return any(
            weight > 0
            and (set(s.moves), s.ability, s.item) == (set(true.moves), true.ability, true.item)
            and near(s)
            for s, weight in zip(*_parts(self.candidates(mon)), strict=True)
        )

    def _space_of(self, species: str, group: str, level: int) -> _Space:
        """Return the sets of a species and their variations."""
        forme = _gameplay_forme(species)
        for where in dict.fromkeys((group, "")):
            sets, weights = self.prior.sets_of_formes(species, where)
            if sets:
                break
        outside = not sets
        if outside:
            sets, weights = fallback_sets(species, level)
        exact = [i for i, s in enumerate(sets) if _gameplay_forme(s.species) == forme]
        if exact:
            sets, weights = tuple(sets[i] for i in exact), tuple(weights[i] for i in exact)
        if not sets or self.habits is None:
            return _Space(None, outside)
        of = self._marginals.of(species, sets if outside else ())
        return _Space(SetSpace(species, (sets, weights), of, self.habits), outside)

    def _posterior(self, seen: _Evidence, group: str) -> Posterior | None:
        space = self._space(seen.species, group, seen.shown.level).sets
        if space is None:
            return None
        explains = None if seen.signs.silent else partial(likelihood, seen.signs)
        return space.posterior(seen.shown, explains)

    def _vary(self, s: PokemonSet, rng: Random, group: str) -> PokemonSet:
        """Return a curated set of the prior or, now and then, a variation of it."""
        space = self._space(s.species, group, s.level).sets
        return s if space is None else space.vary(s, rng, keep_item=self.prior.item_clause)

    def draw_team(
        self,
        foe: SideView,
        rng: Random,
        *,
        own: Sequence[MonView] = (),
    ) -> tuple[PokemonSet, ...]:
        """Return a team: sets for the revealed Pokémon, in their order, then unseen ones.

        The unseen ones are those that Team Preview showed, or as many as come into the battle.

        Args:
            own: the player's own Pokémon: where both teams are of one group, they tell it.
        """
        previewed = unrevealed(foe)
        group = self._draw_group(foe.mons, own, previewed, rng)
        unseen = max(0, foe.size - len(foe.mons))
        for _ in range(_DRAWS):
            shown = previewed
            if unseen < len(previewed):  # the others stay at home
                shown = rng.sample(previewed, unseen)
            draws: list[Callable[[], PokemonSet]] = [
                partial(self.draw, mon, rng, group) for mon in foe.mons
            ]
            draws += [partial(self._draw_shown, one, rng, group) for one in shown]
            balance = self.prior.balance() if self.prior.exact else self.prior.clauses()
            team: list[PokemonSet] = []
            fits = True
            for draw in draws:
                team.append(_fitting_draw(draw, balance))
                fits = fits and balance.fits_set(team[-1])
                balance.add(team[-1])
            if fits:
                break
        seen = len(team)
        if seen < foe.size:
            drawn = self.prior.complete(team, rng, foe.size, group)[seen:]
            team += drawn if self.habits is None else (self._vary(s, rng, group) for s in drawn)
        return tuple(team)

    def _draw_shown(self, shown: Previewed, rng: Random, group: str) -> PokemonSet:
        """Return a set of a Pokémon that only Team Preview showed."""
        drawn = self._of_species(shown, rng, group)
        if self.habits is not None:
            drawn = self._vary(drawn, rng, group)
        return replace(drawn, level=shown.level, gender=shown.gender)

    def _of_species(self, shown: Previewed, rng: Random, group: str) -> PokemonSet:
        name = shown.species
        for where in (group, ""):
            sets, weights = self.prior.sets_of_formes(name, where)
            forme = _gameplay_forme(name)
            exact = [i for i, s in enumerate(sets) if _gameplay_forme(s.species) == forme]
            if exact and not shown.hidden:
                sets, weights = tuple(sets[i] for i in exact), tuple(weights[i] for i in exact)
            if sets:
                return rng.choices(sets, weights)[0]
        self.relaxations["species"] += 1
        sets, weights = fallback_sets(name, shown.level)
        if sets:
            return rng.choices(sets, weights)[0]
        ability = to_id(_first_ability(name))
        return PokemonSet(name, shown.level, ability, "", "", ("struggle",), (85,) * 6, (31,) * 6)

    def _draw_group(
        self,
        mons: Sequence[MonView],
        own: Sequence[MonView],
        previewed: Sequence[Previewed],
        rng: Random,
    ) -> str:
        names = tuple(self.prior.groups)
        if len(names) == 1:
            return names[0]
        others = own if self.prior.shared_group else ()
        seen = tuple(self._evidence(mon) for mon in (*mons, *others))
        shown = tuple(one.species for one in previewed)
        return rng.choices(names, self._groups(seen, shown))[0]

    def _group_weights(
        self, seen: tuple[_Evidence, ...], shown: tuple[str, ...]
    ) -> tuple[float, ...]:
        """Return the prior's groups' probabilities, times a constant, given evidence."""
        weights = []
        for name, group in self.prior.groups.items():
            weight = group.weight
            for evidence in seen:
                if self.prior.sets_of_formes(evidence.species, name)[0]:
                    found = self._find(evidence, name)
                    weight *= sum(found.weights) * _UNLIKELY ** len(found.relaxed)
                else:
                    weight *= _NEVER ** len(_RELAXATIONS)
            formes = (self.prior.formes_of(species) for species in shown)
            weight *= prod(max(_NEVER, sum(group.species.get(f, 0.0) for f in fs)) for fs in formes)
            weights.append(weight)
        most = max(weights)  # 0.0 where the evidence is impossible in all: none is preferred
        return tuple(w / most for w in weights) if most > 0 else (1.0,) * len(weights)


def unrevealed(side: SideView) -> list[Previewed]:
    """Return the Pokémon that Team Preview showed and that have not come in since."""
    left = list(side.previewed)
    for mon in side.mons:
        bases = {base_species(mon.base_species), base_species(mon.species)}
        alike = [one for one in left if base_species(one.species) in bases]
        alike.sort(key=lambda one: (one.level, one.gender) != (mon.level, mon.gender))
        if alike:
            left.remove(alike[0])
    return left


def _fitting_draw(draw: Callable[[], PokemonSet], balance: TeamBalance) -> PokemonSet:
    """Return a drawn set that goes with the team so far, or the last of some draws."""
    for _ in range(_DRAWS):
        chosen = draw()
        if balance.fits_set(chosen):
            break
    return chosen


def _parts(found: Candidates) -> tuple[tuple[PokemonSet, ...], tuple[float, ...]]:
    return found.sets, found.weights


@cache
def belief_for(format_id: str, usage: str = "", mix: float = 0.5) -> SetBelief:
    """Return the belief in a format; where it has no prior, that of random battles.

    Args:
        usage, mix: a file of Smogon's usage statistics and its weight (``load_prior``).

    Raises:
        UnknownFormatError: there is no such format.
        UsageError: ``usage`` is no such file, or of another format.
    """
    try:
        belief = SetBelief(load_prior(format_id, usage, mix))
    except UnknownPriorError as error:
        log.warning("%s: the sets of random battles are taken", error)
        return SetBelief()
    belief.prepare()
    return belief


def configured_belief(format_id: str, config: WorldsConfig | None = None) -> SetBelief:
    """Return the belief in a format with the usage statistics that ``config`` names.

    Raises:
        UnknownFormatError, UsageError: as :func:`belief_for`.
    """
    if config is None or config.usage_file is None:
        return belief_for(format_id)
    return belief_for(format_id, config.usage_file, config.usage_weight)


def _first_ability(species: str) -> str:
    return str(load().species[load().species_id(species)]["abilities"]["0"])
