"""The generator of puzzles: battle by battle from a seed, until there are enough of each kind.

The numbers of battles, attempts and steps decide what is found, never the time that it takes: a run
that goes on with a file finds what a run that nothing stopped finds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plywise.arena.bench.puzzles.files import BattlePuzzle, PuzzleSet
from plywise.arena.bench.puzzles.mechanics import earned, possible, strongest_attack
from plywise.arena.bench.puzzles.positions import (
    FORMATS,
    PLAY_ITERATIONS,
    Endgame,
    PlayedBattle,
    endgames,
    play,
    playing_search,
    view_of,
)
from plywise.arena.bench.puzzles.solving import PuzzleSolver
from plywise.engine.battle import constants as c
from plywise.engine.battle.rules import RULES
from plywise.engine.kernels import NO_ACTION, SIMULTANEOUS, TERMINAL
from plywise.search.exact.bounds import Limits

FROM_A_BATTLE = 2
"""Most puzzles of one kind from one battle."""

LIMITS = {
    2: Limits(steps=300, patience=30, positions=2_500),
    3: Limits(steps=400, patience=40, positions=2_500),
    4: Limits(steps=900, patience=80, positions=4_000),
}
"""Limits of a search, by the number of Pokémon left."""
_GLANCE = 200  # iterations of a search that says whether a decision matters
_MATTERS = 0.15  # value by which the best action is above the median there, at least
_DOUBT = 0.2  # by which its values may be wrong
_LOST = -0.85  # value there from which on a position counts as lost
_GAMES = 10  # random games from a position, to see how soon it ends
_TURNS = 8  # of each of them, at most
_SOON = {2: 3.0, 3: 3.5, 4: 4.5}  # turns, likewise: positions that take longer are left out


class PuzzleMaker:
    """Makes puzzles.

    Args:
        each: puzzles of each kind.
        kinds: kinds that are made.
        seed: seed of everything.
        found: puzzles of an earlier run with the same seed and kinds, to go on with.
    """

    def __init__(
        self, each: int, kinds: Sequence[str], seed: int, found: PuzzleSet | None = None
    ) -> None:
        self.each = each
        self.kinds = list(kinds)
        self.seed = seed
        self.puzzles = [] if found is None else list(found.puzzles)
        made: dict[str, Any] = {} if found is None else found.made
        self.battles = int(made.get("battles", 0))
        self.tried: Counter[str] = Counter(made.get("tried", {}))
        self._search = playing_search(PLAY_ITERATIONS)
        self._glance = playing_search(_GLANCE)
        self._solver = PuzzleSolver()

    def so_far(self) -> PuzzleSet:
        """Return what has been found."""
        made = {
            "seed": self.seed,
            "kinds": self.kinds,
            "battles": self.battles,
            "tried": dict(self.tried),
            "limits": {str(number): list(limits) for number, limits in LIMITS.items()},
            "play_iterations": PLAY_ITERATIONS,
        }
        return PuzzleSet(sorted(self.puzzles, key=lambda one: self.kinds.index(one.kind)), made)

    def counts(self) -> Counter[str]:
        """Return how many there are of each kind."""
        return Counter(one.kind for one in self.puzzles)

    def missing(self) -> list[str]:
        """Return the kinds of which there are not enough."""
        counts = self.counts()
        return [kind for kind in self.kinds if counts[kind] < self.each]

    def make(self, after: Callable[[], None] = lambda: None, battles: int | None = None) -> None:
        """Play battles until there are enough puzzles, or ``battles`` in all have been played.

        Args:
            after: called after each battle, with what was found in it kept.
        """
        while self.missing() and (battles is None or self.battles < battles):
            self.puzzles += self._battle(self.battles)
            self.battles += 1
            after()

    def _battle(self, number: int) -> list[BattlePuzzle]:
        """Return the puzzles of one battle."""
        rng = Random(f"{self.seed} puzzles {number}")
        battle = play(self._search, FORMATS[number % len(FORMATS)], rng.getrandbits(31))
        soon: list[tuple[float, int, Endgame]] = []
        for position in endgames(battle, rng):
            alive = position.left
            turns = turns_left(position.pool, rng)
            if turns <= _SOON[alive]:
                soon.append((turns / _SOON[alive], len(soon), position))
        found: list[BattlePuzzle] = []
        for _, _, position in sorted(soon, key=lambda one: one[:2]):
            for player in rng.sample((0, 1), 2):
                here, total = Counter(one.kind for one in found), self.counts()
                open_ = [
                    kind
                    for kind in self.kinds
                    if here[kind] < FROM_A_BATTLE and total[kind] + here[kind] < self.each
                ]
                if not open_:
                    return found
                puzzle = self._attempt(number, battle, position, player, open_, total + here)
                if puzzle is not None:
                    found.append(puzzle)
        return found

    def _attempt(
        self,
        number: int,
        battle: PlayedBattle,
        position: Endgame,
        player: int,
        kinds: list[str],
        counts: Counter[str],
    ) -> BattlePuzzle | None:
        """Return the puzzle of a decision; None: it is none."""
        pool = position.pool
        alive = position.left
        legal = RULES.legal_actions(pool, 0, player)
        if len(legal) < 2:
            return None
        may_be = possible(kinds, pool, player, legal)
        if not may_be:
            return None
        may_be = self._promising(may_be, pool, player, legal, number)
        if not may_be:
            return None
        self.tried[f"searched of {alive}"] += 1
        solution = self._solver.solve(pool, player, list(may_be.values()), LIMITS[alive])
        if solution is None:
            return None
        self.tried[f"solved of {alive}"] += 1
        kinds = [
            kind for kind, used in may_be.items() if earned(kind, used, solution, pool, player)
        ]
        if not kinds:
            return None
        info = view_of(battle, position, player)
        if info is None:
            return None
        kind = min(kinds, key=lambda one: (counts[one], self.kinds.index(one)))
        taken = sum(map(len, position.taken))
        return BattlePuzzle(
            kind, battle.format, number, position.moment, player, taken, pool, info, solution
        )

    def _promising(
        self,
        may_be: dict[str, tuple[int, ...]],
        pool: NDArray[Any],
        player: int,
        legal: list[int],
        seed: int,
    ) -> dict[str, tuple[int, ...]]:
        """Return the kinds of which a short search does not think that it is none."""
        values = self._glance.decide(pool.copy(), None, player, seed).values
        best = max(values.values(), default=-1.0)
        if best < _LOST or best - float(np.median(list(values.values()))) < _MATTERS:
            return {}
        strongest = strongest_attack(pool, player, legal)
        found = {}
        for kind, used in may_be.items():
            actions = set(used) or set(legal) - {strongest}
            rest = [value for action, value in values.items() if action not in actions]
            most = max((values[action] for action in actions if action in values), default=-1.0)
            if most >= max(rest, default=-1.0) - _DOUBT:
                found[kind] = used
        return found


def turns_left(pool: NDArray[Any], rng: Random) -> float:
    """Return how many turns random moves take to end the battle, on average; ``_TURNS`` at most."""
    total = 0
    for _ in range(_GAMES):
        game = pool.copy()
        RULES.reseed(game, 0, rng.getrandbits(60))
        turns = 0
        while turns < _TURNS and (who := int(RULES.current(game, 0))) != TERMINAL:
            chosen = [NO_ACTION, NO_ACTION]
            for player in (0, 1) if who == SIMULTANEOUS else (who,):
                legal = RULES.legal_actions(game, 0, player)
                moves = [a for a in legal if a < c.ACTION_TERA] or legal
                chosen[player] = moves[rng.randrange(len(moves))]
            turns += int(game[0]["request"]) == c.REQUEST_MOVE
            RULES.step(game, 0, *chosen)
        total += turns
    return total / _GAMES
