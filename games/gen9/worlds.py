"""Sampled worlds: flat states that agree with one player's information state.

A world is written as a dump in the format of the recorded corpora and decoded by
``engine/battle/border/codec.py``, the only way into the engine.  Known facts are written exactly:
the player has the same legal actions in all worlds.  The opponent's sets are drawn from the belief,
hidden durations and counters (sleep, confusion, a screen's length) from those still possible.  Not
modelled: Illusion, and the move of an Encore or Disable that was not the last.
"""

from __future__ import annotations

import time
from dataclasses import replace
from functools import cache, lru_cache
from random import Random
from typing import Any

import numpy as np

from plywise.datasets.pokemon_sets import PokemonSet
from plywise.datasets.showdown_data import load
from plywise.engine.battle.border import codec, teams
from plywise.engine.battle.names import MOVE_ID, STAT_NAMES, TYPE_ID
from plywise.engine.battle.state import BATTLE
from plywise.games.gen9.belief import RandomBattleBelief, known_set
from plywise.games.gen9.infostate import FORCED, MOVE, SWITCH, TERA, InfoState, MonView, SideView
from plywise.games.gen9.knowledge import COPIED_PP
from plywise.games.gen9.tracking import condition_tables as tables

_FORMAT = "gen9randombattle"
_BINDING = tables.BINDING | {"partiallytrapped"}
# Whole durations of volatile conditions; a dump counts the turns that are left.
_VOLATILE_TURNS = {
    "taunt": 3,
    "encore": 3,
    "disable": 5,
    "healblock": 5,
    "throatchop": 2,
    "yawn": 2,
    "magnetrise": 5,
    "syrupbomb": 4,
    "uproar": 3,
    "lockon": 2,
    "mustrecharge": 2,
    "twoturnmove": 2,
}
_BINDING_TO_A_MOVE = ("mustrecharge", "twoturnmove", "lockedmove", "uproar")
_HOLDS_LAST_MOVE = ("encore", "disable", "twoturnmove")
# Volatile conditions that prevent switching.
_HOLDING = frozenset(("partiallytrapped", "trapped", "ingrain", "noretreat"))
_DISABLED = 1  # fourth entry of a move slot
# Side conditions: whole duration, and the one that an item may give.
_SIDE_TURNS = {
    "reflect": (5, 8),
    "lightscreen": (5, 8),
    "auroraveil": (5, 8),
    "tailwind": (4, 4),
    "safeguard": (5, 5),
    "mist": (5, 5),
}

_Dump = dict[str, Any]


def sample_worlds(
    info: InfoState,
    count: int,
    seed: int,
    belief: RandomBattleBelief,
    deadline: float | None = None,
) -> np.ndarray[Any, Any]:
    """Return ``count`` states (a pool of ``engine.battle.state.BATTLE``) that agree with ``info``.

    The player keeps its side number; equal seeds give equal worlds.  Only the first is drawn after
    ``deadline`` (``time.perf_counter``).
    """
    own = tuple(_own_set(mon, belief) for mon in info.own.mons)
    worlds = np.zeros(count, BATTLE)
    decoded: codec.Sides = {}
    for k in range(count):
        if k and deadline is not None and time.perf_counter() >= deadline:
            return worlds[:k]
        rng = Random(f"{seed} {k}")
        drawn = (_with_gender(s, rng) for s in belief.draw_team(info.foe, rng))
        known = (*info.foe.mons, *(None for _ in range(info.foe.size)))
        foe = tuple(_revealed_moves_first(s, mon) for s, mon in zip(drawn, known, strict=False))
        both = (own, foe) if info.player == 0 else (foe, own)
        setup = codec.BattleSetup(both, _FORMAT, keep_ties=False)
        worlds[k] = codec.decode(_dump(info, both, rng), setup, decoded=decoded)[0]
        worlds[k]["rng"] = rng.getrandbits(63)
    return worlds


def _own_set(mon: MonView, belief: RandomBattleBelief) -> PokemonSet:
    """Return the player's own set; its EVs are those of the generator's matching set."""
    found = belief.candidates(mon)
    if not found.rows:
        return known_set(mon)
    _, row = max(zip(found.weights, found.rows, strict=True))
    likeliest = belief.sets.sets[row]
    return replace(known_set(mon), evs=likeliest.evs, ivs=likeliest.ivs)


def _with_gender(chosen: PokemonSet, rng: Random) -> PokemonSet:
    if chosen.gender:
        return chosen
    fixed = load().species[load().species_id(chosen.species)].get("gender")
    return replace(chosen, gender=fixed or rng.choice("MF"))


def _revealed_moves_first(chosen: PokemonSet, known: MonView | None) -> PokemonSet:
    """Put revealed moves into the first slots: their numbers are the same in all worlds."""
    if known is None:
        return chosen
    seen = [m.id for m in known.moves if m.id in chosen.moves]
    return replace(chosen, moves=(*seen, *(m for m in chosen.moves if m not in seen)))


