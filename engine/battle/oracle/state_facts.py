"""Flat states and the real simulator's dumps as the same flat list of facts, to compare them.

A fact is ``(where, what) -> value``; ``where`` is ``"battle"``, ``"p1"`` or ``"p1:3"`` (a side's
Pokémon by team index).  :func:`state_facts` reads a state, :func:`dump_facts` a dump, and whatever
a dump holds that is not listed here becomes a fact too, so that it cannot be missed in silence.

Not compared, because it decides nothing in a Gen 9 singles battle:

* ``ld`` (lastDamage) and ``mtt`` (moveThisTurn): nothing in Gen 9 reads them;
* ``wt`` (weight): follows from species and volatiles;
* ``name`` of an effect, ``startTime`` of sleep, ``targetLoc``, links of ``trapped``/``trapper``,
  ``typeWas`` of Roost (only older generations read it), ``slot`` of Counter (a foe);
* who set up an effect (``src``), but for Attract, partial trapping, Syrup Bomb, future moves and
  the side that sleep came from;
* the duration of one-turn conditions (always 1) and the mark that a charging move puts on its user
  besides ``twoturnmove``;
* entries of ``aby`` (attackedBy) of earlier turns, and of this turn those without damage, all but
  the last one's damage and who did any;
* state of abilities and items on the bench: it is made anew when its owner comes in;
* an ability's flags that are false or absent (the same for Showdown);
* disabled moves and ``trp`` unless both sides choose a move: they are set anew before;
* ``mtrp`` (maybeTrapped): it only says what a player may suspect;
* after the end of a battle: the queue, which request there would be, and how long a wish or a
  future move would still take.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from plywise.datasets.battle_corpus import Dump
from plywise.datasets.showdown_data import load
from plywise.engine.battle import constants as c
from plywise.engine.battle.border import codec, plain
from plywise.engine.battle.border import teams as team_building
from plywise.engine.battle.border.bits import Bits
from plywise.engine.battle.names import (
    ABILITY_NAMES,
    BOOST_NAMES,
    ITEM_NAMES,
    MOVE_ID,
    MOVE_NAMES,
    SPECIES_NAMES,
    STAT_NAMES,
    STATUS_NAMES,
    TYPE_NAMES,
)
from plywise.engine.battle.stats import MOST_ATTACKS
from plywise.engine.battle.tables import MOVES
from plywise.engine.battle.volatile_order import packed_order, unpacked_order

Facts = dict[tuple[str, str], Any]

_UNSAID_OF_EFFECTS = {
    "name",
    "targetLoc",
    "linkedPokemon",
    "linkedStatus",
    "src",
    "typeWas",
    "slot",
}
_READ_OF_VOLATILES = {
    "protosynthesis": {"fromBooster"},
    "quarkdrive": {"fromBooster"},
    "focuspunch": {"lostFocus"},
    "stall": {"counter"},
    "allyswitch": {"counter"},
}
_READ_OF_MON = frozenset(
    (
        "i sp bsp L g hp mhp ab bab it ty at tt tera ct mv bmv tr st bo s ss vo as is li ate uit "
        "ta sbt stl pst vst lmt sb shb syr hero bond fnt ill act spd at_ ama lm lmu mlr mtr mtt "
        "htt ld trp mtrp swf srt slt nsw aby us wt"
    ).split()
)
_RESULT_NAMES = {
    c.RESULT_UNDEFINED: "undefined",
    c.RESULT_NULL: "null",
    c.RESULT_FALSE: "false",
    c.RESULT_TRUE: "true",
}
_GENDER_NAMES = {bits: name for name, bits in team_building.GENDERS.items()}
_REQUEST_NAMES = {number: name for name, number in codec.REQUESTS.items()}
_TRAPPED_NAMES = {c.NOT_TRAPPED: "", c.TRAPPED: "trapped", c.TRAPPED_HIDDEN: "hidden"}
_QUEUE_NAMES = {kind: name for name, kind in codec.QUEUE_KINDS.items()}
_QUEUE_NAMES[c.QUEUE_PRIORITIZED_MOVE] = "move"


def fact_differences(expected: Facts, got: Facts) -> list[tuple[str, str, Any, Any]]:
    """Return (where, what, expected, got) of every fact that differs, in the order of the facts.

    A fact that only one of them holds counts as None in the other.
    """
    keys = [*expected, *(k for k in got if k not in expected)]
    return [
        (where, what, expected.get((where, what)), got.get((where, what)))
        for where, what in keys
        if expected.get((where, what)) != got.get((where, what))
    ]


# --------------------------------------------------------------------------------------- dumps


def dump_facts(dump: Dump) -> Facts:
    """Return the facts of a dump of the real simulator."""
    facts: Facts = {}
    over = "win" in dump
    battle: dict[str, Any] = {
        "turn": dump["turn"],
        "winner": dump.get("win") if over else None,
        "weather": [dump["w"], dump["ws"].get("duration", 0), dump["ws"].get("src")],
        "terrain": [dump["t"], dump["ts"].get("duration", 0)],
        "last move": _known_move(dump["lm"]),
        "last successful move": _known_move(dump["lsm"]),
    }
    for name, state in dump["pw"].items():
        battle[f"pseudo weather {name}"] = state.get("duration", 0)
        if name == "echoedvoice":
            battle["echoed voice"] = state["multiplier"]
    if not over:
        battle["request"] = dump["req"]
        battle["queue"] = [list(entry[:3]) for entry in dump["q"]]
    facts.update({("battle", what): value for what, value in battle.items()})
    for s, side in enumerate(dump["S"]):
        _dump_side(facts, f"p{s + 1}", side, dump)
    return facts


def _known_move(name: str) -> str:
    return name if name in MOVE_ID else ""


def _dump_side(facts: Facts, where: str, side: Dump, dump: Dump) -> None:
    now, over = codec.residuals_done(dump), "win" in dump
    out: dict[str, Any] = {
        "pokemon left": side["left"],
        "total fainted": side["fnt"],
        "order": list(side["order"]),
        "fainted this turn": codec.mon_reference(side["ftt"])[1] if "ftt" in side else None,
        "fainted last turn": codec.mon_reference(side["flt"])[1] if "flt" in side else None,
        "hazards by age": [name for name in side["sc"] if name in codec.HAZARDS],
    }
    for name, state in side["sc"].items():
        one_turn = name in codec.SIDE_GUARDS
        value = 1 if one_turn else state.get("layers", state.get("duration", 1))
        out[f"side condition {name}"] = value
    for name, state in side["sl"][0].items():
        if name == "wish":
            value = [state["hp"], None if over else codec.wish_duration(state, now)]
        elif name == "futuremove":
            source = codec.mon_reference(state["src"])[1]
            left = None if over else codec.future_duration(state, now)
            value = [state["move"], left, source]
        else:
            value = True
        out[f"slot condition {name}"] = value
    facts.update({(where, what): value for what, value in out.items()})
    for mon in side["P"]:
        found = _dump_mon(mon, int(where[1]) - 1, dump["req"] == "move")
        facts.update({(f"{where}:{mon['i']}", what): value for what, value in found.items()})


def _dump_mon(mon: Dump, side: int, choosing: bool) -> dict[str, Any]:
    species = load().species_id(mon["sp"])
    status = mon.get("s", "")
    out: dict[str, Any] = {
        "species": species,
        "base species": load().species_id(mon.get("bsp", mon["sp"])),
        "level": mon["L"],
        "gender": mon["g"],
        "hp": mon["hp"],
        "max hp": mon["mhp"],
        "ability": mon["ab"],
        "base ability": mon.get("bab", mon["ab"]),
        "item": mon["it"],
        "last item": mon.get("li", ""),
        "tera type": mon["tt"],
        "terastallized": bool(mon.get("tera")),
        "may terastallize": bool(mon.get("ct")),
        "moves": [slot[0] for slot in mon["mv"]],
        "pp": [slot[1] for slot in mon["mv"]],
        "max pp": [slot[2] for slot in mon["mv"]],
        "stats": list(mon["st"]),
        "types": list(mon["ty"]),
        "fainted": bool(mon.get("fnt")),
        "status": "" if status == "fnt" else status,
        "times attacked": min(mon.get("ta", 0), MOST_ATTACKS),
        "boosted by stellar": sorted(set(mon.get("sbt", ()))) if mon.get("tera") else [],
    }
    for key, what in _FLAG_FACTS.items():
        out[what] = bool(mon.get(key))
    if status == "slp":
        out["sleep turns"] = mon["ss"]["time"]
        out["sleeps by own side"] = codec.by_own_side(mon["ss"], side)
    if status == "tox":
        out["toxic stage"] = mon["ss"]["stage"]
    for key in mon.keys() - _READ_OF_MON:
        out[f"unknown key {key}"] = mon[key]
    if mon.get("act"):
        out.update(_dump_active(mon, side, choosing))
    else:
        out.update({f"{key} on the bench": mon[key] for key in ("bo", "vo", "at") if key in mon})
        if "ill" in mon:
            out["illusion kept"] = codec.mon_reference(mon["ill"])[1]
    return out


_FLAG_FACTS = {
    "ate": "ate a berry",
    "tr": "transformed",
    "sb": "sword boost",
    "shb": "shield boost",
    "syr": "syrup triggered",
    "hero": "hero message",
    "uit": "used item this turn",
}


def _dump_active(mon: Dump, side: int, choosing: bool) -> dict[str, Any]:
    # One that came in since the turn began cannot act in it, and only a move reads its attackers:
    # a revived Pokémon still has those that made it faint, until the next turn begins.
    attacks = [
        (source, damage)
        for source, _, damage, now in mon.get("aby", ())
        if now and damage and mon["at_"]
    ]
    out: dict[str, Any] = {
        "speed": mon["spd"],
        "active turns": min(mon["at_"], 255),
        "move actions": min(mon["ama"], 255),
        "boosts": {name: n for name, n in mon.get("bo", {}).items() if n},
        "added type": mon.get("at", ""),
        "illusion": codec.mon_reference(mon["ill"])[1] if "ill" in mon else None,
        "last move": _known_move(mon.get("lm", "")),
        "last move used": _known_move(mon.get("lmu", "")),
        "last turn's result": _dump_result(mon, "mlr"),
        "this turn's result": _dump_result(mon, "mtr"),
        "hurt this turn": mon.get("htt"),
        "switch flag": mon.get("swf", ""),
        "stats raised": bool(mon.get("srt")),
        "stats lowered": bool(mon.get("slt")),
        "newly switched": bool(mon.get("nsw")),
        "used moves": list(mon.get("us", ())),
        "attackers": sorted({codec.mon_reference(source)[1] for source, _ in attacks}),
        "attack damage": attacks[-1][1] if attacks else 0,
    }
    if choosing:
        trapped = mon.get("trp")
        out["trapped"] = "trapped" if trapped is True else trapped or ""
        out["disabled"] = [slot[3] if len(slot) > 3 else 0 for slot in mon["mv"]]
    for key, value in mon.get("as", {}).items():
        _dump_effect_state(out, "ability state", key, value)
    for key, value in mon.get("is", {}).items():
        if mon["it"] or key != "inactive":  # what an Umbrella leaves behind is never read
            _dump_effect_state(out, "item state", key, value)
    charging = mon.get("vo", {}).get("twoturnmove", {}).get("move")
    for name, state in mon.get("vo", {}).items():
        if name == charging:  # its duration is that of twoturnmove
            state = {key: value for key, value in state.items() if key != "duration"}
        if name != charging or name in codec.VOLATILE_BIT:
            out[f"volatile {name}"] = _dump_volatile(name, state)
    out["volatiles by age"] = _by_age(packed_order(codec.ordered_volatiles(mon)))
    return out


def _by_age(order: int) -> list[str]:
    return [c.VOLATILE_NAMES[v] for v in unpacked_order(order)]


def _dump_result(mon: Dump, key: str) -> str:
    return "undefined" if key not in mon else {None: "null"}.get(mon[key], str(mon[key]).lower())


def _dump_effect_state(out: dict[str, Any], what: str, key: str, value: Any) -> None:
    if key in ("checkedBerserk", "checkedAngerShell"):
        key = "checked"
    elif key in ("libero", "protean"):
        key = "type changed"
    if value:
        out[f"{what} {key}"] = value.lstrip("#") if isinstance(value, str) else value


def _dump_volatile(name: str, state: Mapping[str, Any]) -> dict[str, Any]:
    fields = codec.VOLATILE_FIELDS.get(name, {})
    out: dict[str, Any] = {}
    for key in fields:
        value = state.get(key, 0)
        if key == "src":
            value = codec.mon_reference(value)[1] if value else None
        out[key] = value
    for key in _READ_OF_VOLATILES.get(name, ()):
        out[key] = state.get(key, False)
    unread = state.keys() - out.keys() - _UNSAID_OF_EFFECTS
    for key in unread:
        if key != "duration" or state[key] != 1:  # one-turn conditions are always at 1
            out[key] = state[key]
    return out


# -------------------------------------------------------------------------------------- states


def state_facts(pool: np.ndarray[Any, Any], i: int) -> Facts:
    """Return the facts of state ``i`` of ``pool``."""
    b = plain.thaw(pool, i)
    facts: Facts = {}
    winner = b.winner
    over = winner != c.WINNER_NONE
    battle: dict[str, Any] = {
        "turn": b.turn,
        "winner": {0: "P1", 1: "P2", c.WINNER_TIE: ""}[winner] if over else None,
        "weather": [c.WEATHER_NAMES[b.weather], b.weather_duration & 15, _weather_maker(b)],
        "terrain": [c.TERRAIN_NAMES[b.terrain], b.terrain_duration],
        "last move": _name(MOVE_NAMES, b.last_move),
        "last successful move": _name(MOVE_NAMES, b.last_successful_move),
    }
    for name, left in zip(c.PSEUDO_WEATHER_NAMES, b.pseudo_weather, strict=True):
        if left:
            battle[f"pseudo weather {name}"] = int(left) & 15
            if name == "echoedvoice":
                battle["echoed voice"] = b.echoed_voice
    if not over:
        battle["request"] = _REQUEST_NAMES[b.request]
        battle["queue"] = _queue(b)
    facts.update({("battle", what): value for what, value in battle.items()})
    for s in range(2):
        _state_side(facts, b.sides[s], s, b.request == c.REQUEST_MOVE, over)
    return facts


def _weather_maker(b: Any) -> str | None:
    maker = (b.weather_duration >> 4) - 1
    return None if maker < 0 else f"@p{1 + maker // 6}:{maker % 6}"


def _name(names: list[str], number: Any) -> str:
    return names[int(number)] if number else ""


def _queue(b: Any) -> list[list[str]]:
    out = [
        [
            _QUEUE_NAMES[codec.QUEUED_KIND.get(q)],
            f"@p{codec.QUEUED_SIDE.get(q) + 1}:{codec.QUEUED_MON.get(q)}",
            _name(MOVE_NAMES, q.move)
            or ("recharge" if codec.QUEUED_KIND.get(q) == c.QUEUE_MOVE else ""),
        ]
        for q in b.queue[: b.queue_length]
    ]
    return out + ([["residual", "", ""]] if b.residual_pending else [])


def _state_side(facts: Facts, side: Any, s: int, choosing: bool, over: bool) -> None:
    flags, size = side.flag_bits, side.team_size
    order = side.hazard_order
    ages = [(order >> 4 * k) & 15 for k in range(4)]
    out: dict[str, Any] = {
        "pokemon left": side.pokemon_left,
        "total fainted": side.total_fainted,
        "order": side.order[:size],
        "fainted this turn": _index(side.fainted_this_turn),
        "fainted last turn": _index(side.fainted_last_turn),
        "hazards by age": [codec.HAZARDS[age - 1] for age in ages if age],
    }
    for name, left in zip(codec.COUNTED_CONDITIONS, side.conditions, strict=True):
        if left:
            out[f"side condition {name}"] = int(left)
    for name, bit in codec.SIDE_GUARDS.items():
        if flags & bit:
            out[f"side condition {name}"] = 1
    for name, bit in codec.SLOT_FLAGS.items():
        if flags & bit:
            out[f"slot condition {name}"] = True
    if side.wish_duration:
        left = None if over else side.wish_duration
        out["slot condition wish"] = [side.wish_hp / 2, left]
    if side.future_duration:
        left = None if over else side.future_duration
        move, source = _name(MOVE_NAMES, side.future_move), side.future_source - 1
        out["slot condition futuremove"] = [move, left, source]
    where = f"p{s + 1}"
    facts.update({(where, what): value for what, value in out.items()})
    for i in range(size):
        found = _state_mon(side, i, choosing)
        facts.update({(f"{where}:{i}", what): value for what, value in found.items()})


def _index(number: Any) -> int | None:
    return int(number) - 1 if number else None


def _state_mon(side: Any, i: int, choosing: bool) -> dict[str, Any]:
    mon, side_flags = side.mons[i], side.flag_bits
    flags = mon.flag_bits
    fainted = bool(flags & c.MON_FAINTED)
    active = i == side.active and not fainted
    barred = bool(active and side_flags & c.SIDE_CANNOT_TERASTALLIZE)
    lost = bool(flags & c.MON_TERA_LOST) or barred
    slots = [k for k in range(4) if mon.moves[k]]
    types = side.types if active else team_building.species_types(mon.species)
    status = STATUS_NAMES[mon.status]
    stellar = side.stellar_types if flags & c.MON_TERASTALLIZED else 0
    out: dict[str, Any] = {
        "species": SPECIES_NAMES[mon.species],
        "base species": SPECIES_NAMES[mon.base_species],
        "level": mon.level,
        "gender": _GENDER_NAMES[flags & c.MON_GENDER],
        "hp": mon.hp,
        "max hp": mon.max_hp,
        "ability": _name(ABILITY_NAMES, mon.ability),
        "base ability": _name(ABILITY_NAMES, mon.base_ability),
        "item": _name(ITEM_NAMES, mon.held_item),
        "last item": _name(ITEM_NAMES, mon.last_item),
        "tera type": _name(TYPE_NAMES, mon.tera_type),
        "terastallized": bool(flags & c.MON_TERASTALLIZED),
        "may terastallize": not side_flags & c.SIDE_TERA_USED and not lost,
        "moves": [MOVE_NAMES[mon.moves[k]] for k in slots],
        "pp": [mon.pp[k] for k in slots],
        "max pp": [_max_pp(side, i, k) for k in slots],
        "stats": mon.stats,
        "types": [TYPE_NAMES[int(t)] for t in types if t],
        "fainted": fainted,
        "status": status,
        "times attacked": codec.TIMES_ATTACKED.get(mon),
        "boosted by stellar": sorted(n for k, n in enumerate(TYPE_NAMES) if stellar >> k & 1),
    }
    for key, what in _FLAG_FACTS.items():
        out[what] = bool(flags & codec.MON_KEYS[key])
    if status == "slp":
        out["sleep turns"] = mon.status_turns
        out["sleeps by own side"] = not flags & c.MON_STATUS_BY_FOE
    if status == "tox":
        out["toxic stage"] = mon.status_turns
    if active:
        out.update(_state_active(side, len(slots), choosing))
    elif codec.KEPT_ILLUSION.get(mon) and not fainted:
        out["illusion kept"] = codec.KEPT_ILLUSION.get(mon) - 1
    return out


def _max_pp(side: Any, i: int, k: int) -> int:
    mon = side.mons[i]
    move = mon.moves[k]
    full = team_building.max_pp(move)
    if mon.flag_bits & c.MON_TRANSFORMED:
        return min(full, 5)
    mimicked = i == side.active and side.flag_bits & c.SIDE_MIMICKED and side.base_moves[k] != move
    if mimicked or codec.SKETCHED_SLOT.get(mon) == 1 + k:
        return int(MOVES[move]["pp"])
    return full


def _state_active(side: Any, slots: int, choosing: bool) -> dict[str, Any]:
    flags, disabled = side.flag_bits, side.disabled_moves
    switch = side.switch_flag
    boosts = zip(BOOST_NAMES, side.boosts, strict=True)
    attacked = side.active_turns > 0  # as in the dump
    out: dict[str, Any] = {
        "speed": side.speed,
        "active turns": side.active_turns,
        "move actions": side.active_move_actions,
        "boosts": {name: int(n) for name, n in boosts if n},
        "added type": _name(TYPE_NAMES, side.added_type),
        "illusion": _index(side.illusion),
        "last move": _name(MOVE_NAMES, side.last_move),
        "last move used": _name(MOVE_NAMES, codec.LAST_MOVE_USED.get(side)),
        "last turn's result": _RESULT_NAMES[side.move_last_turn_result],
        "this turn's result": _RESULT_NAMES[side.move_this_turn_result],
        "hurt this turn": _index(side.hurt_this_turn),
        "switch flag": True if switch == c.SWITCH_TRUE else _name(MOVE_NAMES, switch),
        "stats raised": bool(flags & c.SIDE_STATS_RAISED),
        "stats lowered": bool(flags & c.SIDE_STATS_LOWERED),
        "newly switched": bool(flags & c.SIDE_NEWLY_SWITCHED),
        "used moves": _bits(side.used_moves),
        "attackers": _bits(side.attackers) if attacked else [],
        "attack damage": side.attacked_damage
        if attacked and flags & c.SIDE_ATTACKED_THIS_TURN
        else 0,
    }
    if choosing:
        out["trapped"] = _TRAPPED_NAMES[side.trapped]
        out["disabled"] = [(disabled >> k & 1) + (disabled >> k + 4 & 1) for k in range(slots)]
    _state_effect_states(out, side)
    for name, bit in codec.VOLATILE_BIT.items():
        word, shift = divmod(bit, codec.VOLATILE_WORD_BITS)
        if side.volatiles[word] >> shift & 1:
            out[f"volatile {name}"] = _state_volatile(name, side)
    out["volatiles by age"] = _by_age(side.volatile_order)
    return out


def _bits(mask: Any) -> list[int]:
    return [k for k in range(8) if int(mask) >> k & 1]


def _state_effect_states(out: dict[str, Any], side: Any) -> None:
    ability, active = side.mons[side.active].ability, side.ability_flags
    for key, bit in codec.ABILITY_STATE.items():
        if active & bit:
            _dump_effect_state(out, "ability state", key, True)
    for key, bit in codec.ITEM_STATE.items():
        held = side.mons[side.active].held_item
        if side.item_flags & bit and (held or bit != c.ITEM_INACTIVE):
            out[f"item state {key}"] = True
    name = _name(ABILITY_NAMES, ability)
    pending = {
        stat: side.pending_boosts >> 4 * k & 15
        for k, stat in enumerate(BOOST_NAMES)
        if side.pending_boosts >> 4 * k & 15
    }
    if active & c.ABILITY_PENDING_BOOSTS:
        out["ability state boosts"] = pending
    if side.item_flags & c.ITEM_READY:
        out["item state boosts"] = pending
    if side.ability_counter:
        key = "fallen" if name == "supremeoverlord" else "counter"
        out[f"ability state {key}"] = side.ability_counter
    if side.ability_data:
        if name == "gorillatactics":
            out["ability state choiceLock"] = MOVE_NAMES[side.ability_data]
        else:
            out["ability state berry"] = ITEM_NAMES[side.ability_data]


def _state_volatile(name: str, side: Any) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, field in codec.VOLATILE_FIELDS.get(name, {}).items():
        value: Any = field.get(side) if isinstance(field, Bits) else getattr(side, field)
        if key == "src":
            value = _index(value)
        elif key in ("move", "lastMove"):
            value = _name(MOVE_NAMES, value)
        elif key == "bestStat":
            value = STAT_NAMES[value - 1]
        out[key] = value
    if name in ("protosynthesis", "quarkdrive"):
        out["fromBooster"] = bool(side.flag_bits & c.SIDE_FROM_BOOSTER)
    elif name == "focuspunch":
        out["lostFocus"] = bool(side.flag_bits & c.SIDE_LOST_FOCUS)
    elif name == "stall":
        out["counter"] = 3**side.stall_counter
    elif name == "allyswitch":
        out["counter"] = 3 ** codec.ALLY_SWITCH_STREAK.get(side)
    elif side.flag_bits & codec.KEPT_STREAKS.get(name, 0):
        out["duration"] = 2  # and so does a dump only where it is not 1
    return out
