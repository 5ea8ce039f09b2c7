"""Items and abilities that react to a move or a change of stages, and did not.

The rules follow ``data/items.js`` and ``data/abilities.js``, as those of :mod:`.absences`; what an
effect does by chance leaves odds (``KnownMon.odds``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from plywise.datasets.showdown_data import load, to_id
from plywise.games.gen9.tracking import condition_tables as tables
from plywise.games.gen9.tracking.absences import NO_CONTACT, PIERCING, Absences
from plywise.games.gen9.tracking.known import Channel, KnownMon, KnownSide
from plywise.games.gen9.tracking.wire import ProtocolLine, effect_of, place_of

_ENDS = frozenset(["move", "cant", "", "turn", "upkeep", "switch", "drag"])
BEFORE = _ENDS | {"-damage"}
"""Kinds of lines that :meth:`Reactions.before` takes."""
_BY_CHANCE = 0.3  # of Static, Cursed Body, Toxic Chain …
_RESIST = {
    "Bug": "tangaberry",
    "Dark": "colburberry",
    "Dragon": "habanberry",
    "Electric": "wacanberry",
    "Fairy": "roseliberry",
    "Fighting": "chopleberry",
    "Fire": "occaberry",
    "Flying": "cobaberry",
    "Ghost": "kasibberry",
    "Grass": "rindoberry",
    "Ground": "shucaberry",
    "Ice": "yacheberry",
    "Poison": "kebiaberry",
    "Psychic": "payapaberry",
    "Rock": "chartiberry",
    "Steel": "babiriberry",
    "Water": "passhoberry",
}
_ITEM_OF_TYPE = {
    "Electric": ("cellbattery",),
    "Ice": ("snowball",),
    "Water": ("absorbbulb", "luminousmoss"),
}
_ABILITY_OF_TYPE = {
    "Bug": ("rattled",),
    "Dark": ("justified", "rattled"),
    "Fire": ("steamengine", "thermalexchange"),
    "Ghost": ("rattled",),
    "Water": ("steamengine", "watercompaction"),
}
_ABILITY_OF_FLAG = {
    "bullet": ("bulletproof",),
    "powder": ("overcoat",),
    "sound": ("soundproof",),
    "wind": ("windrider",),
}
"""Flag of a move -> abilities whose holder it does not touch."""
_BEFORE_PRIORITY = ("armortail", "dazzling", "queenlymajesty")
_AGAINST_STATUS = {
    "brn": frozenset(["thermalexchange", "waterbubble", "waterveil"]),
    "frz": frozenset(["magmaarmor"]),
    "par": frozenset(["limber"]),
    "psn": frozenset(["immunity", "pastelveil"]),
    "slp": frozenset(["insomnia", "sweetveil", "vitalspirit"]),
    "tox": frozenset(["immunity", "pastelveil"]),
}
_AGAINST_ANY = frozenset(["comatose", "purifyingsalt"])
_SOMETIMES = frozenset(["flowerveil", "leafguard", "shieldsdown"])
"""Abilities that keep a status off, the last ones not always."""
_AGAINST_CONDITION = {
    "attract": ("aromaveil", "oblivious"),
    "confusion": ("owntempo",),
    "disable": ("aromaveil",),
    "encore": ("aromaveil",),
    "healblock": ("aromaveil",),
    "taunt": ("aromaveil", "oblivious"),
    "torment": ("aromaveil",),
    "yawn": ("comatose", "insomnia", "purifyingsalt", "sweetveil", "vitalspirit"),
}
_HERBAL = frozenset(["attract", "disable", "encore", "healblock", "taunt", "torment"])
"""Conditions that a Mental Herb ends."""
_AGAINST_FALL = frozenset(["clearbody", "contrary", "fullmetalbody", "mirrorarmor", "whitesmoke"])
_OF_STAT = {
    "accuracy": ("illuminate", "keeneye", "mindseye"),
    "atk": ("hypercutter",),
    "def": ("bigpecks",),
}
_AGAINST_INTIMIDATE = ("guarddog", "innerfocus", "oblivious", "owntempo", "rattled", "scrappy")
_ON_FALL = ("competitive", "defiant")
_SHIELDS = ("covertcloak",), ("shielddust",)
"""Items and abilities that keep secondary effects of attacks off."""
_DIRECT = frozenset(["confusion", "strugglerecoil", "substitute"])
"""What Magic Guard does not keep off."""
_STATUS_ON_CONTACT = {"flamebody": "brn", "poisonpoint": "psn", "static": "par"}
_IMMUNE_TO = {
    "brn": {"Fire"},
    "par": {"Electric"},
    "psn": {"Poison", "Steel"},
    "tox": {"Poison", "Steel"},
}
_SEEDS = {name: name.removesuffix("terrain") + "seed" for name in tables.TERRAINS}
_FELLING = {"chillingneigh": "atk", "grimneigh": "spa", "moxie": "atk"}
_MOST = 6  # stages
_MORE_HITS, _ALL_HITS = 0.5 / 0.15, 1 / 0.15  # Loaded Dice: 4 or 5 hits; Skill Link: 5


@dataclass
class _Move:
    """A move under way, and what it has done.

    Attributes:
        side, id, entry: whose, which and its data.
        mover, target: the Pokémon.
        called: another effect has made it.
        hits: on the other Pokémon itself; ``from_full``: the first found it at full HP;
            ``halved``: one took it from above half of its HP to at most half.
        fatal: one of them has made it faint.
        critical, super_effective: it was.
        fallen: stats of the opponent's that the player's has lowered; ``status``: that it has got.
        prepared: it is charged first.
        count: of ``-hitcount``.
        own_statused: the player's had a status as it began, or has got one.
        disabled: the player's had a move disabled, or has got one.
    """

    side: int
    id: str
    entry: Mapping[str, Any]
    mover: KnownMon
    target: KnownMon | None
    called: bool
    own_statused: bool
    disabled: bool
    hits: int = 0
    from_full: bool = False
    halved: bool = False
    fatal: bool = False
    critical: bool = False
    super_effective: bool = False
    fallen: set[str] = field(default_factory=set)
    status: str = ""
    prepared: bool = False
    count: int = 0


class Reactions:
    """Notes of the opponent's Pokémon what would have reacted.

    Attributes:
        kinds: of lines that :meth:`after` takes; :meth:`before`: ``BEFORE``.

    Args:
        reader: of whose lines and knowledge it goes by; a spectator's notes nothing.
        absences: where what a set does not have is noted.
    """

    def __init__(self, reader: Channel, absences: Absences) -> None:
        self._reader, self._absences = reader, absences
        self._move: _Move | None = None
        self._intimidated = False
        self._residual: tuple[KnownMon, int, str] | None = None  # foe, Speed stage, status
        self._handlers: dict[str, Callable[[ProtocolLine], None]] = {
            "-ability": self._ability,
            "-crit": self._critical,
            "-damage": self._damaged,
            "-fail": self._no_intimidation,
            "-hitcount": self._counted,
            "-prepare": self._prepared,
            "-sidestart": self._beside,
            "-start": self._started,
            "-status": self._statused,
            "-supereffective": self._effective,
            "-unboost": self._fallen,
            "cant": self._cant,
            "move": self._begin,
            "turn": self._turn,
            "upkeep": self._upkeep,
        }
        self.kinds = frozenset(self._handlers)

    @property
    def _own(self) -> KnownSide:
        return self._reader.battle.sides[self._reader.player or 0]

    @property
    def _foe(self) -> KnownSide:
        return self._reader.battle.sides[1 - (self._reader.player or 0)]

    def before(self, line: ProtocolLine) -> None:
        """Take note of a line that the reader has not read yet."""
        if self._reader.player is None:
            return
        kind, move = line.kind, self._move
        if kind in _ENDS:
            self.decide()
            self._intimidated = False
            if kind == "drag" and place_of(line.arg(0))[0] != self._reader.player:
                mine = self._own.mon
                if mine is not None and mine.ability is not None and not self._pierces(mine):
                    self._absences.without_abilities(["guarddog", "suctioncups"])
        elif kind == "-damage" and move is not None and not line.tags:
            target = move.target
            if target is not None and place_of(line.arg(0))[0] != move.side and not move.hits:
                move.from_full = target.hp >= target.max_hp
            if target is not None:
                move.halved = target.hp > target.max_hp // 2
        if kind == "":  # the end of the turn, or the next choices
            mon = self._foe.mon
            if mon is not None and not mon.fainted:
                self._residual = (mon, self._foe.boosts.get("spe", 0), mon.status)

    def after(self, line: ProtocolLine) -> None:
        """Take note of a line that the reader has read."""
        handler = self._handlers.get(line.kind)
        if handler is not None and self._reader.player is not None:
            handler(line)

    def decide(self) -> None:
        """End the move under way: a line of the next action is there, or a decision is asked."""
        move, self._move = self._move, None
        if move is None:
            return
        there = self._foe.mon
        if move.side == self._reader.player:
            if move.target is there and there is not None:
                self._end_own(move, there)
        elif move.mover is there and self._foe.copy is None and not move.called:
            self._end_foe(move)

    # --- lines

    def _begin(self, line: ProtocolLine) -> None:
        side = place_of(line.arg(0))[0]
        sides = self._reader.battle.sides
        mover, entry = sides[side].mon, load().moves.get(to_id(line.arg(1)))
        if mover is None or entry is None:
            return
        called = effect_of(line.tags.get("from", ""))[1] not in ("", "lockedmove")
        mine = self._own.mon
        self._move = _Move(
            side,
            to_id(line.arg(1)),
            entry,
            mover,
            sides[1 - side].mon,
            called,
            mine is None or bool(mine.status),
            "disable" in self._own.effects,
        )

    def _damaged(self, line: ProtocolLine) -> None:
        side, move = place_of(line.arg(0))[0], self._move
        if side != self._reader.player and "from" in line.tags:
            self._indirect(line.origin[1])
        elif move is not None and side != move.side and not line.tags and move.target is not None:
            move.hits += 1
            move.fatal |= move.target.fainted
            move.halved &= 0 < move.target.hp <= move.target.max_hp // 2

    def _indirect(self, cause: str) -> None:
        """Note that the opponent's was hurt by something else than an attack."""
        struggling = (
            self._move is not None and self._move.id == "struggle"
        )  # nothing stops its recoil
        if cause not in _DIRECT and not struggling:
            self._absences.without_abilities(["magicguard"])
        if cause == "recoil" and not struggling:
            self._absences.without_abilities(["rockhead"])
        elif cause in ("psn", "tox"):
            self._absences.without_abilities(["poisonheal"])
        elif cause == "sandstorm":
            self._absences.without_abilities(["overcoat", "sandforce", "sandrush", "sandveil"])

    def _critical(self, line: ProtocolLine) -> None:
        if self._move is not None:
            self._move.critical = True

    def _effective(self, line: ProtocolLine) -> None:
        if self._move is not None:
            self._move.super_effective = True

    def _counted(self, line: ProtocolLine) -> None:
        if self._move is not None and line.arg(1).isdigit():
            self._move.count = int(line.arg(1))

    def _prepared(self, line: ProtocolLine) -> None:
        if self._move is not None:
            self._move.prepared = True

    def _ability(self, line: ProtocolLine) -> None:
        mine = place_of(line.arg(0))[0] == self._reader.player
        self._intimidated = mine and to_id(line.arg(1)) == "intimidate"

    def _no_intimidation(self, line: ProtocolLine) -> None:
        self._intimidated = False

    def _fallen(self, line: ProtocolLine) -> None:
        """Note that a stage of the opponent's was lowered by the player's Pokémon."""
        if place_of(line.arg(0))[0] == self._reader.player or line.arg(2) == "0":
            return
        stat, move = line.arg(1), self._move
        if move is None and self._intimidated and stat == "atk":
            self._intimidated = False
            self._absences.without_items(["clearamulet"])
            self._absences.without_abilities({*_AGAINST_FALL, "hypercutter", *_AGAINST_INTIMIDATE})
        if move is None or move.side != self._reader.player or "from" in line.tags:
            return
        if stat not in _lowers(move.entry) or self._pierces(move.mover):
            return
        move.fallen.add(stat)
        self._absences.without_items(["clearamulet"])
        self._absences.without_abilities(_AGAINST_FALL.union(_OF_STAT.get(stat, ())))

    def _statused(self, line: ProtocolLine) -> None:
        mine = place_of(line.arg(0))[0] == self._reader.player
        move, status = self._move, line.arg(1)
        if mine:
            if move is not None:
                move.own_statused = True
            return
        if move is None or move.side != self._reader.player:
            foe = self._foe
            if self._absences.entering and status in ("psn", "tox") and not line.tags:
                if "toxicspikes" in foe.conditions:
                    self._absences.without_items(["heavydutyboots"])
            return
        if "from" not in line.tags and not self._pierces(move.mover):
            move.status = status
            self._absences.without_abilities(_AGAINST_ANY.union(_AGAINST_STATUS.get(status, ())))
            if tables.is_status(move.id):
                self._touched(move)

    def _started(self, line: ProtocolLine) -> None:
        move, name = self._move, tables.effect_id(line.arg(1))
        if place_of(line.arg(0))[0] == self._reader.player:
            if move is not None and name == "disable":
                move.disabled = True
            return
        if move is None or move.side != self._reader.player or "from" in line.tags:
            return
        if name in _AGAINST_CONDITION and not self._pierces(move.mover):
            self._absences.without_abilities(_AGAINST_CONDITION[name])
            if tables.is_status(move.id):
                self._touched(move)

    def _touched(self, move: _Move) -> None:
        """Note that a status move of the player's has worked on the opponent's."""
        flags = move.entry.get("flags", {})
        if "reflectable" in flags:
            self._absences.without_abilities(["magicbounce"])
        if "powder" in flags:
            self._absences.without_items(["safetygoggles"])
            self._absences.without_abilities(["overcoat"])

    def _beside(self, line: ProtocolLine) -> None:
        """Note that the player's move has put a hazard on the opponent's side."""
        move, there = self._move, self._foe.mon
        foes = place_of(line.arg(0) + ": ")[0] != self._reader.player
        if move is None or move.side != self._reader.player or not foes or there is None:
            return
        if "reflectable" in move.entry.get("flags", {}) and not there.fainted:
            if move.target is there and not self._pierces(move.mover):
                self._absences.without_abilities(["magicbounce"])

    def _cant(self, line: ProtocolLine) -> None:
        mine = self._own.mon
        if place_of(line.arg(0))[0] == self._reader.player or line.arg(1) != "flinch":
            return
        if mine is not None and mine.ability is not None and not self._pierces(mine):
            self._absences.without_items(["covertcloak"])
            self._absences.without_abilities(["innerfocus", "shielddust"])

    def _turn(self, line: ProtocolLine) -> None:
        self._residual = None
        battle, mon = self._reader.battle, self._foe.mon
        if mon is None or mon.fainted:
            return
        if battle.terrain in _SEEDS:
            self._absences.without_items([_SEEDS[battle.terrain]])
        if "trickroom" in battle.conditions:
            self._absences.without_items(["roomservice"])
        if not _HERBAL.isdisjoint(self._foe.effects):
            self._absences.without_items(["mentalherb"])

    def _upkeep(self, line: ProtocolLine) -> None:
        begun, self._residual = self._residual, None
        side, mon = self._foe, self._foe.mon
        if begun is None or mon is None or begun[0] is not mon or mon.fainted:
            return
        stage = side.boosts.get("spe", 0)
        if side.turns and begun[1] == stage < _MOST:
            self._absences.without_abilities(["speedboost"])
        if "magicguard" not in self._absences.abilities():
            self._absences.without_items(["stickybarb"])
        if begun[2] and mon.status == begun[2]:
            self._chance("shedskin", 0.67)

    # --- what a move has not set off

    def _pierces(self, mon: KnownMon) -> bool:
        """Return whether a Pokémon of the player's may pass the opponent's ability by."""
        ignores = self._move is not None and bool(self._move.entry.get("ignoreAbility"))
        return ignores or mon.ability is None or not PIERCING.isdisjoint([mon.ability])

    def _chance(self, name: str, factor: float) -> None:
        """Note that what a set with this item or ability has shown is so many times as likely."""
        mon = self._foe.mon
        if mon is None or self._foe.copy is not None or self._absences.disguised():
            return
        if self._absences.suppressed() or "gastroacid" in self._foe.effects:
            return
        mon.odds[name] = mon.odds.get(name, 1.0) * factor

    def _type(self, move: _Move) -> str:
        """Return the type of a move of the player's; "" where something may have changed it."""
        changed = {"onModifyType", "onModifyMove"} & set(move.entry.get("cb", ()))
        if changed or self._pierces(move.mover) or self._absences.electrified():
            return ""
        return str(move.entry["type"])

    def _bench(self, side: KnownSide) -> bool:
        return side.size - side.down > 1

    def _end_own(self, move: _Move, mon: KnownMon) -> None:
        """Note what a move of the player's has not set off in its target."""
        mine, entry, absences = move.mover, move.entry, self._absences
        if mine.ability is None or mine.item is None:
            return
        if move.fallen and not mon.fainted:
            absences.without_abilities(_ON_FALL)
        if not move.hits or entry["category"] == "Status":
            return
        sheer = mine.ability == "sheerforce"
        if (move.status or move.fallen) and _secondaries(entry) and not mon.fainted:
            absences.without_items(_SHIELDS[0])
            absences.without_abilities(_SHIELDS[1])
        flags, kind = entry.get("flags", {}), self._type(move)
        pierces = self._pierces(mine)
        contact = "contact" in flags and mine.ability not in NO_CONTACT
        if mine.item in ("protectivepads", "punchingglove") or mine.last_item == "protectivepads":
            contact = False
        if not pierces:
            for flag, kept in _ABILITY_OF_FLAG.items():
                if flag in flags:
                    absences.without_abilities(kept)
            if move.critical:
                absences.without_abilities(["battlearmor", "shellarmor"])
            if int(entry["priority"]) > 0:
                absences.without_abilities(_BEFORE_PRIORITY)
        if mon.fainted:
            if move.fatal and move.from_full and move.hits == 1 and "multihit" not in entry:
                absences.without_items(["focussash"])
                if not pierces:
                    absences.without_abilities(["sturdy"])
            if move.fatal and contact and mine.ability not in ("damp", "magicguard"):
                absences.without_abilities(["aftermath"])
            return
        physical = entry["category"] == "Physical"
        self._hit_items(move, mine, physical=physical, kind=kind)
        names: set[str] = set(_ABILITY_OF_TYPE.get(kind, ()))
        if physical:
            names |= {"toxicdebris", "weakarmor"}
            if "toxicspikes" in self._own.conditions:
                names.discard("toxicdebris")
        names |= {"cottondown", "electromorphosis", "stamina"}
        if move.critical:
            names.add("angerpoint")
        if self._reader.battle.terrain != "grassyterrain":
            names.add("seedsower")
        if self._reader.battle.weather not in ("sandstorm", *tables.ENDLESS_WEATHER):
            names.add("sandspit")
        if move.halved and "multihit" not in entry and not sheer:
            names |= {"angershell", "berserk"}
        if contact and not mine.fainted:
            names |= {"gooey", "tanglinghair"}
            if mon.item == "" and mine.item and mine.ability != "stickyhold" and self._plain(mine):
                names.add("pickpocket")
        if max(self._foe.boosts.values(), default=0) < _MOST and not mine.fainted:
            absences.without_abilities(names)
        if not mine.fainted:
            self._hit_chances(move, mine, contact=contact)

    def _plain(self, mon: KnownMon) -> bool:
        """Return whether the item of a Pokémon of the player's can be taken from it."""
        record = load().items.get(mon.item or "", {})
        bound = {"forcedForme", "itemUser", "zMove", "megaStone"} & record.keys()
        return (
            not bound and mon.item != "boosterenergy" and "onTakeItem" not in record.get("cb", ())
        )

    def _hit_items(self, move: _Move, mine: KnownMon, *, physical: bool, kind: str) -> None:
        absences, entry = self._absences, move.entry
        names: set[str] = set(_ITEM_OF_TYPE.get(kind, ()))
        if not {"unnerve", *tables.AS_ONE} & {mine.ability, mine.base_ability}:
            names |= {"jabocaberry", "keeberry"} if physical else {"marangaberry", "rowapberry"}
            if mine.ability == "magicguard" or mine.fainted:
                names -= {"jabocaberry", "rowapberry"}
            fixed = entry.get("damage") or "damageCallback" in entry.get("cb", ())
            if not fixed and "ohko" not in entry:
                if move.super_effective and kind in _RESIST:
                    names.add(_RESIST[kind])
                if kind == "Normal":
                    names.add("chilanberry")
        if max(self._foe.boosts.values(), default=0) >= _MOST:
            names = {name for name in names if name in _RESIST.values()}
        leaves = "selfSwitch" in entry or "forceSwitch" in entry
        if not leaves and mine.ability != "sheerforce" and not mine.fainted:
            if self._bench(self._foe):
                names.add("ejectbutton")
            if self._bench(self._own):
                names.add("redcard")
        absences.without_items(names)

    def _hit_chances(self, move: _Move, mine: KnownMon, *, contact: bool) -> None:
        if move.id != "struggle" and not move.disabled and mine.ability != "aromaveil":
            if mine.item != "mentalherb":
                self._chance("cursedbody", (1 - _BY_CHANCE) ** move.hits)
        if not contact or not self._open_to_status(move, mine):
            return
        types = self._own_types(mine)
        for name, status in _STATUS_ON_CONTACT.items():
            if types.isdisjoint(_IMMUNE_TO[status]):
                self._chance(name, (1 - _BY_CHANCE) ** move.hits)

    def _own_types(self, mine: KnownMon) -> set[str]:
        side = self._own
        if mine.terastallized and mine.tera_type:
            return {mine.tera_type}
        return {*(side.types or tables.types_of_forme(mine.forme)), side.added_type}

    def _open_to_status(self, move: _Move, mine: KnownMon) -> bool:
        """Return whether the player's Pokémon may have got any status by the move."""
        kept = {"safeguard"} & self._own.conditions.keys()
        guarded = mine.ability in _AGAINST_ANY or mine.ability in _SOMETIMES
        guarded |= any(mine.ability in names for names in _AGAINST_STATUS.values())
        misty = self._reader.battle.terrain == "mistyterrain"
        return not (move.own_statused or kept or guarded or misty)

    def _end_foe(self, move: _Move) -> None:
        """Note what a move of the opponent's has not set off in its user."""
        entry, absences, mine = move.entry, self._absences, self._own.mon
        if move.prepared and not move.hits and not move.mover.fainted:
            if self._reader.battle.weather not in ("desolateland", "sunnyday", "raindance"):
                absences.without_items(["powerherb"])
        if not move.hits or move.mover.fainted:
            return
        may_be = absences.abilities()
        secondary = _secondaries(entry)
        if "sound" in entry.get("flags", {}) and self._foe.boosts.get("spa", 0) < _MOST:
            if not secondary or "sheerforce" not in may_be:
                absences.without_items(["throatspray"])
        kept = move.mover.terastallized or "onModifyType" in entry.get("cb", ())
        if not kept and not may_be.isdisjoint(["protean", "libero"]) and move.id != "struggle":
            if "protean" not in self._foe.effects and absences.types() - {""} != {entry["type"]}:
                absences.without_abilities(["libero", "protean"])
        if move.fatal and self._bench(self._own):
            boosts = self._foe.boosts
            absences.without_abilities(
                [name for name, stat in _FELLING.items() if boosts.get(stat, 0) < _MOST]
            )
        if mine is None or mine.fainted or mine is not move.target:
            return
        self._several_hits(move)
        if mine.ability == "shielddust" or mine.item == "covertcloak":
            return
        if self._open_to_status(move, mine) and self._own_types(mine).isdisjoint(_IMMUNE_TO["psn"]):
            self._chance("toxicchain", (1 - _BY_CHANCE) ** move.hits)
            if "contact" in entry.get("flags", {}):
                self._chance("poisontouch", (1 - _BY_CHANCE) ** move.hits)

    def _several_hits(self, move: _Move) -> None:
        """Note what the number of hits says of a Loaded Dice and a Skill Link."""
        if move.entry.get("multihit") != [2, 5] or not move.count:
            return
        if move.count < 4:
            self._absences.without_items(["loadeddice"])
        elif "skilllink" not in self._absences.abilities():
            self._chance("loadeddice", _MORE_HITS)
        if move.count < 5:
            self._absences.without_abilities(["skilllink"])
        else:
            self._chance("skilllink", _ALL_HITS)


def _secondaries(entry: Mapping[str, Any]) -> bool:
    return bool(entry.get("secondary") or entry.get("secondaries"))


def _lowers(entry: Mapping[str, Any]) -> set[str]:
    """Return the stats of its target that a move lowers."""
    found = set()
    more = entry.get("secondaries") or [entry.get("secondary") or {}]
    for part in (entry, *more):
        found |= {stat for stat, n in (part.get("boosts") or {}).items() if n < 0}
    return found
