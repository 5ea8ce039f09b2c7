"""Texts of conditions in Showdown's protocol; they follow no rule."""

from functools import cache
from typing import Any

from plywise.engine.battle import constants as c
from plywise.engine.battle import log_events as e
from plywise.engine.battle.names import ABILITY_NAMES, DATA, ITEM_NAMES

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
    "Minior": "Shields Down",
    "Morpeko": "Hunger Switch",
}
"""Base species -> the ability that changes its forme for a while."""

SWAPPED = {"powerswap": ["atk, spa"], "guardswap": ["def, spd"], "heartswap": []}
"""Move -> which stages it swaps, as ``-swapboost`` names them; none: all."""

PSEUDO_WEATHERS = {
    "trickroom": "move: Trick Room",
    "gravity": "move: Gravity",
    "magicroom": "move: Magic Room",
    "wonderroom": "move: Wonder Room",
    "fairylock": "activate move: Fairy Lock",
    "iondeluge": "activate move: Ion Deluge",
}
"""Pseudo-weather -> its words; ``activate`` marks one that only announces itself."""


def ability_title(ability: str, boosts: bool) -> str:
    """Return what ``-ability`` calls an ability; As One has a name for each of its parts."""
    if ability in ("asoneglastrier", "asonespectrier"):
        if not boosts:
            return "As One"
        return "Chilling Neigh" if ability == "asoneglastrier" else "Grim Neigh"
    return str(DATA["abilities"][ability]["name"]) if ability in DATA["abilities"] else ability


def copies_boosts(effect: tuple[int, ...]) -> bool:
    """Return whether an effect (kind, number) copies what the foe has gained."""
    kind, number = effect
    return (kind == c.EFFECT_ABILITY and ABILITY_NAMES[number] == "opportunist") or (
        kind == c.EFFECT_ITEM and ITEM_NAMES[number] == "mirrorherb"
    )


def message(which: int, number: int, player: str) -> tuple[str, str]:
    """Return kind and text of a message of the format's rules."""
    if which == e.MESSAGE_SLEEP_CLAUSE:
        return "-message", "Sleep Clause Mod activated."
    if which == e.MESSAGE_TURN_LIMIT:
        return "message", "It is turn 1000. You have hit the turn limit!"
    cycling = "started with the rudimentary means to perform restorative berry-cycling"
    if which == e.MESSAGE_CYCLES:
        return "-message", f"{player}'s team {cycling} and thus loses."
    if which == e.MESSAGE_BOTH_CYCLE:
        return "-message", f"Each side's team {cycling}."
    left = "1 turn" if number == 1 else f"{number} turns"
    ties = f"You will auto-tie if the battle doesn't end in {left} (on turn 1000)."
    return "bigerror", ties


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
