"""What did not happen: items and abilities of the opponent's that a battle would have shown.

Showdown tells an item or an ability when it works.  Where one would have worked and no line came,
the set does not have it.  The rules follow ``data/items.js``, ``data/abilities.js`` and
``data/moves.js``; each holds only where nothing that may be there hides the effect (Klutz, Embargo,
Magic Room, Neutralizing Gas …), and leaves the question open otherwise.  Abilities that may be
there are those of the species.

Effects are awaited until a line that cannot come before they are over (``_NEXT``), or until the
next decision.  Rules of one Pokémon's state are asked at ``|turn|`` and ``|upkeep|``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache

from plywise.datasets.showdown_data import load, to_id
from plywise.games.gen9.tracking import condition_tables as tables
from plywise.games.gen9.tracking.known import Channel, Effect, KnownMon, KnownSide
from plywise.games.gen9.tracking.wire import ProtocolLine, effect_of, place_of

_NEXT = frozenset(["move", "cant", "", "turn", "upkeep", "switch", "drag"])
_GUARDED = frozenset(["magicguard", "mountaineer"])  # no damage but by attacks, or by Stealth Rock
_ALWAYS_SAID = frozenset(
    """airlock aurabreak cloudnine comatose darkaura fairyaura moldbreaker neutralizinggas pressure
    teravolt turboblaze unnerve""".split()
)
"""Abilities that are told whenever their holder comes in (``onStart``, ``onSwitchIn``)."""
_SAID_TO_A_FOE = frozenset(["download", "forewarn", "intimidate"])
_SETS_WEATHER = {
    "drizzle": "raindance",
    "drought": "sunnyday",
    "sandstream": "sandstorm",
    "snowwarning": "snowscape",
}
_SETS_TERRAIN = {
    "electricsurge": "electricterrain",
    "grassysurge": "grassyterrain",
    "mistysurge": "mistyterrain",
    "psychicsurge": "psychicterrain",
}
_AT_HALF = frozenset(["berryjuice", "oranberry", "sitrusberry"])
_AT_QUARTER = frozenset(
    """aguavberry apicotberry figyberry ganlonberry iapapaberry lansatberry liechiberry magoberry
    petayaberry salacberry starfberry wikiberry""".split()
)
_CURING = {
    "brn": "rawstberry",
    "frz": "aspearberry",
    "par": "cheriberry",
    "psn": "pechaberry",
    "slp": "chestoberry",
    "tox": "pechaberry",
}
_UNNERVING = frozenset(["unnerve", "asone", *tables.AS_ONE])
_NO_STATUS = frozenset(
    """comatose flowerveil immunity leafguard pastelveil purifyingsalt shieldsdown thermalexchange
    waterbubble waterveil""".split()
)
"""Abilities under which a burn or poison may not come."""
_NO_BURN, _NO_POISON = frozenset(["Fire"]), frozenset(["Poison", "Steel"])
_HURTING = frozenset(["ironbarbs", "roughskin"])
_TAKES = {
    "dryskin": "Water",
    "eartheater": "Ground",
    "flashfire": "Fire",
    "levitate": "Ground",
    "lightningrod": "Electric",
    "motordrive": "Electric",
    "sapsipper": "Grass",
    "stormdrain": "Water",
    "voltabsorb": "Electric",
    "waterabsorb": "Water",
    "wellbakedbody": "Fire",
}
"""Ability -> type of attacks that do its holder no damage."""
PIERCING = frozenset(
    """aerilate galvanize liquidvoice moldbreaker normalize pixilate refrigerate
    teravolt turboblaze""".split()
)
"""Abilities of an attacker that pass those, or change an attack's type."""
NO_CONTACT = frozenset(["longreach", *_GUARDED])


@dataclass
class _Entry:
    """An entry under way: how the field was before it, and what it has done so far."""

    number: int
    weather: str
    terrain: str
    hazards: frozenset[str]
    changed: bool = False  # weather or terrain
    hurt_by: str = ""


@dataclass
class _Move:
    """A move under way: whose, whether it may fail by a lock, and what has come of it."""

    side: int
    id: str
    mover: KnownMon
    target: KnownMon | None
    struck: bool = False
    super_effective: bool = False
    forced_out: bool = False  # a Red Card


