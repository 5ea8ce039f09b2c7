"""Items and abilities revealed by a step of a battle, derived from the states before and after it.

Only what Showdown announces counts, and only if the two states prove that it did: a player here
never knows more than one on a server, and sometimes less (abilities on contact, a Rocky Helmet).
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
"""A record of a battle (``engine.battle.border.plain.thaw``)."""

# Abilities that are announced whenever their owner is sent out (data/abilities.ts: onStart,
# onSwitchIn and onPreStart that always write a message).
_ANNOUNCED = frozenset(
    """airlock asoneglastrier asonespectrier aurabreak beadsofruin cloudnine comatose darkaura
    download fairyaura hadronengine imposter intimidate moldbreaker neutralizinggas
    orichalcumpulse pressure slowstart swordofruin tabletsofruin terashift teravolt turboblaze
    unnerve vesselofruin""".split()
)
# Abilities that are announced if they change something when their owner is sent out.
_SETTERS = {
    "drizzle": "raindance",
    "drought": "sunnyday",
    "sandstream": "sandstorm",
    "snowwarning": "snowscape",
    "primordialsea": "primordialsea",
    "desolateland": "desolateland",
    "deltastream": "deltastream",
    "electricsurge": "electricterrain",
    "grassysurge": "grassyterrain",
    "mistysurge": "mistyterrain",
    "psychicsurge": "psychicterrain",
}
_ONCE = {"dauntlessshield": c.MON_SHIELD_BOOST, "intrepidsword": c.MON_SWORD_BOOST}
# Abilities revealed by a change of forme.
_FORME_ABILITIES = frozenset(
    """battlebond disguise gulpmissile hungerswitch iceface schooling shieldsdown stancechange
    terashift zenmode zerotohero""".split()
)
_VOLATILE_ABILITIES = ("protosynthesis", "quarkdrive", "flashfire")

_RESIDUAL_STATUSES = (c.BRN, c.PSN, c.TOX)
# Volatiles that hurt after Leftovers heal, or prevent it.
_AFTER_LEFTOVERS = frozenset(
    ("leechseed", "curse", "partiallytrapped", "saltcure", "healblock", "syrupbomb", "perishsong")
)


@dataclass(frozen=True)
class MonStep:
    """One step of a battle from the view of one Pokémon.

    Attributes:
        before, after: the battle before and after the step.
        side, index: the Pokémon's side and team index.
        entered: it was sent out during the step.
        used, foe_used: ids of the moves used by it and by the opponent's side.
        residual: the step includes an end of turn.
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
        """Whether it is active after the step."""
        return bool(self.after.sides[self.side].active == self.index)

    @property
    def side_hazards(self) -> bool:
        """Whether its side has hazards."""
        conditions = self.after.sides[self.side].conditions
        return any(conditions[k] for k in range(c.FIRST_HAZARD, c.NUM_SIDE_CONDITIONS))

    @property
    def was_out(self) -> bool:
        """Whether it was active before the step; False before the battle's start."""
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


def field_conditions(b: Plain) -> list[str]:
    """Return ids of the present weather, terrain and pseudo-weathers."""
    names = [c.WEATHER_NAMES[b.weather], c.TERRAIN_NAMES[b.terrain]]
    names += [n for n, left in zip(c.PSEUDO_WEATHER_NAMES, b.pseudo_weather, strict=True) if left]
    return [name for name in names if name]


def with_item(view: MonView, mon_step: MonStep) -> MonView:
    """Return ``view`` with what the step reveals of its item."""
    was = name_of(ITEM_NAMES, mon_step.was.held_item)
    now = name_of(ITEM_NAMES, mon_step.now.held_item)
    if was != now:
        return replace(view, item=now, lost_item=view.lost_item or was)
    if now and view.item != now and _item_shown(mon_step, now):
        return replace(view, item=now)
    return view


def _item_shown(mon_step: MonStep, item: str) -> bool:
    now, side = mon_step.now, mon_step.after.sides[mon_step.side]
    if mon_step.is_out and _frisked(mon_step):
        return True
    if item == "airballoon":
        return mon_step.entered
    if item in ("toxicorb", "flameorb"):
        return _orb_worked(mon_step, c.BRN if item == "flameorb" else c.TOX)
    if item in ("leftovers", "blacksludge"):
        return (
            mon_step.residual
            and mon_step.is_out
            and 0 < now.hp < now.max_hp
            and now.status not in _RESIDUAL_STATUSES
            and not mon_step.after.pseudo_weather[c.MAGIC_ROOM]
            and not _AFTER_LEFTOVERS.intersection(volatiles_of(side))
            and not (
                mon_step.was_out
                and "healblock" in volatiles_of(mon_step.before.sides[mon_step.side])
            )
        )
    if item == "lifeorb":
        return _life_orb_hurt(mon_step)
    return False


def _frisked(mon_step: MonStep) -> bool:
    """Return whether an opponent with Frisk was sent out, which names the item."""
    if mon_step.entered and mon_step.before.turn > 0:
        return False  # Frisk may have acted before and named another item
    other = 1 - mon_step.side
    was, now = mon_step.before.sides[other], mon_step.after.sides[other]
    came = mon_step.before.turn == 0 or was.active != now.active
    return came and name_of(ABILITY_NAMES, now.mons[now.active].ability) == "frisk"


