"""``plywise bench regret``: loss of the battle search's strategies, by far longer searches.

A regret is the value of the best action less that of the strategy played, both by a reference
(``reference.py``) at a committed set of decisions (``decisions.py``).  The greatest of several
values that are known with an error is too great on average, so the best action is chosen by one
half of the reference's seeds and valued by the other, both ways: such regrets are a little too
small, by no more than the ``reference_gap``, the difference to those by all seeds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from plywise.arena.bench.decisions import (
    COMMITTED,
    KINDS,
    SampledDecision,
    load_decisions,
    play_decisions,
    save_decisions,
)
from plywise.arena.bench.reference import (
    LEAST_SEEDS,
    ReferenceValues,
    changed_since,
    load_reference,
    make_reference,
    save_reference,
)
from plywise.arena.output.files import write_summary
from plywise.arena.output.screen import near
from plywise.arena.settings import make_search
from plywise.conf.schemas.bench import BenchConfig
from plywise.conf.schemas.search import SimultaneousGroup
from plywise.engine.battle.rules import RULES
from plywise.engine.kernels import RulesKernels

ITERATIONS = (1_000, 3_000, 10_000, 30_000, 100_000, 300_000)
PREVIEWS = 5
"""One decision at Team Preview for so many of each other kind."""

LARGE = (0.1, 0.2)
"""Losses of value from which on a choice is counted as bad."""


@dataclass(frozen=True)
class Regret:
    """How good a strategy is at one decision.

    Attributes:
        mean: expected loss of value, about 0 for the best strategy; the reference's error may
            bring it below 0.
        worse: probability of an action that loses more, by each of ``LARGE``.
        on_best: probability of the action that the reference values most.
    """

    mean: float
    worse: tuple[float, ...]
    on_best: float


def action_losses(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return by how much each action is worse than the best one.

    Args:
        values: of the actions by independent seeds ``(seeds, actions)``, two seeds at least.  The
            best action is chosen by every other seed and valued by the rest, both ways.
    """
    halves = values[0::2].mean(axis=0), values[1::2].mean(axis=0)
    losses = [judge[np.argmax(chooser)] - judge for chooser, judge in (halves, halves[::-1])]
    found: NDArray[np.float64] = np.mean(losses, axis=0)
    return found


def regret_of(strategy: Mapping[int, float], legal: Sequence[int], values: NDArray[Any]) -> Regret:
    """Return how good a strategy is.

    Args:
        strategy: action -> probability.
        legal: actions, in the order of the columns of ``values``.
        values: as in :func:`action_losses`.
    """
    played = np.array([strategy.get(action, 0.0) for action in legal])
    losses = action_losses(values)
    return Regret(
        mean=float(played @ losses),
        worse=tuple(float(played[losses > size].sum()) for size in LARGE),
        on_best=float(played[np.argmax(values.mean(axis=0))]),
    )


def bench_regret(config: BenchConfig, folder: Path, console: Console) -> dict[str, float]:
    """Measure the search at all decisions, by number of iterations.

    What is made anew is written into ``folder``, and ``regrets.json`` with each decision's
    regrets, by which two runs can be compared decision by decision.

    Raises:
        DecisionsFileError: a stored file cannot be used.
        ConfigError: a reference cannot be made with these settings.
    """
    search = config.search
    assert isinstance(search, SimultaneousGroup)  # else the configuration was refused
    found = _decisions(config, search, folder, console)
    reference = _reference(config, search, found, folder, console)
    chosen = list(_first(found, config.decisions_each))
    values = [reference.values[:, i][:, found[i].legal] for i in chosen]
    decisions = [found[i] for i in chosen]
    numbers = [n for n in ITERATIONS if n <= config.most_iterations] or [config.most_iterations]
    regrets = {
        n: measured(RULES, search, n, decisions, values, config.repeats, config.seed)
        for n in numbers
    }
    each = [
        {
            "kind": one.kind, "game": one.game, "turn": one.turn, "player": one.player,
            "regret": {n: float(np.mean([r.mean for r in regrets[n][i]])) for n in numbers},
        }
        for i, one in enumerate(decisions)
    ]  # fmt: skip
    write_summary(folder / "regrets.json", each)
    figures: dict[str, float] = {}
    for kind in KINDS:
        rows = [i for i, one in enumerate(decisions) if one.kind == kind]
        if not rows:
            continue
        figures |= _of_reference(kind, [values[i] for i in rows])
        games = [decisions[i].game for i in rows]
        for n in numbers:
            figures |= _of_kind(f"{kind}_{n}_iterations", [regrets[n][i] for i in rows], games)
    return figures


