"""Lines of conditions: of Pokémon, slots, sides and the field."""

from __future__ import annotations

from plywise.datasets.showdown_data import to_id
from plywise.games.gen9.evidence.highest_stat import Highest
from plywise.games.gen9.tracking import condition_tables as tables
from plywise.games.gen9.tracking.known import Effect, KnownMon
from plywise.games.gen9.tracking.reader import MoveUnderWay, Reader
from plywise.games.gen9.tracking.wire import ProtocolLine, effect_of, place_of

_KEPT = 4  # kinds of stages with which the highest stat of one Pokémon was told


class Conditions(Reader):
    """Reads them."""

    def _on_minus_start(self, line: ProtocolLine) -> None:
        ident, name = line.arg(0), tables.effect_id(line.arg(1))
        s = place_of(ident)[0]
        side = self.battle.sides[s]
        mon = self._mon(ident)
        length = tables.LENGTHS.get(name)
        if name == "typechange":
            if "silent" in line.tags and mon is not None and mon.name != place_of(ident)[1]:
                return  # what the player's own Illusion looks like
            if mon is not None and mon.terastallized:
                return  # its own types stay (``Pokemon.setType``)
            types = tuple(line.arg(2).split("/"))
            own = () if mon is None else tables.types_of_forme(mon.forme)
            side.types = () if "silent" in line.tags and types == own else types
            side.added_type = ""
            if line.origin == ("move", "reflecttype"):
                side.types = self._types_of(line.tags.get("of", ""))
            if line.origin in tables.CHANGES_TYPE_ONCE:
                side.effects["protean"] = Effect(self.battle.now)
            return
        if name == "typeadd":
            side.added_type = line.arg(2)
            return
        if name in tables.FUTURE_MOVES:
            # It hits whoever stands opposite at the end of the turn after the next one.
            target = self.battle.sides[1 - s]
            target.conditions["futuremove"] = Effect(
                self.battle.now, 3, move=name, source=side.active
            )
            return
        if name == "mimic":
            side.effects["mimicked"] = Effect(self.battle.now, move=to_id(line.arg(2)))
            return
        for paradox in tables.PARADOX:
            if name.startswith(paradox):
                boosted = Effect(self.battle.now, move=name[len(paradox) :])
                self._note_highest(s, boosted.move)
                boosted.count = int(self._from_item == s)  # a Booster Energy's stays for good
                side.effects[paradox], self._from_item = boosted, -1
                return
        for stem, key in (
            ("perish", "perishsong"),
            ("stockpile", "stockpile"),
            ("fallen", "fallen"),
        ):
            number = tables.numbered(name, stem)
            if number is not None:
                began = side.effects[key].began if key in side.effects else self.battle.now
                # Perish Song says three at once, and counts from four at the turn's end.
                number += int(stem == "perish" and "silent" in line.tags)
                side.effects[key] = Effect(began, count=number)
                return
        if name in ("encore", "taunt") and not self._will_move(s):
            if name == "encore" or side.turns:
                length = (length or 0) + 1
        if name == "disable":
            acting = self._moving is not None and self._moving.side == s
            length = 4 if self._will_move(s) or acting else 5
            self._start(ident, name, length, move=to_id(line.arg(2)))
            return
        if name == "healblock" and self._moving is not None and self._moving.move == "psychicnoise":
            length = 2
        if name == "uproar" and "upkeep" in line.tags:
            return
        if name == "smackdown":
            side.effects.pop("magnetrise", None)
        if name == "confusion":
            self._worked(ident)
            if "fatigue" in line.tags:
                side.effects.pop("lockedmove", None)
        move = side.last_move if name == "encore" else ""
        count = 0
        if name == "slowstart" and mon is not None:
            mon.learn_ability("slowstart")
            count = tables.SLOW_START
        self._start(ident, name, length, move=move, count=count)
        self._absorbed(ident, name)
        if name == "flashfire" and mon is not None:
            mon.learn_ability("flashfire")

    def _note_highest(self, s: int, stat: str) -> None:
        """Note which stat of the opponent's Pokémon is the highest."""
        side = self.battle.sides[s]
        mon = side.mon
        if self.player in (None, s) or mon is None or side.copy is not None or side.stat_moves:
            return
        found = Highest(stat, tuple(sorted(side.boosts.items())))
        if "wonderroom" not in self.battle.conditions and found not in mon.highest:
            mon.highest = (*mon.highest, found)[-_KEPT:]

    def _types_of(self, ident: str) -> tuple[str, ...]:
        mon = self._mon(ident)
        if mon is None:
            return ()
        if mon.terastallized and mon.tera_type:
            return (mon.tera_type,)
        there = self._side(ident)
        if there.types:
            return there.types
        return tables.types_of_forme(mon.forme)

    def _on_minus_end(self, line: ProtocolLine) -> None:
        side, name = self._side(line.arg(0)), tables.effect_id(line.arg(1))
        if name == "substitute" and self._moving is not None:
            self._moving.on_substitute += 1
            if self._moving.side != place_of(line.arg(0))[0]:
                self._connected()
        if name in tables.FUTURE_MOVES:
            side.conditions.pop("futuremove", None)
            self._moving = MoveUnderWay(1 - place_of(line.arg(0))[0], name)
            return
        if name == "illusion":
            return
        if "partiallytrapped" in line.tags or name in tables.BINDING:
            side.effects.pop("partiallytrapped", None)
            return
        if name == "typechange":
            side.types = ()
            return
        if tables.numbered(name, "fallen") is not None:
            name = "fallen"
        side.effects.pop(name, None)

    def _on_minus_singleturn(self, line: ProtocolLine) -> None:
        name = tables.effect_id(line.arg(1))
        if name == "instruct":
            return
        mover, move = (self._moving.side, self._moving.move) if self._moving else (-1, "")
        if name == "protect" and mover == place_of(line.arg(0))[0] and move != "detect":
            name = move  # Baneful Bunker and its like
        if name in tables.GUARDS:
            self._side(line.arg(0)).conditions[name] = Effect(self.battle.now, 1)
        else:
            self._start(line.arg(0), name, 1)
        if tables.is_stalling(name) or name in tables.GUARDS:
            effects = self._side(line.arg(0)).effects
            count = effects["stall"].count if "stall" in effects else 0
            self._start(line.arg(0), "stall", count=min(6, count + 1))

    def _on_minus_singlemove(self, line: ProtocolLine) -> None:
        self._start(line.arg(0), tables.effect_id(line.arg(1)))

    def _on_minus_activate(self, line: ProtocolLine) -> None:
        ident, (kind, name) = line.arg(0), effect_of(line.arg(1))
        mon = self._mon(ident)
        if mon is None:
            return
        if name in tables.PREVENTING:
            self._prevented()
        if kind == "ability":
            if name in tables.PARADOX and "fromitem" in line.tags:
                self._from_item = place_of(ident)[0]
            self._ability_activated(line, mon, name)
            if name == "dancer" and self._moving is not None:
                # A dance that is prevented takes the first one with it (``clearActiveMove``).
                self.battle.last_move = self._moving.last_move
        elif kind == "item":
            if "consumed" not in line.tags:
                mon.learn_item(name)
            if name == "leppaberry":
                self._pp_lost(mon, to_id(line.arg(2)), "-10")
        elif name in ("spite", "eeriespell"):
            self._pp_lost(mon, to_id(line.arg(2)), line.arg(3))
        elif "broken" in line.tags or name == "feint":
            there = self._side(ident)
            for broken in ("stall", *tables.PROTECTING):
                there.effects.pop(broken, None)
            for broken in tables.GUARDS:
                there.conditions.pop(broken, None)
        elif name == "psychicterrain" and self._moving is not None:
            self.battle.sides[self._moving.side].failed_now = True
        elif kind == "move" and name in tables.BINDING:
            self._start(ident, "partiallytrapped")
        elif name == "substitute" and "damage" in line.tags and self._moving is not None:
            self._moving.on_substitute += 1
            self._connected()
            self._hits_substitute(ident)
        elif name == "confusion":
            confusion = self._side(ident).effects.get("confusion")
            if confusion is not None:
                confusion.count += 1
        elif name in tables.STAT_MOVES:
            for side, other in (self.battle.sides, self.battle.sides[::-1]):
                side.stat_moves += ((name, other.active),)
        elif name == "sketch":
            mon.uses.pop("sketch", None)
            mon.uses.setdefault(to_id(line.arg(2)), 0)
        elif name == "trapped":
            self._start(ident, "trapped")
        elif name in ("lockon", "mindreader"):
            if line.tags.get("of"):
                self._start(ident, "lockon")
        elif name == "skillswap" and line.arg(2):
            target = self._mon(line.tags.get("of", ""))
            mine, theirs = to_id(line.arg(2)), to_id(line.arg(3))
            place = line.tags.get("of", "")
            for who, one, was, now in ((ident, mon, theirs, mine), (place, target, mine, theirs)):
                if one is not None:
                    one.learn_ability(was, own=self._ability_is_own(who))
                    one.ability = now
            for side in self.battle.sides:
                side.effects.pop("protean", None)

    def _on_minus_block(self, line: ProtocolLine) -> None:
        owner, (kind, name) = line.tags.get("of") or line.arg(0), effect_of(line.arg(1))
        mon = self._mon(owner)
        if mon is not None and kind == "ability":
            mon.learn_ability(name, own=self._ability_is_own(owner))
        elif mon is not None and kind == "item":
            mon.learn_item(name)
        self._prevented()

    def _hits_substitute(self, ident: str) -> None:
        """Count a hit that a Substitute has taken."""
        standing = self._side(ident).effects.get("substitute")
        if standing is not None:
            standing.count += 1

    def _pp_lost(self, mon: KnownMon, move: str, amount: str) -> None:
        """Note PP taken by Spite or Eerie Spell, or given back by a Leppa Berry (negative)."""
        if amount.lstrip("-").isdigit():
            mon.uses[move] = max(0, mon.uses.get(move, 0) + int(amount))

    def _ability_activated(self, line: ProtocolLine, mon: KnownMon, name: str) -> None:
        if name in ("mummy", "lingeringaroma", "wanderingspirit") and "ability" in line.tags:
            mon.learn_ability(name, own=self._ability_is_own(line.arg(0)))
            victim = self._mon(line.arg(2)) if line.arg(2) else None
            if victim is not None:
                was = to_id(line.tags["ability"])
                victim.learn_ability(was, own=self._ability_is_own(line.arg(2)))
                victim.ability = name
            return
        mon.learn_ability(name, own=self._ability_is_own(line.arg(0)))
        if name == "synchronize" and self._moving is not None:
            self._moving.synchronized = True
        if name == "cudchew":
            self._side(line.arg(0)).effects.pop("eaten", None)
            self._chewing = True
        if name == "battlebond":
            mon.done.add("bond")
        elif name == "zerotohero":
            mon.done.add("hero")

    def _on_minus_sidestart(self, line: ProtocolLine) -> None:
        side, name = self._side(line.arg(0)), tables.effect_id(line.arg(1))
        if name in tables.HAZARDS:
            count = side.conditions[name].count if name in side.conditions else 0
            side.conditions[name] = Effect(self.battle.now, count=count + 1)
        else:
            side.conditions[name] = Effect(
                self.battle.now, tables.SIDE_LENGTHS.get(name), source=side.active
            )

    def _on_minus_sideend(self, line: ProtocolLine) -> None:
        self._side(line.arg(0)).conditions.pop(tables.effect_id(line.arg(1)), None)

    def _on_minus_swapsideconditions(self, line: ProtocolLine) -> None:
        one, other = self.battle.sides
        swapped = [*tables.HAZARDS, *tables.SIDE_LENGTHS]
        mine = {k: one.conditions.pop(k) for k in [*one.conditions] if k in swapped}
        theirs = {k: other.conditions.pop(k) for k in [*other.conditions] if k in swapped}
        one.conditions |= theirs
        other.conditions |= mine

    def _on_minus_weather(self, line: ProtocolLine) -> None:
        battle, name = self.battle, to_id(line.arg(0))
        if "upkeep" in line.tags:
            return
        battle.conditions.pop(battle.weather, None)
        battle.weather = "" if name == "none" else name
        if battle.weather:
            length = None if name in tables.ENDLESS_WEATHER else 5
            battle.conditions[name] = Effect(battle.now, length)
            self._set_maker(line, battle.conditions[name])

    def _on_minus_fieldstart(self, line: ProtocolLine) -> None:
        battle, name = self.battle, tables.effect_id(line.arg(0))
        if name in tables.TERRAINS:
            battle.conditions.pop(battle.terrain, None)
            battle.terrain = name
        battle.conditions[name] = Effect(battle.now, 5)
        self._set_maker(line, battle.conditions[name])

    def _set_maker(self, line: ProtocolLine, effect: Effect) -> None:
        """Note who began a condition of the field: whom the line names, or who is moving."""
        side = place_of(line.tags.get("of", ""))[0]
        if side < 0 and self._moving is not None and "from" not in line.tags:
            side = self._moving.side
        if side >= 0:
            effect.source_side, effect.source = side, self.battle.sides[side].active

    def _on_minus_fieldactivate(self, line: ProtocolLine) -> None:
        if tables.effect_id(line.arg(0)) == "fairylock":
            self.battle.conditions["fairylock"] = Effect(self.battle.now, 2)

    def _on_minus_fieldend(self, line: ProtocolLine) -> None:
        battle, name = self.battle, tables.effect_id(line.arg(0))
        battle.conditions.pop(name, None)
        if name == battle.terrain:
            battle.terrain = ""
