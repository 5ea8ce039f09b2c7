"""Tables of a battle's actions: complete, and their figures those of the engine's damage rolls."""

from collections.abc import Iterator
from random import Random

import numpy as np
import pytest

from plywise.engine.battle.damage_rolls import damage_rolls
from plywise.engine.battle.names import MOVE_ID
from plywise.games.gen9.action_tables import action_tables
from plywise.games.gen9.game import Gen9Battle
from plywise.games.gen9.state import Gen9State


def battle(seed: int) -> Iterator[Gen9State]:
    """Yield the positions of the first turns between two random players."""
    random, state = Random(seed), Gen9Battle().new_initial_state(seed)
    for _ in range(20):
        if not state.is_terminal():
            yield state
            legal = [state.legal_actions(player) or [-1] for player in (0, 1)]
            state.apply_actions([random.choice(actions) for actions in legal])


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_each_legal_action_stands_in_the_tables_once(seed: int) -> None:
    for state in battle(seed):
        for player in (0, 1):
            tables = state.action_tables(player) if state.legal_actions(player) else ()
            cells = [cell for table in tables for row in table.rows for cell in row]
            assert sorted(c for c in cells if isinstance(c, int)) == state.legal_actions(player)
            assert all(len(row) == len(t.titles) for t in tables for row in t.rows)


def test_damage_is_a_fraction_of_the_hp_left() -> None:
    state = Gen9Battle().new_initial_state(0)
    world = state.flat()  # of all worlds the true one
    foe = world[0]["sides"][1]["mons"][int(world[0]["sides"][1]["active"])]
    rolls = damage_rolls(world, 0, 0, MOVE_ID["earthpower"])
    foe["hp"] = hp = int(np.median(rolls))  # half of the rolls knock it out
    (moves, _) = action_tables(state.information_state(0), world)
    row = next(row for row in moves.rows if row[1] == "earthpower")
    assert row[2:7] == ("ground", "spec", "90", "100", "16")
    assert row[7] == f"{100 * rolls[0] / hp:.0f}–{100 * rolls[-1] / hp:.0f}"
    assert row[8] == f"{np.mean(rolls >= hp):.0%}"
    assert 0.3 < np.mean(rolls >= hp) < 0.9
