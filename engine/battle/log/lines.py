"""Conversion of logged events to lines of Showdown's protocol, with exact HP on both sides.

Names of Pokémon in lines are no part of a flat state: :mod:`labels`.  The texts of conditions are
in :mod:`words`.  Left out: hints, and messages of rules but for Sleep Clause Mod's.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plywise.engine.battle import constants as c
from plywise.engine.battle import log_events as e
from plywise.engine.battle.log import words
from plywise.engine.battle.log.condition_lines import ConditionLines
from plywise.engine.battle.log.labels import Labels, display
from plywise.engine.battle.log.writer import Event
from plywise.engine.battle.names import (
    ABILITY_NAMES,
    BOOST_NAMES,
    ITEM_NAMES,
    MOVE_NAMES,
    SPECIES_NAMES,
    STATUS_NAMES,
    TYPE_NAMES,
)


class _Lines(ConditionLines):
    """Turns events into lines, one after the other."""

    def write(self, event: Event) -> None:
        if event.kind not in (e.L_BOOST, e.L_QUIET):
            self.flush()
        _WRITERS[event.kind](self, event)

    def flush(self) -> None:
        """Write the boosts of one effect, in the order in which it names them."""
        copies = bool(self.boosts) and words.copies_boosts(self.boosting[1:])
        for _, line, side, stat in sorted(self.boosts, key=lambda found: found[0]):
            self.lines.append(line)
            if stat >= 0:
                self.raised[side].append(stat)
            if copies:
                self.raised[1 - side].clear()
        self.boosts, self.boosting = [], ()

    def move(self, event: Event) -> None:
        self.raised[event.side].clear()
        name = display("moves", MOVE_NAMES[event.x])
        target = self.of_source(event) if event.source >= 0 else "null" if event.y else ""
        parts = ["move", self.who(event), name, target]
        if event.effect == c.EFFECT_VOLATILE:
            parts.append("[from] lockedmove")
        elif event.effect != c.EFFECT_NONE:
            parts.append(f"[from] {self.effect_name(event)}")
        self.last_move = len(self.lines)
        self.add(*parts)

    def repeat(self, event: Event) -> None:
        self.last_move = len(self.lines)
        name = display("moves", MOVE_NAMES[event.x])
        self.add("-anim", self.who(event), name, self.of_source(event))

    def animation(self, event: Event) -> None:
        name = display("moves", MOVE_NAMES[event.x])
        if MOVE_NAMES[event.x] == "ficklebeam":
            kind = "All Out"
        elif MOVE_NAMES[event.x] == "shellsidearm":
            kind = "Physical" if event.y == c.CATEGORY_PHYSICAL else "Special"
        else:
            kind = TYPE_NAMES[event.y]
        self.attach(f"[anim] {name} {kind}")

    def switch(self, event: Event) -> None:
        kind = "drag" if event.kind == e.L_DRAG else "switch"
        parts = [kind, self.who(event), self.details(event), self.health(event)]
        if kind == "switch" and event.effect_id:
            parts.append(f"[from] {display('moves', MOVE_NAMES[event.effect_id])}")
        self.add(*parts)

    def damage(self, event: Event) -> None:
        parts = ["-damage", self.who(event), self.health(event)]
        kind = event.effect
        if kind == c.EFFECT_NONE:
            if event.caller:  # crashing, Steel Beam: Showdown names the bare id
                parts.append(f"[from] {MOVE_NAMES[event.caller]}")
        elif kind == c.EFFECT_BINDING:
            name = display("moves", MOVE_NAMES[event.effect_id])
            parts += [f"[from] move: {name}", "[partiallytrapped]"]
        elif kind == c.EFFECT_ABILITY and ABILITY_NAMES[event.effect_id] == "disguise":
            parts.append(f"[from] pokemon: {display('species', SPECIES_NAMES[event.species])}")
        elif kind != c.EFFECT_MOVE:
            other = event.source >= 0 and event.source != event.side
            named = kind in (c.EFFECT_ABILITY, c.EFFECT_ITEM, c.EFFECT_LEECH_SEED)
            named = named or (kind == c.EFFECT_VOLATILE and event.effect_id == c.V_SPIKYSHIELD)
            parts += self.from_of(event, (other and named) or kind == c.EFFECT_ABILITY)
        self.add(*parts)

    def heal(self, event: Event) -> None:
        parts = ["-heal", self.who(event), self.health(event)]
        kind, number = event.effect, event.effect_id
        if kind == c.EFFECT_NONE:
            parts.append("[from] move: Revival Blessing")
        elif kind == c.EFFECT_MOVE:
            name = MOVE_NAMES[number]
            if name == "rest":
                parts.append("[silent]")
            elif event.x:
                parts.append(f"[from] move: {display('moves', name)}")
            elif name in ("aquaring", "ingrain"):
                parts.append(f"[from] {display('moves', name)}")
        elif kind == c.EFFECT_LEECH_SEED:
            parts.append("[silent]")
        elif kind == c.EFFECT_WISH:
            wisher = self.labels.names[event.side][number - 1] if number else "???"
            parts += ["[from] move: Wish", f"[wisher] {wisher}"]
        else:
            other = event.source >= 0 and event.source != event.side
            parts += self.from_of(event, other or kind == c.EFFECT_DRAIN)
        self.add(*parts)

    def set_hp(self, event: Event) -> None:
        parts = ["-sethp", self.who(event), self.health(event), "[from] move: Pain Split"]
        self.add(*parts, *(["[silent]"] if event.x else []))

    def status(self, event: Event) -> None:
        parts = ["-status", self.who(event), STATUS_NAMES[event.x]]
        if event.effect == c.EFFECT_ABILITY:
            if ABILITY_NAMES[event.effect_id] != "synchronize":
                parts += self.from_of(event, True)
        elif event.effect == c.EFFECT_ITEM:
            if ITEM_NAMES[event.effect_id] in ("flameorb", "toxicorb"):
                parts += self.from_of(event, False)
        elif event.effect == c.EFFECT_MOVE and event.x == c.SLP:
            if MOVE_NAMES[event.effect_id] != "direclaw":
                parts += self.from_of(event, False)
        self.add(*parts)

    def cure(self, event: Event) -> None:
        parts = ["-curestatus", self.who(event), STATUS_NAMES[event.x]]
        if event.effect == c.EFFECT_ABILITY:
            parts += [*self.from_of(event, False), "[silent]"]
        elif event.effect == c.EFFECT_MOVE:
            # as Showdown writes it: the move's name comes without what it is
            parts.append(f"[from] move: {display('moves', MOVE_NAMES[event.effect_id])}")
        else:
            parts.append("[msg]")
        self.add(*parts)

    def boost(self, event: Event) -> None:
        kind, amount = event.effect, event.y
        if self.quiet and kind == c.EFFECT_MOVE and amount in (0, -100):
            return
        call = (event.side, event.effect, event.effect_id)
        if call != self.boosting:
            self.flush()
            self.boosting = call
        stat = BOOST_NAMES[event.x]
        sets = (kind == c.EFFECT_MOVE and MOVE_NAMES[event.effect_id] == "bellydrum") or (
            kind == c.EFFECT_ABILITY and ABILITY_NAMES[event.effect_id] == "angerpoint"
        )
        if sets and amount not in (0, -100):
            name = self.effect_name(event)
            line = f"|-setboost|{self.who(event)}|atk|{6 if amount > 0 else -6}|[from] {name}"
        else:
            what = "-boost" if amount >= 0 else "-unboost"
            size = 0 if amount == -100 else abs(amount)
            line = f"|{what}|{self.who(event)}|{stat}|{size}"
            if kind == c.EFFECT_ITEM and size:
                line += f"|[from] {self.effect_name(event)}"
        rose = event.x if amount > 0 else -1
        self.boosts.append((self._place(event, stat), line, event.side, rose))

    def _place(self, event: Event, stat: str) -> int:
        """Return where an effect names a stat among those that it changes."""
        if event.effect == c.EFFECT_MOVE:
            order = words.boost_order(MOVE_NAMES[event.effect_id])
            if stat in order:
                return order.index(stat)
        if event.effect == c.EFFECT_ABILITY:
            if ABILITY_NAMES[event.effect_id] in ("moody", "angershell"):
                return event.x if event.y > 0 else 10 + event.x
        if words.copies_boosts(
            (event.effect, event.effect_id)
        ):  # in the order in which the foe rose
            risen = self.raised[1 - event.side]
            return risen.index(event.x) if event.x in risen else 10 + event.x
        return event.x

    def set_quiet(self, event: Event) -> None:
        self.quiet = bool(event.x)

    def ability(self, event: Event) -> None:
        name = ABILITY_NAMES[event.x]
        parts = ["-ability", self.who(event), words.ability_title(name, event.y == 1)]
        self.add(*parts, *(["boost"] if event.y == 1 else []))

    def new_ability(self, event: Event) -> None:
        new, old = (display("abilities", ABILITY_NAMES[a]) for a in (event.x, event.y))
        self.add("-ability", self.who(event), new, old, *self.from_of(event, True))

    def give_ability(self, event: Event) -> None:
        new, old = (display("abilities", ABILITY_NAMES[a]) for a in (event.x, event.y))
        given = [f"ability: {new}", self.of_source(event), f"[ability] {old}"]
        self.add("-activate", self.who(event), *given)

    def swap_abilities(self, event: Event) -> None:
        new, old = (display("abilities", ABILITY_NAMES[a]) for a in (event.x, event.y))
        self.add(
            "-activate", self.who(event), "Skill Swap", new, old, f"[of] {self.of_source(event)}"
        )

    def weather(self, event: Event) -> None:
        if event.y == 2:  # the ability could not bring it: another weather stays
            now = words.WEATHER_IDS[event.x].lower()
            name = self.effect_name(event).removeprefix("ability: ")
            self.add("-ability", self.who(event), name, f"[from] {now}", "[fail]")
            return
        parts = ["-weather", words.WEATHER_IDS[event.x]]
        if event.y:
            parts.append("[upkeep]")
        elif event.effect == c.EFFECT_ABILITY:
            parts += self.from_of(event, True)
        self.add(*parts)

    def cant(self, event: Event) -> None:
        move = display("moves", MOVE_NAMES[event.y]) if event.y else ""
        if event.x == e.CANT_ABILITY:
            name = self.effect_name(event)
            self.add("cant", self.who(event), name, move, f"[of] {self.of_source(event)}")
            return
        parts = ["cant", self.who(event), words.CANT[event.x]]
        self.add(*parts, *([move] if move else []))

    def turn(self, event: Event) -> None:
        self.add("turn", str(event.x))

    def win(self, event: Event) -> None:
        if event.x in (0, 1):
            self.add("win", self.labels.players[event.x])
        else:
            self.add("tie")

    def terastallize(self, event: Event) -> None:
        self.add("-terastallize", self.who(event), TYPE_NAMES[event.x])

    def miss(self, event: Event) -> None:
        self.add("-miss", self.who(event), self.of_source(event))

    def immune(self, event: Event) -> None:
        parts = ["-immune", self.who(event)]
        if event.x:
            parts.append("[ohko]" if event.x == 1 else "confusion")
        self.add(*parts, *self.from_of(event, False))

    def block(self, event: Event) -> None:
        of = [] if event.effect == c.EFFECT_ITEM else [f"[of] {self.who(event)}"]
        self.add("-block", self.who(event), self.effect_name(event), *of)

    def message(self, event: Event) -> None:
        self.add(*words.message(event.x, event.y, self.labels.players[event.side]))

    def fail(self, event: Event) -> None:
        parts = ["-fail", self.who(event)]
        move = f"move: {display('moves', MOVE_NAMES[event.y])}" if event.y else ""
        if event.x == e.FAIL_HEAL:
            parts.append("heal")
        elif event.x == e.FAIL_STATUS:
            parts.append(STATUS_NAMES[event.y])
        elif event.x in (e.FAIL_MOVE, e.FAIL_WEAK):
            parts.append(move)
            if event.x == e.FAIL_WEAK:
                parts.append("[weak]")
        elif event.x == e.FAIL_FORME:
            parts += [move, "[forme]"]
        elif event.x == e.FAIL_UPROAR:
            parts += ["slp", "[from] Uproar", *(["[msg]"] if event.y else [])]
        elif event.x == e.FAIL_WEATHER_STAYS:
            now = words.WEATHER_IDS[event.effect_id].lower()
            parts += [display("moves", MOVE_NAMES[event.y]), f"[from] {now}"]
        elif event.x == e.FAIL_WEATHER:
            name = words.WEATHERS[event.effect_id]
            parts += [display("moves", MOVE_NAMES[event.y]), f"[from] {name}"]
        elif event.x == e.FAIL_UNBOOST:
            parts.append("unboost")
            if event.y:
                parts.append(words.UNBOOSTED[event.y - 1])
            parts += self.from_of(event, True)
        elif event.effect != c.EFFECT_NONE:
            parts += self.from_of(event, True)
        self.add(*parts)

    def end_item(self, event: Event) -> None:
        parts = ["-enditem", self.who(event), display("items", ITEM_NAMES[event.x])]
        if event.y == e.ENDED_EATEN:
            parts.append("[eat]")
        elif event.y == e.ENDED_WEAKENS:
            parts.append("[weaken]")
        elif event.y == e.ENDED_USED and ITEM_NAMES[event.x].endswith("gem"):
            parts.append("[from] gem")
        elif event.y == e.ENDED_SILENT:
            parts.append("[silent]")
        elif event.y == e.ENDED_STOLEN:
            by = display("moves", MOVE_NAMES[event.effect_id])
            parts += ["[from] stealeat", f"[move] {by}", f"[of] {self.of_source(event)}"]
            self.add(*parts)
            return
        self.add(*parts, *self.from_of(event, True))

    def item(self, event: Event) -> None:
        name = display("items", ITEM_NAMES[event.x])
        self.add("-item", self.who(event), name, *self.from_of(event, True))

    def clear_boosts(self, event: Event) -> None:
        if event.x == 1:
            self.add("-clearallboost")
        elif event.x == 2:
            self.add("-clearnegativeboost", self.who(event), "[silent]")
        else:
            self.add("-clearboost", self.who(event))

    def reveal(self, event: Event) -> None:
        self.add("replace", self.who(event), self.details(replace(event, tera=0)))
        self.add("-end", self.who(event), "Illusion")

    def copy_boosts(self, event: Event) -> None:
        who, whose = self.who(event), self.of_source(event)
        self.add("-copyboost", who, whose, *self.from_of(event, False))

    def swap_boosts(self, event: Event) -> None:
        name = MOVE_NAMES[event.x]
        parts = ["-swapboost", self.who(event), self.of_source(event), *words.SWAPPED[name]]
        self.add(*parts, f"[from] move: {display('moves', name)}")

    def species(self, event: Event) -> None:
        if event.y & e.SPECIES_LASTING:
            silent = ["[silent]"] if event.y & e.SPECIES_SILENT else []
            self.add("detailschange", self.who(event), self.details(event), *silent)
            if event.y & e.SPECIES_HP:
                self.add("-heal", self.who(event), self.health(event), "[silent]")
            return
        name = self.species_name(event)
        message = "[msg]" if event.y & e.SPECIES_MESSAGE else ""
        ability = words.FORME_ABILITIES.get(name.split("-")[0])
        by = [f"[from] ability: {ability}"] if ability else []
        self.add("-formechange", self.who(event), name, message, *by)

    def transform(self, event: Event) -> None:
        parts = ["-transform", self.who(event), self.of_source(event)]
        self.add(*parts, *self.from_of(event, False))

    def field_activate(self, event: Event) -> None:
        if event.x == 0:
            self.add("-fieldactivate", "Delta Stream")
        elif MOVE_NAMES[event.x] == "courtchange":
            self.add("-swapsideconditions")
            self.add("-activate", self.who(event), "move: Court Change")
        else:
            self.add("-fieldactivate", f"move: {display('moves', MOVE_NAMES[event.x])}")

    def shield(self, event: Event) -> None:
        self.add("-activate", self.who(event), "move: Substitute", "[damage]")

    def hit_count(self, event: Event) -> None:
        self.add("-hitcount", self.who(event), str(event.x))

    def prepare(self, event: Event) -> None:
        early = ["[premajor]"] if event.y else []
        self.add("-prepare", self.who(event), display("moves", MOVE_NAMES[event.x]), *early)


def _plain(kind: str) -> Callable[[_Lines, Event], None]:
    return lambda writer, event: writer.add(kind, writer.who(event))


def _attached(text: str) -> Callable[[_Lines, Event], None]:
    return lambda writer, event: writer.attach(text)


_WRITERS: dict[int, Callable[[_Lines, Event], None]] = {
    e.L_MOVE: _Lines.move,
    e.L_STILL: _attached("[still]"),
    e.L_MISSED: _attached("[miss]"),
    e.L_NO_TARGET: _attached("[notarget]"),
    e.L_ANIM: _Lines.animation,
    e.L_SWITCH: _Lines.switch,
    e.L_DRAG: _Lines.switch,
    e.L_FAINT: _plain("faint"),
    e.L_DAMAGE: _Lines.damage,
    e.L_HEAL: _Lines.heal,
    e.L_SET_HP: _Lines.set_hp,
    e.L_STATUS: _Lines.status,
    e.L_CURE: _Lines.cure,
    e.L_BOOST: _Lines.boost,
    e.L_QUIET: _Lines.set_quiet,
    e.L_ABILITY: _Lines.ability,
    e.L_NEW_ABILITY: _Lines.new_ability,
    e.L_GIVE_ABILITY: _Lines.give_ability,
    e.L_SWAP_ABILITIES: _Lines.swap_abilities,
    e.L_END_ABILITY: _plain("-endability"),
    e.L_BLOCK: _Lines.block,
    e.L_MESSAGE: _Lines.message,
    e.L_TYPES: _Lines.types,
    e.L_ADDED_TYPE: _Lines.added_type,
    e.L_ACTIVATE_MOVE: _Lines.activate_move,
    e.L_SINGLE_TURN: _Lines.single_turn,
    e.L_COPY_BOOSTS: _Lines.copy_boosts,
    e.L_SWAP_BOOSTS: _Lines.swap_boosts,
    e.L_INVERT_BOOSTS: lambda writer, event: writer.add(
        "-invertboost", writer.who(event), "[from] move: Topsy-Turvy"
    ),
    e.L_NOTHING: lambda writer, event: writer.add("-nothing"),
    e.L_WEATHER: _Lines.weather,
    e.L_CANT: _Lines.cant,
    e.L_TURN: _Lines.turn,
    e.L_WIN: _Lines.win,
    e.L_TERASTALLIZE: _Lines.terastallize,
    e.L_CRIT: _plain("-crit"),
    e.L_MISS: _Lines.miss,
    e.L_SUPEREFFECTIVE: _plain("-supereffective"),
    e.L_RESISTED: _plain("-resisted"),
    e.L_IMMUNE: _Lines.immune,
    e.L_FAIL: _Lines.fail,
    e.L_UPKEEP: lambda writer, event: writer.add("upkeep"),
    e.L_RESIDUAL: lambda writer, event: writer.add(""),
    e.L_END_ITEM: _Lines.end_item,
    e.L_ITEM: _Lines.item,
    e.L_START: _Lines.start,
    e.L_END: _Lines.end,
    e.L_ACTIVATE: _Lines.activate,
    e.L_SIDE_START: _Lines.side_start,
    e.L_SIDE_END: _Lines.side_end,
    e.L_FIELD_START: _Lines.field,
    e.L_FIELD_END: _Lines.field,
    e.L_HIT_COUNT: _Lines.hit_count,
    e.L_PREPARE: _Lines.prepare,
    e.L_REVEAL: _Lines.reveal,
    e.L_CLEAR_BOOSTS: _Lines.clear_boosts,
    e.L_OHKO: lambda writer, event: writer.add("-ohko"),
    e.L_SHIELD: _Lines.shield,
    e.L_SPECIES: _Lines.species,
    e.L_TRANSFORM: _Lines.transform,
    e.L_FIELD_ACTIVATE: _Lines.field_activate,
    e.L_REPEAT: _Lines.repeat,
}


def protocol_lines(
    events: NDArray[np.int64], pool: NDArray[Any], i: int, labels: Labels
) -> list[str]:
    """Return the lines of a step.

    Args:
        events: rows of :func:`log_events.written_events`.
        pool, i: the state after the step.
        labels: what its members are called.
    """
    writer = _Lines(pool, i, labels)
    for row in events:
        writer.write(Event.of(row))
    writer.flush()
    return writer.lines
