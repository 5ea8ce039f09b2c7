"""The search of poke-engine as an opponent, on the same knowledge and the same clock as ours.

As its authors' bot does it: a tree search of its own for each of a few sampled states, whose visit
shares are averaged.  The states are those that our own search would be given, so that a match
between the two compares searches and not what they know.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np

from plywise.arena.poke_engine_state import choices, load_poke_engine, translate
from plywise.arena.seats import TimedAgent
from plywise.arena.worlds import belief_worlds
from plywise.engine.battle import plain
from plywise.engine.battle.rules import RULES
from plywise.search.clock import BattleClock
from plywise.search.decision import Decision

if TYPE_CHECKING:
    from plywise.conf.schema import SimultaneousConfig
    from plywise.games.base import State

log = logging.getLogger(__name__)


class PokeEngineAgent(TimedAgent):
    """Plays the action with the largest share of visits, averaged over the sampled states.

    Of the ``search`` group it takes ``seconds``, ``iterations``, ``worlds`` and ``battle_seconds``.
    ``notes["failed_worlds"]`` counts the states on which its search broke off with an error (a
    panic of the Rust code), ``notes["fallback"]`` says so where no state was left.

    Raises:
        ConfigError: poke-engine is not installed, or was built for another generation.
    """

    def __init__(self, name: str, config: SimultaneousConfig) -> None:
        self.name = name
        self._config = config
        self._engine = load_poke_engine()

    def new_clock(self) -> BattleClock:
        """Return the clock for one battle."""
        return BattleClock(self._config.seconds, self._config.battle_seconds)

    def decide_within(
        self, state: State, player: int, seed: int, allowed: float | None
    ) -> Decision:
        """Return the decision; its ``values`` are mean scores as poke-engine's, in [-1, 1]."""
        start = time.perf_counter()
        legal = state.legal_actions(player)
        if len(legal) == 1:
            return Decision(legal[0], {legal[0]: 1.0}, notes={"forced": True})
        worlds = belief_worlds(state, player, self._config.worlds, seed)
        share: dict[int, float] = defaultdict(float)
        score: dict[int, float] = defaultdict(float)
        visits: dict[int, int] = defaultdict(int)
        iterations = failed = 0
        for k in range(len(worlds)):
            result = self._search(worlds, k, player, start, allowed)
            if result is None:
                failed += 1
                continue
            found, total = result
            iterations += total
            for action, (tried, points) in found.items():
                if action in legal:
                    share[action] += tried / total
                    score[action] += points
                    visits[action] += tried
        notes: dict[str, Any] = {}
        if failed:
            notes["failed_worlds"] = failed
        if not share:
            notes["fallback"] = f"poke-engine had no legal action in {len(worlds)} states"
            log.warning("%s: %s", self.name, notes["fallback"])
            share[np.random.default_rng(seed).choice(legal).item()] = 1.0
        whole = sum(share.values())
        action = max(share, key=lambda a: share[a])
        values = {a: 2.0 * score[a] / n - 1.0 for a, n in visits.items() if n}
        return Decision(
            action=action,
            strategy={a: part / whole for a, part in share.items()},
            values=values,
            visits=dict(visits),
            value=values.get(action, 0.0),
            iterations=iterations,
            seconds=time.perf_counter() - start,
            notes=notes,
        )

    def _search(
        self,
        worlds: np.ndarray[Any, Any],
        k: int,
        player: int,
        start: float,
        allowed: float | None,
    ) -> tuple[dict[int, tuple[int, float]], int] | None:
        """Return visits and sum of scores by action, and all visits; None: it broke off."""
        battle = plain.thaw(worlds, k)
        out = np.zeros(RULES.num_actions, np.int32)
        legal = [
            frozenset(int(a) for a in out[: RULES.legal(worlds, k, side, out)]) for side in (0, 1)
        ]
        there = translate(self._engine, battle, legal, player)
        if self._config.iterations is not None:
            budget = {"iterations": max(1, self._config.iterations // len(worlds))}
        else:
            spent = time.perf_counter() - start
            milliseconds = 1000.0 * ((allowed or 0.0) - spent) / (len(worlds) - k)
            budget = {"duration_ms": max(1, round(milliseconds))}
        try:
            result = self._engine.monte_carlo_tree_search(there, **budget)
        except BaseException as error:  # a panic is not an Exception
            if type(error).__name__ != "PanicException":
                raise
            log.warning("%s: poke-engine broke off: %s", self.name, error)
            return None
        named = choices(battle, player)
        by_action = {
            named[choice.move_choice]: (choice.visits, choice.total_score)
            for choice in result.side_one
            if choice.move_choice in named
        }
        return by_action, max(1, result.total_visits)
