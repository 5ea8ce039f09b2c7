"""Translation of poke-env's ``Battle`` to an information state, and of our actions to choices.

The player's side comes from the request, which is exact; the opponent's from poke-env's tracking.
Sides, slots and Pokémon are numbered as in ``engine/battle``: a team index is the position in the
battle's first request and never changes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from poke_env.battle import Battle, Move, Pokemon
from poke_env.battle.side_condition import STACKABLE_CONDITIONS
from poke_env.data import to_id_str
from poke_env.player import BattleOrder
from poke_env.player.battle_order import SingleBattleOrder

from plywise.engine.battle.names import STAT_NAMES
from plywise.games.gen9.infostate import (
    FORCED,
    MOVE,
    PASS,
    SWITCH,
    TERA,
    InfoState,
    MonView,
    MoveView,
    SideView,
)
from plywise.games.gen9.tracking.condition_tables import TERRAINS
from plywise.games.showdown.notes import BattleNotes

_HAZARDS = {c.name for c in STACKABLE_CONDITIONS} | {"STEALTH_ROCK", "STICKY_WEB"}
_EVENTS = {"turn", "move", "switch", "drag", "replace", "cant", "faint", "upkeep"}


def _type_name(name: str) -> str:
    return "???" if name == "THREE_QUESTION_MARKS" else name.capitalize()


def _conditions(conditions: dict[Any, int], turn: int) -> dict[str, int]:
    return {
        to_id_str(c.name): value
        if c in STACKABLE_CONDITIONS
        else 1
        if c.name in _HAZARDS
        else turn - value
        for c, value in conditions.items()
    }


def _status(mon: Pokemon) -> str:
    status = mon.status
    return "" if status is None or status.name == "FNT" else status.name.lower()


def _gender(details: str) -> str:
    parts = details.split(", ")
    return "M" if "M" in parts else "F" if "F" in parts else "N"


def _hp(condition: str) -> tuple[int, int | None]:
    points = condition.split(" ")[0]
    if "/" not in points:
        return 0, None
    now, most = points.split("/")
    return int(now), int(most)


def _team_order(battle: Battle, request: dict[str, Any]) -> list[int]:
    """Return, for each position of the request's side, the team index of the Pokémon there."""
    index = {ident: i for i, ident in enumerate(battle.team)}
    return [index[entry["ident"]] for entry in request["side"]["pokemon"]]


def _own_mon(entry: dict[str, Any], mon: Pokemon, notes: BattleNotes) -> MonView:
    hp, max_hp = _hp(entry["condition"])
    species = to_id_str(entry["details"].split(",")[0])
    key = entry["ident"]
    moves = []
    for move_id in entry["moves"]:
        known = mon.moves.get(to_id_str(move_id))
        pp = None if known is None else known.current_pp
        max_pp = None if known is None else known.max_pp
        moves.append(MoveView(to_id_str(move_id), pp=pp, max_pp=max_pp))
    stats = entry["stats"]
    return MonView(
        species=notes.forme.get(key, species),
        base_species=species,
        level=mon.level,
        gender=_gender(entry["details"]),
        hp=hp,
        max_hp=max_hp or mon.max_hp or 1,
        status=_status(mon),
        status_turns=mon.status_counter,
        moves=tuple(moves),
        item=to_id_str(entry["item"]),
        lost_item=notes.lost_item.get(key, ""),
        ability=to_id_str(entry.get("ability") or entry["baseAbility"]),
        base_ability=to_id_str(entry["baseAbility"]),
        tera_type=entry.get("teraType"),
        terastallized=bool(entry.get("terastallized")),
        stats=tuple(stats[k] for k in STAT_NAMES),
        revealed=mon.revealed,
    )


