"""Fitted weights of static evaluations, with where they come from."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plywise.datasets.errors import PlywiseError

_FOLDER = Path(__file__).parent / "evaluation"


@dataclass(frozen=True)
class EvaluationWeights:
    """One fit.

    Attributes:
        weights: by feature.
        fit: its provenance: the command, battles, seed, loss on battles that were held out.
    """

    weights: dict[str, float]
    fit: dict[str, Any]


def load_weights(name: str, features: tuple[str, ...]) -> EvaluationWeights:
    """Return the committed weights ``name`` of exactly these features.

    Raises:
        PlywiseError: the file is missing or damaged, or is of other features.
    """
    path = _FOLDER / f"{name}.json"
    try:
        raw = json.loads(path.read_text())
        found = EvaluationWeights({k: float(v) for k, v in raw["weights"].items()}, raw["fit"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise PlywiseError(f"{path.name}: no evaluation weights ({error})") from error
    if set(found.weights) != set(features):
        differ = ", ".join(sorted(set(found.weights) ^ set(features)))
        raise PlywiseError(
            f"{path.name}: the weights are of other features ({differ}); fit them again with "
            "`plywise fit evaluation`"
        )
    return found
