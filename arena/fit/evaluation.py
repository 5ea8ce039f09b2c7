"""``plywise fit evaluation``: the weights of the battle evaluation, from the outcomes of self-play.

The search plays battles of random teams against itself with perfect information, as at its own
leaves; every state with a decision is a row of features, the battle's result its label.  Logistic
regression fits the weights: the evaluation is ``tanh(z)`` with ``z = weights · features /
sqrt(Pokémon left)``, and ``(1 + tanh z) / 2`` is the logistic function of ``2 z``.  So a value
estimates the result between players that search as deep as those did.
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
    join,
    open_search,
    play_shares,
    write_weights,
)
from plywise.arena.output.screen import TextConsole
from plywise.conf.schemas.commands import FitConfig
from plywise.engine.battle.evaluate import FEATURES, VALUE_WEIGHTS, state_features
from plywise.engine.compile.jit import prepare
from plywise.search.simultaneous.search import SimultaneousSearch

_MAX_NEWTON = 50


@dataclass(frozen=True)
class Positions:
    """States of self-play, one row each.

    Attributes:
        features: float64 ``(n, len(FEATURES))``.
        standing: float64 ``(n,)``, Pokémon that have not fainted.
        results: float64 ``(n,)``, 1 where side 0 won, 0.5 for a tie, 0.
        battles: int64 ``(n,)``, the number of the row's battle.
    """

    features: NDArray[np.float64]
    standing: NDArray[np.float64]
    results: NDArray[np.float64]
    battles: NDArray[np.int64]

    def scaled(self) -> NDArray[np.float64]:
        """Return the features as the logistic function takes them."""
        scaled: NDArray[np.float64] = 2.0 * self.features / np.sqrt(self.standing)[:, None]
        return scaled

    def where(self, chosen: NDArray[np.bool_]) -> Positions:
        """Return some of the rows."""
        return Positions(**{name: rows[chosen] for name, rows in vars(self).items()})


def _play(search: SimultaneousSearch, number: int, seed: int) -> Positions:
    """Play battle ``number`` of a seed and return its states."""
    rows: list[NDArray[np.float64]] = []
    standing: list[float] = []
    battle = OpenBattle(search, number, seed)
    for position in battle:
        out = np.empty(len(FEATURES))
        standing.append(state_features(position.pool, 0, out))
        rows.append(out)
    count = len(rows)
    return Positions(
        np.array(rows).reshape(count, len(FEATURES)),
        np.array(standing),
        np.full(count, battle.result),
        np.full(count, number),
    )


def self_play_positions(numbers: Sequence[int], iterations: int, seed: int) -> Positions:
    """Play the battles ``numbers`` of a seed, both sides with ``iterations`` a decision."""
    search = open_search(iterations)
    return join([_play(search, number, seed) for number in numbers])


def log_loss(weights: NDArray[np.float64], positions: Positions) -> float:
    """Return the mean logarithmic loss of the results under ``weights``, in nats."""
    z = positions.scaled() @ weights
    return float(np.mean(np.logaddexp(0.0, z) - positions.results * z))


def fit_value_weights(
    positions: Positions, ridge: float = 1.0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the maximum-likelihood weights and their standard errors.

    Newton's method on the logistic loss (iteratively reweighted least squares) with a small ridge
    that keeps features which hardly occur near zero.  Standard errors are clustered by battle: the
    states of one battle share its result.
    """
    x, y = positions.scaled(), positions.results
    weights = np.zeros(x.shape[1])
    for _ in range(_MAX_NEWTON):
        p = 1.0 / (1.0 + np.exp(-(x @ weights)))
        gradient = x.T @ (y - p) - ridge * weights
        hessian = (x * (p * (1.0 - p))[:, None]).T @ x + ridge * np.eye(len(weights))
        change = np.linalg.solve(hessian, gradient)
        weights = weights + change
        if np.abs(change).max() < 1e-9:
            break
    scores = x * (y - p)[:, None]
    by_battle = np.zeros((int(positions.battles.max()) + 1, len(weights)))
    np.add.at(by_battle, positions.battles, scores)
    bread = np.linalg.inv(hessian)
    errors = np.sqrt(np.diag(bread @ (by_battle.T @ by_battle) @ bread))
    return weights, errors


def fit_evaluation(config: FitConfig, folder: Path) -> int:
    """Play battles, fit, print the table, and write the weights with their provenance."""
    console = TextConsole()
    started = time.perf_counter()
    prepare("the evaluation's features", state_features)
    positions = play_shares(self_play_positions, config, console)
    np.savez_compressed(folder / "positions.npz", **vars(positions))
    held_out = positions.battles % HELD_OUT == 0
    training, judging = positions.where(~held_out), positions.where(held_out)
    weights, errors = fit_value_weights(training, config.ridge)
    table = Table("feature", "weight", "± 1.96 se", "before")
    for name, weight, error, before in zip(FEATURES, weights, errors, VALUE_WEIGHTS, strict=True):
        table.add_row(name, f"{weight:+.3f}", f"{1.96 * error:.3f}", f"{before:+.3f}")
    console.print(table)
    found = {name: round(float(w), 4) for name, w in zip(FEATURES, weights, strict=True)}
    figures = {
        "states": len(training.results),
        "log_loss_held_out": round(log_loss(weights, judging), 5),
        "log_loss_held_out_before": round(log_loss(VALUE_WEIGHTS, judging), 5),
        "log_loss_held_out_of_a_coin": round(float(np.log(2.0)), 5),
        "held_out_states": len(judging.results),
    }
    seconds = time.perf_counter() - started
    console.print(f"{len(positions.results):,} states in {seconds:.0f} s")
    write_weights(config, folder, console, {"weights": found}, figures)
    return 0
