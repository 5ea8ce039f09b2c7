"""Dump lines of the real simulator -> flat states, and its choices <-> our action numbers.

A dump (see ``datasets/showdown/record.js``) is Showdown's state in short keys:

battle: ``turn req w ws t ts pw lm lsm q S win`` (weather and terrain with their states, pseudo
weathers, last move, last successful move of this turn, action queue as ``[choice, actor, move]``
and, of a switch, who comes, sides, winner).

side: ``left fnt order sc sl P ftt flt`` (Pokémon left, fainted in all, team indices by position,
side conditions, slot conditions, Pokémon by position, fainted this and last turn).

Pokémon: ``i sp bsp L g hp mhp ab bab it ty at tt tera ct mv bmv tr st bo s ss vo as is li ate uit
ta sbt sb shb syr hero bond stl pst fnt ill`` (team index, species and base species, level, gender,
HP, ability, item, types, added type, Tera type, terastallized into, may terastallize, moves as
``[id, pp, max, disabled: 1, hidden: 2]``, moves before Transform, transformed, stats, boosts,
status and its state, volatiles, ability and item state, last item, ate a berry, used an item this
turn, times attacked, types already boosted by Tera Stellar, sword, shield and syrup triggered,
Hero's message shown, Battle Bond triggered, staleness and that of its item, fainted, illusion); if
active also ``act spd at_ ama lm lmu lmt mlr mtr mtt htt ld trp mtrp vst swf srt slt nsw aby us wt``
(speed, active turns, move actions, last move, last move used and its type if another than its own,
result of last and this turn's move, move this turn, HP after this turn's damage, last damage,
trapped, maybe trapped, volatile staleness, switch flag, stats raised or lowered this turn, newly
switched, attackers, used slots, weight).

A dump does not hold EVs, IVs and natures, so decoding needs the battle's teams; whatever else it
lacks is listed in :mod:`plywise.engine.battle.oracle.state_facts`.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from plywise.datasets.battle_corpus import Dump, RecordedBattle, RecordedStep
from plywise.datasets.errors import PlywiseError
from plywise.datasets.pokemon_sets import PokemonSet
from plywise.datasets.showdown_data import to_id
from plywise.engine.battle import constants as c
from plywise.engine.battle.border import plain
from plywise.engine.battle.border import teams as team_building
from plywise.engine.battle.border.bits import Bits, HighBits
from plywise.engine.battle.border.coverage import require_modelled
from plywise.engine.battle.border.formats import format_flags
from plywise.engine.battle.border.teams import number, species_number, type_number
from plywise.engine.battle.names import (
    ABILITY_ID,
    BOOST_NAMES,
    ITEM_ID,
    MOVE_ID,
    STAT_NAMES,
    STATUS_ID,
    TYPE_ID,
)
from plywise.engine.battle.state import SIDE
from plywise.engine.battle.stats import MOST_ATTACKS
from plywise.engine.battle.tables import BINDING_NUMBER, MOVES
from plywise.engine.battle.volatile_order import packed_order

VOLATILE_BIT = {name: bit for bit, name in enumerate(c.VOLATILE_NAMES)}
VOLATILE_WORD_BITS = 8 * SIDE["volatiles"].base.itemsize


_STRONG_WEATHERS = ("desolateland", "primordialsea", "deltastream")  # abilities of these names
SKETCHED_SLOT = Bits("nature", 5, 3)
KEPT_ILLUSION = HighBits("spread", 1, 3)
TIMES_ATTACKED = Bits("times_attacked", 0, 3)
LAST_MOVE_USED = Bits("last_move_used", 0, 10)
LAST_MOVE_USED_TYPE = Bits("last_move_used", 10, 6)
ALLY_SWITCH_STREAK = Bits("ally_switch", 0, 4)
QUEUED_MON, QUEUED_SIDE, QUEUED_KIND = Bits("actor", 0, 3), Bits("actor", 3, 1), Bits("actor", 4, 4)

# volatile -> its facts: dump key -> field of the side record, or bits of one
VOLATILE_FIELDS: dict[str, dict[str, str | Bits]] = {
    "allyswitch": {"duration": Bits("ally_switch", 4, 4)},
    "attract": {"src": "attract_source"},
    "choicelock": {"move": "choice_lock"},
    "confusion": {"time": "confusion_time"},
    "counter": {"damage": "counter_damage"},
    "disable": {"duration": "disable_duration", "move": "disable_move"},
    "encore": {"duration": "encore_duration", "move": "encore_move"},
    "furycutter": {"multiplier": Bits("move_streak", 0, 3)},
    "healblock": {"duration": "heal_block_duration"},
    "lockedmove": {
        "duration": "locked_move_duration",
        "trueDuration": "locked_move_true_duration",
        "move": "locked_move",
    },
    "lockon": {"duration": "lock_on_duration", "src": "lock_on_source"},
    "magnetrise": {"duration": "magnet_rise_duration"},
    "metronome": {"lastMove": "metronome_move", "numConsecutive": "metronome_count"},
    "micleberry": {"duration": "micle_duration"},
    "mirrorcoat": {"damage": "counter_damage"},
    "mustrecharge": {"duration": "must_recharge_duration"},
    "partiallytrapped": {
        "duration": "partial_trap_duration",
        "boundDivisor": Bits("partial_trap_divisor", 0, 4),
        "src": "partial_trap_source",
    },
    "perishsong": {"duration": "perish_duration"},
    "protosynthesis": {"bestStat": "paradox_stat"},
    "quarkdrive": {"bestStat": "paradox_stat"},
    "rollout": {
        "hitCount": Bits("move_streak", 4, 4),
        "contactHitCount": Bits("move_streak", 4, 4),  # they differ for Ice Ball only
    },
    "stall": {"duration": "stall_duration"},
    "stockpile": {"layers": "stockpile_layers", "def": "stockpile_def", "spd": "stockpile_spd"},
    "substitute": {"hp": "substitute_hp"},
    "syrupbomb": {"duration": "syrup_bomb_duration", "src": "syrup_bomb_source"},
    "taunt": {"duration": "taunt_duration"},
    "throatchop": {"duration": "throat_chop_duration"},
    "twoturnmove": {"duration": "two_turn_duration", "move": "two_turn_move"},
    "uproar": {"duration": "uproar_duration"},
    "yawn": {"duration": "yawn_duration"},
}

KEPT_STREAKS = {"furycutter": c.SIDE_FURY_CUTTER_KEPT, "rollout": c.SIDE_ROLLOUT_KEPT}

# keys of an ability's own state -> ABILITY_* bit
ABILITY_STATE = {
    "started": c.ABILITY_STARTED,
    "unnerved": c.ABILITY_UNNERVED,
    "ending": c.ABILITY_ENDING,
    "checkedBerserk": c.ABILITY_CHECKED,
    "checkedAngerShell": c.ABILITY_CHECKED,
    "libero": c.ABILITY_TYPE_CHANGED,
    "protean": c.ABILITY_TYPE_CHANGED,
    "busted": c.ABILITY_BUSTED,
    "embodied": c.ABILITY_EMBODIED,
    "resisted": c.ABILITY_RESISTED,
    "seek": c.ABILITY_SEEK,
    "gluttony": c.ABILITY_GLUTTONY,
    "berryWeaken": c.ABILITY_BERRY_WEAKEN,
}
ITEM_STATE = {
    "started": c.ITEM_STARTED,
    "eject": c.ITEM_EJECT,
    "ready": c.ITEM_READY,
    "inactive": c.ITEM_INACTIVE,
}

MON_KEYS = {
    "fnt": c.MON_FAINTED,
    "tera": c.MON_TERASTALLIZED,
    "ate": c.MON_ATE_BERRY,
    "tr": c.MON_TRANSFORMED,
    "sb": c.MON_SWORD_BOOST,
    "shb": c.MON_SHIELD_BOOST,
    "syr": c.MON_SYRUP_TRIGGERED,
    "hero": c.MON_HERO_MESSAGE,
    "bond": c.MON_BOND_TRIGGERED,
    "uit": c.MON_USED_ITEM,
}
ACTIVE_KEYS = {
    "nsw": c.SIDE_NEWLY_SWITCHED,
    "srt": c.SIDE_STATS_RAISED,
    "slt": c.SIDE_STATS_LOWERED,
    "mtrp": c.SIDE_MAYBE_TRAPPED,
    "vst": c.SIDE_STALE,
}
COUNTED_CONDITIONS = tuple(c.SIDE_CONDITION_NAMES[: c.NUM_SIDE_CONDITIONS])
HAZARDS = COUNTED_CONDITIONS[c.FIRST_HAZARD :]
SIDE_GUARDS = {"quickguard": c.SIDE_QUICK_GUARD, "wideguard": c.SIDE_WIDE_GUARD}
QUEUE_KINDS = {
    "instaswitch": c.QUEUE_INSTASWITCH,
    "revivalblessing": c.QUEUE_REVIVAL_BLESSING,
    "runSwitch": c.QUEUE_RUN_SWITCH,
    "switch": c.QUEUE_SWITCH,
    "terastallize": c.QUEUE_TERASTALLIZE,
    "priorityChargeMove": c.QUEUE_PRIORITY_CHARGE,
    "move": c.QUEUE_MOVE,
}
RESULTS = {None: c.RESULT_NULL, False: c.RESULT_FALSE, True: c.RESULT_TRUE}
KEPT_RESULTS = {
    None: c.MON_KEPT_FALSE | c.MON_KEPT_TRUE,
    False: c.MON_KEPT_FALSE,
    True: c.MON_KEPT_TRUE,
}
STALENESS = {None: 0, "internal": c.STALE_INTERNAL, "external": c.STALE_EXTERNAL}
REQUESTS = {
    "": c.REQUEST_NONE,
    "move": c.REQUEST_MOVE,
    "switch": c.REQUEST_SWITCH,
    "teampreview": c.REQUEST_PREVIEW,
}
SLOT_FLAGS = {
    "healingwish": c.SIDE_HEALING_WISH,
    "lunardance": c.SIDE_LUNAR_DANCE,
    "revivalblessing": c.SIDE_REVIVAL_BLESSING,
}


class DecodeError(PlywiseError):
    """A dump that no flat state can represent; the message names the fact."""


@dataclass(frozen=True)
class BattleSetup:
    """What a dump leaves out because it never changes in a battle.

    Attributes:
        teams: both teams in team order.
        format: the format's id, which decides the clauses.
        keep_ties: speed ties keep their order and draw nothing.
    """

    teams: tuple[tuple[PokemonSet, ...], tuple[PokemonSet, ...]]
    format: str = "gen9randombattle"
    keep_ties: bool = True

    @classmethod
    def of(cls, battle: RecordedBattle) -> "BattleSetup":
        """Return the set-up of a recorded battle."""
        return cls(battle.teams(), battle.rules, battle.keep_ties)


@dataclass
class LoggedFacts:
    """Facts that a dump leaves out and the log of earlier steps contains.

    Attributes:
        bond_triggered: (side, team index) of everyone whose Battle Bond has worked.
        binding: side -> the move that has bound its active Pokémon last.
        types_unseen: sides whose active one has copied types in this turn (Reflect Type).
        tera_seen: sides of whose Terastallized Pokémon the log takes the Tera type for its type.
        room_fresh: no move has been used since Wonder Room began.
    """

    bond_triggered: set[tuple[int, int]] = field(default_factory=set)
    binding: dict[int, int] = field(default_factory=dict)
    types_unseen: set[int] = field(default_factory=set)
    tera_seen: set[int] = field(default_factory=set)
    room_fresh: bool = False

    def learn(self, step: RecordedStep) -> None:
        """Note what ``step`` has brought."""
        for line in step.log:
            self._learn_types(line, step)
            if line.startswith("|move|"):
                self.room_fresh = False
            elif line.startswith("|-fieldstart|move: Wonder Room"):
                self.room_fresh = True
            if line.startswith("|-activate|p") and "|move: " in line:
                move = MOVE_ID.get(to_id(line.split("|")[3].removeprefix("move: ")), 0)
                if BINDING_NUMBER[move]:
                    self.binding[int(line[12]) - 1] = move
            if line.startswith("|-activate|p") and line.endswith("|ability: Battle Bond"):
                side = int(line[12]) - 1
                for dump in (step.before, step.after):
                    mon = dump["S"][side]["P"][0]
                    if mon["ab"] == "battlebond":
                        self.bond_triggered.add((side, mon["i"]))

    def _learn_types(self, line: str, step: RecordedStep) -> None:
        """Note which types the log takes for those of a Pokémon."""
        kind, _, rest = line[1:].partition("|")
        if kind == "turn":
            disguised = (s for s in range(2) if "ill" in step.after["S"][s]["P"][0])
            self.types_unseen &= set(disguised)
        if not rest.startswith(("p1", "p2")):
            return
        side = int(rest[1]) - 1
        was, now = (dump["S"][side]["P"][0] for dump in (step.before, step.after))
        formed = kind in ("-formechange", "detailschange") and ("tera" in was or "tera" in now)
        if kind == "-terastallize" or formed:
            self.tera_seen.add(side)
        elif kind in ("switch", "drag"):
            self.types_unseen.discard(side)
            now_tera = any(x.startswith(f"|-terastallize|p{side + 1}") for x in step.log)
            if ("tera" in was or now_tera) and not was.get("fnt"):
                self.tera_seen.discard(side)
        elif kind == "-start" and "|typechange|" in line:
            copied = "|[from] move: Reflect Type|" in line and was.get("ty") != now.get("ty")
            (self.types_unseen.add if copied else self.types_unseen.discard)(side)
            if line.endswith("|[silent]") and "ill" in now:
                self.tera_seen.add(side)


def mon_reference(text: str) -> tuple[int, int]:
    """Return (side, team index) of a dump's ``"@p1:4"``."""
    return int(text[2]) - 1, int(text[4:])