def _foe_mon(ident: str, mon: Pokemon, notes: BattleNotes) -> MonView:
    species = notes.species.get(ident, mon.species)
    used = notes.used.get(ident, {})
    # A transformed Pokémon's moves are copies; the moves of its set are its base moves.
    moves = tuple(MoveView(m, used=used.get(m, 0)) for m in mon.base_moves)
    fainted = mon.fainted
    tera = mon.tera_type if mon.is_terastallized else None
    return MonView(
        species=notes.forme.get(ident, species),
        base_species=species,
        level=mon.level,
        gender={"MALE": "M", "FEMALE": "F"}.get(mon.gender.name, "N") if mon.gender else "N",
        hp=0 if fainted else mon.current_hp,
        max_hp=mon.max_hp or 100,
        status=_status(mon),
        status_turns=mon.status_counter,
        moves=moves,
        item=None if mon.item == "unknown_item" else (mon.item or ""),
        lost_item=notes.lost_item.get(ident, ""),
        ability=mon.ability,
        base_ability=mon.base_ability,
        tera_type=None if tera is None else _type_name(tera.name),
        terastallized=mon.is_terastallized,
        revealed=True,
    )


def _active_facts(mon: Pokemon | None) -> dict[str, Any]:
    if mon is None:
        return {}
    changed = [t for t in mon._temporary_types if t is not None]
    return {
        "boosts": {k: v for k, v in mon.boosts.items() if v},
        "volatiles": _volatiles(mon),
        "types": tuple(_type_name(t.name) for t in changed),
        "transformed": mon.transformed,
        "turns_out": mon._active_turns,
    }


def _volatiles(mon: Pokemon) -> dict[str, int]:
    found = {to_id_str(effect.name): turns for effect, turns in mon.effects.items()}
    if mon.preparing:
        found["twoturnmove"] = 0
    if mon.must_recharge:
        found["mustrecharge"] = 0
    if mon.protect_counter:
        found["stall"] = mon.protect_counter
    return found


def offered_actions(battle: Battle) -> tuple[int, ...]:
    """Return the legal actions that the battle's last request offers, ascending."""
    request = battle.last_request
    order = _team_order(battle, request)
    entries = request["side"]["pokemon"]
    reviving = any(e.get("reviving") for e in entries)
    bench = [
        SWITCH + order[k]
        for k, e in enumerate(entries)
        if k > 0 and e["condition"].endswith(" fnt") == reviving
    ]
    if request.get("forceSwitch"):
        return tuple(sorted(bench)) or (PASS,)
    active = request["active"][0]
    moves, own = active["moves"], [to_id_str(m) for m in entries[0]["moves"]]
    legal: list[int] = []
    if len(moves) == 1 and len(own) > 1:  # locked in, recharging or struggling
        only = to_id_str(moves[0]["id"])
        legal.append(MOVE + own.index(only) if only in own else FORCED)
        if active.get("canTerastallize") and only in own:
            legal.append(TERA + own.index(only))
    else:
        for slot, move in enumerate(moves[:4]):
            if not move.get("disabled"):
                legal.append(MOVE + slot)
                if active.get("canTerastallize"):
                    legal.append(TERA + slot)
    if not active.get("trapped"):
        legal.extend(bench)
    return tuple(sorted(legal))


def information_state_from_poke_env(battle: Battle, notes: BattleNotes) -> InfoState:
    """Return our player's information state at the current request; updates ``notes``."""
    notes.update(battle._replay_data)
    request = battle.last_request
    role = battle.player_role or "p1"
    other = "p2" if role == "p1" else "p1"
    entries = {e["ident"]: e for e in request["side"]["pokemon"]}
    own_mons = [_own_mon(entries[ident], mon, notes) for ident, mon in battle.team.items()]
    idents = list(battle.team)
    active_ident = request["side"]["pokemon"][0]["ident"]
    active = idents.index(active_ident)
    if "active" in request:
        offered = {to_id_str(m["id"]): m for m in request["active"][0]["moves"]}
        own_mons[active] = _with_request_moves(own_mons[active], offered)
    foe_team = battle.opponent_team
    foe_active = battle.opponent_active_pokemon
    foe_index = next((i for i, m in enumerate(foe_team.values()) if m is foe_active), None)
    fields = {to_id_str(f.name): battle.turn - start for f, start in battle.fields.items()}
    terrain = next((f for f in fields if f in TERRAINS), "")
    weather = next((to_id_str(w.name) for w in battle.weather), "")
    can_tera = not battle._used_tera and not any(m.terastallized for m in own_mons)
    return InfoState(
        player=0,
        turn=battle.turn,
        own=SideView(
            mons=tuple(own_mons),
            active=active,
            conditions=_conditions(battle.side_conditions, battle.turn),
            size=len(own_mons),
            last_move=notes.last_move.get(role, ""),
            can_tera=can_tera,
            **_active_facts(battle.team[active_ident]),
        ),
        foe=SideView(
            mons=tuple(_foe_mon(ident, mon, notes) for ident, mon in foe_team.items()),
            active=foe_index,
            conditions=_conditions(battle.opponent_side_conditions, battle.turn),
            size=battle._team_size.get(other, 6),
            last_move=notes.last_move.get(other, ""),
            can_tera=not battle._opponent_used_tera,
            **_active_facts(foe_active),
        ),
        request="switch" if request.get("forceSwitch") else "move",
        legal=offered_actions(battle),
        weather=weather,
        weather_turns=notes.weather_turns,
        terrain=terrain,
        terrain_turns=fields.get(terrain, 0),
        pseudo_weathers={f: t for f, t in fields.items() if f not in TERRAINS},
        trapped=bool(request.get("active") and request["active"][0].get("trapped")),
        maybe_trapped=bool(request.get("active") and request["active"][0].get("maybeTrapped")),
        reviving=any(e.get("reviving") for e in request["side"]["pokemon"]),
        foe_pending=bool(request.get("forceSwitch"))
        and not own_mons[active].fainted
        and other not in notes.acted,
        history=tuple(
            f"{'own' if who == role else 'foe'}, {words}" for who, words in notes.history
        ),
    )


