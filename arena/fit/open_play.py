"""Self-play of the battle search with perfect information, as at its leaves: data for fits."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from plywise.arena.output.files import write_whole
from plywise.arena.output.screen import near, text_line
from plywise.conf.schemas.commands import FitConfig
from plywise.datasets.pokemon_sets import random_battle_sets
from plywise.datasets.processes.pool import in_processes
from plywise.engine.battle.border.battle_state import BattleState
from plywise.engine.battle.rules import RULES
from plywise.engine.kernels import NO_ACTION, SIMULTANEOUS, TERMINAL
from plywise.search.decision import Decision
from plywise.search.simultaneous.config import SimultaneousConfig
from plywise.search.simultaneous.search import SimultaneousSearch

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Rows = TypeVar("Rows", bound="DataclassInstance")

OPENING = 8
"""Most random decisions at a battle's start; they make unusual positions part of the data."""

HELD_OUT = 10
"""One battle in so many is left out of a fit and evaluates it."""


@dataclass(frozen=True)
class OpenDecision:
    """One state after the opening; ``pool`` holds it only until the next step.

    Attributes:
        pool: the state.
        decisions: the search's decisions by player, for players with a choice.
    """

    pool: NDArray[Any]
    decisions: dict[int, Decision]


class OpenBattle:
    """Battle ``number`` of a seed between random teams: iterate over it, then read ``result``.

    Attributes:
        result: 1 where side 0 won, 0.5 for a tie, 0 otherwise; set when the iteration ends.
    """

    def __init__(self, search: SimultaneousSearch, number: int, seed: int) -> None:
        self._search = search
        self._rng = Random(f"{seed} fit {number}")
        self.result = 0.0

    def __iter__(self) -> Iterator[OpenDecision]:
        """Play the battle and yield its decisions after the random opening."""
        rng, sets = self._rng, random_battle_sets()
        teams = sets.random_team(rng), sets.random_team(rng)
        state = BattleState.from_teams(*teams, seed=rng.getrandbits(63))
        random_decisions = rng.randrange(OPENING + 1)
        made = 0
        while (who := state.current_player()) != TERMINAL:
            chosen = [NO_ACTION, NO_ACTION]
            decisions: dict[int, Decision] = {}
            for player in (0, 1) if who == SIMULTANEOUS else (who,):
                legal = state.legal_actions(player)
                if made < random_decisions or len(legal) == 1:
                    chosen[player] = rng.choice(legal)
                else:
                    seed = rng.getrandbits(63)
                    decisions[player] = self._search.decide(state.pool, None, player, seed)
                    chosen[player] = decisions[player].action
            if made >= random_decisions:
                yield OpenDecision(state.pool, decisions)
            RULES.step(state.pool, 0, chosen[0], chosen[1])
            made += 1
        self.result = (1.0 + state.returns()[0]) / 2.0


def join(parts: Sequence[Rows]) -> Rows:
    """Concatenate the rows of several dataclasses of arrays."""
    whole = {f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(parts[0])}
    return type(parts[0])(**whole)


def open_search(iterations: int) -> SimultaneousSearch:
    """Return the search that plays both sides, with a fixed number of iterations."""
    return SimultaneousSearch(RULES, SimultaneousConfig(seconds=None, iterations=iterations))


def play_shares(
    play: Callable[[Sequence[int], int, int], Rows], config: FitConfig, console: Console
) -> Rows:
    """Return the rows of ``play(numbers, iterations, seed)`` for all battles, one process a job."""
    shares = [range(k, config.battles, config.jobs) for k in range(config.jobs)]
    open_search(1)  # compiles once
    with console.status(f"{config.battles} battles of self-play"):
        if config.jobs == 1:
            return play(shares[0], config.iterations, config.seed)
        tasks = [(share, config.iterations, config.seed) for share in shares]
        with in_processes(play, tasks, config.jobs) as parts:
            return join(list(parts))


def write_weights(
    config: FitConfig,
    folder: Path,
    console: Console,
    found: dict[str, Any],
    figures: dict[str, Any],
) -> None:
    """Write fitted weights with their provenance; print the path, and the figures as last line."""
    provenance = {
        "battles": config.battles,
        "iterations": config.iterations,
        "seed": config.seed,
        "ridge": config.ridge,
        **figures,
        "command": f"plywise fit {config.what} battles={config.battles} "
        f"iterations={config.iterations} seed={config.seed} ridge={config.ridge:g}",
    }
    text = json.dumps({**found, "fit": provenance}, indent=1) + "\n"
    write_result("weights", text, provenance, config, folder, console)


def write_result(
    what: str,
    text: str,
    provenance: dict[str, Any],
    config: FitConfig,
    folder: Path,
    console: Console,
) -> None:
    """Write a fit's JSON text; print the path, and the provenance as last line."""
    out = Path(config.out) if config.out else folder / f"{what}.json"
    write_whole(out, text)
    console.print(f"{what}: {near(out)}", soft_wrap=True)
    console.print(text_line(json.dumps(provenance)), soft_wrap=True)