def _maker(text: str) -> int:
    """Return a dump's ``"@p1:4"`` as the state's maker of a weather or room."""
    side, member = mon_reference(text)
    return 1 + 6 * side + member


def _weather_maker(dump: Dump) -> int:
    """Return who made the weather; 0 where none lies, or what was tracked does not say."""
    if "src" in dump["ws"]:
        return _maker(dump["ws"]["src"])
    if dump["w"] in _STRONG_WEATHERS:  # whoever has its ability
        for s, side in enumerate(dump["S"]):
            if side["P"][0]["ab"] == dump["w"]:
                return 1 + 6 * s + int(side["P"][0]["i"])
    return 0


Sides = dict[int, tuple[Dump, tuple[Any, ...]]]
"""The number of a side -> its dump, and what it was decoded to."""


def decode(
    dump: Dump,
    setup: BattleSetup,
    unsaid: LoggedFacts | None = None,
    decoded: Sides | None = None,
) -> np.ndarray[Any, Any]:
    """Return a one-element pool with the state that ``dump`` describes.

    Args:
        dump: in the words of the recorded corpora.
        setup: what it leaves out.
        unsaid: what the log of earlier steps tells.
        decoded: for dumps of one moment with the same teams, whose sides are often equal: such a
            side is decoded once, and kept here.

    Raises:
        DecodeError: the dump holds something that the flat state has no place for.
        UnknownNameError: it holds a name that the tables do not.
        UnmodelledError: it holds something that the engine does not model.
    """
    b = plain.empty()
    b.winner = c.WINNER_NONE
    b.format = format_flags(setup.format) | (c.FORMAT_KEEP_TIES if setup.keep_ties else 0)
    b.turn = dump["turn"]
    b.request = REQUESTS[dump["req"]]
    b.last_move = MOVE_ID.get(dump["lm"], 0)
    b.last_successful_move = MOVE_ID.get(dump["lsm"], 0)
    b.weather = c.WEATHER_NAMES.index(dump["w"])
    b.weather_duration = dump["ws"].get("duration", 0) | _weather_maker(dump) << 4
    b.terrain = c.TERRAIN_NAMES.index(dump["t"])
    b.terrain_duration = dump["ts"].get("duration", 0)
    for name, state in dump["pw"].items():
        left = state.get("duration", 0)
        if name == "magicroom" and "src" in state:
            left |= _maker(state["src"]) << 4
        if name == "wonderroom" and unsaid is not None and unsaid.room_fresh:
            left |= c.ROOM_FRESH
        b.pseudo_weather[c.PSEUDO_WEATHER_NAMES.index(name)] = left
        if name == "echoedvoice":
            b.echoed_voice = state["multiplier"]
    if "win" in dump:
        b.winner = {"P1": 0, "P2": 1}.get(dump["win"], c.WINNER_TIE)
    for s in range(2):
        said = dump["S"][s]
        if decoded is not None and s in decoded and decoded[s][0] == said:
            b.sides[s] = decoded[s][1]
            continue
        switching = dump["req"] == "switch" and not dump["q"]  # else the fainted one waits
        switching = switching and not _runs_away(dump["S"][1 - s]["P"][0])
        _side(b.sides[s], said, setup.teams[s], s, residuals_done(dump), switching)
        if decoded is not None:
            b.sides[s] = plain.values(SIDE, b.sides[s])
            decoded[s] = said, b.sides[s]
    if decoded is None:  # which move binds is for the log alone
        for s in range(2):
            _bind(b, s, unsaid)
            if unsaid is not None and s in unsaid.types_unseen:
                b.sides[s].flag_bits |= c.SIDE_TYPES_UNSEEN
            if unsaid is not None and s in unsaid.tera_seen:
                b.sides[s].flag_bits |= c.SIDE_TERA_SEEN
    for s, i in unsaid.bond_triggered if unsaid is not None else ():
        b.sides[s].mons[i].flag_bits |= c.MON_BOND_TRIGGERED
    _queue(b, dump["q"])
    try:
        pool = plain.freeze(b)
    except OverflowError as error:
        raise DecodeError(f"a number that the flat state has no room for ({error})") from error
    require_modelled(pool, 0)
    return pool


