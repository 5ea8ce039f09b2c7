"""Sampled worlds: flat states that agree with one player's information state.

A world is written as a dump in the format of the recorded corpora and decoded by
``engine/battle/border/codec.py``, the only way into the engine.  Known facts are written exactly:
the player has the same legal actions in all worlds.  The opponent's sets are drawn from the belief,
hidden durations and counters (sleep, confusion, a screen's length) from those still possible.  In
as many worlds as it is likely the opponent's active Pokémon is an Illusion (``illusions.py``).
"""

from __future__ import annotations

import time
from dataclasses import replace
from random import Random
from typing import Any

import numpy as np

from plywise.datasets.pokemon_sets import PokemonSet
from plywise.datasets.showdown_data import load
from plywise.datasets.spreads import find_spread, stats_of
from plywise.engine.battle import rules
from plywise.engine.battle.border import codec, teams
from plywise.engine.battle.names import MOVE_ID
from plywise.engine.battle.rules import RULES
from plywise.engine.battle.state import BATTLE
from plywise.engine.kernels import NO_ACTION
from plywise.games.gen9.belief import SetBelief, known_set
from plywise.games.gen9.illusions import draw_illusion, imagined_illusions
from plywise.games.gen9.infostate import (
    FORCED,
    MOVE,
    SWITCH,
    TERA,
    Condition,
    InfoState,
    MonView,
    SideView,
)
from plywise.games.gen9.tracking import condition_tables as tables
from plywise.games.gen9.world_mons import (
    active_facts,
    change_stats,
    mon_dump,
    write_copy,
    write_used_moves,
)

_SLOTS = 4
_DISABLED = 1  # fourth entry of a move slot
_BINDING_TO_A_MOVE = ("mustrecharge", "twoturnmove", "lockedmove", "uproar")
_EXTENDED = 3  # turns

_Dump = dict[str, Any]


def sample_worlds(
    info: InfoState,
    count: int,
    seed: int,
    belief: SetBelief,
    deadline: float | None = None,
) -> np.ndarray[Any, Any]:
    """Return ``count`` states (a pool of ``engine.battle.state.BATTLE``) that agree with ``info``.

    The player keeps its side number; equal seeds give equal worlds.  Only the first is drawn after
    ``deadline`` (``time.perf_counter``).
    """
    own = tuple(_own_set(mon, belief) for mon in info.own.mons)
    if info.previewing:
        return _preview_worlds(info, own, count, seed, belief, deadline)
    worlds = np.zeros(count, BATTLE)
    decoded: codec.Sides = {}
    illusions = imagined_illusions(info, belief)
    for k in range(count):
        if k and deadline is not None and time.perf_counter() >= deadline:
            return worlds[:k]
        rng = Random(f"{seed} {k}")
        illusion = draw_illusion(illusions, rng) if illusions else None
        here = info if illusion is None else illusion.info
        drawn = (_with_gender(s, rng) for s in belief.draw_team(here.foe, rng, own=info.own.mons))
        known = (*here.foe.mons, *(None for _ in range(info.foe.size)))
        foe = tuple(_as_known(s, mon) for s, mon in zip(drawn, known, strict=False))
        both = (own, foe) if info.player == 0 else (foe, own)
        setup = codec.BattleSetup(both, info.format, keep_ties=False)
        dump = _dump(here, both, rng)
        if illusion is not None:
            _put_on(dump["S"][1 - info.player], f"@p{2 - info.player}:{illusion.shown}")
        worlds[k] = codec.decode(dump, setup, decoded=decoded)[0]
        if info.request == "move":
            rules.restrict(worlds, k, 1 - info.player)
        worlds[k]["rng"] = rng.getrandbits(63)
    return worlds


def _preview_worlds(
    info: InfoState,
    own: teams.Team,
    count: int,
    seed: int,
    belief: SetBelief,
    deadline: float | None,
) -> np.ndarray[Any, Any]:
    """Return worlds at Team Preview; whom the opponent has named meanwhile is drawn evenly."""
    worlds = np.zeros(count, BATTLE)
    for k in range(count):
        if k and deadline is not None and time.perf_counter() >= deadline:
            return worlds[:k]
        rng = Random(f"{seed} {k}")
        foe = tuple(
            _with_gender(s, rng) for s in belief.draw_team(info.foe, rng, own=info.own.mons)
        )
        both = (own, foe) if info.player == 0 else (foe, own)
        world = teams.unstarted(both, info.format, rng=rng)
        teams.begin_preview(world, info.format)
        world[0].rng = rng.getrandbits(63)
        for named in info.named:
            free = np.zeros(RULES.num_actions, np.int32)
            found = RULES.legal(world, 0, 1 - info.player, free)
            theirs = int(rng.choice(free[:found])) if found else NO_ACTION
            pair = (SWITCH + named, theirs) if info.player == 0 else (theirs, SWITCH + named)
            RULES.step(world, 0, *pair)
        worlds[k] = world[0]
    return worlds


