"""What a player knew of its own team, as far as the whole log of a battle tells.

A spectator's log holds no requests.  What the log tells of a player's Pokémon at any time, the
player has known from the start: the moves that it chose, the first item, the ability of its set and
the Tera type.  Each carries the turn from which on it was public.  Nothing here orders a team or
its moves by when they came: that would tell what is to come.  Where the log has a player's team
sheet, its sets are taken from it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from plywise.datasets.learnsets import learnset
from plywise.datasets.pokemon_sets import PokemonSet
from plywise.datasets.set_priors import base_species
from plywise.datasets.showdown_data import load, to_id
from plywise.games.gen9.infostate import Previewed
from plywise.games.gen9.replays.choices import Stay, TeamMember, has_illusion
from plywise.games.gen9.tracking.known import KnownMon, KnownSide

_MOST_MOVES = 4


@dataclass
class PublicFacts:
    """Of one Pokémon: what the lines have told of its set -> the turn from which on it is public.

    Attributes:
        moves: by id; ``item``, ``ability``, ``tera_type``: -1 not told.
    """

    moves: dict[str, int] = field(default_factory=dict)
    item: int = -1
    ability: int = -1
    tera_type: int = -1

    def note(self, mon: KnownMon, turn: int) -> None:
        """Note what is known of a Pokémon in a turn."""
        for move in mon.uses:
            self.moves.setdefault(move, turn)
        if self.item < 0 and mon.first_item is not None:
            self.item = turn
        if self.ability < 0 and mon.base_ability is not None:
            self.ability = turn
        if self.tera_type < 0 and mon.terastallized:
            self.tera_type = turn


@dataclass
class OwnTeam:
    """A team as its player knew it, as far as known.

    Attributes:
        mons: those that came into the battle, each as before its first entry: in the order of Team
            Preview, without one by species.
        whole: all that Team Preview showed; the same list without one.
        index: number in the list of appearance -> place in ``mons``.
        inferred: JSON: place in ``mons`` -> what the log tells of its set, with the turns.
    """

    mons: list[KnownMon]
    whole: list[KnownMon]
    index: Mapping[int, int]
    inferred: str


def inferred_team(
    side: KnownSide,
    members: Sequence[TeamMember],
    stays: Sequence[Stay],
    numbers: Sequence[int],
    facts: Mapping[int, PublicFacts],
    sheet: Sequence[PokemonSet] = (),
) -> OwnTeam:
    """Return a team.

    Args:
        side: what a spectator knows of it at the end of the battle.
        members: its Pokémon in order of appearance.
        stays: their stays on the field.
        numbers: of each Pokémon in ``side.mons``, the number in ``members``.
        facts: by these numbers, from when on what is public.
        sheet: the whole team as its player knew it; () not told.
    """
    names = [*(mon.species for mon in members), *(mon.species for mon in side.previewed)]
    posers = {species for species in names if has_illusion(species)}
    told: dict[int, KnownMon] = {}
    for known, number in zip(side.mons, numbers, strict=True):
        told.setdefault(number, known)
    mons = [
        _as_known(
            member, told.get(n), [stay for stay in stays if stay.who == n], posers, facts.get(n)
        )
        for n, member in enumerate(members)
    ]
    if sheet and not side.previewed:
        seen = {base_species(mon.species) for mon in mons}
        mons += [_of_sheet(one) for one in sheet if base_species(one.species) not in seen]
    if side.previewed:
        place = _places(members, side.previewed)
        at = {p: n for n, p in enumerate(place) if p >= 0}
        whole = [
            mons[at[p]] if p in at else _of_preview(shown) for p, shown in enumerate(side.previewed)
        ]
        order = [n for n, _ in sorted(enumerate(place), key=lambda entry: entry[1])]
        brought = whole if side.size >= len(whole) else [mons[n] for n in order]
        index = {n: brought.index(mons[n]) for n in order if mons[n] in brought}
    else:
        order = sorted(range(len(mons)), key=lambda n: (mons[n].species, mons[n].name))
        brought = whole = [mons[n] for n in order]
        index = {n: p for p, n in enumerate(order) if n < len(members)}
    # One whom only a disguise has shown, and whom Team Preview does not know, is left out.
    for mon in whole:
        _tell_set(mon, sheet)
    inferred = {str(index[n]): _inferred(mons[n], facts[n]) for n in index if n in facts}
    text = msgspec.json.encode(inferred).decode()
    return OwnTeam(brought, whole, index, text)


def _as_known(
    member: TeamMember,
    told: KnownMon | None,
    stays: Sequence[Stay],
    posers: Collection[str],
    facts: PublicFacts | None,
) -> KnownMon:
    """Return a Pokémon as before its first entry, with what the log tells of its set.

    What was shown in a stay that may have been another's is left out: a move that one with Illusion
    may have, and what else was told then.
    """
    mon = KnownMon(member.name, member.species, member.level, member.gender, member.species)
    if told is None or facts is None:
        return mon
    doubtful = [stay for stay in stays if stay.doubtful]
    sure = set(told.uses)
    for stay in stays:
        sure |= stay.prevented
        for move in stay.prevented:
            facts.moves.setdefault(move, stay.turns[1])
    if doubtful:
        others = set().union(*(learnset(poser) for poser in posers))
        sure -= others - set().union(
            *(stay.used | stay.prevented for stay in stays if not stay.doubtful)
        )
    mon.moves = tuple(sorted(sure)) if len(sure) <= _MOST_MOVES else ()

    def shown_itself(turn: int) -> bool:
        return not any(stay.turns[0] <= turn <= stay.turns[1] + 1 for stay in doubtful)

    if shown_itself(facts.item):
        mon.item = mon.first_item = told.first_item
    if shown_itself(facts.ability):
        mon.ability = mon.base_ability = told.base_ability
        if base_form(told.species) != base_form(member.species):
            mon.ability = mon.base_ability = _only_ability(member.species)  # the forme's is another
    if told.tera_type is not None and shown_itself(facts.tera_type):
        mon.tera_type = told.tera_type
    return mon


def base_form(species: str) -> str:
    """Return the species that a forme plays as, formes that differ in looks alone being one."""
    return load().cosmetic.get(species, species)


def _only_ability(species: str) -> str | None:
    abilities = list(load().species[base_form(species)].get("abilities", {}).values())
    return to_id(abilities[0]) if len(abilities) == 1 else None


def _of_preview(shown: Previewed) -> KnownMon:
    return KnownMon(shown.species, shown.species, shown.level, shown.gender, shown.species)


def _of_sheet(one: PokemonSet) -> KnownMon:
    return KnownMon(one.species, one.species, one.level, one.gender or "N", one.species)


def _tell_set(mon: KnownMon, sheet: Sequence[PokemonSet]) -> None:
    """Fill in the set of a Pokémon from its player's team sheet."""
    base = base_species(mon.species)
    same = [one for one in sheet if base_species(one.species) == base]
    if len(same) != 1:
        return
    (one,) = same
    mon.moves = tuple(sorted(one.moves))
    mon.item = mon.first_item = one.item
    mon.ability = mon.base_ability = one.ability
    mon.tera_type = one.tera_type or mon.tera_type


def _places(members: Sequence[TeamMember], previewed: Sequence[Previewed]) -> list[int]:
    """Return of each Pokémon its place in Team Preview; -1: that did not show it."""
    free = list(range(len(previewed)))
    found = [-1] * len(members)
    for exact in (True, False):
        for n, member in enumerate(members):
            if found[n] >= 0:
                continue
            for place in free:
                shown = previewed[place]
                same = (
                    (shown.species, shown.level, shown.gender)
                    == (member.species, member.level, member.gender)
                    if exact
                    else base_species(shown.species) == base_species(member.species)
                )
                if same:
                    found[n] = place
                    free.remove(place)
                    break
    return found


def _inferred(mon: KnownMon, facts: PublicFacts) -> dict[str, object]:
    found: dict[str, object] = {"species": mon.species}
    if mon.moves:
        found["moves"] = {move: facts.moves[move] for move in mon.moves if move in facts.moves}
    for name, value, turn in (
        ("item", mon.first_item, facts.item),
        ("ability", mon.base_ability, facts.ability),
        ("tera_type", mon.tera_type, facts.tera_type),
    ):
        if value is not None and turn >= 0:
            found[name] = [value, turn]
    return found