def _bind(b: Any, s: int, unsaid: LoggedFacts | None) -> None:
    """Note which move binds the active one: the log tells it, or else what the binder knows."""
    side, foe = b.sides[s], b.sides[1 - s]
    if not side.partial_trap_source:
        return
    move = unsaid.binding.get(s, 0) if unsaid is not None else 0
    for known in foe.mons[side.partial_trap_source - 1].moves:
        if not move and BINDING_NUMBER[known]:
            move = known
    side.partial_trap_divisor = side.partial_trap_divisor & 15 | int(BINDING_NUMBER[move]) << 4


def _queue(b: Any, entries: Sequence[Sequence[str]]) -> None:
    b.residual_pending = any(entry[0] == "residual" for entry in entries)
    b.mid_turn = b.request == c.REQUEST_SWITCH
    entries = [entry for entry in entries if entry[0] != "residual"]
    if len(entries) > c.QUEUE_SIZE:
        raise DecodeError(f"a queue of {len(entries)} actions; the state holds {c.QUEUE_SIZE}")
    b.queue_length = len(entries)
    for slot, (kind, actor, move, *coming) in zip(b.queue, entries, strict=False):
        if kind not in QUEUE_KINDS:
            raise DecodeError(f"'{kind}' in the action queue is not modelled")
        if coming:
            slot.target = mon_reference(coming[0])[1]
        elif kind in ("switch", "instaswitch"):
            raise DecodeError("a switch in the queue, and the dump does not say who comes")
        QUEUED_KIND.put(slot, QUEUE_KINDS[kind])
        if actor:
            side, mon = mon_reference(actor)
            QUEUED_SIDE.put(slot, side)
            QUEUED_MON.put(slot, mon)
        slot.move = MOVE_ID.get(move, 0)


