"""Weights fitted to self-play, with their provenance."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plywise.datasets.errors import PlywiseError

_FOLDER = Path(__file__).parent / "fitted"


@dataclass(frozen=True)
class FittedWeights:
    """Weights of one fit.

    Attributes:
        weights: weight by feature.
        moves: weight by move id, for models with weights of single moves; 0 for all others.
        fit: provenance: command, battles, seed, loss on held-out battles.
    """

    weights: dict[str, float]
    moves: dict[str, float]
    fit: dict[str, Any]


def load_weights(name: str, features: tuple[str, ...]) -> FittedWeights:
    """Return the committed weights ``name`` of exactly these features.

    Raises:
        PlywiseError: the file is missing or damaged, or is of other features.
    """
    path = _FOLDER / f"{name}.json"
    try:
        raw = json.loads(path.read_text())
        found = FittedWeights(_numbers(raw["weights"]), _numbers(raw.get("moves", {})), raw["fit"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise PlywiseError(f"{path.name}: no weights ({error})") from error
    if set(found.weights) != set(features):
        differ = ", ".join(sorted(set(found.weights) ^ set(features)))
        raise PlywiseError(
            f"{path.name}: the weights are of other features ({differ}); fit them again with "
            "`plywise fit`"
        )
    return found


BRANCHES = "gen9_branches"


def load_branches() -> dict[str, list[int]]:
    """Return the committed shares of the engine's branches by unit (``branch_weights.py``).

    Raises:
        PlywiseError: the file is missing or damaged.
    """
    path = _FOLDER / f"{BRANCHES}.json"
    try:
        raw = json.loads(path.read_text())["branches"]
        return {str(unit): [int(share) for share in shares] for unit, shares in raw.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise PlywiseError(f"{path.name}: no shares of branches ({error})") from error


def _numbers(raw: dict[str, Any]) -> dict[str, float]:
    return {k: float(v) for k, v in raw.items()}