def _turns_left(passed: int, usual: int, extended: int) -> int:
    """Return the remaining turns of a condition; the usual length is assumed while possible."""
    return usual - passed if passed < usual else max(1, extended - passed)


def _dump(info: InfoState, sets: tuple[teams.Team, teams.Team], rng: Random) -> _Dump:
    views = (info.own, info.foe) if info.player == 0 else (info.foe, info.own)
    weather = {}
    if info.weather and info.weather not in tables.ENDLESS_WEATHER:
        weather = {"duration": _turns_left(info.weather_turns, 5, 8)}
    dump: _Dump = {
        "turn": info.turn,
        "req": "move" if info.request == "move" else "switch",
        "w": info.weather,
        "ws": weather,
        "t": info.terrain,
        "ts": {"duration": _turns_left(info.terrain_turns, 5, 8)} if info.terrain else {},
        "pw": {
            name: {"duration": _turns_left(turns, 5, 5)}
            for name, turns in info.pseudo_weathers.items()
            if name in ("trickroom", "gravity", "magicroom", "wonderroom")
        },
        "lm": "",
        "lsm": "",
        "q": [],
        "S": [_side(views[s], views[1 - s], sets[s], s, rng) for s in range(2)],
    }
    own, foe = dump["S"][info.player]["P"][0], dump["S"][1 - info.player]["P"][0]
    for view, mon, other in ((info.own, own, foe), (info.foe, foe, own)):
        if view.transformed:
            _transform(mon, view, views, dump, other)
    if info.request == "move":
        _restrict_player(own, info)
        _restrict_opponent(foe, own)
    else:
        _request_switch(dump, info, rng)
    for s, view in enumerate(views):
        _slot_conditions(dump, view, s)
    return dump


def _slot_conditions(dump: _Dump, view: SideView, s: int) -> None:
    """Add a Wish, or a Future Sight that will hit side ``s``; its source has that move."""
    done = codec.residuals_done(dump)
    for name, passed in view.conditions.items():
        side = s if name == "wish" else 1 - s
        team = dump["S"][side]["P"]
        maker = next((m for m in team if name in {slot[0] for slot in m["mv"]}), team[0])
        if name == "wish":
            wish = {"startingTurn": done - passed, "hp": maker["mhp"] / 2}
            dump["S"][s]["sl"][0]["wish"] = wish
        elif name in tables.FUTURE_MOVES:
            source = f"@p{side + 1}:{maker['i']}"
            future = {"endingTurn": done + 2 - passed, "move": name, "src": source}
            dump["S"][s]["sl"][0]["futuremove"] = future


def _restrict_player(own: _Dump, info: InfoState) -> None:
    """Restrict the player to its legal actions, which the request states."""
    if any(action >= SWITCH and action < FORCED for action in info.legal):
        # A Pokémon that may switch is not bound to a move: a volatile known from a message may have
        # ended (Truant's loafing turn counts as the recharge).
        for name in _BINDING_TO_A_MOVE:
            own["vo"].pop(name, None)
    for slot, move in enumerate(own["mv"]):
        if MOVE + slot not in info.legal and move[1] > 0:
            move.append(_DISABLED)
    if not any(TERA <= action < SWITCH for action in info.legal):
        own.pop("ct", None)
    if len({action % TERA for action in info.legal if action < SWITCH}) > 1:
        # Last move and item suggested a lock, but several moves are legal.
        own["vo"] = {k: v for k, v in own["vo"].items() if k not in ("lockedmove", "choicelock")}
    if info.trapped:
        own["trp"] = True
    if info.maybe_trapped:
        own["mtrp"] = True


def _restrict_opponent(foe: _Dump, own: _Dump) -> None:
    """Disable the moves and switches that the opponent cannot choose in this world."""
    volatiles = foe["vo"]
    only = {volatiles[v]["move"] for v in ("choicelock", "encore") if v in volatiles}
    for slot in foe["mv"]:
        status = load().moves[slot[0]]["category"] == "Status"
        if (
            (only and slot[0] not in only)
            or (status and ("taunt" in volatiles or foe["it"] == "assaultvest"))
            or slot[0] == volatiles.get("disable", {}).get("move")
        ):
            slot.append(_DISABLED)
    types = foe["tera"] if "tera" in foe else foe["ty"]
    held = not _HOLDING.isdisjoint(volatiles)
    held |= own["ab"] == "shadowtag" and foe["ab"] != "shadowtag"
    held |= own["ab"] == "magnetpull" and "Steel" in types
    held |= own["ab"] == "arenatrap" and "Flying" not in types and foe["ab"] != "levitate"
    if held and "Ghost" not in types and foe["it"] != "shedshell":
        foe["trp"] = True


