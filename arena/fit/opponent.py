"""Fit of an opponent model to a table of decisions (``games/gen9/opponents``)."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from plywise.arena.fit.open_play import write_result
from plywise.arena.output.screen import TextConsole
from plywise.arena.prediction.cases import OPPONENT, CaseReader
from plywise.arena.prediction.fitting import fit_model
from plywise.arena.prediction.measure import EM_ROUNDS, pass_over
from plywise.conf.schemas.commands import FitConfig
from plywise.games.gen9.opponents.features import OPPONENT_FEATURES
from plywise.games.gen9.opponents.model import FittedOpponent

_SHOWN = 25  # weights


def provenance(config: FitConfig, battles: int, cases: int) -> dict[str, object]:
    """Return what is kept with the weights: how they were made."""
    words = (
        f"plywise fit opponent table=DECISIONS battles={config.battles} worlds={config.worlds} "
        f"seed={config.seed} ridge={config.ridge:g} styles={config.styles}"
    )
    return {"command": words, "battles": battles, "cases": cases}


def fit_opponent(config: FitConfig, folder: Path) -> int:
    """Read decisions, fit, print the weights, and write them with their provenance.

    Raises:
        DecisionTableError: the table cannot be read, or holds no case.
    """
    assert config.table is not None  # else the configuration was refused
    console = TextConsole()
    began = time.perf_counter()
    reader = CaseReader(config.worlds, config.seed, (OPPONENT,))
    table = pass_over(Path(config.table), reader, {}, config.battles, lambda line: None)
    told = provenance(config, len(table.keys), len(table.records))
    model = fit_model(table.records, config.ridge, config.styles, EM_ROUNDS, config.seed, told)
    show_weights(model, console)
    console.print(f"{len(table.records):,} cases in {time.perf_counter() - began:.0f} s")
    write_result("opponent", model.to_json(), told, config, folder, console)
    return 0


def show_weights(model: FittedOpponent, console: TextConsole) -> None:
    """Print the largest weights, and how common each style is."""
    order = np.argsort(-np.abs(model.weights))[:_SHOWN]
    for k in order:
        styles = " ".join(f"{w:+.2f}" for w in model.styles[:, k])
        console.print(f"{OPPONENT_FEATURES[k]:<18}{model.weights[k]:+.2f}   by style {styles}")
    shares = " ".join(f"{share:.2f}" for share in model.commonness)
    console.print(f"{'share of players':<18}         {shares}")