def residuals_done(dump: Dump) -> int:
    """Return how many ends of turn the battle has seen."""
    waiting = any(entry[0] == "residual" for entry in dump["q"])
    return int(dump["turn"]) - 1 + (dump["req"] == "switch" and not waiting)


def wish_duration(state: Mapping[str, Any], done: int) -> int:
    """Return after how many ends of turn a wish heals."""
    made = int(state["startingTurn"])  # in Showdown's turn count, which overflows at 256
    return c.NEVER if made == 255 else 2 - (done - made & 255)


def future_duration(state: Mapping[str, Any], done: int) -> int:
    """Return after how many ends of turn a future move hits."""
    due = int(state["endingTurn"])  # compared with a turn count that overflows at 256
    return c.NEVER if due > 255 else due + 1 - done


def _runs_away(mon: Dump) -> bool:
    """Return whether an active Pokémon leaves by Emergency Exit at the end of a turn.

    That takes the replacement of a fainted foe back, until it has left.
    """
    leaves = mon.get("act") and mon.get("swf") is True and mon.get("li") != "ejectpack"
    runs = mon["ab"] in ("emergencyexit", "wimpout")
    return bool(leaves and runs and mon["hp"] * 2 <= mon["mhp"])


def _side(
    side: Any, dump: Dump, team: Sequence[PokemonSet], s: int, now: int, switching: bool
) -> None:
    side.team_size = len(dump["P"])
    side.order = [*dump["order"], *range(len(dump["order"]), 6)]
    side.active = dump["order"][0]
    side.pokemon_left = dump["left"]
    side.total_fainted = dump["fnt"]
    if "ftt" in dump:
        side.fainted_this_turn = mon_reference(dump["ftt"])[1] + 1
    if "flt" in dump:
        side.fainted_last_turn = mon_reference(dump["flt"])[1] + 1
    # A Pokémon that terastallized loses that on fainting, but its side may not do it again.
    used = all("ct" not in mon for mon in dump["P"]) or any("tera" in mon for mon in dump["P"])
    flags = c.SIDE_TERA_USED if used else 0
    hazards = [name for name in dump["sc"] if name in HAZARDS]
    side.hazard_order = sum((1 + HAZARDS.index(name)) << 4 * k for k, name in enumerate(hazards))
    for name, state in dump["sc"].items():
        if name in SIDE_GUARDS:
            flags |= SIDE_GUARDS[name]
        elif name in COUNTED_CONDITIONS:
            index = COUNTED_CONDITIONS.index(name)
            side.conditions[index] = state.get("layers", state.get("duration", 1))
        else:
            raise DecodeError(f"side condition '{name}' is not modelled")
    if [name for name in dump["sl"][0] if name in ("healingwish", "lunardance")][:1] == [
        "lunardance"
    ]:
        flags |= c.SIDE_LUNAR_DANCE_FIRST
    side.flag_bits = flags
    for name, state in dump["sl"][0].items():
        _slot_condition(side, name, state, now)
    for entry in dump["P"]:
        mon = side.mons[entry["i"]]
        _mon(mon, entry, team[entry["i"]], s)
        if "mtr" in entry and entry["i"] == side.active and not entry.get("act"):
            mon.flag_bits &= ~(c.MON_KEPT_FALSE | c.MON_KEPT_TRUE)  # it has not left yet
            side.move_this_turn_result = RESULTS[entry["mtr"]]
        if "sbt" in entry and "tera" in entry:
            side.stellar_types = sum(1 << TYPE_ID[t] for t in set(entry["sbt"]))
        if "tera" in entry and entry["sp"].startswith("ogerpon"):
            before = number(ABILITY_ID, team[entry["i"]].ability, "ability")
            side.stellar_types |= before << c.TERA_ABILITY_SHIFT
        if entry.get("act"):
            _active(side, entry, s)
        elif entry["i"] == side.active:
            side.speed = entry["st"][4]  # fainting leaves the bare stat
            if switching:
                side.switch_flag = c.SWITCH_TRUE  # a dump shows it in no other way
        lost = "ct" not in entry and not flags & c.SIDE_TERA_USED
        if lost and entry.get("tr"):
            side.flag_bits = side.flag_bits | c.SIDE_CANNOT_TERASTALLIZE
        elif lost:
            mon.flag_bits = mon.flag_bits | c.MON_TERA_LOST


