"""The briefing of a gen9 decision: the information state in words, and computed facts.

Small models know no type chart and cannot compare numbers that they were not given, so every
option has facts computed by the engine (damage, knock-out chance, order of moves), averaged over
worlds of the belief.  No text that the opponent can choose enters.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from plywise.datasets.showdown_data import load
from plywise.games.base import Briefing, Option
from plywise.games.gen9.belief import SetBelief, unrevealed
from plywise.games.gen9.infostate import InfoState, MonView, SideView, action_name
from plywise.games.gen9.lookahead import outlooks, verdicts
from plywise.games.gen9.option_facts import foe_option_facts, own_option_facts
from plywise.games.gen9.preview_facts import preview_option_facts

RULES_TEXT = """\
Pokémon battle, generation 9, singles. Two sides, one Pokémon out on each. Each turn both sides \
choose at the same time: use a move of the Pokémon that is out, or switch to another. The side \
whose Pokémon are all out of HP loses. "tera" means: Terastallize (once per battle), then use the \
move. Beside each option stands in brackets what was computed: for a move the damage in % of the \
foe's HP and whether it is faster or slower than the foe's moves, for a switch the HP of who comes \
in and what the foe's best hit takes from it. After that stands how good the position looks some \
turns later: best, good, weak or bad. Choose the option that is marked best."""

PREVIEW_RULES = """\
Pokémon battle, generation 9, singles. Team Preview, before turn 1: both sides see which Pokémon \
the other has, but not their moves and items. At the same time both name the Pokémon that begins: \
"lead".{more} Afterwards both sides choose a move or a switch each turn; the side whose Pokémon \
are all out of HP loses. Beside each option stands in brackets what was computed against the other \
team, on average: the damage of its strongest move and that of the foe's, in % of HP, and how many \
of them it is faster than. After that stands how good the position looks some turns later: best, \
good, weak or bad. Choose the option that is marked best."""

_BROUGHT = ' Then each names the others that it brings, {count} in all: "bring"; the rest stay out.'

_WORTH = 6
"""Number of the player's options, those with the best outlooks, about which a model is asked: small
models answer badly about thirteen, and in 97 % of 120 decisions with a clear best action it was
among the first three."""


def own_team(info: InfoState) -> str:
    """Return the player's team at the start of the battle: the text is constant in a battle."""
    lines = []
    for mon in info.own.mons:
        types = _types(mon.base_species)
        item = mon.first_item or "no item"
        moves = "/".join(m.id for m in mon.moves)
        lines.append(f"{mon.base_species} ({types}), {item}, {mon.base_ability}, {moves}")
    return "Your team: " + "; ".join(lines) + "."


def _state(mon: MonView) -> str:
    parts = [f"{mon.species} {100 * mon.hp_fraction:.0f}%"]
    if mon.status:
        parts.append(mon.status)
    if mon.terastallized:
        parts.append(f"tera {mon.tera_type}")
    return " ".join(parts)


def _known(mon: MonView) -> str:
    """Return what has been revealed of an opponent's Pokémon."""
    shown = [x for x in (mon.item, mon.ability) if x]
    if mon.moves:
        shown.append("/".join(m.id for m in mon.moves))
    return f"{_state(mon)} ({', '.join(shown)})" if shown else _state(mon)


def _side_line(label: str, side: SideView, describe: Callable[[MonView], str]) -> str:
    parts = []
    active = side.active_mon
    if active is not None:
        types = "/".join(side.types) or _types(active.species)
        boosts = "".join(f" {k} {v:+d}" for k, v in side.boosts.items() if v)
        parts.append(f"out {describe(active)} {types}{boosts}")
    bench = [m for i, m in enumerate(side.mons) if i != side.active]
    parts.extend(describe(m) for m in bench if not m.fainted)
    unseen = side.size - len(side.mons) - side.fainted_unseen
    if unseen:
        shown = ", ".join(one.species for one in unrevealed(side))
        parts.append(f"{unseen} unseen{' of ' if shown else ''}{shown}")
    parts.extend(f"{k} {v.count or v.passed}" for k, v in side.conditions.items())
    return f"{label}: " + "; ".join(parts)


def situation(info: InfoState) -> str:
    """Return the information state without the player's team, in a few short lines.

    Short, since a small model reads about a hundred words a second on two cores.
    """
    if info.previewing:
        return _preview_situation(info)
    field = [f"turn {info.turn}", *info.field_conditions]
    lines = [
        ", ".join(part for part in field if part),
        _side_line("own", info.own, _state),
        _side_line("foe", info.foe, _known),
    ]
    if info.history:
        lines.append("lately: " + "; ".join(info.history[-3:]))
    return "\n".join(lines)


def _preview_situation(info: InfoState) -> str:
    foe = ", ".join(f"{one.species} ({_types(one.species)})" for one in info.foe.previewed)
    task = "name who leads"
    if info.to_name > 1:
        task = f"bring {info.to_name}: name who leads, then the others in the team's order"
    lines = [f"Team Preview, {task}", f"foe: {foe}"]
    if info.named:
        names = [info.own.mons[i].species for i in info.named]
        brought = f", bring {', '.join(names[1:])}" if names[1:] else ""
        lines.append(f"named so far: lead {names[0]}{brought}")
    return "\n".join(lines)


def _types(species: str) -> str:
    return "/".join(load().species[load().species_id(species)]["types"])


def _rules(info: InfoState) -> str:
    if not info.previewing:
        return RULES_TEXT
    more = _BROUGHT.format(count=info.to_name) if info.to_name > 1 else ""
    return PREVIEW_RULES.format(more=more)


def observation(info: InfoState) -> str:
    """Return the information state as text for people."""
    return f"{situation(info)}\n{own_team(info)}"


def briefing(info: InfoState, worlds: np.ndarray[Any, Any], belief: SetBelief) -> Briefing:
    """Return the briefing of ``info`` with facts averaged over sampled ``worlds``.

    The worlds after a switch are drawn from ``belief``.
    """
    if info.previewing:
        own, foe = preview_option_facts(info, belief)
    else:
        own, foe = own_option_facts(info, worlds, belief), foe_option_facts(info, worlds)
    ahead = outlooks(worlds, info.player, info.legal, seed=info.turn)
    words = verdicts(ahead)
    own = {action: replace(facts, outlook=words[action]) for action, facts in own.items()}
    return Briefing(
        game=info.format,
        player=info.player,
        rules=_rules(info),
        setup=own_team(info),
        situation=situation(info),
        own=tuple(Option(a, action_name(info, a), own[a].words(), ahead[a]) for a in info.legal),
        opponent=tuple(Option(action, name, facts.words()) for name, action, facts in foe),
        worth=_WORTH,
    )
