"""The belief about the opponent's sets: a posterior over the sets of the random-battle generator.

The prior is the generator's frequency of each set (``datasets/pokemon_sets``).  The posterior keeps
the sets that agree with what was revealed, in proportion to their frequencies.  Unseen Pokémon are
drawn from the generator's teams.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from random import Random

from plywise.datasets.pokemon_sets import PokemonSet, RandomBattleSets, random_battle_sets
from plywise.datasets.showdown_data import load, to_id
from plywise.games.gen9.infostate import MonView, SideView

log = logging.getLogger(__name__)

# Evidence ignored, in this order, when no set agrees with all of it: items and abilities can be
# exchanged in a battle; an unknown move is ignored last.
_RELAXATIONS = ("item", "ability", "tera", "level", "moves")


@cache
def base_species(species: str) -> str:
    """Return the id of the species that ``species`` is a forme of (itself, if of none)."""
    data = load()
    found = data.cosmetic.get(species, species)
    record = data.species.get(found)
    return to_id(record["baseSpecies"]) if record and "baseSpecies" in record else found


def _rows_by_base(sets: RandomBattleSets) -> dict[str, tuple[int, ...]]:
    rows: dict[str, list[int]] = {}
    for species, indices in sets.by_species.items():
        rows.setdefault(base_species(species), []).extend(indices)
    return {k: tuple(v) for k, v in rows.items()}


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
        rows: indices into the prior's ``sets``; never empty for a species of the format.
        weights: frequency of each in the generator.
        relaxed: kinds of evidence ignored; (): none.
    """

    rows: tuple[int, ...]
    weights: tuple[int, ...]
    relaxed: tuple[str, ...] = ()


class RandomBattleBelief:
    """The belief about an opponent's sets in ``gen9randombattle``.

    Attributes:
        relaxations: number of times that each kind of evidence was ignored, for reports.
    """

    def __init__(self, sets: RandomBattleSets | None = None) -> None:
        self.sets = sets or random_battle_sets()
        self.relaxations: Counter[str] = Counter()
        self._rows = _rows_by_base(self.sets)
        self._warned: set[tuple[str, tuple[str, ...]]] = set()
        # All worlds of a decision have the same revealed Pokémon.
        self._find = lru_cache(maxsize=1000)(self._search)

    def candidates(self, mon: MonView) -> Candidates:
        """Return the sets that agree with ``mon``; as little evidence as possible is ignored."""
        found = self._find(mon)
        if found.rows and found.relaxed:
            self.relaxations[found.relaxed[-1]] += 1
            key = (mon.base_species, found.relaxed)
            if key not in self._warned:
                self._warned.add(key)
                log.info("no set of %s fits unless its %s is ignored", *key)
        return found

    def _search(self, mon: MonView) -> Candidates:
        rows = self._rows.get(base_species(mon.base_species), ())
        for ignored in range(len(_RELAXATIONS) + 1):
            relaxed = _RELAXATIONS[:ignored]
            fitting = self._fitting(mon, rows, relaxed)
            if fitting:
                return Candidates(fitting, tuple(self.sets.counts[r] for r in fitting), relaxed)
        return Candidates((), (), _RELAXATIONS)

    def _fitting(
        self, mon: MonView, rows: Sequence[int], relaxed: Sequence[str]
    ) -> tuple[int, ...]:
        sets = self.sets.sets
        forme = _gameplay_forme(mon.base_species)
        exact = [r for r in rows if _gameplay_forme(sets[r].species) == forme]
        moves = {m.id for m in mon.moves}
        item = mon.first_item
        scored = []
        for row in exact or rows:
            s = sets[row]
            if "level" not in relaxed and s.level != mon.level:
                continue
            if "item" not in relaxed and item is not None and s.item != item:
                continue
            if "ability" not in relaxed and mon.base_ability not in (None, s.ability):
                continue
            if "tera" not in relaxed and mon.tera_type not in (None, s.tera_type):
                continue
            missing = len(moves - set(s.moves))
            if missing and "moves" not in relaxed:
                continue
            scored.append((missing, row))
        if not scored:
            return ()
        fewest = min(missing for missing, _ in scored)
        return tuple(row for missing, row in scored if missing == fewest)

    def draw(self, mon: MonView, rng: Random) -> PokemonSet:
        """Return a set drawn for a revealed Pokémon."""
        found = self.candidates(mon)
        if not found.rows:
            # A species outside the format: only what was revealed is known.
            self.relaxations["species"] += 1
            known = known_set(mon)
            return replace(
                known,
                ability=known.ability or to_id(_first_ability(mon.base_species)),
                moves=known.moves[:4] or ("struggle",),
            )
        row = rng.choices(found.rows, found.weights)[0]
        # The revealed forme determines the stats; a cosmetic forme plays as its base forme.
        return replace(self.sets.sets[row], gender=mon.gender)

    def draw_team(self, foe: SideView, rng: Random) -> tuple[PokemonSet, ...]:
        """Return a team: sets for the revealed Pokémon, in their order, then unseen ones."""
        team = [self.draw(mon, rng) for mon in foe.mons]
        taken = {base_species(s.species) for s in team}
        while len(team) < foe.size:
            for candidate in self.sets.random_team(rng):
                if len(team) < foe.size and base_species(candidate.species) not in taken:
                    team.append(candidate)
                    taken.add(base_species(candidate.species))
        return tuple(team)


def _first_ability(species: str) -> str:
    return str(load().species[load().species_id(species)]["abilities"]["0"])
