"""Fits of opponent models to cases: one style for all players, and several by EM.

The loss of a case is minus the logarithm of the mean, over its worlds, of the probability of the
action (a mixture of conditional logits).  Weights are pulled towards the static policy: 1 for its
logarithm, 0 for all else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plywise.arena.prediction.lbfgs import minimised
from plywise.arena.prediction.records import CaseRecord
from plywise.games.gen9.opponents.features import OPPONENT_FEATURES
from plywise.games.gen9.opponents.model import FittedOpponent

_STEPS = 60
_STYLE_STEPS = 8  # of the fit of a style, in each round of EM
_START = np.array([float(name == "prior") for name in OPPONENT_FEATURES])
_LEAST = 1e-9


@dataclass
class CaseTable:
    """Cases in arrays; those whose action no world has are left out.

    Attributes:
        features: of all entries ``(entries, features)``.
        of_world: of each entry, its world, numbered through all cases.
        starts: first entry of each world.
        of_case: of each world, its case; ``case_starts``: first world of each case.
        chosen: of each entry, whether it is the action.
        actor: of each case, the number of its player.
    """

    features: NDArray[np.float32]
    of_world: NDArray[np.int64]
    starts: NDArray[np.int64]
    of_case: NDArray[np.int64]
    case_starts: NDArray[np.int64]
    chosen: NDArray[np.bool_]
    actor: NDArray[np.int64]

    @classmethod
    def of(cls, records: Sequence[CaseRecord]) -> CaseTable:
        """Join the cases.

        Raises:
            ValueError: there are none.
        """
        kept = [record for record in records if record.place >= 0]
        if not kept:
            raise ValueError("no case whose action is in any world")
        actors = {key: k for k, key in enumerate(sorted({_actor(r) for r in kept}))}
        entries = np.cumsum([0, *(len(r.choices.action) for r in kept)])
        worlds = [len(r.choices.starts) for r in kept]
        starts = np.concatenate(
            [r.choices.starts + at for r, at in zip(kept, entries, strict=False)]
        )
        sizes = np.diff([*starts, entries[-1]])
        return cls(
            np.concatenate([r.features for r in kept]),
            np.repeat(np.arange(len(starts)), sizes),
            starts,
            np.repeat(np.arange(len(kept)), worlds),
            np.cumsum([0, *worlds[:-1]]),
            np.concatenate([r.choices.name == r.place for r in kept]),
            np.array([actors[_actor(r)] for r in kept]),
        )

    def likelihoods(
        self, weights: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return the probability of each entry, of each world's action and of each case's."""
        ratings = (self.features @ weights.astype(np.float32)).astype(np.float64)
        ratings -= np.maximum.reduceat(ratings, self.starts)[self.of_world]
        raised = np.exp(ratings)
        shares = raised / np.add.reduceat(raised, self.starts)[self.of_world]
        in_world = np.add.reduceat(np.where(self.chosen, shares, 0.0), self.starts)
        counts = np.diff([*self.case_starts, len(self.of_case)])
        in_case = np.add.reduceat(in_world, self.case_starts) / counts
        return shares, in_world, np.maximum(in_case, _LEAST)

    def fitted(
        self,
        ridge: float,
        start: NDArray[np.float64],
        importance: NDArray[np.float64] | None = None,
        steps: int = _STEPS,
        centre: NDArray[np.float64] | None = None,
    ) -> NDArray[np.float64]:
        """Return the weights of least loss.

        Args:
            ridge: penalty on the squared distance from the centre, in cases.
            start: where to begin.
            importance: of each case; None: 1.
            steps: most steps of the minimiser.
            centre: where weights are pulled to; None: the static policy.
        """
        weight = np.ones(len(self.actor)) if importance is None else importance
        middle = _START if centre is None else centre
        scale = np.maximum(self.features.std(axis=0, dtype=np.float64), 0.05)
        counts = np.diff([*self.case_starts, len(self.of_case)])
        total = max(1.0, float(weight.sum()))

        def objective(at: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            weights = at / scale
            shares, in_world, in_case = self.likelihoods(weights)
            factor = (weight / (in_case * counts))[self.of_case][self.of_world]
            slope = -factor * shares * (self.chosen - in_world[self.of_world])
            off = weights - middle
            loss = -float(weight @ np.log(in_case)) + ridge * float(off @ off) / 2
            gradient = slope.astype(np.float32) @ self.features + ridge * off
            return loss / total, gradient / scale / total

        found: NDArray[np.float64] = minimised(objective, start * scale, steps) / scale
        return found


def _actor(record: CaseRecord) -> str:
    return record.actor or f"{record.battle} {record.what}"


def fit_model(
    records: Sequence[CaseRecord],
    ridge: float,
    styles: int,
    rounds: int,
    seed: int,
    fit: dict[str, Any],
) -> FittedOpponent:
    """Fit one style to all cases, and several to groups of players.

    Args:
        records: the cases.
        ridge: penalty, see :meth:`CaseTable.fitted`.
        styles: number of styles.
        rounds: of EM.
        seed: of the first division of the players.
        fit: provenance, kept with the weights.

    Raises:
        ValueError: there is no case whose action is in any world.
    """
    table = CaseTable.of(records)
    weights = table.fitted(ridge, _START)
    players = int(table.actor.max()) + 1
    rng = np.random.default_rng(seed)
    member = rng.dirichlet(np.full(styles, 0.3), players)
    found = np.repeat(weights[None], styles, axis=0)
    shares = np.full(styles, 1 / styles)
    for _ in range(rounds):
        for k in range(styles):
            found[k] = table.fitted(
                ridge, found[k], member[table.actor, k], _STYLE_STEPS, centre=weights
            )
        logs = np.stack([np.log(table.likelihoods(w)[2]) for w in found], axis=1)
        sums = np.stack([np.bincount(table.actor, logs[:, k], players) for k in range(styles)], 1)
        sums += np.log(shares)
        raised = np.exp(sums - sums.max(axis=1, keepdims=True))
        member = raised / raised.sum(axis=1, keepdims=True)
        shares = np.maximum(member.mean(axis=0), 1e-3)
        shares /= shares.sum()
    return FittedOpponent(weights, found, shares, fit)
