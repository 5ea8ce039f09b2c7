"""Which items and abilities a step of a battle has given away, told from the states around it.

Only what Showdown announces counts, and only where the two states leave no doubt that it did: a
player of ours never knows more than one on a server, though sometimes a little less (an ability
that works on contact, a Rocky Helmet).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from plywise.datasets.showdown_data import load
from plywise.engine.battle import constants as c
from plywise.engine.battle.border import codec
from plywise.engine.battle.names import ABILITY_NAMES, ITEM_NAMES, MOVE_NAMES, STATUS_NAMES
from plywise.games.gen9.infostate import MonView

Plain = Any
"""A record of a battle, as ``engine.battle.plain.thaw`` gives it."""

# Abilities that are announced whenever their owner comes in (data/abilities.ts: onStart,
# onSwitchIn and onPreStart that always write a message).
_ANNOUNCED = frozenset(
    """airlock asoneglastrier asonespectrier aurabreak beadsofruin cloudnine comatose darkaura
    download fairyaura hadronengine imposter intimidate moldbreaker neutralizinggas
    orichalcumpulse pressure slowstart swordofruin tabletsofruin terashift teravolt turboblaze
    unnerve vesselofruin""".split()
)
# Abilities that are announced if they change something when their owner comes in.
_WEATHER_SETTERS = {
    "drizzle": "raindance",
    "drought": "sunnyday",
    "sandstream": "sandstorm",
    "snowwarning": "snowscape",
    "primordialsea": "primordialsea",
    "desolateland": "desolateland",
    "deltastream": "deltastream",
}
_TERRAIN_SETTERS = {
    "electricsurge": "electricterrain",
    "grassysurge": "grassyterrain",
    "mistysurge": "mistyterrain",
    "psychicsurge": "psychicterrain",
}
_ONCE = {"dauntlessshield": c.MON_SHIELD_BOOST, "intrepidsword": c.MON_SWORD_BOOST}
# Abilities that show themselves by a change of forme.
_FORME_ABILITIES = frozenset(
    """battlebond disguise gulpmissile hungerswitch iceface schooling shieldsdown stancechange
    terashift zenmode zerotohero""".split()
)
_VOLATILE_ABILITIES = ("protosynthesis", "quarkdrive", "flashfire")

_RESIDUAL_STATUSES = (c.BRN, c.PSN, c.TOX)
# Volatiles that hurt after Leftovers have healed, or keep them from healing.
_AFTER_LEFTOVERS = frozenset(
    ("leechseed", "curse", "partiallytrapped", "saltcure", "healblock", "syrupbomb", "perishsong")
)


@dataclass(frozen=True)
class Look:
    """One Pokémon's part in one step.

    Attributes:
        before, after: the battles around the step.
        side: its side; ``index`` its team index.
        entered: it came in during the step.
        used: ids of the moves that it used; ``foe_used`` those that the other side used.
        residual: an end of turn lay in between.
    """

    before: Plain
    after: Plain
    side: int
    index: int
    entered: bool
    used: tuple[str, ...]
    foe_used: tuple[str, ...]
    residual: bool

    @property
    def was(self) -> Plain:
        """The Pokémon before the step."""
        return self.before.sides[self.side].mons[self.index]

    @property
    def now(self) -> Plain:
        """The Pokémon after the step."""
        return self.after.sides[self.side].mons[self.index]

    @property
    def is_out(self) -> bool:
        """Whether it is out after the step."""
        return bool(self.after.sides[self.side].active == self.index)

    @property
    def side_hazards(self) -> bool:
        """Whether something lies on its side of the field."""
        conditions = self.after.sides[self.side].conditions
        return any(conditions[k] for k in range(c.FIRST_HAZARD, c.NUM_SIDE_CONDITIONS))

    @property
    def was_out(self) -> bool:
        """Whether it was out before the step (nobody is before the battle's start)."""
        return self.before.turn > 0 and bool(self.before.sides[self.side].active == self.index)


def name_of(names: list[str], number: int) -> str:
    """Return the id of a number, ``""`` for none."""
    return names[number] if number else ""


def volatiles_of(side: Plain) -> list[str]:
    """Return the engine's names of the volatile conditions of a side's active Pokémon."""
    return [
        name
        for name, bit in codec.VOLATILE_BIT.items()
        if side.volatiles[bit // codec.VOLATILE_WORD_BITS] >> bit % codec.VOLATILE_WORD_BITS & 1
    ]


def with_item(view: MonView, look: Look) -> MonView:
    """Return ``view`` with what the step has shown of its item."""
    was = name_of(ITEM_NAMES, look.was.held_item)
    now = name_of(ITEM_NAMES, look.now.held_item)
    if was != now:
        return replace(view, item=now, lost_item=view.lost_item or was)
    if now and view.item != now and _item_shown(look, now):
        return replace(view, item=now)
    return view


def _item_shown(look: Look, item: str) -> bool:
    now, side = look.now, look.after.sides[look.side]
    if look.is_out and _frisked(look):
        return True
    if item == "airballoon":
        return look.entered
    if item in ("toxicorb", "flameorb"):
        return _orb_worked(look, c.BRN if item == "flameorb" else c.TOX)
    if item in ("leftovers", "blacksludge"):
        return (
            look.residual
            and look.is_out
            and 0 < now.hp < now.max_hp
            and now.status not in _RESIDUAL_STATUSES
            and not look.after.pseudo_weather[c.MAGIC_ROOM]
            and not _AFTER_LEFTOVERS.intersection(volatiles_of(side))
            and not (look.was_out and "healblock" in volatiles_of(look.before.sides[look.side]))
        )
    if item == "lifeorb":
        return _life_orb_hurt(look)
    return False


def _frisked(look: Look) -> bool:
    """Whether a Frisk came in opposite: it names the item."""
    if look.entered and look.before.turn > 0:
        return False  # the Frisk may have come first and named another's
    other = 1 - look.side
    was, now = look.before.sides[other], look.after.sides[other]
    came = look.before.turn == 0 or was.active != now.active
    return came and name_of(ABILITY_NAMES, now.mons[now.active].ability) == "frisk"


def _orb_worked(look: Look, status: int) -> bool:
    """Whether an orb gave the status, for nothing else can have done it."""
    name = STATUS_NAMES[status]
    if look.was.status or look.now.status != status or not look.residual or look.side_hazards:
        return False
    moves = (load().moves[m] for m in look.foe_used)
    secondaries = [s for m in moves for s in (m, *(m.get("secondaries") or ()))]
    if any(s.get("status") == name or s.get("secondary") for s in secondaries):
        return False
    return not look.used  # its own contact may have cost it the status


def _life_orb_hurt(look: Look) -> bool:
    """Whether its attack did damage and cost it a tenth of its HP, and nothing else hurt it."""
    now, moves = look.now, load().moves
    attacked = any(moves[m]["category"] != "Status" for m in look.used)
    answered = any(moves[m]["category"] != "Status" for m in look.foe_used)
    if not attacked or answered or look.entered or not look.was_out or now.hp == 0:
        return False
    ability = name_of(ABILITY_NAMES, now.ability)
    if ability in ("magicguard", "sheerforce"):
        return False
    foe_was = look.before.sides[1 - look.side]
    foe_now = look.after.sides[1 - look.side]
    hurt = foe_was.mons[foe_now.active].hp > foe_now.mons[foe_now.active].hp
    return hurt and bool(look.was.hp - now.hp >= now.max_hp // 10)


def with_ability(view: MonView, look: Look) -> MonView:
    """Return ``view`` with what the step has shown of its ability."""
    was = name_of(ABILITY_NAMES, look.was.ability)
    now = name_of(ABILITY_NAMES, look.now.ability)
    if look.was_out and not look.is_out:
        return _left(view, look)
    if now == "" or look.now.hp == 0:
        return view  # it fainted and has lost what its forme gave it
    built = view.base_ability or name_of(ABILITY_NAMES, look.was.base_ability)
    if was != now:
        # A new forme brings an ability of its own and does not tell which one it had before.
        reformed = look.was.base_species != look.now.base_species
        told = built if not reformed or was in _FORME_ABILITIES else view.base_ability
        return replace(view, ability=now, base_ability=told)
    if look.is_out and view.ability != now and _ability_shown(look, now):
        return replace(view, ability=now, base_ability=built if now == was else view.base_ability)
    return view


def _left(view: MonView, look: Look) -> MonView:
    """Its own ability returns as it leaves; Natural Cure shows itself."""
    base = view.base_ability
    ability = name_of(ABILITY_NAMES, look.was.ability)
    if look.was.status and not look.now.status and ability == "naturalcure":
        base = base or ability
    return replace(view, ability=base, base_ability=base)


def _ability_shown(look: Look, ability: str) -> bool:
    was, now = look.was, look.now
    if was.species != now.species and not now.flag_bits & c.MON_TRANSFORMED:
        return ability in _FORME_ABILITIES
    if ability in _VOLATILE_ABILITIES and ability in volatiles_of(look.after.sides[look.side]):
        return True
    if not look.entered:
        return False
    if ability in _ANNOUNCED:
        return not _gassed(look, ability)
    if ability in _WEATHER_SETTERS:
        weather = _WEATHER_SETTERS[ability]
        return _began(c.WEATHER_NAMES, look.before.weather, look.after.weather, weather)
    if ability in _TERRAIN_SETTERS:
        terrain = _TERRAIN_SETTERS[ability]
        return _began(c.TERRAIN_NAMES, look.before.terrain, look.after.terrain, terrain)
    if ability in _ONCE:
        return bool(now.flag_bits & ~was.flag_bits & _ONCE[ability])
    if ability == "supremeoverlord":
        return bool(look.after.sides[look.side].ability_counter)
    if ability == "zerotohero":
        return bool(now.flag_bits & ~was.flag_bits & c.MON_HERO_MESSAGE)
    return False


def _began(names: list[str], was: int, now: int, wanted: str) -> bool:
    return names[now] == wanted and names[was] != wanted


def _gassed(look: Look, ability: str) -> bool:
    """Whether Neutralizing Gas keeps abilities from showing."""
    if ability == "neutralizinggas":
        return False
    return any(
        name_of(ABILITY_NAMES, side.mons[side.active].ability) == "neutralizinggas"
        for side in look.after.sides
    )


def hp_as_it_left(look: Look) -> int:
    """Return the HP that a Pokémon was last seen with; Regenerator heals unseen on the way out."""
    was, now = look.was, look.now
    if name_of(ABILITY_NAMES, was.ability) != "regenerator" or now.hp == 0:
        return int(now.hp)
    healed = now.max_hp // 3
    return int(was.hp if now.hp == now.max_hp else min(was.hp, now.hp - healed))


def moves_used(side_before: Plain, side_after: Plain, index: int) -> tuple[str, ...]:
    """Return which of a Pokémon's own moves it used between two states of its side.

    A use costs PP; a Leppa Berry may give back the last one.
    """
    moves, old = _own_slots(side_before, index)
    _, new = _own_slots(side_after, index)
    used = [m for m, a, b in zip(moves, old, new, strict=True) if m and b < a]
    was, now = side_before.mons[index], side_after.mons[index]
    ate = name_of(ITEM_NAMES, was.held_item) == "leppaberry" and not now.held_item
    last = side_after.last_move
    if ate and index == side_after.active and last in moves and last not in used and last:
        used.append(last)
    return tuple(MOVE_NAMES[m] for m in used)


def _own_slots(side: Plain, index: int) -> tuple[list[int], list[int]]:
    """Return the moves that a Pokémon was built with and their PP; a copy's own are put aside."""
    mon = side.mons[index]
    if mon.flag_bits & c.MON_TRANSFORMED and index == side.active:
        return side.base_moves, side.base_pp
    return mon.moves, mon.pp
