"""``plywise bench engine``: speed of the battle engine and of the real simulator in one run.

A *turn* is one more on the battle's turn counter, a *step* one decision of one or both sides; a
turn with a faint or a pivot takes more than one step.  Both programs play
``gen9randombattle`` from its first turn with uniformly random legal choices.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plywise.conf.schemas.bench import BenchConfig
from plywise.datasets.errors import PlywiseError
from plywise.datasets.pokemon_sets import random_battle_sets
from plywise.datasets.processes.children import NODE_FLAGS, completed, python_command
from plywise.datasets.processes.temporary import TemporaryFolder
from plywise.engine.battle import batch, measure
from plywise.engine.battle.border.battle_state import BattleState
from plywise.engine.battle.chance_tree import TooManyBranchesError, enumerate_step, prepare_branches
from plywise.engine.battle.rules import RULES, rules
from plywise.engine.battle.state import BATTLE
from plywise.engine.kernels import NO_ACTION
from plywise.games.showdown.install import ShowdownInstallError, ensure_showdown, node_executable

_STATES = 64
_DRIVER = Path(__file__).parents[2] / "datasets" / "showdown" / "play_random.js"
_BRANCHES = 10_000  # of one step, at most

# Code for a fresh process: make the first step of a battle, or compile all kernels.
_FIRST_STEP = """
import sys
from plywise.engine.battle.border.battle_state import BattleState
state = BattleState.deserialize(sys.argv[1])
state.apply_actions(state.legal_actions(0)[0], state.legal_actions(1)[0])
print(state.turn)
"""
_COMPILE_ALL = """
from plywise.engine.battle import batch, chance_tree, damage_rolls, rules
rules.rules()
batch.prepare_batch()
chance_tree.prepare_branches()
damage_rolls.prepare_damage_rolls()
"""


class BenchError(PlywiseError):
    """A part that was to be measured did not run."""


def first_turns(count: int, seed: int) -> NDArray[Any]:
    """Return ``count`` random battles at their first decision."""
    sets, rng = random_battle_sets(), Random(seed)
    return np.concatenate(
        [
            BattleState.from_teams(sets.random_team(rng), sets.random_team(rng), seed=k).pool
            for k in range(count)
        ]
    )


def bench_engine(config: BenchConfig) -> Mapping[str, float]:
    """Return the figures of every part, measured for about ``config.seconds`` each.

    Raises:
        BenchError: the simulator or a fresh process did not run.
    """
    seconds, seed = config.seconds, config.seed
    # A missing simulator is reported now, not after all other parts were measured.
    driver = _driver() if config.simulator else None
    rules()
    batch.prepare_batch()
    pool = first_turns(_STATES, seed)
    figures: dict[str, float] = {"state_bytes": BATTLE.itemsize}
    figures["load_average"] = os.getloadavg()[0]  # other work on this machine, in busy cores
    for threads in (1, 2):
        turns, steps, spent, processor = _playouts(pool, seed, seconds, threads)
        if threads == 1:
            figures["turns_per_processor_second"] = turns / processor
        name = "" if threads == 1 else f"_{threads}_threads"
        figures[f"turns_per_second{name}"] = turns / spent
        figures[f"steps_per_second{name}"] = steps / spent
    replayed = measure.replay_scripted(pool, seed, seconds)
    figures["scripted_turns_per_second"] = replayed.turns / replayed.seconds
    figures["scripted_steps_per_second"] = replayed.steps / replayed.seconds
    figures["draws_per_turn"] = replayed.draws / replayed.turns
    figures["steps_from_python_per_second"] = _from_python(pool, seed, seconds)
    figures["copy_nanoseconds"] = 1e9 * measure.copy_seconds(pool, seconds / 4)
    figures["legal_actions_nanoseconds"] = 1e9 * measure.legal_seconds(pool, seconds / 4)
    figures["damage_rolls_per_second"] = 1 / measure.damage_seconds(pool, seconds / 4)
    figures.update(_branches(pool, seed, seconds))
    first = BattleState(pool[:1].copy()).serialize()
    figures["warm_start_seconds"] = min(_run(_FIRST_STEP, first) for _ in range(3))
    if config.cold:
        with TemporaryFolder() as folder:  # an empty cache
            figures["cold_compile_seconds"] = _run(_COMPILE_ALL, cache=str(folder.path))
    if driver is not None:
        command = [*driver, str(seconds), str(seed)]
        real: dict[str, float] = json.loads(_output("the real simulator", command))
        figures["simulator_turns_per_second"] = real["turns"] / real["seconds"]
        figures["simulator_steps_per_second"] = real["steps"] / real["seconds"]
        busy = real["turns"] / real["processor_seconds"]
        figures["simulator_turns_per_processor_second"] = busy
        # Processor time: the ratio holds on a busy machine as well.
        figures["times_the_simulator"] = figures["turns_per_processor_second"] / busy
    return figures


def _playouts(
    pool: NDArray[Any], seed: int, seconds: float, threads: int
) -> tuple[int, int, float, float]:
    """Return turns, steps, wall time and this thread's CPU time of playouts for ``seconds``."""
    turns = steps = 0
    start, own = time.perf_counter(), time.thread_time()
    while (spent := time.perf_counter() - start) < seconds:
        found = batch.playouts(pool, seed, per_state=8, threads=threads)
        seed += 1
        turns += int(found.turns.sum())
        steps += int(found.steps.sum())
    return turns, steps, spent, time.thread_time() - own


