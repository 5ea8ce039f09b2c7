"""Legal teams made from a format's prior: drawn until Showdown's validator allows one."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from plywise.datasets.errors import PlywiseError
from plywise.datasets.set_priors import SetPrior
from plywise.datasets.teams.files import NamedTeam
from plywise.games.showdown.teams.check import team_validator

_TRIES = 300  # for one team
_RARE = 0.05  # of the most frequent species' frequency; rarer ones are left out


class TeamMakerError(PlywiseError):
    """No team that was drawn is legal."""


def make_teams(prior: SetPrior, count: int, seed: int) -> Iterator[NamedTeam]:
    """Yield ``count`` legal teams; team ``i`` of a seed is the same whatever ``count`` is.

    A prior holds every species of its format, with little weight where hardly anybody plays it;
    teams with such a species are drawn again.

    Raises:
        ShowdownInstallError: Node or the package is missing and cannot be installed.
        TeamMakerError: the format allows none of the teams that were drawn.
        UnknownPriorError: the prior has too few species for a team.
    """
    format = prior.format
    least = _RARE * max(prior.species.values())
    with team_validator(format) as validator:
        for number in range(count):
            words = "they are of species that hardly anybody plays"
            for attempt in range(_TRIES):
                rng = Random(f"{seed} {number} {attempt}")
                team = prior.random_team(rng)
                if any(prior.species[mon.species] < least for mon in team):
                    continue
                checked = validator.check(team)
                if checked.legal:
                    yield NamedTeam(f"made {seed} {number + 1}", checked.sets, format.id)
                    break
                words = checked.problems[0]
            else:
                raise TeamMakerError(
                    f"{format.id}: none of {_TRIES} teams that were drawn will do; of the last "
                    f"one: {words}"
                )
