"""``plywise bench search``: iterations a second of the battle search on fixed mid-game states."""

from __future__ import annotations

import importlib.util
import time
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plywise.conf.schemas.bench import BenchConfig
from plywise.datasets.pokemon_sets import random_battle_sets
from plywise.engine.battle.border.battle_state import BattleState
from plywise.engine.battle.rules import RULES
from plywise.engine.kernels import NO_ACTION, SIMULTANEOUS
from plywise.search.simultaneous.config import SimultaneousConfig
from plywise.search.simultaneous.search import SimultaneousSearch

DECISIONS = 8
"""Random decisions before a state; most states then still have 5 or 6 Pokémon a side."""

WORLD_COPIES = 16

ROUNDS = 5
"""Searches of each state."""


def bench_search(config: BenchConfig) -> dict[str, float]:
    """Measure the search on mid-game states, with several threads, and beside poke-engine."""
    return {
        **bench_worlds(config.seconds),
        **bench_threads(config.seconds),
        **bench_poke_engine(config.seconds),
    }


def mid_game_states(count: int, seed: int = 0) -> NDArray[Any]:
    """Return a pool of ``count`` states in which both sides choose, determined by the seed."""
    sets = random_battle_sets()
    out = np.zeros(RULES.num_actions, np.int32)
    found: list[NDArray[Any]] = []
    number = seed
    while len(found) < count:
        rng = Random(number)
        number += 1
        state = BattleState.from_teams(sets.random_team(rng), sets.random_team(rng), seed=number)
        pool = state.pool
        for _ in range(DECISIONS):
            chosen = []
            for player in (0, 1):
                n = int(RULES.legal(pool, 0, player, out))
                chosen.append(int(out[rng.randrange(n)]) if n else NO_ACTION)
            RULES.step(pool, 0, chosen[0], chosen[1])
        if int(RULES.current(pool, 0)) == SIMULTANEOUS:
            found.append(pool)
    return np.concatenate(found)


THREADS = 2


def bench_threads(seconds: float, states: int = 8) -> dict[str, float]:
    """Search every state for its share of ``seconds``, with one thread and with several in turn.

    Returns:
        iterations a second of wall time, by number of threads; 16 worlds.
    """
    pool = mid_game_states(states)
    searches = {
        n: SimultaneousSearch(RULES, SimultaneousConfig(seconds=seconds / states, threads=n))
        for n in (1, THREADS)
    }
    done = dict.fromkeys(searches, 0)
    spent = dict.fromkeys(searches, 0.0)
    for i in range(states):
        for n, search in searches.items():
            worlds = np.repeat(pool[i : i + 1], WORLD_COPIES)
            search.decide(worlds, None, 0, seed=i, seconds=0.02)  # touches its memory
            start = time.perf_counter()
            done[n] += search.decide(worlds, None, 0, seed=i).iterations
            spent[n] += time.perf_counter() - start
    return {
        f"iterations_per_wall_second_{n}_thread{'s' if n > 1 else ''}": done[n] / spent[n]
        for n in searches
    }


def _loaded_search(pool: NDArray[Any], seconds: float) -> SimultaneousSearch:
    """Return a search that has decided once: compilation and loading are not measured."""
    search = SimultaneousSearch(RULES, SimultaneousConfig(seconds=seconds))
    search.decide(pool[:1], None, 0, 0, seconds=0.05)
    return search


def bench_worlds(seconds: float, states: int = 8) -> dict[str, float]:
    """Search every state ``ROUNDS`` times for its share of ``seconds``, as one world and as 16.

    Returns:
        iterations and turns a second of processor time, by number of worlds; turns an iteration
        passes and steps that it plays; mean depth of the tree.  The 16 worlds are copies: the
        figures include the cost of keeping worlds apart, not of their variety.  ``undisturbed``
        figures take each state's fastest round, as ``timeit`` takes the fastest repetition.
    """
    pool = mid_game_states(states)
    search = _loaded_search(pool, seconds / states / ROUNDS)
    result: dict[str, float] = {}
    for worlds in (1, WORLD_COPIES):
        iterations, turns, steps, depth, spent = 0, 0, 0, 0, 0.0
        fastest = np.zeros(states)
        for k in range(ROUNDS):
            for i in range(states):
                start = time.thread_time()
                decision = search.decide(np.repeat(pool[i : i + 1], worlds), None, 0, seed=i + k)
                took = time.thread_time() - start
                fastest[i] = max(fastest[i], decision.iterations / took)
                spent += took
                iterations += decision.iterations
                turns += int(decision.notes["turns"])
                steps += int(decision.notes["steps"])
                depth += decision.depth
        result[f"iterations_per_second_{worlds}_worlds"] = iterations / spent
        result[f"undisturbed_iterations_per_second_{worlds}_worlds"] = float(fastest.mean())
        result[f"turns_per_second_{worlds}_worlds"] = turns / spent
        result[f"turns_per_iteration_{worlds}_worlds"] = turns / iterations
        result[f"steps_per_iteration_{worlds}_worlds"] = steps / iterations
        result[f"deepest_{worlds}_worlds"] = depth / states / ROUNDS
    return result


def bench_poke_engine(seconds: float, states: int = 8) -> dict[str, float]:
    """Search every state, as one world, with our search and with poke-engine's in turn.

    An iteration is not the same work: from the third turn on poke-engine uses one average damage
    roll, and its evaluation counts material.

    Returns:
        ``poke_engine_measured``, 1 or 0; where poke-engine is installed also its iterations and
        ours a second of processor time, and ours divided by its.
    """
    if importlib.util.find_spec("poke_engine") is None:
        return {"poke_engine_measured": 0.0}
    from plywise.games.gen9.poke_engine import load_poke_engine, translate

    engine = load_poke_engine()
    pool = mid_game_states(states)
    share = seconds / states / ROUNDS
    milliseconds = round(1000 * share)
    search = _loaded_search(pool, share)
    translated = [translate(engine, pool, i, 0).state for i in range(states)]
    done, spent = np.zeros(2), np.zeros(2)
    for k in range(ROUNDS):
        for i, there in enumerate(translated):
            start = time.thread_time()
            done[0] += search.decide(pool[i : i + 1], None, 0, seed=i + k).iterations
            middle = time.thread_time()
            done[1] += engine.monte_carlo_tree_search(there, duration_ms=milliseconds).total_visits
            spent += middle - start, time.thread_time() - middle
    ours, theirs = done / spent
    return {
        "poke_engine_measured": 1.0,
        "poke_engine_iterations_per_second": theirs,
        "our_iterations_per_second_beside_it": ours,
        "our_iterations_for_each_of_its": ours / theirs,
    }
