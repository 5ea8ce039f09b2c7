"""One player's information state, from a battle's state and what was revealed.

The player's Pokémon are read from the state; all else comes from :mod:`seen`, which holds only what
was revealed.  What is hidden from both players (how long a Pokémon will sleep or be confused) is
left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from plywise.engine.battle import constants as c
from plywise.engine.battle.border import teams
from plywise.engine.battle.names import (
    ABILITY_NAMES,
    ITEM_NAMES,
    MOVE_NAMES,
    SPECIES_NAMES,
    STATUS_NAMES,
    TYPE_NAMES,
)
from plywise.games.gen9.infostate import MOVE, SWITCH, TERA, InfoState, MonView, MoveView, SideView
from plywise.games.gen9.reveals import Plain, name_of
from plywise.games.gen9.seen import Seen, SideSeen, ends_of_turn, gender_of

COPIED_PP = 5
"""PP of a move that a transformed Pokémon has copied."""


def information_state_from_battle(
    b: Plain, seen: Seen, player: int, legal: Sequence[int]
) -> InfoState:
    """Return the information state of ``player``, whose actions are ``legal`` ([]: no decision)."""
    side = b.sides[player]
    choosing = b.request == c.REQUEST_MOVE and len(legal) > 0
    now = ends_of_turn(b)
    weather, terrain = c.WEATHER_NAMES[b.weather], c.TERRAIN_NAMES[b.terrain]
    turns = {name: now - since for name, since in seen.began.items()}
    bench = (i for i in range(side.team_size) if i != side.active)
    return InfoState(
        player=player,
        turn=int(b.turn),
        own=_own_side(side, seen.sides[player], legal if choosing else None),
        foe=seen.sides[1 - player].view,
        request="move" if choosing else "switch" if legal else "wait",
        legal=tuple(legal),
        weather=weather,
        weather_turns=turns.get(weather, 0),
        terrain=terrain,
        terrain_turns=turns.get(terrain, 0),
        pseudo_weathers={n: t for n, t in turns.items() if n in c.PSEUDO_WEATHER_NAMES},
        trapped=choosing
        and not any(SWITCH <= a < SWITCH + 6 for a in legal)
        and any(side.mons[i].hp > 0 for i in bench),
        maybe_trapped=choosing and bool(side.flag_bits & c.SIDE_MAYBE_TRAPPED),
        reviving=bool(legal) and not choosing and bool(side.flag_bits & c.SIDE_REVIVAL_BLESSING),
        foe_pending=any(
            q.kind == c.QUEUE_MOVE and q.side == 1 - player for q in b.queue[: b.queue_length]
        ),
        history=tuple(
            f"{'own' if who == player else 'foe'}, {words}" for who, words in seen.history
        ),
    )


def _own_side(side: Plain, seen: SideSeen, legal: Sequence[int] | None) -> SideView:
    mons = tuple(
        _own_mon(side, i, seen.of(i), legal if i == side.active else None)
        for i in range(side.team_size)
    )
    return replace(seen.view, mons=mons, active=int(side.active))


def _own_mon(side: Plain, i: int, shown: MonView | None, legal: Sequence[int] | None) -> MonView:
    mon = side.mons[i]
    transformed = bool(mon.flag_bits & c.MON_TRANSFORMED)
    species = mon.base_species if transformed else mon.species
    stats = mon.stats
    if transformed:  # a request shows the stats of its own forme
        nature = teams.NATURE_NAMES[(mon.nature & 31) - 1]
        stats = teams.stats(species, mon.spread, mon.level, nature)
    return MonView(
        species=SPECIES_NAMES[mon.species],
        base_species=SPECIES_NAMES[mon.base_species],
        level=int(mon.level),
        gender=gender_of(mon),
        hp=int(mon.hp),
        max_hp=int(mon.max_hp),
        status=STATUS_NAMES[mon.status],
        status_turns=0 if shown is None else shown.status_turns,
        moves=_own_moves(mon, shown, transformed, legal),
        item=name_of(ITEM_NAMES, mon.held_item),
        lost_item="" if shown is None else shown.lost_item,
        ability=name_of(ABILITY_NAMES, mon.ability),
        base_ability=name_of(ABILITY_NAMES, mon.base_ability),
        tera_type=name_of(TYPE_NAMES, mon.tera_type),
        terastallized=bool(mon.flag_bits & c.MON_TERASTALLIZED),
        stats=tuple(int(n) for n in stats),
        revealed=shown is not None,
    )


def _own_moves(
    mon: Plain, shown: MonView | None, transformed: bool, legal: Sequence[int] | None
) -> tuple[MoveView, ...]:
    used = {} if shown is None else {m.id: m.used for m in shown.moves}
    views = []
    for slot, (move, pp) in enumerate(zip(mon.moves, mon.pp, strict=True)):
        if not move:
            continue
        barred = legal is not None and MOVE + slot not in legal and TERA + slot not in legal
        most = teams.max_pp(move)
        views.append(
            MoveView(
                id=MOVE_NAMES[move],
                used=used.get(MOVE_NAMES[move], 0),
                pp=int(pp),
                max_pp=min(most, COPIED_PP) if transformed else most,
                disabled=barred and pp > 0,
            )
        )
    return tuple(views)