def _slot_condition(side: Any, name: str, state: Mapping[str, Any], now: int) -> None:
    if name in SLOT_FLAGS:
        side.flag_bits = side.flag_bits | SLOT_FLAGS[name]
    elif name == "wish":
        side.wish_hp = round(2 * state["hp"])
        side.wish_duration = wish_duration(state, now)
        if "src" in state:
            wisher = 1 + mon_reference(state["src"])[1]
            side.flag_bits = side.flag_bits | wisher << c.WISHER_SHIFT
    elif name == "futuremove":
        side.future_duration = future_duration(state, now)
        side.future_move = number(MOVE_ID, state["move"], "move")
        side.future_source = mon_reference(state["src"])[1] + 1
    else:
        raise DecodeError(f"slot condition '{name}' is not modelled")


def by_own_side(status_state: Mapping[str, Any], side: int) -> bool:
    """Return whether a status came from its own side, as Sleep Clause asks (Rest does)."""
    source = status_state.get("src")
    return source is not None and mon_reference(source)[0] == side


def _mon(mon: Any, dump: Dump, s: PokemonSet, side: int) -> None:
    team_building.fill_identity(mon, s)
    mon.level = dump["L"]
    mon.species = species_number(dump["sp"])
    mon.base_species = species_number(dump.get("bsp", dump["sp"]))
    mon.hp, mon.max_hp = dump["hp"], dump["mhp"]
    mon.ability = number(ABILITY_ID, dump["ab"], "ability")
    mon.base_ability = number(ABILITY_ID, dump.get("bab", dump["ab"]), "ability")
    mon.held_item = number(ITEM_ID, dump["it"], "item")
    mon.last_item = number(ITEM_ID, dump.get("li", ""), "item")
    mon.tera_type = type_number(dump["tt"])
    mon.stats = list(dump["st"])
    for k, slot in enumerate(dump["mv"]):
        mon.moves[k] = number(MOVE_ID, slot[0], "move")
        mon.pp[k] = slot[1]
    if "ill" in dump and not dump.get("act"):
        KEPT_ILLUSION.put(mon, mon_reference(dump["ill"])[1] + 1)
    _sketched(mon, dump, s)
    flags = sum(bit for key, bit in MON_KEYS.items() if dump.get(key))
    flags |= team_building.GENDERS[dump["g"]]
    status = dump.get("s", "")
    if status and status != "fnt":
        mon.status = STATUS_ID[status]
        state = dump.get("ss", {})
        mon.status_turns = state.get("stage" if status == "tox" else "time", 0)
        if not by_own_side(state, side):
            flags |= c.MON_STATUS_BY_FOE
    TIMES_ATTACKED.put(mon, min(dump.get("ta", 0), MOST_ATTACKS))
    mon.times_attacked |= STALENESS[dump.get("stl")] | (c.STALE_ITEM if "pst" in dump else 0)
    if "mtr" in dump and not dump.get("act"):
        flags |= KEPT_RESULTS[dump["mtr"]]
    mon.flag_bits = flags


