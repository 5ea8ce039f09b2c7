"""Monte-Carlo tree search for any game in plain Python: no kernels, no evaluation needed.

Each iteration draws a state that the deciding player cannot tell from the real one, plays it to the
end, and records the result for every decision of the tree on the way.  A decision is identified by
its player and that player's information state, so hidden information stays hidden (information-set
search with one tree per player: Cowling, Powley and Whitehouse 2012); where both decide at once,
each chooses on its own (decoupled UCT).  Chance is sampled.

It is a thousand times slower than the compiled searches and proves nothing.  In simultaneous games
its mixed strategy, the shares of visits, comes near to an equilibrium; where players move in turn
it plays the most visited move, even where optimal play is mixed.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from random import Random

from plywise.games.base import CHANCE, NO_ACTION, SIMULTANEOUS, State
from plywise.search.config import MCTSConfig
from plywise.search.decision import Decision

_THRESHOLD = 0.2  # where both decide: shares below this part of the largest are not played


@dataclass
class _Arm:
    """One action of a decision: number of visits, sum of their results, times it was legal."""

    visits: int = 0
    total: float = 0.0
    legal: int = 0


@dataclass
class _Tree:
    """The decisions found so far, by player and information state."""

    nodes: dict[tuple[int, str], dict[int, _Arm]] = field(default_factory=dict)
    deepest: int = 0


class MCTS:
    """Searches one decision at a time, without memory between them."""

    def __init__(self, config: MCTSConfig | None = None) -> None:
        self.config = config or MCTSConfig()

    def decide(self, state: State, player: int, seed: int) -> Decision:
        """Return the decision of ``player``, who has a choice in ``state``."""
        start = time.perf_counter()
        config, rng, tree = self.config, Random(seed), _Tree()
        legal = state.legal_actions(player)
        iterations = 0
        while config.iterations is None or iterations < config.iterations:
            world = state.resample_from_infostate(player, rng)
            self._play(world, tree, rng)
            iterations += 1
            if config.seconds is not None and time.perf_counter() - start >= config.seconds:
                break
        arms = tree.nodes[player, state.information_state_string(player)]
        visits = {a: arms[a].visits for a in legal if a in arms}
        values = {a: arms[a].total / n for a, n in visits.items() if n}
        if state.current_player() == SIMULTANEOUS:
            strategy = _shares(visits)
            action = rng.choices(list(strategy), list(strategy.values()))[0]
        else:
            action = max(visits, key=lambda a: (visits[a], values.get(a, -1.0)))
            strategy = {a: float(a == action) for a in legal}
        return Decision(
            action=action,
            strategy=strategy,
            values=values,
            visits=visits,
            value=sum(strategy[a] * values.get(a, 0.0) for a in strategy),
            iterations=iterations,
            depth=tree.deepest,
            seconds=time.perf_counter() - start,
        )

    def _play(self, world: State, tree: _Tree, rng: Random) -> None:
        """Play one game to its end; add a decision of each player to the tree; record the result.

        ``world`` is changed.
        """
        path: list[tuple[int, _Arm]] = []
        inside = True
        for depth in range(self.config.max_depth):
            while (mover := world.current_player()) == CHANCE:
                world.apply_action(world.draw_chance(rng))
            if world.is_terminal():
                break
            chosen = [NO_ACTION, NO_ACTION]
            fresh = False
            for player in (0, 1) if mover == SIMULTANEOUS else (mover,):
                legal = world.legal_actions(player)
                if not legal:
                    continue
                if inside:
                    key = player, world.information_state_string(player)
                    fresh = fresh or key not in tree.nodes
                    arms = tree.nodes.setdefault(key, {})
                    chosen[player] = self._choose(arms, legal, rng)
                    path.append((player, arms[chosen[player]]))
                    tree.deepest = max(tree.deepest, depth + 1)
                else:
                    chosen[player] = rng.choice(legal)
            if mover == SIMULTANEOUS:
                world.apply_actions(chosen)
            else:
                world.apply_action(chosen[mover])
            inside = inside and not fresh
        results = world.returns()
        for player, arm in path:
            arm.visits += 1
            arm.total += results[player]

    def _choose(self, arms: dict[int, _Arm], legal: list[int], rng: Random) -> int:
        """Return the action to try: an untried one, else the one with the best bound."""
        for action in legal:
            arms.setdefault(action, _Arm()).legal += 1
        if untried := [a for a in legal if not arms[a].visits]:
            return rng.choice(untried)

        def bound(action: int) -> float:
            arm = arms[action]
            wide = self.config.exploration * math.sqrt(math.log(arm.legal) / arm.visits)
            return arm.total / arm.visits + wide

        return max(legal, key=bound)


def _shares(visits: dict[int, int]) -> dict[int, float]:
    most = max(visits.values())
    kept = {a: n if n >= _THRESHOLD * most else 0 for a, n in visits.items()}
    total = sum(kept.values())
    return {a: n / total for a, n in kept.items()}
