"""Translation of the orders of poke-env's own players to our actions, and counts of events."""

from __future__ import annotations

from poke_env.battle import Battle, Move, Pokemon
from poke_env.data import to_id_str
from poke_env.player import BattleOrder
from poke_env.player.battle_order import SingleBattleOrder

from plywise.games.gen9.infostate import FORCED, MOVE, PASS, TERA
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
