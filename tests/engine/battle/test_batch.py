"""Batches of battles: playouts, steps and legal actions over arrays of states, on threads."""

from pathlib import Path
from random import Random

import numpy as np
import pytest
from numpy.typing import NDArray

from plywise.datasets.pokemon_sets import random_battle_sets
from plywise.engine.battle import batch
from plywise.engine.battle.border.battle_state import BattleState
from plywise.engine.battle.chance import attach_script, new_script
from plywise.engine.battle.state import BATTLE
from plywise.engine.kernels import NO_ACTION

DATA = Path(__file__).parents[2] / "data"


def states(count: int) -> NDArray[np.void]:
    prior, rng = random_battle_sets(), Random(11)
    return np.concatenate(
        [
            BattleState.from_teams(prior.random_team(rng), prior.random_team(rng), seed=k).pool
            for k in range(count)
        ]
    )


def test_a_state_is_at_most_a_kibibyte() -> None:
    assert BATTLE.itemsize <= 1024


def test_playouts_end_as_battles_do() -> None:
    pool = states(6)
    before = pool.tobytes()
    found = batch.playouts(pool, seed=3, per_state=20)
    assert pool.tobytes() == before
    assert found.winners.shape == found.turns.shape == found.steps.shape == (6, 20)
    assert set(np.unique(found.winners)) <= {-1, 0, 1}
    assert set(np.unique(found.values())) <= {-1.0, 0.0, 1.0}
    assert ((found.values() == 1) == (found.winners == 0)).all()
    assert (found.steps >= found.turns).all()
    # The real simulator's random battles last 52 turns on average.
    assert 35 < found.turns.mean() < 75
    # Dice and choices differ between playouts of one state.
    assert len(np.unique(found.turns[0])) > 5


def test_playouts_depend_on_the_seed_and_not_on_threads() -> None:
    pool = states(3)
    one = batch.playouts(pool, seed=5, per_state=7)
    for threads in (2, 3, 64):
        other = batch.playouts(pool, seed=5, per_state=7, threads=threads)
        assert (one.winners == other.winners).all()
        assert (one.turns == other.turns).all()
        assert (one.steps == other.steps).all()
    assert (batch.playouts(pool, seed=6, per_state=7).turns != one.turns).any()
    # A playout's numbers come from its place: more states do not change the first ones.
    assert (batch.playouts(pool[:1], seed=5, per_state=7).turns == one.turns[:1]).all()


def test_playouts_stop_after_max_turns() -> None:
    found = batch.playouts(states(4), seed=1, max_turns=5)
    assert (found.turns == 5).all()
    assert (found.winners == batch.UNFINISHED).all()
    assert (found.values() == 0).all()


def test_steps_and_legal_actions_are_those_of_single_battles() -> None:
    pool = states(8)
    singles = [BattleState(pool[k : k + 1].copy()) for k in range(len(pool))]
    rng = Random(2)
    for _ in range(150):
        masks = batch.legal_batch(pool, threads=2)
        chosen = np.full((2, len(pool)), NO_ACTION)
        for k, single in enumerate(singles):
            for s in (0, 1):
                legal = single.legal_actions(s)
                assert np.flatnonzero(masks[k, s]).tolist() == legal
                if legal:
                    chosen[s, k] = rng.choice(legal)
            if not single.is_terminal():
                single.apply_actions(int(chosen[0, k]), int(chosen[1, k]))
        batch.step_batch(pool, chosen[0], chosen[1], threads=2)
        assert all(pool[k].tobytes() == s.pool.tobytes() for k, s in enumerate(singles))
    assert any(single.is_terminal() for single in singles)


def test_wrong_batches_are_refused() -> None:
    pool = states(2)
    legal = batch.legal_batch(pool)
    good = [int(np.flatnonzero(legal[k, 0])[0]) for k in range(2)]
    before = pool.tobytes()
    with pytest.raises(batch.BatchError, match="state 1: side 2 may not choose 15"):
        batch.step_batch(pool, good, [0, 15])
    with pytest.raises(batch.BatchError, match="state 0: side 1 may not choose -1"):
        batch.step_batch(pool, [NO_ACTION, good[1]], [0, 0])
    with pytest.raises(batch.BatchError, match="side 1: 2 actions are wanted"):
        batch.step_batch(pool, good[:1], [0, 0])
    with pytest.raises(batch.BatchError, match="threads=0"):
        batch.playouts(pool, seed=1, threads=0)
    with pytest.raises(batch.BatchError, match="max_turns=0"):
        batch.playouts(pool, seed=1, max_turns=0)
    with pytest.raises(batch.BatchError, match="contiguous array of battle states"):
        batch.playouts(np.zeros(2), seed=1)
    script = new_script([])
    attach_script(pool[1], script)
    with pytest.raises(batch.BatchError, match="state 1 draws from a script"):
        batch.playouts(pool, seed=1)
    assert pool[:1].tobytes() == before[: BATTLE.itemsize]
