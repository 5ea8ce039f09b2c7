"""What lines of Showdown's protocol are made of: Pokémon, HP, details, causes in its words."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plywise.engine.battle import constants as c
from plywise.engine.battle import log_events as e
from plywise.engine.battle.log import words
from plywise.engine.battle.log.labels import Labels, details_text, display
from plywise.engine.battle.names import (
    ABILITY_NAMES,
    ITEM_NAMES,
    MOVE_NAMES,
    STATUS_NAMES,
    TYPE_NAMES,
)


@dataclass(frozen=True)
class Event:
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
    def of(cls, row: NDArray[np.int64]) -> "Event":
        """Take the words of a logged event apart."""
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


class Writer:
    """Turns events into lines, one after the other."""

    def __init__(self, pool: NDArray[Any], i: int, labels: Labels) -> None:
        self.labels = labels
        self.levels = [[int(m["level"]) for m in s["mons"]] for s in pool[i]["sides"]]
        self.genders = [[int(m["flag_bits"]) for m in s["mons"]] for s in pool[i]["sides"]]
        self.lines: list[str] = []
        self.last_move = -1
        self.quiet = False
        # Of one effect, not yet in Showdown's order: place, line, side, stat that rose or -1
        self.boosts: list[tuple[int, str, int, int]] = []
        self.boosting: tuple[int, ...] = ()
        self.raised: tuple[list[int], list[int]] = (
            [],
            [],
        )  # stats as they rose

    # ------------------------------------------------------------------------------- parts
    def ident(self, side: int, shown: int, active: bool) -> str:
        """Return what a line calls a Pokémon, as ``p1a: Nickname``."""
        return f"p{side + 1}{'a' if active else ''}: {self.labels.names[side][shown]}"

    def who(self, event: Event) -> str:
        """Return the Pokémon that an event is about."""
        return self.ident(event.side, event.shown, event.active)

    def of_source(self, event: Event) -> str:
        """Return the Pokémon that caused an event."""
        return self.ident(event.source, event.source_shown, event.source_active)

    def player(self, side: int) -> str:
        """Return what a line calls a side."""
        return f"p{side + 1}: {self.labels.players[side]}"

    def health(self, event: Event) -> str:
        """Return HP and status, as ``231/300 par``."""
        if event.hp <= 0:
            return "0 fnt"
        status = f" {STATUS_NAMES[event.status]}" if event.status else ""
        return f"{event.hp}/{event.max_hp}{status}"

    def species_name(self, event: Event) -> str:
        """Return the species that is seen, with its cosmetic forme."""
        return self.labels.species_name(event.shown_species, event.side, event.shown)

    def details(self, event: Event) -> str:
        """Return species, level, gender and the like, as seen."""
        s, shown = event.side, event.shown
        whose_level = shown if self.labels.illusion_level else event.member
        more = ["shiny"] if self.labels.shiny[s][shown] else []
        if event.tera:
            more.append(f"tera:{TYPE_NAMES[event.tera]}")
        level, gender = self.levels[s][whose_level], self.genders[s][shown]
        return details_text(self.species_name(event), level, gender, *more)

    def effect_name(self, event: Event) -> str:
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

    def from_of(self, event: Event, of: bool) -> list[str]:
        """Return the parts that name the cause and, with ``of``, whose it is."""
        name = self.effect_name(event)
        out = [f"[from] {name}"] if name else []
        if of and event.source >= 0:
            out.append(f"[of] {self.of_source(event)}")
        return out

    def add(self, *parts: str) -> None:
        """Write a line."""
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
