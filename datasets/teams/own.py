"""Our own teams: ``conf/team/FORMAT/NAME.txt``, each legal in its format and built for a style.

They need no Node: Showdown's validator has seen them (``tests/games/showdown/test_teams.py``).
"""

from __future__ import annotations

from functools import cache
from importlib import resources

from plywise.datasets.battle_formats import find_format
from plywise.datasets.pokemon_sets import TeamError
from plywise.datasets.teams.files import NamedTeam, parse_teams

_PACKAGE = "plywise.conf"
_FOLDER = "team"


def formats_with_teams() -> tuple[str, ...]:
    """Return the ids of the formats that have teams of ours, sorted."""
    folder = resources.files(_PACKAGE) / _FOLDER
    return tuple(sorted(entry.name for entry in folder.iterdir() if entry.is_dir()))


@cache
def teams_of(format_id: str) -> tuple[NamedTeam, ...]:
    """Return our own teams of a format, by name (read once per process).

    Args:
        format_id: id or name of the format; ``gen9`` may be left out.

    Raises:
        UnknownFormatError: there is no such format.
        TeamError: there are no teams of ours for it, or a file of them is damaged.
    """
    format = find_format(format_id)
    folder = resources.files(_PACKAGE) / _FOLDER / format.id
    files = sorted(folder.iterdir(), key=lambda file: file.name) if folder.is_dir() else []
    teams = []
    for file in files:
        name = file.name.removesuffix(".txt")
        try:
            (team,) = parse_teams(file.read_text(encoding="utf-8"), name)
        except (OSError, ValueError, TeamError) as error:
            raise TeamError(f"{file.name}: {error}; install plywise again") from error
        teams.append(NamedTeam(name, team.sets, format.id))
    if not teams:
        raise TeamError(
            f"there are no teams of ours for {format.id}; there are for: "
            f"{', '.join(formats_with_teams())}"
        )
    return tuple(teams)