class Absences:
    """Notes of the opponent's Pokémon which items and abilities they cannot have.

    Args:
        reader: of whose lines and knowledge it goes by; a spectator's notes nothing.
    """

    def __init__(self, reader: Channel) -> None:
        self._reader = reader
        self._entry: _Entry | None = None
        self._move: _Move | None = None
        self._in_residual = False
        self._below_full = False  # at the start of the end of turn and since
        self._healthy = False  # no status at the start of the end of turn and since
        self._magic_room = "magicroom" in reader.battle.conditions  # at some time in this turn

    @property
    def _foe(self) -> KnownSide:
        assert self._reader.player is not None
        return self._reader.battle.sides[1 - self._reader.player]

    def before(self, line: ProtocolLine) -> None:
        """Take note of a line that the reader has not read yet."""
        if self._reader.player is None:
            return
        residual = self._reader.battle.residual
        if residual and not self._in_residual:
            self._begin_residual()
        self._in_residual = residual
        if residual and line.kind in ("-weather", "-fieldend", "-sideend"):
            self._ends(line)
        if line.kind not in _NEXT:
            return
        self.decide(line)
        if line.kind in ("switch", "drag") and self._is_foe(line):
            mon = self._foe.mon
            # Natural Cure is told (``onSwitchOut``).
            if mon is not None and not mon.fainted and mon.status:
                self.without_abilities(["naturalcure"])

    def after(self, line: ProtocolLine) -> None:
        """Take note of a line that the reader has read."""
        if self._reader.player is None:
            return
        kind = line.kind
        if kind in ("switch", "drag"):
            if self._is_foe(line):
                self._enter()
        elif kind == "replace":
            if self._is_foe(line):
                self._entry = self._move = None
        elif kind == "move":
            self._begin_move(line)
        elif kind == "turn":
            self._at_turn()
            self._magic_room = "magicroom" in self._reader.battle.conditions
        elif kind == "upkeep":
            self._at_upkeep()
        elif kind in ("-weather", "-fieldstart", "-fieldend"):
            if self._entry is not None:
                self._entry.changed = True
            self._magic_room |= tables.effect_id(line.arg(0)) == "magicroom"
            self._reader.battle.rooms |= self._magic_room
        elif kind == "-swapsideconditions":
            self._reader.battle.rooms = True
        elif kind == "-damage":
            self._damaged(line)
        elif kind == "-activate" and effect_of(line.arg(1)) == ("move", "stickyweb"):
            if self._is_foe(line):
                self.without_items(["heavydutyboots"])
        elif kind == "-supereffective" and self._move is not None:
            self._move.super_effective |= self._is_foe(line)
        elif kind == "-enditem" and self._move is not None:
            self._move.forced_out |= to_id(line.arg(1)) == "redcard"
        elif kind in ("-heal", "-sethp") and self._reader.battle.residual:
            mon = self._foe.mon
            self._below_full &= mon is not None and mon.hp < mon.max_hp
        elif kind in ("-status", "-curestatus"):
            self._healthy &= not self._is_foe(line)

    def decide(self, line: ProtocolLine | None = None) -> None:
        """End what is under way: a line of the next action is there, or a decision is asked."""
        if self._reader.player is None:
            return
        moving, self._move = self._move, None
        if moving is not None:
            dragged = line is not None and line.kind == "drag" and self._is_foe(line)
            self._end_move(moving, dragged=dragged)
        entry = self._entry
        if entry is not None:
            if line is not None and line.kind in ("switch", "drag") and not self._is_foe(line):
                return  # both come in before either's effects
            self._entry = None
            self._end_entry(entry)

    @property
    def entering(self) -> bool:
        """Whether the opponent's Pokémon is coming in."""
        return self._entry is not None

    def _is_foe(self, line: ProtocolLine) -> bool:
        assert self._reader.player is not None
        return place_of(line.arg(0))[0] == 1 - self._reader.player

    def _own(self) -> KnownMon | None:
        assert self._reader.player is not None
        return self._reader.battle.sides[self._reader.player].mon

    def _opposed(self) -> bool:
        own = self._own()
        return own is not None and not own.fainted

    def abilities(self) -> frozenset[str]:
        """Return the abilities that the opponent's active Pokémon may have."""
        mon = self._foe.mon
        if mon is None:
            return frozenset()
        if mon.ability is not None:
            return frozenset([mon.ability])
        model = self._foe.copy
        return species_abilities((model or mon).species).difference(mon.excluded_abilities)

    def types(self) -> frozenset[str]:
        """Return the types of the opponent's active Pokémon, an added one or "" included."""
        side, mon = self._foe, self._foe.mon
        if mon is None:
            return frozenset()
        if mon.terastallized and mon.tera_type:
            return frozenset([mon.tera_type])
        return frozenset([*(side.types or tables.types_of_forme(mon.forme)), side.added_type])

    def without_items(self, items: Collection[str]) -> None:
        """Note items that the active Pokémon's set does not have, if items work."""
        mon = self._foe.mon
        if mon is None or mon.item is not None or mon.first_item is not None:
            return
        ignored = self._magic_room or "magicroom" in self._reader.battle.conditions
        if not ignored and "embargo" not in self._foe.effects and "klutz" not in self.abilities():
            mon.exclude(items)

    def without_abilities(self, abilities: Collection[str]) -> None:
        """Note abilities that the active Pokémon's set does not have, if abilities work."""
        side, mon = self._foe, self._foe.mon
        if mon is None or mon.ability is not None or mon.base_ability is not None:
            return
        found = species_abilities(mon.species).intersection(abilities)
        if not found.difference(mon.excluded_abilities):
            return
        if side.copy is None and "gastroacid" not in side.effects and not self.suppressed():
            if not self.disguised():
                mon.exclude((), found)

    def suppressed(self) -> bool:
        """Return whether a Neutralizing Gas may have been there a moment ago."""
        sides = self._reader.battle.sides
        return any("neutralizinggas" in (m.ability, m.base_ability) for s in sides for m in s.mons)

    def disguised(self) -> bool:
        """Return whether the opponent's active Pokémon may be an Illusion."""
        return may_be_disguised(self._foe)

    def _enter(self) -> None:
        battle, side = self._reader.battle, self._foe
        assert side.active is not None
        hazards = frozenset(name for name in side.conditions if name in tables.HAZARDS)
        self._entry = _Entry(side.active, battle.weather, battle.terrain, hazards)
        was, mon = side.entry, side.mon
        side.chosen = ""
        if was is not None and mon is not None and was.away == "unknown":
            if was.hp == mon.hp < mon.max_hp:
                self.without_abilities(["regenerator"])

    def _end_entry(self, entry: _Entry) -> None:
        """Note what the entry of the opponent's Pokémon has not shown."""
        battle, side, mon = self._reader.battle, self._foe, self._foe.mon
        if side.active != entry.number or mon is None or mon.fainted:
            return
        if entry.hurt_by:
            self.without_items(["heavydutyboots"])
        elif self._spared(entry) and mon.item is None and mon.first_item is None:
            mon.deduced_item = "heavydutyboots"
        if "gravity" not in battle.conditions:
            self.without_items(["airballoon"])
        missing = set(_ALWAYS_SAID)
        if self._opposed():
            missing |= _SAID_TO_A_FOE
            own = self._own()
            if own is not None and own.item:
                missing.add("frisk")
        if not entry.changed and battle.weather not in tables.ENDLESS_WEATHER:
            missing.update(a for a, name in _SETS_WEATHER.items() if name != battle.weather)
        if not entry.changed:
            missing.update(a for a, name in _SETS_TERRAIN.items() if name != battle.terrain)
        if side.fallen:
            missing.add("supremeoverlord")
        self.without_abilities(missing)
        if side.notes is not None and side.copy is None and not self.suppressed():
            side.notes.silent = tuple(sorted(missing))
        energized = (self.abilities() == {"protosynthesis"} and battle.weather != "sunnyday") or (
            self.abilities() == {"quarkdrive"} and battle.terrain != "electricterrain"
        )
        if energized and not entry.changed and side.copy is None and not self.suppressed():
            if "gastroacid" not in side.effects:
                self.without_items(["boosterenergy"])

    def _grounded(self) -> bool:
        """Return whether something may ground the active Pokémon, its item included."""
        side, mon = self._foe, self._foe.mon
        if "gravity" in self._reader.battle.conditions or mon is None:
            return True
        held = "ironball" not in mon.excluded_items if mon.item is None else mon.item == "ironball"
        return held or bool({"smackdown", "ingrain", "roost"} & side.effects.keys())

    def electrified(self) -> bool:
        """Return whether an attack of the player's may have become an Electric one."""
        assert self._reader.player is not None
        battle = self._reader.battle
        effects = battle.sides[self._reader.player].effects
        return "electrify" in effects or "iondeluge" in battle.conditions

    def _spared(self, entry: _Entry) -> bool:
        """Return whether hazards have spared the Pokémon where Heavy-Duty Boots alone do so."""
        still = entry.hazards & self._foe.conditions.keys()
        if self._foe.copy is not None or _GUARDED & self.abilities():
            return False
        if self.disguised():
            return False
        if "stealthrock" in still:
            return True
        grounded = "Flying" not in self.types() and "levitate" not in self.abilities()
        afloat = {"magnetrise", "telekinesis"} & self._foe.effects.keys()
        ballooned = "airballoon" not in (self._foe.mon.excluded_items if self._foe.mon else ())
        # An Air Balloon would have been told, unless it is not told now.
        silent = ballooned and "gravity" in self._reader.battle.conditions
        return "spikes" in still and grounded and not afloat and not silent

    def _begin_move(self, line: ProtocolLine) -> None:
        side = place_of(line.arg(0))[0]
        sides = self._reader.battle.sides
        mover = sides[side].mon
        if mover is None:
            return
        move = to_id(line.arg(1))
        self._move = _Move(side, move, mover, sides[1 - side].mon)
        there = self._foe
        if not self._is_foe(line) or line.tags.get("from") or "still" in line.tags:
            return
        if move == "struggle" or there.copy is not None or "mimicked" in there.effects:
            return
        if tables.is_status(move) and move != "mefirst":
            self.without_items(["assaultvest"])
        if there.chosen and there.chosen != move:
            self.without_items(tables.CHOICE_ITEMS)
        if mover.item is None and not self._magic_room and "embargo" not in there.effects:
            there.chosen = there.chosen or move

    def _damaged(self, line: ProtocolLine) -> None:
        cause = line.origin[1]
        if self._entry is not None and self._is_foe(line):
            if cause in ("stealthrock", "spikes"):
                self._entry.hurt_by = cause
        if self._is_foe(line) and cause == "sandstorm":
            self.without_items(["safetygoggles"])
        if self._move is not None and "from" not in line.tags and not self._reader.battle.residual:
            self._move.struck |= place_of(line.arg(0))[0] != self._move.side

    def _end_move(self, moving: _Move, *, dragged: bool) -> None:
        """Note what the end of a move that has hit has not shown."""
        entry = load().moves.get(moving.id)
        if entry is None or not moving.struck:
            return
        if moving.side != self._reader.player:
            hides = {"sheerforce", *_GUARDED} & self.abilities()
            gone = dragged or moving.forced_out or moving.mover.fainted
            if moving.mover is self._foe.mon and not hides and not gone and moving.id != "struggle":
                self.without_items(["lifeorb"])
            return
        if moving.target is not self._foe.mon:
            return
        mine, flags = moving.mover, entry.get("flags", {})
        if "contact" in flags and mine.ability is not None and mine.item is not None:
            padded = mine.item == "protectivepads" or mine.last_item == "protectivepads"
            gloved = "punch" in flags and "punchingglove" in (mine.item, mine.last_item)
            remote = NO_CONTACT & {mine.ability, mine.base_ability}
            if not padded and not gloved and not remote:
                self.without_items(["rockyhelmet"])
                self.without_abilities(_HURTING)
        changed = {"onModifyType", "onModifyMove"} & set(entry.get("cb", ()))
        if not changed and not entry.get("ignoreAbility") and moving.id != "thousandarrows":
            taking = {a for a, kind in _TAKES.items() if kind == entry["type"]}
            if {mine.ability, mine.base_ability} & PIERCING or mine.ability is None:
                taking = set()
            if self.electrified():
                taking = set()
            if self._grounded():
                taking.discard("levitate")
            self.without_abilities(taking)
        fixed = entry.get("damage") or "damageCallback" in entry.get("cb", ())
        target = moving.target
        if moving.super_effective and not fixed and target is not None and not target.fainted:
            self.without_items(["weaknesspolicy"])

    def _lasting(self) -> Iterator[tuple[str, Effect]]:
        """Yield what an item of the opponent's may have made last longer."""
        battle = self._reader.battle
        for name, effect in battle.conditions.items():
            if effect.source_side == 1 - (self._reader.player or 0):
                yield name, effect
        for name, effect in self._foe.conditions.items():
            yield name, effect

    def _ends(self, line: ProtocolLine) -> None:
        """Note that a condition ends after its usual length."""
        battle = self._reader.battle
        if line.kind == "-weather":
            ended = battle.weather if to_id(line.arg(0)) == "none" else ""
        else:
            ended = tables.effect_id(line.arg(line.kind == "-sideend"))
            if line.kind == "-sideend" and not self._is_foe(line):
                return
        for name, effect in self._lasting():
            if name == ended and effect.left(battle.now) == 0:
                self._maker(name, effect, extended=False)

    def _maker(self, name: str, effect: Effect, *, extended: bool) -> None:
        """Note of who began a condition whether it holds the item that extends it."""
        extender, source = tables.EXTENDER_OF.get(name), effect.source
        if extender is None or source is None or self._reader.battle.rooms or self.suppressed():
            return
        mon = self._foe.mons[source]
        if mon.item is not None or mon.first_item is not None or self.disguised():
            return
        if "klutz" in (species_abilities(mon.species) | {mon.ability}):
            return
        if extended:
            mon.deduced_item = extender
        else:
            mon.exclude([extender])

    def _begin_residual(self) -> None:
        side, mon = self._foe, self._foe.mon
        standing = mon is not None and not mon.fainted
        self._below_full = (
            standing and mon is not None and mon.hp < mon.max_hp and "healblock" not in side.effects
        )
        self._healthy = standing and mon is not None and not mon.status

    def _at_upkeep(self) -> None:
        battle, mon = self._reader.battle, self._foe.mon
        below, self._below_full = self._below_full, False
        healthy, self._healthy = self._healthy, False
        for name, effect in self._lasting():
            if effect.left(battle.ends) == 0:
                self._maker(name, effect, extended=True)
        if mon is None or mon.fainted:
            return
        abilities, types = self.abilities(), self.types()
        if below and mon.hp < mon.max_hp:
            self.without_items(["leftovers"])
            # It heals Poison types and hurts all others.
            if not _GUARDED & abilities:
                self.without_items(["blacksludge"])
        if healthy and battle.terrain != "mistyterrain" and not _NO_STATUS & abilities:
            if not _NO_BURN & types:
                self.without_items(["flameorb"])
            if not _NO_POISON & types:
                self.without_items(["toxicorb"])
        if any(stage < 0 for stage in self._foe.boosts.values()):
            self.without_items(["whiteherb"])

    def _at_turn(self) -> None:
        mon, own = self._foe.mon, self._own()
        if mon is None or mon.fainted or "healblock" in self._foe.effects:
            return
        if own is not None and _UNNERVING & {own.ability, own.base_ability}:
            return
        if mon.hp <= 50:
            self.without_items(_AT_HALF)
        if mon.hp <= 25:
            self.without_items(_AT_QUARTER)
        if mon.status:
            self.without_items(["lumberry", _CURING.get(mon.status, "lumberry")])


@cache
def species_abilities(species: str) -> frozenset[str]:
    """Return the abilities of a species by id; none of an unknown one."""
    found = load().species.get(load().cosmetic.get(species, species), {})
    return frozenset(to_id(str(name)) for name in found.get("abilities", {}).values())


def may_be_disguised(side: KnownSide) -> bool:
    """Return whether a side's active Pokémon may be another's Illusion, as far as is known."""
    names, active = _with_illusion(), side.mon
    for mon in side.mons:
        if mon.species in names and not mon.fainted and mon is not active:
            return True
    return any(one.species in names for one in side.previewed)


@cache
def _with_illusion() -> frozenset[str]:
    return frozenset(name for name in load().species if "illusion" in species_abilities(name))
