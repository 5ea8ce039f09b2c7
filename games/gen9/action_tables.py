"""Tables of a battle's legal actions for people: moves with their facts, and switches."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from plywise.datasets.showdown_data import load
from plywise.engine.battle.names import MOVE_ID
from plywise.games.base import ActionTable
from plywise.games.gen9.belief import SetBelief
from plywise.games.gen9.infostate import SWITCH, TERA, InfoState, MonView, MoveView, action_name
from plywise.games.gen9.option_facts import hits_on_target, terastallized
from plywise.games.gen9.preview_facts import preview_option_facts

_MOVE_TITLES = ("#", "move", "type", "cat.", "power", "acc.", "PP", "damage", "KO")
_SWITCH_TITLES = ("#", "switch", "types", "HP", "status", "tera")


def preview_table(info: InfoState, belief: SetBelief) -> ActionTable:
    """Return a table of those that may be named at Team Preview, with their matchups."""
    facts, _ = preview_option_facts(info, belief)
    rows: list[tuple[str | int, ...]] = []
    for action in info.legal:
        mon, found = info.own.mons[action - SWITCH], facts[action]
        types, _, _, tera = _condition(mon)
        faster = "" if found.outspeeds is None else f"{found.outspeeds[0]} of {found.outspeeds[1]}"
        shares = (f"{share or 0.0:.0%}" for share in (found.dealt, found.taken))
        rows.append((action, action_name(info, action), types, tera, *shares, faster))
    titles = ("#", info.naming, "types", "tera", "deals", "takes", "faster than")
    note = "deals, takes: % of HP by the strongest move, on average over the other team"
    return ActionTable(titles, tuple(rows), frozenset((0, 4, 5, 6)), note)


def action_tables(info: InfoState, worlds: NDArray[Any]) -> tuple[ActionTable, ...]:
    """Return a table of moves and one of switches; each only if there are such actions.

    Damage is computed over ``worlds``, flat states sampled from ``info``.
    """
    moves = [a for a in info.legal if a < SWITCH]
    others = [a for a in info.legal if a >= SWITCH]
    tables = [_moves(info, worlds, moves)] if moves else []
    return (*tables, _switches(info, others)) if others else tuple(tables)


def _moves(info: InfoState, worlds: NDArray[Any], legal: list[int]) -> ActionTable:
    mon = info.own.active_mon
    assert mon is not None  # a Pokémon that can move is active
    with_tera = any(a >= TERA for a in legal)
    tera_worlds = terastallized(worlds, info.player) if with_tera else worlds
    rows = []
    for slot in sorted({a % TERA for a in legal}):
        move = mon.usable[slot]
        cells: list[str | int] = ["", *_facts(mon, move), "", ""]
        if slot in legal:
            cells = [slot, *_facts(mon, move), *_damage(worlds, info.player, move)]
        if with_tera:
            tera = slot + TERA
            damage = _damage(tera_worlds, info.player, move)
            cells += [tera, *damage] if tera in legal else ["", "", ""]
        rows.append(tuple(cells))
    titles = (*_MOVE_TITLES, "#", f"tera {mon.tera_type}", "KO") if with_tera else _MOVE_TITLES
    note = f"damage: % of the foe's HP now, in {len(worlds)} sampled worlds; KO: chance if it hits"
    return ActionTable(titles, tuple(rows), frozenset((0, 4, 5, 6, 7, 8, 9, 10, 11)), note)


def _facts(mon: MonView, move: MoveView) -> tuple[str, ...]:
    known = load().moves[move.id]
    accuracy, kind = known["accuracy"], known["type"]
    if move.id == "terablast" and mon.terastallized and mon.tera_type:
        kind = mon.tera_type
    return (
        move.id,
        str(kind).lower(),
        str(known["category"]).lower()[:4],
        str(known["basePower"] or "–"),
        "–" if accuracy is True else str(accuracy),
        "" if move.pp is None else str(move.pp),
    )


def _damage(worlds: NDArray[Any], side: int, move: MoveView) -> tuple[str, str]:
    """Return the range of damage in % of the target's current HP, and the knock-out probability."""
    if load().moves[move.id]["category"] == "Status":
        return "–", "–"
    shares = np.array(
        [
            rolls / max(1, int(target["hp"]))
            for rolls, target in hits_on_target(worlds, side, MOVE_ID[move.id])
        ]
    )
    low, high, knock_out = shares.min(), shares.max(), np.mean(shares >= 1.0)
    if high == 0:
        return "none", "–"
    return f"{100 * low:.0f}–{100 * high:.0f}", f"{knock_out:.0%}" if knock_out else "–"


def _switches(info: InfoState, legal: list[int]) -> ActionTable:
    rows: list[tuple[str | int, ...]] = []
    for action in legal:
        index = action - SWITCH
        if index < len(info.own.mons):
            rows.append((action, action_name(info, action), *_condition(info.own.mons[index])))
        else:  # a forced move, or no Pokémon to send out
            rows.append((action, action_name(info, action), "", "", "", ""))
    return ActionTable(_SWITCH_TITLES, tuple(rows), frozenset((0, 3)))


def _condition(mon: MonView) -> tuple[str, str, str, str]:
    types = load().species[load().species_id(mon.species)]["types"]
    tera = f"{'is ' if mon.terastallized else ''}{mon.tera_type or ''}"
    return "/".join(types).lower(), f"{100 * mon.hp_fraction:.0f}%", mon.status, tera.lower()
