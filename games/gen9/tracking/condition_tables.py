"""Conditions whose begin or end no line tells, and lengths that depend on the moment.

Lengths are those of the simulator's ``data/moves.js`` and ``data/conditions.js`` (``duration``),
counted in ends of turn.
"""

from __future__ import annotations

from functools import cache

from plywise.datasets.showdown_data import load, to_id

LENGTHS = {
    "allyswitch": 2,
    "disable": 5,
    "encore": 3,
    "healblock": 5,
    "lockon": 2,
    "magnetrise": 5,
    "micleberry": 2,
    "mustrecharge": 2,
    "stall": 2,
    "syrupbomb": 4,
    "taunt": 3,
    "throatchop": 2,
    "twoturnmove": 2,
    "uproar": 3,
    "yawn": 2,
}
"""Volatile condition -> its length, where it has one that is not drawn."""

SIDE_LENGTHS = {
    "auroraveil": 5,
    "lightscreen": 5,
    "mist": 5,
    "reflect": 5,
    "safeguard": 5,
    "tailwind": 4,
}
GUARDS = ("quickguard", "wideguard")
"""Conditions of a side for the rest of a turn."""
PROTECTING = tuple(
    "banefulbunker burningbulwark kingsshield obstruct protect silktrap spikyshield".split()
)
HAZARDS = ("spikes", "toxicspikes", "stealthrock", "stickyweb")
TERRAINS = ("electricterrain", "grassyterrain", "mistyterrain", "psychicterrain")
CHOICE_ITEMS = ("choiceband", "choicescarf", "choicespecs")
_EXTENDERS = {
    "lightclay": ("reflect", "lightscreen", "auroraveil"),
    "terrainextender": TERRAINS,
    "damprock": ("raindance",),
    "heatrock": ("sunnyday",),
    "smoothrock": ("sandstorm",),
    "icyrock": ("snowscape", "hail"),
}
EXTENDER_OF = {name: item for item, names in _EXTENDERS.items() for name in names}
"""Condition -> the item that lengthens it by three turns."""
ROOMS = ("trickroom", "gravity", "magicroom", "wonderroom", "fairylock")
ENDLESS_WEATHER = ("primordialsea", "desolateland", "deltastream")
FUTURE_MOVES = ("futuresight", "doomdesire")
BINDING = frozenset(
    """bind clamp firespin infestation magmastorm sandtomb snaptrap thundercage whirlpool
    wrap""".split()
)
MOST_LOCKED = 3  # turns of a move that locks its user in
SLOW_START = 5  # ends of turn that count
LOCKING = ("outrage", "petaldance", "thrash", "ragingfury")
HAVE_A_SOURCE = (
    "attract",
    "leechseed",
    "lockon",
    "octolock",
    "partiallytrapped",
    "syrupbomb",
    "trapped",
)
PARADOX = ("protosynthesis", "quarkdrive")

# Silent conditions of the user of a move that worked (``self.volatileStatus`` or ``volatileStatus``
# without a message).
ABSORBING = frozenset(
    """dryskin eartheater flashfire lightningrod motordrive sapsipper stormdrain voltabsorb
    waterabsorb wellbakedbody windrider""".split()
)
"""Abilities that take a move's place with an effect of their own: the move has failed."""
AS_ONE = ("asoneglastrier", "asonespectrier")
NO_FAILURES = frozenset(
    """allyswitch burnup doodle doubleshock floralhealing healpulse moonlight morningsun
    partingshot purify shoreup swallow synthesis teatime""".split()
)
"""Moves that write ``-fail`` and do not count as failed (a null of TryMove or of their hit)."""
PREVENTING = ("electricterrain", "mistyterrain", "safeguard", "mist", "safetygoggles")
"""What says with ``-activate`` that it prevents a move's effect (``-block`` says it of others)."""
DO_MORE = ("defog", "partingshot", "strengthsap")
"""Moves that have not failed where only their change of the target's stages is prevented."""
SILENT_SELF = ("minimize", "defensecurl")
CALLING = frozenset("assist copycat metronome mirrormove naturepower sleeptalk snatch".split())
CHANGES_TYPE_ONCE = (("ability", "protean"), ("ability", "libero"))
"""What changes the type of its owner once while it is out (condition ``protean``)."""
STAT_MOVES = ("speedswap", "powersplit", "guardsplit")  # they change stats, not stages
STREAKS = ("furycutter", "rollout", "iceball")
SLOT_MOVES = ("wish", "healingwish", "lunardance")
ONCE = {"intrepidsword": "sword", "dauntlessshield": "shield", "supersweetsyrup": "syrup"}
"""Ability that works once a battle -> its mark in ``KnownMon.done``."""

PASSED_ON = frozenset(
    """aquaring charge confusion curse dragoncheer focusenergy gastroacid healblock ingrain
    leechseed magnetrise micleberry noretreat partiallytrapped perishsong powertrick stall
    substitute tarshot throatchop""".split()
)
"""What Baton Pass hands on (conditions without ``noCopy``)."""


_ON_OWN_SIDE = ("self", "allies", "adjacentAlly")


def effect_id(text: str) -> str:
    """Return the id of a condition as a line names it (``move: Leech Seed``, ``perish3``)."""
    _, _, name = text.rpartition(": ")
    return to_id(name)


@cache
def is_stalling(move: str) -> bool:
    """Return whether a move counts towards the falling chance of Protect and its like."""
    entry = load().moves.get(move)
    return bool(entry and entry.get("stallingMove"))


@cache
def types_of_forme(forme: str) -> tuple[str, ...]:
    """Return the types of a forme; () of an unknown one."""
    entry = load().species.get(load().species_id(forme))
    return tuple(entry["types"]) if entry else ()


@cache
def is_eaten(item: str) -> bool:
    """Return whether eating a berry does something, so that one that ate it counts as fed."""
    return "onEat" in load().items.get(item, {}).get("cb", ())


@cache
def changes_stages(move: str, *, own: bool) -> bool:
    """Return whether a status move changes stages, its user's (``own``) or those of its target."""
    entry = load().moves.get(move, {})
    return is_status(move) and "boosts" in entry and (entry["target"] in _ON_OWN_SIDE) == own


@cache
def is_at_all(move: str) -> bool:
    """Return whether a move is aimed at all: it works though it misses one, or one is immune."""
    return bool(load().moves.get(move, {}).get("target") == "all")


@cache
def sets_status(move: str) -> bool:
    """Return whether a status move fails if the status that it sets is prevented."""
    return is_status(move) and "status" in load().moves[move]


@cache
def stops_at_substitutes(move: str) -> bool:
    """Return whether a status move is aimed at a Pokémon opposite and passes no Substitute."""
    entry = load().moves.get(move, {})
    aimed = entry.get("target") in ("normal", "any", "allAdjacentFoes")
    return is_status(move) and aimed and "bypasssub" not in entry.get("flags", {})


@cache
def is_status(move: str) -> bool:
    """Return whether a move does no damage by itself."""
    entry = load().moves.get(move)
    return bool(entry and entry.get("category") == "Status")


def numbered(name: str, stem: str) -> int | None:
    """Return the number behind ``stem`` in ``name``; None: it is another name."""
    rest = name.removeprefix(stem)
    return int(rest) if rest != name and rest.isdigit() else None
