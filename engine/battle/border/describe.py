"""Descriptions of flat states and actions, for people."""

from types import SimpleNamespace
from typing import Any

import numpy as np

from plywise.datasets.showdown_data import load
from plywise.engine.battle import constants as c
from plywise.engine.battle.border import codec, plain
from plywise.engine.battle.names import (
    ABILITY_NAMES,
    ITEM_NAMES,
    MOVE_NAMES,
    SPECIES_NAMES,
    STATUS_NAMES,
    TYPE_NAMES,
)
from plywise.engine.battle.oracle.state_facts import state_facts


def action_label(action: int) -> str:
    """Return an action number in words, without looking at a state."""
    if action < 0:
        return "nothing"
    if action < c.ACTION_TERA:
        return f"move {action + 1}"
    if action < c.ACTION_SWITCH:
        return f"move {action - c.ACTION_TERA + 1} terastallized"
    if action < c.ACTION_FORCED:
        return f"switch to team member {action - c.ACTION_SWITCH + 1}"
    return "the only move there is" if action == c.ACTION_FORCED else "pass"


def _display(kind: str, name: str) -> str:
    table: Any = getattr(load(), kind)
    return str(table[name]["name"]) if name in table else name or "none"


def species_name(number: int) -> str:
    """Return the display name of a species number."""
    return _display("species", SPECIES_NAMES[number])


def move_name(number: int) -> str:
    """Return the display name of a move number."""
    return _display("moves", MOVE_NAMES[number])


def describe_state(pool: np.ndarray[Any, Any], i: int) -> str:
    """Return state ``i`` of ``pool`` as a few lines of text."""
    b = plain.thaw(pool, i)
    facts = state_facts(pool, i)
    lines = [_field(b)]
    for s, side in enumerate(b.sides):
        lines.append(f"side {s + 1}" + _side(facts, s))
        preview = b.request == c.REQUEST_PREVIEW  # nobody is in, ``active`` counts those named
        chosen = side.order[: side.active] if preview else [side.active]
        for k in side.order[: side.team_size]:
            mark = "*" if k in chosen else " "
            lines.append(f"{mark} " + _member(side, k, facts, f"p{s + 1}:{k}", active=not preview))
    return "\n".join(lines)


def _field(b: SimpleNamespace) -> str:
    over = b.winner != c.WINNER_NONE
    asked = {
        c.REQUEST_MOVE: "choose",
        c.REQUEST_SWITCH: "a switch is asked for",
        c.REQUEST_PREVIEW: "Team Preview",
    }
    parts = [f"turn {b.turn}", "over" if over else asked.get(b.request, "not started")]
    if over:
        parts.append("a tie" if b.winner == c.WINNER_TIE else f"side {b.winner + 1} has won")
    if b.weather:
        parts.append(f"{c.WEATHER_NAMES[b.weather]} ({b.weather_duration & 15} turns)")
    if b.terrain:
        parts.append(f"{c.TERRAIN_NAMES[b.terrain]} ({b.terrain_duration} turns)")
    for name, left in zip(c.PSEUDO_WEATHER_NAMES, b.pseudo_weather, strict=True):
        if left:
            parts.append(f"{name} ({left & 15} turns)")
    return ", ".join(parts)


def _side(facts: dict[tuple[str, str], Any], s: int) -> str:
    shown = [
        f"{what.split(' ', 2)[2]} {value}"
        for (where, what), value in facts.items()
        if where == f"p{s + 1}" and what.startswith(("side condition", "slot condition"))
    ]
    return ": " + ", ".join(shown) if shown else ""


def _member(
    side: SimpleNamespace, k: int, facts: dict[tuple[str, str], Any], where: str, *, active: bool
) -> str:
    mon = side.mons[k]
    active = active and k == side.active
    parts = [
        f"{k}: {species_name(mon.species)} L{mon.level}",
        f"{mon.hp}/{mon.max_hp}" + (f" {STATUS_NAMES[mon.status]}" if mon.status else ""),
        _display("abilities", ABILITY_NAMES[mon.ability]),
        _display("items", ITEM_NAMES[mon.held_item]) if mon.held_item else "no item",
        f"Tera {TYPE_NAMES[mon.tera_type]}"
        + (" (on)" if mon.flag_bits & c.MON_TERASTALLIZED else ""),
        ", ".join(f"{move_name(m)} {pp}" for m, pp in zip(mon.moves, mon.pp, strict=True) if m),
    ]
    if active and not mon.flag_bits & c.MON_FAINTED:
        boosts = facts[where, "boosts"]
        if boosts:
            parts.append(" ".join(f"{name}{n:+d}" for name, n in boosts.items()))
        for name in codec.VOLATILE_BIT:
            value = facts.get((where, f"volatile {name}"))
            if value is not None:
                parts.append(name + (f" {value}" if value else ""))
    return "; ".join(parts)
