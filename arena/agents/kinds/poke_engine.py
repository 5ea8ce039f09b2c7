"""``agent=poke_engine``: the search of poke-engine, with the same knowledge and clock as ours.

As its authors' bot does it: a tree search of its own for each of a few sampled states, whose visit
shares are averaged.  The states are those that our own search would be given, so that a match
between the two compares searches and not what they know.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from random import Random
from typing import TYPE_CHECKING, Any

from plywise.arena.agents.clocked import TimedAgent
from plywise.arena.agents.spec import Agent, AgentContext, AgentSpec
from plywise.conf.schemas.search import SimultaneousGroup
from plywise.search.decision import Decision

if TYPE_CHECKING:
    from plywise.conf.schemas.agents import AgentConfig
    from plywise.games.base import State

log = logging.getLogger(__name__)


class PokeEngineAgent(TimedAgent):
    """Plays the action with the largest share of visits, averaged over the sampled states.

    Of the ``search`` group it takes ``seconds``, ``iterations``, ``worlds`` and ``battle_seconds``;
    poke-engine makes at least 1,000 iterations in a state, and may be late by some milliseconds.
    At Team Preview its search chooses among the leads of both sides.  It plays on with all six
    there, so where three are brought those come that it would choose most as leads.
    ``notes["failed_worlds"]`` counts the states on which its search was aborted by an error
    (a panic of the Rust code), ``notes["fallback"]`` says so where no state was left.

    Raises:
        ConfigError: poke-engine is not installed, or was built for another generation.
    """

    def __init__(self, name: str, config: SimultaneousGroup) -> None:
        from plywise.games.gen9.poke_engine import best_action, load_poke_engine, translate

        super().__init__(name, config.seconds, config.battle_seconds)
        self._config = config
        self._translate = translate
        self._best = best_action
        self._engine = load_poke_engine()

    def decide_within(
        self, state: State, player: int, seed: int, allowed: float | None
    ) -> Decision:
        """Return the decision; its ``values`` are mean scores as poke-engine's, in [-1, 1]."""
        start = time.perf_counter()
        legal = state.legal_actions(player)
        if len(legal) == 1:
            return Decision.forced(legal[0])
        worlds = state.worlds(player, self._config.worlds, seed, config=self._config)
        shares: Counter[int] = Counter()
        scores: Counter[int] = Counter()
        visits: Counter[int] = Counter()
        iterations = failed = 0
        for k in range(len(worlds)):
            there = self._translate(self._engine, worlds, k, player)
            result = self._search(there.state, len(worlds), len(worlds) - k, start, allowed)
            if result is None:
                failed += 1
                continue
            iterations += result.total_visits
            for choice in result.side_one:
                action = there.actions.get(choice.move_choice)
                if action is not None and choice.visits:
                    shares[action] += choice.visits / result.total_visits
                    scores[action] += choice.total_score
                    visits[action] += choice.visits
        notes: dict[str, Any] = {}
        if failed:
            notes["failed_worlds"] = failed
        best = self._best(there, shares, legal)
        if best is None:
            notes["fallback"] = f"poke-engine had no legal action in {len(worlds)} states"
            log.warning("%s: %s", self.name, notes["fallback"])
        action = Random(seed).choice(legal) if best is None else best
        visits = Counter({a: n for a, n in visits.items() if a in legal})
        values = {a: 2.0 * scores[a] / n - 1.0 for a, n in visits.items()}
        return Decision(
            action=action,
            strategy={a: float(a == action) for a in legal},
            values=values,
            visits=dict(visits),
            value=values.get(action, 0.0),
            iterations=iterations,
            seconds=time.perf_counter() - start,
            notes=notes,
        )

    def _search(
        self, there: Any, worlds: int, left: int, start: float, allowed: float | None
    ) -> Any:
        """Return what its search finds in one of ``worlds`` states; None: it was aborted.

        ``left``: in how many of them it still has to search, this one included.
        """
        if self._config.iterations is not None:
            budget = {"iterations": max(1, self._config.iterations // worlds)}
        else:
            spent = time.perf_counter() - start
            budget = {"duration_ms": max(1, round(1000.0 * ((allowed or 0.0) - spent) / left))}
        try:
            return self._engine.monte_carlo_tree_search(there, **budget)
        except BaseException as error:  # a panic is not an Exception
            if type(error).__name__ != "PanicException":
                raise
            log.warning("%s: poke-engine aborted: %s", self.name, error)
            return None


def _check(context: AgentContext, entrant: AgentConfig) -> None:
    from plywise.games.gen9.poke_engine import load_poke_engine

    context.check_search(SimultaneousGroup)
    load_poke_engine()


def _make(context: AgentContext, entrant: AgentConfig) -> Agent:
    from plywise.arena.settings import with_budget

    search = with_budget(context.search, entrant)
    assert isinstance(search, SimultaneousGroup)
    context.game.prepare_worlds(search)
    return PokeEngineAgent(entrant.title, search)


AGENTS = (
    AgentSpec(
        "poke_engine",
        "poke-engine's tree search on the states that ours gets (optional: docs/DESIGN.md)",
        _make,
        _check,
        plays=("battles", "server"),
        searches=True,
    ),
)