def _transform(
    mon: _Dump, view: SideView, views: tuple[SideView, SideView], dump: _Dump, other: _Dump
) -> None:
    """Make the active Pokémon a copy of an opponent of the species ``view.active_mon.species``."""
    known = view.active_mon
    assert known is not None  # a transformed Pokémon is active
    foe = views.index(view) ^ 1
    like = [m for m in dump["S"][foe]["P"] if m["sp"] == load().species_id(known.species)]
    model = like[0] if like else other
    mon["tr"] = 1
    if known.moves and known.moves[0].pp is not None:
        mon["bmv"] = [["transform", 16, 16]]
    else:
        mon["bmv"] = mon["mv"]
        mon["mv"] = [[m[0], min(m[2], COPIED_PP), COPIED_PP] for m in model["mv"]]
    for key in ("sp", "st", "ty"):
        mon[key] = model[key]


def _request_switch(dump: _Dump, info: InfoState, rng: Random) -> None:
    """Request the replacements that are due, within a turn or at its end."""
    own, foe = dump["S"][info.player], dump["S"][1 - info.player]
    out = foe["P"][0]
    active = info.own.active_mon
    if info.request != "switch":
        out["swf"] = True
        return
    own["P"][0]["swf"] = True
    if info.reviving:
        own["sl"][0]["revivalblessing"] = {}
    if active is None or active.fainted:
        # Fainted Pokémon are replaced after the end of the turn.
        if out["hp"] == 0 and foe["left"] > 0:
            out["swf"] = True
        return
    if info.foe_pending and out["hp"] > 0:
        # Its choice is made but unknown: every world draws a move.
        move = rng.choice(out["mv"])[0]
        dump["q"].append(["move", f"@p{2 - info.player}:{out['i']}", move])
    dump["q"].append(["residual", "", ""])


def _side(view: SideView, other: SideView, team: teams.Team, s: int, rng: Random) -> _Dump:
    active = view.active if view.active is not None else 0
    order = [active, *(i for i in range(len(team)) if i != active)]
    mons = []
    for i in order:
        known = view.mons[i] if i < len(view.mons) else None
        mon = _mon(i, known, team[i], view.can_tera, rng)
        if i == active:
            _active(mon, view, f"@p{2 - s}:{other.active or 0}", rng)
        mons.append(mon)
    fainted = sum(m["hp"] == 0 for m in mons)
    conditions: _Dump = {}
    for name, amount in view.conditions.items():
        if name in tables.HAZARDS:
            conditions[name] = {"layers": amount}
        elif name in _SIDE_TURNS:
            conditions[name] = {"duration": _turns_left(amount, *_SIDE_TURNS[name])}
    return {
        "left": len(team) - fainted,
        "fnt": fainted,
        "order": order,
        "sc": conditions,
        "sl": [{}],
        "P": mons,
    }


def _mon(i: int, known: MonView | None, s: PokemonSet, can_tera: bool, rng: Random) -> _Dump:
    """Return one Pokémon: its drawn set, overwritten by what is known."""
    data = load()
    species = data.species_id(known.species if known else s.species)
    max_hp, _ = _strength(s, s.species)
    _, stats = _strength(s, species)
    mon: _Dump = {
        "i": i,
        "sp": species,
        "bsp": data.species_id(known.base_species if known else s.species),
        "L": s.level,
        "g": s.gender,
        "hp": max_hp,
        "mhp": max_hp,
        "ab": s.ability,
        "bab": s.ability,
        "it": s.item,
        "ty": list(data.species[species]["types"]),
        "tt": s.tera_type,
        "mv": _moves(known, s),
        "st": list(stats),
    }
    if can_tera:
        mon["ct"] = 1
    if known is not None:
        _write_known(mon, known, rng)
    return mon


@lru_cache(20_000)
def _strength(s: PokemonSet, species: str) -> tuple[int, tuple[int, ...]]:
    """Return maximal HP and stats of a set in one of its formes."""
    number, spread = teams.species_number(species), teams.spread(s)
    stats = teams.stats(number, spread, s.level, s.nature)
    return teams.max_hp(number, spread[0], s.level), tuple(stats)


@cache
def _full_pp(move: str) -> int:
    return teams.max_pp(teams.number(MOVE_ID, move, "move"))


def _moves(known: MonView | None, s: PokemonSet) -> list[list[Any]]:
    seen = {m.id: m for m in known.moves} if known else {}
    out = []
    for name in s.moves:
        most = _full_pp(name)
        view = seen.get(name)
        left = most if view is None else view.pp if view.pp is not None else most - view.used
        out.append([name, max(0, left), most])
    return out


