"""``plywise fit policy``: the weights of the battle priors, from searches' visits in self-play.

Every decision of the battles (``open_play.py``) is an example: the features of its legal actions,
and the share of the search's iterations that each was given.  The weights minimise the cross
entropy of those shares under the softmax of the weighted sums (a conditional logit with soft
targets).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.table import Table

from plywise.arena.fit.open_play import (
    HELD_OUT,
    OpenBattle,
    open_search,
    play_shares,
    write_weights,
)
from plywise.arena.output.screen import TextConsole
from plywise.conf.schemas.commands import FitConfig
from plywise.engine.battle.constants import ACTION_SWITCH, NUM_ACTIONS
from plywise.engine.battle.names import MOVE_NAMES
from plywise.engine.battle.policy import (
    ACTION_FEATURES,
    ACTION_WEIGHTS,
    MOVE_WEIGHTS,
    state_action_features,
)
from plywise.engine.battle.rules import RULES
from plywise.engine.compile.jit import prepare

_STEPS = 300
_RATE = 0.1
_SHOWN_MOVES = 20
Weights = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Weights of the features, and of the moves by number."""


@dataclass(frozen=True)
class Choices:
    """Decisions of self-play; each is a run of rows, one for each legal action.

    Attributes:
        features: float64 ``(rows, len(ACTION_FEATURES))``.
        moves: int64 ``(rows,)``, the move's number; 0 for actions that are no move.
        shares: float64 ``(rows,)``, the share of the iterations; they sum to 1 in each decision.
        sizes: int64 ``(decisions,)``, number of legal actions.
        battles: int64 ``(decisions,)``, the number of the decision's battle.
    """

    features: NDArray[np.float64]
    moves: NDArray[np.int64]
    shares: NDArray[np.float64]
    sizes: NDArray[np.int64]
    battles: NDArray[np.int64]

    def where(self, chosen: NDArray[np.bool_]) -> Choices:
        """Return some of the decisions."""
        rows = np.repeat(chosen, self.sizes)
        return Choices(
            self.features[rows],
            self.moves[rows],
            self.shares[rows],
            self.sizes[chosen],
            self.battles[chosen],
        )


def self_play_choices(numbers: Sequence[int], iterations: int, seed: int) -> Choices:
    """Play the battles ``numbers`` of a seed, both sides with ``iterations`` a decision."""
    search = open_search(iterations)
    features: list[NDArray[np.float64]] = []
    moves: list[int] = []
    shares: list[float] = []
    sizes: list[int] = []
    battles: list[int] = []
    described = np.zeros((NUM_ACTIONS, len(ACTION_FEATURES)))
    legal = np.zeros(NUM_ACTIONS, np.int32)
    for number in numbers:
        for position in OpenBattle(search, number, seed):
            for player, decision in position.decisions.items():
                count = int(RULES.legal(position.pool, 0, player, legal))
                state_action_features(position.pool, 0, player, legal, count, described)
                features.append(described[:count].copy())
                side = position.pool["sides"][0, player]
                slots = side["mons"][side["active"]]["moves"]
                actions = [int(a) for a in legal[:count]]
                moves += [int(slots[a % 4]) if a < ACTION_SWITCH else 0 for a in actions]
                total = sum(decision.visits.values())
                shares += [decision.visits.get(a, 0) / total for a in actions]
                sizes.append(count)
                battles.append(number)
    return Choices(
        np.concatenate(features),
        np.array(moves),
        np.array(shares),
        np.array(sizes),
        np.array(battles),
    )


def _softmax(sums: NDArray[np.float64], sizes: NDArray[np.int64]) -> NDArray[np.float64]:
    first = np.cumsum(sizes) - sizes
    weights = np.exp(sums - np.repeat(np.maximum.reduceat(sums, first), sizes))
    shares: NDArray[np.float64] = weights / np.repeat(np.add.reduceat(weights, first), sizes)
    return shares


def predicted(weights: Weights, choices: Choices) -> NDArray[np.float64]:
    """Return the probability of each row's action under the weights."""
    return _softmax(choices.features @ weights[0] + weights[1][choices.moves], choices.sizes)


