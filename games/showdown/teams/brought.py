"""The teams that a player brings to battles of a format without a generator of its own."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from poke_env.teambuilder import Teambuilder

from plywise.datasets.teams.files import packed_text
from plywise.engine.battle.border.formats import playable
from plywise.engine.battle.border.teams import Team
from plywise.games.gen9.game import team_pool


class BroughtTeams(Teambuilder):
    """Brings a drawn team to each battle.

    Args:
        draw: draws one.
        seed: of the draws.
    """

    def __init__(self, draw: Callable[[Random], Team], seed: int) -> None:
        self._draw = draw
        self._rng = Random(f"brought {seed}")

    def yield_team(self) -> str:
        """Return the next team, packed."""
        return packed_text(self._draw(self._rng))


def brought_teams(format: str, team_files: str | None, seed: int) -> BroughtTeams | None:
    """Return what a player brings to battles of a format; None: the server makes the teams.

    Raises:
        UnknownFormatError: the engine cannot play the format.
        TeamError: a file holds no team, or there are no teams of ours for the format.
    """
    if playable(format).generator:
        return None
    return BroughtTeams(team_pool(format, team_files), seed)
