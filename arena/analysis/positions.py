"""Positions and beliefs of a battle as plain values with names for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from plywise.arena.analysis.results import BelievedMon, BelievedTeam
from plywise.engine.battle.log.labels import display
from plywise.engine.battle.names import (
    ABILITY_NAMES,
    ITEM_NAMES,
    MOVE_NAMES,
    SPECIES_NAMES,
    TYPE_NAMES,
)
from plywise.games.gen9.belief import unrevealed
from plywise.games.gen9.infostate import Condition, InfoState, MonView, SideView

_MOST_NAMES = 6
_LEAST_SHARE = 0.02
_NO_ITEM = "no item"
_VERBS = ("switch", "lead", "revive", "bring")


def action_in_words(name: str) -> str:
    """Return an action's name for people: ``Earthquake, terastallized``, ``switch to Garchomp``."""
    verb, _, rest = name.partition(" ")
    if verb in _VERBS and rest:
        return f"{verb}{' to' if verb == 'switch' else ''} {display('species', rest)}"
    if rest == "tera":
        return f"{display('moves', verb)} + Tera"
    return display("moves", name)


def battle_position(info: InfoState) -> dict[str, Any]:
    """Return both sides and the field as the player knew them."""
    field = [_condition(name, one) for name, one in info.field_conditions.items()]
    named = {name for name in (info.weather, info.terrain) if name}
    field += [_label(name) for name in named if name not in info.field_conditions]
    return {"own": _side(info.own, own=True), "foe": _side(info.foe, own=False), "field": field}


def _side(side: SideView, *, own: bool) -> dict[str, Any]:
    active = side.active
    volatiles = side.volatiles.items() if side.active_mon is not None else ()
    return {
        "active": active,
        "mons": [_mon(mon, own=own) for mon in side.mons],
        "boosts": {name: stages for name, stages in side.boosts.items() if stages},
        "conditions": [_condition(name, one) for name, one in side.conditions.items()],
        "volatiles": [_condition(name, one) for name, one in volatiles],
        "unseen": max(0, side.size - len(side.mons)),
        "shown": [display("species", one.species) for one in unrevealed(side)],
    }


def _mon(mon: MonView, *, own: bool) -> dict[str, Any]:
    facts = [display("moves", move.id) for move in mon.moves]
    item = None if mon.item is None else _item(mon.item)
    return {
        "name": display("species", mon.species),
        "level": mon.level,
        "hp": round(100 * mon.hp_fraction, 1) if mon.hp > 0 else 0,
        "status": mon.status,
        "tera": mon.tera_type if mon.terastallized else "",
        "moves": facts,
        "item": item,
        "ability": display("abilities", mon.ability) if mon.ability else None,
        "out": mon.revealed or not own,
    }


def _item(name: str) -> str:
    return display("items", name) if name and name != "none" else _NO_ITEM


def _label(name: str) -> str:
    for kind in ("moves", "abilities", "items"):
        if (shown := display(kind, name)) != name:
            return shown
    return name


def _condition(name: str, one: Condition) -> str:
    more = f" ×{one.count}" if one.count > 1 else ""
    left = f" ({one.left} left)" if one.left else ""
    return f"{_label(name)}{more}{left}"


def believed_team(info: InfoState, worlds: NDArray[Any]) -> BelievedTeam:
    """Return the belief about the opponent's team, as the worlds that were searched have it.

    Args:
        info: the player's information state.
        worlds: states drawn from it, of equal weight.
    """
    side = worlds["sides"][:, 1 - info.player]
    found = []
    for index, mon in enumerate(info.foe.mons):
        mons = side["mons"][:, index]
        if mon.fainted:
            continue
        found.append(
            BelievedMon(
                species=display("species", mon.species),
                known=_told(mon),
                items=_shares(_item(ITEM_NAMES[int(n)]) for n in mons["held_item"]),
                abilities=_shares(_named("abilities", ABILITY_NAMES, mons["base_ability"])),
                tera_types=_shares(TYPE_NAMES[int(n)] for n in mons["tera_type"]),
                moves=_move_shares(mons["moves"]),
            )
        )
    unseen: Counter[str] = Counter()
    for world in side:
        for index in range(len(info.foe.mons), int(world["team_size"])):
            number = int(world["mons"][index]["base_species"])
            unseen[display("species", SPECIES_NAMES[number])] += 1
    shares = {name: count / len(worlds) for name, count in unseen.most_common(_MOST_NAMES)}
    return BelievedTeam(tuple(found), shares, len(worlds))


def _told(mon: MonView) -> tuple[str, ...]:
    told = [display("moves", move.id) for move in mon.moves]
    if mon.set_item is not None:
        told.append(_item(mon.set_item))
    if mon.base_ability:
        told.append(display("abilities", mon.base_ability))
    return tuple(told)


def _named(kind: str, names: Sequence[str], numbers: Iterable[Any]) -> Iterable[str]:
    return (display(kind, names[int(n)]) for n in numbers)


def _shares(names: Iterable[str]) -> Mapping[str, float]:
    counts = Counter(names)
    total = counts.total() or 1
    return {
        name: count / total
        for name, count in counts.most_common(_MOST_NAMES)
        if count / total >= _LEAST_SHARE
    }


def _move_shares(slots: NDArray[Any]) -> Mapping[str, float]:
    counts = Counter(display("moves", MOVE_NAMES[int(n)]) for row in slots for n in row if n)
    most = counts.most_common(2 * _MOST_NAMES)
    return {name: n / len(slots) for name, n in most if n / len(slots) >= _LEAST_SHARE}