def _sketched(mon: Any, dump: Dump, s: PokemonSet) -> None:
    """Note which of the true slots holds what Sketch took over: a move without PP Ups."""
    for k, (name, _, most) in enumerate(slot[:3] for slot in dump.get("bmv", dump["mv"])):
        if most < team_building.max_pp(number(MOVE_ID, name, "move")):
            if "bmv" not in dump and s.moves[k] == "mimic":
                raise DecodeError("Mimic was used, and the dump does not hold the true moves (bmv)")
            SKETCHED_SLOT.put(mon, 1 + k)


def _active(side: Any, dump: Dump, s: int) -> None:
    flags = side.flag_bits | sum(bit for key, bit in ACTIVE_KEYS.items() if dump.get(key))
    side.speed = dump["spd"]
    side.active_turns = min(dump["at_"], 255)
    side.active_move_actions = min(dump["ama"], 255)
    side.boosts = [dump.get("bo", {}).get(name, 0) for name in BOOST_NAMES]
    side.types = ([TYPE_ID[t] for t in dump["ty"]] + [0])[:2]
    side.added_type = type_number(dump.get("at", ""))
    if "bmv" in dump:
        flags |= 0 if dump.get("tr") else c.SIDE_MIMICKED
        for k, slot in enumerate(dump["bmv"]):
            side.base_moves[k], side.base_pp[k] = number(MOVE_ID, slot[0], "move"), slot[1]
    if "ill" in dump:
        side.illusion = mon_reference(dump["ill"])[1] + 1
    side.last_move = MOVE_ID.get(dump.get("lm", ""), 0)
    used = MOVE_ID.get(dump.get("lmu", ""), 0)
    LAST_MOVE_USED.put(side, used)
    kind = dump.get("lmt")  # only where it is not the type that the move has by itself
    LAST_MOVE_USED_TYPE.put(side, type_number(kind) if kind else int(MOVES[used]["type"]))
    side.move_last_turn_result = RESULTS[dump["mlr"]] if "mlr" in dump else c.RESULT_UNDEFINED
    side.move_this_turn_result = RESULTS[dump["mtr"]] if "mtr" in dump else c.RESULT_UNDEFINED
    side.hurt_this_turn = dump["htt"] + 1 if "htt" in dump else 0
    side.trapped = {None: c.NOT_TRAPPED, True: c.TRAPPED, "hidden": c.TRAPPED_HIDDEN}[
        dump.get("trp")
    ]
    switch = dump.get("swf", 0)
    side.switch_flag = c.SWITCH_TRUE if switch is True else MOVE_ID.get(switch, 0)
    if switch and switch != "revivalblessing" and dump["hp"]:
        flags |= c.SIDE_SKIP_BEFORE_SWITCH_OUT  # it is asked to leave: that event is over
    side.used_moves = sum(1 << k for k in dump.get("us", ()))
    for k, slot in enumerate(dump["mv"]):
        if len(slot) > 3:
            side.disabled_moves = side.disabled_moves | ((1 if slot[3] == 1 else 17) << k)
    for source, _, damage, this_turn in dump.get("aby", ()):
        if this_turn and damage > 0:
            flags |= c.SIDE_ATTACKED_THIS_TURN
            side.attacked_damage = damage
            side.attackers = side.attackers | 1 << mon_reference(source)[1]
    for key, value in dump.get("as", {}).items():
        _ability_state(side, key, value)
    for key, value in dump.get("is", {}).items():
        if key == "boosts":
            _pending_boosts(side, value)
            continue
        if key not in ITEM_STATE:
            raise DecodeError(f"item state '{key}' of {dump['it']} is not modelled")
        side.item_flags = side.item_flags | (ITEM_STATE[key] if value else 0)
    side.flag_bits = flags | c.SIDE_IS_STARTED
    for name, state in dump.get("vo", {}).items():
        _volatile(side, name, state, dump.get("vo", {}))
    side.volatile_order = packed_order(ordered_volatiles(dump))


