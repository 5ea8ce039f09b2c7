"""Every team of ours is of what the engine knows."""

from random import Random

import pytest

from plywise.datasets.teams.own import formats_with_teams, teams_of
from plywise.engine.battle.border.teams import unstarted


@pytest.mark.parametrize("format_id", formats_with_teams())
def test_the_engine_knows_all_of_our_teams(format_id: str) -> None:
    for team in teams_of(format_id):
        pool = unstarted((team.sets, team.sets), format_id, rng=Random(0))
        assert int(pool[0].sides[0].team_size) == len(team.sets)
