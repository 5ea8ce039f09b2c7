"""Conversion of logged events to lines of Showdown's protocol, with exact HP on both sides.

Names of Pokémon in lines are no part of a flat state: :mod:`labels`.  The texts of conditions are
in :mod:`words`.  Left out: hints, what Forewarn or Anticipation reveal, messages of rules.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plywise.engine.battle import constants as c
from plywise.engine.battle import log_events as e
from plywise.engine.battle.log import words
from plywise.engine.battle.log.labels import Labels, display
from plywise.engine.battle.names import (
    ABILITY_NAMES,
    BOOST_NAMES,
    DATA,
    ITEM_NAMES,
    MOVE_NAMES,
    SPECIES_NAMES,
    STATUS_NAMES,
    TYPE_NAMES,
)

_ABSORBING = {"voltabsorb", "waterabsorb", "eartheater", "dryskin"}


@dataclass(frozen=True)
class _Event:
    """One event, its words taken apart; names as in :mod:`log_events`."""

    kind: int
    side: int
    member: int
    shown: int
    active: bool
    hp: int
    max_hp: int
    status: int
    species: int
    shown_species: int
    tera: int
    x: int
    y: int
    effect: int
    effect_id: int
    source: int
    source_shown: int
    source_active: bool
    caller: int

    @classmethod
    def of(cls, row: NDArray[np.int64]) -> "_Event":
        w = [int(v) for v in row]
        return cls(
            kind=w[e.W_KIND],
            side=w[e.W_SIDE],
            member=w[e.W_MEMBER] & 15,
            shown=w[e.W_MEMBER] >> 4 & 15,
            active=bool(w[e.W_MEMBER] >> 8),
            hp=w[e.W_HP] & 0xFFFF,
            max_hp=w[e.W_HP] >> 16 & 0xFFFF,
            status=w[e.W_HP] >> 32,
            species=w[e.W_SPECIES] & 0xFFFF,
            tera=w[e.W_SPECIES] >> 16 & 0xFFFF,
            shown_species=w[e.W_SPECIES] >> 32,
            x=w[e.W_X],
            y=w[e.W_Y],
            effect=w[e.W_EFFECT] & 0xFF,
            effect_id=w[e.W_EFFECT] >> 8,
            source=(w[e.W_SOURCE] & 15) - 1,
            source_shown=w[e.W_SOURCE] >> 4 & 15,
            source_active=bool(w[e.W_SOURCE] >> 8),
            caller=w[e.W_CALLER],
        )


class _Writer:
    """Turns events into lines, one after the other."""

    def __init__(self, pool: NDArray[Any], i: int, labels: Labels) -> None:
        self.labels = labels
        self.levels = [[int(m["level"]) for m in s["mons"]] for s in pool[i]["sides"]]
        self.genders = [[int(m["flag_bits"]) for m in s["mons"]] for s in pool[i]["sides"]]
        self.moves = [[list(m["moves"]) for m in s["mons"]] for s in pool[i]["sides"]]
        self.lines: list[str] = []
        self.last_move = -1
        self.quiet = False
        self.boosts: list[tuple[int, str]] = []  # of one effect, not yet in Showdown's order
        self.boosting: tuple[int, ...] = ()

    # ------------------------------------------------------------------------------- parts
    def ident(self, side: int, shown: int, active: bool) -> str:
        return f"p{side + 1}{'a' if active else ''}: {self.labels.names[side][shown]}"

    def who(self, event: _Event) -> str:
        return self.ident(event.side, event.shown, event.active)

    def of_source(self, event: _Event) -> str:
        return self.ident(event.source, event.source_shown, event.source_active)

    def foe(self, event: _Event) -> str:
        """Return the other side's active, if the event names it as source."""
        return self.of_source(event)

    def player(self, side: int) -> str:
        return f"p{side + 1}: {self.labels.players[side]}"

    def health(self, event: _Event) -> str:
        if event.hp <= 0:
            return "0 fnt"
        status = f" {STATUS_NAMES[event.status]}" if event.status else ""
        return f"{event.hp}/{event.max_hp}{status}"

    def details(self, event: _Event) -> str:
        s, shown = event.side, event.shown
        name = display("species", SPECIES_NAMES[event.shown_species])
        if name in ("Greninja-Bond", "Rockruff-Dusk"):
            name = name.split("-")[0]
        cosmetic = self.labels.cosmetic[s][shown]
        if cosmetic.startswith(f"{name}-"):
            name = cosmetic
        whose_level = shown if self.labels.illusion_level else event.member
        level = self.levels[s][whose_level]
        parts = [name]
        if level != 100:
            parts.append(f"L{level}")
        gender = self.genders[s][shown] & c.MON_GENDER
        if gender:
            parts.append("M" if gender == c.MON_MALE else "F")
        if self.labels.shiny[s][shown]:
            parts.append("shiny")
        if event.tera:
            parts.append(f"tera:{TYPE_NAMES[event.tera]}")
        return ", ".join(parts)

    def effect_name(self, event: _Event) -> str:
        """Return an effect's full name, as in ``[from] item: Leftovers``; empty for none."""
        kind, number = event.effect, event.effect_id
        if kind == c.EFFECT_ABILITY:
            return f"ability: {display('abilities', ABILITY_NAMES[number])}"
        if kind == c.EFFECT_ITEM:
            return f"item: {display('items', ITEM_NAMES[number])}"
        if kind == c.EFFECT_MOVE:
            return f"move: {display('moves', MOVE_NAMES[number])}"
        if kind == c.EFFECT_STATUS:
            return "psn" if number == c.TOX else STATUS_NAMES[number]
        if kind == c.EFFECT_WEATHER:
            return words.WEATHERS[number]
        if kind == c.EFFECT_TERRAIN:
            return words.TERRAINS[number]
        if kind == c.EFFECT_VOLATILE:
            name = c.VOLATILE_NAMES[number]
            return display("moves", name)
        if kind == c.EFFECT_SIDE_CONDITION:
            return display("moves", c.SIDE_CONDITION_NAMES[number])
        return {
            c.EFFECT_RECOIL: "Recoil",
            c.EFFECT_STRUGGLE_RECOIL: "recoil",
            c.EFFECT_DRAIN: "drain",
            c.EFFECT_CONFUSED: "confusion",
            c.EFFECT_LEECH_SEED: "Leech Seed",
        }.get(kind, "")

    def from_of(self, event: _Event, of: bool) -> list[str]:
        name = self.effect_name(event)
        out = [f"[from] {name}"] if name else []
        if of and event.source >= 0:
            out.append(f"[of] {self.of_source(event)}")
        return out

    def add(self, *parts: str) -> None:
        self.lines.append("|" + "|".join(parts))

    def attach(self, text: str) -> None:
        """Add to the last move's line, as Showdown's attrLastMove does."""
        if self.last_move < 0:
            return
        line = self.lines[self.last_move]
        if text == "[still]":
            if line.startswith("|-anim|"):
                del self.lines[self.last_move]
                self.last_move = -1
                return
            parts = line.split("|")
            parts[4] = ""
            line = "|".join(parts)
        self.lines[self.last_move] = f"{line}|{text}"

    # ------------------------------------------------------------------------------- kinds
    def write(self, event: _Event) -> None:
        if event.kind not in (e.L_BOOST, e.L_QUIET):
            self.flush()
        _WRITERS[event.kind](self, event)

    def flush(self) -> None:
        """Write the boosts of one effect, in the order in which it names them."""
        for _, line in sorted(self.boosts, key=lambda found: found[0]):
            self.lines.append(line)
        self.boosts, self.boosting = [], ()

    def move(self, event: _Event) -> None:
        name = display("moves", MOVE_NAMES[event.x])
        target = self.of_source(event) if event.source >= 0 else ""
        parts = ["move", self.who(event), name, target]
        if event.effect == c.EFFECT_VOLATILE:
            parts.append("[from] lockedmove")
        elif event.effect != c.EFFECT_NONE:
            parts.append(f"[from] {self.effect_name(event)}")
        self.last_move = len(self.lines)
        self.add(*parts)

    def repeat(self, event: _Event) -> None:
        self.last_move = len(self.lines)
        name = display("moves", MOVE_NAMES[event.x])
        self.add("-anim", self.who(event), name, self.of_source(event))

    def animation(self, event: _Event) -> None:
        name = display("moves", MOVE_NAMES[event.x])
        if MOVE_NAMES[event.x] == "ficklebeam":
            kind = "All Out"
        elif MOVE_NAMES[event.x] == "shellsidearm":
            kind = "Physical" if event.y == c.CATEGORY_PHYSICAL else "Special"
        else:
            kind = TYPE_NAMES[event.y]
        self.attach(f"[anim] {name} {kind}")

    def switch(self, event: _Event) -> None:
        kind = "drag" if event.kind == e.L_DRAG else "switch"
        parts = [kind, self.who(event), self.details(event), self.health(event)]
        if kind == "switch" and event.effect_id:
            parts.append(f"[from] {display('moves', MOVE_NAMES[event.effect_id])}")
        self.add(*parts)

    def damage(self, event: _Event) -> None:
        parts = ["-damage", self.who(event), self.health(event)]
        kind = event.effect
        if kind == c.EFFECT_NONE:
            if event.caller:  # crashing, Steel Beam: Showdown names the bare id
                parts.append(f"[from] {MOVE_NAMES[event.caller]}")
        elif kind == c.EFFECT_VOLATILE and event.effect_id == c.V_PARTIALLYTRAPPED:
            parts += [f"[from] move: {self._binding(event)}", "[partiallytrapped]"]
        elif kind == c.EFFECT_RECOIL and MOVE_NAMES[event.caller] == "chloroblast":
            parts.append("[from] chloroblast")
        elif kind == c.EFFECT_ABILITY and ABILITY_NAMES[event.effect_id] == "disguise":
            parts.append(f"[from] pokemon: {display('species', SPECIES_NAMES[event.species])}")
        elif kind != c.EFFECT_MOVE:
            other = event.source >= 0 and event.source != event.side
            named = kind in (c.EFFECT_ABILITY, c.EFFECT_ITEM, c.EFFECT_LEECH_SEED)
            named = named or (kind == c.EFFECT_VOLATILE and event.effect_id == c.V_SPIKYSHIELD)
            parts += self.from_of(event, (other and named) or kind == c.EFFECT_ABILITY)
        self.add(*parts)

    def _binding(self, event: _Event) -> str:
        """Return the binding move of the foe's active: the one that it knows."""
        for move in self.moves[event.source][event.source_shown]:
            data = DATA["moves"].get(MOVE_NAMES[int(move)], {})
            if data.get("volatileStatus") == "partiallytrapped":
                return str(data["name"])
        return "???"

    def heal(self, event: _Event) -> None:
        parts = ["-heal", self.who(event), self.health(event)]
        kind, number = event.effect, event.effect_id
        if kind == c.EFFECT_NONE:
            parts.append("[from] move: Revival Blessing")
        elif kind == c.EFFECT_MOVE:
            name = MOVE_NAMES[number]
            if name == "rest":
                parts.append("[silent]")
            elif name in ("aquaring", "ingrain"):
                parts.append(f"[from] {display('moves', name)}")
        elif kind == c.EFFECT_LEECH_SEED:
            parts.append("[silent]")
        elif kind == c.EFFECT_WISH:
            if number:
                parts.append(f"[from] move: {display('moves', MOVE_NAMES[number])}")
            else:
                parts += ["[from] move: Wish", f"[wisher] {self._wisher(event)}"]
        elif kind == c.EFFECT_DRAIN:
            parts += self.from_of(event, True)
        else:
            name = ABILITY_NAMES[number] if kind == c.EFFECT_ABILITY else ""
            item = ITEM_NAMES[number] if kind == c.EFFECT_ITEM else ""
            parts += self.from_of(event, False)
            foe = (name in _ABSORBING and event.caller) or item == "shellbell"
            if foe and self.opponent:
                parts.append(f"[of] {self.opponent[event.side]}")
        self.add(*parts)

    opponent: tuple[str, str] | None = None
    """Per side the name of its foe's active in the last line."""

    def _wisher(self, event: _Event) -> str:
        """Return the Pokémon that made the wish: the only one that knows it, or the one healed."""
        team = self.moves[event.side]
        wish = MOVE_NAMES.index("wish")
        knowing = [k for k, moves in enumerate(team) if wish in [int(m) for m in moves]]
        return self.labels.names[event.side][knowing[0] if knowing else event.shown]

    def set_hp(self, event: _Event) -> None:
        parts = ["-sethp", self.who(event), self.health(event), "[from] move: Pain Split"]
        self.add(*parts, *(["[silent]"] if event.x else []))

    def status(self, event: _Event) -> None:
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

    def cure(self, event: _Event) -> None:
        parts = ["-curestatus", self.who(event), STATUS_NAMES[event.x]]
        if event.effect == c.EFFECT_ABILITY:
            parts += [*self.from_of(event, False), "[silent]"]
        elif event.effect == c.EFFECT_MOVE:
            # as Showdown writes it: the move's name comes without what it is
            parts.append(f"[from] move: {display('moves', MOVE_NAMES[event.effect_id])}")
        else:
            parts.append("[msg]")
        self.add(*parts)

    def boost(self, event: _Event) -> None:
        kind, amount = event.effect, event.y
        if self.quiet and amount in (0, -100):
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
            line = f"|-setboost|{self.who(event)}|atk|6|[from] {name}"
        else:
            what = "-boost" if amount >= 0 else "-unboost"
            size = 0 if amount == -100 else abs(amount)
            line = f"|{what}|{self.who(event)}|{stat}|{size}"
            if kind == c.EFFECT_ITEM:
                line += f"|[from] {self.effect_name(event)}"
        self.boosts.append((self._place(event, stat), line))

    def _place(self, event: _Event, stat: str) -> int:
        """Return where an effect names a stat among those that it changes."""
        if event.effect == c.EFFECT_MOVE:
            order = words.boost_order(MOVE_NAMES[event.effect_id])
            if stat in order:
                return order.index(stat)
        if event.effect == c.EFFECT_ABILITY:
            if ABILITY_NAMES[event.effect_id] in ("moody", "angershell"):
                return event.x if event.y > 0 else 10 + event.x
        return event.x

    def set_quiet(self, event: _Event) -> None:
        self.quiet = bool(event.x)

    def ability(self, event: _Event) -> None:
        name = display("abilities", ABILITY_NAMES[event.x])
        if name.startswith("As One"):
            name = "As One"
        parts = ["-ability", self.who(event), name]
        if event.y == 2:  # Trace: what it was, and whose it is
            parts += ["Trace", *self.from_of(event, True)]
        self.add(*parts, *(["boost"] if event.y == 1 else []))

    def weather(self, event: _Event) -> None:
        parts = ["-weather", words.WEATHER_IDS[event.x]]
        if event.y:
            parts.append("[upkeep]")
        elif event.effect == c.EFFECT_ABILITY:
            parts += self.from_of(event, True)
        self.add(*parts)

    def cant(self, event: _Event) -> None:
        move = display("moves", MOVE_NAMES[event.y]) if event.y else ""
        if event.x == e.CANT_ABILITY:
            name = self.effect_name(event)
            self.add("cant", self.who(event), name, move, f"[of] {self.of_source(event)}")
            return
        parts = ["cant", self.who(event), words.CANT[event.x]]
        self.add(*parts, *([move] if move else []))

    def turn(self, event: _Event) -> None:
        self.add("turn", str(event.x))

    def win(self, event: _Event) -> None:
        if event.x in (0, 1):
            self.add("win", self.labels.players[event.x])
        else:
            self.add("tie")

    def terastallize(self, event: _Event) -> None:
        self.add("-terastallize", self.who(event), TYPE_NAMES[event.x])

    def miss(self, event: _Event) -> None:
        self.add("-miss", self.who(event), self.of_source(event))

    def immune(self, event: _Event) -> None:
        parts = ["-immune", self.who(event)]
        if event.x == 1:
            parts.append("[ohko]")
        self.add(*parts, *self.from_of(event, False))

    def fail(self, event: _Event) -> None:
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

    def end_item(self, event: _Event) -> None:
        parts = ["-enditem", self.who(event), display("items", ITEM_NAMES[event.x])]
        if event.y == e.ENDED_EATEN:
            parts.append("[eat]")
        elif event.y == e.ENDED_WEAKENS:
            parts.append("[weaken]")
        elif event.y == e.ENDED_USED and ITEM_NAMES[event.x].endswith("gem"):
            parts.append("[from] gem")
        elif event.y == e.ENDED_SILENT:
            parts.append("[silent]")
        self.add(*parts, *self.from_of(event, True))

    def item(self, event: _Event) -> None:
        name = display("items", ITEM_NAMES[event.x])
        self.add("-item", self.who(event), name, *self.from_of(event, True))

    def start(self, event: _Event) -> None:
        if event.x == -1:  # a move that hits later
            name = display("moves", MOVE_NAMES[event.effect_id])
            self.add("-start", self.who(event), name if name == "Doom Desire" else f"move: {name}")
            return
        if event.x == -2:
            new = TYPE_NAMES[event.y]
            self.add("-start", self.who(event), "typechange", new, *self.from_of(event, False))
            return
        if event.x == -4:
            self.add("-start", self.who(event), f"fallen{event.y}", "[silent]")
            return
        if event.x == -6:
            self.add("-start", self.who(event), f"stockpile{event.y}")
            return
        if event.x == -5:
            self.add("-start", self.who(event), self.effect_name(event))
            return
        if event.x == -3:
            self.add("-start", self.who(event), f"perish{event.y}")
            return
        self._volatile(event, c.VOLATILE_NAMES[event.x])

    def _volatile(self, event: _Event, name: str) -> None:
        who = self.who(event)
        if name in words.STARTS:
            kind, *said = words.STARTS[name].split("|")
            parts = [kind, who, *said]
            if name == "uproar" and event.y:
                parts.append("[upkeep]")
            if name == "charge" and event.effect == c.EFFECT_ABILITY:
                by = display("moves", MOVE_NAMES[event.caller])
                parts += [by, *self.from_of(event, False)]
        elif name == "confusion":
            parts = ["-start", who, "confusion"]
            if event.effect == c.EFFECT_VOLATILE:
                parts.append("[fatigue]")
        elif name == "disable":
            parts = ["-start", who, "Disable", display("moves", MOVE_NAMES[event.y])]
        elif name in ("protosynthesis", "quarkdrive"):
            title = display("abilities", name)
            booster = ["[fromitem]"] if event.effect == c.EFFECT_ITEM else []
            self.add("-activate", who, f"ability: {title}", *booster)
            self.add("-start", who, name + BOOST_NAMES[event.y - 1])
            return
        elif name == "partiallytrapped":
            parts = ["-activate", who, f"move: {display('moves', MOVE_NAMES[event.effect_id])}"]
            parts.append(f"[of] {self.of_source(event)}")
        elif name in ("yawn", "curse"):
            title = "move: Yawn" if name == "yawn" else "Curse"
            parts = ["-start", who, title, f"[of] {self.of_source(event)}"]
        else:
            return
        if event.effect == c.EFFECT_ABILITY and name in ("confusion", "disable", "attract"):
            parts += self.from_of(event, True)
        self.add(*parts)

    def end(self, event: _Event) -> None:
        if event.x >= 1000:  # a move that was made turns ago
            self.add(
                "-end", self.who(event), f"move: {display('moves', MOVE_NAMES[event.x - 1000])}"
            )
            return
        if event.x == -4:
            # Showdown writes "undefined" where none had fallen
            fallen = event.y or "undefined"
            self.add("-end", self.who(event), f"fallen{fallen}", "[silent]")
            return
        if event.x == c.V_PARTIALLYTRAPPED:
            silent = ["[silent]"] if event.y else []
            self.add("-end", self.who(event), self._binding(event), "[partiallytrapped]", *silent)
            return
        name = c.VOLATILE_NAMES[event.x]
        if name in words.ENDS:
            silent = ["[silent]"] if event.y else []
            self.add("-end", self.who(event), *words.ENDS[name].split("|"), *silent)

    def activate(self, event: _Event) -> None:
        if event.x:
            name = c.VOLATILE_NAMES[event.x - 1]
            if name == "attract":
                self.add(
                    "-activate", self.who(event), "move: Attract", f"[of] {self.of_source(event)}"
                )
            else:
                self.add("-activate", self.who(event), name)
            return
        parts = ["-activate", self.who(event)]
        name = self.effect_name(event)
        if event.effect == c.EFFECT_TERRAIN:
            name = f"move: {name}"
        parts.append(name)
        if event.y >= 1000:
            parts.append(display("moves", MOVE_NAMES[event.y - 1000]))
        elif event.effect == c.EFFECT_MOVE and MOVE_NAMES[event.effect_id] == "poltergeist":
            parts.append(display("items", ITEM_NAMES[event.y]))
        elif event.y == 1 and name != "move: Feint":
            parts.append("[broken]")
        if event.source >= 0:
            parts.append(f"[of] {self.of_source(event)}")
        self.add(*parts)

    def side_start(self, event: _Event) -> None:
        said = words.SIDE_CONDITIONS[c.SIDE_CONDITION_NAMES[event.x]]
        self.add("-sidestart", self.player(event.side), said)

    def side_end(self, event: _Event) -> None:
        name = c.SIDE_CONDITION_NAMES[event.x]
        if event.effect == c.EFFECT_MOVE:  # swept away: logged by its plain name
            parts = ["-sideend", self.player(event.side), display("moves", name)]
            if MOVE_NAMES[event.effect_id] != "tidyup":
                parts += self.from_of(event, True)
            self.add(*parts)
            return
        parts = ["-sideend", self.player(event.side), words.SIDE_CONDITIONS[name]]
        if event.source >= 0:
            parts.append(f"[of] {self.of_source(event)}")
        self.add(*parts)

    def field(self, event: _Event) -> None:
        start = event.kind == e.L_FIELD_START
        if event.x >= 100:
            terrain = words.TERRAINS[event.x - 100]
            said = f"move: {terrain}"
            if not start and terrain == "Misty Terrain":
                said = terrain
        else:
            name = c.PSEUDO_WEATHER_NAMES[event.x]
            if name not in words.PSEUDO_WEATHERS:
                return
            said = words.PSEUDO_WEATHERS[name]
            if said.startswith("activate "):
                if start:
                    self.add("-fieldactivate", said.removeprefix("activate "))
                return
        parts = ["-fieldstart" if start else "-fieldend", said]
        if start and event.effect == c.EFFECT_ABILITY:
            parts += self.from_of(event, True)
        elif start and event.x in (c.TRICK_ROOM, c.MAGIC_ROOM, c.WONDER_ROOM):
            parts.append(f"[of] {self.who(event)}")
        self.add(*parts)

    def clear_boosts(self, event: _Event) -> None:
        if event.x == 1:
            self.add("-clearallboost")
        elif event.x == 2:
            self.add("-clearnegativeboost", self.who(event), "[silent]")
        else:
            self.add("-clearboost", self.who(event))

    def reveal(self, event: _Event) -> None:
        self.add("replace", self.who(event), self.details(event))
        self.add("-end", self.who(event), "Illusion")

    def species(self, event: _Event) -> None:
        if event.y & 1:
            self.add("detailschange", self.who(event), self.details(event))
            if event.y & 2:
                self.add("-heal", self.who(event), self.health(event), "[silent]")
            return
        name = display("species", SPECIES_NAMES[event.shown_species])
        parts = ["-formechange", self.who(event), name, ""]
        ability = words.FORME_ABILITIES.get(name.split("-")[0])
        self.add(*parts, *([f"[from] ability: {ability}"] if ability else []))

    def transform(self, event: _Event) -> None:
        parts = ["-transform", self.who(event), self.of_source(event)]
        self.add(*parts, *self.from_of(event, False))

    def field_activate(self, event: _Event) -> None:
        if MOVE_NAMES[event.x] == "courtchange":
            self.add("-swapsideconditions")
            self.add("-activate", self.who(event), "move: Court Change")
        else:
            self.add("-fieldactivate", f"move: {display('moves', MOVE_NAMES[event.x])}")

    def shield(self, event: _Event) -> None:
        self.add("-activate", self.who(event), "move: Substitute", "[damage]")

    def hit_count(self, event: _Event) -> None:
        self.add("-hitcount", self.who(event), str(event.x))

    def prepare(self, event: _Event) -> None:
        self.add("-prepare", self.who(event), display("moves", MOVE_NAMES[event.x]))


