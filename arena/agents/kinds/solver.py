"""``agent=solver``: perfect play of Connect Four and tic-tac-toe by their exact solvers."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, cast

from plywise.arena.agents.spec import Agent, AgentContext, AgentSpec
from plywise.datasets.errors import ConfigError
from plywise.games.exact_values import EXACT_VALUES
from plywise.search.decision import Decision

if TYPE_CHECKING:
    from plywise.conf.schemas.agents import AgentConfig
    from plywise.engine.boards.connect_four_solver import ConnectFourSolver
    from plywise.games.base import Game, State
    from plywise.games.grid.placing import PlacingGame, PlacingState
    from plywise.search.alphabeta.search import AlphaBeta

_TABLE_BITS = 24  # 128 MB


class SolverAgent(Agent):
    """Plays a move that keeps the exact score, drawn among them; one solver, one thread at a time.

    The score counts how soon the end comes, so it wins as fast and loses as late as can be.

    Args:
        seconds: time for one decision; None: no limit.  In Connect Four half of it goes to the
            solver; where that is not enough (the opening), alpha-beta gets the other half, and
            ``notes["fallback"]`` says so.
    """

    def __init__(self, name: str, game: Game, seconds: float | None) -> None:
        from plywise.engine.boards.connect_four_solver import ConnectFourSolver
        from plywise.games.grid.connect_four import ConnectFour
        from plywise.search.alphabeta.config import AlphaBetaConfig
        from plywise.search.alphabeta.search import AlphaBeta

        self.name = name
        self._limit = None if seconds is None else seconds / 2  # for solver and search each
        self._lock = threading.Lock()
        self._solver: ConnectFourSolver | None = None
        self._search: AlphaBeta | None = None
        if isinstance(game, ConnectFour):
            self._solver = ConnectFourSolver(game.rows, game.columns, _TABLE_BITS)
            if self._limit is not None:
                self._search = AlphaBeta(
                    game.kernels(), AlphaBetaConfig(max_depth=None, seconds=self._limit)
                )

    def decide(self, state: State, player: int, seed: int) -> Decision:
        """Return the decision; ``seed`` draws among moves that are equally good."""
        start = time.perf_counter()
        position = cast("PlacingState", state)
        with self._lock:
            found = self._solved(position)
            if found is None:
                assert self._search is not None
                decision = self._search.decide(state.flat(), player)
                notes = {**decision.notes, "fallback": f"not solved within {self._limit:g} s"}
                return replace(decision, notes=notes, seconds=time.perf_counter() - start)
        score, best, nodes = found
        action = Random(seed).choice(best)
        plies = plies_of_score(position.game, len(position.moves), score)
        value = _value(score, plies)
        return Decision(
            action=action,
            strategy={a: (a in best) / len(best) for a in state.legal_actions(player)},
            values=dict.fromkeys(best, value),
            value=value,
            iterations=nodes,
            depth=plies,
            seconds=time.perf_counter() - start,
            notes={"solved": True, "score": score},
        )

    def _solved(self, state: PlacingState) -> tuple[int, tuple[int, ...], int] | None:
        """Return score, best moves and nodes; None where the time was not enough."""
        from plywise.engine.boards import tic_tac_toe_solver

        if self._solver is None:
            where = tic_tac_toe_solver.position(state.moves)
            return tic_tac_toe_solver.score(where), tic_tac_toe_solver.best_squares(where), 1
        found = self._solver.solve_within(self._solver.position(state.moves), self._limit)
        return None if found is None else (found.score, found.best, found.nodes + found.best_nodes)


def _value(score: int, plies: int) -> float:
    """Return the value that alpha-beta reports for a proved result after so many plies."""
    from plywise.search.alphabeta import kernel
    from plywise.search.alphabeta.search import reported_value

    if score == 0:
        return 0.0
    won = kernel.UNIT * kernel.PLIES - plies
    return reported_value(won if score > 0 else -won)


def plies_of_score(game: PlacingGame, stones: int, score: int) -> int:
    """Return in how many plies the game ends: a win or loss with that score, or a full board."""
    squares = game.rows * game.columns
    if score == 0:
        return squares - stones
    before = squares + 1 - 2 * abs(score) - stones  # stones still to come before the last one
    before -= before % 2 if score > 0 else 1 - before % 2
    return before + 1


def _check(context: AgentContext, entrant: AgentConfig) -> None:
    if context.game.info.name not in EXACT_VALUES:
        raise ConfigError(f"agent 'solver' plays game={' or game='.join(EXACT_VALUES)} only")


AGENTS = (
    AgentSpec(
        "solver",
        "perfect play by an exact solver (Connect Four, tic-tac-toe)",
        make=lambda context, entrant: SolverAgent(entrant.title, context.game, entrant.seconds),
        check=_check,
        plays=("boards",),
    ),
)
