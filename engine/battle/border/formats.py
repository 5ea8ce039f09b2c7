"""Which formats the engine can play, and what their rules set in a flat state.

A format's rules come from Showdown's rule tables (``datasets/battle_formats.py``).  A rule that
is only about teams does nothing in a battle; of the others this module says what the engine does.
A format with any other rule is refused by the rule's name.
"""

from functools import cache

from plywise.datasets.battle_formats import (
    BattleFormat,
    UnknownFormatError,
    battle_formats,
    find_format,
)
from plywise.engine.battle.constants import (
    FORMAT_ENDLESS_BATTLE_CLAUSE,
    FORMAT_NO_ARENA_TRAP,
    FORMAT_NO_SHADOW_TAG,
    FORMAT_SLEEP_CLAUSE,
)

_CLAUSES = {
    "sleepclausemod": FORMAT_SLEEP_CLAUSE,
    "endlessbattleclause": FORMAT_ENDLESS_BATTLE_CLAUSE,
}
# What a foe of a species that could have one of these is not asked about.
_BANNED_TRAPPERS = {"arenatrap": FORMAT_NO_ARENA_TRAP, "shadowtag": FORMAT_NO_SHADOW_TAG}
# Rules that act before the first turn, on what is shown, or on the server's clock.
_OUTSIDE_TURNS = frozenset(
    """teampreview pickedteamsize terastalclause cancelmod hppercentagemod illusionlevelmod potd
    timerstarting timergrace timeraddperturn timermaxperturn timermaxfirstturn timeoutautochoose
    dctimerbank vgctimer blitz""".split()
)
_OF_TEAMS = ("onBegin", "onChangeSet", "onValidate")  # beginnings of the names of functions
# These make a Pokémon's abilities and moves those of its species, which traps are guessed by.
_OBTAINABLE = frozenset(("obtainablemoves", "obtainableabilities", "obtainableformes"))
_OWN_FUNCTIONS = {"gen9battlefactory": ("onBegin",)}  # it names the teams' tier
_MOST_POKEMON = 6


def why_not(format: BattleFormat) -> str:
    """Return why the engine cannot play a format, in words; "" if it can."""
    if format.game_type != "singles":
        return f"it is played in {format.game_type}"
    if format.mod != "gen9":
        return f"its mechanics are those of '{format.mod}'"
    tags = [name for name in format.allowed if name.startswith("tag:")]
    if tags or "unreleased" in format.allowed:
        what = ", ".join(name.removeprefix("tag:") for name in tags) or "unreleased"
        return f"it allows what generation 9 does not have ({what}): Mega Evolution, Z-moves …"
    if format.functions and format.functions != _OWN_FUNCTIONS.get(format.id):
        return f"it has rules of its own ({', '.join(format.functions)})"
    if format.max_team_size > _MOST_POKEMON:
        return f"its teams may have {format.max_team_size} Pokémon"
    if not format.rules >= _OBTAINABLE:
        return "its Pokémon may have abilities or moves that their species do not"
    _, rules = battle_formats()
    unknown = sorted(
        name
        for name in format.rules - _CLAUSES.keys() - _OUTSIDE_TURNS
        if not rules[name].of_teams
        or any(not function.startswith(_OF_TEAMS) for function in rules[name].functions)
    )
    if unknown:
        return f"the engine does not know its rules {', '.join(unknown)}"
    if "magnetpull" in format.banned_abilities:
        return "it bans Magnet Pull, which the engine takes for possible"
    return ""


@cache
def playable(name: str) -> BattleFormat:
    """Return a format that the engine can play, by id or name (``gen9`` may be left out).

    Raises:
        UnknownFormatError: there is no such format, or the engine cannot play it; with the reason.
    """
    found = find_format(name)
    reason = why_not(found)
    if reason:
        raise UnknownFormatError(f"{found.id} cannot be played: {reason}")
    return found


@cache
def format_flags(name: str) -> int:
    """Return the FORMAT_* bits that a format's rules set.

    Raises:
        UnknownFormatError: the engine cannot play it.
    """
    format = playable(name)
    flags = 0
    for rule, flag in _CLAUSES.items():
        flags |= flag if rule in format.rules else 0
    for ability, flag in _BANNED_TRAPPERS.items():
        flags |= flag if ability in format.banned_abilities else 0
    return flags
