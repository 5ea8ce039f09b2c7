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
from plywise.datasets.priors.team_balance import TeamBalance
from plywise.datasets.priors.variation import Variations
from plywise.datasets.set_priors import (
    SetPrior,
    UnknownPriorError,
    base_species,
    fallback_sets,
    load_prior,
)
from plywise.datasets.showdown_data import load, to_id
from plywise.games.gen9.infostate import MonView, Previewed, SideView
from plywise.games.gen9.likelihood import UNEXPLAINED, Signs, likelihood
from plywise.games.worlds_config import WorldsConfig

log = logging.getLogger(__name__)

# Evidence ignored, in this order, when no set agrees with all of it: first what has not shown,
# which leaves a set's variations; items and abilities can be exchanged in a battle; an unknown move
# is ignored last.
_RELAXATIONS = ("absences", "item", "ability", "tera", "level", "moves")
_UNLIKELY = 1e-3  # per kind of evidence that a group's sets do not agree with
_NEVER = 1e-6  # probability of a species that a group does not hold
_SLOTS = 4
_DRAWS = 8  # of a set, and of a team, that what else is on it does not allow
_VARIATION = 0.15


@cache
def _gameplay_forme(species: str) -> str:
    return load().cosmetic.get(species, species)


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
        kept: their share of the weight of the sets that agree with what was revealed; the others
            have what would have shown, or do not explain what was observed.
    """

    sets: tuple[PokemonSet, ...]
    weights: tuple[float, ...]
    cumulative: tuple[float, ...]
    relaxed: tuple[str, ...] = ()
    outside: bool = False
    kept: float = 1.0


@dataclass(frozen=True)
class _Evidence:
    """What is revealed of a set; the same from turn to turn, whatever the HP."""

    species: str
    level: int
    moves: frozenset[str]
    item: str | None
    ability: str | None
    tera_type: str | None
    excluded_items: tuple[str, ...]
    excluded_abilities: tuple[str, ...]
    signs: Signs


def _evidence(mon: MonView) -> _Evidence:
    return _Evidence(
        mon.base_species,
        mon.level,
        frozenset(m.id for m in mon.moves),
        mon.set_item,
        mon.base_ability,
        mon.tera_type,
        mon.excluded_items if mon.set_item is None else (),
        mon.excluded_abilities if mon.base_ability is None else (),
        Signs.of(mon),
    )


class SetBelief:
    """The belief about an opponent's sets in one format.

    Attributes:
        prior: what is known before the battle.
        variation: probability that a drawn set is a variation of a curated one
            (:class:`Variations`); 0 where the prior holds all sets that there are.
        relaxations: number of times that each kind of evidence was ignored, for reports.
    """

    def __init__(self, prior: SetPrior | None = None, variation: float = _VARIATION) -> None:
        """Begin with a prior; None: that of ``gen9randombattle``."""
        self.prior = prior or load_prior("gen9randombattle")
        self.variation = 0.0 if self.prior.exact else variation
        self._variations = Variations(self.prior)
        self.relaxations: Counter[str] = Counter()
        self._warned: set[tuple[str, tuple[str, ...]]] = set()
        # All worlds of a decision have the same revealed Pokémon, and most decisions of a battle.
        self._find = lru_cache(2000)(self._search)
        self._groups = lru_cache(200)(self._group_weights)

    def prepare(self) -> None:
        """Count what the first variation of a set would have to count."""
        self._variations.prepare()

    def candidates(self, mon: MonView, group: str = "") -> Candidates:
        """Return the sets that agree with ``mon``; as little evidence as possible is ignored.

        Args:
            group: the prior's group of its team; "": any.
        """
        found = self._find(_evidence(mon), group)
        if found.sets and found.relaxed:
            self.relaxations[found.relaxed[-1]] += 1
            key = (mon.base_species, found.relaxed)
            if key not in self._warned:
                self._warned.add(key)
                log.info("no set of %s fits unless its %s is ignored", *key)
        return found

    def _search(self, seen: _Evidence, group: str) -> Candidates:
        sets, weights = self.prior.sets_of_formes(seen.species, group)
        if not sets and group:
            sets, weights = self.prior.sets_of_formes(seen.species)
        outside = not sets
        if outside:
            sets, weights = fallback_sets(seen.species, seen.level)
        kinds = _RELAXATIONS[not (seen.excluded_items or seen.excluded_abilities) :]
        for ignored in range(len(kinds) + 1):
            relaxed = kinds[:ignored]
            rows = self._fitting(seen, sets, relaxed)
            if rows:
                prior = sum(weights[row] for row in rows)
                factors = [likelihood(seen.signs, sets[row]) for row in rows]
                left = tuple(weights[row] * f for row, f in zip(rows, factors, strict=True))
                kept = sum(left) / prior
                if max(factors) <= UNEXPLAINED:
                    relaxed = (*relaxed, "signs")
                if relaxed[:1] == ("absences",):
                    kept = 0.0
                elif not relaxed or relaxed == ("signs",):
                    kept *= prior / self._revealed(seen, sets, weights)
                return Candidates(
                    tuple(sets[row] for row in rows),
                    left,
                    tuple(accumulate(left)),
                    relaxed,
                    outside,
                    kept,
                )
        return Candidates((), (), (), _RELAXATIONS, outside=True)

    def _revealed(
        self, seen: _Evidence, sets: Sequence[PokemonSet], weights: Sequence[float]
    ) -> float:
        """Return the weight of the sets that agree with what was revealed."""
        revealed = replace(seen, excluded_items=(), excluded_abilities=())
        return sum(weights[row] for row in self._fitting(revealed, sets, ()))

    def _fitting(
        self, seen: _Evidence, sets: Sequence[PokemonSet], relaxed: Sequence[str]
    ) -> list[int]:
        """Return the positions of the sets that agree with all evidence but ``relaxed``.

        Without ``moves`` among the evidence, those that lack the fewest revealed moves.  Unless the
        prior holds all sets that there are, of these those that agree with most of ``relaxed``.
        """
        forme = _gameplay_forme(seen.species)
        exact = [i for i, s in enumerate(sets) if _gameplay_forme(s.species) == forme]
        scored = []
        for i in exact or range(len(sets)):
            s = sets[i]
            missing = len(seen.moves.difference(s.moves))
            wrong = [
                kind
                for kind, differs in (
                    (
                        "absences",
                        s.item in seen.excluded_items or s.ability in seen.excluded_abilities,
                    ),
                    ("item", seen.item is not None and s.item != seen.item),
                    ("ability", seen.ability not in (None, s.ability)),
                    ("tera", seen.tera_type not in (None, s.tera_type)),
                    ("level", s.level != seen.level),
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
        """Return a set drawn for a revealed Pokémon.

        Revealed moves that no set has take the places of others of the set, unless the prior holds
        all sets that there are.
        """
        found = self.candidates(mon, group)
        if found.outside:
            self.relaxations["species"] += 1
        if not found.sets:
            # Only what was revealed is known.
            known = known_set(mon)
            return replace(
                known,
                ability=known.ability or to_id(_first_ability(mon.base_species)),
                moves=known.moves[:_SLOTS] or ("struggle",),
            )
        chosen = rng.choices(found.sets, cum_weights=found.cumulative)[0]
        # The revealed forme determines the stats; a cosmetic forme plays as its base forme.
        chosen = replace(chosen, gender=mon.gender)
        if "moves" in found.relaxed and not self.prior.exact:
            chosen = _with_moves(chosen, tuple(m.id for m in mon.moves), rng)
        return self._varied(chosen, mon, rng, found.kept)

    def _varied(
        self, s: PokemonSet, mon: MonView | None, rng: Random, kept: float = 1.0
    ) -> PokemonSet:
        """Return ``s`` or, now and then, a variation that agrees with the evidence as well.

        Args:
            kept: as in :class:`Candidates`: the fewer of the prior's sets are left, the likelier is
                a variation.
        """
        share = self.variation and self.variation / (self.variation + (1 - self.variation) * kept)
        if not share or rng.random() >= share:
            return s
        if mon is None:
            return self._variations.vary(s, rng)
        moves, signs = {m.id for m in mon.moves}, Signs.of(mon)
        for _ in range(_DRAWS):
            varied = self._variations.vary(s, rng, moves)
            if varied.item in mon.excluded_items and mon.set_item is None:
                continue
            if varied.ability in mon.excluded_abilities and mon.base_ability is None:
                continue
            if rng.random() < likelihood(signs, varied):
                break
        return replace(
            varied,
            item=varied.item if mon.set_item is None else s.item,
            ability=varied.ability if mon.base_ability is None else s.ability,
            tera_type=varied.tera_type if mon.tera_type is None else s.tera_type,
        )

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
            draws += [partial(self._draw_shown, name, rng, group) for name in shown]
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
            team += self.prior.complete(team, rng, foe.size, group)[seen:]
        unseen_mons = team[len(foe.mons) :]
        return (*team[: len(foe.mons)], *(self._varied(s, None, rng) for s in unseen_mons))

    def _draw_shown(self, shown: Previewed, rng: Random, group: str) -> PokemonSet:
        """Return a set of a Pokémon that only Team Preview showed."""
        drawn = self._of_species(shown, rng, group)
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
        seen = tuple(_evidence(mon) for mon in (*mons, *others))
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


def _with_moves(chosen: PokemonSet, seen: tuple[str, ...], rng: Random) -> PokemonSet:
    others = [move for move in chosen.moves if move not in seen]
    kept = rng.sample(others, max(0, min(len(others), _SLOTS - len(seen))))
    return replace(chosen, moves=(seen + tuple(sorted(kept)))[:_SLOTS])


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
    if belief.variation:
        belief.prepare()
    return belief


def configured_belief(format_id: str, config: WorldsConfig | None) -> SetBelief:
    """Return the belief in a format with the usage statistics that ``config`` names.

    Raises:
        UnknownFormatError, UsageError: as :func:`belief_for`.
    """
    if config is None or config.usage_file is None:
        return belief_for(format_id)
    return belief_for(format_id, config.usage_file, config.usage_weight)


def _first_ability(species: str) -> str:
    return str(load().species[load().species_id(species)]["abilities"]["0"])
