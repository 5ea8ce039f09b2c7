"""What a guide may be told about a gen9 decision: the known state in words, and computed facts.

Small models know no type chart and cannot compare numbers that they were not given, so every
option carries what the engine computes for it (damage, knock-out chance, who moves first), averaged
over worlds of the belief.  Nothing here comes from text that the opponent can choose.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from plywise.datasets.showdown_data import load
from plywise.games.base import Briefing, Option
from plywise.games.gen9.belief import RandomBattleBelief
from plywise.games.gen9.facts import OptionFacts, foe_option_facts, own_option_facts
from plywise.games.gen9.infostate import InfoState, MonView, SideView, action_name

RULES = """\
Pokémon battle, generation 9, singles. Two sides, one Pokémon out on each. Each turn both sides \
choose at the same time: use a move of the Pokémon that is out, or switch to another. \
A Pokémon at 0 % HP is out of the battle; the side whose Pokémon are all out loses. \
"tera" means: Terastallize (once per battle), then use the move. \
Good play takes knock-outs when they are sure, does not stay in against a knock-out that comes \
first, and keeps the Pokémon that beat what the foe has left."""


def _mon_line(mon: MonView) -> str:
    parts = [f"{mon.species} {100 * mon.hp_fraction:.0f} %"]
    if mon.status:
        parts.append(mon.status)
    if mon.terastallized:
        parts.append(f"tera {mon.tera_type}")
    if mon.item:
        parts.append(mon.item)
    if mon.ability:
        parts.append(mon.ability)
    if mon.moves:
        parts.append("/".join(m.id for m in mon.moves))
    return ", ".join(parts)


def _side_lines(label: str, side: SideView) -> list[str]:
    lines = []
    active = side.active_mon
    if active is not None:
        types = side.types or tuple(load().species[load().species_id(active.species)]["types"])
        boosts = ", ".join(f"{k} {v:+d}" for k, v in side.boosts.items())
        lines.append(f"{label} out: {_mon_line(active)}; type {'/'.join(types)}")
        if boosts:
            lines.append(f"{label} boosts: {boosts}")
    bench = [m for i, m in enumerate(side.mons) if i != side.active]
    alive = [_mon_line(m) for m in bench if not m.fainted]
    if alive:
        lines.append(f"{label} bench: " + "; ".join(alive))
    unseen = side.size - len(side.mons)
    if unseen:
        lines.append(f"{label} unseen: {unseen}")
    if side.conditions:
        lines.append(f"{label} side: " + ", ".join(f"{k} {v}" for k, v in side.conditions.items()))
    return lines


def situation(info: InfoState) -> str:
    """Return what the player knows, in a few lines of plain text."""
    field = [f"turn {info.turn}"]
    if info.weather:
        field.append(info.weather)
    if info.terrain:
        field.append(info.terrain)
    field.extend(info.pseudo_weathers)
    lines = [", ".join(field), *_side_lines("own", info.own), *_side_lines("foe", info.foe)]
    if info.history:
        lines.append("lately: " + "; ".join(info.history[-6:]))
    return "\n".join(lines)


def _option(name: str, action: int, facts: OptionFacts) -> Option:
    return Option(action, name, facts.words())


def briefing(info: InfoState, worlds: np.ndarray[Any, Any], belief: RandomBattleBelief) -> Briefing:
    """Return the briefing of ``info`` with facts averaged over ``worlds``.

    Args:
        info: what the player knows.
        worlds: flat states drawn from the belief (``games.gen9.worlds.sample_worlds``).
        belief: draws the worlds after a switch.
    """
    own = own_option_facts(info, worlds, belief)
    foe = foe_option_facts(info, worlds)
    return Briefing(
        game="gen9randombattle",
        player=info.player,
        rules=RULES,
        situation=situation(info),
        own=tuple(_option(action_name(info, a), a, own[a]) for a in info.legal),
        opponent=tuple(_option(name, action, facts) for name, action, facts in foe),
    )