def _with_request_moves(mon: MonView, offered: dict[str, dict[str, Any]]) -> MonView:
    """Return ``mon`` with the request's PP and disabled moves."""
    moves = []
    for move in mon.moves:
        now = offered.get(move.id)
        if now is not None:
            move = replace(
                move,
                pp=now.get("pp", move.pp),
                max_pp=now.get("maxpp", move.max_pp),
                disabled=bool(now.get("disabled")),
            )
        elif len(offered) == 1:
            move = replace(move, disabled=True)
        moves.append(move)
    return replace(mon, moves=tuple(moves))


def choice_for(battle: Battle, action: int) -> str:
    """Return Showdown's ``/choose`` message for an action of ``offered_actions(battle)``."""
    request = battle.last_request
    if action == PASS:
        return "/choose default"
    if action >= SWITCH and action != FORCED:
        position = _team_order(battle, request).index(action - SWITCH)
        return f"/choose switch {position + 1}"
    suffix = " terastallize" if TERA <= action < SWITCH else ""
    slot = 0 if action == FORCED or len(request["active"][0]["moves"]) == 1 else action % 4
    return f"/choose move {slot + 1}{suffix}"


def action_of_order(battle: Battle, order: BattleOrder) -> int | None:
    """Return the legal action of an order of a poke-env player; None: there is none.

    ``/choose default`` is the server's default: the first move, else the first on the bench.
    """
    legal, request = offered_actions(battle), battle.last_request
    meant, tera = None, False
    if isinstance(order, SingleBattleOrder):
        meant, tera = order.order, order.terastallize
    action: int | None = None
    if isinstance(meant, Pokemon):
        places = [i for i, mon in enumerate(battle.team.values()) if mon is meant]
        action = SWITCH + places[0] if places else None
    elif isinstance(meant, Move) and "active" in request:
        offered = [to_id_str(m["id"]) for m in request["active"][0]["moves"]]
        own = [to_id_str(m) for m in request["side"]["pokemon"][0]["moves"]]
        slots = own if len(offered) == 1 and len(own) > 1 else offered
        if meant.id in slots:
            action = (TERA if tera else MOVE) + slots.index(meant.id)
        else:
            action = FORCED
    elif order.message == "/choose default":
        moves = [a for a in legal if a < TERA or a in (FORCED, PASS)]
        bench = [SWITCH + place for place in _team_order(battle, request)]
        action = next((a for a in [*moves, *bench] if a in legal), None)
    return action if action in legal else None


def events_seen(battle: Battle) -> int:
    """Return the number of the battle's events that both players have seen so far.

    It is equal for both players at simultaneous decisions and grows with each decision; lines about
    users, whose order is arbitrary, do not count.
    """
    return sum(len(line) > 1 and line[1] in _EVENTS for line in battle._replay_data)