def _plain(kind: str) -> Callable[[_Writer, _Event], None]:
    return lambda writer, event: writer.add(kind, writer.who(event))


def _attached(text: str) -> Callable[[_Writer, _Event], None]:
    return lambda writer, event: writer.attach(text)


_WRITERS: dict[int, Callable[[_Writer, _Event], None]] = {
    e.L_MOVE: _Writer.move,
    e.L_STILL: _attached("[still]"),
    e.L_MISSED: _attached("[miss]"),
    e.L_NO_TARGET: _attached("[notarget]"),
    e.L_ANIM: _Writer.animation,
    e.L_SWITCH: _Writer.switch,
    e.L_DRAG: _Writer.switch,
    e.L_FAINT: _plain("faint"),
    e.L_DAMAGE: _Writer.damage,
    e.L_HEAL: _Writer.heal,
    e.L_SET_HP: _Writer.set_hp,
    e.L_STATUS: _Writer.status,
    e.L_CURE: _Writer.cure,
    e.L_BOOST: _Writer.boost,
    e.L_QUIET: _Writer.set_quiet,
    e.L_ABILITY: _Writer.ability,
    e.L_WEATHER: _Writer.weather,
    e.L_CANT: _Writer.cant,
    e.L_TURN: _Writer.turn,
    e.L_WIN: _Writer.win,
    e.L_TERASTALLIZE: _Writer.terastallize,
    e.L_CRIT: _plain("-crit"),
    e.L_MISS: _Writer.miss,
    e.L_SUPEREFFECTIVE: _plain("-supereffective"),
    e.L_RESISTED: _plain("-resisted"),
    e.L_IMMUNE: _Writer.immune,
    e.L_FAIL: _Writer.fail,
    e.L_UPKEEP: lambda writer, event: writer.add("upkeep"),
    e.L_END_ITEM: _Writer.end_item,
    e.L_ITEM: _Writer.item,
    e.L_START: _Writer.start,
    e.L_END: _Writer.end,
    e.L_ACTIVATE: _Writer.activate,
    e.L_SIDE_START: _Writer.side_start,
    e.L_SIDE_END: _Writer.side_end,
    e.L_FIELD_START: _Writer.field,
    e.L_FIELD_END: _Writer.field,
    e.L_HIT_COUNT: _Writer.hit_count,
    e.L_PREPARE: _Writer.prepare,
    e.L_REVEAL: _Writer.reveal,
    e.L_CLEAR_BOOSTS: _Writer.clear_boosts,
    e.L_OHKO: lambda writer, event: writer.add("-ohko"),
    e.L_SHIELD: _Writer.shield,
    e.L_SPECIES: _Writer.species,
    e.L_TRANSFORM: _Writer.transform,
    e.L_FIELD_ACTIVATE: _Writer.field_activate,
    e.L_REPEAT: _Writer.repeat,
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
    writer = _Writer(pool, i, labels)
    actives = []
    for side in range(2):
        record = pool[i]["sides"][side]
        shown = int(record["illusion"]) - 1 if record["illusion"] else int(record["active"])
        actives.append(writer.ident(side, shown, True))
    writer.opponent = (actives[1], actives[0])
    for row in events:
        writer.write(_Event.of(row))
    writer.flush()
    return writer.lines
