"""Enumerated chance: all outcomes of a step, against recorded steps and against sampling."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import numpy as np
import pytest
from numpy.typing import NDArray

from plywise.datasets.battle_corpus import RecordedStep, read_corpus
from plywise.datasets.pokemon_sets import random_battle_sets
from plywise.engine.battle import batch, chance
from plywise.engine.battle.border import codec
from plywise.engine.battle.border.battle_state import BattleState, IllegalBattleActionError
from plywise.engine.battle.chance_tree import (
    StepOutcomes,
    TooManyBranchesError,
    canonical_states,
    enumerate_step,
)
from plywise.engine.battle.oracle import state_facts as facts
from plywise.engine.battle.rules import RULES
from plywise.engine.battle.state import BATTLE
from plywise.engine.kernels import NO_ACTION

DATA = Path(__file__).parents[2] / "data"


def recorded(name: str, every: int) -> Iterator[tuple[str, NDArray[np.void], RecordedStep]]:
    """Yield every so many-th step of a corpus with the state before it."""
    for battle in read_corpus(DATA / f"{name}.jsonl.gz"):
        setup, unsaid = codec.BattleSetup.of(battle), codec.LoggedFacts()
        for step in battle.steps:
            if step.number % every == 0:
                where = f"{name} {battle.number}:{step.number}"
                yield where, codec.decode(step.before, setup, unsaid), step
            unsaid.learn(step)


def actions(step: RecordedStep) -> list[int]:
    return [
        NO_ACTION if c is None else codec.action_of(c, step.before, s)
        for s, c in enumerate(step.choices)
    ]


def keys(states: NDArray[np.void]) -> list[bytes]:
    return [state.tobytes() for state in canonical_states(states)]


@pytest.mark.parametrize(("name", "every"), [("random", 7), ("factory", 9), ("fuzz", 7)])
def test_what_the_simulator_did_is_among_the_outcomes(name: str, every: int) -> None:
    """The recorded draws lead to one of the outcomes, and that has every fact of the record."""
    checked = skipped = 0
    for where, pool, step in recorded(name, every):
        a0, a1 = actions(step)
        try:
            found = enumerate_step(pool, 0, a0, a1, limit=20_000)
        except TooManyBranchesError:
            skipped += 1
            continue
        checked += 1
        assert found.probabilities.sum() == pytest.approx(1, abs=1e-9), where
        assert (found.probabilities > 0).all()
        outcomes = keys(found.states)
        assert len(set(outcomes)) == len(outcomes), where
        script = chance.new_script([(d.numerator, d.low, d.n, d.result) for d in step.draws])
        chance.attach_script(pool[0], script)
        RULES.step(pool, 0, a0, a1)
        chance.detach_script(pool[0])
        at = outcomes.index(keys(pool)[0])
        wrong = facts.fact_differences(
            facts.dump_facts(step.after), facts.state_facts(found.states, at)
        )
        assert not wrong, (where, wrong)
    assert checked > 20
    assert skipped <= checked // 5


def new_battle(seed: int) -> BattleState:
    prior, rng = random_battle_sets(), Random(seed)
    return BattleState.from_teams(prior.random_team(rng), prior.random_team(rng), seed=seed)


def attacks(count: int) -> Iterator[tuple[BattleState, int, int]]:
    """Yield mid-game states in which both sides use a move."""
    found = 0
    for seed in range(100):
        state, rng = new_battle(seed), Random(seed)
        for _ in range(12):
            if state.is_terminal():
                break
            legal = [state.legal_actions(s) or [NO_ACTION] for s in (0, 1)]
            if state.simultaneous and legal[0][0] < 4 and legal[1][0] < 4 and rng.random() < 0.3:
                yield state, legal[0][0], legal[1][0]
                found += 1
                if found == count:
                    return
            state.apply_actions(rng.choice(legal[0]), rng.choice(legal[1]))


def unmerged(pool: NDArray[np.void], a0: int, a1: int) -> StepOutcomes:
    """Enumerate with all 16 damage rolls apart: as many classes as rolls."""
    return enumerate_step(pool, 0, a0, a1, limit=2_000_000, damage_classes=16)


def test_merging_rolls_changes_nothing() -> None:
    fewer = 0
    for state, a0, a1 in attacks(12):
        try:
            apart = unmerged(state.pool, a0, a1)
        except TooManyBranchesError:
            continue
        merged = enumerate_step(state.pool, 0, a0, a1, limit=2_000_000)
        assert merged.branches <= apart.branches
        fewer += merged.branches < apart.branches
        one = dict(zip(keys(apart.states), apart.probabilities, strict=True))
        other = dict(zip(keys(merged.states), merged.probabilities, strict=True))
        assert one.keys() == other.keys()
        for key, probability in one.items():
            assert other[key] == pytest.approx(probability, abs=1e-12)
    assert fewer > 3


def test_sampled_steps_occur_as_often_as_enumerated() -> None:
    """A chi-square test with a fixed seed over the outcomes of several steps."""
    tested = 0
    for state, a0, a1 in attacks(8):
        found = enumerate_step(state.pool, 0, a0, a1, limit=2_000_000)
        if not 2 <= len(found.states) <= 3_000:
            continue
        count = 20_000
        pool = np.repeat(state.pool, count)
        rng = np.random.default_rng(17)
        pool["rng"] = rng.integers(0, 2**63, count, np.uint64)
        batch.step_batch(pool, np.full(count, a0), np.full(count, a1))
        place = {key: k for k, key in enumerate(keys(found.states))}
        seen = np.bincount([place[key] for key in keys(pool)], minlength=len(place))
        # Rare outcomes count together, so that every cell expects at least 10.
        expected = found.probabilities * count
        common = expected >= 10
        cells = np.append(expected[common], expected[~common].sum())
        counts = np.append(seen[common], seen[~common].sum())
        if cells[-1] < 10:
            cells, counts = cells[:-1], counts[:-1]
        freedom = len(cells) - 1
        if freedom == 0:
            continue
        chi = ((counts - cells) ** 2 / cells).sum()
        # Wilson and Hilferty: a normal deviate; beyond 4.5 in one of 300,000 cases.
        deviate = ((chi / freedom) ** (1 / 3) - 1 + 2 / (9 * freedom)) / (2 / (9 * freedom)) ** 0.5
        assert deviate < 4.5
        tested += 1
    assert tested >= 4


def test_a_step_without_chance_has_one_outcome() -> None:
    state = new_battle(3)
    switches = [next(a for a in state.legal_actions(s) if 8 <= a < 14) for s in (0, 1)]
    before = state.serialize()
    outcomes = state.chance_outcomes(*switches)
    assert state.serialize() == before
    assert sum(p for _, p in outcomes) == pytest.approx(1)
    assert max(p for _, p in outcomes) == 1
    state.apply_actions(*switches)
    assert keys(state.pool) == keys(outcomes[0][0].pool)


def test_classes_of_rolls_are_an_approximation() -> None:
    state, a0, a1 = next(attacks(1))
    exact = enumerate_step(state.pool, 0, a0, a1)
    for classes in (1, 2, 4):
        rough = enumerate_step(state.pool, 0, a0, a1, damage_classes=classes)
        assert rough.probabilities.sum() == pytest.approx(1, abs=1e-9)
        assert rough.branches <= exact.branches
        assert set(keys(rough.states)) <= set(keys(exact.states))


def test_too_many_branches_and_wrong_arguments() -> None:
    state, a0, a1 = next(attacks(1))
    before = state.serialize()
    with pytest.raises(TooManyBranchesError, match="more than 3 ways: raise the limit"):
        enumerate_step(state.pool, 0, a0, a1, limit=3)
    with pytest.raises(ValueError, match="limit=0"):
        enumerate_step(state.pool, 0, a0, a1, limit=0)
    with pytest.raises(ValueError, match="damage_classes=17"):
        enumerate_step(state.pool, 0, a0, a1, damage_classes=17)
    with pytest.raises(ValueError, match="array of battle states"):
        enumerate_step(np.zeros(3), 0, a0, a1)
    with pytest.raises(IllegalBattleActionError, match="side 2 may not choose 15"):
        state.chance_outcomes(a0, 15)
    assert state.serialize() == before


def test_what_is_forgotten_decides_nothing() -> None:
    """A battle that loses its leavings after every step goes on all the same."""
    for seed in range(6):
        kept, cleared = new_battle(seed), new_battle(seed)
        rng = Random(seed)
        while not kept.is_terminal():
            chosen = [
                rng.choice(legal) if (legal := kept.legal_actions(s)) else NO_ACTION for s in (0, 1)
            ]
            source = int(cleared.pool[0]["rng"])
            cleared = BattleState(canonical_states(cleared.pool))
            cleared.pool["rng"] = source
            kept.apply_actions(chosen[0], chosen[1])
            cleared.apply_actions(chosen[0], chosen[1])
            assert keys(kept.pool) == keys(cleared.pool)
            assert kept.pool[0]["rng"] == cleared.pool[0]["rng"]


def test_layout_has_no_padding() -> None:
    """States are compared word by word."""
    assert BATTLE.itemsize % 4 == 0
    assert BATTLE.itemsize == sum(BATTLE[name].itemsize for name in BATTLE.names or ())