def _own_set(mon: MonView, belief: SetBelief) -> PokemonSet:
    """Return the player's own set, its nature and spread by its stats.

    They are those of the likeliest set that has these stats; else the first that give them
    (``find_spread``), or where none do (a stat was changed for good) those of the likeliest set.
    """
    known, found = known_set(mon), belief.candidates(mon)
    order = sorted(range(len(found.sets)), key=lambda i: (found.weights[i], i), reverse=True)
    spreads = [(s.nature, s.evs, s.ivs) for s in (found.sets[i] for i in order)]
    if mon.stats is not None:
        stats = (mon.max_hp, *mon.stats)
        fitting = [spread for spread in spreads if _stats_in_battle(mon, *spread) == stats]
        solved = None if fitting else find_spread(mon.base_species, mon.species, mon.level, stats)
        spreads = fitting or ([solved] if solved else spreads)
    if not spreads:
        return known
    nature, evs, ivs = spreads[0]
    return replace(known, nature=nature, evs=evs, ivs=ivs)


def _stats_in_battle(
    mon: MonView, nature: str, evs: tuple[int, ...], ivs: tuple[int, ...]
) -> tuple[int, ...]:
    """Return hp, atk, def, spa, spd, spe: a forme change in a battle keeps the HP."""
    hp, *_ = stats_of(mon.base_species, mon.level, nature, evs, ivs)
    return (hp, *stats_of(mon.species, mon.level, nature, evs, ivs)[1:])


def _with_gender(chosen: PokemonSet, rng: Random) -> PokemonSet:
    if chosen.gender:
        return chosen
    fixed = load().species[load().species_id(chosen.species)].get("gender")
    return replace(chosen, gender=fixed or rng.choice("MF"))


def _as_known(chosen: PokemonSet, known: MonView | None) -> PokemonSet:
    """Return a drawn set with what is known of it, be it that no set of the belief has all of it.

    Revealed moves come into the first slots: their numbers are the same in all worlds.
    """
    if known is None:
        return chosen
    seen = tuple(m.id for m in known.moves if m.id in MOVE_ID)[:_SLOTS]
    others = tuple(m for m in chosen.moves if m not in seen)
    return replace(
        chosen,
        level=known.level,
        gender=known.gender,
        moves=(seen + others)[: max(len(seen), len(chosen.moves))],
        ability=chosen.ability,
        item=chosen.item if known.set_item is None else known.set_item,
        tera_type=known.tera_type or chosen.tera_type,
    )


def _dump(info: InfoState, sets: tuple[teams.Team, teams.Team], rng: Random) -> _Dump:
    views = (info.own, info.foe) if info.player == 0 else (info.foe, info.own)
    rooms = {
        name: {"duration": max(1, found.left or 1)}
        for name, found in info.field_conditions.items()
        if name in tables.ROOMS
    }
    echo = info.field_conditions.get("echoedvoice")
    if echo is not None:
        rooms["echoedvoice"] = {"duration": max(1, echo.left or 1), "multiplier": echo.count}

    def lasting(name: str) -> _Dump:
        found = info.field_conditions.get(name)
        if found is None or found.left is None:
            return {}
        maker = None
        if found.source is not None and found.source_side is not None:
            maker = sets[found.source_side][found.source]
        return {"duration": _left(name, found, maker)}

    dump: _Dump = {
        "turn": info.turn,
        "req": "move" if info.request == "move" else "switch",
        "w": info.weather,
        "ws": lasting(info.weather),
        "t": info.terrain,
        "ts": lasting(info.terrain),
        "pw": rooms,
        "lm": info.last_move,
        "lsm": info.last_move,
        "q": [],
        "S": [_side(views[s], views[1 - s], sets[s], s, rng) for s in range(2)],
    }
    natural = [[dict(mon) for mon in side["P"]] for side in dump["S"]]
    for s, view in enumerate(views):
        if view.stat_moves:
            change_stats(dump["S"][s]["P"][0], view, natural[1 - s])
        if "trapped" in view.volatiles:
            dump["S"][1 - s]["P"][0]["vo"]["trapper"] = {}
        if view.copy is not None:
            write_copy(dump["S"][s]["P"][0], view, dump["S"][1 - s]["P"], sets[1 - s])
        write_used_moves(dump["S"][s]["P"][0], view)
    own = dump["S"][info.player]["P"][0]
    if info.request == "move":
        _restrict_player(own, info)
    else:
        _request_switch(dump, info, rng)
    for s, view in enumerate(views):
        _slot_conditions(dump, view, s)
    return dump


