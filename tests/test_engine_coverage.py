"""What the engine does not model is refused by name, and random battles hold nothing of it."""

from dataclasses import replace

import pytest

from plywise.datasets.pokemon_sets import random_battle_sets
from plywise.engine.battle import coverage, teams


def test_a_team_with_an_unmodelled_move_is_refused_by_name() -> None:
    team = random_battle_sets().team(0)
    wrong = (replace(team[0], moves=("sketch",)), *team[1:])
    with pytest.raises(coverage.UnmodelledError, match="move sketch"):
        teams.unstarted((team, wrong), "gen9randombattle")


def test_random_battles_hold_nothing_unmodelled() -> None:
    for s in random_battle_sets().sets:
        assert s.ability not in coverage.UNMODELLED_ABILITIES, s
        assert s.item not in coverage.UNMODELLED_ITEMS, s
        assert not coverage.UNMODELLED_MOVES & set(s.moves), s
