"""Who moved first: bounds of the Speed of the opponent's Pokémon.

Moves of equal priority are made in the order of Speed (``Battle.comparePriority``); the player's
own is known.  What a line does not tell for sure (an ability that may be there and changes Speed or
priority, Encore, Quick Claw …) leaves the question open.  The bounds are of the Speed stat times
what the set's item makes of it, so that a Choice Scarf is a property of the set.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from plywise.datasets.showdown_data import load, to_id
from plywise.games.gen9.tracking import condition_tables as tables
from plywise.games.gen9.tracking.absences import species_abilities
from plywise.games.gen9.tracking.known import Channel, KnownMon, KnownSide
from plywise.games.gen9.tracking.wire import ProtocolLine, effect_of, place_of

ITEM_FACTORS = {
    "choicescarf": 1.5,
    **dict.fromkeys(
        """ironball machobrace poweranklet powerband powerbelt powerbracer powerlens
        powerweight""".split(),
        0.5,
    ),
}
"""Item -> what it makes of its holder's Speed, of those that change it (``onModifySpe``)."""
LAST_ITEMS = frozenset(["fullincense", "laggingtail"])
"""Items whose holder moves last within its priority."""
_RUSHES = {
    "chlorophyll": frozenset(["desolateland", "sunnyday"]),
    "sandrush": frozenset(["sandstorm"]),
    "slushrush": frozenset(["hail", "snowscape"]),
    "surgesurfer": frozenset(["electricterrain"]),
    "swiftswim": frozenset(["primordialsea", "raindance"]),
}
"""Ability -> weather or terrain in which it doubles Speed."""
_FIRST_BY_CHANCE = frozenset(["custapberry", "quickclaw", "quickdraw"])
_OF_ORDER = frozenset(["myceliummight", "quickdraw", "stall"])  # abilities of the order itself
_UNSURE = frozenset(["grasspledge", "firepledge", "waterpledge"])  # a swamp


@dataclass
class _First:
    """The move that was made first in this turn, and what was true as it began.

    Attributes:
        mons: the active Pokémon of both sides then.
        priority: of the move; None: not known for sure.
        own_speed: the player's in battle; ``factor``: what makes the opponent's of its stat and
            item; None: not known.
    """

    side: int
    move: str
    mons: tuple[KnownMon, KnownMon]
    priority: int | None
    own_speed: float | None
    factor: float | None
    reversed: bool


