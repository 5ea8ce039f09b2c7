"""An opponent model: conditional logit over a side's actions, averaged over sampled worlds.

In each world the probability of an action is the softmax of its weighted features; by names it is
the mean over the worlds.  A *style* is one vector of weights; a model has one for all players, and
several that data was divided into, with how common each is.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plywise.datasets.errors import PlywiseError
from plywise.games.gen9.opponents.choices import WorldChoices
from plywise.games.gen9.opponents.features import OPPONENT_FEATURES

FITTED = Path(__file__).with_name("fitted.json")
"""The committed model, of ``plywise fit opponent``."""


class OpponentModelError(PlywiseError):
    """A file of weights that cannot be used."""


@dataclass(frozen=True)
class FittedOpponent:
    """Weights of an opponent model.

    Attributes:
        weights: of all players together ``(features,)``.
        styles: of several kinds of players ``(styles, features)``.
        commonness: share of each style ``(styles,)``, sums to 1.
        fit: provenance.
    """

    weights: NDArray[np.float64]
    styles: NDArray[np.float64]
    commonness: NDArray[np.float64]
    fit: dict[str, Any]

    def policy(self, choices: WorldChoices, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the probabilities of ``choices.names`` by all players together."""
        return choices.by_name(world_shares(choices, features, self.weights))

    def policies(self, choices: WorldChoices, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the probabilities ``(styles, names)`` by each style."""
        return np.stack([choices.by_name(world_shares(choices, features, w)) for w in self.styles])

    def to_json(self) -> str:
        """Return the text of a file of weights."""

        def named(weights: NDArray[np.float64]) -> dict[str, float]:
            return {n: round(float(w), 4) for n, w in zip(OPPONENT_FEATURES, weights, strict=True)}

        styles = [
            {"share": round(float(share), 4), "weights": named(weights)}
            for share, weights in zip(self.commonness, self.styles, strict=True)
        ]
        found = {"weights": named(self.weights), "styles": styles, "fit": self.fit}
        return json.dumps(found, indent=1) + "\n"


def world_shares(
    choices: WorldChoices, features: NDArray[np.float32], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the probability of each entry within its world."""
    if not len(choices.starts):
        return np.zeros(0)
    ratings = (features @ weights.astype(np.float32)).astype(np.float64)
    sizes = np.diff([*choices.starts, len(ratings)])
    largest = np.repeat(np.maximum.reduceat(ratings, choices.starts), sizes)
    raised = np.exp(ratings - largest)
    sums = np.repeat(np.add.reduceat(raised, choices.starts), sizes)
    shares: NDArray[np.float64] = raised / sums
    return shares


def load_opponent_model(path: Path = FITTED) -> FittedOpponent:
    """Return a model from its file.

    Raises:
        OpponentModelError: it is missing or damaged, or is of other features.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        names = set(raw["weights"]).union(*(style["weights"] for style in raw["styles"]))
        if names != set(OPPONENT_FEATURES):
            differ = ", ".join(sorted(names ^ set(OPPONENT_FEATURES)))
            raise OpponentModelError(
                f"{path.name}: the weights are of other features ({differ}); fit them again with "
                "`plywise fit opponent`"
            )
        rows = [raw["weights"], *(style["weights"] for style in raw["styles"])]
        table = np.array([[float(row[name]) for name in OPPONENT_FEATURES] for row in rows])
        shares = np.array([float(style["share"]) for style in raw["styles"]])
        fit = dict(raw["fit"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise OpponentModelError(f"{path.name}: no weights ({error!r})") from error
    if not np.isfinite(table).all() or not len(shares) or not shares.min() > 0.0:
        raise OpponentModelError(f"{path.name}: weights or shares that are no numbers above 0")
    return FittedOpponent(table[0], table[1:], shares / shares.sum(), fit)