def _put_on(side: _Dump, shown: str) -> None:
    """Make the active Pokémon of a side look like another, which then stands last in the team."""
    number = codec.mon_reference(shown)[1]
    side["P"].sort(key=lambda mon: mon["i"] == number)
    side["order"] = [mon["i"] for mon in side["P"]]
    side["P"][0]["ill"] = shown


def _left(name: str, found: Condition, maker: PokemonSet | None) -> int:
    """Return the turns left of a condition: longer if its maker's set has what extends it."""
    assert found.left is not None
    extender = tables.EXTENDER_OF.get(name)
    if extender and ((maker is not None and maker.item == extender) or found.left <= 0):
        return max(1, found.left + _EXTENDED)
    return max(1, found.left)


def _slot_conditions(dump: _Dump, view: SideView, s: int) -> None:
    """Add what waits in the slot of side ``s``: a Wish, a Future Sight that will hit it …"""
    done, slot = codec.residuals_done(dump), dump["S"][s]["sl"][0]
    for name, found in view.conditions.items():
        if name in ("healingwish", "lunardance"):
            slot[name] = {}
        elif name == "wish":
            maker = _maker(dump, s, found)
            slot[name] = {
                "startingTurn": done - found.passed,
                "hp": maker["mhp"] / 2,
                "src": f"@p{s + 1}:{maker['i']}",
            }
        elif name == "futuremove":
            maker = _maker(dump, 1 - s, found)
            slot[name] = {
                "endingTurn": done + max(1, found.left or 1) - 1,
                "move": found.move,
                "src": f"@p{2 - s}:{maker['i']}",
            }


def _maker(dump: _Dump, side: int, found: Condition) -> _Dump:
    """Return the dump of the Pokémon that made a condition; the active one if it is not known."""
    team: list[_Dump] = dump["S"][side]["P"]
    return next((mon for mon in team if mon["i"] == found.source), team[0])


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
    if len({action % TERA for action in info.legal if action < SWITCH}) > 1:
        if not any(TERA <= action < SWITCH for action in info.legal):
            own.pop("ct", None)  # it may not; one that is bound to a move may later
        # Last move and item suggested a lock, but several moves are legal.
        own["vo"] = {k: v for k, v in own["vo"].items() if k not in ("lockedmove", "choicelock")}
        own["as"].pop("choiceLock", None)
    if info.trapped:
        own["trp"] = True
    if info.maybe_trapped:
        own["mtrp"] = True


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
    if not info.mid_turn:
        # Fainted Pokémon are replaced after the end of the turn.
        if (active is None or active.fainted) and out["hp"] == 0 and foe["left"] > 0:
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
    hidden = range(len(team) - view.fainted_unseen, len(team))  # drawn for those not seen
    mons = []
    for i in order:
        known = view.mons[i] if i < len(view.mons) else None
        mon = mon_dump(i, known, team[i], s, can_tera=view.can_tera, rng=rng)
        if i == active:
            active_facts(mon, view, f"@p{2 - s}:{other.active or 0}", rng)
        if i in hidden and i >= len(view.mons):
            mon["hp"], mon["fnt"] = 0, 1
        mons.append(mon)
    conditions: _Dump = {}
    for name, found in view.conditions.items():
        if name in tables.HAZARDS:
            conditions[name] = {"layers": found.count}
        elif name in tables.GUARDS:
            conditions[name] = {}
        elif name in tables.SIDE_LENGTHS:
            maker = None if found.source is None else team[found.source]
            conditions[name] = {"duration": _left(name, found, maker)}
    fainted = {"ftt": view.fainted_now, "flt": view.fainted_before}
    return {
        **{key: f"@p{s + 1}:{i}" for key, i in fainted.items() if i is not None},
        "left": sum(m["hp"] > 0 for m in mons),
        "fnt": view.fallen,
        "order": order,
        "sc": conditions,
        "sl": [{}],
        "P": mons,
    }
