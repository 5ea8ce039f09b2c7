"""Results of grown trees: the strategy, the predicted opponent, the uncertainty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from plywise.search.guide.protocol import Uncertainty
from plywise.search.guide.when_to_ask import entropy, variation
from plywise.search.simultaneous.parallel import Forest
from plywise.search.simultaneous.root import AdvisedRoot

if TYPE_CHECKING:
    from plywise.search.simultaneous.config import SimultaneousConfig


@dataclass
class DecisionContext:
    """One decision in progress.

    Attributes:
        pool: root states of the sampled worlds.
        cumulative: summed probabilities of the worlds; the last is 1.
        probabilities: probabilities of the worlds.
        root: root actions, with priors and advice.
        both: whether both players choose.
        deadline: end of the decision, as ``time.perf_counter`` counts; None: no clock.
    """

    pool: NDArray[Any]
    cumulative: NDArray[Any]
    probabilities: NDArray[Any]
    root: AdvisedRoot
    both: bool
    deadline: float | None


def most_visited(forest: Forest, root: AdvisedRoot) -> int | None:
    """Return the player's action with most visits by now; None before any was tried."""
    visits, _ = forest.row(root.own)
    return root.own[int(np.argmax(visits))] if visits.any() else None


def uncertainty(
    config: SimultaneousConfig, forest: Forest, context: DecisionContext
) -> Uncertainty:
    """Return the uncertainty about the decision by now."""
    root, both = context.root, context.both
    visits, values = forest.row(root.own)
    by_regret = both and config.algorithm == "regret"
    shares = normalized(forest.average(root.own) if by_regret else visits)
    strategy, decided = final_strategy(config, shares, visits, values, both)
    tried = visits > 0
    best = int(np.argmax(np.where(tried, strategy, -1.0)))
    others = np.delete(np.where(tried, values, -1.0), best)
    by_world = opponent_strategies(forest, root, by_regret and root.opponent_prior == 0.0)
    weights = [float(p) if a else 0.0 for p, a in zip(context.probabilities, by_world, strict=True)]
    return Uncertainty(
        gap=max(0.0, float(values[best] - others.max(initial=-1.0))),
        entropy=entropy([float(p) for p in strategy]),
        worlds=variation(by_world, weights),
        settled=decided,
    )


def final_strategy(
    config: SimultaneousConfig,
    shares: NDArray[Any],
    visits: NDArray[Any],
    values: NDArray[Any],
    both: bool,
) -> tuple[NDArray[Any], bool]:
    """Return the strategy to play and whether the game is decided already.

    Args:
        config: settings ``final``, ``threshold`` and ``decided_value``.
        shares: the search's strategy over the actions; sums to 1.
        visits: number of visits of each.
        values: value of each, in [-1, 1].
        both: whether the opponent chooses at the same time.
    """
    tried = visits > 0
    decided = bool(tried.all()) and bool(
        values.min() >= config.decided_value or values.max() <= -config.decided_value
    )
    if decided:
        # The lowest of equal actions: in battles that saves terastallization for later.
        best = int(np.flatnonzero(values >= values.max() - 1e-9)[0])
    elif both and config.final == "proportional":
        kept = np.where(shares >= config.threshold * shares.max(), shares, 0.0)
        return normalized(kept), False
    else:
        top = np.flatnonzero(shares >= shares.max())
        best = int(top[np.argmax(values[top])])
    strategy = np.zeros(len(shares))
    strategy[best] = 1.0
    return strategy, decided


def normalized(weights: NDArray[Any]) -> NDArray[Any]:
    """Return ``weights`` scaled to sum 1; uniform where they are all zero."""
    total = float(weights.sum())
    return weights / total if total > 0 else np.full(len(weights), 1.0 / len(weights))


def opponent_strategies(
    forest: Forest, root: AdvisedRoot, by_average: bool
) -> list[dict[int, float]]:
    """Return the opponent's strategy by world, {} where it has nothing to decide."""
    found: list[dict[int, float]] = []
    counted = forest.opponent_rows(by_average)
    for world, legal in enumerate(root.other):
        # With one world, or below ``private_depth``, there is only the row over all worlds.
        row = counted[1 + world] if counted[1 + world].any() else counted[0]
        shares = normalized(row[legal]) if legal else ()
        found.append(dict(zip(legal, map(float, shares), strict=True)))
    return found


def prediction(
    by_world: Sequence[Mapping[int, float]], probabilities: NDArray[Any]
) -> dict[int, float]:
    """Return the opponent's strategy, averaged over the worlds by their probabilities."""
    predicted: dict[int, float] = {}
    for strategy, probability in zip(by_world, probabilities, strict=True):
        for action, share in strategy.items():
            predicted[action] = predicted.get(action, 0.0) + float(probability * share)
    total = sum(predicted.values())
    return {action: share / total for action, share in sorted(predicted.items())}
