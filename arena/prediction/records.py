"""Cases without their worlds: what predictors and fits need, small enough to hold them all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from plywise.arena.prediction.cases import CaseReader, PredictionCase
from plywise.arena.prediction.table import TableRow
from plywise.datasets.set_priors import base_species
from plywise.games.gen9.opponents.choices import WorldChoices


@dataclass
class CaseRecord:
    """A case; attributes as of :class:`PredictionCase`.

    Attributes:
        active: base species of the actor's active Pokémon; "" none.
        last: the actor's last choice that is known, if the same Pokémon is out; "" none.
        replacing: a Pokémon that is due is sent in.
        policies: by predictor, the probabilities of ``choices.names``; None: it gives none here.
    """

    what: str
    battle: int
    turn: int
    actor: str
    group: str
    turns: str
    active: str
    last: str
    replacing: bool
    choices: WorldChoices
    features: NDArray[np.float32]
    place: int
    policies: dict[str, NDArray[np.float64] | None] = field(default_factory=dict)


def without_worlds(case: PredictionCase) -> CaseRecord:
    """Return a case without its worlds."""
    side = case.info.own if case.what == "own" else case.info.foe
    mon = side.active_mon
    active = "" if mon is None else base_species(mon.base_species)
    past = case.past
    return CaseRecord(
        case.what, case.battle, case.turn, case.actor, case.group, case.turns, active,
        past.last if past.last_active == active else "",
        mon is None or mon.fainted, case.choices, case.features, case.place,
    )  # fmt: skip


PolicyMaker = Callable[[PredictionCase], "NDArray[np.float64] | None"]
"""A predictor that needs the worlds: probabilities of ``choices.names``, None where it has none."""


def case_records(
    reader: CaseReader,
    number: int,
    rows: Sequence[TableRow],
    predictors: Mapping[str, PolicyMaker],
) -> Iterator[CaseRecord]:
    """Yield the records of a battle, in order."""
    for case in reader.cases(number, rows):
        record = without_worlds(case)
        for name, policy in predictors.items():
            record.policies[name] = policy(case)
        yield record