def _from_python(pool: NDArray[Any], seed: int, seconds: float) -> float:
    """Return steps a second where Python chooses the actions and calls every kernel."""
    rng, out = Random(seed), np.zeros(RULES.num_actions, np.int32)
    steps = number = 0
    start = time.perf_counter()
    while (spent := time.perf_counter() - start) < seconds:
        state = pool[number % len(pool)][None].copy()
        RULES.reseed(state, 0, rng.getrandbits(63))
        number += 1
        while int(state[0]["winner"]) < 0:
            chosen = [NO_ACTION, NO_ACTION]
            for player in (0, 1):
                count = int(RULES.legal(state, 0, player, out))
                if count:
                    chosen[player] = int(out[rng.randrange(count)])
            RULES.step(state, 0, chosen[0], chosen[1])
            steps += 1
    return steps / spent


def _branches(pool: NDArray[Any], seed: int, seconds: float) -> dict[str, float]:
    """Measure the enumeration of steps, with random choices, some turns into the battles."""
    middle, rng = pool.copy(), Random(seed)
    for _ in range(6):
        chosen = [
            [_any_action(mask, rng) for mask in side]
            for side in batch.legal_batch(middle).transpose(1, 0, 2)
        ]
        batch.step_batch(middle, chosen[0], chosen[1])
    masks = batch.legal_batch(middle)
    count = outcomes = enumerated = too_many = 0
    prepare_branches()
    start = time.perf_counter()
    number = 0
    while (spent := time.perf_counter() - start) < seconds:
        i = number % len(middle)
        number += 1
        if not masks[i].any():
            continue
        actions = [_any_action(masks[i, s], rng) for s in (0, 1)]
        try:
            found = enumerate_step(middle, i, actions[0], actions[1], limit=_BRANCHES)
        except TooManyBranchesError:
            too_many += 1
            count += _BRANCHES
            continue
        enumerated += 1
        count += found.branches
        outcomes += len(found.states)
    return {
        "branches_per_second": count / spent,
        "branches_per_step": count / max(1, enumerated + too_many),
        "outcomes_per_step": outcomes / max(1, enumerated),
        f"steps_over_{_BRANCHES}_branches_percent": 100 * too_many / max(1, enumerated + too_many),
    }


def _any_action(mask: NDArray[np.bool_], rng: Random) -> int:
    return int(rng.choice(np.flatnonzero(mask).tolist() or [NO_ACTION]))


def _output(what: str, command: Sequence[str], environment: Mapping[str, str] = os.environ) -> str:
    """Return what a command prints.

    Raises:
        BenchError: it failed; ``what`` names it in the message.
    """
    done = completed(command, environment)
    if done.returncode:
        raise BenchError(f"{what} failed: {(done.stderr.strip() or 'no reason')[-300:]}")
    return done.stdout


def _run(code: str, *arguments: str, cache: str | None = None) -> float:
    """Run Python code in a fresh process; return its wall time."""
    environment = os.environ if cache is None else os.environ | {"PLYWISE_CACHE": cache}
    start = time.perf_counter()
    _output("a fresh process", python_command(code, *arguments), environment)
    return time.perf_counter() - start


def _driver() -> tuple[str, ...]:
    """Return the command that plays in the real simulator; seconds and seed are its arguments."""
    try:
        return str(node_executable()), *NODE_FLAGS, str(_DRIVER), str(ensure_showdown())
    except ShowdownInstallError as error:
        raise BenchError(f"{str(error).rstrip('.')}; without it: simulator=false") from error