def _ability_state(side: Any, key: str, value: Any) -> None:
    if key in ABILITY_STATE:
        side.ability_flags = side.ability_flags | (ABILITY_STATE[key] if value else 0)
    elif key in ("counter", "fallen"):
        side.ability_counter = value
    elif key == "berry":
        side.ability_data = number(ITEM_ID, value.lstrip("#"), "item")
    elif key == "boosts":
        _pending_boosts(side, value)
        side.ability_flags = side.ability_flags | c.ABILITY_PENDING_BOOSTS
    elif key == "choiceLock":
        side.ability_data = number(MOVE_ID, value, "move")
    else:
        raise DecodeError(f"ability state '{key}' is not modelled")


def _pending_boosts(side: Any, boosts: Mapping[str, int]) -> None:
    """Note what Opportunist or a Mirror Herb is about to copy."""
    pending = sum(n << 4 * BOOST_NAMES.index(stat) for stat, n in boosts.items())
    if side.pending_boosts not in (0, pending):
        raise DecodeError("Opportunist and Mirror Herb are about to copy different boosts")
    side.pending_boosts = pending


def ordered_volatiles(mon: Dump) -> list[int]:
    """Return the volatiles (``V_*``) of a Pokémon that its dump holds, first set first."""
    return [VOLATILE_BIT[name] for name in mon.get("vo", {}) if name in VOLATILE_BIT]


