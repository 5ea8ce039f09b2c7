"""A measurement of predictors on a table of decisions: the pass over it, the split, the scores."""

from __future__ import annotations

import csv
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from plywise.arena.output.screen import Progress
from plywise.arena.prediction.cases import OPPONENT, OWN, CaseReader
from plywise.arena.prediction.fitting import fit_model
from plywise.arena.prediction.predictors import (
    FLOORS,
    best_follow_settings,
    even_policy,
    floor_policies,
    followed,
    model_policies,
    style_policies,
    switching_policies,
)
from plywise.arena.prediction.records import CaseRecord, PolicyMaker, case_records
from plywise.arena.prediction.scores import (
    CaseScores,
    MeanEstimate,
    Policies,
    ReliabilityBin,
    Tempering,
    bootstrap,
    calibrated,
    calibration_error,
    reliability_table,
    scored,
)
from plywise.arena.prediction.table import (
    TEST,
    TRAIN,
    DecisionTableError,
    public_keys,
    read_battles,
    split_battles,
)
from plywise.datasets.errors import ConfigError
from plywise.datasets.files import reading
from plywise.games.gen9.opponents.model import FittedOpponent

MODEL, FOLLOWED_STYLES, FOLLOWED_POOL = "opponent_model", "followed_styles", "followed_floors"
FOLLOWED_ALL = "followed_all"
_LEAST_CASES = 30
"""Of a group, to be a row of its own."""

EM_ROUNDS = 6


@dataclass
class TablePass:
    """The cases of a table.

    Attributes:
        records: in order.
        keys: of each battle's players.
        skipped: reason -> rows without a case.
        missing: predictor -> cases for which it gave no policy; they count as uniform.
    """

    records: list[CaseRecord] = field(default_factory=list)
    keys: dict[int, tuple[str, str]] = field(default_factory=dict)
    skipped: Counter[str] = field(default_factory=Counter)
    missing: Counter[str] = field(default_factory=Counter)

    def of(self, what: str, parts: Mapping[str, str], part: str) -> list[CaseRecord]:
        """Return the cases of one kind in a part of a split."""
        return [r for r in self.records if r.what == what and parts[str(r.battle)] == part]

    def split(self, test: float, seed: int) -> dict[str, str]:
        """Return the part of each battle, by its number as text."""
        return split_battles(((str(n), keys) for n, keys in self.keys.items()), test, seed)


def pass_over(
    folder: Path,
    reader: CaseReader,
    predictors: Mapping[str, PolicyMaker],
    most: int | None,
    on_progress: Progress,
) -> TablePass:
    """Read a table and make the cases of its first battles.

    Args:
        folder: of the table.
        reader: makes the cases.
        predictors: asked for each case.
        most: battles; None: all.
        on_progress: called with a line about how far it is.

    Raises:
        DecisionTableError: it cannot be read, or holds no case.
    """
    found = TablePass(skipped=reader.skipped)
    began = time.monotonic()
    for number, rows in enumerate(read_battles(folder)):
        if most is not None and number >= most:
            break
        found.keys[number] = public_keys(rows)
        for record in case_records(reader, number, rows, predictors):
            found.records.append(record)
            absent = [name for name, policy in record.policies.items() if policy is None]
            found.missing.update(f"{name}, {record.what} action" for name in absent)
        rate = (time.monotonic() - began) / (number + 1)
        of = "" if most is None else f" of {most}, {rate * (most - number - 1) / 60:.0f} min left"
        on_progress(f"{number + 1} battles{of}, {len(found.records):,} cases")
    if not found.records:
        why = ", ".join(found.skipped) or "it is empty"
        raise DecisionTableError(f"{folder}: no decision to predict ({why})")
    return found


@dataclass(frozen=True)
class PredictorScores:
    """One predictor on the cases of one kind that were held out.

    Attributes:
        name: of the predictor.
        tempering: as fitted on the training part.
        scores: by case.
        loss, first, third: means with intervals over battles.
        calibration_error: of the most probable action.
        reliability: its table.
        against_floor: loss less that of the best floor; None for floors.
    """

    name: str
    tempering: Tempering
    scores: CaseScores
    loss: MeanEstimate
    first: MeanEstimate
    third: MeanEstimate
    calibration_error: float
    reliability: list[ReliabilityBin]
    against_floor: MeanEstimate | None = None


