"""Texts of conditions in Showdown's protocol; they follow no rule."""

from functools import cache
from typing import Any

from plywise.engine.battle import constants as c
from plywise.engine.battle.names import DATA

WEATHER_IDS = [
    "none",
    "RainDance",
    "PrimordialSea",
    "SunnyDay",
    "DesolateLand",
    "Sandstorm",
    "Hail",
    "Snowscape",
    "DeltaStream",
]
"""By number of :data:`constants.WEATHER_NAMES`, as ``-weather`` has them."""
WEATHERS = ["", "Rain Dance", "Primordial Sea", "Sunny Day", "Desolate Land"]
WEATHERS += ["Sandstorm", "Hail", "Snowscape", "Delta Stream"]
TERRAINS = ["", "Electric Terrain", "Grassy Terrain", "Misty Terrain", "Psychic Terrain"]

CANT = [
    "par",
    "slp",
    "frz",
    "flinch",
    "recharge",
    "ability: Truant",
    "Disable",
    "move: Gravity",
    "move: Heal Block",
    "move: Throat Chop",
    "move: Taunt",
    "move: Imprison",
    "Attract",
    "nopp",
    "Focus Punch",
]
"""By ``CANT_*``."""

UNBOOSTED = ["Attack", "Defense", "Sp. Atk", "Sp. Def", "Speed", "accuracy", "evasiveness"]
"""What ``-fail|…|unboost`` calls the stats."""

STARTS = {
    "substitute": "-start|Substitute",
    "leechseed": "-start|move: Leech Seed",
    "taunt": "-start|move: Taunt",
    "encore": "-start|Encore",
    "healblock": "-start|move: Heal Block",
    "throatchop": "-start|Throat Chop|[silent]",
    "trapped": "-activate|trapped",
    "saltcure": "-start|Salt Cure",
    "charge": "-start|Charge",
    "noretreat": "-start|move: No Retreat",
    "magnetrise": "-start|Magnet Rise",
    "smackdown": "-start|Smack Down",
    "attract": "-start|Attract",
    "focusenergy": "-start|move: Focus Energy",
    "flashfire": "-start|ability: Flash Fire",
    "aquaring": "-start|Aqua Ring",
    "ingrain": "-start|move: Ingrain",
    "torment": "-start|Torment",
    "imprison": "-start|move: Imprison",
    "syrupbomb": "-start|Syrup Bomb",
    "tarshot": "-start|Tar Shot",
    "powertrick": "-start|Power Trick",
    "uproar": "-start|Uproar",
    "dragoncheer": "-start|move: Dragon Cheer",
    "perishsong": "-start|perish3|[silent]",
    "destinybond": "-singlemove|Destiny Bond",
    "glaiverush": "-singlemove|Glaive Rush|[silent]",
    "mustrecharge": "-mustrecharge",
    "protect": "-singleturn|Protect",
    "silktrap": "-singleturn|Protect",
    "banefulbunker": "-singleturn|move: Protect",
    "burningbulwark": "-singleturn|move: Protect",
    "spikyshield": "-singleturn|move: Protect",
    "endure": "-singleturn|move: Endure",
    "focuspunch": "-singleturn|move: Focus Punch",
    "beakblast": "-singleturn|move: Beak Blast",
    "roost": "-singleturn|move: Roost",
    "chillyreception": "-prepare|Chilly Reception|[premajor]",
}
"""Volatile -> kind and words of the line that tells of its beginning; others are special."""

ENDS = {
    "confusion": "confusion",
    "disable": "Disable",
    "encore": "Encore",
    "taunt": "move: Taunt",
    "healblock": "move: Heal Block",
    "throatchop": "Throat Chop|[silent]",
    "magnetrise": "Magnet Rise",
    "substitute": "Substitute",
    "uproar": "Uproar",
    "yawn": "move: Yawn|[silent]",
    "charge": "Charge|[silent]",
    "protosynthesis": "Protosynthesis",
    "quarkdrive": "Quark Drive",
    "attract": "Attract|[silent]",
    "stockpile": "Stockpile",
    "flashfire": "ability: Flash Fire|[silent]",
    "syrupbomb": "Syrup Bomb|[silent]",
    "torment": "Torment",
    "powertrick": "Power Trick",
}
"""Volatile -> words of the line that tells of its end."""

SIDE_CONDITIONS = {
    "reflect": "Reflect",
    "lightscreen": "move: Light Screen",
    "auroraveil": "move: Aurora Veil",
    "tailwind": "move: Tailwind",
    "safeguard": "Safeguard",
    "mist": "Mist",
    "spikes": "Spikes",
    "toxicspikes": "move: Toxic Spikes",
    "stealthrock": "move: Stealth Rock",
    "stickyweb": "move: Sticky Web",
}

FORME_ABILITIES = {
    "Cramorant": "Gulp Missile",
    "Minior": "Shields Down",
    "Morpeko": "Hunger Switch",
    "Wishiwashi": "Schooling",
}
"""Base species -> the ability that changes its forme for a while."""

PSEUDO_WEATHERS = {
    "trickroom": "move: Trick Room",
    "gravity": "move: Gravity",
    "magicroom": "move: Magic Room",
    "wonderroom": "move: Wonder Room",
    "fairylock": "activate move: Fairy Lock",
    "iondeluge": "activate move: Ion Deluge",
}
"""Pseudo-weather -> its words; ``activate`` marks one that only announces itself."""


@cache
def boost_order(move: str) -> tuple[str, ...]:
    """Return the stats that a move names, in its own order."""
    data: dict[str, Any] = DATA["moves"].get(move, {})
    found: list[str] = []
    parts = [data, data.get("self"), data.get("selfBoost"), data.get("secondary")]
    parts += list(data.get("secondaries") or ())
    for part in parts:
        if isinstance(part, dict):
            found += list(part.get("boosts") or ())
            inner = part.get("self")
            if isinstance(inner, dict):
                found += list(inner.get("boosts") or ())
    if move == "curse":
        found = ["spe", "atk", "def"]
    return tuple(dict.fromkeys(found))


assert len(WEATHERS) == len(WEATHER_IDS) == len(c.WEATHER_NAMES)