def _orb_worked(mon_step: MonStep, status: int) -> bool:
    """Return whether only an orb can have caused the status."""
    name = STATUS_NAMES[status]
    if (
        mon_step.was.status
        or mon_step.now.status != status
        or not mon_step.residual
        or mon_step.side_hazards
    ):
        return False
    moves = (load().moves[m] for m in mon_step.foe_used)
    secondaries = [s for m in moves for s in (m, *(m.get("secondaries") or ()))]
    if any(s.get("status") == name or s.get("secondary") for s in secondaries):
        return False
    return not mon_step.used  # contact may have caused the status


def _life_orb_hurt(mon_step: MonStep) -> bool:
    """Return whether its attack did damage, it lost a tenth of its HP, and nothing else hurt it."""
    now, moves = mon_step.now, load().moves
    attacked = any(moves[m]["category"] != "Status" for m in mon_step.used)
    answered = any(moves[m]["category"] != "Status" for m in mon_step.foe_used)
    if not attacked or answered or mon_step.entered or not mon_step.was_out or now.hp == 0:
        return False
    ability = name_of(ABILITY_NAMES, now.ability)
    if ability in ("magicguard", "sheerforce"):
        return False
    foe_was = mon_step.before.sides[1 - mon_step.side]
    foe_now = mon_step.after.sides[1 - mon_step.side]
    hurt = foe_was.mons[foe_now.active].hp > foe_now.mons[foe_now.active].hp
    return hurt and bool(mon_step.was.hp - now.hp >= now.max_hp // 10)


def with_ability(view: MonView, mon_step: MonStep) -> MonView:
    """Return ``view`` with what the step reveals of its ability."""
    was = name_of(ABILITY_NAMES, mon_step.was.ability)
    now = name_of(ABILITY_NAMES, mon_step.now.ability)
    if mon_step.was_out and not mon_step.is_out:
        return _left(view, mon_step)
    if now == "" or mon_step.now.hp == 0:
        return view  # a fainted Pokémon loses its forme's ability
    built = view.base_ability or name_of(ABILITY_NAMES, mon_step.was.base_ability)
    if was != now:
        # A new forme has its own ability and does not reveal the one before.
        reformed = mon_step.was.base_species != mon_step.now.base_species
        base = built if not reformed or was in _FORME_ABILITIES else view.base_ability
        return replace(view, ability=now, base_ability=base)
    if mon_step.is_out and view.ability != now and _ability_shown(mon_step, now):
        return replace(view, ability=now, base_ability=built if now == was else view.base_ability)
    return view


def _left(view: MonView, mon_step: MonStep) -> MonView:
    """Return ``view`` after a switch out: its base ability is restored, Natural Cure revealed."""
    base = view.base_ability
    ability = name_of(ABILITY_NAMES, mon_step.was.ability)
    if mon_step.was.status and not mon_step.now.status and ability == "naturalcure":
        base = base or ability
    return replace(view, ability=base, base_ability=base)


def _ability_shown(mon_step: MonStep, ability: str) -> bool:
    was, now = mon_step.was, mon_step.now
    if was.species != now.species and not now.flag_bits & c.MON_TRANSFORMED:
        return ability in _FORME_ABILITIES
    if ability in _VOLATILE_ABILITIES and ability in volatiles_of(
        mon_step.after.sides[mon_step.side]
    ):
        return True
    if not mon_step.entered:
        return False
    if ability in _ANNOUNCED:
        return not _gassed(mon_step, ability)
    if ability in _SETTERS:
        before, after = field_conditions(mon_step.before), field_conditions(mon_step.after)
        return _SETTERS[ability] in after and _SETTERS[ability] not in before
    if ability in _ONCE:
        return bool(now.flag_bits & ~was.flag_bits & _ONCE[ability])
    if ability == "supremeoverlord":
        return bool(mon_step.after.sides[mon_step.side].ability_counter)
    if ability == "zerotohero":
        return bool(now.flag_bits & ~was.flag_bits & c.MON_HERO_MESSAGE)
    return False


def _gassed(mon_step: MonStep, ability: str) -> bool:
    """Return whether Neutralizing Gas suppresses announcements of abilities."""
    if ability == "neutralizinggas":
        return False
    return any(
        name_of(ABILITY_NAMES, side.mons[side.active].ability) == "neutralizinggas"
        for side in mon_step.after.sides
    )


def hp_as_it_left(mon_step: MonStep) -> int:
    """Return the HP last seen of a Pokémon switched out; Regenerator's healing is hidden."""
    was, now = mon_step.was, mon_step.now
    if name_of(ABILITY_NAMES, was.ability) != "regenerator" or now.hp == 0:
        return int(now.hp)
    healed = now.max_hp // 3
    return int(was.hp if now.hp == now.max_hp else min(was.hp, now.hp - healed))


def moves_used(side_before: Plain, side_after: Plain, index: int) -> tuple[str, ...]:
    """Return the moves of its set that a Pokémon used between two states of its side.

    A use costs PP; a Leppa Berry may restore the last one.
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
    """Return the moves of a Pokémon's set and their PP, also while it is transformed."""
    mon = side.mons[index]
    if mon.flag_bits & c.MON_TRANSFORMED and index == side.active:
        return side.base_moves, side.base_pp
    return mon.moves, mon.pp
