"""A player's own side made whole: what a log does not tell of its sets is drawn from the prior.

The information state of a replay's row leaves the player's own sets open (``own_sets.py``), which a
search cannot.  Each seed draws one team that agrees with what the log tells; what was drawn is
named, so that nobody takes it for what the player had.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from random import Random

from plywise.datasets.pokemon_sets import PokemonSet
from plywise.datasets.spreads import stats_of
from plywise.games.gen9.belief import SetBelief
from plywise.games.gen9.infostate import FORCED, MOVE, SWITCH, TERA, InfoState, MonView, MoveView
from plywise.games.gen9.tracking.condition_tables import is_status
from plywise.games.gen9.tracking.information import usual_pp

_SLOTS = 4
_TEAM = 6
_HOLDING = ("encore", "mustrecharge", "twoturnmove", "lockedmove", "uproar", "rollout", "iceball")
"""Volatile conditions under which a move that the log does not show cannot be chosen."""


@dataclass(frozen=True)
class CompletedState:
    """An information state whose own side is whole.

    Attributes:
        info: the state, with one drawn team.
        drawn: legal actions that only the draw offers: its moves, its Pokémon.
    """

    info: InfoState
    drawn: frozenset[int]


def is_whole(info: InfoState) -> bool:
    """Return whether all of the player's own sets are known, stats included."""
    return len(info.own.mons) >= info.own.size and all(
        mon.stats is not None and mon.item is not None and mon.base_ability is not None
        for mon in info.own.mons
    )


def completed_state(info: InfoState, belief: SetBelief, seed: int) -> CompletedState:
    """Return a state with the player's own team drawn where it is not known.

    Args:
        info: of a replay, or any other; one that is whole comes back as it is.
        belief: of the battle's format.
        seed: of the draw; the same team for all worlds of one seed.
    """
    if is_whole(info):
        return CompletedState(info, frozenset())
    rng = Random(f"{seed} own team")
    team = belief.draw_team(info.own, rng, own=info.foe.mons)
    mons = [_whole(mon, chosen) for mon, chosen in zip(info.own.mons, team, strict=False)]
    seen = len(mons)
    if not info.previewing:
        mons += [_unseen(chosen) for chosen in team[seen : min(_TEAM, info.own.size)]]
    new = _drawn_actions(info, mons)
    legal = tuple(sorted({*info.legal, *new}))
    return CompletedState(
        replace(info, own=replace(info.own, mons=tuple(mons)), legal=legal), frozenset(new)
    )


def _whole(mon: MonView, chosen: PokemonSet) -> MonView:
    """Return a Pokémon with the drawn set where nothing is known."""
    told = tuple(move.id for move in mon.moves)
    more = [name for name in chosen.moves if name not in told][: max(0, _SLOTS - len(told))]
    ability = mon.base_ability or chosen.ability
    first = mon.first_item if mon.first_item is not None else chosen.item
    hp, *_ = stats_of(mon.base_species, mon.level, chosen.nature, chosen.evs, chosen.ivs)
    _, *stats = stats_of(mon.species, mon.level, chosen.nature, chosen.evs, chosen.ivs)
    percent = mon.max_hp == 100
    points = max(1, round(hp * mon.hp_fraction)) if mon.hp > 0 else 0
    return replace(
        mon,
        moves=(*mon.moves, *(MoveView(m, 0, usual_pp(m), usual_pp(m)) for m in more)),
        first_item=first,
        item=mon.item if mon.item is not None else first,
        base_ability=ability,
        ability=mon.ability or ability,
        tera_type=mon.tera_type or chosen.tera_type or None,
        stats=tuple(stats),
        hp=points if percent else mon.hp,
        max_hp=hp if percent else mon.max_hp,
    )


def _unseen(chosen: PokemonSet) -> MonView:
    """Return a drawn Pokémon that has not been out."""
    hp, *stats = stats_of(chosen.species, chosen.level, chosen.nature, chosen.evs, chosen.ivs)
    return MonView(
        species=chosen.species,
        base_species=chosen.species,
        level=chosen.level,
        gender=chosen.gender or "N",
        hp=hp,
        max_hp=hp,
        moves=tuple(MoveView(m, 0, usual_pp(m), usual_pp(m)) for m in chosen.moves),
        item=chosen.item,
        first_item=chosen.item,
        ability=chosen.ability,
        base_ability=chosen.ability,
        tera_type=chosen.tera_type or None,
        stats=tuple(stats),
        revealed=False,
    )


def _drawn_actions(info: InfoState, mons: list[MonView]) -> Collection[int]:
    """Return the actions that only a draw makes legal."""
    own, found = info.own, set[int]()
    if info.previewing or info.reviving or FORCED in info.legal:
        return found
    if not info.trapped:
        found |= {SWITCH + i for i in range(len(own.mons), len(mons))}
    active = own.active
    held = any(name in own.volatiles for name in _HOLDING)
    if info.request != "move" or active is None or own.copy is not None or held:
        return found
    before = len(own.mons[active].moves)
    known = {action % TERA for action in info.legal if action < SWITCH}
    if before > 1 and len(known) == 1:
        return found  # something holds it to that move, such as a choice item
    taunted = "taunt" in own.volatiles
    for slot in range(before, len(mons[active].moves)):
        if taunted and is_status(mons[active].moves[slot].id):
            continue
        found.add(MOVE + slot)
        if own.can_tera:
            found.add(TERA + slot)
    return found
