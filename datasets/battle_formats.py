"""Showdown's formats of generation 9, exported from the pinned package.

``showdown/formats.json.gz`` is written by ``showdown/export.js`` from the rule tables
(``Dex.formats.getRuleTable``).  Which of them can be played is said by the engine
(``engine/battle/border/formats.py``), which knows what each rule does in a battle.
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from plywise.datasets.errors import ConfigError
from plywise.datasets.showdown_data import read_json_gz, to_id
from plywise.datasets.tables_in_use import tables_folder


class UnknownFormatError(ConfigError):
    """The pinned package has no such format of generation 9, or the engine cannot play it."""


@dataclass(frozen=True)
class BattleFormat:
    """One format.

    Attributes:
        id, name: Showdown's, such as ``gen9ou`` and ``[Gen 9] OU``.
        mod: whose tables and mechanics it is played with (``gen9``, ``champions`` …).
        game_type: ``singles``, ``doubles`` …
        generator: id of the generator that makes its teams; "" where players bring them.
        functions: what the format itself does besides its rules (``onBegin`` …).
        rules: ids of all rules that act in it, those of its rules included.
        allowed: what its rules allow by name or tag, such as ``tag:past``.
        banned_abilities: ids.
        min_team_size, max_team_size: Pokémon in a team.
        picked_team_size: how many of them come into the battle; 0: all.
        default_level: of a set that names none.
        adjust_level: the level that all have in the battle; 0: their own.
        adjust_level_down: the level of all that have a higher one; 0: none.
    """

    id: str
    name: str
    mod: str
    game_type: str
    generator: str
    functions: tuple[str, ...]
    rules: frozenset[str]
    allowed: tuple[str, ...]
    banned_abilities: frozenset[str]
    min_team_size: int
    max_team_size: int
    picked_team_size: int
    default_level: int
    adjust_level: int
    adjust_level_down: int

    @property
    def team_preview(self) -> bool:
        """Whether both players see all Pokémon and choose who begins."""
        return "teampreview" in self.rules

    @property
    def brought(self) -> int:
        """Most Pokémon of one side in a battle."""
        return self.picked_team_size or self.max_team_size

    def level(self, of_set: int) -> int:
        """Return the level in the battle of a Pokémon whose set has level ``of_set``."""
        if self.adjust_level:
            return self.adjust_level
        return min(of_set, self.adjust_level_down) if self.adjust_level_down else of_set


@dataclass(frozen=True)
class BattleRule:
    """A rule of a format.

    Attributes:
        of_teams: it is only about teams (Showdown's ``ValidatorRule``).
        functions: names of its functions.
    """

    of_teams: bool
    functions: tuple[str, ...]


@cache
def battle_formats() -> tuple[Mapping[str, BattleFormat], Mapping[str, BattleRule]]:
    """Return all formats and all rules that they name, by id (read once per process).

    Raises:
        PlywiseError: the file is missing or damaged.
    """
    raw = read_json_gz(tables_folder() / "formats.json.gz")
    formats = {
        key: BattleFormat(
            id=key,
            name=entry["name"],
            mod=entry["mod"],
            game_type=entry["gameType"],
            generator=entry["team"],
            functions=tuple(entry["cb"]),
            rules=frozenset(entry["rules"]),
            allowed=tuple(entry["allowed"]),
            banned_abilities=frozenset(entry["bannedAbilities"]),
            min_team_size=entry["minTeamSize"],
            max_team_size=entry["maxTeamSize"],
            picked_team_size=entry["pickedTeamSize"],
            default_level=entry["defaultLevel"],
            adjust_level=entry["adjustLevel"],
            adjust_level_down=entry["adjustLevelDown"],
        )
        for key, entry in raw["formats"].items()
    }
    rules = {
        key: BattleRule(entry["type"] == "ValidatorRule", tuple(entry["cb"]))
        for key, entry in raw["rules"].items()
    }
    return formats, rules


def names_asked(size: int, brought: int) -> int:
    """Return how many Pokémon of a team of ``size`` Team Preview asks for by name.

    Where all come, who begins is enough (``engine/battle/team_preview.py``).
    """
    return 1 if brought == size else brought


def find_format(name: str) -> BattleFormat:
    """Return the format of an id or name; ``gen9`` may be left out.

    Raises:
        UnknownFormatError: there is none.
    """
    formats, _ = battle_formats()
    wanted = to_id(name)
    for key in (wanted, f"gen9{wanted}"):
        if key in formats:
            return formats[key]
    short = {key.removeprefix("gen9"): key for key in formats}
    near = difflib.get_close_matches(wanted.removeprefix("gen9"), short, n=1)
    hint = f"; did you mean {short[near[0]]}?" if near else ""
    raise UnknownFormatError(f"no format of generation 9 is called '{name}'{hint}")
