"""Predictors of recorded cases: the floors, the opponent model, and what follows an opponent."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from plywise.arena.prediction.records import CaseRecord
from plywise.arena.prediction.scores import OUTSIDE_ONE
from plywise.engine.battle import policy
from plywise.games.gen9.infostate import TERA
from plywise.games.gen9.opponents.features import OPPONENT_FEATURES
from plywise.games.gen9.opponents.following import FollowedOpponent
from plywise.games.gen9.opponents.model import FittedOpponent

FLOORS = ("uniform", "usage", "repeat_last", "damage", "static_policy", "search")
"""Predictors that are fitted to nothing but one tempering each, and to counts (``usage``)."""

_PRIOR = OPPONENT_FEATURES.index("prior")
_SEEN_BEFORE = 2.0  # choices of a species that the usage of all species weighs as much as
Shares = list[NDArray[np.float64]]


def floor_policies(
    name: str, records: Sequence[CaseRecord], training: Sequence[CaseRecord]
) -> Shares:
    """Return a floor's policies of cases.

    Args:
        name: one of ``FLOORS``.
        records: the cases.
        training: cases that usage is counted in.
    """
    if name == "usage":
        return _by_usage(records, training)
    if name == "search":
        return [
            even_policy(r) if (found := r.policies.get("search")) is None else found
            for r in records
        ]
    makers = {
        "uniform": even_policy,
        "repeat_last": _repeated,
        "damage": _most_damage,
        "static_policy": _static,
    }
    return [makers[name](record) for record in records]


def even_policy(record: CaseRecord) -> NDArray[np.float64]:
    """Return the uniform policy of each world, by names."""
    choices = record.choices
    sizes = np.diff([*choices.starts, len(choices.action)])
    return choices.by_name(np.repeat(1.0 / np.maximum(sizes, 1), sizes))


def _repeated(record: CaseRecord) -> NDArray[np.float64]:
    found = np.array([float(name == record.last) for name in record.choices.names])
    return found if found.any() else even_policy(record)


def _static(record: CaseRecord) -> NDArray[np.float64]:
    return record.choices.by_name(np.exp(record.features[:, _PRIOR].astype(float)))


def _most_damage(record: CaseRecord) -> NDArray[np.float64]:
    """Return the attack, or the replacement, that takes most, without Terastallization."""
    choices, f = record.choices, record.features
    damage = f[:, policy.NEXT_DAMAGE] if record.replacing else f[:, policy.DAMAGE]
    plain = (choices.action < TERA) | record.replacing
    shares = np.zeros(len(choices.action))
    bounds = [*choices.starts.tolist(), len(shares)]
    for start, end in pairwise(bounds):
        here = np.where(plain[start:end], damage[start:end], -1.0)
        best = (here >= here.max() - 1e-6) & (here > 0.0)
        best = best if best.any() else np.ones(end - start, bool)
        shares[start:end] = best / best.sum()
    return choices.by_name(shares)


def _by_usage(records: Sequence[CaseRecord], training: Sequence[CaseRecord]) -> Shares:
    """Return policies by how often a species' players have chosen each name."""
    of_species: Counter[tuple[str, str]] = Counter()
    of_all: Counter[str] = Counter()
    offered: Counter[str] = Counter()
    for record in training:
        names = record.choices.names
        offered.update(map(_kind, names))
        if record.place >= 0:
            of_species[record.active, names[record.place]] += 1
            of_all[_kind(names[record.place])] += 1
    found = []
    for record in records:
        choices = record.choices
        counts = np.array(
            [
                of_species[record.active, name]
                + _SEEN_BEFORE * (of_all[kind] + 1.0) / (offered[kind] + 10.0)
                for name, kind in zip(choices.names, map(_kind, choices.names), strict=True)
            ]
        )
        shares = counts[choices.name]
        sizes = np.diff([*choices.starts, len(shares)])
        sums = np.add.reduceat(shares, choices.starts)
        found.append(choices.by_name(shares / np.repeat(sums, sizes)))
    return found


def _kind(name: str) -> str:
    """Return what usage over all species counts: a move, or any switch."""
    return name.partition(" ")[0] if name.startswith(("switch ", "lead ", "revive ")) else name


def model_policies(model: FittedOpponent, records: Sequence[CaseRecord]) -> Shares:
    """Return a model's policies, all players together."""
    return [model.policy(r.choices, r.features) for r in records]


def style_policies(model: FittedOpponent, records: Sequence[CaseRecord]) -> Shares:
    """Return a model's policies by style ``(styles, names)``."""
    return [model.policies(r.choices, r.features) for r in records]


def switching_policies(static: Shares, records: Sequence[CaseRecord]) -> Shares:
    """Return a player who switches where it can, by the static policy among the switches."""
    found = []
    for shares, record in zip(static, records, strict=True):
        switches = np.array([name.startswith("switch") for name in record.choices.names])
        found.append(shares * switches / (shares @ switches) if shares @ switches > 0 else shares)
    return found


@dataclass(frozen=True)
class FollowSettings:
    """How a pool is followed: see :class:`FollowedOpponent`."""

    memory: float
    least: float


FOLLOW_GRID = tuple(
    FollowSettings(memory, least) for memory in (0.85, 0.93, 0.98, 1.0) for least in (0.01, 0.04)
)


def followed(
    records: Sequence[CaseRecord],
    members: Shares,
    prior: Sequence[float] | NDArray[np.float64],
    settings: FollowSettings,
) -> Shares:
    """Return the mixture of a pool before each choice, learning from those before.

    Args:
        records: cases in the order of their battles.
        members: policies of the members at each case ``(members, names)``.
        prior: weights of the members before a battle.
        settings: of the posterior.
    """
    streams: dict[tuple[int, str, int], FollowedOpponent] = defaultdict(
        lambda: FollowedOpponent(prior, settings.memory, settings.least)
    )
    found = []
    for record, policies in zip(records, members, strict=True):
        opponent = streams[record.battle, record.what, record.choices.side]
        found.append(opponent.predict(policies))
        if record.place >= 0:
            opponent.learn(policies[:, record.place])
    return found


def best_follow_settings(
    records: Sequence[CaseRecord], members: Shares, prior: Sequence[float] | NDArray[np.float64]
) -> FollowSettings:
    """Return the settings of the grid with the least log loss on these cases."""

    def loss(settings: FollowSettings) -> float:
        shares = followed(records, members, prior, settings)
        taken = [s[r.place] for s, r in zip(shares, records, strict=True) if r.place >= 0]
        return -float(np.log(np.maximum(taken, OUTSIDE_ONE)).mean())

    return min(FOLLOW_GRID, key=loss)