@dataclass(frozen=True)
class KindMeasurement:
    """All predictors on one kind of cases.

    Attributes:
        what: ``own`` or ``opponent``.
        training: number of training cases.
        records: the cases held out.
        outside: share of these whose action no world has.
        best_floor: the floor with the least log loss on them.
        rows: by predictor.
        model: as fitted on the training part.
    """

    what: str
    training: int
    records: list[CaseRecord]
    outside: float
    best_floor: str
    rows: list[PredictorScores]
    model: FittedOpponent


def measure_kind(
    what: str,
    training: Sequence[CaseRecord],
    test: Sequence[CaseRecord],
    others: Sequence[str],
    committed: FittedOpponent | None,
    *,
    ridge: float,
    styles: int,
    seed: int,
) -> KindMeasurement:
    """Score all predictors on held-out cases.

    Args:
        what: kind of the cases.
        training: cases that predictors are tempered and fitted on.
        test: cases that are scored.
        others: names in ``policies`` beside the floors: agents.
        committed: a fitted model to score too.
        ridge, styles: of the fit.
        seed: of the fit and of the bootstrap.

    Raises:
        ConfigError: one part is empty.
    """
    if not training or not test:
        raise ConfigError(
            f"{what} actions: {len(training)} cases to train on and {len(test)} held out; take "
            "more battles, or another held_out or seed"
        )
    both = (training, test)
    made: dict[str, list[list[NDArray[np.float64]]]] = {
        name: [floor_policies(name, part, training) for part in both] for name in FLOORS
    }
    for name in others:
        made[name] = [_given(name, part) for part in both]
    model = fit_model(training, ridge, styles, EM_ROUNDS, seed, {})
    made[MODEL] = [model_policies(model, part) for part in both]
    by_style = [style_policies(model, part) for part in both]
    made[FOLLOWED_STYLES] = _followed(both, by_style, model.commonness)
    if committed is not None:
        name = "committed_model"
        made[name] = [model_policies(committed, part) for part in both]
        members = [style_policies(committed, part) for part in both]
        made["committed_styles"] = _followed(both, members, committed.commonness)
    battles = np.array([record.battle for record in test])
    tempered: dict[str, tuple[Tempering, Policies, Policies]] = {}

    def temper(name: str) -> None:
        one, two = (
            Policies.of(shares, [r.place for r in part])
            for shares, part in zip(made[name], both, strict=True)
        )
        by = calibrated(one)
        tempered[name] = by, one.tempered(*by), two.tempered(*by)

    for name in made:
        temper(name)
    pool = _pool(both, made, tempered)
    made[FOLLOWED_POOL] = _followed(both, pool, np.ones(len(pool[0][0])))
    temper(FOLLOWED_POOL)
    together = [
        [np.concatenate(pair) for pair in zip(*members, strict=True)]
        for members in zip(by_style, pool, strict=True)
    ]
    even = np.full(len(pool[0][0]), 1 / len(pool[0][0]))
    made[FOLLOWED_ALL] = _followed(both, together, np.concatenate([model.commonness, even]))
    temper(FOLLOWED_ALL)
    found = {name: scored(policies) for name, (_, _, policies) in tempered.items()}
    best = min(FLOORS, key=lambda name: float(found[name].loss.mean()))
    rows = []
    for name, scores in found.items():
        gain = None
        if name not in FLOORS:
            gain = bootstrap(scores.loss - found[best].loss, battles, seed)
        rows.append(
            PredictorScores(
                name,
                tempered[name][0],
                scores,
                bootstrap(scores.loss, battles, seed),
                bootstrap(scores.first, battles, seed),
                bootstrap(scores.third, battles, seed),
                calibration_error(scores),
                reliability_table(scores),
                gain,
            )
        )
    outside = float(np.mean([record.place < 0 for record in test]))
    return KindMeasurement(what, len(training), list(test), outside, best, rows, model)


