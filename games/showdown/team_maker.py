"""Legal teams made from a format's prior: drawn until Showdown's validator allows one."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from plywise.datasets.errors import PlywiseError
from plywise.datasets.set_priors import SetPrior
from plywise.datasets.team_files import Team
from plywise.games.showdown.team_check import team_validator

_TRIES = 300  # for one team


class TeamMakerError(PlywiseError):
    """No team that was drawn is legal."""


def make_teams(prior: SetPrior, count: int, seed: int) -> Iterator[Team]:
    """Yield ``count`` legal teams; team ``i`` of a seed is the same whatever ``count`` is.

    Raises:
        ShowdownInstallError: Node or the package is missing and cannot be installed.
        TeamMakerError: the format allows none of the teams that were drawn.
        UnknownPriorError: the prior has too few species for a team.
    """
    format = prior.format
    with team_validator(format) as validator:
        for number in range(count):
            words = ""
            for attempt in range(_TRIES):
                rng = Random(f"{seed} {number} {attempt}")
                checked = validator.check(prior.random_team(rng))
                if checked.legal:
                    yield Team(f"made {seed} {number + 1}", checked.sets, format.id)
                    break
                words = checked.problems[0]
            else:
                raise TeamMakerError(
                    f"{format.id}: none of {_TRIES} teams that were drawn is legal; of the last "
                    f"one Showdown says: {words}"
                )
