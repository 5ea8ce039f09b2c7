"""Best response to a modelled opponent, by full expectimax over compiled rules.

For small turn-based games: every position that can follow is visited once.  With ``safe`` only
actions that keep the minimax value are considered, and of them the best against the model is
played; otherwise the model is trusted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plywise.engine.kernels import NO_ACTION, TERMINAL, RulesKernels
from plywise.search.alphabeta.search import NotTurnBasedError
from plywise.search.decision import Decision

OpponentModel = Callable[[NDArray[Any], int, Sequence[int]], Sequence[float]]
"""``(pool, player, legal) -> probabilities`` of the legal actions in the one-element pool."""

_EPSILON = 1e-9


class GameTooLargeError(ValueError):
    """More positions follow than the search may visit."""


def uniform_model(pool: NDArray[Any], player: int, legal: Sequence[int]) -> Sequence[float]:
    """Return uniform probabilities: a random player."""
    return [1.0 / len(legal)] * len(legal)


class Expectimax:
    """Decides for one player against a modelled opponent, with a table of visited positions.

    Args:
        kernels: compiled rules of a turn-based game without chance.
        model: probabilities of the opponent's actions.
        safe: whether to keep the minimax value.
        max_positions: most positions visited; beyond it the search is abandoned.
    """

    def __init__(
        self,
        kernels: RulesKernels,
        model: OpponentModel = uniform_model,
        safe: bool = False,
        max_positions: int = 100_000,
    ) -> None:
        self.kernels = kernels
        self.model = model
        self.safe = safe
        self.max_positions = max_positions
        self._expected: tuple[dict[bytes, float], dict[bytes, float]] = ({}, {})
        self._minimax: dict[bytes, float] = {}

    def decide(self, pool_state: NDArray[Any], player: int) -> Decision:
        """Return the action with the best expected result against the model.

        ``values`` are expected results in [-1, 1] for ``player``; ``notes["minimax"]`` has each
        action's exact value against a perfect opponent.  Of equal actions the first is played.

        Raises:
            NotTurnBasedError: it is not ``player``'s turn, or the game is not turn-based.
            GameTooLargeError: the game is too large for a full search.
        """
        start = time.perf_counter()
        if self._mover(pool_state) != player:
            raise NotTurnBasedError(f"player {player} has nothing to decide here")
        allowed = self._allowed(pool_state, player)
        values = {a: self._value(c, player) for a, c in self._children(pool_state, player)}
        best = max(values[a] for a in allowed)
        action = next(a for a in allowed if values[a] > best - _EPSILON)
        sign = 1 if player == 0 else -1
        exact = {a: sign * self._exact(c) for a, c in self._children(pool_state, player)}
        return Decision(
            action=action,
            strategy={a: float(a == action) for a in values},
            values=values,
            value=values[action],
            iterations=len(self._expected[player]),
            seconds=time.perf_counter() - start,
            notes={"minimax": exact, "solved": True, "safe": self.safe},
        )

    def _mover(self, pool: NDArray[Any]) -> int:
        mover = int(self.kernels.current(pool, 0))
        if mover not in (0, 1, TERMINAL):
            raise NotTurnBasedError("expectimax searches games in which one player moves at a time")
        return mover

    def _children(self, pool: NDArray[Any], player: int) -> list[tuple[int, NDArray[Any]]]:
        found = []
        for action in self.kernels.legal_actions(pool, 0, player):
            child = pool.copy()
            pair = (action, NO_ACTION) if player == 0 else (NO_ACTION, action)
            self.kernels.step(child, 0, pair[0], pair[1])
            found.append((action, child))
        return found

    def _allowed(self, pool: NDArray[Any], player: int) -> list[int]:
        """Return the actions to choose from."""
        children = self._children(pool, player)
        if not self.safe:
            return [a for a, _ in children]
        sign = 1 if player == 0 else -1
        exact = {a: sign * self._exact(c) for a, c in children}
        return [a for a, value in exact.items() if value >= max(exact.values()) - _EPSILON]

    def _key(self, pool: NDArray[Any], known: dict[bytes, float]) -> bytes:
        copy = pool.copy()
        copy["rng"] = 0
        if len(known) >= self.max_positions:
            raise GameTooLargeError(
                f"more than {self.max_positions:,} positions follow: too many for a full search"
            )
        return copy.tobytes()

    def _exact(self, pool: NDArray[Any]) -> float:
        """Return the minimax value for player 0."""
        mover = self._mover(pool)
        if mover == TERMINAL:
            return float(self.kernels.returns(pool, 0))
        key = self._key(pool, self._minimax)
        if key not in self._minimax:
            values = [self._exact(child) for _, child in self._children(pool, mover)]
            self._minimax[key] = max(values) if mover == 0 else min(values)
        return self._minimax[key]

    def _value(self, pool: NDArray[Any], player: int) -> float:
        """Return the expected result for ``player``, who plays its best against the model."""
        mover = self._mover(pool)
        if mover == TERMINAL:
            return float(self.kernels.returns(pool, 0)) * (1 if player == 0 else -1)
        known = self._expected[player]
        key = self._key(pool, known)
        if key not in known:
            children = self._children(pool, mover)
            values = {a: self._value(child, player) for a, child in children}
            if mover == player:
                known[key] = max(values[a] for a in self._allowed(pool, player))
            else:
                shares = self.model(pool, mover, list(values))
                known[key] = float(np.dot(list(shares), list(values.values())))
        return known[key]
