"""Lines of conditions: volatiles, types, side conditions, terrain, rooms, and what activates."""

from plywise.engine.battle import constants as c
from plywise.engine.battle import log_events as e
from plywise.engine.battle.log import words
from plywise.engine.battle.log.labels import display
from plywise.engine.battle.log.writer import Event, Writer
from plywise.engine.battle.names import BOOST_NAMES, ITEM_NAMES, MOVE_NAMES, TYPE_NAMES


class ConditionLines(Writer):
    """Writes how conditions begin, act and end."""

    def start(self, event: Event) -> None:
        """Write that a volatile or its like begins."""
        who = self.who(event)
        if event.x == e.START_FUTURE:
            name = display("moves", MOVE_NAMES[event.effect_id])
            self.add("-start", who, name if name == "Doom Desire" else f"move: {name}")
        elif event.x == e.START_FALLEN:
            self.add("-start", who, f"fallen{event.y}", "[silent]")
        elif event.x == e.START_STOCKPILE:
            self.add("-start", who, f"stockpile{event.y}")
        elif event.x == e.START_ABILITY:
            self.add("-start", who, self.effect_name(event))
        elif event.x == e.START_PERISH:
            self.add("-start", who, f"perish{event.y}")
        elif event.x == e.START_MIMIC:
            self.add("-start", who, "Mimic", display("moves", MOVE_NAMES[event.y]))
        else:
            self._volatile(event, c.VOLATILE_NAMES[event.x])

    def _volatile(self, event: Event, name: str) -> None:
        who = self.who(event)
        if name in words.STARTS:
            kind, *said = words.STARTS[name].split("|")
            parts = [kind, who, *said]
            if name == "uproar" and event.y:
                parts.append("[upkeep]")
            if name in ("focusenergy", "dragoncheer") and event.y:
                parts.append("[silent]")
            if name == "perishsong" and not event.y:
                return  # Perish Body says no more
            if name == "substitute" and event.effect == c.EFFECT_MOVE:
                if MOVE_NAMES[event.effect_id] == "shedtail":
                    parts.append("[from] move: Shed Tail")
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
        elif event.effect == c.EFFECT_ITEM and name == "attract":
            parts += self.from_of(event, True)
        self.add(*parts)

    def end(self, event: Event) -> None:
        """Write that a volatile or its like ends."""
        who = self.who(event)
        silent = ["[silent]"] if event.y else []
        if event.x == e.END_FUTURE:
            self.add("-end", who, f"move: {display('moves', MOVE_NAMES[event.y])}")
        elif event.x == e.END_FALLEN:
            # Showdown writes "undefined" where none had fallen
            self.add("-end", who, f"fallen{event.y or 'undefined'}", "[silent]")
        elif event.x == e.END_ABILITY:
            name = self.effect_name(event)
            self.add(
                "-end", who, name.removeprefix("ability: ") if "Slow" in name else name, *silent
            )
        elif event.x == e.END_TYPES:
            self.add("-end", who, "typechange", "[silent]")
        elif event.x == c.V_PARTIALLYTRAPPED:
            name = display("moves", MOVE_NAMES[event.effect_id])
            self.add("-end", who, name, "[partiallytrapped]", *silent)
        elif event.x == c.V_LEECHSEED:
            if event.effect == c.EFFECT_MOVE:
                self.add("-end", who, "Leech Seed", *self.from_of(event, True))
        elif event.x == c.V_ATTRACT and event.effect != c.EFFECT_NONE:
            self.add("-end", who, "move: Attract", *self.from_of(event, False))
        else:
            name = c.VOLATILE_NAMES[event.x]
            if name in words.ENDS:
                self.add("-end", who, *words.ENDS[name].split("|"), *silent)

    def types(self, event: Event) -> None:
        """Write which types a Pokémon has now."""
        who = self.who(event)
        if event.y == e.TYPES_COPIED:
            self.add("-start", who, "typechange", *self.from_of(event, True))
            return
        named = "/".join(
            TYPE_NAMES[event.x >> at & 255] for at in (0, 8, 16) if event.x >> at & 255
        )
        silent = ["[silent]"] if event.y == e.TYPES_SILENT else []
        self.add("-start", who, "typechange", named, *self.from_of(event, False), *silent)

    def added_type(self, event: Event) -> None:
        """Write which type was added to a Pokémon's own."""
        parts = ["-start", self.who(event), "typeadd", TYPE_NAMES[event.x]]
        self.add(*parts, *self.from_of(event, False), *(["[silent]"] if event.y else []))

    def activate(self, event: Event) -> None:
        """Write that an effect acts."""
        who = self.who(event)
        if event.x:
            name = c.VOLATILE_NAMES[event.x - 1]
            if name == "attract":
                self.add("-activate", who, "move: Attract", f"[of] {self.of_source(event)}")
            else:
                self.add("-activate", who, name)
            return
        name = self.effect_name(event)
        if event.effect == c.EFFECT_TERRAIN:
            name = f"move: {name}"
        if name == "ability: Orichalcum Pulse" and event.y:
            self.add("-activate", who, "Orichalcum Pulse", "[source]")
            return
        parts = ["-activate", who, name]
        if name == "move: Poltergeist":
            parts.append(display("items", ITEM_NAMES[event.y]))
        elif name == "item: Custap Berry":
            parts.append("[consumed]")
        elif event.y == 1 and name != "move: Feint":
            parts.append("[broken]")
        if event.source >= 0:
            parts.append(f"[of] {self.of_source(event)}")
        self.add(*parts)

    def activate_move(self, event: Event) -> None:
        """Write that an effect acts on a move or reveals one."""
        name = self.effect_name(event)
        parts = ["-activate", self.who(event), name, display("moves", MOVE_NAMES[event.x])]
        if event.y:
            parts.append(str(event.y))
        if name == "item: Leppa Berry":
            parts.append("[consumed]")
        if event.source >= 0:
            parts.append(f"[of] {self.of_source(event)}")
        self.add(*parts)

    def single_turn(self, event: Event) -> None:
        """Write what a move does for this turn."""
        name = display("moves", MOVE_NAMES[event.x])
        if event.source >= 0:
            self.add(
                "-singleturn", self.who(event), f"move: {name}", f"[of] {self.of_source(event)}"
            )
        else:
            self.add("-singleturn", self.who(event), name)

    def side_start(self, event: Event) -> None:
        """Write that a side condition begins."""
        said = words.SIDE_CONDITIONS[c.SIDE_CONDITION_NAMES[event.x]]
        self.add("-sidestart", self.player(event.side), said)

    def side_end(self, event: Event) -> None:
        """Write that a side condition ends."""
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

    def field(self, event: Event) -> None:
        """Write that a terrain or a pseudo-weather begins or ends."""
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
        elif event.x == c.MAGIC_ROOM:
            parts.append(f"[of] {self.who(event)}")
        self.add(*parts)
