"""Values of all actions at a decision, by long searches: what ``bench regret`` measures against.

For each seed a long search decides as in play; then another of the same length divides its visits
evenly among the player's actions, while the opponent keeps to the strategies in each world that the
first one found as its replies.  So every action gets an equal, large share of the visits, against
an opponent that expects what play would do, not an even mixture.  The differences between seeds,
replies included, are the reference's own error.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from plywise.arena.bench.decisions import (
    NPZ_FAULTS,
    DecisionsFileError,
    SampledDecision,
    digest_of_decisions,
    legal_table,
    read_columns,
    write_columns,
)
from plywise.datasets.errors import ConfigError
from plywise.datasets.files import reading
from plywise.engine.battle.rules import RULES
from plywise.search.simultaneous.config import SimultaneousConfig
from plywise.search.simultaneous.search import SimultaneousSearch

LEAST_SEEDS = 2
"""Seeds without which a reference does not know its own error."""

_ROOT = Path(__file__).parents[2]  # the checkout, or plywise/ in site-packages
_OWN_FILES = {
    "evaluation": (
        "engine/battle/evaluate.py",
        "engine/battle/matchups.py",
        "datasets/fitted/gen9_evaluation.json",
    ),
    "priors": ("engine/battle/policy.py", "datasets/fitted/gen9_policy.json"),
}


@dataclass(frozen=True)
class ReferenceValues:
    """Values of all actions at some decisions.

    Attributes:
        values: for the deciding player, float64 ``(seeds, decisions, actions)`` in [-1, 1]; NaN
            where an action is not legal.
        made: how: ``iterations``, ``seed``, ``search`` (settings), ``code`` (:func:`code_parts`).
    """

    values: NDArray[np.float64]
    made: dict[str, Any]


def long_search(config: SimultaneousConfig, iterations: int) -> SimultaneousSearch:
    """Return a search of these settings whose tree has room for all of its iterations.

    Raises:
        ConfigError: the settings are of several threads or of another search.
    """
    if config.threads > 1 or getattr(config, "sharing", "shared") != "shared":
        raise ConfigError("a reference is made with search.threads=1 and search.sharing=shared")
    room = max(config.max_nodes, iterations + 1)
    return SimultaneousSearch(
        RULES, replace(config, seconds=None, iterations=iterations, max_nodes=room)
    )


class JudgedActions(NamedTuple):
    """What a long search plays at a decision, and what all actions are worth against its replies.

    Attributes:
        strategy: the player's action -> probability, of the first search.
        values: the player's action -> value, of the second.
    """

    strategy: dict[int, float]
    values: dict[int, float]


def judged_actions(
    search: SimultaneousSearch,
    worlds: NDArray[Any],
    player: int,
    seed: int,
    even_share: float = 0.0,
) -> JudgedActions:
    """Return strategy and values of the player's actions against the replies of a long search.

    Args:
        search: a search of fixed limits; it decides twice.
        worlds: pool of worlds of equal weight.
        even_share: as play has it at this decision.
    """
    rng = Random(seed)
    first = search.decide(worlds, None, player, rng.getrandbits(62), None, None, even_share)
    replies = search.replies
    found = search.decide(worlds, None, player, rng.getrandbits(62), None, None, 1.0, replies)
    return JudgedActions(dict(first.strategy), dict(found.values))


def make_reference(
    config: SimultaneousConfig,
    decisions: Sequence[SampledDecision],
    iterations: int,
    seeds: int,
    seed: int,
    finished: Callable[[ReferenceValues], None] = lambda so_far: None,
) -> ReferenceValues:
    """Search every decision with every seed; one seed for all decisions, then the next.

    Args:
        iterations: of each of the two searches for a seed.
        seeds: number of seeds, 2 at least.
        finished: called after each seed, with the values so far.
    """
    search = long_search(config, iterations)
    values = np.full((seeds, len(decisions), RULES.num_actions), np.nan)
    made = {
        "iterations": iterations,
        "seed": seed,
        "search": _settings(config),
        "code": code_parts(),
        "decisions": digest_of_decisions(decisions),
    }
    found = ReferenceValues(values, made)
    for k in range(seeds):
        for i, one in enumerate(decisions):
            number = Random(f"{seed} reference {k} {i}").getrandbits(62)
            here = judged_actions(search, one.worlds, one.player, number, one.even_share).values
            values[k, i, list(here)] = list(here.values())
        found = ReferenceValues(values[: k + 1], made)
        finished(found)
    return found


def _settings(config: SimultaneousConfig) -> dict[str, Any]:
    """Return the settings that decide how worlds are searched, but for the budget."""
    names = {f.name for f in fields(SimultaneousConfig)} - {"seconds", "iterations", "yield_after"}
    return {name: getattr(config, name) for name in sorted(names)}


def save_reference(path: Path, reference: ReferenceValues) -> None:
    """Write a reference.

    Raises:
        RecordFileError: the disk refuses it.
    """
    columns = {
        "meta": np.array(json.dumps(reference.made)),
        "values": reference.values.astype(np.float32),
    }
    write_columns(path, columns)


def load_reference(folder: Path, decisions: Sequence[SampledDecision]) -> ReferenceValues:
    """Read ``reference.npz`` of a folder.

    Raises:
        DecisionsFileError: it cannot be read, or is not of these decisions.
    """
    path = folder / "reference.npz"
    with reading(path, DecisionsFileError, "reference", NPZ_FAULTS):
        columns, made = read_columns(path)
        values = np.asarray(columns["values"], np.float64)
        if values.ndim != 3 or len(values) < LEAST_SEEDS or values.shape[2] != RULES.num_actions:
            raise ValueError(f"values of shape {values.shape}")
        if made["decisions"] != digest_of_decisions(decisions):
            raise DecisionsFileError(
                f"{path} is the reference of other decisions; anew=reference makes one of these"
            )
        if values.shape[1] != len(decisions):
            raise ValueError(f"values of {values.shape[1]} decisions, not of {len(decisions)}")
        if (np.isfinite(values) != legal_table(decisions)).any():
            raise ValueError("values of other actions than the legal ones")
        if set(made["code"]) != set(code_parts()) or not isinstance(made["search"], dict):
            raise ValueError("it does not say what it was made with")
    return ReferenceValues(values, made)


def changed_since(reference: ReferenceValues, config: SimultaneousConfig) -> list[str]:
    """Return what a reference was made with that is another now, in a word or two each."""
    now, then = code_parts(), reference.made["code"]
    found = [part for part in now if now[part] != then[part]]
    settings, before = _settings(config), reference.made["search"]
    differ = [key for key in settings if settings[key] != before.get(key)]
    return found + [f"search.{key}" for key in differ]


def code_parts() -> dict[str, str]:
    """Return 12 hex digits each over rules, evaluation, priors and search, comments left out."""
    parts = {part: {_ROOT / name for name in files} for part, files in _OWN_FILES.items()}
    parts["search"] = set((_ROOT / "search" / "simultaneous").glob("*.py"))
    rules = set((_ROOT / "engine" / "battle").glob("*.py"))
    parts["rules"] = rules.difference(*parts.values())
    return {part: _digest(paths) for part, paths in parts.items()}


def _digest(paths: Iterable[Path]) -> str:
    h = hashlib.sha256()
    for path in sorted(paths):
        h.update(path.relative_to(_ROOT).as_posix().encode())
        text = path.read_text(encoding="utf-8")
        h.update((_code(text) if path.suffix == ".py" else text).encode())
    return h.hexdigest()[:12]


def _code(text: str) -> str:
    """Return Python source without comments and texts that stand alone, such as docstrings."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        for body in ("body", "orelse"):
            lines = getattr(node, body, None)
            if isinstance(lines, list):
                kept = [
                    line
                    for line in lines
                    if not (isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant))
                ]
                setattr(node, body, kept)
    return ast.dump(tree)
