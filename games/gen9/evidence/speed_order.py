"""Who acted first, and whether a set explains it: Speed, items, abilities and priorities.

Actions of equal priority are taken in the order of Speed (``Battle.comparePriority``), and so are
effects of the end of a turn of one kind (``Battle.fieldEvent``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from plywise.datasets.showdown_data import load

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
RUSHES = {
    "chlorophyll": frozenset(["desolateland", "sunnyday"]),
    "sandrush": frozenset(["sandstorm"]),
    "slushrush": frozenset(["hail", "snowscape"]),
    "surgesurfer": frozenset(["electricterrain"]),
    "swiftswim": frozenset(["primordialsea", "raindance"]),
}
"""Ability -> weather or terrain in which it doubles Speed."""
OF_ORDER = frozenset(["myceliummight", "quickdraw", "stall"])
"""Abilities of the order itself."""
MARGIN = 3
"""Every step of the simulator's arithmetic rounds down: of both Speeds by less than this."""


@dataclass(frozen=True)
class Surroundings:
    """What decides which abilities change a Pokémon's Speed.

    Attributes:
        weather, terrain: ids, "" none.
        status: of the Pokémon, "" none.
        item_lost: it has lost its item since it came in.
        slow: its Slow Start has not ended.
    """

    weather: str = ""
    terrain: str = ""
    status: str = ""
    item_lost: bool = False
    slow: bool = False

    def factor(self, ability: str) -> float:
        """Return what an ability makes of the Speed, an undone fall by paralysis included."""
        if ability == "quickfeet" and self.status:
            return 3.0 if self.status == "par" else 1.5
        if not RUSHES.get(ability, frozenset()).isdisjoint((self.weather, self.terrain)):
            return 2.0
        if ability == "unburden" and self.item_lost:
            return 2.0
        return 0.5 if ability == "slowstart" and self.slow else 1.0


@dataclass(frozen=True)
class Order:
    """That the opponent's Pokémon has acted before the player's, or after it.

    Attributes:
        first: before it, Trick Room accounted for: it was faster, if the priorities were equal.
        own_speed: of the player's in battle.
        factor: what is known to change the opponent's Speed: stages, paralysis, Tailwind …
        around: what its ability may go by.
        item: that it held, "" none or without effect; None: that of its set, which is not known.
        move: of the opponent's, "" where both were no moves; ``full``: it had all of its HP.
        priority: of the player's move.
        reversed: Trick Room was there.
    """

    first: bool
    own_speed: float
    factor: float
    around: Surroundings
    item: str | None
    move: str = ""
    full: bool = False
    priority: int = 0
    reversed: bool = False


def priority_of(move: Mapping[str, Any], ability: str, *, full: bool) -> int:
    """Return the priority of a move made by a Pokémon with an ability."""
    more = 0
    if ability == "prankster" and move["category"] == "Status":
        more = 1
    elif ability == "galewings" and move["type"] == "Flying" and full:
        more = 1
    elif ability == "triage" and "heal" in move.get("flags", {}):
        more = 3
    return int(move["priority"]) + more


def explains_order(order: Order, speed: int, item: str, ability: str) -> bool:
    """Return whether a Pokémon with this Speed stat, item and ability can have acted so."""
    if item in LAST_ITEMS or (ability in OF_ORDER and order.move):
        return True
    if order.move:
        ahead = priority_of(load().moves[order.move], ability, full=order.full) - order.priority
        if ahead:
            return (ahead > 0) == (order.first != order.reversed)
    held = item if order.item is None else order.item
    factor = order.factor * order.around.factor(ability)
    if ability != "klutz":
        factor *= ITEM_FACTORS.get(held, 1.0)
    theirs = speed * factor
    if order.first:
        return theirs > order.own_speed - MARGIN
    return theirs < order.own_speed + MARGIN
