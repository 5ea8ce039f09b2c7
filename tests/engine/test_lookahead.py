"""What actions lead to, against plain play through the same kernels, and against exact results."""

from random import Random

import numpy as np
import pytest

from plywise.engine.kernels import NO_ACTION, SIMULTANEOUS, TERMINAL, RulesKernels
from plywise.engine.lookahead import likely_values
from plywise.games.base import State
from plywise.games.registry import make_game


def battle_kernels() -> RulesKernels:
    kernels = make_game("gen9randombattle").kernels()
    assert kernels is not None
    return kernels


def middle(seed: int) -> State:
    """Return a battle after some random turns, both sides to move."""
    rng = Random(seed)
    state = make_game("gen9randombattle").new_initial_state(seed)
    for _ in range(8):
        chosen = [rng.choice(state.legal_actions(p) or [NO_ACTION]) for p in (0, 1)]
        state.apply_actions(chosen)
    while state.current_player() != SIMULTANEOUS:
        state.apply_actions([rng.choice(state.legal_actions(p) or [NO_ACTION]) for p in (0, 1)])
    return state


def played(
    kernels: RulesKernels, state: State, player: int, action: int, decisions: int
) -> tuple[float, float]:
    """Return mean and deviation of the worth over 2,000 plays by the priors, step by step."""
    assert kernels.priors is not None
    rng = np.random.default_rng(5)
    pool, legal = state.flat(), np.zeros(kernels.num_actions, np.int32)
    start, shares = pool.copy(), np.zeros(kernels.num_actions)
    worth = []
    for _ in range(2000):
        pool[0] = start[0]
        kernels.reseed(pool, 0, int(rng.integers(1 << 62)))
        for made in range(decisions):
            mover = int(kernels.current(pool, 0))
            if mover == TERMINAL:
                break
            chosen = [NO_ACTION, NO_ACTION]
            for side in (0, 1):
                n = int(kernels.legal(pool, 0, side, legal))
                if mover in (side, SIMULTANEOUS) and n:
                    kernels.priors(pool, 0, side, legal, n, shares)
                    chosen[side] = int(rng.choice(legal[:n], p=shares[:n] / shares[:n].sum()))
            if made == 0:
                chosen[player] = action
            kernels.step(pool, 0, *chosen)
        worth.append(kernels.worth(pool, 0, player))
    return float(np.mean(worth)), float(np.std(worth))


@pytest.mark.slow
@pytest.mark.parametrize("player", [0, 1])
@pytest.mark.parametrize("decisions", [1, 3])
def test_values_are_those_of_likely_play(player: int, decisions: int) -> None:
    kernels, state = battle_kernels(), middle(11 + player)
    actions = state.legal_actions(player)[:3]
    found = likely_values(kernels, state.flat(), player, actions, decisions, 20_000, seed=1)
    for action, value in zip(actions, found, strict=True):
        mean, deviation = played(kernels, state, player, action, decisions)
        assert value == pytest.approx(mean, abs=3.5 * deviation * (1 / 2000 + 1 / 20_000) ** 0.5)


def test_worlds_take_turns_and_a_seed_repeats() -> None:
    kernels = battle_kernels()
    one, two = middle(21), middle(22)
    actions = sorted(set(one.legal_actions(0)) & set(two.legal_actions(0)))
    assert actions

    def values(pool: np.ndarray, samples: int, seed: int) -> list[float]:
        return list(likely_values(kernels, pool, 0, actions, 1, samples, seed))

    both = np.concatenate([one.flat(), two.flat()])
    assert values(both, 64, 3) == values(both, 64, 3) != values(both, 64, 4)
    # Of two samples the first plays in the first world, the second in the second.
    first = values(both, 1, 5)
    assert first == values(one.flat(), 1, 5)
    assert values(both, 2, 5) != values(one.flat(), 2, 5)


def test_rules_without_priors_are_refused() -> None:
    game = make_game("tic_tac_toe")
    kernels = game.kernels()
    assert kernels is not None
    with pytest.raises(ValueError, match="no priors"):
        likely_values(kernels, game.new_initial_state().flat(), 0, [0], 1, 1, 0)
