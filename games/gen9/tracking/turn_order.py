"""Who acted first: bounds of the Speed of the opponent's Pokémon, and orders to be explained.

Moves of equal priority, switches of both sides and effects of the end of a turn that hit both come
in the order of Speed; the player's own is known.  What a line does not tell for sure (Encore, Quick
Claw …) leaves the question open.  Where an ability that may be there plays a part, the order itself
is kept (``evidence/speed_order``), else bounds of the Speed stat times what
the set's item makes of it, so that a Choice Scarf is a property of the set.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from plywise.datasets.showdown_data import load, to_id
from plywise.games.gen9.evidence.speed_order import (
    ITEM_FACTORS,
    LAST_ITEMS,
    MARGIN,
    OF_ORDER,
    Order,
    Surroundings,
    priority_of,
)
from plywise.games.gen9.tracking import condition_tables as tables
from plywise.games.gen9.tracking.absences import may_be_disguised, species_abilities
from plywise.games.gen9.tracking.disguises import may_be_misnamed
from plywise.games.gen9.tracking.known import Channel, KnownMon, KnownSide
from plywise.games.gen9.tracking.wire import ProtocolLine, effect_of, place_of

KEPT = 8
"""Orders of one Pokémon that are kept, the last ones."""
_FIRST_BY_CHANCE = frozenset(["custapberry", "quickclaw", "quickdraw"])
_UNSURE = frozenset(["grasspledge", "firepledge", "waterpledge"])  # a swamp
_AT_THE_END = {
    "blacksludge": "5",
    "brn": "10",
    "grassyterrain": "5",
    "leftovers": "5",
    "psn": "9",
    "sandstorm": "weather",
    "tox": "9",
}
"""Cause of a change of HP -> its place at the end of a turn (``onResidualOrder``)."""
_ON_LEAVING = frozenset(["-curestatus", "-end"])
"""Kinds of lines that come before the one of a switch: Natural Cure, the end of a Quark Drive."""
_DISTURBING = frozenset(["move", "cant", "drag", "replace", "upkeep"])
BEFORE = _ON_LEAVING | _DISTURBING | {"turn", "-damage", "-heal", "-activate", "-enditem", "switch"}
"""Kinds of lines that :meth:`TurnOrder.before` takes."""


@dataclass(frozen=True)
class _Speeds:
    """What is known of both Speeds.

    Attributes:
        own: the player's in battle.
        factor: what is known to make the opponent's of its stat and item.
        around, item: as in :class:`Order`.
        reversed: Trick Room is there.
    """

    own: float
    factor: float
    around: Surroundings
    item: str | None
    reversed: bool

    def order(
        self, foe_first: bool, move: str = "", *, full: bool = False, priority: int = 0
    ) -> Order:
        """Return the order of two actions; ``move`` to ``priority`` as in :class:`Order`."""
        return Order(
            foe_first != self.reversed,
            self.own,
            self.factor,
            self.around,
            self.item,
            move,
            full,
            priority,
            self.reversed,
        )


@dataclass(frozen=True)
class _First:
    """The action that was first in this turn, and what was true as it began.

    Attributes:
        side: whose; ``move``: its id, "" a switch.
        mons: the active Pokémon of both sides then; ``formes``: theirs.
        speeds: None: not known.
    """

    side: int
    move: str
    mons: tuple[KnownMon, KnownMon]
    formes: tuple[str, str]
    speeds: _Speeds | None
    full: bool


class TurnOrder:
    """Notes bounds of the Speed of the opponent's Pokémon, and orders.

    Args:
        reader: of whose lines and knowledge it goes by; a spectator's notes nothing.
    """

    def __init__(self, reader: Channel, *, choosing: bool = False) -> None:
        self._reader = reader
        self._first: _First | None = None
        self._open = choosing  # neither side has acted in this turn
        self._by_chance = False
        self._leaving: _Speeds | None = None  # before what a switch ends was told
        self._ends: dict[str, tuple[int, KnownMon]] = {}  # place at the end of the turn -> whose

    def before(self, line: ProtocolLine) -> None:
        """Take note of a line that the reader has not read yet."""
        kind = line.kind
        if self._reader.player is None:
            return
        if kind == "turn":
            self._open, self._first, self._by_chance = True, None, False
            self._leaving = None
            self._ends.clear()
        elif kind in ("-damage", "-heal"):
            if self._reader.battle.residual and "from" in line.tags:
                self._end(line)
        elif kind in _ON_LEAVING:
            if self._open and self._leaving is None:
                self._leaving = self._speeds()
        elif kind in ("-activate", "-enditem"):
            self._by_chance |= effect_of(line.arg(1))[1] in _FIRST_BY_CHANCE
        elif kind == "move" and effect_of(line.tags.get("from", ""))[1] in ("", "lockedmove"):
            self._acts(place_of(line.arg(0))[0], to_id(line.arg(1)))
        elif kind == "switch" and "from" not in line.tags and not self._reader.battle.residual:
            self._acts(place_of(line.arg(0))[0], "")
        elif kind in _DISTURBING or kind == "switch":
            self._open, self._first = False, None

    def _acts(self, side: int, move: str) -> None:
        one, two = (s.mon for s in self._reader.battle.sides)
        first, self._first = self._first, None
        if one is None or two is None:
            return
        if self._open:
            self._open = False
            foe = two if self._reader.player == 0 else one
            speeds = self._speeds() if move else self._leaving or self._speeds()
            self._first = _First(
                side, move, (one, two), _formes(one, two), speeds, foe.hp >= foe.max_hp
            )
        elif first is not None and first.side != side and not self._by_chance:
            if bool(first.move) != bool(move):
                return
            # Who switches first is gone when the other does.
            there = (
                first.mons[side] is (one, two)[side]
                and first.formes[side] == (_formes(one, two)[side])
            )
            still = first.mons == (one, two) and first.formes == _formes(one, two)
            # What the second one is made to do by Encore is not what it has chosen.
            if there and (still or not move) and first.move != "encore":
                self._compare(first, side, move)

    def _compare(self, first: _First, side: int, move: str) -> None:
        player, speeds = self._reader.player, first.speeds
        assert player is not None
        if speeds is None:
            return
        foe_first = first.side != player
        moves = {first.side: first.move, side: move}
        mine, theirs = moves[player], moves[1 - player]
        own = self._reader.battle.sides[player].mon if move else first.mons[player]
        priority = 0
        if move:
            if own is None or own.ability is None or "grassyglide" in (mine, theirs):
                return
            if own.ability in OF_ORDER or mine not in load().moves or theirs not in load().moves:
                return
            full = own.hp >= own.max_hp
            priority = priority_of(load().moves[mine], own.ability, full=full)
            if own.ability == "galewings" and load().moves[mine]["type"] == "Flying":
                return  # it may have had all of its HP
        self._note(
            first.mons[1 - player],
            speeds.order(foe_first, theirs, full=first.full, priority=priority),
        )

    def _end(self, line: ProtocolLine) -> None:
        """Compare two effects of one kind at the end of a turn."""
        battle, player = self._reader.battle, self._reader.player
        place, side = _AT_THE_END.get(line.origin[1]), place_of(line.arg(0))[0]
        if place is None or player is None or not 0 <= side <= 1:
            return
        mon, other = battle.sides[side].mon, battle.sides[1 - side].mon
        if mon is None or other is None:
            return
        before = self._ends.setdefault(place, (side, mon))
        if before[0] == side or before[1] is not other or other.fainted:
            return
        speeds = self._speeds()
        if speeds is not None:
            self._note(battle.sides[1 - player].mon, speeds.order(side == player))

    def _abilities(self, side: KnownSide, number: int) -> frozenset[str]:
        mon = side.mon
        if mon is None:
            return frozenset()
        if number == self._reader.player or mon.ability is not None:
            return frozenset([mon.ability or ""])
        found = species_abilities((side.copy or mon).species)
        return found.difference(mon.excluded_abilities)

    def _surroundings(self, side: KnownSide) -> Surroundings:
        battle, mon = self._reader.battle, side.mon
        return Surroundings(
            battle.weather,
            battle.terrain,
            "" if mon is None else mon.status,
            side.item_lost,
            "slowstart" in side.effects,
        )

    def _common_factor(self, side: KnownSide) -> float | None:
        """Return what conditions make of the Speed of a side's Pokémon; None: not known."""
        mon = side.mon
        if mon is None or side.copy is not None or side.stat_moves:
            return None
        if mon.forme not in ("", mon.species) or not _UNSURE.isdisjoint(side.conditions):
            return None
        stage = side.boosts.get("spe", 0)
        factor = (2 + stage) / 2 if stage >= 0 else 2 / (2 - stage)
        factor *= 2 if "tailwind" in side.conditions else 1
        factor *= 0.5 if mon.status == "par" else 1
        for paradox in tables.PARADOX:
            boosted = side.effects.get(paradox)
            factor *= 1.5 if boosted is not None and boosted.move == "spe" else 1
        return factor

    def _items_work(self, side: KnownSide) -> bool:
        return "magicroom" not in self._reader.battle.conditions and "embargo" not in side.effects

    def _speeds(self) -> _Speeds | None:
        """Return what is known of both Speeds; None: too little."""
        battle, player = self._reader.battle, self._reader.player
        assert player is not None
        own, foe = battle.sides[player], battle.sides[1 - player]
        mine, theirs = own.mon, foe.mon
        if mine is None or theirs is None or mine.stats is None or may_be_misnamed(own):
            return None
        if mine.item is None or mine.ability is None or mine.item in (*LAST_ITEMS, "quickpowder"):
            return None
        if mine.stats_forme not in ("", mine.forme):
            return None  # the next request tells its stats
        if theirs.ability not in (None, theirs.base_ability):
            return None  # an order is explained by the set's own
        if "gastroacid" in own.effects or "gastroacid" in foe.effects or self._suppressed():
            return None
        weathers = _weatherless(mine.ability) or any(map(_weatherless, self._abilities(foe, -1)))
        if weathers and battle.weather:
            return None
        works = self._items_work(own) and mine.ability != "klutz"
        if mine.item in ITEM_FACTORS and not works and mine.item != "choicescarf":
            return None  # Iron Ball and its like slow a Klutz too
        common, factor = self._common_factor(own), self._common_factor(foe)
        if common is None or factor is None:
            return None
        if not self._items_work(foe):
            return None
        speed = mine.stats[4] * common * self._surroundings(own).factor(mine.ability)
        speed *= ITEM_FACTORS.get(mine.item, 1.0) if works else 1.0
        held = theirs.item if theirs.item != theirs.first_item else None
        return _Speeds(
            speed, factor, self._surroundings(foe), held, "trickroom" in battle.conditions
        )

    def _suppressed(self) -> bool:
        sides = self._reader.battle.sides
        return any("neutralizinggas" in (m.ability, m.base_ability) for s in sides for m in s.mons)

    def _note(self, mon: KnownMon | None, order: Order) -> None:
        player = self._reader.player
        assert player is not None
        foe = self._reader.battle.sides[1 - player]
        if mon is None or mon.first_item in LAST_ITEMS or may_be_disguised(foe):
            return
        if mon.base_ability is not None:
            may_be = frozenset([mon.base_ability])
        else:
            may_be = species_abilities(mon.species).difference(mon.excluded_abilities)
        if OF_ORDER & may_be and order.move:
            return
        plain = order.item is None and "klutz" not in may_be
        plain = plain and all(order.around.factor(ability) == 1 for ability in may_be)
        if order.move:
            move = load().moves[order.move]
            found = {priority_of(move, ability, full=order.full) for ability in may_be}
            if found and order.priority not in found:
                return  # the priorities decide
            plain = plain and len(found) == 1
        if not plain:
            if order not in mon.orders:
                mon.orders = (*mon.orders, order)[-KEPT:]
            return
        least, most = mon.speed
        if order.first:
            least = max(least, math.floor((order.own_speed - MARGIN) / order.factor))
        else:
            most = min(most, math.ceil((order.own_speed + MARGIN) / order.factor))
        mon.speed = (least, most)


def _formes(one: KnownMon, two: KnownMon) -> tuple[str, str]:
    return one.forme + one.species, two.forme + two.species


def _weatherless(ability: str) -> bool:
    return ability in ("airlock", "cloudnine")