def _write_known(mon: _Dump, known: MonView, rng: Random) -> None:
    if known.stats is not None:
        mon["st"], mon["mhp"], mon["hp"] = list(known.stats), known.max_hp, known.hp
    else:
        mon["hp"] = _hp(known, mon["mhp"], rng)
    if known.fainted:
        mon["hp"], mon["fnt"] = 0, 1
    if known.terastallized and known.tera_type:
        mon["tera"] = mon["tt"] = known.tera_type
    if known.item is not None:
        mon["it"] = known.item
    if known.lost_item:
        mon["li"] = known.lost_item
    if known.ability:
        mon["ab"] = known.ability
    if known.status:
        mon["s"] = known.status
    if known.status == "slp":
        # Showdown draws a count of 2 to 4, which is 1 to 3 turns asleep.
        drawn = rng.choice([t for t in (2, 3, 4) if t > known.status_turns] or [4])
        mon["ss"] = {"time": max(1, drawn - known.status_turns)}
    elif known.status == "tox":
        mon["ss"] = {"stage": min(15, known.status_turns)}


def _hp(known: MonView, most: int, rng: Random) -> int:
    """Draw HP out of ``most`` that Showdown displays as in ``known``: percent, rounded up."""
    if known.hp >= known.max_hp:
        return most
    high = most - 1 if known.hp == known.max_hp - 1 else most * known.hp // known.max_hp
    low = most * (known.hp - 1) // known.max_hp + 1
    return max(1, rng.randint(min(low, high), high))


def _active(mon: _Dump, view: SideView, foe: str, rng: Random) -> None:
    """Add the state of the active Pokémon; ``foe`` refers to the opponent's."""
    turns = min(255, view.turns_out)
    types = [t for t in view.types if t in TYPE_ID][:2]
    mon |= {"act": 1, "spd": mon["st"][4], "at_": turns, "ama": turns}
    mon["bo"] = dict(view.boosts)
    if types:
        mon["ty"] = types
    if view.last_move:
        mon["lm"] = mon["lmu"] = view.last_move
    volatiles: _Dump = {}
    for name, turns in view.volatiles.items():
        _volatile(volatiles, mon, name, turns, view.last_move, foe, rng)
    in_slots = view.last_move in {slot[0] for slot in mon["mv"]}
    if in_slots and mon["it"] in ("choiceband", "choicescarf", "choicespecs"):
        volatiles["choicelock"] = {"move": view.last_move}
    if in_slots and mon["ab"] == "gorillatactics":
        mon["as"] = {"choiceLock": view.last_move}
    if view.last_move in tables.LOCKING and in_slots and "confusion" not in volatiles:
        # It lasts two or three turns; after the last one the user would be confused.
        volatiles["lockedmove"] = {
            "duration": 2,
            "trueDuration": rng.choice((1, 2)),
            "move": view.last_move,
        }
    mon["vo"] = volatiles


def _volatile(
    out: _Dump, mon: _Dump, name: str, turns: int, last_move: str, foe: str, rng: Random
) -> None:
    """Add the volatile condition that the protocol calls ``name``, if there is one."""
    for kind in ("protosynthesis", "quarkdrive"):
        stat = name.removeprefix(kind)
        if stat != name and stat in STAT_NAMES:
            out[kind] = {"bestStat": stat}
    for kind in ("perish", "stockpile", "fallen"):
        count = name.removeprefix(kind)
        if count == name or not count.isdigit():
            continue
        if kind == "perish":
            out["perishsong"] = {"duration": int(count)}
        elif kind == "stockpile":
            out["stockpile"] = {"layers": int(count), "def": int(count), "spd": int(count)}
        else:
            mon["as"] = {"fallen": int(count)}
    if name in _BINDING:
        left = max(1, rng.choice((5, 6)) - turns)
        out["partiallytrapped"] = {"duration": left, "boundDivisor": 8, "src": foe}
    elif name == "substitute":
        out[name] = {"hp": max(1, mon["mhp"] // 4)}
    elif name == "confusion":
        out[name] = {
            "time": rng.choice([t for t in (2, 3, 4, 5) if t > turns] or [5 + turns]) - turns
        }
    elif name == "stall":
        out[name] = {"counter": 3 ** min(6, max(1, turns)), "duration": 1}
    elif name == "slowstart":
        mon["as"] = {"counter": max(1, 5 - turns)}
    elif name in _HOLDS_LAST_MOVE:
        if last_move:  # else its move is unknown
            left = max(1, _VOLATILE_TURNS[name] - turns)
            out[name] = {"duration": left, "move": last_move}
    elif name in codec.VOLATILE_BIT and name not in ("protosynthesis", "quarkdrive"):
        out[name] = {}
        if name in _VOLATILE_TURNS:
            out[name] = {"duration": max(1, _VOLATILE_TURNS[name] - turns)}