def cross_entropy(weights: Weights, choices: Choices) -> float:
    """Return the mean cross entropy of a decision, in nats."""
    logs = np.log(np.maximum(predicted(weights, choices), 1e-12))
    return float(-(choices.shares @ logs) / len(choices.sizes))


def fit_prior_weights(choices: Choices, ridge: float) -> Weights:
    """Return the weights of least cross entropy, with a penalty on their squares.

    Gradient steps of a size that each weight adapts to its own past gradients (Kingma and Ba,
    *Adam*, 2015): a rare move's weight moves as fast as a common feature's.
    """
    count = len(choices.sizes)
    weights = np.zeros(choices.features.shape[1]), np.zeros(len(MOVE_NAMES))
    mean: list[NDArray[np.float64]] = [np.zeros_like(w) for w in weights]
    square: list[NDArray[np.float64]] = [np.zeros_like(w) for w in weights]
    for step in range(1, _STEPS + 1):
        error = predicted(weights, choices) - choices.shares
        by_move = np.bincount(choices.moves, error, len(MOVE_NAMES))
        by_move[0] = 0.0
        rate = _RATE * min(1.0, 2.0 - 2.0 * step / _STEPS + 0.01)
        for k, gradient in enumerate((choices.features.T @ error, by_move)):
            slope = np.asarray((gradient + ridge * weights[k]) / count, np.float64)
            mean[k] += 0.1 * (slope - mean[k])
            square[k] += 0.01 * (slope * slope - square[k])
            size = np.sqrt(square[k] / (1.0 - 0.99**step)) + 1e-8
            weights[k][:] -= rate * mean[k] / (1.0 - 0.9**step) / size
    return weights


def fit_policy(config: FitConfig, folder: Path) -> int:
    """Play battles, fit, print the tables, and write the weights with their provenance."""
    console = TextConsole()
    started = time.perf_counter()
    prepare("the features of actions", RULES.legal, state_action_features)
    choices = play_shares(self_play_choices, config, console)
    held_out = choices.battles % HELD_OUT == 0
    training, judging = choices.where(~held_out), choices.where(held_out)
    weights = fit_prior_weights(training, config.ridge)
    table = Table("feature", "weight", "before")
    for name, weight, before in zip(ACTION_FEATURES, weights[0], ACTION_WEIGHTS, strict=True):
        table.add_row(name, f"{weight:+.3f}", f"{before:+.3f}")
    console.print(table)
    commonest = np.argsort(-np.bincount(training.moves, minlength=len(MOVE_NAMES))[1:]) + 1
    moves = ", ".join(f"{MOVE_NAMES[k]} {weights[1][k]:+.2f}" for k in commonest[:_SHOWN_MOVES])
    console.print(f"commonest moves: {moves}")
    found = {
        "weights": {
            n: round(float(w), 4) for n, w in zip(ACTION_FEATURES, weights[0], strict=True)
        },
        "moves": {
            MOVE_NAMES[k]: round(float(weights[1][k]), 3)
            for k in range(1, len(MOVE_NAMES))
            if abs(weights[1][k]) >= 0.0005
        },
    }
    packaged = ACTION_WEIGHTS, MOVE_WEIGHTS
    none = np.zeros(len(ACTION_FEATURES)), np.zeros(len(MOVE_NAMES))
    logs = np.log(np.maximum(judging.shares, 1e-12))
    figures = {
        "decisions": len(training.sizes),
        "cross_entropy_held_out": round(cross_entropy(weights, judging), 5),
        "cross_entropy_held_out_before": round(cross_entropy(packaged, judging), 5),
        "cross_entropy_held_out_uniform": round(cross_entropy(none, judging), 5),
        "entropy_held_out": round(float(-(judging.shares @ logs) / len(judging.sizes)), 5),
        "held_out_decisions": len(judging.sizes),
    }
    console.print(f"{len(choices.sizes):,} decisions in {time.perf_counter() - started:.0f} s")
    write_weights(config, folder, console, found, figures)
    return 0
