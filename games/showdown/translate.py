"""Translation of orders of poke-env's players, and of what was played, to our actions; counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from poke_env.battle import Battle, Move, Pokemon
from poke_env.data import to_id_str
from poke_env.player import BattleOrder
from poke_env.player.battle_order import SingleBattleOrder

from plywise.games.gen9.infostate import FORCED, MOVE, PASS, SWITCH, TERA, InfoState
from plywise.games.gen9.tracking.wire import details_of, parse_line, place_of
from plywise.games.showdown.channel import BattleChannel

_EVENTS = {"turn", "move", "switch", "drag", "replace", "cant", "faint", "upkeep"}


def action_of_order(battle: Battle, channel: BattleChannel, order: BattleOrder) -> int | None:
    """Return the legal action of an order of a poke-env player; None: there is none.

    ``/choose default`` is the server's default: the first move, else the first on the bench.
    """
    legal, request = channel.legal(), battle.last_request
    entries = request["side"]["pokemon"]
    meant, tera = None, False
    if isinstance(order, SingleBattleOrder):
        meant, tera = order.order, order.terastallize
    action: int | None = None
    if isinstance(meant, Pokemon):
        places = [k for k, e in enumerate(entries) if battle.team.get(e["ident"]) is meant]
        action = channel.action_of_switch(places[0]) if places else None
    elif isinstance(meant, Move) and "active" in request:
        offered = [to_id_str(m["id"]) for m in request["active"][0]["moves"]]
        own = [to_id_str(m) for m in entries[0]["moves"]]
        slots = own if len(offered) == 1 and len(own) > 1 else offered
        if meant.id in slots:
            action = (TERA if tera else MOVE) + slots.index(meant.id)
        else:
            action = FORCED
    elif order.message == "/choose default":
        moves = [a for a in legal if a < TERA or a in (FORCED, PASS)]
        bench = [channel.action_of_switch(k) for k in range(len(entries))]
        action = next((a for a in [*moves, *bench] if a in legal), None)
    return action if action in legal else None


def events_seen(battle: Battle) -> int:
    """Return the number of the battle's events that both players have seen so far.

    It is equal for both players at simultaneous decisions and grows with each decision; lines about
    users, whose order is arbitrary, do not count.
    """
    return sum(len(line) > 1 and line[1] in _EVENTS for line in battle._replay_data)


def action_of_lines(info: InfoState, lines: Iterable[Sequence[str]]) -> int | None:
    """Return the action that a player took, by what was seen of it; None: it is not known.

    Not everything is seen: who sleeps, flinches, faints, is dragged out or given an Encore before
    its move has shown no choice, and a Pokémon with Illusion hides who came in.

    Args:
        info: the player's information state at the request.
        lines: the battle's lines up to its next request, split at their bars.
    """
    if len(info.legal) == 1:
        return info.legal[0]
    tera = False
    for line in map(parse_line, map("|".join, lines)):
        if place_of(line.arg(0))[0] != info.player:
            continue
        if line.kind == "-terastallize":
            tera = True
        elif line.kind == "move" and line.origin[1] in ("", "lockedmove"):
            return _legal_move(info, line.arg(1), tera=tera)
        elif line.kind == "switch":
            return _legal_switch(info, line.arg(1))
        elif line.kind == "cant":
            return _legal_move(info, line.arg(2), tera=tera)
        elif line.kind in ("drag", "faint") or (line.kind, line.arg(1)) == ("-start", "Encore"):
            return None
    return None


def named_by_request(info: InfoState, after: InfoState) -> int | None:
    """Return whom a player named at one decision of Team Preview, by the next request.

    That lists the Pokémon that it brought, with the lead on the field; the others count as named by
    ascending index, as our decisions name them.  None: they are not the same Pokémon.

    Args:
        info: the player's information state at Team Preview.
        after: that at the next request, on turn 1.
    """
    left = list(enumerate(info.own.mons))
    brought: list[int] = []  # team index at Team Preview, by place in the battle
    for mon in after.own.mons:
        wanted = (mon.species, mon.level)
        alike = [(i, one) for i, one in left if (one.species, one.level) == wanted]
        if not alike:
            return None
        left.remove(alike[0])
        brought.append(alike[0][0])
    if after.own.active is None:
        return None
    lead = brought.pop(after.own.active)
    chosen = [lead, *sorted(brought)]
    place = len(info.named)
    return SWITCH + chosen[place] if place < len(chosen) else None


def _legal_move(info: InfoState, name: str, *, tera: bool) -> int | None:
    mon, base = info.own.active_mon, TERA if tera else MOVE
    moves = () if mon is None else mon.usable
    slots = [slot for slot, move in enumerate(moves) if move.id == to_id_str(name)]
    return next((base + slot for slot in slots if base + slot in info.legal), None)


def _legal_switch(info: InfoState, details: str) -> int | None:
    if any(mon.base_ability == "illusion" for mon in info.own.mons):
        return None
    species, level, _, _ = details_of(details)
    found = [
        SWITCH + index
        for index, mon in enumerate(info.own.mons)
        if species in (mon.species, mon.base_species) and mon.level == level
    ]
    return found[0] if len(found) == 1 and found[0] in info.legal else None
