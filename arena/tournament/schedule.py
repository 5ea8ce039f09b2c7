"""The schedule of a tournament: games in their order, the same on every machine.

Games come in pairs: two agents play one seed (the same opening, teams and dice) twice, with sides
swapped.  A game's number is its place in the schedule and names it in the record.  Which worker
plays which game next is decided in ``executors/chunks.py``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise


@dataclass(frozen=True, slots=True)
class GameTask:
    """One game to play.

    Attributes:
        number: place in the schedule, from 0; ``number // 2`` is the pair's.
        players: indices of the agents that are player 0 and player 1.
        seed: seed of the game; both games of a pair have the same.
    """

    number: int
    players: tuple[int, int]
    seed: int


@dataclass(frozen=True)
class Schedule:
    """The games of a tournament, in rounds that must be finished one after another.

    *round_robin*: each agent against each; *gauntlet*: the first against each other one.  Both are
    one round, in which pairings take turns, so that an early stop is still balanced.  *ladder*: in
    each of ``pairs`` rounds neighbours in the standings play one pair; agents are ordered by their
    score so far, at first as listed.  More ``pairs`` prolong a schedule and change nothing before.

    Attributes:
        pairing: round_robin, gauntlet or ladder.
        agents: number of agents.
        pairs: number of pairs of games of each pairing; of a ladder, rounds.
        seed: seed of the first pair; each next pair of the same agents adds 1.
    """

    pairing: str
    agents: int
    pairs: int
    seed: int

    @property
    def rounds(self) -> int:
        """Number of rounds."""
        return self.pairs if self.pairing == "ladder" else 1

    @property
    def total(self) -> int:
        """Number of games."""
        return 2 * self.pairs * self._pairings

    @property
    def _pairings(self) -> int:
        n = self.agents
        return n * (n - 1) // 2 if self.pairing == "round_robin" else n - 1

    def round(self, index: int, shares: Sequence[float]) -> list[GameTask]:
        """Return the games of a round.

        Args:
            index: the round, from 0.
            shares: each agent's share of the points in all rounds before, in [0, 1] (½ without
                games); only a ladder looks at it.
        """
        if self.pairing == "ladder":
            order = sorted(range(self.agents), key=lambda a: (-shares[a], a))
            neighbours = list(pairwise(order))
            return _games(neighbours, self.seed + index, 2 * index * self._pairings)
        if self.pairing == "gauntlet":
            pairings = [(0, other) for other in range(1, self.agents)]
        else:
            pairings = list(combinations(range(self.agents), 2))
        return [
            task
            for k in range(self.pairs)
            for task in _games(pairings, self.seed + k, 2 * k * len(pairings))
        ]


def _games(pairings: Iterable[tuple[int, int]], seed: int, number: int) -> list[GameTask]:
    tasks = []
    for first, second in pairings:
        tasks.append(GameTask(number, (first, second), seed))
        tasks.append(GameTask(number + 1, (second, first), seed))
        number += 2
    return tasks