def _given(name: str, records: Sequence[CaseRecord]) -> list[NDArray[np.float64]]:
    return [even_policy(r) if (p := r.policies.get(name)) is None else p for r in records]


def _followed(
    parts: tuple[Sequence[CaseRecord], Sequence[CaseRecord]],
    members: Sequence[list[NDArray[np.float64]]],
    prior: NDArray[np.float64],
) -> list[list[NDArray[np.float64]]]:
    settings = best_follow_settings(parts[0], members[0], prior)
    return [followed(part, of, prior, settings) for part, of in zip(parts, members, strict=True)]


def _pool(
    parts: tuple[Sequence[CaseRecord], Sequence[CaseRecord]],
    made: Mapping[str, list[list[NDArray[np.float64]]]],
    tempered: Mapping[str, tuple[Tempering, Policies, Policies]],
) -> list[list[NDArray[np.float64]]]:
    """Return the members' policies of the pool of floors, and of one who switches."""
    found = []
    for k, part in enumerate(parts):
        joined = []
        for name in FLOORS:
            _, for_training, for_test = tempered[name]
            policies = (for_training, for_test)[k]
            joined.append(np.split(policies.shares, policies.starts[1:]))
        joined.append(switching_policies(made["static_policy"][k], part))
        found.append([np.stack([member[i] for member in joined]) for i in range(len(part))])
    return found


def group_rows(
    measured: KindMeasurement, groups: Mapping[str, Sequence[str]], seed: int
) -> list[dict[str, object]]:
    """Return log loss and top-1 of each predictor by group of cases, of groups large enough.

    Args:
        measured: a measurement.
        groups: heading -> the group of each case.
        seed: of the bootstrap.
    """
    found: list[dict[str, object]] = []
    battles = np.array([record.battle for record in measured.records])
    floor = next(row for row in measured.rows if row.name == measured.best_floor)
    for heading, names in groups.items():
        of = np.array(names)
        for group in sorted(set(names)):
            chosen = of == group
            if chosen.sum() < _LEAST_CASES:
                continue
            for row in measured.rows:
                part = row.scores.only(chosen)
                gain = bootstrap(part.loss - floor.scores.loss[chosen], battles[chosen], seed)
                found.append(
                    {
                        "by": heading, "group": group, "predictor": row.name,
                        "cases": int(chosen.sum()), "log_loss": float(part.loss.mean()),
                        "top1": float(part.first.mean()), "top3": float(part.third.mean()),
                        "calibration_error": calibration_error(part),
                        "against_best_floor": list(gain),
                    }
                )  # fmt: skip
    return found


def groups_of(records: Sequence[CaseRecord], kinds: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the groups of cases: rating and turn bands, and kinds of players where known."""
    found = {"rating": [r.group for r in records], "turn": [r.turns for r in records]}
    if kinds:
        found["kind"] = [kinds.get(r.actor, "unknown") for r in records]
    return found


def read_kinds(path: Path | None) -> dict[str, str]:
    """Return the kind of each player's key, of a file ``players.csv``.

    Raises:
        DecisionTableError: it cannot be read, or has not the columns ``player_key`` and ``kind``.
    """
    if path is None:
        return {}
    with reading(path, DecisionTableError, "list of players", (LookupError, csv.Error)):
        with path.open(encoding="utf-8", newline="") as file:
            return {row["player_key"]: row["kind"] for row in csv.DictReader(file)}


def parts_in_words(table: TablePass, parts: Mapping[str, str]) -> str:
    """Return how many battles and players are in each part."""
    counts = Counter(parts.values())
    players = {
        part: len({key for n, keys in table.keys.items() if parts[str(n)] == part for key in keys})
        for part in (TRAIN, TEST)
    }
    left = len(table.keys) - counts[TRAIN] - counts[TEST]
    return (
        f"{counts[TRAIN]} battles of {players[TRAIN]} players to train on, {counts[TEST]} of "
        f"{players[TEST]} others held out, {left} between both left out"
    )


WHATS = (OPPONENT, OWN)
