"""Play without a search: the static policy, rules, or the value after the turn (``one_ply``)."""

from __future__ import annotations

import time
from random import Random
from typing import TYPE_CHECKING

import numpy as np

from plywise.arena.agents.spec import Agent
from plywise.engine.battle import policy as p
from plywise.search.decision import Decision
from plywise.search.one_step import common_random_numbers, gains, static_value

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plywise.engine.kernels import RulesKernels
    from plywise.games.base import State

_WORLDS = 8


class OnePlyAgent(Agent):
    """Rates each action in sampled worlds without looking further than the end of the turn.

    Args:
        by: ``policy``, ``rules`` or ``value``.
        temperature: of the softmax over the ratings; 0: the best one.
    """

    def __init__(self, name: str, kernels: RulesKernels, by: str, temperature: float) -> None:
        self.name = name
        self._kernels = kernels
        self._by = by
        self._temperature = temperature

    def decide(self, state: State, player: int, seed: int) -> Decision:
        """Return an action drawn by the softmax of the ratings."""
        start = time.perf_counter()
        rng = Random(seed)
        legal = state.legal_actions(player)
        shares = np.ones(1)
        if len(legal) > 1:
            worlds = state.worlds(player, _WORLDS, rng.getrandbits(31))
            shares = _softmax(self._ratings(worlds, player, legal, rng), self._temperature)
        action = rng.choices(legal, shares.tolist())[0]
        return Decision(
            action=action,
            strategy=dict(zip(legal, map(float, shares), strict=True)),
            seconds=time.perf_counter() - start,
        )

    def _ratings(
        self, worlds: NDArray[np.void], player: int, legal: list[int], rng: Random
    ) -> NDArray[np.float64]:
        if self._by == "rules":
            return _by_rules(worlds, player, legal)
        if self._by == "value":
            numbers = common_random_numbers(worlds, rng)
            found = gains(
                self._kernels, worlds, player, legal, numbers,
                lambda pool, who: static_value(self._kernels, pool, who),
            )  # fmt: skip
            return np.array([found[action] for action in legal])
        assert self._kernels.priors is not None
        mean = np.zeros(len(legal))
        out = np.zeros(self._kernels.num_actions)
        for k in range(len(worlds)):
            self._kernels.priors(worlds, k, player, np.array(legal, np.int32), len(legal), out)
            mean += out[: len(legal)] / len(worlds)
        return np.log(np.maximum(mean, 1e-9))


def _softmax(ratings: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    if temperature == 0.0:
        best = (ratings >= ratings.max() - 1e-9).astype(float)
        shares: NDArray[np.float64] = best / best.sum()
        return shares
    weights = np.exp((ratings - ratings.max()) / temperature)
    shares = weights / weights.sum()
    return shares


def _by_rules(worlds: NDArray[np.void], player: int, legal: list[int]) -> NDArray[np.float64]:
    """Return ratings by rules: about the part of a Pokémon that an action wins this turn."""
    actions = np.array(legal, np.int32)
    features = np.zeros((len(legal), len(p.ACTION_FEATURES)))
    mean = np.zeros_like(features)
    for k in range(len(worlds)):
        p.state_action_features(worlds, k, player, actions, len(legal), features)
        mean += features / len(worlds)
    f = mean.T
    attack = f[p.DAMAGE] + 0.3 * f[p.KO] + 0.3 * f[p.KO_FIRST] + 0.2 * f[p.DRAIN]
    healthy = f[p.BOOST] * (f[p.BOOST_HP] < 0.25) * (f[p.BOOST_DANGER] < 0.35)
    other = (
        0.9 * f[p.HEAL] * (f[p.HEAL] > 0.4)
        + 0.7 * healthy
        + 0.5 * f[p.HAZARD]
        + 0.4 * f[p.INFLICT]
        + 0.1 * f[p.PROTECT]
        + 0.1 * f[p.PIVOT]
        - 0.5 * f[p.HAZARD_AGAIN]
        - 0.5 * f[p.INFLICT_AGAIN]
        - f[p.USELESS]
    )
    tera = f[p.TERA_KO] + f[p.TERA_DAMAGE] + f[p.TERA_SAFETY] - 0.4 * f[p.TERA]
    threatened = (f[p.FROM_DANGER_SLOW] > 0.6) & (f[p.FROM_DAMAGE] < 0.7)
    leave = 0.4 * threatened + 0.5 * f[p.TO_DAMAGE] - f[p.TO_DANGER] + 0.2 * f[p.TO_FASTER]
    leave += -0.3 * f[p.TO_HAZARDS] - 0.1 * np.maximum(f[p.FROM_BOOSTS], 0.0) - 0.1
    come = f[p.NEXT_DAMAGE] - f[p.NEXT_DANGER] + 0.3 * f[p.NEXT_FASTER] + 0.1 * f[p.NEXT_HP]
    ratings: NDArray[np.float64] = attack + other + tera + f[p.SWITCH] * leave + come
    return ratings
