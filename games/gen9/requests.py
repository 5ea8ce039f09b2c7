"""The request that Showdown would send a player of a battle in this process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from plywise.datasets.battle_formats import names_asked
from plywise.datasets.showdown_data import to_id
from plywise.engine.battle import constants as c
from plywise.engine.battle.border import codec, teams
from plywise.engine.battle.log.labels import Labels
from plywise.engine.battle.names import (
    ABILITY_NAMES,
    ITEM_NAMES,
    MOVE_NAMES,
    SPECIES_NAMES,
    STATUS_NAMES,
    TYPE_NAMES,
)
from plywise.engine.battle.tables import MOVES
from plywise.games.gen9.infostate import FORCED, SWITCH, TERA
from plywise.games.gen9.tracking.information import COPIED_PP
from plywise.games.gen9.tracking.request import BattleRequest, OwnMon
from plywise.games.gen9.tracking.wire import UNSHOWN_FORMES

Plain = Any
"""A record of a battle (``engine.battle.border.plain.thaw``)."""


def request_of(b: Plain, player: int, legal: Sequence[int], labels: Labels) -> BattleRequest:
    """Return the request of ``player``, whose actions are ``legal`` ([]: no decision)."""
    side = b.sides[player]
    if b.request == c.REQUEST_PREVIEW:
        brought, size = int(side.pokemon_left), int(side.team_size)
        return BattleRequest(
            "preview",
            tuple(_own_mon(side, i, labels, player) for i in range(size)),
            pp={},
            named=tuple(int(i) for i in side.order[: side.active]),
            to_name=names_asked(size, brought),
        )
    choosing = b.request == c.REQUEST_MOVE and len(legal) > 0
    order = [int(i) for i in side.order[: side.team_size]]
    switches = tuple(k for k, i in enumerate(order) if SWITCH + i in legal)
    out = side.mons[order[0]]
    return BattleRequest(
        kind="move" if choosing else "switch" if legal else "wait",
        mons=tuple(_own_mon(side, i, labels, player) for i in order),
        pp=_pp(side, out) if choosing else {},
        bench=switches,
        slots=tuple(a for a in legal if a < TERA) if choosing else (),
        forced=FORCED in legal,
        tera=any(TERA <= action < SWITCH for action in legal),
        maybe_trapped=choosing
        and bool(side.flag_bits & c.SIDE_MAYBE_TRAPPED)
        and any(side.mons[i].hp > 0 for i in order[1:]),
        reviving=bool(legal) and not choosing and bool(side.flag_bits & c.SIDE_REVIVAL_BLESSING),
    )


def _pp(side: Plain, mon: Plain) -> dict[str, tuple[int, int]]:
    """Return the PP of each move of the active Pokémon, left and at most."""
    found, sketched = {}, codec.SKETCHED_SLOT.get(mon)
    mimicked = side.flag_bits & c.SIDE_MIMICKED
    for slot, (move, left) in enumerate(zip(mon.moves, mon.pp, strict=True)):
        most = teams.max_pp(move) if move else 0
        if mon.flag_bits & c.MON_TRANSFORMED:
            most = min(most, COPIED_PP)
        elif slot + 1 == sketched or (mimicked and side.base_moves[slot] != move):
            most = int(MOVES[move]["pp"])
        if move:
            found[MOVE_NAMES[move]] = (int(left), most)
    return found


def _own_mon(side: Plain, i: int, labels: Labels, player: int) -> OwnMon:
    mon = side.mons[i]
    stats = mon.stats
    if i == side.active:  # a request shows those of its own forme, unchanged by any move
        own = mon.base_species if mon.flag_bits & c.MON_TRANSFORMED else mon.species
        nature = teams.NATURE_NAMES[(mon.nature & 31) - 1]
        spread = [n & c.SPREAD for n in mon.spread]
        stats = teams.stats(own, spread, mon.level, nature)
    species = SPECIES_NAMES[mon.base_species]
    return OwnMon(
        name=labels.names[player][i],
        species=to_id(labels.cosmetic[player][i]) or UNSHOWN_FORMES.get(species, species),
        level=int(mon.level),
        gender={c.MON_MALE: "M", c.MON_FEMALE: "F"}.get(mon.flag_bits & c.MON_GENDER, "N"),
        hp=int(mon.hp),
        max_hp=int(mon.max_hp) if mon.hp > 0 else 0,
        status=STATUS_NAMES[mon.status],
        stats=tuple(int(n) for n in stats),
        moves=tuple(MOVE_NAMES[move] for move in mon.moves if move),
        ability=_name(ABILITY_NAMES, mon.ability),
        base_ability=_name(ABILITY_NAMES, mon.base_ability),
        item=_name(ITEM_NAMES, mon.held_item),
        tera_type=TYPE_NAMES[mon.tera_type],
        terastallized=bool(mon.flag_bits & c.MON_TERASTALLIZED),
    )


def _name(names: Sequence[str], number: int) -> str:
    return names[number] if number else ""
