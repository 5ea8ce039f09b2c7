"""``plywise bench prediction``: how well actions of players are predicted, with floors beside.

Players are held out: what is fitted (a tempering of each predictor, counts of usage, the opponent
model) has seen no battle of those that are scored.  Intervals are by bootstrap over battles.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import isfinite
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from plywise.arena.agents.catalog import agent_config
from plywise.arena.agents.factory import AgentFactory
from plywise.arena.output.files import write_summary
from plywise.arena.output.screen import near
from plywise.arena.prediction.cases import OPPONENT, CaseReader
from plywise.arena.prediction.measure import (
    FOLLOWED_ALL,
    FOLLOWED_STYLES,
    MODEL,
    WHATS,
    KindMeasurement,
    group_rows,
    groups_of,
    measure_kind,
    parts_in_words,
    pass_over,
    read_kinds,
)
from plywise.arena.prediction.records import CaseRecord, PolicyMaker
from plywise.arena.prediction.scores import OUTSIDE, OUTSIDE_ONE, MeanEstimate
from plywise.arena.prediction.searched import AgentPolicies, SearchPolicies
from plywise.arena.prediction.table import TEST, TRAIN, read_battles
from plywise.conf.schemas.agents import AgentConfig
from plywise.conf.schemas.bench import BenchConfig
from plywise.conf.schemas.game import Gen9Config
from plywise.conf.schemas.search import SimultaneousGroup
from plywise.datasets.errors import ConfigError
from plywise.games.gen9.opponents.model import FITTED, load_opponent_model


def bench_prediction(config: BenchConfig, folder: Path, console: Console) -> dict[str, float]:
    """Score all predictors on a table of decisions; write ``prediction.json``.

    Raises:
        ConfigError: an agent cannot play, or a part of the split is empty.
        DecisionTableError: the table or the list of players cannot be read.
    """
    assert config.table is not None  # else the configuration was refused
    assert isinstance(config.search, SimultaneousGroup)
    path = Path(config.table)
    kinds = read_kinds(None if config.players is None else Path(config.players))
    search = replace(config.search, seconds=None, iterations=config.iterations)
    predictors: dict[str, PolicyMaker] = {"search": SearchPolicies(search, config.seed)}
    agents = [_agent(entry) for entry in config.agents]
    first = next(read_battles(path))[0]
    factory = AgentFactory(Gen9Config(format=first.format), search, config.llm)
    for entrant in agents:
        predictors[entrant.title] = AgentPolicies(factory.build(entrant), config.seed)
    reader = CaseReader(config.worlds, config.seed)
    table = pass_over(path, reader, predictors, config.most_battles, lambda line: None)
    parts = table.split(config.held_out, config.seed)
    console.print(parts_in_words(table, parts), soft_wrap=True)
    for reason, count in (table.skipped + table.missing).most_common():
        console.print(f"  {count:>6} left out, or without a policy: {reason}", soft_wrap=True)
    committed = load_opponent_model() if FITTED.exists() else None
    figures: dict[str, float] = {}
    written: dict[str, Any] = {
        "skipped": dict(table.skipped), "missing": dict(table.missing),
        "outside": {"all": OUTSIDE, "each": OUTSIDE_ONE},
    }  # fmt: skip
    elsewhere = None
    if config.foreign is not None:
        reader = CaseReader(config.worlds, config.seed)
        elsewhere = pass_over(Path(config.foreign), reader, predictors, None, lambda line: None)
        for reason, count in (elsewhere.skipped + elsewhere.missing).most_common():
            console.print(f"  {count:>6} foreign: {reason}", soft_wrap=True)
    factory.close()
    for what in WHATS:
        training, test = (table.of(what, parts, part) for part in (TRAIN, TEST))
        scored = {what: test}
        if elsewhere is not None:
            scored[f"foreign {what}"] = [r for r in elsewhere.records if r.what == what]
        for label, cases in scored.items():
            if not training or not cases:
                console.print(
                    f"{label} actions: {len(training)} cases to train on, {len(cases)} held out: "
                    "not measured",
                    soft_wrap=True,
                )
                continue
            found = measure_kind(
                label, training, cases, _giving(agents, training),
                committed if what == OPPONENT else None,
                ridge=config.ridge, styles=config.styles, seed=config.seed,
            )  # fmt: skip
            _print(found, console)
            groups = group_rows(found, groups_of(found.records, kinds), config.seed)
            _print_groups(found, groups, console)
            written[label] = _written(found, groups)
            figures |= _figures(found)
    if not figures:
        raise ConfigError(
            "no kind of action has cases in both parts: take more battles, or another held_out or "
            "seed"
        )
    write_summary(folder / "prediction.json", written)
    console.print(f"all scores: {near(folder / 'prediction.json')}", soft_wrap=True)
    return figures


def _giving(agents: Sequence[AgentConfig], records: Sequence[CaseRecord]) -> list[str]:
    """Return the agents that give policies of these cases."""
    return [
        agent.title
        for agent in agents
        if any(record.policies.get(agent.title) is not None for record in records)
    ]


def _agent(entry: Any) -> AgentConfig:
    given = {"name": entry} if isinstance(entry, str) else entry
    if not isinstance(given, Mapping) or not isinstance(given.get("name"), str):
        raise ConfigError(f"agents: {entry!r} is neither a name nor a mapping like {{name:search}}")
    return agent_config(**{str(key): value for key, value in given.items()})


def _interval(found: MeanEstimate) -> str:
    return f"{found.mean:+.3f} [{found.low:+.3f}, {found.high:+.3f}]"


def _print(found: KindMeasurement, console: Console) -> None:
    console.print(
        f"{found.what} actions: {len(found.records):,} held out, {found.training:,} to train on; "
        f"{found.outside:.1%} in no sampled world (each counts as probability {OUTSIDE_ONE})",
        soft_wrap=True,
    )
    table = Table("predictor", "log loss", "top-1", "top-3", "ECE", "less than best floor")
    for row in found.rows:
        gain = "" if row.against_floor is None else _interval(row.against_floor)
        name = f"{row.name} (best floor)" if row.name == found.best_floor else row.name
        loss = f"{row.loss.mean:.3f} [{row.loss.low:.3f}, {row.loss.high:.3f}]"
        table.add_row(
            name, loss, f"{row.first.mean:.1%}", f"{row.third.mean:.1%}",
            f"{row.calibration_error:.3f}", gain,
        )  # fmt: skip
    console.print(table)


def _print_groups(found: KindMeasurement, groups: list[dict[str, Any]], console: Console) -> None:
    shown = [found.best_floor, MODEL, FOLLOWED_STYLES, FOLLOWED_ALL]
    table = Table(f"{found.what}: by", "cases", *shown, title="log loss (top-1)")
    rows: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
    for row in groups:
        rows.setdefault((row["by"], row["group"]), {})[row["predictor"]] = row
    for (by, group), of in rows.items():
        cells = [f"{of[n]['log_loss']:.3f} ({of[n]['top1']:.0%})" for n in shown]
        table.add_row(f"{by} {group}", f"{of[shown[0]]['cases']:,}", *cells)
    console.print(table)


def _written(found: KindMeasurement, groups: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "held_out": len(found.records),
        "training": found.training,
        "outside": found.outside,
        "best_floor": found.best_floor,
        "predictors": {
            row.name: {
                "log_loss": list(row.loss), "top1": list(row.first), "top3": list(row.third),
                "calibration_error": row.calibration_error, "tempering": row.tempering._asdict(),
                "reliability": [one._asdict() for one in row.reliability],
                "against_best_floor": list(row.against_floor or ()) or None,
            }
            for row in found.rows
        },
        "groups": groups,
    }  # fmt: skip


def _figures(found: KindMeasurement) -> dict[str, float]:
    what = found.what.replace(" ", "_")
    figures = {f"{what}_cases": float(len(found.records))}
    for row in found.rows:
        label = f"{what}_{row.name}"
        figures[f"{label}_log_loss"] = row.loss.mean
        figures[f"{label}_top1_share"] = row.first.mean
        if row.against_floor is not None:
            figures[f"{label}_log_loss_less_best_floor"] = row.against_floor.mean
            if isfinite(row.against_floor.high):
                figures[f"{label}_log_loss_less_best_floor_high"] = row.against_floor.high
    return figures