class TurnOrder:
    """Notes bounds of the Speed of the opponent's Pokémon.

    Args:
        reader: of whose lines and knowledge it goes by; a spectator's notes nothing.
    """

    def __init__(self, reader: Channel) -> None:
        self._reader = reader
        self._first: _First | None = None
        self._open = False  # neither side has acted in this turn
        self._by_chance = False

    def before(self, line: ProtocolLine) -> None:
        """Take note of a line that the reader has not read yet."""
        kind = line.kind
        if self._reader.player is None:
            return
        if kind == "turn":
            self._open, self._first, self._by_chance = True, None, False
        elif kind in ("switch", "drag", "cant", "replace", "upkeep"):
            self._open, self._first = False, None
        elif kind in ("-activate", "-enditem"):
            self._by_chance |= effect_of(line.arg(1))[1] in _FIRST_BY_CHANCE
        elif kind == "move" and effect_of(line.tags.get("from", ""))[1] in ("", "lockedmove"):
            self._moves(place_of(line.arg(0))[0], to_id(line.arg(1)))

    def _moves(self, side: int, move: str) -> None:
        battle, player = self._reader.battle, self._reader.player
        assert player is not None
        one, two = (s.mon for s in battle.sides)
        first, self._first = self._first, None
        if one is None or two is None:
            return
        if self._open:
            self._open = False
            self._first = _First(
                side,
                move,
                (one, two),
                self._priority(side, move),
                self._own_speed(),
                self._factor(),
                "trickroom" in battle.conditions,
            )
        elif first is not None and first.side != side and not self._by_chance:
            same = first.mons[0] is one and first.mons[1] is two
            # What the second one is made to do by Encore is not what it has chosen.
            if same and first.move != "encore" and first.priority is not None:
                if first.priority == self._priority(side, move):
                    self._note(first, foe_first=first.side != player)

    def _abilities(self, side: KnownSide, number: int) -> frozenset[str]:
        mon = side.mon
        if mon is None:
            return frozenset()
        if number == self._reader.player or mon.ability is not None:
            return frozenset([mon.ability or ""])
        found = species_abilities((side.copy or mon).species)
        return found.difference(mon.excluded_abilities)

    def _priority(self, number: int, move: str) -> int | None:
        """Return the priority of a move; None: it depends on what is not known."""
        side = self._reader.battle.sides[number]
        entry, abilities = load().moves.get(move), self._abilities(side, number)
        if entry is None or move == "grassyglide" or _OF_ORDER & abilities:
            return None
        changes = {
            "prankster": entry["category"] == "Status",
            "galewings": entry["type"] == "Flying",
            "triage": "heal" in entry.get("flags", {}),
        }
        if any(name in abilities and true for name, true in changes.items()):
            return None
        return int(entry["priority"])

    def _common_factor(self, side: KnownSide, number: int) -> float | None:
        """Return what conditions make of the Speed of a side's Pokémon; None: not known."""
        battle, mon = self._reader.battle, side.mon
        if mon is None or side.copy is not None or side.stat_moves:
            return None
        if mon.forme not in ("", mon.species) or _UNSURE & side.conditions.keys():
            return None
        abilities = self._abilities(side, number)
        around = {battle.weather, battle.terrain}
        if any(name in abilities and around & where for name, where in _RUSHES.items()):
            return None
        if "quickfeet" in abilities and mon.status:
            return None
        if ("unburden" in abilities and side.item_lost) or "slowstart" in abilities:
            return None
        stage = side.boosts.get("spe", 0)
        factor = (2 + stage) / 2 if stage >= 0 else 2 / (2 - stage)
        factor *= 2 if "tailwind" in side.conditions else 1
        factor *= 0.5 if mon.status == "par" else 1
        for paradox in tables.PARADOX:
            boosted = side.effects.get(paradox)
            factor *= 1.5 if boosted is not None and boosted.move == "spe" else 1
        return factor

    def _items_work(self, side: KnownSide, number: int) -> bool:
        ignored = "magicroom" in self._reader.battle.conditions or "embargo" in side.effects
        return not ignored and "klutz" not in self._abilities(side, number)

    def _own_speed(self) -> float | None:
        player = self._reader.player
        assert player is not None
        side = self._reader.battle.sides[player]
        mon, factor = side.mon, self._common_factor(side, player)
        if mon is None or mon.stats is None or factor is None or mon.item is None:
            return None
        if mon.item in ITEM_FACTORS and not self._items_work(side, player):
            return None
        if mon.item in LAST_ITEMS or mon.item == "quickpowder":
            return None
        return mon.stats[4] * factor * ITEM_FACTORS.get(mon.item, 1.0)

    def _factor(self) -> float | None:
        player = self._reader.player
        assert player is not None
        side = self._reader.battle.sides[1 - player]
        mon = side.mon
        # What it holds must be what its set holds.
        if mon is None or mon.item != mon.first_item or not self._items_work(side, 1 - player):
            return None
        return self._common_factor(side, 1 - player)

    def _note(self, first: _First, *, foe_first: bool) -> None:
        if first.own_speed is None or first.factor is None:
            return
        player = self._reader.player
        assert player is not None
        mon = first.mons[1 - player]
        if mon.first_item in LAST_ITEMS:
            return
        least, most = mon.speed
        # Every step of the simulator's arithmetic rounds down: of both by less than 3.
        if foe_first != first.reversed:
            least = max(least, math.floor((first.own_speed - 3) / first.factor))
        else:
            most = min(most, math.ceil((first.own_speed + 3) / first.factor))
        mon.speed = (least, most)