def _decisions(
    config: BenchConfig, search: SimultaneousGroup, folder: Path, console: Console
) -> list[SampledDecision]:
    """Return the stored decisions, or make them and write them."""
    if config.anew != "decisions":
        return load_decisions(_stored(config))
    each = config.decisions_each
    made = {"decisions_each": each, "seed": config.seed, "worlds": search.worlds}
    found = list(play_decisions(search, each, -(-each // PREVIEWS), config.seed))
    path = folder / "decisions.npz"
    save_decisions(path, found, made)
    console.print(f"{len(found)} decisions: {near(path)}", soft_wrap=True)
    return found


def _reference(
    config: BenchConfig,
    search: SimultaneousGroup,
    decisions: Sequence[SampledDecision],
    folder: Path,
    console: Console,
) -> ReferenceValues:
    """Return the stored reference, or make it and write it."""
    if config.anew == "nothing":
        found = load_reference(_stored(config), decisions)
        if changed := changed_since(found, search):
            console.print(
                f"the reference was made with another {', '.join(changed)}: it still measures all "
                "searches alike; anew=reference makes one of this search",
                soft_wrap=True,
            )
        return found
    path, seeds = folder / "reference.npz", config.reference_seeds

    def keep_so_far(found: ReferenceValues) -> None:
        done = len(found.values)
        if done >= LEAST_SEEDS:
            save_reference(path, found)
        console.print(f"reference: seed {done} of {seeds}", soft_wrap=True)

    found = make_reference(
        search, decisions, config.reference_iterations, seeds, config.seed, keep_so_far
    )
    console.print(f"reference: {near(path)}", soft_wrap=True)
    return found


def _stored(config: BenchConfig) -> Path:
    return COMMITTED if config.stored is None else Path(config.stored).expanduser()


def _first(decisions: Sequence[SampledDecision], each: int) -> Iterator[int]:
    """Yield the places of the first decisions of each kind."""
    for kind in KINDS:
        wanted = -(-each // PREVIEWS) if kind == "preview" else each
        yield from [i for i, one in enumerate(decisions) if one.kind == kind][:wanted]


def measured(
    kernels: RulesKernels,
    config: SimultaneousGroup,
    iterations: int,
    decisions: Sequence[SampledDecision],
    values: Sequence[NDArray[np.float64]],
    repeats: int,
    seed: int,
) -> list[list[Regret]]:
    """Search every decision ``repeats`` times; return the regrets by decision."""
    search = make_search(kernels, replace(config, seconds=None, iterations=iterations))
    found: list[list[Regret]] = []
    for i, (one, known) in enumerate(zip(decisions, values, strict=True)):
        found.append([])
        for k in range(repeats):
            number = Random(f"{seed} regret {i} {k}").getrandbits(62)
            decision = search.decide(
                one.worlds, None, one.player, number, None, None, one.even_share
            )
            found[i].append(regret_of(decision.strategy, one.legal, known))
    return found


def _of_reference(kind: str, values: Sequence[NDArray[np.float64]]) -> dict[str, float]:
    """Return the reference's own error at the decisions of a kind."""
    squares = [v.var(axis=0, ddof=1).mean() / len(v) for v in values]
    gaps = [(v.mean(axis=0).max() - v.mean(axis=0) - action_losses(v)).mean() for v in values]
    return {
        f"{kind}_decisions": float(len(values)),
        f"{kind}_reference_standard_error": float(np.sqrt(np.mean(squares))),
        f"{kind}_reference_gap": float(np.mean(gaps)),
    }


def _of_kind(
    label: str, regrets: Sequence[Sequence[Regret]], games: Sequence[int]
) -> dict[str, float]:
    """Return the figures of a kind of decisions at a number of iterations."""
    means = np.array([np.mean([r.mean for r in of_one]) for of_one in regrets])
    every = [r for of_one in regrets for r in of_one]
    shares = {
        f"{label}_share_worse_by_{size}": float(np.mean([r.worse[k] for r in every]))
        for k, size in enumerate(LARGE)
    }
    interval = {}
    if len(set(games)) > 1:
        interval = {f"{label}_regret_interval": half_interval(means, games)}
    return {
        f"{label}_regret": float(means.mean()),
        **interval,
        **shares,
        f"{label}_share_on_best": float(np.mean([r.on_best for r in every])),
    }


def half_interval(values: NDArray[np.float64], games: Sequence[int]) -> float:
    """Return half of the 95 % interval of a mean; values of one game may go together.

    Args:
        games: each value's game; two different ones at least.
    """
    off = values - values.mean()
    sums = np.array([off[np.array(games) == game].sum() for game in sorted(set(games))])
    clusters = len(sums)
    return float(1.96 * np.sqrt((sums**2).sum() * clusters / (clusters - 1)) / len(values))
