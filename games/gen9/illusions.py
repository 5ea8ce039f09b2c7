"""Whether the opponent's active Pokémon is an Illusion, and the information state if it is.

The odds that a Zoroark or Zorua is behind what is seen are the product of

- how likely it is on the bench: it has been seen, Team Preview shows it, or by the prior;
- how likely the one that it looks like stands last in the team, which is known after an Illusion
  that ended, else one of those that have not fainted;
- HP and status of the entry, which are those of who is behind it;
- what has shown of its types, and abilities that the entry would have told;
- how likely sets of both species show the moves, the item, the Tera type and, where they are noted,
  the hits and orders since the entry (:meth:`SetBelief.share_of`).

A damaging hit that ends no Illusion, and an ability that is told, settle it
(``tracking/disguises``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from math import prod
from random import Random

from plywise.datasets.set_priors import base_species, fallback_sets
from plywise.datasets.showdown_data import load
from plywise.games.gen9.belief import SetBelief, unrevealed
from plywise.games.gen9.infostate import (
    ANY_SPEED,
    Condition,
    Entrance,
    InfoState,
    MonView,
    MoveView,
    SideView,
)
from plywise.games.gen9.tracking import condition_tables as tables
from plywise.games.gen9.tracking.absences import species_abilities
from plywise.games.gen9.tracking.disguises import exchanged

LEAST = 1 / 200
"""An Illusion that is less likely is not imagined."""
_MISPLACED = 0.1  # how often the places in the team are not those that entries suggest
_EAGER = 1.0  # how much likelier than the others it comes in
_AGAINST = 1e-4  # HP or status that are not those of the bench
_HURT_UNSEEN = 3e-4  # one not seen yet has lost HP, in an Illusion that was not found out
_CONTRADICTED = 3e-3  # a sign of other types
_UNTOLD = 1e-2  # an ability that is there is not told
_REGENERATED = (33, 34)  # percent
_ROCK = 12.5  # percent that Stealth Rock takes of a neutral type
_ROUNDED = 1.5  # percent
_OF_THE_OPPOSITE = ("futuremove",)  # conditions of a side, made by the other one
_CODES = {0: 1.0, 1: 2.0, 2: 0.5, 3: 0.0}  # of ``damageTaken``
_IMMUNE = 3


@dataclass(frozen=True)
class Imagined:
    """An information state in which the opponent's active Pokémon is an Illusion.

    Attributes:
        share: its probability.
        info: with who is behind the Illusion as the active one.
        shown: index of the Pokémon that it looks like.
    """

    share: float
    info: InfoState
    shown: int


@dataclass(frozen=True)
class Hidden:
    """Who may be behind the opponent's active Pokémon.

    Attributes:
        number: its index in ``SideView.mons``; None: it has not been seen, and becomes the last.
        real: what was known of it before ``since``.
        since: the entry since which all belongs to it.
        share: its probability.
    """

    number: int | None
    real: MonView
    since: Entrance
    share: float


def draw_illusion(found: Iterable[Imagined], rng: Random) -> Imagined | None:
    """Return one of these by their probabilities; None: no Illusion."""
    left = rng.random()
    for one in found:
        left -= one.share
        if left < 0:
            return one
    return None


def imagined_illusions(info: InfoState, belief: SetBelief) -> tuple[Imagined, ...]:
    """Return the Illusions that the opponent's active Pokémon may be, those of ``LEAST`` and more.

    The rest of the probability is that it is what it looks like.
    """
    found = illusion_shares(info.foe, belief, LEAST)
    return tuple(
        Imagined(one.share, _unmasked(info, one), info.foe.active or 0)
        for one in found
        if one.share >= LEAST
    )


def illusion_shares(foe: SideView, belief: SetBelief, least: float = 0.0) -> tuple[Hidden, ...]:
    """Return who may be behind the opponent's active Pokémon, each with its probability.

    Args:
        least: those that had smaller odds even if they explained all that has been shown since the
            entry are left out, unweighed.
    """
    came, worn = foe.entrance, foe.active_mon
    if came is None or worn is None or foe.copy is not None or came.before.fainted:
        return ()
    found: list[Hidden] = []
    candidates = list(_candidates(foe, belief))
    if not candidates:
        return ()
    same, was_other = _entry_share(came, came.before), 0.0
    shown = _explains_signs(came, worn, worn.species) * _shown_share(came, worn, belief)
    least *= same * shown
    for number, real, on_bench in candidates:
        prior = _EAGER * on_bench * _last_share(foe, came, real)
        signs = _explains_signs(came, worn, real.species)
        share = prior * signs * _entry_share(came, real, unseen=number is None)
        if share > least:
            share *= _new_share(belief, real, behind(came, worn, real))
            found.append(Hidden(number, real, came, share))
        if came.earlier is not None:
            # It may have been behind the same one before: HP and moves of then are its own.
            before = prior * _entry_share(came.earlier, real, unseen=number is None)
            before = _odds_of_stay(came.earlier, came.before, real, before, least, belief)
            if before * same * signs > least:
                known = behind(came.earlier, came.before, real)
                again = before * same * signs
                again *= _new_share(belief, known, behind(came, worn, known))
                found.append(Hidden(number, real, replace(came, before=came.earlier.before), again))
            was_other += before * _entry_share(came, came.earlier.before)
    if not found:
        return ()
    genuine = (same + was_other) * shown
    whole = genuine + sum(one.share for one in found)
    return tuple(replace(one, share=one.share / whole) for one in found)


def _odds_of_stay(
    came: Entrance, worn: MonView, real: MonView, share: float, least: float, belief: SetBelief
) -> float:
    """Return the odds that ``real`` was behind earlier stays.

    Args:
        came, worn: these stays, and the shown Pokémon after them.
        share: the odds before what they have shown; ``least``: as for ``illusion_shares``.
    """
    share *= _explains_signs(came, worn, real.species)
    against = _entry_share(came, came.before) * _explains_signs(came, worn, worn.species)
    against *= _shown_share(came, worn, belief)
    if share <= least * against:
        return 0.0
    return share * _new_share(belief, real, behind(came, worn, real)) / against


def _shown_share(came: Entrance, worn: MonView, belief: SetBelief) -> float:
    """Return how likely the shown Pokémon shows what is new since an entry."""
    told = _UNTOLD if came.before.base_ability in came.silent else 1.0
    silent = {*came.silent}.difference(worn.excluded_abilities)
    if silent:
        worn = replace(worn, excluded_abilities=tuple(sorted({*silent, *worn.excluded_abilities})))
    return told * _new_share(belief, came.before, worn)


def _candidates(foe: SideView, belief: SetBelief) -> Iterator[tuple[int | None, MonView, float]]:
    """Yield who may be behind an Illusion, and the probability that it is on the bench."""
    for number, mon in enumerate(foe.mons):
        able = mon.base_species in with_illusion() and mon.base_ability in (None, "illusion")
        if able and number != foe.active and not mon.fainted:
            yield number, mon, 1.0
    unseen = foe.size - len(foe.mons) - foe.fainted_unseen
    if unseen <= 0:
        return
    if foe.previewed:
        left = unrevealed(foe)
        for one in left:
            if one.species in with_illusion():
                entry = MonView(one.species, one.species, one.level, one.gender)
                yield None, entry, min(1.0, unseen / len(left))
        return
    taken = {base_species(mon.base_species) for mon in foe.mons}
    for name in sorted(with_illusion()):
        usage = belief.prior.species.get(name, 0.0)
        if usage and base_species(name) not in taken:
            yield None, _unseen(name, belief), min(1.0, unseen * usage)


def _unseen(name: str, belief: SetBelief) -> MonView:
    """Return a Pokémon of which nothing is known but its species."""
    sets = belief.prior.sets_of(name)[0] or fallback_sets(name, 100)[0]
    return MonView(name, name, sets[0].level if sets else 100, "M")


def _last_share(foe: SideView, came: Entrance, real: MonView) -> float:
    """Return the probability that the shown one stood last of those that have not fainted."""
    active = foe.active_mon
    assert active is not None
    shown, name = base_species(active.base_species), base_species(real.base_species)
    fainted = {base_species(mon.base_species) for mon in foe.mons if mon.fainted}
    behind_it = exchanged(came.places, name)[1:]
    last = next((place for place in reversed(behind_it) if place not in fainted), "")
    known = {place for place in behind_it if place and place not in fainted}
    if last:
        by_places = float(last == shown)
    elif shown in known:
        by_places = 0.0
    else:
        by_places = 1 / max(1, foe.left - 1 - len(known))
    # Entries that were Illusions without being found out have changed the places otherwise.
    return (1 - _MISPLACED) * by_places + _MISPLACED / max(1, foe.left - 1)


def _entry_share(came: Entrance, mon: MonView, *, unseen: bool = False) -> float:
    """Return how likely HP and status of the entry are those of a Pokémon that was on the bench."""
    found = 1.0 if mon.status == came.status else _AGAINST
    if mon.hp != came.hp:
        more = min(100, mon.hp + _REGENERATED[0]), min(100, mon.hp + _REGENERATED[1])
        able = mon.away == "regenerator" or (
            mon.away == "unknown" and "regenerator" in species_abilities(mon.base_species)
        )
        if not (able and came.hp in more):
            found *= _HURT_UNSEEN if unseen else _AGAINST
    return found


def _explains_signs(came: Entrance, active: MonView, species: str) -> float:
    """Return how well the types of a species explain what has shown of them."""
    if active.terastallized and active.tera_type:
        return 1.0  # both have had other types before
    types = tables.types_of_forme(species)
    return prod(1.0 if _explains(sign, types) else _CONTRADICTED for sign in came.signs)


def _explains(sign: tuple[str, str], types: tuple[str, ...]) -> bool:
    kind, what = sign
    charts: list[Mapping[str, int]] = [load().typechart[t.lower()]["damageTaken"] for t in types]
    if kind == "rock":
        expected = _ROCK * prod(_CODES[chart["Rock"]] for chart in charts)
        return abs(int(what) - expected) <= _ROUNDED
    immune = any(chart.get(key) == _IMMUNE for chart in charts for key in what.split())
    return immune == (kind == "immune")


def _new_share(belief: SetBelief, before: MonView, now: MonView) -> float:
    """Return how likely a Pokémon shows what is new of ``now``, given what was known ``before``."""
    return belief.share_of(now) / belief.share_of(before)


def behind(came: Entrance, worn: MonView, real: MonView) -> MonView:
    """Return ``real`` if it is behind ``worn``: what is new since the entry belongs to it."""
    before = came.before
    used = {move.id: move.used for move in real.moves}
    old = {move.id: move.used for move in before.moves}
    for move in worn.moves:
        more = move.used - old.get(move.id, 0)
        if more > 0:
            used[move.id] = used.get(move.id, 0) + more
    item, first = real.item, real.first_item
    if worn.item != before.item and worn.item is not None:
        item = worn.item
        first = worn.first_item if first is None and before.first_item is None else first
    tera = worn.terastallized and not before.terastallized
    hits = tuple(
        replace(hit, foe=replace(hit.foe, species=real.species, level=real.level))
        for hit in worn.hits
        if hit not in before.hits
    )
    low, high = worn.speed
    low = low if low != before.speed[0] else ANY_SPEED[0]
    high = high if high != before.speed[1] else ANY_SPEED[1]
    return replace(
        real,
        hp=worn.hp,
        status=worn.status,
        status_turns=worn.status_turns,
        rested=worn.rested,
        moves=tuple(MoveView(name, count) for name, count in used.items()),
        item=item,
        first_item=first,
        last_item=worn.last_item if worn.last_item != before.last_item else real.last_item,
        ability="illusion",
        base_ability="illusion",
        tera_type=worn.tera_type if tera else real.tera_type,
        terastallized=tera or real.terastallized,
        attacked=real.attacked + max(0, worn.attacked - before.attacked),
        away="",
        done=tuple(sorted({*real.done, *({*worn.done} - {*before.done})})),
        excluded_items=tuple(
            sorted({*real.excluded_items, *worn.excluded_items} - {*before.excluded_items})
        ),
        deduced_item=worn.deduced_item
        if worn.deduced_item != before.deduced_item
        else real.deduced_item,
        speed=(max(low, real.speed[0]), min(high, real.speed[1])),
        orders=(*real.orders, *(order for order in worn.orders if order not in before.orders)),
        hits=(*real.hits, *hits),
    )


def _unmasked(info: InfoState, hidden: Hidden) -> InfoState:
    """Return the information state with ``hidden`` behind the opponent's active Pokémon."""
    foe, own = info.foe, info.own
    shown, worn = foe.active, foe.active_mon
    assert shown is not None
    assert worn is not None
    place = len(foe.mons) if hidden.number is None else hidden.number
    mons = list(foe.mons)
    mons[shown] = hidden.since.before
    mons[place:] = [behind(hidden.since, worn, hidden.real), *mons[place + 1 :]]

    def of_real(found: Mapping[str, Condition]) -> dict[str, Condition]:
        """Return conditions that the active one has made since it came in as of ``real``."""
        return {
            name: replace(one, source=place)
            if one.source == shown and one.passed <= foe.turns_out
            else one
            for name, one in found.items()
        }

    theirs = {n: c for n, c in foe.conditions.items() if n not in _OF_THE_OPPOSITE}
    at_own = {n: c for n, c in own.conditions.items() if n in _OF_THE_OPPOSITE}
    around = {n: c for n, c in info.field_conditions.items() if c.source_side == 1 - info.player}
    return replace(
        info,
        own=replace(
            own,
            volatiles=of_real(own.volatiles),
            conditions={**own.conditions, **of_real(at_own)},
        ),
        foe=replace(
            foe,
            mons=tuple(mons),
            active=place,
            conditions={**foe.conditions, **of_real(theirs)},
            entrance=None,
        ),
        field_conditions={**info.field_conditions, **of_real(around)},
    )


@cache
def with_illusion() -> frozenset[str]:
    """Return the species that may have Illusion, by id."""
    return frozenset(name for name in load().species if "illusion" in species_abilities(name))
