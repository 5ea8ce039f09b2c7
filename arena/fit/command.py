"""``plywise fit``: weights and shares from self-play, and opponent models from decisions."""

from __future__ import annotations

from pathlib import Path

from plywise.arena.fit import branch_weights, evaluation, opponent, policy
from plywise.conf.schemas.commands import FitConfig

_FITS = {
    "evaluation": evaluation.fit_evaluation,
    "policy": policy.fit_policy,
    "branches": branch_weights.fit_branches,
    "opponent": opponent.fit_opponent,
}


def run_fit(config: FitConfig, folder: Path) -> int:
    """Run the fit that ``config.what`` names."""
    return _FITS[config.what](config, folder)