def _volatile(side: Any, name: str, state: Mapping[str, Any], others: Mapping[str, Any]) -> None:
    if name not in VOLATILE_BIT:
        if others.get("twoturnmove", {}).get("move") == name:
            return  # a charging move's mark of its own adds nothing to twoturnmove
        raise DecodeError(f"volatile '{name}' is not modelled")
    word, bit = divmod(VOLATILE_BIT[name], VOLATILE_WORD_BITS)
    side.volatiles[word] = side.volatiles[word] | 1 << bit
    for key, where in VOLATILE_FIELDS.get(name, {}).items():
        value = state.get(key, 0)
        if key == "src":
            value = mon_reference(value)[1] + 1 if value else 0
        elif key in ("move", "lastMove"):
            value = number(MOVE_ID, value, "move")
        elif key == "bestStat":
            value = 1 + STAT_NAMES.index(value)
        if isinstance(where, Bits):
            where.put(side, value)
        else:
            setattr(side, where, value)
    if state.get("duration") == 2 and name in KEPT_STREAKS:
        side.flag_bits = side.flag_bits | KEPT_STREAKS[name]
    if state.get("fromBooster"):
        side.flag_bits = side.flag_bits | c.SIDE_FROM_BOOSTER
    if name == "stall":  # 3, 9, 27 … 729: the state counts successes
        side.stall_counter = round(math.log(state["counter"], 3))
    elif name == "allyswitch":
        ALLY_SWITCH_STREAK.put(side, round(math.log(state["counter"], 3)))
    if state.get("lostFocus"):
        side.flag_bits = side.flag_bits | c.SIDE_LOST_FOCUS


def _locked_move(mon: Dump) -> str | None:
    """Return the move that the active one must use, ``"recharge"`` included, if any."""
    volatiles = mon.get("vo", {})
    for name in ("mustrecharge", "uproar", "rollout", "iceball", "twoturnmove", "lockedmove"):
        if name in volatiles:
            move = volatiles[name].get("move", name)
            return "recharge" if name == "mustrecharge" else str(move)
    return None


def action_of(choice: str, dump: Dump, side: int) -> int:
    """Return the action number of a Showdown choice made in the state ``dump``.

    Raises:
        DecodeError: the choice is none of a singles battle.
    """
    words = choice.split()
    if words[0] == "pass":
        return c.ACTION_PASS
    position = int(words[1]) - 1
    if words[0] == "switch":
        return c.ACTION_SWITCH + int(dump["S"][side]["order"][position])
    if words[0] != "move":
        raise DecodeError(f"'{choice}' is no choice of a singles battle")
    mon = dump["S"][side]["P"][0]
    locked = _locked_move(mon)
    if locked is not None:
        names = [slot[0] for slot in mon["mv"]]
        return c.ACTION_MOVE + names.index(locked) if locked in names else c.ACTION_FORCED
    if all(slot[1] == 0 or len(slot) > 3 for slot in mon["mv"]):
        return c.ACTION_FORCED  # Struggle; Showdown ignores a Terastallization chosen with it
    return position + (c.ACTION_TERA if len(words) > 2 else c.ACTION_MOVE)
